// The page lens: reads the bytes of a page of an SQLite database. The engine finds its way by it and
// the picture draws by it; there is no second model. It never throws: what is damaged is decoded as
// far as it goes, and the fault is named.
//
// A b-tree page (on page 1 all of it stands behind the 100-byte database header):
//
//   0      header, 8 bytes on a leaf, 12 on an interior page
//            0  kind: 0d table leaf, 05 table interior, 0a index leaf, 02 index interior
//            1  u16 first freeblock, 0 = none
//            3  u16 number of cells
//            5  u16 start of the cell content, 0 = 65536
//            7  u8  fragments: free bytes in pieces of 1 to 3, too small for a freeblock
//            8  u32 right-most child, interior only
//   8, 12  cell pointers: one u16 a cell, in the order of the keys
//          the gap: free bytes between the pointers, which grow down, and the cells, which grow up
//   …      cells in any order; freeblocks (u16 next, u16 size) and fragments between them
//   U      reserved bytes, where the database has any
//
//   table leaf      varint payload size, varint rowid, payload, [u32 first overflow page]
//   table interior  u32 left child, varint rowid
//   index leaf      varint payload size, payload, [u32 first overflow page]
//   index interior  u32 left child, varint payload size, payload, [u32 first overflow page]
//
// A leaf of 512 bytes with the row 25 "Mariana":
//
//   000  0d 00 00 00 01 01 f4 00   a table leaf, no freeblock, 1 cell, content from 0x1f4 = 500
//   008  01 f4                     the first cell begins at 500
//   1f4  0a 19                     10 bytes of payload, rowid 25
//   1f6  03 00 1b                  record: 3 bytes of header, NULL, TEXT of (0x1b - 13) / 2 = 7 bytes
//   1f9  4d 61 72 69 61 6e 61      Mariana

import { type Bytes, compareBytes, hexOf, u16, u32 } from '../base/bytes.ts';
import type { Rowid } from './events.ts';
import { type DatabaseHeader, HEADER_SIZE, isPointerMap, lockPage, readHeader } from './header.ts';
import { bodySize, type Encoding, nameOfSerial, type RecordView, readRecord } from './record.ts';
import { readRowid, readSize, varintSize } from './varint.ts';

export const TABLE_LEAF = 0x0d;
export const TABLE_INTERIOR = 0x05;
export const INDEX_LEAF = 0x0a;
export const INDEX_INTERIOR = 0x02;

export type PageKind = 'table leaf' | 'table interior' | 'index leaf' | 'index interior';

const KINDS: Readonly<Record<number, PageKind>> = {
  [TABLE_LEAF]: 'table leaf',
  [TABLE_INTERIOR]: 'table interior',
  [INDEX_LEAF]: 'index leaf',
  [INDEX_INTERIOR]: 'index interior',
};

/** How much of a payload stays in its cell; the rest goes to overflow pages. */
export function localSize(payload: number, usable: number, table: boolean): number {
  const most = table ? usable - 35 : mostLocal(usable);
  if (payload <= most) return payload;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  // Where possible just so much that the last overflow page is full.
  const full = least + ((payload - least) % (usable - 4));
  return full <= most ? full : least;
}

/** As localSize: of an index page, what a payload may have at most to stay whole. */
const mostLocal = (usable: number): number => Math.floor(((usable - 12) * 64) / 255) - 23;

/** The order of types: NULL, then numbers, TEXT, BLOB. */
export const TEXT_RANK = 2;
export const BLOB_RANK = 3;
const rankOf = (serial: number): number =>
  serial >= 12 ? BLOB_RANK - (serial & 1) : serial === 0 ? 0 : 1;

/** Where the first column of a record lies. */
function firstColumn(record: Bytes): { serial: number; from: number; to: number } {
  const header = varintSize(record, 0);
  const serial = readSize(record, header);
  const from = readSize(record, 0);
  return { serial, from, to: from + bodySize(serial) };
}

