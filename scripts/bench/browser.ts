/**
 * The lines that need a browser: the page (page.ts) is built as the app is, served from a folder and
 * driven in a profile on disk that is new for each line.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { build, type PreviewServer, preview } from 'vite';
import { writeLargeDatabase } from '../large-database.ts';
import type { Lived, Panned } from './actors.ts';
import type { Line } from './lines.ts';
import type { Bench, Opened, Played } from './page.ts';
import type { Moved } from './pan.ts';
import { type Figure, inTurns, quantile, ratios, summary } from './stats.ts';

declare const window: { bench: Bench };

/** The root of the project: bootstrap.mjs made it the working folder. */
const root = process.cwd();

/** Builds the page of that name as the app is built, and serves it with a clock of 5 µs. */
export async function serve(name: string): Promise<PreviewServer> {
  const common = { root, configFile: false, base: './', logLevel: 'error' } as const;
  const outDir = join(root, 'out', 'bench', name);
  await build({
    ...common,
    // Under their own names: sqlite-wasm asks for its wasm file by the name that it knows.
    worker: {
      format: 'es',
      rolldownOptions: { output: { assetFileNames: 'assets/[name][extname]' } },
    },
    // What browser-level takes of Node; the package of that name stands in for it.
    resolve: { alias: { events: join(root, 'node_modules', 'events', 'events.js') } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      rolldownOptions: { input: join(root, 'scripts', 'bench', `${name}.html`) },
    },
  });
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  return preview({
    ...common,
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, headers },
  });
}

export const stop = (server: PreviewServer | undefined): Promise<unknown> =>
  new Promise((resolve) => server?.httpServer.close(resolve) ?? resolve(undefined));

