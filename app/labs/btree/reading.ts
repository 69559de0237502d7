// What a moment's bytes say: the tree as the running engine sees it, what else is in memory, and the
// file below the waterline. Read through the engine's own page lens, and nothing is remembered from
// one moment to the next: view and text twin both draw from this, so neither can lie.

import type { Bytes } from '../../../engine/base/bytes.ts';
import {
  type BTreeEvent,
  type BTreeValue,
  committedPage,
  dirtyPages,
  FILES,
  type Held,
  type Key,
  pageCount,
  pageOf,
} from '../../../engine/btree/events.ts';
import { type DatabaseHeader, readHeader } from '../../../engine/btree/header.ts';
import { compareKeys, keyAt, placeIn } from '../../../engine/btree/key-lens.ts';
import {
  type Cell,
  Page,
  type PageRole,
  pagesOf,
  type Survey,
  shown,
} from '../../../engine/btree/page.ts';
import { type Content, chunkOf, type DiskImage, fileNamed } from '../../../engine/disk/image.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { Wants } from '../../scene/scene.ts';
import { behindIn, type LogReading, readLog } from './log.ts';
import { type FileMap, mapOf } from './map.ts';

export type BTreeMoment = ShownMoment<BTreeEvent, BTreeValue>;

/** More pages than this are not read for one picture. */
export const MOST_PAGES = 2500;
/** Of a file that is not here, so many pages are asked for at once. */
const MOST_WANTED = 256;
/** Interior pages that are looked through for the way to a selected page. */
const MOST_SEARCHED = 600;

export interface CellNode {
  /** Scene key. */
  readonly key: string;
  readonly index: number;
  readonly text: string;
  /** Its bytes in the page. */
  readonly from: number;
  readonly to: number;
  readonly leaf: boolean;
  readonly aria: string;
  readonly fault?: string | undefined;
}

export interface PageNode {
  readonly page: number;
  /** Absent where the bytes are not on this side, or are no b-tree page. */
  readonly lens?: Page;
  readonly leaf: boolean;
  readonly cells: readonly CellNode[];
  readonly children: PageNode[];
  parent?: PageNode;
  /** Which child of its parent it is; absent for a page that no parent points to. */
  place?: number;
  depth: number;
  /** Levels above the leaves. */
  height: number;
  readonly dirty: boolean;
  readonly inMemory: boolean;
  readonly inFile: boolean;
  /** In no parent yet: opened in the middle of a split. */
  readonly loose: boolean;
  /** Children that were not read, because the picture would be too large. */
  folded: number;
  readonly fault?: string;
  /** Its bytes are in a file that was not read so far. */
  readonly unread: boolean;
}

export interface SlotNode {
  readonly page: number;
  readonly role: PageRole | 'header';
  /** `behind`: the log has a newer image of it, `stale`: memory has, and that is committed nowhere. */
  readonly state: 'durable' | 'written' | 'behind' | 'stale';
  readonly fault?: string;
}

export interface SideNode {
  readonly page: number;
  readonly role: PageRole | 'header' | 'loose';
  readonly dirty: boolean;
}

export interface Reading {
  readonly root?: PageNode;
  readonly nodes: ReadonlyMap<number, PageNode>;
  /** Pages in memory that are not of this tree: the header, overflow, free pages. */
  readonly side: readonly SideNode[];
  /** None where they are too many to be drawn one by one: then there is a map. */
  readonly slots: readonly SlotNode[];
  readonly map?: FileMap;
  /** Absent where the database has none: an opened file. */
  readonly log?: LogReading;
  /** Pages of the file, all of them. */
  readonly filePages: number;
  readonly pageSize: number;
  readonly dirty: ReadonlySet<number>;
  readonly header: DatabaseHeader | undefined;
  readonly unsaid: readonly string[];
  readonly wants?: Wants;
}

const readings = new WeakMap<
  DiskImage,
  { moment: BTreeMoment; page: number | undefined; reading: Reading }
>();

