// Lesson 7: LSM trees, from a record at the end of a log to the choice of a strategy. Every number in
// its prose is either a function of the run, or a claim with its assertion beside it.

import type { TableNode } from '../labs/lsm/reading.ts';
import { MergeCosts, plotted } from './Later.tsx';
import type { Beat, Lesson, Outcome, Run, ShownMoment } from './lesson.ts';
import {
  blockBytes,
  blocksOf,
  type Entry,
  entriesOf,
  firstOf,
  isParted,
  lastOf,
  overTime,
  readingOf,
  rowsOf,
  sameBytes,
  searches,
  stateOf,
  tableIn,
  tablesOf,
  told,
  versionsOf,
  within,
  writeAmplification,
} from './levels.ts';
import { Cite, Claim, Term } from './parts.tsx';
import { end, endOf, find, findLast, lastLine, lineAt, metric, type RunLine } from './run.ts';
import {
  beforeLast,
  bytesText,
  nearest,
  ownInput,
  percent,
  plural,
  script,
  sorted,
  startOf,
} from './telling.ts';

const plots = () => import('./plots/lsm-plots.ts');
const Skips = plotted(() => plots().then(({ skips }) => skips));
const Blooms = plotted(() => plots().then(({ blooms }) => blooms));
const Writes = plotted(() => plots().then(({ writes }) => writes));

/** The reader's own key in place of the last get's. */
const ownGet = (example: string) =>
  ownInput('get', 'Another key', example, (key) =>
    /^\w{1,20}$/.test(key) ? `get ${key}` : '!A key is one word, as in fig.',
  );

/** What is true at the end of an operation, against the moment before it. */
async function across(
  run: Run,
  line: RunLine | undefined,
): Promise<[before: ShownMoment, after: ShownMoment] | undefined> {
  return line && [await run.at(line.first - 1), await run.at(endOf(line))];
}

// ── 1. Why not in place ─────────────────────────────────────────────────────────────────────────

const lastPut = (run: Run) => lastLine(run, 'put');

const why: Beat = {
  id: 'append',
  title: 'Why not in place?',
  scenario: script(
    'lab lsm',
    'title "Why not in place?"',
    'batch put fig "Smyrna" / put kiwi "Hayward" / put lemon "Eureka" / put plum "Victoria"',
    'flush',
    'put fig "Kadota"',
  ),
  at: beforeLast('put'),
  prose: (
    <>
      <p>
        A B-Tree changes a row where it stands: it reads a page, changes a few bytes of it, and
        writes the page back, wherever on the disk that is. The engine of this lesson never changes
        what it has written. It only writes more <Cite of="oneil1996" />.
      </p>
      <p>
        <code>fig</code> has a value already. It lies below the waterline, in a{' '}
        <Claim
          holds={async (run) => {
            const keys = entriesOf(tablesOf(await end(run))[0]).map(({ key }) => key);
            return keys.length > 2 && keys.every((key, i) => i === 0 || key > (keys[i - 1] ?? ''));
          }}
        >
          file of sorted rows
        </Claim>
        . Now <code>fig</code> gets another value.
      </p>
    </>
  ),
  prediction: {
    question: 'One row gets a new value. What is written to the disk for that?',
    gate: (run) => (tablesNow(run) ? beforeLast('put')(run) : undefined),
    async options(run, gate) {
      const before = await run.at(gate);
      const { value } = await this.outcome(run, gate);
      const [table] = tablesOf(before);
      const old = entriesOf(table)[0]?.value.length ?? 0;
      const whole = bytesText(table?.size ?? 0);
      return sorted([
        { value: bytesText(old), text: `${bytesText(old)}: over the old value` },
        { value, text: `${value}: to the end of a log` },
        { value: whole, text: `${whole}: the table with the new value in it` },
      ]);
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate + 1) as RunLine;
      const [before, after] = (await across(run, line)) as [ShownMoment, ShownMoment];
      const log = stateOf(after).counters.logBytes - stateOf(before).counters.logBytes;
      const number = tablesOf(before)[0]?.number ?? 0;
      const isSame = sameBytes(before, after, number);
      return {
        value: bytesText(log),
        moment: endOf(line),
        key: readingOf(after).logs.at(-1)?.records.at(-1)?.key ?? `table:${number}`,
        because: `${isSame ? `Table ${number} is what it was, byte for byte` : `Table ${number} has changed`}; the log is ${bytesText(log)} longer: header, key and value.`,
      };
    },
    otherwise: 'Put a row, flush, and put it again to be asked.',
  },
  after: (
    <p>
      So there are{' '}
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          const old = versionsOf(tablesOf(moment).flatMap(entriesOf), 'fig');
          const young = readingOf(moment).memtables.flatMap(({ entries }) => entries);
          return (
            old.length === 1 &&
            young.some(({ text, sequence }) => text === 'fig' && sequence > (old[0] ?? 0))
          );
        }}
      >
        two values of fig now, and the younger has the higher sequence number
      </Claim>
      . Each write takes the next number; that is how old and new are told apart. Writing could not
      be cheaper. The bill comes later: reads have more places to look, and somebody must clear away
      what is obsolete. The rest of this lesson is about that bill.
    </p>
  ),
};

/** Whether a table was written before the last put. */
const tablesNow = (run: Run): boolean => {
  const table = find(run, 'table');
  const put = lastPut(run);
  return table !== undefined && put !== undefined && table < put.first;
};

// ── 2. Log and memtable ─────────────────────────────────────────────────────────────────────────

const crashed = (run: Run): RunLine | undefined =>
  run.lines.find(({ text, first }) => text.startsWith('crash') && first > 1);

const list = (names: Iterable<string>): string => {
  const all = [...names].sort();
  const last = all.pop();
  return last === undefined ? 'none' : all.length === 0 ? last : `${all.join(', ')} and ${last}`;
};

const log: Beat = {
  id: 'log',
  title: 'A log below, a list above',
  scenario: script(
    'lab lsm',
    'title "A log below, a list above"',
    'put apple "Fuji"',
    'commit',
    'put fig "Smyrna"',
    'put kiwi "Hayward"',
    'crash',
  ),
  at: startOf('put'),
  prose: (
    <>
      <p>
        A write is two things.{' '}
        <Claim
          holds={(run) => {
            const put = lastPut(run);
            return (
              put?.moments === 2 &&
              run.kind(put.first) === 'log' &&
              run.kind(put.first + 1) === 'insert'
            );
          }}
          at={(run) => lastPut(run)?.first}
        >
          First its record goes to the end of the log, below the line
        </Claim>
        . Then the row goes into the <Term>memtable</Term>, a sorted list in memory. The record is
        there so that the row survives; the memtable, so that it is found.
      </p>
      <p>
        A record is dashed until it is synced: so far only the operating system has it.{' '}
        <code>commit</code> syncs the log, and answers only then.{' '}
        <Claim
          holds={async (run) => {
            const line = crashed(run);
            const records = line
              ? readingOf(await run.at(line.first - 1)).logs.flatMap(({ records }) => records)
              : [];
            return (
              records.some(({ isSynced }) => isSynced) && records.some(({ isSynced }) => !isSynced)
            );
          }}
        >
          What came after the commit has no such promise yet
        </Claim>
        . One sync may serve any number of writes: <Term>group commit</Term>.
      </p>
    </>
  ),
  prediction: {
    question: 'The power fails now. Which rows are there afterwards?',
    gate(run) {
      const line = crashed(run);
      return line && line.first - 1;
    },
    async options(run, gate) {
      const before = await run.at(gate);
      const rows = [...rowsOf(before).keys()];
      const { acknowledged } = stateOf(before);
      const entries = readingOf(before).memtables.flatMap((memtable) => memtable.entries);
      const safe = entries.filter(({ sequence }) => sequence <= acknowledged);
      const { value } = await this.outcome(run, gate);
      return sorted([value, list(rows), list(safe.map(({ text }) => text)), 'none']);
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate + 1) as RunLine;
      const moment = endOf(line);
      const after = await run.at(moment);
      const lost = rowsOf(await run.at(gate)).size - rowsOf(after).size;
      return {
        value: list(rowsOf(after).keys()),
        moment,
        key: `table:${tablesOf(after)[0]?.number}`,
        because: `The log was read from its beginning to its last sync${lost > 0 ? `; ${plural(lost, 'row')} had none` : ''}. All that was in memory is gone.`,
      };
    },
    otherwise: 'Cut the power (crash) to be asked.',
  },
  after: (
    <p>
      <Claim
        holds={(run) => {
          const line = crashed(run);
          return within(run, line, 'replay').length > 0 && within(run, line, 'table').length === 1;
        }}
      >
        The log was played again into a memtable, and that became a table
      </Claim>
      . It works for any memtable, because a log holds just what its memtable holds, in the order in
      which it came.
    </p>
  ),
};

