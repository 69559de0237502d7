import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hexOf } from '../../engine/base/bytes.ts';
import { labs } from '../../engine/labs/index.ts';
import { hostOf } from '../../engine/run/host.ts';
import { type DatabaseFiles, labsAtHand } from '../../engine/run/lab.ts';
import { readLink } from '../../engine/run/link.ts';
import { type PortLike, serve } from '../../engine/run/rpc.ts';
import { Script, sourceOfBytes } from '../../engine/run/script.ts';
import type { Ticker } from '../draw/clock.ts';
import { openShelf, type Shelf } from '../shelf/shelf.ts';
import type { StartWorker } from './client.ts';
import { openSession, type SessionOptions } from './session.ts';
import type { Session, SessionState } from './types.ts';

// The world around a session: a worker that is a port, a lock that tabs share, a clock in a hurry.

/** navigator.locks as far as the shelf uses it; one for all tabs of a test. */
class Locks {
  readonly #held = new Map<string, Promise<unknown>>();
  async request(name: string, options: LockOptions, work: (lock: object | null) => unknown) {
    if (this.#held.has(name) && options.ifAvailable) return work(null);
    while (this.#held.has(name)) await this.#held.get(name);
    if (options.signal?.aborted) throw new DOMException('', 'AbortError');
    const held = Promise.resolve(work({ name }));
    this.#held.set(name, held);
    try {
      return await held;
    } finally {
      this.#held.delete(name);
    }
  }
}

const open: Session[] = [];
const startWorker: StartWorker = () => {
  const { port1, port2 } = new MessageChannel();
  const host = hostOf(labsAtHand(labs), {
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    due: () => true,
    news: (progress) => tell(progress),
  });
  const methods = {
    ...host,
    open: async (text: string, files?: DatabaseFiles<File>, branch?: string) => {
      if (!files) return host.open(text, undefined, branch);
      const source = async (file: File) =>
        sourceOfBytes(file.name, new Uint8Array(await file.arrayBuffer()));
      const beside = {
        ...(files.wal && { wal: await source(files.wal) }),
        ...(files.journal && { journal: await source(files.journal) }),
      };
      return host.open(text, { ...(await source(files.database)), beside }, branch);
    },
    fingerprint: async (file: Blob) =>
      hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))),
  };
  const tell = serve(port1 as unknown as PortLike, methods);
  return Object.assign(port2, {
    terminate: () => port1.close(),
  }) as unknown as ReturnType<StartWorker>;
};

/** Every frame is a second. */
function hurried(): Ticker {
  let time = 0;
  return {
    now: () => time,
    next(callback) {
      const frame = setImmediate(() => {
        time += 1_000;
        callback();
      });
      return () => clearImmediate(frame);
    },
  };
}

const TEXT = 'lab btree\nset max-cells 4\nput 1 "a"\nput 2 "b"\ncommit\n';
const START = 'lab btree\n';

function sessionOf(source: SessionOptions['source'], more: Partial<SessionOptions> = {}) {
  const workspaces: string[] = [];
  const session = openSession({
    source,
    ticker: hurried(),
    startWorker,
    onWorkspace: (name) => workspaces.push(name),
    ...more,
  });
  open.push(session);
  return { session, workspaces };
}
const until = (session: Session, holds: (state: SessionState) => unknown) =>
  vi.waitFor(
    () => {
      const state = session.store.getState();
      if (!holds(state))
        throw new Error(
          `${holds} of ${JSON.stringify({ ...state, info: 0, outline: 0, moment: state.moment?.name }, (_, v) => (typeof v === 'bigint' ? String(v) : v)).slice(0, 900)}`,
        );
      return state;
    },
    { timeout: 8_000, interval: 2 },
  );
const ready = (session: Session) =>
  until(session, ({ phase, moment }) => phase === 'ready' && moment);
const resting = (session: Session, name: string) =>
  until(session, ({ moment, playing }) => !playing && moment?.name === name);
const saved = (session: Session) => until(session, ({ saved }) => saved.state === 'saved');
const texts = (session: Session) => session.store.getState().lines.map(({ text }) => text);
const notice = (session: Session, id: string) =>
  session.store.getState().notices.find((one) => one.id === id);
