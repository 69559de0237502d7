// The Raft lab under storms: seeds in which nothing may be wrong, and switches that must be caught.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Complaint } from '../base/assert.ts';
import { opinionOn } from '../check/apart.testing.ts';
import { linearizable } from '../check/linearizable.ts';
import { operationsOf } from '../check/watch.ts';
import { hostOf } from '../run/host.ts';
import { type Lab, labOf, labsAtHand } from '../run/lab.ts';
import { wordsOf } from '../run/scenario.ts';
import { Script } from '../run/script.ts';
import { Timeline } from '../run/timeline.ts';
import type { HistoryRecord } from '../sim/client.ts';
import { itemsOf } from '../sim/seq.ts';
import { type RaftLabState, raftLab } from './raft.ts';
import { words } from './raft-words.ts';
import { CAUGHT, CLEAN, exported, setupOf, storm, type Weather } from './storms.testing.ts';

const lab = labOf(raftLab, words) as unknown as Lab;

/** Storms in each weather; the sweep runs hundreds. */
const SEEDS = 2;

describe('the correct protocol in a storm', () => {
  test.each(Object.entries(CLEAN))(
    '%s',
    (_, weather) => {
      let told = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { state, problems } = storm(weather, seed);
        expect([seed, problems]).toEqual([seed, []]);
        const { linearizable: sound, operations, unknown } = opinionOn(exported(state));
        expect([seed, sound]).toEqual([seed, true]);
        told += operations - unknown;
      }
      // It must have had something to do: a storm in which nobody is answered proves nothing.
      expect(told).toBeGreaterThan(60);
    },
    120_000,
  );

  test('an operator changes the voters while things go wrong', () => {
    const voters = new Set<string>();
    const { state } = storm(CLEAN['an operator'] as Weather, 1);
    for (const { entry } of itemsOf(state.world.ghost.committed))
      if (entry.command?.is === 'voters') voters.add(entry.command.voters.join());
    expect(voters.size).toBeGreaterThan(2);
  });
});

describe('every switch is caught', () => {
  test('each has its weather', () => {
    const names = CAUGHT.map(({ sabotage }) => sabotage);
    expect(names.sort()).toEqual(lab.sabotage.map(({ name }) => name).sort());
  });

  test.each(CAUGHT.map((caught) => [caught.sabotage, caught] as const))(
    '%s',
    (sabotage, { weather, first, within, seen }) => {
      expect(first).toBeLessThanOrEqual(within);
      const { problems } = storm({ ...weather, sabotage: [sabotage] }, first);
      expect(problems.length).toBeGreaterThan(0);
      // The same weather without the switch does no harm.
      const sound = storm(weather, first);
      expect(sound.problems).toEqual([]);
      expect(opinionOn(exported(sound.state)).linearizable).toBe(true);
      if (seen === undefined) return;
      const { state } = storm({ ...weather, sabotage: [sabotage] }, seen, false);
      expect(opinionOn(exported(state)).linearizable).toBe(false);
    },
    120_000,
  );
});

