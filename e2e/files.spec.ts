/** Real databases: dropped on the window and walked; made here and opened by SQLite. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Download } from '@playwright/test';
// @ts-expect-error sql.js comes without types
import initSqlJs from 'sql.js';
import { expect, test } from './fixtures.ts';
import {
  button,
  drop,
  dropAll,
  hexOf,
  inspector,
  isAt,
  isOpen,
  lab,
  lastLine,
  lines,
  linkOf,
  openLab,
  picture,
  prompt,
  shape,
  write,
} from './lab.ts';

const ocean = readFileSync('public/samples/ocean.sqlite');

/** SQLite's own view of a file: its verdict, and the rows. sqlite3 where there is one, else its WebAssembly. */
async function judge(path: string): Promise<{ integrity: string; rows: [number, string][] }> {
  const query = 'SELECT * FROM kv ORDER BY 1';
  const shell = spawnSync('sqlite3', ['-json', path, 'PRAGMA integrity_check', query], {
    encoding: 'utf8',
  });
  if (shell.status === 0) {
    const [verdict = '', ...rest] = shell.stdout.split(/(?<=\])\n/);
    const [{ integrity_check: integrity }] = JSON.parse(verdict);
    const rows = JSON.parse(rest.join('') || '[]') as Record<string, unknown>[];
    return { integrity, rows: rows.map((row) => Object.values(row) as [number, string]) };
  }
  const { Database } = await initSqlJs();
  const db = new Database(readFileSync(path));
  const integrity = String(db.exec('PRAGMA integrity_check')[0]?.values[0]?.[0]);
  return { integrity, rows: (db.exec(query)[0]?.values ?? []) as [number, string][] };
}

test('a real database, dropped on the window: its pages, its tables, its rows', async ({
  page,
}) => {
  await page.goto('./');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await drop(page, 'ocean.sqlite', ocean);
  await isOpen(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('ocean.sqlite');
  await expect(picture(page)).toHaveAccessibleName(
    'The database is open, with table trench. 67 pages of 1024 bytes, for reading only; page 2 is the root.',
  );
  // Its real bytes, page for page.
  const pageOf = (number: number) =>
    [...ocean.subarray(1024 * (number - 1), 1024 * number)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(' ');
  expect(await hexOf(page)).toBe(pageOf(2));
  await write(page, 'get 8');
  await expect(lines(page).last()).toContainText('Puerto Rico Trench');
  await write(page, 'scan 1..3');
  await expect(lines(page).last()).toContainText('→ 3 rows: ');
  await expect(lines(page).last()).toContainText('Mariana Trench');

  // Another of its tables.
  await page.getByText(/as the product has them/).click();
  const table = page.getByRole('textbox', { name: 'table' });
  await table.fill('sounding');
  await table.press('Enter');
  await expect(page.getByText('1 changed · seed 1')).toBeVisible();
  await page.keyboard.press('Escape');
  await write(page, 'scan');
  await expect(lines(page).last()).toContainText('→ 799 rows: ');

  // Nothing writes to it, and it says why.
  await prompt(page).fill('put 1 "x"');
  await prompt(page).press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: /./ })).toContainText(
    'put would write, and this database is open for reading only; expected get, scan, check',
  );
  expect(await lastLine(page)).toBe(3);
  await write(page, 'check');
});

test('a tree of three levels is walked down, page by page', async ({ page }) => {
  const file = readFileSync('engine/btree/fixtures/sqlite/rowid-512.db');
  await openLab(page);
  await drop(page, 'rowid-512.db', file);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('rowid-512.db');
  await isOpen(page);
  await write(page, 'get 1999');
  await expect(lines(page).last()).toContainText('→ null "iris-530 heron-18 heron-415 iris-"');
  await button(page, 'To the first moment').click();
  await isAt(page, '0.1');
  const walked: string[] = [];
  for (const step of ['1.1', '1.2', '1.3']) {
    await page.keyboard.press('ArrowRight');
    await isAt(page, step);
    walked.push((await picture(page).getAttribute('aria-label')) ?? '');
    const tab = inspector(page).getByRole('tab', { name: /^Page \d+$/ });
    const number = Number(/\d+/.exec((await tab.textContent()) ?? '')?.[0]);
    expect(await hexOf(page)).toBe(
      [...file.subarray(512 * (number - 1), 512 * number)]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join(' '),
    );
  }
  expect(walked[0]).toMatch(/^Page 2 sends 1999 to page \d+/);
  expect(walked[1]).toMatch(/sends 1999 to page \d+/);
  expect(walked[2]).toMatch(/^Page \d+ has 1999\./);
  await expect(shape(page, 'page:2')).toBeVisible();
});

