// The log on vectors and under power cuts at every write; judged by sqlite3, where it is installed, on
// every shape that a crash can leave. (sql.js has no write-ahead log.)

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bytesOfHex, equalBytes, hexOf, setU32, u32 } from '../base/bytes.ts';
import { Dice } from '../base/dice.ts';
import { Disk, type File, PowerCut } from '../disk/disk.ts';
import { bytesOfContent, type DiskImage, EMPTY_IMAGE, fileNamed } from '../disk/image.ts';
import { pendingOf, powerCut } from '../disk/power.ts';
import { FILES, type WalStep } from './events.ts';
import { dump, type ForeignSource } from './foreign.ts';
import { overlayOf } from './overlay.ts';
import { Pager, ROOT } from './pager.ts';
import { recordOf } from './record.ts';
import { BTree } from './tree.ts';
import { type LeftOut, NO_LOG, type PageImage, Wal } from './wal.ts';
import { WalIndex } from './wal-index.ts';
import { INDEX_CHUNK, type IndexHeader } from './wal-index-lens.ts';
import {
  checksum,
  FRAME_HEADER,
  frameAt,
  frameChecksum,
  frameOffset,
  readPageAt,
  recoverWal,
  WAL_HEADER,
  walAnatomy,
} from './wal-lens.ts';

const FIXTURES = `${process.env.FIXTURES ?? `${import.meta.dirname}/fixtures`}/sqlite`;
const folder = mkdtempSync(join(tmpdir(), 'bathysphere-wal-'));
afterAll(() => rmSync(folder, { recursive: true }));
const cli = (() => {
  try {
    return execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ')[0];
  } catch {
    return undefined;
  }
})();
console.info(`judge of the log: ${cli ? `sqlite3 ${cli}` : 'none, no sqlite3 command here'}`);

const hex = (text: string): Uint8Array => bytesOfHex(text.replaceAll(/\s/g, '')) as Uint8Array;
const sourceOf = (bytes: Uint8Array, name = 'test.db'): ForeignSource => ({
  name,
  size: bytes.length,
  read: (at, length) => bytes.slice(at, at + length),
});
const allOf = (source: ForeignSource): Uint8Array => source.read(0, source.size);
const fileBytes = (image: DiskImage, name: string): Uint8Array => {
  const file = fileNamed(image, name);
  return file ? bytesOfContent(file) : new Uint8Array(0);
};
const LOG = 'lab.sqlite-wal';
const INDEX = 'wal index';
const openLog = (disk: Disk): File => disk.open(LOG, 'durable', 512);
const openIndex = (disk: Disk, known?: IndexHeader): File => {
  const file = disk.open(INDEX, 'memory', INDEX_CHUNK);
  if (known) new WalIndex(file).header = known;
  return file;
};

