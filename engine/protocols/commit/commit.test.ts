import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { apply, nextInTime } from '../../sim/cluster.ts';
import { explore } from '../../sim/explorer.ts';
import { ModelSpace } from '../../sim/space.ts';
import { type CommitChoice, clusterOf, newCommitWorld, RULES, WORLD } from './cluster.ts';
import { formulaOf } from './cost.ts';
import type { CommitWorld } from './referees.ts';
import { modelOf, propertiesOf, type SearchRules } from './search.ts';
import { type CommitRules, nodesOf, type Wrong } from './types.ts';

const begun = (rules: CommitRules, save: number | 'atomic') => {
  const cluster = clusterOf(rules, { ...WORLD, save });
  const node = rules.protocol === 'paxos-commit' ? (rules.participants[0] as string) : 'A';
  const choice: CommitChoice = { do: 'ask', node, request: { ask: 'begin', tx: 1, value: 'blue' } };
  return { cluster, world: apply(cluster, newCommitWorld(cluster, 1), choice).world };
};

// ── What a round costs ──────────────────────────────────────────────────────────────────────────

const participantsOf = (count: number): string[] => [...'BCDEFG'].slice(0, count);

/** A round without failures, played in time: messages, forced writes by role, and message delays. */
function costOf(rules: Partial<CommitRules>) {
  const config = { ...RULES, ...rules, patience: 10_000_000 };
  let { cluster, world } = begun(config, 'atomic');
  let decided = 0;
  for (;;) {
    const next = nextInTime(world);
    if (!next || (next.at as number) > 1_000_000) break;
    const step = apply(cluster, world, next as CommitChoice);
    world = step.world;
    if (step.happening.kind === 'learned') decided = world.now;
  }
  const { forced } = world.ghost;
  const sum = (ids: readonly string[]) => ids.reduce((all, id) => all + (forced[id] ?? 0), 0);
  return {
    messages: world.counts.sent,
    coordForced: forced.A ?? 0,
    partForced: sum(config.participants),
    forced: sum(nodesOf(config)),
    delays: decided / WORLD.net.latency,
    world,
  };
}

/** Mohan, Lindsay and Obermarck 1986: what each participant adds. The coordinator's is once for all. */
const COSTS = {
  basic2PC_commit: { messages: 4, coordForced: 1, partForced: 2 },
  basic2PC_abort_yesVoter: { messages: 4, coordForced: 1, partForced: 2 },
  presumedAbort_commit: { messages: 4, coordForced: 1, partForced: 2 },
  presumedAbort_abort_yesVoter: { messages: 3, coordForced: 0, partForced: 1 },
  presumedCommit_commit: { messages: 3, coordForced: 2, partForced: 1 },
  readOnlyParticipant: { messages: 2, partForced: 0 },
  threePhase_commit: { messages: 6 },
};

