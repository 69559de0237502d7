// What the lessons share in the telling: a scenario from lines, options in an order that does not give
// the answer away, numbers in words, and the reader's own input.

import type { Option, Own, Run } from './lesson.ts';
import { lastLine } from './run.ts';

export const script = (...lines: string[]): string => `${lines.join('\n')}\n`;

/** The first moment of the last operation of that name. */
export const startOf =
  (word: string) =>
  (run: Run): number | undefined =>
    lastLine(run, word)?.first;

/** The moment before it. */
export const beforeLast =
  (word: string) =>
  (run: Run): number | undefined => {
    const line = lastLine(run, word);
    return line && line.first - 1;
  };

/** Distinct options, in the order of the numbers in them, so that the place says nothing. */
export function sorted(values: readonly (string | Option)[]): Option[] {
  const all = values.map((value) => (typeof value === 'string' ? { value } : value));
  const distinct = all.filter(
    ({ value }, i) => all.findIndex((other) => other.value === value) === i,
  );
  const plain = ({ value }: Option) => value.replaceAll(',', '');
  return distinct.sort((a, b) => plain(a).localeCompare(plain(b), 'en', { numeric: true }));
}

/** Replaces the last operation of that name; `line` is none, and begins with `!`, where it is no key. */
export const ownInput = (
  word: string,
  label: string,
  example: string,
  line: (key: string) => string,
): Own => ({
  label,
  example,
  at(run) {
    const at = run.lines.findLastIndex(({ text }) => text.split(/\s/, 1)[0] === word);
    return at < 0 ? undefined : at;
  },
  line,
});

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

export const percent = (part: number, digits = 1): string => `${(100 * part).toFixed(digits)} %`;

export const bytesText = (bytes: number): string => plural(bytes, 'byte');

/** The one of some values that is nearest, by difference or, of sizes, by ratio. */
export const nearest = (values: readonly number[], to: number, isRatio = false): number => {
  const away = (value: number) => Math.abs(isRatio ? Math.log(value / to) : value - to);
  return values.reduce((best, value) => (away(value) < away(best) ? value : best));
};