/** `selected`: a scene key; the way to that page is read however large the tree is. */
export function read(moment: BTreeMoment, selected?: string): Reading {
  const named = /^(?:page|slot):(\d{1,10})$/.exec(selected ?? '');
  const page = named ? Number(named[1]) : undefined;
  const known = readings.get(moment.image);
  if (
    known &&
    known.page === page &&
    known.moment.event === moment.event &&
    known.moment.value === moment.value
  )
    return known.reading;
  const reading = new Reader(moment, page).read();
  readings.set(moment.image, { moment, page, reading });
  return reading;
}

/** What a page's cells say, kept by its bytes: a step changes few pages of many. */
const decoded = new WeakMap<Bytes, { readonly of: string; readonly cells: ReadCell[] }>();

/** Surveys change with a write to the file or a commit only, so they are kept by file and index. */
const surveys = new WeakMap<
  Content['blocks'],
  { readonly index: Content['blocks'] | undefined; readonly survey: Survey }
>();

/** Which cell a scene key names: `29` and `kv` of `cell:kv:29`. */
export const cellKey = (table: string, key: Key | string): string => `cell:${table}:${key}`;
export const separatorKey = (table: string, key: Key | string): string => `sep:${table}:${key}`;

class Reader {
  readonly #moment: BTreeMoment;
  readonly #image: DiskImage;
  readonly #dirty: Set<number>;
  readonly #usable: number;
  readonly #pages: number;
  readonly #header: DatabaseHeader | undefined;
  readonly #nodes = new Map<number, PageNode>();
  readonly #names = new Set<string>();
  readonly #unsaid: string[] = [];
  readonly #selected: number | undefined;
  /** Pages of the database after the last commit. */
  readonly #committed: number;
  /** Pages of an imported file that were looked for and are not here. */
  readonly #lacking = new Set<number>();

