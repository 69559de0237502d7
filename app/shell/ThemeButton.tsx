// Light water or dark: the theme, in one press.

import { Moon, Sun } from 'lucide-react';
import { toggleTheme, usePreference } from '../panels/preferences.ts';

export function ThemeButton() {
  const theme = usePreference('theme');
  const other = theme === 'deep' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="btn icon"
      aria-label={`Switch to the ${other} theme`}
      title={`Switch to the ${other} theme`}
      onClick={toggleTheme}
    >
      {theme === 'deep' ? <Sun aria-hidden size={16} /> : <Moon aria-hidden size={16} />}
    </button>
  );
}
