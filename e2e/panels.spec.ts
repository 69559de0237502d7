/** The panels of the lab in a real browser: by keyboard, in words, and looked over by axe. */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Download, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';

async function openLab(page: Page) {
  await page.goto('./#/lab/btree');
  await expect(moment(page)).not.toHaveText('–');
}

const moment = (page: Page) => page.locator('.status-name');
const prompt = (page: Page) => page.getByRole('combobox', { name: 'Write an operation' });

async function axeFindsNothingSerious(page: Page, rules?: string[]) {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  expect(
    violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
  ).toEqual([]);
}

test('by keyboard: every key, the slider, and a focus that stays', async ({ page }) => {
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
  await page.keyboard.press('Escape');

  // The timeline is a slider with words.
  const slider = page.getByRole('slider', { name: 'Moment' });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(slider).toHaveAttribute('aria-valuetext', /^0\.1: /);
  await page.keyboard.press('PageUp');
  await expect(slider).toHaveAttribute('aria-valuetext', /^1\.1: /);

  // Stepping never steals the focus.
  const tab = page.getByRole('tab', { name: 'Source' });
  await tab.click();
  await page.getByRole('button', { name: 'One moment on' }).focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'One moment on' })).toBeFocused();
  await expect(page.locator('.source-file')).toContainText('engine/btree/');
  await expect(page.locator('.code li').first()).toBeVisible();
});

test('the script: completed, answered, edited, branched', async ({ page }) => {
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
  await page.keyboard.press('Escape');
  await expect(prompt(page)).not.toBeFocused();
  await prompt(page).fill('');

  // An earlier line is edited, and what follows is run again.
  const line = page.locator('[data-line="13"]');
  await line.locator('.line-text').focus();
  await page.keyboard.press('F2');
  await page.keyboard.type('put 29 "Challenger"');
  await page.keyboard.press('Enter');
  await expect(line).toContainText('Challenger');
  await expect(page.locator('[data-line="15"]')).toContainText('→ 5 rows');

  // A refused edit changes nothing, and can be mended.
  await page.keyboard.press('F2');
  await page.keyboard.type('put 29');
  await page.keyboard.press('Enter');
  await expect(line).toContainText('Challenger');
  await page.getByRole('button', { name: 'Mend it' }).click();
  await page.keyboard.press('End');
  await page.keyboard.type(' "Puerto Rico"');
  await page.keyboard.press('Enter');
  await expect(line).toContainText('Puerto Rico');

  // A branch leaves where it was asked to, and the first difference is found.
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

test('bytes and cells light each other', async ({ page }) => {
  await openLab(page);
  await page.locator('.hex .tone-key').last().click();
  await expect(page.locator('.region h3')).toContainText('key 21');
  await expect(page.locator('.hex .lit').first()).toBeVisible();

  // Each metric has its line; by keyboard it leads to where it is greatest.
  await page.getByRole('tab', { name: 'Metrics' }).click();
  await page
    .getByRole('button', { name: /^splits over the run: from 0 splits to 3 splits/ })
    .focus();
  await page.keyboard.press('Enter');
  await expect(moment(page)).toHaveText(/^13\./);
});

test('what comes in: a text to be mended, a file that is none, a sample and its tables', async ({
  page,
}) => {
  await page.goto('./');
  await page.getByRole('button', { name: 'Paste a scenario' }).click();
  await page.getByRole('textbox').fill('lab btree\nput 1 "one"\nputt 2 "two"\n');
  await page.getByRole('button', { name: 'Open it' }).click();
  await expect(page.getByText(/line 3, column 1/)).toBeVisible();
  await page.getByRole('button', { name: 'Mend the text' }).click();
  await page.getByRole('textbox').fill('lab btree\ntitle "Mended"\nput 1 "one"\n');
  await page.getByRole('button', { name: 'Open it' }).click();
  await expect(page.getByRole('heading', { name: 'Mended' }).first()).toBeAttached();

  await page.evaluate(() => {
    const carried = new DataTransfer();
    carried.items.add(new File(['this is no database'], 'notes.db'));
    dispatchEvent(new DragEvent('drop', { dataTransfer: carried, cancelable: true }));
  });
  await expect(page.getByText(/^notes\.db is no SQLite database: /)).toBeVisible();

  await page.goto('./#/lab/btree?sample=ocean.sqlite');
  await expect(page.getByRole('radio', { name: /^trench table/ })).toBeChecked();
  await page.getByRole('radio', { name: /^sounding_depth index .* 799 entries/ }).check();
  await expect(page.locator('.stage-caption')).toContainText('sounding_depth');
  await expect(page.getByRole('radio', { name: /^sounding_depth/ })).toBeChecked();
});

test('workspaces: kept under a name, renamed, backed up, removed, restored', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: 'not kept' }).click();
  const dialog = page.getByRole('dialog', { name: 'Workspaces' });
  await dialog.getByLabel('Save this run as').fill('mine');
  await page.keyboard.press('Enter');
  await expect(dialog.getByText('on screen')).toBeVisible();
  await expect(page).toHaveURL(/\?w=mine$/);
  await dialog.getByRole('button', { name: 'Rename mine' }).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('my tree');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\?w=my%20tree$/);
  await axeFindsNothingSerious(page);
  const downloads: Download[] = [];
  page.on('download', (download) => downloads.push(download));
  await dialog.getByRole('button', { name: 'Back up my tree' }).click();
  await expect
    .poll(() => downloads.map((download) => download.suggestedFilename()).sort())
    .toEqual(['my tree.sqlite', 'my tree.sqlite-wal', 'my tree.txt']);
  const backup = downloads.find((download) => /txt$/.test(download.suggestedFilename()));
  await dialog.getByRole('button', { name: 'Remove my tree' }).click();
  await dialog.getByRole('button', { name: 'Remove my tree' }).click();
  await expect(page).toHaveURL(/\/lab\/btree$/);
  await expect(moment(page)).toHaveText('13.4');

  await page.getByRole('button', { name: 'not kept' }).click();
  await expect(dialog.getByText('Nothing is kept yet')).toBeVisible();
  const chooser = page.waitForEvent('filechooser');
  await dialog.getByRole('button', { name: 'Restore a backup…' }).click();
  const text = readFileSync((await backup?.path()) ?? '');
  await (await chooser).setFiles({ name: 'my tree.txt', mimeType: 'text/plain', buffer: text });
  await expect(page).toHaveURL(/\?w=my%20tree$/);
  await expect(page.getByRole('button', { name: /^saved · \d+ syncs$/ })).toBeVisible();
});

test('axe finds nothing serious on any screen', async ({ page }) => {
  test.slow(); // A dozen looks at a whole page.
  await page.addInitScript(() => localStorage.setItem('bathysphere:theme', 'surface'));
  await page.goto('./');
  await expect(page.locator('.hero-pause')).toBeVisible();
  await axeFindsNothingSerious(page);
  await openLab(page);
  /** The themes differ in colours alone. */
  const look = async () => {
    await axeFindsNothingSerious(page);
    await page.getByRole('button', { name: /theme/i }).click();
    await axeFindsNothingSerious(page, ['color-contrast']);
    await page.getByRole('button', { name: /theme/i }).click();
  };
  for (const name of ['Source', 'State', 'Metrics']) {
    await page.getByRole('tab', { name }).click();
    await look();
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
