// Paints a swarm: one canvas within the drawing, as sharp as the screen, on which a message is a
// point and a node a circle with its name. A cluster in a bad network has thousands of messages under
// way; as shapes of their own they would be thousands of elements to join, style and lay out.

import { nearestIn, whereAt } from '../scene/arc.ts';
import type { Swarm } from '../scene/scene.ts';
import { inksOf } from './lanes.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** So many points are drawn smaller, or they would be one patch. */
const MANY = 600;

type Ends = readonly [x: number, y: number, toX: number, toY: number];

export function swarmOn(g: SVGGElement): (swarm: Swarm, ends: Ends, now: number) => void {
  const frame = document.createElementNS(SVG, 'foreignObject');
  const canvas = document.createElement('canvas');
  canvas.className = 'swarm-canvas';
  frame.append(canvas);
  g.append(frame);
  const context = canvas.getContext('2d');
  let shown: { swarm: Swarm; now: number } | undefined;
  // What is under the hand is what a click selects.
  g.addEventListener('pointermove', ({ clientX, clientY }) => {
    const matrix = g.getScreenCTM()?.inverse();
    if (!matrix || !shown) return;
    const at = new DOMPoint(clientX, clientY).matrixTransform(matrix);
    const select = nearestIn(shown.swarm, shown.now, at.x, at.y);
    if (select) g.dataset.select = select;
    else delete g.dataset.select;
  });
  return (swarm, ends, now) => {
    shown = { swarm, now };
    const [x, y, toX, toY] = ends;
    if (!context || toX <= x || toY <= y) return;
    const [w, h] = [toX - x, toY - y];
    for (const [name, value] of Object.entries({ x, y, width: w, height: h }))
      frame.setAttribute(name, String(value));
    const zoom = (g.getScreenCTM()?.a ?? 1) * (devicePixelRatio || 1);
    const [width, height] = [Math.ceil(w * zoom), Math.ceil(h * zoom)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.setTransform(zoom, 0, 0, zoom, -x * zoom, -y * zoom);
    context.clearRect(x, y, w, h);
    const inks = inksOf(g);
    const size = swarm.flights.length > MANY ? 3 : 5;
    for (const tone of new Set(swarm.flights.map((flight) => flight.tone))) {
      context.fillStyle = inks.tone[tone];
      context.beginPath();
      for (const flight of swarm.flights) {
        if (flight.tone !== tone) continue;
        const at = whereAt(flight, now);
        context.rect(at.x - size / 2, at.y - size / 2, size, size);
      }
      context.fill();
    }
    context.textAlign = 'center';
    context.font = `600 12px ${inks.sans}`;
    for (const { x: nx, y: ny, r, text, tone, lit, crossed } of swarm.nodes) {
      context.beginPath();
      context.arc(nx, ny, r, 0, 2 * Math.PI);
      context.fillStyle = inks.paper;
      context.fill();
      context.lineWidth = lit ? 3 : 1.5;
      context.setLineDash(crossed ? [4, 3] : []);
      context.strokeStyle = inks.tone[lit ? 'lamp' : crossed ? 'fault' : tone];
      context.stroke();
      context.fillStyle = inks.ink;
      context.fillText(text, nx, ny + 4);
    }
    context.setLineDash([]);
  };
}
