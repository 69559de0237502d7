// A count of a lab in words: `1,024 bytes`, `2.31 x`, `0.82 %`.

import type { Metric } from '../../engine/run/lab.ts';

const whole = new Intl.NumberFormat('en');
const part = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export const metricText = ({ value, unit }: Pick<Metric, 'value' | 'unit'>): string =>
  unit === '%'
    ? `${part.format(value)} %`
    : `${(Number.isInteger(value) ? whole : part).format(value)}${unit ? ` ${value === 1 ? oneOf(unit) : unit}` : ''}`;

/** One of several: `entries` entry, `flushes` flush, `bytes` byte; a unit's sign stays, `ms`. */
function oneOf(unit: string): string {
  if (unit.length < 3) return unit;
  return unit.replace(/ies$|shes$|s$/, (end) => (end === 'ies' ? 'y' : end === 'shes' ? 'sh' : ''));
}
