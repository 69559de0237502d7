import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Complaint } from '../base/assert.ts';
import { counter } from './counter.ts';
import type { Lab } from './lab.ts';
import {
  headerOf,
  LIMITS,
  parseScenario,
  quote,
  settingValue,
  settingWord,
  short,
  withoutComment,
  wordOf,
  wordsOf,
} from './scenario.ts';

const labs = [counter as unknown as Lab];
const parse = (text: string) => parseScenario(text, labs);

/** The sentence of the complaint that a text earns. */
function complaintOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Complaint) return thrown.sentence;
    throw thrown;
  }
  return 'no complaint';
}

describe('words', () => {
  test.each([
    [
      'put 25 "Mariana"',
      [
        ['put', 'bare', 1],
        ['25', 'bare', 5],
        ['Mariana', 'quoted', 8],
      ],
    ],
    [
      '  a\tb\r',
      [
        ['a', 'bare', 3],
        ['b', 'bare', 5],
      ],
    ],
    ['a # b "', [['a', 'bare', 1]]],
    ['a#b', [['a#b', 'bare', 1]]],
    [
      "x'0aFF' X''",
      [
        ['0aFF', 'bytes', 1],
        ['', 'bytes', 9],
      ],
    ],
    ["xx'00'", [["xx'00'", 'bare', 1]]],
    ['"\\"\\\\\\n\\u{1F30A}\\u{41}z"', [['"\\\n🌊Az', 'quoted', 1]]],
    ['"# no comment"', [['# no comment', 'quoted', 1]]],
    ['', []],
    ['   ', []],
    ['# all', []],
  ])('%j', (line, expected) => {
    expect(wordsOf(line).map(({ text, form, column }) => [text, form, column])).toEqual(expected);
  });

  test.each([
    ['a "b', 'column 3: the quotation has no closing "'],
    ['"a\\', 'column 3: \\ is no escape; expected \\" \\\\ \\n or \\u{…}'],
    ['"a\\t"', 'column 3: \\t is no escape; expected \\" \\\\ \\n or \\u{…}'],
    ['"\\u0041"', 'column 2: \\u wants a code point in braces, as in \\u{1F30A}'],
    ['"\\u{110000}"', 'column 2: \\u wants a code point in braces, as in \\u{1F30A}'],
    ['"\\u{d800}"', 'column 2: \\u wants a code point in braces, as in \\u{1F30A}'],
    ["a x'0", "column 3: x' has no closing '"],
    ["x'012'", "column 1: x'012' is no even number of hexadecimal digits"],
    ["x'zz'", "column 1: x'zz' is no even number of hexadecimal digits"],
  ])('%j is refused', (line, sentence) => {
    expect(complaintOf(() => wordsOf(line))).toBe(sentence);
  });

  test('what is printed as a word is read as that word', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '"',
          '\\',
          '\n',
          '\r',
          '\t',
          '#',
          ' ',
          "'",
          'x',
          '\u2028',
          '\u0000',
          'é',
          '🌊',
        ),
      }),
    );
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        expect(wordsOf(texts.map(wordOf).join(' ')).map((word) => word.text)).toEqual(texts);
        for (const text of texts) {
          expect(quote(text)).not.toMatch(/[\n\r]/);
          expect(wordsOf(`${quote(text)} # "`)).toEqual([{ text, form: 'quoted', column: 1 }]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('no text whatever makes the reader throw anything but a complaint', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (line) => {
        complaintOf(() => wordsOf(line));
        complaintOf(() => parse(`lab counter\n${line}`));
      }),
      { numRuns: 300 },
    );
  });

  test('a comment is cut where one begins, and nowhere else', () => {
    expect(withoutComment('put 1 "a # b" # note')).toBe('put 1 "a # b"');
    expect(withoutComment("put x'00' a#b")).toBe("put x'00' a#b");
    expect(withoutComment('put 1 "\\"#" #')).toBe('put 1 "\\"#"');
    expect(withoutComment('# all')).toBe('');
  });

  test('what a stranger wrote stays on one short line', () => {
    expect(short('a\nb\u001b[31m\u202ec')).toBe('a b [31m c');
    expect(short('x'.repeat(100))).toHaveLength(40);
    expect(short('')).toBe('""');
  });
});

