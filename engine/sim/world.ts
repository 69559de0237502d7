// The world of a cluster as one immutable value: nodes with their memory and disks, clocks, messages
// in flight, links, clients and what they saw, the dice. The next world shares with it all that did
// not change, so that keeping a thousand of them costs little.
//
//   World ─┬─ nodes ──┬─ state      memory: gone at a crash                      above the waterline
//          │          ├─ timers     each runs down by the node's own clock
//          │          ├─ saves      on their way to the disk, and what waits for them
//          │          └─ disk       survives                                     below it
//          ├─ flights             a message each, named A>B#17: the 17th from A to B
//          ├─ clients, history    what they asked and what they were told
//          └─ now, dice, storm    time and chance

import { Dice, type DiceState } from '../base/dice.ts';
import type { Effect, Id, Micros } from './actor.ts';
import type { Answer, Call, Client, ClientRules, HistoryRecord } from './client.ts';
import type { Links, NetRules } from './net.ts';
import { emptySeq, type Seq } from './seq.ts';
import type { Storm } from './storm.ts';

export interface WorldRules extends ClientRules {
  readonly net: NetRules;
  /** How long a save takes. 'atomic': it is part of the step, for searches that need no such detail. */
  readonly save: Micros | 'atomic';
}

/** What a node's own clock shows: `shows` at the true time `at`, running `rate` times as fast since. */
export interface Clock {
  readonly at: Micros;
  readonly shows: Micros;
  readonly rate: number;
}

export interface Timer {
  readonly name: string;
  /** True time at which it was set, and at which it runs out. */
  readonly set: Micros;
  readonly at: Micros;
}

export interface Save<M, D> {
  readonly disk: D;
  readonly at: Micros;
  /** What was to be sent after it. */
  readonly held: readonly Extract<Effect<M, D>, { do: 'send' }>[];
}

export interface Node<S, M, D> {
  readonly id: Id;
  readonly status: 'up' | 'paused' | 'crashed';
  /** Undefined when it crashed. */
  readonly state: S | undefined;
  readonly disk: D | undefined;
  readonly saves: readonly Save<M, D>[];
  readonly timers: readonly Timer[];
  readonly clock: Clock;
  /** By receiver: how many messages it ever sent there. */
  readonly sent: Readonly<Record<Id, number>>;
}

export interface Flight<M> {
  readonly from: Id;
  readonly to: Id;
  readonly n: number;
  readonly sentAt: Micros;
  readonly at: Micros;
  readonly message: M | Call | Answer;
  readonly held?: boolean;
  /** The second copy of a doubled message. */
  readonly copy?: boolean;
}

/** `G`: what the referees remember of the run so far; no node sees it. */
export interface World<S, M, D, G> {
  readonly now: Micros;
  readonly dice: DiceState;
  readonly nodes: readonly Node<S, M, D>[];
  readonly clients: readonly Client[];
  /** By client: how many messages each node ever sent there is in the node's `sent`. */
  readonly clientSent: Readonly<Record<string, number>>;
  readonly flights: readonly Flight<M>[];
  readonly links: Links;
  readonly history: Seq<HistoryRecord>;
  readonly storm: Storm | undefined;
  readonly ghost: G;
  readonly counts: Counts;
}

export interface Counts {
  readonly events: number;
  readonly sent: number;
  readonly lost: number;
}

export const isClient = (id: Id): boolean => id >= '0' && id <= '9:';

export const localTime = ({ at, shows, rate }: Clock, now: Micros): Micros =>
  shows + Math.round((now - at) * rate);

export const newNode = <S, M, D>(id: Id, disk: D | undefined, now: Micros): Node<S, M, D> => ({
  id,
  status: 'crashed',
  state: undefined,
  disk,
  saves: [],
  timers: [],
  clock: { at: now, shows: now, rate: 1 },
  sent: {},
});

export const emptyWorld = <S, M, D, G>(seed: number, ghost: G): World<S, M, D, G> => ({
  now: 0,
  dice: new Dice(seed).state,
  nodes: [],
  clients: [],
  clientSent: {},
  flights: [],
  links: new Map(),
  history: emptySeq(),
  storm: undefined,
  ghost,
  counts: { events: 0, sent: 0, lost: 0 },
});

export const nodeNamed = <S, M, D>(world: { readonly nodes: readonly Node<S, M, D>[] }, id: Id) =>
  world.nodes.find((node) => node.id === id);

/** `A>B#17`; a second copy is `A>B#17+`. */
export const nameOfFlight = ({
  from,
  to,
  n,
  copy,
}: Pick<Flight<never>, 'from' | 'to' | 'n' | 'copy'>): string =>
  `${from}>${to}#${n}${copy ? '+' : ''}`;

/** 1,234.5 ms as `1234.5`. */
export const millis = (time: Micros): string => `${Math.round(time / 100) / 10}`;
