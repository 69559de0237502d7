import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Complaint, sentenceOf } from '../base/assert.ts';
import { bytesOfContent, type DiskImage } from '../disk/image.ts';
import { applyPatch } from '../disk/patch.ts';
import { counter } from './counter.ts';
import { durableDigest, type Frame, type Host, hostOf, type Kept, type Progress } from './host.ts';
import { type Lab, labsAtHand } from './lab.ts';
import { connect, type PortLike, serve } from './rpc.ts';
import { Script } from './script.ts';

const labs = [counter as unknown as Lab];
const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A host behind a real port, as in a worker; every part of its work is a slice of its own. */
function hosted(given: readonly Lab[] = labs) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const news: Progress[] = [];
  const host = hostOf(labsAtHand(given), {
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    due: () => true,
    news: (progress) => tell(progress),
  });
  const tell = serve(port1 as unknown as PortLike, host);
  const { remote, stop } = connect<Host>(port2 as unknown as PortLike, (said) =>
    news.push(said as Progress),
  );
  return { host, remote, stop, news };
}
const failing = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('expected it to fail');
};
const hexOfFiles = (image: DiskImage) =>
  [...image.names].sort().map(([name, id]) => {
    const file = image.files.get(id);
    if (!file) throw new Error(`${name} leads nowhere`);
    return [
      name,
      file.kind,
      Buffer.from(bytesOfContent(file)).toString('hex'),
      Buffer.from(bytesOfContent(file, file.synced)).toString('hex'),
    ];
  });
const TEXT =
  'lab counter\nadd 10 in 3\nsave\nadd 13 in 2\ncrash\nadd 1\nbranch b from 2\nadd 2\nsave\n';

describe('requests over a port', () => {
  test('a complaint crosses as a complaint, with its place; a fault as a plain error', async () => {
    const { remote } = hosted();
    const refused = await failing(remote.open('lab counter\nadd x'));
    expect(refused).toBeInstanceOf(Complaint);
    expect((refused as Complaint).place).toEqual({ line: 2, column: 5 });
    expect(sentenceOf(refused)).toBe(
      'line 2, column 5: what is added is a whole number from 0 to 4000000000; found x',
    );
    expect((await failing(remote.append(['show']))).message).toBe('no scenario is open');
    // biome-ignore lint/suspicious/noExplicitAny: a method that is not there.
    const fault = await failing((remote as any).constructor());
    expect(fault).not.toBeInstanceOf(Complaint);
    expect(fault.message).toBe('no method constructor');
  });

  test('what waits when the end comes is told why, and so is what comes after', async () => {
    const { remote, stop } = hosted();
    const waiting = failing(remote.open('lab counter\nadd 100 in 1000'));
    stop('it was stopped');
    expect((await waiting).message).toBe('it was stopped');
    expect((await failing(remote.text())).message).toBe('it was stopped');
  });

  test('an answer that cannot be cloned is an error, not silence', async () => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    serve(port1 as unknown as PortLike, { odd: () => () => 1 });
    const { remote } = connect<{ odd(): unknown }>(port2 as unknown as PortLike);
    expect((await failing(remote.odd())).message).toContain('could not be cloned');
  });
});

