// What the session has to say: a stack of short notes over the stage, each with at most one thing to
// do. A fault is announced at once, the others politely.

import { CircleAlert, Info, TriangleAlert, X } from 'lucide-react';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';

const ICONS = { info: Info, warning: TriangleAlert, fault: CircleAlert } as const;
const WORDS = { info: 'Note', warning: 'Warning', fault: 'Fault' } as const;

export function Notices({ session }: { readonly session: Session }) {
  const notices = useSession(session, (state) => state.notices);
  return (
    <section className="notices" aria-label="Notices">
      {notices.map((notice) => {
        const Icon = ICONS[notice.tone];
        return (
          <div
            key={notice.id}
            className={`notice is-${notice.tone}`}
            role={notice.tone === 'fault' ? 'alert' : 'status'}
          >
            <Icon aria-hidden size={17} />
            <p>
              <span className="sr-only">{WORDS[notice.tone]}: </span>
              {notice.text}
            </p>
            {notice.action && (
              <button type="button" className="btn" onClick={notice.action.run}>
                {notice.action.label}
              </button>
            )}
            <button
              type="button"
              className="icon-btn"
              aria-label="Dismiss"
              onClick={() => session.dismiss(notice.id)}
            >
              <X aria-hidden size={16} />
            </button>
          </div>
        );
      })}
    </section>
  );
}
