// The lesson as it is read: one beat, with its prose and what there is to do, the operations of its
// run underneath, and the way on and back at the foot.

import { ArrowLeft, ArrowRight, Check, ListOrdered } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Console } from '../panels/Console.tsx';
import { situationOf } from '../panels/keys.ts';
import { preferences } from '../panels/preferences.ts';
import { Settings } from '../panels/Settings.tsx';
import { Trees } from '../panels/Trees.tsx';
import type { Session } from '../player/types.ts';
import type { Run } from './lesson.ts';
import type { Mark } from './machine.ts';
import { Prediction } from './Prediction.tsx';
import { SOURCES, type Standing, StandingContext, sourcesIn } from './parts.tsx';
import { Challenge, Task } from './Tasks.tsx';
import type { Teaching } from './useLesson.ts';
import './lessons.css';

export const MARK_WORDS: Readonly<Record<Mark, string>> = {
  seen: 'seen',
  right: 'predicted',
  wrong: 'predicted otherwise',
  skipped: 'skipped',
  done: 'done',
};

export function LessonPanel(props: {
  readonly teaching: Teaching;
  readonly session: Session;
  /** What stands below the prose of a beat with two runs: what they differ in. */
  readonly beside?: ReactNode;
  readonly besideRun?: Run | undefined;
  /** Where two runs stand side by side: the sessions whose transport moves both. */
  readonly halves?: readonly [Session, Session] | undefined;
  readonly freePlay: string;
  readonly comparison: Standing['comparison'];
}) {
  const { teaching, session, beside, besideRun, halves } = props;
  const { lesson, beat, index, snapshot, run, asked, actor } = teaching;
  const scroll = useRef<HTMLDivElement>(null);
  const finished = snapshot.matches('finished');
  useLessonKeys(teaching);
  // A new beat is read from its top.
  useEffect(() => {
    if (beat || finished) scroll.current?.scrollTo(0, 0);
  }, [beat, finished]);
  return (
    <div className="lesson">
      <div className="story" ref={scroll}>
        {finished ? (
          <Finish {...props} />
        ) : (
          <StandingContext
            value={{
              run,
              besideRun,
              session: halves?.[0] ?? session,
              besideSession: halves?.[1],
              lab: lesson.lab,
              comparison: props.comparison,
            }}
          >
            <p className="eyebrow">
              Lesson {lesson.number} — {index + 1} of {lesson.beats.length}
            </p>
            <h2 className="story-title">{beat.title}</h2>
            <div className="prose">{beat.prose}</div>
            {teaching.trouble !== undefined && (
              <p className="complaint" role="alert">
                {teaching.trouble}
              </p>
            )}
            {beat.prediction && run && (
              <Prediction
                question={beat.prediction}
                run={run}
                session={session}
                asked={asked}
                choice={snapshot.context.choice}
                open={snapshot.matches('asking')}
                onAnswer={teaching.answer}
                onSkip={teaching.skip}
                onAgain={teaching.again}
              />
            )}
            {typeof beat.scenario !== 'string' && <Trees session={session} />}
            {beat.task && run && (
              <Task
                task={beat.task}
                run={run}
                session={session}
                onDone={() => actor.send({ type: 'DONE' })}
              />
            )}
            {beat.challenge && run && (
              <Challenge
                challenge={beat.challenge}
                run={run}
                onDone={() => actor.send({ type: 'DONE' })}
                onRestart={teaching.restart}
              />
            )}
            {beat.after && !snapshot.matches('asking') && (
              <div className="prose after">{beat.after}</div>
            )}
            {beside}
            {!beat.beside && (
              <details className="fold operations" open={Boolean(beat.task || beat.challenge)}>
                <summary>Operations of this run</summary>
                <Console session={session} />
                <Settings session={session} />
              </details>
            )}
          </StandingContext>
        )}
      </div>
      <LessonNav teaching={teaching} />
    </div>
  );
}

/** On and back, where one is, and whether the lesson goes on by itself. */
function LessonNav({ teaching }: { readonly teaching: Teaching }) {
  const { lesson, index, snapshot, actor } = teaching;
  const { marks, continuous } = snapshot.context;
  const finished = snapshot.matches('finished');
  const id = useId();
  return (
    <nav className="lesson-nav" aria-label="Lesson">
      <button
        type="button"
        className="btn"
        aria-label="Back"
        title="The beat before (,)"
        aria-disabled={index === 0 && !finished}
        onClick={() => actor.send({ type: 'BACK' })}
      >
        <ArrowLeft size={15} aria-hidden />
      </button>
      <button type="button" className="btn beats" popoverTarget={id} aria-label="All beats">
        <ListOrdered size={15} aria-hidden />
        <span aria-hidden>{finished ? 'end' : `${index + 1} / ${lesson.beats.length}`}</span>
      </button>
      <div id={id} popover="auto" className="menu lesson-beats" data-own-keys>
        <p className="menu-head">{lesson.title}</p>
        {lesson.beats.map((beat, at) => (
          <button
            key={beat.id}
            type="button"
            aria-pressed={at === index && !finished}
            onClick={(event) => {
              event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover();
              actor.send({ type: 'GO', beat: at });
            }}
          >
            {at + 1}. {beat.title}
            <small>{marks[beat.id] ? MARK_WORDS[marks[beat.id] as Mark] : ''}</small>
          </button>
        ))}
      </div>
      <label className="continuous" title="The lesson goes on by itself; a question stops it (C)">
        <input
          type="checkbox"
          checked={continuous}
          onChange={(event) => actor.send({ type: 'CONTINUOUS', on: event.target.checked })}
        />
        by itself
      </label>
      <button
        type="button"
        className="btn primary"
        title="The next beat (.)"
        aria-disabled={finished}
        onClick={() => actor.send({ type: 'NEXT' })}
      >
        Next <ArrowRight size={15} aria-hidden />
      </button>
    </nav>
  );
}

