// An open lab: it binds the worker that holds the script, the player that moves through it, the
// store that panels draw from, and the shelf that keeps what was committed. One a lab on screen.

import { createActor } from 'xstate';
import { createStore } from 'zustand/vanilla';
import { Complaint, sentenceOf } from '../../engine/base/assert.ts';
import { ENGINE_VERSION } from '../../engine/base/version.ts';
import type { Kept, Opened, Overview } from '../../engine/run/host.ts';
import { COMPANIONS, type DatabaseFiles, type ForeignFile } from '../../engine/run/lab.ts';
import { withoutComment } from '../../engine/run/scenario.ts';
import { frameTicker, type Ticker } from '../draw/clock.ts';
import type { Shelf, Workspace } from '../shelf/shelf.ts';
import { type Client, openClient, type StartWorker } from './client.ts';
import { playerMachine } from './player.ts';
import type { CommandLine, Notice, Screen, Session, SessionState, ShownMoment } from './types.ts';

export type Source =
  /** A shipped scenario, a pasted text, a link. `keepAs`: the workspace that it becomes when changed. */
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly keepAs?: string;
      /** A backup: kept at once, changed or not. */
      readonly keepNow?: boolean;
      readonly digest?: string;
      readonly version?: string;
      readonly selection?: string;
    }
  /** What was kept under that name, or else a text to begin with. */
  | { readonly kind: 'workspace'; readonly name: string; readonly otherwise: string }
  /** A foreign database, to be looked at. */
  | {
      readonly kind: 'file';
      readonly lab: string;
      readonly files: DatabaseFiles<File>;
      /** A scenario that was made with it: it must be that very file. */
      readonly text?: string;
    };

export interface SessionOptions {
  readonly source: Source;
  /** Begins to play by itself once open (a hero, a first visit). */
  readonly autoplay?: boolean;
  readonly speed?: number;
  /** Called when a changed scenario became a workspace of its own: the address should name it. */
  readonly onWorkspace?: (name: string) => void;
  readonly ticker?: Ticker;
  readonly startWorker?: StartWorker;
  readonly shelf?: Shelf;
}

/** What open() answers when a script leads to other bytes than it once did. */
const OTHER_BYTES = 'the script gives other bytes';

/** How long a command works before the page offers to end it, in ms of the screen. */
const LONG_MS = 2_000;

/** Beyond so many new moments a command is not watched step by step: the picture goes to its end. */
const WATCHED = 80;

/** Of the lab that was on screen before: until it has saved and let go of its workspace. */
let leaving: Promise<void> = Promise.resolve();

/** What keeps work comes when something is kept or sought: the front page's lab keeps nothing. */
const shelving = () => import('../shelf/shelf.ts');
/** And what names files in a text, when there is one. */
const naming = () => import('../../engine/run/file.ts');

const AT_WORK = 'The lab is still at work.';

const NO_INFO = {
  name: '',
  chapter: 0,
  title: '',
  settings: [],
  commands: [],
  sabotage: [],
  kinds: [],
  searches: false,
};

