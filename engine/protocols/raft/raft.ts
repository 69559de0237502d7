// Raft: one leader a term, chosen by votes, puts entries into everybody's log; what is on a majority
// of disks is decided. Pure functions from a state and a message, timer or request to the next state
// and effects; sim/actor.ts says what becomes of those.
//
//                 times out            a majority votes for it
//     ┌─▶ follower ────────▶ candidate ───────────────────────▶ leader
//     │      ▲                 │  └ times out: again, in a new term  │
//     │      └── a leader, or ─┘                                     │
//     └───────── a higher term is seen ◀─────────────────────────────┘
//     (with pre-vote a follower that times out asks first whether it could win: pre-candidate)
//
// What must hold, and is checked by invariants.ts after every step:
//   1. at most one leader a term;                  a vote is saved before it is given
//   2. a leader only appends to its log;           entries are saved before they are acknowledged
//   3. two logs with the same index and term agree up to there;      `prev` is checked
//   4. a leader has every committed entry;         voters compare logs; only entries of the own term
//   5. no two nodes apply different entries.       are committed by counting
//
// A save comes before everything that is sent in the same step: the simulator holds the sends until
// it is on the disk. So "persist, then answer" is the order of two effects, and nothing else.

import type { Effect, Id, Micros, Protocol, Reaction } from '../../sim/actor.ts';
import type { Answer, Call, Op } from '../../sim/client.ts';
import { cutAt, cutBefore, emptySeq, itemAt, itemsOf, pushed } from '../../sim/seq.ts';
import type { Deed, Did } from './did.ts';
import {
  type Command,
  type Entry,
  type Log,
  lastIndex,
  lastTerm,
  type Machine,
  type Message,
  type Progress,
  type RaftDisk,
  type RaftRules,
  type RaftState,
  type Request,
  termAt,
  type Wrong,
} from './types.ts';

type Draft = { -readonly [K in keyof RaftState]: RaftState[K] };
type Send = Extract<Effect<Message, RaftDisk>, { do: 'send' }>;

/** A step under way: the state as it will be, and what is to be done. */
interface Turn {
  readonly s: Draft;
  readonly before: RaftState | undefined;
  readonly now: Micros;
  readonly sends: Send[];
  readonly timers: Effect<Message, RaftDisk>[];
  deed: Deed;
  adopted?: Did['adopted'];
  committed?: { from: number; to: number };
}

const begin = (state: RaftState, now: Micros, deed: Deed): Turn => ({
  s: { ...state },
  before: state,
  now,
  sends: [],
  timers: [],
  deed,
});

const wrong = (t: Turn, rule: Wrong): boolean => t.s.rules.wrong.has(rule);

/** Half and one more. */
export const quorumOf = (voters: readonly Id[]): number => Math.floor(voters.length / 2) + 1;

function needs(t: Turn): number {
  const quorum = quorumOf(t.s.voters);
  return wrong(t, 'half-is-a-quorum') ? Math.floor(t.s.voters.length / 2) : quorum;
}

const others = (s: RaftState): Id[] => s.voters.filter((id) => id !== s.self);
const isVoter = (s: RaftState): boolean => s.voters.includes(s.self);

/**
 * Voters stand for election; and who is to be none any more, until that is committed: perhaps nobody
 * else's log is long enough (section 4.2.2 of Ongaro's thesis). It does not count its own vote.
 */
const mayStand = (s: RaftState): boolean =>
  isVoter(s) || (s.votersAt > s.commit && votersUpTo(s, s.votersAt - 1).voters.includes(s.self));

function send(t: Turn, to: Id, message: Message, early = false): void {
  t.sends.push({ do: 'send', to, message, ...(early && { early }) });
}

const set = (t: Turn, timer: string, least: Micros, most = least): void => {
  t.timers.push({ do: 'set', timer, least, most });
};
const clear = (t: Turn, timer: string): void => {
  t.timers.push({ do: 'clear', timer });
};

/** The election timeout, drawn anew: from `election` to twice as much. */
function armElection(t: Turn): void {
  if (mayStand(t.s)) set(t, 'election', t.s.rules.election, 2 * t.s.rules.election);
  else clear(t, 'election');
}

