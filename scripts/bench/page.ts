/**
 * The page that the browser lines run in. It hangs what the lines call on `window.bench`; the numbers
 * go back as plain data (scripts/bench/browser.ts).
 */
import '../../app/shell/tokens.css';
import '../../app/shell/fonts.css';
import '../../app/draw/stage.css';
import { easeCubicInOut, interpolateNumber, select } from 'd3';
import { mountStage } from '../../app/draw/stage.ts';
import { type BTreeMoment, read, under } from '../../app/labs/btree/reading.ts';
import { view } from '../../app/labs/btree/view.ts';
import { openClient } from '../../app/player/client.ts';
import type { ShownMoment } from '../../app/player/types.ts';
import type { Scene } from '../../app/scene/scene.ts';
import { btree } from '../../engine/labs/btree.ts';
import { live, panLanes } from './actors.ts';
import { fpsOf, longWhile, none, play } from './frames.ts';
import { panPlain, panStage } from './pan.ts';
import { emptyRun, shownAt } from './shown.ts';

const LOOK = { width: 1280, height: 760 };
const svg = document.getElementById('stage') as unknown as SVGSVGElement;

export interface Played {
  readonly pages: number;
  /** Marks of the picture, and how many of them a step moves, on average over the split's time. */
  readonly shapes: number;
  readonly moving: number;
  /** Frames a second, and the script's part of a frame in ms. */
  readonly fps: number;
  readonly script: number;
}

// ── Stage: a split among many pages, and a bare join beside it ──────────────────────────────────

/** The moments of the first split in a tree of at least `pages` pages that makes no level more. */
function momentsOfSplit(pages: number): { moments: BTreeMoment[]; pages: number } {
  const timeline = emptyRun();
  const shown = (index: number) => shownAt(timeline, index);
  for (let n = 0; n < 100_000; n++) {
    const key = 1 + ((n * 7_919) % 100_003);
    const { firstMoment } = timeline.append({ kind: 'put', key, value: `value of ${key}` });
    const kinds = [...timeline.kinds(firstMoment)].map((code) => btree.kinds[code]?.kind);
    if (!kinds.includes('open') || kinds.includes('deepen')) continue;
    const last = shown(timeline.length - 1);
    const { root } = read(last);
    const count = root ? under(root).length : 0;
    if (count < pages) continue;
    const before = firstMoment + kinds.indexOf('overflow') - 1;
    const moments = Array.from({ length: timeline.length - before }, (_, i) => shown(before + i));
    return { moments, pages: count };
  }
  throw new Error('no such split');
}

interface Film {
  readonly scenes: readonly Scene[];
  readonly pages: number;
}
const films = new Map<string, Film>();

function film(pages: number, detail: Scene['detail'] | undefined): Film {
  const name = `${pages} ${detail}`;
  let known = films.get(name);
  if (!known) {
    const split = momentsOfSplit(pages);
    const scenes = split.moments.map((moment) => view(moment, detail ? { ...LOOK, detail } : LOOK));
    known = { scenes, pages: split.pages };
    films.set(name, known);
  }
  return known;
}

/** Plays the split from the overflow to the row at its place, as the player does, step after step. */
async function split(pages: number, detail?: Scene['detail']): Promise<Played> {
  const { scenes, pages: count } = film(pages, detail);
  const stage = mountStage(svg, { still: false });
  stage.resize(LOOK.width, LOOK.height);
  stage.show(scenes[0] as Scene);
  // A mark is what is drawn: a shape of the scene is several. The join's come in pairs of two.
  const drawn = Math.ceil(svg.querySelectorAll('rect, path, circle, text').length / 2);
  await play(100, () => {});
  const frames = none();
  let moving = 0;
  let time = 0;
  for (let i = 1; i < scenes.length; i++) {
    const from = scenes[i - 1] as Scene;
    const to = scenes[i] as Scene;
    const start = performance.now();
    const { durationMs, draw } = stage.tween(from, to);
    frames.ms += performance.now() - start;
    await play(durationMs, draw, frames);
    moving += durationMs * movers(from, to);
    time += durationMs;
  }
  stage.destroy();
  return {
    pages: count,
    shapes: drawn,
    moving: Math.min(drawn, Math.round(moving / time)),
    fps: fpsOf(frames),
    script: frames.ms / frames.n,
  };
}

