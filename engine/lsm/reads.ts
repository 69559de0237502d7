// Reading: where a key is looked for, in which order, and what saves a look.
//
//   memtable ─▶ immutable ─▶ level 0, newest first ─▶ level 1 ─▶ … ─▶ level 6
//                            every table whose range    the one table that can have it
//                            covers the key
//
// The first hit is the answer, a value or a tombstone: whatever is deeper is older. Before a block of a
// table is read its Bloom filter is asked; "no" is certain and saves the read.
//
// A table that is looked at in vain while the answer lies in another pays with one of its allowed
// seeks; when none is left it is due for a compaction, which will save such looks.

import { type Bytes, compareBytes } from '../base/bytes.ts';
import { visibleBackward, visibleForward } from './cursor.ts';
import type { Db } from './db.ts';
import { overlapsRange } from './events.ts';
import { LEVELS, type TableFile } from './format.ts';
import {
  compareUser,
  compareUserAt,
  internalKey,
  isDeletion,
  sequenceOf,
  TAG_SIZE,
  VALUE,
} from './key.ts';

type Found = { readonly sequence: number; readonly value: Bytes | undefined };

/** A value; undefined where there is none. `sequence`: of the snapshot to read at. */
export function get(db: Db, user: Bytes, sequence = db.value.lastSequence): Bytes | undefined {
  const { value, counters } = db;
  const target = internalKey(user, sequence, VALUE);
  let probed = 0;
  let blocks = 0;
  let filtered = 0;
  counters.gets++;

  const finish = (found: Found | undefined): Bytes | undefined => {
    if (found?.value)
      db.tell?.({
        kind: 'found',
        key: user,
        sequence: found.sequence,
        bytes: found.value.length,
        probed,
        blocks,
      });
    else
      db.tell?.({
        kind: 'absent',
        key: user,
        probed,
        blocks,
        filtered,
        isDeleted: found !== undefined,
      });
    return found?.value;
  };

  for (const [number, where] of [
    [value.memtable, 'memtable'],
    [value.immutable, 'immutable'],
  ] as const) {
    const list = number === undefined ? undefined : db.list(number);
    if (!list || list.entries === 0) continue;
    const at = list.seek(target);
    const { compared } = list;
    const node = at === 0 ? undefined : list.node(at);
    const hit = node && compareUser(node.key, target) === 0 ? node : undefined;
    const outcome = !hit ? 'missing' : isDeletion(hit.key) ? 'deleted' : 'found';
    db.tell?.({ kind: 'probe', key: user, where, outcome, compared });
    if (hit)
      return finish({
        sequence: sequenceOf(hit.key),
        value: outcome === 'found' ? hit.value.slice() : undefined,
      });
  }

  let inVain: { level: number; file: TableFile } | undefined;
  let looked = 0;
  for (const { level, file } of candidates(db, user)) {
    probed++;
    counters.probes++;
    const table = db.table(file.number);
    const probe = { kind: 'probe', key: user, where: 'table', table: file.number, level } as const;
    if (!table) {
      db.tell?.({ ...probe, outcome: 'damaged', compared: 0 });
      continue;
    }
    const block = table.blockFor(target);
    const says = table.filterSays(block, user);
    if (block >= table.blocks || says === 'no') {
      if (says === 'no') {
        filtered++;
        counters.filterNo++;
      }
      db.tell?.({ ...probe, block, outcome: says === 'no' ? 'filtered' : 'missing', compared: 0 });
    } else {
      const { entry, compared } = table.seek(block, target);
      blocks++;
      looked++;
      counters.blocksRead++;
      const hit = entry && compareUser(entry.key, target) === 0 ? entry : undefined;
      if (!hit && says === 'maybe') counters.falsePositives++;
      const outcome = !hit
        ? table.damageOf(block)
          ? 'damaged'
          : 'missing'
        : isDeletion(hit.key)
          ? 'deleted'
          : 'found';
      db.tell?.({
        ...probe,
        block,
        outcome,
        compared,
        ...(!hit && says === 'maybe' && { falsePositive: true }),
      });
      if (hit) {
        if (inVain) charge(db, inVain);
        return finish({
          sequence: sequenceOf(hit.key),
          value: outcome === 'found' ? hit.value : undefined,
        });
      }
    }
    // LevelDB charges the first table of those that did not have it, as soon as there is a second.
    if (inVain && looked > 0) {
      charge(db, inVain);
      inVain = undefined;
      looked = Number.NEGATIVE_INFINITY;
    } else if (looked >= 0) inVain ??= { level, file };
  }
  return finish(undefined);
}

/** The first table of a level from 1 down that does not end before a user key. */
export function tableFor(files: readonly TableFile[], user: Bytes): TableFile | undefined {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { largest } = files[middle] as TableFile;
    if (compareUserAt(largest, 0, largest.length, user, 0, user.length + TAG_SIZE) < 0)
      low = middle + 1;
    else high = middle;
  }
  return files[low];
}

/** The tables that can have a user key, in the order in which they are asked. */
export function* candidates(db: Db, user: Bytes): Iterable<{ level: number; file: TableFile }> {
  const { version } = db.value;
  const zero = version[0] as readonly TableFile[];
  for (let i = zero.length - 1; i >= 0; i--) {
    const file = zero[i] as TableFile;
    if (overlapsRange(file, user, user)) yield { level: 0, file };
  }
  for (let level = 1; level < LEVELS; level++) {
    const file = tableFor(version[level] as readonly TableFile[], user);
    if (file && overlapsRange(file, user, user)) yield { level, file };
  }
}

export function charge(db: Db, { level, file }: { level: number; file: TableFile }): void {
  const { value, options } = db;
  if (options.strategy !== 'leveled' || value.readOnly || level === LEVELS - 1) return;
  if (options.allowedSeeks === Number.POSITIVE_INFINITY) return;
  const left = (value.seeks[file.number] ?? options.allowedSeeks) - 1;
  value.seeks = { ...value.seeks, [file.number]: left };
  if (left <= 0) value.seekFile ??= { level, number: file.number };
}

export interface Row {
  readonly key: Bytes;
  readonly value: Bytes;
}

/** So many rows of a scan are a moment each; of more, every so-manieth. */
const SHOWN_ROWS = 64;

/** Rows from `from` to `to`, both included, in either direction, as a reader at a sequence sees them. */
export function scan(
  db: Db,
  from: Bytes | undefined,
  to: Bytes | undefined,
  backward: boolean,
  sequence = db.value.lastSequence,
): Row[] {
  const { merged, where } = db.sources(from, to);
  db.tell?.({ kind: 'scanning', sources: where.length, backward });
  const rows: Row[] = [];
  let passedAll = 0;
  const visible = backward
    ? visibleBackward(merged, to, sequence)
    : visibleForward(merged, from, sequence);
  for (const { key, value, passed, source } of visible) {
    const user = key.slice(0, key.length - 8);
    const end = backward ? from : to;
    if (end) {
      const order = compareBytes(user, end);
      if (backward ? order < 0 : order > 0) break;
    }
    rows.push({ key: user, value: value.slice() });
    passedAll += passed;
    if (db.tell && (rows.length <= SHOWN_ROWS || rows.length % SHOWN_ROWS === 0)) {
      const place = where[source];
      const table = place?.table;
      db.tell({
        kind: 'row',
        key: user,
        rows: rows.length,
        passed,
        where: place?.kind ?? 'memtable',
        ...(table !== undefined && { table }),
      });
    }
  }
  db.tell?.({ kind: 'scanned', rows: rows.length, passed: passedAll });
  return rows;
}
