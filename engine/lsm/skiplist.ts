// The memtable: a skip list in an arena. A skip list is a sorted linked list with express lanes: each
// node stands in lane 0, one in four of them in lane 1 too, one in four of those in lane 2, and so on;
// a search starts in the highest lane, runs forward while the next key is smaller, then steps down.
//
//   lane 2  head ─────────────────────────▶ kiwi ───────────────────▶ ·
//   lane 1  head ────────────▶ date ──────▶ kiwi ─────────▶ peach ──▶ ·
//   lane 0  head ─▶ cherry ──▶ date ─▶ fig ▶ kiwi ─▶ lemon ▶ peach ─▶ ·
//
// The arena is a memory file, bytes like any other; nodes name each other by offset, 0 is nobody.
//
//    0  4  bytes in use          4  4  entries          8  4  lanes in use       12  4  bytes of keys and values
//   16     the head, a node of 12 lanes without an entry
//   node:  0  1  height h (3 bytes unused)
//          4  4h  offset of the next node in lane 0, 1, … h-1
//             slice(internal key)  slice(value)
//
// Nodes are never removed: a newer version of a key is a node of its own, before the older one.
// A node's lanes lie within one chunk of the file; an entry may run over into the next.

import type { Bytes } from '../base/bytes.ts';
import type { Place } from './block.ts';
import { compareInternal, compareInternalAt, sequenceOf, TAG_SIZE } from './key.ts';
import {
  copyBytes,
  readVarint,
  setU32,
  setVarint,
  sizeOfVarint,
  u32,
  varintSize,
} from './varint.ts';

export const MAX_HEIGHT = 12;
export const HEAD = 16;
export const FIRST_NODE = HEAD + 4 + 4 * MAX_HEIGHT;
/** One node in so many reaches the next lane. */
const BRANCHING = 4;

/** The bytes of an arena: chunks of a power of two. */
export interface Arena {
  readonly chunkSize: number;
  chunk(index: number): Bytes;
  /** Links what was entered and not linked yet; absent where everything is. */
  settle?(list: SkipList): void;
  /** The newest node of a user key, 0: none; absent where that takes a search. */
  newest?(user: Bytes, length: number, keyHash: number): number;
  /** The greatest sequence of all entries; absent where that takes a walk. */
  readonly last?: number;
}

/** An arena that may be written to. */
export interface OwnArena extends Arena {
  own(index: number): Uint8Array;
  write(offset: number, bytes: Bytes): void;
  read(offset: number, length: number): Uint8Array;
  /** Of one stretch of bytes that grows: room up to `end`, so that an entry is written in place. */
  reach?(end: number): void;
}

export interface SkipNode {
  /** In the arena. */
  readonly offset: number;
  readonly height: number;
  readonly key: Bytes;
  readonly value: Bytes;
  /** Behind its last byte. */
  readonly end: number;
}

/** The lens on an arena. */
export class SkipList {
  readonly arena: Arena;
  readonly #shift: number;
  readonly #mask: number;
  /** Keys that were compared by the last search. */
  compared = 0;
  /** How often the last search went forward or down. */
  steps = 0;

  constructor(arena: Arena) {
    this.arena = arena;
    this.#shift = Math.log2(arena.chunkSize);
    this.#mask = arena.chunkSize - 1;
  }

