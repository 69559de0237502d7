// What the stage draws can be read: every text at 4.5:1 and every mark at 3:1 against what lies
// behind it, in both themes, computed from the tokens themselves (WCAG 2.2, relative luminance).

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../shell/tokens.css', import.meta.url), 'utf8');

function tokens(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf('{', css.indexOf(selector)) + 1);
  const found = block.slice(0, block.indexOf('}')).matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/gi);
  return new Map([...found].map(([, name, value]) => [name as string, value as string]));
}

const themes = { surface: tokens(':root'), deep: tokens('[data-theme="deep"]') };

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['paper', 'sheet', 'water', 'deep'];
const TONES = ['key', 'sep', 'dirty', 'durable', 'fault', 'lamp'];

for (const [theme, values] of Object.entries(themes)) {
  const color = (name: string) => {
    const value = values.get(name);
    if (!value) throw new Error(`the theme ${theme} has no colour --${name}`);
    return value;
  };
  const pairs = (over: string[], on: string[]) =>
    over.flatMap((a) => on.map((b) => [a, b] as const));

  test(`${theme}: texts are at least 4.5:1`, () => {
    const texts = [
      ...pairs(['ink', 'ink2', ...TONES.map((tone) => `${tone}-ink`)], GROUNDS),
      ...TONES.map((tone) => [`${tone}-ink`, `${tone}-wash`] as const),
      ['ink', 'lamp-wash'] as const,
    ];
    for (const [text, ground] of texts)
      expect(ratio(color(text), color(ground)), `--${text} on --${ground}`).toBeGreaterThanOrEqual(
        4.5,
      );
  });

  test(`${theme}: marks are at least 3:1`, () => {
    const marks = [
      ...pairs(['edge', ...TONES], GROUNDS),
      ...TONES.map((tone) => [tone, `${tone}-wash`] as const),
      // Hatching, on the ground of a page and of a bar.
      ['free', 'sheet'] as const,
    ];
    for (const [mark, ground] of marks)
      expect(ratio(color(mark), color(ground)), `--${mark} on --${ground}`).toBeGreaterThanOrEqual(
        3,
      );
  });
}

test('the stage draws in tokens alone: no colour of its own', () => {
  const own = readFileSync(new URL('./stage.css', import.meta.url), 'utf8');
  expect(own.match(/#[0-9a-f]{3,8}\b|rgb\(|hsl\(/gi)).toBeNull();
  const used = new Set([...own.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name as string));
  for (const local of ['mark', 'text', 'wash', 'sans', 'mono']) used.delete(local);
  for (const name of used)
    for (const [theme, values] of Object.entries(themes))
      expect(values.has(name), `--${name} in ${theme}`).toBe(true);
});
