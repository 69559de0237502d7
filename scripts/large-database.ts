/**
 * A valid SQLite database of any size, written bottom-up in one pass, for journeys and lines that open
 * a large file. One table, `item(id INTEGER PRIMARY KEY, name TEXT, data BLOB)`, in pages of 4096 bytes:
 *
 *   page 1  header and schema      page 2  root      pages 3 …  interior pages      then the leaves
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import {
  insertCell,
  interiorCell,
  type KindByte,
  setChild,
  startPage,
} from '../engine/btree/cells.ts';
import { writeHeader } from '../engine/btree/header.ts';
import { Page, TABLE_INTERIOR, TABLE_LEAF } from '../engine/btree/page.ts';
import { writeRecord } from '../engine/btree/record.ts';
import { sizeOfVarint, writeVarint } from '../engine/btree/varint.ts';

const PAGE_SIZE = 4096;
const ROWS_A_LEAF = 30;
const CHILDREN = 400;
const SQL = 'CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, data BLOB)';

/** Writes about that many bytes; says how many pages and rows they are. */
export function writeLargeDatabase(path: string, bytes: number): { pages: number; rows: number } {
  const leaves = Math.max(2, Math.min(CHILDREN ** 2, Math.floor(bytes / PAGE_SIZE) - 3));
  const middles = leaves > CHILDREN ? Math.ceil(leaves / CHILDREN) : 0;
  const firstLeaf = 3 + middles;
  const pages = firstLeaf + leaves - 1;
  const lastRow = (leaf: number) => Math.min(leaves, leaf) * ROWS_A_LEAF;
  const file = openSync(path, 'w');
  const page = new Uint8Array(PAGE_SIZE);
  const write = (number: number, kind: KindByte, cells: readonly Uint8Array[], right = 0) => {
    if (number > 1) page.fill(0);
    startPage(page, number, PAGE_SIZE, kind);
    const lens = new Page(page, number);
    cells.forEach((cell, index) => {
      if (!insertCell(lens, index, cell)) throw new Error(`page ${number} is full`);
    });
    if (right > 0) setChild(lens, cells.length, right);
    writeSync(file, page);
  };
  /** An interior page over `count` children from page `first` on; a child ends with the row that `last` says. */
  const over = (number: number, first: number, count: number, last: (nth: number) => number) =>
    write(
      number,
      TABLE_INTERIOR,
      Array.from({ length: count - 1 }, (_, i) => interiorCell(first + i, last(i + 1))),
      first + count - 1,
    );

  writeHeader(page, PAGE_SIZE, pages);
  write(1, TABLE_LEAF, [leafCell(1, writeRecord(['table', 'item', 'item', 2, SQL]))]);
  if (middles > 0) over(2, 3, middles, (nth) => lastRow(nth * CHILDREN));
  for (let nth = 0; nth < Math.max(1, middles); nth++) {
    const before = nth * CHILDREN;
    const count = Math.min(CHILDREN, leaves - before);
    over(middles > 0 ? 3 + nth : 2, firstLeaf + before, count, (i) => lastRow(before + i));
  }
  const data = new Uint8Array(60).fill(0x7e);
  for (let leaf = 0; leaf < leaves; leaf++)
    write(
      firstLeaf + leaf,
      TABLE_LEAF,
      Array.from({ length: ROWS_A_LEAF }, (_, i) => {
        const id = lastRow(leaf) + i + 1;
        return leafCell(id, writeRecord([null, `item number ${id} of leaf ${leaf + 1}`, data]));
      }),
    );
  closeSync(file);
  return { pages, rows: leaves * ROWS_A_LEAF };
}

function leafCell(rowid: number, record: Uint8Array): Uint8Array {
  const cell = new Uint8Array(sizeOfVarint(record.length) + sizeOfVarint(rowid) + record.length);
  let at = writeVarint(cell, 0, record.length);
  at += writeVarint(cell, at, rowid);
  cell.set(record, at);
  return cell;
}
