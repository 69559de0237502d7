// The inspector's view of a B-Tree page or of a frame of the log: which of them is meant by what is
// selected, its bytes in memory or on the disk, and the anatomy that the lenses find in them.

import { type Bytes, equalBytes } from '../../../engine/base/bytes.ts';
import type { BTreeEvent, BTreeValue, Key } from '../../../engine/btree/events.ts';
import { dirtyPages, FILES, pageCount, pageOf } from '../../../engine/btree/events.ts';
import { readHeader } from '../../../engine/btree/header.ts';
import { compareKeys, keyAt, placeIn } from '../../../engine/btree/key-lens.ts';
import {
  anatomy,
  Page,
  type PageUse,
  pagesOf,
  type Region,
  type RegionKind,
  type Survey,
} from '../../../engine/btree/page.ts';
import {
  FRAME_HEADER,
  frameOffset,
  readPageAt,
  WAL_HEADER,
  walAnatomy,
} from '../../../engine/btree/wal-lens.ts';
import { chunkOf, type DiskImage, fileNamed } from '../../../engine/disk/image.ts';
import type { ShownMoment } from '../../player/types.ts';
import type { Inspected, InspectedRegion, Layer } from '../../scene/inspect.ts';
import type { Tone } from '../../scene/scene.ts';
import { behindIn, FRAME_WORDS, LOG_HEADER_KEY, readLog, recoveredLog, sourceOf } from './log.ts';
import { aboveKey, cellKey, keyText } from './reading.ts';

type BTreeMoment = ShownMoment<BTreeEvent, BTreeValue>;

const TONES: Readonly<Record<RegionKind, Tone>> = {
  'file header': 'muted',
  'page header': 'plain',
  pointers: 'separator',
  gap: 'free',
  cell: 'key',
  freeblock: 'free',
  fragment: 'free',
  reserved: 'muted',
  next: 'separator',
  payload: 'key',
  trunk: 'separator',
  'pointer map': 'separator',
  unused: 'free',
};

/** A page's bytes as the process sees them; or only what a power cut would leave, the log counted. */
export function pageBytes(image: DiskImage, number: number, layer: Layer): Uint8Array | undefined {
  if (layer === 'memory') return pageOf(image, number);
  const log = fileNamed(image, FILES.log);
  const left = log && recoveredLog(log, log.synced);
  if (left && left.mxFrame > 0) {
    if (number > left.pages) return undefined;
    const inLog = readPageAt(sourceOf(log, log.synced), left, number);
    if (inLog) return inLog as Uint8Array;
  }
  const database = fileNamed(image, FILES.database);
  return database && (chunkOf(database.synced, number - 1) ?? database.source?.chunk(number - 1));
}

function inCache(image: DiskImage, number: number): boolean {
  const cache = fileNamed(image, FILES.cache);
  return cache !== undefined && chunkOf(cache.now, number - 1) !== undefined;
}

function lastPage(image: DiskImage): number {
  const database = fileNamed(image, FILES.database);
  const cache = fileNamed(image, FILES.cache);
  const pages = (file: typeof database) => (file ? Math.ceil(file.now.size / file.chunkSize) : 0);
  return Math.max(pageCount(image, false), pages(database), pages(cache));
}

/** Beyond so many pages a walk over all of them at every step would be felt. */
const SURVEYED = 3000;
const surveys = new WeakMap<DiskImage, Survey>();

function useOf(image: DiskImage, number: number, pages: number): PageUse | undefined {
  if (pages > SURVEYED) return undefined;
  let survey = surveys.get(image);
  if (!survey) {
    survey = pagesOf((page) => pageBytes(image, page, 'memory'), pages);
    surveys.set(image, survey);
  }
  return survey.uses.get(number);
}

/** The page that the event is about. */
function pageOfEvent(event: BTreeEvent, value: BTreeValue): number {
  if ('page' in event) return event.page;
  if ('parent' in event) return event.parent;
  if ('to' in event) return event.to;
  if ('into' in event) return event.into;
  if ('root' in event) return event.root;
  return value.root;
}

