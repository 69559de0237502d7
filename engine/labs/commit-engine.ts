// A participant of a commit round whose log and data live in a real storage engine: the B-Tree of
// engine/btree, with its write-ahead log. A chunk of its own: the commit lab loads without it.
//
//   table kv   1       the participant's data: the value that it committed last
//              100 …   the lines of its log, as JSON: prepared, commit, abort
//
// What the participant forces is a transaction of the engine. Its prepare record is a row, and reaches
// the disk as frames of the write-ahead log, synced; the commit record and the data that it changes are
// one transaction, so that after any crash either both are there or neither. A participant that comes
// back has nothing but the files: the engine recovers from its log, and the rows say what was promised.

import { Pager, ROOT } from '../btree/pager.ts';
import { decodeText, readRecord, recordOf } from '../btree/record.ts';
import { BTree } from '../btree/tree.ts';
import { Disk } from '../disk/disk.ts';
import type { DiskImage } from '../disk/image.ts';
import { powerCut } from '../disk/power.ts';
import type { Keeper, LogRecord } from '../protocols/commit/types.ts';
// The whole of the B-Tree lab comes along: so its engine stays one chunk, whoever wants it first.
import './btree.ts';

const PAGE = 512;
const DATA = 1;
const FIRST = 100;

/** `cutAtWrite`: the power fails at that write of this transaction (disk.ts). */
export function forced(
  image: DiskImage,
  before: number,
  lines: readonly LogRecord[],
  cutAtWrite?: number,
): DiskImage {
  const disk = new Disk(image, cutAtWrite === undefined ? {} : { cutAtWrite });
  const pager = new Pager(disk, PAGE);
  const tree = new BTree(pager, ROOT);
  lines.forEach((line, i) => {
    tree.put(FIRST + before + i, recordOf(JSON.stringify(line)));
    if (line.is === 'commit' && line.value !== undefined) tree.put(DATA, recordOf(line.value));
  });
  pager.commit();
  return disk.seal();
}

export function emptyEngine(): DiskImage {
  const disk = new Disk();
  Pager.create(disk, PAGE);
  return disk.seal();
}

const textOf = (record: Uint8Array): string => {
  const value = readRecord(record).columns[1]?.value;
  return typeof value === 'string' ? value : decodeText(value as Uint8Array, 'UTF-8');
};

/** What is in the engine, as it stands. */
export function contents(image: DiskImage): { lines: LogRecord[]; value: string | null } {
  const tree = new BTree(new Pager(new Disk(image), PAGE), ROOT);
  const lines: LogRecord[] = [];
  let value: string | null = null;
  tree.scan({}, (key, record) => {
    if (key === DATA) value = textOf(record);
    else lines.push(JSON.parse(textOf(record)) as LogRecord);
  });
  return { lines, value };
}

/** The machine comes up: memory is gone, the log is read, and its index made anew. */
export function recovered(image: DiskImage): DiskImage {
  const disk = new Disk(powerCut(image));
  Pager.recover(disk, PAGE);
  return disk.seal();
}

export const keeper: Keeper = {
  empty: emptyEngine,
  force: (kept, before, lines) => forced(kept as DiskImage, before, lines),
  recover(kept) {
    const image = recovered(kept as DiskImage);
    return { kept: image, ...contents(image) };
  },
  read: (kept) => contents(kept as DiskImage),
  frames: (kept) => framesIn(kept as DiskImage),
};

const framesIn = (image: DiskImage): number => new Pager(new Disk(image), PAGE).frames;
