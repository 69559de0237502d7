// What the pictures of all clusters share: where the network is cut, as words and as walls between
// neighbours, and the arcs along which messages travel.

import type { Point, Shape } from '../scene/scene.ts';

interface Named {
  readonly from: string;
  readonly to: string;
  readonly n: number;
  readonly copy?: boolean;
}

/** `A>B#17`; a second copy is `A>B#17+`. */
export const nameOfFlight = ({ from, to, n, copy }: Named): string =>
  `${from}>${to}#${n}${copy ? '+' : ''}`;

/** `A B | C D E`; links cut in one direction only by name. */
export function cutWords(ids: readonly string[], cuts: readonly string[]): string {
  const cut = new Set(cuts);
  const hears = (a: string, b: string) => !cut.has(`${a}>${b}`) || !cut.has(`${b}>${a}`);
  const sides: string[][] = [];
  for (const id of ids) {
    const side = sides.find((some) => some.every((other) => hears(id, other)));
    if (side) side.push(id);
    else sides.push([id]);
  }
  const oneWay = cuts.filter((name) => !cut.has(name.split('>').reverse().join('>')));
  return [
    ...(sides.length > 1 ? [`partition: ${sides.map((side) => side.join(' ')).join(' | ')}`] : []),
    ...(oneWay.length > 0
      ? [`cut: ${oneWay.map((name) => name.replace('>', '→')).join(', ')}`]
      : []),
  ].join(' · ');
}

/** Between neighbours that cannot hear each other a line; what else is cut is said in words. */
export function wallsOf(
  ids: readonly string[],
  cuts: readonly string[],
  place: { readonly gap: number; readonly top: number; readonly height: number },
): Shape[] {
  if (cuts.length === 0) return [];
  const { gap, top, height } = place;
  const cut = new Set(cuts);
  const both = (a: string, b: string) => cut.has(`${a}>${b}`) && cut.has(`${b}>${a}`);
  const walls = ids.slice(1).flatMap((id, i): Shape[] => {
    const before = ids[i] ?? '';
    if (!both(before, id)) return [];
    return [
      {
        key: `wall:${before}${id}`,
        kind: 'wall',
        x: (i + 1) * gap,
        y: top,
        w: 0,
        h: 0,
        to: { x: (i + 1) * gap, y: top + height },
        tone: 'fault',
        legend: 'fault',
        aria: `the network is cut between ${before} and ${id}`,
      },
    ];
  });
  const said: Shape = {
    key: 'cuts',
    kind: 'label',
    x: (ids.length * gap) / 2,
    y: top - 6,
    w: 0,
    h: 0,
    align: 'middle',
    tone: 'fault',
    text: cutWords(ids, cuts),
    legend: 'fault',
  };
  return [...walls, said];
}

/** Several messages between the same two fly one above the other; `flat` below 1: all of them lower. */
export function arcs(
  flat = 1,
): (from: Point, to: Point, pair: readonly [string, string]) => number {
  const lanes = new Map<string, number>();
  return (from, to, pair) => {
    const name = [...pair].sort().join();
    const nth = lanes.get(name) ?? 0;
    lanes.set(name, nth + 1);
    return flat * (22 + Math.min(Math.abs(to.x - from.x) * 0.1, 70) + nth * 13);
  };
}