describe('what a round costs', () => {
  test.each([1, 2, 3, 5])('two- and three-phase commit, %i participants', (n) => {
    const participants = participantsOf(n);
    const times = ({ messages, coordForced, partForced }: (typeof COSTS)['basic2PC_commit']) => ({
      messages: n * messages,
      coordForced,
      partForced: n * partForced,
    });
    const all = { participants };
    expect(costOf(all)).toMatchObject(times(COSTS.basic2PC_commit));
    expect(costOf({ ...all, presume: 'abort' })).toMatchObject(times(COSTS.presumedAbort_commit));
    expect(costOf({ ...all, presume: 'commit' })).toMatchObject(times(COSTS.presumedCommit_commit));
    expect(costOf({ ...all, protocol: 'three-phase' }).messages).toBe(
      n * COSTS.threePhase_commit.messages,
    );
  });

  test.each([1, 2, 4])('an abort by one, with %i who had said yes', (n) => {
    const yes = participantsOf(n);
    const refuses = 'G';
    const rules = { participants: [...yes, refuses], votes: { [refuses]: 'no' as const } };
    // Who says no costs a question and an answer, and forces nothing.
    for (const [presume, { messages, coordForced, partForced }] of [
      ['nothing', COSTS.basic2PC_abort_yesVoter],
      ['abort', COSTS.presumedAbort_abort_yesVoter],
    ] as const)
      expect(costOf({ ...rules, presume })).toMatchObject({
        messages: n * messages + 2,
        coordForced,
        partForced: n * partForced,
      });
  });

  test('a reader', () => {
    const without = costOf({ participants: ['B', 'C'] });
    const reader = costOf({ participants: ['B', 'C', 'D'], votes: { D: 'read' } });
    expect(reader.messages - without.messages).toBe(COSTS.readOnlyParticipant.messages);
    expect(reader.partForced - without.partForced).toBe(0);
  });

  test('one participant alone', () => {
    expect(costOf({ participants: ['B'], onePhase: true })).toMatchObject({
      messages: 2,
      coordForced: 0,
      partForced: 1,
    });
  });

  test.each([0, 1, 2])('Paxos Commit that survives %i failures', (f) => {
    for (const n of [1, 2, 3, 5]) {
      const cost = costOf({
        protocol: 'paxos-commit',
        participants: participantsOf(n),
        acceptors: ['A', ...'XYZW'.slice(0, 2 * f)],
      });
      // Gray and Lamport 2006. With one acceptor that is two-phase commit: 3N-1, N+1, four delays.
      expect([n, cost.messages]).toEqual([n, n * f + f + 3 * n - 1]);
      expect(cost.forced).toBe(n + f + 1);
      if (n > 1) expect(cost.delays).toBe(f === 0 ? 4 : 5);
      expect(Object.values(cost.world.ghost.outcomes)).toEqual(
        participantsOf(n).map(() => 'commit'),
      );
    }
  });

  test('runs cost what the formulas say, whatever is presumed and whoever votes what', () => {
    let compared = 0;
    for (const protocol of ['two-phase', 'three-phase', 'paxos-commit'] as const)
      for (const presume of ['nothing', 'abort', 'commit'] as const)
        for (const n of [1, 2, 3, 5])
          for (const votes of [{}, { B: 'no' }, { B: 'read' }, { B: 'read', C: 'read' }] as const)
            for (const onePhase of [false, true])
              for (const acceptors of [1, 3, 5]) {
                if (protocol !== 'paxos-commit' && acceptors > 1) continue;
                if (protocol === 'paxos-commit' && Object.values(votes).includes('read' as never))
                  continue;
                const rules: CommitRules = {
                  ...RULES,
                  ...{ protocol, presume, votes, onePhase },
                  participants: participantsOf(n),
                  acceptors:
                    protocol === 'paxos-commit' ? ['A', ...'XYZW'.slice(0, acceptors - 1)] : [],
                };
                const formula = formulaOf(rules);
                if (!formula) continue;
                const { messages, forced } = costOf(rules);
                expect([rules, messages, forced]).toEqual([
                  rules,
                  formula.messages.value,
                  formula.forced.value,
                ]);
                compared++;
              }
    expect(compared).toBeGreaterThan(100);
  });

  const file = `${process.env.ORACLES ?? `${import.meta.dirname}/../../../../shared/oracles`}/commit-costs.json`;
  test.runIf(existsSync(file))('the table above is the one beside the repository', () => {
    expect(JSON.parse(readFileSync(file, 'utf8')).perParticipant).toEqual(COSTS);
  });
});

// ── What the search says ────────────────────────────────────────────────────────────────────────

interface Case {
  readonly label: string;
  readonly rules?: Partial<CommitRules>;
  readonly spend?: Readonly<Record<string, number>>;
  readonly search?: Partial<SearchRules>;
  readonly save?: number;
  /** What is violated, and in how many choices after the transaction has begun. */
  readonly breaks?: Readonly<Record<string, number>>;
  /** Too long for every run. */
  readonly sweep?: boolean;
}

const wrong = (name: Wrong): Pick<CommitRules, 'wrong'> => ({ wrong: new Set([name]) });
const THREE = { protocol: 'three-phase' } as const;
const BLOCKS = { 'not blocked': 3 };
const PAXOS = { protocol: 'paxos-commit', acceptors: ['A', 'X', 'Y'] } as const;

