// Requests and answers over anything that posts messages: a worker, a MessagePort, in Node the same.
// Requests of one client are answered in the order in which their work ends; a Complaint crosses
// with its place. No dependency: what the lab needs is one-way news and typed methods, a page of code.

import { Complaint, type Place, sentenceOf } from '../base/assert.ts';

export interface PortLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  start?(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: Remote<T> recovers the parameters.
type Methods = { [name: string]: (...args: any[]) => unknown };

export type Remote<T> = {
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  [K in keyof T]: T[K] extends (...args: any[]) => unknown
    ? (...args: Parameters<T[K]>) => Promise<Awaited<ReturnType<T[K]>>>
    : never;
};

interface Request {
  readonly id: number;
  readonly method: string;
  readonly args: unknown[];
}
type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string; readonly bad: boolean; readonly place: Place };
interface News {
  readonly news: unknown;
}

/** Answers requests on a port; returns the way to send news. */
export function serve(port: PortLike, methods: Methods): (news: unknown) => void {
  port.addEventListener('message', async ({ data }) => {
    const { id, method, args } = data as Request;
    try {
      const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (!found) throw new Error(`no method ${method}`);
      port.postMessage({ id, value: await found(...args) } satisfies Reply);
    } catch (thrown) {
      const bad = thrown instanceof Complaint;
      const place = bad ? thrown.place : {};
      const error = bad ? thrown.message : sentenceOf(thrown);
      port.postMessage({ id, error, bad, place } satisfies Reply);
    }
  });
  port.start?.();
  return (news) => port.postMessage({ news } satisfies News);
}

/** The other end. `stop` rejects everything that waits or is still to come, with the sentence given. */
export function connect<T>(
  port: PortLike,
  onNews: (news: unknown) => void = () => {},
): { remote: Remote<T>; stop(why: string): void } {
  interface Waiting {
    readonly resolve: (value: unknown) => void;
    readonly reject: (error: Error) => void;
  }
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let stopped: string | undefined;
  port.addEventListener('message', ({ data }) => {
    const message = data as Reply | News;
    if ('news' in message) return onNews(message.news);
    const entry = waiting.get(message.id);
    waiting.delete(message.id);
    if (!('error' in message)) entry?.resolve(message.value);
    else
      entry?.reject(
        message.bad ? new Complaint(message.error, message.place) : new Error(message.error),
      );
  });
  port.start?.();
  const remote = new Proxy({} as Remote<T>, {
    get:
      (_, method: string) =>
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          if (stopped !== undefined) return reject(new Error(stopped));
          const id = nextId++;
          waiting.set(id, { resolve, reject });
          port.postMessage({ id, method, args } satisfies Request);
        }),
  });
  return {
    remote,
    stop(why) {
      stopped = why;
      for (const { reject } of waiting.values()) reject(new Error(why));
      waiting.clear();
    },
  };
}
