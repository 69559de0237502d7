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
import { compareInternalAt } from './key.ts';
import { maskCrc } from './log.ts';
import { unsnappy } from './snappy.ts';
import { copyBytes, readVarint, setU32, setVarint, u32, varintSize } from './varint.ts';

export const BLOCK_TRAILER = 5;
export const COMPRESSIONS = ['none', 'snappy', 'zstd'] as const;

const NOTHING = new Uint8Array(0);

/**
 * An entry where it stands, in bytes that may be written over: what cursors move and builders take, so
 * that an entry on its way from one table to another makes no object. There is one class of them, so
 * that whoever reads a place need not ask first what it is.
 */
export class Place {
  bytes: Bytes = NOTHING;
  from = 0;
  /** Of the internal key; 0: there is none. */
  length = 0;
  valueBytes: Bytes = NOTHING;
  valueFrom = 0;
  valueLength = 0;

  /** A copy, to keep. */
  get key(): Bytes | undefined {
    const { bytes, from, length } = this;
    return length === 0 ? undefined : bytes.slice(from, from + length);
  }

  /** A view: entries do not change. */
  get value(): Bytes {
    return this.valueBytes.subarray(this.valueFrom, this.valueFrom + this.valueLength);
  }
}

/** The place of a key and a value that have bytes of their own. */
export function placeOf(key: Bytes, value: Bytes): Place {
  const place = new Place();
  place.bytes = key;
  place.length = key.length;
  place.valueBytes = value;
  place.valueLength = value.length;
  return place;
}

