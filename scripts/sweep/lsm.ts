/** The LSM lab's parts of the sweep: power cuts and exports before the real LevelDB, and the Mirror. */
import { Dice } from '../../engine/base/dice.ts';
import { JUDGE } from '../../engine/labs/leveldb.testing.ts';
import {
  crashEverywhere,
  crashRun,
  exportOnce,
  exportRun,
  mirror,
  noCrashes,
  noExports,
  STRATEGIES,
  TINY,
} from '../../engine/labs/lsm.testing.ts';
import type { Part } from './part.ts';

export const lsmCrashPart: Part = {
  name: 'lsm-crash',
  about: 'LSM: the power is cut at every write of 20 random runs of each strategy',
  async run(share, tell) {
    const figures = noCrashes();
    const told = () => ({
      'random runs': figures.runs,
      'writes at which the power was cut': figures.cuts,
      'disks that a cut may leave, recovered to all that was acknowledged': figures.images,
      'of these the different ones, recovered to the same rows by LevelDB': figures.byLevelDb,
      judge: JUDGE,
    });
    for (let seed = 201; seed <= 200 + Math.ceil(20 * share); seed++)
      for (const strategy of STRATEGIES) {
        await crashEverywhere(crashRun(strategy, seed, 25), { seed, extra: 8 }, figures);
        tell(told());
      }
    return told();
  },
};

export const lsmExportPart: Part = {
  name: 'lsm-export',
  about:
    'LSM: 4,000 random runs over all strategies, whose exports LevelDB reads by row and by key',
  async run(share, tell) {
    const figures = noExports();
    const told = () => ({
      'random runs': figures.runs,
      'rows read back by iterator, both ways': figures.rows,
      'keys asked for, live and deleted': figures.gets,
      'tables in the exports': figures.tables,
      'deepest level': figures.deepest,
      judge: JUDGE,
    });
    for (let seed = 1; seed <= Math.ceil(1000 * share); seed++) {
      for (const strategy of STRATEGIES) await exportOnce(exportRun(strategy, seed), figures);
      if (seed % 25 === 0) tell(told());
    }
    return told();
  },
};

export const lsmMirrorPart: Part = {
  name: 'lsm-mirror',
  about:
    'LSM: each strategy against a sorted map with snapshots, 40 settings with 40 random runs each',
  run(share, tell) {
    let settings = 0;
    const told = () => ({ settings, 'random runs': 40 * settings });
    const dice = new Dice(5);
    for (let n = 0; n < Math.ceil(40 * share); n++)
      for (const strategy of STRATEGIES) {
        const some = {
          ...TINY,
          strategy,
          'memtable-size': 256 + 64 * dice.below(12),
          'level-ratio': 2 + dice.below(4),
          'level0-trigger': 1 + dice.below(5),
          'block-size': 32 + dice.below(300),
          'restart-interval': 1 + dice.below(8),
          'bits-per-key': dice.below(14),
        };
        mirror(some, 40, 1000 + n);
        settings++;
        tell(told());
      }
    return told();
  },
};
