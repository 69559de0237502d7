// What the inspector shows of an LSM tree: a table, a log, a memtable's arena or the manifest, its
// bytes as the engine's own lenses take them apart. Regions tile the bytes; what no lens claims is said.

import type { Bytes } from '../../../engine/base/bytes.ts';
import { bytesOfContent, type FileImage, fileNamed } from '../../../engine/disk/image.ts';
import { BATCH_HEADER, decodeBatch } from '../../../engine/lsm/batch.ts';
import { BLOCK_TRAILER, Block, type Handle, readStored } from '../../../engine/lsm/block.ts';
import {
  type LsmEvent,
  type LsmValue,
  skipListOf,
  tableFileOf,
  tableOf,
} from '../../../engine/lsm/events.ts';
import {
  decodeEdit,
  LEVELS,
  logName,
  manifestName,
  tableName,
} from '../../../engine/lsm/format.ts';
import { isDeletion, sequenceOf, TAG_SIZE, userKeyOf } from '../../../engine/lsm/key.ts';
import { LOG_HEADER, type LogRecord } from '../../../engine/lsm/log.ts';
import { HEAD, MAX_HEIGHT } from '../../../engine/lsm/skiplist.ts';
import { FOOTER, type Table } from '../../../engine/lsm/table.ts';
import type { Inspected, InspectedField, InspectedRegion, Layer } from '../../scene/inspect.ts';
import type { Tone } from '../../scene/scene.ts';
import { arenaFile, focusOf, keyText, type LsmMoment, logFile, logOf } from './reading.ts';

/** More bytes than this are shown by the part that is meant. */
const MOST = 24_576;

type Target =
  | { readonly kind: 'table'; readonly number: number; readonly part?: string }
  | { readonly kind: 'log'; readonly number: number; readonly record?: string }
  | { readonly kind: 'memtable'; readonly number: number; readonly entry?: string }
  | { readonly kind: 'manifest' };

function targetOf(moment: LsmMoment, selection: string | undefined): Target {
  const { value, event, image } = moment;
  const [kind = '', ...rest] = (selection ?? '').split(':');
  const number = Number(rest[0]);
  if (kind === 'table' && tableFileOf(image, number)) return { kind, number };
  if (kind === 'block' && tableFileOf(image, number))
    return { kind: 'table', number, part: rest[1] ?? '' };
  if (kind === 'log' && logFile(moment, number)) return { kind, number };
  if (kind === 'record' && logFile(moment, number))
    return { kind: 'log', number, record: selection as string };
  if (kind === 'memtable' && arenaFile(moment, number)) return { kind, number };
  if (kind === 'manifest') return { kind };
  if (kind === 'entry')
    for (const memtable of [value.memtable, value.immutable]) {
      const file = memtable === undefined ? undefined : arenaFile(moment, memtable);
      if (!file || memtable === undefined) continue;
      for (const { key } of skipListOf(file).all())
        if (`entry:${keyText(userKeyOf(key))}@${sequenceOf(key)}` === selection)
          return { kind: 'memtable', number: memtable, entry: selection };
    }
  return targetOfEvent(moment, event, value);
}

function targetOfEvent(moment: LsmMoment, event: LsmEvent, value: LsmValue): Target {
  const { tables, entries, memtables } = focusOf(moment);
  if (event.kind === 'log')
    return { kind: 'log', number: event.log, record: `record:${event.log}:${event.offset}` };
  if (event.kind === 'sync') return { kind: 'log', number: event.log };
  if (event.kind === 'install') return { kind: 'manifest' };
  // Of a merge what is written is most to the point, once there is something; before that its newest input.
  const inputs = event.kind === 'merge' ? (value.job?.inputs ?? []) : [];
  const table = [...tables, ...[...inputs].reverse()].find(
    (number) => (tableFileOf(moment.image, number)?.now.size ?? 0) > 0,
  );
  if (table !== undefined) return { kind: 'table', number: table };
  const memtable = memtables.find((number) => arenaFile(moment, number)) ?? value.memtable;
  if (arenaFile(moment, memtable)) {
    const [entry] = entries;
    return { kind: 'memtable', number: memtable, ...(entry !== undefined && { entry }) };
  }
  return { kind: 'manifest' };
}

