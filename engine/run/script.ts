// A scenario at work: `main` and the branches that left it, each a timeline of its own that shares
// its beginning with its parent. This is what the worker, the command line and the tests hold.
//
// A branch is its whole list of commands. Where it leaves its parent is no stored number but the
// length of what both begin with: so the parent's lines can be edited, moved and taken out, and the
// branch stays what it was.

import { assert, Complaint } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import { digestOf } from '../base/digest.ts';
import { chunkOf, type DiskImage } from '../disk/image.ts';
import type { AnyEvent, ForeignFile, ForeignSource, Lab, Moment } from './lab.ts';
import {
  headerOf,
  LIMITS,
  type Line,
  parseCommand,
  parseScenario,
  type Scenario,
  wordOf,
  wordsOf,
} from './scenario.ts';
import { Timeline, type TimelineOptions, type Work } from './timeline.ts';

interface Branch {
  readonly name: string;
  parent: string | undefined;
  timeline: Timeline;
}

/** How far two branches are looked at to find where they differ, in moments. */
const COMPARED = 5_000;

export class Script {
  readonly lab: Lab;
  #scenario: Scenario;
  readonly #options: TimelineOptions;
  readonly #branches = new Map<string, Branch>();

  /** `known`: the names of all labs there are, where `labs` are only those at hand. */
  constructor(
    text: string,
    labs: readonly Lab[],
    options: TimelineOptions = {},
    known?: readonly string[],
  ) {
    this.#scenario = parseScenario(text, labs, known);
    const { setup } = this.scenario;
    this.lab = labs.find(({ name }) => name === setup.lab) as Lab;
    this.#options = options;
    if (setup.file && !options.foreign)
      throw new Complaint(
        `this scenario needs the file ${setup.file.name} (${setup.file.size} bytes), which a link cannot carry`,
      );
    const timeline = new Timeline(this.lab, setup, options);
    this.#branches.set('main', { name: 'main', parent: undefined, timeline });
  }

  get scenario(): Scenario {
    return this.#scenario;
  }

  /** The hashes of the file that is open, now that they are known: the text says them from here on. */
  identify(file: ForeignFile): void {
    const { setup } = this.#scenario;
    this.#scenario = { ...this.#scenario, setup: { ...setup, file } };
  }

  /** Runs what the text says, yielding after each part. A complaint names the line of the text. */
  *work(): Work {
    yield* this.#extend(this.timeline('main'), this.scenario.commands);
    for (const branch of this.scenario.branches) {
      const timeline = this.timeline(branch.parent).fork(branch.from);
      this.#branches.set(branch.name, { name: branch.name, parent: branch.parent, timeline });
      yield* this.#extend(timeline, branch.commands);
    }
  }

  /** All of it at once. */
  run(): this {
    for (const _ of this.work());
    return this;
  }

