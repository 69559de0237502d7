// The protocols of labs of actors: what a node's own worker loads. Without the lab around it, a node
// weighs what its protocol weighs.

import type { Protocol } from '../sim/actor.ts';

type AnyProtocol = Protocol<unknown, unknown, unknown, unknown, unknown>;

const LOADERS: Readonly<Record<string, () => Promise<AnyProtocol>>> = {
  raft: () =>
    import('../protocols/raft/raft.ts').then(({ raft }) => raft as unknown as AnyProtocol),
};

export const isOfActors = (lab: string): boolean => Object.hasOwn(LOADERS, lab);

export const loadProtocol = (lab: string): Promise<AnyProtocol> =>
  (LOADERS[lab] as () => Promise<AnyProtocol>)();
