// A lesson as data. It is a list of beats; a beat is a scenario, a place to stand in it, a few
// sentences, and something to do: a question, a task, a comparison, a challenge. Whatever it asks or
// claims is a function of the run, so it holds for the reader's own input too, and a test replays all
// of it in Node (lessons.test.tsx).
//
//   beat ─ opens ─▶ scenario ─▶ Run ─▶ claims hold? · question, options, answer · task done?

import type { ReactNode } from 'react';
import type { ShownMoment } from '../player/types.ts';
import type { Run } from './run.ts';

export interface Option {
  /** What is compared with the answer. */
  readonly value: string;
  /** Absent: the value is what is read. */
  readonly text?: string;
  /** Scene key of the shape that it names, to be marked on the picture. */
  readonly key?: string;
}

export interface Outcome {
  /** The value of the right option. */
  readonly value: string;
  /** The moment that shows it, and the shape in it. */
  readonly moment: number;
  readonly key?: string;
  /** One sentence: why it is so. */
  readonly because: string;
}

export interface Prediction {
  readonly question: string;
  /** Index of the last moment that may be seen before the answer; nothing where the run has no such case. */
  gate(run: Run): number | undefined;
  /** What is there to choose from: the right one among them, in an order that does not give it away. */
  options(run: Run, gate: number): Promise<readonly Option[]>;
  outcome(run: Run, gate: number): Promise<Outcome>;
  /** Said where there is nothing to ask in the reader's run. */
  readonly otherwise: string;
  /** The reader's own input: the operation that is replaced by `line(input)`. */
  readonly own?: Own;
}

export interface Own {
  readonly label: string;
  /** Index of the operation in run.lines; absent there: it is appended. */
  at(run: Run): number | undefined;
  /** The operation for what was typed; a sentence of complaint begins with `!`. */
  line(input: string): string;
  /** It is more than a number: the keyboard of a phone is the whole one. */
  readonly words?: true;
  /** An input that a test tries. */
  readonly example: string;
}

/** What a task or a challenge has come to. */
export interface Verdict {
  readonly done: boolean;
  /** A sentence: what is there, what is missing. */
  readonly says: string;
}

export interface Task {
  readonly ask: string;
  judge(run: Run): Promise<Verdict>;
  /** Operations that do it, appended: offered as help, and what the test tries. */
  readonly help: readonly string[];
}

export interface Challenge {
  readonly title: string;
  readonly rules: readonly string[];
  judge(run: Run): Promise<Verdict>;
  readonly hint: string;
  /** The whole scenario of one way to do it, for the test; and ones that must not pass. */
  readonly solution: string;
  readonly failures: readonly string[];
}

export interface Beat {
  /** In the address: `#/lesson/btree/split-leaf`. */
  readonly id: string;
  readonly title: string;
  /** The scenario's text; or a sample database, and the table of it to show. */
  readonly scenario: string | { readonly sample: string; readonly table: string };
  /** A second scenario, shown beside the first. */
  readonly beside?: { readonly scenario: string; readonly names: readonly [string, string] };
  /** The moment to open at; absent: the scenario's own. */
  at?(run: Run): number | undefined;
  readonly prose: ReactNode;
  /** At least one of these three: no screen of prose without something to do. */
  readonly prediction?: Prediction;
  readonly task?: Task;
  readonly challenge?: Challenge;
  /** Read after the answer: what followed, and where to look. */
  readonly after?: ReactNode;
}

export interface Lesson {
  readonly name: string;
  readonly lab: string;
  /** 5, or 11b where a chapter has several. */
  readonly number: number | string;
  readonly title: string;
  readonly beats: readonly Beat[];
}

/** What a claim hands to its assertion. */
export type Holds = (run: Run) => Promise<boolean> | boolean;

export type { Run, ShownMoment };
