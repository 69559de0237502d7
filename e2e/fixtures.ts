/**
 * What every journey stands on: a browser with a profile on disk, fresh for each test, and a net that
 * fails the test on any error in the page, refusals of the Content-Security-Policy included.
 * (Playwright's usual context keeps IndexedDB in memory, where "durable" means nothing.)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, test as base, chromium, type Page } from '@playwright/test';

export { expect } from '@playwright/test';

type Fixtures = {
  /** The folder of this test's profile. */
  profile: string;
  /** Opens a browser on the profile; a test that closed the first may open the next on what it left. */
  launch: (folder?: string) => Promise<BrowserContext>;
  /** A page of somebody else: a browser with a profile of its own. */
  stranger: Page;
  /** Names an error that this test provokes. It must then happen, and only it may. */
  provokes: (error: RegExp) => void;
};

export const test = base.extend<Fixtures & { faults: { seen: string[]; expected: RegExp[] } }>({
  faults: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern.
    async ({}, use) => {
      const faults = { seen: [] as string[], expected: [] as RegExp[] };
      await use(faults);
      const surprises = faults.seen.filter((text) => !faults.expected.some((e) => e.test(text)));
      const absent = faults.expected.filter((e) => !faults.seen.some((text) => e.test(text)));
      if (surprises.length > 0) throw new Error(`errors in the page:\n${surprises.join('\n')}`);
      if (absent.length > 0)
        throw new Error(`expected in the page, not seen: ${absent.join(', ')}`);
    },
    { auto: true },
  ],
  provokes: async ({ faults }, use) => {
    await use((error) => faults.expected.push(error));
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  profile: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'bathysphere-e2e-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  launch: async (
    {
      profile,
      faults,
      launchOptions,
      contextOptions,
      baseURL,
      viewport,
      colorScheme,
      deviceScaleFactor,
      hasTouch,
      isMobile,
    },
    use,
  ) => {
    const open: BrowserContext[] = [];
    await use(async (folder = profile) => {
      const context = await chromium.launchPersistentContext(folder, {
        ...launchOptions,
        ...contextOptions,
        viewport,
        ...(baseURL !== undefined && { baseURL }),
        ...(colorScheme !== undefined && { colorScheme }),
        ...(deviceScaleFactor !== undefined && { deviceScaleFactor }),
        ...(hasTouch !== undefined && { hasTouch }),
        ...(isMobile !== undefined && { isMobile }),
      });
      open.push(context);
      context.on('weberror', (error) => faults.seen.push(String(error.error())));
      context.on('console', (message) => {
        if (message.type() === 'error') faults.seen.push(message.text());
      });
      return context;
    });
    for (const context of open) await context.close();
  },
  stranger: async ({ launch }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'bathysphere-e2e-'));
    const context = await launch(folder);
    await use(context.pages()[0] ?? (await context.newPage()));
    await context.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  context: async ({ launch }, use) => {
    await use(await launch());
  },
  page: async ({ context }, use) => {
    await use(context.pages()[0] ?? (await context.newPage()));
  },
});
