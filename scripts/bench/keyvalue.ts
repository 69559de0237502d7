/**
 * Ordered key-value stores in Node, in memory, on the same rows: ours on real SQLite pages against
 * SQLite as WebAssembly and native, an object tree without pages, and LevelDB. Beside them ours with
 * an image kept after every batch (what copy on write costs) and ours through the tree that others
 * watch (what records, cells and lenses cost).
 */

import { Pager, ROOT } from '../../engine/btree/pager.ts';
import { keyedRecord, readRecord } from '../../engine/btree/record.ts';
import { Store as Engine } from '../../engine/btree/store.ts';
import { BTree } from '../../engine/btree/tree.ts';
import { Disk } from '../../engine/disk/disk.ts';
import type { Line } from './lines.ts';
import { costs, type Figure, inTurns, plot, ratios, summary, type Target } from './stats.ts';
import {
  live,
  OPERATIONS,
  type Operation,
  PAGE_SIZE,
  type Peer,
  peers,
  type Rates,
  type Store,
  workload,
} from './stores.ts';

/** `keep`: an image after every batch, so that every page is copied when it is next written. */
function ours({ keep = false, pageSize = PAGE_SIZE } = {}): Store {
  let store: Engine;
  return {
    open() {
      store = Engine.create({ pageSize });
    },
    putBatch(rows) {
      store.putBatch(rows);
      if (keep) store.changes();
    },
    commit() {},
    get: (key) => store.get(key),
    scan(from, to) {
      let bytes = 0;
      store.scan(from, to, (row) => {
        bytes += row.value.length;
      });
      return bytes;
    },
    close() {},
  };
}

/** The tree as the lab runs it, with nobody listening. */
function watched(): Store {
  let tree: BTree;
  const secondOf = (record: Uint8Array) => readRecord(record).columns[1]?.value as Uint8Array;
  return {
    open() {
      tree = new BTree(Pager.create(new Disk(), PAGE_SIZE, 'text'), ROOT);
    },
    putBatch(rows) {
      for (const [key, value] of rows) tree.put(key, keyedRecord(key, value));
    },
    commit() {},
    get(key) {
      const record = tree.get(key);
      return record && secondOf(record);
    },
    scan(from, to) {
      let bytes = 0;
      tree.scan({ from, to }, (_, record) => {
        bytes += secondOf(record).length;
      });
      return bytes;
    },
    close() {},
  };
}

const TARGETS: Record<Operation, Partial<Record<Peer, Target>>> = {
  put: { 'sql.js': { atLeast: 3 }, 'sorted-btree': { atLeast: 0.8 } },
  get: {
    'sql.js': { atLeast: 5 },
    'better-sqlite3': { atLeast: 1.5 },
    'sorted-btree': { atLeast: 0.8 },
  },
  range: { 'sql.js': { atLeast: 5 }, 'better-sqlite3': { atLeast: 8 } },
  scan: { 'sql.js': { atLeast: 5 }, 'better-sqlite3': { atLeast: 8 } },
};
/** The sizes that the targets are for. */
const JUDGED = [100_000, 1_000_000];

export const keyValueLine: Line = {
  name: 'kv',
  about: 'key-value stores in Node, in memory: 16-byte keys, 100-byte values, 16 KiB pages',
  async run({ quick, full, turns }) {
    const others: Record<string, Store> = {
      ...(await peers([
        'sql.js',
        'better-sqlite3',
        'sorted-btree',
        'classic-level',
        'memory-level',
      ])),
      'ours, 4 KiB pages': ours({ pageSize: 4096 }),
      'ours, an image a batch': ours({ keep: true }),
      'ours, the watched tree': watched(),
    };
    // A million rows are for those that a target names: minutes each.
    const judged = Object.fromEntries(
      Object.entries(others).filter(
        ([name]) => !name.startsWith('ours') && !name.endsWith('level'),
      ),
    );
    const figures: Figure[] = [];
    const sizes = quick ? [1_000, 10_000] : [1_000, 10_000, 100_000];
    for (const size of full ? [...sizes, 1_000_000] : sizes) {
      const rows = workload(size);
      const stores = { ours: ours(), ...(size > 100_000 ? judged : others) };
      const samples = await inTurns(
        turns,
        Object.fromEntries(
          Object.entries(stores).map(([name, store]) => [name, () => live(store, rows)]),
        ),
      );
      const of = (name: string, operation: Operation): number[] =>
        (samples[name] as Rates[]).map((rates) => rates[operation]);
      for (const operation of OPERATIONS)
        for (const name of Object.keys(stores).filter((name) => name !== 'ours')) {
          const target = JUDGED.includes(size) ? TARGETS[operation][name as Peer] : undefined;
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
    for (const operation of OPERATIONS)
      console.log(
        `\n${plot(`${operation}, µs a row by the number of rows`, costs(figures, operation))}`,
      );
    return figures;
  },
};
