/**
 * Lesson 15 as its reader has it: by keyboard alone, and on a phone. Every beat is walked through, in
 * both themes; pictures of each lie under out/screens/.
 */
import { expect, test } from './fixtures.ts';
import { isAt } from './lab.ts';
import {
  answerOnPhone,
  beat,
  goOnOnPhone,
  inLesson,
  isWhole,
  nav,
  openByKeyboard,
  sound,
  tabTo,
  titles,
  type,
} from './teach.ts';

test('by keyboard alone: a crash at a moment of one’s own, a task, two challenges', async ({
  page,
}) => {
  test.setTimeout(240_000);
  await openByKeyboard(page, 'commit', 'Lesson 15', 'All of them, or none');
  await isAt(page, '0.1');
  await page.keyboard.press('End');
  await isAt(page, '2.5');
  await expect(page.getByRole('button', { name: 'All of them abort.' })).toBeVisible();
  await page.keyboard.press('2');
  await expect(inLesson(page).getByText(/^Yes\. .* has aborted/)).toBeVisible();
  await sound(page, 'a question about a round');

  const names = await titles(page);
  expect(names.length).toBe(15);
  for (const [at, title] of names.entries()) {
    if (at > 0) await page.keyboard.press('.');
    await isWhole(page, title, `commit-${at + 1}-surface`);
    if (title === 'One line on one disk') {
      await type(page, 'crash A', 'restart A');
      await expect(page.getByText(/Nobody has answered them yet/)).toBeVisible();
      await type(page, 'run 300ms');
      await expect(
        page.getByText(/^Done\. A had decided to commit, and all have aborted/),
      ).toBeVisible();
      await tabTo(page, nav(page, 'Next'));
    }
    if (title === 'The window') {
      // Two milliseconds later the decision has left: the answer is another.
      const own = page.getByRole('textbox', { name: /Crash A after/ });
      await tabTo(page, own);
      await page.keyboard.type('25');
      await page.keyboard.press('Enter');
      await expect(own).toHaveValue('');
      await tabTo(page, nav(page, 'Next'));
      await expect(page.locator('.predict[data-open="true"]')).toBeVisible();
      await page.keyboard.press('1');
      await expect(inLesson(page).getByText(/^Yes\. C has committed/)).toBeVisible();
    }
    if (title.startsWith('Block everyone')) {
      await type(page, 'run 23ms', 'crash A');
      await expect(page.getByText(/All are blocked; let 200 ms pass/)).toBeVisible();
      await type(page, 'run 250ms');
      await expect(page.getByText(/^Done\. B, C and D are up, locked/)).toBeVisible();
      await sound(page, 'a challenge that is done');
      await tabTo(page, nav(page, 'Next'));
    }
    if (title.startsWith('Split'))
      await type(page, 'run until pre-committed at B', 'partition A,B / C', 'run 400ms');
  }
  await expect(page.getByText(/^Done\. In 1 move\. C has aborted transaction 1/)).toBeVisible();
  await tabTo(page, nav(page, 'Next'));
  await page.keyboard.press('Enter');
  await expect(beat(page, 'Back at the surface')).toBeVisible();
  await expect(page.getByText(/2 of 2 challenges/)).toBeVisible();
  await expect(page.getByText(/Consensus on Transaction Commit/)).toBeVisible();
});

test('on a phone, dark: the round first, the lesson as a sheet', async ({ page }) => {
  test.setTimeout(120_000);
  await answerOnPhone(page, 'commit/partition', 'Slow is not dead', 'All of them commit.');
  await isAt(page, '7.9', 30_000);
  await goOnOnPhone(page, 'commit-', 10, 15);
});