export function inspect(moment: LsmMoment, selection: string | undefined, layer: Layer): Inspected {
  const target = targetOf(moment, selection);
  switch (target.kind) {
    case 'table':
      return inspectTable(moment, target.number, target.part, layer);
    case 'log':
      return inspectLog(moment, target.number, target.record, layer);
    case 'memtable':
      return inspectMemtable(moment, target.number, target.entry, layer);
    default:
      return inspectManifest(moment, layer);
  }
}

function contentOf(file: FileImage, layer: Layer): Uint8Array | undefined {
  if (layer === 'memory') return bytesOfContent(file);
  return file.kind === 'durable' && file.synced.size > 0
    ? bytesOfContent(file, file.synced)
    : undefined;
}

function durabilityOf(file: FileImage): string {
  if (file.kind === 'memory') return 'in memory only';
  if (file.now.size === 0) return 'nothing is written yet';
  if (file.now === file.synced) return 'the same in memory and on the disk: synced';
  return file.synced.size === 0
    ? 'not synced: a power cut may leave nothing of it'
    : `synced up to byte ${file.synced.size} of ${file.now.size}`;
}

// ── Regions ─────────────────────────────────────────────────────────────────────────────────────

const field = (
  name: string,
  value: string,
  help: string,
  from: number,
  to: number,
): InspectedField => ({
  name,
  value,
  help,
  from,
  to,
});

/** Regions in order, the gaps between them named, cut to a window of the bytes. */
function tiled(
  regions: readonly InspectedRegion[],
  from: number,
  to: number,
  gap: { readonly tone: Tone; readonly label: string },
): InspectedRegion[] {
  const out: InspectedRegion[] = [];
  let at = from;
  for (const region of [...regions].sort((a, b) => a.from - b.from)) {
    if (region.to <= at || region.from >= to) continue;
    if (region.from > at) out.push({ from: at - from, to: region.from - from, ...gap });
    const start = Math.max(region.from, at);
    const end = Math.min(region.to, to);
    out.push({
      ...region,
      from: start - from,
      to: end - from,
      ...(region.fields && {
        fields: region.fields
          .filter((one) => one.from >= start && one.to <= end)
          .map((one) => ({ ...one, from: one.from - from, to: one.to - from })),
      }),
    });
    at = end;
  }
  if (at < to) out.push({ from: at - from, to: to - from, ...gap });
  return out;
}

const hex = (bytes: Bytes): string =>
  Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(' ') +
  (bytes.length > 16 ? ' …' : '');

// ── A table ─────────────────────────────────────────────────────────────────────────────────────

