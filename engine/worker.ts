/// <reference lib="webworker" />
// The one worker entry. Its role is the worker's name: `script` holds a scenario and its timelines,
// `node raft A` is one node of a cluster, started by the script's worker; `search` looks through what
// can happen after a moment.
// Here the world outside arrives: messages, and files that a person opens, read lazily and synchronously.

import { isOfActors, loadProtocol } from './labs/actors.ts';
import { labs } from './labs/lazy.ts';
import { type HostOptions, hostOf } from './run/host.ts';
import { COMPANIONS, type DatabaseFiles, type ForeignSource } from './run/lab.ts';
import { type PortLike, serve } from './run/rpc.ts';
import type { NodePort, NodeWorker } from './sim/hosts.ts';

declare const self: DedicatedWorkerGlobalScope;

/** A slice of work before other messages are let in, in ms: a frame would be missed after two. */
const SLICE_MS = 24;

let sliceEnds = 0;
const options: HostOptions = {
  pause: async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    sliceEnds = performance.now() + SLICE_MS;
  },
  due: () => performance.now() > sliceEnds,
  news: (progress) => tell(progress),
  actors: async (lab) => {
    if (!isOfActors(lab)) return undefined;
    const { nodeHosts } = await import('./sim/hosts.ts');
    return nodeHosts(
      (node) =>
        new Worker(self.location.href, {
          type: 'module',
          name: `node ${lab} ${node}`,
        }) as unknown as NodeWorker,
      (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    );
  },
};
const host = hostOf(labs, options);

/** A piece of a file to hash: some two milliseconds of work. */
const READ_BYTES = 2 ** 18;
/** What a read in sequence brings along, in bytes. */
const READ_AHEAD = 2 ** 16;

/** Everything that the page may call: the host's methods, with files as such. */
const methods = {
  ...host,
  open: async (text: string, files?: DatabaseFiles<File>, branch?: string) => {
    if (!files) return host.open(text, undefined, branch);
    const beside = COMPANIONS.flatMap((kind) => {
      const file = files[kind];
      return file ? [[kind, sourceOf(file)] as const] : [];
    });
    const source = { ...sourceOf(files.database), beside: Object.fromEntries(beside) };
    return host.open(text, source, branch);
  },
  /** SHA-256 of a file, for the scenario's `file` line. Other requests are answered meanwhile. */
  fingerprint: async (file: Blob): Promise<string> => {
    const { Sha256 } = await import('./base/sha256.ts');
    const hash = new Sha256();
    const reader = new FileReaderSync();
    for (let at = 0; at < file.size; at += READ_BYTES) {
      hash.update(new Uint8Array(reader.readAsArrayBuffer(file.slice(at, at + READ_BYTES))));
      if (!options.due()) continue;
      tell({ hashed: at }); // a sign of life: a large file takes a while
      await options.pause();
    }
    return hash.hex();
  },
};
export type WorkerApi = typeof methods;

/** Slices of a file; a walk over neighbouring pages reads many at once. */
function sourceOf(file: File): ForeignSource {
  const reader = new FileReaderSync();
  let from = 0;
  let held = new Uint8Array(0);
  return {
    name: file.name,
    size: file.size,
    read(offset, length) {
      if (offset < from || offset + length > from + held.length) {
        // The first look at a place reads what was asked for; going on from there reads ahead.
        const ahead = offset === from + held.length ? READ_AHEAD : length;
        const slice = file.slice(offset, offset + Math.max(length, ahead));
        held = new Uint8Array(reader.readAsArrayBuffer(slice));
        from = offset;
      }
      return held.slice(offset - from, offset - from + length);
    },
  };
}

/** Questions that come before there is somebody to answer them are asked again then. */
function serveLater(load: Promise<unknown>): void {
  const early: unknown[] = [];
  const keep = ({ data }: { data: unknown }) => {
    early.push(data);
  };
  self.addEventListener('message', keep);
  void load.then(() => {
    self.removeEventListener('message', keep);
    for (const data of early) self.dispatchEvent(new MessageEvent('message', { data }));
  });
}

let tell: (news: unknown) => void = () => {};
const [role, lab] = self.name.split(' ');
if (role === 'node')
  serveLater(
    import('./sim/hosts.ts').then(({ serveNode }) =>
      serveNode(self as unknown as NodePort, loadProtocol(lab ?? '')),
    ),
  );
else if (role === 'search')
  serveLater(
    import('./run/searcher.ts').then(({ serveSearcher }) =>
      serveSearcher(self as unknown as PortLike, labs, options.pause, () => performance.now()),
    ),
  );
else tell = serve(self as unknown as PortLike, methods);
