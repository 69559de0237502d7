import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { compareBytes, hexOf, utf8 } from '../../engine/base/bytes.ts';
import type { Row } from '../../engine/btree/store.ts';
import { type KeptStore, openStore, type StoreOptions } from './store.ts';

vi.stubGlobal('navigator', {});

let stores = 0;
/** A name that no other test has. */
const fresh = () => `test-${++stores}`;
const key = (n: number) => utf8(n.toString(16).padStart(8, '0'));
const rowsOf = (from: number, count: number, size = 40): Row[] =>
  Array.from({ length: count }, (_, i) => [key(from + i), new Uint8Array(size).fill(from + i)]);
const first = async (store: KeptStore, n: number) => (await store.get(key(n)))?.[0];

async function all(store: KeptStore): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  const count = await store.scan(undefined, undefined, (row) => {
    rows.push([hexOf(row.key), hexOf(row.value)]);
  });
  expect(count).toBe(rows.length);
  return rows;
}

/** What IndexedDB holds of a store, to be looked at and damaged. */
async function raw<T>(name: string, work: (tx: IDBTransaction) => IDBRequest<T>): Promise<T> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(`bathysphere.store.${name}`);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const tx = db.transaction(['log', 'packs', 'meta'], 'readwrite');
  const request = work(tx);
  await new Promise<void>((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
  db.close();
  return request.result;
}

describe('what was answered is there again', () => {
  test('after a kill out of the log, after a close out of the pages, a page at a time', async () => {
    const name = fresh();
    const before = await openStore(name);
    await before.putBatch(rowsOf(0, 300));
    await before.put(key(5), utf8('five'));
    // Killed: nobody closes it.
    const second = await openStore(name);
    expect((await all(second)).length).toBe(300);
    expect(await second.get(key(5))).toEqual(utf8('five'));
    await second.close();
    expect(await raw(name, (tx) => tx.objectStore('log').count())).toBe(0);
    const third = await openStore(name);
    expect(await third.get(key(5))).toEqual(utf8('five'));
    expect(await first(third, 299)).toBe(299 & 255);
    expect(await third.get(key(300))).toBeUndefined();
    expect((await all(third)).length).toBe(300);
    await third.close();
  });

  test('against a sorted map: batches, checkpoints, closings and kills in any order', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.array(fc.tuple(fc.nat(400), fc.nat(90)), { maxLength: 60 }) },
      { weight: 2, arbitrary: fc.constantFrom('close', 'kill', 'checkpoint') },
    );
    const options: StoreOptions = { pageSize: 512, checkpointAt: 3_000, durability: 'relaxed' };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const name = fresh();
        const model = new Map<string, string>();
        let store = await openStore(name, options);
        for (const what of steps) {
          if (what === 'checkpoint') await store.checkpoint();
          else if (typeof what === 'string') {
            if (what === 'close') await store.close();
            store = await openStore(name, options);
          } else {
            const rows = what.map(([n, size]): Row => [key(n), new Uint8Array(size).fill(n)]);
            await store.putBatch(rows);
            for (const [k, v] of rows) model.set(hexOf(k), hexOf(v as Uint8Array));
          }
        }
        const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(await all(store)).toEqual(expected);
        await store.close();
        store = await openStore(name, options);
        for (const [k, v] of expected.slice(0, 20)) {
          const found = await store.get(Uint8Array.from(Buffer.from(k, 'hex')));
          expect(found && hexOf(found)).toBe(v);
        }
        expect(await all(store)).toEqual(expected);
        await store.close();
      }),
      { numRuns: 25 },
    );
  });

  test('rows longer than a record, and many batches that wait together', async () => {
    const name = fresh();
    const store = await openStore(name);
    const long = new Uint8Array(200_000).map((_, i) => i);
    await Promise.all([
      store.put(key(1), long),
      ...Array.from({ length: 64 }, (_, i) => store.put(key(10 + i), utf8(`${i}`))),
    ]);
    expect(store.written.transactions).toBe(2); // one made the store
    expect(await raw(name, (tx) => tx.objectStore('log').count())).toBe(4);
    const again = await openStore(name);
    expect(compareBytes((await again.get(key(1))) as Uint8Array, long)).toBe(0);
    await again.close();
    const pages = await openStore(name);
    expect(compareBytes((await pages.get(key(1))) as Uint8Array, long)).toBe(0);
    await pages.close();
  });
});

describe('between two transactions', () => {
  test('a kill leaves whole batches: the record that never came is as if never put', async () => {
    const name = fresh();
    const store = await openStore(name, { durability: 'relaxed' });
    await store.putBatch(rowsOf(0, 10));
    await store.putBatch(rowsOf(100, 10));
    await raw(name, (tx) => tx.objectStore('log').delete(2));
    const again = await openStore(name);
    expect((await all(again)).map(([k]) => k)).toEqual(rowsOf(0, 10).map(([k]) => hexOf(k)));
  });

  test('pages that are hardly alive move, and their packs go', async () => {
    const name = fresh();
    const store = await openStore(name, { pageSize: 512, durability: 'relaxed' });
    await store.putBatch(rowsOf(0, 4_000));
    await store.checkpoint();
    for (let round = 0; round < 12; round++) {
      await store.putBatch(rowsOf(round * 300, 350, 41 + round));
      await store.checkpoint();
    }
    const packs = await raw(name, (tx) => tx.objectStore('packs').getAll());
    const bytes = packs.reduce((sum, { length }) => sum + length, 0);
    for (const { length } of packs) expect(length).toBeLessThanOrEqual(60 * 1024);
    const [meta] = await raw(name, (tx) => tx.objectStore('meta').getAll('store'));
    expect(bytes).toBeLessThan(4 * 512 * meta.pages);
    await store.close();
    const again = await openStore(name);
    expect((await all(again)).length).toBe(4_000);
    await again.close();
  });
});

