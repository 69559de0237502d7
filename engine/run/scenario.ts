// The scenario text: what a person types, a link carries, a golden test records and the command
// line runs. UTF-8, a command a line, `# comment`.
//
//   # A page splits when a cell finds no room.          the comments on top are its prose
//   lab btree                                           header lines, in any order
//   title "A page splits"
//   set max-cells 4
//   at 13.4                                             the moment to open at: 4th of command 13;
//                                                       of a branch: at 13.4 on crash
//   put 25 "Mariana"                                    commands, numbered from 1
//   commit
//   branch crash from 1                                 shares commands 1..1, then goes its own way
//   crash
//   compare main crash
//   ---                                                 in golden scripts: what was recorded, below
//
// Quoted strings take \" \\ \n and \u{…}; x'…' gives bytes; a bare word is text. A text comes from
// strangers: it is split into words and checked, never evaluated.

import { assert, Complaint } from '../base/assert.ts';
import { fileLine, readFile } from './file.ts';
import type { ForeignFile, Lab, Setting, SettingValue, Setup, Word } from './lab.ts';
import { quote, short, wholeNumber, wordOf, wordsOf } from './words.ts';

export { quote, short, wholeNumber, wordOf, wordsOf };

export const LIMITS = {
  lines: 20_000,
  /** Characters of a whole scenario. */
  text: 1_000_000,
  title: 200,
  branches: 50,
  name: 60,
} as const;

export interface Line {
  readonly text: string;
  /** Line of the text, from 1. */
  readonly line: number;
  readonly words: readonly Word[];
}

export interface BranchText {
  readonly name: string;
  /** The branch it leaves (main unless said), and the last command that both share; 0: none. */
  readonly parent: string;
  readonly from: number;
  readonly commands: readonly Line[];
}

export interface MomentName {
  readonly command: number;
  readonly step: number;
  /** `at 13.4 on crash`: of that branch, not of main. */
  readonly branch?: string;
}

export interface Scenario {
  readonly setup: Setup;
  readonly title: string;
  readonly prose: readonly string[];
  readonly at: MomentName | undefined;
  readonly commands: readonly Line[];
  readonly branches: readonly BranchText[];
  readonly compare: readonly [string, string] | undefined;
}

const HEADERS = ['lab', 'title', 'seed', 'set', 'sabotage', 'file', 'at'];
/** Those that may stand more than once. */
const REPEATED = ['set', 'sabotage'];

/** A line of a command without the comment that ends it. */
export function withoutComment(line: string): string {
  return (/^(?:\s+|"(?:[^"\\]|\\.)*"|[xX]'[^']*'|[^\s"#][^\s"]*)*/.exec(line)?.[0] ?? '').trim();
}

