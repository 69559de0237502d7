// What the browser keeps: workspaces, in IndexedDB. A workspace is what was durable at its last sync
// — the files of the lab's disk — and the script that led there, written in one strict transaction:
// "saved" is said when its `complete` was seen, never before.
//
//   workspaces   name → {lab, text, branch, syncs, digest, version, files: [{name, size, chunkSize}], packs, tail}
//   progress     lesson → {beat, marks}: relaxed, each time a beat is left
//   packs        [name, n] → records under 60 KiB: what one sync changed, chunk by chunk
//
// Packs are a log: the newest copy of a chunk counts. When the log has grown to several times what
// lives in it, the next save writes everything anew and drops the old packs in the same transaction.
// Values stay under 64 KiB, beyond which Chromium puts each into a file of its own.
//
// `tail` is what was typed since the last sync. It is written by itself, relaxed, and only so that
// after a killed tab the page can say what was lost; it is no promise.

import type { DBSchema, IDBPDatabase } from 'idb';
import { Complaint } from '../../engine/base/assert.ts';
import type { Kept } from '../../engine/run/host.ts';

const PACK_BYTES = 60 * 1024;
/** How much bigger than its live content the log may grow, in bytes of packs. */
const SLACK = 4;

interface FileEntry {
  readonly name: string;
  readonly size: number;
  readonly chunkSize: number;
}

export interface Workspace {
  readonly name: string;
  readonly lab: string;
  readonly text: string;
  readonly branch: string;
  readonly syncs: number;
  /** Of what is durable: synced names and contents. */
  readonly digest: string;
  readonly version: string;
  readonly files: readonly FileEntry[];
  readonly packs: number;
  readonly packedBytes: number;
  readonly savedAt: number;
}

interface Schema extends DBSchema {
  workspaces: { key: string; value: Workspace };
  packs: { key: [string, number]; value: { workspace: string; bytes: Uint8Array } };
  tails: { key: string; value: readonly string[] };
  preferences: { key: string; value: unknown };
  progress: { key: string; value: Progress };
}

/** How far a reader is in a lesson: the beat that was on last, and what became of each. */
export interface Progress {
  readonly lesson: string;
  readonly beat: string;
  readonly marks: Readonly<Record<string, string>>;
}

