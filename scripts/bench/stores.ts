/**
 * Ordered key-value stores in Node through one adapter each, for the lines that compare them: rows of
 * 16-byte keys and 100-byte values (rows.ts), all in memory or, where a store has only files, in a
 * folder of its own. A new line gives `compare` its own store as `ours` and chooses peers by name.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// @ts-expect-error sql.js comes without types; what is used of it is declared below
import initSqlJs from 'sql.js';
import { type Bytes, compareBytes } from '../../engine/base/bytes.ts';
import { type KeyedRow, keyedRows, shuffled } from './rows.ts';

type Late<T> = T | Promise<T>;

/** What a store must do to be compared. All of it at once or row by row, as the store likes. */
export interface Store {
  open(): Late<void>;
  putBatch(rows: readonly KeyedRow[]): Late<void>;
  /** The end of the puts: whatever the store needs for them to be there. */
  commit(): Late<void>;
  get(key: Bytes): Bytes | undefined;
  /** Rows between two keys, both included, in order; the bytes of all values together. */
  scan(from: Bytes, to: Bytes): Late<number>;
  /** Of a log-structured store: merges all that it has into its deepest level. */
  compact?(): Late<void>;
  close(): Late<void>;
}

// ── Peers ───────────────────────────────────────────────────────────────────────────────────────

/** From the project's folder, or from that of $LAB_PEERS, where somebody may install what needs a compiler. */
function optional<T>(name: string): T | undefined {
  for (const folder of [process.cwd(), process.env.LAB_PEERS])
    try {
      if (folder) return createRequire(join(folder, 'package.json'))(name) as T;
    } catch {
      // Not there.
    }
  return undefined;
}

function sortedBTree(): Store {
  /** CommonJS with a default export: an import of it means one thing to Node and another to Vite. */
  const { default: SortedBTree } = createRequire(import.meta.url)(
    'sorted-btree',
  ) as typeof import('sorted-btree');
  let tree: InstanceType<typeof SortedBTree<Bytes, Bytes>>;
  return {
    open() {
      tree = new SortedBTree<Bytes, Bytes>(undefined, compareBytes);
    },
    putBatch(rows) {
      for (const [key, value] of rows) tree.set(key, value);
    },
    commit() {},
    get: (key) => tree.get(key),
    scan(from, to) {
      let bytes = 0;
      tree.forRange(from, to, true, (_, value) => {
        bytes += value.length;
      });
      return bytes;
    },
    close() {},
  };
}

/** Of all who have SQLite's pages: in memory all of them do better with these than with 4 KiB. */
export const PAGE_SIZE = 16_384;
const TABLE = 'CREATE TABLE kv(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID';
const SQL = {
  put: 'INSERT OR REPLACE INTO kv VALUES(?,?)',
  get: 'SELECT v FROM kv WHERE k=?',
  scan: 'SELECT k, v FROM kv WHERE k BETWEEN ? AND ? ORDER BY k',
};

interface SqlJs {
  Database: new () => {
    run(sql: string): void;
    prepare(sql: string): {
      bind(columns: readonly Bytes[]): void;
      step(): boolean;
      get(): Bytes[];
      run(columns: readonly Bytes[]): void;
      reset(): void;
    };
    close(): void;
  };
}

async function sqlJs(): Promise<Store> {
  const { Database } = (await initSqlJs()) as SqlJs;
  let db: InstanceType<SqlJs['Database']>;
  let statements: Record<keyof typeof SQL, ReturnType<typeof db.prepare>>;
  return {
    open() {
      db = new Database();
      db.run(`PRAGMA page_size=${PAGE_SIZE}`);
      db.run(TABLE);
      statements = {
        put: db.prepare(SQL.put),
        get: db.prepare(SQL.get),
        scan: db.prepare(SQL.scan),
      };
      db.run('BEGIN');
    },
    putBatch(rows) {
      for (const row of rows) statements.put.run(row);
    },
    commit: () => db.run('COMMIT'),
    get(key) {
      statements.get.bind([key]);
      const found = statements.get.step() ? statements.get.get()[0] : undefined;
      statements.get.reset();
      return found;
    },
    scan(from, to) {
      let bytes = 0;
      statements.scan.bind([from, to]);
      while (statements.scan.step()) bytes += (statements.scan.get()[1] as Bytes).length;
      statements.scan.reset();
      return bytes;
    },
    close: () => db.close(),
  };
}

