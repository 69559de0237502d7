// The pictures of all labs, each loaded when it is first shown. A new lab adds a line to `pictures`.

import type { Picture } from './picture.ts';

const pictures: Readonly<Record<string, () => Promise<{ readonly picture: Picture }>>> = {
  btree: () => import('./btree/picture.ts'),
};

/** Undefined: there is no such lab. */
export async function loadPicture(lab: string): Promise<Picture | undefined> {
  return (await pictures[lab]?.())?.picture;
}
