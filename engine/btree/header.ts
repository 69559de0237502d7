// The database header: the first 100 bytes of page 1, all numbers big-endian.
//
//    0  53 51 4c 69 74 65 20 66 6f 72 6d 61 74 20 33 00    "SQLite format 3" and a zero
//   16  02 00            page size 512 (1 stands for 65536)
//   18  02 02            written and read by write-ahead log (1 1: by rollback journal)
//   20  00               bytes reserved at the end of each page
//   21  40 20 20         payload fractions, fixed
//   24  00 00 00 07      change counter: one more with every commit
//   28  00 00 00 09      pages in the database
//   32  00 00 00 04      first freelist trunk page, 0 = none
//   36  00 00 00 01      pages on the freelist
//   40  00 00 00 01      schema cookie
//   44  00 00 00 04      schema format
//   52  00 00 00 00      largest root page if auto-vacuum is on, else 0
//   56  00 00 00 01      text: 1 UTF-8, 2 UTF-16le, 3 UTF-16be
//   92  00 00 00 07      the change counter for which byte 28 is valid
//   96  00 2e 80 c8      version of the last writer

import { type Bytes, equalBytes, setU16, setU32, u16, u32, utf8 } from '../base/bytes.ts';
import type { Encoding } from './record.ts';

export const HEADER_SIZE = 100;
export const MAGIC = utf8('SQLite format 3\0');

/** Offsets of the fields that the pager writes. */
export const AT = {
  versions: 18,
  change: 24,
  pages: 28,
  trunk: 32,
  freePages: 36,
  validFor: 92,
} as const;

/** The page with this byte is never used: SQLite locks it. */
const LOCK_BYTE = 0x40000000;

export interface DatabaseHeader {
  readonly pageSize: number;
  readonly reserved: number;
  /** pageSize less reserved: what a page can use. */
  readonly usable: number;
  readonly change: number;
  /** As byte 28 says, or by the size of the file where byte 28 is not valid. */
  readonly pages: number;
  readonly trunk: number;
  readonly freePages: number;
  readonly schemaFormat: number;
  /** Not 0: auto-vacuum, so there are pointer-map pages. */
  readonly largestRoot: number;
  readonly encoding: Encoding;
  readonly wal: boolean;
  /** Why these bytes are no header that can be followed. */
  readonly fault?: string;
}

/** Reads the header as far as it goes. `fileSize` decides the page count where byte 28 cannot. */
export function readHeader(bytes: Bytes, fileSize: number): DatabaseHeader {
  const raw = u16(bytes, 16);
  const pageSize = raw === 1 ? 65536 : raw;
  const reserved = bytes[20] ?? 0;
  const told = u32(bytes, AT.change) === u32(bytes, AT.validFor) ? u32(bytes, AT.pages) : 0;
  const encoding = ([undefined, 'UTF-8', 'UTF-16le', 'UTF-16be'] as const)[u32(bytes, 56)];
  const isPowerOfTwo = pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0;
  const fault =
    bytes.length < HEADER_SIZE
      ? `a database begins with a header of 100 bytes; there are ${bytes.length}`
      : !equalBytes(bytes.subarray(0, 16), MAGIC)
        ? 'the first 16 bytes are not "SQLite format 3"'
        : !isPowerOfTwo
          ? `the page size is ${pageSize}, expected a power of two from 512 to 65536`
          : pageSize - reserved < 480
            ? `${reserved} reserved bytes leave less than 480 of a page of ${pageSize}`
            : bytes[21] !== 64 || bytes[22] !== 32 || bytes[23] !== 32
              ? `the payload fractions are ${bytes[21]}, ${bytes[22]}, ${bytes[23]}, expected 64, 32, 32`
              : (bytes[19] as number) > 2
                ? `the read version is ${bytes[19]}, expected 1 or 2`
                : u32(bytes, 44) > 4
                  ? `the schema format is ${u32(bytes, 44)}, expected 1 to 4`
                  : undefined;
  const usableSize = isPowerOfTwo ? pageSize : 512;
  return {
    pageSize: usableSize,
    reserved,
    usable: usableSize - Math.min(reserved, usableSize - 480),
    change: u32(bytes, AT.change),
    pages: told || Math.floor(fileSize / usableSize),
    trunk: u32(bytes, AT.trunk),
    freePages: u32(bytes, AT.freePages),
    schemaFormat: u32(bytes, 44),
    largestRoot: u32(bytes, 52),
    encoding: encoding ?? 'UTF-8',
    wal: bytes[18] === 2,
    ...(fault !== undefined && { fault }),
  };
}

/** Writes the header of a fresh database. */
export function writeHeader(bytes: Uint8Array, pageSize: number, pages: number): void {
  bytes.set(MAGIC, 0);
  setU16(bytes, 16, pageSize === 65536 ? 1 : pageSize);
  bytes.set([2, 2, 0, 64, 32, 32], 18);
  setU32(bytes, AT.change, 1);
  setU32(bytes, AT.pages, pages);
  setU32(bytes, 40, 1); // schema cookie
  setU32(bytes, 44, 4); // schema format: knows the integers 0 and 1
  setU32(bytes, 56, 1); // UTF-8
  setU32(bytes, AT.validFor, 1);
  setU32(bytes, 96, 3045000); // we write what SQLite 3.45.0 writes
}

/** The page that holds the lock byte, used by nobody; beyond 1 GiB only. */
export const lockPage = (pageSize: number): number => LOCK_BYTE / pageSize + 1;

/** Whether a page is a pointer-map page, where auto-vacuum is on. */
export function isPointerMap(page: number, header: DatabaseHeader): boolean {
  return header.largestRoot !== 0 && page >= 2 && pointerMapFor(page, header) === page;
}

/** The pointer-map page that has the entry for `page`. */
export function pointerMapFor(page: number, header: DatabaseHeader): number {
  const stride = Math.floor(header.usable / 5) + 1;
  const map = Math.floor((page - 2) / stride) * stride + 2;
  return map === lockPage(header.pageSize) ? map + 1 : map;
}
