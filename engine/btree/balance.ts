// How the tree keeps its balance. All leaves stay at one depth because the tree grows and shrinks at
// its root only.
//
//   a cell does not fit                      a page has become too empty
//     overflow   it is held outside            with a sibling into one page, if they fit:
//     deepen     only at the root                merge      the right one's cells go to the left one
//     open       a new right sibling             unlink     the parent forgets the separator
//     move       the upper cells go over         free       the right page is free
//     separator  the parent learns a key       else
//                and may overflow in turn        borrow     cells come over, the separator changes
//                                              at the root, when a single child is left:
//                                                shrink     its content moves up into the root
//
// A root keeps its page number for life, since the schema names it: growing moves its content down
// into a new child, shrinking moves a child's content up.
//
// A separator is the greatest key of its left page. It is a copy: the row stays in its leaf, and the
// row may be deleted while the copy goes on leading the way. From an interior page the key in the
// middle does not stay: it moves up.
//
// Three pages can be needed where a long cell lands between others: neither {left, cell} nor
// {cell, right} fits a page. The cell then gets a page for itself.

import { assert } from '../base/assert.ts';
import { type Bytes, setU32 } from '../base/bytes.ts';
import {
  interiorCell,
  keyOfCell,
  kindByte,
  leftChildOf,
  rebuild,
  removeCell,
  setChild,
  startPage,
} from './cells.ts';
import type { Held, Key } from './events.ts';
import { type Page, TABLE_INTERIOR } from './page.ts';
import type { BTree } from './tree.ts';

/** The cell for `key` has no room in the page at `level` of the way; `index` is its place there. */
export function overflow(tree: BTree, level: number, index: number, key: Key, cell: Bytes): void {
  const page = tree.pager.page(tree.pages[level] as number);
  const needs = cell.length + 2;
  const has = page.freeBytes;
  tree.tell?.({
    kind: 'overflow',
    page: page.number,
    index,
    key,
    needs,
    has,
    cell: cell.slice(),
    why: needs > has ? 'bytes' : 'max-cells',
  });
  tree.splits++;
  if (level === 0) {
    deepen(tree, key);
    split(tree, 1, index, key, cell);
  } else split(tree, level, index, key, cell);
}

/** The root's content moves into a new child; the way gets one level longer. */
function deepen(tree: BTree, key: Key): void {
  const { pager, pages, indexes, root } = tree;
  assert(root !== 1, 'the schema tree is not written after the beginning');
  const child = pager.allocate().page;
  pager.write(child).set(pager.read(root));
  startPage(pager.write(root), root, pager.usable, TABLE_INTERIOR);
  setU32(pager.write(root), 8, child);
  pages.unshift(root);
  pages[1] = child;
  indexes.unshift(0);
  const held = { key, page: child };
  tree.tell?.({ kind: 'deepen', root, child, height: pages.length, held });
}

/** Divides the cells of a page, the homeless one among them, between it and a new right sibling. */
function split(tree: BTree, level: number, index: number, key: Key, cell: Bytes): void {
  const { pager } = tree;
  const number = tree.pages[level] as number;
  const page = pager.page(number);
  const { isLeaf, capacity, rightChild } = page;
  const kind = kindByte(page);
  const cells = cellsOf(page);
  cells.splice(index, 0, cell);
  const cut = middle(cells, isLeaf, capacity, tree.policy.maxCells);
  if (cut === undefined) {
    splitInThree(tree, level, index, key, cells);
    return;
  }
  const right = openSibling(tree, number, kind, { key, page: number });
  const upper = isLeaf ? cut : cut + 1;
  // The greatest key of the left leaf is copied; an interior page's middle key moves.
  const between = cells[isLeaf ? cut - 1 : cut] as Bytes;
  const separator = keyOfCell(between, isLeaf);
  const leftLast = isLeaf ? 0 : leftChildOf(between);
  rebuild(pager.edit(number), cells.slice(0, cut), leftLast);
  rebuild(pager.edit(right), cells.slice(upper), isLeaf ? 0 : rightChild);
  const parent = tree.pages[level - 1] as number;
  const home = index < cut ? number : index >= upper ? right : parent;
  tell('move');
  raiseSeparator(tree, level - 1, tree.indexes[level - 1] as number, separator, {
    left: number,
    right,
    copied: isLeaf,
  });

  function tell(kind: 'move'): void {
    if (!tree.tell) return;
    const moved = cells.slice(upper).filter((one) => one !== cell);
    const keys = moved.map((one) => keyOfCell(one, isLeaf));
    const held = isLeaf ? undefined : { key: separator, page: number };
    const homeless = { key, page: home };
    tree.tell({ kind, from: number, to: right, keys, homeless, ...(held && { held }) });
  }
}

