// The way from one scene to another: pure in t. Shapes are joined by key, so a thing that is in both
// scenes moves, a new one comes from the place that its `from` names (or fades in), one that is gone
// goes `into` its successor's place (or fades out).
//
// A change is staged by meaning, so that an eye can follow it; a stage that has nothing to do takes
// no time. Where the new scene needs more room the layout goes first, else the cells do:
//
//   leave        what is gone fades                                200 ms
//   make room    pages move, grow, open                            450, with a new page 650
//   slide        cells go to their places; between pages in an arc  300, between pages 800
//   settle       the layout closes up (instead of making room)     450
//   arrive       what came from nowhere fades in                   220
//
// The lamp's glow goes ahead of all of them, from the start. A step back is the same movement run
// from its end: `backward` keeps the geometry and shows the looks of the scene that it goes to.
//
// What rides on a carrier is placed by its carrier's place *at t* plus an offset of its own, so a
// cell never leaves its page while the page moves, and an edge stays tied at both ends.

import { easeCubicInOut } from 'd3';
import { byKey, type Scene, type Shape } from '../scene/scene.ts';

export const MS = {
  looks: 220,
  lamp: 300,
  leave: 200,
  layout: 450,
  open: 650,
  slide: 300,
  fly: 800,
  sink: 650,
  flight: 420,
  arrive: 220,
} as const;

/** Where a shape is at some t. The two last numbers are an edge's other end. */
export type Visit = (
  index: number,
  x: number,
  y: number,
  w: number,
  h: number,
  opacity: number,
  toX: number,
  toY: number,
) => void;

export interface Tween {
  readonly durationMs: number;
  /** Every shape that is seen on the way, with the looks that it has on the way. */
  readonly shapes: readonly Shape[];
  /** Calls `visit` with the index (into `shapes`) and the place of each shape that moves or fades. */
  place(t: number, visit: Visit, skip?: ReadonlySet<number>): void;
  /** Which of `shapes` `place` visits. */
  readonly moving: readonly number[];
  /** Those among them that only ride along: drawn inside of their carrier they need no visit. */
  readonly carried: ReadonlySet<number>;
  /** Those that change carriers, and fly above all. */
  readonly flying: ReadonlySet<number>;
}

/** Progress within a stage, eased: 0 before it, 1 after it. */
type Window = (t: number) => number;

interface End {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly opacity: number;
  /** Index of the carrier, or -1; x and y are then offsets from it. */
  readonly on: number;
  readonly toX: number;
  readonly toY: number;
  readonly toOn: number;
}

interface Mover {
  readonly index: number;
  readonly a: End;
  readonly b: End;
  readonly place: Window;
  readonly size: Window;
  readonly fade: Window;
  /** Height of the arc, 0 for a straight way. */
  readonly arc: number;
}

const SMALL = 0.01;

