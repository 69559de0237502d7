// A record: the columns of one row, or the parts of one index key, as SQLite stores them.
//
//   ┌────────────┬─────────┬─────────┬───┬────────┬────────┬───┐
//   │ header size│ type 1  │ type 2  │ … │ body 1 │ body 2 │ … │      sizes and types are varints;
//   └────────────┴─────────┴─────────┴───┴────────┴────────┴───┘      the size counts itself
//
//   type   0     1 2 3 4 5 6        7       8   9   even ≥ 12          odd ≥ 13
//   means  NULL  integer, 1 2 3 4   double  0   1   BLOB of            TEXT of
//                6 8 bytes                          (type-12)/2 bytes  (type-13)/2 bytes
//
// (NULL, 'ab', 300, 1.5, 0, 1) is
//   07 00 11 02 07 08 09   61 62   01 2c   3f f8 00 00 00 00 00 00
//   ── header ──────────   'ab'    300     1.5                       NULL, 0 and 1 have no body
//
// The lab's own rows are kv(id INTEGER PRIMARY KEY, v): the id is the rowid of the cell, so the
// record holds NULL in its place, and then the value. With text keys they are kv(k TEXT PRIMARY KEY, v)
// WITHOUT ROWID: the record holds the key and then the value, and the tree is ordered by its beginning.

import { type Bytes, textOf, utf8 } from '../base/bytes.ts';
import type { Rowid } from './events.ts';
import { keyOfHalves, readSize, sizeOfVarint, varintSize, writeVarint } from './varint.ts';

export type Encoding = 'UTF-8' | 'UTF-16le' | 'UTF-16be';
export type ColumnType = 'null' | 'integer' | 'real' | 'text' | 'blob';

export interface Column {
  readonly type: ColumnType;
  readonly serial: number;
  /** Whole numbers beyond 2^53 are bigint. A column that is cut holds what is there. */
  readonly value: null | number | bigint | string | Uint8Array;
  /** Where its body lies, counted from the start of the record; equal for a column without a body. */
  readonly from: number;
  readonly to: number;
  /** The bytes at hand end before the column does: the rest is on overflow pages, or lost. */
  readonly cut?: boolean;
}

export interface RecordView {
  readonly headerSize: number;
  readonly columns: readonly Column[];
  /** Where each serial type stands, counted from the start of the record. */
  readonly typesAt: readonly number[];
  readonly fault?: string;
}

/** A table has at most 32,767 columns. A header that claims more is damage. */
const MOST_COLUMNS = 32767;

export function bodySize(serial: number): number {
  if (serial >= 12) return Math.floor((serial - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][serial] as number;
}

export function nameOfSerial(serial: number): string {
  if (serial === 0) return 'NULL';
  if (serial <= 6) return `integer, ${bodySize(serial)} bytes`;
  if (serial === 7) return 'double';
  if (serial <= 9) return `integer ${serial - 8}`;
  if (serial <= 11) return 'reserved';
  return `${serial % 2 === 0 ? 'BLOB' : 'TEXT'}, ${bodySize(serial)} bytes`;
}

/** Decodes what is there: `bytes` may be the local part of a longer record. Never throws. */
export function readRecord(bytes: Bytes, encoding: Encoding = 'UTF-8'): RecordView {
  const headerSize = bytes.length === 0 ? 0 : readSize(bytes, 0);
  const columns: Column[] = [];
  const typesAt: number[] = [];
  let fault = headerSize < 1 ? 'the record has no header' : undefined;
  let at = bytes.length === 0 ? 0 : varintSize(bytes, 0);
  let body = headerSize;
  while (at < headerSize && at < bytes.length && columns.length < MOST_COLUMNS) {
    const serial = readSize(bytes, at);
    typesAt.push(at);
    at += varintSize(bytes, at);
    if (serial === 10 || serial === 11) fault ??= `serial type ${serial} is reserved`;
    const to = body + bodySize(serial);
    columns.push(columnOf(bytes, serial, body, to, encoding));
    body = to;
  }
  if (at > headerSize) fault ??= 'a serial type reaches beyond the record header';
  return { headerSize, columns, typesAt, ...(fault !== undefined && { fault }) };
}

function columnOf(
  bytes: Bytes,
  serial: number,
  from: number,
  to: number,
  encoding: Encoding,
): Column {
  const cut = to > bytes.length;
  const more = cut ? { cut } : {};
  if (serial >= 12) {
    const body = bytes.subarray(Math.min(from, bytes.length), Math.min(to, bytes.length));
    return serial % 2 === 0
      ? { type: 'blob', serial, value: body.slice(), from, to, ...more }
      : { type: 'text', serial, value: decodeText(body, encoding), from, to, ...more };
  }
  if (serial === 0 || serial > 9 || cut)
    return { type: serial === 0 ? 'null' : 'integer', serial, value: null, from, to, ...more };
  if (serial === 7) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { type: 'real', serial, value: view.getFloat64(from), from, to };
  }
  return { type: 'integer', serial, value: integerAt(bytes, serial, from), from, to };
}

