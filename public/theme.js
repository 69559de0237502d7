// Chooses the theme before the first paint, so that a dark room never flashes white. A file of its
// own, because the page's Content-Security-Policy allows no inline script. The choice is stored by
// the app; without one the system's preference decides.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('bathysphere:theme');
  } catch {
    // Storage can be forbidden; the system's preference then decides.
  }
  if (theme !== 'surface' && theme !== 'deep')
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'deep' : 'surface';
  document.documentElement.dataset.theme = theme;
})();
