/**
 * Our LSM tree in Node, in memory, with LevelDB's own sizes, against LevelDB itself (in a folder of
 * its own, not synced) and against the same interface without files: 16-byte keys, 100-byte values.
 */

import { Disk } from '../../engine/disk/disk.ts';
import { createDatabase, Db, type Options } from '../../engine/lsm/db.ts';
import { get, scan } from '../../engine/lsm/reads.ts';
import type { Line } from './lines.ts';
import { type Figure, inTurns, ratios, summary, type Target } from './stats.ts';
import {
  live,
  OPERATIONS,
  type Operation,
  type Peer,
  peers,
  type Rates,
  type Store,
  workload,
} from './stores.ts';

const MIB = 2 ** 20;
/** What LevelDB takes unless told. */
const LEVELDB: Options = {
  strategy: 'leveled',
  memtableSize: 4 * MIB,
  tableSize: 2 * MIB,
  level1Size: 10 * MIB,
  levelRatio: 10,
  level0Trigger: 4,
  level0Slowdown: 8,
  level0Stop: 12,
  allowedSeeks: 100,
  table: { blockSize: 4096, restartInterval: 16, bitsPerKey: 10, filterLg: 11 },
  sync: 'commit',
  fifoBytes: 0,
  fifoTtl: 0,
  seed: 1,
  sabotage: new Set(),
};

function ours(): Store {
  let db: Db;
  return {
    open() {
      const disk = new Disk();
      const value = createDatabase(disk, LEVELDB);
      db = new Db(disk, disk.seal(), value, LEVELDB);
    },
    putBatch(rows) {
      db.write(rows.map(([key, value]) => ({ key, value })));
      // The ledger is the lab's: nobody here holds the engine to it.
      db.written.length = 0;
    },
    commit: () => db.commit(),
    get: (key) => get(db, key),
    scan(from, to) {
      let bytes = 0;
      for (const { value } of scan(db, from, to, false)) bytes += value.length;
      return bytes;
    },
    close() {},
  };
}

const TARGETS: Record<Operation, Partial<Record<Peer, Target>>> = {
  put: { 'classic-level': { atLeast: 1 }, 'memory-level': { atLeast: 2 } },
  get: { 'classic-level': { atLeast: 2 } },
  range: {},
  scan: { 'classic-level': { atLeast: 5 } },
};

export const lsmLine: Line = {
  name: 'lsm',
  about: "our LSM tree in Node, in memory, with LevelDB's sizes, against LevelDB",
  async run({ quick, full, turns }) {
    const others = await peers(['classic-level', 'memory-level']);
    const figures: Figure[] = [];
    const sizes = quick ? [10_000] : [10_000, 100_000];
    for (const size of full ? [...sizes, 1_000_000] : sizes) {
      const rows = workload(size);
      const samples = await inTurns(
        turns,
        Object.fromEntries(
          Object.entries({ ours: ours(), ...others }).map(([name, store]) => [
            name,
            () => live(store, rows),
          ]),
        ),
      );
      const of = (name: string, operation: Operation): number[] =>
        (samples[name] as Rates[]).map((rates) => rates[operation]);
      for (const operation of OPERATIONS)
        for (const name of Object.keys(others)) {
          const target = size >= 100_000 ? TARGETS[operation][name as Peer] : undefined;
          figures.push({
            what: `lsm ${operation}, ${size} rows`,
            unit: 'rows/s',
            ours: summary(of('ours', operation)),
            peer: {
              name,
              theirs: summary(of(name, operation)),
              ratio: ratios(of('ours', operation), of(name, operation)),
            },
            ...(target && { target, issue: 4 }),
            size,
          });
        }
    }
    return figures;
  },
};
