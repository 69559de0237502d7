// A folder in a zip, as people send it. Only what is needed to find files and their bytes:
//
//   local header, data │ local header, data │ … │ central directory │ end of central directory
//   end:      50 4b 05 06 … 10 2 entries, 12 4 size and 16 4 offset of the directory
//   entry:    50 4b 01 02 … 8 2 flags (bit 0: encrypted), 10 2 method (0 stored, 8 deflate), 20 4 packed,
//             24 4 unpacked size, 28 2 name, 30 2 extra, 32 2 comment length, 42 4 offset of the local
//             header, 46 name
//
// A zip may claim more than it holds, or unpack to more than there is memory: the sum of what its
// entries claim is bounded before any of them is unpacked, and no entry gives more than it claims.

import { type Bytes, textOf } from '../base/bytes.ts';
import { databaseAmong, MOST_FILES } from './archive.ts';

/** What a zip may unpack to on the command line. */
export const MOST_UNPACKED = 256 * 2 ** 20;

/** Unpacks raw deflate; gives at most `most` bytes, or undefined where the data is broken or longer. */
export type Inflate = (packed: Bytes, most: number) => Uint8Array | undefined;

// Little-endian, as all of a zip.
const u16 = (bytes: Bytes, at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
const u32 = (bytes: Bytes, at: number): number =>
  (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;

export const looksLikeZip = (bytes: Bytes): boolean =>
  bytes.length >= 22 && u16(bytes, 0) === 0x4b50 && (bytes[2] === 3 || bytes[2] === 5);

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

/** A file of a zip, packed as it lies there. */
export interface ZippedFile {
  readonly name: string;
  /** What it claims to unpack to, in bytes. */
  readonly size: number;
  readonly method: 'stored' | 'deflate';
  /** Undefined where it is not where the directory says. */
  readonly data: Bytes | undefined;
}

/** The files of LevelDB in a zip: those of the folder nearest to the top. In words what is wrong. */
export function filesOfZip(bytes: Bytes, most = MOST_UNPACKED): readonly ZippedFile[] | string {
  const entries = entriesOf(bytes);
  if (typeof entries === 'string') return entries;
  const home = databaseAmong(entries.map(({ path }) => path));
  if (home === undefined)
    return 'the zip has no CURRENT, no MANIFEST and no table: it is no folder of LevelDB';
  const inside = entries.filter(
    ({ path }) => path.startsWith(home) && !path.slice(home.length).includes('/'),
  );
  const claimed = inside.reduce((sum, { size }) => sum + size, 0);
  if (claimed > most) return `the zip unpacks to ${claimed} bytes; ${most} are the limit here`;
  const odd = inside.find(({ method }) => method !== 0 && method !== 8);
  if (odd)
    return odd.method < 0
      ? `the zip is encrypted: ${odd.path} cannot be read`
      : `${odd.path} is packed by method ${odd.method}; expected stored (0) or deflate (8)`;
  return inside.map((entry) => ({
    name: entry.path.slice(home.length),
    size: entry.size,
    method: entry.method === 0 ? 'stored' : 'deflate',
    data: dataOf(bytes, entry),
  }));
}

/** The same as a folder that unpacks what is read of it. */
export function folderOfZip(bytes: Bytes, inflate: Inflate) {
  const found = filesOfZip(bytes);
  if (typeof found === 'string') return found;
  const files = new Map(found.map((file) => [file.name, file]));
  const unpacked = new Map<string, Uint8Array | undefined>();
  return {
    names: [...files.keys()],
    read(name: string): Bytes | undefined {
      const file = files.get(name);
      if (!file) return undefined;
      if (!unpacked.has(name)) unpacked.set(name, unpack(file, inflate));
      return unpacked.get(name);
    },
  };
}

function unpack({ method, data, size }: ZippedFile, inflate: Inflate): Uint8Array | undefined {
  if (!data || method === 'deflate') return data && inflate(data, size);
  return data.length === size ? data : undefined;
}

function entriesOf(bytes: Bytes): Entry[] | string {
  let end = bytes.length - 22;
  // A comment of up to 65,535 bytes may follow the end record.
  const least = Math.max(0, end - 65_535);
  while (end >= least && u32(bytes, end) !== 0x06054b50) end--;
  if (end < least) return 'the zip has no end of its directory: it is cut off';
  const count = u16(bytes, end + 10);
  if (count > MOST_FILES) return `the zip has ${count} files; ${MOST_FILES} are the limit here`;
  const entries: Entry[] = [];
  let at = u32(bytes, end + 16);
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || u32(bytes, at) !== 0x02014b50)
      return `the zip's directory is damaged at entry ${i + 1} of ${count}`;
    const nameEnd = at + 46 + u16(bytes, at + 28);
    entries.push({
      path: textOf(bytes.subarray(at + 46, nameEnd)),
      method: u16(bytes, at + 8) & 1 ? -1 : u16(bytes, at + 10),
      packed: u32(bytes, at + 20),
      size: u32(bytes, at + 24),
      header: u32(bytes, at + 42),
    });
    at = nameEnd + u16(bytes, at + 30) + u16(bytes, at + 32);
  }
  return entries.filter(({ path }) => !path.endsWith('/'));
}

function dataOf(bytes: Bytes, { header, packed }: Entry): Bytes | undefined {
  if (header + 30 > bytes.length || u32(bytes, header) !== 0x04034b50) return undefined;
  const from = header + 30 + u16(bytes, header + 26) + u16(bytes, header + 28);
  return from + packed <= bytes.length ? bytes.subarray(from, from + packed) : undefined;
}
