// Two-phase commit over Raft groups: what it costs, that no crash of one node blocks anybody, and that no
// two members ever tell different things, however the network falls apart.
import { expect, test } from 'vitest';
import { Dice } from '../../base/dice.ts';
import { apply, type Happening, nextInTime } from '../../sim/cluster.ts';
import { type CommitChoice, clusterOf, newCommitWorld, RULES, WORLD } from './cluster.ts';
import { groupCostOf } from './cost.ts';
import { blockedIn, type CommitWorld } from './referees.ts';
import { type CommitRules, groupOf, nodesOf } from './types.ts';

const GROUPS: CommitRules = { ...RULES, groupSize: 3, patience: 400_000 };
const BEGIN = 400_000;
const END = 4_000_000;

interface Played {
  readonly world: CommitWorld;
  readonly happenings: readonly Happening[];
  readonly events: number;
}

/** Plays in time; `meddle` is asked before each event after the transaction has begun. */
function played(
  rules: Partial<CommitRules>,
  seed: number,
  meddle: (events: number, world: CommitWorld) => CommitChoice | undefined = () => undefined,
): Played {
  const config = { ...GROUPS, ...rules };
  const cluster = clusterOf(config, WORLD);
  let world = newCommitWorld(cluster, seed);
  const happenings: Happening[] = [];
  const does = (choice: CommitChoice): void => {
    const done = apply(cluster, world, choice);
    world = done.world;
    happenings.push(done.happening);
  };
  let events = -1;
  for (;;) {
    const next = nextInTime(world);
    const at = (next?.at as number | undefined) ?? END;
    const voice = world.nodes.find(({ id, state }) => groupOf(id) === 'A' && state?.member?.speaks);
    if (events < 0 && voice && world.now >= BEGIN) {
      happenings.length = 0;
      does({ do: 'ask', node: voice.id, request: { ask: 'begin', tx: 1, value: 'blue' } });
      events = 0;
      continue;
    }
    const wish = events < 0 ? undefined : meddle(events, world);
    if (events >= 0) events++;
    if (wish) {
      does(wish);
      continue;
    }
    if (!next || at > END) return { world, happenings, events };
    does(next as CommitChoice);
  }
}

const outcomesOf = ({ ghost }: CommitWorld): string[] => Object.values(ghost.outcomes).sort();
const BETWEEN = new Set(['prepare', 'vote', 'decision', 'ack']);

test.each([
  ['all yes', {}],
  ['presumed abort', { presume: 'abort' }],
  ['one says no', { votes: { C: 'no' } }],
  ['presumed abort, one says no', { presume: 'abort', votes: { C: 'no' } }],
] as const)('%s: each forced write is a round of Raft', (_, rules) => {
  const { world, happenings } = played(rules, 3);
  const config = { ...GROUPS, ...rules };
  let [messages, forced] = [0, 0];
  for (const { sent, kind, message } of happenings) {
    messages += sent.filter((one) => BETWEEN.has(one.kind)).length;
    // Of Raft's messages those that carry a record, and those that say that it is on a disk.
    const inner = (message as { message?: { kind: string; entries?: readonly unknown[] } })
      ?.message;
    if (inner?.kind === 'append' && (inner.entries?.length ?? 0) > 0) messages++;
    if (kind !== 'raft-saved') continue;
    forced++;
    if (sent.some((one) => one.kind === 'raft-appended')) messages++;
  }
  expect({ messages, forced }).toEqual(groupCostOf(config));
  expect(world.ghost.violations).toEqual([]);
});

test('a crash of any one node, whenever: without its coming back, all that wait are told', () => {
  const outcomes = new Set<string>();
  let runs = 0;
  for (const [presume, seed] of [
    ['nothing', 3],
    ['commit', 5],
  ] as const)
    for (const victim of nodesOf(GROUPS))
      for (let after = 0; after < 70; after += 5) {
        const { world } = played({ presume }, seed, (events) =>
          events === after ? { do: 'crash', node: victim } : undefined,
        );
        const where = `presumed ${presume}, seed ${seed}: ${victim} dies after ${after} events`;
        runs++;
        expect(world.ghost.violations, where).toEqual([]);
        expect(blockedIn(world, GROUPS), where).toEqual([]);
        const waiting = world.nodes.filter(({ state }) =>
          state?.participates.some(({ phase }) => phase === 'prepared'),
        );
        expect(
          waiting.map(({ id }) => id),
          where,
        ).toEqual([]);
        for (const outcome of outcomesOf(world)) outcomes.add(outcome);
      }
  expect(runs).toBe(252);
  expect([...outcomes].sort()).toEqual(['abort', 'commit']);
});

