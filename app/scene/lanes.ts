// The space-time diagram as plain data: time to the right, a lane an actor, a line a message. A lab
// says what it needs of an event (a Trace); here the traces become lines in scene units, with quiet
// stretches folded: a gap in which nothing happens is not drawn longer than FOLD.
//
//   A ━━━━━●───────●──▶          who did it, and what its lane is from then on
//          ╲        ╲
//   B ──────●        ✕           a message: where it arrives, or that it does not

import type { Tone } from './scene.ts';

export interface Trace {
  /** Microseconds. */
  readonly at: number;
  readonly who?: string;
  readonly tone: Tone;
  readonly sent: readonly { readonly to: string; readonly arrives?: number; readonly tone: Tone }[];
  /** What the lane is from now on: a leader's is thick, a dead node's broken. */
  readonly lane?: {
    readonly who: string;
    readonly style: LaneStyle;
    readonly tone: Tone;
    readonly text?: string;
  };
  /** A word at the place: `crash`. */
  readonly mark?: string;
  /** The sides of the network from now on; empty: it is whole. */
  readonly cut?: readonly string[];
}

export type LaneStyle = 'quiet' | 'candidate' | 'leader' | 'down';

export interface Ray {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly toX: number;
  readonly tone: Tone;
  readonly lost: boolean;
}

export interface Run {
  readonly lane: number;
  readonly x: number;
  /** Infinity: it goes on. */
  readonly toX: number;
  readonly style: LaneStyle;
  readonly tone: Tone;
  readonly text?: string;
}

export interface Diagram {
  readonly lanes: readonly string[];
  /** By event: where it is. Never falls. */
  readonly xs: Float64Array;
  readonly rays: readonly Ray[];
  readonly runs: readonly Run[];
  readonly marks: readonly { readonly x: number; readonly lane: number; readonly text: string }[];
  /** Stretches in which the network is cut. */
  readonly cuts: readonly { readonly x: number; readonly toX: number; readonly text: string }[];
  /** Where time was folded. */
  readonly folds: readonly number[];
  readonly width: number;
}

/** Scene units a millisecond, and how much of a gap is drawn. */
const SCALE = 2.4;
const FOLD_MS = 30;
/** Around an event: two of one moment still stand apart. */
const STEP = 1.4;

export function diagramOf(lanes: readonly string[], traces: readonly Trace[]): Diagram {
  const laneOf = new Map(lanes.map((id, i) => [id, i]));
  const xs = new Float64Array(traces.length);
  const folds: number[] = [];
  let x = 0;
  traces.forEach(({ at }, i) => {
    const gap = i === 0 ? 0 : (at - (traces[i - 1] as Trace).at) / 1000;
    if (gap > FOLD_MS) folds.push(x + (FOLD_MS * SCALE) / 2);
    x += i === 0 ? 0 : STEP + Math.min(gap, FOLD_MS) * SCALE;
    xs[i] = x;
  });
  /** Where a time is: between the events around it. */
  const xOf = (at: number): number => {
    let [low, high] = [0, traces.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((traces[middle] as Trace).at < at) low = middle + 1;
      else high = middle;
    }
    if (low < traces.length) return xs[low] as number;
    const last = traces.at(-1);
    return (xs.at(-1) ?? 0) + Math.min(FOLD_MS, (at - (last?.at ?? at)) / 1000) * SCALE;
  };
  const rays: Ray[] = [];
  const marks: { x: number; lane: number; text: string }[] = [];
  const cuts: { x: number; toX: number; text: string }[] = [];
  const runs: Run[] = [];
  const open = new Map<number, Run>();
  traces.forEach((trace, i) => {
    const here = xs[i] as number;
    const lane = trace.who === undefined ? undefined : laneOf.get(trace.who);
    if (lane !== undefined)
      for (const { to, arrives, tone } of trace.sent) {
        const goal = laneOf.get(to);
        if (goal === undefined) continue;
        const toX = arrives === undefined ? here + 10 * SCALE : Math.max(here + 2, xOf(arrives));
        rays.push({ from: lane, to: goal, x: here, toX, tone, lost: arrives === undefined });
      }
    if (trace.lane) {
      const which = laneOf.get(trace.lane.who);
      const before = which === undefined ? undefined : open.get(which);
      if (which !== undefined && (before?.style ?? 'quiet') !== trace.lane.style) {
        if (before) runs.push({ ...before, toX: here });
        open.set(which, { lane: which, x: here, toX: Number.POSITIVE_INFINITY, ...trace.lane });
      }
    }
    if (trace.mark !== undefined) marks.push({ x: here, lane: lane ?? -1, text: trace.mark });
    if (trace.cut) {
      const last = cuts.at(-1);
      if (last && last.toX === Number.POSITIVE_INFINITY) last.toX = here;
      if (trace.cut.length > 0)
        cuts.push({ x: here, toX: Number.POSITIVE_INFINITY, text: trace.cut.join(' | ') });
    }
  });
  runs.push(...open.values());
  return { lanes, xs, rays, runs, marks, cuts, folds, width: x };
}

/** The event nearest to a place. */
export function eventAt({ xs }: Diagram, x: number): number {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((xs[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  if (low >= xs.length) return xs.length - 1;
  const before = low - 1;
  return before >= 0 && x - (xs[before] as number) < (xs[low] as number) - x ? before : low;
}
