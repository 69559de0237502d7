/**
 * A small model in a browser: its state as a picture, the steps that can come next as buttons, and the
 * graph of all its states, in which a dot opens its run, by keyboard and by mouse.
 */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { button, inspector, isAt, isOpen, lines, settled, shape } from './lab.ts';

const open = async (page: Page, where: string) => {
  await page.goto(`./#/lab/model${where}`);
  await isOpen(page);
};
const below = (page: Page) => page.getByRole('region', { name: 'State graph' });
const graph = (page: Page) => below(page).getByRole('listbox');
const words = (page: Page) => below(page).getByRole('option', { includeHidden: true }).last();
const isDrawn = (page: Page) => expect(below(page)).toHaveAttribute('data-ready', '');

test('by keyboard alone: through the graph of all states, and into the run of one', async ({
  page,
}) => {
  await open(page, '?scenario=model_two_phase');
  await isAt(page, '5.1');
  await expect(shape(page, 'thing:TM')).toHaveClass(/lit/);
  await expect(shape(page, 'said:Commit')).toBeVisible();
  await isDrawn(page);
  await expect(graph(page)).toHaveAccessibleName('State graph: 56 states, 8 deep: all there are');
  await graph(page).focus();
  await expect(words(page)).toHaveText(/^here · depth 5 · by do tmCommit · 2 ways on/);
  // Along the run, back, and aside: the picture stays until a run is opened.
  await page.keyboard.press('ArrowRight');
  await expect(words(page)).toHaveText(/depth 6 · by do rmRcvCommit/);
  await page.keyboard.press('Home');
  await expect(words(page)).toHaveText(/^state 1 · depth 0 · 5 ways on/);
  await isAt(page, '5.1');
  // What is on the run is gone to.
  await page.keyboard.press('Enter');
  await isAt(page, '0.1');
  await expect(words(page)).toHaveText(/^state 1 · depth 0/);
  // What is not becomes a branch: its shortest run.
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowLeft');
  const there = /^state \d+ · depth 6 · by (do \S+ \d) · /.exec(
    (await words(page).textContent()) ?? '',
  );
  expect(there).not.toBeNull();
  await page.keyboard.press('Enter');
  await isAt(page, '6.1');
  await expect(lines(page)).toHaveCount(6);
  await expect(lines(page).last()).toContainText(there?.[1] ?? '');
  await expect(words(page)).toHaveText(/depth 6/);
  await page.keyboard.press('Escape');
  await expect(words(page)).toHaveText(/^here · depth 6/);
});

test('by mouse: a step is taken, a dot opens its run, a search draws what it found', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, '?scenario=model_decide_first');
  await isDrawn(page);
  await expect(words(page)).toContainText('✕ AC1 agreement');
  // All that can come next stands in the inspector: at the end of the run it is the next line.
  await inspector(page).getByRole('button', { name: '✕ parDie 2' }).click();
  await expect(lines(page).last()).toContainText('do parDie 2');
  await expect(shape(page, 'thing:Participant 2')).toHaveClass(/crossed/);
  await expect(words(page)).toHaveText(/^here · depth 13/);
  // The first dot is at the left edge, in the middle.
  const box = (await graph(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  let [x, y] = [box.x + 4, box.y + 4];
  await expect(async () => {
    y = y > box.y + box.height - 50 ? box.y + 4 : y + 9;
    x = box.x + 26;
    await page.mouse.move(x, y);
    expect(await words(page).textContent()).toMatch(/^state \d+ · depth 0/);
  }).toPass({ intervals: [10] });
  await page.mouse.click(x, y);
  await expect(shape(page, 'thing:Coordinator')).not.toHaveClass(/crossed/);
  await expect(shape(page, 'thing:Participant 1')).toBeVisible();
  // Marked by what is equal but for names; larger, and back.
  await below(page).getByRole('combobox').selectOption('one of each kind of equals');
  await button(page, 'The graph larger').click();
  await expect(below(page).locator('.graph')).toHaveAttribute('data-large', 'true');
  await button(page, 'The graph larger').click();

  await page.goto('./#/lab/model?scenario=model_die_hard');
  // The page stays the same: the run on screen is the one before, for a while.
  await isAt(page, '6.1');
  await page.keyboard.press('Home');
  await isAt(page, '0.1');
  await button(page, 'Find a counterexample').click();
  const search = page.getByRole('form', { name: 'Search' });
  await search.getByRole('button', { name: 'Search' }).click();
  await expect(search).toContainText('broken in 6 steps, and in no fewer');
  const found = search.getByRole('listbox');
  await expect(found).toHaveAccessibleName('State graph: 16 states, 8 deep');
  await found.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await isAt(page, '7.1');
});

for (const [theme, scheme] of [
  ['surface', 'light'],
  ['deep', 'dark'],
] as const)
  test(`axe finds nothing serious, on a phone nothing hangs over, theme "${theme}"`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page, '?scenario=model_acp_nb');
    await isDrawn(page);
    await settled(page);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical'),
    ).toEqual([]);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(over).toBeLessThanOrEqual(0);
    const image = await page.screenshot({ path: `out/screens/model-${theme}-phone.png` });
    expect(image.length).toBeGreaterThan(5_000);
    await page.setViewportSize({ width: 1440, height: 900 });
    await settled(page);
    await page.screenshot({ path: `out/screens/model-${theme}-wide.png` });
  });
