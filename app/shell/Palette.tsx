// ⌘K: everything that can be reached, found by typing a part of its name.

import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { LESSONS } from '../lessons/index.ts';
import { Dialog } from '../panels/Dialog.tsx';
import { toggleTheme } from '../panels/preferences.ts';
import { PARTS } from './chapters.ts';
import { desk, openDialog, type PaletteItem } from './desk.ts';
import { type ShippedScenario, useScenarios } from './doors.ts';
import { find } from './find.ts';
import { navigate } from './location.ts';
import { SAMPLES } from './samples.ts';

const SHOWN = 60;

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const scenarios = useScenarios();
  const extra = useStore(desk, (state) => state.items);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const all = useMemo(
    () => [
      ...labItems(),
      ...lessonItems(),
      ...scenarioItems(scenarios),
      ...extra,
      ...sampleItems(),
      ...doings(),
    ],
    [scenarios, extra],
  );
  const found = useMemo(() => find(all, text).slice(0, SHOWN), [all, text]);
  const chosen = Math.min(at, found.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  });
  const run = (item: PaletteItem | undefined) => {
    if (!item) return;
    onClose();
    item.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const count = found.length;
    if (event.key === 'ArrowDown') setAt(count === 0 ? 0 : (chosen + 1) % count);
    else if (event.key === 'ArrowUp') setAt(count === 0 ? 0 : (chosen - 1 + count) % count);
    else if (event.key === 'Enter') run(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Jump to…" onClose={onClose} bare>
      <div className="palette">
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-label="Jump to a lab, a scenario or an operation"
          aria-activedescendant={found[chosen] ? `${id}-${chosen}` : undefined}
          placeholder="A lab, a scenario, an operation, something to do…"
          data-first
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <div
          className="palette-list"
          id={`${id}-list`}
          role="listbox"
          aria-label="Found"
          ref={list}
        >
          {found.map((item, index) => (
            <div key={item.id} role="presentation">
              {item.group !== found[index - 1]?.group && (
                <p className="palette-group" role="presentation">
                  {item.group}
                </p>
              )}
              <div
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === chosen}
                onPointerMove={() => setAt(index)}
                onClick={() => run(item)}
                onKeyDown={onKeyDown}
              >
                <span>{item.label}</span>
                {item.note !== undefined && <small>{item.note}</small>}
              </div>
            </div>
          ))}
        </div>
        {found.length === 0 && <p className="panel-empty">Nothing is called that.</p>}
        <p className="palette-keys" aria-hidden="true">
          <kbd>↑</kbd> <kbd>↓</kbd> choose <kbd>Enter</kbd> go <kbd>Esc</kbd> close
        </p>
      </div>
    </Dialog>
  );
}

const labItems = (): PaletteItem[] =>
  PARTS.flatMap((part) =>
    part.chapters
      .flatMap(({ lab, also, number, title, line }) => [
        ...(lab === undefined ? [] : [{ lab, number, title, line }]),
        ...(also ? [{ ...also, number, line }] : []),
      ])
      .map(({ lab, number, title, line }) => ({
        id: `lab:${lab}`,
        group: 'Labs',
        label: `${number} · ${title}`,
        note: line,
        run: () => {
          desk.setState({ handedIn: undefined });
          navigate(`/lab/${lab}`);
        },
      })),
  );

const lessonItems = (): PaletteItem[] =>
  LESSONS.map(({ name, number, title }) => ({
    id: `lesson:${name}`,
    group: 'Lessons',
    label: `Lesson ${number}: ${title}`,
    run: () => navigate(`/lesson/${name}`),
  }));

const scenarioItems = (scenarios: readonly ShippedScenario[]): PaletteItem[] =>
  scenarios.map((scenario) => ({
    id: `scenario:${scenario.name}`,
    group: 'Scenarios',
    label: scenario.title,
    note: scenario.lab,
    run: () => navigate(`/lab/${scenario.lab}?scenario=${scenario.name}`),
  }));

const sampleItems = (): PaletteItem[] =>
  SAMPLES.map(({ name, lab, note }) => ({
    id: `sample:${name}`,
    group: 'Sample databases',
    label: name,
    note,
    run: () => navigate(`/lab/${lab}?sample=${name}`),
  }));

const doings = (): PaletteItem[] => [
  {
    id: 'home',
    group: 'Elsewhere',
    label: 'Front page',
    run: () => navigate('/'),
  },
  {
    id: 'open',
    group: 'Elsewhere',
    label: 'Open a database…',
    run: () => openDialog('open'),
  },
  {
    id: 'paste',
    group: 'Elsewhere',
    label: 'Paste a scenario',
    run: () => openDialog('paste'),
  },
  {
    id: 'compare',
    group: 'Elsewhere',
    label: 'Two runs side by side…',
    note: 'compare two scenarios, two policies, two branches',
    run: () => navigate('/compare'),
  },
  {
    id: 'workspaces',
    group: 'Elsewhere',
    label: 'Workspaces…',
    note: 'what is kept in this browser: open, rename, back up, restore, remove',
    run: () => openDialog('workspaces'),
  },
  { id: 'theme', group: 'Elsewhere', label: 'Change the theme', run: toggleTheme },
  { id: 'help', group: 'Elsewhere', label: 'Keys and preferences', run: () => openDialog('help') },
];
