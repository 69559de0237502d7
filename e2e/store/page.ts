/** A page with nothing but a store that stays, for e2e/store.spec.ts to open, kill and open again. */
import { type KeptStore, openStore, type StoreOptions } from '../../app/shelf/store.ts';
import { textOf, utf8 } from '../../engine/base/bytes.ts';

let store: KeptStore | undefined;
const opened = (): KeptStore => {
  if (!store) throw new Error('no store is open');
  return store;
};

const bench = {
  /** Says what went wrong, in the sentence that a person would get; nothing where all went well. */
  async open(name: string, options?: StoreOptions): Promise<string | undefined> {
    try {
      store = await openStore(name, options);
      return undefined;
    } catch (thrown) {
      return (thrown as Error).message;
    }
  },
  put: (rows: readonly (readonly [string, string])[]) =>
    opened().putBatch(rows.map(([key, value]) => [utf8(key), utf8(value)])),
  async get(key: string): Promise<string | undefined> {
    const value = await opened().get(utf8(key));
    return value && textOf(value);
  },
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    await opened().scan(undefined, undefined, (row) => {
      keys.push(textOf(row.key));
    });
    return keys;
  },
  close: () => opened().close(),
  /** Puts a row after the other, as long as the page lives; says of each when it was answered. */
  async putForever(from: number, size: number): Promise<void> {
    for (let n = from; ; n++) {
      await opened().put(utf8(`${n}`.padStart(8, '0')), new Uint8Array(size).fill(n));
      console.log(`answered ${n}`);
    }
  },
};
export type StorePage = typeof bench;
Object.assign(window, { bench });
