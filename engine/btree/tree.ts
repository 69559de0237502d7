// The B+Tree over table pages: rows in the leaves, ordered by rowid; interior pages hold separators,
// copies of keys that only lead the way.
//
//                 ┌──────── 17 ──── 34 ────────┐            child left of 17: keys ≤ 17
//            ┌────┘          │                 └────┐       child right of 34: keys > 34
//        3 8 11 17        21 25 34              40 46 52
//
// Deciding where a key belongs is a binary search in each page on the way down, straight on the
// page's bytes. The way is kept (`pages`, `indexes`), for a split or a merge goes back up by it.
// How a tree keeps its balance is told in balance.ts.

import { Complaint } from '../base/assert.ts';
import { type Bytes, setU32 } from '../base/bytes.ts';
import { overflow, rebalance } from './balance.ts';
import { defragment, enterCell, removeCell, takeRoom } from './cells.ts';
import type { Key } from './events.ts';
import {
  localSize,
  type Page,
  type Payload,
  payloadOf,
  TABLE_INTERIOR,
  TABLE_LEAF,
} from './page.ts';
import type { Pager, Tell } from './pager.ts';
import {
  GREATEST_ROWID,
  LEAST_ROWID,
  readSize,
  sizeOfVarint,
  varintSize,
  writeVarint,
} from './varint.ts';

/** How a page's upper half is chosen when it is split. */
export type SplitPolicy = 'middle';

export interface Policy {
  /** At most so many cells a page, to see splits early; 0 means as many as fit. */
  readonly maxCells: number;
  /** A page filled less than this seeks a sibling to merge with or to borrow from. */
  readonly mergeBelow: number;
  readonly split: SplitPolicy;
}

/** As SQLite: a page more than two thirds empty is worth a look at its siblings. */
export const MERGE_BELOW = 0.33;
export const DEFAULT_POLICY: Policy = { maxCells: 0, mergeBelow: MERGE_BELOW, split: 'middle' };

/** A tree of more levels than this is damaged: even with two children a page it would hold 2^40 rows. */
const DEEPEST = 40;

const NO_PAGES: readonly number[] = [];

export interface Range {
  /** Inclusive, both. */
  readonly from?: Key;
  readonly to?: Key;
  readonly backward?: boolean;
}

export class BTree {
  readonly pager: Pager;
  readonly root: number;
  readonly policy: Policy;
  readonly tell: Tell | undefined;
  /** The way down to the leaf last searched, root first, and the child taken in each page. */
  readonly pages: number[] = [];
  readonly indexes: number[] = [];
  splits = 0;
  merges = 0;

  constructor(pager: Pager, root: number, policy: Policy = DEFAULT_POLICY, tell?: Tell) {
    this.pager = pager;
    this.root = root;
    this.policy = policy;
    this.tell = tell;
  }

  /** Goes down to the leaf where `key` is or would be. True where it is. */
  descend(key: Key): boolean {
    const { pages, indexes, tell } = this;
    pages.length = 0;
    indexes.length = 0;
    let number = this.root;
    for (let depth = 0; ; depth++) {
      const page = this.#tablePage(number, depth);
      const index = page.search(key);
      pages.push(number);
      indexes.push(index);
      if (page.isLeaf) {
        const found = index < page.cellCount && page.key(index) === key;
        if (tell) {
          const compared = comparisons(page, key);
          tell({ kind: 'seek', page: number, depth, key, index, found, compared });
        }
        return found;
      }
      const child = page.child(index);
      tell?.({
        kind: 'descend',
        page: number,
        depth,
        key,
        index,
        child,
        ...(index < page.cellCount && { separator: page.key(index) }),
        compared: comparisons(page, key),
      });
      number = child;
    }
  }

