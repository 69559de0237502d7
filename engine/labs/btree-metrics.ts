// What the B-Tree lab measures of a state: pages by what they are, how full they are, what a commit and
// a checkpoint wrote.

import type { Bytes } from '../base/bytes.ts';
import { fillOf } from '../btree/dealing.ts';
import { type BTreeValue, dirtyPages, FILES, logHeader, pageOf } from '../btree/events.ts';
import { readHeader } from '../btree/header.ts';
import { Page, pagesOf } from '../btree/page.ts';
import { type FileImage, fileNamed } from '../disk/image.ts';
import type { Metric } from '../run/lab.ts';
import { type BTreeState, pagesReachable } from './btree.ts';

/** What a walk over all pages finds: pages by role, and each level of the tree on the stage. */
interface Census {
  readonly pages: number;
  readonly byRole: ReadonlyMap<string, number>;
  readonly levels: readonly {
    readonly cells: number;
    readonly fill: number;
    readonly pages: number;
  }[];
}

/** In an index b-tree the cells of interior pages are rows too. */
const rowsIn = ({ levels }: Census, kind: BTreeValue['kind']): number =>
  kind === 'table'
    ? (levels.at(-1)?.cells ?? 0)
    : levels.reduce((sum, { cells }) => sum + cells, 0);

/** An opened file never changes: it is walked once, a larger one never. */
const censuses = new WeakMap<FileImage, Map<number, Census>>();
/** Beyond so many pages of an opened file a walk over all of them would be felt at every moment. */
const COUNTED = 2500;

function censusOf(state: BTreeState): Census | undefined {
  const { disk, value } = state;
  const file = value.readOnly ? fileNamed(disk, FILES.database) : undefined;
  if (!file) return census(state);
  if (pagesReachable(state) > COUNTED) return undefined;
  const known = censuses.get(file) ?? new Map<number, Census>();
  censuses.set(file, known);
  const found = known.get(value.root) ?? census(state);
  known.set(value.root, found);
  return found;
}

function census(state: BTreeState): Census {
  const { disk, value } = state;
  const { uses, header } = pagesOf((page) => pageOf(disk, page), pagesReachable(state));
  const byRole = new Map<string, number>();
  const levels: { cells: number; fill: number; pages: number }[] = [];
  for (const { page, role, tree, depth = 0 } of uses.values()) {
    byRole.set(role, (byRole.get(role) ?? 0) + 1);
    if (tree !== value.root || (role !== 'leaf' && role !== 'interior')) continue;
    const bytes = pageOf(disk, page);
    if (!bytes) continue;
    const level = levels[depth] ?? { cells: 0, fill: 0, pages: 0 };
    const lens = new Page(bytes, page, value.usable);
    level.fill += fillOf(lens, 0);
    level.cells += lens.cellCount;
    level.pages++;
    levels[depth] = level;
  }
  return { pages: header.pages, byRole, levels };
}

/** Down the left side of the tree. */
function depthOf(read: (page: number) => Bytes | undefined, { root, usable }: BTreeValue): number {
  let depth = 0;
  for (let page = root; depth < 40; ) {
    const bytes = read(page);
    const lens = bytes && new Page(bytes, page, usable);
    if (lens?.kind === undefined) break;
    depth++;
    if (lens.isLeaf) break;
    page = lens.child(0);
  }
  return depth;
}

export function metrics(state: BTreeState): Metric[] {
  const { disk, value } = state;
  const { counters } = value;
  const count = (name: string, value: number, help: string, unit = 'pages'): Metric => ({
    name,
    value,
    unit,
    help,
  });
  const amplification = counters.userBytes === 0 ? 0 : counters.bytesWritten / counters.userBytes;
  const operations = counters.puts + counters.gets + counters.deletes;
  const perOperation = (pages: number): number =>
    operations === 0 ? 0 : Math.round((100 * pages) / operations) / 100;
  const found = censusOf(state);
  const log = logHeader(disk);
  const read = (page: number) => pageOf(disk, page);
  const levels = found?.levels.length ?? depthOf(read, value);
  const { pages, freePages } = readHeader(read(1) ?? new Uint8Array(0), 0);
  return [
    count('height', levels, 'Levels of pages from the root to the leaves', 'levels'),
    count('pages', found?.pages ?? pages, 'Pages in the database'),
    ...(found
      ? [
          ...['interior', 'leaf', 'overflow', 'trunk', 'free'].map((role) =>
            count(`${role} pages`, found.byRole.get(role) ?? 0, `Pages that are ${role} pages now`),
          ),
          ...found.levels.map(({ fill, pages }, depth) =>
            count(
              `fill of level ${depth}`,
              Math.round((1000 * fill) / pages) / 10,
              'Bytes in use of those that cells can have; random inserts tend to ln 2 = 69.3 %',
              '%',
            ),
          ),
          count('rows', rowsIn(found, value.kind), 'Rows in the tree', 'rows'),
        ]
      : [count('free pages', freePages, 'Pages on the freelist, as the header says')]),
    count('dirty pages', dirtyPages(disk).length, 'Changed in memory since the last commit'),
    count('pages read', counters.pagesRead, 'Asked of the pager since the opening'),
    count(
      'pages read an operation',
      perOperation(counters.pagesRead),
      'For each put, get and delete since the opening',
    ),
    count(
      'pages written an operation',
      perOperation(counters.framesWritten + counters.pagesWritten),
      'Frames of the log, and pages brought home, for each put, get and delete',
    ),
    count('frames in the log', log?.mxFrame ?? 0, 'Committed since the log was begun', 'frames'),
    count(
      'frames to bring home',
      log ? log.mxFrame - log.backfilled : 0,
      'In the log and not yet in the database',
      'frames',
    ),
    count('log size', fileNamed(disk, FILES.log)?.now.size ?? 0, 'Of the log file', 'bytes'),
    count('frames written', counters.framesWritten, 'Appended to the log by commits', 'frames'),
    count('pages written', counters.pagesWritten, 'Brought into the database by checkpoints'),
    count('bytes written', counters.bytesWritten, 'To the log and to the database', 'bytes'),
    count(
      'write amplification',
      Math.round(100 * amplification) / 100,
      'Bytes written to the log and by checkpoints for each byte of the rows that were put',
      'x',
    ),
    count('splits', counters.splits, 'Pages that overflowed since the opening', 'splits'),
    count('merges', counters.merges, 'Pages that were joined since the opening', 'merges'),
  ];
}
