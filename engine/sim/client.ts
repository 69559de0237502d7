// A client of a replicated key-value store: an actor too, with a timeout, retries and a memory for
// who led last. One operation at a time; what it asked and heard is the history that the referee judges.
//
//   idle ── an operation ──▶ asking ── answer ──▶ idle
//                            │  ▲ └── not the leader: ask the one that was named
//              no answer in ─┘  │      (none was named: wait a little, ask the next)
//              time: the next ──┘
//                            └── tried often enough ──▶ resting: the outcome is unknown, for ever
//
// A retry carries the same sequence number, so that the servers can tell it from a new operation. An
// operation given up stays open in the history, so the client goes on under a new process number.

import type { Id, Micros } from './actor.ts';

export type Op =
  | { readonly op: 'put'; readonly key: string; readonly value: string }
  | { readonly op: 'get'; readonly key: string }
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'cas'; readonly key: string; readonly from: string; readonly value: string };

export interface Call {
  readonly kind: 'call';
  readonly client: Id;
  readonly seq: number;
  readonly op: Op;
}

export interface Answer {
  readonly kind: 'answer';
  readonly seq: number;
  /** no: it did not match (cas). elsewhere: not done here; ask `leader`, where it is known. */
  readonly outcome: 'ok' | 'no' | 'elsewhere';
  readonly value?: string | null;
  readonly leader?: Id;
}

/** A line of the exported history; `time` in whole microseconds. */
export interface HistoryRecord {
  readonly process: number;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly op: Op['op'];
  readonly key: string;
  readonly value: string | null | readonly [string, string];
  readonly time: Micros;
}

export interface ClientRules {
  /** How long an answer is waited for before the next node is asked. */
  readonly timeout: Micros;
  /** How often an operation is sent before it is given up. */
  readonly tries: number;
  /** Until the next operation, after one with an unknown outcome. */
  readonly rest: Micros;
  /** Until the same question is asked again where no leader was known. */
  readonly again: Micros;
}

export interface Client {
  readonly id: Id;
  readonly process: number;
  readonly seq: number;
  readonly open: Open | undefined;
  readonly queue: readonly Op[];
  /** Who answered last. */
  readonly guess: Id | undefined;
  readonly timer: { readonly name: 'retry' | 'rest' | 'think'; readonly at: Micros } | undefined;
  /** What it read or wrote last under each key: a cas begins with that. */
  readonly seen: Readonly<Record<string, string>>;
}

export interface Open {
  readonly op: Op;
  readonly asked: Id;
  readonly tries: number;
  readonly since: Micros;
  /** Who did not answer in time: nobody is believed who says that this one leads. */
  readonly silent?: Id;
}

/** What a client's step comes to: the client, what it sends, what the history gets. */
export interface ClientStep {
  readonly client: Client;
  readonly send?: { readonly to: Id; readonly call: Call };
  readonly record?: HistoryRecord;
  readonly did: ClientDid;
}

export type ClientDid =
  | {
      readonly kind: 'ask';
      readonly client: Id;
      readonly asked: Id;
      readonly op: Op;
      readonly tries: number;
    }
  | { readonly kind: 'queued'; readonly client: Id; readonly op: Op; readonly waiting: number }
  | {
      readonly kind: 'answered';
      readonly client: Id;
      readonly from: Id;
      readonly op: Op;
      readonly outcome: 'ok' | 'no';
      readonly value: string | null;
      readonly took: Micros;
      readonly tries: number;
    }
  | {
      readonly kind: 'redirected';
      readonly client: Id;
      readonly from: Id;
      readonly leader: Id | undefined;
      readonly asked?: Id;
    }
  | { readonly kind: 'late'; readonly client: Id; readonly from: Id; readonly seq: number }
  | {
      readonly kind: 'retry';
      readonly client: Id;
      readonly asked: Id;
      readonly op: Op;
      readonly tries: number;
      readonly before: Id;
    }
  | { readonly kind: 'gave-up'; readonly client: Id; readonly op: Op; readonly tries: number }
  | { readonly kind: 'rested'; readonly client: Id };

/** Process numbers of one client are this far apart. */
const PROCESSES = 1000;

export const newClient = (id: Id): Client => ({
  id,
  process: Number(id),
  seq: 0,
  open: undefined,
  queue: [],
  guess: undefined,
  timer: undefined,
  seen: {},
});

const recordOf = (
  client: Client,
  type: HistoryRecord['type'],
  op: Op,
  value: HistoryRecord['value'],
  time: Micros,
): HistoryRecord => ({ process: client.process, type, op: op.op, key: op.key, value, time });

