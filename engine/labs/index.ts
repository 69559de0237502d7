// The list of all labs. A new lab is a line here.

import type { Lab } from '../run/lab.ts';
import { btree } from './btree.ts';

export const labs: readonly Lab[] = [btree as unknown as Lab];

export const labNamed = (name: string): Lab | undefined => labs.find((lab) => lab.name === name);
