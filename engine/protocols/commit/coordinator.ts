// The coordinator of two- and three-phase commit. After Gray (1978), Mohan, Lindsay and Obermarck
// (1986) for what may be presumed, Skeen (1981) for the third phase.
//
//   collecting ── all yes ─▶ deciding commit ── all acknowledged ─▶ done
//       │  └─ (three-phase) ─▶ pre-committing ─▲
//       └─ a no, or patience ends ─▶ deciding abort ─▶ done
//
//   presume    forced before          forced at commit   acknowledged   forgets, and answers
//   nothing    –                      commit             both           abort (no record, no commit)
//   abort      –                      commit             commits        abort, so aborts need no record
//   commit     collecting             commit             aborts         commit, so commits need no acks
//
// Must hold: the decision is on the disk before anybody hears of it; under presumed commit, the list
// of participants is on the disk before anybody is asked; a decision is never changed.

import type { Id } from '../../sim/actor.ts';
import type { Turn } from './turn.ts';
import type { Coordination, Decision, Message, Vote } from './types.ts';

/** Timers are named for what is waited for, and the transaction. */
const votes = (tx: number): string => `votes${tx}`;
const acks = (tx: number): string => `acks${tx}`;

export function begin(turn: Turn, tx: number, value: string): void {
  const { rules } = turn.state;
  const { participants } = rules;
  const alone = rules.onePhase && participants.length === 1;
  if (rules.presume === 'commit' && rules.protocol === 'two-phase' && !alone) {
    const record = { tx, is: 'collecting', participants, value } as const;
    if (rules.wrong.has('no-collecting-record')) turn.note(record);
    else turn.force(record);
  }
  turn.coordinate({ tx, phase: 'collecting', participants, value, votes: {}, acks: [] });
  for (const to of participants)
    turn.send(to, { kind: 'prepare', tx, participants, value, ...(alone && { alone }) });
  turn.wait(votes(tx));
  turn.did = { kind: 'begun', tx, who: participants };
}

export function hearVote(turn: Turn, from: Id, tx: number, vote: Vote): void {
  const { rules } = turn.state;
  const known = turn.coordination(tx);
  const late = known?.phase === 'deciding' && known.decision === 'abort';
  if (!known || (known.phase !== 'collecting' && !(late && rules.wrong.has('late-vote-counts')))) {
    turn.did = {
      kind: 'ignored',
      tx,
      vote,
      why: known ? 'the decision is made' : 'it knows nothing of the transaction',
    };
    return;
  }
  const next: Coordination = { ...known, votes: { ...known.votes, [from]: vote } };
  turn.coordinate(next);
  turn.did = { kind: 'vote-heard', tx, vote, who: [from] };
  if (vote === 'no') decide(turn, next, 'abort');
  else if (next.participants.every((id) => next.votes[id] !== undefined)) {
    if (rules.protocol === 'three-phase') preCommit(turn, next);
    else decide(turn, next, 'commit');
  }
}

/** Everybody said yes; before it is done, everybody is to know that. */
function preCommit(turn: Turn, known: Coordination): void {
  const yes = voters(known);
  if (yes.length === 0) {
    decide(turn, known, 'commit');
    return;
  }
  turn.force({ tx: known.tx, is: 'pre-commit', participants: yes, value: known.value });
  turn.coordinate({ ...known, phase: 'pre-committing', acks: [] });
  for (const to of yes) turn.send(to, { kind: 'pre-commit', tx: known.tx, round: 0 });
  turn.stop(votes(known.tx));
  turn.wait(acks(known.tx));
  turn.did = { kind: 'pre-committing', tx: known.tx, who: yes };
}

/** Those who wait for the decision, as far as is known: a vote may be under way. */
const voters = ({ participants, votes: heard }: Coordination): Id[] =>
  participants.filter((id) => heard[id] !== 'no' && heard[id] !== 'read');

export function decide(turn: Turn, known: Coordination, decision: Decision): void {
  const { rules } = turn.state;
  const { tx, value } = known;
  const told = voters(known);
  const presumed = rules.protocol === 'two-phase' && rules.presume === decision;
  // What is presumed needs no acknowledgement, and a presumed abort not even a record.
  const awaits = told.length > 0 && !presumed;
  turn.stop(votes(tx));
  const record = { tx, is: decision, participants: told, value } as const;
  // With nobody to tell there is nothing to remember: all were readers, or said no.
  if (told.length > 0) {
    if (decision === 'commit') turn.force(record);
    else if (rules.presume === 'commit' && rules.protocol === 'two-phase') turn.note(record);
    else if (!presumed) turn.force(record);
  }
  const early = rules.wrong.has('early-decision');
  for (const to of told) turn.send(to, { kind: 'decision', tx, decision }, early);
  turn.coordinate({ ...known, decision, acks: [], phase: awaits ? 'deciding' : 'done' });
  if (awaits) turn.wait(acks(tx));
  else turn.stop(acks(tx));
  turn.did = { kind: 'decided', tx, decision, who: told };
}

export function hearAck(turn: Turn, from: Id, tx: number): void {
  const known = turn.coordination(tx);
  turn.did = { kind: 'acknowledged', tx, who: [from] };
  if (known?.phase !== 'deciding' || known.acks.includes(from)) return;
  const next = { ...known, acks: [...known.acks, from] };
  turn.coordinate(next);
  if (!voters(next).every((id) => next.acks.includes(id))) return;
  turn.note({ tx, is: 'end' });
  turn.coordinate({ ...next, phase: 'done' });
  turn.stop(acks(tx));
  turn.did = { kind: 'ended', tx, ...(known.decision && { decision: known.decision }) };
}

