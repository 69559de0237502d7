/** The console and the settings: what a reader writes runs, and what is wrong is told and changes nothing. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import {
  button,
  digestIn,
  isAt,
  lab,
  lastLine,
  lines,
  linkOf,
  openLab,
  picture,
  prompt,
  shape,
  slider,
  write,
} from './lab.ts';

/** What the command line gets from the link of what is on screen. */
const judged = (link: string) => {
  const { status, out, err } = lab(['run', link, '--json']);
  expect(err).toBe('');
  expect(status).toBe(0);
  return JSON.parse(out) as {
    digest: string;
    moments: unknown[];
    result: { command: string; result: unknown }[];
  };
};
/** Runs the same in Node and expects the same end. */
async function sameInNode(page: Page) {
  const link = await linkOf(page);
  const ran = judged(link);
  expect(digestIn(link)).toBe(ran.digest);
  return ran;
}
const complaint = (page: Page) => page.getByRole('alert').filter({ hasText: /./ });

test('puts, a bulk, reads: the results stand beside the lines, and Node says the same', async ({
  page,
}) => {
  await openLab(page, '?scenario=commit_and_crash');
  await write(page, 'put 29 "Puerto Rico"');
  // A short command is watched: its moments play.
  await expect(button(page, 'Pause')).toBeVisible();
  await write(page, 'get 29');
  await expect(lines(page).last()).toContainText('get 29→ "Puerto Rico"');
  await write(page, 'get 30');
  await expect(lines(page).last()).toContainText('get 30→ nothing');
  await write(page, 'bulk 500 random');
  // Too much to watch: the picture goes to its end.
  await expect(page.getByText(/op 12 of 12/)).toBeVisible();
  await write(page, 'scan ..200');
  const { result, moments } = await sameInNode(page);
  expect(moments.length).toBeGreaterThan(1500);
  const rows = result.at(-1)?.result;
  const count = Array.isArray(rows) ? rows.length : 0;
  expect(count).toBeGreaterThan(5);
  await expect(lines(page).last()).toContainText(`→ ${count} rows: `);
});

test('completion and history', async ({ page }) => {
  await openLab(page);
  // From where one has just stepped, too.
  await slider(page).focus();
  await page.keyboard.press('/');
  await expect(prompt(page)).toBeFocused();
  await page.keyboard.type('sc');
  const offered = page.getByRole('listbox', { name: 'Operations' }).getByRole('option');
  await expect(offered).toHaveText([/^scan \[A\.\.Z\] \[backward\]/]);
  await page.keyboard.press('Tab');
  await expect(prompt(page)).toHaveValue('scan ');
  await page.keyboard.type('20..30');
  await page.keyboard.press('Enter');
  await expect.poll(() => lastLine(page)).toBe(16);
  await expect(lines(page).last()).toContainText(
    'scan 20..30→ 3 rows: 21 "Yap", 25 "Mariana", 29 "Puerto Rico"',
  );
  await write(page, 'get 3');
  await prompt(page).press('ArrowUp');
  await expect(prompt(page)).toHaveValue('get 3');
  await prompt(page).press('ArrowUp');
  await expect(prompt(page)).toHaveValue('scan 20..30');
  await prompt(page).press('ArrowDown');
  await expect(prompt(page)).toHaveValue('get 3');
});

