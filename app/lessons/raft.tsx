// Lesson 11b: Raft, from "one leader a term" to why figure 8 of the paper is subtle. Whatever its
// prose says of a run stands beside its assertion, and every answer is computed from the run.

import {
  clusterOf,
  commitOf,
  endOfLast,
  entryOf,
  eventOf,
  findEvent,
  holdersOf,
  isCommitted,
  leadersOf,
  leads,
  linesLike,
  listed,
  logOf,
  names,
  nodeOf,
  quorumOf,
  termsOf,
} from './cluster.ts';
import type { Beat, Lesson, Option, Outcome, Run, ShownMoment } from './lesson.ts';
import { Cite, Claim, Term } from './parts.tsx';
import { end, endOf, find, findLast, lastLine } from './run.ts';

const script = (...lines: string[]): string => `${lines.join('\n')}\n`;

/** A leads term 1, and its first entry is committed: where most stories begin. */
const ELECT = ['fire A election', 'run until commit at A'];

// ── Shared by the questions ─────────────────────────────────────────────────────────────────────

const YES = 'yes';
const NO = 'no';
const yesOrNo = (yes: string, no: string): readonly Option[] => [
  { value: YES, text: yes },
  { value: NO, text: no },
];

const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

const entries = (count: number): string => plural(count, 'entry', 'entries');

/** Distinct numbers as options, least first, so that the place says nothing. */
const counts = (numbers: readonly number[], say: (n: number) => string): Option[] =>
  [...new Set(numbers)].sort((a, b) => a - b).map((n) => ({ value: say(n) }));

const nodes = (moment: ShownMoment): Option[] =>
  names(moment).map((id) => ({ value: id, key: `node:${id}` }));

/** Every election that was won, in order. */
async function elections(run: Run): Promise<{ moment: number; term: number; who: string }[]> {
  const won: { moment: number; term: number; who: string }[] = [];
  for (let i = find(run, 'elected'); i !== undefined; i = find(run, 'elected', i + 1)) {
    const { did, who = '' } = eventOf(await run.at(i));
    if (did?.kind === 'elected') won.push({ moment: i, term: did.term, who });
  }
  return won;
}

const oneLeaderATerm = async (run: Run): Promise<boolean> => {
  const won = await elections(run);
  return won.length > 0 && new Set(won.map(({ term }) => term)).size === won.length;
};

const allLogsEqual = async (run: Run): Promise<boolean> => {
  const moment = await end(run);
  const logs = names(moment).map((id) => termsOf(moment, id));
  return logs[0] !== '' && new Set(logs).size === 1;
};

/** The first moment of the last operation that looks so. */
const startOfLast = (run: Run, pattern: RegExp): number | undefined =>
  linesLike(run, pattern).at(-1)?.first;

// ── 1. One leader a term ────────────────────────────────────────────────────────────────────────

const NOBODY = 'nobody';

/** The last that stands before somebody wins. */
function lastToStand(run: Run): number | undefined {
  const won = find(run, 'elected');
  return won === undefined ? undefined : findLast(run, 'campaign', won);
}

const oneLeader: Beat = {
  id: 'leader',
  title: 'One leader a term',
  scenario: script('lab raft', 'title "One leader a term"', 'run until elected', 'run 30ms'),
  at: () => 0,
  prose: (
    <>
      <p>
        Five servers are to keep the same log of commands, so that the service lives on when some of
        them die. Raft gives one of them, the <Term>leader</Term>, the last word: it alone adds to
        the log, and the others copy it <Cite of="raft2014" />.
      </p>
      <p>
        Time is cut into numbered <Term>terms</Term>.{' '}
        <Claim
          holds={async (run) =>
            clusterOf(await run.at(0)).nodes.every(
              ({ state }) => state?.role === 'follower' && state.term === 0,
            )
          }
          at={() => 0}
        >
          All begin as followers in term 0
        </Claim>
        . The ring around a node is its timer,{' '}
        <Claim
          holds={async (run) =>
            clusterOf(await run.at(0)).nodes.every(({ timers }) =>
              timers.every(({ at, set }) => at - set >= 150_000 && at - set <= 300_000),
            )
          }
        >
          drawn by chance between 150 and 300 ms
        </Claim>
        . Whose runs out first becomes a <Term>candidate</Term>: it begins the next term, votes for
        itself and asks the others. A node has one vote a term, and a majority, here 3 of 5, makes a
        leader.
      </p>
    </>
  ),
  prediction: {
    question: 'Timers run out, and candidates ask for votes. Who will lead?',
    gate: lastToStand,
    async options(run, gate) {
      return [...nodes(await run.at(gate)), { value: NOBODY }];
    },
    async outcome(run, gate): Promise<Outcome> {
      const moment = find(run, 'elected', gate) as number;
      const now = await run.at(moment);
      const { who = '' } = eventOf(now);
      const { state } = nodeOf(now, who) ?? {};
      const gave = Object.entries(state?.votes ?? {}).filter(([, yes]) => yes);
      return {
        value: who,
        moment,
        key: `node:${who}`,
        because: `${listed(gave.map(([id]) => id).sort())} voted for ${who}: ${gave.length} of ${state?.voters.length}. A node's vote goes to the first that asks.`,
      };
    },
    otherwise: 'Nobody is elected in this run.',
  },
  after: (
    <p>
      Two majorities of the same nodes always have a node in common, and that node votes only once.
      So <Claim holds={oneLeaderATerm}>no term has two leaders</Claim>. The new leader tells
      everybody at once: word of it sets their timers anew, and as long as its{' '}
      <Term>heartbeats</Term> come, nobody else stands.
    </p>
  ),
};

// ── 2. A split vote ─────────────────────────────────────────────────────────────────────────────

const lastFire = (run: Run): number | undefined => {
  const at = endOfLast(run, /^fire /);
  return at !== undefined && run.kind(at) === 'campaign' ? at : undefined;
};

const termOfCandidate = async (run: Run, gate: number): Promise<number> => {
  const { did } = eventOf(await run.at(gate));
  return did?.kind === 'campaign' ? did.term : 0;
};

const splitVote: Beat = {
  id: 'split-vote',
  title: 'A split vote',
  scenario: script(
    'lab raft',
    'title "A split vote"',
    'set nodes 3',
    'fire A election',
    'fire B election',
    'fire C election',
    'run 40ms',
    'run until elected',
    'run 30ms',
  ),
  at: (run) => linesLike(run, /^fire /)[0]?.first,
  prose: (
    <>
      <p>
        Nothing keeps several timers from running out together. Here all three nodes stand for
        election in the same moment. Each has voted for itself before it hears that the others ask
        too.
      </p>
      <p>
        That a node votes once a term must hold even if it crashes in between. So{' '}
        <Claim
          holds={async (run) => {
            const gate = lastFire(run);
            const saved = gate === undefined ? undefined : find(run, 'saved', gate);
            if (gate === undefined || saved === undefined) return false;
            const { nodes: before } = clusterOf(await run.at(gate));
            const asked = clusterOf(await run.at(gate)).flights.length;
            const { flights } = clusterOf(await run.at(saved));
            return before.every(({ saves }) => saves.length > 0) && asked === 0 && !!flights.length;
          }}
          at={(run) => find(run, 'saved', lastFire(run))}
        >
          term and vote go to the disk first, and only then the letters go out
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'All three stand in the same term. Who leads it?',
    gate: lastFire,
    async options(run, gate) {
      return [...nodes(await run.at(gate)), { value: NOBODY }];
    },
    async outcome(run, gate) {
      const term = await termOfCandidate(run, gate);
      const won = (await elections(run)).find((one) => one.term === term && one.moment > gate);
      const now = await run.at(gate);
      const stood = clusterOf(now).nodes.filter(
        ({ state }) => state?.role === 'candidate' && state.term === term,
      );
      if (won)
        return {
          value: won.who,
          moment: won.moment,
          key: `node:${won.who}`,
          because: (await run.at(won.moment)).caption.detail,
        };
      const next = find(run, ['campaign', 'elected'], gate + 1) ?? run.length;
      const over = Math.max(findLast(run, 'tally', next - 1) ?? 0, gate + 1);
      return {
        value: NOBODY,
        moment: over,
        because: `${plural(stood.length, 'node')} stood in term ${term}, each with its own vote, and a majority is ${quorumOf(names(now).length)}.`,
      };
    },
    otherwise: 'No election begins by hand in this run.',
  },
  after: (
    <p>
      A term without a leader costs time, nothing else. Each draws a new timeout, and the first to
      run out is most likely alone:{' '}
      <Claim
        holds={async (run) => {
          const [first, ...more] = await elections(run);
          return first?.term === 2 && more.length === 0;
        }}
        at={(run) => find(run, 'elected')}
      >
        term 2 has a leader
      </Claim>
      . That is why timeouts are drawn by chance. The paper's 150 to 300 ms are the settings here;
      etcd takes 1,000 to 2,000.
    </p>
  ),
};

