// `virtual:scenarios`: every shipped scenario, read from the golden scripts at build time. A script
// with a `title` is shipped; what was recorded below its `---` stays behind in the repository.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ID = 'virtual:scenarios';
/** The same without their texts: what a page has to know before anyone opens one. */
const LIST = 'virtual:scenario-list';

/** @param {string} engine the folder that holds the rooms with scripts */
export function readScenarios(engine) {
  return readdirSync(engine, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|[\\/])scripts[\\/][^\\/]+$/.test(path))
    .map((path) => join(engine, path))
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .flatMap((file) => {
      const text = /** @type {string} */ (readFileSync(file, 'utf8').split(/^---$/m)[0]);
      const title = /^title "((?:[^"\\]|\\.)*)"/m.exec(text)?.[1];
      const lab = /^lab (\S+)/m.exec(text)?.[1];
      if (!title || !lab) return [];
      const name = /** @type {RegExpExecArray} */ (/([^/\\]+)\.txt$/.exec(file))[1];
      return [{ name, lab, title: title.replace(/\\(.)/g, '$1'), text }];
    });
}

/** @param {string} engine @returns {import('vite').Plugin} */
export function scenarios(engine) {
  return {
    name: 'scenarios',
    resolveId: (id) => (id === ID || id === LIST ? `\0${id}` : undefined),
    load(id) {
      if (id !== `\0${ID}` && id !== `\0${LIST}`) return undefined;
      const all = readScenarios(engine);
      const names = all.map(({ name }) => name);
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      if (twice)
        throw new Error(`two shipped scenarios are named ${twice}; rename one of the scripts`);
      if (id === `\0${LIST}`)
        return `export const list = ${JSON.stringify(all.map(({ text: _, ...named }) => named))};`;
      return `export const scenarios = ${JSON.stringify(all)};`;
    },
  };
}
