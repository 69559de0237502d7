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
import type { Line } from './lines.ts';
import type { Bench, Played } from './page.ts';
import { type Figure, inTurns, ratios, summary } from './stats.ts';

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
    const limited = await onPage([], (page) => playSplit(page, false, turns));
    return [...limited, ...(await onPage(UNLIMITED, (page) => playSplit(page, true, turns)))];
  },
};

export const workerLine: Line = {
  name: 'worker',
  about: 'moments from worker to page: asked for ahead, against one question and answer a moment',
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
          target: { atLeast: 8 },
          issue: 3,
          size: rows,
        });
      }
      return figures;
    }),
};