// ── 3. When is it committed? ────────────────────────────────────────────────────────────────────

const lastPropose = (run: Run): number | undefined => findLast(run, 'propose');

/** Who proposed what, at the gate of a question about an entry. */
async function proposedAt(run: Run, gate: number) {
  const moment = await run.at(gate);
  const { who = '', did } = eventOf(moment);
  const entry = did?.kind === 'propose' ? entryOf(moment, who, did.index) : undefined;
  if (!entry) throw new Error(`nothing is proposed at ${moment.name}`);
  return { who, entry, moment };
}

/** Where the one who proposed an entry commits it. */
const committedBy = (run: Run, who: string, index: number, from: number) =>
  findEvent(
    run,
    ['commit'],
    from,
    ({ who: by, did }) => by === who && did?.kind === 'commit' && did.to >= index,
  );

const commitRule: Beat = {
  id: 'commit',
  title: 'When a write is safe',
  scenario: script(
    'lab raft',
    'title "When a write is safe"',
    ...ELECT,
    'client 1 put x 3',
    'run until answered',
    'run 60ms',
  ),
  at: (run) => startOfLast(run, /^client /),
  prose: (
    <>
      <p>
        A client sends a command to the leader. The leader adds an <Term>entry</Term> to its log,
        marked with its term, and sends it to everybody.{' '}
        <Claim
          holds={async (run) => {
            const gate = lastPropose(run);
            if (gate === undefined) return false;
            const { entry } = await proposedAt(run, gate);
            for (let i = find(run, 'acked', gate); i; i = find(run, 'acked', i + 1)) {
              const moment = await run.at(i);
              const { did } = eventOf(moment);
              if (did?.kind !== 'acked' || did.match < entry.index) continue;
              if (!holdersOf(moment, entry).includes(did.from)) return false;
            }
            return true;
          }}
        >
          A follower saves it, and only then says that it has it
        </Claim>
        .
      </p>
      <p>
        Once enough disks have it, the entry is <Term>committed</Term>: it is never lost, whoever of
        the minority dies. The leader applies it and{' '}
        <Claim
          holds={async (run) => {
            const gate = lastPropose(run);
            const answered = find(run, 'answered', gate);
            if (gate === undefined || answered === undefined) return false;
            const { who, entry } = await proposedAt(run, gate);
            const commit = await committedBy(run, who, entry.index, gate);
            return commit !== undefined && commit < answered;
          }}
          at={(run) => find(run, 'answered', lastPropose(run))}
        >
          answers the client only after that
        </Claim>
        . In the picture an entry is dashed until its node knows that it is committed.
      </p>
    </>
  ),
  prediction: {
    question: 'The entry is in A’s log. On how many of the five disks must it be to be committed?',
    gate: lastPropose,
    async options(run, gate) {
      const { moment } = await proposedAt(run, gate);
      return names(moment).map((_, i) => ({ value: plural(i + 1, 'disk') }));
    },
    async outcome(run, gate) {
      const { who, entry } = await proposedAt(run, gate);
      const moment = (await committedBy(run, who, entry.index, gate)) ?? run.length - 1;
      const { did } = eventOf(await run.at(moment));
      const { holders, of } = did?.kind === 'commit' ? did : { holders: [], of: 0 };
      return {
        value: plural(holders.length, 'disk'),
        moment,
        key: `entry:${who}:${entry.index}`,
        because: `${listed(holders)} have it: ${holders.length} of ${of}, a majority. The others are not waited for.`,
      };
    },
    otherwise: 'Nothing is written in this run.',
    own: {
      label: 'Write something else: key and value',
      example: 'depth 10935',
      words: true,
      at: (run) => {
        const at = run.lines.findLastIndex(({ text }) => text.startsWith('client '));
        return at < 0 ? undefined : at;
      },
      line: (input) =>
        /^[\w-]{1,20} [\w-]{1,20}$/.test(input)
          ? `client 1 put ${input}`
          : '!A key and a value, as in depth 10935.',
    },
  },
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const gate = lastPropose(run);
          if (gate === undefined) return false;
          const { who, entry } = await proposedAt(run, gate);
          const moment = await run.at((await committedBy(run, who, entry.index, gate)) ?? 0);
          return names(moment).every((id) => commitOf(moment, id) >= entry.index === (id === who));
        }}
      >
        At that moment only the leader knows it
      </Claim>
      . Followers hear how far the log is committed with the next message, and then{' '}
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          const last = logOf(moment, 'A').at(-1)?.index;
          return last !== undefined && names(moment).every((id) => commitOf(moment, id) === last);
        }}
        at={(run) => run.length - 1}
      >
        all apply it
      </Claim>
      .
    </p>
  ),
};

// ── 4. Figure 7 ─────────────────────────────────────────────────────────────────────────────────

const wonHere = (run: Run): number | undefined => {
  const at = endOfLast(run, /^run until elected$/);
  return at !== undefined && run.kind(at) === 'elected' && linesLike(run, /^disk G /).length > 0
    ? at
    : undefined;
};

/** Up to where two logs have the same terms. */
function sharedLength(moment: ShownMoment, a: string, b: string): number {
  const [x, y] = [logOf(moment, a), logOf(moment, b)];
  let at = 0;
  while (at < x.length && at < y.length && x[at]?.term === y[at]?.term) at++;
  return at;
}

