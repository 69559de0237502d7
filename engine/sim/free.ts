// A cluster as a Model for the explorer: the free view of its choices, in which any message may arrive
// and any timer may fire, and a key for its worlds in which no time stands.
//
// Where rules go by the clock, time passes in equal steps, each a choice like any other. A timer may
// fire from when it is due at the soonest; a message, a save and a timer may each be as late as you
// like. The key then has what every clock still says: ages and rests, up to where more of them is the
// same (Lamport 2005, "Real Time is Really Simple").
//
// The key leaves out clocks, dice, message numbers and counters. Messages in flight are a bag; records
// are sorted by name; and lists that are sets, sorted. What does not change between two worlds is the
// same object in both, so its part of the key is made once:
//
//   node A ─ text ─┐
//   node B ─ text ─┼─ each text once, by a number ─▶ 4,17,9|3,3,8|2   the key of a world
//   A>B#17 ─ text ─┘
//
// Where nodes are alike, the key is the least over the ways to rename them. Most ways are ruled out
// by what can be told without names: alike nodes stand in the order of that.

import type { Id, Micros } from './actor.ts';
import { apply, type Choice, type Cluster, choicesOf } from './cluster.ts';
import type { Model } from './model.ts';
import { itemsOf, type Seq } from './seq.ts';
import { type Flight, localTime, type Node, nameOfFlight, nodeNamed, type World } from './world.ts';

export interface FreeView<S, M, D, R, G> {
  readonly initial: readonly World<S, M, D, G>[];
  readonly faults: {
    readonly drop?: boolean;
    readonly duplicate?: boolean;
    readonly crash?: boolean;
  };
  /** Choices that are left out: a timer that fires although what it waits for may still come. */
  may?(world: World<S, M, D, G>, choice: Choice<D, R>): boolean;
  /** What else may happen: what a person may ask of a node. */
  also?(world: World<S, M, D, G>): readonly Choice<D, R>[];
  /** What of the ghost belongs to the key. */
  readonly ghostKey: (ghost: G) => unknown;
  /** What else belongs to it: a history, for a property that is about one. */
  readonly alsoKey?: (world: World<S, M, D, G>) => unknown;
  /** Names of fields that hold a set as a list. */
  readonly sets: ReadonlySet<string>;
  /** Names of fields that the run cannot change, or that nothing depends on. */
  readonly ignored: ReadonlySet<string>;
  /** Groups of nodes that nobody can tell apart: no rule and no property knows them by name. */
  readonly alike?: readonly (readonly Id[])[];
  /** The line of a script for a choice that is not the simulator's own. */
  line(choice: Choice<D, R>): string;
  /** The allowances that a choice draws on; where absent, one by its kind. */
  spends?(choice: Choice<D, R>, world: World<S, M, D, G>): readonly string[];
  final?(world: World<S, M, D, G>): boolean;
  /**
   * A message that changes nothing where it arrives might as well not arrive: with it under way as
   * much can happen. True where no choice waits for a message to be gone.
   */
  readonly skipsVain?: boolean;
  /** Absent: no rule goes by the clock, and no time passes. */
  readonly clocks?: Clocks<S, M, D>;
}

/** Time in steps. */
export interface Clocks<S, M, D> {
  /** How much passes at once. */
  readonly step: Micros;
  /** The least that a timer runs, by its node's clock. */
  least(node: Node<S, M, D>, timer: string): Micros;
  /** What a node keeps of its clock, which shows `now`: as far as it matters, and nothing beyond. */
  ages(state: S, now: Micros): readonly number[];
}

