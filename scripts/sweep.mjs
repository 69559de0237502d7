// npm run sweep -- …: the long randomized parts of the tests, whole; `npm test` runs a seeded slice of
// each. Its program is scripts/sweep/main.ts, in TypeScript over many files, which Node 20 can't run;
// so it is bundled into out/sweep first, like the command line.
import './bootstrap.mjs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'out', 'sweep');
const { build } = await import('vite');
const { scenarios } = await import('../build/scenarios.mjs');
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  plugins: [scenarios(join(root, 'engine'))],
  build: {
    ssr: 'scripts/sweep/main.ts',
    target: 'node20',
    outDir: out,
    emptyOutDir: true,
    sourcemap: true,
    minify: false,
    rolldownOptions: { output: { entryFileNames: 'main.mjs' } },
  },
});
await import(pathToFileURL(join(out, 'main.mjs')).href);
