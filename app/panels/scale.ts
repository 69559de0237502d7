// Numbers to places on a drawing and back. A plot needs no more of a scale than this, and d3's weighs as
// much as all of the rest of a panel.

export interface Scale {
  (value: number): number;
  /** The value at a place. */
  readonly invert: (place: number) => number;
}

type Span = readonly [from: number, to: number];

/** What `domain` spans is drawn over `range`; beyond its ends it goes on. */
export function linear([from, to]: Span, [start, end]: Span): Scale {
  const rate = (end - start) / (to - from);
  const scale = (value: number) => start + (value - from) * rate;
  return Object.assign(scale, { invert: (place: number) => from + (place - start) / rate });
}

/** Equal factors are equal steps. Values above 0. */
export function logarithmic([from, to]: Span, range: Span): Scale {
  const scale = linear([Math.log(from), Math.log(to)], range);
  return Object.assign((value: number) => scale(Math.log(value)), {
    invert: (place: number) => Math.exp(scale.invert(place)),
  });
}