/** Ends a step: one save if anything changed below the waterline, before all that is sent. */
function finish(t: Turn): Reaction<RaftState, Message, RaftDisk> {
  const { s, before } = t;
  const changed =
    before === undefined ||
    s.term !== before.term ||
    s.vote !== before.vote ||
    s.log !== before.log ||
    s.snapshot !== before.snapshot;
  if (changed && s.rules.atomic && s.stable !== lastIndex(s)) {
    s.stable = lastIndex(s);
    maybeCommit(t, undefined);
  }
  const effects: Effect<Message, RaftDisk>[] = [...t.timers];
  for (const one of t.sends) if (one.early) effects.push(one);
  if (changed && !(before === undefined && s.term === 0))
    effects.push({ do: 'save', disk: diskOf(s) });
  for (const one of t.sends) if (!one.early) effects.push(one);
  const did: Did = {
    ...t.deed,
    ...(t.adopted && { adopted: t.adopted }),
    ...(t.committed && { committed: t.committed }),
  };
  return { state: s, effects, did };
}

function diskOf(s: RaftState): RaftDisk {
  const { wrong } = s.rules;
  return {
    term: wrong.has('term-not-saved') ? 0 : s.term,
    vote: wrong.has('vote-not-saved') ? undefined : s.vote,
    log: wrong.has('log-not-saved') ? emptySeq(s.log.from) : s.log,
    snapshot: s.snapshot,
  };
}

// ── Coming up ───────────────────────────────────────────────────────────────────────────────────

const EMPTY: Machine = { values: new Map(), sessions: new Map() };

function start(self: Id, rules: RaftRules, disk: RaftDisk | undefined, now: Micros) {
  const log: Log = disk?.log ?? emptySeq(1);
  const snapshot = disk?.snapshot;
  const s: Draft = {
    self,
    rules,
    term: disk?.term ?? 0,
    vote: disk?.vote,
    log,
    snapshot,
    role: 'follower',
    leader: undefined,
    commit: snapshot?.index ?? 0,
    machine: snapshot?.machine ?? EMPTY,
    stable: log.length - 1,
    voters: [],
    votersAt: 0,
    votes: {},
    // It may have promised a leader not to vote for a while, and cannot remember when.
    heard: disk && sticky(rules) ? now : undefined,
    peers: {},
    began: 0,
    round: 0,
    rounds: [],
    lease: undefined,
    reads: [],
    heir: undefined,
    handed: false,
  };
  learnVoters(s, s.rules.wrong.has('voters-at-commit') ? s.commit : lastIndex(s));
  const deed: Deed = { kind: 'start', term: s.term, last: lastIndex(s), again: disk !== undefined };
  const t: Turn = { s, before: s, now, sends: [], timers: [], deed };
  armElection(t);
  return finish({ ...t, before: { ...s } });
}

/** The voters in force are those of the last entry that names any: it counts as soon as it is in the log. */
function learnVoters(s: Draft, upTo: number): void {
  const { voters, at } = votersUpTo(s, upTo);
  s.voters = voters;
  s.votersAt = at;
}

function votersUpTo(s: RaftState, upTo: number): { voters: readonly Id[]; at: number } {
  for (let at = upTo; at >= s.log.from; at--) {
    const command = itemAt(s.log, at)?.command;
    if (command?.is === 'voters') return { voters: command.voters, at };
  }
  return { voters: s.snapshot?.voters ?? s.rules.voters, at: s.snapshot?.index ?? 0 };
}

// ── Roles ───────────────────────────────────────────────────────────────────────────────────────

function becomeFollower(t: Turn, term: number, leader: Id | undefined): void {
  const { s } = t;
  if (term > s.term) {
    t.adopted = { from: s.term, to: term, was: s.role };
    s.term = term;
    s.vote = undefined;
  }
  const led = s.role === 'leader';
  for (const { client, seq } of s.reads) elsewhere(t, client, seq, leader);
  s.role = 'follower';
  s.leader = leader;
  s.votes = {};
  s.peers = {};
  s.reads = [];
  s.rounds = [];
  s.lease = undefined;
  s.heir = undefined;
  if (!led) return;
  // A leader had no election timer; anybody else's goes on: only a leader's word or a vote given resets it.
  for (const timer of ['heartbeat', 'quorum', 'transfer']) clear(t, timer);
  armElection(t);
}

