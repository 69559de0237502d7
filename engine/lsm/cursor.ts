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
import type { BlockEntry } from './block.ts';
import type { TableFile } from './format.ts';
import { compareInternal, compareUser, DELETION, seekKey, sequenceOf, typeOf } from './key.ts';
import type { SkipList } from './skiplist.ts';
import type { Table } from './table.ts';

export interface Cursor {
  /** Undefined where the cursor stands behind the last entry, or before the first. */
  readonly key: Bytes | undefined;
  readonly value: Bytes;
  /** To the first entry at or behind an internal key; undefined: the very first. */
  seek(target: Bytes | undefined): void;
  /** To the last entry before an internal key; undefined: the very last. */
  seekBefore(target: Bytes | undefined): void;
  next(): void;
  previous(): void;
}

const NOTHING = new Uint8Array(0);

export class SkipListCursor implements Cursor {
  readonly #list: SkipList;
  #at = 0;
  constructor(list: SkipList) {
    this.#list = list;
  }
  get key(): Bytes | undefined {
    return this.#at === 0 ? undefined : this.#list.keyOf(this.#at);
  }
  get value(): Bytes {
    return this.#at === 0 ? NOTHING : this.#list.node(this.#at).value;
  }
  seek(target: Bytes | undefined): void {
    this.#at = target ? this.#list.seek(target) : this.#list.first();
  }
  seekBefore(target: Bytes | undefined): void {
    this.#at = target ? this.#list.seekBefore(target) : this.#list.last();
  }
  next(): void {
    this.#at = this.#list.next(this.#at);
  }
  previous(): void {
    // Lanes lead forward only: going back is a search for the last smaller key.
    const { key } = this;
    if (key) this.#at = this.#list.seekBefore(key);
  }
}

export class TableCursor implements Cursor {
  readonly #table: Table;
  #block = -1;
  #entries: readonly BlockEntry[] = [];
  #at = 0;
  constructor(table: Table) {
    this.#table = table;
  }
  get key(): Bytes | undefined {
    return this.#entries[this.#at]?.key;
  }
  get value(): Bytes {
    return this.#entries[this.#at]?.value ?? NOTHING;
  }
  /** Number of the data block that the cursor stands in. */
  get block(): number {
    return this.#block;
  }
  seek(target: Bytes | undefined): void {
    this.#enter(target ? this.#table.blockFor(target) : 0);
    this.#at = target ? lowerBound(this.#entries, target) : 0;
    this.#skipForward();
  }
  seekBefore(target: Bytes | undefined): void {
    const last = this.#table.blocks - 1;
    this.#enter(target ? Math.min(this.#table.blockFor(target), last) : last);
    this.#at = (target ? lowerBound(this.#entries, target) : this.#entries.length) - 1;
    this.#skipBack();
  }
  next(): void {
    this.#at++;
    this.#skipForward();
  }
  previous(): void {
    this.#at--;
    this.#skipBack();
  }
  #enter(block: number): void {
    this.#block = block;
    this.#entries = block >= 0 && block < this.#table.blocks ? this.#table.entriesOf(block) : [];
  }
  #skipForward(): void {
    while (this.#at >= this.#entries.length && this.#block < this.#table.blocks - 1) {
      this.#enter(this.#block + 1);
      this.#at = 0;
    }
  }
  #skipBack(): void {
    while (this.#at < 0 && this.#block > 0) {
      this.#enter(this.#block - 1);
      this.#at = this.#entries.length - 1;
    }
  }
}

function lowerBound(entries: readonly BlockEntry[], target: Bytes): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareInternal((entries[middle] as BlockEntry).key, target) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The tables of one level from 1 down, one behind the other: only the one in use is opened. */
export class LevelCursor implements Cursor {
  readonly #files: readonly TableFile[];
  readonly #open: (file: TableFile) => Table | undefined;
  #nth = -1;
  #inner: TableCursor | undefined;
  constructor(files: readonly TableFile[], open: (file: TableFile) => Table | undefined) {
    this.#files = files;
    this.#open = open;
  }
  get key(): Bytes | undefined {
    return this.#inner?.key;
  }
  get value(): Bytes {
    return this.#inner?.value ?? NOTHING;
  }
  /** The table that the cursor stands in. */
  get file(): TableFile | undefined {
    return this.#files[this.#nth];
  }
  seek(target: Bytes | undefined): void {
    this.#enter(target ? this.#firstNotBefore(target) : 0);
    this.#inner?.seek(target);
    this.#skipForward();
  }
  seekBefore(target: Bytes | undefined): void {
    const last = this.#files.length - 1;
    this.#enter(target ? Math.min(this.#firstNotBefore(target), last) : last);
    this.#inner?.seekBefore(target);
    this.#skipBack();
  }
  next(): void {
    this.#inner?.next();
    this.#skipForward();
  }
  previous(): void {
    this.#inner?.previous();
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
    const table = file && this.#open(file);
    this.#inner = table && new TableCursor(table);
  }
  #skipForward(): void {
    while (this.key === undefined && this.#nth < this.#files.length - 1) {
      this.#enter(this.#nth + 1);
      this.#inner?.seek(undefined);
    }
  }
  #skipBack(): void {
    while (this.key === undefined && this.#nth > 0) {
      this.#enter(this.#nth - 1);
      this.#inner?.seekBefore(undefined);
    }
  }
}

/** Many cursors as one. The sources are few (memtables, tables of level 0, levels): a plain search for the least. */
export class MergingCursor implements Cursor {
  readonly sources: readonly Cursor[];
  /** Index of the source that the cursor stands in; -1: none. */
  current = -1;
  constructor(sources: readonly Cursor[]) {
    this.sources = sources;
  }
  get key(): Bytes | undefined {
    return this.sources[this.current]?.key;
  }
  get value(): Bytes {
    return this.sources[this.current]?.value ?? NOTHING;
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
    this.sources[this.current]?.next();
    this.#pick(1);
  }
  previous(): void {
    this.sources[this.current]?.previous();
    this.#pick(-1);
  }
  /** Of equal keys (which sound data has not) the first source's comes first: sources are newest first. */
  #pick(direction: 1 | -1): void {
    let best: Bytes | undefined;
    this.current = -1;
    for (let i = 0; i < this.sources.length; i++) {
      const key = (this.sources[i] as Cursor).key;
      if (key && (!best || direction * compareInternal(key, best) < 0)) {
        best = key;
        this.current = i;
      }
    }
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
  while (merged.key) {
    const user = merged.key;
    let row: { key: Bytes; value: Bytes; source: number } | undefined;
    let passed = 0;
    // One user key: the first version that may be seen decides.
    let isDecided = false;
    for (let key: Bytes | undefined = user; key && compareUser(key, user) === 0; key = merged.key) {
      if (!isDecided && sequenceOf(key) <= sequence) {
        isDecided = true;
        if (typeOf(key) !== DELETION) row = { key, value: merged.value, source: merged.current };
        else passed++;
      } else passed++;
      merged.next();
    }
    if (row) yield { ...row, passed };
  }
}

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
  while (merged.key) {
    const user = merged.key;
    let row: { key: Bytes; value: Bytes; source: number } | undefined;
    let seen = 0;
    // Backward the oldest version comes first: the last that may be seen decides.
    for (let key: Bytes | undefined = user; key && compareUser(key, user) === 0; key = merged.key) {
      seen++;
      if (sequenceOf(key) <= sequence)
        row =
          typeOf(key) === DELETION
            ? undefined
            : { key, value: merged.value, source: merged.current };
      merged.previous();
    }
    if (row) yield { ...row, passed: seen - 1 };
  }
}
