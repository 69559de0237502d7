// The tables and indexes of an opened database, to choose the one on the stage. What has no tree to
// walk stays in the list and says why.

import { useEffect, useId, useState } from 'react';
import type { Session, TreeInfo } from '../player/types.ts';
import { useSession } from './use.ts';

const KINDS: Readonly<Record<TreeInfo['kind'], string>> = {
  table: 'table',
  index: 'index',
  'without-rowid': 'table without rowids',
  virtual: 'virtual table',
};

export function treeText({ kind, depth, rows, trouble }: TreeInfo): string {
  if (trouble !== undefined) return trouble;
  const parts = [KINDS[kind]];
  if (depth !== undefined) parts.push(depth === 1 ? 'one page deep' : `${depth} pages deep`);
  if (rows !== undefined) {
    const one = kind === 'index' ? 'entry' : 'row';
    const many = kind === 'index' ? 'entries' : 'rows';
    parts.push(`${rows.toLocaleString('en')} ${rows === 1 ? one : many}`);
  }
  return parts.join(' · ');
}

export function Trees({ session }: { readonly session: Session }) {
  const setup = useSession(session, (state) => state.setup);
  const [trees, setTrees] = useState<readonly TreeInfo[]>();
  const [complaint, setComplaint] = useState<string>();
  const id = useId();
  useEffect(() => {
    let alive = true;
    session.trees().then(
      (found) => alive && setTrees(found),
      (thrown) => alive && setComplaint(String(thrown?.message ?? thrown)),
    );
    return () => {
      alive = false;
    };
  }, [session, setup]);
  return (
    <fieldset className="trees">
      <legend>On the stage</legend>
      {!trees && complaint === undefined && <p className="panel-empty">Reading the schema…</p>}
      {trees?.map((tree) => (
        <label key={tree.name} className={tree.trouble === undefined ? '' : 'is-off'}>
          <input
            type="radio"
            name={id}
            checked={tree.shown}
            disabled={tree.trouble !== undefined}
            onChange={() => {
              setTrees(trees.map((other) => ({ ...other, shown: other === tree })));
              session.setSetting('table', tree.name).then(setComplaint);
            }}
          />
          <span>
            <code>{tree.name}</code>
            <small>{treeText(tree)}</small>
          </span>
        </label>
      ))}
      <p className="complaint" role="alert">
        {complaint}
      </p>
    </fieldset>
  );
}
