// What the window says while something is held over it, and when what was let go cannot be opened.

import { X } from 'lucide-react';

export function DropNote(props: {
  /** Absent: something is held over the window. */
  readonly complaint: string | undefined;
  readonly onClose: () => void;
}) {
  if (props.complaint !== undefined)
    return (
      <div className="drop-complaint" role="alert">
        <p>{props.complaint}</p>
        <button
          type="button"
          className="icon-btn"
          aria-label="Close the complaint"
          onClick={props.onClose}
        >
          <X aria-hidden size={16} />
        </button>
      </div>
    );
  return (
    <div className="drop" aria-hidden="true">
      <p>
        Let go to open it here
        <small>
          An SQLite database, with its -wal or -journal if it has one; a LevelDB folder, or a zip of
          one; a scenario as a .txt file. It stays on this machine.
        </small>
      </p>
    </div>
  );
}
