// For tests: a scenario's moments as the page would hold them, run in this process.

import type { ForeignSource } from '../../../engine/run/lab.ts';
import { shownMoments } from '../runs.testing.ts';
import type { BTreeMoment } from './reading.ts';

/** All of them, or the last so many. */
export const momentsOf = (text: string, last?: number, foreign?: ForeignSource): BTreeMoment[] => [
  ...shownMoments<BTreeMoment>(text, last, foreign),
];

/** A tree that grows, overflows up to a third level, shrinks again, crashes and comes back. */
export const GROWS_AND_SHRINKS = [
  'lab btree',
  'set max-cells 4',
  ...[3, 8, 11, 17, 21, 25, 34, 31, 40, 46, 52, 60, 70, 29, 33].map(
    (key) => `put ${key} "row ${key}"`,
  ),
  'commit',
  'scan 10..40',
  'put 35 "not kept"',
  'crash',
  ...[70, 60, 52, 46, 40, 3, 8, 11, 17].map((key) => `delete ${key}`),
  'commit',
  'get 31',
  'check',
].join('\n');
