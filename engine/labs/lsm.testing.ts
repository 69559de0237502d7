// For tests and for the sweep: the LSM lab against a sorted map with snapshots, its exports before the
// real LevelDB, and power cuts at every write.
//
// What must be there after a cut is counted on a map of our own, apart from the lab's ledger: the
// writes in their order up to one of them, and no fewer than were acknowledged with a sync. The lab and the
// real LevelDB each recover the same image, and must come to the same rows.
//
//   write 1 ── write 2 ── write 3 ── …          rows after each, as the map has them
//                ▲ acknowledged    ▲ being made when the power fails: may be there, or not

import fc from 'fast-check';
import { type Bytes, bytesOfHex, hexOf, textOf, utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { type CrashBound, keptSets } from '../disk/power.ts';
import type { LsmEvent } from '../lsm/events.ts';
import type { ExportFile, Setup } from '../run/lab.ts';
import { Bench, hasLevelDb } from './leveldb.testing.ts';
import { type Command, type LsmState, lsm } from './lsm.ts';
import { words } from './lsm-words.ts';

export { STRATEGIES } from '../lsm/events.ts';

export type Settings = Readonly<Record<string, number | string>>;

export function setupWith(
  settings: Settings = {},
  sabotage: readonly string[] = [],
  seed = 1,
): Setup {
  const defaults = Object.fromEntries(words.settings.map((one) => [one.name, one.default]));
  return { lab: 'lsm', seed, settings: { ...defaults, ...settings }, sabotage };
}

/** Small enough that everything happens within a few dozen writes. */
export const TINY: Settings = {
  'memtable-size': 400,
  'table-size': 512,
  'level-size': 1200,
  'level-ratio': 3,
  'level0-trigger': 3,
  'block-size': 96,
  'restart-interval': 3,
  'allowed-seeks': 4,
};

export type Watch = (event: LsmEvent, seal: () => LsmState) => void;

/** Runs all parts of a command. */
export function runAll(
  state: LsmState,
  command: Command,
  setup: Setup,
  watch?: Watch,
): { state: LsmState; result?: unknown } {
  let at = state;
  let result: unknown;
  for (let rest: Command | undefined = command; rest; ) {
    const part = lsm.run(at, rest, watch, setup);
    at = part.state;
    rest = part.rest;
    if (part.result !== undefined) result = part.result;
  }
  return { state: at, result };
}

export const problemsOf = (state: LsmState): string[] => [
  ...new Set(lsm.referees.flatMap(({ check }) => check(state).map(({ text }) => text))),
];

/** Rows of a scan, in hexadecimal. */
export type Rows = readonly (readonly [string, string])[];

const bytesShown = (shown: unknown): string =>
  typeof shown === 'string' ? hexOf(utf8(shown)) : (shown as { bytes: string }).bytes;

export const rowsOf = (state: LsmState, setup: Setup, backward = false): Rows =>
  (
    runAll(state, { kind: 'scan', backward }, setup).result as { key: unknown; value: unknown }[]
  ).map(({ key, value }) => [bytesShown(key), bytesShown(value)]);

function same(a: unknown, b: unknown, what: () => string): void {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right)
    throw new Error(`${what()}: ${left.slice(0, 400)} and not ${right.slice(0, 400)}`);
}

/** The scenario that shows a fault: `lab run -` takes it as it is. */
function scenario(setup: Setup, commands: readonly Command[]): string {
  const settings = Object.entries(setup.settings).filter(
    ([name, value]) => words.settings.find((one) => one.name === name)?.default !== value,
  );
  return [
    'lab lsm',
    `seed ${setup.seed}`,
    ...settings.map(([name, value]) => `set ${name} ${value}`),
    ...commands.map((command) => lsm.print(command)),
  ].join('\n');
}

// ── The map ─────────────────────────────────────────────────────────────────────────────────────

interface Held {
  readonly value: string;
  readonly sequence: number;
}

/** The rows after each write, as a sorted map has them. */
class Mirror {
  rows: ReadonlyMap<string, Held> = new Map();
  sequence = 0;

