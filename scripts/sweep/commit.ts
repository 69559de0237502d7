// Commit rounds: a participant that is a storage engine dies at every write, and comes back from what is left.

import { sweepStored, VARIANTS } from '../../engine/labs/commit-engine.testing.ts';
import type { Part } from './part.ts';

export const storedPart: Part = {
  name: 'commit',
  about: 'a participant in the B-Tree engine dies at every write of every forced record',
  run(share, tell) {
    const every = Math.max(1, Math.round(1 / share));
    const sum = { images: 0, forces: 0, commits: 0, aborts: 0, lost: 0, there: 0 };
    for (const [name, rules] of VARIANTS)
      for (const participants of [['B'], ['B', 'C'], ['B', 'C', 'D']]) {
        const all = { ...rules, participants };
        const swept = sweepStored(`${name}, ${participants.length} participants`, all, {
          every,
          seed: participants.length,
        });
        for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += swept[key];
        tell(sum);
      }
    return sum;
  },
};
