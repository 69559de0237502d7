// The words of a line: read, and written back. What they mean is said in scenario.ts.
//
//   put 25 "Mariana \"deep\"" x'00ff'  # a comment        ─▶  put · 25 · Mariana "deep" · 00ff

import { Complaint } from '../base/assert.ts';
import { bytesOfHex } from '../base/bytes.ts';
import type { Word } from './lab.ts';

/** Splits a line into words; a comment ends it. Throws a Complaint with the column. */
export function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    const c = line[at] as string;
    if (c === ' ' || c === '\t' || c === '\r') {
      at++;
      continue;
    }
    if (c === '#') break;
    const column = at + 1;
    if (c === '"') {
      const [text, end] = quoted(line, at);
      words.push({ text, form: 'quoted', column });
      at = end;
    } else if ((c === 'x' || c === 'X') && line[at + 1] === "'") {
      const end = line.indexOf("'", at + 2);
      if (end < 0) throw new Complaint("x' has no closing '", { column });
      const text = line.slice(at + 2, end);
      if (!bytesOfHex(text))
        throw new Complaint(`x'${short(text)}' is no even number of hexadecimal digits`, {
          column,
        });
      words.push({ text, form: 'bytes', column });
      at = end + 1;
    } else {
      let end = at;
      while (end < line.length && !' \t\r"'.includes(line[end] as string)) end++;
      words.push({ text: line.slice(at, end), form: 'bare', column });
      at = end;
    }
  }
  return words;
}

function quoted(line: string, start: number): [string, number] {
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    const c = line[at] as string;
    if (c === '"') return [text, at + 1];
    if (c !== '\\') {
      text += c;
      continue;
    }
    const mark = line[at + 1];
    if (mark === 'n') text += '\n';
    else if (mark === '"' || mark === '\\') text += mark;
    else if (mark === 'u') {
      const found = /^\{([0-9a-fA-F]{1,6})\}/.exec(line.slice(at + 2));
      const code = found ? Number.parseInt(found[1] as string, 16) : -1;
      if (!found || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        throw new Complaint('\\u wants a code point in braces, as in \\u{1F30A}', {
          column: at + 1,
        });
      text += String.fromCodePoint(code);
      at += found[0].length;
    } else
      throw new Complaint(`\\${mark ?? ''} is no escape; expected \\" \\\\ \\n or \\u{…}`, {
        column: at + 1,
      });
    at++;
  }
  throw new Complaint('the quotation has no closing "', { column: start + 1 });
}

/** A text as a word of a line: bare where that is the same, quoted where it must be. */
export function wordOf(text: string): string {
  if (/^[\p{L}\p{N}_.:+~-]+$/u.test(text)) return text;
  return quote(text);
}

export function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
  const escaped = text.replace(/["\\\n\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) =>
    c === '\n'
      ? '\\n'
      : c === '"' || c === '\\'
        ? `\\${c}`
        : `\\u{${c.charCodeAt(0).toString(16)}}`,
  );
  return `"${escaped}"`;
}

export function wholeNumber(word: Word, min: number, max: number, what: string): number {
  const value = Number(word.text);
  if (!/^-?\d{1,16}$/.test(word.text) || value < min || value > max)
    throw new Complaint(
      `${what} is a whole number from ${min} to ${max}; found ${short(word.text)}`,
      { column: word.column },
    );
  return value + 0; // no -0
}

/** What a stranger wrote, short enough for one line. */
export function short(text: string): string {
  const clean = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ');
  return clean.length > 40 ? `${clean.slice(0, 39)}…` : clean || '""';
}
