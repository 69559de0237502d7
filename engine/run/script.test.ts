import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Complaint, sentenceOf } from '../base/assert.ts';
import { counter } from './counter.ts';
import type { Lab } from './lab.ts';
import { Script } from './script.ts';
import type { Work } from './timeline.ts';

const labs = [counter as unknown as Lab];
const scriptOf = (text: string) => new Script(`lab counter\n${text}`, labs).run();
const textsOf = (script: Script, name = 'main') =>
  script.timeline(name).commands.map(({ text }) => text);
function drain(work: Work): number {
  let slices = 0;
  while (!work.next().done) slices++;
  return slices;
}
const summary = (script: Script) =>
  script.names.map((name) => [
    name,
    script.parentOf(name),
    textsOf(script, name),
    script.timeline(name).digest(),
    script.timeline(name).length,
  ]);

describe('running', () => {
  test('a complaint in a run names the line', () => {
    let sentence = '';
    try {
      scriptOf('add 1\n\nadd 5000');
    } catch (thrown) {
      sentence = sentenceOf(thrown);
    }
    expect(sentence).toBe('line 4: 5001 is beyond the limit of 1000');
  });

  test('a scenario with a file asks for it', () => {
    expect(() => scriptOf(`file a.db ${'0'.repeat(64)} 3`)).toThrow(
      'this scenario needs the file a.db (3 bytes), which a link cannot carry',
    );
  });

  test('branches share their beginning, and a branch can leave a branch', () => {
    const script = scriptOf('add 1\nadd 2\nbranch b from 1\nadd 4\nbranch c from 2 of b\nshow');
    expect(textsOf(script, 'b')).toEqual(['add 1', 'add 4']);
    expect(textsOf(script, 'c')).toEqual(['add 1', 'add 4', 'show']);
    expect(script.timeline('c').commands.at(-1)?.result).toBe(5);
    expect(script.sharedWithParent('c')).toBe(2);
    expect(script.sharedWithParent('main')).toBe(0);
  });
});

describe('rewriting', () => {
  const texts = fc.array(
    fc.constantFrom('add 1', 'add 2 in 2', 'save', 'show', 'crash', 'add 7 # odd'),
    { maxLength: 8 },
  );

  test('any list by any other: as if it had been so from the beginning', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const script = scriptOf(before.join('\n'));
        const main = script.timeline('main');
        let same = 0;
        while (same < before.length && before[same] === after[same]) same++;
        drain(script.rewrite('main', after));
        const fresh = scriptOf(after.join('\n'));
        expect(summary(script)).toEqual(summary(fresh));
        if (same === before.length && after.length - same <= 1)
          expect(script.timeline('main')).toBe(main);
        for (let i = 0; i < same; i++)
          expect(script.timeline('main').commands[i]).toBe(main.commands[i]);
      }),
      { numRuns: 60 },
    );
  });

  test('is all or nothing', () => {
    const script = scriptOf('add 1\nsave');
    const before = summary(script);
    for (const bad of [
      ['add 1', 'save', 'add 2', 'add 9999'],
      ['add 1', 'save', 'add 2', 'nonsense'],
      ['add 1', 'save', 'add 9999'],
      ['add 9999'],
      ['add 1', 'add 2', 'add 9999 in 3'],
      ['add 1', 'two\nlines'],
      ['add "'],
    ]) {
      expect(() => drain(script.rewrite('main', bad))).toThrow(Complaint);
      expect(summary(script)).toEqual(before);
    }
    const work = script.rewrite('main', ['add 3', 'add 4 in 9', 'save']);
    work.next();
    work.next();
    work.return();
    expect(summary(script)).toEqual(before);
  });

  test('an empty line or a comment takes the line out; a long list comes in slices', () => {
    const script = scriptOf('add 1\nadd 2\nsave');
    drain(script.rewrite('main', ['add 1', '', '# gone', 'save']));
    expect(textsOf(script)).toEqual(['add 1', 'save']);
    const many = new Array<string>(300).fill('show');
    expect(drain(script.rewrite('main', many))).toBeGreaterThanOrEqual(300);
    expect(() => drain(script.rewrite('main', new Array<string>(20_001).fill('show')))).toThrow(
      '20000 lines',
    );
  });

  test("a parent's lines can change; the branch stays what it was", () => {
    const script = scriptOf('add 1\nadd 2\nsave\nbranch b from 2\nshow');
    drain(script.rewrite('main', ['add 1', 'add 3', 'save']));
    expect(textsOf(script, 'b')).toEqual(['add 1', 'add 2', 'show']);
    expect(script.sharedWithParent('b')).toBe(1);
  });
});