function inspectTable(
  moment: LsmMoment,
  number: number,
  wanted: string | undefined,
  layer: Layer,
): Inspected {
  const { image, value, event } = moment;
  const file = tableFileOf(image, number);
  const level = value.version.findIndex((files) => files.some((one) => one.number === number));
  const all = value.version.flat().map((one) => one.number);
  const at = all.indexOf(number);
  const [before, after] = at < 0 ? [] : [all[at - 1], all[at + 1]];
  const base = {
    title: `Table ${number}`,
    key: `table:${number}`,
    heading: `${tableName(number)}${level >= 0 ? ` · level ${level}` : ''}`,
  };
  const bytes = file && contentOf(file, layer);
  if (!file || !bytes)
    return {
      ...base,
      summary: [],
      regions: [],
      why: file
        ? `Nothing of ${tableName(number)} is synced: a power cut now would leave none of it.`
        : `There is no ${tableName(number)} at this moment.`,
    };
  const table = tableOf(file);
  const isOpen =
    value.job?.outputs.includes(number) === true && level < 0 && table.damage.length > 0;
  const whole = layer === 'memory' || file.now === file.synced;
  const parts = whole && table.footer.damage === undefined ? partsOf(table) : [];
  // A file too long to be shown at once is shown by the block that a read is in.
  const read =
    event.kind === 'probe' && event.table === number && bytes.length > MOST
      ? `${event.block}`
      : undefined;
  const nth = parts.findIndex(({ name }) => name === (wanted ?? read));
  const keyOf = (part: Part | undefined): string | undefined =>
    part && `block:${number}:${part.name}`;
  const previous =
    keyOf(parts[nth - 1]) ??
    (nth === 0 ? base.key : before === undefined ? undefined : lastOf(image, before));
  const next = keyOf(parts[nth + 1]) ?? (after === undefined ? undefined : `table:${after}`);
  const steps = { ...(previous && { previous }), ...(next && { next }) };
  const part = parts[nth];
  if (part)
    return {
      ...inspectPart(table, part, layer),
      ...steps,
      title: `Table ${number}`,
      key: `block:${number}:${part.name}`,
      heading: `${tableName(number)} · ${part.label}${part.tone === 'key' ? ` of ${table.blocks}` : ''}`,
    };
  let entries = 0;
  let tombstones = 0;
  let first: Bytes | undefined;
  let last: Bytes | undefined;
  if (table.blocks < 500)
    for (const { key } of table.all()) {
      entries++;
      if (isDeletion(key)) tombstones++;
      first ??= key;
      last = key;
    }
  const filter = table.filterHandle;
  const summary = [
    ...(first && last
      ? [
          {
            name: 'keys',
            value: `${keyText(userKeyOf(first), 14)} … ${keyText(userKeyOf(last), 14)}`,
          },
          {
            name: 'entries',
            value: `${entries}${tombstones > 0 ? `, ${tombstones} ${tombstones === 1 ? 'tombstone' : 'tombstones'}` : ''}`,
          },
        ]
      : []),
    { name: 'data blocks', value: `${table.blocks}` },
    {
      name: 'Bloom filter',
      value: filter
        ? `${filter.size} bytes, ${table.filter?.count ?? 0} ${table.filter?.count === 1 ? 'filter' : 'filters'}`
        : 'none',
    },
    { name: 'size', value: `${file.now.size} bytes` },
    ...(isOpen
      ? [{ name: 'state', value: 'being written: filter, index and footer come last' }]
      : table.damage.map((text) => ({ name: 'damage', value: text }))),
  ];
  if (parts.length > 0 && bytes.length > MOST)
    return {
      ...base,
      ...steps,
      summary,
      regions: [],
      why: 'The arrow goes through it, block by block.',
    };
  const [from, to] = windowOf(bytes.length, 0, 0);
  const regions = parts.length > 0 ? regionsOfTable(table, parts) : blocksOnly(bytes, isOpen);
  return {
    ...base,
    ...steps,
    summary,
    bytes: bytes.subarray(from, to),
    regions: tiled(regions, from, to, { tone: 'free', label: 'not taken apart' }),
    durability: durabilityOf(file),
  };
}

/** Where a walk through a table ends. */
function lastOf(image: LsmMoment['image'], number: number): string {
  const file = tableFileOf(image, number);
  const part = file && tableOf(file).footer.damage === undefined ? ':footer' : '';
  return `${part ? 'block' : 'table'}:${number}${part}`;
}

/** A stretch of the file that can be looked at by itself. */
interface Part {
  /** A data block is called by its number. */
  readonly name: string;
  readonly label: string;
  readonly handle: Handle;
  readonly tone: Tone;
}

