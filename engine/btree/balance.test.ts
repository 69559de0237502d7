// How full the split policies keep their pages, against theory; what B* promises; bulk loads; and the
// planted bugs, which the integrity check must catch, and only those.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import { Disk } from '../disk/disk.ts';
import { checkDatabase } from './check.ts';
import { evenly, fits, halves, packed, type Room } from './cuts.ts';
import { loadPart, vacuum } from './load.ts';
import type { Page } from './page.ts';
import { type Keys, Pager, ROOT } from './pager.ts';
import { keyedRecord, recordOf } from './record.ts';
import { BTree, DEFAULT_POLICY, type Policy, SPLITS } from './tree.ts';

const theory: { id: string; expected: number; tolerance: string }[] = JSON.parse(
  readFileSync(
    process.env.ORACLES
      ? join(process.env.ORACLES, 'theory.json')
      : join(import.meta.dirname, 'fixtures/theory.json'),
    'utf8',
  ),
);
const expectedOf = (id: string): { expected: number; tolerance: number } => {
  const row = theory.find((one) => one.id === id) as (typeof theory)[number];
  return { expected: row.expected, tolerance: Number(/[\d.]+/.exec(row.tolerance)?.[0]) };
};

function treeWith(policy: Partial<Policy>, keys: Keys = 'integer', pageSize = 4096): BTree {
  return new BTree(Pager.create(new Disk(), pageSize, keys), ROOT, {
    ...DEFAULT_POLICY,
    ...policy,
  });
}

const keyFor = (keys: Keys, n: number): number | string =>
  keys === 'text' ? `k${String(n).padStart(6, '0')}` : n;

function put(tree: BTree, keys: Keys, n: number, value: string): void {
  const key = keyFor(keys, n);
  tree.put(key, typeof key === 'string' ? keyedRecord(key, value) : recordOf(value));
}

function pagesOf(tree: BTree): { page: Page; depth: number }[] {
  const found: { page: Page; depth: number }[] = [];
  const walk = (number: number, depth: number) => {
    const page = tree.pager.page(number);
    found.push({ page, depth });
    if (!page.isLeaf) for (let i = 0; i <= page.cellCount; i++) walk(page.child(i), depth + 1);
  };
  walk(tree.root, 0);
  return found;
}

/** Cells in the leaves, of those that there could be. */
function leafFill(tree: BTree): number {
  const leaves = pagesOf(tree).filter(({ page }) => page.isLeaf);
  const cells = leaves.reduce((sum, { page }) => sum + page.cellCount, 0);
  return cells / (leaves.length * tree.policy.maxCells);
}

const check = ({ pager }: BTree) =>
  checkDatabase((page) => (page <= pager.pages ? pager.read(page) : undefined), pager.pages);

const shuffled = (count: number, seed: number): number[] => {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  const dice = new Dice(seed);
  for (let i = count - 1; i > 0; i--) {
    const other = dice.below(i + 1);
    [all[i], all[other]] = [all[other] as number, all[i] as number];
  }
  return all;
};
const ascending = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

function grown(policy: Partial<Policy>, order: readonly number[], keys: Keys = 'integer'): BTree {
  const tree = treeWith(policy, keys);
  for (const n of order) put(tree, keys, n, 'v');
  expect(check(tree).findings).toEqual([]);
  return tree;
}

