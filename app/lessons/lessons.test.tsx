// Every lesson, replayed: each claim holds in the run it is read beside, each question has its right
// answer among the options, also about an input of the reader's own, each task and challenge can be
// done, and none is done before.
import { describe, expect, it } from 'vitest';
import { LESSONS } from './index.ts';
import type { Beat, Lesson } from './lesson.ts';
import { ask } from './Prediction.tsx';
import { claimsIn, textIn } from './parts.tsx';
import { replay } from './replay.testing.ts';

const lessons: Lesson[] = await Promise.all(LESSONS.map((entry) => entry.load()));

/** The run that a task leaves when it is done as the lesson offers to. */
const withHelp = (beat: Beat) => replay(beat.scenario, beat.task?.help);

describe.each(lessons)('lesson $number, $title', (lesson) => {
  it('has a place in the list, and beats with names of their own', () => {
    const entry = LESSONS.find(({ name }) => name === lesson.name);
    expect(entry).toMatchObject({ lab: lesson.lab, number: lesson.number, title: lesson.title });
    const ids = lesson.beats.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(lesson.beats.filter(({ challenge }) => challenge).length).toBeGreaterThanOrEqual(2);
  });

  it.each(lesson.beats)('$id: there is something to do', (beat) => {
    const { prediction, task, challenge } = beat;
    expect([prediction, task, challenge].some(Boolean)).toBe(true);
    // One idea a paragraph, and few of them: a screen is read in a minute.
    expect(textIn(beat.prose).split(/\s+/).length).toBeLessThan(170);
  });

  it.each(lesson.beats)('$id: its claims hold', async (beat) => {
    const run = beat.task ? withHelp(beat) : replay(beat.scenario);
    const second = beat.beside && replay(beat.beside.scenario);
    for (const claim of [...claimsIn(beat.prose), ...claimsIn(beat.after)]) {
      const { holds, at, children } = claim;
      const about = claim.beside ? second : run;
      if (!about) throw new Error(`${textIn(children)}: there is no run beside`);
      expect(await holds(about), textIn(children)).toBe(true);
      const index = at?.(about);
      if (at) expect(index, textIn(children)).toBeTypeOf('number');
      if (index !== undefined) expect(index).toBeLessThan(about.length);
    }
    const start = beat.at?.(replay(beat.scenario));
    if (beat.at) expect(start).toBeGreaterThanOrEqual(0);
  });

  const asking = lesson.beats.filter(({ prediction }) => prediction);
  it.each(asking)('$id: the right answer is among the options, once', async (beat) => {
    const { prediction } = beat;
    if (!prediction) return;
    const runs = [replay(beat.scenario)];
    const { own } = prediction;
    if (own) {
      const [run] = runs as [ReturnType<typeof replay>];
      const at = own.at(run) ?? run.lines.length;
      const lines = run.lines.map(({ text }) => text);
      lines[at] = own.line(own.example);
      const head = (beat.scenario as string)
        .split('\n')
        .filter((line) => /^(lab|title|set|seed|sabotage) /.test(line));
      runs.push(replay([...head, ...lines, ''].join('\n')));
      expect(own.line('"')).toMatch(/^!/);
    }
    for (const [i, run] of runs.entries()) {
      const asked = await ask(prediction, run);
      expect(asked, `${beat.id}, run ${i}`).toBeDefined();
      if (!asked) continue;
      const { gate, options, outcome } = asked;
      expect(options.filter(({ value }) => value === outcome.value)).toHaveLength(1);
      expect(new Set(options.map(({ value }) => value)).size).toBe(options.length);
      expect(options.length).toBeGreaterThanOrEqual(2);
      expect(options.length).toBeLessThanOrEqual(9);
      expect(gate).toBeGreaterThanOrEqual(0);
      expect(outcome.moment).toBeGreaterThan(gate);
      expect(outcome.moment).toBeLessThan(run.length);
      expect(outcome.because).toMatch(/^\S.*[.)]$/);
      // The beat begins before its question.
      const start = beat.at?.(run);
      if (start !== undefined) expect(start).toBeLessThanOrEqual(gate + 1);
    }
    // Where the case does not occur, nothing is asked.
    expect(await ask(prediction, replay(`lab ${lesson.lab}\n`))).toBeUndefined();
  });

  it('asks questions whose answers differ from what is there already', async () => {
    const answers = await Promise.all(
      asking.map(async (beat) => {
        const asked = beat.prediction && (await ask(beat.prediction, replay(beat.scenario)));
        return [
          beat.id,
          asked?.outcome.value,
          asked?.options.map(({ value }) => value).join(' | '),
        ];
      }),
    );
    expect(answers).toMatchSnapshot();
  });

  const tasks = lesson.beats.filter(({ task }) => task);
  it.each(tasks)('$id: the task is not done, and the help does it', async (beat) => {
    const { task } = beat;
    if (!task) return;
    expect((await task.judge(replay(beat.scenario))).done).toBe(false);
    expect(await task.judge(withHelp(beat))).toMatchObject({ done: true });
  });

  const challenges = lesson.beats.filter(({ challenge }) => challenge);
  it.each(challenges)('$id: the challenge can be done, and not by chance', async (beat) => {
    const { challenge } = beat;
    if (!challenge) return;
    expect((await challenge.judge(replay(beat.scenario))).done).toBe(false);
    expect(await challenge.judge(replay(challenge.solution))).toMatchObject({ done: true });
    for (const text of challenge.failures)
      expect(await challenge.judge(replay(text)), text).toMatchObject({ done: false });
  });
});
