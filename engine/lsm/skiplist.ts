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
import { compareInternal } from './key.ts';
import { readVarint, setU32, setVarint, sizeOfVarint, u32, varintSize } from './varint.ts';

export const MAX_HEIGHT = 12;
export const HEAD = 16;
const FIRST_NODE = HEAD + 4 + 4 * MAX_HEIGHT;
/** One node in so many reaches the next lane. */
const BRANCHING = 4;

/** The bytes of an arena: chunks of a power of two. */
export interface Arena {
  readonly chunkSize: number;
  chunk(index: number): Bytes;
}

/** An arena that may be written to. */
export interface OwnArena extends Arena {
  own(index: number): Uint8Array;
  write(offset: number, bytes: Bytes): void;
  read(offset: number, length: number): Uint8Array;
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

  /** The length that stands at an offset as a varint, and where it ends. */
  #lengthAt(offset: number): { length: number; end: number } {
    const head = this.bytesAt(offset, Math.min(5, this.used - offset));
    return { length: readVarint(head, 0), end: offset + varintSize(head, 0) };
  }

  keyOf(node: number): Bytes {
    const { length, end } = this.#lengthAt(node + 4 + 4 * this.heightOf(node));
    return this.bytesAt(end, length);
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
      if (next !== 0 && compareInternal(this.keyOf(next), target) < 0) {
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
    return this.next(HEAD);
  }

  last(): number {
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

/** Adds an entry; its key must not be there yet. Returns the node's offset. */
export function addToSkipList(
  list: SkipList,
  arena: OwnArena,
  key: Bytes,
  value: Bytes,
  height: number,
): number {
  const before: number[] = [];
  list.seek(key, before);
  const inUse = list.height;
  for (let lane = inUse; lane < height; lane++) before[lane] = HEAD;
  const { chunkSize } = arena;
  let offset = (list.used + 3) & ~3;
  const lanes = 4 + 4 * height;
  if ((offset % chunkSize) + lanes > chunkSize) offset += chunkSize - (offset % chunkSize);

  const entry = new Uint8Array(
    sizeOfVarint(key.length) + key.length + sizeOfVarint(value.length) + value.length,
  );
  let at = setVarint(entry, 0, key.length);
  entry.set(key, at);
  at = setVarint(entry, at + key.length, value.length);
  entry.set(value, at);

  arena.write(offset + lanes, entry);
  const home = arena.own(Math.floor(offset / chunkSize));
  const here = offset % chunkSize;
  home[here] = height;
  for (let lane = 0; lane < height; lane++)
    setU32(home, here + 4 + 4 * lane, list.next(before[lane] as number, lane));
  for (let lane = 0; lane < height; lane++) {
    const from = (before[lane] as number) + 4 + 4 * lane;
    setU32(arena.own(Math.floor(from / chunkSize)), from % chunkSize, offset);
  }
  const { entries, dataBytes } = list;
  const head = arena.own(0);
  setU32(head, 0, offset + lanes + entry.length);
  setU32(head, 4, entries + 1);
  setU32(head, 8, Math.max(inUse, height));
  setU32(head, 12, dataBytes + key.length + value.length);
  return offset;
}
