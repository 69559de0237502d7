// A block of a table: sorted entries, each of them written as what is new against the one before.
//
//   ┌─────────┬─────────┬───┬─────────┬──────────────────────────────┬───────┐
//   │ entry 0 │ entry 1 │ … │ entry n │ u32 offset per restart point │ count │
//   └─────────┴─────────┴───┴─────────┴──────────────────────────────┴───────┘
//   entry:  varint shared | varint unshared | varint value length | unshared key bytes | value
//
// The key is the first `shared` bytes of the key before, then the unshared ones. Every so many
// entries (16 in data blocks, 1 in the index) stands a restart point, where nothing is shared: a
// search is binary over these, then runs forward.
//
//   "fig" "figs" "grape" (bare keys, restart every 2, values of one byte):
//   00 03 01 f i g 1 | 03 01 01 s 2 | 00 05 01 g r a p e 3 | 00 00 00 00  0c 00 00 00 | 02 00 00 00
//   ▲ restart 0        ▲ "fig" + "s"  ▲ restart 1, at 12
//
// On disk a block is followed by 5 bytes: how it is compressed (0 not, 1 Snappy), and the masked
// CRC-32C of the stored bytes and that byte.

import type { Bytes } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import { compareInternal } from './key.ts';
import { maskCrc } from './log.ts';
import { unsnappy } from './snappy.ts';
import { readVarint, setU32, u32, varintSize, Writer } from './varint.ts';

export const BLOCK_TRAILER = 5;
export const COMPRESSIONS = ['none', 'snappy', 'zstd'] as const;

export class BlockBuilder {
  readonly #out = new Writer(1024);
  readonly #interval: number;
  #restarts: number[] = [0];
  #sinceRestart = 0;
  #last = new Uint8Array(64);
  #lastLength = 0;
  entries = 0;

  constructor(restartInterval: number) {
    this.#interval = restartInterval;
  }

