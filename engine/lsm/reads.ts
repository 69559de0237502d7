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
import { Finger, type Place } from './block.ts';
import { type Cursor, visibleBackward, visibleForward } from './cursor.ts';
import type { Db } from './db.ts';
import { overlapsRange } from './events.ts';
import { hash } from './filter.ts';
import { LEVELS, type TableFile } from './format.ts';
import {
  compareUser,
  compareUserAt,
  DELETION,
  internalKey,
  isDeletion,
  seekKey,
  sequenceOf,
  setTag,
  TAG_SIZE,
  userKeyOf,
  VALUE,
} from './key.ts';
import type { Table } from './table.ts';
import { copyBytes } from './varint.ts';

type Found = { readonly sequence: number; readonly value: Bytes | undefined };

/** A value; undefined where there is none. `sequence`: of the snapshot to read at. */
export function get(db: Db, user: Bytes, sequence = db.value.lastSequence): Bytes | undefined {
  if (!db.tell) return getUnwatched(db, user, sequence);
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

/** Where a get that nobody watches has its finger, and what it asks for: keys of one length make it once. */
const finger = new Finger();
let asked = new Uint8Array(0);

/** The same walk and the same counters without a word about it, and without an object but the value's view. */
function getUnwatched(db: Db, user: Bytes, sequence: number): Bytes | undefined {
  const { value, counters } = db;
  if (asked.length !== user.length + TAG_SIZE) asked = new Uint8Array(user.length + TAG_SIZE);
  const target = asked;
  copyBytes(target, 0, user, 0, user.length);
  setTag(target, user.length, sequence, VALUE);
  const keyHash = hash(user);
  const isLatest = sequence === value.lastSequence;
  counters.gets++;
  for (let n = 0; n < 2; n++) {
    const number = n === 0 ? value.memtable : value.immutable;
    const list = number === undefined ? undefined : db.list(number);
    if (!list) continue;
    const node = (isLatest ? list.newest(user, keyHash) : undefined) ?? list.seek(target);
    if (node === 0) continue;
    list.place(node, found);
    if (hasUser(found, target)) return valueAt(found);
  }
  let inVain: { level: number; file: TableFile } | undefined;
  let looked = 0;
  const { version } = value;
  const zero = version[0] as readonly TableFile[];
  for (let n = zero.length - 1 + LEVELS; n > 0; n--) {
    // Level 0 from the newest table on, then one table of each level.
    const level = n >= LEVELS ? 0 : LEVELS - n;
    const file =
      level === 0 ? zero[n - LEVELS] : tableFor(version[level] as readonly TableFile[], target);
    if (!file || compareUser(file.smallest, target) > 0 || compareUser(file.largest, target) < 0)
      continue;
    counters.probes++;
    const table = db.table(file.number);
    if (!table) continue;
    if (isLatest && table.locator) {
      const { locator } = table;
      let slot = locator.next(keyHash, locator.first(keyHash));
      if (slot < 0) counters.filterNo++;
      for (; slot >= 0; slot = locator.next(keyHash, slot + 1)) {
        looked++;
        counters.blocksRead++;
        const value = newestIn(table, locator.blockAt(slot), target);
        if (value === null) counters.falsePositives++;
        else {
          if (inVain) charge(db, inVain);
          return value;
        }
      }
    } else {
      const block = table.blockFor(target);
      const says = table.filterSays(block, user, keyHash);
      if (says === 'no') counters.filterNo++;
      else if (block < table.blocks) {
        looked++;
        counters.blocksRead++;
        const value = isLatest
          ? newestIn(table, block, target)
          : table.find(block, target, finger) && hasUser(finger, target)
            ? valueAt(finger)
            : null;
        if (value !== null) {
          if (inVain) charge(db, inVain);
          return value;
        }
        if (says === 'maybe') counters.falsePositives++;
      }
    }
    if (inVain && looked > 0) {
      charge(db, inVain);
      inVain = undefined;
      looked = Number.NEGATIVE_INFINITY;
    } else if (looked >= 0) inVain ??= { level, file };
  }
  return undefined;
}

/** The value of the newest version of a key in a block, undefined for a tombstone; null: it is not there. */
function newestIn(table: Table, block: number, target: Bytes): Bytes | undefined | null {
  const newest = table.block(block).newest(target, found);
  if (newest !== undefined) return newest ? valueAt(found) : null;
  return table.find(block, target, finger) && hasUser(finger, target) ? valueAt(finger) : null;
}

const found: { -readonly [K in keyof Place]: Place[K] } = {
  bytes: new Uint8Array(0),
  from: 0,
  length: 0,
  valueBytes: new Uint8Array(0),
  valueFrom: 0,
  valueLength: 0,
};

const hasUser = ({ bytes, from, length }: Place, target: Bytes): boolean =>
  compareUserAt(bytes, from, length, target, 0, target.length) === 0;

/** Undefined for a tombstone. */
function valueAt({ bytes, from, length, valueBytes, valueFrom, valueLength }: Place) {
  if (bytes[from + length - TAG_SIZE] === DELETION) return undefined;
  return valueBytes.subarray(valueFrom, valueFrom + valueLength);
}

/** The first table of a level from 1 down that does not end before a key. */
function tableFor(files: readonly TableFile[], target: Bytes): TableFile | undefined {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUser((files[middle] as TableFile).largest, target) < 0) low = middle + 1;
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
  const target = seekKey(user);
  for (let level = 1; level < LEVELS; level++) {
    const file = tableFor(version[level] as readonly TableFile[], target);
    if (file && overlapsRange(file, user, user)) yield { level, file };
  }
}

function charge(db: Db, { level, file }: { level: number; file: TableFile }): void {
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
  if (!db.tell && !backward) {
    const rows: Row[] = [];
    eachRow(db, from, to, sequence, (row) => {
      rows.push({ key: userKeyOf(row.key as Bytes), value: row.value });
    });
    return rows;
  }
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

/**
 * A scan forward that nobody watches: `visit` gets each row where it stands, valid until it returns (a
 * view of the value stays). Returns how many rows there were.
 */
export function eachRow(
  db: Db,
  from: Bytes | undefined,
  to: Bytes | undefined,
  sequence: number,
  visit: (row: Cursor) => void,
): number {
  const { merged } = db.sources(from, to);
  const end = to && seekKey(to);
  /** The user key whose versions are passed over, with a tag behind it. */
  let last = new Uint8Array(64);
  let lastLength = 0;
  let rows = 0;
  merged.seek(from && seekKey(from));
  for (let place = merged.place; place; place = merged.place) {
    const { bytes, from, length } = place;
    if (end && compareUserAt(bytes, from, length, end, 0, end.length) > 0) break;
    const tag = from + length - TAG_SIZE;
    const isOther =
      lastLength === 0 || compareUserAt(bytes, from, length, last, 0, lastLength) !== 0;
    if (isOther && sequenceOf(bytes, tag) <= sequence) {
      if (length > last.length) last = new Uint8Array(2 * length);
      copyBytes(last, 0, bytes, from, length);
      lastLength = length;
      if (bytes[tag] !== DELETION) {
        visit(place);
        rows++;
      }
    }
    merged.next();
  }
  return rows;
}
