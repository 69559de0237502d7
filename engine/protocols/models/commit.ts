// Transaction commit as small models: what is to be done (TCommit), two-phase commit with its
// messages (TwoPhase), with a manager that may vanish and a backup that takes over, and Paxos Commit.
// After Gray and Lamport, "Consensus on transaction commit" (2006), and the TLA+ examples.
//
//   a resource manager    working ──▶ prepared ──▶ committed
//                            │            │
//                            └────────────┴──────▶ aborted
//
// Invariant of all four: never one committed and another aborted. Messages are never taken back: a
// model of a network that may duplicate, delay and reorder, where a loss is a message never received.

import { BIT, type Cast, Sketch, type SmallModel, type Thing, type Vars } from '../../sim/small.ts';
import { majorities, permutations } from './equals.ts';

const WORKING = 0;
const PREPARED = 1;
const COMMITTED = 2;
const ABORTED = 3;
const FAILED = 4;
const RM = ['working', 'prepared', 'committed', 'aborted'];

/** Whether all of `count` variables from `first` on are one of two values. */
function all(vars: Vars, first: number, count: number, value: number, or = value): boolean {
  for (let i = 0; i < count; i++) {
    const is = vars[first + i];
    if (is !== value && is !== or) return false;
  }
  return true;
}

function some(vars: Vars, first: number, count: number, value: number, or = value): boolean {
  for (let i = 0; i < count; i++) {
    const is = vars[first + i];
    if (is === value || is === or) return true;
  }
  return false;
}

function consistency(sketch: Sketch, rm: number, rms: number): void {
  sketch.always(
    'consistent',
    'Never one committed and another aborted.',
    (vars) => !(some(vars, rm, rms, COMMITTED) && some(vars, rm, rms, ABORTED)),
  );
  sketch.sometimes('all commit', 'All may commit.', (vars) => all(vars, rm, rms, COMMITTED));
  sketch.sometimes('all abort', 'All may abort.', (vars) => all(vars, rm, rms, ABORTED));
}

const each = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The variables of one resource manager, for each; `firsts`: where its arrays begin. */
const groups = (count: number, firsts: readonly number[]): number[][] =>
  each(count).map((r) => firsts.map((first) => first + r));

/** The resource managers in the picture; `has`: what each knows beside its state. */
const managers = (
  rms: number,
  rm: number,
  has: (r: number) => NonNullable<Thing['has']> = () => [],
) => ({
  title: 'resource managers',
  things: each(rms).map((r) => ({ name: `RM ${r + 1}`, is: rm + r, has: has(r) })),
});

/** What commit is to achieve, no messages: who decides sees all. */
export function tCommit(rms: number): SmallModel {
  const sketch = new Sketch();
  const rm = sketch.many('rm', rms, RM);
  for (const r of each(rms)) {
    sketch.step(`prepare ${r + 1}`, (vars) => {
      if (vars[rm + r] !== WORKING) return false;
      vars[rm + r] = PREPARED;
      return true;
    });
    sketch.step(`commit ${r + 1}`, (vars) => {
      if (vars[rm + r] !== PREPARED || !all(vars, rm, rms, PREPARED, COMMITTED)) return false;
      vars[rm + r] = COMMITTED;
      return true;
    });
    sketch.step(`abort ${r + 1}`, (vars) => {
      const is = vars[rm + r];
      if ((is !== WORKING && is !== PREPARED) || some(vars, rm, rms, COMMITTED)) return false;
      vars[rm + r] = ABORTED;
      return true;
    });
  }
  consistency(sketch, rm, rms);
  sketch.eventually('decided', 'Sooner or later all are decided.', (vars) =>
    all(vars, rm, rms, COMMITTED, ABORTED),
  );
  return {
    ...sketch,
    initial: [sketch.zero()],
    final: (vars) => all(vars, rm, rms, COMMITTED, ABORTED),
    equals: groups(rms, [rm]),
    cast: { rows: [managers(rms, rm)] },
  };
}

