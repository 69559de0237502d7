// What comes in from outside: a database with what lies beside it, or a scenario as a file. It is
// opened by the lab's screen.

import type { DatabaseFiles } from '../../engine/run/lab.ts';
import { desk, handIn, labOfText } from './desk.ts';
import { sortFiles } from './files.ts';
import { navigate } from './location.ts';

/** Opens what was chosen or dropped; the sentence of a complaint, or nothing. */
export async function takeFiles(given: readonly File[]): Promise<string | undefined> {
  const sorted = sortFiles(given, filesOnScreen());
  if ('complaint' in sorted) return sorted.complaint;
  const { scenario, files } = sorted;
  const { wanted } = desk.getState();
  if (scenario) {
    const text = await scenario.text();
    const lab = labOfText(text) ?? 'btree';
    handIn({ lab, text, ...(files && { files }) });
    navigate(`/lab/${lab}`);
  } else if (files) {
    // A link or a text that waits for its file gets it.
    handIn({ lab: 'btree', files, ...(wanted && { text: wanted }) });
    navigate('/lab/btree');
  }
  return undefined;
}

/** The database that the lab on screen has open, if it came from here. */
function filesOnScreen(): DatabaseFiles<File> | undefined {
  const { session, handedIn } = desk.getState();
  return session?.store.getState().setup.file && handedIn?.files;
}
