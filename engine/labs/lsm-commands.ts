// The LSM lab's commands and settings as data, and the commands as text. Keys are bytes: a bare or a
// quoted word is its UTF-8, x'…' any bytes. `parse(words(print(c)))` equals c.

import { Complaint } from '../base/assert.ts';
import {
  type Bytes,
  bytesOfHex,
  compareBytes,
  equalBytes,
  hexOf,
  textOf,
  utf8,
} from '../base/bytes.ts';
import type { Operation } from '../lsm/batch.ts';
import type { Word } from '../run/lab.ts';
import { wordOf } from '../run/scenario.ts';
import { type Bulk, ORDERS, type Order } from './bulk.ts';
import { at, type CrashOf, clip, numberIn, parseCrash, printCrash } from './crash.ts';

export const WORKLOADS = ['update', 'zipf', 'churn', 'read'] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

export interface Workload {
  readonly kind: 'workload';
  readonly name: WorkloadName;
  readonly count: number;
  readonly done: number;
}

/** A compaction by hand, level by level: the rest of the command goes on with the next. */
export interface Compact {
  readonly kind: 'compact';
  readonly from?: Bytes;
  readonly to?: Bytes;
  /** The level whose turn it is; absent at the beginning. */
  readonly level?: number;
  readonly deepest?: number;
}

export type Command =
  | { readonly kind: 'put'; readonly key: Bytes; readonly value: Bytes }
  | { readonly kind: 'delete'; readonly key: Bytes }
  | { readonly kind: 'batch'; readonly operations: readonly Operation[] }
  | { readonly kind: 'get'; readonly key: Bytes; readonly snapshot?: string }
  | {
      readonly kind: 'scan';
      readonly from?: Bytes;
      readonly to?: Bytes;
      readonly backward: boolean;
      readonly snapshot?: string;
    }
  | { readonly kind: 'snapshot'; readonly name?: string }
  | { readonly kind: 'release'; readonly name: string }
  | Compact
  | { readonly kind: 'pause' | 'resume'; readonly what: 'flush' | 'compaction' }
  | { readonly kind: 'wait'; readonly ms: number }
  | Bulk
  | Workload
  | { readonly kind: 'commit' | 'flush' | 'reopen' | 'check' }
  | CrashOf<Command>;

export type Crash = CrashOf<Command>;

export const MOST_VALUE = 1_000_000;
const MOST_KEY = 65_536;
const MOST_BULK = 1_000_000;
const MOST_BATCH = 1000;

export const USAGE = {
  put: 'put KEY VALUE',
  delete: 'delete KEY',
  batch: 'batch put KEY VALUE / delete KEY / …',
  get: 'get KEY [@SNAPSHOT]',
  scan: 'scan [A..Z] [backward] [@SNAPSHOT]',
  snapshot: 'snapshot [NAME]',
  release: 'release NAME',
  commit: 'commit',
  flush: 'flush',
  compact: 'compact [A..Z]',
  pause: 'pause flush|compaction',
  resume: 'resume flush|compaction',
  wait: 'wait DURATION',
  bulk: 'bulk N random|ascending|descending|zipf',
  workload: 'workload update|zipf|churn|read N',
  crash: 'crash [during COMMAND at write|moment N] [keep SECTORS] [torn K]',
  reopen: 'reopen',
  check: 'check',
} as const;

