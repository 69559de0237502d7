import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import { linearizable } from './linearizable.ts';
import { machineOf, OBJECTS, type ObjectName, type Operation, UNFIT } from './objects.ts';
import { type Entry, observe, operationsOf, watch } from './watch.ts';

interface Judged {
  readonly id: string;
  readonly model: ObjectName;
  readonly init: unknown;
  readonly linearizable: boolean;
  readonly ops: readonly Operation[];
}

/** The verdicts of porcupine, and of an independent search where it could; packed an operation a word. */
const packed: Judged[] = readFileSync(`${import.meta.dirname}/fixtures/verdicts.jsonl`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const history = JSON.parse(line) as Omit<Judged, 'ops'> & { ops: string };
    return { ...history, ops: history.ops.split(';').map(unpacked) };
  });

function unpacked(text: string): Operation {
  const [client, op, call, back, ...rest] = text.split(' ') as [string, string, string, string];
  const names = { k: 'key', v: 'value', f: 'from', o: 'out' } as const;
  const fields = rest.map((word: string) => [
    names[word[0] as keyof typeof names],
    JSON.parse(word.slice(1)),
  ]);
  return {
    client: Number(client),
    op,
    call: Number(call),
    return: back === '-' ? null : Number(back),
    ...Object.fromEntries(fields),
  };
}

/** lin-published.json holds other projects' data, so it is read where it lies and not copied. */
const oracles = process.env.ORACLES ?? `${import.meta.dirname}/../../../shared/oracles`;
const published = ['lin-named', 'lin-random', 'lin-published']
  .map((name) => `${oracles}/${name}.json`)
  .filter((path) => existsSync(path));

describe('verdicts of others', () => {
  test('all 234 histories in the repository', () => {
    expect(packed.length).toBe(234);
    for (const { id, model, init, ops, linearizable: verdict } of packed)
      expect([id, linearizable(model, ops, { init }).linearizable]).toEqual([id, verdict]);
  });

  test.runIf(published.length > 0)('and those that lie beside it', () => {
    for (const path of published) {
      const { histories } = JSON.parse(readFileSync(path, 'utf8')) as { histories: Judged[] };
      for (const { id, model, init, ops, linearizable: verdict } of histories)
        expect([id, linearizable(model, ops, { init }).linearizable]).toEqual([id, verdict]);
    }
  });
});

/** Every order of every subset that contains what was answered; for a handful of operations. */
function bruteForce(object: ObjectName, init: unknown, operations: readonly Operation[]): boolean {
  const keys = new Set(object === 'kv' ? operations.map(({ key }) => key) : [undefined]);
  return [...keys].every((key) => {
    const part = operations.filter((operation) => operation.key === key);
    const machine = machineOf(object, init);
    const place = (state: number, left: readonly Operation[]): boolean => {
      const answered = left.filter((operation) => operation.return !== null);
      if (answered.length === 0) return true;
      const deadline = Math.min(...answered.map((operation) => operation.return as number));
      return left.some((operation) => {
        if (operation.call > deadline) return false;
        const to = machine.step(state, machine.action(operation));
        return (
          to !== UNFIT &&
          place(
            to,
            left.filter((one) => one !== operation),
          )
        );
      });
    };
    return place(machine.start, part);
  });
}

const VERBS: Record<ObjectName, readonly string[]> = {
  register: ['read', 'read', 'write', 'cas'],
  kv: ['get', 'get', 'put', 'delete', 'cas', 'append'],
  queue: ['enq', 'deq'],
  stack: ['push', 'pop'],
  mutex: ['acquire', 'release'],
  set: ['add', 'remove', 'contains', 'read'],
};

