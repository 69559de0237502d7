import { describe, expect, test } from 'vitest';
import type { SearchReport, SearchWish } from '../run/lab.ts';
import { Script } from '../run/script.ts';
import { labs } from './index.ts';

async function explored(head: string, wish: SearchWish): Promise<SearchReport> {
  const script = new Script(`lab raft\nset nodes 3\n${head}`, labs).run();
  const { lab, scenario } = script;
  const search = await lab.search?.(script.timeline('main').end, scenario.setup, wish);
  if (!search) throw new Error('the lab has a search');
  while (!search.advance(200));
  return search.report();
}

interface Case {
  readonly head?: string;
  readonly breaks: string;
  readonly bounds?: Readonly<Record<string, number>>;
  /** The commands of a shortest counterexample; absent: it is found by play, and shrunk. */
  readonly steps?: number;
}
const NO_PLAY = { runs: 0 };
/** Play alone. */
const PLAY = { states: 1 };

const SWITCHES: Readonly<Record<string, Case>> = {
  'vote-not-saved': {
    breaks: 'election safety',
    bounds: { ...NO_PLAY, elections: 2, saves: 0 },
    // C dies while its save is under way: it never knew.
    steps: 13,
  },
  'ack-before-save': { breaks: 'committed is durable', bounds: NO_PLAY, steps: 8 },
  'commit-older-term': {
    head: 'set batch 1\n',
    breaks: 'leader completeness',
    // With one entry a message these are the bounds that are offered.
    bounds: NO_PLAY,
    steps: 32,
  },
  'vote-without-log-check': {
    breaks: 'leader completeness',
    bounds: { ...NO_PLAY, elections: 2, crashes: 0, saves: 0 },
    steps: 14,
  },
  'reply-term-unchecked': {
    breaks: 'election safety',
    bounds: { ...NO_PLAY, elections: 3, crashes: 0, saves: 0 },
    steps: 13,
  },
  // Time in steps: two leases long, and another leads.
  'lease-ignores-clocks': {
    head: 'set reads lease\n',
    breaks: 'leader lease',
    bounds: NO_PLAY,
    steps: 20,
  },
  'duplicate-applied-twice': { breaks: 'linearizability', bounds: PLAY },
  'voters-at-commit': { breaks: 'committed is durable', bounds: PLAY },
};

describe('every switch is found', () => {
  test.each(Object.entries(SWITCHES))(
    '%s',
    async (name, { head = '', breaks, bounds = {}, steps }) => {
      const wish = { property: breaks, bounds };
      const text = `${head}sabotage ${name}\n`;
      const report = await explored(text, wish);
      const finding = report.findings.find(({ property }) => property === breaks);
      expect(finding?.verdict).toBe('violated');
      if (steps === undefined) {
        expect(finding?.shrunk).toBe(true);
        expect(finding?.commands?.length).toBeLessThan(40);
      } else expect(finding?.commands).toHaveLength(steps);
      // What was found is a scenario: played, it breaks at its last moment, and not before.
      const lines = ['lab raft', 'set nodes 3', text.trimEnd(), ...(finding?.commands ?? [])];
      const main = new Script(lines.join('\n'), labs).run().timeline('main');
      const broken = main.problems.filter(({ referee }) => referee === breaks);
      expect(broken[0]?.moment).toBe(main.length - 1);
      // With the rule in force, as far a search shows nothing of the kind.
      if (steps === undefined) return;
      const sound = await explored(head, {
        ...wish,
        bounds: { ...bounds, states: Math.min(report.states, 5_000) },
      });
      expect(sound.findings.every(({ verdict }) => verdict !== 'violated')).toBe(true);
    },
    300_000,
  );

  test('and there are no others', () => {
    const lab = labs.find(({ name }) => name === 'raft');
    expect(lab?.sabotage.map(({ name }) => name)).toEqual(Object.keys(SWITCHES));
  });
});

