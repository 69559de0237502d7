import { expect, test } from 'vitest';
import { type ActorModel, applyInline, canonicalKey, type Model } from './model.ts';

/** Two tokens on three equal stones. */
const stones: Model<readonly number[], number> = {
  initial: [[2, 0, 0]],
  choices: (world) => world.flatMap((tokens, stone) => (tokens > 0 ? [stone] : [])),
  apply: (world, from) =>
    world.map((n, stone) => (stone === from ? n - 1 : stone === (from + 1) % 3 ? n + 1 : n)),
  key: (world) => world.join(),
  line: (from) => `hop ${from}`,
  permute: [
    ([a, b, c]) => [a, c, b] as number[],
    ([a, b, c]) => [b, a, c] as number[],
    ([a, b, c]) => [b, c, a] as number[],
    ([a, b, c]) => [c, a, b] as number[],
    ([a, b, c]) => [c, b, a] as number[],
  ],
};

test('renamed worlds have one canonical key', () => {
  expect(canonicalKey(stones, [0, 1, 1])).toBe(canonicalKey(stones, [1, 0, 1]));
  expect(canonicalKey(stones, [0, 1, 1])).not.toBe(canonicalKey(stones, [2, 0, 0]));
});

test('a step in three parts is the step', () => {
  const actors: ActorModel<readonly number[], number, 'hop', number> = {
    ...stones,
    apply: (world, choice) => applyInline(actors, world, choice),
    pick: (_, choice) => (choice < 0 ? undefined : { node: String(choice), event: 'hop' }),
    react: (_, node) => (Number(node) + 1) % 3,
    absorb: (world, from, to) =>
      to === undefined ? world : world.map((n, i) => (i === from ? n - 1 : i === to ? n + 1 : n)),
  };
  expect(actors.apply([2, 0, 0], 0)).toEqual(stones.apply([2, 0, 0], 0));
  expect(actors.apply([2, 0, 0], -1)).toEqual([2, 0, 0]);
});