describe('the format', () => {
  // The worked example of wal-lens.ts.
  const example = new Uint8Array(WAL_HEADER + FRAME_HEADER + 512);
  example.set(
    hex(`377f0683 002de218 00000200 00000000 11223344 55667788 2726fe1b 23664f5c
         00000002 00000002 11223344 55667788 a5a55e28 bd8293eb 0d00000000020000`),
  );

  test('the worked example is a log with one transaction', () => {
    const recovered = recoverWal(sourceOf(example));
    expect(recovered).toMatchObject({
      header: { bigEndian: true, pageSize: 512, sequence: 0, salts: [0x11223344, 0x55667788] },
      frames: [{ frame: 1, page: 2, offset: 32, commitSize: 2 }],
      mxFrame: 1,
      pages: 2,
      stop: 'end',
      words: 'the log ends with frame 1; frames 1 to 1 count',
    });
  });

  test('and is what the writer writes', () => {
    const disk = new Disk();
    const known: IndexHeader = {
      ...NO_LOG(512),
      salts: [0x11223344, 0x55667788],
      checksum: [u32(example, 24), u32(example, 28)],
    };
    const wal = new Wal(openLog(disk), openIndex(disk, known), 512);
    const bytes = example.slice(WAL_HEADER + FRAME_HEADER);
    wal.commit([{ page: 2, bytes }], 2, new Dice(1));
    expect(hexOf(fileBytes(disk.seal(), LOG).subarray(32))).toBe(hexOf(example.subarray(32)));
  });

  test('a checksum adds up two words at a time, in either order', () => {
    const bytes = hex('00000001 00000002 00000003 00000004');
    // (1, 3) after the first two words; then 1 + 3 + 3 = 7 and 3 + 4 + 7 = 14.
    expect(checksum([0, 0], bytes, 0, 16, true)).toEqual([7, 14]);
    expect(checksum([0, 0], bytes, 0, 8, false)).toEqual([0x01000000, 0x03000000]);
    expect(checksum([0xffffffff, 1], bytes, 0, 8, true)).toEqual([1, 4]);
  });

  test('a log of SQLite, with frames of an older one behind its own', () => {
    const bytes = new Uint8Array(readFileSync(`${FIXTURES}/wal-1024.db-wal`));
    const recovered = recoverWal(sourceOf(bytes));
    expect(recovered).toMatchObject({ mxFrame: 11, stop: 'salt' });
    expect(recovered.header).toMatchObject({ bigEndian: false, pageSize: 1024, sequence: 1 });
    expect(recovered.words).toBe(
      'frame 12 has other salts: it is from before the log was begun anew; frames 1 to 11 count',
    );
    const states = walAnatomy(sourceOf(bytes), recovered)
      .filter(({ kind }) => kind === 'page image')
      .map(({ state }) => state);
    expect(states.length).toBe(31);
    expect(states.filter((state) => state === 'stale').length).toBe(20);
    expect(states.filter((state) => state === 'newest').length).toBe(recovered.index.size);
  });

  test('what is no log counts for nothing, and the fault is named', () => {
    const bad = (change: (bytes: Uint8Array) => Uint8Array | undefined) => {
      const bytes = example.slice();
      const { mxFrame, header, stop, words } = recoverWal(sourceOf(change(bytes) ?? bytes));
      expect([mxFrame, header]).toEqual([0, undefined]);
      return `${stop}: ${words}`;
    };
    const resum = (bytes: Uint8Array): void => {
      const [s1, s2] = checksum([0, 0], bytes, 0, 24, true);
      setU32(bytes, 24, s1);
      setU32(bytes, 28, s2);
    };
    expect(bad(() => new Uint8Array(0))).toBe('empty: the log is empty');
    expect(bad((bytes) => bytes.subarray(0, 31))).toMatch(/^header: .* 32 bytes; there are 31/);
    expect(bad((bytes) => void bytes.fill(0, 0, 4))).toMatch(/the magic is 00000000/);
    expect(bad((bytes) => void setU32(bytes, 8, 1000))).toMatch(/the page size is 1000/);
    expect(bad((bytes) => void setU32(bytes, 16, 7))).toMatch(/does not match its checksum/);
    expect(
      bad((bytes) => {
        setU32(bytes, 4, 3007001);
        resum(bytes);
        return bytes;
      }),
    ).toBe('version: the log has version 3007001, expected 3007000');
  });
});

// ── A small database of pages without meaning, for the log does not care what pages hold ────────

const SIZE = 512;
type Content = readonly Uint8Array[];

const randomPage = (dice: Dice): Uint8Array => {
  const page = new Uint8Array(SIZE);
  for (let at = 0; at < SIZE; at += 4) setU32(page, at, dice.next());
  return page;
};

/** The next state of the database, and the pages that lead to it. */
function randomChange(before: Content, dice: Dice): { after: Content; images: PageImage[] } {
  const pages = Math.max(1, before.length - 1 + dice.below(4));
  const after = Array.from({ length: pages }, (_, i) => before[i] ?? randomPage(dice));
  for (let n = dice.below(4); n >= 0; n--) after[dice.below(pages)] = randomPage(dice);
  const images = after.flatMap((bytes, i) => (bytes === before[i] ? [] : [{ page: i + 1, bytes }]));
  if (images.length === 0) images.push({ page: 1, bytes: after[0] as Uint8Array });
  return { after, images };
}

const sameContent = (a: Content, b: Content): boolean =>
  a.length === b.length && a.every((page, i) => equalBytes(page, b[i] as Uint8Array));

/** The database as a process finds it that starts on an image, read by the lens alone. */
function contentOf(image: DiskImage): Content {
  const database = sourceOf(fileBytes(image, FILES.database));
  const log = sourceOf(fileBytes(image, LOG));
  const recovered = recoverWal(log);
  const pages = recovered.pages || database.size / SIZE;
  return Array.from(
    { length: pages },
    (_, i) =>
      (readPageAt(log, recovered, i + 1) as Uint8Array | undefined) ??
      database.read(i * SIZE, SIZE),
  );
}

/** The same, by a Wal that recovers and brings everything home. */
function checkpointed(image: DiskImage): Content {
  const disk = new Disk(image);
  const database = disk.open(FILES.database, 'durable', SIZE);
  const { wal } = Wal.recover(openLog(disk), openIndex(disk), SIZE);
  if (wal.state.mxFrame > 0) wal.checkpoint(database);
  return Array.from({ length: database.chunks }, (_, i) => database.chunk(i));
}

