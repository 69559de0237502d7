// What a round costs when nothing goes wrong, by the formulas of the papers: messages, forced writes
// (somebody waits for its disk), and message delays until the last participant knows the outcome.
//
//                     commit                        one says no            delays
//   presumed nothing  4Y + 2R      1 + 2Y           4Y + 2    1 + 2Y       3     Y say yes, R only read
//   presumed abort    4Y + 2R      1 + 2Y           3Y + 2    Y            3
//   presumed commit   3Y + 2R      2 + Y            4Y + 2    1 + 2Y       3
//   three-phase       6Y + 2R      2 + 3Y           4Y + 2    1 + 2Y       5, 3
//   Paxos Commit      NF + F + 3N - 1    N + F + 1  –                      5     2F + 1 acceptors
//   one-phase         2            1                2         0            1
//
// Over groups of G the forced writes are consensus: each is a round of Raft in its group, which is 2(G - 1)
// messages and a forced write at all G; messages between groups are as above. Heartbeats, elections and
// what is handed on within a group come on top, and are a matter of time and luck.
//
// Mohan, Lindsay and Obermarck 1986; Bernstein, Hadzilacos and Goodman 1987, chapter 7; Gray and
// Lamport 2006. Tests hold runs to them (commit.test.ts).

import type { CommitRules } from './types.ts';

export interface Cost {
  readonly messages: number;
  readonly forced: number;
  readonly delays: number;
}

/** A number, and how it comes about: `4Y + 2R`. */
export interface Term {
  readonly value: number;
  readonly formula: string;
}

export type Formula = { readonly [count in keyof Cost]: Term };

/** A round over groups that nothing disturbs: what is sent between groups and for its records, and written. */
export function groupCostOf(rules: CommitRules): Omit<Cost, 'delays'> | undefined {
  const alone = formulaOf({ ...rules, groupSize: 1 });
  if (!alone) return undefined;
  const { messages, forced } = alone;
  return {
    messages: messages.value + 2 * (rules.groupSize - 1) * forced.value,
    forced: rules.groupSize * forced.value,
  };
}

/** Undefined: who is told of an abort depends on whose answer comes first, or nothing is published. */
export function formulaOf(rules: CommitRules): Formula | undefined {
  const { protocol, presume, participants, acceptors, votes, onePhase } = rules;
  if (rules.groupSize > 1) return undefined;
  const n = participants.length;
  const count = (vote: string): number => participants.filter((id) => votes[id] === vote).length;
  const [no, paxos] = [count('no'), protocol === 'paxos-commit'];
  const readers = paxos ? 0 : count('read');
  const yes = n - no - readers;
  const whole = (value: number): Term => ({ value, formula: `${value}` });
  const term = (value: number, formula: string): Term => ({ value, formula });
  /** `aY + bR + c`, its empty parts left out. */
  const sum = (a: number, b: number, c: number): Term => {
    const parts = [
      ...(c > 0 && a > 0 ? [`${c}`] : []),
      ...(a > 0 ? [`${a === 1 ? '' : a}Y`] : []),
      ...(b > 0 && readers > 0 ? [`${b}R`] : []),
      ...(c > 0 && a === 0 ? [`${c}`] : []),
    ];
    return term(a * yes + b * readers + c, parts.join(' + ') || '0');
  };
  if (paxos) {
    if (no > 0) return undefined;
    const f = (acceptors.length - 1) / 2;
    if (!Number.isInteger(f)) return undefined;
    return {
      messages: term(n * f + f + 3 * n - 1, 'NF + F + 3N − 1'),
      forced: term(n + f + 1, 'N + F + 1'),
      delays: whole((n > 1 ? 4 : 2) + (f > 0 ? 1 : 0)),
    };
  }
  if (no > 1 || (no === 1 && readers > 0)) return undefined;
  const alone = onePhase && n === 1;
  if (alone && readers === 0) return { messages: whole(2), forced: whole(yes), delays: whole(1) };
  const collecting = protocol === 'two-phase' && presume === 'commit' && !alone ? 1 : 0;
  if (yes === 0)
    return { messages: whole(2 * n), forced: whole(collecting), delays: whole(no > 0 ? 1 : 0) };
  if (no === 1) {
    const lazy = protocol === 'two-phase' && presume === 'abort';
    return {
      messages: lazy ? sum(3, 0, 2) : sum(4, 0, 2),
      forced: lazy ? sum(1, 0, 0) : sum(2, 0, 1),
      delays: whole(3),
    };
  }
  if (protocol === 'three-phase')
    return { messages: sum(6, 2, 0), forced: sum(3, 0, 2), delays: whole(5) };
  return {
    messages: collecting ? sum(3, 2, 0) : sum(4, 2, 0),
    forced: collecting ? sum(1, 0, 2) : sum(2, 0, 1),
    delays: whole(3),
  };
}
