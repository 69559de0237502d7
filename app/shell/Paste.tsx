// A scenario as text, or a share link: pasted in, opened as a run of its own.

import { useId, useState } from 'react';
import { Dialog } from '../panels/Dialog.tsx';
import { PARTS } from './chapters.ts';
import { desk, handIn, labOfText } from './desk.ts';
import { navigate } from './location.ts';

const EXAMPLE = `lab btree
title "A page splits"
set max-cells 4
put 1 "one"
put 2 "two"`;

const READY = PARTS.flatMap(({ chapters }) =>
  chapters.flatMap(({ lab, also }) => [lab, also?.lab].filter((name) => name !== undefined)),
);

export function Paste({ onClose }: { readonly onClose: () => void }) {
  const { draft } = desk.getState();
  const [text, setText] = useState(draft?.text ?? '');
  const [complaint, setComplaint] = useState(draft?.complaint);
  const id = useId();
  const open = () => {
    const link = /#\/lab\/[a-z-]+\?\S+/.exec(text)?.[0];
    if (link) {
      onClose();
      navigate(link);
      return;
    }
    if (text.trim() === '') {
      setComplaint('There is nothing to open yet: expected a scenario or a share link.');
      return;
    }
    const lab = labOfText(text);
    if (lab === undefined || !READY.includes(lab)) {
      setComplaint(
        lab === undefined
          ? 'No line says which lab: expected a line such as “lab btree”.'
          : `There is no lab called “${lab}”: expected ${READY.join(', ')}.`,
      );
      return;
    }
    handIn({ lab, text });
    navigate(`/lab/${lab}`);
  };
  return (
    <Dialog title="Paste a scenario" onClose={onClose} wide>
      <form
        className="paste"
        onSubmit={(event) => {
          event.preventDefault();
          open();
        }}
      >
        <label htmlFor={id}>
          A scenario is plain text, a command a line. A share link will do too.
        </label>
        <textarea
          id={id}
          rows={12}
          value={text}
          placeholder={EXAMPLE}
          spellCheck={false}
          data-first
          aria-invalid={complaint !== undefined}
          onChange={(event) => {
            setText(event.target.value);
            setComplaint(undefined);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) open();
          }}
        />
        <p className="complaint" role="alert">
          {complaint}
        </p>
        <div className="dialog-buttons">
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary">
            Open it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
