// Sets of equals, for the small models: which groups are a majority, and in how many orders a few
// things can stand.

/** All permutations of 0..count-1, the identity first. */
export function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  const all: number[][] = [];
  const place = (order: number[]): void => {
    if (order.length === count) all.push(order);
    for (let i = 0; i < count; i++) if (!order.includes(i)) place([...order, i]);
  };
  place([]);
  return all;
}

/** The smallest majorities of 0..count-1: a larger one contains one of them. */
export function majorities(count: number): number[][] {
  const size = Math.floor(count / 2) + 1;
  const all: number[][] = [];
  const choose = (from: number, group: number[]): void => {
    if (group.length === size) all.push(group);
    else for (let i = from; i < count; i++) choose(i + 1, [...group, i]);
  };
  choose(0, []);
  return all;
}
