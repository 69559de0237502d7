/**
 * What full time travel over a cluster costs. Ours: a storm over five Raft nodes, recorded by the
 * timeline, so that any of its moments can be had again. The peer is the simulator that everybody
 * writes first: the same steps, and a structured clone of the world kept after each. Last, how much a
 * run of 100,000 events holds and how long a jump into it takes.
 */
import { Dice } from '../../engine/base/dice.ts';
import { raftLab } from '../../engine/labs/raft.ts';
import { words } from '../../engine/labs/raft-words.ts';
import { type Lab, labOf, type Setup } from '../../engine/run/lab.ts';
import { wordsOf } from '../../engine/run/scenario.ts';
import { Timeline } from '../../engine/run/timeline.ts';
import type { Line } from './lines.ts';
import { type Figure, inTurns, quantile, ratios, summary } from './stats.ts';

const lab = labOf(raftLab, words) as unknown as Lab;
const setup: Setup = {
  lab: 'raft',
  seed: 1,
  settings: Object.fromEntries(lab.settings.map(({ name, default: value }) => [name, value])),
  sabotage: [],
};
const line = (text: string): unknown => lab.parse(wordsOf(text), setup);

/** Events a second. */
function rate(work: () => number): number {
  globalThis.gc?.();
  const start = performance.now();
  const events = work();
  return (1000 * events) / (performance.now() - start);
}

function recorded(seconds: number, referees: boolean): Timeline {
  const timeline = new Timeline(lab, setup, { referees });
  timeline.append(line(`chaos ${seconds}s`));
  return timeline;
}

function cloned(seconds: number): number {
  const kept: unknown[] = [];
  let state = raftLab.open(setup);
  let rest = line(`chaos ${seconds}s`) as Parameters<typeof raftLab.run>[1] | undefined;
  while (rest !== undefined) {
    const part = raftLab.run(state, rest, undefined, setup);
    state = part.state;
    rest = part.rest;
    kept.push(structuredClone(state.world));
  }
  return kept.length;
}

/** Jumps to random moments of a long run: what is reached in so many ms. */
function longRun(events: number, turns: number): Figure[] {
  const timeline = new Timeline(lab, setup);
  timeline.append(line(`chaos ${Math.ceil(events / 500)}s`));
  if (timeline.length < events) timeline.append(line(`step ${events - timeline.length}`));
  const dice = new Dice(3);
  const medians: number[] = [];
  for (let turn = -1; turn < turns; turn++) {
    const times: number[] = [];
    for (let n = 0; n < 200; n++) {
      const index = dice.below(timeline.length);
      const start = performance.now();
      timeline.at(index);
      times.push(performance.now() - start);
    }
    if (turn >= 0) medians.push(quantile(times, 0.5));
  }
  return [
    {
      what: `${timeline.length} events, held`,
      unit: 'MB',
      ours: summary([timeline.weight / 1e6]),
      target: { atMost: 16 },
      issue: 5,
      size: timeline.length,
    },
    {
      what: `${timeline.length} events, a jump`,
      unit: 'ms',
      ours: summary(medians),
      target: { atMost: 2 },
      issue: 5,
      size: timeline.length,
    },
  ];
}

export const clusterLine: Line = {
  name: 'cluster',
  about:
    'a storm over five Raft nodes with time travel, against keeping a clone of the world an event',
  async run({ turns, quick }) {
    const seconds = quick ? 3 : 8;
    const variants = {
      ours: () => rate(() => recorded(seconds, false).length),
      judged: () => rate(() => recorded(seconds, true).length),
      clones: () => rate(() => cloned(seconds)),
    };
    const { ours = [], judged = [], clones = [] } = await inTurns(turns, variants);
    const against = (what: string, mine: number[]): Figure => ({
      what,
      unit: 'events/s',
      ours: summary(mine),
      peer: {
        name: 'a structured clone an event',
        theirs: summary(clones),
        ratio: ratios(mine, clones),
      },
      target: { atLeast: 8 },
      issue: 5,
      size: seconds,
    });
    return [
      against(`a storm of ${seconds} s, recorded`, ours),
      against('the same, referees on', judged),
      ...longRun(quick ? 10_000 : 100_000, turns),
    ];
  },
};
