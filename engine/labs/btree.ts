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
import { hexOf } from '../base/bytes.ts';
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
import { overlayOf } from '../btree/overlay.ts';
import { Page, pagesOf, treesOf, virtualTablesOf } from '../btree/page.ts';
import { Pager, ROOT } from '../btree/pager.ts';
import { readRecord, recordOf, type Value } from '../btree/record.ts';
import { BTree, type Policy } from '../btree/tree.ts';
import { Disk, PowerCut } from '../disk/disk.ts';
import {
  bytesOfContent,
  type DiskImage,
  type FileImage,
  fileNamed,
  weightBeside,
} from '../disk/image.ts';
import { pendingOf, powerCut, SECTOR } from '../disk/power.ts';
import type {
  Engine,
  ForeignSource,
  Metric,
  Note,
  Part,
  Problem,
  Setup,
  SourceRef,
  TreeInfo,
} from '../run/lab.ts';
import { type Command, type Crash, commands, parse, print, settings } from './btree-commands.ts';
import { bulkKey, bulkValue } from './bulk.ts';

export type { Command };

export interface BTreeState {
  readonly disk: DiskImage;
  readonly value: BTreeValue;
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

/** What a walk over all pages finds: pages by role, and each level of the tree on the stage. */
interface Census {
  readonly pages: number;
  readonly byRole: ReadonlyMap<string, number>;
  readonly levels: readonly {
    readonly cells: number;
    readonly fill: number;
    readonly pages: number;
  }[];
}

/** An opened file never changes: it is walked once, a larger one never. */
const censuses = new WeakMap<FileImage, Map<number, Census>>();
/** Beyond so many pages of an opened file a walk over all of them would be felt at every moment. */
const COUNTED = 2500;

function censusOf(state: BTreeState): Census | undefined {
  const { disk, value } = state;
  const file = value.readOnly ? fileNamed(disk, FILES.database) : undefined;
  if (!file) return census(state);
  if (pagesReachable(state) > COUNTED) return undefined;
  const known = censuses.get(file) ?? new Map<number, Census>();
  censuses.set(file, known);
  const found = known.get(value.root) ?? census(state);
  known.set(value.root, found);
  return found;
}

function census(state: BTreeState): Census {
  const { disk, value } = state;
  const { uses, header } = pagesOf((page) => pageOf(disk, page), pagesReachable(state));
  const byRole = new Map<string, number>();
  const levels: { cells: number; fill: number; pages: number }[] = [];
  for (const { page, role, tree, depth = 0 } of uses.values()) {
    byRole.set(role, (byRole.get(role) ?? 0) + 1);
    if (tree !== value.root || (role !== 'leaf' && role !== 'interior')) continue;
    const bytes = pageOf(disk, page);
    if (!bytes) continue;
    const level = levels[depth] ?? { cells: 0, fill: 0, pages: 0 };
    const lens = new Page(bytes, page, value.usable);
    level.fill += fillOf(lens, 0);
    level.cells += lens.cellCount;
    level.pages++;
    levels[depth] = level;
  }
  return { pages: header.pages, byRole, levels };
}

function metrics(state: BTreeState): Metric[] {
  const { disk, value } = state;
  const { counters } = value;
  const count = (name: string, value: number, help: string, unit = 'pages'): Metric => ({
    name,
    value,
    unit,
    help,
  });
  const amplification = counters.userBytes === 0 ? 0 : counters.bytesWritten / counters.userBytes;
  const found = censusOf(state);
  const read = (page: number) => pageOf(disk, page);
  const levels = found?.levels.length ?? sizeOfTree(read, value.usable, value, 0).depth;
  const { pages, freePages } = readHeader(read(1) ?? new Uint8Array(0), 0);
  return [
    count('height', levels, 'Levels of pages from the root to the leaves', 'levels'),
    count('pages', found?.pages ?? pages, 'Pages in the database'),
    ...(found
      ? [
          ...['interior', 'leaf', 'overflow', 'trunk', 'free'].map((role) =>
            count(`${role} pages`, found.byRole.get(role) ?? 0, `Pages that are ${role} pages now`),
          ),
          ...found.levels.map(({ fill, pages }, depth) =>
            count(
              `fill of level ${depth}`,
              Math.round((1000 * fill) / pages) / 10,
              'Bytes in use of those that cells can have; random inserts tend to ln 2 = 69.3 %',
              '%',
            ),
          ),
          count('rows', found.levels.at(-1)?.cells ?? 0, 'Rows in the leaves', 'rows'),
        ]
      : [count('free pages', freePages, 'Pages on the freelist, as the header says')]),
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
  const source = overlayOf(foreign, foreign.beside?.wal, foreign.beside?.journal);
  const { header, image, read } = openForeign(source);
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
  const { notes } = source;
  return { disk: image, value: { ...value, readOnly: true, ...(notes.length > 0 && { notes }) } };
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

export const btree: Engine<BTreeState, Command, BTreeEvent> = {
  name: 'btree',
  chapter: 5,
  title: 'B-Trees',
  settings,
  commands,
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
