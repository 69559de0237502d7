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
  return (
    <Dialog title="Open a database" onClose={onClose}>
      <p className="dialog-say">
        Any SQLite file can be walked through, page by page. It is read here, in this page, and
        never written or sent anywhere. A <code>-wal</code> or a hot <code>-journal</code> beside it
        counts: choose both files. Dropping them on the window does the same.
      </p>
      <div className="dialog-buttons start">
        <button
          type="button"
          className="btn primary"
          data-first
          onClick={() =>
            chooseFiles(async (files) => {
              const why = await takeFiles(files);
              setComplaint(why);
              if (why === undefined) onClose();
            })
          }
        >
          <FolderOpen aria-hidden size={15} /> Choose a file…
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
