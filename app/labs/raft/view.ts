// The picture of a cluster at one moment: each node a porthole cut by the waterline, its role and
// timer above, its term, vote and log below; messages on their way between them; walls where the
// network is cut. Made from the moment's plain value and its event, and from nothing else.
//
//   clients      ▢ 1   ▢ 2
//   messages        ·  ● append 4 ·
//   waterline  ──( A )──────────┆──( B )──      ring: its timer · dashed rim: it died
//   log           1 1 [2]       ┆   1 1         dashed: not committed · above the line: not saved yet

import type {
  RaftEvent,
  RaftValue,
  ShownEntry,
  ShownFlight,
  ShownNode,
  ShownOperation,
} from '../../../engine/labs/raft-value.ts';
import type { ShownMoment } from '../../player/types.ts';
import { alongArc } from '../../scene/arc.ts';
import type { Arrangement, Look, Point, Scene, Shape, Tone } from '../../scene/scene.ts';
import { cutWords, nameOfFlight } from '../cluster.ts';
import { type Named, placeWords, type Taken } from './words.ts';

export type RaftMoment = ShownMoment<RaftEvent, RaftValue>;

const RADIUS = 30;
const ENTRY = { w: 22, h: 25, gap: 2.5 } as const;
const LOG_Y = RADIUS + 36;
/** Clients stand so high above the topmost node: over a row messages fly in between. */
const CLIENT_UP = { row: 176, narrow: 140, ring: 118 } as const;
/** More messages under way than that have no shape each: they are painted together. */
const MOST_FLIGHTS = 60;
/** From so many nodes on they are painted together, too. */
export const MOST_NODES = 19;
/** Lines that a log is broken into, and how many if even those are too few to show all of it. */
const MOST_LINES = 4;
const FEW_LINES = 2;

/** A hue a term, three in turn; the number stands beside it. */
export const toneOfTerm = (term: number): Tone =>
  (['key', 'plain', 'separator'] as const)[term % 3] as Tone;

export function roleWords(node: ShownNode): string {
  if (node.status === 'crashed') return 'crashed';
  const { state } = node;
  const paused = node.status === 'paused' ? ', paused' : '';
  if (!state) return node.status;
  if (!state.voters.includes(node.id)) return `no voter${paused}`;
  if (state.role === 'candidate' || state.role === 'pre-candidate') {
    const votes = Object.values(state.votes).filter(Boolean).length;
    return `${state.role === 'candidate' ? 'candidate' : 'asks first'}, ${votes} of ${quorum(state.voters.length)}${paused}`;
  }
  return `${state.role}${paused}`;
}

export const quorum = (voters: number): number => Math.floor(voters / 2) + 1;

/** What is known of its log: from memory, or from its disk when it has none. */
export const knownOf = (node: ShownNode) => node.state ?? node.disk;

/** Entries of the log that this moment is about: at whom, from where to where. */
function touched({ event }: RaftMoment): { node: string; from: number; to: number } | undefined {
  const { did, who } = event;
  if (!did || who === undefined) return undefined;
  switch (did.kind) {
    case 'accept':
      return { node: who, from: did.first, to: did.last };
    case 'commit':
      return { node: who, from: did.before + 1, to: did.to };
    case 'propose':
    case 'voters':
      return { node: who, from: did.index, to: did.index };
    case 'elected':
      return { node: who, from: did.noop, to: did.noop };
    case 'held-back':
      return { node: who, from: did.index, to: did.index };
    default:
      return 'committed' in did && did.committed
        ? { node: who, from: did.committed.from + 1, to: did.committed.to }
        : undefined;
  }
}

/** Where everybody's middle is, and the box around the nodes with all that belongs to them. */
interface Places {
  readonly at: ReadonlyMap<string, Point>;
  readonly nodes: readonly ShownNode[];
  readonly ring: boolean;
  /** What one node may take in width. */
  readonly gap: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly clientY: number;
  /** Lines of the longest log. */
  readonly lines: number;
}

/** Half the height of a ring, by how many stand on it. */
const RING = [90, 90, 90, 90, 100, 110, 175, 190, 165, 255];

export const ROW: Arrangement = { form: 'row', order: [] };

