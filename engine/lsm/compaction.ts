// Compaction: what is merged, when, and what may be left out.
//
// Four strategies, each with its own picking rule. Whatever they do, the real LevelDB must read it: it
// searches level 0 from the highest number down and stops at the first hit, then one table a level. So
//
//   newer data have a higher number within level 0;
//   no entry of level n is newer than one of the same key in level n-1;
//   from level 1 down the tables of a level do not overlap.
//
// leveled        a level that is too big gives one table (level 0: all that overlap) to the next, where
//                it is merged with the tables that it overlaps. Level 0 counts tables, others bytes.
// tiered         a run is a table of level 0. So many runs of one tier, next to each other in age, become
//                one run. Tier t has runs of about memtable × ratio^t bytes.
// lazy-leveled   tiers above, and the last level (level 1 here) one sorted run of many tables: runs go
//                there once together they are a fair part of it.
// fifo           nothing is merged; the oldest table goes.
//
// A merged run must have a number between those of its neighbours in age. Files cannot be renumbered,
// so each flush leaves RESERVED numbers free behind its own, and a merge takes the next of those
// behind the newest of its inputs:
//
//   runs   4   13   22   31          merge of 4, 13 and 22 ─▶ 23, which is less than 31
//
// A merge leaves out a version that a newer one shadows for every reader there is, and a tombstone
// under which nothing older can lie any more.

import { type Bytes, equalBytes } from '../base/bytes.ts';
import { type Cursor, LevelCursor, MergingCursor, TableCursor } from './cursor.ts';
import type { Db } from './db.ts';
import { type Job, type LsmEvent, overlapsRange, type PickReason } from './events.ts';
import { bytesOfLevel, LEVELS, type TableFile, tableName } from './format.ts';
import {
  compareInternal,
  compareUser,
  compareUserAt,
  DELETION,
  sequenceOf,
  TAG_SIZE,
  userKeyOf,
} from './key.ts';
import { copyBytes } from './varint.ts';

export interface Pick {
  readonly why: PickReason;
  readonly level: number;
  readonly target: number;
  readonly inputs: readonly TableFile[];
  /** Tables of the levels between, where more than two are merged at once. */
  readonly between?: readonly { readonly level: number; readonly files: readonly TableFile[] }[];
  /** Tables of the target level that are merged with them. */
  readonly overlaps: readonly TableFile[];
  /** See the event. */
  readonly score: number;
  readonly widened: boolean;
  /** The run that comes of it has this number; absent: tables of the target level, numbered as they come. */
  readonly run?: number;
  readonly pointer?: Bytes;
}

/** Numbers kept free behind each flush of a strategy that merges within level 0. */
export const RESERVED = 8;
/** More moments than this many entries a merge does not show key by key. */
const SHOWN_ENTRIES = 400;

type MergeEvent = Extract<LsmEvent, { kind: 'merge' }>;

/** Runs compactions until none is due. */
export function compactAsDue(db: Db): void {
  if (db.options.strategy === 'fifo') {
    dropOldest(db);
    return;
  }
  for (let pick = pickDue(db); pick; pick = pickDue(db)) compact(db, pick);
}

// ── Picking ─────────────────────────────────────────────────────────────────────────────────────

export function pickDue(db: Db): Pick | undefined {
  switch (db.options.strategy) {
    case 'leveled':
      return pickLeveled(db);
    case 'tiered':
    case 'lazy-leveled':
      return pickRuns(db);
    default:
      return undefined;
  }
}

/** Bytes that a level from 1 down may have. */
export const limitOf = (options: Db['options'], level: number): number =>
  options.level1Size * options.levelRatio ** (level - 1);

/** How far a level is over what it may hold; 1 is full. The last level is never too full. */
export function scoreOf(db: Db, level: number): number {
  const files = db.value.version[level] as readonly TableFile[];
  return level === 0
    ? files.length / db.options.level0Trigger
    : bytesOfLevel(files) / limitOf(db.options, level);
}

function pickLeveled(db: Db): Pick | undefined {
  let level = -1;
  let best = 1;
  for (let at = 0; at < LEVELS - 1; at++) {
    const score = scoreOf(db, at);
    if (score >= best && (level < 0 || score > best)) {
      level = at;
      best = score;
    }
  }
  const { version, pointers, seekFile } = db.value;
  if (level >= 0) {
    const files = version[level] as readonly TableFile[];
    const pointer = pointers[level];
    // Round robin over the key range: the first table behind where the last compaction ended.
    const first =
      (pointer && files.find(({ largest }) => compareInternal(largest, pointer) > 0)) ??
      (files[0] as TableFile);
    return completed(db, 'size', level, [first], Math.round(100 * best));
  }
  if (seekFile) {
    const file = version[seekFile.level]?.find(({ number }) => number === seekFile.number);
    db.value.seekFile = undefined;
    if (file && seekFile.level < LEVELS - 1)
      return completed(db, 'seeks', seekFile.level, [file], 0);
  }
  return undefined;
}

