// What a moment's bytes say, for the picture, the text twin and the inspector: memtables as the skip
// list's lens finds them, logs record by record, tables by their blocks, levels on one key axis.
// Everything is read by the engine's own lenses; nothing is kept beside the bytes.

import { type Bytes, compareBytes, equalBytes, textOf, utf8 } from '../../../engine/base/bytes.ts';
import { bytesOfContent, type FileImage, fileNamed } from '../../../engine/disk/image.ts';
import { type Batch, decodeBatch } from '../../../engine/lsm/batch.ts';
import {
  type LsmEvent,
  type LsmValue,
  skipListOf,
  tableFileOf,
  tableOf,
} from '../../../engine/lsm/events.ts';
import {
  arenaName,
  bytesOfLevel,
  LEVELS,
  logName,
  parseFileName,
  type TableFile,
} from '../../../engine/lsm/format.ts';
import {
  compareUser,
  isDeletion,
  seekKey,
  sequenceOf,
  userKeyOf,
} from '../../../engine/lsm/key.ts';
import {
  type LogContent,
  type LogDamage,
  type LogRecord,
  readLog,
} from '../../../engine/lsm/log.ts';
import type { Table } from '../../../engine/lsm/table.ts';
import type { ShownMoment } from '../../player/types.ts';

export type LsmMoment = ShownMoment<LsmEvent, LsmValue>;

/** A key in words: text where it is some, else hexadecimal. */
export function keyText(key: Bytes, most = 24): string {
  const text = textOf(key);
  const isPlain = equalBytes(utf8(text), key) && !/\p{C}/u.test(text);
  const words = isPlain
    ? text
    : `x'${Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('')}'`;
  return words.length > most ? `${words.slice(0, most - 1)}…` : words || '(empty)';
}

export interface EntryNode {
  /** `entry:fig@12` */
  readonly key: string;
  readonly user: Bytes;
  readonly text: string;
  readonly sequence: number;
  readonly isTombstone: boolean;
  readonly height: number;
  readonly value: Bytes;
  /** Where its node lies in the arena. */
  readonly offset: number;
  readonly end: number;
}

export interface MemtableNode {
  readonly number: number;
  readonly isFrozen: boolean;
  readonly used: number;
  readonly limit: number;
  readonly lanes: number;
  readonly entries: readonly EntryNode[];
}

export interface RecordNode {
  /** `record:3:64` */
  readonly key: string;
  readonly log: number;
  readonly record: LogRecord;
  readonly batch: Batch;
  readonly isSynced: boolean;
}

export interface LogNode {
  readonly number: number;
  readonly size: number;
  readonly synced: number;
  readonly records: readonly RecordNode[];
  /** What of it cannot be read: a torn end, or damage. */
  readonly lost: readonly LogDamage[];
}

export interface TableNode {
  readonly number: number;
  readonly level: number;
  readonly size: number;
  readonly from: Bytes;
  readonly to: Bytes;
  /** Absent: the file is missing. */
  readonly table: Table | undefined;
  readonly entries: number;
  readonly isSynced: boolean;
  readonly role: 'live' | 'input' | 'output';
  readonly fault: string | undefined;
}

export interface LevelNode {
  readonly level: number;
  readonly tables: readonly TableNode[];
  readonly bytes: number;
  /** Bytes it may have; level 0: tables. Absent where there is no limit. */
  readonly limit: number | undefined;
}

export interface Reading {
  readonly memtables: readonly MemtableNode[];
  readonly logs: readonly LogNode[];
  readonly levels: readonly LevelNode[];
  /** Tables that are being written. */
  readonly outputs: readonly TableNode[];
  readonly axis: Axis;
}

// ── Pieces ──────────────────────────────────────────────────────────────────────────────────────

const memtables = new WeakMap<object, EntryNode[]>();

