// Bloom filters, and the block of a table that holds them.
//
// A filter is an array of bits and, in its last byte, k: how many bits each key sets.
//
//   {hello, world} at 10 bits a key:  11 40 00 41 44 10 40 10 | 06        64 bits, k = 6
//
//   h = hash(key); delta = h turned right by 17; k times: bit h mod bits, h += delta
//
// "No" is certain, "maybe" is wrong for about (1 - e^(-kn/m))^k of the absent keys: 1 % at 10 bits.
//
// The filter block has one filter for each stretch of 2^lg bytes of the file, of all keys whose data
// block BEGINS there:
//
//   ┌──────────┬──────────┬───┬─────────────────────┬─────────────────┬────┐
//   │ filter 0 │ filter 1 │ … │ u32 offset each     │ u32 their start │ lg │
//   └──────────┴──────────┴───┴─────────────────────┴─────────────────┴────┘
//
// LevelDB writes lg = 11 (2 KiB) and reads whatever the file says; with blocks smaller than that a
// smaller lg gives each its own. Equal offsets are an empty filter, which says no to everything.

import type { Bytes } from '../base/bytes.ts';
import { u32, Writer } from './varint.ts';

export const FILTER_NAME = 'filter.leveldb.BuiltinBloomFilter2';
export const FILTER_BASE_LG = 11;
const SEED = 0xbc9f1d34;
const MULTIPLY = 0xc6a4a793;

/** LevelDB's hash (in the manner of Murmur) of bytes[from..to): an unsigned 32-bit number. */
export function hash(data: Bytes, from = 0, to = data.length): number {
  let h = SEED ^ Math.imul(to - from, MULTIPLY);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    h = Math.imul((h + u32(data, at)) | 0, MULTIPLY);
    h ^= h >>> 16;
  }
  const left = to - at;
  if (left === 3) h += (data[at + 2] as number) << 16;
  if (left >= 2) h += (data[at + 1] as number) << 8;
  if (left >= 1) {
    h = Math.imul((h + (data[at] as number)) | 0, MULTIPLY);
    h ^= h >>> 24;
  }
  return h >>> 0;
}

export const probesFor = (bitsPerKey: number): number =>
  Math.max(1, Math.min(30, Math.floor(bitsPerKey * 0.69)));

/** A filter of keys that are given by their hashes. */
export function buildFilter(hashes: ArrayLike<number>, bitsPerKey: number): Uint8Array {
  const k = probesFor(bitsPerKey);
  const size = Math.ceil(Math.max(64, hashes.length * bitsPerKey) / 8);
  const filter = new Uint8Array(size + 1);
  const bits = size * 8;
  for (let n = 0; n < hashes.length; n++) {
    let h = hashes[n] as number;
    const delta = ((h >>> 17) | (h << 15)) >>> 0;
    for (let i = 0; i < k; i++) {
      const bit = h % bits;
      filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7));
      h = (h + delta) >>> 0;
    }
  }
  filter[size] = k;
  return filter;
}

/** The bits that a key looks at, in their order. */
export function bitsOf(filter: Bytes, key: Bytes): number[] {
  const bits = (filter.length - 1) * 8;
  const k = filter[filter.length - 1] as number;
  let h = hash(key);
  const delta = ((h >>> 17) | (h << 15)) >>> 0;
  return Array.from({ length: bits > 0 && k <= 30 ? k : 0 }, () => {
    const bit = h % bits;
    h = (h + delta) >>> 0;
    return bit;
  });
}

export const mayContain = (filter: Bytes, key: Bytes): boolean =>
  mayContainHash(filter, 0, filter.length, hash(key));

