// Linearizability: could one object, working one operation at a time, have given these answers, each
// operation at some moment between its call and its return (Herlihy and Wing 1990)?
//
//   A ├────── write 1 ──────┤            write 1 │ read → 1 │ read → 0 ?
//   B     ├ read → 1 ┤                           no order fits: after A's write took
//   C                   ├ read → 0 ┤             effect for B, it is undone for C
//
// The search goes through the history once, event by event, and keeps every *configuration* that is
// still possible: the object's state, and which of the pending operations have taken effect. An
// operation is placed just in time, when it or another one returns (Lowe 2017). What keeps the sets
// small, and all of it exact:
//
// - The pending operations have slots, given back when they return: a configuration is a few words,
//   not a set with a bit for each operation of the history.
// - An operation that cannot change the state is placed as soon as it fits (nothing gets worse).
// - An operation without an answer may take effect ever after, or never. Of two configurations that
//   differ only in how many such operations they have used, the one that used fewer will do.
// - Objects with keys are judged key by key (linearizability is local).
//
// When no configuration is left at a return, the history up to there has no order. The shortest
// prefix that fails may still be longer: the search knew the answers of operations that returned
// later. So on a failure it looks again, at prefixes whose open operations may answer anything.

import { assert } from '../base/assert.ts';
import {
  type Action,
  type Machine,
  machineOf,
  type ObjectName,
  type Operation,
  UNFIT,
} from './objects.ts';

export type Verdict =
  | { readonly linearizable: true; readonly order?: readonly number[] }
  | { readonly linearizable: false; readonly failure: Failure }
  /** The search was given up at its bound. */
  | { readonly linearizable: undefined; readonly looked: number };

/** Why a history is not linearizable. Operations by their index in the history. */
export interface Failure {
  readonly key?: string;
  /** The operation whose return ends the shortest prefix that fails, and when that was. */
  readonly last: number;
  readonly time: number;
  /** A longest legal order of operations of the prefix. */
  readonly order: readonly number[];
  /** Where that order leaves the object. */
  readonly state: string;
  /** The operations of the prefix that were answered and have no place in that order. */
  readonly unplaced: readonly number[];
}

export interface SearchOptions {
  readonly init?: unknown;
  /** Gives up after so many configurations; 20 million unless said. */
  readonly most?: number;
  /** Return a legal order too. */
  readonly order?: boolean;
}

/** Judges a whole history. */
export function linearizable(
  object: ObjectName,
  operations: readonly Operation[],
  options: SearchOptions = {},
): Verdict {
  const most = options.most ?? 20_000_000;
  const order: number[] = [];
  let looked = 0;
  let earliest: Failure | undefined;
  let given = false;
  for (const [key, members] of partition(object, operations)) {
    const part = members ? members.map((index) => operations[index] as Operation) : operations;
    const machine = machineOf(object, options.init);
    const history = new History(machine, part);
    const run = new Search(machine, most - looked, options.order === true);
    const ended = run.through(history, history.events.length);
    looked += run.looked;
    if (run.exhausted) given = true;
    else if (ended < history.events.length) {
      const failure = explain(object, part, options.init, ended);
      const at = (index: number) => (members ? (members[index] as number) : index);
      if (!earliest || failure.time < earliest.time)
        earliest = {
          ...failure,
          ...(members && { key }),
          last: at(failure.last),
          order: failure.order.map(at),
          unplaced: failure.unplaced.map(at),
        };
    } else if (options.order)
      for (const index of run.order()) order.push(members ? (members[index] as number) : index);
  }
  if (earliest) return { linearizable: false, failure: earliest };
  if (given) return { linearizable: undefined, looked };
  return { linearizable: true, ...(options.order && { order }) };
}

