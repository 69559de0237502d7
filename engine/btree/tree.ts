// The tree over pages. Two kinds of it, as SQLite has them:
//
//   table b-tree, a B+Tree                      index b-tree, a true B-Tree
//   rows in the leaves, ordered by rowid        rows in every page, ordered by their first column
//
//        ┌──── 17 ──── 34 ────┐                      ┌──── kelp ──── reef ────┐
//    3 8 17     21 25 34     40 46               coral eel   krill        squid whale
//
//   left of 17: keys ≤ 17, right: > 17          left of kelp: less, right: greater; kelp is there
//   17 above is a copy that leads the way       kelp above is the row
//
// Deciding where a key belongs is a binary search in each page on the way down, straight on the
// page's bytes. The way is kept (`pages`, `indexes`), for a split or a merge goes back up by it; in an
// index b-tree it may end above the leaves. How a tree keeps its balance is told in balance.ts.

import { assert, Complaint } from '../base/assert.ts';
import { type Bytes, setU32 } from '../base/bytes.ts';
import { overflow, rebalance } from './balance.ts';
import { defragment, enterCell, type Homeless, lifted, removeCell, takeRoom } from './cells.ts';
import type { Held, Key, Rowid } from './events.ts';
import {
  GREATEST_NAME,
  keyAt,
  keyOfCell,
  type Needle,
  needleOf,
  needleOfRecord,
  plainKey,
  type SearchKey,
} from './key-lens.ts';
import { localSize, type Page, type Payload, payloadOf, type ReadPage } from './page.ts';
import type { Pager, Tell } from './pager.ts';
import {
  GREATEST_ROWID,
  LEAST_ROWID,
  readSize,
  sizeOfVarint,
  varintSize,
  writeVarint,
} from './varint.ts';

/** How a page that overflows is divided. */
export const SPLITS = ['middle', 'sqlite', 'rightmost', 'bstar'] as const;
export type SplitPolicy = (typeof SPLITS)[number];

/** Planted bugs, for the integrity check to catch. */
export type TreeSabotage = 'lost-separator' | 'freed-page-in-use';

export interface Policy {
  /** At most so many cells a page, to see splits early; 0 means as many as fit. */
  readonly maxCells: number;
  /** A page filled less than this seeks a sibling to merge with or to borrow from. */
  readonly mergeBelow: number;
  readonly split: SplitPolicy;
  readonly sabotage?: readonly string[];
}

/** As SQLite: a page more than two thirds empty is worth a look at its siblings. */
export const MERGE_BELOW = 0.33;
export const DEFAULT_POLICY: Policy = { maxCells: 0, mergeBelow: MERGE_BELOW, split: 'middle' };

/** A tree of more levels than this is damaged: even with two children a page it would hold 2^40 rows. */
const DEEPEST = 40;

const NO_PAGES: readonly number[] = [];

/** Ends of an open range, in an index b-tree: no key is smaller, and none as great. */
const LEAST_TEXT: Needle = { bytes: new Uint8Array(0), rank: 0 };
const GREATEST_TEXT: Needle = { bytes: new Uint8Array(0), rank: 4 };

export interface Range {
  /** Inclusive, both. */
  readonly from?: SearchKey;
  readonly to?: SearchKey;
  readonly backward?: boolean;
}

/** A row as a scan hands it out: its rowid, in a table b-tree, and its record. */
export type TakeRow = (rowid: Rowid | undefined, record: Bytes) => void;

export class BTree {
  readonly pager: Pager;
  readonly root: number;
  readonly policy: Policy;
  readonly tell: Tell | undefined;
  /** Whether the root is a page of a table b-tree; known once it was looked at. */
  isTable = true;
  /** The way down to the page last searched, root first, and the child or cell taken in each page. */
  readonly pages: number[] = [];
  readonly indexes: number[] = [];
  splits = 0;
  merges = 0;
  readonly #read: ReadPage;
  readonly #peek: ReadPage;

  constructor(pager: Pager, root: number, policy: Policy = DEFAULT_POLICY, tell?: Tell) {
    this.pager = pager;
    this.root = root;
    this.policy = policy;
    this.tell = tell;
    this.#read = (number) => pager.read(number);
    this.#peek = (number) => pager.peek(number);
  }

