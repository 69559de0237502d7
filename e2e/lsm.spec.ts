/**
 * The LSM lab in a browser: the first screen shows a compaction at work, a table's bytes are taken
 * apart, a write of the reader's own goes into log and memtable, and the folder that is saved opens.
 * Folders of the real LevelDB come in, whole and damaged, and are walked block by block.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { zipOf } from '../engine/run/zip.testing.ts';
import { expect, test } from './fixtures.ts';
import {
  button,
  drop,
  dropAll,
  inspector,
  isAt,
  isOpen,
  lastLine,
  lines,
  linkOf,
  picture,
  prompt,
  shape,
  write,
} from './lab.ts';

const folderOf = (name: string): string => resolve('engine/lsm/fixtures/leveldb', name);
const filesOf = (name: string): Map<string, Uint8Array> =>
  new Map(
    readdirSync(folderOf(name)).map((file) => [
      file,
      new Uint8Array(readFileSync(`${folderOf(name)}/${file}`)),
    ]),
  );

/** Drops what lies at a path of this machine, a folder too, as the system's own file manager would. */
async function dropPath(page: Page, path: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', { type, x: 640, y: 360, data });
  await devtools.detach();
}

const title = (page: Page) => page.getByRole('heading', { level: 1 });
const complaint = (page: Page) => page.getByRole('alert').filter({ hasText: /./ });

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

test('a LevelDB folder is dropped: its levels, its blocks, its rows, and a link to it', async ({
  page,
  stranger,
}) => {
  test.slow();
  await page.goto('./#/lab/lsm?scenario=compaction');
  await isOpen(page);
  await dropPath(page, folderOf('snappy-levels'));
  await expect(title(page)).toHaveText('snappy-levels');
  await isOpen(page);
  await expect(picture(page)).toHaveAccessibleName(
    'The folder is open. 5 tables on 3 levels, and 116 entries that only the logs have; for reading only.',
  );
  for (const number of [5, 7, 9, 11, 13])
    await expect(shape(page, `table:${number}`)).toBeAttached();

  // A table, then block by block: stored compressed, read unpacked.
  await shape(page, 'table:5').click();
  await expect(inspector(page)).toContainText('000005.ldb · level 2');
  const next = button(page, 'The next page');
  await next.click();
  const heading = inspector(page).getByRole('heading', { level: 3 }).first();
  await expect(heading).toHaveText('000005.ldb · block 0 of 10');
  await expect(inspector(page)).toContainText(/snappy, 4\d{3} bytes when unpacked/);
  await inspector(page).getByRole('radio', { name: 'in the file' }).check();
  await expect(inspector(page)).toContainText('compressed in the file, unpacked in memory');
  await inspector(page).getByRole('radio', { name: 'in memory' }).check();
  for (let block = 1; block < 10; block++) {
    await next.press('Enter');
    await expect(heading).toHaveText(`000005.ldb · block ${block} of 10`);
  }
  for (const part of ['Bloom filters', 'metaindex', 'index', 'footer']) {
    await next.press('Enter');
    await expect(heading).toHaveText(`000005.ldb · ${part}`);
  }
  await next.press('Enter');
  await expect(next).toBeDisabled();

  // The manifest's edits and the log's records.
  await shape(page, 'manifest').click();
  await expect(inspector(page)).toContainText('MANIFEST-000002');
  await expect(inspector(page)).toContainText('live tables');
  await shape(page, 'log:12:before').click();
  await expect(inspector(page)).toContainText('000012.log');

  await write(page, 'get item/00053');
  await expect(lines(page).last()).toContainText('get item/00053→ nothing');
  await write(page, 'get item/00012');
  await expect(lines(page).last()).toContainText('lorem');
  await prompt(page).fill('put a "b"');
  await prompt(page).press('Enter');
  await expect(complaint(page)).toContainText('open for reading only; expected get, scan, check');
  expect(await lastLine(page)).toBe(2);
  const link = await linkOf(page);

  // The link names the folder; the same files in a zip are the same folder.
  await stranger.goto(link);
  await expect(title(stranger)).toHaveText('snappy-levels is needed');
  await drop(stranger, 'mail.zip', zipOf(filesOf('plain-levels'), { prefix: 'a/' }));
  await expect(stranger.getByRole('main')).toContainText(/the scenario was made with/);
  await drop(stranger, 'mail.zip', zipOf(filesOf('snappy-levels'), { prefix: 'b/c/' }));
  await isOpen(stranger);
  await expect(lines(stranger).last()).toContainText('lorem');
});