/** All blocks of a table and its footer, in the order in which they lie in the file. */
function partsOf(table: Table): Part[] {
  const { index, meta, filterHandle, footer, bytes } = table;
  const parts: Part[] = index.map(({ handle }, i) => ({
    name: `${i}`,
    label: `block ${i}`,
    handle,
    tone: 'key',
  }));
  for (const [name, handle] of meta)
    parts.push(
      handle === filterHandle
        ? { name: 'filter', label: 'Bloom filters', handle, tone: 'durable' }
        : { name, label: name, handle, tone: 'muted' },
    );
  parts.push(
    { name: 'metaindex', label: 'metaindex', handle: footer.metaindex, tone: 'muted' },
    { name: 'index', label: 'index', handle: footer.index, tone: 'separator' },
    {
      name: 'footer',
      label: 'footer',
      handle: { offset: bytes.length - FOOTER, size: FOOTER },
      tone: 'muted',
    },
  );
  return parts.sort((a, b) => a.handle.offset - b.handle.offset);
}

/** One block: in memory as it is read, unpacked; in the file as it is stored, with its trailer. */
function inspectPart(
  table: Table,
  part: Part,
  layer: Layer,
): Pick<Inspected, 'summary' | 'bytes' | 'regions' | 'durability'> {
  const { offset, size } = part.handle;
  if (part.name === 'footer') {
    const bytes = table.bytes.subarray(offset);
    return { summary: [], bytes, regions: tiledPart(regionsOfFooter(table, 0), bytes) };
  }
  const stored = readStored(table.bytes, part.handle);
  const isPacked = stored.compression !== 'none';
  const inFile = table.bytes.subarray(offset, offset + size + BLOCK_TRAILER);
  const bytes = layer === 'memory' ? stored.bytes : inFile;
  const regions =
    layer === 'memory' || !isPacked
      ? regionsOfPart(table, part, stored.bytes, 0)
      : [simple({ offset: 0, size }, part.tone, `${part.label}, ${stored.compression}`)];
  if (layer === 'file') regions.push(trailer(inFile, { offset: 0, size }));
  const keys = part.tone === 'key' ? new Block(stored.bytes).entries().entries : [];
  const [first, last] = [keys[0]?.key, keys.at(-1)?.key];
  return {
    summary: [
      ...(first && last
        ? [
            {
              name: 'keys',
              value: `${keyText(userKeyOf(first), 14)} … ${keyText(userKeyOf(last), 14)}`,
            },
            { name: 'entries', value: `${keys.length}` },
          ]
        : []),
      { name: 'place', value: `${size} bytes at ${offset}, then 5 of trailer` },
      {
        name: 'stored as',
        value: isPacked
          ? `${stored.compression}, ${stored.bytes.length} bytes when unpacked`
          : 'it is: not compressed',
      },
      { name: 'checksum', value: stored.damage ?? 'matches' },
    ],
    bytes,
    regions: tiledPart(regions, bytes),
    ...(isPacked && { durability: 'compressed in the file, unpacked in memory' }),
  };
}

const tiledPart = (regions: readonly InspectedRegion[], bytes: Bytes): InspectedRegion[] =>
  tiled(regions, 0, bytes.length, { tone: 'free', label: 'not taken apart' });

/** The whole file where it is small, else what is meant and what follows. */
function windowOf(length: number, at: number, least: number): [from: number, to: number] {
  if (length <= MOST) return [0, length];
  const from = Math.max(0, Math.min(at, length - Math.max(MOST, least)));
  return [from, Math.min(length, from + Math.max(MOST, least))];
}

function regionsOfTable(table: Table, parts: readonly Part[]): InspectedRegion[] {
  const { bytes } = table;
  return parts.flatMap((part) => {
    const { handle, name, label, tone } = part;
    if (name === 'footer') return regionsOfFooter(table, handle.offset);
    const { damage, compression } = readStored(bytes, handle);
    const regions =
      compression === 'none'
        ? regionsOfPart(
            table,
            part,
            bytes.subarray(handle.offset, handle.offset + handle.size),
            handle.offset,
          )
        : [simple(handle, tone, `${label}, compressed`)];
    return [
      ...regions.map((region) => (damage ? { ...region, fault: damage } : region)),
      trailer(bytes, handle),
    ];
  });
}

