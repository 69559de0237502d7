// The cluster that a setup of the commit lab describes: settings and switches as rules.

import { Complaint } from '../base/assert.ts';
import {
  type CommitChoice,
  type CommitCluster,
  clusterOf,
  RULES,
  WORLD,
} from '../protocols/commit/cluster.ts';
import type { CommitWorld } from '../protocols/commit/referees.ts';
import {
  type CommitRules,
  groupOf,
  type Keeper,
  membersOf,
  type Vote,
  type Wrong,
} from '../protocols/commit/types.ts';
import type { Setup } from '../run/lab.ts';
import type { Id } from '../sim/actor.ts';
import type { Meter } from './commit-value.ts';

/** What keeps a participant's files; it comes as a chunk of its own, beside the lab. */
export const engine: { keeper?: Keeper } = {};

const clusters = new WeakMap<Setup, CommitCluster>();

export function clusterOfSetup(setup: Setup): CommitCluster {
  let cluster = clusters.get(setup);
  if (cluster) return cluster;
  const { settings: set } = setup;
  const number = (name: string): number => set[name] as number;
  const participants = [...'BCDEFG'].slice(0, number('participants'));
  const votes: Record<Id, Vote> = {};
  for (const id of String(set.no)) votes[id] = 'no';
  for (const id of String(set.readers)) votes[id] = 'read';
  const protocol = set.protocol as CommitRules['protocol'];
  cluster = clusterOf(
    {
      ...RULES,
      protocol,
      participants,
      acceptors:
        protocol === 'paxos-commit' ? ['A', ...'XYZW'.slice(0, number('acceptors') - 1)] : [],
      presume: set.presume as CommitRules['presume'],
      votes,
      cooperative: set.cooperative === true,
      onePhase: set['one-phase'] === true,
      timeouts: set.timeouts as CommitRules['timeouts'],
      patience: number('patience') * 1000,
      groupSize: protocol === 'two-phase' ? number('group-size') : 1,
      atomic: number('save') === 0,
      stored: [...String(set.stored)].filter((id) => participants.includes(id)),
      ...(engine.keeper && { keeper: engine.keeper }),
      wrong: new Set(setup.sabotage as Wrong[]),
    },
    {
      ...WORLD,
      net: { ...WORLD.net, latency: number('latency') * 1000 },
      save: number('save') === 0 ? 'atomic' : number('save') * 1000,
    },
  );
  clusters.set(setup, cluster);
  return cluster;
}

export interface CommitLabState {
  readonly world: CommitWorld;
  readonly rules: CommitRules;
  /** Transactions begun so far. */
  readonly begun: number;
  readonly meter: Meter;
}

/** The next transaction, begun by whoever begins one. */
export function beginning(
  { world, rules, begun }: CommitLabState,
  value: string,
): Extract<CommitChoice, { do: 'ask' }> {
  const { protocol, participants, coordinator } = rules;
  let node = protocol === 'paxos-commit' ? (participants[0] as Id) : coordinator;
  if (rules.groupSize > 1) {
    const voice = world.nodes.find(
      ({ id, status, state }) =>
        groupOf(id) === coordinator && status === 'up' && state?.member?.speaks,
    );
    if (!voice)
      throw new Complaint(
        `group ${coordinator} has no leader yet: run until took-over at one of ${membersOf(rules, coordinator).join(', ')}`,
      );
    node = voice.id;
  }
  return { do: 'ask', node, request: { ask: 'begin', tx: begun + 1, value } };
}
