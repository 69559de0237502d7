// A metric over the run as a line: points for an SVG path, and the same in words. No DOM.

import { linear } from './scale.ts';

/** Of a drawing, in pixels. */
export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

export const PLOT: PlotSize = { width: 120, height: 32 };
/** Of what was measured beside what theory says. */
export const WIDE: PlotSize = { width: 304, height: 84 };
/** Room for the stroke and the playhead's ends. */
const EDGE = 2;

export interface Plot {
  readonly path: string;
  readonly first: number;
  readonly last: number;
  readonly least: number;
  readonly most: number;
  /** Index of the moment at which it was first seen at its greatest. */
  readonly peak: number;
  /** The other line, on the same scales. */
  readonly beside?: Pick<Plot, 'path' | 'first' | 'last' | 'least' | 'most'>;
}

const xScale = (length: number, { width }: PlotSize) =>
  linear([0, Math.max(1, length - 1)], [EDGE, width - EDGE]);
const within = (index: number, length: number): number =>
  Math.min(Math.max(0, length - 1), Math.max(0, index));

export const xOf = (index: number, length: number, size = PLOT): number =>
  xScale(length, size)(within(index, length));

export const indexAt = (x: number, length: number, size = PLOT): number =>
  within(Math.round(xScale(length, size).invert(x)), length);

type Values = readonly (number | undefined)[];

/**
 * Nothing when the metric was counted at no moment. Where it was not, the line has a gap. `beside`: what
 * theory says at the same moments.
 */
export function plotOf(
  moments: readonly number[],
  values: Values,
  length: number,
  size = PLOT,
  beside?: Values,
): Plot | undefined {
  const own = extentOf(moments, values);
  if (!own) return undefined;
  const other = beside && extentOf(moments, beside);
  const low = Math.min(own.least, other?.least ?? own.least);
  const high = Math.max(own.most, other?.most ?? own.most);
  const y = linear(low === high ? [low - 1, high + 1] : [low, high], [size.height - EDGE, EDGE]);
  const x = xScale(length, size);
  const round = (value: number) => Math.round(value * 10) / 10;
  const pathOf = (values: Values): string => {
    let path = '';
    let isPenDown = false;
    for (const [i, moment] of moments.entries()) {
      const value = values[i];
      if (value !== undefined)
        path += `${isPenDown ? 'L' : 'M'}${round(x(moment))},${round(y(value))}`;
      isPenDown = value !== undefined;
    }
    return path;
  };
  return {
    path: pathOf(values),
    ...own,
    ...(beside && other && { beside: { path: pathOf(beside), ...other } }),
  };
}

function extentOf(moments: readonly number[], values: Values) {
  const points = moments.flatMap((moment, i) => {
    const value = values[i];
    return value === undefined ? [] : [{ moment, value }];
  });
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return undefined;
  let [low, high] = [first, first];
  for (const point of points) {
    if (point.value < low.value) low = point;
    if (point.value > high.value) high = point;
  }
  return {
    first: first.value,
    last: last.value,
    least: low.value,
    most: high.value,
    peak: high.moment,
  };
}

/** The plot in words; `show` writes a value with its unit. */
export function plotText(
  plot: Pick<Plot, 'first' | 'last' | 'least' | 'most'>,
  show: (value: number) => string,
): string {
  if (plot.least === plot.most) return `${show(plot.most)} throughout`;
  const ends = `from ${show(plot.first)} to ${show(plot.last)}`;
  const inside =
    plot.most > Math.max(plot.first, plot.last) || plot.least < Math.min(plot.first, plot.last)
      ? `, between ${show(plot.least)} and ${show(plot.most)}`
      : '';
  return ends + inside;
}
