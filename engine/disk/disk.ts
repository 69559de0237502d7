// The one disk that every engine writes to: named files in memory, copied on write, with the two
// kinds of forgetting that matter. A *durable* file survives a power cut as far as it was synced; a
// *memory* file (page cache, memtable, heap) never does.
//
// - `seal()` hands out an immutable image in constant time. The first write to a chunk after it
//   copies that chunk: an epoch is stamped on every chunk that this disk may still write to.
// - A chunk can be passed by reference from one file to another (`put`): committing a page from the
//   cache to the database copies no byte, and whoever writes next makes the copy.
// - Whatever was asked of durable files and not synced is remembered in order (`Op`), down to the
//   bytes, so that power.ts can say what a cut might leave.
// - `cutAtWrite` pulls the plug at the n-th durable operation: it throws PowerCut out of the engine.
//
// Rule for callers: never keep a chunk from `own()` across a `seal()`; ask again.

import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import {
  CHUNKS_A_BLOCK,
  type Content,
  type DiskImage,
  EMPTY_CONTENT,
  EMPTY_IMAGE,
  type FileImage,
  type FileKind,
  type Op,
  type Pending,
} from './image.ts';

/** A chunk knows the epoch in which it may be written; any other epoch means: shared, copy first. */
interface Chunk extends Uint8Array {
  epoch?: number;
}

let lastEpoch = 0;

/** Thrown at the operation that `cutAtWrite` names. What the disk then holds is in `image`. */
export class PowerCut extends Error {
  readonly image: DiskImage;
  constructor(image: DiskImage) {
    super('the power was cut');
    this.name = 'PowerCut';
    this.image = image;
  }
}

export interface DiskOptions {
  /** Counted from 1 on this disk object; the operation is begun (pending), not made durable. */
  readonly cutAtWrite?: number;
  /** Nobody will ask what a power cut leaves: what was written and not synced is not remembered. */
  readonly unlogged?: boolean;
}

export class Disk {
  epoch = ++lastEpoch;
  readonly #options: DiskOptions;
  readonly #base: DiskImage;
  /** Shared with an image until the first change: a disk of many files is opened for one write. */
  #files: ReadonlyMap<number, FileImage>;
  #names: ReadonlyMap<string, number>;
  #filesOwn = false;
  #namesOwn = false;
  /** A name went since the last look for files that nobody names. */
  #purge = false;
  #syncedNames: ReadonlyMap<string, number>;
  #pending: Pending | undefined;
  #nextFile: number;
  #writes = 0;
  #syncs = 0;
  /** Files opened on this disk object, by id: their working state is newer than #files. */
  readonly #open = new Map<number, File>();

  constructor(image: DiskImage = EMPTY_IMAGE, options: DiskOptions = {}) {
    this.#base = image;
    this.#options = options;
    this.#files = image.files;
    this.#names = image.names;
    this.#syncedNames = image.syncedNames;
    this.#pending = image.pending;
    this.#nextFile = image.nextFile;
  }

  #ownFiles(): Map<number, FileImage> {
    if (!this.#filesOwn) this.#files = new Map(this.#files);
    this.#filesOwn = true;
    return this.#files as Map<number, FileImage>;
  }

  #ownNames(): Map<string, number> {
    if (!this.#namesOwn) this.#names = new Map(this.#names);
    this.#namesOwn = true;
    return this.#names as Map<string, number>;
  }

  /** Durable operations asked for since this disk object was made. */
  get writes(): number {
    return this.#writes;
  }

