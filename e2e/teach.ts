/**
 * What the journeys through a lesson share: where its parts stand, and how somebody without a pointer
 * goes from one to the next.
 */
import { mkdirSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';
import { button, isOpen, prompt, settled } from './lab.ts';

const FOLDER = 'out/screens';
mkdirSync(FOLDER, { recursive: true });
export const shot = (page: Page, name: string) =>
  page.screenshot({ path: `${FOLDER}/lesson-${name}.png` });

export const beat = (page: Page, title: string | RegExp) =>
  page.getByRole('heading', { level: 2, name: title });

/** What the lesson says; an answer is told to screen readers by the stage too. */
export const inLesson = (page: Page) => page.getByRole('complementary', { name: 'Lesson' });

/** The lesson's own verbs, on and back. */
export const nav = (page: Page, name: 'Next' | 'Back') =>
  page.getByRole('navigation', { name: 'Lesson' }).getByRole('button', { name, exact: true });

export const pins = (page: Page) => page.locator('.stage-pins .pin');

/** The title of each beat, as the list of all of them says. */
export async function titles(page: Page): Promise<string[]> {
  const all = await page.locator('.lesson-beats button').allTextContents();
  return all.map((text) => /^\d+\. (.*?)(predicted.*|seen|skipped|done)?$/.exec(text)?.[1] ?? text);
}

/** Nothing grave for somebody who reads the page by ear or by keyboard. */
export async function sound(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect.soft(grave, where).toEqual([]);
}

/** By Tab alone, as somebody without a pointer goes there. */
export async function tabTo(page: Page, target: Locator, most = 80): Promise<void> {
  for (let i = 0; i < most; i++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} is not reached by ${most} tabs`);
}

/** Writes lines by keyboard, from wherever the focus is; the prompt keeps it. */
export async function type(page: Page, ...lines: readonly string[]): Promise<void> {
  const focused = prompt(page).and(page.locator(':focus'));
  if ((await focused.count()) === 0) await page.keyboard.press('/');
  await expect(prompt(page)).toBeFocused();
  for (const line of lines) {
    await page.keyboard.type(line);
    await page.keyboard.press('Enter');
    await expect(prompt(page)).toHaveValue('', { timeout: 30_000 });
  }
}

/** From a lab's screen to its lesson by keyboard alone: it begins at its first beat. */
export async function openByKeyboard(
  page: Page,
  lab: string,
  lesson: string,
  first: string,
): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.goto(`./#/lab/${lab}`);
  await isOpen(page);
  await tabTo(page, page.getByRole('link', { name: lesson }));
  await page.keyboard.press('Enter');
  await expect(beat(page, first)).toBeVisible();
}

/** The beat on screen has something to do, and no claim in it fails; kept as a picture. */
export async function isWhole(page: Page, title: string, picture: string): Promise<void> {
  await expect(beat(page, title)).toBeVisible({ timeout: 20_000 });
  await expect(page.locator('.card').first()).toBeVisible({ timeout: 20_000 });
  await expect(page.locator('.claim-off')).toHaveCount(0);
  await settled(page);
  await shot(page, picture);
}

/** A beat on a phone, dark, its question answered in the sheet, which then frees the picture. */
export async function answerOnPhone(
  page: Page,
  where: string,
  title: string,
  answer: string,
): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`./#/lesson/${where}`);
  await isOpen(page);
  await expect(page.getByText('a question waits in the lesson')).toBeVisible();
  await sound(page, 'a lesson on a phone');
  await button(page, 'Lesson').click();
  await expect(beat(page, title)).toBeVisible();
  await sound(page, 'the lesson as a sheet');
  await page.getByRole('button', { name: answer }).click();
  await expect(beat(page, title)).toBeHidden();
}

/** From the answered beat, by its number, to the last one, each kept as a picture. */
export async function goOnOnPhone(
  page: Page,
  lesson: string,
  answered: number,
  beats: number,
): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await shot(page, `${lesson}phone-answered-deep`);
  for (let number = answered + 1; number <= beats; number++) {
    await button(page, 'The next beat').click();
    await expect(page.locator('.lesson-strip')).toContainText(`${number} of ${beats}`);
    await expect(page.getByRole('slider').first()).toHaveAttribute('aria-valuetext', /^\d+\.\d+: /);
    await settled(page);
    await shot(page, `${lesson}phone-${number}-deep`);
  }
}
