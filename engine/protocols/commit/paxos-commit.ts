// Paxos Commit, after Gray and Lamport (2006): the decision of the coordinator, made by a group of
// acceptors, so that no one crash blocks. For each participant there is an instance of Paxos on one
// question, is it prepared; the transaction commits if all of them say so.
//
//   participant ─ accept(ballot 0, its vote) ─▶ acceptors ─ accepted ─▶ leader ─ decision ─▶ all
//
// A participant owns ballot 0 of its instance, and so needs no permission to propose. With one acceptor,
// beside the leader, that is two-phase commit, message for message. Where the leader is silent, an
// acceptor that is asked takes over: with a ballot of its own it asks a majority what they have
// accepted (promise), proposes that again, or abort where nothing was accepted, and counts again.
//
// Must hold: promises and votes are on the disk before they are told; a ballot has one proposal; what
// a majority accepted in one ballot is what every later ballot proposes.

import type { Id } from '../../sim/actor.ts';
import { outcome } from './participant.ts';
import type { Turn } from './turn.ts';
import { type Acceptance, type Accepted, type Decision, holderOf, type Message } from './types.ts';

type Votes = Readonly<Record<Id, Decision>>;

const majority = (acceptors: readonly Id[]): number => Math.floor(acceptors.length / 2) + 1;
/** Those that are asked in ballot 0; the others stand by. */
const active = (acceptors: readonly Id[]): readonly Id[] => acceptors.slice(0, majority(acceptors));

/** The first participant begins: it votes, and its vote tells the leader that there is something to do. */
export function beginPaxos(turn: Turn, tx: number, value: string): void {
  const { rules } = turn.state;
  vote(turn, tx, rules.participants, value);
  turn.did = { ...turn.did, kind: 'begun', tx, who: rules.participants };
}

export function vote(turn: Turn, tx: number, participants: readonly Id[], value: string): void {
  const { rules, self } = turn.state;
  if (turn.participation(tx)) {
    turn.did = { kind: 'ignored', tx, why: 'it has voted' };
    return;
  }
  const no = holderOf(turn.state) !== undefined || rules.votes[self] === 'no';
  const decision: Decision = no ? 'abort' : 'commit';
  if (no) turn.note({ tx, is: 'abort' });
  else if (!rules.wrong.has('vote-not-logged'))
    turn.force({ tx, is: 'prepared', participants, value });
  turn.participate({ tx, phase: no ? 'aborted' : 'prepared', participants, value, round: 0 });
  for (const to of active(rules.acceptors))
    turn.send(to, {
      kind: 'accept',
      tx,
      ballot: 0,
      participants,
      value,
      votes: { [self]: decision },
    });
  if (!no) turn.wait(outcome(tx));
  turn.did = { kind: 'voted', tx, vote: no ? 'no' : 'yes' };
}

function acceptanceOf(turn: Turn, tx: number): Acceptance {
  return (
    turn.acceptance(tx) ?? {
      tx,
      participants: turn.state.rules.participants,
      value: '',
      promised: 0,
      accepted: {},
    }
  );
}

export function hearAccept(
  turn: Turn,
  from: Id,
  message: Extract<Message, { kind: 'accept' }>,
): void {
  const { rules, self } = turn.state;
  const { tx, ballot, participants, value, votes } = message;
  const known = { ...acceptanceOf(turn, tx), participants, value };
  if (ballot < known.promised) {
    turn.did = { kind: 'ignored', tx, why: 'a later ballot was promised' };
    return;
  }
  const began = Object.keys(known.accepted).length === 0;
  const accepted: Record<Id, Accepted> = { ...known.accepted };
  for (const [id, decision] of Object.entries(votes)) accepted[id] = { ballot, value: decision };
  const next: Acceptance = { ...known, promised: ballot, accepted };
  turn.accept(next);
  turn.did = {
    kind: 'accepted',
    tx,
    who: Object.keys(votes),
    decision: Object.values(votes)[0] as Decision,
  };
  // The leader hears of the transaction by the first vote.
  if (self === rules.coordinator && ballot === 0 && began)
    for (const to of participants)
      if (to !== from) turn.send(to, { kind: 'prepare', tx, participants, value });
  const mine: Record<Id, Decision> = {};
  for (const [id, one] of Object.entries(accepted)) if (one.ballot === ballot) mine[id] = one.value;
  // In ballot 0 the votes come one by one; they are written and told together.
  const complete = participants.every((id) => mine[id] !== undefined);
  const hopeless = Object.values(mine).includes('abort');
  if (ballot === 0 && !complete && !hopeless) return;
  turn.force({ tx, is: 'accepted', ballot, votes: mine, participants, value });
  const leader = ballot === 0 ? rules.coordinator : leaderOf(rules.acceptors, ballot);
  if (leader === self) hearAccepted(turn, self, tx, ballot, mine);
  else turn.send(leader, { kind: 'accepted', tx, ballot, participants, votes: mine });
}

const leaderOf = (acceptors: readonly Id[], ballot: number): Id =>
  acceptors[(ballot - 1) % acceptors.length] as Id;

