/**
 * What the journeys read of a lab's screen, by roles and names where there are any, and what they
 * compare it with: the golden scripts and the command line, which know nothing of a browser.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';

// ── The screen ──────────────────────────────────────────────────────────────────────────────────

export const slider = (page: Page) => page.getByRole('slider', { name: 'Moment' });
export const picture = (page: Page) =>
  page.getByRole('main').getByRole('application', { name: /./ }).first();
/** The operations in sight. A result stands beside its line: `get 29→ "Puerto Rico"`. */
export const lines = (page: Page) =>
  page.getByRole('list', { name: 'Operations of this branch' }).getByRole('listitem');
export const prompt = (page: Page) => page.getByRole('combobox', { name: 'Write an operation' });
export const notices = (page: Page) => page.getByRole('region', { name: 'Notices' });
export const inspector = (page: Page) => page.getByRole('complementary', { name: 'Inspector' });
export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
/** A shape on the stage, by the key that says what it is: `page:5`, `cell:kv:29`. */
export const shape = (page: Page, key: string) =>
  page.locator(`.stage-svg [data-key="${key}"]`).first();

/** Opens a shipped scenario, or what an address says, and waits until a moment is on screen. */
export async function openLab(
  page: Page,
  where = '?scenario=split_leaf',
  lab = 'btree',
): Promise<void> {
  await page.goto(`./#/lab/${lab}${where}`);
  await isOpen(page);
}

export async function isOpen(page: Page): Promise<void> {
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^\d+\.\d+: /, { timeout: 20_000 });
}

/** `13.4`. */
export const momentOf = async (page: Page): Promise<string> =>
  ((await slider(page).getAttribute('aria-valuetext')) ?? '').split(':')[0] ?? '';

export const isAt = (page: Page, moment: string, timeout = 10_000) =>
  expect(slider(page)).toHaveAttribute(
    'aria-valuetext',
    new RegExp(`^${moment.replace('.', '\\.')}: `),
    { timeout },
  );

/**
 * The drawing once the movement has landed (a dozen frames without a change), a shape a line: its
 * key, whom it stands in, its classes, place, words and marks. Without the camera: where it rests is
 * no part of the picture.
 */
export const settled = (page: Page): Promise<string> =>
  page
    .locator('.stage-svg .world')
    .first()
    .evaluate(async (world) => {
      // Each shape without those that it holds, and in whom it is: cells stand inside their page.
      const one = (shape: SVGElement) => {
        const copy = shape.cloneNode(true) as SVGElement;
        for (const inner of copy.querySelectorAll('[data-key]')) inner.remove();
        const holder = shape.parentElement?.closest<SVGElement>('[data-key]')?.dataset.key;
        return `${shape.dataset.key} in ${holder}: ${copy.outerHTML.replace(/[<>]/g, ' ')}`;
      };
      const read = () =>
        [...world.querySelectorAll<SVGElement>('[data-key]:not(.water)')]
          .map(one)
          .sort()
          .join('\n');
      let last = read();
      for (let still = 0; still < 12; ) {
        await new Promise(requestAnimationFrame);
        const now = read();
        still = now === last ? still + 1 : 0;
        last = now;
      }
      return last;
    });

/** What can be selected on the stage, once each: the pages and cells that are drawn. */
export const shown = (page: Page): Promise<string[]> =>
  page
    .locator('.stage-svg [data-select]')
    .evaluateAll((all) =>
      [...new Set(all.map((g) => (g as SVGElement).dataset.select ?? ''))].sort(),
    );

/** Writes a line in the console and waits until the run has taken it. */
export async function write(page: Page, line: string): Promise<void> {
  const count = await lastLine(page);
  await prompt(page).fill(line);
  await prompt(page).press('Enter');
  await expect(prompt(page)).toHaveValue('', { timeout: 30_000 });
  await expect.poll(() => lastLine(page)).toBe(count + 1);
}

