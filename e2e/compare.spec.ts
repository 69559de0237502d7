/** Two runs side by side: by operation and by moment, one setting apart, as a link, as branches, on a phone. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { button, isAt, openLab, settled } from './lab.ts';

const slider = (page: Page, letter: 'A' | 'B') =>
  page.getByRole('slider', { name: `Moment of ${letter}` });
const stands = async (page: Page, a: string, b: string) => {
  for (const [letter, moment] of [
    ['A', a],
    ['B', b],
  ] as const)
    await expect(slider(page, letter)).toHaveAttribute(
      'aria-valuetext',
      new RegExp(`^${moment.replace('.', '\\.')}: `),
      { timeout: 20_000 },
    );
};
const row = (page: Page, name: string) =>
  page
    .getByRole('region', { name: 'Differences' })
    .getByRole('row', { name: new RegExp(`^${name} `) });

async function sound(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect.soft(grave, where).toEqual([]);
}

test('two scenarios: one playhead, a setting apart, differences counted, sent as a link', async ({
  page,
  stranger,
}) => {
  test.setTimeout(120_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./#/compare');
  await page.getByRole('combobox', { name: 'Run A' }).selectOption('split_root');
  await page.getByRole('combobox', { name: 'Run B' }).selectOption('split_root');
  await button(page, 'Compare them').click();
  await stands(page, '5.2', '5.2');
  await expect(page.getByText('none counted here')).toBeVisible();

  // One side gets room for one row more: no split there.
  await button(page, /^Settings of/)
    .last()
    .click();
  const settings = page.locator('.compare-settings:popover-open');
  await settings.locator('summary', { hasText: 'Settings' }).click();
  await settings.getByRole('combobox', { name: 'max-cells' }).selectOption('8');
  await expect(slider(page, 'B')).toHaveAttribute('aria-valuemax', '18');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { level: 2, name: 'max-cells 8' })).toBeVisible();

  // Operation by operation: who is done waits for the other.
  await page.keyboard.press('Home');
  await stands(page, '0.1', '0.1');
  for (let i = 0; i < 5; i++) await page.keyboard.press('Shift+ArrowRight');
  await stands(page, '5.6', '5.2');
  await expect(row(page, 'height')).toContainText('2 levels1 level−1');
  await expect(row(page, 'splits')).toContainText('−1');
  await page.keyboard.press('ArrowLeft');
  await stands(page, '5.5', '5.2');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await stands(page, '6.1', '6.1');

  // Moment by moment, then each at its own pace.
  await page.getByRole('combobox', { name: 'together' }).selectOption('moment');
  await page.keyboard.press('Home');
  await button(page, 'first difference').click();
  await stands(page, '5.2', '5.2');
  await page.keyboard.press('ArrowRight');
  await stands(page, '5.3', '6.1');
  await page.getByRole('combobox', { name: 'together' }).selectOption('own');
  await page
    .getByRole('toolbar', { name: 'Transport of B' })
    .getByRole('button', { name: 'To the first moment' })
    .click();
  await stands(page, '5.3', '0.1');
  await settled(page);
  await sound(page, 'two runs');

  await button(page, 'Share this comparison').click();
  const field = page.getByRole('dialog').getByRole('textbox', { name: 'Link' });
  await expect(field).toHaveValue(/#\/compare\?s=.*&t=.*&p=own$/);
  await stranger.goto(await field.inputValue());
  await stands(stranger, '5.3', '0.1');
  await expect(stranger.getByRole('heading', { level: 2, name: 'max-cells 8' })).toBeVisible();
});

test('a branch beside the run that it left; a cut link is told; on a phone they are stacked', async ({
  page,
}) => {
  test.setTimeout(120_000);
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'dark' });
  await openLab(page);
  await isAt(page, '13.4');
  await button(page, 'Cut the power here').click();
  await button(page, 'what if beside main').click();
  await expect(page.getByRole('heading', { level: 1, name: 'main beside what if' })).toBeAttached();
  // Both stand on the last moment that they share.
  await stands(page, '12.9', '12.9');
  await button(page, 'first difference').click();
  await stands(page, '13.5', '13.5');

  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByRole('application')).toHaveCount(2);
  const boxes = await Promise.all(
    [0, 1].map((i) => page.locator('.pair-half').nth(i).boundingBox()),
  );
  expect(boxes[1]?.y).toBeGreaterThan((boxes[0]?.y ?? 0) + 300);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await settled(page);
  await sound(page, 'two runs on a phone');

  const link = page.url();
  await page.goto('./#/');
  await page.goto(`${link.slice(0, -9)}`);
  await expect(page.getByRole('heading', { name: 'These could not be compared' })).toBeVisible();
  await expect(page.getByText(/the link is damaged/)).toBeVisible();
  await page.goto('./#/compare?a=no_such&b=split_leaf');
  await expect(page.getByText('there is no shipped scenario called no_such')).toBeVisible();
});
