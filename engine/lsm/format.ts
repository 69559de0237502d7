// The folder of a database: which file is which, and the records that say which tables are live.
//
//   CURRENT            name of the live manifest and a line feed
//   MANIFEST-000002    a log (log.ts) of VersionEdits
//   000003.log         a log of batches (batch.ts)
//   000005.ldb         a table (table.ts); 000005.sst is the old name
//
// One counter numbers manifests, logs and tables. A VersionEdit is a record of tagged fields:
//
//   1 slice            comparator               6 level, number                       a table goes
//   2 varint           log number               7 level, number, size,
//   3 varint           next file number             slice smallest, slice largest     a table comes
//   4 varint           last sequence            5 level, slice key                    compaction pointer
//   9 varint           previous log, 0
//
//   log 3, previous 0, next 4, last 0:   02 03 | 09 00 | 03 04 | 04 00
//
// All edits of a manifest, applied in order to nothing, give the Version: the first is a whole
// version, each further one a flush or a compaction, so a manifest is a history.

import { type Bytes, equalBytes, textOf, utf8 } from '../base/bytes.ts';
import { compareInternal, TAG_SIZE } from './key.ts';
import { Reader, Writer } from './varint.ts';

export const LEVELS = 7;
export const COMPARATOR = 'leveldb.BytewiseComparator';
export const CURRENT = 'CURRENT';

const padded = (number: number): string => String(number).padStart(6, '0');
export const tableName = (number: number): string => `${padded(number)}.ldb`;
export const logName = (number: number): string => `${padded(number)}.log`;
export const manifestName = (number: number): string => `MANIFEST-${padded(number)}`;
export const temporaryName = (number: number): string => `${padded(number)}.dbtmp`;
/** The arena of a memtable: a memory file, numbered as the log that holds the same writes. */
export const arenaName = (number: number): string => `memtable-${padded(number)}`;

export interface FileName {
  readonly kind: 'table' | 'log' | 'manifest' | 'current' | 'temporary' | 'other';
  readonly number: number;
}

export function parseFileName(name: string): FileName {
  if (name === CURRENT) return { kind: 'current', number: 0 };
  const found = /^(MANIFEST-)?(\d{1,15})(?:\.(ldb|sst|log|dbtmp))?$/.exec(name);
  const kind = found?.[1]
    ? found[3]
      ? undefined
      : 'manifest'
    : ({ ldb: 'table', sst: 'table', log: 'log', dbtmp: 'temporary' } as const)[
        found?.[3] as 'ldb'
      ];
  return found && kind ? { kind, number: Number(found[2]) } : { kind: 'other', number: 0 };
}

/** The manifest that CURRENT names, or in words what is wrong with it. */
export function readCurrent(bytes: Bytes): { manifest: string } | { damage: string } {
  const text = textOf(bytes);
  if (!text.endsWith('\n')) return { damage: 'CURRENT does not end with a line feed' };
  const manifest = text.slice(0, -1);
  return parseFileName(manifest).kind === 'manifest'
    ? { manifest }
    : { damage: `CURRENT names ${JSON.stringify(manifest.slice(0, 40))}, which is no manifest` };
}

export const currentFor = (manifest: number): Uint8Array => utf8(`${manifestName(manifest)}\n`);

/** A table as the version knows it. Smallest and largest are internal keys: its first and last. */
export interface TableFile {
  readonly number: number;
  readonly size: number;
  readonly smallest: Bytes;
  readonly largest: Bytes;
}

export interface VersionEdit {
  readonly comparator?: string;
  readonly logNumber?: number;
  readonly previousLog?: number;
  readonly nextFile?: number;
  readonly lastSequence?: number;
  readonly pointers?: readonly { readonly level: number; readonly key: Bytes }[];
  readonly removed?: readonly { readonly level: number; readonly number: number }[];
  readonly added?: readonly { readonly level: number; readonly file: TableFile }[];
}