/** The nodes as they stand, from left to right or around the ring from the top. */
export function arranged<T extends { readonly id: string }>(
  nodes: readonly T[],
  { order }: Arrangement,
): readonly T[] {
  const rank = (id: string, i: number) => {
    const at = order.indexOf(id);
    return at < 0 ? order.length + i : at;
  };
  return nodes
    .map((node, i) => ({ node, rank: rank(node.id, i) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ node }) => node);
}

function placed({ nodes: all, clients }: RaftValue, look: Look): Places {
  const { form, order } = look.arrangement ?? ROW;
  const nodes = arranged(all, { form, order });
  const count = Math.max(1, nodes.length);
  const ring = form === 'ring' || count > MOST_NODES;
  const most = count > 3 ? 140 : 180;
  const gap = ring ? 128 : Math.max(86, Math.min(most, (look.width - 40) / count));
  const longest = Math.max(
    0,
    ...nodes.map((node) => {
      const known = knownOf(node);
      return known ? known.last - known.base : 0;
    }),
  );
  const whole = Math.ceil(longest / roomIn(gap));
  const lines = count > MOST_NODES ? 0 : Math.max(1, whole > MOST_LINES ? FEW_LINES : whole);
  const below = LOG_Y + lines * (ENTRY.h + ENTRY.gap) + 36;
  const at = new Map<string, Point>();
  let [left, right, top, bottom] = [0, count * gap, 0, below];
  if (!ring)
    nodes.forEach(({ id }, i) => {
      at.set(id, { x: (i + 0.5) * gap, y: 0 });
    });
  else {
    const crowd = count > MOST_NODES;
    // Wide and low, as the stage is: whoever stands over another is a log's height above.
    const ry = crowd ? 9 * count : (RING[count] ?? 255) + 14 * (lines - 1);
    const rx = crowd ? 16 * count : 60 + 50 * Math.min(7, count);
    nodes.forEach(({ id }, i) => {
      // The first at the top; two are beside each other.
      const angle = (2 * Math.PI * i) / count - (count === 2 ? Math.PI : Math.PI / 2);
      at.set(id, { x: rx * Math.cos(angle), y: ry * Math.sin(angle) });
    });
    const ys = [...at.values()].map(({ y }) => y);
    [left, right] = [-rx - gap / 2, rx + gap / 2];
    [top, bottom] = [Math.min(...ys), Math.max(...ys) + below];
  }
  const clientY =
    top - (ring ? CLIENT_UP.ring : look.width < 500 ? CLIENT_UP.narrow : CLIENT_UP.row);
  clients.forEach(({ id }, i) => {
    const x = left + ((i + 0.5) * (right - left)) / clients.length;
    at.set(id, { x, y: clientY + 12 });
  });
  return { at, nodes, ring, gap, left, right, top, bottom, clientY, lines };
}

const roomIn = (gap: number): number =>
  Math.max(1, Math.floor((gap - 10 + ENTRY.gap) / (ENTRY.w + ENTRY.gap)));

