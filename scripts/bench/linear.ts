/**
 * How fast a history of a register is judged. The peer is the search that everybody writes first,
 * after Lowe 2017 and the checkers built on it: a list of calls and returns, the next call that fits
 * is lifted out of it, a set with a bit for each operation of the history is kept for every step that
 * was taken, and the search goes back where it comes to a return that does not fit.
 */
import { Dice } from '../../engine/base/dice.ts';
import { eventsOf, linearizable } from '../../engine/check/linearizable.ts';
import type { Operation } from '../../engine/check/objects.ts';
import type { Line } from './lines.ts';
import { type Figure, inTurns, ratios, summary } from './stats.ts';
import { spent } from './stores.ts';

/** Half writes of distinct values; every operation takes effect somewhere between call and return. */
function historyOf(count: number, clients: number, seed: number): Operation[] {
  const dice = new Dice(seed);
  const operations: { -readonly [K in keyof Operation]: Operation[K] }[] = [];
  const open: ({ index: number; took: boolean } | undefined)[] = new Array(clients).fill(undefined);
  let state = 0;
  for (let time = 1; open.some(Boolean) || operations.length < count; time++) {
    const client = dice.below(clients);
    const call = open[client];
    if (!call) {
      if (operations.length === count) continue;
      const writes = dice.chance(0.5);
      const value = writes ? { value: operations.length + 1 } : {};
      operations.push({
        client,
        op: writes ? 'write' : 'read',
        ...value,
        call: time,
        return: null,
      });
      open[client] = { index: operations.length - 1, took: false };
      continue;
    }
    const operation = operations[call.index] as (typeof operations)[number];
    if (!call.took) {
      if (operation.op === 'write') state = operation.value as number;
      else operation.out = state;
      call.took = true;
    } else {
      operation.return = time;
      open[client] = undefined;
    }
  }
  return operations;
}

interface Entry {
  readonly op: number;
  readonly isWrite: boolean;
  readonly value: number;
  /** The entry of its return, where this is a call. */
  match: Entry | undefined;
  before: Entry | undefined;
  after: Entry | undefined;
}

function plain(operations: readonly Operation[]): boolean {
  const head: Entry = {
    op: -1,
    isWrite: false,
    value: 0,
    match: undefined,
    before: undefined,
    after: undefined,
  };
  const calls: Entry[] = [];
  let tail = head;
  for (const event of eventsOf(operations)) {
    const op = event >> 1;
    const isReturn = (event & 1) === 1;
    const operation = operations[op] as Operation;
    const isWrite = operation.op === 'write';
    const value = (isWrite ? operation.value : operation.out) as number;
    const entry: Entry = { op, isWrite, value, match: undefined, before: tail, after: undefined };
    tail.after = entry;
    tail = entry;
    if (isReturn) (calls[op] as Entry).match = entry;
    else calls[op] = entry;
  }
  const words = (operations.length + 31) >> 5;
  let taken = new Int32Array(words);
  const seen = new Map<number, { state: number; taken: Int32Array }[]>();
  const steps: { entry: Entry; state: number }[] = [];
  let state = 0;
  let at = head.after;
  const isNew = (next: Int32Array, to: number): boolean => {
    let hash = to;
    for (let w = 0; w < words; w++) hash = (Math.imul(hash, 31) + (next[w] as number)) | 0;
    const bucket = seen.get(hash);
    if (!bucket) {
      seen.set(hash, [{ state: to, taken: next }]);
      return true;
    }
    for (const known of bucket) {
      if (known.state !== to) continue;
      let w = 0;
      while (w < words && known.taken[w] === next[w]) w++;
      if (w === words) return false;
    }
    bucket.push({ state: to, taken: next });
    return true;
  };
  while (head.after) {
    const entry = at as Entry;
    const back = entry.match;
    if (back) {
      const fits = entry.isWrite || entry.value === state;
      const to = entry.isWrite ? entry.value : state;
      if (fits) {
        const next = taken.slice();
        next[entry.op >> 5] = (next[entry.op >> 5] as number) | (1 << (entry.op & 31));
        if (isNew(next, to)) {
          steps.push({ entry, state });
          state = to;
          taken = next;
          for (const gone of [entry, back]) {
            (gone.before as Entry).after = gone.after;
            if (gone.after) gone.after.before = gone.before;
          }
          at = head.after;
          continue;
        }
      }
      at = entry.after;
      continue;
    }
    const step = steps.pop();
    if (!step) return false;
    state = step.state;
    taken = taken.slice();
    taken[step.entry.op >> 5] =
      (taken[step.entry.op >> 5] as number) & ~(1 << (step.entry.op & 31));
    for (const gone of [step.entry.match as Entry, step.entry]) {
      (gone.before as Entry).after = gone;
      if (gone.after) gone.after.before = gone;
    }
    at = step.entry.after;
  }
  return true;
}

export const linearLine: Line = {
  name: 'linear',
  about: 'judging a linearizable history of a register, against a plain just-in-time search',
  async run({ turns, quick }) {
    const figures: Figure[] = [];
    for (const [clients, least] of [
      [5, 2],
      [10, 4],
    ] as const) {
      const count = quick ? 1_000 : 10_000;
      const rate = (judge: (operations: readonly Operation[]) => boolean, seed: number): number => {
        const operations = historyOf(count, clients, seed);
        globalThis.gc?.();
        const start = spent();
        if (!judge(operations)) throw new Error('the history is linearizable');
        return (1_000 * count) / (spent() - start);
      };
      // Both judge the same history, each turn another.
      const turn = { ours: 0, theirs: 0 };
      const { ours, theirs } = await inTurns(turns, {
        ours: () =>
          rate(
            (ops) => linearizable('register', ops, { init: 0 }).linearizable === true,
            turn.ours++,
          ),
        theirs: () => rate(plain, turn.theirs++),
      });
      figures.push({
        what: `${count} operations, ${clients} clients`,
        unit: 'operations/s',
        ours: summary(ours),
        peer: { name: 'plain search', theirs: summary(theirs), ratio: ratios(ours, theirs) },
        target: { atLeast: least },
        issue: 5,
        size: count,
      });
    }
    return figures;
  },
};