/** The lower cells stay, the long cell gets a page of its own, the upper cells get another. */
function splitInThree(
  tree: BTree,
  level: number,
  index: number,
  key: Key,
  cells: readonly Bytes[],
): void {
  const { pager } = tree;
  const number = tree.pages[level] as number;
  const kind = kindByte(pager.page(number));
  const lower = cells.slice(0, index);
  const upper = cells.slice(index + 1);
  assert(lower.length > 0 && upper.length > 0, 'a cell at an end of the page splits it in two');
  const held = { key, page: number };
  const own = openSibling(tree, number, kind, held);
  const right = openSibling(tree, own, kind, held);
  rebuild(pager.edit(number), lower);
  rebuild(pager.edit(own), [cells[index] as Bytes]);
  rebuild(pager.edit(right), upper);
  const keys = upper.map((one) => keyOfCell(one, true));
  tree.tell?.({ kind: 'move', from: number, to: right, keys, homeless: { key, page: own } });
  const lowerKey = keyOfCell(lower[lower.length - 1] as Bytes, true);
  raiseSeparator(tree, level - 1, tree.indexes[level - 1] as number, lowerKey, {
    left: number,
    right: own,
    copied: true,
  });
  // The parents may have been split by that: the way is looked up again, without telling.
  const place = parentOf(tree, own, key);
  raiseSeparator(tree, place, tree.indexes[place] as number, key, {
    left: own,
    right,
    copied: true,
  });
}

/** Goes down to the parent of `child` again, by a key that belongs to the child. Its level. */
function parentOf(tree: BTree, child: number, key: Key): number {
  const { pages, indexes, pager } = tree;
  pages.length = indexes.length = 0;
  for (let number = tree.root; number !== child; ) {
    const page = pager.page(number);
    const index = page.search(key);
    pages.push(number);
    indexes.push(index);
    number = page.child(index);
  }
  return pages.length - 1;
}

function openSibling(
  tree: BTree,
  beside: number,
  kind: ReturnType<typeof kindByte>,
  held: Held,
): number {
  const { pager, policy } = tree;
  const { page, from } = pager.allocate();
  startPage(pager.write(page), page, pager.usable, kind);
  const leaf = kind !== TABLE_INTERIOR;
  tree.tell?.({ kind: 'open', page, beside, from, leaf, policy: policy.split, held });
  return page;
}

interface Halves {
  readonly left: number;
  readonly right: number;
  readonly copied: boolean;
}

/** The parent learns where the left page ends and the right one begins. */
function raiseSeparator(tree: BTree, level: number, index: number, key: Key, halves: Halves): void {
  const { pager } = tree;
  const parent = tree.pages[level] as number;
  const { left, right, copied } = halves;
  setChild(pager.edit(parent), index, right);
  const cell = interiorCell(left, key);
  const fits = tree.place(parent, index, cell) !== undefined;
  const free = tree.tell ? pager.look(parent).freeBytes : 0;
  const held = fits ? undefined : { key, page: parent };
  tree.tell?.({
    kind: 'separator',
    parent,
    key,
    left,
    right,
    copied,
    free,
    ...(held && { held }),
  });
  if (!fits) overflow(tree, level, index, key, cell);
}

/**
 * Where to cut cells into two pages: `cut` cells stay left (an interior page gives the one at `cut`
 * to its parent). By bytes as even as can be; where it is the number of cells that is limited, by
 * number. Undefined where no cut gives two pages that hold their cells.
 */
function middle(
  cells: readonly Bytes[],
  isLeaf: boolean,
  capacity: number,
  maxCells: number,
): number | undefined {
  const total = cells.reduce((sum, cell) => sum + cell.length + 2, 0);
  const byNumber = maxCells > 0 && cells.length > maxCells;
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  let left = 0;
  for (let cut = 1; cut < (isLeaf ? cells.length : cells.length - 1); cut++) {
    left += (cells[cut - 1] as Bytes).length + 2;
    const right = total - left - (isLeaf ? 0 : (cells[cut] as Bytes).length + 2);
    const rightCells = cells.length - cut - (isLeaf ? 0 : 1);
    if (left > capacity || right > capacity) continue;
    if (maxCells > 0 && (cut > maxCells || rightCells > maxCells)) continue;
    const difference = byNumber ? Math.abs(cut - rightCells) : Math.abs(left - right);
    if (difference < least) [least, best] = [difference, cut];
  }
  return best;
}

function cellsOf(page: Page): Bytes[] {
  return Array.from({ length: page.cellCount }, (_, i) => page.cellBytes(i).slice());
}

/** How full a page is, from 0 to 1; where the number of cells is limited, that counts as well. */
export function fillOf(page: Page, maxCells: number): number {
  const byBytes = page.usedBytes / page.capacity;
  return maxCells === 0 ? byBytes : Math.max(byBytes, page.cellCount / maxCells);
}

/** From the page at `level` of the way upward: pages that have become too empty join a sibling. */
export function rebalance(tree: BTree, from: number): void {
  const { pager, policy } = tree;
  for (let level = from; level > 0; level--) {
    const page = pager.page(tree.pages[level] as number);
    const fill = fillOf(page, policy.maxCells);
    if (page.cellCount > 0 && fill >= policy.mergeBelow) return;
    const at = tree.indexes[level - 1] as number;
    const parent = pager.page(tree.pages[level - 1] as number);
    // The left sibling first; the right one where only that can take or give.
    const pairs = [at - 1, at].filter((left) => left >= 0 && left < parent.cellCount);
    const joined = pairs.find((left) => fitTogether(tree, parent, left));
    if (joined === undefined) {
      for (const left of pairs) if (borrow(tree, level, left, fill)) return;
      return;
    }
    merge(tree, level, joined, fill);
  }
  const root = pager.page(tree.root);
  if (!root.isLeaf && root.cellCount === 0) shrink(tree);
}

