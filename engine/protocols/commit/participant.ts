// A participant of two- and three-phase commit.
//
//   working ─ yes: force `prepared`, then say so ─▶ prepared ─ decision ─▶ committed, aborted
//      └───── no: abort alone ─▶ aborted               └─ pre-commit ─▶ pre-committed ─ commit ─▶ committed
//
// Must hold: `prepared` is on the disk before yes is said; from then on the lock stays, and it may not
// decide alone; the outcome is on the disk before it is acknowledged, where it is acknowledged.
//
// In doubt, two-phase commit asks: the coordinator, and cooperatively the others, any of whom can help
// that has decided or has not voted. Three-phase commit ends it among the living: who loses patience
// asks all for their phase (they follow it from there on), and if any has committed, or is
// pre-committed, it is a commit, of which first everybody else is told that it comes; else an abort.

import type { Id } from '../../sim/actor.ts';
import type { Turn } from './turn.ts';
import {
  type CommitRules,
  type Decision,
  holderOf,
  type Message,
  type Participation,
  type Phase,
} from './types.ts';

export const outcome = (tx: number): string => `outcome${tx}`;
const states = (tx: number): string => `states${tx}`;

const isOpen = (phase: Phase): boolean => phase === 'prepared' || phase === 'pre-committed';
const phaseOf = (decision: Decision): Phase => (decision === 'commit' ? 'committed' : 'aborted');
const decisionOf = (phase: Phase): Decision | undefined =>
  phase === 'committed' ? 'commit' : phase === 'aborted' ? 'abort' : undefined;

export function hearPrepare(
  turn: Turn,
  from: Id,
  { tx, participants, value, alone }: Extract<Message, { kind: 'prepare' }>,
): void {
  const { rules, self } = turn.state;
  const known = turn.participation(tx);
  if (known) {
    // A second copy: the same answer, whatever happened since.
    const yes =
      isOpen(known.phase) || (known.phase === 'aborted' && rules.wrong.has('yes-after-abort'));
    if (known.phase === 'aborted' && yes) turn.participate({ ...known, phase: 'prepared' });
    const vote = yes ? 'yes' : known.phase === 'read' ? 'read' : 'no';
    if (known.phase !== 'committed') turn.send(from, { kind: 'vote', tx, vote });
    turn.did = { kind: 'voted', tx, vote, why: 'again' };
    return;
  }
  const base: Participation = { tx, phase: 'prepared', participants, value, round: 0 };
  const holder = holderOf(turn.state);
  const mind = rules.votes[self] ?? 'yes';
  const vote = holder ? 'no' : mind;
  if (vote === 'read') {
    turn.participate({ ...base, phase: 'read' });
    turn.send(from, { kind: 'vote', tx, vote });
    turn.did = { kind: 'voted', tx, vote };
    return;
  }
  if (vote === 'no') {
    turn.note({ tx, is: 'abort' });
    turn.participate({ ...base, phase: 'aborted' });
    turn.send(from, { kind: 'vote', tx, vote });
    turn.did = {
      kind: 'voted',
      tx,
      vote,
      ...(holder && { why: `transaction ${holder.tx} holds the lock` }),
    };
    return;
  }
  if (alone) {
    turn.force({ tx, is: 'commit', participants, value });
    turn.participate({ ...base, phase: 'committed' });
    turn.send(from, { kind: 'vote', tx, vote: 'read' });
    turn.did = { kind: 'learned', tx, decision: 'commit', why: 'alone' };
    return;
  }
  const record = { tx, is: 'prepared', participants, value } as const;
  if (!rules.wrong.has('vote-not-logged')) turn.force(record);
  turn.participate(base);
  turn.send(from, { kind: 'vote', tx, vote });
  turn.wait(outcome(tx));
  turn.did = { kind: 'voted', tx, vote };
}

export function hearDecision(turn: Turn, from: Id, tx: number, decision: Decision): void {
  const { rules } = turn.state;
  const known = turn.participation(tx);
  const acknowledge = () => {
    const presumed = rules.protocol === 'two-phase' && rules.presume === decision;
    if (from === rules.coordinator && rules.protocol !== 'paxos-commit' && !presumed)
      turn.send(from, { kind: 'ack', tx });
  };
  if (!known) {
    // It voted no, or it never voted, or it has forgotten.
    turn.did = {
      kind: decision === 'commit' ? 'damage' : 'learned',
      tx,
      decision,
      why: 'it knows nothing of it',
    };
    if (decision === 'commit') return;
    acknowledge();
    return;
  }
  if (!isOpen(known.phase)) {
    const own = decisionOf(known.phase);
    const conflict = own !== undefined && own !== decision;
    turn.did = conflict
      ? {
          kind: 'damage',
          tx,
          decision,
          phase: known.phase,
          why: known.heuristic ? 'an operator had decided' : 'it had decided',
        }
      : { kind: 'ignored', tx, decision, why: 'known already' };
    acknowledge();
    return;
  }
  settle(turn, known, decision);
  acknowledge();
  turn.did = { kind: 'learned', tx, decision, who: [from] };
}

