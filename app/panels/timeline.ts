// Where things stand on the timeline bar, as plain numbers and path texts: no DOM, so that tests can
// ask. The bar shows the branch on screen over its whole length:
//
//     ┌──────┐┌────────────────┐┌────┐     a block a command
//     │ ││││ ││ │││┃┃┃┃┃┃┃┃ │ ││ ││ │     a tick a moment; tall and coloured: a process worth finding
//     └──────┘└────────────────┘└────┘
//        1            2           3        its number, where it fits
//              ╰────────────────            a branch that leaves after command 1
//
// When a moment has less than MIN_TICK pixels, quiet ticks fold away and the others become columns, as
// high as their share; when a command has less than MIN_BLOCK, blocks run together. What is drawn is bounded by the width.

import type { EventKind } from '../../engine/run/lab.ts';
import type { Branch, CommandLine, Outline } from '../player/types.ts';

export const MIN_TICK = 2.5;
const MIN_BLOCK = 3;
const NUMBER_WIDTH = 7;
/** Of a lane's name, 10 px Plex Mono. */
const LETTER = 6;

export type ProcessTone =
  | 'quiet'
  | 'change'
  | 'structure'
  | 'shrink'
  | 'durable'
  | 'fault'
  | 'other';

/** Tone by the field's own names of processes; a process that is not named here is `other`. */
const TONES: Readonly<Record<string, ProcessTone>> = {
  open: 'quiet',
  session: 'quiet',
  lookup: 'quiet',
  search: 'quiet',
  scan: 'quiet',
  read: 'quiet',
  check: 'quiet',
  write: 'change',
  change: 'change',
  insert: 'change',
  update: 'change',
  delete: 'change',
  remove: 'change',
  split: 'structure',
  load: 'structure',
  compaction: 'structure',
  election: 'structure',
  vote: 'change',
  doubt: 'shrink',
  takeover: 'structure',
  merge: 'shrink',
  commit: 'durable',
  sync: 'durable',
  flush: 'durable',
  checkpoint: 'durable',
  crash: 'fault',
  rollback: 'fault',
  recovery: 'fault',
};

export const toneOfProcess = (process: string): ProcessTone => TONES[process] ?? 'other';

export interface Block {
  /** Of the first command in it; more than one where they run together. */
  readonly command: number;
  readonly last: number;
  readonly x: number;
  readonly width: number;
  readonly numbered: boolean;
}

export interface Ticks {
  readonly process: string;
  readonly tone: ProcessTone;
  /** For an SVG path: a vertical stroke a tick. */
  readonly path: string;
}

export interface Lane {
  readonly name: string;
  /** Where it leaves the branch on screen, and how far it goes. */
  readonly x: number;
  readonly end: number;
  readonly row: number;
  /** Commands that it shares with the branch on screen. */
  readonly shared: number;
  /** Its name stands before it, because behind it there is no room. */
  readonly flipped: boolean;
}

export interface TimelineShape {
  readonly width: number;
  /** Pixels a moment. */
  readonly scale: number;
  readonly folded: boolean;
  readonly blocks: readonly Block[];
  readonly ticks: readonly Ticks[];
}

export const xOfMoment = (index: number, length: number, width: number): number =>
  length <= 0 ? 0 : ((index + 0.5) / length) * width;

export function momentAt(x: number, length: number, width: number): number {
  if (length <= 0 || width <= 0) return 0;
  return Math.min(length - 1, Math.max(0, Math.floor((x / width) * length)));
}

export function blocksOf(lines: readonly CommandLine[], length: number, width: number): Block[] {
  const blocks: Block[] = [];
  let open: { command: number; last: number; from: number; to: number } | undefined;
  let numberedUpTo = -Infinity;
  const close = () => {
    if (!open) return;
    const middle = (open.from + open.to) / 2;
    const half = (String(open.command).length * NUMBER_WIDTH) / 2;
    const numbered = open.command === open.last && middle - half > numberedUpTo;
    if (numbered) numberedUpTo = middle + half + 2;
    blocks.push({
      command: open.command,
      last: open.last,
      x: open.from,
      width: open.to - open.from,
      numbered,
    });
    open = undefined;
  };
  for (const line of lines) {
    if (line.moments === 0) continue;
    const from = (line.first / length) * width;
    const to = ((line.first + line.moments) / length) * width;
    if (open && to - open.from < MIN_BLOCK * 2) {
      open.last = line.number;
      open.to = to;
      continue;
    }
    close();
    open = { command: line.number, last: line.number, from, to };
  }
  close();
  return blocks;
}

type Span = readonly [y: number, height: number];

/** Quiet ones are short, the others tall. */
const isQuiet = (process: string): boolean => {
  const tone = toneOfProcess(process);
  return tone === 'quiet' || tone === 'change';
};

