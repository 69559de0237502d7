// The write-ahead log at work: commits append to it, a checkpoint brings its pages home. What stands
// in the file, and what of it counts after a crash, is told in wal-lens.ts.
//
//   log      durable file   header, frames
//   index    memory file    which frame holds the newest image of a page: gone in a crash, made again
//                           by reading the log (SQLite keeps it in the -shm file, as hash tables)
//
//   commit       frames appended ─ the last one says commit ─ log synced ─▶ readers see them
//   checkpoint   log synced ─▶ newest image of each page into the database ─▶ database synced
//   restart      only after that: a new log header ─ synced ─▶ frames from 1 again
//
// Each of the three syncs stands where it stands because a power cut keeps any part of what was not
// synced, in any order:
//
//   - A commit is one only once its frames are synced.
//   - The log is synced before the database is touched: a checkpoint may copy pages of a commit that
//     was not synced, and when the cut takes those frames back, some of its pages must not stay behind
//     in the database. The database is synced before the log may be begun anew, or the last good
//     copy is overwritten.
//   - The new header is synced before frame 1 is overwritten. Say that the old log had the commits
//     1–3 and 4–6, all in the database, and a new frame 4 reached the platter while the new header
//     did not. By the old header frames 1 to 3 are good and end with a commit: pages of the past
//     would stand before those of the database, next to others that are newer.
//
// Salt-1 goes up by one and salt-2 is drawn anew, so that frames of different logs never join up.
// Sectors are atomic here and writing to one leaves the rest of it alone, so a commit is not padded
// to a sector boundary (SQLite does that where the file system cannot promise as much).
//
// The log is not asked what it holds before every command: `WalState` is the little that a process
// knows of it, and with it and the index a Wal is opened without reading a byte.

import { assert, Complaint } from '../base/assert.ts';
import { type Bytes, setU32, u32 } from '../base/bytes.ts';
import type { Dice } from '../base/dice.ts';
import type { File } from '../disk/disk.ts';
import {
  checksum,
  FRAME_HEADER,
  frameChecksum,
  frameOffset,
  MAGIC,
  type Pair,
  type Recovered,
  recoverWal,
  WAL_HEADER,
  WAL_VERSION,
} from './wal-lens.ts';

export interface WalState {
  readonly pageSize: number;
  /** Whether there is a log header; without one the next commit writes it. */
  readonly headed: boolean;
  readonly bigEndian: boolean;
  readonly sequence: number;
  readonly salts: Pair;
  /** From which the checksum of the next frame goes on. */
  readonly checksum: Pair;
  /** The last committed frame. */
  readonly mxFrame: number;
  /** Size of the database in pages after it; 0 where mxFrame is 0. */
  readonly pages: number;
  /** Frames up to this one are in the database. Invariant: 0 ≤ backfilled ≤ mxFrame. */
  readonly backfilled: number;
}

export const NO_WAL = (pageSize: number): WalState => ({
  pageSize,
  headed: false,
  bigEndian: true,
  sequence: 0,
  salts: [0, 0],
  checksum: [0, 0],
  mxFrame: 0,
  pages: 0,
  backfilled: 0,
});

/** One step each; the files are as they are right after it. */
export type WalStep =
  /** A log header was written: the log begins (anew) at frame 1. */
  | { readonly kind: 'restart'; readonly sequence: number; readonly salts: Pair }
  | {
      readonly kind: 'frame';
      readonly frame: number;
      readonly page: number;
      /** Of a commit: the size of the database in pages. Else 0. */
      readonly commitSize: number;
      readonly nth: number;
      readonly of: number;
    }
  | {
      readonly kind: 'log-sync';
      readonly why: 'header' | 'commit' | 'checkpoint';
      readonly frames: number;
    }
  /** A checkpoint copied the newest image of a page into the database. */
  | {
      readonly kind: 'copy';
      readonly frame: number;
      readonly page: number;
      readonly nth: number;
      readonly of: number;
    }
  /** The database was cut, or grew, to the size that the last commit names. */
  | { readonly kind: 'resize'; readonly pages: number }
  | { readonly kind: 'database-sync'; readonly frames: number };

/** Syncs that a careless engine leaves out; each loses or mixes data, and a referee must find it. */
export type LeftOut = 'commit sync' | 'header sync' | 'checkpoint sync' | 'database sync';

export interface WalOptions {
  readonly tell?: ((step: WalStep) => void) | undefined;
  readonly leaveOut?: ReadonlySet<LeftOut> | undefined;
}

export interface PageImage {
  readonly page: number;
  readonly bytes: Bytes;
}

export interface CommitOptions {
  /** False: the commit is atomic and not yet durable (SQLite's synchronous=NORMAL). */
  readonly sync?: boolean;
  /** False while a reader still reads frames: a log that is all in the database goes on nevertheless. */
  readonly restart?: boolean;
}