export function openSession(options: SessionOptions): Session {
  let openShelf = async (): Promise<Shelf> => {
    const shelf = options.shelf ?? (await shelving()).openShelf();
    openShelf = async () => shelf;
    return shelf;
  };
  const store = createStore<SessionState>(() => ({
    phase: 'opening',
    notices: [],
    info: NO_INFO,
    setup: { lab: '', seed: 1, settings: {}, sabotage: [] },
    title: '',
    prose: [],
    lines: [],
    branches: [],
    branch: 'main',
    outline: { length: 0, kinds: new Uint8Array() },
    problems: [],
    digest: '',
    playing: false,
    resting: true,
    speed: options.speed ?? 1,
    process: 'split',
    actors: 0,
    saved: { state: 'unsaved' },
    workspace: undefined,
  }));
  const { getState: now, setState: set } = store;

  const ticker = options.ticker ?? frameTicker();
  let screen: Screen | undefined;
  let lastPair: { from: ShownMoment | undefined; to: ShownMoment } | undefined;
  let client = start();
  let closed = false;
  let files: DatabaseFiles<File> | undefined;
  /** Resolves when the hashes of what is open are known. */
  let identified: Promise<void> = Promise.resolve();
  /** The workspace that syncs are kept in, and the lock that makes it ours. */
  let workspace:
    | { name: string; kept: Workspace | undefined; lock: { release(): void } }
    | undefined;
  let keepAs: string | undefined;
  let mustKeepWhole = true;
  let saving: Promise<void> = Promise.resolve();
  let stopWaiting = () => {};

  function start(): Client {
    return openClient(
      {
        progress: (progress) => {
          set({ progress });
          offerToStop();
        },
        silent: (silent) => {
          if (silent)
            notify({
              id: 'silent',
              tone: 'warning',
              text: 'The engine has not answered for six seconds. It may still be at work on a long command.',
              action: { label: 'Stop it and go back to the last good command', run: restart },
            });
          else dismiss('silent');
        },
        died: (why) => fail(`The engine stopped: ${why}`),
      },
      options.startWorker,
    );
  }

  const player = createActor(playerMachine, {
    input: {
      ticker,
      speed: options.speed ?? 1,
      fetch: (index) => client.moment(index),
      prepare(from, to) {
        lastPair = { from, to };
        return screen?.prepare(from, to) ?? 0;
      },
      draw: (t) => screen?.draw(t),
      shown: (moment) => set({ moment }),
    },
  });
  player.subscribe((snapshot) => {
    const playing = snapshot.matches('playing');
    const resting = snapshot.matches('paused');
    const before = now();
    if (playing !== before.playing || resting !== before.resting) set({ playing, resting });
  });
  player.start();

  function hold(index: number | undefined): void {
    if (now().held === index) return;
    set(({ held: _, ...rest }) => (index === undefined ? rest : { ...rest, held: index }), true);
    player.send({ type: 'HOLD', ...(index !== undefined && { index }) });
  }

  /** A command that is at work for long can be ended, also while it reports how far it is. */
  let longSince: number | undefined;
  function offerToStop(): void {
    longSince ??= ticker.now();
    if (ticker.now() - longSince < LONG_MS || now().notices.some(({ id }) => id === 'long')) return;
    notify({
      id: 'long',
      tone: 'info',
      text: 'A long command is at work. What is there already can be looked at meanwhile.',
      action: { label: 'Stop it and go back to the last good command', run: restart },
    });
  }
  function restEnded(): void {
    longSince = undefined;
    dismiss('long');
    set(({ progress: _, ...rest }) => rest, true);
  }

  function notify(notice: Notice): void {
    set(({ notices }) => ({ notices: [...notices.filter(({ id }) => id !== notice.id), notice] }));
  }
  function dismiss(id: string): void {
    set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
  }
  function fail(trouble: string): void {
    if (closed) return;
    set({ phase: 'failed', trouble });
    player.send({ type: 'FAIL', why: trouble });
  }

  /** Takes over what the worker says of the script. */
  function take(overview: Overview, opened?: Opened): void {
    const before = now();
    // What was held back was of the run before; who follows the store may hold back again.
    hold(undefined);
    const lines: CommandLine[] = before.lines.slice(0, overview.linesFrom);
    const all = [
      ...lines.map(({ text, first, result }) => ({ text, first, result })),
      ...overview.lines,
    ];
    const kinds = new Uint8Array(overview.length);
    kinds.set(before.outline.kinds.subarray(0, overview.kindsFrom));
    kinds.set(overview.kinds, overview.kindsFrom);
    const differs = new Map(before.branches.map(({ name, differs }) => [name, differs]));
    set({
      phase: 'ready',
      lines: all.map(({ text, first, result }, i) => ({
        number: i + 1,
        text,
        first,
        moments: (all[i + 1]?.first ?? overview.length) - first,
        ...(result !== undefined && { result }),
      })),
      outline: { length: overview.length, kinds },
      branch: overview.branch,
      branches: overview.branches.map(({ name, parent, shared, commands, moments }) => {
        const known = differs.get(name);
        return {
          name,
          commands,
          moments,
          ...(parent !== undefined && { parent, from: shared }),
          ...(known !== undefined && { differs: known }),
        };
      }),
      problems: overview.problems,
      digest: overview.digest,
      actors: overview.actors,
      ...(opened && {
        info: opened.info,
        ...(opened.info.kinds.every(({ process }) => process !== now().process) && {
          process: opened.info.kinds[0]?.process ?? '',
        }),
        setup: opened.setup,
        title: opened.title,
        prose: opened.prose,
      }),
    });
    if (opened) set(({ compare: _, ...rest }) => ({ ...rest, ...compareOf(opened) }), true);
    restEnded();
    void compareWithParent();
  }

  async function compareWithParent(): Promise<void> {
    const { branch, branches } = now();
    const parent = branches.find(({ name }) => name === branch)?.parent;
    if (parent === undefined) return;
    const differs = await client.engine.difference(branch, parent).catch(() => undefined);
    set(({ branches }) => ({
      branches: branches.map((known) => {
        if (known.name !== branch) return known;
        const { differs: _, ...rest } = known;
        return differs === undefined ? rest : { ...rest, differs };
      }),
    }));
  }

  /** Opens a text in the worker; the sentence of a complaint, or nothing. */
  async function open(
    text: string,
    where: { branch?: string; to?: 'end' | 'at'; digest?: string } = {},
  ): Promise<string | undefined> {
    const fresh = now().phase === 'opening' || now().phase === 'failed';
    const asked = client;
    set({ phase: fresh ? 'opening' : 'working' });
    try {
      const opened = await client.engine.open(text, files, where.branch);
      if (closed) return undefined;
      if (where.digest && where.digest !== (await client.engine.durableDigest()))
        return OTHER_BYTES;
      client.forget();
      take(opened, opened);
      if (files) identified = identify(files, opened.setup.file);
      const end = opened.length - 1;
      const index = where.to === 'end' ? end : (opened.at ?? (where.to ? end : 0));
      player.send({ type: 'LOADED', length: opened.length, index });
      return undefined;
    } catch (thrown) {
      // Stopped by restart(), which opens anew by itself.
      if (asked !== client || closed) return sentenceOf(thrown);
      if (!fresh) set({ phase: 'ready' });
      restEnded();
      if (!(thrown instanceof Complaint)) fail(sentenceOf(thrown));
      return sentenceOf(thrown);
    }
  }

  /** Does a change of the script. Whatever it answers, the page stays alive. */
  async function change(
    work: () => Promise<Overview>,
    then: (before: number, overview: Overview) => void,
  ): Promise<string | undefined> {
    const { phase, outline, moment } = now();
    if (phase !== 'ready')
      return phase === 'failed' ? (now().trouble ?? 'the lab stopped') : AT_WORK;
    if (!moment) return 'The lab is still opening.';
    set({ phase: 'working' });
    try {
      const overview = await work();
      take(overview);
      then(outline.length, overview);
      void keep();
      return undefined;
    } catch (thrown) {
      if (now().phase === 'working') set({ phase: 'ready' });
      restEnded();
      return sentenceOf(thrown);
    }
  }

  const toEnd = (_: number, { length }: Overview) =>
    player.send({ type: 'LOADED', length, index: length - 1, move: true });

  /** Shows what a new command did: step by step, or at once when it is too much to watch. */
  function watch(before: number, { length }: Overview): void {
    const fresh = length - before;
    if (fresh > WATCHED || fresh <= 0) {
      player.send({ type: 'LOADED', length, index: length - 1, move: true });
      return;
    }
    player.send({ type: 'GREW', length });
    if (now().moment?.index !== before - 1) player.send({ type: 'JUMP', index: before - 1 });
    player.send({ type: 'PLAY' });
  }

  // ── keeping ──────────────────────────────────────────────────────────────────────────────────

  /** Called after every change: becomes a workspace, saves what a sync made durable, notes the tail. */
  function keep(): Promise<void> {
    saving = saving.then(async () => {
      if (closed || files || (!workspace && keepAs === undefined)) return;
      if (now().saved.state === 'read-only') return;
      const { askToPersist, claim, wantsWhole, whySaveFailed } = await shelving();
      const shelf = await openShelf();
      try {
        if (!workspace) {
          const name = await freeWorkspace(keepAs as string);
          const lock = await claim(name);
          if (!lock) return readOnly(name);
          workspace = { name, kept: undefined, lock };
          mustKeepWhole = true;
          set({ workspace: name });
          options.onWorkspace?.(name);
        }
        const durable = await client.engine.tail();
        const { kept: last } = workspace;
        if (last?.text === durable.text && last.branch === durable.branch && !mustKeepWhole) {
          await shelf.saveTail(workspace.name, durable.tail);
          return;
        }
        set({ saved: { state: 'saving' } });
        const whole = mustKeepWhole || wantsWhole(workspace.kept);
        mustKeepWhole = true; // until the transaction is complete
        const kept: Kept = await client.engine.keep(whole);
        const first = workspace.kept === undefined;
        workspace.kept = await shelf.save(workspace.name, now().info.name, ENGINE_VERSION, kept);
        mustKeepWhole = false;
        dismiss('saving');
        set({ saved: { state: 'saved', syncs: kept.syncs, at: workspace.kept.savedAt } });
        if (kept.tail.length > 0) await shelf.saveTail(workspace.name, kept.tail);
        if (first && kept.syncs > 0) void askToPersist();
      } catch (thrown) {
        if (closed) return;
        set({ saved: { state: 'failed', why: whySaveFailed(thrown) } });
        notify({ id: 'saving', tone: 'fault', text: whySaveFailed(thrown) });
      }
    });
    return saving;
  }

  /** A name that nobody has yet: another tab, or this one before, may have taken the wanted one. */
  async function freeWorkspace(stem: string): Promise<string> {
    const shelf = await openShelf();
    const taken = new Set((await shelf.list()).map(({ name }) => name));
    for (let n = 1; ; n++) {
      const name = n === 1 ? stem : `${stem} ${n}`;
      if (!taken.has(name)) return name;
    }
  }

  async function readOnly(name: string): Promise<void> {
    const { whenFree } = await shelving();
    if (closed) return;
    const why =
      'Another tab has this workspace open, so this one only looks: nothing you do here is kept.';
    set({ saved: { state: 'read-only', why } });
    notify({ id: 'second-tab', tone: 'warning', text: why });
    stopWaiting = whenFree(name, () => {
      if (closed) return;
      notify({
        id: 'second-tab',
        tone: 'info',
        text: 'The other tab has let go of this workspace.',
        action: { label: 'Open it here', run: () => location.reload() },
      });
    });
  }

  async function openWorkspace(name: string, otherwise: string): Promise<void> {
    keepAs = name;
    const { claim, whySaveFailed } = await shelving();
    const shelf = await openShelf();
    const found = await shelf.read(name).catch((thrown) => {
      notify({ id: 'saving', tone: 'fault', text: whySaveFailed(thrown) });
      return undefined;
    });
    if (!found) {
      const complaint = await open(otherwise);
      if (complaint) fail(complaint);
      else if (name !== now().info.name)
        notify({
          id: 'no-workspace',
          tone: 'info',
          text: `No workspace called ${name} is kept in this browser. This is the scenario that the lab begins with.`,
        });
      return;
    }
    const lock = await claim(name);
    const { workspace: kept, tail } = found;
    const complaint = await open(kept.text, {
      branch: kept.branch,
      to: 'end',
      digest: kept.digest,
    });
    if (!complaint) {
      if (lock) {
        workspace = { name, kept, lock };
        set({ workspace: name, saved: { state: 'saved', syncs: kept.syncs, at: kept.savedAt } });
        // A sync may leave something behind that is not durable: frames of a commit that did not wait.
        const lossy = await client.engine.wouldLose();
        if (tail.length > 0 || lossy) await tellWhatWasLost(tail, lossy);
      } else await readOnly(name); // what is not committed there is alive in the other tab
      return;
    }
    // The engine has changed since: the bytes win.
    lock?.release();
    const saved = (await shelf.files(name)).map(
      (file) => new File([file.bytes as BlobPart], file.name),
    );
    const wal = saved.find((file) => file.name.endsWith('-wal'));
    const database = saved.find((file) => file !== wal);
    const why =
      complaint === OTHER_BYTES
        ? `the script of version ${kept.version} gives other bytes in ${ENGINE_VERSION}`
        : complaint;
    notify({
      id: 'changed',
      tone: 'warning',
      text: `The engine has changed since this workspace was saved (${why}). What was saved wins: these are its bytes, to look at and to export.`,
      action: {
        label: 'Remove it and begin anew',
        run: () => void shelf.remove(name).then(() => location.reload()),
      },
    });
    if (database) await openFiles(kept.lab, { database, ...(wal && wal.size > 0 && { wal }) });
    else fail(`The workspace ${name} cannot be read: ${why}`);
  }

  /** The tab died with commands that nobody committed: they are run once more, up to the crash that took them. */
  async function tellWhatWasLost(tail: readonly string[], lossy: boolean): Promise<void> {
    const { commands } = now().info;
    const specOf = (line: string) => commands.find(({ name }) => line.split(/\s/, 1)[0] === name);
    const settled = tail.findLastIndex((line) => specOf(line)?.settles);
    const lost = tail.slice(settled + 1).filter((line) => !specOf(line)?.reads);
    // In a cluster a crash is somebody's: the tab's death is none of it.
    const crashes =
      (lost.length > 0 || lossy) && commands.some(({ usage }) => /^crash( \[|$)/.test(usage));
    try {
      const overview = await client.engine.append(crashes ? [...tail, 'crash'] : tail);
      take(overview);
      player.send({ type: 'LOADED', length: overview.length, index: overview.length - 1 });
      if (!crashes) return;
      if (lost.length === 0) {
        notify({
          id: 'lost',
          tone: 'warning',
          text: 'Not all that was written was synced when this tab closed: the power is cut for it, and recovery finds what was durable.',
        });
        return;
      }
      const count = lost.length === 1 ? 'One command was' : `${lost.length} commands were`;
      const shown = lost.slice(0, 3).join(' · ') + (lost.length > 3 ? ' · …' : '');
      const state = lost.includes('commit') ? 'durable' : 'committed';
      notify({
        id: 'lost',
        tone: 'warning',
        text: `${count} not ${state} when this tab closed, and went with its memory: ${shown}. Everything ${state} is here.`,
        action: {
          label: 'Run again',
          run: () => {
            dismiss('lost');
            void change(() => client.engine.append(lost), watch);
          },
        },
      });
    } catch {
      // A line that the engine no longer takes: what was committed is there all the same.
    }
  }

  /**
   * Opens a database of the reader's. What a text was made with is hashed and compared first; a file
   * by itself is shown at once, however large, and hashed while it is looked at.
   */
  async function openFiles(lab: string, given: DatabaseFiles<File>, text?: string): Promise<void> {
    const { name } = given.database;
    try {
      const { fileIn, fileLine, whyAnother } = await naming();
      const wanted = text === undefined ? undefined : fileIn(text);
      const file = wanted?.sha256 === undefined ? described(given) : await fingerprints(given);
      const another = wanted && whyAnother(wanted, file);
      if (another !== undefined && wanted && text !== undefined) {
        set({ wants: { file: wanted, text } });
        return fail(`${another}.`);
      }
      files = given;
      const complaint = await open(text ?? `lab ${lab}\n${fileLine(file)}\n`);
      if (complaint) fail(about(name, complaint));
    } catch (thrown) {
      fail(about(name, sentenceOf(thrown)));
    }
  }

  const hashes = new WeakMap<File, Promise<string>>();
  function hashOf(file: File): Promise<string> {
    let hash = hashes.get(file);
    if (!hash) {
      hash = client.engine.fingerprint(file);
      hashes.set(file, hash);
      hash.catch(() => hashes.delete(file));
    }
    return hash;
  }

  /** What a scenario says of files, hashes included. */
  async function fingerprints(given: DatabaseFiles<File>): Promise<ForeignFile> {
    const sha256 = await hashOf(given.database);
    const beside: Record<string, { sha256: string; size: number }> = {};
    for (const kind of COMPANIONS) {
      const file = given[kind];
      if (file) beside[kind] = { sha256: await hashOf(file), size: file.size };
    }
    const file = described(given);
    return { ...file, sha256, ...(file.beside && { beside }) };
  }

  /** Puts the hashes into the text of what is open, where it was opened without. */
  async function identify(given: DatabaseFiles<File>, as: ForeignFile | undefined): Promise<void> {
    if (!as || as.sha256 !== undefined) return;
    const asked = client;
    try {
      const file = await fingerprints(given);
      if (closed || asked !== client || files !== given) return;
      await client.engine.identify(file);
      set(({ setup }) => ({ setup: { ...setup, file } }));
    } catch (thrown) {
      if (closed || asked !== client || files !== given) return;
      notify({
        id: 'unhashed',
        tone: 'warning',
        text: `${as.name} could not be read to its end (${sentenceOf(thrown)}), so a link to it would not say which file it means.`,
      });
    }
  }

  async function begin(): Promise<void> {
    await leaving;
    if (closed) return;
    const { source } = options;
    if (source.kind === 'file') await openFiles(source.lab, source.files, source.text);
    else if (source.kind === 'workspace') await openWorkspace(source.name, source.otherwise);
    else {
      keepAs = source.keepAs;
      const needs = await neededBy(source.text);
      if (closed) return;
      if (needs) {
        set({ wants: { file: needs, text: source.text } });
        return fail(wantsSentence(needs));
      }
      const complaint = await open(source.text);
      if (complaint) return fail(complaint);
      if (source.keepNow) void keep();
      if (source.selection) set({ selection: source.selection });
      if (source.digest && source.digest !== now().digest)
        notify({
          id: 'changed',
          tone: 'warning',
          text: `The engine has changed since this link was made${source.version ? ` (version ${source.version}, now ${ENGINE_VERSION})` : ''}: the same script no longer gives the same bytes, so the moment may not be the one that was meant.`,
        });
    }
    if (options.autoplay && now().phase === 'ready') player.send({ type: 'PLAY' });
  }

  function restart(): void {
    const { lines, branch } = now();
    client.end('the engine was stopped');
    dismiss('silent');
    const text = recoveryText;
    client = start();
    set({ phase: 'opening' });
    if (!text) {
      fail('The engine was stopped before the scenario was open.');
      return;
    }
    void open(text, { branch, to: 'end' }).then((complaint) => {
      if (complaint) fail(complaint);
      else {
        mustKeepWhole = true;
        void keep();
        notify({
          id: 'restarted',
          tone: 'info',
          text: `The engine was stopped and started again; all ${lines.length} commands before the one that ran away are back.`,
        });
      }
    });
  }
  /** The scenario as of the last change that went well: where restart() goes back to. */
  let recoveryText = '';
  store.subscribe((state, before) => {
    if (state.phase === 'ready' && state.lines !== before.lines)
      void client.engine
        .text()
        .then((text) => {
          recoveryText = text;
        })
        .catch(() => {});
  });

  function letGo(): void {
    stopWaiting();
    dismiss('second-tab');
    workspace?.lock.release();
    workspace = undefined;
    mustKeepWhole = true;
    set({ workspace: undefined, saved: { state: 'unsaved' } });
  }

  const texts = () => now().lines.map(({ text }) => text);
  const rewrite = (lines: readonly string[]) => change(() => client.engine.rewrite(lines), toEnd);

  async function setUp(change_: Parameters<typeof client.engine.setUp>[0]) {
    if (now().phase === 'working') return AT_WORK;
    try {
      const text = await client.engine.setUp(change_);
      const { branch } = now();
      const complaint = await open(text, { branch, to: 'end' });
      if (!complaint) {
        mustKeepWhole = true;
        void keep();
      }
      return complaint;
    } catch (thrown) {
      return sentenceOf(thrown);
    }
  }

  /** Indices of the event kinds of a process. */
  const codesOf = (process: string) =>
    new Set(now().info.kinds.flatMap((kind, code) => (kind.process === process ? [code] : [])));

  function findBeginning(process: string, direction: 1 | -1): number | undefined {
    const { outline, moment } = now();
    const codes = codesOf(process);
    const inside = (i: number) => codes.has(outline.kinds[i] as number);
    for (let i = (moment?.index ?? 0) + direction; i >= 0 && i < outline.length; i += direction)
      if (inside(i) && !(i > 0 && inside(i - 1))) return i;
    return undefined;
  }

  const session: Session = {
    store,
    attach(next) {
      screen = next;
      const { moment } = now();
      if (moment) {
        next.prepare(undefined, lastPair?.to ?? moment);
        next.draw(1);
      }
      return () => {
        if (screen === next) screen = undefined;
      };
    },
    step: () => player.send({ type: 'STEP' }),
    back: () => player.send({ type: 'BACK' }),
    nextCommand() {
      const { lines, moment, outline } = now();
      const next = lines.find(({ first }) => first > (moment?.index ?? 0));
      player.send({ type: 'GO', index: next?.first ?? outline.length - 1 });
    },
    previousCommand() {
      const { lines, moment } = now();
      const before = lines.findLast(({ first }) => first < (moment?.index ?? 0));
      player.send({ type: 'GO', index: before?.first ?? 0 });
    },
    home: () => player.send({ type: 'JUMP', index: 0 }),
    end: () => player.send({ type: 'JUMP', index: now().outline.length - 1 }),
    play() {
      const { moment, outline } = now();
      if (moment && moment.index === outline.length - 1) player.send({ type: 'JUMP', index: 0 });
      player.send({ type: 'PLAY' });
    },
    pause: () => player.send({ type: 'PAUSE' }),
    seek: (index) => player.send({ type: 'JUMP', index: clamp(index, now().outline.length) }),
    async nextOf(process, direction = 1) {
      const index = findBeginning(process, direction);
      if (index === undefined) return false;
      player.send({ type: 'GO', index });
      return true;
    },
    setSpeed(speed) {
      const kept = Math.max(0.25, Math.min(16, speed));
      set({ speed: kept });
      player.send({ type: 'SPEED', speed: kept });
    },
    setProcess: (process) => set({ process }),
    want(name, chunks) {
      // A view asks while its moment is still on the way to the store.
      void client.load(name, chunks).then((fresh) => {
        const { moment } = now();
        if (fresh && moment && !closed)
          player.send({ type: 'REFRESH', moment: client.filled(moment) });
      });
    },
    hold,
    peek: (index) => client.moment(index),

    select: (selection) =>
      set(
        ({ selection: _, bytes: __, ...rest }) => (selection ? { ...rest, selection } : rest),
        true,
      ),
    selectBytes: (bytes) =>
      set(({ bytes: _, ...rest }) => (bytes ? { ...rest, bytes } : rest), true),
    mark: (marked) => set(({ marked: _, ...rest }) => (marked ? { ...rest, marked } : rest), true),

    submit: (line) =>
      line.trim()
        ? change(() => client.engine.append([line.trim()]), watch)
        : Promise.resolve(undefined),
    editLine: (command, text) =>
      rewrite(texts().map((old, i) => (i === command - 1 ? text.trim() : old))),
    moveLine(command, to) {
      const lines = texts();
      const [line] = lines.splice(command - 1, 1);
      if (line !== undefined) lines.splice(clamp(to - 1, lines.length + 1), 0, line);
      return rewrite(lines);
    },
    removeLine: (command) => rewrite(texts().filter((_, i) => i !== command - 1)),
    setSetting: (name, value) =>
      setUp({
        setting: {
          name,
          value: typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value),
        },
      }),
    setSabotage: (name, on) => setUp({ sabotage: { name, on } }),
    setSeed: (seed) => setUp({ seed }),
    whatIf: (command, line) =>
      change(
        () => client.engine.fork(undefined, command, line ? [line] : []),
        (_, overview) => {
          const next = overview.lines[command];
          const index = next ? next.first - 1 : overview.length - 1;
          player.send({ type: 'LOADED', length: overview.length, index });
          if (next) player.send({ type: 'PLAY' });
        },
      ),
    actHere(line) {
      const { moment, outline } = now();
      if (!moment) return Promise.resolve('The lab is still opening.');
      if (moment.index >= outline.length - 1) return session.submit(line);
      return change(
        () => client.engine.forkAt(moment.index, [line]),
        (_, overview) => {
          player.send({ type: 'LOADED', length: overview.length, index: moment.index });
          player.send({ type: 'PLAY' });
        },
      );
    },
    branchOff: (name, lines) => change(() => client.engine.fork(name, 0, lines), toEnd),
    events: (from, to) => client.engine.events(from, to),
    async dieHere() {
      const { moment, lines } = now();
      if (!moment) return 'The lab is still opening.';
      const line = lines[moment.command - 1];
      const last = !line || moment.step === line.moments;
      const shared = last ? moment.command : moment.command - 1;
      const crash = last
        ? 'crash'
        : `crash during ${withoutComment(line.text)} at moment ${moment.step}`;
      return change(
        () => client.engine.fork(undefined, shared, [crash]),
        (_, overview) => {
          // The branch runs the same moments up to the cut: the picture stays where it is, then dies.
          player.send({ type: 'LOADED', length: overview.length, index: moment.index });
          player.send({ type: 'PLAY' });
        },
      );
    },
    async switchBranch(name) {
      const index = now().moment?.index ?? 0;
      await change(
        () => client.engine.switchTo(name),
        (_, { length }) =>
          player.send({ type: 'LOADED', length, index: Math.min(index, length - 1), move: true }),
      );
    },
    async removeBranch(name) {
      const index = now().moment?.index ?? 0;
      await change(
        () => client.engine.removeBranch(name),
        (_, { length }) =>
          player.send({ type: 'LOADED', length, index: Math.min(index, length - 1) }),
      );
    },
    goToDifference() {
      const { branch, branches } = now();
      const index = branches.find(({ name }) => name === branch)?.differs;
      if (index !== undefined) player.send({ type: 'GO', index });
    },
    async load(text, { unkept = false } = {}) {
      if (now().phase === 'working') return AT_WORK;
      const before = files;
      files = undefined;
      const complaint = await open(text);
      if (complaint) files = before;
      else {
        letGo();
        keepAs = unkept ? undefined : now().title || now().info.name;
      }
      return complaint;
    },
    async text() {
      await identified;
      return client.engine.text(now().moment?.name);
    },

    async share() {
      await identified;
      const { moment, info, selection, digest } = now();
      const [text, { COMFORTABLE, linkOf }] = await Promise.all([
        client.engine.text(moment?.name),
        import('../../engine/run/link.ts'),
      ]);
      const fragment = await linkOf({
        lab: info.name,
        text,
        digest,
        version: ENGINE_VERSION,
        ...(selection && { selection }),
      });
      const url = `${location.href.split('#')[0]}${fragment}`;
      return { url, tooLong: url.length > COMFORTABLE, text };
    },
    async saveAs(name) {
      if (now().phase !== 'ready') return AT_WORK;
      if (files) return 'An opened database is not kept here: it is a file of yours already.';
      await saving;
      const shelf = await openShelf();
      if ((await shelf.list()).some((known) => known.name === name))
        return `There is a workspace called ${name} already: expected another name.`;
      letGo();
      keepAs = name;
      await keep();
      const { saved } = now();
      return saved.state === 'failed' ? saved.why : undefined;
    },
    async rename(name) {
      await saving;
      const held = workspace;
      if (!held) return 'Nothing is kept of this run yet.';
      const lock = await (await shelving()).claim(name);
      if (!lock) return `Another tab has ${name} open.`;
      try {
        await (await openShelf()).rename(held.name, name);
      } catch (thrown) {
        lock.release();
        return sentenceOf(thrown);
      }
      held.lock.release();
      workspace = { name, kept: held.kept && { ...held.kept, name }, lock };
      keepAs = name;
      set({ workspace: name });
      options.onWorkspace?.(name);
      return undefined;
    },
    async discard() {
      await saving;
      const name = workspace?.name;
      keepAs = undefined;
      letGo();
      if (name !== undefined) await (await openShelf()).remove(name);
    },
    series: (samples) => client.engine.series(samples),
    trees: () => client.engine.trees(),
    exportFiles: (alone) => client.engine.exports(alone),
    dismiss,
    restart,
    close() {
      const running = now().phase === 'working';
      closed = true;
      stopWaiting();
      player.stop();
      const end = () => {
        workspace?.lock.release();
        client.end('the lab was closed');
      };
      // What a sync made durable is still written; a command that runs is not waited for.
      if (running) end();
      else leaving = saving.then(end);
    },
  };
  void begin();
  return session;
}

