/**
 * Key-value stores that stay, in a worker of a browser with a profile on disk, each through the same
 * adapter on the same rows: 16-byte keys, 100-byte values. Every answer is awaited; a put counts when
 * it would survive the tab (relaxed) or the power (strict). What is handed to IndexedDB or to a file
 * is counted where it is handed over, the same way for all.
 */
import initSqlite from '@sqlite.org/sqlite-wasm';
import { BrowserLevel } from 'browser-level';
// @ts-expect-error sql.js comes without types; what is used of it is declared below
import initSqlJs from 'sql.js/dist/sql-wasm-browser.js';
import sqlJsWasm from 'sql.js/dist/sql-wasm-browser.wasm?url';
import { openStore } from '../../app/shelf/store.ts';
import type { Bytes } from '../../engine/base/bytes.ts';
import { openKeptLsm } from './kept-lsm.ts';
import { type KeyedRow, keyedRows, shuffled } from './rows.ts';

export type Durability = 'relaxed' | 'strict';
export type Asked =
  | {
      readonly what: 'life';
      readonly store: string;
      readonly durability: Durability;
      readonly rows: number;
    }
  | { readonly what: 'checkpoint'; readonly rows: number; readonly pages: number };

/** Rates in operations or rows a second; `reopen` in ms; `bytes` a byte of the user's, by phase. */
export interface Said {
  readonly figures: Readonly<Record<string, number>>;
}

type Row = KeyedRow;
interface Kept {
  putBatch(rows: readonly Row[]): Promise<void> | void;
  get(key: Bytes): Bytes | undefined | Promise<Bytes | undefined>;
  /** All rows in order; says how many bytes of values there were. */
  scan(): Promise<number> | number;
  close(): Promise<void> | void;
}
type Open = (name: string, durability: Durability) => Promise<Kept>;

// ── What is written ─────────────────────────────────────────────────────────────────────────────

let written = 0;
function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number') return 8;
  if (value === null || typeof value !== 'object') return 0;
  return Object.values(value).reduce((sum: number, one) => sum + sizeOf(one), 0);
}
const { put } = IDBObjectStore.prototype;
IDBObjectStore.prototype.put = function (value, key) {
  written += sizeOf(value) + sizeOf(key);
  return put.call(this, value, key);
};
const { write } = FileSystemSyncAccessHandle.prototype;
FileSystemSyncAccessHandle.prototype.write = function (buffer, options) {
  written += buffer.byteLength;
  return write.call(this, buffer, options);
};

// ── Adapters ────────────────────────────────────────────────────────────────────────────────────

const ours: Open = async (name, durability) => {
  const store = await openStore(name, { durability });
  return {
    putBatch: (rows) => store.putBatch(rows),
    get: (key) => store.get(key),
    async scan() {
      let bytes = 0;
      await store.scan(undefined, undefined, (row) => {
        bytes += row.value.length;
      });
      return bytes;
    },
    close: () => store.close(),
  };
};