  apply(command: Command): boolean {
    const operations =
      command.kind === 'put' || command.kind === 'delete'
        ? [command.kind === 'put' ? command : { key: command.key, value: undefined }]
        : command.kind === 'batch'
          ? command.operations
          : undefined;
    if (!operations) return false;
    const next = new Map(this.rows);
    for (const { key, value } of operations) {
      this.sequence++;
      if (value) next.set(hexOf(key), { value: hexOf(value), sequence: this.sequence });
      else next.delete(hexOf(key));
    }
    this.rows = next;
    return true;
  }
}

const sorted = (rows: ReadonlyMap<string, Held>): Rows =>
  [...rows].map(([key, { value }]) => [key, value] as const).sort(([a], [b]) => (a < b ? -1 : 1));

/** Whether these are the rows; fifo may have let go of those that were written up to `dropped`. */
function areRows(found: Rows, rows: ReadonlyMap<string, Held>, dropped: number): boolean {
  const left = new Map(rows);
  for (const [key, value] of found) {
    if (left.get(key)?.value !== value) return false;
    left.delete(key);
  }
  return [...left.values()].every(({ sequence }) => sequence <= dropped);
}

// ── Runs by chance ──────────────────────────────────────────────────────────────────────────────

export interface Run {
  readonly setup: Setup;
  readonly commands: readonly Command[];
  /** Every key that is written, and some that are not. */
  readonly keys: readonly Bytes[];
}

type Roll = readonly (readonly [weight: number, command: () => Command])[];

function rolled(dice: Dice, roll: Roll): Command {
  let left = dice.below(roll.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, command] of roll) {
    if (left < weight) return command();
    left -= weight;
  }
  throw new Error('weights add up');
}

/** Texts, texts with much in common, bytes at both ends, prefixes of each other, and the empty key. */
function keysOf(dice: Dice, count: number): Bytes[] {
  const kind = dice.below(4);
  const key = (n: number): Bytes => {
    if (kind === 0) return utf8(`key${n}`);
    if (kind === 1) return utf8(`${'deep sea '.repeat(n % 7)}${n}`);
    if (kind === 2)
      return Uint8Array.from({ length: n % 5 }, (_, i) => ((n >> i) & 1 ? 255 : n % 3));
    return utf8('ab'.repeat(n));
  };
  const all = new Map<string, Bytes>();
  for (let n = 0; n < count; n++) all.set(hexOf(key(n)), key(n));
  return [...all.values()];
}

function operations(dice: Dice, keys: readonly Bytes[], most: number) {
  const key = () => keys[dice.below(keys.length)] as Bytes;
  let n = 0;
  const value = () => utf8(`${'x'.repeat(dice.below(dice.chance(0.05) ? 10 * most : most))}${n++}`);
  const put = (): Command => ({ kind: 'put', key: key(), value: value() });
  const remove = (): Command => ({ kind: 'delete', key: key() });
  const batch = (): Command => ({
    kind: 'batch',
    operations: Array.from({ length: 1 + dice.below(5) }, () => ({
      key: key(),
      value: dice.chance(0.7) ? value() : undefined,
    })),
  });
  const compact = (): Command => {
    const [a, b] = [key(), key()];
    const [from, to] = hexOf(a) < hexOf(b) ? [a, b] : [b, a];
    return {
      kind: 'compact',
      ...(dice.chance(0.7) && { from }),
      ...(dice.chance(0.7) && { to }),
    };
  };
  return { key, put, remove, batch, compact };
}

/** Settings of which everything happens soon. */
function settingsFor(strategy: string, dice: Dice): Settings {
  return {
    ...TINY,
    strategy,
    'memtable-size': 300 + 100 * dice.below(8),
    'table-size': 256 + 128 * dice.below(8),
    'level-size': 600 + 300 * dice.below(6),
    'level-ratio': 2 + dice.below(3),
    'level0-trigger': 1 + dice.below(4),
    'block-size': 32 + dice.below(400),
    'restart-interval': 1 + dice.below(16),
    'bits-per-key': dice.below(17),
    'allowed-seeks': 1 + dice.below(10),
    'fifo-bytes': strategy === 'fifo' && dice.chance(0.5) ? 3000 : 0,
  };
}

