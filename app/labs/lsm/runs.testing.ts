// For tests: a scenario's moments as the page would hold them, run in this process.

import { concatBytes } from '../../../engine/base/bytes.ts';
import { archiveOf } from '../../../engine/run/archive.ts';
import { fileLine } from '../../../engine/run/file.ts';
import { sourceOfBytes } from '../../../engine/run/script.ts';
import { shownMoments } from '../runs.testing.ts';
import type { LsmMoment } from './reading.ts';

/** All of them, or the last so many; one after the other, since there are thousands. */
export const momentsOf = shownMoments<LsmMoment>;

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
