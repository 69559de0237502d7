// The B-Tree lab's commands as data and as text: what a line says, and the line that says a command. `parse` throws a Complaint with the column of the word at fault;
// `parse(words(print(c)))` equals c.

import { Complaint } from '../base/assert.ts';
import { bytesOfHex, hexOf, utf8 } from '../base/bytes.ts';
import type { Key } from '../btree/events.ts';
import { compareKeys } from '../btree/key-lens.ts';
import type { Value } from '../btree/record.ts';
import { GREATEST_ROWID, keyOf, LEAST_ROWID } from '../btree/varint.ts';
import { SECTOR } from '../disk/power.ts';
import type { Setup, Word } from '../run/lab.ts';
import { wordOf } from '../run/scenario.ts';
import { type Bulk, ORDERS, type Order } from './bulk.ts';

/** Which of the sectors that were pending at a power cut survive: from 1, in the order they were asked for. */
type Keep = 'all' | 'none' | readonly (readonly [number, number])[];

export interface Crash {
  readonly kind: 'crash';
  readonly during?: {
    readonly command: Command;
    readonly at: 'write' | 'moment';
    readonly n: number;
  };
  readonly keep?: Keep;
  /** How many sectors of the last write survive. */
  readonly torn?: number;
}

export interface LoadRows {
  readonly kind: 'load';
  readonly count: number;
  /** How full pages are made, in percent. */
  readonly fill: number;
  /** How many rows are in; the rest of the command is again a load. */
  readonly done: number;
}

export type Command =
  | { readonly kind: 'put'; readonly key: Key; readonly value: Value }
  | { readonly kind: 'get' | 'delete'; readonly key: Key }
  | {
      readonly kind: 'scan';
      readonly from?: Key;
      readonly to?: Key;
      readonly backward: boolean;
    }
  | Bulk
  | LoadRows
  | { readonly kind: 'commit' | 'rollback' | 'reopen' | 'check' | 'vacuum' }
  /** `isDue`: nobody typed it, the log has grown long enough. */
  | { readonly kind: 'checkpoint'; readonly isDue?: boolean }
  | Crash;

export const MOST_VALUE = 1_000_000;
/** Pages emptier than this would be merged again. */
export const LEAST_FILL = 50;
/** Of a key that is text, in bytes. */
export const MOST_KEY = 1024;
export const MOST_BULK = 1_000_000;
export const USAGE = {
  put: 'put KEY VALUE',
  get: 'get KEY',
  delete: 'delete KEY',
  scan: 'scan [A..Z] [backward]',
  bulk: 'bulk N random|ascending|descending|zipf',
  load: 'load N [fill P]',
  vacuum: 'vacuum',
  commit: 'commit',
  checkpoint: 'checkpoint',
  rollback: 'rollback',
  crash: 'crash [during COMMAND at write|moment N] [keep SECTORS] [torn K]',
  reopen: 'reopen',
  check: 'check',
} as const;

/** Whether the lab's own rows are found by text. */
export const hasTextKeys = ({ settings }: Setup): boolean => settings.keys === 'text';

export function parse(words: readonly Word[], setup: Setup): Command {
  const keyIn = hasTextKeys(setup) ? textIn : rowidIn;
  const [first, ...rest] = words as [Word, ...Word[]];
  const name = first.text as keyof typeof USAGE;
  const wants = (least: number, most: number): void => {
    const extra = rest[most];
    const last = words.at(-1) as Word;
    if (extra) throw new Complaint(`expected ${USAGE[name]}, found one word more`, at(extra));
    if (rest.length < least)
      throw new Complaint(`expected ${USAGE[name]}`, {
        column: last.column + last.text.length,
      });
  };
  switch (name) {
    case 'put':
      wants(2, 2);
      return { kind: 'put', key: keyIn(rest[0] as Word), value: valueOfWord(rest[1] as Word) };
    case 'get':
    case 'delete':
      wants(1, 1);
      return { kind: name, key: keyIn(rest[0] as Word) };
    case 'scan':
      return parseScan(rest, wants, keyIn);
    case 'bulk': {
      wants(2, 2);
      const [count, order] = rest as [Word, Word];
      return {
        kind: 'bulk',
        count: numberIn(count, 1, MOST_BULK, 'the number of puts'),
        order: orderIn(order),
        done: 0,
      };
    }
    case 'load':
      wants(1, 3);
      return parseLoad(rest);
    case 'crash':
      return parseCrash(rest, setup);
    default:
      wants(0, 0);
      return { kind: name };
  }
}

