// Lesson 5: B-Trees, from "what is a page" to a real file taken apart. Every number in its prose is
// either a function of the run, or a claim with its assertion beside it.

import { RunPlot } from './Later.tsx';
import type { Beat, Lesson, Outcome, Own, Run, ShownMoment } from './lesson.ts';
import { Cite, Claim, Term } from './parts.tsx';
import type { Plot, Series } from './plots/RunPlot.tsx';
import { end, endOf, find, findLast, lastLine, lineAt, metric, type RunLine } from './run.ts';
import {
  bytesText,
  nearest,
  ownInput,
  percent,
  plural,
  script,
  sorted,
  startOf,
} from './telling.ts';
import {
  fillOf,
  holders,
  innersOf,
  keysOf,
  keysText,
  leavesOf,
  meanFill,
  pageIn,
  pagesOf,
  readingOf,
  rootOf,
  told,
} from './tree.ts';

/** Trenches and seas: the rows that most beats begin with, in two levels. */
const TRENCHES = [
  'put 11 "Izu"',
  'put 34 "Tonga"',
  'put 40 "Java"',
  'put 46 "Peru"',
  'put 52 "Kermadec"',
  'put 17 "Bonin"',
  'put 21 "Yap"',
  'put 25 "Mariana"',
  'put 3 "Cayman"',
  'put 8 "Kuril"',
  'put 31 "Palau"',
  'commit',
];

/** Reads a key that the reader typed. */
const ownKey = (word: string, label: string, example: string, line: (key: string) => string): Own =>
  ownInput(word, label, example, (input) =>
    /^-?\d{1,15}$/.test(input) ? line(input) : '!A key is a whole number, as in 29.',
  );

// ── 1. Why pages ────────────────────────────────────────────────────────────────────────────────

const ROW = 'put 21 "Yap"';

const commitGate = (run: Run): number | undefined => {
  const commit = lastLine(run, 'commit');
  return commit && commit.moments > 1 ? commit.first - 1 : undefined;
};

const whyPages: Beat = {
  id: 'pages',
  title: 'Why pages',
  scenario: script(
    'lab btree',
    'title "Why pages"',
    'bulk 36 ascending',
    'commit',
    `${ROW.replace('21', '200')}`,
    'commit',
  ),
  at: (run) => lastLine(run, 'put')?.first,
  prose: (
    <>
      <p>
        A disk does not hand out single bytes. It reads and writes <Term>blocks</Term>, and to fetch
        one costs almost the same as to fetch all of it. So a database cuts its file into{' '}
        <Term>pages</Term> of one size. A page is the least that is read, kept in memory and
        written.
      </p>
      <p>
        <Claim holds={async (run) => pageSizeOf(await end(run)) === 512}>
          Pages here have 512 bytes
        </Claim>
        , the least that SQLite allows, so that they fill soon. SQLite itself takes 4,096 unless
        told otherwise.
      </p>
      <p>
        Below the wavy line lies the disk: the database file, and the log to which a commit is
        written first. Above it is memory, which dies with the process.{' '}
        <Claim
          holds={async (run) => {
            const put = lastLine(run, 'put');
            return !!put && metric(await run.at(endOf(put)), 'dirty pages') > 0;
          }}
          at={(run) => {
            const put = lastLine(run, 'put');
            return put && endOf(put);
          }}
        >
          A changed page is drawn dashed
        </Claim>
        : it is <Term>dirty</Term>, and a power cut would take the change away.
      </p>
    </>
  ),
  prediction: {
    question: 'One small row was put. You commit. How much goes to the disk?',
    gate: commitGate,
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const before = await run.at(gate);
      const insert = findLast(run, ['insert', 'update'], gate);
      const row = insert === undefined ? 9 : told(await run.at(insert)).bytes;
      const all = pageSizeOf(before) * metric(before, 'pages');
      const changed = metric(before, 'dirty pages');
      return sorted([
        { value: bytesText(row), text: `${bytesText(row)}: the row` },
        { value, text: `${value}: ${changed === 1 ? 'its page' : `${changed} pages`}` },
        { value: bytesText(all), text: `${bytesText(all)}: the file` },
      ]);
    },
    async outcome(run, gate): Promise<Outcome> {
      const commit = lineAt(run, gate + 1) as RunLine;
      const moment = endOf(commit);
      const [before, after] = [await run.at(gate), await run.at(moment)];
      const written = metric(after, 'bytes written') - metric(before, 'bytes written');
      const changed = metric(before, 'dirty pages');
      const more = written - changed * pageSizeOf(before);
      return {
        value: bytesText(written),
        moment,
        because: `${plural(changed, 'page')} had changed. Each is written whole, however little of it is new${more > 0 ? `, with ${more} bytes that say which page it is` : ''}.`,
      };
    },
    otherwise: 'Nothing is committed in this run. Write commit to be asked about it.',
  },
  after: (
    <p>
      That is the price of pages, and it is called <Term>write amplification</Term>. What it buys:
      to find any row, only a few pages need to be read. The rest of this lesson is about how few.
    </p>
  ),
};

const pageSizeOf = (moment: ShownMoment): number => readingOf(moment).pageSize;

// ── 2. Inside a page ────────────────────────────────────────────────────────────────────────────

const isSorted = (numbers: readonly number[]): boolean =>
  numbers.every((number, i) => i === 0 || number >= (numbers[i - 1] as number));

const lastSeek = (run: Run): number | undefined => findLast(run, 'seek');

