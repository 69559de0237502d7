// The commit lab: binds a simulated cluster that commits (engine/protocols/commit) to the one Lab
// interface. A state is the world; what may happen next is one list of choices, of which a command
// takes one, or time takes the one that is due.

import { Complaint } from '../base/assert.ts';
import { EMPTY_IMAGE } from '../disk/image.ts';
import { type CommitChoice, newCommitWorld } from '../protocols/commit/cluster.ts';
import { formulaOf } from '../protocols/commit/cost.ts';
import { blockedIn, type CommitNode, type CommitWorld } from '../protocols/commit/referees.ts';
import { holderOf } from '../protocols/commit/types.ts';
import type { Engine, Metric, Note, Part, Problem, Setup } from '../run/lab.ts';
import type { Id, Micros } from '../sim/actor.ts';
import { apply, type Choice, flightNamed, nextInTime } from '../sim/cluster.ts';
import { weighBeside } from '../sim/weight.ts';
import { nameOfFlight, nodeNamed } from '../sim/world.ts';
import { type Command, parse, print } from './commit-commands.ts';
import { beginning, type CommitLabState, clusterOfSetup, engine } from './commit-setup.ts';
import {
  type CommitEvent,
  commitValue,
  costOf,
  metered,
  newMeter,
  PROCESSES,
} from './commit-value.ts';
import { FAR, messageText } from './raft-commands.ts';

export type { CommitLabState };
export { engine };

const EVENT_KINDS = Object.entries(PROCESSES).flatMap(([process, kinds]) =>
  kinds.map((kind) => ({ kind, process })),
);
const EVENTS = EVENT_KINDS.map(({ kind }) => kind).filter((kind) => kind !== 'opened');

function run(
  state: CommitLabState,
  command: Command,
  note: Note<CommitLabState, CommitEvent> | undefined,
  setup: Setup,
): Part<CommitLabState, Command> {
  const { world } = state;
  const cluster = clusterOfSetup(setup);
  const step = (choice: CommitChoice) => {
    const { world: next, happening } = apply(cluster, world, choice);
    const begins = command.kind === 'begin';
    const meter = metered(
      begins ? newMeter(world) : state.meter,
      happening,
      next.ghost.outcomes !== world.ghost.outcomes,
    );
    const after = { ...state, world: next, begun: state.begun + (begins ? 1 : 0), meter };
    note?.(happening as CommitEvent, () => after);
    return { after, happening };
  };
  const does = (choice: CommitChoice, rest?: Command): Part<CommitLabState, Command> => ({
    state: step(choice).after,
    ...(rest && { rest }),
  });
  switch (command.kind) {
    case 'run': {
      const until = command.until ?? world.now + command.length;
      const next = nextInTime(world);
      if (!next || (next.at as Micros) > until) return does({ do: 'quiet', at: until });
      return does(next as CommitChoice, { ...command, until });
    }
    case 'until': {
      const since = command.since ?? world.now;
      const next = nextInTime(world);
      const what = `${command.event}${command.node ? ` at ${command.node}` : ''}`;
      if (!next || (next.at as Micros) > since + FAR)
        throw new Complaint(
          `${what} does not happen${next ? ` within ${FAR / 1_000_000} seconds` : ': nothing more is due'}; the run stays as it was`,
        );
      const { after, happening } = step(next as CommitChoice);
      const came =
        happening.kind === command.event &&
        (command.node === undefined || happening.who === command.node);
      return { state: after, ...(!came && { rest: { ...command, since } }) };
    }
    case 'step': {
      const next = nextInTime(world);
      if (!next) throw new Complaint('nothing is due: no timer runs, no message is under way');
      const rest = command.count > 1 ? { ...command, count: command.count - 1 } : undefined;
      return does(next as CommitChoice, rest);
    }
    default:
      return does(choiceOf(state, command));
  }
}

function nodeOf(world: CommitWorld, id: Id): CommitNode {
  const node = nodeNamed(world, id);
  if (!node)
    throw new Complaint(
      `there is no node ${id}; there are ${world.nodes.map((one) => one.id).join(', ')}`,
    );
  return node as CommitNode;
}

function upNode(world: CommitWorld, id: Id): CommitNode {
  const node = nodeOf(world, id);
  if (node.status !== 'up') throw new Complaint(`${id} is ${node.status}`);
  return node;
}

