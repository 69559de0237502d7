// The rules one by one: the tables of etcd's raft_paper_test (fixtures/tables.json; the sections are
// the paper's 5.2 to 5.4), and what no golden script can say as shortly.
import { describe, expect, test } from 'vitest';
import { apply } from '../../sim/cluster.ts';
import { seqOf } from '../../sim/seq.ts';
import { clusterOf, newRaftWorld, nodeNames, RULES } from './cluster.ts';
import tables from './fixtures/tables.json' with { type: 'json' };
import { raft } from './raft.ts';
import type { Message, RaftDisk, RaftState } from './types.ts';

const { voteByLog, voteByPreviousVote, electionResult, leaderCommitByAcks } = tables.tables;
const five = { ...RULES, voters: nodeNames(5), atomic: true };

const diskOf = (terms: readonly number[], term: number, vote?: string): RaftDisk => ({
  term,
  vote,
  log: seqOf(
    terms.map((of) => ({ term: of, command: null })),
    1,
  ),
  snapshot: undefined,
});

const sent = (reaction: ReturnType<typeof raft.receive>): Message[] =>
  reaction.effects.flatMap((effect) => (effect.do === 'send' ? [effect.message] : []));

/** A node that times out, and what `answers` make of it. */
function campaign(size: number, yes: number, no: number): RaftState {
  const rules = { ...RULES, voters: nodeNames(size), atomic: true };
  let { state } = raft.wake(raft.start('A', rules, undefined, 0).state, 'election', 0);
  rules.voters.slice(1).forEach((from, i) => {
    if (i >= yes - 1 + no) return;
    state = raft.receive(state, from, { kind: 'voted', term: 1, granted: i < yes - 1 }, 0).state;
  });
  return state;
}

describe('tables of the paper', () => {
  test.each(voteByLog)(
    'a vote by the logs: %j',
    ({ voterLog, candLastTerm, candLastIndex, granted }) => {
      const voter = raft.start('A', five, diskOf(voterLog, 2), 0).state;
      const asks: Message = { kind: 'vote', term: 3, last: candLastIndex, lastTerm: candLastTerm };
      expect(sent(raft.receive(voter, 'B', asks, 0))).toEqual([
        { kind: 'voted', term: 3, granted },
      ]);
    },
  );

  test.each(voteByPreviousVote)('a vote by the vote before: %j', ({ votedFor, asker, granted }) => {
    const [vote, from] = [nodeNames(5)[votedFor - 1], nodeNames(5)[asker - 1] as string];
    const voter = raft.start('A', five, diskOf([], 1, vote), 0).state;
    const asks: Message = { kind: 'vote', term: 1, last: 0, lastTerm: 0 };
    expect(sent(raft.receive(voter, from, asks, 0))).toEqual([{ kind: 'voted', term: 1, granted }]);
  });

  test.each(electionResult)('an election: %j', ({ size, yes, no, result }) => {
    const { role } = campaign(size, yes, no);
    expect(role).toBe({ leader: 'leader', lost: 'follower', undecided: 'candidate' }[result]);
  });

  test.each(leaderCommitByAcks)(
    'a leader commits: %j',
    ({ size, acksBesidesLeader, committed }) => {
      let state = campaign(size, Math.floor(size / 2) + 1, 0);
      for (const from of nodeNames(size).slice(1, 1 + acksBesidesLeader))
        state = raft.receive(
          state,
          from,
          { kind: 'appended', term: 1, ok: true, round: 1, match: 1 },
          0,
        ).state;
      expect(state.commit).toBe(committed ? 1 : 0);
    },
  );
});

describe('what is saved', () => {
  test('a vote is on the disk before it is sent', () => {
    const { effects } = raft.receive(
      raft.start('A', five, undefined, 0).state,
      'B',
      { kind: 'vote', term: 1, last: 0, lastTerm: 0 },
      0,
    );
    const order = effects.map((effect) => effect.do).filter((what) => what !== 'set');
    expect(order).toEqual(['save', 'send']);
  });

  test('what waits for a save is never sent if the node dies first', () => {
    const cluster = clusterOf({ ...RULES, voters: nodeNames(3) });
    let world = newRaftWorld(cluster, 0, 1);
    world = apply(cluster, world, { do: 'fire', node: 'A', timer: 'election' }).world;
    expect(world.flights).toEqual([]);
    world = apply(cluster, world, { do: 'crash', node: 'A' }).world;
    world = apply(cluster, world, { do: 'restart', node: 'A' }).world;
    expect(world.nodes[0]?.state?.term).toBe(0);
    world = apply(cluster, world, { do: 'fire', node: 'A', timer: 'election' }).world;
    world = apply(cluster, world, { do: 'saved', node: 'A' }).world;
    expect(world.flights.map(({ to }) => to)).toEqual(['B', 'C']);
    expect(world.nodes[0]?.disk).toMatchObject({ term: 1, vote: 'A' });
  });
});
