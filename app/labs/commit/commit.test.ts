// The picture of every moment of every golden script: sound as a scene, whole as a list, and known to
// the choreography. And the role charts against the protocol's own reducer.
import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { labs } from '../../../engine/labs/index.ts';
import { RULES } from '../../../engine/protocols/commit/cluster.ts';
import { commit } from '../../../engine/protocols/commit/commit.ts';
import type { CommitRules, CommitState } from '../../../engine/protocols/commit/types.ts';
import { Script } from '../../../engine/run/script.ts';
import { diagramOf, eventAt } from '../../scene/lanes.ts';
import { byKey, type Scene } from '../../scene/scene.ts';
import { nameOfFlight } from '../cluster.ts';
import { goldenIn, holds, isSound, isToldOnce, shownMoments } from '../runs.testing.ts';
import { inspect, lanes, trace } from './actors.ts';
import { choreography } from './choreography.ts';
import { acceptor, coordinator, participant } from './roles.ts';
import { type CommitMoment, doubtOf, roundOf } from './round.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

const golden = goldenIn('protocols/commit/scripts');
const momentsOf = (text: string): CommitMoment[] => [...shownMoments<CommitMoment>(text)];
const ofScript = (name: string): CommitMoment[] =>
  momentsOf(golden.find(([file]) => file === `${name}.txt`)?.[1] ?? '');
const named = (moments: readonly CommitMoment[], name: string): CommitMoment =>
  moments.find((moment) => moment.name === name) as CommitMoment;

const WIDE = { width: 720, height: 480 };
const LOOKS = [WIDE, { width: 390, height: 420 }];

describe.each(golden)('%s', (_, text) => {
  const moments = momentsOf(text);

  test('is a sound picture at every moment', () => {
    for (const moment of moments)
      for (const look of LOOKS) {
        const scene = view(moment, look);
        const shapes = byKey(scene);
        isSound(scene, moment.name);
        const { nodes, flights } = moment.value;
        const drawn = scene.shapes.filter(({ kind }) => kind === 'node');
        expect(drawn.map(({ text: id }) => id)).toEqual(nodes.map(({ id }) => id));
        for (const [i, a] of drawn.entries())
          for (const b of drawn.slice(i + 1)) expect(Math.abs(a.x - b.x)).toBeGreaterThan(a.w);
        // Every message that is under way can be seen and taken.
        for (const flight of flights)
          holds(
            shapes.get(`flight:${nameOfFlight(flight)}`)?.select !== undefined,
            `${moment.name} ${nameOfFlight(flight)} is there`,
          );
        // A closed lock is an open transaction; a line that is not on the disk is above the waterline.
        for (const { id, state, log, durable } of nodes) {
          const lock = shapes.get(`lock:${id}`);
          const open = state?.participates.some(({ phase }) =>
            ['prepared', 'pre-committed'].includes(phase),
          );
          if (lock) holds(!lock.quiet === open, `${moment.name} the lock of ${id}`);
          log.forEach((__, index) => {
            const record = shapes.get(`record:${id}:${index}`);
            if (!record) return;
            holds(record.y > 0 === index < durable, `${moment.name} line ${index} of ${id}`);
            holds(
              !record.dashed === index < durable,
              `${moment.name} line ${index} of ${id} solid`,
            );
          });
        }
      }
  });

  test('and the same in words, in the inspector and in time', () => {
    for (const moment of moments) {
      isToldOnce(twin(moment), moment.name);
      for (const { key } of inspect(moment, undefined).others) {
        const shown = inspect(moment, key);
        holds(shown.key === key, `${moment.name} shows ${key}`);
        holds(
          shown.chart === undefined || shown.chart.states.includes(shown.chart.now),
          `${moment.name} ${key} is ${shown.chart?.now}`,
        );
        for (const { facts } of shown.sections) {
          holds(
            facts.every(({ value }) => value !== ''),
            `${moment.name} ${key} says something`,
          );
          const rows = facts.map(({ name, value }) => `${name} ${value}`);
          holds(new Set(rows).size === rows.length, `${moment.name} ${key} says it once: ${rows}`);
        }
      }
    }
    const last = moments.at(-1) as CommitMoment;
    const diagram = diagramOf(
      lanes(last),
      moments.map(({ event }) => trace(event)),
    );
    for (let i = 0; i < diagram.xs.length; i++)
      holds(eventAt(diagram, diagram.xs[i] as number) === i, `event ${i} is found`);
  });

  test('is known to the choreography', () => {
    expect(choreography.refuses(moments.map(({ event }) => event.kind))).toBeUndefined();
  });
});

