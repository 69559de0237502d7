// Opens a folder of LevelDB that somebody else wrote, for reading only: what the LSM lab needs for that
// alone, so that the worker loads it with the first scenario that names one. The folder arrives as an
// archive (run/archive.ts); its files become the disk, its logs a memtable, its manifest the version.

import { Complaint } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import { Disk } from '../disk/disk.ts';
import { EMPTY_IMAGE, type FileImage } from '../disk/image.ts';
import { type Db, type Options, valueFor } from '../lsm/db.ts';
import { type Folder, looksLikeFolder, readBatches, readFolder } from '../lsm/folder.ts';
import { logName, parseFileName, tableName } from '../lsm/format.ts';
import { sequenceOf } from '../lsm/key.ts';
import { EMPTY_LEDGER } from '../lsm/ledger.ts';
import { folderOf, recover } from '../lsm/recover.ts';
import { Table } from '../lsm/table.ts';
import { type ArchivedFile, filesOfArchive, isOfDatabase } from '../run/archive.ts';
import type { ForeignSource, Setup } from '../run/lab.ts';
import { type LsmState, lsm, optionsOf } from './lsm.ts';

/** The lab, with folders. */
export const opening = {
  open: (setup: Setup, foreign?: ForeignSource): LsmState =>
    foreign ? openFolder(setup, foreign) : lsm.open(setup),
};

/** What LevelDB itself goes by: the lab's own sizes are small, to be looked at. */
const LEVELDB = {
  strategy: 'leveled',
  memtableSize: 4 * 2 ** 20,
  tableSize: 2 * 2 ** 20,
  level1Size: 10 * 2 ** 20,
  levelRatio: 10,
  level0Trigger: 4,
  level0Slowdown: 8,
  level0Stop: 12,
} as const;

const CHUNK = 4096;

function openFolder(setup: Setup, source: ForeignSource): LsmState {
  const found = filesOfArchive(source);
  const files = found?.filter(({ name }) => isOfDatabase(name)) ?? [];
  if (!looksLikeFolder(files.map(({ name }) => name)))
    throw new Complaint(
      found
        ? `${source.name} has no CURRENT, no MANIFEST and no table: it is no folder of LevelDB`
        : `${source.name} is no folder of LevelDB, nor an archive of one`,
    );
  const own = optionsOf(setup);
  const options: Options = { ...own, ...LEVELDB, table: { ...own.table, blockSize: CHUNK } };
  const disk = diskOf(source, files);
  const folder = folderOf(disk);
  const content = readFolder(folder);
  const logs = content.logs.flatMap((number) => {
    const { lost } = readBatches(folder.read(logName(number)) ?? NOTHING, number);
    return lost.map(({ text, bytes, isTail }) => ({
      text: `${logName(number)}: ${text}; ${bytes} bytes are passed over`,
      isTail,
    }));
  });
  // A torn end is what a crash leaves: no damage, and said.
  const torn = logs.filter(({ isTail }) => isTail).map(({ text }) => text);
  const before = { ...valueFor(options), lastSequence: content.isRepaired ? newestIn(folder) : 0 };
  const db = recover(disk, before, options, undefined, true);
  const damage = [
    ...db.value.damage,
    ...logs.filter(({ isTail }) => !isTail).map(({ text }) => text),
    ...damagedBlocks(db),
  ];
  const value = { ...db.sealed(), damage, foreign: { notes: [...content.torn, ...torn] } };
  return { disk: disk.seal(), value, ledger: EMPTY_LEDGER, options };
}

const NOTHING = new Uint8Array(0);

/** A disk whose files are read out of the archive when they are first asked for. */
function diskOf(source: ForeignSource, archived: readonly ArchivedFile[]): Disk {
  const names = new Map<string, number>();
  const files = new Map<number, FileImage>();
  for (const { name, offset, size } of archived) {
    const id = files.size + 1;
    let bytes: Bytes | undefined;
    const content = { size, blocks: [] };
    names.set(name, id);
    files.set(id, {
      kind: 'durable',
      chunkSize: CHUNK,
      now: content,
      synced: content,
      source: {
        isWhole: true,
        chunk(index) {
          bytes ??= source.read(offset, size);
          return bytes.subarray(CHUNK * index, CHUNK * (index + 1));
        },
      },
    });
  }
  return new Disk({ ...EMPTY_IMAGE, names, syncedNames: names, files, nextFile: files.size + 1 });
}

/** The newest sequence in tables, where no manifest says it. */
function newestIn({ names, read }: Folder): number {
  let newest = 0;
  for (const name of names)
    if (parseFileName(name).kind === 'table')
      for (const { key } of new Table(read(name) ?? NOTHING).all())
        newest = Math.max(newest, sequenceOf(key));
  return newest;
}

/** Every data block is read for its checksum, so that a flipped bit is told before anybody asks for it. */
function damagedBlocks(db: Db): string[] {
  return db.value.version.flat().flatMap(({ number }) => {
    const table = db.table(number);
    return Array.from({ length: table?.blocks ?? 0 }, (_, block) => table?.stored(block).damage)
      .filter((damage) => damage !== undefined)
      .map((damage) => `${tableName(number)}: ${damage}`);
  });
}
