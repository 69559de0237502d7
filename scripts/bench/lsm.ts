/**
 * Our LSM tree in Node, in memory, with LevelDB's own sizes, against LevelDB itself (in a folder of
 * its own, not synced) and against the same interface without files: 16-byte keys, 100-byte values.
 */

import { lsm } from '../../engine/labs/lsm.ts';
import { words } from '../../engine/labs/lsm-words.ts';
import { Store as Engine } from '../../engine/lsm/store.ts';
import { type Lab, labOf, type Setup } from '../../engine/run/lab.ts';
import { Timeline } from '../../engine/run/timeline.ts';
import type { Line } from './lines.ts';
import { costs, type Figure, inTurns, plot, ratios, summary, type Target } from './stats.ts';
import {
  idling,
  live,
  OPERATIONS,
  type Operation,
  type Peer,
  peers,
  type Rates,
  type Store,
  workload,
} from './stores.ts';
import { held, jumps, MB } from './timeline.ts';

function ours(): Store {
  let store: Engine;
  return {
    open() {
      store = Engine.open();
    },
    putBatch: (rows) => store.putBatch(rows),
    commit: () => store.commit(),
    get: (key) => store.get(key),
    scan(from, to) {
      let bytes = 0;
      store.scan(from, to, (row) => {
        bytes += row.value.length;
      });
      return bytes;
    },
    compact() {
      store.compact();
    },
    close() {
      store = undefined as never;
    },
  };
}

const TARGETS: Record<Operation, Partial<Record<Peer, Target>>> = {
  put: { 'classic-level': { atLeast: 1 }, 'memory-level': { atLeast: 2 } },
  get: { 'classic-level': { atLeast: 2 } },
  range: {},
  scan: { 'classic-level': { atLeast: 5 } },
};

export const lsmLine: Line = {
  name: 'lsm',
  about: "our LSM tree in Node, in memory, with LevelDB's sizes, against LevelDB",
  async run({ quick, full, turns }) {
    const names: Peer[] = ['classic-level', 'memory-level'];
    const others = await peers(names);
    const idle = await idling({ ours: ours(), ...(await peers(names)) });
    const figures: Figure[] = [];
    const sizes = quick ? [10_000] : [10_000, 100_000];
    for (const size of full ? [...sizes, 1_000_000] : sizes) {
      const rows = workload(size);
      const samples = await inTurns(
        turns,
        Object.fromEntries(
          Object.entries({ ours: ours(), ...others }).map(([name, store]) => [
            name,
            () => live(store, rows),
          ]),
        ),
      );
      const of = (name: string, operation: Operation): number[] =>
        (samples[name] as Rates[]).map((rates) => rates[operation]);
      for (const operation of OPERATIONS)
        for (const name of Object.keys(others)) {
          const target = size >= 100_000 ? TARGETS[operation][name as Peer] : undefined;
          figures.push({
            what: `lsm ${operation}, ${size} rows`,
            unit: 'rows/s',
            ours: summary(of('ours', operation)),
            peer: {
              name,
              theirs: summary(of(name, operation)),
              ratio: ratios(of('ours', operation), of(name, operation)),
            },
            ...(target && { target, issue: 4 }),
            size,
          });
        }
      const merged = (name: string): number[] =>
        (samples[name] as Rates[]).map(({ compact = 0 }) => compact);
      if (others['classic-level'])
        figures.push({
          what: `lsm full compaction, ${size} rows`,
          unit: 'MB/s',
          ours: summary(merged('ours')),
          peer: {
            name: 'classic-level',
            theirs: summary(merged('classic-level')),
            ratio: ratios(merged('ours'), merged('classic-level')),
          },
          ...(size >= 100_000 && { target: { atLeast: 0.5 }, issue: 4 }),
          size,
        });
    }
    for (const operation of OPERATIONS)
      console.log(
        `\n${plot(`lsm ${operation}, µs a row by the number of rows`, costs(figures, `lsm ${operation}`))}`,
      );
    await idle.close();
    return figures;
  },
};

/** Every moment of a run of the lab, its flushes and compactions included, can be had again. */
export const lsmRecordLine: Line = {
  name: 'lsm-jump',
  about:
    'a run of 10,000 operations of the LSM lab with all its compactions: its weight, and jumps into it',
  async run({ quick, turns }) {
    const count = quick ? 1_000 : 10_000;
    const lab = labOf(lsm, words) as unknown as Lab;
    const figures: Figure[] = [];
    const kept: Timeline[] = [];
    for (const strategy of ['leveled', 'tiered']) {
      const setup: Setup = {
        lab: 'lsm',
        seed: 1,
        settings: {
          ...Object.fromEntries(words.settings.map(({ name, default: value }) => [name, value])),
          strategy,
        },
        sabotage: [],
      };
      const record = (): Timeline => {
        const timeline = new Timeline(lab, setup, { referees: false });
        timeline.append({ kind: 'workload', name: 'update', count, done: 0 });
        return timeline;
      };
      // What the compiler holds is not counted.
      jumps(record(), 1, 100);
      const before = await held();
      const timeline = record();
      kept.push(timeline); // or it might be let go before it was weighed
      const { median, late } = jumps(timeline, turns, quick ? 100 : 500);
      const grown = (await held()) - before;
      const figure = (what: string, unit: string, ours: number[], atMost?: number) =>
        figures.push({
          what: `${strategy}: ${what}`,
          unit,
          ours: summary(ours),
          ...(atMost !== undefined && { target: { atMost }, issue: 4 }),
          size: count,
        });
      figure(`to one of ${timeline.length} moments, median`, 'ms', median, 4);
      figure('the same, 99th percentile', 'ms', late);
      figure('held, by Timeline.weight', 'MiB', [timeline.weight / MB], 32);
      figure('held, heap and bytes, after the jumps', 'MiB', [grown / MB], 32);
    }
    return figures;
  },
};
