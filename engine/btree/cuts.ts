// Where to cut a row of cells into pages. Pure arithmetic on sizes, apart from the pages themselves.
//
//   sizes    12 12 30 12 12 12         a cut is a place in the row: the first cell right of it.
//   cuts           ^2                  In a table's leaves every cell lands in a page; everywhere else
//                                      the cell at the cut goes up between the two pages instead.
//
//   halves   two pages, as even as can be
//   evenly   so many pages, as even as can be
//   packed   SQLite's way: as many pages as it takes, filled from the left; then, from the right, each
//            page takes cells from its left neighbour as long as that makes the two more even

import { assert } from '../base/assert.ts';

export interface Room {
  /** Bytes that cells and their pointers can have of a page. */
  readonly capacity: number;
  /** At most so many cells a page; 0 means as many as fit. */
  readonly maxCells: number;
  /** Whether the cell at a cut goes up to the parent: everywhere but in a table's leaves. */
  readonly moves: boolean;
}

/** A cell and its pointer. */
const cost = (sizes: readonly number[], index: number): number => (sizes[index] as number) + 2;

/**
 * By bytes as even as can be; where it is the number of cells that is limited, by number. Undefined
 * where no cut gives two pages that hold their cells.
 */
export function halves(sizes: readonly number[], room: Room): number | undefined {
  const { capacity, maxCells, moves } = room;
  const up = moves ? 1 : 0;
  let total = 0;
  for (const size of sizes) total += size + 2;
  const byNumber = maxCells > 0 && sizes.length > maxCells;
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  let left = 0;
  for (let cut = 1; cut + up < sizes.length; cut++) {
    left += cost(sizes, cut - 1);
    const right = total - left - (moves ? cost(sizes, cut) : 0);
    const rightCells = sizes.length - cut - up;
    if (left > capacity || right > capacity) continue;
    if (maxCells > 0 && (cut > maxCells || rightCells > maxCells)) continue;
    const difference = byNumber ? Math.abs(cut - rightCells) : Math.abs(left - right);
    if (difference < least) [least, best] = [difference, cut];
  }
  return best;
}

/** Undefined where pages so even would not hold their cells. */
export function evenly(
  sizes: readonly number[],
  pages: number,
  room: Room,
): readonly number[] | undefined {
  if (pages === 1) return fits(sizes, [], room) ? [] : undefined;
  if (pages === 2) {
    const cut = halves(sizes, room);
    return cut === undefined ? undefined : [cut];
  }
  const up = room.moves ? 1 : 0;
  const byNumber = room.maxCells > 0 && sizes.length > room.maxCells;
  const weight = (index: number): number => (byNumber ? 1 : cost(sizes, index));
  let rest = 0;
  for (let i = 0; i < sizes.length; i++) rest += weight(i);
  const cuts: number[] = [];
  let at = 0;
  for (let page = 0; page < pages - 1; page++) {
    // What is left, shared among the pages that are left: a rounding is not carried on.
    const share =
      (rest - (pages - 1 - page) * up * (byNumber ? 1 : rest / sizes.length)) / (pages - page);
    let sum = 0;
    const start = at;
    while (at < sizes.length && (at === start || sum + weight(at) / 2 <= share))
      sum += weight(at++);
    if (at >= sizes.length) return undefined;
    cuts.push(at);
    rest -= sum;
    if (room.moves) rest -= weight(at++);
  }
  return fits(sizes, cuts, room) ? cuts : undefined;
}

/** Whether each page has a cell and none has too many. */
export function fits(sizes: readonly number[], cuts: readonly number[], room: Room): boolean {
  let at = 0;
  for (let page = 0; page <= cuts.length; page++) {
    const end = cuts[page] ?? sizes.length;
    let bytes = 0;
    for (let i = at; i < end; i++) bytes += cost(sizes, i);
    if (end <= at || bytes > room.capacity) return false;
    if (room.maxCells > 0 && end - at > room.maxCells) return false;
    at = end + (room.moves ? 1 : 0);
  }
  return true;
}

/** As balance_nonroot in SQLite's btree.c, with the number of cells as a second limit. */
export function packed(sizes: readonly number[], room: Room): readonly number[] {
  const { capacity, maxCells, moves } = room;
  const up = moves ? 1 : 0;
  const most = maxCells > 0 ? maxCells : Number.POSITIVE_INFINITY;
  const cuts: number[] = [];
  const bytes: number[] = [];
  for (let at = 0; ; ) {
    const start = at;
    let sum = 0;
    while (at < sizes.length && sum + cost(sizes, at) <= capacity && at - start < most)
      sum += cost(sizes, at++);
    assert(at > start || at >= sizes.length, 'every cell fits a page by itself');
    bytes.push(sum);
    if (at >= sizes.length) break;
    cuts.push(at);
    at += up;
    if (at >= sizes.length) {
      bytes.push(0); // the last cell goes up: its right neighbour has none, and gets one below
      break;
    }
  }
  for (let page = cuts.length; page > 0; page--) {
    const end = cuts[page] ?? sizes.length;
    let cut = cuts[page - 1] as number;
    let right = bytes[page] as number;
    let left = bytes[page - 1] as number;
    for (;;) {
      // The last cell of the left page; and the one that the right page gets for it.
      const last = cut - 1;
      const gets = moves ? cut : last;
      if (last < (page > 1 ? (cuts[page - 2] as number) + up : 0) + 1 && right > 0) break;
      if (end - gets > most && right > 0) break;
      const margin = page === cuts.length ? 0 : 2;
      if (right > 0 && right + cost(sizes, gets) > left - ((sizes[last] as number) + margin)) break;
      right += cost(sizes, gets);
      left -= cost(sizes, last);
      cut = last;
    }
    cuts[page - 1] = cut;
    bytes[page] = right;
    bytes[page - 1] = left;
  }
  assert(fits(sizes, cuts, room), 'each page holds its part of the row');
  return cuts;
}
