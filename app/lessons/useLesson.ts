// Keeps lesson and run together: opens the scenario of the beat that is on, puts its question about
// the run that is there (again when the reader changes it), holds the picture back until there is an
// answer, and then plays up to the moment that shows what happens.

import { useActorRef, useSelector } from '@xstate/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { Session } from '../player/types.ts';
import type { Beat, Lesson, Prediction, Run } from './lesson.ts';
import { lessonMachine, type Mark } from './machine.ts';
import { type Asked, ask } from './Prediction.tsx';
import { endOf, lineAt, runOf } from './run.ts';

export interface Teaching {
  readonly lesson: Lesson;
  readonly beat: Beat;
  readonly index: number;
  readonly snapshot: SnapshotFrom<typeof lessonMachine>;
  readonly actor: ActorRefFrom<typeof lessonMachine>;
  /** The run that the beat is about, once it is open. */
  readonly run: Run | undefined;
  readonly asked: Asked | undefined;
  /** The sentence of a complaint: the beat's scenario could not be opened. */
  readonly trouble: string | undefined;
  answer(value: string): void;
  skip(): void;
  again(): void;
  /** The beat's scenario as it was. */
  restart(): void;
}

/** Slow readers take about so many words a minute. */
const WORDS_A_MINUTE = 190;

/** An outcome that is further away is cut to. */
const WATCHED = 24;

/** How long the words of a beat take to read, in ms. */
export const readingMs = (words: number): number =>
  Math.max(3_000, Math.round((words / WORDS_A_MINUTE) * 60_000));

/** A question stays the same as long as all that leads up to it does. */
function sameQuestion(a: Run, b: Run, question: Prediction | undefined, gate: number): boolean {
  if (question?.gate(b) !== gate) return false;
  const last = (run: Run) => run.lines.findLastIndex(({ first }) => first <= gate + 1);
  if (a.setup !== b.setup || last(a) !== last(b)) return false;
  return a.lines.slice(0, last(a) + 1).every(({ text }, i) => text === b.lines[i]?.text);
}

/** An open lab: what kind of source it was opened from, and the text, where it was one. */
export interface Open {
  readonly session: Session;
  readonly source: string;
  readonly text: string | undefined;
}

/** What a beat's first run is opened from: all beats with a text share a session. */
export const sourceOf = ({ scenario }: Beat): string =>
  typeof scenario === 'string' ? '' : scenario.sample;

