// The picture of every moment of every golden script: sound as a scene, whole as a list, and known to
// the choreography. And the role chart against the protocol's own reducer.
import { describe, expect, test } from 'vitest';
import { getShortestPaths } from 'xstate/graph';
import { labs } from '../../../engine/labs/index.ts';
import { nodeNames, RULES } from '../../../engine/protocols/raft/cluster.ts';
import { raft } from '../../../engine/protocols/raft/raft.ts';
import type { RaftState } from '../../../engine/protocols/raft/types.ts';
import { Script } from '../../../engine/run/script.ts';
import { alongArc, nearestIn, whereAt } from '../../scene/arc.ts';
import { diagramOf, eventAt } from '../../scene/lanes.ts';
import { byKey, type Look, type Scene, type Shape, type Swarm } from '../../scene/scene.ts';
import { broughtTo, readArrangement } from '../arranging.ts';
import { choreographyOf } from '../choreography.ts';
import { cutWords } from '../cluster.ts';
import { goldenIn, holds, isSound, isToldOnce, shownMoments } from '../runs.testing.ts';
import { inspect, lanes, trace, unplaced } from './actors.ts';
import { choreography } from './choreography.ts';
import { ASKING_FIRST, ROLES, roles } from './role.ts';
import { twin } from './twin.ts';
import { type RaftMoment, view } from './view.ts';

