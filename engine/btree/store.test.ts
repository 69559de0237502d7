import fc from 'fast-check';
// @ts-expect-error sql.js comes without types
import initSqlJs from 'sql.js';
import { describe, expect, test } from 'vitest';
import { type Bytes, compareBytes, hexOf, utf8 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { checkDatabase } from './check.ts';
import { Missing, type Row, Store } from './store.ts';

const { Database } = await initSqlJs();
type Model = Map<string, Bytes>;

const inOrder = (model: Model): [string, string][] =>
  [...model].map(([k, v]): [string, string] => [k, hexOf(v)]).sort(([a], [b]) => (a < b ? -1 : 1));

function rowsIn(store: Store, from?: Bytes, to?: Bytes): [string, string][] {
  const rows: [string, string][] = [];
  expect(
    store.scan(from, to, (row) => {
      rows.push([hexOf(row.key), hexOf(row.value)]);
    }),
  ).toBe(rows.length);
  return rows;
}

/** Both referees: our own, and SQLite itself. */
function judge(store: Store, model: Model): void {
  const { findings } = checkDatabase((page) => store.page(page), store.pages);
  expect(findings).toEqual([]);
  const file = new Uint8Array(store.pages * store.pageSize);
  for (let page = 1; page <= store.pages; page++)
    file.set(store.page(page), (page - 1) * store.pageSize);
  const db = new Database(file);
  expect(db.exec('PRAGMA integrity_check')[0].values).toEqual([['ok']]);
  const [result] = db.exec('SELECT lower(hex(k)), lower(hex(v)) FROM kv ORDER BY k');
  expect(result?.values ?? []).toEqual(inOrder(model));
  db.close();
}

const key = (n: number) => utf8(n.toString(16).padStart(16, '0'));

describe('against a sorted map, judged by SQLite', () => {
  const keyBytes = fc.oneof(
    { weight: 4, arbitrary: fc.nat(300).map(key) },
    // Keys that are one another's beginnings, and the empty one.
    {
      weight: 1,
      arbitrary: fc
        .array(fc.constantFrom(0, 1, 255), { maxLength: 6 })
        .map((b) => Uint8Array.from(b)),
    },
  );
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.nat(60) },
    { weight: 1, arbitrary: fc.constantFrom(0, 400, 3_000) },
  );
  const row = fc.tuple(keyBytes, fc.option(value, { freq: 4 }));
  const step = fc.oneof(
    fc.record({ batch: fc.array(row, { maxLength: 40 }) }),
    fc.record({ one: row }),
  );
  test.each([512, 4096])('puts, deletes and batches on pages of %d', (pageSize) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.nat(255), (steps, fill) => {
        const store = Store.create({ pageSize });
        const model: Model = new Map();
        const rowOf = ([k, length]: [Uint8Array, number | null], n: number): Row => [
          k,
          length === null ? undefined : new Uint8Array(length).fill(fill + n),
        ];
        const enter = ([k, v]: Row) => (v ? model.set(hexOf(k), v) : model.delete(hexOf(k)));
        for (const step of steps)
          if ('batch' in step) {
            const rows = step.batch.map(rowOf);
            store.putBatch(rows);
            rows.forEach(enter);
          } else {
            const [k, v] = rowOf(step.one, 0);
            if (v) store.put(k, v);
            else expect(store.delete(k)).toBe(model.has(hexOf(k)));
            enter([k, v]);
          }
        const expected = inOrder(model);
        expect(rowsIn(store)).toEqual(expected);
        for (const [k, v] of model)
          expect(hexOf(store.get(Buffer.from(k, 'hex')) as Bytes)).toBe(hexOf(v));
        expect(store.get(utf8('nobody'))).toBeUndefined();
        const [from, to] = [key(50), key(200)];
        expect(rowsIn(store, from, to)).toEqual(
          expected.filter(([k]) => k >= hexOf(from) && k <= hexOf(to)),
        );
        judge(store, model);
      }),
      { numRuns: 30 },
    );
  });

  test('ascending keys leave full pages, random ones about two thirds full', () => {
    const rows = Array.from(
      { length: 4_000 },
      (_, n): Row => [key(n), new Uint8Array(100).fill(n)],
    );
    const model: Model = new Map(rows.map(([k, v]) => [hexOf(k), v as Bytes]));
    const pagesAfter = (batches: readonly (readonly Row[])[]) => {
      const store = Store.create();
      for (const batch of batches) store.putBatch(batch);
      judge(store, model);
      return store.pages;
    };
    const least = Math.ceil((4_000 * 123) / 4_088);
    expect(pagesAfter([rows])).toBeLessThan(1.08 * least);
    const dice = new Dice(7);
    const scattered = [...rows];
    for (let i = 3_999; i > 0; i--) {
      const j = dice.below(i + 1);
      [scattered[i], scattered[j]] = [scattered[j] as Row, scattered[i] as Row];
    }
    const pages = pagesAfter(scattered.map((one) => [one]));
    expect(pages).toBeGreaterThan(1.25 * least);
    expect(pages).toBeLessThan(1.75 * least);
  });
});

