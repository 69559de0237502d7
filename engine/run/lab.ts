// The one interface between an engine or protocol and everything that shows it: the timeline, the
// worker, the command line, the tests and the screen know labs only through this.
//
//   text ─ parse ─▶ C ─ run(S, C) ─▶ S ─ run ─▶ S …          S: immutable, cheap to keep
//                         │ note(event, state)
//                         ▼
//                      moments: an event, and the state that it left
//
// A command is done in *parts*: run() does one part and hands back what is left of the command as
// another command (`rest`). Between parts the state is whole, so the timeline can start again there
// and a fork can begin there. `bulk 500 random` is 500 parts of one put each; in a cluster every
// event is a part. A part marks one or more moments; moments inside a part can be seen, not continued from.

import type { Place } from '../base/assert.ts';
import type { DiskImage } from '../disk/image.ts';

/** What is decided before the first command. */
export interface Setup {
  readonly lab: string;
  /** Whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Every setting of the lab, defaults filled in. */
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly sabotage: readonly string[];
  /** A foreign database that this scenario opens; a link carries its name and hash, not its bytes. */
  readonly file?: ForeignFile;
}

export type SettingValue = number | string | boolean;

/** Which bytes are meant, without the bytes. */
export interface Fingerprint {
  /** Hexadecimal; absent as long as the file was not hashed. */
  readonly sha256?: string;
  readonly size: number;
}

/** What may lie beside a database, named after it: NAME-wal, NAME-journal. */
export const COMPANIONS = ['wal', 'journal'] as const;
export type Companion = (typeof COMPANIONS)[number];

/** A database and what lies beside it, as files of some kind. */
export type DatabaseFiles<F> = { readonly database: F } & Readonly<Partial<Record<Companion, F>>>;

export interface ForeignFile extends Fingerprint {
  readonly name: string;
  readonly beside?: Readonly<Partial<Record<Companion, Fingerprint>>>;
}

/** A setting as data: validation, help, the panel and `list --json` all come from it. */
export interface Setting {
  readonly name: string;
  readonly type: 'integer' | 'number' | 'choice' | 'switch' | 'text';
  readonly default: SettingValue;
  readonly help: string;
  /** The values of a choice; for integers, values worth offering. */
  readonly values?: readonly SettingValue[];
  readonly min?: number;
  readonly max?: number;
  /** What a value of an integer must also be, where min and max do not say it all. */
  readonly expected?: string;
  readonly valid?: (value: SettingValue) => boolean;
}

export interface CommandSpec {
  /** First word of the line. */
  readonly name: string;
  /** `put KEY VALUE`: words in capitals are to be replaced. */
  readonly usage: string;
  /** One line. */
  readonly help: string;
  /** Leaves the files as they were: allowed on a database that is open read-only. */
  readonly reads?: boolean;
  /** After it nothing that is not durable is left in memory: what came before cannot be lost any more. */
  readonly settles?: boolean;
  readonly examples?: readonly string[];
}

export interface Sabotage {
  readonly name: string;
  readonly description: string;
}

/** A kind of event, and the process (a colour on the timeline, a choreography) that it belongs to. */
export interface EventKind {
  readonly kind: string;
  readonly process: string;
}

/** A word of a line of the scenario. */
export interface Word {
  /** What it says, escapes undone; for x'…' the hexadecimal digits. */
  readonly text: string;
  readonly form: 'bare' | 'quoted' | 'bytes';
  /** From 1. */
  readonly column: number;
}

export interface Caption {
  /** A few words, true of this moment. */
  readonly title: string;
  /** One sentence with the numbers. */
  readonly detail: string;
}

/** Something that must hold and does not: the world's fault or a planted bug, never an exception. */
export interface Problem {
  readonly referee: string;
  /** One sentence: what is wrong, where. */
  readonly text: string;
  /** Stable key of the shape that shows it (`page:5`), where there is one. */
  readonly key?: string;
}

export interface Referee<S> {
  readonly name: string;
  readonly at: 'moment' | 'command' | 'recovery';
  check(state: S): Problem[];
  /**
   * Roughly how many pages or entries a check looks at. Checks at 'command' draw on a credit, of
   * which each command brings a little more; one that it does not cover is left out until the end of
   * the script, where every check runs. So a short script is checked at each command, and 10,000
   * lines do not mean 10,000 walks over the whole tree. A rule on the run alone. An opened file that
   * is dearer than the credit is not looked through unasked: its picture would wait for all of it.
   */
  cost?(state: S): number;
}

/** What checks at commands may look at: so many pages to begin with, and one more a command. */
export const CREDIT = 4096;

/** Answers for actors that live elsewhere; throws a Waiting (base/waiting.ts) as long as it has no answer. */
export interface Elsewhere {
  ask(self: string, state: unknown, input: unknown, config: unknown): unknown;
}

/** Marks a moment. `state` seals and hands out the state; call it only to look or to keep. */
export type Note<S, E> = (event: E, state: () => S) => void;

