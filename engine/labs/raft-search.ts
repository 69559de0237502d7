// The search of the Raft lab: breadth first over all that can happen within small bounds, clocks left
// aside unless rules go by them; and beyond them seeded play over the lab's own commands, which goes much further. Loaded when
// somebody searches.

import { watch, observe as watchEntry } from '../check/watch.ts';
import type { RaftChoice, RaftCluster } from '../protocols/raft/cluster.ts';
import { type RaftWorld, REFEREES } from '../protocols/raft/invariants.ts';
import { goesByTheClock, searchModel, searchProperties, stepOf } from '../protocols/raft/search.ts';
import type { Search, SearchBound, SearchWish, Setup } from '../run/lab.ts';
import type { Id, Micros } from '../sim/actor.ts';
import type { HistoryRecord, Op } from '../sim/client.ts';
import { choicesOf, nextInTime } from '../sim/cluster.ts';
import { Explorer } from '../sim/explorer.ts';
import type { Model, Property } from '../sim/model.ts';
import { itemsOf, type Seq } from '../sim/seq.ts';
import { ModelSpace } from '../sim/space.ts';
import { isClient } from '../sim/world.ts';
import type { RaftLabState } from './raft.ts';
import { type Command, print, timeText } from './raft-commands.ts';
import { limitsOf, offerOf, searchOf, USUAL_MEGABYTES, usualBounds, wished } from './search.ts';

const few = (name: string, help: string, value: number, max = 99): SearchBound => ({
  name,
  help,
  value,
  min: 0,
  max,
});

const BOUNDS: readonly SearchBound[] = [
  few('elections', 'election timers that may fire', 2, 9),
  few('crashes', 'nodes that may crash', 1, 9),
  few('restarts', 'crashed nodes that may come back', 1, 9),
  few('heartbeats', 'other timers that may fire', 0, 9),
  few('requests', 'writes that a client asks for', 0, 5),
  few('drops', 'messages that are lost, not only late', 0, 9),
  few('duplicates', 'messages that may come twice', 0, 9),
  few('saves', 'steps that others may take while a save is under way', 1, 9),
  few('late', 'terms by which a message may come late', 1, 99),
  { name: 'messages', help: 'messages under way', value: 8, min: 1, max: 99 },
  few('runs', 'runs played by chance, beyond these bounds', 20_000, 1_000_000),
  ...usualBounds({ states: 400_000, depth: 1_000, megabytes: USUAL_MEGABYTES }),
];

/**
 * With one entry a message an old entry can be counted before a newer one has come: figure 8. That takes
 * four elections and no fault besides messages that come too late to matter.
 */
const ONE_BY_ONE: Readonly<Record<string, number>> = {
  elections: 4,
  crashes: 0,
  restarts: 0,
  saves: 0,
  late: 0,
  messages: 6,
  states: 1_000_000,
};

/** With time in steps: one leader, its lease, and another leader as soon as may be. */
const TIMELY: Readonly<Record<string, number>> = {
  elections: 2,
  crashes: 0,
  restarts: 0,
  saves: 0,
  late: 1,
  messages: 6,
};
/** Who asks twice has twice as much under way. */
const ASKED_TWICE: Readonly<Record<string, number>> = {
  crashes: 0,
  restarts: 0,
  saves: 0,
  messages: 5,
};
const waits = (step: Micros): SearchBound =>
  few('waits', `times that ${timeText(step)} pass, and what is due is late`, 7);

/** What is offered, by the settings. */
function boundsOf({ settings }: Setup, config: RaftCluster['config']): readonly SearchBound[] {
  const timed = goesByTheClock(config);
  const values: Readonly<Record<string, number>> = {
    ...(settings['pre-vote'] === true && ASKED_TWICE),
    ...(settings.batch === 1 && ONE_BY_ONE),
    ...(timed && TIMELY),
  };
  return [...(timed ? [waits(stepOf(config))] : []), ...BOUNDS].map((bound) => ({
    ...bound,
    value: values[bound.name] ?? bound.value,
  }));
}

const LINEARIZABLE = 'linearizability';
const HELP = 'Some order of the operations explains what clients were answered.';

const judged = new WeakMap<Seq<HistoryRecord>, boolean>();
/** Whether a whole history has an order. */
function hasOrder(history: Seq<HistoryRecord>): boolean {
  let good = judged.get(history);
  if (good === undefined) {
    good = itemsOf(history).reduce(watchEntry, watch('kv')).trouble === undefined;
    judged.set(history, good);
  }
  return good;
}

