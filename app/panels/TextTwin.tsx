// The picture in words: a real tree of pages and cells, kept in step with the moment. One tab stop;
// arrows go along the structure, Enter selects on the stage as well. What is folded is not in the
// document, so a tree of thousands of pages costs what is open of it.

import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { TwinNode } from '../labs/picture.ts';
import type { Session } from '../player/types.ts';
import { usePicture } from './usePicture.ts';
import './stage.css';

export function TextTwin({ session }: { readonly session: Session }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="twin" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>In words</summary>
      {open && <Tree session={session} />}
    </details>
  );
}

interface Row {
  readonly node: TwinNode;
  readonly level: number;
  readonly parent: string | undefined;
  readonly position: number;
  readonly siblings: number;
}

function Tree({ session }: { readonly session: Session }) {
  const picture = usePicture(session);
  const moment = useStore(session.store, (state) => state.moment);
  const selection = useStore(session.store, (state) => state.selection);
  const roots = useMemo(() => (picture && moment ? picture.twin(moment) : []), [picture, moment]);
  /** What somebody folded or unfolded; else the root is open. */
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [at, setAt] = useState<string>();
  const list = useRef<HTMLDivElement>(null);

  const isOpen = (node: TwinNode, level: number) =>
    folds.get(node.key) ?? (level === 1 && node.key.startsWith('page:'));
  const rows: Row[] = [];
  const visit = (nodes: readonly TwinNode[], level: number, parent: string | undefined) => {
    nodes.forEach((node, i) => {
      rows.push({ node, level, parent, position: i + 1, siblings: nodes.length });
      if (node.children.length > 0 && isOpen(node, level))
        visit(node.children, level + 1, node.key);
    });
  };
  visit(roots, 1, undefined);
  const here = rows.findIndex(({ node }) => node.key === at);
  const stop = Math.max(0, here);

  const wanted = useRef(false);
  useEffect(() => {
    if (!wanted.current || !at) return;
    wanted.current = false;
    list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [at]);

  function go(key: string | undefined) {
    if (key === undefined) return;
    wanted.current = true;
    setAt(key);
  }
  const fold = (key: string, to: boolean) => setFolds(new Map(folds).set(key, to));

  function onKeyDown(event: KeyboardEvent) {
    const row = rows[stop];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const { node, level, parent } = row;
    const shown = node.children.length > 0 && isOpen(node, level);
    switch (event.key) {
      case 'ArrowDown':
        go(rows[stop + 1]?.node.key);
        break;
      case 'ArrowUp':
        go(rows[stop - 1]?.node.key);
        break;
      case 'ArrowRight':
        if (shown) go(node.children[0]?.key);
        else if (node.children.length > 0) fold(node.key, true);
        break;
      case 'ArrowLeft':
        if (shown) fold(node.key, false);
        else go(parent);
        break;
      case 'Home':
        go(rows[0]?.node.key);
        break;
      case 'End':
        go(rows.at(-1)?.node.key);
        break;
      case 'Enter':
      case ' ':
        session.select(node.select);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  const item = (index: number): { element: React.ReactNode; next: number } => {
    const { node, level, position, siblings } = rows[index] as Row;
    const hasChildren = node.children.length > 0;
    const shown = hasChildren && isOpen(node, level);
    let next = index + 1;
    const inner: React.ReactNode[] = [];
    while (next < rows.length && (rows[next] as Row).level > level) {
      const child = item(next);
      inner.push(child.element);
      next = child.next;
    }
    const element = (
      <div
        key={node.key}
        role="treeitem"
        aria-level={level}
        aria-posinset={position}
        aria-setsize={siblings}
        aria-selected={node.select !== undefined && node.select === selection}
        {...(hasChildren && { 'aria-expanded': shown })}
        tabIndex={index === stop ? 0 : -1}
        onFocus={(event) => {
          event.stopPropagation();
          setAt(node.key);
        }}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are the tree's */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the tree's */}
        <div
          onClick={() => {
            if (hasChildren) fold(node.key, !shown);
            session.select(node.select);
          }}
        >
          <span className="twin-sign" aria-hidden>
            {hasChildren ? (shown ? '−' : '+') : ''}
          </span>
          {node.text}
        </div>
        {inner.length > 0 && (
          // biome-ignore lint/a11y/useSemanticElements: a group of a tree has no element of its own
          <div role="group">{inner}</div>
        )}
      </div>
    );
    return { element, next };
  };
  const items: React.ReactNode[] = [];
  for (let index = 0; index < rows.length; ) {
    const one = item(index);
    items.push(one.element);
    index = one.next;
  }
  const { caption, name } = moment ?? {};
  return (
    <div className="twin-body">
      {caption && (
        <p>
          <b>
            {name} {caption.title}.
          </b>{' '}
          {caption.detail}
        </p>
      )}
      <div ref={list} role="tree" aria-label="The picture in words" onKeyDown={onKeyDown}>
        {items}
      </div>
    </div>
  );
}
