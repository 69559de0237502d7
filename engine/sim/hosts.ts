// A worker a node. The awaiting driver asks here for a node's reaction: the first time it throws a
// Waiting and sends the question off; asked again when the answer has come, it gives it. So the step
// itself stays the same synchronous code (pick, react, absorb), and both drivers give the same run.
//
//   script's worker                                   the node's worker
//     ask(A, state, input) ── { from: version, input } ──▶ react(state of that version, input)
//     Waiting …                                             │
//     ask(A, state, input) ◀── { patch, effects, did } ─────┘
//
// A message names the version of the state that it starts from. A worker that does not have it (it
// is new, or the playhead jumped) says so, and gets the state whole.

import { LostActor, Waiting } from '../base/waiting.ts';
import { type Id, type Input, type Protocol, type Reaction, react } from './actor.ts';
import { applyDifference, type Difference, difference } from './patch.ts';

export interface NodePort {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}
export type NodeWorker = NodePort & {
  terminate(): void;
  addEventListener(type: 'error', listener: (event: unknown) => void): void;
};

interface Question {
  readonly id: number;
  readonly self: Id;
  /** Of the state that it starts from; 0: it starts without one. */
  readonly from: number;
  /** That state, for a worker that does not know it. */
  readonly state?: unknown;
  readonly config: unknown;
  readonly input: Input<unknown, unknown, unknown>;
  /** The version that the new state will have. */
  readonly to: number;
}
type Reply =
  | { readonly id: number; readonly unknown: true }
  | {
      readonly id: number;
      readonly state: Difference;
      /** Each effect against the new state: what it saves is mostly there already. */
      readonly effects: readonly { readonly effect: unknown; readonly disk?: Difference }[];
      readonly did: unknown;
    };

/** What asks nodes elsewhere; labs of actors take it in place of their protocol. */
export interface Elsewhere {
  ask(self: Id, state: unknown, input: unknown, config: unknown): unknown;
}

export interface NodeHosts extends Elsewhere {
  /** Nodes that have a worker. */
  readonly size: number;
  /** Off: nothing is asked, the caller reacts in line. */
  on: boolean;
  end(): void;
}

/** How many states a worker remembers: a step needs one, a step back and forth a few. */
const REMEMBERED = 16;

/** The worker's side: one node of a protocol. Returns what answers a question, for such as came before. */
export function serveNode(
  port: NodePort,
  protocol: Promise<Protocol<unknown, unknown, unknown, unknown, unknown>>,
): (event: { data: unknown }) => Promise<void> {
  const known = new Map<number, unknown>();
  const answer = async ({ data }: { data: unknown }): Promise<void> => {
    const rules = await protocol;
    const { id, self, from, state, config, input, to } = data as Question;
    if (state !== undefined) known.set(from, state);
    if (from !== 0 && !known.has(from)) {
      port.postMessage({ id, unknown: true } satisfies Reply);
      return;
    }
    const before = known.get(from);
    const reaction = react(rules, self, config, before, input);
    known.set(to, reaction.state);
    for (const version of known.keys()) {
      if (known.size <= REMEMBERED) break;
      known.delete(version);
    }
    port.postMessage({
      id,
      state: difference(before, reaction.state),
      effects: reaction.effects.map((effect) =>
        effect.do === 'save'
          ? { effect: { do: 'save' }, disk: difference(reaction.state, effect.disk) }
          : { effect },
      ),
      did: reaction.did,
    } satisfies Reply);
  };
  port.addEventListener('message', answer);
  return answer;
}

/** The asking side. `silence`: how long an answer is waited for before a node counts as hanging, in ms. */
export function nodeHosts(
  start: (self: Id) => NodeWorker,
  patience: (ms: number) => Promise<void>,
  silence = 4000,
): NodeHosts {
  const workers = new Map<
    Id,
    { worker: NodeWorker; waiting: Map<number, (reply: Reply | Error) => void> }
  >();
  const versions = new WeakMap<object, number>();
  let lastVersion = 0;
  let lastId = 0;
  /** The answer that has come, and to what. */
  let ready: { self: Id; state: unknown; input: unknown; reaction: unknown } | undefined;

  function workerOf(self: Id) {
    let entry = workers.get(self);
    if (entry) return entry;
    const worker = start(self);
    const waiting = new Map<number, (reply: Reply | Error) => void>();
    worker.addEventListener('message', ({ data }) => {
      const reply = data as Reply;
      waiting.get(reply.id)?.(reply);
      waiting.delete(reply.id);
    });
    worker.addEventListener('error', () => lose(self, 'died'));
    entry = { worker, waiting };
    workers.set(self, entry);
    return entry;
  }
  function lose(self: Id, how: string): void {
    const entry = workers.get(self);
    workers.delete(self);
    entry?.worker.terminate();
    for (const settle of entry?.waiting.values() ?? []) settle(new LostActor(self, how));
  }
  const post = (self: Id, question: Question): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { worker, waiting } = workerOf(self);
      waiting.set(question.id, (reply) =>
        reply instanceof Error ? reject(reply) : resolve(reply),
      );
      worker.postMessage(question);
      void patience(silence).then(() => waiting.has(question.id) && lose(self, 'did not answer'));
    });

  async function question(
    self: Id,
    state: unknown,
    input: Input<unknown, unknown, unknown>,
    config: unknown,
  ): Promise<void> {
    const whole = state as object | undefined;
    const from = whole ? (versions.get(whole) ?? 0) : 0;
    const to = ++lastVersion;
    const about = { self, config, input, to };
    let reply: Reply = { id: 0, unknown: true };
    if (!whole || from !== 0) reply = await post(self, { ...about, id: ++lastId, from });
    if ('unknown' in reply) {
      const version = from || ++lastVersion;
      if (whole) versions.set(whole, version);
      reply = await post(self, { ...about, id: ++lastId, from: version, state });
    }
    if ('unknown' in reply) throw new LostActor(self, 'does not know the state that it was given');
    const next = applyDifference(state, reply.state);
    versions.set(next as object, to);
    const effects = reply.effects.map(({ effect, disk }) =>
      disk === undefined ? effect : { ...(effect as object), disk: applyDifference(next, disk) },
    );
    ready = {
      self,
      state,
      input,
      reaction: { state: next, effects, did: reply.did } as Reaction<unknown, unknown, unknown>,
    };
  }

  return {
    on: false,
    get size() {
      return workers.size;
    },
    ask(self, state, input, config) {
      const come = ready;
      // The same step, tried again: its node and its state are the same objects.
      if (come && come.self === self && come.state === state && sameInput(come.input, input)) {
        ready = undefined;
        return come.reaction;
      }
      throw new Waiting(question(self, state, input as Input<unknown, unknown, unknown>, config));
    },
    end() {
      for (const { worker } of workers.values()) worker.terminate();
      workers.clear();
    },
  };
}

const sameInput = (a: unknown, b: unknown): boolean => {
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return (
    Object.keys(x).length === Object.keys(y).length &&
    Object.keys(x).every(
      (name) =>
        x[name] === y[name] ||
        (name === 'request' && JSON.stringify(x[name]) === JSON.stringify(y[name])),
    )
  );
};
