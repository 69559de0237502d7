// What the inspector shows of an LSM tree: a table, a log, a memtable's arena or the manifest, its
// bytes as the engine's own lenses take them apart. Regions tile the bytes; what no lens claims is said.

import type { Bytes } from '../../../engine/base/bytes.ts';
import { bytesOfContent, type FileImage, fileNamed } from '../../../engine/disk/image.ts';
import { BATCH_HEADER, decodeBatch } from '../../../engine/lsm/batch.ts';
import { BLOCK_TRAILER, Block, type Handle } from '../../../engine/lsm/block.ts';
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
import { arenaFile, focusOf, keyText, type LsmMoment, logFile, recordsOf } from './reading.ts';

/** More bytes than this are shown by the part that is meant. */
const MOST = 24_576;

type Target =
  | { readonly kind: 'table'; readonly number: number }
  | { readonly kind: 'log'; readonly number: number; readonly record?: string }
  | { readonly kind: 'memtable'; readonly number: number; readonly entry?: string }
  | { readonly kind: 'manifest' };

function targetOf(moment: LsmMoment, selection: string | undefined): Target {
  const { value, event, image } = moment;
  const [kind = '', ...rest] = (selection ?? '').split(':');
  const number = Number(rest[0]);
  if (kind === 'table' && tableFileOf(image, number)) return { kind, number };
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
      return inspectTable(moment, target.number, layer);
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

function inspectTable(moment: LsmMoment, number: number, layer: Layer): Inspected {
  const { image, value, event } = moment;
  const file = tableFileOf(image, number);
  const level = value.version.findIndex((files) => files.some((one) => one.number === number));
  const all = value.version.flat().map((one) => one.number);
  const at = all.indexOf(number);
  const base = {
    title: `Table ${number}`,
    key: `table:${number}`,
    heading: `${tableName(number)}${level >= 0 ? ` · level ${level}` : ''}`,
    ...(at > 0 && { previous: `table:${all[at - 1]}` }),
    ...(at >= 0 && at < all.length - 1 && { next: `table:${all[at + 1]}` }),
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
  const regions = whole && table.damage.length === 0 ? regionsOfTable(table) : blocksOnly(bytes);
  const block =
    event.kind === 'probe' && event.table === number && event.block !== undefined
      ? table.index[Math.min(event.block, table.blocks - 1)]?.handle
      : undefined;
  const [from, to] = windowOf(bytes.length, block?.offset ?? 0, (block?.size ?? 0) + BLOCK_TRAILER);
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
  return {
    ...base,
    summary: [
      ...(first && last
        ? [
            {
              name: 'keys',
              value: `${keyText(userKeyOf(first), 14)} … ${keyText(userKeyOf(last), 14)}`,
            },
          ]
        : []),
      {
        name: 'entries',
        value: `${entries}${tombstones > 0 ? `, ${tombstones} ${tombstones === 1 ? 'tombstone' : 'tombstones'}` : ''}`,
      },
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
        : table.damage.slice(0, 1).map((text) => ({ name: 'damage', value: text }))),
    ],
    bytes: bytes.subarray(from, to),
    regions: tiled(regions, from, to, { tone: 'free', label: 'not taken apart' }),
    durability: durabilityOf(file),
  };
}

/** The whole file where it is small, else what is meant and what follows. */
function windowOf(length: number, at: number, least: number): [from: number, to: number] {
  if (length <= MOST) return [0, length];
  const from = Math.max(0, Math.min(at, length - Math.max(MOST, least)));
  return [from, Math.min(length, from + Math.max(MOST, least))];
}

function regionsOfTable(table: Table): InspectedRegion[] {
  const out: InspectedRegion[] = [];
  table.index.forEach(({ handle }, i) => {
    out.push(...regionsOfBlock(table, handle, 'key', `block ${i}`));
  });
  const { filter, filterHandle, footer, bytes } = table;
  for (const [name, handle] of table.meta)
    if (handle !== filterHandle) out.push(simple(handle, 'muted', name), trailer(bytes, handle));
  if (filterHandle) {
    const { offset, size } = filterHandle;
    const fields: InspectedField[] = [];
    for (let i = 0; filter && i < filter.count; i++) {
      const part = filter.filter(i);
      if (!part || part.length === 0) continue;
      const from = offset + (part.byteOffset - filter.bytes.byteOffset);
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
    if (filter)
      fields.push(
        field(
          'offsets',
          `${filter.count}`,
          'where each filter begins',
          offset + filter.offsetsStart,
          offset + size - 5,
        ),
        field(
          'start of the offsets',
          `${filter.offsetsStart}`,
          'u32',
          offset + size - 5,
          offset + size - 1,
        ),
        field(
          'lg',
          `${filter.lg}`,
          'one filter for each 2^lg bytes of the file',
          offset + size - 1,
          offset + size,
        ),
      );
    out.push({ from: offset, to: offset + size, tone: 'durable', label: 'Bloom filters', fields });
    out.push(trailer(bytes, filterHandle));
  }
  out.push(simple(footer.metaindex, 'muted', 'metaindex'), trailer(bytes, footer.metaindex));
  out.push(...regionsOfBlock(table, footer.index, 'separator', 'index'));
  const at = bytes.length - FOOTER;
  out.push({
    from: at,
    to: bytes.length,
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
      field('magic', hex(bytes.subarray(at + 40)), 'says that it is a table', at + 40, at + FOOTER),
    ],
  });
  return out;
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

/** Entries and restart points of a block that is stored plain; a compressed one is a stretch of bytes. */
function regionsOfBlock(table: Table, handle: Handle, tone: Tone, name: string): InspectedRegion[] {
  const { bytes } = table;
  const { offset, size } = handle;
  if (bytes[offset + size] !== 0)
    return [simple(handle, tone, `${name}, compressed`), trailer(bytes, handle)];
  const block = new Block(bytes.subarray(offset, offset + size));
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
    to: offset + size,
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
  out.push(trailer(bytes, handle));
  return out;
}

/** A table that has no index yet. */
const blocksOnly = (bytes: Bytes): InspectedRegion[] =>
  bytes.length === 0
    ? []
    : [
        {
          from: 0,
          to: bytes.length,
          tone: 'key',
          label: 'data blocks, the index is not written yet',
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
  const records = recordsOf(file);
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
  return {
    ...base,
    bytes: bytes.subarray(from, to),
    regions: tiled(regions, from, to, { tone: 'free', label: 'no record: zeros, or torn' }),
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
  const records = recordsOf(file);
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
