// The player: when a moment is fetched, moved to, dwelt on. The screen knows how a movement looks,
// the clock gives it time, this machine gives it order.
//
//   opening ─▶ paused ⇄ playing.{fetching → moving → dwelling → fetching …}
//                │  ▲
//                ├──┴─ stepping.{fetching → moving}       one moment, forward or back
//                ├──── jumping                            fetch and cut, no movement; then plays if asked to
//                └──── scrubbing                          cuts, as fast as they come, the last one wins
//   failed                                                the worker died or the scenario was refused
//
// Whatever interrupts a movement lands it first: the picture is never left between two moments. Who
// stops while a moment is still being fetched stays at the one on screen.

import { assign, enqueueActions, fromCallback, fromPromise, sendTo, setup } from 'xstate';
import { clockActor, type Draw, type Ticker } from '../draw/clock.ts';
import type { ShownMoment } from './types.ts';

export interface PlayerInput {
  readonly ticker: Ticker;
  readonly speed: number;
  fetch(index: number): Promise<ShownMoment>;
  /** Makes the movement ready and says how long it takes at 1×, in ms. */
  prepare(from: ShownMoment | undefined, to: ShownMoment): number;
  readonly draw: Draw;
  /** Tells the store what is on screen. */
  shown(moment: ShownMoment): void;
}

interface Context {
  readonly input: PlayerInput;
  readonly speed: number;
  readonly length: number;
  /** The last moment that may be shown: what comes after it is asked about first. */
  readonly limit: number | undefined;
  /** Where the reader wants to be. */
  readonly target: number;
  readonly moment: ShownMoment | undefined;
  readonly durationMs: number;
  /** A jump after which to play. */
  readonly playNext: boolean;
  readonly trouble: string | undefined;
}

export type PlayerEvent =
  /** The script was opened or changed: so many moments, and where to stand. */
  | {
      readonly type: 'LOADED';
      readonly length: number;
      readonly index: number;
      readonly move?: boolean;
    }
  /** The script grew; the playhead stays. */
  | { readonly type: 'GREW'; readonly length: number }
  | { readonly type: 'STEP' }
  | { readonly type: 'BACK' }
  | { readonly type: 'PLAY' }
  | { readonly type: 'PAUSE' }
  /** Cut there. */
  | { readonly type: 'JUMP'; readonly index: number }
  /** Move there, from wherever the picture is. */
  | { readonly type: 'GO'; readonly index: number }
  | { readonly type: 'SPEED'; readonly speed: number }
  /** Nothing beyond that moment is shown; without one, everything may be. */
  | { readonly type: 'HOLD'; readonly index?: number }
  /** The moment on screen, with bytes that came later: drawn anew where nothing moves. */
  | { readonly type: 'REFRESH'; readonly moment: ShownMoment }
  | { readonly type: 'FAIL'; readonly why: string };

/** The last moment that can be gone to. */
const lastOf = ({ length, limit }: Context): number =>
  Math.min(length - 1, limit ?? Number.POSITIVE_INFINITY);

/** How long a moment is left standing while playing, at 1×: long enough to read its caption. */
export function dwellMs(moment: ShownMoment | undefined): number {
  if (!moment) return 0;
  const words = `${moment.caption.title} ${moment.caption.detail}`.split(/\s+/).length;
  return Math.max(350, Math.min(2_200, 110 * words));
}

const waitActor = fromCallback<{ type: 'x' }, { ms: number; ticker: Ticker }>(
  ({ input, sendBack }) => {
    const start = input.ticker.now();
    let cancel = () => {};
    const tick = () => {
      if (input.ticker.now() - start >= input.ms) sendBack({ type: 'WAITED' });
      else cancel = input.ticker.next(tick);
    };
    cancel = input.ticker.next(tick);
    return () => cancel();
  },
);

