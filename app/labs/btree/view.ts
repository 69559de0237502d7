// The B-Tree's picture: above the waterline the pages as the engine has them in memory, below it the
// file, page by page.
//
//            ┌ page 2 · interior ┐              a page: its header line, its cells in the order of
//            │ [17] [25] [34]    │              their keys, and a bar to scale of where they really lie
//            └──┬─────┬─────┬──┬─┘
//       ┌ page 3┐ ┌ page 5┐  …                  children under the gap between the separators
//   side pages in memory: header, overflow, free
//   ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~  the waterline
//   [1] [2] [3] [4] …                           the file's pages, dashed where a crash would undo them
//
// A pure function of the moment and the look. Where many pages have to be shown, a page becomes a bar
// with its number, then a mark, and the leaves of one parent stand in rows.

import type { Detail, Look, Scene, Segment, Shape, Tone } from '../../scene/scene.ts';
import {
  type BTreeMoment,
  cellKey,
  type Focus,
  focusOf,
  type PageNode,
  type Reading,
  read,
  type SideNode,
  type SlotNode,
  separatorKey,
  under,
} from './reading.ts';

/** Measures in scene units: pixels at zoom 1. */
const PAGE = { height: 66, cellsAt: 21, cellHeight: 26, barAt: 53, barHeight: 6, pad: 7 };
const CELL = { gap: 3, least: 32, character: 7.6, most: 15 };
const SIZE: Record<Detail, { w: number; h: number; gap: number; pitch: number; row: number }> = {
  cells: { w: 150, h: PAGE.height, gap: 14, pitch: PAGE.height + 76, row: 1 },
  bars: { w: 38, h: 30, gap: 6, pitch: 30 + 52, row: 36 },
  marks: { w: 8, h: 12, gap: 3, pitch: 12 + 40, row: 15 },
};
const HANG = { gap: 9, height: 26 };
/** Room for the caption between the leaves and what else is in memory. */
const CAPTION = 96;
/** Pages with labels that are drawn with all their cells at once, at most. */
const MOST_FULL = 160;

interface Placed {
  readonly node: PageNode;
  x: number;
  y: number;
  readonly w: number;
  readonly h: number;
  /** Drawn with its cells. */
  readonly full: boolean;
  readonly slots: readonly CellSlot[];
  /** Stands in a block of rows with its siblings: its pointer is drawn only when it is lit. */
  inBlock: boolean;
}

/** A cell, or the sign for those that are left out, at its offset in the page. */
interface CellSlot {
  readonly x: number;
  readonly w: number;
  readonly cell?: PageNode['cells'][number];
  readonly left?: number;
}

export function view(moment: BTreeMoment, look: Look): Scene {
  const reading = read(moment);
  const focus = focusOf(moment, reading.nodes);
  const detail = look.detail ?? detailFor(reading, look, focus);
  return new Picture(moment, reading, focus, look, detail).scene();
}

/** The richest detail that can be read in this room, if need be with some panning. */
function detailFor(reading: Reading, look: Look, focus: Focus): Detail {
  if (!reading.root) return 'cells';
  const pages = under(reading.root);
  if (pages.length <= 7) return 'cells';
  const room = 1.5 * look.width;
  if (pages.length <= 60 && new Layout(reading.root, 'cells', focus).width * 0.62 <= room)
    return 'cells';
  return pages.length <= 220 && new Layout(reading.root, 'bars', focus).width * 0.6 <= 2 * room
    ? 'bars'
    : 'marks';
}

/** Places pages of different widths: children side by side, the parent over their middle. */
class Layout {
  readonly detail: Detail;
  readonly placed = new Map<number, Placed>();
  readonly blocks: { parent: Placed; x: number; y: number; w: number; h: number }[] = [];
  width = 0;
  height = 0;
  /** Of leaves. */
  readonly #parents: number;