/** The leaf on which a key is, or the highest interior page that holds it as a separator. */
function pageOfKey(moment: BTreeMoment, key: Key, separator: boolean): number | undefined {
  let number = moment.value.root;
  for (let depth = 0; depth < 40; depth++) {
    const bytes = pageBytes(moment.image, number, 'memory');
    if (!bytes) return undefined;
    const page = new Page(bytes, number);
    if (page.kind === undefined || page.gapStart > bytes.length) return undefined;
    if (page.isTable === (typeof key === 'string')) return undefined;
    const read = (other: number) => pageBytes(moment.image, other, 'memory');
    const index = placeIn(page, key, read);
    const here = index < page.cellCount && compareKeys(keyAt(page, index, read), key) === 0;
    if (here && !page.isTable) return number; // a row, wherever it is
    if (page.isLeaf) return here && !separator ? number : undefined;
    if (here && separator) return number;
    number = page.child(index);
  }
  return undefined;
}

function rowidOf(text: string): Key | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** Which page is meant, and what inside it. */
function target(
  moment: BTreeMoment,
  selection: string | undefined,
): { page: number; inside?: string } {
  const { table, kind: tree } = moment.value;
  const [kind, ...rest] = (selection ?? '').split(':');
  const last = rest.at(-1) ?? '';
  if ((kind === 'page' || kind === 'slot') && /^\d+$/.test(last)) return { page: Number(last) };
  if (selection !== undefined && (kind === 'cell' || kind === 'sep')) {
    // A key that is text may have colons.
    const text = selection.slice(`${kind}:${table}:`.length);
    const key = tree === 'table' ? rowidOf(text) : text;
    const page = key === undefined ? undefined : pageOfKey(moment, key, kind === 'sep');
    if (page !== undefined) return { page, inside: selection };
  }
  return { page: pageOfEvent(moment.event, moment.value) };
}

/** The log header or a frame: its own bytes, and those of the page in it. */
function inspectLog(moment: BTreeMoment, selection: string, layer: Layer): Inspected | undefined {
  const { image } = moment;
  const file = fileNamed(image, FILES.log);
  const log = readLog(image);
  if (!file || !log) return undefined;
  const content = layer === 'memory' ? file.now : file.synced;
  const source = sourceOf(file, content);
  const at = log.frames.findIndex(({ key }) => key === selection);
  const frame = log.frames[at];
  if (!frame && selection !== LOG_HEADER_KEY) return undefined;
  const from = frame ? frameOffset(frame.frame, file.chunkSize) : 0;
  const size = frame ? FRAME_HEADER + file.chunkSize : WAL_HEADER;
  const bytes = source.read(from, size);
  const previous = frame ? (log.frames[at - 1]?.key ?? LOG_HEADER_KEY) : undefined;
  const next = frame ? log.frames[at + 1]?.key : log.frames[0]?.key;
  const base = {
    title: frame ? `Frame ${frame.frame}` : 'Log header',
    key: selection,
    heading: frame ? 'frame of the log' : 'log header',
    ...(previous !== undefined && { previous }),
    ...(next !== undefined && { next }),
  };
  if (bytes.length === 0)
    return {
      ...base,
      summary: [],
      regions: [],
      why: 'It has not been synced: a crash now would leave nothing of it.',
    };
  // As recovery would read it: what counts, and why not.
  const recovered = recoveredLog(file, content);
  const tiles = walAnatomy(source, recovered, frame?.frame ?? 1, frame?.frame ?? 0);
  const head = tiles.find(({ from: start }) => start === from);
  const regions: InspectedRegion[] = [];
  if (head)
    regions.push({
      from: 0,
      to: head.to - from,
      tone: head.fault === undefined ? 'separator' : 'fault',
      label: head.kind,
      ...(head.fields && {
        fields: head.fields.map((field) => ({
          ...field,
          from: field.from - from,
          to: field.to - from,
        })),
      }),
      ...(head.fault !== undefined && { fault: head.fault }),
    });
  if (frame && bytes.length === size) {
    const page = bytes.subarray(FRAME_HEADER);
    const lens = new Page(page, frame.page);
    const use = useOf(image, frame.page, lastPage(image));
    const tree =
      lens.kind !== undefined && (use === undefined || /leaf|interior|unused/.test(use.role));
    const role = tree ? (lens.isLeaf ? 'leaf' : 'interior') : (use?.role ?? 'unused');
    for (const region of anatomy(page, frame.page, role, {
      ...(use?.payload !== undefined && { payload: use.payload }),
    })) {
      const { key: _, ...plain } = shown(region, lens, tree, moment);
      const move = (n: number) => n + FRAME_HEADER;
      regions.push({
        ...plain,
        from: move(plain.from),
        to: move(plain.to),
        ...(plain.fields && {
          fields: plain.fields.map((field) => ({
            ...field,
            from: move(field.from),
            to: move(field.to),
          })),
        }),
      });
    }
  }
  return {
    ...base,
    summary: frame
      ? [
          { name: 'page', value: `${frame.page}` },
          {
            name: 'commit',
            value: frame.commitSize > 0 ? `yes, with ${frame.commitSize} pages` : 'no',
          },
          { name: 'counts as', value: FRAME_WORDS[frame.state] },
        ]
      : [
          { name: 'begun anew', value: `${log.header?.sequence ?? 0} times` },
          { name: 'frames', value: `${log.mxFrame} committed, ${log.backfilled} home` },
          { name: 'recovery', value: recovered.words },
        ],
    bytes,
    regions,
    durability: (frame ? frame.synced : log.header?.synced) ? 'synced' : 'not synced yet',
  };
}

