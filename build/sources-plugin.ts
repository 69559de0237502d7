/**
 * The engine's own text for the *Source* tab, coloured at build time: no highlighter is shipped.
 *
 *   import { sources } from 'virtual:sources'
 *   sources['engine/btree/tree.ts']?.()   → Promise<SourceText>, a chunk of its own
 *
 * A function is found by the shape that the formatter gives it: it begins on a line that names it and
 * ends at the first closing brace on the same indentation.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { createCssVariablesTheme, createHighlighter } from 'shiki';
import type { Plugin } from 'vite';

const LIST = 'virtual:sources';
const ONE = 'virtual:source/';

/** A function in a file: lines from 1, inclusive; `doc` where its comment begins. */
export interface FunctionPlace {
  readonly doc: number;
  readonly from: number;
  readonly to: number;
}

const KEYWORDS = new Set(['if', 'for', 'while', 'switch', 'catch', 'return', 'function', 'else']);

const theme = createCssVariablesTheme({ name: 'css-variables', variablePrefix: '--shiki-' });

type Highlighter = Awaited<ReturnType<typeof createHighlighter>>;

export function functionsOf(text: string): Record<string, FunctionPlace> {
  const lines = text.split('\n');
  const found: Record<string, FunctionPlace> = {};
  lines.forEach((line, index) => {
    const match =
      /^(\s*)(?:export )?(?:default )?(?:async )?function\*? ?(\w+)/.exec(line) ??
      /^(\s*)(?:export )?const (\w+)(?:: [^=]+)? = (?:async )?(?:\(|\w+ =>|<)/.exec(line) ??
      /^( {2,4})(?:private |protected |static |override |async |get |set |\*)*(#?\w+)(?:<[^>]*>)?\(/.exec(
        line,
      );
    const name = match?.[2];
    if (!match || name === undefined || KEYWORDS.has(name) || name in found) return;
    const indent = match[1] ?? '';
    let to = index;
    if (!/;\s*$/.test(line) && !/\}\s*$/.test(line)) {
      // The first line at or left of the beginning's indentation that closes: `}`, `};`, `},`.
      to = lines.findIndex(
        (other, at) => at > index && other.startsWith(`${indent}}`) && /^\s*\}[;,)]*$/.test(other),
      );
      // An arrow over several lines without braces ends at its semicolon.
      const semicolon = lines.findIndex(
        (other, at) => at > index && /;$/.test(other) && /^\s*\S/.test(other),
      );
      if (to === -1) to = semicolon === -1 ? index : semicolon;
    } else if (indent !== '' && !/[{}]/.test(line)) return; // A call, not a method.
    let doc = index;
    while (doc > 0 && /^\s*(\/\/|\/\*\*|\*|\*\/)/.test(lines[doc - 1] ?? '')) doc--;
    found[name] = { doc: doc + 1, from: index + 1, to: to + 1 };
  });
  return found;
}

/** `var(--shiki-token-string-expression)` → `string-expression`. */
const classOf = (colour: string | undefined): string =>
  /--shiki-token-([\w-]+)/.exec(colour ?? '')?.[1] ?? '';

/** Lines of [class, text] pairs; an empty class is plain text. */
function tokenLines(highlighter: Highlighter, text: string): [string, string][][] {
  return highlighter
    .codeToTokensBase(text, { lang: 'typescript', theme, tokenizeTimeLimit: 0 })
    .map((line) => {
      const pairs: [string, string][] = [];
      for (const token of line) {
        const name = classOf(token.color);
        const last = pairs.at(-1);
        if (last && last[0] === name) last[1] += token.content;
        else pairs.push([name, token.content]);
      }
      return pairs;
    });
}

export function engineSources(folder: string): Plugin {
  let highlighter: Promise<Highlighter> | undefined;
  const files = () =>
    readdirSync(join(folder, 'engine'), { recursive: true, encoding: 'utf8' })
      .map((name) => `engine/${name.split(sep).join('/')}`)
      // The engines and the disk under them: what a moment can name as its source.
      .filter((name) => /^engine\/(?!base\/|run\/|labs\/)\w+\/\w[\w-]*\.ts$/.test(name))
      .sort();
  return {
    name: 'engine-sources',
    resolveId: {
      filter: { id: /^virtual:source/ },
      handler: (id) => (id === LIST || id.startsWith(ONE) ? `\0${id}` : undefined),
    },
    load: {
      filter: { id: /^\0virtual:source/ },
      async handler(id) {
        if (id === `\0${LIST}`) {
          const entries = files().map(
            (file) => `${JSON.stringify(file)}: () => import(${JSON.stringify(ONE + file)})`,
          );
          return `export const sources = {\n${entries.join(',\n')}\n};`;
        }
        const file = id.slice(`\0${ONE}`.length);
        this.addWatchFile(join(folder, file));
        highlighter ??= createHighlighter({
          themes: [theme],
          langs: ['typescript'],
        });
        const text = readFileSync(join(folder, file), 'utf8');
        const lines = tokenLines(await highlighter, text);
        return [
          `export const lines = ${JSON.stringify(lines)};`,
          `export const functions = ${JSON.stringify(functionsOf(text))};`,
        ].join('\n');
      },
    },
  };
}
