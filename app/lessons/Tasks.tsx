// A task, and a challenge: something to do in the run, judged by reading the run itself (its bytes,
// its counts, what its referees found), never by comparing strings.

import { CircleCheck, Flag, Lightbulb, RotateCcw } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Session } from '../player/types.ts';
import type { Task as Asked, Challenge as Challenged, Run, Verdict } from './lesson.ts';

/** Judged again whenever the run has changed. */
function useVerdict(
  judge: (run: Run) => Promise<Verdict>,
  run: Run,
  onDone: () => void,
): Verdict | undefined {
  const [verdict, setVerdict] = useState<Verdict>();
  const done = useRef(onDone);
  done.current = onDone;
  useEffect(() => {
    let alive = true;
    judge(run).then(
      (found) => {
        if (!alive) return;
        setVerdict(found);
        if (found.done) done.current();
      },
      // The run went on meanwhile; the next is judged.
      () => {},
    );
    return () => {
      alive = false;
    };
  }, [judge, run]);
  return verdict;
}

function Says({ verdict }: { readonly verdict: Verdict | undefined }) {
  return (
    <p className={`verdict${verdict?.done ? ' is-done' : ''}`}>
      {verdict?.done ? <CircleCheck size={16} aria-hidden /> : <Flag size={14} aria-hidden />}
      <span>
        {verdict?.done && <b>Done. </b>}
        {verdict?.says ?? 'Judging…'}
      </span>
    </p>
  );
}

export function Task(props: {
  readonly task: Asked;
  readonly run: Run;
  readonly session: Session;
  readonly onDone: () => void;
}) {
  const { task, run, session, onDone } = props;
  const verdict = useVerdict(task.judge, run, onDone);
  const [complaint, setComplaint] = useState<string>();
  const help = async () => {
    setComplaint(undefined);
    for (const line of task.help) {
      const said = await session.submit(line);
      if (said !== undefined) {
        setComplaint(said);
        return;
      }
    }
  };
  return (
    <section className="card task" aria-label="To do">
      <h3>{task.ask}</h3>
      <Says verdict={verdict} />
      <p className="card-foot">
        <span>Write it under Operations.</span>
        {!verdict?.done && (
          <button type="button" className="btn small" onClick={help}>
            <Lightbulb size={13} aria-hidden /> Do it for me
          </button>
        )}
      </p>
      <p className="complaint" role="alert">
        {complaint}
      </p>
    </section>
  );
}

export function Challenge(props: {
  readonly challenge: Challenged;
  readonly run: Run;
  readonly onDone: () => void;
  readonly onRestart: () => void;
}) {
  const { challenge, run, onDone, onRestart } = props;
  const verdict = useVerdict(challenge.judge, run, onDone);
  return (
    <section className="card challenge" aria-label="Challenge">
      <p className="eyebrow">Challenge</p>
      <h3>{challenge.title}</h3>
      <ul>
        {challenge.rules.map((rule) => (
          <li key={rule}>{rule}</li>
        ))}
      </ul>
      <Says verdict={verdict} />
      <details className="hint">
        <summary>A hint</summary>
        <p>{challenge.hint}</p>
      </details>
      <p className="card-foot">
        <span>The referees judge the run itself.</span>
        <button type="button" className="btn small" onClick={onRestart}>
          <RotateCcw size={13} aria-hidden /> Begin anew
        </button>
      </p>
    </section>
  );
}
