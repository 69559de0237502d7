// The short ways for whoever is alone with the engine: nobody watches, and nobody keeps images of its
// memory. What is in the files is the same to the byte.
//
//   put    nodes are written into one stretch of bytes, and linked when somebody asks for the order
//   get    a hash table says where in the memtable a key is, or in which block of a table (locator.ts);
//          in a block keys are compared where they lie, by what they have in common with the one before
//   scan   a row is a place under a cursor, and becomes an object only for who wants one

import type { Bytes } from '../base/bytes.ts';
import { encodeBatch, type Operation, sizeOfBatch } from './batch.ts';
import { type Block, Finger, header, type Place } from './block.ts';
import type { Cursor } from './cursor.ts';
import type { Alone, Db } from './db.ts';
import { hash } from './filter.ts';
import { LEVELS, type TableFile } from './format.ts';
import {
  compareInternal,
  compareUser,
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
  enter,
  HEAD,
  heightFor,
  join,
  MAX_HEIGHT,
  type OwnArena,
  type SkipList,
} from './skiplist.ts';
import type { Table } from './table.ts';
import { copyBytes, readVarint, sizeOfVarint } from './varint.ts';

let scratch = new Uint8Array(0);

export const ALONE: Alone = {
  arena: (memtableSize) => new FlatArena(1.25 * memtableSize),
  addBatch({ value, counters, options }, { arena }, operations) {
    addBatch(arena as FlatArena, operations, value.lastSequence + 1, options.seed);
    value.lastSequence += operations.length;
    for (const { key, value: bytes } of operations) {
      counters.userBytes += key.length + (bytes?.length ?? 0);
      if (bytes) counters.puts++;
      else counters.deletes++;
    }
  },
  framed(first, operations, offset) {
    const size = sizeOfBatch(operations);
    const most = mostFramed(size);
    if (scratch.length < size + most) scratch = new Uint8Array(2 * (size + most));
    const record = encodeBatch(first, operations, scratch.subarray(0, size));
    return frameRecord(record, offset, scratch.subarray(size, size + most));
  },
  locator: () => new LocatorBuilder(),
};

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

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    // About two slots for a row of ordinary size.
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1024, capacity / 128))));
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
  const place: Mutable = { ...NOWHERE };
  for (let n = 0; n < nodes.length; n++) {
    const node = nodes[n] as number;
    list.place(node, place);
    const key = place.bytes.subarray(place.from, place.from + place.length);
    if (n === 0) list.seek(key, before);
    else list.advance(key, key.length, before);
    const height = list.heightOf(node);
    join(list, arena, node, height, before);
    for (let lane = 0; lane < height; lane++) before[lane] = node;
  }
}

/**
 * Nodes in the order of their keys: by four bytes behind what all of them begin with, as numbers, which
 * sort quickly; where these are equal, by the keys.
 */
function inOrder(list: SkipList, nodes: readonly number[]): number[] {
  const bytes = list.arena.chunk(0);
  const place: Mutable = { ...NOWHERE };
  list.place(nodes[0] as number, place);
  const one = place.from;
  let common = place.length - TAG_SIZE;
  for (const node of nodes) {
    list.place(node, place);
    const most = Math.min(common, place.length - TAG_SIZE);
    let i = 0;
    while (i < most && bytes[place.from + i] === bytes[one + i]) i++;
    common = i;
  }
  const prints = new Float64Array(nodes.length);
  for (let n = 0; n < nodes.length; n++) {
    list.place(nodes[n] as number, place);
    const end = place.length - TAG_SIZE;
    let print = 0;
    for (let i = common; i < common + 4; i++)
      print = print * 256 + (i < end ? (bytes[place.from + i] as number) : 0);
    prints[n] = print * SORTED + n;
  }
  prints.sort();
  const sorted = Array.from(prints, (print) => nodes[print % SORTED] as number);
  const printAt = (n: number): number => Math.floor((prints[n] as number) / SORTED);
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && printAt(to) === printAt(from)) to++;
    if (to - from > 1) {
      const same = sorted.slice(from, to).map((node) => ({ node, key: list.keyOf(node) }));
      same.sort((a, b) => compareInternal(a.key, b.key));
      for (const [i, { node }] of same.entries()) sorted[from + i] = node;
    }
    from = to;
  }
  return sorted;
}

type Mutable = { -readonly [K in keyof Place]: Place[K] };
const NOTHING = new Uint8Array(0);
const NOWHERE: Place = {
  bytes: NOTHING,
  from: 0,
  length: 0,
  valueBytes: NOTHING,
  valueFrom: 0,
  valueLength: 0,
};

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

/** Where a get that nobody watches has its finger, and what it asks for: keys of one length make it once. */
const finger = new Finger();
let asked = new Uint8Array(0);

