// What a moment of a commit round comes to, in words: who leads it and what it has heard, where each
// node stands, and why somebody in doubt may not decide alone. Picture, inspector and text twin say
// these and no others.

import type { CommitEvent, CommitValue, ShownNode } from '../../../engine/labs/commit-value.ts';
import type {
  Acceptance,
  Coordination,
  Decision,
  LogRecord,
  Participation,
} from '../../../engine/protocols/commit/types.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { Tone } from '../../scene/scene.ts';

export type CommitMoment = ShownMoment<CommitEvent, CommitValue>;

export const listed = (names: readonly string[]): string =>
  names.length < 2
    ? (names[0] ?? 'nobody')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** A node; of a group the one that it speaks through. */
export const nodeOf = ({ nodes }: CommitValue, id: string): ShownNode | undefined =>
  nodes.find((node) => node.id === id) ??
  nodes.find(({ group, leads }) => group === id && leads === true);

const newest = <T extends { readonly tx: number }>(list: readonly T[] | undefined): T | undefined =>
  list?.reduce<T | undefined>((best, one) => (best && best.tx > one.tx ? best : one), undefined);

export const participationOf = ({ state }: ShownNode, tx?: number): Participation | undefined =>
  tx === undefined ? newest(state?.participates) : state?.participates.find((p) => p.tx === tx);
export const coordinationOf = ({ state }: ShownNode): Coordination | undefined =>
  newest(state?.coordinates);
export const acceptanceOf = ({ state }: ShownNode): Acceptance | undefined =>
  newest(state?.accepts);

const isOpen = ({ phase }: Participation): boolean =>
  phase === 'prepared' || phase === 'pre-committed';

/** The transaction that it holds its lock for, undecided. */
export const inDoubt = ({ state }: ShownNode): Participation | undefined =>
  state?.participates.find(isOpen);

export const past = (decision: Decision): string =>
  decision === 'commit' ? 'committed' : 'aborted';
export const toneOf = (decision: Decision): Tone => (decision === 'commit' ? 'durable' : 'fault');

/** Lines of its log that are not on its disk. */
export const unsaved = ({ log, durable }: ShownNode): readonly LogRecord[] => log.slice(durable);

// ── The decision ────────────────────────────────────────────────────────────────────────────────

/** A participant's part of the decision, as whoever leads the round knows it. */
export interface Vote {
  readonly id: string;
  /** Nothing: it was not heard. */
  readonly says?: string;
  readonly tone: Tone;
}

export interface Round {
  readonly tx: number;
  readonly votes: readonly Vote[];
  readonly decision?: Decision;
  /** Its record is on the disk of whoever decided, where it needs one. */
  readonly firm: boolean;
  /** Who is making the decision, and how far it is. */
  readonly story: string;
}

const majority = (count: number): number => Math.floor(count / 2) + 1;
const VOTES: Readonly<Record<string, readonly [says: string, tone: Tone]>> = {
  yes: ['yes', 'key'],
  no: ['no', 'fault'],
  read: ['only read', 'muted'],
};

/** Of the transaction that began last; undefined before there is one. */
export function roundOf(value: CommitValue): Round | undefined {
  const { tx, rules, nodes } = value;
  if (tx === 0) return undefined;
  if (rules.protocol === 'paxos-commit') return paxosRound(value);
  const blank = (id: string): Vote => ({ id, tone: 'muted' });
  const coordinator = nodeOf(value, rules.coordinator);
  const known = coordinator?.state?.coordinates.find((one) => one.tx === tx);
  if (coordinator && known) return coordinated(value, coordinator, known);
  const leader = nodes
    .filter((node) => participationOf(node, tx)?.states)
    .sort((a, b) => (participationOf(b, tx)?.round ?? 0) - (participationOf(a, tx)?.round ?? 0))[0];
  const states = leader && participationOf(leader, tx)?.states;
  if (leader && states)
    return {
      tx,
      firm: true,
      votes: rules.participants.map((id) => {
        const says = states[id];
        return says === undefined
          ? blank(id)
          : { id, says, tone: says === 'pre-committed' ? 'separator' : 'key' };
      }),
      story: `${leader.id} asks who is left, to end it without ${rules.coordinator}`,
    };
  // Nobody leads it: what is decided, the participants know.
  const told = rules.participants.map((id) => value.outcomes[`${tx} ${id}`]);
  const one = told.find((decision) => decision !== undefined);
  const down = coordinator?.status === 'crashed';
  return {
    tx,
    firm: true,
    votes: rules.participants.map((id, i) => {
      const decision = told[i];
      return decision ? { id, says: past(decision), tone: toneOf(decision) } : blank(id);
    }),
    ...(one && told.every((decision) => decision === one) && { decision: one }),
    story: down
      ? `${rules.coordinator} is down: what it had heard is gone`
      : `${rules.coordinator} knows nothing of transaction ${tx}`,
  };
}

