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

export interface PlayRules extends Allowances {
  readonly seed: number;
  /** How many runs, and how long each may be. */
  readonly runs: number;
  readonly steps: number;
}

/** Seeded play that looks for a world that fails, a run at a time. */
export class Hunt<W, C> {
  /** How many runs were played. */
  played = 0;
  /** What was found, shrunk. */
  found: Run<C> | undefined;
  readonly #model: Model<W, C>;
  readonly #fails: (world: W) => boolean;
  readonly #rules: PlayRules;
  readonly #dice: Dice;

  constructor(model: Model<W, C>, fails: (world: W) => boolean, rules: PlayRules) {
    this.#model = model;
    this.#fails = fails;
    this.#rules = rules;
    this.#dice = new Dice(rules.seed);
  }

  /** How many there are to play. */
  get runs(): number {
    return this.#rules.runs;
  }

  /** Plays one run; true when that was the last, because something was found or all were played. */
  advance(): boolean {
    if (!this.found && this.played < this.#rules.runs) {
      this.played++;
      this.found = this.#play();
    }
    return this.found !== undefined || this.played >= this.#rules.runs;
  }

  #play(): Run<C> | undefined {
    const [model, dice] = [this.#model, this.#dice];
    const { steps, spend = {}, size } = this.#rules;
    const first = model.initial[dice.below(model.initial.length)] as W;
    let world = first;
    const lines: string[] = [];
    const spent = new Map<string, number>();
    for (let step = 0; step < steps; step++) {
      if (size !== undefined && (model.size?.(world) ?? 0) > size) break;
      const choices = model.choices(world).filter((choice) => {
        const kind = model.spends?.(choice);
        return kind === undefined || (spent.get(kind) ?? 0) < (spend[kind] ?? Infinity);
      });
      if (choices.length === 0) break;
      const choice = choices[dice.below(choices.length)] as C;
      const kind = model.spends?.(choice);
      if (kind !== undefined) spent.set(kind, (spent.get(kind) ?? 0) + 1);
      lines.push(model.line(choice, world));
      world = model.apply(world, choice);
      if (this.#fails(world)) return shrink(model, first, lines, this.#fails);
    }
    return undefined;
  }
}

/** Looks for a world that fails by seeded play; the first that is found, shrunk. */
export function hunt<W, C>(
  model: Model<W, C>,
  fails: (world: W) => boolean,
  rules: PlayRules,
): Run<C> | undefined {
  const hunting = new Hunt(model, fails, rules);
  while (!hunting.advance());
  return hunting.found;
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