describe('frames', () => {
  test('asked for in any order, they rebuild every image exactly', async () => {
    const script = new Script(TEXT, labs).run();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 30 }), async (picks) => {
        const { remote } = hosted();
        await remote.open(TEXT);
        const timeline = script.timeline('main');
        let image: DiskImage | undefined;
        const frames = await Promise.all(picks.map((pick) => remote.frame(pick % timeline.length)));
        frames.forEach((frame, i) => {
          image = applyPatch(image, frame.patch);
          const moment = timeline.at((picks[i] as number) % timeline.length);
          expect(hexOfFiles(image)).toEqual(hexOfFiles(script.lab.disk(moment.state)));
          expect([frame.index, frame.name, frame.event, frame.value]).toEqual([
            moment.index,
            timeline.nameOf(moment.index),
            moment.event,
            script.lab.value(moment.state),
          ]);
        });
        ports.splice(0).map((port) => port.close());
      }),
      { numRuns: 25 },
    );
  });

  test('a step sends only what changed', async () => {
    const { host } = hosted();
    await host.open('lab counter\nsave\nadd 1\nshow');
    const count = ({ patch }: Frame) =>
      patch.files.reduce((sum, { now }) => sum + (now?.chunks.length ?? 0), 0);
    expect(count(host.frame(0))).toBe(2);
    expect(count(host.frame(0))).toBe(0);
    expect(count(host.frame(2))).toBe(1); // the memory's chunk with the roll
    expect(count(host.frame(3))).toBe(1); // the total
    expect(count(host.frame(4))).toBe(0);
    host.forget();
    expect(count(host.frame(4))).toBeGreaterThanOrEqual(2);
  });

  test('a frame that could not be made is not stood on by the next', async () => {
    const touchy: Lab = {
      ...(labs[0] as Lab),
      describe: (event, state) => {
        if (event.kind === 'roll') throw new Error('no words');
        return (labs[0] as Lab).describe(event, state);
      },
    };
    const { host } = hosted([touchy]);
    await host.open('lab counter\nadd 5\nadd 6');
    let image = applyPatch(undefined, host.frame(2).patch);
    expect(() => host.frame(3)).toThrow('no words');
    image = applyPatch(image, host.frame(4).patch);
    const right = new Script('lab counter\nadd 5\nadd 6', labs).run();
    expect(hexOfFiles(image)).toEqual(
      hexOfFiles(right.lab.disk(right.timeline('main').at(4).state)),
    );
  });

  test('beyond the run it is the last moment', async () => {
    const { host } = hosted();
    await host.open('lab counter\nadd 5');
    expect([host.frame(99).index, host.frame(-5).index]).toEqual([2, 0]);
  });
});