test('a file that is no database, and one that is cut off', async ({ page }) => {
  await openLab(page);
  await drop(
    page,
    'holiday.jpg',
    new TextEncoder().encode('JFIF and so on, for a while. '.repeat(40)),
  );
  await expect(page.getByRole('main')).toContainText(
    /holiday\.jpg is no SQLite database: the first 16 bytes are not/,
  );
  await expect(page.getByRole('main')).not.toContainText('undefined');
  await page.getByRole('link', { name: 'To the B-Tree lab' }).click();
  await isOpen(page);
  await drop(page, 'empty.db', new Uint8Array(0));
  await expect(page.getByRole('main')).toContainText(/empty\.db is no SQLite database/);
  await drop(page, 'half.sqlite', ocean.subarray(0, 20_000));
  await expect(page.getByRole('main')).toContainText(/half\.sqlite/);
  // What is there can be walked; what is not is a referee's first word.
  await expect(
    button(page, '✕ integrity the header counts 67 pages; the file has 19'),
  ).toBeVisible();
  await write(page, 'get 8');
  await expect(lines(page).last()).toContainText('Puerto Rico Trench');
});

test('a dropped scenario opens too', async ({ page }) => {
  await openLab(page);
  await drop(
    page,
    'mine.txt',
    new TextEncoder().encode('lab btree\ntitle "Mine"\nput 7 "seven"\nget 7\n'),
  );
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Mine');
  await expect(lines(page).last()).toContainText('get 7→ "seven"');
});

test('a database with its log: dropped together or later; a link asks for both files', async ({
  page,
  stranger,
}) => {
  const database = readFileSync('engine/btree/fixtures/sqlite/wal-1024.db');
  const log = readFileSync('engine/btree/fixtures/sqlite/wal-1024.db-wal');
  const files = { 'wal-1024.db': database, 'wal-1024.db-wal': log };
  await openLab(page);
  // By itself the log is of no use, and what is open stays.
  await drop(page, 'wal-1024.db-wal', log);
  await expect(page.getByRole('alert').filter({ hasText: /./ })).toHaveText(
    'wal-1024.db-wal lies beside a database: drop wal-1024.db together with it.',
  );
  await drop(page, 'wal-1024.db', database);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('wal-1024.db');
  await isOpen(page);
  await write(page, 'scan');
  const before = await lines(page).last().textContent();
  await drop(page, 'wal-1024.db-wal', log);
  await expect(picture(page)).toHaveAccessibleName(
    /Write-ahead log: frame 12 has other salts.*; frames 1 to 11 count\./,
  );
  await write(page, 'scan');
  const after = await lines(page).last().textContent();
  expect(after).not.toBe(before);
  await write(page, 'check');
  const link = await linkOf(page);

  await stranger.goto(link);
  await expect(stranger.getByRole('heading', { level: 1 })).toHaveText('wal-1024.db is needed');
  await expect(stranger.getByRole('main')).toContainText('together with wal-1024.db-wal');
  await drop(stranger, 'wal-1024.db', database);
  await expect(stranger.getByRole('main')).toContainText('give both');
  await dropAll(stranger, files);
  await isAt(stranger, '2.1');
  await expect(lines(stranger).first()).toHaveText(after ?? '');
});

test('the export is a database: sqlite3 opens it, finds it sound, and reads equal rows', async ({
  page,
}, info) => {
  await openLab(page);
  await write(page, 'bulk 400 random');
  await write(page, 'put 5000001 "Ελλάδα 🌊 with \\"quotes\\""');
  await write(page, 'delete 25');
  await write(page, 'commit');
  await write(page, 'scan');
  await button(page, 'Export .sqlite').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'One file').click(),
  ]);
  expect(download.suggestedFilename()).toBe('btree.sqlite');
  const { integrity, rows } = await judge(await download.path());
  expect(integrity).toBe('ok');
  const ran = JSON.parse(lab(['run', await linkOf(page), '--json']).out) as {
    result: { command: string; result: { key: number; value: string }[] }[];
  };
  expect(rows).toEqual(ran.result.at(-1)?.result.map(({ key, value }) => [key, value]));
  expect(rows.length).toBeGreaterThan(400);
  await expect(lines(page).last()).toContainText(`→ ${rows.length} rows`);

  // And as it lies on the lab's disk: the database, and the log that has all of the rows.
  const downloads: Download[] = [];
  page.on('download', (one) => downloads.push(one));
  await button(page, 'Export .sqlite').click();
  await button(page, 'Database and log').click();
  await expect.poll(() => downloads.length).toBe(2);
  const folder = info.outputPath('pair');
  for (const one of downloads) await one.saveAs(`${folder}/${one.suggestedFilename()}`);
  const path = `${folder}/btree.sqlite`;
  const { rows: count, problems } = JSON.parse(lab(['open', path, '--json']).out);
  expect([count, problems]).toEqual([rows.length, []]);
  const judgement = spawnSync(
    'sqlite3',
    [path, 'PRAGMA integrity_check; SELECT count(*) FROM kv'],
    {
      encoding: 'utf8',
    },
  );
  if (judgement.status === 0) expect(judgement.stdout).toBe(`ok\n${rows.length}\n`);
});

test('an export and an import: the lab reads what it wrote', async ({ page }) => {
  await openLab(page, '?scenario=split_root');
  await write(page, 'commit');
  await button(page, 'Export .sqlite').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'One file').click(),
  ]);
  const bytes = readFileSync(await download.path());
  const { rows } = await judge(await download.path());
  await drop(page, 'again.sqlite', bytes);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('again.sqlite');
  await isOpen(page);
  await write(page, 'scan');
  await expect(lines(page).last()).toContainText(`→ ${rows.length} rows`);
});