describe('a scenario', () => {
  test('every header, in any order, comments as prose', () => {
    const sha = 'ab'.repeat(32);
    const scenario = parse(`\ufeff# A counter counts.
# It goes on.
#
## Second paragraph.

title "Thirteen \\u{1F30A}"
at 2.1 on other
set limit 50
seed 9007199254740991
# third paragraph
lab counter
# not prose
sabotage miscount
sabotage miscount
set loud on
set limit 60
file "my file.db" ${sha.toUpperCase()} 4096

add 5 in 2   # five
save
branch other from 1
crash
branch "third one" from 2 of other
show
compare main other
---
anything at all "
`);
    expect(scenario.setup).toEqual({
      lab: 'counter',
      seed: Number.MAX_SAFE_INTEGER,
      settings: { limit: 60, ratio: 0.5, loud: true, mood: 'calm', note: '', even: 2 },
      sabotage: ['miscount'],
      file: { name: 'my file.db', sha256: sha, size: 4096 },
    });
    expect(scenario.title).toBe('Thirteen 🌊');
    expect(scenario.prose).toEqual([
      'A counter counts. It goes on.',
      'Second paragraph.',
      'third paragraph',
    ]);
    expect(scenario.at).toEqual({ command: 2, step: 1, branch: 'other' });
    expect(scenario.commands.map(({ text, line }) => [text, line])).toEqual([
      ['add 5 in 2   # five', 19],
      ['save', 20],
    ]);
    expect(scenario.branches.map(({ commands, ...rest }) => [rest, commands.length])).toEqual([
      [{ name: 'other', parent: 'main', from: 1 }, 1],
      [{ name: 'third one', parent: 'other', from: 2 }, 1],
    ]);
    expect(scenario.compare).toEqual(['main', 'other']);
  });

  test('CRLF, no newline at the end, and a file of one line', () => {
    const scenario = parse('lab counter\r\nadd 1\r\n---\r\nx');
    expect(scenario.commands.map(({ text }) => text)).toEqual(['add 1']);
    expect(parse('lab counter').commands).toEqual([]);
  });

  test.each([
    ['', 'line 1: expected a line lab NAME, found none'],
    ['# only\n', 'line 2: expected a line lab NAME, found none'],
    ['lab nothing', 'line 1, column 5: there is no lab nothing; expected counter'],
    ['lab', 'line 1, column 1: expected lab NAME'],
    ['lab counter 2', 'line 1, column 13: expected lab NAME'],
    ['lab counter\nlab counter', 'line 2, column 1: lab was said above; expected it once'],
    [
      'add 1\nlab counter',
      'line 1, column 1: expected lab NAME before the first command, found add',
    ],
    ['lab counter\nadd 1\ntitle "x"', 'line 3, column 1: title belongs above the first command'],
    ['lab counter\ntitle', 'line 2, column 1: expected title "…"'],
    ['lab counter\ntitle a b', 'line 2, column 9: expected title "…"'],
    [
      `lab counter\ntitle ${'x'.repeat(201)}`,
      'line 2, column 7: a title has at most 200 characters',
    ],
    [
      'lab counter\nseed -1',
      'line 2, column 6: a seed is a whole number from 0 to 9007199254740991; found -1',
    ],
    [
      'lab counter\nseed 1.5',
      'line 2, column 6: a seed is a whole number from 0 to 9007199254740991; found 1.5',
    ],
    [
      'lab counter\nseed 9007199254740992',
      'line 2, column 6: a seed is a whole number from 0 to 9007199254740991; found 9007199254740992',
    ],
    ['lab counter\nset limit', 'line 2, column 5: expected set KEY VALUE'],
    [
      'lab counter\nset size 3',
      'line 2, column 5: counter has no setting size; expected limit, ratio, loud, mood, note, even',
    ],
    [
      'set limit 0\nlab counter',
      'line 1, column 11: limit is a whole number from 1 to 4000000000; found 0',
    ],
    [
      'lab counter\nset limit 1e3',
      'line 2, column 11: limit is a whole number from 1 to 4000000000; found 1e3',
    ],
    [
      'lab counter\nset limit -',
      'line 2, column 11: limit is a whole number from 1 to 4000000000; found -',
    ],
    [
      'lab counter\nset ratio 1.01',
      'line 2, column 11: ratio is a number from -1 to 1; found 1.01',
    ],
    ['lab counter\nset ratio -', 'line 2, column 11: ratio is a number from -1 to 1; found -'],
    ['lab counter\nset ratio e5', 'line 2, column 11: ratio is a number from -1 to 1; found e5'],
    ['lab counter\nset ratio .', 'line 2, column 11: ratio is a number from -1 to 1; found .'],
    ['lab counter\nset ratio ""', 'line 2, column 11: ratio is a number from -1 to 1; found ""'],
    [
      'lab counter\nset ratio 1e999',
      'line 2, column 11: ratio is a number from -1 to 1; found 1e999',
    ],
    ['lab counter\nset loud yes', 'line 2, column 10: loud is on or off; found yes'],
    ['lab counter\nset mood sad', 'line 2, column 10: mood is one of calm, wild; found sad'],
    ['lab counter\nset even 3', 'line 2, column 10: even is an even number; found 3'],
    [
      `lab counter\nset note ${'x'.repeat(201)}`,
      `line 2, column 10: note is a text of at most 200 characters; found ${'x'.repeat(39)}…`,
    ],
    [
      'lab counter\nsabotage all',
      'line 2, column 10: counter has no sabotage all; expected miscount',
    ],
    ['lab counter\nfile a', 'line 2, column 6: expected file NAME SHA256 SIZE'],
    ['lab counter\nfile a beef 3', 'line 2, column 8: a SHA-256 is 64 hexadecimal digits'],
    [
      `lab counter\nfile a ${'0'.repeat(64)} x`,
      'line 2, column 73: a size is a whole number from 0 to 9007199254740991; found x',
    ],
    ['lab counter\nat 13', 'line 2, column 4: a moment is C.M, as in 13.4; found 13'],
    ['lab counter\nat 1.2 in x', 'line 2, column 8: expected at C.M, or at C.M on BRANCH'],
    [
      'lab counter\nadd 1\njump 3',
      'line 3, column 1: jump is no command of counter; expected add, save, show, crash',
    ],
    [
      'lab counter\nad 1',
      'line 2, column 1: ad is no command of counter; expected add, save, show, crash (perhaps add N [in K])',
    ],
    [
      'lab counter\n"add" 1',
      'line 2, column 1: add is no command of counter; expected add, save, show, crash (perhaps add N [in K])',
    ],
    [
      'lab counter\n  add x',
      'line 2, column 7: what is added is a whole number from 0 to 4000000000; found x',
    ],
    ['lab counter\nadd "1', 'line 2, column 5: the quotation has no closing "'],
    [
      'lab counter\nbranch',
      'line 2, column 1: expected branch NAME from C, or branch NAME from C of BRANCH',
    ],
    [
      'lab counter\nbranch a at 1',
      'line 2, column 10: expected branch NAME from C, or branch NAME from C of BRANCH',
    ],
    [
      'lab counter\nbranch a from 1',
      'line 2, column 15: the last shared command is a whole number from 0 to 0; found 1',
    ],
    [
      'lab counter\nbranch a from 0 of',
      'line 2, column 10: expected branch NAME from C, or branch NAME from C of BRANCH',
    ],
    ['lab counter\nbranch a from 0 of b', 'line 2, column 20: there is no branch b above'],
    ['lab counter\nbranch main from 0', 'line 2, column 8: there is a branch main already'],
    [
      'lab counter\nbranch a from 0\nbranch a from 0',
      'line 3, column 8: there is a branch a already',
    ],
    ['lab counter\nbranch "" from 0', "line 2, column 8: a branch's name has 1 to 60 characters"],
    [
      'lab counter\nadd 1\nbranch a from 1\nsave\nbranch b from 3 of a',
      'line 5, column 15: the last shared command is a whole number from 0 to 2; found 3',
    ],
    ['lab counter\nbranch a from 0\nadd', 'line 3, column 1: expected add N'],
    ['lab counter\ncompare main', 'line 2, column 9: expected compare A B'],
    ['lab counter\ncompare main x', 'line 2, column 14: there is no branch x'],
  ])('%j is told in one line', (text, sentence) => {
    expect(complaintOf(() => parse(text))).toBe(sentence);
    expect(sentence).not.toMatch(/\n/);
  });

  test('limits: lines, characters, branches', () => {
    const lines = (count: number) => ['lab counter', ...new Array<string>(count - 1).fill('show')];
    expect(parse(lines(LIMITS.lines).join('\n')).commands).toHaveLength(LIMITS.lines - 1);
    expect(parse(`${lines(LIMITS.lines).join('\n')}\n`).commands).toHaveLength(LIMITS.lines - 1);
    for (const end of ['', '\n'])
      expect(complaintOf(() => parse(lines(LIMITS.lines + 1).join('\n') + end))).toBe(
        'a scenario has at most 20000 lines; this one 20001',
      );
    expect(complaintOf(() => parse(`lab counter\n#${'x'.repeat(LIMITS.text)}`))).toBe(
      'a scenario has at most 1000000 characters; this one 1000013',
    );
    const branches = Array.from({ length: 51 }, (_, i) => `branch b${i} from 0`);
    expect(complaintOf(() => parse(['lab counter', ...branches].join('\n')))).toBe(
      'line 52, column 1: a scenario has at most 50 branches',
    );
  });

  test('no zero has a sign', () => {
    expect(Object.is(parse('lab counter\nset ratio -0').setup.settings.ratio, 0)).toBe(true);
    expect(Object.is(parse('seed -0\nlab counter').setup.seed, 0)).toBe(true);
  });

  test('a header that is printed is read as the same setup', () => {
    const setup = fc.record({
      seed: fc.maxSafeNat(),
      limit: fc.integer({ min: 1, max: 4e9 }),
      ratio: fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000),
      loud: fc.boolean(),
      mood: fc.constantFrom('calm', 'wild'),
      note: fc.string({ maxLength: 50 }),
      sabotage: fc.subarray(['miscount']),
      title: fc.string({ maxLength: 50 }),
      file: fc.option(fc.string(), { nil: undefined }),
    });
    fc.assert(
      fc.property(setup, ({ seed, sabotage, title, file, ...settings }) => {
        const given = {
          lab: 'counter',
          seed,
          sabotage,
          settings: { ...settings, even: 2 },
          ...(file !== undefined && { file: { name: file, sha256: 'a1'.repeat(32), size: 7 } }),
        };
        const prose = ['One.', 'Two two.'];
        const lines = headerOf(labs[0] as Lab, given, { title, prose, at: '3.4' });
        const again = parse(lines.join('\n'));
        expect(again.setup).toEqual(given);
        expect([again.title, again.prose, again.at]).toEqual([
          title,
          prose,
          { command: 3, step: 4 },
        ]);
      }),
    );
  });

  test('a value that is printed is read as the same value', () => {
    for (const setting of counter.settings) {
      const value = setting.default;
      const [word] = wordsOf(settingWord(value));
      expect(settingValue(setting, word?.text ?? '')).toBe(value);
    }
  });
});