/** Marks that are elsewhere, or other, in the next scene. */
function movers(from: Scene, to: Scene): number {
  const before = new Map(from.shapes.map((shape) => [shape.key, shape]));
  return to.shapes.filter((shape) => {
    const was = before.get(shape.key);
    return !was || was.x !== shape.x || was.y !== shape.y || was.w !== shape.w;
  }).length;
}

/** As many marks (a rect and a text each), of which as many move for as long: a keyed join, nothing else. */
async function bare(shapes: number, moving: number, ms: number): Promise<Played> {
  interface Mark {
    readonly key: number;
    readonly from: readonly [number, number];
    readonly to: readonly [number, number];
  }
  const columns = 32;
  const marks: Mark[] = Array.from({ length: shapes }, (_, key) => {
    const x = (key % columns) * 39;
    const y = Math.floor(key / columns) * 26;
    return { key, from: [x, y], to: key < moving ? [x + 36, y + 20] : [x, y] };
  });
  const root = select(svg);
  root.selectAll('*').remove();
  const world = root.append('g');
  const join = () =>
    world
      .selectAll<SVGGElement, Mark>('g')
      .data(marks, ({ key }) => key)
      .join((enter) => {
        const g = enter.append('g').attr('transform', ({ from: [x, y] }) => `translate(${x},${y})`);
        g.append('rect').attr('width', 34).attr('height', 22).attr('rx', 3);
        g.select('rect').attr('fill', '#eef').attr('stroke', '#446');
        g.append('text')
          .attr('x', 17)
          .attr('y', 15)
          .attr('text-anchor', 'middle')
          .attr('font-size', 12)
          .text(({ key }) => key);
        return g;
      });
  join();
  await play(100, () => {});
  const frames = none();
  const start = performance.now();
  const movers = join()
    .filter(({ key }) => key < moving)
    .datum(({ from, to, key }) => ({
      key,
      x: interpolateNumber(from[0], to[0]),
      y: interpolateNumber(from[1], to[1]),
    }));
  frames.ms += performance.now() - start;
  await play(
    ms,
    (t) => {
      const eased = easeCubicInOut(t);
      movers.attr('transform', ({ x, y }) => `translate(${x(eased)},${y(eased)})`);
    },
    frames,
  );
  root.selectAll('*').remove();
  return { pages: 0, shapes, moving, fps: fpsOf(frames), script: frames.ms / frames.n };
}

// ── Worker: moments to the page ─────────────────────────────────────────────────────────────────

/** Moments a second: each asked for when the last one came, or all asked for at once. */
async function stream(rows: number, count: number, ahead: number): Promise<number> {
  const client = openClient({ progress() {}, silent() {}, died() {} });
  const { length } = await client.engine.open(`lab btree\nbulk ${rows} random\n`);
  const first = Math.max(1, length - count - 1);
  const last = Math.min(length, first + count);
  await client.moment(first - 1);
  const start = performance.now();
  let next = first;
  let image: ShownMoment['image'] | undefined;
  const ask = async () => {
    while (next < last) ({ image } = await client.moment(next++));
  };
  await Promise.all(Array.from({ length: ahead }, ask));
  const rate = (1_000 * (last - first)) / (performance.now() - start);
  if (!image) throw new Error('no moment came');
  client.end('measured');
  return rate;
}

