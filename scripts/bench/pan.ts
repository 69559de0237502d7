/**
 * A hand on the picture of a large tree: dragged to and fro and zoomed in and out, once on the stage
 * and once on a plain SVG group with the same boxes and words, moved by d3-zoom as its documentation
 * shows it. Both get the same real events, one a frame.
 */
import { select, type ZoomTransform, zoom, zoomIdentity } from 'd3';
import { mountStage } from '../../app/draw/stage.ts';
import { read, under } from '../../app/labs/btree/reading.ts';
import { view } from '../../app/labs/btree/view.ts';
import type { Scene } from '../../app/scene/scene.ts';
import { type Frames, fpsOf, longWhile, none, play } from './frames.ts';
import { emptyRun, shownAt } from './shown.ts';

const LOOK = { width: 1280, height: 760 };

export interface Moved {
  readonly pages: number;
  /** Shapes of the scene. */
  readonly shapes: number;
  /** Frames a second while it is dragged, and while it is zoomed. */
  readonly pan: number;
  readonly zoom: number;
  /** Tasks of the main thread over 50 ms meanwhile, in ms. */
  readonly long: readonly number[];
}

let large: { readonly scene: Scene; readonly pages: number } | undefined;

/** A tree of some 2,000 pages, as the view draws it. */
function largeTree() {
  if (!large) {
    const timeline = emptyRun();
    timeline.append({ kind: 'bulk', count: 21_000, order: 'random', done: 0 });
    timeline.append({ kind: 'commit' });
    const moment = shownAt(timeline, timeline.length - 1);
    const { root } = read(moment);
    large = { scene: view(moment, LOOK), pages: root ? under(root).length : 0 };
  }
  return large;
}

async function hand(target: Element, ms: number): Promise<{ pan: number; zoom: number }> {
  const view = window;
  const [clientX, clientY] = [LOOK.width / 2, LOOK.height / 2];
  const at = { clientX, clientY, bubbles: true, cancelable: true, view };
  const mouse = (on: EventTarget, type: string, more: MouseEventInit = {}) =>
    on.dispatchEvent(new MouseEvent(type, { ...at, ...more }));
  const frames = (): Frames => none();
  const [pan, wheel] = [frames(), frames()];
  mouse(target, 'mousedown');
  await play(
    ms,
    (t) =>
      mouse(window, 'mousemove', {
        clientX: clientX + 300 * Math.sin(6 * Math.PI * t),
        clientY: clientY + 90 * Math.sin(4 * Math.PI * t),
      }),
    pan,
  );
  mouse(window, 'mouseup');
  await play(
    ms,
    (t) => {
      const deltaY = 24 * Math.cos(8 * Math.PI * t);
      target.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY }));
    },
    wheel,
  );
  return { pan: fpsOf(pan), zoom: fpsOf(wheel) };
}

export async function panStage(svg: SVGSVGElement, ms: number): Promise<Moved> {
  const { scene, pages } = largeTree();
  const stage = mountStage(svg, { still: false });
  stage.resize(LOOK.width, LOOK.height);
  stage.show(scene);
  await play(600, () => {});
  const { done, long } = await longWhile(() => hand(svg, ms));
  stage.destroy();
  return { pages, shapes: scene.shapes.length, ...done, long };
}

export async function panPlain(svg: SVGSVGElement, ms: number): Promise<Moved> {
  const { scene, pages } = largeTree();
  const root = select<SVGSVGElement, unknown>(svg);
  root.selectAll('*').remove();
  const world = root.append('g');
  for (const { kind, x, y, w, h, to, text } of scene.shapes) {
    if (kind === 'edge' && to) {
      const middle = (y + to.y) / 2;
      world
        .append('path')
        .attr('d', `M${x} ${y}C${x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`)
        .attr('fill', 'none')
        .attr('stroke', '#99a');
    } else if (w > 0 && h > 0)
      world
        .append('rect')
        .attr('x', x)
        .attr('y', y)
        .attr('width', w)
        .attr('height', h)
        .attr('rx', 1.5)
        .attr('fill', '#eef')
        .attr('stroke', '#446');
    if (text && w > 12)
      world
        .append('text')
        .attr('x', x + 4)
        .attr('y', y + 14)
        .attr('font-size', 11)
        .text(text);
  }
  const behaviour = zoom<SVGSVGElement, unknown>().on(
    'zoom',
    ({ transform }: { transform: ZoomTransform }) => world.attr('transform', `${transform}`),
  );
  const k = Math.min(LOOK.width / scene.width, LOOK.height / scene.height);
  const start = zoomIdentity.translate(LOOK.width / 2, -scene.top * k).scale(k);
  root.call(behaviour).call(behaviour.transform, start);
  await play(600, () => {});
  const { done, long } = await longWhile(() => hand(svg, ms));
  root.on('.zoom', null).selectAll('*').remove();
  return { pages, shapes: scene.shapes.length, ...done, long };
}