export function view(moment: RaftMoment, look: Look): Scene {
  const { value, event } = moment;
  const { clients } = value;
  const places = placed(value, look);
  const { at, nodes, ring, gap, left, right, clientY } = places;
  const crowd = nodes.length > MOST_NODES;
  const shapes: Shape[] = [];
  // On a ring there is no one line for all: each porthole has its own.
  if (!ring) shapes.push({ key: 'water', kind: 'water', x: 0, y: 0, w: 0, h: 0, tone: 'muted' });
  const label = (
    key: string,
    x: number,
    y: number,
    text: string,
    more: Partial<Shape> = {},
  ): void => {
    shapes.push({
      key,
      kind: 'label',
      x,
      y,
      w: 0,
      h: 0,
      tone: 'muted',
      align: 'middle',
      text,
      ...more,
    });
  };
  const roomy = gap >= 104;
  if (!look.plain && roomy && !ring) {
    label('memory', -30, -12, 'memory', { align: 'start' });
    label('disk', -30, 22, 'disk', { align: 'start' });
  }
  const focus = event.who !== undefined && at.has(event.who) ? event.who : undefined;
  const lamp = focus === undefined ? undefined : at.get(focus);
  if (lamp)
    shapes.push({
      key: 'lamp',
      kind: 'glow',
      x: lamp.x - 84,
      y: lamp.y - 84,
      w: 168,
      h: 168,
      tone: 'lamp',
    });

  walls(value, places, shapes);
  const about = touched(moment);
  if (!crowd)
    for (const node of nodes)
      drawNode(node, at.get(node.id) as Point, places, focus === node.id, about, value, shapes);

  const broken = new Map(unplacedOf(value).map((op) => [clientOf(op.process), op]));
  for (const client of clients) {
    const { x } = at.get(client.id) as Point;
    const { open } = client;
    const wrong = broken.get(client.id);
    shapes.push({
      key: `client:${client.id}`,
      kind: 'slot',
      x: x - 13,
      y: clientY,
      w: 26,
      h: 24,
      tone: wrong ? 'fault' : open ? 'dirty' : 'muted',
      text: client.id,
      lit: focus === client.id && !wrong,
      crossed: wrong !== undefined,
      select: `client:${client.id}`,
      legend: wrong ? 'fault' : '',
      aria: `client ${client.id}, ${open ? `asks ${open.asked} for ${open.op.op} ${open.op.key}` : client.resting ? 'resting' : 'idle'}${wrong ? `, ${opWords(wrong)} has no place in any order` : ''}`,
    });
    if (wrong) label(`ask:${client.id}`, x, clientY - 8, opWords(wrong), { tone: 'fault' });
    else if (open && clients.length <= 6)
      label(`ask:${client.id}`, x, clientY - 8, `${open.op.op} ${open.op.key}`, { tone: 'dirty' });
  }
  if (clients.length > 0 && !look.plain && roomy)
    label('clients', left - 30, clientY + 16, 'clients', { align: 'start' });

  flights(moment, places, shapes, look.plain === true);
  const top = clients.length > 0 ? clientY - 22 : places.top - (ring ? 70 : 128);
  return {
    shapes,
    left: left - 34,
    top,
    width: right - left + 68,
    // Below there is room for the caption.
    height: places.bottom + (look.uncaptioned ? 8 : 76) - top,
    detail: 'cells',
    legend: [
      { entry: 'committed', tone: 'key', text: 'committed' },
      { entry: 'uncommitted', tone: 'key', text: 'not committed', dashed: true },
      { entry: 'message', tone: 'separator', text: 'a message' },
      { entry: 'answer', tone: 'durable', text: 'a yes' },
      { entry: 'fault', tone: 'fault', text: 'lost, cut or down' },
    ],
    focus: focus === undefined ? [] : [/^\d/.test(focus) ? `client:${focus}` : `node:${focus}`],
  };
}

/** Operations that no order of all that was answered explains. */
export const unplacedOf = ({ trouble }: RaftValue): readonly ShownOperation[] =>
  trouble?.unplaced ?? [];

/** A client that gave up goes on under another process number; it is the same client. */
export const clientOf = (process: number): string => `${process % 1000}`;

/** `get x: old`, `put x 3` */
export const opWords = ({ op, key, value, out }: ShownOperation): string =>
  op === 'get' ? `get ${key}: ${out ?? 'nothing'}` : `${op} ${key}${value ? ` ${value}` : ''}`;

