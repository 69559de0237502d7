/** Moments of a run in this page, as the lab's screen would get them from its worker. */
import type { BTreeMoment } from '../../app/labs/btree/reading.ts';
import { btree } from '../../engine/labs/btree.ts';
import { words } from '../../engine/labs/btree-words.ts';
import { labOf } from '../../engine/run/lab.ts';
import { Timeline } from '../../engine/run/timeline.ts';

export function emptyRun() {
  const settings = Object.fromEntries(words.settings.map((s) => [s.name, s.default]));
  const setup = { lab: 'btree', seed: 1, settings, sabotage: [] };
  return new Timeline(labOf(btree, words), setup, { referees: false });
}

export function shownAt(timeline: ReturnType<typeof emptyRun>, index: number): BTreeMoment {
  const { command, step, event, state } = timeline.at(index);
  return {
    index,
    name: `${command}.${step}`,
    command,
    step,
    event,
    caption: words.describe(event, state),
    image: state.disk,
    value: state.value,
    metrics: [],
    source: words.sourceOf(event.kind),
    problems: [],
  };
}
