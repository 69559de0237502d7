// A cluster of Raft nodes for the simulator: the protocol, its rules and its referees in one value.

import type { Id } from '../../sim/actor.ts';
import type { Choice, Cluster } from '../../sim/cluster.ts';
import { apply, newWorld } from '../../sim/cluster.ts';
import { newNode, type WorldRules } from '../../sim/world.ts';
import { type Ghost, newGhost, observe, type RaftWorld } from './invariants.ts';
import { raft } from './raft.ts';
import type { Message, RaftDisk, RaftRules, RaftState, Request } from './types.ts';

export type RaftCluster = Cluster<RaftRules, RaftState, Message, RaftDisk, Request, Ghost>;
export type RaftChoice = Choice<RaftDisk, Request>;

/** The figures of the paper: 150 to 300 ms until an election, a heartbeat well before that. */
export const RULES: RaftRules = {
  voters: ['A', 'B', 'C'],
  election: 150_000,
  heartbeat: 50_000,
  preVote: false,
  checkQuorum: false,
  reads: 'index',
  tellCommits: false,
  snapshot: 0,
  atomic: false,
  batch: 64,
  noop: true,
  wrong: new Set(),
};

export const WORLD: WorldRules = {
  net: { latency: 10_000, spread: 'uniform', loss: 0, duplicate: 0, fifo: false },
  save: 1_000,
  timeout: 150_000,
  tries: 8,
  rest: 500_000,
  again: 50_000,
};

export const clusterOf = (config: RaftRules, rules: WorldRules = WORLD): RaftCluster => ({
  rules: config.atomic ? { ...rules, save: 'atomic' } : rules,
  protocol: raft,
  config,
  observe,
  kindOf: (message) => message.kind,
});

export const nodeNames = (count: number): Id[] =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(65 + i));

export const newRaftWorld = (cluster: RaftCluster, clients: number, seed: number): RaftWorld =>
  newWorld(cluster, cluster.config.voters, clients, seed, newGhost());

/** A new node comes up among the others: it knows who began, and is not one of them. */
export function joined(cluster: RaftCluster, world: RaftWorld, node: Id): RaftWorld {
  const nodes = [...world.nodes, newNode<RaftState, Message, RaftDisk>(node, undefined, world.now)];
  nodes.sort((a, b) => (a.id < b.id ? -1 : 1));
  return apply(cluster, { ...world, nodes }, { do: 'restart', node }).world;
}