const inside: Beat = {
  id: 'inside',
  title: 'Inside a page',
  scenario: script(
    'lab btree',
    'title "Inside a page"',
    'put 34 "Tonga"',
    'put 11 "Izu"',
    'put 46 "Peru"',
    'put 3 "Cayman"',
    'put 25 "Mariana"',
    'put 40 "Java"',
    'put 17 "Bonin"',
    'get 34',
  ),
  at: (run) => {
    const get = lastLine(run, 'get');
    return get && get.first - 1;
  },
  prose: (
    <>
      <p>
        A page begins with a small header. Then come <Term>cell pointers</Term>, two bytes each: the
        places of the rows in this page.{' '}
        <Claim
          holds={async (run) => {
            const keys = keysOf(rootOf(await end(run))).map(Number);
            return keys.length > 2 && isSorted(keys);
          }}
        >
          The pointers stand in the order of the keys
        </Claim>
        .
      </p>
      <p>
        The rows themselves are <Term>cells</Term>.{' '}
        <Claim
          holds={async (run) => {
            const { lens } = rootOf(await end(run));
            const places = Array.from(
              { length: lens?.cellCount ?? 0 },
              (_, i) => -(lens?.pointer(i) ?? 0),
            );
            return places.length > 2 && !isSorted(places);
          }}
        >
          They stand in the order in which they came
        </Claim>
        , packed from the far end of the page. Between pointers and cells lies the gap, hatched in
        the bar under the page. A row is put in without moving any other: only pointers shift. This
        is a <Term>slotted page</Term>.
      </p>
      <p>
        Since the pointers are sorted, a search can halve: look at the middle key, and throw half of
        them away. That is a <Term>binary search</Term>.
      </p>
    </>
  ),
  prediction: {
    question: 'The page is searched for the key of the last operation. How many keys are compared?',
    gate(run) {
      const seek = lastSeek(run);
      return seek === undefined ? undefined : seek - 1;
    },
    async options(run, gate) {
      const { compared } = told(await run.at(gate + 1));
      const count = rootOf(await run.at(gate + 1)).cells.length;
      return sorted([1, compared, compared + 2, count].map((n) => plural(n, 'key')));
    },
    async outcome(run, gate) {
      const moment = gate + 1;
      const { compared, page } = told(await run.at(moment));
      const count = keysOf(pageIn(await run.at(moment), page)).length;
      return {
        value: plural(compared, 'key'),
        moment,
        key: `page:${page}`,
        because: `There are ${plural(count, 'key')}, and each comparison throws away half of what is left.`,
      };
    },
    otherwise: 'Nothing is looked for in this run.',
    own: ownKey('get', 'Another key', '17', (key) => `get ${key}`),
  },
  after: (
    <p>
      Select the page and look at its bytes on the right: header, pointers, gap, cells. They are the
      bytes of the file; the picture is drawn from them.
    </p>
  ),
};

// ── 3. Down the tree ────────────────────────────────────────────────────────────────────────────

const lastGetDescends = (run: Run): number | undefined => {
  const get = lastLine(run, 'get');
  const index = get && find(run, 'descend', get.first);
  return get && index !== undefined && index <= endOf(get) ? index : undefined;
};

const depths = (moment: ShownMoment): Set<number> =>
  new Set(leavesOf(moment).map(({ depth }) => depth));

const down: Beat = {
  id: 'down',
  title: 'Down the tree',
  scenario: script(
    'lab btree',
    'title "Down the tree"',
    'set max-cells 4',
    ...TRENCHES,
    'put 29 "Puerto Rico"',
    'commit',
    'get 31',
  ),
  at: (run) => {
    const get = lastLine(run, 'get');
    return get && get.first - 1;
  },
  prose: (
    <>
      <p>
        One page is soon full. So pages are stacked: above the <Term>leaves</Term>, which hold the
        rows, stands an <Term>inner page</Term> that only leads to them. Its violet keys are{' '}
        <Term>separators</Term>. Between two separators is the way to the page whose keys lie
        between them. The page on top is the <Term>root</Term>.
      </p>
      <p>
        <Claim holds={async (run) => depths(await end(run)).size === 1}>
          Every leaf lies equally deep
        </Claim>
        . That is what makes it a <Term>B-Tree</Term> rather than just any tree: no row is far away,
        whatever the order in which they came <Cite of="bayer1972" />.
      </p>
      <p>
        (Here a page holds at most four cells, by the setting <code>max-cells</code>, so that you
        see a tree early.)
      </p>
    </>
  ),
  prediction: {
    question: 'The last operation looks a key up. To which page does the root send it?',
    gate(run) {
      const descend = lastGetDescends(run);
      return descend === undefined ? undefined : descend - 1;
    },
    async options(run, gate) {
      const { children } = rootOf(await run.at(gate));
      return sorted(
        children.slice(0, 9).map(({ page }) => ({ value: `page ${page}`, key: `page:${page}` })),
      );
    },
    async outcome(run, gate) {
      const moment = await run.at(gate + 1);
      const { child } = told(moment);
      return {
        value: `page ${child}`,
        moment: gate + 1,
        key: `page:${child}`,
        because: moment.caption.detail,
      };
    },
    otherwise: 'In this run the last lookup meets a tree of a single page: it is sent nowhere.',
    own: ownKey('get', 'Another key', '8', (key) => `get ${key}`),
  },
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const get = lastLine(run, 'get');
          if (!get) return false;
          const [before, after] = [await run.at(get.first - 1), await run.at(endOf(get))];
          const looked = run.lines.length > 0 ? descents(run, get) + 1 : 0;
          return looked === metric(after, 'height') && metric(before, 'height') === looked;
        }}
      >
        The search looks at one page of each level, and at no other
      </Claim>
      . With pages of 4,096 bytes an inner page has room for hundreds of separators: three levels
      lead to millions of rows. That is why nearly every database has such trees{' '}
      <Cite of="comer1979" />.
    </p>
  ),
};

const descents = (run: Run, line: RunLine): number => {
  let count = 0;
  for (let i = line.first; i <= endOf(line); i++) if (run.kind(i) === 'descend') count++;
  return count;
};

// ── 4. Room for one more ────────────────────────────────────────────────────────────────────────

