// Cursors over sorted entries, and the one that merges them: how a scan and a compaction read many
// sources as if they were one.
//
//   memtable   fig@9        kiwi@4                       each source is sorted by internal key,
//   table 7    date@2  fig@3                             so the smallest of their heads is next:
//   table 5    apple@1        kiwi@1  peach@1
//   merged     apple@1 date@2 fig@9 fig@3 kiwi@4 kiwi@1 peach@1
//
// Newer versions of a key come first (key.ts), so the first that a reader may see is the answer, and
// the rest of that key is passed over. A cursor goes one way after it was placed.

import type { Bytes } from '../base/bytes.ts';
import { type Block, Finger, Place } from './block.ts';
import type { TableFile } from './format.ts';
import {
  compareInternal,
  compareInternalAt,
  compareUserAt,
  DELETION,
  seekKey,
  sequenceOf,
  TAG_SIZE,
} from './key.ts';
import type { SkipList } from './skiplist.ts';
import type { Table } from './table.ts';

const _NOTHING = new Uint8Array(0);

/** Moves a place over sorted entries. Who keeps a key takes the place's `key`, which is a copy. */
export abstract class Cursor {
  /** Without an entry behind the last one, and before the first. */
  readonly place = new Place();

  /** To the first entry at or behind an internal key; undefined: the very first. */
  abstract seek(target: Bytes | undefined): void;
  /** To the last entry before an internal key; undefined: the very last. */
  abstract seekBefore(target: Bytes | undefined): void;
  abstract next(): void;
  abstract previous(): void;
}

export class SkipListCursor extends Cursor {
  readonly #list: SkipList;
  #at = 0;
  constructor(list: SkipList) {
    super();
    this.#list = list;
  }
  seek(target: Bytes | undefined): void {
    this.#go(target ? this.#list.seek(target) : this.#list.first());
  }
  seekBefore(target: Bytes | undefined): void {
    this.#go(target ? this.#list.seekBefore(target) : this.#list.last());
  }
  next(): void {
    this.#go(this.#list.next(this.#at));
  }
  previous(): void {
    // Lanes lead forward only: going back is a search for the last smaller key.
    const { key } = this.place;
    if (key) this.#go(this.#list.seekBefore(key));
  }
  #go(node: number): void {
    this.#at = node;
    if (node === 0) this.place.length = 0;
    else this.#list.place(node, this.place);
  }
}

