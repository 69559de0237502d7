import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assert, Complaint, sentenceOf } from './assert.ts';
import {
  bytesOfHex,
  compareBytes,
  concatBytes,
  equalBytes,
  hexOf,
  setU16,
  setU32,
  textOf,
  u16,
  u32,
  utf8,
} from './bytes.ts';
import { Dice } from './dice.ts';
import { Digest, digestOf } from './digest.ts';

describe('dice', () => {
  const rolls = (dice: Dice, count: number) => Array.from({ length: count }, () => dice.next());

  // If these numbers ever change, every seed that anybody noted down means another run.
  test('the sequence of a seed is fixed for ever', () => {
    expect(rolls(new Dice(1), 5)).toMatchInlineSnapshot(`
      [
        2308299391,
        1950625580,
        354034397,
        661219729,
        2802375379,
      ]
    `);
    expect(rolls(new Dice(Number.MAX_SAFE_INTEGER), 3)).toMatchInlineSnapshot(`
      [
        4087913446,
        125566104,
        1993914836,
      ]
    `);
  });

  test('it is sfc32, as its author wrote it', () => {
    const s = Uint32Array.of(1, 0, 0x9e3779b9, 1) as Uint32Array & { [i: number]: number };
    const reference = () => {
      const [a, b, c, d] = s as unknown as [number, number, number, number];
      const out = (a + b + d) >>> 0;
      s.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + out, d + 1]);
      return out;
    };
    for (let i = 0; i < 15; i++) reference();
    const dice = new Dice(1);
    for (let i = 0; i < 10_000; i++) expect(dice.next()).toBe(reference());
  });

  test('the state is the whole dice', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(50), (seed, n) => {
        const dice = new Dice(seed);
        rolls(dice, n);
        const copy = new Dice(JSON.parse(JSON.stringify(dice.state)));
        expect(rolls(copy, 20)).toEqual(rolls(dice, 20));
      }),
    );
  });

  test('seeds that differ in either half differ at once', () => {
    const firsts = [0, 1, 2, 2 ** 32, 2 ** 33, 2 ** 52].map((seed) => new Dice(seed).next());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  test.each([2, 3, 6, 10, 100])('all %i sides come up equally often', (sides) => {
    const dice = new Dice(42);
    const counts = new Array<number>(sides).fill(0);
    const throws = 2_000 * sides;
    for (let i = 0; i < throws; i++) (counts[dice.below(sides)] as number)++;
    const chi = counts.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0);
    // Mean sides - 1, deviation sqrt(2(sides - 1)): six deviations are luck that nobody has.
    expect(chi).toBeLessThan(sides - 1 + 6 * Math.sqrt(2 * (sides - 1)));
  });

  test('the sides go from 1 to 2^32, and no dice hang', () => {
    const dice = new Dice(3);
    expect(dice.below(1)).toBe(0);
    for (let i = 0; i < 100; i++) expect(dice.below(2 ** 32)).toBeLessThan(2 ** 32);
    for (const sides of [0, -1, Number.NaN, 2 ** 33]) expect(() => dice.below(sides)).toThrow();
    expect(dice.chance(0)).toBe(false);
    expect(dice.chance(1)).toBe(true);
  });
});