  #tablePage(number: number, depth: number): Page {
    const page = this.pager.page(number);
    const kind = page.bytes[page.start];
    if ((kind !== TABLE_LEAF && kind !== TABLE_INTERIOR) || depth > DEEPEST)
      throw new Complaint(
        depth > DEEPEST
          ? `the database is damaged: its pages form a loop below page ${this.root}`
          : `the database is damaged: page ${number} is no page of a table`,
      );
    return page;
  }

  get height(): number {
    return this.pages.length;
  }

  /** The record of a row. */
  get(key: Key): Bytes | undefined {
    const found = this.descend(key);
    const number = this.pages[this.pages.length - 1] as number;
    const index = this.indexes[this.indexes.length - 1] as number;
    if (!found) {
      this.tell?.({ kind: 'absent', page: number, key, command: 'get' });
      return undefined;
    }
    const { bytes, pages, fault } = this.#payload(this.pager.page(number), index);
    if (fault) throw new Complaint(`the database is damaged: page ${number}: ${fault}`);
    this.tell?.({ kind: 'found', page: number, index, key, bytes: bytes.length, overflow: pages });
    return bytes;
  }

  /** A row's record. The common case, all of it in its page, makes no object but the view. */
  #payload(page: Page, index: number): Payload {
    const { bytes, usable } = page;
    let at = page.pointer(index);
    const size = readSize(bytes, at);
    at += varintSize(bytes, at);
    at += varintSize(bytes, at);
    if (localSize(size, usable, true) === size && at + size <= usable)
      return { bytes: bytes.subarray(at, at + size), pages: NO_PAGES };
    return payloadOf(page, page.cell(index), (number) => this.pager.read(number));
  }

  /** Inserts a row or replaces it. */
  put(key: Key, record: Bytes): void {
    const found = this.descend(key);
    const level = this.pages.length - 1;
    this.pager.begin(this.pages[level] as number);
    const cell = this.cellFor(key, record);
    if (found) this.replace(level, key, cell, record.length);
    else this.#insert(level, key, cell);
  }

  /** The bytes of a leaf cell; what does not fit locally goes into a chain of overflow pages. */
  private cellFor(key: Key, record: Bytes): Uint8Array {
    const { pager } = this;
    const local = localSize(record.length, pager.usable, true);
    const head = sizeOfVarint(record.length) + sizeOfVarint(key);
    const spills = local < record.length;
    const cell = new Uint8Array(Math.max(4, head + local + (spills ? 4 : 0)));
    writeVarint(cell, writeVarint(cell, 0, record.length), key);
    if (!spills) {
      cell.set(record, head);
      return cell;
    }
    cell.set(record.subarray(0, local), head);
    const each = pager.usable - 4;
    const pages: number[] = [];
    for (let at = local; at < record.length; at += each) pages.push(pager.allocate().page);
    for (const [i, number] of pages.entries()) {
      const bytes = pager.write(number);
      setU32(bytes, 0, pages[i + 1] ?? 0);
      const at = local + i * each;
      const part = record.subarray(at, at + each);
      bytes.set(part, 4);
      bytes.fill(0, 4 + part.length);
    }
    setU32(cell, head + local, pages[0] as number);
    this.tell?.({ kind: 'spill', key, local, pages });
    return cell;
  }

  #insert(level: number, key: Key, cell: Bytes): void {
    const number = this.pages[level] as number;
    const index = this.indexes[level] as number;
    const how = this.place(number, index, cell);
    if (how === undefined) {
      overflow(this, level, index, key, cell);
      return;
    }
    const free = this.tell ? this.pager.look(number).freeBytes : 0;
    this.tell?.({ kind: 'insert', page: number, index, key, bytes: cell.length, free, how });
  }

  /** Enters a cell where page and policy have room for it; undefined, and nothing done, where not. */
  place(
    number: number,
    index: number,
    cell: Bytes,
  ): 'gap' | 'freeblock' | 'defragmented' | undefined {
    let page = this.pager.edit(number);
    if (!this.hasRoom(page, cell.length)) return undefined;
    let content = page.contentStart;
    let at = takeRoom(page, cell.length);
    const packed = at === 0;
    if (packed) {
      defragment(page);
      const gained = page.contentStart - content;
      this.tell?.({ kind: 'defragment', page: number, gained });
      page = this.pager.edit(number);
      content = page.contentStart;
      at = takeRoom(page, cell.length);
    }
    enterCell(page, index, cell, at);
    return packed ? 'defragmented' : at < content ? 'gap' : 'freeblock';
  }

  hasRoom(page: Page, size: number): boolean {
    const { maxCells } = this.policy;
    return page.freeBytes >= size + 2 && (maxCells === 0 || page.cellCount < maxCells);
  }

  private replace(level: number, key: Key, cell: Bytes, bytes: number): void {
    const number = this.pages[level] as number;
    const index = this.indexes[level] as number;
    const page = this.pager.edit(number);
    const old = page.cell(index);
    const was = old.payloadSize as number;
    const chain = this.#payload(page, index).pages;
    const inPlace = old.size === cell.length;
    if (inPlace) page.bytes.set(cell, old.offset);
    else {
      removeCell(page, index);
      if (this.place(number, index, cell) === undefined) {
        overflow(this, level, index, key, cell);
        for (const spilled of chain) this.pager.free(spilled);
        return;
      }
    }
    this.tell?.({ kind: 'update', page: number, index, key, bytes, was, inPlace });
    for (const spilled of chain) this.pager.free(spilled);
    if (cell.length < old.size) rebalance(this, level);
  }

  /** Takes a row out. False where there is none. */
  delete(key: Key): boolean {
    const found = this.descend(key);
    const level = this.pages.length - 1;
    const number = this.pages[level] as number;
    const index = this.indexes[level] as number;
    if (!found) {
      this.tell?.({ kind: 'absent', page: number, key, command: 'delete' });
      return false;
    }
    this.pager.begin(number);
    const page = this.pager.edit(number);
    const chain = this.#payload(page, index).pages;
    const bytes = page.cellSize(index);
    removeCell(page, index);
    this.tell?.({ kind: 'remove', page: number, index, key, bytes, free: page.freeBytes });
    for (const spilled of chain) this.pager.free(spilled);
    rebalance(this, level);
    return true;
  }

  /**
   * Rows in the order of their keys, or backward, leaf by leaf. `row` gets the record's bytes; it
   * must not write to the tree.
   */
  scan(range: Range, row: (key: Key, record: Bytes) => void): number {
    const { from = LEAST_ROWID, to = GREATEST_ROWID, backward = false } = range;
    const first = backward ? to : from;
    this.descend(first);
    const { pages, pager } = this;
    let visited = pages.length;
    let total = 0;
    for (;;) {
      const number = pages[pages.length - 1] as number;
      const page = pager.page(number);
      const low = page.search(from);
      let high = page.search(to);
      if (high === page.cellCount || page.key(high) !== to) high--;
      const rows = high - low + 1;
      for (let n = 0; n < rows; n++) {
        const index = backward ? high - n : low + n;
        const { bytes, fault } = this.#payload(page, index);
        if (fault) throw new Complaint(`the database is damaged: page ${number}: ${fault}`);
        row(page.key(index), bytes);
      }
      if (rows > 0) {
        total += rows;
        this.tell?.({ kind: 'scan', page: number, from: low, to: high, rows, total, backward });
      }
      // The range ends in this leaf where a key lies beyond it.
      const ends = backward ? low > 0 : high < page.cellCount - 1;
      const steps = ends ? 0 : this.#neighbour(backward);
      if (steps === 0) break;
      visited += steps;
      if (visited > 2 * pager.pages + DEEPEST)
        throw new Complaint('the database is damaged: its leaves form a loop');
    }
    this.tell?.({ kind: 'scanned', rows: total, pages: visited });
    return total;
  }

  /** Moves the way to the next leaf, or the one before; says how many pages were newly entered, 0 at the end. */
  #neighbour(backward: boolean): number {
    const { pages, indexes, pager } = this;
    let level = pages.length - 2;
    for (; level >= 0; level--) {
      const index = indexes[level] as number;
      if (backward ? index > 0 : index < pager.page(pages[level] as number).cellCount) break;
    }
    if (level < 0) return 0;
    indexes[level] = (indexes[level] as number) + (backward ? -1 : 1);
    const entered = pages.length - 1 - level;
    for (; ; level++) {
      const child = pager.page(pages[level] as number).child(indexes[level] as number);
      const page = this.#tablePage(child, level + 1);
      pages[level + 1] = child;
      indexes[level + 1] = backward ? page.cellCount : 0;
      if (page.isLeaf) {
        pages.length = indexes.length = level + 2;
        return entered;
      }
    }
  }
}

/** How many keys a search in this page looks at: for those who watch. */
function comparisons(page: Page, key: Key): number {
  let compared = 0;
  let low = 0;
  let high = page.cellCount;
  while (low < high) {
    compared++;
    const middle = (low + high) >>> 1;
    if (page.key(middle) < key) low = middle + 1;
    else high = middle;
  }
  return compared;
}