const at = (word: Word): { column: number } => ({ column: word.column });

function rowidIn(word: Word): Key {
  const key =
    /^-?\d{1,19}$/.test(word.text) && word.form !== 'bytes' ? BigInt(word.text) : undefined;
  if (key === undefined || key < LEAST_ROWID || key > GREATEST_ROWID)
    throw new Complaint(
      `a key is a whole number of 64 bits, as in 25; found ${clip(word.text)}`,
      at(word),
    );
  return keyOf(key);
}

/** Any word is a text, a bare number too. */
function textIn(word: Word): Key {
  if (word.form === 'bytes')
    throw new Complaint("a key is text under keys text, as in reef; found bytes x'…'", at(word));
  const size = utf8(word.text).length;
  if (size > MOST_KEY)
    throw new Complaint(`a key has at most ${MOST_KEY} bytes; this one ${size}`, at(word));
  return word.text;
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text || '""');

function valueOfWord(word: Word): Value {
  const value = word.form === 'bytes' ? (bytesOfHex(word.text) as Uint8Array) : word.text;
  const size = typeof value === 'string' ? utf8(value).length : value.length;
  if (size > MOST_VALUE)
    throw new Complaint(`a value has at most ${MOST_VALUE} bytes; this one ${size}`, at(word));
  return value;
}

