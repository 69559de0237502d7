// For tests: databases that were damaged on purpose, and everything that reads them. Whatever the
// bytes say, a reader ends, soon, with what can be read and a sentence about the rest.
//
//   cut          the file ends somewhere
//   flips        bits anywhere, half of them where pages keep their headers and pointers
//   loop         a pointer leads back: a child, an overflow page, a freelist trunk
//   huge         a count or a size says more than there can be
//   swap, blank  a page is another one, or nothing, or noise
//   header       a field of the first hundred bytes is arbitrary

import { readFileSync } from 'node:fs';
import { Complaint } from '../base/assert.ts';
import type { Dice } from '../base/dice.ts';
import { type ForeignSource, openForeign, report, rowsOf, sizeOfTree } from './foreign.ts';
import { overlayOf } from './overlay.ts';
import { anatomy, type PageRole, pagesOf, treesOf, virtualTablesOf } from './page.ts';
import { walAnatomy } from './wal-lens.ts';

const FOLDER = `${import.meta.dirname}/fixtures`;

export interface Fixture {
  readonly name: string;
  readonly pageSize: number;
  readonly bytes: Uint8Array;
  readonly wal?: Uint8Array;
  readonly journal?: Uint8Array;
}

/** Every database that SQLite wrote for the tests, with what lies beside it. */
export function fixtures(): Fixture[] {
  const { fixtures } = JSON.parse(readFileSync(`${FOLDER}/manifest.json`, 'utf8')) as {
    fixtures: Record<string, { pageSize: number }>;
  };
  const load = (path: string) => new Uint8Array(readFileSync(`${FOLDER}/${path}`));
  return Object.entries(fixtures)
    .filter(([path]) => path.startsWith('sqlite/'))
    .map(([path, { pageSize }]) => ({
      name: path.slice('sqlite/'.length),
      pageSize,
      bytes: load(path),
      ...(path.includes('wal') && { wal: load(`${path}-wal`) }),
      ...(path.includes('hotjournal') && { journal: load(`${path}-journal`) }),
    }));
}

const KINDS = ['cut', 'flips', 'flips', 'loop', 'huge', 'swap', 'blank', 'header'] as const;

/** A damaged copy, and what was done to it. */
export function damaged(
  bytes: Uint8Array,
  pageSize: number,
  dice: Dice,
): { readonly bytes: Uint8Array; readonly what: string } {
  const kind = KINDS[dice.below(KINDS.length)] as (typeof KINDS)[number];
  if (kind === 'cut') {
    const length = dice.below(bytes.length);
    return { bytes: bytes.slice(0, length), what: `cut to ${length} bytes` };
  }
  const bad = bytes.slice();
  const view = new DataView(bad.buffer);
  const pages = Math.max(1, Math.floor(bad.length / pageSize));
  const page = dice.below(pages);
  const start = page * pageSize + (page === 0 ? 100 : 0);
  switch (kind) {
    case 'flips':
      for (let flips = 1 + dice.below(40); flips > 0; flips--) {
        const at = dice.chance(0.5)
          ? Math.min(bad.length - 1, pageSize * dice.below(pages) + dice.below(40))
          : dice.below(bad.length);
        bad[at] = (bad[at] as number) ^ (1 << dice.below(8));
      }
      return { bytes: bad, what: 'bits flipped' };
    case 'loop': {
      // A page's right-most child, its next page, or the first child in its cells.
      const to = 1 + dice.below(pages);
      const at = [start + 8, page * pageSize, start + pageSize - 40][dice.below(3)] as number;
      if (at + 4 <= bad.length) view.setUint32(at, to);
      return { bytes: bad, what: `page ${page + 1} leads to page ${to}` };
    }
    case 'huge': {
      const at = [start + 3, start + 5, start + 1, page * pageSize + 4][dice.below(4)] as number;
      if (at + 4 <= bad.length) {
        if (dice.chance(0.5)) view.setUint16(at, 0xffff - dice.below(4));
        else view.setUint32(at, 0xffffffff - dice.below(4));
      }
      // And payloads of gigabytes: the longest varints where a cell may begin.
      for (let i = 0; i < 8; i++) {
        const cell = page * pageSize + pageSize - 1 - dice.below(Math.min(pageSize, 200));
        for (let b = 0; b < 8 && cell + b < bad.length; b++) bad[cell + b] = 0xff;
      }
      return { bytes: bad, what: `page ${page + 1} promises too much` };
    }
    case 'swap': {
      const other = dice.below(pages);
      bad.copyWithin(page * pageSize, other * pageSize, (other + 1) * pageSize);
      return { bytes: bad, what: `page ${page + 1} is page ${other + 1}` };
    }
    case 'blank': {
      const noise = dice.chance(0.5);
      for (let at = page * pageSize; at < Math.min(bad.length, (page + 1) * pageSize); at++)
        bad[at] = noise ? dice.below(256) : 0;
      return { bytes: bad, what: `page ${page + 1} is ${noise ? 'noise' : 'zeros'}` };
    }
    default: {
      const at = 16 + 4 * dice.below(21);
      if (at + 4 <= bad.length) view.setUint32(at, dice.below(2 ** 32));
      return { bytes: bad, what: `the header's word at ${at} is arbitrary` };
    }
  }
}