/** Reads and checks a whole scenario: header, settings, and every command against its lab. */
/** `known`: the names of all labs there are, where `labs` are only those at hand. */
export function parseScenario(
  text: string,
  labs: readonly Lab[],
  known: readonly string[] = labs.map(({ name }) => name),
): Scenario {
  if (text.length > LIMITS.text)
    throw new Complaint(
      `a scenario has at most ${LIMITS.text} characters; this one ${text.length}`,
    );
  const source = text.replace(/^\ufeff/, '').split('\n');
  const end = source.findIndex((line) => line.trimEnd() === '---');
  const lines = end < 0 ? source : source.slice(0, end);
  const count = lines.length - (lines.at(-1) === '' ? 1 : 0);
  if (count > LIMITS.lines)
    throw new Complaint(`a scenario has at most ${LIMITS.lines} lines; this one ${count}`);

  let lab: Lab | undefined;
  let title = '';
  let seed = 1;
  let file: ForeignFile | undefined;
  let at: MomentName | undefined;
  let compare: [string, string] | undefined;
  const prose: string[] = [];
  let paragraph: string[] = [];
  const sets: { words: readonly Word[]; line: number }[] = [];
  const sabotage: { word: Word; line: number }[] = [];
  const commands: Line[] = [];
  const branches: (Omit<BranchText, 'commands'> & { commands: Line[] })[] = [];
  const headers = new Set<string>();
  let began = false;

  lines.forEach((raw, index) => {
    const line = index + 1;
    try {
      const trimmed = raw.trim();
      if (!began && !lab && (trimmed.startsWith('#') || trimmed === '')) {
        const said = trimmed.replace(/^#+\s?/, '');
        if (said) paragraph.push(said);
        else if (paragraph.length) {
          prose.push(paragraph.join(' '));
          paragraph = [];
        }
        return;
      }
      const words = wordsOf(raw);
      const first = words[0];
      if (!first) return;
      if (first.form === 'bare' && HEADERS.includes(first.text)) {
        if (began)
          throw new Complaint(`${first.text} belongs above the first command`, {
            column: first.column,
          });
        if (headers.has(first.text) && !REPEATED.includes(first.text))
          throw new Complaint(`${first.text} was said above; expected it once`, {
            column: first.column,
          });
        headers.add(first.text);
        const [, a, b, c] = words;
        switch (first.text) {
          case 'lab':
            exactly(words, 2, 'lab NAME');
            lab = labs.find(({ name }) => name === a?.text);
            if (!lab)
              throw new Complaint(
                `there is no lab ${short(a?.text ?? '')}; expected ${known.join(', ')}`,
                { column: a?.column ?? 1 },
              );
            return;
          case 'title':
            exactly(words, 2, 'title "…"');
            if ((a as Word).text.length > LIMITS.title)
              throw new Complaint(`a title has at most ${LIMITS.title} characters`, {
                column: (a as Word).column,
              });
            title = (a as Word).text;
            return;
          case 'seed':
            exactly(words, 2, 'seed N');
            seed = wholeNumber(a as Word, 0, Number.MAX_SAFE_INTEGER, 'a seed');
            return;
          case 'set':
            exactly(words, 3, 'set KEY VALUE');
            sets.push({ words, line });
            return;
          case 'sabotage':
            exactly(words, 2, 'sabotage NAME');
            sabotage.push({ word: a as Word, line });
            return;
          case 'file':
            file = readFile(words);
            return;
          default:
            if (words.length === 4 && b?.text === 'on')
              at = { ...momentName(a as Word), branch: (c as Word).text };
            else {
              exactly(words, 2, 'at C.M, or at C.M on BRANCH');
              at = momentName(a as Word);
            }
            return;
        }
      }
      if (!lab)
        throw new Complaint(
          `expected lab NAME before the first command, found ${short(first.text)}`,
          {
            column: first.column,
          },
        );
      began = true;
      if (first.form === 'bare' && first.text === 'branch') {
        branches.push(branchOf(words, commands, branches));
        return;
      }
      if (first.form === 'bare' && first.text === 'compare') {
        exactly(words, 3, 'compare A B');
        for (const word of words.slice(1))
          if (word.text !== 'main' && !branches.some(({ name }) => name === word.text))
            throw new Complaint(`there is no branch ${short(word.text)}`, { column: word.column });
        compare = [(words[1] as Word).text, (words[2] as Word).text];
        return;
      }
      (branches.at(-1)?.commands ?? commands).push({ text: raw.trim(), line, words });
    } catch (thrown) {
      throw thrown instanceof Complaint ? thrown.at({ line }) : thrown;
    }
  });
  if (paragraph.length) prose.push(paragraph.join(' '));
  if (!lab) throw new Complaint('expected a line lab NAME, found none', { line: lines.length });
  const setup = setupOf(lab, seed, sets, sabotage, file);
  for (const { words, line } of [commands, ...branches.map(({ commands }) => commands)].flat())
    parseCommand(lab, words, setup, line);
  return { setup, title, prose, at, commands, branches, compare };
}

/** The lab that a scenario names, before anything else of it is read; parseScenario complains of what is wrong. */
export function labNamedIn(text: string): string | undefined {
  const line = /^[ \t]*lab[ \t][^\n]*/m.exec(text.slice(0, LIMITS.text))?.[0];
  try {
    return line === undefined ? undefined : wordsOf(line)[1]?.text;
  } catch {
    return undefined;
  }
}

/** One command of a lab, with its line in any complaint. */
export function parseCommand<C>(
  lab: Lab<unknown, C>,
  words: readonly Word[],
  setup: Setup,
  line?: number,
): C {
  const first = words[0];
  assert(first, 'a command has a first word');
  const place = line === undefined ? {} : { line };
  if (first.form !== 'bare' || !lab.commands.some(({ name }) => name === first.text)) {
    if (HEADERS.includes(first.text))
      throw new Complaint(
        `${first.text} belongs above the first command; in an open lab it is among the settings`,
        { ...place, column: first.column },
      );
    const near = lab.commands.find(({ name }) => name[0] === first.text[0]?.toLowerCase());
    throw new Complaint(
      `${short(first.text)} is no command of ${lab.name}; expected ${lab.commands.map(({ name }) => name).join(', ')}${near ? ` (perhaps ${near.usage})` : ''}`,
      { ...place, column: first.column },
    );
  }
  try {
    return lab.parse(words, setup);
  } catch (thrown) {
    throw thrown instanceof Complaint ? thrown.at(place) : thrown;
  }
}

function setupOf(
  lab: Lab,
  seed: number,
  sets: readonly { words: readonly Word[]; line: number }[],
  sabotage: readonly { word: Word; line: number }[],
  file: ForeignFile | undefined,
): Setup {
  const settings: Record<string, SettingValue> = {};
  for (const { name, default: value } of lab.settings) settings[name] = value;
  for (const { words, line } of sets) {
    const [, key, value] = words as [Word, Word, Word];
    const setting = lab.settings.find(({ name }) => name === key.text);
    if (!setting)
      throw new Complaint(
        `${lab.name} has no setting ${short(key.text)}; expected ${lab.settings.map(({ name }) => name).join(', ')}`,
        { line, column: key.column },
      );
    settings[key.text] = settingValue(setting, value.text, { line, column: value.column });
  }
  for (const { word, line } of sabotage)
    if (!lab.sabotage.some(({ name }) => name === word.text))
      throw new Complaint(
        `${lab.name} has no sabotage ${short(word.text)}${lab.sabotage.length ? `; expected ${lab.sabotage.map(({ name }) => name).join(', ')}` : ''}`,
        { line, column: word.column },
      );
  return {
    lab: lab.name,
    seed,
    settings,
    sabotage: [...new Set(sabotage.map(({ word }) => word.text))].sort(),
    ...(file && { file }),
  };
}

/** A setting's value from text, checked; the complaint says what was expected. */
export function settingValue(
  setting: Setting,
  text: string,
  place: { line?: number; column?: number } = {},
): SettingValue {
  const refuse = (expected: string) => {
    throw new Complaint(`${setting.name} is ${expected}; found ${short(text)}`, place);
  };
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = setting;
  if (setting.type === 'switch') {
    if (text !== 'on' && text !== 'off') refuse('on or off');
    return text === 'on';
  }
  if (setting.type === 'choice') {
    if (!setting.values?.includes(text)) refuse(`one of ${setting.values?.join(', ')}`);
    return text;
  }
  if (setting.type === 'text') {
    if (text.length > LIMITS.title) refuse(`a text of at most ${LIMITS.title} characters`);
    if (setting.valid && !setting.valid(text)) refuse(setting.expected ?? 'another text');
    return text;
  }
  const value = Number(text);
  const whole = setting.type === 'integer';
  const expected =
    setting.expected ?? `a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`;
  const written = whole ? /^-?\d{1,16}$/ : /^-?(\d{1,16}|(?=\.))(\.\d{1,16})?(e-?\d{1,3})?$/i;
  if (!written.test(text) || !(value >= min && value <= max)) refuse(expected);
  if (setting.valid && !setting.valid(value)) refuse(expected);
  return value + 0; // no -0
}

function branchOf(
  words: readonly Word[],
  main: readonly Line[],
  branches: readonly (Omit<BranchText, 'commands'> & { commands: Line[] })[],
) {
  const [, name, from, count, of, parent] = words;
  const usage = 'branch NAME from C, or branch NAME from C of BRANCH';
  if (!name || from?.text !== 'from' || !count || (of && of.text !== 'of') || (of && !parent))
    throw new Complaint(`expected ${usage}`, { column: (from ?? name ?? words[0])?.column ?? 1 });
  if (words.length > (of ? 6 : 4)) throw new Complaint(`expected ${usage}`, { column: 1 });
  if (branches.length >= LIMITS.branches)
    throw new Complaint(`a scenario has at most ${LIMITS.branches} branches`, { column: 1 });
  if (name.text === 'main' || branches.some((branch) => branch.name === name.text))
    throw new Complaint(`there is a branch ${short(name.text)} already`, { column: name.column });
  if (!name.text || name.text.length > LIMITS.name)
    throw new Complaint(`a branch's name has 1 to ${LIMITS.name} characters`, {
      column: name.column,
    });
  const of_ = parent ? branches.find((branch) => branch.name === parent.text) : undefined;
  if (parent && parent.text !== 'main' && !of_)
    throw new Complaint(`there is no branch ${short(parent.text)} above`, {
      column: parent.column,
    });
  const length = of_ ? of_.from + of_.commands.length : main.length;
  return {
    name: name.text,
    parent: of_?.name ?? 'main',
    from: wholeNumber(count, 0, length, 'the last shared command'),
    commands: [] as Line[],
  };
}

export function momentName(word: Pick<Word, 'text' | 'column'>): MomentName {
  const found = /^(\d{1,7})\.(\d{1,9})$/.exec(word.text);
  if (!found)
    throw new Complaint(`a moment is C.M, as in 13.4; found ${short(word.text)}`, {
      column: word.column,
    });
  return { command: Number(found[1]), step: Number(found[2]) };
}

function exactly(words: readonly Word[], count: number, usage: string): void {
  const extra = words[count];
  if (words.length !== count)
    throw new Complaint(`expected ${usage}`, { column: (extra ?? words.at(-1))?.column ?? 1 });
}

/** The header lines of a setup: settings that differ from their defaults are said, in the lab's order. */
export function headerOf(
  lab: Lab,
  setup: Setup,
  rest: { title?: string; prose?: readonly string[]; at?: string | undefined } = {},
): string[] {
  return [
    ...(rest.prose ?? []).flatMap((said, i) => [...(i ? ['#'] : []), `# ${said}`]),
    `lab ${setup.lab}`,
    ...(rest.title ? [`title ${quote(rest.title)}`] : []),
    ...(setup.seed === 1 ? [] : [`seed ${setup.seed}`]),
    ...lab.settings
      .filter((setting) => setup.settings[setting.name] !== setting.default)
      .map(({ name }) => `set ${name} ${settingWord(setup.settings[name] as SettingValue)}`),
    ...setup.sabotage.map((name) => `sabotage ${name}`),
    ...(setup.file ? [fileLine(setup.file)] : []),
    ...(rest.at ? [`at ${rest.at}`] : []),
  ];
}

export const settingWord = (value: SettingValue): string =>
  typeof value === 'boolean' ? (value ? 'on' : 'off') : wordOf(String(value));
