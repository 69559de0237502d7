// The operations of the branch on screen, as a script that can be read, walked and changed, and a
// line to write the next one on. A long script is windowed: only the rows in sight are in the page.

import {
  ArrowDown,
  ArrowUp,
  CornerDownLeft,
  Ellipsis,
  GitBranch,
  Pencil,
  Trash2,
} from 'lucide-react';
import {
  type FormEvent,
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { CommandLine, Session } from '../player/types.ts';
import { columnOf, hintFor, resultText, suggest } from './completion.ts';
import { progressText } from './Status.tsx';
import { useSession } from './use.ts';

const ROW = 26;
const SPARE = 8;

interface Complained {
  readonly line: string;
  readonly sentence: string;
  /** The operation that the line was to replace. */
  readonly command?: number;
}

export function Console({ session }: { readonly session: Session }) {
  return (
    <section className="console" aria-labelledby="console-title">
      <div className="console-head">
        <h2 id="console-title">Operations</h2>
        <BranchChoice session={session} />
      </div>
      <Lines session={session} />
      <Result session={session} />
      <Prompt session={session} />
    </section>
  );
}

function BranchChoice({ session }: { readonly session: Session }) {
  const branches = useSession(session, (state) => state.branches);
  const name = useSession(session, (state) => state.branch);
  if (branches.length < 2) return null;
  const branch = branches.find((known) => known.name === name);
  return (
    <div className="branches">
      <GitBranch aria-hidden size={14} />
      <label>
        <span className="sr-only">Branch</span>
        <select value={name} onChange={(event) => session.switchBranch(event.target.value)}>
          {branches.map((known) => (
            <option key={known.name} value={known.name}>
              {known.name}
            </option>
          ))}
        </select>
      </label>
      {branch?.parent !== undefined && (
        <>
          <button
            type="button"
            className="btn small"
            disabled={branch.differs === undefined}
            title={`To the first moment at which ${name} and ${branch.parent} differ`}
            onClick={() => session.goToDifference()}
          >
            first difference
          </button>
          <button
            type="button"
            className="icon-btn"
            aria-label={`Remove branch ${name}`}
            title={`Remove branch ${name}`}
            onClick={() => session.removeBranch(name)}
          >
            <Trash2 aria-hidden size={15} />
          </button>
        </>
      )}
    </div>
  );
}

/** Which rows are in sight. */
function useRows(box: RefObject<HTMLElement | null>, count: number) {
  const [range, setRange] = useState({ from: 0, to: 40 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => {
      const from = Math.max(0, Math.floor(element.scrollTop / ROW) - SPARE);
      const to = Math.ceil((element.scrollTop + element.clientHeight) / ROW) + SPARE;
      setRange((was) => (was.from === from && was.to === to ? was : { from, to }));
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [box]);
  return { from: Math.min(range.from, count), to: Math.min(range.to, count) };
}

function Lines({ session }: { readonly session: Session }) {
  const lines = useSession(session, (state) => state.lines);
  const current = useSession(session, (state) => state.moment?.command ?? 0);
  const box = useRef<HTMLDivElement>(null);
  const { from, to } = useRows(box, lines.length);
  const [active, setActive] = useState<number>();
  /** The line that is being written anew, and its words: what was refused stays to be mended. */
  const [editing, setEditing] = useState<{ readonly command: number; readonly text: string }>();
  const [menu, setMenu] = useState<{ command: number; top: number; right: number }>();
  const [trouble, setTrouble] = useState<Complained>();
  // What was said of a script that has changed since no longer holds.
  useEffect(() => setTrouble(undefined), [lines]);
  const focusNext = useRef(false);

  // The line of the moment on screen stays in sight; the focus stays where the reader put it.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || current === 0) return;
    const bring = () => {
      const top = (current - 1) * ROW;
      if (top < element.scrollTop + ROW) element.scrollTop = Math.max(0, top - ROW);
      else if (top + 2 * ROW > element.scrollTop + element.clientHeight)
        element.scrollTop = top + 2 * ROW - element.clientHeight;
    };
    bring();
    // Also when the panel unfolds or its sheet opens: until then there was nothing to scroll.
    const observer = new ResizeObserver(bring);
    observer.observe(element);
    return () => observer.disconnect();
  }, [current]);

  const tabStop = active ?? (current || 1);
  const focusLine = (command: number) => {
    const element = box.current;
    if (!element) return;
    const to = Math.min(lines.length, Math.max(1, command));
    const top = (to - 1) * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + element.clientHeight)
      element.scrollTop = top + ROW - element.clientHeight;
    focusNext.current = true;
    setActive(to);
  };
  useEffect(() => {
    if (!focusNext.current || active === undefined) return;
    const button = box.current?.querySelector<HTMLElement>(`[data-line="${active}"] .line-text`);
    if (button) {
      focusNext.current = false;
      button.focus({ preventScroll: true });
    }
  });

  const tell = async (line: string, doing: Promise<string | undefined>, command?: number) => {
    const sentence = await doing;
    setTrouble(
      sentence === undefined
        ? undefined
        : { line, sentence, ...(command !== undefined && { command }) },
    );
    return sentence === undefined;
  };
  const edit = (command: number, text = lines[command - 1]?.text) => {
    if (text !== undefined) setEditing({ command, text });
  };
  const goTo = (line: CommandLine) => session.seek(line.first + Math.max(0, line.moments - 1));
  const move = (command: number, by: 1 | -1) => {
    const to = command + by;
    const line = lines[command - 1];
    if (!line || to < 1 || to > lines.length) return;
    tell(line.text, session.moveLine(command, to)).then((done) => {
      if (done) focusLine(to);
    });
  };
  const remove = (command: number) => {
    const line = lines[command - 1];
    if (!line) return;
    tell(line.text, session.removeLine(command)).then(() => focusLine(command));
  };
  const onKeyDown = (event: KeyboardEvent, line: CommandLine) => {
    if (event.ctrlKey || event.metaKey) return;
    const verbs: Record<string, () => void> = event.altKey
      ? { ArrowUp: () => move(line.number, -1), ArrowDown: () => move(line.number, 1) }
      : {
          ArrowUp: () => focusLine(line.number - 1),
          ArrowDown: () => focusLine(line.number + 1),
          Home: () => focusLine(1),
          End: () => focusLine(lines.length),
          F2: () => edit(line.number),
          Delete: () => remove(line.number),
        };
    const verb = verbs[event.key];
    if (!verb) return;
    event.preventDefault();
    verb();
  };

  return (
    <>
      <div className="lines" ref={box}>
        {lines.length === 0 && (
          <p className="lines-empty">No operation yet. Write the first one below.</p>
        )}
        <ol style={{ height: lines.length * ROW }} aria-label="Operations of this branch">
          {lines.slice(from, to).map((line) => (
            <li
              key={line.number}
              data-line={line.number}
              aria-setsize={lines.length}
              aria-posinset={line.number}
              className={line.number === current ? 'now' : line.number > current ? 'ahead' : ''}
              style={{ top: (line.number - 1) * ROW, height: ROW }}
            >
              {editing?.command === line.number ? (
                <EditLine
                  number={line.number}
                  text={editing.text}
                  refused={trouble !== undefined}
                  onInput={() => setTrouble(undefined)}
                  onDone={(text) => {
                    setEditing(undefined);
                    focusLine(line.number);
                    if (text === undefined || text === line.text) return;
                    tell(text, session.editLine(line.number, text), line.number);
                  }}
                />
              ) : (
                <>
                  <button
                    type="button"
                    className="line-text"
                    tabIndex={line.number === tabStop ? 0 : -1}
                    aria-current={line.number === current ? 'step' : undefined}
                    onFocus={() => setActive(line.number)}
                    onClick={() => goTo(line)}
                    onDoubleClick={() => edit(line.number)}
                    onKeyDown={(event) => onKeyDown(event, line)}
                    title={line.text}
                  >
                    <span className="line-number">{line.number}</span>
                    <span className="line-words">{line.text}</span>
                    {line.result !== undefined && (
                      <span className="line-result">→ {resultText(line.result)}</span>
                    )}
                  </button>
                  <button
                    type="button"
                    className="icon-btn line-more"
                    tabIndex={line.number === tabStop ? 0 : -1}
                    aria-label={`What to do with operation ${line.number}`}
                    aria-haspopup="menu"
                    onClick={(event) => {
                      const at = event.currentTarget.getBoundingClientRect();
                      setMenu({
                        command: line.number,
                        top: at.bottom + 2,
                        right: window.innerWidth - at.right,
                      });
                    }}
                  >
                    <Ellipsis aria-hidden size={15} />
                  </button>
                </>
              )}
            </li>
          ))}
        </ol>
      </div>
      {trouble && (
        <Complaint
          trouble={trouble}
          onMend={({ command, line }) => command !== undefined && edit(command, line)}
          onClose={() => setTrouble(undefined)}
        />
      )}
      {menu && (
        <LineMenu
          top={menu.top}
          right={menu.right}
          command={menu.command}
          count={lines.length}
          onClose={() => setMenu(undefined)}
          onEdit={() => edit(menu.command)}
          onMove={(by) => move(menu.command, by)}
          onRemove={() => remove(menu.command)}
          onWhatIf={() => tell(lines[menu.command - 1]?.text ?? '', session.whatIf(menu.command))}
        />
      )}
    </>
  );
}