/** Two-phase commit: a transaction manager collects Prepared messages, or loses patience. */
export function twoPhase(rms: number): SmallModel {
  const sketch = new Sketch();
  const rm = sketch.many('rm', rms, RM);
  const tm = sketch.one('tm', ['init', 'committed', 'aborted']);
  const known = sketch.many('tmPrepared', rms, BIT);
  const sent = sketch.many('Prepared', rms, BIT);
  const commit = sketch.one('Commit', BIT);
  const abort = sketch.one('Abort', BIT);
  sketch.step('tmCommit', (vars) => {
    if (vars[tm] !== 0 || !all(vars, known, rms, 1)) return false;
    vars[tm] = 1;
    vars[commit] = 1;
    return true;
  });
  sketch.step('tmAbort', (vars) => {
    if (vars[tm] !== 0) return false;
    vars[tm] = 2;
    vars[abort] = 1;
    return true;
  });
  for (const r of each(rms)) {
    sketch.step(`tmRcvPrepared ${r + 1}`, (vars) => {
      if (vars[tm] !== 0 || vars[sent + r] !== 1) return false;
      vars[known + r] = 1;
      return true;
    });
    sketch.step(`rmPrepare ${r + 1}`, (vars) => {
      if (vars[rm + r] !== WORKING) return false;
      vars[rm + r] = PREPARED;
      vars[sent + r] = 1;
      return true;
    });
    sketch.step(`rmAbort ${r + 1}`, (vars) => {
      if (vars[rm + r] !== WORKING) return false;
      vars[rm + r] = ABORTED;
      return true;
    });
    sketch.step(`rmRcvCommit ${r + 1}`, (vars) => {
      if (vars[commit] !== 1) return false;
      vars[rm + r] = COMMITTED;
      return true;
    });
    sketch.step(`rmRcvAbort ${r + 1}`, (vars) => {
      if (vars[abort] !== 1) return false;
      vars[rm + r] = ABORTED;
      return true;
    });
  }
  consistency(sketch, rm, rms);
  sketch.eventually('decided', 'Sooner or later all are decided.', (vars) =>
    all(vars, rm, rms, COMMITTED, ABORTED),
  );
  return {
    ...sketch,
    initial: [sketch.zero()],
    final: (vars) => all(vars, rm, rms, COMMITTED, ABORTED),
    equals: groups(rms, [rm, known, sent]),
    cast: {
      rows: [
        {
          title: 'transaction manager',
          things: [
            {
              name: 'TM',
              is: tm,
              has: each(rms).map((r) => [`heard ${r + 1}`, known + r] as const),
            },
          ],
        },
        managers(rms, rm),
      ],
      said: [
        ...each(rms).map((r) => ({
          name: `Prepared ${r + 1}`,
          at: sent + r,
          by: `RM ${r + 1}`,
        })),
        { name: 'Commit', at: commit, by: 'TM' },
        { name: 'Abort', at: abort, by: 'TM' },
      ],
    },
  };
}

/**
 * Two-phase commit with a manager that may vanish after its decision (`hidden`), and a backup that
 * then decides from what the resource managers show. One of those may fail, where they may at all.
 */
