import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNKS_A_BLOCK, type FileImage } from '../../../engine/disk/image.ts';
import { byKey, type Detail, type Scene, type Shape } from '../../scene/scene.ts';
import { sceneText } from '../../scene/text.ts';
import type { TwinNode } from '../picture.ts';
import { goldenIn } from '../runs.testing.ts';
import { choreography } from './choreography.ts';
import { type BTreeMoment, read } from './reading.ts';
import { GROWS_AND_SHRINKS, momentsOf } from './runs.testing.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

const LOOK = { width: 720, height: 760 };
const golden = goldenIn('btree/scripts').map(([name, text]) => ({ name, text }));

const overlap = (a: Shape, b: Shape) =>
  Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x) > 0.01 &&
  Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y) > 0.01;

/** What must hold of any scene of any moment. */
function sound(scene: Scene, of: string) {
  const shapes = byKey(scene);
  const boxes = scene.shapes.filter(({ kind }) => kind === 'page' || kind === 'slot');
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(i + 1))
      if (overlap(a, b) && b.key !== `copy:${a.key.slice('slot:'.length)}`)
        throw new Error(`${of}: ${a.key} overlaps ${b.key}`);
  });
  const onPage = new Map<string, Shape[]>();
  for (const shape of scene.shapes) {
    for (const end of [shape.on, shape.toOn])
      if (end !== undefined)
        expect(shapes.has(end), `${of}: ${shape.key} rides on ${end}`).toBe(true);
    if (shape.kind === 'cell' && shape.on)
      onPage.set(shape.on, [...(onPage.get(shape.on) ?? []), shape]);
    if (shape.kind !== 'water' && shape.kind !== 'glow')
      for (const value of [shape.x, shape.y, shape.w, shape.h])
        expect(Number.isFinite(value), `${of}: ${shape.key}`).toBe(true);
  }
  for (const [page, cells] of onPage) {
    const { x, w, y, h } = shapes.get(page) as Shape;
    cells.forEach((a, i) => {
      for (const b of cells.slice(i + 1))
        if (overlap(a, b)) throw new Error(`${of}: ${a.key} overlaps ${b.key}`);
      expect(a.x >= x - 0.01 && a.x + a.w <= x + w + 0.01, `${of}: ${a.key} in ${page}`).toBe(true);
      // A cell that is held outside hangs below; all others stand in their page.
      if (!a.dashed)
        expect(a.y >= y && a.y + a.h <= y + h, `${of}: ${a.key} in ${page}`).toBe(true);
    });
  }
}

function everything(moments: readonly BTreeMoment[], details: readonly (Detail | undefined)[]) {
  for (const moment of moments)
    for (const detail of details)
      sound(view(moment, { ...LOOK, ...(detail && { detail }) }), `${moment.name} ${detail ?? ''}`);
}