export interface Cell {
  readonly index: number;
  readonly offset: number;
  /** Bytes that the cell occupies: at least 4. */
  readonly size: number;
  /** The rowid, in table pages. */
  readonly key?: Rowid;
  readonly leftChild?: number;
  /** All of the payload, the part on overflow pages included. */
  readonly payloadSize?: number;
  /** The part of it that is in this page. */
  readonly payloadFrom?: number;
  readonly payloadTo?: number;
  /** First page of the overflow chain. */
  readonly overflow?: number;
  readonly fault?: string;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export class Page {
  readonly bytes: Bytes;
  readonly number: number;
  /** Bytes of the page that may be used; reserved ones lie behind. */
  readonly usable: number;
  /** Where the page header stands: 100 on page 1, else 0. */
  readonly start: number;
  /** Keys that seek() has looked at, for whoever tells of it. */
  compared = 0;

  constructor(bytes: Bytes, number: number, usable: number = bytes.length) {
    this.bytes = bytes;
    this.number = number;
    this.usable = usable;
    this.start = number === 1 ? HEADER_SIZE : 0;
  }

  /** Undefined where the bytes are no b-tree page. */
  get kind(): PageKind | undefined {
    return KINDS[this.bytes[this.start] as number];
  }

  get isLeaf(): boolean {
    return ((this.bytes[this.start] as number) & 8) !== 0;
  }

  get isTable(): boolean {
    return ((this.bytes[this.start] as number) & 1) !== 0;
  }

  get firstFreeblock(): number {
    return u16(this.bytes, this.start + 1);
  }

  get cellCount(): number {
    return u16(this.bytes, this.start + 3);
  }

  get contentStart(): number {
    return u16(this.bytes, this.start + 5) || 65536;
  }

  get fragments(): number {
    return this.bytes[this.start + 7] as number;
  }

  /** Interior pages only. */
  get rightChild(): number {
    return u32(this.bytes, this.start + 8);
  }

  get headerSize(): number {
    return this.isLeaf ? 8 : 12;
  }

  /** Where the cell pointers begin. */
  get pointersAt(): number {
    return this.start + this.headerSize;
  }

  /** Where they end and the gap begins. */
  get gapStart(): number {
    return this.pointersAt + 2 * this.cellCount;
  }

  /** What cells and their pointers can have of this page. */
  get capacity(): number {
    return this.usable - this.pointersAt;
  }

  pointer(index: number): number {
    return u16(this.bytes, this.pointersAt + 2 * index);
  }

  /** The child at `index`; index = cellCount is the right-most one. */
  child(index: number): number {
    return index === this.cellCount ? this.rightChild : u32(this.bytes, this.pointer(index));
  }

  /** The rowid of a cell of a table page. */
  key(index: number): Rowid {
    const at = this.pointer(index);
    if (!this.isLeaf) return readRowid(this.bytes, at + 4);
    return readRowid(this.bytes, at + varintSize(this.bytes, at));
  }

  /** In a table page: the first cell whose key is `key` or greater; cellCount where there is none. */
  search(key: Rowid): number {
    let low = 0;
    let high = this.cellCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.key(middle) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * In an index page: the cell whose record begins with `key`, or the place where it would be: the
   * first cell that is greater, as ~index. Keys are compared where they lie, no record is decoded.
   * `rank`: TEXT_RANK or BLOB_RANK. `read` is for keys that go on on overflow pages.
   */
  seek(key: Bytes, rank: number, read: ReadPage): number {
    const { bytes, pointersAt } = this;
    const head = this.isLeaf ? 0 : 4;
    const most = mostLocal(this.usable);
    let low = 0;
    let high = this.cellCount;
    while (low < high) {
      this.compared++;
      const middle = (low + high) >>> 1;
      const order = this.#compare(
        u16(bytes, pointersAt + 2 * middle) + head,
        key,
        rank,
        most,
        read,
      );
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  /** The first column of the record at `at` against a key: below 0 where it is smaller. */
  #compare(at: number, key: Bytes, rank: number, most: number, read: ReadPage): number {
    const { bytes } = this;
    let size = bytes[at] as number;
    let payload = at + 1;
    if (size >= 0x80) {
      size = readSize(bytes, at);
      payload = at + varintSize(bytes, at);
    }
    // Almost always the header's size and the first serial type take a byte each.
    const header = bytes[payload] as number;
    const first = bytes[payload + 1] as number;
    if (size > most || header >= 0x80) return this.#compareLong(at, key, rank, read);
    const serial = first < 0x80 ? first : readSize(bytes, payload + 1);
    const order = rankOf(serial) - rank;
    if (order !== 0) return order;
    const body = payload + header;
    const length = (serial - 12) >>> 1;
    const shared = length < key.length ? length : key.length;
    for (let i = 0; i < shared; i++) {
      const difference = (bytes[body + i] as number) - (key[i] as number);
      if (difference !== 0) return difference;
    }
    return length - key.length;
  }

  /** The same where the record spills: the part that is here may decide, else the chain is read. */
  #compareLong(at: number, key: Bytes, rank: number, read: ReadPage): number {
    const cell = readCell(this.bytes, at - (this.isLeaf ? 0 : 4), 0, this);
    const local = this.bytes.subarray(cell.payloadFrom, cell.payloadTo);
    const first = firstColumn(local);
    const order = rankOf(first.serial) - rank;
    if (order !== 0) return order;
    const here = local.subarray(first.from, first.to);
    if (first.to <= local.length) return compareBytes(here, key);
    const difference = compareBytes(here, key.subarray(0, here.length));
    if (difference !== 0) return difference;
    const whole = payloadOf(this, cell, read).bytes;
    return compareBytes(whole.subarray(first.from, first.to), key);
  }

  /** Free stretches in the content area, in the order of their chain, as far as it can be followed. */
  freeblocks(): Span[] {
    const spans: Span[] = [];
    let least = this.gapStart;
    for (let at = this.firstFreeblock; at >= least && at + 4 <= this.usable; ) {
      const to = at + u16(this.bytes, at + 2);
      spans.push({ from: at, to: Math.min(to, this.usable) });
      least = to + 1; // the chain ascends, so it ends
      at = u16(this.bytes, at);
    }
    return spans;
  }

  /** Gap, freeblocks and fragments: what is free, if perhaps in pieces. */
  get freeBytes(): number {
    let free = this.contentStart - this.gapStart + this.fragments;
    if (this.firstFreeblock !== 0) for (const { from, to } of this.freeblocks()) free += to - from;
    return free;
  }

  /** Bytes that cells and their pointers take. */
  get usedBytes(): number {
    return this.capacity - this.freeBytes;
  }

  cellSize(index: number): number {
    return this.sizeAt(this.pointer(index));
  }

  /** The size of the cell that begins at `at`. */
  sizeAt(at: number): number {
    const { bytes, isLeaf, isTable } = this;
    if (!isLeaf && isTable) return 4 + varintSize(bytes, at + 4);
    const payloadAt = isLeaf ? at : at + 4;
    const payload = readSize(bytes, payloadAt);
    let size = payloadAt - at + varintSize(bytes, payloadAt);
    if (isTable) size += varintSize(bytes, at + size);
    const local = localSize(payload, this.usable, isTable);
    size += local < payload ? local + 4 : local;
    return size < 4 ? 4 : size;
  }

  /** The bytes of a cell, to be read. */
  cellBytes(index: number): Bytes {
    const at = this.pointer(index);
    return this.bytes.subarray(at, at + this.sizeAt(at));
  }

  cell(index: number): Cell {
    return readCell(this.bytes, this.pointer(index), index, this);
  }

  /** The record of a cell, as far as it lies in this page. */
  record(cell: Cell, encoding: Encoding = 'UTF-8'): RecordView | undefined {
    if (cell.payloadFrom === undefined || cell.payloadTo === undefined) return undefined;
    return readRecord(this.bytes.subarray(cell.payloadFrom, cell.payloadTo), encoding);
  }
}

interface CellRules {
  readonly isLeaf: boolean;
  readonly isTable: boolean;
  readonly usable: number;
  readonly gapStart: number;
}

/**
 * Decodes one cell; a cell held outside of a page (before a split) decodes the same from its own
 * bytes. Every cell of every page that is checked or drawn comes through here, so the value is built
 * up in place: spreading parts of it together took five times as long.
 */
export function readCell(bytes: Bytes, offset: number, index: number, rules: CellRules): Cell {
  const { isLeaf, isTable, usable } = rules;
  const cell: { -readonly [K in keyof Cell]: Cell[K] } = { index, offset, size: 0 };
  let at = offset;
  if (!isLeaf) {
    cell.leftChild = u32(bytes, at);
    at += 4;
  }
  if (isTable && !isLeaf) {
    cell.key = readRowid(bytes, at);
    cell.size = 4 + varintSize(bytes, at);
  } else {
    const payloadSize = readSize(bytes, at);
    at += varintSize(bytes, at);
    if (isTable) {
      cell.key = readRowid(bytes, at);
      at += varintSize(bytes, at);
    }
    const local = localSize(payloadSize, usable, isTable);
    const end = at + local;
    const spills = local < payloadSize;
    cell.size = Math.max(4, end + (spills ? 4 : 0) - offset);
    cell.payloadSize = payloadSize;
    cell.payloadFrom = Math.min(at, usable);
    cell.payloadTo = Math.min(end, usable);
    if (spills) cell.overflow = u32(bytes, end);
  }
  if (offset < rules.gapStart || offset >= usable)
    cell.fault = `cell ${index} begins at ${offset}, outside of the cell content`;
  else if (offset + cell.size > usable) cell.fault = `cell ${index} ends beyond the page`;
  return cell;
}

// ── Anatomy: every byte of a page belongs to exactly one region ─────────────────────────────────

export type PageRole =
  | 'interior'
  | 'leaf'
  | 'overflow'
  | 'trunk'
  | 'free'
  | 'ptrmap'
  | 'lock'
  | 'unused';

export type RegionKind =
  | 'file header'
  | 'page header'
  | 'pointers'
  | 'gap'
  | 'cell'
  | 'freeblock'
  | 'fragment'
  | 'reserved'
  | 'next'
  | 'payload'
  | 'trunk'
  | 'pointer map'
  | 'unused';

export interface Field extends Span {
  readonly name: string;
  readonly value: string;
  readonly help: string;
}

export interface Region extends Span {
  readonly kind: RegionKind;
  /** Of a cell: its place in the pointer array. */
  readonly index?: number;
  readonly fields?: readonly Field[];
  readonly fault?: string;
}

export interface AnatomyOptions {
  readonly usable?: number;
  readonly encoding?: Encoding;
  /** On the last overflow page: how many bytes of it are payload. */
  readonly payload?: number;
}

/** Tiles a page: regions in order, without gap or overlap, from 0 to the end of the page. */
export function anatomy(
  bytes: Bytes,
  number: number,
  role: PageRole,
  options: AnatomyOptions = {},
): Region[] {
  const usable = Math.min(options.usable ?? bytes.length, bytes.length);
  const regions: Region[] = [];
  if (role === 'interior' || role === 'leaf')
    treeRegions(new Page(bytes, number, usable), options.encoding ?? 'UTF-8', regions);
  else if (role === 'overflow') {
    const next = u32(bytes, 0);
    const value = next === 0 ? 'none: the last' : `page ${next}`;
    const help = 'the next page of this chain';
    const end = Math.min(4 + (options.payload ?? usable - 4), usable);
    const fields = [{ name: 'next overflow page', from: 0, to: 4, value, help }];
    regions.push({ kind: 'next', from: 0, to: 4, fields });
    push(regions, { kind: 'payload', from: 4, to: end });
    push(regions, { kind: 'unused', from: end, to: usable });
  } else if (role === 'trunk') trunkRegions(bytes, usable, regions);
  else if (role === 'ptrmap') mapRegions(bytes, number, usable, regions);
  else push(regions, { kind: 'unused', from: 0, to: usable });
  push(regions, { kind: 'reserved', from: usable, to: bytes.length });
  return regions;
}

function push(regions: Region[], region: Region): void {
  if (region.from < region.to) regions.push(region);
}

function treeRegions(page: Page, encoding: Encoding, regions: Region[]): void {
  const { bytes, start, usable } = page;
  if (start > 0)
    regions.push({ kind: 'file header', from: 0, to: start, fields: fileHeaderFields(bytes) });
  const kindFault =
    page.kind === undefined
      ? `${hexOf(bytes.subarray(start, start + 1))} is no kind of b-tree page`
      : undefined;
  regions.push({
    kind: 'page header',
    from: start,
    to: page.pointersAt,
    fields: pageHeaderFields(page),
    ...(kindFault && { fault: kindFault }),
  });
  const pointersEnd = Math.min(page.gapStart, usable);
  const count = Math.floor((pointersEnd - page.pointersAt) / 2);
  push(regions, {
    kind: 'pointers',
    from: page.pointersAt,
    to: pointersEnd,
    fields: Array.from({ length: count }, (_, i) => ({
      name: `cell ${i}`,
      from: page.pointersAt + 2 * i,
      to: page.pointersAt + 2 * i + 2,
      value: `at ${page.pointer(i)}`,
      help: 'where the cell begins; the pointers stand in the order of the keys',
    })),
    ...(count < page.cellCount && {
      fault: `${page.cellCount} cells have no room for their pointers in this page`,
    }),
  });
  const parts: Region[] = [];
  for (let i = 0; i < count; i++) {
    const cell = page.cell(i);
    parts.push({
      kind: 'cell',
      index: i,
      from: cell.offset,
      to: cell.offset + cell.size,
      fields: cellFields(page, cell, encoding),
      ...(cell.fault !== undefined && { fault: cell.fault }),
    });
  }
  for (const { from, to } of page.freeblocks()) {
    const next = u16(bytes, from);
    parts.push({
      kind: 'freeblock',
      from,
      to,
      fields: [
        {
          name: 'next freeblock',
          from,
          to: from + 2,
          value: next === 0 ? 'none' : `at ${next}`,
          help: 'freeblocks are a chain in ascending order',
        },
        {
          name: 'size',
          from: from + 2,
          to: from + 4,
          value: `${to - from} bytes`,
          help: 'a deleted cell leaves its place behind, for a later cell that fits',
        },
      ],
    });
  }
  parts.sort((a, b) => a.from - b.from || a.to - b.to);
  tile(
    parts,
    pointersEnd,
    Math.max(pointersEnd, Math.min(page.contentStart, usable)),
    usable,
    regions,
  );
  const fragments = regions
    .filter((region) => region.kind === 'fragment')
    .reduce((sum, { from, to }) => sum + to - from, 0);
  const header = regions.findIndex((region) => region.kind === 'page header');
  if (fragments !== page.fragments)
    regions[header] = {
      fault: `the header counts ${page.fragments} bytes of fragments; there are ${fragments}`,
      ...(regions[header] as Region),
    };
}

/** Fills what lies between the parts: the gap before the content begins, fragments after. */
function tile(
  parts: readonly Region[],
  from: number,
  content: number,
  to: number,
  regions: Region[],
): void {
  let at = from;
  const fill = (end: number): void => {
    push(regions, { kind: 'gap', from: at, to: Math.min(end, Math.max(at, content)) });
    const rest = Math.max(at, content);
    push(regions, { kind: 'fragment', from: rest, to: end });
    at = Math.max(at, end);
  };
  for (const part of parts) {
    const begin = Math.min(Math.max(part.from, at), to);
    const end = Math.min(part.to, to);
    if (begin > at) fill(begin);
    const overlap =
      part.from < at ? `${part.kind} at ${part.from} overlaps what lies before it` : '';
    const fields = part.fields?.filter((field) => field.from >= begin && field.to <= end);
    if (end > begin)
      regions.push({
        ...part,
        from: begin,
        to: end,
        ...(fields && { fields }),
        ...(overlap && { fault: part.fault ?? overlap }),
      });
    at = Math.max(at, end);
  }
  if (at < to) fill(to);
}

function pageHeaderFields(page: Page): Field[] {
  const { bytes, start } = page;
  const free = page.firstFreeblock;
  const fields: Field[] = [
    {
      name: 'kind',
      from: start,
      to: start + 1,
      value: `0x${hexOf(bytes.subarray(start, start + 1))} ${page.kind ?? 'unknown'}`,
      help: 'table pages are keyed by rowid, index pages by a record; of a table only the leaves hold rows, of an index every page',
    },
    {
      name: 'first freeblock',
      from: start + 1,
      to: start + 3,
      value: free === 0 ? 'none' : `at ${free}`,
      help: 'free bytes between the cells, as a chain',
    },
    {
      name: 'cells',
      from: start + 3,
      to: start + 5,
      value: `${page.cellCount}`,
      help: 'how many cells, and so how many pointers',
    },
    {
      name: 'content starts',
      from: start + 5,
      to: start + 7,
      value: `${page.contentStart}`,
      help: 'where the lowest cell begins; before it lies the gap',
    },
    {
      name: 'fragments',
      from: start + 7,
      to: start + 8,
      value: `${page.fragments} bytes`,
      help: 'free bytes in pieces too small for a freeblock, which needs 4',
    },
  ];
  if (page.kind !== undefined && !page.isLeaf)
    fields.push({
      name: 'right-most child',
      from: start + 8,
      to: start + 12,
      value: `page ${page.rightChild}`,
      help: 'for all keys greater than the last separator',
    });
  return fields;
}

function cellFields(page: Page, cell: Cell, encoding: Encoding): Field[] {
  const { bytes } = page;
  const fields: Field[] = [];
  let at = cell.offset;
  const add = (name: string, size: number, value: string, help: string): void => {
    fields.push({ name, from: at, to: at + size, value, help });
    at += size;
  };
  if (cell.leftChild !== undefined)
    add(
      'left child',
      4,
      `page ${cell.leftChild}`,
      page.isTable ? 'keys up to and including this separator' : 'keys less than that of this row',
    );
  if (cell.payloadSize !== undefined)
    add(
      'payload size',
      varintSize(bytes, at),
      `${cell.payloadSize} bytes`,
      'size of the record, as a varint',
    );
  if (cell.key !== undefined)
    add(
      'rowid',
      varintSize(bytes, at),
      `${cell.key}`,
      page.isLeaf
        ? 'the key of the row, as a varint'
        : 'the separator: a copy of a key, as a varint',
    );
  if (cell.payloadFrom !== undefined && cell.payloadTo !== undefined) {
    const record = page.record(cell, encoding);
    if (record) fields.push(...recordFields(bytes, cell.payloadFrom, cell.payloadTo, record));
    at = cell.payloadTo;
  }
  if (cell.overflow !== undefined)
    add('overflow page', 4, `page ${cell.overflow}`, 'the rest of the record, as a chain of pages');
  return fields;
}

function recordFields(bytes: Bytes, from: number, end: number, record: RecordView): Field[] {
  const sizeTo = from + varintSize(bytes, from);
  const fields: Field[] = [
    {
      name: 'record header size',
      from,
      to: Math.min(sizeTo, end),
      value: `${record.headerSize} bytes`,
      help: 'this number and the types behind it',
    },
  ];
  for (const [i, column] of record.columns.entries()) {
    const at = from + (record.typesAt[i] as number);
    fields.push({
      name: `type of column ${i}`,
      from: at,
      to: Math.min(at + varintSize(bytes, at), end),
      value: `${column.serial}: ${nameOfSerial(column.serial)}`,
      help: 'the serial type says what the column is and how many bytes it takes',
    });
  }
  for (const [i, column] of record.columns.entries())
    if (column.from < column.to && from + column.from < end)
      fields.push({
        name: `column ${i}`,
        from: from + column.from,
        to: Math.min(from + column.to, end),
        value: shown(column.value) + (column.cut ? ' …' : ''),
        help: column.cut ? 'the rest is on overflow pages' : `${column.type}`,
      });
  return fields;
}

/** A value in a few words. */
export function shown(value: null | number | bigint | string | Uint8Array, most = 40): string {
  if (value === null) return 'NULL';
  if (value instanceof Uint8Array) {
    const hex = hexOf(value.subarray(0, most / 2));
    return `x'${hex}${value.length > most / 2 ? '…' : ''}'`;
  }
  if (typeof value !== 'string') return `${value}`;
  return JSON.stringify(value.length > most ? `${value.slice(0, most)}…` : value);
}

function fileHeaderFields(bytes: Bytes): Field[] {
  const header = readHeader(bytes, 0);
  const number = (
    name: string,
    from: number,
    size: number,
    help: string,
    value?: string,
  ): Field => {
    const raw = size === 4 ? u32(bytes, from) : size === 2 ? u16(bytes, from) : bytes[from];
    return { name, from, to: from + size, value: value ?? `${raw}`, help };
  };
  return [
    { name: 'magic', from: 0, to: 16, value: '"SQLite format 3"', help: 'and a zero byte' },
    number('page size', 16, 2, 'a power of two; 1 stands for 65536', `${header.pageSize} bytes`),
    number('write version', 18, 1, '1 rollback journal, 2 write-ahead log'),
    number('read version', 19, 1, '1 rollback journal, 2 write-ahead log'),
    number('reserved', 20, 1, 'bytes at the end of every page that SQLite leaves alone'),
    number('maximum payload fraction', 21, 1, 'always 64'),
    number('minimum payload fraction', 22, 1, 'always 32'),
    number('leaf payload fraction', 23, 1, 'always 32'),
    number('change counter', 24, 4, 'one more with every commit'),
    number('pages', 28, 4, 'size of the database in pages'),
    number('first freelist trunk', 32, 4, 'pages that are free, 0 = none'),
    number('free pages', 36, 4, 'trunks and leaves of the freelist together'),
    number('schema cookie', 40, 4, 'one more with every change of the schema'),
    number('schema format', 44, 4, '1 to 4'),
    number('cache size', 48, 4, 'a suggestion'),
    number('largest root page', 52, 4, '0: no auto-vacuum, no pointer map'),
    number('text encoding', 56, 4, '1 UTF-8, 2 UTF-16le, 3 UTF-16be', header.encoding),
    number('user version', 60, 4, 'free for applications'),
    number('incremental vacuum', 64, 4, '1 if on'),
    number('application id', 68, 4, 'free for applications'),
    { name: 'reserved for later', from: 72, to: 92, value: 'zeros', help: '20 bytes' },
    number('valid for', 92, 4, 'the change counter when the number of pages was written'),
    number('SQLite version', 96, 4, 'of the last writer'),
  ];
}

function trunkRegions(bytes: Bytes, usable: number, regions: Region[]): void {
  const next = u32(bytes, 0);
  const told = u32(bytes, 4);
  const count = Math.min(told, Math.floor(usable / 4) - 2);
  const fields: Field[] = [
    {
      name: 'next trunk',
      from: 0,
      to: 4,
      value: next === 0 ? 'none' : `page ${next}`,
      help: 'the freelist is a chain of trunks',
    },
    {
      name: 'leaves',
      from: 4,
      to: 8,
      value: `${told}`,
      help: 'how many free pages this trunk names',
    },
  ];
  for (let i = 0; i < count; i++)
    fields.push({
      name: `leaf ${i}`,
      from: 8 + 4 * i,
      to: 12 + 4 * i,
      value: `page ${u32(bytes, 8 + 4 * i)}`,
      help: 'a free page; what it still holds has no meaning',
    });
  const end = 8 + 4 * count;
  regions.push({
    kind: 'trunk',
    from: 0,
    to: end,
    fields,
    ...(count < told && { fault: `${told} leaves do not fit into a trunk` }),
  });
  push(regions, { kind: 'unused', from: end, to: usable });
}

const MAP_TYPES = [
  '?',
  'root',
  'free',
  'first overflow page of',
  'overflow page after',
  'child of',
];

function mapRegions(bytes: Bytes, number: number, usable: number, regions: Region[]): void {
  const fields: Field[] = [];
  const end = 5 * Math.floor(usable / 5);
  for (let at = 0; at < end; at += 5) {
    const type = bytes[at] as number;
    if (type === 0) continue;
    const parent = u32(bytes, at + 1);
    fields.push({
      name: `page ${number + 1 + at / 5}`,
      from: at,
      to: at + 5,
      value: `${MAP_TYPES[type] ?? `type ${type}`}${parent ? ` page ${parent}` : ''}`,
      help: 'auto-vacuum notes for each page who points to it',
    });
  }
  regions.push({ kind: 'pointer map', from: 0, to: end, fields });
  push(regions, { kind: 'unused', from: end, to: usable });
}

// ── Survey: what every page of a database is, found by walking ──────────────────────────────────

export interface PageUse {
  readonly page: number;
  readonly role: PageRole;
  /** Root of the tree that it belongs to. */
  readonly tree?: number;
  /** The page that points to it. */
  readonly parent?: number;
  /** From 0 at the root. */
  readonly depth?: number;
  /** Of a long value, the page whose cell begins the chain; and bytes of payload on this page. */
  readonly payload?: number;
  readonly fault?: string;
}

export interface TreeEntry {
  readonly name: string;
  readonly table: string;
  readonly kind: 'table' | 'index' | 'without-rowid';
  readonly root: number;
  readonly sql: string;
}

export interface Survey {
  readonly header: DatabaseHeader;
  readonly trees: readonly TreeEntry[];
  /** By page number; every page from 1 to `pages` is there. */
  readonly uses: ReadonlyMap<number, PageUse>;
  readonly faults: readonly string[];
}

export type ReadPage = (page: number) => Bytes | undefined;

/** A tree deeper than this is a loop or damage: 2 children a page at least make 2^32 pages. */
const DEEPEST = 40;

/**
 * Walks a whole database and says what each page is. A page is counted where it is first met; a
 * second pointer to it is a fault, so no damage can make the walk run in circles.
 */
export function pagesOf(read: ReadPage, pages?: number): Survey {
  const first = read(1) ?? new Uint8Array(0);
  const header = readHeader(first, (pages ?? 0) * first.length);
  const last = Math.max(1, Math.min(header.pages, pages ?? header.pages));
  const survey = new Surveyor(read, header, last);
  survey.tree(1, 1);
  const trees = schemaOf(read, header, survey.schemaRows);
  for (const { root } of trees) survey.tree(root, root);
  survey.freelist();
  if (header.fault) survey.faults.unshift(`page 1: ${header.fault}`);
  for (let page = 1; page <= last; page++)
    if (!survey.uses.has(page))
      survey.uses.set(page, {
        page,
        role:
          page === lockPage(header.pageSize)
            ? 'lock'
            : isPointerMap(page, header)
              ? 'ptrmap'
              : 'unused',
      });
  return { header, trees, uses: survey.uses, faults: survey.faults };
}

class Surveyor {
  readonly uses = new Map<number, PageUse>();
  readonly faults: string[] = [];
  /** Leaves of the schema tree, in order. */
  readonly schemaRows: Page[] = [];
  readonly #read: ReadPage;
  readonly #header: DatabaseHeader;
  readonly #last: number;

