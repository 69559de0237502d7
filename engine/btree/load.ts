// Building a tree from rows that come in order: no search, no split, pages as full as one likes.
//
//   root ──▶ [ … 34 ]            the right edge: one open page a level
//                   ╲
//   level 1          [ 40 46 ]                    leaf by leaf, each filled at once, then linked:
//                      │  │  ╲                      fill     a leaf gets its rows
//   leaves          ▥  ▥  ▥  ▥ ◂ the next rows      link     the parent learns where it begins
//                                                   extend   an interior page is full enough: another
//                                                            goes on beside it, and the level above is told
//                                                   deepen   the root is full enough: a level more
//
// That is how databases build an index over a table that is there already: bottom up, with a fill
// factor that leaves room for what is to come. After each leaf the tree is whole, so a load can be
// watched, left, and taken up again at any leaf. Its last two leaves share what is left where the very
// last would be too empty.
//
// VACUUM is a load too: of the database's own rows, out of its own old pages, from the root on. Nothing
// is left free, and the file ends where the rows end.

import { assert, Complaint } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import { deepen } from './balance.ts';
import {
  deal,
  interiorCell,
  Lineup,
  lifted,
  removeCell,
  setChild,
  startPage,
  withChild,
} from './cells.ts';
import { fillOf, interiorKind } from './dealing.ts';
import { keyOfRecord, type SearchKey } from './key-lens.ts';
import { INDEX_LEAF, localSize, Page, payloadOf, TABLE_LEAF } from './page.ts';
import type { BTree } from './tree.ts';
import { sizeOfVarint } from './varint.ts';

export interface Row {
  readonly key: SearchKey;
  readonly record: Bytes;
}

export interface Load {
  readonly count: number;
  /** How full pages are made, from 0 to 1. */
  readonly fill: number;
  /** The n-th row in the order of the keys, from 0. */
  row(n: number): Row;
}

/** Fills one leaf and links it; `done` rows are in before. Hands back how many are in after. */
export function loadPart(tree: BTree, load: Load, done: number): number {
  const { pager, root } = tree;
  if (done === 0) {
    const page = pager.page(root);
    if (!page.isLeaf || page.cellCount > 0)
      throw new Complaint('load builds a tree from nothing, and this one has rows', { column: 1 });
    tree.isTable = page.isTable;
    pager.begin(root);
    goToRightEdge(tree);
    const rows = rowsForLeaf(tree, load, 0);
    fillPage(tree, root, load, 0, rows);
    return rows;
  }
  tree.isTable = pager.page(root).isTable;
  goToRightEdge(tree);
  if (tree.pages.length === 1) deepen(tree, []);
  const left = tree.pages[tree.pages.length - 1] as number;
  const { page } = pager.allocate();
  startPage(pager.write(page), page, pager.usable, tree.isTable ? TABLE_LEAF : INDEX_LEAF);
  // In an index b-tree a row stands between the two leaves.
  let at = done;
  let separator: Uint8Array;
  if (tree.isTable) {
    const last = pager.page(left);
    separator = interiorCell(left, last.key(last.cellCount - 1));
  } else {
    const { key, record } = load.row(at++);
    separator = lifted(tree.cellFor(key, record), left, pager.usable);
  }
  const rows = rowsForLeaf(tree, load, at);
  fillPage(tree, page, load, at, rows);
  tree.pages[tree.pages.length - 1] = page;
  linkRight(tree, tree.pages.length - 2, separator, page, load.fill);
  return at + rows;
}

/** The way along the right-most children. */
function goToRightEdge(tree: BTree): void {
  const { pager, pages, indexes, root } = tree;
  pages.length = indexes.length = 0;
  for (let number = root; ; ) {
    const page = pager.page(number);
    pages.push(number);
    indexes.push(page.cellCount);
    if (page.isLeaf) return;
    number = page.rightChild;
  }
}

/** What a row's cell will take in a leaf, its pointer counted. */
function costOf(tree: BTree, { key, record }: Row): number {
  const local = localSize(record.length, tree.pager.usable, tree.isTable);
  const head = sizeOfVarint(record.length) + (tree.isTable ? sizeOfVarint(key as number) : 0);
  return Math.max(4, head + local + (local < record.length ? 4 : 0)) + 2;
}

/** How many rows from `at` on the next leaf gets. */
function rowsForLeaf(tree: BTree, load: Load, at: number): number {
  const { maxCells, mergeBelow } = tree.policy;
  const left = load.count - at;
  const capacity = tree.pager.usable - 8;
  const most = maxCells === 0 ? left : Math.max(1, Math.floor(maxCells * load.fill));
  let rows = 0;
  for (let bytes = 0; rows < Math.min(most, left); rows++) {
    bytes += costOf(tree, load.row(at + rows));
    if (rows > 0 && bytes > capacity * load.fill) break;
  }
  const between = tree.isTable ? 0 : 1;
  const rest = left - rows;
  // A leaf must be left for the row that stands between, and no leaf should be all but empty.
  if (rest === 0 || rest - between >= Math.max(1, mergeBelow * rows)) return rows;
  const shared = rows + rest - between;
  if (shared >= 2) return Math.ceil(shared / 2);
  return rows + rest; // two rows and no third: together in one leaf
}

/** A leaf gets its rows all at once. */
function fillPage(tree: BTree, number: number, load: Load, from: number, rows: number): void {
  const cells = new Lineup();
  for (let n = from; n < from + rows; n++) {
    const { key, record } = load.row(n);
    const cell = tree.cellFor(key, record);
    cells.add(cell, 0, cell.length);
  }
  const page = tree.pager.edit(number);
  deal(page, cells, 0, rows);
  if (!tree.tell) return;
  tree.tell({
    kind: 'fill',
    page: number,
    rows,
    first: tree.keyOf(cells.cell(0), true),
    last: tree.keyOf(cells.cell(rows - 1), true),
    fill: fillOf(page, tree.policy.maxCells),
    done: from + rows,
    of: load.count,
  });
}

