/**
 * Ordered key-value stores in Node, in memory, on the same rows: ours on real SQLite pages against
 * SQLite as WebAssembly, an object tree without pages, and native SQLite where it is installed.
 *
 * Every row has a key of 16 bytes (the hexadecimal digits of a number below 2^40) and a value of 100
 * bytes. Our tree takes integer keys so far; then every peer gets the number itself as the key, and
 * SQLite the very table that our file has. The order of the rows is the same either way.
 */
import { createRequire } from 'node:module';
// @ts-expect-error sql.js comes without types; what is used of it is declared below
import initSqlJs from 'sql.js';
import { compareBytes, utf8 } from '../../engine/base/bytes.ts';
import { Dice } from '../../engine/base/dice.ts';
import { Pager, ROOT } from '../../engine/btree/pager.ts';
import { recordOf, valueIn } from '../../engine/btree/record.ts';
import { BTree } from '../../engine/btree/tree.ts';
import { Disk } from '../../engine/disk/disk.ts';
import type { Line } from './lines.ts';
import { randomKeys, shuffled, text } from './rows.ts';
import { type Figure, inTurns, ratios, summary, type Target } from './stats.ts';

/** CommonJS with a default export: an import of it means one thing to Node and another to Vite. */
const { default: SortedBTree } = createRequire(import.meta.url)(
  'sorted-btree',
) as typeof import('sorted-btree');

type Keys = 'integer' | 'bytes';

interface Row {
  readonly number: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a store must do to be compared. All of it at once or row by row, as the store likes. */
interface Store {
  open(): void;
  putBatch(rows: readonly Row[]): void;
  /** The end of the puts: whatever the store needs for them to be there. */
  commit(): void;
  get(row: Row): Uint8Array | undefined;
  /** Rows between two, both included, in order; the bytes of all values together. */
  scan(from: Row, to: Row): number;
  close(): void;
}

const PAGE_SIZE = 4096;
const BATCH = 1_000;
const RANGE = 100;

function rowsOf(count: number): Row[] {
  const dice = new Dice(5);
  return randomKeys(count, 4).map((number) => ({
    number,
    key: utf8(number.toString(16).padStart(16, '0')),
    value: utf8(text(dice, 100)),
  }));
}

function ours(): Store {
  let tree: BTree;
  return {
    open() {
      tree = new BTree(Pager.create(new Disk(), PAGE_SIZE), ROOT);
    },
    putBatch(rows) {
      for (const { number, value } of rows) tree.put(number, recordOf(value));
    },
    commit: () => tree.pager.commit(),
    get({ number }) {
      const record = tree.get(number);
      return record && (valueIn(record) as Uint8Array);
    },
    scan(from, to) {
      let bytes = 0;
      tree.scan({ from: from.number, to: to.number }, (_, record) => {
        bytes += (valueIn(record) as Uint8Array).length;
      });
      return bytes;
    },
    close() {},
  };
}

function sortedBTree(keys: Keys): Store {
  type Key = number | Uint8Array;
  let tree: InstanceType<typeof SortedBTree<Key, Uint8Array>>;
  const keyOf = (row: Row) => (keys === 'integer' ? row.number : row.key);
  const compare = (keys === 'integer' ? (a: number, b: number) => a - b : compareBytes) as (
    a: Key,
    b: Key,
  ) => number;
  return {
    open() {
      tree = new SortedBTree<Key, Uint8Array>(undefined, compare);
    },
    putBatch(rows) {
      for (const row of rows) tree.set(keyOf(row), row.value);
    },
    commit() {},
    get: (row) => tree.get(keyOf(row)),
    scan(from, to) {
      let bytes = 0;
      tree.forRange(keyOf(from), keyOf(to), true, (_, value) => {
        bytes += value.length;
      });
      return bytes;
    },
    close() {},
  };
}

type Column = number | Uint8Array;

const TABLE: Record<Keys, string> = {
  integer: 'CREATE TABLE kv(id INTEGER PRIMARY KEY, v BLOB)',
  bytes: 'CREATE TABLE kv(id BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID',
};
const SQL = {
  put: 'INSERT OR REPLACE INTO kv VALUES(?,?)',
  get: 'SELECT v FROM kv WHERE id=?',
  scan: 'SELECT id, v FROM kv WHERE id BETWEEN ? AND ? ORDER BY id',
};

interface SqlJs {
  Database: new () => {
    run(sql: string): void;
    prepare(sql: string): {
      bind(columns: Column[]): void;
      step(): boolean;
      get(): Column[];
      run(columns: Column[]): void;
      reset(): void;
    };
    close(): void;
  };
}

async function sqlJs(keys: Keys): Promise<Store> {
  const { Database } = (await initSqlJs()) as SqlJs;
  let db: InstanceType<SqlJs['Database']>;
  let statements: Record<keyof typeof SQL, ReturnType<typeof db.prepare>>;
  const keyOf = (row: Row) => (keys === 'integer' ? row.number : row.key);
  return {
    open() {
      db = new Database();
      db.run(`PRAGMA page_size=${PAGE_SIZE}`);
      db.run(TABLE[keys]);
      statements = {
        put: db.prepare(SQL.put),
        get: db.prepare(SQL.get),
        scan: db.prepare(SQL.scan),
      };
      db.run('BEGIN');
    },
    putBatch(rows) {
      for (const row of rows) statements.put.run([keyOf(row), row.value]);
    },
    commit: () => db.run('COMMIT'),
    get(row) {
      statements.get.bind([keyOf(row)]);
      const found = statements.get.step() ? (statements.get.get()[0] as Uint8Array) : undefined;
      statements.get.reset();
      return found;
    },
    scan(from, to) {
      let bytes = 0;
      statements.scan.bind([keyOf(from), keyOf(to)]);
      while (statements.scan.step()) bytes += (statements.scan.get()[1] as Uint8Array).length;
      statements.scan.reset();
      return bytes;
    },
    close: () => db.close(),
  };
}

interface BetterSqlite {
  default: new (
    name: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...columns: Column[]): void;
      get(...columns: Column[]): { v: Uint8Array } | undefined;
      iterate(...columns: Column[]): Iterable<{ v: Uint8Array }>;
    };
    close(): void;
  };
}

