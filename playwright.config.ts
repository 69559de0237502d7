/** Journeys in a real browser, over the built page, on a port of their own. */
import { defineConfig } from '@playwright/test';
import { browserArgs, findBrowser } from './scripts/browser.mjs';

const port = Number(process.env.LAB_TEST_PORT ?? 4317);
const executablePath = findBrowser();

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'out/e2e',
  fullyParallel: true,
  workers: 2,
  // On a strange machine a test may have a second try; it is named at the end (scripts/test.mjs).
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  // Two busy cores: what is waited for comes, only later.
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    launchOptions: { args: browserArgs, ...(executablePath && { executablePath }) },
    // A trace of every step costs a third of the time: LAB_TRACE=1 asks for it.
    trace: process.env.LAB_TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
  },
  webServer: {
    command: `npx --no-install vite preview --strictPort --port ${port}`,
    url: `http://127.0.0.1:${port}`,
    reuseExistingServer: false,
  },
});
