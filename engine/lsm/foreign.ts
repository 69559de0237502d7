// A folder that another LevelDB wrote, read as it is: nothing is replayed into files, nothing removed.
// What the manifest, the tables and the logs hold together is what a reader would get; whatever is
// damaged is named, and the rest is read.

import type { Bytes } from '../base/bytes.ts';
import { checkTable, type Finding } from './check.ts';
import { Cursor, LevelCursor, MergingCursor, TableCursor, visibleForward } from './cursor.ts';
import { type Folder, readBatches, readFolder } from './folder.ts';
import { logName, type TableFile, tableName } from './format.ts';
import { compareInternal, compareUser, internalKey } from './key.ts';
import { Table } from './table.ts';

/** What `lab open FOLDER --json` prints. LevelDB has no pages and no trees. */
export interface FolderReport {
  readonly format: 'leveldb';
  readonly pageSize: null;
  readonly pages: null;
  readonly depth: null;
  /** Keys that a reader gets. */
  readonly rows: number;
  readonly trees: null;
  readonly levels: readonly {
    readonly level: number;
    readonly tables: number;
    readonly bytes: number;
  }[];
  /** Entries in live tables and in live logs, of all versions. */
  readonly stored: { readonly tables: number; readonly logs: number };
  /** What is no damage and still worth a word: a torn tail. */
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

/** Entries of live logs, sorted: a memtable of those who only read. */
class SortedCursor extends Cursor {
  readonly #entries: readonly { readonly key: Bytes; readonly value: Bytes }[];
  #at = 0;
  constructor(entries: readonly { readonly key: Bytes; readonly value: Bytes }[]) {
    super();
    this.#entries = entries;
  }
  seek(target: Bytes | undefined): void {
    const at = target ? this.#entries.findIndex(({ key }) => compareInternal(key, target) >= 0) : 0;
    this.#go(at < 0 ? this.#entries.length : at);
  }
  seekBefore(target: Bytes | undefined): void {
    this.seek(target);
    this.#go((target ? this.#at : this.#entries.length) - 1);
  }
  next(): void {
    this.#go(this.#at + 1);
  }
  previous(): void {
    this.#go(this.#at - 1);
  }
  #go(at: number): void {
    const { place } = this;
    const { key, value } = this.#entries[at] ?? { key: NOTHING, value: NOTHING };
    this.#at = at;
    place.bytes = key;
    place.length = key.length;
    place.valueBytes = value;
    place.valueLength = value.length;
  }
}

const NOTHING = new Uint8Array(0);

interface Opened {
  readonly merged: MergingCursor;
  readonly sequence: number;
  readonly levels: FolderReport['levels'];
  readonly inLogs: number;
  readonly notes: readonly string[];
  readonly problems: string[];
  check(): number;
}

function openFolder(folder: Folder): Opened {
  const content = readFolder(folder);
  const problems = [...content.damage];
  const notes: string[] = [...content.torn];
  let sequence = content.isRepaired ? Number.MAX_SAFE_INTEGER : content.lastSequence;

  const entries: { key: Bytes; value: Bytes }[] = [];
  for (const number of content.logs) {
    const { batches, lost, damage } = readBatches(folder.read(logName(number)) ?? NOTHING, number);
    problems.push(...damage);
    for (const { text, isTail, bytes } of lost)
      (isTail ? notes : problems).push(
        `${logName(number)}: ${text}; ${bytes} bytes are passed over`,
      );
    for (const batch of batches) {
      sequence = Math.max(sequence, batch.sequence + batch.count - 1);
      for (const { key, sequence, type, value } of batch.entries)
        entries.push({ key: internalKey(key, sequence, type), value: value ?? NOTHING });
    }
  }
  entries.sort((a, b) => compareInternal(a.key, b.key));

  // The last table read is held: a cursor asks for one after the other.
  const nameOf = (number: number): string | undefined =>
    [tableName(number), tableName(number).replace(/ldb$/, 'sst')].find((name) =>
      folder.names.includes(name),
    );
  const open = ({ number }: TableFile): Table | undefined => {
    const name = nameOf(number);
    const bytes = name && folder.read(name);
    return bytes ? new Table(bytes) : undefined;
  };
  const missing = new Set<number>();
  for (const files of content.version)
    for (const { number } of files) if (!nameOf(number)) missing.add(number);
  for (const number of missing) problems.push(`${tableName(number)} is live and missing`);
  const there = (files: readonly TableFile[]) => files.filter(({ number }) => !missing.has(number));

  const cursors: Cursor[] = [new SortedCursor(entries)];
  content.version.forEach((files, level) => {
    if (level > 0) cursors.push(new LevelCursor(there(files), open));
    else
      for (const file of [...there(files)].reverse()) {
        const table = open(file);
        if (table) cursors.push(new TableCursor(table));
      }
  });
  return {
    merged: new MergingCursor(cursors),
    sequence,
    levels: content.version.flatMap((files, level) =>
      files.length === 0
        ? []
        : [{ level, tables: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) }],
    ),
    inLogs: entries.length,
    notes,
    problems,
    check() {
      let stored = 0;
      content.version.forEach((files, level) => {
        let before: TableFile | undefined;
        for (const file of there(files)) {
          const table = open(file) as Table;
          const findings: Finding[] = [];
          if (table.bytes.length !== file.size)
            problems.push(
              `${tableName(file.number)} has ${table.bytes.length} bytes; the manifest says ${file.size}`,
            );
          checkTable(table, file, findings);
          problems.push(...findings.map(({ text }) => text));
          if (level > 0 && before && compareUser(before.largest, file.smallest) > 0)
            problems.push(
              `${tableName(before.number)} and ${tableName(file.number)} overlap in level ${level}`,
            );
          for (let block = 0; block < table.blocks; block++)
            stored += table.entriesOf(block).length;
          before = file;
        }
      });
      return stored;
    },
  };
}

export function reportFolder(folder: Folder): FolderReport {
  const opened = openFolder(folder);
  let rows = 0;
  for (const _ of visibleForward(opened.merged, undefined, opened.sequence)) rows++;
  const tables = opened.check();
  return {
    format: 'leveldb',
    pageSize: null,
    pages: null,
    depth: null,
    rows,
    trees: null,
    levels: opened.levels,
    stored: { tables, logs: opened.inLogs },
    notes: opened.notes,
    problems: opened.problems,
  };
}

/** Every live row in the order of keys. */
export function* rowsOfFolder(folder: Folder): Iterable<{ key: Bytes; value: Bytes }> {
  const { merged, sequence } = openFolder(folder);
  for (const { key, value } of visibleForward(merged, undefined, sequence))
    yield { key: key.subarray(0, key.length - 8), value };
}