  constructor(root: PageNode, detail: Detail, focus: Focus) {
    this.detail = detail;
    const all = under(root);
    this.#parents = all.filter(({ children }) => children[0]?.children.length === 0).length;
    const near = detail === 'cells' && all.length > MOST_FULL ? nearest(all, focus) : undefined;
    for (const node of all) {
      const full = detail === 'cells' && (near === undefined || near.has(node));
      const slots = full ? cellSlots(node, focus) : [];
      const size = SIZE[detail === 'cells' && !full ? 'bars' : detail];
      const last = slots.at(-1);
      const w = full ? Math.max(size.w, (last ? last.x + last.w : 0) + PAGE.pad) : size.w;
      this.placed.set(node.page, {
        node,
        x: 0,
        y: 0,
        w,
        h: size.h,
        full,
        slots,
        inBlock: false,
      });
    }
    this.width = this.#place(root, 0, 0);
    for (const { x, y, w, h } of this.placed.values()) {
      this.width = Math.max(this.width, x + w);
      this.height = Math.max(this.height, y + h);
    }
  }

  #at(node: PageNode): Placed {
    return this.placed.get(node.page) as Placed;
  }

  /** Places a subtree with its left edge at x; its width. */
  #place(node: PageNode, x: number, y: number): number {
    const me = this.#at(node);
    const { gap, pitch } = SIZE[this.detail];
    me.y = y;
    if (node.children.length === 0) {
      me.x = x;
      return me.w;
    }
    const below = y + pitch;
    const leaves = node.children.every(({ children }) => children.length === 0);
    const most = this.detail === 'bars' ? 10 : 12;
    let width: number;
    if (this.detail !== 'cells' && leaves && node.children.length > most)
      width = this.#block(node, x, below);
    else {
      width = -gap;
      for (const child of node.children) width += this.#place(child, x + width + gap, below) + gap;
    }
    if (width < me.w) {
      for (const child of node.children) this.#shift(child, (me.w - width) / 2);
      width = me.w;
    }
    const first = this.#at(node.children[0] as PageNode);
    const last = this.#at(node.children.at(-1) as PageNode);
    const block = this.blocks.at(-1);
    const inBlock = block?.parent === me ? block : undefined;
    const [from, to] = inBlock ? [inBlock.x, inBlock.x + inBlock.w] : [first.x, last.x + last.w];
    me.x = (from + to - me.w) / 2;
    return width;
  }

  /** Many leaves under one parent: in rows, as lines of a text. */
  #block(node: PageNode, x: number, y: number): number {
    const { w, gap, row } = SIZE[this.detail];
    const count = node.children.length;
    // A few blocks may lie, many have to stand.
    const aspect = this.#parents <= 2 ? 1.8 : this.#parents <= 6 ? 1 : 0.5;
    const columns = Math.ceil(Math.sqrt((count * aspect * row) / (w + gap)));
    node.children.forEach((child, i) => {
      const placed = this.#at(child);
      placed.x = x + (i % columns) * (w + gap);
      placed.y = y + Math.floor(i / columns) * row;
      placed.inBlock = true;
    });
    const width = columns * (w + gap) - gap;
    const rows = Math.ceil(count / columns);
    this.blocks.push({ parent: this.#at(node), x, y, w: width, h: rows * row });
    return width;
  }

  #shift(node: PageNode, by: number): void {
    for (const one of under(node)) this.#at(one).x += by;
    for (const block of this.blocks) if (under(node).includes(block.parent.node)) block.x += by;
  }
}

/** In a large tree that somebody zoomed into: the pages around the focus, and the way to them. */
function nearest(all: readonly PageNode[], focus: Focus): Set<PageNode> {
  const leaves = all.filter(({ children }) => children.length === 0);
  const at = Math.max(
    0,
    leaves.findIndex(({ page }) => focus.pages.includes(page)),
  );
  const near = new Set(leaves.slice(Math.max(0, at - 30), at + 30));
  for (const leaf of [...near])
    for (let node = leaf.parent; node; node = node.parent) near.add(node);
  return near;
}

