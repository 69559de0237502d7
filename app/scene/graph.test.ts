// The graph of a search as it is drawn: every state in the column of its depth, the chain of parents a
// shortest way, a run's lines found again in it. Against real searches of the small models.
import { expect, test } from 'vitest';
import { labs } from '../../engine/labs/index.ts';
import type { Search, SearchGraph } from '../../engine/run/lab.ts';
import { Script } from '../../engine/run/script.ts';
import { layoutOf, markOf, wayAlong, wayTo } from './graph.ts';

async function searched(text: string): Promise<{ search: Search; graph: SearchGraph }> {
  const script = new Script(text, labs).run();
  const { lab, scenario } = script;
  const search = await lab.search?.(script.timeline('main').at(0).state, scenario.setup, {
    graph: 5000,
  });
  while (!search?.advance(1000));
  return { search: search as Search, graph: search?.graph?.() as SearchGraph };
}

const TEXTS = [
  'lab model\nset rms 2\n',
  'lab model\nset model acp-nb\nset participants 1\n',
  'lab model\nset model chang-roberts\n',
  'lab model\nset model die-hard\n',
  'lab model\nset model paxos\n',
];

test.each(TEXTS)('%s: columns by depth, parents, shortest ways', async (text) => {
  const { search, graph } = await searched(text);
  const layout = layoutOf(graph);
  const { states, depth, findings } = search.report();
  expect(graph.levels.length).toBe(states);
  expect(layout.columns.length).toBe(depth);
  expect(layout.columns.flat().sort((a, b) => a - b)).toEqual([...graph.levels.keys()]);
  const roots = layout.columns[0] as readonly number[];
  for (const [level, column] of layout.columns.entries())
    for (const [place, state] of column.entries()) {
      expect(graph.levels[state]).toBe(level);
      expect(layout.places[state]).toBe(place);
      const way = wayTo(layout, state);
      expect(way.length).toBe(level + 1);
      expect(roots).toContain(way[0]);
      if (state % 17 > 0) continue;
      // The commands that the search has for it lead along the very same states.
      const lines = search.runTo?.(state) as readonly string[];
      expect(wayAlong(layout, lines)).toEqual(way);
    }
  // What the search found broken is marked so, and nothing that it says holds.
  for (const { property, holds, verdict, states: found } of findings) {
    if (holds !== 'always' || !graph.properties.some(({ name }) => name === property)) continue;
    const broken = [...graph.levels.keys()].filter(
      (state) => markOf(graph, state, property) === 'broken',
    );
    expect(broken.length > 0).toBe(verdict === 'violated');
    if (verdict === 'violated') expect(broken).toContain(found?.at(-1));
  }
});

test('neighbours come to stand near each other: fewer crossings than in the order of discovery', async () => {
  const { graph } = await searched('lab model\nset rms 3\n');
  const { places } = layoutOf(graph);
  const found = new Map<number, number>();
  const counted = [...graph.levels].map((level) => {
    const n = found.get(level) ?? 0;
    found.set(level, n + 1);
    return n;
  });
  const crossings = (at: ArrayLike<number>): number => {
    let count = 0;
    const { from, to, levels } = graph;
    for (let a = 0; a < from.length; a++)
      for (let b = a + 1; b < from.length; b++) {
        const [a1, a2, b1, b2] = [from[a], to[a], from[b], to[b]] as [
          number,
          number,
          number,
          number,
        ];
        if (levels[a1] !== levels[b1] || levels[a2] !== levels[b2] || levels[a2] === levels[a1])
          continue;
        const left = (at[a1] as number) - (at[b1] as number);
        const right = (at[a2] as number) - (at[b2] as number);
        if (left * right < 0) count++;
      }
    return count;
  };
  expect(crossings(places)).toBeLessThan(0.9 * crossings(counted));
});

test('states that are equal but for a renaming are as many kinds as the quotient has states', async () => {
  const { graph } = await searched('lab model\nset rms 3\n');
  const { search } = await searched('lab model\nset rms 3\nset symmetry on\n');
  expect(new Set(graph.classes).size).toBe(search.report().states);
  expect(graph.levels.length).toBe(288);
});

test('a step that changes nothing is no transition: the run stands where it stood', async () => {
  const { graph } = await searched('lab model\nset model die-hard\n');
  const layout = layoutOf(graph);
  const way = wayAlong(layout, ['do fill big', 'do fill big', 'do empty big']);
  expect(way[1]).toBe(way[2]);
  expect(way[3]).toBe(way[0]);
});