describe('how full the leaves are', () => {
  test.each([8, 32, 128])('random puts, %i cells a page, split in the middle: ln 2', (maxCells) => {
    const { expected, tolerance } = expectedOf(`btree-leaf-fill-random-b${maxCells}`);
    const fill = leafFill(grown({ maxCells }, shuffled(Math.max(8000, 200 * maxCells), maxCells)));
    expect(Math.abs(fill - expected)).toBeLessThanOrEqual(tolerance);
  });

  test('ascending puts leave pages half full behind, or full where the split is made for them', () => {
    const { expected, tolerance } = expectedOf('btree-leaf-fill-ascending-halfsplit');
    const fill = (split: Policy['split'], keys: Keys = 'integer') =>
      leafFill(grown({ maxCells: 32, split }, ascending(6400), keys));
    expect(Math.abs(fill('middle') - expected)).toBeLessThanOrEqual(tolerance);
    expect(fill('rightmost')).toBeGreaterThan(0.99);
    expect(fill('sqlite')).toBeGreaterThan(0.99);
    // In an index b-tree the full page gives its last row to stand between.
    expect(fill('rightmost', 'text')).toBeCloseTo(31 / 32, 2);
    // B* shares with the page before, so what it leaves behind is full but for what a split takes.
    expect(fill('bstar')).toBeGreaterThan(2 / 3);
  });

  test('random puts: the more siblings are looked at, the fuller the pages', () => {
    const fill = (split: Policy['split'], keys: Keys) =>
      leafFill(grown({ maxCells: 32, split }, shuffled(6400, 3), keys));
    for (const keys of ['integer', 'text'] as const) {
      expect(Math.abs(fill('rightmost', keys) - Math.LN2)).toBeLessThan(0.04);
      expect(fill('sqlite', keys)).toBeGreaterThan(fill('middle', keys) + 0.04);
      expect(fill('bstar', keys)).toBeGreaterThan(0.8);
    }
  });
});

/** Pages that B* promises something of: not the root, and not its children as long as it has two. */
const promised = (tree: BTree): Page[] => {
  const root = tree.pager.page(tree.root);
  return pagesOf(tree).flatMap(({ page, depth }) =>
    depth === 0 || (depth === 1 && root.cellCount < 2) ? [] : [page],
  );
};

describe('B*: after puts alone every page is two thirds full', () => {
  test.each([
    ['integer', 3],
    ['integer', 7],
    ['integer', 32],
    ['text', 4],
    ['text', 9],
    ['text', 32],
  ] as const)('%s keys, %i cells a page: by their number, in any order', (keys, maxCells) => {
    const least = Math.floor((2 * maxCells) / 3);
    for (const order of [shuffled(900, maxCells), ascending(900), ascending(900).reverse()]) {
      const tree = treeWith({ maxCells, split: 'bstar' }, keys);
      order.forEach((n, i) => {
        put(tree, keys, n, 'v');
        if (i % 50 === 0)
          for (const { cellCount, number } of promised(tree))
            expect(cellCount, `page ${number}`).toBeGreaterThanOrEqual(least);
      });
    }
  });

  test.each(['integer', 'text'] as const)(
    '%s keys of many lengths: by their bytes, up to the size of two cells',
    (keys) => {
      const dice = new Dice(4);
      const tree = treeWith({ split: 'bstar' }, keys, 1024);
      for (const n of shuffled(1500, 8)) put(tree, keys, n, 'x'.repeat(dice.below(90)));
      for (const page of promised(tree)) {
        let largest = 0;
        for (let i = 0; i < page.cellCount; i++) largest = Math.max(largest, page.cellSize(i) + 2);
        const least = (2 * page.capacity) / 3 - 2 * Math.max(largest, 110);
        expect(page.usedBytes, `page ${page.number}`).toBeGreaterThanOrEqual(least);
      }
    },
  );
});

describe('where to cut', () => {
  const rooms = [true, false].flatMap((moves) =>
    [0, 3, 5].map((maxCells): Room => ({ moves, maxCells, capacity: 100 })),
  );
  test.each(rooms)('every cut gives each page its cells: %o', (room) => {
    const dice = new Dice(6);
    for (let run = 0; run < 300; run++) {
      const sizes = Array.from({ length: 5 + dice.below(20) }, () => 4 + dice.below(20));
      const cuts = packed(sizes, room);
      expect(fits(sizes, cuts, room)).toBe(true);
      const even = evenly(sizes, cuts.length + 1, room);
      if (even) expect(fits(sizes, even, room)).toBe(true);
      const cut = halves(sizes, room);
      if (cut !== undefined) expect(fits(sizes, [cut], room)).toBe(true);
      else expect(cuts.length).not.toBe(1);
    }
  });

  test('as SQLite does: from the left as many as fit, then evened out from the right', () => {
    const room = { moves: false, maxCells: 0, capacity: 100 };
    expect(packed(Array(12).fill(18), room)).toEqual([5, 9]);
    expect(packed(Array(11).fill(18), room)).toEqual([4, 8]);
    expect(packed([90, 90, 90], room)).toEqual([1, 2]);
    // The cell at a cut goes up, so the right page never stays without any.
    expect(packed(Array(6).fill(18), { ...room, moves: true })).toEqual([3]);
  });
});

