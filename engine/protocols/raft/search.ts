// A Raft cluster, as it stands in the lab, as a model for the explorer: any message may arrive next, any
// election may begin, and a bound says how many of them. Clocks stand still, unless rules go by them:
// leases and sticky voters. Then time passes in steps of a third of an election timeout, so that a
// lease lasts two of them, and a voter's promise and an election timer three.
//
// Nobody tells the nodes apart as long as no client has asked: a client knows one by name. A message
// that changes nothing need not arrive. And a save is over before anything else happens, but for as
// many times as the bound `slow saves` has: most bugs need none.

import type { Id, Micros } from '../../sim/actor.ts';
import type { Op } from '../../sim/client.ts';
import { type Clocks, freeModel, kindOf } from '../../sim/free.ts';
import type { Model, Property } from '../../sim/model.ts';
import { itemsOf } from '../../sim/seq.ts';
import { nodeNamed } from '../../sim/world.ts';
import type { RaftChoice, RaftCluster } from './cluster.ts';
import type { RaftWorld } from './invariants.ts';
import { raftProperties } from './model.ts';
import type { Message, RaftDisk, RaftRules, RaftState } from './types.ts';

export interface RaftSearch {
  /** What the client asks for, one after another. */
  readonly asks: readonly Op[];
  /** How many terms late a message may come; what is older is lost. */
  readonly late: number;
  line(choice: RaftChoice): string;
}

/** The one client of a search. */
const CLIENT: Id = '1';

export function searchModel(
  cluster: RaftCluster,
  world: RaftWorld,
  { asks, late, line }: RaftSearch,
): Model<RaftWorld, RaftChoice> {
  const clients = asks.length > 0 || world.clients.length > 0;
  const { config } = cluster;
  const timed = goesByTheClock(config);
  const reads = clients && config.reads === 'index';
  const model = freeModel(cluster, {
    initial: [world],
    faults: { crash: true, drop: true, duplicate: true },
    // A client's patience is no command of the lab, so a run with it could not be played.
    may: (at, choice) => choice.do !== 'client' && !isIdle(at, choice),
    also: ({ clients: there }) => {
      const client = there.find(({ id }) => id === CLIENT);
      const op = client?.open ? undefined : asks[client?.seq ?? 0];
      return op ? [{ do: 'request', client: CLIENT, op }] : [];
    },
    ghostKey: ({ leaders, committed, violations }) => [
      leaders,
      itemsOf(committed),
      violations.map(({ referee }) => referee),
    ],
    ...(clients && {
      alsoKey: (at: RaftWorld) => [
        at.clients.map(({ id, open, guess, seq }) => [id, open?.asked, open?.silent, guess, seq]),
        itemsOf(at.history).map(({ type, op, value }) => [type, op, value]),
      ],
    }),
    sets: new Set(['voters']),
    // What the machine holds follows from log and commit; what rounds are for, from reads.
    ignored: new Set([
      ...['rules', 'machine', 'heard', 'rounds', 'at', 'lease', 'time'],
      ...(config.checkQuorum ? [] : ['active']),
      ...(reads || config.reads === 'lease' ? [] : ['round']),
    ]),
    ...(timed && { clocks: clocksOf(config) }),
    ...(!clients && { alike: [world.nodes.map(({ id }) => id)] }),
    line,
    spends: (choice, at) =>
      choice.do !== 'saved' && at.nodes.some(({ saves }) => saves.length > 0)
        ? [...allowances(choice), 'slow']
        : allowances(choice),
    skipsVain: true,
  });
  return {
    ...model,
    apply: (at, choice) => withoutOld(model.apply(at, choice), late),
  };
}

/** Whether elections at any moment would break what nobody promised. */
export const goesByTheClock = ({ reads, checkQuorum }: RaftRules): boolean =>
  reads === 'lease' || checkQuorum;

/** How much time passes at once. */
export const stepOf = ({ election }: RaftRules): Micros => Math.floor(election / 3);

function clocksOf(rules: RaftRules): Clocks<RaftState, Message, RaftDisk> {
  const { election, heartbeat, reads } = rules;
  const lasts = Math.floor((election * 2) / 3);
  const age = (since: Micros | undefined, now: Micros, most: Micros): number =>
    since === undefined ? most : Math.min(most, now - since);
  return {
    step: stepOf(rules),
    least: (_, timer) => (timer === 'heartbeat' ? heartbeat : election),
    ages: ({ role, heard, lease, rounds }, now) => [
      age(heard, now, election),
      ...(role === 'leader' && reads === 'lease'
        ? [
            Math.max(0, (lease ?? 0) - now),
            ...rounds.flatMap(({ round, at }) => [round, age(at, now, lasts)]),
          ]
        : []),
    ],
  };
}

/** Messages of terms that are long over are lost: the same as if they had never come. */
function withoutOld(world: RaftWorld, late: number): RaftWorld {
  let term = 0;
  for (const { state } of world.nodes) if (state && state.term > term) term = state.term;
  const old = ({ message }: RaftWorld['flights'][number]): boolean =>
    'term' in message && message.term < term - late;
  return world.flights.some(old)
    ? { ...world, flights: world.flights.filter((flight) => !old(flight)) }
    : world;
}

const REQUESTS = ['requests'];
const HEARTBEATS = ['heartbeats'];
const allowances = (choice: RaftChoice): readonly string[] =>
  choice.do === 'request'
    ? REQUESTS
    : choice.do === 'fire' && choice.timer !== 'election'
      ? HEARTBEATS
      : kindOf(choice);

/** A heartbeat, while all that its last one said is still under way. */
function isIdle(world: RaftWorld, choice: RaftChoice): boolean {
  if (choice.do !== 'fire' || choice.timer !== 'heartbeat') return false;
  const state = nodeNamed(world, choice.node)?.state;
  return (
    state?.role === 'leader' &&
    state.voters.every(
      (id) =>
        id === choice.node ||
        world.flights.some(
          ({ from, to, message }) =>
            from === choice.node &&
            to === id &&
            message.kind === 'append' &&
            message.term === state.term &&
            message.commit === state.commit,
        ),
    )
  );
}

/** What the referees promise, and that something good can happen at all. */
export const searchProperties: readonly Property<RaftWorld>[] = [
  ...raftProperties,
  {
    name: 'can elect',
    help: 'A leader may be elected.',
    holds: 'sometimes',
    test: ({ ghost }) => ghost.leaders.size > 0,
  },
  {
    name: 'can commit',
    help: 'An entry may be committed.',
    holds: 'sometimes',
    test: ({ ghost }) => ghost.committed.length > ghost.committed.from,
  },
];
