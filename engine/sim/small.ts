// Small models: a set of variables with few values each, and a list of guarded steps, in the manner
// of TLA+. What the explorer can search whole, and a reader can hold in the head.
//
//   variables   rm[1] rm[2] rm[3]  tm  Prepared[1] … Commit  Abort
//   as a run    a byte each        Uint8Array, what a step looks at and changes
//   as a state  2     2     2      2   1              1       1       bits side by side in 32-bit words
//
// Packed that tightly, a million states take some tens of megabytes, are compared exactly (no
// fingerprints that might collide), and are found in a table of plain integers.

import { assert } from '../base/assert.ts';
import type { Property } from './model.ts';
import { grown, type Reductions, type Space, type Visit } from './space.ts';

/** The values of all variables, by number. */
export type Vars = Uint8Array;

export interface Variable {
  readonly name: string;
  /** What each number stands for; 2 to 256 of them, or one that never changes. */
  readonly values: readonly string[];
}

export interface Step {
  /** Its name, then its arguments: `tmRcvPrepared 2`. */
  readonly name: string;
  /** Takes the step in place; where it is not enabled, leaves everything and says false. */
  readonly take: (vars: Vars) => boolean;
  /** A fault: nobody owes it to the system that it happens. */
  readonly fault?: boolean;
}

/**
 * Whose the variables are: what a picture of a state is made of. Numbers are those of variables. A
 * variable that says nothing is drawn hollow: see saysNothing.
 */
export interface Cast {
  readonly rows: readonly {
    readonly title: string;
    readonly things: readonly Thing[];
    /** Each has the next as its neighbour, the last the first. */
    readonly ring?: true;
    /** Something that one of them has: a variable says which, by its place in a list of names. */
    readonly token?: {
      readonly name: string;
      readonly places: readonly string[];
      readonly at: number;
      readonly is: number;
    };
  }[];
  /** What the numbers in a message's name count: `phase, acceptor, ballot`. */
  readonly order?: string;
  /** A set of messages that, once sent, stay: one that says nothing was not sent. */
  readonly said?: readonly { readonly name: string; readonly at: number; readonly by?: string }[];
  /** Messages on their way from one thing to another: each by a variable, or a queue of several in one. */
  readonly ways?: readonly {
    readonly from: string;
    readonly to: string;
    readonly name: string;
    readonly at: number;
    readonly queue?: true;
  }[];
}

export interface Thing {
  readonly name: string;
  /** What it is in the midst of. */
  readonly is?: number;
  /** Whether it is alive: the second value is dead. */
  readonly life?: number;
  /** How much is in it, of as much as the last value says. */
  readonly holds?: number;
  readonly has?: readonly (readonly [name: string, at: number])[];
}

const NOTHING = ['no', 'none', 'not sent', 'undecided', 'waiting', 'empty'];
/** Whether a variable has its first value, and that one means nothing. */
export const saysNothing = ({ values }: Variable, value: number): boolean =>
  value === 0 && NOTHING.includes(values[0] as string);

export interface SmallModel {
  readonly variables: readonly Variable[];
  readonly initial: readonly Vars[];
  readonly steps: readonly Step[];
  readonly properties: readonly Property<Vars>[];
  /** Of a state from which nothing but faults leads on: whether it is an end; where absent, any may be. */
  readonly final?: (vars: Vars) => boolean;
  /** Renamings of things that nobody can tell apart: where each variable's value goes. Identity left out. */
  readonly renamings?: readonly (readonly number[])[];
  /**
   * Groups of variables, one for each of several equals, in the same order in each: whole groups
   * may be exchanged freely. Sorting them is all n! renamings at once.
   */
  readonly equals?: readonly (readonly number[])[];
  readonly cast?: Cast;
}

/** Variables, steps and properties as they are written down. */
export class Sketch {
  readonly variables: Variable[] = [];
  readonly steps: Step[] = [];
  readonly properties: Property<Vars>[] = [];

  /** One variable; its number. The first value is the usual initial one. */
  one(name: string, values: readonly string[]): number {
    assert(values.length >= 1 && values.length <= 256, 'a variable has 1 to 256 values');
    return this.variables.push({ name, values }) - 1;
  }

  /** `count` variables name[1], name[2], …; the number of the first. */
  many(name: string, count: number, values: readonly string[], from = 1): number {
    const first = this.variables.length;
    for (let i = 0; i < count; i++) this.one(`${name}[${i + from}]`, values);
    return first;
  }

  step(name: string, take: (vars: Vars) => boolean, fault = false): void {
    this.steps.push({ name, take, ...(fault && { fault }) });
  }

