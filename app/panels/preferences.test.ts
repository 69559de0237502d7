import { describe, expect, it } from 'vitest';
import type { Setting } from '../../engine/run/lab.ts';
import { readPreferences } from './preferences.ts';
import { readSetting } from './Settings.tsx';

describe('stored preferences', () => {
  it('come back as they were', () => {
    expect(
      readPreferences(
        '{"motion":"reduced","letterKeys":false,"folded":["right"],"bytesARow":16}',
        'deep',
      ),
    ).toEqual({
      theme: 'deep',
      motion: 'reduced',
      letterKeys: false,
      folded: ['right'],
      bytesARow: 16,
    });
  });

  it.each([null, '', '{"motion":', '[]', '7', 'null', '{"folded":"left","bytesARow":9}'])(
    '%j gives the defaults',
    (text) => {
      expect(readPreferences(text, undefined)).toEqual({
        theme: 'surface',
        motion: 'system',
        letterKeys: true,
        folded: [],
        bytesARow: 8,
      });
    },
  );
});

describe('a setting that is typed', () => {
  const pageSize: Setting = {
    name: 'page-size',
    type: 'integer',
    default: 512,
    min: 512,
    max: 65536,
    help: '',
    expected: 'a power of two from 512 to 65536',
    valid: (value) => Number.isInteger(Math.log2(Number(value))),
  };

  it('is taken when it will do', () => {
    expect(readSetting(pageSize, '1024')).toEqual({ value: 1024 });
  });

  it.each(['', '600', '256', '131072', '1.5', 'big', 'Infinity'])(
    '“%s” is refused with what was expected',
    (text) => {
      expect(readSetting(pageSize, text)).toEqual({
        complaint: `“${text}” will not do: expected a power of two from 512 to 65536`,
      });
    },
  );
});