/** What a client might have asked, and now and then an answer that a real object would not give. */
function randomEntries(object: ObjectName, dice: Dice, length: number): Entry[] {
  const machine = machineOf(object, null);
  const states = new Map<string, number>();
  const entries: Entry[] = [];
  const open = new Map<number, { entry: Entry; out: unknown; took: boolean }>();
  const read = (text: string): unknown =>
    JSON.parse(text.startsWith('{') ? `[${text.slice(1, -1)}]` : text);
  let clients = 0;
  const idle: number[] = [clients++, clients++, clients++];
  for (let time = 1; entries.length < length; time++) {
    const start = idle.length > 0 && dice.chance(0.5);
    if (start) {
      const process = idle.splice(dice.below(idle.length), 1)[0] as number;
      const op = VERBS[object][dice.below(VERBS[object].length)] as string;
      const value =
        op === 'cas'
          ? [dice.below(3), dice.below(3)]
          : /read|get|deq|pop/.test(op)
            ? null
            : dice.below(3);
      const key = object === 'kv' ? ('xy'[dice.below(2)] as string) : undefined;
      const entry: Entry = { process, type: 'invoke', op, value, time, ...(key && { key }) };
      entries.push(entry);
      open.set(process, { entry, out: undefined, took: false });
      continue;
    }
    const [process, call] = [...open][dice.below(Math.max(1, open.size))] ?? [];
    if (process === undefined || !call) continue;
    const { entry } = call;
    const key = entry.key ?? '';
    if (!call.took) {
      // It takes effect now, and its answer is what a real object gives; or, rarely, nonsense.
      const state = states.get(key) ?? machine.start;
      const before = machine.show(state);
      const operation = operationsOf([entry])[0] as Operation;
      let to = machine.step(state, machine.action(operation));
      const refused = to === UNFIT;
      if (refused) to = state;
      states.set(key, to);
      const items =
        object === 'register' || object === 'kv' || object === 'mutex'
          ? []
          : (read(before) as unknown[]);
      if (entry.op === 'read' || entry.op === 'get')
        call.out = object === 'set' ? items : read(before);
      if (entry.op === 'deq') call.out = items[0] ?? null;
      if (entry.op === 'pop') call.out = items.at(-1) ?? null;
      if (entry.op === 'contains') call.out = items.includes(entry.value);
      if (entry.op === 'cas' && read(before) !== (entry.value as number[])[0])
        call.out = 'mismatch';
      if (refused && !dice.chance(0.2)) call.out = 'mismatch';
      if (dice.chance(0.06) && /deq|pop|^read|get/.test(entry.op))
        call.out = object === 'set' ? [1] : 1;
      call.took = true;
      continue;
    }
    open.delete(process);
    if (dice.chance(0.15)) {
      entries.push({ ...entry, type: 'info', value: null, time });
      idle.push(clients++);
      continue;
    }
    const type = call.out === 'mismatch' ? 'fail' : 'ok';
    entries.push({ ...entry, type, value: call.out ?? entry.value, time });
    idle.push(process);
  }
  return entries;
}

describe.each(OBJECTS)('a random history of a %s', (object) => {
  test('is judged as by trying all orders, in whole and as it grows', () => {
    const dice = new Dice(40 + OBJECTS.indexOf(object));
    let [good, bad] = [0, 0];
    for (let round = 0; round < 250; round++) {
      const entries = randomEntries(object, dice, 4 + dice.below(14));
      const operations = operationsOf(entries);
      const verdict = linearizable(object, operations, { init: null, order: true });
      expect(verdict.linearizable, JSON.stringify(entries)).toBe(
        bruteForce(object, null, operations),
      );
      let watched = watch(object);
      let caught: number | undefined;
      for (const entry of entries) {
        watched = observe(watched, entry);
        if (watched.trouble) caught ??= entry.time;
      }
      if (verdict.linearizable) {
        good++;
        expect(caught).toBeUndefined();
        expectLegal(object, operations, verdict.order as readonly number[]);
        continue;
      }
      bad++;
      if (verdict.linearizable === undefined) throw new Error('given up');
      const { time, last, unplaced, order } = verdict.failure;
      // The shortest prefix: without its last answer it is fine. The referee says so at that very
      // answer, unless it could not know yet that some call had no effect.
      if (entries.some(({ type }) => type === 'fail')) expect(caught).toBeGreaterThanOrEqual(time);
      else expect(caught).toBe(time);
      expect(bruteForce(object, null, until(operations, time - 1))).toBe(true);
      expect(bruteForce(object, null, until(operations, time))).toBe(false);
      expect(unplaced).toContain(last);
      for (const index of order) expect(unplaced).not.toContain(index);
      expect(watched.trouble?.unplaced.length).toBeGreaterThan(0);
    }
    expect(good).toBeGreaterThan(40);
    expect(bad).toBeGreaterThan(5);
  });
});