// ── 3. The skip list ────────────────────────────────────────────────────────────────────────────

/** The shape of the entry that a get has found in the memtable. */
function entryKey(moment: ShownMoment): string | undefined {
  const key = told(moment, 'probe')?.key;
  const entries = readingOf(moment).memtables.flatMap((memtable) => memtable.entries);
  return entries.find(({ user }) => key && String(user) === String(key))?.key;
}

const skip: Beat = {
  id: 'skip-list',
  title: 'A sorted list with express lanes',
  scenario: script(
    'lab lsm',
    'title "A sorted list with express lanes"',
    'seed 7',
    'batch put pt 1 / put no 2 / put fr 3 / put dk 4 / put is 5 / put es 6 / put ie 7 / put nl 8',
    'batch put br 9 / put za 10 / put ma 11 / put ng 12 / put us 13 / put ar 14 / put cv 15 / put gl 16',
    'get pt',
  ),
  at: beforeLast('get'),
  prose: (
    <>
      <p>
        Keys come in any order, and the memtable keeps them sorted. It is a <Term>skip list</Term>:
        every node stands in lane 0, one in four of them also in lane 1, one in four of those in
        lane 2, and so on, thrown by dice. Nothing is ever balanced <Cite of="pugh1990" />.
      </p>
      <p>
        A search begins in the top lane. It runs forward while the next key is smaller, then steps
        down a lane. Here{' '}
        <Claim
          holds={async (run) => {
            const { nodes, lanes } = searches(await end(run));
            return nodes > 12 && Math.abs((lanes[1] ?? 0) / nodes - 1 / 4) < 0.15;
          }}
        >
          about a quarter of the nodes reach lane 1
        </Claim>
        , and{' '}
        <Claim
          holds={async (run) => {
            const { nodes, lanes } = searches(await end(run));
            return Math.abs(lanes.reduce((sum, lane) => sum + lane, 0) / nodes - 4 / 3) < 0.25;
          }}
        >
          a node has about 4/3 pointers in the mean
        </Claim>
        , as expected: 1 + 1/4 + 1/16 + …
      </p>
    </>
  ),
  prediction: {
    question: 'To how many keys of the list will this get compare its own?',
    gate(run) {
      const probe = firstOf(run, 'get', 'probe');
      return probe === undefined ? undefined : probe - 1;
    },
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const { nodes } = searches(await run.at(gate));
      return sorted([
        value,
        ...[1, Math.ceil(nodes / 2), nodes].map((keys) => plural(keys, 'key')),
      ]);
    },
    async outcome(run, gate) {
      const moment = gate + 1;
      const shown = await run.at(moment);
      const { nodes, lanes } = searches(shown);
      const compared = told(shown, 'probe')?.compared ?? 0;
      return {
        value: plural(compared, 'key'),
        moment,
        key: entryKey(shown) ?? '',
        because: `${plural(nodes, 'key')} in ${plural(lanes.length, 'lane')}: the upper ones pass most of them by.`,
      };
    },
    otherwise: 'Nothing is looked up in the memtable of this run.',
    own: ownGet('za'),
  },
  after: (
    <>
      <Skips />
      <p>
        Four times as many keys cost about four steps more.{' '}
        <Claim
          holds={async (run) => {
            const { nodes, steps } = searches(await end(run));
            return steps < (4 * Math.log(nodes)) / Math.log(4) + 4 / 3;
          }}
        >
          The mean stays below Pugh’s bound
        </Claim>
        , log₄ n × 4 + 4/3.
      </p>
    </>
  ),
};

// ── 4. The flush ────────────────────────────────────────────────────────────────────────────────

const frozen = (run: Run): number | undefined => findLast(run, 'freeze');

const flushed = (run: Run): { freeze: number; table: number } | undefined => {
  const freeze = frozen(run);
  const table = freeze === undefined ? undefined : find(run, 'table', freeze);
  return freeze === undefined || table === undefined ? undefined : { freeze, table };
};

const flush: Beat = {
  id: 'flush',
  title: 'The memtable sinks',
  scenario: script(
    'lab lsm',
    'title "The memtable sinks"',
    'set memtable-size 320',
    'put fig "Smyrna"',
    'put kiwi "Hayward"',
    'put apple "Fuji"',
    'put fig "Kadota"',
    'delete kiwi',
    'put plum "Victoria"',
    'put lemon "Eureka"',
    'put cherry "Kordia"',
  ),
  at: startOf('put'),
  prose: (
    <>
      <p>
        A memtable may grow to a size: 320 bytes here, 4 MiB in LevelDB. Then it is{' '}
        <Term>frozen</Term>.{' '}
        <Claim
          holds={async (run) => {
            const freeze = frozen(run);
            if (freeze === undefined) return false;
            const { memtables, logs } = readingOf(await run.at(freeze));
            return memtables.length === 2 && logs.length === 2;
          }}
          at={frozen}
        >
          An empty one takes over, with a log of its own
        </Claim>
        , so that writers need not wait. Reads look into both.
      </p>
      <p>
        The frozen list is written to the disk in the order of its keys, in one go: a{' '}
        <Term>sorted string table</Term>, a table for short. That is the <Term>flush</Term>. It is
        the one time when memory becomes a sorted file, and nothing was read for it.
      </p>
    </>
  ),
  prediction: {
    question: 'fig was put twice, and kiwi was deleted. How many entries will the table have?',
    gate: (run) => flushed(run)?.freeze,
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const moment = await run.at(gate);
      const all = readingOf(moment).memtables.flatMap(({ entries }) => entries);
      const keys = new Set(all.map(({ text }) => text)).size;
      const live = rowsOf(moment).size;
      return sorted([
        {
          value: plural(live, 'entry', 'entries'),
          text: `${live}: one for each row that is there`,
        },
        { value: plural(keys, 'entry', 'entries'), text: `${keys}: one for each key` },
        { value, text: `${all.length}: all that was written` },
      ]);
    },
    async outcome(run) {
      const { table } = flushed(run) as { table: number };
      const { entries = 0, table: number } = told(await run.at(table), 'table') ?? {};
      return {
        value: plural(entries, 'entry', 'entries'),
        moment: table,
        key: `table:${number}`,
        because: 'A flush copies the list as it is, old versions and tombstones included.',
      };
    },
    otherwise: 'The memtable is not full yet. Put more rows.',
  },
  after: (
    <p>
      That is LevelDB’s way; a flush may also leave out what no snapshot sees, as RocksDB’s does.
      Watch the order of the steps:{' '}
      <Claim
        holds={async (run) => {
          const install = findLast(run, 'install');
          const obsolete = findLast(run, 'obsolete');
          if (install === undefined || obsolete === undefined || install > obsolete) return false;
          const [before, after] = [await run.at(install), await run.at(obsolete)];
          return (
            tablesOf(before).every(({ isSynced }) => isSynced) &&
            readingOf(before).logs.length === 2 &&
            readingOf(after).logs.length === 1
          );
        }}
        at={(run) => findLast(run, 'install')}
      >
        the table is synced, then the manifest names it, and only then the log goes
      </Claim>
      . So at every moment one of the two has the rows.
    </p>
  ),
};

