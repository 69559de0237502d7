// Writing inside one b-tree page: how SQLite finds room for a cell and what it leaves behind when
// one goes.
//
//   pointers ▸▸▸      gap      ◂◂◂ cells, freeblocks and fragments
//
// Room is taken from the first freeblock that fits, else from the gap, and when neither has enough
// in one piece though all together is enough, the cells are packed together first (defragment).
// A cell that goes leaves a freeblock; neighbours grow together; a rest of 1 to 3 bytes is a
// fragment and only counted. A lens passed in here is a lens on bytes that the caller may write.

import { type Bytes, setU16, setU32, u16, u32 } from '../base/bytes.ts';
import type { Rowid } from './events.ts';
import {
  type INDEX_INTERIOR,
  type INDEX_LEAF,
  localSize,
  type Page,
  type TABLE_INTERIOR,
  type TABLE_LEAF,
} from './page.ts';
import { readSize, sizeOfVarint, varintSize, writeVarint } from './varint.ts';

export type KindByte =
  | typeof TABLE_LEAF
  | typeof TABLE_INTERIOR
  | typeof INDEX_LEAF
  | typeof INDEX_INTERIOR;

/** More fragments than this and SQLite packs the page rather than make another. */
const MOST_FRAGMENTS = 57;

/** Makes the bytes an empty page of a kind. On page 1 the database header stays. */
export function startPage(bytes: Uint8Array, number: number, usable: number, kind: KindByte): void {
  const start = number === 1 ? 100 : 0;
  bytes.fill(0, start);
  bytes[start] = kind;
  setU16(bytes, start + 5, usable);
}

export function kindByte(page: Page): KindByte {
  return page.bytes[page.start] as KindByte;
}

/** Where a cell of `size` bytes and its pointer can go without packing; 0 where nowhere. Takes the room. */
export function takeRoom(page: Page, size: number): number {
  const { bytes, start, gapStart, contentStart } = page;
  if (gapStart + 2 > contentStart) return 0;
  let before = start + 1;
  for (let at = page.firstFreeblock; at !== 0; at = u16(bytes, at)) {
    const rest = u16(bytes, at + 2) - size;
    if (rest >= 4) {
      setU16(bytes, at + 2, rest); // the cell takes the tail, the freeblock stays where it is
      return at + rest;
    }
    if (rest >= 0) {
      if (page.fragments > MOST_FRAGMENTS) return 0;
      setU16(bytes, before, u16(bytes, at));
      bytes[start + 7] = page.fragments + rest;
      return at;
    }
    before = at;
  }
  if (gapStart + 2 + size > contentStart) return 0;
  setU16(bytes, start + 5, contentStart - size);
  return contentStart - size;
}

/** Writes a cell into room that was taken and enters it into the pointers at `index`. */
export function enterCell(page: Page, index: number, cell: Bytes, at: number): void {
  const { bytes, start, pointersAt, cellCount } = page;
  bytes.set(cell, at);
  const slot = pointersAt + 2 * index;
  bytes.copyWithin(slot + 2, slot, pointersAt + 2 * cellCount);
  setU16(bytes, slot, at);
  setU16(bytes, start + 3, cellCount + 1);
}

/** Enters a cell, packing the page if that makes room. False, and nothing done, where all is not enough. */
export function insertCell(page: Page, index: number, cell: Bytes): boolean {
  if (page.freeBytes < cell.length + 2) return false;
  let at = takeRoom(page, cell.length);
  if (at === 0) {
    defragment(page);
    at = takeRoom(page, cell.length);
  }
  enterCell(page, index, cell, at);
  return true;
}

/** Takes a cell out; its bytes become free. */
export function removeCell(page: Page, index: number): void {
  const { bytes, start, pointersAt, cellCount } = page;
  const at = page.pointer(index);
  const size = page.sizeAt(at);
  if (cellCount === 1) {
    // An empty page starts afresh: nothing in it needs to be remembered.
    setU16(bytes, start + 1, 0);
    setU16(bytes, start + 3, 0);
    setU16(bytes, start + 5, page.usable);
    bytes[start + 7] = 0;
    return;
  }
  const slot = pointersAt + 2 * index;
  bytes.copyWithin(slot, slot + 2, pointersAt + 2 * cellCount);
  setU16(bytes, start + 3, cellCount - 1);
  release(page, at, size);
}

/** Gives bytes of the content area back: to the gap, to a neighbouring freeblock, or as a new one. */
function release(page: Page, from: number, size: number): void {
  const { bytes, start, contentStart } = page;
  let [at, end] = [from, from + size];
  let before = start + 1; // where the offset of the next freeblock stands
  let next = u16(bytes, before);
  while (next !== 0 && next < at) {
    before = next;
    next = u16(bytes, next);
  }
  // Up to 3 bytes between two freeblocks are fragments: joined, they are free again.
  let fragments = page.fragments;
  if (next !== 0 && next - end <= 3) {
    fragments -= next - end;
    end = next + u16(bytes, next + 2);
    next = u16(bytes, next);
  }
  if (before !== start + 1) {
    const beforeEnd = before + u16(bytes, before + 2);
    if (at - beforeEnd <= 3) {
      fragments -= at - beforeEnd;
      at = before;
    }
  }
  bytes[start + 7] = fragments;
  if (at === contentStart) {
    // The lowest of the content: the gap grows.
    setU16(bytes, start + 1, next);
    setU16(bytes, start + 5, end);
    return;
  }
  if (at !== before) setU16(bytes, before, at);
  setU16(bytes, at, next);
  setU16(bytes, at + 2, end - at);
}

