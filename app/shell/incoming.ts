// What comes in from outside: a database with what lies beside it, a folder of one, or a scenario as a
// file. It is opened by the lab's screen.

import { sentenceOf } from '../../engine/base/assert.ts';
import type { DatabaseFiles } from '../../engine/run/lab.ts';
import { desk, handIn, labOfText } from './desk.ts';
import { sortFiles } from './files.ts';
import { navigate } from './location.ts';

/**
 * Opens what was chosen or dropped; the sentence of a complaint, or nothing. `entries`: what of it may
 * be a folder.
 */
export async function takeFiles(
  given: readonly File[],
  entries: readonly (FileSystemEntry | null)[] = [],
): Promise<string | undefined> {
  const folder = await folderIn(given, entries).catch((thrown: unknown) => ({
    complaint: `What was given could not be read: ${sentenceOf(thrown)}`,
  }));
  if (folder && 'complaint' in folder) return folder.complaint;
  const sorted = folder
    ? { files: { database: folder.folder } }
    : sortFiles(given, filesOnScreen());
  if ('complaint' in sorted) return sorted.complaint;
  const { scenario, files }: { scenario?: File; files?: DatabaseFiles<File> } = sorted;
  const { wanted } = desk.getState();
  if (scenario) {
    const text = await scenario.text();
    const lab = labOfText(text) ?? 'btree';
    handIn({ lab, text, ...(files && { files }) });
    navigate(`/lab/${lab}`);
  } else if (files) {
    const lab = folder ? 'lsm' : 'btree';
    // A link or a text that waits for its file gets it.
    const text = wanted !== undefined && (labOfText(wanted) ?? lab) === lab ? wanted : undefined;
    handIn({ lab, files, ...(text !== undefined && { text }) });
    navigate(`/lab/${lab}`);
  }
  return undefined;
}

/** A folder of LevelDB in what was given: as such, as its files, or in a zip. Nothing where it is something else. */
async function folderIn(
  given: readonly File[],
  entries: readonly (FileSystemEntry | null)[],
): Promise<{ folder: File } | { complaint: string } | undefined> {
  const folders = entries.filter((entry) => entry?.isDirectory) as FileSystemEntry[];
  const { filesBelow, folderAmong, folderInZip, isZip } = await import('./folders.ts');
  const [only] = given;
  if (folders.length === 0 && given.length === 1 && only && (await isZip(only)))
    return folderInZip(only);
  const below = folders.length > 0 ? await filesBelow(folders) : [];
  if (typeof below === 'string') return { complaint: below };
  const beside = given.filter(({ name }) => !folders.some((folder) => folder.name === name));
  const placed = beside.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  const found = folderAmong([...below, ...placed]);
  // What was chosen as a folder says so by its paths.
  const folder = folders[0]?.name ?? only?.webkitRelativePath.split('/')[0];
  if (found || !folder) return found;
  return {
    complaint: `${folder} is no folder of LevelDB: it has no CURRENT, no MANIFEST and no table.`,
  };
}

/** The database that the lab on screen has open, if it came from here. */
function filesOnScreen(): DatabaseFiles<File> | undefined {
  const { session, handedIn } = desk.getState();
  return session?.store.getState().setup.file && handedIn?.files;
}
