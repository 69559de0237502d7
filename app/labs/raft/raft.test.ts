// The picture of every moment of every golden script: sound as a scene, whole as a list, and known to
// the choreography. And the role chart against the protocol's own reducer.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { getShortestPaths } from 'xstate/graph';
import { labs } from '../../../engine/labs/index.ts';
import { nodeNames, RULES } from '../../../engine/protocols/raft/cluster.ts';
import { raft } from '../../../engine/protocols/raft/raft.ts';
import type { RaftState } from '../../../engine/protocols/raft/types.ts';
import { Script } from '../../../engine/run/script.ts';
import { diagramOf, eventAt } from '../../scene/lanes.ts';
import { byKey } from '../../scene/scene.ts';
import { cutWords } from '../cluster.ts';
import type { TwinNode } from '../picture.ts';
import { inspect, lanes, trace } from './actors.ts';
import { choreography } from './choreography.ts';
import { roles } from './role.ts';
import { twin } from './twin.ts';
import { type RaftMoment, view } from './view.ts';

const scripts = new URL('../../../engine/protocols/raft/scripts/', import.meta.url);
const golden = readdirSync(scripts)
  .filter((name) => name.endsWith('.txt'))
  .map(
    (name) =>
      [name, readFileSync(new URL(name, scripts), 'utf8').split(/^---$/m)[0] ?? ''] as const,
  );

function momentsOf(text: string): RaftMoment[] {
  const script = new Script(text, labs).run();
  const timeline = script.timeline('main');
  return Array.from({ length: timeline.length }, (_, index) => {
    const { command, step, event, state } = timeline.at(index);
    return {
      index,
      name: timeline.nameOf(index),
      command,
      step,
      event,
      caption: script.lab.describe(event, state),
      image: script.lab.disk(state),
      value: script.lab.value(state),
      metrics: [],
      source: script.lab.sourceOf(event.kind),
      problems: [],
    } as unknown as RaftMoment;
  });
}

/** expect() a hundred thousand times takes longer than all the pictures. */
function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`does not hold: ${what}`);
}

const LOOKS = [
  { width: 720, height: 480 },
  { width: 390, height: 420 },
];

describe.each(golden)('%s', (_, text) => {
  const moments = momentsOf(text);

  test('is a sound picture at every moment', () => {
    for (const moment of moments)
      for (const look of LOOKS) {
        const scene = view(moment, look);
        const shapes = byKey(scene);
        for (const { key, x, y, w, h, on } of scene.shapes) {
          holds([x, y, w, h].every(Number.isFinite), `${moment.name} ${key} has a place`);
          holds(on === undefined || shapes.has(on), `${moment.name} ${key} on ${on}`);
        }
        const nodes = scene.shapes.filter(({ kind }) => kind === 'node');
        expect(nodes.map(({ text: id }) => id)).toEqual(moment.value.nodes.map(({ id }) => id));
        for (const [i, a] of nodes.entries())
          for (const b of nodes.slice(i + 1)) expect(Math.abs(a.x - b.x)).toBeGreaterThan(a.w);
        // Every message that is under way can be seen and taken.
        for (const { from, to, n, copy } of moment.value.flights)
          expect(shapes.get(`flight:${from}>${to}#${n}${copy ? '+' : ''}`)?.select).toBeDefined();
        for (const key of scene.focus)
          expect(shapes.has(key), `${moment.name} focus ${key}`).toBe(true);
      }
  });

  test('and the same in words, in the inspector and in time', () => {
    for (const moment of moments) {
      const keys = new Set<string>();
      const visit = (nodes: readonly TwinNode[]): void => {
        for (const { key, children } of nodes) {
          holds(!keys.has(key), `${moment.name} ${key} once`);
          keys.add(key);
          visit(children);
        }
      };
      visit(twin(moment));
      for (const { key } of inspect(moment, undefined).others) {
        const shown = inspect(moment, key);
        holds(shown.key === key, `${moment.name} shows ${key}`);
        holds(
          shown.sections.every(({ facts }) => facts.every(({ value }) => value !== '')),
          `${moment.name} ${key} says something`,
        );
      }
    }
    const last = moments.at(-1) as RaftMoment;
    const diagram = diagramOf(
      lanes(last),
      moments.map(({ event }) => trace(event)),
    );
    for (let i = 1; i < diagram.xs.length; i++)
      holds((diagram.xs[i] as number) > (diagram.xs[i - 1] as number), `event ${i} is later`);
    for (let i = 0; i < diagram.xs.length; i++)
      holds(eventAt(diagram, diagram.xs[i] as number) === i, `event ${i} is found`);
  });

  test('is known to the choreography', () => {
    expect(choreography.refuses(moments.map(({ event }) => event.kind))).toBeUndefined();
  });
});

