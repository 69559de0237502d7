/**
 * "Find a counterexample" in a browser: what is to hold is chosen by keyboard, a search is watched and
 * stopped, another finds a shortest run, which opens on the stage, is played, and is sent to a friend.
 */
import { expect, test } from './fixtures.ts';
import { button, isAt, isOpen, lab, lines, linkOf, shape, slider } from './lab.ts';
import { sound, tabTo } from './teach.ts';

test('a search is stopped, another finds the window of doubt, and its run is sent to a friend', async ({
  page,
  stranger,
}) => {
  test.setTimeout(240_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./#/lab/commit?scenario=commit_all_yes');
  await isOpen(page);
  await slider(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await isAt(page, '1.1');

  // By keyboard alone: the button, the panel below it, and a search of everything.
  const find = button(page, 'Find a counterexample');
  await find.focus();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('form', { name: 'Search' });
  await expect(panel.getByText('after the moment on screen, 1.1')).toBeVisible();
  await tabTo(page, panel.locator('summary', { hasText: 'Bounds' }));
  await page.keyboard.press('Enter');
  await panel.getByRole('textbox', { name: 'crashes' }).fill('2');
  await panel.getByRole('textbox', { name: 'crashes' }).press('Enter');
  await expect(panel.getByText('1 changed')).toBeVisible();
  await tabTo(page, panel.getByRole('button', { name: 'Search' }));
  await page.keyboard.press('Enter');
  await expect(
    panel.getByText(/^[\d,]+ states · [\d,]+ to go on from · depth \d+ · /),
  ).toBeVisible();
  // The lab is free meanwhile: its own worker answers.
  await slider(page).focus();
  await page.keyboard.press('ArrowRight');
  await isAt(page, '2.1');
  await page.keyboard.press('ArrowLeft');
  await isAt(page, '1.1');
  await panel.getByRole('button', { name: 'Stop' }).click();
  await expect(panel.getByText('Bounded: it was stopped, and')).toBeVisible();

  // One property: the search ends at the first moment that breaks it.
  await panel.getByRole('combobox', { name: 'What is to hold' }).selectOption('not blocked');
  await panel.getByRole('button', { name: 'Search' }).click();
  const found = panel.getByRole('listitem').filter({ hasText: 'not blocked' });
  await expect(found).toContainText(/broken in \d+ steps, and in no fewer/, { timeout: 30_000 });
  await sound(page, 'what was found');
  const [, steps] = /broken in (\d+) steps/.exec((await found.textContent()) ?? '') ?? [];
  await found.getByRole('button', { name: 'Open' }).click();

  // It is a branch like any other, shown at its last moment.
  await expect(lines(page)).toHaveCount(1 + Number(steps));
  await isAt(page, `${1 + Number(steps)}.1`);
  await expect(lines(page).filter({ hasText: 'crash A' })).toHaveCount(1);
  await expect(shape(page, 'stand:B')).toHaveText('blocked');
  await slider(page).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(shape(page, 'stand:B')).not.toHaveText('blocked');
  await page.keyboard.press('End');
  const moment = `${1 + Number(steps)}.1`;
  await isAt(page, moment);
  const link = await linkOf(page);
  await stranger.goto(link);
  await isOpen(stranger);
  await isAt(stranger, moment);
  await expect(shape(stranger, 'stand:B')).toHaveText('blocked');

  // What the command line finds from there is as long.
  const text = 'lab commit\nbegin blue\n';
  const told = lab(['explore', '-', '--json', '--property', 'not blocked'], text);
  const { properties } = JSON.parse(told.out) as {
    properties: { property: string; steps?: number }[];
  };
  expect(properties.find(({ property }) => property === 'not blocked')?.steps).toBe(Number(steps));
});

test('on a phone, in the Raft lab: a planted bug is found', async ({ page }) => {
  test.setTimeout(240_000);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./#/lab/raft?scenario=sabotage_ack_before_save');
  await isOpen(page);
  await slider(page).focus();
  await page.keyboard.press('Home');
  await isAt(page, '0.1');
  await button(page, 'Operations').click();
  await button(page, 'Find a counterexample').click();
  const panel = page.getByRole('form', { name: 'Search' });
  await panel
    .getByRole('combobox', { name: 'What is to hold' })
    .selectOption('committed is durable');
  await panel.getByRole('button', { name: 'Search' }).click();
  const found = panel.getByRole('listitem').filter({ hasText: 'committed is durable' });
  await expect(found).toContainText('broken in 8 steps, and in no fewer', { timeout: 60_000 });
  await sound(page, 'a phone');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
  await found.getByRole('button', { name: 'Open' }).click();
  await isAt(page, '8.1', 20_000);
  // What was opened is on the stage, and nothing lies over it.
  await expect(panel).toBeHidden();
});
