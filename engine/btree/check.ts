// The integrity check: does a database keep every rule of its format? Written apart from the tree
// code and from the pager, so that a mistake there cannot excuse itself here. It goes by the format
// alone:
//
//   pages      each of 1..N is used exactly once: tree, overflow chain, freelist, pointer map
//   page       the content area is exactly tiled by cells, freeblocks and counted fragments
//   order      keys ascend, and keep within the separators above them: rowids in a table, whole records
//              in an index (where its declaration says nothing of another order)
//   shape      all leaves at one depth; no page but a root is empty
//   values     an overflow chain has just the pages that its value needs
//   header     page count, freelist head and freelist count are true
//
// It says what it finds and never throws; damage that makes loops ends at the first page met twice.

import { type Bytes, compareBytes, u16, u32 } from '../base/bytes.ts';
import type { Rowid } from './events.ts';
import { isPointerMap, lockPage, readHeader } from './header.ts';
import { Page, payloadOf, type ReadPage, schemaOf, shown, type TreeEntry } from './page.ts';
import { type Column, type Encoding, readRecord } from './record.ts';

export interface Finding {
  readonly text: string;
  readonly page?: number;
}

export interface CheckReport {
  readonly findings: readonly Finding[];
  readonly pages: number;
  /** Rows of user tables, sqlite_* and indexes left out. */
  readonly rows: number;
  readonly trees: readonly (TreeEntry & TreeShape)[];
}

/** What the walk saw of one tree. */
export interface TreeShape {
  /** Levels of pages, 1 where the root is a leaf. */
  readonly depth: number;
  /** Pages of the tree, its overflow pages included. */
  readonly pages: number;
  readonly rows: number;
}

/** More findings than this say nothing new. */
const MOST_FINDINGS = 100;
const DEEPEST = 40;

/** `pages`: how many whole pages the file has. */
export function checkDatabase(read: ReadPage, pages: number): CheckReport {
  return new Checker(read, pages).run();
}

/** What a key is compared with: a rowid, or the record of an index entry. */
type Bound = Rowid | Entry;

interface Entry {
  readonly record: Bytes;
  readonly columns: readonly Column[];
}

interface Walk {
  readonly root: number;
  readonly isTable: boolean;
  /** False for an index whose declaration asks for another order than that of the bytes. */
  readonly isOrdered: boolean;
  depth: number;
  pages: number;
  rows: number;
}

class Checker {
  readonly #read: ReadPage;
  readonly #filePages: number;
  readonly #findings: Finding[] = [];
  /** What each page is used for, in words. */
  readonly #uses = new Map<number, string>();
  readonly #schema: Page[] = [];
  #encoding: Encoding = 'UTF-8';
  #usable = 0;
  #last = 0;

  constructor(read: ReadPage, filePages: number) {
    this.#read = read;
    this.#filePages = filePages;
  }

  #say(text: string, page?: number): void {
    if (this.#findings.length < MOST_FINDINGS)
      this.#findings.push({ text, ...(page !== undefined && { page }) });
  }

