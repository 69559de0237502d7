// The search of the small models: all states, from the initial ones or from where a script stands.
// Loaded when somebody searches.

import type { Search, Setup } from '../run/lab.ts';
import { Explorer, type Path } from '../sim/explorer.ts';
import { type SmallModel, SmallSpace, type Vars } from '../sim/small.ts';

/** Bytes that a search may take: under a gigabyte with the rest of the process. */
const MOST_BYTES = 700 * 2 ** 20;

/** `from`: the state to begin at; undefined: all initial ones. */
export function search(
  model: SmallModel,
  from: Vars | undefined,
  settings: Setup['settings'],
): Search {
  const space = new SmallSpace(from ? { ...model, initial: [from] } : model, {
    symmetry: settings.symmetry === true,
  });
  const explorer = new Explorer(space, {
    states: settings['max-states'] as number,
    depth: settings['max-depth'] as number,
    bytes: MOST_BYTES,
  });
  const commandsOf = ({ states }: Path): string[] => {
    const steps = space.walk(states).map(({ name }) => `do ${name}`);
    // One initial state needs no saying; nor does one where something was said already.
    if (from || model.initial.length === 1) return steps;
    return [`init ${space.offered(states[0] as number) + 1}`, ...steps];
  };
  return {
    advance: (states) => explorer.advance(states),
    cancel: () => explorer.cancel(),
    get progress() {
      return explorer.progress;
    },
    report() {
      const { findings, ...counts } = explorer.report();
      return {
        ...counts,
        findings: findings.map(({ path, ...finding }) => {
          if (!path) return finding;
          const commands = commandsOf(path);
          const before = commands.length - path.choices.length;
          return {
            ...finding,
            commands,
            ...(path.loop !== undefined && { loop: path.loop + before }),
          };
        }),
      };
    },
  };
}
