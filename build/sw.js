// The service worker: an offline copy of one build. build/service-worker.ts puts a first line before
// this text, `self.BUILD = { version, files }`.
//
// A page is asked from the network first, so that a new build is seen on the next visit, and from
// the copy when the network fails or dawdles. Its scripts and styles carry a hash in their names, so
// the copy of one never is out of date. A new build's copy waits until no page of the old build is open
// (there is no skipWaiting): an open page can still load the parts that it has not asked for yet.
const worker =
  /** @type {ServiceWorkerGlobalScope & { BUILD: { version: string, files: string[] } }} */ (
    /** @type {unknown} */ (self)
  );
const { version, files } = worker.BUILD;
const PREFIX = `bathysphere ${worker.registration.scope} `;
const CACHE = PREFIX + version;
const DAWDLE_MS = 4000;

worker.addEventListener('install', (event) => {
  const fill = async () => {
    const cache = await caches.open(CACHE);
    // Past the browser's own cache, which may hold the last build's index.html.
    await cache.addAll(files.map((file) => new Request(file, { cache: 'no-cache' })));
  };
  event.waitUntil(fill());
});

worker.addEventListener('activate', (event) => {
  const takeOver = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await worker.clients.claim();
  };
  event.waitUntil(takeOver());
});

/** @param {string | Request} wanted */
const copyOf = (wanted) =>
  // Vary is ignored: hosts send `Vary: Origin`, and module scripts are asked with an Origin.
  caches.open(CACHE).then((cache) => cache.match(wanted, { ignoreSearch: true, ignoreVary: true }));

/** @param {Request} request */
async function page(request) {
  const copy = await copyOf('./index.html');
  if (!copy) return fetch(request);
  const dawdle = new AbortController();
  const timer = setTimeout(() => dawdle.abort(), DAWDLE_MS);
  try {
    // By address: a navigation's own Request may not be given other options.
    const answer = await fetch(request.url, {
      cache: 'no-cache',
      redirect: 'manual',
      signal: dawdle.signal,
    });
    return answer.status >= 500 ? copy : answer;
  } catch {
    return copy;
  } finally {
    clearTimeout(timer);
  }
}

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(worker.registration.scope)) return;
  event.respondWith(
    request.mode === 'navigate'
      ? page(request)
      : copyOf(request).then((copy) => copy ?? fetch(request)),
  );
});