/** The model of a cluster, from worlds on in which it stands already. */
export function freeModel<C, S, M, D, R, G>(
  cluster: Cluster<C, S, M, D, R, G>,
  view: FreeView<S, M, D, R, G>,
): Model<World<S, M, D, G>, Choice<D, R>> {
  type W = World<S, M, D, G>;
  const { alike = [], clocks } = view;
  const names = new Names(view.initial[0]?.nodes.map(({ id }) => id) ?? [], alike);
  const texts = new Texts(view.sets, view.ignored);
  const nodeParts = texts.cached(({ id, status, state, disk, saves, timers }: Node<S, M, D>) => [
    id,
    status,
    state ?? null,
    disk ?? null,
    saves.map((save) => [save.disk, save.held.map(({ to, message }) => [to, message])]),
    timers.map(({ name }) => name).sort(),
  ]);
  const flightParts = texts.cached(({ from, to, message, held }: Flight<M>) => [
    from,
    to,
    message,
    held ?? false,
  ]);
  const linkParts = texts.cached((links: W['links']) => {
    const cut = [...links].filter(([, fault]) => fault.cut);
    return new Set(cut.map(([link]) => link.split('>')));
  });
  const ghosts = texts.cached((ghost: G & object) => view.ghostKey(ghost));
  const agesOf = ({ least, ages }: Clocks<S, M, D>, node: Node<S, M, D>, now: Micros): string => {
    const { timers, state, clock } = node;
    const ran = [...timers]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, set }) => Math.min(now - set, Math.round(least(node, name) / clock.rate)));
    return `${ran};${state === undefined ? '' : ages(state, localTime(clock, now))}`;
  };
  const isDue = ({ least }: Clocks<S, M, D>, world: W, id: Id, timer: string): boolean => {
    const node = nodeNamed(world, id) as Node<S, M, D>;
    const set = node.timers.find(({ name }) => name === timer)?.set ?? world.now;
    return world.now - set >= Math.round(least(node, timer) / node.clock.rate);
  };
  const numbers: number[] = [];
  const keyUnder = (world: W, naming: Naming): string => {
    let key = '';
    for (const at of naming.order) {
      const node = world.nodes[at];
      if (node) key += `${nodeParts(node, naming)},`;
      if (node && clocks) key += `${agesOf(clocks, node, world.now)},`;
    }
    numbers.length = 0;
    for (const flight of world.flights) numbers.push(flightParts(flight, naming));
    numbers.sort(byNumber);
    key += `|${numbers.join()}|${ghosts(world.ghost as G & object, naming)}`;
    if (world.links.size > 0) key += `|${linkParts(world.links, naming)}`;
    if (view.alsoKey) key += `|${texts.number(view.alsoKey(world), naming)}`;
    return key;
  };
  const spent = view.spends ?? ((choice: Choice<D, R>) => kindOf(choice));
  return {
    initial: view.initial,
    choices(world) {
      let own = choicesOf(world, view.faults) as Choice<D, R>[];
      if (clocks) {
        own = own.filter((one) => one.do !== 'fire' || isDue(clocks, world, one.node, one.timer));
        own.push({ do: 'wait', at: world.now + clocks.step });
      }
      const all = [...own, ...(view.also?.(world) ?? [])];
      return view.may ? all.filter((choice) => view.may?.(world, choice) ?? true) : all;
    },
    apply: (world, choice) => apply(cluster, world, choice).world,
    key(world) {
      if (alike.length === 0) return keyUnder(world, names.plain);
      let least: string | undefined;
      for (const naming of names.sorted((at) =>
        nodeParts(world.nodes[at] as Node<S, M, D>, names.blind),
      )) {
        const key = keyUnder(world, naming);
        if (least === undefined || key < least) least = key;
      }
      return least as string;
    },
    line: (choice) => lineOf(choice) ?? view.line(choice),
    spends: spent,
    fault: (choice) => choice.do !== 'deliver' && choice.do !== 'fire' && choice.do !== 'saved',
    size: (world) => world.flights.length,
    ...(view.final && { final: view.final }),
    ...(view.skipsVain && {
      vain: (before: W, choice: Choice<D, R>, after: W) =>
        choice.do === 'deliver' &&
        after.flights.length === before.flights.length - 1 &&
        after.ghost === before.ghost &&
        after.history === before.history &&
        after.nodes.every((node, at) => {
          const was = before.nodes[at] as Node<S, M, D>;
          return (
            node === was ||
            (nodeParts(node, names.plain) === nodeParts(was, names.plain) &&
              (!clocks || agesOf(clocks, node, after.now) === agesOf(clocks, was, after.now)))
          );
        }) &&
        after.clients.every((client, at) => client === before.clients[at]),
    }),
  };
}

const byNumber = (a: number, b: number): number => a - b;

/** A way to call the nodes. */
interface Naming {
  /** Its place among the namings: caches are by it. */
  readonly index: number;
  readonly of: ReadonlyMap<string, string>;
  /** Places of the nodes in the order of their new names. */
  readonly order: readonly number[];
}

/** The namings of a cluster, made as they are needed. */
class Names {
  /** Everybody by its own name. */
  readonly plain: Naming;
  /** Those who are alike, all by one name. */
  readonly blind: Naming;
  readonly #ids: readonly Id[];
  /** Places in #ids. */
  readonly #groups: readonly (readonly number[])[];
  readonly #known = new Map<string, Naming>();

  constructor(ids: readonly Id[], alike: readonly (readonly Id[])[]) {
    this.#ids = ids;
    this.#groups = alike.map((group) => group.map((id) => ids.indexOf(id)));
    const order = ids.map((_, at) => at);
    this.plain = { index: 0, of: new Map(), order };
    const of = new Map(alike.flatMap((group, n) => group.map((id) => [id, `*${n}`] as const)));
    this.blind = { index: 1, of, order };
    this.#known.set(order.join(), this.plain);
  }

