import { expect, test } from 'vitest';
import { MODELS, type Parameters } from '../protocols/models/all.ts';
import { explore } from './explorer.ts';
import { exploreParts, type FarPart, Part } from './parts.ts';
import { type SmallModel, SmallSpace } from './small.ts';

const BASE: Parameters = {
  rms: 3,
  acceptors: 3,
  values: 2,
  ballots: 2,
  nodes: 3,
  participants: 2,
  queue: 2,
  rmMayFail: true,
  tmMayFail: true,
  decideFirst: false,
};
/** Without what is to hold eventually: that is for one worker. */
function model(name: string, parameters: Partial<Parameters> = {}): SmallModel {
  const whole = MODELS.find((one) => one.name === name)?.build({ ...BASE, ...parameters });
  if (!whole) throw new Error(`there is no model ${name}`);
  return { ...whole, properties: whole.properties.filter(({ holds }) => holds !== 'eventually') };
}

/** Every call comes back later, copied, as from a worker. */
const far = (part: Part): FarPart => ({
  level: async () => structuredClone(part.level()),
  expand: async () => structuredClone(part.expand()),
  take: async (found) => structuredClone(part.take(structuredClone(found))),
  whence: async (number) => structuredClone(part.whence(number)),
});

test.each([
  ['two-phase', {}, 288],
  ['two-phase-backup', {}, 1245],
  ['acp-nb', { decideFirst: true }, undefined],
  ['acp-sb', {}, 1832],
  ['paxos', {}, 3921],
  ['die-hard', {}, 16],
] as const)('%s: two and three workers find what one finds', async (name, parameters, states) => {
  for (const symmetry of [false, true]) {
    const whole = model(name, parameters);
    const one = explore(new SmallSpace(whole, { symmetry }));
    if (!symmetry && states) expect(one.states).toBe(states);
    for (const count of [2, 3]) {
      const parts = Array.from({ length: count }, (_, i) =>
        far(new Part(whole, { symmetry }, i, count)),
      );
      const many = await exploreParts(whole, { symmetry }, parts);
      expect([many.states, many.transitions, many.depth, many.complete]).toEqual([
        one.states,
        one.transitions,
        one.depth,
        true,
      ]);
      expect(
        many.findings.map(({ property, verdict, path }) => [property, verdict, path?.steps.length]),
      ).toEqual(
        one.findings.map(({ property, verdict, path }) => [
          property,
          verdict,
          path?.choices.length,
        ]),
      );
      // Each run that is told can be taken.
      for (const { path } of many.findings) {
        if (!path) continue;
        const vars = (whole.initial[path.root] as Uint8Array).slice();
        for (const step of path.steps)
          expect(whole.steps.find((known) => known.name === step)?.take(vars)).toBe(true);
      }
    }
  }
});

test('bounds, and what is judged on the whole graph', async () => {
  const whole = model('paxos');
  const parts = [0, 1].map((i) => far(new Part(whole, {}, i, 2)));
  const report = await exploreParts(whole, {}, parts, { states: 500 });
  expect(report).toMatchObject({ complete: false, bound: 'states' });
  const infinite = MODELS.find((one) => one.name === 'two-phase')?.build(BASE) as SmallModel;
  await expect(exploreParts(infinite, {}, [])).rejects.toThrow(/by one worker/);
});
