// CRC-32C (Castagnoli): the checksum of LevelDB, iSCSI, ext4 and many logs.
//
//   polynomial 0x1edc6f41, reflected 0x82f63b78; starts from all ones, all bits inverted at the end
//   crc32c("123456789") = e3069283
//
// Eight bytes a step ("slicing by 8"): table k has the effect of a byte that k more bytes follow.

import type { Bytes } from './bytes.ts';

const TABLES = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  (TABLES[0] as Uint32Array)[byte] = crc;
}
for (let k = 1; k < 8; k++)
  for (let byte = 0; byte < 256; byte++) {
    const before = (TABLES[k - 1] as Uint32Array)[byte] as number;
    (TABLES[k] as Uint32Array)[byte] =
      (before >>> 8) ^ ((TABLES[0] as Uint32Array)[before & 255] as number);
  }
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/** CRC-32C of bytes[from..to), an unsigned 32-bit number; `before` continues an earlier one. */
export function crc32c(bytes: Bytes, from = 0, to = bytes.length, before = 0): number {
  let crc = ~before;
  let at = from;
  for (; at + 8 <= to; at += 8) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (T7[low & 255] as number) ^
      (T6[(low >>> 8) & 255] as number) ^
      (T5[(low >>> 16) & 255] as number) ^
      (T4[low >>> 24] as number) ^
      (T3[bytes[at + 4] as number] as number) ^
      (T2[bytes[at + 5] as number] as number) ^
      (T1[bytes[at + 6] as number] as number) ^
      (T0[bytes[at + 7] as number] as number);
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] as number)) & 255] as number);
  return ~crc >>> 0;
}