/** Events a second of a run, so many in a message. */
async function events(rows: number, count: number, each: number): Promise<number> {
  const client = openClient({ progress() {}, silent() {}, died() {} });
  const { length } = await client.engine.open(`lab btree\nbulk ${rows} random\n`);
  const first = Math.max(1, length - count);
  await client.engine.events(first, length);
  const start = performance.now();
  let got = 0;
  for (let at = first; at < length; at += each)
    got += (await client.engine.events(at, Math.min(length, at + each))).length;
  const rate = (1_000 * got) / (performance.now() - start);
  client.end('measured');
  return rate;
}

// ── An opened file: from the choice to the picture ──────────────────────────────────────────────

export interface Opened {
  readonly pages: number;
  /** From the choice to the first picture, in ms. */
  readonly first: number;
  /** Until nothing that the picture lacked was still on the way, in ms. */
  readonly whole: number;
  /** Tasks of the main thread over 50 ms until a second after that, hashing included. */
  readonly long: readonly number[];
}

/** Opens the file that was chosen in the page's input, and draws it until the picture lacks nothing. */
async function open(): Promise<Opened> {
  const [database] = (document.getElementById('file') as HTMLInputElement).files as unknown as [
    File,
  ];
  const stage = mountStage(svg, { still: false });
  stage.resize(LOOK.width, LOOK.height);
  const { done, long } = await longWhile(async () => {
    const start = performance.now();
    const client = openClient({ progress() {}, silent() {}, died() {} });
    const text = `lab btree\nfile chosen.db unhashed ${database.size}\n`;
    await client.engine.open(text, { database });
    const hashed = client.engine.fingerprint(database);
    let moment = await client.moment(0);
    let first: number | undefined;
    let scene: Scene;
    for (;;) {
      scene = view(moment as unknown as Parameters<typeof view>[0], LOOK);
      stage.show(scene);
      await new Promise(requestAnimationFrame);
      first ??= performance.now() - start;
      const { wants } = scene;
      if (!wants || !(await client.load(wants.file, wants.chunks))) break;
      moment = client.filled(moment);
    }
    const whole = performance.now() - start;
    await hashed;
    client.end('measured');
    return { pages: Math.ceil(database.size / 4096), first, whole };
  });
  stage.destroy();
  return { ...done, long };
}

// ── Marks: as many as are asked for, all of them on the way ─────────────────────────────────────

/** So many cells change places, in a scene of their own, drawn by the stage. */
async function marks(count: number, ms: number): Promise<Played> {
  const columns = 32;
  const sceneOf = (shift: number): Scene => ({
    shapes: Array.from({ length: count }, (_, i) => ({
      key: `cell:${i}`,
      kind: 'cell',
      x: (i % columns) * 39 + shift,
      y: Math.floor(i / columns) * 26 + shift / 2,
      w: 34,
      h: 22,
      tone: 'key',
      text: `${i}`,
    })),
    left: 0,
    top: 0,
    width: columns * 39 + 40,
    height: Math.ceil(count / columns) * 26 + 40,
    detail: 'cells',
    legend: [],
    focus: [],
  });
  const stage = mountStage(svg, { still: false });
  stage.resize(LOOK.width, LOOK.height);
  stage.show(sceneOf(0));
  await play(100, () => {});
  const frames = none();
  for (let n = 0; n < 4; n++) {
    const { draw } = stage.tween(sceneOf(n % 2 === 0 ? 0 : 40), sceneOf(n % 2 === 0 ? 40 : 0));
    await play(ms / 4, draw, frames);
  }
  stage.destroy();
  return {
    pages: 0,
    shapes: count,
    moving: count,
    fps: fpsOf(frames),
    script: frames.ms / frames.n,
  };
}

const bench = {
  split,
  bare,
  panStage: (ms: number) => panStage(svg, ms),
  panPlain: (ms: number) => panPlain(svg, ms),
  marks,
  open,
  stream,
  events,
  live: (steps: number) => live(svg, steps),
  panLanes,
};
export type Bench = typeof bench;
declare global {
  interface Window {
    bench: Bench;
  }
}
window.bench = bench;
