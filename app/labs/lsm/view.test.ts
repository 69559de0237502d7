import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../engine/base/bytes.ts';
import { byKey, type Scene, type Shape } from '../../scene/scene.ts';
import { sceneText } from '../../scene/text.ts';
import type { TwinNode } from '../picture.ts';
import { goldenIn } from '../runs.testing.ts';
import { choreography } from './choreography.ts';
import { inspect } from './inspect.ts';
import { axisOf, type LsmMoment, saidOf } from './reading.ts';
import { momentsOf, openingOf } from './runs.testing.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

const LOOK = { width: 720, height: 760 };
const PHONE = { width: 390, height: 420 };
const golden = goldenIn('lsm/scripts').map(([name, text]) => ({ name, text }));

const overlap = (a: Shape, b: Shape) =>
  Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x) > 0.01 &&
  Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y) > 0.01;

/** What must hold of any scene of any moment. */
function sound(scene: Scene, of: string): void {
  const shapes = byKey(scene);
  const water = shapes.get('water') as Shape;
  const boxes = scene.shapes.filter(({ kind }) => kind === 'page' || kind === 'slot');
  boxes.forEach((a, i) => {
    // Sound tables never overlap in a row; a planted bug may make them.
    for (const b of boxes.slice(i + 1))
      if (overlap(a, b)) throw new Error(`${of}: ${a.key} overlaps ${b.key}`);
    const isMemory = a.key.startsWith('memtable:');
    expect(isMemory ? a.y + a.h < water.y : a.y > water.y, `${of}: ${a.key}`).toBe(true);
    expect(
      a.x >= scene.left - 0.01 && a.x + a.w <= scene.left + scene.width + 0.01,
      `${of}: ${a.key} inside`,
    ).toBe(true);
  });
  // No key of the axis is written over another.
  const marks = scene.shapes
    .filter(({ key }) => key === 'label:cursor' || key.startsWith('label:axis:'))
    .map(({ x, text = '', align }) => {
      const w = 6.6 * text.length;
      return { text, x: align === 'end' ? x - w : align === 'start' ? x : x - w / 2, w };
    });
  marks.forEach((a, i) => {
    for (const b of marks.slice(i + 1))
      if (Math.min(a.x + a.w, b.x + b.w) > Math.max(a.x, b.x))
        throw new Error(`${of}: ${a.text} is written over ${b.text}`);
  });
  for (const shape of scene.shapes) {
    if (shape.on !== undefined) {
      const on = shapes.get(shape.on) as Shape;
      expect(on, `${of}: ${shape.key} rides on ${shape.on}`).toBeDefined();
      expect(
        shape.x >= on.x - 0.01 && shape.x + shape.w <= on.x + on.w + 0.01,
        `${of}: ${shape.key}`,
      ).toBe(true);
      expect(
        shape.y >= on.y - 0.01 && shape.y + shape.h <= on.y + on.h + 0.01,
        `${of}: ${shape.key}`,
      ).toBe(true);
    }
    if (shape.kind !== 'water')
      for (const value of [shape.x, shape.y, shape.w, shape.h])
        expect(Number.isFinite(value), `${of}: ${shape.key}`).toBe(true);
  }
}

function keysOf(nodes: readonly TwinNode[]): string[] {
  return nodes.flatMap((node) => [node.key, ...keysOf(node.children)]);
}

function tiles(moment: LsmMoment, selection: string | undefined): void {
  for (const layer of ['memory', 'file'] as const) {
    const { bytes, regions, why, title } = inspect(moment, selection, layer);
    const of = `${moment.name}, ${selection} in ${layer}`;
    expect(title, of).not.toMatch(/undefined|NaN/);
    if (!bytes) {
      expect(why, of).toBeTruthy();
      continue;
    }
    let at = 0;
    for (const { from, to, label, fields } of regions) {
      expect(from, `${of}: ${label}`).toBe(at);
      expect(to, `${of}: ${label}`).toBeGreaterThan(from);
      for (const one of fields ?? []) {
        expect(one.from >= from && one.to <= to, `${of}: ${label}, ${one.name}`).toBe(true);
        expect(one.value, `${of}: ${label}, ${one.name}`).not.toMatch(/undefined|NaN/);
      }
      at = to;
    }
    expect(at, of).toBe(bytes.length);
  }
}

