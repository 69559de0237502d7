// All that a screen needs to show the LSM tree: loaded when its lab is opened.

import { pictureOf } from '../picture.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

export const picture = pictureOf({
  name: 'lsm',
  view,
  twin,
  choreography: () => import('./choreography.ts').then((m) => m.choreography),
});
