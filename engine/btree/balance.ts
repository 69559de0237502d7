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
// In the leaves of a table b-tree a separator is the greatest key of its left page. It is a copy: the
// row stays in its leaf, and may be deleted while the copy goes on leading the way. Everywhere else,
// between interior pages and between the leaves of an index b-tree, the cell in the middle does not
// stay: it *moves* up, and comes down again when its pages merge.
//
// Policies. `middle` divides the page in halves. `rightmost` does so too, but not at the right edge of
// the tree: there the new page gets the new cell alone, so that ascending keys leave full pages
// behind. `sqlite` does the same with rows appended to a table, and else looks at siblings, as `bstar`
// does always: that is told in siblings.ts.
//
// Three pages can be needed where a long cell lands between others: neither {left, cell} nor
// {cell, right} fits a page. The cell then gets a page for itself.

import { assert } from '../base/assert.ts';
import { setU32 } from '../base/bytes.ts';
import { deal, type Homeless, kindByte, Lineup, removeCell, setChild, startPage } from './cells.ts';
import { fits, halves, type Room } from './cuts.ts';
import {
  broughtDown,
  dealOut,
  divided,
  fillOf,
  interiorKind,
  keysOf,
  openSibling,
  pageOfPlace,
  roomOf,
  separatorsOf,
} from './dealing.ts';
import type { Held, Key } from './events.ts';
import { Page } from './page.ts';
import { shareOnOverflow, shareOnUnderflow, sharesWithSiblings } from './siblings.ts';
import type { BTree } from './tree.ts';

/** Cells have no room in the page at `level` of the way. They ascend by their places there. */
export function overflow(tree: BTree, at: number, homeless: readonly Homeless[]): void {
  const page = tree.pager.page(tree.pages[at] as number);
  const { cell, index } = homeless[0] as Homeless;
  if (tree.tell) {
    const needs = homeless.reduce((sum, one) => sum + one.cell.length + 2, 0);
    const has = page.freeBytes;
    const held = tree.heldBy(page.number, page.isLeaf, homeless);
    tree.tell({
      kind: 'overflow',
      page: page.number,
      index,
      key: (held[0] as Held).key,
      needs,
      has,
      cell: cell.slice(),
      why: needs > has ? 'bytes' : 'max-cells',
      held,
    });
  }
  tree.splits++;
  let level = at;
  if (level === 0) {
    deepen(tree, homeless);
    level = 1;
  }
  const { split: policy } = tree.policy;
  const append =
    (policy === 'rightmost' && atRightEdge(tree, level, homeless)) ||
    (policy === 'sqlite' && appendsToTable(tree, level, homeless));
  const waiting =
    sharesWithSiblings(policy) && !append
      ? shareOnOverflow(tree, level, homeless)
      : split(tree, level, homeless, append);
  if (waiting.length > 0) overflow(tree, level - 1, waiting);
  // SQLite then looks at the parent as well, and may find it too empty.
  else if (policy === 'sqlite') rebalance(tree, level - 1);
}

/** Whether all that is homeless is one cell, greater than every other of its page. */
function isLast(page: Page, homeless: readonly Homeless[]): boolean {
  return homeless.length === 1 && homeless[0]?.index === page.cellCount && page.cellCount > 1;
}

/** Whether the page is the last of its level, and the cell the last of all. */
function atRightEdge(tree: BTree, level: number, homeless: readonly Homeless[]): boolean {
  const { pager, pages, indexes } = tree;
  for (let above = 0; above < level; above++)
    if (indexes[above] !== pager.page(pages[above] as number).cellCount) return false;
  return isLast(pager.page(pages[level] as number), homeless);
}

/** When SQLite takes its short way (balance_quick): the last row of the last leaf of its parent. */
function appendsToTable(tree: BTree, level: number, homeless: readonly Homeless[]): boolean {
  const { pager, pages, indexes } = tree;
  const page = pager.page(pages[level] as number);
  const parent = pager.page(pages[level - 1] as number);
  if (!page.isTable || !page.isLeaf || indexes[level - 1] !== parent.cellCount) return false;
  return isLast(page, homeless);
}

/** The root's content moves into a new child; the way gets one level longer. */
export function deepen(tree: BTree, homeless: readonly Homeless[]): void {
  const { pager, pages, indexes, root } = tree;
  assert(root !== 1, 'the schema tree is not written after the beginning');
  const child = pager.allocate().page;
  pager.write(child).set(pager.read(root));
  startPage(pager.write(root), root, pager.usable, interiorKind(tree));
  setU32(pager.write(root), 8, child);
  pages.unshift(root);
  pages[1] = child;
  indexes.unshift(0);
  if (!tree.tell) return;
  const held = tree.heldBy(child, pager.look(child).isLeaf, homeless);
  tree.tell({
    kind: 'deepen',
    root,
    child,
    height: pages.length,
    ...(held.length > 0 && { held }),
  });
}