export function ticksOf(
  outline: Outline,
  kinds: readonly EventKind[],
  width: number,
  heights: { readonly quiet: Span; readonly tall: Span },
): Ticks[] {
  const scale = outline.length === 0 ? width : width / outline.length;
  if (scale < MIN_TICK) return crowdedTicks(outline, kinds, width, heights.tall);
  const paths = new Map<string, string[]>();
  for (let index = 0; index < outline.length; index++) {
    const process = kinds[outline.kinds[index] ?? 0]?.process ?? 'other';
    const x = Math.round(xOfMoment(index, outline.length, width) * 10) / 10;
    const [y, height] = isQuiet(process) ? heights.quiet : heights.tall;
    const strokes = paths.get(process) ?? [];
    strokes.push(`M${x} ${y}v${height}`);
    paths.set(process, strokes);
  }
  return ticksOfPaths(paths);
}

/** A column a pixel: each process stands in it as high as its share of the moments there. */
function crowdedTicks(
  outline: Outline,
  kinds: readonly EventKind[],
  width: number,
  [top, height]: Span,
): Ticks[] {
  const columns = Math.max(1, Math.floor(width));
  const processes = [...new Set(kinds.map(({ process }) => process))].filter(
    (process) => !isQuiet(process),
  );
  const place = new Map(processes.map((process, i) => [process, i]));
  const counts = new Uint32Array(columns * processes.length);
  const totals = new Uint32Array(columns);
  for (let index = 0; index < outline.length; index++) {
    const column = Math.min(columns - 1, Math.floor((index / outline.length) * columns));
    totals[column] = (totals[column] as number) + 1;
    const at = place.get(kinds[outline.kinds[index] ?? 0]?.process ?? '');
    if (at === undefined) continue;
    const cell = column * processes.length + at;
    counts[cell] = (counts[cell] as number) + 1;
  }
  const paths = new Map<string, string[]>();
  for (let column = 0; column < columns; column++) {
    let bottom = top + height;
    for (const [at, process] of processes.entries()) {
      const count = counts[column * processes.length + at] as number;
      if (count === 0) continue;
      // What is rare must be seen too: at least three pixels.
      const share = Math.max(3, Math.round((count / (totals[column] as number)) * height));
      const rise = Math.min(share, bottom - top);
      if (rise <= 0) continue;
      const strokes = paths.get(process) ?? [];
      strokes.push(`M${column + 0.5} ${bottom}v${-rise}`);
      paths.set(process, strokes);
      bottom -= rise;
    }
  }
  return ticksOfPaths(paths);
}

const ticksOfPaths = (paths: ReadonlyMap<string, readonly string[]>): Ticks[] =>
  [...paths].map(([process, strokes]) => ({
    process,
    tone: toneOfProcess(process),
    path: strokes.join(''),
  }));

/** How many commands two branches have in common, counted from the first. */
export function sharedCommands(branches: readonly Branch[], one: string, other: string): number {
  const byName = new Map(branches.map((branch) => [branch.name, branch]));
  // How far a branch agrees with each of its ancestors (with itself: as long as it is).
  const reach = (name: string): Map<string, number> => {
    const out = new Map<string, number>();
    let branch = byName.get(name);
    let upTo = branch?.commands ?? 0;
    while (branch && !out.has(branch.name)) {
      out.set(branch.name, upTo);
      upTo = Math.min(upTo, branch.from ?? 0);
      branch = branch.parent === undefined ? undefined : byName.get(branch.parent);
    }
    return out;
  };
  const ofOne = reach(one);
  let most = 0;
  for (const [name, upTo] of reach(other)) {
    const common = ofOne.get(name);
    if (common !== undefined) most = Math.max(most, Math.min(common, upTo));
  }
  return most;
}

/** The other branches, each leaving the branch on screen where they part. */
export function lanesOf(
  branches: readonly Branch[],
  current: string,
  lines: readonly CommandLine[],
  length: number,
  width: number,
): Lane[] {
  const scale = length === 0 ? 0 : width / length;
  return branches
    .filter((branch) => branch.name !== current)
    .map((branch, row) => {
      const shared = sharedCommands(branches, current, branch.name);
      const line = shared === 0 ? undefined : lines[shared - 1];
      const leaves = line ? line.first + line.moments : lines.length > 0 ? 1 : 0;
      const x = Math.min(width - 8, leaves * scale);
      const own = Math.max(1, branch.moments - leaves);
      return {
        name: branch.name,
        x,
        end: Math.min(width, Math.max(x + 24, x + own * scale)),
        row,
        shared,
        flipped: x + 14 + branch.name.length * LETTER > width,
      };
    });
}

export function shapeOf(
  outline: Outline,
  lines: readonly CommandLine[],
  kinds: readonly EventKind[],
  width: number,
  heights: Parameters<typeof ticksOf>[3],
): TimelineShape {
  const scale = outline.length === 0 ? width : width / outline.length;
  return {
    width,
    scale,
    folded: scale < MIN_TICK,
    blocks: blocksOf(lines, outline.length, width),
    ticks: ticksOf(outline, kinds, width, heights),
  };
}
