// The B-Tree lab against a sorted map, against the real SQLite, and against power cuts.
//
// Which judges looked at the exported files is printed: sql.js (SQLite as WebAssembly) always, the
// sqlite3 command as well where it is installed.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
// @ts-expect-error sql.js comes without types; what is used of it is declared below
import initSqlJs from 'sql.js';
import { afterAll, describe, expect, test } from 'vitest';
import { hexOf } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { checkDatabase } from '../btree/check.ts';
import { type BTreeEvent, dirtyPages, type Key, pageCount, pageOf } from '../btree/events.ts';
import type { Value } from '../btree/record.ts';
import { labOf, type Setup } from '../run/lab.ts';
import { parseCommand, quote, wordsOf } from '../run/scenario.ts';
import { digestOfState } from '../run/timeline.ts';
import { type BTreeState, type Command, btree as engine } from './btree.ts';
import { metrics } from './btree-metrics.ts';
import { opening } from './btree-opened.ts';
import { words } from './btree-words.ts';

const btree = { ...engine, ...opening };

interface SqlDatabase {
  exec(sql: string): { values: unknown[][] }[];
  close(): void;
  export(): Uint8Array;
}
const SQL: { Database: new (bytes?: Uint8Array) => SqlDatabase } = await initSqlJs();
const folder = mkdtempSync(join(tmpdir(), 'bathysphere-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cli = (() => {
  try {
    return execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ')[0];
  } catch {
    return undefined;
  }
})();
console.info(`judges: sql.js${cli ? ` and sqlite3 ${cli}` : '; no sqlite3 command here'}`);

function setupWith(settings: Record<string, number | string> = {}, seed = 1): Setup {
  const defaults = Object.fromEntries(words.settings.map((one) => [one.name, one.default]));
  return { lab: 'btree', seed, settings: { ...defaults, ...settings }, sabotage: [] };
}

const parse = (line: string, setup: Setup = setupWith()): Command =>
  parseCommand(labOf(btree, words) as never, wordsOf(line), setup) as Command;

/** Runs all parts of a command. `watch` sees each event; `seal` says whether to seal at each. */
function runAll(
  state: BTreeState,
  command: Command,
  setup: Setup,
  watch?: (event: BTreeEvent, seal: () => BTreeState) => void,
): { state: BTreeState; result?: unknown } {
  let at = state;
  for (let rest: Command | undefined = command; ; ) {
    const part = btree.run(at, rest, watch, setup);
    at = part.state;
    rest = part.rest;
    if (rest === undefined) return { state: at, result: part.result };
  }
}

function play(script: string, settings: Record<string, number | string> = {}) {
  const setup = setupWith(settings);
  let state = btree.open(setup);
  const events: BTreeEvent[] = [];
  const results: unknown[] = [];
  for (const line of script
    .trim()
    .split('\n')
    .map((one) => one.trim())) {
    const done = runAll(state, parse(line, setup), setup, (event) => events.push(event));
    state = done.state;
    if (done.result !== undefined) results.push(done.result);
  }
  return { state, events, kinds: events.map(({ kind }) => kind), results, setup };
}

const findings = ({ disk, value }: BTreeState) => {
  const pages = pageCount(disk, value.writing);
  return checkDatabase((page) => (page <= pages ? pageOf(disk, page) : undefined), pages);
};

const rowsOf = (state: BTreeState, setup: Setup): [string, string][] =>
  (
    runAll(state, { kind: 'scan', backward: false }, setup).result as { key: Key; value: unknown }[]
  ).map(({ key, value }) => [`${key}`, shown(value)]);

const shown = (value: unknown): string =>
  typeof value === 'string' ? `t${value}` : `b${(value as { bytes: string }).bytes}`;

/** The database with its log brought home. */
const exported = (state: BTreeState): Uint8Array =>
  btree.exportsAlone?.(state)[0]?.bytes as Uint8Array;

