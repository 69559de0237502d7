// What a page is told of a moment in the Raft lab, as plain data: the picture, the inspector and the
// text twin are made from this and nothing else. And the kinds of its events, by process.

import type { Did } from '../protocols/raft/did.ts';
import type { Progress, Role } from '../protocols/raft/types.ts';
import type { Id, Micros } from '../sim/actor.ts';
import type { ClientDid, HistoryRecord, Op } from '../sim/client.ts';
import type { Happening } from '../sim/cluster.ts';
import type { Counts, Timer } from '../sim/world.ts';

export type RaftEvent = Omit<Happening, 'did'> & { readonly did?: Did | ClientDid };

export interface ShownEntry {
  readonly index: number;
  readonly term: number;
  readonly is: 'no-op' | 'op' | 'value' | 'voters';
  readonly client?: Id;
  readonly seq?: number;
  readonly op?: Op;
  readonly value?: string;
  readonly voters?: readonly Id[];
}

export interface ShownSaved {
  readonly term: number;
  readonly vote: Id | null;
  readonly last: number;
  readonly lastTerm: number;
  /** Entries up to here are in the snapshot alone. */
  readonly base: number;
  readonly snapshot: {
    readonly index: number;
    readonly term: number;
    readonly keys: number;
  } | null;
}

export interface ShownNode {
  readonly id: Id;
  readonly status: 'up' | 'paused' | 'crashed';
  /** Its entries are here only when there is no memory to show them from. */
  readonly disk: (ShownSaved & { readonly entries: readonly ShownEntry[] }) | null;
  readonly saves: readonly { readonly at: Micros; readonly held: number }[];
  readonly timers: readonly Timer[];
  readonly clock: { readonly offset: Micros; readonly rate: number };
  readonly state:
    | (ShownSaved & {
        readonly entries: readonly ShownEntry[];
        readonly role: Role;
        readonly leader: Id | null;
        readonly commit: number;
        /** The last entry that is on its disk. */
        readonly stable: number;
        readonly voters: readonly Id[];
        readonly votersAt: number;
        readonly votes: Readonly<Record<Id, boolean>>;
        readonly peers: Readonly<Record<Id, Progress>>;
        readonly reads: number;
        readonly round: number;
        readonly lease: Micros | null;
        readonly heir: Id | null;
        readonly machine: readonly (readonly [string, string])[];
        readonly keys: number;
      })
    | null;
}

export interface ShownFlight {
  readonly from: Id;
  readonly to: Id;
  readonly n: number;
  readonly sentAt: Micros;
  readonly at: Micros;
  readonly held?: boolean;
  readonly copy?: boolean;
  readonly kind: string;
  readonly text: string;
  readonly term: number | null;
}

/** An operation of a client, as its history has it. */
export interface ShownOperation {
  readonly process: number;
  readonly op: string;
  readonly key: string;
  readonly value: string | null;
  /** What a read was answered. */
  readonly out: string | null;
  readonly call: Micros;
  /** Null: it was never answered. */
  readonly return: Micros | null;
}

export interface RaftValue {
  readonly now: Micros;
  readonly nodes: readonly ShownNode[];
  readonly flights: readonly ShownFlight[];
  /** `A>B` */
  readonly cuts: readonly string[];
  readonly links: readonly {
    readonly link: string;
    readonly latency: Micros | null;
    readonly loss: number | null;
  }[];
  readonly clients: readonly {
    readonly id: Id;
    readonly seq: number;
    readonly open: {
      readonly op: Op;
      readonly asked: Id;
      readonly tries: number;
      readonly since: Micros;
    } | null;
    readonly waiting: number;
    readonly resting: boolean;
  }[];
  /** The last records, and how many there are. */
  readonly history: readonly HistoryRecord[];
  readonly operations: number;
  /** Who led which term, the last few. */
  readonly leaders: readonly (readonly [number, Id])[];
  readonly storm: { readonly until: Micros; readonly calm: Micros } | null;
  readonly linearizable: boolean;
  /** What broke linearizability: with whose answer, and the operations that have no place in any order. */
  readonly trouble?: {
    readonly key: string;
    readonly last: ShownOperation;
    readonly unplaced: readonly ShownOperation[];
  };
  readonly violated: readonly string[];
  readonly dice: readonly number[];
  readonly counts: Counts;
}

export const PROCESSES = {
  election: [
    'pre-campaign',
    'campaign',
    'grant',
    'refuse',
    'tally',
    'elected',
    'step-down',
    'transfer',
    'transfer-refused',
    'transfer-over',
    'idle-timeout',
  ],
  replication: ['propose', 'accept', 'acked', 'reject', 'back-up', 'held-back', 'commit'],
  heartbeat: ['heartbeat', 'heard', 'echo', 'quorum-ok', 'stale', 'ignore'],
  disk: ['saved', 'compact', 'install'],
  client: [
    'ask',
    'queued',
    'answered',
    'elsewhere',
    'redirected',
    'late',
    'retry',
    'gave-up',
    'rested',
    'read',
    'read-waits',
    'read-served',
  ],
  members: ['voters', 'voters-refused'],
  fault: [
    'crash',
    'start',
    'pause',
    'resume',
    'partition',
    'cut',
    'mend',
    'link',
    'heal',
    'skew',
    'drop',
    'duplicate',
    'hold',
    'release',
    'unheard',
    'chaos',
    'clear',
    'calm',
  ],
  session: ['opened', 'laid-out', 'quiet', 'wait'],
} as const;
