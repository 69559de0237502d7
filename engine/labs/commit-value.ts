// What a page is told of a moment in the commit lab, as plain data: the picture, the inspector and the
// text twin are made from this and nothing else. And the kinds of its events, by process.

import { type Cost, type Formula, formulaOf } from '../protocols/commit/cost.ts';
import { recordsIn } from '../protocols/commit/groups.ts';
import {
  blockedIn,
  type CommitNode,
  type CommitWorld,
  REFEREES,
  violates,
} from '../protocols/commit/referees.ts';
import {
  type Acceptance,
  type CommitDid,
  type CommitRules,
  type Coordination,
  type Decision,
  groupOf,
  type LogRecord,
  type Message,
  type Participation,
} from '../protocols/commit/types.ts';
import type { Id, Micros } from '../sim/actor.ts';
import type { Happening } from '../sim/cluster.ts';
import type { Timer } from '../sim/world.ts';

export type CommitEvent = Omit<Happening, 'did'> & { readonly did?: CommitDid };

export interface ShownNode {
  readonly id: Id;
  readonly role: 'coordinator' | 'participant' | 'acceptor';
  /** The group that it is a member of, and whether the group speaks through it. */
  readonly group?: Id;
  readonly leads?: boolean;
  readonly status: 'up' | 'paused' | 'crashed';
  /** What it knows in memory of each transaction; null when it crashed. */
  readonly state: {
    readonly coordinates: readonly Coordination[];
    readonly participates: readonly Participation[];
    readonly accepts: readonly Acceptance[];
  } | null;
  /** As in memory; of a node that is down, as on its disk. */
  readonly log: readonly LogRecord[];
  /** How many lines of the log are on the disk. */
  readonly durable: number;
  /** Writes under way, and how many messages wait for each. */
  readonly saves: readonly { readonly at: Micros; readonly held: number }[];
  readonly timers: readonly Timer[];
  /** What its data is, on the disk: the value of the last commit. */
  readonly value: string | null;
  /** Its log and its data are in a storage engine: what that holds. */
  readonly engine?: { readonly frames: number; readonly value: string | null };
  /** How often it has waited for its disk. */
  readonly forced: number;
}

export interface ShownFlight {
  readonly from: Id;
  readonly to: Id;
  readonly n: number;
  readonly sentAt: Micros;
  readonly at: Micros;
  readonly held?: boolean;
  readonly copy?: boolean;
  readonly kind: Message['kind'];
  readonly text: string;
  readonly tx: number;
}

export interface CommitValue {
  readonly now: Micros;
  readonly rules: Omit<CommitRules, 'wrong' | 'atomic' | 'groupSize' | 'stored' | 'keeper'> & {
    /** Over groups: how many nodes each has. */
    readonly groupSize?: number;
  };
  readonly nodes: readonly ShownNode[];
  readonly flights: readonly ShownFlight[];
  /** `A>B` */
  readonly cuts: readonly string[];
  /** What each participant decided, by `transaction node`: kept by the referees, no node sees it. */
  readonly outcomes: Readonly<Record<string, Decision>>;
  /** In doubt, up, and nobody who is up can end it. */
  readonly blocked: readonly Id[];
  /** Of the transaction that began last; 0: none has. */
  readonly tx: number;
  readonly cost: Cost;
  /** What it costs if nothing goes wrong. */
  readonly formula: Formula | null;
  readonly violated: readonly string[];
  readonly dice: readonly number[];
}

/** What is counted of the transaction that began last. */
export interface Meter {
  /** Messages and forced writes of the whole run, as it began. */
  readonly before: Pick<Cost, 'messages' | 'forced'>;
  /** By node, and by message under way: how long a chain of messages led there. */
  readonly nodes: Readonly<Record<Id, number>>;
  readonly flights: Readonly<Record<string, number>>;
  /** The longest chain at whose end a participant learned the outcome. */
  readonly delays: number;
}

export const newMeter = (world?: CommitWorld): Meter => ({
  before: world
    ? { messages: world.counts.sent, forced: forcedIn(world) }
    : { messages: 0, forced: 0 },
  nodes: {},
  flights: {},
  delays: 0,
});

export function metered(meter: Meter, { choice, sent, who }: Happening, decided: boolean): Meter {
  const { do: what } = choice;
  let { nodes, flights, delays } = meter;
  if (what === 'deliver' && who !== undefined) {
    const came = flights[`${choice.from}>${choice.to}#${choice.n}`] ?? 0;
    if (came > (nodes[who] ?? 0)) nodes = { ...nodes, [who]: came };
  }
  if (sent.length > 0) {
    flights = { ...flights };
    for (const { from, to, n } of sent)
      (flights as Record<string, number>)[`${from}>${to}#${n}`] = (nodes[from] ?? 0) + 1;
  }
  if (decided && who !== undefined) delays = Math.max(delays, nodes[who] ?? 0);
  return { ...meter, nodes, flights, delays };
}

