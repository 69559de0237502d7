// The screen of a lesson: the same screen as the lab's, with the lesson on the left. It opens the
// runs that the beats are about, names the beat in the address, and keeps how far the reader is.

import { useEffect, useMemo, useRef, useState } from 'react';
import { sentenceOf } from '../../engine/base/assert.ts';
import type { Pair } from '../compare/pair.ts';
import { faceOf } from '../labs/index.ts';
import { LESSONS } from '../lessons/index.ts';
import { LessonPanel, LessonStrip } from '../lessons/LessonPanel.tsx';
import type { Beat, Lesson, Run } from '../lessons/lesson.ts';
import type { Mark } from '../lessons/machine.ts';
import { textOf } from '../lessons/Prediction.tsx';
import { textIn } from '../lessons/parts.tsx';
import { runOf } from '../lessons/run.ts';
import { type Open, sourceOf, useLesson } from '../lessons/useLesson.ts';
import type { Pin } from '../panels/Stage.tsx';
import { useSession } from '../panels/use.ts';
import type { Session } from '../player/types.ts';
import type { Inspect } from '../scene/inspect.ts';
import { openShelf, type Progress } from '../shelf/shelf.ts';
import { useDoors } from './doors.ts';
import { Screen } from './LabScreen.tsx';
import { navigate } from './location.ts';
import { Trouble } from './Trouble.tsx';

interface Loaded {
  readonly lesson: Lesson;
  readonly inspect: Inspect | undefined;
  readonly progress: Progress | undefined;
}

export function LessonScreen({ name, beat }: { readonly name: string; readonly beat?: string }) {
  const [loaded, setLoaded] = useState<Loaded>();
  const [trouble, setTrouble] = useState<string>();
  const entry = LESSONS.find((known) => known.name === name);
  useEffect(() => {
    const face = entry && faceOf(entry.lab);
    if (!entry || !face) return;
    let alive = true;
    Promise.all([
      entry.load(),
      face.inspect?.(),
      // Where nothing can be kept, the lesson begins at its beginning.
      openShelf()
        .progress(name)
        .catch(() => undefined),
    ]).then(
      ([lesson, found, progress]) =>
        alive && setLoaded({ lesson, inspect: found?.inspect, progress }),
      (thrown) => alive && setTrouble(sentenceOf(thrown)),
    );
    return () => {
      alive = false;
    };
  }, [entry, name]);
  if (!entry)
    return (
      <Trouble title="No such lesson">
        <p>There is no lesson called “{name.slice(0, 40)}”.</p>
      </Trouble>
    );
  if (trouble !== undefined)
    return (
      <Trouble title="The lesson could not be opened">
        <p>{trouble}</p>
      </Trouble>
    );
  if (!loaded) return <p className="loading">Going down…</p>;
  return <Taught {...loaded} beat={beat} />;
}

function Taught({
  lesson,
  inspect,
  progress,
  beat,
}: Loaded & { readonly beat: string | undefined }) {
  const doors = useDoors();
  const indexOf = (id: string | undefined) => lesson.beats.findIndex((known) => known.id === id);
  const [start] = useState(() => Math.max(0, indexOf(beat ?? progress?.beat)));
  const [open, setOpen] = useState<Open>();
  const [trouble, setTrouble] = useState<string>();
  const words = useMemo(
    () => lesson.beats.map(({ prose }) => textIn(prose).split(/\s+/).length),
    [lesson],
  );
  const both = useRef<Session>(undefined);
  const teaching = useLesson({
    lesson,
    open,
    both,
    start,
    marks: (progress?.marks ?? {}) as Readonly<Record<string, Mark>>,
    wordsOf: (index) => words[index] ?? 0,
  });
  const { actor, index, snapshot } = teaching;
  const current = lesson.beats[index] as Beat;
  const source = sourceOf(current);

  // The first scenario of a kind opens a session; the beats after it load theirs into it.
  useEffect(() => {
    let alive = true;
    const { scenario } = current;
    const text = typeof scenario === 'string' ? scenario : undefined;
    doors
      .open({
        lab: lesson.lab,
        forShow: true,
        ...(text === undefined ? { sample: source } : { text }),
      })
      .then(
        (session) => {
          if (!alive) session.close();
          else setOpen({ session, source, text });
        },
        (thrown) => alive && setTrouble(sentenceOf(thrown)),
      );
    return () => {
      alive = false;
    };
  }, [doors, lesson, source]);
  useEffect(() => () => open?.session.close(), [open]);

  // The address names the beat; another address leads to another beat.
  const here = lesson.beats[index]?.id;
  const named = useRef(beat);
  useEffect(() => {
    if (here === undefined || named.current === here) return;
    named.current = here;
    navigate(`/lesson/${lesson.name}/${here}`, { replace: true });
  }, [here, lesson]);
  useEffect(() => {
    if (beat === undefined || beat === named.current) return;
    named.current = beat;
    const to = lesson.beats.findIndex(({ id }) => id === beat);
    if (to >= 0) actor.send({ type: 'GO', beat: to });
  }, [beat, lesson, actor]);

  const { marks } = snapshot.context;
  useEffect(() => {
    if (here === undefined) return;
    // No promise: where it cannot be kept, the lesson goes on all the same.
    void openShelf()
      .saveProgress({ lesson: lesson.name, beat: here, marks })
      .catch(() => {});
  }, [lesson, here, marks]);

  const beside = useBeside(
    teaching.beat,
    open?.source === source ? open.session : undefined,
    lesson.lab,
  );
  both.current = beside?.pair.halves[0];
  if (trouble !== undefined)
    return (
      <Trouble title="The lesson could not be opened">
        <p>{trouble}</p>
      </Trouble>
    );
  if (!open) return <p className="loading">Going down…</p>;
  return <OnScreen {...{ lesson, inspect, teaching, beside, session: open.session }} />;
}

