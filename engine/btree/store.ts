// A key-value store on SQLite's pages: bytes to bytes, ordered by memcmp. It is the table
//
//   CREATE TABLE kv(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID
//
// so every cell is a row, in leaves and interior pages alike, and what is written is a database that
// sqlite3 opens. The pages are the pager's; splitting and merging is the tree's. What is here is the
// short way for whoever does not watch: finding a key and entering a cell straight on the bytes.
//
// Three things make it short.
//
//   No objects. A search leaves its place in fields; a row is written into its page, not into a cell
//   first. One get makes one object, the view that it hands out.
//
//   Known prefixes. All keys between two others begin with what those two share. On the way down
//   the neighbours below and above are known, so a comparison starts behind what the key shares with
//   both: here behind `0000`, then behind `0000a`.
//
//        0000a3… │ 0000c0…              searching 0000a9…
//              └── 0000a1… 0000a8… 0000ab…
//
//   A finger. A batch is sorted. The next key of it goes on from the page where the last one went,
//   up only as far as a page that can hold it: each level remembers the key that ends it.

import { Complaint } from '../base/assert.ts';
import { type Bytes, compareBytes, setU16, u16, u32 } from '../base/bytes.ts';
import { Disk } from '../disk/disk.ts';
import type { DiskImage, Source } from '../disk/image.ts';
import { changedChunks, fileNamed } from '../disk/image.ts';
import { insertCell, startPage } from './cells.ts';
import { FILES } from './events.ts';
import { writeHeader } from './header.ts';
import { INDEX_INTERIOR, INDEX_LEAF, Page, payloadOf, TABLE_LEAF } from './page.ts';
import { Pager, ROOT } from './pager.ts';
import { keyedRecord, writeRecord } from './record.ts';
import { BTree, DEFAULT_POLICY } from './tree.ts';
import { readSize, sizeOfVarint, varintSize, writeVarint } from './varint.ts';

export const STORE_SCHEMA = 'CREATE TABLE kv(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID';
/** Rows in ascending order leave full pages behind. */
const POLICY = { ...DEFAULT_POLICY, split: 'rightmost' } as const;
/** A tree deeper than this has a loop. */
const DEEPEST = 40;
/** The header of a record of two columns takes at most so many bytes. */
const RECORD_HEADER = 1 + 3 + 4;
/** Up to so many bytes a loop copies faster than a call. */
const SHORT = 24;
/** Longer values are for files. */
export const MOST_VALUE = 2 ** 20;
const NOTHING = new Uint8Array(0);

/** A key and its value; without a value the key is to be deleted. */
export type Row = readonly [key: Bytes, value: Bytes | undefined];

/** Thrown where a page is wanted that is not in memory. Whoever fetches it calls again. */
export class Missing extends Error {
  readonly page: number;
  constructor(page: number) {
    super(`page ${page} is not in memory`);
    this.name = 'Missing';
    this.page = page;
  }
}

export interface StoreOptions {
  /** A power of two from 512 to 32768; of a new store. */
  readonly pageSize?: number;
}

export class Store {
  readonly pageSize: number;
  #disk: Disk;
  #pager: Pager;
  #tree: BTree;
  /** How much of a record stays in its page. */
  readonly #mostLocal: number;
  /** A key lies in its page whole: what follows it may go to overflow pages. */
  readonly #mostKey: number;
  /** The image at the last `changes()`: what differs from it is new. */
  #before: DiskImage;
  readonly #source: Source | undefined;

  // The way of the last search, by level from the root: page, bytes, index; and where the key stands
  // that ends the page, an empty array where none does.
  readonly #pages: number[] = [];
  readonly #bytes: Bytes[] = [];
  readonly #indexes: number[] = [];
  readonly #ends: Bytes[] = [];
  readonly #endsAt: number[] = [];
  /** The level where the last search ended; -1 where the way no longer holds. */
  #level = -1;
  readonly #cursor = new Cursor();

