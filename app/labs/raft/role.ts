// A node's role as a statechart: what the inspector draws. The protocol itself is a plain reducer;
// role.test.ts walks every path of this chart and holds the reducer to it.

import { createMachine } from 'xstate';

/** Events are what happens to a node, in the paper's words (figure 4). */
export const roles = createMachine({
  id: 'role',
  initial: 'follower',
  states: {
    follower: { on: { timeout: 'candidate', asksFirst: 'pre-candidate' } },
    'pre-candidate': {
      on: {
        promised: 'candidate',
        refused: 'follower',
        higherTerm: 'follower',
        leaderSeen: 'follower',
      },
    },
    candidate: {
      on: {
        timeout: 'candidate',
        majority: 'leader',
        higherTerm: 'follower',
        leaderSeen: 'follower',
        refused: 'follower',
      },
    },
    leader: { on: { higherTerm: 'follower', noQuorum: 'follower' } },
  },
});

/** The chart as it is drawn; raft.test.ts finds each of its arrows in the machine. */
export const ROLES = {
  states: ['follower', 'candidate', 'leader'],
  arrows: [
    { from: 'follower', to: 'candidate', text: 'timeout' },
    { from: 'candidate', to: 'leader', text: 'majority' },
    { from: 'leader', to: 'follower', text: 'a higher term is seen' },
  ],
} as const;

/** With pre-vote there is a state between follower and candidate. */
export const ASKING_FIRST = {
  states: ['follower', 'pre-candidate', 'candidate'],
  arrows: [
    { from: 'follower', to: 'pre-candidate', text: 'timeout' },
    { from: 'pre-candidate', to: 'candidate', text: 'it could win' },
    { from: 'candidate', to: 'follower', text: 'a higher term is seen' },
  ],
  now: 'pre-candidate',
} as const;
