// Damaged databases, logs and journals never hang or crash what reads them. SWEEP=1 runs it for long.

import { describe, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import { damaged, fixtures, readInEveryWay } from './damage.testing.ts';

const SEED = 20;
const ROUNDS = process.env.SWEEP ? 2_000 : 10;

describe.each(fixtures())('$name, damaged', ({ name, pageSize, bytes, ...beside }) => {
  test('is read as far as it goes, and the rest is said', () => {
    for (let round = 0; round < ROUNDS; round++) {
      const dice = new Dice(SEED + round);
      let { bytes: bad, what } = damaged(bytes, pageSize, dice);
      // Sometimes twice; and the log or the journal as often as the database.
      if (dice.chance(0.3)) {
        const more = damaged(bad, pageSize, dice);
        bad = more.bytes;
        what += `, ${more.what}`;
      }
      let { wal, journal } = beside;
      if (dice.chance(0.5)) {
        wal &&= damaged(wal, pageSize + 24, dice).bytes;
        journal &&= damaged(journal, pageSize + 8, dice).bytes;
        if (dice.chance(0.5)) bad = bytes;
      }
      try {
        readInEveryWay(bad, { ...(wal && { wal }), ...(journal && { journal }) });
      } catch (thrown) {
        throw new Error(`${name}, round ${round} (${what}): ${(thrown as Error).stack}`);
      }
    }
  });
});
