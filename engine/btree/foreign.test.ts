// Databases that the real SQLite wrote are read to the rows that the fixtures' manifest lists; damaged
// ones get a sentence, never a hang or a crash.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Complaint } from '../base/assert.ts';
import { utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { readCreateTable } from './create.ts';
import {
  dump,
  type ForeignSource,
  openForeign,
  quotedReal,
  report,
  rowsOf,
  sizeOfTree,
} from './foreign.ts';
import { type TreeEntry, treesOf } from './page.ts';

const FIXTURES = process.env.FIXTURES ?? `${import.meta.dirname}/fixtures`;

interface Expected {
  readonly pageSize: number;
  readonly pageCount: number;
  readonly sqliteCliIntegrity: string;
  readonly tables: Record<
    string,
    { withoutRowid: boolean; rows: number; dumpSha256: string; firstRow?: string }
  >;
  readonly btrees?: readonly {
    name: string;
    leaf: number;
    internal: number;
    overflow: number;
    depth: number;
  }[];
  readonly mainFileAlone?: Expected;
}

const manifest = JSON.parse(readFileSync(`${FIXTURES}/manifest.json`, 'utf8')) as {
  fixtures: Record<string, Expected>;
};
const fixtures = Object.entries(manifest.fixtures)
  .filter(([path]) => path.startsWith('sqlite/'))
  // What this reader reads is the file by itself, without the log or the journal beside it.
  .map(([path, expected]) => [path, expected.mainFileAlone ?? expected] as const);

function sourceOf(bytes: Uint8Array, name = 'test.db'): ForeignSource {
  return { name, size: bytes.length, read: (at, length) => bytes.slice(at, at + length) };
}

const load = (path: string): Uint8Array => new Uint8Array(readFileSync(`${FIXTURES}/${path}`));

describe.each(fixtures)('%s', (path, expected) => {
  const bytes = load(path);
  const isWhole = expected.sqliteCliIntegrity === 'ok';

  test('is reported as the real SQLite sees it', () => {
    const found = report(sourceOf(bytes, path));
    expect(found.pageSize).toBe(expected.pageSize);
    if (!isWhole) {
      expect(found.problems.length).toBeGreaterThan(0);
      return;
    }
    expect(found.problems).toEqual([]);
    expect(found.pages).toBe(expected.pageCount);
    const rows = Object.values(expected.tables).reduce((sum, table) => sum + table.rows, 0);
    expect(found.rows).toBe(rows);
    for (const tree of expected.btrees ?? [])
      expect(
        found.trees.find(({ name }) => name === tree.name),
        tree.name,
      ).toMatchObject({ depth: tree.depth, pages: tree.leaf + tree.internal + tree.overflow });
  });

  test.runIf(isWhole).each(Object.entries(expected.tables ?? {}))(
    'table %s has the rows of the manifest',
    (name, table) => {
      const hash = createHash('sha256');
      let rows = 0;
      for (const line of dump(sourceOf(bytes), name)) {
        if (rows++ === 0 && table.firstRow !== undefined) expect(line).toBe(table.firstRow);
        hash.update(`${line}\n`);
      }
      expect(rows).toBe(table.rows);
      expect(hash.digest('hex')).toBe(table.dumpSha256);
    },
  );

  test('cut anywhere, or with bits flipped, gives a complaint or problems in bounded time', () => {
    const dice = new Dice(bytes.length);
    const page = expected.pageSize;
    for (let round = 0; round < 40; round++) {
      const bad = round % 4 === 0 ? bytes.slice(0, dice.below(bytes.length)) : bytes.slice();
      if (round % 4 !== 0)
        for (let flips = 1 + dice.below(30); flips > 0; flips--) {
          // Half of the flips hit where pages keep their headers and pointers.
          const at = dice.chance(0.5)
            ? page * dice.below(bad.length / page) + dice.below(40)
            : dice.below(bad.length);
          bad[at] = (bad[at] as number) ^ (1 << dice.below(8));
        }
      expectCalm(bad);
    }
  });
});

/** Reads everything there is; a Complaint is an answer, any other throw is a bug. */
function expectCalm(bytes: Uint8Array): void {
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      if (!(thrown instanceof Complaint)) throw thrown;
      expect(thrown.message.length).toBeGreaterThan(20);
      expect(thrown.message).not.toMatch(/undefined|NaN/);
    }
  };
  attempt(() => {
    const { problems } = report(sourceOf(bytes));
    for (const problem of problems) expect(problem).not.toMatch(/undefined|NaN/);
  });
  attempt(() => {
    const foreign = openForeign(sourceOf(bytes));
    for (const tree of treesOf(foreign.read, foreign.header))
      attempt(() => {
        let rows = 0;
        for (const _ of rowsOf(foreign, tree)) if (rows++ > 100_000) break;
      });
  });
}

