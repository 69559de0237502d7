// The pager: hands out pages by number, keeps what was changed in memory until a commit, and keeps
// the freelist. Everything above it believes that a database is an array of pages.
//
//   cache     memory file    page n is chunk n-1; absent until it was asked for
//   database  durable file   page n is chunk n-1
//
//   read      a page that is not in the cache is adopted from the database by reference
//   write     the cache's chunk is made our own first (copied once an epoch), the database's stays
//   commit    each changed chunk goes into the database by reference, then one sync
//   rollback  changed chunks are dropped; the next read adopts the committed ones again
//
// A page is dirty when cache and database hold different bytes for it: nobody keeps a list. Opening a
// pager looks at no page, so it can be opened anew for every part of a command. The write-ahead log
// will stand between cache and database: it changes where `read` looks after the cache, and what
// `commit` writes.
//
// The freelist: page 1 names the first trunk; a trunk names the next trunk and up to U/4 - 8 free
// pages, its leaves. (A trunk has room for U/4 - 2; SQLite before 3.6.0 misread the last six.)

import { Complaint } from '../base/assert.ts';
import { type Bytes, equalBytes, setU32, u32 } from '../base/bytes.ts';
import type { Disk, File } from '../disk/disk.ts';
import { insertCell, startPage } from './cells.ts';
import { type BTreeEvent, dirtyPages, FILES } from './events.ts';
import { AT, lockPage, writeHeader } from './header.ts';
import { Page, TABLE_LEAF } from './page.ts';
import { writeRecord } from './record.ts';
import { writeVarint } from './varint.ts';

export type Tell = (event: BTreeEvent) => void;

export const SCHEMA = 'CREATE TABLE kv(id INTEGER PRIMARY KEY, v TEXT)';
export const ROOT = 2;

export interface Allocated {
  readonly page: number;
  readonly from: 'freelist' | 'end of file';
}

export class Pager {
  readonly pageSize: number;
  readonly usable: number;
  /** Whether a transaction is open. */
  writing: boolean;
  /** Pages that were asked for, and pages and bytes that commits wrote. */
  pagesRead = 0;
  pagesWritten = 0;
  /** Pages written since the transaction began, if it began here: commit need not look at all of them. */
  #touched: Set<number> | undefined;
  readonly #disk: Disk;
  readonly #cache: File;
  readonly #database: File;
  readonly #tell: Tell | undefined;

  constructor(disk: Disk, pageSize: number, usable = pageSize, writing = false, tell?: Tell) {
    this.#disk = disk;
    this.pageSize = pageSize;
    this.usable = usable;
    this.writing = writing;
    this.#tell = tell;
    this.#touched = writing ? undefined : new Set();
    this.#database = disk.open(FILES.database, 'durable', pageSize);
    this.#cache = disk.open(FILES.cache, 'memory', pageSize);
  }

  /** A fresh database, synced: page 1 with the schema, page 2 the empty root of kv. */
  static create(disk: Disk, pageSize: number): Pager {
    const pager = new Pager(disk, pageSize);
    const first = pager.write(1);
    writeHeader(first, pageSize, 2);
    startPage(first, 1, pageSize, TABLE_LEAF);
    const record = writeRecord(['table', 'kv', 'kv', ROOT, SCHEMA]);
    const cell = new Uint8Array(record.length + 2);
    cell.set(record, writeVarint(cell, 0, record.length) + writeVarint(cell, 1, 1));
    insertCell(new Page(first, 1), 0, cell);
    startPage(pager.write(ROOT), ROOT, pageSize, TABLE_LEAF);
    for (const page of [1, ROOT]) pager.#database.put(page - 1, pager.read(page));
    pager.#database.sync();
    disk.syncDirectory();
    return pager;
  }

  /** How many pages the database has, those of the open transaction included. */
  get pages(): number {
    return u32(this.read(1), AT.pages);
  }

  get freePages(): number {
    return u32(this.read(1), AT.freePages);
  }

  /** The bytes of a page, to be read. */
  read(page: number): Bytes {
    this.pagesRead++;
    return this.#cache.held(page - 1) ?? this.#fetch(page);
  }

