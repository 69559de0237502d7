// A second opinion on clients' histories, as `run --history` exports them. It shares no code with the
// referee (linearizable.ts, watch.ts, objects.ts) and looks the other way round: the referee goes
// through a history once and keeps every configuration that is possible; this one looks for a single
// order, depth first, and takes back what led nowhere (Wing and Gong 1993, with Lowe's memory of
// dead ends: which operations are placed, and the value that they left).
//
//   calls and returns of one key, by time    ( put a   ( get   ) a   ( put b   ) a is done   …
//                                              └ may be placed next: called before any return
//                                                of an operation that has no place yet
//
// A found order is not believed: it is played from the beginning, and held against real time.

/** A line of an exported history. */
export interface Line {
  readonly process: number;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly op: string;
  readonly key: string;
  /** Of a put what is written, of a cas [expected, written]; of an answered get what was read. */
  readonly value: unknown;
  readonly time: number;
}

export interface Opinion {
  /** undefined: given up after too many dead ends. */
  readonly linearizable: boolean | undefined;
  /** Operations judged, those without a known outcome among them. */
  readonly operations: number;
  readonly unknown: number;
  /** The keys of which no order exists. */
  readonly keys: readonly string[];
}

type Value = string | null;

interface Asked {
  readonly op: string;
  /** Written, or expected of a read. */
  readonly value: Value;
  /** Of a cas. */
  readonly from: Value;
  /** failed: it answered that the value was another one. */
  readonly outcome: 'done' | 'failed' | 'unknown';
  readonly called: number;
  /** Infinity: nobody knows that it ever took effect. */
  readonly returned: number;
}

const MOST_DEAD_ENDS = 500_000;

/** Judges a whole file: a JSON record a line, of a store in which every key begins empty. */
export function opinionOn(file: string): Opinion {
  const lines = file
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .sort((a, b) => a.time - b.time);
  let unknown = 0;
  let operations = 0;
  const keys: string[] = [];
  let givenUp = false;
  for (const [key, all] of operationsByKey(lines)) {
    operations += all.length;
    unknown += all.filter(({ outcome }) => outcome === 'unknown').length;
    const verdict = judge(all);
    if (verdict === undefined) givenUp = true;
    else if (!verdict) keys.push(key);
  }
  const linearizable = keys.length > 0 ? false : givenUp ? undefined : true;
  return { linearizable, operations, unknown, keys };
}

function operationsByKey(lines: readonly Line[]): Map<string, Asked[]> {
  const keys = new Map<string, Asked[]>();
  const open = new Map<number, { line: Line; at: number }>();
  const close = (process: number, answer: Line | undefined, at: number): void => {
    const call = open.get(process);
    if (!call) throw new Error(`process ${process} is answered and asked nothing`);
    open.delete(process);
    const { op, key, value } = call.line;
    const outcome = answer?.type === 'ok' ? 'done' : answer?.type === 'fail' ? 'failed' : 'unknown';
    if (outcome === 'failed' && op !== 'cas') throw new Error(`a ${op} cannot fail`);
    // A read that nobody heard the answer of says nothing.
    if (op === 'get' && outcome === 'unknown') return;
    const pair = op === 'cas' ? (value as readonly [Value, Value]) : undefined;
    const asked: Asked = {
      op,
      value: pair ? pair[1] : op === 'get' ? (answer?.value as Value) : (value as Value),
      from: pair ? pair[0] : null,
      outcome,
      called: call.at,
      returned: outcome === 'unknown' ? Number.POSITIVE_INFINITY : at,
    };
    const list = keys.get(key);
    if (list) list.push(asked);
    else keys.set(key, [asked]);
  };
  lines.forEach((line, at) => {
    if (line.type !== 'invoke') close(line.process, line, at);
    else if (open.has(line.process)) throw new Error(`process ${line.process} asks twice at once`);
    else open.set(line.process, { line, at });
  });
  for (const process of [...open.keys()]) close(process, undefined, lines.length);
  for (const list of keys.values()) list.sort((a, b) => a.called - b.called);
  return keys;
}

