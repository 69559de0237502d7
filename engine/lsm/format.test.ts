// The formats, each against its published vectors, against its own reader, and against damage.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfHex, compareBytes, hexOf, utf8 } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import { Dice } from '../base/dice.ts';
import { Disk } from '../disk/disk.ts';
import { decodeBatch, encodeBatch } from './batch.ts';
import { BLOCK_TRAILER, Block, BlockBuilder, placeOf } from './block.ts';
import { buildFilter, falsePositiveRate, hash, mayContain, probesFor } from './filter.ts';
import theory from './fixtures/theory.json' with { type: 'json' };
import {
  decodeEdit,
  encodeEdit,
  logName,
  manifestName,
  parseFileName,
  readCurrent,
  tableName,
  type VersionEdit,
} from './format.ts';
import { compareInternal, internalKey, sequenceOf, shortSeparator, shortSuccessor } from './key.ts';
import { frameRecord, LOG_BLOCK, maskCrc, readLog } from './log.ts';
import { addToSkipList, createSkipList, heightFor, SkipList } from './skiplist.ts';
import { unsnappy } from './snappy.ts';
import { Table, TableBuilder } from './table.ts';
import { readVarint, sizeOfVarint, Writer } from './varint.ts';

const bytes = (hex: string): Uint8Array => bytesOfHex(hex.replaceAll(' ', '')) as Uint8Array;
const key = (text: string, sequence = 1, type: 0 | 1 = 1) =>
  internalKey(utf8(text), sequence, type);

describe('numbers and checksums', () => {
  test('varints as the format has them, and back', () => {
    expect(hexOf(new Writer().varint(300).copy())).toBe('ac02');
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 53 - 1 }), (value) => {
        const out = new Writer().varint(value).copy();
        expect(out.length).toBe(sizeOfVarint(value));
        expect(readVarint(out, 0)).toBe(value);
      }),
    );
  });

  test('CRC-32C, plain and masked', () => {
    expect(crc32c(utf8('123456789'))).toBe(0xe3069283);
    expect(crc32c(utf8('foo'))).toBe(0xcfc4ae1d);
    // Bit by bit, over every length and place of a word.
    const bytes = Uint8Array.from({ length: 310 }, (_, i) => Math.imul(i, 2654435761) >>> 13);
    for (let from = 0; from < 5; from++) {
      let crc = 0xffffffff;
      for (let to = from; to <= bytes.length; to++) {
        expect(crc32c(bytes, from, to)).toBe(~crc >>> 0);
        crc ^= bytes[to] ?? 0;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
    }
    expect(maskCrc(0xcfc4ae1d)).toBe(0xfebe8a61);
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), (data, at) => {
        const cut = data.length === 0 ? 0 : at % data.length;
        const first = crc32c(data, 0, cut);
        expect(crc32c(data, cut, data.length, first)).toBe(crc32c(data));
      }),
    );
  });
});

