// Paints the graph of a search on a canvas: ways as thin lines, states as dots, on top of them the run
// that is on screen and the way to the state that is looked at. Colours are the theme's tokens.

import type { Layout, Mark } from '../scene/graph.ts';
import type { Inks } from './lanes.ts';

export interface GraphView {
  readonly width: number;
  readonly height: number;
  /** Pixels a column and a place, and where the middle of the first column stands. */
  readonly dx: number;
  readonly dy: number;
  readonly x: number;
  readonly y: number;
}

export interface Lit {
  /** The states of the run on screen, and how many of them it has come through. */
  readonly run: readonly number[];
  readonly at: number;
  /** The way to the state that is looked at. */
  readonly way: readonly number[];
  /** A way to where a property breaks. */
  readonly broken: readonly number[];
  readonly mark: (state: number) => Mark;
  /** Whether it is equal to the one that is looked at, but for a renaming. */
  readonly equal: (state: number) => boolean;
}

/** The words for a state stand below the dots, above the depths. */
const PAD = { left: 26, right: 26, top: 22, bottom: 46 } as const;

/** The view that has all of it in sight. */
export function fitted(layout: Layout, width: number, height: number): GraphView {
  const { columns, most } = layout;
  const room = { x: width - PAD.left - PAD.right, y: height - PAD.top - PAD.bottom };
  const dx = Math.min(96, room.x / Math.max(1, columns.length - 1));
  const dy = Math.min(22, room.y / Math.max(1, most - 1));
  const used = dx * (columns.length - 1);
  return {
    width,
    height,
    dx,
    dy,
    x: PAD.left + Math.max(0, (room.x - used) / 2),
    y: PAD.top + room.y / 2,
  };
}

export const placeOf = (layout: Layout, view: GraphView, state: number): [number, number] => {
  const level = layout.graph.levels[state] as number;
  const column = layout.columns[level] as readonly number[];
  return [
    view.x + level * view.dx,
    view.y + ((layout.places[state] as number) - (column.length - 1) / 2) * view.dy,
  ];
};

/** The dot nearest to a place, within so many pixels. */
export function dotAt(
  layout: Layout,
  view: GraphView,
  x: number,
  y: number,
  within: number,
): number | undefined {
  let best: number | undefined;
  let least = within;
  const near = Math.round((x - view.x) / view.dx);
  for (const level of [near - 1, near, near + 1])
    for (const state of layout.columns[level] ?? []) {
      const [dotX, dotY] = placeOf(layout, view, state);
      const away = Math.hypot(dotX - x, dotY - y);
      if (away <= least) [best, least] = [state, away];
    }
  return best;
}

export const radiusOf = ({ dx, dy }: GraphView): number =>
  Math.max(1, Math.min(6, dy * 0.36, dx * 0.3));

