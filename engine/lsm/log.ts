// The log format: a stream of records, in blocks of 32 KiB. LevelDB uses it twice: for the write-ahead
// log (each record a batch of writes) and for the MANIFEST (each record a VersionEdit).
//
//   block 0 (32768 bytes)                                            block 1
//   ┌────────┬────────────┬────────┬─────────────────────────────┬─┐ ┌────────┬───────────────┬──
//   │ header │ data  FULL │ header │ data                  FIRST │0│ │ header │ data     LAST │ …
//   └────────┴────────────┴────────┴─────────────────────────────┴─┘ └────────┴───────────────┴──
//                                                                 up to 6 zero bytes: no room for a header
//   header:  0  4  masked CRC-32C of the type byte and the data
//            4  2  length of the data
//            6  1  type: 1 FULL, 2 FIRST, 3 MIDDLE, 4 LAST      (0: space that was laid out in advance)
//
// A record longer than what is left of the block is cut into fragments. With exactly 7 bytes left a
// FIRST without data fills them. A CRC is stored masked (turned by 15 bits, plus a constant), since
// the CRC of bytes that hold their own CRC is worthless.
//
//   put("k", "v") at sequence 1, the whole log of 24 bytes:
//   e7 5a 4d 00 | 11 00 | 01 | 01 00 00 00 00 00 00 00 | 01 00 00 00 | 01 01 6b 01 76
//   crc           17      FULL  a batch: batch.ts
//
// A reader at damage: what is cut off at the end of the file ends the log in silence, for that is what
// a crash leaves; a wrong CRC drops the rest of its block, and reading goes on at the next one.

import { type Bytes, concatBytes } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import { setU32, u32 } from './varint.ts';

export const LOG_BLOCK = 32768;
export const LOG_HEADER = 7;
export const FRAGMENT_TYPES = ['zero', 'full', 'first', 'middle', 'last'] as const;
export type FragmentType = (typeof FRAGMENT_TYPES)[number];

/** A stored checksum is never a plain one. */
export const maskCrc = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** No record of so many bytes takes more in a log. */
export const mostFramed = (size: number): number =>
  size + (3 + Math.ceil(size / (LOG_BLOCK - LOG_HEADER))) * LOG_HEADER;

/** The bytes that append a record to a log that is `size` bytes long. `into`: to be written over. */
export function frameRecord(data: Bytes, size: number, into?: Uint8Array): Uint8Array {
  const out = into ?? new Uint8Array(mostFramed(data.length));
  let to = 0;
  let taken = 0;
  let begun = false;
  for (let isLast = false; !isLast; ) {
    const left = LOG_BLOCK - ((size + to) % LOG_BLOCK);
    if (left < LOG_HEADER) {
      out.fill(0, to, to + left);
      to += left;
      continue;
    }
    const count = Math.min(data.length - taken, left - LOG_HEADER);
    isLast = taken + count === data.length;
    out[to + 4] = count;
    out[to + 5] = count >>> 8;
    out[to + 6] = begun ? (isLast ? 4 : 3) : isLast ? 1 : 2;
    out.set(data.subarray(taken, taken + count), to + LOG_HEADER);
    const end = to + LOG_HEADER + count;
    setU32(out, to, maskCrc(crc32c(out, to + 6, end)));
    taken += count;
    to = end;
    begun = true;
  }
  return out.subarray(0, to);
}

/** A fragment as it stands in the file. */
export interface Fragment {
  /** Of its header. */
  readonly offset: number;
  /** Of its data, in bytes. */
  readonly length: number;
  readonly type: FragmentType;
}

export interface LogRecord {
  /** Of its first header. */
  readonly offset: number;
  /** Behind its last byte. */
  readonly end: number;
  readonly data: Bytes;
  readonly fragments: readonly Fragment[];
}

export interface LogDamage {
  readonly offset: number;
  /** Bytes that are passed over. */
  readonly bytes: number;
  readonly text: string;
  /** At the end of the file, as a crash leaves it: no damage to speak of. */
  readonly isTail: boolean;
}

export interface LogContent {
  readonly records: readonly LogRecord[];
  readonly damage: readonly LogDamage[];
}

/** Reads a whole log; never throws. */
export function readLog(bytes: Bytes): LogContent {
  const records: LogRecord[] = [];
  const damage: LogDamage[] = [];
  let open: { offset: number; fragments: Fragment[] } | undefined;
  const drop = (offset: number, end: number, text: string, isTail = false) =>
    damage.push({ offset, bytes: end - offset, text, isTail });
  const abandon = (at: number, why: string, isTail = false) => {
    if (open) drop(open.offset, at, `a record at ${open.offset} has no end: ${why}`, isTail);
    open = undefined;
  };

  for (let at = 0; at < bytes.length; ) {
    const blockEnd = Math.min(bytes.length, at - (at % LOG_BLOCK) + LOG_BLOCK);
    const left = LOG_BLOCK - (at % LOG_BLOCK);
    if (left < LOG_HEADER) {
      at = blockEnd;
      continue;
    }
    if (at + LOG_HEADER > bytes.length) {
      drop(at, bytes.length, `the header at ${at} is cut off`, true);
      break;
    }
    const length = (bytes[at + 4] as number) | ((bytes[at + 5] as number) << 8);
    const code = bytes[at + 6] as number;
    const end = at + LOG_HEADER + length;
    if (code === 0 && length === 0) {
      // Space laid out in advance, or a hole that a power cut left: the rest of the block is skipped.
      abandon(at, 'zeros follow', blockEnd === bytes.length);
      drop(at, blockEnd, `zeros at ${at}`, blockEnd === bytes.length);
      at = blockEnd;
      continue;
    }
    if (end > blockEnd) {
      const isTail = blockEnd === bytes.length;
      abandon(at, 'the next fragment is damaged', isTail);
      drop(
        at,
        blockEnd,
        isTail
          ? `the record at ${at} is cut off at the end of the file`
          : `the length at ${at} reaches beyond its block`,
        isTail,
      );
      at = blockEnd;
      continue;
    }
    if (u32(bytes, at) !== maskCrc(crc32c(bytes, at + 6, end))) {
      abandon(at, 'the next fragment is damaged');
      drop(at, blockEnd, `the checksum of the record at ${at} does not match`);
      at = blockEnd;
      continue;
    }
    const type = FRAGMENT_TYPES[code];
    const fragment: Fragment = { offset: at, length, type: type ?? 'zero' };
    if (type === 'full' || type === 'first') {
      abandon(at, 'another begins');
      open = { offset: at, fragments: [fragment] };
    } else if (open === undefined)
      drop(at, end, `a ${type ?? 'fragment of an unknown kind'} at ${at} without a beginning`);
    else open.fragments.push(fragment);
    if (open && (type === 'full' || type === 'last')) {
      const data = open.fragments.map(({ offset, length }) =>
        bytes.subarray(offset + LOG_HEADER, offset + LOG_HEADER + length),
      );
      records.push({
        offset: open.offset,
        end,
        data: data.length === 1 ? (data[0] as Bytes) : concatBytes(data),
        fragments: open.fragments,
      });
      open = undefined;
    }
    at = end;
  }
  abandon(bytes.length, 'the file ends', true);
  return { records, damage };
}
