// The B-Tree's picture: above the waterline the pages as the engine has them in memory, below it the
// file, page by page.
//
//            ┌ page 2 · interior ┐              a page: its header line, its cells in the order of
//            │ [17] [25] [34]    │              their keys, and a bar to scale of where they really lie
//            └──┬─────┬─────┬──┬─┘
//       ┌ page 3┐ ┌ page 5┐  …                  children under the gap between the separators
//   side pages in memory: header, overflow, free
//   ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~  the waterline
//   [salt] [2] [5] [2|                          the log's frames, dashed until synced; a bar: commit
//   [1] [2] [3] [4] …                           the database's pages, which a checkpoint writes over
//
// A pure function of the moment and the look. Where the tree is too wide for the stage, the pages that
// matter now (where the engine is, what is selected, the way there and its neighbours) keep their cells
// and all others are narrow bars, as high as they are full:
//
//   level 1        ▯▯▯▯ ┌ page 88 ┐ ▯▯▯▯▯▯▯▯▯▯▯
//   level 2   ▯▯▯▯▯▯▯▯▯ ┌ page 12 ┐ ┌ page 40 ┐ ▯▯▯▯▯▯▯▯▯▯
//             ▯▯▯▯▯▯▯▯▯ └─────────┘ └─────────┘ ▯▯▯▯▯▯▯▯▯▯      many: in rows, column by column

import { type Held, type Key, pageOf } from '../../../engine/btree/events.ts';
import { compareKeys, keyAt } from '../../../engine/btree/key-lens.ts';
import type { Detail, Look, Scene, Segment, Shape, Tone } from '../../scene/scene.ts';
import { FRAME_WORDS, type FrameNode, LOG_HEADER_KEY } from './log.ts';
import { mapShapes } from './map.ts';
import {
  aboveKey,
  type BTreeMoment,
  cellKey,
  type Focus,
  focusOf,
  hasCell,
  heldIn,
  keyText,
  type PageNode,
  type Reading,
  read,
  type SideNode,
  type SlotNode,
  under,
} from './reading.ts';

/** Measures in scene units: pixels at zoom 1. */
const PAGE = { height: 66, cellsAt: 21, cellHeight: 26, barAt: 53, barHeight: 6, pad: 7 };
const CELL = { character: 7.6, most: 15 };
/** On a phone four pages stand side by side, just. */
const ROOMY = { page: 150, gap: 14, cell: 32, cellGap: 3 };
const COMPACT = { page: 112, gap: 8, cell: 24, cellGap: 2 };
const NARROW = 500;
type Measure = typeof ROOMY;
/** Between levels: what a curve needs, and what looks well. */
const DROP = { least: 34, usual: 76, plain: 52, most: 120 };
/** A page without its cells: its pitch along a row, and its height when it is full. */
const BAR = { least: 5.5, most: 40, height: 44, row: 22, leastRow: 9 };
const HANG = { gap: 9, height: 26 };
/** Room for the caption between the leaves and what else is in memory. */
const CAPTION = 96;
/** Where the waterline stands, as a share of the stage's height, as long as what is above has room. */
const WATERLINE = 0.7;
/** Pages with labels that are drawn with all their cells at once, at most. */
const MOST_FULL = 160;
/** At this zoom a key is nine pixels high: below it a tree is not drawn whole. */
const READABLE = 0.72;
/** A tree with bars is laid out for this zoom, whatever its size. */
const FITTED = 0.85;
/** What the stage keeps free above and below the scene. */
const MARGINS = { x: 32, y: 104 };

interface Placed {
  readonly node: PageNode;
  x: number;
  y: number;
  w: number;
  h: number;
  /** Drawn with its cells. */
  readonly full: boolean;
  readonly slots: readonly CellSlot[];
  /** Below other bars of its level: its pointer would run through them. */
  covered: boolean;
}

/** A cell, or the sign for those that are left out, at its offset in the page. */
interface CellSlot {
  readonly x: number;
  readonly w: number;
  readonly cell?: PageNode['cells'][number];
  readonly left?: number;
}

export function view(moment: BTreeMoment, look: Look): Scene {
  const reading = read(moment, look.selected);
  const focus = focusOf(moment, reading.nodes);
  const measure = look.width < NARROW ? COMPACT : ROOMY;
  const { root } = reading;
  let layout: Layout | undefined;
  let detail: Detail = look.detail ?? 'cells';
  if (root) {
    const pages = under(root);
    const drop = look.plain ? DROP.plain : DROP.usual;
    const room = look.width - MARGINS.x;
    if (look.detail === 'cells') layout = sideBySide(root, pages, focus, measure, drop);
    else if (look.detail === undefined && pages.length <= 60) {
      layout = sideBySide(root, pages, focus, measure, drop);
      if (layout.width * READABLE > room) layout = undefined;
    }
    if (!layout) {
      detail = 'bars';
      const chosen = look.selected === undefined ? [] : pages.filter(isChosen(look.selected));
      layout = aroundFocus(pages, focus, chosen, measure, look);
    }
  }
  return new Picture(moment, reading, focus, look, detail, measure).scene(layout);
}

