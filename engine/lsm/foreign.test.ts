// Folders that the real LevelDB wrote: read to the rows that the fixtures' manifest lists, rebuilt byte
// for byte, and damaged in every way there is, which is named and never more than told.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { zipOf } from '../run/zip.testing.ts';
import { folderOfZip, type Inflate, looksLikeZip } from '../run/zip.ts';
import { placeOf } from './block.ts';
import { type Folder, readFolder } from './folder.ts';
import { reportFolder, rowsOfFolder } from './foreign.ts';
import { parseFileName } from './format.ts';
import { frameRecord, readLog } from './log.ts';
import { Table, TableBuilder } from './table.ts';
import { Writer } from './varint.ts';

const FIXTURES = process.env.FIXTURES ?? `${import.meta.dirname}/fixtures`;

interface Expected {
  readonly rows: number;
  readonly dumpSha256: string;
  readonly storedEntriesInTables: number;
  readonly entriesInLog: number;
  readonly tableFilesPerLevel: Record<string, number>;
}
const manifest = JSON.parse(readFileSync(`${FIXTURES}/manifest.json`, 'utf8')) as {
  fixtures: Record<string, Expected>;
};
const fixtures = Object.entries(manifest.fixtures).filter(([path]) => path.startsWith('leveldb/'));

function load(path: string): Map<string, Uint8Array> {
  const folder = `${FIXTURES}/${path}`;
  return new Map(
    readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(`${folder}/${name}`))]),
  );
}
const folderOf = (files: ReadonlyMap<string, Uint8Array>): Folder => ({
  names: [...files.keys()],
  read: (name) => files.get(name),
});

function dumpOf(folder: Folder): { rows: number; sha256: string } {
  const hash = createHash('sha256');
  const lengths = Buffer.alloc(8);
  let rows = 0;
  for (const { key, value } of rowsOfFolder(folder)) {
    lengths.writeUInt32LE(key.length, 0);
    lengths.writeUInt32LE(value.length, 4);
    hash.update(lengths).update(key).update(value);
    rows++;
  }
  return { rows, sha256: hash.digest('hex') };
}

describe.each(fixtures)('%s', (path, expected) => {
  const files = load(path);
  const folder = folderOf(files);

  test('has the rows of the manifest, and no problems', () => {
    expect(dumpOf(folder)).toEqual({ rows: expected.rows, sha256: expected.dumpSha256 });
    const found = reportFolder(folder);
    expect(found.rows).toBe(expected.rows);
    expect(found.problems).toEqual([]);
    expect(found.stored).toEqual({
      tables: expected.storedEntriesInTables,
      logs: expected.entriesInLog,
    });
    const perLevel = Object.fromEntries(found.levels.map(({ level, tables }) => [level, tables]));
    expect(perLevel).toEqual(expected.tableFilesPerLevel);
  });

  test('its logs, manifests and plain tables are rebuilt byte for byte', () => {
    for (const [name, bytes] of files) {
      const { kind } = parseFileName(name);
      if (kind === 'log' || kind === 'manifest') {
        const out = new Writer();
        for (const { data } of readLog(bytes).records) out.raw(frameRecord(data, out.length));
        expect(Buffer.compare(out.copy(), bytes), name).toBe(0);
      }
      if (kind !== 'table') continue;
      const table = new Table(bytes);
      const blocks = Array.from({ length: table.blocks }, (_, i) => table.stored(i));
      if (blocks.some(({ compression }) => compression !== 'none')) continue;
      const isSmall = path.includes('smallblocks') || path.includes('cpp123');
      const out = new Writer();
      const builder = new TableBuilder(
        {
          blockSize: isSmall ? 1024 : 4096,
          restartInterval: path.includes('smallblocks') ? 3 : 16,
          bitsPerKey: table.filter ? 10 : 0,
          filterLg: 11,
        },
        (part) => out.raw(part),
      );
      for (const { key, value } of table.all()) builder.add(placeOf(key, value));
      builder.finish();
      expect(Buffer.compare(out.copy(), bytes), name).toBe(0);
    }
  });

  test('with bits flipped, cut, or without a file it is read as far as it goes, and says so', () => {
    const dice = new Dice(expected.rows);
    const { version, logs } = readFolder(folder);
    const live = new Set([...logs, ...version.flat().map(({ number }) => number)]);
    const names = [...files.keys()].filter((name) => {
      const { kind, number } = parseFileName(name);
      const counts = live.has(number) || kind === 'current' || kind === 'manifest';
      return counts && (files.get(name) as Uint8Array).length > 0;
    });
    for (let round = 0; round < 12; round++) {
      const bad = new Map(files);
      const name = names[dice.below(names.length)] as string;
      const bytes = (files.get(name) as Uint8Array).slice();
      if (round % 4 === 0) bad.delete(name);
      else if (round % 4 === 1) bad.set(name, bytes.subarray(0, dice.below(bytes.length)));
      else {
        for (let flips = 1 + dice.below(20); flips > 0; flips--) {
          const at = dice.below(bytes.length);
          bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
        }
        bad.set(name, bytes);
      }
      const { problems, notes, rows } = reportFolder(folderOf(bad));
      for (const text of [...problems, ...notes]) expect(text).not.toMatch(/undefined|NaN/);
      const { kind } = parseFileName(name);
      // A log that is gone, a log or a manifest that is cut: that is what a crash would leave.
      if (kind !== 'log' && !(kind === 'manifest' && round % 4 === 1))
        expect(problems.length + notes.length, `${name}, round ${round}`).toBeGreaterThan(0);
      expect(rows).toBeLessThan(20 * expected.rows + 100);
    }
  });
});

