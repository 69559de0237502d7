/** The page of the line `kept`: starts a worker for each store's life, and hands on what it says. */
import type { Asked, Said } from './kept-worker.ts';

function run(asked: Asked): Promise<Said> {
  const worker = new Worker(new URL('./kept-worker.ts', import.meta.url), { type: 'module' });
  return new Promise<Said>((resolve, reject) => {
    worker.onmessage = ({ data }) =>
      'fault' in data ? reject(new Error(data.fault)) : resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    setTimeout(() => reject(new Error(`${JSON.stringify(asked)} took over ten minutes`)), 600_000);
    worker.postMessage(asked);
  }).finally(() => worker.terminate());
}

const bench = { run };
export type KeptBench = typeof bench;
Object.assign(window, { bench });
