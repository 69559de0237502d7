// A scene: the picture of one moment as plain data. A View makes it from the engine's bytes and
// nothing else; the stage draws it; a test prints it as text. Coordinates are in scene units (CSS
// pixels at zoom 1), y downward, the origin wherever the view likes: the stage fits and pans.
//
// A shape's key says what the thing *is* (`page:5`, `cell:kv:29`), never where it is: by its key it
// keeps its identity from one moment to the next and its movement means something. A shape may ride
// `on` another (a cell on its page): all places are absolute all the same, but when the page moves
// the cell moves with it, and when the cell changes pages it flies from the one to the other.

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
  /** A node of a cluster: a porthole. */
  | 'node'
  /** A message on its way: from (x, y) to `to`; w is how far it has come, in per cent, h its height. */
  | 'flight'
  /** A padlock: closed, or `quiet`: open. */
  | 'lock'
  /** What parts the network: a line from (x, y) to `to`. */
  | 'wall'
  /** Messages and nodes beyond counting, painted as one: w is the time, in µs. */
  | 'swarm'
  | 'caption';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly tone: Tone;
  readonly lit?: boolean;
}

export interface Shape {
  readonly key: string;
  readonly kind: ShapeKind;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly tone: Tone;
  readonly text?: string;
  /** Second, quieter text (a page's kind, a free count). Left out where there is no room. */
  readonly note?: string;
  /** Where text stands about x: a label's only. */
  readonly align?: 'start' | 'middle' | 'end';
  /** Not yet durable. */
  readonly dashed?: boolean;
  /** The engine is here. */
  readonly lit?: boolean;
  readonly hatched?: boolean;
  /** Not in memory: drawn from the file, quieter. */
  readonly quiet?: boolean;
  /** Damaged: drawn with a cross. */
  readonly crossed?: boolean;
  /** 0 to 1. */
  readonly opacity?: number;
  /** The shape that carries this one. */
  readonly on?: string;
  /** An edge's other end, absolute, and the shape that carries it. */
  readonly to?: Point;
  readonly toOn?: string;
  /**
   * Segments of a physical layout bar, in fractions of its width; what is between them is free. Of a
   * slot, or of a page too narrow for its cells, the first one's tone says what it holds.
   */
  readonly segments?: readonly Segment[];
  /** Of a flight: where its words stand, from where it is. */
  readonly words?: Point;
  readonly swarm?: Swarm;
  /** Legend entries it belongs to, by spaces. */
  readonly legend?: string;
  /** What is selected when it is clicked; absent: nothing. */
  readonly select?: string;
  /** Where it comes from when it appears, and goes when it vanishes: a key of the other scene. */
  readonly from?: string;
  readonly into?: string;
  /** Words for a screen reader and for the scene as text. */
  readonly aria?: string;
}

/** What is too much for a shape each. */
export interface Swarm {
  readonly flights: readonly {
    readonly select: string;
    readonly from: Point;
    readonly to: Point;
    readonly high: number;
    /** When it was sent and when it arrives, in µs. */
    readonly sentAt: number;
    readonly at: number;
    readonly tone: Tone;
  }[];
  readonly nodes: readonly {
    readonly select: string;
    readonly x: number;
    readonly y: number;
    readonly r: number;
    readonly text: string;
    readonly tone: Tone;
    readonly lit: boolean;
    readonly crossed: boolean;
  }[];
}

/** How the nodes of a cluster stand: a wish of whoever looks, and no part of the run. */
export interface Arrangement {
  readonly form: 'row' | 'ring';
  /** Who stands first: names that are not here follow in their own order. */
  readonly order: readonly string[];
}

/** Every page with its cells; or those that matter now, and the others as narrow bars around them. */
export type Detail = 'cells' | 'bars';

/** Chunks of a file that is read from elsewhere: what a view or an inspector lacks. */
export interface Wants {
  readonly file: string;
  readonly chunks: readonly number[];
}

export interface Scene {
  readonly shapes: readonly Shape[];
  /** What the camera fits: the box from (left, top), width by height. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly detail: Detail;
  readonly legend: readonly {
    readonly entry: string;
    readonly tone: Tone;
    readonly text: string;
    /** Drawn dashed, hatched: as the shapes that it stands for. */
    readonly dashed?: boolean;
    readonly hatched?: boolean;
  }[];
  /** Keys that the camera should keep in sight: the focus of this moment. */
  readonly focus: readonly string[];
  /** Of one of many alike in a row (page after page of a commit): how much of the usual time it takes. */
  readonly pace?: number;
  /** What the view could not draw, in words. */
  readonly unsaid?: readonly string[];
  /** What it tried to read and has not: the stage asks the session for it. At most 256 chunks. */
  readonly wants?: Wants;
}

export interface Look {
  /** Of the stage, in screen pixels. */
  readonly width: number;
  readonly height: number;
  /** Asked for by somebody who zoomed; absent: the richest that fits. */
  readonly detail?: Detail;
  /** No caption will stand on the stage, so no room is kept for it. */
  readonly uncaptioned?: boolean;
  /** Only the picture: no words around it, and nothing in it that the story does not need. */
  readonly plain?: boolean;
  /** Scene key of what is selected: it is drawn in full. */
  readonly selected?: string;
  readonly arrangement?: Arrangement;
}

export type View<E extends AnyEvent = AnyEvent, V = unknown> = (
  moment: ShownMoment<E, V>,
  look: Look,
) => Scene;

/** The shapes by key. Two shapes with one key would be one thing in two places: a bug of the view. */
export function byKey(scene: Scene): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const shape of scene.shapes) {
    if (shapes.has(shape.key)) throw new Error(`two shapes of a scene are called ${shape.key}`);
    shapes.set(shape.key, shape);
  }
  return shapes;
}