function coordinated(value: CommitValue, node: ShownNode, known: Coordination): Round {
  const { tx, phase, decision, acks } = known;
  const { id, durable, log } = node;
  const wanted = log.findIndex((record) => record.tx === tx && record.is === decision);
  // Back from a crash it remembers what it decided, not what it was told: who is on its list said yes.
  const remembered = phase !== 'collecting' && Object.keys(known.votes).length === 0;
  const votes = value.rules.participants.map((who): Vote => {
    const vote = known.votes[who] ?? (remembered && decision !== 'abort' ? 'yes' : undefined);
    if (vote === undefined) return { id: who, tone: 'muted' };
    const [says, tone] = VOTES[vote] ?? ['', 'muted'];
    if (phase === 'pre-committing' && acks.includes(who))
      return { id: who, says: 'knows', tone: 'separator' };
    return { id: who, says, tone };
  });
  const heard = votes.filter(({ says }) => says !== undefined).length;
  const story =
    phase === 'collecting'
      ? `${id} has heard ${heard} of ${votes.length}`
      : phase === 'pre-committing'
        ? `${id} tells all that it will be a commit`
        : phase === 'done'
          ? `${id} has ${decision ? past(decision) : 'ended'} it`
          : `${id} decided: ${decision}`;
  return { tx, votes, firm: wanted < 0 || wanted < durable, story, ...(decision && { decision }) };
}

function paxosRound(value: CommitValue): Round {
  const { tx, rules, nodes } = value;
  const acceptors = nodes.filter(({ id }) => rules.acceptors.includes(id));
  const of = (node: ShownNode) => node.state?.accepts.find((one) => one.tx === tx);
  const leads = (node: ShownNode): number =>
    of(node)?.decision ? Number.POSITIVE_INFINITY : (of(node)?.leading ?? 0);
  const leader = acceptors
    .filter((node) => node.state && (of(node)?.leading ?? 0) >= 0)
    .sort((a, b) => leads(b) - leads(a))[0];
  const known = leader && of(leader);
  const need = majority(rules.acceptors.length);
  const votes = rules.participants.map((id): Vote => {
    const heard = Object.values(known?.heard ?? {}).filter((one) => one[id] !== undefined).length;
    const accepted = known?.accepted[id];
    if (!accepted) return { id, tone: 'muted' };
    const says = accepted.value === 'commit' ? 'prepared' : 'aborted';
    const tone: Tone = accepted.value === 'abort' ? 'fault' : heard >= need ? 'key' : 'muted';
    return { id, says, tone };
  });
  const promised = Object.keys(known?.promises ?? {}).length;
  const counted = Object.keys(known?.heard ?? {}).length;
  const story = !leader
    ? 'no acceptor is up that leads it'
    : known?.decision
      ? `${leader.id} knows: ${known.decision}`
      : (known?.leading ?? 0) > 0
        ? counted === 0
          ? `${leader.id} leads ballot ${known?.leading}: ${promised} of ${need} have promised`
          : `${leader.id} leads ballot ${known?.leading}: ${counted} of ${need} have accepted`
        : `${leader.id} leads: ${counted} of ${need} acceptors have told it all votes`;
  return { tx, votes, firm: true, story, ...(known?.decision && { decision: known.decision }) };
}

// ── Where a node stands ─────────────────────────────────────────────────────────────────────────

export interface Stand {
  readonly words: string;
  readonly tone: Tone;
}

