// Where the two kinds of keys meet. A table b-tree is ordered by rowid, a 64-bit number in each cell;
// an index b-tree by records, and ours by the first column of the record alone, since that is the
// primary key:
//
//   rowid 25               19                       a varint in the cell
//   text  "reef"           0b 03 15 0d 72 65 65 66  the record (k, v): its first column is the key
//
// Text is ordered as SQLite's BINARY collation does, by its UTF-8 bytes, and bytes (BLOBs) come after
// all text. JavaScript's < on strings compares UTF-16 units, which is another order: U+FF5E comes
// before U+1F420 in UTF-8 and after it in UTF-16.

import { type Bytes, compareBytes, utf8 } from '../base/bytes.ts';
import type { Key, Rowid } from './events.ts';
import {
  BLOB_RANK,
  type Page,
  payloadOf,
  type ReadPage,
  readCell,
  shown,
  TEXT_RANK,
} from './page.ts';
import { readRecord } from './record.ts';
import { readRowid, varintSize } from './varint.ts';

/** What a tree can be asked for: a rowid, or text, or the bytes of a key that is a BLOB. */
export type SearchKey = Key | Bytes;

/** What a search for the end of an open range of texts is told to look for. */
export const GREATEST_NAME = '\u{10ffff}';

/** Below 0 where `a` comes first. Rowids come before texts, but no tree has both. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a === 'string') return typeof b === 'string' ? compareBytes(utf8(a), utf8(b)) : 1;
  if (typeof b === 'string') return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A key of an index b-tree as its bytes, and where its type stands in the order. */
export interface Needle {
  readonly bytes: Bytes;
  readonly rank: number;
}

export const needleOf = (key: SearchKey): Needle =>
  key instanceof Uint8Array
    ? { bytes: key, rank: BLOB_RANK }
    : { bytes: utf8(`${key}`), rank: TEXT_RANK };

/** A key for those who watch: bytes as SQL writes them. */
export const plainKey = (key: SearchKey): Key => (key instanceof Uint8Array ? shown(key) : key);

/** The key of a cell, from a whole record: the first column, of whatever type. */
export function keyOfRecord(record: Bytes): Key {
  const value = readRecord(record).columns[0]?.value;
  if (typeof value === 'string') return value;
  return value === undefined ? '' : shown(value);
}

/** The key of a cell of any b-tree page, the overflow chain followed where the key goes on there. */
export function keyAt(page: Page, index: number, read: ReadPage): Key {
  if (page.isTable) return page.key(index);
  return keyOfRecord(payloadOf(page, page.cell(index), read).bytes);
}

/** The rowid of a cell of a table page. */
export const rowidOfCell = (cell: Bytes, isLeaf: boolean): Rowid =>
  readRowid(cell, isLeaf ? varintSize(cell, 0) : 4);

/** The key of a cell that stands in no page. */
export function keyOfCell(
  cell: Bytes,
  isLeaf: boolean,
  isTable: boolean,
  usable: number,
  read: ReadPage,
): Key {
  if (isTable) return rowidOfCell(cell, isLeaf);
  const rules = { isLeaf, isTable, usable, gapStart: 0 };
  return keyOfRecord(payloadOf({ bytes: cell, usable }, readCell(cell, 0, 0, rules), read).bytes);
}

/** What the first column of a record is looked up by. */
export function needleOfRecord(record: Bytes): Needle {
  const value = readRecord(record).columns[0]?.value;
  return needleOf(value instanceof Uint8Array ? value : String(value));
}

/** The first cell whose key is `key` or greater; cellCount where there is none. */
export function placeIn(page: Page, key: Key, read: ReadPage): number {
  if (page.isTable) return page.search(key as Rowid);
  const { bytes, rank } = needleOf(key);
  const at = page.seek(bytes, rank, read);
  return at < 0 ? ~at : at;
}
