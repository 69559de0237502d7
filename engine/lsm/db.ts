// The engine at work on a disk: the write path, the flush, and the change of version.
//
//   put ─▶ log (a batch, appended)  ─▶ memtable (skip list)
//                                        │ full: frozen, a new log and a new memtable take over
//                                        ▼
//                                      table in level 0 … 2 ─▶ MANIFEST (a VersionEdit, synced) ─▶ version
//
// The order of these steps is what durability is made of. A table is synced, and its name in the
// directory too, before the manifest says that it is live; the log goes only when the manifest that
// needs it no more is synced. At every write in between a power cut leaves a database that opens.
//
// Background work (flush, compaction) runs at the end of the write that made it due, on its own until
// nothing is due, unless it is held; then writers wait as they would for a slow disk.

import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Disk, File } from '../disk/disk.ts';
import { type DiskImage, fileNamed } from '../disk/image.ts';
import { encodeBatch, type Operation } from './batch.ts';
import { compactAsDue, RESERVED } from './compaction.ts';
import { type Cursor, LevelCursor, MergingCursor, SkipListCursor, TableCursor } from './cursor.ts';
import type { Counters, Limits, LsmEvent, LsmValue, Strategy } from './events.ts';
import { overlapsRange } from './events.ts';
import {
  applyEdit,
  arenaName,
  bytesOfLevel,
  COMPARATOR,
  CURRENT,
  currentFor,
  EMPTY_VERSION,
  encodeEdit,
  LEVELS,
  logName,
  manifestName,
  type TableFile,
  tableName,
  temporaryName,
  type VersionEdit,
} from './format.ts';
import { DELETION, internalKey, userKeyOf, VALUE } from './key.ts';
import type { Locator, LocatorBuilder } from './locator.ts';
import { frameRecord, LOG_BLOCK } from './log.ts';
import { Output } from './output.ts';
import {
  type Arena,
  addToSkipList,
  createSkipList,
  heightFor,
  type OwnArena,
  SkipList,
} from './skiplist.ts';
import { Table, type TableOptions } from './table.ts';

export type Sabotage =
  | 'no-sync'
  | 'early-tombstone'
  | 'wrong-filter'
  | 'lonely-pick'
  | 'manifest-first';

/**
 * The policy. A memtable is frozen when its arena has `memtableSize` bytes; a compaction begins a new
 * table at `tableSize`; level 1 may have `level1Size`, each further level `levelRatio` times more.
 */
export interface Options extends Limits {
  readonly strategy: Strategy;
  /** Looks in vain after which a table is compacted. */
  readonly allowedSeeks: number;
  readonly table: TableOptions;
  /** When the log is synced: by `commit` only, or at every write. */
  readonly sync: 'commit' | 'write';
  /** 0: no limit. */
  readonly fifoBytes: number;
  /** In µs; 0: no limit. */
  readonly fifoTtl: number;
  readonly seed: number;
  readonly sabotage: ReadonlySet<string>;
  /** Nobody watches, and nobody keeps images of the memory. */
  readonly alone?: Alone;
}

/** The short ways of whoever is alone with the engine (alone.ts). */
export interface Alone {
  pool(options: Options): Pool;
  /** The first operation has that sequence. */
  addBatch(list: SkipList, operations: readonly Operation[], first: number, seed: number): void;
  /** A batch as it goes to the log at an offset; valid until the next, and not kept for the ledger. */
  framed(first: number, operations: readonly Operation[], offset: number): Uint8Array;
  locator(): LocatorBuilder;
  /** Kept, so that compilers do not forget how they look: see there. */
  readonly shapes: readonly object[];
  /** All of a memtable in order, as a flush wants it. */
  sorted(list: SkipList): Cursor;
}

/** Bytes of a store that are written over when they are no longer used: for a memtable, for a table. */
export interface Pool {
  /** Of a memtable: one that no image holds. */
  arena(): OwnArena;
  giveArena(arena: Arena): void;
  /** For a table of about so many bytes. */
  take(size: number): Uint8Array;
  /** What was written into them: those bytes, or a copy where little of them is used. */
  keep(written: Uint8Array): Uint8Array;
  /** Of a table that is no more; nobody looks into them. */
  give(bytes: Bytes): void;
}