const repair: Beat = {
  id: 'repair',
  title: 'Seven odd logs',
  scenario: script(
    'lab raft',
    'title "Seven odd logs"',
    'set nodes 7',
    'disk A log 1 1 1 4 4 5 5 6 6 6 term 7',
    'disk B log 1 1 1 4 4 5 5 6 6 term 6',
    'disk C log 1 1 1 4 term 4',
    'disk D log 1 1 1 4 4 5 5 6 6 6 6 term 6',
    'disk E log 1 1 1 4 4 5 5 6 6 6 7 7 term 7',
    'disk F log 1 1 1 4 4 4 4 term 4',
    'disk G log 1 1 1 2 2 2 3 3 3 3 3 term 3',
    'fire A election',
    'run until elected',
    'run 45ms',
    'run 50ms',
  ),
  at: (run) => startOfLast(run, /^fire /),
  prose: (
    <>
      <p>
        Leaders come and go, and some die before their entries have spread. Logs may then differ in
        every way: this is figure 7 of the paper <Cite of="raft2014" />. The numbers are the terms
        of the entries; A is elected for term 8.
      </p>
      <p>
        A sends what is new together with place and term of the entry before it. A follower that has
        no such entry <Claim holds={(run) => find(run, 'reject') !== undefined}>refuses</Claim>, and
        A <Claim holds={(run) => find(run, 'back-up') !== undefined}>goes back</Claim> until both
        agree. From there on the follower takes A's entries. So where two logs have an entry of the
        same place and term, all before it is the same too: that is <Term>log matching</Term>.
      </p>
    </>
  ),
  prediction: {
    question:
      'G has entries of terms 2 and 3 that nobody else has. How many entries of its own will it lose?',
    gate: wonHere,
    async options(run, gate) {
      const moment = await run.at(gate);
      const all = logOf(moment, 'G').length;
      const shared = sharedLength(moment, 'A', 'G');
      const { value } = await this.outcome(run, gate);
      return counts([Number.parseInt(value, 10), 0, shared, all, all - 1], entries);
    },
    async outcome(run, gate) {
      const before = await run.at(gate);
      const shared = sharedLength(before, 'A', 'G');
      const at = await findEvent(run, ['accept'], gate, ({ who }) => who === 'G');
      const { did } = at === undefined ? {} : eventOf(await run.at(at));
      const removed = did?.kind === 'accept' ? did.removed : 0;
      return {
        value: entries(removed),
        moment: at ?? run.length - 1,
        key: 'node:G',
        because:
          removed > 0
            ? `It agreed with A up to entry ${shared}. What it had after that was never committed, and goes.`
            : `What it had was the beginning of A's log, so nothing had to go.`,
      };
    },
    otherwise: 'In this run nobody leads seven nodes with logs laid out by hand.',
    own: {
      label: 'Another log for G: terms',
      example: '1 1 1 4 4 4',
      words: true,
      at: (run) => {
        const at = run.lines.findIndex(({ text }) => text.startsWith('disk G '));
        return at < 0 ? undefined : at;
      },
      line(input) {
        const terms = input.split(/\s+/).map(Number);
        const sound = terms.every(
          (term, i) => Number.isInteger(term) && term >= (terms[i - 1] ?? 1) && term <= 7,
        );
        return sound && terms.length <= 12
          ? `disk G log ${terms.join(' ')} term ${terms.at(-1)}`
          : '!Terms from 1 to 7 that never fall, as in 1 1 1 4 4 4.';
      },
    },
  },
  after: (
    <p>
      <Claim holds={allLogsEqual} at={(run) => run.length - 1}>
        In the end all seven logs are the same
      </Claim>
      , and{' '}
      <Claim
        holds={async (run) => {
          const gate = wonHere(run);
          if (gate === undefined) return false;
          const [before, after] = [await run.at(gate), await end(run)];
          return termsOf(after, 'A').startsWith(termsOf(before, 'A'));
        }}
      >
        A has changed nothing of its own
      </Claim>
      : a leader only appends. Was nothing lost that mattered? That depends on who may lead.
    </p>
  ),
};

// ── 5. Who may lead ─────────────────────────────────────────────────────────────────────────────

const standsLate = (run: Run): number | undefined => {
  const fires = linesLike(run, /^fire /);
  const last = fires.at(-1);
  return fires.length > 1 && last && run.kind(endOf(last)) === 'campaign' ? endOf(last) : undefined;
};

const whoMayLead: Beat = {
  id: 'who-may-lead',
  title: 'Who may lead',
  scenario: script(
    'lab raft',
    'title "Who may lead"',
    'set nodes 3',
    ...ELECT,
    'run 60ms',
    'partition C / A,B',
    'client 1 put x 1',
    'run until answered',
    'crash A',
    'heal',
    'fire C election',
    'run until refuse at B',
    'run until tally at C',
    'run until elected',
  ),
  at: (run) => startOfLast(run, /^crash /),
  prose: (
    <>
      <p>
        A leader never takes entries from its followers, so it must have all that is committed{' '}
        <em>when it is elected</em>. Raft needs no messages for that, only a rule: a node gives its
        vote to nobody whose log is behind its own. The log whose last entry has the later term is
        ahead; with equal terms, the longer one.
      </p>
      <p>
        Here x = 1 was committed by A and B while C was cut off.{' '}
        <Claim
          holds={async (run) => {
            const gate = standsLate(run);
            if (gate === undefined) return false;
            const moment = await run.at(gate);
            const entry = logOf(moment, 'B').at(-1);
            return (
              nodeOf(moment, 'A')?.status === 'crashed' &&
              entry?.op?.op === 'put' &&
              entryOf(moment, 'C', entry.index) === undefined
            );
          }}
          at={standsLate}
        >
          Then A died. C stands for election, and lacks the entry
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'B has not voted in this term, and C is the only one who asks. Does B vote for C?',
    gate: standsLate,
    async options() {
      return yesOrNo('Yes', 'No');
    },
    async outcome(run, gate) {
      const at = await findEvent(
        run,
        ['grant', 'refuse'],
        gate,
        ({ who, did }) => who === 'B' && (did?.kind === 'grant' || did?.kind === 'refuse'),
      );
      const moment = await run.at(at ?? run.length - 1);
      const { did } = eventOf(moment);
      const [, mine] = did?.kind === 'refuse' ? (did.mine ?? []) : [];
      const [, theirs] = did?.kind === 'refuse' ? (did.theirs ?? []) : [];
      return {
        value: did?.kind === 'grant' ? YES : NO,
        moment: moment.index,
        key: 'node:B',
        because:
          mine !== undefined && theirs !== undefined
            ? `The log of C is behind its own: it has ${entries(theirs)}, and B has ${mine}.`
            : 'The log of C is not behind its own.',
      };
    },
    otherwise: 'Nobody stands a second time in this run.',
  },
  after: (
    <p>
      C cannot win without B.{' '}
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          const entry = logOf(moment, 'B').find(({ op }) => op?.op === 'put');
          return leads(moment, 'B') && entry !== undefined;
        }}
        at={(run) => run.length - 1}
      >
        B wins the term after, and has the entry
      </Claim>
      . In general: what is committed lies on a majority, a winner needs the votes of a majority,
      and the node that both have in common votes for nobody who lacks it. This is called{' '}
      <Term>leader completeness</Term>.
    </p>
  ),
};

// ── 6. What a crash leaves ──────────────────────────────────────────────────────────────────────

const beforeCrash = (run: Run): number | undefined => {
  const at = startOfLast(run, /^crash B$/);
  return at === undefined || linesLike(run, /^restart B$/).length === 0 ? undefined : at - 1;
};

