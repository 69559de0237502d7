/**
 * Lesson 7 as its reader has it: by keyboard alone, and on a phone. Every beat is walked through, in
 * both themes; pictures of each lie under out/screens/.
 */
import { expect, test } from './fixtures.ts';
import { button, isAt } from './lab.ts';
import {
  answerOnPhone,
  beat,
  goOnOnPhone,
  inLesson,
  isWhole,
  nav,
  openByKeyboard,
  pins,
  sound,
  tabTo,
  titles,
  type,
} from './teach.ts';

test('by keyboard alone: a key of one’s own, measured plots, two challenges', async ({ page }) => {
  test.setTimeout(240_000);
  await openByKeyboard(page, 'lsm', 'Lesson 7', 'Why not in place?');
  await isAt(page, '2.4');

  // The question gates the put: the end of the run is not to be had before an answer.
  await page.keyboard.press('End');
  await isAt(page, '2.4');
  await page.keyboard.press('1');
  await expect(
    inLesson(page).getByText(/^No\. Table 5 is what it was, byte for byte/),
  ).toBeVisible();
  await isAt(page, '3.2', 30_000);
  await expect(pins(page)).toHaveText([/^31 bytes/, /^you said: 6 bytes/]);
  await sound(page, 'a question about a log');

  // Every beat has something to do, and no claim in it fails.
  const names = await titles(page);
  expect(names.length).toBeGreaterThanOrEqual(16);
  for (const [at, title] of names.entries()) {
    if (at > 0) await page.keyboard.press('.');
    await isWhole(page, title, `lsm-${at + 1}-surface`);
    if (title === 'Newest first') {
      // Asked about a key of the reader's own, the answer is another.
      const own = page.getByRole('textbox', { name: 'Another key' });
      await tabTo(page, own);
      await page.keyboard.type('two words');
      await page.keyboard.press('Enter');
      await expect(page.getByText('A key is one word, as in fig.')).toBeVisible();
      await own.fill('cherry');
      await page.keyboard.press('Enter');
      await expect(own).toHaveValue('');
      await tabTo(page, nav(page, 'Next'));
      await page.keyboard.press('1');
      await expect(inLesson(page).getByText(/^Yes\. It was asked after 0 places/)).toBeVisible();
    }
    if (title === 'The filter that says no') {
      await page.keyboard.press('1');
      await expect(inLesson(page).getByText(/^Yes\. 3 filters said no/)).toBeVisible();
      await expect(page.getByText('6 runs, measured here')).toBeVisible({ timeout: 60_000 });
      await sound(page, 'a plot against a formula');
    }
    if (title.startsWith('Two more')) {
      await page.keyboard.press('2');
      await expect(page.getByText('4 runs, measured here')).toBeVisible({ timeout: 60_000 });
      await expect(page.getByRole('link', { name: 'Compare leveled with tiered' })).toHaveAttribute(
        'href',
        /^#\/compare\?s=/,
      );
    }
    if (title === 'The worst get') {
      await type(page, 'get fig');
      await expect(page.getByText(/^The worst get considers 1 table, with 3 op/)).toBeVisible();
      await type(page, 'pause compaction');
      for (let n = 0; n < 7; n++) await type(page, 'batch put apple 1 / put quince 1', 'flush');
      await type(page, 'get fig');
      await expect(
        page.getByText(/considers 8 tables, with 19 operations: 1 too many/),
      ).toBeVisible();
      await tabTo(page, button(page, 'Begin anew'));
      await page.keyboard.press('Enter');
      await expect(page.getByText(/considers 0 tables, with 2 operations/)).toBeVisible();
      await type(page, 'pause compaction');
      for (let n = 0; n < 7; n++) await type(page, 'batch put apple 1 / put quince 1', 'flush');
      await type(page, 'get fig');
      await expect(page.getByText(/^Done\. The worst get considers 8 tables/)).toBeVisible();
      await tabTo(page, nav(page, 'Next'));
    }
  }
  await expect(page.getByText(/^leveled, T = 4: .* 3\.25 times in all/)).toBeVisible();
  await tabTo(page, page.locator('summary', { hasText: 'Settings' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('combobox', { name: 'strategy' }));
  await page.keyboard.type('tiered');
  await expect(page.getByText(/^tiered, T = 4: /)).toBeVisible({ timeout: 20_000 });
  await tabTo(page, page.getByRole('combobox', { name: 'level-ratio' }));
  await page.keyboard.type('3');
  await expect(page.getByText(/^Done\. tiered, T = 3: /)).toBeVisible({ timeout: 20_000 });
  await sound(page, 'a challenge that is done');
  await tabTo(page, nav(page, 'Next'));
  await page.keyboard.press('Enter');
  await expect(beat(page, 'Back at the surface')).toBeVisible();
  await expect(page.getByText(/did 2 of 2 challenges/)).toBeVisible();
  await expect(page.getByText(/The Log-Structured Merge-Tree/)).toBeVisible();
});

test('on a phone, dark: the tree first, the lesson as a sheet', async ({ page }) => {
  test.setTimeout(180_000);
  await answerOnPhone(page, 'lsm/merge', 'Many become one', '16 entries: all');
  await expect(pins(page)).toHaveText(['12 entries', 'you said: 16 entries: all'], {
    // It is played to there, at its pace.
    timeout: 90_000,
  });
  await goOnOnPhone(page, 'lsm-', 8, 18);
});
