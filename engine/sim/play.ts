// Where a search ends at its bound, chance may go further: seeded play takes one choice after another,
// far deeper than the search came. What it finds is long and full of detours, so it is shrunk: steps
// are left out, in ever smaller pieces, as long as what is left still breaks the property (Zeller and
// Hildebrandt 2002). A step is named by its line; where it is not on offer any more, it is passed over.

import { Dice } from '../base/dice.ts';
import type { Model } from './model.ts';
import type { Allowances } from './space.ts';

/** A run that ends where the property is broken, choice by choice. */
export interface Run<C> {
  readonly choices: readonly C[];
  readonly lines: readonly string[];
}

export interface PlayRules<W, C> extends Allowances {
  readonly seed: number;
  /** How many runs, and how long each may be. */
  readonly runs: number;
  readonly steps: number;
  /** How likely a choice is against others, 1 unless said; `before`: the world before the last step. */
  weigh?(choice: C, world: W, before: W | undefined): number;
}

/** Seeded play that looks for a world that fails, a run at a time. */
export class Hunt<W, C> {
  /** How many runs were played. */
  played = 0;
  readonly #model: Model<W, C>;
  readonly #rules: PlayRules<W, C>;
  readonly #dice: Dice;

  constructor(model: Model<W, C>, rules: PlayRules<W, C>) {
    this.#model = model;
    this.#rules = rules;
    this.#dice = new Dice(rules.seed);
  }

  /** Whether all runs were played. */
  get over(): boolean {
    return this.played >= this.#rules.runs;
  }

  /** Plays one run, up to the first world that fails: what is wrong there, and a short way to it. */
  play(failure: (world: W) => string | undefined): (Run<C> & { failure: string }) | undefined {
    this.played++;
    const [model, dice] = [this.#model, this.#dice];
    const { steps, spend = {}, size, weigh } = this.#rules;
    const first = model.initial[dice.below(model.initial.length)] as W;
    let world = first;
    let before: W | undefined;
    const lines: string[] = [];
    const spent = new Map<string, number>();
    for (let step = 0; step < steps; step++) {
      if (size !== undefined && (model.size?.(world) ?? 0) > size) break;
      const at = world;
      const choices = model
        .choices(at)
        .filter((choice) =>
          (model.spends?.(choice, at) ?? []).every(
            (kind) => (spent.get(kind) ?? 0) < (spend[kind] ?? Infinity),
          ),
        );
      if (choices.length === 0) break;
      const weights = weigh && choices.map((choice) => weigh(choice, at, before));
      const choice = choices[weights ? drawn(weights, dice) : dice.below(choices.length)] as C;
      for (const kind of model.spends?.(choice, at) ?? [])
        spent.set(kind, (spent.get(kind) ?? 0) + 1);
      lines.push(model.line(choice, at));
      before = at;
      world = model.apply(at, choice);
      const wrong = failure(world);
      if (wrong === undefined) continue;
      const short = shrink(model, first, lines, (end) => failure(end) === wrong);
      return short && { ...short, failure: wrong };
    }
    return undefined;
  }
}

/** An index by chance, each as likely as its weight says. */
function drawn(weights: readonly number[], dice: Dice): number {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let left = (dice.below(2 ** 30) / 2 ** 30) * all;
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i] as number;
    if (left < 0) return i;
  }
  return weights.length - 1;
}

/** Looks for a world that fails by seeded play; the first that is found, shrunk. */
export function hunt<W, C>(
  model: Model<W, C>,
  fails: (world: W) => boolean,
  rules: PlayRules<W, C>,
): Run<C> | undefined {
  const hunting = new Hunt(model, rules);
  while (!hunting.over) {
    const found = hunting.play((world) => (fails(world) ? 'fails' : undefined));
    if (found) return { choices: found.choices, lines: found.lines };
  }
  return undefined;
}

/** Takes the lines that are on offer, up to where the property breaks; undefined: it does not. */
function replay<W, C>(
  model: Model<W, C>,
  start: W,
  lines: readonly string[],
  fails: (world: W) => boolean,
): Run<C> | undefined {
  let world = start;
  const choices: C[] = [];
  const taken: string[] = [];
  for (const line of lines) {
    const from = world;
    const choice = model.choices(from).find((one) => model.line(one, from) === line);
    if (choice === undefined) continue;
    world = model.apply(world, choice);
    choices.push(choice);
    taken.push(line);
    if (fails(world)) return { choices, lines: taken };
  }
  return undefined;
}

/** Leaves out what is not needed: no single step of the result can be missed. */
export function shrink<W, C>(
  model: Model<W, C>,
  start: W,
  lines: readonly string[],
  fails: (world: W) => boolean,
): Run<C> | undefined {
  let best = replay(model, start, lines, fails);
  for (let size = best ? Math.ceil(best.lines.length / 2) : 0; best && size >= 1; ) {
    let shorter: Run<C> | undefined;
    for (let at = 0; at < best.lines.length && !shorter; at += size) {
      const rest = best.lines.toSpliced(at, size);
      const found = replay(model, start, rest, fails);
      if (found && found.lines.length < best.lines.length) shorter = found;
    }
    if (shorter) {
      best = shorter;
      size = Math.min(size, Math.ceil(best.lines.length / 2));
    } else if (size === 1) break;
    else size = Math.ceil(size / 2);
  }
  return best;
}