/** The database and the log beside it, as `run --export` writes them. */
const pair = (state: BTreeState): Pair => {
  const [database, log] = btree.exports(state);
  return { database: database?.bytes as Uint8Array, ...(log && { log: log.bytes }) };
};
interface Pair {
  readonly database: Uint8Array;
  readonly log?: Uint8Array;
}

/** What the real SQLite says of the bytes: its integrity check, and its rows. */
function judged(bytes: Uint8Array): { integrity: string; rows: [string, string][] } {
  const db = new SQL.Database(bytes);
  const integrity = String(db.exec('PRAGMA integrity_check')[0]?.values[0]?.[0]);
  const rows = db.exec(
    "SELECT CAST(id AS TEXT), CASE typeof(v) WHEN 'blob' THEN 'b' || lower(hex(v)) ELSE 't' || v END FROM kv ORDER BY id",
  )[0];
  db.close();
  return { integrity, rows: (rows?.values ?? []) as [string, string][] };
}

/** What the sqlite3 command says of several databases with their logs, in one process. */
function judgedByCommand(
  files: readonly Pair[],
): { integrity: string; rows: [string, string][] }[] {
  const script = files
    .map(({ database, log }, i) => {
      const path = join(folder, `${i}.db`);
      for (const end of ['-wal', '-shm', '-journal']) rmSync(path + end, { force: true });
      writeFileSync(path, database);
      if (log) writeFileSync(`${path}-wal`, log);
      return `.open '${path}'\n.print =\nPRAGMA integrity_check;\nSELECT id || '|' || CASE typeof(v) WHEN 'blob' THEN 'b' || lower(hex(v)) ELSE 't' || hex(v) END FROM kv ORDER BY id;\n`;
    })
    .join('');
  const out = execFileSync('sqlite3', { input: script, encoding: 'utf8', maxBuffer: 2 ** 30 });
  return out
    .split(/^=\n/m)
    .slice(1)
    .map((answer) => {
      const [integrity = '', ...rows] = answer.trim().split('\n');
      return {
        integrity,
        rows: rows.map((row): [string, string] => {
          const at = row.indexOf('|');
          const text = row.slice(at + 2);
          const kind = row[at + 1] as string;
          const shown = kind === 't' ? Buffer.from(text, 'hex').toString('utf8') : text;
          return [row.slice(0, at), `${kind}${shown}`];
        }),
      };
    });
}

// ── Mirror: against a sorted map, under random commands ─────────────────────────────────────────

const value = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.nat(600).map((size) => 'w'.repeat(size)) },
  { weight: 1, arbitrary: fc.nat(5000).map((size) => 'o'.repeat(size)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
);
const key = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: -300, max: 70_000 }) },
  {
    weight: 1,
    arbitrary: fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((big) => (Number.isSafeInteger(Number(big)) ? Number(big) : big)),
  },
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Command>(
      { kind: 'commit' },
      { kind: 'checkpoint' },
      { kind: 'rollback' },
      { kind: 'crash' },
      { kind: 'reopen' },
    ),
  },
);

class Mirror {
  rows = new Map<Key, Value>();
  committed = new Map<Key, Value>();

  apply(command: Command): void {
    if (command.kind === 'put') this.rows.set(command.key, command.value);
    if (command.kind === 'delete') this.rows.delete(command.key);
    if (command.kind === 'commit') this.committed = new Map(this.rows);
    if (['rollback', 'crash', 'reopen'].includes(command.kind)) this.rows = new Map(this.committed);
  }

  sorted(rows = this.rows): [string, string][] {
    return [...rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [
        `${key}`,
        typeof value === 'string' ? `t${value}` : `b${hexOf(value)}`,
      ]);
  }
}

const sizes = [512, 1024, 4096, 65536];
const caps = [0, 3, 4];

