// Lesson 15: atomic commitment, from why a round is needed to what a partition does to three phases.
// Whatever its prose says of a run stands beside its assertion, and every answer is computed from the
// run.

import { blockedWords, type CommitMoment, listed, participationOf } from '../labs/commit/round.ts';
import type { Beat, Lesson, Option, Outcome, Prediction, Run, ShownMoment } from './lesson.ts';
import { Cite, Claim, Term } from './parts.tsx';
import { end, endOf, find, lastLine, metric } from './run.ts';

const script = (...lines: string[]): string => `${lines.join('\n')}\n`;

// ── What a moment says ──────────────────────────────────────────────────────────────────────────

const worldOf = (moment: ShownMoment) => (moment as CommitMoment).value;
const eventOf = (moment: ShownMoment) => (moment as CommitMoment).event;
const nodeOf = (moment: ShownMoment, id: string) =>
  worldOf(moment).nodes.find((node) => node.id === id);

/** What a participant's transaction has come to, as its node knows. */
const phaseOf = (moment: ShownMoment, id: string, tx = 1): string | undefined => {
  const node = nodeOf(moment, id);
  return node && participationOf(node, tx)?.phase;
};
const isOpen = (phase: string | undefined): boolean =>
  phase === 'prepared' || phase === 'pre-committed';

/** The lines of a node's log that are on its disk. */
const onDisk = (moment: ShownMoment, id: string): string[] => {
  const node = nodeOf(moment, id);
  return node ? node.log.slice(0, node.durable).map(({ is }) => is) : [];
};

/** The first moment after one at which something holds. */
async function firstWhere(
  run: Run,
  from: number,
  holds: (moment: ShownMoment) => boolean,
): Promise<number | undefined> {
  for (let i = from; i < run.length; i++) if (holds(await run.at(i))) return i;
  return undefined;
}

/** The first moment of such an event of that node. */
const firstOf = (run: Run, kind: string, who?: string): Promise<number | undefined> =>
  firstWhere(run, 0, (moment) => {
    const event = eventOf(moment);
    return event.kind === kind && (who === undefined || event.who === who);
  });

const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

const counts = (numbers: readonly number[], say: (n: number) => string): Option[] =>
  [...new Set(numbers)].sort((a, b) => a - b).map((n) => ({ value: say(n) }));

/** The last moment of the last operation of that name. */
const after = (run: Run, word: string): number | undefined => {
  const line = lastLine(run, word);
  return line && endOf(line);
};

// ── How it ends: one question for many stories ──────────────────────────────────────────────────

const FATES: readonly Option[] = [
  { value: 'commit', text: 'All of them commit.' },
  { value: 'abort', text: 'All of them abort.' },
  { value: 'split', text: 'One commits, another aborts.' },
  { value: 'wait', text: 'They wait, and their locks stay.' },
];

/** What has become of the last transaction, as far as its living participants go. */
function fateOf(moment: ShownMoment): string {
  const { outcomes, tx, rules, nodes } = worldOf(moment);
  const told = rules.participants.map((id) => outcomes[`${tx} ${id}`]);
  const known = new Set(told.filter((decision) => decision !== undefined));
  if (known.size > 1) return 'split';
  const waits = nodes.some(({ id, status }) => status === 'up' && isOpen(phaseOf(moment, id, tx)));
  const [one] = known;
  return waits || one === undefined ? 'wait' : one;
}

async function fate(run: Run, gate: number): Promise<Outcome> {
  const last = await end(run);
  const value = fateOf(last);
  const seen =
    value === 'wait'
      ? await firstWhere(run, gate + 1, (moment) => eventOf(moment).kind === 'in-doubt')
      : await firstWhere(run, gate + 1, (moment) => fateOf(moment) === value);
  const moment = seen ?? run.length - 1;
  const { caption, problems } = await run.at(moment);
  const blocked = blockedWords(worldOf(last));
  const because =
    value === 'wait'
      ? `${blocked ?? 'Somebody is still in doubt at the end of the run'}.`
      : (problems.find(({ referee }) => referee === 'agreement')?.text ??
        `${caption.title}. ${caption.detail}`);
  return { value, moment, because };
}

/** The moment before the last crash. */
const beforeCrash = (run: Run): number | undefined => {
  const line = lastLine(run, 'crash');
  return line && line.first - 1;
};

/** Asked before the last crash, whose moment would show too much; or, of a cut, when it is made. */
const howItEnds = (
  question: string,
  gate: (run: Run) => number | undefined,
  otherwise: string,
  own?: Prediction['own'],
): Prediction => ({
  question,
  gate,
  options: async () => FATES,
  outcome: fate,
  otherwise,
  ...(own && { own }),
});

/** The reader says when the coordinator dies. */
const crashAt: NonNullable<Prediction['own']> = {
  label: 'Crash A after how many ms?',
  example: '27',
  at: (run) => {
    const at = run.lines.findIndex(({ text }) => /^run \d+ms$/.test(text));
    return at < 0 ? undefined : at;
  },
  line: (input) =>
    /^\d{1,2}$/.test(input) ? `run ${input}ms` : '!A whole number of milliseconds below 100.',
};

// ── 1. Why a round ──────────────────────────────────────────────────────────────────────────────

