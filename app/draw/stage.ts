// The stage: the only code that touches the drawing. React mounts an <svg> once and never looks into
// it again; here scenes are joined to its elements by key (D3), and movement writes the few
// attributes that change, straight to cached elements.
//
//   svg ── defs (hatching, glow, water)
//       └─ world (the camera's transform)
//            └─ layers, back to front: water  glow  edges  pages  bars  cells  labels
//
// The camera moves by wheel, pinch and drag (zoom.ts), and by key through zoomBy and fit. As long as
// nobody has moved it, it fits the scene; afterwards it moves only when the focus was in sight and a
// step would take it out of sight.

import { easeCubicInOut, type Selection, select } from 'd3';
import { byKey, type Detail, type Scene, type Shape, type ShapeKind } from '../scene/scene.ts';
import { makeTween, mix, withGhosts } from './between.ts';
import type { Gestures } from './zoom.ts';

export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export interface Camera {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

export interface StageOptions {
  /** Room along the edges that controls cover: the camera fits into what is left. */
  readonly insets?: Insets;
  /** No pan and zoom: the wheel goes on scrolling the page. */
  readonly still?: boolean;
  onSelect?(key: string | undefined): void;
  onActivate?(key: string): void;
  /** The camera came to rest or was moved. */
  onCamera?(camera: Camera, byUser: boolean): void;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Stage {
  /** Draws a scene at once. `keep`: the same moment in another detail; what is in the middle stays there. */
  show(scene: Scene, options?: { keep?: boolean }): void;
  /** Draws the ghosts of what was, and the new scene: reduced motion. */
  cut(from: Scene, to: Scene): void;
  /** Makes ready to go from what is shown to `to`. */
  tween(
    from: Scene,
    to: Scene,
    options?: { backward?: boolean },
  ): { readonly durationMs: number; readonly camera: Camera; draw(t: number): void };
  readonly scene: Scene | undefined;
  readonly camera: Camera;
  /** Whether somebody moved the camera since the last fit. */
  readonly moved: boolean;
  fit(): void;
  zoomBy(factor: number): void;
  panBy(dx: number, dy: number): void;
  panTo(key: string): void;
  select(key: string | undefined): void;
  mark(entry: string | undefined): void;
  /** The keyboard's place on the picture. */
  cursor(key: string | undefined): void;
  resize(width: number, height: number): void;
  destroy(): void;
}

const LAYERS = ['water', 'glow', 'edges', 'pages', 'bars', 'cells', 'labels'] as const;
type Layer = (typeof LAYERS)[number];
const LAYER_OF: Record<Exclude<ShapeKind, 'caption'>, Layer> = {
  water: 'water',
  glow: 'glow',
  edge: 'edges',
  page: 'pages',
  slot: 'pages',
  bar: 'bars',
  cell: 'cells',
  label: 'labels',
  wall: 'edges',
  swarm: 'cells',
  node: 'pages',
  flight: 'cells',
  lock: 'cells',
};

/** Below it a page's text cannot be read, so the camera shows a part rather than all. */
const LEAST_ZOOM: Record<Detail, number> = { cells: 0.62, bars: 0.62 };
const MOST_ZOOM = 1.2;
/** Below the first zoom small words are set larger; below the second a key is under nine pixels. */
const SMALL = 0.82;
const UNREADABLE = 0.7;
const ZOOM_LIMITS: [number, number] = [0.05, 4];
/** From so many shapes on a hand moves what was painted (carry). */
const CARRIED = 300;
/** A hand that has not moved for so long rests. */
const RESTS_MS = 140;
/** Widths of a character, in em: exact for Plex Mono, on the wide side for Plex Sans. */
const EM = { mono: 0.6, sans: 0.54 };

let mounted = 0;

export function mountStage(svg: SVGSVGElement, options: StageOptions = {}): Stage {
  const root = select(svg).classed('stage-svg', true);
  // Hands are felt by the surface: it stays in its place while the drawing in it is carried.
  const carrier = svg.parentElement as HTMLElement;
  const surface = carrier.parentElement as HTMLElement;
  const id = `stage-${++mounted}`;
  const insets = options.insets ?? { top: 16, right: 16, bottom: 16, left: 16 };
  root.selectAll('*').remove();
  addDefs(root, id);
  const world = root.append('g').attr('class', 'world');
  const layers = Object.fromEntries(
    LAYERS.map((name) => [name, world.append('g').attr('class', `layer layer-${name}`)]),
  ) as Record<Layer, Selection<SVGGElement, unknown, null, undefined>>;

  const items = new Map<string, Item>();
  let shown: Scene | undefined;
  let width = svg.clientWidth || 720;
  let height = svg.clientHeight || 560;
  let camera: Camera = { k: 1, x: 0, y: 0 };
  /** The camera that the layer was painted for. */
  let painted = camera;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let moved = false;
  let selection: string | undefined;
  let marked: string | undefined;
  let at: string | undefined;
  /** A gesture ends the camera's own way. */
  let following = true;

  // Gestures come when they have been loaded. Until then the camera moves by all the other ways.
  let gestures: Gestures | undefined;
  let reachable: [[number, number], [number, number]] | undefined;
  let gone = false;
  if (!options.still)
    void import('./zoom.ts').then(({ hearGestures }) => {
      if (gone) return;
      gestures = hearGestures(surface, {
        limits: ZOOM_LIMITS,
        held: (holds) => root.classed('grabbed', holds),
        moved: zoomTo,
        rested: () => options.onCamera?.(camera, true),
      });
      gestures.place(camera);
      if (reachable) gestures.bound(reachable);
    });

  /** Words that are too small to be read are not painted. */
  let reach = '';
  function far(k: number) {
    const next = k < UNREADABLE ? 'far' : k < SMALL ? 'small' : 'near';
    if (next === reach) return;
    reach = next;
    root.classed('far', next === 'far').classed('small', next !== 'near');
  }

  function setCamera(to: Camera) {
    camera = to;
    gestures?.place(to);
    painted = to;
    clearTimeout(resting);
    carrier.style.transform = '';
    far(to.k);
    world.attr('transform', `translate(${to.x},${to.y}) scale(${to.k})`);
  }

  /**
   * A hand moves the picture. One of many shapes is not painted at every frame: its layer, as it was
   * painted last, is moved and stretched by the compositor, and painted anew when the hand rests.
   */
  function carry(to: Camera) {
    if (items.size < CARRIED) return setCamera(to);
    camera = to;
    gestures?.place(to);
    const k = to.k / painted.k;
    carrier.style.transform = `translate(${to.x - painted.x * k}px,${to.y - painted.y * k}px) scale(${k})`;
    clearTimeout(resting);
    resting = setTimeout(() => setCamera(camera), RESTS_MS);
  }

  root.on('click.select', (event: MouseEvent) => {
    if (event.defaultPrevented) return;
    options.onSelect?.(selectableAt(event));
  });
  root.on('dblclick.activate', (event: MouseEvent) => {
    const key = selectableAt(event);
    if (key) options.onActivate?.(key);
  });
  const selectableAt = (event: MouseEvent): string | undefined =>
    (event.target as Element).closest<SVGElement>('[data-select]')?.dataset.select;

  /**
   * Joins shapes to elements by key. What rides on a page is drawn inside of the page's own element,
   * so that a page that moves writes one attribute for all of it; what flies is drawn above all.
   */
  function join(shapes: readonly Shape[], flies: (key: string) => boolean = () => false) {
    const byLayer = new Map<Layer, Shape[]>(LAYERS.map((layer) => [layer, []]));
    const pages = new Map<string, Shape[]>();
    for (const shape of shapes)
      if (shape.kind === 'page' && !isFlat(shape)) pages.set(shape.key, []);
    for (const shape of shapes) {
      if (shape.kind === 'caption') continue;
      const riders =
        (shape.kind === 'cell' || shape.kind === 'bar') &&
        shape.on !== undefined &&
        !flies(shape.key)
          ? pages.get(shape.on)
          : undefined;
      if (riders) riders.push(shape);
      else byLayer.get(LAYER_OF[shape.kind])?.push(shape);
    }
    for (const [layer, list] of byLayer) joinInto(layers[layer], list);
    for (const [key, riders] of pages) {
      const page = items.get(key);
      if (page) joinInto(select(page.element), riders);
    }
    // A page that has become a bar lets go of what it carried.
    for (const { key, kind } of shapes) {
      const bar = kind === 'page' && !pages.has(key) ? items.get(key)?.element : undefined;
      if (bar?.querySelector(':scope > g')) joinInto(select(bar), []);
    }
    // What rode on a page that is gone went with its element.
    const wanted = new Set(shapes.map(({ key }) => key));
    for (const key of items.keys()) if (!wanted.has(key)) items.delete(key);
    for (const shape of shapes) {
      const item = items.get(shape.key);
      if (!item) continue;
      item.look(shape);
      const { x, y, w, h, opacity = 1, to } = shape;
      item.place(x, y, w, h, opacity, to?.x ?? x, to?.y ?? y);
      flag(item);
    }
  }
  function joinInto<P extends SVGGElement>(
    parent: Selection<P, unknown, null, undefined>,
    list: readonly Shape[],
  ) {
    parent
      .selectAll<SVGGElement, Shape>(':scope > g')
      .data(list, (shape) => `${shape.kind} ${shape.key}`)
      .join(
        (enter) =>
          enter.append('g').each(function (shape) {
            const host = shape.on === undefined ? undefined : items.get(shape.on);
            const inside = host && host.element === this.parentNode ? host : undefined;
            items.set(shape.key, makeItem(this, shape, id, inside));
          }),
        (update) => update,
        (exit) =>
          exit
            .each(function (shape) {
              // A page that became a slot, or a cell that changed pages, has a new element already.
              if (items.get(shape.key)?.element === this) items.delete(shape.key);
            })
            .remove(),
      )
      .order();
  }
  function flag(item: Item) {
    const { key, select, legend } = item.shape;
    item.flags(
      selection !== undefined && (select ?? key) === selection,
      at === key,
      marked !== undefined && legend !== undefined && !legend.split(' ').includes(marked),
    );
  }
  const flagAll = () => {
    for (const item of items.values()) flag(item);
  };

  /** The camera that shows all of a scene; or, where that would be too small to read, its focus. */
  function fitted(scene: Scene): Camera {
    const { left, right, top, bottom } = insets;
    const roomX = Math.max(40, width - left - right);
    const roomY = Math.max(40, height - top - bottom);
    const whole = Math.min(roomX / scene.width, roomY / scene.height);
    const k = Math.min(MOST_ZOOM, Math.max(whole, LEAST_ZOOM[scene.detail]));
    const focus = boxAround(scene, scene.focus) ?? {
      x: scene.left,
      y: scene.top,
      width: scene.width,
      height: 0,
    };
    const along = (
      start: number,
      size: number,
      room: number,
      near: number,
      middle: number,
    ): number => {
      if (size * k <= room) return near + (room - size * k) / 2 - start * k;
      const wanted = near + room / 2 - middle * k;
      return Math.min(near - start * k, Math.max(near + room - (start + size) * k, wanted));
    };
    return {
      k,
      x: along(scene.left, scene.width, roomX, left, focus.x + focus.width / 2),
      y: along(scene.top, scene.height, roomY, top, focus.y + focus.height / 2),
    };
  }
  /** How far the camera must go so that a box is in sight: nothing when it is. */
  function nudged(from: Camera, box: Box): Camera {
    const margin = 24;
    const shift = (low: number, size: number, near: number, far: number): number => {
      if (size > far - near) return 0;
      if (low < near) return near - low;
      return low + size > far ? far - low - size : 0;
    };
    const dx = shift(
      box.x * from.k + from.x,
      box.width * from.k,
      insets.left + margin,
      width - insets.right - margin,
    );
    const dy = shift(
      box.y * from.k + from.y,
      box.height * from.k,
      insets.top,
      height - insets.bottom,
    );
    return dx || dy ? { k: from.k, x: from.x + dx, y: from.y + dy } : from;
  }
  const inSight = (box: Box): boolean => nudged(camera, box) === camera;

  function cameraFor(next: Scene): Camera {
    if (shown && moved) {
      const was = boxAround(shown, shown.focus);
      const is = boxAround(next, next.focus);
      return was && is && inSight(was) ? nudged(camera, is) : camera;
    }
    const ideal = fitted(next);
    if (!shown || shown.detail !== next.detail) return ideal;
    // A fit that changes a little with every step would make the whole picture breathe.
    const all = { x: next.left, y: next.top, width: next.width, height: next.height };
    const near = camera.k <= ideal.k * 1.001 && camera.k >= ideal.k * 0.82;
    const fits = ideal.k * next.width <= width - insets.left - insets.right + 1;
    if (near && fits && within(all)) return camera;
    const focus = boxAround(next, next.focus);
    if (near && !fits && focus) return nudged(camera, focus);
    return ideal;
  }
  const within = (box: Box): boolean =>
    box.x * camera.k + camera.x >= insets.left - 1 &&
    (box.x + box.width) * camera.k + camera.x <= width - insets.right + 1 &&
    box.y * camera.k + camera.y >= insets.top - 1 &&
    (box.y + box.height) * camera.k + camera.y <= height - insets.bottom + 1;

  function settle(scene: Scene) {
    shown = scene;
    carrier.classList.toggle('many', !options.still && items.size >= CARRIED);
    reachable = [
      [scene.left - 900, scene.top - 700],
      [scene.left + scene.width + 900, scene.top + scene.height + 700],
    ];
    gestures?.bound(reachable);
    options.onCamera?.(camera, false);
  }

  /** Keeps what is in the middle in the middle, and as wide on the screen as it was. */
  function kept(before: Scene, next: Scene): Camera {
    const middleX = (width / 2 - camera.x) / camera.k;
    const middleY = (height / 2 - camera.y) / camera.k;
    const after = byKey(next);
    let best: Shape | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const shape of before.shapes) {
      if (shape.kind !== 'page' || !after.has(shape.key)) continue;
      const away = Math.hypot(shape.x + shape.w / 2 - middleX, shape.y + shape.h / 2 - middleY);
      if (away < least) [best, least] = [shape, away];
    }
    const now = best && after.get(best.key);
    if (!best || !now) return fitted(next);
    const k = Math.min(
      ZOOM_LIMITS[1],
      Math.max(ZOOM_LIMITS[0], camera.k * Math.min(1.6, Math.max(0.4, best.w / now.w))),
    );
    const x = (best.x + best.w / 2) * camera.k + camera.x;
    const y = (best.y + best.h / 2) * camera.k + camera.y;
    return { k, x: x - (now.x + now.w / 2) * k, y: y - (now.y + now.h / 2) * k };
  }

  function show(scene: Scene, how: { keep?: boolean } = {}) {
    byKey(scene);
    following = true;
    const changesDetail = shown !== undefined && shown.detail !== scene.detail;
    const to =
      how.keep && shown && moved ? (changesDetail ? kept(shown, scene) : camera) : cameraFor(scene);
    join(scene.shapes);
    setCamera(to);
    settle(scene);
  }

  function zoomTo(to: Camera) {
    moved = true;
    following = false;
    carry(to);
    options.onCamera?.(camera, true);
  }

  return {
    show,
    cut(from, to) {
      show(to);
      join(withGhosts(from, to).shapes);
    },
    tween(from, to, how = {}) {
      const tween = makeTween(from, to, how);
      const start = camera;
      const goal = cameraFor(to);
      const pan = start.x !== goal.x || start.y !== goal.y || start.k !== goal.k;
      following = true;
      let joined: readonly Shape[] | undefined;
      let moving: (Item | undefined)[] = [];
      let inside: ReadonlySet<number> = new Set();
      const draw = (t: number) => {
        if (t >= 1) {
          if (joined !== to.shapes) join(to.shapes);
          joined = to.shapes;
          if (pan && following) setCamera(goal);
          settle(to);
          return;
        }
        if (joined !== tween.shapes) {
          const flying = new Set([...tween.flying].map((i) => tween.shapes[i]?.key));
          join(tween.shapes, (key) => flying.has(key));
          joined = tween.shapes;
          inside = new Set(
            [...tween.carried].filter((i) => items.get(tween.shapes[i]?.key ?? '')?.host),
          );
          moving = tween.shapes.map(({ key }) => items.get(key));
        }
        if (pan && following) {
          const eased = easeCubicInOut(t);
          setCamera({
            k: mix(start.k, goal.k, eased),
            x: mix(start.x, goal.x, eased),
            y: mix(start.y, goal.y, eased),
          });
        }
        tween.place(
          t,
          (index, x, y, w, h, opacity, toX, toY) => {
            moving[index]?.place(x, y, w, h, opacity, toX, toY);
          },
          inside,
        );
      };
      // Shows the start before the first frame, so that nothing new flashes at its goal.
      draw(0);
      const still = tween.moving.length === 0 && !pan;
      return {
        durationMs: still ? Math.min(tween.durationMs, 220) : tween.durationMs,
        camera: goal,
        draw,
      };
    },
    get scene() {
      return shown;
    },
    get camera() {
      return camera;
    },
    get moved() {
      return moved;
    },
    fit() {
      moved = false;
      if (!shown) return;
      setCamera(fitted(shown));
      options.onCamera?.(camera, true);
    },
    zoomBy(factor) {
      const k = Math.min(ZOOM_LIMITS[1], Math.max(ZOOM_LIMITS[0], camera.k * factor));
      const by = k / camera.k;
      zoomTo({
        k,
        x: width / 2 - (width / 2 - camera.x) * by,
        y: height / 2 - (height / 2 - camera.y) * by,
      });
    },
    panBy(dx, dy) {
      zoomTo({ k: camera.k, x: camera.x + dx, y: camera.y + dy });
    },
    panTo(key) {
      const box = shown && boxAround(shown, [key]);
      if (!box) return;
      const to = nudged(camera, box);
      if (to === camera) return;
      setCamera(to);
      options.onCamera?.(camera, false);
    },
    select(key) {
      selection = key;
      flagAll();
    },
    mark(entry) {
      marked = entry;
      flagAll();
    },
    cursor(key) {
      at = key;
      flagAll();
    },
    resize(newWidth, newHeight) {
      if (newWidth === width && newHeight === height) return;
      width = newWidth;
      height = newHeight;
      if (!shown || moved) return;
      setCamera(fitted(shown));
      options.onCamera?.(camera, false);
    },
    destroy() {
      gone = true;
      clearTimeout(resting);
      carrier.style.transform = '';
      select(surface).on('.zoom', null);
      root.on('click.select', null).on('dblclick.activate', null);
      root.selectAll('*').remove();
      items.clear();
    },
  };
}

/** Where a shape is on the stage, in pixels. */
export const boxOf = ({ x, y, w, h }: Shape, camera: Camera): Box => ({
  x: x * camera.k + camera.x,
  y: y * camera.k + camera.y,
  width: w * camera.k,
  height: h * camera.k,
});

function boxAround(scene: Scene, keys: readonly string[]): Box | undefined {
  if (keys.length === 0) return undefined;
  const wanted = new Set(keys);
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const shape of scene.shapes) {
    if (!wanted.has(shape.key)) continue;
    x0 = Math.min(x0, shape.x);
    y0 = Math.min(y0, shape.y);
    x1 = Math.max(x1, shape.x + shape.w);
    y1 = Math.max(y1, shape.y + shape.h);
  }
  return x0 <= x1 ? { x: x0, y: y0, width: x1 - x0, height: y1 - y0 } : undefined;
}

