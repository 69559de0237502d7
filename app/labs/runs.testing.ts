// For tests: a scenario's moments as the page would hold them, run in this process; and what every
// picture of them must be.

import { readdirSync, readFileSync } from 'node:fs';
import { labs } from '../../engine/labs/index.ts';
import type { ForeignSource } from '../../engine/run/lab.ts';
import { Script } from '../../engine/run/script.ts';
import type { ShownMoment } from '../player/types.ts';
import { byKey, type Scene } from '../scene/scene.ts';
import type { TwinNode } from './picture.ts';

/** A moment of the branch `main` of a script that has run. */
export function shownAt(script: Script, index: number): ShownMoment {
  const { lab } = script;
  const timeline = script.timeline('main');
  const { command, step, event, state } = timeline.at(index);
  return {
    index,
    name: timeline.nameOf(index),
    command,
    step,
    event,
    caption: lab.describe(event, state),
    image: lab.disk(state),
    value: lab.value(state),
    metrics: lab.metrics(state),
    source: lab.sourceOf(event.kind),
    problems: timeline.problemsAt(index),
  };
}

/** The moments of a scenario, one after the other: all of them, or the last so many. */
export function* shownMoments<M extends ShownMoment>(
  text: string,
  last = Number.POSITIVE_INFINITY,
  foreign?: ForeignSource,
): Generator<M, void> {
  const script = new Script(text, labs, foreign && { foreign }).run();
  const { length } = script.timeline('main');
  for (let index = Math.max(0, length - last); index < length; index++)
    yield shownAt(script, index) as M;
}

/** The golden scripts of a folder below `engine/`, by file name: what stands before what was recorded. */
export function goldenIn(folder: string, prefix = ''): (readonly [file: string, text: string])[] {
  const scripts = new URL(`../../engine/${folder}/`, import.meta.url);
  return readdirSync(scripts)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.txt'))
    .map((name) => [name, readFileSync(new URL(name, scripts), 'utf8').split(/^---$/m)[0] ?? '']);
}

/** expect() a hundred thousand times takes longer than all the pictures. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`does not hold: ${what}`);
}

/** Every shape of a scene has a place, and what it stands on is there, as is what a key can focus. */
export function isSound(scene: Scene, moment: string): void {
  const shapes = byKey(scene);
  for (const { key, x, y, w, h, on } of scene.shapes) {
    holds([x, y, w, h].every(Number.isFinite), `${moment} ${key} has a place`);
    holds(on === undefined || shapes.has(on), `${moment} ${key} on ${on}`);
  }
  for (const key of scene.focus) holds(shapes.has(key), `${moment} focus ${key}`);
}

/** The picture in words says something everywhere, and everything once. */
export function isToldOnce(twin: readonly TwinNode[], moment: string): void {
  const keys = new Set<string>();
  const visit = (nodes: readonly TwinNode[]): void => {
    for (const { key, text, children } of nodes) {
      holds(!keys.has(key), `${moment} ${key} once`);
      holds(text !== '', `${moment} ${key} has words`);
      keys.add(key);
      visit(children);
    }
  };
  visit(twin);
}
