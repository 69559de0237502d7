// The page's end of the worker: it starts one, keeps the image of the last frame so that the next
// needs only what changed, notices when the worker falls silent, and can end it.

import { type DiskImage, type FileImage, fileNamed } from '../../engine/disk/image.ts';
import { applyPatch, withChunks } from '../../engine/disk/patch.ts';
import type { Frame, Host, Progress } from '../../engine/run/host.ts';
import type { DatabaseFiles } from '../../engine/run/lab.ts';
import type { PortLike } from '../../engine/run/rpc.ts';
import { connect, type Remote } from '../../engine/run/rpc.ts';
import type { ShownMoment } from './types.ts';

/** What the worker answers to: the host's methods, with files that it reads in slices. */
export interface EngineApi extends Omit<Host, 'open'> {
  open(text: string, files?: DatabaseFiles<File>, branch?: string): ReturnType<Host['open']>;
  fingerprint(file: Blob): Promise<string>;
}

export interface Client {
  readonly engine: Remote<EngineApi>;
  /** The moment with that index of the branch on screen. */
  moment(index: number): Promise<ShownMoment>;
  /** Loads chunks of a file that is read from elsewhere; true when there was anything new. */
  load(file: string, chunks: readonly number[]): Promise<boolean>;
  /** A moment with everything in it that has been loaded since it was received. */
  filled(moment: ShownMoment): ShownMoment;
  /** Forgets what was received: after another scenario was opened. */
  forget(): void;
  /** Ends the worker; whatever waits is rejected with the sentence. */
  end(why: string): void;
}

/** Silent for so long while asked something: the page says so, and offers to end it. */
const SILENCE_MS = 6_000;

/** An imported file up to this size is loaded at once. */
const WHOLE_BYTES = 2 * 2 ** 20;

export interface ClientEvents {
  readonly progress: (progress: Progress) => void;
  /** The worker has been silent for long (true), or speaks again (false). */
  readonly silent: (silent: boolean) => void;
  readonly died: (why: string) => void;
}

export type StartWorker = () => PortLike & { terminate(): void };

const startWorker: StartWorker = () => {
  const worker = new Worker(new URL('../../engine/worker.ts', import.meta.url), {
    type: 'module',
    name: 'script',
  });
  return worker as unknown as ReturnType<StartWorker>;
};

export function openClient(events: ClientEvents, start: StartWorker = startWorker): Client {
  const worker = start();
  let image: DiskImage | undefined;
  let waiting = 0;
  let silent = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function heard() {
    clearTimeout(timer);
    if (silent) events.silent(false);
    silent = false;
    if (waiting > 0)
      timer = setTimeout(() => {
        silent = true;
        events.silent(true);
      }, SILENCE_MS);
  }

  const { remote, stop } = connect<EngineApi>(worker, (news) => {
    heard();
    // Hashing gives signs of life too, and nothing is to be told of it.
    if ('commands' in (news as object)) events.progress(news as Progress);
  });
  worker.addEventListener('message', heard);
  (worker as unknown as EventTarget).addEventListener?.('error', (event) => {
    const { message } = event as ErrorEvent;
    const why = message || 'the worker could not be started';
    events.died(why);
    stop(why);
  });

  const engine = new Proxy(remote, {
    get:
      (target, method: keyof Remote<EngineApi>) =>
      async (...args: unknown[]) => {
        waiting++;
        if (waiting === 1) heard();
        try {
          return await (target[method] as (...args: unknown[]) => Promise<unknown>)(...args);
        } finally {
          waiting--;
          if (waiting === 0) clearTimeout(timer);
        }
      },
  });

  /** Chunks of imported files, by name: they never change, so they belong to every moment alike. */
  const loaded = new Map<string, Map<number, Uint8Array>>();
  const asked = new Map<string, Set<number>>();
  /** A small file, on its way. */
  let whole: Promise<unknown> = Promise.resolve();

  async function load(file: string, chunks: readonly number[]): Promise<boolean> {
    const known = asked.get(file) ?? new Set();
    asked.set(file, known);
    const fresh = chunks.filter((chunk) => !known.has(chunk));
    if (fresh.length === 0) return false;
    for (const chunk of fresh) known.add(chunk);
    const got = await engine.chunks(file, fresh);
    const held = loaded.get(file) ?? new Map();
    loaded.set(file, held);
    for (const [chunk, bytes] of got) held.set(chunk, bytes);
    return got.length > 0;
  }

  /** The same file again and again, until more of it is loaded: made once. */
  const made = new WeakMap<FileImage, { readonly chunks: number; readonly file: FileImage }>();

  function fill(image: DiskImage): DiskImage {
    let full = image;
    for (const [name, chunks] of loaded) {
      const id = image.names.get(name);
      const file = id === undefined ? undefined : image.files.get(id);
      if (id === undefined || !file) continue;
      const known = made.get(file);
      if (known?.chunks === chunks.size)
        full = { ...full, files: new Map(full.files).set(id, known.file) };
      else {
        full = withChunks(full, id, [...chunks]);
        made.set(file, { chunks: chunks.size, file: full.files.get(id) as FileImage });
      }
    }
    return full;
  }

  return {
    engine,
    load,
    filled: (moment) => ({ ...moment, image: fill(moment.image) }),
    moment(index) {
      // Frames arrive in the order in which they were asked for: each patch stands on the one before.
      return engine.frame(index).then(async (frame: Frame) => {
        const received = applyPatch(image, frame.patch);
        image = received;
        const { patch, ...rest } = frame;
        // A small imported file comes whole; of a large one, what the picture asks for.
        for (const { id, lazy } of patch.files) {
          const name = lazy && [...received.names].find(([, other]) => other === id)?.[0];
          const file = name && fileNamed(received, name);
          if (!file || (lazy !== 'whole' && file.now.size > WHOLE_BYTES)) continue;
          whole = load(name, [...Array(Math.ceil(file.now.size / file.chunkSize)).keys()]);
        }
        // Also for a moment that is asked for while it is still on its way.
        await whole;
        return { ...rest, image: fill(received) };
      });
    },
    forget() {
      image = undefined;
      loaded.clear();
      asked.clear();
    },
    end(why) {
      clearTimeout(timer);
      worker.terminate();
      stop(why);
    },
  };
}
