// Databases that come with the page, to look into.

import { Complaint } from '../../engine/base/assert.ts';

export interface Sample {
  /** The file's name, under samples/. */
  readonly name: string;
  readonly lab: string;
  readonly note: string;
}

export const SAMPLES: readonly Sample[] = [
  {
    name: 'ocean.sqlite',
    lab: 'btree',
    note: 'trenches, soundings and seas: a table of 799 rows, an index, free pages',
  },
  {
    name: 'items.leveldb.zip',
    lab: 'lsm',
    note: 'a folder that LevelDB wrote: five compressed tables on three levels, and a log',
  },
];

/** From where this page came from, so that it works under any path, and offline once it was kept. */
export async function fetchSample(name: string): Promise<File> {
  if (!SAMPLES.some((sample) => sample.name === name))
    throw new Complaint(
      `there is no sample called ${name.slice(0, 60)}; expected ${SAMPLES.map((sample) => sample.name).join(', ')}`,
    );
  const answer = await fetch(`samples/${name}`).catch(() => undefined);
  if (!answer?.ok)
    throw new Complaint(
      `the sample ${name} could not be fetched (${answer ? `status ${answer.status}` : 'no connection'})`,
    );
  const file = new File([await answer.blob()], name);
  if (!name.endsWith('.zip')) return file;
  const { folderInZip } = await import('./folders.ts');
  const found = await folderInZip(file);
  if ('complaint' in found) throw new Complaint(found.complaint);
  return found.folder;
}