/** The outcome is known: it is logged, the data changes or not, the lock goes. */
export function settle(turn: Turn, known: Participation, decision: Decision): void {
  const { rules } = turn.state;
  const { tx, participants, value } = known;
  const record = { tx, is: decision, participants, value } as const;
  // What would be presumed, or learned again from the acceptors, need not be forced.
  const lazy =
    rules.protocol === 'paxos-commit' ||
    (rules.protocol === 'two-phase' && rules.presume === decision);
  if (lazy) turn.note(record);
  else turn.force(record);
  const { states: _, moved: __, recovering: ___, ...rest } = known;
  turn.participate({ ...rest, phase: phaseOf(decision) });
  turn.stop(outcome(tx));
  turn.stop(states(tx));
}

/** Another participant is in doubt. */
export function hearPeerAsk(turn: Turn, from: Id, tx: number): void {
  const { rules } = turn.state;
  const known = turn.participation(tx);
  if (!known) {
    // It has not voted: now it never will, and that settles it.
    if (rules.groupSize > 1) turn.force({ tx, is: 'abort' });
    else turn.note({ tx, is: 'abort' });
    turn.participate({ tx, phase: 'aborted', participants: [], value: '', round: 0 });
    turn.send(from, { kind: 'decision', tx, decision: 'abort' });
    turn.did = { kind: 'answered', tx, decision: 'abort', who: [from], why: 'it had not voted' };
    return;
  }
  const decision = decisionOf(known.phase);
  if (decision) {
    turn.send(from, { kind: 'decision', tx, decision });
    turn.did = { kind: 'answered', tx, decision, who: [from] };
  } else
    turn.did = {
      kind: 'ignored',
      tx,
      why: rules.protocol === 'two-phase' ? 'it is in doubt itself' : 'nothing is decided',
    };
}

export function hearPreCommit(turn: Turn, from: Id, tx: number, round: number): void {
  const known = turn.participation(tx);
  if (!known || round < known.round || !isOpen(known.phase)) {
    turn.did = { kind: 'ignored', tx, why: 'it follows a later round, or has decided' };
    return;
  }
  if (known.phase === 'prepared') {
    turn.force({ tx, is: 'pre-commit', participants: known.participants, value: known.value });
    turn.participate({ ...known, phase: 'pre-committed', round });
  }
  turn.send(from, { kind: 'pre-committed', tx, round });
  turn.wait(outcome(tx));
  turn.did = { kind: 'pre-committed', tx };
}

/** Patience ends. */
export function wakeParticipant(turn: Turn, timer: string): boolean {
  const { rules, self } = turn.state;
  for (const known of turn.state.participates) {
    const { tx, phase } = known;
    if (timer === states(tx) && known.states) {
      conclude(turn, known);
      return true;
    }
    if (timer !== outcome(tx) || !isOpen(phase)) continue;
    const guess: Decision | undefined = rules.wrong.has('guess-abort')
      ? 'abort'
      : rules.wrong.has('guess-commit')
        ? 'commit'
        : rules.protocol === 'three-phase' && rules.timeouts === 'bare' && !known.recovering
          ? phase === 'pre-committed'
            ? 'commit'
            : 'abort'
          : undefined;
    if (guess) {
      settle(turn, known, guess);
      turn.did = { kind: 'guessed', tx, decision: guess, phase };
      return true;
    }
    if (rules.protocol === 'three-phase' && !known.recovering) {
      terminate(turn, known);
      return true;
    }
    const asked = inDoubtAsks(known, rules, self);
    for (const to of asked) turn.send(to, { kind: 'ask', tx });
    // Acceptors are asked one after the other: two that take over at once hinder each other.
    if (rules.protocol === 'paxos-commit') turn.participate({ ...known, round: known.round + 1 });
    turn.wait(outcome(tx));
    turn.did = { kind: 'in-doubt', tx, who: asked };
    return true;
  }
  return false;
}

function inDoubtAsks(known: Participation, rules: CommitRules, self: Id): readonly Id[] {
  if (rules.protocol === 'paxos-commit')
    return [rules.acceptors[known.round % rules.acceptors.length] as Id];
  const peers = known.participants.filter((id) => id !== self);
  return rules.cooperative || rules.protocol === 'three-phase'
    ? [rules.coordinator, ...peers]
    : [rules.coordinator];
}

// ── Three-phase commit: ending it without the coordinator ───────────────────────────────────────

/** A round of its own: no two participants have the same. */
function terminate(turn: Turn, known: Participation): void {
  const { self } = turn.state;
  const { tx, participants, phase } = known;
  const rank = participants.indexOf(self) + 1;
  const round = (Math.floor(known.round / 10) + 1) * 10 + rank;
  const next: Participation = { ...known, round, states: { [self]: phase }, moved: [] };
  turn.participate(next);
  const others = participants.filter((id) => id !== self);
  turn.did = { kind: 'terminating', tx, who: others };
  turn.stop(outcome(tx));
  if (others.length === 0) {
    conclude(turn, next);
    return;
  }
  for (const to of others) turn.send(to, { kind: 'state?', tx, round });
  turn.wait(states(tx));
}

