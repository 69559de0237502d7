// The lab's own counts at this moment, each with what it means.

import { format } from 'd3';
import type { Metric } from '../../engine/run/lab.ts';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';

const whole = format(',');
const part = format(',.3~g');

export const metricText = ({ value, unit }: Metric): string =>
  unit === '%'
    ? `${part(value)} %`
    : `${Number.isInteger(value) ? whole(value) : part(value)}${unit ? ` ${unit}` : ''}`;

export function Metrics({ session }: { readonly session: Session }) {
  const metrics = useSession(session, (state) => state.moment?.metrics);
  if (!metrics || metrics.length === 0)
    return <p className="panel-empty">Nothing is counted at this moment.</p>;
  return (
    <dl className="metrics">
      {metrics.map((metric) => (
        <div key={metric.name}>
          <dt>{metric.name}</dt>
          <dd>{metricText(metric)}</dd>
          <dd className="metric-help">{metric.help}</dd>
        </div>
      ))}
    </dl>
  );
}
