/** A split, watched: forward and back, by keyboard and by mouse; every caption is the golden one. */
import { expect, test } from './fixtures.ts';
import {
  button,
  golden,
  isAt,
  isOpen,
  momentOf,
  openLab,
  picture,
  settled,
  shape,
  shown,
  slider,
} from './lab.ts';

const { moments, commands } = golden('split_leaf');
const captionOf = (name: string) => {
  const { title = '', detail = '' } = moments.find((moment) => moment.name === name) ?? {};
  return `${title}. ${detail}`;
};

test('the first visit opens in the middle of a split, one click from the front page', async ({
  page,
}) => {
  await page.goto('./');
  await page.getByRole('link', { name: 'Start the first dive' }).click();
  await isOpen(page);
  await isAt(page, '13.4');
  await expect(page.getByRole('heading', { level: 1, name: 'A page splits' })).toBeAttached();
  await expect(picture(page)).toHaveAccessibleName(captionOf('13.4'));
  // The cell waits outside of its page; its key is on the stage.
  await expect(shape(page, 'cell:kv:29')).toBeVisible();
});

test('"Watch a page split" plays one', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('link', { name: 'Watch a page split' }).click();
  await isOpen(page);
  await expect(button(page, 'Pause')).toBeVisible();
  await page.getByRole('combobox', { name: 'speed' }).selectOption('16');
  await isAt(page, '15.6', 40_000);
});

test('forward and back by keyboard: each caption is the golden one, and back is the same picture', async ({
  page,
}) => {
  await openLab(page);
  const before = new Map<string, string>();
  const way = ['13.4', '13.5', '13.6', '13.7', '14.1'];
  for (const name of way) {
    await isAt(page, name);
    await expect(picture(page)).toHaveAccessibleName(captionOf(name));
    await expect(page.getByRole('status').filter({ hasText: captionOf(name) })).toBeAttached();
    before.set(name, await settled(page));
    if (name !== way.at(-1)) await page.keyboard.press('ArrowRight');
  }
  expect(new Set(before.values()).size).toBe(way.length);
  for (const name of [...way].reverse().slice(1)) {
    await page.keyboard.press('ArrowLeft');
    await isAt(page, name);
    await expect(picture(page)).toHaveAccessibleName(captionOf(name));
    expect(await settled(page)).toBe(before.get(name));
  }
});

test('what moves is what the captions say: cells, pages and separator by their keys', async ({
  page,
}) => {
  await openLab(page);
  await settled(page);
  const keys = [3, 8, 11, 17, 21, 25, 31, 34, 40, 46, 52].map((key) => `cell:kv:${key}`);
  const at = await shown(page);
  expect(at.filter((key) => key.startsWith('cell:')).sort()).toEqual([...keys].sort());
  // Row 29 is drawn, outside of every page: it is in no bytes yet, and so cannot be selected.
  await expect(shape(page, 'cell:kv:29')).toBeVisible();
  expect(at.filter((key) => key.startsWith('sep:'))).toEqual(['sep:kv:17', 'sep:kv:34']);
  expect(at).not.toContain('page:6');
  await page.keyboard.press('ArrowRight');
  await expect(shape(page, 'page:6')).toBeVisible();
  await page.keyboard.press('Shift+ArrowRight');
  await isAt(page, '14.1');
  await settled(page);
  const after = await shown(page);
  expect(after.filter((key) => key.startsWith('cell:')).sort()).toEqual(
    [...keys, 'cell:kv:29'].sort(),
  );
  expect(after.filter((key) => key.startsWith('sep:'))).toEqual([
    'sep:kv:17',
    'sep:kv:25',
    'sep:kv:34',
  ]);
});

test('the other keys: operations, both ends, the next split, speed', async ({ page }) => {
  await openLab(page);
  await page.keyboard.press('Home');
  await isAt(page, '0.1');
  await expect(slider(page)).toHaveAttribute('aria-valuenow', '1');
  await page.keyboard.press('n');
  // The first overflow of the run, the second, and back.
  await isAt(page, '5.2');
  await page.keyboard.press('n');
  await isAt(page, '8.3');
  await page.keyboard.press('Shift+N');
  await isAt(page, '5.2');
  await page.keyboard.press('Shift+ArrowRight');
  await isAt(page, '6.1');
  await page.keyboard.press('Shift+ArrowLeft');
  await isAt(page, '5.1');
  await page.keyboard.press('End');
  await isAt(page, moments.at(-1)?.name ?? '');
  await expect(slider(page)).toHaveAttribute('aria-valuenow', String(moments.length));
  const speed = page.getByRole('combobox', { name: 'speed' });
  await expect(speed).toHaveValue('1');
  await page.keyboard.press(']');
  await expect(speed).toHaveValue('2');
  await page.keyboard.press('[');
  await page.keyboard.press('[');
  await expect(speed).toHaveValue('0.5');
});

test('a step interrupts what is playing, and lands at once', async ({ page }) => {
  await openLab(page);
  await page.getByRole('combobox', { name: 'speed' }).selectOption('0.25');
  await page.getByRole('main').click({ position: { x: 20, y: 100 } });
  await page.keyboard.press('Space');
  await expect(button(page, 'Pause')).toBeVisible();
  // At a quarter of the speed this movement takes seconds; its picture is in the middle of it.
  await isAt(page, '13.5');
  await page.keyboard.press('End');
  await expect(button(page, 'Play')).toBeVisible();
  await isAt(page, '15.6');
  await page.keyboard.press('ArrowLeft');
  await isAt(page, '15.5');
  await page.keyboard.press('Home');
  await isAt(page, '0.1', 2_000);
  await expect(button(page, 'Play')).toBeVisible();
  expect(await momentOf(page)).toBe('0.1');
});

