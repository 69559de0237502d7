// The moment on screen as a link: the whole scenario is in it, so no server has to keep anything.

import { Check, Copy, Download } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import { sentenceOf } from '../../engine/base/assert.ts';
import { Dialog } from '../panels/Dialog.tsx';
import { useSession } from '../panels/use.ts';
import type { Session } from '../player/types.ts';
import { saveFile } from './files.ts';

interface Made {
  readonly url: string;
  readonly tooLong: boolean;
  readonly text: string;
}

export function Share(props: { readonly session: Session; readonly onClose: () => void }) {
  const { session } = props;
  const [made, setMade] = useState<Made>();
  const [complaint, setComplaint] = useState<string>();
  const [copied, setCopied] = useState<'link' | 'text'>();
  const name = useSession(session, (state) => state.moment?.name);
  const title = useSession(session, (state) => state.title);
  const file = useSession(session, (state) => state.setup.file);
  const id = useId();
  useEffect(() => {
    let alive = true;
    session.share().then(
      (result) => alive && setMade(result),
      (thrown) => alive && setComplaint(sentenceOf(thrown)),
    );
    return () => {
      alive = false;
    };
  }, [session]);
  const copy = async (what: 'link' | 'text') => {
    if (!made) return;
    try {
      await navigator.clipboard.writeText(what === 'link' ? made.url : made.text);
      setCopied(what);
      setComplaint(undefined);
    } catch {
      setComplaint(
        'The browser does not let this page copy: select the text and copy it yourself.',
      );
    }
  };
  const fileName = `${
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'scenario'
  }.txt`;
  const local = /^(localhost|127\.|\[::1\])/.test(location.hostname);
  return (
    <Dialog title="Share this moment" onClose={props.onClose} wide>
      <p className="dialog-say">
        Whoever opens the link sees the same bytes at moment <b>{name ?? '–'}</b>.
        {file && ` They need the file ${file.name} too: a link cannot carry it.`}
      </p>
      {made && (
        <>
          <label className="share-url" htmlFor={id}>
            <span className="sr-only">Link</span>
            <textarea
              id={id}
              readOnly
              rows={3}
              data-first
              value={made.url}
              onFocus={(event) => event.target.select()}
            />
          </label>
          <p className={`share-length${made.tooLong ? ' is-dirty' : ''}`}>
            {made.url.length.toLocaleString('en')} characters.
            {made.tooLong &&
              ' Chats and mail may cut a link of that length: send the scenario as a file instead.'}
            {local && ' It leads to this machine only, until the page is hosted somewhere.'}
          </p>
          <div className="dialog-buttons">
            <button
              type="button"
              className={`btn${made.tooLong ? ' primary' : ''}`}
              onClick={() => saveFile(fileName, made.text)}
            >
              <Download aria-hidden size={15} /> Save as {fileName}
            </button>
            <button
              type="button"
              className={`btn${made.tooLong ? '' : ' primary'}`}
              onClick={() => copy('link')}
            >
              {copied === 'link' ? <Check aria-hidden size={15} /> : <Copy aria-hidden size={15} />}
              {copied === 'link' ? 'Copied' : 'Copy the link'}
            </button>
          </div>
        </>
      )}
      {!made && complaint === undefined && <p className="panel-empty">Packing…</p>}
      <p className="sr-only" role="status">
        {copied && 'Copied'}
      </p>
      <p className="complaint" role="alert">
        {complaint}
      </p>
    </Dialog>
  );
}
