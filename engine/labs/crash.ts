// The command that cuts the power, as all storage labs have it, and small readers of words.
//
//   crash                                              now; memory and what was not synced is gone
//   crash during put 29 "x" at write 2                 at the second write that the put asks of the disk
//   crash during commit at moment 3 keep 1,3..5        … and these of the pending sectors had arrived
//   crash during commit at write 3 torn 1              … all of them, but of the last write one sector

import { Complaint } from '../base/assert.ts';
import type { DiskImage } from '../disk/image.ts';
import { pendingOf, powerCut, SECTOR } from '../disk/power.ts';
import type { Word } from '../run/lab.ts';

/** Which of the sectors that were pending at a power cut survive: from 1, in the order they were asked for. */
export type Keep = 'all' | 'none' | readonly (readonly [number, number])[];

export interface CrashOf<C> {
  readonly kind: 'crash';
  readonly during?: {
    readonly command: C;
    readonly at: 'write' | 'moment';
    readonly n: number;
  };
  readonly keep?: Keep;
  /** How many sectors of the last write survive. */
  readonly torn?: number;
}

export const at = (word: Word): { column: number } => ({ column: word.column });

export const clip = (text: string): string =>
  text.length > 40 ? `${text.slice(0, 39)}…` : text || '""';

export function numberIn(word: Word, least: number, most: number, what: string): number {
  const value = /^\d{1,15}$/.test(word.text) ? Number(word.text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new Complaint(
      `${what} is a whole number from ${least} to ${most}; found ${clip(word.text)}`,
      at(word),
    );
  return value;
}

/** crash [during COMMAND at write|moment N] [keep all|none|1,3,5..7] [torn K]. `rest`: the words behind `crash`. */
export function parseCrash<C>(
  rest: readonly Word[],
  usage: Readonly<Record<string, string>>,
  parse: (words: readonly Word[]) => C,
): CrashOf<C> {
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
    throw new Complaint(`expected ${usage.crash}; found ${clip(during.text)}`, at(during));
  const inner = words.slice(1, -3);
  const command = inner[0] as Word;
  if (!Object.hasOwn(usage, command.text) || command.text === 'crash' || command.form !== 'bare')
    throw new Complaint(
      `a crash happens during a command; found ${clip(command.text)}`,
      at(command),
    );
  const n = numberIn(count, 1, 1_000_000_000, `the ${unit.text}`);
  return { kind: 'crash', during: { command: parse(inner), at: unit.text, n }, ...options };
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

export function printCrash<C>({ during, keep, torn }: CrashOf<C>, print: (command: C) => string) {
  const ranges = (list: readonly (readonly [number, number])[]): string =>
    list.map(([a, b]) => (a === b ? `${a}` : `${a}..${b}`)).join(',');
  return [
    'crash',
    ...(during ? [`during ${print(during.command)} at ${during.at} ${during.n}`] : []),
    ...(keep === undefined ? [] : [`keep ${typeof keep === 'string' ? keep : ranges(keep)}`]),
    ...(torn === undefined ? [] : [`torn ${torn}`]),
  ].join(' ');
}

/** What the cut leaves of a disk; `kept` and `torn` count the sectors that survived, of all and of the last write. */
export function cutBy(
  image: DiskImage,
  command: Pick<CrashOf<unknown>, 'keep' | 'torn'>,
): { readonly disk: DiskImage; readonly kept: number; readonly torn: number | undefined } {
  const last = image.pending?.op;
  const lastSectors = last?.kind === 'write' ? Math.ceil(last.bytes.length / SECTOR) : 0;
  const firstOfLast = pendingOf(image).length - lastSectors;
  const torn = command.torn === undefined ? undefined : Math.min(command.torn, lastSectors);
  // A torn write is the last one: what was written before it is taken to have survived.
  const keep = command.keep ?? (torn === undefined ? 'none' : 'all');
  let kept = 0;
  const disk = powerCut(image, (sector) => {
    const survives =
      torn !== undefined && sector >= firstOfLast
        ? sector < firstOfLast + torn
        : keep === 'all' ||
          (keep !== 'none' && keep.some(([a, b]) => sector + 1 >= a && sector + 1 <= b));
    if (survives) kept++;
    return survives;
  });
  return { disk, kept, torn };
}
