// What a strategy costs: what was measured of it, and what theory expects.
//
//   write   bytes written to tables for each byte that a flush wrote
//   read    sorted runs that a reader meets: tables of level 0, and each deeper level that has any
//   space   entries stored in tables for each row that a reader gets from them
//
// Theory here is a model in sizes alone, with no key and no table in it. Keys are drawn evenly from K
// of them, so two sorted runs of a and b different keys have together
//
//   a ∪ b = a + b - a·b / K                         K without end: no key comes twice
//
// leveled        a merge of level 0 rewrites level 1. A level from 1 down that is over its limit gives away
//                the surplus x, a table at a time and in turn over the key range, so that a table's
//                part of the level is twice as dense as it will be elsewhere and meets half as much:
//                it costs x · (1 + below / 2·here), about (T + 2) / 2 for each full level.
//                `whole` levels at a time cost (T + 1) / 2: the count in the literature.
// tiered         T runs of a tier become one of the next: each byte is written once a tier, and there
//                are as many runs as the digits of the number of flushes add up to in base T.
// lazy-leveled   tiers, and one last level that takes them once they are 1/T of it.
// fifo           nothing is written again, and nothing shadowed is let go of.
//
// Sources: O'Neil 1996 (the LSM tree); Dayan 2017 and 2018 (Monkey, Dostoevsky); tests hold the model
// to simulated figures (fixtures/theory.json), and the engine to the model.

import type { Bytes } from '../base/bytes.ts';
import { type DiskImage, fileNamed } from '../disk/image.ts';
import { LevelCursor, MergingCursor, TableCursor, visibleForward } from './cursor.ts';
import { type Limits, type LsmValue, type Strategy, skipListOf, tableNumbered } from './events.ts';
import { falsePositiveRate } from './filter.ts';
import { arenaName, bytesOfLevel, LEVELS, type Version } from './format.ts';
import { compareUser } from './key.ts';
import type { Table } from './table.ts';

export interface Amplification {
  readonly write: number;
  readonly read: number;
  readonly space: number;
}

// ── Theory ──────────────────────────────────────────────────────────────────────────────────────

export interface Policy
  extends Pick<Limits, 'memtableSize' | 'level1Size' | 'levelRatio' | 'level0Trigger'> {
  readonly strategy: Strategy;
  /** leveled: levels are merged as wholes, as in the literature, and not a table at a time. */
  readonly whole?: boolean;
}

/** What was done to a database. */
export interface Load {
  readonly flushes: number;
  /** Bytes of the table that one of them writes. */
  readonly flushBytes: number;
  /** Bytes of a row of each key that there is to write; Infinity: no key comes twice. */
  readonly keyBytes: number;
}

/** What so many flushes cost by theory. Takes time in proportion to them. */
export function expectedAmplification(policy: Policy, load: Load): Amplification {
  const { flushes, flushBytes, keyBytes } = load;
  const union = (a: number, b: number): number => a + b - (a * b) / keyBytes;
  const model = MODELS[policy.strategy](policy, flushBytes, union);
  for (let n = 0; n < flushes; n++) model.flush();
  const runs = [...model.runs(), ...model.levels.filter((size) => size > 0)];
  const stored = runs.reduce((sum, size) => sum + size, 0);
  return {
    write: flushes === 0 ? 0 : model.written / (flushes * flushBytes),
    read: model.runs().length + model.levels.findLastIndex((size) => size > 0) + 1,
    space: stored === 0 ? 1 : stored / runs.reduce(union, 0),
  };
}

interface Model {
  /** Bytes, flushes included. */
  written: number;
  /** Sizes of runs in level 0. */
  runs(): readonly number[];
  /** Sizes of levels from 1 down. */
  readonly levels: number[];
  flush(): void;
}
type Modelled = (
  policy: Policy,
  flushBytes: number,
  union: (a: number, b: number) => number,
) => Model;