const whyRound: Beat = {
  id: 'why',
  title: 'All of them, or none',
  scenario: script(
    'lab commit',
    'title "All of them, or none"',
    'set no D',
    'begin blue',
    'run 200ms',
  ),
  at: () => 0,
  prose: (
    <>
      <p>
        A transaction has written on three machines: B, C and D. Each could be unable to finish: no
        room, a conflict, a rule that is broken. If one can't, none may. That is{' '}
        <Term>atomic commitment</Term>.
      </p>
      <p>
        So a fourth, the <Term>coordinator</Term> A, goes round twice.{' '}
        <Claim
          holds={async (run) => {
            const begun = await run.at(find(run, 'begun') ?? 0);
            return worldOf(begun).flights.every(
              ({ kind, from }) => kind === 'prepare' && from === 'A',
            );
          }}
          at={(run) => find(run, 'begun')}
        >
          First it asks everybody whether they can commit
        </Claim>
        ; then it tells them what all will do. This is two-phase commit. The bar above the nodes is
        the decision: each answer closes a part of it.
      </p>
    </>
  ),
  prediction: {
    question: 'B and C can commit. D can’t, and says so. What will B and C do?',
    async options() {
      return FATES.filter(({ value }) => value !== 'wait');
    },
    // Everybody has spoken, and A has not heard the no.
    gate: (run) => {
      const decided = find(run, 'decided');
      return decided === undefined ? undefined : decided - 1;
    },
    outcome: fate,
    otherwise: 'No transaction begins in this run.',
  },
  after: (
    <p>
      One no decides.{' '}
      <Claim
        holds={async (run) => {
          const at = find(run, 'decided');
          return (
            at !== undefined &&
            worldOf(await run.at(at)).flights.some(({ kind }) => kind === 'vote')
          );
        }}
        at={(run) => find(run, 'decided')}
      >
        A does not even wait for the votes that are still under way
      </Claim>
      . And D{' '}
      <Claim
        holds={async (run) => {
          const no = await firstOf(run, 'voted', 'D');
          return no !== undefined && phaseOf(await run.at(no), 'D') === 'aborted';
        }}
      >
        has aborted on its own, as it said no
      </Claim>
      : who has not said yes is free to do that.
    </p>
  ),
};

// ── 2. The forced record ────────────────────────────────────────────────────────────────────────

const NOW = 'now';
const DISK = 'disk';
const ALL = 'all';

const voteUnderWay = (moment: ShownMoment, who: string): boolean =>
  worldOf(moment).flights.some(({ kind, from }) => kind === 'vote' && from === who);

const forced: Beat = {
  id: 'forced',
  title: 'A word that survives',
  scenario: script(
    'lab commit',
    'title "A word that survives"',
    'set participants 2',
    'begin blue',
    'run until ended',
  ),
  at: (run) => find(run, 'begun'),
  prose: (
    <>
      <p>
        A yes is a promise: <em>I can commit, and I will if you say so.</em> It must hold even if B
        dies in the next moment. So B writes a line to its log, <Term>prepared</Term>, with all that
        it needs to commit later.
      </p>
      <p>
        A line in memory is dashed, above the waterline; a crash takes it. A{' '}
        <Term>forced write</Term> waits until the disk has the line.{' '}
        <Claim
          holds={async (run) => {
            const at = await firstOf(run, 'voted', 'B');
            if (at === undefined) return false;
            const moment = await run.at(at);
            return phaseOf(moment, 'B') === 'prepared' && onDisk(moment, 'B').length === 0;
          }}
          at={(run) => find(run, 'voted')}
        >
          Here B has decided to say yes, and its line is still dashed
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'B will say yes. When does the message leave?',
    gate: (run) => find(run, 'voted'),
    options: async () => [
      { value: NOW, text: 'At once: A is waiting.' },
      { value: DISK, text: 'When B’s disk has the line.' },
      { value: ALL, text: 'When C has said yes too.' },
    ],
    async outcome(run, gate) {
      const { who = 'B' } = eventOf(await run.at(gate));
      const left = (await firstWhere(run, gate, (moment) => voteUnderWay(moment, who))) ?? gate;
      const moment = Math.max(left, gate + 1);
      const { caption } = await run.at(left);
      return {
        value: left === gate ? NOW : run.kind(left) === 'saved' ? DISK : ALL,
        moment,
        key: `node:${who}`,
        because: `${caption.title}. ${caption.detail}`,
      };
    },
    otherwise: 'Nobody votes in this run.',
  },
  after: (
    <p>
      From here until it hears the outcome B is <Term>in doubt</Term>: it may not decide alone, and
      the padlock stays closed, for whoever read its data now could read what never happens.{' '}
      <Claim
        holds={async (run) => {
          const [said, told] = [
            await firstOf(run, 'voted', 'B'),
            await firstOf(run, 'learned', 'B'),
          ];
          if (said === undefined || told === undefined) return false;
          for (let i = said; i < told; i++)
            if (!isOpen(phaseOf(await run.at(i), 'B'))) return false;
          return !isOpen(phaseOf(await run.at(told), 'B'));
        }}
        at={(run) => find(run, 'learned')}
      >
        It opens when the decision comes
      </Claim>
      .
    </p>
  ),
};

// ── 3. The moment of the decision ───────────────────────────────────────────────────────────────

