// The B-Tree lab: binds engine/btree to the one Lab interface. A state is the disk (the database, its
// write-ahead log, and what is in memory), a small value, and what commits promised; a command opens
// them, works, and seals them again.
//
//   put KEY VALUE ─▶ BTree.put ─▶ pages in the cache ─▶ commit ─▶ frames in the log, synced
//                        │ tell(event)                                   │
//                        ▼                                checkpoint ─▶ pages in the database
//                     note(event, state): a moment
//
// A power cut is real here: Disk forgets what was not synced, and the lab recovers from what is left.

import { assert, Complaint } from '../base/assert.ts';
import { equalBytes, hexOf } from '../base/bytes.ts';
import { checkDatabase } from '../btree/check.ts';
import {
  type BTreeEvent,
  type BTreeValue,
  committedPage,
  FILES,
  type Key,
  pageCount,
  pageOf,
} from '../btree/events.ts';
import { AT, readHeader } from '../btree/header.ts';
import { keyOfRecord } from '../btree/key-lens.ts';
import { type Load, loadPart, vacuum } from '../btree/load.ts';
import { Pager, ROOT } from '../btree/pager.ts';
import { keyedRecord, readRecord, recordOf, type Value } from '../btree/record.ts';
import { BTree, type Policy } from '../btree/tree.ts';
import { FRAME_HEADER, frameOffset } from '../btree/wal-lens.ts';
import { Disk, PowerCut } from '../disk/disk.ts';
import { bytesOfContent, chunkOf, type DiskImage, fileNamed, weightBeside } from '../disk/image.ts';
import { powerCut } from '../disk/power.ts';
import type { Engine, ForeignSource, Note, Part, Problem, Setup } from '../run/lab.ts';
import {
  type Command,
  type Crash,
  hasTextKeys,
  type LoadRows,
  parse,
  print,
} from './btree-commands.ts';
import {
  acknowledged,
  atomicityProblems,
  durabilityProblems,
  type Ledger,
  ledgerOf,
  nextMark,
  recovered,
} from './btree-ledger.ts';
import { bulkKey, bulkText, bulkValue } from './bulk.ts';
import { cutBy } from './crash.ts';

export type { Command };

export interface BTreeState {
  readonly disk: DiskImage;
  readonly value: BTreeValue;
  /** For the referees only: no page sees it. */
  readonly ledger: Ledger;
}

// ── Running them ────────────────────────────────────────────────────────────────────────────────

type BTreeNote = Note<BTreeState, BTreeEvent> | undefined;

function policyOf(setup: Setup): Policy {
  return {
    maxCells: setup.settings['max-cells'] as number,
    mergeBelow: setup.settings['merge-below'] as number,
    split: setup.settings.split as Policy['split'],
    sabotage: setup.sabotage,
  };
}

/** A state, opened for one part of a command. */
class Session {
  readonly pager: Pager;
  readonly tree: BTree;
  readonly disk: Disk;
  readonly tell: ((event: BTreeEvent) => void) | undefined;
  readonly #value: BTreeValue;
  readonly #note: BTreeNote;
  readonly isForeign: boolean;
  readonly setup: Setup;
  ledger: Ledger;
  puts = 0;
  gets = 0;
  deletes = 0;
  commits = 0;
  checkpoints = 0;
  userBytes = 0;

  constructor(state: BTreeState, note: BTreeNote, setup: Setup, cutAtWrite?: number) {
    const { value } = state;
    this.#value = value;
    this.setup = setup;
    this.ledger = { newest: state.ledger.newest };
    this.isForeign = value.readOnly;
    this.disk = new Disk(state.disk, cutAtWrite === undefined ? {} : { cutAtWrite });
    this.#note = note;
    this.tell = note && ((event) => note(event, () => this.state()));
    this.pager = new Pager(this.disk, value.pageSize, value.usable, value.writing, this.tell, {
      seed: setup.seed,
      synchronous: setup.settings.synchronous as 'full',
      earlyAcknowledge: setup.sabotage.includes('early-acknowledge'),
      checkpointBeforeLogSync: setup.sabotage.includes('checkpoint-before-log-sync'),
    });
    this.tree = new BTree(this.pager, value.root, policyOf(setup), this.tell);
  }

