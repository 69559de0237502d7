// The bytes of a page as rows for the hex view: each byte knows its region, whether it changed since
// the moment before, and whether it is chosen. Long stretches of free zeros fold into one row.
//
//   offset  bytes, in runs of equal look         as text
//   00c0    00 38 15 03 00 6b 4d 61              ·8···kMa

import type { InspectedRegion } from '../scene/inspect.ts';

/** What the rows need of a region: the last one that holds a byte wins. */
type HexRegion = Pick<InspectedRegion, 'from' | 'to' | 'tone'>;

export interface HexByte {
  readonly offset: number;
  readonly value: number;
  /** Index into the regions; -1: none. */
  readonly region: number;
  readonly changed: boolean;
}

export type HexRow =
  | { readonly kind: 'bytes'; readonly offset: number; readonly bytes: readonly HexByte[] }
  | { readonly kind: 'fold'; readonly offset: number; readonly rows: number };

export interface HexInput {
  readonly bytes: Uint8Array;
  readonly before?: Uint8Array | undefined;
  readonly regions: readonly HexRegion[];
  readonly bytesARow: number;
  /** Fold runs of at least so many rows of nothing but zeros; 0: never. */
  readonly foldRows?: number;
}

/** For each byte the index of its region, -1 where none. */
export function regionOfBytes(length: number, regions: readonly HexRegion[]): Int32Array {
  const out = new Int32Array(length).fill(-1);
  regions.forEach((region, index) => {
    out.fill(index, Math.max(0, region.from), Math.min(length, region.to));
  });
  return out;
}

export function hexRows(input: HexInput): HexRow[] {
  const { bytes, before, regions, bytesARow, foldRows = 4 } = input;
  const owner = regionOfBytes(bytes.length, regions);
  const rows: HexRow[] = [];
  let zeros: HexRow[] = [];
  const flush = () => {
    if (foldRows > 0 && zeros.length >= foldRows) {
      // One row on each side stays, so that it is seen what was folded.
      const first = zeros[0] as HexRow;
      const last = zeros[zeros.length - 1] as HexRow;
      const second = zeros[1] as HexRow;
      rows.push(first, { kind: 'fold', offset: second.offset, rows: zeros.length - 2 }, last);
    } else rows.push(...zeros);
    zeros = [];
  };
  for (let offset = 0; offset < bytes.length; offset += bytesARow) {
    const row: HexByte[] = [];
    let plainZeros = true;
    for (let at = offset; at < Math.min(bytes.length, offset + bytesARow); at++) {
      const value = bytes[at] as number;
      const changed = before !== undefined && before[at] !== value;
      const region = owner[at] as number;
      const meaning = region === -1 ? 'free' : (regions[region]?.tone ?? 'free');
      if (value !== 0 || changed || meaning !== 'free') plainZeros = false;
      row.push({ offset: at, value, region, changed });
    }
    const made: HexRow = { kind: 'bytes', offset, bytes: row };
    if (plainZeros) zeros.push(made);
    else {
      flush();
      rows.push(made);
    }
  }
  flush();
  return rows;
}

/** Neighbours of equal look, so that a row is a few elements and not sixteen. */
export interface HexRun {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly region: number;
  readonly changed: boolean;
  readonly hex: string;
  readonly text: string;
}

/** `cuts`: offsets before which a run ends in any case. */
export function runsOf(row: readonly HexByte[], cuts?: ReadonlySet<number>): HexRun[] {
  const runs: HexRun[] = [];
  for (const byte of row) {
    const last = runs.at(-1);
    const hex = byte.value.toString(16).padStart(2, '0');
    const text = printable(byte.value);
    if (
      last &&
      last.region === byte.region &&
      last.changed === byte.changed &&
      !cuts?.has(byte.offset)
    )
      runs[runs.length - 1] = {
        ...last,
        to: byte.offset + 1,
        hex: `${last.hex} ${hex}`,
        text: last.text + text,
      };
    else
      runs.push({
        from: byte.offset,
        to: byte.offset + 1,
        region: byte.region,
        changed: byte.changed,
        hex,
        text,
      });
  }
  return runs;
}

export const printable = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';

/** How many bytes differ, and how many there are only on one side. */
export function countChanged(bytes: Uint8Array, before: Uint8Array | undefined): number {
  if (!before) return 0;
  let count = Math.abs(bytes.length - before.length);
  for (let i = 0; i < Math.min(bytes.length, before.length); i++)
    if (bytes[i] !== before[i]) count++;
  return count;
}

export const offsetText = (offset: number): string => offset.toString(16).padStart(4, '0');
