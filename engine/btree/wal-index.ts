// Writes the wal-index (its bytes: wal-index-lens.ts). The file is a memory file, so whoever opens it
// reads one header and knows where the log stands: nothing has to be carried from command to command.

import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import type { File } from '../disk/disk.ts';
import {
  entryOf,
  frameOfPage,
  INDEX_CHUNK,
  INDEX_HEADER,
  type IndexHeader,
  indexHeaderBytes,
  indexU16,
  NOBODY,
  nextSlot,
  pageOfFrame,
  readIndexHeader,
  slotAt,
  slotOf,
} from './wal-index-lens.ts';

export class WalIndex {
  readonly #file: File;
  readonly #chunk: (index: number) => Bytes | undefined;

  constructor(file: File) {
    assert(file.kind === 'memory', 'the index does not survive');
    assert(file.chunkSize === INDEX_CHUNK, `the index is kept in chunks of ${INDEX_CHUNK} bytes`);
    this.#file = file;
    this.#chunk = (index) => file.held(index);
  }

  get header(): IndexHeader {
    return readIndexHeader(this.#chunk);
  }

  /** Both copies of the header, and the checkpoint info; the one reader there is reads to mxFrame. */
  set header(header: IndexHeader) {
    const bytes = indexHeaderBytes(header);
    const first = this.#file.own(0);
    first.set(bytes, 0);
    first.set(bytes, INDEX_HEADER);
    this.#setU32(96, header.backfilled);
    this.#setU32(100, 0);
    this.#setU32(104, header.mxFrame > 0 ? header.mxFrame : NOBODY);
    for (let mark = 2; mark < 5; mark++) this.#setU32(100 + 4 * mark, NOBODY);
    this.#setU32(128, header.backfilled);
  }

  clear(): void {
    this.#file.truncate(0);
  }

  add(frame: number, page: number): void {
    const { block, entry, at } = entryOf(frame);
    this.#setU32(at, page);
    let slot = slotOf(page);
    while (indexU16(this.#chunk, slotAt(block, slot)) !== 0) slot = nextSlot(slot);
    const slotBytes = slotAt(block, slot);
    const own = this.#file.own(Math.floor(slotBytes / INDEX_CHUNK));
    own[slotBytes % INDEX_CHUNK] = entry & 0xff;
    own[(slotBytes % INDEX_CHUNK) + 1] = entry >>> 8;
  }

  /** The newest frame up to `snapshot` that holds a page; 0 where the database has it. */
  frameAt(page: number, snapshot: number): number {
    return frameOfPage(this.#chunk, page, snapshot);
  }

  /** The pages of the frames after `from` up to `to`, in order, each with its newest frame of them. */
  between(from: number, to: number): { page: number; frame: number }[] {
    const newest = new Map<number, number>();
    for (let frame = from + 1; frame <= to; frame++)
      newest.set(pageOfFrame(this.#chunk, frame), frame);
    return [...newest].map(([page, frame]) => ({ page, frame })).sort((a, b) => a.page - b.page);
  }

  #setU32(at: number, value: number): void {
    const own = this.#file.own(Math.floor(at / INDEX_CHUNK));
    const i = at % INDEX_CHUNK;
    own[i] = value & 0xff;
    own[i + 1] = (value >>> 8) & 0xff;
    own[i + 2] = (value >>> 16) & 0xff;
    own[i + 3] = value >>> 24;
  }
}
