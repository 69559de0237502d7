import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import { Disk, PowerCut } from './disk.ts';
import {
  bytesOfContent,
  type Content,
  changed,
  chunkOf,
  type DiskImage,
  EMPTY_IMAGE,
  type FileImage,
  fileNamed,
  weightBeside,
} from './image.ts';
import { applyPatch, patchBetween } from './patch.ts';
import { crashes, pendingOf, powerCut, SECTOR } from './power.ts';

// ── the naive model: files are arrays of bytes, copied whole for every image ─────────────────────

interface PlainFile {
  kind: 'durable' | 'memory';
  now: Uint8Array;
  synced: Uint8Array;
}
interface Plain {
  names: Map<string, number>;
  syncedNames: Map<string, number>;
  files: Map<number, PlainFile>;
  next: number;
}
const copyOf = ({ names, syncedNames, files, next }: Plain): Plain => ({
  names: new Map(names),
  syncedNames: new Map(syncedNames),
  files: new Map([...files].map(([id, file]) => [id, { ...file }])),
  next,
});
const resized = (bytes: Uint8Array, size: number) => {
  const out = new Uint8Array(size);
  out.set(bytes.subarray(0, size));
  return out;
};
const written = (bytes: Uint8Array, offset: number, what: Uint8Array) => {
  if (what.length === 0) return bytes;
  const out = resized(bytes, Math.max(bytes.length, offset + what.length));
  out.set(what, offset);
  return out;
};

type Contents = { [name: string]: [kind: string, hex: string] };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function contentsOfPlain({ names, files }: Plain, layer: 'now' | 'synced' = 'now'): Contents {
  const out: Contents = {};
  for (const name of [...names.keys()].sort()) {
    const file = files.get(names.get(name) as number) as PlainFile;
    out[name] = [file.kind, hex(file[layer])];
  }
  return out;
}
function contentsOf(
  image: Pick<DiskImage, 'names' | 'files'>,
  layer: 'now' | 'synced' = 'now',
): Contents {
  const out: Contents = {};
  for (const name of [...image.names.keys()].sort()) {
    const file = image.files.get(image.names.get(name) as number) as FileImage;
    out[name] = [file.kind, hex(bytesOfContent(file, file[layer]))];
  }
  return out;
}
const survivors = (plain: Plain): Contents =>
  contentsOfPlain({ ...plain, names: plain.syncedNames }, 'synced');

// ── random work ──────────────────────────────────────────────────────────────────────────────────

type Step =
  | { do: 'write'; file: number; offset: number; length: number }
  | { do: 'put'; file: number; chunk: number; from: number | undefined }
  | { do: 'own'; file: number; chunk: number }
  | { do: 'drop'; file: number; chunk: number }
  | { do: 'truncate'; file: number; size: number }
  | { do: 'sync'; file: number }
  | { do: 'rename'; file: number; to: number }
  | { do: 'remove'; file: number }
  | { do: 'syncDirectory' }
  | { do: 'seal' };

const CHUNK_SIZES = [512, 1024, 4096, 65_536];
const FILES = ['a', 'b', 'm', 'n'];
const kindOf = (name: string) => (name < 'm' ? 'durable' : 'memory');

function stepsFor(chunkSize: number): fc.Arbitrary<Step[]> {
  const file = fc.nat(FILES.length - 1);
  /** Beyond the first block of references, where that is cheap. */
  const far = chunkSize <= 1024 ? 70 : 2;
  const offset = fc.oneof(
    fc.nat(3 * chunkSize),
    fc.constantFrom(0, chunkSize - 1, chunkSize, far * chunkSize),
  );
  const length = fc.oneof(fc.nat(40), fc.constantFrom(511, 512, 513, chunkSize, chunkSize + 1));
  const chunk = fc.oneof(
    fc.nat(3),
    fc.constantFrom(far - 7, far - 6, far - 5).map((n) => Math.max(0, n)),
  );
  return fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('write' as const), file, offset, length }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('put' as const),
          file,
          chunk,
          from: fc.option(chunk, { nil: undefined }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('own' as const), file, chunk }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), file, chunk }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('truncate' as const), file, size: offset }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('sync' as const), file }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), file, to: file }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), file }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('syncDirectory' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('seal' as const) }) },
    ),
    { maxLength: 30 },
  );
}