describe('pages that come later', () => {
  const build = () => {
    const store = Store.create({ pageSize: 512 });
    const rows = Array.from({ length: 500 }, (_, n): Row => [key(n), new Uint8Array(30).fill(n)]);
    store.putBatch(rows);
    return { store, model: new Map(rows.map(([k, v]) => [hexOf(k), v as Bytes])) as Model };
  };
  /** A store over the pages of another, each of which is there once it was missed. */
  const later = (whole: Store) => {
    const here = new Map<number, Bytes>();
    const chunk = (index: number) => {
      const bytes = here.get(index);
      if (!bytes) throw new Missing(index + 1);
      return bytes;
    };
    const store = Store.over({ chunk }, whole.pages, whole.pageSize);
    const patiently = <T>(work: () => T): T => {
      for (;;)
        try {
          return work();
        } catch (thrown) {
          if (!(thrown instanceof Missing)) throw thrown;
          here.set(thrown.page - 1, whole.page(thrown.page).slice());
        }
    };
    return { store, here, patiently };
  };

  test('a get takes the pages on its way and no others', () => {
    const { store: whole } = build();
    const { store, here, patiently } = later(whole);
    expect(() => store.get(key(7))).toThrow(new Missing(2));
    expect(patiently(() => store.get(key(7)))?.[0]).toBe(7);
    expect(here.size).toBeLessThanOrEqual(4);
    expect(store.changes()).toEqual([]);
  });

  test('a batch that misses a page leaves nothing behind, and is whole the next time', () => {
    const { store: whole, model } = build();
    const { store, patiently } = later(whole);
    const batch: Row[] = [
      ...Array.from(
        { length: 60 },
        (_, n): Row => [key(1_000 + n * 3), new Uint8Array(25).fill(n)],
      ),
      ...Array.from({ length: 200 }, (_, n): Row => [key(2 * n), undefined]),
    ];
    patiently(() => store.whole(() => store.putBatch(batch)));
    for (const [k, v] of batch) v ? model.set(hexOf(k), v) : model.delete(hexOf(k));
    expect(patiently(() => rowsIn(store))).toEqual(inOrder(model));
    patiently(() => judge(store, model));
  });

  test('what changed is exactly the pages that differ', () => {
    const { store } = build();
    expect(store.changes().map(([page]) => page)).toEqual(
      Array.from({ length: store.pages }, (_, i) => i + 1),
    );
    expect(store.changes()).toEqual([]);
    const before = Array.from({ length: store.pages }, (_, i) => store.page(i + 1).slice());
    store.put(key(3), new Uint8Array(30).fill(99));
    store.get(key(400));
    const changed = store.changes();
    expect(changed.length).toBe(1);
    for (const [page, bytes] of changed)
      expect(compareBytes(bytes, before[page - 1] as Bytes)).not.toBe(0);
  });
});

test('what cannot be kept is said in a sentence', () => {
  const store = Store.create({ pageSize: 512 });
  expect(store.faultOf([new Uint8Array(32), key(1)])).toBe(
    'a key has at most 31 bytes on pages of 512; found 32',
  );
  expect(store.faultOf([key(1), new Uint8Array(2 ** 20 + 1)])).toContain('at most 1048576 bytes');
  expect(store.faultOf([new Uint8Array(31), new Uint8Array(2 ** 20)])).toBeUndefined();
  expect(() => Store.create({ pageSize: 3_000 })).toThrow('a power of two; found 3000');
});