function drawNode(
  node: ShownNode,
  { x, y }: Point,
  { gap, lines, ring }: Places,
  lit: boolean,
  about: ReturnType<typeof touched>,
  value: RaftValue,
  shapes: Shape[],
): void {
  const { id, state, status } = node;
  const known = knownOf(node);
  const term = known?.term ?? 0;
  const key = `node:${id}`;
  const leads = state?.role === 'leader';
  const tone = toneOfTerm(term);
  const timer =
    node.timers.find(({ name }) => name === 'election') ??
    node.timers.find(({ name }) => name === 'heartbeat');
  const left = timer && timer.at > timer.set ? (timer.at - value.now) / (timer.at - timer.set) : 0;
  const role = roleWords(node);
  shapes.push({
    key,
    kind: 'node',
    x: x - RADIUS,
    y: y - RADIUS,
    w: 2 * RADIUS,
    h: 2 * RADIUS,
    tone: status === 'crashed' ? 'fault' : leads || state?.role === 'candidate' ? tone : 'muted',
    text: id,
    note: `term ${term}`,
    lit,
    hatched: leads,
    dashed: status !== 'up',
    quiet: status !== 'up',
    crossed: status === 'crashed',
    select: key,
    legend: status === 'crashed' ? 'fault' : '',
    ...(timer &&
      status === 'up' && {
        segments: [{ from: 0, to: left, tone: timer.name === 'election' ? 'muted' : tone }],
      }),
    aria: nodeAria(node, value),
  });
  const label = (name: string, down: number, text: string, tone: Tone = 'muted'): void => {
    shapes.push({
      key: `${name}:${id}`,
      kind: 'label',
      x,
      y: y + down,
      w: 0,
      h: 0,
      tone,
      align: 'middle',
      text,
      on: key,
    });
  };
  label('role', RADIUS + 21, role, leads ? tone : status === 'crashed' ? 'fault' : 'muted');
  if (!known) return;
  const entries = known.entries;
  const room = roomIn(gap);
  const shown = entries.slice(-room * lines);
  const commit = state?.commit ?? 0;
  const stable = state?.stable ?? known.last;
  const columns = Math.min(room, shown.length);
  const rowWidth = columns * (ENTRY.w + ENTRY.gap) - ENTRY.gap;
  const lowest = Math.floor((shown.length - 1) / room);
  shown.forEach((entry, i) => {
    const saved = entry.index <= stable;
    const decided = state ? entry.index <= commit : false;
    const line = Math.floor(i / room);
    shapes.push({
      key: `entry:${id}:${entry.index}`,
      kind: 'cell',
      x: x - rowWidth / 2 + (i % room) * (ENTRY.w + ENTRY.gap),
      // What is not saved yet waits above the line, and sinks when it is.
      y:
        y +
        (saved
          ? LOG_Y + line * (ENTRY.h + ENTRY.gap)
          : -RADIUS - 14 - ENTRY.h - (lowest - line) * (ENTRY.h + ENTRY.gap)),
      w: ENTRY.w,
      h: ENTRY.h,
      tone: toneOfTerm(entry.term),
      text: `${entry.term}`,
      dashed: !decided,
      lit: about?.node === id && entry.index >= about.from && entry.index <= about.to,
      select: `entry:${id}:${entry.index}`,
      legend: decided ? 'committed' : 'uncommitted',
      aria: `entry ${entry.index} of term ${entry.term}, ${entryWords(entry)}, ${saved ? '' : 'not saved, '}${decided ? 'committed' : 'not committed'}`,
    });
  });
  // On a ring words follow the log; in a row they stand on one line for all.
  const height = Math.max(1, ring ? lowest + 1 : lines) * (ENTRY.h + ENTRY.gap) - ENTRY.gap;
  const hidden = known.last - shown.length;
  const few = gap < 104;
  const story =
    known.last === 0
      ? 'empty log'
      : state
        ? `${few ? '' : 'committed '}${commit} of ${known.last}`
        : `${known.last} on disk`;
  label('log', LOG_Y + height + 17, story);
  const more = [
    ...(hidden > 0 ? [known.base > 0 ? `snapshot to ${known.base}` : `${hidden} before`] : []),
    ...(known.vote ? [`vote ${known.vote}`] : []),
  ];
  if (more.length > 0) label('vote', LOG_Y + height + 33, more.join(' · '));
}

export function entryWords(entry: ShownEntry): string {
  switch (entry.is) {
    case 'no-op':
      return "the empty entry of a leader's beginning";
    case 'value':
      return `value ${entry.value}`;
    case 'voters':
      return `voters ${entry.voters?.join(', ')}`;
    case 'op': {
      const { op } = entry;
      if (!op) return 'a request';
      return `${op.op} ${op.key}${op.op === 'put' ? ` ${op.value}` : op.op === 'cas' ? ` ${op.from} ${op.value}` : ''} of client ${entry.client}`;
    }
  }
}

export function nodeAria(node: ShownNode, { now }: RaftValue): string {
  const known = knownOf(node);
  const timer = node.timers.find(({ name }) => name === 'election');
  return [
    `node ${node.id}, ${roleWords(node)}`,
    `term ${known?.term ?? 0}`,
    known?.vote ? `voted for ${known.vote}` : 'no vote',
    `${known?.last ?? 0} entries`,
    ...(node.state ? [`committed to ${node.state.commit}`] : []),
    ...(node.saves.length > 0 ? ['saving'] : []),
    ...(timer && node.status === 'up'
      ? [`stands for election in ${Math.round((timer.at - now) / 1000)} ms`]
      : []),
  ].join(', ');
}

