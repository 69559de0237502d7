import { expect, test } from 'vitest';
import { choreography } from './choreography.ts';

const walk = (...kinds: string[]) => choreography.stateAt((i) => kinds[i], kinds.length - 1);

test('a split is followed state by state, and a parent that overflows begins it again', () => {
  const split = ['descend', 'seek', 'begin', 'overflow', 'open', 'move', 'separator'];
  expect(choreography.refuses(split)).toBeUndefined();
  expect(walk(...split.slice(0, 5))).toBe('splitting.opening');
  expect(walk(...split)).toBe('splitting.lifting');
  expect(walk(...split, 'overflow', 'deepen')).toBe('splitting.deepening');
});

test('a lookup in the middle of a split is refused', () => {
  expect(choreography.refuses(['seek', 'overflow', 'open', 'descend'])).toEqual({
    index: 3,
    state: 'splitting.opening',
  });
});

test('freeing a page means something else after a merge than after a delete', () => {
  expect(walk('seek', 'remove', 'free')).toBe('writing.releasing');
  expect(walk('seek', 'remove', 'underfull', 'merge', 'unlink', 'free')).toBe('merging.freeing');
});

test('the next split begins with an overflow, the next commit with a frame or a log header', () => {
  expect(choreography.kindsEntering('splitting')).toEqual(['overflow']);
  expect(choreography.kindsEntering('committing')).toEqual(['restart', 'frame']);
});

test('the power can be cut anywhere', () => {
  for (const { path } of choreography.states)
    expect(
      choreography.arrows.some(({ from, kinds }) => from === '' && kinds.includes('crash')),
      path,
    ).toBe(true);
  expect(walk('seek', 'overflow', 'crash')).toBe('crashed');
  expect(choreography.refuses(['seek', 'overflow', 'crash', 'recovered', 'seek'])).toBeUndefined();
});

test('a state found from the nearest anchor is the state found from the beginning', () => {
  const kinds = ['seek', 'begin', 'insert', 'descend', 'seek', 'remove', 'underfull', 'merge'];
  kinds.push('unlink', 'free', 'shrink', 'free', 'restart', 'log-sync', 'frame', 'frame');
  kinds.push('log-sync', 'committed', 'checkpoint', 'backfill', 'database-sync', 'checkpointed');
  expect(choreography.refuses(kinds)).toBeUndefined();
  const states = kinds.map((_, i) => choreography.stateAt((at) => kinds[at], i));
  expect(states).toMatchInlineSnapshot(`
    [
      "searching.arrived",
      "writing.begun",
      "writing.placed",
      "searching.descending",
      "searching.arrived",
      "writing.removed",
      "merging.underfull",
      "merging.joining",
      "merging.unlinking",
      "merging.freeing",
      "merging.shrinking",
      "merging.freeing",
      "committing.heading",
      "committing.syncing",
      "committing.appending",
      "committing.appending",
      "committing.syncing",
      "committing.committed",
      "checkpointing.beginning",
      "checkpointing.backfilling",
      "checkpointing.settling",
      "checkpointing.checkpointed",
    ]
  `);
});
