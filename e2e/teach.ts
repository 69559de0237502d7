/**
 * What the journeys through a lesson share: where its parts stand, and how somebody without a pointer
 * goes from one to the next.
 */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';
import { prompt } from './lab.ts';

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