/**
 * Divides the cells of a page, the homeless ones among them, between it and new right siblings. Hands
 * back the separators that the parent has no room for.
 */
function split(
  tree: BTree,
  level: number,
  homeless: readonly Homeless[],
  append: boolean,
): Homeless[] {
  const { pager } = tree;
  const number = tree.pages[level] as number;
  const page = pager.page(number);
  const { isLeaf, rightChild } = page;
  const kind = kindByte(page);
  const room = roomOf(tree, page);
  const cells = new Lineup();
  cells.addPage(page, homeless);
  const cuts = append ? appended(cells, room) : divided(cells, room);
  const held = tree.tell && tree.heldBy(number, isLeaf, homeless);
  const numbers = [number];
  for (const beside of cuts.keys())
    numbers.push(openSibling(tree, numbers[beside] as number, kind, held));
  dealOut(tree, cells, cuts, numbers, isLeaf ? 0 : rightChild);
  if (tree.tell) {
    const places = new Set(homeless.map(({ index }) => index));
    const parent = tree.pages[level - 1] as number;
    const last = cuts.length - 1;
    const keys: Key[] = [];
    for (let i = (cuts[last] as number) + (room.moves ? 1 : 0); i < cells.count; i++)
      if (!places.has(i)) keys.push(tree.keyOf(cells.cell(i), isLeaf));
    const up = room.moves ? cuts.map((cut) => tree.keyOf(cells.cell(cut), isLeaf)) : [];
    tree.tell({
      kind: 'move',
      from: number,
      to: numbers[last + 1] as number,
      keys,
      homeless: homeless.map(({ index, cell }) => ({
        key: tree.keyOf(cell, isLeaf),
        page: pageOfPlace(index, cuts, numbers, room.moves) ?? parent,
      })),
      ...(up.length > 0 && { held: up.map((key) => ({ key, page: number })) }),
    });
  }
  const raised = separatorsOf(tree, cells, cuts, numbers, isLeaf);
  return raiseSeparators(tree, level - 1, raised, numbers, !room.moves);
}

/** The new page gets the last cell and no other. */
function appended(cells: Lineup, room: Room): readonly number[] {
  const cuts = [cells.count - (room.moves ? 2 : 1)];
  return fits(cells.sizes, cuts, room) ? cuts : divided(cells, room);
}

/**
 * The parent learns where each page ends and the next begins. The way names the child that was
 * divided. What the parent has no room for is handed back.
 */
function raiseSeparators(
  tree: BTree,
  level: number,
  raised: readonly Uint8Array[],
  numbers: readonly number[],
  copied: boolean,
): Homeless[] {
  const { pager } = tree;
  const parent = tree.pages[level] as number;
  const index = tree.indexes[level] as number;
  const forgets = tree.has('lost-separator');
  if (!forgets) setChild(pager.edit(parent), index, numbers[raised.length] as number);
  const waiting: Homeless[] = [];
  for (const [i, cell] of raised.entries()) {
    const place = index + i - waiting.length;
    const placed = forgets || tree.place(parent, place, cell) !== undefined;
    if (!placed) waiting.push({ index: index + i, cell });
    if (!tree.tell) continue;
    const key = tree.keyOf(cell, false);
    tree.tell({
      kind: 'separator',
      parent,
      key,
      left: numbers[i] as number,
      right: numbers[i + 1] as number,
      copied,
      free: pager.look(parent).freeBytes,
      ...(waiting.length > 0 && { held: tree.heldBy(parent, false, waiting) }),
    });
  }
  return waiting;
}

/** How full a page is when it is asked whether it is too empty: SQLite counts its header in. */
function fillToKeep({ policy }: BTree, page: Page): number {
  if (policy.split !== 'sqlite') return fillOf(page, policy.maxCells);
  const byBytes = 1 - page.freeBytes / page.usable;
  return policy.maxCells === 0 ? byBytes : Math.max(byBytes, page.cellCount / policy.maxCells);
}

/**
 * From the page at `from` of the way upward: pages that have become too empty join a sibling. The page
 * at `also`, above, has changed as well, and is looked at in any case.
 */