/** The same walk and the same counters without a word about it, and without an object but the value's view. */
export function getUnwatched(db: Db, user: Bytes, sequence: number): Bytes | undefined {
  const { value, counters } = db;
  if (asked.length !== user.length + TAG_SIZE) asked = new Uint8Array(user.length + TAG_SIZE);
  const target = asked;
  copyBytes(target, 0, user, 0, user.length);
  setTag(target, user.length, sequence, VALUE);
  const keyHash = hash(user);
  const isLatest = sequence === value.lastSequence;
  counters.gets++;
  for (let n = 0; n < 2; n++) {
    const number = n === 0 ? value.memtable : value.immutable;
    const list = number === undefined ? undefined : db.list(number);
    if (!list) continue;
    const node =
      (isLatest ? list.arena.newest?.(user, user.length, keyHash) : undefined) ?? list.seek(target);
    if (node === 0) continue;
    list.place(node, found);
    if (hasUser(found, target)) return valueAt(found);
  }
  let inVain: { level: number; file: TableFile } | undefined;
  let looked = 0;
  const { version } = value;
  const zero = version[0] as readonly TableFile[];
  for (let n = zero.length - 1 + LEVELS; n > 0; n--) {
    // Level 0 from the newest table on, then one table of each level.
    const level = n >= LEVELS ? 0 : LEVELS - n;
    const file =
      level === 0 ? zero[n - LEVELS] : tableFor(version[level] as readonly TableFile[], target);
    if (!file || compareUser(file.smallest, target) > 0 || compareUser(file.largest, target) < 0)
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
        const value = newestIn(table, locator.blockAt(slot), target);
        if (value === null) counters.falsePositives++;
        else {
          if (inVain) charge(db, inVain);
          return value;
        }
      }
    } else {
      const block = table.blockFor(target);
      const says = table.filterSays(block, user, keyHash);
      if (says === 'no') counters.filterNo++;
      else if (block < table.blocks) {
        looked++;
        counters.blocksRead++;
        const value = isLatest
          ? newestIn(table, block, target)
          : table.find(block, target, finger) && hasUser(finger, target)
            ? valueAt(finger)
            : null;
        if (value !== null) {
          if (inVain) charge(db, inVain);
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

/** The value of the newest version of a key in a block, undefined for a tombstone; null: it is not there. */
function newestIn(table: Table, block: number, target: Bytes): Bytes | undefined | null {
  const newest = newestOf(table.block(block), target, found);
  if (newest !== undefined) return newest ? valueAt(found) : null;
  return table.find(block, target, finger) && hasUser(finger, target) ? valueAt(finger) : null;
}

const found: Mutable = { ...NOWHERE };

const hasUser = ({ bytes, from, length }: Place, target: Bytes): boolean =>
  compareUserAt(bytes, from, length, target, 0, target.length) === 0;

/** Undefined for a tombstone. */
function valueAt({ bytes, from, length, valueBytes, valueFrom, valueLength }: Place) {
  if (bytes[from + length - TAG_SIZE] === DELETION) return undefined;
  return valueBytes.subarray(valueFrom, valueFrom + valueLength);
}

/**
 * The newest entry of the user key of `target`, without putting a key together: true and its place,
 * whose key is not in one piece (only its tag's first byte, the type, is where it would be), false
 * where the block has none, undefined where it takes a finger to say.
 *
 * What the key before has in common with the target is known, and what the next one shares with that:
 *
 *   target  grape    before  grane  (3 in common)   next shares 4: it too has n for p, and is smaller
 *                                                   next shares 2: compare from there on
 */
function newestOf(block: Block, target: Bytes, to: Mutable): boolean | undefined {
  const { bytes, entriesEnd } = block;
  const size = target.length - TAG_SIZE;
  let low = 0;
  let high = block.restarts - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const at = block.restart(middle);
    if (!(at < entriesEnd && block.entryAt(at) > 0 && header.unshared >= TAG_SIZE))
      return undefined;
    const { key, unshared } = header;
    if (compareUserAt(bytes, key, unshared, target, 0, target.length) < 0) low = middle;
    else high = middle - 1;
  }
  /** Of the key before: bytes in common with the target, and how long its user part is. */
  let common = 0;
  let before = 0;
  for (let at = block.restarts > 0 ? block.restart(low) : entriesEnd; at < entriesEnd; ) {
    const end = block.entryAt(at);
    const { shared, unshared, key, valueLength } = header;
    const user = shared + unshared - TAG_SIZE;
    if (end === 0 || user < 0 || shared > before + TAG_SIZE) return undefined;
    // It shares bytes of the tag before: rare, and not worth more words.
    if (shared > before && common === before && common < size) return undefined;
    if (shared <= common) {
      const most = user < size ? user : size;
      let i = shared;
      let order = 0;
      while (i < most) {
        order = (bytes[key + i - shared] as number) - (target[i] as number);
        if (order !== 0) break;
        i++;
      }
      if (order === 0) order = user - size;
      if (order > 0) return false;
      if (order === 0) {
        to.bytes = bytes;
        to.from = key - shared;
        to.length = shared + unshared;
        to.valueBytes = bytes;
        to.valueFrom = key + unshared;
        to.valueLength = valueLength;
        return shared > size ? undefined : true;
      }
      common = i;
    }
    before = user;
    at = end;
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
  visit: (row: Cursor) => void,
): number {
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
