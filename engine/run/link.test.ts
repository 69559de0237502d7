import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Complaint } from '../base/assert.ts';
import { ENGINE_VERSION } from '../base/version.ts';
import {
  base64url,
  bytesOfBase64url,
  COMFORTABLE,
  comparisonLinkOf,
  linkOf,
  looksLikeLink,
  readComparison,
  readLink,
} from './link.ts';
import { LIMITS } from './scenario.ts';

const TEXT = 'lab btree\ntitle "Тихий"\nat 13.4\nput 25 "Mariana"\ncommit\nbulk 500 random\n';
const full = {
  lab: 'btree',
  text: TEXT,
  digest: '0123456789abcdef',
  version: ENGINE_VERSION,
  selection: 'cell:kv:29 & "x"',
};

/** What reading a link comes to: the sentence, or undefined when it was read. */
async function sentence(address: string): Promise<string | undefined> {
  try {
    await readLink(address);
    return undefined;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Complaint);
    return (thrown as Complaint).sentence;
  }
}

describe('base64url', () => {
  // RFC 4648, section 10, without padding; and the two digits that differ.
  test.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
    ['\u00fb\u00ff', '-_8'],
  ])('%j', (text, coded) => {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    expect(base64url(bytes)).toBe(coded);
    expect(bytesOfBase64url(coded)).toEqual(bytes);
  });

  test('there and back, as Node has it; no other characters', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(bytesOfBase64url(base64url(bytes))).toEqual(bytes);
      }),
    );
    for (const text of ['a', 'ab=', 'a+bc', 'a/bc', 'ab c', 'äbcd', 'abcde'])
      expect(bytesOfBase64url(text)).toBeUndefined();
  });
});

describe('a link', () => {
  test('carries everything there and back', async () => {
    const link = await linkOf(full);
    expect(link).toMatch(/^#\/lab\/btree\?s=[\w-]+&d=0123456789abcdef&v=[\w.]+&sel=[\w%]+$/);
    for (const address of [link, `https://example.org/deep/page.html${link}`, ` ${link}\n`]) {
      expect(looksLikeLink(address)).toBe(true);
      expect(await readLink(address)).toEqual(full);
    }
    expect(await readLink(await linkOf({ lab: '2pc', text: 'x' }))).toEqual({
      lab: '2pc',
      text: 'x',
    });
  });

  test('any text survives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
        expect((await readLink(await linkOf({ lab: 'btree', text }))).text).toBe(text);
      }),
      { numRuns: 50 },
    );
  });

  test('cut anywhere it is whole or it is a complaint', async () => {
    const link = await linkOf(full);
    const scenarioEnds = link.indexOf('&');
    for (let length = 0; length < link.length; length++) {
      const cut = link.slice(0, length);
      const said = await sentence(cut);
      if (length >= scenarioEnds) {
        expect(said).toBeUndefined();
        expect((await readLink(cut)).text).toBe(TEXT);
      } else
        expect(said, cut).toMatch(
          /^(this is no share link: expected|the link carries no scenario: expected|the link is damaged: )/,
        );
    }
  });

  test('with any character changed it is read, or it is a complaint, and never anything else', async () => {
    const link = await linkOf({ lab: 'btree', text: TEXT });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(link.length - 1),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
        async (at, put) => {
          await sentence(link.slice(0, at) + put + link.slice(at + 1));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a field of a strange form is left out', async () => {
    const [scenario] = (await linkOf({ lab: 'btree', text: TEXT })).split('&');
    for (const more of [
      'd=123',
      'd=0123456789ABCDEF',
      'v=<b>',
      `v=${'1'.repeat(41)}`,
      'sel=%E2%82',
      `sel=${'x'.repeat(201)}`,
      'zzz',
      '=',
      'x=1',
      '&&',
    ])
      expect(await readLink(`${scenario}&${more}`)).toEqual({ lab: 'btree', text: TEXT });
  });

  test.each([
    ['', 'this is no share link: expected #/lab/NAME?s=…'],
    ['https://example.org/', 'this is no share link: expected #/lab/NAME?s=…'],
    ['#/lab/B?s=x', 'this is no share link: expected #/lab/NAME?s=…'],
    ['#/lab/btree?d=1', 'the link carries no scenario: expected a field s=…'],
    ['#/lab/btree?s=', 'the link carries no scenario: expected a field s=…'],
    [
      '#/lab/btree?s=ab*d',
      'the link is damaged: its scenario has characters that do not belong there',
    ],
    ['#/lab/btree?s=____', 'the link is damaged: it seems to have been cut or changed on the way'],
    [
      `#/lab/btree?s=${'A'.repeat(400_000)}`,
      'the link is too long: 400014 characters of at most 400000',
    ],
  ])('%#: a bad one is told', async (link, said) => {
    expect(await sentence(link)).toBe(said);
  });

  test('a bomb goes off no further than the limit', async () => {
    const bomb = deflateRawSync(Buffer.alloc(200 * 2 ** 20), { level: 9 });
    const link = `#/lab/btree?s=${base64url(bomb)}`;
    expect(link.length).toBeLessThan(400_000);
    expect(await sentence(link)).toBe(
      `the link holds more than ${LIMITS.text} characters of scenario`,
    );
  });

  test('of every shipped scenario it is short enough for a chat', async () => {
    const engine = dirname(dirname(fileURLToPath(import.meta.url)));
    const scripts = readdirSync(engine, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /scripts[\\/][^\\/]+\.txt$/.test(path),
    );
    let shipped = 0;
    for (const path of scripts) {
      const [text] = readFileSync(join(engine, path), 'utf8').split(/^---\n/m) as [string];
      if (!/^title /m.test(text)) continue;
      shipped++;
      const link = await linkOf({ ...full, text });
      expect(`https://someone.example/bathysphere/${link}`.length, path).toBeLessThan(COMFORTABLE);
    }
    expect(shipped).toBeGreaterThan(0);
  });
});

describe('a link to two runs', () => {
  const read = (address: string) =>
    readComparison(address).then(
      (found) => found,
      (thrown) => (thrown as Complaint).sentence,
    );

  test('carries both, or one with the branches that it names', async () => {
    const both = { left: TEXT, right: 'lab btree\nput 1 "a"\n', pace: 'command' };
    expect(await read(`https://x.example/y/${await comparisonLinkOf(both)}`)).toEqual(both);
    expect(await read(await comparisonLinkOf({ left: TEXT }))).toEqual({ left: TEXT });
  });

  test('is checked as one run is', async () => {
    const link = await comparisonLinkOf({ left: TEXT, right: TEXT });
    expect(await read('#/compare')).toBe('this link compares nothing: expected #/compare?s=…&t=…');
    expect(await read(link.slice(0, -4))).toMatch(/^the link is damaged/);
    expect(await read(link.replace('&t=', '&t=*'))).toMatch(/characters that do not belong there/);
    expect(await read(`${link}&p=<b>`)).not.toHaveProperty('pace');
    const bomb = base64url(deflateRawSync(Buffer.alloc(200 * 2 ** 20), { level: 9 }));
    expect(await read(`${link.replace(/&t=.*/, '')}&t=${bomb}`)).toMatch(/holds more than/);
    expect(await read(`#/compare?s=${'A'.repeat(800_000)}`)).toMatch(/too long/);
  });
});
