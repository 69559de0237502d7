/**
 * How fast a small model is searched: TwoPhase with six resource managers, 50,816 states. The peers
 * are the searches that one writes by hand in an afternoon, as fast as they can be without packing:
 * states as plain records, found again by their JSON, or by a text put together for this model alone.
 * All three look for states where one has committed and another aborted.
 */
import { spawnSync } from 'node:child_process';
import { paxosCommit, twoPhase } from '../../engine/protocols/models/commit.ts';
import { explore } from '../../engine/sim/explorer.ts';
import { SmallSpace } from '../../engine/sim/small.ts';
import type { Line } from './lines.ts';
import { type Figure, inTurns, ratios, summary } from './stats.ts';
import { spent } from './stores.ts';

interface Plain {
  readonly rm: readonly string[];
  readonly tm: string;
  readonly prepared: readonly boolean[];
  readonly sent: readonly boolean[];
  readonly commit: boolean;
  readonly abort: boolean;
}

const set = <T>(list: readonly T[], at: number, value: T): T[] => {
  const next = list.slice();
  next[at] = value;
  return next;
};

function successors(s: Plain, out: Plain[]): void {
  if (s.tm === 'init') {
    if (s.prepared.every(Boolean)) out.push({ ...s, tm: 'committed', commit: true });
    out.push({ ...s, tm: 'aborted', abort: true });
  }
  for (let r = 0; r < s.rm.length; r++) {
    if (s.tm === 'init' && s.sent[r]) out.push({ ...s, prepared: set(s.prepared, r, true) });
    if (s.rm[r] === 'working') {
      out.push({ ...s, rm: set(s.rm, r, 'prepared'), sent: set(s.sent, r, true) });
      out.push({ ...s, rm: set(s.rm, r, 'aborted') });
    }
    if (s.commit) out.push({ ...s, rm: set(s.rm, r, 'committed') });
    if (s.abort) out.push({ ...s, rm: set(s.rm, r, 'aborted') });
  }
}

const consistent = (s: Plain): boolean => !(s.rm.includes('committed') && s.rm.includes('aborted'));

function plainSearch(rms: number, key: (s: Plain) => string): number {
  const no = new Array<boolean>(rms).fill(false);
  const start: Plain = {
    rm: new Array<string>(rms).fill('working'),
    tm: 'init',
    prepared: no,
    sent: no,
    commit: false,
    abort: false,
  };
  const seen = new Map<string, string | undefined>([[key(start), undefined]]);
  let frontier = [start];
  const out: Plain[] = [];
  while (frontier.length > 0) {
    const next: Plain[] = [];
    for (const state of frontier) {
      const from = key(state);
      out.length = 0;
      successors(state, out);
      for (const to of out) {
        const name = key(to);
        if (seen.has(name)) continue;
        if (!consistent(to)) throw new Error('two-phase commit is consistent');
        seen.set(name, from);
        next.push(to);
      }
    }
    frontier = next;
  }
  return seen.size;
}

/** A letter a variable. */
function handMade(s: Plain): string {
  let key = s.tm[0] as string;
  for (let r = 0; r < s.rm.length; r++)
    key +=
      (s.rm[r] as string)[0] + (s.prepared[r] ? (s.sent[r] ? '3' : '2') : s.sent[r] ? '1' : '0');
  return key + (s.commit ? 'C' : '-') + (s.abort ? 'A' : '-');
}

/**
 * Paxos Commit with two managers, 1,321,761 states, by one worker and by two, through the command line,
 * each a process of its own: seconds on the wall, and what the process of one has held at most.
 */
function large(turns: number): Figure[] {
  const text = 'lab model\nset model paxos-commit\nset rms 2\n';
  const seconds = (workers: number): number => {
    const { stdout } = spawnSync(
      process.execPath,
      ['scripts/lab.mjs', 'explore', '-', '--json', '--workers', String(workers)],
      { input: text, encoding: 'utf8' },
    );
    const { states, seconds } = JSON.parse(stdout) as { states: number; seconds: number };
    if (states !== 1_321_761) throw new Error(`${states} states found, there are 1,321,761`);
    return seconds;
  };
  const one: number[] = [];
  const two: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    one.push(1 / seconds(1));
    two.push(1 / seconds(2));
  }
  const found = explore(new SmallSpace(paxosCommit(2, 3, 2)));
  const held = process.resourceUsage().maxRSS * 1024;
  return [
    {
      what: 'Paxos Commit, two workers',
      unit: 'searches/s',
      ours: summary(two),
      peer: { name: 'one worker', theirs: summary(one), ratio: ratios(two, one) },
      target: { atLeast: 1.3 },
      issue: 6,
      size: found.states,
    },
    {
      what: `${found.states.toLocaleString('en')} states, held at most`,
      unit: 'MB',
      ours: summary([held / 1e6]),
      target: { atMost: 1_000 },
      issue: 6,
      size: found.states,
    },
  ];
}

export const explorerLine: Line = {
  name: 'explore',
  about: 'searching all states of two-phase commit, against searches written by hand',
  async run({ turns, quick }) {
    const rms = quick ? 4 : 6;
    const states = quick ? 1_568 : 50_816;
    const rate = (search: () => number): number => {
      globalThis.gc?.();
      const start = spent();
      const found = search();
      const took = spent() - start;
      if (found !== states) throw new Error(`${found} states found, there are ${states}`);
      return (1_000 * found) / took;
    };
    // What both look for: a search that also judges infinite runs keeps all transitions.
    const whole = twoPhase(rms);
    const { final: _, ...endless } = whole;
    const model = {
      ...endless,
      properties: whole.properties.filter(({ name }) => name === 'consistent'),
    };
    const variants = {
      ours: () => rate(() => explore(new SmallSpace(model)).states),
      json: () => rate(() => plainSearch(rms, JSON.stringify)),
      text: () => rate(() => plainSearch(rms, handMade)),
    };
    // The very first search of this process, before anything was compiled for it.
    const first = { ours: variants.ours(), text: variants.text(), json: variants.json() };
    const warm = await inTurns(turns, variants);
    const figures: Figure[] = [];
    for (const [pass, said] of [
      ['first pass', { ours: [first.ours], json: [first.json], text: [first.text] }],
      ['warm', warm],
    ] as const)
      for (const [peer, name, least] of [
        ['json', 'JSON keys', 4],
        ['text', 'hand-made keys', 1],
      ] as const)
        figures.push({
          what: `two-phase, ${rms} managers, ${pass}`,
          unit: 'states/s',
          ours: summary(said.ours),
          peer: { name, theirs: summary(said[peer]), ratio: ratios(said.ours, said[peer]) },
          target: { atLeast: least },
          issue: 6,
          size: states,
        });
    if (!quick) figures.push(...large(Math.min(turns, 3)));
    return figures;
  },
};
