/**
 * The cluster in a browser: it is watched, a node is crashed and a message dropped by buttons that
 * write lines, by mouse and by keyboard; and every node runs in a worker of its own, to the same run
 * as in line and in Node, also when one of them is ended.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, type Page, test } from '@playwright/test';
import { inspector, isOpen, lines, picture, prompt, shape, slider } from './lab.ts';

const open = async (page: Page, where: string) => {
  await page.goto(`./#/lab/raft${where}`);
  await isOpen(page);
};
const atEnd = (page: Page) =>
  expect
    .poll(async () => {
      const at = slider(page);
      return (await at.getAttribute('aria-valuenow')) === (await at.getAttribute('aria-valuemax'));
    })
    .toBe(true);

test('a leader is cut off: watched, stepped, looked into, and done otherwise', async ({ page }) => {
  await open(page, '?scenario=leader_cut_off');
  await expect(shape(page, 'node:A')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Space-time diagram' })).toContainText(
    'time to the right',
  );
  // Stepping, both ways.
  await slider(page).focus();
  await page.keyboard.press('End');
  await atEnd(page);
  await expect(shape(page, 'entry:A:3')).toBeVisible();
  await page.keyboard.press('Home');
  await expect(shape(page, 'entry:A:3')).toHaveCount(0);
  // A node is selected on the stage; what it knows stands beside it.
  await page.keyboard.press('End');
  await atEnd(page);
  await shape(page, 'node:D').click();
  await expect(inspector(page).getByRole('tab', { name: 'Node D' })).toBeVisible();
  await expect(inspector(page).getByText('below the waterline: on disk')).toBeVisible();
  // At the end of the run a button is the next line.
  await inspector(page).getByRole('button', { name: 'Crash' }).click();
  await expect(lines(page).last()).toContainText('crash D');
  await expect(shape(page, 'node:D')).toHaveClass(/crossed/);
  // In its midst it is a branch, and the run that was is kept.
  await slider(page).focus();
  for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowLeft');
  await inspector(page).getByRole('combobox', { name: 'Whom to look at' }).selectOption('node:A');
  await inspector(page).getByRole('button', { name: 'Pause' }).click();
  await expect(lines(page).last()).toContainText('pause A');
  await expect(page.getByText('what if').first()).toBeVisible();
});

test('by keyboard alone: a message under way is found in the picture and dropped', async ({
  page,
}) => {
  await open(page, '?scenario=elect_replicate_commit');
  await slider(page).focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
  await expect(page.locator('.stage-svg .flight').first()).toBeAttached();
  await picture(page).focus();
  // Into the picture, over the nodes to what is under way, and into that.
  await page.keyboard.press('ArrowDown');
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const drop = inspector(page).getByRole('button', { name: 'Drop' });
  await expect(drop).toBeVisible();
  await drop.focus();
  await page.keyboard.press('Enter');
  await expect(lines(page).last()).toContainText(/drop [A-E]>[A-E]#1/);
});

test('a line of nonsense is told, and changes nothing', async ({ page }) => {
  await open(page, '?scenario=split_vote');
  const before = await lines(page).count();
  for (const [line, told] of [
    ['crash Z', /there is no node Z; there are A, B, C/],
    ['deliver A>B#99', /was not sent yet/],
    ['run -5ms', /a time is a number with its unit/],
    ['partition A,B,C', /a partition has two sides/],
  ] as const) {
    await prompt(page).fill(line);
    await prompt(page).press('Enter');
    await expect(page.getByText(told).first()).toBeVisible();
  }
  await expect(lines(page)).toHaveCount(before);
});

/** Comes before the text of the script's worker: that of node B is ended as it is asked a third time. */
const TROUBLE = `{
  const { Worker } = self;
  let asked = 0;
  self.Worker = class extends Worker {
    constructor(url, options) {
      super(url, options);
      this.isB = options.name === 'node raft B';
    }
    postMessage(message) {
      if (this.isB && ++asked === 3) this.terminate();
      super.postMessage(message);
    }
  };
}
`;