// ── 5. Inside a table ───────────────────────────────────────────────────────────────────────────

const onlyTable = async (run: Run) => {
  const [table] = tablesOf(await end(run));
  if (!table) throw new Error('there is no table');
  return table;
};

const inside: Beat = {
  id: 'table',
  title: 'Inside a table',
  scenario: script(
    'lab lsm',
    'title "Inside a table"',
    'set memtable-size 2048',
    'bulk 24 random',
    'flush',
    'get k000120',
  ),
  at: beforeLast('get'),
  prose: (
    <>
      <p>
        A table is cut into <Term>blocks</Term>, of some 256 bytes here, 4,096 in LevelDB. Behind
        them stand a filter, which the beat after next is about, and the <Term>index</Term>:{' '}
        <Claim
          holds={async (run) => {
            const table = await onlyTable(run);
            return blocksOf(table).length > 2 && table.table?.index.length === table.table?.blocks;
          }}
        >
          for each block a key and its place
        </Claim>
        . The last 48 bytes say where the index is <Cite of="leveldb" />.
      </p>
      <p>
        In a block a key is written as what is new in it.{' '}
        <Claim
          holds={async (run) => {
            const entries = blocksOf(await onlyTable(run)).flat();
            return entries.filter(({ shared }) => shared >= 4).length > entries.length / 2;
          }}
        >
          Most keys leave out what they share with the key before
        </Claim>
        . Every fourth (LevelDB: every sixteenth) is a <Term>restart point</Term>,{' '}
        <Claim
          holds={async (run) =>
            blocksOf(await onlyTable(run)).every((block) =>
              block.every(({ shared }, i) => i % 4 !== 0 || shared === 0),
            )
          }
        >
          where the key is whole
        </Claim>
        : a search halves its way among these, then runs forward.
      </p>
    </>
  ),
  prediction: {
    question: 'A get looks a key up in this table. How much of its data must be read?',
    gate(run) {
      const get = lastLine(run, 'get');
      const probe = firstOf(run, 'get', 'probe');
      return get && probe !== undefined && run.kind(get.first - 1) !== 'opened'
        ? get.first - 1
        : undefined;
    },
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const [table] = tablesOf(await run.at(gate));
      const entries = entriesOf(table);
      const row = bytesText(entries[0]?.bytes ?? 0);
      const block = bytesText(table ? blockBytes(table, 0) : 0);
      const whole = table
        ? blocksOf(table).reduce((sum, _, nth) => sum + blockBytes(table, nth), 0)
        : 0;
      const all = [
        { value: row, text: `${row}: the row` },
        { value, text: value.startsWith('0') ? `${value}: nothing` : `${value}: one block` },
        { value: bytesText(whole), text: `${bytesText(whole)}: all blocks, up to the key` },
      ];
      return sorted(
        value.startsWith('0') ? [...all, { value: block, text: `${block}: one block` }] : all,
      );
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate + 1) as RunLine;
      const moment = within(run, line, 'probe').at(-1) ?? endOf(line);
      const shown = await run.at(moment);
      const probe = told(shown, 'probe');
      const table = tableIn(shown, probe?.table ?? 0);
      const isRead = probe?.outcome !== 'filtered' && (probe?.compared ?? 0) > 0;
      const block = probe?.block ?? 0;
      const bytes = isRead && table ? blockBytes(table, block) : 0;
      return {
        value: bytesText(bytes),
        moment,
        key: `table:${probe?.table}`,
        because: isRead
          ? `The index, held in memory, says that only block ${block} can have it. In it ${plural(probe?.compared ?? 0, 'key')} were compared.`
          : 'The filter, held in memory, says that it is not there: no block is read.',
      };
    },
    otherwise: 'Flush and get a key to be asked.',
    own: ownGet('k000200'),
  },
  after: (
    <p>
      Select the table and look at its bytes on the right: blocks, filter, index, footer. LevelDB
      opens this file, for it is its format to the byte.
    </p>
  ),
};

// ── 6. Reading ──────────────────────────────────────────────────────────────────────────────────

const PLACES = [
  'batch put apple 1 / put fig 1 / put peach 1',
  'compact',
  'batch put apple 2 / put fig 2 / put kiwi 2 / put plum 2',
  'flush',
  'batch put banana 3 / put grape 3 / put quince 3',
  'flush',
  'put cherry 4',
];

const tableProbes = async (run: Run) => {
  const probes: { index: number; table: number; outcome: string }[] = [];
  for (const index of within(run, lastLine(run, 'get'), 'probe')) {
    const probe = told(await run.at(index), 'probe');
    if (probe?.table !== undefined)
      probes.push({ index, table: probe.table, outcome: probe.outcome });
  }
  return probes;
};

const reading: Beat = {
  id: 'read',
  title: 'Newest first',
  scenario: script('lab lsm', 'title "Newest first"', 'set bits-per-key 0', ...PLACES, 'get fig'),
  at: beforeLast('get'),
  prose: (
    <>
      <p>
        A row may stand in many places, and the newest counts. So a read goes from new to old: the
        memtable; then <Term>level 0</Term>, the tables as they were flushed, the newest first; then
        one table a level. Every table whose range covers the key has to be asked.
      </p>
      <p>
        The ranges are drawn over one key axis.{' '}
        <Claim
          holds={async (run) => {
            const tables = tablesOf(await end(run));
            return tables.filter(({ from, to }) => covers(from, to, 'fig')).length === 3;
          }}
        >
          Three tables cover fig
        </Claim>
        ,{' '}
        <Claim
          holds={async (run) =>
            tablesOf(await end(run)).filter(
              (table) => versionsOf(entriesOf(table), 'fig').length > 0,
            ).length === 2
          }
        >
          and two have it
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'The last operation looks a key up. Where does it find its answer?',
    gate: beforeLast('get'),
    async options(run, gate) {
      const moment = await run.at(gate);
      return [
        { value: 'the memtable', key: `memtable:${stateOf(moment).memtable}` },
        ...tablesOf(moment).map(({ number }) => ({
          value: `table ${number}`,
          key: `table:${number}`,
        })),
        { value: 'nowhere' },
      ];
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate + 1) as RunLine;
      const probes = within(run, line, 'probe');
      for (const moment of probes) {
        const shown = await run.at(moment);
        const probe = told(shown, 'probe');
        if (probe?.outcome !== 'found' && probe?.outcome !== 'deleted') continue;
        const { table } = probe;
        return {
          value: table === undefined ? 'the memtable' : `table ${table}`,
          moment,
          key: table === undefined ? `memtable:${stateOf(shown).memtable}` : `table:${table}`,
          because: `It was asked after ${plural(probes.indexOf(moment), 'place')}, and the first answer counts: what lies deeper is older.`,
        };
      }
      return {
        value: 'nowhere',
        moment: endOf(line),
        because: `${plural(probes.length, 'place')} could have had it, and none did.`,
      };
    },
    otherwise: 'Nothing is looked up in this run.',
    own: ownGet('plum'),
  },
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const probes = await tableProbes(run);
          const covering = tablesOf(await end(run)).filter(({ from, to }) =>
            covers(from, to, 'fig'),
          );
          return probes.length === 2 && covering.length === 3;
        }}
      >
        The oldest table was not even asked
      </Claim>
      . A key that is nowhere fares worst: no answer ends the search, so all three are read, in
      vain. Ask for <code>grapefruit</code>.
    </p>
  ),
};