const room: Beat = {
  id: 'room',
  title: 'Room for one more',
  scenario: script(
    'lab btree',
    'title "Room for one more"',
    'set max-cells 4',
    ...TRENCHES,
    'put 29 "Puerto Rico"',
    'commit',
    'put 22 "Palau South"',
  ),
  at: startOf('put'),
  prose: (
    <>
      <p>
        To put a row in, the tree is searched for its key as before. The search ends in the leaf
        where the key would be, and at its place among the pointers.
      </p>
      <p>
        If the leaf has room, that is all:{' '}
        <Claim
          holds={async (run) => {
            const index = find(run, 'insert', lastLine(run, 'put')?.first);
            if (index === undefined) return false;
            const [before, after] = [await run.at(index - 1), await run.at(index)];
            const { page } = told(after);
            const [was, is] = [pageIn(before, page)?.lens, pageIn(after, page)?.lens];
            return (
              is?.cellCount === (was?.cellCount ?? 0) + 1 && is.usedBytes > (was?.usedBytes ?? 0)
            );
          }}
          at={(run) => find(run, 'insert', lastLine(run, 'put')?.first)}
        >
          the cell goes into the gap and a pointer into its place
        </Claim>
        .{' '}
        <Claim
          holds={async (run) => {
            const put = lastLine(run, 'put');
            if (!put) return false;
            const [before, after] = [await run.at(put.first - 1), await run.at(endOf(put))];
            return metric(after, 'dirty pages') - metric(before, 'dirty pages') === 1;
          }}
        >
          One page is dirty
        </Claim>
        , no other has to know.
      </p>
    </>
  ),
  task: {
    ask: 'Put one more row that finds room: any key, as long as no page has to split.',
    async judge(run) {
      const put = run.lines.length > 15 ? lastLine(run, 'put') : undefined;
      if (!put) return { done: false, says: 'Nothing of yours is there yet.' };
      const split = find(run, 'overflow', put.first);
      const insert = find(run, 'insert', put.first);
      if (split !== undefined && split <= endOf(put))
        return { done: false, says: 'That leaf was full already. Try a key of another leaf.' };
      if (insert === undefined)
        return { done: false, says: 'That key was there already: its row was replaced.' };
      const moment = await run.at(insert);
      return {
        done: true,
        says: `Row ${told(moment).key} found room in page ${told(moment).page}.`,
      };
    },
    help: ['put 45 "Chile"'],
  },
};

// ── 5. When a page is full ──────────────────────────────────────────────────────────────────────

/** The last split of a leaf that has a parent already: its overflow, and the separator that ends it. */
function leafSplit(run: Run): { overflow: number; separator: number } | undefined {
  const put = lastLine(run, 'put');
  const overflow = put && find(run, 'overflow', put.first);
  if (!put || overflow === undefined || overflow > endOf(put)) return undefined;
  if (run.kind(overflow + 1) === 'deepen') return undefined;
  const separator = find(run, 'separator', overflow);
  return separator === undefined || separator > endOf(put) ? undefined : { overflow, separator };
}

const splitLeaf: Beat = {
  id: 'split-leaf',
  title: 'When a page is full',
  scenario: script(
    'lab btree',
    'title "When a page is full"',
    'set max-cells 4',
    ...TRENCHES,
    'put 29 "Puerto Rico"',
    'commit',
  ),
  at: startOf('put'),
  prose: (
    <>
      <p>
        Sooner or later a leaf has no room. The row waits outside. The tree cannot grow downward,
        for then some rows would lie deeper than others. So it grows sideways: the page{' '}
        <Term>splits</Term>. A new page opens to its right, and takes the upper half of the cells.
      </p>
      <p>
        The parent must learn of the new page. It is given one more separator. Watch the violet key:{' '}
        <Claim
          holds={async (run) => {
            const split = leafSplit(run);
            if (!split) return false;
            const moment = await run.at(split.separator);
            const { key, copied } = told(moment);
            return (
              copied === true &&
              holders(leavesOf(moment), key).length === 1 &&
              holders(innersOf(moment), key).length === 1
            );
          }}
          at={(run) => leafSplit(run)?.separator}
        >
          it is a copy, and the row itself stays in the leaf
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'The leaf is full. Which keys will its parent hold when the split is done?',
    gate: (run) => leafSplit(run)?.overflow,
    async options(run, gate) {
      const split = leafSplit(run) as { overflow: number; separator: number };
      const [before, after] = [await run.at(gate), await run.at(split.separator)];
      const { parent } = told(after);
      const had = keysOf(pageIn(before, parent));
      const { key, page } = told(before);
      const has = keysOf(pageIn(after, parent));
      const together = [...keysOf(pageIn(before, page)), key];
      const withKey = (more: string) =>
        [...new Set([...had, more])].sort((a, b) => Number(a) - Number(b)).join(' · ');
      const others = together.filter((other) => !has.includes(other));
      return sorted([
        has.join(' · '),
        had.join(' · '),
        withKey(key),
        withKey(others.find((other) => other !== key) ?? key),
      ]);
    },
    async outcome(run) {
      const { separator } = leafSplit(run) as { separator: number };
      const moment = await run.at(separator);
      const { parent, key } = told(moment);
      return {
        value: keysOf(pageIn(moment, parent)).join(' · '),
        moment: separator,
        key: `page:${parent}`,
        because: `${key} is the greatest key that stays in the left half, so it parts the two.`,
      };
    },
    otherwise: 'With that key no leaf under a parent is full. Try one between 18 and 34.',
    own: ownKey('put', 'Put another key', '23', (key) => `put ${key} "yours"`),
  },
  after: (
    <p>
      Both halves have room again: a split pays for several puts to come. And{' '}
      <Claim
        holds={async (run) => {
          const split = leafSplit(run);
          if (!split) return false;
          const pages = (index: number) => run.at(index).then((m) => metric(m, 'dirty pages'));
          return (await pages(split.separator)) - (await pages(split.overflow - 2)) >= 3;
        }}
      >
        three pages are dirty where one was before
      </Claim>
      : a split is dear when it happens, and rare.
    </p>
  ),
};

// ── 6. When the parent is full too ──────────────────────────────────────────────────────────────

/** The last split of an inner page: where it overflows, and where its middle key has gone up. */
function innerSplit(run: Run): { overflow: number; separator: number } | undefined {
  for (
    let at = findLast(run, 'overflow');
    at !== undefined;
    at = findLast(run, 'overflow', at - 1)
  ) {
    const line = lineAt(run, at);
    // The second overflow of one operation is a parent's.
    const first = line && find(run, 'overflow', line.first);
    if (!line || first === at) continue;
    const separator = findLast(run, 'separator', endOf(line));
    if (separator !== undefined && separator > at) return { overflow: at, separator };
  }
  return undefined;
}

