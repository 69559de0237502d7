import { describe, expect, it } from 'vitest';
import {
  type Figure,
  inTurns,
  plot,
  quantile,
  ratios,
  short,
  summary,
  table,
  verdict,
} from './stats.ts';

describe('a summary', () => {
  it('is the value in the middle, whatever the order', () => {
    expect(summary([9, 1, 5])).toMatchObject({ median: 5, least: 1, most: 9 });
  });
  it('is the mean of the two in the middle of an even number', () => {
    expect(summary([4, 1, 2, 100]).median).toBe(3);
  });
  it('is not moved by one turn that the machine spent elsewhere', () => {
    expect(summary([10, 11, 9, 10, 900]).median).toBe(10);
  });
  it('does not reorder the samples, which are in the order of the turns', () => {
    const samples = [3, 1, 2];
    expect(summary(samples).samples).toEqual([3, 1, 2]);
  });
  it('of nothing is an error', () => {
    expect(() => summary([])).toThrow('no values');
  });
});

it('quantiles lie between values: the 99th of 0..100 is 99, of two values nearly the greater', () => {
  const hundred = Array.from({ length: 101 }, (_, i) => i);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile([0, 1], 0.99)).toBeCloseTo(0.99);
  expect(quantile([7], 0.99)).toBe(7);
});

describe('a ratio', () => {
  it('is taken within a turn, so that a slow turn slows both', () => {
    expect(ratios([20, 200, 20], [10, 100, 10])).toMatchObject({ median: 2, least: 2, most: 2 });
  });
  it('is the median of the ratios, not the ratio of the medians', () => {
    expect(ratios([1, 10, 100], [1, 100, 50]).median).toBe(1);
  });
  it('of unequal numbers of turns is an error', () => {
    expect(() => ratios([1, 2], [1])).toThrow('2 turns against 1');
  });
});

it('variants run in turns, forward and backward, and the first turn counts for nothing', async () => {
  const order: string[] = [];
  let n = 0;
  const run = (name: string) => () => {
    order.push(name);
    return n++;
  };
  const samples = await inTurns(3, { a: run('a'), b: run('b') });
  expect(order.join('')).toBe('ba' + 'ab' + 'ba' + 'ab');
  expect(samples).toEqual({ a: [2, 5, 6], b: [3, 4, 7] });
});

describe('a verdict', () => {
  const one = (value: number) => summary([value]);
  const peer = (ratio: number) => ({ name: 'peer', theirs: one(1), ratio: one(ratio) });
  const figure = { what: 'x', unit: 'ms', ours: one(3) };
  it('judges the ratio where there is a peer, else the median', () => {
    expect(verdict({ ...figure, target: { atMost: 2 } })).toBe('falls short');
    expect(verdict({ ...figure, target: { atMost: 2 }, peer: peer(1.9) })).toBe('holds');
    expect(verdict({ ...figure, target: { atLeast: 2 }, peer: peer(1.9) })).toBe('falls short');
  });
  it('holds at the target itself', () => {
    expect(verdict({ ...figure, target: { atMost: 3 } })).toBe('holds');
    expect(verdict({ ...figure, target: { atLeast: 3 } })).toBe('holds');
  });
  it('allows for how coarse the measuring is, and no more', () => {
    const target = { atLeast: 1, within: 0.03 };
    expect(verdict({ ...figure, target, peer: peer(0.97) })).toBe('holds');
    expect(verdict({ ...figure, target, peer: peer(0.96) })).toBe('falls short');
    expect(verdict({ ...figure, ours: one(1.04), target: { atMost: 1, within: 0.03 } })).toBe(
      'falls short',
    );
  });
  it('of a later issue is information', () => {
    expect(verdict({ ...figure, target: { atMost: 2 }, issue: 3 })).toBe('not yet');
    expect(verdict({ ...figure, target: { atMost: 4 }, issue: 3 })).toBe('would hold');
  });
  it('is silent without a target', () => {
    expect(verdict(figure)).toBe('');
  });
});

it('numbers keep three digits that matter', () => {
  const numbers = [0, 0.01234, 4.5678, 78.95, 999.4, 999.6, 1234.5, 9999, 34_567, 346_789, 1.2e6];
  expect(numbers.map(short).join(' ')).toBe(
    '0 0.0123 4.57 79 999 1,000 1,235 10.0k 34.6k 347k 1.20M',
  );
});

it('the table leaves out columns in which nobody says anything', () => {
  const figure: Figure = { what: 'jump', unit: 'ms', ours: summary([1, 2, 3]) };
  expect(table([figure])).toBe('      unit  ours\njump  ms    2 (1–3)');
  expect(table([{ ...figure, target: { atMost: 2 } }])).toBe(
    '      unit  ours     target\njump  ms    2 (1–3)  ≤ 2     holds',
  );
});

describe('a plot', () => {
  it('has a line a size, and the cost to the right on a logarithmic scale', () => {
    const series = new Map([
      ['ours', [[100, 1] as const, [1_000, 10] as const]],
      ['theirs', [[1_000, 100] as const]],
    ]);
    expect(plot('cost', series, 11)).toBe(
      [
        'cost',
        '      100 a··········',
        '    1,000 ·····a····b',
        '          1       100',
        '          a ours   b theirs',
      ].join('\n'),
    );
  });
});