const covers = (from: Uint8Array, to: Uint8Array, key: string): boolean => {
  const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
  return text(from) <= key && key <= text(to);
};

// ── 7. The filter ───────────────────────────────────────────────────────────────────────────────

/** How many bits a key sets in a table's first filter: k, its last byte. */
const filterBits = (table: TableNode | undefined): number =>
  table?.table?.filter?.filter(0)?.at(-1) ?? 0;

const filter: Beat = {
  id: 'filter',
  title: 'The filter that says no',
  scenario: script('lab lsm', 'title "The filter that says no"', ...PLACES, 'get grapefruit'),
  at: beforeLast('get'),
  prose: (
    <>
      <p>
        The same tables, with one thing changed: each has a <Term>Bloom filter</Term>, an array of
        bits that is held in memory. A key sets k of them, at places that its hash says. If a single
        one of a key’s bits is not set, the table cannot have the key <Cite of="bloom1970" />.
      </p>
      <p>
        “No” is certain. “Maybe” may be wrong: other keys can have set the same bits. Ten bits a key
        are usual;{' '}
        <Claim
          holds={async (run) => tablesOf(await end(run)).every((table) => filterBits(table) === 6)}
        >
          with ten, k is six
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'Three tables cover grapefruit, and none has it. How many blocks must be read?',
    gate: beforeLast('get'),
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      return sorted([value, ...[0, 1, 2, 3].map((blocks) => plural(blocks, 'block'))]);
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate + 1) as RunLine;
      const moment = endOf(line);
      const [before, after] = [await run.at(gate), await run.at(moment)].map(
        (one) => stateOf(one).counters,
      ) as [ReturnType<typeof stateOf>['counters'], ReturnType<typeof stateOf>['counters']];
      const no = after.filterNo - before.filterNo;
      const read = after.blocksRead - before.blocksRead;
      const wrong = after.falsePositives - before.falsePositives;
      return {
        value: plural(read, 'block'),
        moment,
        key: `table:${tablesOf(await run.at(moment)).at(-1)?.number}`,
        because: `${plural(no, 'filter')} said no${wrong > 0 ? `, and ${wrong} said maybe and ${wrong === 1 ? 'was' : 'were'} wrong` : ''}.`,
      };
    },
    otherwise: 'Nothing is looked up in this run.',
    own: ownGet('lemon'),
  },
  after: (
    <>
      <Blooms />
      <p>
        Each two bits more divide the mistakes by about 2.6. Ten make{' '}
        <Claim
          holds={async (run) => {
            const k = filterBits(tablesOf(await end(run))[0]);
            return Math.round(1e4 * (1 - Math.exp(-k / 10)) ** k) === 84;
          }}
        >
          0.84 % by the formula
        </Claim>
        ; each dot is a run that asked for keys nobody wrote. So a read of an absent key costs next
        to nothing, however many tables there are. A scan gains nothing: it has no single key to ask
        for.
      </p>
    </>
  ),
};

// ── 8. The merge ────────────────────────────────────────────────────────────────────────────────

const DEBT = [
  'batch put apple "Almaty" / put fig "Smyrna" / put lemon "Sorrento" / put peach "Georgia" / put zucchini "Romanesco"',
  'flush',
  'batch put apple "Fuji" / put fig "Adriatic" / put quince "Vranja"',
  'flush',
  'batch put cherry "Kordia" / put date "Medjool" / put fig "Mission" / put kiwi "Hayward"',
  'flush',
  'batch put banana "Cavendish" / delete lemon / put mango "Kesar" / put plum "Victoria"',
  'flush',
  'batch put date "Deglet Nour" / put fig "Kadota" / put grape "Concord"',
  'flush',
  'batch put kiwi "Zespri" / put olive "Kalamata"',
  'flush',
];

const lastPick = (run: Run): number | undefined => findLast(run, 'pick');

/** The tables of a pick, as they are at it. */
async function picked(run: Run, index: number): Promise<Entry[][]> {
  const moment = await run.at(index);
  const pick = told(moment, 'pick');
  return [...(pick?.inputs ?? []), ...(pick?.overlaps ?? [])].map((number) =>
    entriesOf(tableIn(moment, number)),
  );
}

/** The installation that ends a merge, and the entries that are left. */
async function mergedBy(run: Run, pick: number) {
  const moment = find(run, 'install', pick) as number;
  const after = await run.at(moment);
  const added = told(after, 'install')?.added ?? [];
  const tables = added.map(({ number }) => tableIn(after, number));
  return {
    moment,
    key: `table:${added[0]?.number}`,
    entries: tables.flatMap(entriesOf),
    bytes: tables.reduce((sum, table) => sum + (table?.size ?? 0), 0),
  };
}

const merge: Beat = {
  id: 'merge',
  title: 'Many become one',
  scenario: script('lab lsm', 'title "Many become one"', ...DEBT),
  at: startOf('flush'),
  prose: (
    <>
      <p>
        With every flush level 0 has one more table that a read may have to ask. At four it is
        enough, and a <Term>compaction</Term> begins: these tables, and{' '}
        <Claim
          holds={async (run) => {
            const pick = lastPick(run);
            const found = pick === undefined ? undefined : told(await run.at(pick), 'pick');
            return found?.inputs.length === 4 && found.overlaps.length === 1;
          }}
          at={lastPick}
        >
          the table of level 1 that they overlap
        </Claim>
        , are read side by side, always the smallest key next, and written out as one sorted row.
      </p>
      <p>
        Where the versions of a key meet,{' '}
        <Claim
          holds={async (run) => {
            const pick = lastPick(run);
            if (pick === undefined) return false;
            const before = versionsOf((await picked(run, pick)).flat(), 'fig');
            const after = versionsOf((await mergedBy(run, pick)).entries, 'fig');
            return before.length === 3 && after[0] === Math.max(...before) && after.length === 1;
          }}
        >
          only the newest goes over
        </Claim>
        . The others are <Term>shadowed</Term>: no reader can get them any more.
      </p>
    </>
  ),
  prediction: {
    question: 'Five tables are merged. How many entries will be left?',
    gate: lastPick,
    async options(run, gate) {
      const inputs = await picked(run, gate);
      const all = inputs.flat();
      const keys = new Set(all.map(({ key }) => key)).size;
      const { value } = await this.outcome(run, gate);
      const most = Math.max(...inputs.map(({ length }) => length));
      return sorted(
        [value, ...[all.length, keys, most].map((n) => plural(n, 'entry', 'entries'))].map((one) =>
          one === plural(all.length, 'entry', 'entries')
            ? { value: one, text: `${one}: all` }
            : one,
        ),
      );
    },
    async outcome(run, gate) {
      const all = (await picked(run, gate)).flat();
      const keys = new Set(all.map(({ key }) => key)).size;
      const { moment, key, entries } = await mergedBy(run, gate);
      return {
        value: plural(entries.length, 'entry', 'entries'),
        moment,
        key,
        because: `${plural(all.length, 'entry', 'entries')} of ${plural(keys, 'key')} met; ${all.length - entries.length} ${all.length - entries.length === 1 ? 'is' : 'are'} left out.`,
      };
    },
    otherwise: 'Nothing is due to be merged yet. Flush once more.',
  },
  after: (
    <p>
      Step back through it: the inputs stay in place until{' '}
      <Claim
        holds={async (run) => {
          const pick = lastPick(run);
          if (pick === undefined) return false;
          const { moment } = await mergedBy(run, pick);
          const [before, after] = [
            tablesOf(await run.at(moment - 1)),
            tablesOf(await run.at(moment)),
          ];
          return before.length === 6 && after.length === 2;
        }}
        at={(run) => findLast(run, 'install')}
      >
        one record in the manifest takes five tables out and puts one in
      </Claim>
      . A reader sees the old tables or the new one, never half of each. Nothing was changed, again:
      what is obsolete is deleted as whole files.
    </p>
  ),
};

