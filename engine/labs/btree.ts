// The B-Tree lab: binds engine/btree to the one Lab interface. A state is the disk (the database
// file and the page cache) and a small value; a command opens both, works, and seals them again.
//
//   put KEY VALUE ─▶ BTree.put ─▶ pages in the cache ─▶ commit ─▶ pages in the file, synced
//                        │ tell(event)
//                        ▼
//                     note(event, state): a moment
//
// A power cut is real here: Disk forgets what was not synced, and the lab starts again on what is left.

import { Complaint } from '../base/assert.ts';
import { bytesOfHex, hexOf, utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { fillOf } from '../btree/balance.ts';
import { checkDatabase } from '../btree/check.ts';
import {
  type BTreeEvent,
  type BTreeValue,
  dirtyPages,
  FILES,
  type Key,
  pageOf,
} from '../btree/events.ts';
import { openForeign, sizeOfTree, tableNamed } from '../btree/foreign.ts';
import { readHeader } from '../btree/header.ts';
import { Page, pagesOf, treesOf, virtualTablesOf } from '../btree/page.ts';
import { Pager, ROOT } from '../btree/pager.ts';
import { readRecord, recordOf, type Value } from '../btree/record.ts';
import { BTree, MERGE_BELOW, type Policy } from '../btree/tree.ts';
import { GREATEST_ROWID, keyOf, LEAST_ROWID } from '../btree/varint.ts';
import { Disk, PowerCut } from '../disk/disk.ts';
import { bytesOfContent, type DiskImage, fileNamed, weightBeside } from '../disk/image.ts';
import { pendingOf, powerCut, SECTOR } from '../disk/power.ts';
import type {
  ForeignSource,
  Lab,
  Metric,
  Note,
  Part,
  Problem,
  Setup,
  SourceRef,
  TreeInfo,
  Word,
} from '../run/lab.ts';
import { wordOf } from '../run/scenario.ts';
import { describe } from './btree-words.ts';

export interface BTreeState {
  readonly disk: DiskImage;
  readonly value: BTreeValue;
}

const ORDERS = ['random', 'ascending', 'descending', 'zipf'] as const;
type Order = (typeof ORDERS)[number];

/** Which of the sectors that were pending at a power cut survive: from 1, in the order they were asked for. */
type Keep = 'all' | 'none' | readonly (readonly [number, number])[];

interface Crash {
  readonly kind: 'crash';
  readonly during?: {
    readonly command: Command;
    readonly at: 'write' | 'moment';
    readonly n: number;
  };
  readonly keep?: Keep;
  /** How many sectors of the last write survive. */
  readonly torn?: number;
}

interface Bulk {
  readonly kind: 'bulk';
  readonly count: number;
  readonly order: Order;
  /** How many puts are done; the rest of the command is again a bulk. */
  readonly done: number;
  /** For zipf: how many keys were taken of each octave. */
  readonly taken?: readonly number[];
}

export type Command =
  | { readonly kind: 'put'; readonly key: Key; readonly value: Value }
  | { readonly kind: 'get' | 'delete'; readonly key: Key }
  | {
      readonly kind: 'scan';
      readonly from?: Key;
      readonly to?: Key;
      readonly backward: boolean;
    }
  | Bulk
  | { readonly kind: 'commit' | 'rollback' | 'reopen' | 'check' }
  | Crash;

export const MOST_VALUE = 1_000_000;
export const MOST_BULK = 1_000_000;

// ── Reading and printing commands ───────────────────────────────────────────────────────────────

const USAGE = {
  put: 'put KEY VALUE',
  get: 'get KEY',
  delete: 'delete KEY',
  scan: 'scan [A..Z] [backward]',
  bulk: 'bulk N random|ascending|descending|zipf',
  commit: 'commit',
  rollback: 'rollback',
  crash: 'crash [during COMMAND at write|moment N] [keep SECTORS] [torn K]',
  reopen: 'reopen',
  check: 'check',
} as const;

function parse(words: readonly Word[]): Command {
  const [first, ...rest] = words as [Word, ...Word[]];
  const name = first.text as keyof typeof USAGE;
  const wants = (least: number, most: number): void => {
    const extra = rest[most];
    const last = words.at(-1) as Word;
    if (extra) throw new Complaint(`expected ${USAGE[name]}, found one word more`, at(extra));
    if (rest.length < least)
      throw new Complaint(`expected ${USAGE[name]}`, {
        column: last.column + last.text.length,
      });
  };
  switch (name) {
    case 'put':
      wants(2, 2);
      return { kind: 'put', key: keyIn(rest[0] as Word), value: valueOfWord(rest[1] as Word) };
    case 'get':
    case 'delete':
      wants(1, 1);
      return { kind: name, key: keyIn(rest[0] as Word) };
    case 'scan':
      return parseScan(rest, wants);
    case 'bulk': {
      wants(2, 2);
      const [count, order] = rest as [Word, Word];
      return {
        kind: 'bulk',
        count: numberIn(count, 1, MOST_BULK, 'the number of puts'),
        order: orderIn(order),
        done: 0,
      };
    }
    case 'crash':
      return parseCrash(rest);
    default:
      wants(0, 0);
      return { kind: name };
  }
}

const at = (word: Word): { column: number } => ({ column: word.column });

function keyIn(word: Word): Key {
  const key =
    /^-?\d{1,19}$/.test(word.text) && word.form !== 'bytes' ? BigInt(word.text) : undefined;
  if (key === undefined || key < LEAST_ROWID || key > GREATEST_ROWID)
    throw new Complaint(
      `a key is a whole number of 64 bits, as in 25; found ${clip(word.text)}`,
      at(word),
    );
  return keyOf(key);
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text || '""');

function valueOfWord(word: Word): Value {
  const value = word.form === 'bytes' ? (bytesOfHex(word.text) as Uint8Array) : word.text;
  const size = typeof value === 'string' ? utf8(value).length : value.length;
  if (size > MOST_VALUE)
    throw new Complaint(`a value has at most ${MOST_VALUE} bytes; this one ${size}`, at(word));
  return value;
}

function numberIn(word: Word, least: number, most: number, what: string): number {
  const value = /^\d{1,15}$/.test(word.text) ? Number(word.text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new Complaint(
      `${what} is a whole number from ${least} to ${most}; found ${clip(word.text)}`,
      at(word),
    );
  return value;
}

function orderIn(word: Word): Order {
  const order = ORDERS.find((one) => one === word.text);
  if (!order)
    throw new Complaint(
      `the order is one of ${ORDERS.join(', ')}; found ${clip(word.text)}`,
      at(word),
    );
  return order;
}

function parseScan(rest: readonly Word[], wants: (least: number, most: number) => void): Command {
  wants(0, 2);
  const last = rest.at(-1);
  const backward = last?.text === 'backward' && last.form === 'bare';
  const [range, extra] = backward ? rest.slice(0, -1) : rest;
  if (extra) throw new Complaint(`expected ${USAGE.scan}; found ${clip(extra.text)}`, at(extra));
  if (!range) return { kind: 'scan', backward };
  const found = /^(-?\d*)\.\.(-?\d*)$/.exec(range.text);
  if (!found)
    throw new Complaint(`a range is A..Z, as in 10..30; found ${clip(range.text)}`, at(range));
  const [, low = '', high = ''] = found;
  const from = low === '' ? undefined : keyIn({ ...range, text: low });
  const column = range.column + low.length + 2;
  const to = high === '' ? undefined : keyIn({ ...range, text: high, column });
  if (from !== undefined && to !== undefined && from > to)
    throw new Complaint(
      `the range ${range.text} is empty; expected the smaller key first`,
      at(range),
    );
  return {
    kind: 'scan',
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    backward,
  };
}

/** crash [during COMMAND at write|moment N] [keep all|none|1,3,5..7] [torn K] */
function parseCrash(rest: readonly Word[]): Crash {
  let words = rest;
  let torn: number | undefined;
  let keep: Keep | undefined;
  const option = (name: string): Word | undefined => {
    const [before, value] = words.slice(-2);
    if (before?.text !== name || before.form !== 'bare' || !value) return undefined;
    words = words.slice(0, -2);
    return value;
  };
  for (;;) {
    const tornWord = torn === undefined ? option('torn') : undefined;
    if (tornWord) torn = numberIn(tornWord, 0, 65536 / SECTOR, 'a number of sectors');
    const keepWord = keep === undefined ? option('keep') : undefined;
    if (keepWord) keep = keepIn(keepWord);
    if (!tornWord && !keepWord) break;
  }
  const options = { ...(keep !== undefined && { keep }), ...(torn !== undefined && { torn }) };
  const [during] = words;
  if (!during) return { kind: 'crash', ...options };
  const [place, unit, count] = words.slice(-3);
  if (
    during.text !== 'during' ||
    words.length < 5 ||
    place?.text !== 'at' ||
    !count ||
    (unit?.text !== 'write' && unit?.text !== 'moment')
  )
    throw new Complaint(`expected ${USAGE.crash}; found ${clip(during.text)}`, at(during));
  const inner = words.slice(1, -3);
  const command = inner[0] as Word;
  if (!(command.text in USAGE) || command.text === 'crash' || command.form !== 'bare')
    throw new Complaint(
      `a crash happens during a command; found ${clip(command.text)}`,
      at(command),
    );
  const n = numberIn(count, 1, 1_000_000_000, `the ${unit.text}`);
  return { kind: 'crash', during: { command: parse(inner), at: unit.text, n }, ...options };
}

function keepIn(word: Word): Keep {
  if (word.text === 'all' || word.text === 'none') return word.text;
  const ranges = word.text.split(',').map((part): [number, number] => {
    const found = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(part);
    const from = Number(found?.[1] ?? 0);
    const to = Number(found?.[2] ?? from);
    if (!found || from < 1 || to < from)
      throw new Complaint(
        `keep wants all, none or sectors from 1, as in 1,3,5..7; found ${clip(word.text)}`,
        at(word),
      );
    return [from, to];
  });
  return ranges;
}

const printValue = (value: Value): string =>
  typeof value === 'string' ? wordOf(value) : `x'${hexOf(value)}'`;

function print(command: Command): string {
  switch (command.kind) {
    case 'put':
      return `put ${command.key} ${printValue(command.value)}`;
    case 'get':
    case 'delete':
      return `${command.kind} ${command.key}`;
    case 'scan': {
      const { from, to, backward } = command;
      const range = from === undefined && to === undefined ? '' : ` ${from ?? ''}..${to ?? ''}`;
      return `scan${range}${backward ? ' backward' : ''}`;
    }
    case 'bulk':
      return `bulk ${command.count} ${command.order}`;
    case 'crash': {
      const { during, keep, torn } = command;
      const ranges = (list: readonly (readonly [number, number])[]): string =>
        list.map(([a, b]) => (a === b ? `${a}` : `${a}..${b}`)).join(',');
      return [
        'crash',
        ...(during ? [`during ${print(during.command)} at ${during.at} ${during.n}`] : []),
        ...(keep === undefined ? [] : [`keep ${typeof keep === 'string' ? keep : ranges(keep)}`]),
        ...(torn === undefined ? [] : [`torn ${torn}`]),
      ].join(' ');
    }
    default:
      return command.kind;
  }
}

// ── Running them ────────────────────────────────────────────────────────────────────────────────

type BTreeNote = Note<BTreeState, BTreeEvent> | undefined;

function policyOf(setup: Setup): Policy {
  return {
    maxCells: setup.settings['max-cells'] as number,
    mergeBelow: setup.settings['merge-below'] as number,
    split: setup.settings.split as 'middle',
  };
}

/** A state, opened for one part of a command. */
class Session {
  readonly pager: Pager;
  readonly tree: BTree;
  readonly disk: Disk;
  readonly tell: ((event: BTreeEvent) => void) | undefined;
  readonly #value: BTreeValue;
  readonly isForeign: boolean;
  puts = 0;
  gets = 0;
  deletes = 0;
  commits = 0;
  userBytes = 0;

  constructor(state: BTreeState, note: BTreeNote, setup: Setup, cutAtWrite?: number) {
    const { value } = state;
    this.#value = value;
    this.isForeign = value.readOnly;
    this.disk = new Disk(state.disk, cutAtWrite === undefined ? {} : { cutAtWrite });
    this.tell = note && ((event) => note(event, () => this.state()));
    this.pager = new Pager(this.disk, value.pageSize, value.usable, value.writing, this.tell);
    this.tree = new BTree(this.pager, value.root, policyOf(setup), this.tell);
  }

  state(): BTreeState {
    const { counters } = this.#value;
    return {
      disk: this.disk.seal(),
      value: {
        ...this.#value,
        writing: this.pager.writing,
        counters: {
          puts: counters.puts + this.puts,
          gets: counters.gets + this.gets,
          deletes: counters.deletes + this.deletes,
          pagesRead: counters.pagesRead + this.pager.pagesRead,
          pagesWritten: counters.pagesWritten + this.pager.pagesWritten,
          bytesWritten: counters.bytesWritten + this.pager.pagesWritten * this.pager.pageSize,
          userBytes: counters.userBytes + this.userBytes,
          splits: counters.splits + this.tree.splits,
          merges: counters.merges + this.tree.merges,
          commits: counters.commits + this.commits,
        },
      },
    };
  }

  put(key: Key, value: Value): void {
    const record = recordOf(value);
    this.puts++;
    this.userBytes += record.length;
    this.tree.put(key, record);
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
  if (command.kind === 'reopen') return reopen(state, note);
  const session = new Session(state, note, setup, cutAtWrite);
  const { tree, pager } = session;
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
      tree.scan(command, (key, record) => rows.push({ key, value: shownRow(record, session) }));
      result = rows.map(({ key, value }) => ({ key: plainKey(key), value }));
      break;
    }
    case 'bulk': {
      const { key, taken } = bulkKey(command, setup.seed);
      session.put(key, bulkValue(key, setup.seed));
      const done = command.done + 1;
      if (done < command.count) rest = { ...command, done, ...(taken && { taken }) };
      break;
    }
    case 'commit':
      if (pager.writing) session.commits++;
      pager.commit();
      break;
    case 'rollback':
      pager.rollback();
      break;
    default: {
      const report = checkImage(state.disk);
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

/** Throws a Complaint where a command cannot be done on such a database. */
function refuse(value: BTreeValue, command: Command): void {
  const { kind } = command;
  if (kind === 'crash' && command.during) refuse(value, command.during.command);
  if (value.readOnly && !READING.has(kind))
    throw new Complaint(
      `${kind} would write, and this database is open for reading only; expected ${[...READING].join(', ')}`,
      { column: 1 },
    );
  if (value.damaged && (kind === 'put' || kind === 'delete' || kind === 'bulk'))
    throw new Complaint(
      `${kind} is refused: the power cut left pages that do not fit together; check says which`,
      { column: 1 },
    );
  if (value.kind !== 'table' && (kind === 'get' || kind === 'scan'))
    throw new Complaint(
      `${kind} wants a table with rowids, and ${value.table} is stored as an index b-tree; check walks it`,
      { column: 1 },
    );
}

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

function reopen(state: BTreeState, note: BTreeNote): Part<BTreeState, Command> {
  const lost = dirtyPages(state.disk);
  // Closed in order, every write has long been synced; what was only in memory is gone.
  const disk = powerCut(state.disk);
  const closed = { disk, value: { ...state.value, writing: false, running: false } };
  note?.({ kind: 'closed', lost }, () => closed);
  const { state: opened, pages } = start(closed);
  note?.({ kind: 'opened', pages, foreign: opened.value.readOnly }, () => opened);
  return { state: opened };
}

/** Starts the engine on what the disk holds. */
function start(state: BTreeState): { state: BTreeState; pages: number; rows: number } {
  const report = checkImage(state.disk);
  const value = { ...state.value, running: true, damaged: report.findings.length > 0 };
  const disk = new Disk(state.disk);
  new Pager(disk, value.pageSize, value.usable).read(1);
  return { state: { disk: disk.seal(), value }, pages: report.pages, rows: report.rows };
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
  const sectors = pendingOf(state.disk);
  const last = state.disk.pending?.op;
  const lastSectors = last?.kind === 'write' ? Math.ceil(last.bytes.length / SECTOR) : 0;
  const firstOfLast = sectors.length - lastSectors;
  const torn = command.torn === undefined ? undefined : Math.min(command.torn, lastSectors);
  // A torn write is the last one: what was written before it is taken to have survived.
  const keep = command.keep ?? (torn === undefined ? 'none' : 'all');
  let kept = 0;
  const disk = powerCut(state.disk, (sector) => {
    const survives =
      torn !== undefined && sector >= firstOfLast
        ? sector < firstOfLast + torn
        : keep === 'all' ||
          (keep !== 'none' && keep.some(([a, b]) => sector + 1 >= a && sector + 1 <= b));
    if (survives) kept++;
    return survives;
  });
  const dead = { disk, value: { ...state.value, writing: false, running: false } };
  note?.(
    {
      kind: 'crash',
      lost: lostPages(state.disk, disk),
      ...(during && { during: print(during.command) }),
      kept,
      torn: torn ?? 0,
    },
    () => dead,
  );
  const { state: recovered, pages, rows } = start(dead);
  note?.({ kind: 'recovered', pages, rows }, () => recovered);
  return { state: recovered, recovered: true };
}

/** Pages that memory held otherwise than the disk does after the cut. */
function lostPages(before: DiskImage, after: DiskImage): number[] {
  const cache = fileNamed(before, FILES.cache);
  const database = fileNamed(after, FILES.database);
  if (!cache || !database) return [];
  const names = new Map([
    [FILES.cache, 1],
    [FILES.database, 2],
  ]);
  const files = new Map([
    [1, cache],
    [2, database],
  ]);
  return dirtyPages({ ...after, names, files });
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
      if (thrown instanceof PowerCut) return { disk: thrown.image, value: state.value };
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

// ── Bulk: N puts of distinct keys out of 1..10N, from the seed ──────────────────────────────────

function bulkKey(bulk: Bulk, seed: number): { key: number; taken?: readonly number[] } {
  const { count, order, done } = bulk;
  const domain = 10 * count;
  if (order === 'random') return { key: 1 + shuffled(done, domain, seed) };
  if (order === 'zipf') return zipfKey(bulk, seed);
  // One key out of each ten, so that ascending keys have gaps like any others.
  const ten = order === 'ascending' ? done : count - 1 - done;
  return { key: 1 + 10 * ten + (mix(seed, ten, 3) % 10) };
}

/**
 * Small keys are likely, large ones rare: each octave (1, 2..3, 4..7, …) is as likely as any other,
 * as under Zipf's law, and each key comes once.
 */
function zipfKey({ count, done, taken = [] }: Bulk, seed: number) {
  const domain = 10 * count;
  const octaves = Math.floor(Math.log2(domain)) + 1;
  const sizeOf = (octave: number): number => Math.min(2 ** octave, domain + 1 - 2 ** octave);
  const dice = new Dice(mix(seed, done, 4));
  for (;;) {
    const octave = dice.below(octaves);
    const used = taken[octave] ?? 0;
    if (used >= sizeOf(octave)) continue;
    const next = Array.from(
      { length: octaves },
      (_, i) => (taken[i] ?? 0) + (i === octave ? 1 : 0),
    );
    return { key: 2 ** octave + shuffled(used, sizeOf(octave), seed), taken: next };
  }
}

/** The n-th number of a seeded shuffling of 0..domain-1, without a list: a Feistel network, walked until it lands inside. */
function shuffled(n: number, domain: number, seed: number): number {
  const half = Math.max(1, Math.ceil(Math.log2(Math.max(2, domain)) / 2));
  const mask = 2 ** half - 1;
  let at = n;
  do {
    let left = Math.floor(at / 2 ** half);
    let right = at & mask;
    for (let round = 0; round < 4; round++)
      [left, right] = [right, left ^ (mix(seed, right, round + 10) & mask)];
    at = left * 2 ** half + right;
  } while (at >= domain);
  return at;
}

function mix(seed: number, n: number, salt: number): number {
  let h = Math.imul(seed ^ Math.floor(seed / 2 ** 32) ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ n, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 0;
}

const WORDS = ['coral', 'kelp', 'reef', 'squid', 'whale', 'brine', 'tide', 'abyss', 'krill', 'eel'];

/** 24 bytes, the same for a seed and a key. */
function bulkValue(key: number, seed: number): string {
  const dice = new Dice(mix(seed, key, 5));
  let text = '';
  while (text.length < 24) text += `${WORDS[dice.below(WORDS.length)]}-${dice.below(1000)} `;
  return text.slice(0, 24);
}

// ── Looking at a state ──────────────────────────────────────────────────────────────────────────

function checkImage(disk: DiskImage) {
  const file = fileNamed(disk, FILES.database);
  const cache = fileNamed(disk, FILES.cache);
  const inFile = file ? Math.floor(file.now.size / file.chunkSize) : 0;
  const inCache = cache ? Math.floor(cache.now.size / cache.chunkSize) : 0;
  // New pages are in the cache only, until the commit.
  const pages = file?.source ? inFile : Math.max(inFile, inCache);
  return checkDatabase((page) => (page <= pages ? pageOf(disk, page) : undefined), pages);
}

function problemsOf({ disk }: BTreeState): Problem[] {
  return checkImage(disk).findings.map(({ text, page }) => ({
    referee: 'integrity',
    text,
    ...(page !== undefined && { key: `page:${page}` }),
  }));
}

/** How many pages a check would look at. */
function pagesReachable({ disk }: BTreeState): number {
  const file = fileNamed(disk, FILES.database);
  const cache = fileNamed(disk, FILES.cache);
  return Math.max(file?.now.size ?? 0, cache?.now.size ?? 0) / (file?.chunkSize ?? 512);
}

function metrics(state: BTreeState): Metric[] {
  const { disk, value } = state;
  const { counters } = value;
  const { uses, header } = pagesOf((page) => pageOf(disk, page), pagesReachable(state));
  const byRole = new Map<string, number>();
  const fills: { cells: number; fill: number; pages: number }[] = [];
  let height = 0;
  for (const { page, role, tree, depth = 0 } of uses.values()) {
    byRole.set(role, (byRole.get(role) ?? 0) + 1);
    if (tree !== value.root || (role !== 'leaf' && role !== 'interior')) continue;
    const bytes = pageOf(disk, page);
    if (!bytes) continue;
    height = Math.max(height, depth + 1);
    const level = fills[depth] ?? { cells: 0, fill: 0, pages: 0 };
    const lens = new Page(bytes, page, value.usable);
    level.fill += fillOf(lens, 0);
    level.cells += lens.cellCount;
    level.pages++;
    fills[depth] = level;
  }
  const count = (name: string, value: number, help: string, unit = 'pages'): Metric => ({
    name,
    value,
    unit,
    help,
  });
  const amplification = counters.userBytes === 0 ? 0 : counters.bytesWritten / counters.userBytes;
  return [
    count('height', height, 'Levels of pages from the root to the leaves', 'levels'),
    count('pages', header.pages, 'Pages in the database'),
    ...['interior', 'leaf', 'overflow', 'trunk', 'free'].map((role) =>
      count(`${role} pages`, byRole.get(role) ?? 0, `Pages that are ${role} pages now`),
    ),
    ...fills.map(({ fill, pages }, depth) =>
      count(
        `fill of level ${depth}`,
        Math.round((1000 * fill) / pages) / 10,
        'Bytes in use of those that cells can have; random inserts tend to ln 2 = 69.3 %',
        '%',
      ),
    ),
    count('rows', fills.at(-1)?.cells ?? 0, 'Rows in the leaves', 'rows'),
    count('dirty pages', dirtyPages(disk).length, 'Changed in memory and not yet in the file'),
    count('pages read', counters.pagesRead, 'Asked of the pager since the opening'),
    count('pages written', counters.pagesWritten, 'Written to the file by commits'),
    count('bytes written', counters.bytesWritten, 'Written to the file by commits', 'bytes'),
    count(
      'write amplification',
      Math.round(100 * amplification) / 100,
      'Bytes written to the file for each byte of the rows that were put',
      'x',
    ),
    count('splits', counters.splits, 'Pages that overflowed since the opening', 'splits'),
    count('merges', counters.merges, 'Pages that were joined since the opening', 'merges'),
  ];
}

function openLab(setup: Setup, foreign?: ForeignSource): BTreeState {
  const counters = {
    puts: 0,
    gets: 0,
    deletes: 0,
    pagesRead: 0,
    pagesWritten: 0,
    bytesWritten: 0,
    userBytes: 0,
    splits: 0,
    merges: 0,
    commits: 0,
  };
  const base = { writing: false, running: true, damaged: false, counters };
  if (!foreign) {
    const pageSize = setup.settings['page-size'] as number;
    const disk = new Disk();
    Pager.create(disk, pageSize);
    const value = {
      ...base,
      root: ROOT,
      table: 'kv',
      kind: 'table',
      pageSize,
      usable: pageSize,
    } as const;
    return { disk: disk.seal(), value: { ...value, readOnly: false } };
  }
  const { header, image, read } = openForeign(foreign);
  const { pageSize, usable } = header;
  const trees = treesOf(read, header);
  const wanted = setup.settings.table as string;
  const tree =
    wanted === ''
      ? firstTable(trees)
      : wanted === SCHEMA
        ? undefined
        : (trees.find(({ name }) => name === wanted) ?? tableNamed(trees, wanted));
  const value = tree
    ? { ...base, root: tree.root, table: tree.name, kind: tree.kind, pageSize, usable }
    : ({ ...base, root: 1, table: SCHEMA, kind: 'table', pageSize, usable } as const);
  return { disk: image, value: { ...value, readOnly: true } };
}

/** SQLite's own table of what is in the database; its root is page 1. */
const SCHEMA = 'sqlite_schema';
/** Pages read to count rows, over all trees of a database: more would be felt. */
const COUNTED_PAGES = 1500;

/** The trees of an opened database, the schema's last, and what has none. */
function treesIn({ disk, value }: BTreeState): TreeInfo[] {
  if (!value.readOnly) return [];
  const read = (page: number) => pageOf(disk, page);
  const header = readHeader(read(1) ?? new Uint8Array(0), 0);
  let budget = COUNTED_PAGES;
  const schema = { name: SCHEMA, kind: 'table', root: 1 } as const;
  const trees = [...treesOf(read, header), schema].map(({ name, kind, root }): TreeInfo => {
    const { depth, rows, read: looked } = sizeOfTree(read, value.usable, { kind, root }, budget);
    budget = Math.max(0, budget - looked);
    const shown = root === value.root;
    if (depth === 0)
      return { name, kind, shown, trouble: `its root, page ${root}, is no page of a tree` };
    return { name, kind, shown, depth, ...(rows !== undefined && { rows }) };
  });
  const virtual = virtualTablesOf(read, header).map(
    (name): TreeInfo => ({
      name,
      kind: 'virtual',
      shown: false,
      trouble: 'a virtual table: a module keeps its rows elsewhere, there is no tree of its own',
    }),
  );
  return [...trees, ...virtual];
}

/** The table to show where none was chosen: one with rowids if there is any. */
function firstTable(trees: ReturnType<typeof treesOf>) {
  const tables = trees.filter(({ name }) => !name.startsWith('sqlite_'));
  return tables.find(({ kind }) => kind === 'table') ?? tables.find(({ kind }) => kind !== 'index');
}

function exportsOf({ disk }: BTreeState) {
  const file = fileNamed(disk, FILES.database);
  if (!file) return [];
  return [{ name: 'btree.sqlite', bytes: bytesOfContent(file) }];
}

const SOURCES: Readonly<Record<BTreeEvent['kind'], readonly [file: string, name: string]>> = {
  opened: ['btree/pager.ts', 'create'],
  descend: ['btree/tree.ts', 'descend'],
  seek: ['btree/page.ts', 'search'],
  found: ['btree/tree.ts', 'get'],
  absent: ['btree/tree.ts', 'get'],
  scan: ['btree/tree.ts', 'scan'],
  scanned: ['btree/tree.ts', 'scan'],
  begin: ['btree/pager.ts', 'begin'],
  spill: ['btree/tree.ts', 'cellFor'],
  insert: ['btree/cells.ts', 'enterCell'],
  update: ['btree/tree.ts', 'replace'],
  remove: ['btree/cells.ts', 'removeCell'],
  defragment: ['btree/cells.ts', 'defragment'],
  overflow: ['btree/balance.ts', 'overflow'],
  deepen: ['btree/balance.ts', 'deepen'],
  open: ['btree/balance.ts', 'openSibling'],
  move: ['btree/balance.ts', 'split'],
  separator: ['btree/balance.ts', 'raiseSeparator'],
  underfull: ['btree/balance.ts', 'rebalance'],
  merge: ['btree/balance.ts', 'merge'],
  unlink: ['btree/balance.ts', 'merge'],
  borrow: ['btree/balance.ts', 'borrow'],
  shrink: ['btree/balance.ts', 'shrink'],
  free: ['btree/pager.ts', 'free'],
  write: ['btree/pager.ts', 'commit'],
  sync: ['disk/disk.ts', 'sync'],
  committed: ['btree/pager.ts', 'commit'],
  nothing: ['btree/pager.ts', 'commit'],
  rollback: ['btree/pager.ts', 'rollback'],
  crash: ['disk/power.ts', 'powerCut'],
  recovered: ['labs/btree.ts', 'start'],
  closed: ['labs/btree.ts', 'reopen'],
  checked: ['btree/check.ts', 'checkDatabase'],
};

const PROCESSES: Readonly<Record<string, readonly BTreeEvent['kind'][]>> = {
  search: ['descend', 'seek', 'found', 'absent', 'scan', 'scanned'],
  write: ['begin', 'spill', 'insert', 'update', 'remove', 'defragment', 'free'],
  split: ['overflow', 'deepen', 'open', 'move', 'separator'],
  merge: ['underfull', 'merge', 'unlink', 'borrow', 'shrink'],
  commit: ['write', 'sync', 'committed', 'nothing', 'rollback'],
  crash: ['crash', 'recovered'],
  session: ['opened', 'closed', 'checked'],
};

const isPageSize = (value: unknown): boolean =>
  [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].includes(value as number);

export const btree: Lab<BTreeState, Command, BTreeEvent> = {
  name: 'btree',
  chapter: 5,
  title: 'B-Trees',
  settings: [
    {
      name: 'page-size',
      type: 'integer',
      default: 512,
      values: [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
      min: 512,
      max: 65536,
      expected: 'a power of two from 512 to 65536',
      valid: isPageSize,
      help: 'Bytes in a page. SQLite takes 4096 unless told; 512 splits soon.',
    },
    {
      name: 'max-cells',
      type: 'integer',
      default: 0,
      values: [0, 2, 3, 4, 8],
      min: 0,
      max: 10_000,
      expected: '0 for as many as fit, or a whole number from 2 to 10000',
      valid: (value) => value !== 1,
      help: 'At most so many cells a page, to see splits early; 0: as many as fit. The file stays valid.',
    },
    {
      name: 'split',
      type: 'choice',
      default: 'middle',
      values: ['middle'],
      help: 'Where a page is cut in two: middle makes the halves as even as can be.',
    },
    {
      name: 'merge-below',
      type: 'number',
      default: MERGE_BELOW,
      min: 0,
      max: 0.5,
      help: 'A page filled less than this part seeks a sibling to merge with. SQLite: a third.',
    },
    {
      name: 'keys',
      type: 'choice',
      default: 'integer',
      values: ['integer'],
      help: 'integer: rows are found by rowid, in a table b-tree.',
    },
    {
      name: 'table',
      type: 'text',
      default: '',
      help: 'Of an imported database, the table or index to show; empty: its first table.',
    },
  ],
  commands: [
    {
      name: 'put',
      usage: USAGE.put,
      help: 'Inserts a row or replaces it. The first write opens a transaction.',
      examples: ['put 29 "Puerto Rico"', "put 7 x'00ff'"],
    },
    { name: 'get', usage: USAGE.get, help: 'Looks a row up.', reads: true, examples: ['get 29'] },
    { name: 'delete', usage: USAGE.delete, help: 'Takes a row out.', examples: ['delete 29'] },
    {
      name: 'scan',
      usage: USAGE.scan,
      help: 'Reads rows in the order of their keys; either end of the range may be left out.',
      reads: true,
      examples: ['scan 10..30', 'scan ..30 backward', 'scan'],
    },
    {
      name: 'bulk',
      usage: USAGE.bulk,
      help: 'N puts of distinct keys out of 1..10N, with 24-byte values from the seed.',
      examples: ['bulk 100 random', 'bulk 500 ascending'],
    },
    {
      name: 'commit',
      usage: USAGE.commit,
      help: 'Writes the changed pages to the file and syncs it.',
    },
    {
      name: 'rollback',
      usage: USAGE.rollback,
      settles: true,
      help: 'Drops what was changed since the last commit.',
    },
    {
      name: 'crash',
      usage: USAGE.crash,
      settles: true,
      help: 'Cuts the power and starts again; keep names the unsynced sectors that survive, torn how many of the last write.',
      examples: [
        'crash',
        'crash during put 29 "Puerto Rico" at moment 5',
        'crash during commit at write 2 keep 1',
        'crash during commit at write 3 torn 1',
      ],
    },
    {
      name: 'reopen',
      usage: USAGE.reopen,
      settles: true,
      help: 'Closes in order and opens again; what was not committed is rolled back.',
    },
    {
      name: 'check',
      usage: USAGE.check,
      help: 'Walks the whole database and says what breaks a rule of the format.',
      reads: true,
    },
  ],
  sabotage: [],
  kinds: Object.entries(PROCESSES).flatMap(([process, kinds]) =>
    kinds.map((kind) => ({ kind, process })),
  ),
  referees: [
    { name: 'integrity', at: 'command', check: problemsOf, cost: pagesReachable },
    { name: 'integrity', at: 'recovery', check: problemsOf, cost: pagesReachable },
  ],
  parse: (words) => parse(words),
  print,
  describe: (event, { disk, value }) => describe(event, disk, value),
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
  metrics,
  trees: treesIn,
  sourceOf: (kind): SourceRef => {
    const [file, name] = SOURCES[kind as BTreeEvent['kind']] ?? SOURCES.opened;
    return { file: `engine/${file}`, name };
  },
};