export function exportRun(strategy: string, seed: number): Run {
  const dice = new Dice(seed * 4 + strategy.length);
  const setup = setupWith(settingsFor(strategy, dice), [], seed);
  const keys = keysOf(dice, 10 + dice.below(50));
  const { key, put, remove, batch, compact } = operations(dice, keys, 50);
  const commands = Array.from({ length: 30 + dice.below(130) }, () =>
    rolled(dice, [
      [56, put],
      [24, remove],
      [7, batch],
      [4, () => ({ kind: 'get', key: key() })],
      [3, () => ({ kind: 'flush' })],
      [2, compact],
      [1, () => ({ kind: 'reopen' })],
      [1, () => ({ kind: 'snapshot' })],
      [1, () => ({ kind: 'commit' })],
      [1, () => ({ kind: 'crash', keep: 'all' })],
    ]),
  );
  return { setup, commands: withinSnapshots(commands), keys: [...keys, utf8('~'), utf8('key')] };
}

/** No more than three snapshots at a time: names are given by the lab, and a reopening drops them. */
function withinSnapshots(commands: readonly Command[]): Command[] {
  let held = 0;
  return commands.filter(({ kind }) => {
    if (kind === 'reopen' || kind === 'crash') held = 0;
    return kind !== 'snapshot' || ++held <= 3;
  });
}

export function crashRun(strategy: string, seed: number, length: number): Run {
  const dice = new Dice(seed * 4 + strategy.length);
  const setup = setupWith(
    { ...settingsFor(strategy, dice), sync: dice.chance(0.2) ? 'write' : 'commit' },
    [],
    seed,
  );
  const keys = keysOf(dice, 6 + dice.below(12));
  const { put, remove, batch, compact } = operations(dice, keys, 80);
  const commands = Array.from({ length }, () =>
    rolled(dice, [
      [50, put],
      [14, remove],
      [10, batch],
      [16, () => ({ kind: 'commit' })],
      [4, () => ({ kind: 'flush' })],
      [3, compact],
      [3, () => ({ kind: 'reopen' })],
    ]),
  );
  return { setup, commands, keys };
}

// ── Exports ─────────────────────────────────────────────────────────────────────────────────────

export interface ExportFigures {
  runs: number;
  rows: number;
  /** Keys that were asked for, live and deleted. */
  gets: number;
  tables: number;
  deepest: number;
}

export const noExports = (): ExportFigures => ({
  runs: 0,
  rows: 0,
  gets: 0,
  tables: 0,
  deepest: 0,
});

/** The real LevelDB opens what a run exports and reads every row, by iterator and by get. */
export async function exportOnce(run: Run, figures: ExportFigures): Promise<void> {
  const { setup, commands, keys } = run;
  const mirror = new Mirror();
  let state = lsm.open(setup);
  for (const command of commands) {
    state = runAll(state, command, setup).state;
    mirror.apply(command);
  }
  const line = () => `\n${scenario(setup, commands)}\n`;
  same(problemsOf(state), [], line);
  const rows = rowsOf(state, setup);
  if (!areRows(rows, mirror.rows, state.value.dropped))
    throw new Error(
      `${line()}: a scan gives ${JSON.stringify(rows).slice(0, 400)} and not ${JSON.stringify(sorted(mirror.rows)).slice(0, 400)}`,
    );
  const held = new Map(rows);
  for (const key of keys) {
    const { result } = runAll(state, { kind: 'get', key }, setup);
    same(
      result === null ? null : bytesShown(result),
      held.get(hexOf(key)) ?? null,
      () => `get ${hexOf(key)}${line()}`,
    );
  }
  if (hasLevelDb) {
    const verdict = await new Bench(keys).judge(lsm.exports(state));
    same(verdict.rows, rows, () => `LevelDB, ${line()}`);
    same(
      verdict.got,
      keys.map((key) => held.get(hexOf(key)) ?? null),
      () => `LevelDB, gets of ${keys.map(hexOf)}, ${line()}`,
    );
  }
  figures.runs++;
  figures.rows += rows.length;
  figures.gets += keys.length;
  for (const [level, files] of state.value.version.entries()) {
    figures.tables += files.length;
    if (files.length > 0) figures.deepest = Math.max(figures.deepest, level);
  }
}