/** Asks everybody for their vote: with pre-vote first whether they would give it. */
function campaign(t: Turn, asked: boolean): void {
  const { s } = t;
  const pre = s.rules.preVote && !asked && s.role !== 'pre-candidate';
  s.leader = undefined;
  s.votes = isVoter(s) ? { [s.self]: true } : {};
  armElection(t);
  if (pre) s.role = 'pre-candidate';
  else {
    s.role = 'candidate';
    s.term++;
    s.vote = s.self;
  }
  t.deed = pre
    ? { kind: 'pre-campaign', term: s.term + 1, needs: needs(t) }
    : { kind: 'campaign', term: s.term, asked, needs: needs(t) };
  for (const to of others(s))
    send(t, to, {
      kind: 'vote',
      term: pre ? s.term + 1 : s.term,
      last: lastIndex(s),
      lastTerm: lastTerm(s),
      ...(pre && { pre }),
      ...(asked && { asked }),
    });
  if (needs(t) > Object.keys(s.votes).length) return;
  if (pre) campaign(t, false);
  else lead(t, s.self);
}

function lead(t: Turn, from: Id): void {
  const { s } = t;
  const votes = Object.values(s.votes).filter(Boolean).length;
  s.role = 'leader';
  s.leader = s.self;
  s.peers = {};
  s.round = 0;
  s.rounds = [];
  s.reads = [];
  s.handed = false;
  s.began = lastIndex(s) + 1;
  syncPeers(s);
  clear(t, 'election');
  set(t, 'heartbeat', s.rules.heartbeat);
  if (s.rules.checkQuorum) set(t, 'quorum', s.rules.election);
  t.deed = { kind: 'elected', from, term: s.term, votes, of: s.voters.length, noop: s.began };
  if (s.rules.noop) append(t, null);
  broadcast(t);
}

/** A leader knows something of every other voter, and of nobody else. */
function syncPeers(s: Draft): void {
  const peers: Record<Id, Progress> = {};
  for (const id of others(s))
    peers[id] = s.peers[id] ?? { next: s.log.length, match: 0, round: 0, active: true };
  s.peers = peers;
}

// ── Elections ───────────────────────────────────────────────────────────────────────────────────

/** Voters wait for a silent leader before they listen to another: check-quorum and leases build on that. */
const sticky = (rules: RaftRules): boolean => rules.checkQuorum || rules.reads === 'lease';

function followsLeader(t: Turn): boolean {
  const { s } = t;
  if (s.role === 'leader') return true;
  return s.heard !== undefined && t.now - s.heard < s.rules.election;
}

function onVote(t: Turn, from: Id, m: Extract<Message, { kind: 'vote' }>): void {
  const { s } = t;
  const mine = [lastTerm(s), lastIndex(s)] as const;
  const theirs = [m.lastTerm, m.last] as const;
  const upToDate =
    wrong(t, 'vote-without-log-check') ||
    (wrong(t, 'length-only-log-check')
      ? theirs[1] >= mine[1]
      : theirs[0] > mine[0] || (theirs[0] === mine[0] && theirs[1] >= mine[1]));
  const pre = m.pre === true;
  const free = s.vote === undefined || s.vote === from || wrong(t, 'vote-twice');
  const why = pre
    ? m.term <= s.term
      ? 'term'
      : followsLeader(t)
        ? 'leader'
        : 'log'
    : s.role === 'leader' || !free
      ? 'voted'
      : 'log';
  const granted = pre ? m.term > s.term && !followsLeader(t) && upToDate : free && upToDate;
  if (granted && !pre) {
    s.vote = from;
    armElection(t);
  }
  send(t, from, {
    kind: 'voted',
    term: pre && granted ? m.term : s.term,
    granted,
    ...(pre && { pre }),
  });
  t.deed = granted
    ? { kind: 'grant', to: from, term: m.term, pre }
    : {
        kind: 'refuse',
        to: from,
        term: m.term,
        pre,
        why,
        ...(why === 'voted' && s.vote !== undefined && { vote: s.vote }),
        ...(why === 'log' && { mine, theirs }),
      };
}

function onVoted(t: Turn, from: Id, m: Extract<Message, { kind: 'voted' }>): void {
  const { s } = t;
  const pre = m.pre === true;
  const asking = s.role === (pre ? 'pre-candidate' : 'candidate');
  if (!asking || (pre && m.granted && m.term !== s.term + 1)) {
    t.deed = { kind: 'ignore', from, message: 'voted', why: 'no longer asked' };
    return;
  }
  s.votes = { ...s.votes, [from]: m.granted };
  const counted = s.voters.filter((id) => id in s.votes);
  const votes = counted.filter((id) => s.votes[id]).length;
  const lost = s.voters.length - (counted.length - votes) < needs(t);
  t.deed = { kind: 'tally', from, granted: m.granted, pre, votes, needs: needs(t), lost };
  if (votes >= needs(t)) {
    if (pre) campaign(t, false);
    else lead(t, from);
  } else if (lost) {
    s.role = 'follower';
    s.votes = {};
  }
}

