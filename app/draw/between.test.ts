import { expect, test } from 'vitest';
import { GROWS_AND_SHRINKS, momentsOf } from '../labs/btree/runs.testing.ts';
import { view } from '../labs/btree/view.ts';
import { byKey, type Scene, type Shape } from '../scene/scene.ts';
import { between, MS, makeTween, withGhosts } from './between.ts';

const scenes = momentsOf(GROWS_AND_SHRINKS).map((moment) =>
  view(moment, { width: 720, height: 760, detail: 'cells' }),
);
const pairs = scenes.slice(1).map((b, i) => [scenes[i] as Scene, b] as const);

type Place = readonly [number, number, number, number, number];

/** The places of all shapes at t, from the tween itself: also at its very ends. */
function places(a: Scene, b: Scene, t: number, backward = false): Map<string, Place> {
  const tween = makeTween(a, b, { backward });
  const out = new Map<string, Place>(
    tween.shapes.map(({ key, x, y, w, h, opacity = 1 }) => [key, [x, y, w, h, opacity]]),
  );
  tween.place(t, (index, x, y, w, h, opacity) => {
    out.set((tween.shapes[index] as Shape).key, [x, y, w, h, opacity]);
  });
  return out;
}

function expectSame(scene: Scene, at: Map<string, Place>) {
  const shapes = byKey(scene);
  for (const [key, place] of at) {
    const shape = shapes.get(key);
    if (!shape) {
      expect(place[4], `${key} is not seen`).toBe(0);
      continue;
    }
    [shape.x, shape.y, shape.w, shape.h, shape.opacity ?? 1].forEach((value, i) => {
      expect(place[i], `${key} ${i}`).toBeCloseTo(value, 6);
    });
  }
}

test('at t = 0 every shape is where the first scene has it, at t = 1 where the second has it', () => {
  for (const [a, b] of pairs) {
    expectSame(a, places(a, b, 0));
    expectSame(b, places(a, b, 1));
    expect(between(a, b, 0)).toBe(a);
    expect(between(a, b, 1)).toBe(b);
  }
});

test('a step back is the same movement from its end', () => {
  for (const [a, b] of pairs)
    for (const t of [0.2, 0.5, 0.9]) {
      const forth = places(a, b, t);
      const back = places(b, a, 1 - t, true);
      for (const [key, place] of forth)
        place.forEach((value, i) => {
          expect(back.get(key)?.[i], key).toBeCloseTo(value, 6);
        });
    }
});

test('a cell that stays on its page moves as its page does, at every t', () => {
  let looked = 0;
  for (const [a, b] of pairs) {
    const [before, after] = [byKey(a), byKey(b)];
    for (const t of [0.1, 0.35, 0.6, 0.85]) {
      const at = places(a, b, t);
      for (const shape of b.shapes) {
        const old = before.get(shape.key);
        if (shape.kind !== 'cell' || !shape.on || old?.on !== shape.on) continue;
        const [page, oldPage] = [after.get(shape.on) as Shape, before.get(shape.on) as Shape];
        if (shape.x - page.x !== old.x - oldPage.x) continue;
        const [pageNow, cellNow] = [at.get(shape.on) as Place, at.get(shape.key) as Place];
        expect(cellNow[0] - pageNow[0]).toBeCloseTo(shape.x - page.x, 6);
        looked++;
      }
    }
  }
  expect(looked).toBeGreaterThan(500);
});

test('pages keep apart at every t while the layout makes room or closes up', () => {
  for (const [a, b] of pairs) {
    const stay = b.shapes.filter(({ kind, key }) => kind === 'page' && byKey(a).has(key));
    for (const t of [0.15, 0.3, 0.45, 0.6, 0.75, 0.9]) {
      const at = places(a, b, t);
      stay.forEach((one, i) => {
        for (const other of stay.slice(i + 1)) {
          const [p, q] = [at.get(one.key) as Place, at.get(other.key) as Place];
          const apart =
            Math.max(p[0] - (q[0] + q[2]), q[0] - (p[0] + p[2])) > -0.01 ||
            Math.max(p[1] - (q[1] + q[3]), q[1] - (p[1] + p[3])) > -0.01;
          expect(apart, `${one.key} and ${other.key} at ${t}`).toBe(true);
        }
      });
    }
  }
});

test('how long it takes depends on what changes', () => {
  const shape = (key: string, more: Partial<Shape> = {}): Shape => ({
    key,
    kind: 'page',
    x: 0,
    y: 0,
    w: 100,
    h: 60,
    tone: 'plain',
    ...more,
  });
  const scene = (...shapes: Shape[]): Scene => ({
    shapes,
    left: 0,
    top: 0,
    width: 1,
    height: 1,
    detail: 'cells',
    legend: [],
    focus: [],
  });
  const cell = (on: string, x: number) => shape('c', { kind: 'cell', on, x, w: 20 });
  const [p, q] = [shape('p'), shape('q', { x: 200 })];
  const ms = (a: Scene, b: Scene) => makeTween(a, b).durationMs;
  expect(ms(scene(p), scene({ ...p, lit: true }))).toBe(MS.looks);
  expect(ms(scene(p), scene({ ...p, x: 50 }))).toBe(MS.layout);
  expect(ms(scene(p), scene(p, { ...q, from: 'p' }))).toBe(MS.open);
  expect(ms(scene(p, q, cell('p', 10)), scene(p, q, cell('p', 40)))).toBe(MS.slide);
  expect(ms(scene(p, q, cell('p', 10)), scene(p, q, cell('q', 210)))).toBe(MS.fly);
  // Two stages, one after the other.
  expect(ms(scene(p, q, cell('p', 10)), scene(p, { ...q, x: 150 }, cell('q', 160)))).toBe(
    MS.fly + MS.layout,
  );
});

test('two shapes with one key are a fault of the view', () => {
  const twice = { ...(scenes[0] as Scene) };
  expect(() => makeTween({ ...twice, shapes: [...twice.shapes, ...twice.shapes] }, twice)).toThrow(
    /two shapes of a scene are called/,
  );
});

test('for reduced motion one picture shows what was, faintly, and what is', () => {
  const [a, b] = pairs.find(([, scene]) =>
    scene.shapes.some(({ key }) => key === 'page:4'),
  ) as readonly [Scene, Scene];
  const both = withGhosts(a, b);
  byKey(both);
  const ghosts = both.shapes.filter(({ key }) => key.startsWith('ghost:'));
  expect(ghosts.length).toBeGreaterThan(0);
  for (const ghost of ghosts) expect(ghost).toMatchObject({ dashed: true, quiet: true });
});
