// For tests: a lesson's scenario run in this process, as a Run.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { labs } from '../../engine/labs/index.ts';
import { Script, sourceOfBytes } from '../../engine/run/script.ts';
import { shownAt } from '../labs/runs.testing.ts';
import type { Beat } from './lesson.ts';
import { type Run, setupText } from './run.ts';

/** A scenario, with lines written after it. */
export function replay(scenario: Beat['scenario'], more: readonly string[] = []): Run {
  if (typeof scenario === 'string') return runOfText(`${scenario}${more.join('\n')}\n`);
  const { sample, table } = scenario;
  const bytes = new Uint8Array(
    readFileSync(new URL(`../../public/samples/${sample}`, import.meta.url)),
  );
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const text = [
    'lab btree',
    `set table ${table}`,
    `file ${sample} ${sha256} ${bytes.length}`,
    ...more,
    '',
  ].join('\n');
  return runOfText(text, sourceOfBytes(sample, bytes));
}

function runOfText(text: string, foreign?: ReturnType<typeof sourceOfBytes>): Run {
  const script = new Script(text, labs, foreign ? { foreign } : {}).run();
  const { lab } = script;
  const timeline = script.timeline('main');
  const { setup } = script.scenario;
  return {
    digest: text,
    length: timeline.length,
    lines: timeline.commands.map(({ text, firstMoment, result }, i) => ({
      text,
      first: firstMoment,
      moments: (timeline.commands[i + 1]?.firstMoment ?? timeline.length) - firstMoment,
      ...(result !== undefined && { result }),
    })),
    setup: setupText(setup),
    sabotage: setup.sabotage,
    problems: timeline.problems,
    kind: (index) => lab.kinds[timeline.kinds(index, index + 1)[0] ?? -1]?.kind ?? '',
    at: async (index) => shownAt(script, index),
  };
}
