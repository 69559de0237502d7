// A list that grows at its end, as a value: push() gives a new list that shares all but the last
// block with the old one. So a thousand worlds of a run keep one copy of a long log between them.
//
//   blocks  [ 0 … 31 ] [ 32 … 63 ] [ 64, 65 ]      length 66; push copies [ 64, 65 ] and the spine
//
// A list may also forget its beginning: whole blocks go, and `from` says what its first item counts as.

export interface Seq<T> {
  /** The number of its first item that is still there. */
  readonly from: number;
  /** One more than the number of its last item. */
  readonly length: number;
  readonly blocks: readonly (readonly T[])[];
}

const BLOCK = 32;

export const emptySeq = <T>(from = 0): Seq<T> => ({ from, length: from, blocks: [] });

export function seqOf<T>(items: readonly T[], from = 0): Seq<T> {
  const blocks: T[][] = [];
  // The first block is as long as it takes for the others to begin at multiples of BLOCK.
  for (let at = 0; at < items.length; ) {
    const room = BLOCK - ((from + at) % BLOCK);
    blocks.push(items.slice(at, at + room));
    at += room;
  }
  return { from, length: from + items.length, blocks };
}

/** Which block an item is in, and where. */
const blockOf = ({ from }: Seq<unknown>, at: number): number =>
  Math.floor(at / BLOCK) - Math.floor(from / BLOCK);
const startOf = ({ from }: Seq<unknown>, block: number): number =>
  block === 0 ? from : (Math.floor(from / BLOCK) + block) * BLOCK;

/** The item with that number; undefined outside of the list. */
export function itemAt<T>(seq: Seq<T>, at: number): T | undefined {
  if (at < seq.from || at >= seq.length) return undefined;
  const block = blockOf(seq, at);
  return seq.blocks[block]?.[at - startOf(seq, block)];
}

export function pushed<T>(seq: Seq<T>, item: T): Seq<T> {
  const last = seq.blocks[seq.blocks.length - 1];
  const blocks =
    last && seq.length % BLOCK !== 0
      ? [...seq.blocks.slice(0, -1), [...last, item]]
      : [...seq.blocks, [item]];
  return { from: seq.from, length: seq.length + 1, blocks };
}

/** Without the items from number `length` on. */
export function cutAt<T>(seq: Seq<T>, length: number): Seq<T> {
  if (length >= seq.length) return seq;
  if (length <= seq.from) return emptySeq(seq.from);
  const block = blockOf(seq, length - 1);
  const rest = (seq.blocks[block] as readonly T[]).slice(0, length - startOf(seq, block));
  return { from: seq.from, length, blocks: [...seq.blocks.slice(0, block), rest] };
}

/** Without the items before number `from`. */
export function cutBefore<T>(seq: Seq<T>, from: number): Seq<T> {
  if (from <= seq.from) return seq;
  if (from >= seq.length) return emptySeq(from);
  const block = blockOf(seq, from);
  const first = (seq.blocks[block] as readonly T[]).slice(from - startOf(seq, block));
  return { from, length: seq.length, blocks: [first, ...seq.blocks.slice(block + 1)] };
}

/** The items with numbers from `from` up to, not including, `to`. */
export function itemsOf<T>(seq: Seq<T>, from = seq.from, to = seq.length): T[] {
  const out: T[] = [];
  for (let at = Math.max(from, seq.from); at < Math.min(to, seq.length); ) {
    const block = blockOf(seq, at);
    const start = startOf(seq, block);
    const items = seq.blocks[block] as readonly T[];
    const end = Math.min(to - start, items.length);
    for (let i = at - start; i < end; i++) out.push(items[i] as T);
    at = start + end;
  }
  return out;
}