/** LevelDB sleeps a millisecond at the slowdown; a write takes about ten here. */
const SLOWDOWN_US = 1000;
const WRITE_US = 10;
/** A flush goes no deeper than this, to be near what comes after it. */
const DEEPEST_FLUSH = 2;

const ZERO: Counters = {
  puts: 0,
  deletes: 0,
  gets: 0,
  userBytes: 0,
  logBytes: 0,
  manifestBytes: 0,
  flushedBytes: 0,
  compactedBytes: 0,
  mergedBytes: 0,
  flushes: 0,
  compactions: 0,
  moves: 0,
  probes: 0,
  blocksRead: 0,
  filterNo: 0,
  falsePositives: 0,
  slowdowns: 0,
  stalls: 0,
};

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function valueFor(options: Options): LsmValue {
  const { memtableSize, tableSize, level1Size, levelRatio } = options;
  const { level0Trigger, level0Slowdown, level0Stop } = options;
  return {
    strategy: options.strategy,
    limits: {
      memtableSize,
      tableSize,
      level1Size,
      levelRatio,
      level0Trigger,
      level0Slowdown,
      level0Stop,
    },
    version: EMPTY_VERSION,
    memtable: 0,
    immutable: undefined,
    manifest: 0,
    logNumber: 0,
    nextFile: 1,
    lastSequence: 0,
    pointers: Array.from({ length: LEVELS }, () => undefined),
    acknowledged: 0,
    dropped: 0,
    snapshots: [],
    held: { flush: false, compaction: false },
    waiting: [],
    seeks: {},
    seekFile: undefined,
    created: {},
    time: 0,
    counters: ZERO,
    job: undefined,
    readOnly: false,
    damage: [],
  };
}

/** Chunks of a file: a sector where tables are tiny, a page where they are not. */
const chunkFor = (bytes: number): number => (bytes <= 8192 ? 512 : 4096);

const CHUNK_ALONE = 65536;

export class Db {
  readonly disk: Disk;
  readonly options: Options;
  readonly tell: ((event: LsmEvent) => void) | undefined;
  /** The working value; its fields are replaced, what they hold is immutable. */
  readonly value: Mutable<LsmValue>;
  readonly counters: Mutable<Counters>;
  /** Records of batches in the order in which they were written: what the lab holds the engine to. */
  readonly written: Uint8Array[] = [];
  readonly #base: DiskImage;
  readonly pool: Pool | undefined;
  #output: Output | undefined;
  /** Files with lower numbers are in an image that somebody has. */
  #shown = 0;
  readonly #tables = new Map<number, Table>();
  readonly #lists = new Map<number, SkipList>();
  /** Alone: tables that were written here, not found, and where in them each key is. */
  readonly #fresh = new Map<number, Locator | undefined>();

  constructor(
    disk: Disk,
    base: DiskImage,
    value: LsmValue,
    options: Options,
    tell?: (event: LsmEvent) => void,
  ) {
    this.disk = disk;
    this.#base = base;
    this.value = { ...value };
    this.counters = { ...value.counters };
    this.options = options;
    this.pool = options.alone?.pool(options);
    this.tell = tell;
  }

  /** The value as it is now, to keep. */
  sealed(): LsmValue {
    return { ...this.value, counters: { ...this.counters } };
  }

  // ── Files ─────────────────────────────────────────────────────────────────────────────────────

  newNumber(): number {
    return this.value.nextFile++;
  }

  /** The disk as it is, to keep. */
  image(): DiskImage {
    this.#shown = this.value.nextFile;
    return this.disk.seal();
  }

  /** A table was written here: its checksums need no look, and its keys are known. */
  ours(number: number, locator: Locator | undefined): void {
    this.#fresh.set(number, locator);
  }

  create(
    name: string,
    chunk = this.options.alone ? CHUNK_ALONE : chunkFor(this.options.tableSize),
  ): File {
    assert(!this.disk.has(name), `${name} is new`);
    return this.disk.open(name, 'durable', chunk);
  }

  /** A file that is there already. */
  durable(name: string): File {
    assert(this.disk.has(name), `there is a file ${name}`);
    return this.disk.open(name, 'durable');
  }

