// Two-phase commit over groups (as in Spanner, Corbett et al. 2012): the coordinator and each participant
// are no single node but three, kept as one by Raft. A crash of any one node blocks nobody.
//
//   group A coordinates      A1   A2*  A3        * leads: the group speaks through it
//   group B takes part       B1*  B2   B3
//
//   the node of two-phase commit          the group that plays it
//   waits for its disk                 ─▶ proposes the record to its Raft log, and what stands after it
//                                         waits until a majority has it on their disks
//   is back after a crash, and reads   ─▶ another member is elected, and reads the records that are
//   its log                               committed: the same recovery, by the same code
//
// Nobody else knows who leads a group: a message goes to whom one takes for the leader, and a member that
// does not lead hands it on; whoever has lost patience, or has just taken over, tells all three.
//
// Must hold: a group says nothing that rests on a record before that is committed; a member speaks only
// when it has all that its group has committed (its own term's first entry is); it falls silent, and
// forgets, when it leads no longer. It may not know that yet: so what is only presumed, or said because
// nothing is known, is written first, which a member without a majority cannot do (coordinator.ts, hearAsk).

import type { Effect, Id, Micros, Protocol, Reaction } from '../../sim/actor.ts';
import { itemsOf } from '../../sim/seq.ts';
import { raft } from '../raft/raft.ts';
import {
  type Log,
  lastIndex,
  type RaftDisk,
  type Message as RaftMessage,
  type RaftRules,
  type RaftState,
} from '../raft/types.ts';
import type { CommitReaction } from './turn.ts';
import {
  type CommitDid,
  type CommitDisk,
  type CommitRules,
  type CommitState,
  groupOf,
  type LogRecord,
  type Member,
  type Message,
  membersOf,
  type Request,
} from './types.ts';

type CommitEffect = Effect<Message, CommitDisk>;
export type Single = Protocol<CommitRules, CommitState, Message, CommitDisk, Request>;

const RAFT_TIMERS: ReadonlySet<string> = new Set(['election', 'heartbeat', 'quorum', 'transfer']);

const raftRules = (rules: CommitRules, group: Id): RaftRules => ({
  voters: membersOf(rules, group),
  election: 150_000,
  heartbeat: 50_000,
  preVote: false,
  checkQuorum: false,
  reads: 'index',
  tellCommits: false,
  snapshot: 0,
  atomic: rules.atomic,
  noop: true,
  batch: 64,
  wrong: new Set(),
});

/** An entry of the Raft log is some lines of the node's log: those since the last that was forced. */
export const recordsIn = (log: Log, upTo = log.length - 1): LogRecord[] =>
  itemsOf(log, log.from, upTo + 1).flatMap(({ command }) =>
    command?.is === 'value' ? (JSON.parse(command.value) as LogRecord[]) : [],
  );

/** One step of a member: Raft's, the node's that the group plays, or both. */
class Step {
  state: CommitState;
  member: Member;
  did: CommitDid = { kind: 'nothing' };
  readonly effects: CommitEffect[] = [];
  readonly #single: Single;
  readonly #now: Micros;

  constructor(single: Single, state: CommitState, member: Member, now: Micros) {
    this.#single = single;
    this.#now = now;
    this.state = state;
    this.member = member;
  }

  done(): CommitReaction {
    return { state: { ...this.state, member: this.member }, effects: this.effects, did: this.did };
  }

  raft({ state, effects, did }: Reaction<RaftState, RaftMessage, RaftDisk>): void {
    this.member = { ...this.member, raft: state };
    for (const effect of effects) {
      if (effect.do === 'send') {
        const { message, ...rest } = effect;
        this.effects.push({ ...rest, message: { kind: 'raft', tx: 0, message } });
      } else if (effect.do === 'save') {
        this.state = { ...this.state, forced: this.state.forced + 1 };
        this.effects.push({ do: 'save', disk: { log: [], raft: effect.disk } });
      } else this.effects.push(effect);
    }
    if (this.did.kind === 'nothing') this.did = { kind: 'raft', why: did.kind };
    this.#follow();
  }

  /** What the node did that the group plays. `wide`: all members of a group are told. */
  single({ state, effects, did }: CommitReaction, wide = false): void {
    this.state = { ...state, forced: this.state.forced };
    this.did = did as CommitDid;
    for (const effect of effects)
      if (effect.do === 'save') this.#propose();
      else if (effect.do === 'send') this.#say(effect, wide);
      else this.effects.push(effect);
  }

  /** The lines of the log that the group does not have yet, as one entry. */
  #propose(): void {
    const { did } = this;
    const fresh = this.state.log.slice(this.member.proposed);
    this.member = { ...this.member, proposed: this.state.log.length };
    const value = JSON.stringify(fresh);
    const index = lastIndex(this.member.raft) + 1;
    this.member = { ...this.member, held: [...this.member.held, { index, effects: [] }] };
    this.raft(raft.request(this.member.raft, { ask: 'propose', value }, this.#now));
    this.did = did;
  }

  #say(effect: Extract<CommitEffect, { do: 'send' }>, wide: boolean): void {
    const { message, to: group, ...rest } = effect;
    const { rules, member } = { rules: this.state.rules, member: this.member };
    const whom = wide ? membersOf(rules, group) : [member.believed[group] ?? `${group}1`];
    const told = wide ? { ...message, wide: true as const } : message;
    const sends = whom.map((to): CommitEffect => ({ ...rest, to, message: told }));
    const last = member.held.at(-1);
    // A wrong protocol does not wait.
    if (!last || effect.early) this.effects.push(...sends.map((send) => send));
    else
      this.member = {
        ...member,
        held: [...member.held.slice(0, -1), { ...last, effects: [...last.effects, ...sends] }],
      };
  }