/** What was known at a time. */
const until = (operations: readonly Operation[], time: number): Operation[] =>
  operations
    .filter(({ call }) => call <= time)
    .map(({ out, ...operation }) =>
      (operation.return ?? time + 1) > time
        ? { ...operation, return: null }
        : { ...operation, out },
    );

/** Every answer is what the object gives in that order, and nothing comes before what ended first. */
function expectLegal(
  object: ObjectName,
  operations: readonly Operation[],
  order: readonly number[],
) {
  expect(new Set(order).size).toBe(order.length);
  const states = new Map<string, number>();
  const machines = new Map<string, ReturnType<typeof machineOf>>();
  order.forEach((index, at) => {
    const operation = operations[index] as Operation;
    const key = operation.key ?? '';
    const machine = machines.get(key) ?? machineOf(object, null);
    machines.set(key, machine);
    const to = machine.step(states.get(key) ?? machine.start, machine.action(operation));
    expect(to).not.toBe(UNFIT);
    states.set(key, to);
    for (const later of order.slice(at + 1)) {
      const other = operations[later] as Operation;
      if ((other.key ?? '') === key && other.return !== null)
        expect(other.return).toBeGreaterThanOrEqual(operation.call);
    }
  });
  const answered = operations.flatMap((operation, index) =>
    operation.return === null ? [] : [index],
  );
  expect(order).toEqual(expect.arrayContaining(answered));
}

test('a failure names the answer that came too late, and the shortest prefix', () => {
  const verdict = linearizable(
    'register',
    [
      { client: 'A', op: 'write', value: 1, call: 0, return: 10 },
      { client: 'B', op: 'read', out: 1, call: 1, return: 3 },
      { client: 'C', op: 'read', out: 0, call: 4, return: 6 },
      { client: 'B', op: 'write', value: 2, call: 7, return: 12 },
    ],
    { init: 0 },
  );
  expect(verdict).toEqual({
    linearizable: false,
    failure: { last: 2, time: 6, order: [0, 1], state: '1', unplaced: [2] },
  });
});

test('fifty writes that nobody answered cost no more than what was read of them', () => {
  const lost = Array.from({ length: 50 }, (_, n) => ({
    client: n,
    op: 'write',
    value: n,
    call: n,
    return: null,
  }));
  const reads = Array.from({ length: 50 }, (_, n) => ({
    client: 99,
    op: 'read',
    out: (n * 7) % 50,
    call: 100 + 2 * n,
    return: 101 + 2 * n,
  }));
  expect(
    linearizable('register', [...lost, ...reads], { init: 0, most: 100_000 }).linearizable,
  ).toBe(true);
  const again = { client: 99, op: 'read', out: 7, call: 300, return: 301 };
  expect(linearizable('register', [...lost, ...reads, again], { init: 0 }).linearizable).toBe(
    false,
  );
});

test('a search that would take too long is given up, and says so', () => {
  const open = Array.from({ length: 14 }, (_, n) => ({
    client: n,
    op: 'enq',
    value: n,
    call: n,
    return: 100 + n,
  }));
  const verdict = linearizable('queue', open, { init: [], most: 1_000 });
  expect(verdict.linearizable).toBeUndefined();
});

test('what is no operation of the object is said in one line', () => {
  expect(() =>
    linearizable('queue', [{ client: 0, op: 'push', value: 1, call: 0, return: 1 }]),
  ).toThrow('push is no operation of a queue; expected enq or deq');
});
