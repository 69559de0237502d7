// Atomic commitment after Babaoglu and Toueg (1993) as small models: with a simple broadcast, which is
// two-phase commit and blocks, and with a broadcast in which everybody forwards before deciding, which
// does not. The coordinator and the participants may die and stay dead.
//
//   coordinator   request ─▶ collect votes ─▶ decide ─▶ broadcast, one participant at a time
//   participant   vote ─▶ wait for the decision                        (simple broadcast)
//                 vote ─▶ take it from the coordinator or a peer ─▶ forward it to all ─▶ decide
//
// Properties: AC1 no two decide differently; AC2 commit only if all voted yes; AC3 if all vote yes
// and nobody dies, the decision is commit; and that everybody decides, or dies.

import { BIT, type Cast, Sketch, type SmallModel, type Vars } from '../../sim/small.ts';
import { permutations } from './equals.ts';

const each = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const UNDECIDED = 0;
const COMMIT = 1;
const ABORT = 2;
const DECISION = ['undecided', 'commit', 'abort'];
const [WAITING, YES, NO] = [0, 1, 2] as const;

/** `broadcast`: simple; forwarding; or, wrongly, deciding before the forwarding is done. */
export function acp(
  participants: number,
  broadcast: 'simple' | 'forwarding' | 'forgetful',
): SmallModel {
  const sketch = new Sketch();
  const forwards = broadcast !== 'simple';
  const alive = sketch.one('coordinator', ['alive', 'dead']);
  const decision = sketch.one('decision', DECISION);
  const request = sketch.many('request', participants, BIT);
  const known = sketch.many('vote seen', participants, ['waiting', 'yes', 'no']);
  const sent = sketch.many('broadcast', participants, ['not sent', 'commit', 'abort']);
  const pAlive = sketch.many('participant', participants, ['alive', 'dead']);
  const vote = sketch.many('vote', participants, ['yes', 'no']);
  const pDecision = sketch.many('decided', participants, DECISION);
  const voteSent = sketch.many('voted', participants, BIT);
  const passed = sketch.variables.length;
  if (forwards)
    for (const i of each(participants))
      sketch.many(`forward[${i + 1}]`, participants, ['not sent', 'commit', 'abort']);
  const forward = (i: number, j: number): number => passed + i * participants + j;
  const [ALIVE, DEAD] = [0, 1];
  const allRequested = (vars: Vars): boolean =>
    each(participants).every((p) => vars[request + p] === 1);
  const collecting = (vars: Vars, p: number): boolean =>
    vars[alive] === ALIVE &&
    vars[decision] === UNDECIDED &&
    allRequested(vars) &&
    vars[known + p] === WAITING;

  sketch.step('makeDecision', (vars) => {
    if (vars[alive] !== ALIVE || vars[decision] !== UNDECIDED) return false;
    let all = true;
    for (const p of each(participants)) {
      if (vars[known + p] === WAITING) return false;
      if (vars[known + p] === NO) all = false;
    }
    vars[decision] = all ? COMMIT : ABORT;
    return true;
  });
  sketch.step(
    'coordDie',
    (vars) => {
      if (vars[alive] !== ALIVE) return false;
      vars[alive] = DEAD;
      return true;
    },
    true,
  );
  for (const p of each(participants)) {
    const step = (name: string, take: (vars: Vars) => boolean, fault = false) =>
      sketch.step(`${name} ${p + 1}`, take, fault);
    step('request', (vars) => {
      if (vars[alive] !== ALIVE || vars[request + p] === 1) return false;
      vars[request + p] = 1;
      return true;
    });
    step('getVote', (vars) => {
      if (!collecting(vars, p) || vars[voteSent + p] !== 1) return false;
      vars[known + p] = vars[vote + p] === 0 ? YES : NO;
      return true;
    });
    step('detectFault', (vars) => {
      if (!collecting(vars, p) || vars[pAlive + p] === ALIVE || vars[voteSent + p] === 1)
        return false;
      vars[decision] = ABORT;
      return true;
    });
    step('broadcast', (vars) => {
      if (vars[alive] !== ALIVE || vars[decision] === UNDECIDED || vars[sent + p] !== 0)
        return false;
      vars[sent + p] = vars[decision] as number;
      return true;
    });
    step('sendVote', (vars) => {
      if (vars[pAlive + p] !== ALIVE || vars[request + p] !== 1) return false;
      vars[voteSent + p] = 1;
      return true;
    });
    const undecided = (vars: Vars): boolean =>
      vars[pAlive + p] === ALIVE && vars[pDecision + p] === UNDECIDED;
    step('abortOnVote', (vars) => {
      if (!undecided(vars) || vars[voteSent + p] !== 1 || vars[vote + p] === 0) return false;
      vars[pDecision + p] = ABORT;
      return true;
    });
    step('abortOnTimeoutRequest', (vars) => {
      if (!undecided(vars) || vars[alive] === ALIVE || vars[request + p] === 1) return false;
      vars[pDecision + p] = ABORT;
      return true;
    });
    step(
      'parDie',
      (vars) => {
        if (vars[pAlive + p] !== ALIVE) return false;
        vars[pAlive + p] = DEAD;
        return true;
      },
      true,
    );
    if (!forwards) {
      step('decide', (vars) => {
        if (!undecided(vars) || vars[sent + p] === 0) return false;
        vars[pDecision + p] = vars[sent + p] as number;
        return true;
      });
      continue;
    }
    const own = forward(p, p);
    step('preDecide', (vars) => {
      if (vars[pAlive + p] !== ALIVE || vars[own] !== 0 || vars[sent + p] === 0) return false;
      vars[own] = vars[sent + p] as number;
      if (broadcast === 'forgetful') vars[pDecision + p] = vars[own] as number;
      return true;
    });
    step('decide', (vars) => {
      if (vars[pAlive + p] !== ALIVE) return false;
      if (each(participants).some((q) => vars[forward(p, q)] === 0)) return false;
      vars[pDecision + p] = vars[own] as number;
      return true;
    });
    step('abortOnTimeout', (vars) => {
      if (!undecided(vars) || vars[alive] === ALIVE) return false;
      for (const q of each(participants)) {
        if (vars[pAlive + q] === ALIVE && vars[sent + q] !== 0) return false;
        if (vars[pAlive + q] === ALIVE) continue;
        for (const r of each(participants))
          if (vars[pAlive + r] === ALIVE && vars[forward(q, r)] !== 0) return false;
      }
      vars[pDecision + p] = ABORT;
      return true;
    });
    for (const q of each(participants)) {
      if (q === p) continue;
      sketch.step(`forward ${p + 1} ${q + 1}`, (vars) => {
        if (vars[pAlive + p] !== ALIVE || vars[own] === 0 || vars[forward(p, q)] !== 0)
          return false;
        vars[forward(p, q)] = vars[own] as number;
        return true;
      });
      sketch.step(`preDecideOnForward ${p + 1} ${q + 1}`, (vars) => {
        if (vars[pAlive + p] !== ALIVE || vars[own] !== 0 || vars[forward(q, p)] === 0)
          return false;
        vars[own] = vars[forward(q, p)] as number;
        if (broadcast === 'forgetful') vars[pDecision + p] = vars[own] as number;
        return true;
      });
    }
  }

  const decided = (vars: Vars, value: number): boolean =>
    each(participants).some((p) => vars[pDecision + p] === value);
  const yes = (vars: Vars): boolean => each(participants).every((p) => vars[vote + p] === 0);
  const deadOnes = (vars: Vars): boolean =>
    vars[alive] === DEAD || each(participants).some((p) => vars[pAlive + p] === DEAD);
  sketch.always(
    'AC1 agreement',
    'No two participants decide differently.',
    (vars) => !(decided(vars, COMMIT) && decided(vars, ABORT)),
  );
  sketch.always(
    'AC2 validity',
    'A commit means that all voted yes.',
    (vars) => !decided(vars, COMMIT) || yes(vars),
  );
  sketch.always(
    'AC3 no needless abort',
    'If all vote yes and nobody dies, nobody aborts.',
    (vars) => !decided(vars, ABORT) || !yes(vars) || deadOnes(vars),
  );
  const settled = (vars: Vars): boolean =>
    each(participants).every((p) => vars[pAlive + p] === DEAD || vars[pDecision + p] !== UNDECIDED);
  sketch.eventually('AC4 termination', 'Every participant decides, or is dead.', settled);
  const initial = each(2 ** participants).map((set) => {
    const vars = sketch.zero();
    for (const p of each(participants)) vars[vote + p] = (set >> p) & 1;
    return vars;
  });
  const renamings = permutations(participants)
    .slice(1)
    .map((order) => {
      const renaming = sketch.variables.map((_, i) => i);
      for (const p of each(participants)) {
        const to = order[p] as number;
        for (const first of [request, known, sent, pAlive, vote, pDecision, voteSent])
          renaming[first + p] = first + to;
        if (forwards)
          for (const q of each(participants))
            renaming[forward(p, q)] = forward(to, order[q] as number);
      }
      return renaming;
    });
  const cast: Cast = {
    rows: [
      {
        title: 'coordinator',
        things: [
          {
            name: 'Coordinator',
            life: alive,
            is: decision,
            has: [
              ...each(participants).map((p) => [`asked ${p + 1}`, request + p] as const),
              ...each(participants).map((p) => [`vote ${p + 1}`, known + p] as const),
              ...each(participants).map((p) => [`told ${p + 1}`, sent + p] as const),
            ],
          },
        ],
      },
      {
        title: 'participants',
        things: each(participants).map((p) => ({
          name: `Participant ${p + 1}`,
          life: pAlive + p,
          is: pDecision + p,
          has: [
            ['vote', vote + p],
            ['voted', voteSent + p],
            ...(forwards
              ? each(participants).map((q) => [`told ${q + 1}`, forward(p, q)] as const)
              : []),
          ],
        })),
      },
    ],
  };
  return { ...sketch, initial, final: settled, renamings, cast };
}
