// Names of workspaces and of their backups, and sizes in words.

const MOST_LETTERS = 60;

/** Why that will not do as a name; nothing when it will. */
export function whyNoName(name: string): string | undefined {
  if (name === '') return 'A workspace needs a name: expected a few letters.';
  if (name.length > MOST_LETTERS)
    return `That name has ${name.length} letters: expected at most ${MOST_LETTERS}.`;
  if (/\p{Cc}/u.test(name)) return 'A name is one line of plain letters.';
  return undefined;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const kB = bytes / 1000;
  return kB < 1000 ? `${kB.toFixed(kB < 10 ? 1 : 0)} kB` : `${(kB / 1000).toFixed(1)} MB`;
}

/** `lab.sqlite` and `lab.sqlite-wal` of the workspace “My tree” are saved as `My tree.sqlite` and so on. */
export function backupNames(
  name: string,
  files: readonly string[],
): { readonly text: string; readonly files: readonly string[] } {
  const safe = name.replace(/[^\p{L}\p{N} ._-]/gu, '_').replace(/^\.+/, '_');
  return {
    text: `${safe}.txt`,
    files: files.map((file) => `${safe}${/\..*$/.exec(file)?.[0] ?? `-${file}`}`),
  };
}

/** What a backup that is restored is called: as its file, without the end that a browser adds to a second copy. */
export const nameOfBackup = (file: string): string =>
  file
    .replace(/\.txt$/i, '')
    .replace(/ ?\(\d+\)$/, '')
    .trim()
    .slice(0, MOST_LETTERS) || 'restored';
