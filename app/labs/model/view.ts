// The picture of a small model's state: a card a thing, on it its variables; what was sent, as a set;
// what is on its way, as dots between the things. All models are drawn by these few marks, from the
// variables and whom they belong to. There is no waterline: nothing here is ever written down.
//
//   transaction manager      ┌ TM ──────────────┐
//                            │ committed         │      what it is: its tone says which way it went
//                            │ heard 1  heard 2  │      hollow: no, none, not yet
//                            └───────────────────┘
//   messages sent             Prepared 1   Commit       lit: by the last step

import type {
  ModelEvent,
  ModelValue,
  ShownThing,
  ShownVariable,
} from '../../../engine/labs/model.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { Look, Scene, Shape, Tone } from '../../scene/scene.ts';

export type ModelMoment = ShownMoment<ModelEvent, ModelValue>;
type Row = ModelValue['rows'][number];
type Said = NonNullable<ModelValue['said']>[number];
type Way = ModelValue['ways'][number];

const CHARACTER = 7.5;
/** Heights and widths; on a phone all stands closer. `title`: between a row's title and what is before it. */
const WIDE = {
  cell: 21,
  gap: 4,
  pad: 7,
  card: 138,
  head: 24,
  apart: 14,
  title: 30,
  line: 420,
} as const;
const NARROW = {
  cell: 19,
  gap: 3,
  pad: 6,
  card: 120,
  head: 21,
  apart: 10,
  title: 22,
  line: 290,
} as const;
type Sizes = typeof WIDE | typeof NARROW;
const UNIT = { w: 74, h: 17 } as const;

const TONES: Readonly<Record<string, Tone>> = {
  prepared: 'dirty',
  committed: 'durable',
  commit: 'durable',
  won: 'durable',
  aborted: 'separator',
  abort: 'separator',
  cand: 'dirty',
  active: 'dirty',
  failed: 'fault',
  dead: 'fault',
  v1: 'key',
  v2: 'separator',
  v3: 'dirty',
  v4: 'durable',
};
/** A hue a ballot, three in turn; its number stands beside it. */
const BALLOTS: readonly Tone[] = ['key', 'separator', 'dirty'];

/** By what a variable says: `prepared in 0` is as `prepared`, `Commit` as `commit`. */
function toneOf(text: string, otherwise: Tone): Tone {
  for (const word of text.toLowerCase().split(/\W+/))
    if (Object.hasOwn(TONES, word)) return TONES[word] as Tone;
  const ballot = /bal (\d+)/i.exec(text)?.[1];
  return ballot === undefined ? otherwise : (BALLOTS[Number(ballot) % BALLOTS.length] as Tone);
}

/** What a cell of a card says: of a yes its name is enough, and of a nothing. */
const heldText = (label: string, { says, nothing, bit }: ShownVariable): string =>
  nothing || bit ? label || says : `${label} ${says}`.trim();

/** A message's name, and what it says beside that. */
export const saidText = ({ name, says, bit }: Said): string => (bit ? name : `${name} ${says}`);

const widthOf = (text: string): number => Math.max(26, Math.ceil(text.length * CHARACTER) + 9);

/** Boxes of these widths, in lines no wider than `most`, each with its place; `parts`: some begin a line. */
function flow(
  widths: readonly number[],
  most: number,
  { cell, gap }: Sizes,
  parts: (index: number) => boolean = () => false,
): { places: { x: number; y: number; line: number }[]; lines: number[]; height: number } {
  const places: { x: number; y: number; line: number }[] = [];
  const lines: number[] = [];
  let [x, line] = [0, 0];
  for (const [i, width] of widths.entries()) {
    if (x > 0 && (x + width > most || parts(i))) {
      x = 0;
      line++;
    }
    places.push({ x, y: line * (cell + gap), line });
    lines[line] = x + width;
    x += width + gap;
  }
  const height = widths.length === 0 ? 0 : (line + 1) * (cell + gap) - gap;
  return { places, lines, height };
}