// ── 9. The tombstone ────────────────────────────────────────────────────────────────────────────

const GRAVE = [
  'put fig "Smyrna"',
  'put kiwi "Hayward"',
  'compact',
  'batch delete fig / put lemon "Sorrento"',
  'flush',
  'batch put apple "Fuji" / put plum "Victoria" / put banana "Cavendish"',
  'flush',
  'compact ..banana',
  'get fig',
];

/** The merge that meets the tombstone of a key, in the last compaction by hand. */
const graveMerge = async (run: Run): Promise<number | undefined> => {
  for (const index of within(run, lastLine(run, 'compact'), 'merge')) {
    const event = told(await run.at(index), 'merge');
    if ([...(event?.kept ?? []), ...(event?.dropped ?? [])].some(({ isPut }) => !isPut))
      return index;
  }
  return undefined;
};

const STAYS = ['it goes: its work is done', 'it stays'];

const tombstone: Beat = {
  id: 'tombstone',
  title: 'The tombstone that may not go',
  scenario: script('lab lsm', 'title "The tombstone that may not go"', ...GRAVE),
  beside: {
    scenario: script(
      'lab lsm',
      'title "The tombstone that may not go"',
      'sabotage early-tombstone',
      ...GRAVE,
    ),
    names: ['as it should be', 'tombstones dropped at once'],
  },
  at: (run) => lastOf(run, 'compact', 'pick'),
  prose: (
    <>
      <p>
        What is written never changes, so a delete has to be written too: as a{' '}
        <Term>tombstone</Term>, an entry that says <em>gone</em>. It shadows what is older, like any
        newer version. Nothing was looked up to delete.
      </p>
      <p>
        Now two tables are merged into level 1, and the tombstone of <code>fig</code> is in one of
        them.{' '}
        <Claim
          holds={async (run) => {
            const pick = lastOf(run, 'compact', 'pick');
            if (pick === undefined) return false;
            const versions = versionsOf((await picked(run, pick)).flat(), 'fig');
            return versions.length === 1;
          }}
        >
          In neither of the two does it shadow anything
        </Claim>
        . It is one more entry to carry along, for a row that nobody can read.
      </p>
    </>
  ),
  prediction: {
    question: 'The merge comes to the tombstone of fig. What does the engine of A do with it?',
    gate: (run) => lastOf(run, 'compact', 'pick'),
    async options() {
      return STAYS.map((value) => ({ value }));
    },
    async outcome(run, gate): Promise<Outcome> {
      const moment = (await graveMerge(run)) ?? gate + 1;
      const { caption, event } = await run.at(moment);
      const merge = event as unknown as { kept?: readonly unknown[]; guarded?: { table: number } };
      return {
        value: STAYS[merge.kept?.length ? 1 : 0] as string,
        moment,
        ...(merge.guarded && { key: `table:${merge.guarded.table}` }),
        because: caption.detail,
      };
    },
    otherwise: 'No compaction meets a tombstone in this run.',
  },
  after: (
    <p>
      Go to the end (End). In A{' '}
      <Claim holds={(run) => run.kind(run.length - 1) === 'absent'}>fig is deleted</Claim>; in B,
      whose engine drops every tombstone it meets,{' '}
      <Claim
        beside
        holds={(run) =>
          run.kind(run.length - 1) === 'found' &&
          run.problems.some(({ text }) => text.includes('was deleted'))
        }
      >
        the deleted row is back, and a referee says so
      </Claim>
      . A tombstone may go only where nothing older can lie below. Until then deletes cost space: a
      queue kept in such a tree is mostly tombstones.
    </p>
  ),
};

// ── 10. Levels ──────────────────────────────────────────────────────────────────────────────────

/** The longest of the compactions that followed on another, with no flush between: from level 1 down. */
function longestDeep(run: Run): number | undefined {
  let best: number | undefined;
  let most = 0;
  let before: string | undefined;
  for (let at = find(run, STEPS); at !== undefined; at = find(run, STEPS, at + 1)) {
    const kind = run.kind(at);
    const moments = (find(run, 'install', at) ?? at) - at;
    if (kind === 'pick' && before === 'pick' && moments > most) [best, most] = [at, moments];
    before = kind;
  }
  return best;
}
const STEPS = ['freeze', 'pick'];

const levels: Beat = {
  id: 'levels',
  title: 'Levels',
  scenario: script('lab lsm', 'title "Levels"', 'bulk 400 random'),
  at: longestDeep,
  prose: (
    <>
      <p>
        Merged into one table, all data would be written again with each compaction. So there are{' '}
        <Term>levels</Term>: each may have so many times the bytes of the one above, four times
        here, ten in LevelDB. That is the ratio T.{' '}
        <Claim holds={async (run) => isParted(await end(run))}>
          From level 1 down no two tables of a level overlap
        </Claim>
        , so a read asks at most one table of each.
      </p>
      <p>
        A level that is too big hands one table down, and the next time the one after it. Where that
        table goes, others are already. It is merged with those that it overlaps, and with no
        others.
      </p>
    </>
  ),
  prediction: {
    question: 'One table goes down. How much is written for that?',
    gate: longestDeep,
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const moment = await run.at(gate);
      const pick = told(moment, 'pick');
      const size = (numbers: readonly number[] = []) =>
        numbers.reduce((sum, number) => sum + (tableIn(moment, number)?.size ?? 0), 0);
      const level =
        readingOf(moment).levels.find(({ level }) => level === pick?.target)?.bytes ?? 0;
      const own = size(pick?.inputs);
      return sorted([
        { value: bytesText(own), text: `${bytesText(own)}: its own` },
        { value, text: `${value}: it, and what it overlaps` },
        {
          value: bytesText(own + level),
          text: `${bytesText(own + level)}: it, and the level below`,
        },
      ]);
    },
    async outcome(run, gate) {
      const moment = await run.at(gate);
      const pick = told(moment, 'pick');
      const { moment: at, bytes, key } = await mergedBy(run, gate);
      const own = (pick?.inputs ?? []).reduce(
        (sum, number) => sum + (tableIn(moment, number)?.size ?? 0),
        0,
      );
      return {
        value: bytesText(bytes),
        moment: at,
        key,
        because: `${plural(pick?.overlaps.length ?? 0, 'table')} of level ${pick?.target} had to be written again, so each of its bytes cost ${(bytes / own).toFixed(1)}.`,
      };
    },
    otherwise: 'Nothing was merged into a deeper level yet. Write more: bulk 400 random.',
  },
  after: (
    <p>
      A table overlaps about T of the next level, when that is full, and half as many in the mean
      while it fills. So a row is written again about (T + 1) / 2 times on each level on its way
      down. That is <Term>write amplification</Term>:{' '}
      <Claim
        holds={async (run) => Math.abs(writeAmplification(await end(run)) - 3.74) < 0.05}
        at={(run) => run.length - 1}
      >
        3.74 bytes to tables for each that a flush wrote, at the end of this run
      </Claim>
      . Where a table overlaps nothing below, it moves down by a word in the manifest.
    </p>
  ),
};

// ── 11. Two ways to merge ───────────────────────────────────────────────────────────────────────

const FACTORS = [1, 2, 4, 8];
const factorText = (factor: number): string => (factor === 1 ? 'once' : `about ${factor} times`);

