// What lesson 7 measures against a formula: the steps of a skip list, the mistakes of a Bloom filter,
// and what each strategy writes.

import { searches, stateOf, writeAmplification } from '../levels.ts';
import { metric } from '../run.ts';
import { percent } from '../telling.ts';
import type { Plot } from './RunPlot.tsx';

export const skips: Plot = {
  lab: 'lsm',
  title: 'Steps to find a key, in the mean',
  unit: 'keys',
  xs: [8, 16, 32, 64, 128, 256, 512],
  series: [
    {
      name: 'skip list',
      lines: (keys) => ['set memtable-size 65536', `bulk ${keys} random`],
      seeds: [1, 2, 3],
      mark: 'round',
    },
  ],
  x: { domain: [7, 600], ticks: [8, 32, 128], isLog: true },
  y: { domain: [0, 30], ticks: [0, 10, 20, 30] },
  laws: [
    { name: 'Pugh’s bound', at: 14, of: (n) => (4 * Math.log(n)) / Math.log(4) + 4 / 3 },
    { name: 'a plain list', at: 62, below: true, of: (n) => Math.min(30, n / 2) },
  ],
  measure: async ({ length, at }) => ({ y: searches(await at(length - 1)).steps }),
  words: (steps) => `${steps.toFixed(1)} steps`,
  tick: String,
};

/** (1 - e^(-kn/m))^k for so many bits a key, with LevelDB's k. */
const falsePositives = (bits: number): number => {
  const k = Math.max(1, Math.floor(0.69 * bits));
  return (1 - Math.exp(-k / bits)) ** k;
};

export const blooms: Plot = {
  lab: 'lsm',
  title: 'Absent keys that a filter lets pass',
  unit: 'bits a key',
  xs: [2, 4, 6, 8, 10, 12],
  series: [
    {
      name: 'of some 9,000 questions each',
      lines: (bits) => [
        'set strategy tiered',
        'set level-ratio 10',
        'set memtable-size 4096',
        'set block-size 4096',
        `set bits-per-key ${bits}`,
        'bulk 600 random',
        'workload read 1500',
      ],
      seeds: [1],
      mark: 'round',
    },
  ],
  x: { domain: [1, 13], ticks: [2, 4, 6, 8, 10] },
  y: { domain: [0.001, 1], ticks: [0.001, 0.01, 0.1, 1], isLog: true },
  laws: [{ name: '(1 − e^(−kn/m))^k', at: 5, of: falsePositives }],
  async measure({ length, at }) {
    const { falsePositives: passed, filterNo } = stateOf(await at(length - 1)).counters;
    return { y: passed / Math.max(1, passed + filterNo) };
  },
  words: (part) => percent(part, 2),
  tick: (part) => `${100 * part} %`,
};

export const writes: Plot = {
  lab: 'lsm',
  title: 'Bytes to tables for each byte flushed',
  unit: 'flushes',
  xs: [8, 16, 32, 64, 128],
  series: (
    [
      ['leveled', 'round'],
      ['lazy-leveled', 'ring'],
      ['tiered', 'square'],
      ['fifo', 'cross'],
    ] as const
  ).map(([name, mark]) => ({
    name,
    mark,
    seeds: [1],
    // About 18 rows make a memtable of 1,024 bytes full.
    lines: (flushes) => [
      `set strategy ${name}`,
      'set level0-slowdown 1000',
      'set level0-stop 1000',
      'set bits-per-key 0',
      'set block-size 1024',
      `bulk ${18 * flushes} random`,
    ],
  })),
  x: { domain: [7, 150], ticks: [8, 32], isLog: true },
  y: { domain: [0, 10], ticks: [0, 5, 10] },
  laws: [],
  async measure({ length, at }) {
    const last = await at(length - 1);
    return { y: writeAmplification(last), theory: metric(last, 'write amplification, theory') };
  },
  words: (times) => `${times.toFixed(2)} times`,
  tick: String,
};