/** The operations of each key; undefined: all of them, of the one object. */
function partition(
  object: ObjectName,
  operations: readonly Operation[],
): Map<string, number[] | undefined> {
  if (object !== 'kv') return new Map([['', undefined]]);
  const keys = new Map<string, number[]>();
  operations.forEach(({ key = '' }, index) => {
    const members = keys.get(key);
    if (members) members.push(index);
    else keys.set(key, [index]);
  });
  return keys;
}

/** The shortest prefix that fails, given where the search with all answers known came to its end. */
function explain(
  object: ObjectName,
  operations: readonly Operation[],
  init: unknown,
  ended: number,
): Failure {
  const machine = machineOf(object, init);
  const whole = new History(machine, operations);
  // Prefixes end with a return, at `ended` or later; longer ones fail too.
  const ends: number[] = [];
  for (let at = ended; at < whole.events.length; at++)
    if ((whole.events[at] as number) & 1) ends.push(at + 1);
  const fails = (end: number): Search | undefined => {
    const history = whole.prefix(end);
    const run = new Search(machine, Number.POSITIVE_INFINITY, true);
    return run.through(history, end) < end ? run : undefined;
  };
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fails(ends[middle] as number)) high = middle;
    else low = middle + 1;
  }
  const end = ends[low] as number;
  const run = fails(end);
  assert(run, 'a prefix fails where the whole failed');
  const last = (whole.events[end - 1] as number) >> 1;
  const { order, state } = run.best();
  const placed = new Set(order);
  const unplaced: number[] = [];
  for (let at = 0; at < end; at++) {
    const event = whole.events[at] as number;
    if (event & 1 && !placed.has(event >> 1)) unplaced.push(event >> 1);
  }
  return {
    last,
    time: (operations[last] as Operation).return as number,
    order,
    state: machine.show(state),
    unplaced,
  };
}

/** The events of one object in the order of time; at one time calls come before returns. */
export class History {
  /** Operation times 2, plus 1 for its return. */
  readonly events: Int32Array;
  readonly actions: readonly Action[];
  /** Whether an operation has an answer, in this history. */
  readonly answered: Uint8Array;
  readonly #machine: Machine;
  readonly #operations: readonly Operation[];

  constructor(
    machine: Machine,
    operations: readonly Operation[],
    events?: Int32Array,
    end?: number,
  ) {
    this.#machine = machine;
    this.#operations = operations;
    this.events = events ?? eventsOf(operations);
    this.answered = new Uint8Array(operations.length);
    const stop = end ?? this.events.length;
    for (let at = 0; at < stop; at++) {
      const event = this.events[at] as number;
      if (event & 1) this.answered[event >> 1] = 1;
    }
    this.actions = operations.map((operation, index) =>
      machine.action(this.answered[index] ? operation : { ...operation, out: undefined }),
    );
  }

  /** The same, as it was known after `end` events: what had not returned may still answer anything. */
  prefix(end: number): History {
    return new History(this.#machine, this.#operations, this.events, end);
  }
}

/** All calls and returns by time, calls first at one time, then as they stand in the history. */
export function eventsOf(operations: readonly Operation[]): Int32Array {
  const count = operations.length;
  let latest = 0;
  let whole = true;
  let events = count;
  for (const { call, return: back } of operations) {
    if (back !== null) events++;
    latest = Math.max(latest, call, back ?? 0);
    whole &&= Number.isInteger(call) && call >= 0 && (back === null || Number.isInteger(back));
  }
  // One number an event, which sorts natively, where numbers are large enough for that.
  if (!whole || (2 * latest + 2) * count > Number.MAX_SAFE_INTEGER) return slowEventsOf(operations);
  const keys = new Float64Array(events);
  let at = 0;
  for (let op = 0; op < count; op++) {
    const { call, return: back } = operations[op] as Operation;
    keys[at++] = 2 * call * count + op;
    if (back !== null) keys[at++] = (2 * back + 1) * count + op;
  }
  keys.sort();
  const sorted = new Int32Array(events);
  for (let i = 0; i < events; i++) {
    const key = keys[i] as number;
    const moment = Math.floor(key / count);
    sorted[i] = (key - moment * count) * 2 + (moment % 2);
  }
  return sorted;
}

function slowEventsOf(operations: readonly Operation[]): Int32Array {
  const time = (event: number) => {
    const { call, return: back } = operations[event >> 1] as Operation;
    return event & 1 ? (back as number) : call;
  };
  const events = operations.flatMap(({ return: back }, op) =>
    back === null ? [op * 2] : [op * 2, op * 2 + 1],
  );
  return Int32Array.from(
    events.sort((a, b) => time(a) - time(b) || (a & 1) - (b & 1) || (a >> 1) - (b >> 1)),
  );
}

/**
 * Configurations without doubles: words of a mask, a state, and where its order ends in the trail.
 * One is refused if another has the same state and the same answered operations, and has used no
 * unanswered one that this has not.
 */
class Bag {
  data: Int32Array;
  count = 0;
  readonly words: number;
  readonly stride: number;
  #heads = new Int32Array(64);
  /** A bucket counts only if it was filled since the last clear(). */
  #filled = new Int32Array(64);
  #round = 1;
  #next = new Int32Array(64);
  /** The bits of operations that must be placed. */
  must: Int32Array;

