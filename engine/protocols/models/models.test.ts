import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explore } from '../../sim/explorer.ts';
import { type SmallModel, SmallSpace } from '../../sim/small.ts';
import { MODELS, type Parameters } from './all.ts';

const BASE: Parameters = {
  rms: 3,
  acceptors: 3,
  values: 2,
  ballots: 2,
  nodes: 3,
  participants: 2,
  queue: 2,
  rmMayFail: true,
  tmMayFail: true,
  decideFirst: false,
};
const build = (name: string, parameters: Partial<Parameters> = {}): SmallModel =>
  (MODELS.find((model) => model.name === name) as (typeof MODELS)[number]).build({
    ...BASE,
    ...parameters,
  });

/** What the TLC model checker counted in the public specifications: label, model, distinct, depth. */
const COUNTED: readonly (readonly [string, SmallModel, number, number])[] = [
  ['TwoPhase RM=1', build('two-phase', { rms: 1 }), 12, 5],
  ['TwoPhase RM=2', build('two-phase', { rms: 2 }), 56, 8],
  ['TwoPhase RM=3', build('two-phase'), 288, 11],
  ['TwoPhase RM=6', build('two-phase', { rms: 6 }), 50_816, 20],
  ['TCommit RM=1', build('t-commit', { rms: 1 }), 4, 3],
  ['TCommit RM=2', build('t-commit', { rms: 2 }), 12, 5],
  ['TCommit RM=3', build('t-commit'), 34, 7],
  ['TCommit RM=4', build('t-commit', { rms: 4 }), 96, 9],
  ['2PCwithBTM RM=2 RMMAYFAIL=TRUE TMMAYFAIL=TRUE', build('two-phase-backup', { rms: 2 }), 257, 12],
  ['2PCwithBTM RM=3 RMMAYFAIL=TRUE TMMAYFAIL=TRUE', build('two-phase-backup'), 1245, 15],
  [
    'PaxosCommit RM=1 Acceptor=1 Ballot={0,1}',
    build('paxos-commit', { rms: 1, acceptors: 1 }),
    45,
    9,
  ],
  ['PaxosCommit RM=1 Acceptor=3 Ballot={0}', build('paxos-commit', { rms: 1, ballots: 1 }), 29, 7],
  ['ChangRoberts N=1 ids ascending', build('chang-roberts', { nodes: 1 }), 5, 3],
  ['ChangRoberts N=2 ids ascending', build('chang-roberts', { nodes: 2 }), 25, 6],
  ['ChangRoberts N=3 ids ascending', build('chang-roberts'), 137, 10],
  ['ACP_SB participants=1', build('acp-sb', { participants: 1 }), 80, 9],
  ['ACP_SB participants=2', build('acp-sb'), 1832, 15],
  ['ACP_SB participants=3', build('acp-sb', { participants: 3 }), 54_944, 21],
  ['ACP_NB participants=1', build('acp-nb', { participants: 1 }), 102, 10],
  ['ACP_NB participants=2', build('acp-nb'), 4284, 19],
  ['DieHard no goal', build('die-hard'), 16, 8],
  [
    'Paxos(classic) 3 acceptors values=1 ballots=0..0',
    build('paxos', { values: 1, ballots: 1 }),
    41,
    9,
  ],
  ['Paxos(classic) 3 acceptors values=1 ballots=0..1', build('paxos', { values: 1 }), 1681, 17],
  ['Paxos(classic) 3 acceptors values=2 ballots=0..1', build('paxos'), 3921, 17],
  ['AlternatingBit Data=2 queues<=2', build('alternating-bit'), 240, 10],
  ['AlternatingBit Data=1 queues<=1', build('alternating-bit', { values: 1, queue: 1 }), 28, 7],
  ['EWD840 N=1', build('ewd840', { nodes: 1 }), 6, 2],
  ['EWD840 N=2', build('ewd840', { nodes: 2 }), 54, 6],
  ['EWD840 N=3', build('ewd840'), 302, 9],
  ['EWD840 N=4', build('ewd840', { nodes: 4 }), 1566, 12],
];

test('every model has the states and the depth that TLC counted', () => {
  for (const [label, model, distinct, depth] of COUNTED) {
    const report = explore(new SmallSpace(model));
    expect([label, report.states, report.depth, report.complete]).toEqual([
      label,
      distinct,
      depth,
      true,
    ]);
  }
});

