// The wal-index as bytes: which frame of the log holds the newest image of a page. SQLite keeps it in
// the `-shm` file, so that several processes share it; here it is a memory file, byte for byte the
// same. Nothing is lost with it: recovery makes it again from the log.
//
//   0      header, 48 bytes, and the same once more at 48
//            0  u32 version, 3007000
//            8  u32 commits since it was made
//           12  u8 1: it is made       13  u8 1: checksums of the log add up big-endian words
//           14  u16 page size (1: 65536)
//           16  u32 mxFrame: the last committed frame
//           20  u32 pages in the database after it
//           24  u32 u32 checksum of that frame, from which the next one goes on
//           32  u32 u32 the salts, as they stand in the log
//           40  u32 u32 checksum of these 40 bytes
//   96     checkpoint info, 40 bytes
//            0  u32 frames up to this one are in the database
//            4  u32 × 5 read marks: up to which frame a reader reads; ffffffff nobody
//           24  u8 × 8 bytes that are locked, never written
//           32  u32 how far a checkpoint has tried to come
//   136    u32 × 4062: the page of frame 1, 2, …
//   16384  u16 × 8192: a hash table; a slot has the number of an entry above, 0 is free
//   32768  the next block: u32 × 4096 pages, u16 × 8192 slots; and so on
//
// A page p is looked for in slot 383 · p mod 8192 and those behind it, up to a free one. Frames come
// in order, so the last slot that names p has its newest frame; a reader of an older snapshot passes
// over those beyond his. Half of the slots stay free: a look-up takes one or two.
//
// All numbers are in the order of the machine, which shares this file with nobody: little-endian. Only
// the salts are copied as they are. After one commit of page 2, of 512 bytes, by the log in wal-lens.ts:
//
//   000  18 e2 2d 00 00 00 00 00 01 00 00 00 01 01 00 02   version; one commit; made, big-endian, 512
//   010  01 00 00 00 02 00 00 00 28 5e a5 a5 eb 93 82 bd   mxFrame 1, 2 pages; the frame's checksum
//   020  11 22 33 44 55 66 77 88 …                         the salts
//   088  02 00 00 00                                       frame 1 holds page 2
//   45fc 01 00                                             slot 766 = 383 · 2: entry 1

import type { Bytes } from '../base/bytes.ts';
import { checksum, type Pair } from './wal-lens.ts';

export const INDEX_HEADER = 48;
export const INDEX_VERSION = 3007000;
/** Bytes before the first page number: two headers and the checkpoint info. */
export const INDEX_START = 136;
export const INDEX_BLOCK = 32768;
export const SLOTS_AT = 16384;
export const SLOTS = 8192;
/** Chunk of the memory file that holds it: a commit touches a few, and each is copied once. */
export const INDEX_CHUNK = 256;
export const NOBODY = 0xffffffff;

/** A chunk of the index, `INDEX_CHUNK` bytes; absent where nothing was written. */
export type IndexChunk = (index: number) => Bytes | undefined;

export interface IndexHeader {
  readonly commits: number;
  readonly made: boolean;
  readonly bigEndian: boolean;
  readonly pageSize: number;
  /** The last committed frame. */
  readonly mxFrame: number;
  /** Size of the database in pages after it; 0 where mxFrame is 0. */
  readonly pages: number;
  readonly checksum: Pair;
  readonly salts: Pair;
  /** Frames up to this one are in the database. Invariant: 0 ≤ backfilled ≤ mxFrame. */
  readonly backfilled: number;
}

/** Little-endian u32; `at` is a multiple of 4, so it lies in one chunk. */
export function indexU32(chunk: IndexChunk, at: number): number {
  const bytes = chunk(Math.floor(at / INDEX_CHUNK));
  if (!bytes) return 0;
  const i = at % INDEX_CHUNK;
  return (
    ((bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)) >>>
    0
  );
}

