// The drawings of a cluster: a node as a porthole cut by the waterline, a message on its way, a wall
// between two sides of the network, a padlock. Only the stage uses them; it places each by its shape.
//
//        ·  · ●  ·  ·          a flight: from (x, y) to its `to`, w per cent of the way (below 0: the way alone), h high
//      ·               ·
//    ╭───╮           ╭───╮     a node: memory above the line, disk below it; its ring is a timer
//  ──┤ A ├───────────┤ B ├──   running out (segments[0]: how much is left)
//    ╰─2─╯           ╰─2─╯

import { alongArc } from '../scene/arc.ts';
import type { Shape } from '../scene/scene.ts';

interface Drawing {
  look?(shape: Shape): void;
  size?(w: number, h: number): void;
  path?(x: number, y: number, toX: number, toY: number): void;
}

const SVG = 'http://www.w3.org/2000/svg';

function add<K extends keyof SVGElementTagNameMap>(
  parent: Element,
  name: K,
  attributes: Record<string, string | number> = {},
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

const px = (value: number): string => String(Math.round(value * 100) / 100);

/** Which half a porthole's lower part is, in a circle of radius r about (r, r). */
const lowerHalf = (r: number): string =>
  `M1.5 ${px(r)}A${px(r - 1.5)} ${px(r - 1.5)} 0 0 0 ${px(2 * r - 1.5)} ${px(r)}z`;

export function node(g: SVGGElement): Drawing {
  const body = add(g, 'circle', { class: 'box' });
  const disk = add(g, 'path', { class: 'disk' });
  const rim = add(g, 'circle', { class: 'rim' });
  const ring = add(g, 'path', { class: 'ring' });
  const name = add(g, 'text', { class: 'name' });
  const term = add(g, 'text', { class: 'term' });
  const cross = add(g, 'path', { class: 'cross' });
  let shape: Shape | undefined;
  let r = 0;
  function write() {
    if (!shape || r <= 0) return;
    name.textContent = shape.text ?? '';
    term.textContent = shape.note ?? '';
    const left = shape.segments?.[0];
    const share = left ? Math.max(0, Math.min(0.999, left.to)) : 0;
    const R = r + 5.5;
    const angle = share * 2 * Math.PI - Math.PI / 2;
    ring.setAttribute(
      'd',
      share > 0.004
        ? `M${px(r)} ${px(r - R)}A${px(R)} ${px(R)} 0 ${share > 0.5 ? 1 : 0} 1 ${px(r + R * Math.cos(angle))} ${px(r + R * Math.sin(angle))}`
        : '',
    );
    ring.setAttribute('class', `ring tone-${left?.tone ?? 'muted'}`);
    const s = r * 0.42;
    cross.setAttribute(
      'd',
      shape.crossed
        ? `M${px(r - s)} ${px(r - s)}L${px(r + s)} ${px(r + s)}M${px(r + s)} ${px(r - s)}L${px(r - s)} ${px(r + s)}`
        : '',
    );
  }
  return {
    look(next) {
      shape = next;
      write();
    },
    size(w) {
      if (w === 2 * r) return;
      r = w / 2;
      for (const circle of [body, rim]) {
        circle.setAttribute('cx', px(r));
        circle.setAttribute('cy', px(r));
        circle.setAttribute('r', px(r));
      }
      disk.setAttribute('d', lowerHalf(r));
      for (const text of [name, term]) text.setAttribute('x', px(r));
      name.setAttribute('y', px(r - 6));
      term.setAttribute('y', px(r + 16));
      write();
    },
  };
}

/** Where words stand that nobody placed. */
const ABOVE = { x: 0, y: -11 };

export function flight(g: SVGGElement): Drawing {
  const way = add(g, 'path', { class: 'way' });
  const reach = add(g, 'circle', { class: 'reach' });
  const dot = add(g, 'circle', { class: 'dot' });
  const text = add(g, 'text', { class: 'words' });
  const cross = add(g, 'path', { class: 'cross' });
  let ends = [0, 0, 0, 0];
  let [w, h] = [0, 0];
  let shape: Shape | undefined;
  function place() {
    const [x, y, toX, toY] = ends as [number, number, number, number];
    way.setAttribute(
      'd',
      `M${px(x)} ${px(y)}Q${px((x + toX) / 2)} ${px((y + toY) / 2 - 2 * h)} ${px(toX)} ${px(toY)}`,
    );
    const share = Math.max(0, Math.min(1, w / 100));
    const { x: at, y: over } = alongArc(share, { x, y }, { x: toX, y: toY }, h);
    // Less than nothing of the way: there is the way alone.
    dot.setAttribute('r', w < 0 ? '0' : '6');
    reach.setAttribute('r', w < 0 ? '0' : '13');
    for (const circle of [dot, reach]) {
      circle.setAttribute('cx', px(at));
      circle.setAttribute('cy', px(over));
    }
    const { x: dx, y: dy } = shape?.words ?? ABOVE;
    text.setAttribute('x', px(at + dx));
    text.setAttribute('y', px(over + dy));
    cross.setAttribute(
      'd',
      shape?.crossed ? `M${px(at - 5)} ${px(over - 5)}l10 10m0 -10l-10 10` : '',
    );
  }
  return {
    look(next) {
      shape = next;
      text.textContent = next.text ?? '';
      place();
    },
    path(x, y, toX, toY) {
      ends = [x, y, toX, toY];
      place();
    },
    size(nextW, nextH) {
      [w, h] = [nextW, nextH];
      place();
    },
  };
}

export function wall(g: SVGGElement): Drawing {
  const line = add(g, 'path', { class: 'line' });
  return {
    path(x, y, toX, toY) {
      line.setAttribute('d', `M${px(x)} ${px(y)}L${px(toX)} ${px(toY)}`);
    },
  };
}

/** Thousands of messages, and a crowd of nodes: a canvas, whose painter comes when it is first needed. */
export function swarm(g: SVGGElement): Drawing {
  let shape: Shape | undefined;
  let ends: [number, number, number, number] = [0, 0, 0, 0];
  let now = 0;
  let paint = () => {};
  void import('./swarm.ts').then(({ swarmOn }) => {
    const draw = swarmOn(g);
    paint = () => shape?.swarm && draw(shape.swarm, ends, now);
    paint();
  });
  return {
    look(next) {
      shape = next;
      paint();
    },
    path(...next) {
      ends = next;
    },
    size(w) {
      now = w;
      paint();
    },
  };
}

/** In a box of 16 by 19; open, its shackle has left the body on the right. */
export function lock(g: SVGGElement): Drawing {
  const shackle = add(g, 'path', { class: 'shackle' });
  add(g, 'rect', { class: 'body', x: 1, y: 8, width: 14, height: 10.5, rx: 2 });
  add(g, 'path', { class: 'hole', d: 'M8 11.6v3.2' });
  return {
    look({ quiet }) {
      shackle.setAttribute('d', quiet ? 'M4 8V4.6a4 4 0 0 1 7.8 -1.2' : 'M4 8V5.4a4 4 0 0 1 8 0V8');
    },
  };
}
