// What strangers write: each is answered by one sentence that says what and where, and what was open
// stays as it was.

import { describe, expect, test } from 'vitest';
import { Complaint } from '../base/assert.ts';
import { hostOf } from '../run/host.ts';
import { labsAtHand } from '../run/lab.ts';
import { linkOf, readLink } from '../run/link.ts';
import { Script } from '../run/script.ts';
import { labs } from './index.ts';

async function complaintOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof Complaint) return thrown.message;
    throw thrown;
  }
  throw new Error('nothing was complained about');
}

const TEXT = { keys: 'lab btree\nset keys text\n', page: 'lab btree\nset page-size ' };

describe('a scenario', () => {
  test.each([
    [`${TEXT.keys}put ${'k'.repeat(1025)} "x"`, /^a key has at most 1024 bytes; this one 1025$/],
    [`lab btree\nput 1 "${'v'.repeat(990_000)}é${'v'.repeat(9_999)}"`, /at most/],
    [`lab btree\nput 1 x'${'00'.repeat(400_000)}f'`, /no even number of hexadecimal digits/],
    ['lab btree\nput 9223372036854775808 "x"', /a key is a whole number of 64 bits/],
    [`${TEXT.page}-512`, /a power of two from 512 to 65536; found -512/],
    [`${TEXT.page}1000`, /a power of two from 512 to 65536; found 1000/],
    [`${TEXT.page}131072`, /a power of two from 512 to 65536; found 131072/],
    [`${TEXT.page}4096.5`, /a power of two from 512 to 65536; found 4096\.5/],
    [`${TEXT.page}1e3`, /found 1e3/],
    ['lab btree\nset max-cells -3', /found -3/],
    ['lab btree\nset merge-below 7', /found 7/],
    ['lab btree\nbulk -5 random', /from 1 to 1000000; found -5/],
    ['lab btree\nbulk 99999999999999999999 random', /found 99999999999999999999/],
    [
      `lab btree\nfile x.db ${'a'.repeat(64)} -1`,
      /a size is a whole number from 0 to .*; found -1/,
    ],
    ['lab btree\nscan 9..1', /the smaller key first/],
    ['lab btree\nput 1', /expected put KEY VALUE/],
    ['lab btree\nput 1 "x', /the quotation has no closing "/],
    [`lab btree\n${'get 1\n'.repeat(20_001)}`, /at most 20000 lines; this one 20002/],
  ])('%# is refused in a sentence', async (text, sentence) => {
    const said = await complaintOf(() => new Script(text, labs).run());
    expect(said).toMatch(sentence);
    expect(said.length).toBeLessThan(300);
    expect(said).not.toMatch(/\n|undefined|NaN/);
  });

  test('of 10,000 lines runs, and a mistake in its last line is told with that line', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `put ${(i * 7919) % 10_007} "row ${i}"`);
    const script = new Script(`lab btree\n${lines.join('\n')}\n`, labs).run();
    expect(script.timeline('main').commands.length).toBe(10_000);
    expect(script.timeline('main').problems).toEqual([]);
    let thrown: unknown;
    try {
      new Script(`lab btree\n${lines.join('\n')}\nput x "y"\n`, labs).run();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toMatchObject({ place: { line: 10_002, column: 5 } });
  });
});

test('a link cut anywhere, or with a letter changed, is refused in a sentence or says the same', async () => {
  const text = `lab btree\n${Array.from({ length: 40 }, (_, i) => `put ${i} "row ${i}"`).join('\n')}\n`;
  const link = await linkOf({ lab: 'btree', text, digest: '0123456789abcdef', version: '1' });
  for (let cut = 12; cut < link.length; cut += 7) {
    for (const bad of [link.slice(0, cut), `${link.slice(0, cut)}~${link.slice(cut + 1)}`]) {
      let read: { text: string } | undefined;
      const said = await complaintOf(async () => {
        read = await readLink(bad);
        throw new Complaint('a sentence would be here');
      });
      // Only what comes after the text may be missing and go unnoticed.
      if (read) expect(read.text).toBe(text);
      expect(said).not.toMatch(/\n|undefined|NaN|\[object/);
    }
  }
});

test('whatever is refused, what was open stays as it was', async () => {
  const host = hostOf(labsAtHand(labs), {
    pause: async () => {},
    due: () => false,
    news: () => {},
  });
  const { digest, length } = await host.open('lab btree\nput 1 "one"\ncommit\n');
  for (const attempt of [
    () => host.open('lab btree\nput 1 "one'),
    () => host.open('lab nothing\n'),
    () => host.append(['put 2 "two"', 'put three "3"']),
    () => host.append([`put 2 "${'v'.repeat(1_000_001)}"`]),
    () => host.rewrite(['commit', 'crash during commit at write 99']),
    () => host.setUp({ setting: { name: 'page-size', value: '777' } }),
    () => host.fork('x', 1, ['bulk 0 random']),
  ])
    await complaintOf(attempt);
  const now = host.frame(length - 1);
  expect([host.digestAt(length - 1), now.command, host.text()]).toEqual([
    digest,
    2,
    'lab btree\nput 1 "one"\ncommit\n',
  ]);
});
