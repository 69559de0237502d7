// What the screen knows of an open lab, and what it may ask of it. The engine itself runs in a
// worker; here is only what a panel draws from (a zustand store) and the verbs that a panel calls.
// Nothing in the store changes per animation frame: movement goes to the Screen, by the player's clock.

import type { StoreApi } from 'zustand/vanilla';
import type { DiskImage } from '../../engine/disk/image.ts';
import type { LabInfo, Series } from '../../engine/run/host.ts';
import type {
  AnyEvent,
  Caption,
  ForeignFile,
  FoundProblem,
  Metric,
  SettingValue,
  Setup,
  SourceRef,
  TreeInfo,
} from '../../engine/run/lab.ts';

export type { LabInfo, Series, TreeInfo };

/** A moment as the page holds it: the real bytes, and what was said of it. */
export interface ShownMoment<E extends AnyEvent = AnyEvent, V = unknown> {
  readonly index: number;
  /** `13.4`: the 4th moment of command 13. The opening is `0.1`. */
  readonly name: string;
  readonly command: number;
  readonly step: number;
  readonly event: E;
  readonly caption: Caption;
  readonly image: DiskImage;
  readonly value: V;
  readonly metrics: readonly Metric[];
  readonly source: SourceRef;
  readonly problems: readonly FoundProblem[];
}

/** One command of the branch on screen. */
export interface CommandLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Index of its first moment, and how many it has. */
  readonly first: number;
  readonly moments: number;
  /** What a reading command returned. */
  readonly result?: unknown;
}

export interface Branch {
  readonly name: string;
  /** The branch it left, and the last command that both share; absent for `main`. */
  readonly parent?: string;
  readonly from?: number;
  /** Number of commands. */
  readonly commands: number;
  readonly moments: number;
  /** Index of the first moment at which it differs from its parent. */
  readonly differs?: number;
}

/** What the timeline bar draws: one byte a moment (an index into LabInfo.kinds). */
export interface Outline {
  readonly length: number;
  readonly kinds: Uint8Array;
}

export type Saved =
  /** Nothing to save yet, or a lab that is not kept (the hero, an imported file). */
  | { readonly state: 'unsaved' }
  | { readonly state: 'saving' }
  /** The transaction's `complete` was seen. `at`: milliseconds since 1970. */
  | { readonly state: 'saved'; readonly syncs: number; readonly at: number }
  /** Another tab owns the workspace: look, do not keep. */
  | { readonly state: 'read-only'; readonly why: string }
  | { readonly state: 'failed'; readonly why: string };

export interface Notice {
  readonly id: string;
  readonly tone: 'info' | 'warning' | 'fault';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

export interface SessionState {
  /** `working`: a long command runs; the moments that exist can be looked at. */
  readonly phase: 'opening' | 'ready' | 'working' | 'failed';
  /** Why the lab could not be opened, or why it stopped, in words. */
  readonly trouble?: string;
  /** A text that cannot be opened without a file of the reader's. */
  readonly wants?: { readonly file: ForeignFile; readonly text: string };
  readonly notices: readonly Notice[];
  readonly info: LabInfo;
  readonly setup: Setup;
  readonly title: string;
  /** The comment at the head of the scenario, paragraph by paragraph. */
  readonly prose: readonly string[];
  readonly lines: readonly CommandLine[];
  readonly branches: readonly Branch[];
  readonly branch: string;
  readonly outline: Outline;
  readonly problems: readonly FoundProblem[];
  /** Digest of the end of the branch on screen. */
  readonly digest: string;
  /** Workers in which nodes of the lab live; 0: it has none, or nothing was done live yet. */
  readonly actors: number;
  /** The moment on screen (during a step: the one it goes to). */
  readonly moment?: ShownMoment;
  readonly playing: boolean;
  /** The picture has landed, and nothing is on its way. */
  readonly resting: boolean;
  /** The last moment that may be shown, where something is to be answered first. */
  readonly held?: number;
  /** The two branches that the scenario wants to be seen side by side. */
  readonly compare?: readonly [string, string];
  /** 0.25 to 16. */
  readonly speed: number;
  /** The process whose next beginning `nextOf` looks for: `split`. */
  readonly process: string;
  /** Scene key of what is selected (`page:5`, `cell:kv:29`), and the byte range chosen in the hex view. */
  readonly selection?: string;
  readonly bytes?: { readonly from: number; readonly to: number };
  /** Legend entry that is isolated (hovered or focused). */
  readonly marked?: string;
  readonly saved: Saved;
  /** The name that this run is kept under, once it is. */
  readonly workspace: string | undefined;
  /** How far a long run has come, for a progress line; absent when nothing runs. */
  readonly progress?: { readonly commands: number; readonly moments: number };
}

/** What draws movement. One a session, attached by the stage. */
export interface Screen {
  /** Makes ready to go from one moment to another; returns how long that takes at 1×, in ms (0: a cut). */
  prepare(from: ShownMoment | undefined, to: ShownMoment): number;
  /** Draws the movement at t from 0 to 1. Pure in t. */
  draw(t: number): void;
}

export interface Session {
  readonly store: StoreApi<SessionState>;
  attach(screen: Screen): () => void;