export function inspect(
  moment: BTreeMoment,
  selection: string | undefined,
  layer: Layer,
): Inspected {
  const { image, value } = moment;
  const ofLog = /^(frame|log):/.test(selection ?? '') && inspectLog(moment, selection ?? '', layer);
  if (ofLog) return ofLog;
  const pages = lastPage(image);
  const { page: number, inside } = target(moment, selection);
  const bytes = pageBytes(image, number, layer);
  const base = {
    title: `Page ${number}`,
    key: `page:${number}`,
    ...(inside !== undefined && { inside }),
    ...(number > 1 && { previous: `page:${number - 1}` }),
    ...(number < pages && { next: `page:${number + 1}` }),
  };
  if (!bytes)
    return {
      ...base,
      heading: `page ${number}`,
      summary: [],
      regions: [],
      why: value.readOnly
        ? `Page ${number} is being read from the file.`
        : layer === 'file'
          ? `Page ${number} is not in the file yet: a crash now would leave nothing of it.`
          : value.running
            ? `Page ${number} has not been read into memory at this moment.`
            : 'Nothing is in memory: the process has died. Look at the file copy.',
      ...(value.readOnly && { wants: { file: FILES.database, chunks: [number - 1] } }),
    };

  const use = useOf(image, number, pages);
  const lens = new Page(bytes, number);
  const guessed = lens.kind === undefined ? 'unused' : lens.isLeaf ? 'leaf' : 'interior';
  // In the file a page may still be what it was before; the survey speaks of memory.
  const memory = pageBytes(image, number, 'memory');
  const same = memory !== undefined && equalBytes(memory, bytes);
  // Opened in the middle of a split, a page is what it says it is before anything points to it.
  const unlinked = use?.role === 'unused' && use.fault === undefined && inCache(image, number);
  const role = same && use && !unlinked ? use.role : guessed;
  const first = number === 1 ? bytes : pageBytes(image, 1, 'memory');
  const header = first && readHeader(first, pages * bytes.length);
  const regions = anatomy(bytes, number, role, {
    ...(header && { usable: header.usable, encoding: header.encoding }),
    ...(use?.payload !== undefined && { payload: use.payload }),
  });
  const tree = role === 'leaf' || role === 'interior';
  const file = pageBytes(image, number, 'file');
  return {
    ...base,
    heading: tree ? 'b-tree page header' : headingOf(role),
    summary: tree ? treeSummary(lens, regions) : roleSummary(role, use),
    bytes,
    regions: regions.map((region) => shown(region, lens, tree, moment)),
    durability: durabilityOf(image, number, file),
  };
}

