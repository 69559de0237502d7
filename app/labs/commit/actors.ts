// What the inspector says of a node, a line of its log or a message, what can be done to it (each a line
// of the script), and what the space-time diagram draws of an event.

import type { CommitEvent, ShownFlight, ShownNode } from '../../../engine/labs/commit-value.ts';
import type { Trace } from '../../scene/lanes.ts';
import { nameOfFlight } from '../cluster.ts';
import type { Action, Fact, Inspected } from '../picture.ts';
import { chartOf } from './roles.ts';
import {
  type CommitMoment,
  doubtOf,
  inDoubt,
  past,
  recordWords,
  standOf,
  toneOf,
  unsaved,
} from './round.ts';
import { toneOfFlight } from './view.ts';

const ms = (time: number): string => `${Math.round(time / 100) / 10} ms`;

export const lanes = ({ value }: CommitMoment): readonly string[] =>
  value.nodes.map(({ id }) => id);

/** Whom the inspector shows: what is selected, else who acts at this moment. */
export function inspect(moment: CommitMoment, selection: string | undefined): Inspected {
  const { value, event } = moment;
  const [kind = '', rest = '', line] = selection?.split(':') ?? [];
  const others = [
    ...value.nodes.map(({ id }) => ({ key: `node:${id}`, text: id })),
    ...value.flights.slice(0, 40).map((flight) => ({
      key: `flight:${nameOfFlight(flight)}`,
      text: `${nameOfFlight(flight)} ${flight.text}`,
    })),
  ];
  const flight = value.flights.find((one) => kind === 'flight' && nameOfFlight(one) === rest);
  if (flight) return ofFlight(flight, moment, others);
  const wanted = kind === 'node' || kind === 'record' ? rest : event.who;
  const node = value.nodes.find(({ id }) => id === wanted) ?? value.nodes[0];
  if (!node) return { title: 'Node', key: '', sections: [], actions: [], others };
  return ofNode(node, moment, kind === 'record' ? Number(line) : undefined, others);
}

function ofFlight(
  flight: ShownFlight,
  { value }: CommitMoment,
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
          { name: 'transaction', value: `${flight.tx}` },
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
  moment: CommitMoment,
  line: number | undefined,
  others: Inspected['others'],
): Inspected {
  const { value, event } = moment;
  const { id, state, log, durable } = node;
  const chart = chartOf(node, value);
  const doubt = doubtOf(node, value);
  const record = line === undefined ? undefined : log[line];
  const saved = event.who === id && event.kind === 'saved';
  const late = unsaved(node);
  const title =
    node.role === 'participant'
      ? 'Participant'
      : node.role === 'acceptor'
        ? 'Acceptor'
        : value.rules.protocol === 'paxos-commit'
          ? 'Leader'
          : 'Coordinator';
  return {
    title: `${title} ${id}`,
    key: `node:${id}`,
    ...(chart && { chart }),
    sections: [
      ...(record && line !== undefined
        ? [
            {
              heading: `line ${line + 1} of its log`,
              facts: [
                { name: 'says', value: recordWords(record) },
                { name: 'is', value: line < durable ? 'on the disk' : 'in memory alone' },
              ],
            },
          ]
        : []),
      ...(doubt.length > 0
        ? [
            {
              heading: value.blocked.includes(id)
                ? 'blocked: it said yes, and nobody can end it'
                : 'in doubt: it said yes, and may not decide alone',
              facts: doubt.map(({ id: name, why }) => ({ name, value: why })),
            },
          ]
        : []),
      {
        heading: 'below the waterline: on disk',
        facts: [
          ...(node.role === 'participant'
            ? [{ name: 'its data', value: node.value ?? 'nothing committed yet' }]
            : []),
          ...(node.engine
            ? [
                {
                  name: 'its engine',
                  value: `a B-Tree: ${node.engine.frames} frames in its write-ahead log, ${node.engine.value ?? 'no data'}`,
                },
              ]
            : []),
          ...(durable === 0 ? [{ name: 'log', value: 'empty' }] : []),
          ...log.slice(0, durable).map((one, i) => ({
            name: `line ${i + 1}`,
            value: recordWords(one),
            changed: saved && i === durable - 1,
          })),
        ],
      },
      {
        heading: 'above: in memory',
        facts: state
          ? [
              { name: 'stands', value: standOf(node, value).words },
              ...late.map((one) => ({ name: 'not saved', value: recordWords(one) })),
              ...memoryOf(node),
              ...node.timers.map(({ name, at }) => ({
                name: `${name} timer`,
                value: `in ${ms(Math.max(0, at - value.now))}`,
              })),
            ]
          : [{ name: 'nothing', value: 'it is down: its memory is gone' }],
      },
      { heading: 'what the transaction cost so far', facts: costs(moment) },
      {
        heading: 'checked at every step',
        facts: [
          ...PROMISES.map(([referee, text]) => ({
            name: value.violated.includes(referee) ? '✕ broken' : '● holds',
            value: text,
            changed: value.violated.includes(referee),
          })),
          {
            name: value.blocked.length > 0 ? '✕ blocked' : '● holds',
            value:
              value.blocked.length > 0
                ? `nobody who is up can help ${value.blocked.join(' ')}`
                : 'whoever is in doubt can be helped',
            changed: value.blocked.length > 0,
          },
        ],
      },
    ],
    actions: nodeActions(node, moment),
    others,
  };
}

