// Where the playhead is and how safe the work is, in words. Green only when the browser's storage
// said that the transaction is complete.

import { useState } from 'react';
import type { Saved, Session } from '../player/types.ts';
import { SPEEDS, speedText } from './keys.ts';
import { useSession } from './use.ts';

export function savedText(saved: Saved): { readonly text: string; readonly more?: string } {
  switch (saved.state) {
    case 'unsaved':
      return { text: 'not kept', more: 'Nothing has been synced yet, or this run is not stored.' };
    case 'saving':
      return { text: 'saving…' };
    case 'saved':
      return {
        text: `saved · ${saved.syncs} ${saved.syncs === 1 ? 'sync' : 'syncs'}`,
        more: 'All that was committed survives closing this tab.',
      };
    case 'read-only':
      return { text: 'open elsewhere: look only', more: saved.why };
    case 'failed':
      return { text: 'not saved', more: saved.why };
  }
}

export const progressText = (progress: { readonly commands: number; readonly moments: number }) =>
  `${progress.commands.toLocaleString('en')} operations, ${progress.moments.toLocaleString('en')} moments so far`;

export function Status({
  session,
  onSaved,
}: {
  readonly session: Session;
  /** To what is kept in this browser. */
  readonly onSaved: () => void;
}) {
  const name = useSession(session, (state) => state.moment?.name ?? '–');
  const index = useSession(session, (state) => state.moment?.index ?? 0);
  const command = useSession(session, (state) => state.moment?.command ?? 0);
  const length = useSession(session, (state) => state.outline.length);
  const lines = useSession(session, (state) => state.lines.length);
  const speed = useSession(session, (state) => state.speed);
  const saved = useSession(session, (state) => state.saved);
  const dirty = useSession(session, (state) =>
    state.moment?.metrics.find((metric) => metric.name === 'dirty pages'),
  );
  const actors = useSession(session, (state) => state.actors);
  const progress = useSession(session, (state) => state.progress);
  const problems = useSession(session, (state) => state.problems.length);
  const crashes = useSession(
    session,
    (state) =>
      state.phase === 'ready' &&
      state.info.commands.some(({ name }) => name === 'crash') &&
      (state.moment?.image.files.size ?? 0) > 0,
  );
  const [complaint, setComplaint] = useState<string>();
  const said = savedText(saved);
  return (
    <div className="status">
      <p>
        <span className="status-name" title="The moment's name: operation and step">
          {name}
        </span>
        step{' '}
        <b>
          {length === 0 ? 0 : index + 1} / {length}
        </b>
        <i>·</i>op {command} of {lines}
      </p>
      <p>
        <label className="speed">
          <span className="speed-word">speed</span>
          <select
            value={speed}
            title="Speed ([ slower, ] faster)"
            onChange={(event) => session.setSpeed(Number(event.target.value))}
          >
            {SPEEDS.map((value) => (
              <option key={value} value={value}>
                {speedText(value)}
              </option>
            ))}
          </select>
        </label>
        {actors > 0 && (
          <>
            <i>·</i>
            <span title="Each node ran in a worker of its own">{actors} workers</span>
          </>
        )}
        {dirty && (
          <>
            <i>·</i>
            <span className={dirty.value > 0 ? 'is-dirty' : ''}>
              {dirty.value} {dirty.value === 1 ? 'page' : 'pages'} dirty
            </span>
          </>
        )}
        <i>·</i>
        <button
          type="button"
          className={`saved is-${saved.state}`}
          title={`${said.more ?? ''} Click for what is kept in this browser.`.trim()}
          onClick={onSaved}
        >
          {said.text}
        </button>
      </p>
      {(crashes || progress || problems > 0) && (
        <p>
          {problems > 0 && (
            <span className="is-fault">
              {problems} {problems === 1 ? 'problem' : 'problems'} found
            </span>
          )}
          {problems > 0 && (progress || crashes) && <i>·</i>}
          {progress && <span>running: {progressText(progress)}</span>}
          {progress && crashes && <i>·</i>}
          {crashes && (
            <button
              type="button"
              className="saved"
              title="What if it died here: a new branch in which the power is cut at this very moment"
              onClick={() => session.dieHere().then(setComplaint)}
            >
              Cut the power here
            </button>
          )}
          {complaint && (
            <span className="is-fault" role="alert">
              {' '}
              {complaint}
            </span>
          )}
        </p>
      )}
    </div>
  );
}