// ── Power cuts ──────────────────────────────────────────────────────────────────────────────────

export interface CrashFigures {
  runs: number;
  /** Writes at which the power was cut. */
  cuts: number;
  /** Disks that such a cut may leave, each recovered by the lab. */
  images: number;
  /** Different ones among them, each recovered by the real LevelDB. */
  byLevelDb: number;
}

export const noCrashes = (): CrashFigures => ({ runs: 0, cuts: 0, images: 0, byLevelDb: 0 });

export interface CrashBounds extends CrashBound {
  /** At most so many subsets of a cut, drawn from all; absent: all. */
  readonly most?: number;
}

/** Cuts the power at every write of a run. Throws with the scenario that shows what went wrong. */
export async function crashEverywhere(
  run: Run,
  bound: CrashBounds,
  figures: CrashFigures,
): Promise<void> {
  const { setup, keys } = run;
  const dice = new Dice(bound.seed);
  const bench = new Bench(keys);
  const verdicts: Promise<void>[] = [];
  const mirror = new Mirror();
  /** Rows from the last acknowledged write on. */
  let after = [mirror.rows];
  let state = lsm.open(setup);
  for (const [at, command] of run.commands.entries()) {
    const before = state;
    const done = runAll(before, command, setup);
    const isWrite = mirror.apply(command);
    const candidates = isWrite ? [...after, mirror.rows] : after;
    const writes = done.state.disk.writes - before.disk.writes;
    for (let n = 1; n <= writes; n++) {
      figures.cuts++;
      const during = { command, at: 'write', n } as const;
      let sectors = 0;
      runAll(before, { kind: 'crash', during, keep: 'all' }, setup, (event) => {
        if (event.kind === 'crash') sectors = event.kept;
      });
      for (const keeps of some(keptSets(sectors, bound), bound.most, dice)) {
        const keep = Array.from({ length: sectors }, (_, i) => i)
          .filter(keeps)
          .map((i) => [i + 1, i + 1] as const);
        const crash: Command = { kind: 'crash', during, keep: keep.length === 0 ? 'none' : keep };
        const line = () => `\n${scenario(setup, [...run.commands.slice(0, at), crash])}\n`;
        let files: ExportFile[] = [];
        const recovered = runAll(before, crash, setup, (event, seal) => {
          // As the cut leaves the folder, before anybody has opened it again.
          if (event.kind === 'crash') files = lsm.exports(seal());
        }).state;
        figures.images++;
        same([...problemsOf(recovered), ...recovered.value.damage], [], line);
        const rows = rowsOf(recovered, setup);
        const { dropped } = recovered.value;
        if (!candidates.some((wanted) => areRows(rows, wanted, dropped)))
          throw new Error(
            `${line()}: ${JSON.stringify(rows)} is none of ${candidates.map((wanted) => JSON.stringify(sorted(wanted))).join(' or ')}`,
          );
        if (dice.chance(0.05)) goesOn(recovered, setup, line);
        if (hasLevelDb)
          verdicts.push(
            bench.judge(files).then(
              (verdict) => {
                same(verdict.rows, rows, () => `LevelDB, ${line()}`);
                const held = new Map(rows);
                const wanted = keys.map((key) => held.get(hexOf(key)) ?? null);
                same(verdict.got, wanted, () => `LevelDB by get, ${line()}`);
              },
              (thrown: Error) => {
                throw new Error(`${thrown.message}${line()}`);
              },
            ),
          );
      }
      await Promise.all(verdicts.splice(0));
    }
    state = done.state;
    const isAcknowledged =
      ['commit', 'flush', 'reopen'].includes(command.kind) ||
      (isWrite && setup.settings.sync === 'write');
    after = isAcknowledged ? [mirror.rows] : candidates;
  }
  figures.byLevelDb += bench.folders;
  figures.runs++;
}

/** Nothing and all, which come first and last among few, and a draw of the others. */
function some<T>(sets: Iterable<T>, most: number | undefined, dice: Dice): T[] {
  const all = [...sets];
  if (most === undefined) return all;
  while (all.length > most) all.splice(1 + dice.below(all.length - 2), 1);
  return all;
}