/** Between neighbours that cannot hear each other a line; what else is cut is said in words. */
function walls({ cuts }: RaftValue, places: Places, shapes: Shape[]): void {
  if (cuts.length === 0) return;
  const { at, nodes, ring, left, right, bottom, clientY } = places;
  // Over the nodes, and clear of the clients.
  const said = ring ? clientY + 62 : Math.max(-118, clientY + 42);
  const cut = new Set(cuts);
  const both = (a: string, b: string) => cut.has(`${a}>${b}`) && cut.has(`${b}>${a}`);
  nodes.forEach(({ id }, i) => {
    const before = nodes[i - 1] ?? (ring && nodes.length > 2 ? nodes.at(-1) : undefined);
    if (!before || !both(before.id, id)) return;
    const [a, b] = [at.get(before.id) as Point, at.get(id) as Point];
    const between = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    // A ring is drawn about (0, 0).
    const out = (share: number): Point => ({ x: between.x * share, y: between.y * share });
    const [from, to] = ring
      ? [out(0.25), out(1.55)]
      : [
          { x: between.x, y: said + 6 },
          { x: between.x, y: bottom + 36 },
        ];
    shapes.push({
      key: `wall:${[before.id, id].sort().join('')}`,
      kind: 'wall',
      ...from,
      w: 0,
      h: 0,
      to,
      tone: 'fault',
      legend: 'fault',
      aria: `the network is cut between ${before.id} and ${id}`,
    });
  });
  shapes.push({
    key: 'cuts',
    kind: 'label',
    x: (left + right) / 2,
    y: said,
    w: 0,
    h: 0,
    align: 'middle',
    tone: 'fault',
    text: cutWords(
      nodes.map(({ id }) => id),
      cuts,
    ),
    legend: 'fault',
  });
}

/** How many messages one way carries before its lanes begin anew. */
const LANES = 6;

/** The way of a message: from where to where, and how high. Each of a pair of nodes has its lane. */
function wayOf(
  from: string,
  to: string,
  nth: number,
  { at, ring }: Places,
): { from: Point; to: Point; high: number } | undefined {
  const [a, b] = [at.get(from), at.get(to)];
  if (!a || !b) return undefined;
  const client = /^\d/.test(from) || /^\d/.test(to);
  if (!ring && !client)
    return {
      from: { x: a.x, y: -RADIUS - 8 },
      to: { x: b.x, y: -RADIUS - 8 },
      high: 22 + Math.abs(b.x - a.x) * 0.1 + (nth % LANES) * 13,
    };
  // Straight, from rim to rim; who goes the other way keeps to the other side.
  const long = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / long, (b.y - a.y) / long];
  const aside = client ? 0 : 5 + (nth % LANES) * 5;
  const edge = (p: Point, id: string, sign: 1 | -1): Point => {
    const r = /^\d/.test(id) ? 15 : RADIUS + 9;
    return { x: p.x + sign * ux * r - uy * aside, y: p.y + sign * uy * r + ux * aside };
  };
  return { from: edge(a, from, 1), to: edge(b, to, -1), high: 0 };
}

