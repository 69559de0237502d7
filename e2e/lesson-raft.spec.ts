/**
 * Lesson 11b as its reader has it: by keyboard alone, and on a phone. Every beat is walked through, in
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
  pins,
  sound,
  tabTo,
  titles,
  type,
} from './teach.ts';

test('by keyboard alone: a race for votes, a cut of one’s own, two challenges', async ({
  page,
}) => {
  test.setTimeout(240_000);
  await openByKeyboard(page, 'raft', 'Lesson 11b', 'One leader a term');
  await isAt(page, '0.1');

  // The question gates the race at the second candidate: the end of the run is not to be had.
  await page.keyboard.press('End');
  await isAt(page, '1.3');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('4');
  await expect(inLesson(page).getByText(/^No\. A, B and C voted for B: 3 of 5/)).toBeVisible();
  await isAt(page, '1.19', 30_000);
  await expect(pins(page)).toHaveText(['B', 'you said: D']);
  await sound(page, 'a question about a cluster');

  // Every beat has something to do, and no claim in it fails.
  const names = await titles(page);
  expect(names.length).toBeGreaterThanOrEqual(14);
  for (const [at, title] of names.entries()) {
    if (at > 0) await page.keyboard.press('.');
    await isWhole(page, title, `raft-${at + 1}-surface`);
    if (title === 'Cut off with a minority') {
      // The reader cuts the network elsewhere, and the answer is another.
      const own = page.getByRole('textbox', { name: /Cut it elsewhere/ });
      await tabTo(page, own);
      await page.keyboard.type('C');
      await page.keyboard.press('Enter');
      await expect(page.getByText(/^A and some of B, C, D and E/)).toBeVisible();
      await own.fill('A,B,C');
      await page.keyboard.press('Enter');
      await expect(own).toHaveValue('');
      await tabTo(page, nav(page, 'Next'));
      await page.keyboard.press('1');
      await expect(
        inLesson(page).getByText(/^Yes\. .* 3 of 5\. The cut left A a majority/),
      ).toBeVisible();
    }
    if (title === 'Why figure 8 is subtle') {
      await page.keyboard.press('2');
      await expect(
        inLesson(page).getByText(/^Yes\. It is of term 1, and A leads term 3/),
      ).toBeVisible();
      // A claim about the run beside leads to its moment there.
      await tabTo(page, page.getByRole('button', { name: 'what it called committed is gone' }));
      await page.keyboard.press('Enter');
      await expect(page.getByText('leader completeness').first()).toBeVisible();
    }
    if (title.startsWith('Make a committed write')) {
      await type(page, 'partition C / A,B', 'client 1 put x 2', 'run until answered', 'crash A');
      await type(page, 'heal', 'fire C election', 'run until elected');
      await expect(
        page.getByText(/No bug is planted; no committed write is missing/),
      ).toBeVisible();
      await tabTo(page, page.locator('summary', { hasText: 'Break the engine' }));
      await page.keyboard.press('Enter');
      await tabTo(page, page.getByRole('checkbox', { name: /vote-without-log-check/ }));
      await page.keyboard.press(' ');
      await expect(
        page.getByText(/^Done\. put x was committed as entry 3 of term 1/),
      ).toBeVisible();
      await sound(page, 'a challenge that is done');
      await tabTo(page, nav(page, 'Next'));
    }
    if (title === 'Elect nobody')
      for (let term = 1; term <= 3; term++) {
        await expect(
          page.getByText(`${term - 1} terms in a row`.replace('1 terms', '1 term')),
        ).toBeVisible();
        await type(page, ...['A', 'B', 'C'].map((id) => `fire ${id} election`), 'run 40ms');
      }
  }
  await expect(page.getByText(/^Done\. 3 terms in a row without a leader/)).toBeVisible();
  await tabTo(page, nav(page, 'Next'));
  await page.keyboard.press('Enter');
  await expect(beat(page, 'Back at the surface')).toBeVisible();
  await expect(page.getByText(/predicted 2 of 14 outcomes .* 2 of 2 challenges/)).toBeVisible();
  await expect(page.getByText(/In Search of an Understandable Consensus/)).toBeVisible();
  await expect(page.getByText(/Organization and Maintenance/)).toHaveCount(0);
});

test('on a phone, dark: the cluster first, the lesson as a sheet', async ({ page }) => {
  test.setTimeout(120_000);
  await answerOnPhone(page, 'raft/comes-back', 'The old leader comes back', 'it keeps it');
  await expect(pins(page)).toHaveText(['it throws it away', 'you said: it keeps it'], {
    timeout: 30_000,
  });
  await goOnOnPhone(page, 'raft-', 8, 16);
});
