// The Raft lab: binds a simulated cluster (engine/sim, engine/protocols/raft) to the one Lab
// interface. A state is the world, an immutable value; what may happen next is one list of choices.
//
//   run 300ms ─▶ the choice that is due first ─▶ pick, react, absorb ─▶ a moment ─▶ the next …
//   deliver A>B#17, crash A, partition … ─▶ that choice, now ──────────▶ a moment
//
// Every event is a part of its command, so that a branch can begin after any of them.
//
// The lab has no files. What a node saved is drawn below the waterline as the value that it is: term,
// vote, log and snapshot. Bytes on a disk are the matter of the storage labs; laid over a log that
// five nodes share block by block, they would only cost what the sharing saves.

import { Complaint } from '../base/assert.ts';
import { utf8 } from '../base/bytes.ts';
import type { Operation } from '../check/objects.ts';
import { type Watched, watch, observe as watchEntry } from '../check/watch.ts';
import { EMPTY_IMAGE } from '../disk/image.ts';
import {
  clusterOf,
  joined,
  newRaftWorld,
  nodeNames,
  type RaftChoice,
  type RaftCluster,
  RULES,
  WORLD,
} from '../protocols/raft/cluster.ts';
import type { Did } from '../protocols/raft/did.ts';
import type { Ghost, RaftNode, RaftWorld } from '../protocols/raft/invariants.ts';
import {
  type Entry,
  lastIndex,
  lastTerm,
  type Message,
  type RaftDisk,
  type RaftState,
  type Request,
  type Wrong,
} from '../protocols/raft/types.ts';
import type { Elsewhere, Engine, Metric, Note, Part, Problem, Setup, Word } from '../run/lab.ts';
import type { Id, Micros, Reaction } from '../sim/actor.ts';
import { type HistoryRecord, newClient } from '../sim/client.ts';
import { absorb, apply, flightNamed, type Happening, nextInTime, pick } from '../sim/cluster.ts';
import { isCut } from '../sim/net.ts';
import { itemAt, itemsOf, seqOf } from '../sim/seq.ts';
import { GAP, type Storm, weather } from '../sim/storm.ts';
import { weighBeside } from '../sim/weight.ts';
import { nameOfFlight, nodeNamed } from '../sim/world.ts';
import { type Command, FAR, MOST_CLIENTS, messageText, parse, print } from './raft-commands.ts';
import {
  PROCESSES,
  type RaftEvent,
  type RaftValue,
  type ShownEntry,
  type ShownNode,
  type ShownOperation,
  type ShownSaved,
} from './raft-value.ts';

export interface RaftLabState {
  readonly world: RaftWorld;
  /** The linearizability referee, as far as the clients' history goes. */
  readonly watched: Watched;
}

type RaftNote = Note<RaftLabState, RaftEvent> | undefined;

// ── The cluster of a setup ──────────────────────────────────────────────────────────────────────

const clusters = new WeakMap<Setup, RaftCluster>();

/** Cluster and rules as a setup's settings say; the same value for the same setup. */
export function clusterOfSetup(setup: Setup): RaftCluster {
  let cluster = clusters.get(setup);
  if (!cluster) {
    const of = (name: string) => setup.settings[name] as number;
    const millis = (name: string): Micros => of(name) * 1000;
    cluster = clusterOf(
      {
        ...RULES,
        voters: nodeNames(of('nodes')),
        election: millis('election'),
        heartbeat: millis('heartbeat'),
        preVote: setup.settings['pre-vote'] === true,
        checkQuorum: setup.settings['check-quorum'] === true,
        reads: setup.settings.reads as 'index',
        tellCommits: setup.settings['commit-news'] === 'at-once',
        snapshot: of('snapshot'),
        batch: of('batch'),
        wrong: new Set(setup.sabotage as Wrong[]),
      },
      {
        ...WORLD,
        net: {
          latency: millis('latency'),
          spread: setup.settings.spread as 'uniform',
          loss: of('loss') / 100,
          duplicate: of('duplicate') / 100,
          fifo: setup.settings.fifo === true,
        },
        save: millis('save'),
        timeout: Math.max(millis('election'), 8 * millis('latency')),
      },
    );
    clusters.set(setup, cluster);
  }
  return cluster;
}

