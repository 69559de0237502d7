// The keys, and the preferences that belong to them.

import { Dialog } from '../panels/Dialog.tsx';
import { KEYS } from '../panels/keys.ts';
import { preferences, usePreference } from '../panels/preferences.ts';
import { useDoors } from './doors.ts';

export function Help({ onClose }: { readonly onClose: () => void }) {
  const letterKeys = usePreference('letterKeys');
  const motion = usePreference('motion');
  const theme = usePreference('theme');
  const { version } = useDoors();
  return (
    <Dialog title="Keys and preferences" onClose={onClose} wide>
      <dl className="keys">
        {KEYS.map((binding) => (
          <div key={binding.action} className={binding.letter && !letterKeys ? 'off' : ''}>
            <dt>
              <kbd>{binding.shown}</kbd>
            </dt>
            <dd>{binding.does}</dd>
          </div>
        ))}
      </dl>
      <p className="help-say">
        In a lesson: digits answer, <kbd>S</kbd> skips the question, <kbd>.</kbd> goes on,{' '}
        <kbd>,</kbd> back, <kbd>C</kbd> lets it run by itself.
      </p>
      <p className="help-say">Keys rest while you type, and in lists that use them themselves.</p>
      <div className="help-switches">
        <label className="switch-row">
          <input
            type="checkbox"
            checked={letterKeys}
            onChange={(event) => preferences.setState({ letterKeys: event.target.checked })}
          />
          <span>
            Letter keys
            <small>N, [, ], / and ?; in a lesson the digits, S, C, comma and full stop</small>
          </span>
        </label>
        <label className="switch-row">
          <input
            type="checkbox"
            checked={motion === 'reduced'}
            onChange={(event) =>
              preferences.setState({ motion: event.target.checked ? 'reduced' : 'system' })
            }
          />
          <span>
            Less motion
            <small>Cuts instead of movement, whatever the system says</small>
          </span>
        </label>
        <label className="switch-row">
          <input
            type="checkbox"
            checked={theme === 'deep'}
            onChange={(event) =>
              preferences.setState({ theme: event.target.checked ? 'deep' : 'surface' })
            }
          />
          <span>
            Dark theme
            <small>The deep, instead of the surface</small>
          </span>
        </label>
      </div>
      <p className="help-say">Engine {version}. Everything runs in this page.</p>
    </Dialog>
  );
}
