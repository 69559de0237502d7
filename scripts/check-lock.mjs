// The lock file must hold no download address, and an entry for every platform's optional package:
// npm leaves out those that the registry did not have at the time, and `npm ci` then refuses.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {{ resolved?: string, link?: boolean, optionalDependencies?: Record<string, string> }} Entry
 * @param {{ packages: Record<string, Entry> }} lock
 * @returns {string[]} one line a problem
 */
export function lockProblems({ packages }) {
  const problems = [];
  for (const [path, entry] of Object.entries(packages)) {
    if (entry.resolved && !entry.link)
      problems.push(
        `package-lock.json: ${path} has a download address; .npmrc has the setting that leaves it out (delete the lock and node_modules, install again)`,
      );
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      // Node looks for it beside the package that wants it, then in each folder further up.
      const parts = path.split('/node_modules/');
      const folders = [
        '',
        ...parts.map((_, i) => `${parts.slice(0, i + 1).join('/node_modules/')}/`),
      ];
      if (!folders.some((folder) => packages[`${folder}node_modules/${name}`]))
        problems.push(
          `package-lock.json: ${path} wants ${name}, which has no entry, so \`npm ci\` refuses; pin a version of ${path} whose every platform is there`,
        );
    }
  }
  return problems;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
  const problems = lockProblems(JSON.parse(text));
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log('package-lock.json: no address, no platform missing');
  process.exitCode = problems.length === 0 ? 0 : 1;
}
