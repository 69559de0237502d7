// The lens on hand-made bytes, on the fixtures that the real SQLite wrote, and on damage.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bytesOfHex, hexOf } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import type { Rowid } from './events.ts';
import { anatomy, localSize, Page, pagesOf, type Region } from './page.ts';
import { readRecord, recordOf, valueIn, writeRecord } from './record.ts';
import { readRowid, readSize, sizeOfVarint, varintSize, writeVarint } from './varint.ts';

const FIXTURES = `${process.env.FIXTURES ?? `${import.meta.dirname}/fixtures`}/sqlite`;
const hex = (text: string): Uint8Array => bytesOfHex(text.replaceAll(' ', '')) as Uint8Array;

describe('varint', () => {
  const vectors: [Rowid, string][] = [
    [0, '00'],
    [127, '7f'],
    [128, '8100'],
    [300, '822c'],
    [16384, '818000'],
    [2 ** 32 - 1, '8fffffff7f'],
    [2 ** 53 - 1, '8fffffffffffff7f'],
    [2n ** 53n, '9080808080808000'],
    [2n ** 56n, '80c080808080808000'],
    [2n ** 63n - 1n, 'bfffffffffffffffff'],
    [-1, 'ffffffffffffffffff'],
    [-(2n ** 63n), 'c08080808080808000'],
  ];
  test.each(vectors)('%s is %s', (value, digits) => {
    const bytes = new Uint8Array(9);
    const size = writeVarint(bytes, 0, value);
    expect(hexOf(bytes.subarray(0, size))).toBe(digits);
    expect(sizeOfVarint(value)).toBe(size);
    expect(varintSize(bytes, 0)).toBe(size);
    expect(readRowid(bytes, 0)).toBe(value);
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) expect(readSize(bytes, 0)).toBe(value);
  });

  test('every power of two and its neighbours come back', () => {
    for (let bit = 0n; bit < 63n; bit++)
      for (const off of [-1n, 0n, 1n])
        for (const sign of [1n, -1n]) {
          const big = BigInt.asIntN(64, sign * (2n ** bit + off));
          const value = Number.isSafeInteger(Number(big)) ? Number(big) : big;
          const bytes = new Uint8Array(9);
          writeVarint(bytes, 0, value);
          expect(readRowid(bytes, 0)).toBe(value);
        }
  });
});

describe('record', () => {
  test('the worked example decodes', () => {
    const record = readRecord(hex('07 00 11 02 07 08 09 6162 012c 3ff8000000000000'));
    expect(record.columns.map((column) => column.value)).toEqual([null, 'ab', 300, 1.5, 0, 1]);
    expect(record.columns.map((column) => column.type)).toEqual([
      'null',
      'text',
      'integer',
      'real',
      'integer',
      'integer',
    ]);
  });

  test('a value of kv comes back as text or as bytes', () => {
    for (const value of ['', 'Mariana', 'ñ😀', new Uint8Array([0, 255]), 'x'.repeat(5000)])
      expect(valueIn(recordOf(value))).toEqual(value);
  });

  test('integers of every width come back', () => {
    const values = [0, 1, -1, 127, -128, 128, 32767, 2 ** 23, -(2 ** 31), 2 ** 40, 2n ** 62n];
    expect(readRecord(writeRecord(values)).columns.map((column) => column.value)).toEqual(values);
  });

  test('UTF-16 in both orders', () => {
    expect(readRecord(hex('0217 6100 e900 0000').slice(0, 8), 'UTF-16le').columns[0]?.value).toBe(
      'aé',
    );
    expect(readRecord(hex('0215 0061 00e9'), 'UTF-16be').columns[0]?.value).toBe('aé');
  });

  test('a record that is cut says so and shows what is there', () => {
    const [, column] = readRecord(recordOf('Puerto Rico').subarray(0, 9)).columns;
    expect(column).toMatchObject({ value: 'Puerto', cut: true });
  });
});