  private constructor(disk: Disk, pageSize: number, source?: Source) {
    this.#disk = disk;
    this.pageSize = pageSize;
    this.#source = source;
    this.#pager = new Pager(disk, pageSize);
    this.#tree = new BTree(this.#pager, ROOT, POLICY);
    this.#before = disk.seal();
    this.#mostLocal = Math.floor(((pageSize - 12) * 64) / 255) - 23;
    this.#mostKey = Math.floor(((pageSize - 12) * 32) / 255) - 23 - RECORD_HEADER;
  }

  /** An empty store in memory. */
  static create({ pageSize = 4096 }: StoreOptions = {}): Store {
    const powerOfTwo = (pageSize & (pageSize - 1)) === 0;
    if (!(pageSize >= 512 && pageSize <= 32768 && powerOfTwo))
      throw new Complaint(
        `a store has pages of 512 to 32768 bytes, a power of two; found ${pageSize}`,
      );
    const disk = new Disk();
    const store = new Store(disk, pageSize);
    store.#start();
    return store;
  }

  /** Page 1 with the schema, page 2 the empty root. */
  #start(): void {
    const first = this.#pager.write(1);
    writeHeader(first, this.pageSize, 2);
    startPage(first, 1, this.pageSize, TABLE_LEAF);
    const record = writeRecord(['table', 'kv', 'kv', ROOT, STORE_SCHEMA]);
    const cell = new Uint8Array(record.length + 2);
    cell.set(record, writeVarint(cell, 0, record.length) + writeVarint(cell, 1, 1));
    insertCell(new Page(first, 1), 0, cell);
    startPage(this.#pager.write(ROOT), ROOT, this.pageSize, INDEX_LEAF);
  }

  /** A store whose `pages` pages are fetched as they are needed: `source` throws Missing for one that is not there yet. */
  static over(source: Source, pages: number, pageSize: number): Store {
    const content = { size: pages * pageSize, blocks: [] };
    const file = { kind: 'durable', chunkSize: pageSize, now: content, synced: content } as const;
    const names = new Map([[FILES.database, 1]]);
    const disk = new Disk({
      names,
      syncedNames: names,
      files: new Map([[1, { ...file, source }]]),
      pending: undefined,
      nextFile: 2,
      writes: 0,
      syncs: 0,
    });
    return new Store(disk, pageSize, source);
  }