const open = (setup: Setup): RaftLabState => ({
  world: newRaftWorld(clusterOfSetup(setup), 0, setup.seed),
  watched: watch('kv'),
});

// ── Commands ────────────────────────────────────────────────────────────────────────────────────

const EVENT_KINDS: readonly string[] = Object.values(PROCESSES).flat();

function run(
  state: RaftLabState,
  command: Command,
  note: RaftNote,
  setup: Setup,
  elsewhere?: Elsewhere,
): Part<RaftLabState, Command> {
  const { world } = state;
  const does = (choice: RaftChoice, rest?: Command): Part<RaftLabState, Command> => {
    const { state: next } = step(state, choice, note, setup, elsewhere);
    return { state: next, ...(rest && { rest }) };
  };
  switch (command.kind) {
    case 'run': {
      const until = command.until ?? world.now + command.length;
      const next = nextInTime(world);
      if (!next || (next.at as Micros) > until) return does({ do: 'quiet', at: until });
      return does(next as RaftChoice, { ...command, until });
    }
    case 'until': {
      const since = command.since ?? world.now;
      const next = nextInTime(world);
      const what = `${command.event}${command.node ? ` at ${command.node}` : ''}`;
      if (!next)
        throw new Complaint(
          `nothing more is due, and ${what} has not happened; the run stays as it was`,
        );
      if ((next.at as Micros) > since + FAR)
        throw new Complaint(
          `${what} does not happen within ${FAR / 1_000_000} seconds; the run stays as it was`,
        );
      const { state: after, happening } = step(state, next as RaftChoice, note, setup, elsewhere);
      const came =
        isEvent(happening, command.event) &&
        (command.node === undefined || happening.who === command.node);
      return { state: after, ...(!came && { rest: { ...command, since } }) };
    }
    case 'step': {
      const next = nextInTime(world);
      if (!next) throw new Complaint('nothing is due: no timer runs, no message is under way');
      return does(
        next as RaftChoice,
        command.count > 1 ? { ...command, count: command.count - 1 } : undefined,
      );
    }
    case 'wait':
      return does({ do: 'wait', at: world.now + command.length });
    case 'chaos': {
      if (command.until === undefined) {
        if (world.storm) throw new Complaint('a storm is on already');
        const ready = withClients(state, setup.settings.clients as number);
        const { state: after } = step(
          ready,
          {
            do: 'chaos',
            length: command.length,
            keys: setup.settings.keys as number,
            ...(setup.settings.gap !== GAP / 1000 && {
              gap: (setup.settings.gap as number) * 1000,
            }),
            ...(setup.settings.operator === true && { operator: true }),
          },
          note,
          setup,
          elsewhere,
        );
        return { state: after, rest: { ...command, until: world.now + command.length } };
      }
      const next = nextInTime(world);
      if (!next) return does({ do: 'quiet', at: command.until });
      return does(next as RaftChoice, world.storm && next.do === 'calm' ? undefined : command);
    }
    case 'disk':
      return layOut(state, command, note);
    case 'add': {
      const taken = world.nodes.map(({ id }) => id);
      const id = command.node ?? nodeNames(9).find((name) => !taken.includes(name));
      if (id === undefined || (taken.length >= 9 && !taken.includes(id)))
        throw new Complaint('a cluster has at most 9 nodes');
      const leader = leaderOf(state, 'add a node');
      const voters = namedVoters(leader.state);
      if (voters.includes(id)) throw new Complaint(`${id} is a voter already`);
      let ready = state;
      if (!taken.includes(id)) {
        // It is no voter to itself, so it stands for nothing until an entry says otherwise.
        ready = { ...state, world: joined(clusterOfSetup(setup), world, id) };
      }
      return {
        state: step(
          ready,
          {
            do: 'ask',
            node: leader.id,
            request: { ask: 'voters', voters: [...voters, id].sort() },
          },
          note,
          setup,
          elsewhere,
        ).state,
      };
    }
    case 'remove': {
      const leader = leaderOf(state, 'remove a node');
      const voters = namedVoters(leader.state);
      if (!voters.includes(command.node))
        throw new Complaint(`${command.node} is no voter: those are ${voters.join(', ')}`);
      if (voters.length === 1) throw new Complaint('the last voter cannot be removed');
      return does({
        do: 'ask',
        node: leader.id,
        request: { ask: 'voters', voters: voters.filter((id) => id !== command.node) },
      });
    }
    case 'transfer': {
      known(world, command.node);
      const leader = leaderOf(state, 'hand over');
      return does({ do: 'ask', node: leader.id, request: { ask: 'transfer', to: command.node } });
    }
    case 'client':
      if (Number(command.client) > MOST_CLIENTS)
        throw new Complaint(`there are at most ${MOST_CLIENTS} clients`);
      return does({ do: 'request', client: command.client, op: command.op });
    default:
      return does(choiceOf(world, command));
  }
}

