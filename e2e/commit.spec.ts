/**
 * A commit round in a browser: the coordinator dies in the window and everybody is seen to be blocked,
 * and why; three phases go on under the same crash, side by side; a partition splits them. By mouse and
 * by keyboard, the buttons write lines.
 */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { button, inspector, isAt, isOpen, lines, picture, shape, slider, write } from './lab.ts';
import { sound, tabTo } from './teach.ts';

const open = async (page: Page, scenario: string) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`./#/lab/commit?scenario=${scenario}`);
  await isOpen(page);
};
const choose = (page: Page, node: string) =>
  inspector(page).getByRole('combobox', { name: 'Whom to look at' }).selectOption(`node:${node}`);

test('the coordinator dies in the window: blocked with reasons, set free, and beside three phases', async ({
  page,
}) => {
  test.setTimeout(90_000);
  await open(page, 'commit_window');
  await isAt(page, '4.6');
  for (const id of ['B', 'C']) {
    await expect(shape(page, `lock:${id}`)).toHaveClass(/tone-fault/);
    await expect(shape(page, `stand:${id}`)).toHaveText('blocked');
    await expect(shape(page, `record:${id}:0`)).toHaveText('prepared');
  }
  await expect(shape(page, 'node:A')).toHaveClass(/crossed/);
  await expect(
    page.locator('.stage-svg').getByText(/^B and C are blocked: A is down/),
  ).toBeVisible();
  const why = inspector(page).getByRole('region', { name: /^blocked: it said yes/ });
  await expect(why).toContainText('is down');
  await expect(why).toContainText('is in doubt itself');
  await expect(
    inspector(page).getByRole('img', { name: 'Participant B is a prepared' }),
  ).toBeVisible();
  await sound(page, 'blocked');

  // In words, for whoever does not see it.
  await page.locator('summary', { hasText: 'In words' }).click();
  const twin = page.getByRole('tree', { name: 'The picture in words' });
  await expect(
    twin.getByRole('treeitem', { name: /^transaction 1: nothing is decided, A is down/ }),
  ).toBeVisible();
  await expect(
    twin.getByRole('treeitem', {
      name: /participant B, blocked, .*its lock is held by transaction 1/,
    }),
  ).toBeVisible();
  await page.locator('summary', { hasText: 'In words' }).click();

  // The bar was closed a moment before the crash: the decision, and not yet on the disk.
  await slider(page).focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowRight');
  await isAt(page, '2.6');
  await expect(shape(page, 'part:A')).toHaveText('commit');
  await expect(shape(page, 'part:A')).toHaveClass(/dashed/);
  await expect(shape(page, 'record:A:0')).toHaveClass(/dashed/);

  // At the end of the run the button is the next line, and the locks open.
  await page.keyboard.press('End');
  await choose(page, 'A');
  await inspector(page).getByRole('button', { name: 'Restart' }).click();
  await expect(lines(page).last()).toContainText('restart A');
  await write(page, 'run 250ms');
  for (const id of ['B', 'C']) await expect(shape(page, `lock:${id}`)).toHaveClass(/quiet/);
  await expect(shape(page, 'stand:B')).toHaveText('aborted');

  // The same crash with three phases, under one playhead.
  await open(page, 'commit_window');
  await page.getByRole('link', { name: /^Beside “The same crash with three phases”/ }).click();
  const end = page.getByRole('region', { name: 'Differences' });
  await expect(end.getByRole('row', { name: /^blocked / })).toHaveText(/blocked\s*2\s*0/, {
    timeout: 20_000,
  });
});

test('three phases: on to a commit without A; and a partition that splits them, by keyboard', async ({
  page,
}) => {
  await open(page, 'three_phase_goes_on');
  await slider(page).focus();
  await page.keyboard.press('End');
  for (const id of ['B', 'C']) await expect(shape(page, `stand:${id}`)).toHaveText('committed');

  await open(page, 'three_phase_partition');
  await isAt(page, '7.9');
  await expect(shape(page, 'stand:B')).toHaveText('committed');
  await expect(shape(page, 'stand:C')).toHaveText('aborted');
  await expect(
    page.getByText(/C has aborted transaction 1, and B has committed it/).first(),
  ).toBeVisible();
  await expect(shape(page, 'wall:BC')).toBeAttached();
  await expect(page.getByRole('region', { name: 'Space-time diagram' })).toBeVisible();

  // A message under way is found in the picture and dropped, without a pointer.
  await open(page, 'commit_all_yes');
  await slider(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await isAt(page, '1.1');
  await picture(page).focus();
  // Over the decision and the nodes to what is under way, and into that.
  await page.keyboard.press('ArrowDown');
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const drop = inspector(page).getByRole('button', { name: 'Drop' });
  await expect(drop).toBeVisible();
  await tabTo(page, drop);
  await page.keyboard.press('Enter');
  await expect(lines(page).last()).toContainText(/drop A>[BCD]#1/);
  // From there on it is another run: the coordinator's patience ends, and it aborts.
  await write(page, 'run 200ms');
  await expect(shape(page, 'part:A')).toHaveText('abort');
  await expect(button(page, 'Share this moment')).toBeVisible();
});