interface Plan {
  readonly seed: number;
  readonly steps: number;
  readonly leaveOut?: ReadonlySet<LeftOut>;
  /** Commits that are not synced, now and then. */
  readonly relaxed?: boolean;
}

/** What a run knows: states in order, the last one that must survive, the one after it being made. */
interface Book {
  readonly states: Content[];
  durable: number;
}

/** Random commits and checkpoints on a disk; ends with a PowerCut where the disk is told to. */
function work(disk: Disk, plan: Plan, book: Book, tell?: (step: WalStep) => void): void {
  const dice = new Dice(plan.seed);
  const database = disk.open(FILES.database, 'durable', SIZE);
  const { wal } = Wal.recover(openLog(disk), openIndex(disk), SIZE, {
    leaveOut: plan.leaveOut,
    tell,
  });
  for (let step = 0; step < plan.steps; step++) {
    if (step > 0 && dice.chance(0.3)) {
      const { mxFrame } = wal.state;
      const upTo = dice.chance(0.8) ? mxFrame : dice.below(mxFrame + 1);
      if (wal.checkpoint(database, { upTo })) book.durable = book.states.length - 1;
    }
    const { after, images } = randomChange(book.states.at(-1) as Content, dice);
    book.states.push(after);
    const sync = !(plan.relaxed && dice.chance(0.5));
    wal.commit(images, after.length, dice, { sync });
    if (sync) book.durable = book.states.length - 1;
  }
}

const START: Content = [new Uint8Array(SIZE).fill(1), new Uint8Array(SIZE).fill(2)];

/** A disk with the first state in the database, nothing in the log, all of it synced. */
function freshImage(): DiskImage {
  const disk = new Disk(EMPTY_IMAGE);
  const database = disk.open(FILES.database, 'durable', SIZE);
  for (const [i, page] of START.entries()) database.put(i, page);
  database.sync();
  openLog(disk).sync();
  disk.syncDirectory();
  return disk.seal();
}

/** Why an image that a power cut left is not what was promised. */
function brokenPromise(image: DiskImage, { states, durable }: Book): string | undefined {
  const content = contentOf(image);
  const found = states.findLastIndex((state) => sameContent(state, content));
  if (found < 0) return 'a mixture of commits';
  return found < durable ? `commit ${found}, and ${durable} was promised` : undefined;
}

/**
 * Cuts the power at every write of a run, keeps random parts of what was not synced, and gives the
 * images: most of them must hold a promise, and one in three is worked on, once more.
 */
function* cuts(plan: Plan, start: DiskImage, before: Content, rounds = 2): Iterable<Cut> {
  const whole = new Disk(start);
  work(whole, plan, { states: [before], durable: 0 });
  const dice = new Dice(plan.seed + 1);
  for (let n = 1; n <= whole.writes; n++) {
    const disk = new Disk(start, { cutAtWrite: n });
    const book: Book = { states: [before], durable: 0 };
    try {
      work(disk, plan, book);
      throw new Error('the power was not cut');
    } catch (thrown) {
      if (!(thrown instanceof PowerCut)) throw thrown;
      const parts = pendingOf(thrown.image).length;
      const sets: ((part: number) => boolean)[] = [() => false, () => true];
      const head = dice.below(parts + 1);
      sets.push((part) => part < head);
      for (let extra = 0; extra < 3; extra++) {
        const rolls = Array.from({ length: parts }, () => dice.chance(0.6));
        sets.push((part) => rolls[part] === true);
      }
      for (const keep of sets) {
        const image = powerCut(thrown.image, keep);
        yield { image, book, write: n };
        if (rounds > 1 && dice.chance(0.05) && !plan.leaveOut) {
          const next = { ...plan, seed: plan.seed + 1000 + n, steps: 3 };
          yield* cuts(next, image, contentOf(image), rounds - 1);
        }
      }
    }
  }
}
interface Cut {
  readonly image: DiskImage;
  readonly book: Book;
  readonly write: number;
}