const theMoment: Beat = {
  id: 'decision',
  title: 'One line on one disk',
  scenario: script(
    'lab commit',
    'title "One line on one disk"',
    'set participants 2',
    'begin blue',
    'run until decided',
  ),
  at: (run) => run.length - 1,
  prose: (
    <>
      <p>
        A has heard a yes from both.{' '}
        <Claim
          holds={async (run) => {
            const at = find(run, 'decided');
            return at !== undefined && eventOf(await run.at(at)).did?.decision === 'commit';
          }}
          at={(run) => find(run, 'decided')}
        >
          It decides to commit
        </Claim>
        , and{' '}
        <Claim
          holds={async (run) => {
            const at = find(run, 'decided');
            if (at === undefined) return false;
            const moment = await run.at(at);
            return onDisk(moment, 'A').length === 0 && worldOf(moment).flights.length === 0;
          }}
        >
          nobody has been told: the line is not on its disk yet
        </Claim>
        .
      </p>
      <p>
        The transaction is committed at the instant at which that one line reaches that one disk.
        Not before: you can still make A forget. See what a coordinator that has forgotten says when
        B and C ask.
      </p>
    </>
  ),
  task: {
    ask: 'Make A forget its decision: crash it now, bring it back, and let 300 ms pass.',
    async judge(run) {
      const decided = find(run, 'decided');
      const last = await end(run);
      if (decided === undefined) return { done: false, says: 'A has decided nothing.' };
      const lost = find(run, 'crash', decided);
      if (lost === undefined) return { done: false, says: 'A still knows what it decided.' };
      if (onDisk(await run.at(lost), 'A').includes('commit'))
        return {
          done: false,
          says: 'Too late: the line is on A’s disk. Edit the run and try again.',
        };
      const fate = fateOf(last);
      if (fate === 'wait')
        return { done: false, says: 'B and C are in doubt. Nobody has answered them yet.' };
      return {
        done: fate === 'abort',
        says:
          fate === 'abort'
            ? 'A had decided to commit, and all have aborted: nobody had heard, so nothing is broken.'
            : 'They have committed all the same.',
      };
    },
    help: ['crash A', 'restart A', 'run 300ms'],
  },
  after: (
    <p>
      A coordinator without a record answers <em>abort</em>. It may: as long as the line was not on
      its disk, no commit can have been told. Both halves of the rule need each other.
    </p>
  ),
};

// ── 4. The window ───────────────────────────────────────────────────────────────────────────────

const theWindow: Beat = {
  id: 'window',
  title: 'The window',
  scenario: script(
    'lab commit',
    'title "The window"',
    'set participants 2',
    'begin blue',
    'run 23ms',
    'crash A',
    'run 250ms',
  ),
  at: beforeCrash,
  prose: (
    <>
      <p>
        The same crash, and A stays away.{' '}
        <Claim
          holds={async (run) => {
            const at = beforeCrash(run);
            if (at === undefined) return false;
            const moment = await run.at(at);
            return ['B', 'C'].every((id) => onDisk(moment, id).join() === 'prepared');
          }}
          at={beforeCrash}
        >
          B and C have both said yes, and it is on their disks
        </Claim>
        . Neither has heard a decision.
      </p>
      <p>
        B is not alone: it can ask C. What C knows it tells. That is the{' '}
        <Term>cooperative termination</Term> of two-phase commit.
      </p>
    </>
  ),
  prediction: howItEnds(
    'A dies now, with its decision. B and C are up, and talk to each other. What do they do?',
    beforeCrash,
    'Nobody crashes in this run.',
    crashAt,
  ),
  after: (
    <p>
      Seen from B: A may have told nobody, or it may have committed and told somebody who died
      since. No answer that B can get excludes either. So{' '}
      <Claim
        holds={async (run) => {
          const { blocked, rules } = worldOf(await end(run));
          return blocked.length === rules.participants.length;
        }}
        at={(run) => run.length - 1}
      >
        everybody is blocked, by the crash of one
      </Claim>
      , for as long as A is away. No protocol of two rounds can avoid this <Cite of="skeen1981" />.
      Try other moments: is there always a window?
    </p>
  ),
};

// ── 5. Locks ────────────────────────────────────────────────────────────────────────────────────

const locks: Beat = {
  id: 'locks',
  title: 'What a lock in doubt costs',
  scenario: script(
    'lab commit',
    'title "What a lock in doubt costs"',
    'set participants 2',
    'begin blue',
    'run 13ms',
    'crash A',
    'restart A',
    'begin red',
    'run 250ms',
  ),
  at: (run) => lastLine(run, 'crash')?.first,
  prose: (
    <>
      <p>
        A is back at once this time. B and C have not noticed anything:{' '}
        <Claim
          holds={async (run) => {
            const at = lastLine(run, 'begin')?.first;
            if (at === undefined) return false;
            const moment = await run.at(at);
            return ['B', 'C'].every((id) => isOpen(phaseOf(moment, id)));
          }}
          at={(run) => lastLine(run, 'begin')?.first}
        >
          they are in doubt about transaction 1
        </Claim>
        , and will ask when their patience, 100 ms, is over.
      </p>
      <p>Meanwhile somebody begins the next transaction on the same data: red.</p>
    </>
  ),
  prediction: {
    question: 'What does B say to transaction 2?',
    gate: (run) => {
      const line = lastLine(run, 'begin');
      return line && run.lines.filter(({ text }) => text.startsWith('begin')).length > 1
        ? line.first
        : undefined;
    },
    options: async () => [
      { value: 'yes', text: 'Yes: it is another transaction.' },
      { value: 'no', text: 'No: it aborts red.' },
      { value: 'nothing', text: 'Nothing, until it knows about blue.' },
    ],
    async outcome(run, gate) {
      const { tx } = worldOf(await run.at(gate));
      const said = await firstWhere(run, gate + 1, (moment) => {
        const { who, did } = eventOf(moment);
        return who === 'B' && did?.kind === 'voted' && did.tx === tx;
      });
      const moment = said ?? run.length - 1;
      const { caption, event } = (await run.at(moment)) as CommitMoment;
      return {
        value: said === undefined ? 'nothing' : (event.did?.vote ?? 'nothing'),
        moment,
        key: 'lock:B',
        because: `${caption.title}. ${caption.detail}`,
      };
    },
    otherwise: 'There is no second transaction in this run.',
  },
  after: (
    <p>
      A real database might let red wait instead; either way it does not get through. In the end{' '}
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          return ['B', 'C'].every((id) => phaseOf(moment, id, 1) === 'aborted');
        }}
        at={(run) => find(run, 'answered')}
      >
        B and C ask A, which knows nothing, and abort blue
      </Claim>
      . An operator who can’t wait may decide by hand, a <Term>heuristic decision</Term>: the lock
      opens, and if the others decide otherwise, that is damage nobody can undo.
    </p>
  ),
};

