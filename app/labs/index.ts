// What the screen shows of each lab, loaded when it is first shown. A new lab adds an entry to `faces`:
// with it the front page offers the lab, and the lab screen can open it.

import type { Inspect } from '../scene/inspect.ts';
import type { Picture } from './picture.ts';

interface Face {
  readonly picture: () => Promise<{ readonly picture: Picture }>;
  /** What shows the bytes of what is selected; absent in a lab of actors, which has none. */
  readonly inspect?: () => Promise<{ readonly inspect: Inspect }>;
  /** What the button says that saves the lab's files; absent: it has none. */
  readonly exportAs?: string;
  /** The graph of all its states stands below the stage. */
  readonly graph?: true;
  /** Foreign databases can be opened in it. */
  readonly opens?: true;
  /** By scenario: another that is worth seeing beside it. */
  readonly beside?: Readonly<Record<string, string>>;
}

const faces: Readonly<Record<string, Face>> = {
  btree: {
    picture: () => import('./btree/picture.ts'),
    inspect: () =>
      import('./btree/inspect.ts').then(({ inspect }) => ({ inspect: inspect as Inspect })),
    exportAs: 'Export .sqlite',
    opens: true,
  },
  raft: {
    picture: () => import('./raft/picture.ts'),
    exportAs: 'Export the history',
  },
  model: { picture: () => import('./model/picture.ts'), graph: true },
  commit: {
    picture: () => import('./commit/picture.ts'),
    beside: {
      commit_window: 'three_phase_window',
      three_phase_window: 'commit_window',
      three_phase_goes_on: 'three_phase_partition',
      three_phase_partition: 'three_phase_goes_on',
      commit_one_no: 'commit_presumed_abort',
      commit_presumed_abort: 'commit_one_no',
      paxos_commit_one_acceptor: 'commit_all_yes',
    },
  },
  lsm: {
    picture: () => import('./lsm/picture.ts'),
    inspect: () =>
      import('./lsm/inspect.ts').then(({ inspect }) => ({ inspect: inspect as Inspect })),
    exportAs: 'Export LevelDB folder',
    opens: true,
  },
};

/** Undefined: there is no such lab, or it has no picture yet. */
export const faceOf = (lab: string): Face | undefined =>
  Object.hasOwn(faces, lab) ? faces[lab] : undefined;

export async function loadPicture(lab: string): Promise<Picture | undefined> {
  return (await faceOf(lab)?.picture())?.picture;
}
