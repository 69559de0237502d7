/** For everyone: axe finds nothing serious; keyboard alone, little room, less motion; the picture in words. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import {
  button,
  golden,
  inspector,
  isAt,
  isOpen,
  lines,
  openLab,
  picture,
  prompt,
  settled,
  shape,
  slider,
  write,
} from './lab.ts';

const { moments } = golden('split_leaf');
const captionOf = (name: string) => {
  const { title = '', detail = '' } = moments.find((moment) => moment.name === name) ?? {};
  return `${title}. ${detail}`;
};

async function sound(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect.soft(grave, where).toEqual([]);
}

for (const [scheme, theme] of [
  ['light', 'surface'],
  ['dark', 'deep'],
] as const)
  test(`axe finds nothing serious in the dialogs, on a phone and in the gallery, theme "${theme}"`, async ({
    page,
  }) => {
    test.slow(); // Eight audits of a whole page.
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await openLab(page);
    await settled(page);
    await page.getByText('In words').click();
    await page.getByText('1 changed · seed 1').click();
    await sound(page, 'lab, all unfolded');
    await button(page, 'Keys and preferences').click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await sound(page, 'dialog with the keys');
    await page.keyboard.press('Escape');
    await page.goto('./#/gallery');
    await expect(page.getByRole('application').first()).toBeVisible();
    await sound(page, 'gallery');

    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto('./#/lab/btree?s=nothing');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await sound(page, 'a bad link, on a phone');
    await openLab(page);
    await settled(page);
    await sound(page, 'lab on a phone');
    await button(page, 'Inspect').click();
    await sound(page, 'the inspector as a sheet');
    await page.goto('./');
    await expect(page.getByRole('application').first()).toBeVisible();
    await sound(page, 'front page on a phone');
    await button(page, 'Paste a scenario').click();
    await sound(page, 'pasting on a phone');
  });

test('by keyboard alone: into the picture, along its structure, and out again', async ({
  page,
}) => {
  await openLab(page);
  await settled(page);
  await page.getByRole('heading', { level: 1 }).evaluate((heading) => {
    heading.tabIndex = -1;
    heading.focus();
  });
  await page.keyboard.press('Tab');
  await expect(picture(page)).toBeFocused();
  const said = page.getByRole('main').getByRole('status').first();
  await page.keyboard.press('ArrowDown');
  await expect(said).toHaveText(/^page 2, root/);
  await page.keyboard.press('ArrowDown');
  await expect(said).toHaveText(/^page 3, leaf/);
  // Siblings: a separator stands between two children.
  await page.keyboard.press('ArrowRight');
  await expect(said).toHaveText(/^separator 17/);
  await page.keyboard.press('ArrowRight');
  await expect(said).toHaveText(/^page 5, leaf, 4 cells/);
  await page.keyboard.press('Enter');
  await expect(shape(page, 'page:5')).toHaveClass(/selected/);
  await expect(inspector(page).getByRole('tab', { name: 'Page 5' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(said).toHaveText(/21/);
  await page.keyboard.press('Enter');
  await expect(shape(page, 'cell:kv:21')).toHaveClass(/selected/);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(said).toHaveText(/^page 2, root/);
  // Escape leaves the walk; then the arrows step again, and the focus stays.
  await isAt(page, '13.4');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowRight');
  await isAt(page, '13.5');
  await expect(picture(page)).toBeFocused();
});

test('everything can be reached by Tab, and every stop shows where it is', async ({ page }) => {
  await openLab(page);
  await settled(page);
  const seen: string[] = [];
  for (let stop = 0; stop < 70; stop++) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return '';
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const label = element as HTMLInputElement;
      const marked =
        (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) ||
        boxShadow !== 'none' ||
        element.matches('input') ||
        getComputedStyle(element.parentElement ?? element).outlineStyle !== 'none';
      const name =
        element.getAttribute('aria-label') ??
        label.labels?.[0]?.textContent ??
        element.textContent?.trim().slice(0, 40);
      return `${marked ? '' : 'UNMARKED '}${element.getAttribute('role') ?? element.tagName} ${name}`;
    });
    if (here === '') break;
    seen.push(here);
  }
  const all = seen.join('\n');
  for (const wanted of [
    'Export .sqlite',
    'Share this moment',
    'Scenario',
    'put 29 "Puerto Rico"',
    'combobox Write an operation',
    'Run it',
    `application ${captionOf('13.4')}`,
    'Zoom in',
    'In words',
    'tab Page 5',
    'application Bytes',
    'One moment on',
    'slider Moment',
    'speed',
  ])
    expect.soft(all).toContain(wanted);
  expect(seen.filter((stop) => stop.startsWith('UNMARKED'))).toEqual([]);
  // One stop for all lines, one for the whole picture.
  expect(seen.filter((stop) => /put \d+ "/.test(stop)).length).toBe(1);
});

test('stepping never takes the focus; typing is never taken for keys', async ({ page }) => {
  await openLab(page);
  const on = button(page, 'One moment on');
  await on.focus();
  await page.keyboard.press('Enter');
  await isAt(page, '13.5');
  await expect(on).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await isAt(page, '13.6');
  await expect(on).toBeFocused();
  await button(page, '3 put 40 "Java"').click();
  await isAt(page, '3.2');
  await prompt(page).focus();
  await page.keyboard.type('n [ ] ? /');
  await expect(prompt(page)).toHaveValue('n [ ] ? /');
  await page.keyboard.press('Home');
  await isAt(page, '3.2');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('the letter keys can be switched off, and stay off', async ({ page }) => {
  await openLab(page);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys and preferences' });
  await dialog.getByRole('checkbox', { name: /^Letter keys/ }).uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Home');
  await isAt(page, '0.1');
  await page.keyboard.press('n');
  await page.keyboard.press('ArrowRight');
  await isAt(page, '1.1');
  await page.reload();
  await isOpen(page);
  await page.keyboard.press('?');
  await expect(dialog).toHaveCount(0);
});

test('the picture in words follows the moment, and selects with it', async ({ page }) => {
  await openLab(page);
  await page.getByText('In words').click();
  const tree = page.getByRole('tree', { name: 'The picture in words' });
  const item = (name: RegExp) => tree.getByRole('treeitem', { name });
  await expect(item(/^page 5, leaf, 4 cells/).last()).toBeVisible();
  await expect(item(/^page 6/)).toHaveCount(0);
  await page.keyboard.press('Shift+ArrowRight');
  await isAt(page, '14.1');
  await expect(item(/^page 5, leaf, dirty, 2 cells/).last()).toBeVisible();
  await expect(item(/^page 6, new leaf, dirty, 3 cells/).last()).toBeVisible();
  await item(/^page 6, new leaf/)
    .last()
    .click();
  await expect(shape(page, 'page:6')).toHaveClass(/selected/);
  await page.keyboard.press('ArrowDown');
  await expect(item(/31/).first()).toBeVisible();
});

test('less motion: a step is a cut', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openLab(page);
  /** How many different pictures are seen on the way from one moment to the next. */
  const pictures = () =>
    page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const seen = new Set<string>();
          const places = () =>
            [...document.querySelectorAll('.stage-svg .world [data-key]')]
              .map((g) => `${g.getAttribute('data-key')} ${g.getAttribute('transform')}`)
              .join('\n');
          seen.add(places());
          // Until something was seen, and then nothing new for a while of frames.
          let still = 0;
          let frames = 0;
          const look = () => {
            const before = seen.size;
            seen.add(places());
            still = seen.size > before ? 0 : still + 1;
            frames++;
            if ((seen.size > 1 && still > 30) || frames > 1200) resolve(seen.size);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
          dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
        }),
    );
  expect(await pictures()).toBe(2);
  await isAt(page, '13.5');
  // The reader's own switch does the same, whatever the system says.
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await page.keyboard.press('ArrowLeft');
  await isAt(page, '13.4');
  await settled(page);
  expect(await pictures()).toBeGreaterThan(3);
  await page.keyboard.press('ArrowLeft');
  await isAt(page, '13.4');
  await settled(page);
  await page.keyboard.press('?');
  await page.getByRole('checkbox', { name: /^Less motion/ }).check();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await pictures()).toBe(2);
});

