// Paints the space-time diagram on a canvas: only what is in sight, so that it pans as smoothly over
// ten thousand events as over ten. Colours are the theme's tokens, read when the theme changes.

import type { Diagram, LaneStyle } from '../scene/lanes.ts';
import type { Tone } from '../scene/scene.ts';

export interface LanesView {
  /** Scene x at the left edge, and pixels a scene unit. */
  readonly left: number;
  readonly k: number;
  readonly width: number;
  readonly height: number;
  /** The event at the playhead. */
  readonly playhead: number;
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
const TOP = 24;
const BOTTOM = 14;
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
  const { lanes, xs, rays, runs, marks, cuts, folds } = diagram;
  const X = (x: number): number => GUTTER + (x - left) * k;
  const Y = (lane: number): number => laneY(lane, lanes.length, height);
  const right = left + (width - GUTTER) / k;
  const end = X(diagram.width);
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, width - GUTTER, height);
  context.clip();

  context.font = `10.5px ${inks.sans}`;
  for (const { x, toX, text } of cuts) {
    if (x > right || toX < left) continue;
    const [from, to] = [X(x), Math.min(X(toX), end, width)];
    context.fillStyle = inks.tone.fault;
    context.globalAlpha = 0.07;
    context.fillRect(from, TOP - 6, to - from, height - TOP - BOTTOM + 8);
    context.globalAlpha = 1;
    context.fillStyle = inks.text.fault;
    if (to - from > 60) context.fillText(`cut: ${text}`, Math.max(from, GUTTER) + 4, TOP - 9);
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
    if (text && to - from > 40) {
      context.fillStyle = inks.text[tone];
      context.fillText(text, Math.max(from, GUTTER) + 4, Y(lane) - 7);
    }
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

  context.fillStyle = inks.ink2;
  for (const { x, lane, text } of marks) {
    if (x > right || x < left - 80) continue;
    if (lane >= 0) {
      context.fillStyle = text === 'commit' ? inks.tone.durable : inks.ink2;
      const y = Y(lane);
      context.beginPath();
      context.rect(X(x) - 3.2, y - 3.2, 6.4, 6.4);
      context.fill();
      if (text !== 'commit') context.fillText(text, X(x) + 5, y + 13);
    }
  }
  for (const x of folds) {
    if (x > right || x < left) continue;
    context.fillStyle = inks.ink2;
    context.fillText('≈', X(x) - 4, height - 3);
  }
  // What lies after the playhead is still to come: dimmed.
  const at = X(now);
  context.fillStyle = inks.paper;
  context.globalAlpha = 0.62;
  context.fillRect(Math.max(at, GUTTER), 0, width, height);
  context.globalAlpha = 1;
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
