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
import type { Engine, Setting, Setup, Word } from '../run/lab.ts';
import type { SmallModel, Vars } from '../sim/small.ts';

export interface ModelValue {
  readonly model: string;
  readonly variables: readonly string[];
  /** What each variable says. */
  readonly values: readonly string[];
  /** Which variables the last step changed. */
  readonly changed: readonly number[];
  /** The steps that can be taken now. */
  readonly enabled: readonly string[];
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
      readonly kind: 'step';
      readonly step: string;
      readonly changes: readonly {
        readonly name: string;
        readonly from: string;
        readonly to: string;
      }[];
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

/** The steps that can be taken, in the model's order. */
function enabledIn({ model, vars }: Pick<ModelState, 'model' | 'vars'>): string[] {
  return model.steps.filter(({ take }) => take(vars.slice())).map(({ name }) => name);
}

const said = (model: SmallModel, vars: Vars): string[] =>
  model.variables.map(({ values }, i) => values[vars[i] as number] as string);

export const model: Engine<ModelState, ModelCommand, ModelEvent> = {
  name: 'model',
  chapter: 15,
  title: 'Small models',
  kinds: [
    { kind: 'opened', process: 'model' },
    { kind: 'begun', process: 'model' },
    { kind: 'step', process: 'model' },
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
        `${command.step} cannot be taken here; expected one of ${listed(enabledIn(state))}`,
      );
    const changed = model.variables.flatMap((_, i) => (vars[i] === after[i] ? [] : [i]));
    const [before, now] = [said(model, vars), said(model, after)];
    const next = { ...state, vars: after, fresh: false, changed };
    const changes = changed.map((i) => ({
      name: model.variables[i]?.name ?? '',
      from: before[i] ?? '',
      to: now[i] ?? '',
    }));
    note?.({ kind: 'step', step: command.step, changes }, () => next);
    return { state: next };
  },

  disk: () => EMPTY_IMAGE,
  value: (state): ModelValue => ({
    model: state.named.name,
    variables: state.model.variables.map(({ name }) => name),
    values: said(state.model, state.vars),
    changed: state.changed,
    enabled: enabledIn(state),
  }),
  weight: (_, { vars }) => 100 + vars.length,
  exports: () => [],
  metrics: (state) => [
    {
      name: 'steps on offer',
      value: enabledIn(state).length,
      unit: '',
      help: 'How many different steps can be taken next.',
    },
  ],
  search: async ({ model, vars, fresh }, { settings }, wish) =>
    (await import('./model-search.ts')).search(model, fresh ? undefined : vars, settings, wish),
};