test('play runs to the end of the script, moment by moment', async ({ page }) => {
  await openLab(page);
  await page.getByRole('combobox', { name: 'speed' }).selectOption('16');
  await button(page, 'Play').click();
  await isAt(page, '15.6', 30_000);
  await expect(button(page, 'Play')).toBeVisible();
});

test('by mouse: buttons, a click on the timeline, a drag along it', async ({ page }) => {
  await openLab(page);
  await button(page, 'One moment on').click();
  await isAt(page, '13.5');
  await button(page, 'One moment back').click();
  await isAt(page, '13.4');
  await button(page, 'next split').click();
  await expect(page.getByText('no further split')).toBeVisible();
  await button(page, 'To the first moment').click();
  await isAt(page, '0.1');
  await button(page, 'next split').click();
  await isAt(page, '5.2');

  const box = await slider(page).boundingBox();
  if (!box) throw new Error('the timeline has no place on the page');
  const y = box.y + 20;
  const indexOf = async () => Number(await slider(page).getAttribute('aria-valuenow'));
  await page.mouse.click(box.x + box.width / 2, y);
  await expect.poll(indexOf).toBeGreaterThan(moments.length * 0.45);
  expect(await indexOf()).toBeLessThan(moments.length * 0.55);
  await page.mouse.move(box.x + box.width / 2, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, y, { steps: 4 });
  await expect.poll(indexOf).toBeGreaterThan(moments.length * 0.7);
  await page.mouse.move(box.x + 1, y, { steps: 4 });
  await page.mouse.up();
  await isAt(page, '0.1');
  await expect(picture(page)).toHaveAccessibleName(captionOf('0.1'));
});

test('the timeline is a slider: by keyboard too, with words for its value', async ({ page }) => {
  await openLab(page);
  await slider(page).focus();
  const { title } = moments.find(({ name }) => name === '13.5') ?? {};
  await page.keyboard.press('ArrowRight');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', `13.5: ${title}`);
  await page.keyboard.press('PageDown');
  await isAt(page, '13.1');
  await page.keyboard.press('PageUp');
  await isAt(page, '14.1');
  await page.keyboard.press('Home');
  await isAt(page, '0.1');
  await page.keyboard.press('End');
  await isAt(page, '15.6');
  await expect(slider(page)).toBeFocused();
  await expect(slider(page)).toHaveAttribute('aria-valuemax', String(moments.length));
});

test('all captions of the script are the golden ones, in order', async ({ page }) => {
  await openLab(page);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.keyboard.press('Home');
  const seen: string[] = [];
  for (const { name } of moments) {
    await isAt(page, name);
    seen.push(`${name} ${(await picture(page).getAttribute('aria-label')) ?? ''}`);
    await page.keyboard.press('ArrowRight');
  }
  expect(seen).toEqual(moments.map(({ name }) => `${name} ${captionOf(name)}`));
  await expect(page.getByRole('listitem').filter({ hasText: commands[14] ?? '?' })).toBeVisible();
});

test('the wheel zooms and a drag moves the picture; the buttons go on from there', async ({
  page,
}) => {
  await openLab(page);
  await settled(page);
  const camera = async () => {
    const transform = await page.locator('.stage-svg > .world').getAttribute('transform');
    const [x = 0, y = 0, k = 0] = (transform?.match(/-?[\d.]+(e-?\d+)?/g) ?? []).map(Number);
    return { x, y, k };
  };
  const box = await picture(page).boundingBox();
  if (!box) throw new Error('the picture has no place on the page');
  const [x, y] = [box.x + box.width / 2, box.y + box.height * 0.8];
  const fitted = await camera();

  await page.mouse.move(x, y);
  // Gestures are loaded after the picture stands.
  await expect(async () => {
    await page.mouse.wheel(0, -120);
    expect((await camera()).k).toBeGreaterThan(fitted.k);
  }).toPass();

  await button(page, 'Show all of it').click();
  await expect.poll(camera).toEqual(fitted);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 60, y - 40, { steps: 4 });
  await page.mouse.up();
  const dragged = await camera();
  expect(dragged.k).toBe(fitted.k);
  expect(dragged.x - fitted.x).toBeCloseTo(-60, 3);
  expect(dragged.y - fitted.y).toBeCloseTo(-40, 3);

  // A drag begins where the buttons left the camera.
  await button(page, 'Zoom in').click();
  const nearer = await camera();
  expect(nearer.k).toBeCloseTo(fitted.k * 1.25, 6);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 30, y, { steps: 4 });
  await page.mouse.up();
  const moved = await camera();
  expect(moved.k).toBe(nearer.k);
  expect(moved.x - nearer.x).toBeCloseTo(30, 3);
});

test('on the front page the wheel scrolls the page, and no gestures are loaded', async ({
  page,
}) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto('./');
  const world = page.locator('.stage-svg > .world');
  await expect(world).toHaveAttribute('transform', /scale/);
  await page.locator('.stage-svg').hover();
  await page.mouse.wheel(0, 200);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(0);
  expect(asked.filter((url) => /\/Hero-/.test(url))).not.toEqual([]);
  expect(asked.filter((url) => /\/zoom-/.test(url))).toEqual([]);
});
