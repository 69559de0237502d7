// Two models to begin with: the jugs of Die Hard (3 and 5 gallons, measure 4), and the alternating
// bit protocol over queues that lose (Bartlett, Scantlebury and Wilkinson 1969).

import { Sketch, type SmallModel } from '../../sim/small.ts';

const each = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export function dieHard(): SmallModel {
  const sketch = new Sketch();
  const big = sketch.one('big', each(6).map(String));
  const small = sketch.one('small', each(4).map(String));
  const pour = (from: number, to: number, most: number) =>
    sketch.step(from === big ? 'pour big small' : 'pour small big', (vars) => {
      const [here, there] = [vars[from] as number, vars[to] as number];
      const moved = Math.min(here, most - there);
      vars[from] = here - moved;
      vars[to] = there + moved;
      return true;
    });
  const set = (name: string, jug: number, to: number) =>
    sketch.step(name, (vars) => {
      vars[jug] = to;
      return true;
    });
  set('fill small', small, 3);
  set('fill big', big, 5);
  set('empty small', small, 0);
  set('empty big', big, 0);
  pour(small, big, 5);
  pour(big, small, 3);
  sketch.always('not solved', 'The big jug never holds 4 gallons.', (vars) => vars[big] !== 4);
  return {
    ...sketch,
    initial: [sketch.zero()],
    cast: {
      rows: [
        {
          title: 'jugs, in gallons',
          things: [
            { name: 'big', holds: big },
            { name: 'small', holds: small },
          ],
        },
      ],
    },
  };
}

/** Data sent over a queue of at most `longest` messages, acknowledged over another. */
export function alternatingBit(values: number, longest: number): SmallModel {
  const sketch = new Sketch();
  const data = each(values).map((d) => `d${d + 1}`);
  /** All sequences of up to `longest` letters, shorter ones first. */
  const sequences = (letters: number): number[][] => {
    let level: number[][] = [[]];
    const all: number[][] = [[]];
    for (let length = 1; length <= longest; length++) {
      level = level.flatMap((sequence) => each(letters).map((letter) => [...sequence, letter]));
      all.push(...level);
    }
    return all;
  };
  const queue = (name: string, letters: number, show: (letter: number) => string) => {
    const all = sequences(letters);
    const at = sketch.one(
      name,
      all.map((sequence) => sequence.map(show).join(' ') || 'empty'),
    );
    const number = new Map(all.map((sequence, i) => [sequence.join(), i]));
    return {
      at,
      of: (vars: Uint8Array) => all[vars[at] as number] as number[],
      /** Writes a queue, unless it is too long. */
      put(vars: Uint8Array, sequence: readonly number[]): boolean {
        const to = number.get(sequence.join());
        if (to === undefined) return false;
        vars[at] = to;
        return true;
      },
    };
  };
  // A message is a bit and a datum: 2 × datum + bit.
  const messages = queue('msgQ', 2 * values, (m) => `${data[m >> 1]}/${m & 1}`);
  const acks = queue('ackQ', 2, String);
  const sBit = sketch.one('sBit', ['0', '1']);
  const sAck = sketch.one('sAck', ['0', '1']);
  const rBit = sketch.one('rBit', ['0', '1']);
  const sent = sketch.one('sent', data);
  const received = sketch.one('rcvd', data);
  for (const d of each(values))
    sketch.step(`send ${d + 1}`, (vars) => {
      if (vars[sAck] !== vars[sBit]) return false;
      const bit = 1 - (vars[sBit] as number);
      if (!messages.put(vars, [...messages.of(vars), 2 * d + bit])) return false;
      vars[sent] = d;
      vars[sBit] = bit;
      return true;
    });
  sketch.step('resend', (vars) => {
    if (vars[sAck] === vars[sBit]) return false;
    return messages.put(vars, [
      ...messages.of(vars),
      2 * (vars[sent] as number) + (vars[sBit] as number),
    ]);
  });
  sketch.step('receive', (vars) => {
    const [first, ...rest] = messages.of(vars);
    if (first === undefined) return false;
    messages.put(vars, rest);
    vars[rBit] = first & 1;
    vars[received] = first >> 1;
    return true;
  });
  sketch.step('sendAck', (vars) => acks.put(vars, [...acks.of(vars), vars[rBit] as number]));
  sketch.step('receiveAck', (vars) => {
    const [first, ...rest] = acks.of(vars);
    if (first === undefined) return false;
    acks.put(vars, rest);
    vars[sAck] = first;
    return true;
  });
  for (const [name, line] of [
    ['loseMessage', messages],
    ['loseAck', acks],
  ] as const)
    for (const n of each(longest))
      sketch.step(
        `${name} ${n + 1}`,
        (vars) => {
          const sequence = line.of(vars);
          return n < sequence.length && line.put(vars, sequence.toSpliced(n, 1));
        },
        true,
      );
  sketch.always(
    'delivered',
    'While a datum is under way and the receiver has its bit, the receiver has the datum.',
    (vars) =>
      vars[sAck] === vars[sBit] || vars[rBit] !== vars[sBit] || vars[sent] === vars[received],
  );
  const initial = each(2).flatMap((bit) =>
    each(values).flatMap((s) =>
      each(values).map((r) => {
        const vars = sketch.zero();
        vars[sBit] = bit;
        vars[sAck] = bit;
        vars[rBit] = bit;
        vars[sent] = s;
        vars[received] = r;
        return vars;
      }),
    ),
  );
  const [sender, receiver] = ['Sender', 'Receiver'];
  return {
    ...sketch,
    initial,
    cast: {
      rows: [
        {
          title: 'over queues that lose',
          things: [
            {
              name: sender,
              has: [
                ['bit', sBit],
                ['acknowledged', sAck],
                ['sent', sent],
              ],
            },
            {
              name: receiver,
              has: [
                ['bit', rBit],
                ['received', received],
              ],
            },
          ],
        },
      ],
      ways: [
        { from: sender, to: receiver, name: 'msgQ', at: messages.at, queue: true },
        { from: receiver, to: sender, name: 'ackQ', at: acks.at, queue: true },
      ],
    },
  };
}
