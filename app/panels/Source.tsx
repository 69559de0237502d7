// The engine's own function at work at this moment, from the very file that runs.

import { type SourceText, sources } from 'virtual:sources';
import { useEffect, useState } from 'react';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';

const loaded = new Map<string, SourceText>();

export function Source({ session }: { readonly session: Session }) {
  const file = useSession(session, (state) => state.moment?.source.file);
  const name = useSession(session, (state) => state.moment?.source.name);
  const [text, setText] = useState<SourceText | undefined>(
    file === undefined ? undefined : loaded.get(file),
  );
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (file === undefined) return;
    const known = loaded.get(file);
    setText(known);
    setFailed(false);
    const load = sources[file];
    if (known || !load) return;
    let alive = true;
    load().then(
      (source) => {
        loaded.set(file, source);
        if (alive) setText(source);
      },
      () => {
        if (alive) setFailed(true);
      },
    );
    return () => {
      alive = false;
    };
  }, [file]);

  if (file === undefined || name === undefined)
    return <p className="panel-empty">No moment is on screen yet.</p>;
  if (!sources[file]) return <p className="panel-empty">{file} is not part of this build.</p>;
  if (failed)
    return <p className="panel-empty">{file} could not be loaded: is the network there?</p>;
  const place = text?.functions[name];
  return (
    <div className="source">
      <p className="source-file">
        <b>{name}</b> {file}
        {place && `:${place.from}`}
      </p>
      {text && !place && (
        <p className="panel-empty">The function is not in this file under that name.</p>
      )}
      {text && place && (
        <ol className="code" start={place.doc}>
          {text.lines.slice(place.doc - 1, place.to).map((line, index) => (
            <li key={place.doc + index} value={place.doc + index}>
              <code>
                {line.length === 0
                  ? '\n'
                  : line.map(([kind, part], at) =>
                      kind === '' ? (
                        part
                      ) : (
                        <span key={at} className={`t-${kind}`}>
                          {part}
                        </span>
                      ),
                    )}
              </code>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
