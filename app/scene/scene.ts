// A scene: the picture of one moment as plain data. A View makes it from the engine's bytes and
// nothing else; the stage draws it; a test prints it as text. Coordinates are in scene units (CSS
// pixels at zoom 1), y downward, the origin wherever the view likes: the stage fits and pans.
//
// A shape's key says what the thing *is* (`page:5`, `cell:kv:29`), never where it is: by its key it
// keeps its identity from one moment to the next and its movement means something.

import type { AnyEvent } from '../../engine/run/lab.ts';
import type { ShownMoment } from '../player/types.ts';

/** Meaning, not colour: tokens give each a colour in both themes (LOOK.md, section 2). */
export type Tone =
  | 'plain'
  | 'key'
  | 'separator'
  | 'dirty'
  | 'durable'
  | 'fault'
  | 'free'
  | 'muted'
  | 'lamp';

export type ShapeKind =
  | 'page'
  | 'cell'
  | 'edge'
  | 'bar'
  | 'slot'
  | 'label'
  | 'water'
  | 'glow'
  | 'caption';

export interface Shape {
  readonly key: string;
  readonly kind: ShapeKind;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly tone: Tone;
  readonly text?: string;
  /** Second, quieter text (a page's kind, a free count). */
  readonly note?: string;
  /** Not yet durable. */
  readonly dashed?: boolean;
  /** The engine is here. */
  readonly lit?: boolean;
  readonly hatched?: boolean;
  /** 0 to 1. */
  readonly opacity?: number;
  /** An edge's other end, absolute. */
  readonly to?: { readonly x: number; readonly y: number };
  /** Segments of a physical layout bar, in fractions of its width. */
  readonly segments?: readonly {
    readonly from: number;
    readonly to: number;
    readonly tone: Tone;
    readonly lit?: boolean;
  }[];
  /** Legend entry it belongs to. */
  readonly legend?: string;
  /** What is selected when it is clicked; absent: nothing. */
  readonly select?: string;
  /** Where it comes from when it appears, and goes when it vanishes: a key of the other scene. */
  readonly from?: string;
  readonly into?: string;
  /** Words for a screen reader and for the scene as text. */
  readonly aria?: string;
}

export interface Scene {
  readonly shapes: readonly Shape[];
  readonly width: number;
  readonly height: number;
  readonly legend: readonly {
    readonly entry: string;
    readonly tone: Tone;
    readonly text: string;
  }[];
  /** Keys that the camera should keep in sight: the focus of this moment. */
  readonly focus: readonly string[];
  /** What the view could not draw, in words. */
  readonly unsaid?: readonly string[];
}

export interface Look {
  readonly width: number;
  readonly height: number;
  /** Screen pixels per scene unit: below thresholds a view leaves out what cannot be read. */
  readonly zoom: number;
  readonly selection?: string;
}

export type View<E extends AnyEvent = AnyEvent, V = unknown> = (
  moment: ShownMoment<E, V>,
  look: Look,
) => Scene;
