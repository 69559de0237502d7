// The graph of a search as plain data: every state a dot, in the column of its depth, placed so that
// few ways cross. Made from what the search hands over; the canvas only paints it.
//
//   depth 0      1      2      3
//                ●──────●
//         ●──────●──────●──────●        what found a state first is its parent: the chain of
//                └──────●──────●        parents is a shortest way to it

import type { SearchGraph } from '../../engine/run/lab.ts';

export interface Layout {
  readonly graph: SearchGraph;
  /** One a state: its place in its column, from 0 at the top; columns stand about one middle. */
  readonly places: Int32Array;
  /** The states of each column, top down. */
  readonly columns: readonly (readonly number[])[];
  /** States in the fullest column. */
  readonly most: number;
  /** Of each state what found it; -1 of an initial one. */
  readonly parents: Int32Array;
  /** The transition that found it; -1 of an initial one. */
  readonly by: Int32Array;
  /** The transitions of each state, one after another, from `starts[state]` to `starts[state + 1]`. */
  readonly starts: Int32Array;
}

/** Sweeps over the columns, there and back: each brings neighbours nearer to each other. */
const SWEEPS = 6;

export function layoutOf(graph: SearchGraph): Layout {
  const { levels, from, to } = graph;
  const size = levels.length;
  const parents = new Int32Array(size).fill(-1);
  const by = new Int32Array(size).fill(-1);
  const starts = new Int32Array(size + 1);
  // Transitions come in the order of the states that they leave: the first into a state found it.
  for (let edge = 0; edge < from.length; edge++) {
    const [a, b] = [from[edge] as number, to[edge] as number];
    starts[a + 1] = edge + 1;
    if (parents[b] !== -1 || levels[b] === 0) continue;
    parents[b] = a;
    by[b] = edge;
  }
  for (let state = 1; state <= size; state++)
    starts[state] = Math.max(starts[state] as number, starts[state - 1] as number);

  const columns: number[][] = [];
  for (let state = 0; state < size; state++) {
    const level = levels[state] as number;
    columns[level] ??= [];
    columns[level].push(state);
  }
  const places = new Int32Array(size);
  const put = (column: readonly number[]) => {
    column.forEach((state, i) => {
      places[state] = i;
    });
  };
  for (const column of columns) put(column);
  // A state goes to the middle of its neighbours in the column beside it, measured from the middles.
  const sums = new Float64Array(size);
  const counts = new Int32Array(size);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const step = sweep % 2 === 0 ? 1 : -1;
    for (
      let level = step > 0 ? 1 : columns.length - 2;
      level >= 0 && level < columns.length;
      level += step
    ) {
      const column = columns[level] as number[];
      for (const state of column) {
        sums[state] = 0;
        counts[state] = 0;
      }
      const beside = columns[level - step] as number[];
      const middle = (beside.length - 1) / 2;
      const meet = (a: number, b: number) => {
        sums[a] = (sums[a] as number) + (places[b] as number) - middle;
        counts[a] = (counts[a] as number) + 1;
      };
      for (const state of step > 0 ? beside : column)
        for (let edge = starts[state] as number; edge < (starts[state + 1] as number); edge++) {
          const goal = to[edge] as number;
          if (levels[goal] !== (levels[state] as number) + 1) continue;
          if (step > 0) meet(goal, state);
          else meet(state, goal);
        }
      const own = (column.length - 1) / 2;
      const wish = (state: number): number =>
        counts[state]
          ? (sums[state] as number) / (counts[state] as number)
          : (places[state] as number) - own;
      const wishes = new Map(column.map((state) => [state, wish(state)]));
      column.sort((a, b) => (wishes.get(a) as number) - (wishes.get(b) as number) || a - b);
      put(column);
    }
  }
  const most = Math.max(0, ...columns.map(({ length }) => length));
  return { graph, places, columns, most, parents, by, starts };
}

/** The states on a shortest way to a state, an initial one first. */
export function wayTo({ parents }: Layout, state: number): number[] {
  const way = [state];
  for (let at = state; (parents[at] as number) >= 0; ) {
    at = parents[at] as number;
    way.push(at);
  }
  return way.reverse();
}

/** What a run's lines lead through, as far as the graph knows their names: `init 2`, `do tmAbort`. */
export function wayAlong(layout: Layout, lines: readonly string[]): number[] {
  const { graph, columns, starts } = layout;
  const { line, lines: names } = graph;
  const roots = columns[0] ?? [];
  if (!line || !names || roots.length === 0) return [];
  const numbers = new Map(names.map((name, i) => [name, i]));
  const first = Math.min(...roots);
  let way = [first];
  for (const text of lines) {
    const initial = /^init (\d+)$/.exec(text)?.[1];
    if (initial !== undefined) {
      way = [first + Number(initial) - 1];
      continue;
    }
    const at = way.at(-1) as number;
    const number = numbers.get(text);
    let edge = starts[at] as number;
    const end = starts[at + 1] as number;
    while (edge < end && line[edge] !== number) edge++;
    // A step that changes nothing is no transition: the run stands where it stood.
    way.push(edge < end ? (graph.to[edge] as number) : at);
  }
  return way;
}

/** How the properties see a state. */
export type Mark = 'plain' | 'broken' | 'good';

/** By all properties, or by one: broken is what must always hold and does not, good what may come about. */
export function markOf(graph: SearchGraph, state: number, property?: string): Mark {
  let mark: Mark = 'plain';
  for (const { name, holds, good } of graph.properties) {
    if (property !== undefined && name !== property) continue;
    if (holds === 'always' && !good[state]) return 'broken';
    if (holds !== 'always' && good[state]) mark = 'good';
  }
  return mark;
}
