// Where the words of messages stand. Messages that leave a node together are at one place at first:
// the same words are said once for all of them, and others give way to each other, to the nodes and
// to what stands there already. Words that find no room are left out; the list of messages has them.

import type { Point } from '../../scene/scene.ts';

export interface Named {
  readonly key: string;
  /** Where the message is. */
  readonly at: Point;
  readonly text: string;
  /** Alike, and from one sender: near each other they share their words. */
  readonly group: string;
}

export interface Taken {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Of a character of the words, and of a line of them. */
const CHARACTER = 6.4;
const LINE = 12;
const DOT = 7;
/** Messages of a group that are nearer than that share their words. */
const NEAR = 44;

export function placeWords(
  names: readonly Named[],
  taken: readonly Taken[],
  room: { readonly left: number; readonly right: number; readonly top: number },
): Map<string, { readonly text: string; readonly words: Point }> {
  const bundles: { first: Named; count: number }[] = [];
  for (const name of names) {
    const near = bundles.find(
      ({ first }) =>
        first.group === name.group &&
        Math.hypot(first.at.x - name.at.x, first.at.y - name.at.y) < NEAR,
    );
    if (near) near.count++;
    else bundles.push({ first: name, count: 1 });
  }
  const boxes: Taken[] = [
    ...taken,
    ...names.map(({ at: { x, y } }) => ({ x: x - DOT, y: y - DOT, w: 2 * DOT, h: 2 * DOT })),
  ];
  const said = new Map<string, { text: string; words: Point }>();
  for (const { first, count } of bundles) {
    const text = count > 1 ? `${first.text} ×${count}` : first.text;
    const long = text.length * CHARACTER;
    const side = long / 2 + DOT + 4;
    for (const [dx, dy] of [
      [0, -11],
      [side, 4],
      [-side, 4],
      [0, 20],
      [side, -10],
      [-side, -10],
      [0, -24],
      [side, 18],
      [-side, 18],
      [0, -37],
    ] as const) {
      const box = {
        x: first.at.x + dx - long / 2,
        y: first.at.y + dy - LINE + 2,
        w: long,
        h: LINE,
      };
      const inside = box.x >= room.left && box.x + box.w <= room.right && box.y >= room.top;
      if (!inside || boxes.some((other) => meet(box, other))) continue;
      boxes.push(box);
      said.set(first.key, { text, words: { x: dx, y: dy } });
      break;
    }
  }
  return said;
}

const meet = (a: Taken, b: Taken): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