/** What the value is after an operation; undefined: it could not have answered this here. */
function after(value: Value, asked: Asked): { readonly value: Value } | undefined {
  switch (asked.op) {
    case 'get':
      return value === asked.value ? { value } : undefined;
    case 'put':
      return { value: asked.value };
    case 'delete':
      return { value: null };
    case 'cas': {
      const fits = value === asked.from;
      if (asked.outcome === 'unknown') return { value: fits ? asked.value : value };
      if (asked.outcome === 'failed') return fits ? undefined : { value };
      return fits ? { value: asked.value } : undefined;
    }
    default:
      throw new Error(`${asked.op} is no operation of this store`);
  }
}

/** Whether one key's operations have an order; undefined: given up. */
function judge(all: readonly Asked[]): boolean | undefined {
  const found = (asked: readonly Asked[]): boolean | undefined => {
    const order = orderOf(asked);
    if (order === 'given up') return undefined;
    if (order) hold(asked, order);
    return order !== undefined;
  };
  // An order without what nobody saw is an order.
  const first = found(withoutIdle(all));
  const failures = all.some(({ outcome }) => outcome === 'failed');
  if (first || !failures) return first;
  // Where a cas failed, any value at all may be why: only then do the others matter.
  const weaker = found(withoutIdle(all.filter(({ outcome }) => outcome !== 'failed')));
  return weaker === false ? false : found(all);
}

/**
 * Without the operations of unknown outcome whose value nobody saw. They explain nothing but that a
 * cas failed.
 */
function withoutIdle(asked: readonly Asked[]): readonly Asked[] {
  const seen = new Set<Value>();
  for (const { op, value, from, outcome } of asked) {
    if (op === 'get') seen.add(value);
    if (op === 'cas' && outcome === 'done') seen.add(from);
  }
  // A cas of unknown outcome that follows another may have seen it; then it stays for that one's sake.
  for (let more = true; more; ) {
    more = false;
    for (const { op, value, from, outcome } of asked)
      if (op === 'cas' && outcome === 'unknown' && seen.has(value) && !seen.has(from)) {
        seen.add(from);
        more = true;
      }
  }
  return asked.filter(({ outcome, op, value }) =>
    outcome === 'unknown' ? seen.has(op === 'delete' ? null : value) : true,
  );
}

/** Of operations without an outcome that are one another's equals, the one called first. */
function twinOf(asked: readonly Asked[], index: number): number {
  const { op, value, from, outcome } = asked[index] as Asked;
  if (outcome !== 'unknown') return -1;
  for (let i = index - 1; i >= 0; i--) {
    const one = asked[i] as Asked;
    if (one.outcome === 'unknown' && one.op === op && one.value === value && one.from === from)
      return i;
  }
  return -1;
}

/**
 * An order of all operations that were answered, with as many of the others as it takes. What never
 * changes the value takes its place as soon as it fits and keeps it: it is in nobody's way.
 */
