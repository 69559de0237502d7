// How a world goes on. All that can happen next is one list of choices; a choice is carried out as
//
//   pick(world, choice) ─▶ node, input ─▶ react ─▶ state, effects ─▶ absorb ─▶ the next world
//
// where only `react` is the protocol's (in line, or in a worker of the node's own). Played in time
// order, the choice is the one that is due first; picked by a person, a script or a search it is any.
//
// Two views of the same list: *timed*, in which a message arrives when its time has come; and *free*,
// in which any message may be delivered and any armed timer may fire: a search knows no clock, or
// lets time pass in steps of its own (free.ts).

import { Dice } from '../base/dice.ts';
import {
  type Did,
  type Effect,
  type Id,
  type Input,
  type Micros,
  type Protocol,
  type Reaction,
  react,
} from './actor.ts';
import {
  type Answer,
  begin,
  type Call,
  type Client,
  type ClientDid,
  type ClientStep,
  clientWake,
  type HistoryRecord,
  hear,
  newClient,
  type Op,
} from './client.ts';
import { isCut, linkOf, travel, withLink } from './net.ts';
import { itemAt, pushed } from './seq.ts';
import { newStorm, nextThought, nextWish, type Storm, type StormRules, weather } from './storm.ts';
import {
  emptyWorld,
  type Flight,
  isClient,
  localTime,
  type Node,
  newNode,
  nodeNamed,
  type Save,
  type Timer,
  type World,
  type WorldRules,
} from './world.ts';

export interface MessageName {
  readonly from: Id;
  readonly to: Id;
  readonly n: number;
  readonly copy?: boolean;
}

/** `at`: played in time order, at that time; without it: now, because somebody chose it. */
export type Choice<D = unknown, R = unknown> = {
  readonly at?: Micros;
  readonly storm?: boolean;
} & (
  | ({ readonly do: 'deliver' | 'drop' | 'duplicate' | 'hold' | 'release' } & MessageName)
  | { readonly do: 'fire'; readonly node: Id; readonly timer: string }
  | { readonly do: 'saved' | 'crash' | 'pause' | 'resume'; readonly node: Id }
  | { readonly do: 'restart'; readonly node: Id; readonly disk?: D }
  | { readonly do: 'ask'; readonly node: Id; readonly request: R }
  | { readonly do: 'request'; readonly client: Id; readonly op: Op }
  | { readonly do: 'client'; readonly client: Id }
  | { readonly do: 'partition'; readonly groups: readonly (readonly Id[])[] }
  | { readonly do: 'cut' | 'mend'; readonly from: Id; readonly to: Id }
  | {
      readonly do: 'link';
      readonly from: Id;
      readonly to: Id;
      readonly latency?: Micros;
      readonly loss?: number;
    }
  | { readonly do: 'skew'; readonly node: Id; readonly by: Micros; readonly rate?: number }
  | { readonly do: 'heal' | 'clear' | 'quiet' }
  /** Time passes, until `at`, and all that comes due meanwhile is late. */
  | { readonly do: 'wait' }
  | ({ readonly do: 'chaos' } & StormRules)
  | { readonly do: 'calm' }
  /** A storm's operator; whoever knows the protocol turns it into something that is asked. */
  | { readonly do: 'operate'; readonly roll: number }
);

/** A message that a step sent: when it arrives, or that it does not. */
export interface Sent {
  readonly from: Id;
  readonly to: Id;
  readonly n: number;
  readonly kind: string;
  /** Absent: lost on the way. */
  readonly arrives?: Micros;
}

/** What happened, for captions, the picture and the space-time diagram. */
export interface Happening {
  readonly kind: string;
  readonly at: Micros;
  /** Whose doing it was, where it was a node's or a client's. */
  readonly who?: Id;
  readonly choice: Choice;
  readonly did?: Did | ClientDid;
  /** What was delivered. */
  readonly message?: unknown;
  /** When it had been sent. */
  readonly sentAt?: Micros;
  readonly sent: readonly Sent[];
  /** Messages in flight that went lost. */
  readonly lost?: readonly MessageName[];
}

