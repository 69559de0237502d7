// “Export”, where the lab has more than one file: all of them, as they lie side by side on its disk, or
// one that needs no other.

import { Download } from 'lucide-react';
import { useState } from 'react';
import { sentenceOf } from '../../engine/base/assert.ts';
import { Dialog } from '../panels/Dialog.tsx';
import type { Session } from '../player/types.ts';
import { saveFile } from './files.ts';

export function Export(props: { readonly session: Session; readonly onClose: () => void }) {
  const { session, onClose } = props;
  const [complaint, setComplaint] = useState<string>();
  const save = async (alone: boolean) => {
    try {
      for (const file of await session.exportFiles(alone)) saveFile(file.name, file.bytes);
      onClose();
    } catch (thrown) {
      setComplaint(sentenceOf(thrown));
    }
  };
  return (
    <Dialog title="Export" onClose={onClose}>
      <p className="dialog-say">
        What is committed is in the write-ahead log, as long as no checkpoint has brought it home.
        In one file: with the log brought home, as a checkpoint would. As it is: the database and
        its <code>-wal</code>, which belong side by side; <code>sqlite3</code> reads the log when it
        opens the database.
      </p>
      <div className="dialog-buttons start">
        <button type="button" className="btn primary" data-first onClick={() => save(true)}>
          <Download aria-hidden size={15} /> One file
        </button>
        <button type="button" className="btn" onClick={() => save(false)}>
          <Download aria-hidden size={15} /> Database and log
        </button>
      </div>
      <p className="complaint" role="alert">
        {complaint}
      </p>
    </Dialog>
  );
}
