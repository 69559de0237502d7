// What happens inside the B-Tree, as plain data: one event a moment. The caption, the source panel,
// the choreography machine, the timeline's colours and the golden texts all read these; the picture
// reads the pages themselves. An event says what a reader cannot see in the bytes: which page the
// engine looks at, which cell has no home yet, why it chose as it did.
//
// Page numbers are SQLite's (from 1). A key is a rowid (a number, or a bigint beyond 2^53) in a table
// b-tree, a text in an index b-tree. `index` is a place in a page's cell pointer array, from 0; in an
// interior page index = cellCount means the right-most child.
//
// A split, in the order of its moments (SQLite's words in brackets):
//
//   overflow   the cell for `key` does not fit into `page`; the cell is held outside the page
//   deepen     only at a root: its content moves into a new child, the root keeps its number   [balance_deeper]
//   open       a new right sibling: from the freelist or from the end of the file              [allocateBtreePage]
//   move       the upper cells go over, the homeless cell finds its place
//   separator  the parent learns the new separator: in a table b-tree the copy of a key, in an index
//              b-tree the row itself, which moves up. If the parent now overflows, its own `overflow`
//              follows and the whole repeats one level up
//
// Under the policies that look at siblings (sqlite, bstar) the middle part is another    [balance_nonroot]
//
//   gather     the cells of up to three siblings, and the separators between them, in one row
//   open       as many new pages as the row needs
//   deal       each page gets its part of the row
//   separators the parent has new ones between them
//   free       pages that the row does not need any more
//
// A merge: underfull → merge → unlink (the parent forgets the separator) → free; or underfull →
// borrow (cells come over from a sibling and the separator between them changes); or underfull →
// gather and so on; and shrink when a root with a single child takes that child's content into itself.
//
// An index b-tree keeps rows in its interior pages too. One that goes there leaves a hole between two
// children, so the greatest row of the left child takes its place (`predecessor`), and the leaf that
// gave it may be underfull.

import { type Bytes, u32 } from '../base/bytes.ts';
import { chunkOf, type DiskImage, fileNamed } from '../disk/image.ts';
import { AT } from './header.ts';
import { frameOfPage, type IndexHeader, readIndexHeader } from './wal-index-lens.ts';
import { FRAME_HEADER, frameOffset, type Pair, type WalStop } from './wal-lens.ts';

export type Rowid = number | bigint;
export type Key = Rowid | string;

/**
 * A cell that belongs to no page at this moment: the engine holds it while it makes room. `page` is
 * the page that it was to go into, or came out of; `index` its place there, where it has one.
 */
export interface Held {
  readonly key: Key;
  readonly page: number;
  readonly index?: number;
}

/** What the log and its checkpoint do, one step each; the files are as they are right after it. */
export type WalStep =
  /** A log header was written: the log begins (anew) at frame 1. */
  | { readonly kind: 'restart'; readonly sequence: number; readonly salts: Pair }
  /** A frame was appended. `commitSize`: of a commit the size of the database in pages, else 0. */
  | {
      readonly kind: 'frame';
      readonly frame: number;
      readonly page: number;
      readonly commitSize: number;
      readonly nth: number;
      readonly of: number;
    }
  /** Frames up to `frames` are durable. */
  | {
      readonly kind: 'log-sync';
      /**
       * By careless engines `overdue`, for a commit that was acknowledged before, and `late`, for a
       * checkpoint that has overwritten the database already.
       */
      readonly why: 'header' | 'commit' | 'overdue' | 'checkpoint' | 'late' | 'close';
      readonly frames: number;
    }
  /** A checkpoint begins: so many frames are to be brought home, of so many pages. */
  | {
      readonly kind: 'checkpoint';
      readonly frames: number;
      readonly pages: number;
      /** The log has grown as long as it may: nobody asked for it. */
      readonly isDue: boolean;
    }
  /** It copied the newest image of a page into the database. */
  | {
      readonly kind: 'backfill';
      readonly frame: number;
      readonly page: number;
      readonly nth: number;
      readonly of: number;
    }
  /** The database was cut, or grew, to the size that the last commit names. */
  | { readonly kind: 'resize'; readonly pages: number; readonly before: number }
  | { readonly kind: 'database-sync'; readonly pages: number }
  /** Frames up to this one are in the database; `all`: the next commit may begin the log anew. */
  | { readonly kind: 'checkpointed'; readonly frames: number; readonly all: boolean };

