// A cluster of nodes that commit, for the simulator: the protocol, its rules and its referees in one
// value.

import type { Choice, Cluster } from '../../sim/cluster.ts';
import { newWorld } from '../../sim/cluster.ts';
import type { WorldRules } from '../../sim/world.ts';
import { commit } from './commit.ts';
import { type CommitWorld, type Ghost, newGhost, observe } from './referees.ts';
import {
  type CommitDisk,
  type CommitRules,
  type CommitState,
  type Message,
  nodesOf,
  type Request,
} from './types.ts';

export type CommitCluster = Cluster<CommitRules, CommitState, Message, CommitDisk, Request, Ghost>;
export type CommitChoice = Choice<CommitDisk, Request>;

export const RULES: CommitRules = {
  protocol: 'two-phase',
  presume: 'nothing',
  coordinator: 'A',
  participants: ['B', 'C'],
  acceptors: [],
  votes: {},
  cooperative: true,
  onePhase: false,
  timeouts: 'termination',
  patience: 100_000,
  groupSize: 1,
  atomic: false,
  stored: [],
  wrong: new Set(),
};

export const WORLD: WorldRules = {
  net: { latency: 10_000, spread: 'fixed', loss: 0, duplicate: 0, fifo: false },
  save: 2_000,
  timeout: 150_000,
  tries: 8,
  rest: 500_000,
  again: 50_000,
};

export const clusterOf = (config: CommitRules, rules: WorldRules = WORLD): CommitCluster => ({
  rules,
  protocol: commit,
  config,
  observe,
  kindOf: (message) => (message.kind === 'raft' ? `raft-${message.message.kind}` : message.kind),
});

export const newCommitWorld = (cluster: CommitCluster, seed: number): CommitWorld =>
  newWorld(cluster, nodesOf(cluster.config), 0, seed, newGhost());
