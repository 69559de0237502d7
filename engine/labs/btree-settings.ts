// The B-Tree lab's commands and settings, as help, panels and the command line tell of them.

import { MERGE_BELOW, SPLITS } from '../btree/tree.ts';
import type { CommandSpec, Setting } from '../run/lab.ts';
import { USAGE } from './btree-commands.ts';

const isPageSize = (value: unknown): boolean =>
  [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].includes(value as number);

export const settings: readonly Setting[] = [
  {
    name: 'page-size',
    type: 'integer',
    default: 512,
    values: [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
    min: 512,
    max: 65536,
    expected: 'a power of two from 512 to 65536',
    valid: isPageSize,
    help: 'Bytes in a page. SQLite takes 4096 unless told; 512 splits soon.',
  },
  {
    name: 'max-cells',
    type: 'integer',
    default: 0,
    values: [0, 2, 3, 4, 8],
    min: 0,
    max: 10_000,
    expected: '0 for as many as fit, or a whole number from 2 to 10000',
    valid: (value) => value !== 1,
    help: 'At most so many cells a page, to see splits early; 0: as many as fit. The file stays valid.',
  },
  {
    name: 'split',
    type: 'choice',
    default: 'middle',
    values: SPLITS,
    help: 'How a full page is divided. middle: in even halves. sqlite: cell for cell as SQLite does, with up to three siblings. rightmost: at the right edge the new page gets the new cell alone. bstar: two full siblings into three.',
  },
  {
    name: 'merge-below',
    type: 'number',
    default: MERGE_BELOW,
    min: 0,
    max: 0.5,
    help: 'A page filled less than this part seeks a sibling to merge with. SQLite: a third.',
  },
  {
    name: 'keys',
    type: 'choice',
    default: 'integer',
    values: ['integer', 'text'],
    help: 'integer: rows are found by rowid, in a table b-tree. text: by a text, in an index b-tree, which keeps rows in its interior pages too.',
  },
  {
    name: 'synchronous',
    type: 'choice',
    default: 'full',
    values: ['full', 'normal'],
    help: 'full: a commit syncs the log. normal: only a checkpoint does; a crash may take the last commits, whole.',
  },
  {
    name: 'checkpoint-after',
    type: 'integer',
    default: 1000,
    values: [0, 4, 20, 100, 1000],
    min: 0,
    max: 1_000_000,
    help: 'A commit that leaves so many frames in the log is followed by a checkpoint; 0: by hand. SQLite: 1000.',
  },
  {
    name: 'table',
    type: 'text',
    default: '',
    help: 'Of an imported database, the table or index to show; empty: its first table.',
  },
];

export const commands: readonly CommandSpec[] = [
  {
    name: 'put',
    usage: USAGE.put,
    help: 'Inserts a row or replaces it. The first write opens a transaction.',
    examples: ['put 29 "Puerto Rico"', "put 7 x'00ff'"],
  },
  { name: 'get', usage: USAGE.get, help: 'Looks a row up.', reads: true, examples: ['get 29'] },
  { name: 'delete', usage: USAGE.delete, help: 'Takes a row out.', examples: ['delete 29'] },
  {
    name: 'scan',
    usage: USAGE.scan,
    help: 'Reads rows in the order of their keys; either end of the range may be left out.',
    reads: true,
    examples: ['scan 10..30', 'scan ..30 backward', 'scan'],
  },
  {
    name: 'bulk',
    usage: USAGE.bulk,
    help: 'N puts of distinct keys out of 1..10N, with 24-byte values from the seed.',
    examples: ['bulk 100 random', 'bulk 500 ascending'],
  },
  {
    name: 'load',
    usage: USAGE.load,
    help: 'Builds an empty tree bottom up from N rows in order, as those of bulk N ascending; pages are made P percent full.',
    examples: ['load 500', 'load 500 fill 70'],
  },
  {
    name: 'vacuum',
    usage: USAGE.vacuum,
    help: 'Writes all rows anew in order: full pages, none free. The commit makes it durable and the file short.',
  },
  {
    name: 'commit',
    usage: USAGE.commit,
    help: 'Appends the changed pages to the write-ahead log and syncs it.',
  },
  {
    name: 'checkpoint',
    usage: USAGE.checkpoint,
    help: 'Brings the pages in the log into the database, so that the log can begin anew.',
  },
  {
    name: 'rollback',
    usage: USAGE.rollback,
    settles: true,
    help: 'Drops what was changed since the last commit.',
  },
  {
    name: 'crash',
    usage: USAGE.crash,
    settles: true,
    help: 'Cuts the power and starts again; keep names the unsynced sectors that survive, torn how many of the last write.',
    examples: [
      'crash',
      'crash during put 29 "Puerto Rico" at moment 5',
      'crash during commit at write 2 keep 1',
      'crash during commit at write 3 torn 1',
    ],
  },
  {
    name: 'reopen',
    usage: USAGE.reopen,
    settles: true,
    help: 'Closes in order and opens again; what was not committed is rolled back.',
  },
  {
    name: 'check',
    usage: USAGE.check,
    help: 'Walks the whole database and says what breaks a rule of the format.',
    reads: true,
  },
];