export function twoPhaseBackup(rms: number, rmMayFail: boolean, tmMayFail: boolean): SmallModel {
  const sketch = new Sketch();
  const rm = sketch.many('rm', rms, [...RM, 'failed']);
  const done = sketch.many('rmDone', rms, BIT);
  const tm = sketch.one('tm', ['init', 'commit', 'abort', 'hidden']);
  const at = sketch.one('tmAt', ['TS', 'TC', 'TA', 'F1', 'F2', 'Done']);
  const backup = sketch.one('backupAt', ['BTS', 'BTC', 'BTA', 'Done']);
  const [COMMIT, ABORT, HIDDEN] = [1, 2, 3];
  const canCommit = (vars: Vars): boolean =>
    all(vars, rm, rms, PREPARED) || some(vars, rm, rms, COMMITTED);
  const canAbort = (vars: Vars): boolean =>
    some(vars, rm, rms, ABORTED, FAILED) && !some(vars, rm, rms, COMMITTED);
  for (const r of each(rms)) {
    const busy = (vars: Vars): boolean => vars[rm + r] === WORKING || vars[rm + r] === PREPARED;
    sketch.step(`rmPrepare ${r + 1}`, (vars) => {
      if (vars[rm + r] !== WORKING) return false;
      vars[rm + r] = PREPARED;
      return true;
    });
    sketch.step(`rmCommit ${r + 1}`, (vars) => {
      if (!busy(vars) || vars[tm] !== COMMIT) return false;
      vars[rm + r] = COMMITTED;
      return true;
    });
    sketch.step(`rmAbort ${r + 1}`, (vars) => {
      if (!busy(vars) || (vars[rm + r] !== WORKING && vars[tm] !== ABORT)) return false;
      vars[rm + r] = ABORTED;
      return true;
    });
    sketch.step(
      `rmFail ${r + 1}`,
      (vars) => {
        if (!busy(vars)) return false;
        if (rmMayFail && !some(vars, rm, rms, FAILED)) vars[rm + r] = FAILED;
        return true;
      },
      true,
    );
    sketch.step(`rmDone ${r + 1}`, (vars) => {
      if (busy(vars) || vars[done + r] === 1) return false;
      vars[done + r] = 1;
      return true;
    });
  }
  const [TS, TC, TA, F1, F2, T_DONE] = [0, 1, 2, 3, 4, 5];
  const move = (
    name: string,
    pc: number,
    from: number,
    to: number,
    may: (vars: Vars) => boolean,
    then?: number,
  ) =>
    sketch.step(name, (vars) => {
      if (vars[pc] !== from || !may(vars)) return false;
      if (then !== undefined) vars[tm] = then;
      vars[pc] = to;
      return true;
    });
  const always = () => true;
  move('tmChooseCommit', at, TS, TC, canCommit);
  move('tmChooseAbort', at, TS, TA, canAbort);
  move('tmCommit', at, TC, F1, always, COMMIT);
  move('tmAbort', at, TA, F2, always, ABORT);
  const vanish = tmMayFail ? HIDDEN : undefined;
  move('tmEndCommit', at, F1, T_DONE, always, vanish);
  move('tmEndAbort', at, F2, T_DONE, always, vanish);
  const hidden = (vars: Vars): boolean => vars[tm] === HIDDEN;
  move('backupChooseCommit', backup, 0, 1, (vars) => hidden(vars) && canCommit(vars));
  move('backupChooseAbort', backup, 0, 2, (vars) => hidden(vars) && canAbort(vars));
  move('backupCommit', backup, 1, 3, always, COMMIT);
  move('backupAbort', backup, 2, 3, always, ABORT);
  consistency(sketch, rm, rms);
  return {
    ...sketch,
    initial: [sketch.zero()],
    equals: groups(rms, [rm, done]),
    cast: {
      rows: [
        {
          title: 'transaction managers',
          things: [
            { name: 'TM', is: tm, has: [['at', at]] },
            { name: 'Backup', has: [['at', backup]] },
          ],
        },
        managers(rms, rm, (r) => [['done', done + r]]),
      ],
    },
  };
}

/**
 * Paxos Commit: one instance of Paxos for each resource manager, on whether it is prepared. A manager
 * proposes its own state in ballot 0; a leader of a higher ballot finishes the instance of a silent
 * one, with the value that may have been chosen already, or else with aborted.
 *
 * Numbers stand for messages: an acceptor promises once a ballot, and there is one 2a a ballot.
 */
