// The LSM tree's picture: above the waterline the memtable as a skip list, below it the log and the
// levels, all over one key axis, so that overlap is seen.
//
//            ┌ memtable 12 ───────── 513 of 1024 bytes ┐
//            │ ───────[date]──────────[kiwi]───────── │     lanes of the skip list
//            │ [apple][date] [fig] … [kiwi] [peach]   │     its entries; × is a tombstone
//            └─────────────────────────────────────────┘
//   ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~  the waterline
//   log 12   [fig] [date] [+3] …                          a batch a box, dashed until it is synced
//   L0          ┌ 13 ──────────┐                          the newest on top: the order of a read
//            ┌ 11 ─────┐
//   L1       ┌ 6 ─┐┌ 7 ──────┐   ┌ 9 ────┐                from level 1 down nothing overlaps
//   output   ┌ 16 ──────┐┄┄┄┄┄                            what a merge is writing, as far as it is
//            apple      fig ┊           peach   zucchini
//
// A pure function of the moment and the look. A level with many tables draws them narrower: with their
// name and layout, as boxes, and at last as one bar with a stroke a table.

import { manifestName } from '../../../engine/lsm/format.ts';
import type { Look, Scene, Segment, Shape, Tone } from '../../scene/scene.ts';
import {
  type EntryNode,
  type Focus,
  focusOf,
  keyText,
  type LevelNode,
  type LogNode,
  type LsmMoment,
  type MemtableNode,
  type Reading,
  read,
  type Said,
  saidOf,
  type TableNode,
} from './reading.ts';
import { tableWords } from './twin.ts';

/** Measures in scene units: pixels at zoom 1. */
const LANE = { height: 22, gap: 4, head: 24, foot: 8 };
const ENTRY = { character: 7.6, least: 34, most: 96, gap: 6 };
const TABLE = { gap: 5, least: 40, bar: 4, named: 60 };
const LOG = { w: 52, h: 22, gap: 5 };
const GUTTER = { wide: 94, narrow: 44 };
const NARROW = 500;
/** Between levels: what there is room for. */
const DROP = { tight: 8, least: 14, most: 40 };
/** Of a row of tables. */
const ROW = { least: 30, most: 36 };
/** Level 0 keeps to so much height: beyond that its tables are lines. */
const ZERO = { most: 240, line: 3 };
const LABEL = { character: 6.8, air: 10 };
/** Of many tables those that matter, and so many beside what is selected, are drawn as boxes too. */
const NEAR = 2;
const CAPTION = 92;
const MARGIN = 40;
/** What the stage keeps free above and below the scene. */
const STAGE_MARGIN = 104;

const LEGEND: Scene['legend'] = [
  { entry: 'entry', tone: 'key', text: 'entry, block' },
  { entry: 'lane', tone: 'separator', text: 'lane, index' },
  { entry: 'dirty', tone: 'dirty', text: 'not yet durable', dashed: true },
  { entry: 'durable', tone: 'durable', text: 'durable' },
  { entry: 'lamp', tone: 'lamp', text: 'the engine is here' },
];