/** Beside the repository lie all of TLC's counts: none of them was left out above. */
const counts = `${process.env.ORACLES ?? `${import.meta.dirname}/../../../../shared/oracles`}/tlc-counts.json`;
test.runIf(existsSync(counts))('the table above is the file of the counts', () => {
  const { models } = JSON.parse(readFileSync(counts, 'utf8')) as {
    models: { label: string; result: string; distinct: number; depth: number }[];
  };
  const large = 'PaxosCommit RM=2 Acceptor=3 Ballot={0,1}';
  const told = models.filter(({ result, label }) => result === 'ok' && label !== large);
  expect(told.map(({ label, distinct, depth }) => [label, distinct, depth]).sort()).toEqual(
    COUNTED.map(([label, , distinct, depth]) => [label, distinct, depth]).sort(),
  );
});

/** A million states take half a minute of one core: with `npm run sweep`. */
test.runIf(process.env.SWEEP)(
  'Paxos Commit with two managers has 1,321,761 states',
  () => {
    const space = new SmallSpace(build('paxos-commit', { rms: 2 }));
    const report = explore(space);
    expect([report.states, report.depth, report.complete]).toEqual([1_321_761, 28, true]);
    expect(space.bytes).toBeLessThan(100e6);
  },
  300_000,
);

/** States up to renaming, by renaming each state of the whole graph; and their number by the search. */
test('symmetry gives the quotient, and the same verdicts in as many steps', () => {
  const smaller: string[] = [];
  for (const [label, model] of COUNTED) {
    const whole = explore(new SmallSpace(model));
    const quotient = explore(new SmallSpace(model, { symmetry: true }));
    const verdicts = ({ findings }: typeof whole) =>
      findings.map(({ property, verdict, path }) => [property, verdict, path?.choices.length]);
    expect([label, verdicts(quotient)]).toEqual([label, verdicts(whole)]);
    expect(quotient.depth).toBe(whole.depth);
    if (quotient.states < whole.states) smaller.push(`${label}: ${quotient.states}`);
  }
  // Multisets of what one manager shows: TCommit with n managers is 4, 8, 13, 19.
  expect(smaller).toEqual(
    expect.arrayContaining(['TCommit RM=2: 8', 'TCommit RM=3: 13', 'TwoPhase RM=2: 34']),
  );
});

test('the quotient by sorting equals is the quotient by all renamings', () => {
  const model = build('two-phase');
  const byRenaming = {
    ...model,
    equals: undefined,
    // rm, tm, tmPrepared, Prepared, Commit, Abort.
    renamings: [
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ].map(([a = 0, b = 0, c = 0]) => [
      a,
      b,
      c,
      3,
      4 + a,
      4 + b,
      4 + c,
      7 + a,
      7 + b,
      7 + c,
      10,
      11,
    ]),
  };
  const { equals: _, ...plain } = byRenaming;
  expect(explore(new SmallSpace(plain, { symmetry: true })).states).toBe(
    explore(new SmallSpace(model, { symmetry: true })).states,
  );
});

/** The lines of a finding, by its property. */
function witness(model: SmallModel, property: string, symmetry = false): string[] | undefined {
  const space = new SmallSpace(model, { symmetry });
  const found = explore(space).findings.find((finding) => finding.property === property);
  return found?.path && space.walk(found.path.states).map(({ name }) => name);
}

test('four gallons take six pours', () => {
  expect(witness(build('die-hard'), 'not solved')).toHaveLength(6);
});

test('deciding before forwarding breaks agreement in 13 states, as TLC found', () => {
  expect(witness(build('acp-nb', { decideFirst: true }), 'AC1 agreement')).toHaveLength(12);
});

test('a simple broadcast blocks, one with forwarding does not', () => {
  expect(witness(build('acp-sb'), 'AC4 termination')).toContain('coordDie');
  expect(witness(build('acp-sb'), 'never stuck')).toHaveLength(4);
  expect(witness(build('acp-nb'), 'AC4 termination')).toBeUndefined();
  expect(witness(build('acp-nb'), 'never stuck')).toBeUndefined();
});

test('a witness of the quotient can be walked in the model itself', () => {
  const model = build('acp-nb', { decideFirst: true });
  const steps = witness(model, 'AC1 agreement', true) as string[];
  const reached = model.initial.some((initial) => {
    const vars = initial.slice();
    for (const name of steps) {
      const step = model.steps.find((one) => one.name === name);
      if (!step?.take(vars)) return false;
    }
    return model.properties.some(({ holds, test }) => holds === 'always' && !test(vars));
  });
  expect(reached).toBe(true);
});