const asked = (op: Op): HistoryRecord['value'] =>
  op.op === 'put' ? op.value : op.op === 'cas' ? [op.from, op.value] : null;

/** Asks for an operation, or lets it wait behind the one that is open. */
export function begin(
  client: Client,
  op: Op,
  nodes: readonly Id[],
  now: Micros,
  rules: ClientRules,
): ClientStep {
  if (client.open || client.timer?.name === 'rest') {
    const queue = [...client.queue, op];
    return {
      client: { ...client, queue },
      did: { kind: 'queued', client: client.id, op, waiting: queue.length },
    };
  }
  const to = client.guess ?? (nodes[(Number(client.id) - 1) % nodes.length] as Id);
  const seq = client.seq + 1;
  return {
    client: {
      ...client,
      seq,
      open: { op, asked: to, tries: 1, since: now },
      timer: { name: 'retry', at: now + rules.timeout },
    },
    send: { to, call: { kind: 'call', client: client.id, seq, op } },
    record: recordOf(client, 'invoke', op, asked(op), now),
    did: { kind: 'ask', client: client.id, asked: to, op, tries: 1 },
  };
}

/** An answer arrives. */
export function hear(
  client: Client,
  from: Id,
  answer: Answer,
  now: Micros,
  rules: ClientRules,
): ClientStep {
  const { open } = client;
  if (!open || answer.seq !== client.seq)
    return { client, did: { kind: 'late', client: client.id, from, seq: answer.seq } };
  if (answer.outcome === 'elsewhere') {
    // Only the node asked last is believed: an old answer would send it back and forth.
    if (from !== open.asked)
      return { client, did: { kind: 'late', client: client.id, from, seq: answer.seq } };
    const { leader } = answer;
    if (
      leader === undefined ||
      leader === from ||
      leader === open.silent ||
      open.tries >= rules.tries
    )
      return {
        client: { ...client, guess: undefined, timer: { name: 'retry', at: now + rules.again } },
        did: { kind: 'redirected', client: client.id, from, leader },
      };
    return {
      ...resend({ ...client, guess: leader }, open, leader, now, rules),
      did: { kind: 'redirected', client: client.id, from, leader, asked: leader },
    };
  }
  const { op } = open;
  const value = op.op === 'get' ? (answer.value ?? null) : asked(op);
  const known =
    op.op === 'get' ? answer.value : op.op === 'put' || op.op === 'cas' ? op.value : null;
  const seen = { ...client.seen };
  if (known == null) delete seen[op.key];
  else if (answer.outcome === 'ok') seen[op.key] = known;
  return {
    client: { ...client, open: undefined, guess: from, timer: undefined, seen },
    record: recordOf(client, answer.outcome === 'ok' ? 'ok' : 'fail', op, value, now),
    did: {
      kind: 'answered',
      client: client.id,
      from,
      op,
      outcome: answer.outcome,
      value: op.op === 'get' ? (answer.value ?? null) : null,
      took: now - open.since,
      tries: open.tries,
    },
  };
}

/** Its timer ran out: ask the next node, give up, or go on after a rest. */
export function clientWake(
  client: Client,
  nodes: readonly Id[],
  now: Micros,
  rules: ClientRules,
): ClientStep {
  const { open } = client;
  if (!open)
    return { client: { ...client, timer: undefined }, did: { kind: 'rested', client: client.id } };
  if (open.tries >= rules.tries)
    return {
      client: {
        ...client,
        process: client.process + PROCESSES,
        open: undefined,
        guess: undefined,
        timer: { name: 'rest', at: now + rules.rest },
      },
      record: recordOf(client, 'info', open.op, asked(open.op), now),
      did: { kind: 'gave-up', client: client.id, op: open.op, tries: open.tries },
    };
  const next = nodes[(nodes.indexOf(open.asked) + 1) % nodes.length] as Id;
  return {
    ...resend({ ...client, guess: undefined }, { ...open, silent: open.asked }, next, now, rules),
    did: {
      kind: 'retry',
      client: client.id,
      asked: next,
      op: open.op,
      tries: open.tries + 1,
      before: open.asked,
    },
  };
}

function resend(
  client: Client,
  open: Open,
  to: Id,
  now: Micros,
  rules: ClientRules,
): Omit<ClientStep, 'did'> {
  return {
    client: {
      ...client,
      open: { ...open, asked: to, tries: open.tries + 1 },
      timer: { name: 'retry', at: now + rules.timeout },
    },
    send: { to, call: { kind: 'call', client: client.id, seq: client.seq, op: open.op } },
  };
}
