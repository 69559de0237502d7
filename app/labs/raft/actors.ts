// What the inspector says of a node, a message or a client of a Raft cluster, what can be done to it
// (each a line of the script), and what the space-time diagram draws of an event.

import type { RaftEvent, ShownFlight, ShownNode } from '../../../engine/labs/raft-value.ts';
import type { Trace, Unplaced } from '../../scene/lanes.ts';
import type { Tone } from '../../scene/scene.ts';
import { nameOfFlight } from '../cluster.ts';
import type { Action, Fact, Inspected } from '../picture.ts';
import { ASKING_FIRST, ROLES } from './role.ts';
import {
  clientOf,
  entryWords,
  knownOf,
  opWords,
  type RaftMoment,
  roleWords,
  toneOfTerm,
  unplacedOf,
} from './view.ts';

const ms = (time: number): string => `${Math.round(time / 100) / 10} ms`;

export const lanes = ({ value }: RaftMoment): readonly string[] => [
  ...value.nodes.map(({ id }) => id),
  ...value.clients.map(({ id }) => id),
];

/** Whom the inspector shows: what is selected, else who acts at this moment. */
export function inspect(moment: RaftMoment, selection: string | undefined): Inspected {
  const { value, event } = moment;
  const [kind = '', rest = ''] = selection ? split(selection) : [];
  const others = [
    ...value.nodes.map(({ id }) => ({ key: `node:${id}`, text: id })),
    ...value.flights.slice(0, 40).map((flight) => ({
      key: `flight:${nameOfFlight(flight)}`,
      text: `${nameOfFlight(flight)} ${flight.text}`,
    })),
  ];
  if (kind === 'flight') {
    const flight = value.flights.find((one) => nameOfFlight(one) === rest);
    if (flight) return ofFlight(flight, moment, others);
  }
  if (kind === 'client') {
    const client = value.clients.find(({ id }) => id === rest);
    const wrong = unplacedOf(value).filter(({ process }) => clientOf(process) === rest);
    if (client)
      return {
        title: `Client ${client.id}`,
        key: `client:${client.id}`,
        sections: [
          {
            heading: 'what it waits for',
            facts: client.open
              ? [
                  { name: 'asks', value: `${client.open.op.op} ${client.open.op.key}` },
                  { name: 'of', value: client.open.asked },
                  { name: 'try', value: `${client.open.tries}, number ${client.seq}` },
                  { name: 'since', value: ms(client.open.since) },
                ]
              : [
                  {
                    name: 'nothing',
                    value: client.resting ? 'it rests after an unknown outcome' : 'it is idle',
                  },
                ],
          },
          ...(wrong.length > 0
            ? [
                {
                  heading: 'has no place in any order',
                  facts: wrong.map((op) => ({
                    name: opWords(op),
                    value: `${ms(op.call)} to ${op.return === null ? '…' : ms(op.return)}`,
                    changed: true,
                  })),
                },
              ]
            : []),
        ],
        actions: [
          {
            label: 'Put x',
            line: `client ${client.id} put x ${value.operations + 1}`,
            help: 'Writes a new value under x.',
          },
          { label: 'Get x', line: `client ${client.id} get x`, help: 'Reads x.' },
        ],
        others,
      };
  }
  const wanted = kind === 'node' ? rest : kind === 'entry' ? split(rest)[0] : event.who;
  const node = value.nodes.find(({ id }) => id === wanted) ?? value.nodes[0];
  if (!node) return { title: 'Node', key: '', sections: [], actions: [], others };
  const index = kind === 'entry' ? Number(split(rest)[1]) : undefined;
  return ofNode(node, moment, index, others);
}

function split(key: string): [string, string] {
  const at = key.indexOf(':');
  return at < 0 ? [key, ''] : [key.slice(0, at), key.slice(at + 1)];
}

