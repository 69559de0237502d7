// npm run golden: records what the golden scripts now give. Read every changed line before it is
// committed (git diff): a recording that nobody read proves nothing.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'golden', ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, UPDATE_GOLDEN: '1' } },
);
process.exitCode = status ?? 1;