/** The lab's own way to do a command: what is found by play is played again by it. */
export type Run = (state: RaftLabState, command: Command) => RaftLabState;

export function search(
  state: RaftLabState,
  setup: Setup,
  wish: SearchWish,
  cluster: RaftCluster,
  run: Run,
): Search {
  const bounds = boundsOf(setup, cluster.config);
  const limits = wished(bounds, wish);
  const of = (name: string): number => limits[name] as number;
  const timed = goesByTheClock(cluster.config);
  const asks = Array.from(
    { length: of('requests') },
    (_, n): Op => ({ op: 'put', key: 'x', value: `${n + 1}` }),
  );
  const line = (choice: RaftChoice): string => lineOf(choice, stepOf(cluster.config));
  const model = searchModel(cluster, state.world, { asks, late: of('late'), line });
  const properties: readonly Property<RaftWorld>[] = [
    ...searchProperties,
    {
      name: LINEARIZABLE,
      help: HELP,
      holds: 'always',
      test: ({ history }) => hasOrder(history),
    },
  ];
  const space = new ModelSpace(model, properties, {
    spend: {
      timeouts: of('elections'),
      heartbeats: of('heartbeats'),
      crashes: of('crashes'),
      restarts: of('restarts'),
      requests: of('requests'),
      drops: of('drops'),
      duplicates: of('duplicates'),
      slow: of('saves'),
      ...(timed && { waits: of('waits') }),
    },
    size: of('messages'),
  });
  const explorer = new Explorer(space, limitsOf(limits, wish));
  return searchOf({
    explorer,
    offer: offerOf(properties, bounds, { ends: false }),
    commandsOf: ({ states }) =>
      space.walk(states).choices.map((choice) => model.line(choice, state.world)),
    wish,
    beyond: {
      model: playModel(state, cluster, run, timed ? TIMED : [...FREE, ...TIMED]),
      properties: [
        ...REFEREES.map(
          (name): Property<Played> => ({
            name,
            help: '',
            holds: 'always',
            test: ({ state: { world } }) =>
              world.ghost.violations.every(({ referee }) => referee !== name),
          }),
        ),
        {
          name: LINEARIZABLE,
          help: HELP,
          holds: 'always',
          test: ({ state: { watched } }) => watched.trouble === undefined,
        },
      ],
      rules: {
        seed: setup.seed,
        runs: of('runs'),
        steps: 140,
        spend: PLAYED,
        weigh,
      },
      wider: true,
      told: joined,
    },
  });
}

function lineOf(choice: RaftChoice, step: Micros): string {
  return choice.do === 'request'
    ? print({ kind: 'client', client: choice.client, op: choice.op })
    : choice.do === 'wait'
      ? print({ kind: 'wait', length: step })
      : choice.do;
}

// ── Play ────────────────────────────────────────────────────────────────────────────────────────

/** What play may use up in a run. */
const PLAYED = {
  elections: 6,
  heartbeats: 6,
  crashes: 2,
  restarts: 2,
  duplicates: 1,
  requests: 5,
  members: 2,
  partitions: 2,
};

const CLIENTS: readonly Id[] = ['1', '2'];

/**
 * What may happen in a run. Each run has one of these, not everything at once: what has nothing to do
 * with a bug mostly hides it (Groce et al. 2012, "Swarm testing").
 */
interface Profile {
  /** Events come in the order of time, not in any. */
  readonly timed?: boolean;
  readonly clients?: boolean;
  readonly members?: boolean;
  readonly crashes?: boolean;
  readonly cuts?: boolean;
}
const FREE: readonly Profile[] = [{}, { crashes: true }, { clients: true }, { members: true }];
const TIMED: readonly Profile[] = [
  { timed: true, clients: true },
  { timed: true, clients: true, cuts: true },
  { timed: true, clients: true, cuts: true, crashes: true },
];

interface Played {
  readonly state: RaftLabState;
  readonly profile: Profile;
}

/** All that the lab's commands can do next. */
function playModel(
  state: RaftLabState,
  cluster: RaftCluster,
  run: Run,
  profiles: readonly Profile[],
): Model<Played, Command> {
  return {
    initial: profiles.map((profile) => ({ state, profile })),
    choices: ({ state: at, profile }) => [
      ...(profile.timed ? inTime(at, profile) : free(at, profile)),
      ...(profile.clients ? requests(at) : []),
      ...(profile.members ? members(at, cluster) : []),
    ],
    apply: ({ state: at, profile }, command) => ({ state: run(at, command), profile }),
    key: () => '',
    line: print,
    spends: (command) =>
      SPENT[command.kind === 'fire' && command.timer !== 'election' ? 'beat' : command.kind] ??
      NOTHING,
  };
}