describe('a bulk load', () => {
  const cases = (['integer', 'text'] as const).flatMap((keys) =>
    [512, 4096].flatMap((pageSize) =>
      [0, 2, 5].flatMap((maxCells) =>
        [0.5, 0.7, 1].map((fill) => [keys, pageSize, maxCells, fill] as const),
      ),
    ),
  );
  test.each(cases)(
    '%s keys, pages of %i, max-cells %i, fill %d',
    (keys, pageSize, maxCells, fill) => {
      for (const count of [1, 2, 3, 4, 5, 6, 7, 11, 40, 90]) {
        const tree = treeWith({ maxCells }, keys, pageSize);
        const row = (n: number) => {
          const key = keyFor(keys, n);
          const value = 'r'.repeat(n % 7 === 0 ? 700 : 20);
          return {
            key,
            record: typeof key === 'string' ? keyedRecord(key, value) : recordOf(value),
          };
        };
        for (let done = 0; done < count; ) {
          done = loadPart(tree, { count, fill, row }, done);
          const { findings, rows } = check(tree);
          expect(findings, `${count} rows, ${done} done`).toEqual([]);
          expect(rows).toBe(done);
        }
        expect(() => loadPart(tree, { count, fill, row }, 0)).toThrow('this one has rows');
      }
    },
  );

  test('makes pages as full as it is told, and VACUUM makes them full', () => {
    for (const keys of ['integer', 'text'] as const) {
      const tree = treeWith({}, keys);
      const row = (n: number) => {
        const key = keyFor(keys, n);
        const value = 'twenty-four bytes or so';
        return { key, record: typeof key === 'string' ? keyedRecord(key, value) : recordOf(value) };
      };
      const fills = () =>
        pagesOf(tree)
          .filter(({ page }) => page.isLeaf)
          .slice(0, -2)
          .map(({ page }) => page.usedBytes / page.capacity);
      for (let done = 0; done < 5000; )
        done = loadPart(tree, { count: 5000, fill: 0.7, row }, done);
      for (const fill of fills()) expect(Math.abs(fill - 0.7)).toBeLessThan(0.015);
      const before = tree.pager.pages;
      vacuum(tree);
      expect(check(tree).findings).toEqual([]);
      for (const fill of fills()) expect(fill).toBeGreaterThan(0.985);
      expect(tree.pager.pages).toBeLessThan(0.75 * before);
      expect(tree.pager.freePages).toBe(0);
    }
  });
});

describe('a planted bug', () => {
  const cases = SPLITS.flatMap((split) =>
    (['integer', 'text'] as const).flatMap((keys) =>
      (['lost-separator', 'freed-page-in-use'] as const).map(
        (sabotage) => [sabotage, split, keys] as const,
      ),
    ),
  );
  test.each(cases)('%s, split %s, %s keys: caught, and clean without', (sabotage, split, keys) => {
    const work = (planted: readonly string[]): number => {
      const tree = treeWith({ split, maxCells: 4, sabotage: planted }, keys);
      let found = 0;
      try {
        for (const n of shuffled(40, 5)) put(tree, keys, n, 'v');
        for (let n = 1; n <= 40 && found === 0; n++) {
          tree.delete(keyFor(keys, n));
          found = check(tree).findings.length;
        }
      } catch {
        // A search that meets a page of another kind stops; the check must have something to say.
        found = check(tree).findings.length;
      }
      return found;
    };
    expect(work([])).toBe(0);
    expect(work([sabotage])).toBeGreaterThan(0);
  });
});
