import { describe, expect, it } from 'vitest';
import type { CommandSpec } from '../../engine/run/lab.ts';
import { columnOf, hintFor, resultText, roughWords, suggest } from './completion.ts';

const commands: CommandSpec[] = [
  { name: 'put', usage: 'put KEY VALUE', help: 'Inserts.', examples: ['put 29 "Puerto Rico"'] },
  { name: 'get', usage: 'get KEY', help: 'Reads.' },
  { name: 'commit', usage: 'commit', help: 'Syncs.' },
  { name: 'crash', usage: 'crash', help: 'Cuts the power.' },
];

describe('what the console offers', () => {
  it('an empty line is offered every command', () => {
    expect(suggest('', commands).map(({ label }) => label)).toEqual([
      'put KEY VALUE',
      'get KEY',
      'commit',
      'crash',
    ]);
  });

  it('the beginning of a name is completed, with a blank where words must follow', () => {
    expect(suggest('c', commands).map(({ line }) => line)).toEqual(['commit', 'crash']);
    expect(suggest('pu', commands).map(({ line }) => line)).toEqual(['put ']);
  });

  it('after the name the examples that begin so are offered', () => {
    expect(suggest('put 2', commands).map(({ line }) => line)).toEqual(['put 29 "Puerto Rico"']);
    expect(suggest('put 3', commands)).toEqual([]);
    expect(suggest('get 1', commands)).toEqual([]);
  });

  it('the word of the usage that is due is marked', () => {
    const due = (line: string) =>
      hintFor(line, commands)
        ?.words.filter((word) => word.due)
        .map(({ text }) => text);
    expect(due('put')).toEqual(['put']);
    expect(due('put ')).toEqual(['KEY']);
    expect(due('put 29 "Puerto ')).toEqual(['VALUE']);
    expect(due('put 29 "Puerto Rico" ')).toEqual([]);
    expect(hintFor('sink', commands)).toBeUndefined();
  });

  it('blanks in quotes do not part words', () => {
    expect(roughWords('put 1 "a \\" b" c')).toEqual(['put', '1', '"a \\" b"', 'c']);
    expect(roughWords("put 1 x'00 ff' ")).toEqual(['put', '1', "x'00 ff'", '']);
  });

  it('a complaint names its column', () => {
    expect(columnOf('line 3, column 7: expected a key')).toBe(7);
    expect(columnOf('expected a key')).toBeUndefined();
  });
});

describe('a result in one line', () => {
  it.each([
    [null, 'nothing'],
    ['Mariana', '"Mariana"'],
    [[], 'no rows'],
    [[[1, 'a']], '1 row: 1 "a"'],
    [
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
        [4, 'd'],
      ],
      '4 rows: 1 "a", 2 "b", 3 "c", …',
    ],
    [{ key: 29, value: 'x' }, '29 "x"'],
    [new Uint8Array([0, 255]), "x'00ff'"],
  ])('%j is %s', (result, text) => {
    expect(resultText(result)).toBe(text);
  });

  it('is cut where it is long', () => {
    expect(resultText('z'.repeat(200)).length).toBe(80);
  });
});
