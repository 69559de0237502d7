/** What stays: over a reload, a killed tab, a second tab, a full disk, a changed engine. */
import { deflateRawSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import {
  button,
  digestIn,
  inspector,
  isAt,
  isOpen,
  lab,
  lastLine,
  lines,
  linkOf,
  notices,
  openLab,
  shape,
  write,
} from './lab.ts';

const saved = (page: Page) => expect(page.getByText(/^saved · \d+ syncs?$/)).toBeVisible();
const said = (page: Page, text: string | RegExp) =>
  expect(notices(page).getByText(text)).toBeVisible();

/** What the browser holds of a workspace. */
const kept = (page: Page, name: string) =>
  page.evaluate(
    (name) =>
      new Promise<{ text: string; syncs: number; digest: string } | undefined>(
        (resolve, reject) => {
          const asked = indexedDB.open('bathysphere');
          asked.onerror = () => reject(asked.error);
          asked.onsuccess = () => {
            const db = asked.result;
            const read = db.transaction('workspaces').objectStore('workspaces').get(name);
            read.onsuccess = () => {
              resolve(read.result);
              db.close();
            };
            read.onerror = () => reject(read.error);
          };
        },
      ),
    name,
  );

test('what was committed is there after a reload, to the byte; nothing is said to be saved before it is', async ({
  page,
}) => {
  await openLab(page, '');
  await expect(page.getByText('not kept')).toBeVisible();
  expect(await kept(page, 'btree').catch(() => undefined)).toBeUndefined();
  await write(page, 'put 30 "Sunda"');
  await write(page, 'bulk 60 random');
  await write(page, 'commit');
  await saved(page);
  await expect.poll(async () => (await kept(page, 'btree'))?.text).toContain('bulk 60 random');
  const before = await linkOf(page);

  await page.reload();
  await isOpen(page);
  await saved(page);
  expect(await lastLine(page)).toBe(18);
  expect(digestIn(await linkOf(page))).toBe(digestIn(before));
  await expect(notices(page).getByText(/./)).toHaveCount(0);
  await write(page, 'get 30');
  await expect(lines(page).last()).toContainText('→ "Sunda"');
});

test('a changed scenario becomes a workspace of its own, and the address names it', async ({
  page,
}) => {
  await openLab(page, '?scenario=commit_and_crash');
  await write(page, 'put 1 "one"');
  await expect(page).toHaveURL(/#\/lab\/btree\?w=commit_and_crash$/);
  await write(page, 'commit');
  await saved(page);
  // The lab's own workspace is another one, and untouched.
  await openLab(page, '');
  await expect.poll(() => lastLine(page)).toBe(15);
  // And so is the scenario: as shipped, whatever was made of it.
  await openLab(page, '?scenario=commit_and_crash');
  await expect.poll(() => lastLine(page)).toBe(8);
});

test('a killed tab: what was committed is there, what was not is named, and can be run again', async ({
  page,
  context,
  launch,
}) => {
  await openLab(page, '');
  await write(page, 'put 30 "Sunda"');
  await write(page, 'commit');
  await saved(page);
  await write(page, 'put 60 "Lost"');
  await expect
    .poll(() =>
      page.evaluate(
        () =>
          new Promise((resolve) => {
            const asked = indexedDB.open('bathysphere');
            asked.onsuccess = () => {
              const read = asked.result.transaction('tails').objectStore('tails').get('btree');
              read.onsuccess = () => {
                resolve(read.result);
                asked.result.close();
              };
            };
          }),
      ),
    )
    .toEqual(['put 60 "Lost"']);
  await context.close();

  const again = await (await launch()).newPage();
  await openLab(again, '');
  await said(
    again,
    /One command was not committed when this tab closed, and went with its memory: put 60 "Lost"\. Everything committed is here\./,
  );
  await expect.poll(() => lastLine(again)).toBe(19);
  await expect(button(again, /^19 crash/)).toBeVisible();
  await write(again, 'scan 30..60');
  await expect(lines(again).last()).not.toContainText('Lost');
  await expect(lines(again).last()).toContainText('30 "Sunda"');
  await button(again, 'Run again').click();
  await expect.poll(() => lastLine(again)).toBe(21);
  await write(again, 'get 60');
  await expect(lines(again).last()).toContainText('→ "Lost"');
});

test('a tab killed with frames on their way: recovery reads the log up to where it is good', async ({
  page,
  context,
  launch,
}) => {
  const text = 'lab btree\nset synchronous normal\nput 1 "kept"\ncommit\ncheckpoint\n';
  const link = `#/lab/btree?s=${deflateRawSync(text).toString('base64url')}`;
  await page.goto(`./${link}`);
  await isOpen(page);
  // The log is begun anew: its header is synced, the frame behind it is not.
  await write(page, 'put 2 "adrift"');
  await write(page, 'commit');
  await saved(page);
  const where = new URL(page.url()).hash;
  expect(where).toContain('?w=');
  await context.close();

  const again = await (await launch()).newPage();
  await again.goto(`./${where}`);
  await isOpen(again);
  await said(again, /Not all that was written was synced when this tab closed/);
  await expect(button(again, /^6 crash/)).toBeVisible();
  await write(again, 'scan');
  await expect(lines(again).last()).toContainText('→ 1 row: 1 "kept"');
  await button(again, /^6 crash/).click();
  await expect(again.getByText('The database is open again').first()).toBeVisible();
  // The log itself is among what was kept: its header is the one that was synced.
  await expect(shape(again, 'log:header')).toBeVisible();
});

test('a checkpoint, moment by moment: frames sink into the database, and the next commit begins the log anew', async ({
  page,
}) => {
  await openLab(page, '?scenario=checkpoint');
  await button(page, '7 checkpoint').click();
  await isAt(page, '7.4');
  for (const at of ['7.3', '7.2', '7.1']) {
    await button(page, 'One moment back').click();
    await isAt(page, at);
  }
  const slot = shape(page, 'slot:2');
  await expect(slot).toHaveClass(/quiet/);
  await button(page, 'One moment on').click();
  await isAt(page, '7.2');
  await expect(slot).toHaveClass(/dashed/);
  await button(page, 'One moment on').click();
  await expect(slot).toHaveClass(/tone-durable/);
  await button(page, '10 commit').click();
  await isAt(page, '10.5');
  // Frame 1 is the new log's; what was behind it is left from the old one, and does not count.
  const frames = page.locator('.stage-svg [data-key^="frame:"]');
  await expect(frames).toHaveCount(3);
  await frames.first().click();
  await expect(inspector(page).getByRole('tab', { name: 'Frame 1' })).toBeVisible();
  await expect(inspector(page).getByText('the newest image of the page')).toBeVisible();
  await button(page, 'The next page').click();
  await expect(inspector(page).getByRole('tab', { name: 'Frame 2' })).toBeVisible();
  await expect(inspector(page).getByText(/it does not count/)).toBeVisible();
});

test('a second tab looks only, is told so, and takes over when the first has gone', async ({
  page,
  context,
}) => {
  await openLab(page, '');
  await write(page, 'put 30 "Sunda"');
  await write(page, 'commit');
  await saved(page);
  const second = await context.newPage();
  await openLab(second, '');
  await said(second, /Another tab has this workspace open, so this one only looks/);
  await expect(second.getByText('open elsewhere: look only')).toBeVisible();
  expect(await lastLine(second)).toBe(17);
  // What is done there is done for the eye.
  await write(second, 'put 31 "Nowhere"');
  await write(second, 'commit');
  await expect(second.getByText('open elsewhere: look only')).toBeVisible();
  expect((await kept(second, 'btree'))?.text).not.toContain('Nowhere');

  await page.close();
  await said(second, 'The other tab has let go of this workspace.');
  await button(second, 'Open it here').click();
  await isOpen(second);
  await saved(second);
  expect(await lastLine(second)).toBe(17);
});

test('no room left: the page says so, keeps working, and what was saved is safe', async ({
  page,
  context,
  launch,
  baseURL,
}) => {
  await openLab(page, '');
  await write(page, 'put 30 "Sunda"');
  await write(page, 'commit');
  await saved(page);
  const before = await kept(page, 'btree');
  await context.close();

  // A browser that just granted room to a site does not ask again for a while; a new one asks.
  const later = await launch();
  const full = await later.newPage();
  const devtools = await later.newCDPSession(full);
  const origin = baseURL ?? '';
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  await openLab(full, '');
  await write(full, 'bulk 300 random');
  await write(full, 'commit');
  await expect(notices(full).getByRole('alert')).toContainText(
    'The browser has no room left for this site.',
  );
  await expect(full.getByText('not saved')).toBeVisible();
  await write(full, 'get 30');
  await expect(lines(full).last()).toContainText('→ "Sunda"');
  expect(await kept(full, 'btree')).toEqual(before);

  // With room again, the next sync keeps all of it.
  await devtools.send('Storage.overrideQuotaForOrigin', { origin });
  await write(full, 'put 31 "Palau"');
  await write(full, 'commit');
  await saved(full);
  await expect(notices(full).getByRole('alert')).toHaveCount(0);
  await full.reload();
  await isOpen(full);
  expect(await lastLine(full)).toBe(22);
});

test('storage is blocked: the lab works, and says that nothing is kept', async ({ page }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The user denied permission to access the database.', 'SecurityError');
    };
  });
  await openLab(page, '');
  const alert = notices(page).getByRole('alert');
  await expect(alert).toContainText(/does not let this page store anything/);
  await write(page, 'put 30 "Sunda"');
  await write(page, 'commit');
  await write(page, 'get 30');
  await expect(lines(page).last()).toContainText('→ "Sunda"');
  await expect(page.getByText('not saved')).toBeVisible();
});

