// All that a screen needs to show a small model: loaded when its lab is opened.

import { pictureOf } from '../picture.ts';
import { inspect } from './actors.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

export const picture = pictureOf({
  name: 'model',
  view,
  twin,
  actors: { inspect },
  choreography: () => import('./choreography.ts').then((m) => m.choreography),
});