test('how much of a payload stays local, at the thresholds', () => {
  expect([localSize(477, 512, true), localSize(478, 512, true)]).toEqual([477, 39]);
  expect([localSize(102, 512, false), localSize(103, 512, false)]).toEqual([102, 39]);
  expect(localSize(547, 512, true)).toBe(39);
  expect(localSize(548, 512, true)).toBe(40);
});

test('the worked example: a leaf with the row 25 "Mariana"', () => {
  const bytes = new Uint8Array(512);
  bytes.set(hex('0d 0000 0001 01f4 00 01f4'), 0);
  bytes.set(hex('0a19 03001b'), 500);
  bytes.set(hex('4d617269616e61'), 505);
  const page = new Page(bytes, 5);
  expect(page.kind).toBe('table leaf');
  const cell = page.cell(0);
  expect(cell).toEqual({
    index: 0,
    offset: 500,
    size: 12,
    key: 25,
    payloadSize: 10,
    payloadFrom: 502,
    payloadTo: 512,
  });
  expect(page.record(cell)?.columns[1]?.value).toBe('Mariana');
  expect(page.freeBytes).toBe(490);
  expect([page.search(24), page.search(25), page.search(26)]).toEqual([0, 0, 1]);
  expect(anatomy(bytes, 5, 'leaf').map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ['page header', 0, 8],
    ['pointers', 8, 10],
    ['gap', 10, 500],
    ['cell', 500, 512],
  ]);
});

/** Where the tiling breaks; undefined where every byte has one region and fields keep to theirs. */
function breakOf(regions: readonly Region[], size: number): string | undefined {
  let at = 0;
  for (const { from, to, kind, fields } of regions) {
    if (from !== at || to <= from) return `${kind} ${from}..${to} after ${at}`;
    for (const field of fields ?? [])
      if (field.from < from || field.to > to) return `${field.name} leaves ${kind} at ${from}`;
    at = to;
  }
  return at === size ? undefined : `ends at ${at}`;
}

const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.db'));

describe.each(names)('%s, as the real SQLite wrote it', (name) => {
  const file = new Uint8Array(readFileSync(`${FIXTURES}/${name}`));
  const size = new Page(file, 1) && ((file[16] as number) << 8) + (file[17] as number);
  const read = (bytes: Uint8Array) => (page: number) =>
    bytes.subarray((page - 1) * size, page * size);
  // What this file holds alone is unsound: its journal or its log belongs to it.
  const isWhole = !existsSync(`${FIXTURES}/${name}-journal`);

  test('every page has one use, and its regions tile it', () => {
    const survey = pagesOf(read(file), file.length / size);
    if (isWhole) {
      expect(survey.faults).toEqual([]);
      expect([...survey.uses.values()].filter((use) => use.role === 'unused')).toEqual([]);
    }
    for (const [page, use] of survey.uses) {
      const regions = anatomy(read(file)(page), page, use.role, {
        usable: survey.header.usable,
        ...(use.payload !== undefined && { payload: use.payload }),
      });
      expect(breakOf(regions, size)).toBeUndefined();
      if (isWhole) expect(regions.filter((region) => region.fault)).toEqual([]);
    }
  });

  test('with flipped bits nothing throws, and the regions still tile', () => {
    const dice = new Dice(17);
    for (let round = 0; round < 20; round++) {
      const bad = file.slice();
      for (let flips = 0; flips < 20; flips++) bad[dice.below(bad.length)] = dice.below(256);
      const survey = pagesOf(read(bad), bad.length / size);
      for (const page of [1, 2, 1 + dice.below(bad.length / size)])
        for (const role of ['leaf', 'interior', 'trunk', 'overflow', 'ptrmap'] as const)
          expect(
            breakOf(anatomy(read(bad)(page), page, role, { usable: survey.header.usable }), size),
          ).toBeUndefined();
    }
  });
});
