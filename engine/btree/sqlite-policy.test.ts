// `split sqlite` against SQLite itself: the same rows, put and deleted in the same order, end up in the
// same pages, cell for cell. What is compared is each page's keys, from the root down.

// @ts-expect-error sql.js comes without types; what is used of it is declared below
import initSqlJs from 'sql.js';
import { expect, test } from 'vitest';
import type { Bytes } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { Disk } from '../disk/disk.ts';
import { keyAt } from './key-lens.ts';
import { Page } from './page.ts';
import { Pager, ROOT, SCHEMA } from './pager.ts';
import { keyedRecord, recordOf } from './record.ts';
import { BTree, DEFAULT_POLICY } from './tree.ts';

interface SqlDatabase {
  exec(sql: string): void;
  run(sql: string, values: readonly unknown[]): void;
  export(): Uint8Array;
  close(): void;
}
const SQL: { Database: new () => SqlDatabase } = await initSqlJs();

/** Each page's depth and keys, root first. */
function shapeOf(read: (page: number) => Bytes): string[] {
  const pages: string[] = [];
  const walk = (number: number, depth: number) => {
    const page = new Page(read(number), number);
    const keys = Array.from({ length: page.cellCount }, (_, i) => keyAt(page, i, read));
    pages.push(`${depth}: ${keys.join(' ')}`);
    if (!page.isLeaf) for (let i = 0; i <= page.cellCount; i++) walk(page.child(i), depth + 1);
  };
  walk(ROOT, 0);
  return pages;
}

const cases = [512, 1024, 4096].flatMap((size) =>
  (['integer', 'text'] as const).flatMap((keys) =>
    (['random', 'ascending', 'descending'] as const).map((order) => [size, keys, order] as const),
  ),
);

test.each(cases)('pages of %i bytes, %s keys, %s', (size, keys, order) => {
  for (const count of [50, 300]) {
    const db = new SQL.Database();
    db.exec(`PRAGMA page_size = ${size}; ${SCHEMA[keys]}; BEGIN`);
    const policy = { ...DEFAULT_POLICY, split: 'sqlite', mergeBelow: 1 / 3 } as const;
    const tree = new BTree(Pager.create(new Disk(), size, keys), ROOT, policy);
    const dice = new Dice(count + size);
    const all = Array.from({ length: count }, (_, i) => i + 1);
    if (order === 'descending') all.reverse();
    if (order === 'random')
      for (let i = count - 1; i > 0; i--) {
        const other = dice.below(i + 1);
        [all[i], all[other]] = [all[other] as number, all[i] as number];
      }
    const name = (n: number) => (keys === 'text' ? `k${String(n).padStart(6, '0')}` : n);
    for (const n of all) {
      const [key, value] = [name(n), 'x'.repeat(dice.below(60))];
      db.run('INSERT INTO kv VALUES (?, ?)', [key, value]);
      tree.put(key, typeof key === 'string' ? keyedRecord(key, value) : recordOf(value));
    }
    const compare = (what: string) => {
      const bytes = db.export();
      const theirs = shapeOf((page) => bytes.subarray((page - 1) * size, page * size));
      expect(
        shapeOf((page) => tree.pager.read(page)),
        `${count} rows, ${what}`,
      ).toEqual(theirs);
    };
    db.exec('COMMIT');
    compare('put');
    for (const n of all.slice(0, 0.7 * count)) {
      db.run(`DELETE FROM kv WHERE ${keys === 'text' ? 'k' : 'id'} = ?`, [name(n)]);
      tree.delete(name(n));
    }
    compare('most of them deleted');
    db.close();
  }
});
