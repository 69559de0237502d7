// The lab of small models: a few variables with few values, guarded steps, and a search over all of
// them. A state is the variables; a command takes one step of the list.
//
//   set model two-phase          which, and how large
//   init 1                       one of its initial states; the first unless said
//   do rmPrepare 2               a step, by its name and arguments
//
// `explore` looks through all states from here: from all initial ones before the first command.

import { Complaint } from '../base/assert.ts';
import { EMPTY_IMAGE } from '../disk/image.ts';
import { MODELS, type Named, type Parameters } from '../protocols/models/all.ts';
import type { Engine, Metric, Setting, Setup, Word } from '../run/lab.ts';
import { type Cast, type SmallModel, type Step, saysNothing, type Vars } from '../sim/small.ts';

/** A state as a page is told of it: the variables, each with whom it belongs to. */
export interface ModelValue {
  readonly model: string;
  readonly rows: readonly {
    readonly title: string;
    readonly ring?: true;
    readonly token?: ShownVariable & { readonly name: string; readonly on: string };
    readonly things: readonly ShownThing[];
  }[];
  readonly order?: string;
  /** The messages that were sent, and stay; absent: the model has none that would. */
  readonly said?: readonly (ShownVariable & { readonly name: string; readonly by?: string })[];
  /** Messages on their way; of a queue the one that arrives next first. */
  readonly ways: readonly {
    readonly from: string;
    readonly to: string;
    readonly name: string;
    readonly queue?: true;
    readonly messages: readonly string[];
    readonly changed: boolean;
  }[];
  readonly steps: readonly ShownStep[];
  /** What must always hold, and does not. */
  readonly broken: readonly string[];
}

export interface ShownVariable {
  /** What the model calls it. */
  readonly variable: string;
  readonly says: string;
  /** That it says nothing: no, none, not sent. */
  readonly nothing: boolean;
  /** It says yes or no: its name is enough. */
  readonly bit: boolean;
  readonly changed: boolean;
}

export interface ShownThing {
  readonly name: string;
  readonly is?: ShownVariable;
  readonly life?: ShownVariable;
  readonly holds?: ShownVariable & { readonly amount: number; readonly most: number };
  readonly has: readonly (ShownVariable & { readonly label: string })[];
}

/** A step that can be taken now. */
export interface ShownStep {
  readonly name: string;
  readonly fault: boolean;
  /** `tm: init → committed`; empty: nothing would change. */
  readonly changes: readonly string[];
  /** The variables that it would change. */
  readonly variables: readonly string[];
}

export interface ModelState {
  readonly named: Named;
  readonly model: SmallModel;
  readonly vars: Vars;
  /** Nothing was said yet: any initial state may be meant. */
  readonly fresh: boolean;
  readonly changed: readonly number[];
}

export type ModelCommand =
  | { readonly kind: 'init'; readonly n: number }
  | { readonly kind: 'do'; readonly step: string };

export type ModelEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'begun'; readonly n: number }
  | {
      /** A step that changes nothing is still; one that nobody owes to the system is a fault. */
      readonly kind: 'step' | 'fault' | 'still';
      readonly step: string;
      readonly changes: readonly Change[];
    };

const integer = (name: string, value: number, min: number, max: number, help: string) =>
  ({ name, type: 'integer', default: value, min, max, help }) as const;

export const SETTINGS: readonly Setting[] = [
  {
    name: 'model',
    type: 'choice',
    default: 'two-phase',
    values: MODELS.map(({ name }) => name),
    help: 'Which model.',
  },
  integer('rms', 3, 1, 8, 'Resource managers.'),
  integer('acceptors', 3, 1, 5, 'Acceptors.'),
  integer('values', 2, 1, 4, 'Values that may be proposed or sent.'),
  integer('ballots', 2, 1, 4, 'Ballots, numbered from 0.'),
  integer('nodes', 3, 1, 6, 'Nodes of a ring.'),
  integer('participants', 2, 1, 4, 'Participants of a commitment.'),
  integer('queue', 2, 1, 2, 'The longest queue of the alternating bit protocol.'),
  {
    name: 'rm-may-fail',
    type: 'switch',
    default: true,
    help: 'One resource manager may fail, in the model with a backup manager.',
  },
  {
    name: 'tm-may-fail',
    type: 'switch',
    default: true,
    help: 'The manager may vanish after its decision, in the model with a backup manager.',
  },
  {
    name: 'symmetry',
    type: 'switch',
    default: false,
    help: 'Explore states that differ by a renaming of equals only once.',
  },
  integer('max-states', 5_000_000, 1, 50_000_000, 'Explore no more states than this.'),
  integer('max-depth', 1_000_000, 1, 1_000_000, 'Explore no longer paths than this many states.'),
];