// ── 6. Recovery ─────────────────────────────────────────────────────────────────────────────────

const FREE = 'free';
const DOUBT = 'doubt';

const recovery: Beat = {
  id: 'recovery',
  title: 'Coming back with a log',
  scenario: script(
    'lab commit',
    'title "Coming back with a log"',
    'set participants 2',
    'begin blue',
    'run until voted at C',
    'run 3ms',
    'crash C',
    'run 60ms',
    'restart C',
    'run until learned at C',
  ),
  at: (run) => lastLine(run, 'crash')?.first,
  prose: (
    <>
      <p>
        Now a participant dies, after its yes. The others go on:{' '}
        <Claim
          holds={async (run) => {
            const back = lastLine(run, 'restart')?.first;
            return back !== undefined && phaseOf(await run.at(back - 1), 'B') === 'committed';
          }}
          at={(run) => find(run, 'decided')}
        >
          A decides, and B commits, without C
        </Claim>
        .
      </p>
      <p>
        C comes back. Its memory is gone, its locks with it.{' '}
        <Claim
          holds={async (run) => {
            const back = lastLine(run, 'restart')?.first;
            return back !== undefined && onDisk(await run.at(back - 1), 'C').join() === 'prepared';
          }}
          at={(run) => (lastLine(run, 'restart')?.first ?? 1) - 1}
        >
          Its log ends with one line: prepared
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'C restarts. Where does it stand?',
    gate: (run) => {
      const line = lastLine(run, 'restart');
      return line && line.first > 0 ? line.first - 1 : undefined;
    },
    options: async () => [
      { value: 'aborted', text: 'It aborts: it has no decision.' },
      { value: 'committed', text: 'It commits: it had said yes.' },
      { value: DOUBT, text: 'It takes its lock again, and is in doubt.' },
      { value: FREE, text: 'It knows nothing of the transaction.' },
    ],
    async outcome(run, gate) {
      const moment = await run.at(gate + 1);
      const phase = phaseOf(moment, eventOf(moment).who ?? 'C');
      const { caption } = moment;
      return {
        value: phase === undefined ? FREE : isOpen(phase) ? DOUBT : phase,
        moment: gate + 1,
        key: `node:${eventOf(moment).who}`,
        because: `${caption.title}. ${caption.detail}`,
      };
    },
    otherwise: 'Nobody comes back in this run.',
  },
  after: (
    <p>
      The log alone decides: <em>prepared</em> without an outcome means asking. A has not forgotten,
      for{' '}
      <Claim
        holds={async (run) => {
          const at = find(run, 'resent');
          return at !== undefined && onDisk(await run.at(at), 'A').includes('commit');
        }}
        at={(run) => find(run, 'resent')}
      >
        it says the decision again until all have acknowledged
      </Claim>
      . Then it may forget, and only then.
    </p>
  ),
};

// ── 7. What may be presumed ─────────────────────────────────────────────────────────────────────

/** A commit, by variant; commit.test.ts holds each row to a run with these settings. */
export const COSTS = [
  { name: 'presumed nothing', set: 'set presume nothing', messages: '4Y', forced: '1 + 2Y' },
  { name: 'presumed abort', set: 'set presume abort', messages: '4Y', forced: '1 + 2Y' },
  { name: 'presumed commit', set: 'set presume commit', messages: '3Y', forced: '2 + Y' },
  { name: 'three phases', set: 'set protocol three-phase', messages: '6Y', forced: '2 + 3Y' },
  {
    name: 'Paxos Commit',
    set: 'set protocol paxos-commit',
    messages: 'NF + F + 3N − 1',
    forced: 'N + F + 1',
  },
] as const;

