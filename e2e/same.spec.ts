/** One scenario, seen from all sides: golden text, command line, page and link say the same. */
import { expect, test } from './fixtures.ts';
import { digestIn, golden, isOpen, lab, linkOf, openLab, shippedScenarios } from './lab.ts';

const shipped = shippedScenarios();
for (const of of new Set(shipped.map(({ lab }) => lab)))
  test(`every shipped scenario has the same digest in Node and in the browser: ${of}`, async ({
    page,
  }) => {
    test.setTimeout(300_000);
    for (const { name, title } of shipped.filter(({ lab }) => lab === of)) {
      const ran = JSON.parse(lab(['run', `@${name}`, '--json']).out) as {
        digest: string;
        moments: unknown[];
        problems: unknown[];
      };
      await openLab(page, `?scenario=${name}`, of);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
      await isOpen(page);
      expect.soft(digestIn(await linkOf(page)), name).toBe(ran.digest);
      await expect
        .soft(page.getByRole('slider', { name: 'Moment' }), name)
        .toHaveAttribute('aria-valuemax', String(ran.moments.length));
    }
  });

test('a golden script: its text, its run in Node, its moments on the page and its link are one', async ({
  page,
}) => {
  const script = golden('merge_leaf');
  expect(script.moments.length).toBeGreaterThan(10);
  const printed = lab(['run', '@merge_leaf']);
  expect(printed.status).toBe(0);
  for (const { name, title, detail } of script.moments)
    expect(printed.out).toContain(`${name}  ${title} — ${detail}`);

  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openLab(page, '?scenario=merge_leaf');
  await page.keyboard.press('Home');
  const slider = page.getByRole('slider', { name: 'Moment' });
  const seen: string[] = [];
  for (const { name } of script.moments) {
    await expect(slider).toHaveAttribute('aria-valuetext', new RegExp(`^${name}: `));
    const words = await page.getByRole('main').getByRole('application').getAttribute('aria-label');
    seen.push(`${name} ${words}`);
    await page.keyboard.press('ArrowRight');
  }
  expect(seen).toEqual(
    script.moments.map(({ name, title, detail }) => `${name} ${title}. ${detail}`),
  );
  const link = await linkOf(page);
  expect(digestIn(link)).toBe(script.digest);
  const linked = lab(['run', link, '--json']);
  expect(JSON.parse(linked.out)).toMatchObject({ digest: script.digest });
  expect(lab(['run', link]).out).toBe(printed.out);
});
