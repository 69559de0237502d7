// Starting on what the disk holds, after a crash or an orderly exit: the way that LevelDB opens.
//
//   1  CURRENT ─▶ manifest ─▶ version: which tables are live, and up to which log they reach
//   2  the logs behind that, in order, into a memtable; what is torn at a tail was never acknowledged
//   3  the memtable becomes a table of level 0
//   4  a new log, and a new manifest that begins with the whole version; CURRENT is renamed into place
//   5  files that nothing names any more go
//
// A database that does not fit together (a live table is missing, the manifest is damaged) is opened
// for reading only, with all that can be read, and says what is wrong.

import type { Disk } from '../disk/disk.ts';
import { SkipListCursor } from './cursor.ts';
import { Db, type Options } from './db.ts';
import type { LsmEvent, LsmValue } from './events.ts';
import { type Folder, readBatches, readFolder } from './folder.ts';
import { logName, manifestName, parseFileName, type TableFile, tableName } from './format.ts';
import { internalKey } from './key.ts';
import { addToSkipList, heightFor, type OwnArena, type SkipList } from './skiplist.ts';

/** The durable files of a disk as a folder. */
export function folderOf(disk: Disk): Folder {
  return {
    names: disk.list(),
    read(name) {
      if (!disk.has(name)) return undefined;
      const file = disk.open(name, 'durable');
      return file.read(0, file.size);
    },
  };
}

/**
 * Opens what is on a disk. `before`: what outlives the process (time, counters) and what does not.
 * `toLook`: nothing is to be written, as with what is damaged.
 */
export function recover(
  disk: Disk,
  before: LsmValue,
  options: Options,
  tell?: (value: Db) => (event: LsmEvent) => void,
  toLook = false,
): Db {
  const base = disk.seal();
  for (const name of disk.list()) if (name.startsWith('memtable-')) disk.remove(name);
  const content = readFolder(folderOf(disk));
  const damage = [...content.damage];
  const value: LsmValue = {
    ...before,
    version: content.version,
    manifest: content.manifest,
    logNumber: content.logNumber,
    nextFile: content.nextFile,
    lastSequence: content.isRepaired ? before.lastSequence : content.lastSequence,
    pointers: content.pointers,
    memtable: 0,
    immutable: undefined,
    snapshots: [],
    waiting: [],
    held: { flush: false, compaction: false },
    seeks: {},
    seekFile: undefined,
    created: {},
    job: undefined,
    damage: [],
  };
  const holder: { db?: Db } = {};
  const db = new Db(disk, base, value, options, tell && ((event) => tell(holder.db as Db)(event)));
  holder.db = db;
  for (const files of content.version)
    for (const file of files) {
      const found = db.table(file.number);
      if (!found) damage.push(`${tableName(file.number)} is live and missing`);
      else if (found.bytes.length !== file.size)
        damage.push(
          `${tableName(file.number)} has ${found.bytes.length} bytes; the manifest says ${file.size}`,
        );
      else for (const text of found.damage) damage.push(`${tableName(file.number)}: ${text}`);
      const born = found?.created;
      if (options.strategy === 'fifo')
        db.value.created = { ...db.value.created, [file.number]: born ?? before.time };
    }
  // No number of a file that is there may be given again.
  for (const name of disk.list())
    db.value.nextFile = Math.max(db.value.nextFile, parseFileName(name).number + 1);

  const fresh: TableFile[] = [];
  const isSound = damage.length === 0 && !toLook;
  const last = content.logs.at(-1);
  /** The newest log, and its memtable, where they just go on (LevelDB's `reuse_logs`). */
  let goesOn = false;
  for (const number of content.logs)
    goesOn = replayLog(db, number, damage, fresh, isSound, number === last && !!options.alone);

  if (isSound) {
    if (goesOn) db.value.logNumber = last as number;
    else {
      const log = db.newNumber();
      db.create(logName(log));
      db.newMemtable(log);
      db.value.logNumber = log;
    }
    db.value.version = db.value.version.map((files, level) =>
      level === 0 ? [...files, ...fresh].sort((a, b) => a.number - b.number) : files,
    );
    for (const { number } of fresh) db.durable(tableName(number)).sync();
    db.disk.syncDirectory();
    db.newManifest();
    db.value.acknowledged = db.value.lastSequence;
    const obsolete = obsoleteOf(db);
    db.remove(obsolete);
    db.tell?.({
      kind: 'install',
      manifest: db.value.manifest,
      bytes: db.durable(manifestName(db.value.manifest)).size,
      added: fresh.map(({ number }) => ({ level: 0, number })),
      removed: [],
      from: 'recovery',
    });
    if (obsolete.length > 0) db.tell?.({ kind: 'obsolete', files: obsolete });
  } else db.value.readOnly = true;
  db.value.damage = damage;
  db.tell?.({
    kind: 'recovered',
    tables: db.value.version.reduce((sum, files) => sum + files.length, 0),
    sequence: db.value.lastSequence,
    damage: damage.length,
  });
  if (isSound) db.background();
  return db;
}

