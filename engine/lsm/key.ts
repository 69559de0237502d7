// The internal key: a user's key and, behind it, when and what.
//
//   ┌───────────────┬──────────────────────────────────┐
//   │ user key      │ u64: sequence << 8 | type        │      type 1 a value, 0 a deletion (tombstone)
//   └───────────────┴──────────────────────────────────┘
//   put "k" at sequence 5:   6b | 01 05 00 00 00 00 00 00
//
// Order: user keys ascending as memcmp has them; of one user key the NEWEST first. So the first entry
// at or behind (key, s, 1) is what a reader at sequence s sees. Tags are compared as bytes from the
// top, for an index holds the greatest tag of all, 2^56 - 1, which no `number` can.

import type { Bytes } from '../base/bytes.ts';
import { setU32, u32 } from './varint.ts';

export const DELETION = 0;
export const VALUE = 1;
export type EntryType = typeof DELETION | typeof VALUE;
export const TAG_SIZE = 8;
/** Greatest sequence that is handed out here; the format has 56 bits, a `number` 53. */
export const MAX_SEQUENCE = 2 ** 53 - 1;

export function internalKey(user: Bytes, sequence: number, type: EntryType): Uint8Array {
  const key = new Uint8Array(user.length + TAG_SIZE);
  key.set(user);
  setTag(key, user.length, sequence, type);
  return key;
}

export function setTag(bytes: Uint8Array, at: number, sequence: number, type: EntryType): void {
  bytes[at] = type;
  setU32(bytes, at + 1, sequence % 2 ** 32);
  const high = Math.floor(sequence / 2 ** 32);
  bytes[at + 5] = high;
  bytes[at + 6] = high >>> 8;
  bytes[at + 7] = high >>> 16;
}

export const userKeyOf = (key: Bytes): Bytes => key.subarray(0, key.length - TAG_SIZE);

/** Of the tag that begins at `at` (of a whole key: its last 8 bytes). */
export function sequenceOf(key: Bytes, at = key.length - TAG_SIZE): number {
  return (
    u32(key, at + 1) +
    2 ** 32 *
      ((key[at + 5] as number) | ((key[at + 6] as number) << 8) | ((key[at + 7] as number) << 16))
  );
}

export const typeOf = (key: Bytes): number => key[key.length - TAG_SIZE] as number;
export const isDeletion = (key: Bytes): boolean => typeOf(key) === DELETION;

/** memcmp of user keys, then the newest first. */
export const compareInternal = (a: Bytes, b: Bytes): number =>
  compareInternalAt(a, 0, a.length, b, 0, b.length);

/** The same of keys that stand somewhere in other bytes. */
export function compareInternalAt(
  a: Bytes,
  aFrom: number,
  aLength: number,
  b: Bytes,
  bFrom: number,
  bLength: number,
): number {
  const users = compareUserAt(a, aFrom, aLength, b, bFrom, bLength);
  if (users !== 0) return users;
  const aTag = aFrom + aLength - TAG_SIZE;
  const bTag = bFrom + bLength - TAG_SIZE;
  for (let i = TAG_SIZE - 1; i >= 0; i--) {
    const difference = (b[bTag + i] as number) - (a[aTag + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

export const compareUser = (a: Bytes, b: Bytes): number =>
  compareUserAt(a, 0, a.length, b, 0, b.length);

/** Lengths are of internal keys, tags included. */
export function compareUserAt(
  a: Bytes,
  aFrom: number,
  aLength: number,
  b: Bytes,
  bFrom: number,
  bLength: number,
): number {
  const shared = (aLength < bLength ? aLength : bLength) - TAG_SIZE;
  for (let i = 0; i < shared; i++) {
    const difference = (a[aFrom + i] as number) - (b[bFrom + i] as number);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** The greatest tag: sorts before every entry of its user key. */
const FIRST_TAG = Uint8Array.of(1, 255, 255, 255, 255, 255, 255, 255);

function withFirstTag(user: Bytes): Uint8Array {
  const key = new Uint8Array(user.length + TAG_SIZE);
  key.set(user);
  key.set(FIRST_TAG, user.length);
  return key;
}

/** The place of a user key before all its entries. */
export const seekKey = withFirstTag;

/** A short key k with last <= k < next: what the index holds for a block. */
export function shortSeparator(last: Bytes, next: Bytes): Bytes {
  const a = userKeyOf(last);
  const b = userKeyOf(next);
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  const byte = a[i] as number;
  // One a prefix of the other, or no byte fits between: the last key itself will do.
  if (i >= a.length || i >= b.length || byte === 255 || byte + 1 >= (b[i] as number)) return last;
  if (i + 1 >= a.length) return last;
  const short = a.slice(0, i + 1);
  short[i] = byte + 1;
  return withFirstTag(short);
}

/** A short key not smaller than `last`: what the index holds for the last block. */
export function shortSuccessor(last: Bytes): Bytes {
  const a = userKeyOf(last);
  const i = a.findIndex((byte) => byte !== 255);
  if (i < 0 || i + 1 >= a.length) return last;
  const short = a.slice(0, i + 1);
  short[i] = (short[i] as number) + 1;
  return withFirstTag(short);
}
