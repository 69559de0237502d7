// The words of the Raft lab, and for each of its moments: the caption on the stage, what a screen reader says, and
// what golden scripts record. Each is true of the world at that moment, and has its numbers.

import type { Did } from '../protocols/raft/did.ts';
import type { Caption, Words } from '../run/lab.ts';
import type { Id, Micros } from '../sim/actor.ts';
import type { ClientDid, Op } from '../sim/client.ts';
import type { Choice, MessageName } from '../sim/cluster.ts';
import { itemAt } from '../sim/seq.ts';
import { localTime, millis, nameOfFlight, nodeNamed } from '../sim/world.ts';
import { metrics, type RaftLabState } from './raft.ts';
import { commands, sabotage, settings } from './raft-settings.ts';
import type { RaftEvent } from './raft-value.ts';

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

function listed(items: readonly (string | number)[]): string {
  if (items.length <= 1) return `${items[0] ?? 'nobody'}`;
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

const ms = (time: Micros): string => `${millis(time)} ms`;

/** What a client asked for, as one would say it. */
function wish(op: Op): string {
  switch (op.op) {
    case 'put':
      return `${op.key} = ${op.value}`;
    case 'get':
      return `the value of ${op.key}`;
    case 'delete':
      return `${op.key} removed`;
    case 'cas':
      return `${op.key} = ${op.value} if it is ${op.from}`;
  }
}

const entries = (first: number, last: number): string =>
  first >= last
    ? `entry ${last}`
    : last === first + 1
      ? `entries ${first} and ${last}`
      : `entries ${first} to ${last}`;

const A_MESSAGE: Readonly<Record<string, string>> = {
  vote: 'a request for a vote',
  voted: 'an answer to a request for a vote',
  append: 'entries or a heartbeat',
  appended: 'an answer to entries or a heartbeat',
  snapshot: 'a snapshot',
  'hand-over': 'the word to take over',
  call: "a client's request",
  answer: 'an answer for a client',
};

function describe(event: RaftEvent, state: RaftLabState): Caption {
  const { did, choice } = event;
  if (did) {
    const said = isClientDid(did) ? clientWords(did, event) : nodeWords(did, event, state);
    return said;
  }
  return worldWords(event, choice, state);
}

const CLIENT_KINDS: ReadonlySet<string> = new Set([
  'ask',
  'queued',
  'answered',
  'redirected',
  'late',
  'retry',
  'gave-up',
  'rested',
]);
const isClientDid = (did: Did | ClientDid): did is ClientDid => CLIENT_KINDS.has(did.kind);

/** Which messages went out, in a sentence; lost ones are said. */
function outgoing({ sent }: RaftEvent): string {
  const lost = sent.filter(({ arrives }) => arrives === undefined);
  if (lost.length === 0) return '';
  return ` ${lost.length === sent.length ? (lost.length === 1 ? 'Its message' : `All ${lost.length} messages`) : `The ${lost.length === 1 ? 'message' : 'messages'} to ${listed(lost.map(({ to }) => to))}`} ${lost.length === 1 ? 'goes' : 'go'} lost.`;
}

function nodeWords(did: Did, event: RaftEvent, { world }: RaftLabState): Caption {
  const who = event.who ?? '';
  const node = nodeNamed(world, who);
  const raft = node?.state;
  const newer = did.adopted
    ? ` It saw term ${did.adopted.to} and gave up term ${did.adopted.from}${did.adopted.was === 'follower' ? '' : `, in which it was ${did.adopted.was === 'leader' ? 'the leader' : 'a candidate'}`}.`
    : '';
  const decided =
    did.committed && did.kind !== 'commit'
      ? ` It learns that ${entries(did.committed.from + 1, did.committed.to)} ${did.committed.to - did.committed.from > 1 ? 'are' : 'is'} committed.`
      : '';
  const lost = outgoing(event);
  const say = (title: string, detail: string): Caption => ({
    title,
    detail: `${detail}${newer}${decided}${lost}`.trim(),
  });
  switch (did.kind) {
    case 'start':
      return did.again
        ? say(
            `${who} is up again, as a follower`,
            `Its disk still knows term ${did.term}${raft?.vote ? `, its vote for ${raft.vote}` : ''} and ${plural(did.last, 'entry', 'entries')}; what is committed it must hear again.`,
          )
        : say(`${who} is up`, 'A follower with an empty log, in term 0.');
    case 'pre-campaign':
      return say(
        `${who} asks whether it could win term ${did.term}`,
        `It heard from no leader for as long as its timer ran. Its term stays ${did.term - 1} until ${plural(did.needs, 'node')} of ${raft?.voters.length} would vote for it.`,
      );
    case 'campaign': {
      const votes = `${plural(did.needs, 'vote')} of ${raft?.voters.length}`;
      return say(
        `${who} stands for election in term ${did.term}`,
        raft?.voters.includes(raft.self) === false
          ? `Its timer ran out. It is to be no voter any more, but that is not committed: its own vote does not count. It asks the others, and needs ${votes}.`
          : `${did.asked ? 'The leader told it to take over.' : did.needs === 1 ? 'It is alone.' : 'Its timer ran out.'} It votes for itself and asks the others; it needs ${votes}.`,
      );
    }
    case 'idle-timeout':
      return say(
        `${who} does nothing at its timeout`,
        'It is no voter, so it does not stand for election.',
      );
    case 'grant':
      return did.pre
        ? say(
            `${who} would vote for ${did.to}`,
            `It has heard from no leader either, and the log of ${did.to} is not behind its own. It promises nothing.`,
          )
        : say(
            `${who} votes for ${did.to} in term ${did.term}`,
            `It had not voted in this term, and the log of ${did.to} is not behind its own. The vote is saved before it is sent.`,
          );
    case 'refuse': {
      const whose = did.pre
        ? `${who} would not vote for ${did.to}`
        : `${who} refuses ${did.to} its vote`;
      if (did.why === 'voted')
        return say(
          whose,
          did.vote === who
            ? `It votes for itself in term ${did.term}.`
            : did.vote === undefined
              ? `It leads term ${did.term}.`
              : `It voted for ${did.vote} in term ${did.term} already.`,
        );
      if (did.why === 'leader')
        return say(whose, 'It hears from a leader, and so nobody is needed.');
      if (did.why === 'term') return say(whose, `Its own term is not below ${did.term}.`);
      const [mine, theirs] = [did.mine ?? [0, 0], did.theirs ?? [0, 0]];
      return say(
        whose,
        mine[0] === theirs[0]
          ? `Both logs end in term ${mine[0]}, and its own is longer: ${mine[1]} entries against ${theirs[1]}.`
          : `Its own log ends in term ${mine[0]}, that of ${did.to} in term ${theirs[0]}: the later term is more up to date.`,
      );
    }
    case 'tally':
      return say(
        `${did.from} says ${did.granted ? 'yes' : 'no'} to ${who}`,
        did.lost
          ? `${who} cannot win ${did.pre ? 'an election' : `term ${raft?.term}`} any more, and is a follower again.`
          : `${who} has ${plural(did.votes, did.pre ? 'promise' : 'vote')} of the ${did.needs} it needs.`,
      );
    case 'elected':
      return say(
        `${who} is the leader of term ${did.term}`,
        `${plural(did.votes, 'vote')} of ${did.of}${did.from === who ? '' : `, the last from ${did.from}`}. It begins with an empty entry at ${did.noop}, and tells everybody.`,
      );
    case 'heartbeat':
      return say(
        `${who} sends heartbeat ${did.round}`,
        did.entries > 0
          ? `With it go up to ${plural(did.entries, 'entry', 'entries')} that followers lack.`
          : `To ${listed(event.sent.map(({ to }) => to))}: term ${raft?.term}, committed up to ${raft?.commit}.`,
      );
    case 'accept':
      return say(
        `${who} takes ${entries(did.first, did.last)} from ${did.from}`,
        `${did.removed > 0 ? `${plural(did.removed, 'entry', 'entries')} of its own from ${did.firstRemoved} on ${did.removed === 1 ? 'is' : 'are'} removed: the leader has others there. ` : ''}It answers once ${did.first === did.last ? 'it is' : 'they are'} on its disk.`,
      );
    case 'heard':
      return say(
        `${who} hears from its leader, ${did.from}`,
        `Its log is as the leader's up to ${did.match}, and its timer begins anew.`,
      );
    case 'reject':
      return say(
        `${who} cannot join what ${did.from} sent`,
        did.have === undefined
          ? `It should follow entry ${did.prev}, and its log ends before that. It points to ${did.hint}.`
          : `It should follow an entry of term ${did.prevTerm} at ${did.prev}; there is one of term ${did.have}. It points to ${did.hint}.`,
      );
    case 'stale':
      return say(
        `${who} turns down ${did.from}, which is behind`,
        did.message === 'voted' || did.message === 'appended'
          ? `${cap(A_MESSAGE[did.message] ?? 'a message')} of term ${did.term} comes too late: it is term ${did.mine} now.`
          : `${cap(A_MESSAGE[did.message] ?? 'a message')} of term ${did.term}; it is term ${did.mine}, and ${who} says so.`,
      );
    case 'acked':
      return say(
        `${did.from} has entries up to ${did.match}`,
        `${who} counts it: ${progress(world, who)}.`,
      );
    case 'echo':
      return say(
        `${did.from} answers the heartbeat of ${who}`,
        `Nothing is new: it has entries up to ${did.match}.`,
      );
    case 'commit':
      return say(
        `${who} commits ${entries(did.before + 1, did.to)}`,
        `${listed(did.holders)} ${did.holders.length === 1 ? 'holds' : 'hold'} entry ${did.to}, of term ${termOf(world, who, did.to)}: ${did.holders.length} of ${did.of}. ${did.to - did.before === 1 ? 'It is' : 'They are'} applied.`,
      );
    case 'held-back':
      return say(
        `${who} does not commit entry ${did.index} by counting`,
        `A majority has it, but it is of term ${did.entryTerm} and this is term ${did.term}: it is safe only below an entry of this term.`,
      );
    case 'back-up':
      return say(
        `${who} goes back to entry ${did.next} for ${did.from}`,
        `It had gone on at ${did.before}; now it sends from there.`,
      );
    case 'step-down':
      return say(
        `${who} steps down`,
        did.why === 'quorum'
          ? `It heard from no majority for ${ms(raft?.rules.election ?? 0)}: perhaps another leads by now.`
          : did.why === 'removed'
            ? 'The list of voters without it is committed: its last duty is done.'
            : `${did.from ?? 'A node'} is in term ${did.term}: a ${did.was} of an older term is none.`,
      );
    case 'quorum-ok':
      return say(`${who} still hears a majority`, `${did.heard} of ${did.of}, itself included.`);
    case 'saved':
      return say(
        `${who} has it on its disk`,
        `Term ${did.term}${node?.disk?.vote ? `, the vote for ${node.disk.vote}` : ''}, ${plural(did.last, 'entry', 'entries')}.${event.sent.length > 0 ? ` Now ${plural(event.sent.length, 'message')} may go out.` : ''}`,
      );
    case 'ignore':
      return say(
        `${who} passes over what ${did.from} sent`,
        did.why === 'follows a leader'
          ? 'It heard from a leader a moment ago, and listens to no candidate yet.'
          : `${cap(A_MESSAGE[did.message] ?? 'a message')} that nobody waits for any more.`,
      );
    case 'install':
      return say(
        `${who} takes the snapshot from ${did.from}`,
        `Everything up to entry ${did.index} comes as one state; ${did.kept === 0 ? 'no entries of its own stay' : `${plural(did.kept, 'entry', 'entries')} after it stay`}.`,
      );
    case 'compact':
      return say(
        `${who} makes a snapshot up to entry ${did.index}`,
        `${plural(did.entries, 'entry', 'entries')} leave its log; what they did is kept as a state.`,
      );
    case 'propose':
      return say(
        `${who} puts entry ${did.index} into its log`,
        `${did.op ? `For client ${did.client}: ${wish(did.op)}. ` : ''}Not committed yet; it goes to ${raft && raft.voters.length > 1 ? listed(raft.voters.filter((id) => id !== who)) : 'its disk'}.`,
      );
    case 'elsewhere':
      return say(
        `${who} does not lead, and sends client ${did.client} on`,
        did.leader === undefined
          ? 'It knows of no leader.'
          : `As far as it knows, ${did.leader} leads.`,
      );
    case 'read':
      return did.lease
        ? say(
            `${who} answers a read by its lease`,
            `Its clock says that nobody else can lead yet, so it asks nobody: ${did.key}, as of entry ${did.index}.`,
          )
        : say(
            `${who} reads ${did.key} for client ${did.client}, as of entry ${did.index}`,
            `First it makes sure that it still leads: a majority must answer heartbeat ${did.round}.`,
          );
    case 'read-waits':
      return say(
        `${who} lets the read of ${did.key} wait`,
        `It does not know yet what is committed: entry ${did.index}, the first of its term, must be.`,
      );
    case 'read-served':
      return say(
        `${who} still leads, and answers ${plural(did.reads, 'read')}`,
        `${did.from} was the one that made a majority for heartbeat ${did.round}.`,
      );
    case 'voters':
      return say(
        `${who} puts new voters into entry ${did.index}`,
        `${listed(did.voters)}: the list ${raft?.rules.wrong.has('voters-at-commit') ? 'will count once it is committed' : 'counts as soon as it is in a log'}.`,
      );
    case 'voters-refused':
      return say(`${who} refuses to change the voters`, `${cap(did.why)}.`);
    case 'transfer':
      return say(
        `${who} hands over to ${did.to}`,
        did.ready
          ? `${did.to} has every entry, and is told to stand at once. ${who} takes no requests meanwhile.`
          : `First ${did.to} gets what it lacks. ${who} takes no requests meanwhile.`,
      );
    case 'transfer-refused':
      return say(`${who} does not hand over`, `${cap(did.why)}.`);
    case 'transfer-over':
      return say(`${who} goes on leading`, `${did.to} did not take over in time.`);
  }
}

const cap = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function progress(world: RaftLabState['world'], leader: Id): string {
  const raft = nodeNamed(world, leader)?.state;
  if (raft?.role !== 'leader') return 'it leads no more';
  const all = raft.voters.map(
    (id) => `${id} ${id === leader ? raft.stable : (raft.peers[id]?.match ?? 0)}`,
  );
  return all.join(', ');
}

function termOf(world: RaftLabState['world'], who: Id, index: number): number | string {
  const raft = nodeNamed(world, who)?.state;
  if (!raft) return '?';
  return raft.snapshot?.index === index
    ? raft.snapshot.term
    : (itemAt(raft.log, index)?.term ?? '?');
}

function clientWords(did: ClientDid, event: RaftEvent): Caption {
  const who = `client ${did.client}`;
  const lost = outgoing(event);
  const say = (title: string, detail: string): Caption => ({
    title: cap(title),
    detail: `${detail}${lost}`.trim(),
  });
  switch (did.kind) {
    case 'ask':
      return say(
        `${who} asks ${did.asked} for ${wish(did.op)}`,
        did.op.op === 'get'
          ? 'The answer must not be older than this moment.'
          : 'It waits until it is told that it is done.',
      );
    case 'queued':
      return say(
        `${who} wants ${wish(did.op)}, later`,
        `One operation at a time: ${did.waiting} ${did.waiting === 1 ? 'waits' : 'wait'}.`,
      );
    case 'answered': {
      const took = `It took ${ms(did.took)}${did.tries > 1 ? ` and ${did.tries} tries` : ''}.`;
      if (did.op.op === 'get')
        return say(
          `${who} reads ${did.op.key}: ${did.value === null ? 'nothing there' : did.value}`,
          `${did.from} answered. ${took}`,
        );
      if (did.outcome === 'no')
        return say(
          `${who} is told that ${did.op.key} did not match`,
          `${did.from} answered; nothing was changed. ${took}`,
        );
      return say(`${who} is told: ${wish(did.op)} is done`, `${did.from} answered. ${took}`);
    }
    case 'redirected':
      return say(
        `${who} is sent on by ${did.from}`,
        did.asked
          ? `It asks ${did.asked} now.`
          : did.leader
            ? `${did.leader} is said to lead; it asks again in a moment.`
            : 'Nobody leads, as far as is known there; it asks again in a moment.',
      );
    case 'late':
      return say(
        `An answer of ${did.from} comes too late for ${who}`,
        'It does not wait for it any more.',
      );
    case 'retry':
      return say(
        `${who} asks ${did.asked} for ${wish(did.op)} again`,
        `${did.before} did not answer. Try ${did.tries}, under the same number: it must not be done twice.`,
      );
    case 'gave-up':
      return say(
        `${who} gives up on ${wish(did.op)}`,
        `${did.tries} tries, no answer: nobody can tell whether it was done. It rests a while.`,
      );
    case 'rested':
      return say(`${who} is ready again`, 'It has nothing to ask.');
  }
}

/** What is due and has not happened, once somebody let time pass. */
function lateWords({ nodes, flights, now }: RaftLabState['world']): string {
  const up = nodes.filter(({ status }) => status === 'up');
  const messages = flights.filter(({ at, held }) => !held && at <= now).length;
  const saves = up.filter(({ saves }) => saves[0] && saves[0].at <= now).length;
  const timers = up.flatMap(({ timers }) => timers.filter(({ at }) => at <= now)).length;
  const late = [
    ...(messages > 0 ? [plural(messages, 'message')] : []),
    ...(saves > 0 ? [plural(saves, 'save')] : []),
    ...(timers > 0 ? [plural(timers, 'timer')] : []),
  ];
  return late.length > 0
    ? `Time passed, and nothing happened. Late by now: ${listed(late)}.`
    : 'Time passed, and nothing happened.';
}

function worldWords(event: RaftEvent, choice: Choice, { world }: RaftLabState): Caption {
  const name = (message: MessageName) => nameOfFlight(message);
  const gone = event.lost?.length
    ? ` ${event.lost.length === 1 ? `${name(event.lost[0] as MessageName)} goes` : `${event.lost.length} messages under way go`} lost.`
    : '';
  const body = event.message as { kind: string } | undefined;
  const what = body ? (A_MESSAGE[body.kind] ?? 'a message') : 'a message';
  switch (event.kind) {
    case 'opened':
      return {
        title: `A cluster of ${plural(world.nodes.length, 'node')}`,
        detail: `${listed(world.nodes.map(({ id }) => id))}: followers in term 0, with empty logs. Whose timer runs out first stands for election.`,
      };
    case 'laid-out': {
      const node = nodeNamed(world, event.who ?? '');
      const count = (node?.disk?.log.length ?? 1) - 1;
      return {
        title: `The disk of ${event.who} knows ${plural(count, 'entry', 'entries')}`,
        detail: `Laid out by hand: term ${node?.disk?.term}${node?.disk?.vote ? `, a vote for ${node.disk.vote}` : ''}.`,
      };
    }
    case 'quiet':
      return { title: `It is ${ms(world.now)}`, detail: 'Nothing else happens until then.' };
    case 'wait':
      return { title: `It is ${ms(world.now)}`, detail: lateWords(world) };
  }
  switch (choice.do) {
    case 'deliver':
      return {
        title: `${name(choice)} finds nobody`,
        detail: `${choice.to} is down: ${what} is lost.`,
      };
    case 'drop':
      return {
        title: `${name(choice)} is lost`,
        detail: `${cap(what)} from ${choice.from} never reaches ${choice.to}.`,
      };
    case 'duplicate':
      return {
        title: `${name(choice)} will arrive twice`,
        detail: `${cap(what)} from ${choice.from} to ${choice.to}, doubled by the network.`,
      };
    case 'hold':
      return {
        title: `${name(choice)} is held`,
        detail: `${cap(what)} from ${choice.from} to ${choice.to} stays under way until it is released.`,
      };
    case 'release':
      return {
        title: `${name(choice)} goes on`,
        detail: `${cap(what)} from ${choice.from} to ${choice.to} is released.`,
      };
    case 'crash': {
      const disk = nodeNamed(world, choice.node)?.disk;
      return {
        title: `${choice.node} crashes`,
        detail: `Its memory is gone. On its disk: ${disk ? `term ${disk.term}, ${plural(disk.log.length - 1, 'entry', 'entries')}` : 'nothing'}.`,
      };
    }
    case 'pause':
      return {
        title: `${choice.node} stops, and does not know it`,
        detail: 'Messages and timers wait for it.',
      };
    case 'resume':
      return {
        title: `${choice.node} goes on`,
        detail: 'To itself no time has passed; all that waited comes at once.',
      };
    case 'partition':
      return {
        title: 'The network is cut',
        detail: `${choice.groups.map((group) => listed(group)).join(' here, ')} there.${gone}`,
      };
    case 'cut':
      return {
        title: `The link from ${choice.from} to ${choice.to} is cut`,
        detail: `The way back stays.${gone}`,
      };
    case 'mend':
      return {
        title: `The link from ${choice.from} to ${choice.to} is mended`,
        detail: 'Messages arrive again.',
      };
    case 'link':
      return {
        title: `The link from ${choice.from} to ${choice.to} is bad`,
        detail:
          `${choice.latency === undefined ? '' : `A message takes ${ms(choice.latency)} or so. `}${choice.loss === undefined ? '' : `${Math.round(choice.loss * 100)} % of them go lost.`}`.trim(),
      };
    case 'heal':
      return {
        title: 'The network is whole again',
        detail: 'Every message arrives, sooner or later.',
      };
    case 'clear':
      return {
        title: 'The weather clears',
        detail: 'Links are whole, all nodes are up, clocks are right again.',
      };
    case 'skew': {
      const node = nodeNamed(world, choice.node);
      const offset = node ? localTime(node.clock, world.now) - world.now : 0;
      const rate = node?.clock.rate ?? 1;
      return {
        title: `The clock of ${choice.node} goes wrong`,
        detail: `It is ${offset === 0 ? 'right' : `${ms(Math.abs(offset))} ${offset > 0 ? 'ahead' : 'behind'}`}${rate === 1 ? '' : `, and runs ${rate} times as fast as it should`}.`,
      };
    }
    case 'chaos':
      return {
        title: `A storm of ${Math.round(choice.length / 100_000) / 10} s begins`,
        detail: `${plural(world.clients.length, 'client')} do not stop asking, of ${plural(choice.keys, 'key')}; faults come as the seed has them.`,
      };
    case 'calm':
      return {
        title: 'The storm is over',
        detail: `${plural(world.counts.events, 'event')}, ${plural(world.counts.lost, 'message')} lost.`,
      };
    default:
      return { title: `${cap(choice.do)}`, detail: '' };
  }
}

const RAFT = 'protocols/raft/raft.ts';
/** The function that was at work, by kind of event. */
const SOURCES: Readonly<Record<string, readonly [file: string, name: string]>> = {
  'pre-campaign': [RAFT, 'campaign'],
  campaign: [RAFT, 'campaign'],
  grant: [RAFT, 'onVote'],
  refuse: [RAFT, 'onVote'],
  tally: [RAFT, 'onVoted'],
  elected: [RAFT, 'lead'],
  'step-down': [RAFT, 'becomeFollower'],
  transfer: [RAFT, 'request'],
  'transfer-refused': [RAFT, 'request'],
  'transfer-over': [RAFT, 'wake'],
  'idle-timeout': [RAFT, 'wake'],
  propose: [RAFT, 'onCall'],
  accept: [RAFT, 'onAppend'],
  acked: [RAFT, 'onAppended'],
  reject: [RAFT, 'onAppend'],
  'back-up': [RAFT, 'onAppended'],
  'held-back': [RAFT, 'maybeCommit'],
  commit: [RAFT, 'maybeCommit'],
  heartbeat: [RAFT, 'broadcast'],
  heard: [RAFT, 'onAppend'],
  echo: [RAFT, 'onAppended'],
  'quorum-ok': [RAFT, 'wake'],
  stale: [RAFT, 'receive'],
  ignore: [RAFT, 'receive'],
  saved: [RAFT, 'saved'],
  compact: [RAFT, 'compact'],
  install: [RAFT, 'onSnapshot'],
  elsewhere: [RAFT, 'elsewhere'],
  read: [RAFT, 'read'],
  'read-waits': [RAFT, 'read'],
  'read-served': [RAFT, 'confirm'],
  voters: [RAFT, 'request'],
  'voters-refused': [RAFT, 'request'],
  start: [RAFT, 'start'],
  ask: ['sim/client.ts', 'begin'],
  queued: ['sim/client.ts', 'begin'],
  answered: ['sim/client.ts', 'hear'],
  redirected: ['sim/client.ts', 'hear'],
  late: ['sim/client.ts', 'hear'],
  retry: ['sim/client.ts', 'clientWake'],
  'gave-up': ['sim/client.ts', 'clientWake'],
  rested: ['sim/client.ts', 'clientWake'],
  chaos: ['sim/storm.ts', 'newStorm'],
};

export const words: Words<RaftLabState, RaftEvent> = {
  metrics,
  describe,
  settings,
  commands,
  sabotage,
  sourceOf(kind) {
    const [file, name] = SOURCES[kind] ?? ['sim/cluster.ts', 'absorb'];
    return { file: `engine/${file}`, name };
  },
};
