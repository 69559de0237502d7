/// <reference lib="webworker" />
// The one worker entry. Its role is the worker's name: `script` holds a scenario and its timelines.
// Here the world outside arrives: messages, and files that a person opens, read lazily and synchronously.

import { Complaint } from './base/assert.ts';
import { hexOf } from './base/bytes.ts';
import { labs } from './labs/lazy.ts';
import { hostOf } from './run/host.ts';
import type { ForeignSource } from './run/lab.ts';
import { type PortLike, serve } from './run/rpc.ts';

declare const self: DedicatedWorkerGlobalScope;

/** A slice of work before other messages are let in, in ms: a frame would be missed after two. */
const SLICE_MS = 24;

let sliceEnds = 0;
const host = hostOf(labs, {
  pause: async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    sliceEnds = performance.now() + SLICE_MS;
  },
  due: () => performance.now() > sliceEnds,
  news: (progress) => tell(progress),
});

/** Everything that the page may call: the host's methods, with files as Blobs. */
const methods = {
  ...host,
  open: async (text: string, file?: Blob, branch?: string) => {
    const name = file instanceof File ? file.name : 'file';
    return host.open(text, file && sourceOf(name, file), branch);
  },
  /** SHA-256 of a file, for the scenario's `file` line. */
  fingerprint: async (file: Blob): Promise<string> => {
    if (!self.crypto?.subtle)
      throw new Complaint('this browser hashes files only on https or localhost');
    return hexOf(
      new Uint8Array(await self.crypto.subtle.digest('SHA-256', await file.arrayBuffer())),
    );
  },
};
export type WorkerApi = typeof methods;

function sourceOf(name: string, file: Blob): ForeignSource {
  const reader = new FileReaderSync();
  return {
    name,
    size: file.size,
    read: (offset, length) =>
      new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length))),
  };
}

const tell = serve(self as unknown as PortLike, methods);
