// The choreography drawn from its own definition: a region a process, a box a state, the one that
// the moment is in lit, the one before it dashed, and the arrow between them. Below it in words, with
// what could come next.

import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import type { ChartArrow, ChartState, Choreography } from '../labs/choreography.ts';
import type { Session } from '../player/types.ts';
import { usePicture } from './usePicture.ts';
import './stage.css';

export function Statechart({ session }: { readonly session: Session }) {
  const picture = usePicture(session);
  const outline = useStore(session.store, (state) => state.outline);
  const kinds = useStore(session.store, (state) => state.info.kinds);
  const index = useStore(session.store, (state) => state.moment?.index);
  const [chart, setChart] = useState<Choreography>();
  useEffect(() => {
    let alive = true;
    picture?.choreography().then((loaded) => alive && setChart(loaded));
    return () => {
      alive = false;
    };
  }, [picture]);
  const drawing = useMemo(() => chart && layout(chart), [chart]);
  if (!chart || !drawing || index === undefined) return null;
  const kindAt = (i: number) => kinds[outline.kinds[i] ?? -1]?.kind;
  const now = chart.stateAt(kindAt, index);
  const before = index > 0 ? chart.stateAt(kindAt, index - 1) : undefined;
  const state = chart.states.find(({ path }) => path === now);
  const parts = now.split('.').map((_, i, all) => all.slice(0, i + 1).join('.'));
  const next = chart.arrows.filter(({ from }) => parts.includes(from));
  const { boxes, regions, arrows, height } = drawing;
  const from = before === undefined ? undefined : boxes.get(before);
  const to = boxes.get(now);
  const crossing = from && to && from !== to ? arrowBetween(from, to) : undefined;
  return (
    <div className="chart">
      <svg
        className="chart-svg"
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={`The engine is ${spaced(now)}${state?.text ? `: ${state.text}` : ''}`}
      >
        {regions.map(({ state: { path, name }, x, y, w, h }) => (
          <g key={path} className={parts.includes(path) ? 'active' : ''}>
            <rect className="region" x={x} y={y} width={w} height={h} rx={7} />
            <text className="region-name" x={x + 9} y={y + 15}>
              {name}
            </text>
          </g>
        ))}
        {arrows.map(({ from: a, to: b, line }) => (
          <path key={`${a} ${b}`} className="arrow" d={line.d} />
        ))}
        {[...boxes].map(
          ([
            path,
            {
              state: { name },
              x,
              y,
              w,
              h,
            },
          ]) => (
            <g key={path} className={path === now ? 'now' : path === before ? 'before' : ''}>
              <rect className="state" x={x} y={y} width={w} height={h} rx={h / 2} />
              <text className="state-name" x={x + w / 2} y={y + h / 2 + 4}>
                {name}
              </text>
            </g>
          ),
        )}
        {arrows.map(({ from: a, to: b, line }) => (
          <path key={`${a} ${b}`} className="tip" d={line.tip} />
        ))}
        {crossing && (
          <>
            <path className="arrow way" d={crossing.d} />
            <path className="tip way" d={crossing.tip} />
          </>
        )}
      </svg>
      <p>
        <b>{spaced(now)}</b>
        {state?.text ? `: ${state.text}` : ''}
        {before && before !== now ? `, after ${spaced(before)}` : ''}.
      </p>
      <h4>What can come next</h4>
      <ul>
        {next.map(({ from: a, to: b, kinds: by }) => (
          <li key={`${a} ${b}`}>
            <code>{by.join(', ')}</code> → {spaced(b)}
          </li>
        ))}
      </ul>
    </div>
  );
}

const spaced = (path: string): string => path.replace('.', ' · ');

const WIDTH = 316;
const BOX = { h: 22, gapX: 16, gapY: 14, pad: 10, head: 22 };

interface BoxOf {
  readonly state: ChartState;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Regions from the top down, their states in rows as wide as the panel. */
function layout(chart: Choreography) {
  const boxes = new Map<string, BoxOf>();
  const regions: BoxOf[] = [];
  const tops = chart.states.filter(({ parent }) => parent === '');
  const inside = (path: string) => chart.states.filter(({ parent }) => parent === path);
  const single = tops.filter(({ path }) => inside(path).length === 0);
  let y = 1;
  const row = (states: readonly ChartState[], left: number, top: number, right: number): number => {
    let x = left;
    let line = top;
    for (const state of states) {
      const w = state.name.length * 6.1 + 16;
      if (x + w > right && x > left) {
        x = left;
        line += BOX.h + BOX.gapY;
      }
      boxes.set(state.path, { state, x, y: line, w, h: BOX.h });
      x += w + BOX.gapX;
    }
    return line + BOX.h;
  };
  for (const state of tops) {
    const states = inside(state.path);
    if (states.length === 0) continue;
    const end = row(states, BOX.pad, y + BOX.head, WIDTH - BOX.pad) + 9;
    regions.push({ state, x: 1, y, w: WIDTH - 2, h: end - y });
    y = end + 7;
  }
  const height = row(single, 4, y + 3, WIDTH - 2) + 4;
  const arrows = chart.arrows.flatMap(({ from, to }: ChartArrow) => {
    const [a, b] = [boxes.get(from), boxes.get(to)];
    // Between processes only the way that was taken is drawn: all of them would be a thicket.
    if (!a || !b || a === b || a.state.parent !== b.state.parent || a.state.parent === '')
      return [];
    return [{ from, to, line: arrowBetween(a, b) }];
  });
  return { boxes, regions, arrows, height };
}

/** A bent line from edge to edge, and its tip. Two arrows between the same boxes bend apart. */
function arrowBetween(a: BoxOf, b: BoxOf): { d: string; tip: string } {
  const [ax, ay] = [a.x + a.w / 2, a.y + a.h / 2];
  const [bx, by] = [b.x + b.w / 2, b.y + b.h / 2];
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const side = Math.min(26, length * 0.16) * (bx >= ax ? -1 : 1);
  const mx = (ax + bx) / 2 - ((by - ay) / length) * side;
  const my = (ay + by) / 2 + ((bx - ax) / length) * side;
  const [sx, sy] = edgeOf(a, mx, my);
  const [ex, ey] = edgeOf(b, mx, my);
  const angle = Math.atan2(ey - my, ex - mx);
  const wing = (turn: number) =>
    `${r(ex - 6 * Math.cos(angle + turn))} ${r(ey - 6 * Math.sin(angle + turn))}`;
  return {
    d: `M${r(sx)} ${r(sy)}Q${r(mx)} ${r(my)} ${r(ex)} ${r(ey)}`,
    tip: `M${r(ex)} ${r(ey)}L${wing(0.42)}L${wing(-0.42)}Z`,
  };
}

/** Where the line from a box's middle to a point leaves the box. */
function edgeOf({ x, y, w, h }: BoxOf, px: number, py: number): [number, number] {
  const [cx, cy] = [x + w / 2, y + h / 2];
  const [dx, dy] = [px - cx, py - cy];
  const scale = Math.min(
    dx === 0 ? Infinity : (w / 2 + 1.5) / Math.abs(dx),
    dy === 0 ? Infinity : (h / 2 + 1.5) / Math.abs(dy),
    1,
  );
  return [cx + dx * scale, cy + dy * scale];
}

const r = (value: number): number => Math.round(value * 10) / 10;
