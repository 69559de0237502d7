// The words for each moment of the B-Tree lab: the caption on the stage, what a screen reader says,
// and what golden scripts record. Each is true of the bytes at that moment, and has its numbers.

import { type BTreeEvent, type Key, pageOf } from '../btree/events.ts';
import { GREATEST_NAME, keyAt } from '../btree/key-lens.ts';
import { Page, shown } from '../btree/page.ts';
import { LEAST_ROWID } from '../btree/varint.ts';
import { type Caption, CREDIT, type Words } from '../run/lab.ts';
import type { BTreeState } from './btree.ts';
import { metrics } from './btree-metrics.ts';
import { commands, settings } from './btree-settings.ts';

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
const percent = (part: number): string => `${Math.round(100 * part)} %`;

/** A key as the sentences have it: a number, or a text in quotes; of a long one its two ends. */
const plainKey = (key: Key): string => {
  if (typeof key !== 'string') return `${key}`;
  const units = [...key];
  if (units.length <= 24) return shown(key);
  return shown(`${units.slice(0, 14).join('')}…${units.slice(-8).join('')}`);
};

/** A few keys of a list, and how many more. */
const keysListed = (keys: readonly Key[]): string => listed(keys.map(plainKey));

/** A few of a list, and how many more. */
function listed(items: readonly (number | string)[], most = 8): string {
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
  if (key === -1n - LEAST_ROWID || key === GREATEST_NAME) return 'the greatest key';
  return key === '' ? 'the smallest key' : plainKey(key);
}

