// What lies on the reader's desk besides the page: which dialog is open, what was handed in to be
// opened next (a file, a pasted scenario), and what the open lab adds to the palette.

import { createStore } from 'zustand/vanilla';
import type { DatabaseFiles } from '../../engine/run/lab.ts';
import type { Session } from '../player/types.ts';

export interface PaletteItem {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  /** Quieter words behind the label, searched too. */
  readonly note?: string;
  readonly run: () => void;
}

/** Handed in from outside, to be opened by a lab screen. `serial` tells two of the same apart. */
export interface HandedIn {
  readonly serial: number;
  readonly lab: string;
  readonly text?: string;
  /** A backup: the workspace that the text becomes at once. */
  readonly keepAs?: string;
  readonly files?: DatabaseFiles<File>;
}

/** A scenario that could not be opened, and why: to be mended where it was pasted. */
export interface Draft {
  readonly text: string;
  readonly complaint: string;
}

export interface Desk {
  readonly draft: Draft | undefined;
  readonly dialog:
    | 'palette'
    | 'paste'
    | 'help'
    | 'share'
    | 'export'
    | 'open'
    | 'workspaces'
    | undefined;
  readonly handedIn: HandedIn | undefined;
  /** The scenario on screen that waits for its file. */
  readonly wanted: string | undefined;
  /** Counts the times that the same address is to be opened anew. */
  readonly again: number;
  /** The lab on screen. */
  readonly session: Session | undefined;
  readonly items: readonly PaletteItem[];
}

export const desk = createStore<Desk>(() => ({
  draft: undefined,
  dialog: undefined,
  handedIn: undefined,
  wanted: undefined,
  again: 0,
  session: undefined,
  items: [],
}));

export const openDialog = (dialog: Desk['dialog']): void => desk.setState({ dialog });

let serial = 0;
export function handIn(what: Omit<HandedIn, 'serial'>): void {
  serial++;
  desk.setState({ handedIn: { serial, ...what }, dialog: undefined, draft: undefined });
}

/** The lab that a scenario's text names; every lab until a text says otherwise. */
export function labOfText(text: string): string | undefined {
  return /^[ \t]*lab[ \t]+([a-z-]+)/m.exec(text)?.[1];
}
