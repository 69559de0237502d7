// The picture of small models: sound at every moment of every golden script, and in states that chance
// leads to, of models small and large; and no variable is left out of it.
import { describe, expect, test } from 'vitest';
import { Dice } from '../../../engine/base/dice.ts';
import { labs } from '../../../engine/labs/index.ts';
import type { ModelState } from '../../../engine/labs/model.ts';
import { MODELS } from '../../../engine/protocols/models/all.ts';
import { Script } from '../../../engine/run/script.ts';
import { byKey } from '../../scene/scene.ts';
import { goldenIn, isSound, isToldOnce, shownMoments } from '../runs.testing.ts';
import { inspect } from './actors.ts';
import { choreography } from './choreography.ts';
import { twin } from './twin.ts';
import { type ModelMoment, view } from './view.ts';

const golden = goldenIn('protocols/scripts', 'model_');
const momentsOf = (text: string): ModelMoment[] => [...shownMoments<ModelMoment>(text)];

const LOOKS = [
  { width: 720, height: 480 },
  { width: 390, height: 420 },
];

function soundIn(moment: ModelMoment): void {
  for (const look of LOOKS) {
    const scene = view(moment, look);
    const shapes = byKey(scene);
    const cards = scene.shapes.filter(({ kind }) => kind === 'page');
    expect(cards.length).toBe(moment.value.rows.flatMap(({ things }) => things).length);
    isSound(scene, moment.name);
    for (const { key, x, y, w, h, on } of scene.shapes) {
      const card = on === undefined ? undefined : shapes.get(on);
      if (!card) continue;
      const inside =
        x >= card.x && y >= card.y && x + w <= card.x + card.w && y + h <= card.y + card.h;
      if (!inside) throw new Error(`${moment.name} ${key} hangs over the edge of ${on}`);
    }
    for (const [i, a] of cards.entries())
      for (const b of cards.slice(i + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        if (!apart) throw new Error(`${moment.name}: ${a.key} covers ${b.key}`);
      }
    for (const { name } of moment.value.said ?? [])
      expect(shapes.get(`said:${name}`)?.select).toBe(`said:${name}`);
  }
  isToldOnce(twin(moment), moment.name);
  // Whatever is selected, the inspector has it, and each of its buttons is a step on offer.
  for (const { key } of inspect(moment, undefined).others) {
    const { key: shown, actions } = inspect(moment, key);
    expect(shown).toBe(key);
    for (const { line } of actions)
      expect(moment.value.steps.map(({ name }) => `do ${name}`)).toContain(line);
  }
}

describe.each(golden)('%s', (_, text) => {
  const moments = momentsOf(text);

  test('is a sound picture at every moment', () => {
    for (const moment of moments) soundIn(moment);
  });

  test('is known to the choreography', () => {
    expect(choreography.refuses(moments.map(({ event }) => event.kind))).toBeUndefined();
  });
});

test('every model is shipped in a scenario', () => {
  const shown = golden.map(([, text]) => /^set model (\S+)/m.exec(text)?.[1] ?? 'two-phase');
  for (const { name } of MODELS) expect(shown).toContain(name);
});

const LARGER = ['rms 4', 'acceptors 4', 'values 3', 'ballots 3', 'nodes 6', 'participants 3'];

describe.each(MODELS.map(({ name }) => name))('the picture of %s', (name) => {
  test.each([
    ['small', []],
    ['large', LARGER],
    [
      'as small as it may be',
      ['rms 1', 'acceptors 1', 'nodes 1', 'participants 1', 'ballots 1', 'values 1'],
    ],
  ] as const)('%s: is sound wherever chance leads, and leaves nothing out', (_, sizes) => {
    const header = ['lab model', `set model ${name}`, ...sizes.map((size) => `set ${size}`)];
    // The most nodes of one model are too many initial states for the other.
    const text = header.filter((line) => name !== 'ewd840' || line !== 'set nodes 6').join('\n');
    const dice = new Dice(7);
    const script = new Script(text, labs).run();
    const { lab } = script;
    const { setup } = script.scenario;
    let state = script.timeline('main').end as ModelState;
    const { cast, variables } = state.model;
    const { rows = [], said = [], ways = [] } = cast ?? {};
    const drawn = [
      ...rows.flatMap(({ things, token }) => [
        ...(token ? [token.at, token.is] : []),
        ...things.flatMap(({ is, life, holds, has = [] }) => [
          is,
          life,
          holds,
          ...has.map(([, at]) => at),
        ]),
      ]),
      ...[...said, ...ways].map(({ at }) => at),
    ].filter((at) => at !== undefined);
    expect(drawn.toSorted((a, b) => a - b)).toEqual(variables.map((_, i) => i));
    for (let n = 0; n < 40; n++) {
      const value = lab.value(state) as ModelMoment['value'];
      soundIn({
        name: `${name} after ${n} steps`,
        value,
        event: { kind: 'opened' },
      } as ModelMoment);
      const moves = value.steps.filter(({ changes }) => changes.length > 0);
      if (moves.length === 0) return;
      const { name: step } = moves[dice.below(moves.length)] as (typeof moves)[number];
      state = lab.run(state, { kind: 'do', step }, undefined, setup).state as ModelState;
    }
  });
});
