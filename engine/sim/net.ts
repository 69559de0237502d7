// The network: how long a message takes, whether it arrives, and how often. Faults are of a link, in
// one direction: a partition is a set of links that are cut. Links are fair-lossy and reorder what
// they carry, unless `fifo` is set.

import type { Dice } from '../base/dice.ts';
import type { Id, Micros } from './actor.ts';

export type Spread = 'fixed' | 'uniform' | 'tail';

export interface NetRules {
  /** One way. */
  readonly latency: Micros;
  /**
   * fixed: always that; uniform: half of it to one and a half; tail: a third of it to once, doubled
   * with a chance of a quarter, again and again. That stands in for an exponential tail: logarithms
   * are not the same to the last bit everywhere, halves and doubles are.
   */
  readonly spread: Spread;
  /** 0 to 1. */
  readonly loss: number;
  readonly duplicate: number;
  /** A link delivers in the order in which it was given. */
  readonly fifo: boolean;
}

/** What a link does otherwise than the rules say. */
export interface LinkFault {
  readonly cut?: boolean;
  readonly latency?: Micros;
  readonly loss?: number;
}

/** By `A>B`. */
export type Links = ReadonlyMap<string, LinkFault>;

export const linkOf = (from: Id, to: Id): string => `${from}>${to}`;

export const isCut = (links: Links, from: Id, to: Id): boolean =>
  links.size > 0 && links.get(linkOf(from, to))?.cut === true;

export function withLink(links: Links, from: Id, to: Id, change: LinkFault): Links {
  const name = linkOf(from, to);
  const fault = { ...links.get(name), ...change };
  const next = new Map(links);
  if (fault.cut || fault.latency !== undefined || fault.loss !== undefined) next.set(name, fault);
  else next.delete(name);
  return next;
}

/** How long each copy of a message takes: none when it is lost, two when it is doubled. */
export function travel(
  rules: NetRules,
  fault: LinkFault | undefined,
  dice: Dice,
): readonly Micros[] {
  if (fault?.cut) return [];
  const loss = fault?.loss ?? rules.loss;
  if (loss > 0 && dice.chance(loss)) return [];
  const first = latencyOf(rules, fault, dice);
  if (rules.duplicate > 0 && dice.chance(rules.duplicate))
    return [first, latencyOf(rules, fault, dice)];
  return [first];
}

function latencyOf(rules: NetRules, fault: LinkFault | undefined, dice: Dice): Micros {
  const mean = fault?.latency ?? rules.latency;
  switch (rules.spread) {
    case 'fixed':
      return mean;
    case 'uniform':
      return Math.round(mean / 2 + mean * dice.fraction());
    case 'tail': {
      let doubled = (mean * 2) / 3;
      while (doubled < 64 * mean && dice.below(4) === 0) doubled *= 2;
      return Math.round(doubled / 2 + doubled * dice.fraction());
    }
  }
}
