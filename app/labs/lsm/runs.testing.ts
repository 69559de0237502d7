// For tests: a scenario's moments as the page would hold them, run in this process.

import { concatBytes } from '../../../engine/base/bytes.ts';
import { labs } from '../../../engine/labs/index.ts';
import { archiveOf } from '../../../engine/run/archive.ts';
import { fileLine } from '../../../engine/run/file.ts';
import type { ForeignSource } from '../../../engine/run/lab.ts';
import { Script, sourceOfBytes } from '../../../engine/run/script.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { LsmMoment } from './reading.ts';

/** All of them, or the last so many. */
export function* momentsOf(
  text: string,
  last = Number.POSITIVE_INFINITY,
  foreign?: ForeignSource,
): Iterable<LsmMoment> {
  const script = new Script(text, labs, foreign && { foreign }).run();
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

/** The opening of a folder, given as its files. */
export function openingOf(files: ReadonlyMap<string, Uint8Array>): LsmMoment {
  const parts = archiveOf(
    [...files].map(([name, content]) => ({ name, size: content.length, content })),
  );
  const source = sourceOfBytes('folder', concatBytes(parts));
  const line = fileLine({ name: 'folder', size: source.size });
  const [first] = momentsOf(`lab lsm\n${line}\n`, 1, source);
  return first as LsmMoment;
}