describe('every moment of a run', () => {
  const moments = momentsOf(GROWS_AND_SHRINKS);

  test('is drawn without a collision, in every detail', () => {
    everything(moments, [undefined, 'cells', 'bars']);
  });

  test('shows every row that the tree holds, and holds outside what has no page', () => {
    for (const moment of moments) {
      if (!moment.value.running) continue;
      const scene = byKey(view(moment, { ...LOOK, detail: 'cells' }));
      const { event } = moment;
      if (event.kind === 'overflow' || event.kind === 'deepen' || event.kind === 'open') {
        const key = event.kind === 'overflow' ? event.key : event.held?.[0]?.key;
        const cells = [scene.get(`cell:kv:${key}`), scene.get(`sep:kv:${key}`)];
        const held = cells.find((cell) => cell?.lit && cell.dashed);
        expect(held, `${moment.name} ${event.kind}`).toBeDefined();
      }
    }
  });

  test('keeps each cell in the picture from its insertion to its removal', () => {
    const present = new Set<string>();
    for (const moment of moments) {
      const { event } = moment;
      if (event.kind === 'crash') break;
      if (event.kind === 'insert' || event.kind === 'overflow') {
        const scene = byKey(view(moment, { ...LOOK, detail: 'cells' }));
        if (scene.has(`cell:kv:${event.key}`)) present.add(`cell:kv:${event.key}`);
      }
      const scene = byKey(view(moment, { ...LOOK, detail: 'cells' }));
      for (const key of present) expect(scene.has(key), `${key} at ${moment.name}`).toBe(true);
    }
    expect(present.size).toBeGreaterThan(10);
  });

  test('has a choreography that takes all of it', () => {
    expect(choreography.refuses(moments.map(({ event }) => event.kind))).toBeUndefined();
  });

  test('after a crash nothing is above the waterline', () => {
    const crash = moments.find(({ event }) => event.kind === 'crash') as BTreeMoment;
    const scene = view(crash, LOOK);
    expect(scene.shapes.some(({ kind }) => kind === 'page')).toBe(false);
    expect(scene.shapes.filter(({ key }) => key.startsWith('slot:')).length).toBe(2);
    expect(scene.shapes.filter(({ key }) => key.startsWith('frame:')).length).toBeGreaterThan(3);
  });

  test('a page that memory has newer is dashed, a frame is until it is synced; then all is solid', () => {
    const dirty = moments.find(({ event }) => event.kind === 'insert' && event.key === 29);
    const scene = byKey(view(dirty as BTreeMoment, LOOK));
    expect(scene.get('page:2')).toMatchObject({ dashed: true });
    const appended = moments.find(({ event }) => event.kind === 'frame') as BTreeMoment;
    const frames = view(appended, LOOK).shapes.filter(({ key }) => key.startsWith('frame:'));
    expect(frames.map(({ dashed }) => dashed)).toEqual([true]);
    const committed = moments.find(({ event }) => event.kind === 'committed') as BTreeMoment;
    for (const shape of view(committed, LOOK).shapes)
      if (shape.kind === 'page' || shape.kind === 'slot') expect(shape.dashed).toBeUndefined();
  });

  test('the twin names the same pages and cells, in the order of the keys', () => {
    const last = moments.at(-1) as BTreeMoment;
    const rows: string[] = [];
    const visit = ({ key, children }: TwinNode) => {
      if (key.startsWith('cell:')) rows.push(key);
      children.forEach(visit);
    };
    twin(last).forEach(visit);
    expect(rows).toEqual([
      'cell:kv:21',
      'cell:kv:25',
      'cell:kv:29',
      'cell:kv:31',
      'cell:kv:33',
      'cell:kv:34',
    ]);
  });
});

describe.each(golden)('$name', ({ text }) => {
  const moments = momentsOf(text);
  test('the choreography takes every event', () => {
    expect(choreography.refuses(moments.map(({ event }) => event.kind))).toBeUndefined();
  });
  test('every moment is drawn without a collision', () => {
    everything(moments, [undefined]);
  });
});

test('a lookup lights the way that it takes, and the page where it is', () => {
  const moments = momentsOf(GROWS_AND_SHRINKS);
  const found = moments.find(({ event }) => event.kind === 'seek' && event.depth === 1);
  const scene = view(found as BTreeMoment, LOOK);
  const lit = scene.shapes.filter(({ lit }) => lit).map(({ kind }) => kind);
  expect(lit.filter((kind) => kind === 'page')).toHaveLength(1);
  expect(lit.filter((kind) => kind === 'edge')).toHaveLength(1);
  expect(scene.shapes.filter(({ kind }) => kind === 'glow')).toHaveLength(1);
});

test('the scene of the split, as text', () => {
  const { text } = golden.find(({ name }) => name === 'split_leaf.txt') as { text: string };
  const moment = momentsOf(text).find(
    ({ command, event }) => command === 13 && event.kind === 'separator',
  );
  expect(sceneText(view(moment as BTreeMoment, LOOK))).toMatchSnapshot();
});

test('pages never collide in the trees of random runs', { timeout: 60_000 }, () => {
  const command = fc.oneof(
    { weight: 6, arbitrary: fc.nat(60).map((key) => `put ${key} "${'x'.repeat(key)}"`) },
    { weight: 3, arbitrary: fc.nat(60).map((key) => `delete ${key}`) },
    fc.constantFrom('commit', 'crash', 'rollback', `put 7 "${'long '.repeat(300)}"`),
  );
  fc.assert(
    fc.property(
      fc.array(command, { minLength: 5, maxLength: 60 }),
      fc.constantFrom(0, 2, 3, 4),
      (commands, most) => {
        const moments = momentsOf(['lab btree', `set max-cells ${most}`, ...commands].join('\n'));
        everything(moments, [undefined, 'bars']);
        expect(choreography.refuses(moments.map(({ event }) => event.kind))).toBeUndefined();
      },
    ),
    { numRuns: 25, seed: 5 },
  );
});

