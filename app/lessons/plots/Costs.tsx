// What each strategy costs, side by side: the same overwrites under all four, measured here and now,
// each number with what theory says. A row opens its run on the stage, or both beside each other.

import { use, useEffect, useState } from 'react';
import { overTime } from '../levels.ts';
import { StandingContext } from '../parts.tsx';
import { metric } from '../run.ts';
import { script } from '../telling.ts';
import { type Measured, progressOf, useMeasured } from './RunPlot.tsx';

const STRATEGIES = ['leveled', 'lazy-leveled', 'tiered', 'fifo'] as const;

const scenarioOf = (strategy: string): string =>
  script(
    'lab lsm',
    `title "1,200 overwrites, ${strategy}"`,
    ...(strategy === 'leveled' ? [] : [`set strategy ${strategy}`]),
    'set memtable-size 512',
    'workload update 1200',
  );

export const COSTS = STRATEGIES.map((strategy) => ({ strategy, text: scenarioOf(strategy) }));

const COLUMNS = [
  ['write', 'write amplification'],
  ['read', 'sorted runs'],
  ['space', 'obsolete entries'],
] as const;

/** Each column's number as it was measured, and as theory has it, in the mean over the second half. */
export const costOf = (run: Measured): Promise<(readonly [measured: number, theory: number])[]> =>
  Promise.all(
    COLUMNS.map(
      async ([, name]) =>
        [
          await overTime(run, (moment) => metric(moment, name)),
          await overTime(run, (moment) => metric(moment, `${name}, theory`)),
        ] as const,
    ),
  );

export function MergeCosts() {
  const { session, comparison } = use(StandingContext);
  const { found, failed } = useMeasured(COSTS, costOf);
  const [links, setLinks] = useState<readonly string[]>([]);
  useEffect(() => {
    if (!comparison) return;
    let alive = true;
    const [first, ...others] = COSTS.map(({ text }) => text) as [string, ...string[]];
    Promise.all(others.map((text) => comparison(first, text))).then(
      (made) => alive && setLinks(made),
      () => {}, // Without addresses the table is as good.
    );
    return () => {
      alive = false;
    };
  }, [comparison]);
  const open = async (text: string) => {
    if (session && (await session.load(text, { unkept: true })) === undefined) session.end();
  };
  return (
    <figure className="plot-card">
      <figcaption>
        What each strategy costs
        <span>{progressOf(found.length, COSTS.length, failed)}</span>
      </figcaption>
      <table className="costs">
        <thead>
          <tr>
            <th scope="col">strategy</th>
            {COLUMNS.map(([name]) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {COSTS.map(({ strategy, text }, i) => {
            const cost = found[i]?.[1];
            return (
              <tr key={strategy}>
                <th scope="row">
                  <button type="button" className="link" onClick={() => open(text)}>
                    {strategy}
                  </button>
                  {links[i - 1] && (
                    <a href={links[i - 1]} aria-label={`Compare leveled with ${strategy}`}>
                      Compare
                    </a>
                  )}
                </th>
                {COLUMNS.map(([name], column) => (
                  <td key={name}>
                    {numberOf(cost?.[column]?.[0])} <small>{numberOf(cost?.[column]?.[1])}</small>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="plot-words">
        Write: bytes to tables for each byte flushed. Read: sorted runs that a scan merges. Space:
        obsolete entries for each row. Small: what theory says.
      </p>
    </figure>
  );
}

const numberOf = (value: number | undefined): string =>
  value === undefined ? '…' : value.toFixed(value < 10 ? 2 : 0);