  /** Why a row cannot be put, in one sentence; undefined where it can. */
  faultOf([key, value]: Row): string | undefined {
    if (key.length > this.#mostKey)
      return `a key has at most ${this.#mostKey} bytes on pages of ${this.pageSize}; found ${key.length}`;
    if (value && value.length > MOST_VALUE)
      return `a value has at most ${MOST_VALUE} bytes; found ${value.length}`;
    return undefined;
  }

  /** How many pages the database has. */
  get pages(): number {
    return this.#pager.pages;
  }

  /** The bytes of a page, to be read. */
  page(number: number): Bytes {
    return this.#pager.read(number);
  }

  /** The pages that differ from what they were at the last call, ascending; all of a new store. */
  changes(): (readonly [page: number, bytes: Bytes])[] {
    const now = this.#disk.seal();
    const cache = fileNamed(now, FILES.cache);
    const before = fileNamed(this.#before, FILES.cache);
    const pages: (readonly [number, Bytes])[] = [];
    if (cache && before)
      for (const index of changedChunks(before.now, cache.now)) {
        const bytes = this.#pager.read(index + 1);
        // A page that was only read came from the source as it is.
        if (this.#source === undefined || bytes !== this.#fetched(index))
          pages.push([index + 1, bytes]);
      }
    this.#before = now;
    return pages;
  }

  #fetched(index: number): Bytes | undefined {
    try {
      return this.#source?.chunk(index);
    } catch (thrown) {
      if (thrown instanceof Missing) return undefined;
      throw thrown;
    }
  }

  /** Does all of `work` or, where a page is missing on the way, nothing: then it throws Missing. */
  whole(work: () => void): void {
    const before = this.#disk.seal();
    try {
      work();
    } catch (thrown) {
      this.#disk = new Disk(before);
      this.#pager = new Pager(this.#disk, this.pageSize);
      this.#tree = new BTree(this.#pager, ROOT, POLICY);
      this.#level = -1;
      throw thrown;
    }
  }

  /** The value of a key: a view of its page, which holds until the next put. */
  get(key: Bytes): Bytes | undefined {
    if (!this.#seek(key)) return undefined;
    const level = this.#level;
    const cursor = this.#cursor;
    this.#point(
      cursor,
      this.#bytes[level] as Bytes,
      this.#indexes[level] as number,
      this.#pages[level] as number,
    );
    return cursor.value;
  }

  /** Puts (or deletes) rows, in whatever order; of two with the same key the later one counts. */
  putBatch(rows: readonly Row[]): void {
    const order = orderOf(rows);
    this.#level = -1;
    let before: Bytes = NOTHING;
    for (let i = 0; i < rows.length; i++) {
      const [key, value] = rows[order ? (order[i] as number) : i] as Row;
      const low = shared(before, 0, before.length, key, 0);
      const again = low === key.length && low === before.length;
      const found = !again && this.#isNext(key) ? false : this.#seekFrom(key, low);
      before = key;
      if (value === undefined) {
        if (found) this.#tree.delete(key);
        this.#level = -1;
      } else if (found) this.#replace(key, value);
      else this.#insert(key, value);
    }
  }

  put(key: Bytes, value: Bytes): void {
    if (this.#seek(key)) this.#replace(key, value);
    else this.#insert(key, value);
  }

  delete(key: Bytes): boolean {
    this.#level = -1;
    return this.#tree.delete(key);
  }

  /**
   * Rows from `from` to `to`, both included, in order; says how many. The cursor is the same for all
   * rows, and its views are of the pages: `row` must neither keep nor write them.
   */
  scan(from: Bytes | undefined, to: Bytes | undefined, row: (cursor: Cursor) => void): number {
    const cursor = new Cursor();
    const [pages, bytes, indexes] = [this.#pages, this.#bytes, this.#indexes];
    this.#seek(from ?? NOTHING);
    let level = this.#level;
    this.#level = -1;
    for (let rows = 0; ; ) {
      const page = bytes[level] as Bytes;
      const leaf = page[0] === INDEX_LEAF;
      const index = indexes[level] as number;
      // All that is left of a leaf, or the one row of an interior page before its next child.
      const end = leaf ? u16(page, 3) : index + 1;
      for (let i = index; i < end; i++) {
        this.#point(cursor, page, i, pages[level] as number);
        if (to && cursor.compare(to) > 0) return rows;
        row(cursor);
        rows++;
      }
      indexes[level] = end;
      if (leaf) {
        do level--;
        while (level >= 0 && (indexes[level] as number) >= u16(bytes[level] as Bytes, 3));
        if (level < 0) return rows;
      } else
        for (let at = end; (bytes[level] as Bytes)[0] !== INDEX_LEAF; at = 0) {
          const child = childAt(bytes[level] as Bytes, at);
          level++;
          pages[level] = child;
          bytes[level] = this.#treePage(child, level);
          indexes[level] = 0;
        }
    }
  }

  // ── Finding ─────────────────────────────────────────────────────────────────────────────────────

  #treePage(number: number, level: number): Bytes {
    const bytes = this.#pager.read(number);
    const kind = bytes[0];
    if ((kind !== INDEX_LEAF && kind !== INDEX_INTERIOR) || number === 1 || level > DEEPEST)
      throw new Complaint(
        level > DEEPEST
          ? `the database is damaged: its pages form a loop below page ${ROOT}`
          : `the database is damaged: page ${number} is no page of an index`,
      );
    return bytes;
  }

  /** Goes from the root to the row with this key, or to the place in a leaf where it would be. */
  #seek(key: Bytes): boolean {
    this.#pages[0] = ROOT;
    this.#ends[0] = NOTHING;
    return this.#descend(key, 0, 0, 0, 0);
  }

  /**
   * Whether `key`, greater than the row that the way leads to, belongs in the same leaf directly behind
   * it. Then the way leads there.
   */
  #isNext(key: Bytes): boolean {
    const level = this.#level;
    if (level < 0) return false;
    const page = this.#bytes[level] as Bytes;
    if (page[0] !== INDEX_LEAF) return false;
    const index = (this.#indexes[level] as number) + 1;
    const here = index < u16(page, 3);
    const bound = here ? page : (this.#ends[level] as Bytes);
    if (bound.length > 0) {
      const cell = here ? u16(page, 8 + 2 * index) : (this.#endsAt[level] as number);
      const at = keyAt(bound, cell);
      const length = keyLength(bound, cell);
      if (!isLess(key, bound, at, length, shared(bound, at, length, key, 0))) return false;
    }
    this.#indexes[level] = index;
    return true;
  }

  /**
   * As #seek, where the way leads to a key that is not greater, and shares `low` bytes with this one:
   * from a page that holds both.
   */
  #seekFrom(key: Bytes, low: number): boolean {
    let level = 0;
    let high = 0;
    // The ends tighten on the way down: as long as the key is before one, it may be in that page.
    for (; level < this.#level; level++) {
      const end = this.#ends[level + 1] as Bytes;
      if (end.length === 0) continue;
      const at = this.#endsAt[level + 1] as number;
      const from = keyAt(end, at);
      const length = keyLength(end, at);
      const n = shared(end, from, length, key, low < high ? low : high);
      if (!isLess(key, end, from, length, n)) break;
      high = n;
    }
    if (level === 0) return this.#seek(key);
    return this.#descend(key, level, this.#indexes[level] as number, low, high);
  }

  /**
   * A binary search in each page from the one at `level`, whose rows before `from` are known to be
   * less. `low` and `high`: how many bytes the key shares with a row known to be less, or greater.
   */
  #descend(key: Bytes, level: number, from: number, low: number, high: number): boolean {
    this.#level = -1;
    for (; ; level++) {
      const page = this.#treePage(this.#pages[level] as number, level);
      this.#bytes[level] = page;
      const leaf = page[0] === INDEX_LEAF;
      const count = u16(page, 3);
      const pointers = leaf ? 8 : 12;
      const skip = leaf ? 0 : 4;
      let to = count;
      while (from < to) {
        const middle = (from + to) >>> 1;
        const cell = u16(page, pointers + 2 * middle) + skip;
        const at = keyAt(page, cell);
        const length = keyLength(page, cell);
        const n = shared(page, at, length, key, low < high ? low : high);
        if (n === length && n === key.length) {
          this.#indexes[level] = middle;
          this.#level = level;
          return true;
        }
        if (isLess(key, page, at, length, n)) {
          to = middle;
          high = n;
        } else {
          from = middle + 1;
          low = n;
        }
      }
      this.#indexes[level] = from;
      if (leaf) {
        this.#level = level;
        return false;
      }
      if (from < count) {
        this.#ends[level + 1] = page;
        this.#endsAt[level + 1] = u16(page, 12 + 2 * from) + 4;
      } else {
        this.#ends[level + 1] = this.#ends[level] as Bytes;
        this.#endsAt[level + 1] = this.#endsAt[level] as number;
      }
      this.#pages[level + 1] = childAt(page, from);
      from = 0;
    }
  }

  /** Points the cursor at a row. */
  #point(cursor: Cursor, page: Bytes, index: number, number: number): void {
    const leaf = page[0] === INDEX_LEAF;
    const cell = leaf ? u16(page, 8 + 2 * index) : u16(page, 12 + 2 * index) + 4;
    const size = readSize(page, cell);
    const record = cell + (size < 0x80 ? 1 : varintSize(page, cell));
    if (size > this.#mostLocal || record + size > page.length) {
      const lens = new Page(page, number);
      const { bytes, fault } = payloadOf(lens, lens.cell(index), (n) => this.#pager.read(n));
      if (fault) throw new Complaint(`the database is damaged: page ${number}: ${fault}`);
      cursor.over(bytes, 0, bytes.length);
    } else cursor.over(page, record, record + size);
  }

  // ── Writing ─────────────────────────────────────────────────────────────────────────────────────

  #insert(key: Bytes, value: Bytes): void {
    const level = this.#level;
    const number = this.#pages[level] as number;
    const index = this.#indexes[level] as number;
    const size = recordSize(key, value);
    const needs = size + sizeOfVarint(size);
    this.#pager.begin(number);
    const page = this.#pager.write(number);
    const count = u16(page, 3);
    const content = u16(page, 5) || 65536;
    if (size <= this.#mostLocal && 8 + 2 * count + 2 + needs <= content && needs >= 4) {
      // The usual case: the row goes into the gap.
      const at = content - needs;
      writeRow(page, at, size, key, value);
      const slot = 8 + 2 * index;
      if (index < count) page.copyWithin(slot + 2, slot, 8 + 2 * count);
      setU16(page, slot, at);
      setU16(page, 3, count + 1);
      setU16(page, 5, at);
      this.#bytes[level] = page;
      return;
    }
    // No room in one piece, or a row that spills: the tree knows what to do.
    this.#level = -1;
    this.#tree.put(key, keyedRecord(key, value));
  }

  /** A row that is there gets another value. */
  #replace(key: Bytes, value: Bytes): void {
    const level = this.#level;
    const number = this.#pages[level] as number;
    const index = this.#indexes[level] as number;
    this.#pager.begin(number);
    const page = this.#pager.write(number);
    this.#bytes[level] = page;
    const leaf = page[0] === INDEX_LEAF;
    const cell = u16(page, (leaf ? 8 : 12) + 2 * index) + (leaf ? 0 : 4);
    const size = recordSize(key, value);
    if (size === readSize(page, cell) && size <= this.#mostLocal) {
      writeRow(page, cell, size, key, value);
      return;
    }
    this.#level = -1;
    this.#tree.put(key, keyedRecord(key, value));
  }
}