type BetterSqlite = new (
  name: string,
) => {
  exec(sql: string): void;
  prepare(sql: string): {
    run(...columns: Bytes[]): void;
    get(...columns: Bytes[]): { v: Bytes } | undefined;
    iterate(...columns: Bytes[]): Iterable<{ v: Bytes }>;
  };
  close(): void;
};

/** Needs a compiler or a prebuilt binary, so it is no dependency. */
function betterSqlite(): Store | undefined {
  const Database = optional<BetterSqlite>('better-sqlite3');
  if (!Database) return undefined;
  let db: InstanceType<BetterSqlite>;
  let statements: Record<keyof typeof SQL, ReturnType<typeof db.prepare>>;
  return {
    open() {
      db = new Database(':memory:');
      db.exec(`PRAGMA page_size=${PAGE_SIZE}; ${TABLE}`);
      statements = {
        put: db.prepare(SQL.put),
        get: db.prepare(SQL.get),
        scan: db.prepare(SQL.scan),
      };
      db.exec('BEGIN');
    },
    putBatch(rows) {
      for (const [key, value] of rows) statements.put.run(key, value);
    },
    commit: () => db.exec('COMMIT'),
    get: (key) => statements.get.get(key)?.v,
    scan(from, to) {
      let bytes = 0;
      for (const { v } of statements.scan.iterate(from, to)) bytes += v.length;
      return bytes;
    },
    close: () => db.close(),
  };
}

interface Level {
  open(): Promise<void>;
  batch(ops: { type: 'put'; key: Bytes; value: Bytes }[]): Promise<void>;
  getSync(key: Bytes): Bytes | undefined;
  iterator(range: { gte: Bytes; lte: Bytes }): {
    nextv(size: number): Promise<[Bytes, Bytes][]>;
    close(): Promise<void>;
  };
  compactRange?(from: Bytes, to: Bytes): Promise<void>;
  close(): Promise<void>;
}
const VIEWS = { keyEncoding: 'view', valueEncoding: 'view' };

function level(make: () => Level, after = () => {}): Store {
  let db: Level;
  return {
    open() {
      db = make();
      return db.open();
    },
    putBatch: (rows) => db.batch(rows.map(([key, value]) => ({ type: 'put', key, value }))),
    commit() {},
    get: (key) => db.getSync(key),
    async scan(from, to) {
      let bytes = 0;
      const iterator = db.iterator({ gte: from, lte: to });
      for (;;) {
        const entries = await iterator.nextv(1_000);
        for (const [, value] of entries) bytes += value.length;
        if (entries.length === 0) break;
      }
      await iterator.close();
      return bytes;
    },
    compact: () => db.compactRange?.(Uint8Array.of(0), Uint8Array.of(255)),
    async close() {
      await db.close();
      // What is left of it is nobody's work in the next life.
      db = undefined as never;
      after();
    },
  };
}

function memoryLevel(): Store | undefined {
  const found = optional<{ MemoryLevel: new (options: object) => Level }>('memory-level');
  return found && level(() => new found.MemoryLevel({ ...VIEWS, storeEncoding: 'view' }));
}

/** LevelDB, the C++ one, in a folder of its own. Its batches are not synced, so it is memory that is compared. */
function classicLevel(): Store | undefined {
  const found = optional<{ ClassicLevel: new (folder: string, options: object) => Level }>(
    'classic-level',
  );
  let folder = '';
  return (
    found &&
    level(
      () => {
        folder = mkdtempSync(join(tmpdir(), 'bathysphere-bench-'));
        return new found.ClassicLevel(folder, VIEWS);
      },
      () => rmSync(folder, { recursive: true, force: true }),
    )
  );
}

const PEERS = {
  'sql.js': sqlJs,
  'better-sqlite3': betterSqlite,
  'sorted-btree': sortedBTree,
  'classic-level': classicLevel,
  'memory-level': memoryLevel,
} as const;
export type Peer = keyof typeof PEERS;

/** The peers by name; one that is not installed is left out, and that is printed. */
export async function peers(names: readonly Peer[]): Promise<Record<string, Store>> {
  const found: Record<string, Store> = {};
  for (const name of names) {
    const store = await PEERS[name]();
    if (store) found[name] = store;
    else
      console.error(
        `  without ${name}, which is not installed here ($LAB_PEERS names a folder that has it)`,
      );
  }
  return found;
}

