// A count of a lab in words: `1,024 bytes`, `2.31 x`, `0.82 %`.

import type { Metric } from '../../engine/run/lab.ts';

const whole = new Intl.NumberFormat('en');
const part = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export const metricText = ({ value, unit }: Pick<Metric, 'value' | 'unit'>): string =>
  unit === '%'
    ? `${part.format(value)} %`
    : `${(Number.isInteger(value) ? whole : part).format(value)}${unit ? ` ${value === 1 ? unit.replace(/s$/, '') : unit}` : ''}`;