  #word(offset: number): number {
    return u32(this.arena.chunk(offset >>> this.#shift), offset & this.#mask);
  }

  get used(): number {
    return this.#word(0);
  }
  get entries(): number {
    return this.#word(4);
  }
  get height(): number {
    return this.#word(8);
  }
  get dataBytes(): number {
    return this.#word(12);
  }

  next(node: number, lane = 0): number {
    return this.#word(node + 4 + 4 * lane);
  }

  heightOf(node: number): number {
    return this.arena.chunk(node >>> this.#shift)[node & this.#mask] as number;
  }

  /** Bytes from an offset: a view where they lie in one chunk, else a copy. */
  bytesAt(offset: number, length: number): Bytes {
    const at = offset & this.#mask;
    if (at + length <= this.arena.chunkSize)
      return this.arena.chunk(offset >>> this.#shift).subarray(at, at + length);
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const from = (offset + done) & this.#mask;
      const count = Math.min(this.arena.chunkSize - from, length - done);
      const chunk = this.arena.chunk((offset + done) >>> this.#shift);
      out.set(chunk.subarray(from, from + count), done);
      done += count;
    }
    return out;
  }

  /** The key of a node against another one. */
  #compare(node: number, target: Bytes): number {
    const chunk = this.arena.chunk(node >>> this.#shift);
    const here = node & this.#mask;
    const at = here + 4 + 4 * (chunk[here] as number);
    const length = chunk[at] as number;
    // Nearly always: a length of one byte, and a key that does not run over into the next chunk.
    return length < 0x80 && at + 1 + length <= this.arena.chunkSize
      ? compareInternalAt(chunk, at + 1, length, target, 0, target.length)
      : compareInternal(this.keyOf(node), target);
  }

  /** The greatest sequence of all entries. */
  lastSequence(): number {
    if (this.arena.last !== undefined) return this.arena.last;
    let last = 0;
    for (let node = this.first(); node !== 0; node = this.next(node)) {
      const key = this.#lengthAt(node + 4 + 4 * this.heightOf(node));
      const tag = this.bytesAt(key.end + key.length - TAG_SIZE, TAG_SIZE);
      last = Math.max(last, sequenceOf(tag));
    }
    return last;
  }

  /** The length that stands at an offset as a varint, and where it ends. */
  #lengthAt(offset: number): { length: number; end: number } {
    const first = this.arena.chunk(offset >>> this.#shift)[offset & this.#mask] as number;
    if (first < 0x80) return { length: first, end: offset + 1 };
    const head = this.bytesAt(offset, Math.min(5, this.used - offset));
    return { length: readVarint(head, 0), end: offset + varintSize(head, 0) };
  }

  keyOf(node: number): Bytes {
    const { length, end } = this.#lengthAt(node + 4 + 4 * this.heightOf(node));
    return this.bytesAt(end, length);
  }

  /** Sets a place on a node's entry, without a view of it where it lies in one chunk. */
  place(node: number, to: Place): void {
    const key = this.#lengthAt(node + 4 + 4 * this.heightOf(node));
    this.#piece(key.end, key.length);
    to.bytes = piece.bytes;
    to.from = piece.from;
    to.length = key.length;
    const value = this.#lengthAt(key.end + key.length);
    this.#piece(value.end, value.length);
    to.valueBytes = piece.bytes;
    to.valueFrom = piece.from;
    to.valueLength = value.length;
  }

  /** Where a stretch of bytes is to be read: in its chunk, or in a copy where it runs over. */
  #piece(offset: number, length: number): void {
    const at = offset & this.#mask;
    const isWhole = at + length <= this.arena.chunkSize;
    piece.bytes = isWhole ? this.arena.chunk(offset >>> this.#shift) : this.bytesAt(offset, length);
    piece.from = isWhole ? at : 0;
  }

  node(offset: number): SkipNode {
    const height = this.heightOf(offset);
    const key = this.#lengthAt(offset + 4 + 4 * height);
    const value = this.#lengthAt(key.end + key.length);
    return {
      offset,
      height,
      key: this.bytesAt(key.end, key.length),
      value: this.bytesAt(value.end, value.length),
      end: value.end + value.length,
    };
  }

  /** The first node whose key is not smaller; 0: none. `before` gets the last smaller node of each lane. */
  seek(target: Bytes, before?: number[], visit?: (node: number, lane: number) => void): number {
    this.arena.settle?.(this);
    this.compared = 0;
    this.steps = 0;
    let node = HEAD;
    for (let lane = Math.max(1, this.height) - 1; ; ) {
      const next = this.next(node, lane);
      if (next !== 0) {
        this.compared++;
        visit?.(next, lane);
      }
      this.steps++;
      if (next !== 0 && this.#compare(next, target) < 0) {
        node = next;
        continue;
      }
      if (before) before[lane] = node;
      if (lane === 0) return next;
      lane--;
    }
  }

  /** The last node whose key is smaller; 0: none. */
  seekBefore(target: Bytes): number {
    const before: number[] = [];
    this.seek(target, before);
    const node = before[0] as number;
    return node === HEAD ? 0 : node;
  }

  first(): number {
    this.arena.settle?.(this);
    return this.next(HEAD);
  }

  last(): number {
    this.arena.settle?.(this);
    let node = HEAD;
    for (let lane = Math.max(1, this.height) - 1; lane >= 0; ) {
      const next = this.next(node, lane);
      if (next !== 0) node = next;
      else lane--;
    }
    return node === HEAD ? 0 : node;
  }

  /** All nodes in order; stops at an offset that leads back, which no list of ours has. */
  *all(): Iterable<SkipNode> {
    let count = this.entries;
    for (let at = this.first(); at !== 0 && count > 0; at = this.next(at), count--)
      yield this.node(at);
  }
}

const piece: { bytes: Bytes; from: number } = { bytes: new Uint8Array(0), from: 0 };

/** Lays out an empty list in an empty arena. */
export function createSkipList(arena: OwnArena): void {
  const first = arena.own(0);
  setU32(first, 0, FIRST_NODE);
  setU32(first, 8, 1);
  first[HEAD] = MAX_HEIGHT;
}

/** The height of the n-th node: drawn from the seed and n, so that a list needs no dice of its own. */
export function heightFor(seed: number, n: number): number {
  let h = Math.imul(seed ^ Math.floor(seed / 2 ** 32) ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ n, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ Math.floor(n / 2 ** 32), 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = (h ^ (h >>> 13)) >>> 0;
  let height = 1;
  while (height < MAX_HEIGHT && h % BRANCHING === 0) {
    h = Math.floor(h / BRANCHING);
    height++;
  }
  return height;
}

/** Where the last search would have put its key, lane by lane. */
const before: number[] = Array.from({ length: MAX_HEIGHT }, () => HEAD);

/** Adds an entry; its key must not be there yet. Returns the node's offset. */
export function addToSkipList(
  list: SkipList,
  arena: OwnArena,
  key: Bytes,
  value: Bytes,
  height: number,
): number {
  list.seek(key, before);
  const node = enter(arena, key, key.length, value, height);
  join(list, arena, node, height, before);
  return node;
}

/** Writes a node that is not linked yet, and says where it is. */
export function enter(
  arena: OwnArena,
  key: Bytes,
  keyLength: number,
  value: Bytes,
  height: number,
): number {
  const { chunkSize } = arena;
  let head = arena.own(0);
  let offset = (u32(head, 0) + 3) & ~3;
  const lanes = 4 + 4 * height;
  if ((offset % chunkSize) + lanes > chunkSize) offset += chunkSize - (offset % chunkSize);
  const end =
    offset +
    lanes +
    sizeOfVarint(keyLength) +
    keyLength +
    sizeOfVarint(value.length) +
    value.length;

  if (arena.reach) {
    arena.reach(end);
    putEntry(arena.own(0), offset + lanes, key, keyLength, value);
  } else {
    const entry = new Uint8Array(end - offset - lanes);
    putEntry(entry, 0, key, keyLength, value);
    arena.write(offset + lanes, entry);
  }
  arena.own(Math.floor(offset / chunkSize))[offset % chunkSize] = height;
  head = arena.own(0);
  setU32(head, 0, end);
  setU32(head, 4, u32(head, 4) + 1);
  setU32(head, 12, u32(head, 12) + keyLength + value.length);
  return offset;
}

/** Links a node behind `before`. */
export function join(
  list: SkipList,
  arena: OwnArena,
  node: number,
  height: number,
  before: readonly number[],
): void {
  const { chunkSize } = arena;
  const inUse = list.height;
  const from = (lane: number): number => (lane < inUse ? (before[lane] as number) : HEAD);
  const home = arena.own(Math.floor(node / chunkSize));
  const here = node % chunkSize;
  for (let lane = 0; lane < height; lane++)
    setU32(home, here + 4 + 4 * lane, list.next(from(lane), lane));
  for (let lane = 0; lane < height; lane++) {
    const at = from(lane) + 4 + 4 * lane;
    setU32(arena.own(Math.floor(at / chunkSize)), at % chunkSize, node);
  }
  if (height > inUse) setU32(arena.own(0), 8, height);
}

function putEntry(
  into: Uint8Array,
  from: number,
  key: Bytes,
  keyLength: number,
  value: Bytes,
): void {
  let at = setVarint(into, from, keyLength);
  copyBytes(into, at, key, 0, keyLength);
  at = setVarint(into, at + keyLength, value.length);
  copyBytes(into, at, value, 0, value.length);
}
