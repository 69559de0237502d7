// CRC-32C (Castagnoli): the checksum of LevelDB, iSCSI, ext4 and many logs.
//
//   polynomial 0x1edc6f41, reflected 0x82f63b78; starts from all ones, all bits inverted at the end
//   crc32c("123456789") = e3069283
//
// Sixteen bytes a step ("slicing"), read as four words: table k, of 256 entries from 256 k on, has the
// effect of a byte that k more bytes follow.

import type { Bytes } from './bytes.ts';

const TABLES = new Int32Array(16 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  TABLES[byte] = crc;
}
for (let at = 256; at < TABLES.length; at++) {
  const before = TABLES[at - 256] as number;
  TABLES[at] = (before >>> 8) ^ (TABLES[before & 255] as number);
}

/** Words are read in the order of this machine's bytes; the tables are for the low one first. */
const IS_LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Below so many bytes a view of words costs more than it saves. */
const SHORT = 64;

/** CRC-32C of bytes[from..to), an unsigned 32-bit number; `before` continues an earlier one. */
export function crc32c(bytes: Bytes, from = 0, to = bytes.length, before = 0): number {
  const tables = TABLES;
  let crc = ~before;
  let at = from;
  if (to - from >= SHORT && IS_LITTLE) {
    for (; (bytes.byteOffset + at) % 4 !== 0; at++)
      crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at] as number)) & 255] as number);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, ((to - at) >>> 4) << 2);
    for (let i = 0; i < words.length; i += 4) {
      const a = crc ^ (words[i] as number);
      const b = words[i + 1] as number;
      const c = words[i + 2] as number;
      const d = words[i + 3] as number;
      crc =
        (tables[3840 + (a & 255)] as number) ^
        (tables[3584 + ((a >>> 8) & 255)] as number) ^
        (tables[3328 + ((a >>> 16) & 255)] as number) ^
        (tables[3072 + (a >>> 24)] as number) ^
        (tables[2816 + (b & 255)] as number) ^
        (tables[2560 + ((b >>> 8) & 255)] as number) ^
        (tables[2304 + ((b >>> 16) & 255)] as number) ^
        (tables[2048 + (b >>> 24)] as number) ^
        (tables[1792 + (c & 255)] as number) ^
        (tables[1536 + ((c >>> 8) & 255)] as number) ^
        (tables[1280 + ((c >>> 16) & 255)] as number) ^
        (tables[1024 + (c >>> 24)] as number) ^
        (tables[768 + (d & 255)] as number) ^
        (tables[512 + ((d >>> 8) & 255)] as number) ^
        (tables[256 + ((d >>> 16) & 255)] as number) ^
        (tables[d >>> 24] as number);
    }
    at += 4 * words.length;
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at] as number)) & 255] as number);
  return ~crc >>> 0;
}
