// A folder in a zip, as people send it. Only what is needed to find files and their bytes:
//
//   local header, data │ local header, data │ … │ central directory │ end of central directory
//   end:      50 4b 05 06 … 10 2 entries, 12 4 size and 16 4 offset of the directory
//   entry:    50 4b 01 02 … 10 2 method (0 stored, 8 deflate), 20 4 packed, 24 4 unpacked size,
//             28 2 name, 30 2 extra, 32 2 comment length, 42 4 offset of the local header, 46 name
//
// A zip may claim more than it holds, or unpack to more than there is memory: the sum of what its
// entries claim is bounded before any of them is unpacked, and no entry gives more than it claims.

import { type Bytes, textOf } from '../base/bytes.ts';
import type { Folder } from './folder.ts';
import { u32 } from './varint.ts';

/** What a zip may unpack to, and how many files it may have. */
export const MOST_UNPACKED = 256 * 2 ** 20;
const MOST_FILES = 20_000;

/** Unpacks raw deflate; gives at most `most` bytes, or undefined where the data is broken or longer. */
export type Inflate = (packed: Bytes, most: number) => Uint8Array | undefined;

const u16 = (bytes: Bytes, at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8);

export const looksLikeZip = (bytes: Bytes): boolean =>
  bytes.length >= 22 && u16(bytes, 0) === 0x4b50 && (bytes[2] === 3 || bytes[2] === 5);

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

/** The folder of LevelDB in a zip: the files beside the CURRENT that lies nearest to the top. In words what is wrong. */
export function folderOfZip(bytes: Bytes, inflate: Inflate): Folder | string {
  const entries = entriesOf(bytes);
  if (typeof entries === 'string') return entries;
  const claimed = entries.reduce((sum, { size }) => sum + size, 0);
  if (claimed > MOST_UNPACKED)
    return `the zip unpacks to ${claimed} bytes; ${MOST_UNPACKED} are the limit here`;
  const depth = (path: string): number => path.split('/').length;
  const [home] = entries
    .filter(({ path }) => /(^|\/)(CURRENT|MANIFEST-\d+)$/.test(path))
    .sort((a, b) => depth(a.path) - depth(b.path));
  if (!home) return 'the zip has no CURRENT and no MANIFEST: it is no folder of LevelDB';
  const prefix = home.path.slice(0, home.path.lastIndexOf('/') + 1);
  const files = new Map(
    entries
      .filter(({ path }) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
      .map((entry) => [entry.path.slice(prefix.length), entry]),
  );
  const unpacked = new Map<string, Uint8Array | undefined>();
  return {
    names: [...files.keys()],
    read(name) {
      const entry = files.get(name);
      if (!entry) return undefined;
      if (!unpacked.has(name)) unpacked.set(name, unpack(bytes, entry, inflate));
      return unpacked.get(name);
    },
  };
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
      method: u16(bytes, at + 10),
      packed: u32(bytes, at + 20),
      size: u32(bytes, at + 24),
      header: u32(bytes, at + 42),
    });
    at = nameEnd + u16(bytes, at + 30) + u16(bytes, at + 32);
  }
  return entries.filter(({ path }) => !path.endsWith('/'));
}

function unpack(bytes: Bytes, entry: Entry, inflate: Inflate): Uint8Array | undefined {
  const { header, packed, size, method } = entry;
  if (header + 30 > bytes.length || u32(bytes, header) !== 0x04034b50) return undefined;
  const from = header + 30 + u16(bytes, header + 26) + u16(bytes, header + 28);
  if (from + packed > bytes.length) return undefined;
  const data = bytes.subarray(from, from + packed);
  if (method === 0) return data.length === size ? data : undefined;
  return method === 8 ? inflate(data, size) : undefined;
}
