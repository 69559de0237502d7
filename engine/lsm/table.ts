// A table (SSTable): sorted entries that never change, in one file.
//
//   ┌────────┬────────┬───┬────────┬───────────┬───────┬────────┐
//   │ data 0 │ data 1 │ … │ filter │ metaindex │ index │ footer │      each block with its trailer
//   └────────┴────────┴───┴────────┴───────────┴───────┴────────┘
//   index:      a key k with last key of block <= k < first key of the next  ─▶ handle of the block
//   metaindex:  "filter.leveldb.BuiltinBloomFilter2"                          ─▶ handle of the filter
//   handle:     varint offset, varint size (without the trailer)
//   footer, the last 48 bytes:  handle of metaindex, handle of index, zeros to 40, then
//                               57 fb 80 8b 24 75 47 db
//
// To find a key: footer ─▶ index ─▶ the one block that can have it; before that block is read, the
// filter is asked. Entries are internal keys (key.ts): every version of every key that went in.

import { type Bytes, compareBytes, textOf, utf8 } from '../base/bytes.ts';
import {
  BLOCK_TRAILER,
  Block,
  BlockBuilder,
  type BlockEntry,
  type Handle,
  readStored,
  type StoredBlock,
  sealBlock,
} from './block.ts';
import { FILTER_NAME, FilterBlock, FilterBlockBuilder } from './filter.ts';
import {
  compareInternal,
  seekKey,
  shortSeparator,
  shortSuccessor,
  TAG_SIZE,
  userKeyOf,
} from './key.ts';
import { Reader, u32, Writer } from './varint.ts';

export const FOOTER = 48;
const MAGIC_LOW = 0x8b80fb57;
const MAGIC_HIGH = 0xdb477524;
/** A meta block of our own, which LevelDB passes over: when the table was written, in simulated µs. */
export const CREATED_NAME = 'bathysphere.created';

export interface TableOptions {
  /** A data block is cut when it reaches so many bytes. */
  readonly blockSize: number;
  readonly restartInterval: number;
  /** 0: no filter. */
  readonly bitsPerKey: number;
  /** One filter for each 2^lg bytes of the file. */
  readonly filterLg: number;
}

function encodeHandle({ offset, size }: Handle): Uint8Array {
  return new Writer(20).varint(offset).varint(size).copy();
}

/** Writes a table block by block into a sink: `append` gets the next bytes of the file. */
export class TableBuilder {
  readonly #options: TableOptions;
  readonly #append: (bytes: Uint8Array) => void;
  readonly #data: BlockBuilder;
  readonly #index = new BlockBuilder(1);
  readonly #filter: FilterBlockBuilder | undefined;
  #pending: { handle: Handle; last: Bytes } | undefined;
  #last: Bytes | undefined;
  #offset = 0;
  smallest: Bytes | undefined;
  entries = 0;
  blocks = 0;

  constructor(options: TableOptions, append: (bytes: Uint8Array) => void) {
    this.#options = options;
    this.#append = append;
    this.#data = new BlockBuilder(options.restartInterval);
    if (options.bitsPerKey > 0) {
      this.#filter = new FilterBlockBuilder(options.bitsPerKey, options.filterLg);
      this.#filter.startBlock(0);
    }
  }

