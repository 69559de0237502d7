/** Other ways it could have gone: forks, a power cut at a moment, and where two branches part. */
import { expect, test } from './fixtures.ts';
import {
  button,
  inspector,
  isAt,
  isOpen,
  lab,
  lastLine,
  lines,
  linkOf,
  momentOf,
  openLab,
  picture,
  write,
} from './lab.ts';

const branch = (page: Parameters<typeof isAt>[0]) =>
  page.getByRole('combobox', { name: 'Branch', exact: true });

test('what if, from an operation on: a branch of its own, and the first moment at which they differ', async ({
  page,
  stranger,
}) => {
  await openLab(page);
  await button(page, 'What to do with operation 12').click();
  await page.getByRole('menuitem', { name: /What if, from here/ }).click();
  await expect(branch(page)).toBeVisible();
  const name = await branch(page).inputValue();
  expect(name).not.toBe('main');
  await expect.poll(() => lastLine(page)).toBe(12);
  await write(page, 'put 30 "Sunda"');
  await expect(lines(page).last()).toContainText('put 30 "Sunda"');

  await button(page, 'first difference').click();
  const differs = await momentOf(page);
  expect(differs).toMatch(/^13\./);
  await expect(picture(page)).toHaveAccessibleName(/30/);

  await branch(page).selectOption('main');
  await expect.poll(() => lastLine(page)).toBe(15);
  await expect(button(page, '13 put 29 "Puerto Rico"')).toBeVisible();
  await button(page, new RegExp(`^Switch to branch ${name}`)).click();
  await expect(branch(page)).toHaveValue(name);
  await expect.poll(() => lastLine(page)).toBe(13);

  // The link carries both; the command line runs both.
  const link = await linkOf(page);
  expect(lab(['run', link, '--json']).status).toBe(0);
  await stranger.goto(link);
  await isOpen(stranger);
  await expect(branch(stranger).getByRole('option')).toHaveText(['main', name]);

  await button(page, `Remove branch ${name}`).click();
  await expect(branch(page)).toHaveCount(0);
  await expect.poll(() => lastLine(page)).toBe(15);
});

test('what if it died here: in the middle of a put, all that was not committed is gone', async ({
  page,
}) => {
  await openLab(page);
  await isAt(page, '13.4');
  await inspector(page).getByRole('tab', { name: 'State' }).click();
  await page.getByRole('combobox', { name: 'speed' }).selectOption('16');
  await button(page, 'What if it died here?').click();
  await expect(branch(page)).not.toHaveValue('main');
  await expect(lines(page).last()).toContainText('crash during put 29 "Puerto Rico" at moment 4');
  expect(await lastLine(page)).toBe(13);
  await expect(page.getByText(/op 13 of 13/)).toBeVisible();
  await page.keyboard.press('End');
  await write(page, 'scan 21..34');
  await expect(lines(page).last()).toContainText('→ 4 rows: 21 "Yap", 25 "Mariana", 31 "Palau", …');
  await write(page, 'get 29');
  await expect(lines(page).last()).toContainText('→ nothing');
  await branch(page).selectOption('main');
  await expect(button(page, '13 put 29 "Puerto Rico"')).toBeVisible();
});

test('what if it died here: in the middle of a commit, the log has half of it, and none of it counts', async ({
  page,
}) => {
  await openLab(page);
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('ArrowRight');
  await isAt(page, '14.2');
  await inspector(page).getByRole('tab', { name: 'State' }).click();
  await button(page, 'What if it died here?').click();
  await expect(lines(page).last()).toContainText('crash during commit at moment 2');
  await expect(branch(page)).not.toHaveValue('main');
  await page.keyboard.press('End');
  await write(page, 'get 29');
  await expect(lines(page).last()).toContainText('→ nothing');
});
