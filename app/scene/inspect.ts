// What a lab tells the inspector about the thing that is selected: its bytes, and what each of them
// means. The hex view, the layout bar and the table of fields all draw from this, so they agree.

import type { AnyEvent } from '../../engine/run/lab.ts';
import type { ShownMoment } from '../player/types.ts';
import type { Tone, Wants } from './scene.ts';

export interface InspectedField {
  readonly name: string;
  readonly value: string;
  readonly help: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** A stretch of bytes with one meaning. Regions tile the bytes: no gap, no overlap. */
export interface InspectedRegion {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly tone: Tone;
  /** `cell 2: key 29`. */
  readonly label: string;
  /** The scene key that it is selected by, and that lights it. */
  readonly key?: string;
  readonly fields?: readonly InspectedField[];
  readonly fault?: string;
}

/** Where bytes are looked at: as the process sees them, or as they would survive a power cut. */
export type Layer = 'memory' | 'file';

export interface Inspected {
  /** What names it among its like, for the tab: `Page 5`. */
  readonly title: string;
  /** `page:5`; stays while something inside it is selected. */
  readonly key: string;
  /** The scene key of what is selected inside it, where something is. */
  readonly inside?: string;
  /** What the first table shows: `b-tree page header`. */
  readonly heading: string;
  readonly summary: readonly { readonly name: string; readonly value: string }[];
  /** Absent: there is nothing to show in this layer, and `why` says so. */
  readonly bytes?: Uint8Array;
  readonly why?: string;
  /** Bytes that could be had: the inspector asks the session for them. */
  readonly wants?: Wants;
  readonly regions: readonly InspectedRegion[];
  /** Whether the two layers differ, in words: `not yet in the file`. */
  readonly durability?: string;
  /** Keys of its neighbours, for stepping through. */
  readonly previous?: string;
  readonly next?: string;
}

/** Pure: the moment's bytes in, their meaning out. */
export type Inspect<E extends AnyEvent = AnyEvent, V = unknown> = (
  moment: ShownMoment<E, V>,
  selection: string | undefined,
  layer: Layer,
) => Inspected;
