// Single-decree Paxos as a small model. After Lamport, "Paxos made simple" (2001).
//
//   1a(b)          anybody begins ballot b
//   1b(b, a, vote) acceptor a promises to take part in nothing older, and says its last vote
//   2a(b, v)       with promises of a majority: v is the value of the latest vote among them, if any
//   2b(b, a, v)    acceptor a votes
//
// Invariant: no two values are chosen, each by a majority's votes in one ballot.

import { BIT, Sketch, type SmallModel, type Vars } from '../../sim/small.ts';
import { majorities } from './equals.ts';

export function paxos(acceptors: number, values: number, ballots: number): SmallModel {
  const each = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const sketch = new Sketch();
  const names = each(values).map((v) => `v${v + 1}`);
  const count = each(ballots).map(String);
  const maxBal = sketch.many('maxBal', acceptors, ['none', ...count]);
  const maxVBal = sketch.many('maxVBal', acceptors, ['none', ...count]);
  const maxVal = sketch.many('maxVal', acceptors, ['none', ...names]);
  const begun = sketch.many('1a', ballots, BIT, 0);
  const asked = sketch.many('2a', ballots, ['none', ...names], 0);
  /** 1b[a][b]: not sent, sent without a vote, or with one: 2 + ballot × values + value. */
  const votes = count.flatMap((b) => names.map((v) => `${v} in ${b}`));
  const promised = sketch.variables.length;
  for (const a of each(acceptors))
    sketch.many(`1b[${a + 1}]`, ballots, ['not sent', 'no vote', ...votes], 0);
  const voted = sketch.variables.length;
  for (const a of each(acceptors)) sketch.many(`2b[${a + 1}]`, ballots, ['none', ...names], 0);
  const oneB = (a: number, b: number): number => promised + a * ballots + b;
  const twoB = (a: number, b: number): number => voted + a * ballots + b;

  for (const b of each(ballots)) {
    sketch.step(`phase1a ${b}`, (vars) => {
      vars[begun + b] = 1;
      return true;
    });
    for (const a of each(acceptors)) {
      sketch.step(`phase1b ${a + 1} ${b}`, (vars) => {
        // A ballot is one more than its number: 0 is none.
        if (vars[begun + b] !== 1 || b + 1 <= (vars[maxBal + a] as number)) return false;
        const old = vars[maxVBal + a] as number;
        vars[oneB(a, b)] = old === 0 ? 1 : 1 + (old - 1) * values + (vars[maxVal + a] as number);
        vars[maxBal + a] = b + 1;
        return true;
      });
      sketch.step(`phase2b ${a + 1} ${b}`, (vars) => {
        const value = vars[asked + b] as number;
        if (value === 0 || b + 1 < (vars[maxBal + a] as number)) return false;
        vars[maxBal + a] = b + 1;
        vars[maxVBal + a] = b + 1;
        vars[maxVal + a] = value;
        vars[twoB(a, b)] = value;
        return true;
      });
    }
    for (const v of each(values))
      for (const quorum of majorities(acceptors))
        sketch.step(`phase2a ${b} v${v + 1} ${quorum.map((a) => a + 1).join(',')}`, (vars) => {
          if (vars[asked + b] !== 0) return false;
          let latest = 1;
          for (const a of quorum) {
            const promise = vars[oneB(a, b)] as number;
            if (promise === 0) return false;
            latest = Math.max(latest, promise);
          }
          // Votes of one ballot are all for one value, so the greatest number is of the latest ballot.
          if (latest > 1 && (latest - 2) % values !== v) return false;
          vars[asked + b] = v + 1;
          return true;
        });
  }
  const chosen = (vars: Vars, value: number): boolean =>
    each(ballots).some(
      (b) => 2 * each(acceptors).filter((a) => vars[twoB(a, b)] === value).length > acceptors,
    );
  sketch.always(
    'agreement',
    'No two values are chosen.',
    (vars) => each(values).filter((v) => chosen(vars, v + 1)).length <= 1,
  );
  for (const v of each(values))
    sketch.sometimes(`v${v + 1} chosen`, `The value v${v + 1} may be chosen.`, (vars) =>
      chosen(vars, v + 1),
    );
  const equals = each(acceptors).map((a) => [
    maxBal + a,
    maxVBal + a,
    maxVal + a,
    ...each(ballots).map((b) => oneB(a, b)),
    ...each(ballots).map((b) => twoB(a, b)),
  ]);
  return {
    ...sketch,
    initial: [sketch.zero()],
    equals,
    cast: {
      rows: [
        {
          title: 'acceptors',
          things: each(acceptors).map((a) => ({
            name: `Acceptor ${a + 1}`,
            has: [
              ['maxBal', maxBal + a],
              ['maxVBal', maxVBal + a],
              ['maxVal', maxVal + a],
            ],
          })),
        },
      ],
      order: 'phase, acceptor, ballot',
      said: each(ballots).flatMap((b) => [
        { name: `1a ${b}`, at: begun + b },
        ...each(acceptors).map((a) => ({
          name: `1b ${a + 1} ${b}`,
          at: oneB(a, b),
          by: `Acceptor ${a + 1}`,
        })),
        { name: `2a ${b}`, at: asked + b },
        ...each(acceptors).map((a) => ({
          name: `2b ${a + 1} ${b}`,
          at: twoB(a, b),
          by: `Acceptor ${a + 1}`,
        })),
      ]),
    },
  };
}