export function paxosCommit(rms: number, acceptors: number, ballots: number): SmallModel {
  const sketch = new Sketch();
  const VALUES = ['none', 'prepared', 'aborted'];
  const [NONE, YES, NO] = [0, 1, 2];
  const count = each(ballots).map(String);
  const rm = sketch.many('rm', rms, RM);
  const grid = (name: string, values: readonly string[]): number => {
    const first = sketch.variables.length;
    for (const r of each(rms)) sketch.many(`${name}[${r + 1}]`, acceptors, values);
    return first;
  };
  const mbal = grid('mbal', count);
  const bal = grid('bal', ['none', ...count]);
  const val = grid('val', VALUES);
  /** 1a[r][b], b from 1. */
  const first = sketch.variables.length;
  for (const r of each(rms)) sketch.many(`1a[${r + 1}]`, ballots - 1, BIT);
  /** 2a[r][b]: its value. */
  const asked = sketch.variables.length;
  for (const r of each(rms)) sketch.many(`2a[${r + 1}]`, ballots, VALUES, 0);
  /** 1b[r][a][b], b from 1: not sent, sent without a vote, or with the vote of a ballot: 2 + 2 × ballot + value. */
  const votes = count.flatMap((b) => [`prepared in ${b}`, `aborted in ${b}`]);
  const promised = sketch.variables.length;
  for (const r of each(rms))
    for (const a of each(acceptors))
      sketch.many(`1b[${r + 1}][${a + 1}]`, ballots - 1, ['not sent', 'no vote', ...votes]);
  /** 2b[r][a][b]: its value. */
  const voted = sketch.variables.length;
  for (const r of each(rms))
    for (const a of each(acceptors)) sketch.many(`2b[${r + 1}][${a + 1}]`, ballots, VALUES, 0);
  const commit = sketch.one('Commit', BIT);
  const abort = sketch.one('Abort', BIT);

  const cell = (r: number, a: number): number => r * acceptors + a;
  const oneA = (r: number, b: number): number => first + r * (ballots - 1) + b - 1;
  const oneB = (r: number, a: number, b: number): number =>
    promised + cell(r, a) * (ballots - 1) + b - 1;
  const twoA = (r: number, b: number): number => asked + r * ballots + b;
  const twoB = (r: number, a: number, b: number): number => voted + cell(r, a) * ballots + b;
  const quorums = majorities(acceptors);
  const chosen = (vars: Vars, r: number, value: number): boolean => {
    for (let b = 0; b < ballots; b++) {
      let for_ = 0;
      for (let a = 0; a < acceptors; a++) if (vars[twoB(r, a, b)] === value) for_++;
      if (2 * for_ > acceptors) return true;
    }
    return false;
  };

  for (const r of each(rms)) {
    const own = (name: string, to: number, value: number) =>
      sketch.step(`${name} ${r + 1}`, (vars) => {
        if (vars[rm + r] !== WORKING) return false;
        vars[rm + r] = to;
        vars[twoA(r, 0)] = value;
        return true;
      });
    own('rmPrepare', PREPARED, YES);
    own('rmAbort', ABORTED, NO);
    const told = (name: string, message: number, to: number) =>
      sketch.step(`${name} ${r + 1}`, (vars) => {
        if (vars[message] !== 1) return false;
        vars[rm + r] = to;
        return true;
      });
    told('rmRcvCommit', commit, COMMITTED);
    told('rmRcvAbort', abort, ABORTED);
    for (const b of each(ballots)) {
      if (b > 0) {
        sketch.step(`phase1a ${r + 1} ${b}`, (vars) => {
          vars[oneA(r, b)] = 1;
          return true;
        });
        for (const quorum of quorums)
          sketch.step(`phase2a ${r + 1} ${b} ${quorum.map((a) => a + 1).join(',')}`, (vars) => {
            if (vars[twoA(r, b)] !== NONE) return false;
            let latest = 1;
            for (const a of quorum) {
              const promise = vars[oneB(r, a, b)] as number;
              if (promise === 0) return false;
              latest = Math.max(latest, promise);
            }
            vars[twoA(r, b)] = latest === 1 || latest % 2 === 1 ? NO : YES;
            return true;
          });
      }
      for (const a of each(acceptors)) {
        const at = cell(r, a);
        if (b > 0)
          sketch.step(`phase1b ${a + 1} ${r + 1} ${b}`, (vars) => {
            if (vars[oneA(r, b)] !== 1 || (vars[mbal + at] as number) >= b) return false;
            const old = vars[bal + at] as number;
            vars[oneB(r, a, b)] = old === 0 ? 1 : 2 * old + (vars[val + at] === NO ? 1 : 0);
            vars[mbal + at] = b;
            return true;
          });
        sketch.step(`phase2b ${a + 1} ${r + 1} ${b}`, (vars) => {
          const value = vars[twoA(r, b)] as number;
          if (value === NONE || (vars[mbal + at] as number) > b) return false;
          vars[mbal + at] = b;
          vars[bal + at] = b + 1;
          vars[val + at] = value;
          vars[twoB(r, a, b)] = value;
          return true;
        });
      }
    }
  }
  sketch.step('decideCommit', (vars) => {
    for (let r = 0; r < rms; r++) if (!chosen(vars, r, YES)) return false;
    vars[commit] = 1;
    return true;
  });
  sketch.step('decideAbort', (vars) => {
    for (let r = 0; r < rms; r++)
      if (chosen(vars, r, NO)) {
        vars[abort] = 1;
        return true;
      }
    return false;
  });
  consistency(sketch, rm, rms);

  // Acceptors are equals whole; resource managers are renamed one way at a time.
  const equals = each(acceptors).map((a) =>
    each(rms).flatMap((r) => [
      mbal + cell(r, a),
      bal + cell(r, a),
      val + cell(r, a),
      ...each(ballots - 1).map((b) => oneB(r, a, b + 1)),
      ...each(ballots).map((b) => twoB(r, a, b)),
    ]),
  );
  const renamings = permutations(rms)
    .slice(1)
    .map((order) => {
      const renaming = sketch.variables.map((_, i) => i);
      const block = (start: number, size: number) => {
        for (const r of each(rms))
          for (const i of each(size))
            renaming[start + r * size + i] = start + (order[r] as number) * size + i;
      };
      block(rm, 1);
      for (const start of [mbal, bal, val]) block(start, acceptors);
      block(first, ballots - 1);
      block(asked, ballots);
      block(promised, acceptors * (ballots - 1));
      block(voted, acceptors * ballots);
      return renaming;
    });
  const many = rms > 1;
  const cast: Cast = {
    rows: [
      managers(rms, rm),
      {
        title: 'acceptors: what each holds of each manager',
        things: each(acceptors).map((a) => ({
          name: `Acceptor ${a + 1}`,
          has: each(rms).flatMap((r) => {
            const of = many ? `${r + 1}: ` : '';
            return [
              [`${of}mbal`, mbal + cell(r, a)] as const,
              [`${of}bal`, bal + cell(r, a)] as const,
              [`${of}val`, val + cell(r, a)] as const,
            ];
          }),
        })),
      },
    ],
    order: 'phase, acceptor, manager, ballot',
    said: [
      ...each(rms).flatMap((r) =>
        each(ballots).flatMap((b) => [
          ...(b > 0 ? [{ name: `1a ${r + 1} ${b}`, at: oneA(r, b) }] : []),
          ...(b > 0
            ? each(acceptors).map((a) => ({
                name: `1b ${a + 1} ${r + 1} ${b}`,
                at: oneB(r, a, b),
                by: `Acceptor ${a + 1}`,
              }))
            : []),
          {
            name: `2a ${r + 1} ${b}`,
            at: twoA(r, b),
            ...(b === 0 && { by: `RM ${r + 1}` }),
          },
          ...each(acceptors).map((a) => ({
            name: `2b ${a + 1} ${r + 1} ${b}`,
            at: twoB(r, a, b),
            by: `Acceptor ${a + 1}`,
          })),
        ]),
      ),
      { name: 'Commit', at: commit },
      { name: 'Abort', at: abort },
    ],
  };
  return { ...sketch, initial: [sketch.zero()], equals, renamings, cast };
}
