// The rollback journal: reads a `-journal` file that SQLite wrote. It is the other way to make a
// commit atomic: before a page of the database is overwritten, its old bytes go into the journal. The
// commit is the moment at which the journal is deleted, or its first bytes zeroed. As long as it is
// there, it is *hot*: whoever opens the database next puts the old pages back.
//
//   0    header, padded to a sector
//          0  magic: d9 d5 05 f9 20 a1 63 d7
//          8  u32 number of records behind it; ffffffff = as many as the file holds
//         12  u32 nonce, by chance for each journal
//         16  u32 size of the database in pages before the transaction
//         20  u32 sector size
//         24  u32 page size (0 in journals of before 2008: that of the database)
//   512  records
//          u32 page number
//          a page as it was before the transaction
//          u32 checksum: nonce + every 200th byte, counted from the end: page[size-200], page[size-400], …
//   …    at the next sector boundary perhaps another header with records of its own: one each time
//        that the journal was synced in the middle of a transaction
//
// The rule for hot: the journal's first byte is not 0, the database is not empty, and nobody has it
// locked. (A journal that a transaction over several databases left names a super-journal at its end;
// it is hot only as long as that file is there.)
//
// Playback: the database gets its old size; the records are put back in order. A record that does not
// match its checksum, or names page 0, ends it; so does the end of the file. That is no damage: what
// was not whole in the journal had not been synced, and then the database had not been touched yet.
// The number of records stays 0 until the journal is synced for the same reason.
//
// A journal that begins d9 d5 05 f9 20 a1 63 d7 | 00 00 00 05 | c9 d0 b0 11 | 00 00 00 12 |
// 00 00 02 00 | 00 00 04 00 has 5 records of 4 + 1024 + 4 bytes from offset 512 on, and the database had
// 18 pages. A page of 1024 zeros but for a 07 at 824 (1024 - 200) has there the checksum c9d0b018.

import { type Bytes, bytesOfHex, equalBytes, textOf, u32 } from '../base/bytes.ts';
import { lockPage } from './header.ts';
import { type ByteSource, readAhead } from './wal-lens.ts';

const MAGIC = bytesOfHex('d9d505f920a163d7') as Uint8Array;
const MOST_SECTOR = 65536;

export interface JournalHeader {
  readonly offset: number;
  /** Records behind this header, as the header or the size of the file says. */
  readonly records: number;
  readonly nonce: number;
  /** Size of the database in pages before the transaction. */
  readonly pages: number;
}

export interface JournalRecord {
  readonly page: number;
  /** Where the old page stands in the journal. */
  readonly offset: number;
}

export interface Journal {
  readonly hot: boolean;
  readonly headers: readonly JournalHeader[];
  /** What a playback puts back, in order; empty where the journal is not hot. */
  readonly records: readonly JournalRecord[];
  /** Size of the database in pages to which it returns; absent where nothing is put back. */
  readonly pages?: number;
  readonly pageSize: number;
  /** Why it is hot or not, and where playback ends. */
  readonly words: string;
}

export interface JournalContext {
  /** Of the database, in bytes. */
  readonly databaseSize: number;
  /** Of the database as its header says, for journals that do not tell. */
  readonly pageSize: number;
  /** Whether a super-journal of this name is there: a file that several databases' journals share. */
  readonly superJournal?: (name: string) => boolean;
}

export function journalChecksum(nonce: number, page: Bytes): number {
  let sum = nonce;
  for (let at = page.length - 200; at > 0; at -= 200) sum += page[at] as number;
  return sum >>> 0;
}

/** Reads a journal as the next process to open the database would, up to where playback ends. */
export function readJournal(source: ByteSource, context: JournalContext): Journal {
  const journal = readAhead(source);
  const { databaseSize } = context;
  let { pageSize } = context;
  const cold = (words: string): Journal => ({
    hot: false,
    headers: [],
    records: [],
    pageSize,
    words,
  });
  if (journal.size === 0) return cold('the journal is empty: nothing to roll back');
  if (journal.read(0, 1)[0] === 0)
    return cold('the journal begins with a zero: its transaction was committed');
  if (databaseSize === 0) return cold('the database is empty: the journal is left from another');
  const shared = superJournalOf(source);
  if (shared !== undefined && !context.superJournal?.(shared))
    return cold(`the super-journal ${shared} is not there: the transaction was committed`);

  const headers: JournalHeader[] = [];
  const records: JournalRecord[] = [];
  let sector = 512;
  let pages: number | undefined;
  let end = '';
  for (let at = 0; end === ''; ) {
    const offset = Math.ceil(at / sector) * sector;
    const bytes = journal.read(offset, 28);
    if (offset + sector > journal.size || bytes.length < 28) end = 'the journal ends';
    else if (!equalBytes(bytes.subarray(0, 8), MAGIC)) end = `there is no header at ${offset}`;
    if (end !== '') break;
    if (pages === undefined) {
      sector = u32(bytes, 20);
      pageSize = u32(bytes, 24) || pageSize;
      if (!isPowerOfTwo(sector, 32, MOST_SECTOR) || !isPowerOfTwo(pageSize, 512, 65536)) {
        end = `the header has sectors of ${sector} bytes and pages of ${pageSize}`;
        break;
      }
      pages = u32(bytes, 16);
    }
    const sizeBytes = pageSize + 8;
    const told = u32(bytes, 8);
    const count = told === 0xffffffff ? Math.floor((journal.size - sector) / sizeBytes) : told;
    const nonce = u32(bytes, 12);
    headers.push({ offset, records: count, nonce, pages: u32(bytes, 16) });
    at = offset + sector;
    for (let nth = 1; nth <= count && end === ''; nth++, at += sizeBytes) {
      const record = journal.read(at, sizeBytes);
      const page = record.length < 4 ? 0 : u32(record, 0);
      if (record.length < sizeBytes) end = `the journal ends inside the record at ${at}`;
      else if (page === 0 || page === lockPage(pageSize))
        end = `the record at ${at} is for page ${page}, which is never written`;
      else if (page > pages)
        continue; // the page is cut off anyway
      else if (
        journalChecksum(nonce, record.subarray(4, 4 + pageSize)) !== u32(record, 4 + pageSize)
      )
        end = `the record at ${at} does not match its checksum`;
      else records.push({ page, offset: at + 4 });
    }
  }
  const put = new Set(records.map(({ page }) => page)).size;
  const words =
    pages === undefined
      ? `the journal is hot, but has no header to follow (${end}): nothing is put back`
      : `the journal is hot: ${put === 1 ? '1 page goes' : `${put} pages go`} back as before the transaction, which had ${pages}; ${end}`;
  return { hot: true, headers, records, ...(pages !== undefined && { pages }), pageSize, words };
}

const isPowerOfTwo = (value: number, least: number, most: number): boolean =>
  value >= least && value <= most && (value & (value - 1)) === 0;

/**
 * The super-journal that a journal names at its end: u32 lock page, the name, u32 its length, u32 the
 * sum of its bytes, and the magic.
 */
function superJournalOf(journal: ByteSource): string | undefined {
  const tail = journal.read(journal.size - 16, 16);
  if (tail.length < 16 || !equalBytes(tail.subarray(8), MAGIC)) return undefined;
  const length = u32(tail, 0);
  if (length === 0 || length > Math.min(4096, journal.size - 16)) return undefined;
  const name = journal.read(journal.size - 16 - length, length);
  const sum = name.reduce((total, byte) => total + ((byte << 24) >> 24), 0);
  return sum >>> 0 === u32(tail, 4) ? textOf(name) : undefined;
}