describe('the index', () => {
  test('after the worked example it is the bytes that wal-index-lens.ts draws', () => {
    const disk = new Disk();
    const log = openLog(disk);
    log.write(
      0,
      hex(`377f0683 002de218 00000200 00000000 11223344 55667788 2726fe1b 23664f5c
           00000002 00000002 11223344 55667788 a5a55e28 bd8293eb 0d00000000020000`),
    );
    log.write(WAL_HEADER + FRAME_HEADER + 511, new Uint8Array(1));
    Wal.recover(log, openIndex(disk), 512);
    const bytes = fileBytes(disk.seal(), INDEX);
    expect(hexOf(bytes.subarray(12, 40))).toBe(
      '0101000201000000' + '02000000285ea5a5' + 'eb9382bd11223344' + '55667788',
    );
    expect(hexOf(bytes.subarray(0x88, 0x8c))).toBe('02000000');
    expect(hexOf(bytes.subarray(0x45fc, 0x45fe))).toBe('0100');
  });

  (cli ? test : test.skip)(
    'is the one that sqlite3 keeps beside the same log, block after block',
    () => {
      const path = join(folder, 'shm.db');
      const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) ';
      const work = Array.from(
        { length: 6 },
        (_, i) =>
          `BEGIN; ${rows} INSERT OR REPLACE INTO t SELECT i * ${i + 3}, hex(randomblob(400)) FROM n; COMMIT;`,
      );
      execFileSync('sqlite3', [path], {
        input: `PRAGMA page_size=512; PRAGMA journal_mode=wal; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(id INTEGER PRIMARY KEY, v);
        ${work.join('\n')}\n.shell cp '${path}-wal' '${path}.log'\n.shell cp '${path}-shm' '${path}.index'\n`,
      });
      const [theirs, log] = [readFileSync(`${path}.index`), readFileSync(`${path}.log`)];
      const disk = new Disk();
      const file = openLog(disk);
      file.write(0, new Uint8Array(log));
      const { wal } = Wal.recover(file, openIndex(disk), 512);
      // More than one block of 4,096 frames, so that all parts of the format are met.
      expect(wal.state.mxFrame).toBeGreaterThan(4062 + 4096);
      const ours = new Uint8Array(theirs.length);
      ours.set(fileBytes(disk.seal(), INDEX));
      // How many commits there were since it was made, and so its checksum, recovery cannot know.
      expect(hexOf(ours.subarray(12, 40))).toBe(hexOf(theirs.subarray(12, 40)));
      expect(equalBytes(ours.subarray(136), new Uint8Array(theirs.subarray(136)))).toBe(true);
    },
  );
});

describe('power cuts', () => {
  test.each([
    [1, false],
    [2, true],
    [3, true],
    [4, false],
  ])(
    'at every write of run %i (relaxed %s): the last synced commit or a later whole one',
    (seed, relaxed) => {
      let images = 0;
      for (const { image, book, write } of cuts(
        { seed, steps: 12, relaxed },
        freshImage(),
        START,
      )) {
        images++;
        const broken = brokenPromise(image, book);
        if (broken) throw new Error(`seed ${seed}, write ${write}: ${broken}`);
        expect(sameContent(checkpointed(image), contentOf(image))).toBe(true);
      }
      expect(images).toBeGreaterThan(200);
    },
  );

  test('in a checkpoint, at every write, whatever was kept: the committed content', () => {
    const disk = new Disk(freshImage());
    const { wal } = Wal.recover(openLog(disk), openIndex(disk), SIZE);
    const dice = new Dice(5);
    let content = START;
    for (let n = 0; n < 6; n++) {
      const { after, images } = randomChange(content, dice);
      wal.commit(images, after.length, dice);
      content = after;
    }
    const image = powerCut(disk.seal());
    const run = (cutAtWrite?: number): Disk => {
      const disk = new Disk(image, cutAtWrite === undefined ? {} : { cutAtWrite });
      const database = disk.open(FILES.database, 'durable', SIZE);
      const { wal } = Wal.recover(openLog(disk), openIndex(disk), SIZE);
      expect(wal.checkpoint(database)).toBe(true);
      return disk;
    };
    const { writes } = run();
    expect(writes).toBeGreaterThan(5);
    let images = 0;
    for (let n = 1; n <= writes; n++) {
      try {
        run(n);
        throw new Error('the power was not cut');
      } catch (thrown) {
        if (!(thrown instanceof PowerCut)) throw thrown;
        const parts = pendingOf(thrown.image).length;
        for (let set = 0; set < 2 ** Math.min(parts, 6); set++) {
          const left = powerCut(thrown.image, (part) => ((set >> (part % 6)) & 1) === 1);
          expect(sameContent(contentOf(left), content)).toBe(true);
          expect(sameContent(checkpointed(left), content)).toBe(true);
          images++;
        }
      }
    }
    expect(images).toBeGreaterThan(50);
  });

  test.each(['commit sync', 'header sync', 'checkpoint sync', 'database sync'] as const)(
    'an engine that leaves out the %s is found out',
    (leftOut) => {
      const leaveOut = new Set([leftOut]);
      for (let seed = 1; seed <= 20; seed++)
        for (const { image, book } of cuts(
          { seed, steps: 12, relaxed: leftOut === 'checkpoint sync', leaveOut },
          freshImage(),
          START,
        ))
          if (brokenPromise(image, book)) return;
      throw new Error('no seed showed it');
    },
  );
});

