// The small models by name, and which of the settings each of them takes.

import type { SmallModel } from '../../sim/small.ts';
import { acp } from './acp.ts';
import { paxosCommit, tCommit, twoPhase, twoPhaseBackup } from './commit.ts';
import { paxos } from './paxos.ts';
import { changRoberts, ewd840 } from './rings.ts';
import { alternatingBit, dieHard } from './toys.ts';

/** What is decided before the model is built. */
export interface Parameters {
  readonly rms: number;
  readonly acceptors: number;
  readonly values: number;
  readonly ballots: number;
  readonly nodes: number;
  readonly participants: number;
  readonly queue: number;
  readonly rmMayFail: boolean;
  readonly tmMayFail: boolean;
  /** A wrong rule planted: participants decide before they forward. */
  readonly decideFirst: boolean;
}

export interface Named {
  readonly name: string;
  readonly title: string;
  readonly takes: readonly (keyof Parameters)[];
  build(parameters: Parameters): SmallModel;
}

export const MODELS: readonly Named[] = [
  {
    name: 'two-phase',
    title: 'Two-phase commit',
    takes: ['rms'],
    build: ({ rms }) => twoPhase(rms),
  },
  {
    name: 't-commit',
    title: 'What commit is to achieve',
    takes: ['rms'],
    build: ({ rms }) => tCommit(rms),
  },
  {
    name: 'two-phase-backup',
    title: 'Two-phase commit with a backup manager',
    takes: ['rms', 'rmMayFail', 'tmMayFail'],
    build: ({ rms, rmMayFail, tmMayFail }) => twoPhaseBackup(rms, rmMayFail, tmMayFail),
  },
  {
    name: 'paxos',
    title: 'Paxos, one decision',
    takes: ['acceptors', 'values', 'ballots'],
    build: ({ acceptors, values, ballots }) => paxos(acceptors, values, ballots),
  },
  {
    name: 'paxos-commit',
    title: 'Paxos Commit',
    takes: ['rms', 'acceptors', 'ballots'],
    build: ({ rms, acceptors, ballots }) => paxosCommit(rms, acceptors, ballots),
  },
  {
    name: 'chang-roberts',
    title: 'An election on a ring',
    takes: ['nodes'],
    build: ({ nodes }) => changRoberts(nodes),
  },
  {
    name: 'acp-sb',
    title: 'Atomic commitment with a simple broadcast',
    takes: ['participants'],
    build: ({ participants }) => acp(participants, 'simple'),
  },
  {
    name: 'acp-nb',
    title: 'Atomic commitment that does not block',
    takes: ['participants', 'decideFirst'],
    build: ({ participants, decideFirst }) =>
      acp(participants, decideFirst ? 'forgetful' : 'forwarding'),
  },
  {
    name: 'die-hard',
    title: 'Two jugs and four gallons',
    takes: [],
    build: () => dieHard(),
  },
  {
    name: 'alternating-bit',
    title: 'The alternating bit protocol',
    takes: ['values', 'queue'],
    build: ({ values, queue }) => alternatingBit(values, queue),
  },
  {
    name: 'ewd840',
    title: 'Detecting that all have ended',
    takes: ['nodes'],
    build: ({ nodes }) => ewd840(nodes),
  },
];
