// `bulk N ORDER`: N puts of distinct keys out of 1..10N, with 24-byte values, all from the seed. The
// n-th key is computed from n alone (zipf carries a few counts), so a bulk can be left and taken up
// again at any put without a list of what came before.

import { Dice } from '../base/dice.ts';

export const ORDERS = ['random', 'ascending', 'descending', 'zipf'] as const;
export type Order = (typeof ORDERS)[number];

export interface Bulk {
  readonly kind: 'bulk';
  readonly count: number;
  readonly order: Order;
  /** How many puts are done; the rest of the command is again a bulk. */
  readonly done: number;
  /** For zipf: how many keys were taken of each octave. */
  readonly taken?: readonly number[];
}

/** The key as text: k000042. More digits only where the greatest key needs them, so that the order is the same. */
export const bulkText = (key: number, count: number): string =>
  `k${String(key).padStart(Math.max(6, String(10 * count).length), '0')}`;

export function bulkKey(bulk: Bulk, seed: number): { key: number; taken?: readonly number[] } {
  const { count, order, done } = bulk;
  const domain = 10 * count;
  if (order === 'random') return { key: 1 + shuffled(done, domain, seed) };
  if (order === 'zipf') return zipfKey(bulk, seed);
  // One key out of each ten, so that ascending keys have gaps like any others.
  const ten = order === 'ascending' ? done : count - 1 - done;
  return { key: 1 + 10 * ten + (mix(seed, ten, 3) % 10) };
}

/**
 * Small keys are likely, large ones rare: each octave (1, 2..3, 4..7, …) is as likely as any other,
 * as under Zipf's law, and each key comes once.
 */
function zipfKey({ count, done, taken = [] }: Bulk, seed: number) {
  const domain = 10 * count;
  const octaves = Math.floor(Math.log2(domain)) + 1;
  const sizeOf = (octave: number): number => Math.min(2 ** octave, domain + 1 - 2 ** octave);
  const dice = new Dice(mix(seed, done, 4));
  for (;;) {
    const octave = dice.below(octaves);
    const used = taken[octave] ?? 0;
    if (used >= sizeOf(octave)) continue;
    const next = Array.from(
      { length: octaves },
      (_, i) => (taken[i] ?? 0) + (i === octave ? 1 : 0),
    );
    return { key: 2 ** octave + shuffled(used, sizeOf(octave), seed), taken: next };
  }
}

/** The n-th number of a seeded shuffling of 0..domain-1, without a list: a Feistel network, walked until it lands inside. */
function shuffled(n: number, domain: number, seed: number): number {
  const half = Math.max(1, Math.ceil(Math.log2(Math.max(2, domain)) / 2));
  const mask = 2 ** half - 1;
  let at = n;
  do {
    let left = Math.floor(at / 2 ** half);
    let right = at & mask;
    for (let round = 0; round < 4; round++)
      [left, right] = [right, left ^ (mix(seed, right, round + 10) & mask)];
    at = left * 2 ** half + right;
  } while (at >= domain);
  return at;
}

function mix(seed: number, n: number, salt: number): number {
  let h = Math.imul(seed ^ Math.floor(seed / 2 ** 32) ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ n, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 0;
}

const WORDS = ['coral', 'kelp', 'reef', 'squid', 'whale', 'brine', 'tide', 'abyss', 'krill', 'eel'];

/** 24 bytes, the same for a seed and a key. */
export function bulkValue(key: number, seed: number): string {
  const dice = new Dice(mix(seed, key, 5));
  let text = '';
  while (text.length < 24) text += `${WORDS[dice.below(WORDS.length)]}-${dice.below(1000)} `;
  return text.slice(0, 24);
}
