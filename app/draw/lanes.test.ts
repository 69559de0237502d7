import { expect, test } from 'vitest';
import { clearOf } from './lanes.ts';

const widthOf = (text: string) => 6 * text.length;
const word = (text: string, x: number, y: number) => ({ text, x, y, ink: '' });

test('words that would stand on others before them are left out', () => {
  const cut = word('cut: A | B', 50, 33);
  const beside = word('leader', 120, 33);
  const below = word('restart', 50, 46);
  const written = clearOf(
    [cut, word('leader, term 3', 60, 41), beside, below, word('crash', 119, 30)],
    widthOf,
  );
  expect(written.map(({ text }) => text)).toEqual(['cut: A | B', 'leader', 'restart']);
});