export interface Shelf {
  list(): Promise<Workspace[]>;
  read(name: string): Promise<{ workspace: Workspace; tail: readonly string[] } | undefined>;
  /** The durable files as they were last saved. */
  files(name: string): Promise<{ name: string; bytes: Uint8Array }[]>;
  /** Resolves when the transaction's `complete` was seen. Rejects with a sentence. */
  save(name: string, lab: string, version: string, kept: Kept): Promise<Workspace>;
  saveTail(name: string, lines: readonly string[]): Promise<void>;
  /** All of it or nothing, in one transaction. Rejects with a Complaint when the new name is taken. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  progress(lesson: string): Promise<Progress | undefined>;
  saveProgress(progress: Progress): Promise<void>;
}

let opened: Promise<IDBPDatabase<Schema>> | undefined;

function database(): Promise<IDBPDatabase<Schema>> {
  // Loaded when something is kept or sought: the front page's lab keeps nothing.
  opened ??= import('idb').then(({ openDB }) =>
    openDB<Schema>('bathysphere', 2, {
      upgrade(db, from) {
        if (from < 1) {
          db.createObjectStore('workspaces', { keyPath: 'name' });
          db.createObjectStore('packs');
          db.createObjectStore('tails');
          db.createObjectStore('preferences');
        }
        if (from < 2) db.createObjectStore('progress', { keyPath: 'lesson' });
      },
      // A tab with a newer page wants to change the stores: this one lets go, and opens again when asked.
      blocking(_current, _wanted, event) {
        (event.target as IDBDatabase).close();
        opened = undefined;
      },
      terminated() {
        opened = undefined;
      },
    }),
  );
  return opened.catch((thrown) => {
    opened = undefined;
    throw thrown;
  });
}

const packsOf = (name: string) => IDBKeyRange.bound([name, 0], [name, Number.MAX_SAFE_INTEGER]);

export function openShelf(): Shelf {
  return {
    list: async () => (await database()).getAll('workspaces'),
    async read(name) {
      const tx = (await database()).transaction(['workspaces', 'tails']);
      const [workspace, tail] = await Promise.all([
        tx.objectStore('workspaces').get(name),
        tx.objectStore('tails').get(name),
      ]);
      return workspace && { workspace, tail: tail ?? [] };
    },
    async files(name) {
      const tx = (await database()).transaction(['workspaces', 'packs']);
      const [workspace, packs] = await Promise.all([
        tx.objectStore('workspaces').get(name),
        tx.objectStore('packs').getAll(packsOf(name)),
      ]);
      if (!workspace) return [];
      return unpack(
        workspace.files,
        packs.map(({ bytes }) => bytes),
      );
    },
    async save(name, lab, version, kept) {
      const db = await database();
      const tx = db.transaction(['workspaces', 'packs', 'tails'], 'readwrite', {
        durability: 'strict',
      });
      const before = await tx.objectStore('workspaces').get(name);
      const packs = pack(kept);
      const bytes = packs.reduce((sum, { length }) => sum + length, 0);
      const first = kept.whole ? 0 : (before?.packs ?? 0);
      if (!kept.whole && !before) throw new Error('a part of a workspace without its whole');
      const workspace: Workspace = {
        name,
        lab,
        text: kept.text,
        branch: kept.branch,
        syncs: kept.syncs,
        digest: kept.digest,
        version,
        files: kept.files.map(({ name, size, chunkSize }) => ({ name, size, chunkSize })),
        packs: first + packs.length,
        packedBytes: bytes + (kept.whole ? 0 : (before?.packedBytes ?? 0)),
        savedAt: Date.now(),
      };
      // Everything is queued before anything is awaited: a request each, one transaction.
      const requests: Promise<unknown>[] = [];
      if (kept.whole) requests.push(tx.objectStore('packs').delete(packsOf(name)));
      packs.forEach((bytes, i) => {
        requests.push(tx.objectStore('packs').put({ workspace: name, bytes }, [name, first + i]));
      });
      requests.push(tx.objectStore('workspaces').put(workspace));
      requests.push(tx.objectStore('tails').delete(name));
      tx.commit();
      await Promise.all([...requests, tx.done]);
      return workspace;
    },
    async saveTail(name, lines) {
      await (await database()).put('tails', lines, name);
    },
    async rename(from, to) {
      const tx = (await database()).transaction(['workspaces', 'packs', 'tails'], 'readwrite', {
        durability: 'strict',
      });
      const [workspaces, packs, tails] = [
        tx.objectStore('workspaces'),
        tx.objectStore('packs'),
        tx.objectStore('tails'),
      ];
      const [workspace, taken, bytes, keys, tail] = await Promise.all([
        workspaces.get(from),
        workspaces.count(to),
        packs.getAll(packsOf(from)),
        packs.getAllKeys(packsOf(from)),
        tails.get(from),
      ]);
      if (!workspace || taken > 0) {
        tx.abort();
        await tx.done.catch(() => {});
        throw new Complaint(
          workspace
            ? `there is a workspace called ${to} already; expected another name`
            : `there is no workspace called ${from} any more`,
        );
      }
      await Promise.all([
        workspaces.put({ ...workspace, name: to }),
        workspaces.delete(from),
        ...bytes.map((pack, i) =>
          packs.put({ ...pack, workspace: to }, [to, keys[i]?.[1] as number]),
        ),
        packs.delete(packsOf(from)),
        ...(tail ? [tails.put(tail, to)] : []),
        tails.delete(from),
        tx.done,
      ]);
    },
    progress: async (lesson) => (await database()).get('progress', lesson),
    async saveProgress(progress) {
      await (await database()).put('progress', progress);
    },
    async remove(name) {
      const tx = (await database()).transaction(['workspaces', 'packs', 'tails'], 'readwrite');
      await Promise.all([
        tx.objectStore('workspaces').delete(name),
        tx.objectStore('packs').delete(packsOf(name)),
        tx.objectStore('tails').delete(name),
        tx.done,
      ]);
    },
  };
}

/** Whether the log of packs has grown so much that the next save should write all anew. */
export function wantsWhole(workspace: Workspace | undefined): boolean {
  if (!workspace) return true;
  const live = workspace.files.reduce((sum, { size }) => sum + size, 0);
  return workspace.packedBytes > SLACK * live + 4 * PACK_BYTES;
}

// A pack is a sequence of entries: u32 file (its place in the list of names), u32 chunk, u32 offset
// within the chunk, u32 length, bytes. A chunk longer than a pack is cut into several entries.
//
//   00000000 00000004 00000000 00000200 │ 0d 00 00 …      file 0, chunk 4, from byte 0, 512 bytes
const ENTRY = 16;

export function pack(kept: Pick<Kept, 'files'>): Uint8Array[] {
  const packs: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = () => {
    if (size === 0) return;
    const out = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    packs.push(out);
    parts = [];
    size = 0;
  };
  kept.files.forEach(({ chunks }, file) => {
    for (const [chunk, bytes] of chunks)
      for (let offset = 0; offset < bytes.length; ) {
        if (PACK_BYTES - size < ENTRY + 512) flush();
        const length = Math.min(bytes.length - offset, PACK_BYTES - size - ENTRY);
        // A page goes in whole where a fresh pack could hold it.
        if (length < bytes.length - offset && size > 0 && bytes.length + ENTRY <= PACK_BYTES) {
          flush();
          continue;
        }
        const head = new Uint8Array(ENTRY);
        const view = new DataView(head.buffer);
        [file, chunk, offset, length].forEach((word, i) => {
          view.setUint32(4 * i, word);
        });
        parts.push(head, bytes.subarray(offset, offset + length));
        size += ENTRY + length;
        offset += length;
      }
  });
  flush();
  return packs;
}

export function unpack(
  files: readonly FileEntry[],
  packs: readonly Uint8Array[],
): { name: string; bytes: Uint8Array }[] {
  const out = files.map(({ name, size }) => ({ name, bytes: new Uint8Array(size) }));
  for (const pack of packs) {
    const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
    for (let at = 0; at + ENTRY <= pack.length; ) {
      const [file, chunk, offset, length] = [0, 4, 8, 12].map((i) => view.getUint32(at + i)) as [
        number,
        number,
        number,
        number,
      ];
      const bytes = out[file]?.bytes;
      const to = chunk * (files[file]?.chunkSize ?? 0) + offset;
      // The file may have shrunk since: what lies behind its end is no longer part of it.
      if (bytes && to < bytes.length)
        bytes.set(pack.subarray(at + ENTRY, at + ENTRY + Math.min(length, bytes.length - to)), to);
      at += ENTRY + length;
    }
  }
  return out;
}

/** Holds a workspace for this tab until `release`; undefined when another tab holds it. */
export async function claim(name: string): Promise<{ release(): void } | undefined> {
  if (!navigator.locks) return { release() {} };
  return new Promise((resolve) => {
    navigator.locks
      .request(`bathysphere:${name}`, { ifAvailable: true }, (lock) => {
        if (!lock) {
          resolve(undefined);
          return undefined;
        }
        return new Promise<void>((release) => resolve({ release: () => release() }));
      })
      .catch(() => resolve(undefined));
  });
}

/** Calls back when the tab that holds the workspace lets go of it. */
export function whenFree(name: string, callback: () => void): () => void {
  const abort = new AbortController();
  navigator.locks
    ?.request(`bathysphere:${name}`, { signal: abort.signal }, async () => callback())
    .catch(() => {});
  return () => abort.abort();
}

/** Why a save failed, in words. */
export function whySaveFailed(thrown: unknown): string {
  const name = thrown instanceof DOMException ? thrown.name : '';
  if (name === 'QuotaExceededError')
    return 'The browser has no room left for this site. What was saved before is safe; export the database, or remove a workspace.';
  if (name === 'InvalidStateError' || name === 'UnknownError' || name === 'SecurityError')
    return 'The browser does not let this page store anything (private window, or storage is blocked). Nothing is kept after a reload.';
  return `Saving failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
}

/** Asks once that the browser should not clear this site's data by itself. */
export async function askToPersist(): Promise<void> {
  try {
    if (!(await navigator.storage?.persisted?.())) await navigator.storage?.persist?.();
  } catch {
    // Not every browser answers; what is kept stays kept as long as it keeps it.
  }
}
