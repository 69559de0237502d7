// A seeded slice of the crash sweep (`npm run sweep` runs all of it), and the careless engines: each
// sabotage is caught by a referee of its own in the scenario that ships with it, and the same scenario
// without it is clean.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Script } from '../run/script.ts';
import { crashEverywhere, crashRun, noFigures } from './crash.testing.ts';
import { labs } from './index.ts';
import { judgedPairs, sqlite3 } from './sqlite3.testing.ts';

console.info(`judge of logs: ${sqlite3 ? `sqlite3 ${sqlite3}` : 'none, no sqlite3 command here'}`);

test.each([1, 3, 4, 6, 9])('run %i: the power is cut at every write', (seed) => {
  const figures = noFigures();
  const bounds = { seed, extra: 2, most: 6 };
  crashEverywhere(crashRun(seed, 18), bounds, figures, sqlite3 ? judgedPairs : undefined);
  expect(figures.images).toBeGreaterThan(20);
  if (sqlite3) expect(figures.bySqlite3).toBe(figures.images);
});

describe('a careless engine', () => {
  const scenario = (name: string): string =>
    (readFileSync(join(import.meta.dirname, '../btree/scripts', `${name}.txt`), 'utf8').split(
      /^---$/m,
    )[0] ?? '') as string;
  test.each([
    ['early_acknowledge', 'early-acknowledge', ['durability']],
    ['checkpoint_before_log_sync', 'checkpoint-before-log-sync', ['atomicity', 'integrity']],
  ])('%s is caught, and clean without', (name, sabotage, referees) => {
    const text = scenario(name);
    expect(text).toContain(`sabotage ${sabotage}\n`);
    expect(text).toMatch(/^title "/m);
    const caught = new Script(text, labs).run().timeline('main').problems;
    expect([...new Set(caught.map(({ referee }) => referee))].sort()).toEqual(referees);
    const clean = text.replace(/^sabotage .*\n/m, '').replace(/^at .*\n/m, '');
    expect(new Script(clean, labs).run().timeline('main').problems).toEqual([]);
  });
});
