// The words for each moment of the B-Tree lab: the caption on the stage, what a screen reader says,
// and what golden scripts record. Each is true of the bytes at that moment, and has its numbers.

import { type BTreeEvent, type Key, pageOf } from '../btree/events.ts';
import { Page } from '../btree/page.ts';
import { LEAST_ROWID } from '../btree/varint.ts';
import { type Caption, CREDIT } from '../run/lab.ts';
import type { BTreeState } from './btree.ts';

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
const percent = (part: number): string => `${Math.round(100 * part)} %`;

/** A few of a list, and how many more. */
function listed(items: readonly (Key | string)[], most = 8): string {
  if (items.length <= most) {
    const [last, ...before] = [...items].reverse();
    if (before.length === 0) return `${last ?? 'none'}`;
    return `${before.reverse().join(', ')} and ${last}`;
  }
  return `${items.slice(0, most - 1).join(', ')} and ${items.length - most + 1} more`;
}

const pagesNamed = (pages: readonly number[]): string =>
  `${pages.length === 1 ? 'page' : 'pages'} ${listed(pages)}`;

const isAre = (n: number): string => (n === 1 ? 'is' : 'are');

function keyNamed(key: Key): string {
  if (key === LEAST_ROWID) return 'the smallest key';
  if (key === -1n - LEAST_ROWID) return 'the greatest key';
  return `${key}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function describe(event: BTreeEvent, { disk, value }: BTreeState): Caption {
  const lens = (page: number): Page =>
    new Page(pageOf(disk, page) ?? new Uint8Array(value.pageSize), page, value.usable);
  switch (event.kind) {
    case 'opened':
      return {
        title: event.foreign
          ? `The database is open, with table ${value.table}`
          : 'The database is open',
        detail: event.foreign
          ? [
              `${plural(event.pages, 'page')} of ${value.pageSize} bytes, for reading only; page ${value.root} is the root.`,
              ...(value.notes ?? []).map((note) => `${capital(note)}.`),
              ...(event.pages > CREDIT
                ? ['That is too much to look through unasked: check walks all of it.']
                : []),
            ].join(' ')
          : `${plural(event.pages, 'page')} of ${value.pageSize} bytes. Page 1 has the header and the schema, page ${value.root} is the root of table ${value.table}.`,
      };
    case 'descend': {
      const { page, child, index, separator, compared } = event;
      const key = keyNamed(event.key);
      const below = index > 0 ? lens(page).key(index - 1) : undefined;
      const why =
        separator === undefined
          ? `${capital(key)} is greater than ${below === undefined ? 'all separators' : `the last separator, ${below}`}: the right-most child is next.`
          : below === undefined
            ? `${capital(key)} is not greater than the first separator, ${separator}: the left-most child is next.`
            : `${capital(key)} lies after ${below} and not after ${separator}: the child between them is next.`;
      return {
        title: `Page ${page} sends ${key} to page ${child}`,
        detail: `${why} ${plural(compared, 'comparison')}.`,
      };
    }
    case 'seek': {
      const { page, index, found, compared } = event;
      const key = keyNamed(event.key);
      const { cellCount } = lens(page);
      const place =
        cellCount === 0
          ? 'The page is empty.'
          : found
            ? `It is cell ${index} of ${cellCount}, counted from 0.`
            : index === cellCount
              ? `${cellCount === 1 ? 'Its only key is' : `All of its ${cellCount} keys are`} smaller.`
              : `Its place is before ${lens(page).key(index)}, as cell ${index}.`;
      return {
        title: found ? `Page ${page} has ${key}` : `Page ${page} is where ${key} belongs`,
        detail: `${place} ${plural(compared, 'comparison')}.`,
      };
    }
    case 'found': {
      const { overflow } = event;
      return {
        title: `Row ${event.key} is read`,
        detail: `A record of ${plural(event.bytes, 'byte')} in page ${event.page}${
          overflow.length
            ? ` and its ${plural(overflow.length, 'overflow page')}, ${listed(overflow, 4)}`
            : ''
        }.`,
      };
    }
    case 'absent':
      return {
        title: `There is no row ${event.key}`,
        detail: `Page ${event.page} is the only page where it could be${event.command === 'delete' ? ', so there is nothing to delete' : ''}.`,
      };
    case 'scan': {
      const { page, from, to, rows, total, backward } = event;
      const at = lens(page);
      const [first, last] = backward ? [at.key(to), at.key(from)] : [at.key(from), at.key(to)];
      return {
        title: `Page ${page} gives ${plural(rows, 'row')}`,
        detail: `${rows === 1 ? `Row ${first}` : `Rows ${first} to ${last}`}; ${total} so far.`,
      };
    }
    case 'scanned':
      return {
        title: `The scan ends with ${plural(event.rows, 'row')}`,
        detail: `${plural(event.pages, 'page')} of the tree ${event.pages === 1 ? 'was' : 'were'} looked at.`,
      };
    case 'begin':
      return {
        title: 'A transaction begins',
        detail: `Page ${event.page} is about to change, in memory only: the file stays as it is until the commit.`,
      };
    case 'spill': {
      const { pages, local, key } = event;
      return {
        title: `The value of ${key} spills into ${plural(pages.length, 'overflow page')}`,
        detail: `${plural(local, 'byte')} of its record stay in the cell; the rest goes to ${pagesNamed(pages)}.`,
      };
    }
    case 'insert': {
      const { page, key, bytes, free, how } = event;
      const where =
        how === 'gap'
          ? 'from the gap'
          : how === 'freeblock'
            ? 'from a freeblock that a deleted cell left'
            : 'from the gap, now that the page is packed';
      return {
        title: `Row ${key} goes into page ${page}`,
        detail: `Its cell takes ${plural(bytes, 'byte')} ${where}; ${free} ${isAre(free)} free.`,
      };
    }
    case 'update': {
      const { page, key, bytes, was, inPlace } = event;
      return {
        title: `Row ${key} is replaced in page ${page}`,
        detail: inPlace
          ? `The new record has ${plural(bytes, 'byte')} as the old one, and takes its place.`
          : `The record had ${plural(was, 'byte')} and has ${bytes} now; its cell found a new place in the page.`,
      };
    }
    case 'remove': {
      const { page, key, bytes, free } = event;
      return {
        title: `Row ${key} leaves page ${page}`,
        detail: `Its ${plural(bytes, 'byte')} and its pointer are free again: ${free} in all. What stood there stays until it is written over.`,
      };
    }
    case 'defragment':
      return {
        title: `Page ${event.page} is packed`,
        detail: `It had room, but in pieces: with its cells together the gap has ${plural(event.gained, 'byte')} more.`,
      };
    case 'overflow': {
      const { page, key, needs, has, why } = event;
      const { cellCount, isLeaf } = lens(page);
      const what = isLeaf ? `row ${key}` : `separator ${key}`;
      return {
        title: `Page ${page} has no room for ${what}`,
        detail:
          why === 'bytes'
            ? `Cell and pointer need ${plural(needs, 'byte')}; ${has} ${isAre(has)} free. The cell waits outside.`
            : `It holds ${plural(cellCount, 'cell')}, as many as max-cells allows. The new cell waits outside.`,
      };
    }
    case 'deepen':
      return {
        title: `The tree grows to ${event.height} levels, at its root`,
        detail: `All that page ${event.root} held moves into page ${event.child}. Page ${event.root} stays the root: the schema knows it by its number.`,
      };
    case 'open':
      return {
        title: `Page ${event.page} opens beside page ${event.beside}`,
        detail: `A new ${event.leaf ? 'leaf' : 'interior page'}, from the ${event.from === 'freelist' ? 'freelist' : 'end of the file'}.`,
      };
    case 'move': {
      const { from, to, keys, homeless } = event;
      const isUp = homeless.page !== from && homeless.page !== to && !lens(to).isLeaf;
      const homelessAt = isUp
        ? `${homeless.key} itself goes up to page ${homeless.page}`
        : `${homeless.key} finds its place in page ${homeless.page}`;
      return {
        title:
          keys.length === 0
            ? `${homeless.key} goes to page ${homeless.page} alone`
            : `${plural(keys.length, 'cell')} ${keys.length === 1 ? 'moves' : 'move'} to page ${to}`,
        detail:
          keys.length === 0
            ? `No other cell of page ${from} comes with it.`
            : `${listed(keys)} ${keys.length === 1 ? 'goes' : 'go'} over; ${homelessAt}.`,
      };
    }
    case 'separator': {
      const { parent, key, left, right, copied, free } = event;
      const at = lens(parent);
      const index = at.search(key);
      const fits = index < at.cellCount && at.key(index) === key && at.child(index) === left;
      const what = copied ? 'is copied' : 'moves';
      return fits
        ? {
            title: `Separator ${key} ${what} up into page ${parent}`,
            detail: `Keys to ${key} are in page ${left}, greater ones in page ${right}. Page ${parent} had room (${free} bytes are still free), so the split goes no higher.`,
          }
        : {
            title: `Separator ${key} has to go up into page ${parent}`,
            detail: `Keys to ${key} are in page ${left}, greater ones in page ${right}. But page ${parent} is full itself: it must split as well.`,
          };
    }
    case 'underfull': {
      const { page, fill, below, sibling } = event;
      return {
        title: fill === 0 ? `Page ${page} is empty` : `Page ${page} is only ${percent(fill)} full`,
        detail: `Less than ${percent(below)}: it looks to its sibling, page ${sibling}.`,
      };
    }
    case 'merge': {
      const { from, into, keys } = event;
      return {
        title: `Page ${from} merges into page ${into}`,
        detail: `${keys.length === 0 ? 'It had no cell left' : `${listed(keys)} ${keys.length === 1 ? 'goes' : 'go'} over`}; page ${into} has ${plural(lens(into).cellCount, 'cell')} now and ${plural(lens(into).freeBytes, 'free byte')}.`,
      };
    }
    case 'unlink':
      return {
        title: `Page ${event.parent} forgets separator ${event.key}`,
        detail: `Nothing leads to page ${event.page} any more.`,
      };
    case 'borrow': {
      const { from, to, keys, parent, was, separator } = event;
      return lens(to).isLeaf
        ? {
            title: `Page ${to} borrows ${plural(keys.length, 'cell')} from page ${from}`,
            detail: `Together they would not fit one page, so ${listed(keys)} ${keys.length === 1 ? 'comes' : 'come'} over, and the separator in page ${parent} changes from ${was} to ${separator}.`,
          }
        : {
            title: `Page ${to} borrows ${keys.length === 1 ? 'a child' : plural(keys.length, 'child', 'children')} from page ${from}`,
            detail: `Separator ${was} comes down from page ${parent}, and ${separator} goes up in its place.`,
          };
    }
    case 'shrink':
      return {
        title: `The tree shrinks to ${plural(event.height, 'level')}, at its root`,
        detail: `Page ${event.root} had a single child: the content of page ${event.child} moves up into it.`,
      };
    case 'free': {
      const { page, trunk, freePages } = event;
      return {
        title: `Page ${page} goes to the freelist`,
        detail: `${page === trunk ? 'It becomes the first trunk' : `Trunk page ${trunk} names it as a leaf`}; ${plural(freePages, 'page')} ${isAre(freePages)} free.`,
      };
    }
    case 'write':
      return {
        title: `Page ${event.page} is written, ${event.nth} of ${event.of}`,
        detail:
          event.nth === 1
            ? 'It is on its way, not safe: before the sync a power cut may lose any sector of it.'
            : `${event.nth} pages are on their way, and none is safe before the sync.`,
      };
    case 'sync':
      return {
        title: 'The file is synced',
        detail: `${plural(event.pages, 'page')}, ${plural(event.bytes, 'byte')}: from here on they survive a power cut.`,
      };
    case 'committed':
      return {
        title: 'The transaction is committed',
        detail: `The change counter in page 1 is ${event.change} now.`,
      };
    case 'nothing':
      return {
        title: `There is nothing to ${event.command === 'commit' ? 'commit' : 'roll back'}`,
        detail: 'Nothing was written since the last commit.',
      };
    case 'rollback':
      return {
        title: 'The transaction is rolled back',
        detail: `${capital(pagesNamed(event.pages))} ${isAre(event.pages.length)} dropped from memory; the file has them as they were committed.`,
      };
    case 'crash': {
      const { lost, during, kept, torn } = event;
      const when = during === undefined ? '' : ` during ${during}`;
      const survived =
        kept === 0 ? '' : ` ${plural(kept, 'unsynced sector')} reached the disk all the same.`;
      const last = torn > 0 ? ` Of the last write, only ${plural(torn, 'sector')}.` : '';
      return {
        title: `The power is cut${when.length > 60 ? `${when.slice(0, 59)}…` : when}`,
        detail: `Memory is gone${lost.length ? `, and with it ${pagesNamed(lost)} as ${lost.length === 1 ? 'it was' : 'they were'}` : '; nothing in it was unsaved'}.${survived}${last}`,
      };
    }
    case 'recovered':
      return {
        title: value.damaged ? 'What is left does not fit together' : 'The database is open again',
        detail: `${plural(event.pages, 'page')} and ${plural(event.rows, 'row')}${
          value.damaged
            ? ': some pages are of before the commit, some of after. A log would have prevented this.'
            : ', and all of it fits together.'
        }`,
      };
    case 'closed':
      return {
        title: 'The database is closed',
        detail: event.lost.length
          ? `${capital(pagesNamed(event.lost))} had changes that were not committed: they are rolled back.`
          : 'All changes were committed.',
      };
    case 'checked':
      return event.problems === 0
        ? {
            title: 'The database is sound',
            detail: `${plural(event.pages, 'page')} and ${plural(event.rows, 'row')}: every byte is accounted for, every page used once.`,
          }
        : {
            title: `The check found ${plural(event.problems, 'problem')}`,
            detail: `${plural(event.pages, 'page')} and ${plural(event.rows, 'row')} were looked at.`,
          };
  }
}