describe('a large tree', () => {
  const [last] = momentsOf('lab btree\nset max-cells 4\nbulk 500 random\nget 33', 1) as [
    BTreeMoment,
  ];
  const pagesOf = (scene: Scene) => scene.shapes.filter(({ kind }) => kind === 'page');
  const isFull = (shape: Shape | undefined) => shape?.segments === undefined;

  test('fits the stage at a zoom that can be read, and every page has its place', () => {
    const scene = view(last, LOOK);
    expect(scene.detail).toBe('bars');
    expect(pagesOf(scene).length).toBe(read(last).nodes.size);
    expect(pagesOf(scene).length).toBeGreaterThan(200);
    expect((LOOK.width - 32) / scene.width).toBeGreaterThanOrEqual(0.6);
    expect((LOOK.height - 70) / scene.height).toBeGreaterThanOrEqual(0.6);
    sound(scene, 'large');
    sound(view(last, { ...LOOK, detail: 'cells' }), 'large, zoomed in');
  });

  test('keeps the cells of the page where the engine is, and of its ancestors', () => {
    const scene = view(last, LOOK);
    const shapes = byKey(scene);
    const here = read(last).nodes.get((last.event as { page: number }).page);
    expect(here?.leaf).toBe(true);
    for (let node = here; node; node = node.parent) {
      expect(isFull(shapes.get(`page:${node.page}`)), `page ${node.page}`).toBe(true);
      for (const { key } of node.cells) expect(shapes.has(key), key).toBe(true);
    }
    const bars = pagesOf(scene).filter((page) => !isFull(page));
    expect(bars.length).toBeGreaterThan(150);
    for (const bar of bars) expect(bar.dashed, bar.key).toBe(true); // nothing is committed
  });

  test('a bar that is selected opens, with the way to it, and keeps its key', () => {
    const before = view(last, LOOK);
    const bars = pagesOf(before).filter((page) => !isFull(page));
    for (const bar of [bars[0], bars[60], bars.at(-1)] as Shape[]) {
      const scene = view(last, { ...LOOK, selected: bar.key });
      sound(scene, `${bar.key} selected`);
      const shapes = byKey(scene);
      let node = read(last).nodes.get(Number(bar.key.split(':')[1]));
      for (; node; node = node.parent) expect(isFull(shapes.get(`page:${node.page}`))).toBe(true);
      expect(scene.width).toBe(before.width);
    }
  });

  test('of thousands of rows in full pages every page still has its place', () => {
    const [moment] = momentsOf('lab btree\nbulk 2000 random\ncommit', 1) as [BTreeMoment];
    const scene = view(moment, LOOK);
    expect(pagesOf(scene).length).toBe(read(moment).nodes.size);
    sound(scene, '2,000 rows');
  });
});

describe('an imported file that is not read yet', () => {
  const [opened] = momentsOf(
    'lab btree\nset max-cells 4\nbulk 60 random\ncommit\ncheckpoint',
    1,
  ) as [BTreeMoment];
  /** The same file as an import has it: nothing in memory, and only these pages loaded. */
  function imported(loaded: readonly number[]): BTreeMoment {
    const { image } = opened;
    const id = image.names.get('lab.sqlite') as number;
    const file = image.files.get(id) as FileImage;
    const now = {
      ...file.now,
      blocks: file.now.blocks.map((block, b) =>
        block?.map((chunk, i) => (loaded.includes(b * CHUNKS_A_BLOCK + i + 1) ? chunk : undefined)),
      ),
    };
    const lazy = { ...file, now, synced: now };
    return {
      ...opened,
      image: { ...image, names: new Map([['lab.sqlite', id]]), files: new Map([[id, lazy]]) },
      value: { ...opened.value, readOnly: true },
    } as BTreeMoment;
  }

  test('asks for the root, then for its children, and crosses nothing out', () => {
    const nothing = view(imported([1]), LOOK);
    expect(nothing.wants?.chunks[0]).toBe(opened.value.root - 1);
    expect(nothing.shapes.some(({ crossed }) => crossed)).toBe(false);
    const root = view(imported([1, opened.value.root]), LOOK);
    expect(root.wants?.chunks.length).toBeGreaterThan(1);
    expect(root.shapes.some(({ crossed }) => crossed)).toBe(false);
    const all = Array.from({ length: 200 }, (_, i) => i + 1);
    expect(view(imported(all), LOOK).wants).toBeUndefined();
  });
});
