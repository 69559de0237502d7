// npm run --silent lab -- …: the command line. Its program is engine/cli.ts, in TypeScript over many
// files, which Node 20 can't run; so it is bundled once into node_modules/.cache, under a name that
// changes with any engine file, and after that it starts at once. Standard output is the program's
// alone.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'lab');

/** What the bundle depends on. Change times too: a restored modification time fools nobody. */
function fingerprint() {
  const digest = createHash('sha256');
  const engine = join(root, 'engine');
  const files = readdirSync(engine, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|txt|json)$/.test(name) && !/\.(test|d)\.ts$/.test(name))
    .map((name) => join(engine, name));
  for (const file of [
    ...files.sort(),
    fileURLToPath(import.meta.url),
    join(root, 'package-lock.json'),
  ]) {
    const { size, mtimeMs, ctimeMs } = statSync(file);
    digest.update(`${file}\0${size}\0${mtimeMs}\0${ctimeMs}\n`);
  }
  return digest.digest('hex').slice(0, 20);
}

/** @param {string} target the folder to leave the bundle in */
async function bundle(target) {
  const { build } = await import('vite');
  const { scenarios } = await import('../build/scenarios.mjs');
  // Apart and then renamed: two runs at once must not read each other's half.
  const draft = `${target}.${process.pid}`;
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins: [scenarios(join(root, 'engine'))],
    build: {
      ssr: 'engine/cli.ts',
      target: 'node20',
      outDir: draft,
      emptyOutDir: false,
      sourcemap: true,
      rolldownOptions: { output: { entryFileNames: 'cli.mjs' } },
    },
  });
  // Bundles of older sources; the younger ones may belong to a checkout that shares this folder.
  for (const name of readdirSync(cache)) {
    const dayOld = Date.now() - statSync(join(cache, name)).mtimeMs > 86_400_000;
    if (dayOld) rmSync(join(cache, name), { recursive: true, force: true });
  }
  try {
    renameSync(draft, target);
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw cause;
  }
}

// A reader that has seen enough (`| head`) is no fault.
process.stdout.on('error', (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit(0);
  throw error;
});

if (!existsSync(join(root, 'node_modules', 'vite'))) {
  console.error('lab: the packages are not installed; run `npm ci` first');
  process.exit(2);
}
// npm runs scripts in the project's folder; a FILE on the command line is meant from where it was typed.
if (process.env.npm_lifecycle_event === 'lab' && process.env.INIT_CWD)
  process.chdir(process.env.INIT_CWD);

mkdirSync(cache, { recursive: true });
const target = join(cache, fingerprint());
if (!existsSync(target)) await bundle(target);
process.setSourceMapsEnabled(true);
const { main } = await import(pathToFileURL(join(target, 'cli.mjs')).href);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  // Bad input is the program's to say, with exit code 2; what arrives here is a fault of ours.
  console.error('lab: an error inside the program, please report it:', cause);
  process.exitCode = 70;
}
