// The Raft lab's commands, settings and switches, as help, panels and the command line tell of them.

import type { Wrong } from '../protocols/raft/types.ts';
import type { CommandSpec, Sabotage, Setting } from '../run/lab.ts';
import { USAGE, type Verb } from './raft-commands.ts';

const HELP: Readonly<Record<Verb, readonly [help: string, ...examples: string[]]>> = {
  run: [
    'Lets time pass, or lets it pass until something happens.',
    'run 300ms',
    'run until elected',
    'run until commit at C',
  ],
  step: ['The next K events, in the order of time.', 'step 1', 'step 20'],
  wait: [
    'Time passes, and nothing happens: messages, saves and timers that come due meanwhile are late.',
    'wait 50ms',
  ],
  fire: ['A timer runs out now: election, heartbeat, quorum or transfer.', 'fire C election'],
  deliver: ['A message arrives now, before others that are under way.', 'deliver A>B#17'],
  drop: ['A message is lost.', 'drop A>B#17'],
  duplicate: ['A message will arrive twice.', 'duplicate A>B#17'],
  hold: ['A message stays under way until it is released or delivered.', 'hold A>B#17'],
  release: ['A held message goes on.', 'release A>B#17'],
  partition: [
    'Cuts the network: messages between the sides are lost. Nodes not named are a side of their own.',
    'partition A,B / C,D,E',
  ],
  heal: ['All links are as they should be.', 'heal'],
  cut: ['Cuts one link in one direction.', 'cut A>B'],
  mend: ['A link is as it should be.', 'mend A>B'],
  link: [
    'Makes one link slower, or lossy, in one direction.',
    'link A>B 80ms',
    'link A>B loss 20%',
  ],
  saved: ["A node's disk has finished its oldest save.", 'saved A'],
  crash: ['A node dies: its memory is gone, its disk stays.', 'crash A'],
  restart: ['A crashed node comes up again with what its disk still knows.', 'restart A'],
  pause: ['A node stops, and does not notice: a long garbage collection.', 'pause A'],
  resume: ['A paused node goes on.', 'resume A'],
  skew: [
    "Puts a node's clock forward or back, or makes it run faster or slower.",
    'skew C +80ms',
    'skew C x1.1',
  ],
  client: [
    'A client asks for an operation; one at a time, the others wait.',
    'client 1 put x 3',
    'client 1 get x',
    'client 2 cas x 3 4',
    'client 1 delete x',
  ],
  transfer: ['The leader hands over to a node.', 'transfer C'],
  add: [
    'A new node joins: the leader puts the new list of voters into its log.',
    'add node',
    'add node F',
  ],
  remove: ['A node leaves the list of voters. It goes on running.', 'remove node B'],
  compact: ['A node replaces what is applied of its log by a snapshot.', 'compact A'],
  disk: [
    "What a node's disk knows at the beginning, before anything happened.",
    'disk A log 1 1 2 term 3',
  ],
  chaos: [
    'A storm from the seed: clients who do not stop asking, and faults of every kind; it clears before its end.',
    'chaos 20s',
  ],
};

export const commands: readonly CommandSpec[] = (Object.keys(USAGE) as Verb[]).map((name) => {
  const [help, ...examples] = HELP[name];
  return { name, usage: USAGE[name], help, examples };
});

const ms = (
  name: string,
  value: number,
  min: number,
  max: number,
  values: number[],
  help: string,
): Setting => ({
  name,
  type: 'integer',
  default: value,
  min,
  max,
  values,
  help,
});