describe('what is damaged is named in one line, and nothing is made of it', () => {
  const damaged = async (
    damage: (name: string) => Promise<unknown>,
    close: boolean,
    read = false,
  ): Promise<string> => {
    const name = fresh();
    const store = await openStore(name);
    await store.putBatch(rowsOf(0, 200));
    await store.put(key(7), utf8('seven'));
    if (close) await store.close();
    await damage(name);
    try {
      const again = await openStore(name);
      if (read) await again.get(key(7));
    } catch (thrown) {
      return (thrown as Error).message.replaceAll(name, 'NAME');
    }
    return 'nothing was said';
  };
  const change =
    (store: 'log' | 'packs' | 'meta', at: IDBValidKey, to: (b: Uint8Array) => unknown) =>
    async (name: string) => {
      const bytes = await raw(name, (tx) => tx.objectStore(store).get(at));
      await raw(name, (tx) => tx.objectStore(store).put(to(bytes), at));
    };
  const flip = (at: number) => (bytes: Uint8Array) => bytes.map((b, i) => (i === at ? b ^ 1 : b));

  test.each([
    [
      'a flipped bit',
      change('log', 1, flip(300)),
      'the store NAME: record 1 of its log is damaged: its checksum does not match its bytes; expected the bytes that were written',
    ],
    [
      'a record cut short',
      change('log', 2, (b) => b.slice(0, 30)),
      'the store NAME: record 2 of its log is damaged: it is cut off after 30 bytes; expected a frame and a body',
    ],
    [
      'something else altogether',
      change('log', 2, () => 'x'),
      'the store NAME: record 2 of its log is damaged: it holds no bytes; expected a record',
    ],
    [
      'a record in another place',
      async (name: string) => {
        const bytes = await raw(name, (tx) => tx.objectStore('log').get(1));
        await raw(name, (tx) => tx.objectStore('log').put(bytes, 2));
      },
      'the store NAME: record 2 of its log is damaged: it is number 1; expected 2',
    ],
    [
      'a record that is missing',
      (name: string) => raw(name, (tx) => tx.objectStore('log').delete(1)),
      'the store NAME: record 1 of its log is missing; expected it before record 2',
    ],
  ])('in the log: %s', async (_, damage, said) => {
    expect(await damaged(damage, false)).toBe(said);
  });

  test('a record of another store', async () => {
    const other = fresh();
    const store = await openStore(other);
    await store.putBatch(rowsOf(0, 200));
    const foreign = await raw(other, (tx) => tx.objectStore('log').get(1));
    expect(
      await damaged(
        change('log', 1, () => foreign),
        false,
      ),
    ).toMatch(
      /^the store NAME: record 1 of its log is damaged: it belongs to store \d+; expected store \d+$/,
    );
  });

  test('in pages and directory', async () => {
    const directory = ['directory', 0];
    expect(await damaged(change('packs', 1, flip(5_000)), true)).toMatch(
      /^the store NAME: pack 1 is damaged: its checksum/,
    );
    expect(
      await damaged((name) => raw(name, (tx) => tx.objectStore('packs').delete(1)), true),
    ).toBe('the store NAME: pack 1 is damaged: it is missing; expected a record');
    expect(await damaged(change('meta', directory, flip(30)), true)).toMatch(
      /^the store NAME: part 0 of its directory is damaged: its checksum/,
    );
  });
});

describe('what cannot be put is said, and nothing of its batch is', () => {
  test('keys and values too long, page sizes that are none', async () => {
    const store = await openStore(fresh());
    await expect(
      store.putBatch([...rowsOf(0, 2), [new Uint8Array(2_000), key(1)]]),
    ).rejects.toThrow('a key has at most 481 bytes on pages of 4096; found 2000');
    await expect(store.put(key(1), new Uint8Array(2 ** 20 + 1))).rejects.toThrow(
      'a value has at most 1048576 bytes; found 1048577',
    );
    expect(await all(store)).toEqual([]);
    await store.close();
    await expect(openStore(fresh(), { pageSize: 1000 })).rejects.toThrow(
      'a power of two; found 1000',
    );
    await expect(store.put(key(1), key(1))).rejects.toThrow('is closed');
  });

  test('when a transaction fails, every later put says why', async () => {
    const store = await openStore(fresh());
    await store.put(key(1), key(1));
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('', 'QuotaExceededError');
    });
    await expect(store.put(key(2), key(2))).rejects.toThrow('no room left');
    transaction.mockRestore();
    await expect(store.put(key(3), key(3))).rejects.toThrow('no room left');
    await expect(store.checkpoint()).rejects.toThrow('no room left');
  });

  test('a second tab is kept out', async () => {
    const request = vi.fn((_name, _options, callback) => Promise.resolve(callback(null)));
    vi.stubGlobal('navigator', { locks: { request } });
    await expect(openStore('busy')).rejects.toThrow('the store busy is open in another tab');
    vi.stubGlobal('navigator', {});
    expect(request.mock.calls[0]?.[0]).toBe('bathysphere:store/busy');
  });
});