export function parse(words: readonly Word[]): Command {
  const [first, ...rest] = words as [Word, ...Word[]];
  const name = first.text as keyof typeof USAGE;
  const wants = (least: number, most: number): void => {
    const extra = rest[most];
    const last = words.at(-1) as Word;
    if (extra) throw new Complaint(`expected ${USAGE[name]}, found one word more`, at(extra));
    if (rest.length < least)
      throw new Complaint(`expected ${USAGE[name]}`, { column: last.column + last.text.length });
  };
  switch (name) {
    case 'put':
      wants(2, 2);
      return { kind: 'put', key: keyIn(rest[0] as Word), value: valueIn(rest[1] as Word) };
    case 'delete':
      wants(1, 1);
      return { kind: 'delete', key: keyIn(rest[0] as Word) };
    case 'batch':
      wants(2, Number.MAX_SAFE_INTEGER);
      return { kind: 'batch', operations: operationsIn(rest) };
    case 'get': {
      wants(1, 2);
      const snapshot = rest[1] && snapshotIn(rest[1]);
      return { kind: 'get', key: keyIn(rest[0] as Word), ...(snapshot && { snapshot }) };
    }
    case 'scan':
      return parseScan(rest);
    case 'snapshot': {
      wants(0, 1);
      const [word] = rest;
      return { kind: 'snapshot', ...(word && { name: nameIn(word) }) };
    }
    case 'release':
      wants(1, 1);
      return { kind: 'release', name: nameIn(rest[0] as Word) };
    case 'compact': {
      const { range, used } = rangeIn(rest);
      const extra = rest[used];
      if (extra)
        throw new Complaint(`expected ${USAGE.compact}; found ${clip(extra.text)}`, at(extra));
      return { kind: 'compact', ...range };
    }
    case 'pause':
    case 'resume': {
      wants(1, 1);
      const what = choiceIn(rest[0] as Word, ['flush', 'compaction'] as const, 'what is held');
      return { kind: name, what };
    }
    case 'wait':
      wants(1, 1);
      return { kind: 'wait', ms: durationIn(rest[0] as Word) };
    case 'bulk': {
      wants(2, 2);
      const [count, order] = rest as [Word, Word];
      return {
        kind: 'bulk',
        count: numberIn(count, 1, MOST_BULK, 'the number of puts'),
        order: choiceIn<Order>(order, ORDERS, 'the order'),
        done: 0,
      };
    }
    case 'workload': {
      wants(2, 2);
      const [which, count] = rest as [Word, Word];
      return {
        kind: 'workload',
        name: choiceIn<WorkloadName>(which, WORKLOADS, 'the workload'),
        count: numberIn(count, 1, MOST_BULK, 'the number of operations'),
        done: 0,
      };
    }
    case 'crash':
      return parseCrash(rest, USAGE, parse);
    default:
      wants(0, 0);
      return { kind: name };
  }
}

const bytesIn = (word: Word): Bytes =>
  word.form === 'bytes' ? (bytesOfHex(word.text) as Uint8Array) : utf8(word.text);

function keyIn(word: Word): Bytes {
  const key = bytesIn(word);
  if (key.length > MOST_KEY)
    throw new Complaint(`a key has at most ${MOST_KEY} bytes; this one ${key.length}`, at(word));
  return key;
}

function valueIn(word: Word): Bytes {
  const value = bytesIn(word);
  if (value.length > MOST_VALUE)
    throw new Complaint(
      `a value has at most ${MOST_VALUE} bytes; this one ${value.length}`,
      at(word),
    );
  return value;
}

function choiceIn<T extends string>(word: Word, choices: readonly T[], what: string): T {
  const found = choices.find((one) => one === word.text && word.form === 'bare');
  if (!found)
    throw new Complaint(
      `${what} is one of ${choices.join(', ')}; found ${clip(word.text)}`,
      at(word),
    );
  return found;
}

function nameIn(word: Word): string {
  if (word.form !== 'bare' || !/^[\w-]{1,30}$/.test(word.text))
    throw new Complaint(
      `a snapshot's name is letters, digits and hyphens; found ${clip(word.text)}`,
      at(word),
    );
  return word.text;
}

function snapshotIn(word: Word): string {
  if (word.form !== 'bare' || !word.text.startsWith('@'))
    throw new Complaint(`expected @SNAPSHOT, as in @s1; found ${clip(word.text)}`, at(word));
  return nameIn({ ...word, text: word.text.slice(1), column: word.column + 1 });
}