// ── Replication ─────────────────────────────────────────────────────────────────────────────────

function append(t: Turn, command: Command | null): number {
  const { s } = t;
  s.log = pushed<Entry>(s.log, { term: s.term, command });
  const index = lastIndex(s);
  if (command?.is === 'voters' && !wrong(t, 'voters-at-commit')) {
    s.voters = command.voters;
    s.votersAt = index;
    syncPeers(s);
  }
  return index;
}

/** A heartbeat round: to everybody what they lack, or nothing but the news that the leader lives. */
function broadcast(t: Turn): void {
  const { s } = t;
  s.round++;
  s.rounds = [...s.rounds.slice(-15), { round: s.round, at: t.now }];
  for (const to of others(s)) sendAppend(t, to);
  confirm(t);
}

function sendAppend(t: Turn, to: Id): void {
  const { s } = t;
  const peer = s.peers[to];
  if (!peer) return;
  if (peer.next < s.log.from && s.snapshot) {
    send(t, to, { kind: 'snapshot', term: s.term, snapshot: s.snapshot, round: s.round });
    return;
  }
  const prev = peer.next - 1;
  const entries = itemsOf(s.log, peer.next, peer.next + s.rules.batch);
  send(t, to, {
    kind: 'append',
    term: s.term,
    prev,
    prevTerm: termAt(s, prev) ?? 0,
    entries,
    commit: s.commit,
    round: s.round,
  });
  // It goes on as if they had arrived; if they did not, the next message is refused, and it goes back.
  if (entries.length > 0)
    s.peers = { ...s.peers, [to]: { ...peer, next: prev + entries.length + 1 } };
}

/** The last index not after `from` whose term is not greater: where two logs may still agree. */
function agreesAt(s: RaftState, from: number, term: number): number {
  let at = from;
  while (at > 0 && (termAt(s, at) ?? 0) > term) at--;
  return at;
}

function onAppend(t: Turn, from: Id, m: Extract<Message, { kind: 'append' }>): void {
  const { s } = t;
  if (s.role !== 'follower' || s.leader !== from) {
    const was = s.role;
    becomeFollower(t, s.term, from);
    if (was === 'leader') clear(t, 'heartbeat');
  }
  armElection(t);
  s.heard = t.now;
  let { prev, prevTerm, entries } = m;
  const base = s.log.from - 1;
  if (prev < base) {
    // The snapshot covers the beginning; what is committed is the same everywhere.
    entries = entries.slice(base - prev);
    prev = base;
    prevTerm = s.snapshot?.term ?? 0;
  }
  const have = termAt(s, prev);
  if (have !== prevTerm && !(wrong(t, 'no-prev-check') && prev <= lastIndex(s))) {
    const hint = agreesAt(s, Math.min(prev, lastIndex(s)), prevTerm);
    send(t, from, {
      kind: 'appended',
      term: s.term,
      ok: false,
      round: m.round,
      match: hint,
      conflict: termAt(s, hint) ?? 0,
    });
    t.deed = { kind: 'reject', from, prev, prevTerm, have, hint };
    return;
  }
  const before = lastIndex(s);
  let removed = 0;
  let firstRemoved = 0;
  let first = 0;
  if (wrong(t, 'truncate-always')) s.log = cutAt(s.log, prev + 1);
  entries.forEach((entry, i) => {
    const at = prev + 1 + i;
    const there = termAt(s, at);
    if (there === entry.term) return;
    if (there !== undefined) {
      if (wrong(t, 'truncate-never')) return;
      removed = lastIndex(s) - at + 1;
      firstRemoved = at;
      s.log = cutAt(s.log, at);
    }
    first ||= at;
    s.log = pushed(s.log, entry);
  });
  const named =
    (removed > 0 && firstRemoved <= s.votersAt) ||
    (first > 0 && entries.some(({ command }) => command?.is === 'voters'));
  if (named && !wrong(t, 'voters-at-commit')) {
    const stood = mayStand(s);
    learnVoters(s, lastIndex(s));
    if (mayStand(s) !== stood) armElection(t);
  }
  const match = prev + entries.length;
  const reached = wrong(t, 'commit-unbounded')
    ? Math.min(m.commit, lastIndex(s))
    : Math.min(m.commit, match);
  t.deed =
    first > 0
      ? {
          kind: 'accept',
          from,
          first,
          last: match,
          removed,
          firstRemoved: removed > 0 ? firstRemoved : before,
        }
      : { kind: 'heard', from, match };
  if (reached > s.commit) commitTo(t, reached);
  send(
    t,
    from,
    { kind: 'appended', term: s.term, ok: true, round: m.round, match },
    wrong(t, 'ack-before-save'),
  );
}

