// A folder of LevelDB as a whole: CURRENT leads to the manifest, the manifest to the live tables, and
// the logs that are not yet in tables follow. Whoever opens a database begins here: recovery, the
// check, and a reader of foreign folders. Nothing here throws; damage is named and the rest is read.

import type { Bytes } from '../base/bytes.ts';
import { type Batch, decodeBatch } from './batch.ts';
import {
  applyEdit,
  COMPARATOR,
  CURRENT,
  decodeEdit,
  EMPTY_VERSION,
  LEVELS,
  logName,
  parseFileName,
  readCurrent,
  type TableFile,
  type Version,
} from './format.ts';
import { type LogDamage, readLog } from './log.ts';
import { Table } from './table.ts';

export interface Folder {
  readonly names: readonly string[];
  /** All bytes of a file; undefined where there is none. */
  read(name: string): Bytes | undefined;
}

export interface ManifestContent {
  readonly version: Version;
  readonly logNumber: number;
  readonly previousLog: number;
  readonly nextFile: number;
  readonly lastSequence: number;
  readonly pointers: readonly (Bytes | undefined)[];
  readonly edits: number;
  readonly damage: readonly string[];
  /** A torn end, as a crash leaves it. */
  readonly torn: readonly string[];
}

/** All edits of a manifest, applied. */
export function readManifest(bytes: Bytes): ManifestContent {
  const { records, damage: torn } = readLog(bytes);
  const damage: string[] = [];
  let version = EMPTY_VERSION;
  const scalars: { [name: string]: number | undefined } = {};
  const pointers: (Bytes | undefined)[] = Array.from({ length: LEVELS }, () => undefined);
  let edits = 0;
  for (const { data, offset } of records) {
    const { edit, damage: wrong } = decodeEdit(data);
    if (wrong) {
      damage.push(`the manifest's record at ${offset}: ${wrong}`);
      continue;
    }
    if (edit.comparator !== undefined && edit.comparator !== COMPARATOR)
      damage.push(
        `the database is ordered by ${JSON.stringify(edit.comparator)}; expected ${COMPARATOR}`,
      );
    for (const name of ['logNumber', 'previousLog', 'nextFile', 'lastSequence'] as const)
      if (edit[name] !== undefined) scalars[name] = edit[name];
    for (const { level, key } of edit.pointers ?? []) pointers[level] = key;
    version = applyEdit(version, edit);
    edits++;
  }
  // A torn record at the very end is a version that was never installed: no damage.
  for (const { isTail, text } of torn) if (!isTail) damage.push(`the manifest: ${text}`);
  for (const [name, what] of [
    ['logNumber', 'a log number'],
    ['nextFile', 'a next file number'],
    ['lastSequence', 'a last sequence'],
  ] as const)
    if (scalars[name] === undefined) damage.push(`the manifest never says ${what}`);
  return {
    version,
    logNumber: scalars.logNumber ?? 0,
    previousLog: scalars.previousLog ?? 0,
    nextFile: scalars.nextFile ?? 0,
    lastSequence: scalars.lastSequence ?? 0,
    pointers,
    edits,
    damage,
    torn: torn.filter(({ isTail }) => isTail).map(({ text }) => `the manifest: ${text}`),
  };
}

export interface ReplayedLog {
  readonly number: number;
  readonly batches: readonly Batch[];
  /** What could not be read: a torn tail, or damage. */
  readonly lost: readonly LogDamage[];
  readonly damage: readonly string[];
}

/** A log's batches. A torn tail is what a crash leaves; anything else is damage. */
export function readBatches(bytes: Bytes, number: number): ReplayedLog {
  const { records, damage: lost } = readLog(bytes);
  const damage: string[] = [];
  const batches: Batch[] = [];
  for (const { data, offset } of records) {
    const batch = decodeBatch(data);
    if (batch.damage) damage.push(`${logName(number)}, record at ${offset}: ${batch.damage}`);
    else batches.push(batch);
  }
  return { number, batches, lost, damage };
}

export interface FolderContent extends ManifestContent {
  readonly manifest: number;
  readonly manifestName: string | undefined;
  /** Numbers of the logs to be replayed, the oldest first. */
  readonly logs: readonly number[];
  /** The folder had to be read without a manifest, from whatever tables and logs there are. */
  readonly isRepaired: boolean;
}

/** Whether so-named files are a LevelDB folder at all. */
export const looksLikeFolder = (names: readonly string[]): boolean =>
  names.includes(CURRENT) ||
  names.some((name) => ['manifest', 'table'].includes(parseFileName(name).kind));

export function readFolder(folder: Folder): FolderContent {
  const damage: string[] = [];
  const numbersOf = (kind: string): number[] =>
    folder.names
      .map(parseFileName)
      .filter((name) => name.kind === kind)
      .map(({ number }) => number)
      .sort((a, b) => a - b);
  const current = folder.read(CURRENT);
  const named = current ? readCurrent(current) : { damage: 'there is no CURRENT' };
  let name: string | undefined;
  if ('manifest' in named) name = named.manifest;
  else damage.push(named.damage);
  const bytes = name === undefined ? undefined : folder.read(name);
  if (name !== undefined && !bytes) damage.push(`CURRENT names ${name}, and there is no such file`);
  const content = bytes && readManifest(bytes);
  if (content && content.edits > 0) {
    const { logNumber, previousLog } = content;
    return {
      ...content,
      damage: [...damage, ...content.damage],
      manifest: parseFileName(name as string).number,
      manifestName: name,
      logs: numbersOf('log').filter(
        (n) => n >= logNumber || (previousLog > 0 && n === previousLog),
      ),
      isRepaired: false,
    };
  }
  if (content) damage.push(`${name} has no record that can be read`, ...content.damage);
  // Without a manifest: every table counts as one of level 0, every log as live.
  const files: TableFile[] = [];
  for (const found of folder.names) {
    const { kind, number } = parseFileName(found);
    if (kind !== 'table') continue;
    const content = folder.read(found);
    if (!content) {
      damage.push(`${found} cannot be read`);
      continue;
    }
    const table = new Table(content);
    let smallest: Bytes | undefined;
    let largest: Bytes | undefined;
    for (const { key } of table.all()) {
      smallest ??= key;
      largest = key;
    }
    if (smallest && largest) files.push({ number, size: content.length, smallest, largest });
    else damage.push(`${found} has no entry that can be read`);
  }
  files.sort((a, b) => a.number - b.number);
  const logs = numbersOf('log');
  return {
    version: EMPTY_VERSION.map((none, level) => (level === 0 ? files : none)),
    logNumber: 0,
    previousLog: 0,
    nextFile: 1 + Math.max(0, ...logs, ...files.map(({ number }) => number)),
    lastSequence: Number.MAX_SAFE_INTEGER,
    pointers: Array.from({ length: LEVELS }, () => undefined),
    edits: 0,
    damage,
    torn: [],
    manifest: 0,
    manifestName: undefined,
    logs,
    isRepaired: true,
  };
}