export function standOf(node: ShownNode, value: CommitValue): Stand {
  const { status, role, id } = node;
  if (status === 'crashed') return { words: 'crashed', tone: 'fault' };
  if (node.group !== undefined && !node.leads) return { words: 'follows', tone: 'muted' };
  const stand = role === 'participant' ? participates(node, value) : leads(node, value);
  return status === 'paused' ? { ...stand, words: `${stand.words}, paused` } : stand;

  function participates(one: ShownNode, { blocked, tx }: CommitValue): Stand {
    const open = inDoubt(one);
    const known = open ?? participationOf(one);
    if (!known) return { words: tx > 0 ? 'not asked' : 'idle', tone: 'muted' };
    if (open) {
      if (blocked.includes(id)) return { words: 'blocked', tone: 'fault' };
      if (unsaved(one).some(({ is }) => is === 'prepared' || is === 'pre-commit'))
        return { words: 'writes it down', tone: 'dirty' };
      if (open.states) return { words: 'asks around', tone: 'lamp' };
      return { words: open.phase === 'prepared' ? 'in doubt' : 'pre-committed', tone: 'dirty' };
    }
    if (known.phase === 'read') return { words: 'only read', tone: 'muted' };
    const words = known.heuristic ? `${known.phase} by hand` : known.phase;
    return { words, tone: known.phase === 'committed' ? 'durable' : 'fault' };
  }

  function leads(one: ShownNode, { rules }: CommitValue): Stand {
    if (rules.protocol === 'paxos-commit') return accepts(one);
    const known = coordinationOf(one);
    if (!known) return { words: one.log.length > 0 ? 'back' : 'idle', tone: 'muted' };
    const { phase, decision } = known;
    if (phase === 'collecting') return { words: 'hears votes', tone: 'key' };
    if (phase === 'pre-committing') return { words: 'pre-commits', tone: 'separator' };
    const words = phase === 'done' ? 'done' : `tells: ${decision}`;
    return { words, tone: decision ? toneOf(decision) : 'muted' };
  }

  function accepts(one: ShownNode): Stand {
    const known = acceptanceOf(one);
    if (!known) return { words: 'stands by', tone: 'muted' };
    const { decision, leading = 0, promised, accepted } = known;
    if (decision) return { words: `knows: ${decision}`, tone: toneOf(decision) };
    if (leading > 0) return { words: `leads ballot ${leading}`, tone: 'lamp' };
    const some = Object.keys(accepted).join(' ');
    if (some === '') return { words: `promised ${promised}`, tone: 'separator' };
    return { words: `accepted ${some}`, tone: 'key' };
  }
}

// ── Doubt ───────────────────────────────────────────────────────────────────────────────────────

/** Of a participant in doubt: each other that could know, and why it is no help; or that it is. */
export function doubtOf(
  node: ShownNode,
  value: CommitValue,
): readonly { readonly id: string; readonly why: string }[] {
  const open = inDoubt(node);
  if (!open) return [];
  const { rules, cuts } = value;
  const paxos = rules.protocol === 'paxos-commit';
  const others = paxos
    ? rules.acceptors
    : [rules.coordinator, ...rules.participants.filter((id) => id !== node.id)];
  return others.map((id) => ({ id, why: why(id) }));

  function why(id: string): string {
    const other = nodeOf(value, id);
    if (other?.status === 'crashed') return 'is down';
    if (cuts.includes(`${id}>${node.id}`) || cuts.includes(`${node.id}>${id}`))
      return 'cannot be heard, which looks like being down';
    if (other?.status === 'paused') return 'does not answer';
    if (!other?.state || !open) return 'is silent';
    if (paxos) {
      const known = other.state.accepts.find(({ tx }) => tx === open.tx);
      return known?.decision
        ? `knows: ${known.decision}`
        : 'is up: a majority of acceptors can end it';
    }
    if (id === rules.coordinator) {
      const known = other.state.coordinates.find(({ tx }) => tx === open.tx);
      if (!known) return 'knows nothing of it, and will presume';
      return known.decision
        ? `has decided: ${known.decision}`
        : 'has not decided, and may decide either way';
    }
    const known = participationOf(other, open.tx);
    if (!known) return 'was not asked: it can still refuse';
    if (rules.protocol === 'two-phase' && !rules.cooperative) return 'is not asked';
    if (!isOpen(known)) return known.phase === 'read' ? 'only read' : `has ${known.phase}`;
    return known.phase === 'prepared' ? 'is in doubt itself' : 'is pre-committed';
  }
}

/** What is said under the picture when somebody is blocked. */
export function blockedWords(value: CommitValue): string | undefined {
  const { blocked, rules, nodes } = value;
  if (blocked.length === 0) return undefined;
  const down = nodes.filter(({ status }) => status === 'crashed').map(({ id }) => id);
  const are = blocked.length === 1 ? 'is' : 'are';
  const rest =
    down.length > 0
      ? `${listed(down)} ${down.length === 1 ? 'is' : 'are'} down`
      : `${rules.coordinator} is not there`;
  return `${listed(blocked)} ${are} blocked: ${rest}, and nobody who is up knows the outcome`;
}

export function recordWords({ tx, is, participants, value, ballot, votes }: LogRecord): string {
  return [
    `transaction ${tx}: ${is}`,
    ...(ballot === undefined ? [] : [`ballot ${ballot}`]),
    ...(votes
      ? [
          Object.entries(votes)
            .map(([id, vote]) => `${id} ${vote === 'commit' ? 'prepared' : 'aborted'}`)
            .join(' '),
        ]
      : []),
    ...(value && is !== 'end' ? [`value ${value}`] : []),
    ...(participants && participants.length > 0 ? [`with ${participants.join(' ')}`] : []),
  ].join(', ');
}

export const toneOfRecord = ({ is }: LogRecord): Tone =>
  is === 'commit'
    ? 'durable'
    : is === 'abort'
      ? 'fault'
      : is === 'prepared' || is === 'accepted'
        ? 'key'
        : is === 'end'
          ? 'muted'
          : 'separator';