const TIMES = ['not at all', 'once', 'twice'];

const splitInner: Beat = {
  id: 'split-inner',
  title: 'When the parent is full too',
  scenario: script(
    'lab btree',
    'title "When the parent is full too"',
    'set max-cells 3',
    'put 1 "Azov"',
    'put 2 "Marmara"',
    'put 3 "Baltic"',
    'put 4 "Bohai"',
    'put 5 "Kara"',
    'put 6 "Laptev"',
    'put 7 "Barents"',
    'put 8 "Coral"',
    'put 9 "Timor"',
    'put 10 "Banda"',
  ),
  at: startOf('put'),
  prose: (
    <>
      <p>
        The separator needs room in the parent. If the parent is full, the parent splits too, in the
        same manner, and hands a separator to the page above it. A split can climb all the way to
        the root.
      </p>
      <p>
        There is one difference. A leaf keeps its rows, so its separator is a copy. An inner page
        has no rows. Its middle key only says where to go, and once it stands in the page above, it
        has said that.
      </p>
    </>
  ),
  prediction: {
    question:
      'An inner page has no room for one more separator, and splits. How often will its middle key then stand in inner pages?',
    gate: (run) => innerSplit(run)?.overflow,
    async options() {
      return TIMES.map((value) => ({ value }));
    },
    async outcome(run) {
      const { separator } = innerSplit(run) as { separator: number };
      const moment = await run.at(separator);
      const { key } = told(moment);
      const inners = holders(innersOf(moment), key);
      const inLeaves = holders(leavesOf(moment), key).length;
      return {
        value: TIMES[inners.length] ?? `${inners.length} times`,
        moment: separator,
        ...(inners[0] && { key: `page:${inners[0].page}` }),
        because: `${key} moved up, and is gone below. ${inLeaves === 1 ? 'Its row is in a leaf, as before.' : ''}`,
      };
    },
    otherwise: 'No inner page splits in this run. Go on putting ascending keys.',
  },
  after: (
    <p>
      So every separator stands on the inner pages once.{' '}
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          const keys = innersOf(moment).flatMap(keysOf);
          return keys.length > 2 && new Set(keys).size === keys.length;
        }}
      >
        No key is on two inner pages
      </Claim>
      , and{' '}
      <Claim
        holds={async (run) => {
          const moment = await end(run);
          const separators = innersOf(moment).flatMap(keysOf).length;
          return leavesOf(moment).length === separators + 1;
        }}
      >
        there is one leaf more than there are separators
      </Claim>
      .
    </p>
  ),
};

// ── 7. The root ─────────────────────────────────────────────────────────────────────────────────

const rootSplit = (run: Run): number | undefined => {
  const deepen = findLast(run, 'deepen');
  return deepen === undefined ? undefined : deepen - 1;
};

const splitRoot: Beat = {
  id: 'split-root',
  title: 'The root grows the tree',
  scenario: script(
    'lab btree',
    'title "The root grows the tree"',
    'set max-cells 4',
    'put 1 "Ross"',
    'put 2 "Weddell"',
    'put 3 "Scotia"',
    'put 4 "Davis"',
    'put 5 "Amundsen"',
    'commit',
  ),
  at: startOf('put'),
  prose: (
    <>
      <p>
        The root has no parent that could learn a separator. So when the root is full, the tree gets
        one level more, and it gets it at the top. Below, nothing becomes deeper than its
        neighbours:{' '}
        <Claim holds={async (run) => depths(await end(run)).size === 1}>
          all leaves stay equally deep
        </Claim>
        , without anybody balancing anything.
      </p>
      <p>
        There is a catch. The table of tables, on page 1, says where this tree begins, by the number
        of its root page.
      </p>
    </>
  ),
  prediction: {
    question: 'Page 2 is the root, and full. Which page is the root when there are two levels?',
    gate: rootSplit,
    async options(run, gate) {
      const { value } = await this.outcome(run, gate);
      const line = lineAt(run, gate) as RunLine;
      const after = pagesOf(await run.at(endOf(line)));
      return sorted([value, ...after.slice(0, 3).map(({ page }) => `page ${page}`)]).map(
        (option) => ({ ...option, key: option.value.replace(' ', ':') }),
      );
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate) as RunLine;
      const moment = findLast(run, ['separator', 'deepen'], endOf(line)) as number;
      const { page } = rootOf(await run.at(moment));
      const { page: before } = rootOf(await run.at(gate));
      return {
        value: `page ${page}`,
        moment,
        key: `page:${page}`,
        because:
          page === before
            ? 'All that it held moved down into a new page, and that one was split. The number stays, so nobody has to be told.'
            : 'The root has moved to another page.',
      };
    },
    otherwise: 'The root does not split in this run.',
  },
  after: (
    <p>
      <Claim
        holds={async (run) => {
          const deepen = findLast(run, 'deepen');
          const line = deepen === undefined ? undefined : lineAt(run, deepen);
          if (!line) return false;
          const [before, after] = [await run.at(line.first - 1), await run.at(endOf(line))];
          return metric(after, 'pages') - metric(before, 'pages') === 2;
        }}
      >
        Two pages were added
      </Claim>
      , and the tree is one level higher. It is the only way in which a B-Tree gets higher.
    </p>
  ),
};

// ── 8. How full ─────────────────────────────────────────────────────────────────────────────────

export const LN2 = Math.log(2);
const BUCKETS = [0.5, LN2, 0.85, 1] as const;
const bucketText = (bucket: number): string =>
  bucket === 0.5 ? 'about half full' : `about ${Math.round(100 * bucket)} % full`;

const ORDERS: readonly Series[] = [
  { name: 'random', lines: (rows) => [`bulk ${rows} random`], seeds: [1, 2, 3], mark: 'round' },
  { name: 'ascending', lines: (rows) => [`bulk ${rows} ascending`], seeds: [1], mark: 'square' },
];

