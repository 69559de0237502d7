// The write-ahead log as bytes: reads a `-wal` file that SQLite or we wrote. A commit puts no page
// into the database: it appends the changed pages to the log, and the last of them says "commit".
//
//   0    log header, 32 bytes
//          0  magic: 377f0682 checksums add up little-endian words, 377f0683 big-endian ones
//          4  u32 version, 3007000
//          8  u32 page size
//         12  u32 sequence: how often the log was begun anew
//         16  u32 salt-1: one more each time
//         20  u32 salt-2: by chance each time
//         24  u32 u32 checksum of bytes 0 to 23
//   32   frame 1: frame header, 24 bytes, and one page
//          0  u32 page number
//          4  u32 of a commit the size of the database in pages, else 0
//          8  u32 u32 the salts of the log header
//         16  u32 u32 checksum
//   …    frame 2, and so on; frame f begins at 32 + (f - 1) · (24 + page size)
//
// All numbers are big-endian; the magic decides only how the words of a checksum are read. It adds up
// two words at a time, modulo 2^32:  s1 += w0 + s2;  s2 += w1 + s1.  The log header starts from (0, 0).
// A frame goes on from the checksum of the frame before it (frame 1: from that of the log header),
// over its own first 8 bytes and its page. So a checksum vouches for all that stands before it too.
//
// Recovery. A log of at most 32 bytes, or whose header is no header, counts for nothing. Otherwise
// frames are read in order for as long as the salts are those of the header, the page number is not
// 0 and the checksum is right. The first frame that fails ends the log, however good those behind it
// are. The last commit among the good frames is `mxFrame`; good frames after it are a transaction
// that never was. The size of the database is the one that this commit names. Torn tails and old
// frames are thus no damage: they are how a log normally ends. Old frames are there because a log
// whose pages are all in the database is not cleared: it is begun anew at frame 1 with other salts.
//
// A reader who began when frame m was the last commit (its snapshot) sees page p as in the newest
// frame up to m that holds p, and in the database file where none does.
//
// A log of 512-byte pages with one transaction of one frame, an empty leaf as page 2 of 2:
//
//   000  37 7f 06 83 00 2d e2 18   big-endian words, version 3007000
//   008  00 00 02 00 00 00 00 00   512 bytes a page, begun for the first time
//   010  11 22 33 44 55 66 77 88   the salts
//   018  27 26 fe 1b 23 66 4f 5c   checksum of these 24 bytes
//   020  00 00 00 02 00 00 00 02   frame 1: page 2; a commit, after which there are 2 pages
//   028  11 22 33 44 55 66 77 88   the salts again
//   030  a5 a5 5e 28 bd 82 93 eb   checksum, going on from the one at 018
//   038  0d 00 00 00 00 02 00 00   page 2: a leaf without cells, content from 512; then zeros

import { type Bytes, hexOf, u32 } from '../base/bytes.ts';
import type { Field, Span } from './page.ts';

/** Bytes to be read from somewhere: a file on the lab's disk, or one from outside. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes, or fewer where they end. */
  read(offset: number, length: number): Bytes;
}

export const WAL_HEADER = 32;
export const FRAME_HEADER = 24;
export const WAL_VERSION = 3007000;
/** One more where the words of checksums are big-endian. */
export const MAGIC = 0x377f0682;

export type Pair = readonly [number, number];

export interface WalHeader {
  /** How the words of a checksum are read. */
  readonly bigEndian: boolean;
  readonly version: number;
  readonly pageSize: number;
  readonly sequence: number;
  readonly salts: Pair;
  readonly checksum: Pair;
}

export interface Frame {
  /** From 1. */
  readonly frame: number;
  readonly page: number;
  /** Where the frame begins; its page stands 24 bytes further on. */
  readonly offset: number;
  /** Of a commit: the size of the database in pages. Else 0. */
  readonly commitSize: number;
}

export type WalStop =
  /** There is no log. */
  | 'empty'
  /** The log header is too short, no header at all, or fails its checksum. */
  | 'header'
  /** The header is sound, of a version that nobody knows: SQLite refuses to open such a database. */
  | 'version'
  /** All frames are good, and the file ends with the last of them. */
  | 'end'
  /** The file ends inside a frame. */
  | 'torn'
  /** A frame from before the log was begun anew. */
  | 'salt'
  /** A frame for page 0. */
  | 'page'
  | 'checksum';