export function indexU16(chunk: IndexChunk, at: number): number {
  const bytes = chunk(Math.floor(at / INDEX_CHUNK));
  if (!bytes) return 0;
  const i = at % INDEX_CHUNK;
  return (bytes[i] as number) | ((bytes[i + 1] as number) << 8);
}

const swapped = (n: number): number =>
  ((n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;

export function readIndexHeader(chunk: IndexChunk): IndexHeader {
  const word = (at: number): number => indexU32(chunk, at);
  const flags = word(12);
  const rawSize = flags >>> 16;
  return {
    commits: word(8),
    made: (flags & 0xff) === 1,
    bigEndian: ((flags >>> 8) & 0xff) === 1,
    pageSize: rawSize === 1 ? 65536 : rawSize,
    mxFrame: word(16),
    pages: word(20),
    checksum: [word(24), word(28)],
    salts: [swapped(word(32)), swapped(word(36))],
    backfilled: word(96),
  };
}

/** The 48 bytes of a header, its checksum included. */
export function indexHeaderBytes(header: IndexHeader): Uint8Array {
  const bytes = new Uint8Array(INDEX_HEADER);
  const view = new DataView(bytes.buffer);
  const { pageSize } = header;
  view.setUint32(0, INDEX_VERSION, true);
  view.setUint32(8, header.commits, true);
  bytes[12] = header.made ? 1 : 0;
  bytes[13] = header.bigEndian ? 1 : 0;
  view.setUint16(14, pageSize === 65536 ? 1 : pageSize, true);
  view.setUint32(16, header.mxFrame, true);
  view.setUint32(20, header.pages, true);
  view.setUint32(24, header.checksum[0], true);
  view.setUint32(28, header.checksum[1], true);
  view.setUint32(32, header.salts[0]);
  view.setUint32(36, header.salts[1]);
  const sum = checksum([0, 0], bytes, 0, 40, false);
  view.setUint32(40, sum[0], true);
  view.setUint32(44, sum[1], true);
  return bytes;
}

/** Where the entry of a frame stands, and the slots of its block. */
export function entryOf(frame: number): { block: number; entry: number; at: number } {
  const first = (INDEX_BLOCK - SLOTS_AT - INDEX_START) / 4; // 4062
  const whole = SLOTS_AT / 4; // 4096
  const block = frame <= first ? 0 : 1 + Math.floor((frame - first - 1) / whole);
  const before = block === 0 ? 0 : first + (block - 1) * whole;
  const entry = frame - before;
  const at = block * INDEX_BLOCK + (block === 0 ? INDEX_START : 0) + 4 * (entry - 1);
  return { block, entry, at };
}

export const slotOf = (page: number): number => Math.imul(page, 383) & (SLOTS - 1);
export const nextSlot = (slot: number): number => (slot + 1) & (SLOTS - 1);
export const slotAt = (block: number, slot: number): number =>
  block * INDEX_BLOCK + SLOTS_AT + 2 * slot;

/** Which page a frame holds. */
export const pageOfFrame = (chunk: IndexChunk, frame: number): number =>
  indexU32(chunk, entryOf(frame).at);

/** The newest frame up to `snapshot` that holds a page; 0 where the database has it. */
export function frameOfPage(chunk: IndexChunk, page: number, snapshot: number): number {
  if (snapshot === 0) return 0;
  for (let { block } = entryOf(snapshot); block >= 0; block--) {
    const before = block === 0 ? 0 : 4062 + (block - 1) * 4096;
    let newest = 0;
    for (let slot = slotOf(page), n = 0; n < SLOTS; slot = nextSlot(slot), n++) {
      const entry = indexU16(chunk, slotAt(block, slot));
      if (entry === 0) break;
      const frame = before + entry;
      if (frame <= snapshot && frame > newest && pageOfFrame(chunk, frame) === page) newest = frame;
    }
    if (newest > 0) return newest;
  }
  return 0;
}