  run(): CheckReport {
    const first = this.#read(1);
    const trees: (TreeEntry & TreeShape)[] = [];
    if (!first) {
      this.#say('the database has no page 1');
      return { findings: this.#findings, pages: 0, rows: 0, trees };
    }
    const header = readHeader(first, this.#filePages * first.length);
    if (header.fault) this.#say(`the database header: ${header.fault}`, 1);
    this.#usable = header.usable;
    this.#last = Math.min(header.pages, this.#filePages);
    if (header.pages > this.#filePages)
      this.#say(`the header counts ${header.pages} pages; the file has ${this.#filePages}`, 1);
    this.#encoding = header.encoding;
    const schema = this.#tree(1, true, true, 'the schema');
    trees.push({
      name: 'sqlite_schema',
      table: 'sqlite_schema',
      kind: 'table',
      sql: '',
      ...schema,
    });
    let rows = 0;
    const entries = schemaOf(this.#read, header, this.#schema);
    for (const entry of entries) {
      const table = entries.find(({ name }) => name === entry.table);
      const isOrdered = !/\b(collate|desc)\b/i.test(`${entry.sql} ${table?.sql ?? ''}`);
      const what = `${entry.kind} ${entry.name}`;
      const walk = this.#tree(entry.root, entry.kind === 'table', isOrdered, what);
      trees.push({ ...entry, ...walk });
      if (entry.kind !== 'index' && !entry.name.startsWith('sqlite_')) rows += walk.rows;
    }
    this.#freelist(header.trunk, header.freePages);
    for (let page = 1; page <= this.#last; page++) {
      const isMap = isPointerMap(page, header);
      if (isMap && this.#uses.has(page))
        this.#say(`page ${page} is a pointer map and also ${this.#uses.get(page)}`, page);
      if (!isMap && !this.#uses.has(page) && page !== lockPage(header.pageSize))
        this.#say(`page ${page} is never used`, page);
    }
    return { findings: this.#findings, pages: this.#last, rows, trees };
  }

  /** Notes a use of a page and hands out its bytes; undefined where it cannot be used like that. */
  #use(page: number, what: string, by: number): Bytes | undefined {
    const who = by === 0 ? 'the header' : `page ${by}`;
    const other = this.#uses.get(page);
    if (page < 1 || page > this.#last)
      this.#say(`${who} names page ${page} as ${what}; there are ${this.#last} pages`, by || 1);
    else if (other !== undefined)
      this.#say(`page ${page} is ${what} for ${who}, and it is already ${other}`, page);
    else {
      this.#uses.set(page, what);
      const bytes = this.#read(page);
      if (!bytes) this.#say(`page ${page} cannot be read`, page);
      return bytes;
    }
    return undefined;
  }

  #tree(root: number, isTable: boolean, isOrdered: boolean, what: string): Walk {
    const walk: Walk = { root, isTable, isOrdered, depth: 0, pages: 0, rows: 0 };
    this.#node(walk, root, 0, 1, undefined, undefined, what);
    return walk;
  }

  /**
   * Checks a page and all below it: keys greater than `above`, and at most `upTo` in a table, less than
   * it in an index, where the separator is an entry itself.
   */
  #node(
    walk: Walk,
    number: number,
    parent: number,
    level: number,
    above: Bound | undefined,
    upTo: Bound | undefined,
    what: string,
  ): void {
    const bytes = this.#use(
      number,
      parent === 0 ? `the root of ${what}` : `a page of ${what}`,
      parent,
    );
    if (!bytes) return;
    walk.pages++;
    const page = new Page(bytes, number, this.#usable);
    if (page.kind === undefined || page.isTable !== walk.isTable) {
      const found = page.kind ?? `no b-tree page (it begins with ${bytes[page.start]})`;
      this.#say(
        `page ${number} of ${what} is ${page.kind ? 'an unexpected ' : ''}${found}`,
        number,
      );
      return;
    }
    if (level > DEEPEST) {
      this.#say(`page ${number} is ${level} levels deep`, number);
      return;
    }
    if (walk.root === 1 && page.isLeaf) this.#schema.push(page);
    const cells = this.#layout(page);
    if (page.cellCount === 0 && parent !== 0) this.#say(`page ${number} is empty`, number);
    if (page.cellCount === 0 && parent === 0 && !page.isLeaf && number !== 1)
      this.#say(`page ${number} has a single child and should have its content`, number);
    if (page.isLeaf) {
      if (walk.depth === 0) walk.depth = level;
      else if (walk.depth !== level)
        this.#say(`leaf ${number} is ${level} levels deep, others ${walk.depth}`, number);
    }
    let least = above;
    for (let index = 0; index < cells; index++) {
      const cell = page.cell(index);
      const bound = cell.key ?? (walk.isOrdered ? this.#entry(page, index) : undefined);
      if (bound !== undefined) {
        if (least !== undefined && order(bound, least) <= 0)
          this.#say(
            `page ${number}: key ${named(bound)} of cell ${index} is not greater than ${named(least)}`,
            number,
          );
        if (upTo !== undefined && order(bound, upTo) > (walk.isTable ? 0 : -1))
          this.#say(
            `page ${number}: key ${named(bound)} of cell ${index} is ${walk.isTable ? 'greater' : 'not less'} than the separator ${named(upTo)} above it`,
            number,
          );
      }
      if (page.isLeaf || !walk.isTable) walk.rows++;
      if (cell.overflow !== undefined) {
        const local = (cell.payloadTo as number) - (cell.payloadFrom as number);
        this.#chain(walk, cell.overflow, number, (cell.payloadSize as number) - local);
      }
      if (cell.leftChild !== undefined)
        this.#node(walk, cell.leftChild, number, level + 1, least, bound, what);
      if (bound !== undefined) least = bound;
    }
    if (!page.isLeaf) this.#node(walk, page.rightChild, number, level + 1, least, upTo, what);
  }

  /** The record of an index cell; undefined where it cannot be read. */
  #entry(page: Page, index: number): Entry | undefined {
    const { bytes: record, fault } = payloadOf(page, page.cell(index), this.#read);
    const view = readRecord(record, this.#encoding);
    const wrong = fault ?? view.fault ?? (view.columns.some(({ cut }) => cut) && 'it is cut short');
    if (!wrong) return { record, columns: view.columns };
    this.#say(`page ${page.number}: the record of cell ${index}: ${wrong}`, page.number);
    return undefined;
  }

  /** Checks that cells, freeblocks and fragments tile the content area; says how many cells are sound. */
  #layout(page: Page): number {
    const { number, usable, gapStart, contentStart, cellCount } = page;
    if (gapStart > usable || contentStart > usable || gapStart > contentStart) {
      this.#say(
        `page ${number}: ${cellCount} pointers end at ${gapStart}, the content begins at ${contentStart}`,
        number,
      );
      return 0;
    }
    const taken = new Uint8Array(usable);
    const take = (from: number, to: number, what: string): void => {
      for (let at = from; at < to; at++) {
        if (taken[at] !== 0) {
          this.#say(`page ${number}: ${what} at ${from} overlaps what else is at ${at}`, number);
          return;
        }
        taken[at] = 1;
      }
    };
    for (let index = 0; index < cellCount; index++) {
      const from = page.pointer(index);
      const to = from + page.sizeAt(from);
      if (from < contentStart || to > usable) {
        this.#say(
          `page ${number}: cell ${index} at ${from}..${to} leaves the content area`,
          number,
        );
        return index;
      }
      take(from, to, `cell ${index}`);
    }
    let end = 0;
    for (let at = page.firstFreeblock; at !== 0; at = u16(page.bytes, at)) {
      const size = u16(page.bytes, at + 2);
      if (at < Math.max(contentStart, end) || at + size > usable || size < 4) {
        this.#say(`page ${number}: a freeblock of ${size} bytes at ${at} is out of place`, number);
        break;
      }
      take(at, at + size, 'a freeblock');
      end = at + size;
    }
    let fragments = 0;
    for (let at = contentStart; at < usable; at++) if (taken[at] === 0) fragments++;
    if (fragments !== page.fragments)
      this.#say(
        `page ${number} counts ${page.fragments} bytes of fragments; there are ${fragments}`,
        number,
      );
    return cellCount;
  }

