// Snappy, reading only: what LevelDB compresses its blocks with unless told otherwise.
//
//   varint: length of the output, then elements, by the low two bits of their first byte:
//   ..00  literal: length - 1 in the upper six bits; 60..63 say that it stands in the next 1..4 bytes
//   ..01  copy, 4..11 bytes, from up to 2047 bytes back (three bits of the offset here, eight in the next)
//   ..10  copy, 1..64 bytes, a 16-bit offset follows
//   ..11  copy, 1..64 bytes, a 32-bit offset follows
//
//   "abcabcabcabc":  0c | 08 61 62 63 | 15 03          literal "abc", then 9 bytes from 3 back
//
// A copy may overlap what it writes. An output is never longer than it says at its beginning, and that
// no longer than what so many bytes can say, so a block from a stranger can't ask for more memory.

import type { Bytes } from '../base/bytes.ts';
import { readVarint, varintSize } from './varint.ts';

/** A copy of 64 bytes takes 3: no input says more than this times its length. */
const MOST_RATIO = 22;

/** The bytes, or in words what is wrong with them. */
export function unsnappy(input: Bytes): Uint8Array | string {
  const start = varintSize(input, 0);
  if (start === 0) return 'the length of the block is cut off';
  const size = readVarint(input, 0);
  if (size > MOST_RATIO * input.length)
    return `the block claims ${size} bytes, more than ${input.length} can hold`;
  const out = new Uint8Array(size);
  let to = 0;
  for (let at = start; at < input.length; ) {
    const tag = input[at++] as number;
    if ((tag & 3) === 0) {
      let length = tag >>> 2;
      if (length >= 60) {
        const count = length - 59;
        length = 0;
        for (let i = 0; i < count; i++) length += (input[at + i] ?? 0) * 2 ** (8 * i);
        at += count;
      }
      length++;
      if (at + length > input.length || to + length > size)
        return `a literal of ${length} bytes does not fit at ${to} of ${size}`;
      out.set(input.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    const isShort = (tag & 3) === 1;
    const length = isShort ? 4 + ((tag >>> 2) & 7) : (tag >>> 2) + 1;
    const width = isShort ? 1 : (tag & 3) === 2 ? 2 : 4;
    if (at + width > input.length) return 'the offset of a copy is cut off';
    let offset = isShort ? (tag >>> 5) << 8 : 0;
    for (let i = 0; i < width; i++) offset += (input[at + i] as number) * 2 ** (8 * i);
    at += width;
    if (offset === 0 || offset > to || to + length > size)
      return `a copy of ${length} bytes from ${offset} back does not fit at ${to} of ${size}`;
    for (let i = 0; i < length; i++, to++) out[to] = out[to - offset] as number;
  }
  return to === size ? out : `the block says ${size} bytes and holds ${to}`;
}
