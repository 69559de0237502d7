import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Complaint } from '../base/assert.ts';
import { digestOf } from '../base/digest.ts';
import { bytesOfContent } from '../disk/image.ts';
import { type CounterCommand, type CounterEvent, type CounterState, counter } from './counter.ts';
import type { Moment, Setup } from './lab.ts';
import { digestOfState, Timeline, type TimelineOptions } from './timeline.ts';

const setup: Setup = {
  lab: 'counter',
  seed: 7,
  settings: { limit: 1000 },
  sabotage: [],
};
const timelineOf = (options: TimelineOptions = {}) => new Timeline(counter, setup, options);
type Run = ReturnType<typeof timelineOf>;

/** Everything of a moment, every byte of memory included. */
function whole({ index, command, step, event, state }: Moment<CounterState, CounterEvent>): string {
  const files = [...state.image.files].map(([id, file]) => [
    id,
    bytesOfContent(file),
    bytesOfContent(file, file.synced),
  ]);
  return digestOf([index, command, step, event, state.dice, state.adds, files]);
}

/** What a run must say, from running straight through with every moment sealed at once. */
function recording(commands: readonly CounterCommand[]): string[] {
  let state = counter.open(setup);
  const out = [whole({ index: 0, command: 0, step: 1, event: counter.opening(state), state })];
  commands.forEach((given, i) => {
    let step = 0;
    for (let rest: CounterCommand | undefined = given; rest; ) {
      const part = counter.run(
        state,
        rest,
        (event, seal) =>
          out.push(
            whole({ index: out.length, command: i + 1, step: ++step, event, state: seal() }),
          ),
        setup,
      );
      state = part.state;
      rest = part.rest;
    }
  });
  return out;
}

const command: fc.Arbitrary<CounterCommand> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    by: fc.nat(9),
    parts: fc.constantFrom(1, 2, 3, 40),
  }),
  fc.constantFrom<CounterCommand>({ kind: 'save' }, { kind: 'show' }, { kind: 'crash' }),
);
const commands = fc.array(command, { maxLength: 25 });
const filled = (run: Run, list: readonly CounterCommand[]) => {
  for (const one of list) run.append(one);
  return run;
};
const add = (by: number, parts = 1): CounterCommand => ({ kind: 'add', by, parts });

describe('the replay equals the recording', () => {
  test('in any order, at any spacing, under any budget', () => {
    fc.assert(
      fc.property(
        commands,
        fc.constantFrom(1, 2, 7, 64, 1000),
        fc.constantFrom(0, 20_000, 64 * 2 ** 20),
        fc.array(fc.nat(), { maxLength: 60 }),
        (list, spacing, budget, order) => {
          const run = filled(timelineOf({ spacing, budget }), list);
          const said = recording(list);
          expect(run.length).toBe(said.length);
          for (const pick of order) {
            const i = pick % run.length;
            expect(whole(run.at(i))).toBe(said[i]);
          }
          for (let i = run.length - 1; i >= 0; i--) expect(whole(run.at(i))).toBe(said[i]);
          expect(run.digest()).toBe(digestOfState(counter, run.end));
        },
      ),
      { numRuns: 80 },
    );
  });

  test('a fork at any command shares what was before it and goes its own way', () => {
    fc.assert(
      fc.property(commands, commands, fc.constantFrom(1, 5, 64), (list, tail, spacing) => {
        const run = filled(timelineOf({ spacing, budget: 30_000 }), list);
        const before = recording(list);
        for (let at = 0; at <= list.length; at++) {
          const fork = filled(run.fork(at), tail);
          const said = recording([...list.slice(0, at), ...tail]);
          expect(fork.length).toBe(said.length);
          for (const i of [fork.length - 1, 0, Math.floor(fork.length / 2)])
            expect(whole(fork.at(i))).toBe(said[i]);
          expect([...fork.kinds()]).toEqual([
            ...filled(timelineOf(), [...list.slice(0, at), ...tail]).kinds(),
          ]);
        }
        for (let i = 0; i < run.length; i++) expect(whole(run.at(i))).toBe(before[i]);
      }),
      { numRuns: 25 },
    );
  });

  test('checkpoints stay within their budget, whatever was cut back and forked', () => {
    const run = timelineOf({ spacing: 1, budget: 50_000 });
    for (let i = 0; i < 50; i++) {
      run.append(add(1, 20));
      expect(() => run.append(add(5_000, 20))).toThrow(Complaint);
    }
    expect(run.weight).toBeLessThan(50_000 + 9 * run.length + 64);
    const fork = run.fork(30);
    filled(fork, [add(1, 500)]);
    expect(fork.weight).toBeLessThan(50_000 + 9 * fork.length + 64);
    expect(run.weight).toBeLessThan(50_000 + 9 * run.length + 64);
  });
});