export class Wal {
  readonly #log: File;
  readonly #index: FrameIndex;
  readonly #tell: ((step: WalStep) => void) | undefined;
  readonly #leaveOut: ReadonlySet<LeftOut>;
  #state: WalState;

  /** A log of which everything is known: `index` is the memory file that belongs to it. */
  constructor(log: File, index: File, state: WalState, options: WalOptions = {}) {
    this.#log = log;
    this.#index = new FrameIndex(index);
    this.#state = state;
    this.#tell = options.tell;
    this.#leaveOut = options.leaveOut ?? new Set();
  }

  /** A log of which nothing is known, as after a crash: reads it and makes the index anew. */
  static recover(
    log: File,
    index: File,
    pageSize: number,
    options: WalOptions = {},
  ): { wal: Wal; recovered: Recovered } {
    const recovered = recoverWal(log);
    if (recovered.stop === 'version') throw new Complaint(recovered.words);
    const { header, frames, mxFrame, pages } = recovered;
    if (header && header.pageSize !== pageSize)
      throw new Complaint(
        `the log has pages of ${header.pageSize} bytes and the database of ${pageSize}`,
      );
    const state: WalState = header
      ? {
          pageSize,
          headed: true,
          bigEndian: header.bigEndian,
          sequence: header.sequence,
          salts: header.salts,
          checksum: recovered.checksum,
          mxFrame,
          pages,
          backfilled: 0,
        }
      : NO_WAL(pageSize);
    const wal = new Wal(log, index, state, options);
    wal.#index.clear();
    for (const { frame, page } of frames) if (frame <= mxFrame) wal.#index.add(frame, page);
    return { wal, recovered };
  }

  get state(): WalState {
    return this.#state;
  }

  /** Frames that a checkpoint has yet to bring home. */
  get behind(): number {
    return this.#state.mxFrame - this.#state.backfilled;
  }

  /** The newest frame up to `snapshot` that holds a page; 0 where the database has it. */
  frameAt(page: number, snapshot: number = this.#state.mxFrame): number {
    return this.#index.frameAt(page, snapshot);
  }

  /** A page at a snapshot, where the log has it. */
  read(page: number, snapshot?: number): Bytes | undefined {
    const frame = this.frameAt(page, snapshot);
    return frame === 0 ? undefined : this.#pageIn(frame);
  }

