// Two runs beside each other: two stages, one playhead or two, and what is different, counted. It
// knows sessions, pictures and metrics and nothing of any lab.

import { Pause, Play, SkipBack, StepBack, StepForward } from 'lucide-react';
import { type ReactNode, useId, useMemo } from 'react';
import { useStore } from 'zustand';
import { metricText } from '../panels/metric.ts';
import { Stage } from '../panels/Stage.tsx';
import { TextTwin } from '../panels/TextTwin.tsx';
import { Timeline } from '../panels/Timeline.tsx';
import { Transport } from '../panels/Transport.tsx';
import { useSession } from '../panels/use.ts';
import type { Session } from '../player/types.ts';
import { differences, firstDifference, PACES, type Pace } from './pace.ts';
import type { Pair } from './pair.ts';
import './compare.css';

export const PACE_WORDS: Readonly<Record<Pace, string>> = {
  moment: 'moment by moment',
  command: 'operation by operation',
  own: 'each at its own pace',
};

/** Both stages. `head`: what stands above each. */
export function Stages(props: {
  readonly pair: Pair;
  readonly names: readonly [string, string];
  readonly head?: (side: 0 | 1) => ReactNode;
}) {
  const { pair, names, head } = props;
  const pace = useStore(pair.store, (state) => state.pace);
  return (
    <div className="pair">
      {([0, 1] as const).map((side) => {
        const session = pair.halves[side];
        return (
          <section key={side} className="pair-half" aria-label={names[side]}>
            <header className="pair-head">
              <h2>
                <span className="pair-letter" aria-hidden>
                  {'AB'[side]}
                </span>
                {names[side]}
              </h2>
              <Where session={session} />
              {head?.(side)}
            </header>
            <Stage session={session} quiet={side === 1 && pace !== 'own'} />
            <TextTwin session={session} />
          </section>
        );
      })}
    </div>
  );
}

function Where({ session }: { readonly session: Session }) {
  const name = useSession(session, (state) => state.moment?.name ?? '–');
  const line = useSession(session, (state) => state.lines[(state.moment?.command ?? 0) - 1]?.text);
  const problems = useSession(session, (state) => state.problems.length);
  return (
    <p className="pair-where">
      <b>{name}</b> <code>{line ?? 'the opening'}</code>
      {problems > 0 && (
        <span className="is-fault">
          {problems} {problems === 1 ? 'problem' : 'problems'}
        </span>
      )}
    </p>
  );
}