function rangeOf(files: readonly TableFile[]): { from: Bytes; to: Bytes } {
  let [from, to] = [(files[0] as TableFile).smallest, (files[0] as TableFile).largest];
  for (const { smallest, largest } of files) {
    if (compareUser(smallest, from) < 0) from = smallest;
    if (compareUser(largest, to) > 0) to = largest;
  }
  return { from: userKeyOf(from), to: userKeyOf(to) };
}

/** Tables of a level in a range of user keys; in level 0, where they overlap, also those that overlap these. */
function overlapping(db: Db, level: number, seed: readonly TableFile[]): TableFile[] {
  const files = db.value.version[level] as readonly TableFile[];
  let { from, to } = rangeOf(seed);
  for (;;) {
    const found = files.filter((file) => overlapsRange(file, from, to));
    if (level > 0 || found.length === 0) return found;
    const wider = rangeOf(found);
    if (equalBytes(wider.from, from) && equalBytes(wider.to, to)) return found;
    ({ from, to } = wider);
  }
}

/**
 * Adds to the chosen tables all that must go with them. (LevelDB also adds "boundary files", where the
 * versions of one key run on into the next table; a compaction here never parts them.)
 */
function completed(
  db: Db,
  why: PickReason,
  level: number,
  seed: readonly TableFile[],
  score: number,
): Pick {
  const { options } = db;
  const target = level + 1;
  if (options.sabotage.has('lonely-pick')) {
    // The planted bug: the neighbours that overlap are left where they are.
    const [only] = seed as [TableFile];
    return {
      why,
      level,
      target,
      inputs: [only],
      overlaps: [],
      score,
      widened: false,
      pointer: only.largest,
    };
  }
  let inputs: readonly TableFile[] = level === 0 ? overlapping(db, 0, seed) : seed;
  let overlaps: readonly TableFile[] = overlapping(db, target, inputs);
  let widened = false;
  if (overlaps.length > 0) {
    // Take more of this level where that costs no further table of the next one.
    const wider = overlapping(db, level, [...inputs, ...overlaps]);
    const bytes = bytesOfLevel(wider) + bytesOfLevel(overlaps);
    if (wider.length > inputs.length && bytes < 25 * options.tableSize) {
      const below = overlapping(db, target, wider);
      if (below.length === overlaps.length) {
        inputs = wider;
        overlaps = below;
        widened = true;
      }
    }
  }
  const last = inputs.reduce((a, b) => (compareInternal(a.largest, b.largest) > 0 ? a : b));
  return { why, level, target, inputs, overlaps, score, widened, pointer: last.largest };
}

/** The tier of a run: 0 for a flush, one more for each factor of `ratio`. */
export function tierOf(size: number, memtableSize: number, ratio: number): number {
  let tier = 0;
  // A table is smaller than the memtable that it was: half of it still counts as a flush.
  for (let most = memtableSize * Math.sqrt(ratio); size >= most; most *= ratio) tier++;
  return tier;
}

function pickRuns(db: Db): Pick | undefined {
  const { options, value } = db;
  const runs = value.version[0] as readonly TableFile[];
  const ratio = options.levelRatio;
  const isLazy = options.strategy === 'lazy-leveled';
  // From the oldest run on: neighbours in age of one tier, or of a smaller one between such.
  for (let from = 0; from < runs.length; from++) {
    const tier = tierOf((runs[from] as TableFile).size, options.memtableSize, ratio);
    let to = from;
    while (
      to < runs.length &&
      tierOf((runs[to] as TableFile).size, options.memtableSize, ratio) <= tier
    )
      to++;
    const group = runs.slice(from, to);
    const ofTier = group.filter(
      ({ size }) => tierOf(size, options.memtableSize, ratio) === tier,
    ).length;
    if (ofTier < ratio) continue;
    // Up to the last of the tier: smaller, newer runs behind it stay for their own time.
    const lastOfTier = group.findLastIndex(
      ({ size }) => tierOf(size, options.memtableSize, ratio) === tier,
    );
    const inputs = group.slice(0, lastOfTier + 1);
    if (isLazy && from === 0) {
      const last = value.version[1] as readonly TableFile[];
      // Tiers above hold up to 1/ratio of the last level; what is more belongs into it.
      if (bytesOfLevel(inputs) * ratio >= bytesOfLevel(last))
        return intoLast(db, 'last', inputs, ofTier);
    }
    return asRun(db, 'runs', inputs, ofTier);
  }
  return undefined;
}

