// Folders that the real LevelDB wrote, opened in the lab: every row is there, nothing can be written, and
// whatever is damaged is named in a line while the rest is read.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { tableNumbered } from '../lsm/events.ts';
import { archiveOf, databaseAmong, filesOfArchive } from '../run/archive.ts';
import { fileLine } from '../run/file.ts';
import { Script, sourceOfBytes } from '../run/script.ts';
import { labs } from './index.ts';
import type { LsmState } from './lsm.ts';

const FIXTURES = `${import.meta.dirname}/../lsm/fixtures`;
type Files = ReadonlyMap<string, Uint8Array>;

const manifest = JSON.parse(readFileSync(`${FIXTURES}/manifest.json`, 'utf8')) as {
  fixtures: Record<string, { rows: number; dumpSha256: string }>;
};
const fixtures = Object.entries(manifest.fixtures).filter(([path]) => path.startsWith('leveldb/'));

const load = (path: string): Files =>
  new Map(
    readdirSync(`${FIXTURES}/${path}`).map((name) => [
      name,
      new Uint8Array(readFileSync(`${FIXTURES}/${path}/${name}`)),
    ]),
  );

const archived = (files: Files): Uint8Array =>
  concatBytes(
    archiveOf([...files].map(([name, content]) => ({ name, size: content.length, content }))),
  );

function open(files: Files, lines: readonly string[] = [], bytes = archived(files)) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = fileLine({ name: 'folder', sha256, size: bytes.length });
  const foreign = sourceOfBytes('folder', bytes);
  const script = new Script(['lab lsm', file, ...lines].join('\n'), labs, { foreign }).run();
  const timeline = script.timeline('main');
  return {
    state: timeline.end as LsmState,
    problems: timeline.problems.map(({ text }) => text),
    caption: script.lab.describe(timeline.at(0).event, timeline.at(0).state),
    results: timeline.commands.map(({ result }) => result),
  };
}

interface Shown {
  readonly key: unknown;
  readonly value: unknown;
}
const bytesOf = (shown: unknown): Buffer =>
  typeof shown === 'string'
    ? Buffer.from(shown)
    : Buffer.from((shown as { bytes: string }).bytes, 'hex');

describe.each(fixtures)('%s', (path, { rows, dumpSha256 }) => {
  test('a scan gives the rows of the manifest, and there is nothing to complain of', () => {
    const { results, problems, state } = open(load(path), ['scan', 'check']);
    const [scanned, checked] = results as [readonly Shown[], { problems: readonly string[] }];
    const hash = createHash('sha256');
    for (const { key, value } of scanned.map((row) => ({
      key: bytesOf(row.key),
      value: bytesOf(row.value),
    }))) {
      const lengths = Buffer.alloc(8);
      lengths.writeUInt32LE(key.length, 0);
      lengths.writeUInt32LE(value.length, 4);
      hash.update(lengths).update(key).update(value);
    }
    expect({ rows: scanned.length, sha256: hash.digest('hex') }).toEqual({
      rows,
      sha256: dumpSha256,
    });
    expect([...problems, ...checked.problems, ...state.value.damage]).toEqual([]);
    expect(state.value.readOnly).toBe(true);
  });
});

test('an archive is the same bytes whatever came first, and gives its files back', () => {
  const files = load('leveldb/tombstones');
  const bytes = archived(files);
  expect(bytes.length % 512).toBe(0);
  expect(archived(new Map([...files].reverse()))).toEqual(bytes);
  const found = filesOfArchive(sourceOfBytes('a', bytes)) ?? [];
  expect(found.map(({ name }) => name)).toEqual([...files.keys()].sort());
  for (const { name, offset, size } of found)
    expect(bytes.subarray(offset, offset + size), name).toEqual(files.get(name));
});

test('the folder nearest to the top is the database', () => {
  expect(databaseAmong(['a/b/CURRENT', 'c/CURRENT', 'c/000005.ldb', 'MANIFEST-000002'])).toBe('c/');
  expect(databaseAmong(['a/000005.ldb', '__MACOSX/a/._CURRENT'])).toBe('a/');
  expect(databaseAmong(['CURRENT.txt', 'notes/current'])).toBeUndefined();
});

const refusal = (line: string): string => {
  try {
    open(load('leveldb/tombstones'), [line]);
    return '';
  } catch (thrown) {
    return (thrown as Error).message;
  }
};

test('nothing can be written to it', () => {
  for (const line of ['put a "b"', 'delete a', 'flush', 'compact', 'crash', 'reopen', 'snapshot s'])
    expect(refusal(line)).toContain('this database is open for reading only; expected get, scan');
});