function entriesOf(file: FileImage): EntryNode[] {
  const known = memtables.get(file.now);
  if (known) return known;
  const entries: EntryNode[] = [];
  for (const { key, value, height, offset, end } of skipListOf(file).all()) {
    const user = userKeyOf(key);
    const sequence = sequenceOf(key);
    const text = keyText(user);
    entries.push({
      key: `entry:${text}@${sequence}`,
      user,
      text,
      sequence,
      isTombstone: isDeletion(key),
      height,
      value,
      offset,
      end,
    });
  }
  memtables.set(file.now, entries);
  return entries;
}

const logs = new WeakMap<object, LogContent>();

export function logOf(file: FileImage): LogContent {
  let known = logs.get(file.now);
  if (!known) {
    known = readLog(bytesOfContent(file));
    logs.set(file.now, known);
  }
  return known;
}

const nodes = new WeakMap<FileImage, readonly RecordNode[]>();

function recordsOf(file: FileImage, number: number): readonly RecordNode[] {
  let known = nodes.get(file);
  if (!known) {
    known = logOf(file).records.map((record) => ({
      key: `record:${number}:${record.offset}`,
      log: number,
      record,
      batch: decodeBatch(record.data),
      isSynced: record.end <= file.synced.size,
    }));
    nodes.set(file, known);
  }
  return known;
}

/** Whether all of a file would survive a power cut: what is now and what is synced share their chunks. */
const isWhole = ({ now, synced }: FileImage): boolean =>
  now.size === synced.size && now.blocks === synced.blocks;

function tableNode(
  { image, problems }: LsmMoment,
  file: Pick<TableFile, 'number' | 'smallest' | 'largest' | 'size'>,
  level: number,
  role: TableNode['role'],
): TableNode {
  const found = tableFileOf(image, file.number);
  const table = found && tableOf(found);
  let entries = 0;
  if (table && table.blocks <= 400)
    for (let block = 0; block < table.blocks; block++) entries += table.entriesOf(block).length;
  const problem = problems.find(({ key }) => key === `table:${file.number}`);
  return {
    number: file.number,
    level,
    size: found?.now.size ?? file.size,
    from: userKeyOf(file.smallest),
    to: userKeyOf(file.largest),
    table,
    entries,
    isSynced: found !== undefined && isWhole(found),
    role,
    fault: !found ? 'its file is missing' : (problem?.text ?? table?.damage[0]),
  };
}

/** A table that is not complete yet: its index is still in memory, so its blocks are read one by one. */
function outputNode(moment: LsmMoment, number: number): TableNode | undefined {
  const { value, image } = moment;
  const file = tableFileOf(image, number);
  const { job } = value;
  if (!file || !job) return undefined;
  const table = tableOf(file);
  const cursor = job.cursor;
  let from: Bytes | undefined;
  let to: Bytes | undefined;
  if (table.damage.length === 0)
    for (const { key } of table.all()) {
      from ??= userKeyOf(key);
      to = userKeyOf(key);
    }
  // Of an open one only where it has come to is known: from the end of the one before it.
  if (!from || !to) {
    const before = job.outputs[job.outputs.indexOf(number) - 1];
    const last = before === undefined ? undefined : outputNode(moment, before);
    const least = [...job.inputs, ...job.overlaps]
      .flatMap((input) => value.version.flat().filter((one) => one.number === input))
      .map(({ smallest }) => userKeyOf(smallest))
      .sort(compareBytes)[0];
    from = last?.to ?? least ?? cursor;
    to = cursor ?? from;
    if (!from || !to) return undefined;
    if (compareBytes(from, to) > 0) from = to;
  }
  const tag = new Uint8Array(8);
  const withTag = (key: Bytes) => {
    const out = new Uint8Array(key.length + 8);
    out.set(key);
    out.set(tag, key.length);
    return out;
  };
  const node = tableNode(
    moment,
    { number, smallest: withTag(from), largest: withTag(to), size: file.now.size },
    job.target,
    'output',
  );
  return { ...node, fault: undefined, table: table.damage.length === 0 ? table : undefined };
}

