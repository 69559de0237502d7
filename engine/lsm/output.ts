// A table on its way to the disk: entries in, blocks out, each written to the file as it is full. Until
// the manifest names it, nobody reads it; a crash before that leaves a file that recovery removes.

import { assert } from '../base/assert.ts';
import type { File } from '../disk/disk.ts';
import type { Place } from './block.ts';
import type { Db } from './db.ts';
import { type TableFile, tableName } from './format.ts';
import { TAG_SIZE } from './key.ts';
import type { LocatorBuilder } from './locator.ts';
import { CREATED_NAME, TableBuilder } from './table.ts';
import { setU64, Writer } from './varint.ts';

/** One for all tables of a database, which are written one after the other: `begin`, `add` …, `finish`. */
export class Output {
  readonly #db: Db;
  readonly #builder: TableBuilder;
  readonly #locator: LocatorBuilder | undefined;
  /** Of the table that is being written. */
  #number = 0;
  #level = 0;
  #from: 'memtable' | 'compaction' = 'memtable';
  #file: File | undefined;
  /** Alone: all of the table, which goes to the disk in one piece when it is whole. */
  readonly #whole: Writer | undefined;
  readonly #filterTail: number;
  #blocks = 0;
  /** A block was just written. */
  isAtBlock = false;

  constructor(db: Db) {
    this.#db = db;
    // The planted bug: the filter is told the internal key, which no reader ever asks for.
    this.#filterTail = db.options.sabotage.has('wrong-filter') ? 0 : TAG_SIZE;
    this.#locator = db.options.alone?.locator();
    this.#whole = db.pool && new Writer(1);
    this.#builder = new TableBuilder(
      db.options.table,
      (bytes) => {
        if (this.#whole) this.#whole.raw(bytes);
        else if (this.#file) this.#file.write(this.#file.size, bytes);
      },
      this.#locator,
    );
  }

  begin(level: number, from: 'memtable' | 'compaction', number: number): void {
    const db = this.#db;
    this.#number = number;
    this.#level = level;
    this.#from = from;
    this.#file = this.#whole ? undefined : db.create(tableName(number));
    if (db.pool) {
      const { memtableSize, tableSize } = db.options;
      this.#whole?.into(db.pool.take(from === 'memtable' ? memtableSize : tableSize));
    }
    this.#blocks = 0;
    this.isAtBlock = false;
    this.#builder.begin();
    const { job } = db.value;
    if (job) db.value.job = { ...job, outputs: [...job.outputs, number] };
  }

  /** Bytes written, without the open block. */
  get size(): number {
    return this.#builder.size;
  }

  add(place: Place): void {
    this.#builder.add(place, this.#filterTail);
    this.isAtBlock = this.#builder.blocks > this.#blocks;
    if (!this.isAtBlock) return;
    this.#blocks = this.#builder.blocks;
    this.#db.tell?.({
      kind: 'block',
      table: this.#number,
      nth: this.#blocks,
      bytes: this.#builder.size,
    });
  }

  finish(): TableFile {
    const db = this.#db;
    const created = new Uint8Array(8);
    setU64(created, 0, db.value.time);
    const meta =
      db.options.strategy === 'fifo' && db.options.fifoTtl > 0 ? { [CREATED_NAME]: created } : {};
    const { smallest, largest, entries } = this.#builder;
    assert(smallest && largest, 'a table has an entry');
    const size = this.#builder.finish(meta);
    if (this.#whole && db.pool)
      db.create(tableName(this.#number), size).put(0, db.pool.keep(this.#whole.bytes));
    if (this.#locator) db.ours(this.#number, this.#locator.finish());
    if (db.options.strategy === 'fifo')
      db.value.created = { ...db.value.created, [this.#number]: db.value.time };
    db.tell?.({
      kind: 'table',
      table: this.#number,
      level: this.#level,
      bytes: size,
      entries,
      blocks: this.#builder.blocks,
      from: this.#from,
      synced: false,
    });
    return { number: this.#number, size, smallest, largest };
  }
}