function ofFlight(
  flight: ShownFlight,
  { value }: RaftMoment,
  others: Inspected['others'],
): Inspected {
  const name = nameOfFlight(flight);
  return {
    title: name,
    key: `flight:${name}`,
    sections: [
      {
        heading: 'a message under way',
        facts: [
          { name: 'what', value: `${flight.kind}: ${flight.text}` },
          { name: 'from, to', value: `${flight.from} → ${flight.to}` },
          ...(flight.term === null ? [] : [{ name: 'term', value: `${flight.term}` }]),
          { name: 'sent', value: `${ms(value.now - flight.sentAt)} ago` },
          {
            name: 'arrives',
            value: flight.held ? 'held' : `in ${ms(Math.max(0, flight.at - value.now))}`,
          },
        ],
      },
    ],
    actions: [
      { label: 'Deliver', line: `deliver ${name}`, help: 'It arrives now, before all others.' },
      { label: 'Drop', line: `drop ${name}`, help: 'It is lost.' },
      ...(flight.copy
        ? []
        : [{ label: 'Duplicate', line: `duplicate ${name}`, help: 'It arrives twice.' }]),
      flight.held
        ? { label: 'Release', line: `release ${name}`, help: 'It goes on.' }
        : { label: 'Hold', line: `hold ${name}`, help: 'It stays under way until it is released.' },
    ],
    others,
  };
}

function ofNode(
  node: ShownNode,
  moment: RaftMoment,
  index: number | undefined,
  others: Inspected['others'],
): Inspected {
  const { value, event } = moment;
  const { id, state, status } = node;
  const known = knownOf(node);
  const did = event.who === id ? event.did : undefined;
  const committed = did && 'committed' in did ? did.committed : undefined;
  const adopted = did && 'adopted' in did ? did.adopted : undefined;
  const entry = index === undefined ? undefined : known?.entries.find((one) => one.index === index);
  const peers = state ? Object.entries(state.peers) : [];
  const timer = (name: string): Fact[] =>
    node.timers
      .filter((one) => one.name === name)
      .map(({ at }) => ({ name: `${name} timer`, value: `in ${ms(Math.max(0, at - value.now))}` }));
  const disk = node.disk;
  return {
    title: `Node ${id}`,
    key: `node:${id}`,
    ...(state && {
      chart: state.role === 'pre-candidate' ? ASKING_FIRST : { ...ROLES, now: state.role },
    }),
    sections: [
      ...(entry
        ? [
            {
              heading: `entry ${entry.index}`,
              facts: [
                { name: 'term', value: `${entry.term}` },
                { name: 'says', value: entryWords(entry) },
                {
                  name: 'is',
                  value: `${entry.index <= (state?.stable ?? 0) ? 'on the disk' : 'not saved yet'}, ${entry.index <= (state?.commit ?? 0) ? 'committed' : 'not committed'}`,
                },
              ],
            },
          ]
        : []),
      {
        heading: 'below the waterline: on disk',
        facts: disk
          ? [
              { name: 'currentTerm', value: `${disk.term}`, changed: did?.kind === 'saved' },
              { name: 'votedFor', value: disk.vote ?? '–', changed: did?.kind === 'saved' },
              {
                name: 'log',
                value:
                  disk.last === 0
                    ? 'empty'
                    : `${disk.last} ${disk.last === 1 ? 'entry' : 'entries'}, last term ${disk.lastTerm}`,
              },
              ...(disk.snapshot
                ? [
                    {
                      name: 'snapshot',
                      value: `up to ${disk.snapshot.index}, ${disk.snapshot.keys} keys`,
                    },
                  ]
                : []),
            ]
          : [{ name: 'nothing', value: 'it never saved' }],
      },
      {
        heading: 'above: in memory',
        facts: state
          ? [
              { name: 'role', value: roleWords(node) },
              {
                name: 'term',
                value: `${state.term}`,
                changed: adopted !== undefined || did?.kind === 'campaign',
              },
              { name: 'leader', value: state.leader ?? 'unknown' },
              {
                name: 'commitIndex',
                value: committed ? `${committed.from} → ${committed.to}` : `${state.commit}`,
                changed: committed !== undefined,
              },
              ...(state.last > state.stable
                ? [{ name: 'not saved', value: `entries after ${state.stable}` }]
                : []),
              ...(peers.length > 0
                ? [
                    {
                      name: 'nextIndex',
                      value: peers.map(([peer, { next }]) => `${peer} ${next}`).join(' · '),
                    },
                    {
                      name: 'matchIndex',
                      value: peers.map(([peer, { match }]) => `${peer} ${match}`).join(' · '),
                    },
                  ]
                : []),
              { name: 'voters', value: state.voters.join(' ') },
              ...(state.reads > 0 ? [{ name: 'reads waiting', value: `${state.reads}` }] : []),
              ...(state.heir ? [{ name: 'hands over to', value: state.heir }] : []),
              ...timer('election'),
              ...timer('heartbeat'),
              ...timer('quorum'),
              ...(node.clock.offset !== 0 || node.clock.rate !== 1
                ? [
                    {
                      name: 'its clock',
                      value: `${node.clock.offset >= 0 ? '+' : ''}${ms(node.clock.offset)}${node.clock.rate === 1 ? '' : `, × ${node.clock.rate}`}`,
                    },
                  ]
                : []),
            ]
          : [{ name: 'nothing', value: 'it is down: its memory is gone' }],
      },
      ...(state && state.machine.length > 0
        ? [
            {
              heading: `the state machine: ${state.keys} ${state.keys === 1 ? 'key' : 'keys'}`,
              facts: state.machine.map(([name, of]) => ({ name, value: of })),
            },
          ]
        : []),
      {
        heading: 'checked at every step',
        facts: [
          ...PROMISES.map(([referee, text]) => ({
            name: value.violated.includes(referee) ? '✕ broken' : '● holds',
            value: text,
            changed: value.violated.includes(referee),
          })),
          {
            name: value.linearizable ? '● holds' : '✕ broken',
            value: `what clients saw is linearizable (${value.operations} records)`,
            changed: !value.linearizable,
          },
        ],
      },
    ],
    whole: wholeActions(moment),
    actions: nodeActions(
      node,
      value.nodes.map((one) => one.id),
      status,
    ),
    others,
  };
}