/** The oldest runs, merged with what the last level has of their range. */
function intoLast(db: Db, why: PickReason, inputs: readonly TableFile[], score: number): Pick {
  const overlaps = db.options.sabotage.has('lonely-pick') ? [] : overlapping(db, 1, inputs);
  return { why, level: 0, target: 1, inputs, overlaps, score, widened: false };
}

/** Neighbours in age become one run, whose number stays between those of its neighbours. */
function asRun(db: Db, why: PickReason, inputs: readonly TableFile[], score: number): Pick {
  const runs = db.value.version[0] as readonly TableFile[];
  let chosen = inputs;
  if (db.options.sabotage.has('lonely-pick') && inputs.length > 2) {
    // The planted bug: a run between the others is left behind, so its age is no longer its place.
    chosen = [...inputs.slice(0, 1), ...inputs.slice(2)];
  }
  const newest = chosen.at(-1) as TableFile;
  const after = runs[runs.indexOf(newest) + 1];
  const next = newest.number + 1;
  if (after === undefined || (next < after.number && isFree(db, next)))
    return {
      why,
      level: 0,
      target: 0,
      inputs: chosen,
      overlaps: [],
      score,
      widened: false,
      ...(after === undefined && !isFree(db, next) ? { run: db.newTableNumber() } : { run: next }),
    };
  // No number is left between: merge up to the newest run of all, whose successor may have any.
  const all = runs.slice(runs.indexOf(chosen[0] as TableFile));
  return {
    why,
    level: 0,
    target: 0,
    inputs: all,
    overlaps: [],
    score,
    widened: true,
    run: db.newTableNumber(),
  };
}

/** Reserved and not yet used: below the counter, and no file has it. */
function isFree(db: Db, number: number): boolean {
  const { value, disk } = db;
  return (
    number < value.nextFile &&
    number !== value.memtable &&
    number !== value.immutable &&
    number !== value.manifest &&
    !disk.has(tableName(number))
  );
}

/** `compact A..Z`: one step of it; undefined when the range is as compact as it gets. */
export function pickManual(
  db: Db,
  from: Bytes | undefined,
  to: Bytes | undefined,
  level: number,
): Pick | undefined {
  const inRange = (at: number): TableFile[] =>
    (db.value.version[at] as readonly TableFile[]).filter((file) => overlapsRange(file, from, to));
  const runs = db.value.version[0] as readonly TableFile[];
  const strategy = db.options.strategy;
  if (strategy === 'tiered' || strategy === 'lazy-leveled') {
    const touched = inRange(0);
    const [first] = touched;
    if (level > 0 || !first) return undefined;
    if (strategy === 'lazy-leveled')
      return intoLast(
        db,
        'manual',
        runs.slice(0, runs.indexOf(touched.at(-1) as TableFile) + 1),
        0,
      );
    if (touched.length < 2) return undefined;
    const last = touched.at(-1) as TableFile;
    return asRun(db, 'manual', runs.slice(runs.indexOf(first), runs.indexOf(last) + 1), 0);
  }
  if (strategy === 'fifo') return undefined;
  const inputs = inRange(level);
  return inputs.length === 0 ? undefined : completed(db, 'manual', level, inputs, 0);
}

/** The deepest level that has a table in a range; a compaction by hand goes that far. */
export function deepestIn(db: Db, from: Bytes | undefined, to: Bytes | undefined): number {
  for (let level = LEVELS - 1; level > 0; level--)
    if (db.value.version[level]?.some((file) => overlapsRange(file, from, to))) return level;
  return 0;
}

// ── Merging ─────────────────────────────────────────────────────────────────────────────────────

