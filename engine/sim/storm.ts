// A storm: for a while, faults of every kind at random times and clients who do not stop asking. The
// weather comes from dice of its own, drawn from the seed once, and it clears before its end: links
// heal, nodes come back, clocks are set right, so that what was begun can finish.

import { Dice, type DiceState } from '../base/dice.ts';
import type { Id, Micros } from './actor.ts';
import type { Op } from './client.ts';

export interface Storm {
  /** When it is over, and when the weather clears. */
  readonly until: Micros;
  readonly calm: Micros;
  /** When the next thing goes wrong; after `calm` has come: never. */
  readonly next: Micros;
  readonly dice: DiceState;
  /** The most time between two faults. */
  readonly gap: Micros;
  /** Keys that clients use, and how many values they wrote. */
  readonly keys: number;
  readonly values: number;
  /** A node that crashed and comes back at once: the power only flickered. */
  readonly back?: Id;
  /** Somebody changes the cluster meanwhile. */
  readonly operator?: true;
}

export type Weather =
  | { readonly do: 'crash'; readonly node: Id }
  | { readonly do: 'restart'; readonly node: Id }
  | { readonly do: 'pause'; readonly node: Id }
  | { readonly do: 'resume'; readonly node: Id }
  | { readonly do: 'partition'; readonly groups: readonly (readonly Id[])[] }
  | { readonly do: 'cut'; readonly from: Id; readonly to: Id }
  | {
      readonly do: 'link';
      readonly from: Id;
      readonly to: Id;
      readonly latency?: Micros;
      readonly loss?: number;
    }
  | { readonly do: 'skew'; readonly node: Id; readonly by: Micros; readonly rate: number }
  /** The operator does something; what, the protocol makes of a number of 32 bits. */
  | { readonly do: 'operate'; readonly roll: number }
  | { readonly do: 'heal' }
  | { readonly do: 'clear' };

/** The most time between two faults, unless said; the least is an eighth of it, or nearly. */
export const GAP: Micros = 500_000;
/** How far a storm pushes a clock: what lease reads must bear (a lease has a third for it). */
const SKEW: Micros = 10_000;
const DRIFT = 0.02;

export interface StormRules {
  readonly length: Micros;
  readonly keys: number;
  readonly gap?: Micros;
  readonly operator?: boolean;
}

export function newStorm(
  now: Micros,
  { length, keys, gap = GAP, operator = false }: StormRules,
  seed: number,
): Storm {
  const dice = new Dice(seed);
  return {
    until: now + length,
    calm: now + Math.floor(length * 0.75),
    next: now + pause(gap, dice),
    dice: dice.state,
    gap,
    keys,
    values: 0,
    ...(operator && { operator }),
  };
}

function pause(gap: Micros, dice: Dice): Micros {
  const least = Math.floor(gap * 0.12);
  return least + dice.below(gap - least);
}

interface Sky {
  readonly nodes: readonly { readonly id: Id; readonly status: 'up' | 'paused' | 'crashed' }[];
  readonly links: ReadonlyMap<string, unknown>;
}

/** What goes wrong when the storm's time has come, and the storm after it. */
export function weather(
  storm: Storm,
  sky: Sky,
): { readonly fault: Weather; readonly storm: Storm } {
  const { back, ...rest } = storm;
  if (
    back !== undefined &&
    sky.nodes.some(({ id, status }) => id === back && status === 'crashed')
  ) {
    const dice = new Dice(storm.dice);
    const next = Math.min(storm.calm, storm.next + pause(storm.gap, dice));
    return { fault: { do: 'restart', node: back }, storm: { ...rest, next, dice: dice.state } };
  }
  const dice = new Dice(storm.dice);
  const next = storm.next + pause(storm.gap, dice);
  if (storm.next >= storm.calm) {
    const down = sky.nodes.find(({ status }) => status === 'crashed');
    if (down) return { fault: { do: 'restart', node: down.id }, storm };
    return { fault: { do: 'clear' }, storm: { ...storm, next: Infinity, dice: dice.state } };
  }
  const fault = drawn(dice, sky, storm.operator === true);
  if (fault.do === 'crash' && dice.below(2) === 0) {
    const soon = storm.next + 500 + dice.below(40_000);
    return {
      fault,
      storm: { ...rest, next: Math.min(soon, storm.calm), back: fault.node, dice: dice.state },
    };
  }
  return { fault, storm: { ...rest, next: Math.min(next, storm.calm), dice: dice.state } };
}

