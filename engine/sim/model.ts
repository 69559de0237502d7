// What can happen next, as one list. Everything that drives a cluster or a small model goes through
// this interface: the person's buttons, seeded play, a storm of faults, golden scripts, the explorer.
//
//            ┌────────────── choices(w) ──────────────┐
//            │ deliver A>B#17 · fire C election · crash│
//   w ───────┤                                         ├── one of them ─▶ apply(w, c) ─▶ w'
//            │ drop A>B#17 · client 1's next request   │
//            └─────────────────────────────────────────┘
//
// A world is an immutable value: apply() leaves the old one as it was, and shares with it what did
// not change. Nothing here knows time or chance; a world that has clocks and dice keeps them inside,
// and leaves them out of its key.
//
// In a cluster a step is a node's reaction, and the node may live in a worker of its own. Then a step
// has three parts, of which only the middle one is the node's:
//
//   pick(w, c) ─▶ { node, event } ─▶ react ─▶ effects ─▶ absorb(w, c, effects) ─▶ w'
//
// Two drivers go through them, in line and awaiting a worker, and give the same run.

/** What the explorer, the storm and the labs share. `W`: a world. `C`: a choice, plain data. */
export interface Model<W, C> {
  /** Where a run may begin: at least one world. */
  readonly initial: readonly W[];
  /** All that can happen next, in an order that depends on the world alone. */
  choices(world: W): readonly C[];
  /** The world after a choice that choices(world) offered. */
  apply(world: W, choice: C): W;
  /**
   * Equal for two worlds exactly if the same can happen after them: no clock, no dice, no message
   * numbers, no statistics; what is a set is sorted.
   */
  key(world: W): string | bigint;
  /** The line of a scenario that does it: `deliver A>B#17`. Words are the lab's own commands. */
  line(choice: C, world: W): string;

  /** For worlds that cross to a worker; decode(encode(w)) has the key of w. */
  encode?(world: W): Uint8Array;
  decode?(bytes: Uint8Array): W;
  /**
   * The ways to rename things that nobody can tell apart, the identity left out: three equal nodes
   * have five. Each gives the renamed world. Only where every property is blind to the names too.
   */
  readonly permute?: readonly ((world: W) => W)[];
  /**
   * A choice that may be taken at once and alone, its rivals left for later: whatever else happens
   * first, it stays on offer, commutes with that, and no property sees it. It must bring the world
   * nearer to an end of such choices. Sound, and so all the partial order reduction that there is.
   */
  quiet?(world: W, choices: readonly C[]): C | undefined;
  /**
   * Whether a step is in vain: whatever can happen after it can happen without it, and no property
   * tells the two worlds apart. It need not be taken.
   */
  vain?(before: W, choice: C, after: W): boolean;
  /** Whether nothing more need happen here. A world without choices that is not final is stuck. */
  final?(world: W): boolean;
  /** The allowances that a choice draws on (`crashes`, `drops`, `timeouts`), for bounded searches. */
  spends?(choice: C, world: W): readonly string[];
  /** Whether a choice is a fault: nobody owes it to the system that it happens. */
  fault?(choice: C): boolean;
  /** Something that grows without bound, for bounded searches: messages in flight. */
  size?(world: W): number;
}

/** A model whose steps are reactions of nodes. `V`: what the node is told. `R`: what it answers. */
export interface ActorModel<W, C, V, R> extends Model<W, C> {
  /** Whose turn it is, and with what; undefined: the world's own business (a drop, a partition). */
  pick(world: W, choice: C): { readonly node: string; readonly event: V } | undefined;
  /** The node's answer, in line. */
  react(world: W, node: string, event: V): R;
  /** The world after the answer; without one for the world's own business. */
  absorb(world: W, choice: C, answer: R | undefined): W;
}

/** apply() of a cluster, in line: the node's reaction at once. */
export function applyInline<W, C, V, R>(model: ActorModel<W, C, V, R>, world: W, choice: C): W {
  const turn = model.pick(world, choice);
  return model.absorb(world, choice, turn && model.react(world, turn.node, turn.event));
}

/** Something to find out about a model. */
export interface Property<W> {
  readonly name: string;
  /** One sentence for a reader: what it says. */
  readonly help: string;
  /**
   * always: in every world that can be reached. sometimes: in one at least (a check that the model
   * is not safe because nothing happens). eventually: on every fair run, sooner or later; judged
   * only on a complete graph. Fair: no choice stays on offer for ever without being taken.
   */
  readonly holds: 'always' | 'sometimes' | 'eventually';
  test(world: W): boolean;
}

/** The key of a world up to renaming: the least of all its renamings' keys. */
export function canonicalKey<W, C>(model: Model<W, C>, world: W): string | bigint {
  let least = model.key(world);
  for (const rename of model.permute ?? []) {
    const key = model.key(rename(world));
    if (key < least) least = key;
  }
  return least;
}