  always(name: string, help: string, test: (vars: Vars) => boolean): void {
    this.properties.push({ name, help, holds: 'always', test });
  }

  sometimes(name: string, help: string, test: (vars: Vars) => boolean): void {
    this.properties.push({ name, help, holds: 'sometimes', test });
  }

  eventually(name: string, help: string, test: (vars: Vars) => boolean): void {
    this.properties.push({ name, help, holds: 'eventually', test });
  }

  /** The state in which every variable has its first value. */
  zero(): Vars {
    return new Uint8Array(this.variables.length);
  }
}

export const BIT = ['no', 'yes'] as const;

/** Where each variable's bits lie. */
export interface Packing {
  readonly words: number;
  readonly word: Uint8Array;
  readonly shift: Uint8Array;
  readonly mask: Uint8Array;
}

export function packingOf(variables: readonly Variable[]): Packing {
  const word = new Uint8Array(variables.length);
  const shift = new Uint8Array(variables.length);
  const mask = new Uint8Array(variables.length);
  let [at, used] = [0, 0];
  variables.forEach(({ values }, i) => {
    const bits = 32 - Math.clz32(values.length - 1);
    if (used + bits > 32) {
      at++;
      used = 0;
    }
    word[i] = at;
    shift[i] = used;
    mask[i] = (1 << bits) - 1;
    used += bits;
  });
  return { words: at + 1, word, shift, mask };
}

/** The states of a small model: an arena of words, and a table of numbers to find them again. */
export class SmallSpace implements Space {
  readonly properties: readonly Property<Vars>[];
  size = 0;
  readonly #model: SmallModel;
  readonly #words: number;
  #arena: Int32Array;
  #table = new Int32Array(1 << 12);
  readonly #word: Uint8Array;
  readonly #shift: Uint8Array;
  readonly #mask: Uint8Array;
  readonly #key: Int32Array;
  readonly #other: Int32Array;
  readonly #from: Vars;
  readonly #to: Vars;
  readonly #renamed: Vars;
  readonly #symmetry: boolean;
  readonly #roots: number[] = [];
  #slot = 0;

  constructor(model: SmallModel, { symmetry = false }: Reductions = {}) {
    this.#model = model;
    this.properties = model.properties;
    const packing = packingOf(model.variables);
    this.#words = packing.words;
    this.#word = packing.word;
    this.#shift = packing.shift;
    this.#mask = packing.mask;
    this.#arena = new Int32Array(1024 * packing.words);
    this.#key = new Int32Array(packing.words);
    this.#other = new Int32Array(packing.words);
    this.#from = new Uint8Array(model.variables.length);
    this.#to = new Uint8Array(model.variables.length);
    this.#renamed = new Uint8Array(model.variables.length);
    this.#symmetry = symmetry && Boolean(model.renamings || model.equals);
  }

  /** 32-bit words of a state's key. */
  get words(): number {
    return this.#words;
  }

  get bytes(): number {
    // Parents and choices are the explorer's; six bytes a state.
    return this.#arena.byteLength + this.#table.byteLength + 6 * this.size;
  }