  *#extend(timeline: Timeline, lines: readonly Line[]): Work {
    for (const { text, words, line } of lines) {
      const command = parseCommand(this.lab, words, this.scenario.setup, line);
      try {
        yield* timeline.work(command, text);
        yield;
      } catch (thrown) {
        throw thrown instanceof Complaint ? thrown.at({ line }) : thrown;
      }
    }
    timeline.judgeEnd();
  }

  get names(): string[] {
    return [...this.#branches.keys()];
  }

  parentOf(name: string): string | undefined {
    return this.#branch(name).parent;
  }

  timeline(name: string): Timeline {
    return this.#branch(name).timeline;
  }

  #branch(name: string): Branch {
    const branch = this.#branches.get(name);
    if (!branch) throw new Complaint(`there is no branch ${name}`);
    return branch;
  }

  /** How many commands a branch shares with its parent. */
  sharedWithParent(name: string): number {
    const { parent, timeline } = this.#branch(name);
    return parent === undefined ? 0 : sharedCommands(this.timeline(parent), timeline);
  }

  /** Reads one line as a command of the lab; throws a Complaint with the column. */
  parse(text: string): { text: string; command: unknown } | undefined {
    if (text.length > LIMITS.text) throw new Complaint('the line is too long');
    if (text.includes('\n')) throw new Complaint('expected one line');
    const words = wordsOf(text);
    if (words.length === 0) return undefined;
    return { text: text.trim(), command: parseCommand(this.lab, words, this.scenario.setup) };
  }

  /**
   * Gives a branch another list of commands. What both lists begin with is kept, the rest runs. A
   * complaint leaves the branch as it was.
   */
  *rewrite(name: string, texts: readonly string[]): Work {
    const branch = this.#branch(name);
    if (texts.length > LIMITS.lines)
      throw new Complaint(`a scenario has at most ${LIMITS.lines} lines`);
    const old = branch.timeline.commands;
    let same = 0;
    while (same < texts.length && same < old.length && old[same]?.text === texts[same]) same++;
    const rest = texts.slice(same).flatMap((text) => this.parse(text) ?? []);
    const appendOnly = same === old.length;
    const timeline = appendOnly ? branch.timeline : branch.timeline.fork(same);
    if (appendOnly && rest.length > 1) {
      // All or nothing: a later line that fails must not leave the earlier ones behind.
      const copy = timeline.fork(same);
      for (const { text, command } of rest) {
        yield* copy.work(command, text);
        yield;
      }
      branch.timeline = copy;
      return;
    }
    for (const { text, command } of rest) {
      yield* timeline.work(command, text);
      yield;
    }
    branch.timeline = timeline;
  }

  /** A new branch that shares commands 1..from with `parent` and goes on with lines of its own. */
  *grow(name: string, parent: string, from: number, texts: readonly string[]): Work {
    if (this.#branches.has(name)) throw new Complaint(`there is a branch ${name} already`);
    if (!name || name.length > LIMITS.name)
      throw new Complaint(`a branch's name has 1 to ${LIMITS.name} characters`);
    if (this.#branches.size > LIMITS.branches)
      throw new Complaint(`a scenario has at most ${LIMITS.branches} branches`);
    const timeline = this.timeline(parent).fork(from);
    for (const { text, command } of texts.flatMap((text) => this.parse(text) ?? [])) {
      yield* timeline.work(command, text);
      yield;
    }
    this.#branches.set(name, { name, parent, timeline });
  }

  remove(name: string): void {
    if (name === 'main') throw new Complaint('main cannot be removed');
    const { parent } = this.#branch(name);
    this.#branches.delete(name);
    for (const branch of this.#branches.values())
      if (branch.parent === name) branch.parent = parent;
  }

  /**
   * Index of the first moment at which two branches differ: in what happened, or in any byte.
   * Nothing where they do not, or not within the moments that are looked at.
   */
  difference(a: string, b: string): number | undefined {
    const left = this.timeline(a);
    const right = this.timeline(b);
    const shared = sharedCommands(left, right);
    const start = left.commands[shared]?.firstMoment ?? left.length;
    const end = Math.min(left.length, right.length);
    for (let i = start; i < end && i < start + COMPARED; i++)
      if (!this.#same(left.at(i), right.at(i))) return i;
    return left.length === right.length || end > start + COMPARED ? undefined : end;
  }

  #same(a: Moment<unknown, AnyEvent>, b: Moment<unknown, AnyEvent>): boolean {
    return (
      digestOf(a.event) === digestOf(b.event) &&
      digestOf(this.lab.value(a.state)) === digestOf(this.lab.value(b.state)) &&
      sameBytes(this.lab.disk(a.state), this.lab.disk(b.state))
    );
  }

  /**
   * The whole scenario as text; `at`: the moment to open at; `cut`: of one branch only the first
   * commands. What a branch shared beyond the cut with the one that is cut, it then says itself.
   */
  text(at?: string, cut?: { branch: string; commands: number }): string {
    const { setup, title, prose } = this.scenario;
    const lines = headerOf(this.lab, setup, { title, prose, at });
    const written = new Map<string, readonly string[]>();
    for (const { name, parent, timeline } of this.#branches.values()) {
      const commands = timeline.commands
        .slice(0, cut?.branch === name ? cut.commands : undefined)
        .map(({ text }) => text);
      written.set(name, commands);
      const above = parent === undefined ? [] : (written.get(parent) ?? []);
      let shared = 0;
      while (shared < above.length && above[shared] === commands[shared]) shared++;
      if (parent !== undefined) {
        const of = parent === 'main' ? '' : ` of ${wordOf(parent)}`;
        lines.push(`branch ${wordOf(name)} from ${shared}${of}`);
      }
      lines.push(...commands.slice(shared));
    }
    const { compare } = this.scenario;
    if (compare?.every((name) => this.#branches.has(name)))
      lines.push(`compare ${compare.map(wordOf).join(' ')}`);
    return `${lines.join('\n')}\n`;
  }

  /** A name that no branch has yet: `what if 2`. */
  freeName(stem: string): string {
    for (let n = 1; ; n++) {
      const name = n === 1 ? stem : `${stem} ${n}`;
      if (!this.#branches.has(name)) return name;
    }
  }

  get options(): TimelineOptions {
    return this.#options;
  }
}

export function sharedCommands(a: Timeline, b: Timeline): number {
  let n = 0;
  while (
    n < a.commands.length &&
    n < b.commands.length &&
    a.commands[n]?.text === b.commands[n]?.text
  )
    n++;
  return n;
}

function sameBytes(a: DiskImage, b: DiskImage): boolean {
  if (a.names.size !== b.names.size) return false;
  for (const [name, id] of a.names) {
    const left = a.files.get(id);
    const right = b.files.get(b.names.get(name) ?? -1);
    assert(left, 'a name leads to a file');
    if (!right || left.now.size !== right.now.size) return false;
    for (let i = 0; i * left.chunkSize < left.now.size; i++) {
      const x = chunkOf(left.now, i);
      const y = chunkOf(right.now, i);
      if (x !== y && !(x && y && equalBytes(x, y))) return false;
    }
  }
  return true;
}

/** The foreign source of bytes that are all in memory. */
export function sourceOfBytes(name: string, bytes: Uint8Array): ForeignSource {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => bytes.slice(offset, offset + length),
  };
}