  #fetch(page: number): Bytes {
    if (!(page >= 1 && page <= this.#database.chunks))
      throw new Complaint(`the database is damaged: it has no page ${page}`);
    const bytes = this.#database.chunk(page - 1);
    this.#cache.put(page - 1, bytes);
    return bytes;
  }

  /** The bytes of a page, to be written until the next moment is told. */
  write(page: number): Uint8Array {
    if (this.#cache.held(page - 1) === undefined && page <= this.#database.chunks)
      this.#fetch(page);
    this.#touched?.add(page);
    return this.#cache.own(page - 1);
  }

  /** A lens on a page, to be read. */
  page(page: number): Page {
    return new Page(this.read(page), page, this.usable);
  }

  /** A lens on a page for whoever only tells of it: such a look is not counted as a read. */
  look(page: number): Page {
    this.pagesRead--;
    return this.page(page);
  }

  /** A lens on a page, to be written until the next moment is told. */
  edit(page: number): Page {
    return new Page(this.write(page), page, this.usable);
  }

  /** The first change since the last commit opens a transaction. */
  begin(page: number): void {
    if (this.writing) return;
    this.writing = true;
    this.#tell?.({ kind: 'begin', page });
  }

  /** A page to use, from the freelist where it has one; its old bytes have no meaning. */
  allocate(): Allocated {
    const header = this.write(1);
    const trunk = u32(header, AT.trunk);
    if (trunk === 0) {
      let page = u32(header, AT.pages) + 1;
      if (page === lockPage(this.pageSize)) {
        this.write(page);
        page++;
      }
      setU32(header, AT.pages, page);
      this.write(page);
      return { page, from: 'end of file' };
    }
    setU32(header, AT.freePages, u32(header, AT.freePages) - 1);
    const count = u32(this.read(trunk), 4);
    if (count === 0) {
      setU32(header, AT.trunk, u32(this.read(trunk), 0));
      return { page: trunk, from: 'freelist' };
    }
    const bytes = this.write(trunk);
    const page = u32(bytes, 8);
    setU32(bytes, 8, u32(bytes, 4 + 4 * count)); // the last leaf takes the place of the first
    setU32(bytes, 4, count - 1);
    return { page, from: 'freelist' };
  }

  /** Puts a page on the freelist: as a leaf of the first trunk, or as the new first trunk. */
  free(page: number): void {
    const header = this.write(1);
    const first = u32(header, AT.trunk);
    const freePages = u32(header, AT.freePages) + 1;
    setU32(header, AT.freePages, freePages);
    const count = first === 0 ? 0 : u32(this.read(first), 4);
    let trunk = first;
    if (first !== 0 && count < this.usable / 4 - 8) {
      const bytes = this.write(first);
      setU32(bytes, 8 + 4 * count, page);
      setU32(bytes, 4, count + 1);
    } else {
      const bytes = this.write(page);
      setU32(bytes, 0, first);
      setU32(bytes, 4, 0);
      setU32(header, AT.trunk, page);
      trunk = page;
    }
    this.#tell?.({ kind: 'free', page, trunk, freePages });
  }

  commit(): void {
    if (!this.writing) {
      this.#tell?.({ kind: 'nothing', command: 'commit' });
      return;
    }
    const header = this.write(1);
    const change = (u32(header, AT.change) + 1) >>> 0;
    setU32(header, AT.change, change);
    setU32(header, AT.validFor, change);
    const dirty = this.#dirty();
    for (const [i, page] of dirty.entries()) {
      this.#database.put(page - 1, this.#cache.chunk(page - 1));
      this.pagesWritten++;
      this.#tell?.({ kind: 'write', page, nth: i + 1, of: dirty.length });
    }
    this.#database.sync();
    this.writing = false;
    this.#touched = new Set();
    const bytes = dirty.length * this.pageSize;
    this.#tell?.({ kind: 'sync', pages: dirty.length, bytes });
    this.#tell?.({ kind: 'committed', pages: dirty.length, change });
  }

  /** The pages to commit, ascending: those of dirtyPages(), found by what was written where that is known. */
  #dirty(): number[] {
    if (!this.#touched) return dirtyPages(this.#disk.seal());
    return [...this.#touched]
      .filter((page) => {
        const cached = this.#cache.held(page - 1) as Bytes;
        const held = this.#database.held(page - 1);
        return cached !== held && !(held && equalBytes(cached, held));
      })
      .sort((a, b) => a - b);
  }

  rollback(): void {
    if (!this.writing) {
      this.#tell?.({ kind: 'nothing', command: 'rollback' });
      return;
    }
    const pages = this.#dirty();
    for (const page of pages) this.#cache.drop(page - 1);
    this.writing = false;
    this.#touched = new Set();
    this.#tell?.({ kind: 'rollback', pages });
  }
}
