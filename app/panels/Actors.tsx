// The inspector of a lab of actors: a node's role as a statechart, what it knows above and below the
// waterline, and what can be done to it. Every button is a line of the script: at the end of the run
// the next one, else the first of a branch that leaves at the moment on screen.

import { ArrowLeft, ArrowRight } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import type { Action, Inspected, Picture } from '../labs/picture.ts';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';
import { usePicture } from './usePicture.ts';
import './actors.css';

export function Actors({ session }: { readonly session: Session }) {
  const picture = usePicture(session);
  const actors = picture?.actors;
  const moment = useSession(session, (state) => state.moment);
  const selection = useSession(session, (state) => state.selection);
  const length = useSession(session, (state) => state.outline.length);
  const busy = useSession(session, (state) => state.phase === 'working');
  const [complaint, setComplaint] = useState<string>();
  if (!actors || !moment) return <p className="panel-empty">nothing yet</p>;
  const shown = actors.inspect(moment, selection);
  const atEnd = moment.index >= length - 1;
  const buttons = (actions: readonly Action[]) => (
    <div className="actors-actions">
      {actions.map(({ label, line, help }) => (
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
  );
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
          {buttons(shown.actions)}
        </>
      )}
      {shown.whole && (
        <>
          <h3>the whole cluster</h3>
          {buttons(shown.whole)}
        </>
      )}
      <p className="complaint" role="alert">
        {complaint}
      </p>
      {picture?.arranging && <Places session={session} picture={picture} shown={shown} />}
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

/** Where the nodes stand: what a drag on the stage does, as buttons. */
function Places(props: {
  readonly session: Session;
  readonly picture: Picture;
  readonly shown: Inspected;
}) {
  const { session, picture, shown } = props;
  const { arranging } = picture;
  const { form } = useSyncExternalStore(
    arranging?.subscribe ?? (() => () => {}),
    arranging?.now ?? (() => ({ form: 'row' as const, order: [] })),
  );
  if (!arranging) return null;
  const { moment } = session.store.getState();
  const move = (by: number) => () => {
    if (!moment) return;
    const look = { width: 720, height: 480, arrangement: arranging.now() };
    arranging.move(shown.key, by, picture.view(moment, look));
  };
  const other = form === 'row' ? 'ring' : 'row';
  return (
    <>
      <h3>in the picture</h3>
      <div className="actors-actions">
        {shown.key.startsWith('node:') && (
          <>
            <button
              type="button"
              className="btn small"
              title="One place back (Shift and ← on the picture, or drag it)"
              onClick={move(-1)}
            >
              <ArrowLeft size={13} aria-hidden /> Move back
            </button>
            <button
              type="button"
              className="btn small"
              title="One place on (Shift and → on the picture, or drag it)"
              onClick={move(1)}
            >
              Move on <ArrowRight size={13} aria-hidden />
            </button>
          </>
        )}
        <button type="button" className="btn small" onClick={() => arranging.setForm(other)}>
          {other === 'ring' ? 'All on a ring' : 'All in a row'}
        </button>
      </div>
    </>
  );
}

const BOX = { w: 96, h: 32, gap: 14, y: 46, pitch: 74 };

/** Rows of states: ways along a row in arcs, above for ways forward, else below; others straight. */
function RoleChart(props: {
  readonly chart: NonNullable<Inspected['chart']>;
  readonly title: string;
}) {
  const { states, arrows, now, places } = props.chart;
  const placeOf = (state: string): readonly [number, number] =>
    places?.[state] ?? [states.indexOf(state), 0];
  const x = (state: string) => 4 + placeOf(state)[0] * (BOX.w + BOX.gap);
  const y = (state: string) => BOX.y + placeOf(state)[1] * BOX.pitch;
  const columns = Math.max(...states.map((state) => placeOf(state)[0])) + 1;
  const rows = Math.max(...states.map((state) => placeOf(state)[1])) + 1;
  const width = columns * (BOX.w + BOX.gap) - BOX.gap + 8;
  /** Room for the arcs below the last row. */
  const below = arrows.some(({ from, to }) => {
    const [[a, row], [b]] = [placeOf(from), placeOf(to)];
    return row === placeOf(to)[1] && row === rows - 1 && (row > 0 || b < a);
  });
  const height = BOX.y + BOX.h + (rows - 1) * BOX.pitch + (below ? 54 : 6);
  return (
    <svg
      className="role-chart"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${props.title} is ${/^[aeiou]/.test(now) ? 'an' : 'a'} ${now}`}
    >
      {arrows.map(({ from, to, text }) => {
        const [a, b] = [x(from) + BOX.w / 2, x(to) + BOX.w / 2];
        const along = placeOf(from)[1] === placeOf(to)[1];
        const drawn = along
          ? arcBetween(a, b, y(from), placeOf(from)[1] > 0)
          : lineBetween(a, b, y(from), y(to));
        return (
          <g key={`${from} ${to}`}>
            <path className="role-arrow" d={drawn.d} />
            <path className="role-tip" d={drawn.tip} />
            <text className="role-text" x={drawn.x} y={drawn.y}>
              {text}
            </text>
          </g>
        );
      })}
      {states.map((state) => (
        <g key={state} className={state === now ? 'now' : ''}>
          <rect
            className="role-box"
            x={x(state)}
            y={y(state)}
            width={BOX.w}
            height={BOX.h}
            rx={16}
          />
          <text className="role-name" x={x(state) + BOX.w / 2} y={y(state) + 20.5}>
            {state}
          </text>
        </g>
      ))}
    </svg>
  );
}

interface Arrow {
  readonly d: string;
  readonly tip: string;
  /** Of its words. */
  readonly x: number;
  readonly y: number;
}

function arcBetween(a: number, b: number, top: number, low: boolean): Arrow {
  const above = b > a && !low;
  const side = b > a ? 1 : -1;
  const [sx, ex] = above ? [a + 22, b - 22] : [a + side * 14, b - side * 14];
  const y = above ? top : top + BOX.h;
  const bend = above ? y - 32 : y + 34;
  const tip = above ? -6 : 6;
  return {
    d: `M${sx} ${y}C${sx} ${bend} ${ex} ${bend} ${ex} ${y + tip}`,
    tip: `M${ex} ${y + (above ? -1 : 1)}l-4 ${above ? -8 : 8}h8z`,
    x: (sx + ex) / 2,
    y: above ? y - 30 : y + 42,
  };
}

/** From the edge of one row to that of another. */
function lineBetween(a: number, b: number, from: number, to: number): Arrow {
  const down = to > from;
  const [sy, ey] = down ? [from + BOX.h, to] : [from, to + BOX.h];
  const shift = Math.sign(b - a) * 14;
  const [sx, ex] = [a + shift, b - shift];
  const length = Math.hypot(ex - sx, ey - sy) || 1;
  const [ux, uy] = [(ex - sx) / length, (ey - sy) / length];
  const [hx, hy] = [ex - 8 * ux, ey - 8 * uy];
  return {
    d: `M${sx} ${sy}L${hx} ${hy}`,
    tip: `M${ex - ux} ${ey - uy}L${hx - 4 * uy} ${hy + 4 * ux}L${hx + 4 * uy} ${hy - 4 * ux}z`,
    x: (sx + ex) / 2,
    y: (sy + ey) / 2 + 4,
  };
}