  // Transport. Each interrupts what is playing and lands at once.
  step(): void;
  back(): void;
  nextCommand(): void;
  previousCommand(): void;
  home(): void;
  end(): void;
  play(): void;
  pause(): void;
  /** While scrubbing, moments are cut to, not moved to. */
  seek(index: number): void;
  /** To the next (or previous) moment at which the process begins. False: there is none. */
  nextOf(process: string, direction?: 1 | -1): Promise<boolean>;
  setSpeed(speed: number): void;
  setProcess(process: string): void;

  /** Shows nothing beyond that moment until it is called again; with nothing, all may be shown. */
  hold(index: number | undefined): void;
  /** A moment of the branch on screen, to be read and not shown. */
  peek(index: number): Promise<ShownMoment>;

  /** Chunks of an imported file that the picture lacks: they are loaded, and the moment is shown again. */
  want(file: string, chunks: readonly number[]): void;

  select(key: string | undefined): void;
  selectBytes(range: { from: number; to: number } | undefined): void;
  mark(entry: string | undefined): void;

  // The script. Each answers with the sentence of a complaint, or nothing when all went well.
  submit(line: string): Promise<string | undefined>;
  editLine(command: number, text: string): Promise<string | undefined>;
  moveLine(command: number, to: number): Promise<string | undefined>;
  removeLine(command: number): Promise<string | undefined>;
  setSetting(name: string, value: SettingValue): Promise<string | undefined>;
  setSabotage(name: string, on: boolean): Promise<string | undefined>;
  setSeed(seed: number): Promise<string | undefined>;
  /** A new branch that leaves after `command` (commands 1..command are shared), optionally with a line of its own. */
  whatIf(command: number, line?: string): Promise<string | undefined>;
  /**
   * Does a line at the moment on screen: at the end of the branch it is its next line, else a new
   * branch leaves there.
   */
  actHere(line: string): Promise<string | undefined>;
  /** A branch of that name with all of these lines; the picture goes to its end. */
  branchOff(name: string, lines: readonly string[]): Promise<string | undefined>;
  /** The events of moments `from` up to, not including, `to`, of the branch on screen. */
  events(from: number, to: number): Promise<readonly AnyEvent[]>;
  /** A new branch in which the power is cut at the moment on screen. */
  dieHere(): Promise<string | undefined>;
  switchBranch(name: string): Promise<void>;
  removeBranch(name: string): Promise<void>;
  /** Goes to the first moment at which the branch on screen differs from its parent. */
  goToDifference(): void;
  /** Replaces the whole scenario by another text. `unkept`: what is then changed is not kept either. */
  load(text: string, options?: { readonly unkept?: boolean }): Promise<string | undefined>;
  /** The whole scenario as text, branches included; with the moment on screen as its `at`. */
  text(): Promise<string>;

  // In and out.
  share(): Promise<{ readonly url: string; readonly tooLong: boolean; readonly text: string }>;
  /** Goes on under another name; what was kept before stays as it is. */
  saveAs(name: string): Promise<string | undefined>;
  /** Gives what is kept of this run another name. */
  rename(name: string): Promise<string | undefined>;
  /** Removes what is kept of this run, and keeps nothing from now on. */
  discard(): Promise<void>;
  /** The lab's metrics over the whole branch; nothing when a newer request came meanwhile. */
  series(samples: number): Promise<Series | undefined>;
  /** What an opened file holds, to choose from by the setting `table`. */
  trees(): Promise<readonly TreeInfo[]>;
  /** `alone`: in one file that needs none beside it. */
  exportFiles(
    alone?: boolean,
  ): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]>;
  dismiss(notice: string): void;
  /** Ends a runaway worker and opens the lab again at the last good command. */
  restart(): void;
  close(): void;
}
