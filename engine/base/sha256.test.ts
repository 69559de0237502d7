// The hash against Node's own, for every length around a block and for pieces of any size.

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { utf8 } from './bytes.ts';
import { Dice } from './dice.ts';
import { Sha256 } from './sha256.ts';

const theirs = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('the worked example, and nothing at all', () => {
  expect(new Sha256().update(utf8('abc')).hex()).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  expect(new Sha256().hex()).toBe(theirs(new Uint8Array(0)));
});

test('every length up to three blocks, in pieces of any size', () => {
  const dice = new Dice(7);
  const bytes = Uint8Array.from({ length: 200 }, () => dice.below(256));
  for (let length = 0; length <= bytes.length; length++) {
    const hash = new Sha256();
    for (let at = 0; at < length; ) {
      const size = Math.min(length - at, dice.below(80));
      hash.update(bytes.subarray(at, at + size));
      at += size;
    }
    expect(hash.hex(), `${length} bytes`).toBe(theirs(bytes.subarray(0, length)));
  }
});
