// The `file` line: what is written is read back, and what is not such a line is told with its column.

import { expect, test } from 'vitest';
import { fileIn, fileLine, readFile, whyAnother } from './file.ts';
import type { ForeignFile } from './lab.ts';
import { wordsOf } from './words.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const alone: ForeignFile = { name: 'my db.sqlite', sha256: A, size: 68608 };
const both: ForeignFile = {
  ...alone,
  beside: { wal: { sha256: B, size: 32520 }, journal: { sha256: A, size: 0 } },
};

test.each([
  [alone, `file "my db.sqlite" ${A} 68608`],
  [both, `file "my db.sqlite" ${A} 68608 wal ${B} 32520 journal ${A} 0`],
  [{ name: 'x', size: 7 }, 'file x unhashed 7'],
] as const)('%j is written and read', (file, line) => {
  expect(fileLine(file)).toBe(line);
  expect(readFile(wordsOf(line))).toEqual(file);
  expect(fileIn(`# prose\nlab btree\n${line}\nget 1\n`)).toEqual(file);
});

test('a text without a file asks for none', () => {
  expect(fileIn('lab btree\nput 1 "file a"\n---\nfile x unhashed 7\n')).toBeUndefined();
});

test.each([
  ['file a', 6, 'expected file NAME SHA256 SIZE'],
  [`file a ${A}`, 8, 'expected file NAME SHA256 SIZE'],
  ['file a b 3', 8, 'a SHA-256 is 64 hexadecimal digits'],
  [`file a ${A} -3`, 73, 'a size is a whole number from 0 to 9007199254740991; found -3'],
  [`file a ${A} 3 log ${A} 3`, 75, 'found log'],
  [`file a ${A} 3 wal ${A}`, 75, 'found wal'],
  [`file a ${A} 3 journal ${A} 3 wal ${A} 3`, 150, 'found wal'],
  [`file a ${A} 3 wal ${A} 3 wal ${A} 3`, 146, 'found wal'],
])('%s is told in one line', (line, column, words) => {
  let complaint: unknown;
  try {
    readFile(wordsOf(line));
  } catch (thrown) {
    complaint = thrown;
  }
  expect(complaint).toMatchObject({ place: { column }, message: expect.stringContaining(words) });
});

test('another file than the one that was meant is refused in a sentence', () => {
  const given = { ...alone, name: 'given.db' };
  expect(whyAnother(alone, given)).toBeUndefined();
  expect(whyAnother({ name: 'x', size: 68608 }, given)).toBeUndefined();
  expect(whyAnother({ ...alone, size: 1 }, given)).toBe(
    'given.db has 68608 bytes; the scenario was made with 1',
  );
  expect(whyAnother({ ...alone, sha256: B }, given)).toBe(
    'given.db is not the file that the scenario was made with: its hash differs',
  );
  expect(whyAnother(both, alone)).toBe(
    'the scenario was made with my db.sqlite-wal beside the database: give both',
  );
  expect(whyAnother(alone, both)).toBe(
    'the scenario was made without my db.sqlite-wal: leave it out',
  );
  const other = { ...both, beside: { ...both.beside, wal: { sha256: A, size: 32520 } } };
  expect(whyAnother(both, other)).toBe(
    'my db.sqlite-wal is not the file that the scenario was made with: its hash differs',
  );
});
