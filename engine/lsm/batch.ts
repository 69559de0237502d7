// A write batch: one record of the log, and the unit of atomicity. All of it is there after a crash, or
// nothing.
//
//   0  8  sequence of the first operation
//   8  4  number of operations
//   12    operations:  01  slice(key)  slice(value)    put
//                      00  slice(key)                  delete
//
//   put("k", "v") at sequence 1:  01 00 00 00 00 00 00 00 | 01 00 00 00 | 01  01 6b  01 76
//
// Operation i has sequence first + i.

import type { Bytes } from '../base/bytes.ts';
import { DELETION, type EntryType, MAX_SEQUENCE, VALUE } from './key.ts';
import { copyBytes, Reader, setU32, setU64, setVarint, sizeOfVarint, u32, u64 } from './varint.ts';

export const BATCH_HEADER = 12;

/** A put, or with an undefined value a delete. */
export interface Operation {
  readonly key: Bytes;
  readonly value: Bytes | undefined;
}

export function sizeOfBatch(operations: readonly Operation[]): number {
  let size = BATCH_HEADER;
  for (const { key, value } of operations) {
    size += 1 + sizeOfVarint(key.length) + key.length;
    if (value) size += sizeOfVarint(value.length) + value.length;
  }
  return size;
}

/** `into`: bytes of that size to be written over. */
export function encodeBatch(
  sequence: number,
  operations: readonly Operation[],
  into?: Uint8Array,
): Uint8Array {
  const out = into ?? new Uint8Array(sizeOfBatch(operations));
  setU64(out, 0, sequence);
  setU32(out, 8, operations.length);
  let at = BATCH_HEADER;
  for (const { key, value } of operations) {
    out[at++] = value ? VALUE : DELETION;
    at = setSlice(out, at, key);
    if (value) at = setSlice(out, at, value);
  }
  return out;
}

function setSlice(out: Uint8Array, at: number, bytes: Bytes): number {
  const from = setVarint(out, at, bytes.length);
  copyBytes(out, from, bytes, 0, bytes.length);
  return from + bytes.length;
}

export interface BatchEntry extends Operation {
  readonly sequence: number;
  readonly type: EntryType;
  /** Where the operation begins and ends in the record. */
  readonly at: number;
  readonly end: number;
}

export interface Batch {
  readonly sequence: number;
  readonly count: number;
  readonly entries: readonly BatchEntry[];
  readonly damage: string | undefined;
}

/** Reads a record as a batch; never throws. A batch with damage is not to be applied, any of it. */
export function decodeBatch(record: Bytes): Batch {
  if (record.length < BATCH_HEADER)
    return {
      sequence: 0,
      count: 0,
      entries: [],
      damage: `a batch has at least ${BATCH_HEADER} bytes; this one ${record.length}`,
    };
  const sequence = u64(record, 0);
  const count = u32(record, 8);
  const entries: BatchEntry[] = [];
  const reader = new Reader(record);
  reader.at = BATCH_HEADER;
  let damage = sequence + count > MAX_SEQUENCE ? `sequence ${sequence} is beyond 2^53` : undefined;
  while (!damage && reader.left > 0) {
    const at = reader.at;
    const type = record[reader.at++] as number;
    if (type > 1) {
      damage = `operation ${entries.length + 1} is of kind ${type}; expected 0 or 1`;
      break;
    }
    const key = reader.slice(`the key of operation ${entries.length + 1}`);
    const value =
      type === VALUE ? reader.slice(`the value of operation ${entries.length + 1}`) : undefined;
    damage = reader.failed;
    if (damage) break;
    entries.push({
      key,
      value,
      type: type as EntryType,
      sequence: sequence + entries.length,
      at,
      end: reader.at,
    });
  }
  if (!damage && entries.length !== count)
    damage = `the batch counts ${count} operations and holds ${entries.length}`;
  return { sequence, count, entries, damage };
}
