// The search of the small models: all states, from the initial ones or from where a script stands.
// Loaded when somebody searches.

import type { Search, SearchWish, Setup } from '../run/lab.ts';
import { Explorer } from '../sim/explorer.ts';
import { type SmallModel, SmallSpace, type Vars } from '../sim/small.ts';
import { limitsOf, offerOf, searchOf, USUAL_MEGABYTES, usualBounds, wished } from './search.ts';

/** `from`: the state to begin at; undefined: all initial ones. */
export function search(
  model: SmallModel,
  from: Vars | undefined,
  settings: Setup['settings'],
  wish: SearchWish = {},
): Search {
  const hasEquals = Boolean(model.renamings ?? model.equals);
  const symmetry = hasEquals && (wish.symmetry ?? settings.symmetry === true);
  const space = new SmallSpace(from ? { ...model, initial: [from] } : model, { symmetry });
  const bounds = usualBounds({
    states: settings['max-states'] as number,
    depth: settings['max-depth'] as number,
    megabytes: USUAL_MEGABYTES,
  });
  return searchOf({
    explorer: new Explorer(space, limitsOf(wished(bounds, wish), wish)),
    offer: offerOf(model.properties, bounds, {
      ends: model.final !== undefined,
      symmetry: hasEquals ? symmetry : undefined,
    }),
    commandsOf({ states }) {
      const steps = space.walk(states).map(({ name }) => `do ${name}`);
      // One initial state needs no saying; nor does one where something was said already.
      if (from || model.initial.length === 1) return steps;
      return [`init ${space.offered(states[0] as number) + 1}`, ...steps];
    },
    wish,
    drawn: ({ choices, levels }) => ({
      line: choices,
      lines: model.steps.map(({ name }) => `do ${name}`),
      ...(hasEquals && { classes: classesOf(model, space, levels.length) }),
    }),
  });
}

/** For each of the first states of a space, the first that is equal to it but for a renaming. */
function classesOf(model: SmallModel, space: SmallSpace, size: number): Int32Array {
  const quotient = new SmallSpace(model, { symmetry: true });
  const vars = new Uint8Array(model.variables.length);
  const firsts = new Map<number, number>();
  return Int32Array.from({ length: size }, (_, state) => {
    space.read(state, vars);
    const number = quotient.numberOf(vars);
    const first = firsts.get(number) ?? state;
    firsts.set(number, first);
    return first;
  });
}