const presumed: Beat = {
  id: 'presumed',
  title: 'Nothing written down means no',
  scenario: script(
    'lab commit',
    'title "Nothing written down means no"',
    'set presume abort',
    'set no D',
    'begin blue',
    'run 200ms',
  ),
  beside: {
    scenario: script(
      'lab commit',
      'title "Presumed nothing"',
      'set no D',
      'begin blue',
      'run 200ms',
    ),
    names: ['presumed abort', 'presumed nothing'],
  },
  at: (run) => find(run, 'begun'),
  prose: (
    <>
      <p>
        Forced writes and messages are what a round costs. A coordinator that knows nothing says
        abort anyway; so why write an abort down? Under <Term>presumed abort</Term> it doesn’t, and
        nobody acknowledges one <Cite of="mohan1986" />. Both runs have one no; B and C say yes.
      </p>
      <p>
        Beside it,{' '}
        <Claim
          beside
          holds={async (run) => {
            const { cost, formula } = worldOf(await end(run));
            return (
              cost.messages === formula?.messages.value &&
              cost.forced === formula.forced.value &&
              cost.forced === 5
            );
          }}
          at={(run) => run.length - 1}
        >
          presuming nothing costs 5 forced writes
        </Claim>
        : two prepared, one decision, two outcomes.
      </p>
    </>
  ),
  prediction: {
    question: 'How many forced writes does the abort cost, if it is presumed?',
    gate: (run) => find(run, 'begun'),
    async options(run) {
      const cost = metric(await end(run), 'forced writes');
      return counts([1, 2, 3, 5, cost], (n) => plural(n, 'forced write'));
    },
    async outcome(run) {
      const last = await end(run);
      const { nodes, cost } = worldOf(last);
      const who = nodes.filter(({ forced }) => forced > 0).map(({ id }) => id);
      return {
        value: plural(cost.forced, 'forced write'),
        moment: run.length - 1,
        because: `Only ${listed(who)} waited for a disk, for the line prepared. ${plural(cost.messages, 'message')}, where presuming nothing has 10.`,
      };
    },
    otherwise: 'No transaction begins in this run.',
  },
  after: (
    <>
      <p>
        The same trick the other way round, <em>presumed commit</em>, saves acknowledgements of
        commits, and needs the list of participants on the disk before anybody is asked.
      </p>
      <table className="counts">
        <thead>
          <tr>
            <th>a commit, Y say yes</th>
            <th>messages</th>
            <th>forced</th>
          </tr>
        </thead>
        <tbody>
          {COSTS.map(({ name, messages, forced }) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{messages}</td>
              <td>{forced}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        Every run of the lab counts its own beside these: under <em>Metrics</em>, and in the
        inspector.
      </p>
    </>
  ),
};

// ── 8. Shortcuts ────────────────────────────────────────────────────────────────────────────────

const shortcuts: Beat = {
  id: 'reader',
  title: 'Who only reads',
  scenario: script(
    'lab commit',
    'title "Who only reads"',
    'set readers D',
    'begin blue',
    'run until ended',
  ),
  at: (run) => find(run, 'begun'),
  prose: (
    <p>
      D has only read. Whether the others commit or abort makes no difference to it: it has nothing
      to make permanent, and nothing to take back. It must only not let go of what it read before
      the vote. To the coordinator it says <em>only read</em>.
    </p>
  ),
  prediction: {
    question: 'B costs four messages and two forced writes. What does D cost?',
    gate: (run) => find(run, 'begun'),
    options: async () =>
      [
        [1, 0],
        [2, 0],
        [2, 1],
        [4, 1],
      ].map(([messages = 0, writes = 0]) => ({ value: costWords(messages, writes) })),
    async outcome(run, gate) {
      const seen = new Set<string>();
      for (let i = gate; i < run.length; i++)
        for (const { from, to, n } of worldOf(await run.at(i)).flights)
          if (from === 'D' || to === 'D') seen.add(`${from}>${to}#${n}`);
      const writes = nodeOf(await end(run), 'D')?.forced ?? 0;
      const said = (await firstOf(run, 'voted', 'D')) ?? run.length - 1;
      const { caption } = await run.at(said);
      return {
        value: costWords(seen.size, writes),
        moment: said,
        key: 'node:D',
        because: `${caption.title}. ${caption.detail}`,
      };
    },
    otherwise: 'No transaction begins in this run.',
  },
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const at = find(run, 'decided');
          return (
            at !== undefined &&
            !(await run.at(at).then(eventOf)).did?.who?.includes('D') &&
            phaseOf(await end(run), 'D') === 'read'
          );
        }}
        at={(run) => find(run, 'decided')}
      >
        The second round leaves it out
      </Claim>
      . If all only read, there is no second round at all. And where there is one participant alone,
      the coordinator hands the decision over: two messages, one forced write, no doubt.
    </p>
  ),
};

function costWords(messages: number, writes: number): string {
  return `${plural(messages, 'message')}, ${plural(writes, 'forced write')}`;
}

// ── 9. Three phases ─────────────────────────────────────────────────────────────────────────────

