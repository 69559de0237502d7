// "Find me a schedule that breaks it": a breadth-first search over everything that can happen.
//
//   level 1      ●                    initial states
//   level 2    ●   ●   ●              what one choice leads to
//   level 3   ● ●   ● ●               … and so on, each state once, in the order of its discovery
//
// States are numbered as they are found, so the queue of the search is the numbers themselves, and a
// state's shortest path is the chain of those that found it first. The first state that breaks a
// property breaks it in the fewest steps.
//
// What holds "eventually" is a matter of infinite runs: on the whole graph, is there a way that
// avoids the good for ever, and is fair? It is one that ends where nothing can happen any more, or
// that goes round a strongly connected part in which no choice is on offer all the time without being
// taken. Faults are nobody's duty: that they stay away is fair.

import { assert } from '../base/assert.ts';
import { grown, type Space, type Visit } from './space.ts';

export interface Bounds {
  /** Distinct states. */
  readonly states?: number;
  /** States on a path. */
  readonly depth?: number;
  readonly bytes?: number;
  /** The name of a property: the search ends at the first state that decides it. */
  readonly until?: string;
  /** Up to so many states all transitions are kept, for a picture; of what holds eventually, always. */
  readonly graph?: number;
}

/** The states that were found, for a picture. Steps that change nothing are left out. */
export interface StateGraph {
  /** One a state, in the order of their discovery: on which level it is, from 0. */
  readonly levels: Int32Array;
  /** One a transition. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** How many of the states were gone on from. */
  readonly looked: number;
  /** One a transition: which choice of the state that it leaves. */
  readonly choices: Uint16Array;
  /** Which states pass the test of each property. */
  readonly properties: readonly {
    readonly name: string;
    readonly holds: 'always' | 'sometimes' | 'eventually';
    readonly good: Uint8Array;
  }[];
}

export interface Finding {
  readonly property: string;
  readonly help: string;
  readonly holds: 'always' | 'sometimes' | 'eventually';
  /** Of sometimes: whether it was seen. unknown: the search ended before that could be said. */
  readonly verdict: 'holds' | 'violated' | 'unknown';
  /** A shortest way: to where it breaks; of sometimes, to where it was seen. */
  readonly path?: Path;
}

export interface Path {
  /** The states by number, the initial one first. */
  readonly states: readonly number[];
  /** The choices between them, each by its number in the state it is taken in. */
  readonly choices: readonly number[];
  /** Of a run that goes round for ever: how many of the choices lead to where the round begins. */
  readonly loop?: number;
}

/** Why somebody ended a search. */
export type Stop = 'cancelled' | 'time';

export interface Report {
  /** Distinct states, the initial ones included. */
  readonly states: number;
  readonly transitions: number;
  /** States on the longest shortest path. */
  readonly depth: number;
  readonly complete: boolean;
  /** The bound that ended the search. */
  readonly bound?: 'states' | 'depth' | 'bytes' | 'until' | Stop;
  readonly findings: readonly Finding[];
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  /** States found and not yet gone on from. */
  readonly frontier: number;
  readonly depth: number;
  /** Properties that are known not to hold. */
  readonly broken: readonly string[];
}

/** The property that every model with ends has, beside its own. */
export const NEVER_STUCK = {
  property: 'never stuck',
  help: 'Where something is left to do, more can happen than another fault.',
};

/** A search that goes on as long as it is asked to. */
export class Explorer {
  readonly #space: Space;
  readonly #bounds: Bounds;
  /** For each state, what found it: a state (-1: it is initial) and a choice. */
  #parent = new Int32Array(1024);
  #choice = new Uint16Array(1024);
  #next = 0;
  #transitions = 0;
  #depth = 0;
  /** The first state of the next level. */
  #levelEnd = 0;
  #bound: Report['bound'];
  readonly #broken: (number | undefined)[];
  readonly #seen: (number | undefined)[];
  #stuck: number | undefined;
  /** Whether NEVER_STUCK is a question at all. */
  #ends = false;
  /** All transitions, kept where a property is about infinite runs, or as long as a picture may want them. */
  #graph: Graph | undefined;
  readonly #infinite: boolean;
  /** For each 'eventually', whether each state is good. */
  readonly #good: Uint8Array[];

  constructor(space: Space, bounds: Bounds = {}) {
    this.#space = space;
    this.#bounds = bounds;
    this.#broken = space.properties.map(() => undefined);
    this.#seen = space.properties.map(() => undefined);
    this.#infinite = space.properties.some(({ holds }) => holds === 'eventually');
    this.#graph = this.#infinite || bounds.graph ? new Graph() : undefined;
    this.#good = space.properties.map(() => new Uint8Array(this.#infinite ? 1024 : 0));
    space.seed();
    for (let state = 0; state < space.size; state++) this.#found(state, -1, 0);
    this.#levelEnd = space.size;
    this.#depth = space.size > 0 ? 1 : 0;
  }