  #pageIn(frame: number): Bytes {
    const { pageSize } = this.#state;
    return this.#log.read(frameOffset(frame, pageSize) + FRAME_HEADER, pageSize);
  }

  /**
   * Appends a transaction: the pages that it changed, after which the database has `pages` pages.
   * `dice` draws the salts when the log is begun (anew); whoever calls carries its state on, for the
   * same salts twice would let frames of two logs join up.
   */
  commit(
    images: readonly PageImage[],
    pages: number,
    dice: Dice,
    options: CommitOptions = {},
  ): void {
    assert(images.length > 0, 'a commit is a frame, so it has a page');
    const before = this.#state;
    const isHome = before.mxFrame > 0 && before.backfilled === before.mxFrame;
    if (!before.headed) this.#begin(before.sequence, dice);
    else if (isHome && options.restart !== false) this.#begin(before.sequence + 1, dice);
    const { pageSize, bigEndian, salts, mxFrame } = this.#state;
    const bytes = new Uint8Array(FRAME_HEADER + pageSize);
    let sum = this.#state.checksum;
    for (const [i, { page, bytes: image }] of images.entries()) {
      assert(image.length === pageSize, `a page is ${pageSize} bytes`);
      assert(page >= 1 && page <= pages, `page ${page} is one of the ${pages} after the commit`);
      const frame = mxFrame + i + 1;
      const commitSize = i === images.length - 1 ? pages : 0;
      setU32(bytes, 0, page);
      setU32(bytes, 4, commitSize);
      setU32(bytes, 8, salts[0]);
      setU32(bytes, 12, salts[1]);
      bytes.set(image, FRAME_HEADER);
      sum = frameChecksum(sum, bytes, bigEndian);
      setU32(bytes, 16, sum[0]);
      setU32(bytes, 20, sum[1]);
      this.#log.write(frameOffset(frame, pageSize), bytes);
      this.#tell?.({ kind: 'frame', frame, page, commitSize, nth: i + 1, of: images.length });
    }
    const last = mxFrame + images.length;
    if (options.sync !== false) this.#syncLog('commit', last);
    for (const [i, { page }] of images.entries()) this.#index.add(mxFrame + i + 1, page);
    this.#state = { ...this.#state, mxFrame: last, pages, checksum: sum };
  }

  /** Makes durable what was committed without a sync. */
  sync(): void {
    this.#syncLog('commit', this.#state.mxFrame);
  }

  /** Writes a log header: frames are counted from 1 again. */
  #begin(sequence: number, dice: Dice): void {
    const { pageSize, bigEndian, salts: before } = this.#state;
    const salt1 = sequence === 0 ? dice.next() : (before[0] + 1) >>> 0;
    const salts: Pair = [salt1, dice.next()];
    const bytes = new Uint8Array(WAL_HEADER);
    setU32(bytes, 0, MAGIC + (bigEndian ? 1 : 0));
    setU32(bytes, 4, WAL_VERSION);
    setU32(bytes, 8, pageSize);
    setU32(bytes, 12, sequence);
    setU32(bytes, 16, salts[0]);
    setU32(bytes, 20, salts[1]);
    const sum = checksum([0, 0], bytes, 0, 24, bigEndian);
    setU32(bytes, 24, sum[0]);
    setU32(bytes, 28, sum[1]);
    this.#log.write(0, bytes);
    this.#index.clear();
    this.#state = {
      ...NO_WAL(pageSize),
      headed: true,
      bigEndian,
      sequence,
      salts,
      checksum: sum,
    };
    this.#tell?.({ kind: 'restart', sequence, salts });
    this.#syncLog('header', 0);
  }

  /**
   * Brings pages home: of each page the newest image up to frame `upTo`, in the order of the pages.
   * `upTo` is the least snapshot that a reader still holds, else mxFrame. True when all of the log is
   * then in the database, and synced, so that the next commit may begin it anew.
   */
  checkpoint(database: File, upTo: number = this.#state.mxFrame): boolean {
    const { pageSize, mxFrame, pages, backfilled } = this.#state;
    assert(upTo <= mxFrame, `frame ${upTo} is committed`);
    if (upTo <= backfilled) return backfilled === mxFrame;
    this.#syncLog('checkpoint', mxFrame);
    const copies = this.#index.between(backfilled, upTo).filter(({ page }) => page <= pages);
    for (const [i, { page, frame }] of copies.entries()) {
      const bytes = this.#pageIn(frame);
      if (database.chunkSize === pageSize) database.put(page - 1, bytes);
      else database.write((page - 1) * pageSize, bytes);
      this.#tell?.({ kind: 'copy', frame, page, nth: i + 1, of: copies.length });
    }
    const all = upTo === mxFrame;
    if (all) {
      if (database.size !== pages * pageSize) {
        database.truncate(pages * pageSize);
        this.#tell?.({ kind: 'resize', pages });
      }
      if (!this.#leaveOut.has('database sync')) {
        database.sync();
        this.#tell?.({ kind: 'database-sync', frames: mxFrame });
      }
    }
    this.#state = { ...this.#state, backfilled: upTo };
    return all;
  }

  /** Empties a log that is all in the database, as SQLite's wal_checkpoint(TRUNCATE) does. */
  truncate(): void {
    const { headed, mxFrame, backfilled, pageSize, salts, sequence, bigEndian } = this.#state;
    assert(backfilled === mxFrame, 'all of the log is in the database');
    if (!headed) return;
    this.#log.truncate(0);
    this.#index.clear();
    this.#state = { ...NO_WAL(pageSize), bigEndian, salts, sequence: sequence + 1 };
  }

  #syncLog(why: 'header' | 'commit' | 'checkpoint', frames: number): void {
    if (this.#leaveOut.has(`${why} sync`)) return;
    this.#log.sync();
    this.#tell?.({ kind: 'log-sync', why, frames });
  }
}

/**
 * The index, in a memory file: entry i has the newest frame of page i, the page of frame i, and the
 * frame before it that holds the same page. So any snapshot finds its frame by going back a few links.
 */
class FrameIndex {
  static readonly entry = 16;
  readonly #file: File;

  constructor(file: File) {
    assert(file.kind === 'memory', 'the index does not survive');
    assert(file.chunkSize % FrameIndex.entry === 0, 'an entry lies in one chunk');
    this.#file = file;
  }

  #get(entry: number, field: number): number {
    const at = entry * FrameIndex.entry;
    const { chunkSize } = this.#file;
    const chunk = this.#file.held(Math.floor(at / chunkSize));
    return chunk ? u32(chunk, (at % chunkSize) + field) : 0;
  }

  #set(entry: number, field: number, value: number): void {
    const at = entry * FrameIndex.entry;
    const { chunkSize } = this.#file;
    setU32(this.#file.own(Math.floor(at / chunkSize)), (at % chunkSize) + field, value);
  }

  clear(): void {
    this.#file.truncate(0);
  }

  add(frame: number, page: number): void {
    this.#set(frame, 4, page);
    this.#set(frame, 8, this.#get(page, 0));
    this.#set(page, 0, frame);
  }

  frameAt(page: number, snapshot: number): number {
    let frame = this.#get(page, 0);
    while (frame > snapshot) frame = this.#get(frame, 8);
    return frame;
  }

  /** The pages of the frames after `from` up to `to`, in order, each with its newest frame of them. */
  between(from: number, to: number): { page: number; frame: number }[] {
    const newest = new Map<number, number>();
    for (let frame = from + 1; frame <= to; frame++) newest.set(this.#get(frame, 4), frame);
    return [...newest].map(([page, frame]) => ({ page, frame })).sort((a, b) => a.page - b.page);
  }
}
