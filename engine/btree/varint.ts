// SQLite's variable-length integer: 1 to 9 bytes, the most significant group first. In each of the
// first eight bytes the top bit says "more follows" and seven bits count; a ninth byte counts whole.
//
//   127  = 7f          0111_1111
//   128  = 81 00       1|000_0001  0|000_0000      (1 << 7) + 0
//   300  = 82 2c       1|000_0010  0|010_1100      (2 << 7) + 44
//   -1   = ff ff ff ff ff ff ff ff ff              a negative rowid always takes all nine
//
// A rowid is a signed 64-bit number. Here it is a `number` as far as that is exact (to 2^53) and a
// `bigint` beyond, so that ordinary keys never allocate. JavaScript compares the two kinds exactly.

import type { Bytes } from '../base/bytes.ts';
import type { Rowid } from './events.ts';

export const LEAST_ROWID = -(2n ** 63n);
export const GREATEST_ROWID = 2n ** 63n - 1n;

/** How many bytes the varint at `at` takes. */
export function varintSize(bytes: Bytes, at: number): number {
  for (let n = 0; n < 8; n++) if ((bytes[at + n] as number) < 0x80) return n + 1;
  return 9;
}

/** The varint at `at` as an unsigned length; exact to 2^53, and no real length is longer. */
export function readSize(bytes: Bytes, at: number): number {
  let byte = bytes[at] as number;
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  for (let n = 1; n < 8; n++) {
    byte = bytes[at + n] as number;
    value = value * 128 + (byte & 0x7f);
    if (!(byte >= 0x80)) return value;
  }
  return value * 256 + (bytes[at + 8] as number);
}

/** The varint at `at` as a signed 64-bit rowid. */
export function readRowid(bytes: Bytes, at: number): Rowid {
  let byte = bytes[at] as number;
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  for (let n = 1; n < 7; n++) {
    byte = bytes[at + n] as number;
    value = value * 128 + (byte & 0x7f);
    if (!(byte >= 0x80)) return value;
  }
  return readLongRowid(bytes, at);
}

/** Eight or nine bytes: gathered as two 32-bit halves, a bigint only where a number is not exact. */
function readLongRowid(bytes: Bytes, at: number): Rowid {
  const size = varintSize(bytes, at);
  let high = 0;
  let low = 0;
  for (let n = 0; n < size; n++) {
    const byte = bytes[at + n] ?? 0;
    const bits = n === 8 ? 8 : 7;
    const group = n === 8 ? byte : byte & 0x7f;
    high = (high << bits) | (low >>> (32 - bits));
    low = (low << bits) | group;
  }
  return keyOfHalves(high, low);
}

/** A signed 64-bit value from its halves, in the one form a Rowid has. */
export function keyOfHalves(high: number, low: number): Rowid {
  const number = (high | 0) * 2 ** 32 + (low >>> 0);
  if (Number.isSafeInteger(number)) return number;
  return (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
}

/** The one form of a key: a number wherever that is exact. */
export function keyOf(value: bigint): Rowid {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** How many bytes `value` takes as a varint. */
export function sizeOfVarint(value: Rowid): number {
  if (value < 0) return 9;
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  if (value < 2 ** 35) return 5;
  if (value < 2 ** 42) return 6;
  if (value < 2 ** 49) return 7;
  return value < 2n ** 56n ? 8 : 9;
}

/** Writes the varint and says how many bytes it took. */
export function writeVarint(bytes: Uint8Array, at: number, value: Rowid): number {
  const size = sizeOfVarint(value);
  if (size <= 4) {
    let rest = value as number;
    for (let n = size - 1; n >= 0; n--) {
      bytes[at + n] = (rest & 0x7f) | (n === size - 1 ? 0 : 0x80);
      rest >>>= 7;
    }
    return size;
  }
  let rest = BigInt.asUintN(64, BigInt(value));
  let n = size - 1;
  if (size === 9) {
    bytes[at + n--] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  for (; n >= 0; n--) {
    bytes[at + n] = Number(rest & 0x7fn) | (n === size - 1 ? 0 : 0x80);
    rest >>= 7n;
  }
  return size;
}
