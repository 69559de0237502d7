// The states of a model by number, as the explorer walks them; and the space of any Model.
//
// A state's number is the order of its discovery. The worlds themselves are kept only until their
// successors are found: after that a state is its key, and what found it.

import { assert } from '../base/assert.ts';
import { canonicalKey, type Model, type Property } from './model.ts';

/** Called for each choice of a state: its number there, the state it leads to, and what to be fair to. */
export type Visit = (choice: number, to: number, duty: number) => void;

/** States by number, from 0. `duty`: a number that stands for a choice wherever it is on offer; -1: a fault. */
export interface Space {
  readonly size: number;
  /** Roughly what the states take in memory. */
  readonly bytes: number;
  readonly properties: readonly Pick<Property<unknown>, 'name' | 'holds' | 'help'>[];
  /** Numbers the initial states, in their order; returns how many were offered, doubles too. */
  seed(): void;
  /** The initial state's place among those offered. */
  offered(root: number): number;
  /** Once for each state, in their order. */
  expand(state: number, visit: Visit): void;
  /** Only of a state that expand() or seed() just found. */
  test(property: number, state: number): boolean;
  /** Of a state from which nothing but faults leads on: whether it is an end; undefined: any may be. */
  final(state: number): boolean | undefined;
}

export interface Reductions {
  /** Count states that differ by a renaming of equals once. */
  readonly symmetry?: boolean;
  /** Take quiet choices alone. */
  readonly quiet?: boolean;
}

/** The same array with room for as much again. */
export function grown<A extends Int8Array | Uint8Array | Uint16Array | Int32Array>(array: A): A {
  const larger = new (array.constructor as new (length: number) => A)(array.length * 2);
  larger.set(array);
  return larger;
}

/** How often each kind of choice may be taken in one run: `{ crash: 1, drop: 0 }`; and the most of size(). */
export interface Allowances {
  readonly spend?: Readonly<Record<string, number>>;
  readonly size?: number;
}

/** The space of a Model: its worlds by their keys. */
export class ModelSpace<W, C> implements Space {
  readonly properties: readonly Property<W>[];
  readonly #model: Model<W, C>;
  readonly #allowed: Allowances;
  readonly #kinds: readonly string[];
  readonly #reductions: Reductions;
  readonly #numbers = new Map<string | bigint, number>();
  /** Worlds that were found and not yet gone on from, by number. */
  readonly #worlds = new Map<number, W>();
  /** What was spent on the way to each of them, in the order of #kinds. */
  readonly #spent = new Map<number, readonly number[]>();
  /** Of those from which nothing but faults leads on: whether that is an end. */
  readonly #ended = new Map<number, boolean>();
  readonly #roots: number[] = [];
  readonly #duties = new Map<string, number>();
  readonly #wantsDuties: boolean;
  #keyBytes = 0;

  constructor(
    model: Model<W, C>,
    properties: readonly Property<W>[],
    allowed: Allowances = {},
    reductions: Reductions = {},
  ) {
    this.#model = model;
    this.properties = properties;
    this.#allowed = allowed;
    this.#kinds = Object.keys(allowed.spend ?? {});
    this.#reductions = reductions;
    this.#wantsDuties = properties.some(({ holds }) => holds === 'eventually');
  }

  get size(): number {
    return this.#numbers.size;
  }

  get bytes(): number {
    // A key's characters, its place in the map, and a guess for what a world does not share.
    return this.#keyBytes + 80 * this.#numbers.size + 2_000 * this.#worlds.size;
  }

  seed(): void {
    const nothing = this.#kinds.map(() => 0);
    this.#model.initial.forEach((world, index) => {
      const before = this.size;
      if (this.#number(world, nothing) === before) this.#roots.push(index);
    });
  }

  offered(root: number): number {
    return this.#roots[root] as number;
  }

  expand(state: number, visit: Visit): void {
    const model = this.#model;
    const world = this.#worlds.get(state);
    const spent = this.#spent.get(state);
    assert(world !== undefined && spent, 'a state is gone on from once');
    this.#worlds.delete(state);
    this.#spent.delete(state);
    const { size } = this.#allowed;
    if (size !== undefined && (model.size?.(world) ?? 0) > size) return;
    const choices = model.choices(world);
    const quiet = this.#reductions.quiet ? model.quiet?.(world, choices) : undefined;
    let owed = 0;
    let withheld = false;
    for (let n = 0; n < choices.length; n++) {
      const choice = choices[n] as C;
      if (quiet !== undefined && choice !== quiet) continue;
      const fault = model.fault?.(choice) ?? false;
      const after = this.#pay(choice, world, spent);
      if (after === undefined) {
        if (!fault) withheld = true;
        continue;
      }
      const next = model.apply(world, choice);
      if (model.vain?.(world, choice, next)) {
        if (!fault) owed++;
        continue;
      }
      const to = this.#number(next, after);
      if (!fault && to !== state) owed++;
      visit(n, to, fault ? -1 : this.#duty(choice, world));
    }
    // Where only the allowance is at its end, nobody is stuck.
    if (owed === 0 && !withheld && model.final) this.#ended.set(state, model.final(world));
  }

  test(property: number, state: number): boolean {
    return (this.properties[property] as Property<W>).test(this.#worlds.get(state) as W);
  }

  final(state: number): boolean | undefined {
    return this.#ended.get(state);
  }

  /** The worlds and choices of a path, the worlds not renamed. */
  walk(states: readonly number[]): { world: W; choices: C[]; worlds: W[] } {
    const model = this.#model;
    let world = model.initial[this.offered(states[0] as number)] as W;
    let spent: readonly number[] = this.#kinds.map(() => 0);
    const worlds = [world];
    const choices: C[] = [];
    for (const to of states.slice(1)) {
      const found = model.choices(world).some((choice) => {
        const after = this.#pay(choice, world, spent);
        if (after === undefined) return false;
        const next = model.apply(world, choice);
        if (this.#numbers.get(this.#key(next, after)) !== to) return false;
        [world, spent] = [next, after];
        worlds.push(next);
        choices.push(choice);
        return true;
      });
      assert(found, 'a path can be walked');
    }
    return { world, choices, worlds };
  }

  /** What is spent after a choice; undefined: it draws on more than is left. */
  #pay(choice: C, world: W, spent: readonly number[]): readonly number[] | undefined {
    let after: number[] | undefined;
    for (const kind of this.#model.spends?.(choice, world) ?? []) {
      const purse = this.#kinds.indexOf(kind);
      if (purse < 0) continue;
      after ??= [...spent];
      const sum = (after[purse] as number) + 1;
      if (sum > (this.#allowed.spend?.[kind] as number)) return undefined;
      after[purse] = sum;
    }
    return after ?? spent;
  }

  #duty(choice: C, world: W): number {
    if (!this.#wantsDuties) return 0;
    const line = this.#model.line(choice, world);
    const known = this.#duties.get(line);
    if (known !== undefined) return known;
    this.#duties.set(line, this.#duties.size);
    return this.#duties.size - 1;
  }

  #key(world: W, spent: readonly number[]): string | bigint {
    const key = this.#reductions.symmetry
      ? canonicalKey(this.#model, world)
      : this.#model.key(world);
    return spent.length === 0 ? key : `${spent.join()} ${key}`;
  }

  #number(world: W, spent: readonly number[]): number {
    const key = this.#key(world, spent);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    this.#keyBytes += typeof key === 'string' ? key.length : 8;
    this.#worlds.set(number, world);
    this.#spent.set(number, spent);
    return number;
  }
}
