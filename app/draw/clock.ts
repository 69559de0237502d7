// The clock of all movement. D3 gives scales, eases and interpolators, xstate gives sequence, and
// this actor gives time: it owns t, from 0 to 1, of the one movement on the stage. d3-transition
// cannot be paused, scrubbed or reversed; this can, and a test runs it in no time at all.
//
// The player machine invokes it with a `draw` that is pure in t:
//
//   invoke: { id: 'clock', src: 'clock', input: { draw, durationMs, speed, ticker } }
//   sendTo('clock', { type: 'PAUSE' })        holds t where it is
//                   { type: 'RESUME' }
//                   { type: 'SEEK', t: 0.4 }  draws there at once; goes on, or stays held
//                   { type: 'SPEED', speed: 2 }
//   on: { 'CLOCK.END': … }                    t = 1 was drawn
//
// Leaving the state that invokes it stops it: no callback stays behind. A duration of 0 is a cut:
// t = 1 is drawn once and the end is told.

import { fromCallback } from 'xstate';

/** Draws at progress t in [0, 1]. Pure in t. */
export type Draw = (t: number) => void;

/** Where time comes from. */
export interface Ticker {
  /** Milliseconds, never going back. */
  now(): number;
  /** Calls back once, before the next paint; returns its cancel. */
  next(callback: () => void): () => void;
}

export type ClockCommand =
  | { readonly type: 'PAUSE' }
  | { readonly type: 'RESUME' }
  | { readonly type: 'SEEK'; readonly t: number }
  | { readonly type: 'SPEED'; readonly speed: number };

export interface ClockInput {
  readonly draw: Draw;
  /** At speed 1. */
  readonly durationMs: number;
  readonly speed?: number;
  readonly ticker: Ticker;
  /** Starts held. */
  readonly paused?: boolean;
}

export interface ClockEnd {
  readonly type: 'CLOCK.END';
}

export const clockActor = fromCallback<ClockCommand, ClockInput>(({ input, sendBack, receive }) => {
  const { draw, durationMs, ticker } = input;
  let speed = input.speed ?? 1;
  let running = !input.paused;
  let t = durationMs > 0 ? 0 : 1;
  let last = ticker.now();
  let cancel = () => {};

  function advance() {
    const now = ticker.now();
    t = Math.min(1, t + ((now - last) * speed) / durationMs);
    last = now;
  }
  function settle() {
    cancel();
    draw(t);
    if (!running) return;
    if (t < 1) cancel = ticker.next(tick);
    else {
      running = false;
      sendBack({ type: 'CLOCK.END' } satisfies ClockEnd);
    }
  }
  function tick() {
    advance();
    settle();
  }

  receive((command) => {
    switch (command.type) {
      case 'PAUSE':
        if (running && t < 1) advance();
        running = false;
        cancel();
        break;
      case 'RESUME':
        running = true;
        last = ticker.now();
        settle();
        break;
      case 'SEEK':
        t = Math.max(0, Math.min(1, command.t));
        last = ticker.now();
        settle();
        break;
      case 'SPEED':
        if (running && t < 1) advance();
        speed = command.speed;
        break;
    }
  });
  settle();
  return () => cancel();
});

/**
 * The ticker of the page: a frame a paint. Its time stands still while the tab is hidden, and a frame
 * that came late (a long task, a sleeping laptop) counts as a tenth of a second at most, so that
 * nobody comes back to a movement that is already over.
 */
export function frameTicker(view: Window = window): Ticker {
  const longest = 100;
  let told = 0;
  let seen = view.performance.now();
  return {
    now() {
      const now = view.performance.now();
      told += Math.min(longest, now - seen);
      seen = now;
      return told;
    },
    next(callback) {
      const frame = view.requestAnimationFrame(callback);
      return () => view.cancelAnimationFrame(frame);
    },
  };
}

/** A ticker that a test winds by hand. */
export interface ManualTicker extends Ticker {
  /** Lets time pass, a frame every `frameMs`, and calls what waits for each. */
  wind(ms: number, frameMs?: number): void;
  /** Callbacks that wait: 0 when nothing moves. */
  readonly waiting: number;
}

export function manualTicker(): ManualTicker {
  let time = 0;
  let waiting = new Set<() => void>();
  return {
    now: () => time,
    next(callback) {
      const one = () => callback();
      waiting.add(one);
      return () => {
        waiting.delete(one);
      };
    },
    wind(ms, frameMs = 16) {
      const until = time + ms;
      while (time < until) {
        time = Math.min(until, time + frameMs);
        const due = waiting;
        waiting = new Set();
        for (const callback of due) callback();
      }
    },
    get waiting() {
      return waiting.size;
    },
  };
}