const fillPlot = (series: readonly Series[]): Plot => ({
  lab: 'btree',
  title: 'How full the leaves are, in the mean',
  unit: 'rows',
  xs: [25, 50, 100, 200, 400, 800],
  series,
  x: { domain: [20, 1000], ticks: [25, 100, 400], isLog: true },
  y: { domain: [0.4, 1], ticks: [0.5, 0.75, 1] },
  laws: [{ name: 'ln 2', at: 21, below: true, of: () => LN2 }],
  measure: async ({ length, at }) => ({ y: meanFill(leavesOf(await at(length - 1))) }),
  words: (fill) => percent(fill),
  tick: (fill) => percent(fill, 0),
});
const BY_ORDER = fillPlot(ORDERS);

const fill: Beat = {
  id: 'fill',
  title: 'How full are the pages?',
  scenario: script('lab btree', 'title "How full are the pages?"', 'bulk 800 random'),
  at: (run) => run.lines[0]?.first,
  prose: (
    <>
      <p>
        A split leaves two pages half full, and puts fill them again. In the long run, how full is a
        leaf in the mean? It matters: half-empty pages cost disk, memory and levels.
      </p>
      <p>
        Eight hundred rows come now, in an order thrown by dice. Nothing is capped: as many cells as
        fit.
      </p>
    </>
  ),
  prediction: {
    question: 'After so many puts in random order, how full are the leaves in the mean?',
    gate: (run) => (run.lines[0] && run.length > 100 ? run.lines[0].first : undefined),
    async options() {
      return BUCKETS.map((bucket) => ({ value: bucketText(bucket) }));
    },
    async outcome(run) {
      const moment = await end(run);
      const leaves = leavesOf(moment);
      const mean = meanFill(leaves);
      return {
        value: bucketText(nearest(BUCKETS, mean)),
        moment: run.length - 1,
        because: `${percent(mean)} over ${plural(leaves.length, 'leaf', 'leaves')}.`,
      };
    },
    otherwise: 'Write bulk 800 random to be asked.',
  },
  after: (
    <>
      <RunPlot plot={BY_ORDER} />
      <p>
        For random keys the mean tends to the natural logarithm of two, ln 2 = 69.3 %{' '}
        <Cite of="yao1978" />.{' '}
        <Claim
          holds={async (run) => Math.abs(meanFill(leavesOf(await end(run))) - LN2) < 0.05}
          at={(run) => run.length - 1}
        >
          This run is near it
        </Claim>
        . Each dot is a run: press it to have it on the stage.
      </p>
      <p>
        Ascending keys, the commonest order of all (dates, serial numbers), fare worse. Every split
        happens at the right edge, and the left half is never visited again: it stays half empty for
        ever, as long as a page is cut in its middle.
      </p>
    </>
  ),
};

// ── 9. Underfull ────────────────────────────────────────────────────────────────────────────────

const lastUnderfull = (run: Run): number | undefined => {
  const del = lastLine(run, 'delete');
  const index = del && find(run, 'underfull', del.first);
  return del && index !== undefined && index < endOf(del) ? index : undefined;
};

const MERGES = {
  merge: 'it merges with a sibling',
  borrow: 'it borrows from a sibling',
  none: 'it stays as it is',
};

const underfull = (
  id: string,
  title: string,
  example: string,
  rows: readonly string[],
  prose: Beat['prose'],
): Beat => ({
  id,
  title,
  scenario: script('lab btree', `title "${title}"`, 'set max-cells 4', ...rows),
  at: startOf('delete'),
  prose,
  prediction: {
    question: 'The page is less than a third full. What becomes of it?',
    gate: lastUnderfull,
    async options() {
      return Object.values(MERGES).map((value) => ({ value }));
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate) as RunLine;
      const found = find(run, ['merge', 'borrow'], gate);
      const moment = found !== undefined && found <= endOf(line) ? found : gate + 1;
      const shown = await run.at(moment);
      const kind =
        shown.event.kind === 'merge' || shown.event.kind === 'borrow' ? shown.event.kind : 'none';
      const { into, to } = shown.event as { into?: number; to?: number };
      return {
        value: MERGES[kind],
        moment,
        key: `page:${into ?? to ?? told(shown).page}`,
        because: shown.caption.detail,
      };
    },
    otherwise: 'With that deletion no page becomes too empty. Try another key.',
    own: ownKey('delete', 'Delete another key', example, (key) => `delete ${key}`),
  },
  after:
    id === 'merge' ? (
      <p>
        The parent forgets a separator, so it may become too empty in turn: a merge climbs, as a
        split does.{' '}
        <Claim
          holds={async (run) => {
            const index = findLast(run, 'shrink');
            if (index === undefined) return false;
            const [before, after] = [await run.at(index - 1), await run.at(index)];
            return rootOf(before).children.length === 1 && rootOf(after).leaf;
          }}
          at={(run) => findLast(run, 'shrink')}
        >
          A root with a single child takes that child’s place
        </Claim>
        , and the tree is one level lower.{' '}
        <Claim
          holds={async (run) =>
            metric(await end(run), 'free pages') + metric(await end(run), 'trunk pages') > 0
          }
        >
          The page that is left over is not given back
        </Claim>
        : it goes to the <Term>freelist</Term>, for whoever needs a page next.
      </p>
    ) : (
      <p>
        <Claim
          holds={async (run) => {
            const index = findLast(run, 'borrow');
            if (index === undefined) return false;
            const [before, after] = [await run.at(index - 1), await run.at(index)];
            return (
              pagesOf(before).length === pagesOf(after).length &&
              keysText(rootOf(before)) !== keysText(rootOf(after))
            );
          }}
          at={(run) => findLast(run, 'borrow')}
        >
          No page was added or freed; only the separator between the two changed
        </Claim>
        . SQLite draws the line at a third, not at a half, so that a tree whose rows come and go
        does not split and merge all day.
      </p>
    ),
});

const merge = underfull(
  'merge',
  'Emptier and emptier',
  '1',
  [
    'put 1 "Aral"',
    'put 2 "Caspian"',
    'put 3 "Dead"',
    'put 4 "Galilee"',
    'put 5 "Salton"',
    'put 6 "Vostok"',
    'delete 5',
    'delete 4',
    'delete 2',
  ],
  <>
    <p>
      A deletion takes a cell out of its leaf. The space is free for the next row there, and usually
      that is the end of it.
    </p>
    <p>
      But a page that has become too empty wastes room, and makes every scan longer. Then the tree
      looks at the page beside it.
    </p>
  </>,
);

