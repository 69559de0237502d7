// The second opinion on histories: held against the verdicts of others and against the referee.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Dice } from '../base/dice.ts';
import { type Line, opinionOn } from './apart.testing.ts';
import { linearizable } from './linearizable.ts';
import type { Operation } from './objects.ts';
import { type Entry, operationsOf } from './watch.ts';

const fileOf = (lines: readonly Line[]) => lines.map((line) => JSON.stringify(line)).join('\n');

/** Histories of registers and maps, in the packed form of the fixture, as lines. */
function packed(): { id: string; verdict: boolean; file: string }[] {
  const text = readFileSync(`${import.meta.dirname}/fixtures/verdicts.jsonl`, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ model, ops }) => ['register', 'kv'].includes(model) && !/ append /.test(ops))
    .map(({ id, init, ops, linearizable: verdict }) => {
      const lines: Line[] = [];
      const keys = new Set<string>();
      (ops as string).split(';').forEach((word, process) => {
        const [, op, call, back, ...rest] = word.split(' ') as [string, string, string, string];
        const of: Record<string, unknown> = Object.fromEntries(
          rest.map((field: string) => [field[0], JSON.parse(field.slice(1))]),
        );
        const name = { read: 'get', write: 'put' }[op] ?? op;
        const key = String(of.k ?? '');
        keys.add(key);
        const value = name === 'cas' ? [of.f, of.v] : name === 'get' ? null : (of.v ?? null);
        // Of a number of moments at one time, calls come first.
        lines.push({ process, type: 'invoke', op: name, key, value, time: 2 * Number(call) });
        if (back === '-') return;
        const type = name === 'cas' && of.o === false ? 'fail' : 'ok';
        const out = name === 'get' ? (of.o ?? null) : value;
        lines.push({ process, type, op: name, key, value: out, time: 2 * Number(back) + 1 });
      });
      // What it begins with was put there before anything else.
      let process = 10_000;
      for (const key of init == null ? [] : keys)
        for (const [type, time] of [
          ['invoke', -2],
          ['ok', -1],
        ] as const)
          lines.push({
            process: type === 'ok' ? process++ : process,
            type,
            op: 'put',
            key,
            value: init,
            time,
          });
      return { id, verdict, file: fileOf(lines) };
    });
}

describe('a second opinion', () => {
  test('is that of others', () => {
    const all = packed();
    expect(all.length).toBeGreaterThan(60);
    expect(new Set(all.map(({ verdict }) => verdict)).size).toBe(2);
    for (const { id, verdict, file } of all)
      expect([id, opinionOn(file).linearizable]).toEqual([id, verdict]);
  });

  test('is the referee’s, of random histories with and without a wrong answer', () => {
    const seen = { good: 0, bad: 0 };
    for (let seed = 1; seed <= 600; seed++) {
      const lines = randomLines(new Dice(seed));
      const verdict = linearizable('kv', asOperations(lines), { init: null }).linearizable;
      expect([seed, opinionOn(fileOf(lines)).linearizable]).toEqual([seed, verdict]);
      seen[verdict ? 'good' : 'bad']++;
    }
    expect(seen.good).toBeGreaterThan(100);
    expect(seen.bad).toBeGreaterThan(100);
  });

  test('counts a cas that failed as one that saw another value', () => {
    const line = (type: Line['type'], op: string, value: unknown, time: number): Line => ({
      process: 1,
      type,
      op,
      key: 'x',
      value,
      time,
    });
    const put = [line('invoke', 'put', 'a', 1), line('ok', 'put', 'a', 2)];
    const failed = (from: string) => [
      line('invoke', 'cas', [from, 'b'], 3),
      line('fail', 'cas', [from, 'b'], 4),
    ];
    expect(opinionOn(fileOf([...put, ...failed('z')])).linearizable).toBe(true);
    expect(opinionOn(fileOf([...put, ...failed('a')])).linearizable).toBe(false);
  });
});

/** What the referee would make of the lines if a cas that failed were an operation to it. */
function asOperations(lines: readonly Line[]): Operation[] {
  const failed = new Set(lines.filter(({ type }) => type === 'fail'));
  const calls = new Map<number, Line>();
  const operations: Operation[] = [];
  for (const line of lines) {
    if (line.type === 'invoke') calls.set(line.process, line);
    else if (failed.has(line)) {
      const [from, value] = line.value as [string, string];
      const call = (calls.get(line.process) as Line).time;
      const { process: client, op, key, time } = line;
      operations.push({ client, op, key, from, value, out: false, call, return: time });
    }
  }
  const others = operationsOf(lines as readonly Entry[]);
  return [...others, ...operations];
}

/** Three clients and two keys; some operations are never answered, and some answers are made up. */
function randomLines(dice: Dice): Line[] {
  const lines: Line[] = [];
  const store = new Map<string, string>();
  type Open = {
    op: string;
    key: string;
    value: unknown;
    took: boolean;
    out: unknown;
    type: 'ok' | 'fail';
  };
  const open = new Map<number, Open>();
  const lies = dice.chance(0.5);
  const some = () => `v${dice.below(3)}`;
  let process = 3;
  const names = [1, 2, 3];
  for (let time = 1; time < 60; time++) {
    const client = dice.below(3);
    const name = names[client] as number;
    const call = open.get(name);
    if (!call) {
      const key = 'xy'[dice.below(2)] as string;
      const op = ['get', 'get', 'put', 'delete', 'cas'][dice.below(5)] as string;
      const value = op === 'put' ? some() : op === 'cas' ? [some(), some()] : null;
      open.set(name, { op, key, value, took: false, out: value, type: 'ok' });
      lines.push({ process: name, type: 'invoke', op, key, value, time });
    } else if (dice.chance(0.08)) {
      // Given up, whether or not it took effect.
      open.delete(name);
      lines.push({ ...call, process: name, type: 'info', value: call.value, time });
      names[client] = ++process;
    } else if (!call.took) {
      call.took = true;
      const was = store.get(call.key);
      if (call.op === 'get') call.out = was ?? null;
      else if (call.op === 'delete') store.delete(call.key);
      else if (call.op === 'put') store.set(call.key, call.value as string);
      else if (was === (call.value as string[])[0])
        store.set(call.key, (call.value as string[])[1] as string);
      else call.type = 'fail';
      if (lies && call.op === 'get' && dice.chance(0.3)) call.out = some();
    } else {
      open.delete(name);
      const { op, key, out: value, type } = call;
      lines.push({ process: name, type, op, key, value, time });
    }
  }
  return lines;
}
