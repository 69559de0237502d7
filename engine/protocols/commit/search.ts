// A cluster that commits, as a model for the explorer, and what is asked of every search.

import { freeModel } from '../../sim/free.ts';
import type { Model, Property } from '../../sim/model.ts';
import { nodeNamed } from '../../sim/world.ts';
import type { CommitChoice, CommitCluster } from './cluster.ts';
import { blockedIn, type CommitWorld, isOpen, REFEREES, violates } from './referees.ts';
import { type CommitRules, type CommitState, groupOf, membersOf } from './types.ts';

export interface SearchRules {
  /**
   * honest: a timer fires only if all that its owner waits for are down and nothing of theirs is under
   * way, as on a network with known delays; or if nothing else can happen. any: whenever it is armed.
   */
  readonly timers: 'honest' | 'any';
  /** The groups that the network may fall into; absent: it holds. */
  readonly partition?: readonly (readonly string[])[];
}

/** All that can happen to a cluster from a world on. */
export function modelOf(
  cluster: CommitCluster,
  world: CommitWorld,
  { timers, partition }: SearchRules,
): Model<CommitWorld, CommitChoice> {
  const { config } = cluster;
  return freeModel(cluster, {
    initial: [world],
    faults: { crash: true, drop: true, duplicate: true },
    may: (at, choice) =>
      choice.do !== 'fire' ||
      timers === 'any' ||
      isHonest(at, config, choice.node, choice.timer) ||
      (isQuiet(at) && !armed(at).some(([id, timer]) => isHonest(at, config, id, timer))),
    also: ({ links }) =>
      partition && links.size === 0 ? [{ do: 'partition', groups: partition }] : [],
    ghostKey: ({ logs = {}, outcomes, prepared, violations }) => [
      logs,
      outcomes,
      prepared,
      violations.map(({ referee }) => referee),
    ],
    sets: new Set(['acks', 'moved']),
    // A storage engine holds what the log says, in files.
    ignored: new Set(['rules', 'forced', 'kept', 'keptLines']),
    line: (choice) => choice.do,
    final: (at) => openIn(at) === 0,
  });
}

/** How many participants are up and in doubt. */
const openIn = ({ nodes }: CommitWorld): number =>
  nodes.filter(({ state }) => state?.participates.some(isOpen)).length;

const isQuiet = ({ flights, nodes }: CommitWorld): boolean =>
  flights.length === 0 && nodes.every(({ saves }) => saves.length === 0);

const armed = ({ nodes }: CommitWorld): (readonly [id: string, timer: string])[] =>
  nodes.flatMap(({ id, status, timers }) =>
    status === 'up' ? timers.map(({ name }) => [id, name] as const) : [],
  );

/** Whether patience ends for a reason: everybody it waits for is down, and said nothing more. */
function isHonest(world: CommitWorld, rules: CommitRules, id: string, timer: string): boolean {
  const node = nodeNamed(world, id);
  if (rules.groupSize > 1) {
    // A group that has no leader elects one; whom a group waits for is down when its majority is.
    if (timer === 'election')
      return !membersOf(rules, groupOf(id)).some((one) => leads(world, one));
    if (timer === 'heartbeat') return false;
    return awaitedBy(node?.state, rules, timer).every(
      (group) =>
        2 * membersOf(rules, group).filter((one) => isUp(world, one)).length <= rules.groupSize,
    );
  }
  const awaited = awaitedBy(node?.state, rules, timer);
  return awaited.every(
    (other) =>
      (nodeNamed(world, other)?.status === 'crashed' || world.links.get(`${other}>${id}`)?.cut) &&
      !world.flights.some(({ from, to }) => from === other && to === id),
  );
}

const isUp = (world: CommitWorld, id: string): boolean =>
  nodeNamed(world, id)?.status !== 'crashed';
const leads = (world: CommitWorld, id: string): boolean =>
  isUp(world, id) && nodeNamed(world, id)?.state?.member?.raft.role === 'leader';

/** Whom a node waits for. */
function awaitedBy(state: CommitState | undefined, rules: CommitRules, timer: string): string[] {
  const tx = Number(/\d+$/.exec(timer)?.[0]);
  const own = state?.coordinates.find((one) => one.tx === tx);
  if (own && timer.startsWith('votes'))
    return own.participants.filter((id) => own.votes[id] === undefined);
  if (own && timer.startsWith('acks'))
    return own.participants.filter((id) => !own.acks.includes(id) && own.votes[id] !== 'no');
  const known = state?.participates.find((one) => one.tx === tx);
  if (known?.states && timer.startsWith('states')) {
    const silent = known.participants.filter((id) => known.states?.[id] === undefined);
    const behind = Object.keys(known.states).filter(
      (id) => known.states?.[id] === 'prepared' && !known.moved?.includes(id),
    );
    return known.moved?.length ? behind : silent;
  }
  // In doubt: the coordinator, or whoever leads the termination that it follows.
  const leads = rules.protocol === 'three-phase' && known && known.round > 0;
  const leader = leads ? known.participants[(known.round % 10) - 1] : undefined;
  return [leader ?? rules.coordinator];
}

/** What is asked of every search. */
export function propertiesOf(rules: CommitRules): Property<CommitWorld>[] {
  const help = {
    agreement: 'No two participants decide differently.',
    validity: 'A commit means that everybody voted yes.',
    'no reversal': 'Nobody who has decided changes its mind.',
    atomicity: 'Where one has committed, nobody has forgotten that it voted yes.',
  } as const;
  return [
    ...REFEREES.map(
      (name): Property<CommitWorld> => ({
        name,
        help: help[name],
        holds: 'always',
        test: (world) => !violates(world, name),
      }),
    ),
    {
      name: 'not blocked',
      help: 'Nobody who is up is left in doubt with nobody up who could end it.',
      holds: 'always',
      test: (world) => blockedIn(world, rules).length === 0,
    },
    {
      name: 'can be decided',
      help: 'A transaction may come to an end.',
      holds: 'sometimes',
      test: (world) => Object.keys(world.ghost.outcomes).length > 0,
    },
  ];
}