const text = (given: string, more: object = {}) => ({
  kind: 'text' as const,
  text: given,
  ...more,
});
const workspace = (name: string, otherwise = START) => ({
  kind: 'workspace' as const,
  name,
  otherwise,
});

beforeEach(async () => {
  const shelf = openShelf();
  for (const { name } of await shelf.list()) await shelf.remove(name);
  vi.stubGlobal('navigator', { locks: new Locks() });
  vi.stubGlobal('location', { href: 'https://someone.example/lab/#/lab/btree', reload: vi.fn() });
});
afterEach(async () => {
  for (const session of open.splice(0)) session.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('the script', () => {
  test('a line that is typed runs and is watched to its end; a bad one changes nothing', async () => {
    const { session } = sessionOf(text(TEXT));
    await ready(session);
    session.end();
    const before = await until(
      session,
      ({ moment, outline }) => moment?.index === outline.length - 1,
    );
    expect(await session.submit('put 3 "c"')).toBeUndefined();
    const after = await until(
      session,
      ({ moment, outline, playing }) =>
        !playing && outline.length > before.outline.length && moment?.index === outline.length - 1,
    );
    expect(after.lines.at(-1)).toMatchObject({ number: 4, text: 'put 3 "c"' });
    expect(await session.submit('jump 3')).toContain('column 1: jump is no command of btree');
    expect(await session.submit('put')).toContain('expected');
    expect(await session.submit('  ')).toBeUndefined();
    expect(session.store.getState().digest).toBe(after.digest);
    expect(texts(session)).toEqual(['put 1 "a"', 'put 2 "b"', 'commit', 'put 3 "c"']);
  });

  test('lines are edited, moved and taken out, and the run is as if it had been so', async () => {
    const { session } = sessionOf(text(TEXT));
    await ready(session);
    const same = (commands: string[]) => {
      expect(texts(session)).toEqual(commands);
      const script = new Script(`lab btree\nset max-cells 4\n${commands.join('\n')}`, labs).run();
      const { digest, outline } = session.store.getState();
      expect([digest, outline.length]).toEqual([
        script.timeline('main').digest(),
        script.timeline('main').length,
      ]);
      expect([...outline.kinds]).toEqual([...script.timeline('main').kinds()]);
    };
    expect(await session.editLine(2, 'put 2 "bb"')).toBeUndefined();
    same(['put 1 "a"', 'put 2 "bb"', 'commit']);
    await session.moveLine(3, 1);
    same(['commit', 'put 1 "a"', 'put 2 "bb"']);
    await session.moveLine(1, 99);
    same(['put 1 "a"', 'put 2 "bb"', 'commit']);
    await session.removeLine(1);
    same(['put 2 "bb"', 'commit']);
    expect(await session.editLine(1, 'put "')).toContain('column');
    same(['put 2 "bb"', 'commit']);
    await session.editLine(1, '');
    same(['commit']);
  });

  test('a setting runs all again; one out of range is told', async () => {
    const { session } = sessionOf(text(`${TEXT}put 3 "c"\nput 4 "d"\nput 5 "e"\n`));
    await ready(session);
    const { digest } = session.store.getState();
    expect(await session.setSetting('max-cells', 0)).toBeUndefined();
    expect(session.store.getState().setup.settings['max-cells']).toBe(0);
    expect(session.store.getState().digest).not.toBe(digest);
    expect(await session.setSetting('page-size', 1000)).toMatch(/^page-size is .*found 1000$/);
    expect(await session.setSetting('nothing', 1)).toBe('btree has no setting nothing');
    expect(session.store.getState()).toMatchObject({ phase: 'ready' });
    await session.setSeed(9);
    expect(session.store.getState().setup.seed).toBe(9);
  });

  test('a scenario that is refused says where; another can be loaded', async () => {
    const { session } = sessionOf(text('lab btree\nput'));
    const failed = await until(session, ({ phase }) => phase === 'failed');
    expect(failed.trouble).toContain('line 2, column 4: expected put KEY VALUE');
    expect(await session.load('lab nothing')).toContain('there is no lab nothing');
    expect(await session.load(TEXT)).toBeUndefined();
    expect((await ready(session)).lines).toHaveLength(3);
  });
});

describe('branches', () => {
  test('what if: from any command, watched; its difference is found', async () => {
    const { session } = sessionOf(text(TEXT));
    await ready(session);
    expect(await session.whatIf(1, 'put 9 "z"')).toBeUndefined();
    expect(texts(session)).toEqual(['put 1 "a"', 'put 9 "z"']);
    const { branches, branch } = await until(session, ({ branches }) => branches[1]?.differs);
    expect([branch, branches.map(({ name, parent, from }) => [name, parent, from])]).toEqual([
      'what if',
      [
        ['main', undefined, undefined],
        ['what if', 'main', 1],
      ],
    ]);
    await until(
      session,
      ({ moment, outline, playing }) => !playing && moment?.index === outline.length - 1,
    );
    session.goToDifference();
    await until(session, ({ moment }) => moment?.index === branches[1]?.differs);
    await session.switchBranch('main');
    expect(texts(session)).toHaveLength(3);
    await session.removeBranch('what if');
    expect(session.store.getState().branches).toHaveLength(1);
  });

  test('what if it died here: within a command, and at its end; a comment is no hindrance', async () => {
    const { session } = sessionOf(text('lab btree\nput 1 "a" # the first\ncommit\nput 2 "b"\n'));
    await ready(session);
    session.seek(2);
    await resting(session, '1.2');
    expect(await session.dieHere()).toBeUndefined();
    expect(texts(session)).toEqual(['crash during put 1 "a" at moment 2']);
    await session.switchBranch('main');
    const { lines } = session.store.getState();
    session.seek((lines[2]?.first ?? 0) - 1);
    await until(session, ({ moment }) => moment?.command === 2);
    expect(await session.dieHere()).toBeUndefined();
    expect(texts(session)).toEqual(['put 1 "a" # the first', 'commit', 'crash']);
  });
});

describe('keeping', () => {
  test('what was committed is there after a reload, edits that leave the count of syncs included', async () => {
    const first = sessionOf(workspace('btree'));
    await ready(first.session);
    expect(first.session.store.getState().saved.state).toBe('unsaved');
    await first.session.submit('put 1 "a"');
    await first.session.submit('commit');
    await saved(first.session);
    expect(first.workspaces).toEqual(['btree']);
    await first.session.editLine(1, 'put 1 "changed"');
    await vi.waitFor(
      async () => expect((await openShelf().read('btree'))?.workspace.text).toContain('changed'),
      { timeout: 5000 },
    );
    const { digest } = first.session.store.getState();
    first.session.close();
    const second = sessionOf(workspace('btree'));
    await ready(second.session);
    expect(texts(second.session)).toEqual(['put 1 "changed"', 'commit']);
    const now = await saved(second.session);
    expect([now.digest, now.notices]).toEqual([digest, []]);
  });

  test('what a crash in the script took already is not told as lost again', async () => {
    const first = sessionOf(workspace('btree'));
    await ready(first.session);
    await first.session.submit('put 1 "a"');
    await first.session.submit('commit');
    await first.session.submit('put 2 "b"');
    await first.session.submit('crash');
    await vi.waitFor(
      async () => expect((await openShelf().read('btree'))?.tail).toEqual(['put 2 "b"', 'crash']),
      { timeout: 5000 },
    );
    first.session.close();
    const { session } = sessionOf(workspace('btree'));
    await ready(session);
    await vi.waitFor(() => expect(texts(session)).toHaveLength(4), { timeout: 5000 });
    expect(texts(session).slice(2)).toEqual(['put 2 "b"', 'crash']);
    expect(session.store.getState().notices).toEqual([]);
  });

  test('what was not committed is told: run up to the crash that took it', async () => {
    const first = sessionOf(workspace('btree'));
    await ready(first.session);
    await first.session.submit('put 1 "a"');
    await first.session.submit('commit');
    await first.session.submit('put 2 "b"');
    await vi.waitFor(
      async () => expect((await openShelf().read('btree'))?.tail).toEqual(['put 2 "b"']),
      { timeout: 5000 },
    );
    first.session.close();
    const { session } = sessionOf(workspace('btree'));
    await until(session, () => notice(session, 'lost'));
    expect(texts(session)).toEqual(['put 1 "a"', 'commit', 'put 2 "b"', 'crash']);
    expect(notice(session, 'lost')?.text).toContain('One command was not committed');
    notice(session, 'lost')?.action?.run();
    await until(session, () => texts(session).at(-1) === 'put 2 "b"');
    expect(notice(session, 'lost')).toBeUndefined();
  });

  test('a second tab looks, mourns nothing, keeps nothing, and is told when the first is gone', async () => {
    const first = sessionOf(workspace('btree'));
    await ready(first.session);
    await first.session.submit('put 5 "kept"');
    await first.session.submit('commit');
    await first.session.submit('put 1 "a"');
    await saved(first.session);
    await vi.waitFor(
      async () => expect((await openShelf().read('btree'))?.tail).toEqual(['put 1 "a"']),
      { timeout: 5000 },
    );
    const { session } = sessionOf(workspace('btree'));
    await until(session, ({ saved }) => saved.state === 'read-only');
    await ready(session);
    expect([texts(session), notice(session, 'lost')]).toEqual([
      ['put 5 "kept"', 'commit'],
      undefined,
    ]);
    expect(notice(session, 'second-tab')?.text).toContain('Another tab');
    await session.submit('put 7 "only here"');
    await session.submit('commit');
    expect((await openShelf().read('btree'))?.workspace.text).not.toContain('only here');
    first.session.close();
    await until(session, () => notice(session, 'second-tab')?.action);
  });

  test('a shipped scenario becomes a workspace of its own when it is changed, and takes nobody else’s', async () => {
    const one = sessionOf(text(TEXT, { keepAs: 'split' }));
    await ready(one.session);
    expect(await openShelf().list()).toEqual([]);
    await one.session.submit('put 3 "c"');
    await saved(one.session);
    one.session.close();
    const two = sessionOf(text(TEXT, { keepAs: 'split' }));
    await ready(two.session);
    await two.session.submit('put 4 "d"');
    await saved(two.session);
    expect([one.workspaces, two.workspaces]).toEqual([['split'], ['split 2']]);
  });

  test('a save that fails is told in words; the next one writes all, and takes the words back', async () => {
    const real = openShelf();
    let full = true;
    const shelf: Shelf = {
      ...real,
      save: (...args) =>
        full ? Promise.reject(new DOMException('', 'QuotaExceededError')) : real.save(...args),
    };
    const { session } = sessionOf(workspace('btree'), { shelf });
    await ready(session);
    await session.submit('put 1 "a"');
    await session.submit('commit');
    await until(session, ({ saved }) => saved.state === 'failed');
    expect(notice(session, 'saving')?.text).toContain('no room left');
    full = false;
    await session.submit('put 2 "b"');
    await saved(session);
    expect(notice(session, 'saving')).toBeUndefined();
    expect((await real.files('btree'))[0]?.bytes.length).toBeGreaterThan(0);
  });
});

describe('workspaces', () => {
  const names = async () => (await openShelf().list()).map(({ name }) => name).sort();

  test('a run goes on under another name, and what was kept before stays', async () => {
    const onWorkspace = vi.fn();
    const { session } = sessionOf(workspace('btree'), { onWorkspace });
    await ready(session);
    await session.submit('put 1 "a"');
    await session.submit('commit');
    await saved(session);
    expect(session.store.getState().workspace).toBe('btree');
    expect(await session.saveAs('second')).toBeUndefined();
    expect(onWorkspace).toHaveBeenLastCalledWith('second');
    await session.submit('put 2 "b"');
    await session.submit('commit');
    await saved(session);
    expect(await names()).toEqual(['btree', 'second']);
    const [first, second] = [await openShelf().read('btree'), await openShelf().read('second')];
    expect(first?.workspace.text).not.toContain('put 2');
    expect(second?.workspace.text).toContain('put 2');
    expect(await session.saveAs('btree')).toContain('called btree already');
    expect(session.store.getState().workspace).toBe('second');
  });

  test('the one on screen is renamed and kept on, then removed for good', async () => {
    const onWorkspace = vi.fn();
    const { session } = sessionOf(workspace('btree'), { onWorkspace });
    await ready(session);
    expect(await session.rename('nothing yet')).toBe('Nothing is kept of this run yet.');
    await session.submit('put 1 "a"');
    await session.submit('commit');
    await saved(session);
    expect(await session.rename('my tree')).toBeUndefined();
    expect(onWorkspace).toHaveBeenLastCalledWith('my tree');
    await session.submit('put 2 "b"');
    await session.submit('commit');
    await saved(session);
    expect(await names()).toEqual(['my tree']);
    const again = sessionOf(workspace('my tree'));
    const { saved: elsewhere } = await until(
      again.session,
      ({ saved }) => saved.state !== 'unsaved',
    );
    expect(elsewhere.state).toBe('read-only'); // the lock went with the name
    await session.discard();
    expect(await names()).toEqual([]);
    await session.submit('put 3 "c"');
    await session.submit('commit');
    expect([await names(), session.store.getState().saved.state]).toEqual([[], 'unsaved']);
  });

  test('a backup is kept at once; a name that is not there is said', async () => {
    const { session } = sessionOf(text(TEXT, { keepAs: 'backup', keepNow: true }));
    await ready(session);
    await saved(session);
    expect(await names()).toEqual(['backup']);
    const missing = sessionOf(workspace('nowhere'));
    await ready(missing.session);
    expect(notice(missing.session, 'no-workspace')?.text).toContain('No workspace called nowhere');
  });
});

test('a file: opened by its bytes; another than the scenario was made with is refused', async () => {
  const script = new Script(TEXT, labs).run();
  const [exported] = script.lab.exports(script.timeline('main').end);
  const file = new File([exported?.bytes as BlobPart], 'my db.sqlite');
  const files = { database: file };
  const { session } = sessionOf({ kind: 'file', lab: 'btree', files });
  await ready(session);
  // Shown at once, and hashed meanwhile; what leaves the page says the hash.
  const sha256 = createHash('sha256')
    .update(exported?.bytes as Uint8Array)
    .digest('hex');
  expect(await session.text()).toContain(`file "my db.sqlite" ${sha256} ${file.size}\n`);
  expect(session.store.getState().setup.file).toEqual({
    name: 'my db.sqlite',
    sha256,
    size: file.size,
  });
  expect(await session.submit('get 2')).toBeUndefined();
  const other = sessionOf({
    kind: 'file',
    lab: 'btree',
    files,
    text: `lab btree\nfile a ${'0'.repeat(64)} ${file.size}\n`,
  });
  const failed = await until(other.session, ({ phase }) => phase === 'failed');
  expect(failed.trouble).toBe(
    'my db.sqlite is not the file that the scenario was made with: its hash differs.',
  );
  expect(failed.wants?.file.name).toBe('a');
});

describe.each(['wal', 'journal'] as const)('a database with its %s beside it', (kind) => {
  const name = kind === 'wal' ? 'wal-1024.db' : 'hotjournal-1024.db';
  const file = (suffix: string) =>
    new File([readFileSync(`engine/btree/fixtures/sqlite/${name}${suffix}`)], name + suffix);
  const files = { database: file(''), [kind]: file(`-${kind}`) };

  test('is read with it; a link says both, and both are asked for', async () => {
    const { session } = sessionOf({ kind: 'file', lab: 'btree', files });
    const opened = await ready(session);
    expect(opened.moment?.caption.detail).toMatch(
      kind === 'wal'
        ? /Write-ahead log: .*frames 1 to 11 count\./
        : /The journal is hot: \d+ pages go back/,
    );
    await session.submit('check');
    expect(session.store.getState().problems).toEqual([]);
    const made = await session.text();
    expect(made).toMatch(
      new RegExp(`^file ${name} [0-9a-f]{64} \\d+ ${kind} [0-9a-f]{64} \\d+$`, 'm'),
    );

    // A link comes without bytes: the page asks for them, and takes only these.
    const link = sessionOf(text(made));
    const waits = await until(link.session, ({ phase }) => phase === 'failed');
    expect(waits.wants).toMatchObject({ file: { name }, text: made });
    expect(waits.trouble).toContain(`together with ${name}-${kind}`);
    const alone = sessionOf({
      kind: 'file',
      lab: 'btree',
      files: { database: file('') },
      text: made,
    });
    const refused = await until(alone.session, ({ phase }) => phase === 'failed');
    expect(refused.trouble).toBe(
      `the scenario was made with ${name}-${kind} beside the database: give both.`,
    );
    const again = sessionOf({ kind: 'file', lab: 'btree', files, text: made });
    await ready(again.session);
    expect(again.session.store.getState().lines.map((line) => line.text)).toEqual(['check']);
  });
});

test('a link leads to the moment, its branch and its selection; another digest is told', async () => {
  const { session } = sessionOf(text(TEXT));
  await ready(session);
  await session.whatIf(1, 'put 9 "z"');
  session.seek(2);
  await until(session, ({ moment, playing }) => !playing && moment?.index === 2);
  session.select('page:2');
  const { url, tooLong } = await session.share();
  expect([url.startsWith('https://someone.example/lab/#/lab/btree?s='), tooLong]).toEqual([
    true,
    false,
  ]);
  const link = await readLink(url);
  const there = sessionOf(text(link.text, { digest: link.digest, selection: link.selection }));
  await until(there.session, ({ moment }) => moment?.index === 2);
  const state = there.session.store.getState();
  expect([state.branch, state.selection, state.digest, state.notices]).toEqual([
    'what if',
    'page:2',
    session.store.getState().digest,
    [],
  ]);
  const older = sessionOf(text(link.text, { digest: '0'.repeat(16), version: '0.0.1' }));
  await until(older.session, () =>
    notice(older.session, 'changed')?.text.includes('version 0.0.1'),
  );
});

test('a runaway is stopped, and all before it is back, on its branch', async () => {
  const { session } = sessionOf(text(TEXT));
  await ready(session);
  await session.whatIf(3, 'put 9 "z"');
  await session.submit('get 9');
  const before = session.store.getState();
  const running = session.submit('bulk 1000000 random');
  await until(session, ({ progress }) => (progress?.moments ?? 0) > 50);
  expect(await session.submit('put 1 "x"')).toBe('The lab is still at work.');
  expect(await session.setSeed(4)).toBe('The lab is still at work.');
  session.restart();
  expect(await running).toBe('the engine was stopped');
  await until(session, ({ phase }) => phase === 'ready');
  const after = session.store.getState();
  expect([after.branch, texts(session), after.digest, after.progress]).toEqual([
    'what if',
    before.lines.map(({ text }) => text),
    before.digest,
    undefined,
  ]);
  expect(notice(session, 'restarted')?.text).toContain('all 5 commands');
  expect(await session.submit('get 1')).toBeUndefined();
});

test('a worker that is silent for six seconds is told of, with a way out', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { port2 } = new MessageChannel();
    const mute: StartWorker = () =>
      Object.assign(port2, { terminate: () => port2.close() }) as never;
    const { session } = sessionOf(text(TEXT), { startWorker: mute });
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(5_900);
    expect(session.store.getState().notices).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(notice(session, 'silent')?.text).toContain('six seconds');
    session.restart();
    expect(session.store.getState()).toMatchObject({
      phase: 'failed',
      trouble: 'The engine was stopped before the scenario was open.',
    });
    session.close();
    port2.close();
  } finally {
    vi.useRealTimers();
  }
});

