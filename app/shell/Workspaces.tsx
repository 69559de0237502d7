// What is kept in this browser: every workspace by name, to open, rename, back up and remove; the run
// on screen under another name; and a backup back in.

import { Download, FolderOpen, Pencil, Trash2 } from 'lucide-react';
import { useCallback, useEffect, useId, useState } from 'react';
import { useStore } from 'zustand';
import { sentenceOf } from '../../engine/base/assert.ts';
import { Dialog } from '../panels/Dialog.tsx';
import type { Session } from '../player/types.ts';
import { claim, openShelf, type Workspace, whySaveFailed } from '../shelf/shelf.ts';
import { backupNames, nameOfBackup, sizeText, whyNoName } from './backup.ts';
import { desk, handIn, labOfText } from './desk.ts';
import { chooseFiles, saveFile } from './files.ts';
import { navigate } from './location.ts';

const shelf = openShelf();
const when = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

const addressOf = ({ lab, name }: Workspace) =>
  name === lab ? `/lab/${lab}` : `/lab/${lab}?w=${encodeURIComponent(name)}`;

export function Workspaces({ onClose }: { readonly onClose: () => void }) {
  const session = useStore(desk, (state) => state.session);
  const [list, setList] = useState<readonly Workspace[]>();
  const [complaint, setComplaint] = useState<string>();
  const [said, setSaid] = useState<string>();
  const look = useCallback(
    () =>
      shelf.list().then(
        (found) => setList([...found].sort((a, b) => b.savedAt - a.savedAt)),
        (thrown) => setComplaint(whySaveFailed(thrown)),
      ),
    [],
  );
  useEffect(() => {
    void look();
  }, [look]);
  /** Does something, says what went wrong, and looks at the shelf again. */
  const tell = async (work: () => Promise<string | undefined>, done: string): Promise<boolean> => {
    setComplaint(undefined);
    setSaid(undefined);
    const sentence = await work().catch((thrown) => sentenceOf(thrown));
    setComplaint(sentence);
    if (sentence === undefined) setSaid(done);
    await look();
    return sentence === undefined;
  };
  const restore = (file: File) =>
    void tell(async () => {
      const text = await file.text();
      const lab = labOfText(text);
      if (lab === undefined)
        return `${file.name} is no backup: expected a scenario, with a line such as “lab btree”.`;
      onClose();
      handIn({ lab, text, keepAs: nameOfBackup(file.name) });
      navigate(`/lab/${lab}`);
      return undefined;
    }, '');
  return (
    <Dialog title="Workspaces" onClose={onClose} wide>
      <p className="dialog-say">
        What you commit is kept in this browser, and nowhere else. A backup is the scenario as text,
        which can be restored anywhere, and the database that it made.
      </p>
      {session && <SaveAs session={session} tell={tell} />}
      {list?.length === 0 && (
        <p className="panel-empty">Nothing is kept yet: change a scenario, and it is.</p>
      )}
      <ul className="workspaces">
        {list?.map((workspace) => (
          <Row
            key={workspace.name}
            workspace={workspace}
            session={session}
            tell={tell}
            onClose={onClose}
          />
        ))}
      </ul>
      <p className="complaint" role="alert">
        {complaint}
      </p>
      <div className="dialog-buttons spread">
        <p role="status">{said}</p>
        <button
          type="button"
          className="btn"
          onClick={() => chooseFiles(([file]) => file && restore(file), '.txt')}
        >
          <FolderOpen aria-hidden size={15} /> Restore a backup…
        </button>
      </div>
    </Dialog>
  );
}

type Tell = (work: () => Promise<string | undefined>, done: string) => Promise<boolean>;

function SaveAs({ session, tell }: { readonly session: Session; readonly tell: Tell }) {
  const [name, setName] = useState('');
  const id = useId();
  return (
    <form
      className="save-as"
      onSubmit={async (event) => {
        event.preventDefault();
        const wanted = name.trim();
        const done = await tell(
          async () => whyNoName(wanted) ?? (await session.saveAs(wanted)),
          `Kept as ${wanted}. What you do from now on is kept there.`,
        );
        if (done) setName('');
      }}
    >
      <label htmlFor={id}>Save this run as</label>
      <input
        id={id}
        value={name}
        data-first
        spellCheck={false}
        autoComplete="off"
        placeholder="a name"
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="btn">
        Save
      </button>
    </form>
  );
}

