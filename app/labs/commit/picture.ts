// All that a screen needs to show a cluster that commits: loaded when its lab is opened.

import { pictureOf } from '../picture.ts';
import { inspect, lanes, trace } from './actors.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

export const picture = pictureOf({
  name: 'commit',
  view,
  twin,
  actors: { inspect, lanes, trace },
  choreography: () => import('./choreography.ts').then((m) => m.choreography),
});
