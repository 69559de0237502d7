// Amplification: the model in sizes against the simulated figures of the oracle, and each strategy of the
// engine against the model, on the same two loads.

import { describe, expect, test } from 'vitest';
import { utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { Disk } from '../disk/disk.ts';
import {
  type Amplification,
  type AmplificationPoint,
  amplificationSeries,
  expectedAmplification,
  keysDrawnFrom,
} from './amplification.ts';
import { createDatabase, Db, type Options } from './db.ts';
import { STRATEGIES, type Strategy } from './events.ts';
import theory from './fixtures/theory.json' with { type: 'json' };

const oracle = (id: string) => theory.find((one) => one.id === id) as (typeof theory)[number];

describe('the model', () => {
  const whole = (T: number, flushes: number) =>
    [
      { memtableSize: 1, level1Size: T, levelRatio: T, level0Trigger: 1, whole: true },
      { flushes, flushBytes: 1, keyBytes: Number.POSITIVE_INFINITY },
    ] as const;

  // The oracle's simulation ends one flush before the last level is full.
  test.each([
    [4, 5],
    [10, 4],
  ])('T = %i, %i levels: as the oracle has simulated it', (T, levels) => {
    const [policy, load] = whole(T, T ** levels - 1);
    const leveled = expectedAmplification({ ...policy, strategy: 'leveled' }, load);
    const simulated = oracle(`lsm-wa-leveled-T${T}-full-merge`);
    // There the flush goes into the first merge, here it is a write of its own.
    expect(leveled.write - 1).toBeCloseTo(simulated.simulated as number, 4);
    expect(Math.abs((leveled.write - 1) / (simulated.expected as number) - 1)).toBeLessThan(0.25);
    const tiered = expectedAmplification({ ...policy, strategy: 'tiered' }, load);
    expect(tiered.write).toBeCloseTo(oracle(`lsm-wa-tiered-T${T}`).simulated as number, 4);
    // T - 1 runs of every tier.
    expect(tiered.read).toBe((T - 1) * levels);
    for (const { space } of [leveled, tiered]) expect(space).toBe(1);
    expect(expectedAmplification({ ...policy, strategy: 'fifo' }, load)).toEqual({
      write: 1,
      read: load.flushes,
      space: 1,
    });
  });

  test('space under overwrites: leveled up to 1 / (T - 1), tiered up to T times', () => {
    const T = 10;
    const [policy] = whole(T, 0);
    const space = (strategy: Strategy) =>
      Array.from({ length: 40 }, (_, n) =>
        expectedAmplification(
          { ...policy, whole: false, strategy },
          // The last level holds all keys and is full of them.
          { flushes: 4000 + 137 * n, flushBytes: 1, keyBytes: T ** 3 },
        ),
      ).map(({ space }) => space - 1);
    const bound = oracle('lsm-space').expected as number;
    const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
    expect(Math.abs(mean(space('leveled')) / bound - 1)).toBeLessThan(0.2);
    expect(mean(space('tiered'))).toBeGreaterThan(1);
    expect(Math.max(...space('tiered'))).toBeLessThan(T);
  });

  test('from how many keys writes were drawn shows in the rows that they left', () => {
    expect(keysDrawnFrom(500, 500)).toBe(Number.POSITIVE_INFINITY);
    const dice = new Dice(8);
    for (const keys of [50, 400, 3000]) {
      const seen = new Set(Array.from({ length: 1000 }, () => dice.below(keys)));
      expect(Math.abs(keysDrawnFrom(1000, seen.size) / keys - 1)).toBeLessThan(0.1);
    }
  });
});

/** A point every few flushes; `keys`: from so many a key is drawn, 0: no key comes twice. */
function played(strategy: Strategy, keys: number): AmplificationPoint[] {
  const [T, size, flushes] = [4, 2048, 160];
  const options: Options = {
    strategy,
    memtableSize: size,
    tableSize: size,
    level1Size: size * T,
    levelRatio: T,
    level0Trigger: T,
    level0Slowdown: 1000,
    level0Stop: 1000,
    allowedSeeks: 1_000_000,
    table: { blockSize: 1024, restartInterval: 16, bitsPerKey: 0, filterLg: 11 },
    sync: 'commit',
    fifoBytes: 0,
    fifoTtl: 0,
    seed: 1,
    sabotage: new Set(),
  };
  const disk = new Disk();
  const value = createDatabase(disk, options);
  const db = new Db(disk, disk.seal(), value, options);
  const dice = new Dice(3);
  const moments: { disk: ReturnType<Disk['seal']>; value: ReturnType<Db['sealed']> }[] = [];
  for (let n = 0; db.counters.flushes < flushes; n++) {
    const before = db.counters.flushes;
    const number = keys === 0 ? Math.imul(n, 0x9e3779b1) >>> 0 : dice.below(keys);
    const key = utf8(`k${String(number).padStart(10, '0')}`);
    db.write([{ key, value: utf8(`value of ${n}`) }]);
    db.written.length = 0;
    const now = db.counters.flushes;
    if (now > before && now % 7 === 0) moments.push({ disk: disk.seal(), value: db.sealed() });
  }
  const points = amplificationSeries(moments);
  expect(points.length).toBe(moments.length);
  return points;
}

/** How far the mean over the second half of a run lies from the model's. */
function apart(points: readonly AmplificationPoint[], what: keyof Amplification): number {
  const half = points.slice(points.length / 2);
  const sum = (of: (point: AmplificationPoint) => Amplification) =>
    half.reduce((sum, point) => sum + of(point)[what], 0);
  return sum(({ measured }) => measured) / sum(({ theory }) => theory) - 1;
}

describe.each(STRATEGIES)('%s lies where theory says', (strategy) => {
  test.each([
    ['distinct keys', 0],
    ['overwrites of 600 keys', 600],
  ])('%s', (_, keys) => {
    const points = played(strategy, keys);
    // Tables of a merge have less of index and footer a byte, so all write a little less than said.
    expect(Math.abs(apart(points, 'write'))).toBeLessThan(strategy === 'leveled' ? 0.2 : 0.1);
    // Where tiers hold all keys several times over, one run that comes early or late counts for much.
    const isFull = strategy === 'tiered' && keys > 0;
    const read = isFull ? 0.2 : strategy === 'leveled' ? 0.15 : 0.05;
    expect(Math.abs(apart(points, 'read'))).toBeLessThan(read);
    expect(Math.abs(apart(points, 'space'))).toBeLessThan(isFull ? 0.3 : 0.05);
    if (keys === 0 && strategy !== 'leveled')
      for (const { measured, theory } of points) expect(measured.read).toBe(theory.read);
    if (keys === 0) for (const { measured } of points) expect(measured.space).toBe(1);
  });
});