test('transport: by command, by process, to the ends, by itself', async () => {
  const { session } = sessionOf(text(`${TEXT}put 3 "c"\nput 4 "d"\nput 5 "e"\n`), {
    autoplay: true,
    speed: 16,
  });
  await until(
    session,
    ({ moment, outline, playing }) =>
      !playing && outline.length > 0 && moment?.index === outline.length - 1,
  );
  session.home();
  await resting(session, '0.1');
  session.nextCommand();
  await resting(session, '1.1');
  session.nextCommand();
  await resting(session, '2.1');
  session.previousCommand();
  await resting(session, '1.1');
  session.step();
  await resting(session, '1.2');
  session.back();
  await resting(session, '1.1');
  expect(await session.nextOf('split')).toBe(true);
  const { moment, info } = await until(
    session,
    ({ moment, info }) =>
      info.kinds.find(({ kind }) => kind === moment?.event.kind)?.process === 'split',
  );
  expect(info.kinds.find(({ kind }) => kind === moment?.event.kind)?.process).toBe('split');
  expect(await session.nextOf('nothing')).toBe(false);
  session.setSpeed(99);
  expect(session.store.getState().speed).toBe(16);
  session.end();
  await until(session, ({ moment, outline }) => moment?.index === outline.length - 1);
});