const salts = ([a, b]: readonly [number, number]): string =>
  [a, b].map((salt) => salt.toString(16).padStart(8, '0')).join(' and ');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function describe(event: BTreeEvent, { disk, value }: BTreeState): Caption {
  const lens = (page: number): Page =>
    new Page(pageOf(disk, page) ?? new Uint8Array(value.pageSize), page, value.usable);
  const keyIn = (page: Page, index: number): string =>
    plainKey(keyAt(page, index, (number) => pageOf(disk, number)));
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
      const below = index > 0 ? keyIn(lens(page), index - 1) : undefined;
      const next = separator === undefined ? '' : plainKey(separator);
      // In a B-Tree the separators are rows, and none is the key: it would have ended the search.
      const not = typeof event.key === 'string' ? 'less than' : 'not greater than';
      const before = typeof event.key === 'string' ? 'before' : 'not after';
      const why =
        separator === undefined
          ? `${capital(key)} is greater than ${below === undefined ? 'all separators' : `the last separator, ${below}`}: the right-most child is next.`
          : below === undefined
            ? `${capital(key)} is ${not} the first separator, ${next}: the left-most child is next.`
            : `${capital(key)} lies after ${below} and ${before} ${next}: the child between them is next.`;
      return {
        title: `Page ${page} sends ${key} to page ${child}`,
        detail: `${why} ${plural(compared, 'comparison')}.`,
      };
    }
    case 'seek': {
      const { page, index, found, compared } = event;
      const key = keyNamed(event.key);
      const { cellCount, isLeaf } = lens(page);
      const place =
        cellCount === 0
          ? 'The page is empty.'
          : found
            ? `It is cell ${index} of ${cellCount}, counted from 0${isLeaf ? '' : ': in a B-Tree the interior pages hold rows too, so the search ends here'}.`
            : index === cellCount
              ? `${cellCount === 1 ? 'Its only key is' : `All of its ${cellCount} keys are`} smaller.`
              : `Its place is before ${keyIn(lens(page), index)}, as cell ${index}.`;
      return {
        title: found ? `Page ${page} has ${key}` : `Page ${page} is where ${key} belongs`,
        detail: `${place} ${plural(compared, 'comparison')}.`,
      };
    }
    case 'found': {
      const { overflow } = event;
      return {
        title: `Row ${plainKey(event.key)} is read`,
        detail: `A record of ${plural(event.bytes, 'byte')} in page ${event.page}${
          overflow.length
            ? ` and its ${plural(overflow.length, 'overflow page')}, ${listed(overflow, 4)}`
            : ''
        }.`,
      };
    }
    case 'absent':
      return {
        title: `There is no row ${plainKey(event.key)}`,
        detail: `Page ${event.page} is the only page where it could be${event.command === 'delete' ? ', so there is nothing to delete' : ''}.`,
      };
    case 'scan': {
      const { page, from, to, rows, total, backward } = event;
      const at = lens(page);
      const [first, last] = backward
        ? [keyIn(at, to), keyIn(at, from)]
        : [keyIn(at, from), keyIn(at, to)];
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
        detail: `Page ${event.page} is about to change, in memory only: log and file stay as they are until the commit.`,
      };
    case 'spill': {
      const { pages, local } = event;
      const key = plainKey(event.key);
      return {
        title: `The ${typeof event.key === 'string' ? 'record' : 'value'} of ${key} spills into ${plural(pages.length, 'overflow page')}`,
        detail: `${plural(local, 'byte')} of its record stay in the cell; the rest goes to ${pagesNamed(pages)}.`,
      };
    }
    case 'insert': {
      const { page, bytes, free, how } = event;
      const key = plainKey(event.key);
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
      const { page, bytes, was, inPlace } = event;
      const key = plainKey(event.key);
      return {
        title: `Row ${key} is replaced in page ${page}`,
        detail: inPlace
          ? `The new record has ${plural(bytes, 'byte')} as the old one, and takes its place.`
          : `The record had ${plural(was, 'byte')} and has ${bytes} now; its cell found a new place in the page.`,
      };
    }
    case 'remove': {
      const { page, bytes, free } = event;
      const key = plainKey(event.key);
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
      const { page, needs, has, why, held } = event;
      const { cellCount, isLeaf } = lens(page);
      const keys = keysListed(held.map(({ key }) => key));
      const what = isLeaf
        ? `row ${keys}`
        : `${held.length === 1 ? 'separator' : 'separators'} ${keys}`;
      const waits = held.length === 1 ? 'The cell waits' : `The ${held.length} cells wait`;
      return {
        title: `Page ${page} has no room for ${what}`,
        detail:
          why === 'bytes'
            ? `${held.length === 1 ? 'Cell and pointer' : 'Cells and pointers'} need ${plural(needs, 'byte')}; ${has} ${isAre(has)} free. ${waits} outside.`
            : `It holds ${plural(cellCount, 'cell')}, as many as max-cells allows. ${held.length === 1 ? 'The new cell waits' : waits} outside.`,
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
      const homes = homeless.map(({ key, page }) => {
        const isUp = page !== from && page !== to && !lens(page).isLeaf;
        return isUp
          ? `${plainKey(key)} itself goes up to page ${page}`
          : `${plainKey(key)} finds its place in page ${page}`;
      });
      const [only] = homeless;
      if (keys.length === 0 && only && homeless.length === 1 && only.page === to)
        return {
          title: `${capital(plainKey(only.key))} goes to page ${to} alone`,
          detail: event.held
            ? `${capital(keysListed(event.held.map(({ key }) => key)))}, the cell before it, is to stand between the two pages.`
            : `No other cell of page ${from} comes with it.`,
        };
      return {
        title: `${plural(keys.length, 'cell')} ${keys.length === 1 ? 'moves' : 'move'} to page ${to}`,
        detail: `${keys.length === 0 ? 'None of those that were there' : keysListed(keys)} ${keys.length === 1 || keys.length === 0 ? 'goes' : 'go'} over; ${homes.join('; ')}.`,
      };
    }
    case 'separator': {
      const { parent, left, right, copied, free } = event;
      const at = lens(parent);
      const key = plainKey(event.key);
      const index = Array.from({ length: at.cellCount }, (_, i) => i).find(
        (i) => at.child(i) === left,
      );
      const fits = index !== undefined && keyIn(at, index) === key;
      const what = copied ? 'is copied' : 'moves';
      const where = lens(left).isLeaf ? 'in' : 'below';
      const lower = typeof event.key === 'string' ? 'less than' : 'to';
      const sides = `Keys ${lower} ${key} are ${where} page ${left}, greater ones ${where} page ${right}.`;
      if (fits)
        return {
          title: `Separator ${key} ${what} up into page ${parent}`,
          detail: `${sides} Page ${parent} had room (${free} bytes are still free), so the split goes no higher.`,
        };
      if (event.held)
        return {
          title: `Separator ${key} has to go up into page ${parent}`,
          detail: `${sides} But page ${parent} is full itself: it must split as well.`,
        };
      return {
        title: `Separator ${key} is lost on its way up`,
        detail: `Page ${parent} should have it by now, and does not: nothing leads to page ${right}.`,
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
        detail: `${keys.length === 0 ? 'It had no cell left' : `${keysListed(keys)} ${keys.length === 1 ? 'goes' : 'go'} over`}; page ${into} has ${plural(lens(into).cellCount, 'cell')} now and ${plural(lens(into).freeBytes, 'free byte')}.`,
      };
    }
    case 'unlink': {
      const { parent, page } = event;
      const at = lens(parent);
      const key = plainKey(event.key);
      const still = Array.from({ length: at.cellCount + 1 }, (_, i) => at.child(i)).includes(page);
      return still
        ? {
            title: `Page ${parent} should forget separator ${key}`,
            detail: `It still has it, and still leads to page ${page}.`,
          }
        : {
            title: `Page ${parent} forgets separator ${key}`,
            detail: `Nothing leads to page ${page} any more.`,
          };
    }
    case 'borrow': {
      const { from, to, keys, parent } = event;
      const [was, separator] = [plainKey(event.was), plainKey(event.separator)];
      const at = lens(to);
      if (at.isLeaf && at.isTable)
        return {
          title: `Page ${to} borrows ${plural(keys.length, 'cell')} from page ${from}`,
          detail: `Together they would not fit one page, so ${keysListed(keys)} ${keys.length === 1 ? 'comes' : 'come'} over, and the separator in page ${parent} changes from ${was} to ${separator}.`,
        };
      const what = at.isLeaf
        ? plural(keys.length, 'cell')
        : keys.length === 1
          ? 'a child'
          : plural(keys.length, 'child', 'children');
      return {
        title: `Page ${to} borrows ${what} from page ${from}`,
        detail: `Separator ${was} comes down from page ${parent}, and ${separator} goes up in its place.`,
      };
    }
    case 'gather': {
      const { pages, page, cells, bytes, capacity, policy, maxCells } = event;
      const others = pages.filter((one) => one !== page);
      const byCells = maxCells > 0 && cells / maxCells > bytes / capacity;
      const need = Math.ceil(byCells ? cells / maxCells : bytes / capacity);
      const row = `${plural(cells, 'cell')}${byCells ? '' : ` of ${plural(bytes, 'byte')}`}`;
      const room = byCells ? `A page holds at most ${maxCells}` : `A page has room for ${capacity}`;
      return {
        title: `Page ${page} looks at its ${others.length === 1 ? 'sibling' : 'siblings'}, ${pagesNamed(others)}`,
        detail: `${policy === 'sqlite' ? 'SQLite puts' : 'A B*-Tree puts'} their cells in one row: ${row}. ${room}, so it takes ${need === 1 ? 'one page' : `${need} pages`} at least.`,
      };
    }
    case 'deal': {
      const { pages, counts, keys, homeless } = event;
      const homes = homeless.map(({ key, page }) => `${plainKey(key)} is in page ${page} now`);
      const moved =
        keys.length === 0
          ? 'no other cell moves'
          : `${keysListed(keys)} ${keys.length === 1 ? 'changes its' : 'change their'} page`;
      return {
        title: `The cells are dealt out anew: ${counts.map((count, i) => `${count} in page ${pages[i]}`).join(', ')}`,
        detail: `${capital([...homes, moved].join('; '))}.`,
      };
    }
    case 'separators': {
      const { parent, was, now, copied, held = [] } = event;
      const at = lens(parent);
      const there = new Set(Array.from({ length: at.cellCount }, (_, i) => keyIn(at, i)));
      const waits = new Set(held.map(({ key }) => plainKey(key)));
      const lost = now.map(plainKey).filter((key) => !there.has(key) && !waits.has(key));
      const before = was.length === 0 ? '' : `${keysListed(was)} stood there before. `;
      if (lost.length > 0)
        return {
          title: `Separator ${listed(lost)} is lost on its way up`,
          detail: `Page ${parent} should have it by now, and does not: nothing leads to the page left of it.`,
        };
      if (now.length === 0)
        return {
          title: `Page ${parent} needs no separator between them any more`,
          detail: before.trim() || 'It had none.',
        };
      const one = now.length === 1;
      const how = copied
        ? `${one ? 'It is a copy' : 'Each is a copy'} of the greatest key of the page left of it.`
        : `${one ? 'It is' : 'Each is'} the cell between the pages beside it, moved up.`;
      return {
        title: `Page ${parent} has ${one ? 'a new separator' : 'new separators'}: ${keysListed(now)}`,
        detail:
          held.length > 0
            ? `But it has no room for ${keysListed(held.map(({ key }) => key))}: it must make room as well.`
            : `${before}${how}`,
      };
    }
    case 'predecessor': {
      const { page, from, held } = event;
      const [key, instead] = [plainKey(event.key), plainKey(event.instead)];
      return {
        title: `Row ${instead} leaves page ${page}, and ${key} takes its place`,
        detail: `A row must stand between the two children there. ${capital(key)}, the greatest one before it, comes up from page ${from}${held ? `, but it is too long for page ${page}` : ''}.`,
      };
    }
    case 'fill': {
      const { page, rows, fill, done, of } = event;
      const [first, last] = [plainKey(event.first), plainKey(event.last)];
      return {
        title: `Page ${page} is filled with ${plural(rows, 'row')} at once`,
        detail: `${rows === 1 ? first : `${first} to ${last}`}, ${percent(fill)} of the page; ${done} of ${of} rows are in.`,
      };
    }
    case 'link': {
      const { parent, left, page, copied, free } = event;
      const key = plainKey(event.key);
      return {
        title: `Page ${parent} leads to page ${page} now`,
        detail:
          `Separator ${key} ${copied ? `, the greatest key of page ${left}, is copied up` : 'stands between the pages'}; ${free} bytes are free.`.replace(
            ' ,',
            ',',
          ),
      };
    }
    case 'extend': {
      const { page, beside, parent, separator, fill } = event;
      return {
        title: `Page ${page} goes on beside page ${beside}`,
        detail: `Page ${beside} is ${percent(fill)} full, as much as it should be. Its last separator, ${plainKey(separator)}, goes up to page ${parent}.`,
      };
    }
    case 'vacuum':
      return {
        title: 'The database is written anew',
        detail: `${plural(event.rows, 'row')} out of ${plural(event.pages, 'page')}, ${event.freePages} of them free, in the order of their keys, from page ${value.root} on.`,
      };
    case 'vacuumed':
      return {
        title: `The database has ${plural(event.pages, 'page')} now`,
        detail: `It had ${event.was}. The freelist is gone, and the file gets shorter with the commit.`,
      };
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
    case 'restart':
      return event.sequence === 0
        ? {
            title: 'The log gets its header',
            detail: `It names the page size and two salts, ${salts(event.salts)}: every frame of this log will repeat them.`,
          }
        : {
            title: 'The log begins anew, at frame 1',
            detail: `All that it held is in the database. By the new salts, ${salts(event.salts)}, its frames are told from the old ones, which stay behind them.`,
          };
    case 'frame': {
      const { frame, page, commitSize, nth } = event;
      return {
        title: `Page ${page} is appended to the log, as frame ${frame}`,
        detail:
          commitSize > 0
            ? `It is the last of the transaction and says so: commit, ${plural(commitSize, 'page')}. Before the sync a power cut may lose any sector of ${nth === 1 ? 'it' : 'them'}.`
            : nth === 1
              ? 'It is on its way, not safe: before the sync a power cut may lose any sector of it.'
              : `${nth} frames are on their way; without one that says commit none of them counts.`,
      };
    }
    case 'log-sync':
      return {
        header: {
          title: 'The header of the log is synced',
          detail: 'No frame may reach the disk before the salts by which it is known.',
        },
        commit: {
          title: 'The log is synced',
          detail: `${event.frames === 1 ? 'Its frame is' : `Its ${event.frames} frames are`} on the disk: from here on the transaction survives a power cut.`,
        },
        overdue: {
          title: 'The log is synced, a commit too late',
          detail: `Up to frame ${event.frames} it is on the disk. Until now a power cut could have undone what was acknowledged.`,
        },
        checkpoint: {
          title: 'The log is synced before the database is touched',
          detail:
            'No page may come into the database from a commit that a power cut can still undo.',
        },
        late: {
          title: 'The log is synced, too late',
          detail:
            'The database was overwritten before: a power cut could have undone the commit and left some of its pages.',
        },
        close: {
          title: 'The log is synced before the end',
          detail: 'What was committed and not synced is safe now.',
        },
      }[event.why];
    case 'committed': {
      const { first, last, durable, synced } = event;
      const frames = first === last ? `Frame ${first} is` : `Frames ${first} to ${last} are`;
      return durable
        ? {
            title: 'The transaction is committed',
            detail: synced
              ? `${frames} the transaction. The database file is as it was: readers look into the log first.`
              : `${frames} the transaction, acknowledged as durable; but the log has not been synced.`,
          }
        : {
            title: 'The transaction is committed, and not durable yet',
            detail: `${frames} the transaction. A power cut before the next sync of the log undoes it, all of it.`,
          };
    }
    case 'checkpoint': {
      const { frames, pages, isDue } = event;
      return {
        title: isDue ? 'The log is long enough: a checkpoint begins' : 'A checkpoint begins',
        detail: `${plural(frames, 'frame')} of the log ${frames === 1 ? 'holds' : 'hold'} ${plural(pages, 'page')}; the newest image of each goes into the database.`,
      };
    }
    case 'backfill':
      return {
        title: `Page ${event.page} goes home from frame ${event.frame}, ${event.nth} of ${event.of}`,
        detail:
          event.nth === 1
            ? 'It is written to its place in the database. Until the sync the copy in the log is the one that counts.'
            : `${event.nth} pages are on their way; the log still has all of them.`,
      };
    case 'resize':
      return {
        title: `The database file is ${event.pages < event.before ? 'cut' : 'made longer,'} to ${plural(event.pages, 'page')}`,
        detail: `It had ${event.before}; the last commit says ${event.pages}.`,
      };
    case 'database-sync':
      return {
        title: 'The database is synced',
        detail: `${plural(event.pages, 'page')} ${isAre(event.pages)} home: the log is not needed for ${event.pages === 1 ? 'it' : 'them'} any more.`,
      };
    case 'checkpointed':
      return {
        title: 'The checkpoint is done',
        detail: `${event.frames === 1 ? 'Frame 1 is' : `Frames 1 to ${event.frames} are`} in the database. ${
          event.all
            ? 'The next commit begins the log anew, over them.'
            : 'The log goes on behind them.'
        }`,
      };
    case 'nothing':
      return event.command === 'checkpoint'
        ? {
            title: 'There is nothing to bring home',
            detail: 'The log has no page that the database has not got.',
          }
        : {
            title: `There is nothing to ${event.command === 'commit' ? 'commit' : 'roll back'}`,
            detail: 'Nothing was written since the last commit.',
          };
    case 'rollback':
      return {
        title: 'The transaction is rolled back',
        detail: `${capital(pagesNamed(event.pages))} ${isAre(event.pages.length)} dropped from memory; the last commit's are in the log or in the file.`,
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
    case 'replay': {
      const { mxFrame, commits, pages } = event;
      return mxFrame === 0
        ? {
            title: 'Recovery finds no transaction in the log',
            detail: 'No frame that says commit is whole: the database file alone counts.',
          }
        : {
            title: `Recovery reads ${mxFrame === 1 ? 'frame 1' : `frames 1 to ${mxFrame}`} of the log`,
            detail: `${plural(commits, 'transaction')} ${isAre(commits)} whole, and the database has ${plural(pages, 'page')}. The index is made anew: which frame has which page.`,
          };
    }
    case 'log-end': {
      const { frame, stop, mxFrame, unfinished } = event;
      const why: Record<typeof stop, string> = {
        empty: 'Nothing was ever written to it.',
        header: 'Its first 32 bytes are no header that fits its checksum.',
        version: 'Its version is not known.',
        end: 'Nothing stands behind it.',
        torn: 'The file ends inside it.',
        blank: 'It is empty: its first sector never reached the disk.',
        salt: 'Its salts are others: it is left from before the log was begun anew.',
        page: 'It is for page 0, which there is not.',
        checksum: 'It does not fit its checksum: not all of its sectors reached the disk.',
      };
      const lost =
        unfinished === 0
          ? ''
          : ` ${unfinished === 1 ? `Frame ${frame - 1} is` : `Frames ${mxFrame + 1} to ${frame - 1} are`} whole, but no commit follows: ${unfinished === 1 ? 'it does' : 'they do'} not count.`;
      return {
        title:
          stop === 'header'
            ? 'Recovery finds no log'
            : stop !== 'end'
              ? `Recovery stops at frame ${frame}`
              : frame === 1
                ? 'The log ends with its header'
                : `The log ends with frame ${frame - 1}`,
        detail: `${why[stop]}${lost}`,
      };
    }
    case 'recovered':
      return {
        title: value.damaged ? 'What is left does not fit together' : 'The database is open again',
        detail: `${plural(event.pages, 'page')} and ${plural(event.rows, 'row')}${
          value.damaged
            ? ': some pages are of one commit, some of another.'
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

const SOURCES: Readonly<Record<BTreeEvent['kind'], readonly [file: string, name: string]>> = {
  opened: ['btree/pager.ts', 'create'],
  descend: ['btree/tree.ts', 'descend'],
  seek: ['btree/page.ts', 'search'],
  found: ['btree/tree.ts', 'get'],
  absent: ['btree/tree.ts', 'get'],
  scan: ['btree/tree.ts', 'scan'],
  scanned: ['btree/tree.ts', 'scan'],
  begin: ['btree/pager.ts', 'begin'],
  spill: ['btree/tree.ts', 'cellFor'],
  insert: ['btree/cells.ts', 'enterCell'],
  update: ['btree/tree.ts', 'replace'],
  remove: ['btree/cells.ts', 'removeCell'],
  defragment: ['btree/cells.ts', 'defragment'],
  overflow: ['btree/balance.ts', 'overflow'],
  deepen: ['btree/balance.ts', 'deepen'],
  gather: ['btree/siblings.ts', 'gathered'],
  deal: ['btree/siblings.ts', 'dealAnew'],
  separators: ['btree/siblings.ts', 'dealAnew'],
  predecessor: ['btree/tree.ts', 'replaceByPredecessor'],
  open: ['btree/dealing.ts', 'openSibling'],
  move: ['btree/balance.ts', 'split'],
  separator: ['btree/balance.ts', 'raiseSeparators'],
  fill: ['btree/load.ts', 'fillPage'],
  link: ['btree/load.ts', 'linkRight'],
  extend: ['btree/load.ts', 'linkRight'],
  vacuum: ['btree/load.ts', 'vacuum'],
  vacuumed: ['btree/load.ts', 'vacuum'],
  underfull: ['btree/balance.ts', 'rebalance'],
  merge: ['btree/balance.ts', 'merge'],
  unlink: ['btree/balance.ts', 'merge'],
  borrow: ['btree/balance.ts', 'borrow'],
  shrink: ['btree/balance.ts', 'shrink'],
  free: ['btree/pager.ts', 'free'],
  restart: ['btree/wal.ts', '#begin'],
  frame: ['btree/wal.ts', 'commit'],
  'log-sync': ['disk/disk.ts', 'sync'],
  checkpoint: ['btree/wal.ts', 'checkpoint'],
  backfill: ['btree/wal.ts', 'checkpoint'],
  resize: ['btree/wal.ts', 'checkpoint'],
  'database-sync': ['disk/disk.ts', 'sync'],
  checkpointed: ['btree/wal.ts', 'checkpoint'],
  replay: ['btree/wal-lens.ts', 'recoverWal'],
  'log-end': ['btree/wal-lens.ts', 'recoverWal'],
  committed: ['btree/pager.ts', 'commit'],
  nothing: ['btree/pager.ts', 'commit'],
  rollback: ['btree/pager.ts', 'rollback'],
  crash: ['disk/power.ts', 'powerCut'],
  recovered: ['btree/wal.ts', 'recover'],
  closed: ['btree/pager.ts', 'close'],
  checked: ['btree/check.ts', 'checkDatabase'],
};

export const words: Words<BTreeState, BTreeEvent> = {
  describe,
  metrics,
  settings,
  commands,
  sabotage: [
    {
      name: 'early-acknowledge',
      description:
        'A commit is acknowledged as durable before its frames are synced: the sync is left for the next commit.',
    },
    {
      name: 'checkpoint-before-log-sync',
      description:
        'A checkpoint overwrites the database before the log is synced; with synchronous normal that mixes commits.',
    },
    {
      name: 'lost-separator',
      description: 'A split forgets its parent: the separator and the new page never get there.',
    },
    {
      name: 'freed-page-in-use',
      description: 'A page that a merge put on the freelist stays in the tree.',
    },
  ],
  sourceOf(kind) {
    const [file, name] = SOURCES[kind as BTreeEvent['kind']] ?? SOURCES.opened;
    return { file: `engine/${file}`, name };
  },
};
