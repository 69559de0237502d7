// A count of a lab in words: `1,024 bytes`, `2.31 x`, `0.82 %`.

import { format } from 'd3';
import type { Metric } from '../../engine/run/lab.ts';

const whole = format(',');
const part = format(',.3~g');

export const metricText = ({ value, unit }: Pick<Metric, 'value' | 'unit'>): string =>
  unit === '%'
    ? `${part(value)} %`
    : `${Number.isInteger(value) ? whole(value) : part(value)}${unit ? ` ${value === 1 ? unit.replace(/s$/, '') : unit}` : ''}`;