/** What a block holds, unpacked, as it stands at `base`. */
function regionsOfPart(table: Table, part: Part, bytes: Bytes, base: number): InspectedRegion[] {
  if (part.name === 'filter') return regionsOfFilter(table, bytes, base);
  if (part.tone === 'key' || part.tone === 'separator')
    return regionsOfBlock(bytes, base, part.tone, part.label);
  return [simple({ offset: base, size: bytes.length }, part.tone, part.label)];
}

function regionsOfFilter({ filter }: Table, bytes: Bytes, base: number): InspectedRegion[] {
  const fields: InspectedField[] = [];
  for (let i = 0; filter && i < filter.count; i++) {
    const part = filter.filter(i);
    if (!part || part.length === 0) continue;
    const from = base + (part.byteOffset - filter.bytes.byteOffset);
    fields.push(
      field(
        `filter ${i}`,
        `${8 * (part.length - 1)} bits, k = ${part.at(-1)}`,
        `of the keys of blocks that begin at ${i * 2 ** filter.lg} to ${(i + 1) * 2 ** filter.lg - 1}`,
        from,
        from + part.length,
      ),
    );
  }
  const end = base + bytes.length;
  if (filter)
    fields.push(
      field(
        'offsets',
        `${filter.count}`,
        'where each filter begins',
        base + filter.offsetsStart,
        end - 5,
      ),
      field('start of the offsets', `${filter.offsetsStart}`, 'u32', end - 5, end - 1),
      field('lg', `${filter.lg}`, 'one filter for each 2^lg bytes of the file', end - 1, end),
    );
  return [{ from: base, to: end, tone: 'durable', label: 'Bloom filters', fields }];
}

function regionsOfFooter({ footer, bytes }: Table, at: number): InspectedRegion[] {
  return [
    {
      from: at,
      to: at + FOOTER,
      tone: 'muted',
      label: 'footer',
      fields: [
        field(
          'handles',
          `metaindex at ${footer.metaindex.offset}, index at ${footer.index.offset}`,
          'offset and size of each, as varints; zeros to byte 40',
          at,
          at + 40,
        ),
        field(
          'magic',
          hex(bytes.subarray(bytes.length - 8)),
          'says that it is a table',
          at + 40,
          at + FOOTER,
        ),
      ],
    },
  ];
}

const simple = ({ offset, size }: Handle, tone: Tone, label: string): InspectedRegion => ({
  from: offset,
  to: offset + size,
  tone,
  label,
});

function trailer(bytes: Bytes, { offset, size }: Handle): InspectedRegion {
  const at = offset + size;
  return {
    from: at,
    to: at + BLOCK_TRAILER,
    tone: 'muted',
    label: 'trailer',
    fields: [
      field(
        'compression',
        bytes[at] === 0 ? 'none' : bytes[at] === 1 ? 'snappy' : `${bytes[at]}`,
        'how the block is stored',
        at,
        at + 1,
      ),
      field(
        'checksum',
        hex(bytes.subarray(at + 1, at + 5)),
        'masked CRC-32C of the block and the byte before',
        at + 1,
        at + 5,
      ),
    ],
  };
}