export function hearAccepted(turn: Turn, from: Id, tx: number, ballot: number, votes: Votes): void {
  const { rules, self } = turn.state;
  const known = acceptanceOf(turn, tx);
  const leading = known.leading ?? (self === rules.coordinator ? 0 : -1);
  if (ballot !== leading || known.decision) {
    turn.did = { kind: 'ignored', tx, why: 'the ballot is over' };
    return;
  }
  const heard = { ...known.heard, [from]: votes };
  turn.accept({ ...known, heard });
  if (from !== self) turn.did = { kind: 'acknowledged', tx, who: [from] };
  const chosen = (id: Id): Decision | undefined =>
    (['commit', 'abort'] as const).find(
      (value) =>
        Object.values(heard).filter((one) => one[id] === value).length >= majority(rules.acceptors),
    );
  const all = known.participants.map(chosen);
  const decision: Decision | undefined = all.includes('abort')
    ? 'abort'
    : all.every((one) => one === 'commit')
      ? 'commit'
      : undefined;
  if (!decision) return;
  turn.accept({ ...known, heard, decision });
  for (const to of known.participants) turn.send(to, { kind: 'decision', tx, decision });
  turn.did = { kind: 'decided', tx, decision, who: known.participants };
}

/** A participant in doubt asks an acceptor: it answers, or takes the matter over. */
export function hearAskAcceptor(turn: Turn, from: Id, tx: number): void {
  const { rules, self } = turn.state;
  const known = acceptanceOf(turn, tx);
  if (known.decision) {
    turn.send(from, { kind: 'decision', tx, decision: known.decision });
    turn.did = { kind: 'answered', tx, decision: known.decision, who: [from] };
    return;
  }
  // One question is enough; who asks again has waited in vain.
  if ((known.leading ?? 0) > 0 && known.leading === known.promised && known.askedBy !== from) {
    turn.did = { kind: 'ignored', tx, why: 'it is finding out already' };
    return;
  }
  const place = rules.acceptors.indexOf(self) + 1;
  const size = rules.acceptors.length;
  let ballot = place;
  while (ballot <= known.promised) ballot += size;
  const next: Acceptance = {
    ...known,
    promised: ballot,
    leading: ballot,
    askedBy: from,
    promises: { [self]: known.accepted },
    heard: {},
  };
  turn.force({ tx, is: 'promised', ballot });
  turn.accept(next);
  turn.did = { kind: 'took-over', tx, count: ballot };
  if (rules.wrong.has('propose-without-asking')) {
    propose(turn, next, ballot);
    return;
  }
  for (const to of rules.acceptors)
    if (to !== self) turn.send(to, { kind: 'promise?', tx, ballot });
  if (size === 1) propose(turn, next, ballot);
}

export function hearPromiseQuery(turn: Turn, from: Id, tx: number, ballot: number): void {
  const known = acceptanceOf(turn, tx);
  if (ballot <= known.promised) {
    turn.did = { kind: 'ignored', tx, why: 'a later ballot was promised' };
    return;
  }
  turn.force({ tx, is: 'promised', ballot });
  turn.accept({ ...known, promised: ballot });
  turn.send(from, { kind: 'promise', tx, ballot, accepted: known.accepted });
  turn.did = { kind: 'promised', tx, count: ballot };
}

export function hearPromise(
  turn: Turn,
  from: Id,
  message: Extract<Message, { kind: 'promise' }>,
): void {
  const { rules } = turn.state;
  const { tx, ballot, accepted } = message;
  const known = acceptanceOf(turn, tx);
  if (known.leading !== ballot || known.promised !== ballot || known.decision) {
    turn.did = { kind: 'ignored', tx, why: 'the ballot is over' };
    return;
  }
  const before = Object.keys(known.promises ?? {}).length;
  const next = { ...known, promises: { ...known.promises, [from]: accepted } };
  turn.accept(next);
  turn.did = { kind: 'acknowledged', tx, who: [from] };
  if (before < majority(rules.acceptors) && before + 1 >= majority(rules.acceptors))
    propose(turn, next, ballot);
}

/** For each participant what the latest of the promises said was accepted; abort where none did. */
function propose(turn: Turn, known: Acceptance, ballot: number): void {
  const { rules, self } = turn.state;
  const { tx, participants, value } = known;
  const votes: Record<Id, Decision> = {};
  for (const id of participants) {
    let latest: Accepted | undefined;
    if (!rules.wrong.has('propose-without-asking'))
      for (const accepted of Object.values(known.promises ?? {})) {
        const one = accepted[id];
        if (one && (!latest || one.ballot > latest.ballot)) latest = one;
      }
    votes[id] = latest?.value ?? 'abort';
  }
  for (const to of rules.acceptors)
    if (to !== self) turn.send(to, { kind: 'accept', tx, ballot, participants, value, votes });
  const { did } = turn;
  hearAccept(turn, self, { kind: 'accept', tx, ballot, participants, value, votes });
  if (turn.did.kind !== 'decided') turn.did = { ...did, kind: 'took-over', count: ballot };
}

export function recoverAcceptor(turn: Turn): void {
  for (const { tx, is, ballot = 0, votes = {}, participants, value } of turn.state.log) {
    if (is !== 'promised' && is !== 'accepted') continue;
    const known = acceptanceOf(turn, tx);
    const accepted: Record<Id, Accepted> = { ...known.accepted };
    for (const [id, decision] of Object.entries(votes)) accepted[id] = { ballot, value: decision };
    turn.accept({
      ...known,
      ...(participants && { participants }),
      ...(value !== undefined && { value }),
      promised: Math.max(known.promised, ballot),
      accepted,
      // Ballot 0 is over for who does not remember what it heard in it.
      leading: -1,
    });
  }
}
