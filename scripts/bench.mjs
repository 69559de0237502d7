// npm run bench -- …: measures. Its program is scripts/bench/main.ts, in TypeScript over many files,
// which Node 20 can't run; so it is bundled into out/bench first, like the command line.
import './bootstrap.mjs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'out', 'bench', 'node');
const { build } = await import('vite');
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: 'scripts/bench/main.ts',
    target: 'node20',
    outDir: out,
    emptyOutDir: true,
    // As the engine would be written: names in a profile, and no inlining that the browser lacks.
    minify: false,
    rolldownOptions: { output: { entryFileNames: 'main.mjs' } },
  },
});
await import(pathToFileURL(join(out, 'main.mjs')).href);