const tiers: Beat = {
  id: 'tiers',
  title: 'Two ways to merge',
  scenario: script('lab lsm', 'title "Two ways to merge"', 'bulk 540 random'),
  beside: {
    scenario: script(
      'lab lsm',
      'title "Two ways to merge"',
      'set strategy tiered',
      'bulk 540 random',
    ),
    names: ['leveled', 'tiered'],
  },
  at: (run) => run.lines[0]?.first,
  prose: (
    <>
      <p>
        <Term>Leveled</Term> compaction (A; LevelDB, RocksDB) keeps each level one sorted row, and
        pays for it with every table that comes down. <Term>Tiered</Term> compaction (B; Cassandra’s
        default) lets sorted runs lie side by side, and merges them only when T of one size are
        there: then they become one of the next size.
      </p>
      <p>Both get the same 540 rows in the same order, and T = 4.</p>
    </>
  ),
  prediction: {
    question: 'How often does A write a byte to tables, its flush included?',
    gate: (run) => (run.length > 200 ? run.lines[0]?.first : undefined),
    async options() {
      return FACTORS.map((factor) => ({ value: factorText(factor) }));
    },
    async outcome(run) {
      const moment = await end(run);
      const times = writeAmplification(moment);
      return {
        value: factorText(nearest(FACTORS, times, true)),
        moment: run.length - 1,
        because: `${bytesText(stateOf(moment).counters.flushedBytes)} were flushed and ${bytesText(stateOf(moment).counters.compactedBytes)} merged: ${times.toFixed(2)} times.`,
      };
    },
    otherwise: 'Write bulk 540 random to be asked.',
  },
  after: (
    <>
      <p>
        <Claim
          beside
          holds={async (run) => Math.abs(writeAmplification(await end(run)) - 2.34) < 0.05}
        >
          B wrote each byte 2.34 times
        </Claim>
        : once for each tier that it has passed.
      </p>
      <Writes />
      <p>
        Both grow with the logarithm of the data: a level or a tier more for every four times as
        much. But a level is written again and again as it fills, a tier once. The dashed lines are
        theory, which knows sizes alone and no key.
      </p>
    </>
  ),
};

// ── 12. What cheap writes cost ──────────────────────────────────────────────────────────────────

const UPDATES = ['set memtable-size 512', 'workload update 500', 'get k000050x'];

const price: Beat = {
  id: 'price',
  title: 'What cheap writes cost',
  scenario: script('lab lsm', 'title "What cheap writes cost"', 'set strategy tiered', ...UPDATES),
  beside: {
    scenario: script('lab lsm', 'title "What cheap writes cost"', ...UPDATES),
    names: ['tiered', 'leveled'],
  },
  at: beforeLast('get'),
  prose: (
    <>
      <p>
        Now 125 keys are overwritten, four times each in the mean. In A, runs lie over one another:
        each may have any key, and each has its own version of many. In B each level is one row.
      </p>
      <p>
        <Claim
          holds={async (run) => metric(await end(run), 'obsolete entries') > 1.2}
          at={(run) => lastLine(run, 'get')?.first}
        >
          In A more than half of all entries are obsolete
        </Claim>
        ,{' '}
        <Claim beside holds={async (run) => metric(await end(run), 'obsolete entries') < 0.55}>
          in B a third
        </Claim>
        . That is <Term>space amplification</Term>. For levels that are full it is at most one in T
        − 1, for tiers up to T − 1 for each row.
      </p>
    </>
  ),
  prediction: {
    question: 'A get asks A for a key that nobody wrote. How many tables must it consider?',
    gate: beforeLast('get'),
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const n = Number(/\d+/.exec(value)?.[0] ?? 0);
      return sorted([value, ...[1, 2, Math.max(3, n - 3), n + 3].map((k) => plural(k, 'table'))]);
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate + 1) as RunLine;
      const moment = endOf(line);
      const event = (await run.at(moment)).event as unknown as {
        probed: number;
        filtered?: number;
        blocks: number;
      };
      return {
        value: plural(event.probed, 'table'),
        moment,
        because: `Their ranges cover the key. Filters answered for ${event.filtered ?? 0} of them, and ${plural(event.blocks, 'block')} had to be read.`,
      };
    },
    otherwise: 'Nothing is looked up in this run.',
  },
  after: (
    <p>
      <Claim
        beside
        holds={async (run) => {
          const get = lastLine(run, 'get');
          const last = get && (await run.at(endOf(get)));
          return (last && told(last, 'absent')?.probed) === 2;
        }}
      >
        B considers two
      </Claim>
      . Filters save most of the difference for a get, and nothing of it for a scan, which must
      merge them all. So the three amplifications pull against each other: who makes two of them
      small pays with the third <Cite of="athanassoulis2016" />.
    </p>
  ),
};

// ── 13. Two more ────────────────────────────────────────────────────────────────────────────────

const SHARE = [0.5, 0.75, 0.95];
const shareText = (share: number): string =>
  share === 0.5 ? 'about half' : share === 0.75 ? 'about three quarters' : 'nine tenths and more';

const lastLevelShare = (moment: ShownMoment): number => {
  const levels = readingOf(moment).levels.map(({ bytes }) => bytes);
  const all = levels.reduce((sum, bytes) => sum + bytes, 0);
  return all === 0 ? 0 : (levels.at(-1) ?? 0) / all;
};

const shareOverTime = (run: Run) => overTime(run, lastLevelShare);

const mixed: Beat = {
  id: 'lazy-fifo',
  title: 'Two more: lazy, and no merging at all',
  scenario: script(
    'lab lsm',
    'title "Two more"',
    'set strategy lazy-leveled',
    'set memtable-size 512',
    'workload update 500',
  ),
  beside: {
    scenario: script(
      'lab lsm',
      'title "Two more"',
      'set strategy fifo',
      'set fifo-bytes 8192',
      'set memtable-size 512',
      'workload update 500',
    ),
    names: ['lazy-leveled', 'fifo, 8 KiB'],
  },
  at: (run) => run.lines[0]?.first,
  prose: (
    <>
      <p>
        <Term>Lazy leveling</Term> (A) has tiers above and one sorted row at the bottom{' '}
        <Cite of="dayan2018" />. The thought: most data lies at the bottom, so keep order there,
        where it saves most space, and be lazy above, where most writes are.
      </p>
      <p>
        <Term>FIFO</Term> (B) merges nothing. When there are more than 8 KiB, the oldest table goes,
        rows and all: for data that nobody wants after a while.
      </p>
    </>
  ),
  prediction: {
    question: 'What part of A’s bytes lies in its last level, over the second half of the run?',
    gate: (run) => (run.length > 200 ? run.lines[0]?.first : undefined),
    async options() {
      return SHARE.map((share) => ({ value: shareText(share) }));
    },
    async outcome(run) {
      const share = await shareOverTime(run);
      return {
        value: shareText(nearest(SHARE, share)),
        moment: run.length - 1,
        because: `${percent(share, 0)} in the mean: four runs of the tiers above are soon a fair part of it, and then go down.`,
      };
    },
    otherwise: 'Write workload update 500 to be asked.',
  },
  after: (
    <>
      <p>
        <Claim beside holds={async (run) => writeAmplification(await end(run)) === 1}>
          B writes every byte once
        </Claim>
        , and{' '}
        <Claim
          beside
          holds={async (run) => {
            const moment = await end(run);
            return (
              stateOf(moment).dropped > 0 &&
              rowsOf(moment).size < new Set(Array.from({ length: 125 }, (_, i) => i)).size
            );
          }}
        >
          has forgotten rows that nobody deleted
        </Claim>
        . Here are all four, with the same 1,200 overwrites of 300 keys:
      </p>
      <MergeCosts />
    </>
  ),
};

// ── 14. Snapshots ───────────────────────────────────────────────────────────────────────────────

const lastMergeOf = async (run: Run, key: string): Promise<number | undefined> => {
  for (const index of within(run, lastLine(run, 'compact'), 'merge').reverse()) {
    const merge = told(await run.at(index), 'merge');
    if (merge && String.fromCharCode(...merge.key) === key) return index;
  }
  return undefined;
};

const VERSIONS = ['the newest', 'the newest, and the one that the snapshot sees', 'all three'];

