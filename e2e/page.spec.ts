/** The page as such: it opens, in the theme that was chosen, from its own origin alone. */
import { expect, test } from './fixtures.ts';

test('the page opens, with its own fonts', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page).toHaveTitle(/Bathysphere/);
  const fonts = await page.evaluate(async () => {
    const faces = await document.fonts.load('400 16px "IBM Plex Sans"');
    return faces.map((face) => face.status);
  });
  expect(fonts).toEqual(['loaded']);
});

test('asks no foreign origin for anything', async ({ page, baseURL }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).origin));
  await page.goto('./', { waitUntil: 'networkidle' });
  expect(asked.length).toBeGreaterThan(2);
  expect([...new Set(asked)]).toEqual([new URL(baseURL ?? '').origin]);
});

test('an inline script is refused, and the refusal would fail any test', async ({
  page,
  provokes,
}) => {
  provokes(/Content Security Policy/);
  await page.goto('./');
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.body.dataset.inline = "ran"';
    document.body.append(script);
    return document.body.dataset.inline;
  });
  expect(ran).toBeUndefined();
});

for (const [scheme, theme] of [
  ['light', 'surface'],
  ['dark', 'deep'],
] as const)
  test(`a system that prefers ${scheme} gets the theme "${theme}"`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto('./');
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
  });

test('the stored theme wins over the system, and is there after a restart', async ({
  page,
  context,
  launch,
}) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('./');
  await page.evaluate(() => localStorage.setItem('bathysphere:theme', 'deep'));
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'deep');
  await context.close();
  const next = await (await launch()).newPage();
  await next.goto('./');
  await expect(next.locator('html')).toHaveAttribute('data-theme', 'deep');
});