export type BTreeEvent =
  /** The lab opened: a new database, or a foreign one. */
  | { readonly kind: 'opened'; readonly pages: number; readonly foreign: boolean }
  /** The lookup stands on an interior page and chooses a child. */
  | {
      readonly kind: 'descend';
      readonly page: number;
      readonly depth: number;
      readonly key: Key;
      readonly index: number;
      readonly child: number;
      /** The separator that decided, absent when the right-most child was taken. */
      readonly separator?: Key;
      readonly compared: number;
    }
  /** The lookup stands on a leaf and knows where the key is or would be. */
  | {
      readonly kind: 'seek';
      readonly page: number;
      readonly depth: number;
      readonly key: Key;
      readonly index: number;
      readonly found: boolean;
      readonly compared: number;
    }
  /** A get ends. `overflow` pages were read for the rest of a long value. */
  | {
      readonly kind: 'found';
      readonly page: number;
      readonly index: number;
      readonly key: Key;
      readonly bytes: number;
      readonly overflow: readonly number[];
    }
  | {
      readonly kind: 'absent';
      readonly page: number;
      readonly key: Key;
      readonly command: 'get' | 'delete';
    }
  /** A scan delivers the rows that one leaf holds in the range (cells from `from` to `to`, inclusive). */
  | {
      readonly kind: 'scan';
      readonly page: number;
      readonly from: number;
      readonly to: number;
      readonly rows: number;
      readonly total: number;
      readonly backward: boolean;
    }
  | { readonly kind: 'scanned'; readonly rows: number; readonly pages: number }
  /** The first write since the last commit opened a transaction. */
  | { readonly kind: 'begin'; readonly page: number }
  /** The rest of a long value went into a chain of overflow pages. */
  | {
      readonly kind: 'spill';
      readonly key: Key;
      readonly local: number;
      readonly pages: readonly number[];
    }
  | {
      readonly kind: 'insert';
      readonly page: number;
      readonly index: number;
      readonly key: Key;
      readonly bytes: number;
      readonly free: number;
      readonly how: 'gap' | 'freeblock' | 'defragmented';
    }
  | {
      readonly kind: 'update';
      readonly page: number;
      readonly index: number;
      readonly key: Key;
      readonly bytes: number;
      readonly was: number;
      readonly inPlace: boolean;
    }
  | {
      readonly kind: 'remove';
      readonly page: number;
      readonly index: number;
      readonly key: Key;
      readonly bytes: number;
      readonly free: number;
    }
  /** The page had room, but in pieces: its cells were packed together. */
  | { readonly kind: 'defragment'; readonly page: number; readonly gained: number }
  /** `cell`: the bytes of the first homeless cell, exactly as it will stand in a page. */
  | {
      readonly kind: 'overflow';
      readonly page: number;
      readonly index: number;
      readonly key: Key;
      readonly needs: number;
      readonly has: number;
      readonly cell: Uint8Array;
      readonly why: 'bytes' | 'max-cells';
      /** All cells without a home: a parent may have got several separators at once. */
      readonly held: readonly Held[];
    }
  | {
      readonly kind: 'deepen';
      readonly root: number;
      readonly child: number;
      readonly height: number;
      /** The homeless cells; they now belong to the child. */
      readonly held?: readonly Held[];
    }
  | {
      readonly kind: 'open';
      readonly page: number;
      readonly beside: number;
      readonly from: 'freelist' | 'end of file';
      readonly leaf: boolean;
      readonly policy: string;
      readonly held?: readonly Held[];
    }
  | {
      readonly kind: 'move';
      readonly from: number;
      readonly to: number;
      readonly keys: readonly Key[];
      /** Where the homeless cells are now. */
      readonly homeless: readonly { readonly key: Key; readonly page: number }[];
      /** Where separators move: those that left their page and are not in the parent yet. */
      readonly held?: readonly Held[];
    }
  | {
      readonly kind: 'separator';
      readonly parent: number;
      readonly key: Key;
      readonly left: number;
      readonly right: number;
      readonly copied: boolean;
      readonly free: number;
      /** The separator itself, where the parent has no room for it and its own `overflow` follows. */
      readonly held?: readonly Held[];
    }
  /** Up to three siblings put their cells in one row, with the separators between them. */
  | {
      readonly kind: 'gather';
      readonly page: number;
      readonly pages: readonly number[];
      readonly parent: number;
      readonly policy: string;
      readonly cells: number;
      /** Bytes of the row, cell pointers counted, and what one page can have of them. */
      readonly bytes: number;
      readonly capacity: number;
      /** At most so many cells a page; 0: as many as fit. */
      readonly maxCells: number;
      readonly held?: readonly Held[];
    }
  /** The row is dealt out: how many cells each page has now, and which of them changed their page. */
  | {
      readonly kind: 'deal';
      readonly pages: readonly number[];
      readonly counts: readonly number[];
      readonly keys: readonly Key[];
      readonly parent: number;
      readonly homeless: readonly { readonly key: Key; readonly page: number }[];
      readonly held?: readonly Held[];
    }
  | {
      readonly kind: 'separators';
      readonly parent: number;
      readonly was: readonly Key[];
      readonly now: readonly Key[];
      readonly copied: boolean;
      /** Those that the parent has no room for; its own `overflow` follows. */
      readonly held?: readonly Held[];
    }
  /** In an index b-tree: the greatest row of the left child takes the place of one deleted above it. */
  | {
      readonly kind: 'predecessor';
      readonly page: number;
      readonly from: number;
      readonly index: number;
      readonly key: Key;
      readonly instead: Key;
      readonly free: number;
      readonly held?: readonly Held[];
    }
  /** Bulk build: a page gets its rows all at once. `done` rows of `of` are in. */
  | {
      readonly kind: 'fill';
      readonly page: number;
      readonly rows: number;
      readonly first: Key;
      readonly last: Key;
      readonly fill: number;
      readonly done: number;
      readonly of: number;
    }
  /** Bulk build: the page left of `page` is done, and `parent` learns the separator between them. */
  | {
      readonly kind: 'link';
      readonly parent: number;
      readonly key: Key;
      readonly left: number;
      readonly page: number;
      readonly copied: boolean;
      readonly free: number;
    }
  /** Bulk build: an interior page is as full as it should be, and `page` goes on beside it. */
  | {
      readonly kind: 'extend';
      readonly page: number;
      readonly beside: number;
      readonly parent: number;
      readonly separator: Key;
      readonly fill: number;
    }
  /** Vacuum: all rows are to be written anew, in order. */
  | {
      readonly kind: 'vacuum';
      readonly pages: number;
      readonly freePages: number;
      readonly rows: number;
    }
  | { readonly kind: 'vacuumed'; readonly pages: number; readonly was: number }
  | {
      readonly kind: 'underfull';
      readonly page: number;
      readonly fill: number;
      readonly below: number;
      readonly sibling: number;
    }
  | {
      readonly kind: 'merge';
      readonly from: number;
      readonly into: number;
      readonly keys: readonly Key[];
    }
  | { readonly kind: 'unlink'; readonly parent: number; readonly page: number; readonly key: Key }
  | {
      readonly kind: 'borrow';
      readonly from: number;
      readonly to: number;
      readonly keys: readonly Key[];
      readonly parent: number;
      readonly was: Key;
      readonly separator: Key;
      /** The new separator, where the parent has no room for it; its own `overflow` follows. */
      readonly held?: readonly Held[];
    }
  | {
      readonly kind: 'shrink';
      readonly root: number;
      readonly child: number;
      readonly height: number;
    }
  | {
      readonly kind: 'free';
      readonly page: number;
      readonly trunk: number;
      readonly freePages: number;
    }
  | WalStep
  /** `durable`: whoever asked was told that no crash can take it back. `synced`: whether that is so. */
  | {
      readonly kind: 'committed';
      readonly first: number;
      readonly last: number;
      readonly pages: number;
      readonly durable: boolean;
      readonly synced: boolean;
    }
  | { readonly kind: 'nothing'; readonly command: string }
  | { readonly kind: 'rollback'; readonly pages: readonly number[] }
  | {
      readonly kind: 'crash';
      readonly lost: readonly number[];
      readonly during?: string;
      readonly kept: number;
      readonly torn: number;
    }
  /** Recovery has read the log up to its last whole transaction, and made the index from it. */
  | {
      readonly kind: 'replay';
      readonly mxFrame: number;
      readonly commits: number;
      readonly pages: number;
      readonly sequence: number;
    }
  /** Where it stopped reading: the first frame that does not count, and why. */
  | {
      readonly kind: 'log-end';
      readonly frame: number;
      /** blank: nothing was written there. */
      readonly stop: WalStop | 'blank';
      readonly mxFrame: number;
      /** Good frames whose commit is missing. */
      readonly unfinished: number;
    }
  | { readonly kind: 'recovered'; readonly pages: number; readonly rows: number }
  | { readonly kind: 'closed'; readonly lost: readonly number[] }
  | {
      readonly kind: 'checked';
      readonly pages: number;
      readonly rows: number;
      readonly problems: number;
    };