export interface Part<S, C> {
  readonly state: S;
  /** What is left of the command; absent when it is done. */
  readonly rest?: C;
  /** What a reading command returned: plain data, shown and printed as JSON. */
  readonly result?: unknown;
  /** Set when this part went through a crash and its recovery: referees at 'recovery' are due. */
  readonly recovered?: boolean;
}

export interface AnyEvent {
  readonly kind: string;
}

export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly help: string;
}

/** A tree of an opened file, or something in it that is none. */
export interface TreeInfo {
  readonly name: string;
  readonly kind: 'table' | 'index' | 'without-rowid' | 'virtual';
  readonly shown: boolean;
  /** Levels of pages. */
  readonly depth?: number;
  /** Counted only where that is cheap. */
  readonly rows?: number;
  /** Why it cannot be shown, in words. */
  readonly trouble?: string;
}

/** Where in the sources the engine's own function at work stands. */
export interface SourceRef {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Name of a top-level function or of a method. */
  readonly name: string;
}

/** A file as an orderly exit leaves it, for export. */
export interface ExportFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Lab<S = unknown, C = unknown, E extends AnyEvent = AnyEvent> {
  readonly name: string;
  readonly chapter: number;
  readonly title: string;
  readonly settings: readonly Setting[];
  readonly commands: readonly CommandSpec[];
  readonly sabotage: readonly Sabotage[];
  readonly kinds: readonly EventKind[];
  readonly referees: readonly Referee<S>[];

  /** One line's command; throws a Complaint with a column. Words are at least one. */
  parse(words: readonly Word[], setup: Setup): C;
  /** The canonical line; parse(words(print(c))) equals c. */
  print(command: C): string;
  /** The words for a moment: caption, screen reader, golden text and command line all use them. */
  describe(event: E, state: S): Caption;

  /** `foreign`: the file that setup.file names, already checked against its hash. */
  open(setup: Setup, foreign?: ForeignSource): S;
  /** The event of the opening, moment 0. */
  opening(state: S): E;
  /** `elsewhere`: of a lab of actors, who is asked instead of its own protocol (sim/hosts.ts). */
  run(
    state: S,
    command: C,
    note: Note<S, E> | undefined,
    setup: Setup,
    elsewhere?: Elsewhere,
  ): Part<S, C>;

  /** Both halves of a state, so that frames can cross to the page: the files, and a small plain value. */
  disk(state: S): DiskImage;
  value(state: S): unknown;
  /** What the kept states of a run may weigh together, in bytes; 64 MiB unless said. */
  readonly memory?: number;
  /** What keeping `newer` beside `older` costs, in bytes. */
  weight(older: S | undefined, newer: S): number;

  /** Files as an orderly exit leaves them, named for `run --export`. */
  exports(state: S): ExportFile[];
  /** The same in one file that needs none beside it; absent where `exports` gives no more than one. */
  exportsAlone?(state: S): ExportFile[];
  /** Whether a power cut now would lose anything that was done; absent: what was synced is all there is. */
  wouldLose?(state: S): boolean;
  metrics(state: S): Metric[];
  sourceOf(kind: string): SourceRef;
  /** What an opened file holds, to choose from by a setting; absent where there is nothing to choose. */
  trees?(state: S): TreeInfo[];
  /**
   * A line that does just the first so many moments of a command, so that a branch can leave in its
   * midst; undefined: it cannot be divided. Absent: no command of the lab can.
   */
  part?(command: C, moments: number): string | undefined;
  /** Clients' history, one record an entry, where the lab has clients. */
  history?(state: S): unknown[];
  /**
   * Everything that can happen after a state, looked through: `explore` on the command line, the
   * button on the page. Absent where a run has no choices. A promise, because it is a chunk of its
   * own: who only watches need not load it. `wish`: what is left out of it is the lab's own.
   */
  search?(state: S, setup: Setup, wish?: SearchWish): Promise<Search>;
}

/** What somebody wants of a search. */
export interface SearchWish {
  /** Only this one: the search ends where it is decided. */
  readonly property?: string;
  /** By the names that the offer has; a number each. */
  readonly bounds?: Readonly<Record<string, number>>;
  /** States that differ by a renaming of equals count once. */
  readonly symmetry?: boolean;
  /** Up to so many states the graph is kept, for a picture. */
  readonly graph?: number;
}

/** What can be asked of a search, and how far it goes unless it is told otherwise. */
export interface SearchOffer {
  readonly properties: readonly {
    readonly name: string;
    /** One sentence: what it says. */
    readonly help: string;
    readonly holds: 'always' | 'sometimes' | 'eventually';
  }[];
  readonly bounds: readonly SearchBound[];
  /** Absent: there are no equals, or nobody says which. */
  readonly symmetry?: boolean;
}

