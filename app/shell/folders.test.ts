// A folder comes in as files, or in a zip: the same database is the same archive, and a zip that lies or is
// broken gives what it holds and never more.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesOfArchive } from '../../engine/run/archive.ts';
import { sourceOfBytes } from '../../engine/run/script.ts';
import { zipOf } from '../../engine/run/zip.testing.ts';
import { folderAmong, folderInZip, isZip } from './folders.ts';

const HOME = new URL('../../engine/lsm/fixtures/leveldb/tombstones/', import.meta.url);
const files = new Map(
  readdirSync(HOME).map((name) => [name, new Uint8Array(readFileSync(new URL(name, HOME)))]),
);
const fileOf = (bytes: Uint8Array, name = 'a.zip') => new File([bytes as BlobPart], name);
const bytesOf = async (found: Awaited<ReturnType<typeof folderInZip>> | undefined) => {
  if (!found || 'complaint' in found) throw new Error(found?.complaint ?? 'nothing was found');
  return new Uint8Array(await found.folder.arrayBuffer());
};
/** Sizes of the files in an archive, by name. */
const sizesIn = (archive: Uint8Array) =>
  new Map(filesOfArchive(sourceOfBytes('a', archive))?.map(({ name, size }) => [name, size]));

test('as files and in a zip, deflated or stored, it is the same archive', async () => {
  const placed = [...files].map(([name, bytes]) => ({
    path: `db/${name}`,
    file: fileOf(bytes, name),
  }));
  const other = { path: 'db/LOG', file: fileOf(new Uint8Array(9), 'LOG') };
  const found = folderAmong([other, ...placed]);
  expect(found && 'folder' in found && found.folder.name).toBe('db');
  const archive = await bytesOf(found);
  for (const stored of [false, true]) {
    const zip = fileOf(zipOf(files, { stored, prefix: 'some/where/' }));
    expect(await isZip(zip)).toBe(true);
    expect(await bytesOf(await folderInZip(zip))).toEqual(archive);
  }
  expect(folderAmong([other])).toBeUndefined();
  expect(await isZip(fileOf(new Uint8Array([80, 75])))).toBe(false);
});

test('a zip that claims less than it holds gives no more than it claims', async () => {
  const archive = await bytesOf(
    await folderInZip(fileOf(zipOf(files, { claim: (size) => Math.min(size, 100) }))),
  );
  for (const [name, size] of sizesIn(archive))
    expect(size, name).toBe(Math.min(100, files.get(name)?.length ?? 0));
});

test('where the packed data is broken, what came before stays', async () => {
  const zip = zipOf(files);
  const [largest = ''] = [...files].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
  const at = new TextDecoder('latin1').decode(zip).indexOf(largest) + largest.length;
  // A block of a kind that there is none of, in the midst of the data.
  zip.fill(0xff, at + 3000, at + 3400);
  const sizes = sizesIn(await bytesOf(await folderInZip(fileOf(zip))));
  expect(sizes.get(largest)).toBeLessThanOrEqual(files.get(largest)?.length ?? 0);
  for (const [name, bytes] of files)
    if (name !== largest && sizes.has(name)) expect(sizes.get(name), name).toBe(bytes.length);
});

test('what cannot be opened is told in a line', async () => {
  const say = async (zip: Uint8Array) => {
    const found = await folderInZip(fileOf(zip));
    return 'complaint' in found ? found.complaint : 'opened';
  };
  expect(await say(zipOf(files, { claim: () => 2 ** 31 }))).toMatch(
    /^a\.zip: the zip unpacks to \d+ bytes; 67108864 are the limit here\.$/,
  );
  const encrypted = zipOf(files);
  const entry = new TextDecoder('latin1').decode(encrypted).indexOf('PK\x01\x02');
  encrypted[entry + 8] = 1;
  expect(await say(encrypted)).toMatch(/^a\.zip: the zip is encrypted: .* cannot be read\.$/);
  const odd = zipOf(files);
  odd[entry + 10] = 12;
  expect(await say(odd)).toMatch(
    /is packed by method 12; expected stored \(0\) or deflate \(8\)\.$/,
  );
  expect(await say(zipOf(files).subarray(0, 4000))).toBe(
    'a.zip: the zip has no end of its directory: it is cut off.',
  );
});
