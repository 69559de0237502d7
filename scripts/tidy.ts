/**
 * What must hold of the sources themselves: which room may import which, what an engine may not call,
 * what nobody reaches. Each rule takes the sources as a map from path to text and gives its
 * complaints, a line each, with the remedy; scripts/tidy.test.ts runs them, and tries each of them on
 * a small bad sample first.
 *
 * Imports and calls are found in the syntax tree (Vite's own parser), not by looking for words, so a
 * comment or a string cannot trip a rule, nor hide a call from it.
 */
import { posix } from 'node:path';
import { parseSync } from 'vite';

/**
 * The arrows: a room, and what it may import beside itself. `type X` allows only types of X; a longer
 * name allows more than its room's (`engine` is all of it). `lens` is every reader of raw bytes that
 * engine and picture share (LENS below). ARCHITECTURE.md says why; change both together.
 */
export const ARROWS: Record<string, readonly string[]> = {
  'engine/base': [],
  'engine/disk': ['engine/base'],
  'engine/btree': ['engine/base', 'engine/disk'],
  'engine/lsm': ['engine/base', 'engine/disk'],
  'engine/sim': ['engine/base', 'engine/disk'],
  'engine/protocols': ['engine/base', 'engine/sim'],
  'engine/check': ['engine/base'],
  'engine/run': ['engine/base', 'engine/disk'],
  'engine/labs': ['engine'],
  // worker.ts and cli.ts, where the world outside arrives.
  engine: ['engine'],
  'app/scene': ['lens', 'type engine', 'type app/player'],
  'app/draw': ['app/scene'],
  'app/player': [
    'app/scene',
    'app/draw',
    'app/shelf',
    'lens',
    'engine/base',
    'engine/run',
    'type engine',
  ],
  'app/labs': ['app/scene', 'app/player', 'lens', 'engine/base', 'type engine'],
  'app/panels': [
    'app/scene',
    'app/draw',
    'app/player',
    'app/labs',
    'lens',
    'engine/base',
    'type engine',
  ],
  'app/compare': ['app/scene', 'app/player', 'app/panels', 'type engine'],
  'app/lessons': [
    'app/scene',
    'app/player',
    'app/labs',
    'app/panels',
    'lens',
    'engine/base',
    'type engine',
  ],
  'app/shelf': ['engine/base', 'engine/btree', 'engine/run', 'type engine'],
  'app/shell': ['app', 'engine/base', 'engine/run', 'type engine'],
};
/** Readers of bytes that engine and page share; of the disk, what an image is and how one is patched. */
const LENS =
  /^engine\/[a-z]+\/(image|patch|header|page|record|varint|block|format|events|key|log|batch|skiplist|filter|table|snappy|[a-z-]*lens)\.ts$/;

/** Rooms that import no package at all; a test may. */
const WITHOUT_PACKAGES = /^(engine|app\/scene)(\/|$)/;
/** The two places of engine/ where the outside arrives: clock and files are theirs to pass in. */
const OUTSIDE = new Set(['engine/worker.ts', 'engine/cli.ts']);
/** What is run from outside and so needs nobody to import it. */
const ENTRY =
  /^(engine\/worker\.ts|engine\/cli\.ts|app\/shell\/main\.tsx|scripts\/.*|build\/.*|e2e\/.*|[^/]+\.ts|.*\.test\.tsx?)$/;

export type Sources = ReadonlyMap<string, string>;
type Node = { type: string; start: number; [field: string]: unknown };
type Import = { from: string; typeOnly: boolean; line: number };

/** A test, or what only tests use. */
const isTest = (path: string) => /\.test(ing)?\.tsx?$/.test(path);
const isCode = (path: string) => /\.(tsx?|mjs|js)$/.test(path) && !path.endsWith('.d.ts');

/** `engine/btree/page.ts` is in the room `engine/btree`, `engine/cli.ts` in `engine`. */
const roomOf = (path: string) => path.split('/').slice(0, -1).slice(0, 2).join('/');

