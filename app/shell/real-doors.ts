// The doors to the real engine: which scenarios are shipped, and how each way in becomes a session.

import { Complaint } from '../../engine/base/assert.ts';
import { ENGINE_VERSION } from '../../engine/base/version.ts';
import { faceOf } from '../labs/index.ts';
import type { Source } from '../player/session.ts';
import type { Doors, Opening, ShippedScenario } from './doors.ts';

/** A lab that has no picture yet is the command line's alone. */
const shipped = async (): Promise<readonly ShippedScenario[]> =>
  (await import('virtual:scenario-list')).list.filter(({ lab }) => faceOf(lab) !== undefined);

/** What a lab opens with when nothing was kept of it. */
async function firstOf(lab: string): Promise<ShippedScenario> {
  const mine = (await shipped()).filter((scenario) => scenario.lab === lab);
  const found = mine.find(({ name }) => name === FIRST[lab]) ?? mine[0];
  if (!found) throw new Complaint(`no scenario is shipped for the lab ${lab}`);
  return found;
}

/** Their texts come with the first that is opened: the front page is light without them. */
async function textOf({ name }: ShippedScenario): Promise<string> {
  const { scenarios } = await import('virtual:scenarios');
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new Complaint(`the scenario ${name} has no text`);
  return found.text;
}

const FIRST: Readonly<Record<string, string>> = {
  btree: 'split_leaf',
  raft: 'leader_cut_off',
  commit: 'commit_all_yes',
};

async function sourceOf(opening: Opening): Promise<Source> {
  const { lab } = opening;
  const { files, text: made } = opening;
  if (files) return { kind: 'file', lab, files, ...(made !== undefined && { text: made }) };
  if (opening.sample !== undefined) {
    const { fetchSample } = await import('./samples.ts');
    return { kind: 'file', lab, files: { database: await fetchSample(opening.sample) } };
  }
  if (opening.text !== undefined) {
    const { text, keepAs } = opening;
    return { kind: 'text', text, keepAs: keepAs ?? 'pasted', keepNow: keepAs !== undefined };
  }
  if (opening.link !== undefined) {
    const { readLink } = await import('../../engine/run/link.ts');
    const link = await readLink(opening.link);
    return {
      kind: 'text',
      text: link.text,
      keepAs: 'shared',
      ...(link.digest !== undefined && { digest: link.digest }),
      ...(link.version !== undefined && { version: link.version }),
      ...(link.selection !== undefined && { selection: link.selection }),
    };
  }
  if (opening.scenario !== undefined) {
    const found = (await shipped()).find(({ name }) => name === opening.scenario);
    if (!found)
      throw new Complaint(
        `there is no shipped scenario called ${opening.scenario.slice(0, 60)}; the palette lists those that are`,
      );
    if (found.lab !== lab)
      throw new Complaint(
        `${found.name} is a scenario of the lab ${found.lab}; expected #/lab/${found.lab}?scenario=${found.name}`,
      );
    return { kind: 'text', text: await textOf(found), keepAs: found.name };
  }
  const otherwise = await textOf(await firstOf(lab));
  if (opening.forShow) return { kind: 'text', text: otherwise };
  return { kind: 'workspace', name: opening.workspace ?? lab, otherwise };
}

export const doors: Doors = {
  version: ENGINE_VERSION,
  scenarios: shipped,
  first: FIRST,
  async open(opening) {
    const [source, { openSession }] = await Promise.all([
      sourceOf(opening),
      import('../player/session.ts'),
    ]);
    return openSession({
      // For show nothing is kept, a shipped scenario's name included.
      source:
        opening.forShow && source.kind === 'text' ? { kind: 'text', text: source.text } : source,
      ...(opening.onWorkspace && { onWorkspace: opening.onWorkspace }),
    });
  },
};
