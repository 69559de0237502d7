// A folder as one file to save: a zip whose entries are stored as they are. Loaded when it is asked for.
//
//   local header, bytes │ local header, bytes │ … │ a directory of all │ where it begins
//
// Both headers have the same fields: version, flags, method, time, date, CRC-32, two sizes, lengths of
// name and extra. Flag 11 says that names are UTF-8; the date is the first that the format knows.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as zip has it: not the one of a log, whose polynomial is Castagnoli's. */
export function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 255] as number);
  return ~crc >>> 0;
}

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function zipOf(files: readonly NamedBytes[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let size = 0;
  const fields = (to: DataView, at: number, crc: number, length: number, name: number): void => {
    to.setUint16(at, 10, true);
    to.setUint16(at + 2, 1 << 11, true);
    to.setUint16(at + 8, 33, true); // 1 January 1980
    to.setUint32(at + 10, crc, true);
    to.setUint32(at + 14, length, true);
    to.setUint32(at + 18, length, true);
    to.setUint16(at + 22, name, true);
  };
  for (const { name, bytes } of files) {
    const path = new TextEncoder().encode(name);
    const crc = crc32(bytes);
    const local = new Uint8Array(30 + path.length);
    const head = new DataView(local.buffer);
    head.setUint32(0, 0x04034b50, true);
    fields(head, 4, crc, bytes.length, path.length);
    local.set(path, 30);
    const central = new Uint8Array(46 + path.length);
    const entry = new DataView(central.buffer);
    entry.setUint32(0, 0x02014b50, true);
    entry.setUint16(4, 20, true);
    fields(entry, 6, crc, bytes.length, path.length);
    entry.setUint32(42, size, true);
    central.set(path, 46);
    parts.push(local, bytes);
    directory.push(central);
    size += local.length + bytes.length;
  }
  const end = new Uint8Array(22);
  const last = new DataView(end.buffer);
  last.setUint32(0, 0x06054b50, true);
  last.setUint16(8, files.length, true);
  last.setUint16(10, files.length, true);
  last.setUint32(
    12,
    directory.reduce((sum, { length }) => sum + length, 0),
    true,
  );
  last.setUint32(16, size, true);
  const all = [...parts, ...directory, end];
  const out = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