export class TableCursor extends Cursor {
  #table: Table | undefined;
  readonly #finger = new Finger(this.place);
  #nth = -1;
  #block: Block | undefined;
  constructor(table?: Table) {
    super();
    this.#table = table;
  }
  /** Goes over to another table, in which it is to be placed. */
  open(table: Table | undefined): void {
    this.#table = table;
    this.#nth = -1;
    this.#block = undefined;
    this.place.length = 0;
  }
  get #blocks(): number {
    return this.#table?.blocks ?? 0;
  }
  seek(target: Bytes | undefined): void {
    this.#enter(target ? (this.#table?.blockFor(target) ?? 0) : 0);
    if (!target) this.next();
    else if (!this.#block?.find(target, this.#finger)) this.#nextBlock();
  }
  seekBefore(target: Bytes | undefined): void {
    const last = this.#blocks - 1;
    const nth = target && this.#table ? Math.min(this.#table.blockFor(target), last) : last;
    this.#enter(nth);
    // Behind the last entry, where all are smaller.
    const isIn = target && this.#block?.find(target, this.#finger);
    this.#back(isIn ? this.#finger.at : Number.POSITIVE_INFINITY);
  }
  next(): void {
    if (!this.#block || !this.#finger.next() || this.place.length < TAG_SIZE) this.#nextBlock();
  }
  previous(): void {
    this.#back(this.#finger.at);
  }
  #enter(nth: number): void {
    this.#nth = nth;
    this.#block = nth >= 0 && nth < this.#blocks ? this.#table?.block(nth) : undefined;
    this.place.length = 0;
    if (this.#block) this.#finger.start(this.#block, 0);
  }
  #nextBlock(): void {
    this.place.length = 0;
    while (this.#nth < this.#blocks - 1) {
      this.#enter(this.#nth + 1);
      if (this.#finger.next() && this.place.length >= TAG_SIZE) return;
    }
    this.place.length = 0;
    this.#block = undefined;
  }
  /** To the last entry that begins before `end` in this block, or the last of a block before it. */
  #back(end: number): void {
    for (let limit = end; this.#block; limit = Number.POSITIVE_INFINITY) {
      if (lastBefore(this.#block, Math.min(limit, this.#block.entriesEnd), this.#finger)) return;
      this.#enter(this.#nth - 1);
    }
    this.place.length = 0;
  }
}

/**
 * Sets a finger on the last entry that begins before an offset: forward from the restart point before
 * it, for entries can only be read forward.
 */
function lastBefore(block: Block, limit: number, finger: Finger): boolean {
  for (let restart = block.restartBefore(limit) - 1; restart >= 0; restart--) {
    let at = -1;
    finger.start(block, block.restart(restart));
    while (finger.end < limit && finger.next() && finger.place.length >= TAG_SIZE) at = finger.at;
    if (at < 0) continue;
    if (finger.at === at) return true;
    // Damage behind it: once more, as far as it goes.
    finger.start(block, block.restart(restart));
    while (finger.next() && finger.at < at);
    return true;
  }
  return false;
}

/** The tables of one level from 1 down, one behind the other: only the one in use is opened. */
export class LevelCursor extends Cursor {
  readonly #files: readonly TableFile[];
  readonly #open: (file: TableFile) => Table | undefined;
  #nth = -1;
  readonly #inner = new TableCursor();
  override readonly place = this.#inner.place;
  constructor(files: readonly TableFile[], open: (file: TableFile) => Table | undefined) {
    super();
    this.#files = files;
    this.#open = open;
  }
  /** The table that the cursor stands in. */
  get file(): TableFile | undefined {
    return this.#files[this.#nth];
  }
  seek(target: Bytes | undefined): void {
    this.#enter(target ? this.#firstNotBefore(target) : 0);
    this.#inner.seek(target);
    this.#skipForward();
  }
  seekBefore(target: Bytes | undefined): void {
    const last = this.#files.length - 1;
    this.#enter(target ? Math.min(this.#firstNotBefore(target), last) : last);
    this.#inner.seekBefore(target);
    this.#skipBack();
  }
  next(): void {
    this.#inner.next();
    this.#skipForward();
  }
  previous(): void {
    this.#inner.previous();
    this.#skipBack();
  }
  #firstNotBefore(target: Bytes): number {
    let low = 0;
    let high = this.#files.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareInternal((this.#files[middle] as TableFile).largest, target) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #enter(nth: number): void {
    this.#nth = nth;
    const file = this.#files[nth];
    this.#inner.open(file && this.#open(file));
  }
  #skipForward(): void {
    while (this.place.length === 0 && this.#nth < this.#files.length - 1) {
      this.#enter(this.#nth + 1);
      this.#inner.seek(undefined);
    }
  }
  #skipBack(): void {
    while (this.place.length === 0 && this.#nth > 0) {
      this.#enter(this.#nth - 1);
      this.#inner.seekBefore(undefined);
    }
  }
}

/**
 * Many cursors as one. The sources are few (memtables, tables of level 0, levels): a plain search for
 * the least, which remembers who came second. As long as a source stays before that one, it is the next
 * again, and the others need not be asked.
 */
