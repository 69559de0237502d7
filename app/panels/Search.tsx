// "Find a counterexample": what is to hold, how far the search may go, how far it has come, and what it
// says. Loaded when the button is first pressed; the search itself has a worker of its own.

import { lazy, Suspense, use, useEffect, useId, useState } from 'react';
import { useStore } from 'zustand';
import {
  DRAWN,
  type Finder,
  type Offer,
  type Outcome,
  openFinder,
  type SearchFinding,
  type Searching,
} from '../player/finder.ts';
import type { Session } from '../player/types.ts';
import { Reveal, useSession } from './use.ts';
import './search.css';

const FoundGraph = lazy(() => import('./StateGraph.tsx').then((m) => ({ default: m.FoundGraph })));

/** How long a search takes at most unless somebody says otherwise, in seconds. */
const SECONDS = 120;

const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** One search a session; what it found stays as long as the lab is on screen. */
export function Search({ session }: { readonly session: Session }) {
  const [finder, setFinder] = useState<Finder>();
  const setup = useSession(session, (state) => state.setup);
  useEffect(() => {
    const made = openFinder(session);
    setFinder(made);
    return () => made.close();
  }, [session]);
  // Another setup is another search: what was found under the one before holds no longer.
  useEffect(() => {
    void finder?.prepare();
  }, [finder, setup]);
  return finder ? <Panel session={session} finder={finder} /> : null;
}

