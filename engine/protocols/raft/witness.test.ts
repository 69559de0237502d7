// Wrong rules must show within small bounds: for each, a search over whole exchanges (a vote asked and
// answered, entries sent and acknowledged) of three real nodes, breadth first, until a referee speaks.
// The bounds are those of the published witnesses (terms, entries, restarts), found with TLC over a
// model of Raft; with the rule in force the same bounds show nothing.

import { describe, expect, test } from 'vitest';
import { apply } from '../../sim/cluster.ts';
import { seqOf } from '../../sim/seq.ts';
import { nodeNamed } from '../../sim/world.ts';
import { clusterOf, type RaftChoice, type RaftCluster, RULES } from './cluster.ts';
import type { RaftWorld } from './invariants.ts';
import { raftModel } from './model.ts';
import { raft } from './raft.ts';
import { lastIndex, type Wrong } from './types.ts';

interface Bounds {
  readonly terms: number;
  readonly entries: number;
  readonly restarts: number;
  /** Appends that may stay under way and arrive later. */
  readonly stale?: number;
}

type Step = { readonly name: string; readonly world: RaftWorld };

const IDS = ['A', 'B', 'C'];

function search(wrong: readonly Wrong[], bounds: Bounds, most: number) {
  const cluster: RaftCluster = clusterOf({
    ...RULES,
    voters: IDS,
    atomic: true,
    noop: false,
    batch: 1,
    wrong: new Set(wrong),
  });
  const model = raftModel(cluster, {
    terms: bounds.terms,
    entries: bounds.entries,
    restarts: bounds.restarts,
    flights: 99,
  });
  const canonical = (world: RaftWorld): string =>
    [model.key(world), ...(model.permute ?? []).map((rename) => model.key(rename(world)))]
      .map(String)
      .sort()[0] as string;
  const start = model.initial[0] as RaftWorld;
  const seen = new Set([canonical(start)]);
  let front: { world: RaftWorld; path: readonly string[] }[] = [{ world: start, path: [] }];
  while (front.length > 0) {
    const next: typeof front = [];
    for (const { world, path } of front)
      for (const { name, world: after } of steps(cluster, world, bounds)) {
        const [violation] = after.ghost.violations;
        if (violation) return { violation, path: [...path, name], states: seen.size };
        const key = canonical(after);
        if (seen.has(key)) continue;
        seen.add(key);
        if (seen.size > most) return { states: seen.size, path: [], bounded: true };
        next.push({ world: after, path: [...path, name] });
      }
    front = next;
  }
  return { states: seen.size, path: [], violation: undefined };
}

/** Whole exchanges: what is left of them under way is lost, but requests for votes and held appends. */
function steps(cluster: RaftCluster, world: RaftWorld, bounds: Bounds): Step[] {
  const out: Step[] = [];
  const does = (w: RaftWorld, choice: RaftChoice): RaftWorld => apply(cluster, w, choice).world;
  const crashes = world.counts.lost;
  const keep = (w: RaftWorld, held: readonly unknown[] = []): RaftWorld => ({
    ...w,
    counts: { ...w.counts, lost: crashes },
    flights: w.flights.filter((flight) => flight.message.kind === 'vote' || held.includes(flight)),
  });
  const held = world.flights.filter(({ message }) => message.kind === 'append');
  /** Everything between the two, until both are silent. */
  const exchange = (w: RaftWorld, a: string, b: string, but: readonly unknown[]): RaftWorld => {
    let now = w;
    for (let n = 0; n < 40; n++) {
      const flight = now.flights.find(
        (one) =>
          ((one.from === a && one.to === b) || (one.from === b && one.to === a)) &&
          one.message.kind !== 'vote' &&
          !but.includes(one),
      );
      if (!flight) return now;
      now = does(now, { do: 'deliver', from: flight.from, to: flight.to, n: flight.n });
    }
    return now;
  };
  for (const { id, state } of world.nodes) {
    if (!state) continue;
    if (state.role !== 'leader' && state.term < bounds.terms)
      out.push({
        name: `timeout ${id}`,
        world: keep(does(world, { do: 'fire', node: id, timer: 'election' }), held),
      });
    if (crashes < bounds.restarts) {
      const back = does(does(world, { do: 'crash', node: id }), { do: 'restart', node: id });
      out.push({
        name: `restart ${id}`,
        world: { ...keep(back, held), counts: { ...back.counts, lost: crashes + 1 } },
      });
    }
    if (state.role !== 'leader') continue;
    if (lastIndex(state) < bounds.entries) {
      const asked = does(world, {
        do: 'ask',
        node: id,
        request: { ask: 'propose', value: `${state.term}` },
      });
      out.push({ name: `request ${id}`, world: keep(asked, held) });
      // Or with the entry on its way to somebody.
      if (held.length < (bounds.stale ?? 0))
        for (const flight of asked.flights)
          if (flight.message.kind === 'append' && !held.includes(flight))
            out.push({
              name: `request ${id} to ${flight.to}`,
              world: keep(asked, [...held, flight]),
            });
    }
    for (const to of IDS.filter((other) => other !== id)) {
      const beat = does(world, { do: 'fire', node: id, timer: 'heartbeat' });
      const fresh = beat.flights.filter(
        (flight) =>
          flight.from === id &&
          flight.to === to &&
          !held.includes(flight) &&
          flight.message.kind === 'append',
      );
      // Its next moved on although the others' copies are lost: they are told again when they refuse.
      out.push({ name: `append ${id}>${to}`, world: keep(exchange(beat, id, to, held), held) });
      if (held.length < (bounds.stale ?? 0))
        out.push({ name: `send ${id}>${to}`, world: keep(beat, [...held, ...fresh]) });
    }
  }
  for (const flight of world.flights) {
    const { from, to, n } = flight;
    const there = nodeNamed(world, to)?.state;
    if (!there) continue;
    const others = held.filter((one) => one !== flight);
    const arrived = does(world, { do: 'deliver', from, to, n });
    out.push({
      name: `${flight.message.kind === 'vote' ? 'vote' : 'late'} ${from}>${to}`,
      world: keep(exchange(arrived, from, to, others), others),
    });
  }
  return out;
}