describe('reading and checkpoints', () => {
  test('every snapshot reads its own state, by the index and by the lens', () => {
    const disk = new Disk(freshImage());
    const { wal } = Wal.recover(openLog(disk), openIndex(disk), SIZE);
    const dice = new Dice(6);
    const states: [number, Content][] = [];
    let content = START;
    for (let n = 0; n < 30; n++) {
      const { after, images } = randomChange(content, dice);
      wal.commit(images, after.length, dice);
      content = after;
      states.push([wal.state.mxFrame, after]);
    }
    const log = sourceOf(fileBytes(disk.seal(), LOG));
    const recovered = recoverWal(log);
    for (const [snapshot, state] of states)
      for (const [i, page] of state.entries()) {
        const frame = wal.frameAt(i + 1, snapshot);
        expect(frameAt(recovered, i + 1, snapshot)).toBe(frame);
        const bytes = wal.read(i + 1, snapshot) ?? START[i];
        expect(equalBytes(bytes as Uint8Array, page)).toBe(true);
      }
    // Opened with what is known, nothing is read and all is as before.
    const same = new Wal(openLog(disk), openIndex(disk), SIZE);
    expect(same.frameAt(1)).toBe(wal.frameAt(1));
  });

  test('a checkpoint below a reader brings home what that reader sees, and the log goes on', () => {
    const steps: string[] = [];
    const disk = new Disk(freshImage());
    const database = disk.open(FILES.database, 'durable', SIZE);
    const tell = ({ kind, ...rest }: WalStep) => {
      const { why, page, frame, pages } = rest as Record<string, unknown>;
      steps.push([kind, why, frame, page ?? pages].filter((part) => part !== undefined).join(' '));
    };
    const { wal } = Wal.recover(openLog(disk), openIndex(disk), SIZE, { tell });
    const dice = new Dice(7);
    const page = (n: number) => new Uint8Array(SIZE).fill(n);
    const put = (...pages: number[]) =>
      pages.map((n): PageImage => ({ page: n, bytes: page(10 * n + wal.state.mxFrame) }));
    wal.commit(put(1, 3), 3, dice);
    wal.commit(put(1), 3, dice);
    expect(wal.checkpoint(database, { upTo: 2 })).toBe(false);
    expect(wal.checkpoint(database)).toBe(true);
    const { salts } = wal.state;
    wal.commit(put(2), 2, dice);
    expect(wal.sequence).toBe(1);
    expect(wal.state).toMatchObject({ mxFrame: 1, backfilled: 0, pages: 2 });
    expect(wal.state.salts[0]).toBe((salts[0] + 1) >>> 0);
    expect(wal.checkpoint(database)).toBe(true);
    expect(steps).toEqual([
      'restart',
      'log-sync header',
      'frame 1 1',
      'frame 2 3',
      'log-sync commit',
      'frame 3 1',
      'log-sync commit',
      'checkpoint 2',
      'backfill 1 1',
      'backfill 2 3',
      'checkpointed',
      'checkpoint 1',
      'backfill 3 1',
      'database-sync 1',
      'checkpointed',
      'restart',
      'log-sync header',
      'frame 1 2',
      'log-sync commit',
      'checkpoint 1',
      'backfill 1 2',
      'resize 2',
      'database-sync 1',
      'checkpointed',
    ]);
    expect(sameContent(checkpointed(disk.seal()), [page(12), page(23)])).toBe(true);
  });
});

// ── Real databases, and every shape in which a crash can leave their logs ───────────────────────

interface Commit {
  readonly database: Uint8Array;
  readonly rows: readonly string[];
}

/** A database after each of some commits, as files in WAL mode. */
function commitsOf(count: number, seed: number, pageSize: number): Commit[] {
  const disk = new Disk();
  const pager = Pager.create(disk, pageSize);
  const tree = new BTree(pager, ROOT);
  const dice = new Dice(seed);
  return Array.from({ length: count }, () => {
    pager.begin(1);
    for (let n = 0; n < 8; n++) {
      const key = dice.below(60);
      if (dice.chance(0.25)) tree.delete(key);
      else tree.put(key, recordOf(`value ${dice.next()} of ${key}`));
    }
    pager.commit();
    pager.checkpoint();
    const database = fileBytes(disk.seal(), FILES.database);
    return { database, rows: [...dump(sourceOf(database))] };
  });
}