/** The small plain value beside the files: all that a state holds which the bytes do not. */
export interface BTreeValue {
  /** Root page of the tree that commands work on. */
  readonly root: number;
  readonly table: string;
  /** Only a table b-tree can be searched by key; the others are walked and drawn. */
  readonly kind: 'table' | 'index' | 'without-rowid';
  readonly pageSize: number;
  /** The page size less the bytes that the database reserves at the end of each page. */
  readonly usable: number;
  /** Whether a transaction is open. */
  readonly writing: boolean;
  /** False between a crash and `reopen`: nothing is in memory. */
  readonly running: boolean;
  readonly readOnly: boolean;
  /** Of an opened file: what was done with the log or the journal beside it, a sentence each. */
  readonly notes?: readonly string[];
  /** A crash left pages that do not fit together: writes are refused until `reopen` finds it whole. */
  readonly damaged: boolean;
  /** Counters since the opening, for metrics. */
  readonly counters: {
    readonly puts: number;
    readonly gets: number;
    readonly deletes: number;
    readonly pagesRead: number;
    /** Frames of the log. */
    readonly framesWritten: number;
    /** Pages that checkpoints brought into the database. */
    readonly pagesWritten: number;
    /** To the log and to the database. */
    readonly bytesWritten: number;
    readonly userBytes: number;
    readonly splits: number;
    readonly merges: number;
    readonly commits: number;
    readonly checkpoints: number;
  };
}

