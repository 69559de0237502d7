// A disk image: what a disk holds at one moment, as immutable values that share what is equal.
//
//   DiskImage ─ names ──────▶ file id          the directory as the running process sees it
//             ─ syncedNames ▶ file id          the directory that would survive a power cut
//             ─ files ─ id ─▶ FileImage ─ now     content as the process sees it
//                                       ─ synced  content that would survive (durable files)
//             ─ pending ───▶ op ─▶ op ─▶ …     what was written and not synced, newest first
//
// A content is a size and chunks (a page, a 4 KiB stretch of a log), in blocks of 64 references, so
// that the next content shares all blocks but those it changed. Two images are compared by
// reference: what changed between any two moments costs a look at the blocks, never at the bytes.
// A chunk that is absent reads as zeros; bytes behind `size` in the last chunk have no meaning.

import type { Bytes } from '../base/bytes.ts';

export type FileKind = 'durable' | 'memory';
export const CHUNKS_A_BLOCK = 64;

export interface Content {
  readonly size: number;
  readonly blocks: readonly (readonly (Bytes | undefined)[] | undefined)[];
}

export interface FileImage {
  readonly kind: FileKind;
  readonly chunkSize: number;
  readonly now: Content;
  readonly synced: Content;
  /** Content that is read from elsewhere when first asked for: an imported file. Never changes. */
  readonly source?: Source;
}

/** Where chunks of an imported file come from. */
export interface Source {
  chunk(index: number): Bytes;
  /** Small enough, with all that lies beside it, to be loaded at once. */
  readonly isWhole?: true;
}

/** Something that was asked of the disk and not yet synced, so that a power cut may lose it. */
export type Op =
  | {
      readonly kind: 'write';
      readonly file: number;
      readonly offset: number;
      readonly bytes: Bytes;
    }
  | { readonly kind: 'resize'; readonly file: number; readonly size: number }
  | {
      readonly kind: 'names';
      readonly entries: readonly (readonly [string, number | undefined])[];
    };

export interface Pending {
  readonly op: Op;
  readonly earlier: Pending | undefined;
}

export interface DiskImage {
  readonly names: ReadonlyMap<string, number>;
  readonly syncedNames: ReadonlyMap<string, number>;
  readonly files: ReadonlyMap<number, FileImage>;
  readonly pending: Pending | undefined;
  readonly nextFile: number;
  /** Durable operations (writes, resizes, syncs, directory operations) ever asked for. */
  readonly writes: number;
  /** How many of them were syncs that had something to make durable. */
  readonly syncs: number;
}

export const EMPTY_CONTENT: Content = { size: 0, blocks: [] };
export const EMPTY_IMAGE: DiskImage = {
  names: new Map(),
  syncedNames: new Map(),
  files: new Map(),
  pending: undefined,
  nextFile: 1,
  writes: 0,
  syncs: 0,
};

export function fileNamed(image: DiskImage, name: string): FileImage | undefined {
  const id = image.names.get(name);
  return id === undefined ? undefined : image.files.get(id);
}

/** A chunk's bytes; undefined where the content has none (zeros, or not loaded on this side). */
export function chunkOf(content: Content, index: number): Bytes | undefined {
  return content.blocks[Math.floor(index / CHUNKS_A_BLOCK)]?.[index % CHUNKS_A_BLOCK];
}

/** All bytes of a content, as one array of `content.size` bytes. */
export function bytesOfContent(file: FileImage, content: Content = file.now): Uint8Array {
  const out = new Uint8Array(content.size);
  for (let index = 0; index * file.chunkSize < content.size; index++) {
    const chunk = chunkOf(content, index) ?? file.source?.chunk(index);
    const at = index * file.chunkSize;
    if (chunk) out.set(chunk.subarray(0, Math.min(chunk.length, content.size - at)), at);
  }
  return out;
}

export interface Change {
  readonly file: number;
  readonly layer: 'now' | 'synced';
  readonly chunk: number;
}

/** The chunks whose reference differs between two images, in order; files gone from `newer` are not named. */
export function* changed(older: DiskImage, newer: DiskImage): Iterable<Change> {
  for (const [file, image] of newer.files) {
    const before = older.files.get(file);
    if (before === image) continue;
    for (const layer of ['now', 'synced'] as const)
      for (const chunk of changedChunks(before?.[layer] ?? EMPTY_CONTENT, image[layer]))
        yield { file, layer, chunk };
  }
}

export function* changedChunks(older: Content, newer: Content): Iterable<number> {
  if (older === newer || older.blocks === newer.blocks) return;
  for (let b = 0; b < newer.blocks.length; b++) {
    const block = newer.blocks[b];
    const before = older.blocks[b];
    if (block === before || block === undefined) continue;
    for (let i = 0; i < block.length; i++)
      if (block[i] !== before?.[i] && block[i] !== undefined) yield b * CHUNKS_A_BLOCK + i;
  }
}

/** How many bytes `newer` holds that `older` does not share: what keeping it beside `older` costs. */
export function weightBeside(older: DiskImage | undefined, newer: DiskImage): number {
  const seen = new Set<Bytes>();
  let bytes = 0;
  for (const { file, layer, chunk } of changed(older ?? EMPTY_IMAGE, newer)) {
    const held = chunkOf((newer.files.get(file) as FileImage)[layer], chunk) as Bytes;
    if (seen.has(held)) continue;
    seen.add(held);
    bytes += held.byteLength + 240; // an array, its buffer and its epoch, measured in V8
  }
  for (const [id, file] of newer.files)
    if (older?.files.get(id) !== file)
      bytes += 8 * CHUNKS_A_BLOCK + 16 * file.now.blocks.length + 200;
  return bytes;
}
