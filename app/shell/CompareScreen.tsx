// Two runs beside each other, from an address: two scenarios, or two branches of one. What a stranger
// sent is checked by the same readers as a single run; what is changed here goes into a new address.

import { Check, Copy, ListChecks, Settings2, Share2 } from 'lucide-react';
import { useEffect, useId, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { Complaint, sentenceOf } from '../../engine/base/assert.ts';
import { comparisonLinkOf, readComparison } from '../../engine/run/link.ts';
import { Differences, PairTimelines, PairTransport, Stages } from '../compare/Compare.tsx';
import { PACES, type Pace } from '../compare/pace.ts';
import { type Pair, pairOf } from '../compare/pair.ts';
import { Dialog } from '../panels/Dialog.tsx';
import { Settings } from '../panels/Settings.tsx';
import type { Session, SessionState } from '../player/types.ts';
import { desk, labOfText } from './desk.ts';
import { type Doors, useDoors, useScenarios } from './doors.ts';
import { useKeys } from './LabScreen.tsx';
import { Logo } from './Logo.tsx';
import { navigate, queryOf, useFragment } from './location.ts';
import { ThemeButton } from './ThemeButton.tsx';
import { Trouble } from './Trouble.tsx';
import './lab.css';
import './compare.css';
import '../panels/panels.css';

export function CompareScreen() {
  const doors = useDoors();
  const fragment = useFragment();
  const [pair, setPair] = useState<Opened>();
  const [trouble, setTrouble] = useState<string>();
  const asked = fragment.includes('?');
  useEffect(() => {
    if (!asked) return;
    let alive = true;
    let made: Opened | undefined;
    setPair(undefined);
    setTrouble(undefined);
    openPair(fragment, doors).then(
      (opened) => {
        made = opened;
        if (alive) setPair(opened);
        else opened.close();
      },
      (thrown) => alive && setTrouble(sentenceOf(thrown)),
    );
    return () => {
      alive = false;
      made?.close();
    };
  }, [doors, fragment, asked]);
  if (!asked) return <Choose />;
  if (trouble !== undefined)
    return (
      <Trouble title="These could not be compared">
        <p>{trouble}</p>
        <p>
          <Link href="/compare">Choose two scenarios</Link>
        </p>
      </Trouble>
    );
  if (!pair) return <p className="loading">Going down…</p>;
  return <Side2Side {...pair} />;
}

interface Opened {
  readonly pair: Pair;
  readonly sessions: readonly [Session, Session];
  /** Two branches of one scenario: their names. */
  readonly branches: readonly [string, string] | undefined;
  close(): void;
}

/** Opens both. Rejects with a Complaint, in words, when there is something wrong with either. */
async function openPair(fragment: string, doors: Doors): Promise<Opened> {
  const query = queryOf(fragment);
  const [a, b] = [query.get('a'), query.get('b')];
  const given = a === null ? await readComparison(fragment) : undefined;
  const one = given !== undefined && given.right === undefined;
  const openings = given
    ? [given.left, given.right ?? given.left].map((text) => ({
        lab: labOfText(text) ?? 'btree',
        text,
      }))
    : await Promise.all(
        [a ?? '', b ?? a ?? ''].map(async (name) => ({
          lab: await labOf(doors, name),
          scenario: name,
        })),
      );
  const [left, right] = openings.map((opening) => doors.open({ ...opening, forShow: true }));
  const sessions = (await Promise.all([left, right])) as [Session, Session];
  const close = () => {
    for (const session of sessions) session.close();
  };
  try {
    await Promise.all(sessions.map(ready));
    const branches = one ? sessions[0].store.getState().compare : undefined;
    if (one) {
      if (!branches)
        throw new Complaint(
          'this scenario names no two branches to be compared: expected a line compare A B',
        );
      await Promise.all(sessions.map((session, i) => session.switchBranch(branches[i] as string)));
      await Promise.all(sessions.map(ready));
      // Both stand on the last moment that they share.
      const [one, two] = sessions.map(({ store }) =>
        store.getState().lines.map(({ text }) => text),
      );
      const shared = (one ?? []).findIndex((text, i) => text !== two?.[i]);
      const line = sessions[0].store.getState().lines[shared];
      for (const session of sessions) session.seek(Math.max(0, (line?.first ?? 1) - 1));
    }
    const pair = pairOf(
      sessions,
      PACES.find((known) => known === (given?.pace ?? query.get('p'))) ?? 'command',
    );
    return {
      pair,
      sessions,
      branches,
      close() {
        pair.close();
        close();
      },
    };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

async function labOf(doors: Doors, name: string): Promise<string> {
  const found = (await doors.scenarios()).find((scenario) => scenario.name === name);
  if (!found) throw new Complaint(`there is no shipped scenario called ${name.slice(0, 60)}`);
  return found.lab;
}

/** Until a moment is on the screen. */
function ready({ store }: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = ({ phase, moment, trouble }: SessionState) => {
      if (phase === 'failed') reject(new Complaint(trouble ?? 'the engine gave no reason'));
      else if (phase !== 'ready' || !moment) return;
      else resolve();
      stop();
    };
    let stop = () => {};
    stop = store.subscribe(look);
    look(store.getState());
  });
}

/** What the two are called: by branch, by title, and by what they are set to otherwise. */
function namesOf(
  states: readonly [SessionState, SessionState],
  branches: readonly [string, string] | undefined,
): [string, string] {
  if (branches) return [...branches];
  const name = (side: 0 | 1): string => {
    const { title, info } = states[side];
    const apart = settingsApart(states);
    const own = apart.map((key) => `${key} ${states[side].setup.settings[key] ?? '–'}`).join(', ');
    const base = title || info.title;
    const other = states[1 - side] as SessionState;
    return base === (other.title || other.info.title) && own ? own : base;
  };
  return [name(0), name(1)];
}

function settingsApart([a, b]: readonly [SessionState, SessionState]): string[] {
  if (a.setup.lab !== b.setup.lab) return [];
  return Object.keys(a.setup.settings).filter(
    (key) => a.setup.settings[key] !== b.setup.settings[key],
  );
}

function Side2Side({ pair, sessions, branches }: Opened) {
  const [first, second] = sessions;
  const left = useStore(first.store);
  const right = useStore(second.store);
  const names = useMemo(() => namesOf([left, right], branches), [left, right, branches]);
  const [sharing, setSharing] = useState(false);
  useKeys(pair.halves[0]);
  useEffect(() => {
    document.title = `${names[0]} beside ${names[1]} · Bathysphere`;
  }, [names]);
  return (
    <div className="compare">
      <header className="topbar">
        <Link href="/" className="logo" aria-label="Bathysphere, front page">
          <Logo /> <span className="logo-word">Bathysphere</span>
        </Link>
        <nav className="crumbs" aria-label="Where you are">
          <b>Two runs side by side</b>
        </nav>
        <span className="grow" />
        <Link href="/compare" className="btn" aria-label="Choose others">
          <ListChecks aria-hidden size={15} className="only-narrow" />
          <span className="btn-words">Choose others</span>
        </Link>
        <button
          type="button"
          className="btn primary"
          aria-label="Share this comparison"
          onClick={() => setSharing(true)}
        >
          <Share2 aria-hidden size={15} className="only-narrow" />
          <span className="btn-words">Share this comparison</span>
        </button>
        <ThemeButton />
      </header>
      <main className="compare-stages">
        <h1 className="sr-only">
          {names[0]} beside {names[1]}
        </h1>
        <Stages
          pair={pair}
          names={names}
          head={(side) => <SettingsOf session={sessions[side]} name={names[side]} />}
        />
      </main>
      <aside className="compare-differences" aria-label="What differs">
        <Differences pair={pair} names={names} />
      </aside>
      <footer className="compare-bottom">
        <PairTransport pair={pair} />
        <PairTimelines pair={pair} />
      </footer>
      {sharing && (
        <ShareBoth
          sessions={sessions}
          one={branches !== undefined}
          pace={pair.store.getState().pace}
          onClose={() => setSharing(false)}
        />
      )}
    </div>
  );
}

/** One side's settings, to let the two differ in one of them. */
function SettingsOf({ session, name }: { readonly session: Session; readonly name: string }) {
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="btn small"
        popoverTarget={id}
        aria-label={`Settings of ${name}`}
      >
        <Settings2 size={13} aria-hidden /> Settings
      </button>
      <div id={id} popover="auto" className="menu compare-settings" data-own-keys>
        <Settings session={session} />
      </div>
    </>
  );
}

