// Atomic commitment: what the nodes of a commit round know, log and tell each other. The rules that
// move them are in two-phase.ts, three-phase.ts and paxos-commit.ts; here are the words.
//
//   A               the coordinator (two- and three-phase commit), or the leader (Paxos Commit)
//   B, C, D …       the participants: each holds one value under a lock, and votes
//   X, Y, Z …       further acceptors (Paxos Commit); the leader is an acceptor too
//   A1, A2, A3 …    over groups: each of A, B, C … is a Raft group of several nodes (groups.ts)
//
//   a participant   working ─ yes ─▶ prepared ──────────────▶ committed
//                      │               │  └▶ pre-committed ─▶    ▲      (three-phase commit)
//                      └─ no ─▶ aborted ◀┘
//
// `prepared` is the window of doubt: it has given its word and may not decide alone. Its lock stays.

import type { Effect, Id, Micros } from '../../sim/actor.ts';
import type { RaftDisk, Message as RaftMessage, RaftState } from '../raft/types.ts';

export type Decision = 'commit' | 'abort';
export type Vote = 'yes' | 'no' | 'read';
export type Phase = 'prepared' | 'pre-committed' | 'committed' | 'aborted' | 'read';

/** Rules broken on purpose, one at a time. */
export type Wrong =
  | 'early-decision'
  | 'vote-not-logged'
  | 'guess-abort'
  | 'guess-commit'
  | 'presume-wrongly'
  | 'late-vote-counts'
  | 'yes-after-abort'
  | 'decide-afresh'
  | 'no-collecting-record'
  | 'ignore-pre-commits'
  | 'propose-without-asking';

export interface CommitRules {
  readonly protocol: 'two-phase' | 'three-phase' | 'paxos-commit';
  /** What a coordinator that knows nothing of a transaction answers, and what that saves. */
  readonly presume: 'nothing' | 'abort' | 'commit';
  readonly coordinator: Id;
  readonly participants: readonly Id[];
  /** The leader first; the first half and one more of them are asked, the rest stand by. */
  readonly acceptors: readonly Id[];
  /** A participant's mind; yes where it is not named. */
  readonly votes: Readonly<Record<Id, Vote>>;
  /** In doubt, ask the other participants too. */
  readonly cooperative: boolean;
  /** One participant alone decides for itself. */
  readonly onePhase: boolean;
  /** Three-phase commit, on a timeout: ask around first, or go by one's own phase. */
  readonly timeouts: 'termination' | 'bare';
  /** How long somebody waits before it does something about it. */
  readonly patience: Micros;
  /** Nodes a coordinator or participant consists of; more than one are a Raft group. */
  readonly groupSize: number;
  /** Saves are part of the step that makes them. */
  readonly atomic: boolean;
  /** Participants that keep their log and their data in a storage engine. */
  readonly stored: readonly Id[];
  readonly keeper?: Keeper;
  readonly wrong: ReadonlySet<Wrong>;
}

/** A storage engine as a participant uses it. What it holds is the engine's own: files, as a value. */
export interface Keeper {
  empty(): object;
  /** A transaction: the lines that follow so many, and of a commit the data that it changes. */
  force(kept: object, before: number, lines: readonly LogRecord[]): object;
  /** After a crash: the engine recovers, and its rows say what was promised. */
  recover(kept: object): { readonly kept: object; readonly lines: readonly LogRecord[] };
  read(kept: object): { readonly lines: readonly LogRecord[]; readonly value: string | null };
  /** How many frames its write-ahead log has. */
  frames(kept: object): number;
}

/** A line of a node's log. */
export interface LogRecord {
  readonly tx: number;
  readonly is:
    | 'collecting'
    | 'prepared'
    | 'pre-commit'
    | 'commit'
    | 'abort'
    | 'end'
    | 'promised'
    | 'accepted';
  /** Who takes part. */
  readonly participants?: readonly Id[];
  readonly value?: string;
  readonly ballot?: number;
  /** accepted: what for each participant. */
  readonly votes?: Readonly<Record<Id, Decision>>;
}