describe('with all rules in force', () => {
  const bounds = { ...NO_PLAY, elections: 2, crashes: 0, saves: 0 };
  test('two elections, in any order of messages: complete, and every promise holds', async () => {
    const report = await explored('', { bounds });
    expect(report.complete).toBe(true);
    expect(report.findings.map(({ property, verdict }) => [property, verdict])).toEqual([
      ['election safety', 'holds'],
      ['leader append-only', 'holds'],
      ['log matching', 'holds'],
      ['leader completeness', 'holds'],
      ['state machine safety', 'holds'],
      ['committed is durable', 'holds'],
      ['leader lease', 'holds'],
      ['can elect', 'holds'],
      ['can commit', 'holds'],
      ['linearizability', 'holds'],
    ]);
    const steps = (name: string) =>
      report.findings.find(({ property }) => property === name)?.commands?.length;
    expect([steps('can elect'), steps('can commit')]).toEqual([5, 9]);
  }, 120_000);

  const OFFERED = { 'set pre-vote on\n': 35_343, 'set batch 1\n': 239_403, '': 354_647 };
  // The last two take more than half a minute each: with SWEEP=1.
  test.each(Object.entries(OFFERED).slice(0, process.env.SWEEP ? 3 : 1))(
    'as offered, %j: complete, and every promise holds',
    async (head, states) => {
      const report = await explored(head, { bounds: NO_PLAY });
      expect([report.complete, report.states]).toEqual([true, states]);
      expect(report.findings.every(({ verdict }) => verdict === 'holds')).toBe(true);
    },
    300_000,
  );

  test('a leader that hears from no majority steps down in time: complete, and every promise holds', async () => {
    const few = { ...NO_PLAY, elections: 1, heartbeats: 1, waits: 6 };
    const report = await explored('set check-quorum on\n', { bounds: few });
    expect(report.complete).toBe(true);
    expect(report.findings.every(({ verdict }) => verdict === 'holds')).toBe(true);
  }, 60_000);

  test('what nobody can tell apart is counted once: a client, who knows nodes by name, costs that', async () => {
    const one = { ...bounds, elections: 1 };
    const alike = await explored('', { bounds: one });
    const named = await explored('', { bounds: { ...one, requests: 1 } });
    expect([alike.complete, named.complete]).toEqual([true, true]);
    expect(named.states).toBeGreaterThan(3 * alike.states);
  }, 60_000);

  /** A leads by a lease, and its clock goes slower from now on. */
  const slow = (rate: string) =>
    `set reads lease\nfire A election\nrun until commit at A\nskew A x${rate}\n`;

  test.each([['set reads lease\n'], ['set check-quorum on\n'], [slow('0.7')]])(
    'where rules go by the clock, time passes in steps: %j is complete, and every promise holds',
    async (head) => {
      const report = await explored(head, { bounds: NO_PLAY });
      expect(report.complete).toBe(true);
      expect(report.states).toBeGreaterThan(1_000);
      for (const { verdict, property } of report.findings)
        expect([property, verdict]).toEqual([property, 'holds']);
    },
    120_000,
  );

  test('a clock that runs less than half as fast breaks a lease: more was never promised', async () => {
    const text = slow('0.4');
    const wish = { property: 'leader lease', bounds: NO_PLAY };
    const { findings } = await explored(text, wish);
    const found = findings.find(({ property }) => property === wish.property);
    expect(found?.verdict).toBe('violated');
    const lines = [`lab raft\nset nodes 3\n${text.trimEnd()}`, ...(found?.commands ?? [])];
    const main = new Script(lines.join('\n'), labs).run().timeline('main');
    expect(main.problems.map(({ referee, moment }) => [referee, moment])).toEqual([
      ['leader lease', main.length - 1],
    ]);
  }, 60_000);

  test('play that finds nothing says nothing', async () => {
    const report = await explored('', { bounds: { ...PLAY, runs: 60 } });
    expect(report.findings.filter(({ verdict }) => verdict === 'violated')).toEqual([]);
  }, 60_000);
});
