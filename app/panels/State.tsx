// The state behind the picture: the process as a statechart, and the small value that the engine
// keeps beside its files. From here the power can be cut at the moment on screen.

import { Zap } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';
import { Values } from './Values.tsx';

export function State(props: { readonly session: Session; readonly chart: ReactNode }) {
  const { session } = props;
  const value = useSession(session, (state) => state.moment?.value);
  const name = useSession(session, (state) => state.moment?.name);
  const problems = useSession(session, (state) => state.moment?.problems);
  const files = useSession(session, (state) => (state.moment?.image.files.size ?? 0) > 0);
  const [complaint, setComplaint] = useState<string>();
  return (
    <div className="state">
      <h3>the process</h3>
      {props.chart}
      {files && (
        <div className="die">
          <button
            type="button"
            className="btn"
            disabled={name === undefined}
            onClick={() => session.dieHere().then(setComplaint)}
          >
            <Zap aria-hidden size={15} /> What if it died here?
          </button>
          <p>A new branch in which the power is cut at moment {name ?? '–'}.</p>
          <p className="complaint" role="alert">
            {complaint}
          </p>
        </div>
      )}
      {problems && problems.length > 0 && (
        <section className="problems" aria-label="Problems at this moment">
          <h3>what the referees found</h3>
          <ul>
            {problems.map((problem) => (
              <li key={`${problem.referee}:${problem.text}`}>
                <b>{problem.referee}</b> {problem.text}
                {problem.key !== undefined && (
                  <button
                    type="button"
                    className="btn small"
                    onClick={() => session.select(problem.key)}
                  >
                    show
                  </button>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      <h3>{files ? 'beside the files, the engine keeps' : 'the world at this moment'}</h3>
      {value === undefined ? <p className="panel-empty">nothing yet</p> : <Values value={value} />}
    </div>
  );
}