describe.each(golden)('$name', ({ text }) => {
  test('every moment has a sound picture, words, bytes and a state of the machine', () => {
    const kinds: string[] = [];
    let n = 0;
    for (const moment of momentsOf(text)) {
      kinds.push(moment.event.kind);
      // Of hundreds of puts in a row a few are enough.
      if (n++ > 100 && moment.index % 11 !== 0) continue;
      const scene = view(moment, LOOK);
      sound(scene, moment.name);
      if (moment.index % 5 === 0) sound(view(moment, PHONE), `${moment.name} on a phone`);
      const words = keysOf(twin(moment));
      expect(new Set(words).size, moment.name).toBe(words.length);
      if (moment.index % 4 === 0) {
        tiles(moment, undefined);
        const selectable = scene.shapes.flatMap(({ select }) => select ?? []);
        for (const selection of new Set(selectable)) tiles(moment, selection);
      }
    }
    expect(choreography.refuses(kinds)).toBeUndefined();
  });
});

test('the fourth flush: its merge, as text', () => {
  const text = golden.find(({ name }) => name === 'compaction.txt')?.text as string;
  const moments = [...momentsOf(text)];
  const at = (name: string) => moments.find((one) => one.name === name) as LsmMoment;
  expect(at('14.10').caption.title).toBe('3 versions of fig meet; the newest wins');
  expect(sceneText(view(at('14.10'), LOOK))).toMatchSnapshot();
  // Lit are the five that are merged and what is written; the cursor stands at fig.
  const scene = view(at('14.10'), LOOK);
  const lit = scene.shapes.filter(({ kind, lit }) => kind === 'page' && lit).map(({ key }) => key);
  expect(lit).toEqual(['table:15', 'table:13', 'table:11', 'table:9', 'table:7', 'table:16']);
  expect(byKey(scene).has('cursor')).toBe(true);
});

test('hundreds of tables are strokes on the same axis', () => {
  const text =
    'lab lsm\nset memtable-size 256\nset table-size 256\nset level-size 1000000\nset level0-trigger 2\nbulk 900 random\ncompact\n';
  const [last] = [...momentsOf(text, 1)] as [LsmMoment];
  const tables = last.value.version.reduce((sum, files) => sum + files.length, 0);
  expect(tables).toBeGreaterThan(100);
  const scene = view(last, LOOK);
  sound(scene, 'many');
  expect(scene.shapes.length).toBeLessThan(120);
  expect(scene.shapes.some(({ key }) => key.startsWith('strokes:'))).toBe(true);
});

test('the axis keeps the order of keys, and spreads digits as it does letters', () => {
  const keys = ['k000001', 'k000100', 'k000450', 'k000900'].map(utf8);
  const axis = axisOf(keys);
  const places = keys.map((key) => axis.at(key));
  expect([...places].sort((a, b) => a - b)).toEqual(places);
  expect([places[0], places[3]]).toEqual([0, 1]);
  expect(places[2]).toBeGreaterThan(0.35);
  expect(places[2]).toBeLessThan(0.65);
});

const folders = new URL('../../../engine/lsm/fixtures/leveldb/', import.meta.url);
const load = (name: string) =>
  new Map(
    readdirSync(new URL(name, folders)).map((file) => [
      file,
      new Uint8Array(readFileSync(new URL(`${name}/${file}`, folders))),
    ]),
  );

describe.each(readdirSync(folders))('the folder %s', (name) => {
  test('has a sound picture, and is walked block by block from table to table', () => {
    const moment = openingOf(load(name));
    const scene = view(moment, LOOK);
    sound(scene, name);
    sound(view(moment, PHONE), `${name} on a phone`);
    const selectable = scene.shapes.flatMap(({ select }) => select ?? []);
    // Of hundreds of records a few are enough.
    for (const [i, key] of [...new Set(selectable)].entries()) if (i % 7 === 0) tiles(moment, key);
    const tables = moment.value.version.flat();
    let at: string | undefined = tables[0] && `table:${tables[0].number}`;
    const seen: string[] = [];
    for (let back: string | undefined; at; ) {
      tiles(moment, at);
      const { key, previous, next } = inspect(moment, at, 'memory');
      expect([key, previous]).toEqual([at, back]);
      seen.push(key);
      back = at;
      at = next;
    }
    // Every table with its data blocks, metaindex, index and footer; no place twice.
    expect(new Set(seen).size).toBe(seen.length);
    for (const { number } of tables)
      for (const part of ['metaindex', 'index', 'footer'])
        expect(seen).toContain(`block:${number}:${part}`);
  });
});

test('a compressed block is read: unpacked in memory, as it is stored in the file', () => {
  const moment = openingOf(load('snappy-levels'));
  const number = moment.value.version.flat()[0]?.number;
  const [memory, file] = (['memory', 'file'] as const).map((layer) =>
    inspect(moment, `block:${number}:0`, layer),
  );
  expect(memory?.summary.find(({ name }) => name === 'stored as')?.value).toMatch(
    /^snappy, \d+ bytes when unpacked$/,
  );
  expect(memory?.bytes?.length).toBeGreaterThan(file?.bytes?.length ?? 0);
  expect(memory?.regions[0]?.fields?.map(({ name }) => name)).toContain('value');
  expect(file?.regions.map(({ label }) => label)).toEqual(['block 0, snappy', 'trailer']);
});

