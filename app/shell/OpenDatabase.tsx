// “Open a database…”: a file of the reader's own, or one that comes with the page.

import { FolderOpen } from 'lucide-react';
import { useState } from 'react';
import { Dialog } from '../panels/Dialog.tsx';
import { chooseFiles } from './files.ts';
import { takeFiles } from './incoming.ts';
import { navigate } from './location.ts';
import { SAMPLES } from './samples.ts';

export function OpenDatabase({ onClose }: { readonly onClose: () => void }) {
  const [complaint, setComplaint] = useState<string>();
  const choose = (folder: boolean) =>
    chooseFiles(
      async (files) => {
        const why = await takeFiles(files);
        setComplaint(why);
        if (why === undefined) onClose();
      },
      '',
      folder,
    );
  return (
    <Dialog title="Open a database" onClose={onClose}>
      <p className="dialog-say">
        Any SQLite file can be walked through, page by page; a <code>-wal</code> or a hot{' '}
        <code>-journal</code> beside it counts: choose both files. So can a LevelDB folder, or a zip
        of one, table by table. It is read here, in this page, and never written or sent anywhere.
        Dropping it on the window does the same.
      </p>
      <div className="dialog-buttons start">
        <button type="button" className="btn primary" data-first onClick={() => choose(false)}>
          <FolderOpen aria-hidden size={15} /> Choose a file…
        </button>
        <button type="button" className="btn" onClick={() => choose(true)}>
          Choose a folder…
        </button>
      </div>
      <p className="complaint" role="alert">
        {complaint}
      </p>
      <h3 className="dialog-part">Or one that comes with the page</h3>
      <ul className="samples">
        {SAMPLES.map(({ name, lab, note }) => (
          <li key={name}>
            <button
              type="button"
              onClick={() => {
                onClose();
                navigate(`/lab/${lab}?sample=${name}`);
              }}
            >
              <code>{name}</code>
              <small>{note}</small>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
