// Finding by parts of names: every word that was typed must be in the label or the note. A word at
// the beginning of a label's word counts most; the groups keep their order.

import type { PaletteItem } from './desk.ts';

function score(item: PaletteItem, words: readonly string[]): number {
  const label = item.label.toLowerCase();
  const note = (item.note ?? '').toLowerCase();
  let total = 0;
  for (const word of words) {
    if (label.startsWith(word)) total += 8;
    else if (label.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word))) total += 4;
    else if (label.includes(word)) total += 2;
    else if (note.includes(word)) total += 1;
    else return 0;
  }
  return total;
}

export function find(items: readonly PaletteItem[], text: string): readonly PaletteItem[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  const order = [...new Set(items.map((item) => item.group))];
  const best = new Map<string, number>();
  const scored = items
    .map((item, index) => ({ item, index, score: score(item, words) }))
    .filter((found) => found.score > 0);
  for (const { item, score } of scored)
    best.set(item.group, Math.max(best.get(item.group) ?? 0, score));
  return scored
    .sort(
      (a, b) =>
        (best.get(b.item.group) ?? 0) - (best.get(a.item.group) ?? 0) ||
        order.indexOf(a.item.group) - order.indexOf(b.item.group) ||
        b.score - a.score ||
        a.index - b.index,
    )
    .map(({ item }) => item);
}