const borrow = underfull(
  'borrow',
  'A sibling that gives',
  '30',
  [
    'put 10 "Aral"',
    'put 20 "Caspian"',
    'put 30 "Dead"',
    'put 40 "Galilee"',
    'put 50 "Salton"',
    'put 15 "Vostok"',
    'put 5 "Ladoga"',
    'delete 50',
    'delete 40',
  ],
  <p>
    The same again, with one thing changed: now the sibling is nearly full. Two pages can become one
    only if what both hold fits into one.
  </p>,
);

// ── Where to cut ────────────────────────────────────────────────────────────────────────────────

const SAME_KEYS = ['bulk 120 ascending'];

const rightmost: Beat = {
  id: 'rightmost',
  title: 'Keys that come in order',
  scenario: script(
    'lab btree',
    'title "Keys that come in order"',
    'set split rightmost',
    ...SAME_KEYS,
  ),
  beside: {
    scenario: script('lab btree', 'title "Keys that come in order"', ...SAME_KEYS),
    names: ['cut at the edge', 'cut in the middle'],
  },
  at: (run) => run.lines[0]?.first,
  prose: (
    <>
      <p>
        Where a full page is cut is the engine’s choice. A page at the right edge that overflows
        with the greatest key of all was filled in order. So guess that more such keys will come:
        leave the full page full, and give the new page the new row alone. SQLite does so, and calls
        it the quick balance <Cite of="sqlite" />.
      </p>
      <p>Here are the same ascending keys twice: cut at the edge (A), and cut in the middle (B).</p>
    </>
  ),
  prediction: {
    question: 'How many leaves does A need, against those of B?',
    gate: (run) => (run.lines[0] && run.length > 100 ? run.lines[0].first : undefined),
    async options() {
      return SHARES.map((value) => ({ value }));
    },
    async outcome(run) {
      const moment = await end(run);
      const { leaves, mean } = leavesIn(moment);
      // Cut in the middle, ascending keys leave every leaf half full.
      const share = mean < 0.6 ? 0 : mean < 0.8 ? 1 : 2;
      return {
        value: SHARES[share] as string,
        moment: run.length - 1,
        because: `A has ${plural(leaves, 'leaf', 'leaves')}, filled to ${percent(mean)} in the mean.`,
      };
    },
    otherwise: 'Write bulk 120 ascending to be asked.',
  },
  after: (
    <p>
      <Claim holds={async (run) => leavesIn(await end(run)).mean > 0.85}>
        A’s leaves are nearly full
      </Claim>
      ,{' '}
      <Claim beside holds={async (run) => leavesIn(await end(run)).mean < 0.55}>
        B’s are half empty
      </Claim>
      . Where the guess is wrong, nothing is lost: the new page has all its room left for the keys
      that do come.
    </p>
  ),
};

const SHARES = ['as many', 'about three quarters', 'about half as many'];

const leavesIn = (moment: ShownMoment) => {
  const leaves = leavesOf(moment);
  return { leaves: leaves.length, mean: meanFill(leaves) };
};

const BY_SPLIT = fillPlot(
  (
    [
      ['middle', 'round'],
      ['sqlite', 'square'],
      ['bstar', 'cross'],
    ] as const
  ).map(([name, mark]) => ({
    name,
    mark,
    seeds: [1, 2],
    lines: (rows) => [...(name === 'middle' ? [] : [`set split ${name}`]), `bulk ${rows} random`],
  })),
);

const bstar: Beat = {
  id: 'bstar',
  title: 'Share before you split: B*',
  scenario: script(
    'lab btree',
    'title "Share before you split"',
    'set split bstar',
    'bulk 400 random',
  ),
  at: (run) => run.lines[0]?.first,
  prose: (
    <>
      <p>
        A full page often has a sibling with room. Why split then? A <Term>B* tree</Term> first
        moves cells over to the sibling. Only when both are full does it split, and then two pages
        become three <Cite of="knuth1998" />.
      </p>
      <p>So no page should ever be less than about two thirds full.</p>
    </>
  ),
  prediction: {
    question: 'Random keys again, and a B* tree. How full are the leaves in the mean?',
    gate: (run) => (run.lines[0] && run.length > 100 ? run.lines[0].first : undefined),
    async options() {
      return BUCKETS.map((bucket) => ({ value: bucketText(bucket) }));
    },
    async outcome(run) {
      const { leaves, mean } = leavesIn(await end(run));
      return {
        value: bucketText(nearest(BUCKETS, mean)),
        moment: run.length - 1,
        because: `${percent(mean)} over ${plural(leaves, 'leaf', 'leaves')}.`,
      };
    },
    otherwise: 'Write bulk 400 random to be asked.',
  },
  after: (
    <>
      <RunPlot plot={BY_SPLIT} />
      <p>
        <Claim holds={async (run) => Math.min(...leavesOf(await end(run)).map(fillOf)) > 0.6}>
          Not even the emptiest leaf is far below two thirds
        </Claim>{' '}
        (rows are not cut, so it is not exact). The price: a put that meets a full page touches a
        sibling and the parent, each time.
      </p>
      <p>
        SQLite’s own way is a relative: it spreads the cells of up to three siblings over as many
        pages as they need.
      </p>
    </>
  ),
};

// ── Bulk loading ────────────────────────────────────────────────────────────────────────────────

const LATE = 'put 500 "a row that comes too late"';

/** The search of the last put: after it the row goes in, or has no room. */
const lastPutSeek = (run: Run): number | undefined => {
  const put = lastLine(run, 'put');
  const seek = put && find(run, 'seek', put.first);
  return put && seek !== undefined && seek < endOf(put) ? seek : undefined;
};

const splitsIn = (run: Run, line: RunLine | undefined): boolean => {
  const overflow = line && find(run, 'overflow', line.first);
  return line !== undefined && overflow !== undefined && overflow <= endOf(line);
};

const ROOM = ['it finds room', 'its page splits'];

