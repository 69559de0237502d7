// Reads a CREATE TABLE statement as far as rows need it: the columns in order, which one is the
// rowid by another name, in what order a WITHOUT ROWID table stores them, and their defaults.
//
//   CREATE TABLE t(a TEXT, id INTEGER PRIMARY KEY, b REAL DEFAULT 1.5)     id is the rowid
//   CREATE TABLE w(v, k TEXT, PRIMARY KEY(k)) WITHOUT ROWID                stored as k, v
//
// It is no parser of SQL: it splits into tokens, and definitions at their commas.

export interface DeclaredColumn {
  readonly name: string;
  /** Has REAL affinity: integers in it are read as doubles. */
  readonly isReal: boolean;
  /** Literal for rows that are older than the column, as quote() prints it. */
  readonly default?: string;
}

export interface CreateTable {
  readonly columns: readonly DeclaredColumn[];
  /** The column that is INTEGER PRIMARY KEY: its value is the rowid. */
  readonly rowidColumn: number | undefined;
  /** In a WITHOUT ROWID table: where in the record each column stands. */
  readonly storedOrder: readonly number[] | undefined;
}

interface Token {
  readonly text: string;
  /** Set for names in quotes and for literals, which are never keywords. */
  readonly quoted?: 'name' | 'text';
}

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|'((?:[^']|'')*)'|[\w.$\u0080-\uffff]+|./gu;

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const [text, double, back, bracket, literal] of sql.matchAll(TOKEN)) {
    if (/^\s|^--|^\/\*/.test(text)) continue;
    if (literal !== undefined) tokens.push({ text: literal.replaceAll("''", "'"), quoted: 'text' });
    else if (double ?? back ?? bracket) {
      const name = double?.replaceAll('""', '"') ?? back?.replaceAll('``', '`') ?? bracket ?? '';
      tokens.push({ text: name, quoted: 'name' });
    } else tokens.push({ text });
  }
  return tokens;
}

const says = (token: Token | undefined, word: string): boolean =>
  token !== undefined && !token.quoted && token.text.toUpperCase() === word;

const CONSTRAINTS = [
  'CONSTRAINT',
  'PRIMARY',
  'NOT',
  'NULL',
  'UNIQUE',
  'CHECK',
  'DEFAULT',
  'COLLATE',
];
const MORE_CONSTRAINTS = ['REFERENCES', 'GENERATED', 'AS'];
const TABLE_CONSTRAINTS = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'];

/** Undefined where the text is no CREATE TABLE with a list of columns. */
export function readCreateTable(sql: string): CreateTable | undefined {
  const tokens = tokensOf(sql);
  const start = tokens.findIndex((token) => says(token, '('));
  if (start < 0) return undefined;
  const definitions: Token[][] = [[]];
  let depth = 0;
  let at = start;
  for (; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if (says(token, '(') && depth++ === 0) continue;
    if (says(token, ')') && --depth === 0) break;
    if (says(token, ',') && depth === 1) definitions.push([]);
    else definitions.at(-1)?.push(token);
  }
  const withoutRowid = tokens
    .slice(at)
    .some((token, i, rest) => says(token, 'WITHOUT') && says(rest[i + 1], 'ROWID'));
  const columns: (DeclaredColumn & { readonly type: string })[] = [];
  let primary: string[] = [];
  let descending = false;
  for (const definition of definitions) {
    const [first, ...rest] = definition;
    if (!first) continue;
    const key = definition.findIndex(
      (token, i) => says(token, 'PRIMARY') && says(definition[i + 1], 'KEY'),
    );
    if (TABLE_CONSTRAINTS.some((word) => says(first, word))) {
      if (key >= 0) primary = namesIn(definition.slice(key + 2));
      continue;
    }
    if (key >= 0) {
      primary = [first.text];
      descending = says(definition[key + 2], 'DESC');
    }
    const end = rest.findIndex((token) =>
      [...CONSTRAINTS, ...MORE_CONSTRAINTS].some((word) => says(token, word)),
    );
    const type = (end < 0 ? rest : rest.slice(0, end))
      .map(({ text }) => text)
      .join(' ')
      .toUpperCase();
    const literal = defaultOf(rest);
    columns.push({
      name: first.text,
      type,
      isReal: !/INT|CHAR|CLOB|TEXT|BLOB/.test(type) && /REAL|FLOA|DOUB/.test(type),
      ...(literal !== undefined && { default: literal }),
    });
  }
  const indexOf = (name: string): number =>
    columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
  const keys = [...new Set(primary.map(indexOf))].filter((index) => index >= 0);
  const single = keys.length === 1 ? (keys[0] as number) : undefined;
  const isRowid =
    !withoutRowid && !descending && single !== undefined && columns[single]?.type === 'INTEGER';
  const stored = [...keys, ...columns.keys()].filter((index, i, all) => all.indexOf(index) === i);
  return {
    columns,
    rowidColumn: isRowid ? single : undefined,
    storedOrder: withoutRowid ? columns.map((_, index) => stored.indexOf(index)) : undefined,
  };
}

/** The column names in `( a, b COLLATE NOCASE DESC )`. */
function namesIn(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  let begins = false;
  for (const token of tokens) {
    if (says(token, ')')) break;
    if (says(token, '(') || says(token, ',')) begins = true;
    else if (begins) {
      names.push(token.text);
      begins = false;
    }
  }
  return names;
}

function defaultOf(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex((token) => says(token, 'DEFAULT'));
  if (at < 0) return undefined;
  const sign = says(tokens[at + 1], '-') || says(tokens[at + 1], '+') ? tokens[at + 1]?.text : '';
  const literal = tokens[at + (sign ? 2 : 1)];
  if (!literal) return undefined;
  if (literal.quoted) return `'${literal.text.replaceAll("'", "''")}'`;
  return /^[\d.]/.test(literal.text) ? `${sign === '-' ? '-' : ''}${literal.text}` : undefined;
}