/** After a recovery the database takes more, and does not lose it. */
function goesOn(start: LsmState, setup: Setup, line: () => string): void {
  if (setup.settings.strategy === 'fifo') return;
  const [key, again] = [utf8('zz'), utf8('zzz')];
  const commands: Command[] = [
    { kind: 'put', key, value: utf8('after') },
    { kind: 'commit' },
    { kind: 'compact' },
    { kind: 'put', key: again, value: utf8('again') },
    { kind: 'commit' },
    { kind: 'crash' },
  ];
  let state = start;
  for (const command of commands) state = runAll(state, command, setup).state;
  const there = rowsOf(state, setup).filter(
    ([name]) => name === hexOf(key) || name === hexOf(again),
  );
  same([there.length, problemsOf(state)], [2, []], () => `going on after ${line()}`);
}

// ── The mirror ──────────────────────────────────────────────────────────────────────────────────

const key = fc.integer({ min: 0, max: 30 }).map((n) => utf8(`k${n}`));
const value = fc.nat(40).map((n) => utf8('v'.repeat(n)));
const step: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.record({ key, value: fc.option(value, { nil: undefined }) }), {
        minLength: 1,
        maxLength: 5,
      })
      .map((operations) => ({ kind: 'batch' as const, operations })),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Command>(
      { kind: 'snapshot' },
      { kind: 'flush' },
      { kind: 'commit' },
      { kind: 'reopen' },
      { kind: 'compact' },
      { kind: 'compact', from: utf8('k1'), to: utf8('k2') },
      { kind: 'release', name: 's1' },
      { kind: 'pause', what: 'compaction' },
      { kind: 'resume', what: 'compaction' },
    ),
  },
);

/** Random commands to the lab and to a sorted map. Throws with the shortest commands that part the two. */
export function mirror(settings: Settings, runs: number, seed: number): void {
  const setup = setupWith(settings);
  const text = (rows: Rows) =>
    rows.map(([key, value]) => ({
      key: textOf(bytesOfHex(key) as Bytes),
      value: textOf(bytesOfHex(value) as Bytes),
    }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 90 }), (steps) => {
      let state = lsm.open(setup);
      const map = new Mirror();
      const snapshots = new Map<string, ReadonlyMap<string, Held>>();
      for (const command of steps) {
        if (command.kind === 'release' && !snapshots.has(command.name)) continue;
        if (command.kind === 'snapshot' && snapshots.size > 2) continue;
        const done = runAll(state, command, setup);
        state = done.state;
        map.apply(command);
        if (command.kind === 'snapshot') snapshots.set(done.result as string, map.rows);
        if (command.kind === 'release') snapshots.delete(command.name);
        if (command.kind === 'reopen') snapshots.clear();
        // A write that stalls waits; the map has it already.
        if (state.value.waiting.length > 0)
          state = runAll(state, { kind: 'resume', what: 'compaction' }, setup).state;
        if (command.kind === 'get') {
          const held = map.rows.get(hexOf(command.key));
          same(done.result === null ? null : bytesShown(done.result), held?.value ?? null, () =>
            lsm.print(command),
          );
        }
      }
      const reads = (command: Command, wanted: unknown): void =>
        same(runAll(state, command, setup).result, wanted, () => lsm.print(command));
      const [from, to] = [utf8('k12'), utf8('k5')];
      for (const [snapshot, rows] of [[undefined, map.rows] as const, ...snapshots]) {
        const at = snapshot === undefined ? {} : { snapshot };
        const all = text(sorted(rows));
        const inside = all.filter(({ key }) => key >= 'k12' && key <= 'k5');
        reads({ kind: 'scan', backward: false, ...at }, all);
        reads({ kind: 'scan', backward: true, ...at }, all.toReversed());
        reads({ kind: 'scan', from, to, backward: false, ...at }, inside);
        reads({ kind: 'scan', from, to, backward: true, ...at }, inside.toReversed());
        for (let n = 0; n <= 30; n++) {
          const one = all.find(({ key }) => key === `k${n}`);
          reads({ kind: 'get', key: utf8(`k${n}`), ...at }, one?.value ?? null);
        }
      }
      same(problemsOf(state), [], () => 'referees');
    }),
    { numRuns: runs, seed },
  );
}