/** A command that is one choice, checked against the world. */
function choiceOf(world: RaftWorld, command: Command): RaftChoice {
  switch (command.kind) {
    case 'deliver':
    case 'drop':
    case 'duplicate':
    case 'hold':
    case 'release': {
      const flight = flightNamed(world, command);
      if (!flight) throw new Complaint(gone(world, command));
      if (command.kind === 'release' && !flight.held)
        throw new Complaint(`${messageText(command)} is not held`);
      if (command.kind === 'hold' && flight.held)
        throw new Complaint(`${messageText(command)} is held already`);
      if (
        command.kind === 'duplicate' &&
        (flight.copy ||
          world.flights.some(
            (other) =>
              other !== flight &&
              other.from === flight.from &&
              other.to === flight.to &&
              other.n === flight.n,
          ))
      )
        throw new Complaint(`${messageText(command)} is under way twice already`);
      if (command.kind === 'deliver' && nodeNamed(world, flight.to)?.status === 'paused')
        throw new Complaint(`${flight.to} is paused and hears nothing`);
      const { kind, ...name } = command;
      return { do: kind, ...name };
    }
    case 'fire': {
      const node = known(world, command.node);
      if (node.status !== 'up')
        throw new Complaint(`${node.id} is ${node.status}: its timers do not run`);
      if (!node.timers.some(({ name }) => name === command.timer))
        throw new Complaint(
          `${node.id} has no timer ${command.timer}; running: ${node.timers.map(({ name }) => name).join(', ') || 'none'}`,
        );
      return { do: 'fire', node: node.id, timer: command.timer };
    }
    case 'saved': {
      const node = known(world, command.node);
      if (node.status !== 'up' || node.saves.length === 0)
        throw new Complaint(`${node.id} waits for no save`);
      return { do: 'saved', node: node.id };
    }
    case 'crash': {
      const node = known(world, command.node);
      if (node.status === 'crashed') throw new Complaint(`${node.id} is down already`);
      return { do: 'crash', node: node.id };
    }
    case 'restart': {
      const node = known(world, command.node);
      if (node.status !== 'crashed') throw new Complaint(`${node.id} is not down; crash it first`);
      return { do: 'restart', node: node.id };
    }
    case 'pause':
    case 'resume': {
      const node = known(world, command.node);
      const wants = command.kind === 'pause' ? 'up' : 'paused';
      if (node.status !== wants) throw new Complaint(`${node.id} is ${node.status}, not ${wants}`);
      return { do: command.kind, node: node.id };
    }
    case 'compact': {
      const node = known(world, command.node);
      if (node.status !== 'up' || !node.state) throw new Complaint(`${node.id} is ${node.status}`);
      if (node.state.commit < node.state.log.from)
        throw new Complaint(`${node.id} has applied nothing since its last snapshot`);
      return { do: 'ask', node: node.id, request: { ask: 'compact' } };
    }
    case 'partition': {
      const named = command.groups.flat();
      for (const id of named) known(world, id);
      const left = world.nodes.map(({ id }) => id).filter((id) => !named.includes(id));
      const groups = left.length > 0 ? [...command.groups, left] : command.groups;
      if (groups.length < 2) throw new Complaint('a partition has two sides; all nodes are on one');
      return { do: 'partition', groups };
    }
    case 'heal':
      return { do: 'heal' };
    case 'cut':
    case 'mend':
    case 'link': {
      const { kind, ...rest } = command;
      actor(world, command.from);
      actor(world, command.to);
      return { do: kind, ...rest } as RaftChoice;
    }
    case 'skew': {
      known(world, command.node);
      return {
        do: 'skew',
        node: command.node,
        by: command.by,
        ...(command.rate !== undefined && { rate: command.rate }),
      };
    }
    default:
      throw new Error(`assertion failed: ${command.kind} is one choice`);
  }
}