function addDefs(root: Selection<SVGSVGElement, unknown, null, undefined>, id: string) {
  const defs = root.append('defs');
  const hatch = defs
    .append('pattern')
    .attr('id', `${id}-hatch`)
    .attr('class', 'hatch')
    .attr('width', 5)
    .attr('height', 5)
    .attr('patternUnits', 'userSpaceOnUse')
    .attr('patternTransform', 'rotate(45)');
  hatch.append('rect').attr('class', 'hatch-ground').attr('width', 5).attr('height', 5);
  hatch.append('line').attr('class', 'hatch-line').attr('y2', 5);
  const glow = defs.append('radialGradient').attr('id', `${id}-glow`).attr('class', 'glow-fill');
  glow.append('stop').attr('class', 'glow-in').attr('offset', 0);
  glow.append('stop').attr('class', 'glow-mid').attr('offset', 0.55);
  glow.append('stop').attr('class', 'glow-out').attr('offset', 1);
  const water = defs
    .append('linearGradient')
    .attr('id', `${id}-water`)
    .attr('x2', 0)
    .attr('y2', 360)
    .attr('gradientUnits', 'userSpaceOnUse');
  water.append('stop').attr('class', 'water-high').attr('offset', 0);
  water.append('stop').attr('class', 'water-low').attr('offset', 1);
}