const WRONG = [
  ['putt 3 "x"', /column 1: putt is no command of btree; expected put, get/],
  ['put x "y"', /column 5: a key is a whole number of 64 bits, as in 25; found x/],
  ['put 3', /expected put KEY VALUE/],
  ['put 3 "open', /no closing "/],
  ['bulk 2000000 random', /a whole number from 1 to 1000000; found 2000000/],
  ['set max-cells 2', /column 1: set belongs above the first command/],
] as const;

test('a wrong command is told, with what was expected, and changes nothing', async ({ page }) => {
  await openLab(page);
  const before = await linkOf(page);
  for (const [line, sentence] of WRONG) {
    await prompt(page).fill(line);
    await expect(complaint(page)).toHaveCount(0);
    await prompt(page).press('Enter');
    await expect(complaint(page)).toContainText(sentence);
    await expect(prompt(page)).toHaveValue(line);
    expect(await lastLine(page)).toBe(15);
  }
  await isAt(page, '13.4');
  expect(await linkOf(page)).toBe(before);
  // And it can be put right where it stands.
  await write(page, 'get 29');
  await expect(complaint(page)).toHaveCount(0);
});

test('an earlier line is edited, moved and taken out, and the run follows', async ({ page }) => {
  await openLab(page);
  const line = (number: number) =>
    lines(page)
      .getByRole('button')
      .filter({ hasText: `${number}` });
  await page.getByRole('button', { name: '13 put 29 "Puerto Rico"' }).focus();
  await page.keyboard.press('F2');
  const field = page.getByRole('textbox', { name: 'Operation 13' });
  await field.fill('put 28 "Mona"');
  await field.press('Enter');
  await expect(button(page, '13 put 28 "Mona"')).toBeVisible();
  await expect(lines(page).filter({ hasText: 'scan 10..30' })).toContainText('5 rows');
  const edited = await sameInNode(page);
  expect(JSON.stringify(edited.result)).toContain('{"key":28,"value":"Mona"}');

  // An edit that does not parse leaves the line, and says why.
  await button(page, '13 put 28 "Mona"').focus();
  await page.keyboard.press('F2');
  await field.fill('put 28');
  await field.press('Enter');
  await expect(complaint(page)).toContainText('expected put KEY VALUE');
  await expect(button(page, '13 put 28 "Mona"')).toBeVisible();
  await button(page, 'Mend it').click();
  await expect(field).toHaveValue('put 28');
  await field.press('Escape');
  await button(page, 'Dismiss').click();

  await button(page, 'What to do with operation 13').click();
  await page.getByRole('menuitem', { name: 'Move down' }).click();
  await expect(button(page, '14 put 28 "Mona"')).toBeVisible();
  await expect(button(page, '13 commit')).toBeVisible();
  await sameInNode(page);

  await button(page, 'What to do with operation 14').click();
  await page.getByRole('menuitem', { name: 'Take out' }).click();
  await expect(button(page, '14 scan 10..30')).toContainText('4 rows');
  expect(await lastLine(page)).toBe(14);
  await expect(line(14).first()).toBeVisible();
  const { result } = await sameInNode(page);
  expect(JSON.stringify(result)).not.toContain('Mona');
});

test('settings: a change runs the same operations again; a bad value is refused in words', async ({
  page,
}) => {
  await openLab(page);
  await page.keyboard.press('End');
  await page.getByText('1 changed · seed 1').click();
  await expect(shape(page, 'page:6')).toBeVisible();

  // As many cells as fit: nothing splits any more.
  await page.getByRole('combobox', { name: 'max-cells' }).selectOption('0');
  await expect(shape(page, 'page:6')).toHaveCount(0);
  await expect(page.getByText('as the product has them · seed 1')).toBeVisible();
  expect(await lastLine(page)).toBe(15);
  await sameInNode(page);

  await page.getByRole('combobox', { name: 'page-size' }).selectOption('4096');
  await expect(page.locator('.stage-svg').getByText(/pages of 4096 bytes/)).toBeVisible();
  const large = await sameInNode(page);

  const field = page.getByRole('textbox', { name: 'merge-below' });
  await field.fill('0.9');
  await field.press('Enter');
  await expect(complaint(page)).toContainText('merge-below: “0.9” will not do: expected');
  await page.getByRole('textbox', { name: 'seed' }).fill('many');
  await page.getByRole('textbox', { name: 'seed' }).press('Enter');
  await expect(complaint(page)).toContainText('seed: “many” will not do: expected a whole number');
  expect(digestIn(await linkOf(page))).toBe(large.digest);

  // The scenario says so too.
  await page.getByRole('combobox', { name: 'max-cells' }).selectOption('2');
  await expect(picture(page)).toHaveAccessibleName(/The scan ends with 5 rows/);
  const { out } = lab(['run', await linkOf(page), '--json']);
  expect(JSON.parse(out)).toMatchObject({ problems: [] });
});
