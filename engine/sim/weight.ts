// What one immutable value holds beside another, in bytes, roughly: what both have by reference
// weighs nothing. For the budget of kept worlds; the figures are V8's, an object a header and a word
// a field.

/** `older`: what is kept anyway. */
export function weighBeside(older: unknown, newer: unknown): number {
  if (newer === older || newer === null || newer === undefined) return 0;
  if (typeof newer === 'string') return newer.length + 16;
  if (typeof newer !== 'object') return 0;
  const before = typeof older === 'object' && older !== null ? older : undefined;
  if (Array.isArray(newer)) {
    const was = Array.isArray(before) ? before : [];
    let bytes = 16 + 8 * newer.length;
    for (let i = 0; i < newer.length; i++) bytes += weighBeside(was[i], newer[i]);
    return bytes;
  }
  if (newer instanceof Map) {
    const was = before instanceof Map ? before : new Map();
    let bytes = 64 + 40 * newer.size;
    for (const [key, value] of newer) bytes += weighBeside(was.get(key), value);
    return bytes;
  }
  if (newer instanceof Set) return 64 + 24 * newer.size;
  if (ArrayBuffer.isView(newer)) return 64 + newer.byteLength;
  let bytes = 24;
  const was = before as Record<string, unknown> | undefined;
  for (const name in newer) {
    bytes += 8 + weighBeside(was?.[name], (newer as Record<string, unknown>)[name]);
  }
  return bytes;
}