  constructor(words: number, must: Int32Array) {
    this.words = words;
    this.stride = words + 2;
    this.must = must;
    this.data = new Int32Array(64 * this.stride);
  }

  clear(): void {
    this.#round++;
    this.count = 0;
  }

  add(mask: Int32Array, state: number, trail: number): boolean {
    const { words, must } = this;
    let hash = Math.imul(state + 1, 0x9e3779b1);
    for (let w = 0; w < words; w++)
      hash =
        Math.imul(hash ^ ((mask[w] as number) & (must[w] as number)), 0x85ebca6b) ^ (hash >>> 15);
    hash ^= hash >>> 13;
    let bucket = hash & (this.#heads.length - 1);
    const first = this.#filled[bucket] === this.#round ? (this.#heads[bucket] as number) : 0;
    for (let at = first; at !== 0; at = this.#next[at - 1] as number)
      if (this.#covers((at - 1) * this.stride, mask, state)) return false;
    if (this.count === this.#next.length) {
      this.#grow();
      bucket = hash & (this.#heads.length - 1);
    }
    const base = this.count * this.stride;
    for (let w = 0; w < words; w++) this.data[base + w] = mask[w] as number;
    this.data[base + words] = state;
    this.data[base + words + 1] = trail;
    this.#next[this.count] =
      this.#filled[bucket] === this.#round ? (this.#heads[bucket] as number) : 0;
    this.#filled[bucket] = this.#round;
    this.#heads[bucket] = ++this.count;
    return true;
  }

  #covers(base: number, mask: Int32Array, state: number): boolean {
    if (this.data[base + this.words] !== state) return false;
    for (let w = 0; w < this.words; w++) {
      const has = this.data[base + w] as number;
      const other = mask[w] as number;
      const must = this.must[w] as number;
      if (((has ^ other) & must) !== 0 || (has & ~other & ~must) !== 0) return false;
    }
    return true;
  }

  #grow(): void {
    const size = this.#next.length * 2;
    const data = new Int32Array(size * this.stride);
    data.set(this.data);
    this.data = data;
    const next = new Int32Array(size);
    const heads = new Int32Array(size);
    const { words, must } = this;
    for (let at = 0; at < this.count; at++) {
      const base = at * this.stride;
      let hash = Math.imul((data[base + words] as number) + 1, 0x9e3779b1);
      for (let w = 0; w < words; w++)
        hash =
          Math.imul(hash ^ ((data[base + w] as number) & (must[w] as number)), 0x85ebca6b) ^
          (hash >>> 15);
      hash ^= hash >>> 13;
      const bucket = hash & (size - 1);
      next[at] = heads[bucket] as number;
      heads[bucket] = at + 1;
    }
    this.#next = next;
    this.#heads = heads;
    this.#filled = new Int32Array(size).fill(this.#round);
  }
}

/** Configurations to go on from: `open` operations, numbered from 0, are pending. */
export interface Start {
  readonly open: number;
  /** Words of each configuration's mask; bit n stands for operation n. A word of state follows. */
  readonly words: number;
  readonly configurations: Int32Array;
}

/** One pass over one object's history. */
export class Search {
  /**
   * One that is held for ever. The compiler holds the shapes of objects weakly: with the last search
   * gone, the next collection of garbage would take back all that was compiled for the one to come.
   */
  static held: Search | undefined;
  looked = 0;
  exhausted = false;
  readonly #machine: Machine;
  readonly #most: number;
  readonly #recording: boolean;
  /** The operation in each slot, or -1; slots of operations that never return are kept. */
  #slots: number[] = [];
  /** By operation; -1: it matters to nothing. */
  #slotOf = new Int32Array(0);
  #history: History | undefined;
  #words = 1;
  /** The bits of pending operations that are answered: they must be placed. */
  #must = new Int32Array(0);
  /** Of operations without an answer that are one another's equals, the one called first goes first. */
  #twin = new Int32Array(0);
  #unanswered: number[] = [];
  /** The pending slots; those of operations that change nothing apart. */
  #moving: number[] = [];
  #pure: number[] = [];
  #now: Bag | undefined;
  #next: Bag | undefined;
  #closure: Bag | undefined;
  #mask = new Int32Array(0);
  /** Orders as linked lists: an operation, and what came before it. 0: nothing. */
  readonly #trailOp: number[] = [-1];
  readonly #trailBefore: number[] = [0];

  constructor(machine: Machine, most: number, recording: boolean) {
    this.#machine = machine;
    this.#most = most;
    this.#recording = recording;
  }

  /** Goes through events 0..end-1; returns `end`, or the event at which no configuration was left. */
  through(history: History, end: number, start?: Start): number {
    this.#begin(history, end, start);
    const { events } = history;
    for (let at = 0; at < end; at++) {
      const event = events[at] as number;
      const op = event >> 1;
      if ((this.#slotOf[op] as number) < 0) continue;
      if ((event & 1) === 0) this.#called(op);
      else if (!this.#returned(op)) return at;
    }
    return end;
  }

  #begin(history: History, end: number, start: Start | undefined): void {
    this.#history = history;
    this.#slotOf = new Int32Array(history.actions.length).fill(-1);
    const words = this.#layOut(history, end, this.#slotOf, start?.open ?? 0);
    const must = new Int32Array(words);
    this.#words = words;
    this.#must = must;
    this.#twin = new Int32Array(this.#slots.length).fill(-1);
    this.#unanswered = [];
    this.#moving = [];
    this.#pure = [];
    const now = new Bag(words, must);
    this.#now = now;
    this.#next = new Bag(words, must);
    this.#closure = new Bag(words, must);
    const mask = new Int32Array(words);
    this.#mask = mask;
    for (let op = 0; op < (start?.open ?? 0); op++) this.#open(op, op);
    if (!start) now.add(mask, this.#machine.start, 0);
    else
      for (let at = 0; at < start.configurations.length; at += start.words + 1) {
        for (let w = 0; w < start.words; w++) mask[w] = start.configurations[at + w] as number;
        now.add(mask, start.configurations[at + start.words] as number, 0);
      }
  }

  #open(op: number, slot: number): void {
    const history = this.#history as History;
    const action = history.actions[op] as Action;
    const must = this.#must;
    this.#slots[slot] = op;
    (action.pure ? this.#pure : this.#moving).push(slot);
    if (history.answered[op]) must[slot >> 5] = (must[slot >> 5] as number) | (1 << (slot & 31));
    else {
      this.#twin[slot] =
        this.#unanswered.findLast((other) => {
          const { kind, value, from } = history.actions[this.#slots[other] as number] as Action;
          return kind === action.kind && value === action.value && from === action.from;
        }) ?? -1;
      this.#unanswered.push(slot);
    }
  }

  /** A call: what changes nothing is placed wherever it fits already. */
  #called(op: number): void {
    const slot = this.#slotOf[op] as number;
    this.#open(op, slot);
    const action = (this.#history as History).actions[op] as Action;
    if (!action.pure) return;
    const words = this.#words;
    const word = slot >> 5;
    const bit = 1 << (slot & 31);
    const { data, stride, count } = this.#now as Bag;
    for (let base = 0; base < count * stride; base += stride)
      if (this.#machine.step(data[base + words] as number, action) !== UNFIT) {
        data[base + word] = (data[base + word] as number) | bit;
        data[base + words + 1] = this.#placed(op, data[base + words + 1] as number);
      }
  }

  /** A return: whoever has not placed it yet must. False: nobody can. */
  #returned(op: number): boolean {
    const now = this.#now as Bag;
    const next = this.#next as Bag;
    const closure = this.#closure as Bag;
    const words = this.#words;
    const mask = this.#mask;
    const slot = this.#slotOf[op] as number;
    const word = slot >> 5;
    const bit = 1 << (slot & 31);
    next.clear();
    closure.clear();
    const before = now.data;
    for (let base = 0; base < now.count * now.stride; base += now.stride) {
      for (let w = 0; w < words; w++) mask[w] = before[base + w] as number;
      const done = ((mask[word] as number) & bit) !== 0;
      if (done) mask[word] = (mask[word] as number) & ~bit;
      (done ? next : closure).add(
        mask,
        before[base + words] as number,
        before[base + words + 1] as number,
      );
    }
    for (let n = 0; n < closure.count; n++) {
      this.exhausted = this.looked + closure.count > this.#most;
      if (this.exhausted) break;
      this.#goOn(n, word, bit);
    }
    this.looked += closure.count + next.count;
    if (this.exhausted || next.count === 0) return false;
    this.#slots[slot] = -1;
    const must = this.#must;
    must[word] = (must[word] as number) & ~bit;
    const { pure } = (this.#history as History).actions[op] as Action;
    const list = pure ? this.#pure : this.#moving;
    list.splice(list.indexOf(slot), 1);
    this.#now = next;
    this.#next = now;
    return true;
  }

  /** One step more from the n-th configuration that still lacks the operation of this bit. */
  #goOn(n: number, word: number, bit: number): void {
    const history = this.#history as History;
    const machine = this.#machine;
    const closure = this.#closure as Bag;
    const words = this.#words;
    const mask = this.#mask;
    const slots = this.#slots;
    const moving = this.#moving;
    const pure = this.#pure;
    const base = n * closure.stride;
    const state = closure.data[base + words] as number;
    const trail = closure.data[base + words + 1] as number;
    for (let m = 0; m < moving.length; m++) {
      const other = moving[m] as number;
      const otherWord = other >> 5;
      const otherBit = 1 << (other & 31);
      const { data } = closure;
      if (((data[base + otherWord] as number) & otherBit) !== 0) continue;
      const equal = this.#twin[other] as number;
      if (equal >= 0 && ((data[base + (equal >> 5)] as number) & (1 << (equal & 31))) === 0)
        continue;
      const index = slots[other] as number;
      const to = machine.step(state, history.actions[index] as Action);
      if (to === UNFIT) continue;
      // Without an answer and without an effect, it may as well never have happened.
      if (to === state && history.answered[index] === 0) continue;
      for (let w = 0; w < words; w++) mask[w] = data[base + w] as number;
      mask[otherWord] = (mask[otherWord] as number) | otherBit;
      let order = this.#placed(index, trail);
      for (let p = 0; p < pure.length; p++) {
        const quick = pure[p] as number;
        const quickBit = 1 << (quick & 31);
        if (((mask[quick >> 5] as number) & quickBit) !== 0) continue;
        const reader = slots[quick] as number;
        if (machine.step(to, history.actions[reader] as Action) === UNFIT) continue;
        mask[quick >> 5] = (mask[quick >> 5] as number) | quickBit;
        order = this.#placed(reader, order);
      }
      if (((mask[word] as number) & bit) === 0) closure.add(mask, to, order);
      else {
        mask[word] = (mask[word] as number) & ~bit;
        (this.#next as Bag).add(mask, to, order);
      }
    }
  }

  /** Gives each operation that matters a slot; returns how many words the slots take. */
  #layOut(history: History, end: number, slotOf: Int32Array, open: number): number {
    const free: number[] = [];
    let slots = open;
    for (let op = 0; op < open; op++) slotOf[op] = op;
    for (let at = 0; at < end; at++) {
      const event = history.events[at] as number;
      const op = event >> 1;
      if (event & 1) free.push(slotOf[op] as number);
      // What nobody heard of and what changes nothing can stay away.
      else if (history.answered[op] || !(history.actions[op] as Action).pure)
        slotOf[op] = free.pop() ?? slots++;
    }
    this.#slots = new Array(slots).fill(-1);
    return Math.max(1, (slots + 31) >> 5);
  }

  /** After a search that came to its end: what is possible, and the operations that are still open. */
  stop(): { start: Start; open: readonly number[] } {
    const { data, stride, words, count } = this.#now as Bag;
    const pending = this.#slots.flatMap((op, slot) => (op < 0 ? [] : [slot]));
    const width = Math.max(1, (pending.length + 31) >> 5);
    const configurations = new Int32Array(count * (width + 1));
    for (let n = 0; n < count; n++) {
      pending.forEach((slot, bit) => {
        if ((data[n * stride + (slot >> 5)] as number) & (1 << (slot & 31))) {
          const at = n * (width + 1) + (bit >> 5);
          configurations[at] = (configurations[at] as number) | (1 << (bit & 31));
        }
      });
      configurations[n * (width + 1) + width] = data[n * stride + words] as number;
    }
    return {
      start: { open: pending.length, words: width, configurations },
      open: pending.map((slot) => this.#slots[slot] as number),
    };
  }

  #placed(op: number, before: number): number {
    if (!this.#recording) return 0;
    this.#trailOp.push(op);
    this.#trailBefore.push(before);
    return this.#trailOp.length - 1;
  }

  #trail(from: number): number[] {
    const order: number[] = [];
    for (let at = from; at !== 0; at = this.#trailBefore[at] as number)
      order.push(this.#trailOp[at] as number);
    return order.reverse();
  }

  /** A legal order of the whole history, after a search that kept trails and found one. */
  order(): number[] {
    const now = this.#now;
    assert(now && now.count > 0, 'an order was found');
    // What is still open and was never placed stays out: it had no answer.
    return this.#trail(now.data[now.words + 1] as number);
  }

  /** After a failure: a longest order that some configuration came to, and its state. */
  best(): { order: readonly number[]; state: number } {
    const { data, stride, words, count } = this.#closure as Bag;
    const history = this.#history as History;
    let order: readonly number[] = [];
    let state = this.#machine.start;
    let most = -1;
    for (let n = 0; n < count; n++) {
      const trail = this.#trail(data[n * stride + words + 1] as number);
      const answered = trail.filter((op) => history.answered[op] === 1).length;
      if (answered <= most) continue;
      most = answered;
      order = trail;
      state = data[n * stride + words] as number;
    }
    return { order, state };
  }
}

/** The smallest history with a write and a read. */
const small = machineOf('register', 0);
Search.held = new Search(small, 1, false);
Search.held.through(
  new History(small, [
    { client: 1, op: 'write', value: 1, call: 1, return: 3 },
    { client: 2, op: 'read', out: 1, call: 2, return: 4 },
  ]),
  4,
);
