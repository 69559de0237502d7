// What a protocol is to the simulator: pure functions from a state and something that happens to a
// new state and effects. An actor performs nothing; it says what it would have done.
//
//   start ─┐
//   receive┤            ┌─ send     to another node, some time later, perhaps never
//   wake   ├─▶ Reaction ┼─ set, clear a timer
//   request┤            ├─ save     what is to survive a crash; what stands after it waits for it
//   saved ─┘            └─ reply    to a client
//
// Time and chance come from the world: `now` is the node's own clock, which may be wrong, and a timer
// that is set to a range gets its length from the world's dice.

/** `A`, `B`, …: nodes. `1`, `2`, …: clients. */
export type Id = string;

/** Whole microseconds. */
export type Micros = number;

export type Effect<M, D> =
  | { readonly do: 'send'; readonly to: Id; readonly message: M; readonly early?: boolean }
  | { readonly do: 'set'; readonly timer: string; readonly least: Micros; readonly most: Micros }
  | { readonly do: 'clear'; readonly timer: string }
  /** All of the durable state, sharing with the last one what did not change. */
  | { readonly do: 'save'; readonly disk: D };

/** What a node did, in its own words: the event's kind and the numbers that a caption needs. */
export interface Did {
  readonly kind: string;
}

export interface Reaction<S, M, D> {
  readonly state: S;
  /**
   * In order. A send that stands after a save, or comes while one is under way, waits until that
   * is on the disk; unless it is marked early, which only a wrong protocol does.
   */
  readonly effects: readonly Effect<M, D>[];
  readonly did: Did;
}

/** What a node is told. The same word for its worker, wherever that is. */
export type Input<M, D, R> =
  | { readonly to: 'start'; readonly disk: D | undefined; readonly now: Micros }
  | { readonly to: 'receive'; readonly from: Id; readonly message: M; readonly now: Micros }
  | { readonly to: 'wake'; readonly timer: string; readonly now: Micros }
  | { readonly to: 'saved'; readonly disk: D; readonly now: Micros }
  | { readonly to: 'request'; readonly request: R; readonly now: Micros };

/** `C`: what is decided before the run (settings, who takes part). `R`: what an operator may ask. */
export interface Protocol<C, S, M, D, R> {
  /** A node comes up: for the first time, or with what its disk still knows. */
  start(self: Id, config: C, disk: D | undefined, now: Micros): Reaction<S, M, D>;
  receive(state: S, from: Id, message: M, now: Micros): Reaction<S, M, D>;
  wake(state: S, timer: string, now: Micros): Reaction<S, M, D>;
  /** A save is on the disk. Its `did` counts only if it is of a kind of its own. */
  saved(state: S, disk: D, now: Micros): Reaction<S, M, D>;
  request(state: S, request: R, now: Micros): Reaction<S, M, D>;
}

export function react<C, S, M, D, R>(
  protocol: Protocol<C, S, M, D, R>,
  self: Id,
  config: C,
  state: S | undefined,
  input: Input<M, D, R>,
): Reaction<S, M, D> {
  if (input.to === 'start') return protocol.start(self, config, input.disk, input.now);
  if (state === undefined) throw new Error('assertion failed: only a node that is up reacts');
  switch (input.to) {
    case 'receive':
      return protocol.receive(state, input.from, input.message, input.now);
    case 'wake':
      return protocol.wake(state, input.timer, input.now);
    case 'saved':
      return protocol.saved(state, input.disk, input.now);
    case 'request':
      return protocol.request(state, input.request, input.now);
  }
}
