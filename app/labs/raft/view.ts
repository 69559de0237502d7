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
} from '../../../engine/labs/raft-value.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { Look, Scene, Shape, Tone } from '../../scene/scene.ts';
import { arcs, nameOfFlight, wallsOf } from '../cluster.ts';

export type RaftMoment = ShownMoment<RaftEvent, RaftValue>;

const RADIUS = 30;
const ENTRY = { w: 22, h: 25, gap: 2.5 } as const;
const LOG_Y = RADIUS + 36;
const CLIENT_Y = -176;
const MESSAGES_NAMED = 8;

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

/** Where each actor's middle is. */
function places({ nodes, clients }: RaftValue, gap: number): Map<string, { x: number; y: number }> {
  const at = new Map(nodes.map(({ id }, i) => [id, { x: (i + 0.5) * gap, y: 0 }]));
  const width = nodes.length * gap;
  clients.forEach(({ id }, i) => {
    at.set(id, { x: ((i + 0.5) * width) / clients.length, y: CLIENT_Y + 12 });
  });
  return at;
}

export function view(moment: RaftMoment, look: Look): Scene {
  const { value, event } = moment;
  const { nodes, clients } = value;
  const gap = Math.max(86, Math.min(140, (look.width - 40) / Math.max(1, nodes.length)));
  const width = nodes.length * gap;
  const at = places(value, gap);
  const shapes: Shape[] = [{ key: 'water', kind: 'water', x: 0, y: 0, w: 0, h: 0, tone: 'muted' }];
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
  if (!look.plain && roomy) {
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

  const ids = nodes.map(({ id }) => id);
  shapes.push(...wallsOf(ids, value.cuts, { gap, top: -112, height: LOG_Y + ENTRY.h + 150 }));
  const about = touched(moment);
  for (const node of nodes)
    drawNode(node, at.get(node.id)?.x ?? 0, gap, focus === node.id, about, value, shapes);

  for (const client of clients) {
    const { x } = at.get(client.id) ?? { x: 0 };
    const { open } = client;
    shapes.push({
      key: `client:${client.id}`,
      kind: 'slot',
      x: x - 13,
      y: CLIENT_Y,
      w: 26,
      h: 24,
      tone: open ? 'dirty' : 'muted',
      text: client.id,
      lit: focus === client.id,
      select: `client:${client.id}`,
      aria: `client ${client.id}, ${open ? `asks ${open.asked} for ${open.op.op} ${open.op.key}` : client.resting ? 'resting' : 'idle'}`,
    });
    if (open && clients.length <= 6)
      label(`ask:${client.id}`, x, CLIENT_Y - 8, `${open.op.op} ${open.op.key}`, { tone: 'dirty' });
  }
  if (clients.length > 0 && !look.plain && roomy)
    label('clients', -30, CLIENT_Y + 16, 'clients', { align: 'start' });

  flights(moment, at, shapes);
  const top = clients.length > 0 ? CLIENT_Y - 22 : -128;
  return {
    shapes,
    left: -34,
    top,
    width: width + 68,
    height: LOG_Y + ENTRY.h + (look.uncaptioned ? 44 : 112) - top,
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

function drawNode(
  node: ShownNode,
  x: number,
  gap: number,
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
    y: -RADIUS,
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
  const label = (name: string, y: number, text: string, tone: Tone = 'muted'): void => {
    shapes.push({
      key: `${name}:${id}`,
      kind: 'label',
      x,
      y,
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
  const room = Math.max(1, Math.floor((gap - 10) / (ENTRY.w + ENTRY.gap)));
  const shown = entries.slice(-room);
  const commit = state?.commit ?? 0;
  const stable = state?.stable ?? known.last;
  const rowWidth = shown.length * (ENTRY.w + ENTRY.gap) - ENTRY.gap;
  shown.forEach((entry, i) => {
    const saved = entry.index <= stable;
    const decided = state ? entry.index <= commit : false;
    shapes.push({
      key: `entry:${id}:${entry.index}`,
      kind: 'cell',
      x: x - rowWidth / 2 + i * (ENTRY.w + ENTRY.gap),
      // What is not saved yet waits above the line, and sinks when it is.
      y: saved ? LOG_Y : -RADIUS - 14 - ENTRY.h,
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
  const hidden = known.last - shown.length;
  const few = gap < 104;
  const story =
    known.last === 0
      ? 'empty log'
      : state
        ? `${few ? '' : 'committed '}${commit} of ${known.last}`
        : `${known.last} on disk`;
  label('log', LOG_Y + ENTRY.h + 17, story);
  const more = [
    ...(hidden > 0 ? [known.base > 0 ? `snapshot to ${known.base}` : `${hidden} before`] : []),
    ...(known.vote ? [`vote ${known.vote}`] : []),
  ];
  if (more.length > 0) label('vote', LOG_Y + ENTRY.h + 33, more.join(' · '));
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

function flights(
  moment: RaftMoment,
  at: ReadonlyMap<string, { x: number; y: number }>,
  shapes: Shape[],
): void {
  const { value, event } = moment;
  const height = arcs();
  const draw = (flight: ShownFlight, share: number, more: Partial<Shape>): void => {
    const [a, b] = [at.get(flight.from), at.get(flight.to)];
    if (!a || !b) return;
    const client = a.y !== 0 || b.y !== 0;
    const arc = height(a, b, [flight.from, flight.to]);
    const edge = ({ y }: { y: number }) => (y === 0 ? -RADIUS - 8 : y + 14);
    shapes.push({
      key: `flight:${nameOfFlight(flight)}`,
      kind: 'flight',
      x: a.x,
      y: edge(a),
      w: Math.round(share * 1000) / 10,
      h: client ? 0 : arc,
      to: { x: b.x, y: edge(b) },
      tone: flight.term === null ? 'dirty' : toneOfTerm(flight.term),
      select: `flight:${nameOfFlight(flight)}`,
      legend: 'message',
      aria: `message ${nameOfFlight(flight)}, ${flight.text}`,
      ...more,
    });
  };
  const named = value.flights.length <= MESSAGES_NAMED;
  for (const flight of value.flights) {
    const span = flight.at - flight.sentAt;
    const share = span > 0 ? Math.min(1, (value.now - flight.sentAt) / span) : 0;
    const yes = flight.text === 'yes' || flight.text.startsWith('ok ') || flight.text === 'done';
    draw(flight, share, {
      ...(named && { text: flight.text }),
      ...(flight.held && { quiet: true }),
      ...(yes && { tone: 'durable' as const, legend: 'answer' }),
    });
  }
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
    draw({ from, to, n, sentAt: 0, at: 0, kind: '', text: '', term: null }, 50, {
      w: 50,
      crossed: true,
      tone: 'fault',
      legend: 'fault',
      key: `lost:${from}>${to}#${n}`,
      aria: `message ${from}>${to}#${n} is lost`,
    });
}