export function useLesson(props: {
  readonly lesson: Lesson;
  readonly open: Open | undefined;
  /** Where two runs are shown: what moves both. */
  readonly both: { readonly current: Session | undefined };
  readonly start: number;
  readonly marks: Readonly<Record<string, Mark>>;
  /** Counts the words of a beat. */
  readonly wordsOf: (beat: number) => number;
}): Teaching {
  const { lesson, open, both, wordsOf } = props;
  const watch = useRef<() => void>(() => {});
  const actor = useActorRef(
    // After the transition that asks for it.
    lessonMachine.provide({ actions: { play: () => queueMicrotask(() => watch.current()) } }),
    {
      input: {
        beats: lesson.beats.map(({ id }) => id),
        beat: props.start,
        marks: props.marks,
        readingMs: (beat) => readingMs(wordsOf(beat)),
      },
    },
  );
  const snapshot = useSelector(actor, (state) => state);
  const index = snapshot.context.beat;
  const beat = lesson.beats[index] as Beat;
  // Until the beat's own kind of lab is open, the one before stands on the screen.
  const session = open?.source === sourceOf(beat) ? open.session : undefined;
  const [about, setAbout] = useState<{ beat: Beat; run: Run; asked: Asked | undefined }>();
  const [trouble, setTrouble] = useState<string>();
  /** What was loaded last, and what it led to: the same scenario is not run twice. */
  const loaded = useRef<{ session: Session; text: string; digest: string }>(undefined);
  const opening = snapshot.matches('opening');
  const { visit } = snapshot.context;

  useEffect(() => {
    if (!session || actor.getSnapshot().matches('finished')) return;
    let alive = true;
    let known: Run | undefined;
    let gate: number | undefined;
    let opened = false;
    let until: number | undefined;
    let startedAt = 0;
    /** The picture stands where the beat begins: from now on it is the reader who moves it. */
    let placed = false;

    async function take(): Promise<void> {
      const run = runOf(session as Session);
      const question = beat.prediction;
      const same =
        known && gate !== undefined && opened && sameQuestion(known, run, question, gate);
      known = run;
      if (same) {
        setAbout((before) => before && { ...before, run });
        return;
      }
      gate = question?.gate(run);
      session?.hold(gate);
      const asked = question && (await ask(question, run));
      if (!alive || known !== run) return;
      until = asked?.outcome.moment;
      setAbout({ beat, run, asked });
      actor.send({ type: opened ? 'CHANGED' : 'OPENED', asks: asked !== undefined });
      opened = true;
    }

    async function begin(): Promise<void> {
      const { scenario } = beat;
      const here = session as Session;
      setTrouble(undefined);
      // A beat that was left while it was opening still has the engine.
      await atRest(here);
      if (!alive) return;
      here.select(undefined);
      if (typeof scenario === 'string') {
        const { current } = loaded;
        const fresh = current?.session !== here && open?.text === scenario;
        const whole =
          fresh ||
          (current?.session === here &&
            current.text === scenario &&
            current.digest === runOf(here).digest);
        if (!whole) {
          const complaint = await here.load(scenario, { unkept: true });
          if (!alive) return;
          if (complaint !== undefined) return setTrouble(complaint);
        }
        loaded.current = { session: here, text: scenario, digest: runOf(here).digest };
      } else if (here.store.getState().setup.settings.table !== scenario.table) {
        const complaint = await here.setSetting('table', scenario.table);
        if (!alive) return;
        if (complaint !== undefined) return setTrouble(complaint);
      }
      here.hold(undefined);
      const run = runOf(here);
      const start = beat.at?.(run) ?? startOf(scenario, run);
      if (start !== undefined) here.seek(start);
      startedAt = start ?? 0;
      await take();
      placed = here.store.getState().moment?.index === Math.min(startedAt, gate ?? startedAt);
    }

    /** The last moment of what the beat shows. */
    function targetIn(run: Run): number {
      const line = lineAt(run, startedAt);
      return until ?? (line ? endOf(line) : run.length - 1);
    }
    watch.current = () => {
      if (!known) return;
      const target = targetIn(known);
      const at = session.store.getState().moment?.index ?? 0;
      const asking = actor.getSnapshot().matches('asking');
      if (!asking && at >= target) {
        session.hold(undefined);
        actor.send({ type: 'ENDED' });
        return;
      }
      if (asking) session.play();
      else if (target - at > WATCHED || both.current) {
        session.hold(undefined);
        (both.current ?? session).seek(target);
      } else {
        session.hold(target);
        session.play();
      }
    };
    const stop = session.store.subscribe((now, before) => {
      if (!opened || !known || now.phase !== 'ready') return;
      if (now.lines !== before.lines || now.setup !== before.setup || now.digest !== before.digest)
        if (runOf(session).digest !== known.digest) void take();
      const index = now.moment?.index;
      if (index !== before.moment?.index) {
        if (placed) actor.send({ type: 'MOVED' });
        else placed = index === Math.min(startedAt, gate ?? startedAt);
      }
      if (actor.getSnapshot().matches('asking') || !now.resting) return;
      if (index === now.held) session.hold(undefined);
      if (index === targetIn(known)) actor.send({ type: 'ENDED' });
    });
    const when = session.store.getState();
    let waiting = () => {};
    const isOpen = ({ phase, moment }: typeof when) => phase !== 'opening' && moment !== undefined;
    if (isOpen(when)) void begin();
    else
      waiting = session.store.subscribe((now) => {
        if (!isOpen(now)) return;
        waiting();
        if (now.phase === 'ready') void begin();
      });
    return () => {
      alive = false;
      stop();
      waiting();
      watch.current = () => {};
      session.hold(undefined);
    };
  }, [session, beat, visit, actor, both]);

  const current = about?.beat === beat && !opening ? about : undefined;
  const asked = current?.asked;
  const answer = useCallback(
    (value: string) => {
      if (!asked || !session) return;
      const right = value === asked.outcome.value;
      actor.send({ type: 'ANSWER', value, right });
      if (asked.outcome.key) session.select(asked.outcome.key);
      watch.current();
    },
    [asked, session, actor],
  );
  return {
    lesson,
    beat,
    index,
    snapshot,
    actor,
    run: current?.run,
    asked,
    trouble,
    answer,
    skip: () => actor.send({ type: 'SKIP' }),
    again() {
      if (!asked || !session) return;
      actor.send({ type: 'AGAIN' });
      session.select(undefined);
      session.hold(asked.gate);
      session.seek(asked.gate);
    },
    restart() {
      if (session) loaded.current = { session, text: '', digest: '' };
      actor.send({ type: 'GO', beat: index });
    },
  };
}

/** Until the engine is not at work on a script. */
function atRest({ store }: Session): Promise<void> {
  return new Promise((resolve) => {
    if (store.getState().phase !== 'working') return resolve();
    const stop = store.subscribe(({ phase }) => {
      if (phase === 'working') return;
      stop();
      resolve();
    });
  });
}

/** The moment that a scenario's own `at` names. */
function startOf(scenario: Beat['scenario'], run: Run): number | undefined {
  const at = typeof scenario === 'string' ? /^at (\d+)\.(\d+)/m.exec(scenario) : undefined;
  if (!at) return undefined;
  const [command, step] = [Number(at[1]), Number(at[2])];
  const line = run.lines[command - 1];
  return line ? line.first + step - 1 : 0;
}