export class BlockBuilder {
  #out = new Uint8Array(1024);
  #length = 0;
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
    this.#enter(key, 0, key.length, value, 0, value.length);
  }

  addFrom(place: Place): void {
    const { bytes, from, length, valueBytes, valueFrom, valueLength } = place;
    this.#enter(bytes, from, length, valueBytes, valueFrom, valueLength);
  }

  #enter(
    key: Bytes,
    from: number,
    length: number,
    value: Bytes,
    valueFrom: number,
    valueLength: number,
  ): void {
    const last = this.#last;
    let shared = 0;
    if (this.#sinceRestart === this.#interval) {
      this.#restarts.push(this.#length);
      this.#sinceRestart = 0;
    } else {
      const most = Math.min(this.#lastLength, length);
      while (shared < most && last[shared] === key[from + shared]) shared++;
    }
    const out = this.#room(30 + length + valueLength);
    this.began = this.#length;
    let at = setVarint(out, this.#length, shared);
    at = setVarint(out, at, length - shared);
    at = setVarint(out, at, valueLength);
    copyBytes(out, at, key, from + shared, length - shared);
    at += length - shared;
    copyBytes(out, at, value, valueFrom, valueLength);
    this.#length = at + valueLength;
    if (length > last.length) {
      this.#last = new Uint8Array(2 * length);
      this.#last.set(last.subarray(0, shared));
    }
    copyBytes(this.#last, shared, key, from + shared, length - shared);
    this.#lastLength = length;
    this.#sinceRestart++;
    this.entries++;
  }

  /** Makes room for `count` more bytes. */
  #room(count: number): Uint8Array {
    if (this.#length + count > this.#out.length) {
      const wider = new Uint8Array(Math.max(2 * this.#out.length, this.#length + count));
      wider.set(this.#out.subarray(0, this.#length));
      this.#out = wider;
    }
    return this.#out;
  }

  /** Whether the entry that was added last is a restart point. */
  get isAtRestart(): boolean {
    return this.#sinceRestart === 1;
  }

  /** Where the entry that was added last begins. */
  began = 0;

  /** Where the entries end so far. */
  get end(): number {
    return this.#length;
  }

  /** The key that was added last. */
  get last(): Uint8Array {
    return this.#last.slice(0, this.#lastLength);
  }

  /** Bytes that seal() would give, without the trailer. */
  get size(): number {
    return this.#length + 4 * this.#restarts.length + 4;
  }

  /** The block with its trailer, not compressed: a view, valid until the next entry. The builder is empty afterwards. */
  seal(): Uint8Array {
    const restarts = this.#restarts;
    const out = this.#room(4 * restarts.length + 4 + BLOCK_TRAILER);
    let at = this.#length;
    for (const offset of restarts) {
      setU32(out, at, offset);
      at += 4;
    }
    setU32(out, at, restarts.length);
    out[at + 4] = 0;
    this.#length = 0;
    this.#restarts = [0];
    this.#sinceRestart = 0;
    this.#lastLength = 0;
    this.entries = 0;
    return trailed(out.subarray(0, at + 4 + BLOCK_TRAILER));
  }
}

/** Fills in the trailer of a block that is not compressed. */
function trailed(block: Uint8Array): Uint8Array {
  const end = block.length - 4;
  setU32(block, end, maskCrc(crc32c(block, 0, end)));
  return block;
}

/** A block as it goes into the file: with its trailer, not compressed. */
export function sealBlock(block: Bytes): Uint8Array {
  const out = new Uint8Array(block.length + BLOCK_TRAILER);
  out.set(block);
  return trailed(out);
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

/** Reads a block out of a whole file; never throws. `trusted`: its checksum was made by us, just now. */
export function readStored(file: Bytes, { offset, size }: Handle, trusted = false): StoredBlock {
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
  const isSound =
    trusted || u32(file, offset + size + 1) === maskCrc(crc32c(file, offset, offset + size + 1));
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

  /** How many entries there are, as far as they fit. */
  count(): number {
    let count = 0;
    for (let at = 0; at < this.entriesEnd; count++) {
      const end = this.entryAt(at);
      if (end === 0) break;
      at = end;
    }
    return count;
  }

  /** Reads the three lengths of an entry into `header`; returns where the entry ends, 0: it does not fit. */
  entryAt(at: number): number {
    const { bytes, entriesEnd } = this;
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    if (at + 3 <= entriesEnd && (a | b | c) < 0x80) {
      header.shared = a;
      header.unshared = b;
      header.valueLength = c;
      header.key = at + 3;
    } else {
      let p = at;
      for (const name of ['shared', 'unshared', 'valueLength'] as const) {
        const size = varintSize(bytes, p, entriesEnd);
        if (size === 0) return 0;
        header[name] = readVarint(bytes, p);
        p += size;
      }
      header.key = p;
    }
    const end = header.key + header.unshared + header.valueLength;
    return end > entriesEnd ? 0 : end;
  }

  /**
   * Sets a finger on the first entry whose internal key is at or behind `target`: binary over the
   * restart points, then forward. False where there is none in the block.
   */
  find(target: Bytes, finger: Finger): boolean {
    const { bytes, entriesEnd } = this;
    let low = 0;
    let high = this.restarts - 1;
    finger.compared = 0;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const at = this.restart(middle);
      const isEntry = at < entriesEnd && this.entryAt(at) > 0 && header.unshared >= 8;
      finger.compared++;
      const { key, unshared } = header;
      if (isEntry && compareInternalAt(bytes, key, unshared, target, 0, target.length) < 0)
        low = middle;
      else high = middle - 1;
    }
    finger.start(this, this.restarts > 0 ? this.restart(low) : entriesEnd);
    while (finger.next()) {
      finger.compared++;
      const { bytes, length } = finger.place;
      if (length >= 8 && compareInternalAt(bytes, 0, length, target, 0, target.length) >= 0)
        return true;
    }
    return false;
  }

  /** The same as an entry of its own. `compared` counts keys that were looked at. */
  seek(target: Bytes): { entry: BlockEntry | undefined; compared: number } {
    const finger = new Finger();
    if (!this.find(target, finger)) return { entry: undefined, compared: finger.compared };
    const { at, end, shared, place } = finger;
    return {
      entry: {
        key: place.bytes.subarray(0, place.length),
        value: place.value,
        at,
        end,
        shared,
        unshared: place.length - shared,
      },
      compared: finger.compared,
    };
  }

  /** How many restart points lie before an offset. */
  restartBefore(at: number): number {
    let low = 0;
    let high = this.restarts;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.restart(middle) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Moves a finger to the entry behind its own; false at the end of the block and at damage. */
  step(finger: Finger): boolean {
    const at = finger.end;
    const end = at < this.entriesEnd ? this.entryAt(at) : 0;
    const { shared, unshared, valueLength, key } = header;
    if (end === 0 || shared > finger.place.length) return false;
    finger.take(this.bytes, shared, key, unshared, valueLength);
    finger.at = at;
    finger.end = end;
    return true;
  }
}

/** What entryAt has read: one for all, and valid until the next. */
export const header = { shared: 0, unshared: 0, valueLength: 0, key: 0 };

/** A finger on an entry of a block: its key is put together in bytes of the finger's own. */
export class Finger {
  readonly place: Place;
  #bytes = new Uint8Array(64);
  /** Where the entry begins and ends in its block. */
  at = 0;
  end = 0;
  shared = 0;
  compared = 0;
  #block: Block | undefined;

  /** `place`: to be moved. */
  constructor(place = new Place()) {
    this.place = place;
  }

  /** Before the entry at an offset of a block where nothing is shared. */
  start(block: Block, at: number): void {
    this.#block = block;
    this.end = at;
    this.place.bytes = this.#bytes;
    this.place.from = 0;
    this.place.length = 0;
  }

  next(): boolean {
    return this.#block?.step(this) === true;
  }

  take(bytes: Bytes, shared: number, key: number, unshared: number, valueLength: number): void {
    const length = shared + unshared;
    const { place } = this;
    if (length > this.#bytes.length) {
      const wider = new Uint8Array(2 * length);
      wider.set(this.#bytes.subarray(0, shared));
      this.#bytes = wider;
      place.bytes = wider;
    }
    copyBytes(this.#bytes, shared, bytes, key, unshared);
    this.shared = shared;
    place.length = length;
    place.valueBytes = bytes;
    place.valueFrom = key + unshared;
    place.valueLength = valueLength;
  }
}