const parsed = new Map<string, ReturnType<typeof parse>>();
/** Parsed once a text: several rules ask for the same. */
function syntax(path: string, text: string) {
  const key = `${path}\0${text}`;
  let known = parsed.get(key);
  if (!known) {
    known = parse(path, text);
    parsed.set(key, known);
  }
  return known;
}

function parse(path: string, text: string) {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const nodes: Node[] = [];
  const visit = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value !== null && typeof value === 'object') {
      if ('type' in value && typeof value.type === 'string') nodes.push(value as Node);
      Object.values(value).forEach(visit);
    }
  };
  visit(program.body);
  return { nodes, comments, firstCode: program.body[0]?.start ?? text.length };
}

const lineOf = (text: string, at: number) => text.slice(0, at).split('\n').length;
const field = (node: unknown, name: string) =>
  (node as Node | undefined)?.[name] as Node | undefined;
const literal = (node: Node | undefined) =>
  typeof node?.value === 'string' ? node.value : undefined;
/** `Date.now` as text, `f` for a plain name; of a longer chain the last two names. */
function nameOf(node: Node | undefined): string {
  if (node?.type === 'Identifier') return String(node.name);
  if (node?.type !== 'MemberExpression') return '';
  const property = field(node, 'property');
  const last = property?.type === 'Identifier' ? String(property.name) : (literal(property) ?? '');
  const object = nameOf(field(node, 'object')).split('.').at(-1);
  return `${object}.${last}`;
}

/** Everything that a file names as another module: imports, re-exports, import(), new URL(), globs. */
function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const { nodes } = syntax(path, text);
  for (const node of nodes) {
    const add = (from: string | undefined, typeOnly = false) => {
      if (from !== undefined) found.push({ from, typeOnly, line: lineOf(text, node.start) });
    };
    const typed = (list: unknown, kind: string) =>
      Array.isArray(list) && list.length > 0 && list.every((item) => item[kind] === 'type');
    if (node.type === 'ImportDeclaration')
      add(
        literal(field(node, 'source')),
        node.importKind === 'type' || typed(node.specifiers, 'importKind'),
      );
    else if (node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration')
      add(
        literal(field(node, 'source')),
        node.exportKind === 'type' || typed(node.specifiers, 'exportKind'),
      );
    else if (node.type === 'ImportExpression') add(literal(field(node, 'source')));
    else if (node.type === 'TSImportType')
      add(
        literal(field(node, 'source')) ?? literal(field(field(node, 'argument'), 'literal')),
        true,
      );
    else if (node.type === 'NewExpression' && nameOf(field(node, 'callee')) === 'URL') {
      const [target, base] = node.arguments as unknown as Node[];
      if (nameOf(base) === '.url') add(literal(target));
    } else if (node.type === 'CallExpression' && nameOf(field(node, 'callee')) === '.glob') {
      const [patterns] = node.arguments as unknown as Node[];
      const list =
        patterns?.type === 'ArrayExpression'
          ? (patterns.elements as unknown as Node[])
          : [patterns];
      for (const pattern of list) add(literal(pattern));
    }
  }
  return found;
}

/** The path that an import means, seen from the file it stands in; undefined for a package. */
function target(path: string, from: string): string | undefined {
  const bare = from.replace(/\?.*$/, '');
  if (bare.startsWith('/')) return bare.slice(1);
  return bare.startsWith('.') ? posix.join(posix.dirname(path), bare) : undefined;
}

/** A file read as text or opened as a worker is not imported: none of its code runs here. */
const isOnlyNamed = (from: string) =>
  /\?(raw|url)$/.test(from) || from.endsWith('/engine/worker.ts');

