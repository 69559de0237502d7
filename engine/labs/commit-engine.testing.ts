// The crash sweep of a participant that is a storage engine: it dies at every write of every transaction
// that it forces, with every set of sectors that a power cut could leave, and comes back from those files.

import { Disk, PowerCut } from '../disk/disk.ts';
import type { DiskImage } from '../disk/image.ts';
import { type CrashBound, crashes } from '../disk/power.ts';
import {
  type CommitChoice,
  clusterOf,
  newCommitWorld,
  RULES,
  WORLD,
} from '../protocols/commit/cluster.ts';
import { type CommitWorld, isOpen } from '../protocols/commit/referees.ts';
import type { CommitRules, LogRecord } from '../protocols/commit/types.ts';
import { apply, nextInTime } from '../sim/cluster.ts';
import { nodeNamed } from '../sim/world.ts';
import { contents, forced, keeper, recovered } from './commit-engine.ts';

const AWAY = 300_000;
const END = 3_000_000;
const VICTIM = 'B';

interface Point {
  /** What the engine held, and what it was to write. */
  readonly kept: DiskImage;
  readonly before: number;
  readonly lines: readonly LogRecord[];
}

/** Plays in time. `dies`: at which of the victim's forced writes, and the files that are left of it. */
function played(
  rules: Partial<CommitRules>,
  dies?: { readonly force: number; readonly left: DiskImage },
) {
  const config: CommitRules = { ...RULES, ...rules, stored: [VICTIM], keeper };
  const cluster = clusterOf(config, WORLD);
  let world: CommitWorld = newCommitWorld(cluster, 1);
  const points: Point[] = [];
  let back: number | undefined;
  const does = (choice: CommitChoice): void => {
    const was = nodeNamed(world, VICTIM)?.state;
    world = apply(cluster, world, choice).world;
    const is = nodeNamed(world, VICTIM)?.state;
    if (!was || !is || was.kept === is.kept) return;
    const before = was.keptLines ?? 0;
    points.push({ kept: was.kept as DiskImage, before, lines: is.log.slice(before) });
    if (points.length !== dies?.force) return;
    back = world.now + AWAY;
    world = apply(cluster, world, { do: 'crash', node: VICTIM }).world;
  };
  const starter = config.protocol === 'paxos-commit' ? 'B' : 'A';
  does({ do: 'ask', node: starter, request: { ask: 'begin', tx: 1, value: 'blue' } });
  for (;;) {
    const next = nextInTime(world);
    const at = (next?.at as number | undefined) ?? END;
    if (back !== undefined && at > back && dies) {
      does({ do: 'restart', node: VICTIM, at: back, disk: { log: [], kept: dies.left } });
      back = undefined;
    } else if (!next || at > END) return { world, points, config };
    else does(next as CommitChoice);
  }
}

/** All that could be left of a transaction that the power cut short, at every write of it. */
function* tornImages({ kept, before, lines }: Point, bound: CrashBound): Iterable<DiskImage> {
  for (let write = 1; ; write++) {
    try {
      const whole = forced(kept, before, lines, write);
      // It came through: the cut is after it.
      yield* crashes(whole, bound);
      return;
    } catch (thrown) {
      if (!(thrown instanceof PowerCut)) throw thrown;
      yield* crashes(thrown.image, bound);
    }
  }
}

export interface Swept {
  /** Forced writes of the victim, images that it came back from, and what the rounds came to. */
  forces: number;
  images: number;
  commits: number;
  aborts: number;
  /** Images in which the transaction was not there, and in which it was. */
  lost: number;
  there: number;
}

/** Throws an Error that names the point. `every`: one image of so many. */
export function sweepStored(
  name: string,
  rules: Partial<CommitRules>,
  { every, seed }: { readonly every: number; readonly seed: number },
): Swept {
  const swept: Swept = { forces: 0, images: 0, commits: 0, aborts: 0, lost: 0, there: 0 };
  const { points } = played(rules);
  points.forEach((point, i) => {
    swept.forces++;
    let nth = seed;
    for (const left of tornImages(point, { seed, extra: 32 })) {
      if (nth++ % every !== 0) continue;
      swept.images++;
      const where = `${name}: force ${i + 1} of ${VICTIM}, image ${nth - seed} (seed ${seed})`;
      // All of the transaction or nothing of it: never one line of two, never data without its record.
      const { lines } = contents(recovered(left));
      const [least, most] = [point.before, point.before + point.lines.length];
      if (lines.length !== least && lines.length !== most)
        throw new Error(`${where}: ${lines.length} lines came back, of ${least} or ${most}`);
      if (lines.length === most) swept.there++;
      else swept.lost++;
      const { world, config } = played(rules, { force: i + 1, left });
      const [broken] = world.ghost.violations;
      if (broken) throw new Error(`${where}: ${broken.referee}: ${broken.text}`);
      // Who lost its vote with the power knows of nothing: that is as good as an abort, and no commit.
      const outcomes = new Set(
        config.participants.map((id) => world.ghost.outcomes[`1 ${id}`] ?? 'abort'),
      );
      const [outcome] = outcomes;
      if (outcomes.size !== 1)
        throw new Error(`${where}: it ended with ${[...outcomes].join(' and ')}`);
      const doubts = world.nodes.filter(({ state }) => state?.participates.some(isOpen));
      if (doubts.length > 0)
        throw new Error(`${where}: ${doubts.map(({ id }) => id).join(', ')} never hears of it`);
      const kept = nodeNamed(world, VICTIM)?.state?.kept as DiskImage;
      const { value } = contents(new Disk(kept).seal());
      if (value !== (outcome === 'commit' ? 'blue' : null))
        throw new Error(`${where}: after ${outcome} its data is ${value}`);
      if (outcome === 'commit') swept.commits++;
      else swept.aborts++;
    }
  });
  return swept;
}

export const VARIANTS: readonly (readonly [string, Partial<CommitRules>])[] = [
  ['presumed nothing', {}],
  ['presumed nothing, another says no', { votes: { C: 'no' } }],
  ['presumed abort', { presume: 'abort' }],
  ['presumed commit', { presume: 'commit' }],
  ['three-phase', { protocol: 'three-phase' }],
  ['Paxos Commit', { protocol: 'paxos-commit', acceptors: ['A', 'X', 'Y'] }],
];
