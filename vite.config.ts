/** The build: a static folder that works under any path of any host (docs/publishing.md). */

import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { scenarios } from './build/scenarios.mjs';
import { serviceWorker } from './build/service-worker.ts';
import { engineSources } from './build/sources-plugin.ts';

/** Hot reloading needs inline styles and a socket, so the policy is only on the built page. */
const withoutPolicy: Plugin = {
  name: 'without-policy',
  apply: 'serve',
  transformIndexHtml: (html) =>
    html.replace(/\s*<meta http-equiv="Content-Security-Policy"[^>]*>/, ''),
};

export default defineConfig({
  base: './',
  plugins: [
    react(),
    withoutPolicy,
    scenarios(fileURLToPath(new URL('./engine', import.meta.url))),
    engineSources(fileURLToPath(new URL('.', import.meta.url))),
    serviceWorker(new URL('./build/sw.js', import.meta.url)),
  ],
  worker: {
    format: 'es',
    // In a folder of their own, where scripts/size.mjs finds them.
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/worker/[name]-[hash].js',
        chunkFileNames: 'assets/worker/[name]-[hash].js',
      },
    },
  },
  build: {
    target: 'es2022',
    // Nothing inlined as data: — the policy allows a font or a script only from a file.
    assetsInlineLimit: 0,
    // For scripts/size.mjs: which file pulls in which.
    manifest: true,
  },
  server: { host: '127.0.0.1', port: 5173 },
  preview: { host: '127.0.0.1', port: 4173 },
  test: {
    environment: 'node',
    // Two busy cores: a property test may take its time, a hung one still ends.
    testTimeout: 60_000,
    include: ['engine/**/*.test.ts', 'app/**/*.test.{ts,tsx}', '{scripts,build}/**/*.test.ts'],
  },
});
