// A run as a lesson reads it: what happened when, and any moment's bytes. The page makes one of an
// open session, a test one of a script in its own process: so a claim that a lesson makes, and the
// answer to what it asks, are the same code on the screen and in the tests.

import type { FoundProblem, Setup } from '../../engine/run/lab.ts';
import type { Session, ShownMoment } from '../player/types.ts';

export interface RunLine {
  readonly text: string;
  /** Index of its first moment, and how many it has. */
  readonly first: number;
  readonly moments: number;
  readonly result?: unknown;
}

export interface Run {
  /** Changes when the run does: settings, seed and lines, by what they led to. */
  readonly digest: string;
  readonly length: number;
  readonly lines: readonly RunLine[];
  /** Seed, settings and planted bugs, as one text. */
  readonly setup: string;
  readonly sabotage: readonly string[];
  readonly problems: readonly FoundProblem[];
  /** Kind of the event of a moment. */
  kind(index: number): string;
  /** A moment with its bytes. */
  at(index: number): Promise<ShownMoment>;
}

export const setupText = ({ seed, settings, sabotage }: Setup): string =>
  JSON.stringify([seed, settings, sabotage]);

export function runOf(session: Session): Run {
  const { digest, outline, lines, setup, problems, info } = session.store.getState();
  return {
    digest: `${digest} ${outline.length} ${lines.map(({ text }) => text).join('\n')}`,
    setup: setupText(setup),
    length: outline.length,
    lines,
    sabotage: setup.sabotage,
    problems,
    kind: (index) => info.kinds[outline.kinds[index] ?? -1]?.kind ?? '',
    at: (index) => session.peek(index),
  };
}

/** Index of the first moment from `from` on whose event is of one of the kinds. */
export function find(run: Run, kinds: string | readonly string[], from = 0): number | undefined {
  for (let index = from; index < run.length; index++)
    if (kinds.includes(run.kind(index))) return index;
  return undefined;
}

/** The same, going back. */
export function findLast(
  run: Run,
  kinds: string | readonly string[],
  from = run.length - 1,
): number | undefined {
  for (let index = from; index >= 0; index--) if (kinds.includes(run.kind(index))) return index;
  return undefined;
}

/** The operation that a moment belongs to; nothing for the opening. */
export const lineAt = (run: Run, index: number): RunLine | undefined =>
  run.lines.findLast(({ first }) => first <= index);

/** The last operation of those that begin with the word. */
export const lastLine = (run: Run, word: string): RunLine | undefined =>
  run.lines.findLast(({ text }) => text.split(/\s/, 1)[0] === word);

export const endOf = ({ first, moments }: RunLine): number => first + moments - 1;

export const end = (run: Run): Promise<ShownMoment> => run.at(run.length - 1);

/** A number that the lab counts; 0 where it does not. */
export const metric = ({ metrics }: ShownMoment, name: string): number =>
  metrics.find((known) => known.name === name)?.value ?? 0;
