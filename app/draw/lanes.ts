// Paints the space-time diagram on a canvas: only what is in sight, so that it pans as smoothly over
// ten thousand events as over ten. Colours are the theme's tokens, read when the theme changes.

import type { Diagram, LaneStyle, Unplaced } from '../scene/lanes.ts';
import type { Tone } from '../scene/scene.ts';

export interface LanesView {
  /** Scene x at the left edge, and pixels a scene unit. */
  readonly left: number;
  readonly k: number;
  readonly width: number;
  readonly height: number;
  /** The event at the playhead. */
  readonly playhead: number;
  /** What a hand marks out on the ruler, in scene x. */
  readonly brush?: readonly [from: number, to: number];
  /** Operations that have no place in any order. */
  readonly unplaced?: readonly Unplaced[];
}

export interface Inks {
  readonly tone: Readonly<Record<Tone, string>>;
  readonly text: Readonly<Record<Tone, string>>;
  readonly ink: string;
  readonly ink2: string;
  readonly line: string;
  readonly paper: string;
  readonly sans: string;
}

/** Room for the lanes' names. */
export const GUTTER = 44;
/** The ruler's height, and where lanes begin and end. */
export const RULER = 18;
const TOP = 42;
const BOTTOM = 18;
/** No message is longer than this: how far left of the edge one may begin that is still seen. */
const LONGEST = 600;

const TOKENS: Readonly<Record<Tone, string>> = {
  plain: 'edge',
  key: 'key',
  separator: 'sep',
  dirty: 'dirty',
  durable: 'durable',
  fault: 'fault',
  free: 'free',
  muted: 'edge',
  lamp: 'lamp',
};
const WORDS: Readonly<Record<Tone, string>> = {
  plain: 'ink',
  key: 'key-ink',
  separator: 'sep-ink',
  dirty: 'dirty-ink',
  durable: 'durable-ink',
  fault: 'fault-ink',
  free: 'ink2',
  muted: 'ink2',
  lamp: 'lamp-ink',
};

export function inksOf(element: Element): Inks {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const all = (names: Readonly<Record<Tone, string>>) =>
    Object.fromEntries(Object.entries(names).map(([tone, name]) => [tone, of(name)])) as Record<
      Tone,
      string
    >;
  return {
    tone: all(TOKENS),
    text: all(WORDS),
    ink: of('ink'),
    ink2: of('ink2'),
    line: of('line'),
    paper: of('paper'),
    sans: of('sans') || 'sans-serif',
  };
}

const WEIGHT: Readonly<Record<LaneStyle, number>> = {
  quiet: 1,
  candidate: 2.5,
  leader: 5,
  down: 2,
};

/** Where a lane runs, in pixels from the top. */
export const laneY = (lane: number, lanes: number, height: number): number =>
  TOP + ((lane + 0.5) * (height - TOP - BOTTOM)) / Math.max(1, lanes);

