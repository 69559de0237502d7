// A search for a run that breaks something, beside the open lab: it has a worker of its own, started
// when it is first asked for, so that the lab can be played meanwhile. What it finds becomes a branch.

import { createStore, type StoreApi } from 'zustand/vanilla';
import { sentenceOf } from '../../engine/base/assert.ts';
import type { SearchFinding, SearchGraph, SearchWish } from '../../engine/run/lab.ts';
import { connect, type PortLike } from '../../engine/run/rpc.ts';
import type { Offer, Outcome, Searcher, Searching } from '../../engine/run/searcher.ts';
import type { StartWorker } from './client.ts';
import type { Session } from './types.ts';

export type { Offer, Outcome, SearchFinding, SearchGraph, Searching, SearchWish };

export interface FinderState {
  /** `opening`: the worker runs the scenario up to the moment on screen. */
  readonly phase: 'idle' | 'opening' | 'ready' | 'searching' | 'done';
  /** What can be searched for. */
  readonly offer?: Offer;
  /** The moment that was on screen when the search began. */
  readonly moment?: string;
  readonly progress?: Searching;
  readonly outcome?: Outcome;
  /** Why there is nothing to search, or why a search ended too early, in words. */
  readonly trouble?: string;
}

export interface Finder {
  readonly store: StoreApi<FinderState>;
  /** Asks what can be searched for under the setup on screen. */
  prepare(): Promise<void>;
  /** Searches from the moment on screen on; to the end, or so many seconds. */
  search(wish: SearchWish, seconds?: number): Promise<void>;
  cancel(): void;
  /** Opens what was found as a branch, at its last moment; the sentence of a complaint, or nothing. */
  open(finding: SearchFinding): Promise<string | undefined>;
  /** The same with a run to any state of the graph. */
  openState(state: number): Promise<string | undefined>;
  /** The states that the last search found, if the wish had `graph` and they are no more than that. */
  graph(): Promise<SearchGraph | undefined>;
  close(): void;
}

/** Up to so many states a graph is kept, to be drawn. */
export const DRAWN = 8_000;

/** The lines of a text that say under which setup it runs. */
export const SETUP = /^(lab|seed|set|sabotage|file) /;

const startSearcher: StartWorker = () => {
  const worker = new Worker(new URL('../../engine/worker.ts', import.meta.url), {
    type: 'module',
    name: 'search',
  });
  return worker as unknown as PortLike & { terminate(): void };
};

export function openFinder(session: Session, start: StartWorker = startSearcher): Finder {
  const store = createStore<FinderState>(() => ({ phase: 'idle' }));
  let at: ReturnType<typeof launched> | undefined;
  let asked = 0;
  /** Until the worker has been asked for the last search. */
  let posting: Promise<unknown> = Promise.resolve();

  function launched() {
    const worker = start();
    const { remote, stop } = connect<Searcher>(worker, (news) =>
      store.setState({ progress: news as Searching }),
    );
    (worker as unknown as EventTarget).addEventListener?.('error', (event) => {
      end((event as ErrorEvent).message || 'the worker could not be started');
      store.setState({ phase: 'idle', trouble: 'The search stopped.' }, true);
    });
    return { worker, remote, stop };
  }

  function end(why: string): void {
    at?.worker.terminate();
    at?.stop(why);
    at = undefined;
  }

  const worker = () => {
    at ??= launched();
    return at.remote;
  };

  /** A run of the searched scenario as a branch of the one on screen, which must still be that one. */
  async function branchOff(
    stem: string,
    lines: readonly string[],
    header: readonly string[],
  ): Promise<string | undefined> {
    const now = (await session.text()).split('\n').filter((line) => SETUP.test(line));
    if (now.join() !== header.join())
      return 'The settings have changed since this was found: it is a run of another setup.';
    const names = new Set(session.store.getState().branches.map(({ name }) => name));
    let name = stem;
    for (let n = 2; names.has(name); n++) name = `${stem} ${n}`;
    return session.branchOff(name, lines);
  }

  return {
    store,
    async prepare() {
      const mine = ++asked;
      store.setState({ phase: 'opening' }, true);
      try {
        const offer = await worker().offer(await session.text());
        if (mine === asked) store.setState({ phase: 'ready', offer }, true);
      } catch (thrown) {
        if (mine === asked) store.setState({ phase: 'idle', trouble: sentenceOf(thrown) }, true);
      }
    },
    async search(wish, seconds) {
      const mine = ++asked;
      const { offer } = store.getState();
      const { moment } = session.store.getState();
      const known = { ...(offer && { offer }), ...(moment && { moment: moment.name }) };
      store.setState({ ...known, phase: 'searching' }, true);
      try {
        const text = session.text();
        posting = text;
        const outcome = await worker().search(await text, wish, seconds);
        if (mine === asked) store.setState((state) => ({ ...state, phase: 'done', outcome }), true);
      } catch (thrown) {
        if (mine === asked)
          store.setState({ ...known, phase: 'ready', trouble: sentenceOf(thrown) }, true);
      }
    },
    cancel() {
      void posting.then(() => at?.remote.cancel());
    },
    async open({ property, commands = [] }) {
      const { outcome } = store.getState();
      if (!outcome) return 'Nothing was searched yet.';
      return branchOff(property, [...outcome.before, ...commands], outcome.header);
    },
    async openState(state) {
      const { outcome } = store.getState();
      if (!outcome) return 'Nothing was searched yet.';
      const commands = await worker().runTo(state);
      if (!commands) return 'That state is not known any more.';
      return branchOff(`state ${state + 1}`, [...outcome.before, ...commands], outcome.header);
    },
    graph: () => worker().graph(),
    close: () => end('the search was closed'),
  };
}
