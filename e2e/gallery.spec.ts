/** The gallery as pictures: out/gallery/ has every shipped scenario in both themes, to be looked at. */
import { mkdirSync } from 'node:fs';
import { expect, test } from './fixtures.ts';

for (const theme of ['surface', 'deep']) {
  test(`the gallery, ${theme}`, async ({ page }) => {
    test.setTimeout(120_000);
    mkdirSync('out/gallery', { recursive: true });
    await page.setViewportSize({ width: 1000, height: 900 });
    await page.addInitScript((name) => localStorage.setItem('bathysphere:theme', name), theme);
    await page.goto('./#/gallery');
    const pieces = page.locator('.gallery-piece');
    await expect(pieces.first()).toBeVisible();
    const count = await pieces.count();
    for (let i = 0; i < count; i++) {
      const piece = pieces.nth(i);
      await piece.scrollIntoViewIfNeeded();
      const name = await piece.locator('code').innerText();
      await expect(piece.locator('.slot').first(), name).toBeVisible({ timeout: 20_000 });
      await piece.screenshot({ path: `out/gallery/${name}-${theme}.png` });
    }
    expect(count).toBeGreaterThan(0);
  });
}