export function read(moment: LsmMoment): Reading {
  const { image, value } = moment;
  const { limits, job } = value;
  const found: MemtableNode[] = [];
  const logNodes: LogNode[] = [];
  for (const name of [...image.names.keys()].sort()) {
    const file = fileNamed(image, name);
    if (!file) continue;
    const arena = /^memtable-(\d+)$/.exec(name);
    if (arena) {
      const number = Number(arena[1]);
      const list = skipListOf(file);
      found.push({
        number,
        isFrozen: number !== value.memtable,
        used: list.used,
        limit: limits.memtableSize,
        lanes: list.height,
        entries: entriesOf(file),
      });
      continue;
    }
    const { kind, number } = parseFileName(name);
    if (kind === 'log')
      logNodes.push({
        number,
        size: file.now.size,
        synced: file.synced.size,
        records: recordsOf(file, number),
        lost: logOf(file).damage,
      });
  }
  const inputs = new Set([...(job?.inputs ?? []), ...(job?.overlaps ?? [])]);
  const levels: LevelNode[] = [];
  for (let level = 0; level < LEVELS; level++) {
    const files = value.version[level] ?? [];
    const isShown =
      files.length > 0 ||
      level < (value.strategy === 'leveled' ? 3 : value.strategy === 'lazy-leveled' ? 2 : 1) ||
      value.version.slice(level + 1).some((deeper) => deeper.length > 0);
    if (!isShown) continue;
    levels.push({
      level,
      tables: files.map((file) =>
        tableNode(moment, file, level, inputs.has(file.number) ? 'input' : 'live'),
      ),
      bytes: bytesOfLevel(files),
      limit:
        value.strategy !== 'leveled'
          ? undefined
          : level === 0
            ? limits.level0Trigger
            : limits.level1Size * limits.levelRatio ** (level - 1),
    });
  }
  const live = new Set(value.version.flat().map(({ number }) => number));
  const outputs = (job?.outputs ?? []).flatMap((number) =>
    live.has(number) ? [] : (outputNode(moment, number) ?? []),
  );
  const ranges = levels.flatMap(({ tables }) => tables);
  return {
    memtables: found,
    logs: logNodes,
    levels,
    outputs,
    axis: axisOf(
      [
        ...ranges.flatMap(({ from, to }) => [from, to]),
        ...found.flatMap(({ entries }) => entries.map(({ user }) => user)),
      ],
      ranges,
    ),
  };
}

// ── The key axis ────────────────────────────────────────────────────────────────────────────────

/** Where a key lies among all keys: 0 the smallest, 1 the greatest. */
export interface Axis {
  at(key: Bytes): number;
  /** Keys to write below the axis. */
  readonly marks: readonly { readonly key: Bytes; readonly at: number }[];
}

const DIGITS = 10;
/** A table that covers less of the axis is only a box at a place. */
const NARROW = 0.02;

/**
 * Keys as numbers: what all have in common is left out, and a byte counts by its rank among the bytes
 * that occur, so that digits and letters spread evenly. Tables whose ranges (`ranges`) would be too
 * narrow to be told apart get room by their number, up to half of the axis. A key that comes into
 * the memtable hardly moves the others: only a change of the version does.
 */
