// The LSM lab: binds engine/lsm to the one Lab interface. A state is the disk (log, tables, manifest,
// and the memtable's arena), a small value (the version, and what readers hold), and beside them the
// ledger of all that was written, to which the referees hold the engine.
//
//   put KEY VALUE ─▶ Db.write ─▶ log, skip list ─▶ what is due in the background
//                       │ tell(event)
//                       ▼
//                    note(event, state): a moment

import { assert, Complaint } from '../base/assert.ts';
import { type Bytes, textOf, utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { Disk, PowerCut } from '../disk/disk.ts';
import { bytesOfContent, type DiskImage, fileNamed, weightBeside } from '../disk/image.ts';
import { powerCut } from '../disk/power.ts';
import { type CheckReport, checkDatabase, shownKey } from '../lsm/check.ts';
import { compact, deepestIn, pickManual } from '../lsm/compaction.ts';
import { visibleForward } from '../lsm/cursor.ts';
import { createDatabase, Db, type Options } from '../lsm/db.ts';
import { type LsmEvent, type LsmValue, type Strategy, tableNumbered } from '../lsm/events.ts';
import { FILTER_BASE_LG } from '../lsm/filter.ts';
import { readBatches, readFolder } from '../lsm/folder.ts';
import { bytesOfLevel, logName } from '../lsm/format.ts';
import { sequenceOf } from '../lsm/key.ts';
import {
  addToLedger,
  afterCrash,
  EMPTY_LEDGER,
  expectedRows,
  type Ledger,
  sameValue,
  textOfKey,
} from '../lsm/ledger.ts';
import { get, scan } from '../lsm/reads.ts';
import { recover } from '../lsm/recover.ts';
import type { Engine, ForeignSource, Note, Part, Problem, Setup } from '../run/lab.ts';
import { bulkKey, bulkValue } from './bulk.ts';
import { cutBy } from './crash.ts';
import {
  type Command,
  type Compact,
  type Crash,
  parse,
  print,
  READING,
  type Workload,
} from './lsm-commands.ts';

export type { Command };

export interface LsmState {
  readonly disk: DiskImage;
  readonly value: LsmValue;
  readonly ledger: Ledger;
  readonly options: Options;
}

type LsmNote = Note<LsmState, LsmEvent> | undefined;

export function optionsOf(setup: Setup): Options {
  const number = (name: string): number => setup.settings[name] as number;
  const blockSize = number('block-size');
  return {
    strategy: setup.settings.strategy as Strategy,
    memtableSize: number('memtable-size'),
    tableSize: number('table-size'),
    level1Size: number('level-size'),
    levelRatio: number('level-ratio'),
    level0Trigger: number('level0-trigger'),
    level0Slowdown: number('level0-slowdown'),
    level0Stop: number('level0-stop'),
    allowedSeeks: number('allowed-seeks'),
    table: {
      blockSize,
      restartInterval: number('restart-interval'),
      bitsPerKey: number('bits-per-key'),
      // A filter for each block, however small; LevelDB's blocks are larger than its 2 KiB.
      filterLg: Math.min(FILTER_BASE_LG, Math.max(4, Math.floor(Math.log2(blockSize)))),
    },
    sync: setup.settings.sync as 'commit',
    fifoBytes: number('fifo-bytes'),
    fifoTtl: number('fifo-ttl') * 1e6,
    seed: setup.seed,
    sabotage: new Set(setup.sabotage),
  };
}

// ── Running commands ────────────────────────────────────────────────────────────────────────────

/** The power was cut, or the command stopped, in the middle: what there was at that moment. */
class Stopped extends Error {
  readonly state: LsmState;
  constructor(state: LsmState) {
    super('stopped');
    this.state = state;
  }
}

/** A state, opened for one part of a command. */
class Session {
  readonly db: Db;
  readonly disk: Disk;
  readonly #state: LsmState;

  constructor(state: LsmState, note: LsmNote, cutAtWrite?: number) {
    this.#state = state;
    this.disk = new Disk(state.disk, cutAtWrite === undefined ? {} : { cutAtWrite });
    const tell = note && ((event: LsmEvent) => note(event, () => this.state()));
    this.db = new Db(this.disk, state.disk, state.value, state.options, tell);
  }

  state(disk = this.disk.seal()): LsmState {
    return {
      disk,
      value: this.db.sealed(),
      ledger: addToLedger(this.#state.ledger, this.db.written),
      options: this.#state.options,
    };
  }
}

function run(
  state: LsmState,
  command: Command,
  note: LsmNote,
  setup: Setup,
  cutAtWrite?: number,
): Part<LsmState, Command> {
  refuse(state.value, command);
  if (command.kind === 'crash') return crash(state, command, note, setup);
  if (command.kind === 'reopen') return reopen(state, note, cutAtWrite);
  const session = new Session(state, note, cutAtWrite);
  try {
    const { rest, result } = work(session, state, command, setup);
    return {
      state: session.state(),
      ...(rest && { rest }),
      ...(result !== undefined && { result }),
    };
  } catch (thrown) {
    if (thrown instanceof PowerCut) throw new Stopped(session.state(thrown.image));
    throw thrown;
  }
}

function work(
  { db }: Session,
  state: LsmState,
  command: Exclude<Command, Crash>,
  setup: Setup,
): { rest?: Command; result?: unknown } {
  const { value } = db;
  switch (command.kind) {
    case 'put':
      db.write([{ key: command.key, value: command.value }]);
      return {};
    case 'delete':
      db.write([{ key: command.key, value: undefined }]);
      return {};
    case 'batch':
      db.write(command.operations);
      return {};
    case 'get': {
      const found = get(db, command.key, sequenceAt(value, command.snapshot));
      if (value.seekFile) db.background();
      return { result: found ? shown(found) : null };
    }
    case 'scan': {
      const { from, to, backward, snapshot } = command;
      const rows = scan(db, from, to, backward, sequenceAt(value, snapshot));
      return { result: rows.map(({ key, value }) => ({ key: shown(key), value: shown(value) })) };
    }
    case 'snapshot': {
      const name = command.name ?? freeName(value);
      if (value.snapshots.some((held) => held.name === name))
        throw new Complaint(`there is a snapshot ${name} already`, { column: 10 });
      const sequence = value.lastSequence;
      value.snapshots = [...value.snapshots, { name, sequence }];
      db.tell?.({ kind: 'snapshot', name, sequence });
      return { result: name };
    }
    case 'release':
      sequenceAt(value, command.name);
      value.snapshots = value.snapshots.filter(({ name }) => name !== command.name);
      db.tell?.({ kind: 'release', name: command.name, left: value.snapshots.length });
      return {};
    case 'commit':
      db.commit();
      return {};
    case 'flush':
      if (!db.flush()) db.tell?.({ kind: 'nothing', command: 'flush' });
      db.background();
      return {};
    case 'compact':
      return compactStep(db, command);
    case 'pause':
    case 'resume':
      value.held = { ...value.held, [command.what]: command.kind === 'pause' };
      db.tell?.({ kind: command.kind === 'pause' ? 'paused' : 'resumed', what: command.what });
      db.background();
      return {};
    case 'wait':
      value.time += command.ms * 1000;
      db.tell?.({ kind: 'waited', time: value.time, by: command.ms });
      db.background();
      return {};
    case 'bulk': {
      const { key, taken } = bulkKey(command, setup.seed);
      db.write([{ key: keyNumbered(key), value: utf8(bulkValue(key, setup.seed)) }]);
      const done = command.done + 1;
      return done < command.count ? { rest: { ...command, done, ...(taken && { taken }) } } : {};
    }
    case 'workload':
      return workloadStep(db, command, setup.seed);
    default: {
      const report = checkImage(state);
      const problems = [...report.findings.map(({ text }) => text), ...brokenPromises(state)];
      const { tables, entries, rows } = report;
      db.tell?.({ kind: 'checked', tables, entries, rows, problems: problems.length });
      return { result: { tables, entries, rows, problems } };
    }
  }
}

const keyNumbered = (key: number): Uint8Array => utf8(`k${String(key).padStart(6, '0')}`);

/** Bytes as JSON can hold them: text, or hexadecimal. */
function shown(bytes: Bytes): unknown {
  const text = textOf(bytes);
  return sameValue(utf8(text), bytes) ? text : { bytes: Array.from(bytes, hex).join('') };
}
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

function sequenceAt(value: LsmValue, name: string | undefined): number {
  if (name === undefined) return value.lastSequence;
  const held = value.snapshots.find((one) => one.name === name);
  if (!held) {
    const names = value.snapshots.map(({ name }) => name).join(', ');
    throw new Complaint(
      `there is no snapshot ${name}; ${names ? `held: ${names}` : 'none is held'}`,
      {
        column: 1,
      },
    );
  }
  return held.sequence;
}

function freeName({ snapshots }: LsmValue): string {
  for (let n = 1; ; n++) if (!snapshots.some(({ name }) => name === `s${n}`)) return `s${n}`;
}

/** One level's compaction by hand; the rest goes on below. */
function compactStep(db: Db, command: Compact): { rest?: Command } {
  const { from, to } = command;
  let { level, deepest } = command;
  if (level === undefined || deepest === undefined) {
    const flushed = db.flush();
    deepest = Math.max(1, deepestIn(db, from, to));
    level = 0;
    if (!flushed && !db.value.version.some((files) => files.length > 0)) {
      db.tell?.({ kind: 'nothing', command: 'compact' });
      return {};
    }
  }
  let moved = false;
  for (; level < deepest && !moved; level++) {
    const pick = pickManual(db, from, to, level);
    if (!pick) continue;
    compact(db, pick);
    moved = true;
  }
  if (level < deepest) return { rest: { ...command, level, deepest } };
  if (!moved) db.tell?.({ kind: 'nothing', command: 'compact' });
  db.background();
  return {};
}

/** The n-th operation of a workload, from the seed and n alone. */
function workloadStep(db: Db, command: Workload, seed: number): { rest?: Command } {
  const { name, count, done } = command;
  const dice = new Dice(seed * 31 + done * 7919 + name.length);
  const keys = Math.max(1, Math.floor(count / 4));
  const skewed = name === 'zipf';
  const n = skewed ? Math.min(keys - 1, Math.floor(keys ** dice.fraction()) - 1) : dice.below(keys);
  const key = keyNumbered(1 + n);
  const value = utf8(bulkValue(1 + n + done * 131, seed));
  if (name === 'churn' && dice.chance(0.5)) db.write([{ key, value: undefined }]);
  else if (name === 'read' && dice.chance(0.9)) {
    // Half of the gets ask for a key that nobody wrote.
    get(db, dice.chance(0.5) ? key : utf8(`${textOf(key)}~`));
    if (db.value.seekFile) db.background();
  } else db.write([{ key, value }]);
  return done + 1 < count ? { rest: { ...command, done: done + 1 } } : {};
}

/** Throws a Complaint where a command cannot be done on such a database. */
function refuse(value: LsmValue, command: Command): void {
  const { kind } = command;
  if (value.foreign && !READING.has(kind))
    throw new Complaint(
      `${kind} would write, and this database is open for reading only; expected ${[...READING].join(', ')}`,
      { column: 1 },
    );
  if (kind === 'crash' && command.during) refuse(value, command.during.command);
  if (value.readOnly && !READING.has(kind) && kind !== 'crash' && kind !== 'reopen')
    throw new Complaint(
      `${kind} is refused: the database is open for reading only, for ${value.damage[0] ?? 'it is not ours'}`,
      { column: 1 },
    );
}

// ── Ends and beginnings ─────────────────────────────────────────────────────────────────────────

function reopen(state: LsmState, note: LsmNote, cutAtWrite?: number): Part<LsmState, Command> {
  // An orderly exit: what was handed to the system arrives, memory goes.
  const disk = powerCut(state.disk, () => true);
  const closed = { ...state, disk };
  const unsynced = state.value.lastSequence - state.value.acknowledged;
  note?.({ kind: 'closed', unsynced }, () => closed);
  try {
    return { state: start(closed, note, cutAtWrite), recovered: true };
  } catch (thrown) {
    // All of it had arrived before: a cut on the way up may take nothing of it.
    if (thrown instanceof PowerCut) {
      const value = { ...state.value, acknowledged: state.value.lastSequence };
      throw new Stopped({ ...closed, value, disk: thrown.image });
    }
    throw thrown;
  }
}

/** Opens what the disk holds. */
function start(state: LsmState, note: LsmNote, cutAtWrite?: number): LsmState {
  const disk = new Disk(state.disk, cutAtWrite === undefined ? {} : { cutAtWrite });
  const { options, ledger } = state;
  const whole = (db: Db): LsmState => ({ disk: disk.seal(), value: db.sealed(), ledger, options });
  const db = recover(
    disk,
    state.value,
    options,
    note && ((db) => (event) => note(event, () => whole(db))),
  );
  return whole(db);
}

function crash(
  before: LsmState,
  command: Crash,
  note: LsmNote,
  setup: Setup,
): Part<LsmState, Command> {
  const { during } = command;
  const state = during ? diedDuring(before, during, note, setup) : before;
  const { disk, kept, torn } = cutBy(state.disk, command);
  const { acknowledged } = state.value;
  const unsynced = state.ledger.operations === 0 ? 0 : state.value.lastSequence - acknowledged;
  const dead = { ...state, disk };
  note?.(
    {
      kind: 'crash',
      ...(during && { during: print(during.command) }),
      kept,
      torn: torn ?? 0,
      unsynced,
    },
    () => dead,
  );
  const there = sequencesOn(disk, acknowledged);
  const recovered = start(dead, note);
  const ledger = afterCrash(recovered.ledger, acknowledged, (sequence) => there.has(sequence));
  return { state: { ...recovered, ledger }, recovered: true };
}

/**
 * Sequences beyond one that a disk holds, in live tables and in logs. Asked before recovery, which may
 * merge at once: a tombstone that has done its work then is gone, and was there.
 */
function sequencesOn(disk: DiskImage, beyond: number): Set<number> {
  const read = (name: string): Bytes | undefined => {
    const file = fileNamed(disk, name);
    return file && bytesOfContent(file);
  };
  const { version, logs } = readFolder({ names: [...disk.names.keys()], read });
  const found = new Set<number>();
  for (const { number } of version.flat())
    for (const { key } of tableNumbered(disk, number)?.all() ?? []) found.add(sequenceOf(key));
  for (const number of logs)
    for (const { entries } of readBatches(read(logName(number)) ?? new Uint8Array(0), number)
      .batches)
      for (const { sequence } of entries) found.add(sequence);
  for (const sequence of found) if (sequence <= beyond) found.delete(sequence);
  return found;
}

/** Runs a command until its n-th write to the disk, or its n-th moment, and hands out that state. */
function diedDuring(
  before: LsmState,
  during: NonNullable<Crash['during']>,
  note: LsmNote,
  setup: Setup,
): LsmState {
  let state = before;
  let moments = 0;
  const counting: LsmNote =
    note || during.at === 'moment'
      ? (event, seal) => {
          note?.(event, seal);
          moments++;
          if (during.at === 'moment' && moments === during.n) throw new Stopped(seal());
        }
      : undefined;
  const base = before.disk.writes;
  for (let rest: Command | undefined = during.command; rest; ) {
    const cut = during.at === 'write' ? during.n - (state.disk.writes - base) : undefined;
    try {
      const part: Part<LsmState, Command> = run(state, rest, counting, setup, cut);
      state = part.state;
      rest = part.rest;
    } catch (thrown) {
      if (thrown instanceof Stopped) return thrown.state;
      throw thrown;
    }
  }
  const had = during.at === 'write' ? state.disk.writes - base : moments;
  const what = during.at === 'write' ? 'writes to the disk' : 'moments';
  throw new Complaint(
    `${print(during.command)} has ${had} ${what} here; there is no ${during.at} ${during.n}`,
    { column: 1 },
  );
}

// ── Referees ────────────────────────────────────────────────────────────────────────────────────

const reports = new WeakMap<LsmState, CheckReport>();

function checkImage(state: LsmState): CheckReport {
  let report = reports.get(state);
  if (!report) {
    report = checkDatabase(state.disk, state.value);
    reports.set(state, report);
  }
  return report;
}

function integrity(state: LsmState): Problem[] {
  // An opened folder was looked through when it was opened; what is wrong with it stays.
  if (state.value.foreign)
    return state.value.damage.map((text) => {
      const table = /^(\d+)\.(ldb|sst)/.exec(text)?.[1];
      return { referee: 'integrity', text, ...(table && { key: `table:${Number(table)}` }) };
    });
  return checkImage(state).findings.map(({ text, table }) => ({
    referee: 'integrity',
    text,
    ...(table !== undefined && { key: `table:${table}` }),
  }));
}

const MOST_BROKEN = 5;

/** What a reader gets, now and at every snapshot, against what was written. */
function brokenPromises(state: LsmState): string[] {
  const { value, ledger } = state;
  // Nobody here knows what was written to a folder of somebody else.
  if (value.foreign) return [];
  const broken: string[] = [];
  const reader = new Db(new Disk(state.disk), state.disk, value, state.options);
  const readers: { at: number; name: string }[] = [
    { at: Number.MAX_SAFE_INTEGER, name: '' },
    ...value.snapshots.map(({ name, sequence }) => ({
      at: sequence,
      name: ` at snapshot ${name}`,
    })),
  ];
  for (const { at, name } of readers) {
    const expected = expectedRows(ledger, at);
    const { merged } = reader.sources();
    const seen = new Set<string>();
    for (const { key, value: got } of visibleForward(
      merged,
      undefined,
      Math.min(at, value.lastSequence),
    )) {
      const user = key.subarray(0, key.length - 8);
      const text = textOfKey(user);
      const wanted = expected.get(text);
      expected.delete(text);
      const isAgain = seen.has(text);
      seen.add(text);
      if (isAgain) broken.push(`${shownKey(user)} comes more than once in a scan${name}`);
      else if (!wanted)
        broken.push(`${shownKey(user)} was never written, and a reader gets it${name}`);
      else if (!wanted.value)
        broken.push(
          `${shownKey(user)} was deleted at sequence ${wanted.sequence}, and a reader gets the value of ${sequenceOf(key)} again${name}`,
        );
      else if (!sameValue(wanted.value, got))
        broken.push(
          `${shownKey(user)} was written at sequence ${wanted.sequence}, and a reader gets the value of ${sequenceOf(key)}${name}`,
        );
    }
    for (const { key, value: wanted, sequence } of expected.values())
      if (wanted && sequence > value.dropped)
        broken.push(
          `${shownKey(key)} was written at sequence ${sequence}, and a reader does not get it${name}`,
        );
  }
  return broken.length <= MOST_BROKEN
    ? broken
    : [...broken.slice(0, MOST_BROKEN), `and ${broken.length - MOST_BROKEN} more such rows`];
}

function promises(state: LsmState): Problem[] {
  return brokenPromises(state).map((text) => ({ referee: 'every write is there', text }));
}

/** Roughly how many blocks a check would look at. */
function costOf({ value, options }: LsmState): number {
  if (value.foreign) return 0;
  const bytes = value.version.reduce((sum, files) => sum + bytesOfLevel(files), 0);
  return Math.ceil(bytes / Math.max(256, options.table.blockSize));
}
const costOfPromises = (state: LsmState): number =>
  Math.ceil(state.ledger.bytes / 256) * (1 + state.value.snapshots.length) + costOf(state);

// ── Looking at a state ──────────────────────────────────────────────────────────────────────────

/** The folder that an orderly exit leaves. */
function exportsOf({ disk }: LsmState) {
  const names = [...disk.names.keys()].filter((name) => fileNamed(disk, name)?.kind === 'durable');
  return names.sort().map((name) => ({
    name: `lsm.leveldb/${name}`,
    bytes: bytesOfContent(fileNamed(disk, name) as NonNullable<ReturnType<typeof fileNamed>>),
  }));
}

function openLab(setup: Setup, foreign?: ForeignSource): LsmState {
  assert(!foreign, 'what opens folders is loaded for a scenario that names one');
  const options = optionsOf(setup);
  const disk = new Disk();
  const value = createDatabase(disk, options);
  return { disk: disk.seal(), value, ledger: EMPTY_LEDGER, options };
}

const PROCESSES: Readonly<Record<string, readonly LsmEvent['kind'][]>> = {
  write: ['log', 'insert', 'sync', 'committed', 'slowdown', 'stall', 'proceed'],
  flush: ['freeze', 'block', 'table', 'install', 'obsolete'],
  compaction: ['pick', 'moved', 'merge', 'drop'],
  read: ['probe', 'found', 'absent', 'scanning', 'row', 'scanned'],
  crash: ['crash', 'replay', 'recovered'],
  session: [
    'opened',
    'snapshot',
    'release',
    'paused',
    'resumed',
    'waited',
    'nothing',
    'closed',
    'checked',
  ],
};

export const lsm: Engine<LsmState, Command, LsmEvent> = {
  name: 'lsm',
  chapter: 7,
  title: 'Log-structured storage',
  kinds: Object.entries(PROCESSES).flatMap(([process, kinds]) =>
    kinds.map((kind) => ({ kind, process })),
  ),
  referees: [
    { name: 'integrity', at: 'command', check: integrity, cost: costOf },
    { name: 'integrity', at: 'recovery', check: integrity, cost: costOf },
    { name: 'every write is there', at: 'command', check: promises, cost: costOfPromises },
    { name: 'every write is there', at: 'recovery', check: promises, cost: costOfPromises },
  ],
  parse: (words) => parse(words),
  print,
  open: openLab,
  opening: ({ value }) => ({
    kind: 'opened',
    foreign: value.readOnly,
    tables: value.version.reduce((sum, files) => sum + files.length, 0),
  }),
  run: (state, command, note, setup) => run(state, command, note, setup),
  disk: ({ disk }) => disk,
  value: ({ value }) => value,
  weight: (older, newer) => weightBeside(older?.disk, newer.disk) + 800,
  exports: exportsOf,
};