export class TooMuch extends Error {}

/** A source that ends a reader which goes round in circles: after so many reads of each page. */
export function sourceOf(bytes: Uint8Array, name = 'bad.db', budget = 60): ForeignSource {
  let left = 2_000 + (budget * bytes.length) / 512;
  return {
    name,
    size: bytes.length,
    read(at, length) {
      if (left-- <= 0) throw new TooMuch(`${name} is read again and again`);
      return bytes.slice(at, at + length);
    },
  };
}

const ROLES: readonly PageRole[] = [
  'leaf',
  'interior',
  'overflow',
  'trunk',
  'free',
  'ptrmap',
  'lock',
  'unused',
];

/** Reads a database in every way there is. A Complaint is an answer; all else that is thrown is a bug. */
export function readInEveryWay(bytes: Uint8Array, beside: Pick<Fixture, 'wal' | 'journal'>): void {
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      if (!(thrown instanceof Complaint)) throw thrown;
      sensible(thrown.message);
    }
  };
  const open = () =>
    overlayOf(
      sourceOf(bytes),
      beside.wal && sourceOf(beside.wal),
      beside.journal && sourceOf(beside.journal),
    );
  attempt(() => {
    const source = open();
    for (const note of source.notes) sensible(note);
    for (const problem of report(source).problems) sensible(problem);
  });
  attempt(() => {
    const foreign = openForeign(open());
    const { read, header, pages } = foreign;
    virtualTablesOf(read, header);
    for (const tree of treesOf(read, header)) {
      sizeOfTree(read, header.usable, tree, 500);
      attempt(() => {
        for (const _ of rowsOf(foreign, tree));
      });
    }
    const { uses, faults } = pagesOf(read, pages);
    for (const fault of faults) sensible(fault);
    // What lies beyond the size that the header tells is no part of the database.
    for (let page = 1; page <= Math.min(pages, header.pages); page++) {
      const image = read(page);
      const use = uses.get(page);
      if (!image || !use) throw new Error(`page ${page} of ${pages} is told nothing about`);
      // As what it is, and as something that it is not.
      for (const role of [use.role, ROLES[page % ROLES.length] as PageRole]) {
        const regions = anatomy(image, page, role, { usable: header.usable, ...use });
        for (const { from, to, fault } of regions) {
          if (!(from >= 0 && from <= to && to <= image.length))
            throw new Error(`page ${page} as ${role}: a region from ${from} to ${to}`);
          if (fault !== undefined) sensible(fault);
        }
      }
    }
  });
  const { wal } = beside;
  if (wal) attempt(() => void walAnatomy(sourceOf(wal), undefined, 1, 20));
}

/** A sentence for a person. */
export function sensible(sentence: string): void {
  if (sentence.length < 12 || /undefined|NaN|\[object|\n/.test(sentence))
    throw new Error(`no sentence for a person: ${sentence}`);
}
