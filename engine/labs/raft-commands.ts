// The Raft lab's commands as data and as text. `parse` throws a
// Complaint with the column of the word at fault; `parse(words(print(c)))` equals c. Whether a node
// or a message exists is known only when the line runs; then it is said there, and nothing changes.

import { Complaint } from '../base/assert.ts';
import type { Word } from '../run/lab.ts';
import { short, wordOf } from '../run/scenario.ts';
import type { Id, Micros } from '../sim/actor.ts';
import type { Op } from '../sim/client.ts';
import type { MessageName } from '../sim/cluster.ts';

export type Command =
  /** `left`: events that it may still take. */
  | { readonly kind: 'run'; readonly length: Micros; readonly until?: Micros }
  | { readonly kind: 'until'; readonly event: string; readonly node?: Id; readonly since?: Micros }
  | { readonly kind: 'step'; readonly count: number }
  | { readonly kind: 'wait'; readonly length: Micros }
  | { readonly kind: 'fire'; readonly node: Id; readonly timer: string }
  | ({ readonly kind: 'deliver' | 'drop' | 'duplicate' | 'hold' | 'release' } & MessageName)
  | { readonly kind: 'partition'; readonly groups: readonly (readonly Id[])[] }
  | { readonly kind: 'heal' }
  | { readonly kind: 'cut' | 'mend'; readonly from: Id; readonly to: Id }
  | {
      readonly kind: 'link';
      readonly from: Id;
      readonly to: Id;
      readonly latency?: Micros;
      readonly loss?: number;
    }
  | {
      readonly kind: 'saved' | 'crash' | 'restart' | 'pause' | 'resume' | 'compact' | 'transfer';
      readonly node: Id;
    }
  | { readonly kind: 'skew'; readonly node: Id; readonly by: Micros; readonly rate?: number }
  | { readonly kind: 'client'; readonly client: Id; readonly op: Op }
  | { readonly kind: 'add'; readonly node: Id | undefined }
  | { readonly kind: 'remove'; readonly node: Id }
  | { readonly kind: 'chaos'; readonly length: Micros; readonly until?: Micros }
  | {
      readonly kind: 'disk';
      readonly node: Id;
      readonly terms: readonly number[];
      readonly term?: number;
      readonly vote?: Id;
    };

const HOUR: Micros = 3_600_000_000;
export const MOST_STEPS = 1_000_000;
export const MOST_CLIENTS = 99;
/** How far `run until` looks. */
export const FAR: Micros = 60_000_000;

export const USAGE = {
  run: 'run TIME | run until EVENT [at NODE]',
  step: 'step [K]',
  wait: 'wait TIME',
  fire: 'fire NODE TIMER',
  deliver: 'deliver A>B#N',
  drop: 'drop A>B#N',
  duplicate: 'duplicate A>B#N',
  hold: 'hold A>B#N',
  release: 'release A>B#N',
  partition: 'partition A,B / C,D,E',
  heal: 'heal',
  cut: 'cut A>B',
  mend: 'mend A>B',
  link: 'link A>B [TIME] [loss P%]',
  saved: 'saved NODE',
  crash: 'crash NODE',
  restart: 'restart NODE',
  pause: 'pause NODE',
  resume: 'resume NODE',
  skew: 'skew NODE [+TIME|-TIME] [xRATE]',
  client: 'client N put KEY VALUE | get KEY | delete KEY | cas KEY FROM TO',
  transfer: 'transfer NODE',
  add: 'add node [NAME]',
  remove: 'remove node NAME',
  compact: 'compact NODE',
  disk: 'disk NODE log TERM … [term T] [vote NODE]',
  chaos: 'chaos TIME',
} as const;

export type Verb = keyof typeof USAGE;

const at = (word: Word | undefined) => ({ column: word?.column ?? 1 });