export function makeTween(a: Scene, b: Scene, options: { backward?: boolean } = {}): Tween {
  if (options.backward) return reversed(makeTween(b, a), a, b);
  const before = byKey(a);
  const after = byKey(b);
  // What comes out of another is drawn beneath it, so that it comes out from behind.
  const comesOut = (shape: Shape) =>
    shape.kind === 'page' && !before.has(shape.key) && shape.from !== undefined;
  const keys = [
    ...b.shapes.filter(comesOut),
    ...b.shapes.filter((shape) => !comesOut(shape)),
    ...a.shapes.filter(({ key }) => !after.has(key)),
  ].map(({ key }) => key);
  const indexOf = new Map(keys.map((key, index) => [key, index]));
  const shapes = keys.map((key) => (after.get(key) ?? before.get(key)) as Shape);

  /** A shape's end in a scene, relative to what carries it there. */
  function end(shape: Shape, scene: ReadonlyMap<string, Shape>, opacity: number): End {
    const carrier = shape.on === undefined ? undefined : scene.get(shape.on);
    const toCarrier = shape.toOn === undefined ? undefined : scene.get(shape.toOn);
    return {
      x: shape.x - (carrier?.x ?? 0),
      y: shape.y - (carrier?.y ?? 0),
      w: shape.w,
      h: shape.h,
      opacity,
      on: carrier ? (indexOf.get(carrier.key) as number) : -1,
      toX: (shape.to?.x ?? shape.x) - (toCarrier?.x ?? 0),
      toY: (shape.to?.y ?? shape.y) - (toCarrier?.y ?? 0),
      toOn: toCarrier ? (indexOf.get(toCarrier.key) as number) : -1,
    };
  }
  /** The box of the shape that another one comes out of, or goes into. */
  const inside = (other: Shape, opacity: number): End => ({
    x: 0,
    y: 0,
    w: other.w,
    h: other.h,
    opacity,
    on: indexOf.get(other.key) as number,
    toX: 0,
    toY: 0,
    toOn: indexOf.get(other.key) as number,
  });

  const ends = keys.map((key) => {
    const old = before.get(key);
    const now = after.get(key);
    const from = now?.from === undefined ? undefined : before.get(now.from);
    const into = old?.into === undefined ? undefined : after.get(old.into);
    return {
      old,
      now,
      sourced: Boolean((!old && from) || (!now && into)),
      a: old
        ? end(old, before, old.opacity ?? 1)
        : from
          ? inside(from, 0)
          : end(now as Shape, after, 0),
      b: now
        ? end(now, after, now.opacity ?? 1)
        : into
          ? inside(into, 0)
          : end(old as Shape, before, 0),
    };
  });

  // What has to be done, and in which order.
  const needs = { leave: false, layout: 0, slide: 0, arrive: false, lamp: false };
  let room = 0;
  for (const { old, now, a: from, b: to, sourced } of ends) {
    const shape = (now ?? old) as Shape;
    const moves =
      Math.abs(from.x - to.x) + Math.abs(from.y - to.y) > SMALL || from.on !== to.on || sourced;
    if (shape.kind === 'glow') needs.lamp ||= moves || !old || !now;
    else if (!now && !sourced) needs.leave = true;
    else if (!old && !sourced) needs.arrive = true;
    else if (isCarrier(shape)) {
      // Labels follow in whatever time there is.
      const counts = shape.kind === 'page' || shape.kind === 'slot';
      if (counts && (moves || from.w !== to.w || from.h !== to.h))
        needs.layout = Math.max(needs.layout, sourced ? MS.open : MS.layout);
      if (shape.kind === 'page') room += (now?.w ?? 0) - (old?.w ?? 0);
    } else if (moves && shape.kind !== 'edge' && shape.kind !== 'bar') {
      const far = sourced ? (shape.kind === 'slot' ? MS.sink : MS.fly) : MS.fly;
      needs.slide = Math.max(needs.slide, sourced || from.on !== to.on ? far : MS.slide);
    }
  }
  const roomFirst = room > 0;

  const stages: [Stage, number][] = [];
  if (needs.leave) stages.push(['leave', MS.leave]);
  if (needs.layout && roomFirst) stages.push(['layout', needs.layout]);
  if (needs.slide) stages.push(['slide', needs.slide]);
  if (needs.layout && !roomFirst) stages.push(['layout', needs.layout]);
  if (needs.arrive) stages.push(['arrive', MS.arrive]);
  let total = stages.reduce((sum, [, ms]) => sum + ms, 0);
  if (needs.lamp) total = Math.max(total, MS.lamp);
  if (b.shapes.some(({ kind }) => kind === 'flight')) total = Math.max(total, MS.flight);
  const pace = b.pace ?? 1;
  const spanMs = Math.max(total, MS.looks);
  const durationMs = spanMs * pace;

  const windows = new Map<Stage, Window>();
  let at = 0;
  for (const [stage, ms] of stages) {
    windows.set(stage, window(at / spanMs, (at + ms) / spanMs));
    at += ms;
  }
  const whole = window(0, 1);
  const lamp = window(0, Math.min(1, MS.lamp / spanMs));
  const stage = (name: Stage): Window => windows.get(name) ?? whole;

  const movers: (Mover | undefined)[] = [];
  const inOrder: number[] = [];
  function mover(index: number): Mover | undefined {
    if (index in movers) return movers[index];
    movers[index] = undefined; // a shape that rides on itself stands still
    const { old, now, a: from, b: to, sourced } = ends[index] as (typeof ends)[number];
    const shape = shapes[index] as Shape;
    const carried = [from.on, to.on, from.toOn, to.toOn].some(
      (on) => on >= 0 && mover(on) !== undefined,
    );
    const same =
      from.on === to.on && from.toOn === to.toOn && differs(from, to) < SMALL && !sourced;
    if (same && !carried) return undefined;
    const changesCarrier = from.on !== to.on || sourced;
    let place: Window;
    if (shape.kind === 'glow') place = lamp;
    // Its place means time: it goes evenly.
    else if (shape.kind === 'flight' || shape.kind === 'swarm') place = evenly;
    else if (isCarrier(shape) || shape.kind === 'edge' || shape.kind === 'bar')
      place = stage('layout');
    else place = stage('slide');
    // A page is wide enough for its cells at every t: it grows before they come, shrinks after they went.
    const grows = to.w > from.w;
    let size = place;
    if (shape.kind === 'page' && needs.slide && needs.layout && !sourced) {
      if (grows && !roomFirst) size = stage('slide');
      if (!grows && roomFirst) size = stage('slide');
    }
    let fade: Window;
    if (shape.kind === 'glow') fade = lamp;
    else if (sourced) fade = sooner(place, old === undefined);
    else if (!now) fade = stage('leave');
    else fade = stage('arrive');
    const distance = changesCarrier ? Math.hypot(...apart(index)) : 0;
    const made: Mover = {
      index,
      a: from,
      b: to,
      place,
      size,
      fade,
      arc: shape.kind === 'cell' && changesCarrier ? Math.min(64, distance * 0.22) : 0,
    };
    movers[index] = made;
    inOrder.push(index); // after its carriers: they were asked first
    return made;
  }
  function apart(index: number): [number, number] {
    const { old, now } = ends[index] as (typeof ends)[number];
    const from = old ?? before.get(now?.from ?? '') ?? now;
    const to = now ?? after.get(old?.into ?? '') ?? old;
    return [(to?.x ?? 0) - (from?.x ?? 0), (to?.y ?? 0) - (from?.y ?? 0)];
  }
  for (let index = 0; index < keys.length; index++) mover(index);
  const carried = new Set<number>();
  const flying = new Set<number>();
  for (const index of inOrder) {
    const { a: from, b: to, arc } = movers[index] as Mover;
    const { on, kind } = shapes[index] as Shape;
    if (on === undefined || kind === 'edge') continue;
    if (from.on !== to.on || arc !== 0) flying.add(index);
    else if (differs(from, to) < SMALL) carried.add(index);
  }

  const xs = new Float64Array(keys.length);
  const ys = new Float64Array(keys.length);
  shapes.forEach((shape, index) => {
    xs[index] = shape.x;
    ys[index] = shape.y;
  });

  return {
    durationMs,
    shapes,
    moving: inOrder,
    carried,
    flying,
    place(t, visit, skip) {
      for (const index of inOrder) {
        const m = movers[index] as Mover;
        const p = m.place(t);
        const s = m.size(t);
        const { a: from, b: to } = m;
        const fromX = from.x + (from.on < 0 ? 0 : (xs[from.on] as number));
        const fromY = from.y + (from.on < 0 ? 0 : (ys[from.on] as number));
        const toX = to.x + (to.on < 0 ? 0 : (xs[to.on] as number));
        const toY = to.y + (to.on < 0 ? 0 : (ys[to.on] as number));
        const x = mix(fromX, toX, p);
        const y = mix(fromY, toY, p) - (m.arc && m.arc * Math.sin(Math.PI * p));
        xs[index] = x;
        ys[index] = y;
        if (skip?.has(index)) continue;
        const endFromX = from.toX + (from.toOn < 0 ? 0 : (xs[from.toOn] as number));
        const endFromY = from.toY + (from.toOn < 0 ? 0 : (ys[from.toOn] as number));
        const endToX = to.toX + (to.toOn < 0 ? 0 : (xs[to.toOn] as number));
        const endToY = to.toY + (to.toOn < 0 ? 0 : (ys[to.toOn] as number));
        visit(
          index,
          x,
          y,
          mix(from.w, to.w, s),
          mix(from.h, to.h, s),
          mix(from.opacity, to.opacity, m.fade(t)),
          mix(endFromX, endToX, p),
          mix(endFromY, endToY, p),
        );
      }
    },
  };
}

