// A number measured here and now: a run a dot, against the line that a formula draws. The runs are made
// by a worker of their own while the reader looks on; a dot that is chosen opens its run on the stage.

import { type KeyboardEvent, type MouseEvent, use, useEffect, useMemo, useState } from 'react';
import { linear, logarithmic } from '../../panels/scale.ts';
import { openClient } from '../../player/client.ts';
import type { ShownMoment } from '../../player/types.ts';
import { StandingContext } from '../parts.tsx';

/** A whole scenario to be measured. */
export interface Sample {
  readonly text: string;
}

export interface Series {
  readonly name: string;
  /** Header and commands for one x. */
  readonly lines: (x: number) => readonly string[];
  readonly seeds: readonly number[];
  readonly mark: keyof typeof MARKS;
}

/** A run that is being measured. */
export interface Measured {
  readonly length: number;
  at(index: number): Promise<ShownMoment>;
}

export interface Plot {
  readonly lab: string;
  readonly title: string;
  /** What x counts: `rows`. */
  readonly unit: string;
  readonly xs: readonly number[];
  readonly series: readonly Series[];
  readonly x: Axis;
  readonly y: Axis;
  /** A formula's name stands at `at`, above its line or below it. */
  readonly laws: readonly {
    readonly name: string;
    readonly at: number;
    readonly below?: true;
    readonly of: (x: number) => number;
  }[];
  /** What was measured, and where theory has no simple law, what it expects of that very run. */
  measure(run: Measured): Promise<{ readonly y: number; readonly theory?: number }>;
  /** A measured value in words, and a mark of its axis. */
  readonly words: (y: number) => string;
  readonly tick: (y: number) => string;
}

interface Axis {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly isLog?: true;
}

interface Dot extends Sample {
  readonly series: Series;
  readonly x: number;
  readonly seed: number;
}

export function samplesOf({ lab, xs, series, unit }: Plot): Dot[] {
  return series.flatMap((one) =>
    xs.flatMap((x) =>
      one.seeds.map((seed) => ({
        series: one,
        x,
        seed,
        text: [
          `lab ${lab}`,
          `title "${x} ${unit}, ${one.name}"`,
          ...(seed === 1 ? [] : [`seed ${seed}`]),
          ...one.lines(x),
          '',
        ].join('\n'),
      })),
    ),
  );
}

const SIZE = { width: 300, height: 164, left: 34, right: 10, top: 10, bottom: 22 };
const RIGHT = SIZE.width - SIZE.right;
const BOTTOM = SIZE.height - SIZE.bottom;

const scale = ({ domain, isLog }: Axis, from: number, to: number) =>
  (isLog ? logarithmic : linear)(domain, [from, to]);

/** Runs them one after the other, in a worker that ends with what shows them. */
export function useMeasured<S extends Sample, T>(
  samples: readonly S[],
  measure: (run: Measured) => Promise<T>,
): { found: readonly (readonly [S, T])[]; failed: boolean } {
  const [found, setFound] = useState<readonly (readonly [S, T])[]>([]);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let alive = true;
    setFound([]);
    const client = openClient({ progress() {}, silent() {}, died: () => setFailed(true) });
    const all = async () => {
      for (const sample of samples) {
        const { length } = await client.engine.open(sample.text);
        client.forget();
        const value = await measure({ length, at: (index) => client.moment(index) });
        if (!alive) return;
        setFound((before) => [...before, [sample, value]]);
      }
      client.end('all is measured');
    };
    all().catch(() => alive && setFailed(true));
    return () => {
      alive = false;
      client.end('the plot was left');
    };
  }, [samples, measure]);
  return { found, failed };
}

/** How far the measuring has come. */
export const progressOf = (found: number, all: number, failed: boolean): string =>
  failed
    ? 'the measuring stopped'
    : found < all
      ? `run ${found + 1} of ${all}…`
      : `${all} runs, measured here`;

