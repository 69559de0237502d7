// One search by several workers. Each state belongs to the worker that its hash says; who finds it
// first sends it there, with how it was found. Levels are gone through together:
//
//   worker 0   expand ── to 1 ──╮ ╭── to 0 ── take │ expand …      a level of the breadth-first search
//   worker 1   expand ── to 0 ──╯ ╰── to 1 ── take │ expand …
//
// So states, depth and the length of every shortest run are those of one worker; which of several
// runs that are equally short is told may differ. Runs for ever need the whole graph in one place:
// what is to hold "eventually" is for one worker.

import { assert } from '../base/assert.ts';
import type { Bounds, Report } from './explorer.ts';
import { NEVER_STUCK } from './explorer.ts';
import { hashOf, type SmallModel, SmallSpace, type Vars } from './small.ts';
import { grown, type Reductions } from './space.ts';

/** How a state was found: by which worker's state, and by which step; part -1: it is initial. */
export interface Whence {
  readonly part: number;
  readonly number: number;
  readonly step: number;
  readonly key: Int32Array;
}

export interface Expanded {
  /** By worker: rows of a state's words, the number of the state that leads to it, the step. */
  readonly out: readonly Int32Array[];
}

/** What a worker knows after a level. Numbers are its own. */
export interface Level {
  readonly states: number;
  readonly fresh: number;
  readonly transitions: number;
  readonly bytes: number;
  /** By property: the first state that decides it. */
  readonly decided: readonly (number | undefined)[];
  readonly stuck: number | undefined;
  readonly ends: boolean;
}

/** Words that were sent lately are not sent again: most states are found several times in a row. */
const SENT_ROWS = 1 << 15;

interface Outbox {
  rows: Int32Array;
  length: number;
}

/** A worker's share of the states. */
export class Part {
  readonly #model: SmallModel;
  readonly #space: SmallSpace;
  readonly #index: number;
  readonly #count: number;
  #next = 0;
  #levelFrom = 0;
  #transitions = 0;
  #part = new Int8Array(1024);
  #parent = new Int32Array(1024);
  #step = new Uint16Array(1024);
  readonly #decided: (number | undefined)[];
  #stuck: number | undefined;
  #ends = false;
  readonly #sent: Int32Array;
  readonly #outs: Outbox[];

