// Packing: chunks of files (pages of a database, mostly) into records for IndexedDB.
//
// A transaction there costs some 0.6 ms and each record in it some 0.08 ms, whatever it holds, up to
// 64 KiB; beyond that Chromium's older store puts each value into a file of its own, four to five
// times slower. So chunks are packed, as many as fit, into records of at most 60 KiB.
//
// A pack is a sequence of entries: u32 file (its place in the list of names), u32 chunk, u32 offset
// within the chunk, u32 length, bytes. A chunk longer than a pack is cut into several entries.
//
//   00000000 00000004 00000000 00000200 │ 0d 00 00 …      file 0, chunk 4, from byte 0, 512 bytes

import type { Bytes } from '../../engine/base/bytes.ts';

/** The most that a record holds. */
export const PACK_BYTES = 60 * 1024;
const ENTRY = 16;

export interface FileEntry {
  readonly name: string;
  readonly size: number;
  readonly chunkSize: number;
}

/** What of a file is to be packed: a chunk's number and its bytes. */
export interface Packable extends FileEntry {
  readonly chunks: readonly (readonly [number, Bytes])[];
}

/** `most`: bytes a pack may take, for whoever frames it. */
export function pack(
  kept: { readonly files: readonly Packable[] },
  most = PACK_BYTES,
): Uint8Array[] {
  const packs: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = () => {
    if (size === 0) return;
    const out = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    packs.push(out);
    parts = [];
    size = 0;
  };
  kept.files.forEach(({ chunks }, file) => {
    for (const [chunk, bytes] of chunks)
      for (let offset = 0; offset < bytes.length; ) {
        if (most - size < ENTRY + 512) flush();
        const length = Math.min(bytes.length - offset, most - size - ENTRY);
        // A page goes in whole where a fresh pack could hold it.
        if (length < bytes.length - offset && size > 0 && bytes.length + ENTRY <= most) {
          flush();
          continue;
        }
        const head = new Uint8Array(ENTRY);
        const view = new DataView(head.buffer);
        [file, chunk, offset, length].forEach((word, i) => {
          view.setUint32(4 * i, word);
        });
        parts.push(head, bytes.subarray(offset, offset + length));
        size += ENTRY + length;
        offset += length;
      }
  });
  flush();
  return packs;
}

/** A piece of a chunk, as it lies in a pack. */
export interface Piece {
  readonly file: number;
  readonly chunk: number;
  /** Within the chunk. */
  readonly offset: number;
  readonly bytes: Bytes;
}

/** The entries of a pack, in order. */
export function* piecesOf(pack: Bytes): Iterable<Piece> {
  const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
  for (let at = 0; at + ENTRY <= pack.length; ) {
    const length = view.getUint32(at + 12);
    yield {
      file: view.getUint32(at),
      chunk: view.getUint32(at + 4),
      offset: view.getUint32(at + 8),
      bytes: pack.subarray(at + ENTRY, at + ENTRY + length),
    };
    at += ENTRY + length;
  }
}

/** Whole files of all of their packs, the oldest first. */
export function unpack(
  files: readonly FileEntry[],
  packs: readonly Uint8Array[],
): { name: string; bytes: Uint8Array }[] {
  const out = files.map(({ name, size }) => ({ name, bytes: new Uint8Array(size) }));
  for (const pack of packs)
    for (const piece of piecesOf(pack)) {
      const bytes = out[piece.file]?.bytes;
      const to = piece.chunk * (files[piece.file]?.chunkSize ?? 0) + piece.offset;
      // The file may have shrunk since: what lies behind its end is no longer part of it.
      if (bytes && to < bytes.length) bytes.set(piece.bytes.subarray(0, bytes.length - to), to);
    }
  return out;
}
