// A Raft cluster as a model for the explorer: any message may be delivered at any time, any armed
// timer may fire, any node may restart, within bounds. Clocks, dice, message numbers, heartbeat
// rounds and statistics are no part of what is compared: two worlds are the same when the same can
// happen after them.

import type { Input, Reaction } from '../../sim/actor.ts';
import { react } from '../../sim/actor.ts';
import { absorb, choicesOf, pick } from '../../sim/cluster.ts';
import type { ActorModel, Property } from '../../sim/model.ts';
import { itemsOf } from '../../sim/seq.ts';
import { nodeNamed } from '../../sim/world.ts';
import { newRaftWorld, type RaftChoice, type RaftCluster } from './cluster.ts';
import { type RaftNode, type RaftWorld, REFEREES } from './invariants.ts';
import {
  type Entry,
  lastIndex,
  type Message,
  type RaftDisk,
  type RaftState,
  type Request,
} from './types.ts';

/** How far a search goes: what else could happen is left out. */
export interface RaftBounds {
  /** The highest term for which anybody stands. */
  readonly terms: number;
  /** Entries that clients bring. */
  readonly entries: number;
  readonly restarts: number;
  /** Messages under way at most: what would be more is not sent for (lost). */
  readonly flights: number;
}

export type RaftModel = ActorModel<
  RaftWorld,
  RaftChoice,
  Input<Message, RaftDisk, Request>,
  Reaction<RaftState, Message, RaftDisk>
>;

export function raftModel(cluster: RaftCluster, bounds: RaftBounds): RaftModel {
  const entriesIn = (world: RaftWorld): number =>
    Math.max(0, ...world.nodes.map(({ state }) => (state ? lastIndex(state) : 0)));
  const choices = (world: RaftWorld): RaftChoice[] => {
    const out: RaftChoice[] = [];
    for (const choice of choicesOf(world, {})) {
      if (choice.do === 'fire') {
        const state = nodeNamed(world, choice.node)?.state;
        if (!state || choice.timer !== 'election' || state.term >= bounds.terms) continue;
      }
      out.push(choice as RaftChoice);
    }
    for (const { id, status, state } of world.nodes) {
      if (status === 'crashed') out.push({ do: 'restart', node: id });
      else if (restartsOf(world) < bounds.restarts) out.push({ do: 'crash', node: id });
      if (state?.role === 'leader') {
        if (entriesIn(world) < bounds.entries)
          out.push({ do: 'ask', node: id, request: { ask: 'propose', value: `${state.term}` } });
        // A heartbeat says again what may have been lost; with everything said it changes nothing.
        if (world.flights.length === 0) out.push({ do: 'fire', node: id, timer: 'heartbeat' });
      }
    }
    return world.flights.length > bounds.flights
      ? out.filter((choice) => choice.do === 'deliver' || choice.do === 'saved')
      : out;
  };
  const model: RaftModel = {
    initial: [newRaftWorld(cluster, 0, 1)],
    choices,
    pick: (world, choice) => pick(world, choice),
    react: (world, node, event) =>
      react(cluster.protocol, node, cluster.config, nodeNamed(world, node)?.state, event),
    absorb: (world, choice, answer) => {
      const { world: next } = absorb(cluster, world, choice, answer);
      // Of the counts only the crashes are kept, for the bound.
      const crashes = restartsOf(world) + (choice.do === 'crash' ? 1 : 0);
      return { ...next, counts: { ...next.counts, lost: crashes } };
    },
    apply: (world, choice) => {
      const turn = model.pick(world, choice);
      return model.absorb(world, choice, turn && model.react(world, turn.node, turn.event));
    },
    key: (world) => keyOf(world, (id) => id),
    line: (choice) => lineOf(choice),
    permute: renamings(cluster.config.voters),
    spends: (choice) => (choice.do === 'crash' ? ['crash'] : []),
    size: ({ flights }) => flights.length,
  };
  return model;
}

const restartsOf = (world: RaftWorld): number => world.counts.lost;

const entryKey = ({ term, command }: Entry): string =>
  `${term}${command?.is === 'voters' ? `v${command.voters.join('')}` : command?.is === 'op' ? `o${command.client}.${command.seq}` : ''}`;
const logKey = (disk: RaftDisk): string =>
  `${disk.snapshot?.index ?? 0}[${itemsOf(disk.log).map(entryKey).join(',')}]`;

function nodeKey(
  { status, state, disk, saves, timers }: RaftNode,
  name: (id: string) => string,
): string {
  const named = (id: string | undefined) => (id === undefined ? '-' : name(id));
  const saved = disk ? `${disk.term}${named(disk.vote)}${logKey(disk)}` : '';
  if (!state) return `${status}|${saved}`;
  const votes = Object.entries(state.votes).map(([id, yes]) => `${name(id)}${yes ? '+' : '-'}`);
  const peers = Object.entries(state.peers).map(
    ([id, { next, match }]) => `${name(id)}${next}.${match}`,
  );
  return [
    status,
    state.role[0],
    state.role.length,
    state.term,
    named(state.vote),
    logKey(state),
    state.commit,
    votes.sort().join(''),
    peers.sort().join(' '),
    saved,
    saves.map((save) => `${save.disk.term}${named(save.disk.vote)}${logKey(save.disk)}`).join('/'),
    timers
      .map((timer) => timer.name[0])
      .sort()
      .join(''),
  ].join('|');
}

