// The space-time diagram as plain data: time to the right, a lane an actor, a line a message. A lab
// says what it needs of an event (a Trace); here the traces become lines in scene units, with quiet
// stretches folded: a gap in which nothing happens is not drawn longer than FOLD.
// And a long stretch of heartbeats and their answers is drawn as a narrow band.
//
//   A ━━━━━●───────●──▶          who did it, and what its lane is from then on
//          ╲        ╲
//   B ──────●        ✕           a message: where it arrives, or that it does not
//   1  ▐ put x 3 ▌               an operation of a client: from its call to its answer

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
  /** Nothing new: a heartbeat, or its answer. */
  readonly quiet?: boolean;
  /** An operation of `who` ends here, in so many words; and another one begins. */
  readonly ends?: string;
  readonly begins?: boolean;
}

/** An operation that has no place in any order: whose, and when it was called. */
export interface Unplaced {
  readonly who: string;
  readonly called: number;
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
  /** Where time was folded: a gap, or a stretch of quiet events and its first. */
  readonly folds: readonly Fold[];
  readonly operations: readonly OperationBar[];
  /** By event: its time, in µs. */
  readonly times: Float64Array;
  readonly width: number;
}

export interface Fold {
  readonly x: number;
  readonly toX: number;
  /** Of a stretch of events: the first one, and how many. */
  readonly first?: number;
  readonly count?: number;
}

export interface OperationBar {
  readonly lane: number;
  readonly x: number;
  readonly toX: number;
  /** When it was called, in µs. */
  readonly called: number;
  /** What was asked and answered; absent: it is still open. */
  readonly text?: string;
}

/** Scene units a millisecond, and how much of a gap is drawn. */
const SCALE = 2.4;
const FOLD_MS = 30;
/** Around an event: two of one moment still stand apart. */
const STEP = 1.4;

/** A quiet stretch is folded from so many events on; so many at either end of it stay in sight. */
const QUIET = 14;
const EDGE = 3;
/** How wide a folded stretch is. */
const BAND = 16;

/** Stretches of quiet events that are worth folding: first and last event of their middle parts. */
function quietIn(traces: readonly Trace[], open: ReadonlySet<number>): [number, number][] {
  const found: [number, number][] = [];
  let from = 0;
  for (let i = 0; i <= traces.length; i++) {
    if (traces[i]?.quiet) continue;
    if (i - from >= QUIET && !open.has(from + EDGE)) found.push([from + EDGE, i - 1 - EDGE]);
    from = i + 1;
  }
  return found;
}

/** `unfolded`: first events of quiet stretches that are drawn in full all the same; or all of them are. */
export function diagramOf(
  lanes: readonly string[],
  traces: readonly Trace[],
  unfolded: ReadonlySet<number> | 'all' = new Set(),
): Diagram {
  const laneOf = new Map(lanes.map((id, i) => [id, i]));
  const xs = new Float64Array(traces.length);
  const times = new Float64Array(traces.length);
  const folds: Fold[] = [];
  const quiet = unfolded === 'all' ? [] : quietIn(traces, unfolded);
  /** By event: in which folded stretch it is, from 1. */
  const stretchOf = new Uint16Array(traces.length);
  let stretch = 0;
  let x = 0;
  traces.forEach(({ at }, i) => {
    times[i] = at;
    while (quiet[stretch] && i > (quiet[stretch] as [number, number])[1]) stretch++;
    const [first, last] = quiet[stretch] ?? [traces.length, traces.length];
    if (i >= first) stretchOf[i] = stretch + 1;
    if (i > first) {
      x += BAND / (last - first);
      xs[i] = x;
      if (i === last) folds.push({ x: x - BAND, toX: x, first, count: last - first + 1 });
      return;
    }
    const gap = i === 0 ? 0 : (at - (traces[i - 1] as Trace).at) / 1000;
    if (gap > FOLD_MS) folds.push({ x: x + STEP, toX: x + STEP + FOLD_MS * SCALE });
    x += i === 0 ? 0 : STEP + Math.min(gap, FOLD_MS) * SCALE;
    xs[i] = x;
  });
  /** The first event that is not before a time. */
  const eventFrom = (at: number): number => {
    let [low, high] = [0, traces.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] as number) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  /** Where a time is: between the events around it. */
  const xOf = (at: number): number => {
    const low = eventFrom(at);
    if (low < traces.length) return xs[low] as number;
    const last = traces.at(-1);
    return (xs.at(-1) ?? 0) + Math.min(FOLD_MS, (at - (last?.at ?? at)) / 1000) * SCALE;
  };
  const rays: Ray[] = [];
  const marks: { x: number; lane: number; text: string }[] = [];
  const cuts: { x: number; toX: number; text: string }[] = [];
  const runs: Run[] = [];
  const open = new Map<number, Run>();
  const operations: OperationBar[] = [];
  const calls = new Map<number, { called: number; x: number }>();
  traces.forEach((trace, i) => {
    const here = xs[i] as number;
    const lane = trace.who === undefined ? undefined : laneOf.get(trace.who);
    if (lane !== undefined)
      for (const { to, arrives, tone } of trace.sent) {
        const goal = laneOf.get(to);
        if (goal === undefined) continue;
        // What begins and ends within one folded stretch is folded with it.
        const within = stretchOf[i] as number;
        const end = arrives === undefined ? i : Math.min(traces.length - 1, eventFrom(arrives));
        if (within > 0 && stretchOf[end] === within) continue;
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
    if (lane !== undefined && trace.ends !== undefined) {
      const { called, x: from } = calls.get(lane) ?? { called: trace.at, x: here };
      operations.push({ lane, x: from, toX: here, called, text: trace.ends });
      calls.delete(lane);
    }
    if (lane !== undefined && trace.begins && !calls.has(lane))
      calls.set(lane, { called: trace.at, x: here });
    if (trace.mark !== undefined) marks.push({ x: here, lane: lane ?? -1, text: trace.mark });
    if (trace.cut) {
      const last = cuts.at(-1);
      if (last && last.toX === Number.POSITIVE_INFINITY) last.toX = here;
      if (trace.cut.length > 0)
        cuts.push({ x: here, toX: Number.POSITIVE_INFINITY, text: trace.cut.join(' | ') });
    }
  });
  runs.push(...open.values());
  for (const [lane, { called, x: from }] of calls)
    operations.push({ lane, x: from, toX: Number.POSITIVE_INFINITY, called });
  return { lanes, xs, times, rays, runs, marks, cuts, folds, operations, width: x };
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
