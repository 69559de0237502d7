// The sixteen chapters of the descent, from one machine's memory down to systems of many. A chapter
// with a lab can be entered; the others say that they are not there yet.

export interface Chapter {
  readonly number: number;
  readonly title: string;
  readonly line: string;
  /** The lab that is its ground, where it is ready. */
  readonly lab?: string;
  /** Another lab of the same chapter. */
  readonly also?: { readonly lab: string; readonly title: string };
}

export interface Part {
  readonly title: string;
  readonly line: string;
  readonly chapters: readonly Chapter[];
}

export const PARTS: readonly Part[] = [
  {
    title: 'Storage engines',
    line: 'what happens on one machine',
    chapters: [
      {
        number: 1,
        title: 'Introduction and overview',
        line: 'One statement on its way through an engine; one workload in memory and on disk.',
      },
      {
        number: 2,
        title: 'Data structures',
        line: 'Hash tables, skip lists and Bloom filters, each held against its formula.',
      },
      {
        number: 3,
        title: 'In-memory stores',
        line: 'Who gives memory out, who takes it back, and what a restart leaves.',
      },
      {
        number: 4,
        title: 'Disk-based stores',
        line: 'Slow devices, a cache before them, and three real file formats byte by byte.',
      },
      {
        number: 5,
        title: 'B-Trees',
        line: 'Search, split and merge, on pages that SQLite can open.',
        lab: 'btree',
      },
      {
        number: 6,
        title: 'B-Tree variants',
        line: 'Copy-on-write, lazy, cascading and latch-free trees on the same keys.',
      },
      {
        number: 7,
        title: 'Log-structured storage',
        line: 'Memory that becomes sorted files, files that become fewer, and what that costs.',
        lab: 'lsm',
      },
    ],
  },
  {
    title: 'Distributed systems',
    line: 'what happens between machines',
    chapters: [
      {
        number: 8,
        title: 'Introduction to distributed systems',
        line: 'Links, clocks, and why late and lost look the same.',
      },
      {
        number: 9,
        title: 'Failure detection',
        line: 'Heartbeats, suspicion and gossip, on three nodes or a thousand.',
      },
      {
        number: 10,
        title: 'Leader election',
        line: 'Four ways to agree on one node, and what a partition does to each.',
      },
      {
        number: 11,
        title: 'Replication and consistency',
        line: 'Quorums, Paxos and Raft, with a referee who reads every answer.',
        lab: 'raft',
      },
      {
        number: 12,
        title: 'Transaction isolation',
        line: 'Every level against every anomaly, live.',
      },
      {
        number: 13,
        title: 'Concurrency control',
        line: 'Locks, timestamps and versions; who waits for whom, and who dies.',
      },
      {
        number: 14,
        title: 'Recovery',
        line: 'Pull the plug at any write, and watch the log bring it back.',
      },
      {
        number: 15,
        title: 'Distributed transactions',
        line: 'Two phases, three phases, and the crash that leaves everybody waiting.',
        lab: 'commit',
        also: { lab: 'model', title: 'Small models' },
      },
      {
        number: 16,
        title: 'System design',
        line: 'A database put together from all the parts, and then broken.',
      },
    ],
  },
];

export function chapterOf(lab: string): { part: Part; chapter: Chapter } | undefined {
  for (const part of PARTS)
    for (const chapter of part.chapters)
      if (chapter.lab === lab || chapter.also?.lab === lab) return { part, chapter };
  return undefined;
}