test('without CURRENT and manifest the tables and logs are read all the same', () => {
  const [path, expected] = fixtures.find(([path]) => path.endsWith('tombstones')) as [
    string,
    Expected,
  ];
  const files = load(path);
  for (const name of files.keys()) if (/CURRENT|MANIFEST/.test(name)) files.delete(name);
  const found = reportFolder(folderOf(files));
  expect(found.rows).toBe(expected.rows);
  expect(found.problems).toEqual(['there is no CURRENT']);
  expect(readFolder(folderOf(files)).isRepaired).toBe(true);
});

describe('zip', () => {
  const inflate: Inflate = (packed, most) => {
    try {
      const bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, most) });
      return bytes.length === most ? bytes : undefined;
    } catch {
      return undefined;
    }
  };

  const [path, expected] = fixtures.find(([path]) => path.endsWith('snappy-levels')) as [
    string,
    Expected,
  ];
  const files = load(path);

  test.each([
    ['deflated', {}],
    ['stored, in a folder', { stored: true, prefix: 'some/where/' }],
  ])('of a folder, %s', (_, options) => {
    const zip = zipOf(files, options);
    expect(looksLikeZip(zip)).toBe(true);
    const folder = folderOfZip(zip, inflate);
    expect(typeof folder).toBe('object');
    expect(dumpOf(folder as Folder).sha256).toBe(expected.dumpSha256);
  });

  test('a bomb, a zip of something else, and one that is cut off are told', () => {
    expect(folderOfZip(zipOf(files, { claim: () => 2 ** 31 }), inflate)).toMatch(/are the limit/);
    expect(folderOfZip(zipOf(new Map([['a.txt', utf8('hello')]])), inflate)).toMatch(/no folder/);
    const zip = zipOf(files);
    expect(folderOfZip(zip.subarray(0, zip.length - 30), inflate)).toMatch(/cut off/);
    // An entry that claims less than it holds is not unpacked beyond its claim.
    const liar = folderOfZip(
      zipOf(files, { claim: (size) => Math.min(size, 10) }),
      inflate,
    ) as Folder;
    expect(liar.read('000005.ldb')).toBeUndefined();
    expect(reportFolder(liar).problems.length).toBeGreaterThan(0);
  });
});