export function encodeEdit(edit: VersionEdit): Uint8Array {
  const out = new Writer(64);
  if (edit.comparator !== undefined) out.varint(1).slice(utf8(edit.comparator));
  if (edit.logNumber !== undefined) out.varint(2).varint(edit.logNumber);
  if (edit.previousLog !== undefined) out.varint(9).varint(edit.previousLog);
  if (edit.nextFile !== undefined) out.varint(3).varint(edit.nextFile);
  if (edit.lastSequence !== undefined) out.varint(4).varint(edit.lastSequence);
  for (const { level, key } of edit.pointers ?? []) out.varint(5).varint(level).slice(key);
  for (const { level, number } of edit.removed ?? []) out.varint(6).varint(level).varint(number);
  for (const { level, file } of edit.added ?? [])
    out
      .varint(7)
      .varint(level)
      .varint(file.number)
      .varint(file.size)
      .slice(file.smallest)
      .slice(file.largest);
  return out.copy();
}

/** Reads a record of a manifest; never throws. */
export function decodeEdit(record: Bytes): { edit: VersionEdit; damage: string | undefined } {
  const reader = new Reader(record);
  const edit: { -readonly [K in keyof VersionEdit]: VersionEdit[K] } = {};
  const pointers: { level: number; key: Bytes }[] = [];
  const removed: { level: number; number: number }[] = [];
  const added: { level: number; file: TableFile }[] = [];
  let damage: string | undefined;
  const level = (): number => {
    const value = reader.varint('a level');
    if (value >= LEVELS) damage ??= `there is no level ${value}`;
    return value;
  };
  const key = (what: string): Bytes => {
    const bytes = reader.slice(what);
    if (!reader.failed && bytes.length < TAG_SIZE) damage ??= `${what} is too short to be one`;
    return bytes;
  };
  while (reader.left > 0 && !damage && !reader.failed) {
    const tag = reader.varint('a tag');
    if (tag === 1) edit.comparator = textOf(reader.slice('the comparator'));
    else if (tag === 2) edit.logNumber = reader.varint('the log number');
    else if (tag === 3) edit.nextFile = reader.varint('the next file number');
    else if (tag === 4) edit.lastSequence = reader.varint('the last sequence');
    else if (tag === 9) edit.previousLog = reader.varint('the previous log number');
    else if (tag === 5) pointers.push({ level: level(), key: key('a compaction pointer') });
    else if (tag === 6) removed.push({ level: level(), number: reader.varint('a file number') });
    else if (tag === 7) {
      const at = level();
      const number = reader.varint('a file number');
      const size = reader.varint('a file size');
      const smallest = key('a smallest key');
      added.push({ level: at, file: { number, size, smallest, largest: key('a largest key') } });
    } else damage = `there is no field ${tag}`;
  }
  if (pointers.length > 0) edit.pointers = pointers;
  if (removed.length > 0) edit.removed = removed;
  if (added.length > 0) edit.added = added;
  return { edit, damage: damage ?? reader.failed };
}

/**
 * Which tables are live, level by level: never changed, only followed by the next. Level 0 is by
 * number, so by age, the newest last; the others by key, and no two of their tables overlap.
 */
export type Version = readonly (readonly TableFile[])[];

export const EMPTY_VERSION: Version = Array.from({ length: LEVELS }, () => []);

export function applyEdit(version: Version, edit: VersionEdit): Version {
  if (!edit.added && !edit.removed) return version;
  return version.map((files, level) => {
    const gone = new Set(
      edit.removed?.filter((file) => file.level === level).map(({ number }) => number),
    );
    const fresh = edit.added?.filter((file) => file.level === level).map(({ file }) => file) ?? [];
    if (gone.size === 0 && fresh.length === 0) return files;
    const next = [...files.filter(({ number }) => !gone.has(number)), ...fresh];
    return next.sort((a, b) =>
      level === 0
        ? a.number - b.number
        : compareInternal(a.smallest, b.smallest) || a.number - b.number,
    );
  });
}

export const bytesOfLevel = (files: readonly TableFile[]): number =>
  files.reduce((sum, { size }) => sum + size, 0);

export const sameFile = (a: TableFile, b: TableFile): boolean =>
  a.number === b.number &&
  a.size === b.size &&
  equalBytes(a.smallest, b.smallest) &&
  equalBytes(a.largest, b.largest);
