// The tidy test: the rules of scripts/tidy.ts over the real sources. A rule that cannot fire would
// pass for ever, so each is tried on small bad samples first, and on a good one beside them.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lockProblems } from './check-lock.mjs';
import { RULES, type Sources } from './tidy.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function readSources(): Sources {
  const sources = new Map<string, string>();
  const add = (file: string) =>
    sources.set(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8'));
  for (const room of ['engine', 'app', 'scripts', 'build', 'e2e'])
    for (const entry of readdirSync(join(root, room), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && /\.(tsx?|mjs|js|css)$/.test(entry.name))
        add(join(entry.parentPath, entry.name));
  for (const name of readdirSync(root)) if (/\.ts$/.test(name)) add(join(root, name));
  return sources;
}

const PURPOSE = '// A sample that says what it is for.\n';
// In two halves, so that the sample is not the project's own leftover.
const toDo = `TO${'DO'}`;
const fixMe = `FIX${'ME'}`;
const xxx = `XX${'X'}`;

/** A rule; what it must complain of, as the file's path, its text and a part of the complaint; and what it must let pass. */
const samples: Record<string, { bad: [string, string, RegExp][]; good: [string, string][] }> = {
  arrows: {
    bad: [
      [
        'engine/base/a.ts',
        "import { b } from '../disk/b.ts';",
        /engine\/base may not import engine\/disk\/b\.ts/,
      ],
      [
        'engine/disk/a.ts',
        "import type { B } from '../btree/b.ts';",
        /engine\/disk may not import/,
      ],
      ['engine/btree/a.ts', "export * from '../run/lab.ts';", /may: engine\/base, engine\/disk/],
      ['engine/run/a.ts', "const x = await import('../labs/index.ts');", /engine\/run may not/],
      ['engine/labs/a.ts', "import { x } from '../../app/scene/scene.ts';", /engine\/labs may not/],
      [
        'engine/run/a.test.ts',
        "import { x } from '../../app/scene/scene.ts';",
        /engine\/run may not/,
      ],
      ['engine/base/a.ts', "import { select } from 'd3';", /imports no package, and d3 is one/],
      ['engine/run/a.ts', "import { readFileSync } from 'node:fs';", /node:fs is one/],
      ['engine/worker.ts', "import { openDB } from 'idb';", /idb is one/],
      [
        'app/scene/a.ts',
        "import { insert } from '../../engine/btree/tree.ts';",
        /app\/scene may not/,
      ],
      ['app/scene/a.ts', "import { play } from '../player/player.ts';", /app\/scene may not/],
      ['app/draw/a.ts', "import type { E } from '../../engine/run/lab.ts';", /app\/draw may not/],
      ['app/player/a.ts', "import { L } from '../../engine/labs/index.ts';", /app\/player may not/],
      ['app/labs/b/a.ts', "import { open } from '../../shelf/shelf.ts';", /app\/labs may not/],
      [
        'app/labs/b/a.ts',
        "import { insert } from '../../../engine/btree/tree.ts';",
        /app\/labs may not/,
      ],
      ['app/panels/a.tsx', "import { open } from '../shelf/shelf.ts';", /app\/panels may not/],
      ['app/shelf/a.ts', "import { useX } from '../player/x.ts';", /app\/shelf may not/],
      ['app/panels/a.tsx', "type T = import('../shell/home.tsx').Home;", /app\/panels may not/],
      ['app/cellar/a.ts', 'export {};', /room app\/cellar is not in ARROWS/],
    ],
    good: [
      ['engine/labs/a.ts', "import { insert } from '../btree/tree.ts';"],
      [
        'engine/cli.ts',
        "import { readFileSync } from 'node:fs';\nimport { labs } from './labs/index.ts';",
      ],
      [
        'engine/btree/a.test.ts',
        "import fc from 'fast-check';\nimport { x } from '../run/timeline.ts';",
      ],
      [
        'app/scene/a.ts',
        "import { decode } from '../../engine/btree/page.ts';\nimport type { T } from '../../engine/btree/tree.ts';",
      ],
      [
        'app/player/a.ts',
        "const w = new Worker(new URL('../../engine/worker.ts', import.meta.url));",
      ],
      ['app/panels/a.tsx', "const text = await import('../../engine/btree/tree.ts?raw');"],
      ['app/shell/a.tsx', "import { open } from '../shelf/shelf.ts';"],
    ],
  },
  purity: {
    bad: [
      ['engine/run/a.ts', 'const t = Date.now();', /Date\.now: a run must repeat/],
      ['engine/run/a.ts', 'const t = new Date(5);', /new Date/],
      ['engine/run/a.ts', 'const x = () => Math.random();', /Math\.random/],
      ['engine/run/a.ts', 'const t = performance.now();', /performance\.now/],
      ['engine/run/a.ts', 'setTimeout(() => {}, 1);', /setTimeout/],
      ['engine/run/a.ts', 'setInterval(() => {}, 1);', /setInterval/],
      ['engine/run/a.ts', 'window.alert();', /window\.alert/],
      ['engine/run/a.ts', "const e = document.querySelector('p');", /document\.querySelector/],
      ['engine/run/a.ts', "const r = await fetch('x');", /fetch/],
    ],
    good: [
      ['engine/run/a.ts', '// Date.now() is banned here.\nconst text = "Math.random()";'],
      ['engine/run/a.ts', 'const at = (window: number[]) => window.length;'],
      ['engine/worker.ts', 'const t = performance.now();'],
      ['engine/run/a.test.ts', 'const t = performance.now();'],
      ['app/player/a.ts', 'const t = performance.now();'],
    ],
  },
  injection: {
    bad: [
      [
        'app/shell/a.tsx',
        'const x = <p dangerouslySetInnerHTML={{ __html: t }} />;',
        /no dangerouslySetInnerHTML/,
      ],
      ['app/draw/a.ts', 'node.innerHTML = text;', /no node\.innerHTML/],
      ['app/draw/a.ts', 'selection.append("g").html(text);', /\.html; set text/],
      ['app/draw/a.ts', 'eval(text);', /no eval/],
      ['engine/run/a.ts', 'const f = new Function(text);', /no Function/],
      ['app/draw/a.ts', 'node.insertAdjacentHTML("beforeend", text);', /insertAdjacentHTML/],
      ['app/draw/a.ts', 'document.write(text);', /document\.write/],
    ],
    good: [
      ['app/draw/a.ts', 'node.textContent = text; const old = "innerHTML";'],
      ['engine/disk/a.ts', 'file.write(0, bytes);'],
    ],
  },
  unreached: {
    bad: [
      ['app/draw/alone.ts', 'export {};', /app\/draw\/alone\.ts: nothing reaches it/],
      ['app/draw/alone.css', 'p { color: red }', /nothing reaches it/],
    ],
    good: [
      ['app/shell/main.tsx', 'export {};'],
      ['engine/base/a.test.ts', 'export {};'],
    ],
  },
  leftovers: {
    bad: [
      ['engine/run/a.ts', `// ${toDo}: more`, / is left; do it now/],
      ['scripts/a.mjs', `// ${fixMe} later`, / is left; do it now/],
      ['app/draw/a.css', `/* ${xxx} */`, / is left; do it now/],
      ['engine/run/a.test.ts', "it.only('x', () => {});", /it\.only leaves tests out/],
      ['e2e/a.spec.ts', "test.describe.only('x', () => {});", /describe\.only leaves tests out/],
      ['e2e/a.spec.ts', "test.skip('x', () => {});", /test\.skip leaves tests out/],
    ],
    good: [
      ['engine/run/a.test.ts', "it('todo list', () => {}); const text = 'it.only()';"],
      ['e2e/a.spec.ts', "test.skip(!sqlite, 'no sqlite3 here');"],
    ],
  },
  headers: {
    bad: [
      [
        'engine/run/a.ts',
        "import { x } from './x.ts';\n// Too late to say what it is for.",
        /begins with no comment/,
      ],
      ['app/draw/a.tsx', '/// <reference lib="webworker" />\nexport {};', /begins with no comment/],
    ],
    good: [
      ['app/draw/a.tsx', `${PURPOSE}export {};`],
      ['app/draw/a.test.tsx', 'export {};'],
    ],
  },
};

it('has samples for every rule', () => {
  expect(Object.keys(samples)).toEqual(Object.keys(RULES));
});

for (const [name, rule] of Object.entries(RULES))
  describe(name, () => {
    for (const [path, text, complaint] of samples[name]?.bad ?? [])
      it(`complains of ${path}: ${text.split('\n')[0]}`, () => {
        const complaints = rule(new Map([[path, text]]));
        expect(complaints).toHaveLength(1);
        expect(complaints[0]).toMatch(complaint);
        expect(complaints[0]?.startsWith(path)).toBe(true);
      });
    for (const [path, text] of samples[name]?.good ?? [])
      it(`lets pass ${path}: ${text.split('\n')[0]}`, () => {
        expect(rule(new Map([[path, text]]))).toEqual([]);
      });
    it('holds for the whole project', () => {
      const sources = readSources();
      expect(sources.size).toBeGreaterThan(20);
      expect(rule(sources)).toEqual([]);
    });
  });

describe('unreached', () => {
  it('follows imports, workers, globs and style sheets', () => {
    const sources = new Map([
      [
        'app/shell/main.tsx',
        "import './a.css';\nconst all = import.meta.glob('../labs/*/index.ts');",
      ],
      ['app/shell/a.css', "@import './b.css';"],
      ['app/shell/b.css', ''],
      ['app/labs/btree/index.ts', "new Worker(new URL('./w.ts', import.meta.url));"],
      ['app/labs/btree/w.ts', "export * from './x.ts';"],
      ['app/labs/btree/x.ts', ''],
      ['app/labs/btree/deep/index.ts', ''],
    ]);
    expect(RULES.unreached?.(sources)).toEqual([
      expect.stringMatching(/^app\/labs\/btree\/deep\/index\.ts: nothing reaches it/),
    ]);
  });
});

describe('the lock file', () => {
  it('complains of a download address and of a platform that is missing', () => {
    const problems = lockProblems({
      packages: {
        'node_modules/a': { resolved: 'https://registry.example/a.tgz' },
        'node_modules/b': { optionalDependencies: { 'b-linux': '1', 'b-mac': '1' } },
        'node_modules/b-linux': {},
      },
    });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/node_modules\/a has a download address/);
    expect(problems[1]).toMatch(/node_modules\/b wants b-mac/);
  });
  it('holds no address of any registry, in any field', () => {
    const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
    expect(lockProblems(JSON.parse(text))).toEqual([]);
    expect(text.match(/https?:\/\/[^"]*(registry|npmjs|\.tgz)[^"]*/g)).toBeNull();
  });
});