function known(world: RaftWorld, id: Id): RaftNode {
  const node = nodeNamed(world, id);
  if (!node)
    throw new Complaint(
      `there is no node ${id}; there are ${world.nodes.map((one) => one.id).join(', ')}`,
    );
  return node as RaftNode;
}

function actor(world: RaftWorld, id: Id): void {
  if (/^\d/.test(id)) {
    if (!world.clients.some((client) => client.id === id))
      throw new Complaint(`there is no client ${id} yet`);
  } else known(world, id);
}

function gone(world: RaftWorld, name: { from: Id; to: Id; n: number }): string {
  for (const id of [name.from, name.to]) actor(world, id);
  const sent = /^\d/.test(name.from)
    ? (world.clientSent[`${name.from}>${name.to}`] ?? 0)
    : (known(world, name.from).sent[name.to] ?? 0);
  const under = world.flights
    .filter(({ from, to }) => from === name.from && to === name.to)
    .map(nameOfFlight);
  const now =
    under.length > 0 ? `under way: ${under.slice(0, 6).join(', ')}` : 'nothing is under way there';
  return name.n > sent
    ? `${messageText(name)} was not sent yet; ${now}`
    : `${messageText(name)} is not under way any more; ${now}`;
}

/** The voters that its log names last, whether or not they count yet. */
function namedVoters({ log, voters }: RaftState): readonly Id[] {
  for (let at = log.length - 1; at >= log.from; at--) {
    const command = itemAt(log, at)?.command;
    if (command?.is === 'voters') return command.voters;
  }
  return voters;
}

type Leader = RaftNode & { state: RaftState };

/** The node that leads the highest term, as an operator would find it. */
function leading(world: RaftWorld): Leader | undefined {
  let found: Leader | undefined;
  for (const node of world.nodes)
    if (
      node.status === 'up' &&
      node.state?.role === 'leader' &&
      node.state.term > (found?.state.term ?? -1)
    )
      found = node as Leader;
  return found;
}

function leaderOf({ world }: RaftLabState, what: string): Leader {
  const found = leading(world);
  if (!found) throw new Complaint(`nobody leads: there is no one to ${what}`);
  return found;
}

/** How far a storm's operator takes the number of voters from what it was. */
const FEWER_OR_MORE = 2;

/**
 * What a storm's operator does: hands over, or adds or removes a voter, with the leader or, where
 * nobody leads, with a node that refuses. A roll of 32 bits says which.
 */
function operated(
  cluster: RaftCluster,
  before: RaftWorld,
  { at, roll }: { readonly at?: Micros; readonly roll: number },
): { world: RaftWorld; choice: RaftChoice } {
  const world: RaftWorld = { ...before, storm: weather(before.storm as Storm, before).storm };
  const asked = leading(world) ?? (world.nodes.find(({ status }) => status === 'up') as Leader);
  if (!asked) return { world, choice: { do: 'quiet', ...(at !== undefined && { at }) } };
  const ask = (request: Request, of = world): { world: RaftWorld; choice: RaftChoice } => ({
    world: of,
    choice: { do: 'ask', node: asked.id, request, ...(at !== undefined && { at }) },
  });
  const which = Math.floor(roll / 8);
  const voters = namedVoters(asked.state);
  const one = (list: readonly Id[]): Id => list[which % list.length] as Id;
  if (roll % 4 === 0) {
    const others = voters.filter((id) => id !== asked.id);
    if (others.length > 0) return ask({ ask: 'transfer', to: one(others) });
  }
  const began = cluster.config.voters.length;
  const names = nodeNames(Math.min(9, began + FEWER_OR_MORE));
  const outside = names.filter((id) => !voters.includes(id));
  const removes = voters.length > Math.max(1, began - FEWER_OR_MORE) && roll % 8 >= 4;
  if (removes || outside.length === 0) {
    const leaves = one(voters);
    return ask({ ask: 'voters', voters: voters.filter((id) => id !== leaves) });
  }
  const joins = one(outside);
  return ask(
    { ask: 'voters', voters: [...voters, joins].sort() },
    nodeNamed(world, joins) ? world : joined(cluster, world, joins),
  );
}