describe.each(sizes)('Mirror: pages of %i bytes', (pageSize) => {
  test.each(caps)('max-cells %i', (maxCells) => {
    const setup = setupWith({
      'page-size': pageSize,
      'max-cells': maxCells,
      'checkpoint-after': maxCells === 3 ? 12 : 0,
    });
    const files: { files: Pair; rows: [string, string][] }[] = [];
    fc.assert(
      fc.property(fc.array(command, { minLength: 20, maxLength: 120 }), (commands) => {
        const mirror = new Mirror();
        let state = btree.open(setup);
        for (const one of commands) {
          const { result, ...rest } = runAll(state, one, setup);
          state = rest.state;
          mirror.apply(one);
          if (one.kind === 'get') {
            const held = mirror.rows.get(one.key);
            expect(result).toEqual(
              held instanceof Uint8Array ? { bytes: hexOf(held) } : (held ?? null),
            );
          }
          const found = findings(state);
          expect(found.findings).toEqual([]);
          expect(found.rows).toBe(mirror.rows.size);
        }
        expect(rowsOf(state, setup)).toEqual(mirror.sorted());
        const bytes = exported(state);
        // SQLite's || stops at a zero character, so those rows are compared by our own reader alone.
        const { integrity, rows } = judged(bytes);
        expect(integrity).toBe('ok');
        const plain = ([, text]: [string, string]) => !text.includes('\0');
        expect(rows.filter(plain).map(([key]) => key)).toEqual(
          mirror
            .sorted(mirror.committed)
            .filter(plain)
            .map(([key]) => key),
        );
        files.push({ files: pair(state), rows: mirror.sorted(mirror.committed) });
      }),
      { numRuns: 12, seed: 20 + pageSize + maxCells },
    );
    if (cli)
      expect(judgedByCommand(files.map((one) => one.files))).toEqual(
        files.map(({ rows }) => ({ integrity: 'ok', rows })),
      );
  });
});

test('a hundred exported files of randomized runs: SQLite finds them sound and the rows equal', () => {
  const dice = new Dice(99);
  const files: { files: Pair; rows: [string, string][] }[] = [];
  for (let run = 0; run < 120; run++) {
    const settings = {
      'page-size': [512, 512, 1024, 4096][dice.below(4)] as number,
      'max-cells': [0, 0, 2, 3, 4, 8][dice.below(6)] as number,
      'merge-below': [0, 0.33, 0.5][dice.below(3)] as number,
    };
    const setup = setupWith(settings, run);
    let state = btree.open(setup);
    const mirror = new Mirror();
    const order = ['random', 'ascending', 'descending', 'zipf'][dice.below(4)];
    const bulk = parse(`bulk ${1 + dice.below(120)} ${order}`, setup);
    state = runAll(state, bulk, setup).state;
    for (const { key, value } of runAll(state, parse('scan'), setup).result as {
      key: Key;
      value: string;
    }[])
      mirror.rows.set(key, value);
    for (let n = dice.below(100); n > 0; n--) {
      const key = [...mirror.rows.keys()][dice.below(Math.max(1, mirror.rows.size))] ?? 1;
      const one: Command = dice.chance(0.7)
        ? { kind: 'delete', key }
        : {
            kind: 'put',
            key: key as number,
            value: 'r'.repeat(dice.below(dice.chance(0.2) ? 3000 : 80)),
          };
      state = runAll(state, one, setup).state;
      mirror.apply(one);
    }
    state = runAll(state, { kind: 'commit' }, setup).state;
    const bytes = exported(state);
    expect(judged(bytes)).toEqual({ integrity: 'ok', rows: mirror.sorted() });
    files.push({ files: pair(state), rows: mirror.sorted() });
  }
  if (cli)
    expect(judgedByCommand(files.map((one) => one.files))).toEqual(
      files.map(({ rows }) => ({ integrity: 'ok', rows })),
    );
});