describe('what clients saw', () => {
  const folder = new URL('../protocols/raft/scripts/', import.meta.url);
  const texts = readdirSync(folder).map(
    (name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const,
  );
  test.each(texts)('%s: the whole history, judged at once', (_, text) => {
    const timeline = new Script(text, [lab]).run().timeline('main');
    const history = lab.history?.(timeline.end) as HistoryRecord[];
    const found = timeline.problems.some(({ referee }) => referee === 'linearizability');
    expect(linearizable('kv', operationsOf(history), { init: null }).linearizable).toBe(!found);
    expect(opinionOn(exported(timeline.end as RaftLabState)).linearizable).toBe(!found);
    // A process has one operation open at a time, and time never runs back.
    const open = new Set<number>();
    let last = 0;
    for (const { process, type, time } of history) {
      expect(open.has(process)).toBe(type !== 'invoke');
      if (type === 'invoke') open.add(process);
      else if (type !== 'info') open.delete(process);
      expect(time).toBeGreaterThanOrEqual(last);
      last = time;
    }
  });
});

describe('what a script may not say', () => {
  const complaint = (text: string): string => {
    try {
      new Script(`lab raft\n${text}\n`, [lab]).run();
    } catch (thrown) {
      return thrown instanceof Complaint ? thrown.message : `no complaint: ${thrown}`;
    }
    return 'taken';
  };
  test.each([
    ['set nodes 0', /nodes is a whole number from 1 to 9; found 0/],
    ['set nodes 1000', /from 1 to 9; found 1000/],
    ['crash Z', /there is no node Z; there are A, B, C, D, E/],
    ['crash node', /a node is a capital letter/],
    ['run -300ms', /a time is a number with its unit/],
    ['run 0ms', /a time is a number with its unit/],
    ['run until christmas', /christmas is no event; expected one of/],
    ['deliver A>B#17', /A>B#17 was not sent yet; nothing is under way there/],
    ['fire A election\nstep 12\ndeliver A>B#1', /A>B#1 is not under way any more/],
    ['drop A>1#1', /there is no client 1 yet/],
    ['fire A heartbeat', /A has no timer heartbeat; running: election/],
    ['restart A', /A is not down/],
    ['crash A\ncrash A', /A is down already/],
    ['resume A', /A is up, not paused/],
    ['partition A,B / B,C', /B is on two sides/],
    ['partition A,B,C,D,E', /a partition has two sides/],
    ['add node F', /nobody leads: there is no one to add a node/],
    ['client 0 put x 1', /a client is a whole number from 1 to 99/],
    ['client 1 put x', /expected client N put KEY VALUE/],
    ['skew A 5', /expected skew NODE/],
    ['link A>A 5ms', /a link is named as in A>B/],
    ['chaos 5ms', /a storm lasts a second at least/],
    ['run 1ms\ndisk A log 1 1', /a disk is laid out before anything happens/],
    ['disk A log 2 1', /the terms of a log never fall/],
    ['step 0', /a number of steps is a whole number from 1/],
  ])('%s', (text, told) => expect(complaint(text)).toMatch(told));

  test('ten thousand messages under way are only many', () => {
    // A leader that tells eight others every millisecond that it lives, over links that take a second.
    const settings = { nodes: 9, latency: 1000, heartbeat: 1, election: 9000, save: 0 };
    const setup = setupOf({ settings }, 1);
    const timeline = new Timeline(lab, setup);
    const does = (line: string) => timeline.append(lab.parse(wordsOf(line), setup));
    const flights = () => (timeline.end as RaftLabState).world.flights;
    for (const line of ['fire A election', 'run until elected', 'run 1300ms', 'client 1 put x 1'])
      does(line);
    const many = flights().length;
    expect(many).toBeGreaterThan(10_000);
    expect(timeline.problems).toEqual([]);
    const { from, to, n } = flights()[5_000] as RaftLabState['world']['flights'][number];
    expect(() => does(`deliver ${from}>${to}#999999`)).toThrow(/was not sent yet; under way: /);
    expect(flights().length).toBe(many);
    does(`drop ${from}>${to}#${n}`);
    expect(flights().length).toBe(many - 1);
  }, 60_000);

  test.each(['crash Z', 'deliver A>B#99', 'run -5ms', 'partition A,B,C,D,E', 'add node A'])(
    'after %s the run is as it was',
    async (line) => {
      const host = hostOf(labsAtHand([lab]), {
        pause: async () => {},
        due: () => false,
        news: () => {},
      });
      const { digest, length } = await host.open('lab raft\nrun until elected\n');
      const text = host.text();
      await expect(host.append([line])).rejects.toThrow(Complaint);
      expect(host.text()).toBe(text);
      expect(await host.append(['step 1'])).toMatchObject({ length: length + 1 });
      expect(host.digestAt(length - 1)).toBe(digest);
    },
  );

  test('every command is printed as it is read', () => {
    for (const { examples = [] } of lab.commands)
      for (const example of examples) {
        const command = lab.parse(wordsOf(example), setupOf({}, 1));
        expect(lab.parse(wordsOf(lab.print(command)), setupOf({}, 1))).toEqual(command);
      }
  });
});

test('a scenario in a script gives the same digest again', () => {
  const text = 'lab raft\nseed 7\nset nodes 3\nchaos 2s\n';
  const [a, b] = [0, 1].map(() => new Script(text, [lab]).run().timeline('main').digest());
  expect(a).toBe(b);
});