  /** The table with that number, read once; undefined where there is no such file. */
  table(number: number): Table | undefined {
    const known = this.#tables.get(number);
    if (known) return known;
    const name = [tableName(number), tableName(number).replace(/ldb$/, 'sst')].find((name) =>
      this.disk.has(name),
    );
    if (!name) return undefined;
    const blocks = fileNamed(this.#base, name)?.now.blocks;
    const file = this.durable(name);
    const { options } = this;
    const shared = blocks && opened.get(blocks);
    const table =
      shared?.bytes.length === file.size
        ? shared
        : new Table(
            options.alone && file.chunks === 1
              ? file.chunk(0).subarray(0, file.size)
              : file.read(0, file.size),
            this.#fresh.has(number),
            this.#fresh.get(number),
          );
    if (blocks) opened.set(blocks, table);
    this.#tables.set(number, table);
    return table;
  }

  /** The skip list of a memtable; undefined where there is none (after a crash, before recovery). */
  list(number: number): SkipList | undefined {
    const known = this.#lists.get(number);
    if (known) return known;
    const name = arenaName(number);
    if (!this.disk.has(name)) return undefined;
    const list = new SkipList(this.disk.open(name, 'memory'));
    this.#lists.set(number, list);
    return list;
  }

  /** What writes the next table. */
  get output(): Output {
    this.#output ??= new Output(this);
    return this.#output;
  }

  newMemtable(number: number): void {
    this.value.memtable = number;
    if (this.pool) {
      const arena = this.pool.arena();
      createSkipList(arena);
      this.#lists.set(number, new SkipList(arena));
      return;
    }
    const arena = this.disk.open(arenaName(number), 'memory', chunkFor(this.options.memtableSize));
    createSkipList(arena);
  }

  /** Lets go of a memtable. */
  forget(number: number): void {
    this.#lists.delete(number);
    this.remove([arenaName(number)]);
  }

  remove(names: readonly string[]): void {
    for (const name of names) if (this.disk.has(name)) this.disk.remove(name);
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /** Whether writers wait: the memtable is full and nothing can take its place. */
  blocked(): 'flush' | 'stop' | undefined {
    const list = this.list(this.value.memtable);
    if (!list || list.used < this.options.memtableSize) return undefined;
    if (this.value.immutable !== undefined) return 'flush';
    return this.debt() >= this.options.level0Stop ? 'stop' : undefined;
  }

  /** Tables of level 0 that wait for a compaction; for tiers, runs of the smallest one. */
  debt(): number {
    const runs = this.value.version[0] as readonly TableFile[];
    if (this.options.strategy === 'fifo') return 0;
    if (this.options.strategy === 'leveled') return runs.length;
    const most = this.options.memtableSize * this.options.levelRatio;
    return runs.filter(({ size }) => size < most).length;
  }

  /** One batch: all of it or nothing. Waits where the engine stalls. */
  write(operations: readonly Operation[]): void {
    const why = this.blocked();
    if (why) {
      this.value.waiting = [...this.value.waiting, operations];
      this.counters.stalls++;
      const tables = this.value.version[0]?.length ?? 0;
      this.tell?.({ kind: 'stall', why, tables, waiting: this.value.waiting.length });
      return;
    }
    const debt = this.debt();
    if (debt >= this.options.level0Slowdown) {
      this.value.time += SLOWDOWN_US;
      this.counters.slowdowns++;
      this.tell?.({ kind: 'slowdown', tables: debt, limit: this.options.level0Slowdown });
    }
    this.#apply(operations);
    this.background();
  }

  #apply(operations: readonly Operation[]): void {
    const { value, counters } = this;
    const first = value.lastSequence + 1;
    const log = this.durable(logName(value.memtable));
    const offset = log.size;
    const framed =
      this.options.alone?.framed(first, operations, offset) ?? this.#framed(operations, offset);
    log.write(offset, framed);
    counters.logBytes += framed.length;
    value.time += WRITE_US;
    this.tell?.({
      kind: 'log',
      log: value.memtable,
      offset,
      bytes: framed.length,
      fragments:
        1 + Math.floor((offset + framed.length - 1) / LOG_BLOCK) - Math.floor(offset / LOG_BLOCK),
      sequence: first,
      operations: operations.map(({ key, value }) => ({
        key,
        size: key.length + (value?.length ?? 0),
        isPut: value !== undefined,
      })),
    });
    if (this.options.sync === 'write') this.#syncLog();
    const list = this.list(value.memtable) as SkipList;
    if (this.options.alone) {
      this.options.alone.addBatch(list, operations, first, this.options.seed);
      value.lastSequence += operations.length;
      for (const { key, value: bytes } of operations) {
        counters.userBytes += key.length + (bytes?.length ?? 0);
        if (bytes) counters.puts++;
        else counters.deletes++;
      }
    } else
      for (const { key, value: bytes } of operations) {
        const sequence = ++value.lastSequence;
        const height = heightFor(this.options.seed, sequence);
        const internal = internalKey(key, sequence, bytes ? VALUE : DELETION);
        const node = addToSkipList(
          list,
          list.arena as OwnArena,
          internal,
          bytes ?? NOTHING,
          height,
        );
        counters.userBytes += key.length + (bytes?.length ?? 0);
        if (bytes) counters.puts++;
        else counters.deletes++;
        this.tell?.({
          kind: 'insert',
          key,
          sequence,
          isPut: bytes !== undefined,
          height,
          compared: list.compared,
          node,
          used: list.used,
        });
      }
    if (this.options.sync === 'write') value.acknowledged = value.lastSequence;
  }

  #framed(operations: readonly Operation[], offset: number): Uint8Array {
    const record = encodeBatch(this.value.lastSequence + 1, operations);
    this.written.push(record);
    return frameRecord(record, offset);
  }