const parts = ({ shapes }: Scene) =>
  shapes.filter(({ key }) => key.startsWith('part:')).map(({ w, text }) => [text, Math.round(w)]);

test('the bar closes when the decision is made, and not before', () => {
  const moments = ofScript('commit_all_yes');
  const at = (name: string) => parts(view(named(moments, name), WIDE));
  const [wide, narrow] = [147, 63];
  expect(at('1.1').map(([, w]) => w)).toEqual([narrow, narrow, narrow, narrow]);
  expect(at('2.8').map(([, w]) => w)).toEqual([narrow, wide, wide, narrow]);
  expect(at('2.9')).toEqual([
    ['commit', wide],
    ['yes', wide],
    ['yes', wide],
    ['yes', wide],
  ]);
});

test('in the window: blocked, with reasons; and the same crash with three phases', () => {
  const blocked = named(ofScript('commit_window'), '4.6');
  expect(blocked.value.blocked).toEqual(['B', 'C']);
  const [, b] = blocked.value.nodes;
  expect(b && doubtOf(b, blocked.value)).toEqual([
    { id: 'A', why: 'is down' },
    { id: 'C', why: 'is in doubt itself' },
  ]);
  const words = view(blocked, WIDE).shapes.map(({ text }) => text);
  expect(words).toContain('B and C are blocked: A is down, and nobody who is up knows the outcome');
  const [two, three] = ['commit_window', 'three_phase_window'].map(
    (name) => ofScript(name).at(-1) as CommitMoment,
  );
  expect(two?.value.outcomes).toEqual({});
  expect(three?.value.outcomes).toEqual({ '1 B': 'abort', '1 C': 'abort' });
});

test('what a round cost stands beside its formula', () => {
  for (const [name, text] of golden) {
    const calm = !/crash|drop|partition|duplicate|hold|sabotage/.test(text);
    const { value, metrics } = momentsOf(text).at(-1) as CommitMoment;
    if (!calm || !value.formula) continue;
    for (const [count, shown] of [
      ['messages', 'messages'],
      ['forced', 'forced writes'],
      ['delays', 'message delays'],
    ] as const) {
      expect([name, count, value.cost[count]]).toEqual([name, count, value.formula[count].value]);
      expect(metrics.find((metric) => metric.name === shown)?.value).toBe(value.cost[count]);
    }
  }
});

test('a leader that takes over is the one whose decision is shown', () => {
  const moments = ofScript('paxos_commit_leader_dies');
  expect(roundOf(named(moments, '5.10').value)?.story).toBe(
    'X leads ballot 2: 1 of 2 have promised',
  );
  expect(roundOf((moments.at(-1) as CommitMoment).value)).toMatchObject({
    decision: 'commit',
    story: 'X knows: commit',
  });
});

test('every button of the inspector is a line that the lab takes', () => {
  let tried = 0;
  for (const text of [
    'lab commit\nset participants 2\nbegin blue\nrun 11ms\n',
    'lab commit\nset participants 2\nbegin blue\nrun 23ms\ncrash A\npartition B / A,C\n',
    'lab commit\nset protocol paxos-commit\nbegin blue\nrun 15ms\n',
  ]) {
    const lines = text.trim().split('\n');
    const commands = lines.filter((line) => !/^(lab|set) /.test(line)).length;
    const last = momentsOf(text).at(-1) as CommitMoment;
    const script = new Script(text, labs).run();
    for (const { key } of inspect(last, undefined).others)
      for (const { line } of inspect(last, key).actions) {
        for (const _ of script.grow(`try ${tried}`, 'main', commands, [line])) {
          // Runs to its end.
        }
        tried++;
      }
  }
  expect(tried).toBeGreaterThan(50);
});

// ── The role charts against the reducer ─────────────────────────────────────────────────────────

const three: CommitRules = { ...RULES, protocol: 'three-phase' };
const paxos: CommitRules = {
  ...RULES,
  protocol: 'paxos-commit',
  acceptors: ['A', 'X', 'Y'],
};
const round = { tx: 1, participants: ['B', 'C'], value: 'blue' } as const;
const prepare = { kind: 'prepare', ...round } as const;
const yes = { kind: 'vote', tx: 1, vote: 'yes' } as const;
const both = (s: CommitState, message: Parameters<typeof commit.receive>[2]): CommitState =>
  ['B', 'C'].reduce((now, from) => commit.receive(now, from, message, 0).state, s);
const accepts = (s: CommitState, ballot: number): CommitState =>
  commit.receive(
    s,
    'B',
    { kind: 'accept', ballot, ...round, votes: { B: 'commit', C: 'commit' } },
    0,
  ).state;

