// The B-Tree lab's commands as data and as text: what a line says, and the line that says a command.
// `parse` throws a Complaint with the column of the word at fault; `parse(words(print(c)))` equals c.

import { Complaint } from '../base/assert.ts';
import { bytesOfHex, hexOf, utf8 } from '../base/bytes.ts';
import type { Key } from '../btree/events.ts';
import { compareKeys } from '../btree/key-lens.ts';
import type { Value } from '../btree/record.ts';
import { GREATEST_ROWID, keyOf, LEAST_ROWID } from '../btree/varint.ts';
import type { Setup, Word } from '../run/lab.ts';
import { wordOf } from '../run/scenario.ts';
import { type Bulk, ORDERS, type Order } from './bulk.ts';
import { at, type CrashOf, clip, numberIn, parseCrash, printCrash } from './crash.ts';

export type Crash = CrashOf<Command>;

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
      return parseCrash(rest, USAGE, (inner) => parse(inner, setup));
    default:
      wants(0, 0);
      return { kind: name };
  }
}

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

function valueOfWord(word: Word): Value {
  const value = word.form === 'bytes' ? (bytesOfHex(word.text) as Uint8Array) : word.text;
  const size = typeof value === 'string' ? utf8(value).length : value.length;
  if (size > MOST_VALUE)
    throw new Complaint(`a value has at most ${MOST_VALUE} bytes; this one ${size}`, at(word));
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
    case 'crash':
      return printCrash(command, print);
    default:
      return command.kind;
  }
}
