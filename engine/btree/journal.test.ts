// Hot journals: the fixture's, and those that sqlite3 leaves in the middle of a transaction, whole and
// damaged in every way. The judge is the file that sqlite3 leaves when it has rolled them back.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { concatBytes, equalBytes, setU32, utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { dump, type ForeignSource, report } from './foreign.ts';
import { journalChecksum, readJournal } from './journal.ts';
import { overlayOf } from './overlay.ts';
import { checksum, recoverWal } from './wal-lens.ts';

const FIXTURES = process.env.FIXTURES ?? `${import.meta.dirname}/fixtures`;
const folder = mkdtempSync(join(tmpdir(), 'bathysphere-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));
const cli = (() => {
  try {
    return execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ')[0];
  } catch {
    return undefined;
  }
})();

const sourceOf = (bytes: Uint8Array, name = 'test.db'): ForeignSource => ({
  name,
  size: bytes.length,
  read: (at, length) => bytes.slice(at, at + length),
});
const allOf = (source: ForeignSource): Uint8Array => source.read(0, source.size);
const load = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(`${FIXTURES}/sqlite/${name}`));
const manifest = JSON.parse(readFileSync(`${FIXTURES}/manifest.json`, 'utf8')) as {
  fixtures: Record<
    string,
    { pageCount: number; tables: { kv: { rows: number; dumpSha256: string } } }
  >;
};

describe.each([
  ['wal-1024.db', '-wal'],
  ['hotjournal-1024.db', '-journal'],
])('%s with its %s', (name, end) => {
  const expected = manifest.fixtures[`sqlite/${name}`];
  const beside = sourceOf(load(name + end));
  const overlay =
    end === '-wal'
      ? overlayOf(sourceOf(load(name)), beside)
      : overlayOf(sourceOf(load(name)), undefined, beside);

  test('reads to the rows of the manifest, and nothing is called damage', () => {
    const hash = createHash('sha256');
    let rows = 0;
    for (const line of dump(overlay, 'kv')) {
      hash.update(`${line}\n`);
      rows++;
    }
    expect([rows, hash.digest('hex')]).toEqual([
      expected?.tables.kv.rows,
      expected?.tables.kv.dumpSha256,
    ]);
    expect(report(overlay)).toMatchObject({ pages: expected?.pageCount, problems: [] });
  });

  test('says what it did', () => {
    expect(overlay.notes).toEqual([
      end === '-wal'
        ? 'write-ahead log: frame 12 has other salts: it is from before the log was begun anew; frames 1 to 11 count'
        : expect.stringMatching(
            /^the journal is hot: \d+ pages go back as before the transaction, which had 18; /,
          ),
    ]);
  });

  test('reads the same in pieces of any size', () => {
    const whole = allOf(overlay);
    const dice = new Dice(3);
    for (let n = 0; n < 200; n++) {
      const from = dice.below(whole.length + 10);
      const length = dice.below(3000);
      expect(equalBytes(overlay.read(from, length), whole.slice(from, from + length))).toBe(true);
    }
  });
});

describe('the rule for hot', () => {
  const journal = load('hotjournal-1024.db-journal');
  const database = load('hotjournal-1024.db');
  const read = (bytes: Uint8Array, databaseSize = database.length) =>
    readJournal(sourceOf(bytes), { databaseSize, pageSize: 1024 });

  test('the worked example', () => {
    const { headers, hot, pages, pageSize, records } = read(journal);
    expect([hot, pages, pageSize]).toEqual([true, 18, 1024]);
    expect(headers[0]).toEqual({ offset: 0, records: 5, nonce: 0xc9d0b011, pages: 18 });
    expect(records[0]?.offset).toBe(516);
    const page = new Uint8Array(1024);
    page[824] = 7;
    expect(journalChecksum(0xc9d0b011, page)).toBe(0xc9d0b018);
  });

  test('empty, zeroed or beside an empty database it is not', () => {
    expect(read(new Uint8Array(0)).words).toMatch(/is empty/);
    const zeroed = journal.slice().fill(0, 0, 28);
    expect(read(zeroed)).toMatchObject({ hot: false, records: [] });
    expect(read(journal, 0)).toMatchObject({ hot: false, records: [] });
  });

  test('with a super-journal it is, as long as that is there', () => {
    const name = utf8('/somewhere/else-mj12345678');
    const tail = new Uint8Array(16);
    setU32(tail, 0, name.length);
    setU32(
      tail,
      4,
      name.reduce((sum, byte) => sum + byte, 0),
    );
    tail.set(journal.subarray(0, 8), 8);
    const shared = sourceOf(concatBytes([journal, new Uint8Array(4), name, tail]));
    const context = { databaseSize: database.length, pageSize: 1024 };
    const gone = readJournal(shared, context);
    expect(gone.hot).toBe(false);
    expect(gone.words).toBe(
      'the super-journal /somewhere/else-mj12345678 is not there: the transaction was committed',
    );
    const there = readJournal(shared, { ...context, superJournal: () => true });
    expect(there).toMatchObject({ hot: true, records: read(journal).records });
  });

  test('a journal without a header to follow changes nothing', () => {
    const bad = journal.slice();
    bad[3] = 0;
    const overlay = overlayOf(sourceOf(database), undefined, sourceOf(bad));
    expect(equalBytes(allOf(overlay), database)).toBe(true);
    expect(overlay.notes[0]).toMatch(/nothing is put back/);
  });
});

test('a size that nobody can mean is not followed', () => {
  const journal = load('hotjournal-1024.db-journal');
  setU32(journal, 16, 0xfffffff0);
  const overlay = overlayOf(sourceOf(load('hotjournal-1024.db')), undefined, sourceOf(journal));
  expect(overlay.size).toBe(38 * 1024);
  expect(overlay.notes[1]).toBe(
    'the database is to have 4294967280 pages; the last that is anywhere is page 38',
  );
});

test('a log of another page size, or beside an empty file, is left alone', () => {
  const log = sourceOf(load('wal-1024.db-wal'));
  const other = overlayOf(sourceOf(load('rowid-512.db')), log);
  expect(equalBytes(allOf(other), load('rowid-512.db'))).toBe(true);
  expect(other.notes[0]).toMatch(/pages of 1024 bytes and the database of 512/);
  expect(overlayOf(sourceOf(new Uint8Array(0)), log).size).toBe(0);
});

test('a log of an unknown version is refused, as SQLite does', () => {
  const log = load('wal-1024.db-wal');
  log[7] = (log[7] as number) + 1;
  expect(recoverWal(sourceOf(log)).stop).toBe('header');
  // With a checksum that fits it is a sound header, of a log that nobody knows how to read.
  const [s1, s2] = checksum([0, 0], log, 0, 24, false);
  setU32(log, 24, s1);
  setU32(log, 28, s2);
  expect(() => overlayOf(sourceOf(load('wal-1024.db'), 'a.db'), sourceOf(log))).toThrow(
    'a.db-wal: the log has version 3007001, expected 3007000',
  );
});

/** The file that sqlite3 leaves after it has rolled back, for each pair of database and journal. */
function rolledBack(pairs: readonly { database: Uint8Array; journal: Uint8Array }[]): Uint8Array[] {
  const paths = pairs.map(({ database, journal }, i) => {
    const path = join(folder, `${i}.db`);
    writeFileSync(path, database);
    writeFileSync(`${path}-journal`, journal);
    return path;
  });
  const input = paths.map((path) => `.open '${path}'\nSELECT count(*) FROM sqlite_schema;\n`);
  try {
    execFileSync('sqlite3', { input: input.join(''), stdio: ['pipe', 'ignore', 'ignore'] });
  } catch {
    // A damaged page 1 that was put back is an error for the SELECT, after the rollback was done.
  }
  return paths.map((path) => new Uint8Array(readFileSync(path)));
}

const damaged = (journal: Uint8Array, dice: Dice): Uint8Array => {
  if (dice.chance(0.3)) return journal.slice(0, dice.below(journal.length));
  const bad = journal.slice();
  // Half of the damage where it matters most, in the first header. Not in the upper bytes of the size:
  // sqlite3 would make the file so large.
  const at = dice.below(dice.chance(0.5) ? 28 : bad.length);
  if (at < 16 || at > 18) bad[at] = dice.below(256);
  return bad;
};

test.runIf(cli)('sqlite3 rolls the damaged fixture back to the same file', () => {
  const database = load('hotjournal-1024.db');
  const journal = load('hotjournal-1024.db-journal');
  const dice = new Dice(4);
  const pairs = Array.from({ length: 50 }, (_, i) => ({
    database,
    journal: i === 0 ? journal : damaged(journal, dice),
  }));
  for (const [i, file] of rolledBack(pairs).entries()) {
    const { journal } = pairs[i] as (typeof pairs)[0];
    const overlay = overlayOf(sourceOf(database), undefined, sourceOf(journal));
    expect(equalBytes(allOf(overlay), file), `${i}: ${overlay.notes}`).toBe(true);
  }
});

test.runIf(cli).each([
  [512, 'FULL'],
  [1024, 'NORMAL'],
  [4096, 'OFF'],
])(
  'a journal of %i-byte pages that sqlite3 left in the middle (synchronous %s)',
  (pageSize, synchronous) => {
    const path = join(folder, `left-${pageSize}.db`);
    const dice = new Dice(pageSize);
    const values = (count: number) =>
      Array.from({ length: count }, (_, i) => `(${i}, '${'y'.repeat(dice.below(200))}')`).join(',');
    // A cache of few pages spills: the journal is synced in between and gets more than one header.
    const input = `PRAGMA page_size=${pageSize};
CREATE TABLE kv(id INTEGER PRIMARY KEY, v TEXT);
INSERT INTO kv VALUES ${values(900)};
PRAGMA cache_size=10; PRAGMA synchronous=${synchronous};
BEGIN;
UPDATE kv SET v = 'new ' || v WHERE id % 3 = 0;
DELETE FROM kv WHERE id % 5 = 1;
INSERT INTO kv SELECT id + 5000, v FROM kv WHERE id < 400;
.system cp '${path}' '${path}.cut'; cp '${path}-journal' '${path}.cut-journal'
ROLLBACK;
SELECT id || '|' || id || '|' || quote(v) FROM kv ORDER BY id;
`;
    const out = execFileSync('sqlite3', [path], { input, encoding: 'utf8', maxBuffer: 2 ** 24 });
    const database = new Uint8Array(readFileSync(`${path}.cut`));
    const journal = new Uint8Array(readFileSync(`${path}.cut-journal`));
    const overlay = overlayOf(sourceOf(database), undefined, sourceOf(journal));
    expect([...dump(overlay)]).toEqual(out.trim().split('\n'));
    expect(overlay.journal?.records.length).toBeGreaterThan(10);
    if (synchronous === 'FULL') expect(overlay.journal?.headers.length).toBeGreaterThan(1);
    const pairs = Array.from({ length: 20 }, (_, i) => ({
      database,
      journal: i === 0 ? journal : damaged(journal, dice),
    }));
    for (const [i, file] of rolledBack(pairs).entries()) {
      const { journal } = pairs[i] as (typeof pairs)[0];
      const ours = overlayOf(sourceOf(database), undefined, sourceOf(journal));
      expect(equalBytes(allOf(ours), file), `${i}: ${ours.notes}`).toBe(true);
    }
  },
);
