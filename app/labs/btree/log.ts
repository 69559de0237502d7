// What the log's bytes say at a moment, for the picture, its twin and the inspector: its header, and
// each frame with its page and what it counts for. A running engine's index says up to where the log
// is committed; without one the log is read as recovery will read it.

import { u32 } from '../../../engine/base/bytes.ts';
import { FILES, logHeader } from '../../../engine/btree/events.ts';
import { frameOfPage } from '../../../engine/btree/wal-index-lens.ts';
import {
  type ByteSource,
  FRAME_HEADER,
  frameOffset,
  type Pair,
  type Recovered,
  recoverWal,
  WAL_HEADER,
} from '../../../engine/btree/wal-lens.ts';
import {
  type Content,
  chunkOf,
  type DiskImage,
  type FileImage,
  fileNamed,
} from '../../../engine/disk/image.ts';

export interface FrameNode {
  /** Scene key. */
  readonly key: string;
  /** From 1. */
  readonly frame: number;
  readonly page: number;
  /** Of a commit: the size of the database in pages. Else 0. */
  readonly commitSize: number;
  readonly state: /** What a reader of now sees of this page. */
    | 'newest'
    /** Committed, and a later commit has the page again. */
    | 'superseded'
    /** In the database too. */
    | 'home'
    /** Written, and its transaction has no commit: it is being made, or never was finished. */
    | 'appended'
    /** Behind the end: left from before the log was begun anew, or damaged. */
    | 'old';
  readonly synced: boolean;
}

export const FRAME_WORDS: Record<FrameNode['state'], string> = {
  newest: 'the newest image of the page',
  superseded: 'a later commit has the page again',
  home: 'in the database too',
  appended: 'of a transaction without its commit',
  old: 'it does not count: from before the log was begun anew, or damaged',
};

export interface LogReading {
  readonly size: number;
  /** Absent while there is no header. */
  readonly header?: { readonly sequence: number; readonly salts: Pair; readonly synced: boolean };
  readonly frames: readonly FrameNode[];
  /** The last committed frame, and up to which frames are in the database. */
  readonly mxFrame: number;
  readonly backfilled: number;
}

export const frameKey = (salt: number, frame: number): string =>
  `frame:${salt.toString(16)}:${frame}`;
export const LOG_HEADER_KEY = 'log:header';

/** Bytes of a file as the process has them, or as they would survive. */
export function sourceOf({ chunkSize }: FileImage, content: Content): ByteSource {
  return {
    size: content.size,
    read(offset, length) {
      const out = new Uint8Array(Math.max(0, Math.min(length, content.size - offset)));
      for (let at = 0; at < out.length; ) {
        const index = Math.floor((offset + at) / chunkSize);
        const from = offset + at - index * chunkSize;
        const count = Math.min(chunkSize - from, out.length - at);
        const chunk = chunkOf(content, index);
        if (chunk) out.set(chunk.subarray(from, from + count), at);
        at += count;
      }
      return out;
    },
  };
}

const recoveries = new WeakMap<Content['blocks'], Recovered>();

/** The log as recovery will read it. */
export function recoveredLog(file: FileImage, content: Content = file.now): Recovered {
  let known = recoveries.get(content.blocks);
  if (!known) {
    known = recoverWal(sourceOf(file, content));
    recoveries.set(content.blocks, known);
  }
  return known;
}

export function readLog(image: DiskImage): LogReading | undefined {
  const file = fileNamed(image, FILES.log);
  if (!file) return undefined;
  const { now, synced } = file;
  const log = sourceOf(file, now);
  const head = log.read(0, WAL_HEADER);
  if (head.length < WAL_HEADER) return { size: now.size, frames: [], mxFrame: 0, backfilled: 0 };
  const salts: Pair = [u32(head, 16), u32(head, 20)];
  const known = logHeader(image);
  const found = known?.made ? undefined : recoveredLog(file);
  const mxFrame = known?.made ? known.mxFrame : (found?.mxFrame ?? 0);
  const backfilled = known?.made ? known.backfilled : 0;
  const index = fileNamed(image, FILES.index);
  const newest = (page: number): number =>
    found
      ? (found.index.get(page) ?? 0)
      : index
        ? frameOfPage((at) => chunkOf(index.now, at), page, mxFrame)
        : 0;
  const frames: FrameNode[] = [];
  const size = file.chunkSize;
  for (let frame = 1; frameOffset(frame, size) + FRAME_HEADER <= now.size; frame++) {
    const from = frameOffset(frame, size);
    const bytes = log.read(from, FRAME_HEADER);
    const page = u32(bytes, 0);
    if (page === 0) continue; // no frame was ever written here
    const own = u32(bytes, 8) === salts[0] && u32(bytes, 12) === salts[1];
    const whole = from + FRAME_HEADER + size <= now.size;
    // Running, what has the salts of this log is being appended; else recovery says what is good.
    const good = found ? frame <= found.frames.length : own && whole;
    frames.push({
      key: frameKey(u32(bytes, 8), frame),
      frame,
      page,
      commitSize: u32(bytes, 4),
      state:
        frame <= mxFrame
          ? frame <= backfilled
            ? 'home'
            : newest(page) === frame
              ? 'newest'
              : 'superseded'
          : good && frame === 1 + (frames.at(-1)?.frame ?? 0) && frames.at(-1)?.state !== 'old'
            ? 'appended'
            : 'old',
      synced: same(now, synced, size, from, from + FRAME_HEADER + size),
    });
  }
  const header = found && !found.header ? undefined : { sequence: u32(head, 12), salts };
  return {
    size: now.size,
    ...(header && { header: { ...header, synced: same(now, synced, size, 0, WAL_HEADER) } }),
    frames,
    mxFrame,
    backfilled,
  };
}

/** Whether a stretch of a file is on the disk as the process has it. */
function same(now: Content, synced: Content, chunkSize: number, from: number, to: number): boolean {
  if (now.blocks === synced.blocks && now.size === synced.size) return true;
  if (to > synced.size) return false;
  for (let index = Math.floor(from / chunkSize); index * chunkSize < to; index++) {
    const [a, b] = [chunkOf(now, index), chunkOf(synced, index)];
    if (a === b) continue;
    if (!a || !b) return false;
    const start = Math.max(0, from - index * chunkSize);
    const end = Math.min(chunkSize, to - index * chunkSize);
    for (let i = start; i < end; i++) if (a[i] !== b[i]) return false;
  }
  return true;
}

/** The frame that has the newest image of a page which the database has not got; 0 where there is none. */
export function behindIn(image: DiskImage): (page: number) => number {
  const file = fileNamed(image, FILES.log);
  const index = fileNamed(image, FILES.index);
  const known = logHeader(image);
  if (known?.made && index)
    return (page) => {
      const frame = frameOfPage((at) => chunkOf(index.now, at), page, known.mxFrame);
      return frame > known.backfilled ? frame : 0;
    };
  const found = file && recoveredLog(file);
  return (page) => found?.index.get(page) ?? 0;
}
