// How a panel reads a session: a slice of its store, so that a panel renders again only when what it
// shows has changed.

import { createContext } from 'react';
import { useStore } from 'zustand';
import type { Session, SessionState } from '../player/types.ts';

export function useSession<T>(session: Session, select: (state: SessionState) => T): T {
  return useStore(session.store, select);
}

/** For a panel that has changed what is on the stage: where it lies over the stage, it goes. */
export const Reveal = createContext<() => void>(() => {});