/** Where cells stand in their page; of very many the first, the last and those that matter. */
function cellSlots(node: PageNode, focus: Focus): CellSlot[] {
  const { cells } = node;
  const longest = Math.max(1, ...cells.map(({ text }) => Math.min(text.length, 12)));
  const w = Math.max(CELL.least, longest * CELL.character + 10);
  const keep = new Set<number>();
  if (cells.length <= CELL.most) for (const { index } of cells) keep.add(index);
  else {
    for (let i = 0; i < 5; i++) keep.add(i).add(cells.length - 1 - i);
    let lit = 0;
    for (const { key, index } of cells) {
      if (!focus.keys.has(key) || lit >= 6) continue;
      lit++;
      keep.add(index);
    }
  }
  const slots: CellSlot[] = [];
  let x = PAGE.pad;
  let left = 0;
  const flush = () => {
    if (left === 0) return;
    const wide = `+${left}`.length * CELL.character + 8;
    slots.push({ x, w: wide, left });
    x += wide + CELL.gap;
    left = 0;
  };
  for (const cell of cells) {
    if (!keep.has(cell.index)) {
      left++;
      continue;
    }
    flush();
    slots.push({ x, w, cell });
    x += w + CELL.gap;
  }
  flush();
  return slots;
}

const LEGEND: Scene['legend'] = [
  { entry: 'cell', tone: 'key', text: 'cell' },
  { entry: 'separator', tone: 'separator', text: 'separator, pointer' },
  { entry: 'dirty', tone: 'dirty', text: 'not yet durable', dashed: true },
  { entry: 'free', tone: 'free', text: 'free space', hatched: true },
  { entry: 'lamp', tone: 'lamp', text: 'the engine is here' },
];

const ROLE_TONE: Partial<Record<SlotNode['role'], Tone>> = {
  interior: 'separator',
  leaf: 'key',
  overflow: 'key',
  free: 'free',
  trunk: 'free',
  header: 'plain',
};

class Picture {
  readonly #moment: BTreeMoment;
  readonly #reading: Reading;
  readonly #focus: Focus;
  readonly #look: Look;
  readonly #detail: Detail;
  readonly #shapes: Shape[] = [];
  readonly #table: string;

  constructor(moment: BTreeMoment, reading: Reading, focus: Focus, look: Look, detail: Detail) {
    this.#moment = moment;
    this.#reading = reading;
    this.#focus = focus;
    this.#look = look;
    this.#detail = detail;
    this.#table = moment.value.table;
  }

  scene(): Scene {
    const { root, unsaid, slots } = this.#reading;
    const layout = root && new Layout(root, this.#detail, this.#focus);
    const treeWidth = layout?.width ?? 0;
    const least = Math.max(300, Math.min(660, this.#look.width - 40));
    const width = Math.max(treeWidth, least);
    // Under a tree that is wider than the stage the file stays where it can be seen at once.
    const strip = Math.min(width, Math.max(least, this.#look.width * 1.5));
    const left = -strip / 2;
    let bottom = 0;
    if (layout) {
      for (const placed of layout.placed.values()) placed.x -= treeWidth / 2;
      for (const block of layout.blocks) block.x -= treeWidth / 2;
      this.#tree(layout);
      bottom = layout.height;
    } else {
      bottom = 120;
      this.#label('nothing', 0, 50, 'Nothing is in memory: the process is gone.', 'middle');
      this.#label('left', 0, 70, 'What the file holds is all that is left.', 'middle');
    }
    bottom += this.#detail === 'cells' ? HANG.gap + HANG.height : 0;
    bottom += this.#look.uncaptioned ? 16 : CAPTION;
    bottom = this.#side(left, strip, bottom);
    const line = bottom + 40;
    this.#shapes.push({
      key: 'water',
      kind: 'water',
      x: 0,
      y: line,
      w: 0,
      h: 0,
      tone: 'plain',
      aria: 'the waterline: what is above it dies with the process, what is below survives',
    });
    this.#label('above', left, line - 13, 'in memory: lost when the process dies');
    this.#label('below', left, line + 22, 'in the file: survives');
    const end = this.#file(slots, left, strip, line + 36);
    this.#glow();
    const { keys, pages, slots: at } = this.#focus;
    const { event } = this.#moment;
    const names = new Set(this.#shapes.map(({ key }) => key));
    const inSight = [
      ...pages.map((page) => `page:${page}`),
      ...[...keys].slice(0, 8),
      ...at.map((page) => `slot:${page}`),
    ].filter((key) => names.has(key));
    return {
      shapes: this.#shapes,
      left: -width / 2,
      top: -16,
      width,
      height: end + 16,
      detail: this.#detail,
      legend: LEGEND,
      focus: inSight,
      ...(event.kind === 'write' && event.of > 6 && { pace: Math.max(0.2, 6 / event.of) }),
      ...(unsaid.length > 0 && { unsaid }),
    };
  }

  #label(
    name: string,
    x: number,
    y: number,
    text: string,
    align: 'start' | 'middle' | 'end' = 'start',
    tone: Tone = 'muted',
  ): void {
    this.#shapes.push({ key: `label:${name}`, kind: 'label', x, y, w: 0, h: 0, tone, text, align });
  }

  #tree(layout: Layout): void {
    for (const placed of layout.placed.values()) this.#page(placed, layout);
    for (const { parent, x, y, w } of layout.blocks)
      this.#shapes.push({
        key: `edge:block:${parent.node.page}`,
        kind: 'edge',
        x: parent.x + parent.w / 2,
        y: parent.y + parent.h,
        w: 0,
        h: 0,
        to: { x: x + w / 2, y: y - 3 },
        on: `page:${parent.node.page}`,
        tone: 'plain',
      });
    this.#held(layout);
  }