  constructor(read: ReadPage, header: DatabaseHeader, last: number) {
    this.#read = read;
    this.#header = header;
    this.#last = last;
  }

  #claim(page: number, from: number, what: string): boolean {
    const where = from === 0 ? 'the header' : `page ${from}`;
    if (page < 1 || page > this.#last)
      this.faults.push(
        `${where} names page ${page} as ${what}; the database has ${this.#last} pages`,
      );
    else if (this.uses.has(page))
      this.faults.push(`${where} names page ${page} as ${what}, which is already in use`);
    else return true;
    return false;
  }

  tree(root: number, tree: number): void {
    const stack: { page: number; parent: number; depth: number }[] = [];
    stack.push({ page: root, parent: 0, depth: 0 });
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { page, parent, depth } = next;
      if (!this.#claim(page, parent, parent === 0 ? 'a root' : 'a child')) continue;
      const bytes = this.#read(page);
      const at = { page, tree, depth, ...(parent > 0 && { parent }) };
      const lens = bytes && new Page(bytes, page, this.#header.usable);
      if (!lens || lens.kind === undefined || depth > DEEPEST) {
        const fault = !lens
          ? 'the page is not there'
          : depth > DEEPEST
            ? `${depth} levels are too deep`
            : 'this is no b-tree page';
        this.uses.set(page, { ...at, role: 'unused', fault });
        this.faults.push(`page ${page}: ${fault}`);
        continue;
      }
      this.uses.set(page, { ...at, role: lens.isLeaf ? 'leaf' : 'interior' });
      const room = Math.floor((lens.usable - lens.pointersAt) / 2);
      const count = Math.min(lens.cellCount, room);
      if (tree === 1 && lens.isLeaf) this.schemaRows.push(lens);
      if (!(lens.isTable && !lens.isLeaf))
        for (let i = 0; i < count; i++) {
          const cell = lens.cell(i);
          if (cell.overflow === undefined || cell.fault) continue;
          const local = (cell.payloadTo as number) - (cell.payloadFrom as number);
          this.chain(cell.overflow, page, tree, (cell.payloadSize as number) - local);
        }
      if (!lens.isLeaf) {
        stack.push({ page: lens.rightChild, parent: page, depth: depth + 1 });
        for (let i = count - 1; i >= 0; i--)
          stack.push({ page: lens.child(i), parent: page, depth: depth + 1 });
      }
    }
  }

  chain(first: number, from: number, tree: number, payload: number): void {
    const each = this.#header.usable - 4;
    let page = first;
    let parent = from;
    for (let rest = payload; rest > 0; rest -= each) {
      if (!this.#claim(page, parent, 'an overflow page')) return;
      this.uses.set(page, { page, role: 'overflow', tree, parent, payload: Math.min(rest, each) });
      const bytes = this.#read(page);
      if (!bytes) return;
      parent = page;
      page = u32(bytes, 0);
    }
  }

  freelist(): void {
    let from = 0;
    for (let trunk = this.#header.trunk; trunk !== 0; ) {
      if (!this.#claim(trunk, from, 'a freelist trunk')) return;
      this.uses.set(trunk, { page: trunk, role: 'trunk', ...(from > 0 && { parent: from }) });
      const bytes = this.#read(trunk);
      if (!bytes) return;
      const count = Math.min(u32(bytes, 4), Math.floor(this.#header.usable / 4) - 2);
      for (let i = 0; i < count; i++) {
        const page = u32(bytes, 8 + 4 * i);
        if (this.#claim(page, trunk, 'a free page'))
          this.uses.set(page, { page, role: 'free', parent: trunk });
      }
      from = trunk;
      trunk = u32(bytes, 0);
    }
  }
}

/** The trees of a database, by its schema alone: no other page is looked at but each root. */
export function treesOf(read: ReadPage, header: DatabaseHeader): TreeEntry[] {
  const survey = new Surveyor(read, header, header.pages);
  survey.tree(1, 1);
  return schemaOf(read, header, survey.schemaRows);
}

/** Virtual tables, by the schema: a module of their own keeps their rows, so there is no tree to walk. */
export function virtualTablesOf(read: ReadPage, header: DatabaseHeader): string[] {
  const survey = new Surveyor(read, header, header.pages);
  survey.tree(1, 1);
  return [...schemaRowsOf(read, header, survey.schemaRows)].flatMap(({ name, root, sql }) =>
    root === 0 && /^\s*create\s+virtual\s+table\b/i.test(sql) ? [name] : [],
  );
}

/** The trees that the leaves of sqlite_schema name. */
export function schemaOf(
  read: ReadPage,
  header: DatabaseHeader,
  leaves: readonly Page[],
): TreeEntry[] {
  const trees: TreeEntry[] = [];
  for (const { type, name, table, root, sql } of schemaRowsOf(read, header, leaves)) {
    if (root < 1) continue; // views and triggers have no tree
    const rootBytes = read(root);
    const index = rootBytes !== undefined && !new Page(rootBytes, root).isTable;
    const kind = type === 'index' ? 'index' : index ? 'without-rowid' : 'table';
    trees.push({ name, table, kind, root, sql });
  }
  return trees;
}

/** The rows of sqlite_schema: (type, name, tbl_name, rootpage, sql); 0 for the root page of what has none. */
function* schemaRowsOf(read: ReadPage, header: DatabaseHeader, leaves: readonly Page[]) {
  for (const leaf of leaves) {
    const room = Math.floor((leaf.usable - leaf.pointersAt) / 2);
    for (let i = 0; i < Math.min(leaf.cellCount, room); i++) {
      const cell = leaf.cell(i);
      if (cell.fault !== undefined) continue;
      const payload = payloadOf(leaf, cell, read).bytes;
      const [type, name, table, root, sql] = readRecord(payload, header.encoding).columns;
      yield {
        type: type?.value,
        name: String(name?.value ?? '?'),
        table: String(table?.value ?? '?'),
        root: typeof root?.value === 'number' ? root.value : 0,
        sql: typeof sql?.value === 'string' ? sql.value : '',
      };
    }
  }
}

export interface Payload {
  readonly bytes: Bytes;
  /** Overflow pages that were read. */
  readonly pages: readonly number[];
  readonly fault?: string;
}

/** All of a cell's payload, the overflow chain followed as far as it goes. */
export function payloadOf(
  page: Pick<Page, 'bytes' | 'usable'>,
  cell: Cell,
  read: ReadPage,
): Payload {
  const from = cell.payloadFrom ?? 0;
  const local = page.bytes.subarray(from, cell.payloadTo ?? from);
  if (cell.overflow === undefined) return { bytes: local, pages: [] };
  const size = cell.payloadSize as number;
  const each = page.usable - 4;
  const parts: Bytes[] = [local];
  const pages: number[] = [];
  const met = new Set<number>();
  let at = local.length;
  let fault: string | undefined;
  for (let next = cell.overflow; at < size; ) {
    const bytes = met.has(next) || next === 0 ? undefined : read(next);
    if (bytes === undefined) {
      fault = `the overflow chain of cell ${cell.index} breaks at page ${next}: ${size - at} of ${size} bytes are missing`;
      break;
    }
    met.add(next);
    pages.push(next);
    const part = bytes.subarray(4, 4 + Math.min(each, size - at));
    parts.push(part);
    at += part.length;
    next = u32(bytes, 0);
  }
  const out = new Uint8Array(at);
  let to = 0;
  for (const part of parts) {
    out.set(part, to);
    to += part.length;
  }
  return { bytes: out, pages, ...(fault !== undefined && { fault }) };
}