function messageKey(message: RaftWorld['flights'][number]['message']): string {
  switch (message.kind) {
    case 'vote':
      return `v${message.term}.${message.last}.${message.lastTerm}${message.pre ? 'p' : ''}`;
    case 'voted':
      return `w${message.term}${message.granted}${message.pre ? 'p' : ''}`;
    case 'append':
      return `a${message.term}.${message.prev}.${message.prevTerm}[${message.entries.map(entryKey).join(',')}]${message.commit}`;
    case 'appended':
      return `r${message.term}${message.ok}.${message.match}.${message.conflict ?? ''}`;
    case 'snapshot':
      return `s${message.term}.${message.snapshot.index}`;
    default:
      return message.kind;
  }
}

/** Everything that matters, with the nodes under other names. */
function keyOf(world: RaftWorld, name: (id: string) => string): string {
  const nodes = world.nodes.map((node): [string, string] => [name(node.id), nodeKey(node, name)]);
  nodes.sort(([a], [b]) => (a < b ? -1 : 1));
  const flights = world.flights.map(
    ({ from, to, message }) => `${name(from)}${name(to)}${messageKey(message)}`,
  );
  const { leaders, committed, violations } = world.ghost;
  return [
    ...nodes.map(([, key]) => key),
    flights.sort().join(' '),
    [...leaders].map(([term, id]) => `${term}${name(id)}`).join(''),
    itemsOf(committed)
      .map(({ entry, by }) => `${entryKey(entry)}@${by}`)
      .join(','),
    violations.length,
    restartsOf(world),
  ].join('\n');
}

/** The nodes are alike, and no referee knows their names. */
function renamings(ids: readonly string[]): ((world: RaftWorld) => RaftWorld)[] {
  return ordersOf(ids)
    .slice(1)
    .map((order) => {
      const to = new Map(ids.map((id, i) => [id, order[i] as string]));
      return (world) => renamed(world, (id) => to.get(id) ?? id);
    });
}

function ordersOf(ids: readonly string[]): string[][] {
  if (ids.length === 0) return [[]];
  return ids.flatMap((id) =>
    ordersOf(ids.filter((other) => other !== id)).map((rest) => [id, ...rest]),
  );
}

function renamed(world: RaftWorld, name: (id: string) => string): RaftWorld {
  const disk = (of: RaftDisk): RaftDisk => ({
    ...of,
    vote: of.vote === undefined ? undefined : name(of.vote),
  });
  const record = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(of).map(([id, value]) => [name(id), value]));
  return {
    ...world,
    nodes: world.nodes
      .map((node) => ({
        ...node,
        id: name(node.id),
        disk: node.disk && disk(node.disk),
        saves: node.saves.map((save) => ({ ...save, disk: disk(save.disk) })),
        state: node.state && {
          ...node.state,
          ...disk(node.state),
          self: name(node.state.self),
          leader: node.state.leader === undefined ? undefined : name(node.state.leader),
          votes: record(node.state.votes),
          peers: record(node.state.peers),
        },
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    flights: world.flights.map((flight) => ({
      ...flight,
      from: name(flight.from),
      to: name(flight.to),
    })),
    ghost: {
      ...world.ghost,
      leaders: new Map([...world.ghost.leaders].map(([term, id]) => [term, name(id)])),
    },
  };
}

function lineOf(choice: RaftChoice): string {
  switch (choice.do) {
    case 'deliver':
    case 'drop':
    case 'duplicate':
      return `${choice.do} ${choice.from}>${choice.to}#${choice.n}${choice.copy ? '+' : ''}`;
    case 'fire':
      return `fire ${choice.node} ${choice.timer}`;
    case 'saved':
      return `run until saved at ${choice.node}`;
    case 'crash':
    case 'restart':
      return `${choice.do} ${choice.node}`;
    case 'ask':
      return `client 1 put x ${choice.node}`;
    default:
      return choice.do;
  }
}

const PROMISES: Readonly<Record<(typeof REFEREES)[number], string>> = {
  'election safety': 'A term has at most one leader.',
  'leader append-only': 'A leader never overwrites or removes an entry of its own log.',
  'log matching': 'Logs that have an entry with one index and term agree up to it.',
  'leader completeness': 'What is committed is in the log of every later leader.',
  'state machine safety': 'No two nodes apply different entries at one index.',
  'committed is durable': 'What is committed is on the disks of a majority.',
  'leader lease': 'While a leader may answer reads by its lease, nobody leads a later term.',
};

/** What the referees promise, each as a property. */
export const raftProperties: readonly Property<RaftWorld>[] = REFEREES.map((name) => ({
  name,
  help: PROMISES[name],
  holds: 'always',
  test: ({ ghost }) => ghost.violations.every(({ referee }) => referee !== name),
}));
