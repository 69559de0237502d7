// The referees of atomic commitment, written apart from the rules that they judge.
//
//   agreement        no two participants decide differently
//   validity         commit only if everybody voted yes (or only reads)
//   no reversal      who has decided does not change its mind
//   atomicity        where one has committed, everybody else at least knows that it voted for it
//   not blocked      nobody who is up is left in doubt with nobody up who could end it
//
// The first four look at what the nodes show; what was decided in the past is a ghost that no node
// sees. The last is of a world: whether the living could still come to an end. It is not always
// promised: two-phase commit has its window.

import type { Id } from '../../sim/actor.ts';
import type { Node, World } from '../../sim/world.ts';
import { nodeNamed } from '../../sim/world.ts';
import {
  type CommitDisk,
  type CommitRules,
  type CommitState,
  type Decision,
  type LogRecord,
  type Message,
  membersOf,
  type Participation,
} from './types.ts';

export type CommitNode = Node<CommitState, Message, CommitDisk>;
export type CommitWorld = World<CommitState, Message, CommitDisk, Ghost>;

export const REFEREES = ['agreement', 'validity', 'no reversal', 'atomicity'] as const;
export type RefereeName = (typeof REFEREES)[number];

export interface Violation {
  readonly referee: RefereeName;
  readonly text: string;
  readonly key: string;
}

export interface Ghost {
  /** Over groups: the records that each has committed. */
  readonly logs?: Readonly<Record<Id, readonly LogRecord[]>>;
  /** What each participant decided, by `transaction node`. */
  readonly outcomes: Readonly<Record<string, Decision>>;
  /** Who ever was prepared, by `transaction node`: it said yes, or was about to. */
  readonly prepared: Readonly<Record<string, true>>;
  readonly violations: readonly Violation[];
  /** How often each node has waited for its disk. */
  readonly forced: Readonly<Record<Id, number>>;
}

export const newGhost = (): Ghost => ({ outcomes: {}, prepared: {}, violations: [], forced: {} });

const decisionOf = ({ phase }: Participation): Decision | undefined =>
  phase === 'committed' ? 'commit' : phase === 'aborted' ? 'abort' : undefined;
export const isOpen = ({ phase }: Participation): boolean =>
  phase === 'prepared' || phase === 'pre-committed';

const past = (decision: Decision): string => (decision === 'commit' ? 'committed' : 'aborted');

export function observe(
  seen: Ghost,
  before: CommitNode | undefined,
  after: CommitNode,
  world: CommitWorld,
): Ghost {
  const { state, id } = after;
  const waits = (state?.forced ?? 0) - (before?.state?.forced ?? 0);
  const ghost =
    waits > 0
      ? { ...seen, forced: { ...seen.forced, [id]: (seen.forced[id] ?? 0) + waits } }
      : seen;
  if (state?.member) return observeGroup(ghost, state, id);
  if (!state?.rules.participants.includes(id)) return ghost;
  let outcomes = ghost.outcomes;
  let prepared = ghost.prepared;
  const violations = [...ghost.violations];
  const found = (referee: RefereeName, text: string): void => {
    if (
      !violations.some((one) => one.referee === referee && one.text === text) &&
      violations.length < 12
    )
      violations.push({ referee, text, key: `node:${id}` });
  };
  const { kept, rules } = state;
  if (kept && rules.keeper && kept !== before?.state?.kept) {
    // What its engine holds is looked at, not what it believes: the data is that of the last commit.
    const { lines, value } = rules.keeper.read(kept);
    const last = lines.findLast(({ is }) => is === 'commit')?.value ?? null;
    if (value !== last)
      found(
        'atomicity',
        `The engine of ${id} holds ${value ?? 'no data'}, and the last commit in it is of ${last ?? 'none'}.`,
      );
  }
  for (const known of state.participates) {
    const { tx } = known;
    const name = `${tx} ${id}`;
    if (isOpen(known) && !prepared[name]) prepared = { ...prepared, [name]: true };
    const decision = decisionOf(known);
    if (!decision) continue;
    const was = outcomes[name];
    if (was !== undefined && was !== decision)
      found(
        'no reversal',
        `${id} had ${past(was)} transaction ${tx}, and now it has ${past(decision)} it.`,
      );
    if (was !== decision) outcomes = { ...outcomes, [name]: decision };
    if (decision === 'commit' && !prepared[name]) prepared = { ...prepared, [name]: true };
  }
  for (const known of state.participates) {
    const { tx } = known;
    for (const other of state.rules.participants) {
      const decided = outcomes[`${tx} ${other}`];
      const own = outcomes[`${tx} ${id}`];
      if (own && decided && own !== decided && other !== id)
        found(
          'agreement',
          `${id} has ${past(own)} transaction ${tx}, and ${other} has ${past(decided)} it.`,
        );
    }
  }
  for (const [name, decision] of Object.entries(outcomes)) {
    if (decision !== 'commit') continue;
    const [tx, who] = name.split(' ') as [string, Id];
    const committed = state.rules.participants;
    for (const other of committed) {
      if (other === who || state.rules.votes[other] === 'read') continue;
      if (!prepared[`${tx} ${other}`])
        found(
          'validity',
          `${who} has committed transaction ${tx}, for which ${other} never voted yes.`,
        );
      const peer = nodeNamed(world, other);
      if (
        peer?.state &&
        prepared[`${tx} ${other}`] &&
        !peer.state.participates.some((one) => one.tx === Number(tx))
      )
        found(
          'atomicity',
          `${who} has committed transaction ${tx}, and ${other}, which voted yes, knows nothing of it.`,
        );
    }
  }
  const changed =
    outcomes !== ghost.outcomes ||
    prepared !== ghost.prepared ||
    violations.length !== ghost.violations.length;
  return changed ? { ...ghost, outcomes, prepared, violations } : ghost;
}

