// Golden scripts: the commands above `---`, what was recorded below. A script that still says the
// same passes; UPDATE_GOLDEN=1 (npm run golden) records anew, and then every changed line is read.
// Each script is also run backwards and at random: the replay must equal the recording, byte for byte.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import { labs } from '../labs/index.ts';
import type { AnyEvent, Moment } from './lab.ts';
import { Script } from './script.ts';
import { digestOfState, type Timeline } from './timeline.ts';

const engine = fileURLToPath(new URL('..', import.meta.url));
const scripts = readdirSync(engine, { recursive: true, encoding: 'utf8' })
  .filter((path) => /(^|[\\/])scripts[\\/][^\\/]+\.txt$/.test(path))
  .sort();

function linesOf(script: Script, name: string): string[] {
  const timeline = script.timeline(name);
  const lines = Array.from({ length: timeline.length }, (_, i) => {
    const { event, state } = timeline.at(i);
    const { title, detail } = script.lab.describe(event, state);
    return `${timeline.nameOf(i)}  ${title}${detail ? ` — ${detail}` : ''}`;
  });
  for (const { moment, referee, text } of timeline.problems)
    lines.push(`problem at ${timeline.nameOf(moment)}: ${referee}: ${text}`);
  for (const { text, result } of timeline.commands)
    if (result !== undefined) lines.push(`${text} → ${JSON.stringify(result, printable)}`);
  return [...lines, `digest ${timeline.digest()}`];
}

const printable = (_: string, value: unknown) =>
  typeof value === 'bigint'
    ? String(value)
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : value;

/** Everything of a moment that must come back the same: the event, and every file's every byte. */
function whole(timeline: Timeline, { event, state }: Moment<unknown, AnyEvent>): string {
  const { lab } = timeline;
  const memory = [...lab.disk(state).files.values()].map(({ now, kind }) => [kind, now.size]);
  return JSON.stringify([event, digestOfState(lab, state), memory], printable);
}

test('there are golden scripts', () => expect(scripts.length).toBeGreaterThan(0));

describe.each(scripts)('%s', (path) => {
  const file = join(engine, path);
  const [text, recorded = ''] = readFileSync(file, 'utf8').split(/^---\n/m) as [string, string?];
  const script = new Script(text, labs).run();

  test('says what was recorded', () => {
    const said = script.names
      .map(
        (name) =>
          `${name === 'main' ? '' : `branch ${name}\n`}${linesOf(script, name).join('\n')}\n`,
      )
      .join('');
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, `${text}---\n${said}`);
    else expect(said).toBe(recorded);
  });

  test('the replay equals the recording', () => {
    const { lab } = script;
    for (const name of script.names) {
      const timeline = script.timeline(name);
      // Recorded with every moment sealed at once, against replayed from checkpoints in any order.
      const recording: string[] = [];
      let state = lab.open(timeline.setup);
      recording.push(whole(timeline, { event: lab.opening(state), state } as never));
      for (const { command } of timeline.commands) {
        let rest: unknown = command;
        while (rest !== undefined) {
          const part = lab.run(
            state,
            rest,
            (event, seal) => recording.push(whole(timeline, { event, state: seal() } as never)),
            timeline.setup,
          );
          state = part.state;
          rest = part.rest;
        }
      }
      expect(recording.length).toBe(timeline.length);
      const fresh = timeline.fork(timeline.commands.length);
      const dice = new Dice(7);
      for (let i = timeline.length - 1; i > 0; i--)
        expect(whole(fresh, fresh.at(i)), fresh.nameOf(i)).toBe(recording[i]);
      for (let n = 0; n < 50 && timeline.length > 1; n++) {
        const i = 1 + dice.below(timeline.length - 1);
        expect(whole(timeline, timeline.at(i)), timeline.nameOf(i)).toBe(recording[i]);
      }
      expect(digestOfState(lab, state)).toBe(timeline.digest());
    }
  });

  test('its text says the same scenario', () => {
    const again = new Script(script.text(), labs).run();
    for (const name of script.names)
      expect(again.timeline(name).digest()).toBe(script.timeline(name).digest());
  });
});
