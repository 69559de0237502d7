// What an object would do if there were only one client: the sequential specifications that
// linearizability (linearizable.ts) is judged against.
//
//   register  read → value          write value     cas from value → did it
//   kv        get → value or null   put value       cas, append value, delete      one register a key
//   queue     deq → value or null   enq value       null: it was empty
//   stack     pop → value or null   push value
//   mutex     acquire → got it      release → had it
//   set       contains value → is it in             add value, remove value → did it change · read → all
//
// States and values are small integers here, whose meaning a table keeps: the search compares,
// hashes and keeps millions of them.

import { assert, Complaint } from '../base/assert.ts';

export type ObjectName = 'register' | 'kv' | 'queue' | 'stack' | 'mutex' | 'set';

/** One operation of one client: a closed interval of time, and what was asked and answered. */
export interface Operation {
  readonly client: number | string;
  readonly op: string;
  /** kv only: every key is an object of its own. */
  readonly key?: string;
  readonly value?: unknown;
  /** cas: the value that was expected. */
  readonly from?: unknown;
  /** The answer; free where there is none, as in an operation that never returned. */
  readonly out?: unknown;
  readonly call: number;
  /** null: never answered. It may take effect at any time after its call, or never. */
  readonly return: number | null;
}

/** An operation as numbers. */
export interface Action {
  readonly kind: number;
  readonly value: number;
  readonly from: number;
  /** The answer's number, or FREE. */
  readonly out: number;
  /** Leaves the state as it is wherever it fits at all. */
  readonly pure: boolean;
}

export const FREE = -1;
/** The answer does not fit the state. */
export const UNFIT = -1;

/** The object, as far as one history needs it. */
export interface Machine {
  readonly start: number;
  action(operation: Operation): Action;
  /** The state after the action, or UNFIT. */
  step(state: number, action: Action): number;
  /** A state in words. */
  show(state: number): string;
}

export const OBJECTS: readonly ObjectName[] = ['register', 'kv', 'queue', 'stack', 'mutex', 'set'];

export function machineOf(object: ObjectName, init: unknown): Machine {
  switch (object) {
    case 'register':
    case 'kv':
      return new Register(init);
    case 'queue':
      return line(init, true);
    case 'stack':
      return line(init, false);
    case 'mutex':
      return mutex(init);
    case 'set':
      return setOf(init);
    default:
      throw new Complaint(`${String(object)} is no object; expected one of ${OBJECTS.join(', ')}`);
  }
}

/** Values as numbers, in the order of their first appearance. */
class Table {
  readonly values: unknown[] = [];
  readonly #numbers = new Map<unknown, number>();

  number(value: unknown): number {
    const known = value ?? null;
    // Lists and records by what they hold; the mark keeps them apart from texts.
    const name = typeof known === 'object' && known ? `\u0000${JSON.stringify(known)}` : known;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.values.push(known) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }
}

const READ = 0;
const WRITE = 1;
const CAS = 2;
const APPEND = 3;
const NO = 0;
const YES = 1;

function answerOf(out: unknown): number {
  return out === undefined ? FREE : out === true ? YES : NO;
}

function unknownOperation(op: string, object: string, known: string): Complaint {
  return new Complaint(`${op} is no operation of a ${object}; expected ${known}`);
}

/** A class, so that a search compiled for one history serves the next. */
class Register implements Machine {
  readonly start: number;
  readonly #table = new Table();

  constructor(init: unknown) {
    this.start = this.#table.number(init);
  }

  action({ op, value, from, out }: Operation): Action {
    const table = this.#table;
    switch (op) {
      case 'read':
      case 'get': {
        const seen = out === undefined ? FREE : table.number(out);
        return { kind: READ, value: FREE, from: FREE, out: seen, pure: true };
      }
      case 'write':
      case 'put':
      case 'delete': {
        const to = table.number(op === 'delete' ? null : value);
        return { kind: WRITE, value: to, from: FREE, out: FREE, pure: false };
      }
      case 'append': {
        const tail = table.number(value);
        return { kind: APPEND, value: tail, from: FREE, out: FREE, pure: false };
      }
      case 'cas': {
        const [was, to] = [table.number(from), table.number(value)];
        const did = answerOf(out);
        return { kind: CAS, value: to, from: was, out: did, pure: did === NO || was === to };
      }
      default:
        throw unknownOperation(
          op,
          'register',
          'read, write or cas; of a map get, put, delete, cas or append',
        );
    }
  }

