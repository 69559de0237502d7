// How full leaves are, measured here and now: a run a dot, against the line at ln 2. The runs are made
// by a worker of their own while the reader looks on; a dot that is chosen opens its run on the stage.

import { type KeyboardEvent, type MouseEvent, use, useEffect, useMemo, useState } from 'react';
import { linear, logarithmic } from '../panels/scale.ts';
import { openClient } from '../player/client.ts';
import { StandingContext } from './parts.tsx';
import { leavesOf, meanFill } from './tree.ts';

export interface Sample {
  readonly series: string;
  readonly rows: number;
  readonly seed: number;
  readonly text: string;
}

export interface Series {
  readonly name: string;
  /** Header and commands for so many rows. */
  readonly lines: (rows: number) => readonly string[];
  readonly seeds: readonly number[];
  readonly mark: 'round' | 'square' | 'cross';
}

const SIZES = [25, 50, 100, 200, 400, 800];

export const ORDERS: readonly Series[] = [
  { name: 'random', lines: (rows) => [`bulk ${rows} random`], seeds: [1, 2, 3], mark: 'round' },
  { name: 'ascending', lines: (rows) => [`bulk ${rows} ascending`], seeds: [1], mark: 'square' },
];

export function samplesOf(series: readonly Series[]): Sample[] {
  return series.flatMap(({ name, lines, seeds }) =>
    SIZES.flatMap((rows) =>
      seeds.map((seed) => ({
        series: name,
        rows,
        seed,
        text: [
          'lab btree',
          `title "${rows} rows, ${name}"`,
          ...(seed === 1 ? [] : [`seed ${seed}`]),
          ...lines(rows),
          '',
        ].join('\n'),
      })),
    ),
  );
}

const SIZE = { width: 300, height: 164, left: 34, right: 10, top: 10, bottom: 22 };
const LN2 = Math.log(2);
const x = logarithmic([20, 1000], [SIZE.left, SIZE.width - SIZE.right]);
const y = linear([0.4, 1], [SIZE.height - SIZE.bottom, SIZE.top]);

interface Dot extends Sample {
  readonly fill: number;
}

/** Runs them one after the other, in a worker that ends with the plot. */
function useMeasured(samples: readonly Sample[]): { dots: readonly Dot[]; failed: boolean } {
  const [dots, setDots] = useState<readonly Dot[]>([]);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let alive = true;
    setDots([]);
    const client = openClient({ progress() {}, silent() {}, died: () => setFailed(true) });
    const measure = async () => {
      for (const sample of samples) {
        const { length } = await client.engine.open(sample.text);
        client.forget();
        const moment = await client.moment(length - 1);
        if (!alive) return;
        setDots((before) => [...before, { ...sample, fill: meanFill(leavesOf(moment)) }]);
      }
      client.end('all is measured');
    };
    measure().catch(() => alive && setFailed(true));
    return () => {
      alive = false;
      client.end('the plot was left');
    };
  }, [samples]);
  return { dots, failed };
}

export function FillPlot({ series = ORDERS }: { readonly series?: readonly Series[] }) {
  const { session } = use(StandingContext);
  const samples = useMemo(() => samplesOf(series), [series]);
  const { dots, failed } = useMeasured(samples);
  const [at, setAt] = useState(0);
  const chosen = dots[Math.min(at, dots.length - 1)];
  const markOf = (name: string) => series.find((one) => one.name === name)?.mark ?? 'round';
  const place = (dot: Dot) => ({
    cx: x(dot.rows) + (dot.seed - 1) * 3,
    cy: y(Math.max(0.4, dot.fill)),
  });
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
    const away = dots.map(place).map(({ cx, cy }) => Math.hypot(cx - px, cy - py));
    const nearest = away.indexOf(Math.min(...away));
    if ((away[nearest] ?? 99) < 24) void open(nearest);
  };
  return (
    <figure className="plot-card">
      <figcaption>
        How full the leaves are, in the mean
        <span>
          {failed
            ? 'the measuring stopped'
            : dots.length < samples.length
              ? `run ${dots.length + 1} of ${samples.length}…`
              : `${samples.length} runs, measured here`}
        </span>
      </figcaption>
      <div
        className="fill-box"
        role="listbox"
        aria-label="Runs. Arrows choose one, Enter opens it"
        tabIndex={0}
        aria-activedescendant={chosen && `dot-${dots.indexOf(chosen)}`}
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        <svg
          className="fill-plot"
          viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
          aria-hidden="true"
          focusable="false"
        >
          {[0.5, 0.75, 1].map((tick) => (
            <g key={tick} className="plot-grid">
              <line x1={SIZE.left} x2={SIZE.width - SIZE.right} y1={y(tick)} y2={y(tick)} />
              <text x={SIZE.left - 6} y={y(tick) + 3.5} textAnchor="end">
                {100 * tick} %
              </text>
            </g>
          ))}
          {[25, 100, 400].map((tick) => (
            <text key={tick} x={x(tick)} y={SIZE.height - SIZE.bottom + 15} textAnchor="middle">
              {tick}
            </text>
          ))}
          <text x={SIZE.width - SIZE.right} y={SIZE.height - SIZE.bottom + 15} textAnchor="end">
            rows
          </text>
          <g className="plot-law">
            <line x1={SIZE.left} x2={SIZE.width - SIZE.right} y1={y(LN2)} y2={y(LN2)} />
            <text x={SIZE.left + 2} y={y(LN2) + 11}>
              ln 2
            </text>
          </g>
          {dots.map((dot) => {
            const { cx, cy } = place(dot);
            return (
              <g
                key={dot.text}
                className={`plot-dot is-${markOf(dot.series)}`}
                transform={`translate(${cx.toFixed(1)} ${cy.toFixed(1)})`}
              >
                {dot === chosen && <circle className="plot-ring" r={7} />}
                <path d={MARKS[markOf(dot.series)]} />
              </g>
            );
          })}
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
            {words(dot)}
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
        {chosen && <b>{words(chosen)}</b>}
      </p>
    </figure>
  );
}

const MARKS = {
  round: 'M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0',
  square: 'M-3.4 -3.4h6.8v6.8h-6.8z',
  cross: 'M-3.6 -3.6l7.2 7.2m0 -7.2l-7.2 7.2',
} as const;

const words = ({ rows, series, seed, fill }: Dot): string =>
  `${rows} rows, ${series}${seed === 1 ? '' : `, seed ${seed}`}: ${(100 * fill).toFixed(1)} %`;
