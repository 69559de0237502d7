// Raft against etcd's raft: 60 scenarios of campaigns, proposals, partitions and restarts, recorded by
// driving that implementation. Every node's term, vote, leadership, commit index and log must be the
// same after every step. The fixture is a scenario a line, written down by hand from the recording:
//
//   ID NODES ; OPERATION | term vote leads commit log | … a node …     `=`: as after the step before
//
// A step is the operation, then every message first-in first-out until it is quiet, then one heartbeat
// from every node that believes it leads, then messages again. ORACLES names a folder with the original.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { apply } from '../../sim/cluster.ts';
import { itemsOf } from '../../sim/seq.ts';
import { nodeNamed } from '../../sim/world.ts';
import { clusterOf, newRaftWorld, nodeNames, type RaftChoice, RULES } from './cluster.ts';
import type { RaftNode, RaftWorld } from './invariants.ts';
import { lastIndex } from './types.ts';

interface Step {
  readonly operation: readonly string[];
  readonly after: readonly string[];
}

const idOf = (number: string): string => nodeNames(9)[Number(number) - 1] as string;
const letters = (groups: string) => groups.split('/').map((group) => group.split(',').map(idOf));

function shown({ state }: RaftNode): string {
  if (!state) return 'down';
  const log = itemsOf(state.log).map(
    ({ term, command }) => `${term}:${command?.is === 'value' ? command.value : ''}`,
  );
  const vote = state.vote === undefined ? 0 : nodeNames(9).indexOf(state.vote) + 1;
  return `${state.term} ${vote} ${state.role === 'leader' ? 1 : 0} ${state.commit} ${log.join(',')}`;
}

function play(nodes: number, steps: readonly Step[]): void {
  const cluster = clusterOf({
    ...RULES,
    voters: nodeNames(nodes),
    atomic: true,
    tellCommits: true,
  });
  let world: RaftWorld = newRaftWorld(cluster, 0, 1);
  const step = (choice: RaftChoice) => {
    world = apply(cluster, world, choice).world;
  };
  const settle = () => {
    for (let flight = world.flights[0]; flight; [flight] = world.flights)
      step({ do: 'deliver', from: flight.from, to: flight.to, n: flight.n });
  };
  const leads = (id: string) => nodeNamed(world, id)?.state?.role === 'leader';
  steps.forEach(({ operation, after }, at) => {
    const [what, who = '', value = '', accepted] = operation as [string, string?, string?, string?];
    const node = who && idOf(who[0] as string);
    switch (what) {
      case 'campaign':
        if (!leads(node)) step({ do: 'fire', node, timer: 'election' });
        break;
      case 'propose': {
        const before = lastIndex(nodeNamed(world, node)?.state as RaftNode['state'] & object);
        step({ do: 'ask', node, request: { ask: 'propose', value } });
        const now = lastIndex(nodeNamed(world, node)?.state as RaftNode['state'] & object);
        expect(now > before ? 'yes' : 'no').toBe(accepted);
        break;
      }
      case 'partition':
        step({ do: 'partition', groups: letters(who) });
        break;
      case 'heal':
        step({ do: 'heal' });
        break;
      case 'restart':
        step({ do: 'crash', node });
        step({ do: 'restart', node });
        break;
    }
    settle();
    const leading = world.nodes.filter(({ id }) => leads(id));
    for (const { id } of leading) step({ do: 'fire', node: id, timer: 'heartbeat' });
    settle();
    expect(world.nodes.map(shown), `step ${at + 1}: ${operation.join(' ')}`).toEqual(after);
  });
  expect(world.ghost.violations).toEqual([]);
}

const lines = readFileSync(`${import.meta.dirname}/fixtures/etcd-scenarios.txt`, 'utf8')
  .trim()
  .split('\n');

describe('what etcd did', () => {
  test('there are 60 scenarios', () => expect(lines.length).toBe(60));

  test.each(lines.map((line): [string, string] => [line.split(' ')[0] as string, line]))(
    '%s',
    (_, line) => {
      const [head = '', ...rest] = line.split(';');
      let before: string[] = [];
      const steps = rest.map((part): Step => {
        const [operation = '', ...after] = part.split('|');
        before = after.map((text, i) => (text === '=' ? (before[i] as string) : text));
        return { operation: operation.split(' '), after: before };
      });
      play(Number(head.split(' ')[1]), steps);
    },
  );
});

/** The recording itself, wherever it lies: in the repository there is only what was copied of it. */
interface Recording {
  readonly scenarios: readonly {
    readonly id: string;
    readonly nodes: number;
    readonly steps: readonly {
      readonly op: string;
      readonly node?: number;
      readonly value?: string;
      readonly accepted?: boolean;
      readonly groups?: readonly (readonly number[])[];
      readonly after: readonly {
        readonly term: number;
        readonly vote: number;
        readonly leader: boolean;
        readonly commit: number;
        readonly log: readonly string[];
      }[];
    }[];
  }[];
}
const original = `${process.env.ORACLES ?? ''}/raft-etcd-scenarios.json`;

test.runIf(process.env.ORACLES && existsSync(original))(
  'the same of the recording in ORACLES',
  () => {
    const { scenarios } = JSON.parse(readFileSync(original, 'utf8')) as Recording;
    for (const { nodes, steps } of scenarios)
      play(
        nodes,
        steps.map(({ op, node, value, accepted, groups, after }) => ({
          operation: [
            op,
            groups ? groups.map((group) => group.join(',')).join('/') : String(node ?? ''),
            value ?? '',
            accepted ? 'yes' : 'no',
          ],
          after: after.map(
            ({ term, vote, leader, commit, log }) =>
              `${term} ${vote} ${leader ? 1 : 0} ${commit} ${log.join(',')}`,
          ),
        })),
      );
  },
);
