// The ledger: every batch that was ever written, kept apart from the engine so that it can be held to
// its word. A referee folds it into what a reader must get and asks the engine's bytes for that.
//
// It is a persistent list of the batches' own records (batch.ts), in chunks that only ever grow at
// their end: states of a run share them, and a branch that writes on from an older length copies one.

import { type Bytes, equalBytes } from '../base/bytes.ts';
import { type BatchEntry, decodeBatch, encodeBatch } from './batch.ts';
import { readVarint, u32, varintSize, Writer } from './varint.ts';

const CHUNK = 16384;

export interface Ledger {
  readonly chunk: { readonly out: Writer };
  /** Bytes of the chunk that are ours. */
  readonly length: number;
  readonly earlier: Ledger | undefined;
  /** Of all batches. */
  readonly operations: number;
  readonly bytes: number;
}

export const EMPTY_LEDGER: Ledger = {
  chunk: { out: new Writer(0) },
  length: 0,
  earlier: undefined,
  operations: 0,
  bytes: 0,
};

export function addToLedger(ledger: Ledger, records: readonly Bytes[]): Ledger {
  let now = ledger;
  for (const record of records) {
    const count = u32(record, 8);
    let { chunk, earlier } = now;
    if (now.length === 0 || now.length + record.length > CHUNK) {
      earlier = now.length === 0 ? undefined : now;
      chunk = { out: new Writer(1024) };
    } else if (chunk.out.length !== now.length) {
      // Somebody else wrote on from here: a chunk of our own.
      chunk = { out: new Writer(2 * now.length).raw(now.chunk.out.bytes.subarray(0, now.length)) };
    }
    chunk.out.slice(record);
    now = {
      chunk,
      length: chunk.out.length,
      earlier,
      operations: now.operations + count,
      bytes: now.bytes + record.length,
    };
  }
  return now;
}

/** All batches' records, the oldest first. */
export function* ledgerRecords(ledger: Ledger): Iterable<Bytes> {
  const chunks: Ledger[] = [];
  for (let at: Ledger | undefined = ledger; at; at = at.earlier) chunks.push(at);
  for (const { chunk, length } of chunks.reverse()) {
    const { bytes } = chunk.out;
    for (let at = 0; at < length; ) {
      const size = readVarint(bytes, at);
      at += varintSize(bytes, at);
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
}

/** All batches' operations, the oldest first. */
export function* ledgerEntries(ledger: Ledger): Iterable<BatchEntry> {
  for (const record of ledgerRecords(ledger)) yield* decodeBatch(record).entries;
}

/**
 * The ledger after a crash: what was acknowledged stays, come what may; of the rest, what is there
 * again (`survives`). A write that was never acknowledged may go.
 */
export function afterCrash(
  ledger: Ledger,
  acknowledged: number,
  survives: (sequence: number) => boolean,
): Ledger {
  const kept: Bytes[] = [];
  for (const record of ledgerRecords(ledger)) {
    const batch = decodeBatch(record);
    if (batch.sequence + batch.count - 1 <= acknowledged) kept.push(record.slice());
    else
      for (const entry of batch.entries)
        if (entry.sequence <= acknowledged || survives(entry.sequence))
          kept.push(encodeBatch(entry.sequence, [entry]));
  }
  return addToLedger(EMPTY_LEDGER, kept);
}

export interface Expected {
  readonly sequence: number;
  readonly key: Bytes;
  /** Undefined: deleted. */
  readonly value: Bytes | undefined;
}

/** The newest version of every key among the writes up to a sequence; a later write of the ledger wins. */
export function expectedRows(ledger: Ledger, sequence: number): Map<string, Expected> {
  const rows = new Map<string, Expected>();
  for (const entry of ledgerEntries(ledger))
    if (entry.sequence <= sequence) rows.set(textOfKey(entry.key), entry);
  return rows;
}

export const textOfKey = (bytes: Bytes): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

export const sameValue = (a: Bytes | undefined, b: Bytes | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && equalBytes(a, b));
