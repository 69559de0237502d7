/**
 * A cluster on the page: how soon a step of nodes that have workers of their own is on screen, and how
 * the space-time diagram follows a hand.
 */
import * as drawings from '../../app/draw/cluster.ts';
import { inksOf, paintLanes } from '../../app/draw/lanes.ts';
import { learn, mountStage } from '../../app/draw/stage.ts';
import { lanes, trace } from '../../app/labs/raft/actors.ts';
import { type RaftMoment, view } from '../../app/labs/raft/view.ts';
import { openClient } from '../../app/player/client.ts';
import { diagramOf, type Trace } from '../../app/scene/lanes.ts';
import type { RaftEvent } from '../../engine/labs/raft-value.ts';
import { fpsOf, longWhile, play } from './frames.ts';

const LOOK = { width: 1280, height: 760 };

export interface Lived {
  readonly workers: number;
  /** Of each step: from its line to the frame that shows its moment, in frames of the screen. */
  readonly frames: readonly number[];
}

const frame = () => new Promise<number>(requestAnimationFrame);

/** So many steps, one after the other, each asked of the node's own worker. */
export async function live(svg: SVGSVGElement, steps: number): Promise<Lived> {
  const client = openClient({ progress() {}, silent() {}, died() {} });
  await client.engine.open('lab raft\nset nodes 5\n');
  learn(drawings);
  const stage = mountStage(svg, { still: false });
  stage.resize(LOOK.width, LOOK.height);
  let workers = 0;
  let shown = view((await client.moment(0)) as RaftMoment, LOOK);
  const next = async (line: string): Promise<void> => {
    const { length, actors } = await client.engine.append([line]);
    workers = actors;
    const scene = view((await client.moment(length - 1)) as RaftMoment, LOOK);
    // As the player does: the first frame of the way from one scene to the next.
    stage.tween(shown, scene).draw(0);
    shown = scene;
  };
  stage.show(shown);
  for (const line of ['run until elected', 'client 1 put x 1', 'run until answered', 'run 100ms'])
    await next(line);
  // The length of a frame here, in ms.
  const start = await frame();
  let last = start;
  for (let n = 0; n < 30; n++) last = await frame();
  const length = (last - start) / 30;
  const frames: number[] = [];
  for (let n = 0; n < steps; n++) {
    const began = await frame();
    await next('step 1');
    frames.push(Math.round(((await frame()) - began) / length));
  }
  stage.destroy();
  client.end('measured');
  return { workers, frames };
}

export interface Panned {
  readonly events: number;
  readonly fps: number;
  readonly long: readonly number[];
}

/** The diagram of a storm, dragged to and fro over all of it. */
export async function panLanes(events: number, ms: number): Promise<Panned> {
  const client = openClient({ progress() {}, silent() {}, died() {} });
  await client.engine.open('lab raft\n');
  let { length } = await client.engine.append([`chaos ${Math.ceil(events / 450)}s`]);
  if (length < events) ({ length } = await client.engine.append([`step ${events - length}`]));
  const traces: Trace[] = [];
  while (traces.length < events) {
    const piece = await client.engine.events(
      traces.length,
      Math.min(events, traces.length + 2_000),
    );
    traces.push(...(piece as RaftEvent[]).map(trace));
  }
  const moment = (await client.moment(length - 1)) as RaftMoment;
  client.end('measured');
  const diagram = diagramOf(lanes(moment), traces);
  const canvas = document.createElement('canvas');
  const { width, height } = { width: LOOK.width, height: 320 };
  canvas.width = width;
  canvas.height = height;
  canvas.style.cssText = 'position: fixed; inset: 0 auto auto 0; z-index: 9';
  document.body.append(canvas);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const inks = inksOf(canvas);
  const { done, long } = await longWhile(() =>
    play(ms, (t) => {
      const left = (diagram.width - width) * (0.5 - 0.5 * Math.cos(4 * Math.PI * t));
      paintLanes(context, diagram, { left, k: 1, width, height, playhead: 0 }, inks);
    }),
  );
  canvas.remove();
  return { events: traces.length, fps: fpsOf(done), long };
}
