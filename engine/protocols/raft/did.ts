// What a Raft node did at a step, as plain data: the kinds of the lab's events, and the numbers that
// captions need. Written by raft.ts, put into words by labs/raft-words.ts.

import type { Id } from '../../sim/actor.ts';
import type { Op } from '../../sim/client.ts';

export type Did = Deed & {
  /** Beside what it did: it saw this higher term and became a follower of it. */
  readonly adopted?: { readonly from: number; readonly to: number; readonly was: string };
  /** It committed up to here, from there. */
  readonly committed?: { readonly from: number; readonly to: number };
};

export type Deed =
  | {
      readonly kind: 'start';
      readonly term: number;
      readonly last: number;
      readonly again: boolean;
    }
  // Elections.
  | {
      readonly kind: 'campaign';
      readonly term: number;
      readonly asked: boolean;
      readonly needs: number;
    }
  | { readonly kind: 'pre-campaign'; readonly term: number; readonly needs: number }
  | { readonly kind: 'idle-timeout'; readonly why: 'not a voter' }
  | { readonly kind: 'grant'; readonly to: Id; readonly term: number; readonly pre: boolean }
  | {
      readonly kind: 'refuse';
      readonly to: Id;
      readonly term: number;
      readonly pre: boolean;
      readonly why: 'voted' | 'log' | 'term' | 'leader';
      readonly vote?: Id;
      readonly mine?: readonly [term: number, index: number];
      readonly theirs?: readonly [term: number, index: number];
    }
  | {
      readonly kind: 'tally';
      readonly from: Id;
      readonly granted: boolean;
      readonly pre: boolean;
      readonly votes: number;
      readonly needs: number;
      readonly lost: boolean;
    }
  | {
      readonly kind: 'elected';
      readonly from: Id;
      readonly term: number;
      readonly votes: number;
      readonly of: number;
      readonly noop: number;
    }
  // Replication.
  | { readonly kind: 'heartbeat'; readonly round: number; readonly entries: number }
  | {
      readonly kind: 'accept';
      readonly from: Id;
      readonly first: number;
      readonly last: number;
      readonly removed: number;
      readonly firstRemoved: number;
    }
  | { readonly kind: 'heard'; readonly from: Id; readonly match: number }
  | {
      readonly kind: 'reject';
      readonly from: Id;
      readonly prev: number;
      readonly prevTerm: number;
      readonly have: number | undefined;
      readonly hint: number;
    }
  | {
      readonly kind: 'stale';
      readonly from: Id;
      readonly message: string;
      readonly term: number;
      readonly mine: number;
    }
  | { readonly kind: 'acked'; readonly from: Id; readonly match: number }
  /** A follower answered a heartbeat that brought nothing new. */
  | { readonly kind: 'echo'; readonly from: Id; readonly match: number }
  | {
      readonly kind: 'commit';
      readonly from: Id | undefined;
      readonly to: number;
      readonly before: number;
      readonly holders: readonly Id[];
      readonly of: number;
    }
  | {
      readonly kind: 'held-back';
      readonly from: Id;
      readonly index: number;
      readonly term: number;
      readonly entryTerm: number;
    }
  | { readonly kind: 'back-up'; readonly from: Id; readonly next: number; readonly before: number }
  | {
      readonly kind: 'step-down';
      readonly term: number;
      readonly was: string;
      readonly why: 'term' | 'quorum' | 'removed' | 'leader';
      readonly from?: Id;
    }
  | { readonly kind: 'quorum-ok'; readonly heard: number; readonly of: number }
  | { readonly kind: 'saved'; readonly last: number; readonly term: number }
  | {
      readonly kind: 'ignore';
      readonly from: Id;
      readonly message: string;
      readonly why: 'follows a leader' | 'no longer asked' | 'not a leader';
    }
  // Snapshots.
  | { readonly kind: 'install'; readonly from: Id; readonly index: number; readonly kept: number }
  | { readonly kind: 'compact'; readonly index: number; readonly entries: number }
  // Clients.
  | {
      readonly kind: 'propose';
      readonly client: Id | undefined;
      readonly index: number;
      readonly op: Op | undefined;
    }
  | { readonly kind: 'elsewhere'; readonly client: Id; readonly leader: Id | undefined }
  | {
      readonly kind: 'read';
      readonly client: Id;
      readonly key: string;
      readonly index: number;
      readonly round: number;
      readonly lease: boolean;
    }
  | {
      readonly kind: 'read-waits';
      readonly client: Id;
      readonly key: string;
      readonly index: number;
    }
  | {
      readonly kind: 'read-served';
      readonly from: Id;
      readonly reads: number;
      readonly round: number;
    }
  // Membership and hand-over.
  | { readonly kind: 'voters'; readonly index: number; readonly voters: readonly Id[] }
  | {
      readonly kind: 'voters-refused';
      readonly why:
        | 'not a leader'
        | 'another change is not committed'
        | 'nothing of this term is committed'
        | 'more than one node at once';
    }
  | { readonly kind: 'transfer'; readonly to: Id; readonly ready: boolean }
  | {
      readonly kind: 'transfer-refused';
      readonly why: 'not a leader' | 'not a voter' | 'it is the leader itself';
    }
  | { readonly kind: 'transfer-over'; readonly to: Id };