const CASES: readonly Case[] = [
  { label: 'two-phase commit, nothing goes wrong' },
  // TLC's witness has three steps too: both have voted, and the coordinator is gone.
  { label: 'two-phase commit blocks', spend: { crashes: 1 }, breaks: BLOCKS },
  {
    label: 'two-phase commit recovers from its logs',
    rules: { presume: 'abort' },
    spend: { crashes: 1, restarts: 1 },
    breaks: BLOCKS,
  },
  { label: 'presumed nothing', spend: { crashes: 1, restarts: 1 }, breaks: BLOCKS, sweep: true },
  {
    label: 'presumed commit',
    rules: { presume: 'commit' },
    spend: { crashes: 1, restarts: 1 },
    breaks: BLOCKS,
    sweep: true,
  },
  {
    label: 'three participants',
    rules: { participants: ['B', 'C', 'D'] },
    spend: { crashes: 1 },
    breaks: { 'not blocked': 4 },
    sweep: true,
  },
  // TLC: 6 steps. A message sent and a message received are two steps here, and a vote is a message.
  {
    label: 'in doubt, guess abort',
    rules: wrong('guess-abort'),
    spend: { crashes: 1, drops: 1 },
    breaks: { agreement: 8, ...BLOCKS },
  },
  {
    label: 'in doubt, guess commit',
    rules: wrong('guess-commit'),
    spend: { crashes: 1 },
    breaks: { validity: 3, ...BLOCKS },
  },
  {
    label: 'the decision is told before it is written',
    rules: { ...wrong('early-decision'), cooperative: false },
    spend: { crashes: 1, restarts: 1, drops: 1, timeouts: 1 },
    save: 2_000,
    breaks: { agreement: 13, ...BLOCKS },
    sweep: true,
  },
  {
    label: 'a vote is not written down',
    rules: wrong('vote-not-logged'),
    spend: { crashes: 1, restarts: 1, timeouts: 1 },
    breaks: { atomicity: 7, ...BLOCKS },
  },
  {
    label: 'presumes the opposite',
    rules: wrong('presume-wrongly'),
    spend: { crashes: 1, restarts: 1, timeouts: 1 },
    breaks: { validity: 6, agreement: 7, ...BLOCKS },
  },
  {
    label: 'a late vote counts',
    rules: wrong('late-vote-counts'),
    spend: { timeouts: 1 },
    search: { timers: 'any' },
    breaks: { agreement: 7, validity: 7 },
  },
  {
    label: 'yes after an abort',
    rules: { ...wrong('yes-after-abort'), votes: { C: 'no' } },
    spend: { duplicates: 1, timeouts: 0 },
    // And who is in doubt again after it had aborted waits for nobody.
    breaks: { agreement: 7, 'no reversal': 7, 'never stuck': 9 },
  },
  {
    label: 'decides afresh',
    rules: wrong('decide-afresh'),
    spend: { crashes: 1, restarts: 1, timeouts: 1 },
    breaks: { agreement: 8, ...BLOCKS },
  },
  {
    label: 'presumed commit without the list',
    rules: { ...wrong('no-collecting-record'), presume: 'commit' },
    spend: { crashes: 1, restarts: 1, timeouts: 1 },
    breaks: { validity: 6, agreement: 7, ...BLOCKS },
  },
  { label: 'three-phase commit, one crash', rules: THREE, spend: { crashes: 1 } },
  {
    label: 'three-phase commit, two crashes',
    rules: THREE,
    spend: { crashes: 2, timeouts: 4 },
  },
  // TLC: 7 steps, of which a partial broadcast is one; here it is a message sent and one dropped.
  {
    label: 'three-phase commit with bare timeouts, one crash',
    rules: { ...THREE, timeouts: 'bare' },
    spend: { crashes: 1, drops: 1 },
    breaks: { agreement: 9 },
  },
  // TLC: 6 steps.
  {
    label: 'three-phase commit with timeouts that are wrong',
    rules: { ...THREE, timeouts: 'bare' },
    search: { timers: 'any' },
    spend: { timeouts: 2 },
    breaks: { agreement: 7 },
  },
  // TLC: 6 steps, where a side of the network decides in one.
  {
    label: 'three-phase commit, a partition',
    rules: THREE,
    spend: { partitions: 1, timeouts: 3 },
    search: { partition: [['A', 'B'], ['C']] },
    breaks: { agreement: 11 },
  },
  {
    label: 'who ends it overlooks a pre-commit',
    rules: { ...THREE, ...wrong('ignore-pre-commits') },
    spend: { crashes: 1, drops: 1, timeouts: 2 },
    breaks: { agreement: 13 },
  },
  { label: 'Paxos Commit with one acceptor', rules: { ...PAXOS, acceptors: ['A'] } },
  { label: 'Paxos Commit, nothing goes wrong', rules: PAXOS, spend: { timeouts: 0 } },
  { label: 'Paxos Commit, one crash', rules: PAXOS, spend: { crashes: 1, timeouts: 2 } },
];

function searched({ rules, spend, search, save }: Case) {
  const config = { ...RULES, ...rules };
  const { cluster, world } = begun(config, save ?? 'atomic');
  const model = modelOf(cluster, world, { timers: 'honest', ...search });
  const allowances = { crashes: 0, restarts: 0, drops: 0, duplicates: 0, timeouts: 2, ...spend };
  const space = new ModelSpace(model, propertiesOf(config), { spend: allowances });
  return { space, model, report: explore(space, { states: 400_000 }) };
}

describe('the search over all schedules', () => {
  test.each(
    CASES.filter(({ sweep }) => !sweep || process.env.SWEEP).map(
      (one) => [one.label, one] as const,
    ),
  )(
    '%s',
    (_, one) => {
      const { report } = searched(one);
      const broken = report.findings
        .filter(({ verdict }) => verdict === 'violated')
        .map(({ property, path }) => [property, path?.choices.length]);
      expect(Object.fromEntries(broken)).toEqual(one.breaks ?? {});
      expect(report.complete).toBe(true);
    },
    300_000,
  );
});

test('a witness is played again, choice by choice, to the same violation', () => {
  const one = CASES.find(({ label }) => label === 'in doubt, guess abort') as Case;
  const { space, report } = searched(one);
  const path = report.findings.find(({ property }) => property === 'agreement')?.path;
  const { worlds } = space.walk(path?.states ?? []);
  const ended = worlds.at(-1) as CommitWorld;
  expect(ended.ghost.violations.map(({ text }) => text)).toEqual([
    'C has aborted transaction 1, and B has committed it.',
  ]);
  expect(worlds.slice(0, -1).every(({ ghost }) => ghost.violations.length === 0)).toBe(true);
});
