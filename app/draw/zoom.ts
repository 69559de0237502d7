// Moving the camera by hand: wheel, pinch and drag, by d3-zoom. A file of its own, because the front
// page's picture stands still and should not load it; the stage asks for it when somebody may zoom.

import { select, ZoomTransform, zoom } from 'd3';
import type { Camera } from './stage.ts';

export interface Gestures {
  /** The camera was moved in another way: the next gesture begins here. */
  place(camera: Camera): void;
  /** How far the picture can be dragged: its least and its greatest point. */
  bound(extent: [[number, number], [number, number]]): void;
}

export interface Hand {
  readonly limits: [least: number, most: number];
  /** It takes hold of the picture, or lets go. */
  held(holds: boolean): void;
  moved(to: Camera): void;
  /** The movement is over. */
  rested(): void;
}

export function hearGestures(
  surface: HTMLElement & { __zoom?: ZoomTransform },
  { limits, held, moved, rested }: Hand,
): Gestures {
  const behaviour = zoom<HTMLElement, unknown>()
    .scaleExtent(limits)
    .filter((event: MouseEvent) => !event.button && event.type !== 'dblclick')
    .clickDistance(5)
    .on('start', () => held(true))
    .on('zoom', ({ transform: { k, x, y } }: { transform: Camera }) => moved({ k, x, y }))
    .on('end', () => {
      held(false);
      rested();
    });
  select(surface).call(behaviour).style('touch-action', 'none');
  return {
    place({ k, x, y }) {
      // d3-zoom keeps its transform on the element; its own way to set it would tell the listeners.
      surface.__zoom = new ZoomTransform(k, x, y);
    },
    bound(extent) {
      behaviour.translateExtent(extent);
    },
  };
}
