/**
 * The LSM lab in a browser: the first screen shows a compaction at work, a table's bytes are taken
 * apart, a write of the reader's own goes into log and memtable, and the folder that is saved opens.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from './fixtures.ts';
import { button, inspector, isAt, isOpen, shape, write } from './lab.ts';

test('a compaction is watched, a table looked into, a key written, and the folder saved', async ({
  page,
}) => {
  test.slow();
  await page.goto('./#/lab/lsm?scenario=compaction');
  await isOpen(page);
  await isAt(page, '14.10');
  await expect(shape(page, 'table:11')).toHaveClass(/lit/);
  await expect(shape(page, 'cursor')).toBeAttached();

  await shape(page, 'table:11').click();
  await expect(inspector(page)).toContainText('000011.ldb · level 0');
  await expect(inspector(page)).toContainText('4, 1 tombstone');

  await page.keyboard.press('End');
  await isAt(page, '20.1');
  await write(page, 'put quince "Champion"');
  await isAt(page, '21.2');
  await expect(shape(page, 'record:17:0')).toHaveClass(/dashed/);
  await write(page, 'commit');
  await expect(shape(page, 'record:17:0')).not.toHaveClass(/dashed/);

  const saved = page.waitForEvent('download');
  await button(page, 'Export LevelDB folder').click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe('lsm.leveldb.zip');
  const bytes = readFileSync(await download.path());
  expect(bytes.subarray(0, 4).toString('hex')).toBe('504b0304');
  expect(bytes.includes('lsm.leveldb/CURRENT')).toBe(true);
});

test('a planted bug is told where it is seen', async ({ page }) => {
  await page.goto('./#/lab/lsm?scenario=sabotage_no_sync');
  await isOpen(page);
  await page.keyboard.press('End');
  await expect(page.getByText(/apple was written at sequence 1/).first()).toBeVisible();
});
