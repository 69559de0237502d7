// The Raft lab under storms: seeds in which nothing may be wrong, and switches that must be caught.
import { describe, expect, test } from 'vitest';
import type { Lab, SettingValue, Setup } from '../run/lab.ts';
import { labOf } from '../run/lab.ts';
import { wordsOf } from '../run/scenario.ts';
import { Script } from '../run/script.ts';
import { raftLab } from './raft.ts';
import { words } from './raft-words.ts';

const lab = labOf(raftLab, words) as unknown as Lab;

/** Seeds a setting: a slice here, thousands in a sweep (SWEEP in the environment). */
const SEEDS = Number(process.env.SWEEP ?? 0) > 0 ? 400 : 3;

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

test('a scenario in a script gives the same digest again', () => {
  const text = 'lab raft\nseed 7\nset nodes 3\nchaos 2s\n';
  const [a, b] = [0, 1].map(() => new Script(text, [lab]).run().timeline('main').digest());
  expect(a).toBe(b);
});
