// What a screen needs of a lab: its picture, the picture in words, and its choreography.

import type { AnyEvent } from '../../engine/run/lab.ts';
import type { ShownMoment } from '../player/types.ts';
import type { Trace, Unplaced } from '../scene/lanes.ts';
import type { Arrangement, Scene, View } from '../scene/scene.ts';
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
  /** What can be done to all of it: time passes, the network heals, a storm. */
  readonly whole?: readonly Action[];
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
  /** Operations of clients that have no place in any order, as far as is known at a moment. */
  readonly unplaced?: (moment: ShownMoment<E, V>) => readonly Unplaced[];
}

export interface Picture<E extends AnyEvent = AnyEvent, V = unknown> {
  readonly name: string;
  readonly view: View<E, V>;
  twin(moment: ShownMoment<E, V>): readonly TwinNode[];
  /** Loaded when it is first shown. */
  choreography(): Promise<Choreography>;
  /** Of a lab of actors. */
  readonly actors?: Actors<E, V>;
  /** Where the nodes can be moved. */
  readonly arranging?: Arranging;
}

/** Where nodes stand is a wish of whoever looks: no line of the script, and kept from visit to visit. */
export interface Arranging {
  now(): Arrangement;
  subscribe(changed: () => void): () => void;
  /** Brings a node so many places on, around the corner too. */
  move(key: string, by: number, scene: Scene | undefined): void;
  setForm(form: Arrangement['form']): void;
  /** Hears hands and keys on the stage: a node is dragged along the row or the ring. */
  hear(surface: HTMLElement, scene: () => Scene | undefined, camera: () => Placing): () => void;
}

/** From scene units to pixels on the stage. */
export interface Placing {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

/** Forgets the lab's own types: a screen hands back the moments that came from the same lab. */
export const pictureOf = <E extends AnyEvent, V>(picture: Picture<E, V>): Picture =>
  picture as unknown as Picture;
