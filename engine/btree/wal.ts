// The write-ahead log at work: commits append to it, a checkpoint brings its pages home. What stands
// in the file, and what of it counts after a crash, is told in wal-lens.ts.
//
//   log      durable file   header, frames
//   index    memory file    which frame holds the newest image of a page, and where the log stands:
//                           gone in a crash, made again by reading the log (wal-index-lens.ts)
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
// The log is not asked what it holds before every command: the index says it, so a Wal is opened
// without reading a byte of the log.

import { assert, Complaint } from '../base/assert.ts';
import { type Bytes, setU32, u32 } from '../base/bytes.ts';
import type { Dice } from '../base/dice.ts';
import type { File } from '../disk/disk.ts';
import type { WalStep } from './events.ts';
import { WalIndex } from './wal-index.ts';
import type { IndexHeader } from './wal-index-lens.ts';
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

/** Where a log stands of which there is nothing yet. */
export const NO_LOG = (pageSize: number): IndexHeader => ({
  commits: 0,
  made: true,
  bigEndian: true,
  pageSize,
  mxFrame: 0,
  pages: 0,
  checksum: [0, 0],
  salts: [0, 0],
  backfilled: 0,
});

/**
 * Syncs that a careless engine leaves out, or (that of the log before a checkpoint) makes too late;
 * each loses or mixes data, and a referee must find it.
 */
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

export interface CheckpointOptions {
  readonly upTo?: number;
  /** May have the newest bytes of a page at hand, so that the database shares them. */
  readonly cached?: (page: number) => Bytes | undefined;
  /** The log has grown as long as it may: nobody asked for it. */
  readonly isDue?: boolean;
}

export class Wal {
  readonly #log: File;
  readonly #index: WalIndex;
  readonly #pageSize: number;
  readonly #tell: ((step: WalStep) => void) | undefined;
  readonly #leaveOut: ReadonlySet<LeftOut>;
  #state: IndexHeader | undefined;

