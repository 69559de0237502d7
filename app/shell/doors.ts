// What the shell needs from the rooms behind it, in one place: which scenarios are shipped, and how a
// session is opened. main.tsx hands in the real doors; a test can hand in others.

import { createContext, useContext, useEffect, useState } from 'react';
import type { DatabaseFiles } from '../../engine/run/lab.ts';
import type { Session } from '../player/types.ts';

export interface ShippedScenario {
  /** Unique over all labs. */
  readonly name: string;
  readonly lab: string;
  readonly title: string;
}

export interface Opening {
  readonly lab: string;
  /** At most one of these; none: what was kept of this lab, else its first scenario. */
  readonly scenario?: string;
  /** The name under which a changed scenario was kept. */
  readonly workspace?: string;
  readonly text?: string;
  /** The workspace that the text becomes at once. */
  readonly keepAs?: string;
  readonly sample?: string;
  /** A share link's fragment, `#/lab/…` included. */
  readonly link?: string;
  /** With `text`: the scenario that was made with them. */
  readonly files?: DatabaseFiles<File>;
  /** Not stored: the picture on the front page. */
  readonly forShow?: boolean;
  /** Called when a changed scenario is kept from now on, under that name. */
  readonly onWorkspace?: (name: string) => void;
}

export interface Doors {
  readonly version: string;
  /** All that are shipped, of labs that have a picture. The list comes when it is first asked for. */
  scenarios(): Promise<readonly ShippedScenario[]>;
  /** By lab: the name of the scenario that it begins with, where that is not the first of the list. */
  readonly first: Readonly<Record<string, string>>;
  /** Rejects with a Complaint, in words, when the input is bad. */
  open(opening: Opening): Promise<Session>;
}

export const DoorsContext = createContext<Doors | undefined>(undefined);

export function useDoors(): Doors {
  const doors = useContext(DoorsContext);
  if (!doors) throw new Error('no doors: the shell stands outside of <DoorsContext>');
  return doors;
}

/** Empty until the list has come. */
export function useScenarios(): readonly ShippedScenario[] {
  const doors = useDoors();
  const [list, setList] = useState<readonly ShippedScenario[]>([]);
  useEffect(() => {
    let alive = true;
    doors.scenarios().then(
      (found) => alive && setList(found),
      () => {}, // Without the network nothing can be chosen; whoever opens one is told why.
    );
    return () => {
      alive = false;
    };
  }, [doors]);
  return list;
}