/**
 * Over groups what counts is what a group has committed: a member that no longer leads may believe
 * otherwise for a while, and can tell nobody.
 */
function observeGroup(seen: Ghost, { self: group, rules, member }: CommitState, id: Id): Ghost {
  const committed = member?.committed ?? [];
  const known = seen.logs?.[group] ?? [];
  const violations = [...seen.violations];
  const found = (referee: RefereeName, text: string): void => {
    if (!violations.some((one) => one.text === text) && violations.length < 12)
      violations.push({ referee, text, key: `node:${id}` });
  };
  const shared = Math.min(known.length, committed.length);
  for (let i = 0; i < shared; i++)
    if (JSON.stringify(known[i]) !== JSON.stringify(committed[i]))
      found(
        'no reversal',
        `${id} has another line ${i + 1} in the log of group ${group} than was committed.`,
      );
  const fresh = committed.slice(known.length);
  if (fresh.length === 0)
    return violations.length === seen.violations.length ? seen : { ...seen, violations };
  const logs = { ...seen.logs, [group]: committed };
  if (!rules.participants.includes(group)) return { ...seen, logs, violations };
  const outcomes = { ...seen.outcomes };
  const prepared = { ...seen.prepared };
  for (const { tx, is } of fresh) {
    const name = `${tx} ${group}`;
    if (is === 'prepared') prepared[name] = true;
    if (is !== 'commit' && is !== 'abort') continue;
    if (outcomes[name] !== undefined && outcomes[name] !== is)
      found(
        'no reversal',
        `Group ${group} had ${past(outcomes[name])} transaction ${tx}, and now it has ${past(is)} it.`,
      );
    outcomes[name] = is;
    for (const other of rules.participants) {
      const decided = outcomes[`${tx} ${other}`];
      if (decided !== undefined && decided !== is)
        found(
          'agreement',
          `Group ${group} has ${past(is)} transaction ${tx}, and ${other} has ${past(decided)} it.`,
        );
      const voted = prepared[`${tx} ${other}`] || rules.votes[other] === 'read';
      if (is === 'commit' && !voted && !(rules.onePhase && rules.participants.length === 1))
        found(
          'validity',
          `Group ${group} has committed transaction ${tx}, for which ${other} never voted yes.`,
        );
    }
  }
  return { ...seen, logs, violations, outcomes, prepared };
}

/** Over groups: those in doubt that have a majority, where the coordinator's group has none. */
function blockedGroups(world: CommitWorld, rules: CommitRules): Id[] {
  const living = (group: Id): Id[] =>
    membersOf(rules, group).filter((id) => nodeNamed(world, id)?.status !== 'crashed');
  const lives = (group: Id): boolean => 2 * living(group).length > rules.groupSize;
  const { outcomes, prepared } = world.ghost;
  if (lives(rules.coordinator)) return [];
  return Object.keys(prepared).flatMap((name) => {
    const [tx, group] = name.split(' ') as [string, Id];
    if (outcomes[name] !== undefined || !lives(group)) return [];
    const helped =
      rules.cooperative &&
      rules.participants.some(
        (other) =>
          lives(other) && (outcomes[`${tx} ${other}`] !== undefined || !prepared[`${tx} ${other}`]),
      );
    return helped ? [] : living(group);
  });
}

/** The participants that are up and in doubt, where nobody who is up can end it. */
export function blockedIn(world: CommitWorld, rules: CommitRules): Id[] {
  if (rules.groupSize > 1) return blockedGroups(world, rules);
  const up = (id: Id): CommitNode | undefined => {
    const node = nodeNamed(world, id);
    return node?.status === 'crashed' ? undefined : (node as CommitNode | undefined);
  };
  const living = rules.participants.map(up).filter((node) => node !== undefined);
  const blocked: Id[] = [];
  for (const node of living)
    for (const known of node.state?.participates ?? []) {
      if (!isOpen(known)) continue;
      const arrives = world.flights.some(
        ({ to, message }) =>
          up(to) && ['decision', 'prepare', 'pre-commit', 'state?', 'state'].includes(message.kind),
      );
      if (arrives || helpsItself(known, rules) || somebodyHelps(known, rules, living, up)) continue;
      blocked.push(node.id);
    }
  return blocked;
}

/** Three-phase commit: who was not down itself may end it with the living. */
const helpsItself = (known: Participation, rules: CommitRules): boolean =>
  rules.protocol === 'three-phase' && !known.recovering;

function somebodyHelps(
  { tx }: Participation,
  rules: CommitRules,
  living: readonly CommitNode[],
  up: (id: Id) => CommitNode | undefined,
): boolean {
  if (rules.protocol === 'paxos-commit')
    return 2 * rules.acceptors.filter((id) => up(id)).length > rules.acceptors.length;
  if (up(rules.coordinator)) return true;
  if (rules.protocol === 'two-phase' && !rules.cooperative) return false;
  return living.some(({ state }) => {
    const known = state?.participates.find((one) => one.tx === tx);
    return !known || !isOpen(known) || (rules.protocol === 'three-phase' && !known.recovering);
  });
}

/** The referees that have found something so far. */
export const violates = ({ ghost }: CommitWorld, referee: RefereeName): boolean =>
  ghost.violations.some((one) => one.referee === referee);
