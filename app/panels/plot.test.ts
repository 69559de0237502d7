import { describe, expect, it } from 'vitest';
import { indexAt, PLOT, plotOf, plotText, WIDE, xOf } from './plot.ts';
import { linear, logarithmic } from './scale.ts';

const points = (path: string) =>
  [...path.matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe('a metric over the run', () => {
  it('stands on the axis of moments, the least value at the foot, the most at the head', () => {
    const plot = plotOf([0, 50, 100], [1, 5, 3], 101);
    expect(points(plot?.path ?? '')).toEqual([
      [2, 30],
      [60, 2],
      [118, 16],
    ]);
    expect(plot).toMatchObject({ first: 1, last: 3, least: 1, most: 5, peak: 50 });
  });

  it('has a gap where nothing was counted, and is nothing where nothing ever was', () => {
    const plot = plotOf([0, 1, 2, 3, 4], [1, 2, undefined, 3, 4], 5);
    expect(plot?.path.match(/M/g)?.length).toBe(2);
    expect(plotOf([0, 1], [undefined, undefined], 2)).toBeUndefined();
  });

  it('runs through the middle when it never changes, also over one moment', () => {
    const plot = plotOf([0, 1], [7, 7], 2);
    expect(points(plot?.path ?? '').map(([, y]) => y)).toEqual([16, 16]);
    expect(plotOf([0], [7], 1)?.path).toMatch(/^M2,16/);
  });

  it('a click finds the moment that the playhead is drawn at', () => {
    for (const length of [1, 2, 63, 118])
      for (let index = 0; index < length; index++)
        expect(indexAt(xOf(index, length), length)).toBe(index);
    expect(indexAt(-50, 63)).toBe(0);
    expect(indexAt(PLOT.width + 50, 63)).toBe(62);
  });

  it('is said in words', () => {
    const say = (values: number[]) =>
      plotText(
        plotOf([...values.keys()], values, values.length) as NonNullable<ReturnType<typeof plotOf>>,
        (value) => `${value} pages`,
      );
    expect(say([1, 2, 3])).toBe('from 1 pages to 3 pages');
    expect(say([0, 4, 0])).toBe('from 0 pages to 0 pages, between 0 pages and 4 pages');
    expect(say([2, 2])).toBe('2 pages throughout');
  });
});

describe('a metric beside what theory says', () => {
  const plot = plotOf([0, 50, 100], [1, 3, 2], 101, WIDE, [undefined, 5, 4]);

  it('both lines stand on one scale, and the other has its own words', () => {
    expect(points(plot?.path ?? '').map(([, y]) => y)).toEqual([82, 42, 62]);
    expect(points(plot?.beside?.path ?? '')).toEqual([
      [152, 2],
      [302, 22],
    ]);
    expect(plot).toMatchObject({ most: 3, peak: 50, beside: { first: 5, last: 4 } });
    expect(plot?.beside && plotText(plot.beside, String)).toBe('from 5 to 4');
  });

  it('a click finds its moment in the wider drawing too', () => {
    for (const length of [1, 62, 200])
      for (let index = 0; index < length; index++)
        expect(indexAt(xOf(index, length, WIDE), length, WIDE)).toBe(index);
  });

  it('without theory it is the line alone', () => {
    expect(plotOf([0, 1], [1, 2], 2, WIDE, [undefined, undefined])?.beside).toBeUndefined();
  });
});

describe('a scale', () => {
  it('goes there and back, in equal steps or in equal factors', () => {
    const even = linear([2, 6], [0, 100]);
    expect([even(2), even(3), even(6), even(7)]).toEqual([0, 25, 100, 125]);
    expect(even.invert(75)).toBe(5);
    const factors = logarithmic([1, 100], [0, 10]);
    expect([1, 10, 100].map(factors)).toEqual([0, 5, 10]);
    expect(factors.invert(5)).toBeCloseTo(10, 9);
  });
});