function changedPages(before: Uint8Array, after: Uint8Array, pageSize: number): PageImage[] {
  const images: PageImage[] = [];
  for (let page = 1; page * pageSize <= after.length; page++) {
    const at = (page - 1) * pageSize;
    const bytes = after.subarray(at, at + pageSize);
    if (!equalBytes(bytes, before.subarray(at, at + pageSize))) images.push({ page, bytes });
  }
  return images;
}

/** The log that leads from the first commit to the last, and the last frame of each. */
function logOf(commits: readonly Commit[], pageSize: number, bigEndian: boolean) {
  const disk = new Disk();
  const known = { ...NO_LOG(pageSize), bigEndian };
  const wal = new Wal(openLog(disk), openIndex(disk, known), pageSize);
  const dice = new Dice(8);
  const ends = commits.slice(1).map(({ database }, i) => {
    const before = (commits[i] as Commit).database;
    wal.commit(changedPages(before, database, pageSize), database.length / pageSize, dice);
    return wal.state.mxFrame;
  });
  return { log: fileBytes(disk.seal(), LOG), ends };
}

interface Shape {
  readonly name: string;
  readonly database: Uint8Array;
  readonly log: Uint8Array;
  readonly expected: Commit;
}

function* shapes(pageSize: number, bigEndian: boolean): Iterable<Shape> {
  const commits = commitsOf(4, pageSize + 9, pageSize);
  const [first, , , last] = commits as [Commit, Commit, Commit, Commit];
  const { database } = first;
  const { log, ends } = logOf(commits, pageSize, bigEndian);
  /** What counts when frame `bad` and all behind it do not. */
  const before = (bad: number): Commit => commits[ends.filter((end) => end < bad).length] as Commit;
  const frames = ends.at(-1) as number;
  const at = (frame: number) => frameOffset(frame, pageSize);
  yield { name: 'whole', database, log, expected: last };
  const flip = (offset: number): Uint8Array => {
    const bad = log.slice();
    bad[offset] = (bad[offset] as number) ^ (1 << (offset % 8));
    return bad;
  };
  for (let offset = 0; offset < WAL_HEADER; offset += 4)
    yield { name: `flip in header ${offset}`, database, log: flip(offset), expected: first };
  for (const frame of [1, 2, ...ends])
    for (const offset of [3, 4, 8, 12, 16, 20, 24, 24 + pageSize / 2, 23 + pageSize])
      yield {
        name: `flip in frame ${frame} at ${offset}`,
        database,
        log: flip(at(frame) + offset),
        expected: before(frame),
      };
  for (let size = 0; size < log.length; size += 512) {
    const bad = Math.floor((size - WAL_HEADER) / (FRAME_HEADER + pageSize)) + 1;
    const torn = log.slice(0, size);
    yield { name: `torn at ${size}`, database, log: torn, expected: before(bad) };
    // A file that was made longer before its sectors arrived: they are zeros.
    const zeros = log.slice().fill(0, size);
    yield { name: `zeros from ${size}`, database, log: zeros, expected: before(bad) };
  }
  const open = log.slice(0, at(frames));
  yield { name: 'no commit', database, log: open, expected: before(frames) };
  // Frames of an older log stand behind those of a newer one, and fit them in size.
  const [, ...rest] = commits;
  const disk = new Disk();
  const file = openLog(disk);
  let wal = new Wal(file, openIndex(disk, { ...NO_LOG(pageSize), bigEndian }), pageSize);
  const base = disk.open(FILES.database, 'durable', pageSize);
  const dice = new Dice(10);
  const put = (from: Commit, to: Commit) =>
    wal.commit(
      changedPages(from.database, to.database, pageSize),
      to.database.length / pageSize,
      dice,
    );
  base.write(0, first.database);
  put(first, rest[0] as Commit);
  put(rest[0] as Commit, rest[1] as Commit);
  wal.checkpoint(base);
  const home = fileBytes(disk.seal(), FILES.database);
  const old = file.size;
  put(rest[1] as Commit, last);
  const image = disk.seal();
  if (file.size !== old) throw new Error('the old log is to be the longer one');
  yield { name: 'begun anew', database: home, log: fileBytes(image, LOG), expected: last };
  wal.checkpoint(base);
  yield {
    name: 'begun anew and home',
    database: fileBytes(disk.seal(), FILES.database),
    log: fileBytes(disk.seal(), LOG),
    expected: last,
  };
  file.truncate(0);
  wal = Wal.recover(file, openIndex(disk), pageSize).wal;
  put(last, first);
  yield {
    name: 'emptied, then written',
    database: last.database,
    log: fileBytes(disk.seal(), LOG),
    expected: first,
  };
}

