/**
 * What it costs to keep all moments of a run of 10,000 random inserts on 512-byte pages: while it is
 * recorded, and when one of them is asked for. Both shapes of a run are measured, 10,000 lines of a
 * script and one `bulk` of 10,000 parts.
 */
import { Dice } from '../../engine/base/dice.ts';
import { Pager, ROOT } from '../../engine/btree/pager.ts';
import { recordOf } from '../../engine/btree/record.ts';
import { BTree } from '../../engine/btree/tree.ts';
import { Disk } from '../../engine/disk/disk.ts';
import { btree } from '../../engine/labs/btree.ts';
import { words } from '../../engine/labs/btree-words.ts';
import { hostOf } from '../../engine/run/host.ts';
import { type Lab, labOf, labsAtHand, type Setup } from '../../engine/run/lab.ts';
import { Timeline } from '../../engine/run/timeline.ts';
import type { Line, Options } from './lines.ts';
import { shuffled, text } from './rows.ts';
import { type Figure, inTurns, quantile, ratios, summary } from './stats.ts';

const PAGE_SIZE = 512;
const lab = labOf(btree, words) as unknown as Lab;
const setup: Setup = {
  lab: btree.name,
  seed: 1,
  settings: {
    ...Object.fromEntries(words.settings.map(({ name, default: value }) => [name, value])),
    'page-size': PAGE_SIZE,
  },
  sabotage: [],
};

const inserts = ({ quick }: Options): number => (quick ? 1_000 : 10_000);

interface Put {
  readonly kind: 'put';
  readonly key: number;
  readonly value: string;
}

/** As `bulk` does it: keys out of ten times as many, values of 24 bytes. */
function puts(count: number): Put[] {
  const dice = new Dice(2);
  return shuffled(count, 1).map((n) => ({
    kind: 'put',
    key: 1 + 10 * n + dice.below(10),
    value: text(dice, 24),
  }));
}

function runs(count: number): Record<'script' | 'bulk', readonly unknown[]> {
  return { script: puts(count), bulk: [{ kind: 'bulk', count, order: 'random', done: 0 }] };
}

function record(commands: readonly unknown[], referees: boolean): Timeline {
  const timeline = new Timeline(lab, setup, { referees });
  for (const command of commands) timeline.append(command);
  return timeline;
}

/** The same commands in the same parts, each on the state before it; nobody watches. */
function runOnly(commands: readonly unknown[]): unknown {
  let state = lab.open(setup);
  for (const command of commands)
    for (let rest: unknown = command; rest !== undefined; ) {
      const part = lab.run(state, rest, undefined, setup);
      state = part.state;
      rest = part.rest;
    }
  return state;
}

/** The engine alone: one disk and one tree from beginning to end, no state ever kept. */
function engineOnly(commands: readonly Put[]): unknown {
  const disk = new Disk();
  const tree = new BTree(Pager.create(disk, PAGE_SIZE), ROOT);
  for (const { key, value } of commands) tree.put(key, recordOf(value));
  return disk.seal();
}

/** Microseconds a piece. */
function timed(pieces: number, work: () => unknown): number {
  globalThis.gc?.();
  const start = performance.now();
  work();
  return (1000 * (performance.now() - start)) / pieces;
}

export const recordLine: Line = {
  name: 'record',
  about: 'recording random inserts on 512-byte pages, against running the same without recording',
  async run(options) {
    const count = inserts(options);
    const figures: Figure[] = [];
    for (const [shape, commands] of Object.entries(runs(count))) {
      const variants: Record<string, () => number> = {
        recorded: () => timed(count, () => record(commands, false)),
        judged: () => timed(count, () => record(commands, true)),
        plain: () => timed(count, () => runOnly(commands)),
        ...(shape === 'script' && {
          engine: () => timed(count, () => engineOnly(commands as Put[])),
        }),
      };
      const samples = await inTurns(options.turns, variants);
      const against = (what: string, ours: number[], name: string, theirs: number[]): Figure => ({
        what: `${shape}: ${what}`,
        unit: 'µs an insert',
        ours: summary(ours),
        peer: { name, theirs: summary(theirs), ratio: ratios(ours, theirs) },
        size: count,
      });
      const { recorded = [], judged = [], plain = [], engine } = samples;
      const same = 'same parts, not recorded';
      figures.push(
        { ...against('recorded', recorded, same, plain), target: { atMost: 2.5 }, issue: 2 },
        against('recorded, referees on', judged, same, plain),
      );
      if (engine)
        figures.push(
          against('recorded', recorded, 'engine alone', engine),
          against('parts, not recorded', plain, 'engine alone', engine),
        );
    }
    return figures;
  },
};

export const MB = 2 ** 20;

