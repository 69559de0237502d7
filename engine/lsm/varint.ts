// LevelDB's numbers. Fixed-width ones are little-endian. A varint has seven bits a byte, the LOW
// group first (SQLite has the high one first); a top bit says that more follows.
//
//   127  = 7f
//   300  = ac 02          1|010_1100  0|000_0010      44 + (2 << 7)
//
// A slice is its length as a varint, then its bytes. Lengths have 32 bits; file numbers and sequence
// numbers 64, of which a `number` here holds 53: no real database has more.

import type { Bytes } from '../base/bytes.ts';

export function u32(bytes: Bytes, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

export function setU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** The 64-bit number at `at`; exact to 2^53. */
export const u64 = (bytes: Bytes, at: number): number =>
  u32(bytes, at) + u32(bytes, at + 4) * 2 ** 32;

export function setU64(bytes: Uint8Array, at: number, value: number): void {
  setU32(bytes, at, value % 2 ** 32);
  setU32(bytes, at + 4, Math.floor(value / 2 ** 32));
}

/** How many bytes the varint at `at` takes; 0 where it does not end before `end` or has over ten. */
export function varintSize(bytes: Bytes, at: number, end = bytes.length): number {
  for (let n = 0; n < 10 && at + n < end; n++) if ((bytes[at + n] as number) < 0x80) return n + 1;
  return 0;
}

/** The varint at `at`. The caller has asked varintSize() whether there is one. */
export function readVarint(bytes: Bytes, at: number): number {
  let byte = bytes[at] as number;
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  let scale = 128;
  for (let n = 1; n < 10; n++) {
    byte = bytes[at + n] as number;
    value += (byte & 0x7f) * scale;
    if (!(byte >= 0x80)) return value;
    scale *= 128;
  }
  return value;
}

/** Bytes that the varint of a value takes. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes the varint of a value; returns where it ends. */
export function setVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  while (rest >= 128) {
    bytes[to++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[to++] = rest;
  return to;
}

/** Up to so many bytes a loop copies faster than a view is made. */
const SHORT = 40;

/** Copies source[from..from+length) to `to`. */
export function copyBytes(
  into: Uint8Array,
  to: number,
  source: Bytes,
  from: number,
  length: number,
): void {
  if (length > SHORT) {
    into.set(length === source.length ? source : source.subarray(from, from + length), to);
    return;
  }
  let a = to;
  let b = from;
  const end = from + length;
  // Eight at a time: most keys are this short, and a loop for each byte takes half as long again.
  for (; b + 8 <= end; a += 8, b += 8) {
    into[a] = source[b] as number;
    into[a + 1] = source[b + 1] as number;
    into[a + 2] = source[b + 2] as number;
    into[a + 3] = source[b + 3] as number;
    into[a + 4] = source[b + 4] as number;
    into[a + 5] = source[b + 5] as number;
    into[a + 6] = source[b + 6] as number;
    into[a + 7] = source[b + 7] as number;
  }
  for (; b < end; a++, b++) into[a] = source[b] as number;
}

/** Bytes that grow at their end: what every builder here writes into. */
export class Writer {
  #bytes: Uint8Array;
  length = 0;
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Begins anew, in these bytes for as long as they are enough. */
  into(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.length = 0;
  }

  /** Makes room for `count` more bytes. */
  #room(count: number): Uint8Array {
    if (this.length + count > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + count));
      wider.set(this.#bytes.subarray(0, this.length));
      this.#bytes = wider;
    }
    return this.#bytes;
  }

  byte(value: number): this {
    this.#room(1)[this.length++] = value;
    return this;
  }

  u32(value: number): this {
    setU32(this.#room(4), this.length, value);
    this.length += 4;
    return this;
  }

  u64(value: number): this {
    setU64(this.#room(8), this.length, value);
    this.length += 8;
    return this;
  }

  varint(value: number): this {
    this.length = setVarint(this.#room(10), this.length, value);
    return this;
  }

  raw(bytes: Bytes): this {
    this.#room(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** Length, then bytes. */
  slice(bytes: Bytes): this {
    return this.varint(bytes.length).raw(bytes);
  }

  /** What was written, as a view: valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** What was written, as bytes of its own. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}

/** Reads a record field by field; `failed` says what did not fit, and then every read is empty. */
export class Reader {
  readonly #bytes: Bytes;
  at = 0;
  failed: string | undefined;
  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  varint(what: string): number {
    const size = this.failed ? 0 : varintSize(this.#bytes, this.at);
    if (size === 0) {
      this.failed ??= `${what} is cut off`;
      return 0;
    }
    const value = readVarint(this.#bytes, this.at);
    this.at += size;
    return value;
  }

  slice(what: string): Bytes {
    const length = this.varint(`the length of ${what}`);
    if (length > this.left) {
      this.failed ??= `${what} is cut off: ${length} bytes are promised, ${this.left} are left`;
      return this.#bytes.subarray(0, 0);
    }
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}