const snapshot: Beat = {
  id: 'snapshot',
  title: 'What a snapshot holds',
  scenario: script(
    'lab lsm',
    'title "What a snapshot holds"',
    'put fig "Smyrna"',
    'put kiwi "Hayward"',
    'flush',
    'snapshot before',
    'put fig "Mission"',
    'batch put fig "Kadota" / put lemon "Eureka"',
    'compact',
    'get fig @before',
  ),
  at: (run) => lastOf(run, 'compact', 'pick'),
  prose: (
    <>
      <p>
        A <Term>snapshot</Term> is a number: the last sequence when it was taken. A reader that
        holds it passes over all that is younger, and so sees the database as it was. Nothing is
        copied.
      </p>
      <p>
        The price is paid by compaction.{' '}
        <Claim
          holds={async (run) => {
            const pick = lastOf(run, 'compact', 'pick');
            const found = pick === undefined ? [] : (await picked(run, pick)).flat();
            return versionsOf(found, 'fig').length === 3;
          }}
        >
          Three versions of fig are about to meet
        </Claim>
        . One of them is the newest. One is what <code>before</code> sees. The one between them
        nobody can read.
      </p>
    </>
  ),
  prediction: {
    question: 'A merge meets three versions of fig, and a snapshot is held. Which of them stay?',
    gate: (run) => lastOf(run, 'compact', 'pick'),
    async options() {
      return VERSIONS.map((value) => ({ value }));
    },
    async outcome(run, gate) {
      const moment = (await lastMergeOf(run, 'fig')) ?? gate + 1;
      const shown = await run.at(moment);
      const { kept = [], dropped = [], snapshot } = told(shown, 'merge') ?? {};
      return {
        value: VERSIONS[Math.min(kept.length, 3) - 1] ?? (VERSIONS[0] as string),
        moment,
        key: `table:${stateOf(shown).job?.outputs.at(-1)}`,
        because:
          kept.length === 3
            ? `The rule looks at the oldest snapshot alone, sequence ${snapshot}: whatever has nothing newer up to it must stay.`
            : `${plural(kept.length, 'version')} of ${kept.length + dropped.length} stay.`,
      };
    },
    otherwise: 'Nothing is compacted while a snapshot is held in this run.',
  },
  after: (
    <p>
      That is LevelDB’s rule: a single comparison, and it errs on the safe side. RocksDB looks at
      all snapshots and drops the one between.{' '}
      <Claim
        holds={async (run) => lastLine(run, 'get')?.result === 'Smyrna'}
        at={(run) => run.length - 1}
      >
        The snapshot still reads the first value
      </Claim>
      . A snapshot that is forgotten costs space for ever; write <code>release before</code> and{' '}
      <code>compact</code>, and see what goes.
    </p>
  ),
};

// ── 15. Stalls ──────────────────────────────────────────────────────────────────────────────────

const firstStall = (run: Run): number | undefined => find(run, 'stall');

const FATE = ['it is written at once', 'it waits', 'it is refused'];

const stall: Beat = {
  id: 'stall',
  title: 'When writers outrun compaction',
  scenario: script(
    'lab lsm',
    'title "When writers outrun compaction"',
    'set memtable-size 300',
    'set level0-trigger 2',
    'set level0-slowdown 3',
    'set level0-stop 4',
    'batch put a "an old table below" / put z "its other end"',
    'flush',
    'batch put a "one above it" / put z "its other end"',
    'flush',
    'pause compaction',
    'bulk 28 random',
    'put kiwi "waits"',
    'resume compaction',
  ),
  at: startOf('pause'),
  prose: (
    <>
      <p>
        A put costs a record in the log. The merging that it makes necessary comes later, and costs
        many times more. Who writes faster than that debt is paid piles tables up in level 0, and
        every read has to ask them. Here compaction is held, so that you see it happen.
      </p>
      <p>
        So there are two brakes.{' '}
        <Claim
          holds={async (run) => {
            const index = find(run, 'slowdown');
            return index !== undefined && told(await run.at(index), 'slowdown')?.tables === 3;
          }}
          at={(run) => find(run, 'slowdown')}
        >
          From three tables on (LevelDB: eight) each write is held up for a millisecond
        </Claim>
        . The other one comes at four (LevelDB: twelve).
      </p>
    </>
  ),
  prediction: {
    question: 'Level 0 has four tables, and the memtable is full. What becomes of the next write?',
    gate(run) {
      const stall = firstStall(run);
      return stall === undefined ? undefined : stall - 1;
    },
    async options() {
      return FATE.map((value) => ({ value }));
    },
    async outcome(run, gate) {
      const moment = gate + 1;
      const shown = await run.at(moment);
      const waits = stateOf(shown).waiting.length > 0;
      return {
        value: FATE[waits ? 1 : 0] as string,
        moment,
        key: `table:${tablesOf(shown)[0]?.number}`,
        because: shown.caption.detail,
      };
    },
    otherwise: 'No writer has to wait in this run.',
  },
  after: (
    <p>
      <Claim
        holds={(run) => {
          const line = lastLine(run, 'resume');
          const [merge] = within(run, line, 'install');
          const [goes] = within(run, line, 'proceed');
          return merge !== undefined && goes !== undefined && merge < goes;
        }}
        at={(run) => firstOf(run, 'resume', 'proceed')}
      >
        They go on as soon as a compaction has made room
      </Claim>
      . Seen from outside that is a database which is fast for minutes and then hangs for seconds: a{' '}
      <Term>write stall</Term>. It is no fault but arithmetic. Write amplification × what is put
      must fit into what the disk can write.
    </p>
  ),
};

// ── 16. Recovery ────────────────────────────────────────────────────────────────────────────────

const FROM = [
  'from the table, which is whole',
  'from the log, once more',
  'from nowhere: it is lost',
];

const recovery: Beat = {
  id: 'recovery',
  title: 'The power fails between two files',
  scenario: script(
    'lab lsm',
    'title "The power fails between two files"',
    'put apple "Fuji"',
    'put fig "Smyrna"',
    'put kiwi "Hayward"',
    'commit',
    'crash during flush at moment 2',
    'get fig',
  ),
  at: startOf('crash'),
  prose: (
    <>
      <p>
        Which files are the database? The <Term>manifest</Term> says it: a log of changes to the
        list of live tables. <code>CURRENT</code> names the manifest, and that is where an opening
        begins <Cite of="leveldb" />.
      </p>
      <p>
        Three rows are committed, and a flush is under way.{' '}
        <Claim
          holds={async (run) => {
            const index = firstOf(run, 'crash', 'table');
            if (index === undefined) return false;
            const { number } = readingOf(await run.at(index)).outputs[0] ?? {};
            const before = await run.at(index);
            return number !== undefined && stateOf(before).version.flat().length === 0;
          }}
          at={(run) => firstOf(run, 'crash', 'table')}
        >
          The table lies on the disk, complete, and no manifest knows it
        </Claim>
        . At that very moment the power fails.
      </p>
    </>
  ),
  prediction: {
    question: 'The database is opened again. Where does it have fig from?',
    gate: (run) => firstOf(run, 'crash', 'crash'),
    async options() {
      return FROM.map((value) => ({ value }));
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate) as RunLine;
      const [replay] = within(run, line, 'replay');
      const moment = replay ?? endOf(line);
      const shown = await run.at(moment);
      const entries = told(shown, 'replay')?.entries ?? 0;
      const isThere = rowsOf(await run.at(endOf(line))).has('fig');
      return {
        value: FROM[!isThere ? 2 : entries > 0 ? 1 : 0] as string,
        moment,
        key: readingOf(shown).logs[0]?.records.at(-1)?.key ?? '',
        because: isThere
          ? `${plural(entries, 'entry', 'entries')} were replayed. A table that the manifest does not name is only a file.`
          : 'No file that counts has it.',
      };
    },
    otherwise: 'The power is not cut during a flush in this run.',
  },
  after: (
    <p>
      The half-known table is written over, and the log goes when{' '}
      <Claim
        holds={async (run) => {
          const line = lastLine(run, 'crash');
          const both = await across(run, line);
          return (
            both !== undefined &&
            tablesOf(both[1]).length === 1 &&
            readingOf(both[1]).logs.length === 1 &&
            lastLine(run, 'get')?.result === 'Smyrna'
          );
        }}
        at={(run) => lastOf(run, 'crash', 'install')}
      >
        a new manifest names its table
      </Claim>
      . Every change of the version is one record with a checksum, so it has happened or it has not.
      Try other moments: <code>crash during compact at moment 3</code>.
    </p>
  ),
};