  state(disk = this.disk.seal()): BTreeState {
    const { counters } = this.#value;
    return {
      disk,
      ledger: this.ledger,
      value: {
        ...this.#value,
        writing: this.pager.writing,
        counters: {
          puts: counters.puts + this.puts,
          gets: counters.gets + this.gets,
          deletes: counters.deletes + this.deletes,
          pagesRead: counters.pagesRead + this.pager.pagesRead,
          framesWritten: counters.framesWritten + this.pager.framesWritten,
          pagesWritten: counters.pagesWritten + this.pager.pagesHome,
          bytesWritten: counters.bytesWritten + this.pager.bytesWritten,
          userBytes: counters.userBytes + this.userBytes,
          splits: counters.splits + this.tree.splits,
          merges: counters.merges + this.tree.merges,
          commits: counters.commits + this.commits,
          checkpoints: counters.checkpoints + this.checkpoints,
        },
      },
    };
  }

  put(key: Key, value: Value): void {
    const record = typeof key === 'string' ? keyedRecord(key, value) : recordOf(value);
    this.puts++;
    this.userBytes += record.length;
    this.tree.put(key, record);
  }

  /** Whether the log has grown so long that a checkpoint is due. */
  commit(): boolean {
    if (this.pager.writing) {
      this.commits++;
      this.ledger = { newest: nextMark(this.ledger.newest, this.pager) };
    }
    const { newest } = this.ledger;
    if (this.pager.commit()) this.ledger = { newest: acknowledged(newest) };
    const most = this.setup.settings['checkpoint-after'] as number;
    return most > 0 && this.pager.frames >= most && this.pager.behind > 0;
  }

  checkpoint(isDue: boolean): void {
    if (this.pager.behind > 0) this.checkpoints++;
    this.pager.checkpoint(isDue);
    this.ledger = { newest: acknowledged(this.ledger.newest) };
  }

  /** What an orderly end leaves: nothing that is not durable. */
  close(): BTreeState {
    const lost = this.pager.dirty;
    this.pager.close();
    const { value } = this.state();
    const newest = acknowledged(this.ledger.newest);
    const closed = {
      disk: powerCut(this.disk.seal()),
      value: { ...value, writing: false, running: false },
      ledger: { newest, promised: newest },
    };
    this.#note?.({ kind: 'closed', lost }, () => closed);
    return closed;
  }
}

function run(
  state: BTreeState,
  command: Command,
  note: BTreeNote,
  setup: Setup,
  cutAtWrite?: number,
): Part<BTreeState, Command> {
  refuse(state.value, command);
  if (command.kind === 'crash') return crash(state, command, note, setup);
  const session = new Session(state, note, setup, cutAtWrite);
  try {
    return command.kind === 'reopen'
      ? { state: start(session.close(), note).state, recovered: true }
      : work(session, command, state);
  } catch (thrown) {
    // What memory knew at that moment is of use to the referees alone.
    if (thrown instanceof PowerCut) throw new Died(session.state(thrown.image));
    throw thrown;
  }
}

function work(
  session: Session,
  command: Exclude<Command, { kind: 'crash' | 'reopen' }>,
  state: BTreeState,
): Part<BTreeState, Command> {
  const { tree, pager, setup } = session;
  let result: unknown;
  let rest: Command | undefined;
  switch (command.kind) {
    case 'put':
      session.put(command.key, command.value);
      break;
    case 'get': {
      session.gets++;
      const record = tree.get(command.key);
      result = record === undefined ? null : shownRow(record, session);
      break;
    }
    case 'delete':
      session.deletes++;
      tree.delete(command.key);
      break;
    case 'scan': {
      const rows: { key: Key; value: unknown }[] = [];
      tree.scan(command, (rowid, record) =>
        rows.push({ key: rowid ?? keyOfRecord(record), value: shownRow(record, session) }),
      );
      result = rows.map(({ key, value }) => ({ key: plainKey(key), value }));
      break;
    }
    case 'bulk': {
      const { key, taken } = bulkKey(command, setup.seed);
      const named = hasTextKeys(setup) ? bulkText(key, command.count) : key;
      session.put(named, bulkValue(key, setup.seed));
      const done = command.done + 1;
      if (done < command.count) rest = { ...command, done, ...(taken && { taken }) };
      break;
    }
    case 'load': {
      const load = rowsToLoad(command, setup);
      const done = loadPart(tree, load, command.done);
      session.puts += done - command.done;
      for (let n = command.done; n < done; n++) session.userBytes += load.row(n).record.length;
      if (done < command.count) rest = { ...command, done };
      break;
    }
    case 'vacuum':
      vacuum(tree);
      break;
    case 'commit':
      if (session.commit()) rest = { kind: 'checkpoint', isDue: true };
      break;
    case 'checkpoint':
      session.checkpoint(command.isDue ?? false);
      break;
    case 'rollback':
      pager.rollback();
      break;
    default: {
      const report = checkImage(state);
      const problems = report.findings.map(({ text }) => text);
      result = { pages: report.pages, rows: report.rows, problems };
      const { pages, rows } = report;
      session.tell?.({ kind: 'checked', pages, rows, problems: problems.length });
    }
  }
  return {
    state: session.state(),
    ...(rest && { rest }),
    ...(result !== undefined && { result }),
  };
}

