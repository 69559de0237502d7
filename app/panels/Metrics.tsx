// The lab's own counts at this moment, each with what it means and how it went over the run. The lines
// are asked of the worker when the tab is open: a sample of moments, again after a change.

import { format } from 'd3';
import { type MouseEvent, useEffect, useMemo, useState } from 'react';
import type { Metric } from '../../engine/run/lab.ts';
import type { Series, Session } from '../player/types.ts';
import { indexAt, PLOT, plotOf, plotText, xOf } from './plot.ts';
import { useSession } from './use.ts';

const whole = format(',');
const part = format(',.3~g');
const SAMPLES = 200;
/** A run that is still growing is not asked about at each step. */
const QUIET_MS = 250;

export const metricText = ({ value, unit }: Pick<Metric, 'value' | 'unit'>): string =>
  unit === '%'
    ? `${part(value)} %`
    : `${Number.isInteger(value) ? whole(value) : part(value)}${unit ? ` ${value === 1 ? unit.replace(/s$/, '') : unit}` : ''}`;

export function Metrics({ session }: { readonly session: Session }) {
  const metrics = useSession(session, (state) => state.moment?.metrics);
  const series = useSeries(session);
  if (!metrics || metrics.length === 0)
    return <p className="panel-empty">Nothing is counted at this moment.</p>;
  return (
    <dl className="metrics">
      {metrics.map((metric) => (
        <div key={metric.name}>
          <dt>{metric.name}</dt>
          <dd>{metricText(metric)}</dd>
          <dd className="metric-help">{metric.help}</dd>
          <dd className="metric-plot">
            <OverTime session={session} metric={metric} series={series} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

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
  readonly series: Series | undefined;
}) {
  const { session, metric, series } = props;
  const { name, unit } = metric;
  const index = useSession(session, (state) => state.moment?.index ?? 0);
  const length = useSession(session, (state) => state.outline.length);
  const plot = useMemo(() => {
    const values = series?.metrics.find((known) => known.name === name)?.values;
    return series && values && plotOf(series.moments, values, length);
  }, [series, name, length]);
  // Its place is kept while the worker counts.
  if (!plot) return <span className="plot" />;
  const words = plotText(plot, (value) => metricText({ value, unit }));
  const go = (event: MouseEvent<HTMLButtonElement>) => {
    // By keyboard there is no place: then to where it is greatest.
    if (event.detail === 0) session.seek(plot.peak);
    else {
      const { left, width } = event.currentTarget.getBoundingClientRect();
      session.seek(indexAt(((event.clientX - left) / width) * PLOT.width, length));
    }
  };
  const x = xOf(index, length);
  return (
    <button
      type="button"
      className="plot"
      title={`${words}. Click to go there`}
      aria-label={`${name} over the run: ${words}. Go to where it is greatest`}
      onClick={go}
    >
      <svg width={PLOT.width} height={PLOT.height} aria-hidden="true">
        <path className="plot-line" d={plot.path} />
        <line className="plot-head" x1={x} x2={x} y2={PLOT.height} />
      </svg>
    </button>
  );
}
