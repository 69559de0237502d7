// The picture of a commit round at one moment: each node a porthole cut by the waterline, its log below;
// the decision as a bar above them all, a part a participant, that closes when every part is there;
// locks; messages on their way; walls where the network is cut. Made from the moment's plain value and
// its event, and from nothing else.
//
//   decision      [ … ]   [  yes  ][  yes  ]        narrow, dashed: not heard · closed: decided
//   messages         · ● yes ·
//   waterline   ──( A )────( B )⚿────( C )⚿──       ring: its patience · in the porthole: its data
//   log           commit   prepared  prepared       above the line, dashed: not on the disk yet

import type { ShownFlight, ShownNode } from '../../../engine/labs/commit-value.ts';
import type { LogRecord } from '../../../engine/protocols/commit/types.ts';
import type { Look, Scene, Shape, Tone } from '../../scene/scene.ts';
import { arcs, nameOfFlight, wallsOf } from '../cluster.ts';
import {
  blockedWords,
  type CommitMoment,
  inDoubt,
  type Round,
  recordWords,
  roundOf,
  standOf,
  toneOf,
  toneOfRecord,
} from './round.ts';

const RADIUS = 30;
const RECORD = { w: 84, h: 22, gap: 3 } as const;
const LOG_Y = RADIUS + 34;
/** Lines of a log that are drawn: what a round writes. */
const ROWS = 3;
const BAR_Y = -164;
const BAR_H = 26;
/** A stage lower than this gets a picture with less air in it. */
const LOW = 340;
const MESSAGES_NAMED = 8;

export function view(moment: CommitMoment, look: Look): Scene {
  const { value, event } = moment;
  const { nodes } = value;
  const gap = Math.max(92, Math.min(150, (look.width - 40) / Math.max(1, nodes.length)));
  const width = nodes.length * gap;
  const at = new Map(nodes.map(({ id }, i) => [id, (i + 0.5) * gap]));
  // A group's part of the decision stands over the middle one of its members.
  nodes.forEach(({ group }, i) => {
    if (group !== undefined && nodes[i - 1]?.group === group && nodes[i + 1]?.group === group)
      at.set(group, (i + 0.5) * gap);
  });
  const shapes: Shape[] = [{ key: 'water', kind: 'water', x: 0, y: 0, w: 0, h: 0, tone: 'muted' }];
  const low = look.height < LOW;
  const barY = low ? BAR_Y + 44 : BAR_Y;
  const rows = low ? ROWS - 1 : ROWS;
  const roomy = gap >= 104;
  if (!look.plain && roomy) {
    shapes.push(label('memory', -30, -12, 'memory', { align: 'start' }));
    shapes.push(label('disk', -30, 22, 'disk', { align: 'start' }));
  }
  const focus = event.who !== undefined && at.has(event.who) ? event.who : undefined;
  const lamp = focus === undefined ? undefined : at.get(focus);
  if (lamp !== undefined)
    shapes.push({
      key: 'lamp',
      kind: 'glow',
      x: lamp - 84,
      y: -84,
      w: 168,
      h: 168,
      tone: 'lamp',
    });
  const ids = nodes.map(({ id }) => id);
  shapes.push(...wallsOf(ids, value.cuts, { gap, top: barY + 46, height: LOG_Y + 206 }));

  const round = roundOf(value);
  if (round) bar(round, moment, at, gap, width, barY, shapes);
  for (const node of nodes)
    shapes.push(...drawn(node, at.get(node.id) ?? 0, gap, rows, focus === node.id, moment));
  flights(moment, at, low ? 0.75 : 1, shapes);

  const blocked = blockedWords(value);
  const floor = LOG_Y + rows * (RECORD.h + RECORD.gap) + (low ? 14 : 26);
  const lines = blocked ? wrapped(blocked, Math.floor((width + 60) / 5.6)) : [];
  lines.forEach((text, i) => {
    shapes.push(label(`blocked:${i}`, width / 2, floor + i * 15, text, { tone: 'fault' }));
  });
  const top = barY - 26;
  const bottom = floor + (look.uncaptioned || low ? 2 + 15 * (lines.length - 1) : 66);
  return {
    shapes,
    left: -34,
    top,
    width: width + 68,
    height: bottom - top,
    detail: 'cells',
    legend: [
      { entry: 'saved', tone: 'key', text: 'on the disk' },
      { entry: 'unsaved', tone: 'key', text: 'not yet', dashed: true },
      { entry: 'lock', tone: 'dirty', text: 'a lock held' },
      { entry: 'commit', tone: 'durable', text: 'commit' },
      { entry: 'fault', tone: 'fault', text: 'abort, lost, down' },
    ],
    focus: focus === undefined ? [] : [`node:${focus}`],
  };
}