  /** What has changed with Raft's state: more is committed, it leads now, it leads no longer. */
  #follow(): void {
    const { raft: state } = this.member;
    const leads = state.role === 'leader';
    if (state.commit > this.member.applied)
      this.member = {
        ...this.member,
        applied: state.commit,
        committed: recordsIn(state.log, state.commit),
      };
    if (this.member.speaks && !leads) this.#fallSilent();
    if (!leads) {
      // A follower shows what it would go on from.
      if (this.state.log !== this.member.committed)
        this.state = { ...this.state, log: this.member.committed };
      return;
    }
    if (!this.member.speaks && state.commit >= state.began) this.#takeOver();
    const due = this.member.held.filter(({ index }) => index <= state.commit);
    if (due.length === 0) return;
    this.member = {
      ...this.member,
      held: this.member.held.filter(({ index }) => index > state.commit),
    };
    for (const { effects } of due) this.effects.push(...effects);
  }

  #takeOver(): void {
    const { committed } = this.member;
    const { self, rules } = this.state;
    this.member = { ...this.member, speaks: true, proposed: committed.length, held: [] };
    const began = this.#single.start(self, rules, { log: committed }, this.#now);
    this.single(began as CommitReaction, true);
    this.did = {
      kind: 'took-over',
      count: this.member.raft.term,
      ...(committed.length > 0 && { why: 'recovered' }),
    };
  }

  #fallSilent(): void {
    const { coordinates, participates } = this.state;
    for (const { tx } of [...coordinates, ...participates])
      for (const timer of ['votes', 'acks', 'outcome', 'states'])
        this.effects.push({ do: 'clear', timer: `${timer}${tx}` });
    this.member = { ...this.member, speaks: false, held: [], proposed: 0 };
    this.state = { ...this.state, coordinates: [], participates: [] };
  }
}

/** A protocol for single nodes, played by groups. */
export function grouped(single: Single): Single {
  const step = (state: CommitState, now: Micros): Step =>
    new Step(single, state, state.member as Member, now);

  return {
    start(id, rules, disk, now) {
      const group = groupOf(id);
      const began = raft.start(id, raftRules(rules, group), disk?.raft, now);
      const member: Member = {
        raft: began.state,
        applied: 0,
        committed: [],
        proposed: 0,
        speaks: false,
        held: [],
        believed: {},
      };
      const state: CommitState = {
        self: group,
        rules,
        log: [],
        coordinates: [],
        participates: [],
        accepts: [],
        forced: 0,
      };
      const next = new Step(single, state, member, now);
      next.raft(began);
      next.did = { kind: disk ? 'recovered' : 'up' };
      return next.done();
    },

    receive(state, from, message, now) {
      const next = step(state, now);
      if (message.kind === 'raft')
        next.raft(raft.receive(next.member.raft, from, message.message, now));
      else if (message.kind === 'relay') hear(next, single, message.from, message.message, now);
      else hear(next, single, from, message, now);
      return next.done();
    },

    wake(state, timer, now) {
      const next = step(state, now);
      if (RAFT_TIMERS.has(timer)) next.raft(raft.wake(next.member.raft, timer, now));
      else if (next.member.speaks)
        next.single(single.wake(state, timer, now) as CommitReaction, true);
      return next.done();
    },

    saved(state, disk, now) {
      const next = step(state, now);
      next.raft(raft.saved(next.member.raft, disk.raft as RaftDisk, now));
      if (next.did.kind === 'raft') next.did = { ...next.did, kind: 'raft-saved' };
      return next.done();
    },

    request(state, request, now) {
      const next = step(state, now);
      if (next.member.speaks) next.single(single.request(state, request, now) as CommitReaction);
      else next.did = { kind: 'ignored', why: 'it does not lead its group' };
      return next.done();
    },
  };
}

/** A message of another group's. */
function hear(next: Step, single: Single, from: Id, message: Message, now: Micros): void {
  const { wide, ...plain } = message;
  const { member, state } = next;
  next.member = { ...member, believed: { ...member.believed, [groupOf(from)]: from } };
  if (member.speaks) {
    next.single(single.receive(state, groupOf(from), plain as Message, now) as CommitReaction);
    return;
  }
  const { leader, self } = member.raft;
  const relays = leader !== undefined && leader !== self && !wide;
  next.did = relays
    ? { kind: 'relayed', tx: message.tx, who: [leader] }
    : { kind: 'ignored', tx: message.tx, why: 'it does not lead its group' };
  if (relays)
    next.effects.push({
      do: 'send',
      to: leader,
      message: { kind: 'relay', tx: message.tx, from, message: plain as Message },
    });
}
