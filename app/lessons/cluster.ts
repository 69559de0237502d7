// What the lessons on clusters ask of a moment. A cluster has no files: what a node knows is a plain
// value, the same that the picture is drawn from, so a claim is about the very nodes on the stage.

import type { ShownEntry, ShownNode } from '../../engine/labs/raft-value.ts';
import { knownOf, type RaftMoment } from '../labs/raft/view.ts';
import type { Run, ShownMoment } from './lesson.ts';
import { endOf, find, type RunLine } from './run.ts';

export const clusterOf = (moment: ShownMoment) => (moment as RaftMoment).value;

/** What happened at a moment, beside the kind: who did it, and the numbers of the deed. */
export const eventOf = (moment: ShownMoment) => (moment as RaftMoment).event;

export const nodeOf = (moment: ShownMoment, id: string): ShownNode | undefined =>
  clusterOf(moment).nodes.find((node) => node.id === id);

/** Its log, from memory or, when that is gone, from its disk; the last entries of a long one. */
export const logOf = (moment: ShownMoment, id: string): readonly ShownEntry[] => {
  const node = nodeOf(moment, id);
  return (node && knownOf(node)?.entries) ?? [];
};

/** The terms of its entries, as the picture shows them. */
export const termsOf = (moment: ShownMoment, id: string): string =>
  logOf(moment, id)
    .map(({ term }) => term)
    .join(' ');

export const entryOf = (moment: ShownMoment, id: string, index: number): ShownEntry | undefined =>
  logOf(moment, id).find((entry) => entry.index === index);

/** How far it knows entries to be committed; nothing is known by a node that is down. */
export const commitOf = (moment: ShownMoment, id: string): number =>
  nodeOf(moment, id)?.state?.commit ?? 0;

/** Whether this very entry is committed, as far as any node knows. */
export const isCommitted = (moment: ShownMoment, { index, term }: ShownEntry): boolean =>
  clusterOf(moment).nodes.some(
    ({ id }) => commitOf(moment, id) >= index && entryOf(moment, id, index)?.term === term,
  );

/** Nodes whose disks have this very entry. */
export const holdersOf = (moment: ShownMoment, { index, term }: ShownEntry): string[] =>
  clusterOf(moment)
    .nodes.filter(({ id, state }) => {
      if (index > (state?.stable ?? Number.POSITIVE_INFINITY)) return false;
      return entryOf(moment, id, index)?.term === term;
    })
    .map(({ id }) => id);

export const leads = (moment: ShownMoment, id: string): boolean =>
  nodeOf(moment, id)?.state?.role === 'leader';

/** Who leads, by term: more than one where an old leader has not heard of a new one. */
export const leadersOf = (moment: ShownMoment): string[] =>
  clusterOf(moment)
    .nodes.filter(({ state }) => state?.role === 'leader')
    .sort((a, b) => (a.state?.term ?? 0) - (b.state?.term ?? 0))
    .map(({ id }) => id);

export const names = (moment: ShownMoment): string[] => clusterOf(moment).nodes.map(({ id }) => id);

export const quorumOf = (nodes: number): number => Math.floor(nodes / 2) + 1;

/** `A`, `A and B`, `A, B and C` */
export const listed = (items: readonly string[]): string =>
  items.length < 2
    ? (items[0] ?? 'nobody')
    : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

/** The operations that look so, in order. */
export const linesLike = (run: Run, pattern: RegExp): RunLine[] =>
  run.lines.filter(({ text }) => pattern.test(text));

/** The last moment of the last operation that looks so. */
export const endOfLast = (run: Run, pattern: RegExp): number | undefined => {
  const line = linesLike(run, pattern).at(-1);
  return line && endOf(line);
};

/** The first moment from `from` up to `to` on whose event is of one of the kinds and passes. */
export async function findEvent(
  run: Run,
  kinds: readonly string[],
  from: number,
  passes: (event: RaftMoment['event'], moment: ShownMoment) => boolean = () => true,
  to = run.length - 1,
): Promise<number | undefined> {
  for (let i = find(run, kinds, from); i !== undefined && i <= to; i = find(run, kinds, i + 1)) {
    const moment = await run.at(i);
    if (passes(eventOf(moment), moment)) return i;
  }
  return undefined;
}
