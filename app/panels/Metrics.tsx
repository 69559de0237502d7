// The lab's own counts at this moment, each with what it means and how it went over the run. Where the
// lab counts NAME and `NAME, theory`, both are one plot. The lines are asked of the worker when the tab
// is open: a sample of moments, again after a change.

import { type MouseEvent, useEffect, useMemo, useState } from 'react';
import type { Metric } from '../../engine/run/lab.ts';
import type { Series, Session } from '../player/types.ts';
import { metricText } from './metric.ts';
import { indexAt, PLOT, plotOf, plotText, WIDE, xOf } from './plot.ts';
import { useSession } from './use.ts';

const SAMPLES = 200;
/** A run that is still growing is not asked about at each step. */
const QUIET_MS = 250;

export function Metrics({ session }: { readonly session: Session }) {
  const metrics = useSession(session, (state) => state.moment?.metrics);
  const series = useSeries(session);
  if (!metrics || metrics.length === 0)
    return <p className="panel-empty">Nothing is counted at this moment.</p>;
  const theoryOf = ({ name }: Metric) => metrics.find((other) => other.name === name + THEORY);
  return (
    <dl className="metrics">
      {metrics
        .filter(({ name }) => !isTheory(name, metrics))
        .map((metric) => {
          const theory = theoryOf(metric);
          return (
            <div key={metric.name} className={theory && 'with-theory'}>
              <dt>{metric.name}</dt>
              <dd>{metricText(metric)}</dd>
              <dd className="metric-help">{metric.help}</dd>
              {theory && (
                <dd className="metric-theory">
                  theory <b>{metricText(theory)}</b>
                  <small>{theory.help}</small>
                </dd>
              )}
              <dd className="metric-plot">
                <OverTime session={session} metric={metric} theory={theory} series={series} />
              </dd>
            </div>
          );
        })}
    </dl>
  );
}

const THEORY = ', theory';
const isTheory = (name: string, all: readonly Metric[]): boolean =>
  name.endsWith(THEORY) && all.some((other) => other.name + THEORY === name);

function useSeries(session: Session): Series | undefined {
  const outline = useSession(session, (state) => state.outline);
  const ready = useSession(session, (state) => state.phase === 'ready');
  const [series, setSeries] = useState<Series>();
  useEffect(() => {
    if (!ready || outline.length === 0) return;
    let alive = true;
    const timer = setTimeout(() => {
      session.series(SAMPLES).then(
        (found) => alive && found && setSeries(found),
        () => {}, // The worker went; what it has to say of that stands elsewhere.
      );
    }, QUIET_MS);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [session, outline, ready]);
  return series;
}

function OverTime(props: {
  readonly session: Session;
  readonly metric: Metric;
  readonly theory: Metric | undefined;
  readonly series: Series | undefined;
}) {
  const { session, metric, theory, series } = props;
  const size = theory ? WIDE : PLOT;
  const { name, unit } = metric;
  const index = useSession(session, (state) => state.moment?.index ?? 0);
  const length = useSession(session, (state) => state.outline.length);
  const plot = useMemo(() => {
    const valuesOf = (wanted: string) =>
      series?.metrics.find((known) => known.name === wanted)?.values;
    const values = valuesOf(name);
    const beside = theory && valuesOf(name + THEORY);
    return series && values && plotOf(series.moments, values, length, size, beside);
  }, [series, name, theory, length, size]);
  // Its place is kept while the worker counts.
  if (!plot) return <span className="plot" />;
  const show = (value: number) => metricText({ value, unit });
  const { beside } = plot;
  const words = plotText(plot, show) + (beside ? `; by theory ${plotText(beside, show)}` : '');
  const go = (event: MouseEvent<HTMLButtonElement>) => {
    // By keyboard there is no place: then to where it is greatest.
    if (event.detail === 0) session.seek(plot.peak);
    else {
      const { left, width } = event.currentTarget.getBoundingClientRect();
      session.seek(indexAt(((event.clientX - left) / width) * size.width, length, size));
    }
  };
  const x = xOf(index, length, size);
  return (
    <button
      type="button"
      className="plot"
      title={`${words}. Click to go there`}
      aria-label={`${name} over the run: ${words}. Go to where it is greatest`}
      onClick={go}
    >
      <svg width={size.width} height={size.height} aria-hidden="true">
        {beside && <path className="plot-theory" d={beside.path} />}
        <path className="plot-line" d={plot.path} />
        <line className="plot-head" x1={x} x2={x} y2={size.height} />
        {beside && (
          <>
            <text className="plot-bound" x={4} y={12}>
              {show(Math.max(plot.most, beside.most))}
            </text>
            <text className="plot-bound" x={4} y={size.height - 4}>
              {show(Math.min(plot.least, beside.least))}
            </text>
          </>
        )}
      </svg>
    </button>
  );
}