  /** For File: whether anything that was asked of it is not durable yet. */
  unsynced(file: number): boolean {
    for (let p = this.#pending; p; p = p.earlier)
      if (p.op.kind !== 'names' && p.op.file === file) return true;
    return false;
  }

  list(): string[] {
    return [...this.#names.keys()].sort();
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Opens a file, creating it empty where there is none. `chunkSize` in bytes, fixed at creation. */
  open(name: string, kind: FileKind, chunkSize = 4096): File {
    let id = this.#names.get(name);
    if (id === undefined) {
      id = this.#nextFile++;
      const { size, blocks } = EMPTY_CONTENT;
      const fresh: FileImage = { kind, chunkSize, now: { size, blocks }, synced: EMPTY_CONTENT };
      this.#ownFiles().set(id, fresh);
      this.#ownNames().set(name, id);
      if (kind === 'durable') this.note({ kind: 'names', entries: [[name, id]] });
    }
    const image = this.#files.get(id) as FileImage;
    assert(image.kind === kind, `${name} is a ${image.kind} file and was opened as ${kind}`);
    const known = this.#open.get(id);
    if (known) return known;
    const file = new File(this, id, image);
    this.#open.set(id, file);
    return file;
  }

  rename(from: string, to: string): void {
    const id = this.#names.get(from);
    assert(id !== undefined, `there is a file ${from} to rename`);
    this.#ownNames().delete(from);
    this.#ownNames().set(to, id);
    this.#purge = true;
    const entries = [
      [from, undefined],
      [to, id],
    ] as const;
    if (this.#kind(id) === 'durable') this.note({ kind: 'names', entries });
  }

  remove(name: string): void {
    const id = this.#names.get(name);
    assert(id !== undefined, `there is a file ${name} to remove`);
    const kind = this.#kind(id);
    this.#ownNames().delete(name);
    this.#purge = true;
    if (kind === 'durable') this.note({ kind: 'names', entries: [[name, undefined]] });
    else {
      this.#ownFiles().delete(id);
      this.#open.delete(id);
    }
  }

  /** Makes creations, renames and removals durable. */
  syncDirectory(): void {
    this.countAndCut();
    this.#syncedNames = new Map([...this.#names].filter(([, id]) => this.#kind(id) === 'durable'));
    this.#purge = true;
    if (this.#forget((op) => op.kind === 'names')) this.#syncs++;
  }

  /** The image of this moment. Constant time but for the files that were opened. */
  seal(): DiskImage {
    this.epoch = ++lastEpoch;
    for (const [id, file] of this.#open) {
      const before = this.#files.get(id);
      const image = file.sealed(before);
      if (image !== before) this.#ownFiles().set(id, image);
    }
    if (this.#purge) this.#removeUnnamed();
    this.#filesOwn = false;
    this.#namesOwn = false;
    return {
      names: this.#names,
      syncedNames: this.#syncedNames,
      files: this.#files,
      pending: this.#pending,
      nextFile: this.#nextFile,
      writes: this.#base.writes + this.#writes,
      syncs: this.#base.syncs + this.#syncs,
    };
  }

  /** Files that no directory names any more, not even the synced one, and no op mentions, are gone. */
  #removeUnnamed(): void {
    this.#purge = false;
    const named = new Set([...this.#names.values(), ...this.#syncedNames.values()]);
    const unnamed = [...this.#files.keys()].filter((id) => !named.has(id));
    if (unnamed.length > 0) {
      for (let p = this.#pending; p; p = p.earlier)
        if (p.op.kind === 'names') for (const [, id] of p.op.entries) if (id) named.add(id);
      for (const id of unnamed) {
        if (named.has(id)) continue;
        this.#ownFiles().delete(id);
        this.#open.delete(id); // or the next seal would bring it back
      }
    }
  }

  #kind(id: number): FileKind {
    return (this.#files.get(id) as FileImage).kind;
  }

  /** For File: a durable operation was asked for. */
  note(op: Op): void {
    if (!this.#options.unlogged) this.#pending = { op, earlier: this.#pending };
    this.countAndCut();
  }

  /** For File: whether `note` wants to have the bytes. */
  get remembers(): boolean {
    return !this.#options.unlogged;
  }

  /** For File: everything asked of one file is durable now. */
  settle(file: number): void {
    if (this.#forget((op) => op.kind !== 'names' && op.file === file)) this.#syncs++;
  }

  countAndCut(): void {
    this.#writes++;
    if (this.#writes === this.#options.cutAtWrite) throw new PowerCut(this.seal());
  }

  #forget(isDone: (op: Op) => boolean): boolean {
    const kept: Op[] = [];
    let forgot = false;
    for (let p = this.#pending; p; p = p.earlier)
      if (isDone(p.op)) forgot = true;
      else kept.push(p.op);
    if (!forgot) return false;
    let rest: Pending | undefined;
    for (const op of kept.reverse()) rest = { op, earlier: rest };
    this.#pending = rest;
    return true;
  }
}

/** An open file. Offsets and sizes in bytes; a chunk is `chunkSize` bytes, counted from 0. */
export class File {
  readonly kind: FileKind;
  readonly chunkSize: number;
  readonly #disk: Disk;
  readonly #id: number;
  readonly #source: FileImage['source'];
  #size: number;
  #blocks: (Chunk | undefined)[][];
  #synced: Content;
  /** Blocks (and, at -1, their list) that are ours to write in this epoch. */
  readonly #mine = new Set<number>();
  #mineEpoch = 0;

  constructor(disk: Disk, id: number, image: FileImage) {
    this.#disk = disk;
    this.#id = id;
    this.kind = image.kind;
    this.chunkSize = image.chunkSize;
    this.#source = image.source;
    this.#size = image.now.size;
    this.#blocks = image.now.blocks as (Chunk | undefined)[][];
    this.#synced = image.synced;
  }

  get size(): number {
    return this.#size;
  }

  /** How many chunks the size spans. */
  get chunks(): number {
    return Math.ceil(this.#size / this.chunkSize);
  }

  /** Read-only bytes of a chunk; zeros where nothing was written. */
  chunk(index: number): Bytes {
    return this.held(index) ?? new Uint8Array(this.chunkSize);
  }

  /** Read-only bytes of a chunk if the file holds any: a cache tells by this whether it has a page. */
  held(index: number): Bytes | undefined {
    return (
      this.#blocks[Math.floor(index / CHUNKS_A_BLOCK)]?.[index % CHUNKS_A_BLOCK] ??
      (this.#source && index < this.chunks ? this.#source.chunk(index) : undefined)
    );
  }

  /** Writable bytes of a chunk of a memory file, until the next seal(). Grows the file to hold it. */
  own(index: number): Uint8Array {
    assert(
      this.kind === 'memory',
      'durable files are written by write() and put(), which are logged',
    );
    const chunk = this.#blocks[Math.floor(index / CHUNKS_A_BLOCK)]?.[index % CHUNKS_A_BLOCK];
    this.#size = Math.max(this.#size, (index + 1) * this.chunkSize);
    if (chunk !== undefined && chunk.epoch === this.#disk.epoch) return chunk;
    const fresh: Chunk = new Uint8Array(this.chunkSize);
    if (chunk) fresh.set(chunk);
    fresh.epoch = this.#disk.epoch;
    this.#place(index, fresh);
    return fresh;
  }

  /** Makes `bytes` the chunk, by reference: from now on whoever would write to them copies first. */
  put(index: number, bytes: Bytes): void {
    assert(bytes.length === this.chunkSize, `a chunk is ${this.chunkSize} bytes`);
    (bytes as Chunk).epoch = 0;
    this.#place(index, bytes as Chunk);
    this.#size = Math.max(this.#size, (index + 1) * this.chunkSize);
    if (this.kind === 'durable')
      this.#disk.note({ kind: 'write', file: this.#id, offset: index * this.chunkSize, bytes });
  }

  /** Lets go of a chunk of a memory file: it reads as zeros, and held() says undefined. */
  drop(index: number): void {
    assert(this.kind === 'memory', 'only a memory file forgets');
    if (this.held(index) !== undefined) this.#place(index, undefined);
  }

  /** A copy of `length` bytes from `offset`; shorter where the file ends. */
  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.#size);
    const out = new Uint8Array(Math.max(0, end - offset));
    for (let at = offset; at < end; ) {
      const index = Math.floor(at / this.chunkSize);
      const from = at - index * this.chunkSize;
      const count = Math.min(this.chunkSize - from, end - at);
      const chunk = this.held(index);
      if (chunk) out.set(chunk.subarray(from, from + count), at - offset);
      at += count;
    }
    return out;
  }

  /** Writes bytes anywhere; the file grows to hold them. No bytes are no write, wherever. */
  write(offset: number, bytes: Bytes): void {
    if (bytes.length === 0) return;
    for (let at = 0; at < bytes.length; ) {
      const index = Math.floor((offset + at) / this.chunkSize);
      const from = offset + at - index * this.chunkSize;
      const count = Math.min(this.chunkSize - from, bytes.length - at);
      const old = this.held(index) as Chunk | undefined;
      let chunk = old;
      if (chunk === undefined || chunk.epoch !== this.#disk.epoch) {
        chunk = new Uint8Array(this.chunkSize);
        if (old) chunk.set(old);
        chunk.epoch = this.#disk.epoch;
        this.#place(index, chunk);
      }
      chunk.set(bytes.subarray(at, at + count), from);
      at += count;
    }
    this.#size = Math.max(this.#size, offset + bytes.length);
    if (this.kind === 'durable') {
      const copy = this.#disk.remembers ? bytes.slice() : bytes;
      this.#disk.note({ kind: 'write', file: this.#id, offset, bytes: copy });
    }
  }

  truncate(size: number): void {
    const keep = Math.ceil(size / this.chunkSize);
    for (let index = keep; index < this.chunks; index++) this.#place(index, undefined);
    const inLast = size - (keep - 1) * this.chunkSize;
    const last = keep > 0 ? this.held(keep - 1) : undefined;
    if (last && size < this.#size && inLast < this.chunkSize) {
      const cut: Chunk = new Uint8Array(this.chunkSize);
      cut.set(last.subarray(0, inLast));
      cut.epoch = this.#disk.epoch;
      this.#place(keep - 1, cut);
    }
    this.#size = size;
    if (this.kind === 'durable') this.#disk.note({ kind: 'resize', file: this.#id, size });
  }

  /** Whether anything that was asked of this file is not durable yet. */
  get unsynced(): boolean {
    return this.#disk.unsynced(this.#id);
  }

  /** Makes everything asked of this file durable. */
  sync(): void {
    assert(this.kind === 'durable', 'a memory file is never durable');
    this.#disk.countAndCut();
    // From here on the chunks are shared with the synced content: a write must copy.
    for (const index of this.#mine) {
      const block = this.#blocks[index];
      if (index >= 0 && block) for (const chunk of block) if (chunk) chunk.epoch = 0;
    }
    this.#mine.clear();
    this.#synced = { size: this.#size, blocks: this.#blocks };
    this.#disk.settle(this.#id);
  }

  /** For Disk.seal(): the image of this file, the same object as `before` where nothing changed. */
  sealed(before: FileImage | undefined): FileImage {
    this.#mine.clear();
    const now =
      before && before.now.blocks === this.#blocks && before.now.size === this.#size
        ? before.now
        : this.#synced.blocks === this.#blocks && this.#synced.size === this.#size
          ? this.#synced
          : { size: this.#size, blocks: this.#blocks };
    const synced = this.kind === 'durable' ? this.#synced : EMPTY_CONTENT;
    if (before && before.now === now && before.synced === synced) return before;
    return {
      kind: this.kind,
      chunkSize: this.chunkSize,
      now,
      synced,
      ...(this.#source && { source: this.#source }),
    };
  }

  #place(index: number, chunk: Chunk | undefined): void {
    if (this.#mineEpoch !== this.#disk.epoch) {
      this.#mine.clear();
      this.#mineEpoch = this.#disk.epoch;
    }
    if (!this.#mine.has(-1)) {
      this.#blocks = this.#blocks.slice();
      this.#mine.add(-1);
    }
    const b = Math.floor(index / CHUNKS_A_BLOCK);
    let block = this.#blocks[b];
    if (!this.#mine.has(b)) {
      block = block ? block.slice() : [];
      while (this.#blocks.length < b) this.#blocks.push([]);
      this.#blocks[b] = block;
      this.#mine.add(b);
    }
    const i = index % CHUNKS_A_BLOCK;
    while ((block as unknown[]).length < i) (block as unknown[]).push(undefined);
    (block as (Chunk | undefined)[])[i] = chunk;
  }
}
