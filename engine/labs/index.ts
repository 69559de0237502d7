// The list of all labs, at hand: for the command line and the tests. The worker loads each when a
// scenario names it (lazy.ts). A new lab is a line here and a line there.

import { type Lab, labOf } from '../run/lab.ts';
import { btree } from './btree.ts';
import { opening as openingFile } from './btree-opened.ts';
import { words as btreeWords } from './btree-words.ts';
import { commitLab } from './commit.ts';
import { keeper } from './commit-engine.ts';
import { engine as commitEngine } from './commit-setup.ts';
import { words as commitWords } from './commit-words.ts';
import { lsm } from './lsm.ts';
import { opening as openingFolder } from './lsm-opened.ts';
import { words as lsmWords } from './lsm-words.ts';
import { model } from './model.ts';
import { words as modelWords } from './model-words.ts';
import { raftLab } from './raft.ts';
import { words as raftWords } from './raft-words.ts';

commitEngine.keeper = keeper;

export const labs: readonly Lab[] = [
  labOf({ ...btree, ...openingFile }, btreeWords) as unknown as Lab,
  labOf({ ...lsm, ...openingFolder }, lsmWords) as unknown as Lab,
  labOf(raftLab, raftWords) as unknown as Lab,
  labOf(commitLab, commitWords) as unknown as Lab,
  labOf(model, modelWords) as unknown as Lab,
];