test('the engine has changed since: the bytes win, and it is said', async ({ page }) => {
  await openLab(page, '');
  await write(page, 'put 30 "Sunda"');
  await write(page, 'commit');
  await saved(page);
  // As an engine of another version would have left it: the same bytes by another script.
  await page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const asked = indexedDB.open('bathysphere');
        asked.onsuccess = () => {
          const tx = asked.result.transaction('workspaces', 'readwrite');
          const store = tx.objectStore('workspaces');
          const read = store.get('btree');
          read.onsuccess = () => {
            const text = read.result.text.replace('put 30 "Sunda"', 'put 30 "Other"');
            store.put({ ...read.result, text, version: '0.0.1' });
          };
          tx.oncomplete = () => {
            asked.result.close();
            resolve();
          };
          tx.onerror = () => reject(tx.error);
        };
      }),
  );
  await page.reload();
  await isOpen(page);
  await said(page, /The engine has changed since this workspace was saved .*What was saved wins/);
  // The bytes have taken the script's place: no operation has led to them.
  await expect.poll(() => lastLine(page)).toBe(0);
  await write(page, 'get 30');
  await expect(lines(page).last()).toContainText('Sunda');
  await button(page, 'Remove it and begin anew').click();
  await expect.poll(() => lastLine(page)).toBe(15);
  await expect(notices(page).getByText(/./)).toHaveCount(0);
  expect(await kept(page, 'btree')).toBeUndefined();
});

test('two scenarios after each other: each tab keeps its own, and leaving one lets go of it', async ({
  page,
}) => {
  await openLab(page, '?scenario=split_root');
  await write(page, 'commit');
  await expect(page).toHaveURL(/\?w=split_root$/);
  await openLab(page, '?scenario=merge_leaf');
  await write(page, 'commit');
  await expect(page).toHaveURL(/\?w=merge_leaf$/);
  await openLab(page, '?w=split_root');
  await expect(page.getByText('open elsewhere')).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/root splits/);
  const { status } = lab(['run', await linkOf(page), '--json']);
  expect(status).toBe(0);
});