function label(key: string, x: number, y: number, text: string, more: Partial<Shape> = {}): Shape {
  return { key, kind: 'label', x, y, w: 0, h: 0, tone: 'muted', align: 'middle', text, ...more };
}

/** By words, into lines of at most so many characters. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Over each participant its part; over the coordinator the decision itself. */
function bar(
  round: Round,
  { value }: CommitMoment,
  at: ReadonlyMap<string, number>,
  gap: number,
  width: number,
  y: number,
  shapes: Shape[],
): void {
  const { tx, decision, votes, firm, story } = round;
  const closed = decision !== undefined;
  const part = (id: string, says: string | undefined, tone: Tone, aria: string): void => {
    const x = at.get(id);
    if (x === undefined) return;
    const w = says === undefined && !closed ? gap * 0.42 : gap - 3;
    shapes.push({
      key: `part:${id}`,
      kind: 'cell',
      x: x - w / 2,
      y,
      w,
      h: BAR_H,
      tone: decision ? toneOf(decision) : tone,
      text: says ?? (closed ? '–' : '…'),
      dashed: closed ? !firm : says === undefined,
      legend: decision === 'commit' ? 'commit' : tone === 'fault' ? 'fault' : '',
      aria,
    });
  };
  const { coordinator } = value.rules;
  part(
    coordinator,
    decision,
    'muted',
    decision ? `the decision is ${decision}` : 'nothing is decided',
  );
  for (const { id, says, tone } of votes)
    part(id, says, tone, `${id}: ${says ?? 'nothing heard yet'}`);
  const left = Math.min(...[...at.values()]) - gap / 2;
  shapes.push(
    label('story', left + width / 2, y - 10, `transaction ${tx} · ${story}`, {
      tone: decision ? toneOf(decision) : 'muted',
    }),
  );
}

export function nodeAria(node: ShownNode, moment: CommitMoment): string {
  const { value } = moment;
  const { log, durable, saves, role } = node;
  const known = inDoubt(node);
  const late = log.length - durable;
  return [
    `${role} ${node.id}, ${standOf(node, value).words}`,
    ...(role === 'participant' ? [node.value === null ? 'no data yet' : `data ${node.value}`] : []),
    ...(known ? [`its lock is held by transaction ${known.tx}`] : []),
    durable === 0 ? 'nothing in its log' : `${durable} ${durable === 1 ? 'line' : 'lines'} on disk`,
    ...(late > 0 ? [`${late} not on disk yet`] : []),
    ...(saves.length > 0 ? ['it waits for its disk'] : []),
  ].join(', ');
}

function drawn(
  node: ShownNode,
  x: number,
  gap: number,
  rows: number,
  lit: boolean,
  moment: CommitMoment,
): Shape[] {
  const { value } = moment;
  const { id, status, timers, log, durable, role } = node;
  const key = `node:${id}`;
  const stand = standOf(node, value);
  const timer = timers[0];
  const left = timer && timer.at > timer.set ? (timer.at - value.now) / (timer.at - timer.set) : 0;
  const open = inDoubt(node);
  const shapes: Shape[] = [
    {
      key,
      kind: 'node',
      x: x - RADIUS,
      y: -RADIUS,
      w: 2 * RADIUS,
      h: 2 * RADIUS,
      tone: status === 'crashed' ? 'fault' : stand.tone,
      text: id,
      note: role === 'participant' ? short(node.value ?? '–') : '',
      lit,
      dashed: status !== 'up',
      quiet: status !== 'up',
      crossed: status === 'crashed',
      select: key,
      legend: status === 'crashed' ? 'fault' : '',
      ...(timer && status === 'up' && { segments: [{ from: 0, to: left, tone: 'muted' }] }),
      aria: nodeAria(node, moment),
    },
    label(`stand:${id}`, x, RADIUS + 20, stand.words, { tone: stand.tone, on: key }),
  ];
  if (role === 'participant' && status !== 'crashed') {
    const blocked = value.blocked.includes(id);
    shapes.push({
      key: `lock:${id}`,
      kind: 'lock',
      x: x + RADIUS - 4,
      y: -RADIUS - 12,
      w: 16,
      h: 19,
      tone: open ? (blocked ? 'fault' : 'dirty') : 'muted',
      quiet: !open,
      on: key,
      select: key,
      legend: open ? 'lock' : '',
      aria: open ? `${id} holds a lock for transaction ${open.tx}` : `${id} holds no lock`,
    });
  }
  const w = Math.min(RECORD.w, gap - 6);
  const first = Math.max(0, durable - rows);
  const many = value.tx > 1;
  const text = ({ is, tx }: LogRecord) => (many ? `${tx} ${is}` : is);
  log.forEach((record, index) => {
    const saved = index < durable;
    if (saved && index < first) return;
    shapes.push({
      key: `record:${id}:${index}`,
      kind: 'cell',
      x: x - w / 2,
      // What is not saved yet waits above the line, and sinks when it is.
      y: saved
        ? LOG_Y + (index - first) * (RECORD.h + RECORD.gap)
        : -RADIUS - 14 - RECORD.h - (index - durable) * (RECORD.h + RECORD.gap),
      w,
      h: RECORD.h,
      tone: toneOfRecord(record),
      text: text(record),
      dashed: !saved,
      lit: lit && moment.event.kind === 'saved' && index === durable - 1,
      select: `record:${id}:${index}`,
      legend: `${saved ? 'saved' : 'unsaved'}${record.is === 'commit' ? ' commit' : record.is === 'abort' ? ' fault' : ''}`,
      aria: `line ${index + 1} of its log, ${recordWords(record)}, ${saved ? 'on the disk' : 'not on the disk yet'}`,
    });
  });
  const under = LOG_Y + Math.min(rows, durable) * (RECORD.h + RECORD.gap) + 12;
  if (durable === 0) shapes.push(label(`log:${id}`, x, LOG_Y + 12, 'empty log', { on: key }));
  else if (first > 0) shapes.push(label(`log:${id}`, x, under, `${first} before`, { on: key }));
  return shapes;
}