/** Has no word about durability: it gets the browser's default, which is relaxed. */
const browserLevel: Open = async (name) => {
  const db = new BrowserLevel<Uint8Array, Uint8Array>(name, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  await db.open();
  return {
    putBatch: (rows) =>
      rows.length === 1
        ? db.put((rows[0] as Row)[0], (rows[0] as Row)[1])
        : db.batch(rows.map(([key, value]) => ({ type: 'put' as const, key, value }))),
    get: (key) => db.get(key),
    async scan() {
      let bytes = 0;
      for await (const [, value] of db.iterator()) bytes += value.length;
      return bytes;
    },
    close: () => db.close(),
  };
};

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
const complete = (tx: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
function bareDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore('kv');
  return asked(request);
}

/** A record a row, transactions used as they should be: all queued, then committed. */
const bare: Open = async (name, durability) => {
  const db = await bareDatabase(name);
  return {
    putBatch(rows) {
      const tx = db.transaction('kv', 'readwrite', { durability });
      const kv = tx.objectStore('kv');
      for (const [key, value] of rows) kv.put(value, key as Uint8Array<ArrayBuffer>);
      tx.commit();
      return complete(tx);
    },
    get: (key) =>
      asked<Uint8Array>(
        db
          .transaction('kv')
          .objectStore('kv')
          .get(key as Uint8Array<ArrayBuffer>),
      ),
    async scan() {
      let bytes = 0;
      let from: IDBKeyRange | null = null;
      for (;;) {
        const kv = db.transaction('kv').objectStore('kv');
        const [keys, values] = await Promise.all([
          asked(kv.getAllKeys(from, 1_000)),
          asked(kv.getAll(from, 1_000) as IDBRequest<Uint8Array[]>),
        ]);
        for (const value of values) bytes += value.length;
        if (keys.length < 1_000) return bytes;
        from = IDBKeyRange.lowerBound(keys.at(-1) as IDBValidKey, true);
      }
    },
    close: () => db.close(),
  };
};

const TABLE = 'CREATE TABLE IF NOT EXISTS kv(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID';
const PUT = 'INSERT OR REPLACE INTO kv VALUES(?,?)';
const GET = 'SELECT v FROM kv WHERE k=?';
const SCAN = 'SELECT k, v FROM kv ORDER BY k';

let sqlite: ReturnType<typeof initSqlite> | undefined;
const sqliteOpfs: Open = async (name, durability) => {
  sqlite ??= initSqlite();
  const pool = await (await sqlite).installOpfsSAHPoolVfs({ name: 'bench', initialCapacity: 24 });
  const db = new pool.OpfsSAHPoolDb(`/${name}.sqlite`);
  db.exec('PRAGMA locking_mode=exclusive; PRAGMA page_size=4096; PRAGMA journal_mode=WAL;');
  db.exec(`PRAGMA synchronous=${durability === 'strict' ? 'FULL' : 'NORMAL'}; ${TABLE}`);
  const [put, get, scan] = [PUT, GET, SCAN].map((sql) => db.prepare(sql)) as [
    ReturnType<typeof db.prepare>,
    ReturnType<typeof db.prepare>,
    ReturnType<typeof db.prepare>,
  ];
  return {
    putBatch(rows) {
      if (rows.length > 1) db.exec('BEGIN');
      for (const [key, value] of rows) put.bind([key, value]).stepReset();
      if (rows.length > 1) db.exec('COMMIT');
    },
    get(key) {
      get.bind([key]);
      const found = get.step() ? (get.getBlob(0) ?? undefined) : undefined;
      get.reset();
      return found;
    },
    scan() {
      let bytes = 0;
      while (scan.step()) {
        scan.getBlob(0);
        bytes += scan.getBlob(1)?.length ?? 0;
      }
      scan.reset();
      return bytes;
    },
    close() {
      for (const statement of [put, get, scan]) statement.finalize();
      db.close();
    },
  };
};

interface SqlJs {
  Database: new (
    bytes?: Uint8Array,
  ) => {
    run(sql: string): void;
    export(): Uint8Array;
    prepare(sql: string): {
      bind(columns: Bytes[]): void;
      step(): boolean;
      get(): Bytes[];
      run(columns: Bytes[]): void;
      reset(): void;
    };
    close(): void;
  };
}
let sqlJs: Promise<SqlJs> | undefined;
/** In memory; a commit is the whole file as one record, as its users do. */
const sqlJsExported: Open = async (name, durability) => {
  sqlJs ??= initSqlJs({ locateFile: () => sqlJsWasm }) as Promise<SqlJs>;
  const { Database } = await sqlJs;
  const idb = await bareDatabase(name);
  const kept = (await asked(idb.transaction('kv').objectStore('kv').get('file'))) as
    | Uint8Array
    | undefined;
  const db = kept ? new Database(kept) : new Database();
  db.run(TABLE);
  const prepare = () => [PUT, GET, SCAN].map((sql) => db.prepare(sql));
  type Statement = ReturnType<typeof db.prepare>;
  let [put, get, scan] = prepare() as [Statement, Statement, Statement];
  return {
    async putBatch(rows) {
      db.run('BEGIN');
      for (const row of rows) put.run([...row]);
      db.run('COMMIT');
      const file = db.export(); // which closes all statements
      [put, get, scan] = prepare() as [Statement, Statement, Statement];
      const tx = idb.transaction('kv', 'readwrite', { durability });
      tx.objectStore('kv').put(file, 'file');
      tx.commit();
      await complete(tx);
    },
    get(key) {
      get.bind([key]);
      const found = get.step() ? get.get()[0] : undefined;
      get.reset();
      return found;
    },
    scan() {
      let bytes = 0;
      while (scan.step()) bytes += (scan.get()[1] as Bytes).length;
      scan.reset();
      return bytes;
    },
    close() {
      db.close();
      idb.close();
    },
  };
};

const STORES: Readonly<Record<string, Open>> = {
  ours,
  'our LSM tree': openKeptLsm,
  'browser-level': browserLevel,
  'bare IndexedDB': bare,
  'SQLite on OPFS': sqliteOpfs,
  'sql.js, exported': sqlJsExported,
};

// ── A life ──────────────────────────────────────────────────────────────────────────────────────

const BATCH = 100;
const WRITERS = 64;

async function timed(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The ms that one run of `work` takes, of as many as it takes a quarter of a second to do. */
async function repeated(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    await work();
    const spent = performance.now() - start;
    if (spent > 250) return spent / runs;
  }
}

async function life(name: string, durability: Durability, count: number): Promise<Said> {
  const open = STORES[name] as Open;
  const rows = keyedRows(count);
  const figures: Record<string, number> = {};
  /** Bytes written for each of the user's, the closing included. */
  const phase = async (
    what: string,
    rows: readonly Row[],
    work: (store: Kept) => Promise<void>,
    nth = 0,
  ): Promise<void> => {
    const store = await open(`${what}-${nth}-${durability}`, durability);
    written = 0;
    const ms = await timed(() => work(store));
    figures[what] = (1_000 * rows.length) / ms;
    await store.close();
    const user = rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    figures[`${what} bytes`] = written / user;
  };
  const singles = rows.slice(0, Math.min(500, count / 4));
  await phase('single', singles, async (store) => {
    for (const row of singles) await store.putBatch([row]);
  });
  const many = rows.slice(0, Math.min(32 * WRITERS, count / 2));
  await phase('writers', many, async (store) => {
    const each = many.length / WRITERS;
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, w) => {
        for (const row of many.slice(w * each, (w + 1) * each)) await store.putBatch([row]);
      }),
    );
  });
  // Into a new store each time, and the first only warms up: a batch is over before the machine has
  // given everybody a fair share.
  let [spent, times] = [0, 0];
  for (let n = 0; n < 8 && spent < 250; n++) {
    await phase('one batch', rows, (store) => store.putBatch(rows) ?? Promise.resolve(), n);
    if (n === 0) continue;
    spent += (1_000 * count) / (figures['one batch'] as number);
    times++;
  }
  figures['one batch'] = (1_000 * count * times) / spent;
  await phase('batches', rows, async (store) => {
    for (let at = 0; at < count; at += BATCH) await store.putBatch(rows.slice(at, at + BATCH));
  });
  if (durability === 'strict') return { figures };
  // Reading does not depend on durability.
  const order = shuffled(count, 6).map((n) => rows[n] as Row);
  const check = async (store: Kept, asked: readonly Row[]) => {
    for (const [key, value] of asked) {
      const found = await store.get(key);
      if (found?.[99] !== value[99]) throw new Error(`${name}: a get found something else`);
    }
  };
  let store: Kept | undefined;
  figures.reopen = await repeated(async () => {
    await store?.close();
    store = await open(`batches-0-${durability}`, durability);
    await check(store, order.slice(0, Math.min(1_000, count)));
  });
  const last = store as unknown as Kept;
  figures.get = (1_000 * count) / (await repeated(() => check(last, order)));
  figures.scan =
    (1_000 * count) /
    (await repeated(async () => {
      if ((await last.scan()) !== 100 * count) throw new Error(`${name}: a scan missed something`);
    }));
  await last.close();
  return { figures };
}

