// The `file` line of a scenario: which database of the reader's it opens, and what lies beside it. A
// link carries names, hashes and sizes; the bytes stay with whoever has them.
//
//   file "ocean.sqlite" 9f86…0a08 68608                                     the database alone
//   file "ocean.sqlite" 9f86…0a08 68608 wal 60303ae2…3d4 32520              … with ocean.sqlite-wal
//   file "ocean.sqlite" 9f86…0a08 68608 journal fd61…eac 25088              … with ocean.sqlite-journal
//   file "ocean.sqlite" unhashed 209715200                                  open before it was hashed
//
// At most one wal and one journal, in this order. `unhashed` stands for a hash only as long as a large
// file is still being read: the page puts the hash there before a text or a link leaves it.

import { Complaint } from '../base/assert.ts';
import {
  COMPANIONS,
  type Companion,
  type Fingerprint,
  type ForeignFile,
  type Word,
} from './lab.ts';
import { short, wholeNumber, wordOf, wordsOf } from './words.ts';

const USAGE = 'file NAME SHA256 SIZE';
const BESIDE = 'wal SHA256 SIZE or journal SHA256 SIZE, once each and in this order';
const UNHASHED = 'unhashed';

/** Reads the words of a `file` line; throws a Complaint with the column. */
export function readFile(words: readonly Word[]): ForeignFile {
  const [, name, ...rest] = words;
  const end = words.at(-1) as Word;
  if (!name || rest.length < 2) throw new Complaint(`expected ${USAGE}`, { column: end.column });
  const file = { name: name.text, ...fingerprint(rest[0] as Word, rest[1] as Word) };
  const beside: Partial<Record<Companion, Fingerprint>> = {};
  let last = -1;
  for (let at = 2; at < rest.length; at += 3) {
    const [kind, hash, size] = rest.slice(at, at + 3) as [Word, Word?, Word?];
    const nth = COMPANIONS.indexOf(kind.text as Companion);
    if (nth <= last || !hash || !size)
      throw new Complaint(`expected ${BESIDE}; found ${short(kind.text)}`, { column: kind.column });
    beside[COMPANIONS[nth] as Companion] = fingerprint(hash, size);
    last = nth;
  }
  return last < 0 ? file : { ...file, beside };
}

function fingerprint(hash: Word, size: Word): Fingerprint {
  const bytes = wholeNumber(size, 0, Number.MAX_SAFE_INTEGER, 'a size');
  if (hash.text === UNHASHED) return { size: bytes };
  if (!/^[0-9a-f]{64}$/i.test(hash.text))
    throw new Complaint('a SHA-256 is 64 hexadecimal digits', { column: hash.column });
  return { sha256: hash.text.toLowerCase(), size: bytes };
}

/** The line: readFile(wordsOf(fileLine(file))) equals the file. */
export function fileLine(file: ForeignFile): string {
  const print = ({ sha256 = UNHASHED, size }: Fingerprint): string => `${sha256} ${size}`;
  const beside = COMPANIONS.flatMap((kind) => {
    const found = file.beside?.[kind];
    return found ? [` ${kind} ${print(found)}`] : [];
  });
  return `file ${wordOf(file.name)} ${print(file)}${beside.join('')}`;
}

/** The file that a whole text asks for, read without its lab; nothing where it asks for none. */
export function fileIn(text: string): ForeignFile | undefined {
  for (const line of text.slice(0, 100_000).split('\n')) {
    if (line.trimEnd() === '---') return undefined;
    if (/^\s*file\s/.test(line)) return readFile(wordsOf(line));
  }
  return undefined;
}

/** Why what was given is not what a scenario was made with: one sentence, or nothing. */
export function whyAnother(wanted: ForeignFile, given: ForeignFile): string | undefined {
  const differs = (name: string, made: Fingerprint, has: Fingerprint): string | undefined =>
    has.size !== made.size
      ? `${name} has ${has.size} bytes; the scenario was made with ${made.size}`
      : made.sha256 !== undefined && has.sha256 !== undefined && has.sha256 !== made.sha256
        ? `${name} is not the file that the scenario was made with: its hash differs`
        : undefined;
  const database = differs(given.name, wanted, given);
  if (database !== undefined) return database;
  for (const kind of COMPANIONS) {
    const made = wanted.beside?.[kind];
    const has = given.beside?.[kind];
    if (made && !has)
      return `the scenario was made with ${wanted.name}-${kind} beside the database: give both`;
    if (has && !made) return `the scenario was made without ${given.name}-${kind}: leave it out`;
    const found = made && has && differs(`${given.name}-${kind}`, made, has);
    if (found !== undefined) return found;
  }
  return undefined;
}