/** What fits in a porthole. */
const short = (text: string): string => (text.length > 6 ? `${text.slice(0, 5)}…` : text);

const GOOD: ReadonlySet<string> = new Set(['yes', 'commit', 'ack', 'accepted', 'promise']);

export function toneOfFlight({ kind, text }: Pick<ShownFlight, 'kind' | 'text'>): Tone {
  if (text === 'no' || text.endsWith('abort') || text === 'aborted') return 'fault';
  if (GOOD.has(text) || GOOD.has(kind) || text === 'committed') return 'durable';
  if (kind === 'ask' || kind === 'state?' || kind === 'promise?') return 'dirty';
  return kind === 'pre-commit' || kind === 'pre-committed' ? 'separator' : 'key';
}

function flights(
  { value, event }: CommitMoment,
  at: ReadonlyMap<string, number>,
  flat: number,
  shapes: Shape[],
): void {
  const height = arcs(flat);
  const draw = (
    flight: Pick<ShownFlight, 'from' | 'to' | 'n' | 'copy'>,
    share: number,
    more: Partial<Shape> & Pick<Shape, 'tone' | 'aria'>,
  ): void => {
    const [a, b] = [at.get(flight.from), at.get(flight.to)];
    if (a === undefined || b === undefined) return;
    const [from, to] = [
      { x: a, y: -RADIUS - 8 },
      { x: b, y: -RADIUS - 8 },
    ];
    const key = `flight:${nameOfFlight(flight)}`;
    shapes.push({
      key,
      kind: 'flight',
      ...from,
      w: share,
      h: height(from, to, [flight.from, flight.to]),
      to,
      select: key,
      ...more,
    });
  };
  const named = value.flights.length <= MESSAGES_NAMED;
  for (const flight of value.flights) {
    const span = flight.at - flight.sentAt;
    const share = span > 0 ? Math.min(1, (value.now - flight.sentAt) / span) : 0;
    const tone = toneOfFlight(flight);
    draw(flight, Math.round(share * 1000) / 10, {
      tone,
      // Just sent, it would stand on what its sender is writing.
      ...(named && share > 0.05 && { text: flight.text }),
      ...(flight.held && { quiet: true }),
      legend: tone === 'fault' ? 'fault' : tone === 'durable' ? 'commit' : '',
      aria: `message ${nameOfFlight(flight)}, ${flight.text}`,
    });
  }
  // What arrived just now is still seen at its goal, and what was lost, where it was lost.
  const { choice } = event;
  if (choice.do === 'deliver')
    draw(choice, 100, {
      tone: 'lamp',
      lit: true,
      legend: '',
      aria: `message ${nameOfFlight(choice)} has arrived`,
    });
  const gone = [
    ...event.sent.filter(({ arrives }) => arrives === undefined),
    ...(event.lost ?? []),
  ];
  for (const { from, to, n } of gone.slice(0, 12))
    draw({ from, to, n }, 50, {
      key: `lost:${from}>${to}#${n}`,
      crossed: true,
      tone: 'fault',
      legend: 'fault',
      aria: `message ${from}>${to}#${n} is lost`,
    });
}