export interface CommitDisk {
  readonly log: readonly LogRecord[];
  /** Of a participant with a storage engine: its files, and nothing else counts. */
  readonly kept?: object;
  /** Of a member of a group instead. */
  readonly raft?: RaftDisk;
}

/** `wide`: all members of a group are told, since nobody knows who leads it. */
export type Message = (
  | {
      readonly kind: 'prepare';
      readonly tx: number;
      readonly participants: readonly Id[];
      readonly value: string;
      /** One-phase: decide yourself. */
      readonly alone?: boolean;
    }
  | { readonly kind: 'vote'; readonly tx: number; readonly vote: Vote }
  | { readonly kind: 'pre-commit'; readonly tx: number; readonly round: number }
  | { readonly kind: 'pre-committed'; readonly tx: number; readonly round: number }
  | { readonly kind: 'decision'; readonly tx: number; readonly decision: Decision }
  | { readonly kind: 'ack'; readonly tx: number }
  /** In doubt: what has become of it? */
  | { readonly kind: 'ask'; readonly tx: number }
  /** Termination: where do you stand? Whoever answers follows that round. */
  | { readonly kind: 'state?'; readonly tx: number; readonly round: number }
  | {
      readonly kind: 'state';
      readonly tx: number;
      readonly round: number;
      readonly phase: Phase | 'unknown' | 'recovering';
    }
  | {
      readonly kind: 'accept';
      readonly tx: number;
      readonly ballot: number;
      readonly participants: readonly Id[];
      readonly value: string;
      /** By participant. */
      readonly votes: Readonly<Record<Id, Decision>>;
    }
  | {
      readonly kind: 'accepted';
      readonly tx: number;
      readonly ballot: number;
      readonly participants: readonly Id[];
      readonly votes: Readonly<Record<Id, Decision>>;
    }
  | { readonly kind: 'promise?'; readonly tx: number; readonly ballot: number }
  | {
      readonly kind: 'promise';
      readonly tx: number;
      readonly ballot: number;
      readonly accepted: Readonly<Record<Id, Accepted>>;
    }
  /** Within a group. */
  | { readonly kind: 'raft'; readonly tx: 0; readonly message: RaftMessage }
  /** Handed on to who leads the group. */
  | { readonly kind: 'relay'; readonly tx: number; readonly from: Id; readonly message: Message }
) & { readonly wide?: true };

export interface Accepted {
  readonly ballot: number;
  readonly value: Decision;
}

/** What a person may ask of a node. */
export type Request =
  /** The transaction's number is given from outside: a coordinator may forget, and must not use one twice. */
  | { readonly ask: 'begin'; readonly tx: number; readonly value: string }
  /** An operator's heuristic decision. */
  | { readonly ask: 'decide'; readonly decision: Decision };

/** The coordinator's side of a transaction. */
export interface Coordination {
  readonly tx: number;
  readonly phase: 'collecting' | 'pre-committing' | 'deciding' | 'done';
  readonly participants: readonly Id[];
  readonly value: string;
  readonly votes: Readonly<Record<Id, Vote>>;
  /** Whoever has acknowledged the pre-commit, then the decision. */
  readonly acks: readonly Id[];
  readonly decision?: Decision;
}

/** A participant's side. */
export interface Participation {
  readonly tx: number;
  readonly phase: Phase;
  readonly participants: readonly Id[];
  readonly value: string;
  /** The termination round that it follows; in Paxos Commit, how often it has asked. */
  readonly round: number;
  /** It came back from a crash in doubt: it only asks. */
  readonly recovering?: boolean;
  /** An operator decided for it. */
  readonly heuristic?: boolean;
  /** It leads a termination: what the others said. */
  readonly states?: Readonly<Record<Id, Phase | 'unknown' | 'recovering'>>;
  /** …and who has pre-committed on its word. */
  readonly moved?: readonly Id[];
}

