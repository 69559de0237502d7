// A key-value store that stays: the engine's own B-Tree (engine/btree/store.ts) on SQLite's pages,
// kept in IndexedDB. Meant for a worker; nothing in it needs one.
//
//   log        n → record      the rows of one transaction after the other, as they were put
//   packs      n → record      pages, as many as fit into 60 KiB
//   meta       'store'         salt, page size, pages, where the log begins, packs and what lives in them
//              ['directory',k] which pack holds the newest copy of pages 4096k+1 …
//
//   put ──▶ queue ──▶ one log record for all that wait ──▶ `complete` seen ──▶ every put resolves
//                     └▶ tree in memory, meanwhile               │
//                                             log too long? ─────┴─▶ checkpoint: dirty pages, packed,
//                                                                    directory, an empty log: one transaction
//
// Why a log of rows and not of pages: IndexedDB takes 0.6 ms for a transaction, 0.08 ms for a record
// and next to nothing for its bytes up to 60 KiB. A hundred puts dirty a hundred pages (five records
// and more, 400 KB) and are 12 KB as rows (one record).
//
// Opening reads the directory and the log; a page is fetched when a search first enters it, with the
// packs behind it, twice as many each time. Once in memory it stays there.
//
// A transaction is all or nothing in IndexedDB, and later ones wait for earlier ones. So after a
// killed tab the log ends with some whole transaction: every put that was answered is there, and of
// the others each batch is there or not. `strict` waits for the disk itself and survives a power cut;
// `relaxed` survives the tab and the browser.

import type { DBSchema, IDBPDatabase } from 'idb';
import { Complaint } from '../../engine/base/assert.ts';
import { type Bytes, concatBytes, setU32, u32 } from '../../engine/base/bytes.ts';
import { type Cursor, Missing, type Row, Store } from '../../engine/btree/store.ts';
import { readSize, sizeOfVarint, varintSize, writeVarint } from '../../engine/btree/varint.ts';
import { bodyOf, framed, MOST_BODY } from './framed.ts';
import { pack, piecesOf } from './pack.ts';
import { claim, whySaveFailed } from './shelf.ts';

export interface StoreOptions {
  /** What an answered put survives: the tab (relaxed) or a power cut too (strict, the default). */
  readonly durability?: 'strict' | 'relaxed';
  /** Of a new store. A power of two from 512 to 32768. */
  readonly pageSize?: number;
  /** Bytes of log that bring a checkpoint. */
  readonly checkpointAt?: number;
}

export interface KeptStore {
  /** Resolves when the row's transaction is complete. */
  put(key: Bytes, value: Bytes): Promise<void>;
  delete(key: Bytes): Promise<void>;
  /** All of the rows or none of them; of two with the same key the later counts. */
  putBatch(rows: readonly Row[]): Promise<void>;
  /** A copy of the value. A promise only where a page has to be fetched first. */
  get(key: Bytes): Bytes | undefined | Promise<Bytes | undefined>;
  /**
   * Rows from `from` to `to`, both included, in order; says how many. The cursor's views hold until
   * `row` returns. Rows put while pages are being fetched may come or not.
   */
  scan(
    from: Bytes | undefined,
    to: Bytes | undefined,
    row: (cursor: Cursor) => void,
  ): Promise<number>;
  /** Writes the pages that changed and empties the log. Says how many pages. */
  checkpoint(): Promise<number>;
  /** Waits for what was put, checkpoints, and lets go of the store. */
  close(): Promise<void>;
  /** What was handed to IndexedDB since the store was opened. */
  readonly written: Readonly<Written>;
}

interface Written {
  transactions: number;
  logBytes: number;
  pageBytes: number;
  directoryBytes: number;
}

interface Meta {
  readonly format: 1;
  readonly salt: number;
  readonly pageSize: number;
  /** Pages of the database in the packs; 0 before the first checkpoint. */
  readonly pages: number;
  /** The number of the log's first record. */
  readonly logFrom: number;
  readonly nextPack: number;
  /** Of each pack its number, and how many of its pages are the newest copies. */
  readonly packs: readonly (readonly [pack: number, live: number])[];
}

interface Schema extends DBSchema {
  log: { key: number; value: Uint8Array };
  packs: { key: number; value: Uint8Array };
  meta: { key: string | [string, number]; value: Meta | Uint8Array };
}
type Database = IDBPDatabase<Schema>;