function onAppended(t: Turn, from: Id, m: Extract<Message, { kind: 'appended' }>): void {
  const { s } = t;
  const peer = s.peers[from];
  if (s.role !== 'leader' || !peer) {
    t.deed = { kind: 'ignore', from, message: 'appended', why: 'not a leader' };
    return;
  }
  const round = Math.max(peer.round, m.round);
  if (!m.ok) {
    const next = Math.max(
      peer.match + 1,
      agreesAt(s, Math.min(m.match, lastIndex(s)), m.conflict ?? 0) + 1,
    );
    s.peers = { ...s.peers, [from]: { ...peer, round, active: true, next } };
    t.deed = { kind: 'back-up', from, next, before: peer.next };
    sendAppend(t, from);
    confirm(t);
    return;
  }
  const match = Math.max(peer.match, m.match);
  const next = Math.max(peer.next, match + 1);
  s.peers = { ...s.peers, [from]: { ...peer, round, active: true, match, next } };
  t.deed = { kind: match > peer.match ? 'acked' : 'echo', from, match };
  maybeCommit(t, from);
  if (s.role !== 'leader') return;
  if (next <= lastIndex(s)) sendAppend(t, from);
  if (s.heir === from && match === lastIndex(s)) send(t, from, { kind: 'hand-over', term: s.term });
  confirm(t);
}

/** Commits what a majority has on its disks, if it is of this term; with it all that is before. */
function maybeCommit(t: Turn, from: Id | undefined): void {
  const { s } = t;
  if (s.role !== 'leader') return;
  const matchOf = (id: Id): number => (id === s.self ? s.stable : (s.peers[id]?.match ?? 0));
  const sorted = s.voters.map(matchOf).sort((a, b) => b - a);
  const reached = sorted[needs(t) - 1] ?? 0;
  if (reached <= s.commit) return;
  const term = termAt(s, reached) as number;
  if (term !== s.term && !wrong(t, 'commit-older-term')) {
    if (from !== undefined && s.peers[from]?.match === reached)
      t.deed = { kind: 'held-back', from, index: reached, term: s.term, entryTerm: term };
    return;
  }
  const before = s.commit;
  const holders = s.voters.filter((id) => matchOf(id) >= reached);
  if (t.deed.kind !== 'elected')
    t.deed = { kind: 'commit', from, to: reached, before, holders, of: s.voters.length };
  commitTo(t, reached);
  if (s.role === 'leader' && s.rules.tellCommits) for (const to of others(s)) sendAppend(t, to);
}

function commitTo(t: Turn, index: number): void {
  const { s } = t;
  t.committed = { from: t.committed?.from ?? s.commit, to: index };
  for (let at = s.commit + 1; at <= index; at++) {
    s.commit = at;
    const command = itemAt(s.log, at)?.command;
    if (command?.is === 'op') applyOp(t, command);
    else if (command?.is === 'voters') {
      if (wrong(t, 'voters-at-commit')) {
        s.voters = command.voters;
        s.votersAt = at;
        if (s.role === 'leader') syncPeers(s);
      }
      if (s.role === 'leader' && !command.voters.includes(s.self)) {
        // Its last duty is done: the entry that leaves it out is committed.
        broadcast(t);
        becomeFollower(t, s.term, undefined);
        t.deed = { kind: 'step-down', term: s.term, was: 'leader', why: 'removed' };
      }
    }
  }
  const kept = s.commit - (s.log.from - 1);
  if (s.rules.snapshot > 0 && kept >= s.rules.snapshot) compact(s);
}