export interface Recovered {
  /** Absent where the log counts for nothing. */
  readonly header?: WalHeader;
  /** The good frames, in order: frame f is at f - 1. Those behind `mxFrame` lack their commit. */
  readonly frames: readonly Frame[];
  /** The last frame of the last whole transaction; 0 where there is none. */
  readonly mxFrame: number;
  /** Size of the database in pages, as the last commit says; 0 where there is none. */
  readonly pages: number;
  /** By page: the newest frame up to mxFrame that holds it. */
  readonly index: ReadonlyMap<number, number>;
  /** From which the checksum of the frame after mxFrame goes on. */
  readonly checksum: Pair;
  readonly stop: WalStop;
  /** Why reading stopped, and what of the log counts. */
  readonly words: string;
}

export const frameOffset = (frame: number, pageSize: number): number =>
  WAL_HEADER + (frame - 1) * (FRAME_HEADER + pageSize);

/** Goes on with a checksum over the bytes from `from` to `to`, a multiple of 8. */
export function checksum(
  start: Pair,
  bytes: Bytes,
  from: number,
  to: number,
  bigEndian: boolean,
): Pair {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [s1, s2] = start;
  for (let at = from; at < to; at += 8) {
    s1 = (s1 + view.getUint32(at, !bigEndian) + s2) | 0;
    s2 = (s2 + view.getUint32(at + 4, !bigEndian) + s1) | 0;
  }
  return [s1 >>> 0, s2 >>> 0];
}

/** The checksum of a frame that follows one whose checksum is `before`. */
export function frameChecksum(before: Pair, frame: Bytes, bigEndian: boolean): Pair {
  const head = checksum(before, frame, 0, 8, bigEndian);
  return checksum(head, frame, FRAME_HEADER, frame.length, bigEndian);
}

const samePair = (a: Pair, b: Pair): boolean => a[0] === b[0] && a[1] === b[1];
const pairAt = (bytes: Bytes, at: number): Pair => [u32(bytes, at), u32(bytes, at + 4)];

/** Why these bytes are no log header; undefined where they are one. */
function faultOf(bytes: Bytes): string | undefined {
  if (bytes.length < WAL_HEADER)
    return `a log begins with a header of ${WAL_HEADER} bytes; there are ${bytes.length}`;
  if ((u32(bytes, 0) & ~1) >>> 0 !== MAGIC)
    return `the magic is ${hexOf(bytes.subarray(0, 4))}, expected 377f0682 or 377f0683`;
  const pageSize = u32(bytes, 8);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0)
    return `the page size is ${pageSize}, expected a power of two from 512 to 65536`;
  const sum = checksum([0, 0], bytes, 0, 24, (u32(bytes, 0) & 1) === 1);
  if (!samePair(sum, pairAt(bytes, 24))) return 'the log header does not match its checksum';
  return undefined;
}

const headerIn = (bytes: Bytes): WalHeader => ({
  bigEndian: (u32(bytes, 0) & 1) === 1,
  version: u32(bytes, 4),
  pageSize: u32(bytes, 8),
  sequence: u32(bytes, 12),
  salts: pairAt(bytes, 16),
  checksum: pairAt(bytes, 24),
});