/** Packs the cells against the end of the page, so that all free bytes are in the gap. */
export function defragment(page: Page): void {
  const cells = new Lineup();
  cells.addPage(page, []);
  deal(page, cells, 0, cells.count, page.isLeaf ? 0 : page.rightChild);
}

/** A cell without a home, and its place in the page that has no room for it. */
export interface Homeless {
  readonly index: number;
  readonly cell: Bytes;
}

/**
 * Cells in the order of their keys and in no page: taken from one page or from several, to be dealt
 * out again. A cell is where it begins in a copy of its old page, and its size: no object is made for
 * each, since a page of 65,536 bytes may hold thousands.
 */
export class Lineup {
  readonly #from: Bytes[] = [];
  readonly #at: number[] = [];
  readonly sizes: number[] = [];

  get count(): number {
    return this.sizes.length;
  }

  add(bytes: Bytes, at: number, size: number): void {
    this.#from.push(bytes);
    this.#at.push(at);
    this.sizes.push(size);
  }

  /** All cells of a page, those that have no room in it at their places. `homeless` ascends by index. */
  addPage(page: Page, homeless: readonly Homeless[]): void {
    const { bytes, cellCount } = page;
    const copy = bytes.slice();
    let next = 0;
    for (let i = 0, place = 0; place < cellCount + homeless.length; place++) {
      const waiting = homeless[next];
      if (waiting?.index === place) {
        this.add(waiting.cell, 0, waiting.cell.length);
        next++;
        continue;
      }
      const at = page.pointer(i++);
      this.add(copy, at, page.sizeAt(at));
    }
  }

  /** The bytes of a cell, to be read. */
  cell(index: number): Bytes {
    const at = this.#at[index] as number;
    return (this.#from[index] as Bytes).subarray(at, at + (this.sizes[index] as number));
  }

  copyTo(index: number, bytes: Uint8Array, to: number): void {
    const from = this.#from[index] as Bytes;
    const at = this.#at[index] as number;
    const size = this.sizes[index] as number;
    if (size > 24) bytes.set(from.subarray(at, at + size), to);
    else for (let i = 0; i < size; i++) bytes[to + i] = from[at + i] as number;
  }

  /** Of a cell of an interior page. */
  leftChild(index: number): number {
    return u32(this.#from[index] as Bytes, this.#at[index] as number);
  }
}

/** Writes a page anew: of the same kind, with the cells from `from` to before `to`. */
export function deal(page: Page, cells: Lineup, from: number, to: number, rightChild = 0): void {
  const { bytes, start, usable, pointersAt } = page;
  const kind = kindByte(page);
  startPage(bytes, page.number, usable, kind);
  if (!page.isLeaf) setU32(bytes, start + 8, rightChild);
  let top = usable;
  let slot = pointersAt;
  for (let i = from; i < to; i++) {
    top -= cells.sizes[i] as number;
    cells.copyTo(i, bytes, top);
    setU16(bytes, slot, top);
    slot += 2;
  }
  setU16(bytes, start + 3, to - from);
  setU16(bytes, start + 5, top);
}

/** Points the child at `index` to another page; index = cellCount is the right-most one. */
export function setChild(page: Page, index: number, child: number): void {
  const at = index === page.cellCount ? page.start + 8 : page.pointer(index);
  setU32(page.bytes, at, child);
}

/** The separator of a table's interior page: u32 left child, varint key. */
export function interiorCell(left: number, key: Rowid): Uint8Array {
  const cell = new Uint8Array(4 + sizeOfVarint(key));
  setU32(cell, 0, left);
  writeVarint(cell, 4, key);
  return cell;
}

/** A cell of an index leaf, as it stands in an interior page: with a child to its left. */
export function lifted(cell: Bytes, left: number, usable: number): Uint8Array {
  const size = unpadded(cell, usable);
  const up = new Uint8Array(4 + size);
  setU32(up, 0, left);
  up.set(cell.subarray(0, size), 4);
  return up;
}

/** A cell of an index interior page, as it stands in a leaf. */
export function lowered(cell: Bytes): Bytes {
  if (cell.length >= 8) return cell.subarray(4);
  const down = new Uint8Array(4); // a leaf's cell takes 4 bytes at least
  down.set(cell.subarray(4));
  return down;
}

/** An interior cell with another child to its left. */
export function withChild(cell: Bytes, left: number): Uint8Array {
  const copy = cell.slice();
  setU32(copy, 0, left);
  return copy;
}

/** In a leaf the shortest cells are padded to 4 bytes; above, where the child comes first, they are not. */
function unpadded(cell: Bytes, usable: number): number {
  if (cell.length > 4) return cell.length;
  const payload = readSize(cell, 0);
  return Math.min(cell.length, varintSize(cell, 0) + localSize(payload, usable, false));
}
