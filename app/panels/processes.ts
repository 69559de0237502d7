// The processes of a lab, in the order in which its kinds name them.

import type { EventKind } from '../../engine/run/lab.ts';

export function processesOf(kinds: readonly EventKind[]): readonly string[] {
  return [...new Set(kinds.map((kind) => kind.process))];
}