function withClients(state: RaftLabState, count: number): RaftLabState {
  const { world } = state;
  const have = new Set(world.clients.map(({ id }) => id));
  const all = Array.from({ length: count }, (_, i) => newClient(`${i + 1}`)).filter(
    ({ id }) => !have.has(id),
  );
  return {
    ...state,
    world: {
      ...world,
      clients: [...world.clients, ...all].sort((a, b) => Number(a.id) - Number(b.id)),
    },
  };
}

/** Lays out what a disk knows before anything happened: logs that a story begins with. */
function layOut(
  state: RaftLabState,
  command: Extract<Command, { kind: 'disk' }>,
  note: RaftNote,
): Part<RaftLabState, Command> {
  const { world } = state;
  const node = known(world, command.node);
  if (world.now > 0 || world.ghost.leaders.size > 0 || world.flights.length > 0)
    throw new Complaint(
      'a disk is laid out before anything happens: at the beginning of the script',
    );
  const vote = command.vote;
  if (vote !== undefined) known(world, vote);
  const log = seqOf<Entry>(
    command.terms.map((term, i) => ({ term, command: { is: 'value', value: `${i + 1}` } })),
    1,
  );
  const term = command.term ?? command.terms.at(-1) ?? 0;
  const was = node.state as RaftState;
  const now: RaftState = { ...was, term, vote, log, stable: log.length - 1 };
  const disk: RaftDisk = { term, vote, log, snapshot: undefined };
  const next: RaftWorld = {
    ...world,
    nodes: world.nodes.map((other) => (other === node ? { ...node, state: now, disk } : other)),
    counts: { ...world.counts, events: world.counts.events + 1 },
  };
  const after = { ...state, world: next };
  note?.({ kind: 'laid-out', at: 0, who: node.id, sent: [], choice: { do: 'quiet' } }, () => after);
  return { state: after };
}

function isEvent({ kind, did }: Happening, wanted: string): boolean {
  if (kind === wanted) return true;
  // Some things happen beside what the event is named for.
  const beside = did as Partial<Pick<Did, 'committed' | 'adopted'>> | undefined;
  if (wanted === 'commit') return beside?.committed !== undefined;
  return wanted === 'step-down' && beside?.adopted?.was === 'leader';
}

function step(
  state: RaftLabState,
  choice: RaftChoice,
  note: RaftNote,
  setup: Setup,
  elsewhere: Elsewhere | undefined,
) {
  const cluster = clusterOfSetup(setup);
  const asked =
    choice.do === 'operate'
      ? operated(cluster, state.world, choice)
      : { world: state.world, choice };
  const { world, happening } = happens(cluster, asked.world, asked.choice, elsewhere);
  let { watched } = state;
  for (let at = state.world.history.length; at < world.history.length; at++)
    watched = watchEntry(watched, itemAt(world.history, at) as HistoryRecord);
  const next: RaftLabState = { world, watched };
  note?.(happening as RaftEvent, () => next);
  return { state: next, happening };
}

/** pick, react, absorb: the reaction in line, or of a node that lives elsewhere. */
function happens(
  cluster: RaftCluster,
  world: RaftWorld,
  choice: RaftChoice,
  elsewhere: Elsewhere | undefined,
) {
  const turn = elsewhere && pick<RaftState, Message, RaftDisk, Request, Ghost>(world, choice);
  if (!elsewhere || !turn) return apply(cluster, world, choice);
  const state = nodeNamed(world, turn.node)?.state;
  const answer = elsewhere.ask(turn.node, state, turn.event, cluster.config);
  return absorb(cluster, world, choice, answer as Reaction<RaftState, Message, RaftDisk>);
}

// ── What is checked, counted and shown ──────────────────────────────────────────────────────────

const NONE: Problem[] = [];

function problemsOf({ world, watched }: RaftLabState): Problem[] {
  const { violations } = world.ghost;
  if (violations.length === 0 && !watched.trouble) return NONE;
  const { trouble } = watched;
  return [
    ...violations,
    ...(trouble
      ? [
          {
            referee: 'linearizability',
            text: `No order of the operations on ${trouble.key} explains what clients ${[...new Set(trouble.unplaced.map(({ client }) => Number(client) % 1000))].join(', ')} were answered; the last was ${trouble.last.op} ${trouble.key}${trouble.last.op === 'get' ? `, answered ${trouble.last.out ?? 'with nothing'}` : ''}.`,
            key: 'history',
          },
        ]
      : []),
  ];
}