  /** A log of which everything is known: `index` is the memory file that belongs to it. */
  constructor(log: File, index: File, pageSize: number, options: WalOptions = {}) {
    this.#log = log;
    this.#index = new WalIndex(index);
    this.#pageSize = pageSize;
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
    const wal = new Wal(log, index, pageSize, options);
    wal.#index.clear();
    for (const { frame, page } of frames) if (frame <= mxFrame) wal.#index.add(frame, page);
    wal.#know({
      ...NO_LOG(pageSize),
      ...(header && { bigEndian: header.bigEndian, salts: header.salts }),
      mxFrame,
      pages,
      checksum: recovered.checksum,
    });
    return { wal, recovered };
  }

  /** Where the log stands, as the index says. */
  get state(): IndexHeader {
    this.#state ??= this.#index.header;
    return this.#state;
  }

  #know(state: IndexHeader): void {
    this.#index.header = state;
    this.#state = state;
  }

  /** Whether there is a log header; without one the next commit writes it. */
  get headed(): boolean {
    const { salts } = this.state;
    return salts[0] !== 0 || salts[1] !== 0;
  }

  /** How often the log was begun anew. */
  get sequence(): number {
    return this.headed ? u32(this.#log.read(12, 4), 0) : 0;
  }

  /** Frames that a checkpoint has yet to bring home. */
  get behind(): number {
    return this.state.mxFrame - this.state.backfilled;
  }

  /** The newest frame up to `snapshot` that holds a page; 0 where the database has it. */
  frameAt(page: number, snapshot: number = this.state.mxFrame): number {
    return this.#index.frameAt(page, snapshot);
  }

  /** A page at a snapshot, where the log has it. */
  read(page: number, snapshot?: number): Bytes | undefined {
    const frame = this.frameAt(page, snapshot);
    return frame === 0 ? undefined : this.#pageIn(frame);
  }

  #pageIn(frame: number): Bytes {
    return this.#log.read(frameOffset(frame, this.#pageSize) + FRAME_HEADER, this.#pageSize);
  }

  /**
   * Appends a transaction: the pages that it changed, after which the database has `pages` pages.
   * `dice` draws the salts when the log is begun (anew): never the same for two logs, or their frames
   * would join up.
   */
  commit(
    images: readonly PageImage[],
    pages: number,
    dice: Dice,
    options: CommitOptions = {},
  ): void {
    assert(images.length > 0, 'a commit is a frame, so it has a page');
    const before = this.state;
    const isHome = before.mxFrame > 0 && before.backfilled === before.mxFrame;
    if (!this.headed) this.#begin(0, dice);
    else if (isHome && options.restart !== false) this.#begin(this.sequence + 1, dice);
    const pageSize = this.#pageSize;
    const { bigEndian, salts, mxFrame, commits } = this.state;
    let sum = this.state.checksum;
    for (const [i, { page, bytes: image }] of images.entries()) {
      assert(image.length === pageSize, `a page is ${pageSize} bytes`);
      assert(page >= 1 && page <= pages, `page ${page} is one of the ${pages} after the commit`);
      const frame = mxFrame + i + 1;
      const commitSize = i === images.length - 1 ? pages : 0;
      const bytes = new Uint8Array(FRAME_HEADER + pageSize);
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
    this.#know({ ...this.state, commits: commits + 1, mxFrame: last, pages, checksum: sum });
  }

  /** Makes durable what was committed without a sync, where there is such. */
  sync(why: 'overdue' | 'close'): void {
    if (this.#log.unsynced) this.#syncLog(why, this.state.mxFrame);
  }

  /** Writes a log header: frames are counted from 1 again. */
  #begin(sequence: number, dice: Dice): void {
    const { bigEndian, salts: before, commits } = this.state;
    const salt1 = this.headed ? (before[0] + 1) >>> 0 : dice.next();
    const salts: Pair = [salt1, dice.next()];
    const bytes = new Uint8Array(WAL_HEADER);
    setU32(bytes, 0, MAGIC + (bigEndian ? 1 : 0));
    setU32(bytes, 4, WAL_VERSION);
    setU32(bytes, 8, this.#pageSize);
    setU32(bytes, 12, sequence);
    setU32(bytes, 16, salts[0]);
    setU32(bytes, 20, salts[1]);
    const sum = checksum([0, 0], bytes, 0, 24, bigEndian);
    setU32(bytes, 24, sum[0]);
    setU32(bytes, 28, sum[1]);
    this.#log.write(0, bytes);
    this.#index.clear();
    this.#know({ ...NO_LOG(this.#pageSize), commits, bigEndian, salts, checksum: sum });
    this.#tell?.({ kind: 'restart', sequence, salts });
    this.#syncLog('header', 0);
  }

  /**
   * Brings pages home: of each page the newest image up to frame `upTo`, in the order of the pages.
   * `upTo` is the least snapshot that a reader still holds, else mxFrame. True when all of the log is
   * then in the database, and synced, so that the next commit may begin it anew.
   */
  checkpoint(database: File, options: CheckpointOptions = {}): boolean {
    const { upTo = this.state.mxFrame, cached, isDue = false } = options;
    const pageSize = this.#pageSize;
    const { mxFrame, pages, backfilled } = this.state;
    assert(upTo <= mxFrame, `frame ${upTo} is committed`);
    if (upTo <= backfilled) return backfilled === mxFrame;
    const copies = this.#index.between(backfilled, upTo).filter(({ page }) => page <= pages);
    this.#tell?.({ kind: 'checkpoint', frames: upTo - backfilled, pages: copies.length, isDue });
    const late = this.#leaveOut.has('checkpoint sync');
    if (!late && this.#log.unsynced) this.#syncLog('checkpoint', mxFrame);
    for (const [i, { page, frame }] of copies.entries()) {
      const bytes = cached?.(page) ?? this.#pageIn(frame);
      if (database.chunkSize === pageSize) database.put(page - 1, bytes);
      else database.write((page - 1) * pageSize, bytes);
      this.#tell?.({ kind: 'backfill', frame, page, nth: i + 1, of: copies.length });
    }
    if (late && this.#log.unsynced) this.#syncLog('late', mxFrame);
    const all = upTo === mxFrame;
    if (all) {
      if (database.size !== pages * pageSize) {
        const before = database.size / pageSize;
        database.truncate(pages * pageSize);
        this.#tell?.({ kind: 'resize', pages, before });
      }
      if (!this.#leaveOut.has('database sync')) database.sync();
    }
    this.#know({ ...this.state, backfilled: upTo });
    if (all && !this.#leaveOut.has('database sync'))
      this.#tell?.({ kind: 'database-sync', pages: copies.length });
    this.#tell?.({ kind: 'checkpointed', frames: upTo, all });
    return all;
  }

  #syncLog(why: 'header' | 'commit' | 'overdue' | 'checkpoint' | 'late' | 'close', frames: number) {
    if (this.#leaveOut.has(`${why} sync` as LeftOut)) return;
    this.#log.sync();
    this.#tell?.({ kind: 'log-sync', why, frames });
  }
}
