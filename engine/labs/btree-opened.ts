// Opens a database from a file, for reading only: what the B-Tree lab needs for that alone, so that the
// worker loads it with the first scenario that names a file. What lies beside the file counts as it
// would for the next process that opens it.

import { pageOf } from '../btree/events.ts';
import { openForeign, sizeOfTree, tableNamed } from '../btree/foreign.ts';
import { readHeader } from '../btree/header.ts';
import { overlayOf } from '../btree/overlay.ts';
import { treesOf, virtualTablesOf } from '../btree/page.ts';
import type { ForeignSource, Setup, TreeInfo } from '../run/lab.ts';
import { type BTreeState, btree, FRESH } from './btree.ts';

/** The lab, with files. */
export const opening = {
  open: (setup: Setup, foreign?: ForeignSource): BTreeState =>
    foreign ? openFile(setup, foreign) : btree.open(setup),
  trees: treesIn,
};

function openFile(setup: Setup, foreign: ForeignSource): BTreeState {
  const source = overlayOf(foreign, foreign.beside?.wal, foreign.beside?.journal);
  const { header, image, read } = openForeign(source);
  const { pageSize, usable } = header;
  const trees = treesOf(read, header);
  const wanted = setup.settings.table as string;
  const tree =
    wanted === ''
      ? firstTable(trees)
      : wanted === SCHEMA
        ? undefined
        : (trees.find(({ name }) => name === wanted) ?? tableNamed(trees, wanted));
  const value = tree
    ? { ...FRESH, root: tree.root, table: tree.name, kind: tree.kind, pageSize, usable }
    : ({ ...FRESH, root: 1, table: SCHEMA, kind: 'table', pageSize, usable } as const);
  const { notes } = source;
  // Nothing is ever committed to it.
  const ledger = { newest: { number: 0, print: [0, 0], durable: true } } as const;
  return {
    disk: image,
    value: { ...value, readOnly: true, ...(notes.length > 0 && { notes }) },
    ledger,
  };
}

/** SQLite's own table of what is in the database; its root is page 1. */
const SCHEMA = 'sqlite_schema';
/** Pages read to count rows, over all trees of a database: more would be felt. */
const COUNTED_PAGES = 1500;

/** The trees of an opened database, the schema's last, and what has none. */
function treesIn({ disk, value }: BTreeState): TreeInfo[] {
  if (!value.readOnly) return [];
  const read = (page: number) => pageOf(disk, page);
  const header = readHeader(read(1) ?? new Uint8Array(0), 0);
  let budget = COUNTED_PAGES;
  const schema = { name: SCHEMA, kind: 'table', root: 1 } as const;
  const trees = [...treesOf(read, header), schema].map(({ name, kind, root }): TreeInfo => {
    const { depth, rows, read: looked } = sizeOfTree(read, value.usable, { kind, root }, budget);
    budget = Math.max(0, budget - looked);
    const shown = root === value.root;
    if (depth === 0)
      return { name, kind, shown, trouble: `its root, page ${root}, is no page of a tree` };
    return { name, kind, shown, depth, ...(rows !== undefined && { rows }) };
  });
  const virtual = virtualTablesOf(read, header).map(
    (name): TreeInfo => ({
      name,
      kind: 'virtual',
      shown: false,
      trouble: 'a virtual table: a module keeps its rows elsewhere, there is no tree of its own',
    }),
  );
  return [...trees, ...virtual];
}

/** The table to show where none was chosen: one with rowids if there is any. */
function firstTable(trees: ReturnType<typeof treesOf>) {
  const tables = trees.filter(({ name }) => !name.startsWith('sqlite_'));
  return tables.find(({ kind }) => kind === 'table') ?? tables.find(({ kind }) => kind !== 'index');
}