function drawn(dice: Dice, { nodes, links }: Sky, operator: boolean): Weather {
  const one = <T>(list: readonly T[]): T => list[dice.below(list.length)] as T;
  const up = nodes.filter(({ status }) => status === 'up');
  const crashed = nodes.filter(({ status }) => status === 'crashed');
  const paused = nodes.filter(({ status }) => status === 'paused');
  const other = (id: Id) => one(nodes.filter((node) => node.id !== id)).id;
  for (;;) {
    switch (dice.below(operator ? 12 : 9)) {
      case 0:
        if (up.length > 0) return { do: 'crash', node: one(up).id };
        break;
      case 1:
      case 2:
        if (crashed.length > 0) return { do: 'restart', node: one(crashed).id };
        if (paused.length > 0) return { do: 'resume', node: one(paused).id };
        break;
      case 3:
        if (up.length > 0) return { do: 'pause', node: one(up).id };
        break;
      case 4: {
        if (nodes.length < 2) break;
        const shuffled = [...nodes];
        for (let i = shuffled.length - 1; i > 0; i--) {
          const j = dice.below(i + 1);
          [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]] as [
            Sky['nodes'][0],
            Sky['nodes'][0],
          ];
        }
        const size = 1 + dice.below(nodes.length - 1);
        const group = (some: Sky['nodes']) => some.map(({ id }) => id).sort();
        return {
          do: 'partition',
          groups: [group(shuffled.slice(0, size)), group(shuffled.slice(size))],
        };
      }
      case 5: {
        if (nodes.length < 2) break;
        const from = one(nodes).id;
        return { do: 'cut', from, to: other(from) };
      }
      case 6: {
        if (nodes.length < 2) break;
        const from = one(nodes).id;
        const to = other(from);
        return dice.below(2) === 0
          ? { do: 'link', from, to, latency: 20_000 + dice.below(130_000) }
          : { do: 'link', from, to, loss: (1 + dice.below(5)) / 10 };
      }
      case 7:
        if (links.size > 0) return { do: 'heal' };
        break;
      case 8: {
        const by = dice.below(2 * SKEW + 1) - SKEW;
        const rate = 1 + (DRIFT * (dice.below(201) - 100)) / 100;
        return { do: 'skew', node: one(nodes).id, by, rate };
      }
      default:
        return { do: 'operate', roll: dice.below(2 ** 32) };
    }
  }
}

/** What a client of a storm asks next, how long after its last answer, and the storm after it. */
export function nextWish(
  storm: Storm,
  seen: Readonly<Record<string, string>>,
): { readonly op: Op; readonly storm: Storm } {
  const dice = new Dice(storm.dice);
  const key = `k${dice.below(storm.keys)}`;
  const roll = dice.below(10);
  const value = `v${storm.values + 1}`;
  const from = seen[key];
  const op: Op =
    roll < 5
      ? { op: 'get', key }
      : roll < 8 || from === undefined
        ? { op: 'put', key, value }
        : roll < 9
          ? { op: 'cas', key, from, value }
          : { op: 'delete', key };
  return { op, storm: { ...storm, values: storm.values + 1, dice: dice.state } };
}

export function nextThought(storm: Storm): { readonly after: Micros; readonly storm: Storm } {
  const dice = new Dice(storm.dice);
  return { after: 5_000 + dice.below(195_000), storm: { ...storm, dice: dice.state } };
}
