// A digest: 64 bits over a canonical encoding, the same in Node and in every browser. It says
// whether two runs agree; it is no defence against somebody who looks for a collision.
//
// Two lanes of MurmurHash3's 32-bit mixing (Austin Appleby, public domain) with different
// constants, over little-endian words; every value is preceded by a tag and its length, so that no
// two different sequences of values feed the same words.

import { assert } from './assert.ts';
import { type Bytes, hexOf, utf8 } from './bytes.ts';

const TAG = { nothing: 1, no: 2, yes: 3, number: 4, text: 5, bytes: 6, list: 7, record: 8, big: 9 };
/** The words of NaN: an engine may keep any of its many bit patterns. */
const NAN_HIGH = 0x7ff80000;
const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

export class Digest {
  #x = 0x2f0b4c47;
  #y = 0x811c9dc5;
  #words = 0;

  word(word: number): this {
    let k = Math.imul(word, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    this.#x ^= Math.imul(k, 0x1b873593);
    this.#x = (this.#x << 13) | (this.#x >>> 19);
    this.#x = (Math.imul(this.#x, 5) + 0xe6546b64) | 0;
    k = Math.imul(word ^ 0x85ebca6b, 0xab0e9789);
    k = (k << 16) | (k >>> 16);
    this.#y ^= Math.imul(k, 0x38b34ae5);
    this.#y = (this.#y << 17) | (this.#y >>> 15);
    this.#y = (Math.imul(this.#y, 5) + 0x561ccd1b) | 0;
    this.#words++;
    return this;
  }

  /** Bytes as they stand, without tag or length: for content whose length was already fed. */
  raw(bytes: Bytes): this {
    const whole = bytes.length & ~3;
    for (let i = 0; i < whole; i += 4) {
      this.word(
        (bytes[i] as number) |
          ((bytes[i + 1] as number) << 8) |
          ((bytes[i + 2] as number) << 16) |
          ((bytes[i + 3] as number) << 24),
      );
    }
    if (whole < bytes.length) {
      let last = 0;
      for (let i = whole; i < bytes.length; i++) last |= (bytes[i] as number) << (8 * (i - whole));
      this.word(last);
    }
    return this;
  }

  /**
   * Any plain value: null (and undefined), booleans, numbers, bigints, text, bytes, arrays, records
   * and maps, whose names are text, by sorted name. -0 is 0, every NaN is one.
   */
  value(value: unknown): this {
    if (value === null || value === undefined) return this.word(TAG.nothing);
    if (value === true) return this.word(TAG.yes);
    if (value === false) return this.word(TAG.no);
    if (typeof value === 'number') {
      if (Number.isNaN(value)) return this.word(TAG.number).word(0).word(NAN_HIGH);
      double[0] = value + 0; // -0 + 0 is 0
      return this.word(TAG.number)
        .word(doubleWords[0] as number)
        .word(doubleWords[1] as number);
    }
    if (typeof value === 'bigint') return this.#sized(TAG.big, utf8(value.toString()));
    if (typeof value === 'string') return this.#sized(TAG.text, utf8(value));
    if (value instanceof Uint8Array) return this.#sized(TAG.bytes, value);
    if (Array.isArray(value)) {
      this.word(TAG.list).word(value.length);
      for (const item of value) this.value(item);
      return this;
    }
    assert(isRecord(value), 'a digest is of plain values');
    const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
    assert(
      entries.every(([name]) => typeof name === 'string'),
      'a name in a map is a text',
    );
    const known = entries.filter(([, item]) => item !== undefined);
    known.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.word(TAG.record).word(known.length);
    for (const [name, item] of known) this.value(name).value(item);
    return this;
  }

  #sized(tag: number, bytes: Bytes): this {
    return this.word(tag).word(bytes.length).raw(bytes);
  }

  /** 16 hexadecimal digits. */
  finish(): string {
    const x = finalMix(this.#x ^ this.#words);
    const y = finalMix(this.#y ^ x);
    const out = new Uint8Array(8);
    new DataView(out.buffer).setUint32(0, x);
    new DataView(out.buffer).setUint32(4, y);
    return hexOf(out);
  }
}

/** A set, a date or a class of one's own would otherwise pass for an empty record. */
function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return value instanceof Map || prototype === Object.prototype || prototype === null;
}

function finalMix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export const digestOf = (value: unknown): string => new Digest().value(value).finish();