/** As d3.interpolateNumber, without a closure a call: exact at both ends. */
export const mix = (a: number, b: number, p: number): number => a * (1 - p) + b * p;

type Stage = 'leave' | 'layout' | 'slide' | 'arrive';

/** Pages, slots and what else stands by itself: layout moves them, and others ride on them. */
const isCarrier = (shape: Shape): boolean => shape.on === undefined && shape.kind !== 'edge';

/** How much of the span is over, from 0 to 1. (d3's scale would bring number formats and colours along.) */
const share = (t: number, from: number, to: number): number =>
  Math.max(0, Math.min(1, (t - from) / (to - from)));

function window(from: number, to: number): Window {
  return (t) => easeCubicInOut(share(t, from, to));
}

const evenly: Window = (t) => t;

/** A thing that comes out of another is seen at once, and one that goes into another to the last. */
function sooner(place: Window, arriving: boolean): Window {
  const [from, to] = arriving ? [0, 0.25] : [0.75, 1];
  return (t) => share(place(t), from, to);
}

const differs = (a: End, b: End): number =>
  Math.abs(a.x - b.x) +
  Math.abs(a.y - b.y) +
  Math.abs(a.w - b.w) +
  Math.abs(a.h - b.h) +
  Math.abs(a.opacity - b.opacity) +
  Math.abs(a.toX - b.toX) +
  Math.abs(a.toY - b.toY);

