// What one immutable value holds beside another, in bytes, roughly: what both have by reference
// weighs nothing. For the budget of kept worlds; the figures are V8's, an object a header and a word
// a field.

/**
 * `older`: what is kept anyway, as are the objects in `known` (parts of it that may have moved to
 * another place). What `newer` holds twice weighs once.
 */
export function weighBeside(older: unknown, newer: unknown, known: Iterable<object> = []): number {
  return weigh(older, newer, new Set(known));
}

function weigh(older: unknown, newer: unknown, counted: Set<object>): number {
  if (newer === older || newer === null || newer === undefined) return 0;
  if (typeof newer === 'string') return newer.length + 16;
  if (typeof newer !== 'object' || counted.has(newer)) return 0;
  counted.add(newer);
  const before = typeof older === 'object' && older !== null ? older : undefined;
  if (Array.isArray(newer)) {
    const was = Array.isArray(before) ? before : [];
    let bytes = 16 + 8 * newer.length;
    // What only changed its place in the list is there already.
    const there = newer.length > 1 && was.length > 1 ? new Set(was) : undefined;
    for (let i = 0; i < newer.length; i++)
      if (newer[i] !== was[i] && !there?.has(newer[i])) bytes += weigh(was[i], newer[i], counted);
    return bytes;
  }
  if (newer instanceof Map) {
    const was = before instanceof Map ? before : new Map();
    let bytes = 64 + 40 * newer.size;
    for (const [key, value] of newer) bytes += weigh(was.get(key), value, counted);
    return bytes;
  }
  if (newer instanceof Set) return 64 + 24 * newer.size;
  if (ArrayBuffer.isView(newer)) return 64 + newer.byteLength;
  let bytes = 24;
  const was = before as Record<string, unknown> | undefined;
  for (const name in newer)
    bytes += 8 + weigh(was?.[name], (newer as Record<string, unknown>)[name], counted);
  return bytes;
}