/** The same of a filter that stands somewhere in other bytes, for a key by its hash. */
export function mayContainHash(bytes: Bytes, from: number, to: number, first: number): boolean {
  if (to - from < 2) return false;
  const bits = (to - from - 1) * 8;
  const k = bytes[to - 1] as number;
  // More than 30 is kept for encodings to come: such a filter says maybe to everything.
  if (k > 30) return true;
  let h = first;
  const delta = ((h >>> 17) | (h << 15)) >>> 0;
  for (let i = 0; i < k; i++) {
    const bit = h % bits;
    if (((bytes[from + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return false;
    h = (h + delta) >>> 0;
  }
  return true;
}

/** The expected part of absent keys that get a "maybe": (1 - e^(-kn/m))^k. */
export function falsePositiveRate(bitsPerKey: number, k = probesFor(bitsPerKey)): number {
  return (1 - Math.exp(-k / bitsPerKey)) ** k;
}

export class FilterBlockBuilder {
  readonly #bitsPerKey: number;
  readonly #lg: number;
  readonly #out = new Writer(256);
  #offsets: number[] = [];
  #hashes = new Uint32Array(64);
  #count = 0;

  constructor(bitsPerKey: number, lg = FILTER_BASE_LG) {
    this.#bitsPerKey = bitsPerKey;
    this.#lg = lg;
  }

  /** A data block is going to begin at this offset. */
  startBlock(offset: number): void {
    const index = Math.floor(offset / 2 ** this.#lg);
    while (this.#offsets.length < index) this.#emit();
  }

  /** A user key by its hash. */
  add(keyHash: number): void {
    if (this.#count === this.#hashes.length) {
      const wider = new Uint32Array(2 * this.#count);
      wider.set(this.#hashes);
      this.#hashes = wider;
    }
    this.#hashes[this.#count++] = keyHash;
  }

  /** The whole block. The builder is empty afterwards. */
  finish(): Uint8Array {
    if (this.#count > 0) this.#emit();
    const start = this.#out.length;
    for (const offset of this.#offsets) this.#out.u32(offset);
    const block = this.#out.u32(start).byte(this.#lg).copy();
    this.#out.clear();
    this.#offsets = [];
    return block;
  }

  #emit(): void {
    this.#offsets.push(this.#out.length);
    if (this.#count > 0)
      this.#out.raw(buildFilter(this.#hashes.subarray(0, this.#count), this.#bitsPerKey));
    this.#count = 0;
  }
}

/** The lens on a filter block. What does not fit says maybe: a filter may only ever save a look. */
export class FilterBlock {
  readonly bytes: Bytes;
  readonly lg: number;
  readonly count: number;
  readonly offsetsStart: number;
  readonly damage: string | undefined;
  /** Bytes of the file that share a filter. */
  readonly #stretch: number;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    const end = bytes.length - 5;
    const start = end >= 0 ? u32(bytes, end) : 0;
    const lg = bytes[bytes.length - 1] ?? 0;
    const isSound = end >= 0 && start <= end && lg < 32;
    this.lg = lg;
    this.#stretch = 2 ** lg;
    this.offsetsStart = isSound ? start : 0;
    this.count = isSound ? Math.floor((end - start) / 4) : 0;
    if (!isSound) this.damage = `a filter block of ${bytes.length} bytes does not fit`;
  }

  /** The filter for the data block that begins at an offset; undefined where there is none. */
  filterAt(blockOffset: number): Bytes | undefined {
    return this.filter(Math.floor(blockOffset / 2 ** this.lg));
  }

  filter(index: number): Bytes | undefined {
    if (index >= this.count) return undefined;
    const from = u32(this.bytes, this.offsetsStart + 4 * index);
    // The word behind the last offset is the start of the offsets: where the last filter ends.
    const to = u32(this.bytes, this.offsetsStart + 4 * index + 4);
    return from <= to && to <= this.offsetsStart ? this.bytes.subarray(from, to) : undefined;
  }

  mayContainHash(blockOffset: number, keyHash: number): boolean {
    const index = Math.floor(blockOffset / this.#stretch);
    if (index >= this.count) return true;
    const { bytes, offsetsStart } = this;
    const from = u32(bytes, offsetsStart + 4 * index);
    const to = u32(bytes, offsetsStart + 4 * index + 4);
    return !(from <= to && to <= offsetsStart) || mayContainHash(bytes, from, to, keyHash);
  }
}