/** Needs a compiler or a prebuilt binary: compared where it is installed, and named where not. */
async function betterSqlite(keys: Keys): Promise<Store | undefined> {
  const name = 'better-sqlite3';
  let loaded: BetterSqlite;
  try {
    loaded = (await import(/* @vite-ignore */ name)) as BetterSqlite;
  } catch {
    return undefined;
  }
  let db: InstanceType<BetterSqlite['default']>;
  let statements: Record<keyof typeof SQL, ReturnType<typeof db.prepare>>;
  const keyOf = (row: Row) => (keys === 'integer' ? row.number : row.key);
  return {
    open() {
      db = new loaded.default(':memory:');
      db.exec(TABLE[keys]);
      statements = {
        put: db.prepare(SQL.put),
        get: db.prepare(SQL.get),
        scan: db.prepare(SQL.scan),
      };
      db.exec('BEGIN');
    },
    putBatch(rows) {
      for (const row of rows) statements.put.run(keyOf(row), row.value);
    },
    commit: () => db.exec('COMMIT'),
    get: (row) => statements.get.get(keyOf(row))?.v,
    scan(from, to) {
      let bytes = 0;
      for (const { v } of statements.scan.iterate(keyOf(from), keyOf(to))) bytes += v.length;
      return bytes;
    },
    close: () => db.close(),
  };
}

const OPERATIONS = ['put', 'get', 'range', 'scan'] as const;
type Rates = Record<(typeof OPERATIONS)[number], number>;

