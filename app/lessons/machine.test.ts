import { describe, expect, it } from 'vitest';
import { createActor, getNextSnapshot, initialTransition, SimulatedClock } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { type LessonEvent, type LessonInput, lessonMachine, REST_MS } from './machine.ts';

const input: LessonInput = {
  beats: ['a', 'b', 'c'],
  beat: 0,
  marks: {},
  readingMs: () => 1000,
};

/** Everything that can reach the machine, over three beats. */
const EVENTS: LessonEvent[] = [
  { type: 'OPENED', asks: true },
  { type: 'OPENED', asks: false },
  { type: 'CHANGED', asks: true },
  { type: 'CHANGED', asks: false },
  { type: 'ANSWER', value: 'x', right: true },
  { type: 'ANSWER', value: 'y', right: false },
  { type: 'SKIP' },
  { type: 'AGAIN' },
  { type: 'MOVED' },
  { type: 'ENDED' },
  { type: 'NEXT' },
  { type: 'BACK' },
  { type: 'GO', beat: 1 },
  { type: 'CONTINUOUS', on: true },
  { type: 'CONTINUOUS', on: false },
];

const paths = getShortestPaths(lessonMachine, {
  input,
  events: EVENTS,
  // Marks only record; what may happen next does not depend on them.
  serializeState: (snapshot) => {
    const { beat, choice, continuous } = (
      snapshot as { context: { beat: number; choice?: string; continuous: boolean } }
    ).context;
    return JSON.stringify([(snapshot as { value: unknown }).value, beat, choice, continuous]);
  },
});

const after = (snapshot: (typeof paths)[number]['state'], event: LessonEvent) =>
  getNextSnapshot(lessonMachine, snapshot, event);

describe('the lesson, wherever it stands', () => {
  it('is walked through in full', () => {
    const where = new Set(paths.map(({ state }) => JSON.stringify(state.value)));
    for (const value of [
      'opening',
      'finished',
      { asking: 'reading' },
      { asking: 'waiting' },
      { answered: 'watching' },
      { answered: 'ended' },
      { showing: 'reading' },
      { showing: 'watching' },
      { showing: 'ended' },
    ])
      expect(where).toContain(JSON.stringify(value));
    expect(paths.length).toBeGreaterThan(60);
  });

  it('goes back: to the beat before, or from the end to the last one', () => {
    for (const { state } of paths) {
      const back = after(state, { type: 'BACK' });
      expect(back.value).toBe('opening');
      const { beat } = state.context;
      const before = state.matches('finished') ? beat : Math.max(0, beat - 1);
      expect(back.context.beat).toBe(before);
      expect(back.context.choice).toBeUndefined();
    }
  });

  it('goes on: no question holds the reader who leaves it', () => {
    for (const { state } of paths) {
      const { beat } = state.context;
      const next = after(state, { type: 'NEXT' });
      if (state.matches('finished') || beat === 2) expect(next.value).toBe('finished');
      else expect([next.value, next.context.beat]).toEqual(['opening', beat + 1]);
    }
  });

  it('shows an outcome only to who answered, and skipping is one event away', () => {
    for (const { state } of paths) {
      expect(state.context.choice !== undefined).toBe(state.matches('answered'));
      if (!state.matches('asking')) continue;
      expect(after(state, { type: 'SKIP' }).value).toEqual({ showing: 'watching' });
    }
  });

  it('asks anew when the reader changed the run', () => {
    for (const { state } of paths) {
      if (state.matches('opening') || state.matches('finished')) continue;
      const asked = after(state, { type: 'CHANGED', asks: true });
      expect(asked.matches('asking')).toBe(true);
      expect(asked.context.choice).toBeUndefined();
    }
  });
});

describe('marks', () => {
  const [initial] = initialTransition(lessonMachine, input);
  const walk = (...events: LessonEvent[]) =>
    events.reduce((state, event) => getNextSnapshot(lessonMachine, state, event), initial);

  it('keep the best that became of a beat', () => {
    const right = walk(
      { type: 'OPENED', asks: true },
      { type: 'ANSWER', value: 'x', right: true },
      { type: 'AGAIN' },
      { type: 'ANSWER', value: 'y', right: false },
    );
    expect(right.context).toMatchObject({ choice: 'y', right: false, marks: { a: 'right' } });
    expect(walk({ type: 'OPENED', asks: true }, { type: 'SKIP' }).context.marks.a).toBe('skipped');
    expect(walk({ type: 'OPENED', asks: false }, { type: 'DONE' }).context.marks.a).toBe('done');
  });
});

describe('continuous mode', () => {
  it('reads, plays, rests and goes on; a question stops it', () => {
    const clock = new SimulatedClock();
    let played = 0;
    const actor = createActor(lessonMachine.provide({ actions: { play: () => void played++ } }), {
      input,
      clock,
    }).start();
    const value = () => actor.getSnapshot().value;
    actor.send({ type: 'OPENED', asks: false });
    clock.increment(5000);
    expect(value()).toEqual({ showing: 'reading' });
    actor.send({ type: 'CONTINUOUS', on: true });
    clock.increment(999);
    expect(played).toBe(0);
    clock.increment(1);
    expect([value(), played]).toEqual([{ showing: 'watching' }, 1]);
    actor.send({ type: 'ENDED' });
    clock.increment(REST_MS);
    expect([value(), actor.getSnapshot().context.beat]).toEqual(['opening', 1]);

    actor.send({ type: 'OPENED', asks: true });
    clock.increment(60_000);
    expect([value(), played]).toEqual([{ asking: 'waiting' }, 2]);
    actor.send({ type: 'ANSWER', value: 'x', right: true });
    actor.send({ type: 'ENDED' });
    actor.send({ type: 'CONTINUOUS', on: false });
    actor.send({ type: 'ENDED' });
    clock.increment(60_000);
    expect(value()).toEqual({ answered: 'ended' });
    expect(actor.getSnapshot().context.beat).toBe(1);
  });
});