  has(sabotage: TreeSabotage): boolean {
    return this.policy.sabotage?.includes(sabotage) ?? false;
  }

  /** Goes down to where `key` is or would be: to a leaf, or to the page above that has it. True where it is. */
  descend(key: SearchKey): boolean {
    let page = this.#openRoot();
    if (!this.isTable) return this.wayTo(needleOf(key), this.tell && plainKey(key), page);
    if (typeof key === 'string' || key instanceof Uint8Array)
      throw new Complaint('this tree is ordered by rowid; a key is a whole number');
    const { pages, indexes, tell } = this;
    pages.length = 0;
    indexes.length = 0;
    for (let depth = 0; ; depth++) {
      const { number } = page;
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
      page = this.#treePage(child, depth + 1);
    }
  }

  /** The same in an index b-tree. Without `told` nobody hears of it. */
  wayTo({ bytes, rank }: Needle, told?: Key, root = this.#openRoot()): boolean {
    const { pages, indexes } = this;
    pages.length = 0;
    indexes.length = 0;
    let page = root;
    for (let depth = 0; ; depth++) {
      const { number } = page;
      const place = page.seek(bytes, rank, this.#read);
      const found = place >= 0;
      const index = found ? place : ~place;
      pages.push(number);
      indexes.push(index);
      const compared = page.compared;
      if (found || page.isLeaf) {
        if (told !== undefined)
          this.tell?.({ kind: 'seek', page: number, depth, key: told, index, found, compared });
        return found;
      }
      const child = page.child(index);
      if (told !== undefined)
        this.tell?.({
          kind: 'descend',
          page: number,
          depth,
          key: told,
          index,
          child,
          ...(index < page.cellCount && { separator: this.keyAt(page, index) }),
          compared,
        });
      page = this.#treePage(child, depth + 1);
    }
  }

  /** The root says which kind of tree this is. */
  #openRoot(): Page {
    const page = this.#open(this.root, 0);
    this.isTable = page.isTable;
    return page;
  }

