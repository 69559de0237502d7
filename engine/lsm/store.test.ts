// The short way of the LSM tree: against a sorted map, and against the engine as the lab runs it, whose
// files must be the same to the byte.

import { describe, expect, test } from 'vitest';
import { type Bytes, compareBytes, hexOf, textOf, utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { Disk } from '../disk/disk.ts';
import { bytesOfContent, type DiskImage, fileNamed } from '../disk/image.ts';
import { powerCut } from '../disk/power.ts';
import { createDatabase, Db, type Options } from './db.ts';
import { get } from './reads.ts';
import { LEVELDB, type Row, Store } from './store.ts';

const SMALL: Partial<Options> = {
  memtableSize: 2000,
  tableSize: 1500,
  level1Size: 4000,
  levelRatio: 3,
  table: { blockSize: 300, restartInterval: 4, bitsPerKey: 10, filterLg: 8 },
};

/** Keys with much in common, of several lengths, prefixes of each other, the empty one, and bytes at both ends. */
function keyFor(dice: Dice): Bytes {
  const n = dice.below(400);
  if (n < 150) return utf8(`0000${'a'.repeat(n % 5)}${n}`);
  if (n < 300) return utf8('ab'.repeat(n % 20));
  return Uint8Array.from({ length: n % 6 }, (_, i) => ((n >> i) & 1 ? 255 : n % 3));
}

function batches(seed: number, count: number): Row[][] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + dice.below(dice.chance(0.1) ? 200 : 12) }, (): Row => {
      const value = dice.chance(0.8) ? utf8('v'.repeat(dice.below(150))) : undefined;
      return [keyFor(dice), value];
    }),
  );
}

const filesOf = (image: DiskImage): Record<string, string> =>
  Object.fromEntries(
    [...image.names.keys()]
      .filter((name) => fileNamed(image, name)?.kind === 'durable')
      .sort()
      .map((name) => [name, hexOf(bytesOfContent(fileNamed(image, name) as never))]),
  );

describe.each([1, 2, 3, 4])('run %i', (seed) => {
  test('as a sorted map, also when opened again', () => {
    const map = new Map<string, Row>();
    let store = Store.open(undefined, SMALL);
    const dice = new Dice(seed + 70);
    for (const rows of batches(seed, 150)) {
      store.putBatch(rows);
      for (const row of rows)
        if (row[1]) map.set(hexOf(row[0]), row);
        else map.delete(hexOf(row[0]));
      if (dice.chance(0.02)) store.compact();
      if (dice.chance(0.03)) {
        // Closed in order: what was handed to the system arrives.
        store.commit();
        store = Store.open(powerCut(store.image()), SMALL);
      }
      for (let n = 0; n < 5; n++) {
        const key = keyFor(dice);
        expect(store.get(key)).toEqual(map.get(hexOf(key))?.[1]);
      }
      if (!dice.chance(0.2)) continue;
      const [from, to] = [keyFor(dice), keyFor(dice)].sort(compareBytes) as [Bytes, Bytes];
      const found: [string, string][] = [];
      const rowsInRange = store.scan(from, to, ({ key, value }) =>
        found.push([hexOf((key as Bytes).slice(0, -8)), hexOf(value)]),
      );
      const wanted = [...map.values()]
        .filter(([key]) => compareBytes(key, from) >= 0 && compareBytes(key, to) <= 0)
        .map(([key, value]) => [hexOf(key), hexOf(value as Bytes)]);
      expect(found).toEqual(wanted.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)));
      expect(rowsInRange).toBe(found.length);
    }
    for (const [, [key, value]] of map) expect(store.get(key)).toEqual(value);
  });

  test('its files are those of the engine that somebody watches, to the byte', () => {
    const options = { ...LEVELDB, ...SMALL };
    const disk = new Disk();
    const value = createDatabase(disk, options);
    const watched = new Db(disk, disk.seal(), value, options, () => {});
    const store = Store.open(undefined, SMALL);
    for (const rows of batches(seed + 20, 120)) {
      store.putBatch(rows);
      watched.write(rows.map(([key, value]) => ({ key, value })));
      const [key] = rows[0] as Row;
      expect(store.get(key)).toEqual(get(watched, key));
    }
    store.commit();
    watched.commit();
    expect(store.tables.slice(1).some((count) => count > 1)).toBe(true);
    expect(filesOf(store.image())).toEqual(filesOf(disk.seal()));
  });
});

test('a value that was handed out stays what it was, whatever is written and flushed after it', () => {
  const store = Store.open(undefined, SMALL);
  const held: [Bytes, string][] = [];
  for (let n = 0; n < 300; n++) {
    const key = utf8(`key ${n % 7}`);
    store.putBatch([[key, utf8(`${n} `.repeat(20))]]);
    if (n % 3 === 0) held.push([store.get(key) as Bytes, `${n} `.repeat(20)]);
    if (n % 50 === 0)
      store.scan(undefined, undefined, ({ value }) => held.push([value, textOf(value)]));
    if (n === 150) store.compact();
  }
  expect(store.tables.some((count) => count > 0)).toBe(true);
  for (const [value, text] of held) expect(textOf(value)).toBe(text);
});

test('a folder with a table missing is still read, its log too', () => {
  const store = Store.open(undefined, SMALL);
  for (let n = 0; n < 40; n++) store.putBatch([[utf8(`a${n}`), utf8('v'.repeat(60))]]);
  store.compact();
  store.putBatch([[utf8('late'), utf8('in the log')]]);
  store.commit();
  const disk = new Disk(powerCut(store.image()));
  const table = disk.list().find((name) => name.endsWith('.ldb')) as string;
  disk.remove(table);
  const again = Store.open(disk.seal(), SMALL);
  expect(textOf(again.get(utf8('late')) as Bytes)).toBe('in the log');
  expect(again.get(utf8('nobody'))).toBeUndefined();
});
