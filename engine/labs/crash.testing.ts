// For tests and for the sweep: the power is cut at every write of a run, and of what was not synced
// then, bounded subsets survive (engine/disk/power.ts). What recovery finds must be the rows of one
// commit, all of them, and of none before the last that was acknowledged as durable. That is counted
// here on a sorted map, apart from the lab's own ledger; the lab's referees must agree; and the real
// SQLite must recover the same rows from the same files.
//
//   commit 1 ── commit 2 ── commit 3 ── …       rows after each, as the map has them
//                 ▲ durable        ▲ being made when the power fails: may be there, or not

import { Dice } from '../base/dice.ts';
import { type CrashBound, keptSets } from '../disk/power.ts';
import type { Setup } from '../run/lab.ts';
import { type BTreeState, btree, type Command } from './btree.ts';
import {
  exported,
  findings,
  judged,
  Mirror,
  type Rows,
  rowsOf,
  runAll,
  setupWith,
} from './mirror.testing.ts';

export interface CrashFigures {
  runs: number;
  /** Writes at which the power was cut. */
  cuts: number;
  /** Disks that such a cut may leave. */
  images: number;
  /** Of them, how many the real SQLite recovered: with the log beside them, and checkpointed. */
  bySqlite3: number;
  bySqlJs: number;
}

export const noFigures = (): CrashFigures => ({
  runs: 0,
  cuts: 0,
  images: 0,
  bySqlite3: 0,
  bySqlJs: 0,
});

/** Settings and commands of a run, all from its seed. */
export function crashRun(seed: number, length: number): { setup: Setup; commands: Command[] } {
  const dice = new Dice(seed);
  const pick = <T>(list: readonly T[]): T => list[dice.below(list.length)] as T;
  const keys = pick(['integer', 'integer', 'text']);
  const setup = setupWith(
    {
      keys,
      'page-size': pick([512, 512, 1024]),
      'max-cells': pick([0, 3, 4]),
      split: pick(['middle', 'sqlite', 'rightmost', 'bstar']),
      synchronous: pick(['full', 'normal']),
      'checkpoint-after': pick([0, 0, 6, 15]),
    },
    seed,
  );
  const key = () => (keys === 'text' ? `key ${dice.below(30)}` : dice.below(30));
  const commands = Array.from({ length }, (): Command => {
    const roll = dice.below(100);
    if (roll < 42)
      return {
        kind: 'put',
        key: key(),
        value: 'v'.repeat(dice.below(dice.chance(0.1) ? 1500 : 40)),
      };
    if (roll < 58) return { kind: 'delete', key: key() };
    if (roll < 84) return { kind: 'commit' };
    if (roll < 92) return { kind: 'checkpoint' };
    if (roll < 94) return { kind: 'rollback' };
    if (roll < 97) return { kind: 'vacuum' };
    return { kind: 'reopen' };
  });
  return { setup, commands };
}

/** What must be there after a crash: one of these, the rows after a commit. */
class Promised {
  readonly #map = new Mirror();
  /** From the last durable commit on. */
  after: Rows[] = [[]];
  readonly #full: boolean;

  constructor(setup: Setup) {
    this.#full = setup.settings.synchronous === 'full';
  }

  get now(): Rows {
    return this.#map.sorted();
  }

