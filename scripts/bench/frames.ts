/** Frames as the page sees them: drawn one after the other, and counted. */

/** Frames that were drawn, and when; `ms`: what drawing took of the main thread. */
export interface Frames {
  n: number;
  first: number;
  last: number;
  ms: number;
}
export const none = (): Frames => ({ n: 0, first: 0, last: 0, ms: 0 });
export const fpsOf = ({ n, first, last }: Frames): number => (1_000 * (n - 1)) / (last - first);

/** Draws frame after frame for so long, and counts them in. */
export function play(
  durationMs: number,
  draw: (t: number) => void,
  frames = none(),
): Promise<Frames> {
  return new Promise((resolve) => {
    let start: number | undefined;
    const frame = () => {
      const now = performance.now();
      start ??= now;
      if (frames.n++ === 0) frames.first = now;
      frames.last = now;
      const t = Math.min(1, (now - start) / durationMs);
      draw(t);
      frames.ms += performance.now() - now;
      if (t < 1) requestAnimationFrame(frame);
      else resolve(frames);
    };
    requestAnimationFrame(frame);
  });
}

/** Tasks of the main thread over 50 ms while something is done, in ms. */
export async function longWhile<T>(
  work: () => Promise<T>,
): Promise<{ readonly done: T; readonly long: readonly number[] }> {
  const long: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) long.push(duration);
  });
  observer.observe({ type: 'longtask' });
  const done = await work();
  await new Promise((resolve) => setTimeout(resolve, 300));
  observer.disconnect();
  return { done, long };
}