export interface Cluster<C, S, M, D, R, G> {
  readonly rules: WorldRules;
  readonly protocol: Protocol<C, S, M, D, R>;
  readonly config: C;
  /** What the referees see: called after a node changed, with the node as it was before. */
  observe(
    ghost: G,
    before: Node<S, M, D> | undefined,
    after: Node<S, M, D>,
    world: World<S, M, D, G>,
  ): G;
  /** The message by which a protocol wraps a client's call: the call itself, as it came. */
  readonly kindOf: (message: M | Call | Answer) => string;
}

// ── What can happen ─────────────────────────────────────────────────────────────────────────────

/** What is due first, if anything ever is: a choice with its time. */
export function nextInTime<S, M, D, G>(world: World<S, M, D, G>): Choice | undefined {
  const { now, storm } = world;
  let at = Infinity;
  // What is due first so far; the choice is made once, at the end.
  let kind: 'storm' | 'calm' | 'flight' | 'save' | 'timer' | 'client' | undefined;
  let flight: Flight<M> | undefined;
  let node: Node<S, M, D> | undefined;
  let timer: Timer | undefined;
  let client: Client | undefined;
  if (storm) {
    if (storm.next < Infinity) {
      at = Math.max(storm.next, now);
      kind = 'storm';
    }
    if (Math.max(storm.until, now) < at) {
      at = Math.max(storm.until, now);
      kind = 'calm';
    }
  }
  for (const one of world.flights) {
    const when = one.at > now ? one.at : now;
    if (when >= at || one.held || isPaused(world, one.to)) continue;
    at = when;
    kind = 'flight';
    flight = one;
  }
  for (const one of world.nodes) {
    if (one.status !== 'up') continue;
    const save = one.saves[0];
    if (save && Math.max(save.at, now) < at) {
      at = Math.max(save.at, now);
      kind = 'save';
      node = one;
    }
    for (const each of one.timers) {
      const when = each.at > now ? each.at : now;
      if (when >= at) continue;
      at = when;
      kind = 'timer';
      node = one;
      timer = each;
    }
  }
  for (const one of world.clients) {
    if (!one.timer || Math.max(one.timer.at, now) >= at) continue;
    at = Math.max(one.timer.at, now);
    kind = 'client';
    client = one;
  }
  switch (kind) {
    case 'storm':
      return { ...weather(storm as Storm, world).fault, storm: true, at } as Choice;
    case 'calm':
      return { do: 'calm', at };
    case 'flight':
      return { do: 'deliver', ...nameIn(flight as Flight<M>), at };
    case 'save':
      return { do: 'saved', node: (node as Node<S, M, D>).id, at };
    case 'timer':
      return { do: 'fire', node: (node as Node<S, M, D>).id, timer: (timer as Timer).name, at };
    case 'client':
      return { do: 'client', client: (client as Client).id, at };
    case undefined:
      return undefined;
  }
}

const nameIn = ({ from, to, n, copy }: Flight<unknown>): MessageName =>
  copy ? { from, to, n, copy } : { from, to, n };

function isPaused<S, M, D, G>(world: World<S, M, D, G>, id: Id): boolean {
  for (const node of world.nodes) if (node.id === id) return node.status === 'paused';
  return false;
}

/**
 * All that can happen next when nobody looks at the clock: deliveries, timers, saves, what clients
 * wait for, and the faults that the adversary may bring.
 */
export function choicesOf<S, M, D, G>(
  world: World<S, M, D, G>,
  faults: { readonly drop?: boolean; readonly duplicate?: boolean; readonly crash?: boolean },
): Choice[] {
  const out: Choice[] = [];
  for (const flight of world.flights) {
    const name = nameIn(flight);
    const node = nodeNamed(world, flight.to);
    if (!flight.held && node?.status !== 'paused') out.push({ do: 'deliver', ...name });
    if (faults.drop) out.push({ do: 'drop', ...name });
    if (faults.duplicate && !flight.copy) out.push({ do: 'duplicate', ...name });
  }
  for (const node of world.nodes) {
    if (node.status === 'up') {
      if (node.saves.length > 0) out.push({ do: 'saved', node: node.id });
      for (const timer of node.timers) out.push({ do: 'fire', node: node.id, timer: timer.name });
    }
    if (!faults.crash) continue;
    if (node.status === 'crashed') out.push({ do: 'restart', node: node.id });
    else out.push({ do: 'crash', node: node.id });
  }
  for (const client of world.clients)
    if (client.timer) out.push({ do: 'client', client: client.id });
  return out;
}