test('a LevelDB folder that comes with the page, on a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('./#/lab/lsm?sample=items.leveldb.zip');
  await isOpen(page);
  await expect(picture(page)).toHaveAccessibleName(/^The folder is open\. 5 tables on 3 levels/);
  // Nothing stands out of the picture, and a table is walked in its sheet.
  await shape(page, 'table:13').click();
  await button(page, 'Inspect').click();
  await button(page, 'The next page').click();
  await expect(page.getByText('000013.ldb · block 0 of 10')).toBeVisible();
});

test('a zip is chosen; what is damaged is told, what can be read is read, what was there stays', async ({
  page,
}) => {
  test.slow();
  const files = filesOf('plain-levels');
  const [name = ''] = [...files.keys()].filter((file) => file.endsWith('.ldb'));
  const number = Number.parseInt(name, 10);
  const whole = files.get(name) as Uint8Array;
  await page.goto('./#/lab/lsm?scenario=compaction');
  await isOpen(page);

  const chosen = page.waitForEvent('filechooser');
  await button(page, 'Open a database…').click();
  await button(page, 'Choose a file…').click();
  await (await chosen).setFiles({
    name: 'backup.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(zipOf(files, { prefix: 'var/db/' })),
  });
  await expect(title(page)).toHaveText('backup');
  await isOpen(page);
  await expect(picture(page)).toHaveAccessibleName(/^The folder is open\./);

  // Nothing that can be opened: each is one line, and the folder stays on screen.
  for (const [given, told] of [
    [
      { 'bomb.zip': zipOf(files, { claim: () => 2 ** 30 }) },
      /bomb\.zip: the zip unpacks to \d+ bytes; 67108864 are the limit here\./,
    ],
    [
      { 'cut.zip': zipOf(files).subarray(0, -30) },
      /cut\.zip: the zip has no end of its directory: it is cut off\./,
    ],
    [
      { 'notes.zip': zipOf(new Map([['a.txt', whole]])) },
      /notes\.zip: the zip has no CURRENT, no MANIFEST and no table/,
    ],
  ] as const) {
    await dropAll(page, given);
    await expect(complaint(page)).toHaveText(told);
    await expect(title(page)).toHaveText('backup');
    await button(page, 'Close the complaint').click();
  }
  await dropPath(page, resolve('engine/lsm/scripts'));
  await expect(complaint(page)).toHaveText(
    'scripts is no folder of LevelDB: it has no CURRENT, no MANIFEST and no table.',
  );
  await expect(title(page)).toHaveText('backup');

  // Damage inside: a table cut off, a bit flipped, a table gone, the log's end torn.
  const opens = async (bad: ReadonlyMap<string, Uint8Array>, told: RegExp, says: RegExp) => {
    await dropAll(page, Object.fromEntries(bad));
    await expect(picture(page)).toHaveAccessibleName(says);
    await isOpen(page);
    if (told.source !== '(?:)') await expect(button(page, told)).toBeVisible();
    await write(page, 'scan');
    await expect(lines(page).last()).toContainText(/→ \d+ rows: /);
  };
  await opens(
    new Map([...files, [name, whole.subarray(0, 1000)]]),
    new RegExp(`${name} has 1000 bytes; the manifest says ${whole.length}`),
    /^The folder is open, and 1 thing in it cannot be read\./,
  );
  await expect(shape(page, `table:${number}`)).toHaveClass(/fault/);
  await opens(
    new Map([...files, [name, whole.map((byte, i) => (i === 500 ? byte ^ 1 : byte))]]),
    new RegExp(`${name}: the checksum of the block at 0 does not match`),
    /^The folder is open, and 1 thing/,
  );
  await opens(
    new Map([...files].filter(([file]) => file !== name)),
    new RegExp(`${name} is live and missing`),
    new RegExp(`^The folder is open, and 1 thing.*${name} is live and missing`),
  );
  const [log = ''] = [...filesOf('biglog').keys()].filter((file) => file.endsWith('.log'));
  const torn = filesOf('biglog');
  torn.set(log, (torn.get(log) as Uint8Array).subarray(0, -5));
  await opens(torn, /(?:)/, /^The folder is open\. .*(cut off at the end of the file|has no end)/);
  await expect(shape(page, `log:${Number.parseInt(log, 10)}:lost`)).toBeAttached();
});