function Panel({ session, finder }: { readonly session: Session; readonly finder: Finder }) {
  const { phase, offer, progress, outcome, trouble, moment } = useStore(finder.store);
  const shown = useSession(session, (state) => state.moment?.name);
  const [property, setProperty] = useState('');
  const [bounds, setBounds] = useState<Readonly<Record<string, number>>>({});
  const [seconds, setSeconds] = useState(SECONDS);
  const [symmetry, setSymmetry] = useState<boolean>();
  const [complaint, setComplaint] = useState<string>();
  const id = useId();
  const reveal = use(Reveal);
  if (!offer)
    return (
      <p className="search-say" role="status">
        {trouble ?? 'Getting ready…'}
      </p>
    );
  const chosen = offer.properties.find(({ name }) => name === property);
  const searching = phase === 'searching';
  const timed = offer.bounds.some(({ name }) => name === 'waits');
  const start = () => {
    setComplaint(undefined);
    void finder.search(
      {
        ...(chosen && { property }),
        bounds,
        ...(symmetry !== undefined && { symmetry }),
        graph: DRAWN,
      },
      seconds,
    );
  };
  const opened = (complaint: string | undefined) => {
    setComplaint(complaint);
    if (complaint === undefined) reveal();
  };
  const open = async (finding: SearchFinding) => opened(await finder.open(finding));
  return (
    <form
      className="search"
      aria-label="Search"
      onSubmit={(event) => {
        event.preventDefault();
        if (!searching) start();
      }}
    >
      <p className="search-say">
        Looks through everything that can happen after the moment on screen
        {shown === undefined ? '' : `, ${shown}`}: any message may arrive next,{' '}
        {timed ? 'time may pass, and a timer that is due may fire.' : 'any timer may fire.'}
      </p>
      <label htmlFor={`${id}-property`}>What is to hold</label>
      <select
        id={`${id}-property`}
        value={chosen ? property : ''}
        disabled={searching}
        aria-describedby={`${id}-help`}
        onChange={(event) => setProperty(event.target.value)}
      >
        <option value="">all of it</option>
        {offer.properties.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <small id={`${id}-help`}>
        {chosen
          ? `${chosen.help} ${AIM[chosen.holds]}`
          : 'Every property is looked at until all that can happen was seen.'}
      </small>
      <details className="fold search-bounds">
        <summary>
          Bounds
          <span className="fold-note">{boundsNote(offer, bounds, seconds)}</span>
        </summary>
        <div className="search-grid">
          {offer.bounds.map(({ name, help, value, min, max }) => (
            <NumberRow
              key={`${name} ${value}`}
              name={name}
              help={help}
              value={bounds[name] ?? value}
              min={min}
              max={max}
              disabled={searching}
              onChange={(next) => setBounds({ ...bounds, [name]: next })}
            />
          ))}
          <NumberRow
            name="time"
            help="seconds"
            value={seconds}
            min={1}
            max={3600}
            disabled={searching}
            onChange={setSeconds}
          />
        </div>
        {offer.symmetry !== undefined && (
          <label className="switch-row">
            <input
              type="checkbox"
              disabled={searching}
              checked={symmetry ?? offer.symmetry}
              onChange={(event) => setSymmetry(event.target.checked)}
            />
            <span>
              symmetry
              <small>States that differ by a renaming of equals count once.</small>
            </span>
          </label>
        )}
      </details>
      <p className="search-go">
        {searching ? (
          <button type="button" className="btn" onClick={() => finder.cancel()}>
            Stop
          </button>
        ) : (
          <button type="submit" className="btn primary">
            Search
          </button>
        )}
        {/* Not live: a line that changes ten times a second is nothing to be read out. */}
        {searching && <span className="search-progress">{progressText(progress)}</span>}
      </p>
      {searching && progress && progress.broken.length > 0 && (
        <p className="search-say" role="status">
          Broken already: {progress.broken.join(', ')}. Stop to see how.
        </p>
      )}
      <div role="status">
        {outcome && <Said outcome={outcome} moment={moment} asked={property} onOpen={open} />}
      </div>
      {outcome && (
        <Suspense>
          <FoundGraph finder={finder} outcome={outcome} />
        </Suspense>
      )}
      <p className="complaint" role="alert">
        {complaint ?? trouble}
      </p>
    </form>
  );
}

/** What the search ends with, beside the whole answer. */
const AIM = {
  always: 'The search ends at the first moment that breaks it.',
  sometimes: 'The search ends at the first moment that shows it.',
  eventually: 'That is known only when everything was seen.',
} as const;

function boundsNote(
  offer: Offer,
  bounds: Readonly<Record<string, number>>,
  seconds: number,
): string {
  const changed = offer.bounds.filter(
    ({ name, value }) => (bounds[name] ?? value) !== value,
  ).length;
  const all = changed + (seconds === SECONDS ? 0 : 1);
  return all === 0 ? 'as the scenario has them' : `${all} changed`;
}

const progressText = (progress: Searching | undefined): string =>
  progress === undefined
    ? 'opening the scenario…'
    : progress.played !== undefined
      ? `${count(progress.played, 'run')} played by chance, beyond the bounds`
      : `${count(progress.states, 'state')} · ${progress.frontier.toLocaleString('en')} to go on from · depth ${progress.depth} · ${progress.rate.toLocaleString('en')} a second`;

const BOUND: Readonly<Record<string, string>> = {
  cancelled: 'it was stopped',
  time: 'its time was over',
  states: 'it had as many states as it may',
  depth: 'it was as deep as it may go',
  bytes: 'it had as much memory as it may',
};

function Said(props: {
  readonly outcome: Outcome;
  readonly moment: string | undefined;
  readonly asked: string;
  readonly onOpen: (finding: SearchFinding) => void;
}) {
  const { outcome, moment } = props;
  const { states, transitions, depth, complete, bound, seconds } = outcome;
  const findings = outcome.findings.filter(
    ({ property }) => props.asked === '' || property === props.asked,
  );
  const why = complete
    ? 'Complete: nothing else can happen within these bounds.'
    : bound === 'until'
      ? 'Found.'
      : `Bounded: ${BOUND[bound ?? ''] ?? 'it was ended'}, and what lies beyond was not seen.`;
  return (
    <div className="search-said">
      <p>
        <b>{why}</b> {count(states, 'state')} and {count(transitions, 'step')} after{' '}
        {moment ?? 'the beginning'}, {depth} deep, in {seconds.toFixed(1)} s.
      </p>
      <ul>
        {findings.map((finding) => (
          <li key={finding.property} data-verdict={verdictOf(finding, complete)}>
            <b>{finding.property}</b> <span>{saidOf(finding, complete)}</span>
            {finding.commands !== undefined && finding.commands.length > 0 && (
              <button type="button" className="btn small" onClick={() => props.onOpen(finding)}>
                Open <span className="sr-only">the run for {finding.property}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

const verdictOf = ({ verdict }: SearchFinding, complete: boolean): string =>
  verdict === 'violated' ? 'broken' : verdict === 'holds' && complete ? 'holds' : verdict;

function saidOf(finding: SearchFinding, complete: boolean): string {
  const { verdict, holds, commands = [], loop, shrunk } = finding;
  const steps = count(commands.length, 'step');
  if (verdict === 'violated') {
    if (holds === 'sometimes') return 'never comes about within these bounds.';
    if (loop !== undefined) return `can be avoided for ever, after ${count(loop, 'step')}.`;
    if (shrunk) return `broken in ${steps}: found by chance, beyond these bounds, and shortened.`;
    return `broken in ${steps}, and in no fewer.`;
  }
  if (verdict === 'unknown') return 'holds as far as was searched.';
  if (holds === 'sometimes') return `comes about in ${steps}.`;
  return complete ? 'holds within these bounds.' : 'holds.';
}

function NumberRow(props: {
  readonly name: string;
  readonly help: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly disabled: boolean;
  readonly onChange: (value: number) => void;
}) {
  const { name, help, value, min, max } = props;
  const id = useId();
  const [draft, setDraft] = useState(String(value));
  const commit = () => {
    const number = Number(draft);
    const good = /^\d+$/.test(draft.trim()) && number >= min && number <= max;
    if (good) props.onChange(number);
    else setDraft(String(value));
  };
  return (
    <>
      <label htmlFor={id}>
        {name} <small>{help}</small>
      </label>
      <input
        id={id}
        inputMode="numeric"
        value={draft}
        disabled={props.disabled}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
          if (event.key === 'Escape') setDraft(String(value));
        }}
      />
    </>
  );
}
