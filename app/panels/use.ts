// How a panel reads a session: a slice of its store, so that a panel renders again only when what it
// shows has changed.

import { useStore } from 'zustand';
import type { Session, SessionState } from '../player/types.ts';

export function useSession<T>(session: Session, select: (state: SessionState) => T): T {
  return useStore(session.store, select);
}