/** The verbs of both, and how they go together. */
export function PairTransport({ pair }: { readonly pair: Pair }) {
  const { pace, playing } = useStore(pair.store);
  const [first, second] = pair.halves;
  const id = useId();
  const starts = [
    useSession(first, (state) => (state.moment?.index ?? 0) <= 0),
    useSession(second, (state) => (state.moment?.index ?? 0) <= 0),
  ];
  const ends = [
    useSession(first, (state) => (state.moment?.index ?? 0) >= state.outline.length - 1),
    useSession(second, (state) => (state.moment?.index ?? 0) >= state.outline.length - 1),
  ];
  const kinds = (session: Session) => {
    const { outline, info } = session.store.getState();
    return [...outline.kinds].map((code) => info.kinds[code]?.kind ?? '');
  };
  const apart = () => {
    const index = firstDifference(kinds(first), kinds(second));
    if (index !== undefined) first.seek(index);
  };
  return (
    <div className="pair-transport">
      {pace !== 'own' && (
        <div className="transport" role="toolbar" aria-label="Transport of both">
          <button
            type="button"
            className="btn icon"
            aria-label="Both to the first moment"
            title="Both to the first moment (Home)"
            aria-disabled={starts.every(Boolean)}
            onClick={() => first.home()}
          >
            <SkipBack aria-hidden size={15} />
          </button>
          <button
            type="button"
            className="btn"
            aria-label="One moment back"
            title="One moment back (←). With Shift: one operation"
            aria-disabled={starts.every(Boolean)}
            onClick={(event) => (event.shiftKey ? first.previousCommand() : first.back())}
          >
            <StepBack aria-hidden size={15} /> <kbd aria-hidden>←</kbd>
          </button>
          <button
            type="button"
            className="btn primary play"
            title="Space"
            onClick={() => first.play()}
          >
            {playing ? <Pause aria-hidden size={14} /> : <Play aria-hidden size={14} />}
            {playing ? 'Pause' : 'Play'}
          </button>
          <button
            type="button"
            className="btn"
            aria-label="One moment on"
            title="One moment on (→). With Shift: one operation"
            aria-disabled={ends.every(Boolean)}
            onClick={(event) => (event.shiftKey ? first.nextCommand() : first.step())}
          >
            <StepForward aria-hidden size={15} /> <kbd aria-hidden>→</kbd>
          </button>
          <button type="button" className="btn" onClick={apart}>
            first difference
          </button>
        </div>
      )}
      <label className="pace" htmlFor={id}>
        <span>together</span>
        <select id={id} value={pace} onChange={(event) => pair.setPace(event.target.value as Pace)}>
          {PACES.map((one) => (
            <option key={one} value={one}>
              {PACE_WORDS[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** A timeline each; each with a transport of its own where they go at their own pace. */
export function PairTimelines({ pair }: { readonly pair: Pair }) {
  const pace = useStore(pair.store, (state) => state.pace);
  return (
    <div className="pair-timelines">
      {pair.halves.map((session, side) => (
        <div key={'AB'[side]} className="pair-timeline">
          <span className="pair-letter" aria-hidden>
            {'AB'[side]}
          </span>
          {pace === 'own' && <Transport session={session} label={`Transport of ${'AB'[side]}`} />}
          <Timeline session={session} label={`Moment of ${'AB'[side]}`} />
        </div>
      ))}
    </div>
  );
}

/** What both count at the moments on screen, and by how much they differ. */
export function Differences(props: {
  readonly pair: Pair;
  readonly names: readonly [string, string];
}) {
  const { pair, names } = props;
  const [first, second] = pair.halves;
  const left = useCounts(first);
  const right = useCounts(second);
  const rows = useMemo(() => differences(left, right), [left, right]);
  const apart = rows.filter(({ values }) => values[0] !== values[1]).length;
  return (
    <section className="differences" aria-label="Differences">
      <h2>
        Differences{' '}
        <span>
          {apart === 0 ? 'none counted here' : `${apart} of ${rows.length} counts differ here`}
        </span>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard. */}
      <div className="differences-scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">at this moment</th>
              <th scope="col" title={names[0]}>
                A
              </th>
              <th scope="col" title={names[1]}>
                B
              </th>
              <th scope="col">B − A</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, unit, help, values, difference }) => (
              <tr key={name} data-differs={values[0] !== values[1]}>
                <th scope="row" title={help}>
                  {name}
                </th>
                {values.map((value, side) => (
                  <td key={'AB'[side]}>
                    {value === undefined ? '–' : metricText({ value, unit })}
                  </td>
                ))}
                <td>{difference ? signed(difference) : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const signed = (value: number): string =>
  `${value > 0 ? '+' : '−'}${Math.abs(value).toLocaleString('en', { maximumFractionDigits: 2 })}`;

/** The lab's own counts at the moment on screen, with those that every run has. */
function useCounts(session: Session) {
  const metrics = useSession(session, (state) => state.moment?.metrics);
  const index = useSession(session, (state) => state.moment?.index ?? 0);
  const command = useSession(session, (state) => state.moment?.command ?? 0);
  const problems = useSession(session, (state) => state.problems);
  return useMemo(
    () => [
      {
        name: 'operations',
        unit: '',
        value: command,
        help: 'Operations so far',
      },
      { name: 'moments', unit: '', value: index + 1, help: 'Moments so far' },
      {
        name: 'problems',
        unit: '',
        value: problems.filter(({ moment }) => moment <= index).length,
        help: 'What the referees have found so far',
      },
      ...(metrics ?? []),
    ],
    [metrics, index, command, problems],
  );
}
