// The share link: a whole scenario in the fragment of an address, so that no server ever sees it.
//
//   #/compare?s=<scenario>&t=<another>&p=command        two of them side by side; without t, two of
//                                                       its branches
//   #/lab/btree?s=<scenario text, deflated, base64url>&d=<digest>&v=<engine version>&sel=page:5
//
// The text carries the moment (`at 13.4`); `d` is the digest of the run's end, by which the opener
// can say that the engine has changed since. A link comes from a stranger: its length and what it
// inflates to are bounded, every field has a fixed form, and nothing in it is evaluated.

import { Complaint } from '../base/assert.ts';
import { textOf, utf8 } from '../base/bytes.ts';
import { LIMITS } from './scenario.ts';

/** Longer links get lost in chats and mail: then a file is offered instead. */
export const COMFORTABLE = 2_000;
const LONGEST = 400_000;

export interface Link {
  readonly lab: string;
  readonly text: string;
  readonly digest?: string;
  readonly version?: string;
  readonly selection?: string;
}

/** The fragment, `#/lab/…` included. */
export async function linkOf(link: Link): Promise<string> {
  const fields = [`s=${await packed(link.text)}`];
  if (link.digest) fields.push(`d=${link.digest}`);
  if (link.version) fields.push(`v=${encodeURIComponent(link.version)}`);
  if (link.selection) fields.push(`sel=${encodeURIComponent(link.selection)}`);
  return `#/lab/${link.lab}?${fields.join('&')}`;
}

/** Whether a text is meant as a share link: a fragment, or an address with one. */
export const looksLikeLink = (text: string): boolean =>
  /#\/lab\/[a-z0-9-]+\?/.test(text.slice(0, 2000));

/** Reads a fragment or a whole address. Throws a Complaint that says what is wrong with it. */
export async function readLink(address: string): Promise<Link> {
  if (address.length > LONGEST)
    throw new Complaint(`the link is too long: ${address.length} characters of at most ${LONGEST}`);
  const found = /#\/lab\/([a-z0-9-]{1,40})\?(.*)$/s.exec(address.trim());
  if (!found) throw new Complaint('this is no share link: expected #/lab/NAME?s=…');
  const fields = fieldsOf(found[2] as string);
  const held = fields.get('s');
  if (!held) throw new Complaint('the link carries no scenario: expected a field s=…');
  const text = await unpacked(held);
  const digest = fields.get('d');
  const version = decoded(fields.get('v'));
  const selection = decoded(fields.get('sel'));
  return {
    lab: found[1] as string,
    text,
    ...(digest && /^[0-9a-f]{16}$/.test(digest) && { digest }),
    ...(version && /^[\w.+-]{1,40}$/.test(version) && { version }),
    ...(selection && selection.length <= 200 && { selection }),
  };
}

/** Two scenarios, or two branches of one, to be seen side by side. */
export interface Comparison {
  readonly left: string;
  /** Absent: the two branches that the first text names by `compare A B`. */
  readonly right?: string;
  readonly pace?: string;
}

export async function comparisonLinkOf({ left, right, pace }: Comparison): Promise<string> {
  const fields = [`s=${await packed(left)}`];
  if (right !== undefined) fields.push(`t=${await packed(right)}`);
  if (pace !== undefined) fields.push(`p=${pace}`);
  return `#/compare?${fields.join('&')}`;
}

/** Reads a fragment or a whole address. Throws a Complaint that says what is wrong with it. */
export async function readComparison(address: string): Promise<Comparison> {
  if (address.length > 2 * LONGEST)
    throw new Complaint(
      `the link is too long: ${address.length} characters of at most ${2 * LONGEST}`,
    );
  const found = /#\/compare\?(.*)$/s.exec(address.trim());
  const fields = fieldsOf(found?.[1] ?? '');
  const [left, right] = [fields.get('s'), fields.get('t')];
  if (!left) throw new Complaint('this link compares nothing: expected #/compare?s=…&t=…');
  const pace = fields.get('p');
  return {
    left: await unpacked(left),
    ...(right && { right: await unpacked(right) }),
    ...(pace && /^[a-z]{1,20}$/.test(pace) && { pace }),
  };
}

function fieldsOf(query: string): Map<string, string> {
  return new Map(
    query.split('&').flatMap((field) => {
      const at = field.indexOf('=');
      return at < 0 ? [] : [[field.slice(0, at), field.slice(at + 1)] as const];
    }),
  );
}

async function packed(text: string): Promise<string> {
  return base64url(await through(new CompressionStream('deflate-raw'), utf8(text), Infinity));
}

async function unpacked(field: string): Promise<string> {
  const bytes = bytesOfBase64url(field);
  if (!bytes)
    throw new Complaint(
      'the link is damaged: its scenario has characters that do not belong there',
    );
  try {
    return textOf(await through(new DecompressionStream('deflate-raw'), bytes, LIMITS.text));
  } catch (thrown) {
    if (thrown instanceof Complaint) throw thrown;
    throw new Complaint('the link is damaged: it seems to have been cut or changed on the way');
  }
}

function decoded(field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  try {
    return decodeURIComponent(field);
  } catch {
    return undefined;
  }
}

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  most: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // A damaged stream is told by the reader below; here it would only be said twice.
  writer.write(bytes.slice()).catch(() => {});
  writer.close().catch(() => {});
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = stream.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) {
      await reader.cancel().catch(() => {});
      throw new Complaint(`the link holds more than ${most} characters of scenario`);
    }
    parts.push(value);
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function base64url(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += DIGITS[word >>> 18];
    out += DIGITS[(word >>> 12) & 63];
    if (left > 1) out += DIGITS[(word >>> 6) & 63];
    if (left > 2) out += DIGITS[word & 63];
  }
  return out;
}

export function bytesOfBase64url(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const c of text) {
    const digit = DIGITS.indexOf(c);
    if (digit < 0) return undefined;
    held = ((held << 6) | digit) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = held >>> bits;
    }
  }
  return out;
}