const player = setup({
  types: {
    context: {} as Context,
    input: {} as PlayerInput,
    events: {} as PlayerEvent | { type: 'CLOCK.END' } | { type: 'WAITED' },
  },
  actors: {
    clock: clockActor,
    wait: waitActor,
    fetch: fromPromise<ShownMoment, { input: PlayerInput; index: number }>(({ input }) =>
      input.input.fetch(input.index),
    ),
  },
  guards: {
    canStep: ({ context }) => context.target < lastOf(context),
    canBack: ({ context }) => context.target > 0,
    /** There is a moment after the one on screen. */
    canPlay: ({ context }) => (context.moment?.index ?? 0) < lastOf(context),
    playsNext: ({ context, event }) =>
      context.playNext &&
      'output' in event &&
      (event.output as ShownMoment).index < lastOf(context),
    /** Who is on the way back from a moment that may not be shown does not stop at it. */
    mayStay: ({ context }) =>
      (context.moment?.index ?? 0) <= (context.limit ?? Number.POSITIVE_INFINITY),
    /** The picture is, or is about to be, beyond what may be shown. */
    isBeyond: ({ context }, { index }: { index: number | undefined }) =>
      index !== undefined && Math.max(context.target, context.moment?.index ?? 0) > index,
  },
  actions: {
    land: ({ context }) => context.input.draw(1),
    forward: assign({ target: ({ context }) => Math.min(context.target + 1, lastOf(context)) }),
    backward: assign({ target: ({ context }) => Math.max(context.target - 1, 0) }),
    /** A movement to what was fetched. */
    arrive: enqueueActions(
      ({ enqueue, context }, { to, cut }: { to: ShownMoment; cut: boolean }) => {
        const durationMs = context.input.prepare(cut ? undefined : context.moment, to);
        enqueue.assign({ moment: to, target: to.index, durationMs: cut ? 0 : durationMs });
        enqueue(() => {
          if (cut) context.input.draw(1);
          context.input.shown(to);
        });
      },
    ),
    aim: assign(({ context }, { index }: { index: number }) => ({
      target: Math.max(0, Math.min(index, lastOf(context))),
    })),
    /** Wants no more than what is on screen. */
    stay: assign({ target: ({ context }) => context.moment?.index ?? context.target }),
    /** Playing goes on from what is on screen, wherever a step was heading. */
    onward: assign({
      target: ({ context }) =>
        Math.min((context.moment?.index ?? context.target) + 1, lastOf(context)),
    }),
    willPlay: assign({ playNext: true }),
    willRest: assign({ playNext: false }),
    grow: assign((_, { length }: { length: number }) => ({ length })),
    hold: assign((_, { index }: { index: number | undefined }) => ({ limit: index })),
    hurry: assign((_, { speed }: { speed: number }) => ({ speed })),
    blame: assign((_, { why }: { why: string }) => ({ trouble: why })),
  },
});

/** Both ways of going somewhere fetch the moment first… */
const fetching = player.createStateConfig({
  invoke: {
    src: 'fetch',
    input: ({ context }) => ({ input: context.input, index: context.target }),
    onDone: {
      target: 'moving',
      actions: {
        type: 'arrive',
        params: ({ event }) => ({ to: event.output, cut: false }),
      },
    },
    onError: { target: '#player.paused', actions: 'stay' },
  },
});

/** …and then give the clock the movement to it. Leaving, for whatever reason, lands it. */
const moving = player.createStateConfig({
  exit: 'land',
  invoke: {
    id: 'clock',
    src: 'clock',
    input: ({ context }) => ({
      draw: context.input.draw,
      durationMs: context.durationMs,
      speed: context.speed,
      ticker: context.input.ticker,
    }),
  },
  on: {
    SPEED: {
      actions: [
        { type: 'hurry', params: ({ event }) => event },
        sendTo('clock', ({ event }) => event),
      ],
    },
  },
});

