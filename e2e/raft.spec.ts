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

test('nodes are moved by key, by hand and by button, and time is brushed and folded', async ({
  page,
}) => {
  await open(page, '?scenario=rejoining_node_disrupts');
  const script = await lines(page).allTextContents();
  const middle = async (id: string) => {
    const box = await shape(page, `node:${id}`).locator('.rim').boundingBox();
    if (!box) throw new Error(`node ${id} is not in sight`);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  /** From left to right. */
  const order = async () => {
    const all = await Promise.all(
      ['A', 'B', 'C'].map(async (id) => ({ id, ...(await middle(id)) })),
    );
    return all
      .sort((a, b) => a.x - b.x)
      .map(({ id }) => id)
      .join('');
  };
  await expect.poll(order).toBe('ABC');
  // By key: into the picture, and one place on.
  await picture(page).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(order).toBe('BAC');
  // By hand: C is dragged to where B stands.
  const [from, to] = [await middle('C'), await middle('B')];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, from.y, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
  await expect.poll(order).toBe('CBA');
  // By button; and the wish outlives the visit, while the script has not changed.
  await inspector(page).getByRole('button', { name: 'All on a ring' }).click();
  await expect(shape(page, 'water')).toHaveCount(0);
  await page.reload();
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^8\.6: /, { timeout: 20_000 });
  await inspector(page).getByRole('button', { name: 'All in a row' }).click();
  await expect(shape(page, 'water')).toBeAttached();
  await expect.poll(order).toBe('CBA');
  expect(await lines(page).allTextContents()).toEqual(script);

  // Heartbeats of 700 ms are folded, and can be looked at.
  const fold = page.getByRole('button', { name: 'Fold quiet stretches' });
  await expect(fold).toHaveAttribute('aria-pressed', 'true');
  await fold.click();
  await expect(fold).toHaveAttribute('aria-pressed', 'false');
  await fold.press('Enter');
  await expect(fold).toHaveAttribute('aria-pressed', 'true');
  // A stretch marked out on the ruler fills the diagram, and the playhead goes to where it begins.
  await page.getByRole('button', { name: 'The whole run' }).click();
  const canvas = page.getByRole('img', { name: /Time to the right/ });
  const box = await canvas.boundingBox();
  if (!box) throw new Error('no diagram');
  await page.mouse.move(box.x + 60, box.y + 8);
  await page.mouse.down();
  await page.mouse.move(box.x + 160, box.y + 8, { steps: 4 });
  await page.mouse.up();
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^[12]\.\d+: /);
  const begun = await slider(page).getAttribute('aria-valuetext');
  await page.mouse.click(box.x + box.width * 0.9, box.y + box.height / 2);
  await expect(slider(page)).not.toHaveAttribute('aria-valuetext', begun ?? '');
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
