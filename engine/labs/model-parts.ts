// A small model searched by several workers: what a worker answers to, and who asks them.

import { Complaint } from '../base/assert.ts';
import type { SearchReport, Setup } from '../run/lab.ts';
import { connect, type PortLike, serve } from '../run/rpc.ts';
import type { Bounds } from '../sim/explorer.ts';
import { exploreParts, Part } from '../sim/parts.ts';
import type { SmallModel } from '../sim/small.ts';
import type { Reductions } from '../sim/space.ts';
import { type ModelState, model as modelLab } from './model.ts';

/** A model crosses to a worker as what it was made of; `from`: where the search begins, if not everywhere. */
interface Plan {
  readonly setup: Setup;
  readonly from: readonly number[] | undefined;
}

const planned = ({ setup, from }: Plan): SmallModel => {
  const { model } = modelLab.open(setup);
  return from ? { ...model, initial: [Uint8Array.from(from)] } : model;
};

function partHost() {
  let part: Part | undefined;
  const own = (): Part => part as Part;
  return {
    begin: (plan: Plan, reductions: Reductions, index: number, count: number): void => {
      part = new Part(planned(plan), reductions, index, count);
    },
    level: () => own().level(),
    expand: () => own().expand(),
    take: (found: readonly (Int32Array | undefined)[]) => own().take(found),
    whence: (number: number) => own().whence(number),
  };
}

/** Serves as one of the workers. */
export const servePart = (port: PortLike): void => void serve(port, partHost());

/** The search from a state of the lab on, by a worker behind each port. */
export async function searchByParts(
  ports: readonly PortLike[],
  { vars, fresh }: ModelState,
  setup: Setup,
  bounds: Bounds,
): Promise<SearchReport> {
  const plan: Plan = { setup, from: fresh ? undefined : [...vars] };
  const model = planned(plan);
  const infinite = model.properties.find(({ holds }) => holds === 'eventually');
  if (infinite)
    throw new Complaint(
      `what holds eventually (${infinite.name}) is judged on the whole graph, by one worker`,
    );
  const reductions = { symmetry: setup.settings.symmetry === true };
  const parts = ports.map((port) => connect<ReturnType<typeof partHost>>(port).remote);
  await Promise.all(parts.map((part, i) => part.begin(plan, reductions, i, parts.length)));
  const { findings, ...counts } = await exploreParts(model, reductions, parts, bounds);
  return {
    ...counts,
    findings: findings.map(({ path, ...finding }) => {
      if (!path) return finding;
      const steps = path.steps.map((name) => `do ${name}`);
      const first = fresh && model.initial.length > 1 ? [`init ${path.root + 1}`] : [];
      return { ...finding, commands: [...first, ...steps] };
    }),
  };
}