/** An acceptor's side, and what it knows as a leader. */
export interface Acceptance {
  readonly tx: number;
  readonly participants: readonly Id[];
  readonly value: string;
  readonly promised: number;
  readonly accepted: Readonly<Record<Id, Accepted>>;
  /** Who made it take over. */
  readonly askedBy?: Id;
  /** Of the ballot it leads: promises by acceptor. */
  readonly leading?: number;
  readonly promises?: Readonly<Record<Id, Readonly<Record<Id, Accepted>>>>;
  /** What acceptors accepted, in the ballot that is led: by acceptor. */
  readonly heard?: Readonly<Record<Id, Readonly<Record<Id, Decision>>>>;
  readonly decision?: Decision;
}

export interface CommitState {
  readonly self: Id;
  readonly rules: CommitRules;
  /** The log as it will be, with lines that are not forced yet: they go with the next save. */
  readonly log: readonly LogRecord[];
  readonly coordinates: readonly Coordination[];
  readonly participates: readonly Participation[];
  readonly accepts: readonly Acceptance[];
  /** How often it has waited for its disk since it came up: what a variant costs. */
  readonly forced: number;
  /** Its storage engine, and how many lines of the log are in it. */
  readonly kept?: object;
  readonly keptLines?: number;
  /** Of a member of a group; all else is then what it knows as the group's voice. */
  readonly member?: Member;
}

export interface Member {
  readonly raft: RaftState;
  /** The records of the group's log that are committed, and the entry that they reach to. */
  readonly committed: readonly LogRecord[];
  readonly applied: number;
  /** How many records it has proposed, the committed ones included. */
  readonly proposed: number;
  /** It leads its group and has all that the group committed. */
  readonly speaks: boolean;
  /** What is to be said once an entry is committed. */
  readonly held: readonly {
    readonly index: number;
    readonly effects: readonly Effect<Message, CommitDisk>[];
  }[];
  /** Whom it takes for the leader of other groups. */
  readonly believed: Readonly<Record<Id, Id>>;
}

/** What a node did. `tx` is the transaction; the numbers that a caption needs. */
export interface CommitDid {
  readonly kind: (typeof KINDS)[number];
  readonly tx?: number;
  readonly decision?: Decision;
  readonly vote?: Vote;
  readonly phase?: Phase | 'unknown' | 'recovering';
  readonly who?: readonly Id[];
  readonly why?: string;
  readonly count?: number;
}

export const KINDS = [
  'up',
  'recovered',
  'begun',
  'voted',
  'vote-heard',
  'decided',
  'pre-committing',
  'pre-committed',
  'learned',
  'acknowledged',
  'ended',
  'asked',
  'answered',
  'in-doubt',
  'terminating',
  'state-told',
  'guessed',
  'heuristic',
  'damage',
  'accepted',
  'promised',
  'took-over',
  'resent',
  'ignored',
  'relayed',
  'raft',
  'raft-saved',
  'nothing',
] as const;

export function nodesOf(rules: CommitRules): Id[] {
  const { coordinator, participants, acceptors } = rules;
  if (rules.groupSize > 1)
    return [coordinator, ...participants].flatMap((group) => membersOf(rules, group));
  return [coordinator, ...participants, ...acceptors.filter((id) => id !== coordinator)];
}

/** A2 is of the group A; a node that is no member of one stands for itself. */
export const groupOf = (id: Id): Id => id.slice(0, 1);

export const membersOf = ({ groupSize }: CommitRules, group: Id): Id[] =>
  groupSize > 1 ? Array.from({ length: groupSize }, (_, i) => `${group}${i + 1}`) : [group];

/** The transaction that holds a participant's lock. */
export const holderOf = (state: CommitState): Participation | undefined =>
  state.participates.find(({ phase }) => phase === 'prepared' || phase === 'pre-committed');
