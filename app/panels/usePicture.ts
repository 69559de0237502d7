// The picture of the lab that a session has open, once it is loaded.

import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { loadPicture } from '../labs/index.ts';
import type { Picture } from '../labs/picture.ts';
import type { Session } from '../player/types.ts';

export function usePicture(session: Session): Picture | undefined {
  const lab = useStore(session.store, ({ info }) => info.name);
  const [picture, setPicture] = useState<Picture>();
  useEffect(() => {
    let alive = true;
    loadPicture(lab).then(async (loaded) => {
      if (loaded?.actors) {
        const [{ learn }, drawings] = await Promise.all([
          import('../draw/stage.ts'),
          import('../draw/cluster.ts'),
        ]);
        learn(drawings);
      }
      if (alive) setPicture(loaded);
    });
    return () => {
      alive = false;
    };
  }, [lab]);
  return picture;
}