  /** Internal keys in their order. `filterKey`: what the filter is told; a planted bug tells it something else. */
  add(key: Bytes, value: Bytes, filterKey: Bytes = userKeyOf(key)): void {
    if (this.#pending) {
      // Only now is it known what the next block begins with, and so how short a separator can be.
      this.#index.add(shortSeparator(this.#pending.last, key), encodeHandle(this.#pending.handle));
      this.#pending = undefined;
    }
    this.smallest ??= key;
    this.#last = key;
    this.entries++;
    this.#filter?.add(filterKey);
    this.#data.add(key, value);
    if (this.#data.size >= this.#options.blockSize) this.flush();
  }

  get largest(): Bytes | undefined {
    return this.#last;
  }

  /** Bytes written so far, without the block that is open. */
  get size(): number {
    return this.#offset;
  }

  /** Writes the open data block. */
  flush(): void {
    if (this.#data.entries === 0) return;
    const handle = this.#write(this.#data.finish());
    this.#pending = { handle, last: this.#last as Bytes };
    this.blocks++;
    this.#filter?.startBlock(this.#offset);
  }

  /** Writes what is left; returns the size of the file. */
  finish(meta: Readonly<Record<string, Uint8Array>> = {}): number {
    this.flush();
    const metaindex = new BlockBuilder(16);
    const metas: [Uint8Array, Uint8Array][] = Object.entries(meta).map(([name, block]) => [
      utf8(name),
      encodeHandle(this.#write(block)),
    ]);
    if (this.#filter)
      metas.push([utf8(FILTER_NAME), encodeHandle(this.#write(this.#filter.finish()))]);
    metas.sort(([a], [b]) => compareBytes(a, b));
    for (const [name, handle] of metas) metaindex.add(name, handle);
    const metaHandle = this.#write(metaindex.finish());
    if (this.#pending)
      this.#index.add(shortSuccessor(this.#pending.last), encodeHandle(this.#pending.handle));
    const indexHandle = this.#write(this.#index.finish());
    const footer = new Writer(FOOTER).raw(encodeHandle(metaHandle)).raw(encodeHandle(indexHandle));
    while (footer.length < 40) footer.byte(0);
    footer.u32(MAGIC_LOW).u32(MAGIC_HIGH);
    this.#append(footer.copy());
    this.#offset += FOOTER;
    return this.#offset;
  }

  #write(block: Bytes): Handle {
    const handle = { offset: this.#offset, size: block.length };
    this.#append(sealBlock(block));
    this.#offset += block.length + BLOCK_TRAILER;
    return handle;
  }
}

export interface TableFooter {
  readonly metaindex: Handle;
  readonly index: Handle;
  readonly damage: string | undefined;
}

const NO_HANDLE: Handle = { offset: 0, size: 0 };

export function readFooter(file: Bytes): TableFooter {
  const none = { metaindex: NO_HANDLE, index: NO_HANDLE };
  if (file.length < FOOTER)
    return {
      ...none,
      damage: `a table has at least ${FOOTER} bytes; this file has ${file.length}`,
    };
  const at = file.length - FOOTER;
  if (u32(file, at + 40) !== MAGIC_LOW || u32(file, at + 44) !== MAGIC_HIGH)
    return { ...none, damage: 'the file does not end with the magic number of a table' };
  const reader = new Reader(file.subarray(at, at + 40));
  const handle = () => ({ offset: reader.varint('a handle'), size: reader.varint('a handle') });
  const metaindex = handle();
  const index = handle();
  return { metaindex, index, damage: reader.failed };
}

function readHandle(value: Bytes): Handle | undefined {
  const reader = new Reader(value);
  const handle = { offset: reader.varint('a handle'), size: reader.varint('a handle') };
  return reader.failed ? undefined : handle;
}

export interface IndexEntry {
  /** Not smaller than any key of the block, smaller than all of the next. */
  readonly key: Bytes;
  readonly handle: Handle;
}

/** The lens on a table. Reading it never throws; `damage` names what is wrong beyond single data blocks. */
export class Table {
  readonly bytes: Bytes;
  readonly footer: TableFooter;
  readonly index: readonly IndexEntry[];
  readonly filterHandle: Handle | undefined;
  readonly filter: FilterBlock | undefined;
  /** Names of meta blocks, and where they are. */
  readonly meta: ReadonlyMap<string, Handle>;
  readonly damage: readonly string[];
  readonly #blocks = new Map<number, StoredBlock>();
  readonly #entries = new Map<number, { entries: BlockEntry[]; damage: string | undefined }>();

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    const damage: string[] = [];
    this.footer = readFooter(bytes);
    const index: IndexEntry[] = [];
    const meta = new Map<string, Handle>();
    if (this.footer.damage) damage.push(this.footer.damage);
    else {
      const read = (handle: Handle, what: string): BlockEntry[] => {
        const stored = readStored(bytes, handle);
        const { entries, damage: within } = new Block(stored.bytes).entries();
        const wrong = stored.damage ?? within;
        if (wrong) damage.push(`${what}: ${wrong}`);
        return entries;
      };
      for (const { key, value } of read(this.footer.index, 'the index block')) {
        const handle = readHandle(value);
        if (handle && key.length >= TAG_SIZE) index.push({ key, handle });
        else damage.push(`the index block: entry ${index.length} is none`);
      }
      for (const { key, value } of read(this.footer.metaindex, 'the metaindex block')) {
        const handle = readHandle(value);
        if (handle) meta.set(textOf(key), handle);
      }
    }
    this.index = index;
    this.meta = meta;
    this.filterHandle = meta.get(FILTER_NAME);
    if (this.filterHandle) {
      const stored = readStored(bytes, this.filterHandle);
      if (stored.damage) damage.push(`the filter block: ${stored.damage}`);
      else this.filter = new FilterBlock(stored.bytes);
      if (this.filter?.damage) damage.push(`the filter block: ${this.filter.damage}`);
    }
    this.damage = damage;
  }

  get blocks(): number {
    return this.index.length;
  }

  /** A data block by its number. */
  stored(block: number): StoredBlock {
    let known = this.#blocks.get(block);
    if (!known) {
      known = readStored(this.bytes, (this.index[block] as IndexEntry).handle);
      this.#blocks.set(block, known);
    }
    return known;
  }

  /** The entries of a data block; those before the damage where there is any. */
  entriesOf(block: number): readonly BlockEntry[] {
    return this.#read(block).entries;
  }

  damageOf(block: number): string | undefined {
    return this.#read(block).damage;
  }

  #read(block: number): { entries: BlockEntry[]; damage: string | undefined } {
    let known = this.#entries.get(block);
    if (!known) {
      const stored = this.stored(block);
      const { entries, damage } = new Block(stored.bytes).entries();
      const fit = entries.findIndex(({ key }) => key.length < TAG_SIZE);
      known = {
        entries: fit < 0 ? entries : entries.slice(0, fit),
        damage:
          stored.damage ??
          damage ??
          (fit < 0 ? undefined : `entry ${fit} of the block has a key too short to be one`),
      };
      this.#entries.set(block, known);
    }
    return known;
  }

  /** The number of the one block that can hold a key: the first whose index key is not smaller. */
  blockFor(target: Bytes): number {
    let low = 0;
    let high = this.index.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareInternal((this.index[middle] as IndexEntry).key, target) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What the filter says of a user key in a block: undefined where there is no filter. */
  filterSays(block: number, userKey: Bytes): 'no' | 'maybe' | undefined {
    const handle = this.index[block]?.handle;
    if (!this.filter || !handle) return undefined;
    return this.filter.mayContain(handle.offset, userKey) ? 'maybe' : 'no';
  }

  /** The first entry at or behind an internal key within one block. */
  seek(block: number, target: Bytes): { entry: BlockEntry | undefined; compared: number } {
    return new Block(this.stored(block).bytes).seek(target);
  }

  /** All entries of the table, in order. */
  *all(): Iterable<BlockEntry> {
    for (let block = 0; block < this.blocks; block++) yield* this.entriesOf(block);
  }

  /** When it was written, where it says so. */
  get created(): number | undefined {
    const handle = this.meta.get(CREATED_NAME);
    const stored = handle && readStored(this.bytes, handle);
    if (!stored || stored.damage || stored.bytes.length !== 8) return undefined;
    return u32(stored.bytes, 0) + u32(stored.bytes, 4) * 2 ** 32;
  }

  /** Rough share of the table that lies before a user key, from 0 to 1, by whole blocks. */
  shareBefore(userKey: Bytes): number {
    const block = this.blockFor(seekKey(userKey));
    return this.blocks === 0 ? 0 : Math.min(1, block / this.blocks);
  }
}