export function parse(words: readonly Word[], events: readonly string[]): Command {
  const [first, ...rest] = words as [Word, ...Word[]];
  const verb = first.text as Verb;
  const wants = (least: number, most = least): void => {
    if (rest.length < least || rest.length > most)
      throw new Complaint(`expected ${USAGE[verb]}`, at(rest[most] ?? rest.at(-1) ?? first));
  };
  const [a, b, c] = rest;
  switch (verb) {
    case 'run':
      if (a?.text === 'until') {
        wants(2, 4);
        const event = eventIn(b as Word, events);
        if (rest.length === 2) return { kind: 'until', event };
        wants(4);
        if (c?.text !== 'at')
          throw new Complaint(`expected ${USAGE.run}; found ${short(c?.text ?? '')}`, at(c));
        return { kind: 'until', event, node: actorIn(rest[3] as Word) };
      }
      wants(1);
      return { kind: 'run', length: timeIn(a as Word) };
    case 'step':
      wants(0, 1);
      return { kind: 'step', count: a ? wholeIn(a, 1, MOST_STEPS, 'a number of steps') : 1 };
    case 'wait':
      wants(1);
      return { kind: 'wait', length: timeIn(a as Word) };
    case 'fire':
      wants(2);
      return { kind: 'fire', node: nodeIn(a as Word), timer: (b as Word).text };
    case 'deliver':
    case 'drop':
    case 'duplicate':
    case 'hold':
    case 'release':
      wants(1);
      return { kind: verb, ...messageIn(a as Word) };
    case 'partition':
      return { kind: verb, groups: groupsIn(first, rest) };
    case 'heal':
      wants(0);
      return { kind: verb };
    case 'cut':
    case 'mend':
      wants(1);
      return { kind: verb, ...linkIn(a as Word) };
    case 'link':
      return linkCommand(first, rest);
    case 'saved':
    case 'crash':
    case 'restart':
    case 'pause':
    case 'resume':
    case 'compact':
    case 'transfer':
      wants(1);
      return { kind: verb, node: nodeIn(a as Word) };
    case 'skew':
      return skewIn(first, rest);
    case 'client':
      return {
        kind: verb,
        client: `${wholeIn(a ?? first, 1, MOST_CLIENTS, 'a client')}`,
        op: opIn(first, rest.slice(1)),
      };
    case 'add':
    case 'remove': {
      wants(verb === 'add' ? 1 : 2, 2);
      if (a?.text !== 'node')
        throw new Complaint(`expected ${USAGE[verb]}; found ${short(a?.text ?? '')}`, at(a));
      return verb === 'add'
        ? { kind: verb, node: b && nodeIn(b) }
        : { kind: verb, node: nodeIn(b as Word) };
    }
    case 'chaos': {
      wants(1);
      const length = timeIn(a as Word);
      if (length < 1_000_000) throw new Complaint('a storm lasts a second at least', at(a));
      return { kind: verb, length };
    }
    case 'disk':
      return diskIn(first, rest);
  }
}

function eventIn(word: Word, events: readonly string[]): string {
  if (events.includes(word.text)) return word.text;
  throw new Complaint(
    `${short(word.text)} is no event; expected one of ${events.join(', ')}`,
    at(word),
  );
}

export function nodeIn(word: Word): Id {
  if (/^[A-Z]\d?$/.test(word.text)) return word.text;
  throw new Complaint(`a node is a capital letter, as in A; found ${short(word.text)}`, at(word));
}

function actorIn(word: Word): Id {
  if (/^([A-Z]\d?|[1-9]\d?)$/.test(word.text)) return word.text;
  throw new Complaint(
    `expected a node, as in A, or a client, as in 1; found ${short(word.text)}`,
    at(word),
  );
}

function messageIn(word: Word): MessageName {
  const found = /^([A-Z]\d?|[1-9]\d?)>([A-Z]\d?|[1-9]\d?)#(\d{1,9})(\+?)$/.exec(word.text);
  if (!found)
    throw new Complaint(
      `a message is named as in A>B#17, the 17th from A to B; found ${short(word.text)}`,
      at(word),
    );
  const [, from, to, n, copy] = found as unknown as [string, Id, Id, string, string];
  return { from, to, n: Number(n), ...(copy && { copy: true }) };
}

function linkIn(word: Word): { from: Id; to: Id } {
  const found = /^([A-Z]\d?|[1-9]\d?)>([A-Z]\d?|[1-9]\d?)$/.exec(word.text);
  if (!found || found[1] === found[2])
    throw new Complaint(
      `a link is named as in A>B, from A to B; found ${short(word.text)}`,
      at(word),
    );
  return { from: found[1] as Id, to: found[2] as Id };
}