function arrows(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [path, text] of sources) {
    const room = roomOf(path);
    if (!/^(engine|app)(\/|$)/.test(room) || !isCode(path)) continue;
    const allowed = ARROWS[room];
    if (!allowed) {
      complaints.push(
        `${path}: the room ${room} is not in ARROWS (scripts/tidy.ts); add it there and in ARCHITECTURE.md`,
      );
      continue;
    }
    for (const { from, typeOnly, line } of importsOf(path, text)) {
      const to = target(path, from);
      if (to === undefined) {
        if (
          WITHOUT_PACKAGES.test(room) &&
          !isTest(path) &&
          !(OUTSIDE.has(path) && /^(node|virtual):/.test(from))
        )
          complaints.push(
            `${path}:${line}: ${room} imports no package, and ${from} is one; do it in a room of app/ that may, or pass it in`,
          );
        continue;
      }
      const there = roomOf(to);
      if (there === room || isOnlyNamed(from)) continue;
      // A test may lean on anything of its own half of the house, and on what the outside calls.
      if (isTest(path) && (to === 'package.json' || there === 'scripts')) continue;
      if (isTest(path) && `${to}/`.startsWith(`${path.split('/')[0]}/`)) continue;
      const reaches = (name: string) => there === name || there.startsWith(`${name}/`);
      const permitted = (isTest(path) ? [...allowed, 'engine'] : allowed).some((entry) => {
        if (entry === 'lens') return LENS.test(to);
        return entry.startsWith('type ') ? typeOnly && reaches(entry.slice(5)) : reaches(entry);
      });
      if (permitted && !(path.startsWith('engine/') && to.startsWith('app/'))) continue;
      const may = allowed.length > 0 ? allowed.join(', ') : 'nothing';
      complaints.push(
        `${path}:${line}: ${room} may not import ${to}; beside itself it may: ${may}. Move what is shared down into one of those, or pass it in`,
      );
    }
  }
  return complaints;
}

/** What would make two runs of one script differ. */
const UNREPEATABLE =
  /^(Date\.now|Math\.random|(performance|window|document|navigator|globalThis|self|crypto|process)\..*|setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame|fetch)$/;

function purity(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [path, text] of sources) {
    if (!path.startsWith('engine/') || !isCode(path) || isTest(path) || OUTSIDE.has(path)) continue;
    const { nodes } = syntax(path, text);
    // A name of the file's own hides the world's: an MVCC `window` is no browser window.
    const own = new Set<string>();
    for (const node of nodes) {
      if (node.type === 'VariableDeclarator') own.add(nameOf(field(node, 'id')));
      if (Array.isArray(node.params)) for (const param of node.params) own.add(nameOf(param));
      if (node.type === 'FunctionDeclaration') own.add(nameOf(field(node, 'id')));
      if (node.type === 'ImportSpecifier') own.add(nameOf(field(node, 'local')));
    }
    for (const node of nodes) {
      let name = '';
      if (node.type === 'MemberExpression') name = nameOf(node);
      if (node.type === 'CallExpression' && field(node, 'callee')?.type === 'Identifier')
        name = nameOf(field(node, 'callee'));
      if (node.type === 'NewExpression' && nameOf(field(node, 'callee')) === 'Date')
        name = 'Date.now';
      if (!UNREPEATABLE.test(name) || own.has(name.split('.')[0] ?? '')) continue;
      complaints.push(
        `${path}:${lineOf(text, node.start)}: an engine does not use ${node.type === 'NewExpression' ? 'new Date' : name}: a run must repeat byte for byte. Take time, chance and the outside as arguments (the world's clock and dice), or do it in worker.ts or cli.ts`,
      );
    }
  }
  return complaints;
}

/** What turns text into markup or code. Nothing that a link, a file or a person brings may get there. */
const MARKUP =
  /\.(innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|html|write|createContextualFragment|srcdoc)$/;