const golden = goldenIn('protocols/raft/scripts');
const momentsOf = (text: string): RaftMoment[] => [...shownMoments<RaftMoment>(text)];
const lastOf = (text: string): RaftMoment =>
  [...shownMoments<RaftMoment>(text, 1)][0] as RaftMoment;

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
        isSound(scene, moment.name);
        const nodes = scene.shapes.filter(({ kind }) => kind === 'node');
        expect(nodes.map(({ text: id }) => id)).toEqual(moment.value.nodes.map(({ id }) => id));
        for (const [i, a] of nodes.entries())
          for (const b of nodes.slice(i + 1)) expect(Math.abs(a.x - b.x)).toBeGreaterThan(a.w);
        // Every message that is under way can be seen and taken.
        for (const { from, to, n, copy } of moment.value.flights)
          expect(shapes.get(`flight:${from}>${to}#${n}${copy ? '+' : ''}`)?.select).toBeDefined();
      }
  });

  test('and the same in words, in the inspector and in time', () => {
    for (const moment of moments) {
      isToldOnce(twin(moment), moment.name);
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

/** Boxes of the words of messages, as they are drawn. */
function wordsOf(scene: Scene): { key: string; x: number; y: number; w: number; h: number }[] {
  return scene.shapes.flatMap(({ key, kind, x, y, w, h, to, text, words }) => {
    if (kind !== 'flight' || !text || !words || !to) return [];
    const at = alongArc(w / 100, { x, y }, to, h);
    const long = text.length * 6.3;
    return [{ key, x: at.x + words.x - long / 2, y: at.y + words.y - 10, w: long, h: 11 }];
  });
}

test.each(['row', 'ring'] as const)('words of messages never cover each other: %s', (form) => {
  let said = 0;
  let bundled = 0;
  for (const [, text] of golden)
    for (const moment of momentsOf(text)) {
      const scene = view(moment, { width: 720, height: 480, arrangement: { form, order: [] } });
      const words = wordsOf(scene);
      said += words.length;
      bundled += scene.shapes.filter(({ text }) => / ×\d+$/.test(text ?? '')).length;
      for (const [i, a] of words.entries())
        for (const b of words.slice(i + 1))
          holds(
            a.x >= b.x + b.w || b.x >= a.x + a.w || a.y >= b.y + b.h || b.y >= a.y + a.h,
            `${moment.name} ${a.key} beside ${b.key}`,
          );
    }
  expect(said).toBeGreaterThan(3000);
  expect(bundled).toBeGreaterThan(100);
});

test('nodes stand as whoever looks wishes, and nothing else changes', () => {
  const last = lastOf('lab raft\nfire A election\nrun until commit\n');
  const look = { width: 720, height: 480 };
  const order = ['C', 'A', 'E', 'B', 'D'];
  const scene = view(last, { ...look, arrangement: { form: 'row', order } });
  const nodes = scene.shapes.filter(({ kind }) => kind === 'node');
  expect(nodes.sort((a, b) => a.x - b.x).map(({ text }) => text)).toEqual(order);
  expect(scene.shapes.map(({ key }) => key).sort()).toEqual(
    view(last, look)
      .shapes.map(({ key }) => key)
      .sort(),
  );
  // On a ring nobody covers anybody, whatever the number.
  for (let count = 1; count <= 9; count++) {
    const start = momentsOf(`lab raft\nset nodes ${count}\n`)[0] as RaftMoment;
    const ring = view(start, { ...look, arrangement: { form: 'ring', order: ['B'] } });
    const portholes = ring.shapes.filter(({ kind }) => kind === 'node');
    const words = ring.shapes.filter(({ key }) => /^(role|log):/.test(key));
    for (const { key, x, y } of words)
      for (const node of portholes) {
        const own = node.key.at(-1) === key.at(-1);
        const apart = x + 48 < node.x || x - 48 > node.x + node.w;
        const clear = y + 20 < node.y || y - 12 > node.y + node.h;
        holds(own || apart || clear, `${count}: ${key} beside ${node.key}`);
      }
  }
  expect(broughtTo(['A', 'B', 'C', 'D'], 'D', 1)).toEqual(['A', 'D', 'B', 'C']);
  expect(readArrangement('{"form":"ring","order":["B",7]}')).toEqual({
    form: 'ring',
    order: ['B'],
  });
  expect(readArrangement('[').form).toBe('row');
});

test('thousands of messages, and a crowd of nodes, are one shape', () => {
  const text =
    'lab raft\nset nodes 9\nset heartbeat 1\nset latency 900\nset election 4000\nfire A election\nrun until elected\nrun 700ms\n';
  const last = lastOf(text);
  expect(last.value.flights.length).toBeGreaterThan(4000);
  const scene = view(last, LOOKS[0] as Look);
  expect(scene.shapes.length).toBeLessThan(120);
  const { swarm } = byKey(scene).get('swarm') as Shape;
  expect(swarm?.flights.length).toBe(last.value.flights.length);
  // The one under a hand is found: where it is now.
  const flight = swarm?.flights[1234] as Swarm['flights'][number];
  const { x, y } = whereAt(flight, last.value.now);
  const found = nearestIn(swarm as Swarm, last.value.now, x, y);
  expect(found).toMatch(/^flight:/);
  // Twenty-five nodes, which no setting offers: the drawing takes them.
  const [one] = last.value.nodes;
  if (!one) throw new Error('there is no node');
  const nodes = Array.from({ length: 25 }, (_, i) => ({ ...one, id: String.fromCharCode(65 + i) }));
  const crowd = view({ ...last, value: { ...last.value, nodes } }, LOOKS[0] as Look);
  expect(crowd.shapes.length).toBeLessThan(30);
  const drawn = byKey(crowd).get('swarm')?.swarm as Swarm;
  expect(drawn.nodes.length).toBe(25);
  const { x: nx, y: ny } = drawn.nodes[20] as Swarm['nodes'][number];
  expect(nearestIn(drawn, last.value.now, nx, ny)).toBe('node:U');
});

test('heartbeats fold, and unfold; operations stand from call to answer', () => {
  const scripted = (name: string) => golden.find(([file]) => file === name)?.[1] ?? '';
  const moments = momentsOf(scripted('rejoining_node_disrupts.txt'));
  const last = moments.at(-1) as RaftMoment;
  const traces = moments.map(({ event }) => trace(event));
  const folded = diagramOf(lanes(last), traces);
  const full = diagramOf(lanes(last), traces, 'all');
  const stretches = folded.folds.filter(({ count }) => count !== undefined);
  expect(stretches.length).toBeGreaterThan(0);
  expect(folded.width).toBeLessThan(full.width * 0.75);
  for (let i = 0; i < folded.xs.length; i++)
    holds(eventAt(folded, folded.xs[i] as number) === i, `event ${i} is found`);
  // Nothing new happens in what is folded.
  for (const { first = 0, count = 0 } of stretches)
    for (let i = first; i < first + count; i++) holds(traces[i]?.quiet === true, `${i} is quiet`);
  const opened = diagramOf(lanes(last), traces, new Set([stretches[0]?.first ?? -1]));
  expect(opened.folds.filter(({ count }) => count !== undefined)).toHaveLength(
    stretches.length - 1,
  );
  // A history that no order explains: the operation is found in the diagram.
  const stale = momentsOf(scripted('stale_lease_read.txt'));
  const end = stale.at(-1) as RaftMoment;
  const { operations } = diagramOf(
    lanes(end),
    stale.map(({ event }) => trace(event)),
  );
  expect(operations.map(({ text }) => text)).toEqual(['put x old', 'put x new', 'get x: old']);
  expect(unplaced(stale.at(-2) as RaftMoment)).toEqual([]);
  expect(unplaced(end)).toHaveLength(1);
  const wrong = byKey(view(end, LOOKS[0] as Look)).get('client:1');
  expect(wrong).toMatchObject({ crossed: true, tone: 'fault' });
  expect(wrong?.aria).toMatch(/get x: old has no place in any order/);
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
  const done = new Set<string>();
  for (const { key } of [...inspect(last, undefined).others, { key: 'client:1' }])
    for (const { line } of [...inspect(last, key).actions, ...(inspect(last, key).whole ?? [])]) {
      if (done.has(line)) continue;
      done.add(line);
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

test('what is drawn of the roles is what the machine has', () => {
  const { states, arrows } = choreographyOf(roles);
  for (const chart of [ROLES, ASKING_FIRST]) {
    for (const name of chart.states) expect(states.map(({ path }) => path)).toContain(name);
    for (const { from, to } of chart.arrows)
      expect(arrows.some((arrow) => arrow.from === from && arrow.to === to)).toBe(true);
  }
});

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