export const settings: readonly Setting[] = [
  {
    name: 'nodes',
    type: 'integer',
    default: 5,
    min: 1,
    max: 9,
    values: [1, 3, 5, 7, 9],
    help: 'Servers at the beginning.',
  },
  {
    name: 'reads',
    type: 'choice',
    default: 'index',
    values: ['index', 'lease', 'log'],
    help: 'How the leader knows that a read is not stale: index asks a majority each time, lease trusts the clocks, log puts the read into the log.',
  },
  {
    name: 'pre-vote',
    type: 'switch',
    default: false,
    help: 'A node asks whether it could win before it begins a new term.',
  },
  {
    name: 'check-quorum',
    type: 'switch',
    default: false,
    help: 'A leader that hears from no majority steps down; voters wait for a silent leader.',
  },
  ms(
    'election',
    150,
    10,
    10_000,
    [50, 150, 1000],
    'An election timeout is drawn between this and twice as much, in ms. The paper: 150; etcd: 1000.',
  ),
  ms('heartbeat', 50, 1, 5000, [15, 50, 100], 'Between two heartbeats, in ms. etcd: 100.'),
  ms('latency', 10, 0, 1000, [1, 10, 50], 'Of a message, one way, in ms.'),
  {
    name: 'spread',
    type: 'choice',
    default: 'uniform',
    values: ['fixed', 'uniform', 'tail'],
    help: 'How latencies differ: not at all; by half either way; mostly short, some very long.',
  },
  {
    name: 'loss',
    type: 'integer',
    default: 0,
    min: 0,
    max: 90,
    values: [0, 2, 20],
    help: 'Messages lost, in percent.',
  },
  {
    name: 'duplicate',
    type: 'integer',
    default: 0,
    min: 0,
    max: 90,
    values: [0, 2, 20],
    help: 'Messages that arrive twice, in percent.',
  },
  { name: 'fifo', type: 'switch', default: false, help: 'A link delivers in order.' },
  ms(
    'save',
    1,
    0,
    1000,
    [0, 1, 20],
    'How long a disk takes to save, in ms. What waits for it is lost in a crash.',
  ),
  {
    name: 'snapshot',
    type: 'integer',
    default: 0,
    min: 0,
    max: 10_000,
    values: [0, 8, 100],
    help: 'A node makes a snapshot after so many applied entries; 0: only when told to. etcd: 10000.',
  },
  {
    name: 'batch',
    type: 'integer',
    default: 64,
    min: 1,
    max: 1000,
    values: [1, 64],
    help: 'Entries in a message, at most.',
  },
  {
    name: 'commit-news',
    type: 'choice',
    default: 'heartbeat',
    values: ['heartbeat', 'at-once'],
    help: 'When followers hear what is committed: with the next message, or in one of its own, as etcd does.',
  },
  {
    name: 'clients',
    type: 'integer',
    default: 5,
    min: 0,
    max: 20,
    values: [1, 5, 10],
    help: 'Clients of a storm.',
  },
  {
    name: 'keys',
    type: 'integer',
    default: 10,
    min: 1,
    max: 1000,
    values: [1, 10, 100],
    help: 'Keys that a storm uses.',
  },
  ms('gap', 500, 10, 10_000, [50, 500], 'The most time between two faults of a storm, in ms.'),
  {
    name: 'operator',
    type: 'switch',
    default: false,
    help: 'In a storm somebody adds and removes voters too, and has the leader hand over.',
  },
];

export const sabotage: readonly (Sabotage & { readonly name: Wrong })[] = [
  {
    name: 'vote-not-saved',
    description: 'A node forgets at a restart whom it voted for: two leaders in one term.',
  },
  {
    name: 'ack-before-save',
    description:
      'An entry is acknowledged before it is on the disk: a crash takes back what is committed.',
  },
  {
    name: 'commit-older-term',
    description: "An entry of an older term is committed by counting: the paper's figure 8.",
  },
  {
    name: 'vote-without-log-check',
    description: 'A vote is given without comparing logs: a committed entry disappears.',
  },
  {
    name: 'reply-term-unchecked',
    description:
      'An answer from an older term counts in this one: votes and acknowledgements are counted twice.',
  },
  {
    name: 'lease-ignores-clocks',
    description:
      'A read lease lasts as long as an election may take, from the answer on (with reads = lease): stale reads.',
  },
  {
    name: 'duplicate-applied-twice',
    description: 'A repeated request is applied again: an operation takes effect twice.',
  },
  {
    name: 'voters-at-commit',
    description:
      'New voters count only when committed, and two changes may be under way: two majorities without a node in common.',
  },
];