  /** Keys must come in their order. */
  add(key: Bytes, value: Bytes): void {
    let shared = 0;
    if (this.#sinceRestart === this.#interval) {
      this.#restarts.push(this.#out.length);
      this.#sinceRestart = 0;
    } else {
      const most = Math.min(this.#lastLength, key.length);
      while (shared < most && this.#last[shared] === key[shared]) shared++;
    }
    this.#out
      .varint(shared)
      .varint(key.length - shared)
      .varint(value.length)
      .raw(shared === 0 ? key : key.subarray(shared))
      .raw(value);
    if (key.length > this.#last.length) this.#last = new Uint8Array(2 * key.length);
    this.#last.set(key);
    this.#lastLength = key.length;
    this.#sinceRestart++;
    this.entries++;
  }

  /** Bytes that finish() would give. */
  get size(): number {
    return this.#out.length + 4 * this.#restarts.length + 4;
  }

  /** The block; the builder is empty afterwards. */
  finish(): Uint8Array {
    for (const offset of this.#restarts) this.#out.u32(offset);
    const block = this.#out.u32(this.#restarts.length).copy();
    this.#out.clear();
    this.#restarts = [0];
    this.#sinceRestart = 0;
    this.#lastLength = 0;
    this.entries = 0;
    return block;
  }
}

/** A block as it goes into the file: with its trailer, not compressed. */
export function sealBlock(block: Bytes): Uint8Array {
  const out = new Uint8Array(block.length + BLOCK_TRAILER);
  out.set(block);
  setU32(out, block.length + 1, maskCrc(crc32c(out, 0, block.length + 1)));
  return out;
}

/** Where a block stands in its file; the trailer is not counted. */
export interface Handle {
  readonly offset: number;
  readonly size: number;
}

export interface StoredBlock {
  /** As it is read: unpacked. Empty where it is damaged beyond reading. */
  readonly bytes: Bytes;
  readonly compression: (typeof COMPRESSIONS)[number] | 'unknown';
  /** A wrong checksum or worse. */
  readonly damage: string | undefined;
}

const NOTHING = new Uint8Array(0);

/** Reads a block out of a whole file; never throws. */
export function readStored(file: Bytes, { offset, size }: Handle): StoredBlock {
  const end = offset + size + BLOCK_TRAILER;
  if (end > file.length)
    return {
      bytes: NOTHING,
      compression: 'unknown',
      damage: `the block at ${offset} ends at ${end}, beyond the ${file.length} bytes of the file`,
    };
  const type = file[offset + size] as number;
  const compression = COMPRESSIONS[type] ?? 'unknown';
  const stored = file.subarray(offset, offset + size);
  const isSound = u32(file, offset + size + 1) === maskCrc(crc32c(file, offset, offset + size + 1));
  const damage = isSound ? undefined : `the checksum of the block at ${offset} does not match`;
  if (type === 0) return { bytes: stored, compression, damage };
  if (type !== 1)
    return {
      bytes: NOTHING,
      compression,
      damage:
        damage ??
        `the block at ${offset} is compressed as ${compression} (${type}); expected none or snappy`,
    };
  const plain = unsnappy(stored);
  return typeof plain === 'string'
    ? {
        bytes: NOTHING,
        compression,
        damage: damage ?? `the block at ${offset} does not unpack: ${plain}`,
      }
    : { bytes: plain, compression, damage };
}

/** An entry, and where in its (unpacked) block it stands. */
export interface BlockEntry {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly at: number;
  readonly end: number;
  readonly shared: number;
  readonly unshared: number;
}

/** The lens on a block's bytes. */
export class Block {
  readonly bytes: Bytes;
  /** Where the entries end and the restart array begins. */
  readonly entriesEnd: number;
  readonly restarts: number;
  readonly damage: string | undefined;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    const count = bytes.length >= 4 ? u32(bytes, bytes.length - 4) : 0;
    const end = bytes.length - 4 - 4 * count;
    if (bytes.length < 4 || end < 0) {
      this.entriesEnd = 0;
      this.restarts = 0;
      this.damage = `a block of ${bytes.length} bytes cannot have ${count} restart points`;
    } else {
      this.entriesEnd = end;
      this.restarts = count;
    }
  }

  restart(index: number): number {
    return u32(this.bytes, this.entriesEnd + 4 * index);
  }

  /** All entries in order; stops at damage, and says which in `damage`. */
  entries(): { entries: BlockEntry[]; damage: string | undefined } {
    const { bytes, entriesEnd } = this;
    const entries: BlockEntry[] = [];
    let previous: Bytes = NOTHING;
    let at = 0;
    while (at < entriesEnd) {
      let p = at;
      const a = varintSize(bytes, p, entriesEnd);
      const shared = readVarint(bytes, p);
      p += a;
      const b = varintSize(bytes, p, entriesEnd);
      const unshared = readVarint(bytes, p);
      p += b;
      const c = varintSize(bytes, p, entriesEnd);
      const length = readVarint(bytes, p);
      p += c;
      const end = p + unshared + length;
      if (a === 0 || b === 0 || c === 0 || end > entriesEnd || shared > previous.length)
        return { entries, damage: `the entry at ${at} of the block does not fit` };
      let key: Uint8Array;
      if (shared === 0) key = bytes.subarray(p, p + unshared);
      else {
        key = new Uint8Array(shared + unshared);
        key.set(previous.subarray(0, shared));
        key.set(bytes.subarray(p, p + unshared), shared);
      }
      entries.push({ key, value: bytes.subarray(p + unshared, end), at, end, shared, unshared });
      previous = key;
      at = end;
    }
    return { entries, damage: this.damage };
  }

  /**
   * The first entry whose internal key is at or behind `target`: binary over the restart points, then
   * forward. `compared` counts keys that were looked at.
   */
  seek(target: Bytes): { entry: BlockEntry | undefined; compared: number } {
    const { bytes, entriesEnd } = this;
    let low = 0;
    let high = this.restarts - 1;
    let compared = 0;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const at = this.restart(middle);
      const key = at < entriesEnd ? this.#keyAtRestart(at) : undefined;
      compared++;
      if (key && compareInternal(key, target) < 0) low = middle;
      else high = middle - 1;
    }
    let at = this.restarts > 0 ? this.restart(low) : entriesEnd;
    let key = new Uint8Array(0);
    while (at < entriesEnd) {
      let p = at;
      const a = varintSize(bytes, p, entriesEnd);
      const shared = readVarint(bytes, p);
      p += a;
      const b = varintSize(bytes, p, entriesEnd);
      const unshared = readVarint(bytes, p);
      p += b;
      const c = varintSize(bytes, p, entriesEnd);
      const length = readVarint(bytes, p);
      p += c;
      const end = p + unshared + length;
      if (!a || !b || !c || end > entriesEnd || shared > key.length) break;
      const next = new Uint8Array(shared + unshared);
      next.set(key.subarray(0, shared));
      next.set(bytes.subarray(p, p + unshared), shared);
      key = next;
      compared++;
      if (key.length >= 8 && compareInternal(key, target) >= 0) {
        const value = bytes.subarray(p + unshared, end);
        return { entry: { key, value, at, end, shared, unshared }, compared };
      }
      at = end;
    }
    return { entry: undefined, compared };
  }

  #keyAtRestart(at: number): Bytes | undefined {
    const { bytes, entriesEnd } = this;
    let p = at + varintSize(bytes, at, entriesEnd);
    const size = varintSize(bytes, p, entriesEnd);
    if (size === 0) return undefined;
    const unshared = readVarint(bytes, p);
    p += size;
    p += varintSize(bytes, p, entriesEnd);
    if (unshared < 8 || p + unshared > entriesEnd) return undefined;
    return bytes.subarray(p, p + unshared);
  }
}