function orderOf(asked: readonly Asked[]): readonly number[] | 'given up' | undefined {
  const rows = asked.map((_, index) => index);
  const isKnown = (row: number) => (asked[row] as Asked).outcome !== 'unknown';
  rows.sort((a, b) => Number(isKnown(b)) - Number(isKnown(a)) || a - b);
  const ops = rows.map((index) => asked[index] as Asked);
  const known = asked.filter(({ outcome }) => outcome !== 'unknown').length;
  const twins = ops.map((_, row) => twinOf(ops, row));
  const placed = new Uint8Array(ops.length);
  /**
   * By the answered operations that are placed and the value that they left: the sets of others that
   * were placed with them, of which nothing came. Who has used more has only less to go on with.
   */
  const dead = new Map<string, bigint[]>();
  let ends = 0;
  let used = 0n;
  /** What was placed, and what there was before it. */
  const steps: { row: number; value: Value; low: number; free: boolean }[] = [];
  let value: Value = null;
  /** The first answered operation without a place. */
  let low = 0;
  /** Beyond it no answered operation has ever had a place. */
  let high = 0;
  /** Where to go on trying. */
  let from = 0;

  const place = (row: number, to: Value, free: boolean): void => {
    steps.push({ row, value, low, free });
    placed[row] = 1;
    if (row < known) high = Math.max(high, row);
    else used |= 1n << BigInt(row - known);
    value = to;
    while (placed[low] && low < known) low++;
    from = 0;
  };
  const isDead = (row: number, to: Value): boolean => {
    const uses = row < known ? used : used | (1n << BigInt(row - known));
    const name = nameOf(row, to);
    const sets = dead.get(name);
    if (sets?.some((set) => (set & uses) === set)) return true;
    if (sets) sets.push(uses);
    else dead.set(name, [uses]);
    ends++;
    return false;
  };
  const nameOf = (row: number, to: Value): string => {
    let name = '';
    let first = low;
    while (first < known && (placed[first] || first === row)) first++;
    for (let r = first + 1; r <= Math.max(high, row) && r < known; r++)
      if (placed[r] || r === row) name += `${r - first},`;
    return `${first} ${name} ${JSON.stringify(to)}`;
  };

  while (low < known) {
    // Whatever was called before the first return of an operation without a place may come next.
    let deadline = Number.POSITIVE_INFINITY;
    let end = low;
    for (; end < known && (ops[end] as Asked).called < deadline; end++)
      if (!placed[end]) deadline = Math.min(deadline, (ops[end] as Asked).returned);
    const fits = (row: number) => (placed[row] ? undefined : after(value, ops[row] as Asked));
    let free = low;
    const looks = ({ op, outcome, called }: Asked) =>
      called < deadline && (op === 'get' || outcome === 'failed');
    while (free < end && !(looks(ops[free] as Asked) && fits(free))) free++;
    if (free < end) {
      place(free, value, true);
      continue;
    }
    let found = -1;
    let to: Value = null;
    for (let row = Math.max(from, low); row < ops.length; row++) {
      if (row >= end && row < known) row = known;
      const one = ops[row];
      if (!one || one.called > deadline) continue;
      const result = fits(row);
      if (!result) continue;
      // Without an effect it may as well never have happened; its equals go one after the other.
      const twin = twins[row] as number;
      if (row >= known && (result.value === value || (twin >= 0 && !placed[twin]))) continue;
      // Seen once is enough: either an order goes through here, or this is a dead end.
      if (isDead(row, result.value)) continue;
      if (ends > MOST_DEAD_ENDS) return 'given up';
      found = row;
      to = result.value;
      break;
    }
    if (found >= 0) {
      place(found, to, false);
      continue;
    }
    let last = steps.pop();
    for (; last; last = steps.pop()) {
      placed[last.row] = 0;
      if (last.row >= known) used &= ~(1n << BigInt(last.row - known));
      ({ value, low } = last);
      if (!last.free) break;
    }
    if (!last) return undefined;
    from = last.row + 1;
  }
  return steps.map(({ row }) => rows[row] as number);
}

/** Plays an order, and throws where it is none: an answer does not fit, or it runs against time. */
function hold(asked: readonly Asked[], order: readonly number[]): void {
  let value: Value = null;
  let latest = -1;
  for (const index of order) {
    const one = asked[index] as Asked;
    const to = after(value, one);
    if (!to) throw new Error(`the order breaks at operation ${index}`);
    if (one.returned < latest) throw new Error(`operation ${index} had returned before`);
    latest = Math.max(latest, one.called);
    value = to.value;
  }
  const there = new Set(order);
  asked.forEach(({ outcome }, index) => {
    if (outcome !== 'unknown' && !there.has(index)) throw new Error(`${index} has no place`);
  });
}
