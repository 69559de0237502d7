// The page's end of the worker: it starts one, keeps the image of the last frame so that the next
// needs only what changed, notices when the worker falls silent, and can end it.

import type { DiskImage } from '../../engine/disk/image.ts';
import { applyPatch } from '../../engine/disk/patch.ts';
import type { Frame, Host, Progress } from '../../engine/run/host.ts';
import type { PortLike } from '../../engine/run/rpc.ts';
import { connect, type Remote } from '../../engine/run/rpc.ts';
import type { ShownMoment } from './types.ts';

/** What the worker answers to: the host's methods, with a file as a Blob that it reads in slices. */
export interface EngineApi extends Omit<Host, 'open'> {
  open(text: string, file?: Blob, branch?: string): ReturnType<Host['open']>;
  fingerprint(file: Blob): Promise<string>;
}

export interface Client {
  readonly engine: Remote<EngineApi>;
  /** The moment with that index of the branch on screen. */
  moment(index: number): Promise<ShownMoment>;
  /** Forgets what was received: after another scenario was opened. */
  forget(): void;
  /** Ends the worker; whatever waits is rejected with the sentence. */
  end(why: string): void;
}

/** Silent for so long while asked something: the page says so, and offers to end it. */
const SILENCE_MS = 6_000;

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
    events.progress(news as Progress);
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

  return {
    engine,
    moment(index) {
      // Frames arrive in the order in which they were asked for: each patch stands on the one before.
      return engine.frame(index).then((frame: Frame) => {
        image = applyPatch(image, frame.patch);
        const { patch: _, ...rest } = frame;
        return { ...rest, image };
      });
    },
    forget() {
      image = undefined;
    },
    end(why) {
      clearTimeout(timer);
      worker.terminate();
      stop(why);
    },
  };
}
