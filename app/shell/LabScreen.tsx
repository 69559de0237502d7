// The screen of a lab: the scenario and its operations on the left, the stage, the inspector on the
// right, transport and timeline below. On a narrow screen the sides become sheets over the stage.

import {
  Database,
  Download,
  Keyboard,
  PanelLeft,
  PanelRight,
  ScrollText,
  Search,
  Share2,
  X,
} from 'lucide-react';
import {
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { sentenceOf } from '../../engine/base/assert.ts';
import { faceOf } from '../labs/index.ts';
import { LESSONS } from '../lessons/index.ts';
import { Console } from '../panels/Console.tsx';
import { Find } from '../panels/Find.tsx';
import { Inspector } from '../panels/Inspector.tsx';
import { actionOf, nextSpeed, situationOf } from '../panels/keys.ts';
import { Notices } from '../panels/Notices.tsx';
import { preferences, toggleFold, usePreference } from '../panels/preferences.ts';
import { Settings } from '../panels/Settings.tsx';
import { type Pin, Stage } from '../panels/Stage.tsx';
import { Statechart } from '../panels/Statechart.tsx';
import { Status } from '../panels/Status.tsx';
import { TextTwin } from '../panels/TextTwin.tsx';
import { Timeline } from '../panels/Timeline.tsx';
import { Transport } from '../panels/Transport.tsx';
import { Trees } from '../panels/Trees.tsx';
import { Reveal, useSession } from '../panels/use.ts';
import type { Session, SessionState } from '../player/types.ts';
import type { Inspect } from '../scene/inspect.ts';
import { chapterOf } from './chapters.ts';
import { desk, labOfText, openDialog, type PaletteItem } from './desk.ts';
import { type Opening, type ShippedScenario, useDoors, useScenarios } from './doors.ts';
import { chooseFiles, saveFile } from './files.ts';
import { takeFiles } from './incoming.ts';
import { Logo } from './Logo.tsx';
import { navigate, queryOf, useFragment } from './location.ts';
import { Prose } from './Prose.tsx';
import { ThemeButton } from './ThemeButton.tsx';
import { Trouble } from './Trouble.tsx';
import './lab.css';
import '../panels/panels.css';

const StateGraph = lazy(() =>
  import('../panels/StateGraph.tsx').then((m) => ({ default: m.StateGraph })),
);
const Lanes = lazy(() => import('../panels/Lanes.tsx').then((m) => ({ default: m.Lanes })));
const Export = lazy(() => import('./Export.tsx').then((m) => ({ default: m.Export })));
const Share = lazy(() => import('./Share.tsx').then((m) => ({ default: m.Share })));

export function LabScreen({ name }: { readonly name: string }) {
  const doors = useDoors();
  const fragment = useFragment();
  const handedIn = useStore(desk, (state) => state.handedIn);
  const again = useStore(desk, (state) => state.again);
  const [session, setSession] = useState<Session>();
  const [trouble, setTrouble] = useState<string>();
  // The address that was opened. When a changed scenario becomes a workspace, the address names it
  // from then on, and nothing is opened anew.
  const renamed = useRef<string>(undefined);
  const [address, setAddress] = useState(fragment);
  if (address !== fragment && renamed.current !== fragment) {
    renamed.current = undefined;
    setAddress(fragment);
  }
  const face = faceOf(name);
  const [inspect, setInspect] = useState<Inspect>();

  useEffect(() => {
    if (!face) return;
    const query = queryOf(address);
    // What was handed in belongs to the bare address; going elsewhere forgets it.
    const mine = handedIn?.lab === name && !address.includes('?') ? handedIn : undefined;
    const scenario = query.get('scenario');
    const workspace = query.get('w');
    const sample = query.get('sample');
    const process = query.get('watch');
    let opened: Session | undefined;
    let alive = true;
    const opening: Opening = {
      lab: name,
      ...(query.has('s') && { link: address }),
      ...(scenario !== null && { scenario }),
      ...(workspace !== null && { workspace }),
      ...(sample !== null && { sample }),
      ...(mine?.text !== undefined && { text: mine.text }),
      ...(mine?.keepAs !== undefined && { keepAs: mine.keepAs }),
      ...(mine?.files && { files: mine.files }),
      onWorkspace: (kept) => {
        if (!alive) return;
        const to = kept === name ? `/lab/${name}` : `/lab/${name}?w=${encodeURIComponent(kept)}`;
        renamed.current = `#${to}`;
        navigate(to, { replace: true });
      },
    };
    setTrouble(undefined);
    setSession(undefined);
    setInspect(undefined);
    face.inspect?.().then(
      (loaded) => {
        if (alive) setInspect(() => loaded.inspect);
      },
      (thrown) => {
        if (alive) setTrouble(sentenceOf(thrown));
      },
    );
    doors.open(opening).then(
      (made) => {
        opened = made;
        if (!alive) made.close();
        else {
          setSession(made);
          if (process !== null) watch(made, process);
        }
      },
      (thrown) => {
        if (alive) setTrouble(sentenceOf(thrown));
      },
    );
    return () => {
      alive = false;
      opened?.close();
    };
  }, [doors, face, name, address, handedIn, again]);

  if (!face)
    return (
      <Trouble title="No such lab">
        <p>
          There is no lab called “{name.slice(0, 40)}”. The chapters on the front page say which are
          open.
        </p>
      </Trouble>
    );
  if (trouble !== undefined) return <NotOpened why={trouble} />;
  if (!session || (face.inspect && !inspect)) return <p className="loading">Going down…</p>;
  return <WhenOpen session={session} inspect={inspect} />;
}

/**
 * Once the lab is open: plays the operation that the scenario opens in, when the process is part of
 * it; else plays from where the process first begins.
 */
function watch(session: Session, process: string): void {
  const stop = session.store.subscribe(({ phase, moment, info, outline, lines }) => {
    if (phase === 'failed') stop();
    if (phase !== 'ready' || !moment) return;
    stop();
    session.setProcess(process);
    const line = lines[moment.command - 1];
    const codes = line ? [...outline.kinds.subarray(line.first, line.first + line.moments)] : [];
    if (line && codes.some((code) => info.kinds[code]?.process === process)) {
      session.seek(line.first);
      session.play();
      return;
    }
    session.home();
    session.nextOf(process).then((found) => {
      if (found) session.play();
    });
  });
}

function NotOpened(props: {
  readonly why: string;
  /** The scenario is good, and its file is not here. */
  readonly wants?: SessionState['wants'] | undefined;
}) {
  const { why, wants } = props;
  const text = useStore(desk, (state) => state.handedIn?.text);
  const [complaint, setComplaint] = useState<string>();
  const waiting = wants?.text;
  useEffect(() => {
    desk.setState({ wanted: waiting });
    return () => desk.setState({ wanted: undefined });
  }, [waiting]);
  if (wants)
    return (
      <Trouble title={`${wants.file.name} is needed`}>
        <p>{why}</p>
        <button
          type="button"
          className="btn primary"
          onClick={() => chooseFiles((files) => void takeFiles(files).then(setComplaint))}
        >
          Choose {wants.file.name}…
        </button>
        {labOfText(wants.text) === 'lsm' && (
          <button
            type="button"
            className="btn"
            onClick={() =>
              chooseFiles((files) => void takeFiles(files).then(setComplaint), '', true)
            }
          >
            … as a folder
          </button>
        )}
        <p className="complaint" role="alert">
          {complaint}
        </p>
      </Trouble>
    );
  return (
    <Trouble title="This could not be opened">
      <p>{why}</p>
      <p>What you had before is as it was.</p>
      {text !== undefined && (
        <button
          type="button"
          className="btn primary"
          onClick={() => desk.setState({ dialog: 'paste', draft: { text, complaint: why } })}
        >
          Mend the text
        </button>
      )}
    </Trouble>
  );
}

function WhenOpen(props: { readonly session: Session; readonly inspect: Inspect | undefined }) {
  const { session } = props;
  const opening = useSession(session, (state) => state.info.name === '');
  const failed = useSession(session, (state) => state.phase === 'failed');
  const trouble = useSession(session, (state) => state.trouble);
  const wants = useSession(session, (state) => state.wants);
  if (opening && failed)
    return <NotOpened why={trouble ?? 'The engine gave no reason.'} wants={wants} />;
  if (opening) return <p className="loading">Going down…</p>;
  return <Screen {...props} story={<FreePlay session={session} />} />;
}

/** Without a lesson: the scenario's own words, its settings, and its operations. */
function FreePlay({ session }: { readonly session: Session }) {
  return (
    <>
      <div className="story">
        <Story session={session} />
      </div>
      <Console session={session} />
    </>
  );
}

/** A scenario without a title is called after its file, or after the lab. */
const titleOf = ({ title, setup, info }: SessionState): string =>
  title || setup.file?.name || info.title;

export interface ScreenProps {
  readonly session: Session;
  /** Absent in a lab of actors. */
  readonly inspect: Inspect | undefined;
  /** What stands on the left. */
  readonly story: ReactNode;
  /** What the left is: as a landmark, and on the button that opens it as a sheet. */
  readonly side?: { readonly label: string; readonly button: string };
  /** In place of the one stage, and of its transport and timeline. */
  readonly stages?: ReactNode;
  readonly transport?: ReactNode;
  readonly timelines?: ReactNode;
  /** Where the sides are sheets: a line above the transport. */
  readonly strip?: ReactNode;
  /** When it changes, the sheet gives the picture free. */
  readonly reveals?: unknown;
  readonly said?: string | undefined;
  readonly pins?: readonly Pin[] | undefined;
}

const SCENARIO_SIDE = { label: 'Scenario and operations', button: 'Operations' };

/** A lab on screen: what is read on the left, the stage, the inspector, and time below. */
export function Screen(props: ScreenProps) {
  const { session, inspect, side = SCENARIO_SIDE } = props;
  const phase = useSession(session, (state) => state.phase);
  const face = faceOf(useSession(session, (state) => state.info.name));
  const trouble = useSession(session, (state) => state.trouble);
  const title = useSession(session, titleOf);
  const folded = usePreference('folded');
  const dialog = useStore(desk, (state) => state.dialog);
  const [sheet, setSheet] = useState<'left' | 'right'>();
  const giveFree = useCallback(() => setSheet(undefined), []);
  const { reveals } = props;
  useEffect(() => {
    if (reveals !== undefined) setSheet(undefined);
  }, [reveals]);
  useKeys(session);
  usePaletteItems(session);
  useEffect(() => {
    document.title = `${title} · Bathysphere`;
  }, [title]);
  const left = !folded.includes('left');
  const right = !folded.includes('right');
  return (
    <div
      className="lab"
      data-left={left ? 'open' : 'folded'}
      data-right={right ? 'open' : 'folded'}
    >
      <TopBar session={session} />
      <Reveal value={giveFree}>
        <Side side="left" label={side.label} sheet={sheet} onSheet={setSheet}>
          {props.story}
        </Side>
      </Reveal>
      <main className="stage-place">
        <h1 className="sr-only">{title}</h1>
        {phase === 'failed' ? (
          <div className="stage-trouble" role="alert">
            <h2>The engine stopped</h2>
            <p>{trouble ?? 'It gave no reason.'}</p>
            <button type="button" className="btn primary" onClick={() => session.restart()}>
              Start it again
            </button>
          </div>
        ) : (
          (props.stages ?? (
            <>
              <Stage session={session} said={props.said} pins={props.pins} />
              {inspect === undefined && (
                <Suspense>
                  {face?.graph ? <StateGraph session={session} /> : <Lanes session={session} />}
                </Suspense>
              )}
              <TextTwin session={session} />
            </>
          ))
        )}
        <Notices session={session} />
      </main>
      <Side side="right" label="Inspector" sheet={sheet} onSheet={setSheet}>
        <Inspector
          session={session}
          inspect={inspect}
          chart={<Statechart session={session} />}
          after={<Fold side="right" />}
        />
      </Side>
      <footer className="bottom">
        {props.strip && <div className="bottom-strip">{props.strip}</div>}
        <div className="bottom-transport">{props.transport ?? <Transport session={session} />}</div>
        {props.timelines ?? <Timeline session={session} />}
        <Status session={session} onSaved={() => openDialog('workspaces')} />
        <nav className="sheet-buttons" aria-label="Panels">
          <button type="button" className="btn" onClick={() => setSheet('left')}>
            <ScrollText aria-hidden size={15} /> {side.button}
          </button>
          <button type="button" className="btn" onClick={() => setSheet('right')}>
            <Search aria-hidden size={15} /> Inspect
          </button>
        </nav>
      </footer>
      {dialog === 'export' && (
        <Suspense>
          <Export session={session} onClose={() => openDialog(undefined)} />
        </Suspense>
      )}
      {dialog === 'share' && (
        <Suspense>
          <Share session={session} onClose={() => openDialog(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

function TopBar({ session }: { readonly session: Session }) {
  const name = useSession(session, (state) => state.info.name);
  const chapter = useSession(session, (state) => state.info.chapter);
  const labTitle = useSession(session, (state) => state.info.title);
  const place = chapterOf(name);
  const face = faceOf(name);
  const [complaint, setComplaint] = useState<string>();
  const exportFiles = async () => {
    try {
      setComplaint(undefined);
      const files = await session.exportFiles();
      const [folder] = files[0]?.name.split('/') ?? [];
      // A browser saves files, no folders.
      if (folder !== undefined && files.some(({ name }) => name.includes('/'))) {
        const { zipOf } = await import('./zip.ts');
        saveFile(`${folder}.zip`, zipOf(files));
      } else if (files.length > 1) openDialog('export');
      else for (const file of files) saveFile(file.name, file.bytes);
    } catch (thrown) {
      setComplaint(sentenceOf(thrown));
    }
  };
  return (
    <header className="topbar">
      <Link href="/" className="logo" aria-label="Bathysphere, front page">
        <Logo /> <span className="logo-word">Bathysphere</span>
      </Link>
      <nav className="crumbs" aria-label="Where you are">
        {place && <span className="crumb-part">{place.part.title} / </span>}
        <b>
          {chapter} · {place?.chapter.title ?? labTitle}
        </b>
      </nav>
      <span className="grow" />
      {complaint !== undefined && (
        <p className="topbar-complaint" role="alert">
          {complaint}
        </p>
      )}
      <button
        type="button"
        className="btn jump"
        aria-label="Jump to a lab or an operation"
        onClick={() => openDialog('palette')}
      >
        <Search aria-hidden size={15} className="only-narrow" />
        <span className="btn-words">Jump to a lab or an operation…</span>
        <kbd className="only-wide">⌘K</kbd>
      </button>
      {face?.opens && (
        <button
          type="button"
          className="btn"
          aria-label="Open a database…"
          onClick={() => openDialog('open')}
        >
          <Database aria-hidden size={15} className="only-narrow" />
          <span className="btn-words">Open a database…</span>
        </button>
      )}
      {face?.exportAs !== undefined && (
        <button type="button" className="btn" aria-label={face.exportAs} onClick={exportFiles}>
          <Download aria-hidden size={15} className="only-narrow" />
          <span className="btn-words">{face.exportAs}</span>
        </button>
      )}
      <button
        type="button"
        className="btn primary"
        aria-label="Share this moment"
        onClick={() => openDialog('share')}
      >
        <Share2 aria-hidden size={15} className="only-narrow" />
        <span className="btn-words">Share this moment</span>
      </button>
      <ThemeButton />
      <button
        type="button"
        className="btn icon"
        aria-label="Keys and preferences"
        title="Keys and preferences (?)"
        onClick={() => openDialog('help')}
      >
        <Keyboard aria-hidden size={16} />
      </button>
    </header>
  );
}

function Fold({ side }: { readonly side: 'left' | 'right' }) {
  const open = !usePreference('folded').includes(side);
  const Icon = side === 'left' ? PanelLeft : PanelRight;
  const what = side === 'left' ? 'the scenario' : 'the inspector';
  return (
    <button
      type="button"
      className="icon-btn fold-btn"
      aria-expanded={open}
      aria-label={open ? `Fold ${what} away` : `Unfold ${what}`}
      title={open ? `Fold ${what} away` : `Unfold ${what}`}
      onClick={() => toggleFold(side)}
    >
      <Icon aria-hidden size={16} />
    </button>
  );
}

/** A side of the screen: a column where there is room, a sheet where there is not. */
function Side(props: {
  readonly side: 'left' | 'right';
  readonly label: string;
  readonly sheet: 'left' | 'right' | undefined;
  readonly onSheet: (sheet: 'left' | 'right' | undefined) => void;
  readonly children: ReactNode;
}) {
  const { side, label, onSheet } = props;
  const open = !usePreference('folded').includes(side);
  const asSheet = props.sheet === side;
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!asSheet) return;
    const before = document.activeElement;
    ref.current?.querySelector<HTMLElement>('.sheet-close')?.focus({ preventScroll: true });
    // The operations stand below the scenario's prose; a lesson is read from its top.
    if (!ref.current?.querySelector('.lesson'))
      ref.current?.querySelector('.console')?.scrollIntoView({ block: 'end' });
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) onSheet(undefined);
    };
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [asSheet, onSheet]);
  return (
    <>
      {asSheet && (
        <div className="sheet-scrim" aria-hidden="true" onPointerDown={() => onSheet(undefined)} />
      )}
      <aside
        ref={ref}
        className={`side ${side}`}
        aria-label={label}
        data-sheet={asSheet ? 'open' : undefined}
      >
        <button
          type="button"
          className="icon-btn sheet-close"
          aria-label={`Close: ${label}`}
          onClick={() => onSheet(undefined)}
        >
          <X aria-hidden size={18} />
        </button>
        <div className="side-in">{props.children}</div>
        {(side === 'left' || !open) && <Fold side={side} />}
      </aside>
    </>
  );
}

/** Title and prose of the scenario, the choice of another, settings and sabotage. */
function Story({ session }: { readonly session: Session }) {
  const scenarios = useScenarios();
  const lab = useSession(session, (state) => state.info.name);
  const title = useSession(session, titleOf);
  const prose = useSession(session, (state) => state.prose);
  const foreign = useSession(session, (state) => state.setup.file !== undefined);
  const mine = useMemo(
    () => scenarios.filter((scenario) => scenario.lab === lab),
    [scenarios, lab],
  );
  const current = mine.find((scenario) => scenario.title === title);
  return (
    <>
      <div className="story-head">
        <label>
          <span className="eyebrow">Scenario</span>
          <select
            value={current?.name ?? ''}
            onChange={(event) => navigate(`/lab/${lab}?scenario=${event.target.value}`)}
          >
            {!current && (
              <option value="">
                {scenarios.length === 0 ? title : foreign ? 'an opened database' : 'your own'}
              </option>
            )}
            {mine.map((scenario) => (
              <option key={scenario.name} value={scenario.name}>
                {scenario.title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <h2 className="story-title">{title}</h2>
      <Prose paragraphs={prose} />
      {foreign && <Trees session={session} />}
      <Ways session={session} current={current?.name} shipped={mine} />
      <Find session={session} />
      <Settings session={session} />
    </>
  );
}

/** To the lab's lesson, and to two runs side by side. */
function Ways(props: {
  readonly session: Session;
  readonly current: string | undefined;
  readonly shipped: readonly ShippedScenario[];
}) {
  const { session, current, shipped } = props;
  const lab = useSession(session, (state) => state.info.name);
  const named = useSession(session, (state) => state.compare);
  const branch = useSession(session, (state) => state.branch);
  const parent = useSession(
    session,
    (state) => state.branches.find(({ name }) => name === state.branch)?.parent,
  );
  const foreign = useSession(session, (state) => state.setup.file !== undefined);
  const lesson = LESSONS.find((known) => known.lab === lab);
  const beside = current === undefined ? undefined : faceOf(lab)?.beside?.[current];
  const other = shipped.find(({ name }) => name === beside);
  const compare = async (make: (ways: typeof import('./comparing.ts')) => Promise<void>) =>
    make(await import('./comparing.ts'));
  return (
    <p className="story-ways">
      {lesson && (
        <Link href={`/lesson/${lesson.name}`} className="btn small">
          Lesson {lesson.number}
        </Link>
      )}
      {other && (
        <Link
          href={`/compare?a=${current}&b=${other.name}`}
          className="btn small"
          title="Both runs under one playhead"
        >
          Beside “{other.title}”
        </Link>
      )}
      {named && (
        <button
          type="button"
          className="btn small"
          onClick={() => compare((ways) => ways.compareWithItself(session))}
        >
          {named[0]} beside {named[1]}
        </button>
      )}
      {!named && parent !== undefined && (
        <button
          type="button"
          className="btn small"
          onClick={() => compare((ways) => ways.compareBranches(session, parent, branch))}
        >
          {branch} beside {parent}
        </button>
      )}
      {!foreign && (
        <button
          type="button"
          className="btn small"
          title="This run twice, side by side: change a setting or an operation on one side"
          onClick={() => compare((ways) => ways.compareTwice(session))}
        >
          Side by side…
        </button>
      )}
    </p>
  );
}

/** The keys of LOOK.md, section 3: off while typing, and never taken from what uses them itself. */
export function useKeys(session: Session): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const { letterKeys } = preferences.getState();
      const action = actionOf(event, situationOf(event.target, letterKeys));
      if (action === undefined || action === 'palette') return;
      const state = session.store.getState();
      const verbs: Record<typeof action, () => void> = {
        step: () => session.step(),
        back: () => session.back(),
        nextCommand: () => session.nextCommand(),
        previousCommand: () => session.previousCommand(),
        home: () => session.home(),
        end: () => session.end(),
        play: () => (state.playing ? session.pause() : session.play()),
        nextOf: () => void session.nextOf(state.process, event.shiftKey ? -1 : 1),
        slower: () => session.setSpeed(nextSpeed(state.speed, -1)),
        faster: () => session.setSpeed(nextSpeed(state.speed, 1)),
        console: () => {
          if (preferences.getState().folded.includes('left')) toggleFold('left');
          // After the panel has unfolded.
          requestAnimationFrame(() => document.getElementById('console-input')?.focus());
        },
        help: () => openDialog('help'),
      };
      event.preventDefault();
      verbs[action]();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [session]);
}

/** The operations of the branch, and what can be done here, for the palette. */
function usePaletteItems(session: Session): void {
  const lines = useSession(session, (state) => state.lines);
  const commands = useSession(session, (state) => state.info.commands);
  const files = useSession(session, (state) => (state.moment?.image.files.size ?? 0) > 0);
  useEffect(() => {
    const items: PaletteItem[] = [
      ...lines.map((line) => ({
        id: `line:${line.number}`,
        group: 'Operations of this run',
        label: line.text,
        note: `${line.number}`,
        run: () => session.seek(line.first + Math.max(0, line.moments - 1)),
      })),
      ...commands.map((spec) => ({
        id: `command:${spec.name}`,
        group: 'What can be written',
        label: spec.usage,
        note: spec.help,
        run: () => {
          requestAnimationFrame(() => document.getElementById('console-input')?.focus());
        },
      })),
      {
        id: 'share',
        group: 'This moment',
        label: 'Share this moment',
        run: () => openDialog('share'),
      },
      ...(files
        ? [
            {
              id: 'die',
              group: 'This moment',
              label: 'What if it died here?',
              run: () => void session.dieHere(),
            },
          ]
        : []),
    ];
    desk.setState({ items, session });
    return () => desk.setState({ items: [], session: undefined });
  }, [session, lines, commands, files]);
}