const load: Beat = {
  id: 'load',
  title: 'Built from below',
  scenario: script('lab btree', 'title "Built from below"', 'load 120 fill 100', LATE),
  beside: {
    scenario: script('lab btree', 'title "Built from below"', 'load 120 fill 80', LATE),
    names: ['filled to 100 %', 'filled to 80 %'],
  },
  at: startOf('put'),
  prose: (
    <>
      <p>
        Who has all rows at hand, in order, need not put them one by one. Fill the leaves from left
        to right, and let the pages above grow as leaves come. That is <Term>bulk loading</Term>.{' '}
        <Claim holds={(run) => !splitsIn(run, lastLine(run, 'load'))}>No page splits</Claim>, and{' '}
        <Claim
          holds={(run) => {
            const line = lastLine(run, 'load');
            return line !== undefined && descents(run, line) === 0;
          }}
        >
          no place is searched
        </Claim>
        .
      </p>
      <p>
        How full to make them is up to you: the <Term>fill factor</Term>. A took 100 %, B 80 %. Then
        one row came late.
      </p>
    </>
  ),
  prediction: {
    question: 'What becomes of the late row in A?',
    gate: lastPutSeek,
    async options() {
      return ROOM.map((value) => ({ value }));
    },
    async outcome(run, gate) {
      const line = lineAt(run, gate) as RunLine;
      const splits = splitsIn(run, line);
      const moment = splits
        ? (findLast(run, ['separator', 'separators'], endOf(line)) ?? endOf(line))
        : endOf(line);
      const { page } = told(await run.at(gate));
      return {
        value: ROOM[splits ? 1 : 0] as string,
        moment,
        key: `page:${page}`,
        because: splits
          ? `Page ${page} had no room for it, and now two pages are half full.`
          : `Page ${page} had room for it.`,
      };
    },
    otherwise: 'Put a row after the load to be asked.',
    own: ownKey('put', 'Put another key', '700', (key) => `put ${key} "a row that comes too late"`),
  },
  after: (
    <p>
      <Claim beside holds={(run) => !splitsIn(run, lastLine(run, 'put'))}>
        In B it finds room
      </Claim>
      . Full pages are best for what is only read. Where rows still come, some room is left: a tenth
      of each page is a usual choice.
    </p>
  ),
};

// ── B-Tree and B+Tree ───────────────────────────────────────────────────────────────────────────

const ROWS = [
  ...TRENCHES.filter((line) => /^put \d\d/.test(line)),
  'put 13 "Cayman"',
  'put 18 "Kuril"',
  'put 29 "Puerto Rico"',
  'put 60 "Sunda"',
];

/** Of a tree of either kind: the keys on its inner pages. */
const innerKeys = (moment: ShownMoment): string[] => innersOf(moment).flatMap(keysOf);

const bplus: Beat = {
  id: 'bplus',
  title: 'B-Tree and B+Tree',
  scenario: script(
    'lab btree',
    'title "B-Tree and B+Tree"',
    'set keys text',
    'set max-cells 4',
    ...ROWS,
    'get 40',
  ),
  beside: {
    scenario: script(
      'lab btree',
      'title "B-Tree and B+Tree"',
      'set max-cells 4',
      ...ROWS,
      'get 40',
    ),
    names: ['B-Tree: keys are text', 'B+Tree: keys are whole numbers'],
  },
  at: (run) => {
    const get = lastLine(run, 'get');
    return get && get.first - 1;
  },
  prose: (
    <>
      <p>
        So far separators were copies, and all rows lay in leaves. That is a <Term>B+Tree</Term>.
        The tree of 1972 was another: there every row stands once, on whatever page, and a separator{' '}
        <em>is</em> a row <Cite of="bayer1972" />. SQLite has both. Tables keyed by whole numbers
        are B+Trees (B); indexes, and tables keyed by text, are <Term>B-Trees</Term> (A).
      </p>
      <p>
        <Claim
          holds={async (run) => {
            const moment = await end(run);
            const all = pagesOf(moment).flatMap(keysOf);
            return innerKeys(moment).length > 0 && new Set(all).size === all.length;
          }}
        >
          In A no key stands twice
        </Claim>
        .{' '}
        <Claim
          beside
          holds={async (run) => {
            const moment = await end(run);
            const leaves = new Set(leavesOf(moment).flatMap(keysOf));
            return (
              innerKeys(moment).length > 0 && innerKeys(moment).every((key) => leaves.has(key))
            );
          }}
        >
          In B every separator stands in a leaf as well
        </Claim>
        .
      </p>
    </>
  ),
  prediction: {
    question: 'A looks key 40 up, which stands on an inner page. At how many pages does it look?',
    gate(run) {
      const get = lastLine(run, 'get');
      return get && get.first - 1;
    },
    async options(run, gate) {
      const height = metric(await run.at(gate), 'height');
      return Array.from({ length: Math.max(3, height) }, (_, i) => ({
        value: plural(i + 1, 'page'),
      }));
    },
    async outcome(run, gate) {
      const get = lineAt(run, gate + 1) as RunLine;
      const looked = descents(run, get) + 1;
      const last = await run.at(endOf(get));
      const { page } = told(last);
      return {
        value: plural(looked, 'page'),
        moment: endOf(get),
        key: `page:${page}`,
        because:
          looked < metric(last, 'height')
            ? 'The row stands there with its key, so the search need not go down to a leaf.'
            : 'That key stands in a leaf.',
      };
    },
    otherwise: 'Nothing is looked up in this run.',
    own: ownKey('get', 'Another key', '21', (key) => `get ${key}`),
  },
  after: (
    <p>
      So why did B+Trees win? Rows on inner pages leave less room for separators: fewer ways lead
      down from a page, and the tree becomes higher. And a scan in a B+Tree runs along the leaves
      alone, where a B-Tree goes up and down <Cite of="comer1979" />.
    </p>
  ),
};

// ── A real file ─────────────────────────────────────────────────────────────────────────────────

