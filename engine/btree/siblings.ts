// Balance by looking at siblings: their cells in one row, and the row dealt out anew.
//
//   parent      … 17 … 34 …                 gather   cells of the pages, and, where separators move,
//               │    │    │                          those between them, in the order of their keys
//   pages    [3 8 17][21 25 34][40 46 52]   open     pages, if the row needs more of them
//                         ▲ 31              deal     each page gets its part
//   row      3 8 17 21 25 31 34 40 46 52    separators  the parent has new ones between them
//   dealt    [3 8 17 21][25 31 34][40 46 52]  free     pages that are not needed any more
//
// sqlite   What SQLite does (balance_nonroot): the page and a sibling on each side; at an edge of the
//          parent the two on one side. As many pages as the row takes, packed from the left and then
//          evened out from the right. Pages are numbered in the order of their keys. The tree comes out
//          cell for cell as SQLite's own (sqlite-policy.test.ts).
//
// bstar    A B*-Tree. A page that overflows first shares with a sibling that has room, evenly. Only
//          when that is full as well, the two become three, each two thirds full. So after puts alone
//          no page is less than two thirds full, up to the size of a cell, but for the root and, as
//          long as the root has only two, its children: they are halves of a root that had no sibling.
//          A page that becomes underfull looks at a sibling on each side, and three become two where
//          two hold all of it.

import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import { type Homeless, kindByte, Lineup, removeCell, setChild, startPage } from './cells.ts';
import { evenly, packed, type Room } from './cuts.ts';
import {
  broughtDown,
  dealOut,
  divided,
  openSibling,
  pageOfPlace,
  roomOf,
  separatorsOf,
} from './dealing.ts';
import type { Held, Key } from './events.ts';
import type { Page } from './page.ts';
import type { BTree, SplitPolicy } from './tree.ts';

export const sharesWithSiblings = (policy: SplitPolicy): boolean =>
  policy === 'sqlite' || policy === 'bstar';

/** Children of one parent, from one place to another, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** The row of a span's cells, and what its pages were. */
interface Row {
  readonly cells: Lineup;
  readonly pages: readonly number[];
  /** Where in the row each page's cells end. */
  readonly ends: readonly number[];
  /** Places of the cells that had no home. */
  readonly places: readonly number[];
  readonly rightChild: number;
  readonly isLeaf: boolean;
  readonly kind: ReturnType<typeof kindByte>;
  readonly room: Room;
}

/** Hands back the separators that the parent has no room for. */
export function shareOnOverflow(
  tree: BTree,
  level: number,
  homeless: readonly Homeless[],
): Homeless[] {
  if (tree.policy.split === 'sqlite') {
    const row = gathered(tree, level, threeAround(tree, level), homeless);
    return dealAnew(tree, level, row, packed(row.cells.sizes, row.room), homeless);
  }
  const at = tree.indexes[level - 1] as number;
  const parent = tree.pager.page(tree.pages[level - 1] as number);
  // The sibling with the most room first.
  const rows = [at - 1, at]
    .filter((first) => first >= 0 && first < parent.cellCount)
    .map((first) => gathered(tree, level, { first, last: first + 1 }, homeless))
    .sort((a, b) => a.cells.count - b.cells.count || bytesOf(a) - bytesOf(b));
  const [best] = rows;
  if (!best) {
    const row = gathered(tree, level, { first: at, last: at }, homeless);
    return dealAnew(tree, level, row, divided(row.cells, row.room), homeless);
  }
  for (const row of rows) {
    const cuts = evenly(row.cells.sizes, 2, row.room);
    if (cuts) return dealAnew(tree, level, row, cuts, homeless);
  }
  const cuts = evenly(best.cells.sizes, 3, best.room) ?? packed(best.cells.sizes, best.room);
  return dealAnew(tree, level, best, cuts, homeless);
}

/** The same for a page that is too empty. Undefined where nothing would change, and nothing was done. */
export function shareOnUnderflow(tree: BTree, level: number, fill: number): Homeless[] | undefined {
  const row = gathered(tree, level, threeAround(tree, level), []);
  if (row.pages.length < 2) return []; // the only child of the root, which takes it in
  const fewest = packed(row.cells.sizes, row.room);
  const cuts =
    (tree.policy.split === 'bstar' && evenly(row.cells.sizes, fewest.length + 1, row.room)) ||
    fewest;
  const was = row.ends.slice(0, -1);
  if (cuts.length === was.length && cuts.every((cut, i) => cut === was[i])) {
    if (tree.policy.split !== 'sqlite') return undefined;
    // SQLite goes on to the parent all the same, and puts the pages' numbers in order.
    if (row.pages.every((page, i) => i === 0 || page > (row.pages[i - 1] as number))) return [];
  }
  const page = tree.pages[level] as number;
  const sibling = row.pages.find((one) => one !== page) as number;
  tree.tell?.({ kind: 'underfull', page, fill, below: tree.policy.mergeBelow, sibling });
  if (cuts.length < was.length) tree.merges++;
  return dealAnew(tree, level, row, cuts, []);
}

/** As SQLite chooses them: one on each side, or at an edge two on one side; all, where there are few. */
function threeAround(tree: BTree, level: number): Span {
  const at = tree.indexes[level - 1] as number;
  const { cellCount } = tree.pager.page(tree.pages[level - 1] as number);
  const first = Math.max(0, Math.min(at - 1, cellCount - 2));
  return { first, last: Math.min(cellCount, first + 2) };
}

