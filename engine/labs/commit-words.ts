// The words for each moment of the commit lab: who did what, what it waits for, what it may not do.

import { recordsIn } from '../protocols/commit/groups.ts';
import { type CommitDid, type Decision, groupOf } from '../protocols/commit/types.ts';
import type { Caption, Words } from '../run/lab.ts';
import { nameOfFlight } from '../sim/world.ts';
import { type CommitLabState, metrics } from './commit.ts';
import { commands, sabotage, settings } from './commit-settings.ts';
import type { CommitEvent } from './commit-value.ts';

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

function listed(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? 'nobody';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

const past = (decision: Decision | undefined): string =>
  decision === 'commit' ? 'committed' : 'aborted';

const NAMES: Readonly<Record<CommitLabState['rules']['protocol'], string>> = {
  'two-phase': 'Two-phase commit',
  'three-phase': 'Three-phase commit',
  'paxos-commit': 'Paxos Commit',
};

function describe(event: CommitEvent, state: CommitLabState): Caption {
  const { kind, who = '', did, choice } = event;
  const { world, rules } = state;
  const flight =
    'from' in choice && 'n' in choice ? `${nameOfFlight(choice)} (${messageKind(event)})` : '';
  switch (kind) {
    case 'opened': {
      const acceptors = rules.acceptors.filter((id) => id !== rules.coordinator);
      return {
        title: NAMES[rules.protocol],
        detail: `${rules.coordinator} ${rules.protocol === 'paxos-commit' ? 'leads' : 'coordinates'}; ${listed(rules.participants)} ${rules.participants.length === 1 ? 'is the participant' : 'take part'}${acceptors.length > 0 ? `; ${listed(acceptors)} ${acceptors.length === 1 ? 'accepts' : 'accept'} too` : ''}.`,
      };
    }
    case 'quiet':
      return {
        title: 'Time passes',
        detail: `It is ${(world.now / 1000).toFixed(0)} ms now, and nothing else was due.`,
      };
    case 'saved':
      return {
        title: `${who} has it on its disk`,
        detail:
          event.sent.length > 0
            ? `Now it may say so: ${plural(event.sent.length, 'message')} to ${listed(event.sent.map(({ to }) => to))}.`
            : 'Nothing had to wait for it.',
      };
    case 'crash':
      return { title: `${who} crashes`, detail: crashed(state, who) };
    case 'pause':
      return { title: `${who} stops for a while`, detail: 'It does not notice that time passes.' };
    case 'resume':
      return { title: `${who} goes on`, detail: 'To itself no time has passed.' };
    case 'unheard':
      return { title: `${who} is down`, detail: `The message ${flight} is lost.` };
    case 'drop':
      return { title: 'A message is lost', detail: `${flight} will not arrive.` };
    case 'duplicate':
      return { title: 'A message is doubled', detail: `${flight} will arrive twice.` };
    case 'hold':
      return { title: 'A message is held', detail: `${flight} stays under way.` };
    case 'release':
      return { title: 'A message goes on', detail: `${flight} may arrive.` };
    case 'partition':
    case 'cut':
      return {
        title: 'The network falls apart',
        detail: event.lost?.length
          ? `${plural(event.lost.length, 'message')} under way ${event.lost.length === 1 ? 'is' : 'are'} lost with it.`
          : 'Nothing was under way between the sides.',
      };
    case 'mend':
    case 'heal':
      return { title: 'The network is whole', detail: 'Messages go through again.' };
    default:
      return did ? doing(did, who, state) : { title: kind, detail: '' };
  }
}

const messageKind = ({ message }: CommitEvent): string =>
  (message as { readonly kind?: string } | undefined)?.kind ?? 'a message';

function crashed({ world, rules }: CommitLabState, who: string): string {
  const doubt = world.nodes.filter(({ state }) =>
    state?.participates.some(({ phase }) => phase === 'prepared' || phase === 'pre-committed'),
  );
  const kept = world.nodes.find(({ id }) => id === who)?.disk;
  const on = (kept?.raft ? recordsIn(kept.raft.log) : (kept?.log ?? [])).length;
  const disk = `Its memory is gone; ${on === 0 ? 'its disk is empty' : `its disk has ${plural(on, 'line')}`}.`;
  if (who !== rules.coordinator || doubt.length === 0) return disk;
  return `${disk} ${listed(doubt.map(({ id }) => id))} ${doubt.length === 1 ? 'is' : 'are'} in doubt.`;
}

function doing(did: CommitDid, who: string, { rules }: CommitLabState): Caption {
  const { tx, decision, vote, phase, why, count } = did;
  const others = did.who ?? [];
  const because = why ? `: ${why}` : '';
  switch (did.kind) {
    case 'up':
      return { title: `${who} is up`, detail: 'Its log is empty: it knows of no transaction.' };
    case 'recovered':
      return {
        title: `${who} is back`,
        detail: count
          ? `Its log has ${plural(count, 'transaction')} that ${count === 1 ? 'is' : 'are'} not finished.`
          : 'Its log has nothing that is not finished.',
      };
    case 'begun':
      return {
        title: `Transaction ${tx} begins`,
        detail:
          rules.protocol === 'paxos-commit'
            ? `${who} is ready, and tells the acceptors, the leader among them.`
            : `${who} asks ${listed(others)} whether they can commit.`,
      };
    case 'voted':
      if (vote === 'yes')
        return {
          title: `${who} says yes${why === 'again' ? ' again' : ''}`,
          detail: `From here on it may not decide alone, and its lock stays.`,
        };
      if (vote === 'read')
        return {
          title: `${who} only read`,
          detail: 'It lets go at once, and need not hear the outcome.',
        };
      return {
        title: `${who} says no`,
        detail: `It has aborted transaction ${tx} already${because}.`,
      };
    case 'vote-heard':
      return {
        title: `${who} hears ${vote === 'read' ? 'that' : 'a'} ${vote === 'read' ? `${listed(others)} only read` : `${vote} from ${listed(others)}`}`,
        detail: 'Not all have answered yet.',
      };
    case 'decided':
      return {
        title: `${who} decides: ${decision}`,
        detail: `Transaction ${tx} is ${past(decision)}${because}. ${others.length === 0 ? 'Nobody has to hear of it.' : `${listed(others)} ${others.length === 1 ? 'is' : 'are'} to hear of it.`}`,
      };
    case 'pre-committing':
      return {
        title: `${who}: it will be a commit`,
        detail: `Before it is one, ${listed(others)} ${others.length === 1 ? 'is' : 'are'} to know that all have said yes.`,
      };
    case 'pre-committed':
      return { title: `${who} is pre-committed`, detail: 'It knows that all have said yes.' };
    case 'learned':
      return {
        title: `${who} has ${past(decision)}`,
        detail:
          why === 'alone'
            ? 'It was the only one, and decided for itself.'
            : why
              ? `It knows nothing of transaction ${tx}, and there is nothing to undo.`
              : `Its doubt is over, and its lock is free.`,
      };
    case 'acknowledged':
      return { title: `${who} hears from ${listed(others)}`, detail: 'One answer more.' };
    case 'ended':
      return { title: `${who} may forget`, detail: `All have acknowledged transaction ${tx}.` };
    case 'answered':
      return {
        title: `${who} ${phase ? 'hears an answer' : 'answers'}`,
        detail: phase
          ? `${listed(others)}: ${phase}.`
          : decision
            ? `To ${listed(others)}: transaction ${tx} is ${past(decision)}${because}.`
            : `To ${listed(others)}.`,
      };
    case 'in-doubt':
      return {
        title: `${who} is in doubt, and asks`,
        detail: `It asks ${listed(others)} what has become of transaction ${tx}.`,
      };
    case 'terminating':
      return {
        title: `${who} loses patience`,
        detail:
          others.length > 0
            ? `It asks ${listed(others)} where they stand.`
            : 'There is nobody else to ask.',
      };
    case 'state-told':
      return {
        title: `${who} says where it stands`,
        detail: `${phase === 'unknown' ? 'It had not voted, and now never will' : `It is ${phase}`}. It follows whoever asked.`,
      };
    case 'guessed':
      return { title: `${who} guesses: ${decision}`, detail: `It was ${phase}, and nobody came.` };
    case 'heuristic':
      return {
        title: `An operator decides for ${who}: ${decision}`,
        detail: `Transaction ${tx} is ${past(decision)} there, whatever the others do.`,
      };
    case 'damage':
      return {
        title: phase
          ? `${who} hears ${decision}, too late`
          : `${who} hears ${decision}, and knows nothing`,
        detail: phase
          ? `It has ${phase === 'committed' ? 'committed' : 'aborted'} transaction ${tx}${because}.`
          : `It voted for transaction ${tx}, and has forgotten all of it.`,
      };
    case 'accepted':
      return {
        title: `${who} accepts`,
        detail: `${listed(others)}: ${decision === 'commit' ? 'prepared' : 'aborted'}.`,
      };
    case 'promised':
      return {
        title: `${who} promises`,
        detail: `It takes part in nothing before ballot ${count}.`,
      };
    case 'took-over':
      if (rules.groupSize > 1)
        return {
          title: `${who} speaks for group ${groupOf(who)}`,
          detail: `It leads Raft term ${count}, and ${why ? "has read its group's records: it goes on from them" : 'its group has no records yet'}.`,
        };
      return {
        title: `${who} takes over`,
        detail: `It leads ballot ${count} of transaction ${tx}.`,
      };
    case 'resent':
      return {
        title: `${who} says it again`,
        detail: `${listed(others)} ${others.length === 1 ? 'has' : 'have'} not acknowledged.`,
      };
    case 'ignored':
      return {
        title: `${who} lets it pass`,
        detail: why ? `${why[0]?.toUpperCase()}${why.slice(1)}.` : '',
      };
    case 'relayed':
      return {
        title: `${who} hands it on`,
        detail: `It does not lead its group; ${listed(others)} does.`,
      };
    case 'raft':
    case 'raft-saved':
      return {
        title: `${who} ${RAFT[why ?? ''] ?? 'keeps its group together'}`,
        detail: `Group ${groupOf(who)}, Raft: ${why ?? ''}.`,
      };
    default:
      return { title: `${who} does nothing`, detail: '' };
  }
}

/** What a member of a group did, by Raft's name for it. */
const RAFT: Readonly<Record<string, string>> = {
  campaign: 'stands for election',
  grant: 'gives its vote',
  refuse: 'refuses its vote',
  tally: 'counts a vote',
  elected: 'is elected',
  heartbeat: 'sends a heartbeat',
  propose: 'proposes a record',
  accept: 'takes a record into its log',
  saved: 'has it on its disk',
  acked: 'hears that it is on a disk',
  commit: 'has it on a majority',
  heard: 'hears from its leader',
  echo: 'is heard by its followers',
  'step-down': 'leads no longer',
};

const IN = (file: string, name: string) => [`engine/protocols/commit/${file}.ts`, name] as const;
const SOURCES: Readonly<Record<string, readonly [string, string]>> = {
  begun: IN('coordinator', 'begin'),
  voted: IN('participant', 'hearPrepare'),
  'vote-heard': IN('coordinator', 'hearVote'),
  decided: IN('coordinator', 'decide'),
  learned: IN('participant', 'hearDecision'),
  acknowledged: IN('coordinator', 'hearAck'),
  ended: IN('coordinator', 'hearAck'),
  'pre-committed': IN('participant', 'hearPreCommit'),
  'in-doubt': IN('participant', 'wakeParticipant'),
  terminating: IN('participant', 'terminate'),
  'state-told': IN('participant', 'hearStateQuery'),
  recovered: IN('coordinator', 'recoverCoordinator'),
  accepted: IN('paxos-commit', 'hearAccept'),
  'took-over': IN('paxos-commit', 'hearAskAcceptor'),
  relayed: IN('groups', 'hear'),
  raft: IN('groups', 'grouped'),
  'raft-saved': IN('groups', 'grouped'),
  promised: IN('paxos-commit', 'hearPromiseQuery'),
};

export const words: Words<CommitLabState, CommitEvent> = {
  metrics,
  describe,
  settings,
  commands,
  sabotage,
  sourceOf(kind) {
    const [file, name] = SOURCES[kind] ?? ['engine/protocols/commit/commit.ts', 'hear'];
    return { file, name };
  },
};
