// The search of the commit lab: everything that can happen from a world on, within the bounds that the
// settings give. Loaded when somebody searches.

import type { CommitWorld } from '../protocols/commit/referees.ts';
import { modelOf, propertiesOf } from '../protocols/commit/search.ts';
import { type CommitRules, nodesOf } from '../protocols/commit/types.ts';
import type { Search, Setup } from '../run/lab.ts';
import type { Id } from '../sim/actor.ts';
import { Explorer } from '../sim/explorer.ts';
import { hunt } from '../sim/play.ts';
import { ModelSpace } from '../sim/space.ts';
import { clusterOfSetup } from './commit-setup.ts';

export function search(world: CommitWorld, rules: CommitRules, setup: Setup): Search {
  const { settings: set } = setup;
  const number = (name: string): number => set[name] as number;
  const cluster = clusterOfSetup(setup);
  const ids = nodesOf(rules);
  const alone = rules.participants.at(-1) as Id;
  const model = modelOf(cluster, world, {
    timers: set['patience-ends'] === 'any-time' ? 'any' : 'honest',
    ...(set.split && { partition: [ids.filter((id) => id !== alone), [alone]] }),
  });
  const spend = {
    crashes: number('crashes'),
    restarts: number('restarts'),
    drops: number('drops'),
    duplicates: number('duplicates'),
    timeouts: number('timers'),
    partitions: 1,
  };
  const properties = propertiesOf(rules);
  const space = new ModelSpace(model, properties, { spend });
  const explorer = new Explorer(space, { states: number('max-states'), bytes: 700 * 2 ** 20 });
  return {
    advance: (states) => explorer.advance(states),
    cancel: () => explorer.cancel(),
    get progress() {
      return explorer.progress;
    },
    report() {
      const { findings, ...counts } = explorer.report();
      return {
        ...counts,
        findings: findings.map(({ path, ...finding }) => {
          const property = properties.find(({ name }) => name === finding.property);
          if (!path && finding.verdict === 'unknown' && finding.holds === 'always' && property) {
            // Beyond the bound chance may go further; what it finds is shrunk.
            const rules = { seed: setup.seed, runs: 2_000, steps: 30, spend };
            const found = hunt(model, (at) => !property.test(at), rules);
            if (found) return { ...finding, verdict: 'violated' as const, commands: found.lines };
          }
          if (!path) return finding;
          const { choices } = space.walk(path.states);
          const lines = choices.map((choice) => model.line(choice, world));
          return {
            ...finding,
            commands: lines,
            ...(path.loop !== undefined && { loop: path.loop }),
          };
        }),
      };
    },
  };
}