/** A log of this many bytes is replayed in about the time that a person does not notice. */
const CHECKPOINT_AT = 4 * 2 ** 20;
/** Pages in one record of the directory. */
const PART = 4096;
/** Records read at once: about a mebibyte, beyond which a read slows down. */
const AT_ONCE = 16;
/** A pack of which less is alive is hollow. */
const HOLLOW = 0.25;

interface Batch {
  readonly rows: readonly Row[];
  resolve(): void;
  reject(why: Error): void;
}

/** Opens a store, or makes it. Rejects with a Complaint where another tab has it or it is damaged. */
export async function openStore(name: string, options: StoreOptions = {}): Promise<KeptStore> {
  const lock = await claim(`store/${name}`);
  if (!lock)
    throw new Complaint(
      `the store ${name} is open in another tab; expected to be alone: close it there first`,
    );
  let db: Database | undefined;
  try {
    const { openDB } = await import('idb');
    db = await openDB<Schema>(`bathysphere.store.${name}`, 1, {
      upgrade(fresh) {
        for (const store of ['log', 'packs', 'meta'] as const) fresh.createObjectStore(store);
      },
    });
    return await Keeper.open(name, db, options, lock.release);
  } catch (thrown) {
    db?.close();
    lock.release();
    if (thrown instanceof Complaint) throw thrown;
    throw new Complaint(`the store ${name}: ${whySaveFailed(thrown)}`);
  }
}

class Keeper implements KeptStore {
  readonly written: Written = { transactions: 0, logBytes: 0, pageBytes: 0, directoryBytes: 0 };
  readonly #name: string;
  readonly #db: Database;
  readonly #durability: 'strict' | 'relaxed';
  readonly #checkpointAt: number;
  readonly #release: () => void;
  #meta: Meta;
  #store: Store;
  /** The pack of each page, from page 1 at 0. */
  #directory: number[] = [];
  /** Pages as they came from their packs. */
  readonly #fetched = new Map<number, Bytes>();
  #ahead = 1;
  #nextRecord: number;
  #logBytes = 0;
  #queue: Batch[] = [];
  /** The writer at work; undefined where nothing waits. */
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(
    name: string,
    db: Database,
    meta: Meta,
    options: StoreOptions,
    release: () => void,
  ) {
    this.#name = name;
    this.#db = db;
    this.#meta = meta;
    this.#durability = options.durability ?? 'strict';
    this.#checkpointAt = options.checkpointAt ?? CHECKPOINT_AT;
    this.#release = release;
    this.#nextRecord = meta.logFrom;
    this.#store = Store.create({ pageSize: meta.pageSize });
  }

  // ── Opening ─────────────────────────────────────────────────────────────────────────────────────

  static async open(
    name: string,
    db: Database,
    options: StoreOptions,
    release: () => void,
  ): Promise<Keeper> {
    const found = (await db.get('meta', 'store')) as Meta | undefined;
    const meta = found ?? {
      format: 1,
      salt: crypto.getRandomValues(new Uint32Array(1))[0] as number,
      pageSize: options.pageSize ?? 4096,
      pages: 0,
      logFrom: 1,
      nextPack: 1,
      packs: [],
    };
    if (meta.format !== 1)
      throw new Complaint(`the store ${name} has format ${meta.format}; expected 1`);
    const keeper = new Keeper(name, db, meta, options, release);
    if (!found)
      await keeper.#transact(['meta'], (tx) => [tx.objectStore('meta').put(meta, 'store')]);
    if (meta.pages > 0) await keeper.#openPages();
    await keeper.#replay();
    return keeper;
  }

