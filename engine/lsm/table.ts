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
  type Place,
  readStored,
  type StoredBlock,
  sealBlock,
} from './block.ts';
import { FILTER_NAME, FilterBlock, FilterBlockBuilder, hash } from './filter.ts';
import { compareInternal, shortSeparator, shortSuccessor, TAG_SIZE } from './key.ts';
import type { Locator, LocatorBuilder } from './locator.ts';
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

/**
 * Writes tables, one after the other, block by block into a sink: `append` gets the next bytes of the
 * file, as a view that is valid until it returns.
 */
export class TableBuilder {
  readonly #options: TableOptions;
  readonly #append: (bytes: Uint8Array) => void;
  readonly #data: BlockBuilder;
  readonly #index = new BlockBuilder(1);
  readonly #filter: FilterBlockBuilder | undefined;
  #pending: { handle: Handle; last: Bytes } | undefined;
  #offset = 0;
  smallest: Bytes | undefined;
  entries = 0;
  blocks = 0;

  readonly #locator: LocatorBuilder | undefined;

  /** `locator`: gets told where each entry goes. */
  constructor(
    options: TableOptions,
    append: (bytes: Uint8Array) => void,
    locator?: LocatorBuilder,
  ) {
    this.#locator = locator;
    this.#options = options;
    this.#append = append;
    this.#data = new BlockBuilder(options.restartInterval);
    if (options.bitsPerKey > 0)
      this.#filter = new FilterBlockBuilder(options.bitsPerKey, options.filterLg);
  }

  /** A new table begins, where one was finished. */
  begin(): void {
    this.#pending = undefined;
    this.#offset = 0;
    this.smallest = undefined;
    this.entries = 0;
    this.blocks = 0;
  }

  /**
   * Internal keys in their order. `filterTail`: bytes of the key that the filter is not told, the tag; a
   * planted bug tells it the tag as well.
   */
  add(place: Place, filterTail = TAG_SIZE): void {
    const { bytes, from, length } = place;
    if (this.#pending) {
      // Only now is it known what the next block begins with, and so how short a separator can be.
      const key = bytes.subarray(from, from + length);
      this.#index.add(shortSeparator(this.#pending.last, key), encodeHandle(this.#pending.handle));
      this.#pending = undefined;
    }
    this.smallest ??= bytes.slice(from, from + length);
    this.entries++;
    const data = this.#data;
    data.addFrom(place);
    if (this.#filter || this.#locator) {
      const keyHash = hash(bytes, from, from + length - filterTail);
      this.#filter?.add(keyHash);
      if (this.#locator) {
        if (data.isAtRestart) this.#locator.restart(this.#offset + data.began);
        this.#locator.add(keyHash);
      }
    }
    if (data.size >= this.#options.blockSize) this.flush();
  }

  /** The key that was added last. */
  get largest(): Bytes | undefined {
    return this.#pending?.last ?? this.#data.last;
  }

  /** Bytes written so far, without the block that is open. */
  get size(): number {
    return this.#offset;
  }

  /** Writes the open data block. */
  flush(): void {
    if (this.#data.entries === 0) return;
    const { last } = this.#data;
    this.#locator?.end(this.#offset + this.#data.end);
    this.#pending = { handle: this.#write(this.#data.seal()), last };
    this.blocks++;
    this.#filter?.startBlock(this.#offset);
  }

  /** Writes what is left; returns the size of the file. */
  finish(meta: Readonly<Record<string, Uint8Array>> = {}): number {
    this.flush();
    const metaindex = new BlockBuilder(16);
    const metas: [Uint8Array, Uint8Array][] = Object.entries(meta).map(([name, block]) => [
      utf8(name),
      encodeHandle(this.#write(sealBlock(block))),
    ]);
    if (this.#filter)
      metas.push([utf8(FILTER_NAME), encodeHandle(this.#write(sealBlock(this.#filter.finish())))]);
    metas.sort(([a], [b]) => compareBytes(a, b));
    for (const [name, handle] of metas) metaindex.add(name, handle);
    const metaHandle = this.#write(metaindex.seal());
    if (this.#pending)
      this.#index.add(shortSuccessor(this.#pending.last), encodeHandle(this.#pending.handle));
    const indexHandle = this.#write(this.#index.seal());
    const footer = new Writer(FOOTER).raw(encodeHandle(metaHandle)).raw(encodeHandle(indexHandle));
    while (footer.length < 40) footer.byte(0);
    footer.u32(MAGIC_LOW).u32(MAGIC_HIGH);
    this.#append(footer.copy());
    this.#offset += FOOTER;
    return this.#offset;
  }

  /** A block with its trailer. */
  #write(block: Uint8Array): Handle {
    const handle = { offset: this.#offset, size: block.length - BLOCK_TRAILER };
    this.#append(block);
    this.#offset += block.length;
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
  readonly #blocks: (StoredBlock | undefined)[] = [];
  readonly #opened: (Block | undefined)[] = [];
  readonly #entries = new Map<number, { entries: BlockEntry[]; damage: string | undefined }>();

  /** Somebody has views of its bytes. */
  isLent = false;
  readonly #trusted: boolean;
  readonly locator: Locator | undefined;

  /** `trusted`: whoever opens it has written it, and does not ask for the checksums of its data. */
  constructor(bytes: Bytes, trusted = false, locator?: Locator) {
    this.bytes = bytes;
    this.#trusted = trusted;
    this.locator = locator;
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
    let known = this.#blocks[block];
    if (!known) {
      known = readStored(this.bytes, (this.index[block] as IndexEntry).handle, this.#trusted);
      // Of a table of our own nothing was to be checked or unpacked: a look is worth no memory.
      if (!this.#trusted) this.#blocks[block] = known;
    }
    return known;
  }

  /** The lens on a data block. */
  block(number: number): Block {
    let known = this.#opened[number];
    if (!known) {
      known = new Block(this.stored(number).bytes);
      if (!this.#trusted) this.#opened[number] = known;
    }
    return known;
  }

  /** Entries of all blocks. */
  count(): number {
    let count = 0;
    for (let number = 0; number < this.blocks; number++) count += this.block(number).count();
    return count;
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
  filterSays(block: number, userKey: Bytes, keyHash = hash(userKey)): 'no' | 'maybe' | undefined {
    const handle = this.index[block]?.handle;
    if (!this.filter || !handle) return undefined;
    return this.filter.mayContainHash(handle.offset, keyHash) ? 'maybe' : 'no';
  }

  /** The first entry at or behind an internal key within one block. */
  seek(block: number, target: Bytes): { entry: BlockEntry | undefined; compared: number } {
    return this.block(block).seek(target);
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
}