test('a leader that is cut off with a participant answers nothing that its group does not know', () => {
  // The network falls apart at any moment, the coordinator's leader on one side with one group.
  let told = 0;
  for (let after = 0; after < 70; after += 3) {
    const { world } = played({}, 3, (events, at) => {
      if (events !== after && events !== after + 400) return undefined;
      if (events !== after) return { do: 'heal' };
      const leader = at.nodes.find(({ id, state }) => groupOf(id) === 'A' && state?.member?.speaks);
      const side = nodesOf(GROUPS).filter((id) => id === leader?.id || groupOf(id) === 'B');
      return {
        do: 'partition',
        groups: [side, nodesOf(GROUPS).filter((id) => !side.includes(id))],
      };
    });
    expect(world.ghost.violations, `cut after ${after}`).toEqual([]);
    told += outcomesOf(world).length;
  }
  expect(told).toBeGreaterThan(20);
});

test('a leader that was deposed and does not know it has what it presumes written first, and so says nothing', () => {
  const cluster = clusterOf(GROUPS, WORLD);
  let world = newCommitWorld(cluster, 3);
  const does = (choice: CommitChoice): Happening => {
    const done = apply(cluster, world, choice);
    world = done.world;
    return done.happening;
  };
  const voices = (): string[] =>
    world.nodes
      .filter(({ id, state }) => groupOf(id) === 'A' && state?.member?.speaks)
      .map(({ id }) => id);
  const until = (done: (happening: Happening) => boolean): void => {
    while (world.now < END) if (done(does(nextInTime(world) as CommitChoice))) return;
    throw new Error('it does not happen');
  };
  until(() => voices().length === 1 && world.now > BEGIN);
  const [old] = voices() as [string];
  // Cut off from its own group alone: all others hear it.
  const cut = (from: string, to: string) => {
    does({ do: 'cut', from, to });
    does({ do: 'cut', from: to, to: from });
  };
  for (const id of ['A1', 'A2', 'A3']) if (id !== old) cut(old, id);
  until(() => voices().length === 2);
  const next = voices().find((id) => id !== old) as string;
  does({ do: 'ask', node: next, request: { ask: 'begin', tx: 1, value: 'blue' } });
  until(({ kind, who }) => kind === 'decided' && who === next);
  // What it decides does not reach B, which loses patience and asks all three.
  for (const id of ['B1', 'B2', 'B3']) does({ do: 'cut', from: next, to: id });
  const asked: string[] = [];
  const start = world.now;
  while (world.now < start + 1_500_000) {
    const { kind, who } = does(nextInTime(world) as CommitChoice);
    if (kind === 'answered' && who === old) asked.push(kind);
  }
  expect(voices()).toEqual([old, next].sort());
  expect(asked.length).toBeGreaterThan(0);
  // The old leader was asked, and had an answer; B has it from C, or from who leads.
  expect(world.ghost.outcomes).toEqual({ '1 B': 'commit', '1 C': 'commit' });
  expect(world.ghost.violations).toEqual([]);
});

test('in storms of crashes, returns, losses and cuts nobody is told two things', () => {
  let decided = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const dice = new Dice(seed);
    const ids = nodesOf(GROUPS);
    const { world } = played({ presume: seed % 2 ? 'nothing' : 'commit' }, seed, (_, at) => {
      if (!dice.chance(0.04)) return undefined;
      const node = ids[dice.below(ids.length)] as string;
      const down = at.nodes.filter(({ status }) => status === 'crashed');
      const [back] = down;
      if (back && dice.chance(0.6)) return { do: 'restart', node: back.id };
      if (at.links.size > 0) return { do: 'heal' };
      if (dice.chance(0.3)) {
        const side = ids.filter(() => dice.chance(0.4));
        if (side.length === 0 || side.length === ids.length) return undefined;
        return { do: 'partition', groups: [side, ids.filter((id) => !side.includes(id))] };
      }
      if (down.some(({ id }) => id === node) || down.length > 3) return undefined;
      return { do: 'crash', node };
    });
    expect(world.ghost.violations, `seed ${seed}`).toEqual([]);
    decided += outcomesOf(world).length;
  }
  expect(decided).toBeGreaterThan(20);
});
