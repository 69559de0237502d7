// What a run of a small model is in the midst of: it stands at an initial state, takes steps, or has
// just met a fault. More there is not to say of all models alike.
//
//   beginning ─▶ stepping ⟲ ─▶ failing ─▶ stepping …

import { createMachine } from 'xstate';
import { choreographyOf } from '../choreography.ts';

export const machine = createMachine({
  id: 'model',
  initial: 'beginning',
  on: {
    opened: '.beginning',
    begun: '.beginning',
    step: '.stepping',
    still: '.resting',
    fault: '.failing',
  },
  states: {
    beginning: { meta: { process: 'model', text: 'an initial state' } },
    stepping: { meta: { process: 'step', text: 'something changes' } },
    resting: { meta: { process: 'still', text: 'a step that changes nothing' } },
    failing: { meta: { process: 'fault', text: 'a fault, which nobody owes' } },
  },
});

export const choreography = choreographyOf(machine);
