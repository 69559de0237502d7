// A table on its way to the disk: entries in, blocks out, each written to the file as it is full. Until
// the manifest names it, nobody reads it; a crash before that leaves a file that recovery removes.

import { assert } from '../base/assert.ts';
import type { File } from '../disk/disk.ts';
import type { Place } from './block.ts';
import type { Db } from './db.ts';
import { type TableFile, tableName } from './format.ts';
import type { LocatorBuilder } from './locator.ts';
import { CREATED_NAME, TableBuilder } from './table.ts';
import { setU64 } from './varint.ts';

export class Output {
  readonly number: number;
  readonly #db: Db;
  readonly #level: number;
  readonly #from: 'memtable' | 'compaction';
  readonly #file: File;
  readonly #builder: TableBuilder;
  readonly #locator: LocatorBuilder | undefined;
  #blocks = 0;
  /** A block was just written. */
  isAtBlock = false;

  constructor(db: Db, level: number, from: 'memtable' | 'compaction', number: number) {
    this.#db = db;
    this.#level = level;
    this.#from = from;
    this.number = number;
    this.#file = db.create(tableName(number));
    this.#locator = db.options.alone?.locator();
    this.#builder = new TableBuilder(
      db.options.table,
      (bytes) => this.#file.write(this.#file.size, bytes),
      this.#locator,
    );
    const { job } = db.value;
    if (job) db.value.job = { ...job, outputs: [...job.outputs, number] };
  }

  /** Bytes written, without the open block. */
  get size(): number {
    return this.#builder.size;
  }

  add(place: Place): void {
    // The planted bug: the filter is told the internal key, which no reader ever asks for.
    if (this.#db.options.sabotage.has('wrong-filter')) this.#builder.addFrom(place, 0);
    else this.#builder.addFrom(place);
    this.isAtBlock = this.#builder.blocks > this.#blocks;
    if (!this.isAtBlock) return;
    this.#blocks = this.#builder.blocks;
    this.#db.tell?.({
      kind: 'block',
      table: this.number,
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
    if (this.#locator) db.ours(this.number, this.#locator.finish());
    if (db.options.strategy === 'fifo')
      db.value.created = { ...db.value.created, [this.number]: db.value.time };
    db.tell?.({
      kind: 'table',
      table: this.number,
      level: this.#level,
      bytes: size,
      entries,
      blocks: this.#builder.blocks,
      from: this.#from,
      synced: false,
    });
    return { number: this.number, size, smallest, largest };
  }
}
