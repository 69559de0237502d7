// The linearizability referee at work: it reads the clients' history as it is made, and knows after
// each answer whether an order still exists. A value, like everything else of a run: observe() leaves
// the old one as it was, so a branch goes on from any moment.
//
//   events of key x   ── settled ──┤ call of the oldest open operation ── tail ──▶ now
//                        configurations that are possible there
//
// Up to the call of the oldest operation that is still open, all answers are known: what was possible
// there is settled, a few words. The tail behind it is searched anew at each return, its open
// operations free to answer anything. So a return costs as much as what goes on at once on its key.

import { assert } from '../base/assert.ts';
import { History, Search, type Start } from './linearizable.ts';
import { type Machine, machineOf, type ObjectName, type Operation } from './objects.ts';

/** A line of a history: `run --history` writes them. */
export interface Entry {
  readonly process: number | string;
  /** fail: certainly had no effect; info: nobody knows. */
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly op: string;
  readonly key?: string;
  /** What is written, [from, to] of a cas; on an answer to a get, what was read. */
  readonly value: unknown;
  readonly time: number;
}

/** What is known of one key. */
interface Track {
  readonly machine: Machine;
  readonly start: Start;
  /** The open ones of `start`, then those called in the tail. */
  readonly operations: readonly Operation[];
  /** Whether the client gave up on it: it stays open for ever, and nobody waits for it. */
  readonly lost: readonly boolean[];
  /** Operation times 2, plus 1 for a return. */
  readonly tail: readonly number[];
}

export interface Trouble {
  readonly key: string;
  /** The operation with whose answer, or failure, no order was left. */
  readonly last: Operation;
  /** The answered operations that have no place. */
  readonly unplaced: readonly Operation[];
}

export interface Watched {
  readonly object: ObjectName;
  readonly init: unknown;
  readonly tracks: ReadonlyMap<string, Track>;
  /** The key that each process has an open operation on. */
  readonly open: ReadonlyMap<number | string, string>;
  readonly trouble: Trouble | undefined;
}

export function watch(object: ObjectName, init: unknown = null): Watched {
  return { object, init, tracks: new Map(), open: new Map(), trouble: undefined };
}

/** The operation that an entry calls. */
function called({ process, op, key, value, time }: Entry): Operation {
  const pair = op === 'cas' && Array.isArray(value);
  return {
    client: process,
    op,
    ...(key !== undefined && { key }),
    ...(pair ? { from: value[0], value: value[1] } : { value }),
    call: time,
    return: null,
  };
}

/** The same operation with its answer. */
function answered(operation: Operation, { op, value, time }: Entry): Operation {
  const reads = ['get', 'read', 'deq', 'pop', 'contains'].includes(op);
  const out = op === 'cas' ? true : reads ? value : undefined;
  return { ...operation, ...(out !== undefined && { out }), return: time };
}

/** The history with one entry more. Once there is trouble, it stays. */
export function observe(watched: Watched, entry: Entry): Watched {
  if (watched.trouble) return watched;
  const open = new Map(watched.open);
  const tracks = new Map(watched.tracks);
  if (entry.type === 'invoke') {
    const key = entry.key ?? '';
    assert(!open.has(entry.process), 'a client has one open operation');
    const track = tracks.get(key) ?? begin(watched);
    tracks.set(key, {
      ...track,
      operations: [...track.operations, called(entry)],
      lost: [...track.lost, false],
      tail: [...track.tail, track.operations.length * 2],
    });
    open.set(entry.process, key);
    return { ...watched, open, tracks };
  }
  const key = open.get(entry.process);
  assert(key !== undefined, 'an answer has a call');
  open.delete(entry.process);
  const track = tracks.get(key) as Track;
  const index = track.operations.findLastIndex(
    ({ client, return: back }, at) =>
      client === entry.process && back === null && track.lost[at] === false,
  );
  if (entry.type === 'info') {
    tracks.set(key, { ...track, lost: track.lost.with(index, true) });
    return { ...watched, open, tracks };
  }
  // What certainly had no effect is as if it had never been; others may have counted on it.
  const operation = answered(track.operations[index] as Operation, entry);
  const { settled, trouble } = settle(
    entry.type === 'fail'
      ? without(track, index)
      : {
          ...track,
          operations: track.operations.with(index, operation),
          tail: [...track.tail, index * 2 + 1],
        },
  );
  tracks.set(key, settled);
  return {
    ...watched,
    open,
    tracks,
    trouble: trouble && { key, last: operation, unplaced: trouble },
  };
}

