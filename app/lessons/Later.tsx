// Plots and tables of measurements stand behind an answer, so they are loaded when one is first seen.

import { type ComponentType, lazy, Suspense } from 'react';
import type { Plot } from './plots/RunPlot.tsx';

const Runs = lazy(() => import('./plots/RunPlot.tsx').then((m) => ({ default: m.RunPlot })));
const Costs = lazy(() => import('./plots/Costs.tsx').then((m) => ({ default: m.MergeCosts })));

export const RunPlot = ({ plot }: { readonly plot: Plot }) => (
  <Suspense>
    <Runs plot={plot} />
  </Suspense>
);

/** A plot whose data come from a file that is loaded with it. */
export function plotted(load: () => Promise<Plot>): ComponentType {
  const Loaded = lazy(() => load().then((plot) => ({ default: () => <Runs plot={plot} /> })));
  return () => (
    <Suspense>
      <Loaded />
    </Suspense>
  );
}

export const MergeCosts = () => (
  <Suspense>
    <Costs />
  </Suspense>
);
