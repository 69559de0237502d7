/**
 * Lesson 5 as its reader has it: by keyboard alone, and on a phone. Every beat is walked through, in
 * both themes; pictures of each lie under out/screens/.
 */
import { expect, test } from './fixtures.ts';
import { button, isAt, isOpen, momentOf } from './lab.ts';
import {
  answerOnPhone,
  beat,
  goOnOnPhone,
  isWhole,
  nav,
  pins,
  shot,
  sound,
  tabTo,
  titles,
  type,
} from './teach.ts';

test('the lesson by keyboard alone: predictions, own input, challenges, and what is kept', async ({
  page,
}) => {
  test.setTimeout(240_000);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.goto('./');
  await tabTo(page, page.getByRole('link', { name: 'Take the lesson' }));
  await page.keyboard.press('Enter');
  await expect(beat(page, 'Why pages')).toBeVisible();
  await isOpen(page);
  await expect(page).toHaveURL(/#\/lesson\/btree\/pages$/);

  // The question gates one step: nothing that goes on gets past it.
  const question = page.getByRole('region', { name: /How much goes to the disk/ });
  await expect(question).toBeVisible();
  await page.keyboard.press('End');
  await isAt(page, '3.4');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press(' ');
  await expect(page.getByRole('main').getByRole('status').first()).toContainText(/Row 200 goes/);
  expect(await momentOf(page)).toBe('3.4');
  await sound(page, 'a question');
  await page.keyboard.press('1');
  await expect(question.getByText(/^No\. 1 page had changed/)).toBeVisible();
  // Choice and outcome stand on the same picture, at the moment that shows it.
  await isAt(page, '4.3', 30_000);
  await expect(pins(page)).toHaveText([/^536 bytes/, /^you said: 9 bytes/]);
  await shot(page, 'answered');

  // The reader's own input: the same question, about that.
  await page.keyboard.press('.');
  await expect(beat(page, 'Inside a page')).toBeVisible();
  const own = page.getByRole('textbox', { name: 'Another key' });
  await tabTo(page, own);
  await page.keyboard.type('seventeen');
  await page.keyboard.press('Enter');
  await expect(page.getByText('A key is a whole number, as in 29.')).toBeVisible();
  await own.fill('25');
  await page.keyboard.press('Enter');
  await expect(own).toHaveValue('');
  await tabTo(page, nav(page, 'Next'));
  await page.keyboard.press('2');
  await expect(page.getByText(/^(Yes|No)\. There are 7 keys/)).toBeVisible();
  await isAt(page, '8.1', 20_000);

  // Back always works, also from a question.
  await page.keyboard.press(',');
  await expect(beat(page, 'Why pages')).toBeVisible();
  await page.keyboard.press('.');

  // All beats: each has a question that can be skipped, or something to do.
  const names = await titles(page);
  expect(names.length).toBeGreaterThanOrEqual(13);
  for (const [at, title] of names.entries()) {
    if (at === 0) continue;
    await isWhole(page, title, `${at + 1}-surface`);
    if (at === names.length - 1) break;
    if (title.startsWith('As high')) {
      await type(page, 'bulk 22 descending');
      await expect(page.getByText('3 levels with 22 puts.')).toBeVisible();
      await tabTo(page, button(page, 'Begin anew'));
      await page.keyboard.press('Enter');
      await expect(page.getByText('1 level with 0 puts.')).toBeVisible();
      await type(page, 'bulk 22 ascending');
      await expect(page.getByText(/^Done\. 4 levels with 22 puts/)).toBeVisible();
      await tabTo(page, nav(page, 'Next'));
    }
    await page.keyboard.press('.');
  }

  // The last challenge: a bug is planted, a committed row goes, a referee says so.
  await type(page, 'put 2 "Limiting Factor"', 'commit', 'crash');
  await expect(
    page.getByText(/No bug is planted; 1 power cut; no promise was broken/),
  ).toBeVisible();
  await tabTo(page, page.locator('summary', { hasText: 'Break the engine' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('checkbox', { name: /early-acknowledge/ }));
  await page.keyboard.press(' ');
  await expect(page.getByText(/Done\. The referee: commit 2 was acknowledged/)).toBeVisible();
  await sound(page, 'a challenge that is done');
  await tabTo(page, nav(page, 'Next'));
  await page.keyboard.press('Enter');
  await expect(beat(page, 'Back at the surface')).toBeVisible();
  await expect(page.getByText(/did 2 of 2 challenges/)).toBeVisible();
  await sound(page, 'the end of the lesson');
  await shot(page, 'end-surface');

  // What became of each is kept, and so is the place.
  await page.goto('./#/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.goto('./#/lesson/btree');
  await expect(beat(page, 'Make it lose a promise')).toBeVisible();
  await expect(page.locator('.lesson-beats button').last()).toHaveText(/done$/);
});

test('the lesson on a phone: stage first, the lesson as a sheet, dark', async ({ page }) => {
  test.setTimeout(120_000);
  await answerOnPhone(page, 'btree/split-leaf', 'When a page is full', '17 · 29 · 34');
  // Choice and outcome are seen on the picture.
  await isAt(page, '13.7', 30_000);
  await expect(pins(page)).toHaveText(['17 · 25 · 34', 'you said: 17 · 29 · 34']);
  await expect(page.getByText(/No\. 25 is the greatest key that stays/).last()).toBeVisible();
  const { width } = (await page.locator('body').boundingBox()) ?? { width: 0 };
  expect(width).toBe(390);
  await goOnOnPhone(page, '', 5, 17);
  await button(page, 'Lesson').click();
  await shot(page, 'phone-challenge-deep');
  await sound(page, 'a challenge on a phone');
});

test('by itself: it reads, plays to the question, and waits there', async ({ page }) => {
  test.setTimeout(90_000);
  await page.goto('./#/lesson/btree/borrow');
  await isOpen(page);
  await page.getByRole('combobox', { name: 'speed' }).selectOption('16');
  await nav(page, 'Back').click();
  await expect(beat(page, 'Emptier and emptier')).toBeVisible();
  await page.keyboard.press('c');
  await expect(page.getByRole('checkbox', { name: 'by itself' })).toBeChecked();
  // Reading time first, then the picture goes as far as the question lets it.
  await isAt(page, '9.4', 40_000);
  await expect(button(page, 'Play')).toBeVisible();
  await page.keyboard.press('s');
  // The outcome, a rest, and the next beat by itself.
  await expect(beat(page, 'A sibling that gives')).toBeVisible({ timeout: 40_000 });
  await page.keyboard.press('c');
});