function ShareBoth(props: {
  readonly sessions: readonly [Session, Session];
  /** Two branches of one scenario: its text has both. */
  readonly one: boolean;
  readonly pace: Pace;
  readonly onClose: () => void;
}) {
  const { sessions, one, pace } = props;
  const [url, setUrl] = useState<string>();
  const [copied, setCopied] = useState(false);
  const [complaint, setComplaint] = useState<string>();
  const id = useId();
  useEffect(() => {
    const make = async () => {
      const [left, right] = await Promise.all(sessions.map((session) => session.text()));
      const fragment = await comparisonLinkOf({
        left: left as string,
        ...(!one && { right: right as string }),
        pace,
      });
      setUrl(`${location.href.split('#')[0]}${fragment}`);
    };
    make().catch((thrown) => setComplaint(sentenceOf(thrown)));
  }, [sessions, one, pace]);
  const copy = () =>
    navigator.clipboard.writeText(url ?? '').then(
      () => setCopied(true),
      () => setComplaint('The browser does not let this page copy: select the link yourself.'),
    );
  return (
    <Dialog title="Share this comparison" onClose={props.onClose} wide>
      <p className="dialog-say">Whoever opens the link sees the same two runs, at these moments.</p>
      <label className="share-url" htmlFor={id}>
        <span className="sr-only">Link</span>
        <textarea
          id={id}
          readOnly
          rows={4}
          data-first
          value={url ?? 'Packing…'}
          onFocus={(event) => event.target.select()}
        />
      </label>
      <div className="dialog-buttons">
        <button type="button" className="btn primary" disabled={!url} onClick={copy}>
          {copied ? <Check aria-hidden size={15} /> : <Copy aria-hidden size={15} />}
          {copied ? 'Copied' : 'Copy the link'}
        </button>
      </div>
      <p className="complaint" role="alert">
        {complaint}
      </p>
    </Dialog>
  );
}

