// The referees of Raft, written apart from raft.ts: the five promises of the paper's figure 3 and two
// more, each checked where it can first be broken. What they remember of the run (who led which term,
// what was ever committed) is a ghost: no node sees it.
//
//   election safety       at most one leader a term
//   leader append-only    a leader never overwrites or removes an entry of its own log
//   log matching          an entry with the same index and term: the same, and so all before it
//   leader completeness   what is committed is in the log of every later leader
//   state machine safety  no two nodes apply different entries at an index
//   committed is durable  what is committed is on the disks of a majority
//   leader lease          while a leader may answer reads by its lease, nobody leads a later term

import type { Id, Micros } from '../../sim/actor.ts';
import { emptySeq, itemAt, pushed, type Seq } from '../../sim/seq.ts';
import { localTime, type Node, type World } from '../../sim/world.ts';
import {
  type Entry,
  lastIndex,
  type Message,
  type RaftDisk,
  type RaftState,
  termAt,
} from './types.ts';

export type RaftNode = Node<RaftState, Message, RaftDisk>;
export type RaftWorld = World<RaftState, Message, RaftDisk, Ghost>;

export interface Violation {
  readonly referee: (typeof REFEREES)[number];
  readonly text: string;
  /** Of the node at which it shows. */
  readonly key: string;
}

export interface Committed {
  readonly entry: Entry;
  /** The term in which it was first known to be committed: leaders of later terms must have it. */
  readonly by: number;
}

export interface Ghost {
  readonly leaders: ReadonlyMap<number, Id>;
  /** Everything that was ever committed, by index from 1. */
  readonly committed: Seq<Committed>;
  readonly violations: readonly Violation[];
}

export const REFEREES = [
  'election safety',
  'leader append-only',
  'log matching',
  'leader completeness',
  'state machine safety',
  'committed is durable',
  'leader lease',
] as const;

export const newGhost = (): Ghost => ({
  leaders: new Map(),
  committed: emptySeq(1),
  violations: [],
});

/** One wrong step drags others behind it: the first few say it all. */
const MOST = 12;

export function observe(
  ghost: Ghost,
  before: RaftNode | undefined,
  after: RaftNode,
  world: RaftWorld,
): Ghost {
  const now = after.state;
  const was = before?.state;
  if (!now || now === was) return ghost;
  let { leaders, committed } = ghost;
  const found: Violation[] = [];
  const say = (referee: Violation['referee'], text: string, at: Id = now.self): void => {
    found.push({ referee, text, key: `node:${at}` });
  };

  if (now.role === 'leader' && (was?.role !== 'leader' || was.term !== now.term)) {
    const other = leaders.get(now.term);
    if (other !== undefined && other !== now.self)
      say('election safety', `${other} and ${now.self} were both elected in term ${now.term}.`);
    if (other === undefined) leaders = new Map(leaders).set(now.term, now.self);
    const missing = firstMissing(now, committed);
    if (missing !== undefined)
      say(
        'leader completeness',
        `${now.self} leads term ${now.term} without entry ${missing}, which is committed (of term ${itemAt(committed, missing)?.entry.term}).`,
      );
    for (const other of world.nodes)
      if (other.state && other.state.term < now.term && readsAlone(other, world.now))
        say(
          'leader lease',
          `${now.self} leads term ${now.term}, and ${other.id} may still answer reads by its lease of term ${other.state.term}.`,
        );
  }

  if (now.lease !== was?.lease && readsAlone(after, world.now))
    for (const [term, leader] of leaders)
      if (term > now.term)
        say(
          'leader lease',
          `${now.self} takes a lease in term ${now.term}, and ${leader} leads term ${term}.`,
        );

  if (now.log !== was?.log) {
    if (was && was.role === 'leader' && now.role === 'leader' && was.term === now.term) {
      const changed = firstOverwritten(was, now);
      if (changed !== undefined)
        say(
          'leader append-only',
          `${now.self}, leader of term ${now.term}, changed entry ${changed} of its own log.`,
        );
    }
    const changedFrom = was ? firstChange(was, now) : now.log.from;
    for (const other of world.nodes) {
      if (other.id === now.self || !other.state) continue;
      const at = firstMismatch(now, other.state, changedFrom);
      if (at !== undefined)
        say(
          'log matching',
          `${now.self} and ${other.id} agree on the term of a later entry, and differ at entry ${at}.`,
        );
    }
  }

  if (now.commit > (was?.commit ?? 0)) {
    // What was committed and put into a snapshot in one step was in the log before it; what a
    // snapshot from elsewhere replaced was not.
    const { snapshot } = now;
    const whole = was && snapshot && termAt(was, snapshot.index) === snapshot.term ? was.log : null;
    for (let at = (was?.commit ?? 0) + 1; at <= now.commit; at++) {
      const entry = itemAt(now.log, at) ?? (whole && itemAt(whole, at));
      if (!entry) continue;
      const known = itemAt(committed, at)?.entry;
      if (known) {
        if (!sameEntry(known, entry))
          say(
            'state machine safety',
            `${now.self} applies at ${at} an entry of term ${entry.term}; another node applied one of term ${known.term} there${known.term === entry.term ? ', with another command' : ''}.`,
          );
        continue;
      }
      if (at !== committed.length) continue;
      committed = pushed(committed, { entry, by: now.term });
      for (const { state } of world.nodes)
        if (state && state.role === 'leader' && state.term > now.term && !has(state, at, entry))
          say(
            'leader completeness',
            `${state.self} leads term ${state.term} without entry ${at}, which ${now.self} commits in term ${now.term}.`,
          );
      if (now.role === 'leader') {
        const holders = world.nodes
          .filter(({ disk }) => disk && has(disk, at, entry))
          .map(({ id }) => id);
        const quorum = Math.floor(now.voters.length / 2) + 1;
        const voters = holders.filter((id) => now.voters.includes(id)).length;
        if (voters < quorum)
          say(
            'committed is durable',
            `Entry ${at} is committed, and on the disks of ${holders.join(', ') || 'nobody'} alone: ${voters} of ${now.voters.length} voters.`,
          );
      }
    }
  }

  // A snapshot stands for all entries up to its last, which is the one that was committed there.
  if (now.snapshot && now.snapshot !== was?.snapshot) {
    const { index, term } = now.snapshot;
    const known = itemAt(committed, index)?.entry;
    if (known && known.term !== term)
      say(
        'state machine safety',
        `The snapshot of ${now.self} ends with an entry ${index} of term ${term}; another node applied one of term ${known.term} there.`,
      );
  }

  if (leaders === ghost.leaders && committed === ghost.committed && found.length === 0)
    return ghost;
  const fresh = found.filter(({ text }) => ghost.violations.every((known) => known.text !== text));
  return { leaders, committed, violations: [...ghost.violations, ...fresh].slice(0, MOST) };
}