/** Entries and restart points of a block, as it is when unpacked. */
function regionsOfBlock(bytes: Bytes, offset: number, tone: Tone, name: string): InspectedRegion[] {
  const block = new Block(bytes);
  const { entries, damage } = block.entries();
  const out = entries.map(({ key, value, at, end, shared, unshared }, i): InspectedRegion => {
    const isInternal = key.length >= TAG_SIZE;
    const user = isInternal ? userKeyOf(key) : key;
    const isIndex = tone === 'separator';
    const keyFrom = offset + end - value.length - unshared;
    return {
      from: offset + at,
      to: offset + end,
      tone,
      label: `${name}, entry ${i}: ${keyText(user)}`,
      fields: [
        field(
          'shared',
          `${shared}`,
          'bytes of the key before that count here too',
          offset + at,
          offset + at + 1,
        ),
        field(
          'unshared',
          `${unshared}`,
          'bytes of the key that follow',
          offset + at + 1,
          offset + at + 2,
        ),
        field('value length', `${value.length}`, 'bytes of the value', offset + at + 2, keyFrom),
        field(
          'key',
          isInternal
            ? isIndex
              ? `${keyText(user)}, not before any key of its block`
              : `${keyText(user)} · seq ${sequenceOf(key)} · ${isDeletion(key) ? 'delete' : 'put'}`
            : keyText(user),
          'the user key, then sequence and type in 8 bytes',
          keyFrom,
          keyFrom + unshared,
        ),
        field(
          isIndex ? 'handle' : 'value',
          isIndex ? hex(value) : keyText(value),
          isIndex ? 'offset and size of the block' : '',
          offset + end - value.length,
          offset + end,
        ),
      ],
    };
  });
  out.push({
    from: offset + block.entriesEnd,
    to: offset + bytes.length,
    tone: 'separator',
    label: `${name}, ${block.restarts} restart points`,
    fields: Array.from({ length: Math.min(64, block.restarts) }, (_, i) =>
      field(
        `restart ${i}`,
        `${block.restart(i)}`,
        'an entry with its whole key',
        offset + block.entriesEnd + 4 * i,
        offset + block.entriesEnd + 4 * i + 4,
      ),
    ),
    ...(damage && { fault: damage }),
  });
  return out;
}

/** A table that has no index yet, or none any more. */
const blocksOnly = (bytes: Bytes, isOpen: boolean): InspectedRegion[] =>
  bytes.length === 0
    ? []
    : [
        {
          from: 0,
          to: bytes.length,
          tone: 'key',
          label: isOpen
            ? 'data blocks, the index is not written yet'
            : 'blocks: where each begins only footer and index say',
        },
      ];

// ── Logs and the manifest ───────────────────────────────────────────────────────────────────────

/** The header of each fragment; `inner` takes the data of a record apart that lies in one piece. */
function regionsOfRecords(
  records: readonly LogRecord[],
  bytes: Bytes,
  inner: (
    record: LogRecord,
    at: number,
  ) => { label: string; fields: InspectedField[]; key?: string },
): InspectedRegion[] {
  return records.flatMap((record) => {
    const { label, fields, key } = inner(record, record.offset + LOG_HEADER);
    return record.fragments.map(
      ({ offset, length, type }, i): InspectedRegion => ({
        from: offset,
        to: offset + LOG_HEADER + length,
        tone: i % 2 === 0 ? 'key' : 'separator',
        label: record.fragments.length === 1 ? label : `${label}, ${type}`,
        ...(key !== undefined && { key }),
        fields: [
          field(
            'checksum',
            hex(bytes.subarray(offset, offset + 4)),
            'masked CRC-32C of type and data',
            offset,
            offset + 4,
          ),
          field('length', `${length}`, 'bytes of data', offset + 4, offset + 6),
          field('type', type, 'whole, or which part of a record', offset + 6, offset + 7),
          ...(record.fragments.length === 1 ? fields : []),
        ],
      }),
    );
  });
}

