// Files out of the page and into it.

import type { Companion, DatabaseFiles } from '../../engine/run/lab.ts';

/** Offers bytes as a download under a name. */
export function saveFile(name: string, bytes: Uint8Array | string): void {
  const part = typeof bytes === 'string' ? bytes : new Uint8Array(bytes);
  const url = URL.createObjectURL(new Blob([part], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Some browsers read the address only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Asks for files, or for a folder with all that is in it; must be called from a click. */
export function chooseFiles(
  onFiles: (files: readonly File[]) => void,
  accept = '',
  folder = false,
): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = accept;
  input.multiple = true;
  input.webkitdirectory = folder;
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
  input.click();
}

/** A scenario is text and small; everything else is taken for a database. */
const isScenarioFile = (file: File): boolean => /\.txt$/i.test(file.name) && file.size <= 1_000_000;

export type Sorted =
  | { readonly scenario?: File; readonly files?: DatabaseFiles<File> }
  | { readonly complaint: string };

/**
 * What is the database, what lies beside it, what is a scenario. SQLite's names decide: x.db-wal and
 * x.db-journal belong to x.db. `open`: the database on screen, to which a companion may come later.
 */
export function sortFiles(given: readonly File[], open?: DatabaseFiles<File>): Sorted {
  const scenarios = given.filter(isScenarioFile);
  const rest = given.filter((file) => !isScenarioFile(file));
  // The log's index: it is made anew from the log each time.
  const index = rest.find(({ name }) => name.endsWith('-shm'));
  const companions = rest.flatMap((file) => {
    const [, of, kind] = /^(.+)-(wal|journal)$/.exec(file.name) ?? [];
    return of === undefined ? [] : [{ file, of, kind: kind as Companion }];
  });
  const beside = new Set(companions.map(({ file }) => file));
  const databases = rest.filter((file) => file !== index && !beside.has(file));
  const names = (files: readonly File[]) => files.map(({ name }) => name).join(' and ');
  if (scenarios.length > 1)
    return { complaint: `${names(scenarios)} are several scenarios: expected one.` };
  if (databases.length > 1)
    return {
      complaint: `${names(databases)} are several databases: expected one, with its -wal or -journal if it has any.`,
    };
  const [scenario] = scenarios;
  const [database] = databases;
  const base = database ? { database } : open;
  if (!base) {
    const [first] = companions;
    if (first)
      return {
        complaint: `${first.file.name} lies beside a database: drop ${first.of} together with it.`,
      };
    if (index && !scenario)
      return {
        complaint: `${index.name} is only an index of the log, made anew each time: drop the database and its -wal.`,
      };
    return scenario ? { scenario } : { complaint: 'There is no file in what was dropped.' };
  }
  const stray = companions.find(({ of }) => of !== base.database.name);
  if (stray)
    return {
      complaint: `${stray.file.name} belongs to ${stray.of}, and the database here is ${base.database.name}.`,
    };
  if (!database && companions.length === 0)
    return scenario ? { scenario } : { complaint: 'There is no database in what was dropped.' };
  const files = {
    ...base,
    ...Object.fromEntries(companions.map(({ kind, file }) => [kind, file])),
  };
  return { ...(scenario && { scenario }), files };
}