function EditLine(props: {
  readonly number: number;
  readonly text: string;
  /** It was tried, and complained about: the caret stays where it can be mended. */
  readonly refused: boolean;
  readonly onInput: () => void;
  readonly onDone: (text: string | undefined) => void;
}) {
  const [text, setText] = useState(props.text);
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  const selects = useRef(!props.refused);
  useEffect(() => {
    if (selects.current) input.current?.select();
    else input.current?.focus();
  }, []);
  const finish = (result: string | undefined) => {
    if (done.current) return;
    done.current = true;
    props.onDone(result);
  };
  return (
    <input
      ref={input}
      className="line-edit"
      value={text}
      spellCheck={false}
      autoComplete="off"
      aria-label={`Operation ${props.number}`}
      aria-invalid={props.refused}
      onChange={(event) => {
        setText(event.target.value);
        props.onInput();
      }}
      onBlur={() => finish(undefined)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') finish(text.trim() === '' ? undefined : text);
        if (event.key === 'Escape') {
          event.preventDefault();
          finish(undefined);
        }
      }}
    />
  );
}

function LineMenu(props: {
  readonly top: number;
  readonly right: number;
  readonly command: number;
  readonly count: number;
  readonly onClose: () => void;
  readonly onEdit: () => void;
  readonly onMove: (by: 1 | -1) => void;
  readonly onRemove: () => void;
  readonly onWhatIf: () => void;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const onClose = useRef(props.onClose);
  onClose.current = props.onClose;
  // Once: a menu that is shown again by every render of the list could not be closed.
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    element.showPopover();
    element.querySelector('button')?.focus();
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === 'closed') onClose.current();
    };
    element.addEventListener('toggle', toggled);
    return () => element.removeEventListener('toggle', toggled);
  }, []);
  const does = (verb: () => void) => () => {
    ref.current?.hidePopover();
    verb();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const items = [...(ref.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = at + (event.key === 'ArrowDown' ? 1 : -1);
    items[(to + items.length) % items.length]?.focus();
  };
  return (
    <div
      ref={ref}
      popover="auto"
      role="menu"
      tabIndex={-1}
      aria-label={`Operation ${props.command}`}
      className="menu at-point"
      data-own-keys
      style={{ top: props.top, right: props.right }}
      onKeyDown={onKeyDown}
    >
      <button type="button" role="menuitem" onClick={does(props.onWhatIf)}>
        <GitBranch aria-hidden size={14} /> What if, from here <small>new branch</small>
      </button>
      <button type="button" role="menuitem" onClick={does(props.onEdit)}>
        <Pencil aria-hidden size={14} /> Edit <kbd>F2</kbd>
      </button>
      <button
        type="button"
        role="menuitem"
        disabled={props.command === 1}
        onClick={does(() => props.onMove(-1))}
      >
        <ArrowUp aria-hidden size={14} /> Move up <kbd>Alt ↑</kbd>
      </button>
      <button
        type="button"
        role="menuitem"
        disabled={props.command === props.count}
        onClick={does(() => props.onMove(1))}
      >
        <ArrowDown aria-hidden size={14} /> Move down <kbd>Alt ↓</kbd>
      </button>
      <button type="button" role="menuitem" onClick={does(props.onRemove)}>
        <Trash2 aria-hidden size={14} /> Take out <kbd>Del</kbd>
      </button>
    </div>
  );
}

/** What the operation of the moment on screen returned, whole. */
function Result({ session }: { readonly session: Session }) {
  const line = useSession(session, (state) => state.lines[(state.moment?.command ?? 0) - 1]);
  if (line?.result === undefined) return null;
  // A scan gives a list of rows; one row of an opened table is a list too, of its columns.
  const rows =
    Array.isArray(line.result) &&
    line.result.every((row) => row !== null && typeof row === 'object')
      ? line.result
      : [line.result];
  return (
    <details className="result">
      <summary>
        {line.text} <span>{resultText(line.result)}</span>
      </summary>
      <ol>
        {rows.slice(0, 200).map((row, index) => (
          <li key={index}>{resultText(row)}</li>
        ))}
      </ol>
      {rows.length > 200 && <p>… and {rows.length - 200} more</p>}
    </details>
  );
}

/** Stands where the hint stood, so that nothing moves: the caret right under the column. */
function Trouble({ trouble }: { readonly trouble: Complained }) {
  const column = columnOf(trouble.sentence);
  return (
    <div className="prompt-trouble" role="alert">
      {column !== undefined && (
        <span
          className="caret"
          aria-hidden="true"
          style={{ marginLeft: `${Math.min(column - 1, 34)}ch` }}
        >
          ^
        </span>
      )}
      <p>{trouble.sentence}</p>
    </div>
  );
}

function Complaint({
  trouble,
  onMend,
  onClose,
}: {
  readonly trouble: Complained;
  readonly onMend: (trouble: Complained) => void;
  readonly onClose: () => void;
}) {
  const column = columnOf(trouble.sentence);
  return (
    <div className="complaint" role="alert">
      {column !== undefined && (
        <pre aria-hidden="true">
          {trouble.line}
          {'\n'}
          {' '.repeat(column - 1)}^
        </pre>
      )}
      <p>{trouble.sentence}</p>
      {trouble.command !== undefined && (
        <button type="button" className="btn small" onClick={() => onMend(trouble)}>
          Mend it
        </button>
      )}
      <button type="button" className="btn small" onClick={onClose}>
        Dismiss
      </button>
    </div>
  );
}

function Prompt({ session }: { readonly session: Session }) {
  const commands = useSession(session, (state) => state.info.commands);
  const phase = useSession(session, (state) => state.phase);
  const readOnly = useSession(session, (state) => state.setup.file !== undefined);
  const progress = useSession(session, (state) => state.progress);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(-1);
  const [open, setOpen] = useState(false);
  const [trouble, setTrouble] = useState<Complained>();
  const history = useRef<string[]>([]);
  const place = useRef(-1);
  const turn = useRef<Promise<string | undefined>>(Promise.resolve(undefined));
  const id = useId();
  const suggestions = useMemo(() => suggest(text, commands), [text, commands]);
  const hint = useMemo(() => hintFor(text, commands), [text, commands]);
  const listed = open && suggestions.length > 0 ? suggestions : [];

  const write = (line: string) => {
    setText(line);
    setChosen(-1);
    setTrouble(undefined);
  };
  const recall = (by: 1 | -1) => {
    const past = history.current;
    const to = Math.min(past.length - 1, Math.max(-1, place.current + by));
    place.current = to;
    setOpen(false);
    write(to === -1 ? '' : (past[past.length - 1 - to] ?? ''));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const line = text.trim();
    if (line === '') return;
    setOpen(false);
    // What is typed ahead waits for the line before it.
    turn.current = turn.current.then(() => session.submit(line));
    const sentence = await turn.current;
    if (sentence !== undefined) {
      setTrouble({ line, sentence });
      return;
    }
    if (history.current.at(-1) !== line) history.current.push(line);
    place.current = -1;
    setText((now) => (now.trim() === line ? '' : now));
    setChosen(-1);
    setTrouble(undefined);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const end = event.currentTarget.selectionStart === text.length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const by = event.key === 'ArrowDown' ? 1 : -1;
      const recalling = place.current !== -1 || listed.length === 0 || text === '';
      if (recalling) {
        if (by === 1 && place.current === -1) setOpen(true);
        else recall(by === 1 ? -1 : 1);
      } else {
        const count = listed.length;
        setChosen((was) => (was === -1 ? (by === 1 ? 0 : count - 1) : (was + by + count) % count));
      }
      return;
    }
    const suggestion = listed[chosen] ?? (text === '' ? undefined : listed[0]);
    const accepts =
      (event.key === 'Tab' && !event.shiftKey && suggestion !== undefined) ||
      (event.key === 'ArrowRight' && end && suggestion !== undefined) ||
      (event.key === 'Enter' && chosen !== -1);
    if (accepts && suggestion) {
      event.preventDefault();
      write(suggestion.line);
    } else if (event.key === 'Escape') {
      // First the list, then the line: from there the keys of the lab work again.
      event.preventDefault();
      setTrouble(undefined);
      if (listed.length > 0) setOpen(false);
      else event.currentTarget.blur();
    }
  };
  return (
    <form className="prompt" onSubmit={submit}>
      {listed.length > 0 && (
        <div className="suggestions" role="listbox" id={`${id}-list`} aria-label="Operations">
          {listed.map((suggestion, index) => (
            <div
              key={suggestion.label}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              onPointerDown={(event) => {
                event.preventDefault();
                write(suggestion.line);
              }}
            >
              <code>{suggestion.label}</code>
              <small>{suggestion.help}</small>
            </div>
          ))}
        </div>
      )}
      <div className="prompt-line">
        <span aria-hidden="true">›</span>
        <input
          id="console-input"
          role="combobox"
          aria-label="Write an operation"
          aria-expanded={listed.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-describedby={`${id}-hint`}
          aria-invalid={trouble !== undefined}
          aria-activedescendant={chosen === -1 ? undefined : `${id}-${chosen}`}
          value={text}
          placeholder={
            commands.find((spec) => (spec.reads ?? false) === readOnly)?.usage ?? 'an operation'
          }
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="none"
          enterKeyHint="go"
          onChange={(event) => {
            place.current = -1;
            setOpen(true);
            write(event.target.value);
          }}
          onFocus={() => setOpen(text !== '')}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="icon-btn" aria-label="Run it" title="Run it (Enter)">
          <CornerDownLeft aria-hidden size={16} />
        </button>
      </div>
      <div className="prompt-hint" id={`${id}-hint`}>
        {trouble ? (
          <Trouble trouble={trouble} />
        ) : hint ? (
          <>
            <code>
              {hint.words.map((word, index) => (
                <span key={`${index}:${word.text}`} className={word.due ? 'due' : ''}>
                  {word.text}{' '}
                </span>
              ))}
            </code>
            <p>{hint.spec.help}</p>
          </>
        ) : phase === 'working' ? (
          `running${progress ? `: ${progressText(progress)}` : '…'}`
        ) : (
          <p>
            <kbd>/</kbd> to write here, <kbd>↑</kbd> for what you wrote before
          </p>
        )}
      </div>
    </form>
  );
}