const isDead = (thing: ShownThing): boolean => thing.life?.says === 'dead';

const hasChanged = ({ is, life, holds, has }: ShownThing): boolean =>
  [is, life, holds, ...has].some((variable) => variable?.changed);

/** `Participant 1: undecided, vote yes, voted`. */
export function thingWords({ name, is, life, holds, has }: ShownThing): string {
  const facts = [
    ...(life ? [life.says] : []),
    ...(is ? [is.says] : []),
    ...(holds ? [`${holds.amount} of ${holds.most}`] : []),
    ...has.map((held) =>
      held.nothing ? `${held.label} ${held.says}` : heldText(held.label, held),
    ),
  ];
  return `${name}: ${facts.join(', ')}`;
}

export function view(moment: ModelMoment, look: Look): Scene {
  const { value } = moment;
  const { rows, said = [], ways } = value;
  const room = Math.max(300, look.width - 44);
  const sizes = look.width < 560 ? NARROW : WIDE;
  const { cell, title: between } = sizes;
  const shapes: Shape[] = [];
  const middles = new Map<string, Box>();
  let y = 0;
  let width = 0;
  const placed: { card: Card; x: number; y: number }[] = [];
  for (const row of rows) {
    const cards = row.things.map((thing) => cardOf(thing, row, sizes));
    const block = row.ring ? onRing(cards) : inLines(cards, room, ways, sizes);
    shapes.push(title(`title:${row.title}`, row.title, y));
    y += 16;
    for (const place of block.places) placed.push({ ...place, y: place.y + y });
    y += block.height + between;
    width = Math.max(width, block.width);
  }
  const chips = said.map((message) => ({ message, w: widthOf(saidText(message)) }));
  const lines = flow(
    chips.map(({ w }) => w),
    Math.max(width, Math.min(room, 620)),
    sizes,
  );
  width = Math.max(width, ...lines.lines);

  for (const { card, x, y } of placed) {
    const at = { x, y, w: card.w, h: card.h };
    middles.set(card.thing.name, at);
    drawCard(card, at, shapes);
  }
  if (value.said) {
    const order = value.order === undefined ? '' : ` (${value.order})`;
    const words = said.length > 0 ? `messages sent${order}` : 'no message sent yet';
    shapes.push(title('title:said', words, y));
    y += 16;
    chips.forEach(({ message, w }, i) => {
      const { x, y: down, line } = lines.places[i] as (typeof lines.places)[number];
      shapes.push({
        key: `said:${message.name}`,
        kind: 'cell',
        x: x - (lines.lines[line] as number) / 2,
        y: y + down,
        w,
        h: cell,
        tone: toneOf(message.bit ? message.name : message.says, 'plain'),
        text: saidText(message),
        lit: message.changed,
        select: `said:${message.name}`,
        legend: message.changed ? 'changed' : '',
        ...(message.by !== undefined && { from: `thing:${message.by}` }),
        aria: `message ${saidText(message)}`,
      });
    });
    y += Math.max(cell, lines.height) + between;
  }
  for (const row of rows) drawRing(row, middles, shapes);
  for (const row of rows) drawToken(row, middles, shapes);
  ways.forEach((way, i) => {
    drawWay(way, ways.slice(0, i), middles, shapes);
  });

  const lit = rows.flatMap(({ things }) => things).find(hasChanged);
  const lamp = lit && middles.get(lit.name);
  if (lamp)
    shapes.unshift({
      key: 'lamp',
      kind: 'glow',
      x: lamp.x + lamp.w / 2 - 110,
      y: lamp.y + lamp.h / 2 - 90,
      w: 220,
      h: 180,
      tone: 'lamp',
    });
  for (const shape of shapes)
    if (shape.key.startsWith('title:')) Object.assign(shape, { x: -width / 2 });
  const changed = said.find(({ changed }) => changed);
  const focus = lit ? `thing:${lit.name}` : changed ? `said:${changed.name}` : undefined;
  return {
    shapes,
    left: -width / 2 - 16,
    top: -18,
    width: width + 32,
    height: y + 18 + (look.uncaptioned ? 0 : 66),
    detail: 'cells',
    legend: [
      { entry: 'changed', tone: 'lamp', text: 'changed by this step' },
      { entry: 'nothing', tone: 'muted', text: 'no, none, not yet', dashed: true },
      ...(ways.length > 0 ? [{ entry: 'way', tone: 'key' as const, text: 'on its way' }] : []),
    ],
    focus: focus === undefined ? [] : [focus],
  };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Card {
  readonly thing: ShownThing;
  readonly w: number;
  readonly h: number;
  readonly cells: readonly (Box & { readonly shape: Omit<Shape, keyof Box> })[];
}

const title = (key: string, text: string, y: number): Shape => ({
  key,
  kind: 'label',
  x: 0,
  y,
  w: 0,
  h: 0,
  tone: 'muted',
  align: 'start',
  text,
});

/** A thing with its variables, about its own corner. */
function cardOf(thing: ShownThing, row: Row, sizes: Sizes): Card {
  const { cell, gap, pad, head } = sizes;
  const { name, is, holds, has } = thing;
  const select = `thing:${name}`;
  const cells: (Box & { shape: Omit<Shape, keyof Box> })[] = [];
  let y: number = head;
  if (holds) {
    // Full to a height: a unit of it a cell, the topmost first.
    for (let unit = holds.most; unit > 0; unit--) {
      const full = unit <= holds.amount;
      cells.push({
        x: pad,
        y,
        w: UNIT.w,
        h: UNIT.h,
        shape: {
          key: `unit:${name}:${unit}`,
          kind: 'cell',
          tone: full ? 'key' : 'muted',
          quiet: !full,
          on: select,
          select,
          legend: full ? '' : 'nothing',
        },
      });
      y += UNIT.h + 2;
    }
    return { thing, w: UNIT.w + 2 * pad, h: y + pad - 2, cells };
  }
  const texts = has.map((held) => heldText(held.label, held));
  // Of many variables those of one kind stand in a line: `heard 1` `heard 2`; `1: mbal 0` `1: bal`.
  const kind = (i: number): string | undefined => has[i]?.label.split(' ')[0];
  const parts = (i: number): boolean => has.length > 4 && i > 0 && kind(i) !== kind(i - 1);
  const alone = row.things.length === 1;
  const widest = Math.max(0, ...flow(texts.map(widthOf), sizes.line, sizes, parts).lines);
  const least = Math.max(sizes.card, ...(alone ? [widest + 2 * pad] : []));
  const w = Math.max(least, 2 * pad + Math.max(0, ...texts.map(widthOf)));
  const inner = w - 2 * pad;
  const variable = (
    held: ShownVariable,
    text: string,
    of: string,
    place: Box,
    otherwise: Tone,
  ): void => {
    cells.push({
      ...place,
      shape: {
        key: `var:${held.variable}`,
        kind: 'cell',
        tone: held.nothing ? 'muted' : toneOf(of, otherwise),
        text,
        quiet: held.nothing,
        lit: held.changed,
        on: select,
        select,
        legend: `${held.nothing ? 'nothing' : ''}${held.changed ? ' changed' : ''}`,
      },
    });
  };
  if (is) {
    variable(is, is.says, is.says, { x: pad, y, w: inner, h: cell + 2 }, 'plain');
    y += cell + 2 + gap;
  }
  const { places, height } = flow(texts.map(widthOf), inner, sizes, parts);
  has.forEach((held, i) => {
    const place = places[i] as (typeof places)[number];
    const text = texts[i] as string;
    const box = { x: pad + place.x, y: y + place.y, w: widthOf(text), h: cell };
    variable(held, text, held.bit ? '' : text, box, 'key');
  });
  if (has.length > 0) y += height + gap;
  return { thing, w, h: y + pad - gap, cells };
}

function drawCard(card: Card, at: Box, shapes: Shape[]): void {
  const { thing } = card;
  const key = `thing:${thing.name}`;
  const dead = isDead(thing);
  const lit = hasChanged(thing);
  shapes.push({
    key,
    kind: 'page',
    ...at,
    tone: dead ? 'fault' : 'plain',
    text: thing.name,
    // Where the name leaves room for it; the cross says it too.
    ...(dead && at.w > 62 + thing.name.length * 8 && { note: 'dead' }),
    ...(thing.holds && { note: `${thing.holds.amount}` }),
    lit,
    dashed: dead,
    crossed: dead || thing.is?.says === 'failed',
    quiet: dead,
    select: key,
    legend: lit ? 'changed' : '',
    aria: thingWords(thing),
  });
  for (const { shape, x, y, w, h } of card.cells)
    shapes.push({ ...shape, x: at.x + x, y: at.y + y, w, h });
}

interface Block {
  readonly places: readonly { readonly card: Card; readonly x: number; readonly y: number }[];
  readonly width: number;
  readonly height: number;
}

/** Side by side about the middle, in as many lines as it takes; each stands on its line. */
function inLines(cards: readonly Card[], room: number, ways: readonly Way[], sizes: Sizes): Block {
  // What passes between two of them needs room.
  const gap = ways.length > 0 ? (sizes === NARROW ? 110 : 240) : sizes.apart;
  const lines: Card[][] = [];
  let used = 0;
  for (const card of cards) {
    const line = lines.at(-1);
    if (line && used + gap + card.w <= room) {
      line.push(card);
      used += gap + card.w;
    } else {
      lines.push([card]);
      used = card.w;
    }
  }
  const places: { card: Card; x: number; y: number }[] = [];
  let [y, width] = [0, 0];
  for (const line of lines) {
    const wide = line.reduce((sum, { w }) => sum + w, gap * (line.length - 1));
    const high = Math.max(...line.map(({ h }) => h));
    let x = -wide / 2;
    for (const card of line) {
      // Jugs keep their size; all else in a line is equally high.
      const h = card.thing.holds ? card.h : high;
      places.push({ card: { ...card, h }, x, y: y + high - h });
      x += card.w + gap;
    }
    y += high + sizes.apart;
    width = Math.max(width, wide);
  }
  return { places, width, height: y - sizes.apart };
}

function onRing(cards: readonly Card[]): Block {
  const count = cards.length;
  const w = Math.max(0, ...cards.map((card) => card.w));
  const h = Math.max(0, ...cards.map((card) => card.h));
  const points = (radius: number) =>
    cards.map((_, i) => {
      const angle = (2 * Math.PI * i) / count - Math.PI / 2;
      return { x: 1.3 * radius * Math.cos(angle), y: 0.8 * radius * Math.sin(angle) };
    });
  // As near to each other as leaves a message between two of them to be seen.
  const apart = (radius: number): boolean => {
    const all = points(radius);
    return all.every((a, i) =>
      all.every((b, j) => i >= j || Math.abs(a.x - b.x) >= w + 44 || Math.abs(a.y - b.y) >= h + 34),
    );
  };
  let radius = 0;
  while (count > 1 && !apart(radius)) radius += 8;
  const at = points(radius);
  const top = Math.min(...at.map(({ y }) => y));
  const bottom = Math.max(...at.map(({ y }) => y));
  const right = Math.max(...at.map(({ x }) => Math.abs(x)));
  return {
    places: cards.map((card, i) => {
      const { x, y } = at[i] as (typeof at)[number];
      return { card, x: x - card.w / 2, y: y - top };
    }),
    width: 2 * right + w,
    height: bottom - top + h,
  };
}

const middleOf = ({ x, y, w, h }: Box) => ({ x: x + w / 2, y: y + h / 2 });

/** Where the line from one middle to the other leaves a box, and a little further. */
function edgeOf(box: Box, towards: Box): { x: number; y: number } {
  const [a, b] = [middleOf(box), middleOf(towards)];
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const far = Math.hypot(dx, dy) || 1;
  const reach = Math.min(
    dx === 0 ? Infinity : box.w / 2 / Math.abs(dx),
    dy === 0 ? Infinity : box.h / 2 / Math.abs(dy),
  );
  const share = Math.min(0.5, reach + 5 / far);
  return { x: a.x + dx * share, y: a.y + dy * share };
}

/** The ring that its things stand on: a way from each to the next, with nothing on it. */
function drawRing({ ring, things }: Row, boxes: ReadonlyMap<string, Box>, shapes: Shape[]): void {
  if (!ring || things.length < 2) return;
  things.forEach(({ name }, i) => {
    const next = things[(i + 1) % things.length]?.name ?? '';
    const [a, b] = [boxes.get(name), boxes.get(next)];
    if (!a || !b || (things.length === 2 && i === 1)) return;
    shapes.push({
      key: `ring:${name}`,
      kind: 'flight',
      ...edgeOf(a, b),
      w: -1,
      h: 0,
      tone: 'muted',
      to: edgeOf(b, a),
    });
  });
}

function drawToken({ token }: Row, boxes: ReadonlyMap<string, Box>, shapes: Shape[]): void {
  const box = token && boxes.get(token.on);
  if (!token || !box) return;
  const text = `${token.name} ${token.says}`;
  shapes.push({
    key: `token:${token.name}`,
    kind: 'cell',
    x: box.x + box.w - widthOf(text) + 10,
    y: box.y - 12,
    w: widthOf(text),
    h: WIDE.cell,
    tone: token.says === 'black' ? 'separator' : 'key',
    text,
    lit: token.changed,
    select: `thing:${token.on}`,
    legend: token.changed ? 'changed' : '',
    aria: `${text}, at ${token.on}`,
  });
}

/** Messages between two things: what arrives next is nearest to its goal. */
function drawWay(
  way: Way,
  before: readonly Way[],
  boxes: ReadonlyMap<string, Box>,
  shapes: Shape[],
): void {
  const [a, b] = [boxes.get(way.from), boxes.get(way.to)];
  if (!a || !b) return;
  const alone = way.from === way.to;
  const start = alone ? { x: a.x + a.w + 6, y: middleOf(a).y - 14 } : edgeOf(a, b);
  const end = alone ? { x: a.x + a.w + 6, y: middleOf(a).y + 14 } : edgeOf(b, a);
  const same = before.filter(
    ({ from, to, messages }) => from === way.from && to === way.to && messages.length > 0,
  ).length;
  const back = end.x < start.x;
  way.messages.forEach((text, i) => {
    const part = way.queue ? 66 - 24 * i : 56 - 16 * same;
    shapes.push({
      key: way.queue ? `way:${way.name}:${way.messages.length - i}` : `way:${way.to}:${way.name}`,
      kind: 'flight',
      ...start,
      w: part,
      // A queue and the queue of its answers bend apart.
      h: way.queue ? (back ? -34 : 34) : 0,
      to: end,
      tone: way.changed ? 'lamp' : 'key',
      text,
      lit: way.changed,
      legend: `way${way.changed ? ' changed' : ''}`,
      aria: `${way.queue ? `${way.name}: ` : 'message '}${text}, from ${way.from} to ${way.to}`,
    });
  });
  if (way.queue && way.messages.length === 0)
    shapes.push({
      key: `way:${way.name}:empty`,
      kind: 'label',
      x: (start.x + end.x) / 2,
      y: (start.y + end.y) / 2 + (back ? 40 : -32),
      w: 0,
      h: 0,
      tone: 'muted',
      align: 'middle',
      text: `${way.name} is empty`,
    });
}