export function view(moment: LsmMoment, look: Look): Scene {
  return new Picture(moment, look).scene();
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
const legendOf = (entry: string, lit: boolean): string => (lit ? `${entry} lamp` : entry);

/** 1234 as 1.2 kB. */
function sized(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1000).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

class Picture {
  readonly #moment: LsmMoment;
  readonly #look: Look;
  readonly #reading: Reading;
  readonly #focus: Focus;
  readonly #shapes: Shape[] = [];
  readonly #left: number;
  readonly #width: number;
  readonly #gutter: number;
  readonly #isNarrow: boolean;
  readonly #said: ReadonlyMap<number, Said>;
  #drop = DROP.least;
  #row = ROW.least;
  /** From the waterline to what is above and below it. */
  #shore = 34;

  constructor(moment: LsmMoment, look: Look) {
    this.#moment = moment;
    this.#look = look;
    this.#reading = read(moment);
    this.#focus = focusOf(moment);
    this.#said = saidOf(moment);
    this.#isNarrow = look.width < NARROW;
    this.#width = Math.max(320, look.width - MARGIN);
    this.#left = -this.#width / 2;
    this.#gutter = this.#isNarrow ? GUTTER.narrow : GUTTER.wide;
  }

  scene(): Scene {
    const { levels, outputs } = this.#reading;
    // Drawn once to know its height, then with the room that is left, or with what can be spared.
    const once = this.#scene();
    const spare = this.#look.height - STAGE_MARGIN - once.natural;
    const rows = levels.length + (outputs.length > 0 ? 1 : 0);
    if (spare >= 0 && spare <= rows) return once.scene;
    if (spare < 0) {
      this.#drop = DROP.tight;
      this.#shore = 26;
    } else {
      this.#drop = Math.min(DROP.most, DROP.least + Math.floor(spare / rows));
      const left = spare - rows * (this.#drop - DROP.least);
      const zero = levels.reduce(
        (sum, { level, tables }) => (level === 0 ? tables.length : sum),
        0,
      );
      this.#row = Math.min(ROW.most, ROW.least + Math.floor(left / (rows + Math.min(6, zero))));
    }
    this.#shapes.length = 0;
    return this.#scene().scene;
  }

  #scene(): { scene: Scene; natural: number } {
    const { memtables, logs, levels, outputs, axis } = this.#reading;
    const { value, event } = this.#moment;
    let y = 0;
    const frozen = memtables.filter(({ isFrozen }) => isFrozen);
    for (const memtable of frozen) y = this.#memtable(memtable, y) + 10;
    for (const memtable of memtables.filter(({ isFrozen }) => !isFrozen))
      y = this.#memtable(memtable, y);
    if (memtables.length === 0) {
      const { foreign } = this.#moment.value;
      this.#label(
        'nothing',
        0,
        40,
        foreign
          ? 'No log has an entry that no table has.'
          : 'Nothing is in memory: the process is gone.',
        'middle',
      );
      this.#label(
        'left',
        0,
        60,
        foreign ? 'All of it is in tables.' : 'What the disk holds is all that is left.',
        'middle',
      );
      y = 80;
    }
    const line = y + this.#shore;
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
    const below = line + this.#shore - 14;
    this.#label('above', this.#left, line - 10, this.#aboveText());
    this.#label('below', this.#left, below, 'on the disk: survives');
    if (!this.#isNarrow) this.#label('held', -this.#left, below, this.#heldText(), 'end');

    y = line + this.#shore;
    const many = logs.length;
    for (const log of logs) y = this.#log(log, y, log === logs[many - 1]) + 6;
    y += 8;
    const top = y;
    const flushes = value.job?.kind === 'flush' ? outputs : [];
    if (flushes.length > 0) y = this.#outputs(flushes, y) + this.#drop;
    for (const level of levels) {
      y = (level.level === 0 ? this.#levelZero(level, y) : this.#level(level, y)) + this.#drop;
      if (
        value.job?.kind === 'compaction' &&
        value.job.target === level.level &&
        outputs.length > 0
      )
        y = this.#outputs(outputs, y) + this.#drop;
    }
    const cursor = this.#focus.key ?? value.job?.cursor;
    y += 4;
    if (cursor) this.#cursor(this.#x(axis.at(cursor)), top - 4, y, keyText(cursor, 16));
    this.#marks(y + 12);
    const { uncaptioned } = this.#look;
    const end = y + 18 + (uncaptioned ? 0 : CAPTION);
    this.#glow();
    const names = new Set(this.#shapes.map(({ key }) => key));
    const { tables, entries, records, memtables: at_ } = this.#focus;
    const isLong = event.kind === 'merge' && (value.job?.entries ?? 0) > 24;
    const scene: Scene = {
      shapes: [...this.#shapes],
      left: this.#left,
      top: -14,
      width: this.#width,
      height: Math.max(end, Math.min(this.#look.height - STAGE_MARGIN, end + 60)) + 8,
      detail: 'cells',
      legend: LEGEND,
      focus: [
        ...tables.map((number) => `table:${number}`),
        ...entries,
        ...records,
        ...at_.map((number) => `memtable:${number}`),
      ].filter((key) => names.has(key)),
      ...((isLong || (event.kind === 'row' && event.rows > 8)) && { pace: 0.35 }),
    };
    return { scene, natural: end };
  }

  #x(place: number): number {
    const from = this.#left + this.#gutter;
    return from + place * (this.#width - this.#gutter - 4);
  }

  #label(
    name: string,
    x: number,
    y: number,
    text: string,
    align: 'start' | 'middle' | 'end' = 'start',
    tone: Tone = 'muted',
  ): void {
    if (text === '') return;
    this.#shapes.push({ key: `label:${name}`, kind: 'label', x, y, w: 0, h: 0, tone, text, align });
  }

  #aboveText(): string {
    const { value } = this.#moment;
    const unsynced = this.#reading.logs.reduce(
      (sum, { records }) =>
        sum + records.reduce((n, { isSynced, batch }) => n + (isSynced ? 0 : batch.count), 0),
      0,
    );
    return [
      this.#isNarrow ? 'in memory' : 'in memory: lost when the process dies',
      unsynced > 0 ? `${count(unsynced, 'write')} not synced` : '',
      value.waiting.length > 0 ? `${count(value.waiting.length, 'write')} waiting` : '',
    ]
      .filter(Boolean)
      .join(' · ');
  }

  #heldText(): string {
    const { held, snapshots, strategy } = this.#moment.value;
    return [
      strategy === 'leveled' ? '' : strategy,
      held.flush ? 'flush is held' : '',
      held.compaction ? 'compaction is held' : '',
      ...snapshots
        .slice(0, 3)
        .map(({ name, sequence }) => `snapshot ${name} sees up to ${sequence}`),
    ]
      .filter(Boolean)
      .join(' · ');
  }

  // ── Above the waterline ───────────────────────────────────────────────────────────────────────

  /** A skip list: its entries in lane 0, and above each the lanes that it reaches. */
  #memtable(memtable: MemtableNode, y: number): number {
    const { number, entries, used, limit, isFrozen } = memtable;
    const key = `memtable:${number}`;
    const lit = this.#focus.memtables.includes(number);
    const room = this.#width - 16;
    const longest = Math.max(3, ...entries.map(({ text }) => text.length + 2));
    const w = Math.max(ENTRY.least, Math.min(ENTRY.most, longest * ENTRY.character + 8));
    const fits = Math.max(1, Math.floor((room + ENTRY.gap) / (w + ENTRY.gap)));
    const { shown, before, after } = this.#window(entries, fits);
    const lanes = Math.max(1, Math.min(isFrozen ? 2 : this.#isNarrow ? 3 : 4, ...[memtable.lanes]));
    const pitch = LANE.height + LANE.gap;
    const height = LANE.head + lanes * pitch + LANE.foot;
    const cells = shown.length + (before > 0 ? 1 : 0) + (after > 0 ? 1 : 0);
    const width = Math.max(Math.min(this.#width, 320), cells * (w + ENTRY.gap) - ENTRY.gap + 16);
    const x = -width / 2;
    const full = Math.round((100 * used) / limit);
    this.#shapes.push({
      key,
      kind: 'page',
      x,
      y,
      w: width,
      h: height,
      tone: 'dirty',
      dashed: true,
      text: `${isFrozen ? 'frozen memtable' : 'memtable'} ${number}`,
      note: `${used.toLocaleString('en')} of ${limit.toLocaleString('en')} bytes · ${full} %`,
      ...(lit && { lit }),
      ...(isFrozen && { quiet: true }),
      legend: legendOf('dirty', lit),
      select: key,
      aria: `${isFrozen ? 'frozen ' : ''}memtable ${number}, ${count(entries.length, 'entry', 'entries')}, ${used} of ${limit} bytes`,
    });
    const laneY = (lane: number) => y + LANE.head + (lanes - 1 - lane) * pitch;
    for (let lane = 0; lane < lanes; lane++)
      this.#shapes.push({
        key: `lane:${number}:${lane}`,
        kind: 'bar',
        x: x + 8,
        y: laneY(lane) + LANE.height / 2 - 0.75,
        w: width - 16,
        h: 1.5,
        tone: 'separator',
        on: key,
        segments: [{ from: 0, to: 1, tone: 'separator' }],
        legend: 'lane',
      });
    let at = x + 8;
    const more = (n: number, side: string) => {
      this.#shapes.push({
        key: `more:${number}:${side}`,
        kind: 'cell',
        x: at,
        y: laneY(0),
        w,
        h: LANE.height,
        tone: 'free',
        text: `+${n}`,
        on: key,
        aria: `${n} more entries`,
      });
      at += w + ENTRY.gap;
    };
    if (before > 0) more(before, 'before');
    for (const entry of shown) {
      this.#entry(entry, key, at, w, laneY, lanes);
      at += w + ENTRY.gap;
    }
    if (after > 0) more(after, 'after');
    return y + height;
  }

  #entry(
    entry: EntryNode,
    on: string,
    x: number,
    w: number,
    laneY: (lane: number) => number,
    lanes: number,
  ): void {
    const lit = this.#focus.entries.includes(entry.key);
    const tone: Tone = entry.isTombstone ? 'free' : 'key';
    for (let lane = 1; lane < Math.min(entry.height, lanes); lane++)
      this.#shapes.push({
        key: `${entry.key}:${lane}`,
        kind: 'cell',
        x,
        y: laneY(lane),
        w,
        h: LANE.height,
        tone,
        on,
        ...(lit && { lit }),
        legend: legendOf('lane', lit),
        select: entry.key,
        from: entry.key,
      });
    this.#shapes.push({
      key: entry.key,
      kind: 'cell',
      x,
      y: laneY(0),
      w,
      h: LANE.height,
      tone,
      text: entry.isTombstone ? `${entry.text} ×` : entry.text,
      on,
      ...(lit && { lit }),
      legend: legendOf('entry', lit),
      select: entry.key,
      aria: `${entry.text}, sequence ${entry.sequence}, ${entry.isTombstone ? 'a tombstone' : 'a value'}`,
    });
  }

  /** As many as fit, around the one that matters. */
  #window(entries: readonly EntryNode[], fits: number) {
    if (entries.length <= fits) return { shown: entries, before: 0, after: 0 };
    const wanted = entries.findIndex(
      ({ key }) => this.#focus.entries.includes(key) || key === this.#look.selected,
    );
    const room = Math.max(1, fits - 2);
    const from = Math.max(0, Math.min(entries.length - room, wanted - Math.floor(room / 2)));
    const isFirst = from === 0;
    const shown = entries.slice(from, from + room + (isFirst ? 1 : 0));
    return { shown, before: from, after: entries.length - from - shown.length };
  }

  // ── The log ───────────────────────────────────────────────────────────────────────────────────

  #log({ number, records, size, synced, lost }: LogNode, y: number, isLast: boolean): number {
    const from = this.#left + this.#gutter;
    this.#label(
      `log:${number}`,
      this.#left,
      y + 15,
      this.#isNarrow ? `log ${number}` : `log ${number}`,
    );
    const aside = isLast && !this.#isNarrow ? 118 : 0;
    const room = this.#width - this.#gutter - aside - (lost.length > 0 ? LOG.w + LOG.gap : 0);
    const fits = Math.max(2, Math.floor((room + LOG.gap) / (LOG.w + LOG.gap)));
    const isMany = records.length > fits;
    const shown = isMany ? records.slice(-(fits - 1)) : records;
    let x = from;
    if (isMany) {
      const left = records.length - shown.length;
      const isSafe = (records[left - 1]?.record.end ?? 0) <= synced;
      this.#shapes.push({
        key: `log:${number}:before`,
        kind: 'slot',
        x,
        y,
        w: LOG.w,
        h: LOG.h,
        tone: isSafe ? 'durable' : 'dirty',
        ...(!isSafe && { dashed: true }),
        text: `+${left}`,
        select: `log:${number}`,
        aria: `${left} earlier records`,
      });
      x += LOG.w + LOG.gap;
    }
    for (const { key, batch, isSynced } of shown) {
      const lit = this.#focus.records.includes(key);
      const [first] = batch.entries;
      const text =
        batch.entries.length === 1 && first
          ? `${keyText(first.key, 8)}${first.value ? '' : ' ×'}`
          : `${batch.entries.length} ops`;
      this.#shapes.push({
        key,
        kind: 'slot',
        x,
        y,
        w: LOG.w,
        h: LOG.h,
        tone: isSynced ? 'durable' : 'dirty',
        text,
        ...(!isSynced && { dashed: true }),
        ...(lit && { lit }),
        legend: legendOf(isSynced ? 'durable' : 'dirty', lit),
        select: key,
        aria: `log record, sequence ${batch.sequence}, ${count(batch.entries.length, 'operation')}${isSynced ? '' : ', not synced'}`,
      });
      x += LOG.w + LOG.gap;
    }
    const [torn] = lost;
    if (torn) {
      this.#shapes.push({
        key: `log:${number}:lost`,
        kind: 'slot',
        x,
        y,
        w: LOG.w,
        h: LOG.h,
        tone: torn.isTail ? 'muted' : 'fault',
        crossed: true,
        text: torn.isTail ? 'torn' : 'lost',
        select: `log:${number}`,
        aria: `${torn.text}: ${torn.bytes} bytes are passed over`,
      });
      x += LOG.w + LOG.gap;
    }
    if (records.length === 0 && !torn)
      this.#label(
        `log:${number}:empty`,
        from,
        y + 15,
        size === 0 ? 'empty' : `${size} bytes that hold no record`,
      );
    if (aside > 0) {
      const { value, event } = this.#moment;
      const lit = event.kind === 'install';
      this.#shapes.push({
        key: 'manifest',
        kind: 'slot',
        x: -this.#left - 112,
        y,
        w: 112,
        h: LOG.h,
        tone: 'plain',
        text: manifestName(value.manifest),
        ...(lit && { lit }),
        legend: legendOf('durable', lit),
        select: 'manifest',
        aria: `${manifestName(value.manifest)}, the history of the version`,
      });
    }
    return y + LOG.h;
  }

  // ── Levels ────────────────────────────────────────────────────────────────────────────────────

  #levelLabel({ level, tables, bytes, limit }: LevelNode, y: number): void {
    const over =
      limit !== undefined && (level === 0 ? tables.length >= limit : bytes > limit)
        ? 'dirty'
        : 'plain';
    this.#label(`level:${level}`, this.#left, y + 12, `L${level}`, 'start', over);
    const words =
      limit === undefined
        ? tables.length === 0
          ? ''
          : sized(bytes)
        : level === 0
          ? `${tables.length} of ${limit}`
          : `${sized(bytes)} of ${sized(limit)}`;
    const short = level === 0 ? `${tables.length}` : sized(bytes);
    this.#label(`level:${level}:size`, this.#left, y + 25, this.#isNarrow ? short : words);
  }

  /** Level 0: a row a table as long as there are few, the newest on top; overlap is seen. */
  #levelZero(level: LevelNode, y: number): number {
    this.#levelLabel(level, y);
    const tables = [...level.tables].reverse();
    if (tables.length === 0) {
      this.#label('level:0:empty', this.#left + this.#gutter, y + 14, 'no table');
      return y + 26;
    }
    const n = tables.length;
    const h = n <= 6 ? this.#row - 3 : n <= 12 ? 18 : 11;
    const gap = n <= 6 ? 4 : 2;
    if (n * (h + gap) > ZERO.most) return this.#lines(level, y);
    tables.forEach((table, i) => {
      const from = this.#x(this.#reading.axis.at(table.from));
      const to = this.#x(this.#reading.axis.at(table.to));
      const w = Math.max(TABLE.least, to - from);
      const x = Math.min(from, -this.#left - w);
      this.#table(table, x, y + i * (h + gap), w, h);
    });
    return y + Math.max(26, n * (h + gap) - gap);
  }

  /** More tables of level 0 than there is room for boxes: a line each, or a line for several. */
  #lines({ tables }: LevelNode, y: number): number {
    const { axis } = this.#reading;
    const from = this.#left + this.#gutter;
    const width = this.#width - this.#gutter - 4;
    const most = Math.floor(ZERO.most / (ZERO.line + 1));
    const each = Math.ceil(tables.length / most);
    const newestFirst = [...tables].reverse();
    const isLit = ({ number, role }: TableNode) =>
      role === 'input' || this.#focus.tables.includes(number);
    let at = y;
    for (let i = 0; i < newestFirst.length; i += each) {
      const some = newestFirst.slice(i, i + each);
      const [a, b] = [
        Math.min(...some.map(({ from }) => axis.at(from))),
        Math.max(...some.map(({ to }) => axis.at(to))),
      ];
      this.#shapes.push({
        key: `line:${some[0]?.number}`,
        kind: 'bar',
        x: Math.min(from + a * width, from + width - 2),
        y: at,
        w: Math.max(2, (b - a) * width),
        h: ZERO.line,
        tone: 'plain',
        segments: [{ from: 0, to: 1, tone: 'key', ...(some.some(isLit) && { lit: true }) }],
        legend: legendOf('entry', some.some(isLit)),
        aria:
          some.length === 1
            ? tableWords(some[0] as TableNode)
            : `tables ${some.at(-1)?.number} to ${some[0]?.number}`,
      });
      at += ZERO.line + 1;
    }
    return this.#near(tables, at + 4);
  }

  /** From level 1 down: one row, nothing overlaps; where they are many, narrow or only strokes. */
  #level(level: LevelNode, y: number): number {
    this.#levelLabel(level, y);
    const { tables } = level;
    if (tables.length === 0) {
      this.#label(`level:${level.level}:empty`, this.#left + this.#gutter, y + 14, 'no table');
      return y + 26;
    }
    const room = this.#width - this.#gutter - 4;
    const pitch = room / tables.length;
    if (pitch < 5) {
      this.#strokes(level, y);
      return this.#near(tables, y + 30);
    }
    const least = Math.min(TABLE.least, Math.max(3, pitch - TABLE.gap));
    const gap = pitch > 12 ? TABLE.gap : 1.5;
    const places = spread(
      tables.map(({ from, to }) => ({
        x: this.#x(this.#reading.axis.at(from)),
        w: Math.max(
          least,
          this.#x(this.#reading.axis.at(to)) - this.#x(this.#reading.axis.at(from)),
        ),
      })),
      gap,
      this.#left + this.#gutter,
      -this.#left - 4,
    );
    tables.forEach((table, i) => {
      const { x, w } = places[i] as { x: number; w: number };
      this.#table(table, x, y, w, this.#row);
    });
    return y + this.#row;
  }

  /**
   * Of many tables those that the moment is about, what is selected and its neighbours, as boxes below
   * the strokes, each as near to its keys as the others let it be.
   */
  #near(tables: readonly TableNode[], y: number): number {
    const selected = tables.findIndex(({ number }) => this.#look.selected === `table:${number}`);
    const room = this.#width - this.#gutter - 4;
    const wanted = tables.filter(
      ({ number, role, fault }, i) =>
        role === 'input' ||
        fault !== undefined ||
        this.#focus.tables.includes(number) ||
        this.#said.has(number) ||
        (selected >= 0 && Math.abs(i - selected) <= NEAR),
    );
    const shown = wanted
      .slice(0, Math.floor(room / (TABLE.least + TABLE.gap)))
      .sort((a, b) => this.#reading.axis.at(a.from) - this.#reading.axis.at(b.from));
    if (shown.length === 0) return y - 4;
    const places = spread(
      shown.map(({ from }) => ({
        x: this.#x(this.#reading.axis.at(from)),
        w: shown.length > 6 ? TABLE.least : 2.4 * TABLE.least,
      })),
      TABLE.gap,
      this.#left + this.#gutter,
      -this.#left - 4,
    );
    shown.forEach((table, i) => {
      const { x, w } = places[i] as { x: number; w: number };
      this.#table(table, x, y, w, this.#row);
    });
    return y + this.#row;
  }

  /** Hundreds of tables: a stroke each, along the key axis. */
  #strokes({ level, tables }: LevelNode, y: number): void {
    const from = this.#left + this.#gutter;
    const width = this.#width - this.#gutter - 4;
    const { axis } = this.#reading;
    const segments: Segment[] = tables.map(({ from, to, number, role }, i) => {
      const next = tables[i + 1];
      const [a, b] = [axis.at(from), axis.at(to)];
      const end = Math.max(b, a + 1 / width);
      const free = 0.6 / width;
      return {
        from: a,
        to: Math.max(a, (next ? Math.min(end, axis.at(next.from)) : end) - free),
        tone: 'key',
        ...((role === 'input' || this.#focus.tables.includes(number)) && { lit: true }),
      };
    });
    this.#shapes.push({
      key: `strokes:${level}`,
      kind: 'bar',
      x: from,
      y: y + 3,
      w: width,
      h: 20,
      tone: 'plain',
      segments,
      legend: 'entry',
      // The way into them: from one the inspector's arrows lead to the next.
      select: `table:${(tables[tables.length >> 1] as TableNode).number}`,
      aria: `level ${level}: ${tables.length} tables`,
    });
  }

  #table(table: TableNode, x: number, y: number, w: number, h: number): void {
    const { number, role, isSynced, fault, entries } = table;
    const key = `table:${number}`;
    const { event, value } = this.#moment;
    const said = this.#said.get(number);
    const isRefused = this.#isRefused(number);
    const lit =
      !isRefused &&
      (role === 'input' || this.#focus.tables.includes(number) || said?.isReason === true);
    const tone: Tone = fault ? 'fault' : !isSynced || role === 'output' ? 'dirty' : 'plain';
    const note = isRefused
      ? 'filter: no'
      : event.kind === 'probe' && event.table === number
        ? event.outcome === 'missing' && event.falsePositive
          ? 'filter was wrong'
          : event.outcome
        : said
          ? said.words
          : entries > 0
            ? count(entries, 'entry', 'entries')
            : '';
    const flushed =
      value.job?.kind === 'flush' && role === 'output' ? `memtable:${value.immutable}` : undefined;
    const merged =
      value.job?.kind === 'compaction' && role === 'output' && value.job.inputs.length > 0
        ? `table:${value.job.inputs.at(-1)}`
        : undefined;
    const from = flushed ?? merged;
    const last = role === 'input' ? value.job?.outputs.at(-1) : undefined;
    const isPage = h >= 22;
    this.#shapes.push({
      key,
      kind: isPage ? 'page' : 'slot',
      x,
      y,
      w,
      h,
      tone,
      text: w < 84 ? `${number}` : String(number).padStart(6, '0'),
      ...(note !== '' && { note }),
      ...((!isSynced || role === 'output') && { dashed: true }),
      ...(lit && { lit }),
      ...(isRefused && { quiet: true }),
      ...(fault && { crossed: true }),
      ...(from !== undefined && { from }),
      ...(last !== undefined && { into: `table:${last}` }),
      ...(!isPage && { segments: [{ from: 0, to: 1, tone: 'key' as Tone }] }),
      legend: legendOf(tone === 'dirty' ? 'dirty' : 'durable', lit),
      select: key,
      aria: `${tableWords(table)}${said ? `: ${said.words}` : ''}`,
    });
    if (isPage && w >= TABLE.named && table.table) this.#layout(table, x, y, w, h);
  }

  /** Its filter said that the key is not there, now or on the way to here. */
  #isRefused = (number: number): boolean =>
    this.#focus.refused === number || this.#said.get(number)?.isRefused === true;

  /** The file to scale: data blocks, filter, metaindex, index, footer. */
  #layout({ number, table, size }: TableNode, x: number, y: number, w: number, h: number): void {
    if (!table || table.damage.length > 0 || size === 0) return;
    const { event } = this.#moment;
    const block = event.kind === 'probe' && event.table === number ? event.block : undefined;
    const sliver = 1.5 / w;
    const segments: Segment[] = [];
    if (table.blocks <= 60)
      table.index.forEach(({ handle: { offset, size: length } }, i) => {
        const from = offset / size;
        segments.push({
          from,
          to: Math.max(from + sliver / 2, (offset + length + 5) / size - sliver),
          tone: 'key',
          ...(i === block && !this.#isRefused(number) && { lit: true }),
        });
      });
    else
      segments.push({ from: 0, to: (table.index.at(-1)?.handle.offset ?? 0) / size, tone: 'key' });
    const { filterHandle, footer } = table;
    if (filterHandle)
      segments.push({
        from: filterHandle.offset / size,
        to: (filterHandle.offset + filterHandle.size + 5) / size - sliver / 2,
        tone: 'durable',
        ...(this.#isRefused(number) && { lit: true }),
      });
    segments.push({
      from: footer.metaindex.offset / size,
      to: (footer.metaindex.offset + footer.metaindex.size + 5) / size - sliver / 2,
      tone: 'muted',
    });
    segments.push({
      from: footer.index.offset / size,
      to: (footer.index.offset + footer.index.size + 5) / size - sliver / 2,
      tone: 'separator',
    });
    segments.push({ from: (size - 48) / size, to: 1, tone: 'muted' });
    this.#shapes.push({
      key: `layout:${number}`,
      kind: 'bar',
      x: x + 8,
      y: y + h - 8,
      w: w - 16,
      h: TABLE.bar,
      tone: 'plain',
      on: `table:${number}`,
      segments,
      legend: 'entry',
    });
  }

  /** Tables that are being written, and how far the merge is. */
  #outputs(outputs: readonly TableNode[], y: number): number {
    const { job } = this.#moment.value;
    this.#label(
      'output',
      this.#left,
      y + 12,
      this.#isNarrow ? 'out' : 'output',
      'start',
      'durable',
    );
    const share = job && job.entries > 0 ? Math.round((100 * job.done) / job.entries) : 0;
    if (job && !this.#isNarrow)
      this.#label(
        'output:share',
        this.#left,
        y + 25,
        `${share} %${job.kind === 'flush' ? '' : ' merged'}`,
      );
    const places = spread(
      outputs.map(({ from, to }) => ({
        x: this.#x(this.#reading.axis.at(from)),
        w: Math.max(
          TABLE.least,
          this.#x(this.#reading.axis.at(to)) - this.#x(this.#reading.axis.at(from)),
        ),
      })),
      TABLE.gap,
      this.#left + this.#gutter,
      -this.#left - 4,
    );
    outputs.forEach((table, i) => {
      const { x, w } = places[i] as { x: number; w: number };
      this.#table(table, x, y, w, this.#row);
    });
    const last = places.at(-1);
    const written = last ? last.x + last.w + TABLE.gap : this.#left + this.#gutter;
    const end = Math.min(-this.#left - 4, this.#x(this.#endOfJob()));
    if (job?.kind === 'compaction' && end - written >= TABLE.least / 2)
      this.#shapes.push({
        key: 'unmerged',
        kind: 'slot',
        x: written,
        y: y + 3,
        w: end - written,
        h: this.#row - 6,
        tone: 'muted',
        dashed: true,
        quiet: true,
        text: end - written > 150 ? 'not yet merged' : '',
        aria: `${100 - share} % are not yet merged`,
      });
    return y + this.#row;
  }

  /** Where on the axis the inputs of a merge end. */
  #endOfJob(): number {
    const { axis, levels } = this.#reading;
    const inputs = levels.flatMap(({ tables }) => tables.filter(({ role }) => role === 'input'));
    return Math.max(0, ...inputs.map(({ to }) => axis.at(to)));
  }

  /** Keys below the axis, the last before all others: none over another, nor over the cursor's. */
  #marks(y: number): void {
    const { marks } = this.#reading.axis;
    const taken: (readonly [number, number])[] = this.#shapes
      .filter(({ key }) => key === 'label:cursor')
      .map(({ x, text = '', align }) => spanOf(x, text, align));
    const inner = [...marks.keys()];
    for (const i of [...inner.splice(-1), ...inner]) {
      const mark = marks[i] as (typeof marks)[number];
      const x = this.#x(mark.at);
      const text = keyText(mark.key, 12);
      const align = mark.at > 0.9 ? 'end' : mark.at < 0.1 ? 'start' : 'middle';
      const [from, to] = spanOf(x, text, align);
      if (taken.some(([a, b]) => from < b && a < to)) continue;
      taken.push([from, to]);
      this.#label(`axis:${i}`, x, y, text, align);
    }
  }

  /** The key that the engine is at, through all levels. */
  #cursor(x: number, from: number, to: number, text: string): void {
    this.#shapes.push({
      key: 'cursor',
      kind: 'edge',
      x,
      y: from,
      w: 0,
      h: 0,
      to: { x, y: to },
      tone: 'lamp',
      quiet: true,
      lit: true,
      legend: 'lamp',
      aria: `the engine is at ${text}`,
    });
    const edge =
      x > -this.#left - 60 ? 'end' : x < this.#left + this.#gutter + 40 ? 'start' : 'middle';
    this.#label('cursor', x, to + 12, text, edge, 'lamp');
  }

  /** One light on the stage. */
  #glow(): void {
    const lit = this.#shapes.filter(({ kind, lit }) => lit && (kind === 'page' || kind === 'slot'));
    const focus = this.#focus.tables.at(-1) ?? undefined;
    const at = lit.find(({ key }) => key === `table:${focus}`) ?? lit.at(-1);
    if (!at) return;
    const reach = at.kind === 'slot' ? 40 : 60;
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

