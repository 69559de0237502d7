// Whether a database is what it should be: written apart from what writes it, from the files alone.
//
//   the folder    CURRENT names the manifest; the manifest gives the version that the engine works with;
//                 every live table is there, whole, as long as it should be; nothing lies about
//   a table       blocks sum up; entries ascend; the index parts its blocks; first and last are what the
//                 version says; the filter knows every key
//   the levels    from level 1 down no two tables overlap; of one key, what is nearer is newer
//   the sequence  no entry is beyond the last one, no two entries have the same
//
// Problems are sentences; what is wrong in one table does not keep the rest from being looked at.

import { type Bytes, compareBytes, textOf } from '../base/bytes.ts';
import { bytesOfContent, type DiskImage, fileNamed } from '../disk/image.ts';
import { type LsmValue, skipListOf, tableFileOf, tableOf } from './events.ts';
import { readFolder } from './folder.ts';
import { arenaName, parseFileName, sameFile, type TableFile, tableName } from './format.ts';
import { compareInternal, isDeletion, sequenceOf, userKeyOf } from './key.ts';
import type { Table } from './table.ts';

export interface Finding {
  readonly text: string;
  /** Number of the table that it is about. */
  readonly table?: number;
}

export interface CheckReport {
  readonly tables: number;
  readonly entries: number;
  readonly rows: number;
  readonly findings: readonly Finding[];
}