function inspectLog(
  moment: LsmMoment,
  number: number,
  record: string | undefined,
  layer: Layer,
): Inspected {
  const file = logFile(moment, number) as FileImage;
  const bytes = contentOf(file, layer);
  const { records, damage } = logOf(file);
  const base = {
    title: `Log ${number}`,
    key: `log:${number}`,
    ...(record !== undefined && { inside: record }),
    heading: logName(number),
    durability: durabilityOf(file),
    summary: [
      { name: 'records', value: `${records.length}` },
      { name: 'size', value: `${file.now.size} bytes` },
      { name: 'synced', value: `${file.synced.size} bytes` },
      ...damage.map(({ text, isTail }) => ({ name: isTail ? 'torn' : 'damage', value: text })),
    ],
  };
  if (!bytes || bytes.length === 0)
    return {
      ...base,
      regions: [],
      why:
        layer === 'file' && file.now.size > 0
          ? 'Nothing of it is synced: a power cut now would leave none of it.'
          : 'The log is empty.',
    };
  const at = record === undefined ? 0 : Number(record.split(':')[2]);
  const [from, to] = windowOf(bytes.length, at, 0);
  const nth = record === undefined ? -1 : records.findIndex(({ offset }) => offset === at);
  const [previous, next] = [records[nth - 1], records[nth + 1]].map(
    (one) => one && `record:${number}:${one.offset}`,
  );
  const regions = regionsOfRecords(records, bytes, (one, start) => {
    const batch = decodeBatch(one.data);
    return {
      key: `record:${number}:${one.offset}`,
      label: `sequence ${batch.sequence}: ${batch.entries
        .slice(0, 3)
        .map(({ key, value }) => `${value ? 'put' : 'delete'} ${keyText(key, 12)}`)
        .join(', ')}${batch.entries.length > 3 ? ' …' : ''}`,
      fields: [
        field('sequence', `${batch.sequence}`, 'of the first operation', start, start + 8),
        field('operations', `${batch.count}`, 'how many', start + 8, start + BATCH_HEADER),
        ...batch.entries.map(({ key, value, at, end }) =>
          field(
            value ? 'put' : 'delete',
            keyText(key),
            value ? `${value.length} bytes` : 'a tombstone',
            start + at,
            start + end,
          ),
        ),
      ],
    };
  });
  regions.push(
    ...damage.map(
      ({ offset, bytes, text }): InspectedRegion => ({
        from: offset,
        to: offset + bytes,
        tone: 'fault',
        label: 'cannot be read',
        fault: text,
      }),
    ),
  );
  return {
    ...base,
    ...(previous && { previous }),
    ...(next && { next }),
    bytes: bytes.subarray(from, to),
    regions: tiled(regions, from, to, { tone: 'free', label: 'no record: zeros' }),
  };
}

function inspectManifest(moment: LsmMoment, layer: Layer): Inspected {
  const { image, value } = moment;
  const name = manifestName(value.manifest);
  const file = fileNamed(image, name);
  const base = { title: 'Manifest', key: 'manifest', heading: name };
  const bytes = file && contentOf(file, layer);
  if (!file || !bytes)
    return { ...base, summary: [], regions: [], why: `There is no ${name} at this moment.` };
  const { records } = logOf(file);
  const [from, to] = windowOf(bytes.length, bytes.length, 0);
  const tables = value.version.reduce((sum, files) => sum + files.length, 0);
  return {
    ...base,
    summary: [
      { name: 'edits', value: `${records.length}` },
      { name: 'live tables', value: `${tables}` },
      { name: 'last sequence', value: `${value.lastSequence}` },
      { name: 'next file', value: `${value.nextFile}` },
      {
        name: 'levels in use',
        value: `${value.version.filter((files) => files.length > 0).length} of ${LEVELS}`,
      },
    ],
    bytes: bytes.subarray(from, to),
    durability: durabilityOf(file),
    regions: tiled(
      regionsOfRecords(records, bytes, ({ data }, start) => {
        const { edit, damage } = decodeEdit(data);
        const words = [
          ...(edit.added ?? []).map(({ level, file }) => `+${file.number} in level ${level}`),
          ...(edit.removed ?? []).map(({ level, number }) => `-${number} of level ${level}`),
        ];
        return {
          label:
            words.length > 0
              ? words.slice(0, 4).join(', ') + (words.length > 4 ? ' …' : '')
              : 'the version at its beginning',
          fields: [
            field(
              'edit',
              damage ??
                [
                  edit.comparator && `comparator ${edit.comparator}`,
                  edit.logNumber !== undefined && `log ${edit.logNumber}`,
                  edit.nextFile !== undefined && `next file ${edit.nextFile}`,
                  edit.lastSequence !== undefined && `last sequence ${edit.lastSequence}`,
                  ...words,
                ]
                  .filter(Boolean)
                  .join(', '),
              'tagged fields: format.ts',
              start,
              start + data.length,
            ),
          ],
        };
      }),
      from,
      to,
      { tone: 'free', label: 'no record' },
    ),
  };
}