function compact(s: Draft): void {
  let voters = s.snapshot?.voters ?? s.rules.voters;
  for (const entry of itemsOf(s.log, s.log.from, s.commit + 1))
    if (entry.command?.is === 'voters') voters = entry.command.voters;
  s.snapshot = {
    index: s.commit,
    term: termAt(s, s.commit) as number,
    machine: s.machine,
    voters,
  };
  s.log = cutBefore(s.log, s.commit + 1);
}

function onSnapshot(t: Turn, from: Id, m: Extract<Message, { kind: 'snapshot' }>): void {
  const { s } = t;
  if (s.role !== 'follower' || s.leader !== from) becomeFollower(t, s.term, from);
  armElection(t);
  s.heard = t.now;
  const { snapshot } = m;
  if (snapshot.index > s.commit) {
    const agrees = termAt(s, snapshot.index) === snapshot.term;
    s.log = agrees ? cutBefore(s.log, snapshot.index + 1) : emptySeq(snapshot.index + 1);
    s.snapshot = snapshot;
    s.machine = snapshot.machine;
    s.commit = snapshot.index;
    learnVoters(s, lastIndex(s));
    t.deed = { kind: 'install', from, index: snapshot.index, kept: lastIndex(s) - snapshot.index };
  } else t.deed = { kind: 'heard', from, match: s.commit };
  send(t, from, {
    kind: 'appended',
    term: s.term,
    ok: true,
    round: m.round,
    match: Math.max(snapshot.index, 0),
  });
}

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────

function elsewhere(t: Turn, client: Id, seq: number, leader: Id | undefined): void {
  send(t, client, {
    kind: 'answer',
    seq,
    outcome: 'elsewhere',
    ...(leader !== undefined && leader !== t.s.self && { leader }),
  });
}

function onCall(t: Turn, { client, seq, op }: Call): void {
  const { s } = t;
  if (s.role !== 'leader' || s.heir !== undefined) {
    elsewhere(t, client, seq, s.leader);
    t.deed = { kind: 'elsewhere', client, leader: s.leader === s.self ? undefined : s.leader };
    return;
  }
  if (op.op === 'get' && s.rules.reads !== 'log') {
    read(t, client, seq, op.key);
    return;
  }
  const index = append(t, { is: 'op', client, seq, op });
  t.deed = { kind: 'propose', client, index, op };
  broadcast(t);
}

/**
 * A read that is not in the log: its answer must not be older than what was committed when it was
 * asked. The leader answers once it knows that it was the leader after that: by a majority that
 * answers a heartbeat round begun since, or by its lease.
 */
function read(t: Turn, client: Id, seq: number, key: string): void {
  const { s } = t;
  const index = Math.max(s.commit, s.began);
  const lease = s.rules.reads === 'lease' && s.lease !== undefined && t.now < s.lease && !s.handed;
  if (lease && s.commit >= s.began) {
    answer(t, client, seq, s.machine.values.get(key) ?? null);
    t.deed = { kind: 'read', client, key, index: s.commit, round: s.round, lease };
    return;
  }
  s.reads = [...s.reads, { client, seq, key, index, round: s.round + 1 }];
  t.deed =
    s.commit >= s.began
      ? { kind: 'read', client, key, index, round: s.round + 1, lease: false }
      : { kind: 'read-waits', client, key, index };
  broadcast(t);
}

const answer = (t: Turn, client: Id, seq: number, value: string | null): void =>
  send(t, client, { kind: 'answer', seq, outcome: 'ok', value });

/** Which heartbeat rounds a majority has answered: reads that waited for them are served. */
function confirm(t: Turn): void {
  const { s } = t;
  if (s.role !== 'leader') return;
  const sorted = s.voters
    .map((id) => (id === s.self ? s.round : (s.peers[id]?.round ?? 0)))
    .sort((a, b) => b - a);
  const confirmed = sorted[needs(t) - 1] ?? 0;
  const known = s.rounds.findLast(({ round }) => round <= confirmed);
  if (known) {
    const until = wrong(t, 'lease-ignores-clocks')
      ? t.now + 2 * s.rules.election
      : known.at + Math.floor((s.rules.election * 2) / 3);
    s.lease = Math.max(s.lease ?? 0, until);
    s.rounds = s.rounds.filter(({ round }) => round > confirmed);
  }
  const served = s.reads.filter(({ round, index }) => round <= confirmed && index <= s.commit);
  if (served.length === 0) return;
  s.reads = s.reads.filter((waiting) => !served.includes(waiting));
  for (const { client, seq, key } of served)
    answer(t, client, seq, s.machine.values.get(key) ?? null);
  if (t.deed.kind === 'acked' || t.deed.kind === 'echo')
    t.deed = { kind: 'read-served', from: t.deed.from, reads: served.length, round: confirmed };
}