function durationIn(word: Word): number {
  const found = /^(\d{1,9})(ms|s|m|h)$/.exec(word.text);
  if (!found)
    throw new Complaint(
      `a duration is a number of ms, s, m or h, as in 500ms; found ${clip(word.text)}`,
      at(word),
    );
  return Number(found[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[found[2] as 'ms'];
}

/** put KEY VALUE / delete KEY / … */
function operationsIn(words: readonly Word[]): Operation[] {
  const operations: Operation[] = [];
  for (let i = 0; i < words.length; i++) {
    const verb = words[i] as Word;
    const kind = choiceIn(verb, ['put', 'delete'] as const, 'an operation of a batch');
    const key = words[++i];
    const value = kind === 'put' ? words[++i] : undefined;
    if (!key || (kind === 'put' && !value))
      throw new Complaint(`expected ${USAGE[kind]}`, at(verb));
    operations.push({ key: keyIn(key), value: value && valueIn(value) });
    const slash = words[++i];
    if (slash && (slash.text !== '/' || slash.form !== 'bare' || i === words.length - 1))
      throw new Complaint(`operations are parted by /; found ${clip(slash.text)}`, at(slash));
  }
  if (operations.length > MOST_BATCH)
    throw new Complaint(
      `a batch has at most ${MOST_BATCH} operations; this one ${operations.length}`,
      {
        column: 1,
      },
    );
  return operations;
}

/** A..Z at the beginning of the words: either end may be missing, and may be quoted or x'…'. */
function rangeIn(words: readonly Word[]): { range: { from?: Bytes; to?: Bytes }; used: number } {
  const [first] = words;
  if (
    !first ||
    (first.form === 'bare' && (first.text === 'backward' || first.text.startsWith('@')))
  )
    return { range: {}, used: 0 };
  let used = 0;
  let from: Bytes | undefined;
  let dots = first;
  if (first.form !== 'bare') {
    from = keyIn(first);
    dots = words[++used] ?? first;
  }
  const found = dots.form === 'bare' ? /^(.*?)\.\.(.*)$/.exec(dots.text) : null;
  if (!found || (from && found[1] !== ''))
    throw new Complaint(`a range is A..Z, as in apple..grape; found ${clip(dots.text)}`, at(dots));
  const [, low = '', high = ''] = found;
  if (low !== '') from = keyIn({ ...dots, text: low });
  used++;
  let to = high === '' ? undefined : keyIn({ ...dots, text: high });
  const next = words[used];
  if (!to && next && next.form !== 'bare') {
    to = keyIn(next);
    used++;
  }
  if (from && to && compareBytes(from, to) > 0)
    throw new Complaint('the range is empty; expected the smaller key first', at(first));
  return { range: { ...(from && { from }), ...(to && { to }) }, used };
}

function parseScan(words: readonly Word[]): Command {
  const { range, used } = rangeIn(words);
  let backward = false;
  let snapshot: string | undefined;
  for (const word of words.slice(used)) {
    if (word.form === 'bare' && word.text === 'backward' && !backward && !snapshot) backward = true;
    else if (word.form === 'bare' && word.text.startsWith('@') && !snapshot)
      snapshot = snapshotIn(word);
    else throw new Complaint(`expected ${USAGE.scan}; found ${clip(word.text)}`, at(word));
  }
  return { kind: 'scan', ...range, backward, ...(snapshot && { snapshot }) };
}

// ── Printing ────────────────────────────────────────────────────────────────────────────────────

/** Bytes as a word: text where that is the same bytes, else x'…'. */
export function wordOfBytes(bytes: Bytes): string {
  const text = textOf(bytes);
  return equalBytes(utf8(text), bytes) ? wordOf(text) : `x'${hexOf(bytes)}'`;
}

/** An end of a range: bare only where no dot or sign of its own can be mistaken. */
const endOf = (bytes: Bytes | undefined): string => {
  if (!bytes) return '';
  const word = wordOfBytes(bytes);
  return word.includes('..') || word.startsWith('.') || word.endsWith('.')
    ? `x'${hexOf(bytes)}'`
    : word;
};

/** A word that is not bare is parted from the dots, which would swallow its x. */
function rangeText({ from, to }: { from?: Bytes; to?: Bytes }): string {
  if (!from && !to) return '';
  const [low, high] = [endOf(from), endOf(to)];
  return ` ${low}${/['"]$/.test(low) ? ' ' : ''}..${/['"]$/.test(high) ? ' ' : ''}${high}`;
}

function durationText(ms: number): string {
  if (ms % 1000 !== 0 || ms === 0) return `${ms}ms`;
  return `${ms / 1000}s`;
}

export function print(command: Command): string {
  switch (command.kind) {
    case 'put':
      return `put ${wordOfBytes(command.key)} ${wordOfBytes(command.value)}`;
    case 'delete':
      return `delete ${wordOfBytes(command.key)}`;
    case 'batch':
      return `batch ${command.operations
        .map(({ key, value }) =>
          value ? `put ${wordOfBytes(key)} ${wordOfBytes(value)}` : `delete ${wordOfBytes(key)}`,
        )
        .join(' / ')}`;
    case 'get':
      return `get ${wordOfBytes(command.key)}${command.snapshot ? ` @${command.snapshot}` : ''}`;
    case 'scan':
      return `scan${rangeText(command)}${command.backward ? ' backward' : ''}${command.snapshot ? ` @${command.snapshot}` : ''}`;
    case 'snapshot':
      return `snapshot${command.name ? ` ${command.name}` : ''}`;
    case 'release':
      return `release ${command.name}`;
    case 'compact':
      return `compact${rangeText(command)}`;
    case 'pause':
    case 'resume':
      return `${command.kind} ${command.what}`;
    case 'wait':
      return `wait ${durationText(command.ms)}`;
    case 'bulk':
      return `bulk ${command.count} ${command.order}`;
    case 'workload':
      return `workload ${command.name} ${command.count}`;
    case 'crash':
      return printCrash(command, print);
    default:
      return command.kind;
  }
}

// ── As data ─────────────────────────────────────────────────────────────────────────────────────

/** Commands that leave the files as they were. */
export const READING: ReadonlySet<string> = new Set(['get', 'scan', 'check']);