  #page(placed: Placed, layout: Layout): void {
    const { node, x, y, w, h } = placed;
    const { event } = this.#moment;
    const key = `page:${node.page}`;
    const lit = this.#focus.pages.includes(node.page);
    const from =
      event.kind === 'open' && event.page === node.page
        ? `page:${event.beside}`
        : event.kind === 'deepen' && event.child === node.page
          ? `page:${event.root}`
          : `slot:${node.page}`;
    const tone = node.fault ? 'fault' : node.dirty ? 'dirty' : node.inMemory ? 'plain' : 'muted';
    this.#shapes.push({
      key,
      kind: 'page',
      x,
      y,
      w,
      h,
      tone,
      text: this.#detail === 'marks' ? '' : `page ${node.page}`,
      note: noteOf(node),
      ...(node.dirty && { dashed: true }),
      ...(!node.inMemory && { quiet: true }),
      ...(node.fault && { crossed: true }),
      ...(lit && { lit }),
      legend: legendOf(node.dirty ? 'dirty' : 'page', lit),
      select: key,
      from,
      aria: ariaOf(node),
    });
    if (placed.full) this.#inside(placed);
    else this.#fill(placed);
    const parent = node.parent && layout.placed.get(node.parent.page);
    if (parent && node.place !== undefined) this.#edge(placed, parent);
  }

  /** Cells in the order of their keys, and below them where their bytes lie. */
  #inside({ node, x, y, w, slots }: Placed): void {
    const on = `page:${node.page}`;
    for (const slot of slots) {
      const place = {
        x: x + slot.x,
        y: y + PAGE.cellsAt,
        w: slot.w,
        h: PAGE.cellHeight,
        on,
      };
      const { cell } = slot;
      if (!cell) {
        this.#shapes.push({
          ...place,
          key: `more:${node.page}:${slots.indexOf(slot)}`,
          kind: 'cell',
          tone: 'muted',
          quiet: true,
          text: `+${slot.left}`,
          aria: `${slot.left} more cells`,
        });
        continue;
      }
      const lit = this.#focus.keys.has(cell.key);
      const kind = cell.leaf ? 'cell' : 'separator';
      const { event } = this.#moment;
      const copied =
        event.kind === 'separator' &&
        event.copied &&
        cell.key === separatorKey(this.#table, event.key);
      this.#shapes.push({
        ...place,
        key: cell.key,
        kind: 'cell',
        tone: cell.fault ? 'fault' : cell.leaf ? 'key' : 'separator',
        text: cell.text,
        ...(lit && { lit }),
        ...(copied && { from: cellKey(this.#table, event.key) }),
        legend: legendOf(kind, lit),
        select: cell.key,
        aria: cell.aria,
      });
    }
    const { lens } = node;
    if (!lens) return;
    const size = lens.bytes.length;
    const sliver = size / Math.max(1, w - 2 * PAGE.pad); // a pixel, in bytes: keeps cells apart
    const segments: Segment[] = [];
    if (lens.start > 0) segments.push({ from: 0, to: lens.start / size, tone: 'muted' });
    segments.push({ from: lens.start / size, to: lens.pointersAt / size, tone: 'plain' });
    const pointersEnd = Math.min(lens.gapStart, size);
    if (pointersEnd > lens.pointersAt)
      segments.push({ from: lens.pointersAt / size, to: pointersEnd / size, tone: 'separator' });
    for (const cell of node.cells) {
      if (cell.from < 0 || cell.from >= size) continue;
      const to = Math.max(cell.from + sliver / 2, Math.min(cell.to, size) - sliver);
      segments.push({
        from: cell.from / size,
        to: to / size,
        tone: cell.fault ? 'fault' : cell.leaf ? 'key' : 'separator',
        ...(this.#focus.keys.has(cell.key) && { lit: true }),
      });
    }
    this.#shapes.push({
      key: `bar:${node.page}`,
      kind: 'bar',
      x: x + PAGE.pad,
      y: y + PAGE.barAt,
      w: w - 2 * PAGE.pad,
      h: PAGE.barHeight,
      tone: 'plain',
      on,
      segments,
      legend: 'free',
    });
  }

  /** Without its cells: how full it is. */
  #fill({ node, x, y, w, h }: Placed): void {
    const { lens } = node;
    if (!lens) return;
    const fill = Math.max(0, Math.min(1, lens.usedBytes / lens.capacity));
    const small = this.#detail === 'marks';
    this.#shapes.push({
      key: `bar:${node.page}`,
      kind: 'bar',
      x: x + (small ? 1.5 : 5),
      y: y + (small ? 1.5 : h - 11),
      w: w - (small ? 3 : 10),
      h: small ? h - 3 : 6,
      tone: 'plain',
      on: `page:${node.page}`,
      segments: [
        {
          from: 0,
          to: fill,
          tone: node.leaf ? 'key' : 'separator',
          ...(this.#focus.pages.includes(node.page) && { lit: true }),
        },
      ],
      legend: node.leaf ? 'cell' : 'separator',
    });
  }

  /** A pointer: from the gap between two separators to the middle of the child. */
  #edge(child: Placed, parent: Placed): void {
    const { node } = child;
    const lit = this.#focus.way.has(node.page);
    if (child.inBlock && !lit) return;
    const place = node.place ?? 0;
    const slot = parent.slots.find(({ cell }) => cell?.index === place);
    const last = parent.slots.at(-1);
    const count = parent.node.cells.length + 1;
    const x = slot
      ? slot.x - CELL.gap / 2
      : place === parent.node.cells.length && last
        ? last.x + last.w + CELL.gap / 2
        : (parent.w * (place + 0.5)) / count;
    const fresh = !node.inFile;
    this.#shapes.push({
      key: `edge:${node.page}`,
      kind: 'edge',
      x: parent.x + x,
      y: parent.y + parent.h,
      w: 0,
      h: 0,
      to: { x: child.x + child.w / 2, y: child.y },
      on: `page:${parent.node.page}`,
      toOn: `page:${node.page}`,
      tone: fresh ? 'dirty' : 'plain',
      ...(fresh && { dashed: true }),
      ...(lit && { lit }),
      legend: legendOf('separator', lit),
      aria: `page ${parent.node.page} points to page ${node.page}`,
    });
  }

  /** A cell that no page has at this moment hangs by the page that it was meant for. */
  #held(layout: Layout): void {
    const { event } = this.#moment;
    if (this.#detail !== 'cells') return;
    const held =
      event.kind === 'overflow'
        ? { key: event.key, page: event.page, index: event.index }
        : 'held' in event && event.held
          ? { ...event.held, index: undefined }
          : undefined;
    const page = held && layout.placed.get(held.page);
    if (!held || !page) return;
    const { leaf } = page.node;
    const name = (leaf ? cellKey : separatorKey)(this.#table, held.key);
    if (this.#shapes.some(({ key }) => key === name)) return;
    const text = `${held.key}`;
    const w = Math.max(CELL.least, text.length * CELL.character + 10);
    const keys = page.node.cells.map((cell) => cell.text);
    const index = held.index ?? keys.findIndex((key) => Number(key) > Number(text));
    const slot = page.slots.find(({ cell }) => cell?.index === index);
    const last = page.slots.at(-1);
    const middle = slot
      ? slot.x - CELL.gap / 2
      : last
        ? last.x + last.w + CELL.gap / 2
        : page.w / 2;
    this.#shapes.push({
      key: name,
      kind: 'cell',
      x: page.x + Math.min(page.w - w, Math.max(0, middle - w / 2)),
      y: page.y + page.h + HANG.gap,
      w,
      h: HANG.height,
      tone: leaf ? 'key' : 'separator',
      text,
      lit: true,
      dashed: true,
      on: `page:${held.page}`,
      legend: legendOf(leaf ? 'cell' : 'separator', true),
      aria: `${leaf ? 'key' : 'separator'} ${text}, held outside of page ${held.page}`,
    });
  }

  /** Pages in memory that are not of this tree; the bottom of their row. */
  #side(left: number, width: number, top: number): number {
    const { side } = this.#reading;
    const [w, h, gap] = [74, 26, 8];
    if (side.length === 0) return top;
    const room = Math.max(1, Math.floor((width + gap) / (w + gap)));
    const pick = (some: readonly SideNode[]) => some.slice(0, room - (some.length > room ? 1 : 0));
    const byNeed = [...side].sort(
      (a, b) =>
        Number(this.#focus.pages.includes(b.page)) - Number(this.#focus.pages.includes(a.page)) ||
        Number(b.dirty) - Number(a.dirty) ||
        a.page - b.page,
    );
    const drawn = pick(byNeed).sort((a, b) => a.page - b.page);
    drawn.forEach(({ page, role, dirty }, i) => {
      const key = `page:${page}`;
      const lit = this.#focus.pages.includes(page);
      const free = role === 'free' || role === 'trunk';
      this.#shapes.push({
        key,
        kind: 'slot',
        x: left + i * (w + gap),
        y: top,
        w,
        h,
        tone: dirty ? 'dirty' : 'plain',
        text: `${page} ${role === 'loose' ? 'unlinked' : role}`,
        ...(dirty && { dashed: true }),
        ...(free && { hatched: true }),
        ...(lit && { lit }),
        legend: legendOf(dirty ? 'dirty' : free ? 'free' : 'page', lit),
        select: key,
        from: `slot:${page}`,
        aria: `page ${page}, ${role}, in memory${dirty ? ', dirty' : ''}`,
      });
    });
    if (drawn.length < side.length)
      this.#label(
        'side',
        left + drawn.length * (w + gap),
        top + 17,
        `and ${side.length - drawn.length} more`,
      );
    return top + h;
  }

  /** The file as a strip in page order, in rows; the bottom of it all. */
  #file(slots: readonly SlotNode[], left: number, width: number, top: number): number {
    const { event, value } = this.#moment;
    const { filePages, pageSize, dirty } = this.#reading;
    const [w, h, gap] =
      slots.length <= 24 ? [68, 40, 7] : slots.length <= 140 ? [34, 20, 5] : [10, 12, 3];
    const columns = Math.max(1, Math.floor((width + gap) / (w + gap)));
    const synced = event.kind === 'sync' || event.kind === 'committed';
    slots.forEach((slot, i) => {
      const { page, role, state, fault } = slot;
      const free = role === 'free' || role === 'trunk';
      const lit = this.#focus.slots.includes(page);
      const place = {
        kind: 'slot' as const,
        x: left + (i % columns) * (w + gap),
        y: top + Math.floor(i / columns) * (h + gap),
        w,
        h,
      };
      const durable = state === 'durable';
      const shape: Shape = {
        ...place,
        key: `slot:${page}`,
        tone: fault ? 'fault' : !durable ? 'dirty' : synced ? 'durable' : 'plain',
        text: h >= 20 ? `${page}` : '',
        note: role,
        ...(!durable && { dashed: true }),
        ...(free && { hatched: true }),
        ...(fault && { crossed: true }),
        ...(lit && { lit }),
        segments: [{ from: 0, to: 1, tone: ROLE_TONE[role] ?? 'muted' }],
        legend: legendOf(!durable ? 'dirty' : free ? 'free' : 'page', lit),
        select: `page:${page}`,
        aria: `page ${page} in the file, ${role}, ${SLOT_WORDS[state]}`,
      };
      this.#shapes.push(shape);
      // What sinks: the page's bytes, on their way from the cache into the slot.
      if (event.kind === 'write' && event.page === page)
        this.#shapes.push({ ...shape, key: `copy:${page}`, from: `page:${page}` });
    });
    const rows = Math.ceil(slots.length / columns);
    const end = top + rows * (h + gap) + 12;
    const name = value.readOnly ? 'the opened file' : 'lab.sqlite';
    const news = synced
      ? ` · synced: ${event.pages} ${event.pages === 1 ? 'page is' : 'pages are'} durable now`
      : dirty.size > 0
        ? ` · ${dirty.size} ${dirty.size === 1 ? 'page' : 'pages'} newer in memory`
        : '';
    this.#label(
      'file',
      left,
      end,
      `${name} · ${filePages.toLocaleString('en')} pages of ${pageSize} bytes${news}`,
    );
    return end + 14;
  }

  /** One light on the stage: around the page where the engine is. */
  #glow(): void {
    const { pages, slots } = this.#focus;
    const key =
      slots[0] !== undefined
        ? `slot:${slots[0]}`
        : pages[0] !== undefined
          ? `page:${pages[0]}`
          : undefined;
    const at = key && this.#shapes.find((shape) => shape.key === key);
    if (!at) return;
    const reach = this.#detail === 'marks' ? 24 : at.kind === 'slot' ? 40 : 70;
    this.#shapes.push({
      key: 'glow',
      kind: 'glow',
      x: at.x - reach,
      y: at.y - reach,
      w: at.w + 2 * reach,
      h: at.h + 2 * reach,
      tone: 'lamp',
      legend: 'lamp',
    });
  }
}