/** What it knows of each transaction. */
function memoryOf({ state }: ShownNode): Fact[] {
  const of = (map: Readonly<Record<string, string>>): string =>
    Object.entries(map)
      .map(([who, what]) => `${who} ${what}`)
      .join(' · ');
  const facts: Fact[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value) facts.push({ name, value });
  };
  for (const { tx, phase, votes, acks, decision } of state?.coordinates ?? []) {
    add(`transaction ${tx}`, decision ? `${phase}: ${decision}` : phase);
    add('votes', of(votes));
    add('acknowledged', acks.join(' '));
  }
  for (const { tx, phase, value, recovering, heuristic, states, round } of state?.participates ??
    []) {
    const how = recovering ? ', back from a crash' : heuristic ? ', by hand' : '';
    add(`transaction ${tx}`, `${phase}${how}${value ? `; wants ${value}` : ''}`);
    if (round >= 10) add('follows round', `${round}`);
    add('was told', states && of(states));
  }
  for (const { tx, promised, accepted, leading = 0, promises, heard, decision } of state?.accepts ??
    []) {
    add(`transaction ${tx}`, decision ? past(decision) : 'open');
    add(
      'accepted',
      of(
        Object.fromEntries(
          Object.entries(accepted).map(([who, { ballot, value }]) => [
            who,
            `${value === 'commit' ? 'prepared' : 'aborted'} (${ballot})`,
          ]),
        ),
      ),
    );
    if (promised > 0) add('promised', `ballot ${promised}`);
    if (leading > 0) add('leads', `ballot ${leading}`);
    add('promises of', Object.keys(promises ?? {}).join(' '));
    add('heard from', Object.keys(heard ?? {}).join(' '));
  }
  return facts;
}

/** Counted from the run, beside what the formula says of a run in which nothing goes wrong. */
function costs({ value: { cost, formula } }: CommitMoment): Fact[] {
  return (
    [
      ['messages', 'messages'],
      ['forced writes', 'forced'],
      ['message delays', 'delays'],
    ] as const
  ).map(([name, count]) => {
    const term = formula?.[count];
    const beside = term
      ? `formula ${term.formula === `${term.value}` ? '' : `${term.formula} = `}${term.value}`
      : 'no formula';
    return { name, value: `${cost[count]} · ${beside}` };
  });
}