/** `forth` is the way from `b` to `a`; this is the way from `a` to `b`: the same, from its end. */
function reversed(forth: Tween, a: Scene, b: Scene): Tween {
  const looks = byKey(b);
  const old = byKey(a);
  return {
    durationMs: forth.durationMs,
    shapes: forth.shapes.map(({ key }) => (looks.get(key) ?? old.get(key)) as Shape),
    moving: forth.moving,
    carried: forth.carried,
    flying: forth.flying,
    place: (t, visit, skip) => forth.place(1 - t, visit, skip),
  };
}

/** The scene at t on the way from a to b: a itself at 0, b itself at 1. */
export function between(
  a: Scene,
  b: Scene,
  t: number,
  options: { backward?: boolean } = {},
): Scene {
  if (t <= 0) return a;
  if (t >= 1) return b;
  const tween = makeTween(a, b, options);
  const shapes = [...tween.shapes];
  tween.place(t, (index, x, y, w, h, opacity, toX, toY) => {
    const shape = shapes[index] as Shape;
    shapes[index] = {
      ...shape,
      x,
      y,
      w,
      h,
      ...(opacity === 1 && shape.opacity === undefined ? {} : { opacity }),
      ...(shape.to ? { to: { x: toX, y: toY } } : {}),
    };
  });
  return { ...b, shapes };
}

/** More things than that have not moved: the picture has changed. */
const MOST_GHOSTS = 40;

/**
 * For reduced motion: b, with a ghost of each page and cell where it was, so that one still picture
 * says what has changed. Where most of the picture is another, ghosts would only cover it.
 */
export function withGhosts(a: Scene, b: Scene): Scene {
  if (a.detail !== b.detail) return b;
  const after = byKey(b);
  const ghosts: Shape[] = [];
  for (const shape of a.shapes) {
    if (shape.kind !== 'page' && shape.kind !== 'cell') continue;
    const now = after.get(shape.key);
    if (now && Math.abs(now.x - shape.x) + Math.abs(now.y - shape.y) < SMALL) continue;
    const { key, kind, x, y, w, h, text } = shape;
    ghosts.push({
      key: `ghost:${key}`,
      kind,
      x,
      y,
      w,
      h,
      tone: 'muted',
      dashed: true,
      quiet: true,
      opacity: 0.45,
      ...(kind === 'cell' && text !== undefined ? { text } : {}),
    });
  }
  return ghosts.length > MOST_GHOSTS ? b : { ...b, shapes: [...ghosts, ...b.shapes] };
}
