// Installs what is missing. Runs before start, dev and test on a machine that may have nothing but
// Node and npm, so it uses built-in modules only. Whether something is missing is told by the lock:
// a folder that exists may be a half-finished or an older installation.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19) || major === 21 || (major === 22 && minor < 12)) {
  console.error(`Node 20.19+, 22.12+ or newer is needed; this is ${process.version}.`);
  process.exit(1);
}

const stampFile = 'node_modules/.installed-lock';
const want = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const have = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
// A linked folder is another checkout's (git worktrees share one so): never installed over.
const linked = lstatSync('node_modules', { throwIfNoEntry: false })?.isSymbolicLink();
if (want !== have && !linked) {
  console.log('Installing packages (npm ci)…');
  // --include=dev: NODE_ENV=production or omit=dev in the user's settings would drop the build tools.
  const { status } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stampFile, want);
}