/** A disk and its model, side by side. */
class Pair {
  readonly disk: Disk;
  readonly plain: Plain;
  readonly #chunkSize: number;
  readonly #dice: Dice;
  constructor(image: DiskImage, plain: Plain, chunkSize: number, seed: number) {
    this.disk = new Disk(image);
    this.plain = copyOf(plain);
    this.#chunkSize = chunkSize;
    this.#dice = new Dice(seed);
  }

  #bytes(length: number) {
    return Uint8Array.from({ length }, () => 1 + this.#dice.below(255));
  }

  #file(nth: number) {
    const name = FILES[nth] as string;
    const kind = kindOf(name);
    let id = this.plain.names.get(name);
    if (id === undefined) {
      id = this.plain.next++;
      this.plain.names.set(name, id);
      this.plain.files.set(id, { kind, now: new Uint8Array(), synced: new Uint8Array() });
    }
    const file = this.disk.open(name, kind, this.#chunkSize);
    return { name, kind, file, plain: this.plain.files.get(id) as PlainFile };
  }

  do(step: Step): DiskImage | undefined {
    const size = this.#chunkSize;
    if (step.do === 'seal') return this.disk.seal();
    if (step.do === 'syncDirectory') {
      this.disk.syncDirectory();
      this.plain.syncedNames = new Map(
        [...this.plain.names].filter(([, id]) => this.plain.files.get(id)?.kind === 'durable'),
      );
      return undefined;
    }
    const { name, kind, file, plain } = this.#file(step.file);
    switch (step.do) {
      case 'write': {
        const bytes = this.#bytes(step.length);
        file.write(step.offset, bytes);
        plain.now = written(plain.now, step.offset, bytes);
        bytes.fill(0); // the caller's array is the caller's again
        break;
      }
      case 'put': {
        // From another file by reference where that holds one; else bytes of its own.
        const other = this.disk.open('m', 'memory', size);
        if (!this.plain.names.has('m')) this.#file(2);
        const held = step.from === undefined ? undefined : other.held(step.from);
        const bytes = held ?? this.#bytes(size);
        file.put(step.chunk, bytes);
        plain.now = written(plain.now, step.chunk * size, bytes.slice());
        break;
      }
      case 'own': {
        if (kind !== 'memory') break;
        const at = this.#dice.below(size);
        const own = file.own(step.chunk);
        const value = this.#dice.below(256);
        own[at] = value;
        plain.now = resized(plain.now, Math.max(plain.now.length, (step.chunk + 1) * size));
        plain.now[step.chunk * size + at] = value;
        break;
      }
      case 'drop':
        if (kind !== 'memory') break;
        file.drop(step.chunk);
        expect(file.held(step.chunk)).toBeUndefined();
        plain.now = plain.now.slice().fill(0, step.chunk * size, (step.chunk + 1) * size);
        break;
      case 'truncate':
        file.truncate(step.size);
        plain.now = resized(plain.now, step.size);
        break;
      case 'sync':
        if (kind !== 'durable') break;
        file.sync();
        plain.synced = plain.now;
        break;
      case 'rename': {
        const to = FILES[step.to] as string;
        if (kindOf(to) !== kind) break;
        this.disk.rename(name, to);
        const id = this.plain.names.get(name) as number;
        this.plain.names.delete(name);
        this.plain.names.set(to, id);
        break;
      }
      case 'remove':
        this.disk.remove(name);
        this.plain.names.delete(name);
        break;
    }
    expect(file.size).toBe(plain.now.length);
    if (step.do !== 'remove' && step.do !== 'rename') {
      const from = this.#dice.below(plain.now.length + 1);
      const count = this.#dice.below(2 * size);
      expect(hex(file.read(from, count))).toBe(hex(plain.now.subarray(from, from + count)));
    }
    return undefined;
  }
}

const work = fc.constantFrom(...CHUNK_SIZES).chain((chunkSize) =>
  fc.record({
    chunkSize: fc.constant(chunkSize),
    seed: fc.nat(),
    first: stepsFor(chunkSize),
    left: stepsFor(chunkSize),
    right: stepsFor(chunkSize),
  }),
);
const NO_PLAIN: Plain = { names: new Map(), syncedNames: new Map(), files: new Map(), next: 1 };

