// The graph of a search: every state a dot, depth by depth, the run on screen lit in it. A dot opens its
// run. Below the stage it is of the whole model; in a search's answer it is of what was found.
//
// Keys: ← to what found it, → onward, ↑ ↓ in its column, Home to the beginning, Enter opens its run.

import { Maximize, Minus, Plus } from 'lucide-react';
import {
  type KeyboardEvent,
  type PointerEvent,
  use,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import { dotAt, fitted, type GraphView, paintGraph } from '../draw/graph.ts';
import { inksOf } from '../draw/lanes.ts';
import { DRAWN, type Finder, type Outcome, openFinder, SETUP } from '../player/finder.ts';
import type { Session } from '../player/types.ts';
import { type Layout, layoutOf, markOf, wayAlong, wayTo } from '../scene/graph.ts';
import { Reveal, useSession } from './use.ts';
import './graph.css';

/** So many states are found for the picture below the stage. */
const STATES = 5_000;

const count = (n: number, one: string): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : `${one}s`}`;

/** Of the model on screen, from its initial states on, made anew when the setup changes. */
export function StateGraph({ session }: { readonly session: Session }) {
  const setup = useSession(session, (state) => state.setup);
  const lines = useSession(session, (state) => state.lines);
  const command = useSession(session, (state) => state.moment?.command ?? 0);
  const [found, setFound] = useState<{ readonly layout: Layout; readonly outcome: Outcome }>();
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    setFound(undefined);
    setTrouble(undefined);
    if (setup.lab === '') return;
    let alive = true;
    const text = async () =>
      (await session.text())
        .split('\n')
        .filter((line) => SETUP.test(line))
        .join('\n');
    const finder = openFinder({ ...session, text });
    void (async () => {
      await finder.search({ graph: DRAWN, bounds: { states: STATES }, symmetry: false });
      const { outcome, trouble: why } = finder.store.getState();
      const graph = outcome && (await finder.graph());
      if (!alive) return;
      if (outcome && graph) setFound({ layout: layoutOf(graph), outcome });
      else setTrouble(why ?? 'There are too many states to draw.');
    })()
      .catch(() => {
        // Closed while it was at work.
      })
      .finally(() => finder.close());
    return () => {
      alive = false;
      finder.close();
    };
  }, [session, setup]);

  const layout = found?.layout;
  const texts = useMemo(() => lines.map(({ text }) => text), [lines]);
  const run = useMemo(() => (layout ? wayAlong(layout, texts) : []), [layout, texts]);
  /** Lines of the run that are no step: `init 2` stands where the run begins. */
  const before = texts.filter((text) => text.startsWith('init ')).length;
  const opened = useRef<{ readonly name: string; readonly lines: string }>(undefined);

  const open = async (state: number): Promise<string | undefined> => {
    if (!layout) return undefined;
    const along = run.indexOf(state);
    // On the run that is on screen: there it is gone to, and nothing is opened.
    if (along >= 0) {
      const line = session.store.getState().lines[along + before - 1];
      session.seek(line ? line.first + line.moments - 1 : 0);
      return undefined;
    }
    const wanted = linesTo(layout, state);
    const { branches } = session.store.getState();
    const name = `state ${state + 1}`;
    const last = opened.current;
    const complaint = branches.some((branch) => branch.name === name)
      ? await session.switchBranch(name).then(() => undefined)
      : await session.branchOff(name, wanted);
    if (complaint !== undefined) return complaint;
    opened.current = { name, lines: wanted.join('\n') };
    // What was only looked at makes room: a branch that was opened here, and not gone on from.
    const old = last && branches.find((branch) => branch.name === last.name);
    if (old && last.name !== name && old.commands === last.lines.split('\n').length)
      await session.removeBranch(last.name);
    return undefined;
  };

  const outcome = found?.outcome;
  return (
    <section className="state-graph" aria-label="State graph" data-ready={layout ? '' : undefined}>
      {layout && outcome ? (
        <Graph
          layout={layout}
          run={run}
          at={Math.max(0, Math.min(command - before, run.length - 1))}
          broken={brokenIn(outcome)}
          says={
            outcome.complete
              ? `${count(outcome.states, 'state')}, ${outcome.depth} deep: all there are`
              : `the first ${count(outcome.states, 'state')} of more, ${outcome.depth} deep`
          }
          onOpen={open}
        />
      ) : (
        <p className="graph-wait" role="status">
          {trouble ?? 'Looking through all states…'}
        </p>
      )}
    </section>
  );
}

/** Of the states that a search found, where they are few enough to be drawn. */
export function FoundGraph(props: { readonly finder: Finder; readonly outcome: Outcome }) {
  const { finder, outcome } = props;
  const [layout, setLayout] = useState<Layout>();
  const reveal = use(Reveal);
  useEffect(() => {
    let alive = true;
    setLayout(undefined);
    if (outcome.states <= DRAWN)
      finder.graph().then(
        (graph) => alive && graph && setLayout(layoutOf(graph)),
        () => {
          // The search was closed meanwhile: there is nothing to draw.
        },
      );
    return () => {
      alive = false;
    };
  }, [finder, outcome]);
  if (!layout) return null;
  const { states, depth, complete } = outcome;
  return (
    <Graph
      layout={layout}
      run={NO_RUN}
      at={0}
      broken={brokenIn(outcome)}
      says={`${count(states, 'state')}, ${depth} deep${complete ? '' : ', and more'}`}
      onOpen={async (state) => {
        const complaint = await finder.openState(state);
        if (complaint === undefined) reveal();
        return complaint;
      }}
    />
  );
}

const NONE: readonly number[] = [];
/** The search begins where the run stands: that is the first state. */
const NO_RUN: readonly number[] = [0];
/** The way to the first thing that breaks. */
const brokenIn = ({ findings }: Outcome): readonly number[] =>
  findings.find(({ verdict, holds }) => verdict === 'violated' && holds === 'always')?.states ??
  NONE;

/** The commands of a shortest way, from the first. */
function linesTo(layout: Layout, state: number): string[] {
  const { graph, by, columns } = layout;
  const way = wayTo(layout, state);
  const roots = columns[0] ?? [];
  const lines = way.slice(1).map((to) => graph.lines?.[graph.line?.[by[to] as number] ?? -1] ?? '');
  return roots.length > 1
    ? [`init ${roots.toSorted((a, b) => a - b).indexOf(way[0] as number) + 1}`, ...lines]
    : lines;
}

export interface GraphProps {
  readonly layout: Layout;
  /** The states of the run on screen, and at which of them it stands. */
  readonly run: readonly number[];
  readonly at: number;
  /** The states on a way to where something breaks. */
  readonly broken: readonly number[];
  readonly says: string;
  /** Answers with a complaint, or nothing. */
  readonly onOpen: (state: number) => Promise<string | undefined>;
}

export function Graph({ layout, run, at, broken, says, onOpen }: GraphProps) {
  const { graph } = layout;
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<GraphView>(undefined);
  const moved = useRef(false);
  const hand = useRef<{ x: number; y: number; dragged: boolean }>(undefined);
  const [looked, setLooked] = useState<number>();
  const [focused, setFocused] = useState(false);
  const [property, setProperty] = useState('');
  const [large, setLarge] = useState(false);
  const [complaint, setComplaint] = useState<string>();
  const id = useId();

  const lit = useMemo(() => {
    const { classes } = graph;
    const marks = Array.from(graph.levels, (_, state) =>
      property === EQUALS
        ? classes?.[state] === state
          ? ('good' as const)
          : ('plain' as const)
        : markOf(graph, state, property === '' ? undefined : property),
    );
    const mine = looked === undefined ? undefined : classes?.[looked];
    return {
      run,
      at,
      broken,
      way: looked === undefined ? [] : wayTo(layout, looked),
      mark: (state: number) => marks[state] ?? 'plain',
      equal: (state: number) => mine !== undefined && state !== looked && classes?.[state] === mine,
    };
  }, [layout, graph, run, at, broken, looked, property]);

  const paint = useCallback(() => {
    const surface = canvas.current;
    const context = surface?.getContext('2d');
    if (!surface || !context) return;
    const { clientWidth: width, clientHeight: height } = surface;
    if (width === 0 || height === 0) return;
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (surface.width !== w || surface.height !== h) {
      surface.width = w;
      surface.height = h;
    }
    if (!moved.current || !view.current) view.current = fitted(layout, width, height);
    else view.current = { ...view.current, width, height };
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintGraph(context, layout, view.current, lit, inksOf(surface));
  }, [layout, lit]);

  useEffect(() => {
    const frame = requestAnimationFrame(paint);
    return () => cancelAnimationFrame(frame);
  }, [paint]);
  const zoomAt = useCallback(
    (factor: number, x: number, y: number) => {
      const now = view.current;
      if (!now) return;
      const k = Math.max(0.2, Math.min(factor, 120 / now.dx, 40 / now.dy));
      moved.current = true;
      view.current = {
        ...now,
        dx: now.dx * k,
        dy: now.dy * k,
        x: x - (x - now.x) * k,
        y: y - (y - now.y) * k,
      };
      requestAnimationFrame(paint);
    },
    [paint],
  );
  useEffect(() => {
    const surface = canvas.current;
    if (!surface) return;
    const observer = new ResizeObserver(() => paint());
    observer.observe(surface);
    const themes = new MutationObserver(() => paint());
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = surface.getBoundingClientRect();
      zoomAt(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
    };
    surface.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      themes.disconnect();
      surface.removeEventListener('wheel', onWheel);
    };
  }, [paint, zoomAt]);

  const open = (state: number) => {
    setLooked(state);
    void onOpen(state).then(setComplaint);
  };
  const under = (event: PointerEvent<HTMLElement>, within: number): number | undefined => {
    const place = canvas.current?.getBoundingClientRect();
    if (!place || !view.current) return undefined;
    return dotAt(
      layout,
      view.current,
      event.clientX - place.left,
      event.clientY - place.top,
      within,
    );
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const held = hand.current;
    const now = view.current;
    if (!held || !now) {
      if (event.pointerType !== 'touch')
        setLooked(under(event, 14) ?? (focused ? looked : undefined));
      return;
    }
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.dragged && Math.hypot(dx, dy) < 6) return;
    hand.current = { x: event.clientX, y: event.clientY, dragged: true };
    moved.current = true;
    view.current = { ...now, x: now.x + dx, y: now.y + dy };
    requestAnimationFrame(paint);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const here = looked ?? run[at] ?? 0;
    const next = stepFrom(layout, here, event.key, run);
    if (event.key === 'Enter' || event.key === ' ') open(here);
    else if (event.key === 'Escape' && looked !== undefined) setLooked(undefined);
    else if (event.key === 'Escape' && large) setLarge(false);
    else if (next !== undefined) setLooked(next);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const middle = (factor: number) => {
    const { width = 0, height = 0 } = view.current ?? {};
    zoomAt(factor, width / 2, height / 2);
  };
  const words = wordsOf(layout, looked ?? run[at] ?? 0, looked === undefined && run.length > 0);
  return (
    <div className="graph" data-large={large || undefined}>
      <div className="graph-bar">
        <p className="graph-says">{says}</p>
        {property !== EQUALS && (
          <>
            <span className="graph-key">
              <i aria-hidden /> may come about
            </span>
            <span className="graph-key" data-mark="broken">
              <i aria-hidden /> must not be
            </span>
          </>
        )}
        <select
          aria-label="Which states are marked"
          value={property}
          onChange={(event) => setProperty(event.target.value)}
        >
          <option value="">all properties</option>
          {graph.properties.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          {graph.classes && <option value={EQUALS}>one of each kind of equals</option>}
        </select>
        <span className="graph-buttons">
          <button
            type="button"
            aria-label="Larger dots"
            title="Larger dots"
            onClick={() => middle(1.5)}
          >
            <Plus aria-hidden size={14} />
          </button>
          <button
            type="button"
            aria-label="Smaller dots"
            title="Smaller dots"
            onClick={() => middle(1 / 1.5)}
          >
            <Minus aria-hidden size={14} />
          </button>
          <button
            type="button"
            aria-label="The graph larger"
            title="The graph larger"
            aria-pressed={large}
            onClick={() => {
              moved.current = false;
              setLarge(!large);
              requestAnimationFrame(paint);
            }}
          >
            <Maximize aria-hidden size={14} />
          </button>
        </span>
      </div>
      <div
        ref={box}
        className="graph-box"
        role="listbox"
        aria-label={`State graph: ${says}`}
        aria-activedescendant={`${id}-state`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={() => setFocused(true)}
        onBlur={() => {
          setFocused(false);
          setLooked(undefined);
        }}
        onPointerDown={(event) => {
          hand.current = { x: event.clientX, y: event.clientY, dragged: false };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={onPointerMove}
        onPointerLeave={() => !focused && setLooked(undefined)}
        onPointerUp={(event) => {
          const state = hand.current?.dragged
            ? undefined
            : under(event, event.pointerType === 'touch' ? 26 : 14);
          hand.current = undefined;
          if (state !== undefined) open(state);
        }}
        onPointerCancel={() => {
          hand.current = undefined;
        }}
      >
        <canvas ref={canvas} />
        <div
          id={`${id}-state`}
          role="option"
          aria-selected="true"
          className="graph-words"
          tabIndex={-1}
        >
          {words}
        </div>
      </div>
      <p className="complaint" role="alert">
        {complaint}
      </p>
    </div>
  );
}

const EQUALS = 'equals…';

/** Where a key leads from a state: along ways, and up and down a column. */
function stepFrom(
  layout: Layout,
  state: number,
  key: string,
  run: readonly number[],
): number | undefined {
  const { graph, parents, places, columns, starts } = layout;
  const level = graph.levels[state] as number;
  const column = columns[level] ?? [];
  const place = places[state] as number;
  switch (key) {
    case 'ArrowUp':
      return column[place - 1] ?? state;
    case 'ArrowDown':
      return column[place + 1] ?? state;
    case 'ArrowLeft': {
      const parent = parents[state] as number;
      return parent < 0 ? state : parent;
    }
    case 'ArrowRight': {
      // Along the run that is on screen as long as it is on it; else to the first that it found.
      const on = run.lastIndexOf(state);
      const next = on < 0 ? undefined : run.slice(on + 1).find((one) => one !== state);
      if (next !== undefined) return next;
      const ways = graph.to.subarray(starts[state], starts[state + 1]);
      return (
        ways.find((to) => parents[to] === state) ??
        ways.find((to) => (graph.levels[to] as number) > level) ??
        state
      );
    }
    case 'Home':
      return columns[0]?.[0] ?? state;
    case 'End':
      return columns.at(-1)?.[0] ?? state;
    default:
      return undefined;
  }
}

/** `state 17 · depth 4, by do tmAbort · 5 ways on`. */
function wordsOf(layout: Layout, state: number, isHere: boolean): string {
  const { graph, by, starts } = layout;
  const edge = by[state] as number;
  const line = edge < 0 ? undefined : graph.lines?.[graph.line?.[edge] ?? -1];
  const on = (starts[state + 1] as number) - (starts[state] as number);
  const broken = graph.properties
    .filter(({ holds, good }) => holds === 'always' && !good[state])
    .map(({ name }) => name);
  const equals =
    graph.classes?.reduce((sum, one) => sum + (one === graph.classes?.[state] ? 1 : 0), 0) ?? 1;
  return [
    isHere ? 'here' : `state ${state + 1}`,
    `depth ${graph.levels[state]}`,
    ...(line === undefined ? [] : [`by ${line}`]),
    state < graph.looked ? `${on === 0 ? 'no way' : count(on, 'way')} on` : 'not gone on from',
    ...(equals > 1 ? [`${count(equals - 1, 'other')} equal to it`] : []),
    ...(broken.length > 0 ? [`✕ ${broken.join(', ')}`] : []),
  ].join(' · ');
}
