// What a page may ask of a worker that searches: it opens the scenario that is on screen for itself,
// up to the moment on screen, and looks through all that can happen after it, slice by slice, so that
// it can be asked how far it is, and be stopped. The worker that holds the script stays free.

import { Complaint } from '../base/assert.ts';
import type {
  Lab,
  LabSource,
  Search,
  SearchGraph,
  SearchOffer,
  SearchProgress,
  SearchReport,
  SearchWish,
  Setup,
} from './lab.ts';
import { type PortLike, serve } from './rpc.ts';
import { headerOf, labNamedIn } from './scenario.ts';
import { Script } from './script.ts';

export interface SearcherOptions {
  /** Lets other messages in. */
  readonly pause: () => Promise<void>;
  /** Milliseconds on some clock. */
  readonly now: () => number;
  /** Called after every slice of work. */
  readonly news: (progress: Searching) => void;
}

export interface Searching extends SearchProgress {
  /** States a second, over the whole search. */
  readonly rate: number;
  readonly seconds: number;
}

export interface Offer extends SearchOffer {
  /** The commands up to the moment that the search begins at, the moment's own included. */
  readonly before: readonly string[];
}

export interface Outcome extends SearchReport {
  readonly seconds: number;
  /** The scenario's header, as the search was made: what was found holds under this one alone. */
  readonly header: readonly string[];
  /** The commands that stand before each finding's own. */
  readonly before: readonly string[];
}

/** A slice of work before other messages are let in, in ms: nobody asks for pictures here. */
const SLICE_MS = 100;
/** A small piece of a search: a millisecond or less of any lab's. */
const STATES = 16;

interface Ready {
  readonly lab: Lab;
  readonly setup: Setup;
  readonly state: unknown;
  readonly before: readonly string[];
}

export type Searcher = ReturnType<typeof searcherOf>;

export function searcherOf(labs: LabSource, options: SearcherOptions) {
  let known: { readonly text: string; readonly ready: Promise<Ready> } | undefined;
  let search: Search | undefined;
  let turn = 0;
  /** The last one that was stopped, even before it had begun. */
  let stopped = 0;

  /** Says once a slice that it is over. */
  function clock(): () => boolean {
    let ends = options.now() + SLICE_MS;
    return () => {
      const now = options.now();
      if (now < ends) return false;
      ends = now + SLICE_MS;
      return true;
    };
  }

  function ready(text: string): Promise<Ready> {
    if (known?.text !== text) known = { text, ready: readied(text) };
    return known.ready;
  }

  /** The text is one that a page just had from its script: what could be wrong with it was said there. */
  async function readied(text: string): Promise<Ready> {
    const name = labNamedIn(text);
    const atHand = name && labs.names.includes(name) ? [await labs.load(name, false, text)] : [];
    const script = new Script(text, atHand, {}, labs.names);
    const due = clock();
    for (const _ of script.work()) if (due()) await options.pause();
    const { lab, scenario } = script;
    const { at, setup } = scenario;
    const timeline = script.timeline(at?.branch ?? 'main');
    if (!lab.search)
      throw new Complaint(`a run of the lab ${lab.name} has no choices: nothing can be searched`);
    const index = at ? timeline.indexOf(at.command, at.step) : timeline.length - 1;
    const moment = timeline.at(index);
    const before = timeline.commands.slice(0, moment.command).map(({ text: line }) => line);
    const last = timeline.commands[moment.command - 1];
    const end = timeline.commands[moment.command]?.firstMoment ?? timeline.length;
    if (!last || index === end - 1) return { lab, setup, state: moment.state, before };
    // In the midst of a command: as far as it came, in its own words.
    const part = lab.part?.(last.command, moment.step);
    if (part === undefined)
      throw new Complaint(`${last.text} is one thing: a search begins before it or after it`);
    return { lab, setup, state: moment.state, before: [...before.slice(0, -1), part] };
  }

  return {
    /** What can be searched for after the moment that the text opens at; at its end, if it names none. */
    offer: async (text: string): Promise<Offer> => {
      const { lab, setup, state, before } = await ready(text);
      const { offer } = await (lab.search as NonNullable<Lab['search']>)(state, setup);
      return { ...offer, before };
    },

    /** Searches to the end, or until it is cancelled or the seconds are over; one at a time. */
    search: async (text: string, wish: SearchWish, seconds = Infinity): Promise<Outcome> => {
      const mine = ++turn;
      search?.cancel();
      const { lab, setup, state, before } = await ready(text);
      const made = await (lab.search as NonNullable<Lab['search']>)(state, setup, wish);
      const names = made.offer.properties.map(({ name }) => name);
      if (wish.property !== undefined && !names.includes(wish.property))
        throw new Complaint(
          `there is no property ${wish.property}; expected one of ${names.join(', ')}`,
        );
      search = made;
      const start = options.now();
      const searching = (): Searching => {
        const { progress } = made;
        const took = Math.max(1, options.now() - start) / 1000;
        return { ...progress, rate: Math.round(progress.states / took), seconds: took };
      };
      if (mine !== turn || mine === stopped) made.cancel();
      const due = clock();
      while (!made.advance(STATES)) {
        if (!due()) continue;
        const news = searching();
        options.news(news);
        await options.pause();
        if (news.seconds > seconds) made.cancel('time');
      }
      const header = headerOf(lab, setup);
      return { ...made.report(), seconds: searching().seconds, header, before };
    },

    cancel: (): void => {
      stopped = turn;
      search?.cancel();
    },

    /** The states that the last search found, if it was asked to keep them and they are few enough. */
    graph: (): SearchGraph | undefined => search?.graph?.(),

    /** The commands of a shortest way from where the last search began to one of its states. */
    runTo: (state: number): readonly string[] | undefined => search?.runTo?.(state),
  };
}

/** Answers on a port: as a worker does. */
export function serveSearcher(
  port: PortLike,
  labs: LabSource,
  pause: SearcherOptions['pause'],
  now: SearcherOptions['now'],
): void {
  const tell = serve(port, searcherOf(labs, { pause, now, news: (news) => tell(news) }));
}