export function compact(db: Db, pick: Pick): void {
  const { value, options, counters } = db;
  const { level, target, inputs, overlaps, between = [] } = pick;
  const isRun = pick.run !== undefined;
  const all = [...inputs, ...between.flatMap(({ files }) => files), ...overlaps];
  db.tell?.({
    kind: 'pick',
    why: pick.why,
    level,
    target,
    inputs: inputs.map(({ number }) => number),
    overlaps: overlaps.map(({ number }) => number),
    score: pick.score,
    bytes: bytesOfLevel(all),
    widened: pick.widened,
  });
  const pointers = pick.pointer ? { pointers: [{ level, key: pick.pointer }] } : {};
  const removed = [
    ...inputs.map(({ number }) => ({ level, number })),
    ...between.flatMap(({ level, files }) => files.map(({ number }) => ({ level, number }))),
    ...overlaps.map(({ number }) => ({ level: target, number })),
  ];

  const [only] = inputs;
  const below = (file: TableFile): readonly TableFile[] =>
    (value.version[target + 1] ?? []).filter((other) =>
      overlapsRange(other, userKeyOf(file.smallest), userKeyOf(file.largest)),
    );
  if (
    !isRun &&
    only &&
    all.length === 1 &&
    (options.strategy !== 'leveled' || bytesOfLevel(below(only)) <= 10 * options.tableSize) &&
    !options.sabotage.has('lonely-pick')
  ) {
    counters.moves++;
    db.tell?.({ kind: 'moved', table: only.number, level, target });
    db.install({ ...pointers, removed, added: [{ level: target, file: only }] }, 'move');
    return;
  }

  // Who is alone asks for no progress.
  const entries = options.alone
    ? 0
    : all.reduce((sum, file) => sum + (db.table(file.number)?.count() ?? 0), 0);
  const job: Job = {
    kind: 'compaction',
    why: pick.why,
    level,
    target,
    inputs: inputs.map(({ number }) => number),
    overlaps: overlaps.map(({ number }) => number),
    outputs: [],
    entries,
    done: 0,
  };
  value.job = job;
  counters.compactions++;
  counters.mergedBytes += bytesOfLevel(all);
  const outputs = merge(db, pick, !options.alone && entries <= SHOWN_ENTRIES);
  counters.compactedBytes += bytesOfLevel(outputs);
  db.install(
    { ...pointers, removed, added: outputs.map((file) => ({ level: target, file })) },
    'compaction',
    outputs,
  );
  value.job = undefined;
  const obsolete = all.map(({ number }) => tableName(number));
  db.remove(obsolete);
  db.tell?.({ kind: 'obsolete', files: obsolete });
}

function merge(db: Db, pick: Pick, isShown: boolean): TableFile[] {
  const { value, options } = db;
  const oldestReader = value.snapshots.reduce(
    (least, { sequence }) => Math.min(least, sequence),
    value.lastSequence,
  );
  const cursor = new MergingCursor([
    ...sourcesOf(db, pick.level, pick.inputs),
    ...(pick.between ?? []).flatMap(({ level, files }) => sourcesOf(db, level, files)),
    ...sourcesOf(db, pick.target, pick.overlaps),
  ]);
  const guard = guardOf(db, pick);
  const outputs: TableFile[] = [];
  const { output } = db;
  let isOpen = false;
  let done = 0;
  let grandparents = 0;
  let grandparentBytes = 0;
  const belowTarget = pick.run === undefined ? (value.version[pick.target + 1] ?? []) : [];

  const close = (): void => {
    if (isOpen) outputs.push(output.finish());
    isOpen = false;
    grandparentBytes = 0;
  };

  // Of the user key that is being merged: the key with a tag behind it, and what became of its versions.
  let user = new Uint8Array(64);
  let userLength = 0;
  let newer = Number.POSITIVE_INFINITY;
  let kept: MergeEvent['kept'][number][] = [];
  let dropped: MergeEvent['dropped'][number][] = [];
  let guarded: MergeEvent['guarded'];
  let snapshot: number | undefined;

  const tellMerged = (): void => {
    if (!isShown || userLength === 0) return;
    const key = user.slice(0, userLength - TAG_SIZE);
    advance(db, done, key);
    db.tell?.({
      kind: 'merge',
      key,
      kept,
      dropped,
      ...(guarded && { guarded }),
      ...(snapshot !== undefined && { snapshot }),
    });
  };

  cursor.seek(undefined);
  for (let place = cursor.place; place; place = cursor.place) {
    const { bytes, from, length } = place;
    if (userLength === 0 || compareUserAt(bytes, from, length, user, 0, userLength) !== 0) {
      tellMerged();
      if (length > user.length) user = new Uint8Array(2 * length);
      copyBytes(user, 0, bytes, from, length);
      userLength = length;
      newer = Number.POSITIVE_INFINITY;
      guarded = undefined;
      snapshot = undefined;
      if (isShown) {
        kept = [];
        dropped = [];
      }
      // A table is closed between keys, so that the versions of one key stay together.
      if (isOpen && pick.run === undefined) {
        for (let file = belowTarget[grandparents]; file; file = belowTarget[++grandparents]) {
          const { largest } = file;
          if (compareUserAt(bytes, from, length, largest, 0, largest.length) <= 0) break;
          grandparentBytes += file.size;
        }
        if (output.size >= options.tableSize || grandparentBytes > 10 * options.tableSize) close();
      }
    }
    const sequence = sequenceOf(bytes, from + length - TAG_SIZE);
    const isPut = bytes[from + length - TAG_SIZE] !== DELETION;
    done++;
    let why: 'shadowed' | 'tombstone' | undefined;
    if (newer <= oldestReader) why = 'shadowed';
    else if (!isPut) {
      if (sequence > oldestReader) snapshot = oldestReader;
      else {
        guarded = guard(user.slice(0, userLength - TAG_SIZE));
        if (!guarded || options.sabotage.has('early-tombstone')) why = 'tombstone';
      }
    }
    // An old version that only a snapshot may still see.
    if (why === undefined && newer !== Number.POSITIVE_INFINITY) snapshot = oldestReader;
    newer = sequence;
    if (why) {
      if (isShown) dropped.push({ sequence, isPut, why, bytes: length + place.valueLength });
    } else {
      if (isShown) kept.push({ sequence, isPut });
      if (!isOpen) output.begin(pick.target, 'compaction', pick.run ?? db.newNumber());
      isOpen = true;
      output.add(place);
      if (output.isAtBlock && !isShown) advance(db, done, user.slice(0, userLength - TAG_SIZE));
    }
    cursor.next();
  }
  tellMerged();
  close();
  return outputs;
}

