// What a screen needs of a lab: its picture, the picture in words, and its choreography.

import type { AnyEvent } from '../../engine/run/lab.ts';
import type { ShownMoment } from '../player/types.ts';
import type { View } from '../scene/scene.ts';
import type { Choreography } from './choreography.ts';

/** A node of the text twin: the picture as a nested list. */
export interface TwinNode {
  /** Of the shape that it stands for, or a name of its own. */
  readonly key: string;
  readonly text: string;
  /** What is selected by it. */
  readonly select?: string;
  readonly children: readonly TwinNode[];
}

export interface Picture<E extends AnyEvent = AnyEvent, V = unknown> {
  readonly name: string;
  readonly view: View<E, V>;
  twin(moment: ShownMoment<E, V>): readonly TwinNode[];
  /** Loaded when it is first shown. */
  choreography(): Promise<Choreography>;
}

/** Forgets the lab's own types: a screen hands back the moments that came from the same lab. */
export const pictureOf = <E extends AnyEvent, V>(picture: Picture<E, V>): Picture =>
  picture as unknown as Picture;
