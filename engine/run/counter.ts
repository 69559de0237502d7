// The smallest lab that has everything a lab can have, for the tests of what any run is made of: a
// counter whose total is kept in a durable file and in a memory file that forgets it.
//
//   add N [in K]   adds N, in K parts (rest!), each of two moments; complains beyond the limit
//   save           syncs the total, and the directory the first time
//   show           reads: the total as its result
//   crash          what is left is what was synced; referees at recovery are due

import { Complaint } from '../base/assert.ts';
import { setU32, u32 } from '../base/bytes.ts';
import { Dice, type DiceState } from '../base/dice.ts';
import { Disk } from '../disk/disk.ts';
import { type DiskImage, weightBeside } from '../disk/image.ts';
import { powerCut } from '../disk/power.ts';
import type { Lab, Word } from './lab.ts';
import { wholeNumber } from './scenario.ts';

export interface CounterState {
  readonly image: DiskImage;
  readonly dice: DiceState;
  readonly adds: number;
}

export type CounterCommand =
  | { readonly kind: 'add'; readonly by: number; readonly parts: number }
  | { readonly kind: 'save' }
  | { readonly kind: 'show' }
  | { readonly kind: 'crash' };

export interface CounterEvent {
  readonly kind: 'open' | 'roll' | 'added' | 'saved' | 'shown' | 'crashed';
  readonly total: number;
}

const CHUNK = 512;
const totalIn = (image: DiskImage) => u32(new Disk(image).open('total', 'durable').read(0, 4), 0);

export const counter: Lab<CounterState, CounterCommand, CounterEvent> = {
  name: 'counter',
  chapter: 0,
  title: 'A counter',
  settings: [
    { name: 'limit', type: 'integer', default: 1000, min: 1, max: 4e9, help: 'The most.' },
    { name: 'ratio', type: 'number', default: 0.5, min: -1, max: 1, help: 'A ratio.' },
    { name: 'loud', type: 'switch', default: false, help: 'Says it aloud.' },
    { name: 'mood', type: 'choice', default: 'calm', values: ['calm', 'wild'], help: 'A mood.' },
    { name: 'note', type: 'text', default: '', help: 'A note.' },
    {
      name: 'even',
      type: 'integer',
      default: 2,
      expected: 'an even number',
      valid: (value) => Number(value) % 2 === 0,
      help: 'Even.',
    },
  ],
  commands: [
    { name: 'add', usage: 'add N [in K]', help: 'Adds N in K parts.' },
    { name: 'save', usage: 'save', help: 'Makes the total durable.' },
    { name: 'show', usage: 'show', help: 'Says the total.', reads: true },
    { name: 'crash', usage: 'crash', help: 'Cuts the power.' },
  ],
  sabotage: [{ name: 'miscount', description: 'The 13th is one too many.' }],
  kinds: [
    { kind: 'open', process: 'open' },
    { kind: 'roll', process: 'add' },
    { kind: 'added', process: 'add' },
    { kind: 'saved', process: 'save' },
    { kind: 'shown', process: 'show' },
    { kind: 'crashed', process: 'crash' },
  ],
  referees: [
    {
      name: 'thirteen',
      at: 'moment',
      check: ({ image }) =>
        totalIn(image) === 13 ? [{ referee: 'thirteen', text: 'the total is 13' }] : [],
    },
    {
      name: 'dear',
      at: 'command',
      cost: () => 1500,
      check: ({ adds }) => (adds >= 5 ? [{ referee: 'dear', text: 'five or more adds' }] : []),
    },
    {
      name: 'cheap',
      at: 'command',
      check: ({ adds }) => (adds >= 2 ? [{ referee: 'cheap', text: 'two or more adds' }] : []),
    },
    {
      name: 'after',
      at: 'recovery',
      check: ({ image }) =>
        totalIn(image) === 0 ? [{ referee: 'after', text: 'all was lost' }] : [],
    },
  ],

  parse(words) {
    const [first, by, into, parts] = words as [Word, Word?, Word?, Word?];
    if (first.text !== 'add') {
      if (by) throw new Complaint(`expected ${first.text} alone`, { column: by.column });
      return { kind: first.text as 'save' };
    }
    if (!by) throw new Complaint('expected add N', { column: first.column });
    if (into && (into.text !== 'in' || !parts))
      throw new Complaint('expected add N in K', { column: into.column });
    return {
      kind: 'add',
      by: wholeNumber(by, 0, 4e9, 'what is added'),
      parts: parts ? wholeNumber(parts, 1, 100_000, 'the number of parts') : 1,
    };
  },
  print: (command) =>
    command.kind === 'add'
      ? `add ${command.by}${command.parts > 1 ? ` in ${command.parts}` : ''}`
      : command.kind,
  describe: ({ kind, total }) => ({ title: kind, detail: `The total is ${total}.` }),

  open({ seed }) {
    const disk = new Disk();
    disk.open('total', 'durable', CHUNK).write(0, new Uint8Array(4));
    disk.open('total', 'durable').sync();
    disk.syncDirectory();
    disk.open('memory', 'memory', CHUNK).own(0);
    return { image: disk.seal(), dice: new Dice(seed).state, adds: 0 };
  },
  opening: ({ image }) => ({ kind: 'open', total: totalIn(image) }),

  run(state, command, note, setup) {
    const disk = new Disk(state.image);
    const dice = new Dice(state.dice);
    let { adds } = state;
    const seal = () => ({ image: disk.seal(), dice: dice.state, adds });
    const total = () => u32(disk.open('total', 'durable').read(0, 4), 0);
    if (command.kind === 'show') {
      note?.({ kind: 'shown', total: total() }, seal);
      return { state: seal(), result: total() };
    }
    if (command.kind === 'save') {
      disk.open('total', 'durable').sync();
      note?.({ kind: 'saved', total: total() }, seal);
      return { state: seal() };
    }
    if (command.kind === 'crash') {
      const image = powerCut(state.image);
      const again = new Disk(image);
      again.open('memory', 'memory', CHUNK).own(0);
      const after = { image: again.seal(), dice: state.dice, adds: 0 };
      note?.({ kind: 'crashed', total: totalIn(image) }, () => after);
      return { state: after, recovered: true };
    }
    // The memory file scribbles a roll of the dice, so that a replay must repeat those too.
    const own = disk.open('memory', 'memory').own(dice.below(8));
    setU32(own, 4 * dice.below(CHUNK / 4), dice.next());
    note?.({ kind: 'roll', total: total() }, seal);
    const share = Math.floor(command.by / command.parts);
    const next = total() + share + (setup.sabotage.includes('miscount') && total() > 12 ? 1 : 0);
    if (next > (setup.settings.limit as number))
      throw new Complaint(`${next} is beyond the limit of ${setup.settings.limit}`);
    const bytes = new Uint8Array(4);
    setU32(bytes, 0, next);
    disk.open('total', 'durable').write(0, bytes);
    adds++;
    note?.({ kind: 'added', total: next }, seal);
    if (command.parts === 1) return { state: seal() };
    return {
      state: seal(),
      rest: { kind: 'add', by: command.by - share, parts: command.parts - 1 },
    };
  },

  disk: ({ image }) => image,
  value: ({ dice, adds }) => ({ dice, adds }),
  weight: (older, newer) => weightBeside(older?.image, newer.image),
  exports: ({ image }) => [
    { name: 'total', bytes: new Disk(image).open('total', 'durable').read(0, 4) },
  ],
  metrics: ({ adds }) => [{ name: 'adds', value: adds, unit: '', help: 'Adds.' }],
  sourceOf: () => ({ file: 'engine/run/counter.ts', name: 'run' }),
};
