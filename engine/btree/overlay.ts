// A database file together with what lies beside it: what is in a -wal counts before what is in the
// file, and a hot -journal takes back what was half done. Nothing is written; the three are read as
// one file, as the next process to open the database would make it.
//
//   write-ahead log    frame 7: page 3    frame 9: page 5           ─┐
//   hot journal        page 2 as before   page 3 as before           ├─▶ read(offset, length)
//   database           page 1  page 2  page 3  page 4                ─┘
//
// The journal comes first, as in SQLite: it is rolled back before the log is looked at. A torn log or
// a hot journal is no damage, so `notes` says what was done in a sentence, and nothing complains.

import { Complaint } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import type { ForeignSource } from './foreign.ts';
import { HEADER_SIZE, readHeader } from './header.ts';
import { type Journal, readJournal } from './journal.ts';
import {
  type ByteSource,
  FRAME_HEADER,
  frameOffset,
  type Recovered,
  recoverWal,
} from './wal-lens.ts';

/**
 * Pages that a size promises and nobody holds: a commit may leave out fresh free pages. Beyond so many
 * of them the size is damage, and following it would take for ever.
 */
const MOST_MISSING = 65536;

export interface Overlay extends ForeignSource {
  readonly notes: readonly string[];
  readonly journal?: Journal;
  readonly wal?: Recovered;
}

/** Throws a Complaint only where SQLite would refuse to open the database for its log. */
export function overlayOf(
  database: ForeignSource,
  wal?: ByteSource,
  journal?: ByteSource,
): Overlay {
  const notes: string[] = [];
  let source: ByteSource = database;
  let parts: { journal?: Journal; wal?: Recovered } = {};
  const pageSizeOf = (): number => readHeader(source.read(0, HEADER_SIZE), source.size).pageSize;

  const sizeOf = (pages: number, held: Iterable<number>, pageSize: number): number => {
    let last = Math.ceil(source.size / pageSize);
    for (const page of held) last = Math.max(last, page);
    if (pages <= last + MOST_MISSING) return pages;
    notes.push(`the database is to have ${pages} pages; the last that is anywhere is page ${last}`);
    return last;
  };

  if (journal && journal.size > 0) {
    const read = readJournal(journal, { databaseSize: database.size, pageSize: pageSizeOf() });
    const { pageSize, pages, records } = read;
    parts = { journal: read };
    notes.push(read.words);
    if (pages !== undefined) {
      const places = new Map(records.map(({ page, offset }) => [page, offset]));
      const size = sizeOf(pages, places.keys(), pageSize);
      source = layered(source, journal, pageSize, size, (page) => places.get(page));
    }
  }
  if (wal && wal.size > 0) {
    const recovered = recoverWal(wal);
    if (recovered.stop === 'version')
      throw new Complaint(`${database.name}-wal: ${recovered.words}`);
    const { header, index, mxFrame, pages, words } = recovered;
    parts = { ...parts, wal: recovered };
    if (source.size === 0) notes.push('the database is empty: the log is left from another');
    else if (header && mxFrame > 0 && header.pageSize !== pageSizeOf())
      notes.push(
        `the log has pages of ${header.pageSize} bytes and the database of ${pageSizeOf()}: it belongs to another, and nothing of it counts`,
      );
    else {
      notes.push(`write-ahead log: ${words}`);
      if (header && mxFrame > 0) {
        const { pageSize } = header;
        const size = sizeOf(pages, index.keys(), pageSize);
        source = layered(source, wal, pageSize, size, (page) => {
          const frame = index.get(page);
          return frame === undefined ? undefined : frameOffset(frame, pageSize) + FRAME_HEADER;
        });
      }
    }
  }
  const { name } = database;
  const { size } = source;
  const read = (offset: number, length: number) => source.read(offset, length) as Uint8Array;
  return { name, size, read, notes, ...parts };
}

/** `under` at a size of `pages` pages, of which some stand in `over`, at the offset that `at` says. */
function layered(
  under: ByteSource,
  over: ByteSource,
  pageSize: number,
  pages: number,
  at: (page: number) => number | undefined,
): ByteSource {
  const size = pages * pageSize;
  const part = (page: number, from: number, length: number): Bytes => {
    const offset = at(page);
    return offset === undefined
      ? under.read((page - 1) * pageSize + from, length)
      : over.read(offset + from, length);
  };
  return {
    size,
    read(offset, length) {
      const end = Math.min(offset + length, size);
      // Where neither has the page (the file was to grow and did not), it reads as zeros.
      const out = new Uint8Array(Math.max(0, end - offset));
      for (let from = offset; from < end; ) {
        const page = Math.floor(from / pageSize) + 1;
        const inPage = from % pageSize;
        const count = Math.min(pageSize - inPage, end - from);
        out.set(part(page, inPage, count), from - offset);
        from += count;
      }
      return out;
    },
  };
}