describe('the script', () => {
  test('an append answers with what is new alone; anything else with all', async () => {
    const { remote } = hosted();
    const opened = await remote.open(TEXT);
    expect([opened.linesFrom, opened.lines.length, opened.kindsFrom, opened.kinds.length]).toEqual([
      0,
      5,
      0,
      opened.length,
    ]);
    expect(opened.info.name).toBe('counter');
    expect(
      opened.branches.map(({ name, parent, shared, commands }) => [name, parent, shared, commands]),
    ).toEqual([
      ['main', undefined, 0, 5],
      ['b', 'main', 2, 4],
    ]);
    const more = await remote.append(['show', 'add 2']);
    expect([more.linesFrom, more.lines.map(({ text }) => text)]).toEqual([5, ['show', 'add 2']]);
    expect(more.kindsFrom).toBe(opened.length);
    expect(more.kinds.length).toBe(more.length - opened.length);
    expect(more.lines[0]?.result).toBe(11);
    const less = await remote.rewrite(['add 1']);
    expect([less.linesFrom, less.lines.length, less.kindsFrom]).toEqual([0, 1, 0]);
    const other = await remote.switchTo('b');
    expect([other.branch, other.lines.length]).toEqual(['b', 4]);
    const back = await remote.switchTo('main');
    expect(back.lines.length).toBe(1);
    expect((await remote.append(['add 3'])).linesFrom).toBe(1);
  });

  test('a refused change leaves everything, also when a later line is to blame', async () => {
    const { remote } = hosted();
    const opened = await remote.open(TEXT);
    for (const work of [
      () => remote.append(['add 1', 'add 5000']),
      () => remote.append(['jump']),
      () => remote.rewrite(['add 5000']),
      () => remote.fork('b', 1, []),
      () => remote.fork('new', 1, ['add 5000']),
      () => remote.switchTo('nobody'),
      () => remote.removeBranch('main'),
      () => remote.open('lab counter\nadd 1\nadd 5000'),
      () => remote.open('lab other'),
    ]) {
      expect(await failing(work())).toBeInstanceOf(Complaint);
      const now = await remote.switchTo('main');
      expect([now.digest, now.length, now.branches]).toEqual([
        opened.digest,
        opened.length,
        opened.branches,
      ]);
    }
  });

  test('while another scenario is opened, the old one can be looked at', async () => {
    const { remote, news } = hosted();
    await remote.open('lab counter\nadd 1');
    const opening = remote.open('lab counter\nadd 900 in 300\nsave');
    const meanwhile = await remote.frame(2);
    expect([meanwhile.index, meanwhile.event]).toEqual([2, { kind: 'added', total: 1 }]);
    expect(await remote.text()).toBe('lab counter\nadd 1\n');
    expect((await opening).length).toBe(602);
    expect(news.length).toBeGreaterThan(100);
    expect(news.at(-1)?.moments).toBeGreaterThan(500);
  });

  test('while a command runs, what is there can be looked at; what it makes durable is not yet kept', async () => {
    const { remote } = hosted();
    await remote.open('lab counter\nadd 1\nsave');
    const running = remote.append(['add 900 in 300']);
    const kept = remote.keep(true);
    expect((await remote.frame(1)).name).toBe('1.1');
    expect(await remote.indexOf(2, 1)).toBe(3);
    await running;
    expect((await kept).tail).toEqual(['add 900 in 300']);
  });

  test('changes wait for one another, in order', async () => {
    const { remote } = hosted();
    await remote.open('lab counter');
    const all = await Promise.all([1, 2, 3, 4].map((n) => remote.append([`add ${n} in 3`])));
    expect(all.map(({ linesFrom }) => linesFrom)).toEqual([0, 1, 2, 3]);
    expect(await remote.text()).toBe(
      'lab counter\nadd 1 in 3\nadd 2 in 3\nadd 3 in 3\nadd 4 in 3\n',
    );
  });

  test('another setup is a text that says the rest unchanged', async () => {
    const { remote } = hosted();
    await remote.open(`# Why.\n${TEXT}`);
    const text = await remote.setUp({
      setting: { name: 'limit', value: '50' },
      sabotage: { name: 'miscount', on: true },
      seed: 4,
    });
    expect(text).toBe(
      '# Why.\nlab counter\nseed 4\nset limit 50\nsabotage miscount\nadd 10 in 3\nsave\nadd 13 in 2\ncrash\nadd 1\nbranch b from 2\nadd 2\nsave\n',
    );
    expect((await failing(remote.setUp({ setting: { name: 'limit', value: '0' } }))).message).toBe(
      'limit is a whole number from 1 to 4000000000; found 0',
    );
    expect((await failing(remote.setUp({ setting: { name: 'size', value: '0' } }))).message).toBe(
      'counter has no setting size',
    );
    await remote.open(text);
    expect(await remote.setUp({ sabotage: { name: 'miscount', on: false } })).not.toContain(
      'miscount',
    );
  });

  test('the moment to open at, on its branch', async () => {
    const { remote } = hosted();
    await remote.open(TEXT);
    await remote.switchTo('b');
    const text = await remote.text('3.1');
    expect(text).toContain('\nat 3.1 on b\n');
    const again = await remote.open(text);
    expect([again.branch, again.at]).toEqual(['b', await remote.indexOf(3, 1)]);
  });
});

