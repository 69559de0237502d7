// What a Raft node knows, what it saves, and what nodes say to each other: figure 2 of the paper
// (Ongaro and Ousterhout 2014), with what the later chapters of Ongaro's thesis add.
//
//   above the waterline, gone at a crash      role, commit, machine, votes, next and match a follower
//   ─────────────────────────────────────
//   below it                                  term, vote, log, snapshot
//
//   log      index   1   2   3   4   5   6
//            term    1   1   2   3   3   3        commit = 4: the first four are decided
//                   └ snapshot: up to here the entries are gone, and their effect is kept instead

import type { Id, Micros } from '../../sim/actor.ts';
import type { Answer, Call, Op } from '../../sim/client.ts';
import { itemAt, type Seq } from '../../sim/seq.ts';

export interface Entry {
  readonly term: number;
  /** null: the no-op with which a leader begins its term. */
  readonly command: Command | null;
}

export type Command =
  | { readonly is: 'op'; readonly client: Id; readonly seq: number; readonly op: Op }
  /** A bare value, for logs that are laid out by hand. */
  | { readonly is: 'value'; readonly value: string }
  | { readonly is: 'voters'; readonly voters: readonly Id[] };

export type Log = Seq<Entry>;

/** The key-value store, and for each client what it was answered last: a repeated request is told apart by it. */
export interface Machine {
  readonly values: ReadonlyMap<string, string>;
  readonly sessions: ReadonlyMap<Id, { readonly seq: number; readonly answer: Answer }>;
}

export interface Snapshot {
  readonly index: number;
  readonly term: number;
  readonly machine: Machine;
  readonly voters: readonly Id[];
}

/** What survives a crash. */
export interface RaftDisk {
  readonly term: number;
  readonly vote: Id | undefined;
  readonly log: Log;
  readonly snapshot: Snapshot | undefined;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What a leader knows of a follower. Invariant: 0 ≤ match < next. */
export interface Progress {
  /** The next entry to send. */
  readonly next: number;
  /** The last entry that is known to be on its disk, at the same place with the same term. */
  readonly match: number;
  /** The last heartbeat round that it answered. */
  readonly round: number;
  /** Heard from since the quorum was checked last. */
  readonly active: boolean;
}

export interface PendingRead {
  readonly client: Id;
  readonly seq: number;
  readonly key: string;
  /** It may be answered once this much is committed, and a majority answered this heartbeat round. */
  readonly index: number;
  readonly round: number;
}

export interface RaftState extends RaftDisk {
  readonly self: Id;
  readonly rules: RaftRules;
  readonly role: Role;
  readonly leader: Id | undefined;
  readonly commit: number;
  readonly machine: Machine;
  /** The last entry that is on this node's own disk. */
  readonly stable: number;
  /** Who takes part, as far as this node knows, and the entry that says so (0: the beginning). */
  readonly voters: readonly Id[];
  readonly votersAt: number;
  /** Of a candidate: who answered, and what. */
  readonly votes: Readonly<Record<Id, boolean>>;
  /** By its own clock: when it heard from a leader last. */
  readonly heard: Micros | undefined;
  // A leader's only.
  readonly peers: Readonly<Record<Id, Progress>>;
  /** The entry with which it began its term: before that is committed it knows not what is. */
  readonly began: number;
  /** Heartbeat rounds: the number of the last, and when those were sent that no majority answered yet. */
  readonly round: number;
  readonly rounds: readonly { readonly round: number; readonly at: Micros }[];
  /** By its own clock: until when it may answer reads alone. */
  readonly lease: Micros | undefined;
  readonly reads: readonly PendingRead[];
  /** To whom leadership is being handed over. */
  readonly heir: Id | undefined;
  /** It handed over once in this term: voters may have been told not to wait, so no lease holds. */
  readonly handed: boolean;
}

export type Message =
  /** `pre`: would you vote for me? Nobody's term changes. `asked`: the leader itself handed over. */
  | {
      readonly kind: 'vote';
      readonly term: number;
      readonly last: number;
      readonly lastTerm: number;
      readonly pre?: true;
      readonly asked?: true;
    }
  | {
      readonly kind: 'voted';
      readonly term: number;
      readonly granted: boolean;
      readonly pre?: true;
    }
  | {
      readonly kind: 'append';
      readonly term: number;
      readonly prev: number;
      readonly prevTerm: number;
      readonly entries: readonly Entry[];
      readonly commit: number;
      readonly round: number;
    }
  | {
      readonly kind: 'appended';
      readonly term: number;
      readonly ok: boolean;
      readonly round: number;
      /** ok: the last entry that now is as the leader's. Not ok: where the leader should look. */
      readonly match: number;
      /** Not ok: the term that stands there instead, if one does. */
      readonly conflict?: number;
    }
  | {
      readonly kind: 'snapshot';
      readonly term: number;
      readonly snapshot: Snapshot;
      readonly round: number;
    }
  /** Stand for election at once: the leader hands over. */
  | { readonly kind: 'hand-over'; readonly term: number }
  | Call
  | Answer;

/** What an operator may ask of a node. */
export type Request =
  | { readonly ask: 'voters'; readonly voters: readonly Id[] }
  | { readonly ask: 'transfer'; readonly to: Id }
  | { readonly ask: 'propose'; readonly value: string }
  | { readonly ask: 'compact' };

export interface RaftRules {
  /** Who takes part at the beginning. */
  readonly voters: readonly Id[];
  /** An election timeout is drawn between this and twice as much. */
  readonly election: Micros;
  readonly heartbeat: Micros;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly reads: 'index' | 'lease' | 'log';
  /** Followers are told at once of what was committed (as etcd does), not with the next heartbeat. */
  readonly tellCommits: boolean;
  /** Entries applied since the last snapshot after which there is a new one; 0: never. */
  readonly snapshot: number;
  /** Saves are part of the step that makes them: searches use it. */
  readonly atomic: boolean;
  /** A leader begins its term with an empty entry. Off only to match models that leave it out. */
  readonly noop: boolean;
  /** Most entries in a message. */
  readonly batch: number;
  readonly wrong: ReadonlySet<Wrong>;
}

/** Rules left out or bent, each by one condition in the code; the referees are to notice. */
export type Wrong =
  | 'vote-not-saved'
  | 'ack-before-save'
  | 'commit-older-term'
  | 'vote-without-log-check'
  | 'reply-term-unchecked'
  | 'lease-ignores-clocks'
  | 'duplicate-applied-twice'
  | 'voters-at-commit'
  // Those of the published witnesses that are no switch of the lab.
  | 'term-not-saved'
  | 'log-not-saved'
  | 'vote-twice'
  | 'half-is-a-quorum'
  | 'length-only-log-check'
  | 'no-prev-check'
  | 'truncate-always'
  | 'truncate-never'
  | 'commit-unbounded'
  | 'stale-term-accepted';

export const lastIndex = ({ log }: Pick<RaftDisk, 'log'>): number => log.length - 1;

/** The term of an entry; 0 before the first, undefined where the log does not reach. */
export function termAt(
  { log, snapshot }: Pick<RaftDisk, 'log' | 'snapshot'>,
  index: number,
): number | undefined {
  if (index === 0) return 0;
  if (snapshot && index === snapshot.index) return snapshot.term;
  return itemAt(log, index)?.term;
}

export const lastTerm = (disk: Pick<RaftDisk, 'log' | 'snapshot'>): number =>
  termAt(disk, lastIndex(disk)) ?? 0;

export function isMessageToNode(message: { readonly kind: string }): boolean {
  return message.kind !== 'answer';
}