// ── A memtable ──────────────────────────────────────────────────────────────────────────────────

function inspectMemtable(
  moment: LsmMoment,
  number: number,
  entry: string | undefined,
  layer: Layer,
): Inspected {
  const file = arenaFile(moment, number) as FileImage;
  const { value } = moment;
  const base = {
    title: `Memtable ${number}`,
    key: `memtable:${number}`,
    ...(entry !== undefined && { inside: entry }),
    heading: 'arena of the skip list',
    durability: durabilityOf(file),
  };
  if (layer === 'file')
    return {
      ...base,
      summary: [],
      regions: [],
      why: `A memtable is never in a file: ${logName(number)} has the same writes.`,
    };
  const list = skipListOf(file);
  const { used, entries, height, dataBytes } = list;
  const bytes = bytesOfContent(file).subarray(0, used);
  const nodes = [...list.all()];
  const regions: InspectedRegion[] = [
    {
      from: 0,
      to: HEAD,
      tone: 'plain',
      label: 'arena header',
      fields: [
        field('in use', `${used}`, 'bytes', 0, 4),
        field('entries', `${entries}`, 'nodes', 4, 8),
        field('lanes', `${height}`, 'in use, of 12', 8, 12),
        field('data', `${dataBytes}`, 'bytes of keys and values', 12, 16),
      ],
    },
    {
      from: HEAD,
      to: HEAD + 4 + 4 * MAX_HEIGHT,
      tone: 'separator',
      label: 'head of all lanes',
      fields: Array.from({ length: height }, (_, lane) =>
        field(
          `lane ${lane}`,
          `${list.next(HEAD, lane) || 'nobody'}`,
          'offset of its first node',
          HEAD + 4 + 4 * lane,
          HEAD + 8 + 4 * lane,
        ),
      ),
    },
    ...nodes.map(({ offset, height, key, value, end }): InspectedRegion => {
      const user = userKeyOf(key);
      const lanes = offset + 4 + 4 * height;
      return {
        from: offset,
        to: end,
        tone: 'key',
        label: `${keyText(user)}@${sequenceOf(key)}${isDeletion(key) ? ', a tombstone' : ''}`,
        key: `entry:${keyText(user)}@${sequenceOf(key)}`,
        fields: [
          field('height', `${height}`, 'lanes of the node', offset, offset + 4),
          ...Array.from({ length: height }, (_, lane) =>
            field(
              `next in lane ${lane}`,
              `${list.next(offset, lane) || 'nobody'}`,
              'offset in the arena',
              offset + 4 + 4 * lane,
              offset + 8 + 4 * lane,
            ),
          ),
          field(
            'key',
            `${keyText(user)} · seq ${sequenceOf(key)} · ${isDeletion(key) ? 'delete' : 'put'}`,
            'length, user key, then sequence and type',
            lanes,
            end - value.length - 1,
          ),
          field('value', keyText(value), `${value.length} bytes`, end - value.length, end),
        ],
      };
    }),
  ];
  const wanted = nodes.find(
    ({ key }) => `entry:${keyText(userKeyOf(key))}@${sequenceOf(key)}` === entry,
  );
  const [from, to] = windowOf(bytes.length, wanted?.offset ?? 0, 0);
  return {
    ...base,
    summary: [
      { name: 'entries', value: `${entries}` },
      { name: 'in use', value: `${used} of ${value.limits.memtableSize} bytes` },
      { name: 'lanes', value: `${height}` },
      { name: 'data', value: `${dataBytes} bytes of keys and values` },
    ],
    bytes: bytes.subarray(from, to),
    regions: tiled(regions, from, to, { tone: 'free', label: 'unused, to keep nodes aligned' }),
  };
}
