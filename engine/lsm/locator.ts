// Where each key of a table is, for whoever has just written the table and goes on reading it in memory:
// a hash table beside it. One look says which stretch, from one restart point to the next, and mostly
// that there is none; index and filter, which a file needs, are not asked. It is never written anywhere.
//
//   slot   0  16  upper bits of the key's hash        an entry goes to the slot that its hash says,
//         16  16  number of the stretch, from 1       or the next one that is free; 0: free
//
// Versions of a key are entered newest first and so met newest first.

/** A table of more stretches has none. */
const MOST_STRETCHES = 65_534;

export class Locator {
  readonly #slots: Uint32Array;
  readonly #mask: number;
  /** Where each stretch begins and ends in the file. */
  readonly #bounds: Uint32Array;

  /** Of entries in their order: their keys' hashes, and the stretches they are in. */
  constructor(hashes: Uint32Array, stretches: Uint32Array, bounds: Uint32Array) {
    this.#bounds = bounds;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(16, 2 * hashes.length))));
    this.#mask = this.#slots.length - 1;
    for (let n = 0; n < hashes.length; n++) {
      const keyHash = hashes[n] as number;
      let slot = this.first(keyHash);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = ((keyHash & 0xffff0000) | ((stretches[n] as number) + 1)) >>> 0;
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

  #bound(slot: number, which: number): number {
    const stretch = ((this.#slots[slot] as number) & 0xffff) - 1;
    return this.#bounds[2 * stretch + which] as number;
  }

  /** Where in the file the stretch that a slot names begins. */
  from(slot: number): number {
    return this.#bound(slot, 0);
  }

  to(slot: number): number {
    return this.#bound(slot, 1);
  }
}

/** Gathers what a locator is made of, entry by entry. */
export class LocatorBuilder {
  #hashes = new Uint32Array(1024);
  #stretches = new Uint32Array(1024);
  #count = 0;
  #bounds = new Uint32Array(256);
  /** Stretches so far; the last one is open until the next begins, or the block ends. */
  #begun = 0;

  /** A restart point, there in the file. */
  restart(offset: number): void {
    const at = 2 * this.#begun++;
    if (at === this.#bounds.length) this.#bounds = wider(this.#bounds);
    // The one before ends here, unless its block has ended.
    if (at > 0 && this.#bounds[at - 1] === 0) this.#bounds[at - 1] = offset;
    this.#bounds[at] = offset;
    this.#bounds[at + 1] = 0;
  }

  /** The entries of a block end there. */
  end(offset: number): void {
    this.#bounds[2 * this.#begun - 1] = offset;
  }

  /** An entry of the last stretch. */
  add(keyHash: number): void {
    if (this.#count === this.#hashes.length) {
      this.#hashes = wider(this.#hashes);
      this.#stretches = wider(this.#stretches);
    }
    this.#hashes[this.#count] = keyHash;
    this.#stretches[this.#count++] = this.#begun - 1;
  }

  /** The builder is empty afterwards. */
  finish(): Locator | undefined {
    const [count, begun] = [this.#count, this.#begun];
    this.#count = 0;
    this.#begun = 0;
    if (begun > MOST_STRETCHES) return undefined;
    return new Locator(
      this.#hashes.subarray(0, count),
      this.#stretches.subarray(0, count),
      this.#bounds.slice(0, 2 * begun),
    );
  }
}

function wider(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * list.length);
  more.set(list);
  return more;
}
