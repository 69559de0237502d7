// What the inspector says of a state: the steps that can be taken from it, each a line of the script,
// and the variables of what is selected.

import type { ShownStep, ShownThing, ShownVariable } from '../../../engine/labs/model.ts';
import type { Action, Fact, Inspected } from '../picture.ts';
import { type ModelMoment, saidText } from './view.ts';

/** Nothing is selected: all that can come next. */
const NEXT = 'next';

export function inspect({ value }: ModelMoment, selection: string | undefined): Inspected {
  const things = value.rows.flatMap((row) => row.things);
  const said = value.said ?? [];
  const others = [
    { key: NEXT, text: 'What can come next' },
    ...things.map(({ name }) => ({ key: `thing:${name}`, text: name })),
    ...said.map((message) => ({ key: `said:${message.name}`, text: saidText(message) })),
  ];
  const still = value.steps.filter(({ changes }) => changes.length === 0);
  const moves = value.steps.filter(({ changes }) => changes.length > 0);
  const thing = things.find(({ name }) => selection === `thing:${name}`);
  const message = said.find(({ name }) => selection === `said:${name}`);
  if (thing) {
    const own = variablesOf(thing);
    const names = new Set(own.map(([, { variable }]) => variable));
    return {
      title: thing.name,
      key: `thing:${thing.name}`,
      sections: [{ heading: 'its variables', facts: own.map(factOf) }],
      heading: 'steps that would change it',
      actions: moves
        .filter(({ variables }) => variables.some((name) => names.has(name)))
        .map(actionOf),
      others,
    };
  }
  if (message)
    return {
      title: saidText(message),
      key: `said:${message.name}`,
      sections: [
        {
          heading: 'a message that was sent',
          facts: [
            factOf(['says', message]),
            ...(message.by === undefined ? [] : [{ name: 'by', value: message.by }]),
          ],
        },
      ],
      actions: [],
      others,
    };
  return {
    title: 'Next',
    key: NEXT,
    heading:
      moves.length === 0
        ? 'no step would change anything'
        : `${moves.length} ${moves.length === 1 ? 'step' : 'steps'} that would change something`,
    actions: moves.map(actionOf),
    sections: [
      {
        heading: 'what each would change',
        facts: moves.map(({ name, changes }) => ({ name, value: changes.join(', ') })),
      },
      ...(still.length > 0
        ? [
            {
              heading: 'could be taken, and would change nothing',
              facts: still.map(({ name }) => ({ name, value: '–' })),
            },
          ]
        : []),
      ...(value.broken.length > 0
        ? [
            {
              heading: 'must always hold, and does not',
              facts: value.broken.map((name) => ({ name: '✕', value: name, changed: true })),
            },
          ]
        : []),
    ].filter(({ facts }) => facts.length > 0),
    others,
  };
}

const actionOf = ({ name, fault, changes }: ShownStep): Action => ({
  label: fault ? `✕ ${name}` : name,
  line: `do ${name}`,
  help: `${fault ? 'A fault. ' : ''}${changes.join(', ')}`,
});

const factOf = ([name, { says, changed }]: readonly [string, ShownVariable]): Fact => ({
  name,
  value: says,
  changed,
});

/** What a thing's variables are called here, and the variables. */
const variablesOf = ({
  is,
  life,
  holds,
  has,
}: ShownThing): (readonly [string, ShownVariable])[] => [
  ...(is ? [[is.variable, is] as const] : []),
  ...(life ? [[life.variable, life] as const] : []),
  ...(holds ? [['holds', holds] as const] : []),
  ...has.map((held) => [held.label || held.variable, held] as const),
];