/** `300ms`, `20s`, `1.5s`. */
export function timeIn(word: Word): Micros {
  const found = /^(\d{1,7}(?:\.\d{1,3})?)(us|ms|s)$/.exec(word.text);
  const unit = { us: 1, ms: 1000, s: 1_000_000 }[found?.[2] ?? 'us'] as number;
  const time = Math.round(Number(found?.[1]) * unit);
  if (!found || time <= 0 || time > HOUR)
    throw new Complaint(
      `a time is a number with its unit, up to an hour, as in 300ms or 20s; found ${short(word.text)}`,
      at(word),
    );
  return time;
}

export function timeText(time: Micros): string {
  if (time % 1_000_000 === 0) return `${time / 1_000_000}s`;
  if (time % 1000 === 0) return `${time / 1000}ms`;
  return time % 10 === 0 || time > 9_999_999 ? `${time / 1000}ms` : `${time}us`;
}

function wholeIn(word: Word, least: number, most: number, what: string): number {
  const value = Number(word.text);
  if (!/^\d{1,9}$/.test(word.text) || value < least || value > most)
    throw new Complaint(
      `${what} is a whole number from ${least} to ${most}; found ${short(word.text)}`,
      at(word),
    );
  return value;
}

function groupsIn(first: Word, rest: readonly Word[]): Id[][] {
  const groups: Id[][] = [[]];
  for (const word of rest) {
    if (word.text === '/') {
      groups.push([]);
      continue;
    }
    for (const name of word.text.split(',')) {
      if (!/^[A-Z]$/.test(name))
        throw new Complaint(`expected ${USAGE.partition}; found ${short(word.text)}`, at(word));
      if (groups.flat().includes(name)) throw new Complaint(`${name} is on two sides`, at(word));
      groups.at(-1)?.push(name);
    }
  }
  if (groups.some((group) => group.length === 0) || rest.length === 0)
    throw new Complaint(`expected ${USAGE.partition}`, at(rest.at(-1) ?? first));
  return groups;
}

function linkCommand(first: Word, rest: readonly Word[]): Command {
  const [name, ...more] = rest;
  if (!name || more.length === 0) throw new Complaint(`expected ${USAGE.link}`, at(name ?? first));
  let latency: Micros | undefined;
  let loss: number | undefined;
  for (let i = 0; i < more.length; i++) {
    const word = more[i] as Word;
    if (word.text === 'loss' && loss === undefined) {
      const share = more[++i];
      const found = /^(\d{1,3})%$/.exec(share?.text ?? '');
      if (!found || Number(found[1]) > 100)
        throw new Complaint(
          `loss is a share of the messages, as in 20%; found ${short(share?.text ?? '')}`,
          at(share ?? word),
        );
      loss = Number(found[1]) / 100;
    } else if (latency === undefined) latency = timeIn(word);
    else throw new Complaint(`expected ${USAGE.link}; found ${short(word.text)}`, at(word));
  }
  return {
    kind: 'link',
    ...linkIn(name),
    ...(latency !== undefined && { latency }),
    ...(loss !== undefined && { loss }),
  };
}

function skewIn(first: Word, rest: readonly Word[]): Command {
  const [name, ...more] = rest;
  if (!name || more.length === 0) throw new Complaint(`expected ${USAGE.skew}`, at(name ?? first));
  let by: Micros | undefined;
  let rate: number | undefined;
  for (const word of more) {
    const fast = /^x(\d{1,2}(?:\.\d{1,4})?)$/.exec(word.text);
    if (fast && rate === undefined) {
      rate = Number(fast[1]);
      if (rate < 0.1 || rate > 10)
        throw new Complaint(
          `a clock runs 0.1 to 10 times as fast as it should; found ${short(word.text)}`,
          at(word),
        );
    } else if (/^[+-]/.test(word.text) && by === undefined)
      by = timeIn({ ...word, text: word.text.slice(1) }) * (word.text[0] === '-' ? -1 : 1);
    else throw new Complaint(`expected ${USAGE.skew}; found ${short(word.text)}`, at(word));
  }
  return { kind: 'skew', node: nodeIn(name), by: by ?? 0, ...(rate !== undefined && { rate }) };
}

function opIn(first: Word, rest: readonly Word[]): Op {
  const [verb, key, value, to] = rest;
  const counts = { put: 3, get: 2, delete: 2, cas: 4 } as const;
  const op = verb?.text as keyof typeof counts;
  if (!verb || !(op in counts) || rest.length !== counts[op])
    throw new Complaint(
      `expected ${USAGE.client}`,
      at(rest[counts[op] ?? 0] ?? rest.at(-1) ?? first),
    );
  for (const word of rest.slice(1))
    if (word.text.length > 40)
      throw new Complaint(
        `a key or a value has at most 40 characters; found ${short(word.text)}`,
        at(word),
      );
  const name = (key as Word).text;
  if (op === 'put') return { op, key: name, value: (value as Word).text };
  if (op === 'cas') return { op, key: name, from: (value as Word).text, value: (to as Word).text };
  return { op, key: name };
}