const CASES: readonly (readonly [Wrong, Bounds, string])[] = [
  ['vote-not-saved', { terms: 1, entries: 1, restarts: 1 }, 'election safety'],
  ['term-not-saved', { terms: 1, entries: 1, restarts: 1 }, 'election safety'],
  ['vote-twice', { terms: 1, entries: 1, restarts: 0 }, 'election safety'],
  // Sooner than the published ones: that an entry is not on a majority of disks is seen at its commit.
  ['half-is-a-quorum', { terms: 1, entries: 1, restarts: 0 }, 'committed is durable'],
  ['log-not-saved', { terms: 2, entries: 1, restarts: 1 }, 'committed is durable'],
  ['vote-without-log-check', { terms: 2, entries: 1, restarts: 0 }, 'leader completeness'],
  ['no-prev-check', { terms: 2, entries: 2, restarts: 0 }, 'committed is durable'],
  ['truncate-never', { terms: 2, entries: 1, restarts: 0 }, 'committed is durable'],
];

describe('a wrong rule shows within the published bounds', () => {
  test.each(CASES)(
    '%s',
    (wrong, bounds, referee) => {
      const { violation, states } = search([wrong], bounds, 4000);
      expect(violation?.referee, `${states} states`).toBe(referee);
    },
    60_000,
  );

  test('and with all rules in force nothing does', () => {
    expect(search([], { terms: 1, entries: 1, restarts: 1 }, 4000)).toMatchObject({
      violation: undefined,
    });
    const { violation } = search([], { terms: 2, entries: 2, restarts: 0 }, 1500);
    expect(violation).toBeUndefined();
  }, 60_000);
});

/** Ways that a search finds too, after a minute; the steps are those of the published traces. */
const WAYS: readonly (readonly [Wrong, number, string, string])[] = [
  [
    'truncate-always',
    2,
    'timeout A · vote A>B · send A>B · request A · append A>B · late A>B · timeout B · vote B>C',
    'leader completeness',
  ],
  [
    'length-only-log-check',
    3,
    'timeout A · vote A>B · request A · timeout B · vote B>A · timeout A · vote B>C · request B · append B>C · vote A>B',
    'leader completeness',
  ],
  [
    // Figure 8, with four terms and one entry each.
    'commit-older-term',
    4,
    'timeout A · vote A>B · request A · timeout B · vote B>A · timeout A · vote B>C · request B · vote A>B · timeout B · vote A>C · append A>C · vote B>A',
    'leader completeness',
  ],
  [
    // One term more than the published one: here the answer of a node that is ahead deposes the caller.
    'stale-term-accepted',
    3,
    'timeout A · vote A>B · request A to C · timeout B · vote B>C · request B · append B>C · late A>C · timeout A · vote A>C',
    'leader completeness',
  ],
];

describe('and along the published traces', () => {
  test.each(WAYS)('%s, %i terms', (wrong, terms, way, referee) => {
    const bounds = { terms, entries: 2, restarts: 0, stale: 1 };
    const follow = (broken: readonly Wrong[]) => {
      const cluster = clusterOf({
        ...RULES,
        voters: IDS,
        atomic: true,
        noop: false,
        batch: 1,
        wrong: new Set(broken),
      });
      let world = raftModel(cluster, { ...bounds, flights: 99 }).initial[0] as RaftWorld;
      for (const name of way.split(' · ')) {
        const next = steps(cluster, world, bounds).findLast((step) => step.name === name);
        if (!next) return { world, stuck: name };
        world = next.world;
      }
      return { world, stuck: undefined };
    };
    const found = follow([wrong]);
    expect(found.stuck).toBeUndefined();
    expect(found.world.ghost.violations.map((violation) => violation.referee)).toContain(referee);
    // With the rule in force the way is barred somewhere, or leads to no harm.
    expect(follow([]).world.ghost.violations).toEqual([]);
  });

  test('commit-unbounded: a follower commits what the message did not vouch for', () => {
    const follower = (wrong: readonly Wrong[]) => {
      const rules = { ...RULES, voters: IDS, atomic: true, wrong: new Set(wrong) };
      const disk = {
        term: 2,
        vote: undefined,
        snapshot: undefined,
        log: seqOf(
          [1, 1].map((term) => ({ term, command: null })),
          1,
        ),
      };
      const { state } = raft.start('A', rules, disk, 0);
      // The leader of term 2 has another entry at 2, committed; this message goes only up to 1.
      return raft.receive(
        state,
        'B',
        { kind: 'append', term: 2, prev: 1, prevTerm: 1, entries: [], commit: 2, round: 1 },
        0,
      ).state.commit;
    };
    expect(follower([])).toBe(1);
    expect(follower(['commit-unbounded'])).toBe(2);
  });
});