/** How many operations the branch has; the list itself shows only those in sight. */
export async function lastLine(page: Page): Promise<number> {
  const text = (await page.getByText(/\bop \d+ of \d+/).textContent()) ?? '';
  return Number(/op \d+ of (\d+)/.exec(text)?.[1]);
}

/** The hex view's bytes, with nothing folded away. */
export async function hexOf(page: Page): Promise<string> {
  const view = inspector(page).getByRole('application', { name: /^Bytes/ });
  const folded = view.getByRole('button', { name: /rows of zeros/ });
  if ((await folded.count()) > 0) await folded.first().click();
  await expect(folded).toHaveCount(0);
  const digits = (await view.locator('.hex-hex').allTextContents()).join('').replace(/\s+/g, '');
  return (digits.match(/../g) ?? []).join(' ');
}

/** The link that the share dialog offers. Leaves the dialog closed again. */
export async function linkOf(page: Page): Promise<string> {
  await button(page, 'Share this moment').click();
  const dialog = page.getByRole('dialog', { name: 'Share this moment' });
  const field = dialog.getByRole('textbox', { name: 'Link' });
  await expect(field).toHaveValue(/#\/lab\/\w+\?s=/);
  const link = await field.inputValue();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  return link;
}

export const digestIn = (link: string): string | undefined =>
  /[?&]d=([0-9a-f]{16})/.exec(link)?.[1];

/** Drops a file on the window, as a hand would. */
export const drop = (page: Page, name: string, bytes: Uint8Array): Promise<void> =>
  dropAll(page, { [name]: bytes });

/** Drops several files at once, by their names. */
export async function dropAll(
  page: Page,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const carried = await page.evaluateHandle(
    (files) => {
      const data = new DataTransfer();
      for (const [name, base64] of files)
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
      return data;
    },
    Object.entries(files).map(([name, b]) => [name, Buffer.from(b).toString('base64')] as const),
  );
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.dispatchEvent('body', type, { dataTransfer: carried });
}

// ── The command line, and the golden scripts ────────────────────────────────────────────────────

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export function lab(args: readonly string[], input = ''): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/lab.mjs', ...args], {
    encoding: 'utf8',
    input,
    maxBuffer: 1 << 28,
  });
  return { status: status ?? -1, out: stdout, err: stderr };
}

export interface Shipped {
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly lab: string;
}

export function shippedScenarios(): readonly Shipped[] {
  const { status, out, err } = lab(['list', '--json']);
  if (status !== 0) throw new Error(`lab list: ${err}`);
  // A lab that has no face in app/labs/index.ts is the command line's alone.
  const faces = readFileSync('app/labs/index.ts', 'utf8');
  return (JSON.parse(out) as { labs: { name: string; scenarios: Shipped[] }[] }).labs
    .filter(({ name }) => faces.includes(`import('./${name}/picture.ts')`))
    .flatMap(({ name, scenarios }) => scenarios.map((scenario) => ({ ...scenario, lab: name })));
}

export interface Golden {
  readonly script: string;
  readonly commands: readonly string[];
  readonly moments: readonly {
    readonly name: string;
    readonly title: string;
    readonly detail: string;
  }[];
  readonly digest: string;
}

/** A golden script and the text that was recorded of its run. */
export function golden(name: string): Golden {
  const text = readFileSync(`engine/btree/scripts/${name}.txt`, 'utf8');
  const [script = '', recorded = ''] = text.split('\n---\n');
  const moments = [...recorded.matchAll(/^(\d+\.\d+) {2}(.*?) — (.*)$/gm)].map(
    ([, name = '', title = '', detail = '']) => ({ name, title, detail }),
  );
  const commands = script
    .split('\n')
    .filter(
      (line) => line.trim() !== '' && !/^(#|lab |title |seed |set |sabotage |at )/.test(line),
    );
  const digest = /^digest ([0-9a-f]{16})$/m.exec(recorded)?.[1] ?? '';
  return { script, commands, moments, digest };
}