function fitTogether(tree: BTree, parent: Page, index: number): boolean {
  const left = tree.pager.page(parent.child(index));
  const right = tree.pager.page(parent.child(index + 1));
  let bytes = left.usedBytes + right.usedBytes;
  let cells = left.cellCount + right.cellCount;
  if (!left.isLeaf) {
    bytes += parent.cellSize(index) + 2;
    cells++;
  }
  const { maxCells } = tree.policy;
  return bytes <= left.capacity && (maxCells === 0 || cells <= maxCells);
}

/** The cells of two siblings in one row; between interior pages the separator comes down as a cell. */
function joinedCells(left: Page, right: Page, separator: Key): Bytes[] {
  const between = left.isLeaf ? [] : [interiorCell(left.rightChild, separator)];
  return [...cellsOf(left), ...between, ...cellsOf(right)];
}

/** The pages at `index` and right of it in the parent become one. */
function merge(tree: BTree, level: number, index: number, fill: number): void {
  const { pager } = tree;
  const parent = tree.pages[level - 1] as number;
  const lens = pager.page(parent);
  const left = pager.page(lens.child(index));
  const right = pager.page(lens.child(index + 1));
  const separator = lens.key(index);
  const { isLeaf } = left;
  const cells = joinedCells(left, right, separator);
  const keys = cells.slice(left.cellCount).map((cell) => keyOfCell(cell, isLeaf));
  const rightChild = isLeaf ? 0 : right.rightChild;
  const [into, from] = [left.number, right.number];
  const kind = kindByte(right);
  tellUnderfull(tree, level, fill, into, from);
  rebuild(pager.edit(into), cells, rightChild);
  startPage(pager.write(from), from, pager.usable, kind);
  tree.merges++;
  tree.tell?.({ kind: 'merge', from, into, keys });
  const above = pager.edit(parent);
  setChild(above, index + 1, into);
  removeCell(above, index);
  tree.tell?.({ kind: 'unlink', parent, page: from, key: separator });
  pager.free(from);
}

function tellUnderfull(
  tree: BTree,
  level: number,
  fill: number,
  left: number,
  right: number,
): void {
  const page = tree.pages[level] as number;
  const sibling = page === left ? right : left;
  tree.tell?.({ kind: 'underfull', page, fill, below: tree.policy.mergeBelow, sibling });
}

/** Evens out a page and its sibling, if that moves a cell; false where it does not. */
function borrow(tree: BTree, level: number, index: number, fill: number): boolean {
  const { pager, policy } = tree;
  const parent = tree.pages[level - 1] as number;
  const lens = pager.page(parent);
  const left = pager.page(lens.child(index));
  const right = pager.page(lens.child(index + 1));
  const { isLeaf, cellCount: had } = left;
  const was = lens.key(index);
  const cells = joinedCells(left, right, was);
  const cut = middle(cells, isLeaf, left.capacity, policy.maxCells);
  if (cut === undefined || cut === had) return false;
  const toLeft = cut > had;
  if ((tree.pages[level] === left.number) !== toLeft) return false; // that would take, not give
  const upper = isLeaf ? cut : cut + 1;
  const between = cells[isLeaf ? cut - 1 : cut] as Bytes;
  const separator = keyOfCell(between, isLeaf);
  const [low, high] = toLeft ? [had, cut] : [upper, isLeaf ? had : had + 1];
  const keys = cells.slice(low, high).map((cell) => keyOfCell(cell, isLeaf));
  const rightChild = isLeaf ? 0 : right.rightChild;
  const [leftNumber, rightNumber] = [left.number, right.number];
  tellUnderfull(tree, level, fill, leftNumber, rightNumber);
  rebuild(pager.edit(leftNumber), cells.slice(0, cut), isLeaf ? 0 : leftChildOf(between));
  rebuild(pager.edit(rightNumber), cells.slice(upper), rightChild);
  const cell = interiorCell(leftNumber, separator);
  const above = pager.edit(parent);
  removeCell(above, index);
  const fits = tree.place(parent, index, cell) !== undefined;
  const [from, to] = toLeft ? [rightNumber, leftNumber] : [leftNumber, rightNumber];
  tree.tell?.({ kind: 'borrow', from, to, keys, parent, was, separator });
  // A longer separator may be too long for its page.
  if (!fits) overflow(tree, level - 1, index, separator, cell);
  return true;
}

/** A root with a single child takes that child's content into itself. */
function shrink(tree: BTree): void {
  const { pager, root } = tree;
  const child = pager.page(root).rightChild;
  pager.write(root).set(pager.read(child));
  const height = tree.pages.length - 1;
  tree.tell?.({ kind: 'shrink', root, child, height });
  pager.free(child);
}
