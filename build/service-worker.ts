/**
 * Writes dist/sw.js once the rest of the build stands: the text of sw.js, with the list of this
 * build's files and a version that changes whenever any byte of any of them does.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'vite';

/** What a visitor never asks for: source maps, Vite's own notes, and the worker itself. */
const LEFT_OUT = /\.map$|^\.|^sw\.js$/;

export function serviceWorker(template: URL): Plugin {
  let folder = 'dist';
  return {
    name: 'service-worker',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      handler() {
        const files = readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
          .filter((file) => !LEFT_OUT.test(file))
          .sort();
        const digest = createHash('sha256').update(readFileSync(template));
        for (const file of files) digest.update(file).update(readFileSync(join(folder, file)));
        const build = { version: digest.digest('hex').slice(0, 12), files };
        const text = `self.BUILD = ${JSON.stringify(build)};\n${readFileSync(template, 'utf8')}`;
        writeFileSync(join(folder, 'sw.js'), text);
      },
    },
  };
}