export const playerMachine = player.createMachine({
  id: 'player',
  context: ({ input }) => ({
    input,
    speed: input.speed,
    length: 0,
    limit: undefined,
    target: 0,
    moment: undefined,
    durationMs: 0,
    playNext: false,
    trouble: undefined,
  }),
  initial: 'opening',
  on: {
    LOADED: [
      {
        guard: ({ event }) => event.move === true,
        target: '.stepping',
        actions: [
          { type: 'grow', params: ({ event }) => event },
          { type: 'aim', params: ({ event }) => event },
        ],
      },
      {
        target: '.jumping',
        actions: [
          { type: 'grow', params: ({ event }) => event },
          { type: 'aim', params: ({ event }) => event },
        ],
      },
    ],
    REFRESH: {
      guard: ({ context, event }) => context.moment?.index === event.moment.index,
      actions: { type: 'arrive', params: ({ event }) => ({ to: event.moment, cut: true }) },
    },
    GREW: { actions: { type: 'grow', params: ({ event }) => event } },
    SPEED: { actions: { type: 'hurry', params: ({ event }) => event } },
    HOLD: [
      {
        guard: { type: 'isBeyond', params: ({ event }) => ({ index: event.index }) },
        target: '.jumping',
        actions: [
          { type: 'hold', params: ({ event }) => ({ index: event.index }) },
          { type: 'aim', params: ({ event }) => ({ index: event.index ?? 0 }) },
        ],
      },
      { actions: { type: 'hold', params: ({ event }) => ({ index: event.index }) } },
    ],
    FAIL: { target: '.failed', actions: { type: 'blame', params: ({ event }) => event } },
    STEP: { guard: 'canStep', target: '.stepping', actions: 'forward' },
    BACK: { guard: 'canBack', target: '.stepping', actions: 'backward' },
    JUMP: { target: '.jumping', actions: { type: 'aim', params: ({ event }) => event } },
    GO: { target: '.stepping', actions: { type: 'aim', params: ({ event }) => event } },
  },
  states: {
    opening: {
      on: {
        STEP: {},
        BACK: {},
        JUMP: {},
        GO: {},
        HOLD: { actions: { type: 'hold', params: ({ event }) => ({ index: event.index }) } },
      },
    },
    paused: { on: { PLAY: { guard: 'canPlay', target: 'playing', actions: 'onward' } } },
    stepping: {
      initial: 'fetching',
      on: {
        PAUSE: { guard: 'mayStay', target: 'paused', actions: 'stay' },
        PLAY: { guard: 'canPlay', target: 'playing', actions: 'onward' },
      },
      states: {
        fetching,
        moving: { ...moving, on: { ...moving.on, 'CLOCK.END': '#player.paused' } },
      },
    },
    playing: {
      initial: 'fetching',
      on: { PAUSE: 'paused' },
      states: {
        fetching: { ...fetching, exit: 'stay' },
        moving: {
          ...moving,
          on: {
            ...moving.on,
            'CLOCK.END': [{ guard: 'canStep', target: 'dwelling' }, { target: '#player.paused' }],
          },
        },
        dwelling: {
          invoke: {
            src: 'wait',
            input: ({ context }) => ({
              ms: dwellMs(context.moment) / context.speed,
              ticker: context.input.ticker,
            }),
          },
          on: { WAITED: { target: 'fetching', actions: 'forward' } },
        },
      },
    },
    jumping: {
      entry: 'willRest',
      invoke: {
        src: 'fetch',
        input: ({ context }) => ({ input: context.input, index: context.target }),
        onDone: [
          {
            guard: 'playsNext',
            target: 'playing',
            actions: [
              { type: 'arrive', params: ({ event }) => ({ to: event.output, cut: true }) },
              'forward',
            ],
          },
          {
            target: 'paused',
            actions: { type: 'arrive', params: ({ event }) => ({ to: event.output, cut: true }) },
          },
        ],
        onError: { target: 'paused', actions: 'stay' },
      },
      on: {
        PLAY: { actions: 'willPlay' },
        PAUSE: { actions: 'willRest' },
        // Scrubbing: jumps come faster than frames; the newest aim wins.
        JUMP: {
          target: 'jumping',
          reenter: true,
          actions: { type: 'aim', params: ({ event }) => event },
        },
      },
    },
    failed: {
      on: { STEP: {}, BACK: {}, JUMP: {}, GO: {}, PLAY: {}, HOLD: {} },
    },
  },
});
