/** What a line of the bench is, and what it is told. */
import type { Figure } from './stats.ts';

export interface Options {
  /** Turns of each comparison. */
  readonly turns: number;
  /** Small sizes and few turns: to see that it runs, not to believe the figures. */
  readonly quick: boolean;
  /** Also the sizes that take minutes. */
  readonly full: boolean;
}

export interface Line {
  readonly name: string;
  /** One line of what is measured. */
  readonly about: string;
  run(options: Options): Promise<Figure[]>;
}