test('many looks in vain do not make it compact', () => {
  const gets = Array.from({ length: 300 }, (_, i) => `get k${String(i).padStart(6, '0')}~`);
  const { state } = open(load('leveldb/manyfiles'), gets);
  expect(state.value.counters.compactions).toBe(0);
});

describe('bad input', () => {
  const files = load('leveldb/plain-levels');
  const [table = ''] = [...files.keys()].filter((name) => name.endsWith('.ldb'));
  const number = Number.parseInt(table, 10);
  const whole = files.get(table) as Uint8Array;
  const rowsIn = (results: readonly unknown[]) => (results[0] as readonly Shown[]).length;
  const rows = manifest.fixtures['leveldb/plain-levels']?.rows ?? 0;
  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, i) => (i === at ? byte ^ 4 : byte));

  test('a table that is cut off', () => {
    const { problems, results, caption } = open(
      new Map([...files, [table, whole.subarray(0, 1000)]]),
      ['scan'],
    );
    expect(problems).toContain(`${table} has 1000 bytes; the manifest says ${whole.length}`);
    expect(caption.title).toMatch(/^The folder is open, and \d+ things? in it cannot be read$/);
    expect(rowsIn(results)).toBeGreaterThan(0);
    expect(rowsIn(results)).toBeLessThan(rows);
  });

  test('a flipped bit in any block of a table is told, and names the table', () => {
    const { state } = open(files);
    const lens = tableNumbered(state.disk, number);
    if (!lens) throw new Error('the fixture has the table');
    const handles = [
      ...lens.index.map(({ handle }) => handle),
      ...lens.meta.values(),
      lens.footer.index,
      lens.footer.metaindex,
    ];
    const dice = new Dice(7);
    for (const { offset, size } of handles) {
      const bad = flipped(whole, offset + dice.below(size + 5));
      const { problems } = open(new Map([...files, [table, bad]]));
      expect(problems.length, `at ${offset}`).toBeGreaterThan(0);
      for (const text of problems)
        expect(text).toMatch(new RegExp(`^${table}: .*(checksum|block)`));
    }
    const { problems } = open(new Map([...files, [table, flipped(whole, whole.length - 1)]]));
    expect(problems).toContain(`${table}: the file does not end with the magic number of a table`);
  });

  test('a manifest that names a missing file', () => {
    const left = new Map([...files].filter(([name]) => name !== table));
    const { problems, results, caption } = open(left, ['scan']);
    expect(problems).toEqual([`${table} is live and missing`]);
    expect(caption.detail).toContain(`${table} is live and missing.`);
    expect(rowsIn(results)).toBeLessThan(rows);
  });

  test('a log with a torn tail is no damage, and said', () => {
    const big = load('leveldb/biglog');
    const [name = ''] = [...big.keys()].filter((name) => name.endsWith('.log'));
    const log = big.get(name) as Uint8Array;
    const cut = new Map([...big, [name, log.subarray(0, log.length - 5)]]);
    const { problems, caption, state, results } = open(cut, ['scan']);
    expect(problems).toEqual([]);
    expect(caption.title).toBe('The folder is open');
    expect(caption.detail).toMatch(/cut off at the end of the file|has no end/);
    expect(state.value.foreign?.notes.length).toBeGreaterThan(0);
    expect(rowsIn(results)).toBeGreaterThan(0);
    // In its midst it is damage.
    const { problems: inside } = open(new Map([...big, [name, flipped(log, 40)]]));
    expect(inside[0]).toMatch(new RegExp(`^${name}: the checksum of the record`));
  });

  test('tables alone, without CURRENT and manifest, are read', () => {
    const tables = new Map([...files].filter(([name]) => name.endsWith('.ldb')));
    const { problems, results } = open(tables, ['scan']);
    expect(problems).toEqual(['there is no CURRENT']);
    expect(rowsIn(results)).toBeGreaterThan(0);
  });

  test('what is no such folder, and an archive that is cut off anywhere', () => {
    expect(() => open(new Map([['notes.txt', new Uint8Array(9)]]))).toThrow(
      'folder has no CURRENT, no MANIFEST and no table: it is no folder of LevelDB',
    );
    expect(() => open(files, [], new Uint8Array(5000).fill(65))).toThrow(
      'folder is no folder of LevelDB, nor an archive of one',
    );
    const bytes = archived(files);
    const dice = new Dice(3);
    for (let round = 0; round < 12; round++) {
      const cut = bytes.subarray(0, 2048 + dice.below(bytes.length - 2048));
      const { state, problems } = open(files, ['scan'], cut);
      expect([...problems, ...(state.value.foreign?.notes ?? [])].length).toBeGreaterThan(0);
    }
  });
});
