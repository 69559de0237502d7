// The lessons that there are. A new one adds a line: what the front page and the labs say of it, and
// where it is loaded from when it is opened.

import type { Lesson } from './lesson.ts';

export interface LessonEntry {
  readonly name: string;
  readonly lab: string;
  readonly number: number | string;
  readonly title: string;
  load(): Promise<Lesson>;
}

export const LESSONS: readonly LessonEntry[] = [
  {
    name: 'btree',
    lab: 'btree',
    number: 5,
    title: 'B-Trees, from a page to a file',
    load: () => import('./btree.tsx').then(({ lesson }) => lesson),
  },
  {
    name: 'lsm',
    lab: 'lsm',
    number: 7,
    title: 'LSM trees, and what each way costs',
    load: () => import('./lsm.tsx').then(({ lesson }) => lesson),
  },
  {
    name: 'raft',
    lab: 'raft',
    number: '11b',
    title: 'Raft, from an election to figure 8',
    load: () => import('./raft.tsx').then(({ lesson }) => lesson),
  },
  {
    name: 'commit',
    lab: 'commit',
    number: 15,
    title: 'Commit, from a promise to a partition',
    load: () => import('./commit.tsx').then(({ lesson }) => lesson),
  },
];
