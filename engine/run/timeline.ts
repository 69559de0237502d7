// All moments of a run, at any of which the state can be had again.
//
// A run is truth enough: nothing is stored that can be computed again. The timeline keeps one byte
// a moment (the kind of its event), a number a part, and a state every so many parts: a *checkpoint*
// is a kept reference, cheap because states share what is equal. Any other state is found by running
// again from the checkpoint before it. There is no undo code. Moments around the playhead are held
// in a small window, so that a step back is as quick as a step forward.
//
//   commands   |   1   |      2        |  3  | …
//   parts      |   0   | 1 | 2 | 3 | 4 |  5  | …        a part is a boundary: the state is whole
//   moments    | . . . |. .|. .|. .|. .| . . | …        one byte each
//   checkpoints ^               ^                 …     every `spacing` parts, doubled when too heavy
//
// Its test is one line: the replay equals the recording, byte for byte.

import { assert, Complaint } from '../base/assert.ts';
import { Digest } from '../base/digest.ts';
import { Waiting } from '../base/waiting.ts';
import { bytesOfContent } from '../disk/image.ts';
import type {
  AnyEvent,
  Elsewhere,
  ForeignSource,
  FoundProblem,
  Lab,
  Moment,
  Part,
  Problem,
  Referee,
  Setup,
} from './lab.ts';
import { CREDIT } from './lab.ts';

export interface TimelineOptions {
  /** What all checkpoints together may weigh, in bytes. */
  readonly budget?: number;
  /** Parts between checkpoints to begin with. */
  readonly spacing?: number;
  /** Off in benches that measure recording alone. */
  readonly referees?: boolean;
  /** A command that makes more moments than this is stopped, and the run stays as it was. */
  readonly ceiling?: number;
  readonly foreign?: ForeignSource;
  /** Of a lab of actors: who answers for them while it is on. */
  readonly elsewhere?: Elsewhere & { readonly on: boolean };
}

/** Work that yields between its parts; a promise is to be awaited before it goes on. */
export type Work<R = void> = Generator<Promise<unknown> | undefined, R, void>;

/** A command as it was recorded. */
export interface Recorded<C> {
  readonly command: C;
  readonly text: string;
  readonly firstPart: number;
  readonly firstMoment: number;
  readonly result: unknown;
  /** Syncs up to its end: where it is more than before, the command made something durable. */
  readonly syncs: number;
}

interface Checkpoint<S, C> {
  /** The state before this part… */
  readonly part: number;
  readonly state: S;
  /** …and what is left of the command that the part belongs to; absent at a command's beginning. */
  readonly rest: C | undefined;
  weight: number;
}

/** What a referee said last, from this moment on. */
interface Verdict {
  readonly moment: number;
  readonly referee: string;
  readonly problems: readonly Problem[];
}

const WINDOW = 64;

export class Timeline<S = unknown, C = unknown, E extends AnyEvent = AnyEvent> {
  readonly lab: Lab<S, C, E>;
  readonly setup: Setup;
  readonly #options: Required<Omit<TimelineOptions, 'foreign' | 'elsewhere'>> &
    Pick<TimelineOptions, 'foreign' | 'elsewhere'>;
  readonly #codes: ReadonlyMap<string, number>;
  #kinds = new Bytes();
  #partStart = new Ints();
  #partCommand = new Ints();
  #commands: Recorded<C>[] = [];
  #checkpoints: Checkpoint<S, C>[] = [];
  #spacing: number;
  #weight = 0;
  /** The state after the last part; between append()s the run's end. */
  #end: S;
  readonly #opened: S;
  #verdicts: Verdict[] = [];
  /** By command: what referees had left to look at after it. */
  #credits: number[] = [];
  /** The command whose parts are being recorded: what exists of it can be looked at. */
  #running:
    | { readonly command: C; readonly firstPart: number; readonly firstMoment: number }
    | undefined;
  /** Parts whose moments are held, the most recently used last. */
  readonly #window = new Map<number, { from: number; moments: Moment<S, E>[] }>();
  /** The state after a part that was replayed lately: where a walk forward goes on. */
  #lately: { part: number; state: S; rest: C | undefined } | undefined;

