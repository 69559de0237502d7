import { expect, test } from 'vitest';
import { Dice } from '../../base/dice.ts';
import { Explorer } from '../../sim/explorer.ts';
import { ModelSpace } from '../../sim/space.ts';
import { clusterOf, newRaftWorld, RULES } from './cluster.ts';
import type { RaftWorld } from './invariants.ts';
import { raftModel } from './model.ts';
import { searchModel, searchProperties } from './search.ts';

const cluster = clusterOf({ ...RULES, voters: ['A', 'B', 'C'] });
const start = newRaftWorld(cluster, 0, 1);
const model = searchModel(cluster, start, { asks: [], late: 1, line: ({ do: what }) => what });
const renamings =
  raftModel(cluster, { terms: 9, entries: 9, restarts: 9, flights: 99 }).permute ?? [];

test('renamed worlds have one key, and others have another', () => {
  const dice = new Dice(7);
  const keys = new Map<string | bigint, RaftWorld>();
  let compared = 0;
  for (let run = 0; run < 30; run++) {
    let world = start;
    for (let step = 0; step < 30; step++) {
      const choices = model.choices(world).filter(({ do: what }) => what !== 'drop');
      if (choices.length === 0) break;
      world = model.apply(world, choices[dice.below(choices.length)] as (typeof choices)[number]);
      // What a save under way holds back is not renamed by the older model.
      if (world.nodes.some(({ saves }) => saves.length > 0)) continue;
      const key = model.key(world);
      for (const rename of renamings) expect(model.key(rename(world))).toBe(key);
      compared++;
      // Two worlds with one key differ by names alone: as many of each role, term and message.
      const known = keys.get(key);
      if (known) expect(shape(known)).toEqual(shape(world));
      keys.set(key, world);
    }
  }
  expect(compared).toBeGreaterThan(200);
  expect(keys.size).toBeGreaterThan(100);
});

const shape = ({ nodes, flights }: RaftWorld) => ({
  nodes: nodes.map(({ status, state }) => `${status} ${state?.role} ${state?.term}`).sort(),
  flights: flights.map(({ message }) => message.kind).sort(),
});

test('leaving out renamings and messages in vain changes no verdict and no length', () => {
  const spend = { timeouts: 1, heartbeats: 0, crashes: 0, drops: 0, duplicates: 0, slow: 1 };
  const { vain: _, ...plain } = model;
  const all = { ...plain, key: (world: RaftWorld) => exact(world) };
  const found = [model, all].map((one) => {
    const explorer = new Explorer(new ModelSpace(one, searchProperties, { spend, size: 8 }));
    while (!explorer.advance(1_000));
    return explorer.report();
  });
  const [reduced, whole] = found.map(({ findings, complete }) => [
    complete,
    findings.map(({ property, verdict, path }) => [property, verdict, path?.choices.length]),
  ]);
  expect(reduced).toEqual(whole);
  expect((found[1]?.states ?? 0) / (found[0]?.states ?? 1)).toBeGreaterThan(5);
});

/** The same worlds, told apart by name. */
const named = searchModel(cluster, start, {
  asks: [{ op: 'get', key: 'x' }],
  late: 1,
  line: ({ do: what }) => what,
});
const exact = (world: RaftWorld) => named.key(world);