  /** `wasWriting`: a commit without a transaction is none. */
  apply(command: Command, wasWriting: boolean, checkpointed: boolean): void {
    this.#map.apply(command);
    if (command.kind === 'commit' && wasWriting) this.after.push(this.now);
    const durable =
      (command.kind === 'commit' && this.#full) ||
      command.kind === 'checkpoint' ||
      command.kind === 'reopen' ||
      checkpointed;
    if (durable) this.after = this.after.slice(-1);
  }
}

const text = (rows: Rows): string => JSON.stringify(rows);

export interface Pair {
  readonly database: Uint8Array;
  readonly log?: Uint8Array;
  readonly keys: string;
}

/** What the real SQLite says of databases with their logs; absent where it is not installed. */
export type Judge = (pairs: readonly Pair[]) => { integrity: string; rows: Rows }[];

export interface CrashBounds extends CrashBound {
  /** At most so many subsets of a cut, drawn from all; absent: all. */
  readonly most?: number;
}

/** Cuts the power at every write of a run. Throws with the command line that shows what went wrong. */
export function crashEverywhere(
  run: { setup: Setup; commands: readonly Command[] },
  bound: CrashBounds,
  figures: CrashFigures,
  judge?: Judge,
): void {
  const { setup } = run;
  const keys = String(setup.settings.keys);
  const dice = new Dice(bound.seed);
  const promised = new Promised(setup);
  let state = btree.open(setup);
  const pairs: { pair: Pair; rows: Rows; line: string }[] = [];
  for (const command of run.commands) {
    const wasWriting = state.value.writing;
    const before = state;
    const done = runAll(state, command, setup);
    const writes = done.state.disk.writes - state.disk.writes;
    const candidates = promised.after.map(text);
    if (command.kind === 'commit' && wasWriting) candidates.push(text(promised.now));
    for (let n = 1; n <= writes; n++) {
      figures.cuts++;
      const during = {
        command: command as Exclude<Command, { kind: 'crash' }>,
        at: 'write',
        n,
      } as const;
      let sectors = 0;
      runAll(before, { kind: 'crash', during, keep: 'all' }, setup, (event) => {
        if (event.kind === 'crash') sectors = event.kept;
      });
      for (const keeps of some(keptSets(sectors, bound), bound.most, dice)) {
        const keep = Array.from({ length: sectors }, (_, i) => i)
          .filter(keeps)
          .map((i) => [i + 1, i + 1] as const);
        const crash: Command = { kind: 'crash', during, keep: keep.length === 0 ? 'none' : keep };
        const line = `${btree.print(crash)}, seed ${setup.seed}, ${JSON.stringify(setup.settings)}`;
        const after = runAll(before, crash, setup).state;
        figures.images++;
        sound(after, line);
        const rows = rowsOf(after, setup);
        if (!candidates.includes(text(rows)))
          throw new Error(`${line}: ${text(rows)} is none of ${candidates.join(' or ')}`);
        if (dice.chance(0.1)) goesOn(after, setup, line);
        if (judge) pairs.push({ pair: pairOf(after, keys), rows, line });
        if (dice.chance(0.1)) {
          const verdict = judged(exported(after), keys);
          same(verdict, { integrity: 'ok', rows }, `sql.js, ${line}`);
          figures.bySqlJs++;
        }
      }
    }
    state = done.state;
    const checkpointed = state.value.counters.checkpoints > before.value.counters.checkpoints;
    promised.apply(command, wasWriting, checkpointed);
  }
  for (let at = 0; at < pairs.length; at += 500) {
    const batch = pairs.slice(at, at + 500);
    judge?.(batch.map(({ pair }) => pair)).forEach((verdict, i) => {
      const { rows, line } = batch[i] as (typeof batch)[number];
      same(verdict, { integrity: 'ok', rows }, `sqlite3, ${line}`);
      figures.bySqlite3++;
    });
  }
  figures.runs++;
}

/** Nothing and all, which come first and last among few, and a draw of the others. */
function some<T>(sets: Iterable<T>, most: number | undefined, dice: Dice): T[] {
  const all = [...sets];
  if (most === undefined) return all;
  while (all.length > most) all.splice(1 + dice.below(all.length - 2), 1);
  return all;
}

/** The database and the log beside it, as `run --export` writes them. */
export function pairOf(state: BTreeState, keys: string): Pair {
  const [database, log] = btree.exports(state);
  return { database: database?.bytes as Uint8Array, ...(log && { log: log.bytes }), keys };
}

function sound(state: BTreeState, line: string): void {
  const problems = [
    ...findings(state).findings,
    ...btree.referees.filter(({ at }) => at === 'recovery').flatMap(({ check }) => check(state)),
  ];
  if (problems.length > 0 || state.value.damaged)
    throw new Error(`${line}: ${JSON.stringify(problems)}`);
}

/** After a recovery the database takes another commit, and does not lose it. */
function goesOn(start: BTreeState, setup: Setup, line: string): void {
  const isText = setup.settings.keys === 'text';
  const commands: Command[] = [
    { kind: 'put', key: isText ? 'zz' : 999, value: 'after' },
    { kind: 'commit' },
    { kind: 'checkpoint' },
    { kind: 'put', key: isText ? 'zzz' : 1000, value: 'again' },
    { kind: 'commit' },
    { kind: 'crash', keep: 'all' },
  ];
  let state = start;
  for (const command of commands) state = runAll(state, command, setup).state;
  sound(state, `going on after ${line}`);
  const rows = rowsOf(state, setup).slice(-2);
  same(rows.length, 2, `going on after ${line}`);
}

function same(a: unknown, b: unknown, line: string): void {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right)
    throw new Error(`${line}: ${left.slice(0, 300)} and not ${right.slice(0, 300)}`);
}
