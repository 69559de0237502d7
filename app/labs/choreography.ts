// What can be asked of any choreography: a machine that folds over the kinds of an engine's events,
// so that at every moment it is known what the engine is in the middle of. The timeline's colours,
// "next split" and the statechart all come from the machine's own definition.

import {
  type AnyStateMachine,
  type AnyStateNode,
  initialTransition,
  type StateValue,
  transition,
} from 'xstate';

export interface ChartState {
  /** `splitting.moving` */
  readonly path: string;
  readonly name: string;
  /** The state that it is part of, or ''. */
  readonly parent: string;
  readonly process: string;
  readonly text: string;
}

export interface ChartArrow {
  readonly from: string;
  readonly to: string;
  readonly kinds: readonly string[];
}

export interface Choreography {
  readonly machine: AnyStateMachine;
  readonly states: readonly ChartState[];
  readonly arrows: readonly ChartArrow[];
  /** The state after the moment at `index`, of a run of which `kindAt` names the kinds. */
  stateAt(kindAt: (index: number) => string | undefined, index: number): string;
  /** Whether the machine can take each of these, in order; else the first that it can't. */
  refuses(kinds: readonly string[]): { readonly index: number; readonly state: string } | undefined;
  /** Event kinds that enter a state (`splitting`) from outside of it. */
  kindsEntering(state: string): readonly string[];
}

/** A run need not be folded from its beginning: not further back than this is looked for an anchor. */
const FAR = 400;

export function choreographyOf(machine: AnyStateMachine): Choreography {
  const nodes: AnyStateNode[] = [];
  const collect = (node: AnyStateNode) => {
    for (const child of Object.values(node.states)) {
      nodes.push(child);
      collect(child);
    }
  };
  collect(machine.root);
  const pathOf = (node: AnyStateNode): string => node.path.join('.');
  /** Where a transition ends: a compound state hands on to its first. */
  const leafOf = (node: AnyStateNode): AnyStateNode => {
    const first = node.initial?.target[0];
    return first ? leafOf(first as AnyStateNode) : node;
  };
  const states = nodes.map((node): ChartState => {
    const meta = node.meta as { process?: string; text?: string } | undefined;
    const above = node.parent?.meta as { process?: string } | undefined;
    return {
      path: pathOf(node),
      name: node.key,
      parent: node.parent ? pathOf(node.parent) : '',
      process: meta?.process ?? above?.process ?? '',
      text: meta?.text ?? '',
    };
  });

  const arrows = new Map<string, { from: string; to: string; kinds: string[] }>();
  /** For each kind the states that it leads to, and from where. */
  const leads = new Map<string, { from: string; to: string }[]>();
  for (const node of [machine.root, ...nodes])
    for (const [kind, list] of node.transitions)
      for (const { target } of list) {
        const goal = target?.[0];
        if (!goal) continue;
        const from = pathOf(node);
        const to = pathOf(leafOf(goal as AnyStateNode));
        const arrow = arrows.get(`${from} ${to}`) ?? { from, to, kinds: [] };
        arrow.kinds.push(kind);
        arrows.set(`${from} ${to}`, arrow);
        leads.set(kind, [...(leads.get(kind) ?? []), { from, to }]);
      }
  /** A kind that leads to one state from wherever it comes: folding can begin there. */
  const anchors = new Map<string, string>();
  for (const [kind, ways] of leads) {
    const goals = new Set(ways.map(({ to }) => to));
    if (goals.size === 1) anchors.set(kind, [...goals][0] as string);
  }

  const [start] = initialTransition(machine);
  const step = (snapshot: typeof start, kind: string): typeof start =>
    transition(machine, snapshot, { type: kind })[0];
  const nameOf = (snapshot: typeof start): string => pathOfValue(snapshot.value);

  return {
    machine,
    states,
    arrows: [...arrows.values()],
    stateAt(kindAt, index) {
      const after: string[] = [];
      let snapshot = start;
      for (let i = index; i >= 0 && i > index - FAR; i--) {
        const kind = kindAt(i);
        if (kind === undefined) break;
        const anchor = anchors.get(kind);
        if (anchor !== undefined) {
          snapshot = machine.resolveState({
            value: valueOfPath(anchor),
            context: undefined,
          }) as typeof start;
          break;
        }
        after.push(kind);
      }
      for (const kind of after.reverse()) snapshot = step(snapshot, kind);
      return nameOf(snapshot);
    },
    refuses(kinds) {
      let snapshot = start;
      for (const [index, kind] of kinds.entries()) {
        if (!snapshot.can({ type: kind })) return { index, state: nameOf(snapshot) };
        snapshot = step(snapshot, kind);
      }
      return undefined;
    },
    kindsEntering(state) {
      const inside = (path: string) => path === state || path.startsWith(`${state}.`);
      return [...leads]
        .filter(([, ways]) => ways.some(({ from, to }) => inside(to) && !inside(from)))
        .map(([kind]) => kind);
    },
  };
}

function pathOfValue(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, inner] = ['', '']] = Object.entries(value as Record<string, unknown>);
  return `${name}.${pathOfValue(inner)}`;
}

function valueOfPath(path: string): StateValue {
  const [first = '', ...rest] = path.split('.');
  return rest.length === 0 ? first : { [first]: valueOfPath(rest.join('.')) };
}
