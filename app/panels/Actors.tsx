// The inspector of a lab of actors: a node's role as a statechart, what it knows above and below the
// waterline, and what can be done to it. Every button is a line of the script: at the end of the run
// the next one, else the first of a branch that leaves at the moment on screen.

import { useState } from 'react';
import type { Inspected } from '../labs/picture.ts';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';
import { usePicture } from './usePicture.ts';
import './actors.css';

export function Actors({ session }: { readonly session: Session }) {
  const actors = usePicture(session)?.actors;
  const moment = useSession(session, (state) => state.moment);
  const selection = useSession(session, (state) => state.selection);
  const length = useSession(session, (state) => state.outline.length);
  const busy = useSession(session, (state) => state.phase === 'working');
  const [complaint, setComplaint] = useState<string>();
  if (!actors || !moment) return <p className="panel-empty">nothing yet</p>;
  const shown = actors.inspect(moment, selection);
  const atEnd = moment.index >= length - 1;
  return (
    <div className="actors">
      <label className="actors-choice">
        <span className="sr-only">Whom to look at</span>
        <select value={shown.key} onChange={(event) => session.select(event.target.value)}>
          {!shown.others.some(({ key }) => key === shown.key) && (
            <option value={shown.key}>{shown.title}</option>
          )}
          {shown.others.map(({ key, text }) => (
            <option key={key} value={key}>
              {key.startsWith('node:') ? `Node ${text}` : text}
            </option>
          ))}
        </select>
      </label>
      {shown.chart && (
        <>
          <h3>role</h3>
          <RoleChart chart={shown.chart} title={shown.title} />
        </>
      )}
      {shown.actions.length > 0 && (
        <>
          <h3>{shown.heading ?? (atEnd ? 'what can be done to it' : 'what if, here')}</h3>
          <div className="actors-actions">
            {shown.actions.map(({ label, line, help }) => (
              <button
                key={line}
                type="button"
                className="btn small"
                title={`${help} (${line})`}
                disabled={busy}
                onClick={() => void session.actHere(line).then(setComplaint)}
              >
                {label}
              </button>
            ))}
          </div>
          <p className="complaint" role="alert">
            {complaint}
          </p>
        </>
      )}
      {shown.sections.map(({ heading, facts }) => (
        <section key={heading} aria-label={heading}>
          <h3>{heading}</h3>
          <dl className="facts">
            {facts.map(({ name, value, changed }) => (
              <div key={`${name} ${value}`} data-changed={changed || undefined}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

const BOX = { w: 92, h: 32, gap: 16, y: 46 };

/** States in a row, ways forward in arcs above them, ways back below. */
function RoleChart(props: {
  readonly chart: NonNullable<Inspected['chart']>;
  readonly title: string;
}) {
  const { states, arrows, now } = props.chart;
  const width = states.length * (BOX.w + BOX.gap) - BOX.gap + 8;
  const x = (state: string) => 4 + states.indexOf(state) * (BOX.w + BOX.gap);
  return (
    <svg
      className="role-chart"
      viewBox={`0 0 ${width} 132`}
      role="img"
      aria-label={`${props.title} is a ${now}`}
    >
      {arrows.map(({ from, to, text }) => {
        const [a, b] = [x(from) + BOX.w / 2, x(to) + BOX.w / 2];
        const forward = b > a;
        const [sx, ex] = forward ? [a + 22, b - 22] : [a - 14, b + 14];
        const y = forward ? BOX.y : BOX.y + BOX.h;
        const top = forward ? y - 32 : y + 34;
        const tip = forward ? -6 : 6;
        return (
          <g key={`${from} ${to}`}>
            <path
              className="role-arrow"
              d={`M${sx} ${y}C${sx} ${top} ${ex} ${top} ${ex} ${y + tip}`}
            />
            <path
              className="role-tip"
              d={`M${ex} ${y + (forward ? -1 : 1)}l-4 ${forward ? -8 : 8}h8z`}
            />
            <text className="role-text" x={(sx + ex) / 2} y={forward ? y - 30 : y + 42}>
              {text}
            </text>
          </g>
        );
      })}
      {states.map((state) => (
        <g key={state} className={state === now ? 'now' : ''}>
          <rect className="role-box" x={x(state)} y={BOX.y} width={BOX.w} height={BOX.h} rx={16} />
          <text className="role-name" x={x(state) + BOX.w / 2} y={BOX.y + 20.5}>
            {state}
          </text>
        </g>
      ))}
    </svg>
  );
}