  /** The log in use; an older one was synced when its memtable was frozen. */
  #syncLog(): void {
    const { value } = this;
    if (this.options.sabotage.has('no-sync')) return;
    const log = this.durable(logName(value.memtable));
    log.sync();
    this.tell?.({
      kind: 'sync',
      log: value.memtable,
      sequence: value.lastSequence,
      bytes: log.size,
    });
  }

  /** All writes so far become durable. */
  commit(): void {
    const { value } = this;
    if (value.acknowledged === value.lastSequence) {
      this.tell?.({ kind: 'nothing', command: 'commit' });
      return;
    }
    this.#syncLog();
    value.acknowledged = value.lastSequence;
    this.tell?.({
      kind: 'committed',
      sequence: value.lastSequence,
      synced: !this.options.sabotage.has('no-sync'),
    });
  }

  // ── Flush ─────────────────────────────────────────────────────────────────────────────────────

  /** Everything that is due and not held, until nothing is; then writers that waited go on. */
  background(): void {
    if (this.value.readOnly) return;
    for (;;) {
      this.#flushAsDue();
      if (!this.value.held.compaction) compactAsDue(this);
      this.#flushAsDue();
      if (this.value.waiting.length === 0 || this.blocked()) return;
      const [next, ...rest] = this.value.waiting as [readonly Operation[], ...never[]];
      this.value.waiting = rest;
      this.tell?.({ kind: 'proceed', left: rest.length });
      this.#apply(next);
    }
  }

  #flushAsDue(): void {
    const { value } = this;
    if (value.immutable !== undefined && !value.held.flush) this.flushImmutable('full');
    const list = this.list(value.memtable);
    if (!list || list.used < this.options.memtableSize || this.blocked()) return;
    this.freeze('full');
    if (!value.held.flush) this.flushImmutable('full');
  }

  /** `flush`: freezes the memtable, whatever is in it, and writes its table. False where it is empty. */
  flush(): boolean {
    const { value } = this;
    if (value.immutable !== undefined) this.flushImmutable('asked');
    if ((this.list(value.memtable)?.entries ?? 0) === 0) return false;
    this.freeze('asked');
    this.flushImmutable('asked');
    return true;
  }

  /** The memtable becomes immutable; a new log and a new memtable take its place. */
  freeze(why: 'full' | 'asked'): void {
    const { value } = this;
    const frozen = value.memtable;
    const list = this.list(frozen) as SkipList;
    const { used, entries } = list;
    // A commit syncs the log that is in use: what the old one holds must be safe before that.
    const old = this.durable(logName(frozen));
    if (!this.options.sabotage.has('no-sync')) old.sync();
    const next = this.newNumber();
    this.create(logName(next));
    this.disk.syncDirectory();
    this.newMemtable(next);
    value.immutable = frozen;
    this.tell?.({ kind: 'freeze', memtable: frozen, next, used, entries, why });
  }

  flushImmutable(why: 'full' | 'asked'): void {
    const { value } = this;
    const number = value.immutable as number;
    const list = this.list(number) as SkipList;
    value.job = {
      kind: 'flush',
      why,
      level: 0,
      target: 0,
      inputs: [],
      overlaps: [],
      outputs: [],
      entries: list.entries,
      done: 0,
    };
    const cursor = this.options.alone?.sorted(list) ?? new SkipListCursor(list);
    const file = this.writeTable(cursor);
    const level = this.placeOf(file);
    this.counters.flushes++;
    this.counters.flushedBytes += file.size;
    value.immutable = undefined;
    value.logNumber = value.memtable;
    this.install(
      { logNumber: value.memtable, previousLog: 0, added: [{ level, file }] },
      'flush',
      [file],
      level,
    );
    // All that was frozen is in a synced table now.
    value.acknowledged = Math.max(value.acknowledged, list.lastSequence());
    value.job = undefined;
    this.#lists.delete(number);
    this.pool?.giveArena(list.arena);
    const obsolete = [arenaName(number), logName(number)];
    this.remove(obsolete);
    this.tell?.({ kind: 'obsolete', files: obsolete });
  }

  /**
   * LevelDB puts a flushed table deeper than level 0 where that saves a compaction: no further than
   * level 2, as long as it meets nothing there and little below. Runs of tiers stay in level 0.
   */
  placeOf(file: TableFile): number {
    if (this.options.strategy !== 'leveled') return 0;
    const [from, to] = [userKeyOf(file.smallest), userKeyOf(file.largest)];
    const meets = (level: number): readonly TableFile[] =>
      (this.value.version[level] ?? []).filter((other) => overlapsRange(other, from, to));
    if (meets(0).length > 0) return 0;
    let level = 0;
    while (level < DEEPEST_FLUSH && meets(level + 1).length === 0) {
      if (bytesOfLevel(meets(level + 2)) > 10 * this.options.tableSize) break;
      level++;
    }
    return level;
  }

  /** Writes all of a sorted source into one table, from `cursor` on. */
  writeTable(cursor: Cursor): TableFile {
    const { output } = this;
    output.begin(0, 'memtable', this.newTableNumber());
    const { place } = cursor;
    let done = 0;
    for (cursor.seek(undefined); place.length > 0; cursor.next()) {
      output.add(place);
      done++;
      if (output.isAtBlock && this.value.job)
        this.value.job = { ...this.value.job, done, cursor: userKeyOf(place.key as Bytes) };
    }
    return output.finish();
  }

  /** A number for a table of the newest data, with room behind it where runs are merged in level 0. */
  newTableNumber(): number {
    const number = this.newNumber();
    const { strategy } = this.options;
    if (strategy === 'tiered' || strategy === 'lazy-leveled') this.value.nextFile += RESERVED;
    return number;
  }

  // ── The version ───────────────────────────────────────────────────────────────────────────────

  /** Makes an edit durable in the manifest, and with it the new tables live. */
  install(
    edit: VersionEdit,
    from: 'flush' | 'compaction' | 'move' | 'drop' | 'recovery',
    fresh: readonly TableFile[] = [],
    placed?: number,
  ): void {
    const { value } = this;
    const isRash = this.options.sabotage.has('manifest-first');
    if (!isRash) this.#syncTables(fresh);
    const { nextFile, lastSequence } = value;
    const record = encodeEdit({ ...edit, nextFile, lastSequence });
    const manifest = this.durable(manifestName(value.manifest));
    const framed = frameRecord(record, manifest.size);
    manifest.write(manifest.size, framed);
    manifest.sync();
    if (isRash) this.#syncTables(fresh);
    this.counters.manifestBytes += framed.length;
    value.version = applyEdit(value.version, edit);
    if (edit.pointers) {
      const pointers = [...value.pointers];
      for (const { level, key } of edit.pointers) pointers[level] = key;
      value.pointers = pointers;
    }
    for (const { number } of edit.removed ?? []) {
      if (edit.added?.some(({ file }) => file.number === number)) continue;
      const table = this.#tables.get(number);
      if (table && !table.isLent && number >= this.#shown && this.#fresh.has(number))
        this.pool?.give(table.bytes);
      this.#tables.delete(number);
      this.#fresh.delete(number);
      if (value.seeks[number] !== undefined) value.seeks = without(value.seeks, number);
      if (value.created[number] !== undefined) value.created = without(value.created, number);
    }
    this.tell?.({
      kind: 'install',
      manifest: value.manifest,
      bytes: framed.length,
      added: edit.added?.map(({ level, file }) => ({ level, number: file.number })) ?? [],
      removed: edit.removed ?? [],
      from,
      ...(placed !== undefined && { placed }),
    });
  }

  #syncTables(files: readonly TableFile[]): void {
    for (const { number } of files) this.durable(tableName(number)).sync();
    if (files.length > 0) this.disk.syncDirectory();
  }

  /** A new manifest that begins with the whole version, and CURRENT to name it. */
  newManifest(number = this.newNumber()): void {
    const { value } = this;
    value.manifest = number;
    const { version, logNumber, nextFile, lastSequence, pointers } = value;
    const edit: VersionEdit = {
      comparator: COMPARATOR,
      logNumber,
      previousLog: 0,
      nextFile,
      lastSequence,
      pointers: pointers.flatMap((key, level) => (key ? [{ level, key }] : [])),
      added: version.flatMap((files, level) => files.map((file) => ({ level, file }))),
    };
    const manifest = this.create(manifestName(value.manifest));
    manifest.write(0, frameRecord(encodeEdit(edit), 0));
    manifest.sync();
    // CURRENT changes by a rename: the old one or the new one, never half of both.
    const temporary = temporaryName(value.manifest);
    const current = this.create(temporary);
    current.write(0, currentFor(value.manifest));
    current.sync();
    this.disk.syncDirectory();
    this.disk.rename(temporary, CURRENT);
    this.disk.syncDirectory();
  }

  /** A table of which somebody gets views. */
  #lent(number: number): Table | undefined {
    const table = this.table(number);
    if (table) table.isLent = true;
    return table;
  }

  /** Sources of a read over a range of user keys, newest first. */
  sources(from?: Bytes, to?: Bytes): { merged: MergingCursor; where: readonly SourceName[] } {
    const cursors = [];
    const where: SourceName[] = [];
    for (const [number, kind] of [
      [this.value.memtable, 'memtable'],
      [this.value.immutable, 'immutable'],
    ] as const) {
      const list = number === undefined ? undefined : this.list(number);
      if (!list) continue;
      cursors.push(new SkipListCursor(list));
      where.push({ kind });
    }
    for (const file of [...(this.value.version[0] ?? [])].reverse()) {
      const table = overlapsRange(file, from, to) ? this.#lent(file.number) : undefined;
      if (!table) continue;
      cursors.push(new TableCursor(table));
      where.push({ kind: 'table', level: 0, table: file.number });
    }
    for (let level = 1; level < LEVELS; level++) {
      const files = (this.value.version[level] ?? []).filter((file) =>
        overlapsRange(file, from, to),
      );
      if (files.length === 0) continue;
      const cursor = new LevelCursor(files, ({ number }) => this.#lent(number));
      cursors.push(cursor);
      where.push({
        kind: 'table',
        level,
        get table() {
          return cursor.file?.number;
        },
      });
    }
    return { merged: new MergingCursor(cursors), where };
  }
}

function without(record: Readonly<Record<string, number>>, number: number) {
  const { [number]: _, ...rest } = record;
  return rest;
}

export interface SourceName {
  readonly kind: 'memtable' | 'immutable' | 'table';
  readonly level?: number;
  readonly table?: number | undefined;
}

const NOTHING = new Uint8Array(0);
const opened = new WeakMap<object, Table>();

/** Lays out a new database: MANIFEST-000002, 000003.log, CURRENT, as LevelDB does. */
export function createDb(disk: Disk, options: Options): Db {
  // LevelDB writes a first manifest, 1, opens the database at once and writes the second.
  const db = new Db(disk, disk.seal(), { ...valueFor(options), nextFile: 2 }, options);
  const manifest = db.newNumber();
  const log = db.newNumber();
  db.value.logNumber = log;
  db.create(logName(log));
  db.newMemtable(log);
  db.newManifest(manifest);
  return db;
}

/** The same, with nobody left to write to it: what is kept between commands. */
export function createDatabase(disk: Disk, options: Options): LsmValue {
  return createDb(disk, options).sealed();
}
