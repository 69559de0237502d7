/**
 * Every screen and dialog, in both themes and two sizes, as pictures under out/screens/: to be
 * looked at, beside the design. What they assert is only that there is something to see.
 */
import { mkdirSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { button, drop, isAt, isOpen, openLab, settled, shippedScenarios, write } from './lab.ts';

const FOLDER = 'out/screens';
mkdirSync(FOLDER, { recursive: true });

const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

for (const [scheme, theme] of [
  ['light', 'surface'],
  ['dark', 'deep'],
] as const)
  for (const [size, viewport] of Object.entries(SIZES))
    test(`screens, ${theme}, ${size}`, async ({ page }) => {
      test.slow();
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.setViewportSize(viewport);
      const shot = async (name: string) => {
        await page.evaluate(() => document.fonts.ready);
        const image = await page.screenshot({ path: `${FOLDER}/${name}-${theme}-${size}.png` });
        expect(image.length).toBeGreaterThan(5_000);
      };
      const phone = size === 'phone';

      await page.goto('./');
      await expect(page.getByRole('application').first()).toBeVisible();
      await settled(page);
      await shot('home');
      await button(page, 'Paste a scenario').click();
      await page.getByRole('dialog').getByRole('textbox').fill('lab nosuch');
      await button(page, 'Open it').click();
      await shot('dialog-paste');
      await page.keyboard.press('Escape');

      await openLab(page);
      await settled(page);
      await shot('lab');
      for (const [open, name] of [
        ['Share this moment', 'share'],
        ['Jump to a lab or an operation', 'palette'],
        ['Keys and preferences', 'help'],
      ] as const) {
        await button(page, open).click();
        await expect(page.getByRole('dialog')).toBeVisible();
        if (name === 'share')
          await expect(page.getByRole('textbox', { name: 'Link' })).toBeVisible();
        await shot(`dialog-${name}`);
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toHaveCount(0);
      }
      if (phone) await button(page, 'Inspect').click();
      for (const tab of ['Source', 'State', 'Metrics']) {
        await page.getByRole('tab', { name: tab }).click();
        await expect(page.getByText('Fetching the source…')).toHaveCount(0);
        await shot(`inspector-${tab.toLowerCase()}`);
      }
      await page.getByRole('tab', { name: /^Page/ }).click();
      await shot('inspector-bytes');
      if (phone) await button(page, 'Close: Inspector').click();

      // The tabs take the arrows as long as they have the focus.
      await button(page, 'One moment on').click({ modifiers: ['Shift'] });
      await isAt(page, '14.1');
      await button(page, 'One moment on').click();
      await isAt(page, '14.2');
      await settled(page);
      await shot('lab-commit');
      if (phone) await button(page, 'Operations').click();
      await write(page, 'bulk 300 random');
      await shot('operations');
      if (phone) await page.getByRole('button', { name: 'Close: Scenario and operations' }).click();
      await settled(page);
      await shot('lab-many-pages');

      await drop(page, 'holiday.jpg', new TextEncoder().encode('not a database '.repeat(50)));
      await expect(page.getByText(/holiday\.jpg is no SQLite database/)).toBeVisible();
      await shot('no-database');
      await page.goto('./#/lab/btree?s=cut');
      await expect(page.getByText(/damaged/)).toBeVisible();
      await shot('bad-link');
    });

test('the gallery: each shipped scenario at the moment it opens at', async ({ page }) => {
  test.slow();
  await page.setViewportSize(SIZES.wide);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const scenarios = shippedScenarios();
  await page.goto('./#/gallery');
  await expect(page.getByRole('figure')).toHaveCount(scenarios.length);
  for (const { name } of scenarios) {
    const called = page.locator('code', { hasText: new RegExp(`^${name}$`) });
    const piece: ReturnType<Page['locator']> = page.getByRole('figure').filter({ has: called });
    await piece.scrollIntoViewIfNeeded();
    await expect(piece.locator('.world [data-key]').first()).toBeVisible();
    const image = await piece.screenshot({ path: `${FOLDER}/gallery-${name}.png` });
    expect(image.length).toBeGreaterThan(5_000);
  }
});

test('an imported database, as a picture', async ({ page }) => {
  await page.setViewportSize(SIZES.wide);
  await openLab(page);
  const { readFileSync } = await import('node:fs');
  await drop(page, 'ocean.sqlite', readFileSync('public/samples/ocean.sqlite'));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('ocean.sqlite');
  await isOpen(page);
  await settled(page);
  const image = await page.screenshot({ path: `${FOLDER}/imported.png` });
  expect(image.length).toBeGreaterThan(5_000);
});