const threePhases: Beat = {
  id: 'three-phases',
  title: 'A third phase goes on',
  scenario: script(
    'lab commit',
    'title "A third phase goes on"',
    'set protocol three-phase',
    'set participants 2',
    'begin blue',
    'run 23ms',
    'crash A',
    'run 250ms',
  ),
  beside: {
    scenario: script(
      'lab commit',
      'title "Two phases"',
      'set participants 2',
      'begin blue',
      'run 23ms',
      'crash A',
      'run 250ms',
    ),
    names: ['three phases', 'two phases'],
  },
  at: beforeCrash,
  prose: (
    <>
      <p>
        Skeen’s idea: before anybody commits, everybody is told that it <em>will</em> be a commit{' '}
        <Cite of="skeen1981" />. Then nobody who is in doubt coexists with somebody who has
        committed.
      </p>
      <p>
        So whoever loses patience asks all who are alive where they stand. Is anybody{' '}
        <Term>pre-committed</Term>, it is a commit. Is nobody, nobody can have committed.{' '}
        <Claim
          beside
          holds={async (run) => fateOf(await end(run)) === 'wait'}
          at={(run) => run.length - 1}
        >
          Beside it is the run that blocked
        </Claim>
        , with the same crash at the same moment.
      </p>
    </>
  ),
  prediction: howItEnds(
    'A dies now, with all votes. What do B and C do?',
    beforeCrash,
    'Nobody crashes in this run.',
    { ...crashAt, example: '36' },
  ),
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const last = await end(run);
          return worldOf(last).blocked.length === 0 && fateOf(last) !== 'split';
        }}
        at={(run) => find(run, 'decided')}
      >
        Nobody is blocked, and they agree
      </Claim>
      . Let A die later: from 34 ms on somebody knows that all said yes. Told with bare timeouts, as
      it often is (in doubt: abort; pre-committed: commit), one crash is enough to split them; the
      asking is what makes it right.
    </p>
  ),
};

// ── 10. A partition ─────────────────────────────────────────────────────────────────────────────

const partition: Beat = {
  id: 'partition',
  title: 'Slow is not dead',
  scenario: script(
    'lab commit',
    'title "Slow is not dead"',
    'set protocol three-phase',
    'set participants 2',
    'begin blue',
    'run until pre-committing',
    'run 3ms',
    'drop A>C#2',
    'run until pre-committed at B',
    'partition A,B / C',
    'run 250ms',
  ),
  at: (run) => lastLine(run, 'partition')?.first,
  prose: (
    <>
      <p>
        Three phases assume that who is silent is down. Now nobody is. A message to C is lost, and
        then the network falls apart:{' '}
        <Claim
          holds={async (run) => {
            const at = after(run, 'partition');
            if (at === undefined) return false;
            const moment = await run.at(at);
            return phaseOf(moment, 'B') === 'pre-committed' && phaseOf(moment, 'C') === 'prepared';
          }}
          at={(run) => after(run, 'partition')}
        >
          A and B, which is pre-committed, on one side; C, which is prepared, on the other
        </Claim>
        .
      </p>
      <p>Each side takes the other for dead, and ends the transaction by the rules.</p>
    </>
  ),
  prediction: howItEnds(
    'Both sides lose patience. How does it end?',
    (run) => after(run, 'partition'),
    'The network holds in this run.',
  ),
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          return phaseOf(moment, 'B') === 'committed' && phaseOf(moment, 'C') === 'aborted';
        }}
        at={(run) => run.length - 1}
      >
        B has the money, and C has not sent it
      </Claim>
      . Two-phase commit would have waited. That is the choice: a protocol that never blocks can be
      split by a partition, and one that can’t be split may block. Only a majority has a way out, as
      it cannot be on both sides.
    </p>
  ),
};

// ── 11. Paxos Commit ────────────────────────────────────────────────────────────────────────────

const PAXOS_CRASH = ['begin blue', 'run until accepted at X', 'run 12ms', 'crash A'] as const;

const paxos: Beat = {
  id: 'paxos',
  title: 'A decision that no one machine holds',
  scenario: script(
    'lab commit',
    'title "A decision that no one machine holds"',
    'set protocol paxos-commit',
    'set participants 2',
    ...PAXOS_CRASH,
    'run 400ms',
  ),
  at: beforeCrash,
  prose: (
    <>
      <p>
        What blocks is that one machine alone knew. <Term>Paxos Commit</Term> gives the votes to a
        group of <Term>acceptors</Term>, here A, X and Y. A vote counts when a majority of them has
        it on disk <Cite of="gray2006" />. A leads them.
      </p>
      <p>
        <Claim
          holds={async (run) => {
            const at = beforeCrash(run);
            return at !== undefined && onDisk(await run.at(at), 'A').length === 0;
          }}
          at={beforeCrash}
        >
          Nothing is on the leader’s disk
        </Claim>
        , and it is about to die: in the very window in which two phases block.
      </p>
    </>
  ),
  prediction: howItEnds(
    'A dies now. X and Y, the other acceptors, are up. How does it end?',
    beforeCrash,
    'Nobody crashes in this run.',
  ),
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const at = find(run, 'took-over');
          return at !== undefined && eventOf(await run.at(at)).who === 'X';
        }}
        at={(run) => find(run, 'took-over')}
      >
        Asked by a participant in doubt, X takes over
      </Claim>
      : with a ballot of its own it asks a majority what they have accepted, and proposes that. Had
      it found nothing, it would propose abort. It never guesses, and a partition leaves a majority
      on one side at most.
    </p>
  ),
};

// ── 12. One acceptor is two-phase commit ────────────────────────────────────────────────────────