/** Where the newest bytes of a page are. */
function durabilityOf(image: DiskImage, number: number, file: Bytes | undefined): string {
  const frame = behindIn(image)(number);
  if (dirtyPages(image).includes(number))
    return frame > 0 || file ? 'newer in memory than committed' : 'not committed yet';
  if (frame === 0) return 'the same in memory and in the file';
  const { frames } = readLog(image) ?? { frames: [] };
  const synced = frames.some((one) => one.frame === frame && one.synced);
  return synced
    ? `the same in memory and in frame ${frame} of the log`
    : `in frame ${frame} of the log, not synced yet`;
}

function headingOf(role: string): string {
  const words: Record<string, string> = {
    overflow: 'overflow page',
    trunk: 'freelist trunk',
    free: 'free page',
    ptrmap: 'pointer map',
    lock: 'lock page',
    unused: 'page',
  };
  return words[role] ?? role;
}

function treeSummary(page: Page, regions: readonly Region[]): Inspected['summary'] {
  const blocks = regions
    .filter(({ kind }) => kind === 'freeblock')
    .reduce((sum, { from, to }) => sum + to - from, 0);
  const gap = Math.max(0, page.contentStart - page.gapStart);
  return [
    {
      name: 'type',
      value: `0x${(page.bytes[page.start] ?? 0).toString(16).padStart(2, '0')} ${page.kind ?? 'unknown'}`,
    },
    { name: 'cells', value: `${page.cellCount}` },
    { name: 'content starts', value: `${page.contentStart}` },
    {
      name: 'free bytes',
      value: `${gap}${blocks > 0 ? ` + ${blocks} in freeblocks` : ''}${page.fragments > 0 ? ` + ${page.fragments} in fragments` : ''}`,
    },
    ...(page.kind !== undefined && !page.isLeaf
      ? [{ name: 'right-most child', value: `page ${page.rightChild}` }]
      : []),
  ];
}

function roleSummary(role: string, use: PageUse | undefined): Inspected['summary'] {
  return [
    { name: 'use', value: headingOf(role) },
    ...(use?.parent !== undefined ? [{ name: 'named by', value: `page ${use.parent}` }] : []),
    ...(use?.payload !== undefined ? [{ name: 'payload', value: `${use.payload} bytes` }] : []),
    ...(use?.fault !== undefined ? [{ name: 'fault', value: use.fault }] : []),
  ];
}

function shown(
  region: Region,
  page: Page,
  tree: boolean,
  { image, value }: BTreeMoment,
): InspectedRegion {
  const { from, to, kind, fields, fault } = region;
  const cell = tree && kind === 'cell' && region.index !== undefined;
  const { table, readOnly } = value;
  const hasKey = cell && fault === undefined && (page.isTable || !readOnly);
  const key = hasKey
    ? keyAt(page, region.index as number, (number) => pageBytes(image, number, 'memory'))
    : undefined;
  const interior = tree && page.kind !== undefined && !page.isLeaf;
  return {
    from,
    to,
    tone: fault !== undefined ? 'fault' : cell && interior ? 'separator' : TONES[kind],
    label: cell
      ? `${interior ? 'separator' : 'cell'} ${region.index}${key === undefined ? '' : `: key ${keyText(key)}`}`
      : kind,
    ...(key !== undefined && { key: (interior ? aboveKey : cellKey)(table, key) }),
    ...(fields && { fields }),
    ...(fault !== undefined && { fault }),
  };
}
