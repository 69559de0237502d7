// From one image to another in as few bytes as can be: the way a moment crosses to the page. Only
// chunks whose reference changed travel; a chunk that two files share travels once, because the
// structured clone keeps identity within a message.

import type { Bytes } from '../base/bytes.ts';
import {
  CHUNKS_A_BLOCK,
  type Content,
  changedChunks,
  chunkOf,
  type DiskImage,
  EMPTY_CONTENT,
  type FileImage,
  type FileKind,
} from './image.ts';

interface ContentPatch {
  readonly size: number;
  /** Pairs: a chunk's index and its bytes, or nothing where the newer content has none. */
  readonly chunks: readonly (readonly [number, Bytes | undefined])[];
}

export interface FilePatch {
  readonly id: number;
  readonly kind: FileKind;
  readonly chunkSize: number;
  /** Its content comes from elsewhere: chunks are asked for one by one (Host.chunks), never sent unasked; or all at once. */
  readonly lazy?: true | 'whole';
  readonly now?: ContentPatch;
  /** `same`: it is the content of `now`. */
  readonly synced?: ContentPatch | 'same';
}

export interface Patch {
  readonly names: readonly (readonly [string, number])[];
  readonly syncedNames: readonly (readonly [string, number])[];
  readonly files: readonly FilePatch[];
  readonly gone: readonly number[];
  readonly writes: number;
  readonly syncs: number;
}

/** `older`: the image that the other side has. Files with a source send what was loaded and changed only. */
export function patchBetween(older: DiskImage | undefined, newer: DiskImage): Patch {
  const files: FilePatch[] = [];
  for (const [id, file] of newer.files) {
    const before = older?.files.get(id);
    if (before === file) continue;
    const now = contentPatch(before?.now ?? EMPTY_CONTENT, file.now);
    const synced = sameContent(file.synced, file.now)
      ? 'same'
      : contentPatch(before?.synced ?? EMPTY_CONTENT, file.synced);
    files.push({
      id,
      kind: file.kind,
      chunkSize: file.chunkSize,
      ...(file.source && { lazy: file.source.isWhole ? 'whole' : true }),
      ...(now && { now }),
      ...(synced && { synced }),
    });
  }
  return {
    names: [...newer.names],
    syncedNames: [...newer.syncedNames],
    files,
    gone: older ? [...older.files.keys()].filter((id) => !newer.files.has(id)) : [],
    writes: newer.writes,
    syncs: newer.syncs,
  };
}

const sameContent = (a: Content, b: Content) => a.size === b.size && a.blocks === b.blocks;

function contentPatch(older: Content, newer: Content): ContentPatch | undefined {
  if (sameContent(older, newer)) return undefined;
  const chunks: [number, Bytes | undefined][] = [];
  for (const index of changedChunks(older, newer)) chunks.push([index, chunkOf(newer, index)]);
  for (let b = 0; b < older.blocks.length; b++) {
    const block = older.blocks[b];
    if (block === newer.blocks[b] || block === undefined) continue;
    for (let i = 0; i < block.length; i++)
      if (block[i] !== undefined && newer.blocks[b]?.[i] === undefined)
        chunks.push([b * CHUNKS_A_BLOCK + i, undefined]);
  }
  return { size: newer.size, chunks };
}

/** The other side: the newer image, sharing with the older one all that did not change. */
export function applyPatch(older: DiskImage | undefined, patch: Patch): DiskImage {
  const files = new Map(older?.files);
  for (const id of patch.gone) files.delete(id);
  for (const { id, kind, chunkSize, now, synced } of patch.files) {
    const before = files.get(id);
    const content = now
      ? applied(before?.now ?? EMPTY_CONTENT, now)
      : (before?.now ?? EMPTY_CONTENT);
    const after: FileImage = {
      kind,
      chunkSize,
      now: content,
      synced:
        synced === 'same'
          ? content
          : synced
            ? applied(before?.synced ?? EMPTY_CONTENT, synced)
            : (before?.synced ?? EMPTY_CONTENT),
    };
    files.set(id, after);
  }
  return {
    names: new Map(patch.names),
    syncedNames: new Map(patch.syncedNames),
    files,
    pending: undefined,
    nextFile: 0,
    writes: patch.writes,
    syncs: patch.syncs,
  };
}

function applied(older: Content, patch: ContentPatch): Content {
  const blocks = older.blocks.slice() as (Bytes | undefined)[][];
  const mine = new Set<number>();
  for (const [index, bytes] of patch.chunks) {
    const b = Math.floor(index / CHUNKS_A_BLOCK);
    while (blocks.length <= b) blocks.push([]);
    if (!mine.has(b)) blocks[b] = (blocks[b] ?? []).slice();
    mine.add(b);
    (blocks[b] as (Bytes | undefined)[])[index % CHUNKS_A_BLOCK] = bytes;
  }
  return { size: patch.size, blocks };
}

/** An image whose file also holds the chunks given, in both layers: what was loaded of a lazy file. */
export function withChunks(
  image: DiskImage,
  id: number,
  chunks: readonly (readonly [number, Bytes])[],
): DiskImage {
  const file = image.files.get(id);
  if (!file || chunks.length === 0) return image;
  const now = applied(file.now, { size: file.now.size, chunks });
  const synced = file.synced.size === 0 ? file.synced : now;
  return { ...image, files: new Map(image.files).set(id, { ...file, now, synced }) };
}
