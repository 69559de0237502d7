// The commit lab's commands, settings and switches, as help, panels and the command line tell of them.

import type { Wrong } from '../protocols/commit/types.ts';
import type { CommandSpec, Sabotage, Setting } from '../run/lab.ts';
import { SHARED } from './commit-commands.ts';
import { commands as sharedCommands } from './raft-settings.ts';

export const commands: readonly CommandSpec[] = [
  {
    name: 'begin',
    usage: 'begin VALUE',
    help: 'A transaction begins: every participant is to take the value.',
    examples: ['begin blue'],
  },
  {
    name: 'decide',
    usage: 'decide NODE commit|abort',
    help: 'An operator loses patience and decides for a participant in doubt.',
    examples: ['decide B abort'],
  },
  {
    name: 'saved',
    usage: 'saved NODE',
    help: "A node's disk has finished its oldest write.",
    examples: ['saved A'],
  },
  ...sharedCommands
    .filter(({ name }) => (SHARED as readonly string[]).includes(name))
    .map((spec) =>
      spec.name === 'fire'
        ? {
            ...spec,
            help: 'A timer runs out now: votes1, acks1, outcome1, states1; the number is the transaction.',
            examples: ['fire B outcome1'],
          }
        : spec.name === 'run'
          ? { ...spec, examples: ['run 300ms', 'run until decided'] }
          : spec,
    ),
];

const integer = (name: string, value: number, min: number, max: number, help: string): Setting => ({
  name,
  type: 'integer',
  default: value,
  min,
  max,
  help,
});
const choice = (name: string, values: readonly string[], help: string): Setting => ({
  name,
  type: 'choice',
  default: values[0] as string,
  values,
  help,
});
const toggle = (name: string, value: boolean, help: string): Setting => ({
  name,
  type: 'switch',
  default: value,
  help,
});

/** `BC`: those participants. */
const letters = (name: string, help: string): Setting => ({
  name,
  type: 'text',
  default: '',
  help,
  expected: 'letters of participants, as in C or BD',
  valid: (value) => /^[B-G]*$/.test(String(value)),
});

export const settings: readonly Setting[] = [
  choice('protocol', ['two-phase', 'three-phase', 'paxos-commit'], 'Which protocol commits.'),
  integer('participants', 3, 1, 6, 'Participants, named from B; A coordinates.'),
  {
    ...integer(
      'group-size',
      1,
      1,
      5,
      'Two-phase commit: nodes that the coordinator and each participant consist of; more than one are a Raft group.',
    ),
    values: [1, 3, 5],
    expected: 'odd',
    valid: (value) => Number(value) % 2 === 1,
  },
  integer('acceptors', 3, 1, 5, 'Acceptors of Paxos Commit: A and others, named from X.'),
  choice(
    'presume',
    ['nothing', 'abort', 'commit'],
    'What a two-phase coordinator that knows nothing of a transaction answers.',
  ),
  letters('no', 'Participants that vote no.'),
  letters('readers', 'Participants that only read, and are done when they have said so.'),
  letters('stored', 'Participants whose log and data live in the B-Tree engine, in its files.'),
  toggle('cooperative', true, 'In doubt, ask the other participants too.'),
  toggle('one-phase', false, 'A single participant decides for itself.'),
  choice(
    'timeouts',
    ['termination', 'bare'],
    'Three-phase commit, when patience ends: ask all who are there, or go by the own phase.',
  ),
  integer('patience', 100, 1, 10_000, 'How long somebody waits before it does something, in ms.'),
  integer('latency', 10, 1, 1_000, 'How long a message takes, in ms.'),
  integer(
    'save',
    2,
    0,
    1_000,
    'How long a forced write takes, in ms; 0: no time, part of its step.',
  ),
  integer('crashes', 1, 0, 9, 'Explore: how many nodes may crash.'),
  integer('restarts', 0, 0, 9, 'Explore: how many may come back.'),
  integer('drops', 0, 0, 9, 'Explore: how many messages may be lost.'),
  integer('duplicates', 0, 0, 9, 'Explore: how many messages may arrive twice.'),
  integer(
    'timers',
    2,
    0,
    99,
    'Explore: how many timers may fire; one more where the network may fall apart.',
  ),
  choice(
    'patience-ends',
    ['with-reason', 'any-time'],
    'Explore: a timer fires only if whoever is waited for is down, or whenever it runs.',
  ),
  toggle('split', false, 'Explore: the network may fall apart once, the last participant alone.'),
  integer('max-states', 300_000, 1, 10_000_000, 'Explore no more states than this.'),
];

export const sabotage: readonly (Sabotage & { readonly name: Wrong })[] = [
  {
    name: 'early-decision',
    description: 'The coordinator tells its decision before the record is on its disk.',
  },
  {
    name: 'vote-not-logged',
    description: 'A participant says yes without writing down that it did.',
  },
  { name: 'guess-abort', description: 'A participant in doubt loses patience and aborts.' },
  { name: 'guess-commit', description: 'A participant in doubt loses patience and commits.' },
  {
    name: 'presume-wrongly',
    description: 'A coordinator that knows nothing answers the opposite of what is presumed.',
  },
  {
    name: 'late-vote-counts',
    description: 'A vote that comes after the abort still counts, and may make it a commit.',
  },
  {
    name: 'yes-after-abort',
    description: 'Asked a second time after it has aborted, a participant says yes.',
  },
  {
    name: 'decide-afresh',
    description: 'A coordinator that comes back decides again, without its record.',
  },
  {
    name: 'no-collecting-record',
    description:
      'Under presumed commit, the list of participants is not forced before they are asked.',
  },
  {
    name: 'ignore-pre-commits',
    description: 'Who ends a three-phase commit does not look whether somebody is pre-committed.',
  },
  {
    name: 'propose-without-asking',
    description: 'Who takes over in Paxos Commit proposes abort without asking what was accepted.',
  },
];