/** One source for all tables of a level that follow each other, else one for each. */
function sourcesOf(db: Db, level: number, files: readonly TableFile[]): Cursor[] {
  const isRow =
    level > 0 &&
    files.every(({ smallest }, n) => {
      const before = files[n - 1];
      return !before || compareInternal(before.largest, smallest) < 0;
    });
  if (isRow) return [new LevelCursor(files, ({ number }) => db.table(number))];
  return files.flatMap(({ number }) => {
    const table = db.table(number);
    return table ? [new TableCursor(table)] : [];
  });
}

function advance(db: Db, done: number, cursor: Bytes): void {
  if (db.value.job) db.value.job = { ...db.value.job, done, cursor };
}

/** Which table may still hold something older than the inputs under a key: a tombstone must stay for it. */
function guardOf(
  db: Db,
  pick: Pick,
): (user: Bytes) => { level: number; table: number } | undefined {
  const { version } = db.value;
  const inputs = new Set([...pick.inputs, ...pick.overlaps].map(({ number }) => number));
  const oldest = Math.min(...pick.inputs.map(({ number }) => number));
  const older: { level: number; file: TableFile }[] = version.flatMap((files, level) =>
    files
      .filter(
        ({ number }) =>
          !inputs.has(number) &&
          // Of level 0 what is older than the inputs; of the target and above nothing else has the key.
          (level === 0 ? pick.level === 0 && number < oldest : level > pick.target),
      )
      .map((file) => ({ level, file })),
  );
  return (user) => {
    const found = older.find(({ file }) => overlapsRange(file, user, user));
    return found && { level: found.level, table: found.file.number };
  };
}

// ── FIFO ────────────────────────────────────────────────────────────────────────────────────────

/** The oldest tables go while there are too many bytes, or when they are too old. */
function dropOldest(db: Db): void {
  const { options, value } = db;
  for (;;) {
    const runs = value.version[0] as readonly TableFile[];
    const bytes = bytesOfLevel(runs);
    const [oldest] = runs;
    if (!oldest) return;
    const born = value.created[oldest.number] ?? value.time;
    const why =
      options.fifoTtl > 0 && value.time - born > options.fifoTtl
        ? 'ttl'
        : options.fifoBytes > 0 && bytes > options.fifoBytes
          ? 'bytes'
          : undefined;
    if (!why) return;
    const table = db.table(oldest.number);
    let last = value.dropped;
    if (table) for (const { key } of table.all()) last = Math.max(last, sequenceOf(key));
    db.tell?.({
      kind: 'drop',
      tables: [oldest.number],
      why,
      bytes: oldest.size,
      left: runs.length - 1,
    });
    value.dropped = last;
    db.install({ removed: [{ level: 0, number: oldest.number }] }, 'drop');
    const files = [tableName(oldest.number)];
    db.remove(files);
    db.tell?.({ kind: 'obsolete', files });
  }
}
