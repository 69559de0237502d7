// Storms over Raft: the weathers that the correct protocol must bear, and those in which a switch
// shows, each with the number of seeds within which it does. The tests run a slice of them, the
// sweep (scripts/sweep/raft.ts) all.

import type { Wrong } from '../protocols/raft/types.ts';
import type { Problem, SettingValue, Setup } from '../run/lab.ts';
import { wordsOf } from '../run/scenario.ts';
import { type RaftLabState, raftLab } from './raft.ts';
import { settings as known } from './raft-settings.ts';

export interface Weather {
  readonly settings?: Readonly<Record<string, SettingValue>>;
  readonly sabotage?: readonly string[];
  readonly seconds?: number;
}

export function setupOf({ settings = {}, sabotage = [] }: Weather, seed: number): Setup {
  const all: Record<string, SettingValue> = {};
  for (const { name, default: value } of known) all[name] = value;
  return { lab: 'raft', seed, settings: { ...all, ...settings }, sabotage };
}

/** The script that shows a storm, for a report. */
export function scriptOf(weather: Weather, seed: number): string {
  const said = (value: SettingValue) =>
    typeof value === 'boolean' ? (value ? 'on' : 'off') : value;
  return [
    'lab raft',
    `seed ${seed}`,
    ...(weather.sabotage ?? []).map((name) => `sabotage ${name}`),
    ...Object.entries(weather.settings ?? {}).map(([name, value]) => `set ${name} ${said(value)}`),
    `chaos ${weather.seconds ?? 20}s`,
  ].join('\n');
}

export interface Outcome {
  readonly state: RaftLabState;
  /** What the referees said first; empty: nothing to the end. */
  readonly problems: readonly Problem[];
  readonly events: number;
}

/** A storm to its end; with `stop` only to the first problem. */
export function storm(weather: Weather, seed: number, stop = true): Outcome {
  const setup = setupOf(weather, seed);
  let state = raftLab.open(setup);
  let rest = raftLab.parse(wordsOf(`chaos ${weather.seconds ?? 20}s`), setup) as
    | ReturnType<typeof raftLab.parse>
    | undefined;
  const [referee] = raftLab.referees;
  let problems: readonly Problem[] = [];
  let events = 0;
  while (rest) {
    const part = raftLab.run(state, rest, undefined, setup);
    state = part.state;
    rest = part.rest;
    events++;
    if (problems.length === 0) problems = referee?.check(state) ?? [];
    if (problems.length > 0 && stop) break;
  }
  return { state, problems, events };
}

/** The clients' history as the command line exports it. */
export function exported(state: RaftLabState): string {
  const [file] = raftLab.exports(state);
  return new TextDecoder().decode(file?.bytes);
}

const OPERATOR = { operator: true } as const;

export const CLEAN: Readonly<Record<string, Weather>> = {
  'as it comes': {},
  'lossy, doubled, with a tail': { settings: { loss: 3, duplicate: 3, spread: 'tail' } },
  'reads by lease': { settings: { reads: 'lease', spread: 'tail', loss: 1 } },
  'reads in the log, three nodes, snapshots': {
    settings: { reads: 'log', nodes: 3, snapshot: 12, duplicate: 5 },
  },
  'pre-vote, check-quorum, snapshots': {
    settings: { 'pre-vote': true, 'check-quorum': true, snapshot: 12, loss: 2 },
  },
  'slow disks and long ways': { settings: { save: 20, latency: 40, nodes: 3, batch: 1 } },
  'an operator': { settings: OPERATOR },
  'an operator, three nodes, snapshots, doubled': {
    settings: { ...OPERATOR, nodes: 3, snapshot: 8, duplicate: 5, loss: 2 },
  },
  'an operator, pre-vote, check-quorum, reads by lease': {
    settings: {
      ...OPERATOR,
      'pre-vote': true,
      'check-quorum': true,
      reads: 'lease',
      spread: 'tail',
    },
  },
  'an operator, reads by lease, snapshots': {
    settings: { ...OPERATOR, reads: 'lease', snapshot: 12, loss: 3, duplicate: 3 },
  },
  'an operator, one node to begin with, slow disks': {
    settings: { ...OPERATOR, nodes: 1, save: 20, batch: 1, reads: 'log' },
  },
  'an operator, seven nodes, short terms': {
    settings: { ...OPERATOR, nodes: 7, election: 60, heartbeat: 20, latency: 25, spread: 'tail' },
  },
  'one key, many clients, short terms': {
    settings: { nodes: 3, clients: 12, keys: 1, election: 60, heartbeat: 20, latency: 25, loss: 5 },
    seconds: 10,
  },
  'everybody stands at once': {
    settings: { nodes: 3, election: 80, heartbeat: 30, latency: 50, spread: 'tail', duplicate: 5 },
  },
  'two nodes, in order, told at once': {
    settings: { nodes: 2, fifo: true, 'commit-news': 'at-once', loss: 2, snapshot: 20 },
  },
};

export interface Caught {
  readonly sabotage: Wrong;
  readonly weather: Weather;
  /** The first seed at which a referee speaks, and the number of seeds within which one is promised to. */
  readonly first: number;
  readonly within: number;
  /** The first seed at which no order explains what the clients were told; absent: they cannot see it. */
  readonly seen?: number;
}

/** Each switch and the weather that brings it out. */
export const CAUGHT: readonly Caught[] = [
  {
    // Long ways, so that two stand in one term, and many crashes: a voter restarts between the two.
    sabotage: 'vote-not-saved',
    weather: {
      settings: {
        nodes: 3,
        clients: 0,
        election: 1500,
        heartbeat: 1400,
        latency: 600,
        duplicate: 80,
        gap: 250,
      },
      seconds: 300,
    },
    first: 6,
    within: 50,
  },
  {
    sabotage: 'ack-before-save',
    weather: { settings: { nodes: 3, save: 60, keys: 2, clients: 8 } },
    first: 1,
    within: 2,
    seen: 20,
  },
  {
    sabotage: 'commit-older-term',
    weather: {
      settings: {
        nodes: 3,
        batch: 1,
        keys: 2,
        election: 200,
        heartbeat: 60,
        latency: 80,
        loss: 10,
        gap: 200,
      },
      seconds: 40,
    },
    first: 3,
    within: 50,
  },
  { sabotage: 'vote-without-log-check', weather: {}, first: 1, within: 3, seen: 1 },
  {
    sabotage: 'reply-term-unchecked',
    weather: {
      settings: { nodes: 3, election: 40, heartbeat: 15, latency: 60, spread: 'tail' },
    },
    first: 9,
    within: 20,
  },
  {
    sabotage: 'lease-ignores-clocks',
    weather: {
      settings: {
        reads: 'lease',
        nodes: 3,
        clients: 12,
        keys: 1,
        election: 300,
        heartbeat: 30,
      },
    },
    first: 8,
    within: 20,
    seen: 8,
  },
  {
    sabotage: 'duplicate-applied-twice',
    weather: { settings: { loss: 10, keys: 2, clients: 8 } },
    first: 1,
    within: 5,
    seen: 1,
  },
  {
    sabotage: 'voters-at-commit',
    weather: { settings: { ...OPERATOR, nodes: 3, latency: 30, loss: 10 } },
    first: 1,
    within: 5,
  },
];