export function paintLanes(
  context: CanvasRenderingContext2D,
  diagram: Diagram,
  view: LanesView,
  inks: Inks,
): void {
  const { left, k, width, height, playhead } = view;
  const { lanes, xs, rays, runs, marks, cuts } = diagram;
  const X = (x: number): number => GUTTER + (x - left) * k;
  const Y = (lane: number): number => laneY(lane, lanes.length, height);
  const right = left + (width - GUTTER) / k;
  const end = X(diagram.width);
  const words: Word[] = [];
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, width - GUTTER, height);
  context.clip();

  context.font = `10.5px ${inks.sans}`;
  paintFolds(context, diagram, X, { right, left, height }, inks);
  for (const { x, toX, text } of cuts) {
    if (x > right || toX < left) continue;
    const [from, to] = [X(x), Math.min(X(toX), end, width)];
    context.fillStyle = inks.tone.fault;
    context.globalAlpha = 0.07;
    context.fillRect(from, TOP - 6, to - from, height - TOP - BOTTOM + 8);
    context.globalAlpha = 1;
    const start = Math.max(from, GUTTER) + 4;
    const long = context.measureText(`cut: ${text}`).width + 4;
    if (to - start > long)
      words.push({ text: `cut: ${text}`, x: start, y: TOP - 9, ink: inks.text.fault });
  }
  context.strokeStyle = inks.line;
  context.lineWidth = 1;
  context.beginPath();
  lanes.forEach((_, lane) => {
    context.moveTo(GUTTER, Y(lane));
    context.lineTo(Math.min(width, end), Y(lane));
  });
  context.stroke();

  for (const { lane, x, toX, style, tone, text } of runs) {
    if (style === 'quiet' || x > right || toX < left) continue;
    const [from, to] = [X(x), Math.min(X(toX), end)];
    context.strokeStyle = inks.tone[tone];
    context.lineWidth = WEIGHT[style];
    context.setLineDash(style === 'candidate' ? [4, 4] : style === 'down' ? [2, 5] : []);
    context.beginPath();
    context.moveTo(Math.max(from, GUTTER), Y(lane));
    context.lineTo(Math.max(from, Math.min(to, width)), Y(lane));
    context.stroke();
    if (text && to - from > 40)
      words.push({ text, x: Math.max(from, GUTTER) + 4, y: Y(lane) - 7, ink: inks.text[tone] });
  }
  context.setLineDash([]);

  // Rays in the order of their beginnings: the first that may be in sight is found by halving.
  let [low, high] = [0, rays.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rays[middle]?.x ?? 0) < left - LONGEST) low = middle + 1;
    else high = middle;
  }
  const paths = new Map<Tone, Path2D>();
  const dots = new Map<Tone, Path2D>();
  const crosses = new Path2D();
  const pathOf = (map: Map<Tone, Path2D>, tone: Tone): Path2D => {
    let path = map.get(tone);
    if (!path) {
      path = new Path2D();
      map.set(tone, path);
    }
    return path;
  };
  const now = xs[playhead] ?? 0;
  for (let i = low; i < rays.length; i++) {
    const ray = rays[i];
    if (!ray || ray.x > right) break;
    if (ray.toX < left) continue;
    const [x, y, toX, toY] = [X(ray.x), Y(ray.from), X(ray.toX), Y(ray.to)];
    const tone = ray.lost ? 'fault' : ray.tone;
    const path = pathOf(paths, tone);
    path.moveTo(x, y);
    if (ray.lost) {
      const [mx, my] = [x + (toX - x) / 2, y + (toY - y) / 2];
      path.lineTo(mx, my);
      crosses.moveTo(mx - 3.5, my - 3.5);
      crosses.lineTo(mx + 3.5, my + 3.5);
      crosses.moveTo(mx + 3.5, my - 3.5);
      crosses.lineTo(mx - 3.5, my + 3.5);
    } else {
      path.lineTo(toX, toY);
      const dot = pathOf(dots, tone);
      dot.moveTo(toX + 2.6, toY);
      dot.arc(toX, toY, 2.6, 0, 2 * Math.PI);
    }
  }
  context.lineWidth = 1.2;
  for (const [tone, path] of paths) {
    context.strokeStyle = inks.tone[tone];
    context.stroke(path);
  }
  for (const [tone, path] of dots) {
    context.fillStyle = inks.tone[tone];
    context.fill(path);
  }
  context.strokeStyle = inks.tone.fault;
  context.lineWidth = 1.8;
  context.stroke(crosses);

  paintOperations(context, diagram, X, Y, view, inks, words);
  for (const { x, lane, text } of marks) {
    if (x > right || x < left - 80) continue;
    if (lane >= 0) {
      context.fillStyle = text === 'commit' ? inks.tone.durable : inks.ink2;
      const y = Y(lane);
      context.beginPath();
      context.rect(X(x) - 3.2, y - 3.2, 6.4, 6.4);
      context.fill();
      if (text !== 'commit' && k > 0.3)
        words.push({ text, x: X(x) + 5, y: y + 13, ink: inks.ink2 });
    }
  }
  paintWords(context, words, inks.paper);
  // What lies after the playhead is still to come: dimmed.
  const at = X(now);
  context.fillStyle = inks.paper;
  context.globalAlpha = 0.62;
  context.fillRect(Math.max(at, GUTTER), RULER, width, height);
  context.globalAlpha = 1;
  paintRuler(context, diagram, X, view, inks);
  context.strokeStyle = inks.tone.lamp;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(at, 10);
  context.lineTo(at, height);
  context.stroke();
  context.fillStyle = inks.tone.lamp;
  context.beginPath();
  context.arc(at, 9, 4.5, 0, 2 * Math.PI);
  context.fill();
  context.restore();

  context.font = `600 12.5px ${inks.sans}`;
  context.fillStyle = inks.ink;
  lanes.forEach((id, lane) => {
    context.fillText(id, 18, Y(lane) + 4);
  });
}

type Place = (x: number) => number;

