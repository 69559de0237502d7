// The Raft lab under storms: seeds in which nothing may be wrong, and switches that must be caught.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Complaint } from '../base/assert.ts';
import { linearizable } from '../check/linearizable.ts';
import { operationsOf } from '../check/watch.ts';
import type { Lab, SettingValue, Setup } from '../run/lab.ts';
import { labOf } from '../run/lab.ts';
import { wordsOf } from '../run/scenario.ts';
import { Script } from '../run/script.ts';
import { Timeline } from '../run/timeline.ts';
import type { HistoryRecord } from '../sim/client.ts';
import { raftLab } from './raft.ts';
import { words } from './raft-words.ts';

const lab = labOf(raftLab, words) as unknown as Lab;

/** SWEEP in the environment: thousands of seeds instead of a slice. */
const SWEEP = Number(process.env.SWEEP ?? 0) > 0;
const SEEDS = SWEEP ? 400 : 2;

interface Weather {
  readonly settings?: Readonly<Record<string, SettingValue>>;
  readonly sabotage?: readonly string[];
  readonly seconds?: number;
}

function setupOf({ settings = {}, sabotage = [] }: Weather, seed: number): Setup {
  const all: Record<string, SettingValue> = {};
  for (const { name, default: value } of lab.settings) all[name] = value;
  return { lab: 'raft', seed, settings: { ...all, ...settings }, sabotage };
}

/** A storm to its end, or to the first problem. */
function storm(weather: Weather, seed: number) {
  const setup = setupOf(weather, seed);
  let state = raftLab.open(setup);
  let rest = raftLab.parse(wordsOf(`chaos ${weather.seconds ?? 20}s`), setup) as
    | ReturnType<typeof raftLab.parse>
    | undefined;
  const [referee] = raftLab.referees;
  while (rest) {
    const part = raftLab.run(state, rest, undefined, setup);
    state = part.state;
    rest = part.rest;
    const problems = referee?.check(state) ?? [];
    if (problems.length > 0) return { state, problems };
  }
  return { state, problems: [] };
}

const CLEAN: Readonly<Record<string, Weather>> = {
  'as it comes': {},
  'lossy, doubled, with a tail': { settings: { loss: 3, duplicate: 3, spread: 'tail' } },
  'reads by lease': { settings: { reads: 'lease', spread: 'tail', loss: 1 } },
  'reads in the log, three nodes, snapshots': {
    settings: { reads: 'log', nodes: 3, snapshot: 12, duplicate: 5 },
  },
  'pre-vote, check-quorum, snapshots': {
    settings: { 'pre-vote': true, 'check-quorum': true, snapshot: 12, loss: 2 },
  },
  'slow disks and long ways': { settings: { save: 20, latency: 40, nodes: 3, batch: 1 } },
};

describe('the correct protocol in a storm', () => {
  test.each(Object.entries(CLEAN))(
    '%s',
    (_, weather) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { state, problems } = storm(weather, seed);
        expect([seed, problems]).toEqual([seed, []]);
        const kinds = raftLab.history?.(state) as { type: string }[];
        // It must have had something to do: a storm in which nobody is answered proves nothing.
        expect(kinds.filter(({ type }) => type === 'ok').length).toBeGreaterThan(50);
      }
    },
    600_000,
  );
});

/**
 * Each switch, the weather that brings it out, the first seed that does, and within how many seeds one
 * is promised. Two are not here: no storm brings new voters, and hardly one a voter that restarts between
 * two candidates of one term. Those switches have their scripts.
 */
const CAUGHT: readonly (readonly [string, Weather, seed: number, within: number])[] = [
  ['ack-before-save', { settings: { save: 20 }, seconds: 10 }, 1, 1],
  [
    'commit-older-term',
    { settings: { nodes: 3, batch: 1, election: 60, heartbeat: 20, latency: 25, loss: 10 } },
    3,
    20,
  ],
  ['vote-without-log-check', {}, 1, 1],
  [
    'reply-term-unchecked',
    { settings: { nodes: 3, election: 40, heartbeat: 15, latency: 60, spread: 'tail' } },
    9,
    12,
  ],
  [
    'lease-ignores-clocks',
    { settings: { reads: 'lease', nodes: 3, clients: 12, keys: 1, election: 300, heartbeat: 30 } },
    8,
    12,
  ],
  ['duplicate-applied-twice', { settings: { loss: 10 } }, 1, 20],
];

describe('every switch is caught', () => {
  test.each(CAUGHT)(
    '%s',
    (sabotage, weather, first, within) => {
      expect(first).toBeLessThanOrEqual(within);
      for (let seed = SWEEP ? 1 : first; seed <= first; seed++) {
        const { problems } = storm({ ...weather, sabotage: [sabotage] }, seed);
        if (seed === first) expect(problems.length).toBeGreaterThan(0);
      }
      // The same weather without the switch does no harm.
      expect(storm(weather, first).problems).toEqual([]);
    },
    120_000,
  );
});