export const DECIDE_FIRST = 'decide-first';

const built = new Map<string, SmallModel>();

/** The model of a setup. Kept: it depends on the settings alone. */
function modelOf({ settings, sabotage }: Setup): { named: Named; model: SmallModel } {
  const named = MODELS.find(({ name }) => name === settings.model) as Named;
  const number = (name: string): number => settings[name] as number;
  const parameters: Parameters = {
    rms: number('rms'),
    acceptors: number('acceptors'),
    values: number('values'),
    ballots: number('ballots'),
    nodes: number('nodes'),
    participants: number('participants'),
    queue: number('queue'),
    rmMayFail: settings['rm-may-fail'] === true,
    tmMayFail: settings['tm-may-fail'] === true,
    decideFirst: sabotage.includes(DECIDE_FIRST),
  };
  const name = `${named.name} ${named.takes.map((key) => parameters[key]).join(' ')}`;
  let model = built.get(name);
  if (!model) {
    model = named.build(parameters);
    if (built.size > 16) built.clear();
    built.set(name, model);
  }
  return { named, model };
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text || '""');
const place = (word: Word): { column: number } => ({ column: word.column });

function parse(words: readonly Word[], setup: Setup): ModelCommand {
  const [first, ...rest] = words as [Word, ...Word[]];
  const last = words.at(-1) as Word;
  const [word, extra] = rest;
  if (!word)
    throw new Complaint(`expected ${first.text === 'do' ? 'do ACTION …' : 'init N'}`, {
      column: last.column + last.text.length,
    });
  const { named, model } = modelOf(setup);
  if (first.text === 'init') {
    if (extra) throw new Complaint('expected init N, found one word more', place(extra));
    const n = /^\d{1,9}$/.test(word.text) ? Number(word.text) : 0;
    if (n < 1 || n > model.initial.length)
      throw new Complaint(
        `${named.name} has ${model.initial.length} initial states, counted from 1; found ${clip(word.text)}`,
        place(word),
      );
    return { kind: 'init', n };
  }
  const step = rest.map(({ text }) => text).join(' ');
  if (!model.steps.some(({ name }) => name === step)) {
    const same = model.steps.filter(({ name }) => name.split(' ')[0] === word.text);
    const known = same.length > 0 ? same.map(({ name }) => name) : actionsOf(model);
    throw new Complaint(
      `${clip(step)} is no action of ${named.name}; expected one of ${listed(known)}`,
      place(word),
    );
  }
  return { kind: 'do', step };
}

/** The names of the actions, without their arguments. */
const actionsOf = (model: SmallModel): string[] => [
  ...new Set(model.steps.map(({ name }) => name.split(' ')[0] as string)),
];

function listed(names: readonly string[], most = 12): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

/** The steps that can be taken, in the model's order, and what they lead to. */
function enabledIn({ model, vars }: Pick<ModelState, 'model' | 'vars'>): [Step, Vars][] {
  return model.steps.flatMap((step): [Step, Vars][] => {
    const after = vars.slice();
    return step.take(after) ? [[step, after]] : [];
  });
}