interface Word {
  readonly text: string;
  /** Where it begins, and its baseline, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly ink: string;
}

/** A line of words from its baseline up, in pixels, with what is kept clear around it. */
const LINE = 12;

/** Which of them are written: who would stand on one before it is left out. Widths in pixels. */
export function clearOf(words: readonly Word[], widthOf: (text: string) => number): Word[] {
  const written: (Word & { readonly toX: number })[] = [];
  for (const word of words) {
    const toX = word.x + widthOf(word.text) + 4;
    const isFree = written.every(
      (one) => toX <= one.x || one.toX <= word.x || Math.abs(one.y - word.y) >= LINE,
    );
    if (isFree) written.push({ ...word, toX });
  }
  return written;
}

/** Over the lines, which end at a rim of paper. */
function paintWords(
  context: CanvasRenderingContext2D,
  words: readonly Word[],
  paper: string,
): void {
  context.strokeStyle = paper;
  context.lineWidth = 3;
  context.lineJoin = 'round';
  for (const { text, x, y, ink } of clearOf(words, (text) => context.measureText(text).width)) {
    context.strokeText(text, x, y);
    context.fillStyle = ink;
    context.fillText(text, x, y);
  }
}

/** Bands where time was folded; a stretch of heartbeats says how many events are in it. */
function paintFolds(
  context: CanvasRenderingContext2D,
  { folds }: Diagram,
  X: Place,
  sight: { readonly left: number; readonly right: number; readonly height: number },
  inks: Inks,
): void {
  const { left, right, height } = sight;
  context.strokeStyle = inks.line;
  context.lineWidth = 1;
  for (const { x, toX, count } of folds) {
    if (x > right || toX < left) continue;
    const [from, to] = [X(x), X(toX)];
    const middle = (from + to) / 2;
    context.fillStyle = inks.ink2;
    context.textAlign = 'center';
    context.fillText(count === undefined ? '≈' : `≈ ${count}`, middle, height - 5);
    context.textAlign = 'start';
    if (count === undefined) continue;
    // Hatched, as whatever is there and not in use.
    context.beginPath();
    context.save();
    context.rect(from, TOP - 6, to - from, height - TOP - BOTTOM + 8);
    context.clip();
    for (let y = TOP - 40; y < height; y += 7) {
      context.moveTo(from, y + (to - from));
      context.lineTo(to, y);
    }
    context.stroke();
    context.restore();
  }
}

/** Whether a hand at a place, in pixels, is on the words of a folded stretch: its first event. */
export function foldAt(
  { folds }: Diagram,
  { left, k, height }: Pick<LanesView, 'left' | 'k' | 'height'>,
  x: number,
  y: number,
): number | undefined {
  if (y < height - BOTTOM) return undefined;
  const at = left + (x - GUTTER) / k;
  return folds.find(
    ({ x: from, toX, first }) => first !== undefined && at > from - 6 / k && at < toX + 6 / k,
  )?.first;
}

/** What clients asked, from the call to the answer; crossed where no order explains it. */
function paintOperations(
  context: CanvasRenderingContext2D,
  { operations, lanes, width: end }: Diagram,
  X: Place,
  Y: Place,
  { left, k, width, unplaced = [] }: LanesView,
  inks: Inks,
  words: Word[],
): void {
  const right = left + (width - GUTTER) / k;
  // A history has each call at a time of its own, a little after the event at most.
  const wrong = new Set(
    unplaced.map(({ who, called }) =>
      operations.findLast((one) => lanes[one.lane] === who && one.called <= called),
    ),
  );
  for (const operation of operations) {
    const { lane, x, toX, text } = operation;
    if (x > right || toX < left) continue;
    const off = wrong.has(operation);
    const [from, to, y] = [X(x), X(Math.min(toX, end)), Y(lane)];
    const tone = off ? 'fault' : 'dirty';
    context.fillStyle = inks.tone[tone];
    context.globalAlpha = off ? 0.28 : 0.2;
    context.fillRect(from, y - 5, Math.max(2, to - from), 10);
    context.globalAlpha = 1;
    context.strokeStyle = inks.tone[tone];
    context.lineWidth = off ? 2 : 1.2;
    context.beginPath();
    context.moveTo(from, y - 5);
    context.lineTo(from, y + 5);
    if (toX <= end) {
      context.moveTo(to, y - 5);
      context.lineTo(to, y + 5);
    }
    if (off) {
      context.moveTo(from - 4, y - 9);
      context.lineTo(from + 4, y - 1);
      context.moveTo(from + 4, y - 9);
      context.lineTo(from - 4, y - 1);
    }
    context.stroke();
    if (!text || to - from < 6 * text.length * 0.8) continue;
    words.push({
      text: off ? `${text} ✕` : text,
      x: Math.max(from, GUTTER) + 5,
      y: y - 8,
      ink: inks.text[tone],
    });
  }
}

/** Times along the top, where there is room for one; and what is being marked out. */
function paintRuler(
  context: CanvasRenderingContext2D,
  { xs, times, width: end }: Diagram,
  X: Place,
  { left, k, width, brush, playhead }: LanesView,
  inks: Inks,
): void {
  const at = X(xs[playhead] ?? 0);
  context.strokeStyle = inks.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(GUTTER, RULER - 0.5);
  context.lineTo(width, RULER - 0.5);
  context.fillStyle = inks.ink2;
  const apart = 92 / k;
  let next = Math.ceil(Math.max(0, left) / apart) * apart;
  for (let i = 0; i < xs.length && next <= Math.min(end, left + (width - GUTTER) / k); i++) {
    const x = xs[i] as number;
    if (x < next) continue;
    context.moveTo(X(x), RULER - 5);
    context.lineTo(X(x), RULER);
    const text = `${Math.round((times[i] as number) / 100) / 10} ms`;
    // The playhead's knob stands on the ruler too.
    if (at < X(x) - 3 || at > X(x) + context.measureText(text).width + 10)
      context.fillText(text, X(x) + 4, RULER - 6);
    next = x + apart;
  }
  context.stroke();
  if (!brush) return;
  const [from, to] = [X(Math.min(...brush)), X(Math.max(...brush))];
  context.fillStyle = inks.tone.lamp;
  context.globalAlpha = 0.3;
  context.fillRect(from, 0, to - from, RULER);
  context.globalAlpha = 0.1;
  context.fillRect(from, RULER, to - from, 2000);
  context.globalAlpha = 1;
}
