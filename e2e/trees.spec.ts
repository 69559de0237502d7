/** A true B-Tree, the ways to split, and a planted bug, as a reader meets them. */
import { expect, test } from './fixtures.ts';
import { inspector, isAt, openLab, prompt, settled, shape, write } from './lab.ts';

/** The page that a cell stands in. */
const homeOf = (page: Parameters<typeof shape>[0], key: string) =>
  shape(page, key).evaluate((cell) => {
    const holder = cell.parentElement?.closest<SVGElement>('[data-key^="page:"]');
    return holder?.dataset.key;
  });

test('a row of a B-Tree moves up, can be selected there, and is replaced when it goes', async ({
  page,
}) => {
  await openLab(page, '?scenario=text_split');
  await isAt(page, '5.6');
  await settled(page);
  expect(await homeOf(page, 'cell:kv:krill')).toBe('page:2');
  await shape(page, 'cell:kv:krill').click();
  await expect(inspector(page).getByRole('tab', { name: 'Page 2' })).toBeVisible();
  await expect(inspector(page).getByText('0x02 index interior')).toBeVisible();
  await expect(inspector(page).getByRole('region', { name: /key krill/ })).toContainText(
    'by the ton',
  );
  await write(page, 'delete krill');
  await expect(
    page.getByText('Row "krill" leaves page 2, and "kelp" takes its place').first(),
  ).toBeVisible();
  await prompt(page).fill(`get ${'k'.repeat(1025)}`);
  await prompt(page).press('Enter');
  await expect(page.getByText(/a key has at most 1024 bytes/).first()).toBeVisible();
});

test('three siblings share, and a planted bug is caught where it happens', async ({ page }) => {
  await openLab(page, '?scenario=sqlite_three_siblings');
  await isAt(page, '16.5');
  await settled(page);
  expect(await homeOf(page, 'cell:kv:50')).toBe('page:3');
  expect(await homeOf(page, 'cell:kv:55')).toBe('page:4');
  await openLab(page, '?scenario=lost_separator');
  await isAt(page, '5.6');
  await expect(page.getByText('Separator 20 is lost on its way up').first()).toBeVisible();
  await expect(page.getByText('page 4 is never used').first()).toBeVisible();
});
