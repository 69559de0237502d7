import { expect, test } from 'vitest';
import { createActor, setup } from 'xstate';
import { type ClockCommand, clockActor, manualTicker } from './clock.ts';

/** A machine that plays one movement, as the player does, and the t's that were drawn. */
function play(durationMs: number, options: { speed?: number; paused?: boolean } = {}) {
  const ticker = manualTicker();
  const drawn: number[] = [];
  const machine = setup({ actors: { clock: clockActor } }).createMachine({
    initial: 'moving',
    states: {
      moving: {
        invoke: {
          id: 'clock',
          src: 'clock',
          input: { draw: (t) => drawn.push(t), durationMs, ticker, ...options },
        },
        on: { 'CLOCK.END': 'done', LEAVE: 'left' },
      },
      done: {},
      left: {},
    },
  });
  const actor = createActor(machine).start();
  const clock = (command: ClockCommand) => actor.getSnapshot().children.clock?.send(command);
  return {
    actor,
    ticker,
    drawn,
    clock,
    at: () => drawn.at(-1),
    state: () => actor.getSnapshot().value,
  };
}

test('draws t = 0 at once, then a frame a tick, then t = 1 exactly, and tells the end', () => {
  const { drawn, ticker, state } = play(100);
  expect(drawn).toEqual([0]);
  ticker.wind(50, 25);
  expect(drawn).toEqual([0, 0.25, 0.5]);
  ticker.wind(60, 30);
  expect(drawn.at(-1)).toBe(1);
  expect(state()).toBe('done');
  expect(ticker.waiting).toBe(0);
});

test('a pause holds t, and resuming goes on from there', () => {
  const { ticker, clock, at, state } = play(100);
  ticker.wind(40, 20);
  clock({ type: 'PAUSE' });
  ticker.wind(1000);
  expect(at()).toBeCloseTo(0.4);
  expect(ticker.waiting).toBe(0);
  clock({ type: 'RESUME' });
  ticker.wind(20, 20);
  expect(at()).toBeCloseTo(0.6);
  ticker.wind(40, 20);
  expect(state()).toBe('done');
});

test('seeking draws there at once, back and forth, held or not', () => {
  const { ticker, clock, at } = play(100, { paused: true });
  expect(ticker.waiting).toBe(0);
  clock({ type: 'SEEK', t: 0.7 });
  expect(at()).toBe(0.7);
  clock({ type: 'SEEK', t: 0.2 });
  expect(at()).toBe(0.2);
  expect(ticker.waiting).toBe(0);
  clock({ type: 'RESUME' });
  ticker.wind(10, 10);
  expect(at()).toBeCloseTo(0.3);
});

test('speed changes what is still to come, not what has gone by', () => {
  const { ticker, clock, at } = play(100, { speed: 0.5 });
  ticker.wind(40, 20);
  expect(at()).toBeCloseTo(0.2);
  clock({ type: 'SPEED', speed: 2 });
  ticker.wind(20, 20);
  expect(at()).toBeCloseTo(0.6);
});

test('a duration of 0 is a cut: one draw, at 1', () => {
  const { drawn, state, ticker } = play(0);
  expect(drawn).toEqual([1]);
  expect(state()).toBe('done');
  expect(ticker.waiting).toBe(0);
});

test('leaving the state leaves no callback behind', () => {
  const { actor, ticker, drawn } = play(100);
  ticker.wind(20, 20);
  actor.send({ type: 'LEAVE' });
  expect(ticker.waiting).toBe(0);
  const before = drawn.length;
  ticker.wind(200);
  expect(drawn.length).toBe(before);
});