export function metrics({ world }: RaftLabState): Metric[] {
  const commit = Math.max(0, ...world.nodes.map(({ state }) => state?.commit ?? 0));
  return [
    { name: 'time', value: Math.round(world.now / 100) / 10, unit: 'ms', help: 'Simulated time.' },
    {
      name: 'events',
      value: world.counts.events,
      unit: '',
      help: 'Everything that happened so far.',
    },
    { name: 'messages', value: world.counts.sent, unit: '', help: 'Sent by nodes and clients.' },
    { name: 'lost', value: world.counts.lost, unit: '', help: 'Messages that never arrived.' },
    { name: 'in flight', value: world.flights.length, unit: '', help: 'Messages under way.' },
    {
      name: 'elections won',
      value: world.ghost.leaders.size,
      unit: '',
      help: 'Terms that had a leader.',
    },
    {
      name: 'committed',
      value: commit,
      unit: 'entries',
      help: 'The highest commit index of any node.',
    },
    {
      name: 'answered',
      value: Math.floor(world.history.length / 2),
      unit: 'operations',
      help: 'Of clients, roughly: half of the records of their history.',
    },
  ];
}

/** Entries of a log that a frame carries: the last so many of each node. */
const SHOWN = 24;

function entriesOf(log: RaftDisk['log']): ShownEntry[] {
  const from = Math.max(log.from, log.length - SHOWN);
  return itemsOf(log, from).map(({ term, command }, i) => ({
    index: from + i,
    term,
    is: command?.is ?? 'no-op',
    ...(command?.is === 'op' && { client: command.client, seq: command.seq, op: command.op }),
    ...(command?.is === 'value' && { value: command.value }),
    ...(command?.is === 'voters' && { voters: command.voters }),
  }));
}

const savedOf = (disk: RaftDisk): ShownSaved => ({
  term: disk.term,
  vote: disk.vote ?? null,
  last: lastIndex(disk),
  lastTerm: lastTerm(disk),
  base: disk.log.from - 1,
  snapshot: disk.snapshot
    ? {
        index: disk.snapshot.index,
        term: disk.snapshot.term,
        keys: disk.snapshot.machine.values.size,
      }
    : null,
});

function nodeValue(
  { id, status, state, disk, saves, timers, clock }: RaftNode,
  now: Micros,
): ShownNode {
  return {
    id,
    status,
    disk: disk ? { ...savedOf(disk), entries: state ? [] : entriesOf(disk.log) } : null,
    saves: saves.map(({ at, held }) => ({ at, held: held.length })),
    timers,
    clock: {
      offset: clock.shows + Math.round((now - clock.at) * clock.rate) - now,
      rate: clock.rate,
    },
    state: state
      ? {
          ...savedOf(state),
          entries: entriesOf(state.log),
          role: state.role,
          leader: state.leader ?? null,
          commit: state.commit,
          stable: state.stable,
          voters: state.voters,
          votersAt: state.votersAt,
          votes: state.votes,
          peers: state.peers,
          reads: state.reads.length,
          round: state.round,
          lease: state.lease ?? null,
          heir: state.heir ?? null,
          machine: [...state.machine.values].slice(0, 40),
          keys: state.machine.values.size,
        }
      : null,
  };
}