function flights(moment: RaftMoment, places: Places, shapes: Shape[], plain: boolean): void {
  const { value, event } = moment;
  const crowd = places.nodes.length > MOST_NODES;
  if (crowd || value.flights.length > MOST_FLIGHTS) swarm(moment, places, crowd, shapes);
  const lanes = new Map<string, number>();
  const lane = (from: string, to: string): number => {
    const pair = places.ring ? `${from}>${to}` : [from, to].sort().join();
    const nth = lanes.get(pair) ?? 0;
    lanes.set(pair, nth + 1);
    return nth;
  };
  const names: Named[] = [];
  const flying: Shape[] = [];
  const draw = (flight: ShownFlight, share: number, more: Partial<Shape>): void => {
    const { from, to } = flight;
    const way = wayOf(from, to, lane(from, to), places);
    if (!way) return;
    const key = `flight:${nameOfFlight(flight)}`;
    flying.push({
      key,
      kind: 'flight',
      ...way.from,
      w: Math.round(share * 1000) / 10,
      h: way.high,
      to: way.to,
      tone: flight.term === null ? 'dirty' : toneOfTerm(flight.term),
      select: key,
      legend: 'message',
      aria: `message ${nameOfFlight(flight)}, ${flight.text}`,
      ...more,
    });
    if (flight.text !== '')
      names.push({
        key,
        at: alongArc(share, way.from, way.to, way.high),
        text: flight.text,
        group: `${from} ${flight.text}`,
      });
  };
  if (!crowd && value.flights.length <= MOST_FLIGHTS)
    for (const flight of value.flights)
      draw(flight, shareOf(flight, value.now), {
        ...(flight.held && { quiet: true }),
        ...(saysYes(flight) && { tone: 'durable' as const, legend: 'answer' }),
      });
  // What arrived just now is still seen at its goal, and what was lost, where it was lost.
  const { choice } = event;
  if (choice.do === 'deliver') {
    const { from, to, n, copy } = choice;
    const kind = (event.message as { kind?: string } | undefined)?.kind ?? '';
    draw({ from, to, n, ...(copy && { copy }), sentAt: 0, at: 0, kind, text: '', term: null }, 1, {
      lit: true,
      legend: '',
    });
  }
  const gone = [
    ...event.sent.filter(({ arrives }) => arrives === undefined),
    ...(event.lost ?? []),
  ];
  for (const { from, to, n } of gone.slice(0, 12))
    draw({ from, to, n, sentAt: 0, at: 0, kind: '', text: '', term: null }, 0.5, {
      crossed: true,
      tone: 'fault',
      legend: 'fault',
      key: `lost:${from}>${to}#${n}`,
      aria: `message ${from}>${to}#${n} is lost`,
    });
  const words = plain
    ? new Map<string, { text: string; words: Point }>()
    : placeWords(names, takenBy(shapes), {
        left: places.left - 24,
        right: places.right + 24,
        top: places.clientY,
      });
  for (const shape of flying) shapes.push({ ...shape, ...words.get(shape.key) });
}

const shareOf = ({ at, sentAt }: ShownFlight, now: number): number =>
  at > sentAt ? Math.max(0, Math.min(1, (now - sentAt) / (at - sentAt))) : 0;

const saysYes = ({ text }: ShownFlight): boolean =>
  text === 'yes' || text.startsWith('ok ') || text === 'done';

/** Boxes that words of messages must not cover. */
const takenBy = (shapes: readonly Shape[]): Taken[] =>
  shapes.flatMap(({ kind, x, y, w, h, text = '', align }) => {
    if (kind === 'node') return [{ x: x - 7, y: y - 7, w: w + 14, h: h + 14 }];
    if (kind === 'cell' || kind === 'slot') return [{ x, y, w, h }];
    if (kind !== 'label') return [];
    const long = text.length * 5.9;
    return [{ x: align === 'middle' ? x - long / 2 : x, y: y - 10, w: long, h: 13 }];
  });

/** All messages, and in a crowd all nodes, as one shape that a canvas paints. */
function swarm(
  { value, event }: RaftMoment,
  places: Places,
  crowd: boolean,
  shapes: Shape[],
): void {
  const lanes = new Map<string, number>();
  const flights = value.flights.flatMap((flight) => {
    const { from, to, sentAt, at, term } = flight;
    const pair = `${from}>${to}`;
    const nth = lanes.get(pair) ?? 0;
    lanes.set(pair, nth + 1);
    const way = wayOf(from, to, nth, places);
    const tone = saysYes(flight) ? 'durable' : term === null ? 'dirty' : toneOfTerm(term);
    return way ? [{ select: `flight:${nameOfFlight(flight)}`, ...way, sentAt, at, tone }] : [];
  });
  const nodes = crowd
    ? places.nodes.map(({ id, status, state, disk }) => {
        const { x, y } = places.at.get(id) as Point;
        const stands = state?.role === 'leader' || state?.role === 'candidate';
        return {
          select: `node:${id}`,
          x,
          y,
          r: 15,
          text: id,
          tone: stands ? toneOfTerm(state?.term ?? disk?.term ?? 0) : ('muted' as const),
          lit: event.who === id,
          crossed: status === 'crashed',
        };
      })
    : [];
  shapes.push({
    key: 'swarm',
    kind: 'swarm',
    x: places.left - 30,
    y: places.clientY - 30,
    // The time: it goes evenly from moment to moment, and the messages with it.
    w: value.now,
    h: 0,
    to: { x: places.right + 30, y: places.bottom },
    tone: 'separator',
    swarm: { flights, nodes },
    legend: 'message',
    aria: `${flights.length} messages under way${crowd ? `, ${nodes.length} nodes` : ''}`,
  });
}
