// The difference between two immutable values that share what did not change: what crosses between a
// node and its worker. Where both have the same object, by reference, nothing is sent; where a list
// grew, what is new of it. applyDifference(old, difference(old, now)) equals now, and shares with old
// what now shared with it.

/** 0: the same object. Else what kind of thing it is now, and how it differs. */
export type Difference =
  | 0
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'record'; readonly fields: readonly (readonly [string, Difference])[] }
  | {
      readonly is: 'list';
      readonly length: number;
      readonly items: readonly (readonly [number, Difference])[];
    }
  | {
      readonly is: 'map';
      readonly entries: readonly (readonly [unknown, Difference])[];
    };

type Plain = Record<string, unknown>;

const isRecord = (value: unknown): value is Plain =>
  typeof value === 'object' &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

export function difference(old: unknown, now: unknown): Difference {
  if (Object.is(old, now)) return 0;
  if (Array.isArray(now) && Array.isArray(old)) {
    const items: [number, Difference][] = [];
    now.forEach((item, i) => {
      const differs =
        i < old.length ? difference(old[i], item) : ({ is: 'value', value: item } as const);
      if (differs !== 0) items.push([i, differs]);
    });
    return { is: 'list', length: now.length, items };
  }
  if (now instanceof Map && old instanceof Map)
    return {
      is: 'map',
      entries: [...now].map(([key, item]) => [
        key,
        old.has(key) ? difference(old.get(key), item) : { is: 'value', value: item },
      ]),
    };
  if (isRecord(now) && isRecord(old))
    return {
      is: 'record',
      fields: Object.keys(now).map((name) => [
        name,
        Object.hasOwn(old, name)
          ? difference(old[name], now[name])
          : { is: 'value', value: now[name] },
      ]),
    };
  return { is: 'value', value: now };
}

export function applyDifference(old: unknown, differs: Difference): unknown {
  if (differs === 0) return old;
  switch (differs.is) {
    case 'value':
      return differs.value;
    case 'record': {
      const from = old as Plain;
      return Object.fromEntries(
        differs.fields.map(([name, field]) => [name, applyDifference(from[name], field)]),
      );
    }
    case 'list': {
      const list = (old as unknown[]).slice(0, differs.length);
      for (const [i, item] of differs.items) list[i] = applyDifference(list[i], item);
      return list;
    }
    case 'map': {
      const from = old as Map<unknown, unknown>;
      return new Map(
        differs.entries.map(([key, item]) => [key, applyDifference(from.get(key), item)]),
      );
    }
  }
}
