// What the lessons on LSM trees ask of a moment's bytes, read by the picture's own reader: memtables
// as the skip list's lens finds them, logs record by record, tables by their blocks.

import { compareBytes, textOf } from '../../engine/base/bytes.ts';
import { fileNamed } from '../../engine/disk/image.ts';
import { type LsmEvent, type LsmValue, skipListOf, tableFileOf } from '../../engine/lsm/events.ts';
import { arenaName } from '../../engine/lsm/format.ts';
import { isDeletion, sequenceOf, userKeyOf } from '../../engine/lsm/key.ts';
import { type LsmMoment, type Reading, read, type TableNode } from '../labs/lsm/reading.ts';
import type { ShownMoment } from '../player/types.ts';
import type { Measured } from './plots/RunPlot.tsx';
import { endOf, lastLine, type Run, type RunLine } from './run.ts';

const readings = new WeakMap<ShownMoment, Reading>();

export function readingOf(moment: ShownMoment): Reading {
  let known = readings.get(moment);
  if (!known) {
    known = read(moment as LsmMoment);
    readings.set(moment, known);
  }
  return known;
}

export const stateOf = (moment: ShownMoment): LsmValue => moment.value as LsmValue;

/** The event of a moment, where it is of that kind. */
export function told<K extends LsmEvent['kind']>(
  moment: ShownMoment,
  kind: K,
): Extract<LsmEvent, { kind: K }> | undefined {
  const event = moment.event as LsmEvent;
  return event.kind === kind ? (event as Extract<LsmEvent, { kind: K }>) : undefined;
}

/** Moments of an operation whose events are of that kind, in their order. */
export function within(run: Run, line: RunLine | undefined, ...kinds: string[]): number[] {
  const found: number[] = [];
  for (let i = line?.first ?? 0; line && i <= endOf(line); i++)
    if (kinds.includes(run.kind(i))) found.push(i);
  return found;
}

/** The last of them in the last operation of that name. */
export const lastOf = (run: Run, word: string, ...kinds: string[]): number | undefined =>
  within(run, lastLine(run, word), ...kinds).at(-1);

export const firstOf = (run: Run, word: string, ...kinds: string[]): number | undefined =>
  within(run, lastLine(run, word), ...kinds)[0];

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────

/** Live tables in the order of a read: level 0 with the newest first, then level by level. */
export const tablesOf = (moment: ShownMoment): TableNode[] =>
  readingOf(moment).levels.flatMap(({ level, tables }) =>
    level === 0 ? tables.toReversed() : tables,
  );

export const tableIn = (moment: ShownMoment, number: number): TableNode | undefined =>
  tablesOf(moment).find((table) => table.number === number);

export interface Entry {
  readonly key: string;
  readonly sequence: number;
  readonly isPut: boolean;
  readonly value: string;
  /** Bytes of the key that are taken from the one before; bytes of the whole entry. */
  readonly shared: number;
  readonly bytes: number;
}

/** The entries of a table, block by block. */
export const blocksOf = ({ table }: TableNode): Entry[][] =>
  Array.from({ length: table?.blocks ?? 0 }, (_, block) =>
    (table?.entriesOf(block) ?? []).map(({ key, value, shared, at, end }) => ({
      key: textOf(userKeyOf(key)),
      sequence: sequenceOf(key),
      isPut: !isDeletion(key),
      value: textOf(value),
      shared,
      bytes: end - at,
    })),
  );

export const entriesOf = (table: TableNode | undefined): Entry[] =>
  table ? blocksOf(table).flat() : [];

/** Bytes of a data block, without its trailer. */
export const blockBytes = ({ table }: TableNode, block: number): number =>
  table?.index[block]?.handle.size ?? 0;

/** Versions of a key in a list of entries, as sequences. */
export const versionsOf = (entries: readonly Entry[], key: string): number[] =>
  entries.filter((entry) => entry.key === key).map(({ sequence }) => sequence);

/** Whether a table is at both moments the same bytes. */
export const sameBytes = (a: ShownMoment, b: ShownMoment, table: number): boolean => {
  const [one, other] = [a, b].map(({ image }) => tableFileOf(image, table)?.now);
  return one !== undefined && one === other;
};

/** Whether no two tables of a level share a key, from level 1 down. */
export const isParted = (moment: ShownMoment): boolean =>
  readingOf(moment).levels.every(
    ({ level, tables }) =>
      level === 0 ||
      tables.every(({ from }, i) => {
        const before = tables[i - 1];
        return !before || compareBytes(before.to, from) < 0;
      }),
  );

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────

/** All that a reader gets, from the bytes of memtables and tables: of each key the newest version. */
export function rowsOf(moment: ShownMoment): Map<string, string> {
  const { memtables } = readingOf(moment);
  const all: Omit<Entry, 'shared' | 'bytes'>[] = tablesOf(moment).flatMap(entriesOf);
  for (const { text, sequence, isTombstone, value } of memtables.flatMap(({ entries }) => entries))
    all.push({ key: text, sequence, isPut: !isTombstone, value: textOf(value) });
  const rows = new Map<string, string>();
  const seen = new Set<string>();
  for (const { key, isPut, value } of all.sort((a, b) => b.sequence - a.sequence)) {
    if (isPut && !seen.has(key)) rows.set(key, value);
    seen.add(key);
  }
  return rows;
}

/** The mean of something over the second half of a run, when its levels have filled. */
export async function overTime(
  { length, at }: Measured,
  measure: (moment: ShownMoment) => number,
  samples = 16,
): Promise<number> {
  let sum = 0;
  for (let i = 1; i <= samples; i++)
    sum += measure(await at(Math.floor(((length - 1) * (samples + i)) / (2 * samples))));
  return sum / samples;
}

/** Bytes written to tables for each byte that a flush wrote, from the sums of all bytes. */
export function writeAmplification(moment: ShownMoment): number {
  const { flushedBytes, compactedBytes } = stateOf(moment).counters;
  return flushedBytes === 0 ? 0 : (flushedBytes + compactedBytes) / flushedBytes;
}

// ── The skip list ───────────────────────────────────────────────────────────────────────────────

export interface Searches {
  readonly nodes: number;
  /** Nodes that stand in lane 0, 1, 2, …. */
  readonly lanes: readonly number[];
  /** Steps forward and down to find a key, in the mean over all of them. */
  readonly steps: number;
}

/** The memtable as a skip list, and what it costs to find each of its keys. */
export function searches(moment: ShownMoment): Searches {
  const file = fileNamed(moment.image, arenaName(stateOf(moment).memtable));
  const nodes = file ? [...skipListOf(file).all()] : [];
  if (!file || nodes.length === 0) return { nodes: 0, lanes: [], steps: 0 };
  const list = skipListOf(file);
  let steps = 0;
  for (const { key } of nodes) {
    list.seek(key);
    steps += list.steps;
  }
  const lanes = Array.from(
    { length: list.height },
    (_, lane) => nodes.filter(({ height }) => height > lane).length,
  );
  return { nodes: nodes.length, lanes, steps: steps / nodes.length };
}