  #chain(walk: Walk, first: number, owner: number, payload: number): void {
    let by = owner;
    let page = first;
    for (let rest = payload; rest > 0; rest -= this.#usable - 4) {
      const bytes = this.#use(page, 'an overflow page', by);
      if (!bytes) return;
      walk.pages++;
      by = page;
      page = u32(bytes, 0);
    }
    if (page !== 0)
      this.#say(`the overflow chain of page ${owner} goes on after its value ends`, by);
  }

  #freelist(first: number, told: number): void {
    let count = 0;
    let by = 0;
    for (let trunk = first; trunk !== 0; ) {
      const bytes = this.#use(trunk, 'a freelist trunk', by);
      if (!bytes) return;
      count++;
      const leaves = u32(bytes, 4);
      if (leaves > this.#usable / 4 - 2) {
        this.#say(`freelist trunk ${trunk} counts ${leaves} leaves`, trunk);
        return;
      }
      for (let i = 0; i < leaves; i++) {
        this.#use(u32(bytes, 8 + 4 * i), 'a free page', trunk);
        count++;
      }
      by = trunk;
      trunk = u32(bytes, 0);
    }
    if (count !== told)
      this.#say(`the header counts ${told} free pages; the freelist has ${count}`, 1);
  }
}

const RANK = { null: 0, integer: 1, real: 1, text: 2, blob: 3 } as const;

/** Below 0 where `a` comes first. Records are compared column by column, as SQLite does without a collation. */
function order(a: Bound, b: Bound): number {
  if (typeof a !== 'object') return typeof b === 'object' ? -1 : a < b ? -1 : a > b ? 1 : 0;
  if (typeof b !== 'object') return 1;
  for (const [i, left] of a.columns.entries()) {
    const right = b.columns[i];
    if (!right) return 1;
    const rank = RANK[left.type] - RANK[right.type];
    if (rank !== 0) return rank;
    const [x, y] = [left.value, right.value];
    const isNumber = left.type === 'integer' || left.type === 'real';
    const difference = isNumber
      ? Number((x as Rowid) > (y as Rowid)) - Number((x as Rowid) < (y as Rowid))
      : compareBytes(
          a.record.subarray(left.from, left.to),
          b.record.subarray(right.from, right.to),
        );
    if (difference !== 0) return difference;
  }
  return a.columns.length - b.columns.length;
}

const named = (bound: Bound): string =>
  typeof bound === 'object' ? shown(bound.columns[0]?.value ?? null) : `${bound}`;