/** A key in words: text where it is some, else hexadecimal. */
export function shownKey(key: Bytes): string {
  const text = textOf(key);
  if (/^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(text) && !text.includes('\ufffd'))
    return text.length > 32 ? `${text.slice(0, 31)}…` : text;
  const hex = Array.from(key.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
  return `x'${hex}${key.length > 12 ? '…' : ''}'`;
}

/** At most so many findings of one table: the first says it. */
const MOST_A_TABLE = 3;

export function checkDatabase(disk: DiskImage, value: LsmValue): CheckReport {
  const findings: Finding[] = [];
  checkFolder(disk, value, findings);

  interface Versions {
    readonly level: number;
    readonly age: number;
    readonly sequence: number;
    readonly isPut: boolean;
    readonly table: number;
  }
  const newest = new Map<string, Versions>();
  const sequences = new Set<number>();
  let entries = 0;
  let tables = 0;
  let wrongOrder = 0;

  const meet = (key: Bytes, place: Omit<Versions, 'sequence' | 'isPut'>): void => {
    entries++;
    const sequence = sequenceOf(key);
    if (sequence > value.lastSequence && wrongOrder++ < MOST_A_TABLE)
      findings.push({
        text: `${nameOf(place.table)} has ${shownKey(userKeyOf(key))} at sequence ${sequence}; the last one given is ${value.lastSequence}`,
        table: place.table,
      });
    if (sequences.has(sequence) && wrongOrder++ < MOST_A_TABLE)
      findings.push({ text: `two entries have sequence ${sequence}`, table: place.table });
    sequences.add(sequence);
    const user = textKey(userKeyOf(key));
    const above = newest.get(user);
    if (!above) newest.set(user, { ...place, sequence, isPut: !isDeletion(key) });
    else if (above.sequence < sequence && wrongOrder++ < MOST_A_TABLE)
      findings.push({
        text: `${shownKey(userKeyOf(key))} has sequence ${sequence} in ${nameOf(place.table)}, below an older one, ${above.sequence}, in ${nameOf(above.table)}: a reader gets the old one`,
        table: place.table,
      });
  };

  for (const number of [value.memtable, value.immutable]) {
    const file = number === undefined ? undefined : fileNamed(disk, arenaName(number));
    if (!file) continue;
    let before: Bytes | undefined;
    for (const { key } of skipListOf(file).all()) {
      if (before && compareInternal(before, key) >= 0)
        findings.push({ text: `the memtable has ${shownKey(userKeyOf(key))} out of order` });
      meet(key, { level: -1, age: 0, table: 0 });
      before = key;
    }
  }
  value.version.forEach((files, level) => {
    checkLevel(files, level, findings);
    const ordered = level === 0 ? [...files].reverse() : files;
    for (const file of ordered) {
      tables++;
      const image = tableFileOf(disk, file.number);
      if (!image) continue;
      const table = tableOf(image);
      checkTable(table, file, findings);
      for (const { key } of table.all()) meet(key, { level, age: file.number, table: file.number });
    }
  });
  let rows = 0;
  for (const { isPut } of newest.values()) if (isPut) rows++;
  return { tables, entries, rows, findings };
}

const nameOf = (table: number): string => (table === 0 ? 'the memtable' : tableName(table));
/** Bytes as a key of a map: a character a byte. */
const textKey = (bytes: Bytes): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

function checkFolder(disk: DiskImage, value: LsmValue, findings: Finding[]): void {
  const names = [...disk.names.keys()].filter((name) => !name.startsWith('memtable-'));
  const content = readFolder({
    names,
    read(name) {
      const file = fileNamed(disk, name);
      return file && bytesOfContent(file);
    },
  });
  for (const text of content.damage) findings.push({ text });
  const live = new Set<number>();
  value.version.forEach((files, level) => {
    const onDisk = content.version[level] ?? [];
    for (const file of files) {
      live.add(file.number);
      const image = tableFileOf(disk, file.number);
      if (!image)
        findings.push({
          text: `the version has ${tableName(file.number)} in level ${level}, and there is no such file`,
          table: file.number,
        });
      else if (image.now.size !== file.size)
        findings.push({
          text: `${tableName(file.number)} has ${image.now.size} bytes; the manifest says ${file.size}`,
          table: file.number,
        });
      if (!onDisk.some((other) => sameFile(other, file)))
        findings.push({
          text: `the manifest does not have ${tableName(file.number)} in level ${level} as the engine has`,
          table: file.number,
        });
    }
    for (const file of onDisk)
      if (!files.some(({ number }) => number === file.number))
        findings.push({
          text: `the manifest has ${tableName(file.number)} in level ${level}; the engine has not`,
          table: file.number,
        });
  });
  const open = new Set(value.job?.outputs ?? []);
  for (const name of names) {
    const { kind, number } = parseFileName(name);
    if (kind === 'other' || kind === 'current') continue;
    if (number >= value.nextFile)
      findings.push({
        text: `${name} has a number that is yet to be given (next: ${value.nextFile})`,
      });
    // Only what is at work may lie beside what is live.
    if (value.job || value.readOnly) continue;
    if (kind === 'table' && !live.has(number) && !open.has(number))
      findings.push({
        text: `${name} is no table of the version, and was not removed`,
        table: number,
      });
    if (kind === 'manifest' && number !== value.manifest)
      findings.push({ text: `${name} is an old manifest, and was not removed` });
    if (kind === 'log' && number < value.logNumber)
      findings.push({ text: `${name} is all in tables, and was not removed` });
  }
}

function checkLevel(files: readonly TableFile[], level: number, findings: Finding[]): void {
  for (const { number, smallest, largest } of files)
    if (compareInternal(smallest, largest) > 0)
      findings.push({ text: `${tableName(number)} ends before it begins`, table: number });
  if (level === 0) return;
  for (let i = 1; i < files.length; i++) {
    const [a, b] = [files[i - 1] as TableFile, files[i] as TableFile];
    if (compareBytes(userKeyOf(a.largest), userKeyOf(b.smallest)) >= 0)
      findings.push({
        text: `${tableName(a.number)} and ${tableName(b.number)} overlap in level ${level}: ${shownKey(userKeyOf(b.smallest))} to ${shownKey(userKeyOf(a.largest))}`,
        table: b.number,
      });
  }
}

/** A table by itself, and against what the version says of it. */
export function checkTable(table: Table, file: TableFile, findings: Finding[]): void {
  const name = tableName(file.number);
  let count = 0;
  const find = (text: string): void => {
    if (count++ < MOST_A_TABLE) findings.push({ text: `${name}: ${text}`, table: file.number });
  };
  for (const text of table.damage) find(text);
  let before: Bytes | undefined;
  let first: Bytes | undefined;
  for (let block = 0; block < table.blocks; block++) {
    const damage = table.damageOf(block);
    if (damage) find(damage);
    const separator = table.index[block]?.key as Bytes;
    const entries = table.entriesOf(block);
    const lower = table.index[block - 1]?.key;
    for (const { key } of entries) {
      first ??= key;
      if (before && compareInternal(before, key) >= 0)
        find(`${shownKey(userKeyOf(key))} is out of order in block ${block}`);
      if (compareInternal(key, separator) > 0)
        find(`block ${block} has ${shownKey(userKeyOf(key))}, beyond its index key`);
      if (lower && compareInternal(key, lower) <= 0)
        find(
          `block ${block} has ${shownKey(userKeyOf(key))}, which the index sends to block ${block - 1}`,
        );
      if (table.filterSays(block, userKeyOf(key)) === 'no')
        find(
          `the filter says no to ${shownKey(userKeyOf(key))}, which is in block ${block}: a get misses it`,
        );
      before = key;
    }
  }
  if (first && compareInternal(first, file.smallest) !== 0)
    find(
      `it begins with ${shownKey(userKeyOf(first))}; the version says ${shownKey(userKeyOf(file.smallest))}`,
    );
  if (before && compareInternal(before, file.largest) !== 0)
    find(
      `it ends with ${shownKey(userKeyOf(before))}; the version says ${shownKey(userKeyOf(file.largest))}`,
    );
}