/** The elements of one shape. Writes an attribute only when it changes. */
interface Item {
  readonly element: SVGGElement;
  /** The page inside of whose element this one is drawn. */
  readonly host: Item | undefined;
  /** Where it was placed last, absolute. */
  x: number;
  y: number;
  shape: Shape;
  look(shape: Shape): void;
  place(
    x: number,
    y: number,
    w: number,
    h: number,
    opacity: number,
    toX: number,
    toY: number,
  ): void;
  flags(selected: boolean, cursor: boolean, off: boolean): void;
}

const SVG = 'http://www.w3.org/2000/svg';

function add<K extends keyof SVGElementTagNameMap>(
  parent: Element,
  name: K,
  attributes: Record<string, string | number> = {},
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

/** Two decimals are finer than any screen, and short attributes parse faster. */
const px = (value: number): string => String(Math.round(value * 100) / 100);

/** In fractions of a bar: finer. */
const px5 = (value: number): string => String(Math.round(value * 1e5) / 1e5);

/** Writes an attribute when it changes; an empty one is taken away. */
function setter(element: Element, name: string): (value: string) => void {
  let last: string | undefined;
  return (value) => {
    if (value === last) return;
    if (value !== '') element.setAttribute(name, value);
    else if (last !== undefined) element.removeAttribute(name);
    last = value;
  };
}

/** As much of a text as there is room for. */
export function clipped(text: string, width: number, character: number): string {
  const room = Math.floor(width / character + 0.01);
  if (text.length <= room) return text;
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`;
}

function makeItem(g: SVGGElement, first: Shape, id: string, host?: Item): Item {
  const setClass = setter(g, 'class');
  const setOpacity = setter(g, 'opacity');
  const setTransform = setter(g, 'transform');
  let looks = '';
  let flags = '';
  const draw = DRAW[first.kind as keyof typeof DRAW](g, id);
  const item: Item = {
    element: g,
    host,
    x: first.x,
    y: first.y,
    shape: first,
    look(shape) {
      item.shape = shape;
      const { kind, tone, dashed, lit, hatched, quiet, crossed, select, key, align } = shape;
      looks =
        `shape ${kind} tone-${tone}${dashed ? ' dashed' : ''}${lit ? ' lit' : ''}` +
        `${hatched ? ' hatched' : ''}${quiet ? ' quiet' : ''}${crossed ? ' crossed' : ''}` +
        `${align ? ` align-${align}` : ''}${kind === 'slot' && shape.h < 34 ? ' low' : ''}` +
        (kind === 'slot' && shape.h < 13 ? ` tiny of-${shape.segments?.[0]?.tone}` : '') +
        (kind === 'page' && shape.segments ? ` narrow of-${shape.segments[0]?.tone}` : '');
      setClass(looks + flags);
      if (g.dataset.key !== key) g.dataset.key = key;
      if (select === undefined) delete g.dataset.select;
      else if (g.dataset.select !== select) g.dataset.select = select;
      draw.look?.(shape);
    },
    place(x, y, w, h, opacity, toX, toY) {
      item.x = x;
      item.y = y;
      if (draw.fade) draw.fade(opacity);
      else setOpacity(opacity >= 1 ? '1' : px(opacity));
      if (draw.path) draw.path(x, y, toX, toY);
      else if (draw.origin && isFlat(item.shape)) {
        setTransform('');
        draw.origin(x, y);
      } else {
        draw.origin?.(0, 0);
        setTransform(`translate(${px(x - (host?.x ?? 0))} ${px(y - (host?.y ?? 0))})`);
      }
      draw.size?.(w, h);
    },
    flags(selected, cursor, off) {
      const next = `${selected ? ' selected' : ''}${cursor ? ' cursor' : ''}${off ? ' off' : ''}`;
      if (next === flags) return;
      flags = next;
      setClass(looks + flags);
    },
  };
  return item;
}

/**
 * A bar or a small slot: its box stands at its own x and y. A transform for each of thousands would be
 * a layer for each of them to the compositor, which then spends every frame on sorting them.
 */
const isFlat = (shape: Shape): boolean =>
  (shape.kind === 'slot' && shape.h < 13) ||
  (shape.kind === 'page' && shape.segments !== undefined);

interface Drawing {
  look?(shape: Shape): void;
  /** Of what can be flat: where its origin lies within its element. */
  origin?(x: number, y: number): void;
  /** Instead of a group's opacity. */
  fade?(opacity: number): void;
  size?(w: number, h: number): void;
  path?(x: number, y: number, toX: number, toY: number): void;
}

/** A text that has no element as long as it has no words. */
function label(
  g: Element,
  className: string,
): { set(text: string): void; at(x: number, y: number): void } {
  let text: SVGTextElement | undefined;
  let last = '';
  let place: readonly [string, string] = ['0', '0'];
  const write = () => {
    text?.setAttribute('x', place[0]);
    text?.setAttribute('y', place[1]);
  };
  return {
    set(value) {
      if (value === last) return;
      last = value;
      if (!text) {
        text = add(g, 'text', { class: className });
        write();
      }
      text.textContent = value;
    },
    at(x, y) {
      const next = [px(x), px(y)] as const;
      if (next[0] === place[0] && next[1] === place[1]) return;
      place = next;
      write();
    },
  };
}

/** The cross of what is damaged; no element where nothing is. */
function crossOn(g: Element): (d: string) => void {
  let path: SVGPathElement | undefined;
  return (d) => {
    if (d === '') {
      path?.remove();
      path = undefined;
      return;
    }
    path ??= add(g, 'path', { class: 'cross' });
    path.setAttribute('d', d);
  };
}

function box(g: Element, className: string, rx: number) {
  const rect = add(g, 'rect', { class: className, rx });
  return {
    rect,
    setX: setter(rect, 'x'),
    setY: setter(rect, 'y'),
    setW: setter(rect, 'width'),
    setH: setter(rect, 'height'),
  };
}

type Draw = (g: SVGGElement, id: string) => Drawing;
/** Kinds that only some labs have: their drawings are loaded with the lab's picture, and learned. */
type Learned = 'node' | 'flight' | 'wall' | 'lock' | 'swarm';

export function learn(drawings: Readonly<Record<Learned, Draw>>): void {
  Object.assign(DRAW, drawings);
}

const DRAW: Record<Exclude<ShapeKind, 'caption' | Learned>, Draw> = {
  page(g, id) {
    const body = box(g, 'box', 6);
    const hatch = setter(body.rect, 'fill');
    const head = label(g, 'head');
    const note = label(g, 'note');
    const number = label(g, 'number');
    const setCross = crossOn(g);
    let shape: Shape | undefined;
    let [ox, oy] = [0, 0];
    let w = -1;
    let h = -1;
    function write() {
      if (!shape || w < 0) return;
      const small = w < 84;
      const title = shape.text ?? '';
      // A part of a number is another number.
      const digits = title.replace(/^page /, '');
      number.set(small && digits.length * 10 * EM.mono <= w - 2 ? digits : '');
      number.at(ox + w / 2, oy + Math.min(h / 2 + 3.5, 13));
      head.set(small ? '' : clipped(title, w - 16, 11 * EM.mono));
      head.at(ox + 9, oy + 15);
      // The note gives way by whole words: `interior · dirty`, `interior`, nothing.
      const room = w - 24 - title.length * 11 * EM.mono;
      let words = small ? '' : (shape.note ?? '');
      while (words && words.length * 10.5 * EM.sans > room)
        words = words.includes(' · ') ? words.slice(0, words.lastIndexOf(' · ')) : '';
      note.set(words);
      note.at(ox + w - 9, oy + 15);
      setCross(shape.crossed ? `M${px(ox + w - 5)} ${px(oy - 5)}l10 10m0 -10l-10 10` : '');
    }
    return {
      origin(x, y) {
        if (x === ox && y === oy) return;
        [ox, oy] = [x, y];
        body.setX(x === 0 ? '' : px(x));
        body.setY(y === 0 ? '' : px(y));
        write();
      },
      look(next) {
        if (
          next.text !== shape?.text ||
          next.note !== shape?.note ||
          next.crossed !== shape?.crossed
        ) {
          shape = next;
          write();
        }
        shape = next;
        hatch(next.hatched ? `url(#${id}-hatch)` : 'none');
      },
      size(nextW, nextH) {
        if (nextW === w && nextH === h) return;
        w = nextW;
        h = nextH;
        body.setW(px(w));
        body.setH(px(h));
        write();
      },
    };
  },
  slot(g, id) {
    const body = box(g, 'box', 4);
    const hatch = setter(body.rect, 'fill');
    const number = label(g, 'number');
    const note = label(g, 'note');
    let mark: SVGRectElement | undefined;
    const setCross = crossOn(g);
    let shape: Shape | undefined;
    let [ox, oy] = [0, 0];
    let w = -1;
    let h = -1;
    function write() {
      if (!shape || w < 0) return;
      const tall = h >= 34;
      const text = shape.text ?? '';
      number.set(h >= 13 ? clipped(text, w - 3, 10.5 * EM.mono) : '');
      number.at(ox + (tall ? 7 : w / 2), oy + (tall ? 15 : h / 2 + 3.8));
      note.set(tall ? clipped(shape.note ?? '', w - 10, 10.5 * EM.sans) : '');
      note.at(ox + 7, oy + 30);
      if (tall && w >= 26 + text.length * 6.3) {
        mark ??= add(g, 'rect', { width: 10, height: 4, rx: 1, y: 7 });
        mark.setAttribute('class', `mark tone-${shape.segments?.[0]?.tone ?? 'muted'}`);
        mark.setAttribute('x', px(w - 16));
      } else {
        mark?.remove();
        mark = undefined;
      }
      setCross(shape.crossed ? `M${px(ox + w - 4)} ${px(oy - 4)}l8 8m0 -8l-8 8` : '');
    }
    return {
      look(next) {
        shape = next;
        hatch(next.hatched ? `url(#${id}-hatch)` : 'none');
        write();
      },
      origin(x, y) {
        if (x === ox && y === oy) return;
        [ox, oy] = [x, y];
        body.setX(x === 0 ? '' : px(x));
        body.setY(y === 0 ? '' : px(y));
        write();
      },
      size(nextW, nextH) {
        if (nextW === w && nextH === h) return;
        w = nextW;
        h = nextH;
        body.setW(px(w));
        body.setH(px(h));
        write();
      },
    };
  },
  cell(g) {
    const body = box(g, 'box', 3);
    const text = label(g, 'key');
    let shape: Shape | undefined;
    let w = -1;
    let h = -1;
    const write = () => text.set(clipped(shape?.text ?? '', w - 2, 12.5 * EM.mono));
    return {
      look(next) {
        shape = next;
        if (w >= 0) write();
      },
      size(nextW, nextH) {
        if (nextW === w && nextH === h) return;
        w = nextW;
        h = nextH;
        body.setW(px(w));
        body.setH(px(h));
        text.at(w / 2, h / 2 + 4.4);
        write();
      },
    };
  },
  bar(g, id) {
    // Drawn in a box of one by one and stretched, so that a page that grows writes one attribute.
    // What is free is the ground that shows between: a hatching must not be stretched.
    const ground = box(g, 'ground', 1);
    ground.rect.setAttribute('fill', `url(#${id}-hatch)`);
    const stretch = add(g, 'g');
    const setScale = setter(stretch, 'transform');
    let last: Shape['segments'];
    let drawn: SVGPathElement[] = [];
    return {
      look(shape) {
        if (shape.segments === last) return;
        last = shape.segments;
        for (const path of drawn) path.remove();
        // One path for all of a tone: a page of sixty cells is a handful of elements.
        const paths = new Map<string, string>();
        for (const { from, to, tone, lit } of shape.segments ?? []) {
          const looks = `segment tone-${tone}${lit ? ' lit' : ''}`;
          const d = `M${px5(from)} 0H${px5(Math.max(from, to))}V1H${px5(from)}z`;
          paths.set(looks, (paths.get(looks) ?? '') + d);
        }
        drawn = [...paths].map(([looks, d]) => add(stretch, 'path', { class: looks, d }));
      },
      size(w, h) {
        ground.setW(px(w));
        ground.setH(px(h));
        setScale(`scale(${px(Math.max(w, 0.01))} ${px(Math.max(h, 0.01))})`);
      },
    };
  },
  edge(g) {
    const line = add(g, 'path', { class: 'line' });
    const set = setter(line, 'd');
    return {
      fade(opacity) {
        if (opacity < 1) line.style.setProperty('--fade', px(opacity));
        else line.removeAttribute('style');
      },
      path(x, y, toX, toY) {
        const middle = (y + toY) / 2;
        set(
          `M${px(x)} ${px(y)}C${px(x)} ${px(middle)} ${px(toX)} ${px(middle)} ${px(toX)} ${px(toY)}`,
        );
      },
    };
  },
  label(g) {
    const text = label(g, 'words');
    let shape: Shape | undefined;
    const write = (w: number) =>
      text.set(w > 0 ? clipped(shape?.text ?? '', w, 11 * EM.sans) : (shape?.text ?? ''));
    let width = 0;
    return {
      look(next) {
        shape = next;
        write(width);
      },
      size(w) {
        width = w;
        write(w);
      },
    };
  },
  water(g, id) {
    const reach = 4000;
    add(g, 'rect', {
      class: 'water-body',
      x: -reach * 4,
      width: reach * 8,
      height: reach,
      fill: `url(#${id}-water)`,
    });
    add(g, 'path', {
      class: 'wave',
      d: `M${-reach} 0${'q10-4 20 0t20 0'.repeat((2 * reach) / 40)}`,
    });
    return {};
  },
  glow(g, id) {
    // A circle of one, stretched: one attribute to write.
    const light = add(g, 'circle', { class: 'light', fill: `url(#${id}-glow)`, r: 1 });
    const set = setter(light, 'transform');
    return {
      size(w, h) {
        set(`translate(${px(w / 2)} ${px(h / 2)}) scale(${px(w / 2)} ${px(h / 2)})`);
      },
    };
  },
};