function nodeActions(node: ShownNode, { value }: CommitMoment): Action[] {
  const { id, status, timers, saves, role } = node;
  if (status === 'crashed')
    return [
      {
        label: 'Restart',
        line: `restart ${id}`,
        help: 'It comes up with what its disk still knows.',
      },
    ];
  const { rules, nodes, tx } = value;
  const rest = nodes.map((one) => one.id).filter((other) => other !== id);
  const begins = rules.protocol === 'paxos-commit' ? rules.participants[0] : rules.coordinator;
  const colour = ['blue', 'red', 'green', 'gold'][tx % 4];
  return [
    { label: 'Crash', line: `crash ${id}`, help: 'Its memory is gone, its disk stays.' },
    status === 'paused'
      ? { label: 'Resume', line: `resume ${id}`, help: 'It goes on.' }
      : { label: 'Pause', line: `pause ${id}`, help: 'It stops, and does not notice.' },
    ...(status === 'up' && id === begins
      ? [
          {
            label: 'Begin',
            line: `begin ${colour}`,
            help: 'A transaction begins.',
          },
        ]
      : []),
    ...(status === 'up' && saves.length > 0
      ? [{ label: 'Disk is done', line: `saved ${id}`, help: 'Its write is on the disk now.' }]
      : []),
    ...(status === 'up'
      ? timers.map(({ name }) => ({
          label: `Patience ends`,
          line: `fire ${id} ${name}`,
          help: `It waits no longer: the timer ${name} runs out now.`,
        }))
      : []),
    ...(status === 'up' && role === 'participant' && inDoubt(node)
      ? (['commit', 'abort'] as const).map((decision) => ({
          label: `Decide: ${decision}`,
          line: `decide ${id} ${decision}`,
          help: 'An operator decides for it, whatever the others do.',
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
    ...(value.cuts.length > 0
      ? [{ label: 'Heal', line: 'heal', help: 'The network is whole again.' }]
      : []),
  ];
}

const PROMISES: readonly (readonly [referee: string, text: string])[] = [
  ['agreement', 'no two decide differently'],
  ['validity', 'a commit means that all said yes'],
  ['no reversal', 'who has decided stays with it'],
  ['atomicity', 'where one committed, nobody forgot its yes'],
];

/** What the space-time diagram needs of an event. */
export function trace(event: CommitEvent): Trace {
  const { at, who, choice, sent } = event;
  const lane = laneOf(event);
  const mark = MARKS[event.kind];
  const says = event.did?.decision ?? event.did?.vote ?? '';
  return {
    at,
    tone: lane?.tone ?? 'muted',
    ...(who !== undefined && { who }),
    sent: sent.map(({ to, arrives, kind }) => ({
      to,
      ...(arrives !== undefined && { arrives }),
      tone: toneOfFlight({
        kind: kind as ShownFlight['kind'],
        text: kind === 'vote' || kind === 'decision' ? says : kind,
      }),
    })),
    ...(lane && { lane }),
    ...(mark !== undefined && { mark }),
    ...(choice.do === 'partition' && { cut: choice.groups.map((group) => group.join(',')) }),
    ...(choice.do === 'heal' && { cut: [] }),
  };
}

const MARKS: Readonly<Record<string, string>> = {
  crash: 'crash',
  restart: 'restart',
  up: 'restart',
  recovered: 'restart',
  pause: 'pause',
  resume: 'resume',
  partition: 'partition',
  heal: 'heal',
  guessed: 'guess',
  heuristic: 'by hand',
  damage: 'too late',
  'took-over': 'takes over',
};

/** A lane is dashed in doubt, and thick in the outcome's colour once it is known there. */
function laneOf({ who, kind, did }: CommitEvent): Trace['lane'] | undefined {
  if (who === undefined) return undefined;
  const doubt = { who, style: 'candidate', tone: 'dirty', text: 'in doubt' } as const;
  if (kind === 'crash') return { who, style: 'down', tone: 'fault' };
  switch (did?.kind) {
    case 'up':
      return { who, style: 'quiet', tone: 'muted' };
    case 'recovered':
      return did.phase === 'recovering' ? doubt : { who, style: 'quiet', tone: 'muted' };
    case 'begun':
      return did.vote === 'yes' ? doubt : { who, style: 'quiet', tone: 'muted' };
    case 'voted':
      if (did.vote === 'yes') return doubt;
      return did.vote === 'no'
        ? { who, style: 'leader', tone: 'fault', text: 'aborted' }
        : { who, style: 'quiet', tone: 'muted' };
    case 'decided':
    case 'learned':
    case 'guessed':
    case 'heuristic':
      return did.decision
        ? { who, style: 'leader', tone: toneOf(did.decision), text: past(did.decision) }
        : undefined;
    default:
      return undefined;
  }
}