/** Names of the files on the lab's disk. */
export const FILES = {
  /** Durable: the database, chunk n-1 is page n. */
  database: 'lab.sqlite',
  /** Durable: the write-ahead log. A database that is open for reading only has none. */
  log: 'lab.sqlite-wal',
  /** Memory: which frame of the log holds a page (wal-index-lens.ts). */
  index: 'wal index',
  /** Memory: the page cache, chunk n-1 is page n; a page that was never fetched is absent. */
  cache: 'page cache',
  /** Memory: bit n-1 is set when page n was written since the last commit. */
  dirty: 'dirty pages',
} as const;

/** Chunk of the bits that say which pages are dirty: 512 pages. */
export const DIRTY_CHUNK = 64;

/** A page as the running engine sees it: from the cache, else as it was committed last. */
export function pageOf(image: DiskImage, page: number): Bytes | undefined {
  const cache = fileNamed(image, FILES.cache);
  return (cache && chunkOf(cache.now, page - 1)) ?? committedPage(image, page);
}

/** A page as the last commit left it: from the log, by the index, else from the database file. */
export function committedPage(image: DiskImage, page: number): Bytes | undefined {
  const frame = frameIn(image, page);
  if (frame > 0) return pageInFrame(image, frame);
  const database = fileNamed(image, FILES.database);
  return database && (chunkOf(database.now, page - 1) ?? database.source?.chunk(page - 1));
}