// ── Doing it ────────────────────────────────────────────────────────────────────────────────────

export function flightNamed<S, M, D, G>(
  world: World<S, M, D, G>,
  name: MessageName,
): Flight<M> | undefined {
  return world.flights.find(
    ({ from, to, n, copy }) =>
      from === name.from &&
      to === name.to &&
      n === name.n &&
      (copy ?? false) === (name.copy ?? false),
  );
}

/** Whose turn it is, and what it is told; undefined: the world's own business. */
export function pick<S, M, D, R, G>(
  world: World<S, M, D, G>,
  choice: Choice<D, R>,
): { readonly node: Id; readonly event: Input<M, D, R> } | undefined {
  const at = timeOf(world, choice);
  const input = (id: Id, make: (node: Node<S, M, D>, now: Micros) => Input<M, D, R>) => {
    const node = nodeNamed(world, id);
    return node && { node: id, event: make(node, localTime(node.clock, at)) };
  };
  switch (choice.do) {
    case 'deliver': {
      const flight = flightNamed(world, choice);
      const node = nodeNamed(world, choice.to);
      if (!flight || node?.status !== 'up') return undefined;
      return input(choice.to, (_, now) => ({
        to: 'receive',
        from: flight.from,
        message: flight.message as M,
        now,
      }));
    }
    case 'fire':
      return input(choice.node, (_, now) => ({ to: 'wake', timer: choice.timer, now }));
    case 'saved':
      return input(choice.node, ({ saves }, now) => ({
        to: 'saved',
        disk: (saves[0] as Save<M, D>).disk,
        now,
      }));
    case 'restart':
      return input(choice.node, ({ disk }, now) => ({
        to: 'start',
        disk: choice.disk ?? disk,
        now,
      }));
    case 'ask':
      return input(choice.node, (_, now) => ({ to: 'request', request: choice.request, now }));
    default:
      return undefined;
  }
}

function timeOf<S, M, D, G>(world: World<S, M, D, G>, choice: Choice): Micros {
  return Math.max(world.now, choice.at ?? world.now);
}

