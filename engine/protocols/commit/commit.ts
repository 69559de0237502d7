// Atomic commitment as a protocol of the simulator: who is told what. The rules are in coordinator.ts,
// participant.ts and paxos-commit.ts; groups.ts lets a group of nodes play one.

import type { Id } from '../../sim/actor.ts';
import {
  begin,
  hearAck,
  hearAsk,
  hearOutcome,
  hearPreCommitted,
  hearVote,
  recoverCoordinator,
  wakeCoordinator,
} from './coordinator.ts';
import { grouped, type Single } from './groups.ts';
import {
  hearDecision,
  hearMoved,
  hearPeerAsk,
  hearPreCommit,
  hearPrepare,
  hearState,
  hearStateQuery,
  outcome,
  recoverParticipant,
  settle,
  wakeParticipant,
} from './participant.ts';
import {
  beginPaxos,
  hearAccept,
  hearAccepted,
  hearAskAcceptor,
  hearPromise,
  hearPromiseQuery,
  recoverAcceptor,
  vote,
} from './paxos-commit.ts';
import { Turn } from './turn.ts';
import { type CommitState, holderOf, type Message } from './types.ts';

const single: Single = {
  start(self, rules, disk) {
    const keeper = rules.stored.includes(self) ? rules.keeper : undefined;
    const found = keeper?.recover(disk?.kept ?? keeper.empty());
    const log = found?.lines ?? disk?.log ?? [];
    const turn = new Turn({
      self,
      rules,
      log,
      ...(found && { kept: found.kept, keptLines: log.length }),
      coordinates: [],
      participates: [],
      accepts: [],
      forced: 0,
    });
    turn.did = { kind: 'up' };
    if (log.length === 0) return turn.done();
    if (rules.participants.includes(self)) recoverParticipant(turn);
    else if (rules.protocol === 'paxos-commit') {
      recoverAcceptor(turn);
      turn.did = { kind: 'recovered', count: turn.state.accepts.length };
    } else recoverCoordinator(turn);
    return turn.done();
  },

  receive(state, from, message) {
    const turn = new Turn(state);
    hear(turn, from, message);
    return turn.done();
  },

  wake(state, timer) {
    const turn = new Turn(state);
    if (!wakeCoordinator(turn, timer)) wakeParticipant(turn, timer);
    return turn.done();
  },

  saved: (state) => ({ state, effects: [], did: { kind: 'saved' } }),

  request(state, request) {
    const turn = new Turn(state);
    const { rules, self } = state;
    if (request.ask === 'begin') {
      if (rules.protocol === 'paxos-commit') beginPaxos(turn, request.tx, request.value);
      else begin(turn, request.tx, request.value);
      return turn.done();
    }
    const known = holderOf(state);
    if (!known) turn.did = { kind: 'ignored', why: `${self} is not in doubt` };
    else {
      settle(turn, known, request.decision);
      turn.participate({
        ...known,
        phase: request.decision === 'commit' ? 'committed' : 'aborted',
        heuristic: true,
      });
      turn.stop(outcome(known.tx));
      turn.did = { kind: 'heuristic', tx: known.tx, decision: request.decision };
    }
    return turn.done();
  },
};

const group = grouped(single);
const playerOf = ({ rules }: CommitState): Single => (rules.groupSize > 1 ? group : single);

export const commit: Single = {
  start: (self, rules, disk, now) =>
    (rules.groupSize > 1 ? group : single).start(self, rules, disk, now),
  receive: (state, from, message, now) => playerOf(state).receive(state, from, message, now),
  wake: (state, timer, now) => playerOf(state).wake(state, timer, now),
  saved: (state, disk, now) => playerOf(state).saved(state, disk, now),
  request: (state, request, now) => playerOf(state).request(state, request, now),
};

function hear(turn: Turn, from: Id, message: Message): void {
  const { rules, self } = turn.state;
  const isParticipant = rules.participants.includes(self);
  const { tx } = message;
  switch (message.kind) {
    case 'prepare':
      if (rules.protocol === 'paxos-commit') vote(turn, tx, message.participants, message.value);
      else hearPrepare(turn, from, message);
      break;
    case 'vote':
      hearVote(turn, from, tx, message.vote);
      break;
    case 'ack':
      hearAck(turn, from, tx);
      break;
    case 'decision':
      if (isParticipant) hearDecision(turn, from, tx, message.decision);
      else hearOutcome(turn, tx, message.decision);
      break;
    case 'ask':
      if (rules.protocol === 'paxos-commit') hearAskAcceptor(turn, from, tx);
      else if (isParticipant) hearPeerAsk(turn, from, tx);
      else hearAsk(turn, from, tx);
      break;
    case 'pre-commit':
      hearPreCommit(turn, from, tx, message.round);
      break;
    case 'pre-committed':
      if (isParticipant) hearMoved(turn, from, tx, message.round);
      else hearPreCommitted(turn, from, tx);
      break;
    case 'state?':
      hearStateQuery(turn, from, tx, message.round);
      break;
    case 'state':
      hearState(turn, from, message);
      break;
    case 'accept':
      hearAccept(turn, from, message);
      break;
    case 'accepted':
      hearAccepted(turn, from, tx, message.ballot, message.votes);
      break;
    case 'promise?':
      hearPromiseQuery(turn, from, tx, message.ballot);
      break;
    case 'promise':
      hearPromise(turn, from, message);
      break;
    // Between members of a group: groups.ts.
    case 'raft':
    case 'relay':
      break;
  }
}
