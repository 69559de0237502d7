/** The B-Tree lab's parts of the sweep: power cuts, exported files, and the Mirror. */
import { Dice } from '../../engine/base/dice.ts';
import type { Key } from '../../engine/btree/events.ts';
import { btree, type Command } from '../../engine/labs/btree.ts';
import {
  crashEverywhere,
  crashRun,
  noFigures,
  type Pair,
  pairOf,
} from '../../engine/labs/crash.testing.ts';
import {
  exported,
  judged,
  MIRRORS,
  Mirror,
  mirror,
  runAll,
  setupWith,
} from '../../engine/labs/mirror.testing.ts';
import { judgedPairs, sqlite3 } from '../../engine/labs/sqlite3.testing.ts';
import type { Part } from './part.ts';

const JUDGES = sqlite3 ? `sql.js, sqlite3 ${sqlite3}` : 'sql.js alone';

export const crashPart: Part = {
  name: 'crash',
  about: 'B-Tree: the power is cut at every write of 60 random runs, and bounded subsets survive',
  run(share, tell) {
    const figures = noFigures();
    const told = () => ({
      'random runs': figures.runs,
      'writes at which the power was cut': figures.cuts,
      'disks that a cut may leave, recovered to a whole commit': figures.images,
      'of these recovered to the same rows by sqlite3 from database and log': figures.bySqlite3,
      'and by sql.js from the database, checkpointed': figures.bySqlJs,
      judges: JUDGES,
    });
    for (let seed = 101; seed <= 100 + Math.ceil(60 * share); seed++) {
      crashEverywhere(
        crashRun(seed, 30),
        { seed, extra: 16 },
        figures,
        sqlite3 ? judgedPairs : undefined,
      );
      tell(told());
    }
    return told();
  },
};

export const exportPart: Part = {
  name: 'export',
  about: 'B-Tree: 4,000 random runs, whose exported files the real SQLite finds sound and equal',
  run(share, tell) {
    const dice = new Dice(4711);
    let runs = 0;
    let rows = 0;
    let logs = 0;
    let batch: { pair: Pair; said: string; line: string }[] = [];
    const flush = (): void => {
      judgedPairs(batch.map(({ pair }) => pair)).forEach((verdict, i) => {
        const { said, line } = batch[i] as (typeof batch)[number];
        if (JSON.stringify(verdict) !== said)
          throw new Error(`sqlite3, ${line}: ${verdict.integrity}`);
      });
      batch = [];
    };
    const told = () => ({
      'random runs': runs,
      'rows compared': rows,
      'files with a log beside them': logs,
      judges: JUDGES,
    });
    for (const most = Math.ceil(4000 * share); runs < most; runs++) {
      const { setup, commands } = exportRun(runs, dice);
      const keys = String(setup.settings.keys);
      const map = new Mirror();
      let state = btree.open(setup);
      for (const one of commands) {
        state = runAll(state, one, setup).state;
        map.apply(one);
      }
      const said = { integrity: 'ok', rows: map.sorted(map.committed) };
      const line = `seed ${runs}, ${JSON.stringify(setup.settings)}`;
      if (JSON.stringify(judged(exported(state), keys)) !== JSON.stringify(said))
        throw new Error(`sql.js, ${line}`);
      rows += said.rows.length;
      const pair = pairOf(state, keys);
      if (pair.log) logs++;
      if (sqlite3) batch.push({ pair, said: JSON.stringify(said), line });
      if (batch.length === 500) flush();
      if (runs % 250 === 0) tell(told());
    }
    if (batch.length > 0) flush();
    return told();
  },
};

/** Settings and commands of a run: a bulk, changes, commits and checkpoints now and then. */
function exportRun(seed: number, dice: Dice) {
  const pick = <T>(list: readonly T[]): T => list[dice.below(list.length)] as T;
  const keys = pick(['integer', 'text']);
  const setup = setupWith(
    {
      keys,
      'page-size': pick([512, 512, 1024, 2048, 4096, 8192, 65536]),
      'max-cells': pick([0, 0, 2, 3, 4, 8]),
      'merge-below': pick([0, 0.33, 0.5]),
      split: pick(['middle', 'sqlite', 'rightmost', 'bstar']),
      synchronous: pick(['full', 'normal']),
      'checkpoint-after': pick([0, 5, 40, 1000]),
    },
    seed,
  );
  const name = (n: number): Key => (keys === 'text' ? `key ${n}` : n);
  const commands: Command[] = [];
  for (let n = 20 + dice.below(150); n > 0; n--) {
    const key = name(dice.below(200));
    const roll = dice.below(100);
    if (roll < 60)
      commands.push({
        kind: 'put',
        key,
        value: 'r'.repeat(dice.below(dice.chance(0.1) ? 3000 : 80)),
      });
    else if (roll < 90) commands.push({ kind: 'delete', key });
    else if (roll < 96) commands.push({ kind: 'commit' });
    else if (roll < 98) commands.push({ kind: 'checkpoint' });
    else commands.push({ kind: 'reopen' });
  }
  commands.push({ kind: 'commit' });
  return { setup, commands };
}

export const mirrorPart: Part = {
  name: 'mirror',
  about: `B-Tree: ${MIRRORS.length} settings against a sorted map, 40 random runs each`,
  run(share, tell) {
    let settings = 0;
    let files = 0;
    const told = () => ({ settings, 'random runs': files });
    const some = MIRRORS.filter((_, i) => Math.floor((i + 1) * share) > Math.floor(i * share));
    for (const one of some) {
      files += mirror({ settings: one, runs: 40, seed: 1000 + MIRRORS.indexOf(one) }).length;
      settings++;
      if (settings % 16 === 0) tell(told());
    }
    return told();
  },
};