test('a read by keyboard: who was asked, whose filter said no, where it was found', async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./#/lab/lsm?scenario=read_path');
  await isOpen(page);
  await isAt(page, '9.3');
  await expect(shape(page, 'table:9')).toContainText('filter: no');
  await expect(shape(page, 'table:7')).toHaveClass(/lit/);
  await expect(shape(page, 'table:7')).toContainText('found');
  await page.keyboard.press('ArrowLeft');
  await isAt(page, '9.2');
  await expect(shape(page, 'table:9')).toContainText('filter: no');
  await expect(shape(page, 'table:7')).not.toHaveClass(/lit/);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await isAt(page, '9.4');
  // The answer keeps its way in sight.
  await expect(shape(page, 'table:9')).toContainText('filter: no');
  await expect(shape(page, 'table:7')).toContainText('found');
  await expect(picture(page)).toHaveAccessibleName(/^kiwi is found\./);
});

test('two strategies side by side: what each costs, and against theory', async ({ page }) => {
  test.slow();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./#/compare');
  await page.getByRole('combobox', { name: 'Run A' }).selectOption('tiered');
  await page.getByRole('combobox', { name: 'Run B' }).selectOption('tiered');
  await button(page, 'Compare them').click();
  const differences = page.getByRole('region', { name: 'Differences' });
  await expect(differences.getByText('none counted here')).toBeVisible({ timeout: 20_000 });
  await button(page, /^Settings of/)
    .last()
    .click();
  const settings = page.locator('.compare-settings:popover-open');
  await settings.locator('summary', { hasText: 'Settings' }).click();
  await settings.getByRole('combobox', { name: 'strategy' }).selectOption('leveled');
  await expect(page.getByRole('heading', { level: 2, name: /leveled/ })).toBeVisible();
  await page.keyboard.press('Escape');
  // After the same writes: leveled has written more, and has levels below the first.
  await page.keyboard.press('Home');
  for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowRight');
  const row = (name: string) => differences.getByRole('row', { name: new RegExp(`^${name} `) });
  await expect(row('operations')).toContainText('2');
  await expect(row('write amplification')).toContainText(/\+[\d.]+$/);
  await expect(row('moved by compactions')).toContainText(/\+[\d,]+$/);
  await expect(row('sorted runs')).toContainText(/runs?\d+ runs?/);

  // The same counts over a run, beside theory.
  await page.goto('./#/lab/lsm?scenario=tiered');
  await isOpen(page);
  await inspector(page).getByRole('tab', { name: 'Metrics' }).click();
  for (const name of ['write amplification', 'sorted runs', 'obsolete entries', 'false positives'])
    await expect(button(page, new RegExp(`^${name} over the run: .*; by theory `))).toBeVisible({
      timeout: 20_000,
    });
});
