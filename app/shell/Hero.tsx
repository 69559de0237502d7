// The lab on the front page: a real session over the real engine, playing a split in a loop.

import { Pause, Play } from 'lucide-react';
import { useEffect, useState } from 'react';
import { motionIsReduced } from '../panels/preferences.ts';
import { Stage } from '../panels/Stage.tsx';
import { useSession } from '../panels/use.ts';
import type { Session } from '../player/types.ts';
import { useDoors } from './doors.ts';

/** How long the end of the split stands before it is played again. */
const REST_MS = 2500;

export function Hero() {
  const doors = useDoors();
  const [session, setSession] = useState<Session>();
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    let open: Session | undefined;
    let alive = true;
    doors.open({ lab: 'btree', forShow: true }).then(
      (opened) => {
        open = opened;
        if (alive) setSession(opened);
        else opened.close();
      },
      (thrown) => {
        if (alive) setFailed(thrown instanceof Error ? thrown.message : String(thrown));
      },
    );
    return () => {
      alive = false;
      open?.close();
    };
  }, [doors]);
  if (failed !== undefined)
    return <p className="hero-off">The lab could not be started: {failed}</p>;
  return session ? <Loop session={session} /> : null;
}

function Loop({ session }: { readonly session: Session }) {
  const phase = useSession(session, (state) => state.phase);
  const playing = useSession(session, (state) => state.playing);
  // The reader's wish: while it holds, the loop starts itself again at its end.
  const [wanted, setWanted] = useState(() => !motionIsReduced());
  const [span, setSpan] = useState<{ from: number; to: number }>();
  const index = useSession(session, (state) => state.moment?.index ?? 0);

  // The loop is the operation that the scenario opens in, and the one after it: a split and the
  // commit that takes it below the waterline.
  useEffect(() => {
    if (phase !== 'ready' || span) return;
    const { lines, moment, outline } = session.store.getState();
    if (!moment) return;
    const line = lines[moment.command - 1];
    const last = lines[moment.command] ?? line;
    const from = line?.first ?? 0;
    setSpan({ from, to: last ? last.first + last.moments - 1 : outline.length - 1 });
    if (!motionIsReduced()) session.seek(from);
  }, [phase, index, session, span]);

  const atEnd = span !== undefined && index >= span.to;
  useEffect(() => {
    if (!span || !wanted) return;
    if (!atEnd) {
      session.play();
      return;
    }
    const timer = setTimeout(() => {
      session.seek(span.from);
      session.play();
    }, REST_MS);
    session.pause();
    return () => clearTimeout(timer);
  }, [span, wanted, atEnd, session]);

  // A hidden page costs nothing.
  useEffect(() => {
    const look = () => {
      if (document.hidden) session.pause();
      else if (wanted && span) session.play();
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [session, wanted, span]);

  const runs = wanted && (playing || atEnd);
  return (
    <>
      <Stage session={session} plain />
      <button
        type="button"
        className="btn icon hero-pause"
        aria-label={runs ? 'Pause the picture' : 'Play the picture'}
        onClick={() => {
          if (runs) {
            setWanted(false);
            session.pause();
          } else {
            setWanted(true);
            if (span && atEnd) session.seek(span.from);
          }
        }}
      >
        {runs ? <Pause aria-hidden size={15} /> : <Play aria-hidden size={15} />}
      </button>
    </>
  );
}