  /** `opened`: for fork(), which shares the opening. */
  constructor(lab: Lab<S, C, E>, setup: Setup, options: TimelineOptions = {}, opened?: S) {
    this.lab = lab;
    this.setup = setup;
    this.#options = {
      budget: lab.memory ?? 64 * 2 ** 20,
      spacing: 64,
      referees: true,
      ceiling: 20_000_000,
      ...options,
    };
    this.#codes = new Map(lab.kinds.map(({ kind }, code) => [kind, code]));
    this.#spacing = this.#options.spacing;
    this.#opened = opened ?? lab.open(setup, options.foreign);
    this.#end = this.#opened;
    this.#kinds.push(this.#codeOf(lab.opening(this.#opened).kind));
    this.#checkpoints.push({ part: 0, state: this.#opened, rest: undefined, weight: 0 });
  }

  /** How many moments there are; the first is the opening. */
  get length(): number {
    return this.#kinds.length;
  }

  get commands(): readonly Recorded<C>[] {
    return this.#commands;
  }

  /** The state at the end of the run. */
  get end(): S {
    return this.#end;
  }

  /** The setup's own file, where there is one, as it was given. */
  get foreign(): ForeignSource | undefined {
    return this.#options.foreign;
  }

  /** Index into lab.kinds, a byte a moment. */
  kinds(from = 0, to = this.length): Uint8Array {
    return this.#kinds.slice(from, to);
  }

  /** Bytes that all checkpoints together hold beside each other. */
  get weight(): number {
    return this.#weight + this.#kinds.length + 8 * this.#partStart.length;
  }

  /** Records a command to its end. Throws a Complaint and leaves the run as it was. */
  append(command: C, text = this.lab.print(command)): Recorded<C> {
    const work = this.work(command, text);
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
    }
  }

  /** The same, yielding after every part: what runs long can be watched, and given up by return(). */
  *work(command: C, text = this.lab.print(command)): Work<Recorded<C>> {
    const number = this.#commands.length + 1;
    const firstPart = this.#partStart.length;
    const firstMoment = this.length;
    const before = { end: this.#end, verdicts: this.#verdicts.length };
    const results: unknown[] = [];
    let rest: C | undefined = command;
    let recovered = false;
    let finished = false;
    assert(this.#running === undefined, 'one command is recorded at a time');
    this.#running = { command, firstPart, firstMoment };
    try {
      for (let nth = 0; rest !== undefined; nth++) {
        if (nth > 0) yield;
        this.#maybeCheckpoint(nth === 0 ? undefined : rest);
        const part: number = this.#partStart.length;
        this.#partStart.push(this.length);
        this.#partCommand.push(number);
        const done: Part<S, C> = yield* this.#runPart(rest, firstMoment);
        assert(this.length > (this.#partStart.at(part) as number), 'a part marks a moment');
        this.#end = done.state;
        rest = done.rest;
        recovered ||= done.recovered === true;
        if (done.result !== undefined) results.push(done.result);
      }
      finished = true;
    } finally {
      this.#running = undefined;
      if (!finished) {
        this.#end = before.end;
        this.#cutBack(firstPart, firstMoment);
        this.#verdicts.length = before.verdicts;
      }
    }
    const recorded: Recorded<C> = {
      command,
      text,
      firstPart,
      firstMoment,
      result: results.length > 1 ? results.flat() : results[0],
      syncs: this.lab.disk(this.#end).syncs,
    };
    this.#commands.push(recorded);
    this.#judge(recovered);
    return recorded;
  }

  /** One part, live: where an actor elsewhere has not answered yet, the same step is tried again. */
  *#runPart(rest: C, firstMoment: number): Work<Part<S, C>> {
    const { elsewhere } = this.#options;
    for (;;)
      try {
        const asked = elsewhere?.on ? elsewhere : undefined;
        return this.lab.run(this.#end, rest, this.#recorder(firstMoment), this.setup, asked);
      } catch (thrown) {
        if (!(thrown instanceof Waiting)) throw thrown;
        yield thrown.until;
      }
  }

  #recorder(firstMoment: number) {
    const watch = this.#options.referees
      ? this.lab.referees.filter(({ at }) => at === 'moment')
      : [];
    return (event: E, state: () => S): void => {
      if (this.length - firstMoment >= this.#options.ceiling)
        throw new Complaint(
          `the command was stopped after ${this.#options.ceiling} moments; the run stays as it was`,
        );
      this.#kinds.push(this.#codeOf(event.kind));
      if (watch.length === 0) return;
      const now = state();
      for (const referee of watch) this.#verdict(referee, now);
    };
  }

  #codeOf(kind: string): number {
    const code = this.#codes.get(kind);
    assert(code !== undefined, `${this.lab.name} declares the event kind ${kind}`);
    return code;
  }

  #maybeCheckpoint(rest: C | undefined): void {
    const part = this.#partStart.length;
    const last = this.#checkpoints.at(-1) as Checkpoint<S, C>;
    if (part - last.part < this.#spacing) return;
    const weight = this.lab.weight(last.state, this.#end);
    this.#checkpoints.push({ part, state: this.#end, rest, weight });
    this.#weight += weight;
    while (this.#weight > this.#options.budget && this.#checkpoints.length > 4) this.#thin();
  }

  /** Doubles the spacing: every other checkpoint goes, and with it what it alone held. */
  #thin(): void {
    this.#spacing *= 2;
    this.#checkpoints = this.#checkpoints.filter((_, i) => i % 2 === 0);
    this.#weight = 0;
    this.#checkpoints.forEach((checkpoint, i) => {
      const older = this.#checkpoints[i - 1];
      checkpoint.weight = older ? this.lab.weight(older.state, checkpoint.state) : 0;
      this.#weight += checkpoint.weight;
    });
  }

  #judge(recovered: boolean): void {
    if (!this.#options.referees) return;
    let credit = (this.#credits.at(-1) ?? CREDIT) + 1;
    for (const referee of this.lab.referees) {
      if (referee.at === 'moment') continue;
      if (referee.at === 'recovery' && !recovered) continue;
      const cost = referee.cost?.(this.#end) ?? 0;
      if (referee.at === 'command' && !recovered) {
        if (cost > credit) continue;
        credit -= cost;
      }
      this.#verdict(referee, this.#end);
    }
    this.#credits.push(credit);
  }

  #verdict(referee: Referee<S>, state: S): void {
    const problems = referee.check(state);
    const last = this.#verdicts.findLast((verdict) => verdict.referee === referee.name);
    const same =
      (last?.problems.length ?? 0) === problems.length &&
      problems.every(({ text }, i) => text === last?.problems[i]?.text);
    if (!same) this.#verdicts.push({ moment: this.length - 1, referee: referee.name, problems });
  }

  /**
   * Runs every referee on the end of the run, however dear: a script's last word. Of an opened file
   * only those that the credit covers: it can be a gigabyte.
   */
  judgeEnd(): void {
    if (!this.#options.referees) return;
    const asked = new Set<unknown>();
    for (const referee of this.lab.referees) {
      if (asked.has(referee.check)) continue; // one that stands at several places
      asked.add(referee.check);
      if (this.foreign && (referee.cost?.(this.#end) ?? 0) > CREDIT) continue;
      this.#verdict(referee, this.#end);
    }
  }

  /** Every problem, at the moment after which it was found first. */
  get problems(): FoundProblem[] {
    const out: FoundProblem[] = [];
    const standing = new Map<string, Set<string>>();
    for (const { moment, referee, problems } of this.#verdicts) {
      const before = standing.get(referee) ?? new Set();
      for (const problem of problems)
        if (!before.has(problem.text)) out.push({ ...problem, moment });
      standing.set(referee, new Set(problems.map(({ text }) => text)));
    }
    return out;
  }

  /** How many commands lead to the last sync: what is durable needs no more of them. */
  get durableCommands(): number {
    const last = this.#commands.at(-1)?.syncs ?? 0;
    const first = this.#commands.findIndex(({ syncs }) => syncs === last);
    const atOpening = this.lab.disk(this.#opened).syncs;
    return last === atOpening ? 0 : first + 1;
  }

  /** What stood at a moment: each referee's last verdict up to it. */
  problemsAt(index: number): FoundProblem[] {
    const last = new Map<string, Verdict>();
    for (const verdict of this.#verdicts)
      if (verdict.moment <= index) last.set(verdict.referee, verdict);
    return [...last.values()].flatMap(({ moment, problems }) =>
      problems.map((problem) => ({ ...problem, moment })),
    );
  }

  /** `13.4` of a moment's index. */
  nameOf(index: number): string {
    const { command, step } = this.#placeOf(index);
    return `${command}.${step}`;
  }

  #placeOf(index: number): { command: number; step: number } {
    const running = this.#running;
    if (running && index >= running.firstMoment)
      return { command: this.#commands.length + 1, step: index - running.firstMoment + 1 };
    const command =
      lastAtMost(
        this.#commands.length,
        (i) => (this.#commands[i] as Recorded<C>).firstMoment,
        index,
      ) + 1;
    const first = command === 0 ? 0 : (this.#commands[command - 1] as Recorded<C>).firstMoment;
    return { command, step: index - first + 1 };
  }

  /** Index of a named moment; a step beyond its command is that command's last, a command beyond the run the last of all. */
  indexOf(command: number, step: number): number {
    if (command <= 0) return 0;
    const recorded = this.#commands[command - 1];
    if (!recorded) return this.length - 1;
    const next = this.#commands[command]?.firstMoment ?? this.#running?.firstMoment ?? this.length;
    return Math.min(recorded.firstMoment + Math.max(1, step) - 1, next - 1);
  }

  /** The next moment (or, with -1, the one before) whose event is of one of the kinds. */
  find(kinds: readonly string[], from: number, direction: 1 | -1 = 1): number | undefined {
    const codes = new Set(kinds.map((kind) => this.#codes.get(kind)));
    for (let i = from + direction; i >= 0 && i < this.length; i += direction)
      if (codes.has(this.#kinds.at(i))) return i;
    return undefined;
  }

  /** The events alone of moments `from` up to, not including, `to`: the parts run once again. */
  events(from: number, to: number): E[] {
    const out: E[] = [];
    if (from === 0 && to > 0) out.push(this.lab.opening(this.#opened));
    const first = Math.max(1, from);
    if (first >= to) return out;
    let part = lastAtMost(this.#partStart.length, (i) => this.#partStart.at(i) as number, first);
    let { state, rest } = this.#before(part);
    for (; part < this.#partStart.length; part++) {
      let index = this.#partStart.at(part) as number;
      if (index >= to) break;
      const done = this.lab.run(
        state,
        this.#left(part, rest),
        (event) => {
          if (index >= first && index < to) out.push(event);
          index++;
        },
        this.setup,
      );
      state = done.state;
      rest = done.rest;
    }
    return out;
  }

  /** The moment with that index, its state computed again where it is not held. */
  at(index: number): Moment<S, E> {
    assert(Number.isInteger(index) && index >= 0 && index < this.length, 'the moment exists');
    if (index === 0)
      return {
        index,
        command: 0,
        step: 1,
        event: this.lab.opening(this.#opened),
        state: this.#opened,
      };
    const part = lastAtMost(this.#partStart.length, (i) => this.#partStart.at(i) as number, index);
    const held = this.#window.get(part);
    const found = held?.moments[index - held.from];
    if (held && found) {
      this.#window.delete(part);
      this.#window.set(part, held);
      return found;
    }
    return this.#replay(part, index);
  }

  #replay(part: number, index: number): Moment<S, E> {
    const { state, rest } = this.#before(part);
    // This part's moments, as far as the window reaches on both sides of the one that is wanted.
    const start = this.#partStart.at(part) as number;
    const from = Math.max(start, index - WINDOW / 2);
    const moments: Moment<S, E>[] = [];
    let next = start;
    const done = this.lab.run(
      state,
      this.#left(part, rest),
      (event, seal) => {
        const i = next++;
        if (i >= from && i < from + WINDOW)
          moments.push({ index: i, ...this.#placeOf(i), event, state: seal() });
      },
      this.setup,
    );
    assert(
      next === (part + 1 < this.#partStart.length ? this.#partStart.at(part + 1) : this.length),
      'a replay marks as many moments as the recording',
    );
    this.#lately = { part: part + 1, state: done.state, rest: done.rest };
    this.#window.delete(part); // so that it stands last
    this.#window.set(part, { from, moments });
    let total = 0;
    for (const { moments } of this.#window.values()) total += moments.length;
    for (const [old, { moments }] of this.#window) {
      if (total <= 2 * WINDOW || old === part) break;
      this.#window.delete(old);
      total -= moments.length;
    }
    const wanted = moments[index - from];
    assert(wanted, 'the replay reached the moment');
    return wanted;
  }

  /** The nearest state at or before a part. */
  #startFor(part: number): { part: number; state: S; rest: C | undefined } {
    const i = lastAtMost(
      this.#checkpoints.length,
      (i) => (this.#checkpoints[i] as Checkpoint<S, C>).part,
      part,
    );
    const checkpoint = this.#checkpoints[i] as Checkpoint<S, C>;
    const lately = this.#lately;
    return lately && lately.part <= part && lately.part > checkpoint.part ? lately : checkpoint;
  }

  /** What a part runs: what was left of its command, or the command from its beginning. */
  #left(part: number, rest: C | undefined): C {
    if (rest !== undefined) return rest;
    const number = this.#partCommand.at(part) as number;
    const recorded = this.#commands[number - 1] ?? this.#running;
    assert(recorded && recorded.firstPart === part, 'a command begins at its first part');
    return recorded.command;
  }

  /** A run of its own that shares everything up to and including `command` (0: only the opening). */
  fork(command: number): Timeline<S, C, E> {
    assert(command >= 0 && command <= this.#commands.length, 'the command was recorded');
    const copy = new Timeline(this.lab, this.setup, this.#options, this.#opened);
    const next = this.#commands[command] ?? this.#running;
    const part = next?.firstPart ?? this.#partStart.length;
    const moment = next?.firstMoment ?? this.length;
    copy.#kinds = this.#kinds.copy(moment);
    copy.#partStart = this.#partStart.copy(part);
    copy.#partCommand = this.#partCommand.copy(part);
    copy.#commands = this.#commands.slice(0, command);
    copy.#checkpoints = this.#checkpoints
      .filter((kept, i) => i === 0 || kept.part <= part)
      .map((kept) => ({ ...kept }));
    copy.#weight = copy.#checkpoints.reduce((sum, { weight }) => sum + weight, 0);
    copy.#spacing = this.#spacing;
    copy.#verdicts = this.#verdicts.filter((verdict) => verdict.moment < moment);
    copy.#credits = this.#credits.slice(0, command);
    copy.#end = next ? this.#before(part).state : this.#end;
    return copy;
  }

  /** The state before a part, by running again from the nearest state that is held. */
  #before(part: number): { part: number; state: S; rest: C | undefined } {
    let { part: at, state, rest } = this.#startFor(part);
    for (; at < part; at++) {
      const done = this.lab.run(state, this.#left(at, rest), undefined, this.setup);
      state = done.state;
      rest = done.rest;
    }
    this.#lately = { part, state, rest };
    return this.#lately;
  }

  #cutBack(part: number, moment: number): void {
    this.#kinds.length = moment;
    this.#partStart.length = part;
    this.#partCommand.length = part;
    this.#checkpoints = this.#checkpoints.filter(
      (checkpoint, i) => i === 0 || checkpoint.part <= part,
    );
    this.#weight = this.#checkpoints.reduce((sum, { weight }) => sum + weight, 0);
    for (const held of this.#window.keys()) if (held >= part) this.#window.delete(held);
    if (this.#lately && this.#lately.part > part) this.#lately = undefined;
  }

  /** 16 hexadecimal digits over the durable files and the small value of the run's end. */
  digest(): string {
    return digestOfState(this.lab, this.#end);
  }
}

/** The digest of a state: its durable files, as the process sees them, and the small value beside them. */
export function digestOfState<S>(lab: Pick<Lab<S>, 'disk' | 'value'>, state: S): string {
  const digest = new Digest();
  const image = lab.disk(state);
  for (const name of [...image.names.keys()].sort()) {
    const file = image.files.get(image.names.get(name) as number);
    if (!file || file.kind === 'memory' || file.source) continue;
    digest.value(name).value(file.now.size).raw(bytesOfContent(file));
  }
  return digest.value(lab.value(state)).finish();
}

/** The last i below `count` with at(i) ≤ value, where at() ascends; -1 where there is none. */
function lastAtMost(count: number, at: (i: number) => number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A growing list of small numbers, four bytes or one byte each. */
class Ints {
  length = 0;
  #held: Int32Array | Uint8Array;
  constructor(held: Int32Array | Uint8Array = new Int32Array(64)) {
    this.#held = held;
  }
  push(value: number): void {
    if (this.length === this.#held.length) {
      const wider = new (this.#held.constructor as Int32ArrayConstructor)(2 * this.length);
      wider.set(this.#held);
      this.#held = wider;
    }
    this.#held[this.length++] = value;
  }
  at(index: number): number {
    return this.#held[index] as number;
  }
  /** A list of its own with the first `length` values. */
  copy(length: number): this {
    const copy = new (this.constructor as new (held: Int32Array | Uint8Array) => this)(
      this.#held.slice(0, Math.max(64, length)),
    );
    copy.length = length;
    return copy;
  }
  slice(from: number, to: number): Uint8Array {
    return Uint8Array.from(this.#held.subarray(from, Math.min(to, this.length)));
  }
}

class Bytes extends Ints {
  constructor(held: Int32Array | Uint8Array = new Uint8Array(256)) {
    super(held);
  }
}
