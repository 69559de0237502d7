// A folder as one file: how a database of many files travels, so that a scenario's `file` line, its hash
// and a link name it as they name any other. The form is tar, which has no sum over what the files hold:
// an archive is put together from parts that nobody had to read.
//
//   header │ content, zeros to 512 │ header │ content, zeros to 512 │ … │ 1024 zeros
//   header, 512 bytes:  0 name, 124 size in octal, 148 checksum (of the header, in octal, itself as
//                       blanks), 156 type '0', 257 "ustar"
//
// What goes in is LevelDB's own files by name (LOCK and LOG are not the database), sorted, with nothing
// of owners or dates: the same files are the same bytes, whether they came in a folder or in a zip.

import { type Bytes, textOf, utf8 } from '../base/bytes.ts';

/** What an opened folder may weigh, all its files together: it is held in memory, here and in the worker. */
export const MOST_OPENED = 64 * 2 ** 20;
export const MOST_FILES = 20_000;

const BLOCK = 512;
const CURRENT = /^CURRENT$/;
const MANIFEST = /^MANIFEST-\d{1,15}$/;
const TABLE = /^\d{1,15}\.(ldb|sst)$/;
const LOG = /^\d{1,15}\.log$/;

/** Whether a file with that name is part of a database of LevelDB. */
export const isOfDatabase = (name: string): boolean =>
  [CURRENT, MANIFEST, TABLE, LOG].some((kind) => kind.test(name));

/**
 * Where among so many paths a database of LevelDB lies: the folder nearest to the top that has a CURRENT,
 * else a manifest, else a table. '' or a path that ends with a slash; undefined where there is none.
 */
export function databaseAmong(paths: readonly string[]): string | undefined {
  for (const kind of [CURRENT, MANIFEST, TABLE]) {
    const homes = paths.flatMap((path) => {
      const cut = path.lastIndexOf('/') + 1;
      return kind.test(path.slice(cut)) ? [path.slice(0, cut)] : [];
    });
    const depth = (home: string) => home.split('/').length;
    const [home] = homes.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
    if (home !== undefined) return home;
  }
  return undefined;
}

export interface Packed<P> {
  readonly name: string;
  /** Of the content, in bytes. */
  readonly size: number;
  readonly content: P;
}

/** The parts of an archive, in order; contents as they were given. */
export function archiveOf<P>(files: readonly Packed<P>[]): (P | Uint8Array<ArrayBuffer>)[] {
  const parts: (P | Uint8Array<ArrayBuffer>)[] = [];
  for (const { name, size, content } of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const header = new Uint8Array(BLOCK);
    const put = (at: number, text: string) => header.set(utf8(text), at);
    put(0, name);
    put(124, `${size.toString(8).padStart(11, '0')}\0`);
    put(148, ' '.repeat(8));
    put(156, '0');
    put(257, 'ustar\x0000');
    const sum = header.reduce((sum, byte) => sum + byte, 0);
    put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
    parts.push(header, content, new Uint8Array(-size & (BLOCK - 1)));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return parts;
}

export interface ArchivedFile {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** The files of an archive, in order; undefined where the bytes are none. What is cut off ends where the bytes do. */
export function filesOfArchive(source: {
  readonly size: number;
  read(offset: number, length: number): Bytes;
}): ArchivedFile[] | undefined {
  const files: ArchivedFile[] = [];
  for (let at = 0; at + BLOCK <= source.size; ) {
    const header = source.read(at, BLOCK);
    if (header[0] === 0 && files.length > 0) break;
    const text = (from: number, length: number): string => {
      const bytes = header.subarray(from, from + length);
      const end = bytes.indexOf(0);
      return textOf(end < 0 ? bytes : bytes.subarray(0, end));
    };
    const claimed = Number.parseInt(text(124, 12), 8);
    if (text(257, 5) !== 'ustar' || !(claimed >= 0) || files.length >= MOST_FILES)
      return files.length > 0 ? files : undefined;
    const offset = at + BLOCK;
    files.push({ name: text(0, 100), offset, size: Math.min(claimed, source.size - offset) });
    at = offset + claimed + (-claimed & (BLOCK - 1));
  }
  return files.length > 0 ? files : undefined;
}