/** Finds out what of a log counts. Reads it once, from its begin to where it stops. */
export function recoverWal(source: ByteSource): Recovered {
  const log = readAhead(source);
  const nothing = (stop: WalStop, words: string): Recovered => ({
    frames: [],
    mxFrame: 0,
    pages: 0,
    index: new Map(),
    checksum: [0, 0],
    stop,
    words,
  });
  if (log.size === 0) return nothing('empty', 'the log is empty');
  const headerBytes = log.read(0, WAL_HEADER);
  const fault = faultOf(headerBytes);
  if (fault !== undefined) return nothing('header', `${fault}: nothing of the log counts`);
  const header = headerIn(headerBytes);
  // SQLite does not look at the version of a log without frames.
  if (header.version !== WAL_VERSION)
    return nothing(
      log.size > WAL_HEADER ? 'version' : 'header',
      `the log has version ${header.version}, expected ${WAL_VERSION}`,
    );
  const { pageSize, bigEndian, salts } = header;
  const frames: Frame[] = [];
  const index = new Map<number, number>();
  const sizeBytes = FRAME_HEADER + pageSize;
  let sum = header.checksum;
  let committed = { mxFrame: 0, pages: 0, checksum: sum };
  let stop: WalStop = 'end';
  let why = '';
  for (let frame = 1; ; frame++) {
    const offset = frameOffset(frame, pageSize);
    const bytes = log.read(offset, sizeBytes);
    if (bytes.length < sizeBytes) {
      if (bytes.length > 0) {
        stop = 'torn';
        why = `the log ends inside frame ${frame}, after ${bytes.length} of ${sizeBytes} bytes`;
      } else why = `the log ends with ${frame === 1 ? 'its header' : `frame ${frame - 1}`}`;
      break;
    }
    const page = u32(bytes, 0);
    const commitSize = u32(bytes, 4);
    const next = frameChecksum(sum, bytes, bigEndian);
    if (!samePair(pairAt(bytes, 8), salts)) stop = 'salt';
    else if (page === 0) stop = 'page';
    else if (!samePair(pairAt(bytes, 16), next)) stop = 'checksum';
    if (stop !== 'end') {
      why = {
        salt: `frame ${frame} has other salts: it is from before the log was begun anew`,
        page: `frame ${frame} is for page 0, which there is not`,
        checksum: `frame ${frame} does not match its checksum`,
      }[stop as 'salt' | 'page' | 'checksum'];
      break;
    }
    sum = next;
    frames.push({ frame, page, offset, commitSize });
    if (commitSize === 0) continue;
    for (let f = committed.mxFrame; f < frame; f++) index.set((frames[f] as Frame).page, f + 1);
    committed = { mxFrame: frame, pages: commitSize, checksum: sum };
  }
  const { mxFrame } = committed;
  const counts = mxFrame === 0 ? 'no transaction is whole' : `frames 1 to ${mxFrame} count`;
  const rest =
    frames.length > mxFrame
      ? `; ${span(mxFrame + 1, frames.length)} good, but no commit follows`
      : '';
  return { header, frames, ...committed, index, stop, words: `${why}; ${counts}${rest}` };
}

const span = (from: number, to: number): string =>
  from === to ? `frame ${from} is` : `frames ${from} to ${to} are`;

/** The newest frame up to `snapshot` that holds a page; 0 where the database has it. */
export function frameAt(
  { frames, mxFrame, index }: Recovered,
  page: number,
  snapshot: number = mxFrame,
): number {
  const newest = index.get(page) ?? 0;
  if (newest <= snapshot) return newest;
  for (let frame = snapshot; frame > 0; frame--)
    if ((frames[frame - 1] as Frame).page === page) return frame;
  return 0;
}

/** Page p at a snapshot, where the log has it. */
export function readPageAt(
  log: ByteSource,
  recovered: Recovered,
  page: number,
  snapshot: number = recovered.mxFrame,
): Bytes | undefined {
  const frame = frameAt(recovered, page, snapshot);
  if (frame === 0 || !recovered.header) return undefined;
  const { pageSize } = recovered.header;
  return log.read(frameOffset(frame, pageSize) + FRAME_HEADER, pageSize);
}

/**
 * A source for whoever reads from front to back in small pieces: it fetches a megabyte at a time. A
 * slice of a picked file costs a fraction of a millisecond, however short it is.
 */
export function readAhead(source: ByteSource, windowBytes = 2 ** 20): ByteSource {
  let from = 0;
  let window: Bytes = new Uint8Array(0);
  return {
    size: source.size,
    read(offset, length) {
      if (offset < from || offset + length > from + window.length) {
        from = offset;
        window = source.read(offset, Math.max(length, windowBytes));
      }
      return window.subarray(offset - from, offset - from + length);
    },
  };
}

// ── Anatomy: every byte of a log belongs to exactly one region ──────────────────────────────────

export type FrameState =
  /** What a reader of now sees of this page. */
  | 'newest'
  /** Committed, and a later commit has the page again. */
  | 'superseded'
  /** Good, but its transaction lacks the commit. */
  | 'uncommitted'
  /** The frame at which reading stopped: page 0, or a wrong checksum. */
  | 'refused'
  /** Left from before the log was begun anew. */
  | 'stale'
  /** Of this log, behind the frame at which reading stopped. */
  | 'unreached';

export interface WalRegion extends Span {
  readonly kind: 'log header' | 'frame header' | 'page image' | 'torn';
  readonly frame?: number;
  readonly page?: number;
  readonly state?: FrameState;
  readonly fields?: readonly Field[];
  readonly fault?: string;
}

