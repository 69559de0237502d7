// For tests and for the sweep: the real LevelDB (classic-level, an optional package with prebuilt
// binaries) as a judge of folders. Opening a folder changes it, so it gets a copy of its own; TMPDIR may
// name a folder in memory.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Bytes, hexOf } from '../base/bytes.ts';
import { Digest } from '../base/digest.ts';
import type { ExportFile } from '../run/lab.ts';

interface Database {
  open(): Promise<void>;
  getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]>;
  iterator(options: { reverse: boolean }): { all(): Promise<[Bytes, Bytes][]> };
  close(): Promise<void>;
}

const ClassicLevel = await import('classic-level').then(
  ({ ClassicLevel }) =>
    ClassicLevel as unknown as new (
      folder: string,
      options: object,
    ) => Database,
  () => undefined,
);

/** Whether there is a judge at all; printed, so that nobody takes silence for praise. */
export const hasLevelDb = ClassicLevel !== undefined;
export const JUDGE = hasLevelDb ? 'LevelDB by classic-level' : 'none, no classic-level here';

/** Rows by iterator, forward (and backward, or it throws), and what a get gives for each key asked for. */
export interface Verdict {
  readonly rows: readonly (readonly [string, string])[];
  readonly got: readonly (string | null)[];
}

let home: string | undefined;
let folders = 0;

/** What LevelDB reads in a folder. All in hexadecimal. */
export async function judgedFolder(
  files: readonly ExportFile[],
  keys: readonly Bytes[],
): Promise<Verdict> {
  if (!home) {
    const made = mkdtempSync(join(tmpdir(), 'bathysphere-leveldb-'));
    home = made;
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  const folder = join(home, `${++folders}`);
  mkdirSync(folder);
  for (const { name, bytes } of files) writeFileSync(join(folder, basename(name)), bytes);
  const database = new (ClassicLevel as NonNullable<typeof ClassicLevel>)(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    createIfMissing: false,
  });
  try {
    await database.open();
    // Gets first: an iteration alone would not notice a version in the wrong place.
    const got = await database.getMany(keys);
    const rows = await database.iterator({ reverse: false }).all();
    const back = await database.iterator({ reverse: true }).all();
    await database.close();
    const text = (list: [Bytes, Bytes][]) =>
      list.map(([key, value]) => [hexOf(key), hexOf(value)] as const);
    const forward = text(rows);
    if (JSON.stringify(text(back).reverse()) !== JSON.stringify(forward))
      throw new Error('LevelDB reads other rows backward');
    return { rows: forward, got: got.map((value) => (value === undefined ? null : hexOf(value))) };
  } catch (thrown) {
    const { message, cause } = thrown as Error;
    throw new Error(`LevelDB: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Judges each different folder once. */
export class Bench {
  readonly #keys: readonly Bytes[];
  readonly #known = new Map<string, Promise<Verdict>>();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(keys: readonly Bytes[]) {
    this.#keys = keys;
  }

  /** Folders that were opened: as many as were different. */
  get folders(): number {
    return this.#known.size;
  }

  judge(files: readonly ExportFile[]): Promise<Verdict> {
    const digest = new Digest();
    for (const { name, bytes } of files) digest.value(name).value(bytes);
    const key = digest.finish();
    let verdict = this.#known.get(key);
    if (!verdict) {
      verdict = this.#inTurn(files);
      // Whoever asked will hear of it; until then nobody has.
      verdict.catch(() => {});
      this.#known.set(key, verdict);
    }
    return verdict;
  }

  /** A few at a time: their files are open all at once. */
  async #inTurn(files: readonly ExportFile[]): Promise<Verdict> {
    if (this.#running >= 4) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await judgedFolder(files, this.#keys);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