export function hearStateQuery(turn: Turn, from: Id, tx: number, round: number): void {
  const known = turn.participation(tx);
  if (known && round < known.round) {
    turn.did = { kind: 'ignored', tx, why: 'it follows a later round' };
    return;
  }
  if (!known) {
    // It has not voted: now it never will.
    turn.note({ tx, is: 'abort' });
    turn.participate({ tx, phase: 'aborted', participants: [], value: '', round });
    turn.send(from, { kind: 'state', tx, round, phase: 'unknown' });
    turn.did = { kind: 'state-told', tx, phase: 'unknown' };
    return;
  }
  const { states: _, moved: __, ...rest } = known;
  turn.participate({ ...rest, round });
  turn.stop(states(tx));
  const phase = known.recovering ? 'recovering' : known.phase;
  turn.send(from, { kind: 'state', tx, round, phase });
  if (isOpen(known.phase)) turn.wait(outcome(tx));
  turn.did = { kind: 'state-told', tx, phase };
}

export function hearState(
  turn: Turn,
  from: Id,
  { tx, round, phase }: Extract<Message, { kind: 'state' }>,
): void {
  const known = turn.participation(tx);
  if (!known?.states || round !== known.round || (known.moved ?? []).length > 0) {
    turn.did = { kind: 'ignored', tx, phase, why: 'the question is settled' };
    return;
  }
  const next = { ...known, states: { ...known.states, [from]: phase } };
  turn.participate(next);
  turn.did = { kind: 'answered', tx, phase, who: [from] };
  if (next.participants.every((id) => next.states[id] !== undefined)) conclude(turn, next);
}

/** All that can answer have answered: the rule of the termination protocol. */
function conclude(turn: Turn, known: Participation): void {
  const { self, rules } = turn.state;
  const { tx, round } = known;
  const said = Object.entries(known.states ?? {});
  const any = (phase: string): boolean => said.some(([, one]) => one === phase);
  const finish = (decision: Decision): void => {
    settle(turn, known, decision);
    for (const [to] of said) if (to !== self) turn.send(to, { kind: 'decision', tx, decision });
    turn.did = {
      kind: 'decided',
      tx,
      decision,
      who: said.map(([id]) => id).filter((id) => id !== self),
    };
  };
  if (any('committed')) {
    finish('commit');
    return;
  }
  const lost = any('aborted') || any('unknown') || !any('pre-committed');
  if (lost || rules.wrong.has('ignore-pre-commits')) {
    finish('abort');
    return;
  }
  const behind = said
    .filter(([id, phase]) => id !== self && phase === 'prepared')
    .map(([id]) => id);
  const waiting = behind.filter((id) => !(known.moved ?? []).includes(id));
  // Asked already, and the patience is over: who did not answer is down.
  if (waiting.length === 0 || (known.moved ?? []).includes(self)) {
    finish('commit');
    return;
  }
  if (known.phase === 'prepared') {
    turn.force({ tx, is: 'pre-commit', participants: known.participants, value: known.value });
  }
  turn.participate({ ...known, phase: 'pre-committed', moved: [self] });
  for (const to of waiting) turn.send(to, { kind: 'pre-commit', tx, round });
  turn.wait(states(tx));
  turn.did = { kind: 'pre-committing', tx, who: waiting };
}

/** On the word of a termination. */
export function hearMoved(turn: Turn, from: Id, tx: number, round: number): void {
  const known = turn.participation(tx);
  turn.did = { kind: 'acknowledged', tx, who: [from] };
  if (!known?.states || known.round !== round || !known.moved) return;
  const next = { ...known, moved: [...known.moved, from] };
  turn.participate(next);
  const behind = Object.entries(known.states)
    .filter(([, phase]) => phase === 'prepared')
    .map(([id]) => id);
  if (behind.every((id) => next.moved.includes(id))) conclude(turn, next);
}

// ── Coming back ─────────────────────────────────────────────────────────────────────────────────

export function recoverParticipant(turn: Turn): void {
  const { log } = turn.state;
  const open: number[] = [];
  for (const { tx, is, participants = [], value = '' } of log) {
    const phase: Phase | undefined =
      is === 'prepared'
        ? 'prepared'
        : is === 'pre-commit'
          ? 'pre-committed'
          : is === 'commit'
            ? 'committed'
            : is === 'abort'
              ? 'aborted'
              : undefined;
    if (phase) turn.participate({ tx, phase, participants, value, round: 0 });
  }
  for (const known of turn.state.participates) {
    if (!isOpen(known.phase)) continue;
    open.push(known.tx);
    turn.participate({ ...known, recovering: true });
    turn.wait(outcome(known.tx));
  }
  turn.did = {
    kind: 'recovered',
    count: open.length,
    ...(open.length > 0 && { phase: 'recovering' as const }),
  };
}