describe('branches', () => {
  test('grow, and are taken out again; those that left them keep what they have', () => {
    const script = scriptOf('add 1\nadd 2');
    drain(script.grow('b', 'main', 1, ['add 4']));
    drain(script.grow('c', 'b', 2, ['save', '']));
    expect(textsOf(script, 'c')).toEqual(['add 1', 'add 4', 'save']);
    expect(() => drain(script.grow('b', 'main', 0, []))).toThrow('there is a branch b already');
    expect(() => drain(script.grow('', 'main', 0, []))).toThrow('1 to 60');
    expect(() => drain(script.grow('d', 'nobody', 0, []))).toThrow('there is no branch nobody');
    expect(() => drain(script.grow('d', 'main', 0, ['add 5000']))).toThrow('beyond');
    expect(script.names).toEqual(['main', 'b', 'c']);
    expect(script.freeName('b')).toBe('b 2');
    script.remove('b');
    expect([script.names, script.parentOf('c')]).toEqual([['main', 'c'], 'main']);
    expect(textsOf(script, 'c')).toEqual(['add 1', 'add 4', 'save']);
    expect(() => script.remove('main')).toThrow('main cannot be removed');
    expect(() => script.remove('b')).toThrow('there is no branch b');
  });

  test('the first moment at which two differ', () => {
    const script = scriptOf(
      'add 1\nadd 2\nsave\nbranch same from 3\nbranch longer from 3\nshow\nbranch other from 1\nadd 3\nbranch twin from 1\nadd 2 # alike\nsave',
    );
    expect(script.difference('main', 'same')).toBeUndefined();
    expect(script.difference('main', 'longer')).toBe(6);
    // 0 opening · 1,2 add 1 · 3 the roll of the second add, alike · 4 the total
    expect(script.difference('main', 'other')).toBe(4);
    expect(script.difference('main', 'twin')).toBeUndefined();
  });
});

describe('as text', () => {
  const again = (script: Script, text = script.text()) => new Script(text, labs).run();

  test('reads as the same scenario', () => {
    const script = new Script(
      '# Why.\nlab counter\ntitle "A \\"b\\""\nseed 5\nset limit 50\nsabotage miscount\nadd 13 # unlucky\nadd 1\nbranch "what if" from 1\nsave\nbranch c from 2 of "what if"\ncrash\ncompare main "what if"\n',
      labs,
    ).run();
    const back = again(script);
    expect(summary(back)).toEqual(summary(script));
    expect(back.scenario.setup).toEqual(script.scenario.setup);
    expect([back.scenario.title, back.scenario.prose, back.scenario.compare]).toEqual([
      'A "b"',
      ['Why.'],
      ['main', 'what if'],
    ]);
    expect(back.text()).toBe(script.text());
    expect(again(script, script.text('2.1 on c')).scenario.at).toEqual({
      command: 2,
      step: 1,
      branch: 'c',
    });
    script.remove('what if');
    expect(again(script).scenario.compare).toBeUndefined();
  });

  test('cut at any command of any branch it still reads, and the other branches are whole', () => {
    const script = scriptOf(
      'add 1\nsave\nadd 2\nadd 3\nbranch b from 3\nsave\nshow\nbranch c from 4 of b\ncrash\nbranch d from 4\nshow',
    );
    for (const branch of script.names)
      for (let commands = 0; commands <= script.timeline(branch).commands.length; commands++) {
        const back = again(script, script.text(undefined, { branch, commands }));
        for (const name of script.names)
          expect(textsOf(back, name)).toEqual(
            name === branch ? textsOf(script, name).slice(0, commands) : textsOf(script, name),
          );
      }
  });
});
