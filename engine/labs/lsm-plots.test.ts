// What the metrics panel plots of the LSM lab: the same series, taken from the same host, lies where theory
// says, for each strategy and for the filters.

import { expect, test } from 'vitest';
import { type LsmValue, STRATEGIES } from '../lsm/events.ts';
import { hostOf, type Series } from '../run/host.ts';
import { labsAtHand } from '../run/lab.ts';
import { labs } from './index.ts';

/** Samples, as the panel asks for them. */
const SAMPLES = 200;

/** The series, and which of its moments are in the midst of a merge: there its inputs still count. */
async function plotted(lines: readonly string[]): Promise<Series & { midst: readonly boolean[] }> {
  const host = hostOf(labsAtHand(labs), {
    pause: async () => {},
    due: () => false,
    news: () => {},
  });
  await host.open(['lab lsm', ...lines].join('\n'));
  const series = (await host.series(SAMPLES)) as Series;
  const midst = series.moments.map(
    (index) => (host.frame(index).value as LsmValue).job !== undefined,
  );
  return { ...series, midst };
}

function lineOf({ metrics }: Series, name: string): readonly (number | undefined)[] {
  const found = metrics.find((metric) => metric.name === name);
  if (!found) throw new Error(`${name} is not plotted: ${metrics.map(({ name }) => name)}`);
  return found.values;
}

/**
 * How far the measured line lies from the one of theory, on the mean over the second half of the run,
 * outside of merges. `base` is added to both.
 */
function apart(series: Awaited<ReturnType<typeof plotted>>, name: string, base: number): number {
  const [measured, theory] = [lineOf(series, name), lineOf(series, `${name}, theory`)];
  let [sum, expected] = [0, 0];
  for (let i = Math.floor(measured.length / 2); i < measured.length; i++) {
    const [one, other] = [measured[i], theory[i]];
    if (one === undefined || other === undefined || series.midst[i]) continue;
    sum += base + one;
    expected += base + other;
  }
  return sum / expected - 1;
}

/** Tables large enough that index and footer count for little. */
const SIZES = [
  'set memtable-size 2048',
  'set table-size 2048',
  'set level-size 8192',
  'set block-size 1024',
];

test.each(STRATEGIES)('%s: writes, sorted runs and obsolete entries', async (strategy) => {
  const distinct = await plotted([`set strategy ${strategy}`, ...SIZES, 'bulk 1100 random']);
  expect(distinct.moments.length).toBe(SAMPLES);
  expect(Math.abs(apart(distinct, 'write amplification', 0))).toBeLessThan(0.15);
  expect(Math.abs(apart(distinct, 'sorted runs', 0))).toBeLessThan(0.15);
  const over = await plotted([`set strategy ${strategy}`, ...SIZES, 'workload update 1600']);
  expect(Math.abs(apart(over, 'write amplification', 0))).toBeLessThan(0.2);
  expect(Math.abs(apart(over, 'sorted runs', 0))).toBeLessThan(0.3);
  // Stored entries a row: the rows themselves, and what no reader gets of them any more.
  expect(Math.abs(apart(over, 'obsolete entries', 1))).toBeLessThan(0.35);
});

test.each([2, 4, 8])(
  'filters of %i bits a key are wrong as often as the formula says',
  async (bits) => {
    const series = await plotted([
      `set bits-per-key ${bits}`,
      'set allowed-seeks 1000000',
      ...['memtable-size', 'table-size', 'level-size'].map((name) => `set ${name} 65536`),
      'set block-size 4096',
      'bulk 900 random',
      'flush',
      ...Array.from({ length: 4000 }, (_, n) => `get k${String(n % 900).padStart(6, '0')}.${n}`),
    ]);
    const measured = lineOf(series, 'false positives').at(-1) as number;
    const theory = lineOf(series, 'false positives, theory').at(-1) as number;
    expect(Math.abs(measured / theory - 1), `${measured} % of ${theory} %`).toBeLessThan(0.25);
  },
);
