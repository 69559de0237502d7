// Play, pause and step: the five verbs under the stage, with a menu of the lab's processes.

import { ChevronDown, Pause, Play, SkipBack, StepBack, StepForward } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import type { Session } from '../player/types.ts';
import { processesOf } from './processes.ts';
import { toneOfProcess } from './timeline.ts';
import { useSession } from './use.ts';

export function Transport({
  session,
  label = 'Transport',
}: {
  readonly session: Session;
  readonly label?: string;
}) {
  const playing = useSession(session, (state) => state.playing);
  const ready = useSession(session, (state) => state.outline.length > 0);
  const index = useSession(session, (state) => state.moment?.index ?? 0);
  const length = useSession(session, (state) => state.outline.length);
  const atStart = index <= 0;
  const atEnd = index >= length - 1;
  return (
    <div className="transport" role="toolbar" aria-label={label}>
      <button
        type="button"
        className="btn icon"
        aria-label="To the first moment"
        title="To the first moment (Home)"
        aria-disabled={!ready || atStart}
        onClick={() => session.home()}
      >
        <SkipBack aria-hidden size={15} />
      </button>
      <button
        type="button"
        className="btn"
        aria-label="One moment back"
        title="One moment back (←). With Shift: one operation"
        aria-disabled={!ready || atStart}
        onClick={(event) => (event.shiftKey ? session.previousCommand() : session.back())}
      >
        <StepBack aria-hidden size={15} /> <kbd aria-hidden>←</kbd>
      </button>
      <button
        type="button"
        className="btn primary play"
        title="Space"
        aria-disabled={!ready}
        onClick={() => (playing ? session.pause() : session.play())}
      >
        {playing ? <Pause aria-hidden size={14} /> : <Play aria-hidden size={14} />}
        {playing ? 'Pause' : 'Play'}
      </button>
      <button
        type="button"
        className="btn"
        aria-label="One moment on"
        title="One moment on (→). With Shift: one operation"
        aria-disabled={!ready || atEnd}
        onClick={(event) => (event.shiftKey ? session.nextCommand() : session.step())}
      >
        <StepForward aria-hidden size={15} /> <kbd aria-hidden>→</kbd>
      </button>
      <NextOf session={session} />
    </div>
  );
}

/** “next split”: goes there; the arrow beside it chooses another process. */
function NextOf({ session }: { readonly session: Session }) {
  const info = useSession(session, (state) => state.info);
  const process = useSession(session, (state) => state.process);
  const [none, setNone] = useState<string>();
  const menu = useRef<HTMLDivElement>(null);
  const id = useId();
  const processes = processesOf(info.kinds);
  useEffect(() => {
    if (none === undefined) return;
    const timer = setTimeout(() => setNone(undefined), 4000);
    return () => clearTimeout(timer);
  }, [none]);
  if (processes.length === 0) return null;
  const go = async (name: string, direction: 1 | -1) => {
    const found = await session.nextOf(name, direction);
    setNone(found ? undefined : `no ${direction === 1 ? 'further' : 'earlier'} ${name}`);
  };
  return (
    <div className="next-of">
      <button
        type="button"
        className="btn"
        title={`To the next ${process} (N). With Shift: to the one before`}
        onClick={(event) => go(process, event.shiftKey ? -1 : 1)}
      >
        <span className="next-of-words">next {process}</span>
      </button>
      <button
        type="button"
        className="btn icon arm"
        aria-label="Choose the process to look for"
        popoverTarget={id}
      >
        <ChevronDown aria-hidden size={14} />
      </button>
      <div id={id} ref={menu} popover="auto" className="menu" data-own-keys>
        <p className="menu-head">Stop at the next …</p>
        {processes.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === process}
            onClick={() => {
              session.setProcess(name);
              menu.current?.hidePopover();
              go(name, 1);
            }}
          >
            <i className={`process-mark tl-${toneOfProcess(name)}`} />
            {name}
          </button>
        ))}
      </div>
      <span className="next-of-none" role="status">
        {none}
      </span>
    </div>
  );
}