export const SLOT_WORDS: Record<SlotNode['state'], string> = {
  durable: 'durable',
  written: 'written and not synced',
  stale: 'older than the page in memory',
};

const legendOf = (entry: string, lit: boolean): string => (lit ? `${entry} lamp` : entry);

function noteOf(node: PageNode): string {
  const kind = !node.lens
    ? (node.fault ?? 'not read yet')
    : node.leaf
      ? node.depth === 0
        ? 'root, leaf'
        : 'leaf'
      : node.depth === 0
        ? 'root'
        : 'interior';
  const fresh = node.dirty && !node.inFile ? `new ${kind}` : kind;
  if (node.folded > 0) return `${kind} · ${node.folded} children not drawn`;
  if (node.dirty) return `${fresh} · dirty`;
  return node.inMemory ? kind : `${kind} · in the file only`;
}

export function ariaOf(node: PageNode): string {
  const { lens } = node;
  const parts = [`page ${node.page}`, noteOf(node).replaceAll(' · ', ', ')];
  if (lens) {
    parts.push(`${lens.cellCount} ${lens.cellCount === 1 ? 'cell' : 'cells'}`);
    parts.push(`${lens.freeBytes} bytes free`);
  }
  if (node.loose) parts.push('no parent points to it yet');
  if (node.fault) parts.push(`damaged: ${node.fault}`);
  return parts.join(', ');
}