for (const width of [390, 320])
  test(`at ${width} px: nothing is wider than the page, the panels are sheets`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 640 });
    await page.goto('./');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    const overhang = () =>
      page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
    expect(await overhang()).toBeLessThanOrEqual(0);
    await page.getByRole('link', { name: 'Start the first dive' }).click();
    await isOpen(page);
    expect(await overhang()).toBeLessThanOrEqual(0);
    await expect(picture(page)).toBeInViewport();
    for (const name of ['To the first moment', 'One moment back', 'Play', 'One moment on']) {
      await expect(button(page, name)).toBeInViewport({ ratio: 1 });
      const box = await button(page, name).boundingBox();
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(24);
    }
    await expect(slider(page)).toBeInViewport();
    await expect(
      page.getByText(captionOf('13.4').split('. ')[0] ?? '', { exact: true }),
    ).toBeInViewport();
    await button(page, 'One moment on').click();
    await isAt(page, '13.5');

    await expect(prompt(page)).not.toBeInViewport();
    await button(page, 'Operations').click();
    await expect(prompt(page)).toBeInViewport();
    await write(page, 'get 25');
    await expect(lines(page).last()).toContainText('→ "Mariana"');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect(prompt(page)).not.toBeInViewport();
    await button(page, 'Inspect').click();
    await expect(inspector(page).getByRole('tab', { name: 'Source' })).toBeInViewport();
    await button(page, 'Close: Inspector').click();
    await expect(inspector(page).getByRole('tab', { name: 'Source' })).not.toBeInViewport();
    await expect(button(page, 'Inspect')).toBeFocused();
    expect(await overhang()).toBeLessThanOrEqual(0);
  });