/** What sqlite3 makes of databases and their logs: rows, verdict, and the file that it leaves behind. */
function judge(
  files: readonly { database: Uint8Array; log?: Uint8Array; journal?: Uint8Array }[],
): { integrity: string; rows: string[]; file: Uint8Array }[] {
  const paths = files.map(({ database, log, journal }, i) => {
    const path = join(folder, `${i}.db`);
    for (const end of ['', '-wal', '-journal', '-shm']) rmSync(path + end, { force: true });
    writeFileSync(path, database);
    if (log) writeFileSync(`${path}-wal`, log);
    if (journal) writeFileSync(`${path}-journal`, journal);
    return path;
  });
  const script = paths.map(
    (path) =>
      `.open '${path}'\n.print =\nPRAGMA integrity_check;\n.print -\nSELECT id || '|' || id || '|' || quote(v) FROM kv ORDER BY id;\n`,
  );
  const out = execFileSync('sqlite3', { input: script.join(''), encoding: 'utf8' });
  const answers = out.split(/^=\n/m).slice(1);
  return paths.map((path, i) => {
    const [integrity = '', rows = ''] = (answers[i] as string).split(/^-\n/m);
    return {
      integrity: integrity.trim(),
      rows: rows.split('\n').filter((line) => line !== ''),
      file: new Uint8Array(readFileSync(path)),
    };
  });
}

const orders = [
  [512, true],
  [512, false],
  [1024, true],
] as const;

describe.each(orders)('logs of %i-byte pages, big-endian %s', (pageSize, bigEndian) => {
  const all = [...shapes(pageSize, bigEndian)];

  test('are recovered to the predicted rows, in every shape', () => {
    expect(all.length).toBeGreaterThan(40);
    for (const { name, database, log, expected } of all) {
      const overlay = overlayOf(sourceOf(database), sourceOf(log));
      expect([...dump(overlay)], name).toEqual(expected.rows);
      expect(equalBytes(allOf(overlay), expected.database), name).toBe(true);
    }
  });

  test('the regions of each tile it', () => {
    for (const { name, log } of all) {
      let end = 0;
      for (const { from, to, fields } of walAnatomy(sourceOf(log))) {
        expect(from, name).toBe(end);
        for (const field of fields ?? [])
          expect(field.from >= from && field.to <= to && field.from < field.to).toBe(true);
        end = to;
      }
      expect(end, name).toBe(log.length);
    }
  });

  test.runIf(cli)('sqlite3 recovers the same rows, and leaves the same file', () => {
    const found = judge(all);
    for (const [i, { name, expected }] of all.entries()) {
      const { integrity, rows, file } = found[i] as (typeof found)[0];
      expect([integrity, rows], name).toEqual(['ok', expected.rows]);
      expect(equalBytes(file, expected.database), name).toBe(true);
    }
  });
});

test.runIf(cli)(
  'sqlite3 and we agree on what a crash at any write leaves of a real database',
  () => {
    const commits = commitsOf(6, 11, 512);
    const run = (disk: Disk): void => {
      const base = disk.open(FILES.database, 'durable', 512);
      const dice = new Dice(12);
      const { wal } = Wal.recover(openLog(disk), openIndex(disk), 512);
      for (const [i, { database }] of commits.slice(1).entries()) {
        if (i === 2 || i === 4) wal.checkpoint(base);
        const before = (commits[i] as Commit).database;
        wal.commit(changedPages(before, database, 512), database.length / 512, dice);
      }
    };
    const start = new Disk();
    start.open(FILES.database, 'durable', 512).write(0, (commits[0] as Commit).database);
    start.open(FILES.database, 'durable', 512).sync();
    openLog(start).sync();
    start.syncDirectory();
    const image = start.seal();
    const whole = new Disk(image);
    run(whole);
    const dice = new Dice(13);
    const left: { database: Uint8Array; log: Uint8Array }[] = [];
    for (let n = 1; n <= whole.writes; n++)
      try {
        run(new Disk(image, { cutAtWrite: n }));
      } catch (thrown) {
        if (!(thrown instanceof PowerCut)) throw thrown;
        for (let set = 0; set < 3; set++) {
          const after = powerCut(thrown.image, () => dice.chance([0, 0.5, 0.85][set] as number));
          left.push({ database: fileBytes(after, FILES.database), log: fileBytes(after, LOG) });
        }
      }
    const found = judge(left);
    const allRows = commits.map(({ rows }) => rows.join('\n'));
    for (const [i, { database, log }] of left.entries()) {
      const { integrity, rows } = found[i] as (typeof found)[0];
      expect(integrity).toBe('ok');
      expect(allRows).toContain(rows.join('\n'));
      expect([...dump(overlayOf(sourceOf(database), sourceOf(log)))]).toEqual(rows);
    }
    expect(left.length).toBeGreaterThan(80);
  },
);

