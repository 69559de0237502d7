/** What a room adds to the sweep: a randomized test that takes minutes, and its figures. */
export interface Part {
  readonly name: string;
  /** One line, for the help. */
  readonly about: string;
  /**
   * Throws an Error whose message says how to see it again: the seed, the settings, the command.
   * `share`: how much of the whole to do, from 0 to 1. `tell` is called now and then with what is
   * done so far. Hands out the figures, in the order in which they are to be printed.
   */
  run(share: number, tell: (figures: Figures) => void): Promise<Figures> | Figures;
}

export type Figures = Readonly<Record<string, number | string>>;