  constructor(model: SmallModel, reductions: Reductions, index: number, count: number) {
    this.#model = model;
    this.#space = new SmallSpace(model, reductions);
    this.#index = index;
    this.#count = count;
    this.#decided = model.properties.map(() => undefined);
    const { words } = this.#space;
    this.#sent = new Int32Array(SENT_ROWS * (words + 1));
    this.#outs = Array.from({ length: count }, () => ({ rows: new Int32Array(1024), length: 0 }));
    for (const vars of model.initial) {
      const key = this.#space.keyOf(vars);
      if (this.#ownerOf(key) === index) this.#own(key, 0, -1, -1, 0);
    }
  }

  /** Bits that the table does not use. */
  #ownerOf(key: Int32Array): number {
    return (hashOf(key, 0, this.#space.words) >>> 24) % this.#count;
  }

  /** Goes on from the states of a level. */
  expand(): Expanded {
    const space = this.#space;
    const { steps, variables } = this.#model;
    const { words } = space;
    const from = new Uint8Array(variables.length);
    const to = new Uint8Array(variables.length);
    const own = new Int32Array(words);
    const end = space.size;
    this.#levelFrom = end;
    for (; this.#next < end; this.#next++) {
      space.read(this.#next, from);
      own.set(space.keyOf(from));
      to.set(from);
      let owed = 0;
      for (let n = 0; n < steps.length; n++) {
        const step = steps[n] as (typeof steps)[number];
        if (!step.take(to)) continue;
        const key = space.keyOf(to);
        this.#transitions++;
        let same = true;
        for (let w = 0; w < words && same; w++) same = key[w] === own[w];
        if (!same) {
          if (!step.fault) owed++;
          const owner = this.#ownerOf(key);
          if (owner === this.#index) this.#own(key, 0, this.#index, this.#next, n);
          else this.#send(owner, key, n);
        }
        to.set(from);
      }
      if (owed > 0) continue;
      const final = space.final(this.#next);
      if (final !== undefined) this.#ends = true;
      if (final === false) this.#stuck ??= this.#next;
    }
    const out = this.#outs.map((box) => box.rows.slice(0, box.length));
    for (const box of this.#outs) box.length = 0;
    return { out };
  }

  #send(owner: number, key: Int32Array, step: number): void {
    const { words } = this.#space;
    // A row begins with 1 where there is one.
    const at = (hashOf(key, 0, words) & (SENT_ROWS - 1)) * (words + 1);
    const sent = this.#sent;
    let known = sent[at] === 1;
    for (let w = 0; w < words && known; w++) known = sent[at + 1 + w] === key[w];
    if (known) return;
    sent[at] = 1;
    for (let w = 0; w < words; w++) sent[at + 1 + w] = key[w] as number;
    const box = this.#outs[owner] as Outbox;
    if (box.length + words + 2 > box.rows.length) box.rows = grown(box.rows);
    for (let w = 0; w < words; w++) box.rows[box.length + w] = key[w] as number;
    box.rows[box.length + words] = this.#next;
    box.rows[box.length + words + 1] = step;
    box.length += words + 2;
  }

  /** Takes in what others found, by who found it. */
  take(found: readonly (Int32Array | undefined)[]): Level {
    const { words } = this.#space;
    found.forEach((rows, part) => {
      if (!rows) return;
      for (let at = 0; at < rows.length; at += words + 2)
        this.#own(rows, at, part, rows[at + words] as number, rows[at + words + 1] as number);
    });
    return this.level();
  }

  level(): Level {
    const { size, bytes } = this.#space;
    return {
      states: size,
      fresh: size - this.#levelFrom,
      transitions: this.#transitions,
      bytes: bytes + 7 * size + this.#sent.byteLength,
      decided: this.#decided,
      stuck: this.#stuck,
      ends: this.#ends,
    };
  }

  whence(number: number): Whence {
    const vars = new Uint8Array(this.#model.variables.length);
    this.#space.read(number, vars);
    return {
      part: this.#part[number] as number,
      number: this.#parent[number] as number,
      step: this.#step[number] as number,
      key: this.#space.keyOf(vars).slice(),
    };
  }

  #own(key: Int32Array, at: number, part: number, parent: number, step: number): void {
    const space = this.#space;
    const known = space.size;
    const number = space.add(key, at);
    if (number !== known) return;
    if (number >= this.#parent.length) {
      this.#part = grown(this.#part);
      this.#parent = grown(this.#parent);
      this.#step = grown(this.#step);
    }
    this.#part[number] = part;
    this.#parent[number] = parent;
    this.#step[number] = step;
    const { properties } = this.#model;
    for (let p = 0; p < properties.length; p++) {
      if (this.#decided[p] !== undefined) continue;
      const good = space.test(p, number);
      if (good === (properties[p]?.holds === 'sometimes')) this.#decided[p] = number;
    }
  }
}

/** A part wherever it lives. */
export interface FarPart {
  level(): Promise<Level>;
  expand(): Promise<Expanded>;
  take(found: readonly (Int32Array | undefined)[]): Promise<Level>;
  whence(number: number): Promise<Whence>;
}

export interface PartsReport extends Omit<Report, 'findings'> {
  readonly findings: readonly (Omit<Report['findings'][number], 'path'> & {
    /** Which initial state, and the names of the steps from there. */
    readonly path?: { readonly root: number; readonly steps: readonly string[] };
  })[];
}

/** Searches with these parts, which have all of the same model and reductions. */
export async function exploreParts(
  model: SmallModel,
  reductions: Reductions,
  parts: readonly FarPart[],
  {
    states: most = Infinity,
    depth: deepest = Infinity,
    bytes: room = Infinity,
    until,
  }: Bounds = {},
): Promise<PartsReport> {
  assert(
    model.properties.every(({ holds }) => holds !== 'eventually'),
    'what holds eventually is judged on the whole graph, by one worker',
  );
  let levels = await Promise.all(parts.map((part) => part.level()));
  const sum = (of: (level: Level) => number): number =>
    levels.reduce((all, level) => all + of(level), 0);
  /** By property, then the one of being stuck: the part and the state that decided it first. */
  const decided: ({ part: number; number: number } | undefined)[] = [];
  const note = (): void => {
    for (let p = 0; p <= model.properties.length; p++)
      levels.forEach((level, part) => {
        const number = p < model.properties.length ? level.decided[p] : level.stuck;
        if (number !== undefined) decided[p] ??= { part, number };
      });
  };
  const wanted = [...model.properties.map(({ name }) => name), NEVER_STUCK.property].indexOf(
    until ?? '',
  );
  note();
  let depth = sum(({ states }) => states) > 0 ? 1 : 0;
  let bound: Report['bound'];
  for (;;) {
    if (decided[wanted]) bound = 'until';
    else if (sum(({ states }) => states) >= most) bound = 'states';
    else if (sum(({ bytes }) => bytes) > room) bound = 'bytes';
    else if (depth >= deepest) bound = 'depth';
    if (bound) break;
    const found = await Promise.all(parts.map((part) => part.expand()));
    levels = await Promise.all(
      parts.map((part, to) =>
        part.take(found.map(({ out }, from) => (from === to ? undefined : out[to]))),
      ),
    );
    note();
    if (sum(({ fresh }) => fresh) === 0) break;
    depth++;
  }
  const complete = bound === undefined;
  const space = new SmallSpace(model, reductions);
  const pathTo = async (at: { part: number; number: number }) => {
    const keys: Int32Array[] = [];
    for (let here = at; ; ) {
      const whence = await (parts[here.part] as FarPart).whence(here.number);
      keys.unshift(whence.key);
      if (whence.part < 0) break;
      here = { part: whence.part, number: whence.number };
    }
    return walked(model, space, keys);
  };
  const findings = await Promise.all(
    [...model.properties, undefined].map(async (property, p) => {
      const at = decided[p];
      const path = at && { path: await pathTo(at) };
      const open = complete ? ('holds' as const) : ('unknown' as const);
      if (!property)
        return {
          ...NEVER_STUCK,
          holds: 'always' as const,
          verdict: at ? ('violated' as const) : open,
          ...path,
        };
      const { name, help, holds } = property;
      const seen = holds === 'sometimes' ? ('holds' as const) : ('violated' as const);
      const unseen = holds === 'sometimes' && complete ? ('violated' as const) : open;
      return { property: name, help, holds, verdict: at ? seen : unseen, ...path };
    }),
  );
  return {
    states: sum(({ states }) => states),
    transitions: sum(({ transitions }) => transitions),
    depth,
    complete,
    ...(bound && { bound }),
    findings: levels.some(({ ends }) => ends) ? findings : findings.slice(0, -1),
  };
}

/** A run along states by their words, none renamed. */
function walked(model: SmallModel, space: SmallSpace, keys: readonly Int32Array[]) {
  const is = (vars: Vars, key: Int32Array | undefined): boolean =>
    space.keyOf(vars).every((word, w) => word === key?.[w]);
  const root = model.initial.findIndex((vars) => is(vars, keys[0]));
  const vars = (model.initial[root] as Vars).slice();
  const steps = keys.slice(1).map((key) => {
    const step = model.steps.find((one) => {
      const next = vars.slice();
      if (!one.take(next) || !is(next, key)) return false;
      vars.set(next);
      return true;
    });
    assert(step, 'a path can be walked');
    return step.name;
  });
  return { root, steps };
}
