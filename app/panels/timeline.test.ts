import { describe, expect, it } from 'vitest';
import type { Branch, CommandLine, Outline } from '../player/types.ts';
import { blocksOf, lanesOf, momentAt, sharedCommands, ticksOf, xOfMoment } from './timeline.ts';

const HEIGHTS = { quiet: [20, 7], tall: [14, 14] } as const;
const KINDS = [
  { kind: 'seek', process: 'lookup' },
  { kind: 'open', process: 'split' },
];

/** One opening moment, then `counts` moments a command. */
function linesOf(counts: readonly number[]): CommandLine[] {
  let first = 1;
  return counts.map((moments, i) => {
    const line = { number: i + 1, text: `put ${i}`, first, moments };
    first += moments;
    return line;
  });
}

const outline = (kinds: number[]): Outline => ({
  length: kinds.length,
  kinds: Uint8Array.from(kinds),
});

const strokes = (path: string) => path.split('M').length - 1;

describe('the timeline', () => {
  it('a point on the bar and the moment under it are inverse', () => {
    for (const length of [1, 63, 5000])
      for (const index of [0, Math.floor(length / 2), length - 1])
        expect(momentAt(xOfMoment(index, length, 684), length, 684)).toBe(index);
  });

  it('beyond both ends is the first and the last moment', () => {
    expect(momentAt(-20, 63, 684)).toBe(0);
    expect(momentAt(9000, 63, 684)).toBe(62);
    expect(momentAt(10, 0, 684)).toBe(0);
  });

  it('blocks tile the bar from the opening to the end', () => {
    const lines = linesOf([3, 2, 10]);
    const blocks = blocksOf(lines, 16, 640);
    expect(blocks.map(({ x, width }) => [x, width])).toEqual([
      [40, 120],
      [160, 80],
      [240, 400],
    ]);
    expect(blocks.every((block) => block.numbered)).toBe(true);
  });

  it('a command too narrow to be seen runs together with its neighbours', () => {
    const blocks = blocksOf(linesOf(Array(10_000).fill(3)), 30_001, 600);
    expect(blocks.length).toBeLessThanOrEqual(200);
    expect(blocks[0]?.command).toBe(1);
    expect(blocks.at(-1)?.last).toBe(10_000);
    // Every command is in exactly one block.
    blocks.forEach((block, i) => {
      if (i > 0) expect(block.command).toBe((blocks[i - 1]?.last ?? 0) + 1);
    });
  });

  it('each moment has a tick while there is room', () => {
    const ticks = ticksOf(outline([0, 0, 1, 1, 1, 0]), KINDS, 600, HEIGHTS);
    expect(ticks.map(({ process, tone, path }) => [process, tone, strokes(path)])).toEqual([
      ['lookup', 'quiet', 3],
      ['split', 'structure', 3],
    ]);
  });

  it('when crowded, quiet ticks fold away and the others become columns of their share', () => {
    const many = outline(Array.from({ length: 50_000 }, (_, i) => (i % 10 === 0 ? 1 : 0)));
    const ticks = ticksOf(many, KINDS, 600, HEIGHTS);
    expect(ticks.map(({ process }) => process)).toEqual(['split']);
    expect(strokes(ticks[0]?.path ?? '')).toBe(600);
    // A tenth of 14 pixels would be 1.4: what is rare stands at least three high.
    expect(ticks[0]?.path.startsWith('M0.5 28v-3M1.5 28v-3')).toBe(true);
  });

  it('an empty run draws nothing', () => {
    expect(ticksOf(outline([]), KINDS, 600, HEIGHTS)).toEqual([]);
    expect(blocksOf([], 0, 600)).toEqual([]);
  });
});

describe('branches as lanes', () => {
  const branches: Branch[] = [
    { name: 'main', commands: 10, moments: 41 },
    { name: 'crash', parent: 'main', from: 4, commands: 6, moments: 30 },
    { name: 'deeper', parent: 'crash', from: 5, commands: 9, moments: 40 },
    { name: 'early', parent: 'crash', from: 2, commands: 3, moments: 12 },
  ];

  it.each([
    ['main', 'crash', 4],
    ['crash', 'main', 4],
    ['main', 'deeper', 4],
    ['crash', 'deeper', 5],
    ['main', 'early', 2],
    ['deeper', 'early', 2],
    ['main', 'main', 10],
  ])('%s and %s share their first %i commands', (one, other, shared) => {
    expect(sharedCommands(branches, one, other)).toBe(shared);
  });

  it('each lane leaves the branch on screen at the end of the last shared command', () => {
    const lines = linesOf(Array(10).fill(4));
    const lanes = lanesOf(branches, 'main', lines, 41, 410);
    expect(lanes.map(({ name, x, shared }) => [name, x, shared])).toEqual([
      ['crash', 170, 4],
      ['deeper', 170, 4],
      ['early', 90, 2],
    ]);
    for (const lane of lanes) {
      expect(lane.end).toBeGreaterThan(lane.x);
      expect(lane.end).toBeLessThanOrEqual(410);
      expect(lane.flipped).toBe(false);
    }
  });

  it('a name that has no room behind its lane stands before it', () => {
    const late: Branch[] = [
      { name: 'main', commands: 10, moments: 41 },
      { name: 'what if it died', parent: 'main', from: 9, commands: 12, moments: 60 },
    ];
    const [lane] = lanesOf(late, 'main', linesOf(Array(10).fill(4)), 41, 410);
    expect([lane?.x, lane?.end, lane?.flipped]).toEqual([370, 410, true]);
  });
});
