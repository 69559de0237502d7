// What the cluster is in the middle of, as a machine over its events: an election, or the round that
// brings an entry to a majority. Many things go on at once in a cluster; the machine follows the one
// that matters: an election as long as there is one, else the newest entry on its way.
//
//   quiet ─▶ electing: asked ─▶ standing ⟲ counting ─▶ won ──▶ replicating: proposed ─▶ spreading ─▶ committed
//     ▲          ▲                                                 │ refused ⟲ backing up     │
//     └──────────┴───────────── a timer runs out, a leader steps down ◀────────────────────────┘

import { createMachine } from 'xstate';
import { choreographyOf } from '../choreography.ts';

const elects = {
  'pre-campaign': '#asked',
  campaign: '#standing',
  elected: '#won',
  'step-down': '#leaderless',
} as const;
const replicates = { propose: '#proposed', voters: '#proposed', commit: '#committed' } as const;
/** What may happen at any time and changes nothing of what is under way. */
const aside = [
  'heartbeat',
  'heard',
  'echo',
  'quorum-ok',
  'stale',
  'ignore',
  'saved',
  'compact',
  'install',
  'ask',
  'queued',
  'answered',
  'elsewhere',
  'redirected',
  'late',
  'retry',
  'gave-up',
  'rested',
  'read',
  'read-waits',
  'read-served',
  'voters-refused',
  'transfer',
  'transfer-refused',
  'transfer-over',
  'idle-timeout',
  'crash',
  'start',
  'pause',
  'resume',
  'partition',
  'cut',
  'mend',
  'link',
  'heal',
  'skew',
  'drop',
  'duplicate',
  'hold',
  'release',
  'unheard',
  'chaos',
  'clear',
  'calm',
  'opened',
  'laid-out',
  'quiet',
  'wait',
] as const;
/** Taken, and nothing comes of it. */
const passes = { actions: () => {} };
const stays = Object.fromEntries(aside.map((kind) => [kind, passes]));
const votes = { grant: '#counting', refuse: '#counting', tally: '#counting' } as const;
const late = { grant: passes, refuse: passes, tally: passes };
const spreads = { accept: '#spreading', acked: '#spreading' } as const;
const repairs = {
  reject: '#repairing',
  'back-up': '#repairing',
  'held-back': '#spreading',
} as const;

export const machine = createMachine({
  id: 'raft',
  initial: 'idle',
  on: { ...stays, ...elects },
  states: {
    idle: {
      id: 'idle',
      meta: { process: 'session', text: 'nothing has begun' },
      on: { ...replicates, ...late, ...spreads, ...repairs },
    },
    electing: {
      meta: { process: 'election', text: 'who leads?' },
      initial: 'standing',
      on: { ...replicates, ...spreads, ...repairs },
      states: {
        leaderless: { id: 'leaderless', meta: { text: 'the leader steps down' }, on: votes },
        asked: { id: 'asked', meta: { text: 'could I win? (pre-vote)' }, on: votes },
        standing: { id: 'standing', meta: { text: 'a new term, a vote for itself' }, on: votes },
        counting: { id: 'counting', meta: { text: 'votes come in' }, on: votes },
        won: {
          id: 'won',
          meta: { text: 'a majority: it leads' },
          on: late,
        },
      },
    },
    replicating: {
      meta: { process: 'replication', text: 'an entry spreads' },
      initial: 'proposed',
      on: { ...replicates, ...late },
      states: {
        proposed: {
          id: 'proposed',
          meta: { text: "in the leader's log" },
          on: { ...spreads, ...repairs },
        },
        spreading: {
          id: 'spreading',
          meta: { text: 'followers save and acknowledge' },
          on: { ...spreads, ...repairs },
        },
        repairing: {
          id: 'repairing',
          meta: { text: 'a log does not fit: back up' },
          on: { ...spreads, ...repairs },
        },
        committed: {
          id: 'committed',
          meta: { text: 'on a majority: decided' },
          on: { ...spreads, ...repairs },
        },
      },
    },
  },
});

export const choreography = choreographyOf(machine);
