// What the console offers while a line is being written: names of commands first, then the words that
// the command's usage asks for, with the one that is due marked. All of it comes from CommandSpec.

import type { CommandSpec } from '../../engine/run/lab.ts';

export interface Suggestion {
  /** The whole line as it would then read. */
  readonly line: string;
  readonly label: string;
  readonly help: string;
}

export interface Hint {
  readonly spec: CommandSpec;
  /** The usage, word by word; `due` is the one that is being written. */
  readonly words: readonly { readonly text: string; readonly due: boolean }[];
}

/** Splits at blanks, but not inside quotes; the last word may be empty (a blank was just typed). */
export function roughWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = false;
  for (let i = 0; i < line.length; i++) {
    const sign = line[i] as string;
    if (quote && sign === '\\') {
      word += sign + (line[i + 1] ?? '');
      i++;
    } else if (sign === '"' || (sign === "'" && (quote || word === 'x'))) {
      quote = !quote;
      word += sign;
    } else if (sign === ' ' && !quote) {
      if (word !== '') words.push(word);
      word = '';
    } else word += sign;
  }
  words.push(word);
  return words;
}

export function suggest(
  line: string,
  commands: readonly CommandSpec[],
  limit = 8,
): readonly Suggestion[] {
  const words = roughWords(line.trimStart());
  if (words.length === 1) {
    const typed = (words[0] ?? '').toLowerCase();
    return commands
      .filter((spec) => spec.name.startsWith(typed) && spec.name !== typed)
      .slice(0, limit)
      .map((spec) => ({
        line: spec.usage === spec.name ? spec.name : `${spec.name} `,
        label: spec.usage,
        help: spec.help,
      }));
  }
  const spec = commands.find((known) => known.name === words[0]);
  const start = line.trimStart();
  return (spec?.examples ?? [])
    .filter((example) => example.startsWith(start) && example !== start)
    .slice(0, limit)
    .map((example) => ({ line: example, label: example, help: 'example' }));
}

export function hintFor(line: string, commands: readonly CommandSpec[]): Hint | undefined {
  const words = roughWords(line.trimStart());
  const spec = commands.find((known) => known.name === words[0]);
  if (!spec) return undefined;
  const usage = spec.usage.split(' ');
  const due = words.length - 1;
  return { spec, words: usage.map((text, index) => ({ text, due: index === due })) };
}

/** The column that a complaint names (`line 3, column 7: …`), from 1. */
export function columnOf(sentence: string): number | undefined {
  const found = /column (\d+)/.exec(sentence);
  return found ? Number(found[1]) : undefined;
}

/** Rows that a scan found, each with its key; of a row that was looked up, the columns are no rows. */
const areRows = (result: unknown): result is readonly unknown[] =>
  Array.isArray(result) &&
  result.every((row) => typeof row === 'object' && row !== null && !(row instanceof Uint8Array));

/** A returned result in one short line: rows are counted, long values cut. */
export function resultText(result: unknown): string {
  if (result === undefined) return '';
  if (result === null) return 'nothing';
  if (areRows(result)) {
    const shown = result.slice(0, 3).map((row) => cut(plain(row), 28));
    const more = result.length - shown.length;
    return result.length === 0
      ? 'no rows'
      : `${result.length} ${result.length === 1 ? 'row' : 'rows'}: ${shown.join(', ')}${more > 0 ? ', …' : ''}`;
  }
  return cut(plain(result), 80);
}

function plain(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (value instanceof Uint8Array)
    return `x'${[...value.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}'`;
  if (Array.isArray(value)) return value.map(plain).join(' ');
  if (typeof value === 'object' && value !== null)
    return Object.values(value)
      .map((part) => plain(part))
      .join(' ');
  return String(value);
}

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