/** Which two: any of those that are shipped, of any lab. */
function Choose() {
  const scenarios = useScenarios();
  const [chosen, choose] = useState<readonly (string | undefined)[]>([undefined, undefined]);
  const names = chosen.map((name, side) => name ?? scenarios[side]?.name ?? '');
  const here = useStore(desk, (state) => state.session);
  const id = useId();
  return (
    <main className="trouble compare-choose">
      <Link href="/" className="logo">
        <Logo /> Bathysphere
      </Link>
      <h1>Two runs side by side</h1>
      <p>
        The same keys under two policies, a run with and without a crash: under one playhead, with
        what differs counted.
      </p>
      {(['A', 'B'] as const).map((letter, side) => (
        <label key={letter} htmlFor={`${id}${side}`}>
          <span>Run {letter}</span>
          <select
            id={`${id}${side}`}
            value={names[side]}
            onChange={(event) =>
              choose(names.map((name, i) => (i === side ? event.target.value : name)))
            }
          >
            {scenarios.map(({ name, title, lab }) => (
              <option key={name} value={name}>
                {lab}: {title}
              </option>
            ))}
          </select>
        </label>
      ))}
      <p className="trouble-ways">
        <button
          type="button"
          className="btn primary"
          onClick={() => navigate(`/compare?a=${names[0]}&b=${names[1]}`)}
        >
          Compare them
        </button>
        {here && <Link href="/">Back</Link>}
      </p>
    </main>
  );
}
