import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import type { Folder } from '../../engine/lsm/folder.ts';
import { folderOfZip, looksLikeZip } from '../../engine/run/zip.ts';
import { crc32, zipOf } from './zip.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('the checksum is that of zip', () => {
  expect(crc32(bytes('123456789'))).toBe(0xcbf43926);
  const noise = Uint8Array.from({ length: 999 }, (_, i) => (i * 37) & 255);
  if ('crc32' in zlib)
    expect(crc32(noise)).toBe((zlib.crc32 as (data: Uint8Array) => number)(noise));
});

test('a folder comes back file by file', () => {
  const files = [
    { name: 'lsm.leveldb/CURRENT', bytes: bytes('MANIFEST-000002\n') },
    { name: 'lsm.leveldb/000003.log', bytes: new Uint8Array(0) },
    { name: 'lsm.leveldb/000005.ldb', bytes: bytes('table') },
  ];
  const zip = zipOf(files);
  expect(looksLikeZip(zip)).toBe(true);
  const folder = folderOfZip(zip, () => undefined) as Folder;
  expect([...folder.names].sort()).toEqual(['000003.log', '000005.ldb', 'CURRENT']);
  for (const { name, bytes } of files)
    expect(folder.read(name.slice('lsm.leveldb/'.length))).toEqual(bytes);
});