const crashLeaves: Beat = {
  id: 'crash',
  title: 'What a crash leaves',
  scenario: script(
    'lab raft',
    'title "What a crash leaves"',
    'set nodes 3',
    'set save 20',
    ...ELECT,
    'client 1 put x 1',
    'run until accept at B',
    'crash B',
    'run 30ms',
    'restart B',
    'run 120ms',
  ),
  at: (run) => startOfLast(run, /^client /),
  prose: (
    <>
      <p>
        Below the wavy line is what survives: a node's term, its vote and its log. Above it is what
        it knows by heart: whether it leads, how far the log is committed, what the others have. The
        disks here are slow: a save takes 20 ms.
      </p>
      <p>
        B has just taken entry 2.{' '}
        <Claim
          holds={async (run) => {
            const gate = beforeCrash(run);
            if (gate === undefined) return false;
            const state = nodeOf(await run.at(gate), 'B')?.state;
            return state?.last === 2 && state.stable === 1;
          }}
          at={beforeCrash}
        >
          The entry still hangs above the line
        </Claim>
        , on its way to the disk, and{' '}
        <Claim
          holds={async (run) => {
            const gate = beforeCrash(run);
            if (gate === undefined) return false;
            return (nodeOf(await run.at(gate), 'A')?.state?.peers.B?.match ?? 9) < 2;
          }}
        >
          B has told nobody that it has it
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'B crashes now, and comes up again. How much of the log does it know then?',
    gate: beforeCrash,
    async options(run, gate) {
      const node = nodeOf(await run.at(gate), 'B');
      return counts([0, node?.disk?.last ?? 0, node?.state?.last ?? 0], entries);
    },
    async outcome(run, gate) {
      const at = (await findEvent(run, ['start'], gate, ({ who }) => who === 'B')) ?? gate + 1;
      const had = nodeOf(await run.at(gate), 'B')?.state?.last ?? 0;
      const { did } = eventOf(await run.at(at));
      const has = did?.kind === 'start' ? did.last : 0;
      return {
        value: entries(has),
        moment: at,
        key: 'node:B',
        because:
          has < had
            ? `Of ${had} entries ${has} ${has === 1 ? 'was' : 'were'} on the disk. The leader does not count on the other, for B had not spoken.`
            : `All ${had} were on the disk.`,
      };
    },
    otherwise: 'B does not crash in this run.',
  },
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const at = startOfLast(run, /^restart B$/);
          if (at === undefined) return false;
          const node = nodeOf(await run.at(at), 'B');
          return node?.state?.term === 1 && node.state.vote === 'A' && node.state.commit === 0;
        }}
        at={(run) => startOfLast(run, /^restart B$/)}
      >
        It knows its term and its vote; what is committed it must hear anew
      </Claim>
      .{' '}
      <Claim
        holds={async (run) => logOf(await end(run), 'B').length === 2}
        at={(run) => run.length - 1}
      >
        The leader sends entry 2 again
      </Claim>
      . Save first, speak after: each of the two switches that turn this round,{' '}
      <code>vote-not-saved</code> and <code>ack-before-save</code>, breaks the cluster.
    </p>
  ),
};

// ── 7. Cut off with a minority ──────────────────────────────────────────────────────────────────

const CUT_OFF = [
  ...ELECT,
  'client 1 put x 1',
  'run until answered',
  'partition A,B / C,D,E',
  'client 1 put x 2',
  'run until propose',
  'run 500ms',
];

const proposedInCut = (run: Run): number | undefined => {
  const cut = startOfLast(run, /^partition /);
  const at = endOfLast(run, /^run until propose/);
  return cut !== undefined && at !== undefined && at > cut && run.kind(at) === 'propose'
    ? at
    : undefined;
};

const minority: Beat = {
  id: 'minority',
  title: 'Cut off with a minority',
  scenario: script('lab raft', 'title "Cut off with a minority"', ...CUT_OFF),
  at: (run) => startOfLast(run, /^partition /),
  prose: (
    <>
      <p>
        A leads five nodes, and the network breaks: A and B here, C, D and E there. Nobody is told
        so. A node that does not answer may be dead, or slow, or beyond the cut; from where A stands
        it looks the same.
      </p>
      <p>
        A client reaches A and writes x = 2. A takes it as entry 3,{' '}
        <Claim
          holds={async (run) => {
            const gate = proposedInCut(run);
            if (gate === undefined) return false;
            const { entry, who } = await proposedAt(run, gate);
            return who === 'A' && holdersOf(await end(run), entry).includes('B');
          }}
        >
          and B saves it too
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'Is entry 3 going to be committed by A?',
    gate: proposedInCut,
    async options() {
      return yesOrNo('Yes, A commits it', 'No, A cannot');
    },
    async outcome(run, gate) {
      const { who, entry } = await proposedAt(run, gate);
      const commit = await committedBy(run, who, entry.index, gate);
      if (commit !== undefined) {
        const { did } = eventOf(await run.at(commit));
        const { holders, of } = did?.kind === 'commit' ? did : { holders: [], of: 0 };
        return {
          value: YES,
          moment: commit,
          key: `entry:${who}:${entry.index}`,
          because: `${listed(holders)} have it: ${holders.length} of ${of}. The cut left ${who} a majority.`,
        };
      }
      const moment = find(run, 'elected', gate + 1) ?? run.length - 1;
      const have = holdersOf(await run.at(moment), entry);
      const all = names(await run.at(moment)).length;
      return {
        value: NO,
        moment,
        key: `entry:${who}:${entry.index}`,
        because: `${listed(have)} ${have.length === 1 ? 'has' : 'have'} it: ${have.length} of ${all}, and ${quorumOf(all)} are needed.`,
      };
    },
    otherwise: 'In this run nothing is written while the network is cut.',
    own: {
      label: 'Cut it elsewhere: who is on A’s side?',
      example: 'A,B,C',
      words: true,
      at: (run) => {
        const at = run.lines.findLastIndex(({ text }) => text.startsWith('partition '));
        return at < 0 ? undefined : at;
      },
      line(input) {
        const here = [...new Set(input.toUpperCase().match(/[A-Z]/g) ?? [])].sort();
        const there = ['A', 'B', 'C', 'D', 'E'].filter((id) => !here.includes(id));
        return here.includes('A') && there.length > 0 && here.length + there.length === 5
          ? `partition ${here.join(',')} / ${there.join(',')}`
          : '!A and some of B, C, D and E, but not all, as in A,B,C.';
      },
    },
  },
  after: (
    <p>
      The other three hear nothing from A, and are a majority:{' '}
      <Claim
        holds={async (run) => {
          const last = (await elections(run)).at(-1);
          return last !== undefined && last.term > 1 && 'CDE'.includes(last.who);
        }}
        at={(run) => findLast(run, 'elected')}
      >
        they elect a leader of a later term
      </Claim>
      . Now{' '}
      <Claim holds={async (run) => leadersOf(await end(run)).length === 2}>
        two nodes say that they lead
      </Claim>
      , but <Claim holds={oneLeaderATerm}>not in the same term</Claim>, and only one of them has a
      majority to commit with.
    </p>
  ),
};

// ── 8. The old leader comes back ────────────────────────────────────────────────────────────────

const healed = (run: Run): number | undefined => {
  const heal = startOfLast(run, /^heal$/);
  const gate = proposedInCut(run);
  return heal !== undefined && gate !== undefined && heal > gate ? heal : undefined;
};

const KEEPS = 'it keeps it';
const GIVES = 'it hands it to the new leader';
const DROPS = 'it throws it away';