const bytesOf = ({ cells }: Row): number => cells.sizes.reduce((sum, size) => sum + size + 2, 0);

/** Puts the cells of the pages in one row; changes nothing. */
function gathered(
  tree: BTree,
  level: number,
  { first, last }: Span,
  homeless: readonly Homeless[],
): Row {
  const { pager } = tree;
  const number = tree.pages[level] as number;
  const parent = pager.page(tree.pages[level - 1] as number);
  const cells = new Lineup();
  const pages: number[] = [];
  const ends: number[] = [];
  let places: number[] = [];
  let page: Page | undefined;
  for (let child = first; child <= last; child++) {
    const left = page;
    page = pager.page(parent.child(child));
    if (left && roomOf(tree, left).moves) {
      const between: Bytes = broughtDown(parent, child - 1, left);
      cells.add(between, 0, between.length);
    }
    const isOurs = page.number === number;
    if (isOurs) places = homeless.map(({ index }) => cells.count + index);
    cells.addPage(page, isOurs ? homeless : []);
    pages.push(page.number);
    ends.push(cells.count);
  }
  assert(page, 'a span has a page');
  const { isLeaf } = page;
  const rightChild = isLeaf ? 0 : page.rightChild;
  const kind = kindByte(page);
  return { cells, pages, ends, places, rightChild, isLeaf, kind, room: roomOf(tree, page) };
}

/**
 * Deals the row out, opens and frees pages as that needs, and gives the parent its new separators.
 * Hands back those that it has no room for.
 */
function dealAnew(
  tree: BTree,
  level: number,
  row: Row,
  cuts: readonly number[],
  homeless: readonly Homeless[],
): Homeless[] {
  const { pager, policy, tell } = tree;
  const { cells, pages, room, isLeaf } = row;
  const page = tree.pages[level] as number;
  const parent = tree.pages[level - 1] as number;
  const first = pager.page(parent);
  const index =
    pages.length === 1
      ? (tree.indexes[level - 1] as number)
      : placeOfChild(first, pages[0] as number);
  const held = tell && tree.heldBy(page, isLeaf, homeless);
  const waits = held && held.length > 0 && { held };
  if (pages.length > 1)
    tell?.({
      kind: 'gather',
      page,
      pages,
      parent,
      policy: policy.split,
      cells: cells.count,
      bytes: bytesOf(row),
      capacity: room.capacity,
      maxCells: room.maxCells,
      ...waits,
    });
  const numbers = pages.slice(0, cuts.length + 1);
  while (numbers.length <= cuts.length)
    numbers.push(openSibling(tree, numbers.at(-1) as number, row.kind, held));
  // SQLite gives the lower numbers to the smaller keys, so that a scan reads the file forward.
  if (policy.split === 'sqlite') numbers.sort((a, b) => a - b);
  dealOut(tree, cells, cuts, numbers, row.rightChild);

  const was =
    tell &&
    Array.from({ length: pages.length - 1 }, (_, i) => tree.keyAt(pager.look(parent), index + i));
  const above = pager.edit(parent);
  for (let i = 1; i < pages.length; i++) removeCell(above, index);
  setChild(above, index, numbers.at(-1) as number);
  const raised = separatorsOf(tree, cells, cuts, numbers, isLeaf);
  const keys = tell && raised.map((cell) => tree.keyOf(cell, false));
  // The planted bug forgets the last of them, where there is one more than before.
  if (tree.has('lost-separator') && cuts.length >= pages.length) raised.pop();
  const waiting: Homeless[] = [];
  for (const [i, cell] of raised.entries())
    if (tree.place(parent, index + i - waiting.length, cell) === undefined)
      waiting.push({ index: index + i, cell });

  if (tell && was && keys) {
    const at = tree.heldBy(parent, false, waiting);
    const more = at.length > 0 && { held: at };
    const counts = numbers.map((one) => pager.look(one).cellCount);
    const homes = row.places.map((place, i) => ({
      key: (held as readonly Held[])[i]?.key ?? '',
      page: pageOfPlace(place, cuts, numbers, room.moves) ?? parent,
    }));
    tell({
      kind: 'deal',
      pages: numbers,
      counts,
      keys: changed(tree, row, cuts, numbers),
      parent,
      homeless: homes,
      ...more,
    });
    tell({ kind: 'separators', parent, was, now: keys, copied: !room.moves, ...more });
  }
  const spare = pages.filter((one) => !numbers.includes(one));
  for (const one of spare) startPage(pager.write(one), one, pager.usable, row.kind);
  // The planted bug frees the page before the one that it should: it stays in the tree.
  for (const one of spare)
    pager.free(tree.has('freed-page-in-use') ? (numbers.at(-1) as number) : one);
  return waiting;
}

function placeOfChild(parent: Page, child: number): number {
  let index = 0;
  while (index < parent.cellCount && parent.child(index) !== child) index++;
  return index;
}

/** Keys of the cells that are in another page now, those without a home left out. */
function changed(
  tree: BTree,
  row: Row,
  cuts: readonly number[],
  numbers: readonly number[],
): Key[] {
  const { cells, ends, pages, places, room, isLeaf } = row;
  const before = ends.slice(0, -1);
  const homeless = new Set(places);
  const keys: Key[] = [];
  for (let i = 0; i < cells.count; i++)
    if (
      !homeless.has(i) &&
      pageOfPlace(i, before, pages, room.moves) !== pageOfPlace(i, cuts, numbers, room.moves)
    )
      keys.push(tree.keyOf(cells.cell(i), isLeaf));
  return keys;
}
