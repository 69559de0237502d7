// A participant that is a storage engine: its promises are rows, and reach the disk as frames of a
// write-ahead log. A slice of the crash sweep; all of it is in scripts/sweep/commit.ts.
import { expect, test } from 'vitest';
import { sweepStored, VARIANTS } from './commit-engine.testing.ts';
import { contents, emptyEngine, forced, keeper, recovered } from './commit-engine.ts';

test('the prepare record is frames in the log, and the commit record comes with its data or not at all', () => {
  const empty = emptyEngine();
  const prepared = { tx: 1, is: 'prepared', participants: ['B', 'C'], value: 'blue' } as const;
  const commit = { tx: 1, is: 'commit', participants: ['B', 'C'], value: 'blue' } as const;
  expect(keeper.frames(empty)).toBe(0);
  const first = forced(empty, 0, [prepared]);
  expect(keeper.frames(first)).toBeGreaterThan(0);
  expect(contents(recovered(first))).toEqual({ lines: [prepared], value: null });
  const second = forced(first, 1, [commit]);
  expect(keeper.frames(second)).toBeGreaterThan(keeper.frames(first));
  expect(contents(recovered(second))).toEqual({ lines: [prepared, commit], value: 'blue' });
});

test.each(VARIANTS)('%s: it dies at a write, and comes back from what is left', (name, rules) => {
  const swept = sweepStored(name, rules, { every: 2, seed: 1 });
  expect(swept.forces).toBeGreaterThan(0);
  expect(swept.images).toBeGreaterThan(5);
  // Among what a cut leaves are both: the transaction, and the time before it.
  expect(swept.lost).toBeGreaterThan(0);
  expect(swept.there).toBeGreaterThan(0);
});
