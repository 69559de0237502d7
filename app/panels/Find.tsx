// The button that looks for a run that breaks something. It shows what it opens right below itself.

import { Telescope } from 'lucide-react';
import { lazy, Suspense, useId, useState } from 'react';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';

const Search = lazy(() => import('./Search.tsx').then((m) => ({ default: m.Search })));

/** In every lab whose runs have choices; elsewhere nothing. */
export function Find({ session }: { readonly session: Session }) {
  const searches = useSession(session, (state) => state.info.searches);
  const [open, setOpen] = useState(false);
  /** Once opened it stays: a search goes on while the panel is folded away. */
  const [wanted, setWanted] = useState(false);
  const id = useId();
  if (!searches) return null;
  return (
    <div className="find">
      <button
        type="button"
        className="btn find-button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => {
          setOpen(!open);
          setWanted(true);
        }}
      >
        <Telescope aria-hidden size={15} /> Find a counterexample
      </button>
      <div id={id} hidden={!open}>
        {wanted && (
          <Suspense>
            <Search session={session} />
          </Suspense>
        )}
      </div>
    </div>
  );
}