/** What is held now: the heap and the bytes beside it, once what is not held is gone. */
export async function held(): Promise<number> {
  if (!globalThis.gc) throw new Error('this line wants node --expose-gc');
  // Bytes outside of the heap are let go behind its back, a while after their owners.
  for (let i = 0; i < 6; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Jumps to random moments: the median and the 99th percentile of each turn, in ms. */
export function jumps(timeline: Timeline, turns: number, each: number) {
  const dice = new Dice(3);
  const median: number[] = [];
  const late: number[] = [];
  for (let turn = -1; turn < turns; turn++) {
    const times: number[] = [];
    for (let n = 0; n < each; n++) {
      const index = dice.below(timeline.length);
      const start = performance.now();
      timeline.at(index);
      times.push(performance.now() - start);
    }
    if (turn < 0) continue; // the first turn warms up
    median.push(quantile(times, 0.5));
    late.push(quantile(times, 0.99));
  }
  return { median, late };
}

export const jumpLine: Line = {
  name: 'jump',
  about: 'a jump to any moment of those inserts, and what keeping all of them weighs',
  async run(options) {
    const count = inserts(options);
    const figures: Figure[] = [];
    const kept: Timeline[] = [];
    for (const [shape, commands] of Object.entries(runs(count))) {
      // What the compiler and the commands themselves hold is not counted.
      jumps(record(commands, false), 1, 200);
      const before = await held();
      const timeline = record(commands, false);
      kept.push(timeline); // or it might be let go before it was weighed
      const { median, late } = jumps(timeline, options.turns, options.quick ? 200 : 1_000);
      const grown = (await held()) - before;
      const figure = (what: string, unit: string, ours: number[], atMost: number, issue: number) =>
        figures.push({
          what: `${shape}: ${what}`,
          unit,
          ours: summary(ours),
          target: { atMost },
          issue,
          size: count,
        });
      figure(`to one of ${timeline.length} moments, median`, 'ms', median, 2, 2);
      figure('the same, 99th percentile', 'ms', late, 16, 3);
      figure('held, by Timeline.weight', 'MiB', [timeline.weight / MB], 16, 2);
      figure('held, heap and bytes, after the jumps', 'MiB', [grown / MB], 16, 2);
    }
    return figures;
  },
};

/** What the worker does for one moment on screen, the jump left out. */
export const frameLine: Line = {
  name: 'frame',
  about: 'a step forward as the worker answers it: the moment, its caption, its metrics, its patch',
  async run(options) {
    const figures: Figure[] = [];
    for (const count of options.quick ? [100, 1_000] : [100, 1_000, 10_000]) {
      const host = hostOf(labsAtHand([lab]), {
        pause: async () => {},
        due: () => false,
        news: () => {},
      });
      const { length } = await host.open(
        `lab btree\nset page-size ${PAGE_SIZE}\nbulk ${count} random\n`,
      );
      const steps = Math.min(200, Math.floor(length / 4));
      const samples: number[] = [];
      for (let turn = -1; turn < options.turns; turn++) {
        const from = length - 1 - steps;
        host.frame(from);
        const start = performance.now();
        for (let n = 1; n <= steps; n++) host.frame(from + n);
        if (turn >= 0) samples.push((performance.now() - start) / steps);
      }
      figures.push({
        what: `a frame at the end of ${count} inserts`,
        unit: 'ms',
        ours: summary(samples),
        size: count,
      });
    }
    return figures;
  },
};

/** Opening and sealing must not look at the pages: recording does both for every part. */
export const diskLine: Line = {
  name: 'disk',
  about: 'opening a disk and sealing it, as every part of a command does, by the size of the disk',
  async run({ quick, turns }) {
    const sizes = quick ? [100, 10_000] : [100, 10_000, 100_000];
    const times = 2_000;
    const variants: Record<string, () => number> = {};
    for (const pages of sizes) {
      const disk = new Disk();
      const file = disk.open('pages', 'memory', PAGE_SIZE);
      for (let page = 0; page < pages; page++) file.own(page);
      const image = disk.seal();
      for (const changed of [0, 1])
        variants[`${pages} pages, ${changed} changed`] = () =>
          timed(times, () => {
            for (let n = 0; n < times; n++) {
              const next = new Disk(image);
              const file = next.open('pages', 'memory', PAGE_SIZE);
              if (changed) file.own(n % 100);
              next.seal();
            }
          });
    }
    const samples = await inTurns(turns, variants);
    return Object.entries(samples).map(([what, ours]): Figure => {
      const size = Number.parseInt(what, 10);
      const name = what.replace(/^\d+/, String(sizes[0]));
      const theirs = samples[name] as number[];
      return {
        what,
        unit: 'µs',
        ours: summary(ours),
        ...(name !== what && {
          peer: { name, theirs: summary(theirs), ratio: ratios(ours, theirs) },
        }),
        size,
      };
    });
  },
};
