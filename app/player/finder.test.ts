import { afterEach, expect, test } from 'vitest';
import { labs } from '../../engine/labs/index.ts';
import { hostOf } from '../../engine/run/host.ts';
import { labsAtHand } from '../../engine/run/lab.ts';
import { type PortLike, serve } from '../../engine/run/rpc.ts';
import { searcherOf } from '../../engine/run/searcher.ts';
import type { StartWorker } from './client.ts';
import { type Finder, openFinder } from './finder.ts';
import { openSession } from './session.ts';
import type { Session } from './types.ts';

const slices = {
  pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
  due: () => true,
  news: () => {},
};
/** Every look at the clock is a second later. */
const ticking = () => {
  let time = 0;
  return () => {
    time += 1_000;
    return time;
  };
};
let terminated = 0;
const workerOf =
  (methods: Parameters<typeof serve>[1]): StartWorker =>
  () => {
    const { port1, port2 } = new MessageChannel();
    serve(port1 as unknown as PortLike, methods);
    const terminate = () => {
      terminated++;
      port1.close();
    };
    return Object.assign(port2, { terminate }) as unknown as ReturnType<StartWorker>;
  };

const open: (Session | Finder)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function opened(text: string): Promise<{ session: Session; finder: Finder }> {
  const session = openSession({
    source: { kind: 'text', text },
    startWorker: () => workerOf({ ...hostOf(labsAtHand(labs), slices) })(),
    ticker: { now: () => 0, next: () => () => {} },
  });
  const finder = openFinder(session, () =>
    workerOf(searcherOf(labsAtHand(labs), { ...slices, now: ticking() }))(),
  );
  open.push(finder, session);
  await until(() => session.store.getState().moment !== undefined);
  return { session, finder };
}

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 10_000 && !holds(); n++)
    await new Promise((resolve) => setImmediate(resolve));
  expect(holds()).toBe(true);
}

const COMMIT = 'lab commit\nset participants 2\nset save 0\nat 1.1\nbegin blue\nrun 500ms\n';

test('what is found from the moment on screen becomes a branch, and is shown at its end', async () => {
  const { session, finder } = await opened(COMMIT);
  expect(finder.store.getState().phase).toBe('idle');
  await finder.prepare();
  expect(finder.store.getState()).toMatchObject({
    phase: 'ready',
    offer: { before: ['begin blue'] },
  });
  await finder.search({ property: 'not blocked' });
  const { phase, outcome, moment } = finder.store.getState();
  expect([phase, moment, outcome?.bound]).toEqual(['done', '1.1', 'until']);
  const finding = outcome?.findings.find(({ property }) => property === 'not blocked');
  expect(finding?.commands).toHaveLength(3);
  expect(await finder.open(finding as NonNullable<typeof finding>)).toBeUndefined();
  const { branch, branches, lines, outline } = session.store.getState();
  expect(branch).toBe('not blocked');
  expect(branches.at(-1)).toMatchObject({ name: 'not blocked', parent: 'main', from: 1 });
  expect(lines.map(({ text }) => text)).toEqual(['begin blue', ...(finding?.commands ?? [])]);
  await until(() => session.store.getState().moment?.index === outline.length - 1);
  expect(session.store.getState().moment?.value).toMatchObject({ blocked: ['B', 'C'] });
  // A second time it is a branch of its own.
  await finder.open(finding as NonNullable<typeof finding>);
  expect(session.store.getState().branch).toBe('not blocked 2');
});

test('what was found under another setup is refused, and what cannot be searched is said', async () => {
  const { session, finder } = await opened(COMMIT);
  await finder.prepare();
  await finder.search({ property: 'not blocked' });
  const finding = finder.store.getState().outcome?.findings.find(({ commands }) => commands);
  await session.setSabotage('guess-abort', true);
  expect(await finder.open(finding as NonNullable<typeof finding>)).toMatch(
    /settings have changed/,
  );
  await finder.search({ property: 'peace' });
  expect(finder.store.getState().trouble).toMatch(/There is no property peace/i);
  expect(finder.store.getState().phase).toBe('ready');
});

test('a search is stopped with what it knows, a later one replaces it, and its worker ends', async () => {
  const { finder } = await opened('lab commit\nset save 0\nat 1.1\nbegin blue\n');
  await finder.prepare();
  const first = finder.search({ bounds: { crashes: 2 } });
  await until(() => finder.store.getState().phase === 'searching');
  finder.cancel();
  await first;
  expect(finder.store.getState()).toMatchObject({ phase: 'done', outcome: { bound: 'cancelled' } });
  const long = finder.search({ bounds: { crashes: 2 } });
  await finder.search({ property: 'not blocked' });
  await long;
  expect(finder.store.getState()).toMatchObject({ phase: 'done', outcome: { bound: 'until' } });
  const before = terminated;
  finder.close();
  expect(terminated).toBe(before + 1);
});

test('the graph of a small search, and a run to one of its states', async () => {
  const { session, finder } = await opened('lab model\nset model two-phase\nset rms 2\n');
  await finder.prepare();
  await finder.search({ graph: 1_000 });
  const graph = await finder.graph();
  expect(graph?.levels).toHaveLength(56);
  expect(await finder.openState(55)).toBeUndefined();
  expect(session.store.getState().branch).toBe('state 56');
  expect(session.store.getState().lines).toHaveLength(graph?.levels[55] ?? -1);
});
