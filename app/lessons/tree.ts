// What the lessons on trees ask of a moment's bytes, read by the picture's own reader: so a claim is
// about the very pages that are on the stage.

import { type BTreeMoment, type PageNode, read } from '../labs/btree/reading.ts';
import type { ShownMoment } from '../player/types.ts';

export const readingOf = (moment: ShownMoment) => read(moment as BTreeMoment);

export const rootOf = (moment: ShownMoment): PageNode => {
  const { root } = readingOf(moment);
  if (!root) throw new Error(`there is no tree at ${moment.name}`);
  return root;
};

/** All pages of the tree, from the top, each level from left to right. */
export function pagesOf(moment: ShownMoment): PageNode[] {
  const pages = [rootOf(moment)];
  for (const page of pages) pages.push(...page.children);
  return pages;
}

export const leavesOf = (moment: ShownMoment): PageNode[] =>
  pagesOf(moment).filter(({ leaf }) => leaf);

export const innersOf = (moment: ShownMoment): PageNode[] =>
  pagesOf(moment).filter(({ leaf }) => !leaf);

export const pageIn = (moment: ShownMoment, page: number): PageNode | undefined =>
  pagesOf(moment).find((node) => node.page === page);

/** The keys of a page, as the picture shows them. */
export const keysOf = (page: PageNode | undefined): string[] =>
  page?.cells.map(({ text }) => text) ?? [];

export const keysText = (page: PageNode | undefined): string =>
  keysOf(page).join(' · ') || 'nothing';

/** Bytes in use of those that cells can have, from 0 to 1. */
export const fillOf = ({ lens }: PageNode): number => (lens ? lens.usedBytes / lens.capacity : 0);

export const meanFill = (pages: readonly PageNode[]): number =>
  pages.reduce((sum, page) => sum + fillOf(page), 0) / Math.max(1, pages.length);

/** How many pages of the kind have the key. */
export const holders = (pages: readonly PageNode[], key: string): PageNode[] =>
  pages.filter((page) => keysOf(page).includes(key));

/** What an event carries, as the lessons read it: a missing number is NaN, so it fails a comparison. */
export interface Told {
  readonly kind: string;
  readonly page: number;
  readonly parent: number;
  readonly child: number;
  readonly key: string;
  readonly compared: number;
  readonly bytes: number;
  readonly copied: boolean | undefined;
}

export function told(moment: ShownMoment): Told {
  const event = moment.event as unknown as Record<string, unknown>;
  const number = (name: string) => {
    const value = event[name];
    return typeof value === 'number' ? value : Number.NaN;
  };
  return {
    kind: moment.event.kind,
    page: number('page'),
    parent: number('parent'),
    child: number('child'),
    key: String(event.key ?? ''),
    compared: number('compared'),
    bytes: number('bytes'),
    copied: typeof event.copied === 'boolean' ? event.copied : undefined,
  };
}
