// What is decided before the first command: the seed, the lab's settings, and the bugs that can be
// planted. Everything here comes from LabInfo; a change runs the script again from the start.

import { useEffect, useId, useState } from 'react';
import type { Setting, SettingValue } from '../../engine/run/lab.ts';
import type { Session } from '../player/types.ts';
import { useSession } from './use.ts';

/** What is wrong with a text as a value of the setting, or the value itself. */
export function readSetting(
  setting: Setting,
  text: string,
): { readonly value: SettingValue } | { readonly complaint: string } {
  if (setting.type === 'text') return { value: text.trim() };
  const expected =
    setting.expected ??
    `a ${setting.type === 'integer' ? 'whole number' : 'number'}${rangeText(setting)}`;
  const number = Number(text);
  if (
    text.trim() === '' ||
    !Number.isFinite(number) ||
    (setting.type === 'integer' && !Number.isInteger(number)) ||
    (setting.min !== undefined && number < setting.min) ||
    (setting.max !== undefined && number > setting.max) ||
    (setting.valid && !setting.valid(number))
  )
    return { complaint: `“${text}” will not do: expected ${expected}` };
  return { value: number };
}

function rangeText({ min, max }: Setting): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}

export function Settings({ session }: { readonly session: Session }) {
  const info = useSession(session, (state) => state.info);
  const setup = useSession(session, (state) => state.setup);
  const [complaint, setComplaint] = useState<string>();
  const tell = (promise: Promise<string | undefined>) => promise.then(setComplaint);
  const changed = info.settings.filter(
    (setting) => setup.settings[setting.name] !== setting.default,
  ).length;
  return (
    <>
      <details className="fold">
        <summary>
          Settings
          <span className="fold-note">
            {changed === 0 ? 'as the product has them' : `${changed} changed`} · seed {setup.seed}
          </span>
        </summary>
        <div className="settings">
          {info.settings.map((setting) => (
            <SettingRow
              key={setting.name}
              setting={setting}
              value={setup.settings[setting.name] ?? setting.default}
              onChange={(value) => tell(session.setSetting(setting.name, value))}
              onComplaint={setComplaint}
            />
          ))}
          <SettingRow
            setting={{
              name: 'seed',
              type: 'integer',
              default: 1,
              min: 0,
              max: Number.MAX_SAFE_INTEGER,
              expected: 'a whole number from 0 to 2^53 − 1',
              help: 'All chance of the run comes from it: the same seed, the same run.',
            }}
            value={setup.seed}
            onChange={(value) => tell(session.setSeed(Number(value)))}
            onComplaint={setComplaint}
          />
          <p className="settings-say">A change runs the same operations again from the start.</p>
        </div>
      </details>
      {info.sabotage.length > 0 && (
        <details className="fold">
          <summary>
            Break the engine
            <span className={`fold-note${setup.sabotage.length > 0 ? ' is-fault' : ''}`}>
              {setup.sabotage.length === 0 ? 'no bug planted' : `${setup.sabotage.length} planted`}
            </span>
          </summary>
          <div className="settings">
            <p className="settings-say">
              Each plants a bug that real engines have had. The referees should catch it.
            </p>
            {info.sabotage.map((bug) => (
              <label key={bug.name} className="switch-row">
                <input
                  type="checkbox"
                  checked={setup.sabotage.includes(bug.name)}
                  onChange={(event) => tell(session.setSabotage(bug.name, event.target.checked))}
                />
                <span>
                  <code>{bug.name}</code>
                  <small>{bug.description}</small>
                </span>
              </label>
            ))}
          </div>
        </details>
      )}
      <p className="complaint" role="alert">
        {complaint}
      </p>
    </>
  );
}

function SettingRow(props: {
  readonly setting: Setting;
  readonly value: SettingValue;
  readonly onChange: (value: SettingValue) => void;
  readonly onComplaint: (complaint: string | undefined) => void;
}) {
  const { setting, value, onChange } = props;
  const id = useId();
  const [draft, setDraft] = useState(String(value));
  useEffect(() => setDraft(String(value)), [value]);
  const commit = () => {
    if (draft === String(value)) return;
    const read = readSetting(setting, draft);
    if ('complaint' in read) {
      props.onComplaint(`${setting.name}: ${read.complaint}`);
      return;
    }
    props.onComplaint(undefined);
    onChange(read.value);
  };
  const integerOfFew =
    setting.type === 'integer' && setting.values !== undefined && setting.values.includes(value);
  let control: React.ReactNode;
  if (setting.type === 'switch')
    control = (
      <input
        id={id}
        type="checkbox"
        checked={value === true}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.checked)}
      />
    );
  else if (setting.type === 'choice' || integerOfFew)
    control = (
      <select
        id={id}
        value={String(value)}
        aria-describedby={`${id}-help`}
        onChange={(event) => {
          const chosen = setting.values?.find((known) => String(known) === event.target.value);
          if (chosen !== undefined) onChange(chosen);
        }}
      >
        {setting.values?.map((known) => (
          <option key={String(known)} value={String(known)}>
            {String(known)}
            {known === setting.default ? ' (default)' : ''}
          </option>
        ))}
      </select>
    );
  else
    control = (
      <input
        id={id}
        inputMode="numeric"
        value={draft}
        aria-describedby={`${id}-help`}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
          if (event.key === 'Escape') setDraft(String(value));
        }}
      />
    );
  return (
    <div className="setting">
      <label htmlFor={id}>{setting.name}</label>
      {control}
      <small id={`${id}-help`}>{setting.help}</small>
    </div>
  );
}