const isChosen = (selected: string) => {
  const page = /^(?:page|slot):/.test(selected) ? Number(selected.split(':')[1]) : undefined;
  return (node: PageNode) => (page === undefined ? hasCell(node, selected) : node.page === page);
};

interface Layout {
  readonly placed: ReadonlyMap<number, Placed>;
  readonly width: number;
  readonly height: number;
}

const layoutOf = (placed: ReadonlyMap<number, Placed>, least = 0): Layout => {
  let [width, height] = [least, 0];
  for (const { x, y, w, h } of placed.values()) {
    width = Math.max(width, x + w);
    height = Math.max(height, y + h);
  }
  return { placed, width, height };
};

function fullPage(node: PageNode, focus: Focus, measure: Measure, most = CELL.most): Placed {
  const slots = cellSlots(node, focus, measure, most);
  const last = slots.at(-1);
  const w = Math.max(measure.page, (last ? last.x + last.w : 0) + PAGE.pad);
  return { node, x: 0, y: 0, w, h: PAGE.height, full: true, slots, covered: false };
}

const barOf = (node: PageNode): Placed => ({
  node,
  x: 0,
  y: 0,
  w: 10,
  h: BAR.height,
  full: false,
  slots: [],
  covered: false,
});

/** All pages of their own widths: children side by side, the parent over their middle. */
function sideBySide(
  root: PageNode,
  all: readonly PageNode[],
  focus: Focus,
  measure: Measure,
  drop: number,
): Layout {
  const placed = new Map<number, Placed>();
  const near = all.length > MOST_FULL ? nearest(all, focus) : undefined;
  for (const node of all)
    placed.set(
      node.page,
      near === undefined || near.has(node) ? fullPage(node, focus, measure) : barOf(node),
    );
  const at = (node: PageNode) => placed.get(node.page) as Placed;
  /** Places a subtree with its left edge at x; its width. */
  function place(node: PageNode, x: number, y: number): number {
    const me = at(node);
    me.y = y;
    const [first] = node.children;
    const last = node.children.at(-1);
    if (!first || !last) {
      me.x = x;
      return me.w;
    }
    let width = 0;
    for (const child of node.children) {
      if (child !== first) width += at(child).full ? measure.gap : 3;
      width += place(child, x + width, y + PAGE.height + drop);
    }
    if (width < me.w) {
      for (const child of node.children)
        for (const one of under(child)) at(one).x += (me.w - width) / 2;
      width = me.w;
    }
    me.x = (at(first).x + at(last).x + at(last).w - me.w) / 2;
    return width;
  }
  return layoutOf(placed, place(root, 0, 0));
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

/** What moves along a level as one: a page with its cells, or a column of bars. */
interface Unit {
  readonly placed: readonly Placed[];
  readonly w: number;
  /** Between it and the one before. */
  readonly gap: number;
}

/** Focus and context: every level in one stage's width. */
function aroundFocus(
  all: readonly PageNode[],
  focus: Focus,
  chosen: readonly PageNode[],
  measure: Measure,
  look: Look,
): Layout {
  const width = (look.width - MARGINS.x) / FITTED;
  const must = new Set<PageNode>();
  const touched = new Set(focus.pages);
  for (const node of [...all.filter(({ page }) => touched.has(page)), ...chosen])
    for (let one: PageNode | undefined = node; one && !must.has(one); one = one.parent)
      must.add(one);
  for (const node of all) if (focus.way.has(node.page) && must.size < 12) must.add(node);
  if (must.size === 0) must.add(all[0] as PageNode);

  const placed = new Map<number, Placed>();
  const levels: Unit[][] = [];
  const heights: number[] = [];
  const depths: PageNode[][] = [];
  for (const node of all) {
    depths[node.depth] ??= [];
    depths[node.depth]?.push(node);
  }
  for (const nodes of depths) {
    if (!nodes) continue;
    const { units, height } = level(nodes, must, chosen, focus, measure, width);
    for (const unit of units) for (const one of unit.placed) placed.set(one.node.page, one);
    levels.push(units);
    heights.push(height);
  }

  // The drop between levels takes what height there is.
  const sum = heights.reduce((a, b) => a + b, 0);
  const below = look.plain ? 130 : 190 + (look.uncaptioned ? 16 : CAPTION);
  const spare = (look.height - MARGINS.y) / FITTED - below - sum;
  const drop = Math.max(DROP.least, Math.min(DROP.most, spare / Math.max(1, heights.length - 1)));
  let y = 0;
  levels.forEach((units, i) => {
    for (const unit of units) for (const one of unit.placed) one.y += y;
    y += (heights[i] as number) + drop;
  });
  for (let i = levels.length - 1; i >= 0; i--) along(levels[i] as Unit[], placed, width);
  let left = 0;
  for (const { x } of placed.values()) left = Math.min(left, x);
  for (const one of placed.values()) one.x -= left;
  return layoutOf(placed, width);
}

/** Which pages of a level have room for their cells, and the others as bars, if need be in rows. */
function level(
  nodes: readonly PageNode[],
  must: ReadonlySet<PageNode>,
  chosen: readonly PageNode[],
  focus: Focus,
  measure: Measure,
  width: number,
): { units: Unit[]; height: number } {
  const full = new Map<PageNode, Placed>();
  let taken = 0;
  const open = (node: PageNode, fits = (_: number) => true) => {
    const page = fullPage(node, focus, measure, 7);
    if (full.has(node) || !fits(taken + page.w + measure.gap)) return;
    full.set(node, page);
    taken += page.w + measure.gap;
  };
  const fixed = nodes.map((node, i) => (must.has(node) ? i : -1)).filter((i) => i >= 0);
  for (const i of fixed) open(nodes[i] as PageNode);
  // The children of what is selected first, then siblings of what matters, the nearest first; what is
  // left of the level needs its bars.
  const family = new Set(fixed.map((i) => nodes[i]?.parent));
  const away = (i: number) => Math.min(nodes.length, ...fixed.map((at) => Math.abs(at - i)));
  const order = nodes
    .map((node, i) => {
      const below = node.parent !== undefined && chosen.includes(node.parent);
      return { node, far: below ? -1 : away(i) + (family.has(node.parent) ? 0 : nodes.length) };
    })
    .sort((a, b) => a.far - b.far);
  for (const { node } of order.slice(0, 24))
    open(node, (sum) => {
      const bars = nodes.length - full.size - 1;
      return sum - measure.gap + Math.min(0.4 * width, bars * (BAR.least + 2)) <= width;
    });

  // Bars: in as many rows as they need.
  const runs: PageNode[][] = [];
  nodes.forEach((node, i) => {
    if (full.has(node)) return;
    const before = nodes[i - 1];
    const run = runs.at(-1);
    if (run && before && !full.has(before)) run.push(node);
    else runs.push([node]);
  });
  const bars = nodes.length - full.size;
  const room = Math.max(width * 0.2, width - taken - runs.length * 8);
  let rows = 1;
  const kin = runs.reduce(
    (sum, run) => sum + run.filter((node, i) => i > 0 && run[i - 1]?.parent !== node.parent).length,
    0,
  );
  /** Children of one parent stand together, with a third of a pitch to the next: in one row only. */
  const columns = () =>
    runs.reduce((sum, run) => sum + Math.ceil(run.length / rows), 0) + (rows === 1 ? kin / 3 : 0);
  while (bars > 0 && room / columns() < BAR.least && rows < 60) rows++;
  const pitch = Math.max(BAR.least, Math.min(BAR.most, room / Math.max(1, columns())));
  const row =
    rows === 1 ? BAR.height : Math.max(BAR.leastRow, Math.min(BAR.row, 320 / Math.max(1, rows)));
  const units: Unit[] = [];
  let column: Placed[] = [];
  nodes.forEach((node, i) => {
    const page = full.get(node);
    if (page) {
      units.push({ placed: [page], w: page.w, gap: units.length > 0 ? measure.gap : 0 });
      return;
    }
    const before = nodes[i - 1];
    const starts = !before || full.has(before);
    if (starts || column.length >= rows) {
      column = [];
      const apart = rows === 1 && before?.parent !== node.parent ? pitch / 3 : 0;
      units.push({
        placed: column,
        w: pitch - 1.5,
        gap: starts ? (units.length > 0 ? 8 : 0) : 1.5 + apart,
      });
    }
    const bar = barOf(node);
    bar.w = pitch - 1.5;
    bar.y = column.length * row;
    bar.h = Math.max(4, (row - (rows === 1 ? 0 : 2)) * (0.3 + 0.7 * fillOf(node)));
    bar.covered = column.length > 0;
    column.push(bar);
  });
  // A few too many gaps: all of them give a little.
  const gaps = units.reduce((sum, { gap }) => sum + gap, 0);
  const over = units.reduce((sum, { w }) => sum + w, gaps) - width;
  const share = over > 0 ? Math.max(0.3, 1 - over / gaps) : 1;
  const tallest = Math.max(
    full.size > 0 ? PAGE.height : 0,
    bars > 0 ? row * Math.min(rows, bars) : 0,
  );
  return { units: units.map((unit) => ({ ...unit, gap: unit.gap * share })), height: tallest };
}

/**
 * Places the units of a level along x, each as near to the middle of its children as the others let
 * it: pools of units that would overlap move together (the pool-adjacent-violators algorithm).
 */
function along(units: readonly Unit[], placed: ReadonlyMap<number, Placed>, width: number): void {
  const total = units.reduce((sum, { w, gap }) => sum + w + gap, 0);
  const middles = units.map((unit) => {
    const below = unit.placed.flatMap(({ node }) =>
      node.children.flatMap((child) => placed.get(child.page) ?? []),
    );
    if (below.length === 0) return undefined;
    const low = Math.min(...below.map(({ x }) => x));
    return (low + Math.max(...below.map(({ x, w }) => x + w))) / 2;
  });
  const known = middles.filter((middle) => middle !== undefined).length;
  const starts: number[] = []; // of each unit, when all stand shoulder to shoulder
  let at = 0;
  for (const { w, gap } of units) {
    starts.push(at + gap);
    at += gap + w;
  }
  const share = known * 2 < units.length;
  const pools: { sum: number; count: number }[] = [];
  units.forEach((unit, i) => {
    const middle = share ? undefined : middles[i];
    const alone = (width - total) / 2;
    let pool = {
      sum: middle === undefined ? alone : middle - unit.w / 2 - (starts[i] as number),
      count: 1,
    };
    if (middle === undefined && !share && pools.length > 0) {
      const before = pools.at(-1) as { sum: number; count: number };
      pool = { sum: before.sum / before.count, count: 1 };
    }
    pools.push(pool);
    for (;;) {
      const last = pools.at(-1);
      const before = pools.at(-2);
      if (!last || !before || before.sum / before.count <= last.sum / last.count) break;
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  });
  let i = 0;
  for (const { sum, count } of pools)
    for (let n = 0; n < count; n++, i++) {
      const unit = units[i] as Unit;
      // Within the stage: what all to the right, and all to the left, need beside it.
      const offset = Math.max(0, Math.min(Math.max(0, width - total), sum / count));
      for (const one of unit.placed) one.x = (starts[i] as number) + offset;
    }
}

const fillOf = ({ lens }: PageNode): number =>
  lens ? Math.max(0, Math.min(1, lens.usedBytes / lens.capacity)) : 0;

/** Where cells stand in their page; of very many the first, the last and those that matter. */
function cellSlots(node: PageNode, focus: Focus, measure: Measure, most: number): CellSlot[] {
  const { cells } = node;
  const longest = Math.max(1, ...cells.map(({ text }) => Math.min(text.length, 12)));
  const w = Math.max(measure.cell, longest * CELL.character + (measure === COMPACT ? 7 : 10));
  const keep = new Set<number>();
  if (cells.length <= most) for (const { index } of cells) keep.add(index);
  else {
    for (let i = 0; i < Math.floor(most / 3); i++) keep.add(i).add(cells.length - 1 - i);
    let lit = 0;
    for (const { key, index } of cells) {
      if (!focus.keys.has(key) || lit >= Math.ceil(most / 3)) continue;
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
    x += wide + measure.cellGap;
    left = 0;
  };
  for (const cell of cells) {
    if (!keep.has(cell.index)) {
      left++;
      continue;
    }
    flush();
    slots.push({ x, w, cell });
    x += w + measure.cellGap;
  }
  flush();
  return slots;
}

const LEGEND: Scene['legend'] = [
  { entry: 'cell', tone: 'key', text: 'cell' },
  { entry: 'separator', tone: 'separator', text: 'separator, pointer' },
  { entry: 'dirty', tone: 'dirty', text: 'not yet durable', dashed: true },
  { entry: 'free', tone: 'free', text: 'free, or old', hatched: true },
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
  readonly #measure: Measure;
  readonly #shapes: Shape[] = [];
  /** Log and file have to do with less height. */
  #tight = false;
  readonly #table: string;

  constructor(
    moment: BTreeMoment,
    reading: Reading,
    focus: Focus,
    look: Look,
    detail: Detail,
    measure: Measure,
  ) {
    this.#moment = moment;
    this.#reading = reading;
    this.#focus = focus;
    this.#look = look;
    this.#detail = detail;
    this.#measure = measure;
    this.#table = moment.value.table;
  }

  scene(layout: Layout | undefined): Scene {
    const { unsaid, slots, wants } = this.#reading;
    const { plain, uncaptioned } = this.#look;
    const treeWidth = layout?.width ?? 0;
    const least = Math.max(300, Math.min(660, this.#look.width - 40));
    const width = Math.max(treeWidth, plain ? 0 : least);
    // Somebody zoomed into a wide tree: the file stays where it can be seen at once.
    const strip = Math.min(width, Math.max(least, this.#look.width / READABLE));
    const left = -strip / 2;
    let bottom = 0;
    if (layout) {
      for (const placed of layout.placed.values()) placed.x -= treeWidth / 2;
      for (const placed of layout.placed.values()) this.#page(placed, layout);
      this.#held(layout);
      bottom = layout.height + HANG.gap + HANG.height;
    } else {
      bottom = 120;
      this.#label('nothing', 0, 50, 'Nothing is in memory: the process is gone.', 'middle');
      this.#label('left', 0, 70, 'What the file holds is all that is left.', 'middle');
    }
    bottom += uncaptioned ? 12 : CAPTION;
    if (!plain) bottom = this.#side(left, strip, bottom);
    // The waterline stands still: only a tree that needs the room pushes it down, or a file that
    // needs much of it lifts it. How much is measured by drawing the file once and taking it back.
    const drawn = this.#shapes.length;
    const top = plain ? 32 : 36;
    const height = this.#look.height - MARGINS.y;
    const measure = (): number => {
      const end = this.#file(slots, left, strip, this.#log(left, strip, top)) + 16;
      this.#shapes.length = drawn;
      return end;
    };
    let below = measure();
    // Below this zoom the stage leaves out all words: rather fewer frames, and smaller pages.
    this.#tight = !plain && bottom + 40 + below > height / READABLE;
    if (this.#tight) below = measure();
    const rest = plain ? 0 : Math.min(height * WATERLINE, height - below);
    const line = Math.max(bottom + (plain ? 16 : 40), rest);
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
    const { size } = this.#reading.dirty;
    const dirty = size === 0 ? '' : ` · ${size} ${size === 1 ? 'page' : 'pages'} not committed`;
    this.#label('above', left, line - 13, `in memory: lost when the process dies${dirty}`);
    this.#label('below', left, line + 22, 'on the disk: survives');
    const end = this.#file(slots, left, strip, this.#log(left, strip, line + top));
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
      ...((event.kind === 'frame' || event.kind === 'backfill') &&
        event.of > 6 && { pace: Math.max(0.2, 6 / event.of) }),
      ...(unsaid.length > 0 && { unsaid }),
      ...(wants && { wants }),
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

  #page(placed: Placed, layout: Layout): void {
    const { node, x, y, w, h } = placed;
    const { event } = this.#moment;
    const key = `page:${node.page}`;
    const lit = this.#focus.pages.includes(node.page);
    const from =
      (event.kind === 'open' || event.kind === 'extend') && event.page === node.page
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
      text: `page ${node.page}`,
      note: noteOf(node),
      ...(node.dirty && { dashed: true }),
      ...(!node.inMemory && { quiet: true }),
      ...(node.fault && { crossed: true }),
      ...(lit && { lit }),
      legend: legendOf(node.dirty ? 'dirty' : 'page', lit),
      select: key,
      from,
      ...(!placed.full && { segments: [{ from: 0, to: 1, tone: holds(node) }] }),
      aria: ariaOf(node),
    });
    if (placed.full) this.#inside(placed);
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
      // In a table's interior pages a new separator is the copy of a key below: it comes out of it.
      const copied =
        (event.kind === 'separator' || event.kind === 'link'
          ? event.copied && cell.key === aboveKey(this.#table, event.key)
          : (event.kind === 'deal' || event.kind === 'borrow') && event.parent === node.page) &&
        !cell.leaf &&
        node.lens?.isTable;
      this.#shapes.push({
        ...place,
        key: cell.key,
        kind: 'cell',
        tone: cell.fault ? 'fault' : cell.leaf ? 'key' : 'separator',
        text: cell.text,
        ...(lit && { lit }),
        ...(copied && { from: cellKey(this.#table, cell.text) }),
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

  /** A pointer: from the gap between two separators to the middle of the child. */
  #edge(child: Placed, parent: Placed): void {
    const { node } = child;
    const lit = this.#focus.way.has(node.page);
    if (child.covered && !lit) return;
    const place = node.place ?? 0;
    const slot = parent.slots.find(({ cell }) => cell?.index === place);
    const last = parent.slots.at(-1);
    const count = parent.node.cells.length + 1;
    const x = slot
      ? slot.x - this.#measure.cellGap / 2
      : place === parent.node.cells.length && last
        ? last.x + last.w + this.#measure.cellGap / 2
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
      tone: fresh && child.full ? 'dirty' : 'plain',
      ...(fresh && child.full && { dashed: true }),
      ...(lit && { lit }),
      // To one of many bars: hardly more than a direction.
      ...(!child.full && !lit && { opacity: 0.45 }),
      legend: legendOf('separator', lit),
      aria: `page ${parent.node.page} points to page ${node.page}`,
    });
  }

  /** A cell that no page has at this moment hangs by the page that it was meant for. */
  #held(layout: Layout): void {
    const { event } = this.#moment;
    const waiting = new Map<number, { readonly slot: number; readonly held: Held }[]>();
    for (const held of heldIn(event)) {
      const page = layout.placed.get(held.page);
      if (!page) continue;
      const { leaf, cells } = page.node;
      const after = cells.findIndex(({ index }) => index >= (held.index ?? cells.length));
      const place = held.index === undefined ? this.#placeOf(page.node, held.key) : after;
      const slot = page.slots.find(({ cell }) => cell?.index === place);
      const last = page.slots.at(-1);
      const middle = slot
        ? slot.x - this.#measure.cellGap / 2
        : last
          ? last.x + last.w + this.#measure.cellGap / 2
          : page.w / 2;
      const name = (leaf ? cellKey : aboveKey)(this.#table, held.key);
      if (this.#shapes.some(({ key }) => key === name)) continue;
      waiting.set(held.page, [...(waiting.get(held.page) ?? []), { slot: middle, held }]);
    }
    for (const [number, cells] of waiting) {
      const page = layout.placed.get(number) as Placed;
      const { leaf } = page.node;
      const texts = cells.map(({ held }) => keyText(held.key));
      const widths = texts.map((text) =>
        Math.max(this.#measure.cell, Math.min(text.length, 12) * CELL.character + 10),
      );
      const gap = this.#measure.cellGap;
      const total = widths.reduce((sum, w) => sum + w + gap, -gap);
      const middle = cells.reduce((sum, { slot }) => sum + slot, 0) / cells.length;
      let x = page.x + Math.min(page.w - total, Math.max(0, middle - total / 2));
      cells.forEach(({ held }, i) => {
        const [w, text] = [widths[i] as number, texts[i] as string];
        this.#shapes.push({
          key: (leaf ? cellKey : aboveKey)(this.#table, held.key),
          kind: 'cell',
          x,
          y: page.y + page.h + HANG.gap,
          w,
          h: HANG.height,
          tone: leaf ? 'key' : 'separator',
          text,
          lit: true,
          dashed: true,
          on: `page:${number}`,
          legend: legendOf(leaf ? 'cell' : 'separator', true),
          aria: `${leaf ? 'key' : 'separator'} ${text}, held outside of page ${number}`,
        });
        x += w + gap;
      });
    }
  }

  /** The first cell of a page whose key is greater; -1 where there is none. */
  #placeOf({ lens, cells }: PageNode, key: Key): number {
    if (!lens) return -1;
    const read = (page: number) => pageOf(this.#moment.image, page);
    return cells.findIndex(({ index }) => compareKeys(keyAt(lens, index, read), key) > 0);
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

  /**
   * The log as a strip in the order of its frames; the bottom of it. Where they have no room, frames
   * that are home and old ones are counted, and of the others the last ones are drawn.
   */
  #log(left: number, width: number, top: number): number {
    const { log } = this.#reading;
    const { plain } = this.#look;
    const { event } = this.#moment;
    if (!log || (plain && log.frames.length === 0)) return top;
    const tall = log.frames.length <= 7 && !plain && !this.#tight;
    const [w, h, gap] = tall ? [68, 40, 7] : [34, 20, 5];
    const rows = (plain || this.#tight ? 1 : 2) + (width < NARROW ? 1 : 0);
    const columns = Math.max(4, Math.floor((width + gap) / (w + gap)));
    /** Where the n-th stands, and how wide it is when it takes the room of `wide`. */
    let place = 0;
    const next = (wide = 1) => {
      if ((place % columns) + wide > columns) place += columns - (place % columns);
      const at = place;
      place += wide;
      return {
        kind: 'slot' as const,
        x: left + (at % columns) * (w + gap),
        y: top + Math.floor(at / columns) * (h + gap),
        w: wide * (w + gap) - gap,
        h,
      };
    };
    const wide = h > 30 ? 1 : 2;
    const { header, frames, mxFrame, backfilled } = log;
    if (header && !plain) {
      const [salt = 0] = header.salts;
      const lit = event.kind === 'restart';
      this.#shapes.push({
        ...next(wide),
        key: LOG_HEADER_KEY,
        tone: header.synced ? 'plain' : 'dirty',
        text: salt.toString(16).padStart(8, '0'),
        note: 'log header',
        ...(!header.synced && { dashed: true }),
        ...(lit && { lit }),
        legend: legendOf(header.synced ? 'page' : 'dirty', lit),
        select: LOG_HEADER_KEY,
        aria: `header of the log, salt ${salt.toString(16).padStart(8, '0')}, begun anew ${header.sequence} times`,
      });
    }
    const old = frames.filter(({ state }) => state === 'old');
    const own = frames.filter(({ state }) => state !== 'old');
    const room = columns * rows - place - (old.length > 0 ? wide : 0);
    const focus = new Set(this.#focus.frames);
    let from = 0;
    let most = room;
    if (own.length > room) {
      const last = own.length - (room - wide);
      const needed = own.findIndex(({ frame }) => focus.has(frame));
      // The last ones; in the middle of a checkpoint those where it is at.
      from = needed < 0 ? last : Math.max(0, Math.min(last, needed - 3));
      if (from > 0) most -= wide;
      if (from + most < own.length) most -= wide;
    }
    const count = (key: string, text: string, aria: string, hatched: boolean) =>
      this.#shapes.push({
        ...next(wide),
        key,
        tone: 'muted',
        quiet: true,
        text,
        note: hatched ? 'old frames' : 'frames',
        ...(hatched && { hatched }),
        opacity: 0.8,
        aria,
      });
    if (from > 0) count('frames:before', `+ ${from}`, `${from} frames before these`, false);
    const synced = event.kind === 'log-sync' || event.kind === 'committed';
    const shown = own.slice(from, from + most);
    for (const one of shown) this.#frame(one, next(), synced && one.frame > this.#before());
    const after = own.length - from - shown.length;
    if (after > 0) count('frames:after', `+ ${after}`, `${after} frames after these`, false);
    if (old.length > 0) {
      const free = columns * rows - place;
      const drawn = old.slice(0, old.length > free ? Math.max(0, free - wide) : free);
      for (const one of drawn) this.#frame(one, next(), false);
      if (drawn.length < old.length)
        count(
          'frames:old',
          `${old.length - drawn.length} old`,
          `${old.length - drawn.length} frames from before the log was begun anew`,
          true,
        );
    }
    const end = top + Math.ceil(place / columns) * (h + gap) + (place > 0 ? 12 : 4);
    if (plain) return end - 4;
    const parts = ['lab.sqlite-wal'];
    if (log.size === 0) parts.push('empty');
    else {
      parts.push(`${mxFrame} ${mxFrame === 1 ? 'frame' : 'frames'} committed`);
      const behind = mxFrame - backfilled;
      if (mxFrame > 0) parts.push(behind === 0 ? 'all of them home' : `${behind} to bring home`);
      if (header && header.sequence > 0)
        parts.push(`begun anew ${header.sequence === 1 ? 'once' : `${header.sequence} times`}`);
    }
    this.#label('log', left, end, parts.join(' · '));
    return end + 12;
  }

  /** Frames up to this one were there before the transaction that is being committed. */
  #before(): number {
    const { event } = this.#moment;
    if (event.kind === 'committed') return event.first - 1;
    const frames = this.#reading.log?.frames ?? [];
    const own = frames.filter(({ state }) => state !== 'old');
    const last = own.findLastIndex(({ commitSize, frame }) => commitSize > 0 && frame < own.length);
    return own[last]?.frame ?? 0;
  }

  #frame(
    { key, frame, page, commitSize, state, synced }: FrameNode,
    place: { kind: 'slot'; x: number; y: number; w: number; h: number },
    fresh: boolean,
  ): void {
    const { event } = this.#moment;
    const lit = this.#focus.frames.includes(frame) && (state !== 'old' || event.kind === 'log-end');
    const appended = event.kind === 'frame' && event.frame === frame && state !== 'old';
    const quiet = state === 'home' || state === 'superseded' || state === 'old';
    const hatched = state === 'old';
    const tone = !synced ? 'dirty' : fresh ? 'durable' : quiet ? 'muted' : 'plain';
    this.#shapes.push({
      ...place,
      key,
      tone,
      text: place.h > 30 ? `page ${page}` : `${page}`,
      note: commitSize > 0 ? `${frame} · commit` : `frame ${frame}`,
      ...(!synced && { dashed: true }),
      ...(quiet && { quiet: true, opacity: state === 'superseded' ? 0.75 : 0.55 }),
      ...(hatched && { hatched }),
      ...(lit && { lit }),
      ...(appended && { from: `page:${page}` }),
      segments: [{ from: 0, to: 1, tone: 'muted' }],
      legend: legendOf(!synced ? 'dirty' : hatched ? 'free' : 'page', lit),
      select: key,
      aria: `frame ${frame} of the log, page ${page}${commitSize > 0 ? ', commit' : ''}, ${FRAME_WORDS[state]}${synced ? '' : ', not synced'}`,
    });
    if (commitSize > 0 && state !== 'old')
      this.#shapes.push({
        key: `commit:${key}`,
        kind: 'bar',
        x: place.x + place.w - 4,
        y: place.y,
        w: 4,
        h: place.h,
        tone: 'plain',
        on: key,
        segments: [{ from: 0, to: 1, tone: synced ? 'durable' : 'dirty' }],
        ...(quiet && { opacity: 0.55 }),
        legend: 'commit',
      });
  }

  /** The database as a strip in page order, in rows; the bottom of it all. */
  #file(slots: readonly SlotNode[], left: number, width: number, top: number): number {
    const { event, value } = this.#moment;
    const { filePages, pageSize, map } = this.#reading;
    const { plain, selected } = this.#look;
    if (map) {
      const chosen = /^(?:page|slot):(\d{1,10})$/.exec(selected ?? '')?.[1];
      const near = Number(chosen ?? this.#focus.pages[0] ?? value.root);
      const { shapes, bottom, pagesAPixel } = mapShapes(
        map,
        { left, top, width },
        Math.min(near, filePages),
        chosen !== undefined,
      );
      this.#shapes.push(...shapes);
      const name = value.readOnly ? 'the opened file' : 'lab.sqlite';
      const each = pagesAPixel === 1 ? 'a pixel a page' : `${pagesAPixel} pages a pixel`;
      const read =
        map.read < filePages ? ` · ${map.read.toLocaleString('en')} of them read so far` : '';
      this.#label(
        'file',
        left,
        bottom + 11,
        `${name} · ${filePages.toLocaleString('en')} pages of ${pageSize} bytes, ${each}${read}`,
      );
      return bottom + 25;
    }
    const [w, h, gap] =
      plain && slots.length <= 24
        ? [Math.min(68, (width + 6) / Math.max(slots.length, 8) - 6), 24, 6]
        : slots.length <= 24 && !this.#tight
          ? [68, 40, 7]
          : slots.length <= (this.#tight ? 24 : 140)
            ? [34, 20, 5]
            : slots.length <= 700
              ? [10, 10, 2]
              : [6, 6, 1];
    const columns = Math.max(1, Math.floor((width + gap) / (w + gap)));
    const synced = event.kind === 'database-sync' || event.kind === 'checkpointed';
    const carried = event.kind === 'backfill' ? event : undefined;
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
      const written = state === 'written';
      const older = state === 'behind';
      const shape: Shape = {
        ...place,
        key: `slot:${page}`,
        tone: fault ? 'fault' : written ? 'dirty' : older ? 'muted' : synced ? 'durable' : 'plain',
        text: h >= 20 ? `${page}` : '',
        note: older ? 'older' : role,
        ...(written && { dashed: true }),
        ...(older && { quiet: true, opacity: 0.7 }),
        ...(free && { hatched: true }),
        ...(fault && { crossed: true }),
        ...(lit && { lit }),
        segments: [{ from: 0, to: 1, tone: ROLE_TONE[role] ?? 'muted' }],
        legend: legendOf(written ? 'dirty' : free ? 'free' : 'page', lit),
        select: `page:${page}`,
        aria: `page ${page} in the file, ${role}, ${SLOT_WORDS[state]}`,
      };
      this.#shapes.push(shape);
      // What sinks: the page's bytes, on their way from the frame into the slot.
      if (carried?.page === page) {
        const from = this.#reading.log?.frames.find(({ frame }) => frame === carried.frame)?.key;
        this.#shapes.push({ ...shape, key: `copy:${page}`, ...(from && { from }) });
      }
    });
    const rows = Math.ceil(slots.length / columns);
    const end = top + rows * (h + gap) + (h < 13 ? 17 : 12);
    if (plain) return end - 12;
    const name = value.readOnly ? 'the opened file' : 'lab.sqlite';
    const older = slots.filter(({ state }) => state === 'behind').length;
    const news = synced
      ? ' · synced'
      : older > 0
        ? ` · ${older} ${older === 1 ? 'page is' : 'pages are'} newer in the log`
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
    const { pages, slots, frames } = this.#focus;
    const frame = this.#shapes.find(
      ({ key, lit }) => lit && frames[0] !== undefined && key.startsWith('frame:'),
    );
    const key =
      slots[0] !== undefined
        ? `slot:${slots[0]}`
        : frame
          ? frame.key
          : pages[0] !== undefined
            ? `page:${pages[0]}`
            : undefined;
    const at = key && this.#shapes.find((shape) => shape.key === key);
    if (!at) return;
    const reach = at.kind === 'slot' ? 40 : 70;
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
  behind: 'older than its newest frame in the log',
  stale: 'older than the page in memory',
};

const legendOf = (entry: string, lit: boolean): string => (lit ? `${entry} lamp` : entry);

const holds = ({ lens, leaf }: PageNode): Tone => (!lens ? 'muted' : leaf ? 'key' : 'separator');

function noteOf(node: PageNode): string {
  const kind = !node.lens
    ? node.fault === undefined
      ? 'not read yet'
      : 'damaged'
    : node.leaf
      ? node.depth === 0
        ? 'root, leaf'
        : 'leaf'
      : node.depth === 0
        ? 'root'
        : 'interior';
  if (node.fault !== undefined && node.lens) return `${kind} · damaged`;
  const fresh = node.dirty && !node.inFile ? `new ${kind}` : kind;
  if (node.folded > 0) return `${kind} · ${node.folded} pages below`;
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
