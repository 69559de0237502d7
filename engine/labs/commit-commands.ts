// The commit lab's commands as data and as text. Most commands are the simulator's, and read
// as in the Raft lab; its own are `begin`, `decide` and `saved`.

import { Complaint } from '../base/assert.ts';
import type { Decision } from '../protocols/commit/types.ts';
import type { Word } from '../run/lab.ts';
import { short, wordOf } from '../run/scenario.ts';
import type { Id } from '../sim/actor.ts';
import {
  nodeIn,
  parse as parseShared,
  print as printShared,
  type Command as SharedCommand,
} from './raft-commands.ts';

export const SHARED = [
  'run',
  'step',
  'fire',
  'deliver',
  'drop',
  'duplicate',
  'hold',
  'release',
  'partition',
  'heal',
  'cut',
  'mend',
  'crash',
  'restart',
  'pause',
  'resume',
] as const;
type SharedVerb = (typeof SHARED)[number];

/** What a node may go through; the Raft lab's type has more of these in one. */
interface Lifecycle {
  readonly kind: 'crash' | 'restart' | 'pause' | 'resume';
  readonly node: Id;
}
export type Shared = Lifecycle | Extract<SharedCommand, { kind: SharedVerb | 'until' }>;
export type Command =
  | Shared
  | { readonly kind: 'begin'; readonly value: string }
  | { readonly kind: 'decide'; readonly node: Id; readonly decision: Decision }
  | { readonly kind: 'saved'; readonly node: Id };

export function parse(words: readonly Word[], events: readonly string[]): Command {
  const [first, a, b, extra] = words as [Word, Word?, Word?, Word?];
  const wants = (usage: string, count: number): void => {
    const last = words.at(-1) as Word;
    if (words.length !== count + 1)
      throw new Complaint(`expected ${usage}`, {
        column: extra?.column ?? last.column + (words.length <= count ? last.text.length : 0),
      });
  };
  switch (first.text) {
    case 'begin':
      wants('begin VALUE', 1);
      return { kind: 'begin', value: (a as Word).text };
    case 'decide': {
      wants('decide NODE commit|abort', 2);
      const node = nodeIn(a as Word);
      const decision = (b as Word).text;
      if (decision !== 'commit' && decision !== 'abort')
        throw new Complaint(`a decision is commit or abort; found ${short(decision)}`, {
          column: (b as Word).column,
        });
      return { kind: 'decide', node, decision };
    }
    case 'saved':
      wants('saved NODE', 1);
      return { kind: 'saved', node: nodeIn(a as Word) };
    default:
      return parseShared(words, events) as Shared;
  }
}

export function print(command: Command): string {
  switch (command.kind) {
    case 'begin':
      return `begin ${wordOf(command.value)}`;
    case 'decide':
      return `decide ${command.node} ${command.decision}`;
    case 'saved':
      return `saved ${command.node}`;
    default:
      return printShared(command);
  }
}
