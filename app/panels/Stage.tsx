// The stage's frame: React lays out the drawing's surroundings (caption, legend, zoom) and never looks
// into the <svg>, which belongs to the stage (app/draw). Movement comes from the player by a Screen;
// the caption's card is placed by hand, once a step, where it covers neither pages nor pointers.

import { Check, Maximize, Minus, Plus, X } from 'lucide-react';
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { useStore } from 'zustand';
import { boxOf, type Camera, type Stage as Drawing, mountStage } from '../draw/stage.ts';
import type { Picture, TwinNode } from '../labs/picture.ts';
import type { Screen, Session, ShownMoment } from '../player/types.ts';
import type { Detail, Scene } from '../scene/scene.ts';
import type { putCaption as PutCaption } from './caption.ts';
import { usePicture } from './usePicture.ts';
import '../draw/stage.css';
import './stage.css';

/** A damaged file has problems by the dozen; the card must not cover the picture of them. */
const PROBLEMS_SHOWN = 3;
/** In a cluster one wrong step drags others behind it for the rest of the run: the first says it. */
const SHOWN_OF_CLUSTER = 1;

export interface StageProps {
  readonly session: Session;
  /** Only the drawing: no legend, no zoom, and the wheel goes on scrolling the page. */
  readonly plain?: boolean;
  /** Not announced: another stage beside it is. */
  readonly quiet?: boolean;
  /** What is announced in place of the caption: what a lesson has just said. */
  readonly said?: string | undefined;
  /** Words pinned to shapes: what somebody expected, and what is so. */
  readonly pins?: readonly Pin[] | undefined;
}

export interface Pin {
  /** Scene key; where the picture has no such shape, the pin stands in its top corner. */
  readonly key: string | undefined;
  readonly tone: 'right' | 'wrong';
  readonly text: string;
}

