// Somebody else's database: any SQLite file, read and never written. Pages are fetched when they are
// first asked for, so that a file of 200 MB opens as fast as one of 20 KB.
//
//   openForeign   the header, checked, and a disk image whose database file reads from the source
//   rowsOf        the rows of a table, in the order of their keys: rowid tables and WITHOUT ROWID ones
//   report, dump  what the command line's `open` prints
//
// What is read is the file by itself; with a -wal or a hot -journal beside it, overlay.ts makes one
// source of them first.

import { Complaint } from '../base/assert.ts';
import { type Bytes, hexOf } from '../base/bytes.ts';
import { type DiskImage, EMPTY_IMAGE, type FileImage } from '../disk/image.ts';
import { checkDatabase } from './check.ts';
import { type CreateTable, readCreateTable } from './create.ts';
import { FILES, type Key } from './events.ts';
import { type DatabaseHeader, HEADER_SIZE, readHeader } from './header.ts';
import { Page, payloadOf, type ReadPage, type TreeEntry, treesOf } from './page.ts';
import { type Column, readRecord } from './record.ts';

/** Random access to a file; exactly `length` bytes, or fewer where it ends. */
export interface ForeignSource {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** Pages kept once they were read, in bytes; beyond that the oldest go. */
const KEEP = 64 * 2 ** 20;

export interface Foreign {
  readonly header: DatabaseHeader;
  /** Whole pages that the file has: fewer than the header says where it was cut. */
  readonly pages: number;
  readonly read: ReadPage;
  readonly image: DiskImage;
}

/** Opens a file as an SQLite database; throws a Complaint where it is none. */
export function openForeign(source: ForeignSource): Foreign {
  const header = readHeader(source.read(0, HEADER_SIZE), source.size);
  if (header.fault) throw new Complaint(`${source.name} is no SQLite database: ${header.fault}`);
  const { pageSize } = header;
  const pages = Math.floor(source.size / pageSize);
  if (pages === 0)
    throw new Complaint(
      `${source.name} ends after ${source.size} bytes, inside its first page of ${pageSize}`,
    );
  const kept = new Map<number, Bytes>();
  const read: ReadPage = (page) => {
    if (!(page >= 1 && page <= pages)) return undefined;
    const known = kept.get(page);
    if (known) return known;
    const bytes = source.read((page - 1) * pageSize, pageSize);
    if (bytes.length < pageSize) return undefined;
    if (kept.size >= Math.max(64, KEEP / pageSize)) kept.delete(kept.keys().next().value as number);
    kept.set(page, bytes);
    return bytes;
  };
  const content = { size: pages * pageSize, blocks: [] };
  const file: FileImage = {
    kind: 'durable',
    chunkSize: pageSize,
    now: content,
    synced: content,
    source: { chunk: (index) => read(index + 1) ?? new Uint8Array(pageSize) },
  };
  const names = new Map([[FILES.database, 1]]);
  const files = new Map([[1, file]]);
  const image = { ...EMPTY_IMAGE, names, syncedNames: names, files, nextFile: 2 };
  return { header, pages, read, image };
}

export interface Row {
  /** The rowid; absent in a WITHOUT ROWID table. */
  readonly rowid?: Key;
  /** In the order of the declaration. */
  readonly columns: readonly (Column | undefined)[];
}

/** The rows of a table, in order. Throws a Complaint where damage stops the way. */
export function* rowsOf({ read, header }: Foreign, tree: TreeEntry): Iterable<Row> {
  const table = readCreateTable(tree.sql);
  const isTable = tree.kind === 'table';
  const order = isTable ? undefined : table?.storedOrder;
  // A page of a chain belongs to one row: what two rows share is damage, and could be read for ever.
  const chained = new Set<number>();
  for (const { page, index } of cellsOf(read, header, tree)) {
    const cell = page.cell(index);
    const damage = cell.fault ?? (cell.payloadSize === undefined ? 'a cell without a row' : '');
    if (damage) throw damaged(page.number, damage);
    const payload = payloadOf(page, cell, read);
    if (payload.fault) throw damaged(page.number, payload.fault);
    for (const one of payload.pages) {
      if (chained.has(one))
        throw damaged(page.number, `cell ${index} shares overflow page ${one} with another cell`);
      chained.add(one);
    }
    const record = readRecord(payload.bytes, header.encoding);
    if (record.fault) throw damaged(page.number, `cell ${index}: ${record.fault}`);
    const columns = order
      ? order.map((at) => record.columns[at])
      : table
        ? table.columns.map((_, i) => record.columns[i])
        : record.columns;
    yield { ...(cell.key !== undefined && { rowid: cell.key }), columns };
  }
}

const damaged = (page: number, what: string): Complaint =>
  new Complaint(`the database is damaged: page ${page}: ${what}`);

/** Every entry of a tree in order: the cells of leaves, and in index trees those of interior pages between. */
function* cellsOf(
  read: ReadPage,
  header: DatabaseHeader,
  tree: TreeEntry,
): Iterable<{ page: Page; index: number }> {
  const isTable = tree.kind === 'table';
  const met = new Set<number>();
  const open = (number: number, by: number): Page => {
    const bytes = read(number);
    if (!bytes) throw damaged(by, `it names page ${number}, which is not there`);
    if (met.has(number)) throw damaged(by, `it names page ${number}, which was already met`);
    met.add(number);
    const page = new Page(bytes, number, header.usable);
    if (page.kind === undefined || page.isTable !== isTable)
      throw damaged(number, `this is no page of ${tree.name}`);
    if (page.gapStart > page.usable)
      throw damaged(number, `it cannot hold ${page.cellCount} cells`);
    return page;
  };
  const way: { page: Page; next: number }[] = [{ page: open(tree.root, 1), next: 0 }];
  for (let at = way.at(-1); at; at = way.at(-1)) {
    const { page } = at;
    if (page.isLeaf) {
      for (let index = 0; index < page.cellCount; index++) yield { page, index };
      way.pop();
      continue;
    }
    // next counts twice: child 0, cell 0, child 1, cell 1, …
    const index = at.next >> 1;
    if (index > page.cellCount) {
      way.pop();
      continue;
    }
    if (at.next++ % 2 === 0) way.push({ page: open(page.child(index), page.number), next: 0 });
    else if (index === page.cellCount) way.pop();
    else if (!isTable) yield { page, index };
  }
}

/** How deep a tree is, and how many rows it has where no more pages than the budget must be read for it. */
export function sizeOfTree(
  read: ReadPage,
  usable: number,
  tree: Pick<TreeEntry, 'root' | 'kind'>,
  budget: number,
): { depth: number; rows: number | undefined; read: number } {
  const met = new Set<number>();
  let rows = 0;
  let depth = 0;
  let whole = true;
  /** Down the left side once, whatever the budget: that is enough for the depth. */
  const visit = (number: number, level: number, left: boolean): void => {
    if (met.has(number) || (met.size >= budget && !left)) {
      whole = false;
      return;
    }
    const bytes = read(number);
    const page = bytes && new Page(bytes, number, usable);
    if (page?.kind === undefined || page.gapStart > page.usable) {
      whole = false;
      return;
    }
    met.add(number);
    depth = Math.max(depth, level);
    // Rows are in the leaves of a table, and in every page of an index.
    if (page.isLeaf || tree.kind !== 'table') rows += page.cellCount;
    if (page.isLeaf) return;
    for (let i = 0; i <= page.cellCount && (i === 0 || whole); i++)
      visit(page.child(i), level + 1, left && i === 0);
  };
  visit(tree.root, 1, true);
  return { depth, rows: whole ? rows : undefined, read: met.size };
}

export interface Report {
  readonly format: 'sqlite';
  readonly pageSize: number;
  readonly pages: number;
  readonly depth: number;
  readonly rows: number;
  readonly trees: readonly {
    readonly name: string;
    readonly kind: string;
    readonly root: number;
    readonly depth: number;
    readonly pages: number;
    readonly rows: number;
  }[];
  readonly problems: readonly string[];
}

/** What a database holds, after a walk over all of it. */
export function report(source: ForeignSource): Report {
  const { header, pages, read } = openForeign(source);
  const checked = checkDatabase(read, pages);
  return {
    format: 'sqlite',
    pageSize: header.pageSize,
    pages: header.pages,
    depth: Math.max(0, ...checked.trees.map((tree) => tree.depth)),
    rows: checked.rows,
    trees: checked.trees.map(({ name, kind, root, depth, pages, rows }) => ({
      name,
      kind,
      root,
      depth,
      pages,
      rows,
    })),
    problems: checked.findings.map(({ text }) => text),
  };
}

/** Tables that a person made, in the order of the schema. */
export const userTables = (trees: readonly TreeEntry[]): TreeEntry[] =>
  trees.filter(({ kind, name }) => kind !== 'index' && !name.startsWith('sqlite_'));

/** One table by name; without a name the only one there is. */
export function tableNamed(trees: readonly TreeEntry[], name: string | undefined): TreeEntry {
  const tables = userTables(trees);
  const names = tables.map((table) => table.name).join(', ');
  const found = name === undefined ? tables : tables.filter((table) => table.name === name);
  if (found.length === 1) return found[0] as TreeEntry;
  if (name === undefined && tables.length === 0) throw new Complaint('the database has no table');
  throw new Complaint(
    name === undefined
      ? `the database has ${tables.length} tables; choose one of ${names}`
      : `the database has no table ${name}; expected ${names ? `one of ${names}` : 'none'}`,
  );
}

/** The rows as lines: `rowid|quote(column)|…`, or for a WITHOUT ROWID table the quoted columns alone. */
export function* dump(source: ForeignSource, name?: string): Iterable<string> {
  const foreign = openForeign(source);
  const tree = tableNamed(treesOf(foreign.read, foreign.header), name);
  const table = readCreateTable(tree.sql);
  for (const { rowid, columns } of rowsOf(foreign, tree)) {
    const cells = columns.map((column, i) => quoted(column, i, table, rowid));
    yield (rowid === undefined ? cells : [`${rowid}`, ...cells]).join('|');
  }
}

function quoted(
  column: Column | undefined,
  index: number,
  table: CreateTable | undefined,
  rowid: Key | undefined,
): string {
  const declared = table?.columns[index];
  if (rowid !== undefined && table?.rowidColumn === index) return `${rowid}`;
  // A row older than its column (ALTER TABLE ADD COLUMN) has the default of the column.
  if (column === undefined) return declared?.default ?? 'NULL';
  const { type, value } = column;
  if (value === null) return 'NULL';
  if (value instanceof Uint8Array) return `X'${hexOf(value).toUpperCase()}'`;
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  // SQLite stores a whole number in a REAL column as an integer, to save space.
  return type === 'real' || declared?.isReal ? quotedReal(Number(value)) : `${value}`;
}

/** A double as quote() prints it: 15 digits, and 21 where those do not give the same double back. */
export function quotedReal(value: number): string {
  if (!Number.isFinite(value))
    return Number.isNaN(value) ? 'NULL' : value > 0 ? '9.0e+999' : '-9.0e+999';
  const short = general(value, 15);
  return Number(short) === value ? short : exponential(value, 21);
}

function general(value: number, digits: number): string {
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= digits) return exponential(value, digits, true);
  return withPoint(value.toFixed(Math.min(100, digits - 1 - exponent)), true);
}

function exponential(value: number, digits: number, trim = false): string {
  const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  const shown = `${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return `${withPoint(mantissa, trim)}e${shown}`;
}

function withPoint(text: string, trim: boolean): string {
  if (!text.includes('.')) return `${text}.0`;
  return trim ? text.replace(/0+$/, '').replace(/\.$/, '.0') : text;
}
