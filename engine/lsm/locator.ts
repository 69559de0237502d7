// Where each key of a table is, for whoever has just written the table and goes on reading it in memory:
// a hash table beside it. One look says which block, and mostly that there is none; index and filter,
// which a file needs, are not asked. It is never written anywhere.
//
//   slot   0  16  upper bits of the key's hash        an entry goes to the slot that its hash says,
//         16  16  number of the block, from 1         or the next one that is free; 0: free
//
// Versions of a key are entered newest first and so met newest first.

/** A table of more blocks has none. */
const MOST_BLOCKS = 65_534;

export class Locator {
  #slots: Uint32Array;
  readonly #mask: number;

  /** Of entries in their order: their keys' hashes, and the blocks they are in. */
  constructor(hashes: Uint32Array, blocks: Uint32Array) {
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(16, 2 * hashes.length))));
    this.#mask = this.#slots.length - 1;
    for (let n = 0; n < hashes.length; n++) {
      const keyHash = hashes[n] as number;
      let slot = this.first(keyHash);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = ((keyHash & 0xffff0000) | ((blocks[n] as number) + 1)) >>> 0;
    }
  }

  /** Where to look first. */
  first(keyHash: number): number {
    return (keyHash ^ (keyHash >>> 15)) & this.#mask;
  }

  /** The slot at or behind one that may be of a key; -1: there is no more. */
  next(keyHash: number, from: number): number {
    const print = keyHash >>> 16;
    for (let slot = from & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return -1;
      if (entry >>> 16 === print) return slot;
    }
  }

  blockAt(slot: number): number {
    return ((this.#slots[slot] as number) & 0xffff) - 1;
  }
}

/** Gathers what a locator is made of, entry by entry. */
export class LocatorBuilder {
  #hashes = new Uint32Array(1024);
  #blocks = new Uint32Array(1024);
  #count = 0;

  add(keyHash: number, block: number): void {
    if (this.#count === this.#hashes.length) {
      this.#hashes = wider(this.#hashes);
      this.#blocks = wider(this.#blocks);
    }
    this.#hashes[this.#count] = keyHash;
    this.#blocks[this.#count++] = block;
  }

  finish(): Locator | undefined {
    const last = this.#blocks[this.#count - 1] ?? 0;
    if (last >= MOST_BLOCKS) return undefined;
    return new Locator(
      this.#hashes.subarray(0, this.#count),
      this.#blocks.subarray(0, this.#count),
    );
  }
}

function wider(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * list.length);
  more.set(list);
  return more;
}
