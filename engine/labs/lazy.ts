// The labs of the worker: each is loaded when a scenario first names it, its engine and its words as
// two chunks side by side. So a worker weighs what its lab weighs, however many labs there are.

import { type Lab, type LabSource, labOf } from '../run/lab.ts';

const LOADERS: Readonly<Record<string, () => Promise<Lab>>> = {
  btree: async () => {
    const [{ btree }, { describe }] = await Promise.all([
      import('./btree.ts'),
      import('./btree-words.ts'),
    ]);
    return labOf(btree, describe) as unknown as Lab;
  },
  raft: async () => {
    const [{ raftLab }, { describe }] = await Promise.all([
      import('./raft.ts'),
      import('./raft-words.ts'),
    ]);
    return labOf(raftLab, describe) as unknown as Lab;
  },
  model: async () => {
    const [{ model }, { describe }] = await Promise.all([
      import('./model.ts'),
      import('./model-words.ts'),
    ]);
    return labOf(model, describe) as unknown as Lab;
  },
};

export const labs: LabSource = {
  names: Object.keys(LOADERS),
  load: (name) => (LOADERS[name] as () => Promise<Lab>)(),
};