const comesBack: Beat = {
  id: 'comes-back',
  title: 'The old leader comes back',
  scenario: script(
    'lab raft',
    'title "The old leader comes back"',
    ...CUT_OFF,
    'heal',
    'run 120ms',
  ),
  at: healed,
  prose: (
    <>
      <p>
        The network is whole again. Two nodes say that they lead, and{' '}
        <Claim
          holds={async (run) => {
            const at = healed(run);
            if (at === undefined) return false;
            const moment = await run.at(at);
            const [old, now] = leadersOf(moment);
            if (!old || !now) return false;
            const [mine, theirs] = [entryOf(moment, old, 3), entryOf(moment, now, 3)];
            return (
              !!mine &&
              !!theirs &&
              mine.term < theirs.term &&
              !isCommitted(moment, mine) &&
              isCommitted(moment, theirs)
            );
          }}
        >
          each has an entry 3 of its own; that of the later term is committed
        </Claim>
        .
      </p>
      <p>
        Every message carries its sender's term. A node that is told of a higher one takes it over
        and becomes a follower, <em>whatever it was</em>. A message of a lower term is turned down.
      </p>
    </>
  ),
  prediction: {
    question: 'What does A do with its entry 3?',
    gate: healed,
    async options() {
      return [{ value: KEEPS }, { value: DROPS }, { value: GIVES }];
    },
    async outcome(run, gate) {
      const before = await run.at(gate);
      const [old = 'A'] = leadersOf(before);
      const mine = logOf(before, old).at(-1);
      const at = await findEvent(
        run,
        ['accept'],
        gate,
        ({ who, did }) => who === old && did?.kind === 'accept' && did.removed > 0,
      );
      const after = await run.at(at ?? run.length - 1);
      const theirs = mine && entryOf(after, old, mine.index);
      return {
        value: at === undefined ? KEEPS : DROPS,
        moment: after.index,
        key: `entry:${old}:${mine?.index}`,
        because:
          at === undefined
            ? 'Nobody had another entry there.'
            : `It was of term ${mine?.term}, and never committed. ${leadersOf(after).at(-1)} has one of term ${theirs?.term} there, and ${old} follows it.`,
      };
    },
    otherwise: 'In this run no cut is healed after a write.',
  },
  after: (
    <p>
      A had told no client that x = 2 is done, so no promise was broken.{' '}
      <Claim
        holds={async (run) => {
          const cut = startOfLast(run, /^partition /) ?? 0;
          const at = find(run, 'answered', cut);
          if (at === undefined) return false;
          const { did } = eventOf(await run.at(at));
          return did?.kind === 'answered' && 'CDE'.includes(did.from) && did.tries > 1;
        }}
        at={(run) => find(run, 'answered', startOfLast(run, /^partition /))}
      >
        The client had asked on the other side meanwhile, and was told yes there
      </Claim>
      . <Claim holds={allLogsEqual}>In the end all logs are the same</Claim>.
    </p>
  ),
};

// ── 9. A node that disrupts ─────────────────────────────────────────────────────────────────────

const REJOIN = [
  ...ELECT,
  'partition C / A,B',
  'run 700ms',
  'client 1 put x 1',
  'run until answered',
  'heal',
  'run 300ms',
];

const rejoins = (run: Run): number | undefined => {
  const at = startOfLast(run, /^heal$/);
  return at !== undefined && linesLike(run, /^partition C /).length > 0 ? at : undefined;
};

const LEADS_ON = 'it leads on';
const GIVES_UP = 'it gives up the lead';

const disruption: Beat = {
  id: 'pre-vote',
  title: 'A node comes back and disrupts',
  scenario: script('lab raft', 'title "Coming back"', 'set nodes 3', ...REJOIN),
  beside: {
    scenario: script(
      'lab raft',
      'title "Coming back"',
      'set nodes 3',
      'set pre-vote on',
      ...REJOIN,
    ),
    names: ['without pre-vote', 'with pre-vote'],
  },
  at: rejoins,
  prose: (
    <>
      <p>
        C was cut off for 700 ms. Its timer ran out again and again, and each time it stood for
        election in a new term, alone. (Side A.){' '}
        <Claim
          holds={async (run) => {
            const at = rejoins(run);
            if (at === undefined) return false;
            const moment = await run.at(at);
            const [a, c] = [nodeOf(moment, 'A')?.state, nodeOf(moment, 'C')?.state];
            return !!a && !!c && c.term > a.term && c.last < a.last;
          }}
          at={rejoins}
        >
          Its term is ahead of everybody's, and its log is behind
        </Claim>
        .
      </p>
      <p>
        On side B nodes ask first whether they <em>could</em> win, and begin a new term only if a
        majority says yes: <Term>pre-vote</Term> <Cite of="ongaro2014" />.{' '}
        <Claim
          beside
          holds={async (run) => {
            const at = rejoins(run);
            return at !== undefined && nodeOf(await run.at(at), 'C')?.state?.term === 1;
          }}
        >
          There C is still in term 1
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'On side A the network is whole again, and C cannot win. What does A do?',
    gate: rejoins,
    async options() {
      return [{ value: LEADS_ON }, { value: GIVES_UP }];
    },
    async outcome(run, gate) {
      const at = await findEvent(
        run,
        ['refuse', 'grant', 'stale', 'step-down'],
        gate,
        ({ who, did }) => who === 'A' && !!did && 'adopted' in did && did.adopted !== undefined,
      );
      if (at === undefined)
        return {
          value: LEADS_ON,
          moment: run.length - 1,
          key: 'node:A',
          because: 'Nobody told it of a higher term.',
        };
      const { did } = eventOf(await run.at(at));
      const { from, to } = (did && 'adopted' in did && did.adopted) || { from: 0, to: 0 };
      return {
        value: GIVES_UP,
        moment: at,
        key: 'node:A',
        because: `C asks for votes in term ${to}. A does not vote for it, but it follows the higher term, and is no leader any more; it was of term ${from}.`,
      };
    },
    otherwise: 'In this run nobody comes back from behind a cut.',
  },
  after: (
    <p>
      C could not win, and still it cost everybody an election. Nothing is lost by that, except
      time.{' '}
      <Claim
        beside
        holds={async (run) => {
          const [won, ...more] = await elections(run);
          return won?.who === 'A' && more.length === 0 && leads(await end(run), 'A');
        }}
        at={(run) => run.length - 1}
      >
        With pre-vote A leads on, in its term
      </Claim>
      : the others hear from a leader, and so{' '}
      <Claim
        beside
        holds={async (run) =>
          (await findEvent(run, ['refuse'], rejoins(run) ?? 0, ({ did }) =>
            Boolean(did?.kind === 'refuse' && did.pre && did.why === 'leader'),
          )) !== undefined
        }
        at={(run) => find(run, 'refuse', rejoins(run))}
      >
        they tell C no
      </Claim>
      .
    </p>
  ),
};

// ── 10. Reads ───────────────────────────────────────────────────────────────────────────────────

const STALE = [
  ...ELECT,
  'client 1 put x old',
  'run until answered',
  'run 60ms',
  'skew A -400ms',
  'cut B>A',
  'cut C>A',
  'cut A>B',
  'cut A>C',
  'run until elected',
  'client 2 put x new',
  'run until answered at 2',
  'client 1 get x',
  'run until answered at 1',
];

const readAsked = (run: Run): number | undefined => {
  const line = lastLine(run, 'client');
  const last = run.lines.at(-1);
  return line && /^client \d+ get x$/.test(line.text) && last && last !== line
    ? endOf(line)
    : undefined;
};

const wasTold = async (run: Run, from: number) => {
  const at = await findEvent(run, ['answered'], from, ({ did }) => did?.kind === 'answered');
  const { did } = at === undefined ? {} : eventOf(await run.at(at));
  return did?.kind === 'answered' ? { at: at as number, ...did } : undefined;
};

