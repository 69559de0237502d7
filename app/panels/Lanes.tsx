// The space-time diagram below the stage: the whole run, painted by app/draw/lanes.ts. A click or a
// drag moves the playhead; a drag along the ruler marks out a stretch, which then fills the diagram.
// The wheel pans (with ctrl it zooms), two fingers do both, and so do buttons. It follows the playhead
// as long as nobody has panned away from it.

import { FoldHorizontal, Maximize, Minus, Plus } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { GUTTER, inksOf, paintLanes } from '../draw/lanes.ts';
import type { Session } from '../player/types.ts';
import { diagramOf, type Trace } from '../scene/lanes.ts';
import type { Sight } from './lanesHands.ts';
import { useSession } from './use.ts';
import { usePicture } from './usePicture.ts';
import './actors.css';

/** Pixels a scene unit, at the least and at the most. */
const LEAST_K = 0.02;
const MOST_K = 12;
/** Events asked for at a time, and how many the diagram holds. */
const PIECE = 2000;
const MOST = 40_000;
/** So many lanes stand in less height. */
const FEW = 6;

export function Lanes({ session }: { readonly session: Session }) {
  const actors = usePicture(session)?.actors;
  const moment = useSession(session, (state) => state.moment);
  const all = useTraces(session);
  // As long as a question is open, what comes after it is no part of the picture.
  const held = useSession(session, (state) => state.held);
  const traces = useMemo(() => (held === undefined ? all : all.slice(0, held + 1)), [all, held]);
  const index = moment?.index ?? 0;
  const names = actors?.lanes && moment ? actors.lanes(moment).join(' ') : '';
  /** Quiet stretches that were opened, by their first events; or all. */
  const [unfolded, setUnfolded] = useState<ReadonlySet<number> | 'all'>(new Set<number>());
  const diagram = useMemo(
    () => diagramOf(names === '' ? [] : names.split(' '), traces, unfolded),
    [names, traces, unfolded],
  );
  const unplaced = moment && actors?.unplaced?.(moment);
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<Sight>({ left: 0, k: 1, panned: false });

  const paint = useCallback(() => {
    const surface = canvas.current;
    const context = surface?.getContext('2d');
    if (!surface || !context || diagram.lanes.length === 0) return;
    const { clientWidth: width, clientHeight: height } = surface;
    const ratio = devicePixelRatio || 1;
    if (
      surface.width !== Math.round(width * ratio) ||
      surface.height !== Math.round(height * ratio)
    ) {
      surface.width = Math.round(width * ratio);
      surface.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const now = view.current;
    const room = (width - GUTTER) / now.k;
    const at = diagram.xs[index] ?? 0;
    if (!now.panned) {
      if (at < now.left + room * 0.1 || at > now.left + room * 0.86) now.left = at - room * 0.72;
      now.left = Math.max(-8, now.left);
    }
    paintLanes(
      context,
      diagram,
      {
        ...now,
        width,
        height,
        playhead: index,
        ...(unplaced && { unplaced }),
      },
      inksOf(surface),
    );
  }, [diagram, index, unplaced]);

  useEffect(() => {
    const frame = requestAnimationFrame(paint);
    return () => cancelAnimationFrame(frame);
  }, [paint]);
  useEffect(() => {
    const surface = canvas.current;
    if (!surface) return;
    const observer = new ResizeObserver(paint);
    observer.observe(surface);
    const themes = new MutationObserver(paint);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      observer.disconnect();
      themes.disconnect();
    };
  }, [paint]);

  const latest = useRef({ diagram, paint });
  latest.current = { diagram, paint };
  const has = actors?.lanes !== undefined;
  useEffect(() => {
    const surface = canvas.current;
    if (!surface || !has) return;
    let deaf: (() => void) | undefined;
    let gone = false;
    void import('./lanesHands.ts').then(({ hearLanes }) => {
      if (gone) return;
      deaf = hearLanes(surface, {
        sight: view.current,
        diagram: () => latest.current.diagram,
        paint: () => requestAnimationFrame(() => latest.current.paint()),
        seek: (event) => session.seek(event),
        open: (first) => setUnfolded((now) => (now === 'all' ? now : new Set([...now, first]))),
      });
    });
    return () => {
      gone = true;
      deaf?.();
    };
  }, [session, has]);

  /** Zooms about the playhead; without a factor: all of it. */
  const zoom = (factor?: number) => () => {
    const surface = canvas.current;
    if (!surface) return;
    const now = view.current;
    const room = surface.clientWidth - GUTTER;
    const at = diagram.xs[index] ?? 0;
    const fit = Math.max(LEAST_K, Math.min(2, room / (diagram.width + 24)));
    const k = factor ? Math.max(LEAST_K, Math.min(MOST_K, now.k * factor)) : fit;
    now.left = factor ? at - ((at - now.left) * now.k) / k : -8;
    now.k = k;
    now.panned = factor === undefined;
    paint();
  };
  const quiet = diagram.folds.some(({ count }) => count !== undefined);
  if (!actors?.lanes) return null;
  return (
    <section
      className={diagram.lanes.length <= FEW ? 'lanes few' : 'lanes'}
      aria-label="Space-time diagram"
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Time to the right, a lane an actor, a line a message: ${traces.length} events. The playhead is at event ${index}; the transport below moves it.`}
      />
      <div className="lanes-tools">
        {(quiet || unfolded === 'all' || unfolded.size > 0) && (
          <button
            type="button"
            aria-pressed={quiet}
            aria-label="Fold quiet stretches"
            title="Fold quiet stretches: heartbeats and their answers"
            onClick={() => setUnfolded(quiet ? 'all' : new Set())}
          >
            <FoldHorizontal size={14} aria-hidden />
          </button>
        )}
        <button
          type="button"
          className="lanes-zoom"
          aria-label="Zoom in time"
          title="Zoom in time"
          onClick={zoom(1.5)}
        >
          <Plus size={14} aria-hidden />
        </button>
        <button
          type="button"
          className="lanes-zoom"
          aria-label="Zoom out of time"
          title="Zoom out of time"
          onClick={zoom(1 / 1.5)}
        >
          <Minus size={14} aria-hidden />
        </button>
        <button type="button" aria-label="The whole run" title="The whole run" onClick={zoom()}>
          <Maximize size={13} aria-hidden />
        </button>
      </div>
      <p className="lanes-note">
        time to the right · {moment ? `${millis(traces[index]?.at)} ms` : ''}
        {traces.length >= MOST ? ` · the first ${MOST} events` : ''}
      </p>
    </section>
  );
}

const millis = (time: number | undefined): string => `${Math.round((time ?? 0) / 100) / 10}`;

/** The traces of all events of the branch on screen, asked for piece by piece as the run grows. */
function useTraces(session: Session): readonly Trace[] {
  const trace = usePicture(session)?.actors?.trace;
  const branch = useSession(session, (state) => state.branch);
  const setup = useSession(session, (state) => state.setup);
  const lines = useSession(session, (state) => state.lines);
  const length = useSession(session, (state) => state.outline.length);
  const [traces, setTraces] = useState<readonly Trace[]>([]);
  const held = useRef<{ branch: string; setup: unknown; texts: string[]; traces: Trace[] }>(
    undefined,
  );
  useEffect(() => {
    if (!trace) return;
    let alive = true;
    const known = held.current;
    const texts = lines.map(({ text, first }) => `${first} ${text}`);
    const same =
      known?.branch === branch &&
      known.setup === setup &&
      known.texts.every((text, i) => i === known.texts.length - 1 || texts[i] === text) &&
      known.traces.length <= length;
    const from = same ? known.traces : [];
    void (async () => {
      let all = from;
      // The event at the old end may have been the middle of a command that went on since.
      const most = Math.min(length, MOST);
      while (alive && all.length < most) {
        const piece = await session.events(all.length, Math.min(all.length + PIECE, most));
        if (!alive || piece.length === 0) return;
        all = [...all, ...piece.map((event) => trace(event))];
        held.current = { branch, setup, texts, traces: all };
        setTraces(all);
      }
      if (alive && !same) setTraces(all);
    })().catch(() => {
      // The script changed under the question: the next change asks again.
    });
    return () => {
      alive = false;
    };
  }, [session, trace, branch, setup, lines, length]);
  return traces;
}