const identity: Beat = {
  id: 'identity',
  title: 'One acceptor: an old friend',
  scenario: script(
    'lab commit',
    'title "One acceptor"',
    'set protocol paxos-commit',
    'set acceptors 1',
    'begin blue',
    'run 150ms',
  ),
  beside: {
    scenario: script('lab commit', 'title "Two phases"', 'begin blue', 'run 150ms'),
    names: ['Paxos Commit, one acceptor', 'two phases'],
  },
  at: (run) => find(run, 'begun'),
  prose: (
    <>
      <p>
        Take Paxos Commit, three participants, and one acceptor, which is the leader. A majority of
        one is that one.
      </p>
      <p>
        B begins: its own vote, sent to A, is what starts the round. The others are asked, as ever.
        Decisions are not acknowledged: who missed one asks.{' '}
        <Claim
          beside
          holds={async (run) => metric(await end(run), 'messages') === 12}
          at={(run) => run.length - 1}
        >
          Two phases with acknowledgements take 12 messages
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'How many messages does it take until all three have committed?',
    gate: (run) => find(run, 'begun'),
    async options(run) {
      const { cost } = worldOf(await end(run));
      return counts([6, 8, 9, 12, cost.messages], (n) => plural(n, 'message'));
    },
    async outcome(run) {
      const { cost, formula } = worldOf(await end(run));
      const kinds = new Map<string, Set<string>>();
      for (let i = 0; i < run.length; i++)
        for (const { kind, from, to, n } of worldOf(await run.at(i)).flights)
          kinds.set(kind, (kinds.get(kind) ?? new Set()).add(`${from}>${to}#${n}`));
      const each = ['prepare', 'accept', 'decision'].map((kind) => kinds.get(kind)?.size ?? 0);
      const [asked, voted, told] = each;
      return {
        value: plural(cost.messages, 'message'),
        moment: run.length - 1,
        because: `${asked} questions, ${voted} votes, ${told} decisions: the formula ${formula?.messages.formula ?? 'of the paper'}, with F = 0 and N = ${told}.`,
      };
    },
    otherwise: 'No transaction begins in this run.',
  },
  after: (
    <p>
      Those are the messages of two-phase commit, without the first question and the
      acknowledgements:{' '}
      <Claim
        holds={async (run) => {
          const { nodes, rules } = worldOf(await end(run));
          return (
            rules.acceptors.length === 1 &&
            nodes.find(({ id }) => id === 'A')?.forced === 1 &&
            rules.participants.every((id) => nodes.find((node) => node.id === id)?.forced === 1)
          );
        }}
        at={(run) => run.length - 1}
      >
        one forced write each
      </Claim>
      , one at the coordinator. Two-phase commit is the Paxos Commit that survives no failure, which
      is why it blocks. Surviving F failures costs 2F more acceptors, and one delay more.
    </p>
  ),
};

// ── 13. Groups ──────────────────────────────────────────────────────────────────────────────────

const groups: Beat = {
  id: 'groups',
  title: 'Groups instead of machines',
  scenario: script(
    'lab commit',
    'title "Groups instead of machines"',
    'set protocol paxos-commit',
    'set participants 2',
    ...PAXOS_CRASH,
    'crash X',
    'run 250ms',
  ),
  at: beforeCrash,
  prose: (
    <>
      <p>
        The other way to the same end: keep two-phase commit, and make every party in it a group of
        machines that agree by Raft or Paxos, the coordinator too. Spanner does so. The crash of a
        machine is then the group’s own affair.
      </p>
      <p>
        Either way it is a majority that must live.{' '}
        <Claim
          holds={async (run) => {
            const at = beforeCrash(run);
            if (at === undefined) return false;
            const { nodes, rules } = worldOf(await run.at(at));
            const up = nodes.filter(
              ({ id, status }) => rules.acceptors.includes(id) && status === 'up',
            );
            return up.length === 2 && rules.acceptors.length === 3;
          }}
          at={beforeCrash}
        >
          Here two of three acceptors are up
        </Claim>
        , and now X dies too.
      </p>
    </>
  ),
  prediction: howItEnds(
    'A is down, X dies now, Y is up. How does it end for B and C?',
    beforeCrash,
    'Nobody crashes in this run.',
  ),
  after: (
    <p>
      Y can’t know whether A and X have decided something between them.{' '}
      <Claim
        holds={async (run) => worldOf(await end(run)).blocked.join() === 'B,C'}
        at={(run) => run.length - 1}
      >
        So they are blocked again
      </Claim>
      : until one of the two is back, not until <em>the</em> one is back. Write{' '}
      <code>restart X</code> and <code>run 400ms</code> and see.
    </p>
  ),
};

// ── Challenges ──────────────────────────────────────────────────────────────────────────────────

/** Words of operations that only let things happen. */
const LETS: ReadonlySet<string> = new Set(['begin', 'run', 'step', 'crash']);