/** One life of a store, in rows a second. What it reads is checked, so that no store reads nothing. */
function live(store: Store, rows: readonly Row[]): Rates {
  const ordered = [...rows].sort((a, b) => a.number - b.number);
  const total = rows.reduce((sum, { value }) => sum + value.length, 0);
  const asked = shuffled(rows.length, 6).map((n) => rows[n] as Row);
  const starts = asked.slice(0, 1_000).map((_, n) => (n * 7_919) % (rows.length - RANGE));
  globalThis.gc?.();
  store.open();
  const rate = (count: number, work: () => void): number => {
    const start = performance.now();
    work();
    return (1_000 * count) / (performance.now() - start);
  };
  const put = rate(rows.length, () => {
    for (let at = 0; at < rows.length; at += BATCH) store.putBatch(rows.slice(at, at + BATCH));
    store.commit();
  });
  const get = rate(asked.length, () => {
    for (const row of asked)
      if (store.get(row)?.[99] !== row.value[99]) throw new Error('a get found something else');
  });
  const range = rate(starts.length * RANGE, () => {
    for (const at of starts)
      if (store.scan(ordered[at] as Row, ordered[at + RANGE - 1] as Row) !== 100 * RANGE)
        throw new Error('a range found something else');
  });
  const scan = rate(rows.length, () => {
    if (store.scan(ordered[0] as Row, ordered.at(-1) as Row) !== total)
      throw new Error('a scan found something else');
  });
  store.close();
  return { put, get, range, scan };
}

const SQLJS = 'sql.js';
const SORTED = 'sorted-btree';
const NATIVE = 'better-sqlite3';
const TARGETS: Record<keyof Rates, Readonly<Record<string, Target>>> = {
  put: { [SQLJS]: { atLeast: 3 }, [SORTED]: { atLeast: 0.8 } },
  get: { [SQLJS]: { atLeast: 5 }, [NATIVE]: { atLeast: 1.5 }, [SORTED]: { atLeast: 0.8 } },
  range: { [SQLJS]: { atLeast: 5 }, [NATIVE]: { atLeast: 8 } },
  scan: { [SQLJS]: { atLeast: 5 }, [NATIVE]: { atLeast: 8 } },
};
/** The sizes that the targets are for. */
const JUDGED = [100_000, 1_000_000];

export const keyValueLine: Line = {
  name: 'kv',
  about:
    'key-value stores in Node, in memory: 100-byte values, integer keys (ours has no others yet)',
  async run({ quick, full, turns }) {
    const keys: Keys = 'integer';
    const native = await betterSqlite(keys);
    if (!native) console.error(`kv: without ${NATIVE}, which is not installed here`);
    const peers: Record<string, Store> = {
      [SQLJS]: await sqlJs(keys),
      ...(native && { [NATIVE]: native }),
      [SORTED]: sortedBTree(keys),
    };
    const figures: Figure[] = [];
    const sizes = quick ? [1_000, 10_000] : [1_000, 10_000, 100_000];
    for (const size of full ? [...sizes, 1_000_000] : sizes) {
      const rows = rowsOf(size);
      const stores = { ours: ours(), ...peers };
      const samples = await inTurns(
        size > 100_000 ? Math.min(turns, 3) : turns,
        Object.fromEntries(
          Object.entries(stores).map(([name, store]) => [name, () => live(store, rows)]),
        ),
      );
      const of = (name: string, operation: keyof Rates): number[] =>
        (samples[name] as Rates[]).map((rates) => rates[operation]);
      for (const operation of OPERATIONS)
        for (const name of Object.keys(peers)) {
          const target = JUDGED.includes(size) ? TARGETS[operation][name] : undefined;
          figures.push({
            what: `${operation}, ${size} rows`,
            unit: 'rows/s',
            ours: summary(of('ours', operation)),
            peer: {
              name,
              theirs: summary(of(name, operation)),
              ratio: ratios(of('ours', operation), of(name, operation)),
            },
            ...(target && { target, issue: 3 }),
            size,
          });
        }
    }
    return figures;
  },
};
