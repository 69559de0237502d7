// The labs of the worker: each is loaded when a scenario first names it, its engine and its words as
// two chunks side by side, and what opens files only where there is one. So a worker weighs what its
// lab weighs, however many labs there are.

import { type Lab, type LabSource, labOf } from '../run/lab.ts';

const LOADERS: Readonly<Record<string, (opens: boolean, text: string) => Promise<Lab>>> = {
  btree: async (opens) => {
    const [{ btree }, { words }, opened] = await Promise.all([
      import('./btree.ts'),
      import('./btree-words.ts'),
      opens ? import('./btree-opened.ts') : undefined,
    ]);
    return labOf({ ...btree, ...opened?.opening }, words) as unknown as Lab;
  },
  lsm: async (opens) => {
    const [{ lsm }, { words }, opened] = await Promise.all([
      import('./lsm.ts'),
      import('./lsm-words.ts'),
      opens ? import('./lsm-opened.ts') : undefined,
    ]);
    return labOf({ ...lsm, ...opened?.opening }, words) as unknown as Lab;
  },
  raft: async () => {
    const [{ raftLab }, { words }] = await Promise.all([
      import('./raft.ts'),
      import('./raft-words.ts'),
    ]);
    return labOf(raftLab, words) as unknown as Lab;
  },
  commit: async (_, text) => {
    const [{ commitLab, engine }, { words }, kept] = await Promise.all([
      import('./commit.ts'),
      import('./commit-words.ts'),
      /^set stored [B-G]/m.test(text) ? import('./commit-engine.ts') : undefined,
    ]);
    if (kept) engine.keeper = kept.keeper;
    return labOf(commitLab, words) as unknown as Lab;
  },
  model: async () => {
    const [{ model }, { words }] = await Promise.all([
      import('./model.ts'),
      import('./model-words.ts'),
    ]);
    return labOf(model, words) as unknown as Lab;
  },
};

export const labs: LabSource = {
  names: Object.keys(LOADERS),
  load: (name, opens, text) =>
    (LOADERS[name] as NonNullable<(typeof LOADERS)[string]>)(opens, text),
};
