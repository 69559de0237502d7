// The table of costs in lesson 15 against runs: the same formulas, and what they come to is what was
// counted.
import { expect, test } from 'vitest';
import type { CommitMoment } from '../labs/commit/round.ts';
import { COSTS } from './commit.tsx';
import { replay } from './replay.testing.ts';
import { end } from './run.ts';

test.each(COSTS)('$name', async ({ set, messages, forced }) => {
  for (const participants of [2, 3, 5]) {
    const text = `lab commit\n${set}\nset participants ${participants}\nbegin blue\nrun 300ms\n`;
    const { cost, formula } = ((await end(replay(text))) as CommitMoment).value;
    expect([formula?.messages.formula, formula?.forced.formula]).toEqual([messages, forced]);
    expect([cost.messages, cost.forced]).toEqual([formula?.messages.value, formula?.forced.value]);
  }
});