test('the real SQLite goes on writing into an exported file', () => {
  const { state } = play('bulk 200 random\ncommit', { 'max-cells': 3 });
  const db = new SQL.Database(exported(state));
  db.exec("DELETE FROM kv WHERE id % 3 = 0; INSERT INTO kv(v) VALUES ('more'); VACUUM");
  expect(db.exec('PRAGMA integrity_check')[0]?.values).toEqual([['ok']]);
  db.close();
});

// ── Moments ─────────────────────────────────────────────────────────────────────────────────────

test('sealing at every moment, at some, or at none gives the same bytes', () => {
  const script =
    'bulk 150 random\ndelete 7\nput 8 x\ncommit\nbulk 60 descending\nrollback\nscan 3..90\nbulk 90 zipf\ncrash\nbulk 40 random\ncommit';
  const digests = [
    undefined,
    (_: BTreeEvent, _seal: () => BTreeState) => {},
    (_: BTreeEvent, seal: () => BTreeState) => void seal(),
    (event: BTreeEvent, seal: () => BTreeState) => void (event.kind.length % 2 && seal()),
  ].map((watch) => {
    const setup = setupWith({ 'max-cells': 5 });
    let state = btree.open(setup);
    for (const line of script.split('\n'))
      state = runAll(state, parse(line, setup), setup, watch).state;
    return digestOfState(btree, state);
  });
  expect(new Set(digests).size).toBe(1);
});

