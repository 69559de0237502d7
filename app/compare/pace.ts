// How two runs are walked together: pure functions of where both stand. The runs may have any lengths
// and be of any lab; all that is known of a run is its operations and how many moments each has.
//
//   moment    one playhead: both take a moment, until the shorter has come to its end
//   command   both take a moment; who is done with an operation waits there for the other
//   own       each at its own pace
//
//   commands    1    2        3          left   ·│··│····│··
//   by command: at the ends │ they meet         right  ·│·────│····│·

export const PACES = ['moment', 'command', 'own'] as const;
export type Pace = (typeof PACES)[number];

/** What a walk knows of a run. */
export interface Track {
  /** Moments, the opening included. */
  readonly length: number;
  readonly lines: readonly { readonly first: number; readonly moments: number }[];
}

export type Places = readonly [number, number];
type Tracks = readonly [Track, Track];

/** The operation that a moment belongs to, from 1; 0 is the opening. */
export function commandAt({ lines }: Track, index: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lines[middle]?.first ?? 0) <= index) low = middle + 1;
    else high = middle;
  }
  return low;
}

const firstOf = ({ lines, length }: Track, command: number): number =>
  command === 0 ? 0 : (lines[command - 1]?.first ?? length - 1);

/** The last moment of an operation; beyond the last one the end of the run. */
const lastOf = (track: Track, command: number): number =>
  Math.min(track.length, track.lines[command]?.first ?? track.length) - 1;

const both = (make: (side: 0 | 1) => number): Places => [make(0), make(1)];

/**
 * Where both stand, as one clock: of an operation, the step. An operation lasts as long as the longer
 * of its two halves; who has none of that number has come to the end of the run.
 */
interface Clock {
  readonly command: number;
  /** From 1. */
  readonly step: number;
}

const momentsOf = (track: Track, command: number): number =>
  command > track.lines.length ? 0 : lastOf(track, command) - firstOf(track, command) + 1;

const spanOf = (tracks: Tracks, command: number): number =>
  Math.max(...tracks.map((track) => momentsOf(track, command)));

const placesAt = (tracks: Tracks, { command, step }: Clock): Places =>
  both((side) => {
    const track = tracks[side];
    const moments = momentsOf(track, command);
    if (moments === 0) return track.length - 1;
    return firstOf(track, command) + Math.min(step, moments) - 1;
  });

function clockAt(tracks: Tracks, at: Places): Clock {
  const command = Math.max(...both((side) => commandAt(tracks[side], at[side])));
  const steps = both((side) =>
    commandAt(tracks[side], at[side]) === command
      ? at[side] - firstOf(tracks[side], command) + 1
      : 0,
  );
  return { command, step: Math.max(...steps) };
}

/** One moment on. Where both stand already when there is none. */
export function next(pace: Exclude<Pace, 'own'>, tracks: Tracks, at: Places): Places {
  if (pace === 'moment') {
    const far = Math.max(...at) + 1;
    return both((side) => Math.min(far, tracks[side].length - 1));
  }
  const { command, step } = clockAt(tracks, at);
  if (step < spanOf(tracks, command)) return placesAt(tracks, { command, step: step + 1 });
  const most = Math.max(...tracks.map(({ lines }) => lines.length));
  return placesAt(tracks, command < most ? { command: command + 1, step: 1 } : { command, step });
}

/** One moment back. */
export function previous(pace: Exclude<Pace, 'own'>, tracks: Tracks, at: Places): Places {
  if (pace === 'moment') {
    // The shorter run waits at its end for the longer one to come back.
    const far = Math.max(0, Math.max(...at) - 1);
    return both((side) => Math.min(far, tracks[side].length - 1));
  }
  const { command, step } = clockAt(tracks, at);
  if (step > 1) return placesAt(tracks, { command, step: step - 1 });
  const before = Math.max(0, command - 1);
  return placesAt(tracks, { command: before, step: command === 0 ? 1 : spanOf(tracks, before) });
}

/** To the end of this operation or of the next; back to the end of the one before. */
export function nextCommand(tracks: Tracks, at: Places, direction: 1 | -1): Places {
  const { command, step } = clockAt(tracks, at);
  const most = Math.max(...tracks.map(({ lines }) => lines.length));
  const ends = step >= spanOf(tracks, command);
  const to = direction === -1 ? command - 1 : ends ? command + 1 : command;
  const kept = Math.max(0, Math.min(most, to));
  return placesAt(tracks, { command: kept, step: spanOf(tracks, kept) });
}

/** Where both stand when one is put at `index`. */
export function placed(
  pace: Exclude<Pace, 'own'>,
  tracks: Tracks,
  side: 0 | 1,
  index: number,
): Places {
  const track = tracks[side];
  const put = (places: Places): Places => (side === 0 ? [index, places[1]] : [places[0], index]);
  if (pace === 'moment') return put(both((other) => Math.min(index, tracks[other].length - 1)));
  const command = commandAt(track, index);
  const step = index - firstOf(track, command) + 1;
  const ends = index >= lastOf(track, command);
  return put(placesAt(tracks, { command, step: ends ? spanOf(tracks, command) : step }));
}

export interface Counted {
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  /** Undefined where that side does not count it. */
  readonly values: readonly [number | undefined, number | undefined];
  /** The second less the first, where both count it. */
  readonly difference: number | undefined;
}

interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly help: string;
}

/** Both sides' counts beside each other, in the order in which the first has them. */
export function differences(left: readonly Metric[], right: readonly Metric[]): Counted[] {
  const rows = new Map<string, Counted>();
  for (const { name, unit, help, value } of left)
    rows.set(name, { name, unit, help, values: [value, undefined], difference: undefined });
  for (const { name, unit, help, value } of right) {
    const first = rows.get(name)?.values[0];
    const difference = first === undefined ? undefined : Math.round(1e6 * (value - first)) / 1e6;
    rows.set(name, { name, unit, help, values: [first, value], difference });
  }
  return [...rows.values()];
}

/** The first moment at which other things happen in the two runs; nothing where they are alike. */
export function firstDifference(
  left: readonly string[],
  right: readonly string[],
): number | undefined {
  const end = Math.min(left.length, right.length);
  for (let i = 0; i < end; i++) if (left[i] !== right[i]) return i;
  return left.length === right.length ? undefined : end;
}
