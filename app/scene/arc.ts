// The way of a message in a picture: a parabola from one place to another whose top is `high` above
// the middle; straight where it is 0. The view needs it to place words, the stage to draw; and of a swarm of messages, to
// find the one under a hand.

import type { Point, Swarm } from './scene.ts';

/** Where a message is that has come a share `t` of its way, from 0 to 1. */
export function alongArc(t: number, from: Point, to: Point, high: number): Point {
  const [mx, my] = [(from.x + to.x) / 2, (from.y + to.y) / 2 - 2 * high];
  const u = 1 - t;
  return {
    x: u * u * from.x + 2 * u * t * mx + t * t * to.x,
    y: u * u * from.y + 2 * u * t * my + t * t * to.y,
  };
}

/** How near a hand must be to a mark, in scene units. */
const REACH = 12;

/** Where a message of a swarm is at a time. */
export function whereAt(flight: Swarm['flights'][number], now: number): Point {
  const { sentAt, at, from, to, high } = flight;
  const share = at > sentAt ? (now - sentAt) / (at - sentAt) : 1;
  return alongArc(Math.max(0, Math.min(1, share)), from, to, high);
}

/** The mark of a swarm that is nearest to a place, if it is near. */
export function nearestIn(swarm: Swarm, now: number, x: number, y: number): string | undefined {
  let [best, least]: [string | undefined, number] = [undefined, REACH];
  const near = (select: string, away: number): void => {
    if (away < least) [best, least] = [select, away];
  };
  for (const flight of swarm.flights) {
    const at = whereAt(flight, now);
    near(flight.select, Math.hypot(at.x - x, at.y - y));
  }
  // A node is large: whoever is on it means it.
  for (const { select, x: nx, y: ny, r } of swarm.nodes)
    near(select, Math.hypot(nx - x, ny - y) <= r ? -1 : REACH);
  return best;
}
