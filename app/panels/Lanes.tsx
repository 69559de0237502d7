// The space-time diagram below the stage: the whole run, painted by app/draw/lanes.ts. A click or a
// drag moves the playhead, the wheel pans (with ctrl it zooms), and it follows the playhead as long as
// nobody has panned away from it.

import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { GUTTER, inksOf, paintLanes } from '../draw/lanes.ts';
import type { Session } from '../player/types.ts';
import { diagramOf, eventAt, type Trace } from '../scene/lanes.ts';
import { useSession } from './use.ts';
import { usePicture } from './usePicture.ts';
import './actors.css';

/** Events asked for at a time, and how many the diagram holds. */
const PIECE = 2000;
const MOST = 40_000;
/** So many lanes stand in less height. */
const FEW = 4;

export function Lanes({ session }: { readonly session: Session }) {
  const actors = usePicture(session)?.actors;
  const moment = useSession(session, (state) => state.moment);
  const all = useTraces(session);
  // As long as a question is open, what comes after it is no part of the picture.
  const held = useSession(session, (state) => state.held);
  const traces = useMemo(() => (held === undefined ? all : all.slice(0, held + 1)), [all, held]);
  const index = moment?.index ?? 0;
  const names = actors?.lanes && moment ? actors.lanes(moment).join(' ') : '';
  const diagram = useMemo(
    () => diagramOf(names === '' ? [] : names.split(' '), traces),
    [names, traces],
  );
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef({ left: 0, k: 1, panned: false });
  const dragging = useRef(false);

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
      { left: now.left, k: now.k, width, height, playhead: index },
      inksOf(surface),
    );
  }, [diagram, index]);

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
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const now = view.current;
      if (event.ctrlKey) {
        const x = event.clientX - surface.getBoundingClientRect().left - GUTTER;
        const k = Math.max(0.05, Math.min(6, now.k * Math.exp(-event.deltaY / 200)));
        now.left += x / now.k - x / k;
        now.k = k;
      } else now.left += (event.deltaX + event.deltaY) / now.k;
      now.left = Math.max(-20, Math.min(diagram.width, now.left));
      now.panned = true;
      requestAnimationFrame(paint);
    };
    surface.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      themes.disconnect();
      surface.removeEventListener('wheel', onWheel);
    };
  }, [paint, diagram.width]);

  const seek = (event: PointerEvent<HTMLCanvasElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - GUTTER;
    const { left, k } = view.current;
    view.current.panned = true;
    session.seek(eventAt(diagram, left + x / k));
  };
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
        onPointerDown={(event) => {
          dragging.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
          seek(event);
        }}
        onPointerMove={(event) => dragging.current && seek(event)}
        onPointerUp={() => {
          dragging.current = false;
          view.current.panned = false;
        }}
      />
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