  step(state: number, action: Action): number {
    switch (action.kind) {
      case READ:
        return action.out === FREE || action.out === state ? state : UNFIT;
      case WRITE:
        return action.value;
      case CAS:
        if (state === action.from) return action.out === NO ? UNFIT : action.value;
        return action.out === YES ? UNFIT : state;
      default: {
        const { values } = this.#table;
        const text = values[state] ?? '';
        return this.#table.number(`${String(text)}${String(values[action.value])}`);
      }
    }
  }

  show(state: number): string {
    return JSON.stringify(this.#table.values[state]);
  }
}

/** Items in a line: taken from the front (a queue) or from where they were put (a stack). */
function line(init: unknown, fromFront: boolean): Machine {
  const values = new Table();
  const EMPTY = values.number(null);
  const items: (readonly number[])[] = [];
  const numbers = new Map<string, number>();
  const stateOf = (list: readonly number[]): number => {
    const name = list.join();
    let number = numbers.get(name);
    if (number === undefined) {
      number = items.push(list) - 1;
      numbers.set(name, number);
    }
    return number;
  };
  const PUT = 0;
  const [put, take] = fromFront ? ['enq', 'deq'] : ['push', 'pop'];
  return {
    start: stateOf(Array.isArray(init) ? init.map((value) => values.number(value)) : []),
    action({ op, value, out }) {
      if (op === put)
        return { kind: PUT, value: values.number(value), from: FREE, out: FREE, pure: false };
      if (op !== take)
        throw unknownOperation(op, fromFront ? 'queue' : 'stack', `${put} or ${take}`);
      const got = out === undefined ? FREE : values.number(out);
      return { kind: 1, value: FREE, from: FREE, out: got, pure: got === EMPTY };
    },
    step(state, action) {
      const list = items[state] as readonly number[];
      if (action.kind === PUT) return stateOf([...list, action.value]);
      const got = list.length === 0 ? EMPTY : (list.at(fromFront ? 0 : -1) as number);
      if (action.out !== FREE && action.out !== got) return UNFIT;
      return stateOf(fromFront ? list.slice(1) : list.slice(0, -1));
    },
    show: (state) =>
      `[${(items[state] as readonly number[]).map((n) => JSON.stringify(values.values[n])).join(', ')}]`,
  };
}

function mutex(init: unknown): Machine {
  const ACQUIRE = 0;
  return {
    start: init === true || init === 'held' ? 1 : 0,
    action({ op, out }) {
      if (op !== 'acquire' && op !== 'release')
        throw unknownOperation(op, 'mutex', 'acquire or release');
      // An operation that returned without saying so did what it is there for.
      const did = answerOf(out);
      return {
        kind: op === 'acquire' ? ACQUIRE : 1,
        value: FREE,
        from: FREE,
        out: did,
        pure: did === NO,
      };
    },
    step(held, { kind, out }) {
      const can = kind === ACQUIRE ? held === 0 : held === 1;
      if (can) return out === NO ? UNFIT : 1 - held;
      // Without an answer it can only have waited, and a wait has no effect.
      return out === NO ? held : UNFIT;
    },
    show: (held) => (held ? 'held' : 'free'),
  };
}

function setOf(init: unknown): Machine {
  const values = new Table();
  const members: (readonly number[])[] = [];
  const numbers = new Map<string, number>();
  const stateOf = (list: readonly number[]): number => {
    const name = list.join();
    let number = numbers.get(name);
    if (number === undefined) {
      number = members.push(list) - 1;
      numbers.set(name, number);
    }
    return number;
  };
  const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
  const all = (list: unknown) =>
    stateOf(sorted([...new Set((Array.isArray(list) ? list : []).map((v) => values.number(v)))]));
  const kinds = ['add', 'remove', 'contains', 'read'];
  return {
    start: all(init),
    action({ op, value, out }) {
      const kind = kinds.indexOf(op);
      if (kind < 0) throw unknownOperation(op, 'set', 'add, remove, contains or read');
      const seen = out === undefined ? FREE : kind === 3 ? all(out) : answerOf(out);
      const pure = kind >= 2 || seen === NO;
      return { kind, value: kind === 3 ? FREE : values.number(value), from: FREE, out: seen, pure };
    },
    step(state, { kind, value, out }) {
      if (kind === 3) return out === FREE || out === state ? state : UNFIT;
      const list = members[state];
      assert(list, 'a state of this set');
      const inside = list.includes(value);
      const answer = kind === 0 ? !inside : inside;
      if (out !== FREE && out !== (answer ? YES : NO)) return UNFIT;
      if (kind === 2 || !answer) return state;
      return stateOf(kind === 0 ? sorted([...list, value]) : list.filter((one) => one !== value));
    },
    show: (state) =>
      `{${(members[state] as readonly number[]).map((n) => JSON.stringify(values.values[n])).join(', ')}}`,
  };
}
