// What happens inside the LSM tree, as plain data: one event a moment. The pictures and captions read
// these beside the bytes: an event says what no byte does, where the engine looks and why it chooses.
//
// A write:       log → insert (a node in the skip list)                     [→ sync]
// A flush:       freeze → block … → table → install → obsolete
// A compaction:  pick → merge … block … table … → install → obsolete, or pick → moved
// A read:        probe … → found | absent
// A recovery:    crash → replay … → (flushes) → recovered
//
// A key in an event is a user key; a place in a table is the number of its data block, from 0.

import { type Bytes, equalBytes } from '../base/bytes.ts';
import {
  bytesOfContent,
  chunkOf,
  type DiskImage,
  type FileImage,
  fileNamed,
} from '../disk/image.ts';
import type { Operation } from './batch.ts';
import type { TableFile, Version } from './format.ts';
import { tableName } from './format.ts';
import { type Arena, SkipList } from './skiplist.ts';
import { Table } from './table.ts';

export const STRATEGIES = ['leveled', 'tiered', 'lazy-leveled', 'fifo'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export type PickReason =
  /** A level has more bytes than it may; level 0: more tables. */
  | 'size'
  /** A table was looked at in vain too often. */
  | 'seeks'
  /** `compact A..Z`. */
  | 'manual'
  /** So many runs of one tier. */
  | 'runs'
  /** The tiers above are full: into the last level. */
  | 'last';

/** A compaction or flush that is under way: what the bytes of a half-written table cannot say. */
export interface Job {
  readonly kind: 'flush' | 'compaction';
  readonly why: PickReason | 'full' | 'asked' | 'recovery';
  readonly level: number;
  readonly target: number;
  /** Numbers of tables: of the level itself, and of the target. */
  readonly inputs: readonly number[];
  readonly overlaps: readonly number[];
  /** Finished and open. */
  readonly outputs: readonly number[];
  /** User key that the merge has come to. */
  readonly cursor?: Bytes;
  readonly entries: number;
  /** Entries read of `entries`. */
  readonly done: number;
}

export type LsmEvent =
  | { readonly kind: 'opened'; readonly foreign: boolean; readonly tables: number }
  // ── Writing ──
  | {
      /** A batch went to the end of the log. */
      readonly kind: 'log';
      readonly log: number;
      readonly offset: number;
      readonly bytes: number;
      readonly fragments: number;
      readonly sequence: number;
      readonly operations: readonly {
        readonly key: Bytes;
        readonly size: number;
        readonly isPut: boolean;
      }[];
    }
  | {
      /** An entry of the batch went into the skip list. */
      readonly kind: 'insert';
      readonly key: Bytes;
      readonly sequence: number;
      readonly isPut: boolean;
      /** Lanes of its node, and keys that were compared to find its place. */
      readonly height: number;
      readonly compared: number;
      readonly node: number;
      readonly used: number;
    }
  | {
      readonly kind: 'sync';
      readonly log: number;
      readonly sequence: number;
      readonly bytes: number;
    }
  | { readonly kind: 'committed'; readonly sequence: number; readonly synced: boolean }
  | { readonly kind: 'slowdown'; readonly tables: number; readonly limit: number }
  | {
      readonly kind: 'stall';
      readonly why: 'flush' | 'stop';
      readonly tables: number;
      readonly waiting: number;
    }
  | { readonly kind: 'proceed'; readonly left: number }
  // ── Flush ──
  | {
      readonly kind: 'freeze';
      readonly memtable: number;
      readonly next: number;
      readonly used: number;
      readonly entries: number;
      readonly why: 'full' | 'asked';
    }
  | { readonly kind: 'block'; readonly table: number; readonly nth: number; readonly bytes: number }
  | {
      readonly kind: 'table';
      readonly table: number;
      readonly level: number;
      readonly bytes: number;
      readonly entries: number;
      readonly blocks: number;
      readonly from: 'memtable' | 'compaction';
      readonly synced: boolean;
    }
  | {
      readonly kind: 'install';
      readonly manifest: number;
      readonly bytes: number;
      readonly added: readonly { readonly level: number; readonly number: number }[];
      readonly removed: readonly { readonly level: number; readonly number: number }[];
      readonly from: 'flush' | 'compaction' | 'move' | 'drop' | 'recovery';
      /** Why a flushed table may go deeper than level 0, and where it went. */
      readonly placed?: number;
    }
  | { readonly kind: 'obsolete'; readonly files: readonly string[] }
  // ── Compaction ──
  | {
      readonly kind: 'pick';
      readonly why: PickReason;
      readonly level: number;
      readonly target: number;
      readonly inputs: readonly number[];
      readonly overlaps: readonly number[];
      /** Score × 100, as LevelDB reckons it; runs of the tier where that is the reason. */
      readonly score: number;
      readonly bytes: number;
      readonly widened: boolean;
    }
  | {
      readonly kind: 'moved';
      readonly table: number;
      readonly level: number;
      readonly target: number;
    }
  | {
      /** All versions of one user key met. */
      readonly kind: 'merge';
      readonly key: Bytes;
      readonly kept: readonly { readonly sequence: number; readonly isPut: boolean }[];
      readonly dropped: readonly {
        readonly sequence: number;
        readonly isPut: boolean;
        readonly why: 'shadowed' | 'tombstone';
        readonly bytes: number;
      }[];
      /** A tombstone should stay because this table may hold an older version. */
      readonly guarded?: { readonly level: number; readonly table: number };
      /** A tombstone or an old version stays because a snapshot may see it. */
      readonly snapshot?: number;
    }
  | {
      readonly kind: 'drop';
      readonly tables: readonly number[];
      readonly why: 'bytes' | 'ttl';
      readonly bytes: number;
      readonly left: number;
    }
  // ── Reading ──
  | {
      readonly kind: 'probe';
      readonly key: Bytes;
      readonly where: 'memtable' | 'immutable' | 'table';
      readonly table?: number;
      readonly level?: number;
      readonly block?: number;
      readonly outcome: 'found' | 'deleted' | 'filtered' | 'missing' | 'damaged';
      /** The filter said maybe and was wrong. */
      readonly falsePositive?: boolean;
      readonly compared: number;
    }
  | {
      readonly kind: 'found';
      readonly key: Bytes;
      readonly sequence: number;
      readonly bytes: number;
      readonly probed: number;
      readonly blocks: number;
    }
  | {
      readonly kind: 'absent';
      readonly key: Bytes;
      readonly probed: number;
      readonly blocks: number;
      readonly filtered: number;
      readonly isDeleted: boolean;
    }
  | { readonly kind: 'scanning'; readonly sources: number; readonly backward: boolean }
  | {
      readonly kind: 'row';
      readonly key: Bytes;
      readonly rows: number;
      readonly passed: number;
      readonly where: 'memtable' | 'immutable' | 'table';
      readonly table?: number;
    }
  | { readonly kind: 'scanned'; readonly rows: number; readonly passed: number }
  // ── Sessions ──
  | { readonly kind: 'snapshot'; readonly name: string; readonly sequence: number }
  | { readonly kind: 'release'; readonly name: string; readonly left: number }
  | { readonly kind: 'paused' | 'resumed'; readonly what: 'flush' | 'compaction' }
  | { readonly kind: 'waited'; readonly time: number; readonly by: number }
  | { readonly kind: 'nothing'; readonly command: 'flush' | 'compact' | 'commit' }
  | {
      readonly kind: 'crash';
      readonly during?: string;
      readonly kept: number;
      readonly torn: number;
      /** Writes that were only in memory or on their way. */
      readonly unsynced: number;
    }
  | {
      readonly kind: 'replay';
      readonly log: number;
      readonly batches: number;
      readonly entries: number;
      readonly lost: number;
      readonly isTorn: boolean;
    }
  | {
      readonly kind: 'recovered';
      readonly tables: number;
      readonly sequence: number;
      readonly damage: number;
    }
  | { readonly kind: 'closed'; readonly unsynced: number }
  | {
      readonly kind: 'checked';
      readonly tables: number;
      readonly entries: number;
      readonly rows: number;
      readonly problems: number;
    };

export interface Counters {
  readonly puts: number;
  readonly deletes: number;
  readonly gets: number;
  /** Bytes of keys and values that were put, of keys that were deleted. */
  readonly userBytes: number;
  readonly logBytes: number;
  readonly manifestBytes: number;
  readonly flushedBytes: number;
  readonly compactedBytes: number;
  /** Read by compactions. */
  readonly mergedBytes: number;
  readonly flushes: number;
  readonly compactions: number;
  readonly moves: number;
  /** Tables that a get had to consider, blocks that it read, and what the filters did. */
  readonly probes: number;
  readonly blocksRead: number;
  readonly filterNo: number;
  readonly falsePositives: number;
  readonly slowdowns: number;
  readonly stalls: number;
}

export interface Snapshot {
  readonly name: string;
  readonly sequence: number;
}

/** What the policy says, as far as a picture shows it. Sizes in bytes. */
export interface Limits {
  readonly memtableSize: number;
  readonly tableSize: number;
  readonly level1Size: number;
  readonly levelRatio: number;
  readonly level0Trigger: number;
  readonly level0Slowdown: number;
  readonly level0Stop: number;
}

/** What an LSM tree is, beside its files: what can be read from them, and what readers hold. */
export interface LsmValue {
  readonly strategy: Strategy;
  readonly limits: Limits;
  readonly version: Version;
  /** Number of the memtable and of its log. */
  readonly memtable: number;
  /** The frozen one, while it waits for its flush. */
  readonly immutable: number | undefined;
  readonly manifest: number;
  readonly logNumber: number;
  readonly nextFile: number;
  readonly lastSequence: number;
  /** Where the next compaction of a level begins: an internal key. */
  readonly pointers: readonly (Bytes | undefined)[];
  /** Writes up to here were promised to be durable. */
  readonly acknowledged: number;
  /** FIFO: writes up to here may be gone. */
  readonly dropped: number;
  readonly snapshots: readonly Snapshot[];
  readonly held: { readonly flush: boolean; readonly compaction: boolean };
  /** Batches of writers that wait for a stall to end. */
  readonly waiting: readonly (readonly Operation[])[];
  /** Looks in vain that a table has left, where fewer than at first. */
  readonly seeks: Readonly<Record<string, number>>;
  readonly seekFile: { readonly level: number; readonly number: number } | undefined;
  /** When a table was written, for fifo-ttl. */
  readonly created: Readonly<Record<string, number>>;
  /** Simulated, in µs. */
  readonly time: number;
  readonly counters: Counters;
  readonly job: Job | undefined;
  /** Why the database is open for reading only. */
  readonly readOnly: boolean;
  /** What recovery could not read, a sentence each. */
  readonly damage: readonly string[];
  /** A folder of somebody else, opened to be looked at; what is no damage there and still worth a word. */
  readonly foreign?: { readonly notes: readonly string[] };
}

// ── Lenses on an image ─────────────────────────────────────────────────────────────────────────

/** Tables already read, by the chunks that hold them: those never change. */
const tables = new WeakMap<object, Table>();

export function tableOf(file: FileImage): Table {
  const known = tables.get(file.now.blocks);
  // A table that is being written grows in chunks of its own, so its size must fit as well.
  if (known && known.bytes.length === file.now.size) return known;
  const table = new Table(bytesOfContent(file));
  tables.set(file.now.blocks, table);
  return table;
}

/** The file of a table: `.ldb`, or `.sst` as it was once called. */
export function tableFileOf(disk: DiskImage, number: number): FileImage | undefined {
  const name = tableName(number);
  return fileNamed(disk, name) ?? fileNamed(disk, name.replace(/ldb$/, 'sst'));
}

export function tableNumbered(disk: DiskImage, number: number): Table | undefined {
  const file = tableFileOf(disk, number);
  return file && tableOf(file);
}

export function skipListOf(file: FileImage): SkipList {
  const empty = new Uint8Array(file.chunkSize);
  const arena: Arena = {
    chunkSize: file.chunkSize,
    chunk: (index) => chunkOf(file.now, index) ?? empty,
  };
  return new SkipList(arena);
}

export const overlapsRange = (
  file: TableFile,
  from: Bytes | undefined,
  to: Bytes | undefined,
): boolean =>
  !(from && compareUsers(file.largest, from) < 0) && !(to && compareUsers(file.smallest, to) > 0);

/** An internal key's user key against a user key. */
function compareUsers(internal: Bytes, user: Bytes): number {
  const length = internal.length - 8;
  const shared = Math.min(length, user.length);
  for (let i = 0; i < shared; i++) {
    const difference = (internal[i] as number) - (user[i] as number);
    if (difference !== 0) return difference;
  }
  return length - user.length;
}

export const sameKey = (a: Bytes | undefined, b: Bytes | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && equalBytes(a, b));
