import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Kept } from '../../engine/run/host.ts';
import { pack, unpack } from './pack.ts';
import { claim, openShelf, type Workspace, wantsWhole, whySaveFailed } from './shelf.ts';

const LIMIT = 60 * 1024;
type File = Kept['files'][number];
const keptOf = (files: readonly File[], more: Partial<Kept> = {}): Kept => ({
  text: 'lab btree\n',
  branch: 'main',
  tail: [],
  syncs: 1,
  digest: 'd',
  whole: true,
  files,
  ...more,
});
const filled = (length: number, fill: number) => new Uint8Array(length).fill(fill);

describe('packs', () => {
  const chunkSize = fc.oneof(
    fc.constantFrom(512, 1024, 4096, 32_768, 65_536),
    fc.integer({ min: 512, max: 65_536 }),
  );
  const round = fc.array(fc.record({ chunk: fc.nat(5), fill: fc.integer({ min: 1, max: 255 }) }), {
    maxLength: 8,
  });

  test('rounds of saves laid over one another are the files, at any chunk size, whatever shrank', () => {
    fc.assert(
      fc.property(
        fc.array(chunkSize, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(2), round, fc.nat(8 * 65_536)), { minLength: 1, maxLength: 5 }),
        (sizes, rounds) => {
          const plain = sizes.map(() => new Uint8Array(8 * 65_536));
          const ends = sizes.map(() => 0);
          const packs: Uint8Array[] = [];
          for (const [which, chunks, end] of rounds) {
            const at = which % sizes.length;
            const size = sizes[at] as number;
            ends[at] = end;
            const files = sizes.map(
              (chunkSize, i): File => ({
                name: `f${i}`,
                size: ends[i] as number,
                chunkSize,
                chunks:
                  i === at
                    ? chunks.map(({ chunk, fill }) => [chunk, filled(size, fill)] as const)
                    : [],
              }),
            );
            for (const { chunk, fill } of chunks)
              plain[at]?.fill(fill, chunk * size, (chunk + 1) * size);
            packs.push(...pack({ files }));
          }
          for (const one of packs) expect(one.length).toBeLessThanOrEqual(LIMIT);
          const entries = sizes.map((chunkSize, i) => ({
            name: `f${i}`,
            size: ends[i] as number,
            chunkSize,
          }));
          unpack(entries, packs).forEach(({ name, bytes }, i) => {
            expect(name).toBe(`f${i}`);
            expect(Buffer.compare(bytes, (plain[i] as Uint8Array).subarray(0, ends[i]))).toBe(0);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('pages lie in packs whole, as many as fit', () => {
    const chunks = Array.from({ length: 40 }, (_, i) => [i, filled(4096, i + 1)] as const);
    const packs = pack({ files: [{ name: 'f', size: 40 * 4096, chunkSize: 4096, chunks }] });
    expect(packs.map(({ length }) => length)).toEqual([14 * 4112, 14 * 4112, 12 * 4112]);
    expect(pack({ files: [] })).toEqual([]);
  });

  test('the bytes of an entry, as drawn', () => {
    const [one] = pack({
      files: [{ name: 'f', size: 4096, chunkSize: 512, chunks: [[4, filled(512, 13)]] }],
    });
    expect(Buffer.from(one as Uint8Array).toString('hex', 0, 18)).toBe(
      '000000000000000400000000000002000d0d',
    );
  });
});

describe('workspaces', () => {
  const shelf = openShelf();
  const file = (size: number, ...chunks: [number, number][]): File => ({
    name: 'btree.sqlite',
    size,
    chunkSize: 512,
    chunks: chunks.map(([at, fill]) => [at, filled(512, fill)]),
  });
  const bytesOf = async (name: string) =>
    (await shelf.files(name)).map(({ bytes }) => [bytes.length, bytes[0], bytes.at(-1)]);

  test('save, save what changed, read, and take away', async () => {
    expect(await shelf.read('a')).toBeUndefined();
    expect(await shelf.files('a')).toEqual([]);
    await shelf.save('a', 'btree', '0.1.0', keptOf([file(1024, [0, 1], [1, 2])]));
    await shelf.save('b', 'btree', '0.1.0', keptOf([file(512, [0, 9])]));
    await shelf.saveTail('a', ['put 1 "x"']);
    expect((await shelf.read('a'))?.tail).toEqual(['put 1 "x"']);
    const saved = await shelf.save(
      'a',
      'btree',
      '0.1.0',
      keptOf([file(1536, [2, 3])], { whole: false, syncs: 2, digest: 'e', text: 't', branch: 'x' }),
    );
    expect(saved).toMatchObject({ syncs: 2, digest: 'e', text: 't', branch: 'x', packs: 2 });
    expect(await shelf.read('a')).toEqual({ workspace: saved, tail: [] });
    expect(await bytesOf('a')).toEqual([[1536, 1, 3]]);
    expect((await shelf.list()).map(({ name }) => name)).toEqual(['a', 'b']);
    await shelf.save('a', 'btree', '0.1.0', keptOf([file(512, [0, 7])]));
    expect(await bytesOf('a')).toEqual([[512, 7, 7]]);
    expect((await shelf.read('a'))?.workspace.packs).toBe(1);
    await shelf.remove('a');
    expect([await shelf.read('a'), await shelf.files('a')]).toEqual([undefined, []]);
    expect(await bytesOf('b')).toEqual([[512, 9, 9]]);
  });

  test('a part without its whole is refused, and nothing is there', async () => {
    await expect(shelf.save('c', 'btree', '0.1.0', keptOf([], { whole: false }))).rejects.toThrow(
      'without its whole',
    );
    expect(await shelf.read('c')).toBeUndefined();
  });

  test('all is written anew once the log is several times what lives in it', () => {
    const workspace = (live: number, packedBytes: number) =>
      ({ files: [{ name: 'f', size: live, chunkSize: 512 }], packedBytes }) as unknown as Workspace;
    expect(wantsWhole(undefined)).toBe(true);
    expect(wantsWhole(workspace(10 ** 6, 10 ** 6))).toBe(false);
    expect(wantsWhole(workspace(10 ** 6, 4 * 10 ** 6))).toBe(false);
    expect(wantsWhole(workspace(10 ** 6, 5 * 10 ** 6))).toBe(true);
    expect(wantsWhole(workspace(512, 100_000))).toBe(false);
  });
});

test('why a save failed, in words', () => {
  expect(whySaveFailed(new DOMException('', 'QuotaExceededError'))).toContain('no room left');
  expect(whySaveFailed(new DOMException('', 'UnknownError'))).toContain('private window');
  expect(whySaveFailed(new Error('odd'))).toBe('Saving failed: odd');
  expect(whySaveFailed('odd')).toBe('Saving failed: odd');
});

describe('the lock of a workspace', () => {
  afterEach(() => vi.unstubAllGlobals());
  test('without Web Locks every tab has it', async () => {
    vi.stubGlobal('navigator', {});
    expect(await claim('a')).toBeDefined();
  });
  test('a browser that refuses locks is a tab that only looks', async () => {
    vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(new Error('no')) } });
    expect(await claim('a')).toBeUndefined();
  });
});

describe('a workspace gets another name', () => {
  const content = filled(200_000, 7);
  const saveOne = (name: string) =>
    openShelf().save(
      name,
      'btree',
      '1',
      keptOf([
        { name: 'lab.sqlite', size: content.length, chunkSize: 200_000, chunks: [[0, content]] },
      ]),
    );

  test('with all of its packs and its tail, and later saves go on from there', async () => {
    const shelf = openShelf();
    await saveOne('old');
    await shelf.saveTail('old', ['put 1 a']);
    await shelf.rename('old', 'new');
    expect(await shelf.read('old')).toBeUndefined();
    expect(await shelf.files('old')).toEqual([]);
    const found = await shelf.read('new');
    expect([found?.workspace.name, found?.tail]).toEqual(['new', ['put 1 a']]);
    const change = filled(200_000, 9);
    for (const expected of [content, change]) {
      const [file] = await shelf.files('new');
      expect(Buffer.compare(file?.bytes ?? new Uint8Array(), expected)).toBe(0);
      await shelf.save(
        'new',
        'btree',
        '1',
        keptOf([{ name: 'lab.sqlite', size: 200_000, chunkSize: 200_000, chunks: [[0, change]] }], {
          whole: false,
        }),
      );
    }
  });

  test('never over another, and never out of nothing', async () => {
    const shelf = openShelf();
    await saveOne('one');
    await saveOne('two');
    await expect(shelf.rename('one', 'two')).rejects.toThrow('a workspace called two already');
    await expect(shelf.rename('three', 'four')).rejects.toThrow('no workspace called three');
    expect((await shelf.files('one'))[0]?.bytes.length).toBe(200_000);
    expect((await shelf.files('two'))[0]?.bytes.length).toBe(200_000);
    expect(await shelf.read('four')).toBeUndefined();
  });
});

test('how far a reader is in a lesson is kept by lesson, the newest counts', async () => {
  const shelf = openShelf();
  expect(await shelf.progress('btree')).toBeUndefined();
  await shelf.saveProgress({ lesson: 'btree', beat: 'pages', marks: { pages: 'seen' } });
  const newest = { lesson: 'btree', beat: 'down', marks: { pages: 'right', down: 'seen' } };
  await shelf.saveProgress(newest);
  await shelf.saveProgress({ lesson: 'lsm', beat: 'log', marks: {} });
  expect(await shelf.progress('btree')).toEqual(newest);
});