describe('digest', () => {
  // Links and workspaces carry digests: another value for the same thing is a new engine version.
  test('values that are fixed for ever', () => {
    expect({
      nothing: digestOf(null),
      one: digestOf(1),
      text: digestOf('Mariana'),
      bytes: digestOf(Uint8Array.of(1, 2, 3, 4, 5)),
      nested: digestOf({ b: [1, 'x', null, true], a: { big: 2n ** 70n, no: false } }),
    }).toMatchInlineSnapshot(`
      {
        "bytes": "dabe2e9d13470aa6",
        "nested": "fbfeb21af50fabed",
        "nothing": "d8e514b0aa825740",
        "one": "4a17bcecb4e43d72",
        "text": "bad818f98e8e7a34",
      }
    `);
  });

  test('the order of names does not count, in records or in maps', () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string(), fc.jsonValue()), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(entries, (entries) => {
        const there = new Map(entries);
        const back = new Map([...entries].reverse());
        expect(digestOf(there)).toBe(digestOf(back));
      }),
    );
    expect(digestOf({ a: 1, b: 2 })).toBe(
      digestOf(
        new Map([
          ['b', 2],
          ['a', 1],
        ]),
      ),
    );
  });

  test('equal values have equal digests, and these are all different', () => {
    expect(digestOf(-0)).toBe(digestOf(0));
    expect(digestOf([{ x: -0 }])).toBe(digestOf([{ x: 0 }]));
    expect(digestOf({ a: 1, gone: undefined })).toBe(digestOf({ a: 1 }));
    const nan = new Float64Array(new BigUint64Array([0xfff8_0000_dead_beefn]).buffer)[0];
    expect(digestOf(nan)).toBe(digestOf(Number.NaN));
    const different = [
      null,
      true,
      false,
      0,
      1,
      -1,
      1n,
      0n,
      '1',
      '',
      'a',
      'ab',
      Number.NaN,
      Infinity,
      -Infinity,
      [],
      [[]],
      [[], []],
      {},
      { a: 1 },
      { b: 1 },
      { a: { b: 1 } },
      ['a', 1],
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array(4),
      new Uint8Array(5),
      utf8('a'),
      ['a', 'b'],
      ['ab', ''],
    ];
    expect(new Set(different.map(digestOf)).size).toBe(different.length);
  });

  test('bytes: every bit counts, at every length, wherever the view begins', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), (bytes, bit) => {
        const flipped = bytes.slice();
        const at = bit % (8 * bytes.length);
        flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7));
        expect(digestOf(flipped)).not.toBe(digestOf(bytes));
        const within = new Uint8Array(bytes.length + 3);
        within.set(bytes, 3);
        expect(digestOf(within.subarray(3))).toBe(digestOf(bytes));
      }),
    );
  });

  test('what is no plain value is refused, not taken for an empty record', () => {
    class Own {}
    for (const value of [new Set([1]), new Date(0), new Own(), () => 1, new Map([[1, 2]])])
      expect(() => digestOf(value)).toThrow('assertion');
  });

  test('sixteen digits', () => expect(new Digest().finish()).toMatch(/^[0-9a-f]{16}$/));
});

describe('bytes', () => {
  test('hex there and back; what is no hex is undefined', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hexOf(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(bytesOfHex(hexOf(bytes).toUpperCase())).toEqual(bytes);
      }),
    );
    expect(bytesOfHex('')).toEqual(new Uint8Array(0));
    for (const text of ['a', 'abc', 'zz', '0x', ' 0', '0 ', '-1'])
      expect(bytesOfHex(text)).toBeUndefined();
  });

  test('numbers of 16 and 32 bits as a DataView has them', () => {
    const bytes = new Uint8Array(9);
    const view = new DataView(bytes.buffer);
    for (const value of [0, 1, 0x7fff, 0x8000, 0xffff]) {
      setU16(bytes, 1, value);
      expect([u16(bytes, 1), view.getUint16(1)]).toEqual([value, value]);
    }
    for (const value of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      setU32(bytes, 3, value);
      expect([u32(bytes, 3), view.getUint32(3)]).toEqual([value, value]);
    }
  });

  test('order is that of memcmp, and equality goes with it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 3 }), fc.uint8Array({ max: 3 }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(concatBytes([a, b])).toEqual(new Uint8Array([...a, ...b]));
      }),
    );
  });

  test('text survives; malformed bytes become U+FFFD', () => {
    expect(textOf(utf8('Тихий 🌊'))).toBe('Тихий 🌊');
    expect(textOf(Uint8Array.of(0xff, 0x41))).toBe('\ufffdA');
  });
});

describe('complaints', () => {
  test('the sentence says the place, as far as it is known', () => {
    expect(new Complaint('no').sentence).toBe('no');
    expect(new Complaint('no', { line: 3 }).sentence).toBe('line 3: no');
    expect(new Complaint('no', { line: 3, column: 7 }).sentence).toBe('line 3, column 7: no');
  });

  test('a place from outside fills in what is missing, and nothing else', () => {
    const within = new Complaint('no', { column: 7 });
    expect(within.at({ line: 2, column: 1 }).place).toEqual({ line: 2, column: 7 });
    expect(within.place).toEqual({ column: 7 });
  });

  test('a sentence for anything that is thrown', () => {
    expect(sentenceOf(new Complaint('no', { line: 1 }))).toBe('line 1: no');
    expect(sentenceOf(new Error('oh'))).toBe('oh');
    expect(sentenceOf('text')).toBe('text');
    expect(() => assert(0, 'it holds')).toThrow('assertion failed: it holds');
  });
});
