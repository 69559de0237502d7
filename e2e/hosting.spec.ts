/**
 * The build on a plain static host, under a path: it opens there, it opens again without a network,
 * and a new build is seen on the next visit although an offline copy of the old one exists.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { test as base, expect } from './fixtures.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

/** A host as dumb as they come: files of a folder, under /some/where/, and nothing for what is not there. */
function host(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    const inside = path.startsWith('/some/where/') ? path.slice('/some/where/'.length) : undefined;
    const file =
      inside === undefined || inside.includes('..') ? '' : join(folder, inside || 'index.html');
    if (!file || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end('nothing here');
      return;
    }
    // An hour in the browser's cache, as many hosts have it by default: updates must come through.
    const headers = {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'cache-control': 'max-age=3600',
      etag: `"${statSync(file).mtimeMs}"`,
      vary: 'Origin',
    };
    if (request.headers['if-none-match'] === headers.etag) response.writeHead(304, headers).end();
    else response.writeHead(200, headers).end(readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const test = base.extend<{ site: { folder: string; url: string; stop: () => Promise<void> } }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern.
  site: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'bathysphere-host-'));
    cpSync('dist', folder, { recursive: true });
    const server = await host(folder);
    const { port } = server.address() as AddressInfo;
    const stop = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    await use({ folder, url: `http://127.0.0.1:${port}/some/where/`, stop });
    await stop();
    rmSync(folder, { recursive: true, force: true });
  },
});

const title = { level: 1 };

test('works under a path, and again when the host is gone', async ({ page, site }) => {
  await page.goto(site.url);
  await expect(page.getByRole('heading', title)).toBeVisible();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await site.stop();
  await page.reload();
  await expect(page.getByRole('heading', title)).toBeVisible();
});

test('a new build is seen on the next visit, and kept once the old one is closed', async ({
  page,
  context,
  launch,
  site,
}) => {
  await page.goto(site.url);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const change = (file: string, from: string | RegExp, to: string) => {
    const path = join(site.folder, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(from);
    writeFileSync(path, text.replace(from, to));
  };
  change('index.html', '<html lang="en">', '<html lang="en" data-build="next">');
  change('sw.js', /"version":"[0-9a-f]+"/, '"version":"next"');
  const marked = page.locator('html');

  await page.goto('about:blank');
  await page.goto(site.url);
  await expect(marked).toHaveAttribute('data-build', 'next');
  // The new copy is filled, and waits: this page may still want parts of the old build.
  const waiting = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return registration?.active?.state === 'activated' && registration.waiting?.state;
    });
  await expect.poll(waiting, { timeout: 20_000 }).toBe('installed');
  await context.close();

  const later = await launch();
  const next = await later.newPage();
  await next.goto(site.url);
  await expect(next.locator('html')).toHaveAttribute('data-build', 'next');
  const kept = async () =>
    (await next.evaluate(() => caches.keys())).map((n) => n.split(' ').at(-1));
  await expect.poll(kept).toEqual(['next']);
  await site.stop();
  await next.reload();
  await expect(next.locator('html')).toHaveAttribute('data-build', 'next');
  await expect(next.getByRole('heading', title)).toBeVisible();
});