function Row(props: {
  readonly workspace: Workspace;
  readonly session: Session | undefined;
  readonly tell: Tell;
  readonly onClose: () => void;
}) {
  const { workspace, session, tell, onClose } = props;
  const { name, lab, savedAt, syncs, files } = workspace;
  const isHere = session?.store.getState().workspace === name;
  const [doing, setDoing] = useState<'rename' | 'remove'>();
  const [draft, setDraft] = useState(name);
  /** For what changes a workspace that is not on screen here: not while another tab has it. */
  const withLock = async (work: () => Promise<void>) => {
    const lock = await claim(name);
    if (!lock) return `${name} is open in another tab: close it there first.`;
    try {
      await work();
    } finally {
      lock.release();
    }
    return undefined;
  };
  const open = () => {
    onClose();
    desk.setState({ handedIn: undefined });
    if (!isHere) navigate(addressOf(workspace));
  };
  const rename = async () => {
    const to = draft.trim();
    setDoing(undefined);
    if (to === name) return;
    await tell(async () => {
      const trouble = whyNoName(to);
      if (trouble !== undefined) return trouble;
      if (isHere) return session?.rename(to);
      return withLock(() => shelf.rename(name, to));
    }, `${name} is called ${to} now.`);
  };
  const remove = async () => {
    setDoing(undefined);
    await tell(async () => {
      if (!isHere) return withLock(() => shelf.remove(name));
      await session?.discard();
      onClose();
      navigate(`/lab/${lab}`, { replace: true });
      // The address may be the very one that the run was opened by.
      desk.setState(({ again }) => ({ handedIn: undefined, again: again + 1 }));
      return undefined;
    }, `${name} is removed.`);
  };
  const backUp = () =>
    tell(async () => {
      const kept = await shelf.files(name);
      const names = backupNames(
        name,
        kept.map((file) => file.name),
      );
      saveFile(names.text, workspace.text);
      kept.forEach(({ bytes }, i) => {
        saveFile(names.files[i] as string, bytes);
      });
      return undefined;
    }, `${name} is backed up, as of its last sync.`);
  return (
    <li className={isHere ? 'here' : ''}>
      {doing === 'rename' ? (
        <form
          className="save-as"
          onSubmit={(event) => {
            event.preventDefault();
            void rename();
          }}
        >
          <input
            value={draft}
            spellCheck={false}
            autoComplete="off"
            aria-label={`New name of ${name}`}
            ref={(input) => input?.focus()}
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              event.preventDefault();
              setDoing(undefined);
            }}
          />
          <button type="submit" className="btn small">
            Rename
          </button>
        </form>
      ) : (
        <div className="workspace-words">
          <button type="button" className="link" onClick={open}>
            {name}
          </button>
          {isHere && <span className="workspace-here">on screen</span>}
          <small>
            {lab} · {when.format(savedAt)} · {syncs} {syncs === 1 ? 'sync' : 'syncs'} ·{' '}
            {sizeText(files.reduce((sum, { size }) => sum + size, 0))}
          </small>
        </div>
      )}
      {doing === 'remove' ? (
        <div className="workspace-doings" role="alertdialog" aria-label={`Remove ${name}?`}>
          <span>Remove it for good?</span>
          <button type="button" className="btn small danger" onClick={remove}>
            Remove {name}
          </button>
          <button
            type="button"
            className="btn small"
            ref={(button) => button?.focus()}
            onClick={() => setDoing(undefined)}
          >
            Keep it
          </button>
        </div>
      ) : (
        <div className="workspace-doings">
          <button
            type="button"
            className="icon-btn"
            aria-label={`Rename ${name}`}
            title="Rename"
            onClick={() => {
              setDraft(name);
              setDoing('rename');
            }}
          >
            <Pencil aria-hidden size={15} />
          </button>
          <button
            type="button"
            className="icon-btn"
            aria-label={`Back up ${name}`}
            title="Back up: the scenario and the database"
            onClick={backUp}
          >
            <Download aria-hidden size={15} />
          </button>
          <button
            type="button"
            className="icon-btn"
            aria-label={`Remove ${name}`}
            title={isHere ? 'Remove it and begin anew' : 'Remove'}
            onClick={() => setDoing('remove')}
          >
            <Trash2 aria-hidden size={15} />
          </button>
        </div>
      )}
    </li>
  );
}
