import { afterEach, describe, expect, it, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Session, SessionState } from '../player/types.ts';
import { pairOf } from './pair.ts';

/** A session that lands at once: as many operations as counts, of so many moments each. */
function sessionOf(...moments: number[]) {
  let first = 1;
  const lines = moments.map((count, i) => {
    const line = { number: i + 1, text: `op ${i + 1}`, first, moments: count };
    first += count;
    return line;
  });
  const length = first;
  const store = createStore<SessionState>(
    () =>
      ({
        phase: 'ready',
        outline: { length, kinds: new Uint8Array(length) },
        lines,
        speed: 1,
        resting: true,
        playing: false,
        moment: { index: 0, caption: { title: '', detail: '' } },
      }) as unknown as SessionState,
  );
  const seek = (index: number) => {
    const { held = Number.POSITIVE_INFINITY } = store.getState();
    const to = Math.max(0, Math.min(index, length - 1, held));
    store.setState({ moment: { ...at(), index: to } as SessionState['moment'] & object });
  };
  const at = () => store.getState().moment as { index: number };
  const session = {
    store,
    seek,
    step: () => seek(at().index + 1),
    back: () => seek(at().index - 1),
    home: () => seek(0),
    end: () => seek(length - 1),
    nextCommand: () => seek(lines.find(({ first }) => first > at().index)?.first ?? length),
    previousCommand() {},
    play: vi.fn(),
    pause: vi.fn(),
    nextOf: async (_: string) => {
      seek(4);
      return true;
    },
    setSpeed(speed: number) {
      store.setState({ speed });
    },
    hold: (held: number | undefined) => store.setState({ ...(held !== undefined && { held }) }),
  } as unknown as Session;
  return session;
}

const places = (...sessions: readonly Session[]) =>
  sessions.map(({ store }) => store.getState().moment?.index);

function pair(pace: 'moment' | 'command' | 'own' = 'command') {
  const [a, b] = [sessionOf(1, 3, 1), sessionOf(2, 1, 4)];
  const made = pairOf([a, b], pace);
  return { made, a, b, half: made.halves, where: () => places(a, b) };
}

afterEach(() => vi.useRealTimers());

/** The same session, but what it is told takes a while: the last word wins, as with the player. */
function slow(session: Session): Session {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let target = 0;
  const seek = (index: number) => {
    target = index;
    clearTimeout(timer);
    timer = setTimeout(() => session.seek(index), 30);
  };
  return { ...session, seek, step: () => seek(target + 1), back: () => seek(target - 1) };
}

describe('a half of a pair', () => {
  it('moves both, from either side', () => {
    const { half, where } = pair();
    half[0].step();
    expect(where()).toEqual([1, 1]);
    half[1].step();
    expect(where()).toEqual([1, 2]);
    half[1].nextCommand();
    expect(where()).toEqual([4, 3]);
    half[0].previousCommand();
    expect(where()).toEqual([1, 2]);
    half[0].end();
    expect(where()).toEqual([5, 7]);
    half[1].seek(1);
    expect(where()).toEqual([1, 1]);
    half[0].home();
    expect(where()).toEqual([0, 0]);
  });

  it('moves alone where each goes at its own pace, until they are put together again', () => {
    const { made, half, where, a, b } = pair();
    made.setPace('own');
    half[1].end();
    half[0].step();
    half[0].play();
    expect(where()).toEqual([1, 7]);
    expect([vi.mocked(a.play).mock.calls.length, vi.mocked(b.play).mock.calls.length]).toEqual([
      1, 0,
    ]);
    made.setPace('command');
    expect(where()).toEqual([1, 2]);
  });

  it('counts every key, also those that come before the moment has', () => {
    vi.useFakeTimers();
    const [a, b] = [sessionOf(1, 3, 1), sessionOf(2, 1, 4)];
    const late: [Session, Session] = [slow(a), slow(b)];
    const made = pairOf(late, 'command');
    const { halves } = made;
    halves[0].nextCommand();
    halves[0].nextCommand();
    halves[1].nextCommand();
    halves[0].back();
    expect(places(a, b)).toEqual([0, 0]);
    vi.advanceTimersByTime(100);
    expect(places(a, b)).toEqual([5, 6]);
    // Landed: who moves the first by another way is followed again, and steps count from there.
    late[0].seek(2);
    vi.advanceTimersByTime(100);
    expect(places(a, b)).toEqual([2, 3]);
    halves[0].step();
    vi.advanceTimersByTime(100);
    expect(places(a, b)).toEqual([3, 3]);
    made.close();
  });

  it('follows whoever moves the first by another way', async () => {
    const { a, half, where } = pair();
    a.seek(4);
    expect(where()).toEqual([4, 3]);
    await half[1].nextOf('split');
    expect(where()).toEqual([5, 4]);
  });

  it('stands where either is held back', () => {
    const { a, half, where } = pair('moment');
    a.hold(2);
    half[0].step();
    half[0].step();
    half[1].step();
    half[1].seek(6);
    half[0].end();
    expect(where()).toEqual([2, 2]);
  });
});

it('plays both, a pair of moments after the other, and stops when it is told', () => {
  vi.useFakeTimers();
  const { made, half, where } = pair('moment');
  half[0].play();
  expect([where(), made.store.getState().playing]).toEqual([[1, 1], true]);
  vi.advanceTimersByTime(400);
  expect(where()).toEqual([2, 2]);
  half[1].pause();
  vi.advanceTimersByTime(4000);
  expect([where(), made.store.getState().playing]).toEqual([[2, 2], false]);
  half[0].play();
  vi.advanceTimersByTime(9000);
  expect([where(), made.store.getState().playing]).toEqual([[5, 7], false]);
  // From the end it begins anew.
  half[0].play();
  expect(where()).toEqual([0, 0]);
  made.close();
  vi.advanceTimersByTime(9000);
  expect(where()).toEqual([0, 0]);
});