/** The rows of `load N`: those of `bulk N ascending`. */
function rowsToLoad({ count, fill }: LoadRows, { seed, settings }: Setup): Load {
  return {
    count,
    fill: fill / 100,
    row(n) {
      const { key } = bulkKey({ kind: 'bulk', count, order: 'ascending', done: n }, seed);
      const value = bulkValue(key, seed);
      if (settings.keys !== 'text') return { key, record: recordOf(value) };
      const text = bulkText(key, count);
      return { key: text, record: keyedRecord(text, value) };
    },
  };
}

/** Throws a Complaint where a command cannot be done on such a database. */
function refuse(value: BTreeValue, command: Command): void {
  const { kind } = command;
  if (kind === 'crash' && command.during) refuse(value, command.during.command);
  if (value.readOnly && !READING.has(kind))
    throw new Complaint(
      `${kind} would write, and this database is open for reading only; expected ${[...READING].join(', ')}`,
      { column: 1 },
    );
  if (value.damaged && CHANGING.has(kind))
    throw new Complaint(
      `${kind} is refused: the power cut left pages that do not fit together; check says which`,
      { column: 1 },
    );
  if (value.readOnly && value.kind !== 'table' && (kind === 'get' || kind === 'scan'))
    throw new Complaint(
      `${kind} wants a table with rowids, and ${value.table} is stored as an index b-tree; check walks it`,
      { column: 1 },
    );
}

const CHANGING: ReadonlySet<string> = new Set(['put', 'delete', 'bulk', 'load', 'vacuum']);
const READING: ReadonlySet<string> = new Set(['get', 'scan', 'check']);

/** Keys that JSON can hold: a number, or decimal digits beyond 2^53. */
const plainKey = (key: Key): number | string => (typeof key === 'bigint' ? `${key}` : key);

/** A row as plain data: the value of kv; of a foreign table all its columns. */
function shownRow(record: Uint8Array, session: Session): unknown {
  const encoding = readHeader(session.pager.read(1), 0).encoding;
  const columns = readRecord(record, encoding).columns.map(({ value }) =>
    value instanceof Uint8Array
      ? { bytes: hexOf(value) }
      : typeof value === 'bigint'
        ? `${value}`
        : value,
  );
  return session.isForeign ? columns : columns[1];
}

/** Starts the engine on what the disk holds: the log is read, and counts before the database. */
function start(
  state: BTreeState,
  note: BTreeNote,
): { state: BTreeState; pages: number; rows: number } {
  const { pageSize, usable } = state.value;
  const disk = new Disk(state.disk);
  const log = Pager.recover(disk, pageSize);
  if (log && log.stop !== 'empty') {
    const image = disk.seal();
    const { mxFrame, frames, pages, header } = log;
    const next = frameOffset(frames.length + 1, pageSize);
    const head = disk.open(FILES.log, 'durable').read(next, FRAME_HEADER);
    const stop = log.stop === 'salt' && head.every((byte) => byte === 0) ? 'blank' : log.stop;
    const commits = frames.filter(({ frame, commitSize }) => commitSize > 0 && frame <= mxFrame);
    const recovering = () => ({ ...state, disk: image });
    if (header)
      note?.(
        { kind: 'replay', mxFrame, commits: commits.length, pages, sequence: header.sequence },
        recovering,
      );
    const unfinished = frames.length - mxFrame;
    note?.({ kind: 'log-end', frame: frames.length + 1, stop, mxFrame, unfinished }, recovering);
  }
  new Pager(disk, pageSize, usable).read(1);
  const image = disk.seal();
  const { findings, pages, rows } = checkImage({ ...state, disk: image });
  const opened = {
    disk: image,
    value: { ...state.value, running: true, damaged: findings.length > 0 },
    ledger: recovered(state.ledger.newest, image),
  };
  note?.({ kind: 'recovered', pages, rows }, () => opened);
  return { state: opened, pages, rows };
}

