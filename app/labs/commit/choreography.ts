// What a commit round is in the middle of, as a machine over its events.
//
//   idle ─▶ voting: asked ─▶ voted ─▶ counting ──▶ preparing: announced ─▶ known      (three phases)
//                                        │                              │
//                                        └──────▶ deciding: decided ─▶ spreading ─▶ over
//                                                     ▲
//   doubt: asking ─▶ told · alone · damage ───────────┤   somebody's patience has ended
//   takeover: leading ─▶ promising ───────────────────┘   another acceptor ends it (Paxos Commit)

import { createMachine } from 'xstate';
import { choreographyOf } from '../choreography.ts';

/** What may happen at any time and changes nothing of what is under way. */
const aside = [
  'up',
  'recovered',
  'ignored',
  'nothing',
  'relayed',
  'raft',
  'raft-saved',
  'asked',
  'saved',
  'crash',
  'restart',
  'pause',
  'resume',
  'unheard',
  'drop',
  'duplicate',
  'hold',
  'release',
  'partition',
  'cut',
  'mend',
  'heal',
  'quiet',
  'opened',
] as const;
/** Taken, and nothing comes of it. */
const passes = { actions: () => {} };
const stays = Object.fromEntries(aside.map((kind) => [kind, passes]));
const votes = { voted: '#voted', 'vote-heard': '#counting', accepted: '#counting' } as const;
const ends = { decided: '#decided', learned: '#spreading' } as const;
/** Acknowledgements of a decision; those of a pre-commit are told of where they belong. */
const acknowledged = { acknowledged: passes } as const;

export const machine = createMachine({
  id: 'commit',
  initial: 'idle',
  on: {
    ...stays,
    ...votes,
    ...ends,
    ...acknowledged,
    begun: '#asked',
    'pre-committing': '#announced',
    'pre-committed': '#known',
    ended: '#over',
    resent: '#spreading',
    'in-doubt': '#asking',
    terminating: '#asking',
    answered: '#told',
    'state-told': '#told',
    guessed: '#alone',
    heuristic: '#alone',
    damage: '#damage',
    'took-over': '#leading',
    promised: '#promising',
  },
  states: {
    idle: { id: 'idle', meta: { process: 'session', text: 'nothing has begun' } },
    voting: {
      meta: { process: 'vote', text: 'can everybody commit?' },
      initial: 'asked',
      states: {
        asked: { id: 'asked', meta: { text: 'everybody is asked' }, on: { voted: '#voted' } },
        voted: {
          id: 'voted',
          meta: { text: 'a word is given, and written down first' },
          on: { 'vote-heard': '#counting', accepted: '#counting' },
        },
        counting: {
          id: 'counting',
          meta: { text: 'votes come in; one no is enough' },
          on: { voted: '#voted' },
        },
      },
    },
    preparing: {
      meta: { process: 'commit', text: 'all said yes, and all are to know that' },
      initial: 'announced',
      on: { acknowledged: '#known' },
      states: {
        announced: {
          id: 'announced',
          meta: { text: 'it will be a commit' },
          on: { 'pre-committed': '#known' },
        },
        known: { id: 'known', meta: { text: 'who knows could finish it' } },
      },
    },
    deciding: {
      meta: { process: 'commit', text: 'the outcome is known somewhere' },
      initial: 'decided',
      states: {
        decided: {
          id: 'decided',
          meta: { text: 'the decision is made, and must not change' },
          on: { learned: '#spreading' },
        },
        spreading: {
          id: 'spreading',
          meta: { text: 'participants hear of it and let go' },
          on: { ended: '#over' },
        },
        over: { id: 'over', meta: { text: 'all have acknowledged: it may be forgotten' } },
      },
    },
    doubt: {
      meta: { process: 'doubt', text: 'somebody has waited too long' },
      initial: 'asking',
      states: {
        asking: {
          id: 'asking',
          meta: { text: 'whoever might know is asked' },
          on: { answered: '#told', 'state-told': '#told', guessed: '#alone', heuristic: '#alone' },
        },
        told: { id: 'told', meta: { text: 'somebody answers' } },
        alone: {
          id: 'alone',
          meta: { text: 'decided without knowing' },
          on: { damage: '#damage' },
        },
        damage: { id: 'damage', meta: { text: 'two have decided differently' } },
      },
    },
    takeover: {
      meta: { process: 'takeover', text: 'another acceptor ends it' },
      initial: 'leading',
      states: {
        leading: {
          id: 'leading',
          meta: { text: 'a ballot of its own' },
          on: { promised: '#promising' },
        },
        promising: {
          id: 'promising',
          meta: { text: 'a majority says what it has accepted' },
          on: { accepted: passes, 'took-over': '#leading' },
        },
      },
      on: { accepted: passes },
    },
  },
});

export const choreography = choreographyOf(machine);