/** Whether it is a leader whose lease runs, by its own clock: it asks nobody before it answers a read. */
function readsAlone({ status, state, clock }: RaftNode, now: Micros): boolean {
  if (status !== 'up' || state?.role !== 'leader' || state.rules.reads !== 'lease') return false;
  const { lease, handed, commit, began } = state;
  return lease !== undefined && !handed && commit >= began && localTime(clock, now) < lease;
}

const has = (disk: RaftDisk, at: number, entry: Entry): boolean => {
  if (disk.snapshot && at <= disk.snapshot.index) return true;
  const there = itemAt(disk.log, at);
  return there !== undefined && sameEntry(there, entry);
};

/** A node that was long away may be elected late, in a term before the one that committed the entry. */
function firstMissing(state: RaftState, committed: Seq<Committed>): number | undefined {
  for (let at = Math.max(committed.from, state.log.from); at < committed.length; at++) {
    const { entry, by } = itemAt(committed, at) as Committed;
    if (by < state.term && !has(state, at, entry)) return at;
  }
  return undefined;
}

function firstOverwritten(was: RaftState, now: RaftState): number | undefined {
  let changed: number | undefined;
  for (let at = lastIndex(was); at >= Math.max(was.log.from, now.log.from); at--) {
    if (itemAt(was.log, at) === itemAt(now.log, at)) break;
    changed = at;
  }
  return changed;
}

/** The first entry that is not what it was. */
function firstChange(was: RaftState, now: RaftState): number {
  let at = Math.min(lastIndex(was), lastIndex(now));
  while (at >= Math.max(was.log.from, now.log.from) && itemAt(was.log, at) !== itemAt(now.log, at))
    at--;
  return Math.max(now.log.from, at + 1);
}

/**
 * Where the two logs break the rule, given that they kept it before `changedFrom`: from the last
 * index at which both have the same term everything must be equal, down to such an index before it.
 */
function firstMismatch(a: RaftState, b: RaftState, changedFrom: number): number | undefined {
  const least = Math.max(a.log.from, b.log.from);
  let at = Math.min(lastIndex(a), lastIndex(b));
  while (at >= least && termAt(a, at) !== termAt(b, at)) at--;
  if (at < changedFrom) return undefined;
  for (; at >= least; at--) {
    const [x, y] = [itemAt(a.log, at) as Entry, itemAt(b.log, at) as Entry];
    if (!sameEntry(x, y)) return at;
    if (at < changedFrom) return undefined;
  }
  return undefined;
}

export function sameEntry(a: Entry, b: Entry): boolean {
  if (a === b) return true;
  if (a.term !== b.term) return false;
  const [x, y] = [a.command, b.command];
  if (x === null || y === null) return x === y;
  if (x.is === 'op' && y.is === 'op') return x.client === y.client && x.seq === y.seq;
  if (x.is === 'value' && y.is === 'value') return x.value === y.value;
  if (x.is === 'voters' && y.is === 'voters') return x.voters.join() === y.voters.join();
  return false;
}