/** Opens the served page in a browser whose profile is new, and on disk. */
export async function onServed<T>(
  server: PreviewServer,
  name: string,
  switches: readonly string[],
  work: (page: Page) => Promise<T>,
): Promise<T> {
  // From where it stands: it is a program too, and tells by its own address which of the two it is.
  const { browserArgs, findBrowser } = (await import(
    /* @vite-ignore */ pathToFileURL(join(root, 'scripts', 'browser.mjs')).href
  )) as typeof import('../browser.mjs');
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no Chromium was found; set LAB_BROWSER=/path/to/chrome');
  const profile = mkdtempSync(join(tmpdir(), 'bathysphere-bench-'));
  let context: BrowserContext | undefined;
  try {
    const { port } = server.httpServer.address() as { port: number };
    context = await chromium.launchPersistentContext(profile, {
      executablePath,
      viewport: { width: 1280, height: 760 },
      args: [...browserArgs, ...switches],
    });
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('pageerror', (error) => console.error(`in the page: ${error.message}`));
    await page.goto(`http://127.0.0.1:${port}/scripts/bench/${name}.html`);
    await page.waitForFunction(() => window.bench !== undefined);
    return await work(page);
  } finally {
    await context?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs `work` on the page, with whatever it needs around it. */
async function onPage<T>(switches: string[], work: (page: Page) => Promise<T>): Promise<T> {
  let server: PreviewServer | undefined;
  try {
    server = await serve('page');
    return await onServed(server, 'page', switches, work);
  } finally {
    await stop(server);
  }
}

/** As many frames as come, for figures that the screen's 60 a second would hide. */
const UNLIMITED = ['--disable-frame-rate-limit', '--disable-gpu-vsync'];
/** About as long as the split takes at 1×. */
const PLAYED_MS = 2_000;

/** The split against a join of as many marks, with all of them moving and with as many as the split moves. */
async function playSplit(page: Page, unlimited: boolean, turns: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const detail of [undefined, 'cells'] as const) {
    const split = () =>
      page.evaluate(([pages, d]) => window.bench.split(pages, d), [60, detail] as const);
    const join = (marks: number, moving: number) => () =>
      page.evaluate(([n, m, ms]) => window.bench.bare(n, m, ms), [
        marks,
        moving,
        PLAYED_MS,
      ] as const);
    const { pages, shapes, moving } = await split();
    const samples = await inTurns<string, Played>(turns, {
      ours: split,
      all: join(shapes, shapes),
      ...(unlimited && { some: join(shapes, moving) }),
    });
    const of = (name: string, field: 'fps' | 'script') =>
      (samples[name] as Played[]).map((played) => played[field]);
    const against = (field: 'fps' | 'script', name: string, peer: string): Figure => ({
      what: `${pages} pages, ${detail ? 'every cell' : 'as the view chooses'}${unlimited ? ', unlimited' : ''}`,
      unit: field === 'fps' ? 'frames/s' : 'ms of script a frame',
      ours: summary(of('ours', field)),
      peer: {
        name: peer,
        theirs: summary(of(name, field)),
        ratio: ratios(of('ours', field), of(name, field)),
      },
      size: shapes,
    });
    const all = against('fps', 'all', `join, ${shapes} move`);
    if (unlimited)
      figures.push(
        all,
        against('fps', 'some', `join, ${moving} of ${shapes} move`),
        against('script', 'some', `join, ${moving} of ${shapes} move`),
      );
    else {
      // Whole frames are counted, about a hundred: one or two more or less mean nothing.
      figures.push({ ...all, target: { atLeast: 1, within: 0.03 }, issue: 2 });
      const { peer: _, ...alone } = all;
      figures.push({ ...alone, target: { atLeast: 60, within: 0.03 }, issue: 3 });
    }
  }
  return figures;
}

export const stageLine: Line = {
  name: 'stage',
  about:
    'a split among 60 visible pages, played by the stage, against a bare D3 join of as many marks',
  async run({ turns }) {
    const limited = await onPage([], async (page) => {
      const split = await playSplit(page, false, turns);
      const samples = await inTurns<string, Played>(turns, {
        ours: () => page.evaluate((ms) => window.bench.marks(500, ms), PLAYED_MS),
      });
      const fps = (samples.ours as Played[]).map((played) => played.fps);
      const target = { atLeast: 60, within: 0.03 } as const;
      const what = '500 marks, all of them moving';
      return [
        ...split,
        { what, unit: 'frames/s', ours: summary(fps), target, issue: 3, size: 500 },
      ];
    });
    return [...limited, ...(await onPage(UNLIMITED, (page) => playSplit(page, true, turns)))];
  },
};

/** How many tasks were over 50 ms, and the longest. */
function tasks(what: string, long: readonly (readonly number[])[]): Figure {
  const most = Math.max(0, ...long.flat());
  return {
    what,
    unit: 'tasks over 50 ms',
    ours: summary(long.map((each) => each.length)),
    target: { atMost: 0 },
    issue: 3,
    ...(most > 0 && { note: `${what}: the longest task took ${Math.round(most)} ms` }),
  };
}

export const panLine: Line = {
  name: 'pan',
  about: 'a hand that drags and zooms a tree of 2,000 pages, against a plain SVG group',
  async run({ turns }) {
    const figures: Figure[] = [];
    for (const unlimited of [false, true])
      await onPage(unlimited ? UNLIMITED : [], async (page) => {
        const samples = await inTurns<string, Moved>(turns, {
          ours: () => page.evaluate((ms) => window.bench.panStage(ms), PLAYED_MS),
          plain: () => page.evaluate((ms) => window.bench.panPlain(ms), PLAYED_MS),
        });
        const [ours, plain] = [samples.ours as Moved[], samples.plain as Moved[]];
        const { pages, shapes } = ours[0] as Moved;
        for (const field of ['pan', 'zoom'] as const) {
          const [mine, theirs] = [ours, plain].map((all) => all.map((moved) => moved[field])) as [
            number[],
            number[],
          ];
          figures.push({
            what: `${field === 'pan' ? 'dragging' : 'zooming'} ${pages} pages${unlimited ? ', unlimited' : ''}`,
            unit: 'frames/s',
            ours: summary(mine),
            peer: { name: 'plain group', theirs: summary(theirs), ratio: ratios(mine, theirs) },
            size: shapes,
            // At the screen's rate a plain group that is fast leaves no room for three times as much.
            ...(unlimited && { target: { atLeast: 3 }, issue: 3 }),
          });
        }
        if (!unlimited)
          figures.push(
            tasks(
              'the same',
              ours.map(({ long }) => long),
            ),
          );
      });
    return figures;
  },
};

export const openLine: Line = {
  name: 'open',
  about: 'a database file, from the choice to the picture: 100 MB against 1 MB',
  run: ({ turns, quick }) =>
    onPage([], async (page) => {
      const folder = mkdtempSync(join(tmpdir(), 'bathysphere-open-'));
      try {
        const sizes = { small: 1e6, large: quick ? 20e6 : 100e6 };
        const run = (name: keyof typeof sizes) => {
          const path = join(folder, `${name}.db`);
          writeLargeDatabase(path, sizes[name]);
          return async () => {
            await page.setInputFiles('#file', path);
            return page.evaluate(() => window.bench.open());
          };
        };
        const samples = await inTurns<string, Opened>(turns, {
          large: run('large'),
          small: run('small'),
        });
        const [large, small] = [samples.large as Opened[], samples.small as Opened[]];
        const figures = (['first', 'whole'] as const).map((field): Figure => {
          const [ours, theirs] = [large, small].map((all) => all.map((one) => one[field])) as [
            number[],
            number[],
          ];
          return {
            what: `${field === 'first' ? 'first picture' : 'a picture that lacks nothing'} of ${Math.round(sizes.large / 1e6)} MB`,
            unit: 'ms',
            ours: summary(ours),
            peer: { name: '1 MB', theirs: summary(theirs), ratio: ratios(ours, theirs) },
            target: { atMost: 5 },
            issue: 3,
            size: sizes.large,
          };
        });
        const long = large.map((one) => one.long);
        return [...figures, tasks('meanwhile, hashing included', long)];
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
};

export const workerLine: Line = {
  name: 'worker',
  about: 'moments from worker to page: many at a time, against one question and answer a moment',
  run: ({ turns, quick }) =>
    onPage([], async (page) => {
      const figures: Figure[] = [];
      for (const rows of quick ? [100] : [100, 1_000]) {
        const count = quick ? 200 : 1_000;
        const run = (ahead: number) => () =>
          page.evaluate(([r, c, a]) => window.bench.stream(r, c, a), [rows, count, ahead] as const);
        const samples = await inTurns<string, number>(turns, { one: run(1), many: run(64) });
        const [one, many] = [samples.one as number[], samples.many as number[]];
        figures.push({
          what: `64 asked for ahead, tree of ${rows} rows`,
          unit: 'moments/s',
          ours: summary(many),
          peer: { name: 'one at a time', theirs: summary(one), ratio: ratios(many, one) },
          size: rows,
        });
        const stream = (each: number) => () =>
          page.evaluate(([r, c, e]) => window.bench.events(r, c, e), [rows, count, each] as const);
        const told = await inTurns<string, number>(turns, { all: stream(count), each: stream(1) });
        const [all, each] = [told.all as number[], told.each as number[]];
        figures.push({
          what: `${count} events in a message, tree of ${rows} rows`,
          unit: 'events/s',
          ours: summary(all),
          peer: { name: 'a message an event', theirs: summary(each), ratio: ratios(all, each) },
          target: { atLeast: 8 },
          issue: 3,
          size: rows,
        });
      }
      return figures;
    }),
};

export const actorsLine: Line = {
  name: 'actors',
  about:
    'five nodes in workers of their own: a step, until it is on screen; the space-time diagram',
  run: ({ turns, quick }) =>
    onPage([], async (page) => {
      const steps = quick ? 40 : 200;
      const events = quick ? 2_000 : 10_000;
      const samples = await inTurns<string, Lived | Panned>(turns, {
        live: () => page.evaluate((n) => window.bench.live(n), steps),
        pan: () =>
          page.evaluate(([n, ms]) => window.bench.panLanes(n, ms), [events, PLAYED_MS] as const),
      });
      const [lived, panned] = [samples.live as Lived[], samples.pan as Panned[]];
      const at = (part: number) => summary(lived.map(({ frames }) => quantile(frames, part)));
      const what = `a step of ${lived[0]?.workers} workers`;
      return [
        { what: `${what}, median`, unit: 'frames', ours: at(0.5), size: steps },
        {
          what: `${what}, 95th percentile`,
          unit: 'frames',
          ours: at(0.95),
          target: { atMost: 2 },
          issue: 5,
          size: steps,
        },
        {
          what: `the diagram of ${panned[0]?.events} events, dragged`,
          unit: 'frames/s',
          ours: summary(panned.map(({ fps }) => fps)),
          target: { atLeast: 50 },
          issue: 5,
          size: events,
        },
        {
          ...tasks(
            'meanwhile',
            panned.map(({ long }) => long),
          ),
          issue: 5,
        },
      ];
    }),
};
