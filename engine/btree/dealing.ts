// Cells between pages: what every way of balancing has in common. The cells of one page or of several
// are lined up in the order of their keys, cut into parts (cuts.ts), dealt out to pages, and the parent
// gets separators between these.
//
//                     a table's leaves                everywhere else
//   lined up          21 25 31 34                     21 25 31 34
//   cut at 2          21 25 │ 31 34                   21 25 (31) 34
//   separator         25, a copy                      31 itself, which moves up
//
// A cell that moves between the leaves of an index b-tree and the page above changes its form by four
// bytes: above, a child stands before it.

import type { Bytes } from '../base/bytes.ts';
import {
  deal,
  interiorCell,
  type kindByte,
  type Lineup,
  lifted,
  lowered,
  startPage,
  withChild,
} from './cells.ts';
import { halves, packed, type Room } from './cuts.ts';
import type { Held, Key } from './events.ts';
import { rowidOfCell } from './key-lens.ts';
import { INDEX_INTERIOR, type Page, TABLE_INTERIOR } from './page.ts';
import type { BTree } from './tree.ts';

export const interiorKind = ({ isTable }: BTree): typeof TABLE_INTERIOR | typeof INDEX_INTERIOR =>
  isTable ? TABLE_INTERIOR : INDEX_INTERIOR;

/** What a page of this kind can hold, and whether the cell between two of them moves up. */
export function roomOf(tree: BTree, page: Page): Room {
  const { capacity, isLeaf, isTable } = page;
  return { capacity, maxCells: tree.policy.maxCells, moves: !(isLeaf && isTable) };
}

/** In halves; or where no two pages hold them all, in as many as it takes. */
export function divided(cells: Lineup, room: Room): readonly number[] {
  const cut = halves(cells.sizes, room);
  return cut === undefined ? packed(cells.sizes, room) : [cut];
}

/** Which page a place in the row belongs to; undefined where its cell goes up. */
export function pageOfPlace(
  place: number,
  cuts: readonly number[],
  numbers: readonly number[],
  moves: boolean,
): number | undefined {
  for (const [i, cut] of cuts.entries()) {
    if (place < cut) return numbers[i];
    if (moves && place === cut) return undefined;
  }
  return numbers[cuts.length];
}

export function openSibling(
  tree: BTree,
  beside: number,
  kind: ReturnType<typeof kindByte>,
  held: readonly Held[] | undefined,
): number {
  const { pager, policy } = tree;
  const { page, from } = pager.allocate();
  startPage(pager.write(page), page, pager.usable, kind);
  if (!tree.tell) return page;
  const leaf = pager.look(page).isLeaf;
  tree.tell({
    kind: 'open',
    page,
    beside,
    from,
    leaf,
    policy: policy.split,
    ...(held && held.length > 0 && { held }),
  });
  return page;
}

/** Writes each page its part of the row. */
export function dealOut(
  tree: BTree,
  cells: Lineup,
  cuts: readonly number[],
  numbers: readonly number[],
  rightChild: number,
): void {
  let from = 0;
  for (const [i, number] of numbers.entries()) {
    const page = tree.pager.edit(number);
    const cut = cuts[i];
    const moves = !(page.isLeaf && page.isTable);
    const last = page.isLeaf ? 0 : cut === undefined ? rightChild : cells.leftChild(cut);
    deal(page, cells, from, cut ?? cells.count, last);
    from = (cut ?? 0) + (moves ? 1 : 0);
  }
}

/** What the parent is to have between the pages, as cells of an interior page. */
export function separatorsOf(
  tree: BTree,
  cells: Lineup,
  cuts: readonly number[],
  numbers: readonly number[],
  isLeaf: boolean,
): Uint8Array[] {
  const { isTable, pager } = tree;
  return cuts.map((cut, i) => {
    const left = numbers[i] as number;
    if (!isLeaf) return withChild(cells.cell(cut), left);
    if (!isTable) return lifted(cells.cell(cut), left, pager.usable);
    return interiorCell(left, rowidOfCell(cells.cell(cut - 1), true));
  });
}

/** How full a page is, from 0 to 1; where the number of cells is limited, that counts as well. */
export function fillOf(page: Page, maxCells: number): number {
  const byBytes = page.usedBytes / page.capacity;
  return maxCells === 0 ? byBytes : Math.max(byBytes, page.cellCount / maxCells);
}

/** The separator at `index` of a parent, as a cell between the cells of its two children. */
export function broughtDown(parent: Page, index: number, left: Page): Bytes {
  const cell = parent.cellBytes(index).slice();
  return left.isLeaf ? lowered(cell) : withChild(cell, left.rightChild);
}

export function keysOf(
  tree: BTree,
  cells: Lineup,
  from: number,
  to: number,
  isLeaf: boolean,
): Key[] {
  const keys: Key[] = [];
  for (let i = from; i < to; i++) keys.push(tree.keyOf(cells.cell(i), isLeaf));
  return keys;
}
