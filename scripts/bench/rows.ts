/** The rows that every line puts, from seeded dice: the same in every run and for every peer. */
import { utf8 } from '../../engine/base/bytes.ts';
import { Dice } from '../../engine/base/dice.ts';

/** 0..count-1 in a seeded order. */
export function shuffled(count: number, seed: number): number[] {
  const dice = new Dice(seed);
  const all = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = dice.below(i + 1);
    [all[i], all[j]] = [all[j] as number, all[i] as number];
  }
  return all;
}

/** Distinct whole numbers below 2^40, in a random order. */
export function randomKeys(count: number, seed: number): number[] {
  const dice = new Dice(seed);
  const keys = new Set<number>();
  while (keys.size < count) keys.add(dice.below(2 ** 20) * 2 ** 20 + dice.below(2 ** 20));
  return [...keys];
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `length` letters and digits. */
export function text(dice: Dice, length: number): string {
  let out = '';
  while (out.length < length) out += LETTERS[dice.below(LETTERS.length)];
  return out;
}

export type KeyedRow = readonly [key: Uint8Array, value: Uint8Array];

/** Rows in a random order: 16 hexadecimal digits of a number below 2^40, and 100 letters and digits. */
export function keyedRows(count: number): KeyedRow[] {
  const dice = new Dice(5);
  return randomKeys(count, 4).map((number) => [
    utf8(number.toString(16).padStart(16, '0')),
    utf8(text(dice, 100)),
  ]);
}