function integerAt(bytes: Bytes, serial: number, at: number): Rowid {
  if (serial >= 8) return serial - 8;
  const size = bodySize(serial);
  // Two halves, the sign carried in from the first byte.
  let high = (bytes[at] as number) >= 0x80 ? -1 : 0;
  let low = high;
  for (let i = 0; i < size; i++) {
    high = (high << 8) | (low >>> 24);
    low = (low << 8) | (bytes[at + i] as number);
  }
  return keyOfHalves(high, low);
}

export function decodeText(bytes: Bytes, encoding: Encoding): string {
  if (encoding === 'UTF-8') return textOf(bytes);
  const little = encoding === 'UTF-16le';
  let out = '';
  let units: number[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const [a, b] = [bytes[i] as number, bytes[i + 1] as number];
    units.push(little ? a | (b << 8) : (a << 8) | b);
    if (units.length === 4096) {
      out += String.fromCharCode(...units);
      units = [];
    }
  }
  return out + String.fromCharCode(...units);
}

/** What the lab stores: text or bytes. */
export type Value = string | Uint8Array;

/** The record of a row of kv: NULL for the id, then the value. */
export function recordOf(value: Value): Uint8Array {
  const body = typeof value === 'string' ? utf8(value) : value;
  const serial = 2 * body.length + (typeof value === 'string' ? 13 : 12);
  // The header counts itself: one byte for its size, one for NULL, then the type of the value.
  const headerSize = 2 + sizeOfVarint(serial);
  const out = new Uint8Array(headerSize + body.length);
  out[0] = headerSize;
  writeVarint(out, 2, serial);
  out.set(body, headerSize);
  return out;
}

/** The record of a row of kv with text keys, or with keys that are bytes: the key, then the value. */
export function keyedRecord(key: Value, value: Value): Uint8Array {
  const first = typeof key === 'string' ? utf8(key) : key;
  const second = typeof value === 'string' ? utf8(value) : value;
  const firstSerial = 2 * first.length + (typeof key === 'string' ? 13 : 12);
  const secondSerial = 2 * second.length + (typeof value === 'string' ? 13 : 12);
  // Two serial types of at most 9 bytes: the header's own size always takes one byte.
  const headerSize = 1 + sizeOfVarint(firstSerial) + sizeOfVarint(secondSerial);
  const out = new Uint8Array(headerSize + first.length + second.length);
  out[0] = headerSize;
  const at = 1 + writeVarint(out, 1, firstSerial);
  writeVarint(out, at, secondSerial);
  out.set(first, headerSize);
  out.set(second, headerSize + first.length);
  return out;
}

/** The value of a row of kv; undefined where the record is no such row. */
export function valueIn(record: Bytes): Value | undefined {
  const { columns } = readRecord(record);
  const value = columns[1]?.value;
  return typeof value === 'string' || value instanceof Uint8Array ? value : undefined;
}

/** Any columns, smallest types first: for sqlite_schema and for tests. */
export function writeRecord(columns: readonly (null | Rowid | Value)[]): Uint8Array {
  const bodies = columns.map((column) => {
    if (column === null) return { serial: 0, body: new Uint8Array(0) };
    if (typeof column === 'string') {
      const body = utf8(column);
      return { serial: 2 * body.length + 13, body };
    }
    if (column instanceof Uint8Array) return { serial: 2 * column.length + 12, body: column };
    if (column === 0 || column === 1) return { serial: 8 + column, body: new Uint8Array(0) };
    const whole = BigInt(column);
    const serial = [1, 2, 3, 4, 5, 6].find(
      (type) => BigInt.asIntN(8 * bodySize(type), whole) === whole,
    ) as number;
    const body = new Uint8Array(bodySize(serial));
    for (let i = body.length - 1, rest = whole; i >= 0; i--, rest >>= 8n)
      body[i] = Number(rest & 0xffn);
    return { serial, body };
  });
  const types = bodies.reduce((sum, { serial }) => sum + sizeOfVarint(serial), 0);
  const headerSize = types + 1 < 128 ? types + 1 : types + 2;
  const out = new Uint8Array(bodies.reduce((sum, { body }) => sum + body.length, headerSize));
  let at = writeVarint(out, 0, headerSize);
  for (const { serial } of bodies) at += writeVarint(out, at, serial);
  for (const { body } of bodies) {
    out.set(body, at);
    at += body.length;
  }
  return out;
}
