/** The key-value store that stays (app/shelf/store.ts), in real profiles: killed tabs, second tabs, damage. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { build, type PreviewServer, preview } from 'vite';
import { expect, test } from './fixtures.ts';
import type { StorePage } from './store/page.ts';

declare const window: { bench: StorePage };

let folder: string;
let server: PreviewServer;
test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bathysphere-store-'));
  const common = { configFile: false, base: './', logLevel: 'error' } as const;
  await build({
    ...common,
    build: { outDir: folder, rolldownOptions: { input: join('e2e', 'store', 'page.html') } },
  });
  server = await preview({
    ...common,
    build: { outDir: folder },
    preview: { host: '127.0.0.1', port: 0 },
  });
});
test.afterAll(async () => {
  await new Promise((resolve) => server.httpServer.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function openPage(page: Page): Promise<Page> {
  const { port } = server.httpServer.address() as { port: number };
  await page.goto(`http://127.0.0.1:${port}/e2e/store/page.html`);
  await page.waitForFunction(() => window.bench !== undefined);
  return page;
}

test('a browser killed while it writes: every answered put is there, and no gap', async ({
  launch,
}) => {
  let context = await launch();
  const kept = new Map<string, string[]>();
  for (const checkpointAt of [100_000_000, 4_000]) {
    const name = `killed-${checkpointAt}`;
    const page = await openPage(await context.newPage());
    const options = { durability: 'relaxed', checkpointAt } as const;
    const open = (page: Page) =>
      page.evaluate(([n, o]) => window.bench.open(n, o), [name, options] as const);
    expect(await open(page)).toBe(undefined);
    let answered = -1;
    const enough = new Promise<void>((resolve) => {
      page.on('console', (message) => {
        const [, n] = /^answered (\d+)$/.exec(message.text()) ?? [];
        if (n !== undefined) answered = Number(n);
        if (answered >= 150) resolve();
      });
    });
    page.evaluate(() => window.bench.putForever(0, 100)).catch(() => {});
    await enough;
    // The tab dies in the middle of a put, without a word to the page.
    const session = await context.newCDPSession(page);
    const crashed = page.waitForEvent('crash');
    session.send('Page.crash').catch(() => {});
    await crashed;
    const told = answered;
    const again = await openPage(await context.newPage());
    await expect.poll(() => open(again)).toBe(undefined);
    const keys = await again.evaluate(() => window.bench.keys());
    expect(keys.length).toBeGreaterThan(told);
    expect(keys).toEqual(keys.map((_, n) => `${n}`.padStart(8, '0')));
    await again.evaluate(() => window.bench.close());
    kept.set(name, keys);
  }
  await context.close();
  context = await launch();
  const later = await openPage(await context.newPage());
  for (const [name, keys] of kept) {
    expect(await later.evaluate((n) => window.bench.open(n), name)).toBe(undefined);
    expect(await later.evaluate(() => window.bench.get('00000100'))).toHaveLength(100);
    expect(await later.evaluate(() => window.bench.keys())).toEqual(keys);
    await later.evaluate(() => window.bench.close());
  }
});

test('a second tab is kept out until the first lets go; damage is named', async ({ launch }) => {
  const context = await launch();
  const first = await openPage(await context.newPage());
  expect(await first.evaluate(() => window.bench.open('shared'))).toBe(undefined);
  await first.evaluate(() => window.bench.put([['reef', 'coral']]));
  const second = await openPage(await context.newPage());
  expect(await second.evaluate(() => window.bench.open('shared'))).toBe(
    'the store shared is open in another tab; expected to be alone: close it there first',
  );
  await first.evaluate(() => window.bench.close());
  expect(await second.evaluate(() => window.bench.open('shared'))).toBe(undefined);
  expect(await second.evaluate(() => window.bench.get('reef'))).toBe('coral');
  await second.evaluate(() => window.bench.close());
  await second.evaluate(
    () =>
      new Promise<void>((resolve) => {
        indexedDB.open('bathysphere.store.shared').onsuccess = ({ target }) => {
          const db = (target as IDBOpenDBRequest).result;
          const tx = db.transaction('packs', 'readwrite');
          tx.objectStore('packs').openCursor().onsuccess = (event) => {
            const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
            cursor?.update(
              (cursor.value as Uint8Array).map((byte, i) => (i === 900 ? byte ^ 4 : byte)),
            );
          };
          tx.oncomplete = () => {
            db.close();
            resolve();
          };
        };
      }),
  );
  expect(await second.evaluate(() => window.bench.open('shared'))).toBe(
    'the store shared: pack 1 is damaged: its checksum does not match its bytes; expected the bytes that were written',
  );
});