test('a worker that dies is a node that crashed, and the page lives', async ({ page }) => {
  await page.route(/worker-[\w-]+\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: TROUBLE + (await response.text()) });
  });
  await open(page, '?scenario=split_vote');
  await prompt(page).fill('run 900ms');
  await prompt(page).press('Enter');
  await expect(lines(page).last()).toContainText('crash B', { timeout: 30_000 });
  await expect(shape(page, 'node:B')).toHaveClass(/crossed/);
  // Others go on without it, and it comes up again in a new worker.
  await prompt(page).fill('run 300ms');
  await prompt(page).press('Enter');
  await expect(lines(page).last()).toContainText('run 300ms');
  await prompt(page).fill('restart B');
  await prompt(page).press('Enter');
  await prompt(page).fill('run until heard at B');
  await prompt(page).press('Enter');
  await expect(lines(page).last()).toContainText('run until heard at B');
  await atEnd(page);
  await expect(shape(page, 'node:B')).not.toHaveClass(/crossed/);
  await expect(page.getByText('3 workers')).toBeVisible({ timeout: 30_000 });
});

test('a worker a node: the run equals the one in line, moment for moment, and the one in Node', async ({
  page,
}) => {
  await open(page, '?scenario=split_vote');
  await prompt(page).fill('client 1 put x 1');
  await prompt(page).press('Enter');
  await prompt(page).fill('run until answered');
  await prompt(page).press('Enter');
  await expect(page.getByText('3 workers')).toBeVisible({ timeout: 30_000 });
  // Asked of the built worker itself, as the page asks it.
  const script = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .find((name) => /worker-[\w-]+\.js$/.test(name)),
  );
  expect(script).toBeDefined();
  const lived = await page.evaluate(async (url) => {
    const start = () => {
      const worker = new Worker(url, { type: 'module', name: 'script' });
      let id = 0;
      return (method: string, ...args: unknown[]) =>
        new Promise<never>((resolve, reject) => {
          const mine = id++;
          const hear = ({ data }: MessageEvent) => {
            if (data.id !== mine) return;
            worker.removeEventListener('message', hear);
            if ('error' in data) reject(new Error(data.error));
            else resolve(data.value as never);
          };
          worker.addEventListener('message', hear);
          worker.postMessage({ id: mine, method, args });
        });
    };
    interface Told {
      length: number;
      digest: string;
      actors: number;
    }
    const live = start();
    await live('open', 'lab raft\nseed 5\n');
    let told: Told = await live('append', [
      'run until elected',
      'client 1 put x 1',
      'run until answered',
    ]);
    told = await live('append', [
      'partition A,B / C,D,E',
      'client 2 put y 2',
      'run 400ms',
      'crash C',
      'heal',
      'restart C',
      'run 300ms',
    ]);
    const text: string = await live('text');
    const inLine = start();
    const whole: Told = await inLine('open', text);
    const different: number[] = [];
    for (let i = 0; i < told.length; i++)
      if ((await live('digestAt', i)) !== (await inLine('digestAt', i))) different.push(i);
    return {
      text,
      different,
      live: told,
      inLine: { length: whole.length, digest: whole.digest, actors: whole.actors },
    };
  }, script as string);
  expect(lived.live.actors).toBe(5);
  expect(lived.inLine.actors).toBe(0);
  expect(lived.live.length).toBeGreaterThan(150);
  expect(lived.inLine.length).toBe(lived.live.length);
  expect(lived.different).toEqual([]);
  expect(lived.inLine.digest).toBe(lived.live.digest);
  // And a golden text, recorded in Node, has the digest that this browser finds.
  const golden = readFileSync(
    fileURLToPath(new URL('../engine/protocols/raft/scripts/figure_8.txt', import.meta.url)),
    'utf8',
  );
  const [text = '', recorded = ''] = golden.split(/^---\n/m);
  const digest = await page.evaluate(
    async ([url, scenario]) => {
      const worker = new Worker(url as string, { type: 'module', name: 'script' });
      worker.postMessage({ id: 1, method: 'open', args: [scenario] });
      return new Promise<string>((resolve) => {
        worker.addEventListener(
          'message',
          ({ data }) => data.id === 1 && resolve(data.value.digest),
        );
      });
    },
    [script, text],
  );
  expect(recorded).toContain(`digest ${digest}`);
});
