// Hands and keys that move a node on the stage. A file of its own: the first picture does not need it.

import type { Shape } from '../scene/scene.ts';
import type { Placing } from './picture.ts';

/** A hand that has not moved so far, in pixels, has only pressed. */
const PRESSED = 6;

export interface Moved {
  /** As they stand. */
  nodes(): readonly Shape[];
  camera(): Placing;
  /** Brings a node to a place. */
  place(key: string, to: number): void;
  /** Brings it so many places on. */
  move(key: string, by: number): void;
}

export function hearHands(surface: HTMLElement, { nodes, camera, place, move }: Moved): () => void {
  let held: { key: string; pointer: number; x: number; y: number; moved: boolean } | undefined;
  /** The place whose node is nearest to the hand. */
  const nearest = ({ clientX, clientY }: PointerEvent): number => {
    const { left, top } = surface.getBoundingClientRect();
    const { k, x, y } = camera();
    const [px, py] = [(clientX - left - x) / k, (clientY - top - y) / k];
    const far = nodes().map((node) =>
      Math.hypot(node.x + node.w / 2 - px, node.y + node.h / 2 - py),
    );
    return far.indexOf(Math.min(...far));
  };
  const nodeAt = ({ target }: Event): string | undefined =>
    (target as Element).closest<SVGElement>('.node[data-key]')?.dataset.key;
  /** A hand on a node moves the node, and not the picture. */
  const keep = (event: Event): void => {
    if (nodeAt(event) !== undefined) event.stopPropagation();
  };
  const down = (event: PointerEvent): void => {
    const key = nodeAt(event);
    if (key === undefined || event.button !== 0) return;
    held = {
      key,
      pointer: event.pointerId,
      x: event.clientX,
      y: event.clientY,
      moved: false,
    };
  };
  const moving = (event: PointerEvent): void => {
    if (!held || event.pointerId !== held.pointer) return;
    const way = Math.hypot(event.clientX - held.x, event.clientY - held.y);
    if (!held.moved && way < PRESSED) return;
    if (!held.moved) surface.setPointerCapture(held.pointer);
    held.moved = true;
    const to = nearest(event);
    if (to >= 0) place(held.key, to);
  };
  const swallow = (event: Event): void => event.stopPropagation();
  const up = ({ pointerId }: PointerEvent): void => {
    if (held?.pointer !== pointerId) return;
    // The click that ends a drag selects nothing.
    if (held.moved) {
      surface.addEventListener('click', swallow, { capture: true, once: true });
      setTimeout(() => surface.removeEventListener('click', swallow, { capture: true }));
    }
    held = undefined;
  };
  const pressed = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const one = surface.querySelector<SVGElement>('.node.cursor, .node.selected')?.dataset.key;
    if (by === undefined || !event.shiftKey || !plain || one === undefined) return;
    move(one, by);
    event.preventDefault();
    event.stopPropagation();
  };
  const all = [
    ['mousedown', keep],
    ['touchstart', keep],
    ['pointerdown', down],
    ['pointermove', moving],
    ['pointerup', up],
    ['pointercancel', up],
    ['keydown', pressed],
  ] as [string, EventListener][];
  for (const [name, hears] of all) surface.addEventListener(name, hears, { capture: true });
  return () => {
    for (const [name, hears] of all) surface.removeEventListener(name, hears, { capture: true });
  };
}
