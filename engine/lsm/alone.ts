// The short ways for whoever is alone with the engine: nobody watches, and nobody keeps images of its
// memory. What is in the files is the same to the byte.
//
//   put    nodes are written into one stretch of bytes, and linked when somebody asks for the order
//   get    a hash table says where in the memtable a key is, or in which block of a table (locator.ts);
//          in a block keys are compared where they lie, by what they have in common with the one before
//   scan   a row is a place under a cursor, and becomes an object only for who wants one

import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import { encodeBatch, type Operation, sizeOfBatch } from './batch.ts';
import { Block, Finger, Place } from './block.ts';
import { Cursor, LevelCursor, MergingCursor, SkipListCursor, TableCursor } from './cursor.ts';
import type { Alone, Db, Options, Pool } from './db.ts';
import { FilterBlock, hash } from './filter.ts';
import { LEVELS, type TableFile } from './format.ts';
import {
  compareInternal,
  compareInternalAt,
  compareUserAt,
  DELETION,
  seekKey,
  sequenceOf,
  setTag,
  TAG_SIZE,
  VALUE,
} from './key.ts';
import { LocatorBuilder } from './locator.ts';
import { frameRecord, mostFramed } from './log.ts';
import { charge, tableFor } from './reads.ts';
import {
  type Arena,
  createSkipList,
  enter,
  FIRST_NODE,
  HEAD,
  heightFor,
  join,
  MAX_HEIGHT,
  type OwnArena,
  SkipList,
} from './skiplist.ts';
import { Table } from './table.ts';
import { copyBytes, Reader, readVarint, sizeOfVarint, varintSize, Writer } from './varint.ts';

/** An operation, of the one class that there is of them here. */
export class Change implements Operation {
  readonly key: Bytes;
  readonly value: Bytes | undefined;
  constructor(key: Bytes, value: Bytes | undefined) {
    this.key = key;
    this.value = value;
  }
}

let scratch = new Uint8Array(0);

/**
 * One each of what a read or a merge makes and lets go of again. JavaScript engines forget the shape of a
 * class of which the garbage collector finds no instance, and with it the code that they compiled for it.
 */
function shapes(): object[] {
  const arena = new FlatArena(1024);
  createSkipList(arena);
  const list = new SkipList(arena);
  const cursors = [
    new SkipListCursor(list),
    new SortedNodes(arena.chunk(), []),
    new TableCursor(),
    new LevelCursor([], () => undefined),
  ];
  return [
    ...cursors,
    new MergingCursor(cursors),
    new Table(NOTHING, true, new LocatorBuilder().finish()),
    new Block(NOTHING),
    new FilterBlock(NOTHING),
    new Reader(NOTHING),
    new Writer(1),
    new Change(NOTHING, NOTHING),
  ];
}

export const ALONE: Alone = {
  pool: (options) => new Bytepool(options),
  addBatch: ({ arena }, operations, first, seed) =>
    addBatch(arena as FlatArena, operations, first, seed),
  framed(first, operations, offset) {
    const size = sizeOfBatch(operations);
    const most = mostFramed(size);
    if (scratch.length < size + most) scratch = new Uint8Array(2 * (size + most));
    const record = encodeBatch(first, operations, scratch.subarray(0, size));
    return frameRecord(record, offset, scratch.subarray(size, size + most));
  },
  locator: () => new LocatorBuilder(),
  sorted(list) {
    const { pending } = list.arena as FlatArena;
    const isUnlinked = pending.length === list.entries && pending.length <= SORTED;
    return isUnlinked && pending.length > 0
      ? new SortedNodes(list.arena.chunk(0), inOrder(list, pending))
      : new SkipListCursor(list);
  },
  get shapes() {
    return SHAPES;
  },
};

// ── Bytes that are written over ─────────────────────────────────────────────────────────────────

/** So many tables are kept for those to come. */
const MOST_SPARE = 16;
/** A table is cut when it has come to its size: with the last block, filter and index it has a little more. */
const ROOM = 1.12;

