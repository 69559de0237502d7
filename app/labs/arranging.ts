// How the nodes of a cluster stand: in a row or on a ring, and in which order. Both are a wish of
// whoever looks, no part of the run: they are kept in this browser, and never in a script or a link.
//
//   hand on a node ── moves along ──▶ nearest place of another ──▶ the two change order ──▶ drawn anew
//   Shift and ← or → with a node selected: one place on

import { createStore } from 'zustand/vanilla';
import type { Arrangement, Scene, Shape } from '../scene/scene.ts';
import type { Arranging } from './picture.ts';

const DEFAULT: Arrangement = { form: 'row', order: [] };

/** Takes from stored text only what is well-formed: storage is input from outside. */
export function readArrangement(text: string | null): Arrangement {
  try {
    const { form, order } = JSON.parse(text ?? '{}') as Partial<Record<keyof Arrangement, unknown>>;
    return {
      form: form === 'ring' ? 'ring' : 'row',
      order: Array.isArray(order)
        ? order.filter((id): id is string => typeof id === 'string').slice(0, 99)
        : [],
    };
  } catch {
    return DEFAULT;
  }
}

const nodesIn = (scene: Scene | undefined): Shape[] =>
  scene?.shapes.filter(({ kind }) => kind === 'node') ?? [];

const idOf = (key: string): string => key.replace(/^node:/, '');

/** Brings one of a row of names to a place in it. */
export function broughtTo(order: readonly string[], id: string, to: number): string[] {
  const others = order.filter((other) => other !== id);
  return [...others.slice(0, to), id, ...others.slice(to)];
}

export function arrangingOf(lab: string): Arranging {
  const key = `bathysphere:arrangement:${lab}`;
  const read = (): Arrangement => {
    try {
      return readArrangement(localStorage.getItem(key));
    } catch {
      return DEFAULT; // Storage can be forbidden, or absent.
    }
  };
  const store = createStore<Arrangement>(read);
  store.subscribe((wish) => {
    try {
      localStorage.setItem(key, JSON.stringify(wish));
    } catch {
      // Full or forbidden: the wish holds for this visit.
    }
  });

  function place(id: string, to: number, scene: Scene | undefined): void {
    const order = nodesIn(scene).map((node) => idOf(node.key));
    if (order.indexOf(id) === to || !order.includes(id)) return;
    store.setState({ order: broughtTo(order, id, to) });
  }

  function move(id: string, by: number, scene: Scene | undefined): void {
    const nodes = nodesIn(scene);
    const at = nodes.findIndex((node) => node.key === id);
    if (at >= 0) place(idOf(id), (at + by + nodes.length) % nodes.length, scene);
  }

  return {
    now: store.getState,
    subscribe: (changed) => store.subscribe(changed),
    move,
    setForm: (form) => store.setState({ form }),
    hear(surface, scene, camera) {
      let deaf: (() => void) | undefined;
      let gone = false;
      void import('./hands.ts').then(({ hearHands }) => {
        if (gone) return;
        deaf = hearHands(surface, {
          nodes: () => nodesIn(scene()),
          camera,
          place: (node, to) => place(idOf(node), to, scene()),
          move: (node, by) => move(node, by, scene()),
        });
      });
      return () => {
        gone = true;
        deaf?.();
      };
    },
  };
}
