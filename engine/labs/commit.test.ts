import { describe, expect, test } from 'vitest';
import type { Search, Setup } from '../run/lab.ts';
import { Script } from '../run/script.ts';
import { labs } from './index.ts';

const run = (text: string) => new Script(`lab commit\n${text}`, labs).run();

/** What `explore` does: the search from where the script ends, to its end. */
async function explored(text: string) {
  const script = run(text);
  const search = await (script.lab.search as (state: unknown, setup: Setup) => Promise<Search>)(
    script.timeline('main').end,
    script.scenario.setup,
  );
  while (!search.advance(1_000));
  return search.report();
}

const TWO = 'set participants 2\nset save 0\n';

/** Each switch, the bounds within which it shows, and what it breaks. */
const SWITCHES: readonly (readonly [
  name: string,
  bounds: string,
  breaks: string,
  after?: string,
])[] = [
  [
    'early-decision',
    'set save 2\nset cooperative off\nset restarts 1\nset drops 1\nset timers 1\n',
    'agreement',
  ],
  ['vote-not-logged', 'set restarts 1\nset timers 0\n', 'atomicity'],
  ['guess-abort', 'set crashes 0\nset drops 1\nset timers 1\n', 'agreement'],
  ['guess-commit', 'set timers 1\n', 'validity'],
  ['presume-wrongly', 'set restarts 1\nset timers 1\n', 'agreement'],
  ['late-vote-counts', 'set crashes 0\nset timers 1\nset patience-ends any-time\n', 'agreement'],
  ['yes-after-abort', 'set no C\nset crashes 0\nset duplicates 1\nset timers 0\n', 'agreement'],
  ['decide-afresh', 'set restarts 1\nset timers 1\n', 'agreement'],
  ['no-collecting-record', 'set presume commit\nset restarts 1\nset timers 1\n', 'agreement'],
  ['ignore-pre-commits', 'set protocol three-phase\nset drops 1\nset timers 2\n', 'agreement'],
  [
    'propose-without-asking',
    'set protocol paxos-commit\nset crashes 0\nset timers 2\n',
    'agreement',
    'begin blue\nrun until decided\ndeliver A>B#1\ndrop A>C#2\ncrash A\n',
  ],
];

describe('a planted rule is found by the search, and its witness runs', () => {
  test.each(SWITCHES)('%s', async (name, bounds, breaks, after = 'begin blue\n') => {
    const head = `${TWO}${bounds}sabotage ${name}\n${after}`;
    const { findings, complete } = await explored(head);
    expect(complete).toBe(true);
    const found = findings.find(({ property }) => property === breaks);
    expect([found?.property, found?.verdict]).toEqual([breaks, 'violated']);
    const timeline = run(`${head}${found?.commands?.join('\n')}\n`).timeline('main');
    const last = timeline.problems.filter(({ referee }) => referee === breaks);
    // It breaks with its last command, and not before.
    expect(last.map(({ moment }) => moment)).toEqual([timeline.length - 1]);
    // Without the switch the same bounds show nothing of the kind.
    const sound = await explored(head.replace(/sabotage .*\n/, ''));
    expect(sound.findings.find(({ property }) => property === breaks)?.verdict).toBe('holds');
  });

  test('every switch is in the table', () => {
    const lab = labs.find(({ name }) => name === 'commit');
    expect(lab?.sabotage.map(({ name }) => name)).toEqual(SWITCHES.map(([name]) => name));
  });
});

/**
 * What a search within the bounds that are offered says: what breaks, and in how many commands with
 * two and with three participants.
 */
const OFFERED: readonly (readonly [
  head: string,
  breaks?: readonly [property: string, two: number, three: number],
])[] = [
  ['', ['not blocked', 4, 5]],
  ['set presume abort\n', ['not blocked', 4, 5]],
  ['set presume commit\n', ['not blocked', 5, 6]],
  ['set cooperative off\n', ['not blocked', 4, 5]],
  ['set readers B\n'],
  ['set no B\n'],
  ['set protocol three-phase\n'],
  ['set protocol three-phase\nset timeouts bare\n'],
  ['set protocol three-phase\nset split on\n', ['agreement', 17, 21]],
  ['set protocol paxos-commit\n'],
  // The one acceptor is what the coordinator of two phases is.
  ['set protocol paxos-commit\nset acceptors 1\n', ['not blocked', 2, 2]],
];