export const forcedIn = ({ ghost }: CommitWorld): number =>
  Object.values(ghost.forced).reduce((sum, count) => sum + count, 0);

export const costOf = (world: CommitWorld, { before, delays }: Meter): Cost => ({
  messages: world.counts.sent - before.messages,
  forced: forcedIn(world) - before.forced,
  delays,
});

function shown(world: CommitWorld, rules: CommitRules, node: CommitNode): ShownNode {
  const { id, state, disk, status, saves, timers } = node;
  const part = rules.groupSize > 1 ? groupOf(id) : id;
  const participant = rules.participants.includes(part);
  const member = state?.member;
  // A member of a group has the lines of its Raft log; its data is what the group has committed of them.
  const kept = disk?.raft ? recordsIn(disk.raft.log) : (disk?.log ?? []);
  const known = member && !member.speaks ? recordsIn(member.raft.log) : state?.log;
  const committed = (member?.committed ?? kept).filter(({ is, value }) => is === 'commit' && value);
  return {
    id,
    role: participant ? 'participant' : part === rules.coordinator ? 'coordinator' : 'acceptor',
    ...(rules.groupSize > 1 && { group: part, leads: member?.speaks === true }),
    status,
    state: state
      ? {
          coordinates: state.coordinates,
          participates: state.participates,
          accepts: state.accepts,
        }
      : null,
    log: known ?? kept,
    durable: kept.length,
    saves: saves.map(({ at, held }) => ({ at, held: held.length })),
    timers,
    value: participant ? (committed.at(-1)?.value ?? null) : null,
    ...(disk?.kept &&
      rules.keeper && {
        engine: {
          frames: rules.keeper.frames(disk.kept),
          value: rules.keeper.read(disk.kept).value,
        },
      }),
    forced: world.ghost.forced[id] ?? 0,
  };
}

/** A few characters that say what a message says. */
function wordsOf(message: Message): string {
  switch (message.kind) {
    case 'vote':
      return message.vote === 'read' ? 'only read' : message.vote;
    case 'decision':
      return message.decision;
    case 'ask':
      return 'outcome?';
    case 'state':
      return message.phase;
    case 'accept':
    case 'accepted': {
      const said = Object.entries(message.votes);
      const told = said.map(([id]) => id).join('');
      const word = said.every(([, vote]) => vote === 'commit') ? 'prepared' : 'abort';
      return message.kind === 'accept' ? `${told} ${word}` : `accepted ${told}`;
    }
    case 'promise?':
      return `ballot ${message.ballot}?`;
    case 'promise':
      return `promise ${message.ballot}`;
    case 'raft':
      return message.message.kind;
    case 'relay':
      return wordsOf(message.message);
    default:
      return message.kind;
  }
}

export function commitValue(
  world: CommitWorld,
  rules: CommitRules,
  begun: number,
  meter: Meter,
): CommitValue {
  const { wrong: _, atomic: __, groupSize, stored: ___, keeper: ____, ...lawful } = rules;
  return {
    now: world.now,
    rules: { ...lawful, ...(groupSize > 1 && { groupSize }) },
    nodes: world.nodes.map((node) => shown(world, rules, node)),
    flights: world.flights.map(({ from, to, n, sentAt, at, held, copy, message }) => ({
      from,
      to,
      n,
      sentAt,
      at,
      ...(held && { held }),
      ...(copy && { copy }),
      kind: (message as Message).kind,
      text: wordsOf(message as Message),
      tx: (message as Message).tx,
    })),
    cuts: [...world.links].filter(([, { cut }]) => cut).map(([link]) => link),
    outcomes: world.ghost.outcomes,
    blocked: blockedIn(world, rules),
    tx: begun,
    cost: costOf(world, meter),
    formula: formulaOf(rules) ?? null,
    violated: REFEREES.filter((referee) => violates(world, referee)),
    dice: world.dice,
  };
}

/** A process, and the kinds of events that belong to it. What a reader looks for first stands first. */
export const PROCESSES = {
  commit: [
    'decided',
    'pre-committing',
    'pre-committed',
    'learned',
    'acknowledged',
    'ended',
    'resent',
  ],
  doubt: [
    'in-doubt',
    'terminating',
    'state-told',
    'answered',
    'asked',
    'guessed',
    'heuristic',
    'damage',
  ],
  vote: ['begun', 'voted', 'vote-heard', 'accepted'],
  takeover: ['took-over', 'promised'],
  crash: ['crash', 'restart', 'up', 'recovered', 'pause', 'resume', 'unheard'],
  network: ['partition', 'cut', 'mend', 'heal', 'drop', 'duplicate', 'hold', 'release'],
  disk: ['saved', 'raft', 'raft-saved', 'relayed'],
  session: ['opened', 'quiet', 'ignored', 'nothing'],
} as const;
