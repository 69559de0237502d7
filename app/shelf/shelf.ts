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
import { type FileEntry, PACK_BYTES, pack, unpack } from './pack.ts';

/** How much bigger than its live content the log may grow, in bytes of packs. */
const SLACK = 4;

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