test('tables say what they have to do with the key in question', () => {
  const momentAt = (script: string, at: string): LsmMoment => {
    const text = golden.find(({ name }) => name === script)?.text as string;
    return [...momentsOf(text)].find(({ name }) => name === at) as LsmMoment;
  };
  const notes = (moment: LsmMoment) =>
    Object.fromEntries(
      view(moment, LOOK).shapes.flatMap(({ key, kind, note }) =>
        kind === 'page' && key.startsWith('table:') && note ? [[Number(key.slice(6)), note]] : [],
      ),
    );
  // A merge: which versions each table has. Table 15 has no fig.
  expect(notes(momentAt('compaction.txt', '14.10'))).toMatchObject({
    13: '@18 stays',
    9: '@11 goes',
    7: '@7 goes',
    15: '2 entries',
  });
  // The tombstone of kiwi stays for table 5.
  expect(notes(momentAt('tombstone_stays.txt', '8.8'))).toMatchObject({
    9: '@8 stays',
    5: 'may hold kiwi',
  });
  // A read: the filter of table 9 said no before table 7 was asked, and the answer keeps that in sight.
  expect(notes(momentAt('read_path.txt', '9.3'))).toMatchObject({ 9: 'filter: no', 7: 'found' });
  expect(notes(momentAt('read_path.txt', '9.4'))).toMatchObject({ 9: 'filter: no', 7: 'found' });
  expect(notes(momentAt('read_path.txt', '9.1'))[9]).toBe('3 entries');
});

test('what tables are said to have answered is what the engine did', () => {
  // Each probe of a table as an event, against what is read off the bytes when the answer is there.
  let asked: Record<number, string> = {};
  let answers = 0;
  const text = golden.find(({ name }) => name === 'read_path.txt')?.text as string;
  for (const moment of momentsOf(text)) {
    const { event } = moment;
    if (event.kind === 'probe' && event.table !== undefined)
      asked[event.table] =
        event.outcome === 'filtered'
          ? 'filter: no'
          : event.outcome === 'missing'
            ? 'not there'
            : event.outcome === 'deleted'
              ? 'tombstone'
              : event.outcome;
    else if (event.kind === 'found' || event.kind === 'absent') {
      const said = [...saidOf(moment)].map(([number, { words }]) => [number, words]);
      expect(Object.fromEntries(said), moment.name).toEqual(asked);
      answers += said.length;
      asked = {};
    } else asked = {};
    if (event.kind === 'probe' && event.where !== 'table') asked = {};
  }
  expect(answers).toBeGreaterThan(4);
});

test('hundreds of tables of level 0 are lines, and those that matter are boxes', () => {
  const text = 'lab lsm\nset strategy fifo\nset memtable-size 256\nbulk 900 random\nget k000300\n';
  const moments = [...momentsOf(text, 40)];
  const probe = moments.findLast(({ event }) => event.kind === 'probe') as LsmMoment;
  const scene = view(probe, LOOK);
  expect(probe.value.version[0]?.length).toBeGreaterThan(100);
  sound(scene, 'fifo');
  expect(scene.shapes.filter(({ key }) => key.startsWith('line:')).length).toBeLessThan(80);
  const boxes = scene.shapes.filter(({ key }) => key.startsWith('table:')).map(({ key }) => key);
  expect(boxes).toContain(`table:${(probe.event as { table?: number }).table}`);
  expect(scene.height).toBeLessThan(800);
});

test('tables in a narrow range of keys are told apart, wide ones stand where they belong', () => {
  const range = (from: string, to: string) => ({ from: utf8(from), to: utf8(to) });
  const ends = (ranges: readonly { from: Uint8Array; to: Uint8Array }[]) =>
    ranges.flatMap(({ from, to }) => [from, to]);
  const wide = [range('item000', 'item997'), range('item003', 'item999')];
  const even = axisOf(ends(wide), wide);
  expect(even.at(utf8('item003'))).toBeLessThan(0.02);
  expect(even.at(utf8('item997'))).toBeGreaterThan(0.98);
  const crowd = [
    range('a', 'z'),
    range('k001', 'k050'),
    range('k020', 'k090'),
    range('k060', 'k099'),
  ];
  const axis = axisOf(ends(crowd), crowd);
  for (const { from, to } of crowd) expect(axis.at(to) - axis.at(from)).toBeGreaterThan(0.05);
  const sorted = ends(crowd).sort((a, b) =>
    new TextDecoder().decode(a) < new TextDecoder().decode(b) ? -1 : 1,
  );
  const places = sorted.map((key) => axis.at(key));
  expect([...places].sort((a, b) => a - b)).toEqual(places);
});
