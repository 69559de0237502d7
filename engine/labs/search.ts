// What the searches of all labs have in common: a breadth-first search within bounds, and, of a
// cluster, seeded play beyond them. Loaded when somebody searches.

import type {
  Search,
  SearchBound,
  SearchFinding,
  SearchGraph,
  SearchOffer,
  SearchReport,
  SearchWish,
} from '../run/lab.ts';
import {
  type Bounds,
  type Explorer,
  type Finding,
  NEVER_STUCK,
  type Path,
  type StateGraph,
} from '../sim/explorer.ts';
import type { Model, Property } from '../sim/model.ts';
import { Hunt, type PlayRules } from '../sim/play.ts';
import type { Space } from '../sim/space.ts';

/** Bounds that every search has, as the lab has them unless somebody wishes otherwise. */
export interface Usual {
  readonly states: number;
  readonly depth: number;
  readonly megabytes: number;
}

const LEAST = 1;
const MOST_STATES = 50_000_000;

/** Under a gigabyte with the rest of the process. */
export const USUAL_MEGABYTES = 700;

export const usualBounds = ({ states, depth, megabytes }: Usual): SearchBound[] => [
  { name: 'states', help: 'distinct states', value: states, min: LEAST, max: MOST_STATES },
  { name: 'depth', help: 'states on a path', value: depth, min: LEAST, max: 1_000_000 },
  { name: 'memory', help: 'megabytes', value: megabytes, min: 10, max: 4_000 },
];

/** Each bound as it is wished, or else as it is offered. */
export function wished(
  bounds: readonly SearchBound[],
  { bounds: wanted = {} }: SearchWish,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    bounds.map(({ name, value, min, max }) => [
      name,
      Math.max(min, Math.min(max, wanted[name] ?? value)),
    ]),
  );
}

/** What the explorer is told of a wish. */
export const limitsOf = (
  set: Readonly<Record<string, number>>,
  { property, graph }: SearchWish,
): Bounds => ({
  states: set.states as number,
  depth: set.depth as number,
  bytes: (set.memory as number) * 2 ** 20,
  ...(property !== undefined && { until: property }),
  ...(graph !== undefined && { graph }),
});

export const offerOf = (
  properties: Space['properties'],
  bounds: readonly SearchBound[],
  rest: { readonly ends: boolean; readonly symmetry?: boolean | undefined },
): SearchOffer => ({
  properties: [
    ...properties.map(({ name, help, holds }) => ({ name, help, holds })),
    ...(rest.ends
      ? [{ name: NEVER_STUCK.property, help: NEVER_STUCK.help, holds: 'always' as const }]
      : []),
  ],
  bounds,
  ...(rest.symmetry !== undefined && { symmetry: rest.symmetry }),
});

/** Seeded play for the properties that a search within bounds has not seen broken. */
export interface Beyond<W, C> {
  readonly model: Model<W, C>;
  readonly properties: readonly Property<W>[];
  readonly rules: PlayRules<W, C>;
  /** It goes further than the bounds: worth while also where the search was complete within them. */
  readonly wider?: boolean;
  /** What was found, as it is told. */
  readonly told?: (lines: readonly string[]) => readonly string[];
}

/** An explorer as the Search of a lab. `commandsOf`: a path as lines of a scenario. */
export function searchOf<W, C>(parts: {
  readonly explorer: Explorer;
  readonly offer: SearchOffer;
  readonly commandsOf: (path: Path) => readonly string[];
  /** Commands that lead from where the search was asked for to where it begins. */
  readonly before?: readonly string[];
  readonly wish: SearchWish;
  readonly beyond?: Beyond<W, C>;
  /** What the lab adds to the graph. */
  readonly drawn?: (graph: StateGraph) => Pick<SearchGraph, 'line' | 'lines' | 'classes'>;
}): Search {
  const { explorer, offer, before = [], wish, beyond } = parts;
  const commandsOf = (path: Path) => [...before, ...parts.commandsOf(path)];
  let stopped = false;
  let hunt: Hunt<W, C> | undefined;
  /** What play is to break, and what it has broken, by the property's name. */
  let open: readonly Property<W>[] = [];
  const found = new Map<string, readonly string[]>();

  function begin(): void {
    if (!beyond || stopped) return;
    const left = explorer
      .report()
      .findings.filter(
        ({ holds, verdict }) =>
          holds === 'always' && (verdict === 'unknown' || (beyond.wider && verdict === 'holds')),
      )
      .map(({ property }) => property)
      .filter((name) => wish.property === undefined || wish.property === name);
    open = beyond.properties.filter(({ name }) => left.includes(name));
    if (open.length > 0) hunt = new Hunt(beyond.model, beyond.rules);
  }

  function play({ told }: Beyond<W, C>): void {
    const run = hunt?.play((world) => open.find(({ test }) => !test(world))?.name);
    if (!run) return;
    found.set(run.failure, told?.(run.lines) ?? run.lines);
    open = open.filter(({ name }) => name !== run.failure);
  }

  const told = (finding: Finding): SearchFinding => {
    const { path, ...rest } = finding;
    const lines = found.get(rest.property);
    if (lines)
      return { ...rest, verdict: 'violated', commands: [...before, ...lines], shrunk: true };
    if (!path) return rest;
    const commands = commandsOf(path);
    const first = commands.length - path.choices.length;
    return {
      ...rest,
      commands,
      states: path.states,
      ...(path.loop !== undefined && { loop: path.loop + first }),
    };
  };

  let searched = false;
  return {
    offer,
    advance(states) {
      if (!searched) {
        if (!explorer.advance(states)) return false;
        searched = true;
        begin();
      }
      if (!hunt || !beyond) return true;
      // A run is some dozens of steps: as dear as some dozens of states.
      for (let left = states; left > 0; left -= beyond.rules.steps) {
        if (stopped || hunt.over || open.length === 0) return true;
        play(beyond);
      }
      return stopped || hunt.over || open.length === 0;
    },
    cancel(why) {
      stopped = true;
      explorer.cancel(why);
    },
    get progress() {
      const { broken, ...rest } = explorer.progress;
      return {
        ...rest,
        broken: [...broken, ...found.keys()],
        ...(hunt && { played: hunt.played }),
      };
    },
    report(): SearchReport {
      const { findings, ...counts } = explorer.report();
      return { ...counts, findings: findings.map(told) };
    },
    graph() {
      const graph = explorer.graph();
      if (!graph) return undefined;
      const { choices: _, ...rest } = graph;
      return { ...rest, ...parts.drawn?.(graph) };
    },
    runTo: (state) => commandsOf(explorer.path(state)),
  };
}