// With the three participants that a scenario has unless it says otherwise: with SWEEP=1.
describe.each(process.env.SWEEP ? [2, 3] : [2])('as offered, with %d participants', (many) => {
  test.each(OFFERED)(
    '%j: complete, and each property holds or has its shortest counterexample',
    async (head, breaks) => {
      const { complete, findings } = await explored(`set participants ${many}\n${head}`);
      expect(complete).toBe(true);
      expect(
        findings
          .filter(({ verdict }) => verdict !== 'holds')
          .map(({ property, verdict, commands }) => [property, verdict, commands?.length]),
      ).toEqual(breaks ? [[breaks[0], 'violated', breaks[many === 2 ? 1 : 2]]] : []);
    },
    300_000,
  );
});

test('beyond the bound of a search, seeded play may still find it, and tells it shortly', async () => {
  const { complete, findings } = await explored(
    `${TWO}set max-states 40\nset crashes 0\nset drops 1\nsabotage guess-abort\nbegin blue\n`,
  );
  const found = findings.find(({ property }) => property === 'agreement');
  expect([complete, found?.verdict]).toEqual([false, 'violated']);
  expect(found?.commands?.length).toBeLessThan(12);
});

test('a lock in doubt refuses the next transaction', () => {
  const script = run(
    'set participants 2\nbegin blue\nrun 5ms\nrun 8ms\ncrash A\nrestart A\nbegin red\nrun 13ms\n',
  );
  const { timeline, said } = (() => {
    const main = script.timeline('main');
    return {
      timeline: main,
      said: Array.from({ length: main.length }, (_, i) => {
        const { event, state } = main.at(i);
        return script.lab.describe(event, state).detail;
      }),
    };
  })();
  expect(timeline.problems).toEqual([]);
  expect(said.join('\n')).toContain('transaction 1 holds the lock');
});

test('a second transaction commits after the first', () => {
  const main = run('set participants 2\nbegin blue\nrun 200ms\nbegin red\nrun 200ms\n').timeline(
    'main',
  );
  const { nodes } = main.lab.value(main.end) as { nodes: { role: string; value: string | null }[] };
  expect(nodes.filter(({ role }) => role === 'participant').map(({ value }) => value)).toEqual([
    'red',
    'red',
  ]);
});

test.each([
  ['deliver A>B#1', 'line 2: A>B#1 is not under way; nothing is, from A to B'],
  ['begin', 'line 2, column 6: expected begin VALUE'],
  ['decide B maybe', 'line 2, column 10: a decision is commit or abort; found maybe'],
  ['decide B abort', 'line 2: B is not in doubt: there is nothing to decide for it'],
  ['crash Z', 'line 2: there is no node Z; there are A, B, C, D'],
  ['restart A', 'line 2: A is not down; crash it first'],
  ['saved B', 'line 2: B waits for no write'],
  ['fire A votes1', 'line 2: A has no timer votes1; running: none'],
  [
    'run until decided',
    'line 2: decided does not happen: nothing more is due; the run stays as it was',
  ],
  ['set votes 1\nbegin x', /line 2/],
  ['set no QQ', /line 2, column 8: .*letters of participants/],
])('%s is refused in one line', (line, said) => {
  try {
    run(`${line}\n`);
    expect.unreachable();
  } catch (thrown) {
    const { sentence } = thrown as { sentence: string };
    if (typeof said === 'string') expect(sentence).toBe(said);
    else expect(sentence).toMatch(said);
    expect(sentence).not.toContain('\n');
  }
});

describe('where each role is a Raft group of three', () => {
  const GROUPS = 'seed 3\nset group-size 3\nset participants 1\nset patience 400\nset timers 0\n';
  const ROUND = 'run 350ms\nbegin blue\n';
  const all = ['agreement', 'validity', 'no reversal', 'atomicity', 'not blocked'];
  // With a crash it is 74,176 states: with SWEEP=1.
  const crashes = process.env.SWEEP ? [0, 1] : [0];
  test.each(crashes)(
    'the search is complete, and all holds, with %d crashes',
    async (crashed) => {
      const { complete, findings, states } = await explored(
        `${GROUPS}set crashes ${crashed}\nset max-states 200000\n${ROUND}`,
      );
      expect([complete, states]).toEqual([true, crashed ? 74_176 : 10_520]);
      expect(
        findings
          .filter(({ holds }) => holds === 'always')
          .map(({ property, verdict }) => [property, verdict]),
      ).toEqual(expect.arrayContaining(all.map((property) => [property, 'holds'])));
      expect(findings.find(({ property }) => property === 'can be decided')?.commands).toHaveLength(
        16,
      );
    },
    300_000,
  );
});