export interface SearchBound {
  readonly name: string;
  /** A few words: what it counts. */
  readonly help: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** A search over schedules, which goes on as long as it is asked to. */
export interface Search {
  readonly offer: SearchOffer;
  /** Goes on from so many states more; true when there is nothing left to do. */
  advance(states: number): boolean;
  /** `time`: it took longer than it may. */
  cancel(why?: 'cancelled' | 'time'): void;
  readonly progress: SearchProgress;
  /** At the end, or as far as it has come. */
  report(): SearchReport;
  /** Of a search that was asked to keep it, as long as it is small enough. */
  graph?(): SearchGraph | undefined;
  /** The commands of a shortest way to a state of the graph. */
  runTo?(state: number): readonly string[];
}

export interface SearchProgress {
  readonly states: number;
  readonly transitions: number;
  /** States found and not yet gone on from. */
  readonly frontier: number;
  readonly depth: number;
  /** Properties that are known not to hold. */
  readonly broken: readonly string[];
  /** Runs that were played by chance, after the search itself came to its bound. */
  readonly played?: number;
}

/** The states that were found, by number in the order of their discovery, for a picture. */
export interface SearchGraph {
  /** One a state: how many steps lead to it at least. */
  readonly levels: Int32Array;
  /** One a transition; a step that changes nothing is none. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** The first so many states were gone on from. */
  readonly looked: number;
  /** How the properties see the states: for each state 1 where the test holds, else 0. */
  readonly properties: readonly {
    readonly name: string;
    readonly holds: 'always' | 'sometimes' | 'eventually';
    readonly good: Uint8Array;
  }[];
  /** The commands that take the transitions, where a choice is the same command in every state … */
  readonly lines?: readonly string[];
  /** … and for each transition, which of them. */
  readonly line?: Uint16Array;
  /** For each state, the first that is equal to it but for a renaming; where there are equals. */
  readonly classes?: Int32Array;
}

export interface SearchReport {
  /** Distinct states, the initial ones included. */
  readonly states: number;
  readonly transitions: number;
  /** States on the longest shortest path. */
  readonly depth: number;
  readonly complete: boolean;
  /** What ended the search before it was complete; `until`: the property asked for is decided. */
  readonly bound?: string;
  readonly findings: readonly SearchFinding[];
}

export interface SearchFinding {
  readonly property: string;
  /** One sentence: what the property says. */
  readonly help: string;
  readonly holds: 'always' | 'sometimes' | 'eventually';
  readonly verdict: 'holds' | 'violated' | 'unknown';
  /** The commands of a shortest way to where it breaks; of sometimes, to where it was seen. */
  readonly commands?: readonly string[];
  /** Of a run that goes round for ever: how many of the commands lead to where the round begins. */
  readonly loop?: number;
  /** The states on that way, by their numbers. */
  readonly states?: readonly number[];
  /** Found by chance and shrunk: there may be a shorter one. */
  readonly shrunk?: boolean;
}

/** What is said of a lab: captions, help, measures with their meanings, where the sources stand. */
export type Words<S = unknown, E extends AnyEvent = AnyEvent> = Pick<
  Lab<S, unknown, E>,
  'describe' | 'settings' | 'commands' | 'sabotage' | 'sourceOf' | 'metrics'
>;

/** A lab without its words. They are a good part of its text: in the worker they are a chunk of their own. */
export type Engine<S = unknown, C = unknown, E extends AnyEvent = AnyEvent> = Omit<
  Lab<S, C, E>,
  keyof Words
>;

export const labOf = <S, C, E extends AnyEvent>(
  engine: Engine<S, C, E>,
  words: Words<S, E>,
): Lab<S, C, E> => ({ ...engine, ...words });

/** Where labs come from: all at hand, or each loaded when a scenario first names it. */
export interface LabSource {
  readonly names: readonly string[];
  /** One of `names`; `opens`: the scenario comes with a file to open. Its text may want a part that others do not. */
  load(name: string, opens: boolean, text: string): Promise<Lab>;
}

export const labsAtHand = (labs: readonly Lab[]): LabSource => ({
  names: labs.map(({ name }) => name),
  load: async (name) => labs.find((lab) => lab.name === name) as Lab,
});

/** Random access to a foreign file: synchronous slices (FileReaderSync in a worker, positioned reads in Node). */
export interface ForeignSource {
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes, or fewer where the file ends. */
  read(offset: number, length: number): Uint8Array;
  /** What lies beside it: counts as it would for the next process that opens the database. */
  readonly beside?: Readonly<Partial<Record<Companion, Pick<ForeignSource, 'size' | 'read'>>>>;
}

/** A moment of a run. */
export interface Moment<S, E extends AnyEvent = AnyEvent> {
  /** From 0 over the whole run; moment 0 is the opening. */
  readonly index: number;
  /** From 1; 0 is the opening. */
  readonly command: number;
  /** From 1 within its command: the moment's name is `command.step`. */
  readonly step: number;
  readonly event: E;
  readonly state: S;
}

export interface FoundProblem extends Problem {
  /** Index of the moment after which it was found. */
  readonly moment: number;
}

export type { Place };
