// The small pure parts of the shell: finding, prose, chapters, and where an address leads.

import { describe, expect, it } from 'vitest';
import { backupNames, nameOfBackup, sizeText, whyNoName } from './backup.ts';
import { chapterOf, PARTS } from './chapters.ts';
import { labOfText, type PaletteItem } from './desk.ts';
import { sortFiles } from './files.ts';
import { find } from './find.ts';
import { queryOf } from './location.ts';
import { piecesOf } from './Prose.tsx';

const item = (label: string, group = 'Labs', note?: string): PaletteItem => ({
  id: label,
  group,
  label,
  ...(note !== undefined && { note }),
  run: () => {},
});

describe('the palette', () => {
  const items = [
    item('5 · B-Trees', 'Labs', 'Search, split and merge'),
    item('A page splits', 'Scenarios', 'btree'),
    item('put 29 "Puerto Rico"', 'Operations'),
    item('Open a database…', 'Elsewhere'),
  ];
  const labels = (text: string) => find(items, text).map(({ label }) => label);

  it('shows everything until something is typed', () => {
    expect(labels('  ')).toEqual(items.map(({ label }) => label));
  });

  it('finds by label before note', () => {
    expect(labels('split')).toEqual(['A page splits', '5 · B-Trees']);
  });

  it('wants every word', () => {
    expect(labels('page spl')).toEqual(['A page splits']);
    expect(labels('page rico')).toEqual([]);
  });

  it('does not mind capitals', () => {
    expect(labels('PUERTO')).toEqual(['put 29 "Puerto Rico"']);
  });
});

describe('prose', () => {
  it('marks code and stress, and leaves the rest as text', () => {
    expect(piecesOf('Watch `put 29`: it is a *copy*, 2 * 3 * 4 <b>no</b>.')).toEqual([
      { kind: 'text', text: 'Watch ' },
      { kind: 'code', text: 'put 29' },
      { kind: 'text', text: ': it is a ' },
      { kind: 'stress', text: 'copy' },
      { kind: 'text', text: ', 2 * 3 * 4 <b>no</b>.' },
    ]);
  });

  it('loses no character', () => {
    for (const text of ['', '*', '``', '*a', 'a `b` *c* d', '**'])
      expect(
        piecesOf(text)
          .map((piece) =>
            piece.kind === 'code'
              ? `\`${piece.text}\``
              : piece.kind === 'stress'
                ? `*${piece.text}*`
                : piece.text,
          )
          .join(''),
      ).toBe(text);
  });
});

describe('the descent', () => {
  it('has sixteen chapters, numbered in order', () => {
    const numbers = PARTS.flatMap((part) => part.chapters.map(({ number }) => number));
    expect(numbers).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  });

  it('knows the chapter of a lab', () => {
    expect(chapterOf('btree')?.chapter.number).toBe(5);
    expect(chapterOf('nowhere')).toBeUndefined();
  });
});

describe('addresses and texts', () => {
  it('a fragment has a query of its own', () => {
    expect(queryOf('#/lab/btree?scenario=split_leaf&watch=split').get('watch')).toBe('split');
    expect(queryOf('#/lab/btree').get('watch')).toBeNull();
  });

  it('the lab of a scenario is the one that its text names', () => {
    expect(labOfText('# about\n\nlab btree\nput 1 "lab lsm"')).toBe('btree');
    expect(labOfText('put 1 "x"')).toBeUndefined();
  });
});

describe('workspaces in words', () => {
  it('a name is a line of a few letters', () => {
    expect(whyNoName('my tree')).toBeUndefined();
    expect(whyNoName('')).toContain('needs a name');
    expect(whyNoName('a\nb')).toContain('one line');
    expect(whyNoName('a'.repeat(61))).toContain('at most 60');
  });

  it('sizes', () => {
    expect([0, 512, 2560, 68_608, 12_345_678].map(sizeText)).toEqual([
      '0 bytes',
      '512 bytes',
      '2.6 kB',
      '69 kB',
      '12.3 MB',
    ]);
  });

  it('a backup is saved and restored under the name of its workspace', () => {
    expect(backupNames('My tree', ['lab.sqlite', 'lab.sqlite-wal'])).toEqual({
      text: 'My tree.txt',
      files: ['My tree.sqlite', 'My tree.sqlite-wal'],
    });
    expect(backupNames('../a/b', ['lab.sqlite']).text).toBe('__a_b.txt');
    expect(nameOfBackup('My tree.txt')).toBe('My tree');
    expect(nameOfBackup('My tree (2).txt')).toBe('My tree');
    expect(nameOfBackup('.txt')).toBe('restored');
  });
});

describe('files that were dropped or chosen', () => {
  const file = (name: string) => new File(['x'], name);
  const sorted = (names: readonly string[], open?: string) => {
    const found = sortFiles(
      names.map(file),
      open === undefined ? undefined : { database: file(open) },
    );
    if ('complaint' in found) return found.complaint;
    const { scenario, files } = found;
    return [scenario?.name, files?.database.name, files?.wal?.name, files?.journal?.name];
  };

  it('a database, with what lies beside it, whatever the order', () => {
    expect(sorted(['a.db'])).toEqual([undefined, 'a.db', undefined, undefined]);
    expect(sorted(['a.db-wal', 'a.db-shm', 'a.db'])).toEqual([
      undefined,
      'a.db',
      'a.db-wal',
      undefined,
    ]);
    expect(sorted(['a.db-journal', 'a.db'])).toEqual([
      undefined,
      'a.db',
      undefined,
      'a.db-journal',
    ]);
    expect(sorted(['run.txt'])).toEqual(['run.txt', undefined, undefined, undefined]);
    expect(sorted(['run.txt', 'a.db'])).toEqual(['run.txt', 'a.db', undefined, undefined]);
  });

  it('a companion later, to the database that is open', () => {
    expect(sorted(['a.db-wal'], 'a.db')).toEqual([undefined, 'a.db', 'a.db-wal', undefined]);
    expect(sorted(['b.db'], 'a.db')).toEqual([undefined, 'b.db', undefined, undefined]);
  });

  it.each([
    [['a.db-wal'], undefined, 'a.db-wal lies beside a database: drop a.db together with it.'],
    [['b.db-wal'], 'a.db', 'b.db-wal belongs to b.db, and the database here is a.db.'],
    [
      ['b.db-journal', 'a.db'],
      undefined,
      'b.db-journal belongs to b.db, and the database here is a.db.',
    ],
    [
      ['a.db', 'b.db'],
      undefined,
      'a.db and b.db are several databases: expected one, with its -wal or -journal if it has any.',
    ],
    [['a.txt', 'b.txt'], undefined, 'a.txt and b.txt are several scenarios: expected one.'],
    [
      ['a.db-shm'],
      undefined,
      'a.db-shm is only an index of the log, made anew each time: drop the database and its -wal.',
    ],
    [[], undefined, 'There is no file in what was dropped.'],
    [['a.db-shm'], 'a.db', 'There is no database in what was dropped.'],
  ] as const)('%j with %s open: %s', (names, open, complaint) => {
    expect(sorted(names, open)).toBe(complaint);
  });
});