function applyOp(t: Turn, { client, seq, op }: Extract<Command, { is: 'op' }>): void {
  const { s } = t;
  const known = s.machine.sessions.get(client);
  let told: Answer | undefined;
  if (known && seq <= known.seq && !wrong(t, 'duplicate-applied-twice'))
    told = seq === known.seq ? known.answer : undefined;
  else {
    const done = perform(s.machine.values, op);
    told = { kind: 'answer', seq, ...done.answer };
    s.machine = {
      values: done.values,
      sessions: new Map(s.machine.sessions).set(client, { seq, answer: told }),
    };
  }
  if (told && s.role === 'leader') send(t, client, told);
}

/** The state machine itself: a store of keys and values. */
function perform(
  values: ReadonlyMap<string, string>,
  op: Op,
): { values: ReadonlyMap<string, string>; answer: Pick<Answer, 'outcome' | 'value'> } {
  switch (op.op) {
    case 'get':
      return { values, answer: { outcome: 'ok', value: values.get(op.key) ?? null } };
    case 'put':
      return { values: new Map(values).set(op.key, op.value), answer: { outcome: 'ok' } };
    case 'delete': {
      const next = new Map(values);
      next.delete(op.key);
      return { values: next, answer: { outcome: 'ok' } };
    }
    case 'cas':
      if (values.get(op.key) !== op.from) return { values, answer: { outcome: 'no' } };
      return { values: new Map(values).set(op.key, op.value), answer: { outcome: 'ok' } };
  }
}

// ── What a node is told ─────────────────────────────────────────────────────────────────────────

const isReply = (m: Message): boolean => m.kind === 'voted' || m.kind === 'appended';

function receive(state: RaftState, from: Id, m: Message, now: Micros) {
  const t = begin(state, now, { kind: 'ignore', from, message: m.kind, why: 'no longer asked' });
  const { s } = t;
  if (m.kind === 'call') {
    onCall(t, m);
    return finish(t);
  }
  if (m.kind === 'answer') return finish(t);
  if (
    m.kind === 'vote' &&
    !m.pre &&
    !m.asked &&
    sticky(s.rules) &&
    m.term > s.term &&
    followsLeader(t)
  ) {
    t.deed = { kind: 'ignore', from, message: 'vote', why: 'follows a leader' };
    return finish(t);
  }
  const asksAhead = (m.kind === 'vote' || (m.kind === 'voted' && m.granted)) && m.pre === true;
  if (m.term > s.term && !asksAhead) {
    const was = s.role;
    becomeFollower(t, m.term, m.kind === 'append' || m.kind === 'snapshot' ? from : undefined);
    if (isReply(m)) {
      t.deed = { kind: 'step-down', term: m.term, was, why: 'term', from };
      return finish(t);
    }
  }
  if (m.term < s.term && !asksAhead) {
    const bent = isReply(m) ? wrong(t, 'reply-term-unchecked') : wrong(t, 'stale-term-accepted');
    if (!bent) {
      t.deed = { kind: 'stale', from, message: m.kind, term: m.term, mine: s.term };
      // A caller that is behind is told so; an answer that is late is dropped.
      if (m.kind === 'vote') send(t, from, { kind: 'voted', term: s.term, granted: false });
      else if (m.kind === 'append' || m.kind === 'snapshot')
        send(t, from, { kind: 'appended', term: s.term, ok: false, round: m.round, match: 0 });
      return finish(t);
    }
  }
  switch (m.kind) {
    case 'vote':
      onVote(t, from, m);
      break;
    case 'voted':
      onVoted(t, from, m);
      break;
    case 'append':
      onAppend(t, from, m);
      break;
    case 'appended':
      onAppended(t, from, m);
      break;
    case 'snapshot':
      onSnapshot(t, from, m);
      break;
    case 'hand-over':
      if (isVoter(s) && s.role !== 'leader') campaign(t, true);
      break;
  }
  return finish(t);
}