function diskIn(first: Word, rest: readonly Word[]): Command {
  const [name, log, ...more] = rest;
  if (!name || log?.text !== 'log')
    throw new Complaint(`expected ${USAGE.disk}`, at(log ?? name ?? first));
  const terms: number[] = [];
  let i = 0;
  for (; i < more.length && /^\d/.test((more[i] as Word).text); i++) {
    const word = more[i] as Word;
    const term = wholeIn(word, 1, 1_000_000, 'a term');
    if (term < (terms.at(-1) ?? 0)) throw new Complaint('the terms of a log never fall', at(word));
    terms.push(term);
  }
  if (terms.length > 1000)
    throw new Complaint('a log that is laid out has at most 1000 entries', at(more[1000]));
  let term: number | undefined;
  let vote: Id | undefined;
  for (; i < more.length; i += 2) {
    const [word, value] = [more[i] as Word, more[i + 1]];
    if (word.text === 'term' && value && term === undefined)
      term = wholeIn(
        value,
        terms.at(-1) ?? 0,
        1_000_000,
        "a node's term, not before its last entry's,",
      );
    else if (word.text === 'vote' && value && vote === undefined) vote = nodeIn(value);
    else throw new Complaint(`expected ${USAGE.disk}; found ${short(word.text)}`, at(word));
  }
  return {
    kind: 'disk',
    node: nodeIn(name),
    terms,
    ...(term !== undefined && { term }),
    ...(vote !== undefined && { vote }),
  };
}

export const messageText = ({ from, to, n, copy }: MessageName): string =>
  `${from}>${to}#${n}${copy ? '+' : ''}`;

export function print(command: Command): string {
  switch (command.kind) {
    case 'run':
      return `run ${timeText(command.length)}`;
    case 'until':
      return `run until ${command.event}${command.node ? ` at ${command.node}` : ''}`;
    case 'step':
      return `step ${command.count}`;
    case 'wait':
      return `wait ${timeText(command.length)}`;
    case 'fire':
      return `fire ${command.node} ${wordOf(command.timer)}`;
    case 'deliver':
    case 'drop':
    case 'duplicate':
    case 'hold':
    case 'release':
      return `${command.kind} ${messageText(command)}`;
    case 'partition':
      return `partition ${command.groups.map((group) => group.join(',')).join(' / ')}`;
    case 'heal':
      return 'heal';
    case 'cut':
    case 'mend':
      return `${command.kind} ${command.from}>${command.to}`;
    case 'link':
      return [
        `link ${command.from}>${command.to}`,
        ...(command.latency === undefined ? [] : [timeText(command.latency)]),
        ...(command.loss === undefined ? [] : [`loss ${Math.round(command.loss * 100)}%`]),
      ].join(' ');
    case 'skew':
      return [
        `skew ${command.node}`,
        ...(command.by === 0 && command.rate !== undefined
          ? []
          : [`${command.by < 0 ? '-' : '+'}${timeText(Math.abs(command.by))}`]),
        ...(command.rate === undefined ? [] : [`x${command.rate}`]),
      ].join(' ');
    case 'client':
      return `client ${command.client} ${opText(command.op)}`;
    case 'add':
      return `add node${command.node ? ` ${command.node}` : ''}`;
    case 'remove':
      return `remove node ${command.node}`;
    case 'chaos':
      return `chaos ${timeText(command.length)}`;
    case 'disk':
      return [
        `disk ${command.node} log`,
        ...command.terms,
        ...(command.term === undefined ? [] : [`term ${command.term}`]),
        ...(command.vote === undefined ? [] : [`vote ${command.vote}`]),
      ].join(' ');
    default:
      return `${command.kind} ${command.node}`;
  }
}

export function opText(op: Op): string {
  const words =
    op.op === 'cas' ? [op.key, op.from, op.value] : op.op === 'put' ? [op.key, op.value] : [op.key];
  return [op.op, ...words.map(wordOf)].join(' ');
}
