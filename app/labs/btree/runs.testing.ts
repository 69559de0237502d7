// For tests: a scenario's moments as the page would hold them, run in this process.

import { labs } from '../../../engine/labs/index.ts';
import type { ForeignSource } from '../../../engine/run/lab.ts';
import { Script } from '../../../engine/run/script.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { BTreeMoment } from './reading.ts';

/** All of them, or the last so many. */
export function momentsOf(
  text: string,
  last = Number.POSITIVE_INFINITY,
  foreign?: ForeignSource,
): BTreeMoment[] {
  const script = new Script(text, labs, foreign ? { foreign } : {}).run();
  const { lab } = script;
  const timeline = script.timeline('main');
  const from = Math.max(0, timeline.length - last);
  return Array.from({ length: timeline.length - from }, (_, i) => {
    const index = from + i;
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
      problems: timeline.problems.filter(({ moment }) => moment === index),
    } as ShownMoment as BTreeMoment;
  });
}

/** A tree that grows, overflows up to a third level, shrinks again, crashes and comes back. */
export const GROWS_AND_SHRINKS = [
  'lab btree',
  'set max-cells 4',
  ...[3, 8, 11, 17, 21, 25, 34, 31, 40, 46, 52, 60, 70, 29, 33].map(
    (key) => `put ${key} "row ${key}"`,
  ),
  'commit',
  'scan 10..40',
  'put 35 "not kept"',
  'crash',
  ...[70, 60, 52, 46, 40, 3, 8, 11, 17].map((key) => `delete ${key}`),
  'commit',
  'get 31',
  'check',
].join('\n');