/** What a label takes of the axis, with air on both sides. */
function spanOf(x: number, text: string, align: Shape['align']): readonly [number, number] {
  const w = text.length * LABEL.character + LABEL.air;
  const from = align === 'end' ? x - w : align === 'start' ? x : x - w / 2;
  return [from, from + w];
}

/** Boxes as near to where they belong as the others let them be, none over another, all inside. */
function spread(
  boxes: readonly { x: number; w: number }[],
  gap: number,
  left: number,
  right: number,
): { x: number; w: number }[] {
  const out = boxes.map((box) => ({ ...box }));
  // First none may end beyond where the next begins; only what is too narrow then pushes.
  for (let i = 0; i + 1 < out.length; i++) {
    const [a, b] = [out[i], out[i + 1]] as [{ x: number; w: number }, { x: number; w: number }];
    if (a.x + a.w + gap > b.x) b.x = a.x + a.w + gap;
  }
  let end = right;
  for (let i = out.length - 1; i >= 0; i--) {
    const box = out[i] as { x: number; w: number };
    if (box.x + box.w > end) box.x = end - box.w;
    end = box.x - gap;
  }
  const first = out[0];
  if (!first || first.x >= left) return out;
  // No room for all: every box gives the same share.
  const total = out.reduce((sum, { w }) => sum + w, gap * (out.length - 1));
  const share = Math.min(
    1,
    (right - left - gap * (out.length - 1)) / (total - gap * (out.length - 1)),
  );
  let x = left;
  for (const box of out) {
    box.w *= share;
    box.x = x;
    x += box.w + gap;
  }
  return out;
}