function numberIn(word: Word, least: number, most: number, what: string): number {
  const value = /^\d{1,15}$/.test(word.text) ? Number(word.text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new Complaint(
      `${what} is a whole number from ${least} to ${most}; found ${clip(word.text)}`,
      at(word),
    );
  return value;
}

/** load N [fill P] */
function parseLoad([count, fill, percent]: readonly Word[]): Command {
  if (fill && (fill.text !== 'fill' || !percent))
    throw new Complaint(`expected ${USAGE.load}; found ${clip(fill.text)}`, at(fill));
  return {
    kind: 'load',
    count: numberIn(count as Word, 1, MOST_BULK, 'the number of rows'),
    fill: percent ? numberIn(percent, LEAST_FILL, 100, 'the fill in percent') : 100,
    done: 0,
  };
}

function orderIn(word: Word): Order {
  const order = ORDERS.find((one) => one === word.text);
  if (!order)
    throw new Complaint(
      `the order is one of ${ORDERS.join(', ')}; found ${clip(word.text)}`,
      at(word),
    );
  return order;
}

function parseScan(
  rest: readonly Word[],
  wants: (least: number, most: number) => void,
  keyIn: (word: Word) => Key,
): Command {
  wants(0, 2);
  const last = rest.at(-1);
  const backward = last?.text === 'backward' && last.form === 'bare';
  const [range, extra] = backward ? rest.slice(0, -1) : rest;
  if (extra) throw new Complaint(`expected ${USAGE.scan}; found ${clip(extra.text)}`, at(extra));
  if (!range) return { kind: 'scan', backward };
  const found = (keyIn === textIn ? /^(.*?)\.\.(.*)$/su : /^(-?\d*)\.\.(-?\d*)$/).exec(range.text);
  if (!found || range.form === 'bytes')
    throw new Complaint(
      `a range is A..Z, as in ${keyIn === textIn ? 'coral..reef' : '10..30'}; found ${clip(range.text)}`,
      at(range),
    );
  const [, low = '', high = ''] = found;
  const from = low === '' ? undefined : keyIn({ ...range, text: low });
  const column = range.column + low.length + 2;
  const to = high === '' ? undefined : keyIn({ ...range, text: high, column });
  if (from !== undefined && to !== undefined && compareKeys(from, to) > 0)
    throw new Complaint(
      `the range ${clip(range.text)} is empty; expected the smaller key first`,
      at(range),
    );
  return {
    kind: 'scan',
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    backward,
  };
}

/** crash [during COMMAND at write|moment N] [keep all|none|1,3,5..7] [torn K] */
function parseCrash(rest: readonly Word[], setup: Setup): Crash {
  let words = rest;
  let torn: number | undefined;
  let keep: Keep | undefined;
  const option = (name: string): Word | undefined => {
    const [before, value] = words.slice(-2);
    if (before?.text !== name || before.form !== 'bare' || !value) return undefined;
    words = words.slice(0, -2);
    return value;
  };
  for (;;) {
    const tornWord = torn === undefined ? option('torn') : undefined;
    if (tornWord) torn = numberIn(tornWord, 0, 65536 / SECTOR, 'a number of sectors');
    const keepWord = keep === undefined ? option('keep') : undefined;
    if (keepWord) keep = keepIn(keepWord);
    if (!tornWord && !keepWord) break;
  }
  const options = { ...(keep !== undefined && { keep }), ...(torn !== undefined && { torn }) };
  const [during] = words;
  if (!during) return { kind: 'crash', ...options };
  const [place, unit, count] = words.slice(-3);
  if (
    during.text !== 'during' ||
    words.length < 5 ||
    place?.text !== 'at' ||
    !count ||
    (unit?.text !== 'write' && unit?.text !== 'moment')
  )
    throw new Complaint(`expected ${USAGE.crash}; found ${clip(during.text)}`, at(during));
  const inner = words.slice(1, -3);
  const command = inner[0] as Word;
  if (!(command.text in USAGE) || command.text === 'crash' || command.form !== 'bare')
    throw new Complaint(
      `a crash happens during a command; found ${clip(command.text)}`,
      at(command),
    );
  const n = numberIn(count, 1, 1_000_000_000, `the ${unit.text}`);
  return { kind: 'crash', during: { command: parse(inner, setup), at: unit.text, n }, ...options };
}

function keepIn(word: Word): Keep {
  if (word.text === 'all' || word.text === 'none') return word.text;
  const ranges = word.text.split(',').map((part): [number, number] => {
    const found = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(part);
    const from = Number(found?.[1] ?? 0);
    const to = Number(found?.[2] ?? from);
    if (!found || from < 1 || to < from)
      throw new Complaint(
        `keep wants all, none or sectors from 1, as in 1,3,5..7; found ${clip(word.text)}`,
        at(word),
      );
    return [from, to];
  });
  return ranges;
}

const printValue = (value: Value): string =>
  typeof value === 'string' ? wordOf(value) : `x'${hexOf(value)}'`;

const printKey = (key: Key): string => (typeof key === 'string' ? wordOf(key) : `${key}`);

export function print(command: Command): string {
  switch (command.kind) {
    case 'put':
      return `put ${printKey(command.key)} ${printValue(command.value)}`;
    case 'get':
    case 'delete':
      return `${command.kind} ${printKey(command.key)}`;
    case 'scan': {
      const { from, to, backward } = command;
      const open = from === undefined && to === undefined;
      const text = `${from ?? ''}..${to ?? ''}`;
      const isText = typeof (from ?? to) === 'string';
      const range = open ? '' : ` ${isText ? wordOf(text) : text}`;
      return `scan${range}${backward ? ' backward' : ''}`;
    }
    case 'bulk':
      return `bulk ${command.count} ${command.order}`;
    case 'load':
      return `load ${command.count}${command.fill === 100 ? '' : ` fill ${command.fill}`}`;
    case 'crash': {
      const { during, keep, torn } = command;
      const ranges = (list: readonly (readonly [number, number])[]): string =>
        list.map(([a, b]) => (a === b ? `${a}` : `${a}..${b}`)).join(',');
      return [
        'crash',
        ...(during ? [`during ${print(during.command)} at ${during.at} ${during.n}`] : []),
        ...(keep === undefined ? [] : [`keep ${typeof keep === 'string' ? keep : ranges(keep)}`]),
        ...(torn === undefined ? [] : [`torn ${torn}`]),
      ].join(' ');
    }
    default:
      return command.kind;
  }
}