test('every moment has words, and the words name no missing number', () => {
  const setup = setupWith({ 'max-cells': 3 });
  let state = btree.open(setup);
  const lines = `bulk 60 random\ncommit\nput 5 ${quote('x'.repeat(2000))}\nget 5\nput 5 short\nscan 1..50 backward
    scan\nbulk 60 ascending\ncheck\nget 999999\ndelete 999999\nrollback\nrollback\ncommit\nreopen
    put 1 a\ncrash during commit at write 2 keep none\ncrash\nput 2 b\nreopen\ncheckpoint\nput 3 c\ncommit\ncheckpoint\nreopen`;
  const seen = new Set<string>();
  const watch = (event: BTreeEvent, seal: () => BTreeState) => {
    const { title, detail } = words.describe(event, seal());
    seen.add(event.kind);
    expect(`${title} ${detail}`).not.toMatch(/undefined|NaN|\[object|null/);
    expect(title.length).toBeGreaterThan(5);
    expect(detail).toMatch(/[.]$/);
  };
  for (const line of lines.split('\n'))
    state = runAll(state, parse(line.trim(), setup), setup, watch).state;
  for (let key = 600; key > 0; key--)
    state = runAll(state, { kind: 'delete', key }, setup, watch).state;
  for (const line of ['load 60', 'commit', 'vacuum', 'commit', 'checkpoint'])
    state = runAll(state, parse(line, setup), setup, watch).state;
  const never = btree.kinds.map(({ kind }) => kind).filter((kind) => !seen.has(kind));
  // Golden scripts show those: of packing, of index b-trees, of the policies with siblings; one is
  // moment 0.
  expect(never.sort()).toEqual([
    'deal',
    'defragment',
    'gather',
    'opened',
    'predecessor',
    'separators',
  ]);
});

test('the source panel finds each function that it names', () => {
  for (const { kind } of btree.kinds) {
    const { file, name } = words.sourceOf(kind);
    const source = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
    expect(source, `${name} in ${file}`).toMatch(
      new RegExp(`^(export )?function ${name}\\(|^  (static |private )?${name}\\(`, 'm'),
    );
  }
});

// ── Crashes ─────────────────────────────────────────────────────────────────────────────────────

describe('a power cut', () => {
  const before = 'bulk 30 random\ncommit\nput 1000 new\ndelete 5';

  test('at any moment of any command falls back to the last commit', () => {
    const { state, setup } = play(before, { 'max-cells': 4 });
    const committed = rowsOf(runAll(state, { kind: 'rollback' }, setup).state, setup);
    for (const line of [
      'put 77 "Puerto Rico"',
      'delete 1000',
      'commit',
      'get 1000',
      'bulk 5 random',
    ]) {
      let count = 0;
      runAll(state, parse(line, setup), setup, () => count++);
      for (let n = 1; n <= count; n++) {
        const after = runAll(
          state,
          parse(`crash during ${line} at moment ${n}`, setup),
          setup,
        ).state;
        // The commit counts from its sync on, which is the last moment but one.
        const isDone = line === 'commit' && n >= count - 1;
        const expected = isDone
          ? rowsOf(runAll(state, { kind: 'commit' }, setup).state, setup)
          : committed;
        expect(rowsOf(after, setup), `${line} at ${n}`).toEqual(expected);
        expect(findings(after).findings).toEqual([]);
        expect(dirtyPages(after.disk)).toEqual([]);
      }
    }
  });

  test('during a commit keeps what keep says: all of the transaction, or none of it', () => {
    const { state, setup } = play('bulk 30 random\ncommit\nbulk 30 ascending', { 'max-cells': 4 });
    const at = (tail: string) =>
      runAll(state, parse(`crash during commit at write ${tail}`, setup), setup).state;
    const before = rowsOf(runAll(state, { kind: 'rollback' }, setup).state, setup);
    const dirty = dirtyPages(state.disk).length;
    for (const tail of ['1 keep all', '4 keep 1..2', '9 torn 1', `${dirty} keep 3..99`]) {
      const left = at(tail);
      expect(left.value.damaged).toBe(false);
      expect(rowsOf(left, setup), tail).toEqual(before);
    }
    const whole = at(`${dirty} keep all`);
    expect(findings(whole).findings).toEqual([]);
    expect(rowsOf(whole, setup)).toEqual(rowsOf(state, setup));
  });

  test('tears the last write by sectors', () => {
    const { state, setup } = play(`put 1 ${'a'.repeat(1500)}\ncommit\nput 1 ${'b'.repeat(1500)}`, {
      'page-size': 2048,
    });
    const after = runAll(state, parse('crash during commit at write 1 torn 3', setup), setup).state;
    const [, log] = btree.exports(after);
    // Header and frame 1 take 2104 bytes; of frame 2 its part of three sectors is there.
    expect(log?.bytes.length).toBe(7 * 512);
    expect(rowsOf(after, setup)).toEqual([['1', `t${'a'.repeat(1500)}`]]);
  });

  test('at a write or a moment that there is not is refused, and says how many there are', () => {
    const { state, setup } = play('put 1 a');
    expect(() => runAll(state, parse('crash during put 2 b at write 1', setup), setup)).toThrow(
      'put 2 b has 0 writes to the disk here; there is no write 1',
    );
    expect(() => runAll(state, parse('crash during get 1 at moment 9', setup), setup)).toThrow(
      'there is no moment 9',
    );
  });
});

// ── Commands as text ────────────────────────────────────────────────────────────────────────────

test.each([
  'put 25 Mariana',
  'put -9223372036854775808 "Puerto Rico"',
  "put 7 x'00ff'",
  'put 9223372036854775807 "with \\"quotes\\""',
  'get 9007199254740993',
  'delete -1',
  'scan',
  'scan 10..30',
  'scan ..30 backward',
  'scan -5.. backward',
  'bulk 500 zipf',
  'load 500',
  'load 500 fill 70',
  'vacuum',
  'commit',
  'rollback',
  'reopen',
  'check',
  'crash',
  'crash keep all torn 3',
  'crash during put 29 "Puerto Rico" at moment 5',
  'crash during commit at write 3 keep 1,3,5..7 torn 1',
])('%s is read and printed the same', (line) => {
  expect(btree.print(parse(line))).toBe(line);
});

test.each([
  ['put', 4, 'expected put KEY VALUE'],
  ['put 1', 6, 'expected put KEY VALUE'],
  ['put 1 a b', 9, 'one word more'],
  ['put one a', 5, 'a key is a whole number of 64 bits'],
  ['put 9223372036854775808 a', 5, 'a key is a whole number of 64 bits'],
  ['get 1.5', 5, 'a key is a whole number'],
  ['scan 30..10', 6, 'the smaller key first'],
  ['scan 30', 6, 'a range is A..Z'],
  ['scan 1..2 forward', 11, 'expected scan'],
  ['bulk 0 random', 6, 'from 1 to 1000000'],
  ['bulk 5 sideways', 8, 'random, ascending, descending, zipf'],
  ['load', 5, 'expected load N [fill P]'],
  ['load 0', 6, 'from 1 to 1000000'],
  ['load 5 full', 8, 'expected load N [fill P]; found full'],
  ['load 5 fill', 8, 'expected load N [fill P]; found fill'],
  ['load 5 fill 49', 13, 'from 50 to 100'],
  ['vacuum now', 8, 'one word more'],
  ['crash now', 7, 'expected crash'],
  ['crash during crash at write 1', 14, 'happens during a command'],
  ['crash during put a b at write 1', 18, 'a key is'],
  ['crash keep 0', 12, 'sectors from 1'],
  [`put 1 ${'v'.repeat(1_000_001)}`, 7, 'at most 1000000 bytes'],
])('%s is refused at column %i', (line, column, said) => {
  let thrown: { message: string; place: { column?: number } } | undefined;
  try {
    parse(line);
  } catch (caught) {
    thrown = caught as never;
  }
  expect(thrown?.message).toContain(said);
  expect(thrown?.place.column).toBe(column);
});

describe('keys that are text', () => {
  const setup = setupWith({ keys: 'text' });

  test.each([
    'put 25 "a bare number is text"',
    'get "with spaces"',
    'delete ""',
    'scan a..m',
    'scan "a b..c d" backward',
    'scan 10..9',
    'scan ..reef',
    'crash during put reef "coral" at moment 2',
  ])('%s is read and printed the same', (line) => {
    const command = parse(line, setup);
    expect(parse(btree.print(command), setup)).toEqual(command);
    expect(parse(line, setup)).toEqual(command);
  });

  test.each([
    [`put ${'k'.repeat(1025)} v`, 5, 'a key has at most 1024 bytes; this one 1025'],
    [`put ${'\u00e9'.repeat(513)} v`, 5, 'at most 1024 bytes; this one 1026'],
    ["put x'00ff' v", 5, 'a key is text under keys text'],
    ['scan reef', 6, 'a range is A..Z, as in coral..reef'],
    ['scan reef..coral', 6, 'the smaller key first'],
  ])('%s is refused at column %i', (line, column, said) => {
    let thrown: { message: string; place: { column?: number } } | undefined;
    try {
      parse(line, setup);
    } catch (caught) {
      thrown = caught as never;
    }
    expect(thrown?.message).toContain(said);
    expect(thrown?.place.column).toBe(column);
  });

  test('the longest key, on the smallest pages and the largest', () => {
    for (const size of [512, 65536]) {
      const lines = Array.from(
        { length: 20 },
        (_, i) => `put ${'k'.repeat(1023)}${'abcdefghijklmnopqrst'[i]} v${i}`,
      );
      const { state, setup, results } = play(
        [...lines, `get ${'k'.repeat(1023)}g`, `delete ${'k'.repeat(1023)}j`, 'commit'].join('\n'),
        { keys: 'text', 'page-size': size },
      );
      expect(results).toEqual(['v6']);
      expect(findings(state).findings).toEqual([]);
      expect(rowsOf(state, setup).length).toBe(19);
    }
  });
});

describe('load', () => {
  test('wants an empty tree, and says so', () => {
    const { state, setup } = play('put 1 a');
    expect(() => runAll(state, parse('load 5'), setup)).toThrow('this one has rows');
    const { state: emptied } = play('bulk 30 random\nrollback');
    expect(rowsOf(runAll(emptied, parse('load 5'), setup).state, setup).length).toBe(5);
  });

  test('puts the rows that bulk ascending puts', () => {
    for (const keys of ['integer', 'text'])
      expect(rowsOf(play('load 300', { keys }).state, setupWith({ keys }))).toEqual(
        rowsOf(play('bulk 300 ascending', { keys }).state, setupWith({ keys })),
      );
  });
});

test('a power cut in a load, or in a VACUUM and its commit, leaves all rows or none of it', () => {
  for (const keys of ['integer', 'text']) {
    const settings = { keys, 'max-cells': 4 };
    const { state, setup } = play(
      'bulk 30 random\nbulk 10 ascending\ncommit\ncheckpoint',
      settings,
    );
    const before = rowsOf(state, setup);
    const vacuumed = runAll(state, parse('vacuum', setup), setup).state;
    expect(rowsOf(vacuumed, setup)).toEqual(before);
    for (const [from, line] of [
      [state, 'vacuum'],
      [vacuumed, 'commit'],
    ] as const) {
      let count = 0;
      runAll(from, parse(line, setup), setup, () => count++);
      for (let n = 1; n <= count; n++) {
        const cut = parse(`crash during ${line} at moment ${n}`, setup);
        const after = runAll(from, cut, setup).state;
        expect(rowsOf(after, setup), `${line} at ${n}`).toEqual(before);
        expect(findings(after).findings, `${line} at ${n}`).toEqual([]);
      }
    }
    const done = runAll(vacuumed, parse('commit', setup), setup).state;
    const home = runAll(done, parse('checkpoint', setup), setup).state;
    const size = (at: BTreeState) => btree.exports(at)[0]?.bytes.length ?? 0;
    expect(size(home)).toBeLessThan(size(state));
  }
});

test('bulk puts as many distinct keys out of 1..10N as it says, in each order', () => {
  for (const order of ['random', 'ascending', 'descending', 'zipf']) {
    const { state, setup, events } = play(`bulk 300 ${order}`);
    const rows = rowsOf(state, setup);
    expect(rows.length).toBe(300);
    expect(rows.every(([key, text]) => +key >= 1 && +key <= 3000 && text.length === 25)).toBe(true);
    const keys = events.flatMap((event) => (event.kind === 'seek' ? [event.key as number] : []));
    const ascending = keys.filter((key, i) => i > 0 && key > (keys[i - 1] as number)).length;
    if (order === 'ascending') expect(ascending).toBe(299);
    if (order === 'descending') expect(ascending).toBe(0);
    if (order === 'random') expect(Math.abs(ascending - 150)).toBeLessThan(40);
    const small = keys.filter((key) => key <= 300).length;
    if (order === 'zipf') expect(small).toBeGreaterThan(150);
    if (order === 'random') expect(small).toBeLessThan(60);
  }
});

test('a value of a megabyte goes in and comes out, and its pages are freed', () => {
  const big = 'm'.repeat(1_000_000);
  const { state, setup } = play(`put 1 ${big}\ncommit`);
  expect(runAll(state, parse('get 1'), setup).result).toBe(big);
  const after = runAll(state, parse('delete 1'), setup).state;
  expect(findings(after).findings).toEqual([]);
  const metric = metrics(after).find(({ name }) => name === 'free pages')?.value as number;
  expect(metric).toBeGreaterThan(1900);
});

test('metrics count the pages that there are', () => {
  const { state } = play('bulk 100 random\ncommit', { 'max-cells': 4 });
  const measured = Object.fromEntries(metrics(state).map(({ name, value }) => [name, value]));
  expect(measured.rows).toBe(100);
  expect(measured['dirty pages']).toBe(0);
  expect((measured['leaf pages'] as number) + (measured['interior pages'] as number)).toBe(
    measured.pages,
  );
  expect(measured['write amplification']).toBeGreaterThan(1);
});

describe('an imported database', () => {
  const path = `${process.env.FIXTURES ?? join(import.meta.dirname, '../btree/fixtures')}/sqlite`;
  const open = (name: string, table = '') => {
    const bytes = new Uint8Array(readFileSync(`${path}/${name}`));
    const setup = setupWith({ table });
    const read = (at: number, length: number) => bytes.slice(at, at + length);
    return { setup, state: btree.open(setup, { name, size: bytes.length, read }) };
  };

  test('can be searched, scanned and checked, and not written', () => {
    const { state, setup } = open('rowid-512.db');
    expect(btree.opening(state)).toEqual({ kind: 'opened', pages: 116, foreign: true });
    expect((runAll(state, parse('scan'), setup).result as unknown[]).length).toBe(1000);
    expect(runAll(state, parse('get 1'), setup).result).toEqual([
      null,
      'larch-37 stone-475 fjord-700 iris-99 sto',
    ]);
    expect(runAll(state, parse('check'), setup).result).toEqual({
      pages: 116,
      rows: 1000,
      problems: [],
    });
    for (const line of ['put 1 a', 'delete 1', 'bulk 5 random', 'commit', 'crash'])
      expect(() => runAll(state, parse(line), setup)).toThrow('open for reading only');
  });

  test('shows the table that was chosen; an index b-tree can be drawn and not searched', () => {
    const { state, setup } = open('overflow-1024.db', 'wr');
    expect(state.value).toMatchObject({ table: 'wr', kind: 'without-rowid' });
    expect(() => runAll(state, parse('get 1'), setup)).toThrow('stored as an index b-tree');
    expect(() => open('overflow-1024.db', 'nix')).toThrow('no table nix');
  });

  test('its trees can be chosen from, and what has no tree says so', () => {
    const made = new SQL.Database();
    made.exec(`CREATE TABLE log(id INTEGER PRIMARY KEY AUTOINCREMENT, text);
      CREATE INDEX words ON log(text);
      CREATE TABLE wr(a PRIMARY KEY, b) WITHOUT ROWID;
      CREATE VIEW v AS SELECT * FROM log;
      CREATE VIRTUAL TABLE search USING fts4(body);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        INSERT INTO log SELECT i, 'entry ' || i FROM n;
      INSERT INTO wr VALUES (1, 2), (3, 4);`);
    const bytes = made.export();
    const schema = made.exec('SELECT count(*) FROM sqlite_schema')[0]?.values[0]?.[0];
    made.close();
    const opened = (table: string) =>
      btree.open(setupWith({ table }), {
        name: 'made.db',
        size: bytes.length,
        read: (at, length) => bytes.slice(at, at + length),
      });
    const trees = btree.trees?.(opened('')) ?? [];
    const named = (name: string) => trees.find((tree) => tree.name === name);
    expect(named('log')).toEqual({ name: 'log', kind: 'table', shown: true, depth: 2, rows: 5000 });
    expect(named('words')).toMatchObject({ kind: 'index', shown: false, depth: 2, rows: 5000 });
    expect(named('wr')).toMatchObject({ kind: 'without-rowid', depth: 1, rows: 2 });
    expect(named('sqlite_schema')).toMatchObject({ depth: 1, rows: schema });
    expect(named('v')).toBeUndefined();
    expect(named('search')?.kind).toBe('virtual');
    expect(named('search')?.trouble).toContain('no tree of its own');
    // Each that has no trouble can be shown.
    for (const { name, trouble } of trees)
      if (trouble === undefined) {
        const there = btree.trees?.(opened(name)) ?? [];
        expect(there.filter(({ shown }) => shown).map((tree) => tree.name)).toEqual([name]);
      }
    expect(btree.trees?.(btree.open(setupWith()))).toEqual([]);
  });
});