/** Two runs under one playhead, and what shows them, which only a beat with two has to load. */
interface Beside {
  readonly pair: Pair;
  readonly parts: typeof import('../compare/Compare.tsx');
}

/** The second run of a beat that shows two, together with the first. */
function useBeside(beat: Beat, first: Session | undefined, lab: string): Beside | undefined {
  const doors = useDoors();
  const [beside, setBeside] = useState<Beside>();
  const text = beat.beside?.scenario;
  useEffect(() => {
    if (text === undefined || !first) return;
    let alive = true;
    let second: Session | undefined;
    let made: Pair | undefined;
    const open = async () => {
      const [parts, { pairOf }] = await Promise.all([
        import('../compare/Compare.tsx'),
        import('../compare/pair.ts'),
      ]);
      const session = await doors.open({ lab, text, forShow: true });
      second = session;
      if (!alive) {
        session.close();
        return;
      }
      made = pairOf([first, session]);
      const join = () => {
        if (!session.store.getState().moment) return;
        stop();
        // Where the first stands, there the second joins it.
        made?.setPace('command');
        if (made) setBeside({ pair: made, parts });
      };
      const stop = session.store.subscribe(join);
      join();
    };
    // A beat's own text: that it opens, the lesson's test says.
    open().catch(() => {});
    return () => {
      alive = false;
      made?.close();
      second?.close();
      setBeside(undefined);
    };
  }, [doors, lab, text, first]);
  return beside;
}

/** The second run as claims read it, made anew when it changes. */
function useBesideRun(session: Session | undefined): Run | undefined {
  const [run, setRun] = useState<Run>();
  useEffect(() => {
    if (!session) return;
    const take = () => {
      const { phase, moment } = session.store.getState();
      if (phase !== 'ready' || !moment) return;
      const next = runOf(session);
      setRun((before) => (before?.digest === next.digest ? before : next));
    };
    take();
    const stop = session.store.subscribe(take);
    return () => {
      stop();
      setRun(undefined);
    };
  }, [session]);
  return run;
}

const comparisonOf = (left: string, right: string): Promise<string> =>
  import('../../engine/run/link.ts').then(({ comparisonLinkOf }) =>
    comparisonLinkOf({ left, right }),
  );

function OnScreen(props: {
  readonly lesson: Lesson;
  readonly inspect: Inspect | undefined;
  readonly teaching: ReturnType<typeof useLesson>;
  readonly beside: Beside | undefined;
  readonly session: Session;
}) {
  const { lesson, inspect, teaching, beside, session } = props;
  const { beat, index, snapshot, asked } = teaching;
  const { choice } = snapshot.context;
  const moment = useSession(session, (state) => state.moment?.index);
  const finished = snapshot.matches('finished');
  const besideRun = useBesideRun(beside?.pair.halves[1]);

  // What the reader said and what is so, at the shapes that show it.
  const pins = useMemo((): Pin[] | undefined => {
    if (!asked || choice === undefined || moment !== asked.outcome.moment) return undefined;
    const { options, outcome } = asked;
    const right = options.find(({ value }) => value === outcome.value);
    const said = options.find(({ value }) => value === choice);
    const key = right?.key ?? outcome.key;
    if (choice === outcome.value)
      return [{ key, tone: 'right', text: `as you said: ${textOf(options, choice)}` }];
    return [
      { key, tone: 'right', text: textOf(options, outcome.value) },
      { key: said?.key ?? key, tone: 'wrong', text: `you said: ${textOf(options, choice)}` },
    ];
  }, [asked, choice, moment]);

  // Announced once a beat and once an answer; between them the captions speak.
  const news = finished
    ? 'The end of the lesson.'
    : choice !== undefined && asked
      ? `${choice === asked.outcome.value ? 'Yes.' : 'No.'} ${asked.outcome.because}`
      : `Beat ${index + 1} of ${lesson.beats.length}: ${beat.title}.${snapshot.matches('asking') ? ` A question: ${beat.prediction?.question}` : ''}`;
  const [said, setSaid] = useState<{ news: string; moment: number | undefined }>();
  if (said?.news !== news) setSaid({ news, moment });
  const speaks = said !== undefined && (said.moment === moment || snapshot.matches('opening'));

  return (
    <Screen
      session={session}
      inspect={inspect}
      side={{ label: 'Lesson', button: 'Lesson' }}
      story={
        <LessonPanel
          teaching={teaching}
          session={session}
          freePlay={`#/lab/${lesson.lab}`}
          comparison={comparisonOf}
          besideRun={besideRun}
          halves={beside?.pair.halves}
          beside={
            beside &&
            beat.beside && <beside.parts.Differences pair={beside.pair} names={beat.beside.names} />
          }
        />
      }
      strip={<LessonStrip teaching={teaching} />}
      reveals={choice}
      said={speaks ? news : undefined}
      pins={pins}
      {...(beside &&
        beat.beside && {
          session: beside.pair.halves[0],
          stages: <beside.parts.Stages pair={beside.pair} names={beat.beside.names} />,
          transport: <beside.parts.PairTransport pair={beside.pair} />,
          timelines: <beside.parts.PairTimelines pair={beside.pair} />,
        })}
    />
  );
}
