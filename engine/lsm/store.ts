// A key-value store of bytes on this engine: the short way for whoever does not watch. The files are
// those of the lab, byte for byte, and so LevelDB's; only what nobody keeps an image of is held
// otherwise: the memtable is one stretch of bytes, and no event is told.
//
//   putBatch ─▶ log ─▶ memtable ─▶ (full) ─▶ table ─▶ compaction         as in db.ts
//   commit   ─▶ the log is synced: what was put until now survives
//
// What makes the way short is in the pieces themselves: a search compares keys where they lie in the
// arena or in a block, a cursor is a place that moves (cursor.ts), and an entry goes from table to table
// without becoming an object.

import type { Bytes } from '../base/bytes.ts';
import { Disk } from '../disk/disk.ts';
import { type DiskImage, EMPTY_IMAGE } from '../disk/image.ts';
import { ALONE, Change, eachRow, getUnwatched } from './alone.ts';
import type { Place } from './block.ts';
import { compact, type Pick, pickManual } from './compaction.ts';
import { createDb, type Db, type Options, valueFor } from './db.ts';
import { CURRENT } from './format.ts';
import { recover } from './recover.ts';

const MIB = 2 ** 20;

/** LevelDB's sizes. */
export const LEVELDB: Options = {
  strategy: 'leveled',
  memtableSize: 4 * MIB,
  tableSize: 2 * MIB,
  level1Size: 10 * MIB,
  levelRatio: 10,
  level0Trigger: 4,
  level0Slowdown: 8,
  level0Stop: 12,
  // In memory a look in vain costs next to nothing: no compaction for its sake.
  allowedSeeks: Number.POSITIVE_INFINITY,
  table: { blockSize: 4096, restartInterval: 16, bitsPerKey: 10, filterLg: 11 },
  sync: 'commit',
  fifoBytes: 0,
  fifoTtl: 0,
  seed: 1,
  sabotage: new Set(),
};

/** A key and its value; without a value the key is to be deleted. */
export type Row = readonly [key: Bytes, value: Bytes | undefined];

export class Store {
  readonly #db: Db;

  private constructor(db: Db) {
    this.#db = db;
  }

  /** On what a disk holds: an empty one, or the folder of a LevelDB. */
  static open(image: DiskImage = EMPTY_IMAGE, options: Partial<Options> = {}): Store {
    const all = { ...LEVELDB, ...options, alone: ALONE };
    const disk = new Disk(image, { unlogged: true });
    return new Store(disk.has(CURRENT) ? recover(disk, valueFor(all), all) : createDb(disk, all));
  }

  /** All of it or nothing, in this order; of a key that comes twice the last counts. */
  putBatch(rows: readonly Row[]): void {
    this.#db.write(rows.map((row) => new Change(row[0], row[1])));
  }

  /** All that was put until now survives a power cut. */
  commit(): void {
    this.#db.commit();
  }

  /** A view of the value; undefined where there is none. */
  get(key: Bytes): Bytes | undefined {
    return getUnwatched(this.#db, key, this.#db.value.lastSequence);
  }

  /** Rows from `from` to `to`, both included, in order; `row` is valid until `visit` returns, a view of its value longer. */
  scan(from: Bytes | undefined, to: Bytes | undefined, visit: (row: Place) => void): number {
    return eachRow(this.#db, from, to, this.#db.value.lastSequence, visit);
  }

  /** Flushes, and merges all tables down to the deepest level. Returns the bytes read and written by merges. */
  compact(): number {
    const db = this.#db;
    const { counters } = db;
    const before = counters.mergedBytes + counters.compactedBytes;
    db.flush();
    const pick = pickAll(db) ?? pickManual(db, undefined, undefined, 0);
    if (pick) compact(db, pick);
    db.background();
    return counters.mergedBytes + counters.compactedBytes - before;
  }

  /** Tables of each level. */
  get tables(): readonly number[] {
    return this.#db.value.version.map(({ length }) => length);
  }

  /** The folder as it is. */
  image(): DiskImage {
    return this.#db.image();
  }
}

/**
 * Everything at once into the deepest level that has a table, as long as there is something to merge:
 * each entry is read and written once, where level after level would do so again and again.
 */
function pickAll(db: Db): Pick | undefined {
  const { version } = db.value;
  if (db.options.strategy !== 'leveled') return undefined;
  const filled = version.flatMap((files, level) => (files.length > 0 ? [{ level, files }] : []));
  const [first, ...rest] = filled;
  const target = Math.max(1, filled.at(-1)?.level ?? 0);
  if (!first || (first.level === target && first.level > 0)) return undefined;
  const overlaps = rest.at(-1)?.level === target ? (rest.pop()?.files ?? []) : [];
  const { level, files: inputs } = first;
  return {
    why: 'manual',
    level,
    target,
    inputs,
    between: rest,
    overlaps,
    score: 0,
    widened: false,
  };
}