/** Runs first, then left and right side by side on the image that first left. */
function runBoth({
  chunkSize,
  seed,
  first,
  left,
  right,
}: typeof work extends fc.Arbitrary<infer T> ? T : never) {
  const images: { image: DiskImage; plain: Plain; said: Contents }[] = [];
  const keep = (pair: Pair, image: DiskImage | undefined) => {
    if (!image) return;
    const said = contentsOf(image);
    expect(said).toEqual(contentsOfPlain(pair.plain));
    images.push({ image, plain: copyOf(pair.plain), said });
  };
  const one = new Pair(EMPTY_IMAGE, NO_PLAIN, chunkSize, seed);
  for (const step of first) keep(one, one.do(step));
  const shared = one.disk.seal();
  keep(one, shared);
  const a = new Pair(shared, one.plain, chunkSize, seed + 1);
  const b = new Pair(shared, one.plain, chunkSize, seed + 2);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const l = left[i];
    const r = right[i];
    if (l) keep(a, a.do(l));
    if (r) keep(b, b.do(r));
  }
  keep(a, a.disk.seal());
  keep(b, b.disk.seal());
  return images;
}

describe('a disk against a model that copies everything', () => {
  test('every image is what the model has, and never changes afterwards', () => {
    fc.assert(
      fc.property(work, (given) => {
        for (const { image, said } of runBoth(given)) expect(contentsOf(image)).toEqual(said);
      }),
      { numRuns: 60 },
    );
  });

  test('a cut that keeps nothing leaves the last sync; one that keeps all, what was seen', () => {
    fc.assert(
      fc.property(work, (given) => {
        for (const { image, plain } of runBoth(given)) {
          const nothing = powerCut(image);
          expect(contentsOf(nothing)).toEqual(survivors(plain));
          expect(contentsOf(nothing, 'synced')).toEqual(survivors(plain));
          expect(pendingOf(nothing)).toEqual([]);
          const all = Object.entries(contentsOfPlain(plain)).filter(
            ([, [kind]]) => kind === 'durable',
          );
          expect(contentsOf(powerCut(image, () => true))).toEqual(Object.fromEntries(all));
          expect([...nothing.names]).toEqual([...nothing.syncedNames]);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('`changed` names every chunk that differs, and no chunk that is shared', () => {
    fc.assert(
      fc.property(work, (given) => {
        const images = runBoth(given);
        const last = images.at(-1)?.image as DiskImage;
        for (const { image } of images) {
          const named = new Set(
            [...changed(image, last)].map((c) => `${c.file}/${c.layer}/${c.chunk}`),
          );
          for (const [id, file] of last.files)
            for (const layer of ['now', 'synced'] as const)
              for (let chunk = 0; chunk * file.chunkSize < file[layer].size; chunk++) {
                const old: Content | undefined = image.files.get(id)?.[layer];
                const before = old && chunkOf(old, chunk);
                const after = chunkOf(file[layer], chunk);
                expect(named.has(`${id}/${layer}/${chunk}`)).toBe(
                  after !== undefined && after !== before,
                );
              }
          expect([...changed(image, image)]).toEqual([]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a patch leads from any image to any other, also after a structured clone', () => {
    fc.assert(
      fc.property(work, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (given, picks) => {
        const images = runBoth(given);
        let there: DiskImage | undefined;
        let here: DiskImage | undefined;
        for (const pick of picks) {
          const to = images[pick % images.length]?.image as DiskImage;
          here = applyPatch(here, structuredClone(patchBetween(there, to)));
          there = to;
          expect(contentsOf(here)).toEqual(contentsOf(to));
          expect(contentsOf(here, 'synced')).toEqual(contentsOf(to, 'synced'));
          expect([...here.syncedNames]).toEqual([...to.syncedNames]);
          expect([here.writes, here.syncs]).toEqual([to.writes, to.syncs]);
          expect([...here.files.keys()].sort()).toEqual([...to.files.keys()].sort());
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('sharing', () => {
  const bytes = (fill: number, length = 512) => new Uint8Array(length).fill(fill);

  test('put by reference copies nothing, and then whoever writes makes the copy', () => {
    const disk = new Disk();
    const cache = disk.open('cache', 'memory', 512);
    const database = disk.open('database', 'durable', 512);
    cache.own(0).fill(1);
    database.put(0, cache.chunk(0));
    expect(database.chunk(0)).toBe(cache.chunk(0));
    cache.own(0).fill(2);
    expect([database.chunk(0)[0], cache.chunk(0)[0]]).toEqual([1, 2]);
    cache.put(0, database.chunk(0));
    database.write(0, bytes(3));
    expect([database.chunk(0)[0], cache.chunk(0)[0]]).toEqual([3, 1]);
  });

  test('a sync shares; the writes after it copy, in the same epoch and in the next', () => {
    const disk = new Disk();
    const file = disk.open('f', 'durable', 512);
    file.write(0, bytes(1));
    file.sync();
    disk.syncDirectory();
    file.write(10, bytes(2, 4));
    const image = disk.seal();
    const sealed = fileNamed(image, 'f') as FileImage;
    expect(bytesOfContent(sealed, sealed.synced)).toEqual(bytes(1));
    expect(bytesOfContent(sealed)[10]).toBe(2);
    file.write(20, bytes(3, 4));
    expect(bytesOfContent(sealed)[20]).toBe(1);
    file.sync();
    const settled = fileNamed(disk.seal(), 'f') as FileImage;
    expect(settled.now).toBe(settled.synced);
  });

  test('an image weighs what it does not share, and shared chunks weigh once', () => {
    const disk = new Disk();
    const file = disk.open('f', 'durable', 65_536);
    file.write(0, bytes(1, 65_536));
    const first = disk.seal();
    const whole = weightBeside(undefined, first);
    expect(whole).toBeGreaterThan(65_536);
    file.sync(); // now and synced hold the same chunk
    const second = disk.seal();
    expect(weightBeside(undefined, second)).toBeLessThan(2 * 65_536);
    expect(weightBeside(first, first)).toBe(0);
    file.write(3 * 65_536, bytes(2, 65_536));
    const third = disk.seal();
    expect(weightBeside(second, third)).toBeLessThan(2 * 65_536);
    expect(weightBeside(second, third)).toBeGreaterThan(65_536);
  });

  test('a patch after a sync that changed no byte carries no byte', () => {
    const disk = new Disk();
    disk.open('f', 'durable', 512).write(0, bytes(1));
    const before = disk.seal();
    disk.open('f', 'durable').sync();
    const after = disk.seal();
    const patch = patchBetween(before, after);
    expect(patch.files.map(({ now, synced }) => [now, synced])).toEqual([[undefined, 'same']]);
    expect(
      contentsOf(
        applyPatch(applyPatch(undefined, patchBetween(undefined, before)), patch),
        'synced',
      ),
    ).toEqual(contentsOf(after, 'synced'));
  });

  test('nothing that a file refuses passes silently', () => {
    const disk = new Disk();
    const durable = disk.open('d', 'durable', 512);
    const memory = disk.open('m', 'memory', 512);
    expect(() => durable.own(0)).toThrow('durable');
    expect(() => durable.drop(0)).toThrow('memory');
    expect(() => memory.sync()).toThrow('memory');
    expect(() => durable.put(0, new Uint8Array(511))).toThrow('512 bytes');
    expect(() => disk.open('d', 'memory')).toThrow('d is a durable file');
    expect(() => disk.remove('x')).toThrow('x');
    expect(() => disk.rename('x', 'y')).toThrow('x');
  });
});

describe('a source', () => {
  const source = { chunk: (index: number) => new Uint8Array(512).fill(index + 1) };
  const image: DiskImage = {
    ...EMPTY_IMAGE,
    names: new Map([['f', 1]]),
    syncedNames: new Map([['f', 1]]),
    nextFile: 2,
    files: new Map([
      [
        1,
        {
          kind: 'durable',
          chunkSize: 512,
          now: { size: 1024, blocks: [] },
          synced: { size: 1024, blocks: [] },
          source,
        },
      ],
    ]),
  };

  test('gives what was never written, and a write lies over it', () => {
    const disk = new Disk(image);
    const file = disk.open('f', 'durable');
    expect([...file.read(510, 4)]).toEqual([1, 1, 2, 2]);
    file.write(511, Uint8Array.of(9));
    const sealed = fileNamed(disk.seal(), 'f') as FileImage;
    expect([...bytesOfContent(sealed).subarray(509, 514)]).toEqual([1, 1, 9, 2, 2]);
    expect([...bytesOfContent(image.files.get(1) as FileImage).subarray(509, 514)]).toEqual([
      1, 1, 1, 2, 2,
    ]);
    expect(hex(bytesOfContent(fileNamed(powerCut(disk.seal()), 'f') as FileImage))).toBe(
      hex(bytesOfContent(image.files.get(1) as FileImage)),
    );
  });
});

describe('a power cut', () => {
  /** Three files: one synced and overwritten, one created without a directory sync, one renamed. */
  function prepared() {
    const disk = new Disk();
    const file = disk.open('f', 'durable', 4096);
    file.write(0, new Uint8Array(2048).fill(1));
    disk.open('old', 'durable').write(0, Uint8Array.of(7));
    file.sync();
    disk.open('old', 'durable').sync();
    disk.syncDirectory();
    return { disk, file };
  }

  test('cuts a write at sector boundaries, each of which may survive by itself', () => {
    const { disk, file } = prepared();
    file.write(500, new Uint8Array(600).fill(2));
    const image = disk.seal();
    const parts = pendingOf(image);
    expect(parts.map((op) => op.kind === 'write' && [op.offset, op.bytes.length])).toEqual([
      [500, 12],
      [512, 512],
      [1024, 76],
    ]);
    for (let set = 0; set < 8; set++) {
      const after = powerCut(image, (part) => ((set >> part) & 1) === 1);
      const got = bytesOfContent(fileNamed(after, 'f') as FileImage);
      const expected = new Uint8Array(2048).fill(1);
      if (set & 1) expected.fill(2, 500, 512);
      if (set & 2) expected.fill(2, 512, 1024);
      if (set & 4) expected.fill(2, 1024, 1100);
      expect(hex(got)).toBe(hex(expected));
    }
  });

  test('a write of any offset and length falls into whole sectors and two rests', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 5000 }), (offset, length) => {
        const disk = new Disk();
        disk.open('f', 'durable', 4096).write(offset, new Uint8Array(length));
        const parts = pendingOf(disk.seal()).filter((op) => op.kind === 'write');
        let at = offset;
        for (const part of parts) {
          expect(part.offset).toBe(at);
          expect(Math.floor(at / SECTOR)).toBe(Math.floor((at + part.bytes.length - 1) / SECTOR));
          at += part.bytes.length;
        }
        expect(at).toBe(offset + length);
      }),
    );
  });

  test('loses creations, renames and removals that no syncDirectory made durable', () => {
    const { disk } = prepared();
    disk.open('new', 'durable').write(0, Uint8Array.of(5));
    disk.open('new', 'durable').sync();
    disk.rename('old', 'renamed');
    disk.remove('f');
    expect(disk.list()).toEqual(['new', 'renamed']);
    const image = disk.seal();
    expect([...powerCut(image).names.keys()].sort()).toEqual(['f', 'old']);
    const kept = pendingOf(image).map((op) => op.kind);
    expect(kept).toEqual(['names', 'names', 'names']);
    const renamed = powerCut(image, (part) => part === 1);
    expect([...renamed.names.keys()].sort()).toEqual(['f', 'renamed']);
    expect(bytesOfContent(fileNamed(renamed, 'renamed') as FileImage)[0]).toBe(7);
    const created = powerCut(image, (part) => part === 0);
    expect(bytesOfContent(fileNamed(created, 'new') as FileImage)[0]).toBe(5);
    disk.syncDirectory();
    expect([...powerCut(disk.seal()).names.keys()].sort()).toEqual(['new', 'renamed']);
  });

  test('a name may survive without the content, never the content without a name', () => {
    const disk = new Disk();
    disk.open('new', 'durable').write(0, new Uint8Array(512).fill(5));
    const image = disk.seal();
    const named = powerCut(image, (part) => pendingOf(image)[part]?.kind === 'names');
    expect(bytesOfContent(fileNamed(named, 'new') as FileImage).length).toBe(0);
    const nameless = powerCut(image, (part) => pendingOf(image)[part]?.kind === 'write');
    expect([nameless.names.size, nameless.files.size]).toEqual([0, 0]);
  });

  test('memory never survives', () => {
    const { disk } = prepared();
    disk.open('cache', 'memory').own(0).fill(1);
    disk.syncDirectory();
    const after = powerCut(disk.seal(), () => true);
    expect(after.names.has('cache')).toBe(false);
    expect([...after.files.values()].every(({ kind }) => kind === 'durable')).toBe(true);
  });

  test('what survived is synced: a second cut leaves the same', () => {
    const { disk, file } = prepared();
    file.write(0, new Uint8Array(1024).fill(3));
    const once = powerCut(disk.seal(), (part) => part === 1);
    expect(contentsOf(powerCut(once))).toEqual(contentsOf(once));
    const again = new Disk(once);
    again.open('f', 'durable').write(0, Uint8Array.of(8));
    expect(contentsOf(powerCut(again.seal()))).toEqual(contentsOf(once));
  });

  test('at every write: the operation is begun, not durable, and the rest of the run is as it was', () => {
    const run = (disk: Disk) => {
      const file = disk.open('f', 'durable', 512);
      file.write(0, new Uint8Array(700).fill(1));
      file.sync();
      disk.syncDirectory();
      file.truncate(100);
      file.put(1, new Uint8Array(512).fill(2));
      disk.rename('f', 'g');
      file.sync();
    };
    const whole = new Disk();
    run(whole);
    expect(whole.writes).toBe(8);
    const begun: (string | undefined)[] = [];
    for (let n = 1; n <= whole.writes; n++) {
      const disk = new Disk(EMPTY_IMAGE, { cutAtWrite: n });
      let cut: unknown;
      try {
        run(disk);
      } catch (thrown) {
        cut = thrown;
      }
      expect(cut).toBeInstanceOf(PowerCut);
      const { image } = cut as PowerCut;
      expect(image.writes).toBe(n);
      begun.push(image.pending?.op.kind);
    }
    // open, write, sync (still pending), syncDirectory (the same), truncate, put, rename, sync
    expect(begun).toEqual([
      'names',
      'write',
      'write',
      'names',
      'resize',
      'write',
      'names',
      'names',
    ]);
    expect(() => run(new Disk(EMPTY_IMAGE, { cutAtWrite: 9 }))).not.toThrow();
  });
});

describe('counts', () => {
  test('a sync counts only where it made something durable; directories too', () => {
    const disk = new Disk();
    const file = disk.open('f', 'durable');
    expect(disk.seal().syncs).toBe(0);
    file.sync();
    expect(disk.seal().syncs).toBe(0);
    disk.syncDirectory();
    expect(disk.seal().syncs).toBe(1);
    disk.syncDirectory();
    file.write(0, Uint8Array.of(1));
    file.sync();
    file.sync();
    expect(disk.seal().syncs).toBe(2);
    expect(new Disk(disk.seal()).seal().syncs).toBe(2);
  });

  test('no bytes are no write, wherever they are aimed', () => {
    const disk = new Disk();
    const file = disk.open('f', 'durable');
    file.write(5000, new Uint8Array(0));
    expect([file.size, disk.writes, pendingOf(disk.seal()).length]).toEqual([0, 1, 1]);
  });

  test('crashes: all subsets to six parts; beyond, nothing, all, each alone, each missing, prefixes, and extras', () => {
    for (let sectors = 0; sectors <= 9; sectors++) {
      const disk = new Disk();
      const file = disk.open('f', 'durable', 512);
      disk.syncDirectory();
      for (let i = 0; i < sectors; i++) file.write(i * SECTOR, new Uint8Array(SECTOR).fill(i + 1));
      const image = disk.seal();
      const found = [...crashes(image, { seed: 1, extra: 5 })].map((crash) =>
        hex(bytesOfContent(fileNamed(crash, 'f') as FileImage)),
      );
      expect(found.length).toBe(sectors <= 6 ? 2 ** sectors : 3 * sectors + 1 + 5);
      if (sectors <= 6) expect(new Set(found).size).toBe(found.length);
      expect(found).toContain(hex(bytesOfContent(fileNamed(image, 'f') as FileImage)));
      expect(found).toContain('');
      const again = [...crashes(image, { seed: 1, extra: 5 })].map((crash) =>
        hex(bytesOfContent(fileNamed(crash, 'f') as FileImage)),
      );
      expect(again).toEqual(found);
    }
  });
});
