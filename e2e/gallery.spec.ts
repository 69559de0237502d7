/**
 * The gallery as pictures: out/gallery/ has every shipped scenario in both themes at the moment it
 * opens at, and in one of them where its first processes begin, to be looked at.
 */
import { mkdirSync } from 'node:fs';
import { expect, test } from './fixtures.ts';

for (const theme of ['surface', 'deep']) {
  test(`the gallery, ${theme}`, async ({ page }) => {
    test.setTimeout(240_000);
    mkdirSync('out/gallery', { recursive: true });
    await page.setViewportSize({ width: 1000, height: 900 });
    await page.addInitScript((name) => localStorage.setItem('bathysphere:theme', name), theme);
    await page.goto('./#/gallery');
    const pieces = page.locator('.gallery-piece');
    await expect(pieces.first()).toBeVisible();
    const count = await pieces.count();
    let pictures = 0;
    for (let i = 0; i < count; i++) {
      const piece = pieces.nth(i);
      await piece.scrollIntoViewIfNeeded();
      const name = await piece.locator('code').innerText();
      await expect(piece.locator('.world [data-key]').first(), name).toBeVisible({
        timeout: 20_000,
      });
      const moments = piece.locator('.gallery-moments button');
      const stage = piece.locator('.gallery-stage');
      // One theme has the beginnings of each process as well; both have where the scenario opens.
      const most = theme === 'surface' ? 3 : 1;
      for (let n = 0; n < Math.min(most, await moments.count()); n++) {
        const moment = moments.nth(n);
        await moment.click();
        await expect(moment, name).toHaveAttribute('aria-pressed', 'true');
        const at = (await moment.innerText()).replaceAll(' ', '-');
        await stage.screenshot({ path: `out/gallery/${name}-${at}-${theme}.png` });
        pictures++;
      }
    }
    expect(count).toBeGreaterThan(0);
    expect(pictures).toBeGreaterThanOrEqual(count);
  });
}