/** Thrown out of a command at the moment at which the power is to be cut. */
class Died extends Error {
  readonly state: BTreeState;
  constructor(state: BTreeState) {
    super('died');
    this.state = state;
  }
}

function crash(
  before: BTreeState,
  command: Crash,
  note: BTreeNote,
  setup: Setup,
): Part<BTreeState, Command> {
  const { during } = command;
  const state = during ? diedDuring(before, during, note, setup) : before;
  const { disk, kept, torn } = cutBy(state.disk, command);
  const { ledger } = state;
  const dead = { disk, value: { ...state.value, writing: false, running: false }, ledger };
  note?.(
    {
      kind: 'crash',
      lost: lostPages(state.disk, disk, state.value.pageSize),
      ...(during && { during: print(during.command) }),
      kept,
      torn: torn ?? 0,
    },
    () => dead,
  );
  return { state: start(dead, note).state, recovered: true };
}

/** Pages that memory held otherwise than recovery will find them after the cut. */
function lostPages(before: DiskImage, after: DiskImage, pageSize: number): number[] {
  const cache = fileNamed(before, FILES.cache);
  if (!cache) return [];
  const disk = new Disk(after);
  Pager.recover(disk, pageSize);
  const image = disk.seal();
  const lost: number[] = [];
  for (let page = 1; page * pageSize <= cache.now.size; page++) {
    const held = chunkOf(cache.now, page - 1);
    const left = held && committedPage(image, page);
    if (held && !(left && equalBytes(held, left))) lost.push(page);
  }
  return lost;
}

/** Runs a command until its n-th write to the disk, or its n-th moment, and hands out that state. */
function diedDuring(
  before: BTreeState,
  during: NonNullable<Crash['during']>,
  note: BTreeNote,
  setup: Setup,
): BTreeState {
  let state = before;
  let moments = 0;
  let latest = before;
  const counting: BTreeNote =
    note || during.at === 'moment'
      ? (event, seal) => {
          note?.(event, seal);
          moments++;
          if (during.at === 'moment' && moments === during.n) throw new Died(seal());
        }
      : undefined;
  const base = before.disk.writes;
  for (let rest: Command | undefined = during.command; rest; ) {
    const writes = state.disk.writes - base;
    try {
      const cut = during.at === 'write' ? during.n - writes : undefined;
      const part: Part<BTreeState, Command> = run(state, rest, counting, setup, cut);
      state = part.state;
      rest = part.rest;
    } catch (thrown) {
      if (thrown instanceof Died) return thrown.state;
      throw thrown;
    }
    latest = state;
  }
  const had = during.at === 'write' ? latest.disk.writes - base : moments;
  const what = during.at === 'write' ? 'writes to the disk' : 'moments';
  throw new Complaint(
    `${print(during.command)} has ${had} ${what} here; there is no ${during.at} ${during.n}`,
    { column: 1 },
  );
}

// ── Looking at a state ──────────────────────────────────────────────────────────────────────────

function checkImage({ disk, value }: BTreeState) {
  const pages = pagesReachable({ disk, value });
  return checkDatabase((page) => (page <= pages ? pageOf(disk, page) : undefined), pages);
}

function problemsOf(state: BTreeState): Problem[] {
  return checkImage(state).findings.map(({ text, page }) => ({
    referee: 'integrity',
    text,
    ...(page !== undefined && { key: `page:${page}` }),
  }));
}

/** How many pages the database has, so that a check would look at them. */
export function pagesReachable({ disk, value }: Pick<BTreeState, 'disk' | 'value'>): number {
  return pageCount(disk, value.writing);
}