// ── Logs that sqlite3 wrote ─────────────────────────────────────────────────────────────────────

/** Runs statements and takes the files as they are while the connection is still open. */
function written(
  name: string,
  statements: readonly string[],
): { database: Uint8Array; log: Uint8Array } {
  const path = join(folder, `${name}.db`);
  const input = `.dbconfig no_ckpt_on_close on\n${statements.join('\n')}\n`;
  execFileSync('sqlite3', [path], { input, encoding: 'utf8' });
  const read = (end: string) => new Uint8Array(readFileSync(path + end));
  return { database: read(''), log: read('-wal') };
}

test.runIf(cli).each([
  [512, 0],
  [1024, 1],
  [4096, 2],
  [65536, 0],
])(
  'a log of %i-byte pages that sqlite3 wrote (auto_vacuum %i) reads as sqlite3 reads it',
  (pageSize, autoVacuum) => {
    const dice = new Dice(pageSize);
    const values = (count: number) =>
      Array.from(
        { length: count },
        () =>
          `(${dice.below(500)}, '${'x'.repeat(dice.below(pageSize === 65536 ? 900 : 90))}${dice.next()}')`,
      ).join(',');
    const statements = [
      `PRAGMA page_size=${pageSize}; PRAGMA auto_vacuum=${autoVacuum}; PRAGMA journal_mode=WAL;`,
      'PRAGMA wal_autocheckpoint=0;',
      'CREATE TABLE kv(id INTEGER PRIMARY KEY, v TEXT);',
    ];
    for (let n = 0; n < 12; n++) {
      statements.push(`REPLACE INTO kv VALUES ${values(1 + dice.below(60))};`);
      if (dice.chance(0.3)) statements.push(`DELETE FROM kv WHERE id % 7 = ${dice.below(7)};`);
      if (n === 4 || n === 8) statements.push('PRAGMA wal_checkpoint(RESTART);');
    }
    if (autoVacuum === 2)
      statements.push('DELETE FROM kv WHERE id > 100;', 'PRAGMA incremental_vacuum;');
    const { database, log } = written(`written-${pageSize}`, statements);
    const recovered = recoverWal(sourceOf(log));
    expect(recovered.mxFrame).toBeGreaterThan(0);
    expect(recovered.header?.sequence).toBe(2);
    const overlay = overlayOf(sourceOf(database), sourceOf(log));
    const damaged = Array.from({ length: 12 }, () => {
      const bad = log.slice(0, dice.chance(0.5) ? log.length : dice.below(log.length));
      if (bad.length === 0 || bad.length < log.length) return bad;
      bad[dice.below(Math.min(bad.length, 20_000))] = dice.below(256);
      return bad;
    });
    const [found, ...rest] = judge([log, ...damaged].map((log) => ({ database, log })));
    expect(found?.integrity).toBe('ok');
    expect([...dump(overlay)]).toEqual(found?.rows);
    expect(equalBytes(allOf(overlay), found?.file as Uint8Array)).toBe(true);
    for (const [i, bad] of damaged.entries()) {
      const ours = overlayOf(sourceOf(database), sourceOf(bad));
      const file = rest[i]?.file as Uint8Array;
      // Where nothing of the log counts, sqlite3 leaves the file alone, as long as it may be.
      expect(equalBytes(allOf(ours), file), `${i}: ${ours.notes}`).toBe(true);
    }
  },
);

test('frameChecksum goes on from the frame before', () => {
  const frame = new Uint8Array(FRAME_HEADER + 512).fill(3);
  expect(frameChecksum([1, 2], frame, true)).not.toEqual(frameChecksum([1, 3], frame, true));
  const other = frame.slice();
  other[10] = 99; // salts are not part of it
  expect(frameChecksum([1, 2], other, true)).toEqual(frameChecksum([1, 2], frame, true));
});