/** Checkpoints of about so many dirty pages, and as many pages a record each, turn by turn, in ms. */
async function checkpoint(count: number, pages: number): Promise<Said> {
  const rows = keyedRows(count);
  const store = await openStore('checkpoint', { durability: 'relaxed' });
  await store.putBatch(rows);
  await store.checkpoint();
  const db = await bareDatabase('a-record-a-page');
  const order = shuffled(count, 8).map((n) => rows[n] as Row);
  const [packed, single, dirty]: number[][] = [[], [], []];
  let next = 0;
  for (let turn = 0; turn < 12; turn++) {
    // Random rows, until about that many pages are dirty: hardly two of them share one.
    const some = order.slice(next, next + Math.round(1.08 * pages));
    next = (next + some.length) % (count - 2 * pages);
    await store.putBatch(some.map(([key, value]) => [key, value.map((byte) => byte ^ turn)]));
    let wrote = 0;
    packed?.push(
      await timed(async () => {
        wrote = await store.checkpoint();
      }),
    );
    dirty?.push(wrote);
    const chunks = Array.from({ length: wrote }, (_, i) => new Uint8Array(4096).fill(i + turn));
    single?.push(
      await timed(async () => {
        const tx = db.transaction('kv', 'readwrite', { durability: 'relaxed' });
        const kv = tx.objectStore('kv');
        for (const [i, chunk] of chunks.entries()) kv.put(chunk, (i * 7 + turn * 13) % 500);
        tx.commit();
        await complete(tx);
      }),
    );
  }
  await store.close();
  const middle = (values: number[] = []) =>
    [...values].sort((a, b) => a - b)[values.length >> 1] as number;
  return {
    figures: {
      packed: 1_000 / middle(packed),
      single: 1_000 / middle(single),
      pages: middle(dirty),
    },
  };
}

declare const self: DedicatedWorkerGlobalScope;
self.onmessage = async ({ data }: MessageEvent<Asked>) => {
  try {
    self.postMessage(
      data.what === 'life'
        ? await life(data.store, data.durability, data.rows)
        : await checkpoint(data.rows, data.pages),
    );
  } catch (thrown) {
    self.postMessage({
      fault: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    });
  }
};