/** A command that is one choice, checked against the world. */
function choiceOf(state: CommitLabState, command: Command): CommitChoice {
  const { world } = state;
  switch (command.kind) {
    case 'begin': {
      const choice = beginning(state, command.value);
      upNode(world, choice.node);
      return choice;
    }
    case 'decide': {
      const { state } = upNode(world, command.node);
      if (!state || !holderOf(state))
        throw new Complaint(`${command.node} is not in doubt: there is nothing to decide for it`);
      const request = { ask: 'decide', decision: command.decision } as const;
      return { do: 'ask', node: command.node, request };
    }
    case 'saved':
      if (upNode(world, command.node).saves.length === 0)
        throw new Complaint(`${command.node} waits for no write`);
      return { do: 'saved', node: command.node };
    case 'fire': {
      const { timers } = upNode(world, command.node);
      if (!timers.some(({ name }) => name === command.timer))
        throw new Complaint(
          `${command.node} has no timer ${command.timer}; running: ${timers.map(({ name }) => name).join(', ') || 'none'}`,
        );
      return { do: 'fire', node: command.node, timer: command.timer };
    }
    case 'crash':
      if (nodeOf(world, command.node).status === 'crashed')
        throw new Complaint(`${command.node} is down already`);
      return { do: 'crash', node: command.node };
    case 'restart':
      if (nodeOf(world, command.node).status !== 'crashed')
        throw new Complaint(`${command.node} is not down; crash it first`);
      return { do: 'restart', node: command.node };
    case 'pause':
    case 'resume': {
      const { status } = nodeOf(world, command.node);
      const wants = command.kind === 'pause' ? 'up' : 'paused';
      if (status !== wants) throw new Complaint(`${command.node} is ${status}, not ${wants}`);
      return { do: command.kind, node: command.node };
    }
    case 'partition': {
      const named = command.groups.flat();
      for (const id of named) nodeOf(world, id);
      const left = world.nodes.map(({ id }) => id).filter((id) => !named.includes(id));
      const groups = left.length > 0 ? [...command.groups, left] : command.groups;
      if (groups.length < 2) throw new Complaint('a partition has two sides; all nodes are on one');
      return { do: 'partition', groups };
    }
    case 'heal':
      return { do: 'heal' };
    case 'cut':
    case 'mend':
      nodeOf(world, command.from);
      nodeOf(world, command.to);
      return { do: command.kind, from: command.from, to: command.to };
    case 'deliver':
    case 'drop':
    case 'duplicate':
    case 'hold':
    case 'release': {
      const flight = flightNamed(world, command);
      const link = `${command.from}>${command.to}`;
      if (!flight) {
        const there = world.flights.filter((one) => `${one.from}>${one.to}` === link);
        throw new Complaint(
          `${messageText(command)} is not under way; ${there.length > 0 ? `there are ${there.map(nameOfFlight).join(', ')}` : `nothing is, from ${command.from} to ${command.to}`}`,
        );
      }
      if (command.kind === 'release' && !flight.held)
        throw new Complaint(`${messageText(command)} is not held`);
      if (command.kind === 'hold' && flight.held)
        throw new Complaint(`${messageText(command)} is held already`);
      if (command.kind === 'duplicate' && flightNamed(world, { ...command, copy: true }))
        throw new Complaint(`${messageText(command)} is under way twice already`);
      if (command.kind === 'deliver' && nodeNamed(world, flight.to)?.status === 'paused')
        throw new Complaint(`${flight.to} is paused and hears nothing`);
      const { kind, ...name } = command;
      return { do: kind, ...name };
    }
    default:
      throw new Error(`assertion failed: ${command.kind} is one choice`);
  }
}

function problemsOf({ world }: CommitLabState): Problem[] {
  return world.ghost.violations.length === 0 ? [] : [...world.ghost.violations];
}

export const commitLab: Engine<CommitLabState, Command, CommitEvent> = {
  name: 'commit',
  chapter: 15,
  title: 'Atomic commitment',
  kinds: EVENT_KINDS,
  referees: [{ name: 'commit', at: 'moment', check: problemsOf }],
  parse: (words) => parse(words, EVENTS),
  print,
  open: (setup) => {
    const cluster = clusterOfSetup(setup);
    return {
      world: newCommitWorld(cluster, setup.seed),
      rules: cluster.config,
      begun: 0,
      meter: newMeter(),
    };
  },
  opening: () => ({ kind: 'opened', at: 0, sent: [], choice: { do: 'quiet' } as Choice }),
  run,
  disk: () => EMPTY_IMAGE,
  value: ({ world, rules, begun, meter }) => commitValue(world, rules, begun, meter),
  weight: (older, newer) => weighBeside(older?.world, newer.world),
  exports: () => [],
  part: ({ kind }, moments) =>
    kind === 'run' || kind === 'until' || kind === 'step' ? `step ${moments}` : undefined,
  search: async (state, setup, wish) =>
    (await import('./commit-search.ts')).search(state, setup, wish),
};

/** The numbers beside what they are without a fault. */
export const metrics = (state: CommitLabState): Metric[] => [
  ...costMetrics(state),
  {
    name: 'in doubt',
    value: state.world.nodes.filter(({ state: one }) => one && holderOf(one)).length,
    unit: '',
    help: 'Participants that hold a lock and may not decide alone.',
  },
  {
    name: 'blocked',
    value: blockedIn(state.world, state.rules).length,
    unit: '',
    help: 'Participants in doubt that nobody who is up can help.',
  },
];

function costMetrics({ world, rules, meter }: CommitLabState): Metric[] {
  const cost = costOf(world, meter);
  const formula = formulaOf(rules);
  return (
    [
      ['messages', 'messages', 'Sent since the transaction began'],
      ['forced', 'forced writes', 'How often somebody has waited for its disk since then'],
      [
        'delays',
        'message delays',
        'The longest chain of messages after which a participant learned the outcome',
      ],
    ] as const
  ).map(([count, name, help]) => {
    const term = formula?.[count];
    const beside = term
      ? `If nothing goes wrong: ${term.formula === `${term.value}` ? '' : `${term.formula} = `}${term.value}.`
      : 'There is no formula for these votes.';
    return { name, value: cost[count], unit: '', help: `${help}. ${beside}` };
  });
}