function Finish({
  teaching,
  freePlay,
}: {
  readonly teaching: Teaching;
  readonly freePlay: string;
}) {
  const { lesson, snapshot, actor } = teaching;
  const { marks } = snapshot.context;
  const asked = lesson.beats.filter(({ prediction }) => prediction);
  const right = asked.filter(({ id }) => marks[id] === 'right').length;
  const challenges = lesson.beats.filter(({ challenge }) => challenge);
  const done = challenges.filter(({ id }) => marks[id] === 'done').length;
  const sources = new Set(lesson.beats.flatMap(({ prose, after }) => sourcesIn([prose, after])));
  return (
    <>
      <p className="eyebrow">Lesson {lesson.number} — the end</p>
      <h2 className="story-title">Back at the surface</h2>
      <div className="prose">
        <p>
          You predicted {right} of {asked.length} outcomes as they came, and did {done} of{' '}
          {challenges.length} challenges. A wrong guess that you then saw corrected is worth as much
          as a right one.
        </p>
      </div>
      <ol className="finish">
        {lesson.beats.map((beat, at) => (
          <li key={beat.id}>
            <button
              type="button"
              className="link"
              onClick={() => actor.send({ type: 'GO', beat: at })}
            >
              {beat.title}
            </button>
            <small>
              {marks[beat.id] && <Check size={12} aria-hidden />}{' '}
              {marks[beat.id] ? MARK_WORDS[marks[beat.id] as Mark] : 'not seen yet'}
            </small>
          </li>
        ))}
      </ol>
      <p>
        <a className="btn" href={freePlay}>
          Play on in the lab
        </a>
      </p>
      <h3 className="sources-head">Sources</h3>
      <ul className="sources">
        {[...sources].map((name) => (
          <li key={name}>{SOURCES[name].full}</li>
        ))}
      </ul>
    </>
  );
}

/** Digits answer, S skips, comma and full stop go back and on, C lets it run. Off while typing. */
function useLessonKeys(teaching: Teaching): void {
  const latest = useRef(teaching);
  latest.current = teaching;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const { letterKeys } = preferences.getState();
      if (!letterKeys || situationOf(event.target, letterKeys).typing) return;
      const { actor, asked, snapshot, answer, skip } = latest.current;
      const asking = snapshot.matches('asking');
      const option = asked?.options[Number(event.key) - 1];
      const key = event.key.toLowerCase();
      if (asking && option) answer(option.value);
      else if (asking && key === 's') skip();
      else if (key === '.') actor.send({ type: 'NEXT' });
      else if (key === ',') actor.send({ type: 'BACK' });
      else if (key === 'c') actor.send({ type: 'CONTINUOUS', on: !snapshot.context.continuous });
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** Where the lesson is a sheet: the beat's name, on and back, and the question that waits. */
export function LessonStrip({ teaching }: { readonly teaching: Teaching }) {
  const { lesson, beat, index, snapshot, actor, asked } = teaching;
  const { choice, right } = snapshot.context;
  const answered = choice !== undefined && asked !== undefined;
  const finished = snapshot.matches('finished');
  return (
    <div className="lesson-strip">
      <button
        type="button"
        className="btn icon"
        aria-label="The beat before"
        aria-disabled={index === 0 && !finished}
        onClick={() => actor.send({ type: 'BACK' })}
      >
        <ArrowLeft size={15} aria-hidden />
      </button>
      <p>
        <b>{finished ? 'Back at the surface' : beat.title}</b>
        <span>
          {index + 1} of {lesson.beats.length}
          {snapshot.matches('asking') && ' · a question waits in the lesson'}
          {answered && ` · ${right ? 'Yes.' : 'No.'} ${asked.outcome.because}`}
        </span>
      </p>
      <button
        type="button"
        className="btn icon"
        aria-label="The next beat"
        aria-disabled={finished}
        onClick={() => actor.send({ type: 'NEXT' })}
      >
        <ArrowRight size={15} aria-hidden />
      </button>
    </div>
  );
}
