// What a power cut leaves. Everything synced is there; of what was asked for and not synced, any
// part may have reached the platter: a write in sectors of 512 bytes, each by itself, a resize or a
// directory operation as a whole. Sectors are atomic; nothing else is.

import { Dice } from '../base/dice.ts';
import { Disk } from './disk.ts';
import type { DiskImage, FileImage, Op } from './image.ts';

export const SECTOR = 512;

/** What is pending, oldest first, with writes cut at sector boundaries: the unit that survives or not. */
export function pendingOf(image: DiskImage): Op[] {
  const ops: Op[] = [];
  for (let p = image.pending; p; p = p.earlier) ops.push(p.op);
  return ops.reverse().flatMap((op) => {
    if (op.kind !== 'write') return [op];
    const parts: Op[] = [];
    for (let at = 0; at < op.bytes.length; ) {
      const offset = op.offset + at;
      const count = Math.min(SECTOR - (offset % SECTOR), op.bytes.length - at);
      parts.push({
        kind: 'write',
        file: op.file,
        offset,
        bytes: op.bytes.subarray(at, at + count),
      });
      at += count;
    }
    return parts;
  });
}

/** The disk after a cut at which just the pending parts that `keep` names had reached the platter. */
export function powerCut(
  image: DiskImage,
  keep: (part: number) => boolean = () => false,
): DiskImage {
  const files = new Map<number, FileImage>();
  for (const [id, { kind, chunkSize, synced, source }] of image.files)
    if (kind === 'durable')
      files.set(id, { kind, chunkSize, now: synced, synced, ...(source && { source }) });
  const names = new Map(image.syncedNames);
  const kept = pendingOf(image).filter((_, part) => keep(part));
  for (const op of kept)
    if (op.kind === 'names')
      for (const [name, id] of op.entries)
        if (id === undefined) names.delete(name);
        else names.set(name, id);
  // Contents go in under names that no file can have; what survives is then synced by definition.
  const byId = new Map([...files.keys()].map((id) => [`#${id}`, id]));
  const disk = new Disk({ ...image, names: byId, syncedNames: byId, files, pending: undefined });
  for (const op of kept) {
    if (op.kind === 'names' || !files.has(op.file)) continue;
    const file = disk.open(`#${op.file}`, 'durable');
    if (op.kind === 'write') file.write(op.offset, op.bytes);
    else file.truncate(op.size);
  }
  const after = disk.seal();
  const left = new Map<number, FileImage>();
  const named = new Set(names.values());
  for (const [id, file] of after.files) {
    if (!named.has(id)) continue;
    left.set(id, file.now === file.synced ? file : { ...file, synced: file.now });
  }
  for (const [name, id] of names) if (!left.has(id)) names.delete(name);
  return {
    names,
    syncedNames: names,
    files: left,
    pending: undefined,
    nextFile: image.nextFile,
    writes: image.writes,
    syncs: image.syncs,
  };
}

/** How far `crashes` goes once there are too many subsets to try them all. */
export interface CrashBound {
  readonly seed: number;
  /** Seeded subsets beyond the systematic ones. */
  readonly extra: number;
}

/**
 * Which of `count` pending parts may survive: every subset of up to 6; of more, none, all, each alone,
 * each missing, every prefix, and seeded subsets.
 */
export function* keptSets(count: number, bound: CrashBound): Iterable<(part: number) => boolean> {
  if (count <= 6) {
    for (let set = 0; set < 2 ** count; set++) yield (part) => ((set >> part) & 1) === 1;
    return;
  }
  for (let n = 0; n <= count; n++) yield (part) => part < n;
  for (let n = 0; n < count; n++) yield (part) => part === n;
  for (let n = 0; n < count; n++) yield (part) => part !== n;
  const dice = new Dice(bound.seed);
  for (let n = 0; n < bound.extra; n++) {
    const rolls = Array.from({ length: count }, () => dice.chance(0.5));
    yield (part) => rolls[part] === true;
  }
}

/** Images that a power cut could leave, by these subsets. */
export function* crashes(image: DiskImage, bound: CrashBound): Iterable<DiskImage> {
  for (const keep of keptSets(pendingOf(image).length, bound)) yield powerCut(image, keep);
}