  get progress(): Progress {
    const { size } = this.#space;
    return {
      states: size,
      transitions: this.#transitions,
      frontier: size - this.#next,
      depth: this.#depth,
      broken: [
        ...this.#space.properties.filter((_, p) => this.#broken[p] !== undefined),
        ...(this.#stuck === undefined ? [] : [{ name: NEVER_STUCK.property }]),
      ].map(({ name }) => name),
    };
  }

  /** Goes on from so many states more; true when there is nothing left to do. */
  advance(states: number): boolean {
    const space = this.#space;
    const { depth: deepest = Number.POSITIVE_INFINITY } = this.#bounds;
    let known = space.size;
    let leads = 0;
    let owed = 0;
    const visit: Visit = (choice, to, duty) => {
      leads++;
      if (duty >= 0 && to !== this.#next) owed++;
      if (to === known) {
        known++;
        this.#found(to, this.#next, choice);
      }
      if (to !== this.#next) this.#graph?.add(to, choice, duty);
    };
    for (let left = states; left > 0; left--) {
      if (this.#bound || this.#next === space.size) return true;
      if (this.#next === this.#levelEnd) {
        this.#levelEnd = space.size;
        this.#depth++;
      }
      if (this.#depth >= deepest) {
        // What a state at the bound leads to is not looked at; whether it leads anywhere is unknown.
        this.#bound = 'depth';
        return true;
      }
      const { states: most, bytes } = this.#bounds;
      if (most !== undefined && space.size >= most) this.#bound = 'states';
      if (bytes !== undefined && space.bytes > bytes) this.#bound = 'bytes';
      if (this.#isDecided()) this.#bound = 'until';
      if (this.#bound) return true;
      if (!this.#infinite && this.#graph && space.size > (this.#bounds.graph ?? 0))
        this.#graph = undefined;
      leads = 0;
      owed = 0;
      this.#graph?.begin();
      space.expand(this.#next, visit);
      this.#transitions += leads;
      if (owed === 0) {
        const final = space.final(this.#next);
        if (final !== undefined) this.#ends = true;
        if (final === false) this.#stuck ??= this.#next;
      }
      this.#next++;
    }
    return this.#bound !== undefined || this.#next === space.size;
  }

  cancel(why: Stop = 'cancelled'): void {
    this.#bound ??= why;
  }

  /** Whether the property that is searched for needs no further state. */
  #isDecided(): boolean {
    const { until } = this.#bounds;
    if (until === undefined) return false;
    if (until === NEVER_STUCK.property) return this.#stuck !== undefined;
    const p = this.#space.properties.findIndex(({ name }) => name === until);
    return this.#broken[p] !== undefined || this.#seen[p] !== undefined;
  }

  /** The states and their transitions; undefined where they are too many, or nobody asked for them. */
  graph(): StateGraph | undefined {
    const graph = this.#graph;
    const { size } = this.#space;
    if (!graph || !this.#bounds.graph || size > this.#bounds.graph) return undefined;
    const levels = new Int32Array(size);
    for (let state = 0; state < size; state++) {
      const parent = this.#parent[state] as number;
      levels[state] = parent < 0 ? 0 : (levels[parent] as number) + 1;
    }
    const edges = this.#next === 0 ? 0 : graph.end(this.#next - 1);
    const [from, to] = [new Int32Array(edges), new Int32Array(edges)];
    const choices = new Uint16Array(edges);
    for (let state = 0; state < this.#next; state++)
      for (let edge = graph.from(state); edge < graph.end(state); edge++) {
        from[edge] = state;
        to[edge] = graph.to(edge);
        choices[edge] = graph.choice(edge);
      }
    const properties = this.#space.properties.map(({ name, holds }, p) => ({
      name,
      holds,
      good: Uint8Array.from({ length: size }, (_, state) => (this.#space.test(p, state) ? 1 : 0)),
    }));
    return { levels, from, to, looked: this.#next, choices, properties };
  }

  #found(state: number, parent: number, choice: number): void {
    if (state >= this.#parent.length) {
      this.#parent = grown(this.#parent);
      this.#choice = grown(this.#choice);
    }
    assert(choice < 2 ** 16, 'a state has fewer than 65,536 choices');
    this.#parent[state] = parent;
    this.#choice[state] = choice;
    const { properties } = this.#space;
    for (let p = 0; p < properties.length; p++) {
      const { holds } = properties[p] as (typeof properties)[number];
      if (
        holds === 'always'
          ? this.#broken[p] !== undefined
          : holds === 'sometimes' && this.#seen[p] !== undefined
      )
        continue;
      const good = this.#space.test(p, state);
      if (holds === 'always' && !good) this.#broken[p] = state;
      if (holds === 'sometimes' && good) this.#seen[p] = state;
      if (holds === 'eventually') {
        let flags = this.#good[p] as Uint8Array;
        if (state >= flags.length) {
          flags = grown(flags);
          this.#good[p] = flags;
        }
        flags[state] = good ? 1 : 0;
      }
    }
  }

  /** The way that found a state. */
  path(state: number): Path {
    const choices: number[] = [];
    const states = [state];
    for (let at = state; (this.#parent[at] as number) >= 0; ) {
      choices.push(this.#choice[at] as number);
      at = this.#parent[at] as number;
      states.push(at);
    }
    return { states: states.reverse(), choices: choices.reverse() };
  }

  report(): Report {
    const { size, properties } = this.#space;
    const complete = this.#bound === undefined && this.#next === size;
    const findings = properties.map(({ name, help, holds }, p): Finding => {
      const finding = { property: name, help, holds };
      if (holds === 'always') {
        const broken = this.#broken[p];
        if (broken !== undefined)
          return { ...finding, verdict: 'violated', path: this.path(broken) };
        return { ...finding, verdict: complete ? 'holds' : 'unknown' };
      }
      if (holds === 'sometimes') {
        const seen = this.#seen[p];
        if (seen !== undefined) return { ...finding, verdict: 'holds', path: this.path(seen) };
        return { ...finding, verdict: complete ? 'violated' : 'unknown' };
      }
      if (!complete) return { ...finding, verdict: 'unknown' };
      const path = avoiding(this.#graph as Graph, this.#good[p] as Uint8Array, size, this.#roots());
      return path ? { ...finding, verdict: 'violated', path } : { ...finding, verdict: 'holds' };
    });
    if (this.#ends) {
      const path = this.#stuck === undefined ? {} : { path: this.path(this.#stuck) };
      const verdict = this.#stuck !== undefined ? 'violated' : complete ? 'holds' : 'unknown';
      findings.push({ ...NEVER_STUCK, holds: 'always', verdict, ...path });
    }
    return {
      states: size,
      transitions: this.#transitions,
      depth: this.#depth,
      complete,
      ...(this.#bound && { bound: this.#bound }),
      findings,
    };
  }

  #roots(): number {
    let roots = 0;
    while (roots < this.#space.size && (this.#parent[roots] as number) < 0) roots++;
    return roots;
  }
}

/** Runs a search to its end. */
export function explore(space: Space, bounds: Bounds = {}): Report {
  const explorer = new Explorer(space, bounds);
  while (!explorer.advance(100_000));
  return explorer.report();
}

/** Transitions in the order in which states are gone on from. Steps that change nothing are left out. */
class Graph {
  /** Where each state's transitions begin. */
  #starts = new Int32Array(1024);
  #states = 0;
  #to = new Int32Array(4096);
  #choices = new Uint16Array(4096);
  #duties = new Int32Array(4096);
  #count = 0;

  begin(): void {
    if (this.#states + 1 >= this.#starts.length) this.#starts = grown(this.#starts);
    this.#starts[this.#states++] = this.#count;
    this.#starts[this.#states] = this.#count;
  }

  add(to: number, choice: number, duty: number): void {
    if (this.#count === this.#to.length) {
      this.#to = grown(this.#to);
      this.#choices = grown(this.#choices);
      this.#duties = grown(this.#duties);
    }
    this.#to[this.#count] = to;
    this.#choices[this.#count] = choice;
    this.#duties[this.#count] = duty;
    this.#starts[this.#states] = ++this.#count;
  }

  from(state: number): number {
    return this.#starts[state] as number;
  }
  end(state: number): number {
    return this.#starts[state + 1] as number;
  }
  to(edge: number): number {
    return this.#to[edge] as number;
  }
  choice(edge: number): number {
    return this.#choices[edge] as number;
  }
  duty(edge: number): number {
    return this.#duties[edge] as number;
  }
}

/** A shortest way to a fair run that never meets a good state; undefined: there is none. */
function avoiding(graph: Graph, good: Uint8Array, size: number, roots: number): Path | undefined {
  // The part that can be reached without the good, breadth first, and its components (Tarjan 1972).
  const parentEdge = new Int32Array(size).fill(-2);
  const parent = new Int32Array(size).fill(-1);
  const queue: number[] = [];
  for (let root = 0; root < roots; root++)
    if (!good[root]) {
      parentEdge[root] = -1;
      queue.push(root);
    }
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at] as number;
    for (let edge = graph.from(state); edge < graph.end(state); edge++) {
      const to = graph.to(edge);
      if (good[to] || parentEdge[to] !== -2) continue;
      parentEdge[to] = edge;
      parent[to] = state;
      queue.push(to);
    }
  }
  const component = componentsOf(graph, queue, (state) => parentEdge[state] !== -2, size);
  const fair = fairComponents(graph, queue, component);
  const first = queue.find((state) => fair.has(component[state] as number));
  if (first === undefined) return undefined;
  const edges: number[] = [];
  const states = [first];
  for (let at = first; (parentEdge[at] as number) >= 0; ) {
    edges.push(parentEdge[at] as number);
    at = parent[at] as number;
    states.push(at);
  }
  edges.reverse();
  states.reverse();
  const round = roundFrom(graph, first, component);
  return {
    states: [...states, ...round.map((edge) => graph.to(edge))],
    choices: [...edges, ...round].map((edge) => graph.choice(edge)),
    ...(round.length > 0 && { loop: edges.length }),
  };
}

function componentsOf(
  graph: Graph,
  states: readonly number[],
  inside: (state: number) => boolean,
  size: number,
): Int32Array {
  const index = new Int32Array(size);
  const low = new Int32Array(size);
  const component = new Int32Array(size).fill(-1);
  const onStack = new Uint8Array(size);
  const stack: number[] = [];
  const calls: number[] = [];
  const edges: number[] = [];
  let [count, components] = [0, 0];
  for (const start of states) {
    if (index[start] !== 0) continue;
    calls.push(start);
    edges.push(graph.from(start));
    while (calls.length > 0) {
      const state = calls.at(-1) as number;
      if (index[state] === 0) {
        index[state] = low[state] = ++count;
        stack.push(state);
        onStack[state] = 1;
      }
      const edge = edges.at(-1) as number;
      if (edge < graph.end(state)) {
        edges[edges.length - 1] = edge + 1;
        const to = graph.to(edge);
        if (!inside(to)) continue;
        if (index[to] === 0) {
          calls.push(to);
          edges.push(graph.from(to));
        } else if (onStack[to]) low[state] = Math.min(low[state] as number, index[to] as number);
        continue;
      }
      calls.pop();
      edges.pop();
      const caller = calls.at(-1);
      if (caller !== undefined) low[caller] = Math.min(low[caller] as number, low[state] as number);
      if (low[state] !== index[state]) continue;
      for (;;) {
        const member = stack.pop() as number;
        onStack[member] = 0;
        component[member] = components;
        if (member === state) break;
      }
      components++;
    }
  }
  return component;
}

/**
 * The components in which a run may stay for ever and be fair: those where nothing can happen, and
 * those with a round in which each duty is either done or, somewhere, not on offer.
 */
function fairComponents(
  graph: Graph,
  states: readonly number[],
  component: Int32Array,
): Set<number> {
  const members = new Map<number, number[]>();
  for (const state of states) {
    const list = members.get(component[state] as number);
    if (list) list.push(state);
    else members.set(component[state] as number, [state]);
  }
  const fair = new Set<number>();
  for (const [name, list] of members) {
    // How many members offer each duty, and which are done inside.
    const offered = new Map<number, number>();
    const done = new Set<number>();
    for (const state of list) {
      const here = new Set<number>();
      for (let edge = graph.from(state); edge < graph.end(state); edge++) {
        const duty = graph.duty(edge);
        if (duty < 0) continue;
        here.add(duty);
        if (component[graph.to(edge)] === name) done.add(duty);
      }
      for (const duty of here) offered.set(duty, (offered.get(duty) ?? 0) + 1);
    }
    if ([...offered].every(([duty, count]) => count < list.length || done.has(duty)))
      fair.add(name);
  }
  return fair;
}

/** The transitions of a shortest round inside a component, from a state back to it; empty where the component is one state. */
function roundFrom(graph: Graph, start: number, component: Int32Array): number[] {
  const found = new Map<number, readonly [state: number, edge: number]>();
  const queue = [start];
  for (const state of queue)
    for (let edge = graph.from(state); edge < graph.end(state); edge++) {
      const to = graph.to(edge);
      if (component[to] !== component[start]) continue;
      if (to === start) {
        const round = [edge];
        for (let at = state; at !== start; ) {
          const [before, by] = found.get(at) as readonly [number, number];
          round.push(by);
          at = before;
        }
        return round.reverse();
      }
      if (found.has(to)) continue;
      found.set(to, [state, edge]);
      queue.push(to);
    }
  return [];
}