describe('log', () => {
  test('a batch in a log, byte by byte', () => {
    const batch = encodeBatch(1, [{ key: utf8('k'), value: utf8('v') }]);
    expect(hexOf(frameRecord(batch, 0))).toBe(
      'e75a4d001100010100000000000000010000000101 6b0176'.replace(' ', ''),
    );
  });

  const sizes = fc.array(
    fc.oneof(fc.nat(300), fc.integer({ min: 32700, max: 32800 }), fc.nat(90_000)),
    {
      minLength: 1,
      maxLength: 6,
    },
  );

  function logOf(lengths: readonly number[]) {
    const records = lengths.map((length, i) => new Uint8Array(length).fill(i + 1));
    const out = new Writer();
    const ends = records.map((record) => {
      out.raw(frameRecord(record, out.length));
      return out.length;
    });
    return { records, ends, log: out.copy() };
  }

  test('records of any length come back, whatever block ends they meet', () => {
    fc.assert(
      fc.property(sizes, (lengths) => {
        const { records, ends, log } = logOf(lengths);
        const found = readLog(log);
        expect(found.damage).toEqual([]);
        expect(found.records.map(({ data }) => data.length)).toEqual(lengths);
        expect(found.records.map(({ end }) => end)).toEqual(ends);
        found.records.forEach(({ data }, i) => {
          expect(compareBytes(data, records[i] as Uint8Array)).toBe(0);
        });
      }),
      { numRuns: 40 },
    );
    // Seven bytes left in a block are filled by a FIRST without data.
    const { log } = logOf([LOG_BLOCK - 14, 5]);
    expect(readLog(log).records[1]?.fragments.map(({ type, length }) => [type, length])).toEqual([
      ['first', 0],
      ['last', 5],
    ]);
  });

  test('cut off anywhere it ends in silence with every whole record', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (lengths, at) => {
        const { ends, log } = logOf(lengths);
        const cut = at % (log.length + 1);
        const found = readLog(log.subarray(0, cut));
        expect(found.records.length).toBe(ends.filter((end) => end <= cut).length);
        expect(found.damage.every(({ isTail }) => isTail)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('a flipped bit costs at most the rest of its block, and is named', () => {
    const { log } = logOf([100, 100, 40_000, 100]);
    for (const at of [3, 10, 150, 20_000, 33_000]) {
      const bad = log.slice();
      bad[at] = (bad[at] as number) ^ 4;
      const found = readLog(bad);
      expect(found.damage.length).toBeGreaterThan(0);
      expect(found.records.length).toBeLessThan(4);
      // What lies in the block behind the damaged one is read.
      if (at < LOG_BLOCK) expect(found.records.at(-1)?.data.length).toBe(100);
    }
  });
});

test('a batch says what it holds, and a damaged one is told as such', () => {
  const operations = [
    { key: utf8('a'), value: utf8('1') },
    { key: utf8('b'), value: undefined },
    { key: new Uint8Array(0), value: new Uint8Array(0) },
  ];
  const record = encodeBatch(7, operations);
  const batch = decodeBatch(record);
  expect(batch.damage).toBeUndefined();
  expect(batch.entries.map(({ sequence, type }) => [sequence, type])).toEqual([
    [7, 1],
    [8, 0],
    [9, 1],
  ]);
  for (let cut = 0; cut < record.length; cut++)
    expect(decodeBatch(record.subarray(0, cut)).damage, `${cut} bytes`).toBeDefined();
});

describe('keys', () => {
  test('the tag, and the order', () => {
    expect(hexOf(key('k', 5))).toBe('6b0105000000000000');
    expect(sequenceOf(key('k', 2 ** 40 + 3))).toBe(2 ** 40 + 3);
    const ordered = [key('a', 9), key('a', 3, 0), key('a', 2), key('ab', 1), key('b', 4)];
    expect([...ordered].reverse().sort(compareInternal)).toEqual(ordered);
  });

  test('separators lie between, successors do not lie before', () => {
    const text = fc.uint8Array({ max: 255, maxLength: 5 });
    fc.assert(
      fc.property(text, text, fc.nat(5), fc.nat(5), (one, two, m, n) => {
        const pair = [internalKey(one, m + 1, 1), internalKey(two, n + 1, 1)].sort(compareInternal);
        const [a, b] = pair as [Uint8Array, Uint8Array];
        if (compareInternal(a, b) === 0) return;
        const between = shortSeparator(a, b);
        expect(compareInternal(a, between)).toBeLessThanOrEqual(0);
        expect(compareInternal(between, b)).toBeLessThan(0);
        expect(between.length).toBeLessThanOrEqual(a.length);
        expect(compareInternal(b, shortSuccessor(b))).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('filters', () => {
  test('the hash and a filter as LevelDB has them', () => {
    const known = {
      '': 0xbc9f1d34,
      a: 0x286e9db0,
      ab: 0x39aca330,
      abc: 0x855d012f,
      hello: 0xf795964e,
    };
    for (const [text, value] of Object.entries(known)) expect(hash(utf8(text))).toBe(value);
    const hashes = ['hello', 'world'].map((text) => hash(utf8(text)));
    expect(hexOf(buildFilter(hashes, 10))).toBe('114000414410401006');
  });

  test.each(theory.filter(({ id }) => id.startsWith('bloom-fpr')))('$id', ({ id, expected }) => {
    const bits = Number(/(\d+)bits/.exec(id)?.[1]);
    const k = Number(/k(\d+)$/.exec(id)?.[1]);
    // LevelDB rounds k down (0.69 bits), the formula's best may be one more.
    expect([k, k - 1]).toContain(probesFor(bits));
    const rate = falsePositiveRate(bits);
    expect(rate).toBeLessThan(1.12 * (expected as number));
    const n = 2000;
    const filter = buildFilter(
      Array.from({ length: n }, (_, i) => hash(utf8(`in${i}`))),
      bits,
    );
    for (let i = 0; i < n; i++) expect(mayContain(filter, utf8(`in${i}`))).toBe(true);
    const asked = Math.ceil(60 / rate);
    let wrong = 0;
    for (let i = 0; i < asked; i++) if (mayContain(filter, utf8(`out${i}`))) wrong++;
    // Double hashing with 32 bits costs a little beyond the binomial spread.
    expect(Math.abs(wrong / asked - rate)).toBeLessThan(0.2 * rate + 4 * Math.sqrt(rate / asked));
  });
});

describe('skip list', () => {
  const n = 4096;
  const disk = new Disk();
  const arena = disk.open('memtable', 'memory', 4096);
  createSkipList(arena);
  const list = new SkipList(arena);
  const dice = new Dice(3);
  const keys = Array.from({ length: n }, (_, i) => key(`key${dice.below(10_000_000)}`, i + 1));
  keys.forEach((one, i) => {
    addToSkipList(list, arena, one, utf8(`value ${i}`), heightFor(3, i + 1));
  });

  test('is in order both ways, and finds what is there and the next of what is not', () => {
    const sorted = [...keys].sort(compareInternal);
    expect([...list.all()].map(({ key }) => hexOf(key))).toEqual(sorted.map(hexOf));
    for (let i = 1; i < 200; i++) {
      expect(hexOf(list.keyOf(list.seek(sorted[i] as Uint8Array)))).toBe(
        hexOf(sorted[i] as Uint8Array),
      );
      expect(hexOf(list.keyOf(list.seekBefore(sorted[i] as Uint8Array)))).toBe(
        hexOf(sorted[i - 1] as Uint8Array),
      );
    }
    expect(list.entries).toBe(n);
  });

  test('has as many pointers and steps as Pugh expects', () => {
    const of = (id: string) =>
      theory.find((one) => one.id.startsWith(id)) as (typeof theory)[number];
    const pointers = [...list.all()].reduce((sum, { height }) => sum + height, 0) / n;
    expect(Math.abs(pointers - 4 / 3)).toBeLessThan((3 * 0.67) / Math.sqrt(n));
    let steps = 0;
    for (const one of keys) {
      list.seek(one);
      steps += list.steps;
    }
    const bound = of('skiplist-search-comparisons-p0.25').expected as number;
    expect(steps / n).toBeLessThan(bound);
    expect(steps / n).toBeGreaterThan(0.6 * bound);
  });

  test('entries longer than a chunk of the arena are whole', () => {
    const small = new Disk().open('memtable', 'memory', 512);
    createSkipList(small);
    const long = new SkipList(small);
    for (let i = 0; i < 30; i++)
      addToSkipList(
        long,
        small,
        key(`k${i}`.repeat(i + 1)),
        new Uint8Array(97 * i).fill(i),
        1 + (i % 5),
      );
    for (const node of long.all())
      expect(node.value.every((byte) => 97 * byte === node.value.length)).toBe(true);
    expect([...long.all()].length).toBe(30);
  });
});

describe('block and table', () => {
  test('the worked example', () => {
    const builder = new BlockBuilder(2);
    for (const [i, text] of ['fig', 'figs', 'grape'].entries())
      builder.add(utf8(text), Uint8Array.of(i + 1));
    expect(hexOf(builder.seal().subarray(0, -BLOCK_TRAILER))).toBe(
      hexOf(
        bytes('000301 666967 01  030101 73 02  000501 6772617065 03  00000000 0c000000 02000000'),
      ),
    );
  });

  const options = { blockSize: 200, restartInterval: 3, bitsPerKey: 10, filterLg: 7 };
  function tableOf(entries: readonly (readonly [Uint8Array, Uint8Array])[], more = {}) {
    const out = new Writer();
    const builder = new TableBuilder({ ...options, ...more }, (part) => out.raw(part));
    for (const [k, v] of entries) builder.add(placeOf(k, v));
    expect(builder.finish()).toBe(out.length);
    return out.copy();
  }
  const entries = Array.from({ length: 300 }, (_, i) => {
    const user = `user${String(Math.floor(i / 2) * 7).padStart(5, '0')}`;
    return [key(user, i % 2 === 0 ? 500 - i : 100), utf8(`value of ${i}`)] as const;
  });
  const file = tableOf(entries);

  test('gives back what went in, by walk and by search', () => {
    const table = new Table(file);
    expect(table.damage).toEqual([]);
    expect([...table.all()].map((one) => hexOf(one.key))).toEqual(entries.map(([k]) => hexOf(k)));
    for (const [k, v] of entries) {
      const block = table.blockFor(k);
      expect(table.filterSays(block, k.subarray(0, k.length - 8))).toBe('maybe');
      const { entry } = table.seek(block, k);
      expect(entry && hexOf(entry.value)).toBe(hexOf(v));
    }
    let no = 0;
    for (let i = 0; i < 300; i++)
      if (table.filterSays(i % table.blocks, utf8(`absent${i}`)) === 'no') no++;
    expect(no).toBeGreaterThan(285);
  });

  test('a flipped bit anywhere is named, and never more than its block is lost', () => {
    for (let at = 0; at < file.length - 48; at += 11) {
      const bad = file.slice();
      bad[at] = (bad[at] as number) ^ 16;
      const table = new Table(bad);
      const damaged = Array.from({ length: table.blocks }, (_, block) => table.damageOf(block));
      expect([...table.damage, ...damaged.filter(Boolean)].length, `byte ${at}`).toBeGreaterThan(0);
      for (const text of table.damage) expect(text).not.toMatch(/undefined|NaN/);
    }
    for (let cut = 0; cut < file.length; cut += 37)
      expect(new Table(file.subarray(0, cut)).damage.length).toBeGreaterThan(0);
  });

  test('bytes of no table at all are no more than damage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const withEnd = new Writer()
          .raw(noise)
          .raw(file.subarray(file.length - 8))
          .copy();
        expect(new Table(withEnd).damage.length).toBeGreaterThan(0);
        expect(new Block(noise).entries().entries.length).toBeLessThan(noise.length + 1);
        expect(typeof unsnappy(noise) === 'string' || noise.length > 0).toBe(true);
        decodeEdit(noise);
        decodeBatch(noise);
      }),
    );
  });
});

test('snappy: the worked example, overlaps, and claims that cannot be true', () => {
  expect(unsnappy(bytes('0c 08 616263 15 03'))).toEqual(utf8('abcabcabcabc'));
  expect(unsnappy(bytes('ffffffff0f 00'))).toMatch(/more than/);
  expect(unsnappy(bytes('04 15 03'))).toMatch(/does not fit/);
});

test('edits of a version come back field by field', () => {
  const edit: VersionEdit = {
    comparator: 'leveldb.BytewiseComparator',
    logNumber: 3,
    previousLog: 0,
    nextFile: 2 ** 33,
    lastSequence: 99,
    pointers: [{ level: 2, key: key('p', 4) }],
    removed: [{ level: 0, number: 5 }],
    added: [
      { level: 1, file: { number: 7, size: 1234, smallest: key('a', 9), largest: key('z', 2) } },
    ],
  };
  expect(decodeEdit(encodeEdit(edit))).toEqual({ edit, damage: undefined });
  expect(hexOf(encodeEdit({ logNumber: 3, previousLog: 0, nextFile: 4, lastSequence: 0 }))).toBe(
    '0203090003040400',
  );
  expect(decodeEdit(bytes('0801')).damage).toMatch(/field 8/);
  expect(decodeEdit(bytes('060905')).damage).toMatch(/level 9/);
});

test('names of files', () => {
  for (const [name, kind, number] of [
    [tableName(5), 'table', 5],
    ['000005.sst', 'table', 5],
    [logName(1234567), 'log', 1234567],
    [manifestName(2), 'manifest', 2],
    ['CURRENT', 'current', 0],
    ['LOCK', 'other', 0],
    ['MANIFEST-000002.ldb', 'other', 0],
  ] as const)
    expect(parseFileName(name), name).toEqual({ kind, number });
  expect(readCurrent(utf8('MANIFEST-000002'))).toEqual({
    damage: 'CURRENT does not end with a line feed',
  });
  expect(readCurrent(utf8('MANIFEST-000002\n'))).toEqual({ manifest: 'MANIFEST-000002' });
});
