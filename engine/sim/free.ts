// A cluster as a Model for the explorer: the free view of its choices, in which any message may arrive
// and any timer may fire, and a key for its worlds in which no time stands.
//
// The key leaves out clocks, dice, message numbers and counters. Messages in flight are a bag; records
// are sorted by name; and lists that are sets, sorted. What does not change between two worlds is the
// same object in both, so its part of the key is made once.

import { apply, type Choice, type Cluster, choicesOf } from './cluster.ts';
import type { Model } from './model.ts';
import { type Flight, type Node, nameOfFlight, type World } from './world.ts';

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
  /** Names of fields that hold a set as a list. */
  readonly sets: ReadonlySet<string>;
  /** Names of fields that the run cannot change, or that nothing depends on. */
  readonly ignored: ReadonlySet<string>;
  /** The line of a script for a choice that is not the simulator's own. */
  line(choice: Choice<D, R>): string;
  final?(world: World<S, M, D, G>): boolean;
}

/** The model of a cluster, from worlds on in which it stands already. */
export function freeModel<C, S, M, D, R, G>(
  cluster: Cluster<C, S, M, D, R, G>,
  view: FreeView<S, M, D, R, G>,
): Model<World<S, M, D, G>, Choice<D, R>> {
  const { ignored, sets } = view;
  const nodeKeys = new WeakMap<Node<S, M, D>, string>();
  const flightKeys = new WeakMap<Flight<M>, string>();
  const text = (value: unknown): string => canonical(value, sets, ignored);
  const nodeKey = (node: Node<S, M, D>): string => {
    let key = nodeKeys.get(node);
    if (key === undefined) {
      const { id, status, state, disk, saves, timers } = node;
      const waiting = saves.map((save) => [
        save.disk,
        save.held.map(({ to, message }) => [to, message]),
      ]);
      const armed = timers.map(({ name }) => name).sort();
      key = text([id, status, state ?? null, disk ?? null, waiting, armed]);
      nodeKeys.set(node, key);
    }
    return key;
  };
  const flightKey = (flight: Flight<M>): string => {
    let key = flightKeys.get(flight);
    if (key === undefined) {
      key = `${flight.from}>${flight.to}${text(flight.message)}${flight.held ? '!' : ''}`;
      flightKeys.set(flight, key);
    }
    return key;
  };
  return {
    initial: view.initial,
    choices(world) {
      const own = choicesOf(world, view.faults) as Choice<D, R>[];
      const all = [...own, ...(view.also?.(world) ?? [])];
      return all.filter((choice) => view.may?.(world, choice) ?? true);
    },
    apply: (world, choice) => apply(cluster, world, choice).world,
    key: (world) =>
      [
        ...world.nodes.map(nodeKey),
        world.flights.map(flightKey).sort().join(),
        text([...world.links.keys()].sort()),
        text(view.ghostKey(world.ghost)),
      ].join('|'),
    line: (choice) => lineOf(choice) ?? view.line(choice),
    spends: (choice) => SPENDS[choice.do],
    fault: (choice) => choice.do !== 'deliver' && choice.do !== 'fire' && choice.do !== 'saved',
    size: (world) => world.flights.length,
    ...(view.final && { final: view.final }),
  };
}

/** What a bounded search counts. */
const SPENDS: Readonly<Record<string, string | undefined>> = {
  crash: 'crashes',
  restart: 'restarts',
  drop: 'drops',
  duplicate: 'duplicates',
  fire: 'timeouts',
  partition: 'partitions',
};

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

/** A value as text: equal texts exactly for equal values. */
function canonical(
  value: unknown,
  sets: ReadonlySet<string>,
  ignored: ReadonlySet<string>,
): string {
  if (value === null || value === undefined) return '~';
  if (typeof value !== 'object') return typeof value === 'string' ? `"${value}"` : String(value);
  if (Array.isArray(value))
    return `[${value.map((item) => canonical(item, sets, ignored)).join()}]`;
  const entries: [string, unknown][] =
    value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  let out = '{';
  for (const [name, item] of entries) {
    if (item === undefined || ignored.has(name)) continue;
    const list = sets.has(name) && Array.isArray(item) ? [...item].sort() : item;
    out += `${name}:${canonical(list, sets, ignored)},`;
  }
  return `${out}}`;
}
