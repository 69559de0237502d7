/** Commands that take long, an engine that falls silent, scripts that are large, scripts that are none. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import {
  button,
  isAt,
  isOpen,
  lab,
  lastLine,
  lines,
  linkOf,
  notices,
  openLab,
  picture,
  prompt,
  slider,
  write,
} from './lab.ts';

async function paste(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./');
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await button(page, 'Paste a scenario').click();
  const dialog = page.getByRole('dialog', { name: 'Paste a scenario' });
  await dialog.getByRole('textbox').focus();
  await page.keyboard.press('ControlOrMeta+v');
  await expect(dialog.getByRole('textbox')).toHaveValue(text, { timeout: 30_000 });
  await dialog.getByRole('button', { name: 'Open it' }).click();
}

test('a long command shows how far it is, and the page lives', async ({ page }) => {
  await openLab(page);
  await prompt(page).fill('bulk 300000 random');
  await prompt(page).press('Enter');
  const progress = page.getByText(/running: [\d,]+ operations, [\d,]+ moments so far/).first();
  await expect(progress).toBeVisible();
  const first = await progress.textContent();
  // Meanwhile the moments that exist can be looked at.
  await prompt(page).blur();
  await page.keyboard.press('ArrowRight');
  await isAt(page, '13.5');
  await page.keyboard.press('Home');
  await isAt(page, '0.1');
  await expect.poll(() => progress.textContent().catch(() => '')).not.toBe(first);
  // Leaving ends it: the next lab opens at once.
  await page.getByRole('link', { name: 'Bathysphere, front page' }).click();
  await page.getByRole('link', { name: 'Start the first dive' }).click();
  await isOpen(page);
  expect(await lastLine(page)).toBe(15);
});

test('an engine that has fallen silent: it is said, it can be ended, and all is back', async ({
  page,
}) => {
  // A worker that no longer answers, as seen from the page: its messages do not arrive.
  await page.addInitScript(() => {
    const workers: { deaf: boolean }[] = [];
    const Real = window.Worker;
    window.Worker = class extends Real {
      deaf = false;
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        workers.push(this);
      }
      override addEventListener(type: string, listener: unknown) {
        super.addEventListener(type, (event: Event) => {
          if (!this.deaf) (listener as (event: Event) => void)(event);
        });
      }
    };
    Object.assign(window, {
      silence: () => {
        for (const worker of workers) worker.deaf = true;
      },
    });
  });
  await openLab(page, '');
  await write(page, 'put 30 "Sunda"');
  await write(page, 'commit');
  await expect(page.getByText(/^saved/)).toBeVisible();
  const before = await linkOf(page);
  await page.evaluate(() => (window as unknown as { silence(): void }).silence());
  await prompt(page).fill('put 31 "Nobody hears"');
  await prompt(page).press('Enter');
  const silent = notices(page).getByText(/The engine has not answered for six seconds/);
  await expect(silent).toBeVisible({ timeout: 20_000 });
  // The page itself is alive.
  await button(page, 'Keys and preferences').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');

  await button(page, 'Stop it and go back to the last good command').click();
  await expect(
    notices(page).getByText(
      'The engine was stopped and started again; all 17 commands before the one that ran away are back.',
    ),
  ).toBeVisible();
  await expect(silent).toHaveCount(0);
  await expect.poll(() => lastLine(page)).toBe(17);
  const after = await linkOf(page);
  expect(lab(['run', after, '--json']).out).toBe(lab(['run', before, '--json']).out);
  await write(page, 'get 30');
  await expect(lines(page).last()).toContainText('→ "Sunda"');
  await write(page, 'put 32 "On we go"');
  await write(page, 'commit');
  await page.reload();
  await isOpen(page);
  await expect.poll(() => lastLine(page)).toBe(20);
});

test('10,000 lines pasted in are open in a few seconds, and any of them is a step away', async ({
  page,
}) => {
  const puts = Array.from({ length: 9_997 }, (_, i) => `put ${(i * 7919) % 100_003} "row ${i}"`);
  const text = ['lab btree', ...puts, 'commit', 'get 7919'].join('\n');
  expect(text.split('\n').length).toBe(10_000);
  const begun = Date.now();
  await paste(page, text);
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^\d+\.\d+: /, { timeout: 30_000 });
  const took = Date.now() - begun;
  console.log(`10,000 lines: open after ${took} ms`);
  expect(took).toBeLessThan(30_000);
  expect(await lastLine(page)).toBe(9_999);
  await page.keyboard.press('End');
  await expect(picture(page)).toHaveAccessibleName(/7919/);
  await expect(lines(page).last()).toContainText('get 7919→ "row 1"');
  // Of all the lines only those in sight are in the page.
  expect(await lines(page).count()).toBeLessThan(120);
  const box = await slider(page).boundingBox();
  if (!box) throw new Error('the timeline has no place on the page');
  await page.mouse.click(box.x + box.width / 2, box.y + 20);
  await expect(page.getByText(/op (4|5)\d{3} of 9999/)).toBeVisible();
});

const NONSENSE = [
  ['prose', 'Dear all,\nplease find attached', /No line says which lab/],
  ['another lab', 'lab nosuch\nput 1 "a"', /no lab called “nosuch”/],
  [
    'a wrong operation',
    'lab btree\nput 1 "a"\nput 2 "b\nput 3 "c"',
    /line 3, column 7: .*no closing "/,
  ],
  ['a wrong setting', 'lab btree\nset page-size 100\nput 1 "a"', /line 2, column 15: page-size is/],
  ['a moment that is none', 'lab btree\nat 7.x\nput 1 "a"', /line 2, column 4: a moment is C\.M/],
  [
    'too many lines',
    `lab btree\n${'put 1 "a"\n'.repeat(20_001)}`,
    /a scenario has at most 20000 lines/,
  ],
] as const;

test('what is pasted and makes no sense is told, with line and column', async ({ page }) => {
  for (const [what, text, says] of NONSENSE)
    await test.step(what, async () => {
      await page.goto('about:blank');
      await paste(page, text);
      await expect(page.getByText(says)).toBeVisible();
    });
});