  async #openPages(): Promise<void> {
    const { pages, pageSize, salt } = this.#meta;
    const parts = Array.from({ length: Math.ceil(pages / PART) }, (_, k) => k);
    const tx = this.#db.transaction('meta');
    const records = await Promise.all(parts.map((k) => tx.store.get(['directory', k])));
    for (const [k, record] of records.entries()) {
      const what = `the store ${this.#name}: part ${k} of its directory`;
      const body = bodyOf(record, 'directory', salt, k, what);
      for (let at = 0; at < body.length; at += 4) this.#directory.push(u32(body, at));
    }
    const source = {
      chunk: (index: number): Bytes => {
        const bytes = this.#fetched.get(index + 1);
        if (bytes === undefined) throw new Missing(index + 1);
        return bytes;
      },
    };
    this.#store = Store.over(source, pages, pageSize);
    await this.#fetch(1);
  }

  /** Puts what the log holds into the tree again, all as one batch. */
  async #replay(): Promise<void> {
    const bodies: Bytes[] = [];
    for (;;) {
      const range = IDBKeyRange.lowerBound(this.#nextRecord);
      const tx = this.#db.transaction('log');
      const [keys, records] = await Promise.all([
        tx.store.getAllKeys(range, AT_ONCE),
        tx.store.getAll(range, AT_ONCE),
      ]);
      for (const [i, record] of records.entries()) {
        const number = this.#nextRecord;
        const what = `the store ${this.#name}: record ${number} of its log`;
        if (keys[i] !== number)
          throw new Complaint(`${what} is missing; expected it before record ${keys[i]}`);
        bodies.push(bodyOf(record, 'log', this.#meta.salt, number, what));
        this.#logBytes += record.length;
        this.#nextRecord++;
      }
      if (records.length < AT_ONCE) break;
    }
    const rows = decodeRows(concatBytes(bodies), `the store ${this.#name}: the log`);
    if (rows.length > 0) await this.#apply(rows);
  }

  // ── Pages ───────────────────────────────────────────────────────────────────────────────────────

  /** Fetches a page's pack, and the packs behind it: twice as many as the last time. */
  async #fetch(page: number): Promise<void> {
    const wanted = this.#directory[page - 1];
    const packs = this.#meta.packs.filter(([, live]) => live > 0);
    const at = packs.findIndex(([number]) => number === wanted);
    if (at < 0)
      throw new Complaint(`the store ${this.#name} is damaged: no pack holds page ${page}`);
    const numbers = packs.slice(at, at + this.#ahead).map(([number]) => number);
    this.#ahead = Math.min(2 * this.#ahead, AT_ONCE);
    const tx = this.#db.transaction('packs');
    const records = await Promise.all(numbers.map((number) => tx.store.get(number)));
    for (const [i, record] of records.entries()) {
      const number = numbers[i] as number;
      const what = `the store ${this.#name}: pack ${number}`;
      for (const { chunk, bytes } of piecesOf(
        bodyOf(record, 'pages', this.#meta.salt, number, what),
      ))
        if (this.#directory[chunk] === number && bytes.length === this.#meta.pageSize)
          if (!this.#fetched.has(chunk + 1)) this.#fetched.set(chunk + 1, bytes);
    }
    if (!this.#fetched.has(page))
      throw new Complaint(
        `the store ${this.#name} is damaged: pack ${wanted} does not hold page ${page}`,
      );
  }

  /** Does some work on the tree, fetching what it misses, as often as it takes. */
  async #present<T>(work: () => T): Promise<T> {
    for (;;)
      try {
        return work();
      } catch (thrown) {
        if (!(thrown instanceof Missing)) throw thrown;
        await this.#fetch(thrown.page);
      }
  }

  #apply(rows: readonly Row[]): void | Promise<void> {
    if (this.#fetched.size < this.#meta.pages) return this.#applyFetching(rows);
    this.#store.putBatch(rows);
  }

  async #applyFetching(rows: readonly Row[]): Promise<void> {
    // The way to each key first; then little is left that can be missing, a sibling perhaps.
    for (const [key] of rows) await this.#present(() => this.#store.get(key));
    await this.#present(() => this.#store.whole(() => this.#store.putBatch(rows)));
  }

  // ── Reading ─────────────────────────────────────────────────────────────────────────────────────

  get(key: Bytes): Bytes | undefined | Promise<Bytes | undefined> {
    if (this.#failure) throw this.#failure;
    try {
      return this.#store.get(key)?.slice();
    } catch (thrown) {
      if (!(thrown instanceof Missing)) throw thrown;
      return this.#present(() => this.#store.get(key)?.slice());
    }
  }

  async scan(
    from: Bytes | undefined,
    to: Bytes | undefined,
    row: (cursor: Cursor) => void,
  ): Promise<number> {
    if (this.#failure) throw this.#failure;
    let rows = 0;
    let last: Cursor | undefined;
    let begin = from;
    let again = false;
    await this.#present(() => {
      // After a page was fetched the scan goes on behind the last row that it gave.
      if (last) [begin, again, last] = [last.key.slice(), true, undefined];
      this.#store.scan(begin, to, (cursor) => {
        if (again && cursor.compare(begin as Bytes) === 0) return;
        again = false;
        last = cursor;
        rows++;
        row(cursor);
      });
    });
    return rows;
  }

  // ── Writing ─────────────────────────────────────────────────────────────────────────────────────

  put(key: Bytes, value: Bytes): Promise<void> {
    return this.putBatch([[key, value]]);
  }

  delete(key: Bytes): Promise<void> {
    return this.putBatch([[key, undefined]]);
  }

  putBatch(rows: readonly Row[]): Promise<void> {
    return new Promise((resolve, reject) => {
      for (const row of rows) {
        const fault = this.#store.faultOf(row);
        if (fault) {
          reject(new Complaint(fault));
          return;
        }
      }
      this.#queue.push({ rows, resolve, reject });
      // All who put in this turn of the loop share the transaction.
      this.#writing ??= Promise.resolve().then(() => this.#write());
    });
  }

  /** Writes what waits, until nothing does. */
  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const batches = this.#queue;
      this.#queue = [];
      try {
        if (this.#failure) throw this.#failure;
        await this.#commit(
          batches.length === 1 ? (batches[0] as Batch).rows : batches.flatMap(({ rows }) => rows),
        );
        for (const { resolve } of batches) resolve();
        if (this.#logBytes > this.#checkpointAt) await this.#checkpoint();
      } catch (thrown) {
        // The tree may be ahead of what is kept now: whoever wants to go on opens the store again.
        this.#failure ??=
          thrown instanceof Complaint ? thrown : new Complaint(whySaveFailed(thrown));
        for (const { reject } of batches) reject(this.#failure);
      }
      // Those who were answered put again before the next round.
      await Promise.resolve();
    }
    this.#writing = undefined;
  }

  async #commit(rows: readonly Row[]): Promise<void> {
    const stream = encodeRows(rows);
    const records: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += MOST_BODY) {
      const body = stream.subarray(at, at + MOST_BODY);
      records.push(framed('log', this.#meta.salt, this.#nextRecord + records.length, body));
    }
    const first = this.#nextRecord;
    const done = this.#transact(['log'], (tx) => {
      const log = tx.objectStore('log');
      return records.map((record, i) => log.put(record, first + i));
    });
    // While the browser writes, the tree learns the rows.
    const applied = this.#apply(rows);
    await Promise.all([done, applied]);
    this.#nextRecord += records.length;
    for (const { length } of records) {
      this.#logBytes += length;
      this.written.logBytes += length;
    }
  }

  /** One transaction: everything is queued before anything is awaited. Resolves at its `complete`. */
  async #transact(
    stores: ('log' | 'packs' | 'meta')[],
    work: (tx: ReturnType<typeof writable>) => Promise<unknown>[],
  ): Promise<void> {
    const tx = writable(this.#db, stores, this.#durability);
    const requests = work(tx);
    tx.commit();
    this.written.transactions++;
    await Promise.all([...requests, tx.done]);
  }

  async checkpoint(): Promise<number> {
    await this.#idle();
    if (this.#failure) throw this.#failure;
    const checkpoint = this.#checkpoint();
    this.#writing = checkpoint.then(
      () => this.#write(),
      (thrown) => {
        this.#failure = new Complaint(whySaveFailed(thrown));
        return this.#write();
      },
    );
    return checkpoint;
  }

  async #idle(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Pages that changed, packed; a directory that knows them; an empty log: in one transaction. */
  async #checkpoint(): Promise<number> {
    const { salt, pageSize, packs } = this.#meta;
    const chunks: [number, Bytes][] = [];
    const changed = new Set<number>();
    const take = (page: number, bytes: Bytes) => {
      changed.add(page);
      chunks.push([page - 1, bytes]);
    };
    for (const [page, bytes] of this.#store.changes()) take(page, bytes);
    if (chunks.length === 0) return 0;
    // Once less than half of what the packs hold is alive, what little lives in a hollow one moves.
    const inPack = Math.max(1, Math.floor(MOST_BODY / (pageSize + 16)));
    const full = packs.filter(([, live]) => live > 0);
    const crowded = full.length * inPack > 2 * this.#directory.length;
    const hollow = new Set(
      crowded ? full.filter(([, live]) => live < HOLLOW * inPack).map(([number]) => number) : [],
    );
    if (hollow.size > 0)
      for (const [index, number] of this.#directory.entries())
        if (hollow.has(number) && !changed.has(index + 1))
          take(index + 1, await this.#present(() => this.#store.page(index + 1)));
    // Of the packs that these pages leave, those that are left with nothing are written over.
    const live = new Map(packs);
    for (const [chunk] of chunks) {
      const old = this.#directory[chunk];
      if (old !== undefined) live.set(old, (live.get(old) ?? 1) - 1);
    }
    const empty = [...live].filter(([, pages]) => pages <= 0).map(([number]) => number);
    let nextPack = this.#meta.nextPack;
    const parts = new Set<number>();
    const file = { name: 'pages', size: 0, chunkSize: pageSize, chunks };
    const records = pack({ files: [file] }, MOST_BODY).map((body) => {
      const number = empty.pop() ?? nextPack++;
      let pages = 0;
      for (const { chunk } of piecesOf(body)) {
        this.#directory[chunk] = number;
        parts.add(Math.floor(chunk / PART));
        pages++;
      }
      live.set(number, pages);
      return [number, framed('pages', salt, number, body)] as const;
    });
    const meta: Meta = {
      ...this.#meta,
      pages: this.#store.pages,
      logFrom: this.#nextRecord,
      nextPack,
      packs: [...live],
    };
    const directory = [...parts].map((k) => {
      const entries = this.#directory.slice(k * PART, (k + 1) * PART);
      const body = new Uint8Array(4 * entries.length);
      for (const [i, number] of entries.entries()) setU32(body, 4 * i, number);
      return [k, framed('directory', salt, k, body)] as const;
    });
    await this.#transact(['log', 'packs', 'meta'], (tx) => {
      const inPacks = tx.objectStore('packs');
      const inMeta = tx.objectStore('meta');
      return [
        ...records.map(([number, record]) => inPacks.put(record, number)),
        ...directory.map(([k, record]) => inMeta.put(record, ['directory', k])),
        inMeta.put(meta, 'store'),
        tx.objectStore('log').delete(IDBKeyRange.upperBound(this.#nextRecord, true)),
      ];
    });
    for (const [chunk, bytes] of chunks) this.#fetched.set(chunk + 1, bytes);
    this.#meta = meta;
    this.#logBytes = 0;
    for (const [, { length }] of records) this.written.pageBytes += length;
    for (const [, { length }] of directory) this.written.directoryBytes += length;
    return chunks.length;
  }

  async close(): Promise<void> {
    try {
      await this.#idle();
      if (!this.#failure) await this.checkpoint();
    } finally {
      this.#failure ??= new Complaint(`the store ${this.#name} is closed`);
      this.#db.close();
      this.#release();
    }
  }
}

const writable = (
  db: Database,
  stores: ('log' | 'packs' | 'meta')[],
  durability: 'strict' | 'relaxed',
) => db.transaction(stores, 'readwrite', { durability });

// ── The log's rows: varint key length, varint value length + 1 (0: deleted), key, value ───────────

function encodeRows(rows: readonly Row[]): Uint8Array {
  let size = 0;
  for (const [key, value] of rows) {
    size += sizeOfVarint(key.length) + key.length;
    size += value ? sizeOfVarint(value.length + 1) + value.length : 1;
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const [key, value] of rows) {
    const told = value ? value.length + 1 : 0;
    if (key.length < 0x80 && told < 0x80) {
      // The usual row: two sizes of a byte each.
      out[at++] = key.length;
      out[at++] = told;
    } else {
      at += writeVarint(out, at, key.length);
      at += writeVarint(out, at, told);
    }
    out.set(key, at);
    at += key.length;
    if (value) out.set(value, at);
    at += value?.length ?? 0;
  }
  return out;
}

function decodeRows(stream: Bytes, what: string): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < stream.length; ) {
    const keyLength = readSize(stream, at);
    at += varintSize(stream, at);
    const told = readSize(stream, at);
    at += varintSize(stream, at);
    const value = at + keyLength;
    const end = value + Math.max(0, told - 1);
    if (!(end <= stream.length))
      throw new Complaint(`${what} ends in the middle of a row; expected it whole`);
    rows.push([stream.subarray(at, value), told > 0 ? stream.subarray(value, end) : undefined]);
    at = end;
  }
  return rows;
}
