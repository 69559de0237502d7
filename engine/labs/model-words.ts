// The words for each moment of a small model: what the step was, what it changed, what may come next.

import type { Caption, Words } from '../run/lab.ts';
import {
  changeWords,
  DECIDE_FIRST,
  type ModelEvent,
  type ModelState,
  metrics,
  SETTINGS,
} from './model.ts';

const plural = (n: number, one: string): string => `${n} ${n === 1 ? one : `${one}s`}`;

function onOffer({ model, vars }: ModelState): string {
  const moves = model.steps.filter(({ take }) => {
    const after = vars.slice();
    return take(after) && after.some((value, i) => value !== vars[i]);
  });
  if (moves.length === 0) return 'Nothing can change any more.';
  if (moves.every(({ fault }) => fault))
    return `${plural(moves.length, 'step')} would change something, and ${moves.length === 1 ? 'it is a fault' : 'all are faults'}.`;
  return `${plural(moves.length, 'step')} would change something.`;
}

function describe(event: ModelEvent, state: ModelState): Caption {
  const { named, model } = state;
  switch (event.kind) {
    case 'opened':
      return {
        title: named.title,
        detail: `${plural(model.variables.length, 'variable')}, ${plural(model.steps.length, 'possible step')}, ${plural(model.initial.length, 'initial state')}. ${onOffer(state)}`,
      };
    case 'begun':
      return { title: `Initial state ${event.n}`, detail: onOffer(state) };
    default: {
      const changed = event.changes.map(changeWords).join(', ');
      return {
        title: event.step,
        detail: `${changed === '' ? 'Nothing changes' : changed}. ${onOffer(state)}`,
      };
    }
  }
}

export const words: Words<ModelState, ModelEvent> = {
  metrics,
  describe,
  settings: SETTINGS,
  commands: [
    {
      name: 'init',
      usage: 'init N',
      help: 'Begins at an initial state, counted from 1.',
      examples: ['init 1'],
    },
    {
      name: 'do',
      usage: 'do ACTION …',
      help: 'Takes a step, by the name of its action and its arguments.',
      examples: ['do rmPrepare 1', 'do tmAbort'],
    },
  ],
  sabotage: [
    {
      name: DECIDE_FIRST,
      description:
        'In acp-nb, participants decide as soon as they hear, before they have told the others.',
    },
  ],
  sourceOf: () => ({ file: 'engine/sim/small.ts', name: 'expand' }),
};