const leveledModel: Modelled = (policy, flushBytes, union) => {
  const { levelRatio, level0Trigger, whole = false } = policy;
  let runs: number[] = [];
  /** What level `from` gives to the next, of `x` bytes; `share`: of the next, what these meet. */
  const give = (level: number, x: number, share: number): void => {
    const below = model.levels[level] ?? 0;
    const after = union(below, x);
    // What they do not meet stays as it is; of what they meet, what is shadowed goes.
    model.written += after - below * (1 - share);
    model.levels[level] = after;
  };
  const model: Model = {
    written: 0,
    runs: () => runs,
    levels: [],
    flush() {
      model.written += flushBytes;
      runs.push(flushBytes);
      if (runs.length < level0Trigger) return;
      give(0, runs.reduce(union, 0), 1);
      runs = [];
      for (let level = 0; level < LEVELS - 2; level++) {
        const limit = policy.level1Size * levelRatio ** level;
        const size = model.levels[level] ?? 0;
        if (size < limit) break;
        const x = whole ? size : size - limit;
        give(level + 1, x, whole ? 1 : Math.min(1, x / size / 2));
        model.levels[level] = size - x;
      }
    },
  };
  return model;
};

/** `last`: whether the tiers end in a last level that is one run. */
const tieredModel =
  (last: boolean): Modelled =>
  (policy, flushBytes, union) => {
    const T = policy.levelRatio;
    /** Runs of each tier, the smallest first. */
    const tiers: number[][] = [];
    const model: Model = {
      written: 0,
      runs: () => tiers.flat(),
      levels: [],
      flush() {
        model.written += flushBytes;
        add(0, flushBytes);
      },
    };
    const add = (tier: number, size: number): void => {
      while (tiers.length <= tier) tiers.push([]);
      const runs = tiers[tier] as number[];
      runs.push(size);
      if (runs.length < T) return;
      const merged = runs.reduce(union, 0);
      tiers[tier] = [];
      const isOldest = tiers.slice(tier).every((older) => older.length === 0);
      if (last && isOldest && merged * T >= (model.levels[0] ?? 0)) {
        model.levels[0] = union(model.levels[0] ?? 0, merged);
        model.written += model.levels[0];
        return;
      }
      model.written += merged;
      // Where nearly all keys are there already a run grows no more, and stays in its tier.
      if (merged < size * Math.sqrt(T)) (tiers[tier] as number[]).push(merged);
      else add(tier + 1, merged);
    };
    return model;
  };

const fifoModel: Modelled = (_, flushBytes) => {
  const runs: number[] = [];
  const model: Model = {
    written: 0,
    runs: () => runs,
    levels: [],
    flush() {
      model.written += flushBytes;
      runs.push(flushBytes);
    },
  };
  return model;
};

const MODELS: Record<Strategy, Modelled> = {
  leveled: leveledModel,
  tiered: tieredModel(false),
  'lazy-leveled': tieredModel(true),
  fifo: fifoModel,
};

/**
 * From how many keys so many writes were drawn evenly, if they left so many rows: the K for which
 * rows = K (1 - e^(-writes / K)); Infinity where no key came twice.
 */
export function keysDrawnFrom(writes: number, rows: number): number {
  if (rows >= writes) return Number.POSITIVE_INFINITY;
  let low = rows;
  let high = Math.max(1, rows) * 1e6;
  for (let n = 0; n < 60; n++) {
    const middle = (low + high) / 2;
    if (middle * (1 - Math.exp(-writes / middle)) < rows) low = middle;
    else high = middle;
  }
  return low;
}

// ── Measured ────────────────────────────────────────────────────────────────────────────────────

export interface Content {
  /** In tables: all versions of all keys. */
  readonly entries: number;
  /** What a reader of the tables alone gets, and the bytes of its keys and values. */
  readonly rows: number;
  readonly live: number;
  /**
   * The part of absent keys to which a filter says maybe, by the formula over the filters as they are:
   * none has less than 64 bits, so those of small blocks are better than their bits a key. Where
   * there is none it is 1.
   */
  readonly falsePositives: number;
}

/** By version, since those never change. */
const contents = new WeakMap<Version, Content>();
/** A larger database is not read through for a figure. */
const MOST_READ = 4_000_000;