/** Tiles a log, or of a long one the log header and some of its frames: regions in order. */
export function walAnatomy(
  log: ByteSource,
  recovered: Recovered = recoverWal(log),
  first = 1,
  last: number = Number.POSITIVE_INFINITY,
): WalRegion[] {
  const bytes = log.read(0, WAL_HEADER);
  if (bytes.length === 0) return [];
  const fault = faultOf(bytes);
  if (bytes.length < WAL_HEADER)
    return [{ kind: 'log header', from: 0, to: bytes.length, ...(fault && { fault }) }];
  const regions: WalRegion[] = [
    {
      kind: 'log header',
      from: 0,
      to: WAL_HEADER,
      fields: headerFields(bytes),
      ...(fault !== undefined
        ? { fault }
        : recovered.stop === 'version' && { fault: recovered.words }),
    },
  ];
  if (!recovered.header) {
    if (log.size > WAL_HEADER) regions.push({ kind: 'torn', from: WAL_HEADER, to: log.size });
    return regions;
  }
  const { pageSize } = recovered.header;
  for (let frame = first; frame <= last; frame++) {
    const from = frameOffset(frame, pageSize);
    const to = Math.min(from + FRAME_HEADER + pageSize, log.size);
    if (from >= to) break;
    if (to - from < FRAME_HEADER + pageSize) {
      const fault = `the log ends after ${to - from} of this frame's ${FRAME_HEADER + pageSize} bytes`;
      regions.push({ kind: 'torn', from, to, frame, fault });
      break;
    }
    const head = log.read(from, FRAME_HEADER);
    const page = u32(head, 0);
    const state = stateOf(recovered, frame, page, head);
    const about = { frame, page, state };
    regions.push({
      kind: 'frame header',
      from,
      to: from + FRAME_HEADER,
      ...about,
      fields: frameFields(head, from, state),
      ...(state === 'refused' && {
        fault: page === 0 ? 'there is no page 0' : 'the frame does not match its checksum',
      }),
    });
    regions.push({ kind: 'page image', from: from + FRAME_HEADER, to, ...about });
  }
  return regions;
}

function stateOf(recovered: Recovered, frame: number, page: number, head: Bytes): FrameState {
  const { mxFrame, index, frames, header } = recovered;
  if (frame <= mxFrame) return index.get(page) === frame ? 'newest' : 'superseded';
  if (frame <= frames.length) return 'uncommitted';
  if (header && !samePair(pairAt(head, 8), header.salts)) return 'stale';
  return frame === frames.length + 1 ? 'refused' : 'unreached';
}

function headerFields(bytes: Bytes): Field[] {
  const { bigEndian, pageSize, version, sequence } = headerIn(bytes);
  const hex = (from: number, to: number) => hexOf(bytes.subarray(from, to));
  const field = (name: string, from: number, to: number, value: string, help: string): Field => ({
    name,
    from,
    to,
    value,
    help,
  });
  return [
    field(
      'magic',
      0,
      4,
      `${hex(0, 4)}: ${bigEndian ? 'big' : 'little'}-endian words`,
      'which log this is, and how the words of a checksum are read',
    ),
    field('version', 4, 8, `${version}`, `always ${WAL_VERSION}`),
    field('page size', 8, 12, `${pageSize} bytes`, 'that of the database'),
    field('sequence', 12, 16, `${sequence}`, 'how often the log was begun anew at frame 1'),
    field('salt-1', 16, 20, hex(16, 20), 'one more each time that the log is begun anew'),
    field('salt-2', 20, 24, hex(20, 24), 'by chance each time that the log is begun anew'),
    field('checksum', 24, 32, hex(24, 32), 'of the 24 bytes before it; frame 1 goes on from it'),
  ];
}

const SALT_HELP: Readonly<Record<FrameState, string>> = {
  newest: 'those of the log header: the frame belongs to this log',
  superseded: 'those of the log header: the frame belongs to this log',
  uncommitted: 'those of the log header: the frame belongs to this log',
  refused: 'those of the log header',
  unreached: 'those of the log header, but reading stopped before it',
  stale: 'not those of the log header: the frame is from before the log was begun anew',
};

function frameFields(head: Bytes, at: number, state: FrameState): Field[] {
  const commitSize = u32(head, 4);
  const field = (name: string, from: number, to: number, value: string, help: string): Field => ({
    name,
    from: at + from,
    to: at + to,
    value,
    help,
  });
  return [
    field('page', 0, 4, `page ${u32(head, 0)}`, 'which page this is an image of'),
    field(
      'size after commit',
      4,
      8,
      commitSize === 0 ? 'no commit' : `commit: ${commitSize} pages`,
      'the last frame of a transaction says how many pages the database then has',
    ),
    field('salts', 8, 16, hexOf(head.subarray(8, 16)), SALT_HELP[state]),
    field(
      'checksum',
      16,
      24,
      hexOf(head.subarray(16, 24)),
      'over all frames up to this one: one wrong bit ends the log here',
    ),
  ];
}