/** What the value beside the files begins with. */
export const FRESH = {
  writing: false,
  running: true,
  damaged: false,
  counters: {
    puts: 0,
    gets: 0,
    deletes: 0,
    pagesRead: 0,
    framesWritten: 0,
    pagesWritten: 0,
    bytesWritten: 0,
    userBytes: 0,
    splits: 0,
    merges: 0,
    commits: 0,
    checkpoints: 0,
  },
} as const;

/** A new database. One that is opened from a file: btree-opened.ts. */
function openLab(setup: Setup, foreign?: ForeignSource): BTreeState {
  assert(!foreign, 'what opens files is loaded for a scenario that names one');
  const pageSize = setup.settings['page-size'] as number;
  const disk = new Disk();
  const isText = hasTextKeys(setup);
  Pager.create(disk, pageSize, isText ? 'text' : 'integer');
  const kind = isText ? 'without-rowid' : 'table';
  const value = { ...FRESH, root: ROOT, table: 'kv', kind, pageSize, usable: pageSize } as const;
  const image = disk.seal();
  return { disk: image, value: { ...value, readOnly: false }, ledger: ledgerOf(image) };
}

/** The database, and its log where there is one. */
function exportsOf({ disk }: BTreeState) {
  const file = fileNamed(disk, FILES.database);
  const log = fileNamed(disk, FILES.log);
  if (!file) return [];
  const database = { name: 'btree.sqlite', bytes: bytesOfContent(file) };
  if (!log || log.now.size === 0) return [database];
  return [database, { name: 'btree.sqlite-wal', bytes: bytesOfContent(log) }];
}

/** The database with all of its log brought home, and told to be one without: `journal_mode = delete`. */
function checkpointedOf({ disk, value }: BTreeState) {
  const copy = new Disk(disk);
  const pager = new Pager(copy, value.pageSize, value.usable);
  if (pager.behind > 0) pager.checkpoint();
  const file = fileNamed(copy.seal(), FILES.database);
  if (!file) return [];
  const bytes = bytesOfContent(file);
  if (!value.readOnly) bytes.set([1, 1], AT.versions);
  return [{ name: 'btree.sqlite', bytes }];
}

const PROCESSES: Readonly<Record<string, readonly BTreeEvent['kind'][]>> = {
  search: ['descend', 'seek', 'found', 'absent', 'scan', 'scanned'],
  write: ['begin', 'spill', 'insert', 'update', 'remove', 'predecessor', 'defragment', 'free'],
  split: ['overflow', 'deepen', 'gather', 'open', 'move', 'separator', 'deal', 'separators'],
  merge: ['underfull', 'merge', 'unlink', 'borrow', 'shrink'],
  load: ['vacuum', 'fill', 'link', 'extend', 'vacuumed'],
  commit: ['restart', 'frame', 'log-sync', 'committed', 'nothing', 'rollback'],
  checkpoint: ['checkpoint', 'backfill', 'resize', 'database-sync', 'checkpointed'],
  crash: ['crash', 'replay', 'log-end', 'recovered'],
  session: ['opened', 'closed', 'checked'],
};

export const btree: Engine<BTreeState, Command, BTreeEvent> = {
  name: 'btree',
  chapter: 5,
  title: 'B-Trees',
  kinds: Object.entries(PROCESSES).flatMap(([process, kinds]) =>
    kinds.map((kind) => ({ kind, process })),
  ),
  referees: [
    { name: 'integrity', at: 'command', check: problemsOf, cost: pagesReachable },
    { name: 'integrity', at: 'recovery', check: problemsOf, cost: pagesReachable },
    { name: 'durability', at: 'recovery', check: durabilityProblems, cost: pagesReachable },
    { name: 'atomicity', at: 'recovery', check: atomicityProblems, cost: pagesReachable },
  ],
  parse,
  print,
  open: openLab,
  opening: ({ disk, value }) => ({
    kind: 'opened',
    pages: readHeader(pageOf(disk, 1) ?? new Uint8Array(0), 0).pages,
    foreign: value.readOnly,
  }),
  run: (state, command, note, setup) => run(state, command, note, setup),
  disk: ({ disk }) => disk,
  value: ({ value }) => value,
  weight: (older, newer) => weightBeside(older?.disk, newer.disk) + 400,
  exports: exportsOf,
  exportsAlone: checkpointedOf,
  wouldLose: ({ disk, value }) => value.writing || disk.pending !== undefined,
};