export function paintGraph(
  context: CanvasRenderingContext2D,
  layout: Layout,
  view: GraphView,
  lit: Lit,
  inks: Inks,
): void {
  const { graph, columns, most } = layout;
  const { width, height } = view;
  const { levels, from, to } = graph;
  const size = levels.length;
  const xs = new Float64Array(size);
  const ys = new Float64Array(size);
  for (let state = 0; state < size; state++)
    [xs[state], ys[state]] = placeOf(layout, view, state) as [number, number];
  const X = (state: number): number => xs[state] as number;
  const Y = (state: number): number => ys[state] as number;
  const r = radiusOf(view);
  context.clearRect(0, 0, width, height);
  context.lineJoin = 'round';

  // Many ways are paler, so that a thick bundle is as dark as a single one is elsewhere.
  const ways = new Path2D();
  for (let edge = 0; edge < from.length; edge++)
    wayFrom(
      ways,
      X(from[edge] as number),
      Y(from[edge] as number),
      X(to[edge] as number),
      Y(to[edge] as number),
    );
  context.strokeStyle = inks.tone.muted;
  context.globalAlpha = Math.max(0.035, Math.min(0.6, 240 / Math.max(1, from.length)));
  context.lineWidth = 1;
  context.stroke(ways);
  context.globalAlpha = 1;

  const line = (states: readonly number[], colour: string, weight: number, dash: number[]) => {
    const path = new Path2D();
    for (let i = 1; i < states.length; i++) {
      const [a, b] = [states[i - 1] as number, states[i] as number];
      wayFrom(path, X(a), Y(a), X(b), Y(b));
    }
    context.setLineDash(dash);
    context.lineWidth = weight;
    context.strokeStyle = colour;
    context.stroke(path);
    context.setLineDash([]);
  };
  line(lit.broken, inks.tone.fault, 2, []);
  line(lit.run, inks.tone.lamp, 1.4, [3, 3]);
  line(lit.run.slice(0, lit.at + 1), inks.tone.lamp, 3, []);
  line(lit.way, inks.ink, 1.6, []);

  const on = new Set([...lit.run, ...lit.way, ...lit.broken]);
  const marks: Record<Mark, Path2D> = {
    plain: new Path2D(),
    good: new Path2D(),
    broken: new Path2D(),
  };
  const equals = new Path2D();
  for (let state = 0; state < size; state++) {
    const [x, y] = [X(state), Y(state)];
    if (x < -8 || x > width + 8 || y < -8 || y > height + 8) continue;
    const mark = lit.mark(state);
    const radius = on.has(state) ? Math.max(r, 3) : mark === 'broken' ? Math.max(r, 2.5) : r;
    const path = marks[mark];
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
    if (lit.equal(state)) {
      equals.moveTo(x + radius + 3, y);
      equals.arc(x, y, radius + 3, 0, 2 * Math.PI);
    }
  }
  // Hollow: neither good nor bad. A mark is a shape too: what is broken has a cross.
  context.lineWidth = Math.max(0.8, Math.min(1.3, r / 2));
  context.fillStyle = r >= 2 ? inks.paper : inks.tone.plain;
  context.strokeStyle = inks.tone.plain;
  context.fill(marks.plain);
  context.stroke(marks.plain);
  context.fillStyle = inks.tone.durable;
  context.fill(marks.good);
  context.fillStyle = inks.tone.fault;
  context.fill(marks.broken);
  context.strokeStyle = inks.tone.separator;
  context.lineWidth = 1.6;
  context.stroke(equals);
  if (r >= 2.4) {
    context.strokeStyle = inks.paper;
    context.lineWidth = 1.3;
    const crosses = new Path2D();
    const arm = r * 0.48;
    for (let state = 0; state < size; state++) {
      if (lit.mark(state) !== 'broken') continue;
      crosses.moveTo(X(state) - arm, Y(state) - arm);
      crosses.lineTo(X(state) + arm, Y(state) + arm);
      crosses.moveTo(X(state) + arm, Y(state) - arm);
      crosses.lineTo(X(state) - arm, Y(state) + arm);
    }
    context.stroke(crosses);
  }
  const ring = (state: number | undefined, colour: string, fill: boolean) => {
    if (state === undefined) return;
    context.beginPath();
    context.arc(X(state), Y(state), Math.max(r, 3.5) + (fill ? 1 : 3), 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.fillStyle = colour;
    if (fill) context.fill();
    else context.stroke();
  };
  ring(lit.run[lit.at], inks.tone.lamp, true);
  ring(lit.way.at(-1), inks.ink, false);

  // Depths, as many as can be read, and how many states each column has where it is the fullest.
  context.font = `10.5px ${inks.sans}`;
  context.textAlign = 'center';
  context.fillStyle = inks.ink2;
  const every = Math.ceil(26 / view.dx);
  const fullest = columns.findIndex(({ length }) => length === most);
  columns.forEach((column, level) => {
    const x = view.x + level * view.dx;
    if (level % every === 0) context.fillText(`${level}`, x, height - 7);
    if (level === fullest && most > 12) {
      const y = Math.max(14, view.y - ((column.length - 1) / 2) * view.dy - r - 6);
      context.fillText(`${column.length} states`, x, y);
    }
  });
  context.textAlign = 'start';
}

/** Straight to the next column; in a bow to any other, past what stands between. */
function wayFrom(path: Path2D, x: number, y: number, toX: number, toY: number): void {
  path.moveTo(x, y);
  if (toX > x) path.lineTo(toX, toY);
  else path.quadraticCurveTo((x + toX) / 2, Math.min(y, toY) - 14 - (x - toX) * 0.12, toX, toY);
}
