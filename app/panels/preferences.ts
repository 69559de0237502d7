// What a reader chose for every lab, kept from visit to visit: theme, motion, letter keys, folded
// panels. The theme stands under a key of its own, because public/theme.js reads it before the first
// paint. On <html> the choices appear as data-theme and data-motion, where styles and the stage see them.

import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';

export type Theme = 'surface' | 'deep';
export type Panel = 'left' | 'right';

export interface Preferences {
  readonly theme: Theme;
  /** `system` follows the system's wish for reduced motion. */
  readonly motion: 'system' | 'reduced';
  readonly letterKeys: boolean;
  readonly folded: readonly Panel[];
  readonly bytesARow: 8 | 16;
}

const THEME_KEY = 'bathysphere:theme';
const KEY = 'bathysphere:preferences';
const DEFAULTS: Preferences = {
  theme: 'surface',
  motion: 'system',
  letterKeys: true,
  folded: [],
  bytesARow: 8,
};

/** Takes from stored text only what is well-formed: storage is input from outside. */
export function readPreferences(text: string | null, theme: string | undefined): Preferences {
  let stored: Partial<Record<keyof Preferences, unknown>> = {};
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value === 'object' && value !== null) stored = value;
  } catch {
    // Not ours, or cut off: the defaults serve.
  }
  return {
    theme: theme === 'deep' ? 'deep' : 'surface',
    motion: stored.motion === 'reduced' ? 'reduced' : 'system',
    letterKeys: stored.letterKeys !== false,
    folded: Array.isArray(stored.folded)
      ? (['left', 'right'] as const).filter((panel) => (stored.folded as unknown[]).includes(panel))
      : [],
    bytesARow: stored.bytesARow === 16 ? 16 : 8,
  };
}

const inBrowser = typeof document !== 'undefined';

function fromStorage(): Preferences {
  if (!inBrowser) return DEFAULTS;
  let text: string | null = null;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    // Storage can be forbidden.
  }
  return readPreferences(text, document.documentElement.dataset.theme);
}

export const preferences = createStore<Preferences>(fromStorage);

export function usePreference<K extends keyof Preferences>(name: K): Preferences[K] {
  return useStore(preferences, (state) => state[name]);
}

function show(state: Preferences): void {
  const { dataset } = document.documentElement;
  dataset.theme = state.theme;
  if (state.motion === 'reduced') dataset.motion = 'reduced';
  else delete dataset.motion;
}

function keep({ theme, ...others }: Preferences): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
    localStorage.setItem(KEY, JSON.stringify(others));
  } catch {
    // Full or forbidden: the choice holds for this visit.
  }
}

if (inBrowser) {
  show(preferences.getState());
  preferences.subscribe((state) => {
    show(state);
    keep(state);
  });
}

export function toggleTheme(): void {
  const { theme } = preferences.getState();
  preferences.setState({ theme: theme === 'deep' ? 'surface' : 'deep' });
}

export function toggleFold(panel: Panel): void {
  const { folded } = preferences.getState();
  preferences.setState({
    folded: folded.includes(panel) ? folded.filter((other) => other !== panel) : [...folded, panel],
  });
}

/** Whether movement is to be left out: the reader's switch, or the system's wish. */
export function motionIsReduced(): boolean {
  return (
    preferences.getState().motion === 'reduced' ||
    (inBrowser && matchMedia('(prefers-reduced-motion: reduce)').matches)
  );
}
