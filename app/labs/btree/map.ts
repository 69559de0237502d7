// A file of too many pages to be drawn one by one, as a map: a pixel a page, or some pages a pixel.
//
//   ▄▄▄▄▄▄▄▄▄▄▄▄▄▄ ▄▄▄▄▄▄▄▄▄▄▄▄▄▄ ▄▄▄▄▄▄▄▄▄▄▄▄▄▄      a bar: a stretch of the file, each run in the
//   ▄▄▄▄▄▄▄▄▄▄▄▄▄▄ ▄▄▄▄▄▄▄▄▄▄▄▄▄▄ ▄▄▄▄▄▄                tone of what it holds; paper where nothing is known
//        [ 96][ 97][ 98][ 99][100][101]                 the pages around the one that is selected
//
// A choice of a bar selects its first page, whose neighbours then stand below as pages. What was not
// read from an imported file is not guessed at.

import { CHUNKS_A_BLOCK, type Content } from '../../../engine/disk/image.ts';
import type { Segment, Shape, Tone } from '../../scene/scene.ts';

export const HOLDS = ['not read', 'interior', 'leaf', 'other'] as const;
const TONES: readonly Tone[] = ['muted', 'separator', 'key', 'plain'];
const KIND: Readonly<Record<number, number>> = { 2: 1, 5: 1, 10: 2, 13: 2 };

export interface FileMap {
  /** By page, from 0: an index into HOLDS. */
  readonly holds: Uint8Array;
  /** How many of them are here. */
  readonly read: number;
}

const maps = new WeakMap<Content['blocks'], FileMap>();

/** What each page is by its first byte, as far as the content is on this side. */
export function mapOf({ blocks }: Content, pages: number): FileMap {
  const known = maps.get(blocks);
  if (known?.holds.length === pages) return known;
  const holds = new Uint8Array(pages);
  let read = 0;
  for (const [b, block] of blocks.entries())
    for (const [i, bytes] of (block ?? []).entries()) {
      const at = b * CHUNKS_A_BLOCK + i;
      if (!bytes || at >= pages) continue;
      read++;
      holds[at] = KIND[bytes[at === 0 ? 100 : 0] as number] ?? 3;
    }
  const map = { holds, read };
  maps.set(blocks, map);
  return map;
}

/** Measures in scene units. */
const ROW = { height: 7, gap: 4, most: 10 };
const BAR = { width: 92, gap: 4 };
const PAGE = { width: 40, height: 20, gap: 4 };

/**
 * The map as shapes from (left, top) on. `near`: the page whose neighbours are drawn as pages, above
 * the bars, so that nothing moves when another is chosen; `lit`: it is marked.
 */
export function mapShapes(
  { holds }: FileMap,
  place: { readonly left: number; readonly top: number; readonly width: number },
  near: number,
  lit: boolean,
): { readonly shapes: Shape[]; readonly bottom: number; readonly pagesAPixel: number } {
  const { left, width } = place;
  const shapes: Shape[] = [];
  const room = Math.max(1, Math.floor((width + PAGE.gap) / (PAGE.width + PAGE.gap)));
  const first = Math.max(1, Math.min(holds.length - room + 1, near - Math.floor(room / 2)));
  for (let page = first; page < first + room && page <= holds.length; page++) {
    const kind = holds[page - 1] as number;
    shapes.push({
      key: `slot:${page}`,
      kind: 'slot',
      x: left + (page - first) * (PAGE.width + PAGE.gap),
      y: place.top,
      w: PAGE.width,
      h: PAGE.height,
      tone: kind === 0 ? 'muted' : 'plain',
      text: `${page}`,
      ...(kind === 0 && { quiet: true }),
      ...(lit && page === near && { lit: true }),
      segments: [{ from: 0, to: 1, tone: TONES[kind] as Tone }],
      legend: 'page',
      select: `page:${page}`,
      aria: `page ${page} in the file, ${HOLDS[kind]}`,
    });
  }
  const top = place.top + PAGE.height + 8;
  const bars = Math.max(1, Math.floor((width + BAR.gap) / (BAR.width + BAR.gap)));
  const pagesAPixel = Math.ceil(holds.length / (bars * BAR.width * ROW.most));
  const pagesABar = pagesAPixel * BAR.width;
  const count = Math.ceil(holds.length / pagesABar);
  for (let n = 0; n < count; n++) {
    const from = n * pagesABar;
    const to = Math.min(holds.length, from + pagesABar);
    const here = near > from && near <= to;
    shapes.push({
      key: `pages:${from + 1}`,
      kind: 'bar',
      x: left + (n % bars) * (BAR.width + BAR.gap),
      y: top + Math.floor(n / bars) * (ROW.height + ROW.gap),
      w: ((to - from) / pagesABar) * BAR.width,
      h: ROW.height,
      tone: 'plain',
      segments: segmentsOf(holds, from, to, pagesAPixel, here ? near - 1 : undefined),
      legend: 'page',
      select: `page:${from + 1}`,
      aria: `pages ${from + 1} to ${to} of the file`,
    });
  }
  const bottom = top + Math.ceil(count / bars) * (ROW.height + ROW.gap);
  return { shapes, bottom, pagesAPixel };
}

/** Runs of pixels of one tone. Of several pages in a pixel the one that is known wins, interior first. */
function segmentsOf(
  holds: Uint8Array,
  from: number,
  to: number,
  pagesAPixel: number,
  lit: number | undefined,
): Segment[] {
  const segments: { from: number; to: number; tone: Tone; lit?: boolean }[] = [];
  const length = to - from;
  for (let at = from; at < to; at += pagesAPixel) {
    const end = Math.min(to, at + pagesAPixel);
    let kind = 0;
    for (let page = at; page < end; page++) {
      const one = holds[page] as number;
      if (one !== 0 && (kind === 0 || one < kind)) kind = one;
    }
    const here = lit !== undefined && lit >= at && lit < end;
    if (kind === 0 && !here) continue; // the ground shows
    const tone = TONES[kind] as Tone;
    const last = segments.at(-1);
    const goesOn = last?.to === (at - from) / length;
    if (last && goesOn && last.tone === tone && !last.lit && !here) last.to = (end - from) / length;
    else
      segments.push({
        from: (at - from) / length,
        to: (end - from) / length,
        tone,
        ...(here && { lit: true }),
      });
  }
  return segments;
}