/** A row under a scan. */
export class Cursor {
  #bytes: Bytes = NOTHING;
  #key = 0;
  #value = 0;
  #end = 0;

  /** For the store: a record of two columns, from `from` to `to`. */
  over(bytes: Bytes, from: number, to: number): void {
    this.#bytes = bytes;
    const header = bytes[from] as number;
    const first = bytes[from + 1] as number;
    this.#key = from + header;
    const length = first < 0x80 ? (first - 12) >> 1 : (readSize(bytes, from + 1) - 12) >>> 1;
    this.#value = this.#key + length;
    this.#end = to;
  }

  get key(): Bytes {
    return view(this.#bytes, this.#key, this.#value);
  }

  get value(): Bytes {
    return view(this.#bytes, this.#value, this.#end);
  }

  /** Below 0 where the row's key is less than `key`. */
  compare(key: Bytes): number {
    const length = this.#value - this.#key;
    const n = shared(this.#bytes, this.#key, length, key, 0);
    if (n === length || n === key.length) return length - key.length;
    return (this.#bytes[this.#key + n] as number) - (key[n] as number);
  }
}

// ── Rows as bytes: varint size, header size, type of the key, type of the value, key, value ───────

const view = (bytes: Bytes, from: number, to: number): Bytes =>
  new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);

const typeOf = (bytes: Bytes): number => 2 * bytes.length + 12;

function recordSize(key: Bytes, value: Bytes): number {
  return 1 + sizeOfVarint(typeOf(key)) + sizeOfVarint(typeOf(value)) + key.length + value.length;
}

function writeRow(into: Uint8Array, at: number, size: number, key: Bytes, value: Bytes): void {
  const record = at + writeVarint(into, at, size);
  let body = record + 1;
  body += writeVarint(into, body, typeOf(key));
  body += writeVarint(into, body, typeOf(value));
  into[record] = body - record;
  if (key.length > SHORT) into.set(key, body);
  else for (let i = 0; i < key.length; i++) into[body + i] = key[i] as number;
  into.set(value, body + key.length);
}

/** Where the key of the record at `cell` begins. */
function keyAt(page: Bytes, cell: number): number {
  const record = cell + ((page[cell] as number) < 0x80 ? 1 : varintSize(page, cell));
  return record + (page[record] as number);
}

function keyLength(page: Bytes, cell: number): number {
  const type = cell + 1 + ((page[cell] as number) < 0x80 ? 1 : varintSize(page, cell));
  const serial = page[type] as number;
  return serial < 0x80 ? (serial - 12) >> 1 : (readSize(page, type) - 12) >>> 1;
}

/** How many bytes two keys begin with together, the first `known` of them known to be equal. */
function shared(page: Bytes, at: number, length: number, key: Bytes, known: number): number {
  const most = length < key.length ? length : key.length;
  let n = known;
  while (n < most && page[at + n] === key[n]) n++;
  return n;
}

/** Whether `key` is less than the key in the page, of which it shares `n` bytes and not all. */
function isLess(key: Bytes, page: Bytes, at: number, length: number, n: number): boolean {
  if (n === key.length) return length > n;
  return n < length && (key[n] as number) < (page[at + n] as number);
}

function childAt(page: Bytes, index: number): number {
  return index === u16(page, 3) ? u32(page, 8) : u32(page, u16(page, 12 + 2 * index));
}

/**
 * The order of rows by key, equal keys as they come; undefined where they are in order already. A
 * merge sort of places: two keys differ almost always in the first 8 bytes behind what all share, and
 * those are compared as two words.
 */
function orderOf(rows: readonly Row[]): Uint32Array | undefined {
  const count = rows.length;
  let sorted = true;
  let common = rows[0]?.[0].length ?? 0;
  for (let i = 1; i < count; i++) {
    const before = (rows[i - 1] as Row)[0];
    const key = (rows[i] as Row)[0];
    const n = shared(before, 0, before.length, key, 0);
    if (n < common) common = n;
    if (sorted && isLess(key, before, 0, before.length, n)) sorted = false;
  }
  if (sorted) return undefined;
  const high = new Uint32Array(count);
  const low = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const key = (rows[i] as Row)[0];
    high[i] = wordAt(key, common);
    low[i] = wordAt(key, common + 4);
  }
  const inOrder = (a: number, b: number): boolean => {
    if (high[a] !== high[b]) return (high[a] as number) < (high[b] as number);
    if (low[a] !== low[b]) return (low[a] as number) < (low[b] as number);
    return compareBytes((rows[a] as Row)[0], (rows[b] as Row)[0]) <= 0;
  };
  let from = new Uint32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  let to = new Uint32Array(count);
  for (let run = 1; run < count; run *= 2) {
    for (let start = 0; start < count; start += 2 * run) {
      const middle = Math.min(start + run, count);
      const end = Math.min(middle + run, count);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at++) {
        const takeLeft =
          right === end || (left < middle && inOrder(from[left] as number, from[right] as number));
        to[at] = (takeLeft ? from[left++] : from[right++]) as number;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Four bytes as a number; zeros behind the end, so that equal words decide nothing. */
function wordAt(key: Bytes, at: number): number {
  return (
    (((key[at] ?? 0) << 24) |
      ((key[at + 1] ?? 0) << 16) |
      ((key[at + 2] ?? 0) << 8) |
      (key[at + 3] ?? 0)) >>>
    0
  );
}