/** The file that a text needs; a line that cannot be read is complained about where all of it is. */
async function neededBy(text: string): Promise<ForeignFile | undefined> {
  if (!/^\s*file\s/m.test(text)) return undefined;
  try {
    return (await naming()).fileIn(text);
  } catch {
    return undefined;
  }
}

function wantsSentence({ name, size, beside }: ForeignFile): string {
  const also = COMPANIONS.flatMap((kind) => (beside?.[kind] ? [`${name}-${kind}`] : []));
  const names = also.length > 0 ? ` together with ${also.join(' and ')}` : '';
  return `This scenario was made with ${name} (${size.toLocaleString('en')} bytes)${names}, and a link cannot carry it. Choose it, or drop it here.`;
}

/** Files as a scenario's text names them, not hashed yet. */
function described(given: DatabaseFiles<File>): ForeignFile {
  const { database } = given;
  const name = database.name.replace(/[^\p{L}\p{N} ._-]/gu, '_').slice(0, 100);
  const beside = COMPANIONS.flatMap((kind) => {
    const file = given[kind];
    return file ? [[kind, { size: file.size }] as const] : [];
  });
  return {
    name: name || 'file',
    size: database.size,
    ...(beside.length > 0 && { beside: Object.fromEntries(beside) }),
  };
}

const compareOf = ({ compare }: Opened) => (compare ? { compare } : {});

/** A complaint that says which file it is about, once. */
const about = (file: string, sentence: string) =>
  sentence.includes(file) ? sentence : `${file}: ${sentence}`;

const clamp = (index: number, length: number) => Math.max(0, Math.min(index, length - 1));
