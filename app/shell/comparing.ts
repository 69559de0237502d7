// From a lab to two runs side by side: the addresses that lead there.

import { comparisonLinkOf } from '../../engine/run/link.ts';
import { wordOf } from '../../engine/run/scenario.ts';
import type { Session } from '../player/types.ts';
import { navigate } from './location.ts';

/** The run on screen beside itself, to let one of the two differ. */
export async function compareTwice(session: Session): Promise<void> {
  const left = await session.text();
  navigate((await comparisonLinkOf({ left, right: left })).slice(1));
}

/** The branches that the text itself names. */
export async function compareWithItself(session: Session): Promise<void> {
  navigate((await comparisonLinkOf({ left: await session.text() })).slice(1));
}

/** Two branches of the run on screen. */
export async function compareBranches(session: Session, a: string, b: string): Promise<void> {
  const text = await session.text();
  const lines = text.split('\n').filter((line) => line !== '' && !/^compare\s/.test(line));
  const left = [...lines, `compare ${wordOf(a)} ${wordOf(b)}`, ''].join('\n');
  navigate((await comparisonLinkOf({ left })).slice(1));
}
