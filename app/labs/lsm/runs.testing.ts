// For tests: a scenario's moments as the page would hold them, run in this process.

import { labs } from '../../../engine/labs/index.ts';
import { Script } from '../../../engine/run/script.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { LsmMoment } from './reading.ts';

/** All of them, or the last so many. */
export function* momentsOf(text: string, last = Number.POSITIVE_INFINITY): Iterable<LsmMoment> {
  const script = new Script(text, labs).run();
  const { lab } = script;
  const timeline = script.timeline('main');
  for (let index = Math.max(0, timeline.length - last); index < timeline.length; index++) {
    const { command, step, event, state } = timeline.at(index);
    yield {
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
    } as ShownMoment as LsmMoment;
  }
}
