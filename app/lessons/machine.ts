// The lesson: which beat is on, whether its question is open, and when, in continuous mode, it goes on
// by itself. It knows nothing of engines: the screen tells it that a run is open and what came of an
// answer, and it tells the screen to play.
//
//   opening ─▶ asking ──ANSWER──▶ answered.{watching → ended}
//      │         └──────SKIP────▶ showing.{reading → watching → ended}
//      └──(nothing to ask)──────▶ showing
//   ended, in continuous mode: rests, then the next beat
//
// NEXT, BACK and GO work in every state, so back always works; beyond the last beat is `finished`.
// CHANGED comes when the reader changed the run: the question is put anew, about their own input.

import { assign, setup } from 'xstate';

/** What became of a beat, kept from visit to visit. */
export type Mark = 'seen' | 'right' | 'wrong' | 'skipped' | 'done';

export interface LessonInput {
  readonly beats: readonly string[];
  readonly beat: number;
  readonly marks: Readonly<Record<string, Mark>>;
  /** How long a beat's prose takes to read, in ms: continuous mode waits so long before it plays. */
  readingMs(beat: number): number;
}

export interface LessonContext extends LessonInput {
  /** Counts the times that a beat was opened: the same one may be opened anew. */
  readonly visit: number;
  readonly continuous: boolean;
  /** What the reader chose, and whether the run agreed. */
  readonly choice: string | undefined;
  readonly right: boolean | undefined;
}

export type LessonEvent =
  /** The beat's run is open. `asks`: it has a question for this run. */
  | { readonly type: 'OPENED'; readonly asks: boolean }
  | { readonly type: 'CHANGED'; readonly asks: boolean }
  | { readonly type: 'ANSWER'; readonly value: string; readonly right: boolean }
  | { readonly type: 'SKIP' }
  /** The question once more. */
  | { readonly type: 'AGAIN' }
  /** The picture moved on; it came to the end of what the beat shows. */
  | { readonly type: 'MOVED' }
  | { readonly type: 'ENDED' }
  /** A task or a challenge was judged done. */
  | { readonly type: 'DONE' }
  | { readonly type: 'NEXT' }
  | { readonly type: 'BACK' }
  | { readonly type: 'GO'; readonly beat: number }
  | { readonly type: 'CONTINUOUS'; readonly on: boolean };

/** How long the end of a beat stands in continuous mode. */
export const REST_MS = 3_500;

const parts = setup({
  types: {
    input: {} as LessonInput,
    context: {} as LessonContext,
    events: {} as LessonEvent,
  },
  actions: {
    /** The screen's to provide. */
    play: () => {},
    open: assign(({ context }, { beat }: { beat: number }) => ({
      beat,
      visit: context.visit + 1,
      choice: undefined,
      right: undefined,
    })),
    forget: assign({ choice: undefined, right: undefined }),
    answer: assign((_, { value, right }: { value: string; right: boolean }) => ({
      choice: value,
      right,
    })),
    /** A beat that was once right or done stays so. */
    mark: assign(({ context }, { mark }: { mark: Mark }) => {
      const id = context.beats[context.beat] as string;
      const before = context.marks[id];
      const keeps = before === 'right' || before === 'done' || (mark === 'seen' && before);
      return keeps ? {} : { marks: { ...context.marks, [id]: mark } };
    }),
    pace: assign((_, { on }: { on: boolean }) => ({ continuous: on })),
  },
  guards: {
    isContinuous: ({ context }) => context.continuous,
    hasNext: ({ context }) => context.beat < context.beats.length - 1,
    isAnother: ({ context }, { beat }: { beat: number }) =>
      beat >= 0 && beat < context.beats.length,
    asks: (_, { asks }: { asks: boolean }) => asks,
    turnsOn: (_, { on }: { on: boolean }) => on,
  },
  delays: {
    reading: ({ context }) => context.readingMs(context.beat),
    rest: REST_MS,
  },
});

const seen = { type: 'mark', params: { mark: 'seen' } } as const;