export function RunPlot({ plot }: { readonly plot: Plot }) {
  const { session } = use(StandingContext);
  const samples = useMemo(() => samplesOf(plot), [plot]);
  const { found, failed } = useMeasured(samples, plot.measure);
  const [at, setAt] = useState(0);
  const { series, laws } = plot;
  const x = scale(plot.x, SIZE.left, RIGHT);
  const y = scale(plot.y, BOTTOM, SIZE.top);
  const dots = found.map(([dot, value]) => ({
    ...dot,
    theory: value.theory,
    cx: x(dot.x) + (dot.seed - 1) * 3,
    cy: y(Math.max(plot.y.domain[0], value.y)),
    words: `${dot.x} ${plot.unit}, ${dot.series.name}${dot.seed === 1 ? '' : `, seed ${dot.seed}`}: ${plot.words(value.y)}${value.theory === undefined ? '' : ` (theory: ${plot.words(value.theory)})`}`,
  }));
  const expected = series.map((one) =>
    dots.flatMap((dot) =>
      dot.series === one && dot.theory !== undefined
        ? `${x(dot.x).toFixed(1)} ${y(dot.theory).toFixed(1)}`
        : [],
    ),
  );
  const chosen = dots[Math.min(at, dots.length - 1)];
  const open = async (index: number) => {
    setAt(index);
    const dot = dots[index];
    if (!dot || !session) return;
    if ((await session.load(dot.text, { unkept: true })) === undefined) session.end();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dots.length === 0) return;
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowDown: 1,
      ArrowLeft: -1,
      ArrowUp: -1,
    };
    const step = steps[event.key];
    if (step !== undefined) setAt((at + step + dots.length) % dots.length);
    else if (event.key === 'Enter' || event.key === ' ') void open(at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** The dot that is nearest to where somebody pressed. */
  const onClick = (event: MouseEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [px, py] = [
      ((event.clientX - box.left) / box.width) * SIZE.width,
      ((event.clientY - box.top) / box.height) * SIZE.height,
    ];
    const away = dots.map(({ cx, cy }) => Math.hypot(cx - px, cy - py));
    const nearest = away.indexOf(Math.min(...away));
    if ((away[nearest] ?? 99) < 24) void open(nearest);
  };
  return (
    <figure className="plot-card">
      <figcaption>
        {plot.title}
        <span>{progressOf(dots.length, samples.length, failed)}</span>
      </figcaption>
      <div
        className="run-box"
        role="listbox"
        aria-label="Runs. Arrows choose one, Enter opens it"
        tabIndex={0}
        aria-activedescendant={chosen && `dot-${dots.indexOf(chosen)}`}
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        <svg
          className="run-plot"
          viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
          aria-hidden="true"
          focusable="false"
        >
          {plot.y.ticks.map((tick) => (
            <g key={tick} className="plot-grid">
              <line x1={SIZE.left} x2={RIGHT} y1={y(tick)} y2={y(tick)} />
              <text x={SIZE.left - 6} y={y(tick) + 3.5} textAnchor="end">
                {plot.tick(tick)}
              </text>
            </g>
          ))}
          {plot.x.ticks.map((tick) => (
            <text key={tick} x={x(tick)} y={BOTTOM + 15} textAnchor="middle">
              {tick}
            </text>
          ))}
          <text x={RIGHT} y={BOTTOM + 15} textAnchor="end">
            {plot.unit}
          </text>
          {laws.map(({ name, at: place, below, of }) => (
            <g key={name} className="plot-law">
              <path d={lineOf(plot, x, y, of)} />
              <text x={x(place)} y={y(of(place)) + (below ? 12 : -5)}>
                {name}
              </text>
            </g>
          ))}
          {expected.map(
            (points, i) =>
              points.length > 1 && (
                <g key={series[i]?.name} className="plot-law">
                  <path d={`M${points.join('L')}`} />
                </g>
              ),
          )}
          {dots.map((dot) => (
            <g
              key={dot.text}
              className={`plot-dot is-${dot.series.mark}`}
              transform={`translate(${dot.cx.toFixed(1)} ${dot.cy.toFixed(1)})`}
            >
              {dot === chosen && <circle className="plot-ring" r={7} />}
              <path d={MARKS[dot.series.mark]} />
            </g>
          ))}
        </svg>
        {dots.map((dot, i) => (
          <div
            key={dot.text}
            id={`dot-${i}`}
            className="sr-only"
            role="option"
            tabIndex={-1}
            aria-selected={dot === chosen}
          >
            {dot.words}
          </div>
        ))}
      </div>
      <p className="plot-words">
        {series.map(({ name, mark }) => (
          <span key={name} className="plot-key">
            <svg width={12} height={12} viewBox="-6 -6 12 12" aria-hidden="true">
              <g className={`plot-dot is-${mark}`}>
                <path d={MARKS[mark]} />
              </g>
            </svg>
            {name}
          </span>
        ))}
        {expected.some(({ length }) => length > 1) && (
          <span className="plot-key">
            <svg width={18} height={12} viewBox="-9 -6 18 12" aria-hidden="true">
              <g className="plot-law">
                <path d="M-9 0H9" />
              </g>
            </svg>
            theory
          </span>
        )}
        {chosen && <b>{chosen.words}</b>}
      </p>
    </figure>
  );
}

/** A formula as a path over the whole width, straight between 24 points. */
function lineOf(
  { x: { domain, isLog } }: Plot,
  x: (value: number) => number,
  y: (value: number) => number,
  of: (value: number) => number,
): string {
  const [from, to] = domain;
  const points = Array.from({ length: 25 }, (_, i) => {
    const value = isLog ? from * (to / from) ** (i / 24) : from + ((to - from) * i) / 24;
    return `${x(value).toFixed(1)} ${y(of(value)).toFixed(1)}`;
  });
  return `M${points.join('L')}`;
}

const MARKS = {
  round: 'M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0',
  square: 'M-3.4 -3.4h6.8v6.8h-6.8z',
  cross: 'M-3.6 -3.6l7.2 7.2m0 -7.2l-7.2 7.2',
  ring: 'M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0',
} as const;
