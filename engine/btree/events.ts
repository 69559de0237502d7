// What happens inside the B-Tree, as plain data: one event a moment. The caption, the source panel,
// the choreography machine, the timeline's colours and the golden texts all read these; the picture
// reads the pages themselves. An event says what a reader cannot see in the bytes: which page the
// engine looks at, which cell has no home yet, why it chose as it did.
//
// Page numbers are SQLite's (from 1). A key is a rowid: a number, or a bigint beyond 2^53. `index`
// is a place in a page's cell pointer array, from 0; in an interior page index = cellCount means the
// right-most child.
//
// A split, in the order of its moments (SQLite's words in brackets):
//
//   overflow   the cell for `key` does not fit into `page`; the cell is held outside the page
//   deepen     only at a root: its content moves into a new child, the root keeps its number   [balance_deeper]
//   open       a new right sibling: from the freelist or from the end of the file              [allocateBtreePage]
//   move       the upper cells go over, the homeless cell finds its place
//   separator  the parent learns the new separator (a copy of a key in a B+Tree). If the parent now
//              overflows, its own `overflow` follows and the whole repeats one level up
//
// A merge: underfull → merge → unlink (the parent forgets the separator) → free; or underfull →
// borrow (cells come over from a sibling and the separator between them changes); and shrink when a
// root with a single child takes that child's content into itself.

import { type Bytes, equalBytes } from '../base/bytes.ts';
import { CHUNKS_A_BLOCK, chunkOf, type DiskImage, fileNamed } from '../disk/image.ts';

export type Key = number | bigint;

/**
 * A cell that belongs to no page at this moment: the engine holds it while it makes room. `page` is
 * the page that it was to go into, or came out of.
 */
export interface Held {
  readonly key: Key;
  readonly page: number;
}

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
  /** `cell`: the bytes of the homeless cell, exactly as it will stand in a page. */
  | {
      readonly kind: 'overflow';
      readonly page: number;
      readonly index: number;
      readonly key: Key;
      readonly needs: number;
      readonly has: number;
      readonly cell: Uint8Array;
      readonly why: 'bytes' | 'max-cells';
    }
  | {
      readonly kind: 'deepen';
      readonly root: number;
      readonly child: number;
      readonly height: number;
      /** The homeless cell; it now belongs to the child. */
      readonly held?: Held;
    }
  | {
      readonly kind: 'open';
      readonly page: number;
      readonly beside: number;
      readonly from: 'freelist' | 'end of file';
      readonly leaf: boolean;
      readonly policy: string;
      readonly held?: Held;
    }
  | {
      readonly kind: 'move';
      readonly from: number;
      readonly to: number;
      readonly keys: readonly Key[];
      readonly homeless: { readonly key: Key; readonly page: number };
      /** Between interior pages: the middle cell, which left its page and is not in the parent yet. */
      readonly held?: Held;
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
      readonly held?: Held;
    }
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
  /** Commit, page by page: the page goes from the cache to the file, then all of it is synced. */
  | { readonly kind: 'write'; readonly page: number; readonly nth: number; readonly of: number }
  | { readonly kind: 'sync'; readonly pages: number; readonly bytes: number }
  | { readonly kind: 'committed'; readonly pages: number; readonly change: number }
  | { readonly kind: 'nothing'; readonly command: string }
  | { readonly kind: 'rollback'; readonly pages: readonly number[] }
  | {
      readonly kind: 'crash';
      readonly lost: readonly number[];
      readonly during?: string;
      readonly kept: number;
      readonly torn: number;
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
    readonly pagesWritten: number;
    readonly bytesWritten: number;
    readonly userBytes: number;
    readonly splits: number;
    readonly merges: number;
    readonly commits: number;
  };
}

/** Names of the files on the lab's disk. */
export const FILES = {
  /** Durable: the database, chunk n-1 is page n. */
  database: 'lab.sqlite',
  /** Memory: the page cache, chunk n-1 is page n; a page that was never fetched is absent. */
  cache: 'page cache',
} as const;

/** A page as the running engine sees it: from the cache, else from the database file. */
export function pageOf(image: DiskImage, page: number): Bytes | undefined {
  const cache = fileNamed(image, FILES.cache);
  const database = fileNamed(image, FILES.database);
  return (
    (cache && chunkOf(cache.now, page - 1)) ??
    (database && (chunkOf(database.now, page - 1) ?? database.source?.chunk(page - 1)))
  );
}

/**
 * Pages that the cache holds and the database file does not hold like that: what a crash would lose.
 * They are found by comparing references, and bytes only where those differ, so no list has to be
 * carried from state to state.
 */
export function dirtyPages(image: DiskImage): number[] {
  const cache = fileNamed(image, FILES.cache);
  const database = fileNamed(image, FILES.database);
  const dirty: number[] = [];
  if (!cache || database?.source) return dirty; // a foreign database is read-only
  for (const [b, block] of cache.now.blocks.entries()) {
    const synced = database?.now.blocks[b];
    if (block === undefined || block === synced) continue;
    for (let i = 0; i < block.length; i++) {
      const cached = block[i];
      const held = synced?.[i];
      if (cached !== undefined && cached !== held && !(held && equalBytes(cached, held)))
        dirty.push(b * CHUNKS_A_BLOCK + i + 1);
    }
  }
  return dirty;
}
