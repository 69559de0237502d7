import { describe, expect, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import { Explorer, explore } from './explorer.ts';
import type { Model, Property } from './model.ts';
import { hunt, shrink } from './play.ts';
import { Sketch, SmallSpace } from './small.ts';
import { ModelSpace } from './space.ts';

/** A graph as a model: worlds are its nodes; `!` marks a choice that is a fault. */
const graph = (
  edges: Readonly<Record<string, readonly string[]>>,
  ends = '',
): Model<string, string> => ({
  initial: ['a'],
  choices: (world) => edges[world] ?? [],
  apply: (_, choice) => choice.replace('!', ''),
  key: (world) => world,
  line: (choice) => choice,
  fault: (choice) => choice.endsWith('!'),
  spends: (choice) => (choice.endsWith('!') ? ['faults'] : []),
  final: (world) => ends.includes(world),
});
const eventually = (goal: string): Property<string> => ({
  name: 'arrives',
  help: '',
  holds: 'eventually',
  test: (world) => world === goal,
});
const verdict = (model: Model<string, string>, property: Property<string>) => {
  const space = new ModelSpace(model, [property]);
  const [finding] = explore(space).findings;
  const way = finding?.path && space.walk(finding.path.states).choices.join('');
  return [finding?.verdict, way, finding?.path?.loop];
};

describe('eventually', () => {
  test('a way that ends elsewhere never arrives', () => {
    expect(verdict(graph({ a: ['b', 'c'], b: ['g'] }), eventually('g'))).toEqual([
      'violated',
      'c',
      undefined,
    ]);
  });

  test('a round that can be left at every place is not fair for ever', () => {
    // The step to g is on offer at a and at b, all the time: sooner or later it is taken.
    expect(verdict(graph({ a: ['b', 'g'], b: ['a', 'g'] }), eventually('g'))).toEqual([
      'holds',
      undefined,
      undefined,
    ]);
  });

  test('a round that can be left only now and then is fair, and is the witness', () => {
    expect(verdict(graph({ a: ['b', 'g'], b: ['a'] }), eventually('g'))).toEqual([
      'violated',
      'ba',
      0,
    ]);
  });

  test('nobody owes a fault', () => {
    expect(verdict(graph({ a: ['g!'] }), eventually('g'))[0]).toBe('violated');
    expect(verdict(graph({ a: ['g', 'c!'], c: ['a', 'g'] }), eventually('g'))[0]).toBe('holds');
  });

  test('what is not searched whole is not known', () => {
    const long = Object.fromEntries(
      [...'abcdefg'].map((at, i) => [at, ['abcdefgh'[i + 1] as string]]),
    );
    const space = new ModelSpace(graph(long), [eventually('h')]);
    const report = explore(space, { states: 3 });
    expect([report.complete, report.bound, report.findings[0]?.verdict]).toEqual([
      false,
      'states',
      'unknown',
    ]);
    expect(explore(new ModelSpace(graph(long), []), { depth: 4 })).toMatchObject({
      states: 4,
      depth: 4,
      bound: 'depth',
    });
  });

  /** Against a definition written apart: a fair lasso, looked for in all walks of a small graph. */
  test('agrees with looking at every small graph by hand', () => {
    const dice = new Dice(5);
    const seen = { holds: 0, violated: 0 };
    for (let round = 0; round < 400; round++) {
      const names = [...'abcd'];
      const edges = Object.fromEntries(
        names.map((from) => [from, names.filter((to) => to !== from && dice.chance(0.35))]),
      );
      const found = verdict(graph({ ...edges, d: [] }), eventually('d'))[0] as 'holds' | 'violated';
      const avoids = names.slice(0, 3);
      const reach = new Set(['a']);
      for (const at of reach) for (const to of edges[at] ?? []) if (to !== 'd') reach.add(to);
      const subsets = Array.from({ length: 7 }, (_, n) =>
        avoids.filter((_, i) => (n + 1) & (1 << i)),
      );
      const fairSet = (set: readonly string[]): boolean => {
        if (!set.every((at) => reach.has(at))) return false;
        if (set.length === 1) return (edges[set[0] as string] ?? []).length === 0;
        const within = (from: string, to: string): boolean => {
          const known = new Set([from]);
          for (const at of known)
            for (const next of edges[at] ?? []) if (set.includes(next)) known.add(next);
          return known.has(to);
        };
        if (!set.every((x) => set.every((y) => within(x, y)))) return false;
        // Each step that is on offer everywhere in the set is taken inside it.
        return names.every(
          (step) => !set.every((at) => (edges[at] ?? []).includes(step)) || set.includes(step),
        );
      };
      const expected = subsets.some(fairSet) ? 'violated' : 'holds';
      expect([round, found]).toEqual([round, expected]);
      seen[expected]++;
    }
    expect(Math.min(seen.holds, seen.violated)).toBeGreaterThan(30);
  });
});

test('being stuck is told, and an end is not', () => {
  const stuck = (ends: string) =>
    explore(new ModelSpace(graph({ a: ['b', 'c'], c: ['d!'] }, ends), [])).findings;
  expect(stuck('bcd')).toMatchObject([{ property: 'never stuck', verdict: 'holds' }]);
  // At c nothing but a fault can happen.
  expect(stuck('bd')).toMatchObject([{ verdict: 'violated', path: { choices: [1] } }]);
});

test('a search can be asked how far it is, stopped, and does not go on', () => {
  const counter: Model<number, number> = {
    initial: [0],
    choices: () => [1, 2],
    apply: (world, by) => world + by,
    key: (world) => String(world),
    line: String,
  };
  const explorer = new Explorer(new ModelSpace(counter, []));
  expect(explorer.advance(10)).toBe(false);
  expect(explorer.progress).toEqual({
    states: 12,
    transitions: 20,
    frontier: 2,
    depth: 6,
    broken: [],
  });
  explorer.cancel();
  expect(explorer.advance(10)).toBe(true);
  expect(explorer.report()).toMatchObject({ states: 12, complete: false, bound: 'cancelled' });
});

test('allowances are part of a state: what was spent cannot be spent again', () => {
  const model = graph({ a: ['b!', 'c'], b: ['a'], c: ['b!'] });
  const states = (faults: number) =>
    explore(new ModelSpace(model, [], { spend: { faults } })).states;
  expect([states(0), states(1), states(2)]).toEqual([2, 5, 8]);
});

test('quiet choices go alone, and the verdicts stay', () => {
  // Two counters that nobody sees, and a switch that everybody does.
  const start: readonly [number, number, boolean] = [0, 0, false];
  const model: Model<typeof start, string> = {
    initial: [start],
    choices: ([x, y, on]) => [
      ...(x < 5 ? ['x'] : []),
      ...(y < 5 ? ['y'] : []),
      ...(on ? [] : ['on']),
    ],
    apply: ([x, y, on], choice) => [
      x + (choice === 'x' ? 1 : 0),
      y + (choice === 'y' ? 1 : 0),
      on || choice === 'on',
    ],
    key: (world) => world.join(),
    line: (choice) => choice,
    quiet: (_, choices) => choices.find((choice) => choice !== 'on'),
  };
  const on: Property<typeof start> = {
    name: 'on',
    help: '',
    holds: 'sometimes',
    test: ([, , is]) => is,
  };
  const whole = explore(new ModelSpace(model, [on]));
  const reduced = explore(new ModelSpace(model, [on], {}, { quiet: true }));
  expect([whole.states, reduced.states]).toEqual([72, 12]);
  expect(reduced.findings[0]?.verdict).toBe(whole.findings[0]?.verdict);
});

test('packed states of every width come back as they were', () => {
  const sketch = new Sketch();
  const dice = new Dice(11);
  for (let i = 0; i < 40; i++)
    sketch.one(`v${i}`, Array.from({ length: 2 + dice.below(255) }, String));
  const initial = Array.from({ length: 300 }, () =>
    Uint8Array.from(sketch.variables, ({ values }) => dice.below(values.length)),
  );
  const space = new SmallSpace({ ...sketch, initial: [...initial, ...initial] });
  space.seed();
  expect(space.size).toBe(300);
  const vars = new Uint8Array(40);
  initial.forEach((one, state) => {
    space.read(state, vars);
    expect(vars).toEqual(one);
  });
});

describe('seeded play', () => {
  // A lock with a code of four: found by chance, told in four steps.
  const code = 'bcab';
  const lock: Model<string, string> = {
    initial: [''],
    choices: () => ['a', 'b', 'c', 'noise'],
    apply: (world, choice) =>
      choice === 'noise'
        ? world
        : world + choice === code.slice(0, world.length + 1)
          ? world + choice
          : '',
    key: (world) => world,
    line: (choice) => choice,
  };

  test('finds what lies deep, the same each time, and leaves out the detours', () => {
    const rules = { seed: 3, runs: 50, steps: 400 };
    const found = hunt(lock, (world) => world === code, rules);
    expect(found?.lines).toEqual(['b', 'c', 'a', 'b']);
    expect(hunt(lock, (world) => world === code, rules)).toEqual(found);
    expect(hunt(lock, () => false, rules)).toBeUndefined();
  });

  test('no step of what is left can be missed', () => {
    const lines = ['noise', 'b', 'noise', 'noise', 'c', 'noise', 'a', 'noise', 'b', 'noise'];
    expect(shrink(lock, '', lines, (world) => world === code)?.lines).toEqual(['b', 'c', 'a', 'b']);
  });
});
