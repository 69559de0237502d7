// A crash of every node at every moment of a round, and its return: whatever was going on, in the end
// all participants are decided, and alike. What blocks may block only until everybody is back.
import { expect, test } from 'vitest';
import { apply, nextInTime } from '../../sim/cluster.ts';
import { type CommitChoice, clusterOf, newCommitWorld, RULES, WORLD } from './cluster.ts';
import type { CommitWorld } from './referees.ts';
import { type CommitRules, nodesOf } from './types.ts';

/** Long enough for every timer to have its turn several times. */
const AWAY = 300_000;
const END = 3_000_000;

const VARIANTS: readonly (readonly [string, Partial<CommitRules>])[] = [
  ['presumed nothing', {}],
  ['presumed nothing, one says no', { votes: { C: 'no' } }],
  ['presumed abort', { presume: 'abort' }],
  ['presumed commit', { presume: 'commit' }],
  ['presumed commit, one says no', { presume: 'commit', votes: { C: 'no' } }],
  ['asking the coordinator alone', { cooperative: false }],
  ['a reader', { votes: { C: 'read' } }],
  ['three-phase', { protocol: 'three-phase' }],
  ['Paxos Commit', { protocol: 'paxos-commit', acceptors: ['A', 'X', 'Y'] }],
];

/** Plays in time; the victim dies after so many events, and is back a while later. */
function played(rules: Partial<CommitRules>, victim: string | undefined, after: number) {
  const config: CommitRules = { ...RULES, participants: ['B', 'C', 'D'], ...rules };
  const cluster = clusterOf(config, WORLD);
  let world: CommitWorld = newCommitWorld(cluster, 1);
  const does = (choice: CommitChoice): void => {
    world = apply(cluster, world, choice).world;
  };
  const starter = config.protocol === 'paxos-commit' ? 'B' : 'A';
  does({ do: 'ask', node: starter, request: { ask: 'begin', tx: 1, value: 'blue' } });
  let events = 0;
  let back: number | undefined;
  for (;;) {
    if (victim !== undefined && events === after) {
      does({ do: 'crash', node: victim });
      back = world.now + AWAY;
    }
    const next = nextInTime(world);
    const at = (next?.at as number | undefined) ?? END;
    if (back !== undefined && at > back) {
      does({ do: 'restart', node: victim as string, at: back });
      back = undefined;
      events++;
      continue;
    }
    if (!next || at > END) break;
    does(next as CommitChoice);
    events++;
  }
  return { world, events, config };
}

test.each(VARIANTS)('%s: a crash at any moment', (_, rules) => {
  const calm = played(rules, undefined, 0);
  const outcomes = new Set<string>();
  let runs = 0;
  for (const victim of nodesOf(calm.config))
    for (let after = 0; after <= Math.min(calm.events, 60); after++) {
      const { world } = played(rules, victim, after);
      runs++;
      const where = `${victim} dies after ${after} events`;
      expect(world.ghost.violations, where).toEqual([]);
      const doubts = world.nodes.flatMap(
        ({ state }) =>
          state?.participates.filter(({ phase }) => /prepared|pre-committed/.test(phase)) ?? [],
      );
      expect(doubts, where).toEqual([]);
      for (const outcome of Object.values(world.ghost.outcomes)) outcomes.add(outcome);
    }
  expect(runs).toBeGreaterThan(50);
  // Some crashes come too late to matter; where nobody says no, there must be commits among them.
  const refused = Object.values(rules.votes ?? {}).includes('no');
  expect([...outcomes].sort()).toEqual(refused ? ['abort'] : ['abort', 'commit']);
});