const NOTHING: readonly string[] = [];
const SPENT: Readonly<Record<string, readonly string[]>> = {
  fire: ['elections'],
  beat: ['heartbeats'],
  crash: ['crashes'],
  restart: ['restarts'],
  duplicate: ['duplicates'],
  client: ['requests'],
  add: ['members'],
  remove: ['members'],
  partition: ['partitions'],
};

function free({ world }: RaftLabState, { crashes = false }: Profile): Command[] {
  return choicesOf(world, { crash: crashes }).flatMap((choice): Command[] => {
    switch (choice.do) {
      case 'deliver': {
        const { from, to, n, copy } = choice;
        return [{ kind: 'deliver', from, to, n, ...(copy && { copy }) }];
      }
      case 'fire':
        return [{ kind: 'fire', node: choice.node, timer: choice.timer }];
      case 'saved':
      case 'crash':
      case 'restart':
        return [{ kind: choice.do, node: choice.node }];
      default:
        return [];
    }
  });
}

/** The next event in time; or a fault; or what a client asked once arrives a second time, late. */
function inTime({ world }: RaftLabState, { cuts, crashes }: Profile): Command[] {
  const ids = world.nodes.map(({ id }) => id);
  const out: Command[] = nextInTime(world) ? [{ kind: 'step', count: 1 }] : [];
  for (const { from, to, n, copy, held } of world.flights)
    if (isClient(from)) {
      if (!copy && !world.flights.some((one) => one.copy))
        out.push({ kind: 'duplicate', from, to, n });
      if (copy) out.push({ kind: held ? 'release' : 'hold', from, to, n, copy });
    }
  if (crashes)
    for (const { id, status } of world.nodes)
      out.push({ kind: status === 'crashed' ? 'restart' : 'crash', node: id });
  if (cuts && world.links.size > 0) out.push({ kind: 'heal' });
  else if (cuts)
    for (const id of ids)
      out.push({ kind: 'partition', groups: [[id], ids.filter((other) => other !== id)] });
  return out;
}

function requests({ world }: RaftLabState): Command[] {
  if (world.ghost.leaders.size === 0) return [];
  const asked = world.clients.reduce((sum, { seq }) => sum + seq, 0);
  return CLIENTS.filter((id) => !world.clients.find((one) => one.id === id)?.open).flatMap(
    (client): Command[] => [
      { kind: 'client', client, op: { op: 'put', key: 'x', value: `${asked + 1}` } },
      { kind: 'client', client, op: { op: 'get', key: 'x' } },
    ],
  );
}

/** A voter more or less, while somebody leads. */
function members({ world }: RaftLabState, { config }: RaftCluster): Command[] {
  if (!world.nodes.some(({ state }) => state?.role === 'leader')) return [];
  return world.nodes.length < config.voters.length + 2 ? [{ kind: 'add', node: undefined }] : [];
}

/** What was just sent arrives sooner than what has been under way for long: runs come to something. */
function weigh(command: Command, { state, profile }: Played, before: Played | undefined): number {
  const { world } = state;
  switch (command.kind) {
    case 'step':
      return 30;
    case 'saved':
      return 30;
    case 'deliver': {
      const flight = world.flights.find(
        ({ from, to, n, copy }) =>
          from === command.from && to === command.to && n === command.n && copy === command.copy,
      );
      if (!flight || before?.state.world.flights.includes(flight)) return 0.7;
      // Half of what is sent to be kept does not arrive soon: logs come apart.
      return flight.message.kind === 'append' ? 2 : 8;
    }
    case 'fire':
      return command.timer === 'election' ? 0.9 : 0.5;
    case 'crash':
      return 0.2;
    case 'duplicate':
      return 3;
    case 'hold':
      return 20;
    case 'client':
      return profile.timed ? (world.links.size > 0 ? 3 : 1) : 0.5;
    default:
      return 0.5;
  }
}

/** Steps in time that follow one another, as one line. */
function joined(lines: readonly string[]): string[] {
  const out: string[] = [];
  let steps = 0;
  for (const line of [...lines, '']) {
    if (line === 'step 1') steps++;
    else {
      if (steps > 0) out.push(`step ${steps}`);
      steps = 0;
      if (line) out.push(line);
    }
  }
  return out;
}