// ── Challenges ──────────────────────────────────────────────────────────────────────────────────

const settingsOf = (run: Run): Record<string, unknown> =>
  (JSON.parse(run.setup) as [number, Record<string, unknown>])[1];

/** What each line costs: a bulk or a workload counts for as many as it does. */
const operations = (run: Run): number =>
  run.lines.reduce(
    (sum, { text }) =>
      sum + Number(/^(?:bulk|workload update|workload \w+) (\d+)/.exec(text)?.[1] ?? 1),
    0,
  );

/** The settings that decide when tables are merged, at their defaults. */
const AS_THEY_WERE: Readonly<Record<string, unknown>> = {
  strategy: 'leveled',
  'memtable-size': 1024,
  'level0-trigger': 4,
  'level0-stop': 12,
};

const LOOKS = 8;
/** A batch and a flush for each, one line that lets it happen, and the get. */
export const PAR = 2 * LOOKS + 2;

const TABLES = Array.from({ length: LOOKS }, () => [
  'batch put apple 1 / put quince 1',
  'flush',
]).flat();

const challengeReads: Beat = {
  id: 'challenge-reads',
  title: 'The worst get',
  scenario: script('lab lsm', 'title "The worst get"', 'batch put apple 1 / put quince 1', 'flush'),
  prose: (
    <p>
      To know what keeps reads cheap, make one dear. A table is considered when its range covers the
      key, whether its filter lets it pass or not.
    </p>
  ),
  challenge: {
    title: `A get that has to consider ${LOOKS} tables, with at most ${PAR} operations`,
    rules: [
      'Settings stay as they are; bulk and workload count for as many operations as they do.',
      'Fewer are better: the count stands below.',
    ],
    async judge(run) {
      const settings = settingsOf(run);
      if (Object.entries(AS_THEY_WERE).some(([name, value]) => settings[name] !== value))
        return { done: false, says: 'The settings were changed: set them as they were.' };
      let most = 0;
      for (const line of run.lines.filter(({ text }) => text.startsWith('get ')).slice(-20)) {
        const { event } = await run.at(endOf(line));
        most = Math.max(most, (event as unknown as { probed?: number }).probed ?? 0);
      }
      const count = operations(run);
      const so = `The worst get considers ${plural(most, 'table')}, with ${plural(count, 'operation')}`;
      if (most < LOOKS) return { done: false, says: `${so}.` };
      if (count > PAR) return { done: false, says: `${so}: ${count - PAR} too many. Begin anew.` };
      return { done: true, says: `${so}${count < PAR ? `: ${PAR - count} under par` : ''}.` };
    },
    hint: 'At the fourth table level 0 is merged: who could be asked to hold that? And a range needs two keys, not many.',
    solution: script('lab lsm', 'pause compaction', ...TABLES, 'get fig'),
    failures: [
      script('lab lsm', ...TABLES, 'get fig'),
      script('lab lsm', 'pause compaction', 'bulk 200 random', 'get k001000'),
      script('lab lsm', 'set level0-trigger 12', ...TABLES, 'get fig'),
      // The first hit ends it.
      script('lab lsm', 'pause compaction', ...TABLES, 'get apple'),
    ],
  },
};

const MOST_WRITTEN = 3.1;
const MOST_RUNS = 4;
const WORKLOAD = 'workload update 600';

const challengeChoice: Beat = {
  id: 'challenge-choice',
  title: 'Choose for a workload',
  scenario: script('lab lsm', 'title "Choose for a workload"', 'set memtable-size 512', WORKLOAD),
  at: (run) => run.length - 1,
  prose: (
    <>
      <p>
        A service overwrites 150 keys all day, and scans some of them now and then. Its disk can
        write {MOST_WRITTEN} times what is flushed, no more. And a scan should not have to merge
        more than four sorted runs in the mean.
      </p>
      <p>
        With the defaults{' '}
        <Claim holds={async (run) => writeAmplification(await end(run)) > MOST_WRITTEN}>
          leveled compaction writes too much
        </Claim>
        . Tiered writes less, but look at its runs. Which strategy meets both, and with which
        settings? They stand under <em>Operations</em>.
      </p>
    </>
  ),
  challenge: {
    title: `Write amplification up to ${MOST_WRITTEN}, and up to ${MOST_RUNS} sorted runs`,
    rules: [
      `The run is ${WORKLOAD}, with a memtable of 512 bytes; every other setting is yours.`,
      'Sorted runs: tables of level 0 and levels below, in the mean over the second half of the run.',
    ],
    async judge(run) {
      const settings = settingsOf(run);
      if (settings['memtable-size'] !== 512)
        return { done: false, says: 'The memtable has to have 512 bytes.' };
      const [first, ...rest] = run.lines;
      if (first?.text !== WORKLOAD || rest.some(({ text }) => !/^(get|scan|check)\b/.test(text)))
        return { done: false, says: `The run has to be ${WORKLOAD}, and reads.` };
      const last = await run.at(endOf(first));
      if (stateOf(last).dropped > 0)
        return { done: false, says: 'Rows were dropped that nobody deleted.' };
      const written = writeAmplification(last);
      const { flushedBytes, compactedBytes } = stateOf(last).counters;
      const runs = await overTime({ length: first.first + first.moments, at: run.at }, (moment) =>
        metric(moment, 'sorted runs'),
      );
      return {
        done: written <= MOST_WRITTEN && runs <= MOST_RUNS,
        says: `${settings.strategy}, T = ${settings['level-ratio']}: ${flushedBytes.toLocaleString('en')} bytes were flushed and ${bytesText(compactedBytes)} merged, ${written.toFixed(2)} times in all; ${runs.toFixed(2)} sorted runs.`,
      };
    },
    hint: 'T is a dial between the two: larger levels or more runs. Two strategies have a value of it that does.',
    solution: script(
      'lab lsm',
      'set memtable-size 512',
      'set strategy lazy-leveled',
      'set level-ratio 3',
      WORKLOAD,
    ),
    failures: [
      script('lab lsm', 'set memtable-size 512', 'set strategy tiered', WORKLOAD),
      script('lab lsm', 'set memtable-size 512', 'set strategy fifo', WORKLOAD),
      script(
        'lab lsm',
        'set memtable-size 512',
        'set strategy fifo',
        'set fifo-bytes 1024',
        WORKLOAD,
      ),
      script('lab lsm', 'set memtable-size 4096', WORKLOAD),
      script(
        'lab lsm',
        'set memtable-size 512',
        'set strategy lazy-leveled',
        'set level-ratio 6',
        'put a 1',
      ),
    ],
  },
};

export const lesson: Lesson = {
  name: 'lsm',
  lab: 'lsm',
  number: 7,
  title: 'LSM trees, and what each way costs',
  beats: [
    why,
    log,
    skip,
    flush,
    inside,
    reading,
    filter,
    merge,
    tombstone,
    levels,
    tiers,
    price,
    mixed,
    snapshot,
    stall,
    recovery,
    challengeReads,
    challengeChoice,
  ],
};