function nodeActions(
  { id, state, timers }: ShownNode,
  all: readonly string[],
  status: ShownNode['status'],
): Action[] {
  if (status === 'crashed')
    return [
      {
        label: 'Restart',
        line: `restart ${id}`,
        help: 'It comes up with what its disk still knows.',
      },
    ];
  const rest = all.filter((other) => other !== id);
  return [
    { label: 'Crash', line: `crash ${id}`, help: 'Its memory is gone, its disk stays.' },
    status === 'paused'
      ? { label: 'Resume', line: `resume ${id}`, help: 'It goes on.' }
      : { label: 'Pause', line: `pause ${id}`, help: 'It stops, and does not notice.' },
    ...(status === 'up'
      ? timers.map(({ name }) => ({
          label: `Fire ${name}`,
          line: `fire ${id} ${name}`,
          help: 'That timer runs out now.',
        }))
      : []),
    ...(rest.length > 0
      ? [
          {
            label: 'Cut off',
            line: `partition ${id} / ${rest.join(',')}`,
            help: 'Nobody hears it, and it hears nobody.',
          },
        ]
      : []),
    { label: 'Clock +80 ms', line: `skew ${id} +80ms`, help: 'Its clock is put forward.' },
    { label: 'Clock −80 ms', line: `skew ${id} -80ms`, help: 'Its clock is put back.' },
    ...(state && state.role !== 'leader' && state.leader !== null
      ? [{ label: 'Hand over to it', line: `transfer ${id}`, help: 'The leader hands over.' }]
      : []),
    ...(state && state.commit > state.base
      ? [
          {
            label: 'Snapshot',
            line: `compact ${id}`,
            help: 'It replaces what is applied by a snapshot.',
          },
        ]
      : []),
  ];
}

const PROMISES: readonly (readonly [referee: string, text: string])[] = [
  ['election safety', 'one leader a term'],
  ['leader append-only', 'a leader only appends'],
  ['log matching', 'logs match'],
  ['leader completeness', 'leaders hold all that is committed'],
  ['state machine safety', 'all apply the same'],
  ['committed is durable', 'what is committed is on a majority of disks'],
  ['leader lease', 'while a lease runs, nobody leads a later term'],
];

const CAMPAIGNS: ReadonlySet<string> = new Set(['campaign', 'pre-campaign']);

/** What is done to no one in particular. */
function wholeActions({ value }: RaftMoment): Action[] {
  return [
    { label: '100 ms pass', line: 'run 100ms', help: 'All that is due until then happens.' },
    ...(value.cuts.length > 0 || value.links.length > 0
      ? [{ label: 'Heal', line: 'heal', help: 'All links are as they should be.' }]
      : []),
    ...(value.clients.length === 0
      ? [{ label: 'A client writes', line: 'client 1 put x 1', help: 'It asks the leader.' }]
      : []),
    ...(value.storm
      ? []
      : [
          {
            label: 'A storm of 20 s',
            line: 'chaos 20s',
            help: 'Clients that do not stop asking, and faults of every kind from the seed; it clears before its end.',
          },
        ]),
  ];
}