const reads: Beat = {
  id: 'reads',
  title: 'Reading without writing',
  scenario: script('lab raft', 'title "Reads"', 'set nodes 3', 'set reads lease', ...STALE),
  beside: {
    scenario: script('lab raft', 'title "Reads"', 'set nodes 3', ...STALE),
    names: ['lease', 'index'],
  },
  at: readAsked,
  prose: (
    <>
      <p>
        A read adds nothing to the log. But a leader that answers from memory must know that it
        still leads. On side B it asks: a majority must answer a heartbeat sent after the read came
        (<Term>read index</Term>). On side A it has a <Term>lease</Term>: for a while after its last
        heartbeat nobody else can have been elected, so it answers at once <Cite of="ongaro2014" />.
        That while is measured by its clock.
      </p>
      <p>
        A's clock was put back by 400 ms, and A is cut off. On both sides{' '}
        <Claim
          holds={async (run) => {
            const at = readAsked(run);
            if (at === undefined) return false;
            const moment = await run.at(at);
            const value = (id: string) =>
              nodeOf(moment, id)?.state?.machine.find(([key]) => key === 'x')?.[1];
            return (
              leads(moment, 'B') &&
              leads(moment, 'A') &&
              value('B') === 'new' &&
              value('A') === 'old'
            );
          }}
          at={readAsked}
        >
          B leads a later term by now, and client 2 was told that x = new is done
        </Claim>
        . Then client 1 asks A for x.
      </p>
    </>
  ),
  prediction: {
    question: 'What is client 1 told on side A, where reads go by the lease?',
    gate: readAsked,
    async options() {
      return [{ value: 'old' }, { value: 'new' }, { value: 'nothing there' }];
    },
    async outcome(run, gate) {
      const told = await wasTold(run, gate);
      const value = told?.value ?? 'nothing there';
      return {
        value,
        moment: told?.at ?? run.length - 1,
        key: `node:${told?.from ?? 'A'}`,
        because:
          told?.from === 'A'
            ? 'By the clock of A its lease still runs, so it asks nobody.'
            : `By the clock of A its lease was over. It asked the others and heard nothing, so the client went to ${told?.from}.`,
      };
    },
    otherwise: 'Nothing is read at the end of this run.',
    own: {
      label: 'Another clock: how many ms is A behind?',
      example: '20',
      at: (run) => {
        const at = run.lines.findIndex(({ text }) => text.startsWith('skew A '));
        return at < 0 ? undefined : at;
      },
      line: (input) =>
        /^[1-9]\d{0,3}$/.test(input) ? `skew A -${input}ms` : '!Milliseconds, from 1 to 9999.',
    },
  },
  after: (
    <p>
      A write was answered, and a read that began later does not see it: what the clients saw is not{' '}
      <Term>linearizable</Term> <Cite of="herlihy1990" />, and{' '}
      <Claim
        holds={(run) => run.problems.some(({ referee }) => referee === 'linearizability')}
        at={(run) => run.length - 1}
      >
        the referee says so
      </Claim>
      .{' '}
      <Claim
        beside
        holds={async (run) => {
          const told = await wasTold(run, readAsked(run) ?? 0);
          return told?.value === 'new' && run.problems.length === 0;
        }}
        at={(run) => run.length - 1}
      >
        On side B the read takes longer, and is right
      </Claim>
      . A lease is a bet on clocks; it is no part of Raft's proof.
    </p>
  ),
};

// ── 11. Asked twice, done once ──────────────────────────────────────────────────────────────────

const answerLost = (run: Run): number | undefined => {
  const at = startOfLast(run, /^drop A>1#/);
  return at !== undefined && find(run, 'answered', at) !== undefined ? at : undefined;
};

const DONE = 'done: x is 2';
const NOT_DONE = 'no: x is not 1';

const sessions: Beat = {
  id: 'sessions',
  title: 'Asked twice, done once',
  scenario: script(
    'lab raft',
    'title "Asked twice, done once"',
    'set nodes 3',
    ...ELECT,
    'client 1 put x 1',
    'run until answered',
    'client 1 cas x 1 2',
    'run until commit at A',
    'drop A>1#2',
    'run until answered at 1',
    'client 2 get x',
    'run until answered at 2',
  ),
  at: (run) => startOfLast(run, /^client 1 cas/),
  prose: (
    <>
      <p>
        Client 1 asks: make x 2, <em>if it is 1</em>.{' '}
        <Claim
          holds={async (run) => {
            const at = answerLost(run);
            if (at === undefined) return false;
            const machine = nodeOf(await run.at(at), 'A')?.state?.machine ?? [];
            return machine.some(([key, value]) => key === 'x' && value === '2');
          }}
          at={answerLost}
        >
          It was done, and the answer went lost
        </Claim>
        . The client cannot tell whether the request was lost or the answer. All it can do is ask
        again.
      </p>
      <p>
        So every client numbers its requests, and sends a repeated one under the same number. The
        log may have it twice.
      </p>
    </>
  ),
  prediction: {
    question: 'The client asks again: make x 2 if it is 1. It is 2 by now. What is it told?',
    gate: answerLost,
    async options() {
      return [{ value: DONE }, { value: NOT_DONE }];
    },
    async outcome(run, gate) {
      const told = await wasTold(run, gate);
      return {
        value: told?.outcome === 'ok' ? DONE : NOT_DONE,
        moment: told?.at ?? run.length - 1,
        key: 'client:1',
        because:
          told?.outcome === 'ok'
            ? 'The state machine knows the last number of each client and what it answered. It does nothing, and says that again.'
            : 'It was done a second time, and this time it did not match.',
      };
    },
    otherwise: 'No answer goes lost in this run.',
  },
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const log = logOf(await end(run), 'A').filter(({ op }) => op?.op === 'cas');
          const [first, second] = log;
          return log.length === 2 && first?.client === second?.client && first?.seq === second?.seq;
        }}
        at={(run) => findLast(run, 'propose')}
      >
        The request stands in the log twice, under one number
      </Claim>
      , and every node skips the second in the same way, since it is part of the state that they
      copy. Consensus makes one log; that each request counts once is the state machine's own work.
      The switch <code>duplicate-applied-twice</code> leaves it out.
    </p>
  ),
};

// ── 12. Members ─────────────────────────────────────────────────────────────────────────────────

const listProposed = (run: Run): number | undefined => {
  const line = linesLike(run, /^add node/)[0];
  return line &&
    run.kind(endOf(line)) === 'voters' &&
    find(run, 'commit', endOf(line)) !== undefined
    ? endOf(line)
    : undefined;
};

const ofAll = (n: number, of: number): string => `${n} of ${of}`;

const members: Beat = {
  id: 'members',
  title: 'A new member',
  scenario: script(
    'lab raft',
    'title "A new member"',
    'set nodes 3',
    ...ELECT,
    'run 60ms',
    'partition C / A,B',
    'add node D',
    'add node E',
    'run until commit at A',
    'run 30ms',
  ),
  at: (run) => linesLike(run, /^add node/)[0]?.first,
  prose: (
    <>
      <p>
        Who counts? The list of voters is an entry of the log like any other, but with a twist:{' '}
        <Claim
          holds={async (run) => {
            const at = listProposed(run);
            if (at === undefined) return false;
            const state = nodeOf(await run.at(at), 'A')?.state;
            return (
              (state?.voters.includes('D') ?? false) && (state?.commit ?? 9) < (state?.last ?? 0)
            );
          }}
          at={listProposed}
        >
          a node goes by the last list in its log, committed or not
        </Claim>
        .
      </p>
      <p>
        Only one node comes or goes at a time. Then any majority of the old list and any of the new
        have a node in common, and no two leaders can be elected by different lists{' '}
        <Cite of="ongaro2014" />. So{' '}
        <Claim
          holds={async (run) =>
            (await findEvent(run, ['voters-refused'], 0, ({ did }) =>
              Boolean(
                did?.kind === 'voters-refused' && did.why === 'another change is not committed',
              ),
            )) !== undefined
          }
          at={(run) => find(run, 'voters-refused')}
        >
          A refuses to add E while D is not committed
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'C cannot be reached. How many must have the entry that adds D, to commit it?',
    gate: listProposed,
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const of = nodeOf(await run.at(gate), 'A')?.state?.voters.length ?? 4;
      const all = [ofAll(quorumOf(of - 1), of - 1), value, ofAll(of, of), ofAll(2, of)];
      return [...new Set(all)].sort().map((text) => ({ value: text }));
    },
    async outcome(run, gate) {
      const { did } = eventOf(await run.at(gate));
      const index = did?.kind === 'voters' ? did.index : 0;
      const at = (await committedBy(run, 'A', index, gate)) ?? run.length - 1;
      const { did: deed } = eventOf(await run.at(at));
      const { holders, of } = deed?.kind === 'commit' ? deed : { holders: [], of: 0 };
      return {
        value: ofAll(holders.length, of),
        moment: at,
        key: `entry:A:${index}`,
        because: `The list of ${of} counts since it is in the log. ${listed(holders)} have it, so D had to catch up first.`,
      };
    },
    otherwise: 'No node joins in this run.',
  },
  after: (
    <p>
      In 2015 the author of the method found a hole in it: a new leader must first commit an entry
      of its own term before it changes the list <Cite of="ongaro2015" />. This lab has the rule.
      Try <em>Sabotage: voters that count at commit</em> among the scenarios to see two majorities
      that do not meet.
    </p>
  ),
};

