// A native modal dialog: the browser keeps the focus inside, closes on Escape and gives it back.

import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';

export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
  /** The title is for screen readers only. */
  readonly bare?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    // showModal() focuses the first control, which is the one that closes.
    dialog?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes; the click is on the backdrop
    <dialog
      ref={ref}
      className={`dialog${props.wide ? ' wide' : ''}${props.bare ? ' bare' : ''}`}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) props.onClose();
      }}
    >
      <div className="dialog-in">
        <div className={props.bare ? 'sr-only' : 'dialog-head'}>
          <h2 id={title}>{props.title}</h2>
          {!props.bare && (
            <button type="button" className="icon-btn" aria-label="Close" onClick={props.onClose}>
              <X aria-hidden size={18} />
            </button>
          )}
        </div>
        {props.children}
      </div>
    </dialog>
  );
}