  seed(): void {
    this.#model.initial.forEach((vars, index) => {
      const before = this.size;
      if (this.#number(vars) === before) this.#roots.push(index);
    });
  }

  offered(root: number): number {
    return this.#roots[root] as number;
  }

  /** The steps of a path, none renamed. */
  walk(states: readonly number[]): Step[] {
    const vars = (this.#model.initial[this.offered(states[0] as number)] as Vars).slice();
    return states.slice(1).map((to) => {
      const step = this.#model.steps.find((one) => {
        const next = vars.slice();
        if (!one.take(next) || this.#find(next) !== to) return false;
        vars.set(next);
        return true;
      });
      assert(step, 'a path can be walked');
      return step;
    });
  }

  expand(state: number, visit: Visit): void {
    const from = this.#from;
    const to = this.#to;
    this.read(state, from);
    to.set(from);
    const { steps } = this.#model;
    for (let n = 0; n < steps.length; n++) {
      const step = steps[n] as (typeof steps)[number];
      if (!step.take(to)) continue;
      visit(n, this.#number(to), step.fault ? -1 : n);
      to.set(from);
    }
  }

  test(property: number, state: number): boolean {
    this.read(state, this.#renamed);
    return (this.properties[property] as Property<Vars>).test(this.#renamed);
  }

  final(state: number): boolean | undefined {
    if (!this.#model.final) return undefined;
    this.read(state, this.#renamed);
    return this.#model.final(this.#renamed);
  }

  /** Which state of this space that is, found or made: under symmetry the same for all that are equal. */
  numberOf(vars: Vars): number {
    return this.#number(vars);
  }

  /** Unpacks a state. */
  read(state: number, into: Vars): void {
    const base = state * this.#words;
    const arena = this.#arena;
    const [word, shift, mask] = [this.#word, this.#shift, this.#mask];
    for (let i = 0; i < into.length; i++)
      into[i] =
        ((arena[base + (word[i] as number)] as number) >>> (shift[i] as number)) &
        (mask[i] as number);
  }

  #pack(vars: Vars, key: Int32Array): void {
    key.fill(0);
    const [word, shift] = [this.#word, this.#shift];
    for (let i = 0; i < vars.length; i++) {
      const at = word[i] as number;
      key[at] = (key[at] as number) | ((vars[i] as number) << (shift[i] as number));
    }
  }

  /** The words of a state, in the shape by which it is found again; good until the next call. */
  keyOf(vars: Vars): Int32Array {
    if (this.#symmetry) this.#canonical(vars);
    else this.#pack(vars, this.#key);
    return this.#key;
  }

  /** The number of the state with those words, from `at` on; a new one if it is new. */
  add(key: Int32Array, at = 0): number {
    const known = this.#look(key, at);
    if (known >= 0) return known;
    const number = this.size++;
    const words = this.#words;
    if ((number + 1) * words > this.#arena.length) this.#arena = grown(this.#arena);
    for (let w = 0; w < words; w++) this.#arena[number * words + w] = key[at + w] as number;
    this.#table[this.#slot] = number + 1;
    if (this.size * 2 > this.#table.length) this.#rehash();
    return number;
  }

  /** The number of a state, a new one if it is new. */
  #number(vars: Vars): number {
    return this.add(this.keyOf(vars));
  }

  /** The number of a state, or -1. */
  #find(vars: Vars): number {
    return this.#look(this.keyOf(vars), 0);
  }

  /** The number of the state with those words, or -1; leaves in #slot where it is or would be. */
  #look(key: Int32Array, at: number): number {
    const words = this.#words;
    const mask = this.#table.length - 1;
    let slot = hashOf(key, at, words) & mask;
    for (;;) {
      const number = (this.#table[slot] as number) - 1;
      this.#slot = slot;
      if (number < 0) return -1;
      const base = number * words;
      let w = 0;
      while (w < words && this.#arena[base + w] === key[at + w]) w++;
      if (w === words) return number;
      slot = (slot + 1) & mask;
    }
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2);
    const words = this.#words;
    for (let number = 0; number < this.size; number++) {
      let slot = hashOf(this.#arena, number * words, words) & (table.length - 1);
      while (table[slot] !== 0) slot = (slot + 1) & (table.length - 1);
      table[slot] = number + 1;
    }
    this.#table = table;
  }

  /** Leaves in #key the least of all renamings, equals sorted in each. */
  #canonical(vars: Vars): void {
    const { renamings = [], equals } = this.#model;
    const renamed = this.#renamed;
    for (let r = -1; r < renamings.length; r++) {
      const renaming = renamings[r];
      if (!renaming) renamed.set(vars);
      else for (let i = 0; i < vars.length; i++) renamed[renaming[i] as number] = vars[i] as number;
      if (equals) sortEquals(renamed, equals);
      this.#pack(renamed, r < 0 ? this.#key : this.#other);
      if (r >= 0 && isLess(this.#other, this.#key)) this.#key.set(this.#other);
    }
  }
}

export function hashOf(words: Int32Array, from: number, count: number): number {
  let hash = 0;
  for (let w = from; w < from + count; w++) {
    hash = Math.imul(hash ^ (words[w] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function isLess(a: Int32Array, b: Int32Array): boolean {
  for (let w = 0; w < a.length; w++) if (a[w] !== b[w]) return (a[w] as number) < (b[w] as number);
  return false;
}

/** Insertion sort of whole groups: there are few. */
function sortEquals(vars: Vars, groups: readonly (readonly number[])[]): void {
  for (let i = 1; i < groups.length; i++)
    for (let j = i; j > 0; j--) {
      const [left, right] = [groups[j - 1] as readonly number[], groups[j] as readonly number[]];
      let order = 0;
      for (let n = 0; n < left.length && order === 0; n++)
        order = (vars[left[n] as number] as number) - (vars[right[n] as number] as number);
      if (order <= 0) break;
      for (let n = 0; n < left.length; n++) {
        const [l, r] = [left[n] as number, right[n] as number];
        const kept = vars[l] as number;
        vars[l] = vars[r] as number;
        vars[r] = kept;
      }
    }
}
