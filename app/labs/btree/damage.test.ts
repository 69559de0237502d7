// A damaged database on the stage: the picture, its twin in words and the inspector say what they can
// of every page, in sentences, and nothing throws. SWEEP=1 runs it for long.

import { describe, expect, test } from 'vitest';
import { Complaint } from '../../../engine/base/assert.ts';
import { Dice } from '../../../engine/base/dice.ts';
import { damaged, fixtures, sensible, sourceOf } from '../../../engine/btree/damage.testing.ts';
import { byKey } from '../../scene/scene.ts';
import type { TwinNode } from '../picture.ts';
import { inspect } from './inspect.ts';
import type { BTreeMoment } from './reading.ts';
import { momentsOf } from './runs.testing.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

const SEED = 50;
const ROUNDS = process.env.SWEEP ? 300 : 3;
const LOOKS = [
  { width: 1440, height: 760 },
  { width: 390, height: 600 },
  { width: 1280, height: 700, detail: 'cells' },
] as const;

/** All moments of a look at a database; nothing where it is refused, in a sentence. */
function openedWith(bytes: Uint8Array, commands: readonly string[]): BTreeMoment[] {
  try {
    const head = `lab btree\nfile bad.db unhashed ${bytes.length}\n`;
    return momentsOf(head + commands.join('\n'), undefined, sourceOf(bytes, 'bad.db', 2_000));
  } catch (thrown) {
    if (!(thrown instanceof Complaint)) throw thrown;
    sensible(thrown.message);
    return [];
  }
}

function look(moment: BTreeMoment, dice: Dice): void {
  const { title, detail } = moment.caption;
  sensible(`${title}. ${detail}`);
  for (const { text } of moment.problems) sensible(text);
  const pages = Math.max(
    1,
    Math.ceil((moment.image.files.get(1)?.now.size ?? 0) / moment.value.pageSize),
  );
  const some = [1, 2, 1 + dice.below(pages), 1 + dice.below(pages), pages];
  for (const page of some) {
    const selected = `page:${page}`;
    const scene = view(moment, { ...(LOOKS[page % 3] as (typeof LOOKS)[0]), selected });
    const shapes = byKey(scene);
    for (const { key, x, y, w, h, aria } of shapes.values()) {
      if (![x, y, w, h].every(Number.isFinite)) throw new Error(`${key} is nowhere`);
      if (aria !== undefined && /undefined|NaN/.test(aria)) throw new Error(`${key}: ${aria}`);
    }
    for (const layer of ['memory', 'file'] as const) {
      const { bytes, regions, why } = inspect(moment, selected, layer);
      if (!bytes) {
        sensible(why ?? '');
        continue;
      }
      for (const { from, to, fault } of regions) {
        expect(from).toBeLessThanOrEqual(to);
        expect(to).toBeLessThanOrEqual(bytes.length);
        if (fault !== undefined) sensible(fault);
      }
    }
  }
  const words = (nodes: readonly TwinNode[]): void => {
    for (const { text, children } of nodes) {
      if (/undefined|NaN/.test(text)) throw new Error(text);
      words(children);
    }
  };
  words(twin(moment));
}

describe.each(fixtures())('$name, damaged', ({ name, pageSize, bytes }) => {
  test('is drawn as far as it decodes', () => {
    for (let round = 0; round < ROUNDS; round++) {
      const dice = new Dice(SEED + round);
      const { bytes: bad, what } = damaged(bytes, pageSize, dice);
      try {
        for (const moment of openedWith(bad, [])) look(moment, dice);
        for (const command of ['get 7', 'scan 3..40', 'check'])
          for (const moment of openedWith(bad, [command]).slice(-1)) look(moment, dice);
      } catch (thrown) {
        throw new Error(`${name}, round ${round} (${what}): ${(thrown as Error).stack}`);
      }
    }
  });
});