  /** Those in which alike nodes stand in the order of their ranks; of equal ranks, in every order. */
  sorted(rank: (at: number) => number): Naming[] {
    let orders: number[][] = [this.#ids.map((_, at) => at)];
    for (const group of this.#groups) {
      const ranks = group.map(rank);
      const sorted = group
        .map((at, i) => ({ at, rank: ranks[i] as number }))
        .sort((a, b) => a.rank - b.rank || a.at - b.at);
      const arranged: number[][] = [[]];
      for (let i = 0; i < sorted.length; ) {
        let end = i + 1;
        while (sorted[end]?.rank === sorted[i]?.rank && end < sorted.length) end++;
        const ties = ordersOf(sorted.slice(i, end).map(({ at }) => at));
        const before = arranged.splice(0);
        for (const first of before) for (const tie of ties) arranged.push([...first, ...tie]);
        i = end;
      }
      orders = orders.flatMap((order) =>
        arranged.map((places) => {
          const next = order.slice();
          group.forEach((at, i) => {
            next[at] = places[i] as number;
          });
          return next;
        }),
      );
    }
    return orders.map((order) => this.#naming(order));
  }

  #naming(order: readonly number[]): Naming {
    const key = order.join();
    let naming = this.#known.get(key);
    if (!naming) {
      const of = new Map(
        order.map((at, place) => [this.#ids[at] as Id, this.#ids[place] as Id] as const),
      );
      naming = { index: this.#known.size + 1, of, order };
      this.#known.set(key, naming);
    }
    return naming;
  }
}

function ordersOf(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) =>
    ordersOf(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

/** Values as texts, and each text as a number. */
class Texts {
  readonly #sets: ReadonlySet<string>;
  readonly #ignored: ReadonlySet<string>;
  readonly #numbers = new Map<string, number>();
  /** A long list is in many nodes and messages, always the same one. */
  readonly #lists = this.cached((list: Seq<unknown>) => itemsOf(list));

  constructor(sets: ReadonlySet<string>, ignored: ReadonlySet<string>) {
    this.#sets = sets;
    this.#ignored = ignored;
  }

  number(value: unknown, naming: Naming): number {
    const text = this.#text(value, naming);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** The number of what is said of an object, remembered with the object. */
  cached<T extends object>(parts: (of: T) => unknown): (of: T, naming: Naming) => number {
    const known = new WeakMap<T, number[]>();
    return (of, naming) => {
      let numbers = known.get(of);
      if (!numbers) {
        numbers = [];
        known.set(of, numbers);
      }
      let number = numbers[naming.index];
      if (number === undefined) {
        number = this.number(parts(of), naming);
        numbers[naming.index] = number;
      }
      return number;
    };
  }

  /** Equal texts exactly for equal values, once the nodes are called as the naming has them. */
  #text(value: unknown, naming: Naming): string {
    if (value === null || value === undefined) return '~';
    if (typeof value === 'string') return `"${naming.of.get(value) ?? value}"`;
    if (typeof value !== 'object') return String(value);
    if (Array.isArray(value)) {
      let out = '[';
      for (const item of value) out += `${this.#text(item, naming)},`;
      return `${out}]`;
    }
    if (value instanceof Set) return this.#bag([...value], naming);
    if (isSeq(value)) return `${value.from}#${this.#lists(value, naming)}`;
    const entries: [string, unknown][] =
      value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
    const parts: string[] = [];
    for (const [name, item] of entries) {
      if (item === undefined || this.#ignored.has(name)) continue;
      const isSet = Array.isArray(item) && this.#sets.has(name);
      const text = isSet ? this.#bag(item, naming) : this.#text(item, naming);
      parts.push(`${naming.of.get(name) ?? name}:${text}`);
    }
    return `{${parts.sort().join()}}`;
  }

  #bag(items: readonly unknown[], naming: Naming): string {
    return items
      .map((one) => this.#text(one, naming))
      .sort()
      .join();
  }
}

const isSeq = (value: object): value is Seq<unknown> => 'blocks' in value && 'length' in value;

/** What a bounded search counts. */
const SPENDS: Readonly<Record<string, readonly string[]>> = {
  crash: ['crashes'],
  restart: ['restarts'],
  drop: ['drops'],
  duplicate: ['duplicates'],
  fire: ['timeouts'],
  partition: ['partitions'],
  wait: ['waits'],
};
const FREE: readonly string[] = [];

export const kindOf = (choice: Choice): readonly string[] => SPENDS[choice.do] ?? FREE;

function lineOf<D, R>(choice: Choice<D, R>): string | undefined {
  switch (choice.do) {
    case 'deliver':
    case 'drop':
    case 'duplicate':
      return `${choice.do} ${nameOfFlight(choice as never)}`;
    case 'fire':
      return `fire ${choice.node} ${choice.timer}`;
    case 'saved':
      return `saved ${choice.node}`;
    case 'crash':
    case 'restart':
      return `${choice.do} ${choice.node}`;
    case 'partition':
      return `partition ${choice.groups.map((group) => group.join()).join(' / ')}`;
    default:
      return undefined;
  }
}
