/** Key-value stores that stay, in the browser: ours against its peers, a new profile for each life. */
import type { PreviewServer } from 'vite';
import { onServed, serve, stop } from './browser.ts';
import type { KeptBench } from './kept-page.ts';
import type { Asked, Durability, Said } from './kept-worker.ts';
import type { Line } from './lines.ts';
import { type Figure, inTurns, ratios, summary, type Target } from './stats.ts';

const LEVEL = 'browser-level';
const BARE = 'bare IndexedDB';
const OPFS = 'SQLite on OPFS';
const SQLJS = 'sql.js, exported';
const PEERS: Readonly<Record<Durability, readonly string[]>> = {
  relaxed: [LEVEL, BARE, OPFS, SQLJS],
  strict: [BARE, OPFS],
};

type Phase = 'single' | 'writers' | 'batches' | 'one batch' | 'reopen' | 'get' | 'scan';
const WHAT: Readonly<Record<Phase, string>> = {
  single: 'single puts, awaited',
  writers: '64 writers at once',
  batches: 'puts in batches of 100',
  'one batch': 'one batch',
  reopen: 'reopen and 1,000 gets',
  get: 'gets, awaited',
  scan: 'ordered scan',
};
const WRITES: readonly Phase[] = ['single', 'writers', 'batches', 'one batch'];
type Targets = Partial<Record<Phase, Readonly<Record<string, Target>>>>;
/** Of the B-Tree, relaxed as browser-level is. */
const TREE: Targets = {
  single: { [BARE]: { atLeast: 0.9 } },
  writers: { [LEVEL]: { atLeast: 12 } },
  batches: { [LEVEL]: { atLeast: 12 }, [OPFS]: { atLeast: 3 } },
  'one batch': { [LEVEL]: { atLeast: 50 } },
  reopen: { [LEVEL]: { atMost: 1 / 15 } },
  get: { [LEVEL]: { atLeast: 50 }, [SQLJS]: { atLeast: 4 } },
  scan: { [LEVEL]: { atLeast: 8 }, [SQLJS]: { atLeast: 2 } },
};

/** Of the LSM tree. */
const LSM: Targets = {
  writers: { [LEVEL]: { atLeast: 14 } },
  batches: { [LEVEL]: { atLeast: 15 }, [OPFS]: { atLeast: 3 } },
  'one batch': { [LEVEL]: { atLeast: 60 } },
  reopen: { [LEVEL]: { atMost: 1 / 15 } },
  get: { [LEVEL]: { atLeast: 50 } },
  scan: { [LEVEL]: { atLeast: 8 } },
};

/** Ours, and what was promised of it. */
const OURS = [
  { store: 'ours', label: '', targets: TREE, issue: 3 },
  { store: 'our LSM tree', label: 'LSM: ', targets: LSM, issue: 4 },
] as const;

async function ask(server: PreviewServer, asked: Asked): Promise<Said['figures']> {
  const { figures } = await onServed(server, 'kept', [], (page) =>
    page.evaluate((asked) => (window as unknown as { bench: KeptBench }).bench.run(asked), asked),
  );
  return figures;
}

async function lives(
  server: PreviewServer,
  durability: Durability,
  rows: number,
  turns: number,
): Promise<Figure[]> {
  const peers = PEERS[durability];
  const samples = await inTurns(
    turns,
    Object.fromEntries(
      [...OURS.map(({ store }) => store), ...peers].map((store) => [
        store,
        () => ask(server, { what: 'life', store, durability, rows }),
      ]),
    ),
  );
  const of = (store: string, what: string) =>
    (samples[store] as Said['figures'][]).map((figures) => figures[what] as number);
  const figures: Figure[] = [];
  for (const { store, label, targets, issue } of OURS)
    for (const [phase, what] of Object.entries(WHAT) as [Phase, string][]) {
      if (durability === 'strict' && !WRITES.includes(phase)) continue;
      const beside = (what: string, peer: string) => ({
        ours: summary(of(store, what)),
        peer: {
          name: peer,
          theirs: summary(of(peer, what)),
          ratio: ratios(of(store, what), of(peer, what)),
        },
        size: rows,
      });
      for (const peer of peers) {
        const target = durability === 'relaxed' ? targets[phase]?.[peer] : undefined;
        figures.push({
          what: `${label}${what}, ${durability}`,
          unit:
            phase === 'reopen' ? 'ms' : phase === 'single' || phase === 'get' ? 'ops/s' : 'rows/s',
          ...beside(phase, peer),
          ...(target && { target, issue }),
        });
      }
      if (!WRITES.includes(phase)) continue;
      for (const peer of peers)
        figures.push({
          what: `  written, ${label}${what}, ${durability}`,
          unit: 'bytes a byte',
          ...beside(`${phase} bytes`, peer),
        });
    }
  return figures;
}

/** 70 dirty pages, as a put of a hundred random rows leaves them. */
const DIRTY = 70;

export const keptLine: Line = {
  name: 'kept',
  about:
    'key-value stores that stay, in a worker of the browser, a new profile on disk for each life',
  async run({ quick, turns }) {
    const server = await serve('kept');
    try {
      const rows = quick ? 2_000 : 10_000;
      const relaxed = await lives(server, 'relaxed', rows, turns);
      const strict = await lives(server, 'strict', rows, turns);
      const { many } = await inTurns(turns, {
        many: () => ask(server, { what: 'checkpoint', rows, pages: DIRTY }),
      });
      const of = (what: string) => many.map((figures) => figures[what] as number);
      const checkpoint: Figure = {
        what: `checkpoint of ${Math.round(summary(of('pages')).median)} pages, packed`,
        unit: 'a second',
        ours: summary(of('packed')),
        peer: {
          name: 'a record a page',
          theirs: summary(of('single')),
          ratio: ratios(of('packed'), of('single')),
        },
        target: { atLeast: 1.8 },
        issue: 3,
        size: DIRTY,
      };
      return [...relaxed, ...strict, checkpoint];
    } finally {
      await stop(server);
    }
  },
};
