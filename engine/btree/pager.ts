// The pager: hands out pages by number, keeps what was changed in memory until a commit, and keeps
// the freelist. Everything above it believes that a database is an array of pages.
//
//   cache     memory file    page n is chunk n-1; absent until it was asked for
//   log       durable file   the newest image of pages that were committed and are not home yet
//   database  durable file   page n is chunk n-1
//
//   read        cache, else the newest frame of the log that has the page, else the database
//   write       the cache's chunk is made our own first (copied once an epoch), and marked dirty
//   commit      the dirty pages are appended to the log as frames, the last one says "commit"; one sync
//   rollback    dirty pages are dropped from the cache; the next read finds the committed ones again
//   checkpoint  the newest image of each page in the log goes into the database; the log may begin anew
//
// A transaction that changes one row of one page is one frame: as in SQLite, page 1 goes with it only
// where its own fields change, so the change counter does not count every commit. Opening a pager
// looks at no page and at no frame, so it can be opened anew for every part of a command.
//
// The freelist: page 1 names the first trunk; a trunk names the next trunk and up to U/4 - 8 free
// pages, its leaves. (A trunk has room for U/4 - 2; SQLite before 3.6.0 misread the last six.)

import { Complaint } from '../base/assert.ts';
import { type Bytes, setU32, u32 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import type { Disk, File } from '../disk/disk.ts';
import { insertCell, startPage } from './cells.ts';
import { type BTreeEvent, DIRTY_CHUNK, FILES, pagesIn } from './events.ts';
import { AT, lockPage, writeHeader } from './header.ts';
import { INDEX_LEAF, Page, TABLE_LEAF } from './page.ts';
import { writeRecord } from './record.ts';
import { writeVarint } from './varint.ts';
import { type LeftOut, Wal } from './wal.ts';
import { INDEX_CHUNK } from './wal-index-lens.ts';
import { FRAME_HEADER, type Recovered, WAL_HEADER } from './wal-lens.ts';

export type Tell = (event: BTreeEvent) => void;

export type Keys = 'integer' | 'text';
export const SCHEMA: Readonly<Record<Keys, string>> = {
  integer: 'CREATE TABLE kv(id INTEGER PRIMARY KEY, v TEXT)',
  text: 'CREATE TABLE kv(k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID',
};
export const ROOT = 2;

export interface Allocated {
  readonly page: number;
  readonly from: 'freelist' | 'end of file';
}

export interface PagerOptions {
  /** The salts of the log are drawn from it. */
  readonly seed?: number;
  /**
   * full: a commit is acknowledged when its frames are synced. normal: it is atomic at once, and
   * durable with the next sync of the log, at the latest that of a checkpoint.
   */
  readonly synchronous?: 'full' | 'normal';
  /** Planted bugs. */
  readonly earlyAcknowledge?: boolean;
  readonly checkpointBeforeLogSync?: boolean;
}

export class Pager {
  readonly pageSize: number;
  readonly usable: number;
  /** Whether a transaction is open. */
  writing: boolean;
  /** Pages that were asked for. */
  pagesRead = 0;
  /** What was written: frames and log headers; pages that checkpoints brought home. */
  framesWritten = 0;
  logHeaders = 0;
  pagesHome = 0;
  /** Pages that this pager marked as dirty: a filter, so that the bits are looked at once a page. */
  #marked = new Set<number>();
  readonly #cache: File;
  readonly #dirty: File;
  readonly #database: File;
  readonly #tell: Tell | undefined;
  readonly #options: PagerOptions;
  /** Opened when it is first asked for; a foreign database has none. */
  #wal: Wal | undefined;

  constructor(
    disk: Disk,
    pageSize: number,
    usable = pageSize,
    writing = false,
    tell?: Tell,
    options: PagerOptions = {},
  ) {
    this.pageSize = pageSize;
    this.usable = usable;
    this.writing = writing;
    this.#tell = tell;
    this.#options = options;
    this.#database = disk.open(FILES.database, 'durable', pageSize);
    this.#cache = disk.open(FILES.cache, 'memory', pageSize);
    this.#dirty = disk.open(FILES.dirty, 'memory', DIRTY_CHUNK);
    if (disk.has(FILES.log)) this.#wal = new Wal(...logFiles(disk, pageSize), this.#walOptions());
  }

  /** A fresh database, synced: page 1 with the schema, page 2 the empty root of kv; and an empty log. */
  static create(disk: Disk, pageSize: number, keys: Keys = 'integer'): Pager {
    const database = disk.open(FILES.database, 'durable', pageSize);
    const first = new Uint8Array(pageSize);
    writeHeader(first, pageSize, 2);
    startPage(first, 1, pageSize, TABLE_LEAF);
    const record = writeRecord(['table', 'kv', 'kv', ROOT, SCHEMA[keys]]);
    const cell = new Uint8Array(record.length + 2);
    cell.set(record, writeVarint(cell, 0, record.length) + writeVarint(cell, 1, 1));
    insertCell(new Page(first, 1), 0, cell);
    const root = new Uint8Array(pageSize);
    startPage(root, ROOT, pageSize, keys === 'text' ? INDEX_LEAF : TABLE_LEAF);
    for (const [i, page] of [first, root].entries()) database.put(i, page);
    database.sync();
    Wal.recover(...logFiles(disk, pageSize));
    disk.syncDirectory();
    const pager = new Pager(disk, pageSize);
    for (const page of [1, ROOT]) pager.read(page);
    pager.pagesRead = 0;
    return pager;
  }

  /** Reads the log as it is on the disk, and makes the index from it: nothing is known after a crash. */
  static recover(disk: Disk, pageSize: number): Recovered | undefined {
    if (!disk.has(FILES.log)) return undefined;
    return Wal.recover(...logFiles(disk, pageSize)).recovered;
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
    if (!(page >= 1 && page <= this.committedPages))
      throw new Complaint(`the database is damaged: it has no page ${page}`);
    const bytes = this.#wal?.read(page) ?? this.#database.chunk(page - 1);
    this.#cache.put(page - 1, bytes);
    return bytes;
  }

  /** How many pages the database had after the last commit. */
  get committedPages(): number {
    const state = this.#wal?.state;
    return state && state.mxFrame > 0 ? state.pages : this.#database.chunks;
  }

  /** The bytes of a page, to be written until the next moment is told. */
  write(page: number): Uint8Array {
    if (this.#cache.held(page - 1) === undefined && page <= this.committedPages) this.#fetch(page);
    if (!this.#marked.has(page)) this.#mark(page);
    return this.#cache.own(page - 1);
  }

  #mark(page: number): void {
    this.#marked.add(page);
    const byte = Math.floor((page - 1) / 8);
    const bit = 1 << ((page - 1) % 8);
    const chunk = Math.floor(byte / DIRTY_CHUNK);
    const at = byte % DIRTY_CHUNK;
    if (((this.#dirty.held(chunk)?.[at] ?? 0) & bit) !== 0) return;
    const bits = this.#dirty.own(chunk);
    bits[at] = (bits[at] as number) | bit;
  }

  /** The pages that were written since the last commit, ascending. */
  get dirty(): number[] {
    return pagesIn(this.#dirty.chunks, (chunk) => this.#dirty.held(chunk));
  }

  /** The bytes of a page for whoever only tells of it: not counted, and not taken into the cache. */
  peek(page: number): Bytes | undefined {
    return this.#cache.held(page - 1) ?? this.committed(page);
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

  /** Ends the database after so many pages, within the transaction; nothing is free any more. */
  cutTo(pages: number): void {
    const header = this.write(1);
    setU32(header, AT.pages, pages);
    setU32(header, AT.trunk, 0);
    setU32(header, AT.freePages, 0);
    this.#cache.truncate(pages * this.pageSize);
    // What lay behind is nobody's, and no change that a commit would write.
    for (const page of this.dirty) if (page > pages) this.#unmark(page);
  }

  #unmark(page: number): void {
    this.#marked.delete(page);
    const byte = Math.floor((page - 1) / 8);
    const bits = this.#dirty.own(Math.floor(byte / DIRTY_CHUNK));
    const at = byte % DIRTY_CHUNK;
    bits[at] = (bits[at] as number) & ~(1 << ((page - 1) % 8));
  }

  /**
   * The pages of the open transaction, as they are to be committed: page 1 with its change counter
   * among them where one of its fields changed. Doing it twice changes nothing more.
   */
  prepare(): number[] {
    const dirty = this.dirty;
    if (dirty[0] === 1) {
      const header = this.write(1);
      const before = this.committed(1);
      const change = ((before ? u32(before, AT.change) : 0) + 1) >>> 0;
      setU32(header, AT.change, change);
      setU32(header, AT.validFor, change);
    }
    const pages = this.pages;
    this.pagesRead--;
    return dirty.filter((page) => page <= pages);
  }

  /** A page as the last commit left it. */
  committed(page: number): Bytes | undefined {
    if (page > this.committedPages) return undefined;
    return this.#wal?.read(page) ?? this.#database.held(page - 1);
  }

  /** True where the commit is acknowledged as durable. */
  commit(): boolean {
    if (!this.writing || !this.#wal) {
      this.#tell?.({ kind: 'nothing', command: 'commit' });
      return false;
    }
    const pages = this.prepare();
    const images = pages.map((page) => ({ page, bytes: this.#cache.chunk(page - 1) }));
    const { synchronous = 'full', earlyAcknowledge = false, seed = 1 } = this.#options;
    const size = this.pages;
    this.pagesRead--;
    const { salts } = this.#wal.state;
    // The planted bug leaves the sync for when there is time.
    if (earlyAcknowledge) this.#wal.sync('overdue');
    // Another draw for every header: it depends on those before it.
    const dice = new Dice((seed ^ salts[1] ^ Math.imul(salts[0], 0x9e3779b1)) >>> 0);
    const sync = synchronous === 'full' && !earlyAcknowledge;
    this.#wal.commit(images, size, dice, { sync });
    // A transaction that made the database smaller: what lies behind its end is nobody's.
    if (this.#cache.chunks > size) this.#cache.truncate(size * this.pageSize);
    this.#settle();
    const durable = synchronous === 'full';
    const { mxFrame } = this.#wal.state;
    this.#tell?.({
      kind: 'committed',
      first: mxFrame - pages.length + 1,
      last: mxFrame,
      pages: size,
      durable,
      synced: sync,
    });
    return durable;
  }

  /** No transaction is open, no page is dirty. */
  #settle(): void {
    this.writing = false;
    this.#marked = new Set();
    this.#dirty.truncate(0);
  }

  /** Frames in the log, as far as they are committed. */
  get frames(): number {
    return this.#wal?.state.mxFrame ?? 0;
  }

  /** Whether there is anything in the log that the database has not got. */
  get behind(): number {
    return this.#wal?.behind ?? 0;
  }

  /** Brings the committed pages of the log home. An open transaction stays open, and out of it. */
  checkpoint(isDue = false): void {
    if (!this.#wal || this.#wal.behind === 0) {
      this.#tell?.({ kind: 'nothing', command: 'checkpoint' });
      return;
    }
    const dirty = new Set(this.dirty);
    const cached = (page: number) => (dirty.has(page) ? undefined : this.#cache.held(page - 1));
    this.#wal.checkpoint(this.#database, { cached, isDue });
  }

  /** Before an orderly end: what was committed and not synced is synced. */
  close(): void {
    this.#wal?.sync('close');
  }

  rollback(): void {
    if (!this.writing) {
      this.#tell?.({ kind: 'nothing', command: 'rollback' });
      return;
    }
    const pages = this.dirty;
    for (const page of pages) this.#cache.drop(page - 1);
    this.#settle();
    this.#tell?.({ kind: 'rollback', pages });
  }

  #walOptions() {
    const leaveOut = new Set<LeftOut>();
    if (this.#options.checkpointBeforeLogSync) leaveOut.add('checkpoint sync');
    const count = (event: BTreeEvent): void => {
      if (event.kind === 'frame') this.framesWritten++;
      else if (event.kind === 'restart') this.logHeaders++;
      else if (event.kind === 'backfill') this.pagesHome++;
      this.#tell?.(event);
    };
    return { tell: count, leaveOut };
  }

  /** Bytes that were written to log and database. */
  get bytesWritten(): number {
    const { framesWritten, logHeaders, pagesHome, pageSize } = this;
    return (
      framesWritten * (FRAME_HEADER + pageSize) + logHeaders * WAL_HEADER + pagesHome * pageSize
    );
  }
}

/** The log and the index that belongs to it, and the page size. */
function logFiles(disk: Disk, pageSize: number): [log: File, index: File, pageSize: number] {
  return [
    disk.open(FILES.log, 'durable', pageSize),
    disk.open(FILES.index, 'memory', INDEX_CHUNK),
    pageSize,
  ];
}