/** The open interior page at `level` leads to one more page, behind the one that was its last. */
function linkRight(tree: BTree, at: number, cell: Uint8Array, right: number, fill: number): void {
  const { pager, policy } = tree;
  let level = at;
  let number = tree.pages[level] as number;
  let page = pager.edit(number);
  if (hasRoomFor(page, cell.length, policy.maxCells, fill)) {
    assert(
      tree.place(number, page.cellCount, cell) !== undefined,
      'a page has the room that it has',
    );
    page = pager.edit(number);
    setChild(page, page.cellCount, right);
    const key = tree.tell && tree.keyOf(cell, false);
    if (key !== undefined)
      tree.tell?.({
        kind: 'link',
        parent: number,
        key,
        left: page.child(page.cellCount - 1),
        page: right,
        copied: tree.isTable && pager.look(right).isLeaf,
        free: page.freeBytes,
      });
    return;
  }
  const full = fillOf(page, policy.maxCells);
  if (level === 0) {
    deepen(tree, []);
    level = 1;
    number = tree.pages[level] as number;
    page = pager.edit(number);
  }
  // The last separator goes up, and the child right of it stays the last one here.
  const last = page.cellCount - 1;
  const up = withChild(page.cellBytes(last), number);
  const child = page.child(last);
  removeCell(page, last);
  setChild(page, last, child);
  const beside = number;
  const { page: next } = pager.allocate();
  startPage(pager.write(next), next, pager.usable, interiorKind(tree));
  const lens = pager.edit(next);
  const cells = new Lineup();
  cells.add(cell, 0, cell.length);
  deal(lens, cells, 0, 1, right);
  tree.pages[level] = next;
  if (tree.tell) {
    const parent = tree.pages[level - 1] as number;
    const separator = tree.keyOf(up, false);
    tree.tell({ kind: 'extend', page: next, beside, parent, separator, fill: full });
  }
  linkRight(tree, level - 1, up, next, fill);
}

function hasRoomFor(page: Page, size: number, maxCells: number, fill: number): boolean {
  if (page.cellCount < 2) return true; // it has to keep one when it gives one up
  if (maxCells > 0 && page.cellCount >= Math.max(2, Math.floor(maxCells * fill))) return false;
  return page.usedBytes + size + 2 <= page.capacity * fill;
}

/** Writes the database anew, within the transaction: its rows in order, and nothing else. */
export function vacuum(tree: BTree): void {
  const { pager, root } = tree;
  const was = pager.pages;
  // The old pages aside, as SQLite has them in a temporary file.
  const old = Array.from({ length: was }, (_, i) => pager.peek(i + 1)?.slice());
  const read = (number: number): Bytes | undefined => old[number - 1];
  const first = new Page(read(root) as Bytes, root, pager.usable);
  tree.isTable = first.isTable;
  const count = rowsBelow(first, read);
  pager.begin(root);
  const { freePages } = pager;
  tree.tell?.({ kind: 'vacuum', pages: was, freePages, rows: count });
  const rows = rowsOf(first, read);
  let n = -1;
  let current: Row | undefined;
  const before: Row[] = [];
  // Rows come one after another; the few of a leaf are looked at for their sizes first.
  const row = (wanted: number): Row => {
    while (n < wanted) {
      current = rows.next().value as Row;
      before.push(current);
      n++;
    }
    const at = before.length - 1 - (n - wanted);
    assert(at >= 0, 'a load does not go back');
    return before[at] as Row;
  };
  startPage(pager.write(root), root, pager.usable, tree.isTable ? TABLE_LEAF : INDEX_LEAF);
  pager.cutTo(root);
  for (let done = 0; done < count; ) {
    done = loadPart(tree, { count, fill: 1, row }, done);
    before.splice(0, before.length - (n - done) - 1);
  }
  const { pages } = pager;
  tree.tell?.({ kind: 'vacuumed', pages, was });
}

function rowsBelow(page: Page, read: (number: number) => Bytes | undefined): number {
  if (page.isLeaf) return page.cellCount;
  let rows = page.isTable ? 0 : page.cellCount;
  for (let i = 0; i <= page.cellCount; i++) rows += rowsBelow(childOf(page, i, read), read);
  return rows;
}

function childOf(page: Page, index: number, read: (number: number) => Bytes | undefined): Page {
  const number = page.child(index);
  const bytes = read(number);
  const child = bytes && new Page(bytes, number, page.usable);
  if (!child || child.isTable !== page.isTable || child.kind === undefined)
    throw new Complaint(`the database is damaged: page ${number} is no page of the tree`);
  return child;
}

/** All rows in the order of their keys. */
function* rowsOf(page: Page, read: (number: number) => Bytes | undefined): Generator<Row> {
  for (let i = 0; i < page.cellCount; i++) {
    if (!page.isLeaf) yield* rowsOf(childOf(page, i, read), read);
    if (!page.isLeaf && page.isTable) continue;
    const { bytes, fault } = payloadOf(page, page.cell(i), read);
    if (fault) throw new Complaint(`the database is damaged: page ${page.number}: ${fault}`);
    yield { key: page.isTable ? page.key(i) : keyOfRecord(bytes), record: bytes };
  }
  if (!page.isLeaf) yield* rowsOf(childOf(page, page.cellCount, read), read);
}