  /** A page of any b-tree, at a depth that can be. */
  #open(number: number, depth: number): Page {
    const page = this.pager.page(number);
    if (page.kind === undefined || depth > DEEPEST)
      throw new Complaint(
        depth > DEEPEST
          ? `the database is damaged: its pages form a loop below page ${this.root}`
          : `the database is damaged: page ${number} is no page of a tree`,
      );
    return page;
  }

  #treePage(number: number, depth: number): Page {
    const page = this.#open(number, depth);
    if (page.isTable !== this.isTable)
      throw new Complaint(
        `the database is damaged: page ${number} is no page of ${this.isTable ? 'a table' : 'an index'}`,
      );
    return page;
  }

  get height(): number {
    return this.pages.length;
  }

  /** The key of a cell, for whoever tells of it: such a look takes no page into the cache. */
  keyAt(page: Page, index: number): Key {
    return keyAt(page, index, this.#peek);
  }

  /** The key of a cell that stands in no page, in the form that leaves or interior pages have. */
  keyOf(cell: Bytes, isLeaf: boolean): Key {
    return keyOfCell(cell, isLeaf, this.isTable, this.pager.usable, this.#peek);
  }

  /** What waits outside of a page, for whoever tells of it. */
  heldBy(page: number, isLeaf: boolean, homeless: readonly Homeless[]): Held[] {
    return homeless.map(({ index, cell }) => ({ key: this.keyOf(cell, isLeaf), page, index }));
  }

  /** The record of a row. */
  get(key: SearchKey): Bytes | undefined {
    const found = this.descend(key);
    const number = this.pages[this.pages.length - 1] as number;
    const index = this.indexes[this.indexes.length - 1] as number;
    if (!found) {
      this.tell?.({ kind: 'absent', page: number, key: plainKey(key), command: 'get' });
      return undefined;
    }
    const { bytes, pages, fault } = this.payload(this.pager.page(number), index);
    if (fault) throw new Complaint(`the database is damaged: page ${number}: ${fault}`);
    this.tell?.({
      kind: 'found',
      page: number,
      index,
      key: plainKey(key),
      bytes: bytes.length,
      overflow: pages,
    });
    return bytes;
  }

  /** A row's record. The common case, all of it in its page, makes no object but the view. */
  payload(page: Page, index: number): Payload {
    const { bytes, usable, isTable } = page;
    let at = page.pointer(index) + (page.isLeaf ? 0 : 4);
    const size = readSize(bytes, at);
    at += varintSize(bytes, at);
    if (isTable) at += varintSize(bytes, at);
    if (localSize(size, usable, isTable) === size && at + size <= usable)
      return { bytes: bytes.subarray(at, at + size), pages: NO_PAGES };
    return payloadOf(page, page.cell(index), this.#read);
  }

  /** Inserts a row or replaces it. In an index b-tree the record begins with the key. */
  put(key: SearchKey, record: Bytes): void {
    const found = this.descend(key);
    const level = this.pages.length - 1;
    this.pager.begin(this.pages[level] as number);
    const cell = this.cellFor(key, record);
    if (found) this.replace(level, key, cell, record.length);
    else this.#insert(level, key, cell);
  }

  /** The bytes of a leaf cell; what does not fit locally goes into a chain of overflow pages. */
  cellFor(key: SearchKey, record: Bytes): Uint8Array {
    const { pager, isTable } = this;
    const local = localSize(record.length, pager.usable, isTable);
    const head = sizeOfVarint(record.length) + (isTable ? sizeOfVarint(key as Rowid) : 0);
    const spills = local < record.length;
    const cell = new Uint8Array(Math.max(4, head + local + (spills ? 4 : 0)));
    const at = writeVarint(cell, 0, record.length);
    if (isTable) writeVarint(cell, at, key as Rowid);
    if (!spills) {
      cell.set(record, head);
      return cell;
    }
    cell.set(record.subarray(0, local), head);
    const each = pager.usable - 4;
    const pages: number[] = [];
    for (let from = local; from < record.length; from += each) pages.push(pager.allocate().page);
    for (const [i, number] of pages.entries()) {
      const bytes = pager.write(number);
      setU32(bytes, 0, pages[i + 1] ?? 0);
      const from = local + i * each;
      const part = record.subarray(from, from + each);
      bytes.set(part, 4);
      bytes.fill(0, 4 + part.length);
    }
    setU32(cell, head + local, pages[0] as number);
    this.tell?.({ kind: 'spill', key: plainKey(key), local, pages });
    return cell;
  }

  #insert(level: number, key: SearchKey, cell: Bytes): void {
    const number = this.pages[level] as number;
    const index = this.indexes[level] as number;
    const how = this.place(number, index, cell);
    if (how === undefined) {
      overflow(this, level, [{ index, cell }]);
      return;
    }
    if (!this.tell) return;
    const free = this.pager.look(number).freeBytes;
    const bytes = cell.length;
    this.tell({ kind: 'insert', page: number, index, key: plainKey(key), bytes, free, how });
  }

  /** Enters a cell where page and policy have room for it; undefined, and nothing done, where not. */
  place(
    number: number,
    index: number,
    cell: Bytes,
  ): 'gap' | 'freeblock' | 'defragmented' | undefined {
    // A page that has no room stays as it is, so it is not dirty either.
    if (!this.hasRoom(this.pager.look(number), cell.length)) return undefined;
    let page = this.pager.edit(number);
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

  private replace(level: number, key: SearchKey, leafCell: Bytes, bytes: number): void {
    const number = this.pages[level] as number;
    const index = this.indexes[level] as number;
    const page = this.pager.edit(number);
    const cell = page.isLeaf ? leafCell : lifted(leafCell, page.child(index), this.pager.usable);
    const old = page.cell(index);
    const was = old.payloadSize as number;
    const chain = this.payload(page, index).pages;
    const inPlace = old.size === cell.length;
    if (inPlace) page.bytes.set(cell, old.offset);
    else {
      removeCell(page, index);
      if (this.place(number, index, cell) === undefined) {
        overflow(this, level, [{ index, cell }]);
        for (const spilled of chain) this.pager.free(spilled);
        return;
      }
    }
    this.tell?.({ kind: 'update', page: number, index, key: plainKey(key), bytes, was, inPlace });
    for (const spilled of chain) this.pager.free(spilled);
    if (cell.length < old.size) rebalance(this, level);
  }

  /** Takes a row out. False where there is none. */
  delete(key: SearchKey): boolean {
    const found = this.descend(key);
    const level = this.pages.length - 1;
    const number = this.pages[level] as number;
    const index = this.indexes[level] as number;
    if (!found) {
      this.tell?.({ kind: 'absent', page: number, key: plainKey(key), command: 'delete' });
      return false;
    }
    this.pager.begin(number);
    const page = this.pager.edit(number);
    const chain = this.payload(page, index).pages;
    if (!page.isLeaf) {
      this.replaceByPredecessor(level, key, chain);
      return true;
    }
    const bytes = page.cellSize(index);
    removeCell(page, index);
    const free = this.tell ? page.freeBytes : 0;
    this.tell?.({ kind: 'remove', page: number, index, key: plainKey(key), bytes, free });
    for (const spilled of chain) this.pager.free(spilled);
    rebalance(this, level);
    return true;
  }

  /**
   * A row of an interior page goes. It stands between two children, so another has to stand there:
   * the greatest row of the left child, which is the last of a leaf.
   */
  private replaceByPredecessor(level: number, key: SearchKey, chain: readonly number[]): void {
    const { pager, pages, indexes, tell } = this;
    const number = pages[level] as number;
    const index = indexes[level] as number;
    const left = pager.page(number).child(index);
    this.#goDown(level, true);
    const leaf = pager.edit(pages[pages.length - 1] as number);
    const last = leaf.cellCount - 1;
    assert(last >= 0, 'a leaf below an interior page has a row');
    const cell = lifted(leaf.cellBytes(last), left, pager.usable);
    const moved = this.payload(leaf, last).bytes.slice();
    removeCell(leaf, last);
    removeCell(pager.edit(number), index);
    const fits = this.place(number, index, cell) !== undefined;
    if (tell) {
      const one = this.keyOf(cell, false);
      const held = fits ? undefined : [{ key: one, page: number, index }];
      tell({
        kind: 'predecessor',
        page: number,
        from: leaf.number,
        index,
        key: one,
        instead: plainKey(key),
        free: pager.look(number).freeBytes,
        ...(held && { held }),
      });
    }
    for (const spilled of chain) pager.free(spilled);
    if (!fits) {
      // The row that moved up may be longer than the one before. Its page splits first; then the way
      // to the leaf that gave it is another.
      overflow(this, level, [{ index, cell }]);
      this.wayTo(needleOfRecord(moved));
      this.#goDown(pages.length - 1, true);
    }
    rebalance(this, pages.length - 1, fits ? level : pages.length - 1);
  }

  /** From the child that the way takes in its page at `level` down to the first leaf there, or the last. */
  #goDown(from: number, last: boolean): number {
    const { pages, indexes, pager } = this;
    for (let level = from; ; level++) {
      const child = pager.page(pages[level] as number).child(indexes[level] as number);
      const page = this.#treePage(child, level + 1);
      pages[level + 1] = child;
      indexes[level + 1] = last ? page.cellCount : 0;
      if (page.isLeaf) {
        pages.length = indexes.length = level + 2;
        return level + 1 - from;
      }
    }
  }

  /**
   * Rows in the order of their keys, or backward. `row` gets the record's bytes; it must not write to
   * the tree.
   */
  scan(range: Range, row: TakeRow): number {
    // A look that is not counted: the way down begins with the root again.
    const { rows, pages } = this.pager.look(this.root).isTable
      ? this.#scanTable(range, row)
      : this.#scanIndex(range, row);
    this.tell?.({ kind: 'scanned', rows, pages });
    return rows;
  }

  /** Leaf by leaf: the pages above only lead from one to the next. */
  #scanTable(range: Range, row: TakeRow): { rows: number; pages: number } {
    const { from = LEAST_ROWID, to = GREATEST_ROWID, backward = false } = range;
    this.descend(backward ? to : from);
    const { pages, pager } = this;
    let visited = pages.length;
    let total = 0;
    for (;;) {
      const page = pager.page(pages[pages.length - 1] as number);
      const low = page.search(from as Rowid);
      let high = page.search(to as Rowid);
      if (high === page.cellCount || page.key(high) !== to) high--;
      total = this.#deliver(page, low, high, backward, total, row);
      // The range ends in this leaf where a key lies beyond it.
      const ends = backward ? low > 0 : high < page.cellCount - 1;
      const steps = ends ? 0 : this.#neighbour(backward);
      if (steps === 0) break;
      visited += steps;
      this.#mindLoops(visited);
    }
    return { rows: total, pages: visited };
  }

  #mindLoops(visited: number): void {
    if (visited > 2 * this.pager.pages + DEEPEST)
      throw new Complaint('the database is damaged: its leaves form a loop');
  }

  /** Moves the way to the next leaf, or the one before; says how many pages were newly entered, 0 at the end. */
  #neighbour(backward: boolean): number {
    const level = this.#turn(backward);
    if (level < 0) return 0;
    const { indexes } = this;
    indexes[level] = (indexes[level] as number) + (backward ? -1 : 1);
    return this.#goDown(level, backward);
  }

  /** The lowest level above the leaf where the way can go on; -1 at the end. */
  #turn(backward: boolean): number {
    const { pages, indexes, pager } = this;
    let level = pages.length - 2;
    for (; level >= 0; level--) {
      const index = indexes[level] as number;
      if (backward ? index > 0 : index < pager.page(pages[level] as number).cellCount) break;
    }
    return level;
  }

  /** A leaf's rows, the row between it and the next, the next leaf's rows, and so on. */
  #scanIndex(range: Range, row: TakeRow): { rows: number; pages: number } {
    const { from, to, backward = false } = range;
    const low = from === undefined ? LEAST_TEXT : needleOf(from);
    const high = to === undefined ? GREATEST_TEXT : needleOf(to);
    const told = backward ? (to ?? GREATEST_NAME) : (from ?? '');
    this.wayTo(backward ? high : low, this.tell && plainKey(told));
    const { pages, indexes, pager } = this;
    const open = backward ? from === undefined : to === undefined;
    let visited = pages.length;
    let total = 0;
    for (let level = pages.length - 1; level >= 0; ) {
      const page = pager.page(pages[level] as number);
      const { isLeaf, cellCount } = page;
      let [first, last] = isLeaf
        ? [0, cellCount - 1]
        : [indexes[level] as number, indexes[level] as number];
      if (isLeaf) {
        // Only the first leaf and the last one have cells outside of the range.
        first = from === undefined ? 0 : placeOf(page.seek(low.bytes, low.rank, this.#read));
        if (to !== undefined) {
          const place = page.seek(high.bytes, high.rank, this.#read);
          last = place >= 0 ? place : ~place - 1;
        }
      } else if (!open) {
        const end = backward ? low : high;
        const place = page.seek(end.bytes, end.rank, this.#read);
        const beyond = backward
          ? first < placeOf(place)
          : first > (place >= 0 ? place : ~place - 1);
        if (beyond) break;
      }
      total = this.#deliver(page, first, last, backward, total, row);
      if (isLeaf) {
        if (backward ? first > 0 : last < cellCount - 1) break;
        level = this.#turn(backward);
        if (level >= 0 && backward) indexes[level] = (indexes[level] as number) - 1;
        pages.length = indexes.length = level + 1;
        continue;
      }
      // The row of an interior page was delivered; next is the child behind it.
      if (!backward) indexes[level] = (indexes[level] as number) + 1;
      visited += this.#goDown(level, backward);
      level = pages.length - 1;
      this.#mindLoops(visited);
    }
    return { rows: total, pages: visited };
  }

  #deliver(
    page: Page,
    low: number,
    high: number,
    backward: boolean,
    before: number,
    row: TakeRow,
  ): number {
    const rows = high - low + 1;
    if (rows <= 0) return before;
    const { isTable, number } = page;
    for (let n = 0; n < rows; n++) {
      const index = backward ? high - n : low + n;
      const { bytes, fault } = this.payload(page, index);
      if (fault) throw new Complaint(`the database is damaged: page ${number}: ${fault}`);
      row(isTable ? page.key(index) : undefined, bytes);
    }
    const total = before + rows;
    this.tell?.({ kind: 'scan', page: number, from: low, to: high, rows, total, backward });
    return total;
  }
}

const placeOf = (place: number): number => (place < 0 ? ~place : place);

/** How many keys a search in this page looks at: for those who watch. */
function comparisons(page: Page, key: Rowid): number {
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