export interface Change {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

function changesBetween(model: SmallModel, before: Vars, after: Vars): Change[] {
  return model.variables.flatMap(({ name, values }, i) => {
    const [from, to] = [values[before[i] as number] ?? '', values[after[i] as number] ?? ''];
    return before[i] === after[i] ? [] : [{ name, from, to }];
  });
}

export const changeWords = ({ name, from, to }: Change): string => `${name}: ${from} → ${to}`;

const NO_CAST: Cast = { rows: [] };

function shownOf(state: ModelState): ModelValue {
  const { named, model, vars } = state;
  const changed = new Set(state.changed);
  const shown = (at: number): ShownVariable => {
    const variable = model.variables[at] as (typeof model.variables)[number];
    const value = vars[at] as number;
    return {
      variable: variable.name,
      says: variable.values[value] ?? '',
      nothing: saysNothing(variable, value),
      bit: variable.values.length === 2 && variable.values[0] === 'no',
      changed: changed.has(at),
    };
  };
  const { rows, order, said, ways = [] } = model.cast ?? NO_CAST;
  return {
    model: named.title,
    rows: rows.map(({ token, things, ...row }) => ({
      ...row,
      ...(token && {
        token: {
          ...shown(token.is),
          changed: changed.has(token.is) || changed.has(token.at),
          name: token.name,
          on: token.places[vars[token.at] as number] ?? '',
        },
      }),
      things: things.map(({ name, is, life, holds, has = [] }) => ({
        name,
        ...(is !== undefined && { is: shown(is) }),
        ...(life !== undefined && { life: shown(life) }),
        ...(holds !== undefined && {
          holds: {
            ...shown(holds),
            amount: vars[holds] as number,
            most: (model.variables[holds]?.values.length ?? 1) - 1,
          },
        }),
        has: has.map(([label, at]) => ({ label, ...shown(at) })),
      })),
    })),
    ...(order !== undefined && { order }),
    ...(said && {
      said: said
        .map(({ at, ...one }) => ({ ...one, ...shown(at) }))
        .filter(({ nothing }) => !nothing),
    }),
    ways: ways.map(({ at, ...way }) => {
      const { says, nothing, changed } = shown(at);
      return {
        ...way,
        messages: nothing ? [] : way.queue ? says.split(' ') : [way.name],
        changed,
      };
    }),
    steps: enabledIn(state).map(([{ name, fault = false }, after]) => {
      const changes = changesBetween(model, vars, after);
      return {
        name,
        fault,
        changes: changes.map(changeWords),
        variables: changes.map(({ name }) => name),
      };
    }),
    broken: model.properties
      .filter(({ holds, test }) => holds === 'always' && !test(vars))
      .map(({ name }) => name),
  };
}

export const model: Engine<ModelState, ModelCommand, ModelEvent> = {
  name: 'model',
  chapter: 15,
  title: 'Small models',
  kinds: [
    { kind: 'fault', process: 'fault' },
    { kind: 'opened', process: 'model' },
    { kind: 'begun', process: 'model' },
    { kind: 'step', process: 'step' },
    { kind: 'still', process: 'still' },
  ],
  referees: [
    {
      name: 'what must always hold',
      at: 'moment',
      check: ({ model: { properties }, vars }) =>
        properties
          .filter(({ holds, test }) => holds === 'always' && !test(vars))
          .map(({ name, help }) => ({
            referee: name,
            text: `${help.replace(/\.$/, '')}: that does not hold here.`,
          })),
    },
  ],

  parse,
  print: (command) => (command.kind === 'init' ? `init ${command.n}` : `do ${command.step}`),

  open(setup) {
    const { named, model } = modelOf(setup);
    return { named, model, vars: model.initial[0] as Vars, fresh: true, changed: [] };
  },
  opening: () => ({ kind: 'opened' }),

  run(state, command, note) {
    if (command.kind === 'init') {
      const vars = state.model.initial[command.n - 1] as Vars;
      const next = { ...state, vars, fresh: false, changed: [] };
      note?.({ kind: 'begun', n: command.n }, () => next);
      return { state: next };
    }
    const { model, vars } = state;
    const after = vars.slice();
    const step = model.steps.find(({ name }) => name === command.step);
    if (!step?.take(after))
      throw new Complaint(
        `${command.step} cannot be taken here; expected one of ${listed(enabledIn(state).map(([{ name }]) => name))}`,
      );
    const changed = model.variables.flatMap((_, i) => (vars[i] === after[i] ? [] : [i]));
    const next = { ...state, vars: after, fresh: false, changed };
    const changes = changesBetween(model, vars, after);
    const kind = changes.length === 0 ? 'still' : step.fault ? 'fault' : 'step';
    note?.({ kind, step: command.step, changes }, () => next);
    return { state: next };
  },

  disk: () => EMPTY_IMAGE,
  value: shownOf,
  weight: (_, { vars }) => 100 + vars.length,
  exports: () => [],
  search: async ({ model, vars, fresh }, { settings }, wish) =>
    (await import('./model-search.ts')).search(model, fresh ? undefined : vars, settings, wish),
};

export const metrics = (state: ModelState): Metric[] => [
  {
    name: 'steps on offer',
    value: enabledIn(state).length,
    unit: '',
    help: 'How many different steps can be taken next.',
  },
];