describe('a command that does not end', () => {
  const snapshot = (run: Run) => [
    run.length,
    run.commands.length,
    run.digest(),
    [...run.kinds()],
    run.problems,
  ];

  test('a complaint in the middle of its parts leaves the run as it was', () => {
    for (const spacing of [1, 3, 64]) {
      const run = filled(timelineOf({ spacing }), [add(10, 5), { kind: 'save' }]);
      const before = snapshot(run);
      expect(() => run.append(add(9_000, 10))).toThrow('beyond the limit of 1000');
      expect(snapshot(run)).toEqual(before);
      run.append(add(3, 3));
      const said = recording([add(10, 5), { kind: 'save' }, add(3, 3)]);
      for (let i = run.length - 1; i >= 0; i--) expect(whole(run.at(i))).toBe(said[i]);
    }
  });

  test('given up after any part, looked at meanwhile, it leaves the run as it was', () => {
    for (let parts = 0; parts <= 6; parts++) {
      const run = filled(timelineOf({ spacing: 2 }), [add(10, 5)]);
      const before = snapshot(run);
      const work = run.work(add(20, 10));
      for (let i = 0; i < parts; i++) work.next();
      const said = recording([add(10, 5), add(20, 10)]);
      // Each next() does one part of two moments; all of them can be looked at while it works.
      expect(run.length).toBe(11 + 2 * parts);
      for (let i = run.length - 1; i >= 0; i--) expect(whole(run.at(i))).toBe(said[i]);
      if (parts > 0) expect(run.nameOf(run.length - 1)).toBe(`2.${2 * parts}`);
      work.return(undefined as never);
      expect(snapshot(run)).toEqual(before);
      filled(run, [add(3)]);
      const after = recording([add(10, 5), add(3)]);
      for (let i = run.length - 1; i >= 0; i--) expect(whole(run.at(i))).toBe(after[i]);
    }
  });

  test('one command is recorded at a time', () => {
    const run = timelineOf();
    const work = run.work(add(20, 10));
    work.next();
    expect(() => run.append(add(1))).toThrow('one command');
    work.return(undefined as never);
    expect(run.length).toBe(1);
    run.append(add(1));
    expect(run.length).toBe(3);
  });

  test('beyond the ceiling it is stopped', () => {
    const run = timelineOf({ ceiling: 10 });
    run.append(add(5, 5));
    expect(() => run.append(add(6, 6))).toThrow(
      'the command was stopped after 10 moments; the run stays as it was',
    );
    expect([run.length, run.commands.length]).toEqual([11, 1]);
  });
});

describe('names, and what is found', () => {
  const run = filled(timelineOf(), [add(10, 2), { kind: 'save' }, { kind: 'show' }, add(3)]);

  test('every moment has its name, and a name its moment', () => {
    expect(Array.from({ length: run.length }, (_, i) => run.nameOf(i))).toEqual([
      '0.1',
      '1.1',
      '1.2',
      '1.3',
      '1.4',
      '2.1',
      '3.1',
      '4.1',
      '4.2',
    ]);
    for (let i = 0; i < run.length; i++) {
      const [command, step] = run.nameOf(i).split('.').map(Number) as [number, number];
      expect(run.indexOf(command, step)).toBe(i);
    }
    expect([
      run.indexOf(1, 99),
      run.indexOf(1, 0),
      run.indexOf(99, 1),
      run.indexOf(0, 5),
      run.indexOf(-1, 1),
    ]).toEqual([4, 1, 8, 0, 0]);
  });

  test('the next of a kind, and the one before', () => {
    expect(run.find(['added'], 0)).toBe(2);
    expect(run.find(['added'], 2)).toBe(4);
    expect(run.find(['added'], 8)).toBeUndefined();
    expect(run.find(['added', 'saved'], 8, -1)).toBe(5);
    expect(run.find(['open'], 8, -1)).toBe(0);
    expect(run.find(['open'], 0, -1)).toBeUndefined();
    expect(run.find(['nothing'], 0)).toBeUndefined();
  });

  test('results, and a moment that does not exist', () => {
    expect(run.commands.map(({ result }) => result)).toEqual([undefined, undefined, 10, undefined]);
    for (const index of [-1, run.length, 0.5, Number.NaN])
      expect(() => run.at(index)).toThrow('exists');
  });
});

describe('referees', () => {
  test('at a moment: the problem stands from there until it is gone', () => {
    const run = filled(timelineOf(), [add(13), add(1)]);
    const [problem] = run.problems;
    expect(problem).toMatchObject({ referee: 'thirteen', moment: 2 });
    expect(run.problemsAt(1)).toEqual([]);
    expect(run.problemsAt(2)).toHaveLength(1);
    expect(run.problemsAt(3)).toHaveLength(1);
    expect(run.problemsAt(4).filter(({ referee }) => referee === 'thirteen')).toEqual([]);
    expect(run.fork(1).problems).toHaveLength(1);
    expect(run.fork(0).problems).toEqual([]);
  });

  test('in the middle of a command that is then given up it said nothing', () => {
    const run = timelineOf();
    expect(() => run.append(add(13_000, 1000))).toThrow(Complaint);
    expect(run.problems).toEqual([]);
  });

  test('the dear one waits for the end; the cheap one looks at every command', () => {
    const run = filled(timelineOf(), [add(1), add(1), add(1), add(1), add(1)]);
    expect(run.problems.map(({ referee, moment }) => [referee, moment])).toEqual([['cheap', 4]]);
    run.judgeEnd();
    expect(run.problems.map(({ referee, moment }) => [referee, moment])).toEqual([
      ['cheap', 4],
      ['dear', 10],
    ]);
    expect(timelineOf({ referees: false }).problems).toEqual([]);
  });

  test('at recovery: after a crash, and only then', () => {
    expect(timelineOf().problems).toEqual([]);
    const run = filled(timelineOf(), [add(1), { kind: 'crash' }]);
    expect(run.problems.map(({ text }) => text)).toEqual(['all was lost']);
    const saved = filled(timelineOf(), [add(1), { kind: 'save' }, { kind: 'crash' }]);
    expect(saved.problems).toEqual([]);
  });
});

test('the commands that lead to the last sync', () => {
  const durable = (...list: CounterCommand[]) => filled(timelineOf(), list).durableCommands;
  expect(durable()).toBe(0);
  expect(durable(add(1))).toBe(0);
  expect(durable(add(1), { kind: 'save' })).toBe(2);
  expect(durable(add(1), { kind: 'save' }, { kind: 'save' }, add(1))).toBe(2);
  expect(durable(add(1), { kind: 'save' }, add(1), { kind: 'save' }, { kind: 'show' })).toBe(4);
});
