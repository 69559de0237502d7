// A LevelDB folder of the reader's: dropped, chosen, or in a zip. Whatever way it comes it becomes one
// file, an archive (engine/run/archive.ts) that names the parts and leaves them where they lie.
// Loaded when something comes that may be one.

import {
  archiveOf,
  databaseAmong,
  isOfDatabase,
  MOST_FILES,
  MOST_OPENED,
} from '../../engine/run/archive.ts';
import { filesOfZip, type ZippedFile } from '../../engine/run/zip.ts';

/** A file, and where it lies below what was given: `plain-levels/CURRENT`. */
export interface Placed {
  readonly path: string;
  readonly file: File;
}

type Found = { readonly folder: File } | { readonly complaint: string };

const bytesWords = (n: number): string => `${n.toLocaleString('en')} bytes`;
const isZipName = /\.zip$/i;

/** Everything below what was dropped. Entries are only there while the drop is handled: ask for them then. */
export async function filesBelow(
  entries: readonly FileSystemEntry[],
): Promise<readonly Placed[] | string> {
  const found: Placed[] = [];
  const left = [...entries];
  for (let entry = left.shift(); entry; entry = left.shift()) {
    if (found.length + left.length > MOST_FILES)
      return `There are more than ${MOST_FILES} files in what was dropped: expected a folder of LevelDB.`;
    if (entry.isFile) {
      const { fullPath } = entry;
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      found.push({ path: fullPath.replace(/^\//, ''), file });
      continue;
    }
    // A reader gives its folder in portions, the last of them empty.
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) break;
      left.push(...some);
    }
  }
  return found;
}

/** The database among these files; nothing where none of them is part of one. */
export function folderAmong(placed: readonly Placed[]): Found | undefined {
  const home = databaseAmong(placed.map(({ path }) => path));
  if (home === undefined) return undefined;
  const files = placed.flatMap(({ path, file }) => {
    const name = path.slice(home.length);
    return path.startsWith(home) && isOfDatabase(name)
      ? [{ name, size: file.size, content: file }]
      : [];
  });
  return packed(home.split('/').at(-2) ?? 'leveldb', files);
}

function packed(
  name: string,
  files: readonly { name: string; size: number; content: BlobPart }[],
): Found {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return bytes > MOST_OPENED
    ? {
        complaint: `${name} has ${bytesWords(bytes)}; ${bytesWords(MOST_OPENED)} are what can be opened here. The command line reads it: npm run lab -- open.`,
      }
    : { folder: new File(archiveOf<BlobPart>(files), name) };
}

/** The first bytes of a zip with something in it. */
export const isZip = async (file: Blob): Promise<boolean> =>
  new TextDecoder('latin1').decode(await file.slice(0, 4).arrayBuffer()) === 'PK\x03\x04';

/** The database in a zip, unpacked. */
export async function folderInZip(zip: File): Promise<Found> {
  const say = (why: string) => ({ complaint: `${zip.name}: ${why}.` });
  if (zip.size > MOST_OPENED + 2 ** 20)
    return say(`it has ${bytesWords(zip.size)}; ${bytesWords(MOST_OPENED)} are the limit here`);
  const files = filesOfZip(new Uint8Array(await zip.arrayBuffer()), MOST_OPENED);
  if (typeof files === 'string') return say(files);
  const unpacked = [];
  for (const file of files)
    if (isOfDatabase(file.name)) {
      const content = await unpack(file);
      unpacked.push({ name: file.name, size: content.size, content });
    }
  return packed(zip.name.replace(isZipName, ''), unpacked);
}

/** What of a file can be unpacked: all of it, or as far as it goes; never more than it claims. */
async function unpack({ data, method, size }: ZippedFile): Promise<Blob> {
  if (!data) return new Blob([]);
  const stored = new Blob([data as Uint8Array<ArrayBuffer>]);
  if (method === 'stored') return stored.slice(0, size);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let got = 0;
  const reader = stored.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    while (got < size) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = (value as Uint8Array<ArrayBuffer>).subarray(0, size - got);
      parts.push(part);
      got += part.length;
    }
  } catch {
    // Broken: what came before stays, and the lab says what is missing of it.
  }
  await reader.cancel().catch(() => {});
  return new Blob(parts);
}
