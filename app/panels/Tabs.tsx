// Tabs as the ARIA practices have them: one tab stop, arrows move and choose, the panel is labelled.

import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react';

export interface Tab<N extends string> {
  readonly name: N;
  readonly label: ReactNode;
}

export function Tabs<N extends string>(props: {
  readonly label: string;
  readonly tabs: readonly Tab<N>[];
  readonly current: N;
  readonly onChange: (name: N) => void;
  readonly children: ReactNode;
  readonly after?: ReactNode;
}) {
  const { tabs, current, onChange } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent, index: number) => {
    const step: Record<string, number> = { ArrowRight: index + 1, ArrowLeft: index - 1 };
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1 : step[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (!tab) return;
    onChange(tab.name);
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
  };
  return (
    <div className="tabs">
      <div className="tabs-bar">
        <div role="tablist" aria-label={props.label} ref={list}>
          {tabs.map((tab, index) => (
            <button
              key={tab.name}
              type="button"
              role="tab"
              id={`${id}-${tab.name}`}
              aria-selected={tab.name === current}
              aria-controls={`${id}-panel`}
              tabIndex={tab.name === current ? 0 : -1}
              onClick={() => onChange(tab.name)}
              onKeyDown={(event) => go(event, index)}
            >
              {tab.label}
            </button>
          ))}
        </div>
        {props.after}
      </div>
      {/* A region that scrolls must be reachable by keyboard. */}
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the panel scrolls
        tabIndex={0}
        className="tab-panel"
      >
        {props.children}
      </div>
    </div>
  );
}