/** What the space-time diagram needs of an event. */
export function trace(event: RaftEvent): Trace {
  const { at, who, kind, did, choice, sent, message } = event;
  const term =
    message && typeof message === 'object' && 'term' in message ? Number(message.term) : undefined;
  const own = did && 'term' in did && typeof did.term === 'number' ? did.term : term;
  const tone: Tone =
    who !== undefined && /^\d/.test(who) ? 'dirty' : own === undefined ? 'muted' : toneOfTerm(own);
  const lane = laneOf(event, tone);
  const mark = MARKS[kind];
  return {
    at,
    tone,
    ...(who !== undefined && { who }),
    sent: sent.map(({ to, arrives, kind: what }) => ({
      to,
      ...(arrives !== undefined && { arrives }),
      tone:
        what === 'appended' || what === 'voted'
          ? 'durable'
          : what === 'call' || what === 'answer'
            ? 'dirty'
            : tone,
    })),
    ...(lane && { lane }),
    ...(isQuiet(event) && { quiet: true }),
    ...operationOf(event),
    ...(mark !== undefined && { mark }),
    ...(choice.do === 'partition' && { cut: choice.groups.map((group) => group.join(',')) }),
    ...((choice.do === 'heal' || choice.do === 'clear') && { cut: [] }),
  };
}

const QUIET: ReadonlySet<string> = new Set(['heartbeat', 'heard', 'echo', 'quorum-ok']);

/** Nothing new: a leader says that it is there, and is heard. */
const isQuiet = ({ kind, did }: RaftEvent): boolean =>
  QUIET.has(kind) &&
  !(did && 'committed' in did && did.committed) &&
  !(did && 'adopted' in did && did.adopted);

/** What an event says of the operation of the client whose it is. A client has one at a time. */
function operationOf({ kind, did, sent }: RaftEvent): Pick<Trace, 'begins' | 'ends'> {
  if (kind === 'ask') return { begins: true };
  // Whoever has another one waiting asks for it in the same breath.
  const begins = sent.some(({ kind: what }) => what === 'call');
  const next = begins ? { begins } : {};
  switch (did?.kind) {
    case 'rested':
      return next;
    case 'gave-up':
      return { ends: `${did.op.op} ${did.op.key}: unknown`, ...next };
    case 'answered': {
      const { op, value, outcome } = did;
      const asked = 'value' in op ? `${op.op} ${op.key} ${op.value}` : `${op.op} ${op.key}`;
      const told = op.op === 'get' ? `: ${value ?? 'nothing'}` : outcome === 'ok' ? '' : ': no';
      return { ends: `${asked}${told}`, ...next };
    }
    default:
      return {};
  }
}

/** Operations that no order explains, as the diagram finds them. */
export const unplaced = ({ value }: RaftMoment): readonly Unplaced[] =>
  unplacedOf(value).map(({ process, call }) => ({ who: clientOf(process), called: call }));

const MARKS: Readonly<Record<string, string>> = {
  crash: 'crash',
  start: 'restart',
  partition: 'partition',
  heal: 'heal',
  pause: 'pause',
  resume: 'resume',
  skew: 'clock',
  commit: 'commit',
  install: 'snapshot',
  'gave-up': 'unknown',
};

function laneOf({ who, kind, did }: RaftEvent, tone: Tone): Trace['lane'] | undefined {
  if (who === undefined) return undefined;
  if (kind === 'elected')
    return {
      who,
      style: 'leader',
      tone,
      text: `leader, term ${did && 'term' in did ? did.term : ''}`,
    };
  if (CAMPAIGNS.has(kind)) return { who, style: 'candidate', tone: 'lamp' };
  if (kind === 'crash') return { who, style: 'down', tone: 'fault' };
  if (kind === 'start' || kind === 'step-down') return { who, style: 'quiet', tone: 'muted' };
  const adopted = did && 'adopted' in did ? did.adopted : undefined;
  if (adopted && adopted.was !== 'follower') return { who, style: 'quiet', tone: 'muted' };
  if (did?.kind === 'tally' && did.lost) return { who, style: 'quiet', tone: 'muted' };
  if (did?.kind === 'accept' || did?.kind === 'heard')
    return { who, style: 'quiet', tone: 'muted' };
  return undefined;
}
