// Where the caption's card stands: measured and placed by hand, once a step.

import { type Box, boxOf, type Camera } from '../draw/stage.ts';
import { alongArc } from '../scene/arc.ts';
import type { Scene, Shape } from '../scene/scene.ts';

/**
 * Puts the caption next to what changed: of the places around it, and of some that are always there,
 * the nearest that covers nothing; where each covers something, the one that covers least.
 */
export function putCaption(
  card: HTMLElement,
  frame: HTMLElement,
  scene: Scene,
  camera: Camera,
): void {
  card.style.opacity = '1';
  if (getComputedStyle(card).position !== 'absolute') {
    card.style.transform = '';
    return;
  }
  const [w, h] = [card.offsetWidth, card.offsetHeight];
  const [width, height] = [frame.clientWidth, frame.clientHeight];
  const focus = scene.shapes.find(({ key }) => key === scene.focus[0]);
  const near: Box = focus
    ? boxOf(focus, camera)
    : { x: width / 2, y: height / 3, width: 0, height: 0 };
  const obstacles: Box[] = [];
  const all: Box = { x: 0, y: 0, width, height };
  for (const shape of scene.shapes) {
    const box = COVERS[shape.kind] && boxOf(shape, camera);
    if (box && overlap(box, all) > 0) obstacles.push(box);
  }
  const labels = scene.shapes
    .filter(({ kind }) => kind === 'label')
    .map((shape) => {
      const { x, y } = boxOf(shape, camera);
      const length = (shape.text?.length ?? 0) * 5.8 * camera.k;
      const shift = shape.align === 'middle' ? length / 2 : shape.align === 'end' ? length : 0;
      return { x: x - shift, y: y - 11 * camera.k, width: length, height: 14 * camera.k };
    });
  obstacles.push(...labels);
  const origin = frame.getBoundingClientRect();
  for (const notice of frame.parentElement?.querySelectorAll('.notice, .twin > summary') ?? []) {
    const { x, y, width, height } = notice.getBoundingClientRect();
    obstacles.push({ x: x - origin.x, y: y - origin.y, width, height });
  }
  const lines = scene.shapes
    .filter(({ kind }) => kind === 'edge' || kind === 'flight')
    .flatMap((edge) => (edge.kind === 'edge' ? along(edge, camera) : ofMessage(edge, camera)));
  // Of thousands of messages some stand for all.
  for (const { swarm } of scene.shapes) {
    const every = Math.ceil((swarm?.flights.length ?? 0) / 40);
    for (const [i, { from, to, high }] of (swarm?.flights ?? []).entries())
      if (i % every === 0) lines.push(...ofMessage({ ...from, to, h: high }, camera));
  }
  const middle = near.x + near.width / 2;
  const gap = 14;
  const places: [number, number][] = [
    [middle - w / 2, near.y + near.height + gap],
    [middle - w / 2, near.y - h - gap],
    [near.x + near.width + gap, near.y + near.height / 2 - h / 2],
    [near.x - w - gap, near.y + near.height / 2 - h / 2],
  ];
  // Anywhere: a coarse net of places, the middle of the band below the leaves among them.
  for (let y = 52; y + h < height - 8; y += 18)
    for (const x of [16, width / 2 - w / 2, width - w - 16, middle - w / 2]) places.push([x, y]);
  let best: [number, number] = places[0] as [number, number];
  let least = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const x = Math.max(12, Math.min(width - w - 12, place[0]));
    const y = Math.max(50, Math.min(height - h - 10, place[1]));
    const box = { x: x - 6, y: y - 6, width: w + 12, height: h + 12 };
    let cost = Math.hypot(x + w / 2 - middle, y + h / 2 - near.y - near.height / 2);
    for (const other of obstacles) cost += 4 * overlap(box, other);
    for (const [px, py] of lines)
      if (px > box.x && px < box.x + box.width && py > box.y && py < box.y + box.height)
        cost += 160;
    if (cost < least) [best, least] = [[x, y], cost];
  }
  card.style.transform = `translate(${Math.round(best[0])}px, ${Math.round(best[1])}px)`;
}

const COVERS: Partial<Record<Shape['kind'], true>> = {
  page: true,
  slot: true,
  cell: true,
  node: true,
  lock: true,
};

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));

/** Points along the way of a message. */
function ofMessage(
  { x, y, to, h }: Pick<Shape, 'x' | 'y' | 'to' | 'h'>,
  { k, x: dx, y: dy }: Camera,
): [number, number][] {
  if (!to) return [];
  return [0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9].map((t) => {
    const at = alongArc(t, { x, y }, to, h);
    return [at.x * k + dx, at.y * k + dy];
  });
}

/** Points along a pointer. */
function along({ x, y, to }: Shape, { k, x: dx, y: dy }: Camera): [number, number][] {
  if (!to) return [];
  return [0.15, 0.35, 0.5, 0.65, 0.85].map((t) => {
    const s = t * t * (3 - 2 * t);
    return [(x + (to.x - x) * s) * k + dx, (y + (to.y - y) * t) * k + dy];
  });
}