  constructor(moment: BTreeMoment, selected: number | undefined) {
    this.#moment = moment;
    this.#selected = selected;
    this.#image = moment.image;
    const { pageSize, running } = moment.value;
    const database = fileNamed(this.#image, FILES.database);
    const first = this.#bytes(1);
    this.#header =
      first && first.length >= 100 ? readHeader(first, database?.now.size ?? 0) : undefined;
    this.#usable = pageSize - (this.#header?.reserved ?? 0);
    const cache = fileNamed(this.#image, FILES.cache);
    const chunks = Math.ceil(
      Math.max(database?.now.size ?? 0, running ? (cache?.now.size ?? 0) : 0) / pageSize,
    );
    this.#pages = Math.max(this.#header?.pages ?? 0, chunks);
    this.#committed = pageCount(this.#image, false);
    this.#dirty = new Set(running ? dirtyPages(this.#image) : []);
  }

  readonly #bytes = (page: number): Bytes | undefined => {
    const bytes = this.#moment.value.running
      ? pageOf(this.#image, page)
      : inFile(this.#image, page, 'now');
    if (!bytes && this.#moment.value.readOnly && page >= 1 && page <= this.#pages)
      this.#lacking.add(page);
    return bytes;
  };

  read(): Reading {
    const { running, root, pageSize } = this.#moment.value;
    const database = fileNamed(this.#image, FILES.database);
    const filePages = Math.floor((database?.now.size ?? 0) / pageSize);
    const top = running ? this.#tree(root) : undefined;
    const slots = this.#slots(filePages);
    const side = running ? this.#side() : [];
    const log = readLog(this.#image);
    const chunks = [...this.#lacking].slice(0, MOST_WANTED).map((page) => page - 1);
    return {
      ...(top && { root: top }),
      nodes: this.#nodes,
      side,
      slots,
      ...(database && filePages > MOST_PAGES && { map: mapOf(database.now, filePages) }),
      ...(log && { log }),
      filePages,
      pageSize,
      dirty: this.#dirty,
      header: this.#header,
      unsaid: this.#unsaid,
      ...(chunks.length > 0 && { wants: { file: FILES.database, chunks } }),
    };
  }

  /**
   * Reads by levels, so that what is left out is what lies deepest; the way to the focus first. Of a
   * file with very many pages only the root and the ways to the focus and the selection are opened.
   */
  #tree(root: number): PageNode {
    const wanted = this.#way();
    if (this.#selected !== undefined) for (const page of this.#wayTo(root)) wanted.add(page);
    const top = this.#node(root, false);
    const sparing = this.#pages > MOST_PAGES;
    let queue: PageNode[] = [top];
    let folded = 0;
    while (queue.length > 0) {
      const next: PageNode[] = [];
      for (const node of queue) {
        const { lens } = node;
        if (!lens || node.leaf) continue;
        const count = cellsIn(lens);
        if (sparing && node !== top && !wanted.has(node.page)) {
          node.folded = count + 1;
          folded++;
          continue;
        }
        for (let i = 0; i <= count; i++) {
          const page = i === count ? lens.rightChild : lens.child(i);
          if (this.#nodes.has(page) || page < 1 || page > this.#pages) continue;
          if (this.#nodes.size >= MOST_PAGES && !wanted.has(page)) {
            node.folded++;
            folded++;
            continue;
          }
          const child = this.#node(page, false, node, i);
          node.children.push(child);
          next.push(child);
        }
      }
      queue = next;
    }
    this.#measure(top);
    if (folded > 0)
      this.#unsaid.push(
        `${this.#nodes.size} pages of the tree are drawn; ${folded} subtrees are folded away: select a page to open it.`,
      );
    this.#loose(top);
    return top;
  }

  /** From the root to the selected page, as far as the pages that are here lead. */
  #wayTo(root: number): number[] {
    const target = this.#selected;
    const parents = new Map<number, number>([[root, 0]]);
    const queue = [root];
    for (let at = 0; at < queue.length && at < MOST_SEARCHED; at++) {
      const page = queue[at] as number;
      if (page === target) break;
      const bytes = pageOf(this.#image, page); // what is not here is not asked for by a search
      const lens = bytes && new Page(bytes, page, this.#usable);
      if (!lens || lens.kind === undefined || lens.isLeaf) continue;
      const count = cellsIn(lens);
      for (let i = 0; i <= count; i++) {
        const child = i === count ? lens.rightChild : lens.child(i);
        if (parents.has(child)) continue;
        parents.set(child, page);
        queue.push(child);
      }
      if (target !== undefined && parents.has(target)) break;
    }
    const way: number[] = [];
    for (let page = target; page && parents.has(page); page = parents.get(page)) way.push(page);
    return way;
  }

  #measure(node: PageNode): number {
    node.height = node.leaf ? 0 : 1 + Math.max(0, ...node.children.map((c) => this.#measure(c)));
    return node.height;
  }

  /** Pages on the way of the key that the event is about: drawn however large the tree is. */
  #way(): Set<number> {
    const way = new Set<number>();
    const { event, value } = this.#moment;
    const key = 'key' in event ? event.key : undefined;
    for (let page = value.root; key !== undefined && way.size < 40 && !way.has(page); ) {
      way.add(page);
      const bytes = this.#bytes(page);
      const lens = bytes && new Page(bytes, page, this.#usable);
      if (!lens || lens.kind === undefined || lens.isLeaf) break;
      if (lens.isTable === (typeof key === 'string')) break;
      page = lens.child(Math.min(placeIn(lens, key, this.#bytes), cellsIn(lens)));
    }
    return way;
  }

  #node(page: number, loose: boolean, parent?: PageNode, place?: number): PageNode {
    const bytes = this.#bytes(page);
    const lens = bytes && new Page(bytes, page, this.#usable);
    const problem = this.#moment.problems.find(({ key }) => key === `page:${page}`);
    const broken = lens && lens.kind === undefined;
    const fault = broken ? 'this is no b-tree page' : problem?.text;
    const good = lens && !broken ? lens : undefined;
    const read = (lens: Page) => this.#cells(lens);
    let cells: readonly CellNode[] | undefined;
    const node: PageNode = {
      page,
      ...(good && { lens: good }),
      leaf: good ? good.isLeaf : (parent?.height ?? 1) <= 1,
      // Of most pages of a large tree nobody asks: they are drawn as bars.
      get cells() {
        cells ??= good ? read(good) : [];
        return cells;
      },
      children: [],
      ...(parent && { parent }),
      ...(place !== undefined && { place }),
      depth: parent ? parent.depth + 1 : 0,
      height: 0,
      dirty: this.#dirty.has(page),
      inMemory: inCache(this.#image, page),
      inFile: page <= this.#committed && committedPage(this.#image, page) !== undefined,
      loose,
      folded: 0,
      unread: bytes === undefined && this.#moment.value.readOnly,
      ...(fault !== undefined && { fault }),
    };
    this.#nodes.set(page, node);
    return node;
  }

  #cells(lens: Page): CellNode[] {
    const { table } = this.#moment.value;
    const encoding = this.#header?.encoding ?? 'UTF-8';
    const of = `${table} ${encoding} ${lens.number} ${lens.usable}`;
    const known = decoded.get(lens.bytes);
    const cells =
      known?.of === of ? known.cells : cellsOf(lens, this.#moment.value, encoding, this.#bytes);
    if (cells !== known?.cells) decoded.set(lens.bytes, { of, cells });
    return cells.map((cell) => {
      let { key } = cell;
      // On a damaged page one key may stand twice.
      while (this.#names.has(key)) key = `${key}@${lens.number}`;
      this.#names.add(key);
      return key === cell.key ? cell : cell.called(key);
    });
  }

  /**
   * In the middle of a split pages exist that no parent points to: a new sibling, or a left half
   * whose cell has no home. They stand at their level, where their keys belong.
   */
  #loose(root: PageNode): void {
    const { event, value } = this.#moment;
    if (this.#pages > MOST_PAGES || value.readOnly) return;
    const survey = this.#survey();
    const loose = [...survey.uses.values()].filter(({ page, role }) => {
      if (role !== 'unused' || this.#nodes.has(page) || !inCache(this.#image, page)) return false;
      const bytes = this.#bytes(page);
      return bytes !== undefined && new Page(bytes, page, this.#usable).kind !== undefined;
    });
    const pointedTo = new Set<number>();
    for (const { page } of loose) {
      const lens = new Page(this.#bytes(page) as Bytes, page, this.#usable);
      if (!lens.isLeaf) for (let i = 0; i <= cellsIn(lens); i++) pointedTo.add(lens.child(i));
    }
    for (const { page } of loose) {
      if (pointedTo.has(page)) continue;
      const opened = event.kind === 'open' && event.page === page;
      const lens = new Page(this.#bytes(page) as Bytes, page, this.#usable);
      if (lens.cellCount === 0 && !opened) continue; // merged away: it is told among the side pages
      const node = this.#node(page, true);
      this.#grow(node);
      this.#measure(node);
      const beside = opened ? this.#nodes.get(event.beside) : this.#neighbour(node, root);
      const parent = beside?.parent;
      if (!beside || !parent) {
        for (const lost of under(node)) this.#nodes.delete(lost.page);
        continue;
      }
      node.parent = parent;
      node.depth = parent.depth + 1;
      for (const one of under(node))
        if (one.parent && one !== node) one.depth = one.parent.depth + 1;
      parent.children.splice(parent.children.indexOf(beside) + 1, 0, node);
    }
  }

  /** All below a page that no parent points to. */
  #grow(node: PageNode): void {
    const { lens } = node;
    if (!lens || node.leaf) return;
    const count = cellsIn(lens);
    for (let i = 0; i <= count; i++) {
      const page = lens.child(i);
      if (this.#nodes.has(page) || page < 1 || page > this.#pages) continue;
      const child = this.#node(page, true, node, i);
      node.children.push(child);
      this.#grow(child);
    }
  }

  /** The page of the same level after which its keys belong. */
  #neighbour(node: PageNode, root: PageNode): PageNode | undefined {
    const least = this.#smallest(node.lens);
    let best: PageNode | undefined;
    for (const other of under(root)) {
      if (other.height !== node.height || other === root || !other.lens) continue;
      const first = this.#smallest(other.lens);
      if (least !== undefined && first !== undefined && compareKeys(first, least) > 0) continue;
      best = other;
    }
    return best;
  }

  #smallest(lens: Page | undefined): Key | undefined {
    return lens && lens.cellCount > 0 ? keyAt(lens, 0, this.#bytes) : undefined;
  }

  #survey(): Survey {
    return pagesOf((page) => this.#bytes(page), this.#pages);
  }

  #side(): SideNode[] {
    const side: SideNode[] = [];
    const cache = fileNamed(this.#image, FILES.cache);
    if (!cache || this.#pages > MOST_PAGES) return side;
    let survey: Survey | undefined;
    const { event, value } = this.#moment;
    const pages = Math.ceil(cache.now.size / value.pageSize);
    for (let page = 1; page <= pages; page++) {
      if (this.#nodes.has(page) || !inCache(this.#image, page)) continue;
      if (page > 1) survey ??= this.#survey();
      // Just filled, and the cell that will point to it is not in its page yet.
      const spilled = event.kind === 'spill' && event.pages.includes(page);
      const found = spilled ? 'overflow' : survey?.uses.get(page)?.role;
      const role = page === 1 ? 'header' : (found ?? 'unused');
      side.push({ page, role: role === 'unused' ? 'loose' : role, dirty: this.#dirty.has(page) });
    }
    return side;
  }

  #slots(filePages: number): SlotNode[] {
    const database = fileNamed(this.#image, FILES.database);
    if (!database) return [];
    if (filePages > MOST_PAGES) return []; // drawn as a map
    // In the middle of a checkpoint the file by itself is nothing whole: with the log it is.
    const index = fileNamed(this.#image, FILES.index)?.now.blocks;
    const behind = behindIn(this.#image);
    let known = surveys.get(database.now.blocks);
    if (!known || known.index !== index) {
      const pages = database.source ? filePages : pageCount(this.#image, false);
      known = { index, survey: pagesOf((page) => committedPage(this.#image, page), pages) };
      surveys.set(database.now.blocks, known);
    }
    const { survey } = known;
    const slots: SlotNode[] = [];
    for (let page = 1; page <= filePages; page++) {
      const use = survey.uses.get(page);
      const written =
        !database.source && chunkOf(database.now, page - 1) !== chunkOf(database.synced, page - 1);
      slots.push({
        page,
        role: page === 1 ? 'header' : (use?.role ?? 'unused'),
        state: written
          ? 'written'
          : behind(page) > 0
            ? 'behind'
            : this.#dirty.has(page)
              ? 'stale'
              : 'durable',
        // What was not read is not damaged, nor what the log has better.
        ...(use?.fault !== undefined &&
          behind(page) === 0 &&
          inFile(this.#image, page, 'now') !== undefined && { fault: use.fault }),
      });
    }
    return slots;
  }
}

type ReadBytes = (page: number) => Bytes | undefined;

/** A cell as its page has it. What its record says is read when somebody asks: few are drawn. */
class ReadCell implements CellNode {
  readonly key: string;
  readonly #lens: Page;
  readonly #cell: Cell;
  readonly #encoding: DatabaseHeader['encoding'];
  /** The key of a cell of the lab's own index b-tree: the first column of its record. */
  readonly #text: string | undefined;
  #value: string | undefined;

  constructor(
    lens: Page,
    cell: Cell,
    key: string,
    encoding: DatabaseHeader['encoding'],
    text?: string,
  ) {
    this.#lens = lens;
    this.#cell = cell;
    this.key = key;
    this.#encoding = encoding;
    this.#text = text;
  }

  called(key: string): ReadCell {
    return new ReadCell(this.#lens, this.#cell, key, this.#encoding, this.#text);
  }

  get index(): number {
    return this.#cell.index;
  }
  get from(): number {
    return this.#cell.offset;
  }
  get to(): number {
    return this.#cell.offset + this.#cell.size;
  }
  get leaf(): boolean {
    return this.#lens.isLeaf;
  }
  get fault(): string | undefined {
    return this.#cell.fault;
  }
  get text(): string {
    return this.#text ?? (this.#lens.isTable ? `${this.#cell.key}` : this.#values());
  }
  get aria(): string {
    const { isLeaf, isTable } = this.#lens;
    const bytes = `${this.#cell.size} bytes`;
    const isRow = this.#text !== undefined || (isLeaf && isTable);
    const value = isRow ? this.#values() : '';
    const what = isLeaf ? 'key' : this.#text === undefined ? 'separator' : 'row between children';
    return `${what} ${this.text}, ${bytes}${value ? `: ${value}` : ''}`;
  }

  #values(): string {
    if (this.#value === undefined) {
      const lens = this.#lens;
      const has = lens.isLeaf || !lens.isTable;
      const record = has ? lens.record(this.#cell, this.#encoding) : undefined;
      const values = record?.columns.filter(({ value }) => value !== null) ?? [];
      const shownOnes = this.#text === undefined ? values : values.slice(1);
      this.#value = shownOnes.map(({ value }) => shown(value, 24)).join(', ');
    }
    return this.#value;
  }
}

function cellsOf(
  lens: Page,
  { table, readOnly }: BTreeValue,
  encoding: DatabaseHeader['encoding'],
  read: ReadBytes,
): ReadCell[] {
  const name = lens.isLeaf ? cellKey : separatorKey;
  return Array.from({ length: cellsIn(lens) }, (_, index) => {
    const cell = lens.cell(index);
    if (lens.isTable) return new ReadCell(lens, cell, name(table, `${cell.key}`), encoding);
    if (readOnly) return new ReadCell(lens, cell, name(table, `${lens.number}.${index}`), encoding);
    // In the lab's own index b-tree the cell is the row, and keeps its name wherever it goes.
    const key = keyAt(lens, index, read);
    return new ReadCell(lens, cell, cellKey(table, key), encoding, keyText(key));
  });
}

/** Whether a page has the cell of that scene key. Of a table's page it is searched for, not read all over. */
export function hasCell(node: PageNode, key: string): boolean {
  const { lens } = node;
  const found = /^(cell|sep):.*:(-?\d{1,15})$/.exec(key);
  if (!found || !lens?.isTable) return node.cells.some((cell) => cell.key === key);
  if ((found[1] === 'cell') !== lens.isLeaf || cellsIn(lens) < lens.cellCount) return false;
  const index = lens.search(Number(found[2]));
  return index < lens.cellCount && lens.key(index) === Number(found[2]);
}

/** A key as a cell shows it: of a long text its two ends. */
export const keyText = (key: Key): string => {
  const units = [...`${key}`.replace(/[\s\p{C}]/gu, ' ')];
  if (typeof key !== 'string' || units.length <= 12) return units.join('');
  return `${units.slice(0, 6).join('')}…${units.slice(-5).join('')}`;
};

/** Cells that have room for their pointers: what a damaged count may promise beyond is not there. */
function cellsIn(lens: Page): number {
  return Math.min(lens.cellCount, Math.floor((lens.usable - lens.pointersAt) / 2));
}

/** A page and all below it, level by level. */
export function under(node: PageNode): PageNode[] {
  const all = [node];
  for (let i = 0; i < all.length; i++) all.push(...(all[i] as PageNode).children);
  return all;
}

function inCache(image: DiskImage, page: number): boolean {
  const cache = fileNamed(image, FILES.cache);
  return cache !== undefined && chunkOf(cache.now, page - 1) !== undefined;
}

function inFile(image: DiskImage, page: number, layer: 'now' | 'synced'): Bytes | undefined {
  const database = fileNamed(image, FILES.database);
  if (!database) return undefined;
  return chunkOf(database[layer], page - 1) ?? database.source?.chunk(page - 1);
}

/** Cells that no page has at this moment. */
export const heldIn = (event: BTreeEvent): readonly Held[] =>
  'held' in event && event.held ? event.held : [];

/** What a cell of an interior page is called: in an index b-tree it is the row itself, wherever it goes. */
export const aboveKey = (table: string, key: Key): string =>
  (typeof key === 'string' ? cellKey : separatorKey)(table, key);

/** Which pages, cells and pointers the engine is at. */
export interface Focus {
  /** Pages that it touches, the one where it is first. */
  readonly pages: readonly number[];
  readonly keys: ReadonlySet<string>;
  /** Pages whose incoming pointer is lit: the way down. */
  readonly way: ReadonlySet<number>;
  readonly slots: readonly number[];
  /** Frames of the log. */
  readonly frames: readonly number[];
}

export function focusOf({ event, value }: BTreeMoment, nodes: Reading['nodes']): Focus {
  const { table } = value;
  const pages: number[] = [];
  const keys = new Set<string>();
  const slots: number[] = [];
  const frames: number[] = [];
  const way = new Set<number>();
  const cell = (key: Key) => keys.add(cellKey(table, key));
  const above = (key: Key) => keys.add(aboveKey(table, key));
  /** What a page's cell of that key is called: a row in a leaf, a separator above. */
  const cellOf = (page: number, key: Key) =>
    nodes.get(page)?.leaf === false ? above(key) : cell(key);
  switch (event.kind) {
    case 'descend':
      pages.push(event.page);
      way.add(event.child);
      if (event.separator !== undefined) above(event.separator);
      break;
    case 'seek':
      pages.push(event.page);
      if (event.found) cell(event.key);
      break;
    case 'found':
      pages.push(event.page, ...event.overflow);
      cell(event.key);
      break;
    case 'insert':
    case 'update':
      pages.push(event.page);
      cell(event.key);
      break;
    case 'begin':
    case 'absent':
    case 'remove':
    case 'defragment':
      pages.push(event.page);
      break;
    case 'scan': {
      pages.push(event.page);
      const cells = nodes.get(event.page)?.cells ?? [];
      const [low, high] = [Math.min(event.from, event.to), Math.max(event.from, event.to)];
      for (let i = low; i <= high; i++) {
        const name = cells[i]?.key;
        if (name) keys.add(name);
      }
      break;
    }
    case 'spill':
      pages.push(...event.pages);
      cell(event.key);
      break;
    case 'overflow':
      pages.push(event.page);
      cellOf(event.page, event.key);
      break;
    case 'deepen':
      pages.push(event.child, event.root);
      way.add(event.child);
      break;
    case 'open':
      pages.push(event.page, event.beside);
      break;
    case 'move':
      pages.push(event.to, event.from);
      for (const key of event.keys) cellOf(event.to, key);
      for (const { key, page } of event.homeless) cellOf(page, key);
      break;
    case 'separator':
      pages.push(event.parent);
      above(event.key);
      way.add(event.left).add(event.right);
      break;
    case 'underfull':
      pages.push(event.page, event.sibling);
      break;
    case 'merge':
      pages.push(event.into, event.from);
      for (const key of event.keys) cellOf(event.into, key);
      break;
    case 'unlink':
      pages.push(event.parent, event.page);
      break;
    case 'borrow':
      pages.push(event.to, event.from, event.parent);
      for (const key of event.keys) cellOf(event.to, key);
      above(event.separator);
      break;
    case 'gather':
      pages.push(event.page, ...event.pages.filter((page) => page !== event.page));
      break;
    case 'deal':
      pages.push(...event.pages, event.parent);
      for (const key of event.keys) cellOf(event.pages[0] ?? 0, key);
      for (const { key, page } of event.homeless) cellOf(page, key);
      break;
    case 'separators':
      pages.push(event.parent);
      for (const key of event.now) above(key);
      break;
    case 'predecessor':
      pages.push(event.page, event.from);
      above(event.key);
      break;
    case 'fill':
      pages.push(event.page);
      for (const { key } of nodes.get(event.page)?.cells ?? []) keys.add(key);
      break;
    case 'link':
      pages.push(event.parent, event.page);
      way.add(event.page);
      above(event.key);
      break;
    case 'extend':
      pages.push(event.page, event.beside, event.parent);
      above(event.separator);
      break;
    case 'shrink':
      pages.push(event.root, event.child);
      break;
    case 'free':
      pages.push(event.page, event.trunk);
      break;
    case 'frame':
      pages.push(event.page);
      frames.push(event.frame);
      break;
    case 'backfill':
      slots.push(event.page);
      frames.push(event.frame);
      break;
    case 'log-end':
      frames.push(event.frame);
      break;
    default:
  }
  for (const { page, key } of heldIn(event)) cellOf(page, key);
  // The way from the root to where the engine is, as long as it is a lookup.
  const here = pages[0];
  if (here !== undefined && LOOKUPS.has(event.kind))
    for (let node = nodes.get(here); node?.parent; node = node.parent)
      if (node.place !== undefined) way.add(node.page);
  return { pages, keys, way, slots, frames };
}

const LOOKUPS = new Set([
  'descend',
  'seek',
  'found',
  'absent',
  'begin',
  'insert',
  'update',
  'remove',
  'overflow',
]);
