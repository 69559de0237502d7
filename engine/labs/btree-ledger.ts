// What commits promised, kept apart from the engine so that referees can hold it to that after a
// crash. A commit leaves a mark: a fingerprint of the whole database as it was to be then, and whether
// somebody was told that it is durable.
//
//   commit 1 ◀─ commit 2 ◀─ commit 3 ◀─ commit 4       newest first
//                durable                 being written when the power failed
//
// After the crash the database must be as one of these commits left it, all of it (atomicity), and as
// none before the last one that was acknowledged as durable: 2, 3 or 4 here (durability).
//
// The fingerprint is a sum over the pages, so a commit changes it by the pages that it changes.

import { committedPage, pageCount } from '../btree/events.ts';
import type { Pager } from '../btree/pager.ts';
import { checksum } from '../btree/wal-lens.ts';
import type { DiskImage } from '../disk/image.ts';
import type { Problem } from '../run/lab.ts';

type Print = readonly [number, number];

export interface CommitMark {
  /** From 0, the database as it was made. */
  readonly number: number;
  readonly print: Print;
  /** Acknowledged as durable. */
  readonly durable: boolean;
  readonly earlier?: CommitMark;
}

export interface Ledger {
  readonly newest: CommitMark;
  /** Right after a recovery: what was promised before it. */
  readonly promised?: CommitMark;
}

const added = ([a1, a2]: Print, [b1, b2]: Print, sign: 1 | -1): Print => [
  (a1 + sign * b1) >>> 0,
  (a2 + sign * b2) >>> 0,
];

const printOfPage = (page: number, bytes: Uint8Array): Print =>
  checksum([page, 0x9e3779b9], bytes as Uint8Array, 0, bytes.length, false);

function printOf(image: DiskImage): Print {
  let print: Print = [0, 0];
  for (let page = 1, pages = pageCount(image, false); page <= pages; page++) {
    const bytes = committedPage(image, page);
    if (bytes) print = added(print, printOfPage(page, bytes as Uint8Array), 1);
  }
  return print;
}

/** The ledger of a database of which nothing else is known. */
export function ledgerOf(image: DiskImage, number = 0): Ledger {
  return { newest: { number, print: printOf(image), durable: true } };
}

/** The mark of the commit that is about to be made. */
export function nextMark(earlier: CommitMark, pager: Pager): CommitMark {
  let { print } = earlier;
  const pages = new Set(pager.prepare());
  const size = pager.pages;
  pager.pagesRead--;
  const drop = (page: number): void => {
    const bytes = pager.committed(page);
    if (bytes) print = added(print, printOfPage(page, bytes as Uint8Array), -1);
  };
  for (const page of pages) {
    drop(page);
    print = added(print, printOfPage(page, pager.look(page).bytes as Uint8Array), 1);
  }
  for (let page = size + 1; page <= pager.committedPages; page++) drop(page);
  return { number: earlier.number + 1, print, durable: false, earlier };
}

export const acknowledged = (mark: CommitMark): CommitMark =>
  mark.durable ? mark : { ...mark, durable: true };

/** After a recovery: what was promised, and from where commits are counted on. */
export function recovered(promised: CommitMark, image: DiskImage): Ledger {
  const print = printOf(image);
  const found = markOf(promised, print);
  const { number } = found ?? promised;
  return { newest: { number, print, durable: true }, promised };
}

function markOf(newest: CommitMark, print: Print): CommitMark | undefined {
  for (let mark: CommitMark | undefined = newest; mark; mark = mark.earlier)
    if (mark.print[0] === print[0] && mark.print[1] === print[1]) return mark;
  return undefined;
}

interface Recovered {
  readonly disk: DiskImage;
  readonly ledger: Ledger;
}

/** Nothing that was acknowledged as durable is gone. */
export function durabilityProblems({ disk, ledger }: Recovered): Problem[] {
  const { promised } = ledger;
  const found = promised && markOf(promised, printOf(disk));
  let durable = promised;
  while (durable && !durable.durable) durable = durable.earlier;
  if (!found || !durable || found.number >= durable.number) return [];
  const text = `commit ${durable.number} was acknowledged as durable, and the database is as ${
    found.number === 0 ? 'it was made' : `commit ${found.number} left it`
  }`;
  return [{ referee: 'durability', text }];
}

/** The database is as one commit left it, and no mixture of two. */
export function atomicityProblems({ disk, ledger }: Recovered): Problem[] {
  const { promised } = ledger;
  if (!promised || markOf(promised, printOf(disk))) return [];
  const text = `no commit ever left the database like this: it has pages of one and lacks others of the same, among commits 0 to ${promised.number}`;
  return [{ referee: 'atomicity', text }];
}
