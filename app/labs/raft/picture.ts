// All that a screen needs to show a Raft cluster: loaded when its lab is opened.

import { arrangingOf } from '../arranging.ts';
import { pictureOf } from '../picture.ts';
import { inspect, lanes, trace, unplaced } from './actors.ts';
import { twin } from './twin.ts';
import { view } from './view.ts';

export const picture = pictureOf({
  name: 'raft',
  view,
  twin,
  actors: { inspect, lanes, trace, unplaced },
  arranging: arrangingOf('raft'),
  choreography: () => import('./choreography.ts').then((m) => m.choreography),
});
