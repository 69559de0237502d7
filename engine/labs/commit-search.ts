// The search of the commit lab: everything that can happen from a world on, within the bounds that the
// settings give. Loaded when somebody searches.

import type { CommitWorld } from '../protocols/commit/referees.ts';
import { modelOf, propertiesOf } from '../protocols/commit/search.ts';
import { nodesOf } from '../protocols/commit/types.ts';
import type { Search, SearchBound, SearchWish, Setup } from '../run/lab.ts';
import type { Id } from '../sim/actor.ts';
import { apply } from '../sim/cluster.ts';
import { Explorer } from '../sim/explorer.ts';
import { ModelSpace } from '../sim/space.ts';
import { print } from './commit-commands.ts';
import { beginning, type CommitLabState, clusterOfSetup } from './commit-setup.ts';
import { limitsOf, offerOf, searchOf, USUAL_MEGABYTES, usualBounds, wished } from './search.ts';

/** Seeded play beyond the bounds: how many runs, and how long each. */
const PLAY = { runs: 2_000, steps: 30 };

/** What is to be committed where nothing is under way. */
const BEGIN = { kind: 'begin', value: 'new' } as const;

/** Where nothing is under way, a search begins with a transaction: else nothing would happen. */
function begun(state: CommitLabState, setup: Setup): { world: CommitWorld; before: string[] } {
  const { world } = state;
  const idle =
    world.flights.length === 0 &&
    world.nodes.every(
      ({ status, timers, saves }) => status === 'up' && timers.length === 0 && saves.length === 0,
    );
  if (!idle) return { world, before: [] };
  const choice = beginning(state, BEGIN.value);
  return { world: apply(clusterOfSetup(setup), world, choice).world, before: [print(BEGIN)] };
}

export function search(state: CommitLabState, setup: Setup, wish: SearchWish = {}): Search {
  const { rules } = state;
  const { settings: set } = setup;
  const number = (name: string): number => set[name] as number;
  const cluster = clusterOfSetup(setup);
  const { world, before } = begun(state, setup);
  const ids = nodesOf(rules);
  const alone = rules.participants.at(-1) as Id;
  const model = modelOf(cluster, world, {
    timers: set['patience-ends'] === 'any-time' ? 'any' : 'honest',
    ...(set.split && { partition: [ids.filter((id) => id !== alone), [alone]] }),
  });
  const few = (name: string, help: string, max = 9, more = 0): SearchBound => ({
    name,
    help,
    value: Math.min(max, number(name) + more),
    min: 0,
    max,
  });
  const bounds = [
    few('crashes', 'nodes that may crash'),
    few('restarts', 'crashed nodes that may come back'),
    few('drops', 'messages that may be lost'),
    few('duplicates', 'messages that may come twice'),
    // Who is cut off has patience of its own.
    few('timers', 'timers that may fire', 99, set.split ? 1 : 0),
    { name: 'messages', help: 'messages under way', value: 99, min: 1, max: 99 },
    ...usualBounds({ states: number('max-states'), depth: 1_000, megabytes: USUAL_MEGABYTES }),
  ];
  const limits = wished(bounds, wish);
  const { crashes = 0, restarts = 0, drops = 0, duplicates = 0, timers = 0 } = limits;
  const spend = { crashes, restarts, drops, duplicates, timeouts: timers, partitions: 1 };
  const allowed = { spend, size: limits.messages as number };
  const properties = propertiesOf(rules);
  const space = new ModelSpace(model, properties, allowed);
  return searchOf({
    explorer: new Explorer(space, limitsOf(limits, wish)),
    offer: offerOf(properties, bounds, { ends: true }),
    before,
    commandsOf: ({ states }) =>
      space.walk(states).choices.map((choice) => model.line(choice, world)),
    wish,
    beyond: { model, properties, rules: { seed: setup.seed, ...PLAY, ...allowed } },
  });
}