/** What the tables hold; undefined where they are too large to be read through for that. */
export function contentOf(disk: DiskImage, version: Version): Content | undefined {
  const known = contents.get(version);
  if (known) return known;
  if (version.reduce((sum, files) => sum + bytesOfLevel(files), 0) > MOST_READ) return undefined;
  let entries = 0;
  let [keys, maybes] = [0, 0];
  const open = ({ number }: { readonly number: number }) => tableNumbered(disk, number);
  for (const files of version)
    for (const file of files) {
      const table = open(file);
      for (let block = 0; table && block < table.blocks; block++)
        entries += table.entriesOf(block).length;
      for (const [filter, n] of table ? keysOfFilters(table) : []) {
        keys += n;
        maybes +=
          n * (filter ? falsePositiveRate((8 * (filter.length - 1)) / n, filter.at(-1)) : 1);
      }
    }
  const newestFirst = [...(version[0] ?? [])].reverse();
  const merged = new MergingCursor([
    ...newestFirst.flatMap((file) => {
      const table = open(file);
      return table ? [new TableCursor(table)] : [];
    }),
    ...version.slice(1).map((files) => new LevelCursor(files, open)),
  ]);
  let rows = 0;
  let live = 0;
  for (const { key, value } of visibleForward(merged, undefined, Number.MAX_SAFE_INTEGER)) {
    live += key.length + value.length;
    rows++;
  }
  const content = { entries, rows, live, falsePositives: keys === 0 ? 1 : maybes / keys };
  contents.set(version, content);
  return content;
}

/** Filters of a table, each with how many different keys it was made of. */
function keysOfFilters(table: Table): Map<Bytes | undefined, number> {
  const keys = new Map<Bytes | undefined, number>();
  table.index.forEach(({ handle }, block) => {
    const filter = table.filter?.filterAt(handle.offset);
    let before: Bytes | undefined;
    for (const { key } of table.entriesOf(block)) {
      if (!before || compareUser(before, key) !== 0) keys.set(filter, (keys.get(filter) ?? 0) + 1);
      before = key;
    }
  });
  return keys;
}

export interface AmplificationPoint {
  /** Puts and deletes so far: where the point stands on an axis of work done. */
  readonly operations: number;
  readonly measured: Amplification;
  /** Of the same policy after as many flushes, for keys drawn evenly from as many as seem to be there. */
  readonly theory: Amplification;
}

/** By version: writes that are only in memory change no table. */
const points = new WeakMap<Version, Omit<AmplificationPoint, 'operations'>>();

/**
 * A moment's point of a plot; undefined before the first flush, where the database is too large to be
 * read through, and where fifo has let go of tables (theory does not say of which age readers ask).
 */
export function amplificationAt(disk: DiskImage, value: LsmValue): AmplificationPoint | undefined {
  const { counters, version, strategy, limits } = value;
  const { flushes, flushedBytes, compactedBytes } = counters;
  const operations = counters.puts + counters.deletes;
  const known = points.get(version);
  if (known) return { operations, ...known };
  const content = flushes === 0 || value.dropped > 0 ? undefined : contentOf(disk, version);
  if (!content) return undefined;
  let inMemory = 0;
  for (const number of [value.memtable, value.immutable]) {
    const arena = number === undefined ? undefined : fileNamed(disk, arenaName(number));
    if (arena) inMemory += skipListOf(arena).entries;
  }
  const flushed = Math.max(1, operations - inMemory);
  const keys = keysDrawnFrom(flushed, content.rows);
  const point = {
    measured: {
      write: (flushedBytes + compactedBytes) / flushedBytes,
      read: (version[0]?.length ?? 0) + version.slice(1).filter((files) => files.length > 0).length,
      space: content.rows === 0 ? 1 : content.entries / content.rows,
    },
    theory: expectedAmplification(
      { strategy, ...limits },
      {
        flushes,
        flushBytes: flushedBytes / flushes,
        keyBytes: (keys * flushedBytes) / flushed,
      },
    ),
  };
  points.set(version, point);
  return { operations, ...point };
}

/** A plot over a run: its moments, or as many of them as one wants, in order. */
export const amplificationSeries = (
  moments: Iterable<{ readonly disk: DiskImage; readonly value: LsmValue }>,
): AmplificationPoint[] =>
  [...moments].flatMap(({ disk, value }) => amplificationAt(disk, value) ?? []);
