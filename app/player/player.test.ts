import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { EMPTY_IMAGE } from '../../engine/disk/image.ts';
import { manualTicker } from '../draw/clock.ts';
import { dwellMs, type PlayerEvent, playerMachine } from './player.ts';
import type { ShownMoment } from './types.ts';

const MOVE_MS = 100;
const momentAt = (index: number): ShownMoment => ({
  index,
  name: `${index}.1`,
  command: index,
  step: 1,
  event: { kind: 'x' },
  caption: { title: 'x', detail: '' },
  image: EMPTY_IMAGE,
  value: null,
  metrics: [],
  source: { file: '', name: '' },
  problems: [],
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A player over a fake worker whose answers come when the test lets them. */
function playerOf(length = 6) {
  const ticker = manualTicker();
  const log: string[] = [];
  let waiting: { index: number; answer: () => void; refuse: () => void }[] = [];
  let open: string | undefined;
  let t = 1;
  const actor = createActor(playerMachine, {
    input: {
      ticker,
      speed: 1,
      fetch: (index) =>
        new Promise((resolve, reject) => {
          waiting.push({
            index,
            answer: () => resolve(momentAt(index)),
            refuse: () => reject(new Error('gone')),
          });
        }),
      prepare(from, to) {
        // The heart of it: no movement begins while another is in the air.
        if (open !== undefined && t !== 1) log.push(`NOT LANDED ${open}`);
        open = `${from?.index ?? '·'}→${to.index}`;
        t = 0;
        log.push(open);
        return MOVE_MS;
      },
      draw(at) {
        t = at;
      },
      shown: ({ index }) => log.push(`shown ${index}`),
    },
  });
  actor.start();
  const send = (event: PlayerEvent) => actor.send(event);
  const answer = async () => {
    const due = waiting;
    waiting = [];
    for (const one of due) one.answer();
    await settled();
  };
  const player = {
    send,
    answer,
    async refuse() {
      const due = waiting;
      waiting = [];
      for (const one of due) one.refuse();
      await settled();
    },
    wind: (ms: number) => ticker.wind(ms),
    ticker,
    log,
    get t() {
      return t;
    },
    get asked() {
      return waiting.map(({ index }) => index);
    },
    get at() {
      return actor.getSnapshot().context.moment?.index;
    },
    in: (state: string) => actor.getSnapshot().matches(state as never),
    context: () => actor.getSnapshot().context,
    async open(index = 0) {
      send({ type: 'LOADED', length, index });
      await answer();
      log.length = 0;
    },
  };
  return player;
}
type Player = ReturnType<typeof playerOf>;
const stepped = async (player: Player, event: PlayerEvent) => {
  player.send(event);
  await player.answer();
  player.wind(MOVE_MS + 50);
};

describe('one moment at a time', () => {
  test('opening cuts to where it was told, and shows it', async () => {
    const player = playerOf();
    for (const type of ['STEP', 'BACK', 'PLAY'] as const) player.send({ type });
    expect(player.in('opening')).toBe(true);
    player.send({ type: 'LOADED', length: 6, index: 3 });
    await player.answer();
    expect([player.log, player.t, player.in('paused')]).toEqual([['·→3', 'shown 3'], 1, true]);
    expect(player.ticker.waiting).toBe(0);
  });

  test('forward and back are movements, and stop at the ends', async () => {
    const player = playerOf(3);
    await player.open();
    await stepped(player, { type: 'STEP' });
    await stepped(player, { type: 'STEP' });
    await stepped(player, { type: 'STEP' });
    await stepped(player, { type: 'BACK' });
    await stepped(player, { type: 'BACK' });
    await stepped(player, { type: 'BACK' });
    expect(player.log.filter((said) => said.includes('→'))).toEqual(['0→1', '1→2', '2→1', '1→0']);
    expect([player.t, player.ticker.waiting]).toEqual([1, 0]);
  });

  test('what interrupts a movement lands it first', async () => {
    for (const event of [
      { type: 'STEP' },
      { type: 'BACK' },
      { type: 'PAUSE' },
      { type: 'PLAY' },
      { type: 'JUMP', index: 4 },
      { type: 'GO', index: 4 },
      { type: 'LOADED', length: 6, index: 0 },
      { type: 'FAIL', why: 'x' },
    ] as PlayerEvent[]) {
      const player = playerOf();
      await player.open(1);
      player.send({ type: 'STEP' });
      await player.answer();
      player.wind(MOVE_MS / 2);
      expect(player.t).toBeCloseTo(0.5, 0);
      expect(player.t).toBeLessThan(1);
      player.send(event);
      expect(player.t, event.type).toBe(1);
      await player.answer();
      expect(player.log.filter((said) => said.startsWith('NOT'))).toEqual([]);
    }
  });

  test('GO moves there from wherever the picture is, JUMP cuts; both stay within the run', async () => {
    const player = playerOf();
    await player.open();
    await stepped(player, { type: 'GO', index: 99 });
    await stepped(player, { type: 'JUMP', index: -7 });
    expect(player.log.filter((said) => said.includes('→'))).toEqual(['0→5', '·→0']);
  });

  test('while scrubbing the newest aim wins', async () => {
    const player = playerOf();
    await player.open();
    for (const index of [1, 2, 5, 3]) player.send({ type: 'JUMP', index });
    await player.answer();
    expect([player.at, player.log]).toEqual([3, ['·→3', 'shown 3']]);
  });

  test('a moment that does not come leaves the picture and the aim where they were', async () => {
    for (const event of [
      { type: 'STEP' },
      { type: 'JUMP', index: 4 },
      { type: 'PLAY' },
    ] as PlayerEvent[]) {
      const player = playerOf();
      await player.open(1);
      player.send(event);
      await player.refuse();
      expect([player.in('paused'), player.at, player.context().target]).toEqual([true, 1, 1]);
      player.send({ type: 'STEP' });
      expect(player.asked).toEqual([2]);
    }
  });
});

describe('held at a moment', () => {
  test('nothing gets beyond it, whoever asks; let go, all do', async () => {
    const player = playerOf();
    await player.open();
    player.send({ type: 'HOLD', index: 2 });
    await stepped(player, { type: 'GO', index: 5 });
    expect(player.at).toBe(2);
    await stepped(player, { type: 'STEP' });
    await stepped(player, { type: 'JUMP', index: 4 });
    await stepped(player, { type: 'PLAY' });
    expect([player.at, player.in('paused')]).toEqual([2, true]);
    player.send({ type: 'HOLD' });
    await stepped(player, { type: 'GO', index: 5 });
    expect(player.at).toBe(5);
  });

  test('who is beyond it already is taken back; who plays stops there', async () => {
    const player = playerOf();
    await player.open(4);
    await stepped(player, { type: 'HOLD', index: 1 });
    expect([player.at, player.in('paused')]).toEqual([1, true]);
    await stepped(player, { type: 'HOLD', index: 3 });
    player.send({ type: 'PLAY' });
    for (let i = 0; i < 8; i++) {
      await player.answer();
      player.wind(5_000);
    }
    expect([player.at, player.in('paused')]).toEqual([3, true]);
  });
});

describe('playing', () => {
  test('moves, dwells long enough to read, goes on, and stops at the end', async () => {
    const player = playerOf(3);
    await player.open();
    player.send({ type: 'PLAY' });
    expect(player.in('playing')).toBe(true);
    await player.answer();
    player.wind(MOVE_MS + 20);
    expect([player.at, player.asked]).toEqual([1, []]);
    player.wind(dwellMs(momentAt(1)) + 20);
    expect(player.asked).toEqual([2]);
    await player.answer();
    player.wind(MOVE_MS + 20);
    expect([player.at, player.in('paused'), player.ticker.waiting]).toEqual([2, true, 0]);
    player.send({ type: 'PLAY' });
    expect([player.in('paused'), player.asked]).toEqual([true, []]);
  });

  test('who pauses while a moment is fetched skips none', async () => {
    for (const next of ['STEP', 'PLAY'] as const) {
      const player = playerOf();
      await player.open();
      player.send({ type: 'PLAY' });
      player.send({ type: 'PAUSE' });
      await player.answer();
      expect([player.at, player.in('paused')]).toEqual([0, true]);
      player.send({ type: next });
      expect(player.asked).toEqual([1]);
    }
    const player = playerOf();
    await player.open();
    player.send({ type: 'PLAY' });
    player.send({ type: 'STEP' });
    await player.answer();
    expect(player.at).toBe(1);
  });

  test('speed counts for the movement under way and for the dwelling', async () => {
    const player = playerOf();
    await player.open();
    player.send({ type: 'SPEED', speed: 2 });
    player.send({ type: 'PLAY' });
    await player.answer();
    player.wind(MOVE_MS / 2 + 20);
    player.wind(dwellMs(momentAt(1)) / 2 + 20);
    expect(player.asked).toEqual([2]);
    await player.answer();
    player.send({ type: 'SPEED', speed: 0.25 });
    player.wind(MOVE_MS * 2);
    expect(player.t).toBeCloseTo(0.5, 0);
  });

  test('a jump that was asked to play cuts there first', async () => {
    const player = playerOf();
    await player.open(5);
    player.send({ type: 'JUMP', index: 0 });
    player.send({ type: 'PLAY' });
    await player.answer();
    await player.answer();
    expect(player.log).toEqual(['·→0', 'shown 0', '0→1', 'shown 1']);
    player.send({ type: 'JUMP', index: 2 });
    await player.answer();
    expect(player.in('paused')).toBe(true);
    player.send({ type: 'JUMP', index: 5 });
    player.send({ type: 'PLAY' });
    await player.answer();
    expect([player.in('paused'), player.at]).toEqual([true, 5]);
  });

  test('a run that grew plays on from its old end', async () => {
    const player = playerOf(2);
    await player.open(1);
    player.send({ type: 'PLAY' });
    expect(player.in('paused')).toBe(true);
    player.send({ type: 'GREW', length: 4 });
    player.send({ type: 'PLAY' });
    expect(player.asked).toEqual([2]);
  });

  test('a failure stops everything until something is loaded again', async () => {
    const player = playerOf();
    await player.open();
    player.send({ type: 'PLAY' });
    await player.answer();
    player.send({ type: 'FAIL', why: 'the worker died' });
    expect([player.context().trouble, player.ticker.waiting]).toEqual(['the worker died', 0]);
    for (const event of [
      { type: 'STEP' },
      { type: 'PLAY' },
      { type: 'JUMP', index: 1 },
    ] as PlayerEvent[])
      player.send(event);
    expect(player.in('failed')).toBe(true);
    await player.open(2);
    expect([player.in('paused'), player.at]).toEqual([true, 2]);
  });
});

test('a pause on the way back from what may not be shown does not stop at it', async () => {
  const player = playerOf();
  await player.open();
  player.send({ type: 'GO', index: 2 });
  await player.answer();
  player.send({ type: 'HOLD', index: 1 });
  player.send({ type: 'LOADED', length: 1, index: 0, move: true });
  player.send({ type: 'PAUSE' });
  expect(player.in('stepping')).toBe(true);
  await player.answer();
  player.wind(MOVE_MS + 50);
  expect([player.in('paused'), player.at, player.t]).toEqual([true, 0, 1]);
});

test('whatever comes in whatever order: landed before the next, within the run, and at rest at last', async () => {
  const event: fc.Arbitrary<PlayerEvent | 'answer' | 'refuse' | number> = fc.oneof(
    fc.constantFrom<PlayerEvent>(
      { type: 'STEP' },
      { type: 'BACK' },
      { type: 'PLAY' },
      { type: 'PAUSE' },
      { type: 'SPEED', speed: 4 },
      { type: 'GREW', length: 8 },
      { type: 'HOLD', index: 1 },
      { type: 'HOLD', index: 4 },
      { type: 'HOLD' },
    ),
    fc.integer({ min: -2, max: 9 }).map((index) => ({ type: 'JUMP' as const, index })),
    fc.integer({ min: -2, max: 9 }).map((index) => ({ type: 'GO' as const, index })),
    fc.record({
      type: fc.constant('LOADED' as const),
      length: fc.integer({ min: 1, max: 7 }),
      index: fc.constant(0),
      move: fc.boolean(),
    }),
    fc.constantFrom('answer' as const, 'answer' as const, 'refuse' as const),
    fc.constantFrom(10, 60, 400),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
      const player = playerOf();
      await player.open();
      for (const one of events) {
        if (one === 'answer') await player.answer();
        else if (one === 'refuse') await player.refuse();
        else if (typeof one === 'number') player.wind(one);
        else player.send(one);
        const { target, length } = player.context();
        if (one !== 'answer') expect(target).toBeLessThan(Math.max(length, (player.at ?? 0) + 1));
        expect(target).toBeGreaterThanOrEqual(0);
      }
      player.send({ type: 'PAUSE' });
      await player.answer();
      player.wind(5_000);
      player.send({ type: 'PAUSE' });
      expect(player.log.filter((said) => said.startsWith('NOT'))).toEqual([]);
      expect([player.in('paused'), player.t, player.ticker.waiting]).toEqual([true, 1, 0]);
      // What is refused can't be gone to, not even back.
      const { limit = 99 } = player.context();
      if (!events.includes('refuse')) expect(player.at).toBeLessThanOrEqual(limit);
    }),
    { numRuns: process.env.SWEEP ? 20_000 : 150 },
  );
});