// ── 13. Snapshots ───────────────────────────────────────────────────────────────────────────────

const straggler = (run: Run): number | undefined => {
  const at = startOfLast(run, /^restart C$/);
  return at !== undefined && find(run, ['install', 'accept'], at) !== undefined ? at : undefined;
};

const SNAPSHOT = 'the state itself, as a snapshot';
const ENTRIES = 'the entries that it lacks, one by one';
const NOTHING = 'nothing: C has to ask a backup';

const snapshots: Beat = {
  id: 'snapshot',
  title: 'A log that forgets',
  scenario: script(
    'lab raft',
    'title "A log that forgets"',
    'set nodes 3',
    'set snapshot 4',
    ...ELECT,
    'crash C',
    'client 1 put a 1',
    'client 1 put b 2',
    'client 1 put c 3',
    'client 1 put d 4',
    'run until answered',
    'run until answered',
    'run until answered',
    'run until answered',
    'restart C',
    'run until install at C',
    'run until acked at A',
    'run 80ms',
  ),
  at: (run) => startOfLast(run, /^restart C$/),
  prose: (
    <>
      <p>
        A log cannot grow for ever. Now and then each node, by itself, saves the state that its
        applied entries came to, a <Term>snapshot</Term>, and drops the entries. Here it does so
        after every four; etcd after 10,000.
      </p>
      <p>
        C was down meanwhile.{' '}
        <Claim
          holds={async (run) => {
            const at = straggler(run);
            if (at === undefined) return false;
            const moment = await run.at(at);
            const state = nodeOf(moment, 'A')?.state;
            return (state?.base ?? 0) > (nodeOf(moment, 'C')?.disk?.last ?? 99);
          }}
          at={straggler}
        >
          It is up again, and what it lacks A has dropped
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'C must catch up. What does A send it?',
    gate: straggler,
    async options() {
      return [{ value: ENTRIES }, { value: SNAPSHOT }, { value: NOTHING }];
    },
    async outcome(run, gate) {
      const at =
        (await findEvent(run, ['install', 'accept'], gate, ({ who }) => who === 'C')) ??
        run.length - 1;
      const { did } = eventOf(await run.at(at));
      const base = nodeOf(await run.at(at), 'A')?.state?.base ?? 0;
      return did?.kind === 'install'
        ? {
            value: SNAPSHOT,
            moment: at,
            key: 'node:C',
            because: `A has no entries up to ${base} any more. C takes what they came to, up to entry ${did.index}.`,
          }
        : {
            value: ENTRIES,
            moment: at,
            key: 'node:C',
            because: 'A still has all that C lacks.',
          };
    },
    otherwise: 'In this run C does not come back.',
  },
  after: (
    <p>
      After the snapshot come the entries that follow it, as ever, and{' '}
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          const machine = (id: string) => JSON.stringify(nodeOf(moment, id)?.state?.machine);
          return machine('C') === machine('A') && machine('A').length > 4;
        }}
        at={(run) => run.length - 1}
      >
        C has the same state as A
      </Claim>
      . A node that has <em>more</em> than the snapshot must keep what follows it: to drop that
      would take back what it acknowledged.
    </p>
  ),
};

// ── 14. Figure 8 ────────────────────────────────────────────────────────────────────────────────

const figure8Script = (decides: string) => [
  'title "Figure 8"',
  'set batch 1',
  'set election 2000',
  'set heartbeat 400',
  'set spread fixed',
  'fire A election',
  'run until commit at A',
  'run 450ms',
  'partition A,B / C,D,E',
  'client 1 put x old',
  'run until acked at A',
  'crash A',
  'heal',
  'partition C,D,E / A,B',
  'fire E election',
  'run until elected at E',
  'run until saved at E',
  'crash E',
  'heal',
  'restart A',
  'partition A,B,C / D,E',
  'fire A election',
  'run until tally at A',
  'fire A election',
  'run until elected at A',
  `run until ${decides} at A`,
  'crash A',
  'restart E',
  'partition B,C,D,E / A',
  'fire E election',
  'run until refuse at C',
  'fire E election',
  'run until elected at E',
  'run until accept at B',
];

const DECIDES = /^run until (held-back|commit) at A$/;

/** On a majority, and not yet decided upon. */
const onMajority = (run: Run): number | undefined => {
  const at = endOfLast(run, DECIDES);
  return at !== undefined && linesLike(run, /^restart A$/).length > 0 ? at - 1 : undefined;
};

const figure8: Beat = {
  id: 'figure-8',
  title: 'Why figure 8 is subtle',
  scenario: script('lab raft', ...figure8Script('held-back')),
  beside: {
    scenario: script('lab raft', 'sabotage commit-older-term', ...figure8Script('commit')),
    names: ['Raft', 'counting older terms too'],
  },
  at: (run) => startOfLast(run, /^restart A$/),
  prose: (
    <>
      <p>
        The last rule is the least obvious. Step back to see the story: A led term 1, wrote x = old
        as entry 2, and{' '}
        <Claim
          holds={async (run) => {
            const at = startOfLast(run, /^restart A$/);
            if (at === undefined) return false;
            const moment = await run.at(at);
            const entry = entryOf(moment, 'A', 2);
            return entry !== undefined && holdersOf(moment, entry).join() === 'A,B';
          }}
        >
          only B had it
        </Claim>{' '}
        when A died.{' '}
        <Claim
          holds={async (run) => {
            const won = (await elections(run)).find(({ term }) => term === 2);
            return won?.who === 'E';
          }}
          at={(run) => endOfLast(run, /^run until saved at E$/)}
        >
          E won term 2
        </Claim>
        , put an entry of its own at place 2, and died before anybody got it.
      </p>
      <p>
        Now A is back. It will lead term 3, and copy its old entry to C. Then{' '}
        <Claim
          holds={async (run) => {
            const at = onMajority(run);
            if (at === undefined) return false;
            const moment = await run.at(at + 1);
            const entry = entryOf(moment, 'A', 2);
            return entry?.term === 1 && holdersOf(moment, entry).length === 3;
          }}
          at={onMajority}
        >
          entry 2, of term 1, is on three disks of five
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'A majority has entry 2, and A, the leader of term 3, knows it. Is it committed?',
    gate: onMajority,
    async options() {
      return yesOrNo('Yes: a majority has it', 'No: not yet');
    },
    async outcome(run, gate) {
      const now = await run.at(gate + 1);
      const { did } = eventOf(now);
      return {
        value: did?.kind === 'commit' ? YES : NO,
        moment: gate + 1,
        key: 'entry:A:2',
        because:
          did?.kind === 'held-back'
            ? `It is of term ${did.entryTerm}, and A leads term ${did.term}. A leader counts only for entries of its own term; with them, all before are committed.`
            : 'It was counted, as this cluster does for entries of any term.',
      };
    },
    otherwise: 'In this run no old entry spreads.',
  },
  after: (
    <>
      <p>
        Go on:{' '}
        <Claim
          holds={async (run) => {
            const won = (await elections(run)).at(-1);
            return won?.who === 'E' && won.term === 4;
          }}
          at={(run) => endOfLast(run, /^run until elected at E$/)}
        >
          A dies, and E wins term 4
        </Claim>{' '}
        with the votes of C and D, since its last entry is of term 2 and theirs of older ones. Then{' '}
        <Claim
          holds={async (run) => entryOf(await end(run), 'B', 2)?.term === 2}
          at={(run) => run.length - 1}
        >
          it overwrites entry 2, a majority or not
        </Claim>
        .
      </p>
      <p>
        Side B counts older terms too:{' '}
        <Claim
          beside
          holds={(run) => run.problems.some(({ referee }) => referee === 'leader completeness')}
          at={(run) => run.problems[0]?.moment}
        >
          what it called committed is gone
        </Claim>
        . Had A brought an entry of term 3 to a majority first, E could not have won.
      </p>
    </>
  ),
};