export function Stage({ session, plain = false, quiet = false, said, pins }: StageProps) {
  const picture = usePicture(session);
  const moment = useStore(session.store, (state) => state.moment);
  const playing = useStore(session.store, (state) => state.playing && state.speed > 2);
  const notices = useStore(session.store, (state) => state.notices);
  const [scene, setScene] = useState<Scene>();
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const card = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(undefined);
  const camera = useRef<Camera>({ k: 1, x: 0, y: 0 });
  const latest = useRef<Scene>(undefined);
  const detail = useRef<Detail>(undefined);
  const redraw = useRef<(keep: boolean) => void>(() => {});

  const put = useRef<typeof PutCaption>(undefined);
  const pinned = useRef<HTMLUListElement>(null);
  const placing = useRef(0);
  /** Measuring the card lays out the whole page, so it is done once a frame at most. */
  const placeCard = useCallback(() => {
    cancelAnimationFrame(placing.current);
    placing.current = requestAnimationFrame(() => {
      if (card.current && frame.current && latest.current)
        put.current?.(card.current, frame.current, latest.current, camera.current);
      placePins(pinned.current, latest.current, camera.current);
    });
  }, []);
  useEffect(() => {
    // The front page's stage shows no caption, and does not load what places it.
    if (plain) return;
    void import('./caption.ts').then(({ putCaption }) => {
      put.current = putCaption;
      placeCard();
    });
  }, [plain, placeCard]);

  useEffect(() => {
    const surface = svg.current;
    if (!surface || !picture) return;
    const stage = mountStage(surface, {
      insets: plain
        ? { top: 14, right: 14, bottom: 10, left: 14 }
        : { top: 54, right: 16, bottom: matchMedia(TWIN_BELOW).matches ? 12 : 46, left: 16 },
      still: plain,
      onSelect: (key) => session.select(key),
      onActivate: (key) => {
        session.select(key);
        stage.panTo(key);
      },
      onCamera(next, byUser) {
        camera.current = next;
        if (!byUser) return placeCard();
        placePins(pinned.current, latest.current, next);
        clearTimeout(resting);
        resting = setTimeout(rest, RESTS_MS);
      },
    });
    drawing.current = stage;
    let shown: ShownMoment | undefined;
    /** What is selected, as the picture on the stage knows it. */
    let selected: string | undefined;
    let opening = 0;
    let arrived = true;
    const look = () => ({
      width: surface.clientWidth || 720,
      height: surface.clientHeight || 560,
      uncaptioned: plain || surface.clientWidth <= CAPTION_BELOW,
      plain,
      ...(detail.current && { detail: detail.current }),
      ...(selected !== undefined && { selected }),
      ...(picture.arranging && { arrangement: picture.arranging.now() }),
    });
    const show = (next: Scene) => {
      latest.current = next;
      setScene(next);
      if (next.wants) session.want(next.wants.file, next.wants.chunks);
    };
    redraw.current = (keep) => {
      if (!shown) return;
      const next = picture.view(shown, look());
      show(next);
      stage.show(next, { keep });
    };
    /** What waits until the hand that moves the picture rests. */
    let resting: ReturnType<typeof setTimeout> | undefined;
    function rest() {
      rethink(camera.current);
      placeCard();
    }
    /** Somebody zoomed: what can be read now, or no longer? */
    function rethink({ k }: Camera) {
      const now = latest.current;
      if (!now) return;
      const pages = now.shapes.filter(({ kind }) => kind === 'page').length;
      const next = detailAt(now.detail, k, pages);
      if (next === now.detail) return;
      detail.current = next;
      redraw.current(true);
    }
    let draw: (t: number) => void = () => {};
    const screen: Screen = {
      prepare(from, to) {
        cancelAnimationFrame(opening);
        shown = to;
        arrived = false;
        const next = picture.view(to, look());
        if (!from || !stage.scene) {
          draw = () => {
            stage.show(next);
          };
          show(next);
          return 0;
        }
        const before = picture.view(from, look());
        show(next);
        if (motionIsReduced()) {
          draw = () => stage.cut(before, next);
          return 0;
        }
        const tween = stage.tween(before, next, { backward: to.index < from.index });
        camera.current = tween.camera;
        draw = tween.draw;
        return tween.durationMs;
      },
      draw(t) {
        draw(t);
        arrived = t >= 1;
      },
    };
    /** A bar that is selected opens into its page, a node changes places: a movement within one moment. */
    function open() {
      const before = latest.current;
      selected = session.store.getState().selection;
      if (!shown || !before || !arrived) return;
      const next = picture?.view(shown, look());
      if (!next || alike(before, next)) return;
      show(next);
      if (motionIsReduced()) {
        stage.show(next, { keep: true });
        return;
      }
      const tween = stage.tween(before, next);
      camera.current = tween.camera;
      const start = performance.now();
      const frame = (now: number) => {
        const t = Math.min(1, (now - start) / tween.durationMs);
        tween.draw(t);
        if (t < 1) opening = requestAnimationFrame(frame);
      };
      cancelAnimationFrame(opening);
      opening = requestAnimationFrame(frame);
    }
    // After React's own work, so that neither makes the other's task long.
    let detach = () => {};
    const attaching = setTimeout(() => {
      detach = session.attach(screen);
    });
    const follow = () => {
      const { selection, marked } = session.store.getState();
      stage.select(selection);
      stage.mark(marked);
    };
    follow();
    selected = session.store.getState().selection;
    const unsubscribe = session.store.subscribe((now, before) => {
      if (now.selection !== before.selection || now.marked !== before.marked) follow();
      if (now.selection === before.selection) return;
      open();
      if (now.selection) stage.panTo(now.selection);
    });
    const still = picture.arranging?.subscribe(open);
    const deaf = picture.arranging?.hear(
      surface.closest('.stage-surface') as HTMLElement,
      () => latest.current,
      () => camera.current,
    );
    const observer = new ResizeObserver(() => {
      stage.resize(surface.clientWidth, surface.clientHeight);
      if (!stage.moved) redraw.current(false);
    });
    observer.observe(surface);
    return () => {
      cancelAnimationFrame(opening);
      clearTimeout(attaching);
      clearTimeout(resting);
      observer.disconnect();
      still?.();
      deaf?.();
      unsubscribe();
      detach();
      stage.destroy();
      drawing.current = undefined;
    };
  }, [session, picture, plain, placeCard]);

  // The card's size follows its words: place it once they are in, and clear of the notices.
  useLayoutEffect(placeCard, [moment, scene, notices, pins, placeCard]);

  const zoom = (act: (stage: Drawing) => void) => () => drawing.current && act(drawing.current);
  const fit = () => {
    detail.current = undefined;
    drawing.current?.fit();
    redraw.current(false);
  };
  const walk = useWalk(session, picture, moment, drawing);
  const hint = useId();

  function onKeyDown(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const stage = drawing.current;
    if (!stage || event.target !== event.currentTarget) return;
    if (!walk.key(event.key)) {
      if (event.key === '+' || event.key === '=') stage.zoomBy(1.25);
      else if (event.key === '-') stage.zoomBy(0.8);
      else if (event.key === '0') fit();
      else return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  const caption = moment?.caption;
  const most = picture?.actors ? SHOWN_OF_CLUSTER : PROBLEMS_SHOWN;
  return (
    <div className={plain ? 'stage plain' : 'stage'} ref={frame}>
      <div
        className="stage-surface"
        role="application"
        aria-roledescription="picture"
        aria-label={caption ? `${caption.title}. ${caption.detail}` : 'the picture'}
        aria-describedby={hint}
        tabIndex={plain ? -1 : 0}
        onKeyDown={onKeyDown}
        onBlur={walk.leave}
      >
        <div className="stage-carrier">
          <svg ref={svg} aria-hidden="true" focusable="false">
            <title>{caption?.title}</title>
          </svg>
        </div>
      </div>
      <p id={hint} className="stage-words">
        Down arrow goes into the picture: arrows then move to parent, child and siblings, Enter
        selects, Escape leaves. Plus, minus and zero zoom.
      </p>
      {!plain && (
        <>
          <Legend session={session} scene={scene} />
          <div className="stage-zoom">
            <ZoomButton label="Zoom in" onClick={zoom((stage) => stage.zoomBy(1.25))}>
              <Plus size={15} aria-hidden />
            </ZoomButton>
            <ZoomButton label="Zoom out" onClick={zoom((stage) => stage.zoomBy(0.8))}>
              <Minus size={15} aria-hidden />
            </ZoomButton>
            <ZoomButton label="Show all of it" onClick={fit}>
              <Maximize size={14} aria-hidden />
            </ZoomButton>
          </div>
        </>
      )}
      {caption && (
        <div className="stage-caption" ref={card} data-fault={moment.problems.length > 0}>
          <strong>{caption.title}</strong>
          <span>{caption.detail}</span>
          {moment.problems.slice(0, most).map((problem) => (
            <button
              key={`${problem.referee} ${problem.key ?? ''} ${problem.text}`}
              type="button"
              className="stage-problem"
              onClick={() => session.select(problem.key)}
            >
              <b>✕ {problem.referee}</b> {problem.text}
            </button>
          ))}
          {moment.problems.length > most && (
            <span>
              and {moment.problems.length - most} more: all of them under State, at the side
            </span>
          )}
        </div>
      )}
      {pins && pins.length > 0 && (
        <ul className="stage-pins" ref={pinned}>
          {pins.map(({ key, tone, text }) => (
            <li key={`${tone} ${key} ${text}`} data-key={key} className={`pin is-${tone}`}>
              {tone === 'right' ? <Check aria-hidden size={13} /> : <X aria-hidden size={13} />}
              {text}
            </li>
          ))}
        </ul>
      )}
      {scene?.unsaid && <p className="stage-unsaid">{scene.unsaid.join(' ')}</p>}
      <p className="stage-words" role={quiet ? undefined : 'status'}>
        {walk.said ?? said ?? (playing || !caption ? '' : `${caption.title}. ${caption.detail}`)}
      </p>
    </div>
  );
}

/** Each pin above the shape that it speaks of; several at one shape are stacked. */
function placePins(list: HTMLElement | null, scene: Scene | undefined, camera: Camera): void {
  if (!list || !scene) return;
  const { clientWidth: width, clientHeight: height } = list;
  const stacked = new Map<string, number>();
  for (const pin of list.children as HTMLCollectionOf<HTMLElement>) {
    const key = pin.dataset.key ?? '';
    const shape = scene.shapes.find((shape) => shape.key === key);
    const box = shape ? boxOf(shape, camera) : { x: 16, y: 74, width: 0, height: 0 };
    const above = stacked.get(key) ?? 0;
    const y = box.y - (above + 1) * (pin.offsetHeight + 4) - 4;
    stacked.set(key, above + 1);
    const middle = shape ? box.x + box.width / 2 - pin.offsetWidth / 2 : box.x;
    const x = Math.max(8, Math.min(width - pin.offsetWidth - 8, middle));
    const kept = Math.max(46, Math.min(height - pin.offsetHeight - 8, y));
    pin.style.transform = `translate(${Math.round(x)}px, ${Math.round(kept)}px)`;
  }
}

function ZoomButton(props: {
  readonly label: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
}) {
  return (
    <button type="button" aria-label={props.label} title={props.label} onClick={props.onClick}>
      {props.children}
    </button>
  );
}

/** Chips that isolate what they name, by pointer or by keyboard. */
function Legend({
  session,
  scene,
}: {
  readonly session: Session;
  readonly scene: Scene | undefined;
}) {
  if (!scene) return null;
  return (
    <ul className="stage-legend" aria-label="Legend">
      {scene.legend.map(({ entry, tone, text, dashed, hatched }) => (
        <li key={entry}>
          <button
            type="button"
            onPointerEnter={() => session.mark(entry)}
            onPointerLeave={() => session.mark(undefined)}
            onFocus={() => session.mark(entry)}
            onBlur={() => session.mark(undefined)}
          >
            <i
              className={`swatch tone-${tone}${dashed ? ' dashed' : ''}${hatched ? ' hatched' : ''}`}
            />
            {text}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Somebody zoomed: cells for all where they can be read, bars where a large tree is seen from afar. */
function detailAt(detail: Detail, k: number, pages: number): Detail {
  if (detail === 'cells') return k < 0.5 && pages > 12 ? 'bars' : 'cells';
  return k > 1.7 ? 'cells' : 'bars';
}

/** A hand that has not moved for so long rests, in ms. */
const RESTS_MS = 120;

/** So narrow, and the caption stands below the drawing (stage.css). */
const CAPTION_BELOW = 560;
/** So small, and the text twin stands below the stage, and covers nothing of it (lab.css). */
const TWIN_BELOW = '(max-width: 1200px) or (max-height: 820px)';

/** The same pages in the same places: nothing opened. */
function alike(a: Scene, b: Scene): boolean {
  if (a.detail !== b.detail || a.shapes.length !== b.shapes.length) return false;
  return a.shapes.every((shape, i) => {
    const other = b.shapes[i];
    return other?.key === shape.key && other.x === shape.x && other.y === shape.y;
  });
}

const motionIsReduced = (): boolean =>
  document.documentElement.dataset.motion === 'reduced' ||
  matchMedia('(prefers-reduced-motion: reduce)').matches;

interface Place {
  readonly node: TwinNode;
  readonly parent?: TwinNode;
  readonly siblings: readonly TwinNode[];
}

/** Walking the picture by arrows: along the text twin, shown by an outline on the stage. */
function useWalk(
  session: Session,
  picture: Picture | undefined,
  moment: ShownMoment | undefined,
  drawing: { readonly current: Drawing | undefined },
) {
  const [at, setAt] = useState<TwinNode>();
  const go = (node: TwinNode | undefined) => {
    setAt(node);
    drawing.current?.cursor(node?.key);
    if (node) drawing.current?.panTo(node.key);
  };
  const places = (): Map<string, Place> => {
    const all = new Map<string, Place>();
    const visit = (siblings: readonly TwinNode[], parent?: TwinNode) => {
      for (const node of siblings) {
        all.set(node.key, { node, siblings, ...(parent && { parent }) });
        visit(node.children, node);
      }
    };
    if (picture && moment) visit(picture.twin(moment));
    return all;
  };
  return {
    said: at?.text,
    leave: () => go(undefined),
    /** Whether the key meant something here. Before the walk has begun, only ↓ and Enter begin it. */
    key(key: string): boolean {
      const all = places();
      if (!at) {
        if (key !== 'ArrowDown' && key !== 'Enter') return false;
        const selected = all.get(session.store.getState().selection ?? '');
        go((selected ?? [...all.values()][0])?.node);
        return true;
      }
      const here = all.get(at.key);
      if (key === 'Escape' || !here) {
        go(undefined);
        return key === 'Escape';
      }
      const { node, parent, siblings } = here;
      const index = siblings.indexOf(node);
      if (key === 'ArrowUp') go(parent ?? node);
      else if (key === 'ArrowDown') go(node.children[0] ?? node);
      else if (key === 'ArrowLeft') go(siblings[index - 1] ?? node);
      else if (key === 'ArrowRight') go(siblings[index + 1] ?? node);
      else if (key === 'Enter' || key === ' ') session.select(node.select);
      else return false;
      return true;
    },
  };
}
