// Two algorithms on a ring as small models: the election of Chang and Roberts (1979), in which a
// message with an identity goes round as long as it meets nobody better, and Dijkstra's detection of
// termination (EWD 840, 1983), in which a token goes round and is stained by late activity.

import { BIT, type Cast, Sketch, type SmallModel, type Vars } from '../../sim/small.ts';

const each = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * Identities 1..nodes ascend along the ring, the smallest initiator wins. Every choice of initiators
 * is an initial state. Invariant: at most one winner, and it is the best initiator.
 */
export function changRoberts(nodes: number): SmallModel {
  const sketch = new Sketch();
  const initiator = sketch.many('initiator', nodes, BIT);
  const state = sketch.many('state', nodes, ['lost', 'cand', 'won']);
  const started = sketch.many('started', nodes, BIT);
  const inbox = sketch.variables.length;
  for (const n of each(nodes)) sketch.many(`msgs[${n + 1}]`, nodes, BIT);
  const message = (to: number, id: number): number => inbox + (to % nodes) * nodes + id;
  const [LOST, CAND, WON] = [0, 1, 2];
  for (const n of each(nodes)) {
    sketch.step(`start ${n + 1}`, (vars) => {
      if (vars[started + n] === 1) return false;
      vars[started + n] = 1;
      if (vars[initiator + n] === 1) vars[message(n + 1, n)] = 1;
      return true;
    });
    for (const id of each(nodes))
      sketch.step(`receive ${n + 1} ${id + 1}`, (vars) => {
        if (vars[started + n] !== 1 || vars[message(n, id)] !== 1) return false;
        vars[message(n, id)] = 0;
        if (vars[state + n] === LOST) vars[message(n + 1, id)] = 1;
        else if (id < n) {
          vars[state + n] = LOST;
          vars[message(n + 1, id)] = 1;
        } else if (id === n) vars[state + n] = WON;
        return true;
      });
  }
  const best = (vars: Vars): number => each(nodes).findIndex((n) => vars[initiator + n] === 1);
  sketch.always('the best wins', 'Who has won is the smallest initiator.', (vars) =>
    each(nodes).every((n) => vars[state + n] !== WON || n === best(vars)),
  );
  sketch.eventually('elected', 'Where somebody began, somebody wins.', (vars) => {
    const winner = best(vars);
    return winner < 0 || vars[state + winner] === WON;
  });
  const initial = each(2 ** nodes).map((set) => {
    const vars = sketch.zero();
    for (const n of each(nodes))
      if (set & (1 << n)) {
        vars[initiator + n] = 1;
        vars[state + n] = CAND;
      }
    return vars;
  });
  const cast: Cast = {
    rows: [
      {
        title: 'nodes on a ring',
        ring: true,
        things: each(nodes).map((n) => ({
          name: `Node ${n + 1}`,
          is: state + n,
          has: [
            ['initiator', initiator + n],
            ['started', started + n],
          ],
        })),
      },
    ],
    ways: each(nodes).flatMap((n) =>
      each(nodes).map((id) => ({
        from: `Node ${n + 1}`,
        to: `Node ${((n + 1) % nodes) + 1}`,
        name: `${id + 1}`,
        at: message(n + 1, id),
      })),
    ),
  };
  return { ...sketch, initial, cast };
}

const COLOUR = ['white', 'black'];

/** Nodes 0..nodes-1, a token, and whether all are passive. The token begins black, anywhere. */
export function ewd840(nodes: number): SmallModel {
  const sketch = new Sketch();
  const active = sketch.many('active', nodes, ['passive', 'active'], 0);
  const black = sketch.many('colour', nodes, COLOUR, 0);
  const at = sketch.one('token at', each(nodes).map(String));
  const stained = sketch.one('token', COLOUR);
  sketch.step('initiate', (vars) => {
    if (vars[at] !== 0 || (vars[stained] === 0 && vars[black] === 0)) return false;
    vars[at] = nodes - 1;
    vars[stained] = 0;
    vars[black] = 0;
    return true;
  });
  for (const i of each(nodes)) {
    if (i > 0)
      sketch.step(`pass ${i}`, (vars) => {
        if (vars[at] !== i) return false;
        if (vars[active + i] === 1 && vars[black + i] === 0 && vars[stained] === 0) return false;
        vars[at] = i - 1;
        if (vars[black + i] === 1) vars[stained] = 1;
        vars[black + i] = 0;
        return true;
      });
    for (const j of each(nodes))
      if (j !== i)
        sketch.step(`activate ${i} ${j}`, (vars) => {
          if (vars[active + i] !== 1) return false;
          vars[active + j] = 1;
          if (j > i) vars[black + i] = 1;
          return true;
        });
    sketch.step(`rest ${i}`, (vars) => {
      if (vars[active + i] !== 1) return false;
      vars[active + i] = 0;
      return true;
    });
  }
  const detected = (vars: Vars): boolean =>
    vars[at] === 0 && vars[stained] === 0 && vars[black] === 0 && vars[active] === 0;
  sketch.always(
    'detection',
    'When node 0 says that all have ended, all have.',
    (vars) => !detected(vars) || each(nodes).every((i) => vars[active + i] === 0),
  );
  sketch.sometimes('detected', 'The end may be detected.', detected);
  const initial = each(2 ** (2 * nodes)).flatMap((set) =>
    each(nodes).map((place) => {
      const vars = sketch.zero();
      for (const i of each(nodes)) {
        vars[active + i] = (set >> i) & 1;
        vars[black + i] = (set >> (nodes + i)) & 1;
      }
      vars[at] = place;
      vars[stained] = 1;
      return vars;
    }),
  );
  const cast: Cast = {
    rows: [
      {
        title: 'nodes on a ring',
        ring: true,
        token: { name: 'token', places: each(nodes).map((i) => `Node ${i}`), at, is: stained },
        // The token goes round downwards.
        things: each(nodes).map((n) => {
          const i = (nodes - n) % nodes;
          return { name: `Node ${i}`, is: active + i, has: [['', black + i]] };
        }),
      },
    ],
  };
  return { ...sketch, initial, cast };
}
