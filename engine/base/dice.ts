// Seeded dice. All chance in the lab comes from here, so that one seed is one run, for ever: the
// generator is our own copy of sfc32 (Chris Doty-Humphrey, PractRand), whose sequence no upgrade of
// a library can change. Its state is four 32-bit numbers and fits in any snapshot.

import { assert } from './assert.ts';

export type DiceState = readonly [number, number, number, number];

export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(from: number | DiceState) {
    if (typeof from === 'number') {
      this.#a = from >>> 0;
      this.#b = Math.floor(from / 2 ** 32) >>> 0;
      this.#c = 0x9e3779b9;
      this.#counter = 1;
      for (let i = 0; i < 15; i++) this.next();
    } else [this.#a, this.#b, this.#c, this.#counter] = from;
  }

  get state(): DiceState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** The next 32 bits, 0 to 2^32 - 1. */
  next(): number {
    const out = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + out;
    this.#c |= 0;
    return out >>> 0;
  }

  /** A whole number from 0 to `sides` - 1, all equally likely; `sides` from 1 to 2^32. */
  below(sides: number): number {
    assert(sides >= 1 && sides <= 2 ** 32, 'a die has 1 to 2^32 sides');
    const limit = 2 ** 32 - (2 ** 32 % sides);
    for (;;) {
      const roll = this.next();
      if (roll < limit) return roll % sides;
    }
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }
}