// ── Challenges ──────────────────────────────────────────────────────────────────────────────────

/** A committed write of a client that the new leader's log lacks, at a moment that a referee named. */
async function goneAt(run: Run, moment: number): Promise<string | undefined> {
  const now = await run.at(moment);
  const { who = '' } = eventOf(now);
  for (
    let i = findLast(run, 'commit', moment);
    i !== undefined;
    i = findLast(run, 'commit', i - 1)
  ) {
    const then = await run.at(i);
    const { who: by = '', did } = eventOf(then);
    if (did?.kind !== 'commit') continue;
    for (const entry of logOf(then, by)) {
      const { index, op } = entry;
      if (!op || op.op === 'get' || index <= did.before || index > did.to) continue;
      if (entryOf(now, who, index)?.term === entry.term) continue;
      return `${op.op} ${op.key} was committed as entry ${index} of term ${entry.term}, and ${who} leads without it`;
    }
  }
  return undefined;
}

const WRITTEN = [...ELECT, 'client 1 put x 1', 'run until answered'];

const challengeLost: Beat = {
  id: 'challenge-lost',
  title: 'Make a committed write disappear',
  scenario: script('lab raft', 'title "Make it disappear"', 'set nodes 3', ...WRITTEN),
  at: (run) => run.length - 1,
  prose: (
    <p>
      The cluster has promised that x = 1 is kept. Under <em>Break the engine</em> are eight bugs,
      all of which real systems have had. Plant one, and bring the cluster to elect a leader that
      does not have a committed write. You may crash nodes, cut the network, hold back messages.
    </p>
  ),
  challenge: {
    title: 'A committed write gone, with one switch',
    rules: [
      'Exactly one switch; the write must be a client’s, and committed before it goes.',
      'Without a switch it cannot be done: try.',
    ],
    async judge(run) {
      const { sabotage, problems } = run;
      const planted =
        sabotage.length === 0 ? 'No bug is planted' : `Planted: ${sabotage.join(', ')}`;
      if (sabotage.length > 1)
        return { done: false, says: `${planted}. One is enough; take the others away.` };
      for (const { referee, moment, text } of problems) {
        if (referee !== 'leader completeness') continue;
        const gone = await goneAt(run, moment);
        if (gone) return { done: true, says: `${gone}. The referee: ${text}` };
      }
      const other = problems[0];
      if (other)
        return { done: false, says: `${planted}. A referee found something else: ${other.text}` };
      return { done: false, says: `${planted}; no committed write is missing.` };
    },
    hint: 'Who keeps a node with an old log from winning? Cut one node off, write, crash the leader, and let the one that missed the write stand: fire C election.',
    solution: script(
      'lab raft',
      'sabotage vote-without-log-check',
      'set nodes 3',
      ...WRITTEN,
      'partition C / A,B',
      'client 1 put x 2',
      'run until answered',
      'crash A',
      'heal',
      'fire C election',
      'run until elected at C',
    ),
    failures: [
      script('lab raft', 'set nodes 3', ...WRITTEN, 'crash A', 'run until elected'),
      script('lab raft', 'sabotage vote-without-log-check', 'set nodes 3', ...WRITTEN),
      script(
        'lab raft',
        'sabotage vote-without-log-check',
        'sabotage vote-not-saved',
        'set nodes 3',
        ...WRITTEN,
        'partition C / A,B',
        'client 1 put x 2',
        'run until answered',
        'crash A',
        'heal',
        'fire C election',
        'run until elected at C',
      ),
    ],
  },
};

const TERMS = 3;

/** Terms in which somebody stood, and those that had a leader. */
async function termsIn(run: Run): Promise<{ stood: Set<number>; led: Set<number> }> {
  const [stood, led] = [new Set<number>(), new Set<number>()];
  const kinds = ['campaign', 'elected'];
  for (let i = find(run, kinds); i !== undefined; i = find(run, kinds, i + 1)) {
    const { did } = eventOf(await run.at(i));
    if (did?.kind === 'campaign') stood.add(did.term);
    if (did?.kind === 'elected') led.add(did.term);
  }
  return { stood, led };
}

const FAULTS = ['crash', 'pause', 'partition', 'cut', 'link'];

const challengeNobody: Beat = {
  id: 'challenge-nobody',
  title: 'Elect nobody',
  scenario: script('lab raft', 'title "Elect nobody"', 'set nodes 3'),
  prose: (
    <p>
      No algorithm can promise that a leader is elected in a network that may be as slow as it likes{' '}
      <Cite of="fischer1985" />. Raft only makes it unlikely that none is. Be the unlikely case: all
      nodes are up, the network is whole, and still nobody leads.
    </p>
  ),
  challenge: {
    title: 'Three terms in a row without a leader',
    rules: [
      'No crash, no pause, no cut: only timers, time and messages. No switch.',
      'The third term must be over: nobody in it can still win.',
    ],
    async judge(run) {
      const { stood, led } = await termsIn(run);
      const fault = FAULTS.find((kind) => find(run, kind) !== undefined);
      if (fault) return { done: false, says: `There is a ${fault} in this run. Begin anew.` };
      if (run.sabotage.length > 0) return { done: false, says: 'A bug is planted; take it away.' };
      const last = Math.max(0, ...stood);
      const now = await end(run);
      const open = clusterOf(now).nodes.some(
        ({ state }) => state?.role === 'candidate' && state.term === last,
      );
      let empty = 0;
      for (let term = 1; term <= last; term++)
        empty = led.has(term) ? 0 : stood.has(term) && !(term === last && open) ? empty + 1 : empty;
      const says = `${plural(empty, 'term')} in a row without a leader${open ? `; term ${last} is still open` : ''}.`;
      return { done: empty >= TERMS, says };
    },
    hint: 'fire A election lets a timer run out now. When all three have voted for themselves, who is left to vote for anybody? Let the answers come in (run 40ms) before you go on.',
    solution: script(
      'lab raft',
      'set nodes 3',
      ...Array.from({ length: TERMS }, () => [
        'fire A election',
        'fire B election',
        'fire C election',
        'run 40ms',
      ]).flat(),
    ),
    failures: [
      script('lab raft', 'set nodes 3', 'run 2s'),
      script('lab raft', 'set nodes 3', 'partition A / B / C', 'run 2s'),
      script(
        'lab raft',
        'set nodes 3',
        ...['A', 'B', 'C', 'A', 'B', 'C', 'A', 'B', 'C'].map((id) => `fire ${id} election`),
      ),
    ],
  },
};

export const lesson: Lesson = {
  name: 'raft',
  lab: 'raft',
  number: '11b',
  title: 'Raft, from an election to figure 8',
  beats: [
    oneLeader,
    splitVote,
    commitRule,
    repair,
    whoMayLead,
    crashLeaves,
    minority,
    comesBack,
    disruption,
    reads,
    sessions,
    members,
    snapshots,
    figure8,
    challengeLost,
    challengeNobody,
  ],
};
