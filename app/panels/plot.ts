// A metric over the run as a line: points for an SVG path, and the same in words. No DOM.

import { line, scaleLinear } from 'd3';

export const PLOT = { width: 120, height: 32 } as const;
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
}

const xScale = (length: number) =>
  scaleLinear()
    .domain([0, Math.max(1, length - 1)])
    .range([EDGE, PLOT.width - EDGE])
    .clamp(true);

export const xOf = (index: number, length: number): number => xScale(length)(index);

export const indexAt = (x: number, length: number): number =>
  Math.min(Math.max(0, length - 1), Math.round(xScale(length).invert(x)));

/** Nothing when the metric was counted at no moment. Where it was not, the line has a gap. */
export function plotOf(
  moments: readonly number[],
  values: readonly (number | undefined)[],
  length: number,
): Plot | undefined {
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
  const flat = low.value === high.value;
  const y = scaleLinear()
    .domain(flat ? [low.value - 1, high.value + 1] : [low.value, high.value])
    .range([PLOT.height - EDGE, EDGE]);
  const x = xScale(length);
  const round = (value: number) => Math.round(value * 10) / 10;
  const path = line<number>()
    .defined((i) => values[i] !== undefined)
    .x((i) => round(x(moments[i] as number)))
    .y((i) => round(y(values[i] as number)))([...moments.keys()]);
  return {
    path: path ?? '',
    first: first.value,
    last: last.value,
    least: low.value,
    most: high.value,
    peak: high.moment,
  };
}

/** The plot in words; `show` writes a value with its unit. */
export function plotText(plot: Plot, show: (value: number) => string): string {
  if (plot.least === plot.most) return `${show(plot.most)} throughout`;
  const ends = `from ${show(plot.first)} to ${show(plot.last)}`;
  const inside =
    plot.most > Math.max(plot.first, plot.last) || plot.least < Math.min(plot.first, plot.last)
      ? `, between ${show(plot.least)} and ${show(plot.most)}`
      : '';
  return ends + inside;
}