export function hearPreCommitted(turn: Turn, from: Id, tx: number): void {
  const known = turn.coordination(tx);
  turn.did = { kind: 'acknowledged', tx, who: [from] };
  if (known?.phase !== 'pre-committing' || known.acks.includes(from)) return;
  const next = { ...known, acks: [...known.acks, from] };
  turn.coordinate(next);
  if (voters(next).every((id) => next.acks.includes(id))) decide(turn, next, 'commit');
}

/** Somebody in doubt asks. */
export function hearAsk(turn: Turn, from: Id, tx: number): void {
  const { rules } = turn.state;
  const known = turn.coordination(tx);
  turn.did = { kind: 'answered', tx, who: [from] };
  if (known && known.decision === undefined) {
    turn.did = { kind: 'ignored', tx, why: 'nothing is decided' };
    return;
  }
  const presumed: Decision = rules.presume === 'commit' ? 'commit' : 'abort';
  const other: Decision = presumed === 'commit' ? 'abort' : 'commit';
  const guess = rules.wrong.has('presume-wrongly') ? other : presumed;
  // A decision that was presumed may be forgotten; what was forgotten is answered by presuming.
  const decision = known?.decision ?? guess;
  if (!known && rules.groupSize > 1) {
    // Another member may lead by now and know more: who can have it written is the one that leads.
    turn.force({ tx, is: decision, participants: [] });
    const fresh = { tx, participants: [], value: '', votes: {}, acks: [], decision };
    turn.coordinate({ ...fresh, phase: 'done' });
  }
  turn.send(from, { kind: 'decision', tx, decision });
  turn.did = { kind: 'answered', tx, decision, who: [from], ...(!known && { why: 'presumed' }) };
}

/** Patience ends. */
export function wakeCoordinator(turn: Turn, timer: string): boolean {
  for (const known of turn.state.coordinates) {
    const { tx } = known;
    if (timer === votes(tx) && known.phase === 'collecting') {
      decide(turn, known, 'abort');
      turn.did = { ...turn.did, why: 'not all votes came' };
      return true;
    }
    if (timer === acks(tx) && known.phase === 'pre-committing') {
      // Who has not acknowledged is down and will ask when it is back.
      decide(turn, known, 'commit');
      turn.did = { ...turn.did, why: 'who has not acknowledged is taken for down' };
      return true;
    }
    if (timer === acks(tx) && known.phase === 'deciding') {
      const missing = voters(known).filter((id) => !known.acks.includes(id));
      const decision = known.decision as Decision;
      for (const to of missing) turn.send(to, { kind: 'decision', tx, decision });
      turn.wait(acks(tx));
      turn.did = { kind: 'resent', tx, decision, who: missing };
      return true;
    }
  }
  return false;
}

/** The coordinator comes back: what its log says, it goes on with. */
export function recoverCoordinator(turn: Turn): void {
  const { rules, log } = turn.state;
  const open = new Map<number, Coordination>();
  for (const { tx, is, participants = [], value = '' } of log) {
    const base = { tx, participants, value, votes: {}, acks: [] };
    if (is === 'collecting') open.set(tx, { ...base, phase: 'collecting' });
    if (is === 'pre-commit') open.set(tx, { ...base, phase: 'pre-committing' });
    if (is === 'commit' || is === 'abort')
      open.set(tx, { ...base, phase: 'deciding', decision: is });
    if (is === 'end') open.delete(tx);
  }
  const restarted: number[] = [];
  for (const known of open.values()) {
    const { tx, decision } = known;
    restarted.push(tx);
    if (rules.protocol === 'three-phase' && known.phase === 'pre-committing') {
      // The others may have ended it meanwhile, either way: it asks like anybody who was down.
      turn.coordinate(known);
      for (const to of known.participants) turn.send(to, { kind: 'ask', tx });
      turn.wait(acks(tx));
      continue;
    }
    const afresh = rules.wrong.has('decide-afresh');
    if (known.phase === 'collecting' || afresh) {
      decide(turn, { ...known, phase: 'collecting' }, 'abort');
      continue;
    }
    const presumed = rules.protocol === 'two-phase' && rules.presume === decision;
    turn.coordinate(presumed ? { ...known, phase: 'done' } : known);
    if (presumed) continue;
    for (const to of known.participants)
      turn.send(to, { kind: 'decision', tx, decision: decision as Decision });
    turn.wait(acks(tx));
  }
  turn.did = { kind: 'recovered', count: restarted.length };
}

/** The recovered coordinator of a three-phase commit hears what the others did. */
export function hearOutcome(turn: Turn, tx: number, decision: Decision): void {
  const known = turn.coordination(tx);
  if (known?.phase !== 'pre-committing') {
    turn.did = { kind: 'ignored', tx, decision, why: 'known already' };
    return;
  }
  turn.force({ tx, is: decision, participants: known.participants, value: known.value });
  turn.coordinate({ ...known, phase: 'done', decision });
  turn.stop(acks(tx));
  turn.did = { kind: 'learned', tx, decision };
}

export const isForCoordinator = (message: Message): boolean =>
  message.kind === 'vote' || message.kind === 'ack';
