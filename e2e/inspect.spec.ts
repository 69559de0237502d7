/** The inspector: the real bytes of what is selected, and the engine's own function at work. */
import { readFileSync } from 'node:fs';
import { expect, test } from './fixtures.ts';
import { button, golden, hexOf, inspector, isAt, lab, openLab, shape } from './lab.ts';

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

test('a click on a page shows its bytes, and they are those of the exported file', async ({
  page,
}, info) => {
  const folder = info.outputPath('exported');
  const text = `${golden('split_leaf').script}\ncheckpoint\n`;
  expect(lab(['run', '-', '--quiet', '--export', folder], text).status).toBe(0);
  const file = readFileSync(`${folder}/btree.sqlite`);
  await openLab(page);
  await page.keyboard.press('End');
  await isAt(page, '15.6');
  for (const number of [3, 6, 2]) {
    await shape(page, `page:${number}`).locator('.head').click();
    await expect(inspector(page).getByRole('tab', { name: `Page ${number}` })).toBeVisible();
    expect(await hexOf(page)).toBe(hex(file.subarray(512 * (number - 1), 512 * number)));
  }
  await expect(inspector(page).getByText('0x05 table interior')).toBeVisible();
  await button(page, 'The page before').click();
  await expect(inspector(page).getByRole('tab', { name: 'Page 1' })).toBeVisible();
  expect(await hexOf(page)).toBe(hex(file.subarray(0, 512)));
});

test('a cell and its bytes are one selection, from either side', async ({ page }) => {
  await openLab(page);
  await shape(page, 'cell:kv:25').click();
  const region = inspector(page).getByRole('region', { name: /key 25/ });
  await expect(region).toContainText('Mariana');
  await expect(shape(page, 'cell:kv:25')).toHaveClass(/selected/);
  const lit = inspector(page).locator('.hex-hex .lit');
  const bytes = (await lit.allTextContents()).join(' ').replace(/\s+/g, ' ').trim();
  expect(bytes).toBe(`0a 19 03 00 1b ${hex(new TextEncoder().encode('Mariana'))}`);

  // From the bytes: the letters of "Yap" belong to the cell of key 21.
  await inspector(page).locator('.hex-text').getByText(/Yap/).click();
  await expect(inspector(page).getByRole('region', { name: /key 21/ })).toContainText('Yap');
  await expect(shape(page, 'cell:kv:21')).toHaveClass(/selected/);
  await expect(shape(page, 'cell:kv:25')).not.toHaveClass(/selected/);
});

test('the bytes can be walked by keyboard, byte by byte, and chosen', async ({ page }) => {
  await openLab(page);
  const view = inspector(page).getByRole('application', { name: /^Bytes/ });
  await view.focus();
  await page.keyboard.press('End');
  await expect(inspector(page).getByRole('status')).toHaveText(/^byte 511: 70, cell \d: key 21$/);
  await page.keyboard.press('Enter');
  await expect(shape(page, 'cell:kv:21')).toHaveClass(/selected/);
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(inspector(page).getByRole('status')).toHaveText(/^byte 1: 00, page header$/);
  // Arrows in here move the cursor, not the playhead.
  await isAt(page, '13.4');
});

test('in memory and in the file: a page that is not committed differs, or is not there', async ({
  page,
}) => {
  await openLab(page);
  await page.keyboard.press('Shift+ArrowRight');
  await isAt(page, '14.1');
  await shape(page, 'page:6').locator('.head').click();
  await expect(inspector(page).getByText('not committed yet')).toBeVisible();
  await inspector(page).getByRole('radio', { name: 'in the file' }).check();
  await expect(
    inspector(page).getByText(
      'Page 6 is not in the file yet: a crash now would leave nothing of it.',
    ),
  ).toBeVisible();
  await button(page, 'The page before').click();
  await expect(inspector(page).getByText('newer in memory than committed')).toBeVisible();
  const file = await hexOf(page);
  await inspector(page).getByRole('radio', { name: 'in memory' }).check();
  await expect.poll(() => hexOf(page)).not.toBe(file);
  // With the focus on a choice of two the keys are its own.
  await button(page, '15 scan 10..30').click();
  await isAt(page, '15.6');
  await expect(
    inspector(page).getByText(/^the same in memory and in frame \d+ of the log$/),
  ).toBeVisible();
});

test('the source is the engine’s own function, from the very file', async ({ page }) => {
  await openLab(page);
  await inspector(page).getByRole('tab', { name: 'Source' }).click();
  for (let step = 0; step < 4; step++) {
    const said = inspector(page).getByText(/engine\/[\w/.-]+\.ts:\d+/);
    await expect(said).toBeVisible();
    const [, name = '', file = '', line = ''] =
      /^(\S+) (engine\/[\w/.-]+):(\d+)/.exec((await said.textContent()) ?? '') ?? [];
    const real = readFileSync(file, 'utf8').split('\n');
    expect(real[Number(line) - 1]).toContain(name);
    const shown = inspector(page).getByRole('tabpanel').getByRole('listitem');
    await expect(shown.first()).toBeVisible();
    const first = Number(await shown.first().getAttribute('value'));
    const texts = (await shown.allTextContents()).map((text) => text.trimEnd());
    expect(texts.length).toBeGreaterThan(3);
    expect(texts).toEqual(
      real.slice(first - 1, first - 1 + texts.length).map((text) => text.trimEnd()),
    );
    // The arrows belong to the tabs, as long as the focus is there.
    await button(page, 'One moment on').click();
  }
});

test('state and metrics follow the moment', async ({ page }) => {
  await openLab(page);
  await inspector(page).getByRole('tab', { name: 'State' }).click();
  const chart = inspector(page).getByRole('img', { name: /^The engine is/ });
  await expect(chart).toHaveAccessibleName(/splitting · overflowing/);
  await button(page, 'One moment on').click();
  await expect(chart).toHaveAccessibleName(/splitting · opening/);
  await expect(inspector(page).getByRole('tabpanel')).toContainText(
    'after splitting · overflowing',
  );
  await inspector(page).getByRole('tab', { name: 'Metrics' }).click();
  const rows = inspector(page)
    .locator('dl > div')
    .filter({ hasText: /^rows/ })
    .locator('dd')
    .first();
  await button(page, 'To the first moment').click();
  await expect(rows).toHaveText(/^0 rows$/);
  await page.keyboard.press('End');
  await isAt(page, '15.6');
  await expect(rows).toHaveText(/^12 rows$/);
});
