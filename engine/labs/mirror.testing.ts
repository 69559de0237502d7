// For tests and for the sweep: the B-Tree lab against a sorted map. Random commands go to both; after
// every one the integrity check must find nothing and the rows must be as many; at the end the rows
// are equal, and the real SQLite finds the exported file sound and reads the same rows from it.

import fc from 'fast-check';
// @ts-expect-error sql.js comes without types; what is used of it is declared below
import initSqlJs from 'sql.js';
import { bytesOfHex, hexOf, textOf, utf8 } from '../base/bytes.ts';
import { type CheckReport, checkDatabase } from '../btree/check.ts';
import { type BTreeEvent, type Key, pageCount, pageOf } from '../btree/events.ts';
import { compareKeys } from '../btree/key-lens.ts';
import type { Value } from '../btree/record.ts';
import type { Setup } from '../run/lab.ts';
import { type BTreeState, btree, type Command } from './btree.ts';
import { words } from './btree-words.ts';

interface SqlDatabase {
  exec(sql: string): { values: unknown[][] }[];
  close(): void;
}
const SQL: { Database: new (bytes?: Uint8Array) => SqlDatabase } = await initSqlJs();

export type Settings = Readonly<Record<string, number | string>>;

export function setupWith(
  settings: Settings = {},
  seed = 1,
  sabotage: readonly string[] = [],
): Setup {
  const defaults = Object.fromEntries(words.settings.map((one) => [one.name, one.default]));
  return { lab: 'btree', seed, settings: { ...defaults, ...settings }, sabotage };
}

/** Runs all parts of a command. */
export function runAll(
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

export function findings({ disk }: BTreeState): CheckReport {
  const pages = pageCount(disk, true);
  return checkDatabase((page) => (page <= pages ? pageOf(disk, page) : undefined), pages);
}

/** Rows as text that can be compared: a key, and a value with its type before it. */
export type Rows = [string, string][];

export const rowsOf = (state: BTreeState, setup: Setup, backward = false): Rows =>
  (
    runAll(state, { kind: 'scan', backward }, setup).result as {
      key: Key;
      value: string | { bytes: string };
    }[]
  ).map(({ key, value }) => [
    `${key}`,
    typeof value === 'string' ? `t${hexOf(utf8(value))}` : `b${value.bytes}`,
  ]);

/** The database with its log brought home. */
export const exported = (state: BTreeState): Uint8Array =>
  btree.exportsAlone?.(state)[0]?.bytes as Uint8Array;

/** What the real SQLite says of the bytes: its integrity check, and its rows. */
export function judged(bytes: Uint8Array, keys: string): { integrity: string; rows: Rows } {
  const db = new SQL.Database(bytes);
  const integrity = String(db.exec('PRAGMA integrity_check')[0]?.values[0]?.[0]);
  const key = keys === 'text' ? 'hex(CAST(k AS BLOB))' : 'CAST(id AS TEXT)';
  const order = keys === 'text' ? 'k' : 'id';
  const found = db.exec(
    `SELECT ${key}, CASE typeof(v) WHEN 'blob' THEN 'b' ELSE 't' END || lower(hex(CAST(v AS BLOB))) FROM kv ORDER BY ${order}`,
  )[0];
  db.close();
  const rows = ((found?.values ?? []) as Rows).map(([name, value]): [string, string] => [
    keys === 'text' ? textOfHex(name) : name,
    value,
  ]);
  return { integrity, rows };
}

const textOfHex = (hex: string): string => textOf(bytesOfHex(hex) as Uint8Array);

/** The sorted map, and what of it was committed. */
export class Mirror {
  rows = new Map<Key, Value>();
  committed = new Map<Key, Value>();

  apply(command: Command): void {
    if (command.kind === 'put') this.rows.set(command.key, command.value);
    if (command.kind === 'delete') this.rows.delete(command.key);
    if (command.kind === 'commit') this.committed = new Map(this.rows);
    if (['rollback', 'crash', 'reopen'].includes(command.kind)) this.rows = new Map(this.committed);
  }

  sorted(rows = this.rows): Rows {
    return [...rows]
      .sort(([a], [b]) => compareKeys(a, b))
      .map(([key, value]) => [
        `${key}`,
        typeof value === 'string' ? `t${hexOf(utf8(value))}` : `b${hexOf(value)}`,
      ]);
  }
}

const whole = fc.string({ unit: 'grapheme', maxLength: 40 });
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: whole },
  { weight: 1, arbitrary: fc.nat(600).map((size) => 'w'.repeat(size)) },
  { weight: 1, arbitrary: fc.nat(5000).map((size) => 'o'.repeat(size)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
);
const rowid: fc.Arbitrary<Key> = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: -300, max: 70_000 }) },
  {
    weight: 1,
    arbitrary: fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((big) => (Number.isSafeInteger(Number(big)) ? Number(big) : big)),
  },
);
/** Short ones, ones with a long beginning in common, ones that go on on overflow pages. */
const text: fc.Arbitrary<Key> = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: 0, max: 60 }).map((n) => `key ${n}`) },
  { weight: 2, arbitrary: whole },
  { weight: 2, arbitrary: fc.nat(30).map((n) => `${'deep sea '.repeat(n % 30)}${n}`) },
  { weight: 1, arbitrary: fc.nat(9).map((n) => `${'x'.repeat(1000)}${n}`) },
);

