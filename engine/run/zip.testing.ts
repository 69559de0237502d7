// For tests: a zip as the common tools write it, deflated; and what a hostile one claims.

import { deflateRawSync } from 'node:zlib';
import { crc32c } from '../base/crc32c.ts';

export interface ZipOptions {
  readonly prefix?: string;
  readonly stored?: boolean;
  /** What an entry says of its size. */
  readonly claim?: (size: number) => number;
}

export function zipOf(
  files: ReadonlyMap<string, Uint8Array>,
  { prefix = '', stored = false, claim = (size) => size }: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const lengthOf = (list: readonly Uint8Array[]) => list.reduce((sum, one) => sum + one.length, 0);
  for (const [name, bytes] of files) {
    const path = new TextEncoder().encode(prefix + name);
    const data = stored ? bytes : new Uint8Array(deflateRawSync(bytes));
    // The fields of both headers are the same, two bytes further on in the directory.
    const header = (length: number, signature: number, shift: number): Uint8Array => {
      const view = new DataView(new ArrayBuffer(length));
      view.setUint32(0, signature, true);
      view.setUint16(4 + shift, 20, true);
      view.setUint16(8 + shift, stored ? 0 : 8, true);
      // Nobody here looks at a zip's own checksum, so it need not be the zip's kind.
      view.setUint32(14 + shift, crc32c(bytes), true);
      view.setUint32(18 + shift, data.length, true);
      view.setUint32(22 + shift, claim(bytes.length), true);
      view.setUint16(26 + shift, path.length, true);
      if (shift > 0) view.setUint32(42, at, true);
      return new Uint8Array(view.buffer);
    };
    directory.push(header(46, 0x02014b50, 2), path);
    parts.push(header(30, 0x04034b50, 0), path, data);
    at = lengthOf(parts);
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.size, true);
  end.setUint16(10, files.size, true);
  end.setUint32(12, lengthOf(directory), true);
  end.setUint32(16, at, true);
  const all = [...parts, ...directory, new Uint8Array(end.buffer)];
  const out = new Uint8Array(lengthOf(all));
  let to = 0;
  for (const part of all) {
    out.set(part, to);
    to += part.length;
  }
  return out;
}