const challengeBlock: Beat = {
  id: 'challenge-block',
  title: 'Block everyone with one crash',
  scenario: script('lab commit', 'title "Block everyone with one crash"', 'begin blue'),
  at: () => 0,
  prose: (
    <p>
      Three participants, two-phase commit, no bug, a network that loses nothing. Bring all three
      into doubt, for ever, by the crash of one machine. You choose the machine and the millisecond;
      after the crash let time pass and see.
    </p>
  ),
  challenge: {
    title: 'Everybody up, everybody blocked',
    rules: [
      'One crash; nothing lost, held, cut or brought back, and no switch.',
      'Let at least 200 ms pass after it: who could be helped would be by then.',
    ],
    async judge(run) {
      const word = run.lines.map(({ text }) => text.split(' ', 1)[0] ?? '');
      const crashes = word.filter((one) => one === 'crash').length;
      const other = word.find((one) => !LETS.has(one));
      if (run.sabotage.length > 0) return { done: false, says: 'A bug is planted; take it away.' };
      if (other !== undefined)
        return { done: false, says: `There is a ${other} in this run. Begin anew.` };
      if (crashes !== 1) return { done: false, says: `${plural(crashes, 'crash', 'crashes')}.` };
      const last = await end(run);
      const { rules, blocked, now, outcomes } = worldOf(last);
      if (rules.participants.length < 3 || rules.protocol !== 'two-phase')
        return { done: false, says: 'It is about two-phase commit with three participants.' };
      const died = worldOf(await run.at(find(run, 'crash') ?? 0)).now;
      const all = rules.participants.every((id) => blocked.includes(id));
      const told = Object.keys(outcomes).length;
      if (!all)
        return {
          done: false,
          says:
            told > 0
              ? `${plural(told, 'participant')} knew the outcome in the end.`
              : `${listed(blocked)} blocked; all three are to be.`,
        };
      if (now - died < 200_000)
        return { done: false, says: 'All are blocked; let 200 ms pass, to be sure.' };
      return { done: true, says: `${listed(blocked)} are up, locked, and can’t be helped.` };
    },
    hint: 'It must be the one that knows, after the last yes is on a disk, and before its decision has left. A vote needs 10 ms to be asked for, 2 to be written, 10 to arrive.',
    solution: script('lab commit', 'begin blue', 'run 23ms', 'crash A', 'run 250ms'),
    failures: [
      script('lab commit', 'begin blue', 'run 30ms', 'crash A', 'run 250ms'),
      script('lab commit', 'begin blue', 'run 23ms', 'crash B', 'run 250ms'),
      script('lab commit', 'begin blue', 'run 23ms', 'crash A', 'run 5ms'),
      script('lab commit', 'begin blue', 'run 13ms', 'drop C>A#1', 'crash A', 'run 250ms'),
      script(
        'lab commit',
        'sabotage vote-not-logged',
        'begin blue',
        'run 23ms',
        'crash A',
        'run 250ms',
      ),
      script('lab commit', 'set participants 1', 'begin blue', 'run 23ms', 'crash A', 'run 250ms'),
    ],
  },
};

/** So few moves are enough. */
const FEWEST = 1;

const challengeSplit: Beat = {
  id: 'challenge-split',
  title: 'Split three-phase commit',
  scenario: script(
    'lab commit',
    'title "Split three-phase commit"',
    'set protocol three-phase',
    'set participants 2',
    'begin blue',
  ),
  at: () => 0,
  prose: (
    <p>
      Three-phase commit with its termination protocol, no bug, no bare timeouts: safe whatever
      crashes. Make B commit what C aborts. Everything that interferes is a move: a crash, a cut, a
      lost or early message, a timer by hand. Letting time pass is none, and <code>step</code> lets
      exactly one thing happen. In the fewest moves you can.
    </p>
  ),
  challenge: {
    title: `Disagreement in ${plural(FEWEST, 'move')}`,
    rules: [
      'begin, run and step are free; every other operation is a move.',
      'No switch, and timeouts stay “termination”.',
    ],
    async judge(run) {
      const moves = run.lines.filter(({ text }) => !/^(begin|run|step)\b/.test(text)).length;
      const { rules } = worldOf(await end(run));
      if (run.sabotage.length > 0) return { done: false, says: 'A bug is planted; take it away.' };
      if (rules.protocol !== 'three-phase' || rules.timeouts !== 'termination')
        return { done: false, says: 'That is another protocol.' };
      const found = run.problems.find(({ referee }) => referee === 'agreement');
      if (!found) return { done: false, says: `${plural(moves, 'move')}, and they agree.` };
      if (moves > FEWEST)
        return {
          done: false,
          says: `They disagree, in ${plural(moves, 'move')}. It can be done in ${FEWEST}.`,
        };
      return { done: true, says: `In ${plural(moves, 'move')}. ${found.text}` };
    },
    hint: 'B must hear the pre-commit and C must not. Both are under way at once; run until pre-committed at B stops between the two.',
    solution: script(
      'lab commit',
      'set protocol three-phase',
      'set participants 2',
      'begin blue',
      'run until pre-committed at B',
      'partition A,B / C',
      'run 400ms',
    ),
    failures: [
      script(
        'lab commit',
        'set protocol three-phase',
        'set participants 2',
        'begin blue',
        'run until pre-committing',
        'run 3ms',
        'drop A>C#2',
        'run until pre-committed at B',
        'partition A,B / C',
        'run 400ms',
      ),
      script(
        'lab commit',
        'set protocol three-phase',
        'set timeouts bare',
        'set participants 2',
        'begin blue',
        'run until pre-committed at B',
        'partition A,B / C',
        'run 400ms',
      ),
      script(
        'lab commit',
        'set protocol three-phase',
        'set participants 2',
        'begin blue',
        'run until pre-committed at B',
        'crash A',
        'run 400ms',
      ),
    ],
  },
};

export const lesson: Lesson = {
  name: 'commit',
  lab: 'commit',
  number: 15,
  title: 'Commit, from a promise to a partition',
  beats: [
    whyRound,
    forced,
    theMoment,
    theWindow,
    locks,
    recovery,
    presumed,
    shortcuts,
    threePhases,
    partition,
    paxos,
    identity,
    groups,
    challengeBlock,
    challengeSplit,
  ],
};