describe('what clients saw', () => {
  const folder = new URL('../protocols/raft/scripts/', import.meta.url);
  const texts = readdirSync(folder).map(
    (name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const,
  );
  test.each(texts)('%s: the whole history, judged at once', (_, text) => {
    const timeline = new Script(text, [lab]).run().timeline('main');
    const history = lab.history?.(timeline.end) as HistoryRecord[];
    const found = timeline.problems.some(({ referee }) => referee === 'linearizability');
    expect(linearizable('kv', operationsOf(history), { init: null }).linearizable).toBe(!found);
    // A process has one operation open at a time, and time never runs back.
    const open = new Set<number>();
    let last = 0;
    for (const { process, type, time } of history) {
      expect(open.has(process)).toBe(type !== 'invoke');
      if (type === 'invoke') open.add(process);
      else if (type !== 'info') open.delete(process);
      expect(time).toBeGreaterThanOrEqual(last);
      last = time;
    }
  });
});

test.runIf(SWEEP)(
  '100,000 events are kept in 16 MB',
  () => {
    const setup = setupOf({ settings: { loss: 2 } }, 1);
    const timeline = new Timeline(lab, setup);
    timeline.append(lab.parse(wordsOf('chaos 200s'), setup));
    timeline.append(lab.parse(wordsOf('step 20000'), setup));
    expect(timeline.length).toBeGreaterThan(100_000);
    expect(timeline.weight).toBeLessThan(16e6);
  },
  600_000,
);

describe('what a script may not say', () => {
  const complaint = (text: string): string => {
    try {
      new Script(`lab raft\n${text}\n`, [lab]).run();
    } catch (thrown) {
      return thrown instanceof Complaint ? thrown.message : `no complaint: ${thrown}`;
    }
    return 'taken';
  };
  test.each([
    ['set nodes 0', /nodes is a whole number from 1 to 9; found 0/],
    ['set nodes 1000', /from 1 to 9; found 1000/],
    ['crash Z', /there is no node Z; there are A, B, C, D, E/],
    ['crash node', /a node is a capital letter/],
    ['run -300ms', /a time is a number with its unit/],
    ['run 0ms', /a time is a number with its unit/],
    ['run until christmas', /christmas is no event; expected one of/],
    ['deliver A>B#17', /A>B#17 was not sent yet; nothing is under way there/],
    ['fire A election\nstep 12\ndeliver A>B#1', /A>B#1 is not under way any more/],
    ['drop A>1#1', /there is no client 1 yet/],
    ['fire A heartbeat', /A has no timer heartbeat; running: election/],
    ['restart A', /A is not down/],
    ['crash A\ncrash A', /A is down already/],
    ['resume A', /A is up, not paused/],
    ['partition A,B / B,C', /B is on two sides/],
    ['partition A,B,C,D,E', /a partition has two sides/],
    ['add node F', /nobody leads: there is no one to add a node/],
    ['client 0 put x 1', /a client is a whole number from 1 to 99/],
    ['client 1 put x', /expected client N put KEY VALUE/],
    ['skew A 5', /expected skew NODE/],
    ['link A>A 5ms', /a link is named as in A>B/],
    ['chaos 5ms', /a storm lasts a second at least/],
    ['run 1ms\ndisk A log 1 1', /a disk is laid out before anything happens/],
    ['disk A log 2 1', /the terms of a log never fall/],
    ['step 0', /a number of steps is a whole number from 1/],
  ])('%s', (text, told) => expect(complaint(text)).toMatch(told));

  test('ten thousand messages under way are only many', () => {
    // Nine nodes that cannot save, and clients who ask all the same.
    const asks = Array.from({ length: 40 }, (_, i) => `client ${i + 1} put x ${i}`).join('\n');
    expect(
      complaint(
        `set latency 1000\nset heartbeat 1\nset nodes 9\nset election 5000\nset save 0\nfire A election\nrun 2s\n${asks}\nrun 200ms`,
      ),
    ).toBe('taken');
  }, 60_000);

  test('every command is printed as it is read', () => {
    for (const { examples = [] } of lab.commands)
      for (const example of examples) {
        const command = lab.parse(wordsOf(example), setupOf({}, 1));
        expect(lab.parse(wordsOf(lab.print(command)), setupOf({}, 1))).toEqual(command);
      }
  });
});

test('a scenario in a script gives the same digest again', () => {
  const text = 'lab raft\nseed 7\nset nodes 3\nchaos 2s\n';
  const [a, b] = [0, 1].map(() => new Script(text, [lab]).run().timeline('main').digest());
  expect(a).toBe(b);
});