/** By chart: its rules, who is looked at, and what happens to the node where the chart says so. */
const CHARTS: readonly (readonly [
  chart: AnyStateMachine,
  start: (events: readonly string[]) => CommitState,
  happens: Readonly<Record<string, (s: CommitState) => CommitState>>,
  stands: (s: CommitState) => string,
])[] = [
  [
    participant,
    (events) =>
      commit.start('B', { ...three, votes: events.includes('no') ? { B: 'no' } : {} }, undefined, 0)
        .state,
    {
      yes: (s) => commit.receive(s, 'A', prepare, 0).state,
      no: (s) => commit.receive(s, 'A', prepare, 0).state,
      preCommit: (s) => commit.receive(s, 'A', { kind: 'pre-commit', tx: 1, round: 0 }, 0).state,
      commit: (s) =>
        commit.receive(s, 'A', { kind: 'decision', tx: 1, decision: 'commit' }, 0).state,
      abort: (s) => commit.receive(s, 'A', { kind: 'decision', tx: 1, decision: 'abort' }, 0).state,
    },
    (s) => s.participates[0]?.phase ?? 'working',
  ],
  [
    coordinator,
    (events) =>
      commit.start('A', events.includes('allYesOfThree') ? three : RULES, undefined, 0).state,
    {
      begin: (s) => commit.request(s, { ask: 'begin', tx: 1, value: 'blue' }, 0).state,
      allYes: (s) => both(s, yes),
      allYesOfThree: (s) => both(s, yes),
      aNo: (s) => commit.receive(s, 'C', { kind: 'vote', tx: 1, vote: 'no' }, 0).state,
      allKnow: (s) => both(s, { kind: 'pre-committed', tx: 1, round: 0 }),
      allAcknowledged: (s) => both(s, { kind: 'ack', tx: 1 }),
    },
    (s) => s.coordinates[0]?.phase ?? 'idle',
  ],
];

test('every path of a chart is a path of the protocol', () => {
  let walked = 0;
  for (const [chart, start, happens, stands] of CHARTS)
    for (const { steps, state } of getShortestPaths(chart)) {
      const events = steps.map(({ event }) => event.type).filter((type) => happens[type]);
      const end = events.reduce(
        (s, type) => (happens[type] as (s: CommitState) => CommitState)(s),
        start(events),
      );
      expect([events, stands(end)]).toEqual([events, state.value]);
      walked++;
    }
  expect(walked).toBe(10);
});

test('an acceptor goes its chart', () => {
  const stands = (s: CommitState): string => {
    const known = s.accepts[0];
    if (!known) return 'standing by';
    if (known.decision) return 'decided';
    if ((known.leading ?? 0) > 0) return 'leading';
    return Object.keys(known.accepted).length > 0 ? 'accepting' : 'promised';
  };
  const x = commit.start('X', paxos, undefined, 0).state;
  const happens: Readonly<Record<string, (s: CommitState) => CommitState>> = {
    vote: (s) => accepts(s, 0),
    ask: (s) => commit.receive(s, 'B', { kind: 'ask', tx: 1 }, 0).state,
    higherBallot: (s) => commit.receive(s, 'Y', { kind: 'promise?', tx: 1, ballot: 6 }, 0).state,
    // Of the ballot that X leads: Y promises, and accepts what X proposes.
    majority: (s) => {
      const ballot = s.accepts[0]?.leading ?? 0;
      const promised = commit.receive(s, 'Y', { kind: 'promise', tx: 1, ballot, accepted: {} }, 0);
      return commit.receive(
        promised.state,
        'Y',
        { kind: 'accepted', ballot, ...round, votes: { B: 'abort', C: 'abort' } },
        0,
      ).state;
    },
  };
  // The leader of ballot 0 hears the majority; to X it comes when it leads.
  const a = commit.start('A', paxos, undefined, 0).state;
  const heard = commit.receive(
    accepts(a, 0),
    'X',
    { kind: 'accepted', ballot: 0, ...round, votes: { B: 'commit', C: 'commit' } },
    0,
  ).state;
  expect([stands(accepts(a, 0)), stands(heard)]).toEqual(['accepting', 'decided']);
  let walked = 0;
  for (const { steps, state } of getShortestPaths(acceptor)) {
    const events = steps.map(({ event }) => event.type).filter((type) => happens[type]);
    if (events.join() === 'vote,majority') continue;
    const end = events.reduce(
      (s, type) => (happens[type] as (s: CommitState) => CommitState)(s),
      x,
    );
    expect([events, stands(end)]).toEqual([events, state.value]);
    walked++;
  }
  expect(walked).toBeGreaterThanOrEqual(4);
});
