import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countChanged, hexRows, offsetText, printable, runsOf } from './hex.ts';

const all = (from: number, to: number, tone: 'key' | 'free' | 'plain') => ({ from, to, tone });

describe('the hex view', () => {
  it('every byte is in exactly one row, folded or not', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom(8, 16),
        (bytes, bytesARow) => {
          const regions = [all(0, bytes.length, 'free')];
          let at = 0;
          for (const row of hexRows({ bytes, regions, bytesARow })) {
            expect(row.offset).toBe(at);
            if (row.kind === 'bytes') {
              expect(row.bytes.map(({ value }) => value)).toEqual([
                ...bytes.subarray(at, at + row.bytes.length),
              ]);
              at += row.bytes.length;
            } else at += row.rows * bytesARow;
          }
          expect(at).toBe(bytes.length);
        },
      ),
    );
  });

  it('a long stretch of free zeros folds, one row on each side stays', () => {
    const bytes = new Uint8Array(80);
    bytes[0] = 0x0d;
    bytes[79] = 1;
    const rows = hexRows({ bytes, regions: [all(0, 80, 'free')], bytesARow: 8 });
    expect(rows.map((row) => (row.kind === 'fold' ? `fold ${row.rows}` : row.offset))).toEqual([
      0,
      8,
      'fold 6',
      64,
      72,
    ]);
  });

  it('zeros that mean something do not fold', () => {
    const rows = hexRows({
      bytes: new Uint8Array(80),
      regions: [all(0, 80, 'key')],
      bytesARow: 8,
    });
    expect(rows.length).toBe(10);
  });

  it('zeros that have just been written do not fold', () => {
    const rows = hexRows({
      bytes: new Uint8Array(80),
      before: new Uint8Array(80).fill(7),
      regions: [all(0, 80, 'free')],
      bytesARow: 8,
    });
    expect(rows.every((row) => row.kind === 'bytes')).toBe(true);
  });

  it('neighbours of equal look are one run; a cut parts them', () => {
    const bytes = Uint8Array.from([0x4d, 0x61, 0x72, 0x69]);
    const [row] = hexRows({ bytes, regions: [all(0, 4, 'key')], bytesARow: 8 });
    if (row?.kind !== 'bytes') throw new Error('expected a row of bytes');
    expect(runsOf(row.bytes)).toMatchObject([{ from: 0, to: 4, hex: '4d 61 72 69', text: 'Mari' }]);
    expect(runsOf(row.bytes, new Set([1, 3])).map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 3],
      [3, 4],
    ]);
  });

  it('a changed byte is a run of its own', () => {
    const bytes = Uint8Array.from([1, 2, 3]);
    const before = Uint8Array.from([1, 9, 3]);
    const [row] = hexRows({ bytes, before, regions: [], bytesARow: 8 });
    if (row?.kind !== 'bytes') throw new Error('expected a row of bytes');
    expect(runsOf(row.bytes).map(({ changed }) => changed)).toEqual([false, true, false]);
    expect(countChanged(bytes, before)).toBe(1);
    expect(countChanged(bytes, undefined)).toBe(0);
  });

  it('what cannot be printed is a dot', () => {
    expect([0, 0x1f, 0x20, 0x41, 0x7e, 0x7f, 0xff].map(printable).join('')).toBe('·· A~··');
    expect(offsetText(0x1d8)).toBe('01d8');
  });
});