function wake(state: RaftState, timer: string, now: Micros) {
  const t = begin(state, now, { kind: 'idle-timeout', why: 'not a voter' });
  const { s } = t;
  switch (timer) {
    case 'election':
      // A pre-candidate that times out asks again; it was not told that it would win.
      if (s.role === 'pre-candidate') s.role = 'follower';
      if (mayStand(s) && s.role !== 'leader') campaign(t, false);
      break;
    case 'heartbeat':
      if (s.role !== 'leader') break;
      broadcast(t);
      set(t, 'heartbeat', s.rules.heartbeat);
      t.deed = {
        kind: 'heartbeat',
        round: s.round,
        entries: Math.max(
          0,
          ...t.sends.map(({ message: m }) => (m.kind === 'append' ? m.entries.length : 0)),
        ),
      };
      break;
    case 'quorum': {
      const heard = s.voters.filter((id) => id === s.self || s.peers[id]?.active).length;
      if (heard < needs(t)) {
        becomeFollower(t, s.term, undefined);
        t.deed = { kind: 'step-down', term: s.term, was: 'leader', why: 'quorum' };
        break;
      }
      for (const id of Object.keys(s.peers))
        s.peers = { ...s.peers, [id]: { ...(s.peers[id] as Progress), active: false } };
      set(t, 'quorum', s.rules.election);
      t.deed = { kind: 'quorum-ok', heard, of: s.voters.length };
      break;
    }
    case 'transfer':
      t.deed = { kind: 'transfer-over', to: s.heir ?? s.self };
      s.heir = undefined;
      break;
  }
  return finish(t);
}

function saved(state: RaftState, disk: RaftDisk, now: Micros) {
  const t = begin(state, now, { kind: 'saved', last: disk.log.length - 1, term: disk.term });
  const { s } = t;
  s.stable = s.rules.wrong.has('log-not-saved')
    ? lastIndex(s)
    : Math.min(disk.log.length - 1, lastIndex(s));
  maybeCommit(t, undefined);
  confirm(t);
  return finish(t);
}

function request(state: RaftState, asked: Request, now: Micros) {
  const t = begin(state, now, { kind: 'voters-refused', why: 'not a leader' });
  const { s } = t;
  switch (asked.ask) {
    case 'propose':
      if (s.role !== 'leader') break;
      t.deed = {
        kind: 'propose',
        client: undefined,
        index: append(t, { is: 'value', value: asked.value }),
        op: undefined,
      };
      broadcast(t);
      break;
    case 'voters': {
      if (s.role !== 'leader') break;
      const changes =
        asked.voters.filter((id) => !s.voters.includes(id)).length +
        s.voters.filter((id) => !asked.voters.includes(id)).length;
      const free = wrong(t, 'voters-at-commit');
      if (!free && changes !== 1)
        t.deed = { kind: 'voters-refused', why: 'more than one node at once' };
      else if (!free && s.votersAt > s.commit)
        t.deed = { kind: 'voters-refused', why: 'another change is not committed' };
      else if (!free && s.commit < s.began)
        t.deed = { kind: 'voters-refused', why: 'nothing of this term is committed' };
      else {
        const index = append(t, { is: 'voters', voters: asked.voters });
        t.deed = { kind: 'voters', index, voters: asked.voters };
        broadcast(t);
      }
      break;
    }
    case 'transfer': {
      const peer = s.peers[asked.to];
      if (s.role !== 'leader') t.deed = { kind: 'transfer-refused', why: 'not a leader' };
      else if (asked.to === s.self)
        t.deed = { kind: 'transfer-refused', why: 'it is the leader itself' };
      else if (!peer) t.deed = { kind: 'transfer-refused', why: 'not a voter' };
      else {
        const ready = peer.match === lastIndex(s);
        s.heir = asked.to;
        s.handed = true;
        s.lease = undefined;
        set(t, 'transfer', s.rules.election);
        if (ready) send(t, asked.to, { kind: 'hand-over', term: s.term });
        else sendAppend(t, asked.to);
        t.deed = { kind: 'transfer', to: asked.to, ready };
      }
      break;
    }
    case 'compact':
      t.deed = { kind: 'compact', index: s.commit, entries: s.commit - (s.log.from - 1) };
      if (s.commit >= s.log.from) compact(s);
      break;
  }
  return finish(t);
}

export const raft: Protocol<RaftRules, RaftState, Message, RaftDisk, Request> = {
  start,
  receive,
  wake,
  saved,
  request,
};
