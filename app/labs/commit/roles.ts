// Where a node stands in one transaction, as statecharts: what the inspector draws. The protocol itself
// is a plain reducer; commit.test.ts walks every path of these charts and holds the reducer to it.

import { createMachine } from 'xstate';
import type { CommitValue, ShownNode } from '../../../engine/labs/commit-value.ts';
import type { Inspected } from '../picture.ts';
import { acceptanceOf, coordinationOf, participationOf } from './round.ts';

/** Two- and three-phase commit, and Paxos Commit, where the decision comes from the acceptors. */
export const participant = createMachine({
  id: 'participant',
  initial: 'working',
  states: {
    working: { on: { yes: 'prepared', no: 'aborted' } },
    prepared: { on: { commit: 'committed', abort: 'aborted', preCommit: 'pre-committed' } },
    'pre-committed': { on: { commit: 'committed', abort: 'aborted' } },
    committed: {},
    aborted: {},
  },
});

export const coordinator = createMachine({
  id: 'coordinator',
  initial: 'idle',
  states: {
    idle: { on: { begin: 'collecting' } },
    collecting: { on: { allYes: 'deciding', aNo: 'deciding', allYesOfThree: 'pre-committing' } },
    'pre-committing': { on: { allKnow: 'deciding' } },
    deciding: { on: { allAcknowledged: 'done' } },
    done: {},
  },
});

export const acceptor = createMachine({
  id: 'acceptor',
  initial: 'standing by',
  states: {
    'standing by': { on: { vote: 'accepting', ask: 'leading', higherBallot: 'promised' } },
    accepting: { on: { majority: 'decided', ask: 'leading', higherBallot: 'promised' } },
    promised: { on: { ask: 'leading' } },
    leading: { on: { majority: 'decided' } },
    decided: {},
  },
});

type Chart = NonNullable<Inspected['chart']>;
const arrow = (from: string, to: string, text: string) => ({ from, to, text });

const TWO_PHASES: Omit<Chart, 'now'> = {
  states: ['working', 'prepared', 'committed', 'aborted'],
  places: { working: [0, 0], prepared: [1, 0], committed: [2, 0], aborted: [1, 1] },
  arrows: [
    arrow('working', 'prepared', 'yes'),
    arrow('prepared', 'committed', 'commit'),
    arrow('prepared', 'aborted', 'abort'),
    arrow('working', 'aborted', 'no'),
  ],
};
const THREE_PHASES: Omit<Chart, 'now'> = {
  states: ['working', 'prepared', 'pre-committed', 'aborted', 'committed'],
  places: {
    working: [0, 0],
    prepared: [1, 0],
    'pre-committed': [2, 0],
    aborted: [1, 1],
    committed: [2, 1],
  },
  arrows: [
    arrow('working', 'prepared', 'yes'),
    arrow('prepared', 'pre-committed', 'all said yes'),
    arrow('prepared', 'aborted', 'abort'),
    arrow('pre-committed', 'committed', 'commit'),
    arrow('working', 'aborted', 'no'),
  ],
};
const COORDINATES_TWO: Omit<Chart, 'now'> = {
  states: ['idle', 'collecting', 'deciding', 'done'],
  places: { idle: [0, 0], collecting: [1, 0], deciding: [2, 0], done: [2, 1] },
  arrows: [
    arrow('idle', 'collecting', 'begin'),
    arrow('collecting', 'deciding', 'all, or a no'),
    arrow('deciding', 'done', 'all know'),
  ],
};
const COORDINATES_THREE: Omit<Chart, 'now'> = {
  states: ['idle', 'collecting', 'pre-committing', 'deciding', 'done'],
  places: {
    idle: [0, 0],
    collecting: [1, 0],
    'pre-committing': [2, 0],
    deciding: [2, 1],
    done: [1, 1],
  },
  arrows: [
    arrow('idle', 'collecting', 'begin'),
    arrow('collecting', 'pre-committing', 'all yes'),
    arrow('pre-committing', 'deciding', 'all know'),
    arrow('collecting', 'deciding', 'a no'),
    arrow('deciding', 'done', ''),
  ],
};
const ACCEPTS: Omit<Chart, 'now'> = {
  states: ['standing by', 'accepting', 'decided', 'promised', 'leading'],
  places: {
    'standing by': [0, 0],
    accepting: [1, 0],
    decided: [2, 0],
    promised: [0, 1],
    leading: [1, 1],
  },
  arrows: [
    arrow('standing by', 'accepting', 'a vote'),
    arrow('accepting', 'decided', 'a majority'),
    arrow('standing by', 'promised', 'a ballot'),
    arrow('promised', 'leading', 'asked'),
    arrow('accepting', 'leading', 'asked'),
    arrow('leading', 'decided', ''),
  ],
};

/** The chart of a node's role, and where it is in it; none of a node that is down. */
export function chartOf(node: ShownNode, { rules, tx }: CommitValue): Chart | undefined {
  if (!node.state) return undefined;
  if (node.role === 'participant') {
    const known = participationOf(node, tx);
    const three = rules.protocol === 'three-phase';
    const phase = known?.phase === 'read' ? 'working' : (known?.phase ?? 'working');
    return { ...(three ? THREE_PHASES : TWO_PHASES), now: phase };
  }
  if (rules.protocol === 'paxos-commit') {
    const known = acceptanceOf(node);
    const now = known?.decision
      ? 'decided'
      : (known?.leading ?? 0) > 0
        ? 'leading'
        : Object.keys(known?.accepted ?? {}).length > 0
          ? 'accepting'
          : (known?.promised ?? 0) > 0
            ? 'promised'
            : 'standing by';
    return { ...ACCEPTS, now };
  }
  const chart = rules.protocol === 'three-phase' ? COORDINATES_THREE : COORDINATES_TWO;
  return { ...chart, now: coordinationOf(node)?.phase ?? 'idle' };
}
