// What a screen needs of a lab: its picture, the picture in words, and its choreography.

import type { AnyEvent } from '../../engine/run/lab.ts';
import type { ShownMoment } from '../player/types.ts';
import type { Trace } from '../scene/lanes.ts';
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

/** A row of what is known of an actor. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** It changed at this moment. */
  readonly changed?: boolean;
}

/** Something that can be done to what is selected: a line of the script. */
export interface Action {
  readonly label: string;
  readonly line: string;
  readonly help: string;
}

/** What a lab of actors tells the inspector about what is selected: a node, a message, a client. */
export interface Inspected {
  readonly title: string;
  readonly key: string;
  /** Its role as a statechart: where it is, and where it came from. */
  readonly chart?: {
    readonly states: readonly string[];
    readonly arrows: readonly {
      readonly from: string;
      readonly to: string;
      readonly text: string;
    }[];
    readonly now: string;
    /** By state: its column and row; absent: all in one row. */
    readonly places?: Readonly<Record<string, readonly [column: number, row: number]>>;
  };
  readonly sections: readonly { readonly heading: string; readonly facts: readonly Fact[] }[];
  readonly actions: readonly Action[];
  /** What stands above the actions, where they are not done to what is selected. */
  readonly heading?: string;
  /** What else can be selected: its name, and its key. */
  readonly others: readonly { readonly key: string; readonly text: string }[];
}

export type InspectActors<E extends AnyEvent = AnyEvent, V = unknown> = (
  moment: ShownMoment<E, V>,
  selection: string | undefined,
) => Inspected;

/** What a lab of actors adds to a picture. */
export interface Actors<E extends AnyEvent = AnyEvent, V = unknown> {
  readonly inspect: InspectActors<E, V>;
  /** Of a lab where time passes: who has a lane, top down. */
  readonly lanes?: (moment: ShownMoment<E, V>) => readonly string[];
  readonly trace?: (event: E) => Trace;
}

export interface Picture<E extends AnyEvent = AnyEvent, V = unknown> {
  readonly name: string;
  readonly view: View<E, V>;
  twin(moment: ShownMoment<E, V>): readonly TwinNode[];
  /** Loaded when it is first shown. */
  choreography(): Promise<Choreography>;
  /** Of a lab of actors. */
  readonly actors?: Actors<E, V>;
}

/** Forgets the lab's own types: a screen hands back the moments that came from the same lab. */
export const pictureOf = <E extends AnyEvent, V>(picture: Picture<E, V>): Picture =>
  picture as unknown as Picture;
