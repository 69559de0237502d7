// Nodes in workers of their own, here behind ports that clone what they carry as a worker's do: the
// run is the one in line, moment for moment, also when a worker forgets, and when one dies.
import { expect, test } from 'vitest';
import { labs } from '../labs/index.ts';
import { raft } from '../protocols/raft/raft.ts';
import { hostOf } from '../run/host.ts';
import { labsAtHand } from '../run/lab.ts';
import type { Protocol } from './actor.ts';
import { type NodePort, type NodeWorker, nodeHosts, serveNode } from './hosts.ts';
import { applyDifference, difference } from './patch.ts';

type Listener = (event: { data: unknown }) => void;

/** Both ends of a port: what is posted arrives a tick later, as a copy. */
function pair(): { worker: NodeWorker; inside: NodePort; carried: { bytes: number } } {
  const ends: [Listener[], Listener[]] = [[], []];
  const carried = { bytes: 0 };
  const end = (mine: 0 | 1): NodeWorker => ({
    postMessage: (message) => {
      carried.bytes += JSON.stringify(message).length;
      const copy = structuredClone(message);
      setTimeout(() => {
        for (const listener of ends[1 - mine] as Listener[]) listener({ data: copy });
      }, 0);
    },
    addEventListener: (type: string, listener: Listener) => {
      if (type === 'message') ends[mine].push(listener);
    },
    terminate: () => {
      ends[0].length = 0;
      ends[1].length = 0;
    },
  });
  return { worker: end(0), inside: end(1), carried };
}

const SCRIPT = [
  'fire A election',
  'run until commit at A',
  'client 1 put x 1',
  'run until answered',
  'partition A / B,C',
  'client 1 put x 2',
  'run until elected',
  'crash B',
  'heal',
  'restart B',
  'add node',
  'run 200ms',
];

const options = { pause: async () => {}, due: () => false, news: () => {} };

test('the run is the one in line, moment for moment', async () => {
  const started: string[] = [];
  const live = hostOf(labsAtHand(labs), {
    ...options,
    actors: async () =>
      nodeHosts(
        (self) => {
          started.push(self);
          const { worker, inside } = pair();
          serveNode(
            inside,
            Promise.resolve(
              raft as unknown as Protocol<unknown, unknown, unknown, unknown, unknown>,
            ),
          );
          return worker;
        },
        () => new Promise(() => {}),
      ),
  });
  await live.open('lab raft\nset nodes 3\n');
  let moments = 0;
  for (const line of SCRIPT) moments = (await live.append([line])).length;
  // D came up in line: nobody asked it before it was there.
  expect(started.sort()).toEqual(['A', 'B', 'C', 'D']);
  const inLine = hostOf(labsAtHand(labs), options);
  const { length } = await inLine.open(live.text());
  expect(length).toBe(moments);
  expect(length).toBeGreaterThan(60);
  for (let i = 0; i < length; i++) expect(live.digestAt(i), `moment ${i}`).toBe(inLine.digestAt(i));
  expect(live.frame(length - 1).event).toEqual(inLine.frame(length - 1).event);
});

test('a node whose worker answers no more has crashed, and the rest goes on', async () => {
  let mute = false;
  /** Nobody's patience ends but that with the silent one: a slow machine is no dead worker. */
  let waiting: (() => void)[] = [];
  const endOfPatience = () => {
    for (const end of waiting) end();
    waiting = [];
  };
  const live = hostOf(labsAtHand(labs), {
    ...options,
    actors: async () =>
      nodeHosts(
        (self) => {
          const { worker, inside } = pair();
          const silent: NodePort = {
            ...inside,
            postMessage: (message) =>
              mute && self === 'B' ? endOfPatience() : inside.postMessage(message),
          };
          serveNode(
            silent,
            Promise.resolve(
              raft as unknown as Protocol<unknown, unknown, unknown, unknown, unknown>,
            ),
          );
          return worker;
        },
        () => new Promise((resolve) => waiting.push(resolve)),
      ),
  });
  await live.open('lab raft\nset nodes 3\n');
  await live.append(['fire A election', 'run until elected']);
  mute = true;
  const after = await live.append(['run 100ms']);
  expect(after.lines.at(-1)?.text).toBe('crash B');
  mute = false;
  await live.append(['run until commit at A']);
  expect(live.text()).toMatch(/crash B\nrun until commit at A\n$/);
});

test('a difference is small where much is shared, and whole again on the other side', () => {
  const shared = Array.from({ length: 500 }, (_, i) => ({ i }));
  const old = {
    list: shared,
    map: new Map([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ]),
    gone: 1,
    same: { deep: [1, 2] },
  };
  const now = {
    list: [...shared, { i: 500 }],
    map: new Map([
      ['a', old.map.get('a')],
      ['c', { n: 3 }],
    ]),
    same: old.same,
    fresh: undefined,
  };
  const sent = structuredClone(difference(old, now));
  expect(JSON.stringify(sent).length).toBeLessThan(300);
  const again = applyDifference(old, sent) as typeof now;
  expect(again).toEqual(now);
  expect(again.same).toBe(old.same);
  expect(again.list[0]).toBe(shared[0]);
  expect(Object.keys(again)).toEqual(Object.keys(now));
});
