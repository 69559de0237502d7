/** The panels of the lab in a real browser: by keyboard, in words, and looked over by axe. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';

async function openLab(page: Page) {
  await page.goto('./#/lab/btree');
  await expect(moment(page)).not.toHaveText('–');
}

const moment = (page: Page) => page.locator('.status-name');
const prompt = (page: Page) => page.getByRole('combobox', { name: 'Write an operation' });

async function axeFindsNothingSerious(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
  ).toEqual([]);
}

test('every key of the lab does what the help says', async ({ page }) => {
  await openLab(page);
  await page.keyboard.press('Home');
  await expect(moment(page)).toHaveText('0.1');
  await page.keyboard.press('ArrowRight');
  await expect(moment(page)).toHaveText('1.1');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(moment(page)).toHaveText('2.1');
  await page.keyboard.press('ArrowLeft');
  await expect(moment(page)).toHaveText('1.3');
  await page.keyboard.press('Shift+ArrowLeft');
  await expect(moment(page)).toHaveText('1.1');
  await page.keyboard.press('n');
  await expect(moment(page)).toHaveText('5.2');
  await page.keyboard.press('End');
  await expect(page.getByRole('button', { name: 'One moment on' })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await page.keyboard.press(']');
  await expect(page.getByLabel('speed')).toHaveValue('2');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys and preferences' })).toBeVisible();
  await page.getByRole('checkbox', { name: /Letter keys/ }).uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('[');
  await expect(page.getByLabel('speed')).toHaveValue('2');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Jump to…' })).toBeVisible();
});

test('stepping never steals the focus', async ({ page }) => {
  await openLab(page);
  const tab = page.getByRole('tab', { name: 'Source' });
  await tab.click();
  await page.getByRole('button', { name: 'One moment on' }).focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'One moment on' })).toBeFocused();
  await expect(page.locator('.source-file')).toContainText('engine/btree/');
  await expect(page.locator('.code li').first()).toBeVisible();
});

test('the console completes, answers in words, and remembers', async ({ page }) => {
  await openLab(page);
  await page.keyboard.press('/');
  await expect(prompt(page)).toBeFocused();
  await page.keyboard.type('ge');
  await expect(page.getByRole('option', { name: /^get KEY/ })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(prompt(page)).toHaveValue('get ');
  await page.keyboard.type('29');
  await page.keyboard.press('Enter');
  await expect(page.locator('.lines .now')).toContainText('"Puerto Rico"');
  await page.keyboard.press('ArrowUp');
  await expect(prompt(page)).toHaveValue('get 29');
  await prompt(page).fill('sink 29');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'column 1' })).toContainText('sink');
  await expect(prompt(page)).toHaveValue('sink 29');
});

test('an earlier line is edited, and what follows is run again', async ({ page }) => {
  await openLab(page);
  await page.keyboard.press('End');
  const line = page.locator('[data-line="13"]');
  await line.locator('.line-text').focus();
  await page.keyboard.press('F2');
  await page.keyboard.type('put 29 "Challenger"');
  await page.keyboard.press('Enter');
  await expect(line).toContainText('Challenger');
  await expect(page.locator('[data-line="15"]')).toContainText('→ 5 rows');
});

test('a branch leaves where it was asked to, and the first difference is found', async ({
  page,
}) => {
  await openLab(page);
  await page.locator('[data-line="12"] .line-text').focus();
  await page.locator('[data-line="12"] .line-more').click();
  await page.getByRole('menuitem', { name: /What if/ }).click();
  await expect(page.locator('.branches select')).toHaveValue('what if');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await prompt(page).fill('put 30 "Other"');
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-line="13"]')).toContainText('Other');
  await page.getByRole('button', { name: 'first difference' }).click();
  await expect(moment(page)).toHaveText(/^13\./);
  await page.getByRole('button', { name: /Switch to branch main/ }).click();
  await expect(page.locator('[data-line="13"]')).toContainText('Puerto Rico');
});

test('the timeline is a slider with words', async ({ page }) => {
  await openLab(page);
  const slider = page.getByRole('slider', { name: 'Moment' });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(slider).toHaveAttribute('aria-valuetext', /^0\.1: /);
  await page.keyboard.press('PageUp');
  await expect(slider).toHaveAttribute('aria-valuetext', /^1\.1: /);
});

test('bytes and cells light each other', async ({ page }) => {
  await openLab(page);
  await page.locator('.hex .tone-key').last().click();
  await expect(page.locator('.region h3')).toContainText('key 21');
  await expect(page.locator('.hex .lit').first()).toBeVisible();
});

test('pasted text that cannot be opened comes back to be mended', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('button', { name: 'Paste a scenario' }).click();
  await page.getByRole('textbox').fill('lab btree\nput 1 "one"\nputt 2 "two"\n');
  await page.getByRole('button', { name: 'Open it' }).click();
  await expect(page.getByText(/line 3, column 1/)).toBeVisible();
  await page.getByRole('button', { name: 'Mend the text' }).click();
  await page.getByRole('textbox').fill('lab btree\ntitle "Mended"\nput 1 "one"\n');
  await page.getByRole('button', { name: 'Open it' }).click();
  await expect(page.getByRole('heading', { name: 'Mended' }).first()).toBeAttached();
});

for (const theme of ['surface', 'deep'])
  test(`axe finds nothing serious on any screen, theme ${theme}`, async ({ page }) => {
    test.slow(); // Eight audits of a whole page.
    await page.addInitScript((name) => localStorage.setItem('bathysphere:theme', name), theme);
    await page.goto('./');
    await expect(page.locator('.hero-pause')).toBeVisible();
    await axeFindsNothingSerious(page);
    await openLab(page);
    for (const name of ['Source', 'State', 'Metrics']) {
      await page.getByRole('tab', { name }).click();
      await axeFindsNothingSerious(page);
    }
    await page.getByRole('button', { name: 'Share this moment' }).click();
    await expect(page.getByRole('button', { name: 'Copy the link' })).toBeVisible();
    await axeFindsNothingSerious(page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog', { name: 'Jump to…' })).toBeVisible();
    await axeFindsNothingSerious(page);
    await page.goto('./#/lab/nowhere');
    await expect(page.getByRole('heading', { name: 'No such lab' })).toBeVisible();
    await axeFindsNothingSerious(page);
  });

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });
  test('stage and transport come first, the sides are sheets', async ({ page }) => {
    await openLab(page);
    await expect(page.getByRole('button', { name: 'Play' })).toBeInViewport();
    await expect(page.locator('.stage-place svg').first()).toBeInViewport();
    await page.getByRole('button', { name: 'Operations', exact: true }).click();
    await expect(prompt(page)).toBeInViewport();
    await axeFindsNothingSerious(page);
    await page.keyboard.press('Escape');
    await expect(prompt(page)).toBeHidden();
    await expect(page.getByRole('button', { name: 'Operations', exact: true })).toBeFocused();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});
