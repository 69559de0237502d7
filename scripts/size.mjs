// The byte budgets, gzipped, over dist/: what a visitor loads before the front page shows, with its
// hero, for a lab beyond that, and for an engine worker with each lab's engine. Follows the imports in Vite's manifest.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parseSync } from 'vite';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** In thousands of bytes. */
const BUDGET = {
  front: 100,
  hero: 150,
  lab: 60,
  labLater: 30,
  worker: 48,
  words: 15,
  lesson: 30,
  opened: 10,
};
/** Which lazy chunk is what, by the source file that it begins with. */
const HERO = /^app\/shell\/hero/i;
/** What the hero asks for as soon as it stands: it is a real lab, with its session and its picture. */
const WITH_HERO = [/^app\/player\/session\./, /^app\/labs\/btree\/picture\./];
const LAB = /^app\/labs\/([^/]+)\//;
/** The screen that every lab shares, gestures and all; it is loaded with the first one. */
const LAB_SCREEN = /^app\/(shell\/lab|panels\/|draw\/)/i;
/** What a lab asks for once its picture stands: gestures, a source text's frame, the search, the plots, the statechart. */
const LATER =
  /^app\/(draw\/zoom|panels\/(Source|Search|Metrics|StateGraph)|labs\/[^/]+\/choreography)\./;
const INSPECTOR = /^app\/labs\/[^/]+\/inspect\./;
const OF_ACTORS =
  /^app\/(panels\/(Lanes|lanesHands|Actors|StateGraph)|draw\/(cluster|swarm)|labs\/hands)\./;
/** A lesson is a file; the screen of lessons comes with the first one. */
const LESSON = /^app\/lessons\/([^/]+)\.tsx$/;
const LESSON_SCREEN = /^app\/shell\/Lesson/;
/** Where vite.config.ts puts workers. */
const WORKER = /^assets\/worker\/worker-[^/]*\.js$/;
/** The engine's own text, shown in the inspector: read on demand, so counted apart. */
const SOURCE_TEXT = /\?raw$/;

/** @typedef {{ file: string, imports?: string[], dynamicImports?: string[], css?: string[] }} Chunk */
/** @type {Record<string, Chunk>} */
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));

/** @type {Map<string, number>} */
const measured = new Map();
/** @param {string} file */
function gzipped(file) {
  const known = measured.get(file);
  if (known !== undefined) return known;
  const bytes = gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
  measured.set(file, bytes);
  return bytes;
}

/** What comes with a chunk whether asked for or not. @param {string[]} keys */
function loaded(keys) {
  const seen = new Set(keys);
  for (const key of seen) for (const next of manifest[key]?.imports ?? []) seen.add(next);
  return seen;
}

/** @param {Iterable<string>} keys */
const scriptBytes = (keys) =>
  [...keys]
    .map((key) => manifest[key]?.file ?? '')
    .filter((file) => file.endsWith('.js'))
    .reduce((sum, file) => sum + gzipped(file), 0);

const lazy = Object.keys(manifest).filter((key) =>
  Object.values(manifest).some((chunk) => chunk.dynamicImports?.includes(key)),
);
const front = loaded(['index.html']);
const heroParts = [HERO, ...WITH_HERO].map((part) => lazy.filter((key) => part.test(key)));
const hero = loaded(['index.html', ...heroParts.flat()]);
/** @param {string[]} keys */
const beyondHero = (keys) => [...loaded(keys)].filter((key) => !hero.has(key));

/** @type {{ what: string, bytes: number, budget?: number }[]} */
const rows = [
  { what: 'front page, before the hero', bytes: scriptBytes(front), budget: BUDGET.front },
  { what: 'front page, with the hero', bytes: scriptBytes(hero), budget: BUDGET.hero },
];
const screen = lazy.filter((key) => LAB_SCREEN.test(key));
const labs = new Set(lazy.map((key) => LAB.exec(key)?.[1]).filter((name) => name !== undefined));
for (const name of labs) {
  const mine = lazy.filter((key) => LAB.exec(key)?.[1] === name);
  // A lab of actors has no bytes to inspect, and draws lanes of time.
  const hasActors = !mine.some((key) => INSPECTOR.test(key));
  const own = [...screen, ...mine].filter((key) => hasActors || !OF_ACTORS.test(key));
  const at = own.filter((key) => !LATER.test(key));
  const first = beyondHero(at);
  const bytes = scriptBytes(first);
  rows.push({ what: `lab ${name}, beyond that`, bytes, budget: BUDGET.lab });
  const later = beyondHero(own).filter((key) => !first.includes(key));
  const more = scriptBytes(later);
  rows.push({ what: `lab ${name}, after its picture`, bytes: more, budget: BUDGET.labLater });
}
const taught = lazy.filter((key) => LESSON_SCREEN.test(key));
let lessons = 0;
for (const key of lazy) {
  const [, name] = LESSON.exec(key) ?? [];
  if (!name) continue;
  lessons++;
  const there = loaded([...screen, ...lazy.filter((lab) => LAB.exec(lab)?.[1] === name)]);
  const own = beyondHero([...taught, key]).filter((part) => !there.has(part));
  const bytes = scriptBytes(own);
  rows.push({ what: `lesson ${name}, beyond its lab`, bytes, budget: BUDGET.lesson });
}
if (labs.size === 0 && screen.length > 0)
  rows.push({
    what: 'lab screen, beyond that',
    bytes: scriptBytes(beyondHero(screen)),
    budget: BUDGET.lab,
  });