export class MergingCursor {
  readonly sources: readonly Cursor[];
  readonly #places: readonly Place[];
  /** Index of the source that the cursor stands in; -1: none. */
  current = -1;
  /** Index of the one that comes next after it; -1: there is no other. */
  #second = -1;
  /** Where the cursor stands: the place of the source that has the next entry. */
  place: Place | undefined;
  constructor(sources: readonly Cursor[]) {
    this.sources = sources;
    this.#places = sources.map(({ place }) => place);
  }
  seek(target: Bytes | undefined): void {
    for (const source of this.sources) source.seek(target);
    this.#pick(1);
  }
  seekBefore(target: Bytes | undefined): void {
    for (const source of this.sources) source.seekBefore(target);
    this.#pick(-1);
  }
  next(): void {
    if (this.current < 0) return;
    (this.sources[this.current] as Cursor).next();
    if (!this.#isStillFirst(1)) this.#pick(1);
  }
  previous(): void {
    if (this.current < 0) return;
    (this.sources[this.current] as Cursor).previous();
    if (!this.#isStillFirst(-1)) this.#pick(-1);
  }
  #isStillFirst(direction: 1 | -1): boolean {
    const { current } = this;
    const second = this.#second;
    if ((this.#places[current] as Place).length === 0) return false;
    return second < 0 || this.#isBefore(current, second, direction);
  }
  /** Of equal keys (which sound data has not) the first source's comes first: sources are newest first. */
  #isBefore(one: number, other: number, direction: 1 | -1): boolean {
    const a = this.#places[one] as Place;
    const b = this.#places[other] as Place;
    const order = compareInternalAt(a.bytes, a.from, a.length, b.bytes, b.from, b.length);
    return order === 0 ? one < other : direction * order < 0;
  }
  #pick(direction: 1 | -1): void {
    const places = this.#places;
    let first = -1;
    let second = -1;
    for (let i = 0; i < places.length; i++) {
      if ((places[i] as Place).length === 0) continue;
      if (first < 0) first = i;
      else if (this.#isBefore(i, first, direction)) {
        second = first;
        first = i;
      } else if (second < 0 || this.#isBefore(i, second, direction)) second = i;
    }
    this.current = first;
    this.#second = second;
    this.place = places[first];
  }
}

export interface VisibleRow {
  /** An internal key. */
  readonly key: Bytes;
  readonly value: Bytes;
  /** Entries of this key that a reader does not get: newer than the snapshot, or shadowed. */
  readonly passed: number;
  /** Index of the source that it came from. */
  readonly source: number;
}

/** The rows that a reader at a sequence sees, forward from a user key. */
export function* visibleForward(
  merged: MergingCursor,
  from: Bytes | undefined,
  sequence: number,
): Generator<VisibleRow, void> {
  merged.seek(from && seekKey(from));
  for (let place = merged.place; place; place = merged.place) {
    const user = place.key as Bytes;
    let row: Omit<VisibleRow, 'passed'> | undefined;
    let passed = 0;
    // One user key: the first version that may be seen decides.
    let isDecided = false;
    for (let at: Place | undefined = place; at && hasUser(at, user); at = merged.place) {
      const tag = at.from + at.length - TAG_SIZE;
      if (!isDecided && sequenceOf(at.bytes, tag) <= sequence) {
        isDecided = true;
        if (at.bytes[tag] !== DELETION)
          row = {
            key: passed === 0 ? user : (at.key as Bytes),
            value: at.value,
            source: merged.current,
          };
        else passed++;
      } else passed++;
      merged.next();
    }
    if (row) yield { ...row, passed };
  }
}

const hasUser = ({ bytes, from, length }: Place, user: Bytes): boolean =>
  compareUserAt(bytes, from, length, user, 0, user.length) === 0;

/** The same backward, from the last key at or before a user key. */
export function* visibleBackward(
  merged: MergingCursor,
  from: Bytes | undefined,
  sequence: number,
): Generator<VisibleRow, void> {
  // Behind every version of `from`: the smallest user key greater than it is `from` and a zero byte.
  let behind: Uint8Array | undefined;
  if (from) {
    behind = new Uint8Array(from.length + 1);
    behind.set(from);
  }
  merged.seekBefore(behind && seekKey(behind));
  for (let place = merged.place; place; place = merged.place) {
    const user = place.key as Bytes;
    let row: Omit<VisibleRow, 'passed'> | undefined;
    let seen = 0;
    // Backward the oldest version comes first: the last that may be seen decides.
    for (let at: Place | undefined = place; at && hasUser(at, user); at = merged.place) {
      seen++;
      const tag = at.from + at.length - TAG_SIZE;
      if (sequenceOf(at.bytes, tag) <= sequence)
        row =
          at.bytes[tag] === DELETION
            ? undefined
            : { key: at.key as Bytes, value: at.value, source: merged.current };
      merged.previous();
    }
    if (row) yield { ...row, passed: seen - 1 };
  }
}