function begin({ object, init }: Watched): Track {
  const machine = machineOf(object, init);
  const configurations = Int32Array.of(0, machine.start);
  const start = { open: 0, words: 1, configurations };
  return { machine, start, operations: [], lost: [], tail: [] };
}

/** As if an operation of the tail had never been called. */
function without(track: Track, index: number): Track {
  assert(index >= track.start.open, 'an operation that failed is in the tail');
  const keep = (_: unknown, at: number) => at !== index;
  return {
    ...track,
    operations: track.operations.filter(keep),
    lost: track.lost.filter(keep),
    tail: track.tail
      .filter((event) => event >> 1 !== index)
      .map((event) => (event >> 1 > index ? event - 2 : event)),
  };
}

/** Searches the tail, and shortens it up to the call of the oldest operation that is still open. */
function settle(track: Track): { settled: Track; trouble?: readonly Operation[] } {
  const { machine, start, operations, lost } = track;
  const events = Int32Array.from(track.tail);
  const history = new History(machine, operations, events);
  const waiting = (op: number) => operations[op]?.return === null && lost[op] === false;
  const oldest = track.tail.findIndex((event) => (event & 1) === 0 && waiting(event >> 1));
  const end = oldest < 0 ? events.length : oldest;
  const whole = new Search(machine, Number.POSITIVE_INFINITY, false);
  if (whole.through(history, events.length, start) < events.length) {
    const again = new Search(machine, Number.POSITIVE_INFINITY, true);
    const stopped = again.through(history, events.length, start);
    const placed = new Set(again.best().order);
    const back = track.tail.slice(0, stopped + 1).filter((event) => event & 1);
    const missing = back.map((event) => event >> 1).filter((op) => !placed.has(op));
    return { settled: track, trouble: missing.map((op) => operations[op] as Operation) };
  }
  if (end === 0) return { settled: track };
  const known = new Search(machine, Number.POSITIVE_INFINITY, false);
  const run = end === events.length ? whole : known;
  if (run === known) known.through(history, end, start);
  const stop = run.stop();
  const kept = [...stop.open];
  for (const event of track.tail.slice(end)) if ((event & 1) === 0) kept.push(event >> 1);
  const renamed = new Map(kept.map((op, at) => [op, at]));
  return {
    settled: {
      machine,
      start: stop.start,
      operations: kept.map((op) => operations[op] as Operation),
      lost: kept.map((op) => lost[op] as boolean),
      tail: track.tail
        .slice(end)
        .map((event) => (renamed.get(event >> 1) as number) * 2 + (event & 1)),
    },
  };
}

/** The operations of a history, for judging it at once. What had certainly no effect is left out. */
export function operationsOf(entries: readonly Entry[]): Operation[] {
  const operations: (Operation | undefined)[] = [];
  const open = new Map<number | string, number>();
  for (const entry of entries) {
    const at = open.get(entry.process);
    if (entry.type === 'invoke') open.set(entry.process, operations.push(called(entry)) - 1);
    else {
      assert(at !== undefined, 'an answer has a call');
      open.delete(entry.process);
      if (entry.type === 'fail') operations[at] = undefined;
      if (entry.type === 'ok') operations[at] = answered(operations[at] as Operation, entry);
    }
  }
  return operations.filter((operation) => operation !== undefined);
}