// Vite's manifest leaves workers out, so what a file of theirs pulls in is read from the file itself.
/** @param {string} file @returns {{ now: string[], later: string[] }} what it imports, and what it may ask for */
function importsOf(file) {
  const text = readFileSync(join(dist, file), 'utf8');
  const { module } = parseSync(file, text);
  /** @param {string} specifier */
  const path = (specifier) => posix.join(posix.dirname(file), specifier);
  return {
    now: module.staticImports.map(({ moduleRequest }) => path(moduleRequest.value)),
    later: module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
      path(text.slice(start + 1, end - 1)),
    ),
  };
}
/** Bytes of these files with all that they import. @param {string[]} files */
function wholeOf(files) {
  const parts = new Set(files);
  for (const file of parts) for (const next of importsOf(file).now) parts.add(next);
  return [...parts].reduce((sum, file) => sum + gzipped(file), 0);
}
const workers = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => WORKER.test(file));
let engines = 0;
for (const worker of workers)
  for (const file of new Set(importsOf(worker).later)) {
    const name = posix.basename(file).replace(/-.{8}\.js$/, ''); // the hash may hold a hyphen
    const bytes = wholeOf([worker, file]);
    if (name.endsWith('-words'))
      rows.push({ what: `${name}, its captions`, bytes: gzipped(file), budget: BUDGET.words });
    else if (name.endsWith('-engine'))
      rows.push({
        what: `${name}, beside the engine it uses`,
        bytes: gzipped(file),
        budget: BUDGET.opened,
      });
    else if (name.endsWith('-opened'))
      rows.push({ what: `${name}, what opens files`, bytes: gzipped(file), budget: BUDGET.opened });
    else rows.push({ what: `engine worker with ${name}`, bytes, budget: BUDGET.worker });
    engines++;
  }

const sources = lazy.filter((key) => SOURCE_TEXT.test(key));
for (const key of lazy) {
  if (hero.has(key) || LAB.test(key) || LAB_SCREEN.test(key) || SOURCE_TEXT.test(key)) continue;
  if (LESSON.test(key) || LESSON_SCREEN.test(key)) continue;
  rows.push({ what: `lazy: ${key}, beyond that`, bytes: scriptBytes(beyondHero([key])) });
}
if (sources.length > 0)
  rows.push({ what: `lazy: ${sources.length} source texts`, bytes: scriptBytes(sources) });
const styles = new Set(Object.values(manifest).flatMap((chunk) => chunk.css ?? []));
rows.push({
  what: 'styles, all',
  bytes: [...styles].reduce((sum, file) => sum + gzipped(file), 0),
});

let over = 0;
/** @param {number} bytes */
const kB = (bytes) => (bytes / 1000).toFixed(1);
for (const { what, bytes, budget } of rows) {
  const fits = budget === undefined || bytes <= budget * 1000;
  if (!fits) over += 1;
  const verdict = budget === undefined ? '' : `of ${budget} kB${fits ? '' : '  OVER'}`;
  console.log(`${what.padEnd(44)} ${kB(bytes).padStart(7)} kB ${verdict}`);
}
if (over > 0) console.error(`${over} over budget: load later what the first picture does not need`);

// A budget that finds nothing to weigh would hold for ever.
const found = {
  HERO: heroParts.every((keys) => keys.length > 0),
  LAB: labs.size > 0,
  LESSON: lessons > 0,
  WORKER: workers.length > 0 && engines > 0,
};
const nothing = Object.entries(found).filter(([, any]) => !any);
for (const [name] of nothing)
  console.error(`no ${name} in this build: load it lazily, or correct ${name} in scripts/size.mjs`);
process.exitCode = over > 0 || nothing.length > 0 ? 1 : 0;