/** `mayGoOn`: a log that is whole, and fits into a memtable, need not become a table. Whether it goes on. */
function replayLog(
  db: Db,
  number: number,
  damage: string[],
  fresh: TableFile[],
  isSound: boolean,
  mayGoOn: boolean,
): boolean {
  const { value, options } = db;
  const file = db.durable(logName(number));
  const { batches, lost, damage: wrong } = readBatches(file.read(0, file.size), number);
  // A record that cannot be read is passed over, as LevelDB does unless it is told to be paranoid.
  damage.push(...wrong);
  const lostBytes = lost.reduce((sum, { bytes }) => sum + bytes, 0);
  let entries = 0;
  let isOpen = false;
  let hasFlushed = false;
  const flush = (): void => {
    const list = db.list(number);
    if (!list || !isSound) return;
    hasFlushed = true;
    value.job = {
      kind: 'flush',
      why: 'recovery',
      level: 0,
      target: 0,
      inputs: [],
      overlaps: [],
      outputs: [],
      entries: list.entries,
      done: 0,
    };
    const table = db.writeTable(options.alone?.sorted(list) ?? new SkipListCursor(list));
    db.counters.flushes++;
    db.counters.flushedBytes += table.size;
    fresh.push(table);
    value.job = undefined;
    db.forget(number);
    isOpen = false;
  };
  // Where nothing may be written all logs share one memtable: it is there to be read.
  const home = !isSound && value.memtable !== 0 ? value.memtable : number;
  for (const { entries: operations, sequence, count } of batches) {
    if (!isOpen && !db.list(home)) db.newMemtable(home);
    isOpen = true;
    const list = db.list(home) as SkipList;
    if (options.alone) options.alone.addBatch(list, operations, sequence, options.seed);
    else
      for (const { key, value: bytes, sequence, type } of operations) {
        const height = heightFor(options.seed, sequence);
        const arena = list.arena as OwnArena;
        addToSkipList(list, arena, internalKey(key, sequence, type), bytes ?? NOTHING, height);
      }
    entries += operations.length;
    value.lastSequence = Math.max(value.lastSequence, sequence + count - 1);
    if (list.used >= options.memtableSize && isSound) flush();
  }
  db.tell?.({
    kind: 'replay',
    log: number,
    batches: batches.length,
    entries,
    lost: lostBytes,
    isTorn: lost.some(({ isTail }) => isTail),
  });
  if (mayGoOn && isSound && isOpen && !hasFlushed && lost.length === 0) return true;
  if (isOpen) flush();
  return false;
}

const NOTHING = new Uint8Array(0);

/** Files that the version no longer needs. */
function obsoleteOf(db: Db): string[] {
  const { version, logNumber, manifest } = db.value;
  const live = new Set(version.flatMap((files) => files.map(({ number }) => number)));
  return db.disk.list().filter((name) => {
    const { kind, number } = parseFileName(name);
    if (kind === 'table') return !live.has(number);
    if (kind === 'log') return number < logNumber;
    if (kind === 'manifest') return number !== manifest;
    return kind === 'temporary';
  });
}