export function raftValue({ world, watched }: RaftLabState): RaftValue {
  return {
    now: world.now,
    nodes: world.nodes.map((node) => nodeValue(node, world.now)),
    flights: world.flights.map(({ message, ...flight }) => ({
      ...flight,
      kind: message.kind,
      text: messageWords(message),
      term: 'term' in message ? message.term : null,
    })),
    cuts: world.nodes.flatMap(({ id: from }) =>
      world.nodes
        .filter(({ id: to }) => isCut(world.links, from, to))
        .map(({ id: to }) => `${from}>${to}`),
    ),
    links: [...world.links]
      .filter(([, fault]) => !fault.cut)
      .map(([link, { latency, loss }]) => ({ link, latency: latency ?? null, loss: loss ?? null })),
    clients: world.clients.map(({ id, open, queue, timer, seq }) => ({
      id,
      seq,
      open: open ? { op: open.op, asked: open.asked, tries: open.tries, since: open.since } : null,
      waiting: queue.length,
      resting: timer?.name === 'rest',
    })),
    history: itemsOf(world.history, Math.max(0, world.history.length - 12)),
    operations: world.history.length,
    leaders: [...world.ghost.leaders].slice(-8),
    storm: world.storm ? { until: world.storm.until, calm: world.storm.calm } : null,
    linearizable: watched.trouble === undefined,
    ...(watched.trouble && {
      trouble: {
        key: watched.trouble.key,
        last: operationValue(watched.trouble.last),
        unplaced: watched.trouble.unplaced.map(operationValue),
      },
    }),
    violated: [...new Set(world.ghost.violations.map(({ referee }) => referee))],
    dice: world.dice,
    counts: world.counts,
  };
}

const operationValue = (operation: Operation): ShownOperation => ({
  process: Number(operation.client),
  op: operation.op,
  key: operation.key ?? '',
  value: typeof operation.value === 'string' ? operation.value : null,
  out: typeof operation.out === 'string' ? operation.out : null,
  call: operation.call,
  return: operation.return,
});

function messageWords(message: RaftWorld['flights'][number]['message']): string {
  switch (message.kind) {
    case 'vote':
      return `${message.pre ? 'would you vote' : 'vote'}? term ${message.term}`;
    case 'voted':
      return `${message.granted ? 'yes' : 'no'}${message.pre ? ', I would' : ''}`;
    case 'append':
      return message.entries.length === 0
        ? 'heartbeat'
        : message.entries.length === 1
          ? `append ${message.prev + 1}`
          : `append ${message.prev + 1}–${message.prev + message.entries.length}`;
    case 'appended':
      return message.ok ? `ok ${message.match}` : `no, try ${message.match + 1}`;
    case 'snapshot':
      return `snapshot to ${message.snapshot.index}`;
    case 'hand-over':
      return 'take over';
    case 'call':
      return `${message.op.op} ${message.op.key}`;
    case 'answer':
      return message.outcome === 'elsewhere'
        ? 'not me'
        : message.outcome === 'no'
          ? 'no match'
          : (message.value ?? 'done');
  }
}

/** What memory, disk and a save under way have in common, and hand to one another. */
function* sharedOf({ world }: RaftLabState): Generator<object> {
  for (const { state, disk } of world.nodes)
    for (const holder of [state, disk]) {
      if (!holder) continue;
      yield* holder.log.blocks;
      if (holder.snapshot) yield holder.snapshot;
    }
}

export const raftLab: Engine<RaftLabState, Command, RaftEvent> = {
  name: 'raft',
  chapter: 11,
  title: 'Consensus: Raft',
  kinds: Object.entries(PROCESSES).flatMap(([process, kinds]) =>
    kinds.map((kind) => ({ kind, process })),
  ),
  referees: [{ name: 'raft', at: 'moment', check: problemsOf }],
  parse: (words: readonly Word[]) => parse(words, EVENT_KINDS),
  print,
  open,
  opening: () => ({ kind: 'opened', at: 0, sent: [], choice: { do: 'quiet' } }),
  run,
  // No files; but whatever happened is worth keeping, so every event counts as a sync of the script.
  disk: ({ world }) => ({ ...EMPTY_IMAGE, syncs: world.counts.events }),
  value: raftValue,
  // 100,000 events in 16 MB with all else that a timeline holds.
  memory: 13 * 2 ** 20,
  weight: (older, newer) => weighBeside(older, newer, older ? sharedOf(older) : []),
  exports: ({ world }) => [
    {
      name: 'history.jsonl',
      bytes: utf8(
        itemsOf(world.history)
          .map((record) => `${JSON.stringify(record)}\n`)
          .join(''),
      ),
    },
  ],
  history: ({ world }) => itemsOf(world.history),
  search: async (state, setup, wish = {}) =>
    (await import('./raft-search.ts')).search(
      state,
      setup,
      wish,
      clusterOfSetup(setup),
      (from, command) => run(from, command, undefined, setup).state,
    ),
  part: ({ kind }, moments) =>
    kind === 'run' || kind === 'until' || kind === 'step' ? `step ${moments}` : undefined,
};
