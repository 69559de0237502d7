// “Open a database…”: a file of the reader's own, or one that comes with the page.

import { FolderOpen } from 'lucide-react';
import { Dialog } from '../panels/Dialog.tsx';
import { chooseFile } from './files.ts';
import { takeFile } from './incoming.ts';
import { navigate } from './location.ts';
import { SAMPLES } from './samples.ts';

export function OpenDatabase({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Open a database" onClose={onClose}>
      <p className="dialog-say">
        Any SQLite file can be walked through, page by page. It is read here, in this page, and
        never written or sent anywhere. Dropping it on the window does the same.
      </p>
      <div className="dialog-buttons start">
        <button
          type="button"
          className="btn primary"
          data-first
          onClick={() =>
            chooseFile((file) => {
              onClose();
              takeFile(file);
            })
          }
        >
          <FolderOpen aria-hidden size={15} /> Choose a file…
        </button>
      </div>
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
