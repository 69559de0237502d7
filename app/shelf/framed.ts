// Records with a frame, so that a record that is damaged, or that came from elsewhere, is told apart
// from one of ours before a byte of it is believed.
//
//   0   kind       'BSlg' a piece of the log, 'BSpg' packed pages, 'BSdi' a piece of the directory
//   4   salt       of the store, by chance at its creation
//   8   number     which record of its kind this is
//   12  length     bytes of the body
//   16  checksum   two words over the 16 bytes before and the body, as in SQLite's write-ahead log
//   24  body       and zeros up to a multiple of 8
//
// All numbers are u32, big-endian.

import { Complaint } from '../../engine/base/assert.ts';
import { type Bytes, hexOf, setU32, u32 } from '../../engine/base/bytes.ts';
import { checksum } from '../../engine/btree/wal-lens.ts';
import { PACK_BYTES } from './pack.ts';

const FRAME = 24;
/** The longest body that makes a record of at most PACK_BYTES. */
export const MOST_BODY = PACK_BYTES - FRAME;

const KINDS = { log: 0x42536c67, pages: 0x42537067, directory: 0x42536469 } as const;
export type Kind = keyof typeof KINDS;

export function framed(kind: Kind, salt: number, number: number, body: Bytes): Uint8Array {
  const record = new Uint8Array(FRAME + 8 * Math.ceil(body.length / 8));
  setU32(record, 0, KINDS[kind]);
  setU32(record, 4, salt);
  setU32(record, 8, number);
  setU32(record, 12, body.length);
  record.set(body, FRAME);
  const [first, second] = sumOf(record);
  setU32(record, 16, first);
  setU32(record, 20, second);
  return record;
}

/** The body of a record; a Complaint that begins with `what` where it is not the record asked for. */
export function bodyOf(
  record: unknown,
  kind: Kind,
  salt: number,
  number: number,
  what: string,
): Bytes {
  const complain = (found: string, expected: string) =>
    new Complaint(`${what} is damaged: ${found}; expected ${expected}`);
  if (!(record instanceof Uint8Array))
    throw complain(record === undefined ? 'it is missing' : 'it holds no bytes', 'a record');
  if (record.length < FRAME || record.length % 8 !== 0)
    throw complain(`it is cut off after ${record.length} bytes`, 'a frame and a body');
  if (u32(record, 0) !== KINDS[kind])
    throw complain(
      `it begins with ${hexOf(record.subarray(0, 4))}`,
      `a record of kind ${JSON.stringify(kind)}`,
    );
  if (u32(record, 4) !== salt)
    throw complain(`it belongs to store ${u32(record, 4)}`, `store ${salt}`);
  if (u32(record, 8) !== number) throw complain(`it is number ${u32(record, 8)}`, `${number}`);
  const length = u32(record, 12);
  if (FRAME + 8 * Math.ceil(length / 8) !== record.length)
    throw complain(`${record.length} bytes`, `${FRAME + 8 * Math.ceil(length / 8)}`);
  const [first, second] = sumOf(record);
  if (u32(record, 16) !== first || u32(record, 20) !== second)
    throw complain('its checksum does not match its bytes', 'the bytes that were written');
  return record.subarray(FRAME, FRAME + length);
}

const sumOf = (record: Bytes) =>
  checksum(checksum([0, 0], record, 0, 16, true), record, FRAME, record.length, true);