describe('keeping', () => {
  /** What a reader has who laid one Kept over the other. */
  function laid(over: Map<string, Uint8Array>[], kept: Kept) {
    const before = kept.whole ? [] : over;
    return kept.files.map(({ name, size, chunkSize, chunks }, i) => {
      const bytes = new Uint8Array(Math.ceil(size / chunkSize) * chunkSize);
      const old = before[i]?.get(name);
      if (old) bytes.set(old.subarray(0, bytes.length));
      for (const [chunk, content] of chunks)
        bytes.set(content.subarray(0, bytes.length - chunk * chunkSize), chunk * chunkSize);
      return new Map([[name, bytes.slice(0, Math.max(size, 0))]]);
    });
  }

  test('part upon part equals the whole, and the text leads there again', async () => {
    const line = fc.constantFrom('add 1', 'add 2 in 3', 'save', 'crash', 'show');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { maxLength: 4 }), { maxLength: 6 }),
        async (rounds) => {
          const { host } = hosted();
          await host.open('lab counter');
          let files: Map<string, Uint8Array>[] = [];
          for (const lines of rounds) {
            await host.append(lines);
            const kept = await host.keep(false);
            files = laid(files, kept);
            const whole = laid([], await host.keep(true));
            expect(files).toEqual(whole);
            const again = new Script(kept.text, labs).run().timeline('main');
            expect(durableDigest(counter.disk(again.end as never))).toBe(kept.digest);
            expect([...again.commands.map(({ text }) => text), ...kept.tail]).toEqual(
              rounds.slice(0, rounds.indexOf(lines) + 1).flat(),
            );
            expect(await host.durableDigest()).toBe(kept.digest);
          }
          ports.splice(0).map((port) => port.close());
        },
      ),
      { numRuns: 25 },
    );
  });

  test('the first is whole; after that only what changed', async () => {
    const { remote } = hosted();
    await remote.open('lab counter\nadd 1\nsave\nadd 2');
    const first = await remote.keep(false);
    expect([
      first.whole,
      first.tail,
      first.branch,
      first.files.map(({ chunks }) => chunks.length),
    ]).toEqual([true, ['add 2'], 'main', [1]]);
    const same = await remote.keep(false);
    expect([same.whole, same.files.map(({ chunks }) => chunks.length)]).toEqual([false, [0]]);
    await remote.append(['save']);
    const next = await remote.keep(false);
    expect([next.whole, next.tail, next.files.map(({ chunks }) => chunks.length)]).toEqual([
      false,
      [],
      [1],
    ]);
    expect(next.syncs).toBe(first.syncs + 1);
    expect(await remote.tail()).toEqual({ text: next.text, branch: 'main', tail: [] });
  });

  test('of a branch: its own text, and all other branches whole', async () => {
    const { remote } = hosted();
    await remote.open('lab counter\nadd 1\nsave\nadd 2\nbranch b from 3\nadd 3');
    expect((await remote.keep(true)).text).toBe(
      'lab counter\nadd 1\nsave\nbranch b from 2\nadd 2\nadd 3\n',
    );
    await remote.switchTo('b');
    const kept = await remote.keep(true);
    expect([kept.text, kept.tail, kept.branch]).toEqual([
      'lab counter\nadd 1\nsave\nadd 2\nbranch b from 2\n',
      ['add 2', 'add 3'],
      'b',
    ]);
  });
});

describe('metrics over time', () => {
  test('evenly spread, both ends among them, as the moments themselves say', async () => {
    const { remote } = hosted();
    await remote.open('lab counter\nadd 10 in 30\nsave\nadd 1\n');
    const { length } = await remote.append([]);
    const series = await remote.series(7);
    expect(series?.moments[0]).toBe(0);
    expect(series?.moments.at(-1)).toBe(length - 1);
    expect(series?.moments.length).toBe(7);
    expect(series?.metrics.map(({ name }) => name)).toEqual(['adds']);
    for (const [at, index] of (series?.moments ?? []).entries())
      expect(series?.metrics[0]?.values[at]).toBe((await remote.frame(index)).metrics[0]?.value);
    // Never more than there are moments.
    expect((await remote.series(10_000))?.moments).toEqual([...Array(length).keys()]);
  });

  test('a newer request or a changed script ends an older one without an answer', async () => {
    const { remote } = hosted();
    await remote.open('lab counter\nadd 10 in 200\n');
    const older = remote.series(100);
    const newer = remote.series(20);
    expect(await older).toBeUndefined();
    expect((await newer)?.moments.length).toBe(20);
    const [stale] = await Promise.all([remote.series(100), remote.append(['add 1'])]);
    expect(stale).toBeUndefined();
  });
});