export interface Absorbed<S, M, D, G> {
  readonly world: World<S, M, D, G>;
  readonly happening: Happening;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** The world after a choice, and after its node's answer where it had a node. */
export function absorb<C, S, M, D, R, G>(
  cluster: Cluster<C, S, M, D, R, G>,
  world: World<S, M, D, G>,
  choice: Choice<D, R>,
  answer: Reaction<S, M, D> | undefined,
): Absorbed<S, M, D, G> {
  const w: Draft<World<S, M, D, G>> = { ...world, now: timeOf(world, choice) };
  const dice = new Dice(world.dice);
  const sent: Sent[] = [];
  let lost: MessageName[] | undefined;
  let who: Id | undefined;
  let did: Did | ClientDid | undefined = answer?.did;
  let kind: string = did?.kind ?? choice.do;
  let message: unknown;
  let sentAt: Micros | undefined;
  const launched: Flight<M>[] = [];

  const replace = (node: Node<S, M, D>): void => {
    w.nodes = w.nodes.map((other) => (other.id === node.id ? node : other));
  };
  const launch = (from: Id, to: Id, n: number, body: M | Call | Answer): void => {
    const takes = travel(cluster.rules.net, w.links.get(linkOf(from, to)), dice);
    const name = { from, to, n, kind: cluster.kindOf(body) };
    if (takes.length === 0) {
      sent.push(name);
      w.counts = { ...w.counts, lost: w.counts.lost + 1 };
      return;
    }
    takes.forEach((took, i) => {
      let at = w.now + took;
      if (cluster.rules.net.fifo)
        for (const other of [...w.flights, ...launched])
          if (other.from === from && other.to === to) at = Math.max(at, other.at);
      const flight: Flight<M> = {
        from,
        to,
        n,
        sentAt: w.now,
        at,
        message: body,
        ...(i > 0 && { copy: true }),
      };
      launched.push(flight);
      sent.push({ ...name, arrives: at });
    });
  };
  /** Sends in the node's name; gives the node back with its counters. */
  const post = (
    node: Node<S, M, D>,
    sends: readonly Extract<Effect<M, D>, { do: 'send' }>[],
  ): Node<S, M, D> => {
    if (sends.length === 0) return node;
    const counts = { ...node.sent };
    for (const { to, message: body } of sends) {
      const n = (counts[to] ?? 0) + 1;
      counts[to] = n;
      launch(node.id, to, n, body);
    }
    w.counts = { ...w.counts, sent: w.counts.sent + sends.length };
    return { ...node, sent: counts };
  };
  const take = (before: Node<S, M, D>, reaction: Reaction<S, M, D>): void => {
    let node: Node<S, M, D> = { ...before, state: reaction.state };
    let { timers, saves } = before;
    const sends: Extract<Effect<M, D>, { do: 'send' }>[] = [];
    for (const effect of reaction.effects) {
      switch (effect.do) {
        case 'send': {
          const last = saves[saves.length - 1];
          if (!last || effect.early) sends.push(effect);
          else saves = [...saves.slice(0, -1), { ...last, held: [...last.held, effect] }];
          break;
        }
        case 'save':
          if (cluster.rules.save === 'atomic') node = { ...node, disk: effect.disk };
          else {
            const begun = saves[saves.length - 1]?.at ?? w.now;
            saves = [
              ...saves,
              { disk: effect.disk, at: Math.max(begun, w.now) + cluster.rules.save, held: [] },
            ];
          }
          break;
        case 'set': {
          const { least, most } = effect;
          const length = most > least ? least + dice.below(most - least + 1) : least;
          const timer: Timer = {
            name: effect.timer,
            set: w.now,
            at: w.now + Math.round(length / node.clock.rate),
          };
          timers = [...timers.filter(({ name }) => name !== effect.timer), timer];
          break;
        }
        case 'clear':
          if (timers.some(({ name }) => name === effect.timer))
            timers = timers.filter(({ name }) => name !== effect.timer);
          break;
      }
    }
    node = { ...node, timers, saves };
    replace(post(node, sends));
  };
  const clientTook = (index: number, step: ClientStep): void => {
    let { client } = step;
    who = client.id;
    did = step.did;
    kind = step.did.kind;
    if (step.record) {
      // No two records at one time: which came first must be read off the exported history too.
      const last = itemAt(w.history, w.history.length - 1)?.time ?? -1;
      const time = Math.max(step.record.time, last + 1);
      w.history = pushed<HistoryRecord>(w.history, { ...step.record, time });
    }
    if (step.send) {
      const link = linkOf(client.id, step.send.to);
      const n = (w.clientSent[link] ?? 0) + 1;
      w.clientSent = { ...w.clientSent, [link]: n };
      w.counts = { ...w.counts, sent: w.counts.sent + 1 };
      launch(client.id, step.send.to, n, step.send.call);
    }
    // In a storm a client that is done thinks of something new.
    if (w.storm && !client.open && !client.timer && client.queue.length === 0) {
      const thought = nextThought(w.storm);
      w.storm = thought.storm;
      client = { ...client, timer: { name: 'think', at: w.now + thought.after } };
    }
    w.clients = w.clients.map((other, i) => (i === index ? client : other));
  };
  const ids = () => w.nodes.map(({ id }) => id);

  w.counts = { ...w.counts, events: w.counts.events + 1 };
  switch (choice.do) {
    case 'deliver': {
      const flight = flightNamed(world, choice) as Flight<M>;
      message = flight.message;
      sentAt = flight.sentAt;
      who = choice.to;
      w.flights = w.flights.filter((other) => other !== flight);
      if (isClient(choice.to)) {
        const index = w.clients.findIndex(({ id }) => id === choice.to);
        clientTook(
          index,
          hear(
            w.clients[index] as Client,
            choice.from,
            flight.message as Answer,
            w.now,
            cluster.rules,
          ),
        );
        serveQueue(index);
      } else if (!answer) kind = 'unheard';
      break;
    }
    case 'fire': {
      who = choice.node;
      const node = nodeNamed(w, choice.node) as Node<S, M, D>;
      replace({ ...node, timers: node.timers.filter(({ name }) => name !== choice.timer) });
      break;
    }
    case 'saved': {
      who = choice.node;
      const node = nodeNamed(w, choice.node) as Node<S, M, D>;
      const [save, ...saves] = node.saves as [Save<M, D>, ...Save<M, D>[]];
      replace(post({ ...node, disk: save.disk, saves }, save.held));
      break;
    }
    case 'crash': {
      who = choice.node;
      const node = nodeNamed(w, choice.node) as Node<S, M, D>;
      replace({ ...node, status: 'crashed', state: undefined, saves: [], timers: [] });
      break;
    }
    case 'restart': {
      who = choice.node;
      const node = nodeNamed(w, choice.node) as Node<S, M, D>;
      replace({ ...node, status: 'up', disk: choice.disk ?? node.disk });
      break;
    }
    case 'pause':
    case 'resume': {
      who = choice.node;
      const node = nodeNamed(w, choice.node) as Node<S, M, D>;
      replace({ ...node, status: choice.do === 'pause' ? 'paused' : 'up' });
      break;
    }
    case 'ask':
      who = choice.node;
      break;
    case 'request': {
      let index = w.clients.findIndex(({ id }) => id === choice.client);
      if (index < 0) {
        w.clients = [...w.clients, newClient(choice.client)].sort(
          (a, b) => Number(a.id) - Number(b.id),
        );
        index = w.clients.findIndex(({ id }) => id === choice.client);
      }
      clientTook(index, begin(w.clients[index] as Client, choice.op, ids(), w.now, cluster.rules));
      break;
    }
    case 'client': {
      const index = w.clients.findIndex(({ id }) => id === choice.client);
      const client = w.clients[index] as Client;
      if (client.timer?.name === 'think') {
        const idle = { ...client, timer: undefined };
        if (!w.storm)
          clientTook(index, { client: idle, did: { kind: 'rested', client: client.id } });
        else {
          const { op, storm } = nextWish(w.storm, client.seen);
          w.storm = storm;
          clientTook(index, begin(idle, op, ids(), w.now, cluster.rules));
        }
      } else {
        clientTook(index, clientWake(client, ids(), w.now, cluster.rules));
        serveQueue(index);
      }
      break;
    }
    case 'drop':
    case 'hold':
    case 'release':
    case 'duplicate': {
      const flight = flightNamed(world, choice) as Flight<M>;
      message = flight.message;
      sentAt = flight.sentAt;
      who = choice.from;
      if (choice.do === 'drop') {
        w.flights = w.flights.filter((other) => other !== flight);
        w.counts = { ...w.counts, lost: w.counts.lost + 1 };
        lost = [nameIn(flight)];
      } else if (choice.do === 'duplicate')
        w.flights = [
          ...w.flights,
          { ...flight, copy: true, at: flight.at + Math.floor(cluster.rules.net.latency / 2) },
        ];
      else {
        const { held: _, ...rest } = flight;
        const now =
          choice.do === 'hold'
            ? { ...rest, held: true }
            : { ...rest, at: Math.max(rest.at, w.now) };
        w.flights = w.flights.map((other) => (other === flight ? now : other));
      }
      break;
    }
    case 'partition': {
      w.links = new Map();
      for (const group of choice.groups)
        for (const other of choice.groups)
          if (group !== other)
            for (const a of group)
              for (const b of other) w.links = withLink(w.links, a, b, { cut: true });
      break;
    }
    case 'cut':
      w.links = withLink(w.links, choice.from, choice.to, { cut: true });
      break;
    case 'mend': {
      const links = new Map(w.links);
      links.delete(linkOf(choice.from, choice.to));
      w.links = links;
      break;
    }
    case 'link':
      w.links = withLink(w.links, choice.from, choice.to, {
        ...(choice.latency !== undefined && { latency: choice.latency }),
        ...(choice.loss !== undefined && { loss: choice.loss }),
      });
      break;
    case 'heal':
      w.links = new Map();
      break;
    case 'skew': {
      who = choice.node;
      const node = nodeNamed(w, choice.node) as Node<S, M, D>;
      const shows = localTime(node.clock, w.now) + choice.by;
      replace({ ...node, clock: { at: w.now, shows, rate: choice.rate ?? node.clock.rate } });
      break;
    }
    case 'chaos': {
      const storm: Storm = newStorm(w.now, choice, dice.next());
      w.storm = storm;
      w.clients.forEach((client, index) => {
        if (client.open || client.timer) return;
        const thought = nextThought(w.storm as Storm);
        w.storm = thought.storm;
        w.clients = w.clients.map((other, i) =>
          i === index
            ? { ...client, timer: { name: 'think' as const, at: w.now + thought.after } }
            : other,
        );
      });
      break;
    }
    case 'clear':
      w.links = new Map();
      w.nodes = w.nodes.map((node) => ({
        ...node,
        status: node.status === 'paused' ? 'up' : node.status,
        clock: { at: w.now, shows: Math.max(w.now, localTime(node.clock, w.now)), rate: 1 },
      }));
      break;
    case 'calm':
      w.storm = undefined;
      w.clients = w.clients.map((client) =>
        client.timer?.name === 'think' ? { ...client, timer: undefined } : client,
      );
      break;
    case 'quiet':
    case 'wait':
    case 'operate':
      break;
  }
  // What was under way on a link that is cut goes lost with it.
  if (choice.do === 'partition' || choice.do === 'cut') {
    const gone = w.flights.filter(({ from, to }) => isCut(w.links, from, to));
    if (gone.length > 0) {
      w.flights = w.flights.filter(({ from, to }) => !isCut(w.links, from, to));
      w.counts = { ...w.counts, lost: w.counts.lost + gone.length };
      lost = gone.map(nameIn);
    }
  }
  if (choice.storm && w.storm) w.storm = weather(w.storm, world).storm;

  const acted = 'node' in choice ? choice.node : choice.do === 'deliver' ? choice.to : undefined;
  if (answer && acted !== undefined) take(nodeNamed(w, acted) as Node<S, M, D>, answer);
  if (launched.length > 0) w.flights = [...w.flights, ...launched];
  w.dice = dice.state;
  if (acted !== undefined && !isClient(acted)) {
    const after = nodeNamed(w, acted) as Node<S, M, D>;
    w.ghost = cluster.observe(w.ghost, nodeNamed(world, acted), after, w);
  }
  const happening: Happening = {
    kind,
    at: w.now,
    choice,
    sent,
    ...(who !== undefined && { who }),
    ...(did && { did }),
    ...(message !== undefined && { message }),
    ...(sentAt !== undefined && { sentAt }),
    ...(lost && { lost }),
  };
  return { world: w, happening };

  /** A client with something in its queue goes on at once when it is free. */
  function serveQueue(index: number): void {
    const client = w.clients[index] as Client;
    const [op, ...queue] = client.queue;
    if (!op || client.open || client.timer) return;
    const told = did;
    const said = kind;
    clientTook(index, begin({ ...client, queue }, op, ids(), w.now, cluster.rules));
    did = told;
    kind = said;
  }
}

/** pick, react, absorb: the driver in line. */
export function apply<C, S, M, D, R, G>(
  cluster: Cluster<C, S, M, D, R, G>,
  world: World<S, M, D, G>,
  choice: Choice<D, R>,
): Absorbed<S, M, D, G> {
  const turn = pick<S, M, D, R, G>(world, choice);
  const answer =
    turn &&
    react(
      cluster.protocol,
      turn.node,
      cluster.config,
      nodeNamed(world, turn.node)?.state,
      turn.event,
    );
  return absorb(cluster, world, choice, answer);
}

/** A world of nodes that all came up just now, and clients who have nothing to ask yet. */
export function newWorld<C, S, M, D, R, G>(
  cluster: Cluster<C, S, M, D, R, G>,
  nodes: readonly Id[],
  clients: number,
  seed: number,
  ghost: G,
): World<S, M, D, G> {
  let world = emptyWorld<S, M, D, G>(seed, ghost);
  world = {
    ...world,
    nodes: nodes.map((id) => newNode<S, M, D>(id, undefined, 0)),
    clients: Array.from({ length: clients }, (_, i) => newClient(`${i + 1}`)),
  };
  for (const node of nodes) world = apply(cluster, world, { do: 'restart', node }).world;
  return { ...world, counts: { events: 0, sent: 0, lost: 0 } };
}