const commandWith = (key: fc.Arbitrary<Key>): fc.Arbitrary<Command> =>
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Command>(
        { kind: 'commit' },
        { kind: 'checkpoint' },
        { kind: 'vacuum' },
        { kind: 'rollback' },
        { kind: 'crash' },
        { kind: 'reopen' },
      ),
    },
  );

const differs = (what: string, a: unknown, b: unknown): void => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right)
    throw new Error(`${what}: ${left.slice(0, 400)} and not ${right.slice(0, 400)}`);
};

export interface MirrorRun {
  readonly settings: Settings;
  readonly runs: number;
  readonly seed: number;
  readonly commands?: number;
}

/** Throws with the shortest commands that part the two. Hands out the exported files. */
export function mirror({ settings, runs, seed, commands: most = 120 }: MirrorRun): Uint8Array[] {
  const setup = setupWith(settings);
  const keys = String(setup.settings.keys);
  const files: Uint8Array[] = [];
  const commands = fc.array(commandWith(keys === 'text' ? text : rowid), {
    minLength: 20,
    maxLength: most,
  });
  fc.assert(
    fc.property(commands, (list) => {
      const map = new Mirror();
      let state = btree.open(setup);
      for (const one of list) {
        const { result, ...rest } = runAll(state, one, setup);
        state = rest.state;
        map.apply(one);
        if (one.kind === 'get') {
          const held = map.rows.get(one.key);
          differs(
            `get ${one.key}`,
            result,
            held instanceof Uint8Array ? { bytes: hexOf(held) } : (held ?? null),
          );
        }
        const found = findings(state);
        differs(`after ${one.kind}`, found.findings, []);
        differs(`rows after ${one.kind}`, found.rows, map.rows.size);
      }
      differs('a scan', rowsOf(state, setup), map.sorted());
      differs('a scan backward', rowsOf(state, setup, true), map.sorted().reverse());
      const bytes = exported(state);
      const { integrity, rows } = judged(bytes, keys);
      differs('integrity_check', integrity, 'ok');
      differs('rows of the file', rows, map.sorted(map.committed));
      files.push(bytes);
    }),
    { numRuns: runs, seed },
  );
  return files;
}

/** All that are worth a run: each policy with each kind of keys, page size and cap. */
export const MIRRORS: readonly Settings[] = ['middle', 'sqlite', 'rightmost', 'bstar'].flatMap(
  (split) =>
    ['integer', 'text'].flatMap((keys) =>
      [512, 1024, 4096, 65536].flatMap((pageSize) =>
        [0, 2, 3, 4].flatMap((maxCells) =>
          [0.33, 0.5].map((mergeBelow) => ({
            split,
            keys,
            'page-size': pageSize,
            'max-cells': maxCells,
            'merge-below': mergeBelow,
          })),
        ),
      ),
    ),
);
