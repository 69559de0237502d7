// Hands on the space-time diagram: a file of its own, because the first picture does not need it.
//
//   press, drag          the playhead goes along
//   drag on the ruler    marks out a stretch; let go, and it fills the diagram
//   press on ≈ 40        opens a folded stretch
//   wheel, two fingers   pan and zoom

import { foldAt, GUTTER, RULER } from '../draw/lanes.ts';
import { type Diagram, eventAt } from '../scene/lanes.ts';

/** What is in sight of the diagram. The hands write it. */
export interface Sight {
  left: number;
  k: number;
  panned: boolean;
  brush?: readonly [from: number, to: number];
}

export interface Touched {
  readonly sight: Sight;
  diagram(): Diagram;
  paint(): void;
  seek(event: number): void;
  /** Opens a folded stretch by its first event. */
  open(first: number): void;
}

const LIMITS = [0.02, 12] as const;
/** A mark that is narrower, in pixels, was a press. */
const PRESSED = 8;

export function hearLanes(
  surface: HTMLCanvasElement,
  { sight, diagram, paint, seek, open }: Touched,
): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let doing: 'scrub' | 'brush' | 'pinch' | undefined;
  let from = 0;
  const placeOf = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = surface.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const sceneX = (x: number): number => sight.left + (x - GUTTER) / sight.k;
  const keep = (): void => {
    sight.left = Math.max(-20, Math.min(diagram().width, sight.left));
    sight.panned = true;
    paint();
  };
  /** Zooms so that what is at x stays there. */
  const zoomAt = (x: number, factor: number): void => {
    const k = Math.max(LIMITS[0], Math.min(LIMITS[1], sight.k * factor));
    sight.left += (x - GUTTER) / sight.k - (x - GUTTER) / k;
    sight.k = k;
  };
  const scrub = (x: number): void => {
    sight.panned = true;
    seek(eventAt(diagram(), sceneX(x)));
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const at = placeOf(event);
    pointers.set(event.pointerId, at);
    surface.setPointerCapture(event.pointerId);
    if (pointers.size === 2) {
      doing = 'pinch';
      delete sight.brush;
      return;
    }
    const fold = foldAt(diagram(), { ...sight, height: surface.clientHeight }, at.x, at.y);
    if (fold !== undefined) {
      open(fold);
      return;
    }
    doing = at.y < RULER || event.shiftKey ? 'brush' : 'scrub';
    from = sceneX(at.x);
    if (doing === 'scrub') scrub(at.x);
  };
  const move = (event: PointerEvent): void => {
    const was = pointers.get(event.pointerId);
    if (!was) return;
    const at = placeOf(event);
    if (doing === 'scrub') scrub(at.x);
    if (doing === 'brush') {
      sight.brush = [from, sceneX(at.x)];
      paint();
    }
    if (doing === 'pinch') {
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const [apart, before] = [Math.abs(at.x - other.x), Math.abs(was.x - other.x)];
        if (before > 10 && apart > 10) zoomAt((at.x + other.x) / 2, apart / before);
        sight.left -= (at.x - was.x) / 2 / sight.k;
        keep();
      }
    }
    pointers.set(event.pointerId, at);
  };
  const up = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    const at = placeOf(event);
    const { brush } = sight;
    delete sight.brush;
    if (doing === 'brush') {
      const [a, b] = brush ? [Math.min(...brush), Math.max(...brush)] : [from, from];
      if ((b - a) * sight.k < PRESSED) scrub(at.x);
      else {
        sight.k = Math.min(LIMITS[1], (surface.clientWidth - GUTTER) / (b - a));
        sight.left = a;
        // What is on the stage is in sight below it, too.
        seek(eventAt(diagram(), a));
        keep();
      }
    }
    // From here on it follows the playhead again; a stretch that was marked out stays.
    if (doing === 'scrub') sight.panned = false;
    if (pointers.size === 0) doing = undefined;
    else if (doing === 'pinch') doing = undefined;
    paint();
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey) zoomAt(placeOf(event).x, Math.exp(-event.deltaY / 200));
    else sight.left += (event.deltaX + event.deltaY) / sight.k;
    keep();
  };
  const over = (event: PointerEvent): void => {
    const { x, y } = placeOf(event);
    const fold = foldAt(diagram(), { ...sight, height: surface.clientHeight }, x, y);
    surface.style.cursor = fold !== undefined ? 'pointer' : y < RULER ? 'col-resize' : '';
  };
  const all = [
    ['pointerdown', down],
    ['pointermove', move],
    ['pointermove', over],
    ['pointerup', up],
    ['pointercancel', up],
  ] as [string, EventListener][];
  for (const [name, hears] of all) surface.addEventListener(name, hears);
  surface.addEventListener('wheel', wheel, { passive: false });
  return () => {
    for (const [name, hears] of all) surface.removeEventListener(name, hears);
    surface.removeEventListener('wheel', wheel);
  };
}