// ── A life ──────────────────────────────────────────────────────────────────────────────────────

export const OPERATIONS = ['put', 'get', 'range', 'scan'] as const;
export type Operation = (typeof OPERATIONS)[number];
/** `compact`: bytes of rows a second, in MB, of those that have something to merge. */
export type Rates = Readonly<Record<Operation, number> & { compact?: number }>;

const BATCH = 1_000;
const RANGE = 100;
const MOST_GETS = 200_000;

export interface Workload {
  readonly rows: readonly KeyedRow[];
  readonly ordered: readonly KeyedRow[];
  /** Rows to get, in another random order: all, or as many as say enough. */
  readonly asked: readonly KeyedRow[];
}

export function workload(count: number): Workload {
  const rows = packed(keyedRows(count));
  return {
    rows,
    ordered: [...rows].sort(([a], [b]) => compareBytes(a, b)),
    asked: shuffled(count, 6)
      .slice(0, MOST_GETS)
      .map((n) => rows[n] as KeyedRow),
  };
}

/**
 * The same rows as views of one stretch of bytes: twice as many buffers of their own would be work for
 * the garbage collector in every store's life, and for no store.
 */
function packed(rows: readonly KeyedRow[]): KeyedRow[] {
  const bytes = new Uint8Array(
    rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0),
  );
  let end = 0;
  const put = (part: Bytes): Bytes => {
    bytes.set(part, end);
    end += part.length;
    return bytes.subarray(end - part.length, end);
  };
  return rows.map(([key, value]) => [put(key), put(value)]);
}

/**
 * Time that the processor spent on us, in ms, our threads all together: what waits for nothing is
 * measured by it, since others can take the processor away from a store, but not its work.
 */
export function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * A second, small store of each kind, used for everything once and left open: before each life garbage is
 * collected, and where no instance of a class is found, V8 forgets what it has compiled for it. No store
 * that is in use is ever so forgotten.
 */
export async function idling(
  stores: Readonly<Record<string, Store>>,
): Promise<{ close(): Promise<void> }> {
  const { rows, ordered } = workload(1_000);
  for (const store of Object.values(stores)) {
    await store.open();
    await store.putBatch(rows);
    await store.commit();
    const [from] = ordered[0] as KeyedRow;
    store.get(from);
    await store.scan(from, from);
    await store.compact?.();
    store.get(from);
  }
  return {
    async close() {
      for (const store of Object.values(stores)) await store.close();
    },
  };
}

/**
 * One life of a store, in rows a second of processor time. What it reads is checked, so that no store
 * reads nothing.
 */
export async function live(store: Store, { rows, ordered, asked }: Workload): Promise<Rates> {
  const starts = asked.slice(0, 1_000).map((_, n) => (n * 7_919) % (rows.length - RANGE));
  globalThis.gc?.();
  await store.open();
  const rate = async (count: number, work: () => Promise<void>): Promise<number> => {
    const start = spent();
    await work();
    return (1_000 * count) / (spent() - start);
  };
  const put = await rate(rows.length, async () => {
    for (let at = 0; at < rows.length; at += BATCH) {
      const done = store.putBatch(rows.slice(at, at + BATCH));
      if (done) await done;
    }
    await store.commit();
  });
  const get = await rate(asked.length, async () => {
    for (const [key, value] of asked)
      if (store.get(key)?.[99] !== value[99]) throw new Error('a get found something else');
  });
  const range = await rate(starts.length * RANGE, async () => {
    for (const at of starts) {
      const [from] = ordered[at] as KeyedRow;
      const [to] = ordered[at + RANGE - 1] as KeyedRow;
      const told = store.scan(from, to);
      if ((typeof told === 'number' ? told : await told) !== 100 * RANGE)
        throw new Error('a range found something else');
    }
  });
  const scan = await rate(rows.length, async () => {
    const [from] = ordered[0] as KeyedRow;
    const [to] = ordered.at(-1) as KeyedRow;
    if ((await store.scan(from, to)) !== 100 * rows.length)
      throw new Error('a scan found something else');
  });
  const start = spent();
  await store.compact?.();
  const compact = (116e-6 * rows.length) / ((spent() - start) / 1_000);
  await store.close();
  return { put, get, range, scan, ...(store.compact && { compact }) };
}