function injection(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [path, text] of sources) {
    if (!/^(app|engine)\//.test(path) || !isCode(path)) continue;
    for (const node of syntax(path, text).nodes) {
      const line = lineOf(text, node.start);
      if (
        node.type === 'JSXAttribute' &&
        ['dangerouslySetInnerHTML', 'srcDoc'].includes(String(field(node, 'name')?.name))
      )
        complaints.push(
          `${path}:${line}: no ${field(node, 'name')?.name}; give React the text as a child`,
        );
      const called = node.type === 'CallExpression' ? nameOf(field(node, 'callee')) : '';
      const assigned = node.type === 'AssignmentExpression' ? nameOf(field(node, 'left')) : '';
      const isWrite = called.endsWith('.write') && called !== 'document.write';
      if ((MARKUP.test(called) && !isWrite) || /\.(innerHTML|outerHTML|srcdoc)$/.test(assigned))
        complaints.push(
          `${path}:${line}: no ${called || assigned}; set text (textContent, d3's .text) or create elements`,
        );
      const made = node.type === 'NewExpression' ? nameOf(field(node, 'callee')) : called;
      if (made === 'eval' || made === 'Function')
        complaints.push(`${path}:${line}: no ${made}: nothing is evaluated; parse it`);
    }
  }
  return complaints;
}

/** `./scripts/*.txt`, `**` and `{a,b}` as a regular expression: what Vite's globs are made of here. */
function globToRegExp(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\{([^}]*)\}/g, (_, list: string) => `(${list.replaceAll(',', '|')})`)
    .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(.*/)?'));
  return new RegExp(`^${pattern}$`);
}

function unreached(sources: Sources): string[] {
  const reached = new Set([...sources.keys()].filter((path) => ENTRY.test(path)));
  for (const path of reached) {
    const text = sources.get(path);
    if (text === undefined) continue;
    const named = isCode(path)
      ? importsOf(path, text).map(({ from }) => from)
      : [...text.matchAll(/@import\s+(?:url\()?["']([^"']+)/g)].map((match) => match[1] ?? '');
    for (const from of named) {
      const to = target(path, from);
      if (to === undefined) continue;
      if (!to.includes('*')) reached.add(to);
      else for (const other of sources.keys()) if (globToRegExp(to).test(other)) reached.add(other);
    }
  }
  return [...sources.keys()]
    .filter((path) => /^(engine|app)\/.*\.(tsx?|css)$/.test(path) && !path.endsWith('.d.ts'))
    .filter((path) => !reached.has(path))
    .map(
      (path) =>
        `${path}: nothing reaches it from the page, the worker, the command line or a test; use it or delete it`,
    );
}

/** In two halves, so that this line is not its own first catch. */
const LEFTOVER = new RegExp(`\\b(${['FIX' + 'ME', 'TO' + 'DO', 'XX' + 'X'].join('|')})\\b`);

function leftovers(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [path, text] of sources) {
    text.split('\n').forEach((content, at) => {
      const word = LEFTOVER.exec(content)?.[0];
      if (word)
        complaints.push(
          `${path}:${at + 1}: a ${word} is left; do it now, or say in an issue that it is to be done`,
        );
    });
    if (!isCode(path)) continue;
    for (const node of syntax(path, text).nodes) {
      const called = node.type === 'CallExpression' ? nameOf(field(node, 'callee')) : '';
      // Playwright's skip on a condition says why; one around a test's name hides the test for good.
      const named = literal((node.arguments as Node[] | undefined)?.[0]) !== undefined;
      if (/^(it|test|describe)\.(only|skip)$/.test(called) && named)
        complaints.push(
          `${path}:${lineOf(text, node.start)}: ${called} leaves tests out; run one by its name instead (vitest -t, playwright -g)`,
        );
    }
  }
  return complaints;
}

function headers(sources: Sources): string[] {
  const complaints: string[] = [];
  for (const [path, text] of sources) {
    if (!/^(engine|app)\/.*\.tsx?$/.test(path) || isTest(path)) continue;
    const { comments, firstCode } = syntax(path, text);
    const words = comments
      .filter(
        ({ start, value }) => start < firstCode && !/^\/?\s*(<reference|biome-ignore)/.test(value),
      )
      .map(({ value }) => value.replace(/[*/\s]+/g, ' ').trim())
      .join(' ');
    if (words.length < 20)
      complaints.push(
        `${path}:1: begins with no comment that says what the file is for; begin with one`,
      );
  }
  return complaints;
}

export const RULES: Record<string, (sources: Sources) => string[]> = {
  arrows,
  purity,
  injection,
  unreached,
  leftovers,
  headers,
};