const real: Beat = {
  id: 'real-file',
  title: 'A real file taken apart',
  scenario: { sample: 'ocean.sqlite', table: 'sounding' },
  prose: (
    <>
      <p>
        This is no exercise. <code>ocean.sqlite</code> was written by SQLite itself, and the lab
        walks it with the same reader that draws its own pages: the format is the same, byte for
        byte <Cite of="sqlite" />.
      </p>
      <p>
        <Claim
          holds={async (run) => {
            const moment = await end(run);
            return pagesOf(moment).length > 10 && depths(moment).size === 1;
          }}
        >
          The table is a tree whose leaves all lie equally deep
        </Claim>
        , as yours were. Select a page to see its bytes. Under <em>Operations</em> you can read the
        file, but not write it.
      </p>
    </>
  ),
  task: {
    ask: 'Read ten rows or more in one scan, over at least two leaves.',
    async judge(run) {
      const scans = run.lines.filter(({ text }) => text.startsWith('scan'));
      if (scans.length === 0) return { done: false, says: 'Nothing has been scanned yet.' };
      const last = scans.at(-1) as RunLine;
      const rows = Array.isArray(last.result) ? last.result.length : 0;
      let leaves = 0;
      for (let i = last.first; i <= endOf(last); i++) if (run.kind(i) === 'scan') leaves++;
      const says = `${plural(rows, 'row')} from ${plural(leaves, 'leaf', 'leaves')}.`;
      return { done: rows >= 10 && leaves >= 2, says };
    },
    help: ['scan 100..220'],
  },
  after: (
    <p>
      Drop a database of your own on the window: the lab opens it, and nothing of it leaves this
      machine.
    </p>
  ),
};

// ── Challenges ──────────────────────────────────────────────────────────────────────────────────

const HEIGHT = 4;
/** What ascending keys need. */
export const PAR = 22;
const puts = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `put ${from + i} "x"`);

const challengeHeight: Beat = {
  id: 'challenge-height',
  title: 'As high as you can, with little',
  scenario: script('lab btree', 'title "Height 4 with the fewest puts"', 'set max-cells 3'),
  prose: (
    <p>
      A low tree is a good tree. To know what makes a tree low, make a high one on purpose. A page
      here holds three cells at most.
    </p>
  ),
  challenge: {
    title: `A tree of ${HEIGHT} levels, with at most ${PAR} puts`,
    rules: [
      'Settings stay as they are; bulk counts as so many puts.',
      'Fewer are better: the count stands below.',
    ],
    async judge(run) {
      const moment = await end(run);
      const height = metric(moment, 'height');
      const { counters } = moment.value as { counters: { puts: number } };
      const [, settings] = JSON.parse(run.setup) as [number, Record<string, unknown>];
      if (
        settings['max-cells'] !== 3 ||
        settings['page-size'] !== 512 ||
        settings.split !== 'middle'
      )
        return { done: false, says: 'The settings were changed: set them as they were.' };
      const so = `${plural(height, 'level')} with ${plural(counters.puts, 'put')}`;
      if (height < HEIGHT) return { done: false, says: `${so}.` };
      if (counters.puts > PAR)
        return { done: false, says: `${so}: ${counters.puts - PAR} too many. Begin anew.` };
      const under = PAR - counters.puts;
      return { done: true, says: `${so}${under > 0 ? `: ${under} under par` : ''}.` };
    },
    hint: 'Which order of keys leaves the emptiest pages behind? And is a page full by cells alone?',
    solution: script('lab btree', 'set max-cells 3', ...puts(1, PAR)),
    failures: [
      script('lab btree', 'set max-cells 3', 'bulk 22 descending'),
      script('lab btree', 'set max-cells 3', ...puts(1, PAR - 1)),
      script('lab btree', 'set max-cells 2', ...puts(1, PAR)),
      script('lab btree', 'set max-cells 3', 'bulk 60 ascending'),
    ],
  },
};

const challengeLost: Beat = {
  id: 'challenge-lost',
  title: 'Make it lose a promise',
  scenario: script('lab btree', 'title "Make it lose a promise"', 'put 1 "Trieste"', 'commit'),
  prose: (
    <>
      <p>
        A commit is a promise: what was committed is there after a power cut. The engine keeps it,
        by syncing its log before it says <em>committed</em>.
      </p>
      <p>
        Under <em>Break the engine</em> you can plant a bug that real engines have had. The referees
        have seen what was promised, and after every recovery they hold the database to it.
      </p>
    </>
  ),
  challenge: {
    title: 'Have a committed row lost, and a referee say so',
    rules: [
      'Plant a bug, write operations, cut the power.',
      'Without a bug it cannot be done: try.',
    ],
    async judge(run) {
      const crashes = run.lines.filter(({ text }) => text.startsWith('crash')).length;
      const lost = run.problems.find(({ referee }) => referee === 'durability');
      if (lost) return { done: true, says: `The referee: ${lost.text}.` };
      const other = run.problems[0];
      if (other) return { done: false, says: `A referee found something else: ${other.text}.` };
      const bug =
        run.sabotage.length > 0 ? `${run.sabotage.join(', ')} is planted` : 'No bug is planted';
      return {
        done: false,
        says: `${bug}; ${plural(crashes, 'power cut')}; no promise was broken.`,
      };
    },
    hint: 'Which bug lets the engine speak too early? Between the word and the deed is the moment for a crash.',
    solution: script(
      'lab btree',
      'sabotage early-acknowledge',
      'put 1 "Trieste"',
      'commit',
      'put 2 "Deepsea Challenger"',
      'commit',
      'crash',
    ),
    failures: [
      script('lab btree', 'put 1 "Trieste"', 'commit', 'crash'),
      script('lab btree', 'put 1 "Trieste"', 'commit', 'put 2 "lost"', 'crash'),
      script('lab btree', 'sabotage early-acknowledge', 'put 1 "Trieste"', 'commit'),
    ],
  },
};

export const lesson: Lesson = {
  name: 'btree',
  lab: 'btree',
  number: 5,
  title: 'B-Trees, from a page to a file',
  beats: [
    whyPages,
    inside,
    down,
    room,
    splitLeaf,
    splitInner,
    splitRoot,
    fill,
    rightmost,
    bstar,
    merge,
    borrow,
    bplus,
    load,
    real,
    challengeHeight,
    challengeLost,
  ],
};
