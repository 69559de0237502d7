/**
 * Keeps the page usable without a network: registers the service worker that the build writes
 * (build/sw.js). Only the built page has one. The address is relative, so that the page may live
 * under any path of a host.
 */
export function keepOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const register = () =>
    navigator.serviceWorker.register('./sw.js').catch((cause: unknown) => {
      // A host without https, or storage that is forbidden: the page works all the same, online.
      console.info('Not kept for offline use:', cause);
    });
  // After the page's own files, so that the precache does not compete with the first paint.
  if (document.readyState === 'complete') register();
  else addEventListener('load', register, { once: true });
}
