import { afterEach, expect, test } from 'vitest';
import { labs } from '../labs/index.ts';
import { labsAtHand } from './lab.ts';
import { connect, type PortLike, serve } from './rpc.ts';
import { Script } from './script.ts';
import { type Searcher, type Searching, searcherOf } from './searcher.ts';

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A searcher behind a real port, as in a worker; each of its looks at the clock is a second later. */
function searching() {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const news: Searching[] = [];
  let clock = 0;
  const searcher = searcherOf(labsAtHand(labs), {
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    now: () => {
      clock += 1_000;
      return clock;
    },
    news: (progress) => tell(progress),
  });
  const tell = serve(port1 as unknown as PortLike, searcher);
  const { remote } = connect<Searcher>(port2 as unknown as PortLike, (said) =>
    news.push(said as Searching),
  );
  return { remote, news };
}

const COMMIT = 'lab commit\nset participants 2\nset save 0\nbegin blue\n';

test('offers what can be searched for, tells how far it is, and what it found is a scenario', async () => {
  const { remote, news } = searching();
  const offer = await remote.offer(COMMIT);
  expect(offer.properties.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['agreement', 'not blocked', 'can be decided', 'never stuck']),
  );
  expect(offer.bounds.find(({ name }) => name === 'crashes')).toMatchObject({ value: 1, min: 0 });
  expect(offer.before).toEqual(['begin blue']);

  const outcome = await remote.search(COMMIT, {});
  expect(outcome.complete).toBe(true);
  expect(news.length).toBeGreaterThan(10);
  expect(news.at(-1)?.states).toBeLessThanOrEqual(outcome.states);
  expect(news.at(-1)?.broken).toEqual(['not blocked']);
  const broken = outcome.findings.filter(({ verdict }) => verdict === 'violated');
  expect(broken.map(({ property, commands }) => [property, commands?.length])).toEqual([
    ['not blocked', 3],
  ]);
  const lines = [...outcome.header, ...outcome.before, ...(broken[0]?.commands ?? [])];
  const script = new Script(lines.join('\n'), labs).run();
  const { end } = script.timeline('main');
  expect(script.lab.value(end)).toMatchObject({ blocked: ['B', 'C'] });
});

test('begins at the moment that the text names, in the midst of a command too', async () => {
  const { remote } = searching();
  const text = (at: string) => `lab commit\nat ${at}\nbegin blue\nrun 300ms\ncrash A\n`;
  expect((await remote.offer(text('1.1'))).before).toEqual(['begin blue']);
  expect((await remote.offer(text('2.4'))).before).toEqual(['begin blue', 'step 4']);
  expect((await remote.offer(text('3.1'))).before).toEqual(['begin blue', 'run 300ms', 'crash A']);
});

test('where nothing is under way, a transaction begins', async () => {
  const { remote } = searching();
  const outcome = await remote.search('lab commit\nset participants 2\nset save 0\n', {
    property: 'not blocked',
  });
  const finding = outcome.findings.find(({ property }) => property === 'not blocked');
  expect(finding?.commands).toHaveLength(4);
  expect(finding?.commands?.[0]).toBe('begin new');
});

test('ends where the property is decided, at a bound, after its time, and when it is stopped', async () => {
  const { remote } = searching();
  const one = await remote.search(COMMIT, { property: 'not blocked' });
  expect(one).toMatchObject({ complete: false, bound: 'until' });
  const few = await remote.search(COMMIT, { bounds: { states: 30 } });
  expect(few).toMatchObject({ complete: false, bound: 'states' });
  // Each look at the clock is a second later: three of them, and the time is over.
  const late = await remote.search(COMMIT, { bounds: { crashes: 2 } }, 3);
  expect(late).toMatchObject({ complete: false, bound: 'time' });
  const stopped = remote.search(COMMIT, {});
  await remote.cancel();
  await remote.cancel();
  expect(await stopped).toMatchObject({ complete: false, bound: 'cancelled' });
  await expect(remote.search(COMMIT, { property: 'peace' })).rejects.toThrow(
    /^there is no property peace; expected one of agreement, /,
  );
  await expect(remote.offer('lab btree\n')).rejects.toThrow(/nothing can be searched/);
});

test('the graph of a small model, and a run to each of its states', async () => {
  const { remote } = searching();
  const text = 'lab model\nset model two-phase\nset rms 2\n';
  const outcome = await remote.search(text, { graph: 1_000 });
  const graph = await remote.graph();
  expect(outcome.states).toBe(56);
  expect(graph?.levels.length).toBe(56);
  expect(Math.max(...(graph?.levels ?? []))).toBe(outcome.depth - 1);
  const pairs = [...(graph?.from ?? [])].map((from, i) => [from, graph?.to[i] ?? -1] as const);
  // A level is left for the next one or for one before, never over one.
  for (const [from, to] of pairs)
    expect(graph?.levels[to]).toBeLessThanOrEqual((graph?.levels[from] ?? 0) + 1);
  for (const state of [0, 7, 55])
    expect(await remote.runTo(state)).toHaveLength(graph?.levels[state] ?? -1);
  await remote.search(text, { graph: 20 });
  expect(await remote.graph()).toBeUndefined();
});