/** The end of a beat: in continuous mode it stands a while, and the next begins. */
const ended = parts.createStateConfig({
  on: { MOVED: 'watching' },
  after: {
    rest: [
      {
        guard: ({ context }) => context.continuous && context.beat < context.beats.length - 1,
        target: '#lesson.opening',
        actions: { type: 'open', params: ({ context }) => ({ beat: context.beat + 1 }) },
      },
      { guard: 'isContinuous', target: '#lesson.finished' },
    ],
  },
});

export const lessonMachine = parts.createMachine({
  id: 'lesson',
  context: ({ input }) => ({
    ...input,
    visit: 0,
    continuous: false,
    choice: undefined,
    right: undefined,
  }),
  initial: 'opening',
  on: {
    NEXT: [
      {
        guard: 'hasNext',
        target: '.opening',
        actions: { type: 'open', params: ({ context }) => ({ beat: context.beat + 1 }) },
      },
      { target: '.finished' },
    ],
    BACK: {
      target: '.opening',
      actions: { type: 'open', params: ({ context }) => ({ beat: Math.max(0, context.beat - 1) }) },
    },
    GO: {
      guard: { type: 'isAnother', params: ({ event }) => event },
      target: '.opening',
      actions: { type: 'open', params: ({ event }) => event },
    },
    CHANGED: [
      {
        guard: { type: 'asks', params: ({ event }) => event },
        target: '.asking',
        actions: 'forget',
      },
      { target: '.showing.watching', actions: 'forget' },
    ],
    CONTINUOUS: { actions: { type: 'pace', params: ({ event }) => event } },
    DONE: { actions: { type: 'mark', params: { mark: 'done' } } },
  },
  states: {
    opening: {
      entry: seen,
      on: {
        CHANGED: {},
        OPENED: [
          { guard: { type: 'asks', params: ({ event }) => event }, target: 'asking' },
          { target: 'showing' },
        ],
      },
    },
    asking: {
      initial: 'reading',
      on: {
        ANSWER: {
          target: 'answered',
          actions: [
            { type: 'answer', params: ({ event }) => event },
            {
              type: 'mark',
              params: ({ event }) => ({ mark: event.right ? 'right' : 'wrong' }),
            },
          ],
        },
        SKIP: {
          target: 'showing.watching',
          actions: [{ type: 'mark', params: { mark: 'skipped' } }, 'play'],
        },
        CONTINUOUS: {
          target: '.reading',
          actions: { type: 'pace', params: ({ event }) => event },
        },
      },
      // In continuous mode the picture goes on as far as the question lets it.
      states: {
        reading: {
          on: { MOVED: 'waiting' },
          after: { reading: { guard: 'isContinuous', target: 'waiting', actions: 'play' } },
        },
        waiting: {},
      },
    },
    answered: {
      initial: 'watching',
      on: {
        AGAIN: { target: 'asking', actions: 'forget' },
        CONTINUOUS: {
          target: '.watching',
          actions: { type: 'pace', params: ({ event }) => event },
        },
      },
      states: {
        watching: { on: { ENDED: 'ended' } },
        ended,
      },
    },
    showing: {
      initial: 'reading',
      on: {
        CONTINUOUS: [
          {
            guard: { type: 'turnsOn', params: ({ event }) => event },
            target: '.reading',
            actions: { type: 'pace', params: ({ event }) => event },
          },
          { actions: { type: 'pace', params: ({ event }) => event } },
        ],
      },
      states: {
        reading: {
          on: { MOVED: 'watching' },
          after: { reading: { guard: 'isContinuous', target: 'watching', actions: 'play' } },
        },
        watching: { on: { ENDED: 'ended' } },
        ended,
      },
    },
    finished: {
      entry: 'forget',
      on: {
        // From the last page back to the last beat, not to the one before it.
        BACK: {
          target: 'opening',
          actions: { type: 'open', params: ({ context }) => ({ beat: context.beat }) },
        },
        NEXT: {},
        CHANGED: {},
      },
    },
  },
});