class Bytepool implements Pool {
  readonly #options: Options;
  #arena: FlatArena | undefined;
  readonly #spare: Uint8Array[] = [];

  constructor(options: Options) {
    this.#options = options;
  }

  arena(): FlatArena {
    const spare = this.#arena;
    this.#arena = undefined;
    if (!spare) return new FlatArena(1.25 * this.#options.memtableSize);
    spare.clear();
    return spare;
  }

  giveArena(arena: Arena): void {
    if (arena instanceof FlatArena && !arena.isLent) this.#arena = arena;
  }

  take(size: number): Uint8Array {
    const capacity = Math.ceil(ROOM * size);
    const at = this.#spare.findIndex(({ length }) => length >= capacity && length < 1.8 * capacity);
    return at < 0 ? new Uint8Array(capacity) : (this.#spare.splice(at, 1)[0] as Uint8Array);
  }

  keep(written: Uint8Array): Uint8Array {
    if (2 * written.length >= written.buffer.byteLength) return written;
    this.give(written);
    return written.slice();
  }

  give({ buffer }: Bytes): void {
    if (buffer.byteLength >= this.#options.tableSize && this.#spare.length < MOST_SPARE)
      this.#spare.push(new Uint8Array(buffer));
  }
}

// ── The memtable ────────────────────────────────────────────────────────────────────────────────

/**
 * One stretch of bytes that grows: the arena of a memtable of which nobody keeps images. Beside it a
 * hash table from user keys to their newest nodes: a get goes to the node without a search.
 *
 *   slot  hash mod slots, then the next one, until one is free       holds the node's offset; 0: free
 */
export class FlatArena implements OwnArena {
  readonly chunkSize = 2 ** 30;
  #bytes: Uint8Array;
  #slots: Int32Array;
  #used = 0;
  /** Nodes that are not yet linked: nobody has asked for the order since. */
  pending: number[] = [];
  /** The greatest sequence that was entered. */
  last = 0;
  /** Somebody has views of its values: its bytes are not to be written over when it is no longer used. */
  isLent = false;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    // About two slots for a row of ordinary size.
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1024, capacity / 128))));
  }

  /** As new. */
  clear(): void {
    this.#bytes.fill(0, 0, FIRST_NODE);
    this.#slots.fill(0);
    this.#used = 0;
    this.pending = [];
    this.last = 0;
  }

  /** The newest node of a user key, which is the first `length` bytes; 0: there is none. */
  newest(user: Bytes, length: number, keyHash: number): number {
    return this.#slots[this.#slotOf(user, length, keyHash)] as number;
  }

  /** A node with a newer version of a user key, or the first. */
  remember(user: Bytes, length: number, keyHash: number, node: number): void {
    const slot = this.#slotOf(user, length, keyHash);
    if (this.#slots[slot] === 0 && 2 * ++this.#used > this.#slots.length) {
      this.#slots[slot] = node;
      this.#widen();
    } else this.#slots[slot] = node;
  }

  #slotOf(user: Bytes, length: number, keyHash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (keyHash ^ (keyHash >>> 15)) & mask;
    for (let node = slots[slot] as number; node !== 0; node = slots[slot] as number) {
      if (this.#hasUser(node, user, length)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #hasUser(node: number, user: Bytes, length: number): boolean {
    const bytes = this.#bytes;
    const at = node + 4 + 4 * (bytes[node] as number);
    if (readVarint(bytes, at) !== length + TAG_SIZE) return false;
    const from = at + sizeOfVarint(length + TAG_SIZE);
    for (let i = 0; i < length; i++) if (bytes[from + i] !== user[i]) return false;
    return true;
  }

  #widen(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(4 * before.length);
    const mask = this.#slots.length - 1;
    for (const node of before) {
      if (node === 0) continue;
      const at = node + 4 + 4 * (this.#bytes[node] as number);
      const length = readVarint(this.#bytes, at);
      const from = at + sizeOfVarint(length);
      const keyHash = hash(this.#bytes, from, from + length - TAG_SIZE);
      let slot = (keyHash ^ (keyHash >>> 15)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = node;
    }
  }

  settle(list: SkipList): void {
    if (this.pending.length > 0) linkPending(list, this);
  }

  chunk(): Bytes {
    return this.#bytes;
  }

  own(): Uint8Array {
    return this.#bytes;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  /** Room for bytes up to `end`. */
  reach(end: number): void {
    if (end <= this.#bytes.length) return;
    const wider = new Uint8Array(Math.max(2 * this.#bytes.length, end));
    wider.set(this.#bytes);
    this.#bytes = wider;
  }

  write(offset: number, bytes: Bytes): void {
    this.reach(offset + bytes.length);
    this.#bytes.set(bytes, offset);
  }
}

/** Where the node before is, lane by lane. */
const before: number[] = Array.from({ length: MAX_HEIGHT }, () => HEAD);

/**
 * Adds a batch, whose first operation has that sequence, to an arena of which nobody keeps images. The
 * nodes are written and can be got at; they are linked when somebody asks for the order: one after the
 * other, sorted, each search going on from where the last one ended.
 */
export function addBatch(
  arena: FlatArena,
  operations: readonly Operation[],
  first: number,
  seed: number,
): void {
  let key = new Uint8Array(64);
  for (let n = 0; n < operations.length; n++) {
    const { key: user, value } = operations[n] as Operation;
    const length = user.length + TAG_SIZE;
    if (length > key.length) key = new Uint8Array(2 * length);
    copyBytes(key, 0, user, 0, user.length);
    setTag(key, user.length, first + n, value ? VALUE : DELETION);
    const node = enter(arena, key, length, value ?? NOTHING, heightFor(seed, first + n));
    arena.remember(user, user.length, hash(user), node);
    arena.pending.push(node);
  }
  arena.last = Math.max(arena.last, first + operations.length - 1);
}

/** Rows that are sorted by a number each, whose last digits are the row's own: so many at most. */
const SORTED = 2 ** 21;

function linkPending(list: SkipList, arena: FlatArena): void {
  const nodes = arena.pending;
  arena.pending = [];
  for (let from = 0; from < nodes.length; from += SORTED)
    linkSorted(list, arena, inOrder(list, nodes.slice(from, from + SORTED)));
}

function linkSorted(list: SkipList, arena: FlatArena, nodes: readonly number[]): void {
  const place = new Place();
  for (let n = 0; n < nodes.length; n++) {
    const node = nodes[n] as number;
    list.place(node, place);
    if (n === 0) list.seek(place.key as Bytes, before);
    else advance(list, place, before);
    const height = list.heightOf(node);
    join(list, arena, node, height, before);
    for (let lane = 0; lane < height; lane++) before[lane] = node;
  }
}

/**
 * Moves `before` on to where a key that is behind the last one belongs: up the lanes as far as the next
 * node is still smaller, then down again. Near places are found in few steps.
 */
function advance(list: SkipList, target: Place, before: number[]): void {
  const top = Math.max(1, list.height) - 1;
  let lane = 0;
  while (lane < top && isSmaller(list, list.next(before[lane] as number, lane), target)) lane++;
  let hasMoved = false;
  for (let node = before[lane] as number; ; ) {
    const next = list.next(node, lane);
    if (isSmaller(list, next, target)) {
      node = next;
      hasMoved = true;
      continue;
    }
    before[lane] = node;
    if (lane === 0) return;
    lane--;
    // As long as nothing was passed, the lower lane has come at least as far.
    if (!hasMoved) node = before[lane] as number;
  }
}

/** Whether there is such a node, and its key is smaller. */
function isSmaller(list: SkipList, node: number, { bytes, from, length }: Place): boolean {
  if (node === 0) return false;
  list.place(node, compared);
  return compareInternalAt(compared.bytes, compared.from, compared.length, bytes, from, length) < 0;
}

const compared = new Place();

/**
 * Nodes in the order of their keys: by four bytes behind what all of them begin with, as numbers, which
 * sort quickly; where these are equal, by the keys.
 */
function inOrder(list: SkipList, nodes: readonly number[]): number[] {
  const bytes = list.arena.chunk(0);
  /** Where the key of each node begins, and where its user part ends. */
  const starts = new Int32Array(nodes.length);
  const ends = new Int32Array(nodes.length);
  for (let n = 0; n < nodes.length; n++) {
    const node = nodes[n] as number;
    const at = node + 4 + 4 * (bytes[node] as number);
    const length = readVarint(bytes, at);
    const start = at + (length < 0x80 ? 1 : sizeOfVarint(length));
    starts[n] = start;
    ends[n] = start + length - TAG_SIZE;
  }
  const one = starts[0] as number;
  let common = (ends[0] as number) - one;
  for (let n = 1; n < nodes.length; n++) {
    const start = starts[n] as number;
    const most = Math.min(common, (ends[n] as number) - start);
    let i = 0;
    while (i < most && bytes[start + i] === bytes[one + i]) i++;
    common = i;
  }
  const prints = new Float64Array(nodes.length);
  for (let n = 0; n < nodes.length; n++) {
    const from = (starts[n] as number) + common;
    const end = ends[n] as number;
    let print = 0;
    for (let at = from; at < from + 4; at++)
      print = print * 256 + (at < end ? (bytes[at] as number) : 0);
    prints[n] = print * SORTED + n;
  }
  prints.sort();
  const sorted: number[] = [];
  for (let n = 0; n < prints.length; n++)
    sorted.push(nodes[(prints[n] as number) % SORTED] as number);
  const printAt = (n: number): number => Math.floor((prints[n] as number) / SORTED);
  let before = printAt(0);
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    let next = -1;
    while (to < sorted.length) {
      next = printAt(to);
      if (next !== before) break;
      to++;
    }
    if (to - from > 1) {
      const same = sorted.slice(from, to).map((node) => ({ node, key: list.keyOf(node) }));
      same.sort((a, b) => compareInternal(a.key, b.key));
      for (const [i, { node }] of same.entries()) sorted[from + i] = node;
    }
    from = to;
    before = next;
  }
  return sorted;
}

/** All of a memtable from its first entry on, in order: what a flush asks for, so nothing need be linked. */
class SortedNodes extends Cursor {
  readonly #bytes: Bytes;
  readonly #nodes: readonly number[];
  #at = 0;
  constructor(bytes: Bytes, nodes: readonly number[]) {
    super();
    this.#bytes = bytes;
    this.#nodes = nodes;
  }
  seek(target: Bytes | undefined): void {
    assert(target === undefined, 'a flush begins with the first entry');
    this.#go(0);
  }
  seekBefore(): void {
    assert(false, 'a flush goes forward');
  }
  next(): void {
    this.#go(this.#at + 1);
  }
  previous(): void {
    this.seekBefore();
  }
  #go(at: number): void {
    const { place } = this;
    this.#at = at;
    const node = this.#nodes[at];
    if (node === undefined) {
      place.length = 0;
      return;
    }
    const bytes = this.#bytes;
    let from = node + 4 + 4 * (bytes[node] as number);
    place.length = readVarint(bytes, from);
    from += sizeOfVarint(place.length);
    place.bytes = bytes;
    place.from = from;
    from += place.length;
    place.valueBytes = bytes;
    place.valueLength = readVarint(bytes, from);
    place.valueFrom = from + sizeOfVarint(place.valueLength);
  }
}

const NOTHING = new Uint8Array(0);

const SHAPES = shapes();

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

/** Where a get that nobody watches has its finger, and what it asks for: keys of one length make it once. */
const finger = new Finger();
let asked = new Uint8Array(0);

/** The same walk and the same counters without a word about it, and without an object but the value's view. */
export function getUnwatched(db: Db, user: Bytes, sequence: number): Bytes | undefined {
  const { value, counters } = db;
  const keyHash = hash(user);
  const isLatest = sequence === value.lastSequence;
  counters.gets++;
  for (let n = 0; n < 2; n++) {
    const number = n === 0 ? value.memtable : value.immutable;
    const list = number === undefined ? undefined : db.list(number);
    if (!list) continue;
    const newest = isLatest ? list.arena.newest?.(user, user.length, keyHash) : undefined;
    const node = newest ?? list.seek(targetFor(user, sequence));
    if (node === 0) continue;
    list.place(node, found);
    if (newest !== undefined || hasUser(found, user)) {
      lend(list);
      return valueAt(found);
    }
  }
  let inVain: { level: number; file: TableFile } | undefined;
  let looked = 0;
  const { version } = value;
  const zero = version[0] as readonly TableFile[];
  for (let n = zero.length - 1 + LEVELS; n > 0; n--) {
    // Level 0 from the newest table on, then one table of each level.
    const level = n >= LEVELS ? 0 : LEVELS - n;
    const file =
      level === 0 ? zero[n - LEVELS] : tableFor(version[level] as readonly TableFile[], user);
    if (!file || compareWith(file.smallest, user) > 0 || compareWith(file.largest, user) < 0)
      continue;
    counters.probes++;
    const table = db.table(file.number);
    if (!table) continue;
    if (isLatest && table.locator) {
      const { locator } = table;
      let slot = locator.next(keyHash, locator.first(keyHash));
      if (slot < 0) counters.filterNo++;
      for (; slot >= 0; slot = locator.next(keyHash, slot + 1)) {
        looked++;
        counters.blocksRead++;
        const said = newestOf(table.bytes, locator.from(slot), locator.to(slot), user, found);
        // A key that takes a finger to read: the block itself.
        const value =
          said === undefined
            ? newestIn(table, table.blockFor(targetFor(user, sequence)), user, sequence)
            : said
              ? valueAt(found)
              : null;
        if (value === null) counters.falsePositives++;
        else {
          if (inVain) charge(db, inVain);
          table.isLent = true;
          return value;
        }
      }
    } else {
      const block = table.blockFor(targetFor(user, sequence));
      const says = table.filterSays(block, user, keyHash);
      if (says === 'no') counters.filterNo++;
      else if (block < table.blocks) {
        looked++;
        counters.blocksRead++;
        const value = newestIn(table, block, user, sequence);
        if (value !== null) {
          if (inVain) charge(db, inVain);
          table.isLent = true;
          return value;
        }
        if (says === 'maybe') counters.falsePositives++;
      }
    }
    if (inVain && looked > 0) {
      charge(db, inVain);
      inVain = undefined;
      looked = Number.NEGATIVE_INFINITY;
    } else if (looked >= 0) inVain ??= { level, file };
  }
  return undefined;
}

function lend({ arena }: SkipList): void {
  if (arena instanceof FlatArena) arena.isLent = true;
}

/** Where in a table's order a reader at a sequence begins to look; valid until the next. */
function targetFor(user: Bytes, sequence: number): Bytes {
  if (asked.length !== user.length + TAG_SIZE) asked = new Uint8Array(user.length + TAG_SIZE);
  copyBytes(asked, 0, user, 0, user.length);
  setTag(asked, user.length, sequence, VALUE);
  return asked;
}

/** The value that a reader at a sequence sees in a block, undefined for a tombstone; null: it is not there. */
function newestIn(
  table: Table,
  block: number,
  user: Bytes,
  sequence: number,
): Bytes | undefined | null {
  return table.block(block).find(targetFor(user, sequence), finger) && hasUser(finger.place, user)
    ? valueAt(finger.place)
    : null;
}

const found = new Place();

/** The user part of an internal key against a user key. */
const compareWith = (key: Bytes, user: Bytes): number =>
  compareUserAt(key, 0, key.length, user, 0, user.length + TAG_SIZE);

const hasUser = ({ bytes, from, length }: Place, user: Bytes): boolean =>
  compareUserAt(bytes, from, length, user, 0, user.length + TAG_SIZE) === 0;

/** Undefined for a tombstone. */
function valueAt({ bytes, from, length, valueBytes, valueFrom, valueLength }: Place) {
  if (bytes[from + length - TAG_SIZE] === DELETION) return undefined;
  return valueBytes.subarray(valueFrom, valueFrom + valueLength);
}

/**
 * The newest entry of a user key in a stretch of entries that begins at a restart point, without putting a
 * key together: true and its place, whose key is not in one piece (only its tag's first byte, the type,
 * is where it would be), false where there is none, undefined where it takes a finger to say.
 *
 * What the key before has in common with the one that is asked for is known, and what the next one shares
 * with that:
 *
 *   asked  grape    before  grane  (3 in common)   next shares 4: it too has n for p, and is smaller
 *                                                  next shares 2: compare from there on
 */
function newestOf(
  bytes: Bytes,
  from: number,
  to: number,
  user: Bytes,
  into: Place,
): boolean | undefined {
  const size = user.length;
  /** Of the key before: bytes in common with the user key, and how long its user part is. */
  let common = 0;
  let before = 0;
  for (let at = from; at < to; ) {
    const shared = bytes[at] as number;
    const unshared = bytes[at + 1] as number;
    let valueLength = bytes[at + 2] as number;
    if ((shared | unshared) >= 0x80) return undefined;
    let key = at + 3;
    if (valueLength >= 0x80) {
      key = at + 2 + varintSize(bytes, at + 2, to);
      valueLength = readVarint(bytes, at + 2);
    }
    const length = shared + unshared - TAG_SIZE;
    // It shares bytes of the tag before: rare, and not worth more words.
    if (length < 0 || (shared > before && common === before && common < size)) return undefined;
    if (shared <= common) {
      const most = length < size ? length : size;
      let i = shared;
      let order = 0;
      while (i < most) {
        order = (bytes[key + i - shared] as number) - (user[i] as number);
        if (order !== 0) break;
        i++;
      }
      if (order === 0) order = length - size;
      if (order > 0) return false;
      if (order === 0) {
        into.bytes = bytes;
        into.from = key - shared;
        into.length = shared + unshared;
        into.valueBytes = bytes;
        into.valueFrom = key + unshared;
        into.valueLength = valueLength;
        return shared > size ? undefined : true;
      }
      common = i;
    }
    before = length;
    at = key + unshared + valueLength;
  }
  return false;
}

/**
 * A scan forward that nobody watches: `visit` gets each row where it stands, valid until it returns (a
 * view of the value stays). Returns how many rows there were.
 */
export function eachRow(
  db: Db,
  from: Bytes | undefined,
  to: Bytes | undefined,
  sequence: number,
  visit: (row: Place) => void,
): number {
  for (const number of [db.value.memtable, db.value.immutable]) {
    const list = number === undefined ? undefined : db.list(number);
    if (list) lend(list);
  }
  const { merged } = db.sources(from, to);
  const end = to && seekKey(to);
  /** The user key whose versions are passed over, with a tag behind it. */
  let last = new Uint8Array(64);
  let lastLength = 0;
  let rows = 0;
  merged.seek(from && seekKey(from));
  for (let place = merged.place; place; place = merged.place) {
    const { bytes, from, length } = place;
    if (end && compareUserAt(bytes, from, length, end, 0, end.length) > 0) break;
    const tag = from + length - TAG_SIZE;
    const isOther =
      lastLength === 0 || compareUserAt(bytes, from, length, last, 0, lastLength) !== 0;
    if (isOther && sequenceOf(bytes, tag) <= sequence) {
      if (length > last.length) last = new Uint8Array(2 * length);
      copyBytes(last, 0, bytes, from, length);
      lastLength = length;
      if (bytes[tag] !== DELETION) {
        visit(place);
        rows++;
      }
    }
    merged.next();
  }
  return rows;
}
