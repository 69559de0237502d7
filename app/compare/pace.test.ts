import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commandAt,
  differences,
  firstDifference,
  next,
  nextCommand,
  type Places,
  placed,
  previous,
  type Track,
} from './pace.ts';

/** A run whose operations have so many moments each; the opening is a moment of its own. */
const track = (...moments: number[]): Track => {
  let first = 1;
  const lines = moments.map((count) => {
    const line = { first, moments: count };
    first += count;
    return line;
  });
  return { length: first, lines };
};

const tracks = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
  )
  .map(([a, b]) => [track(...a), track(...b)] as const);

describe('two runs under one playhead', () => {
  it('walks moment by moment; the shorter waits at its end', () => {
    const pair = [track(1, 2), track(3, 3)] as const;
    const walk: Places[] = [[0, 0]];
    for (let i = 0; i < 7; i++) walk.push(next('moment', pair, walk.at(-1) as Places));
    expect(walk).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [3, 4],
      [3, 5],
      [3, 6],
      [3, 6],
    ]);
    expect(previous('moment', pair, [3, 6])).toEqual([3, 5]);
    expect(previous('moment', pair, [3, 4])).toEqual([3, 3]);
  });

  it('walks command by command: who is done waits for the other', () => {
    const pair = [track(1, 2), track(3, 1)] as const;
    const walk: Places[] = [[0, 0]];
    for (let i = 0; i < 6; i++) walk.push(next('command', pair, walk.at(-1) as Places));
    expect(walk).toEqual([
      [0, 0],
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 4],
      [3, 4],
      [3, 4],
    ]);
  });

  it('comes to both ends from anywhere, and back to both beginnings, within the longer walk', () => {
    fc.assert(
      fc.property(tracks, fc.constantFrom('moment', 'command'), (pair, pace) => {
        let at: Places = [0, 0];
        const seen: Places[] = [at];
        for (let i = 0; i < 60; i++) {
          const then = next(pace, pair, at);
          for (const side of [0, 1] as const) {
            expect(then[side] - at[side]).toBeGreaterThanOrEqual(0);
            expect(then[side] - at[side]).toBeLessThanOrEqual(1);
          }
          if (then[0] !== at[0] || then[1] !== at[1]) seen.push(then);
          at = then;
        }
        expect(at).toEqual([pair[0].length - 1, pair[1].length - 1]);
        // Back along the same places.
        for (const before of seen.slice(0, -1).reverse()) {
          at = previous(pace, pair, at);
          expect(at).toEqual(before);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps both in the same command when it goes by command', () => {
    fc.assert(
      fc.property(tracks, (pair) => {
        let at: Places = [0, 0];
        for (let i = 0; i < 60; i++) {
          at = next('command', pair, at);
          const [a, b] = [commandAt(pair[0], at[0]), commandAt(pair[1], at[1])];
          const ends = at.map((place, side) => place === (pair[side] as Track).length - 1);
          if (!ends.some(Boolean)) expect(a).toBe(b);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('goes to the ends of commands', () => {
    const pair = [track(2, 2, 2), track(1, 1, 4)] as const;
    expect(nextCommand(pair, [0, 0], 1)).toEqual([2, 1]);
    expect(nextCommand(pair, [2, 1], 1)).toEqual([4, 2]);
    expect(nextCommand(pair, [3, 2], 1)).toEqual([4, 2]);
    expect(nextCommand(pair, [5, 3], 1)).toEqual([6, 6]);
    expect(nextCommand(pair, [6, 6], 1)).toEqual([6, 6]);
    expect(nextCommand(pair, [4, 2], -1)).toEqual([2, 1]);
    expect(nextCommand(pair, [2, 1], -1)).toEqual([0, 0]);
  });

  it('puts both where one is put', () => {
    const pair = [track(2, 3), track(4, 1)] as const;
    expect(placed('moment', pair, 0, 5)).toEqual([5, 5]);
    // The end of a command to the end of a command, the midst to the midst.
    expect(placed('command', pair, 0, 2)).toEqual([2, 4]);
    expect(placed('command', pair, 0, 1)).toEqual([1, 1]);
    expect(placed('command', pair, 1, 3)).toEqual([2, 3]);
    expect(placed('command', pair, 0, 0)).toEqual([0, 0]);
    // A command that the other has not got: its end.
    expect(placed('command', [track(1, 1, 1), track(1)], 0, 3)).toEqual([3, 1]);
  });
});

describe('differences', () => {
  const metric = (name: string, value: number) => ({ name, value, unit: 'pages', help: '' });

  it('are counted where both sides count', () => {
    expect(
      differences([metric('pages', 4), metric('x', 1)], [metric('pages', 7), metric('y', 0.3)]).map(
        ({ name, values, difference }) => [name, ...values, difference],
      ),
    ).toEqual([
      ['pages', 4, 7, 3],
      ['x', 1, undefined, undefined],
      ['y', undefined, 0.3, undefined],
    ]);
  });

  it('begin where other things happen', () => {
    expect(firstDifference(['a', 'b'], ['a', 'b'])).toBeUndefined();
    expect(firstDifference(['a', 'b'], ['a', 'c'])).toBe(1);
    expect(firstDifference(['a'], ['a', 'c'])).toBe(1);
  });
});
