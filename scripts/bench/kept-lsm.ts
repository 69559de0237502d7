/**
 * The LSM tree (engine/lsm/store.ts) kept in IndexedDB, for the line `kept`. LevelDB's files are only
 * ever appended to, and so a commit is what came to each of them since the one before:
 *
 *   stretches   [file's name, offset] → bytes     at most 60 KiB
 *
 *   put ──▶ queue ──▶ log and memtable, for all that wait ──▶ one transaction: what grew, what is gone
 *                                                             └─▶ `complete` seen ──▶ every put resolves
 *
 * CURRENT is another file each time, under the same name: then the name's stretches are replaced. What
 * is synced in the simulated disk is what is kept. Opening reads all of it and recovers, as from any
 * folder; from then on reads are answered from memory. A log of many small commits has as many
 * stretches; closing puts them together, so that the next opening has few records to ask for.
 */
import type { Bytes } from '../../engine/base/bytes.ts';
import { Disk } from '../../engine/disk/disk.ts';
import { type Content, chunkOf, type FileImage } from '../../engine/disk/image.ts';
import { type Row, Store } from '../../engine/lsm/store.ts';

export interface KeptLsm {
  /** All of the rows or none of them; resolves when their transaction is complete. */
  putBatch(rows: readonly Row[]): Promise<void>;
  get(key: Bytes): Bytes | undefined;
  /** Rows in order; says how many bytes of values there were. */
  scan(): number;
  close(): Promise<void>;
}

const STRETCH = 60 * 1024;
type Key = [name: string, at: number];
/** So many stretches of a file more than it needs are nothing to mind. */
const FEW = 8;

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** The bytes of a content from `from` to its end. */
function tailOf(content: Content, chunkSize: number, from: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(content.size - from);
  for (let at = from; at < content.size; ) {
    const index = Math.floor(at / chunkSize);
    const end = Math.min(content.size, (index + 1) * chunkSize);
    const chunk = chunkOf(content, index);
    if (chunk) out.set(chunk.subarray(at - index * chunkSize, end - index * chunkSize), at - from);
    at = end;
  }
  return out;
}

export async function openKeptLsm(
  name: string,
  durability: 'strict' | 'relaxed',
): Promise<KeptLsm> {
  const opening = indexedDB.open(`lsm/${name}`, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('stretches');
  const idb = await asked(opening);
  const kept = idb.transaction('stretches').objectStore('stretches');
  const [keys, values] = await Promise.all([
    asked(kept.getAllKeys()) as Promise<Key[]>,
    asked(kept.getAll()) as Promise<Uint8Array[]>,
  ]);
  const disk = new Disk(undefined, { unlogged: true });
  keys.forEach(([file, at], i) => {
    disk.open(file, 'durable').write(at, values[i] as Uint8Array);
  });
  for (const file of disk.list()) disk.open(file, 'durable').sync();
  disk.syncDirectory();
  const image = disk.seal();
  const store = Store.open(image);

  /** By name: which file it was at the last commit, and how long. */
  let before = new Map<string, { readonly file: number; readonly size: number }>();
  if (keys.length > 0)
    for (const [name, file] of image.syncedNames)
      before.set(name, { file, size: (image.files.get(file) as FileImage).synced.size });

  /** By name: how many stretches a file is in. */
  const pieces = new Map<string, number>();
  for (const [name] of keys) pieces.set(name, (pieces.get(name) ?? 0) + 1);

  const over = (tx: IDBTransaction): Promise<void> =>
    new Promise((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error);
    });

  /** Puts a file together that is in far more stretches than it needs. */
  function putTogether(): Promise<void> {
    const { syncedNames, files } = store.image();
    const tx = idb.transaction('stretches', 'readwrite', { durability });
    const stretches = tx.objectStore('stretches');
    for (const [name, file] of syncedNames) {
      const { synced, chunkSize } = files.get(file) as FileImage;
      if ((pieces.get(name) ?? 0) <= FEW + 2 * Math.ceil(synced.size / STRETCH)) continue;
      const whole = tailOf(synced, chunkSize, 0);
      stretches.delete(IDBKeyRange.bound([name, 0], [name, Number.POSITIVE_INFINITY]));
      for (let at = 0; at < whole.length; at += STRETCH)
        stretches.put(whole.slice(at, at + STRETCH), [name, at] satisfies Key);
      pieces.set(name, Math.ceil(whole.length / STRETCH));
    }
    tx.commit();
    return over(tx);
  }

  /** One transaction: what grew since the last, and what is gone. */
  function keep(): Promise<void> {
    const { syncedNames, files } = store.image();
    const tx = idb.transaction('stretches', 'readwrite', { durability });
    const stretches = tx.objectStore('stretches');
    const drop = (name: string) => {
      pieces.delete(name);
      stretches.delete(IDBKeyRange.bound([name, 0], [name, Number.POSITIVE_INFINITY]));
    };
    const now = new Map<string, { readonly file: number; readonly size: number }>();
    for (const name of before.keys()) if (!syncedNames.has(name)) drop(name);
    for (const [name, file] of syncedNames) {
      const { synced, chunkSize } = files.get(file) as FileImage;
      const was = before.get(name);
      const goesOn = was?.file === file && was.size <= synced.size;
      if (was && !goesOn) drop(name);
      const from = goesOn ? (was?.size ?? 0) : 0;
      if (synced.size > from) {
        const tail = tailOf(synced, chunkSize, from);
        for (let at = 0; at < tail.length; at += STRETCH)
          stretches.put(tail.slice(at, at + STRETCH), [name, from + at] satisfies Key);
        pieces.set(name, (pieces.get(name) ?? 0) + Math.ceil(tail.length / STRETCH));
      }
      now.set(name, { file, size: synced.size });
    }
    tx.commit();
    before = now;
    return over(tx);
  }

  interface Waiting {
    readonly rows: readonly Row[];
    resolve(): void;
    reject(why: unknown): void;
  }
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  /** Takes all that waits by then into one transaction, as long as anything waits. */
  async function run(): Promise<void> {
    await undefined;
    while (queue.length > 0) {
      const group = queue.splice(0);
      try {
        for (const { rows } of group) store.putBatch(rows);
        store.commit();
        await keep();
        for (const { resolve } of group) resolve();
      } catch (why) {
        for (const { reject } of group) reject(why);
      }
      // Whoever was answered may have more.
      await undefined;
    }
    running = undefined;
  }
  return {
    putBatch: (rows) =>
      new Promise((resolve, reject) => {
        queue.push({ rows, resolve, reject });
        running ??= run();
      }),
    get: (key) => store.get(key),
    scan() {
      let bytes = 0;
      store.scan(undefined, undefined, (row) => {
        bytes += row.value.length;
      });
      return bytes;
    },
    async close() {
      await running;
      queue = [];
      if ([...pieces.values()].some((count) => count > FEW)) await putTogether();
      idb.close();
    },
  };
}