export function axisOf(
  keys: readonly Bytes[],
  ranges: readonly { readonly from: Bytes; readonly to: Bytes }[] = [],
): Axis {
  const sorted = [...keys].sort(compareBytes);
  const first = sorted[0] ?? new Uint8Array(0);
  const last = sorted.at(-1) ?? first;
  let common = 0;
  while (common < first.length && first[common] === last[common]) common++;
  const used = new Set<number>();
  for (const key of sorted)
    for (let i = common; i < Math.min(key.length, common + DIGITS); i++) used.add(key[i] as number);
  const alphabet = [...used].sort((a, b) => a - b);
  const rank = (byte: number): number => {
    let low = 0;
    let high = alphabet.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((alphabet[middle] as number) < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const base = alphabet.length + 1;
  const number = (key: Bytes): number => {
    let value = 0;
    let scale = 1;
    for (let i = common; i < common + DIGITS; i++) {
      scale /= base;
      if (i < key.length) value += (rank(key[i] as number) + 1) * scale;
    }
    return value;
  };
  const [low, high] = [number(first), number(last)];
  const span = high - low;
  const spans = ranges.map(({ from, to }) => [number(from), number(to)] as const);
  const narrow = spans.filter(([from, to]) => to - from < NARROW * span).length;
  const byRank = narrow / Math.max(1, spans.length) / 2;
  const pegs = [...new Set(spans.flat())].sort((a, b) => a - b);
  /** Which of the pegs a number lies at, or between which: from 0 to 1. */
  const ranked = (value: number): number => {
    const [least, most] = [pegs[0] as number, pegs.at(-1) as number];
    if (value <= least) return 0;
    if (value >= most) return 1;
    let [i, end] = [0, pegs.length - 1];
    while (end - i > 1) {
      const middle = (i + end) >> 1;
      if ((pegs[middle] as number) <= value) i = middle;
      else end = middle;
    }
    const [a, b] = [pegs[i] as number, pegs[i + 1] as number];
    return (i + (value - a) / (b - a)) / (pegs.length - 1);
  };
  const at = (key: Bytes): number => {
    if (span <= 0) return 0.5;
    const value = number(key);
    const even = Math.max(0, Math.min(1, (value - low) / span));
    return pegs.length < 3 ? even : even + byRank * (ranked(value) - even);
  };
  const marks: { key: Bytes; at: number }[] = [];
  for (const key of sorted) {
    const place = at(key);
    if (marks.every((mark) => Math.abs(mark.at - place) >= 0.16)) marks.push({ key, at: place });
  }
  return { at, marks };
}

// ── Where the engine is ─────────────────────────────────────────────────────────────────────────

export interface Focus {
  readonly tables: readonly number[];
  readonly memtables: readonly number[];
  readonly records: readonly string[];
  readonly entries: readonly string[];
  /** The user key that it is about. */
  readonly key: Bytes | undefined;
  /** A table whose filter said no. */
  readonly refused: number | undefined;
}

export function focusOf({ event, value }: LsmMoment): Focus {
  const none = {
    tables: [] as number[],
    memtables: [] as number[],
    records: [] as string[],
    entries: [] as string[],
    key: undefined as Bytes | undefined,
    refused: undefined as number | undefined,
  };
  switch (event.kind) {
    case 'log':
      return { ...none, records: [`record:${event.log}:${event.offset}`] };
    case 'insert':
      return {
        ...none,
        memtables: [value.memtable],
        entries: [`entry:${keyText(event.key)}@${event.sequence}`],
      };
    case 'freeze':
      return { ...none, memtables: [event.memtable] };
    case 'block':
    case 'table':
      return {
        ...none,
        tables: [event.table],
        memtables:
          value.job?.kind === 'flush' && value.immutable !== undefined ? [value.immutable] : [],
      };
    case 'install':
      return { ...none, tables: event.added.map(({ number }) => number) };
    case 'pick':
      return { ...none, tables: [...event.inputs, ...event.overlaps] };
    case 'moved':
      return { ...none, tables: [event.table] };
    case 'merge':
      return { ...none, tables: [...(value.job?.outputs.slice(-1) ?? [])], key: event.key };
    case 'drop':
      return { ...none, tables: event.tables };
    case 'probe': {
      const number = event.where === 'memtable' ? value.memtable : value.immutable;
      return {
        ...none,
        key: event.key,
        ...(event.where === 'table'
          ? { tables: event.table === undefined ? [] : [event.table] }
          : { memtables: number === undefined ? [] : [number] }),
        refused: event.outcome === 'filtered' ? event.table : undefined,
      };
    }
    case 'found':
    case 'absent':
      return { ...none, key: event.key };
    case 'row': {
      const number = event.where === 'memtable' ? value.memtable : value.immutable;
      return {
        ...none,
        key: event.key,
        ...(event.where === 'table'
          ? { tables: event.table === undefined ? [] : [event.table] }
          : { memtables: number === undefined ? [] : [number] }),
      };
    }
    default:
      return none;
  }
}

/** What a table has to do with the key that the engine is at. */
export interface Said {
  readonly words: string;
  /** Its filter spared the read. */
  readonly isRefused?: true;
  /** It is the reason for what is done. */
  readonly isReason?: true;
}

/**
 * What tables say to the key in question, by number. In a read: those that were asked before, and what
 * their filters said. In a merge: which versions of the key they have, what becomes of each, and
 * who is the reason that a tombstone may not go. All of it is found in the tables' bytes.
 */
export function saidOf({ event, value, image }: LsmMoment): ReadonlyMap<number, Said> {
  const said = new Map<number, Said>();
  const tableNumbered = (number: number): Table | undefined => {
    const file = tableFileOf(image, number);
    return file && tableOf(file);
  };
  if (event.kind === 'merge') {
    const stays = new Set(event.kept.map(({ sequence }) => sequence));
    const { inputs = [], overlaps = [] } = value.job ?? {};
    for (const number of [...inputs, ...overlaps]) {
      const words = versionsIn(tableNumbered(number), event.key).map(
        (sequence) => `@${sequence} ${stays.has(sequence) ? 'stays' : 'goes'}`,
      );
      if (words.length > 0) said.set(number, { words: words.join(', ') });
    }
    if (event.guarded)
      said.set(event.guarded.table, {
        words: `may hold ${keyText(event.key, 10)}`,
        isReason: true,
      });
    return said;
  }
  if (event.kind !== 'probe' && event.kind !== 'found' && event.kind !== 'absent') return said;
  const { key } = event;
  const asked = value.version.flatMap((files, level) =>
    (level === 0 ? [...files].reverse() : files).filter(
      ({ smallest, largest }) =>
        compareBytes(userKeyOf(smallest), key) <= 0 && compareBytes(key, userKeyOf(largest)) <= 0,
    ),
  );
  const isHit = event.kind === 'found' || (event.kind === 'absent' && event.isDeleted);
  const count =
    event.kind !== 'probe'
      ? event.probed
      : event.table === undefined
        ? 0
        : asked.findIndex(({ number }) => number === event.table);
  for (const [i, { number }] of asked.slice(0, Math.max(0, count)).entries()) {
    const table = tableNumbered(number);
    const isRefused = table?.filterSays(table.blockFor(seekKey(key)), key) === 'no';
    if (isHit && i === count - 1)
      said.set(number, { words: event.kind === 'found' ? 'found' : 'tombstone', isReason: true });
    else said.set(number, isRefused ? { words: 'filter: no', isRefused } : { words: 'not there' });
  }
  return said;
}

/** Sequences of the versions of a key in a table, the newest first. */
function versionsIn(table: Table | undefined, user: Bytes): number[] {
  const found: number[] = [];
  if (!table) return found;
  const target = seekKey(user);
  for (let block = table.blockFor(target); block < table.blocks; block++)
    for (const { key } of table.entriesOf(block)) {
      const order = compareUser(key, target);
      if (order > 0) return found;
      if (order === 0) found.push(sequenceOf(key));
    }
  return found;
}

export const arenaFile = (moment: LsmMoment, number: number): FileImage | undefined =>
  fileNamed(moment.image, arenaName(number));
export const logFile = (moment: LsmMoment, number: number): FileImage | undefined =>
  fileNamed(moment.image, logName(number));
