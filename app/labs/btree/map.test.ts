// A file of many pages as a map: every page stands in one bar, and what is known has its tone.

import { describe, expect, test } from 'vitest';
import { mapOf, mapShapes } from './map.ts';

const page = (kind: number): Uint8Array => new Uint8Array(512).fill(kind, 0, 1);
const place = { left: 0, top: 0, width: 960 };

describe.each([3_000, 25_000, 400_000])('%d pages', (pages) => {
  const blocks: (Uint8Array | undefined)[][] = [];
  const put = (number: number, kind: number) => {
    const block = Math.floor((number - 1) / 64);
    blocks[block] ??= [];
    (blocks[block] as Uint8Array[])[(number - 1) % 64] = page(kind);
  };
  put(2, 5);
  put(3, 13);
  put(4, 13);
  put(pages, 10);
  const map = mapOf({ size: pages * 512, blocks }, pages);

  test('stand in bars side by side, each once', () => {
    const { shapes: all, bottom } = mapShapes(map, place, 2, false);
    const shapes = all.filter(({ kind }) => kind === 'bar');
    expect(map.read).toBe(4);
    expect(bottom).toBeLessThan(150);
    expect(shapes.length).toBeLessThan(120);
    let next = 1;
    for (const { aria = '', select } of shapes) {
      const [, from, to] = /^pages (\d+) to (\d+) of the file$/.exec(aria) ?? [];
      expect([Number(from), select]).toEqual([next, `page:${next}`]);
      next = Number(to) + 1;
    }
    expect(next).toBe(pages + 1);
  });

  test('what was read has the tone of what it holds, the rest none', () => {
    const { shapes: all, pagesAPixel } = mapShapes(map, place, 2, false);
    const shapes = all.filter(({ kind }) => kind === 'bar');
    const tones = shapes[0]?.segments?.map(({ tone }) => tone);
    expect(tones).toEqual(
      pagesAPixel === 1 ? ['separator', 'key'] : ['separator', ...(pagesAPixel < 4 ? ['key'] : [])],
    );
    expect(shapes.at(-1)?.segments).toMatchObject([{ to: 1, tone: 'key' }]);
    expect(shapes.slice(1, -1).every(({ segments }) => segments?.length === 0)).toBe(true);
  });

  test('the one that is selected stands among its neighbours', () => {
    for (const selected of [1, 2, Math.floor(pages / 2), pages]) {
      const { shapes } = mapShapes(map, place, selected, true);
      const slots = shapes.filter(({ kind }) => kind === 'slot');
      expect(slots.filter(({ lit }) => lit).map(({ key }) => key)).toEqual([`slot:${selected}`]);
      expect(slots.length).toBe(21);
      for (const { x, w } of slots) expect(x >= 0 && x + w <= place.width).toBe(true);
      const lit = shapes.flatMap(({ segments = [], kind }) =>
        kind === 'bar' ? segments.filter(({ lit }) => lit) : [],
      );
      expect(lit.length).toBe(1);
    }
  });
});