/** Where the log stands, as the index in memory says; absent where there is none. */
export function logHeader(image: DiskImage): IndexHeader | undefined {
  const index = fileNamed(image, FILES.index);
  return index && readIndexHeader((at) => chunkOf(index.now, at));
}

/** The newest committed frame that holds a page; 0 where the database has it. */
export function frameIn(image: DiskImage, page: number): number {
  const index = fileNamed(image, FILES.index);
  if (!index || index.now.size === 0) return 0;
  const chunk = (at: number) => chunkOf(index.now, at);
  return frameOfPage(chunk, page, readIndexHeader(chunk).mxFrame);
}

/** Pages put together from the two chunks of the log that they lie in, by the first of these. */
const joined = new WeakMap<Bytes, { readonly second: Bytes | undefined; readonly bytes: Bytes }>();

/** The page image in a frame of the log. Two calls give the same bytes as long as the log has them. */
export function pageInFrame(image: DiskImage, frame: number): Bytes | undefined {
  const log = fileNamed(image, FILES.log);
  if (!log) return undefined;
  // A chunk has the size of a page, so a page image lies in one or two of them, and begins in each once.
  const size = log.chunkSize;
  const from = frameOffset(frame, size) + FRAME_HEADER;
  if (from + size > log.now.size) return undefined;
  const inFirst = from % size;
  const first = chunkOf(log.now, Math.floor(from / size));
  const second = inFirst === 0 ? undefined : chunkOf(log.now, Math.floor(from / size) + 1);
  if (!first) return undefined;
  if (inFirst === 0) return first;
  const known = joined.get(first);
  if (known && known.second === second) return known.bytes;
  const bytes = new Uint8Array(size);
  bytes.set(first.subarray(inFirst));
  if (second) bytes.set(second.subarray(0, inFirst), size - inFirst);
  joined.set(first, { second, bytes });
  return bytes;
}

/** How many pages the database has: after the last commit, or in the open transaction. */
export function pageCount(image: DiskImage, writing: boolean): number {
  const first = writing ? pageOf(image, 1) : undefined;
  if (first) return u32(first, AT.pages);
  const header = logHeader(image);
  if (header && header.mxFrame > 0) return header.pages;
  const database = fileNamed(image, FILES.database);
  return database ? Math.floor(database.now.size / database.chunkSize) : 0;
}

/** Pages that were written in memory since the last commit: what a crash would lose. */
export function dirtyPages(image: DiskImage): number[] {
  const bits = fileNamed(image, FILES.dirty);
  return bits ? pagesIn(Math.ceil(bits.now.size / DIRTY_CHUNK), (at) => chunkOf(bits.now, at)) : [];
}

/** The pages whose bits are set, ascending. */
export function pagesIn(chunks: number, chunk: (index: number) => Bytes | undefined): number[] {
  const pages: number[] = [];
  for (let c = 0; c < chunks; c++) {
    const bits = chunk(c);
    if (!bits) continue;
    for (let i = 0; i < DIRTY_CHUNK; i++)
      for (let rest = bits[i] as number, page = 8 * (c * DIRTY_CHUNK + i) + 1; rest; page++) {
        if (rest & 1) pages.push(page);
        rest >>>= 1;
      }
  }
  return pages;
}
