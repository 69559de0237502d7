// Where the reader is, in the address's fragment, so that any static host serves every page:
//
//   #/                      front page
//   #/lab/btree             a lab, as it was left
//   #/lab/btree?scenario=N  a shipped scenario
//   #/lab/btree?w=NAME      a workspace
//   #/lab/btree?sample=FILE a database that comes with the page
//   #/lab/btree?s=…         a share link (engine/run/link.ts)
//   #/lesson/btree/BEAT     a lesson, at a beat; without it where the reader was
//   #/compare?s=…&t=…       two runs side by side (engine/run/link.ts), or ?a=N&b=N of those shipped
//
// wouter's own hash location puts what follows `?` into the address's query, which would reload the
// page on some hosts and send a scenario to a server; this one keeps all of it in the fragment.

import { useSyncExternalStore } from 'react';

const subscribe = (callback: () => void) => {
  addEventListener('hashchange', callback);
  return () => removeEventListener('hashchange', callback);
};

const fragment = (): string => location.hash.replace(/^#?\/?/, '/');

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const hash = `#${to.replace(/^#?\/?/, '/')}`;
  if (hash === location.hash) return;
  if (options.replace) {
    history.replaceState(null, '', hash);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else location.hash = hash;
}

/** For wouter's Router: the path without what follows `?`. */
export function usePath(): [string, typeof navigate] {
  const path = useSyncExternalStore(
    subscribe,
    () => fragment().split('?')[0] ?? '/',
    () => '/',
  );
  return [path, navigate];
}

usePath.hrefs = (href: string) => `#${href}`;

/** The whole fragment, `#` included. */
export function useFragment(): string {
  return useSyncExternalStore(
    subscribe,
    () => `#${fragment()}`,
    () => '#/',
  );
}

export const queryOf = (hash: string): URLSearchParams =>
  new URLSearchParams(hash.includes('?') ? hash.slice(hash.indexOf('?') + 1) : '');
