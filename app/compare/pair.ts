// Two open labs under one playhead. Each half is a session as any panel knows one, but its transport
// moves both; which moment the other then shows is pace.ts's to say. Movements begin together, and
// the next pair waits until both have landed.

import { createStore, type StoreApi } from 'zustand/vanilla';
import { dwellMs } from '../player/player.ts';
import type { Session } from '../player/types.ts';
import { next, nextCommand, type Pace, type Places, placed, previous, type Track } from './pace.ts';

export interface PairState {
  readonly pace: Pace;
  readonly playing: boolean;
}

export interface Pair {
  readonly store: StoreApi<PairState>;
  /** The halves: sessions whose transport moves both, but for `own`. */
  readonly halves: readonly [Session, Session];
  setPace(pace: Pace): void;
  close(): void;
}

export function pairOf(sessions: readonly [Session, Session], pace: Pace = 'moment'): Pair {
  const store = createStore<PairState>(() => ({ pace, playing: false }));
  let wait: ReturnType<typeof setTimeout> | undefined;
  let unwatch = () => {};

  const trackOf = ({ store }: Session): Track => {
    const { outline, lines } = store.getState();
    return { length: outline.length, lines };
  };
  const tracks = (): [Track, Track] => [trackOf(sessions[0]), trackOf(sessions[1])];
  const shown = (side: 0 | 1): number => sessions[side].store.getState().moment?.index ?? 0;
  /** Where both were last sent; `underWay` until both have come there. A key can be quicker than a fetch. */
  let going: Places | undefined;
  let underWay = false;
  const send = (to: Places) => {
    going = to;
    underWay = shown(0) !== to[0] || shown(1) !== to[1];
  };
  /** Where both stand, or will in a moment: the next step counts from there. */
  const places = (): Places => (underWay && going ? going : [shown(0), shown(1)]);

  /** Neither is held back before its place. */
  const isAllowed = (to: Places): boolean =>
    sessions.every(({ store }, side) => {
      const { held } = store.getState();
      return held === undefined || (to[side] as number) <= held;
    });

  /** Moves each to its place, or neither: a step where it is one, else a cut. */
  function go(to: Places): void {
    if (!isAllowed(to)) return;
    const at = places();
    send(to);
    sessions.forEach((session, side) => {
      const [from, target] = [at[side] as number, to[side] as number];
      if (target === from + 1) session.step();
      else if (target === from - 1) session.back();
      else if (target !== from) session.seek(target);
    });
  }

  function pause(): void {
    clearTimeout(wait);
    unwatch();
    store.setState({ playing: false });
  }

  /** One pair of moments after the other, as long as nobody interrupts. */
  function play(): void {
    const { pace } = store.getState();
    if (pace === 'own') return;
    pause();
    const at = places();
    const to = next(pace, tracks(), at);
    if ((to[0] === at[0] && to[1] === at[1]) || !isAllowed(to)) return;
    store.setState({ playing: true });
    go(to);
    const landed = () =>
      sessions.every(({ store }, side) => {
        const { resting, moment } = store.getState();
        return resting && moment?.index === to[side];
      });
    const onward = () => {
      if (!landed()) return;
      unwatch();
      const states = sessions.map(({ store }) => store.getState());
      const dwell = Math.max(...states.map(({ moment }) => dwellMs(moment)));
      wait = setTimeout(play, dwell / Math.max(...states.map(({ speed }) => speed)));
    };
    const stops = sessions.map(({ store }) => store.subscribe(onward));
    unwatch = () => {
      for (const stop of stops) stop();
    };
    onward();
  }

  /** To the beginning again when there is nothing more to play, as a single run does. */
  function playOrAnew(): void {
    const all = tracks();
    const at = places();
    if (at.every((place, side) => place === (all[side] as Track).length - 1)) {
      go([0, 0]);
      wait = setTimeout(play, 400);
      store.setState({ playing: true });
    } else play();
  }

  function half(side: 0 | 1): Session {
    const session = sessions[side];
    const together = (alone: () => void, both: (pace: Exclude<Pace, 'own'>) => Places) => () => {
      const { pace } = store.getState();
      pause();
      if (pace === 'own') alone();
      else go(both(pace));
    };
    return {
      ...session,
      step: together(session.step, (pace) => next(pace, tracks(), places())),
      back: together(session.back, (pace) => previous(pace, tracks(), places())),
      nextCommand: together(session.nextCommand, () => nextCommand(tracks(), places(), 1)),
      previousCommand: together(session.previousCommand, () => nextCommand(tracks(), places(), -1)),
      home: together(session.home, () => [0, 0]),
      end: together(session.end, () => {
        const [a, b] = tracks();
        return [a.length - 1, b.length - 1];
      }),
      seek(index) {
        const { pace } = store.getState();
        pause();
        if (pace === 'own') {
          session.seek(index);
          return;
        }
        const to = placed(pace, tracks(), side, index);
        if (!isAllowed(to)) return;
        send(to);
        sessions.forEach((one, i) => {
          one.seek(to[i] as number);
        });
      },
      play() {
        const { pace, playing } = store.getState();
        if (pace === 'own') session.play();
        else if (playing) pause();
        else playOrAnew();
      },
      pause() {
        if (store.getState().pace === 'own') session.pause();
        else pause();
      },
      async nextOf(process, direction) {
        const { pace } = store.getState();
        pause();
        if (pace === 'own' || side === 0) return session.nextOf(process, direction);
        const before = session.store.getState().moment?.index;
        const found = await session.nextOf(process, direction);
        const follow = () => {
          const { moment } = session.store.getState();
          if (!moment || moment.index === before) return;
          stop();
          go(placed(pace, tracks(), side, moment.index));
        };
        // It is on its way, or there already.
        const stop = found ? session.store.subscribe(follow) : () => {};
        if (found) follow();
        return found;
      },
      setSpeed(speed) {
        for (const one of sessions) one.setSpeed(speed);
      },
      setProcess(process) {
        for (const one of sessions) one.setProcess(process);
      },
    };
  }

  // Whoever moves the first by other ways than the pair's (a link in a text, a branch) moves both.
  const unfollow = sessions[0].store.subscribe(({ moment, phase }, before) => {
    const { pace } = store.getState();
    if (pace === 'own' || !moment || phase !== 'ready' || moment === before.moment) return;
    if (moment.index === going?.[0]) return;
    pause();
    const to = placed(pace, tracks(), 0, moment.index);
    send(to);
    sessions[1].seek(to[1]);
  });
  const unwait = sessions.map(({ store }) =>
    store.subscribe(({ outline }, before) => {
      if (outline !== before.outline || (shown(0) === going?.[0] && shown(1) === going?.[1]))
        underWay = false;
    }),
  );

  return {
    store,
    halves: [half(0), half(1)],
    setPace(pace) {
      pause();
      underWay = false;
      for (const session of sessions) session.pause();
      store.setState({ pace });
      // Under one playhead again: the second joins the first.
      if (pace !== 'own') go(placed(pace, tracks(), 0, places()[0]));
    },
    close() {
      pause();
      unfollow();
      for (const stop of unwait) stop();
    },
  };
}