test.each([
  ['an empty file', new Uint8Array(0), 'begins with a header of 100 bytes; there are 0'],
  ['a text', utf8('hello '.repeat(50)), 'not "SQLite format 3"'],
  ['a header alone', load('sqlite/rowid-512.db').slice(0, 300), 'inside its first page of 512'],
])('%s is no database, and the complaint says why', (_, bytes, said) => {
  expect(() => openForeign(sourceOf(bytes, 'x.db'))).toThrow(said);
});

test('a page that is its own child ends the walk with a problem', () => {
  const bytes = load('sqlite/rowid-512.db');
  const root = (report(sourceOf(bytes)).trees[1]?.root as number) - 1;
  new DataView(bytes.buffer).setUint32(512 * root + 8, root + 1);
  expect(report(sourceOf(bytes)).problems.join('\n')).toContain('already');
  expect(() => [...dump(sourceOf(bytes))]).toThrow('already met');
});

test('the depth of a tree is known whatever the budget, its rows only where all of it was read', () => {
  const { read, header } = openForeign(sourceOf(load('sqlite/rowid-512.db')));
  const [tree] = treesOf(read, header);
  const size = (budget: number) => sizeOfTree(read, header.usable, tree as TreeEntry, budget);
  expect(size(0)).toMatchObject({ depth: 3, rows: undefined, read: 3 });
  expect(size(20)).toMatchObject({ depth: 3, rows: undefined, read: 20 });
  expect(size(100_000)).toMatchObject({ depth: 3, rows: 1000 });
});

test('a table that is not there, or not named among several, is told with the names', () => {
  const types = sourceOf(load('sqlite/types-1024.db'));
  expect(() => [...dump(types)]).toThrow('3 tables; choose one of t, neg, empty');
  expect(() => [...dump(types, 'nix')]).toThrow('no table nix; expected one of t, neg, empty');
});

test('doubles are printed as quote() prints them', () => {
  const vectors: [number, string][] = [
    [0, '0.0'],
    [1.5, '1.5'],
    [-2, '-2.0'],
    [0.1, '0.1'],
    [1e15, '1.0e+15'],
    [123456789012345, '123456789012345.0'],
    [1e100, '1.0e+100'],
    [0.0001, '0.0001'],
    [0.00001, '1.0e-05'],
    [1.25e-7, '1.25e-07'],
    [Number.POSITIVE_INFINITY, '9.0e+999'],
  ];
  for (const [value, text] of vectors) expect(quotedReal(value)).toBe(text);
});

describe('CREATE TABLE', () => {
  test('finds the column that is the rowid', () => {
    const of = (sql: string) => readCreateTable(sql)?.rowidColumn;
    expect(of('CREATE TABLE t(a, id INTEGER PRIMARY KEY, b)')).toBe(1);
    expect(of('create table t(a TEXT, "my id" integer, primary key("my id"))')).toBe(1);
    expect(of('CREATE TABLE t(id INT PRIMARY KEY)')).toBeUndefined();
    expect(of('CREATE TABLE t(id INTEGER PRIMARY KEY DESC)')).toBeUndefined();
    expect(of('CREATE TABLE t(a INTEGER, b INTEGER, PRIMARY KEY(a, b))')).toBeUndefined();
  });

  test('orders the columns of a WITHOUT ROWID table as they are stored', () => {
    const of = (sql: string) => readCreateTable(sql)?.storedOrder;
    expect(of('CREATE TABLE w(v, k TEXT PRIMARY KEY) WITHOUT ROWID')).toEqual([1, 0]);
    expect(of('CREATE TABLE w(a, b, c, PRIMARY KEY(c, a)) /* x, y */ WITHOUT ROWID')).toEqual([
      1, 2, 0,
    ]);
    expect(of('CREATE TABLE w(a, b)')).toBeUndefined();
  });

  test('splits at the commas of the list alone, and takes defaults', () => {
    const table = readCreateTable(
      `CREATE TABLE "a,b"(x DECIMAL(10,2) DEFAULT -1.5 CHECK(x IN (1,2)), -- a, comment
       [y z] TEXT DEFAULT 'it''s', r REAL, CONSTRAINT c UNIQUE(x))`,
    );
    expect(table?.columns).toEqual([
      { name: 'x', type: 'DECIMAL ( 10 , 2 )', isReal: false, default: '-1.5' },
      { name: 'y z', type: 'TEXT', isReal: false, default: "'it''s'" },
      { name: 'r', type: 'REAL', isReal: true },
    ]);
  });
});