test('what is cut, in words', () => {
  const both = (a: string, b: string) => [`${a}>${b}`, `${b}>${a}`];
  expect(cutWords(['A', 'B', 'C'], [...both('A', 'C'), ...both('B', 'C')])).toBe(
    'partition: A B | C',
  );
  expect(cutWords(['A', 'B', 'C'], ['A>B'])).toBe('cut: A→B');
});

test('every button of the inspector is a line that the lab takes', () => {
  const moments = momentsOf(
    'lab raft\nfire A election\nrun until commit\nclient 1 put x 1\nstep 3\n',
  );
  const last = moments.at(-1) as RaftMoment;
  const script = new Script(
    'lab raft\nfire A election\nrun until commit\nclient 1 put x 1\nstep 3\n',
    labs,
  ).run();
  let tried = 0;
  for (const { key } of [...inspect(last, undefined).others, { key: 'client:1' }])
    for (const { line } of inspect(last, key).actions) {
      for (const _ of script.grow(`try ${tried}`, 'main', 4, [line])) {
        // Runs to its end.
      }
      tried++;
    }
  expect(tried).toBeGreaterThan(30);
});

// ── The role chart against the reducer ──────────────────────────────────────────────────────────

const rules = { ...RULES, voters: nodeNames(3), preVote: true, checkQuorum: true, atomic: true };

/** What happens to the real node where the chart says that something happens. */
const HAPPENS: Readonly<Record<string, (s: RaftState) => RaftState>> = {
  timeout: (s) => {
    // With pre-vote a timeout asks first; the leader's own word skips that.
    return raft.receive(s, 'B', { kind: 'hand-over', term: s.term }, 0).state;
  },
  asksFirst: (s) => raft.wake(s, 'election', 0).state,
  promised: (s) =>
    raft.receive(s, 'B', { kind: 'voted', term: s.term + 1, granted: true, pre: true }, 0).state,
  majority: (s) => raft.receive(s, 'B', { kind: 'voted', term: s.term, granted: true }, 0).state,
  refused: (s) =>
    ['B', 'C'].reduce(
      (now, from) =>
        raft.receive(
          now,
          from,
          {
            kind: 'voted',
            term: now.term,
            granted: false,
            ...(s.role === 'pre-candidate' && { pre: true as const }),
          },
          0,
        ).state,
      s,
    ),
  higherTerm: (s) =>
    raft.receive(s, 'C', { kind: 'appended', term: s.term + 1, ok: false, round: 1, match: 0 }, 0)
      .state,
  leaderSeen: (s) =>
    raft.receive(
      s,
      'C',
      { kind: 'append', term: s.term, prev: 0, prevTerm: 0, entries: [], commit: 0, round: 1 },
      0,
    ).state,
  noQuorum: (s) => raft.wake(raft.wake(s, 'quorum', 0).state, 'quorum', 0).state,
};

test('every path of the role chart is a path of the protocol', () => {
  const paths = getShortestPaths(roles);
  expect(paths.length).toBe(4);
  let edges = 0;
  for (const { steps, state } of paths) {
    let node = raft.start('A', rules, undefined, 0).state;
    for (const { event } of steps) {
      const happens = HAPPENS[event.type];
      if (happens) node = happens(node);
    }
    expect(node.role).toBe(state.value);
    // And from there along every arrow.
    for (const [type, list] of Object.entries(roles.states[state.value as 'leader']?.on ?? {})) {
      const goal = (list as unknown as { target?: { key: string }[] }[])[0]?.target?.[0]?.key;
      expect([state.value, type, HAPPENS[type]?.(node).role]).toEqual([state.value, type, goal]);
      edges++;
    }
  }
  expect(edges).toBeGreaterThanOrEqual(12);
});