export function rebalance(tree: BTree, from: number, also = from): void {
  const { pager, policy } = tree;
  for (let level = from; level > 0; level--) {
    const page = pager.page(tree.pages[level] as number);
    const fill = fillToKeep(tree, page);
    if (page.cellCount > 0 && fill >= policy.mergeBelow) {
      if (level <= also) return;
      level = also + 1;
      continue;
    }
    if (sharesWithSiblings(policy.split)) {
      const waiting = shareOnUnderflow(tree, level, fill);
      if (!waiting) return;
      if (waiting.length === 0) continue;
      overflow(tree, level - 1, waiting);
      return;
    }
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
  const { capacity, maxCells, moves } = roomOf(tree, left);
  let bytes = left.usedBytes + right.usedBytes;
  let cells = left.cellCount + right.cellCount;
  if (moves) {
    bytes += Math.max(4, parent.cellSize(index) - (left.isLeaf ? 4 : 0)) + 2;
    cells++;
  }
  return bytes <= capacity && (maxCells === 0 || cells <= maxCells);
}

/** The cells of two siblings in one row, with the separator between them where it moves. */
function joined(parent: Page, index: number, left: Page, right: Page, moves: boolean): Lineup {
  const cells = new Lineup();
  cells.addPage(left, []);
  if (moves) {
    const between = broughtDown(parent, index, left);
    cells.add(between, 0, between.length);
  }
  cells.addPage(right, []);
  return cells;
}

/** The pages at `index` and right of it in the parent become one. */
function merge(tree: BTree, level: number, index: number, fill: number): void {
  const { pager } = tree;
  const parent = tree.pages[level - 1] as number;
  const lens = pager.page(parent);
  const left = pager.page(lens.child(index));
  const right = pager.page(lens.child(index + 1));
  const { isLeaf } = left;
  const cells = joined(lens, index, left, right, roomOf(tree, left).moves);
  const separator = tree.tell && tree.keyAt(lens, index);
  const keys = tree.tell && keysOf(tree, cells, left.cellCount, cells.count, isLeaf);
  const rightChild = isLeaf ? 0 : right.rightChild;
  const [into, from] = [left.number, right.number];
  const kind = kindByte(right);
  tellUnderfull(tree, level, fill, into, from);
  deal(pager.edit(into), cells, 0, cells.count, rightChild);
  startPage(pager.write(from), from, pager.usable, kind);
  tree.merges++;
  if (keys) tree.tell?.({ kind: 'merge', from, into, keys });
  // The planted bug writes into a copy of the parent that nobody keeps.
  const above = tree.has('freed-page-in-use')
    ? new Page(pager.read(parent).slice(), parent, pager.usable)
    : pager.edit(parent);
  setChild(above, index + 1, into);
  removeCell(above, index);
  if (separator !== undefined) tree.tell?.({ kind: 'unlink', parent, page: from, key: separator });
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
  const { pager } = tree;
  const parent = tree.pages[level - 1] as number;
  const lens = pager.page(parent);
  const left = pager.page(lens.child(index));
  const right = pager.page(lens.child(index + 1));
  const { isLeaf, cellCount: had } = left;
  const room = roomOf(tree, left);
  const cells = joined(lens, index, left, right, room.moves);
  const cut = halves(cells.sizes, room);
  if (cut === undefined || cut === had) return false;
  const toLeft = cut > had;
  if ((tree.pages[level] === left.number) !== toLeft) return false; // that would take, not give
  const numbers = [left.number, right.number] as const;
  const rightChild = isLeaf ? 0 : right.rightChild;
  const was = tree.tell && tree.keyAt(lens, index);
  const up = room.moves ? 1 : 0;
  const [low, high] = toLeft ? [had, cut] : [cut + up, had + up];
  const keys = tree.tell && keysOf(tree, cells, low, high, isLeaf);
  tellUnderfull(tree, level, fill, ...numbers);
  dealOut(tree, cells, [cut], numbers, rightChild);
  const [cell] = separatorsOf(tree, cells, [cut], numbers, isLeaf) as [Uint8Array];
  removeCell(pager.edit(parent), index);
  const placed = tree.place(parent, index, cell) !== undefined;
  if (tree.tell && keys && was !== undefined) {
    const [to, from] = toLeft ? numbers : ([numbers[1], numbers[0]] as const);
    const separator = tree.keyOf(cell, false);
    const held = placed ? undefined : [{ key: separator, page: parent, index }];
    tree.tell({ kind: 'borrow', from, to, keys, parent, was, separator, ...(held && { held }) });
  }
  // A longer separator may be too long for its page; a shorter one may leave it too empty.
  if (!placed) overflow(tree, level - 1, [{ index, cell }]);
  else if (!tree.isTable) rebalance(tree, level - 1);
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
