/** The link: the whole scenario, the moment, the selection and the digest; and links that are no good. */
import { deflateRawSync } from 'node:zlib';
import { expect, test } from './fixtures.ts';
import {
  button,
  digestIn,
  hexOf,
  inspector,
  isAt,
  isOpen,
  lab,
  lastLine,
  lines,
  linkOf,
  momentOf,
  notices,
  openLab,
  picture,
  shape,
  shippedScenarios,
  write,
} from './lab.ts';

const packed = (text: string): string => deflateRawSync(text).toString('base64url');

test('a friend opens the link: the same moment, selection, bytes and digest', async ({
  page,
  stranger,
}) => {
  await openLab(page);
  await write(page, 'put 30 "Sunda"');
  await write(page, 'commit');
  await button(page, '16 put 30 "Sunda"').click();
  await expect.poll(() => momentOf(page)).toMatch(/^16\./);
  await page.keyboard.press('ArrowLeft');
  await shape(page, 'cell:kv:25').click();
  await expect(inspector(page).getByRole('region', { name: /key 25/ })).toBeVisible();
  const link = await linkOf(page);
  expect(link.length).toBeLessThan(2000);
  const here = {
    moment: await momentOf(page),
    picture: await picture(page).getAttribute('aria-label'),
    bytes: await hexOf(page),
  };
  expect(here.bytes.split(' ').length).toBe(512);

  await stranger.goto(link);
  await isOpen(stranger);
  await isAt(stranger, here.moment);
  await expect(picture(stranger)).toHaveAccessibleName(here.picture ?? '');
  await expect(inspector(stranger).getByRole('region', { name: /key 25/ })).toContainText(
    'Mariana',
  );
  expect(await hexOf(stranger)).toBe(here.bytes);
  expect(await lastLine(stranger)).toBe(17);
  expect(await linkOf(stranger)).toBe(link);
  await expect(notices(stranger).getByText(/./)).toHaveCount(0);
  // The third reader is the command line.
  expect(JSON.parse(lab(['run', link, '--json']).out)).toMatchObject({ digest: digestIn(link) });
});

test('the link can be copied, and a scenario saved as a file', async ({
  page,
  context,
  baseURL,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: baseURL ?? '' });
  await openLab(page);
  await button(page, 'Share this moment').click();
  const dialog = page.getByRole('dialog', { name: 'Share this moment' });
  const link = dialog.getByRole('textbox', { name: 'Link' });
  await expect(link).toHaveValue(/#\/lab\/btree\?s=/);
  await dialog.getByRole('button', { name: 'Copy the link' }).click();
  await expect(dialog.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await link.inputValue());
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: /^Save as .*\.txt$/ }).click(),
  ]);
  const { status, out } = lab(['run', await download.path(), '--json']);
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ digest: digestIn(await link.inputValue()) });
});

test('every shipped scenario fits into a link of less than 2,000 characters', () => {
  const scenarios = shippedScenarios();
  expect(scenarios.length).toBeGreaterThan(5);
  for (const { name } of scenarios) {
    const { status, out } = lab(['link', `@${name}`]);
    expect(status).toBe(0);
    expect
      .soft(`https://someone.example.org/bathysphere/${out.trim()}`.length, name)
      .toBeLessThan(2000);
  }
});

const whole = (): string => lab(['link', '@split_leaf']).out.trim();
const BAD: readonly (readonly [string, () => string, RegExp])[] = [
  [
    'cut in half',
    () => {
      const link = whole();
      const end = link.indexOf('&');
      return link.slice(0, Math.floor((end < 0 ? link.length : end) / 2));
    },
    /damaged.*cut or changed on the way/,
  ],
  ['of foreign characters', () => '#/lab/btree?s=%00%3Cscript%3E', /damaged/],
  [
    'of a lab that does not exist',
    () => whole().replace('/btree', '/nosuch'),
    /no lab called “nosuch”/,
  ],
  [
    'whose scenario names another lab',
    () => `#/lab/btree?s=${packed('lab nosuch\nput 1 "a"\n')}`,
    /line 1.*nosuch/,
  ],
  ['without a scenario in it', () => '#/lab/btree?s=', /no scenario/],
  [
    'that inflates beyond all measure',
    () => `#/lab/btree?s=${packed('#'.repeat(40_000_000))}`,
    /more than 1000000 characters/,
  ],
  ['that is too long', () => `#/lab/btree?s=${'A'.repeat(500_000)}`, /too long/],
  [
    'with a setting out of range',
    () => `#/lab/btree?s=${packed('lab btree\nset page-size 100\n')}`,
    /line 2.*page-size/,
  ],
  [
    'with a wrong operation',
    () => `#/lab/btree?s=${packed('lab btree\nput 1 "a"\nput <img src=x onerror=alert(1)>\n')}`,
    /line 3/,
  ],
];
test('a link that is no good gets a clear page, with a way out', async ({ page }) => {
  for (const [what, make, says] of BAD)
    await test.step(what, async () => {
      await page.goto(`./${make()}`);
      await expect(page.getByRole('main')).toContainText(says);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(
        /This could not be opened|No such lab/,
      );
    });
  await page.getByRole('link', { name: 'To the B-Tree lab' }).click();
  await isOpen(page);
});

test('a link from another engine opens, and the page says that the engine has changed since', async ({
  page,
}) => {
  const link = `#/lab/btree?s=${packed('lab btree\nput 1 "a"\ncommit\n')}&d=0123456789abcdef&v=0.0.1`;
  await page.goto(`./${link}`);
  await isOpen(page);
  await expect(notices(page).getByRole('status')).toContainText(
    /engine has changed since this link was made \(version 0\.0\.1, now /,
  );
  await expect(lines(page)).toHaveCount(2);
});

test('what a link says is text, never markup', async ({ page }) => {
  const text =
    'lab btree\ntitle "<b id=planted>bold</b>"\n\nput 1 "<img id=planted src=x onerror=alert(1)>"\n';
  await page.goto(`./#/lab/btree?s=${packed(text)}`);
  await isOpen(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('<b id=planted>bold</b>');
  await expect(lines(page)).toContainText(['<img id=planted src=x onerror=alert(1)>']);
  await expect(page.locator('#planted')).toHaveCount(0);
});
