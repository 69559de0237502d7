// A seeded slice of the Mirror: each split policy with both kinds of keys; `npm run sweep` runs all of
// it. And exported files of randomized runs before the real SQLite. Which judges looked at the files is
// printed: sql.js (SQLite as WebAssembly) always, the sqlite3 command as well where it is installed.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import type { Key } from '../btree/events.ts';
import { labOf } from '../run/lab.ts';
import { parseCommand, wordsOf } from '../run/scenario.ts';
import { btree, type Command } from './btree.ts';
import { words } from './btree-words.ts';
import { exported, judged, MIRRORS, Mirror, mirror, runAll, setupWith } from './mirror.testing.ts';

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

/** Integrity of several files by the sqlite3 command, in one process. */
function judgedByCommand(files: readonly Uint8Array[]): string[] {
  const script = files
    .map((bytes, i) => {
      const path = join(folder, `${i}.db`);
      writeFileSync(path, bytes);
      return `.open '${path}'\nPRAGMA integrity_check;\n`;
    })
    .join('');
  return execFileSync('sqlite3', { input: script, encoding: 'utf8' }).trim().split('\n');
}

// Of 256 settings 20, so that each policy comes with each kind of keys and with each cap.
const slice = MIRRORS.filter((_, i) => i % 13 === 5);

describe('Mirror', () => {
  test.each(slice.map((settings) => [Object.values(settings).join(' '), settings] as const))(
    '%s',
    (_, settings) => {
      const seed = MIRRORS.indexOf(settings);
      const files = mirror({ settings, runs: 4, seed, commands: 70 });
      if (cli) expect(judgedByCommand(files)).toEqual(files.map(() => 'ok'));
    },
  );
});

test('a hundred exported files of randomized runs: SQLite finds them sound and the rows equal', () => {
  const dice = new Dice(99);
  const files: Uint8Array[] = [];
  for (let run = 0; run < 120; run++) {
    const settings = {
      'page-size': [512, 512, 1024, 4096][dice.below(4)] as number,
      'max-cells': [0, 0, 2, 3, 4, 8][dice.below(6)] as number,
      'merge-below': [0, 0.33, 0.5][dice.below(3)] as number,
      split: ['middle', 'sqlite', 'rightmost', 'bstar'][run % 4] as string,
      keys: run % 8 < 4 ? 'integer' : 'text',
    };
    const setup = setupWith(settings, run);
    const parse = (line: string) =>
      parseCommand(labOf(btree, words) as never, wordsOf(line), setup) as Command;
    let state = btree.open(setup);
    const mirror = new Mirror();
    const order = ['random', 'ascending', 'descending', 'zipf'][dice.below(4)];
    state = runAll(state, parse(`bulk ${1 + dice.below(120)} ${order}`), setup).state;
    for (const { key, value } of runAll(state, parse('scan'), setup).result as {
      key: Key;
      value: string;
    }[])
      mirror.rows.set(key, value);
    for (let n = dice.below(100); n > 0; n--) {
      const key = [...mirror.rows.keys()][dice.below(Math.max(1, mirror.rows.size))] as Key;
      const one: Command = dice.chance(0.7)
        ? { kind: 'delete', key }
        : { kind: 'put', key, value: 'r'.repeat(dice.below(dice.chance(0.2) ? 3000 : 80)) };
      if (key === undefined) continue;
      state = runAll(state, one, setup).state;
      mirror.apply(one);
    }
    state = runAll(state, { kind: 'commit' }, setup).state;
    const bytes = exported(state);
    expect(judged(bytes, settings.keys)).toEqual({ integrity: 'ok', rows: mirror.sorted() });
    files.push(bytes);
  }
  if (cli) expect(judgedByCommand(files)).toEqual(files.map(() => 'ok'));
});
