// What the plots of the lessons show, measured here as they measure it on the page: the dots lie where
// the formulae say.

import { describe, expect, it } from 'vitest';
import { replay } from '../replay.testing.ts';
import { COSTS, costOf } from './Costs.tsx';
import { blooms, skips, writes } from './lsm-plots.ts';
import { type Plot, samplesOf } from './RunPlot.tsx';

const measured = (plot: Plot) =>
  Promise.all(
    samplesOf(plot).map(async ({ text, x, series }) => ({
      x,
      series: series.name,
      ...(await plot.measure(replay(text))),
    })),
  );
const lawOf = ({ laws }: Plot, x: number): number => laws[0]?.of(x) as number;

describe('lesson 7', () => {
  it('a skip list is searched in fewer steps than Pugh’s bound, and not in far fewer', async () => {
    const dots = await measured(skips);
    for (const { x, y } of dots) {
      expect(y, `${x} keys`).toBeLessThan(lawOf(skips, x));
      if (x >= 64) expect(y / lawOf(skips, x), `${x} keys`).toBeGreaterThan(0.6);
    }
  });

  it('filters are wrong as often as the formula says, within three standard errors', async () => {
    for (const { x, y } of await measured(blooms)) {
      const p = lawOf(blooms, x);
      // A table is not exactly full of keys, so its filter is a little denser or sparser.
      expect(Math.abs(y - p), `${x} bits`).toBeLessThan(
        3 * Math.sqrt((p * (1 - p)) / 7000) + 0.15 * p,
      );
    }
  });

  it('strategies write what theory expects of them, in its order', async () => {
    const dots = await measured(writes);
    for (const { x, series, y, theory } of dots)
      expect(Math.abs(y / (theory as number) - 1), `${series}, ${x} flushes`).toBeLessThan(0.15);
    const last = dots.filter(({ x }) => x === 128).map(({ y }) => y);
    expect(last).toEqual([...last].sort((a, b) => b - a));
  });

  it('who makes writing cheaper makes reading dearer', async () => {
    const costs = await Promise.all(COSTS.map(({ text }) => costOf(replay(text))));
    const [write, read, space] = [0, 1, 2].map((at) =>
      costs.map((cost) => cost[at]?.[0] as number),
    );
    expect(write).toEqual(write?.toSorted((a, b) => b - a));
    expect(read).toEqual(read?.toSorted((a, b) => a - b));
    expect(space?.slice(1)).toEqual(space?.slice(1).toSorted((a, b) => a - b));
    for (const [i, cost] of costs.entries())
      for (const [found, theory] of cost)
        expect(Math.abs(found / theory - 1), COSTS[i]?.strategy).toBeLessThan(0.3);
  });
});
