// npm test: every check there is, and one closing line, `N passed, N failed`. With names of stages as
// arguments it runs those alone (npm run test:types …). A stage after a failed one still runs, unless
// it needs what the failed one makes.
import './bootstrap.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const UNIT = 'out/tests/unit.json';
const E2E = 'out/tests/e2e.json';
mkdirSync('out/tests', { recursive: true });

/**
 * @typedef {{ passed: number, failed: number }} Count
 * @typedef {{ name: string, run: string[], needs?: string[], report?: string, env?: Record<string, string>,
 *   count?: (report: any) => Count }} Stage
 */
/** @type {Stage[]} A stage that has no test cases of its own counts as one. */
const stages = [
  { name: 'lockfile', run: ['node', 'scripts/check-lock.mjs'] },
  { name: 'types', run: ['tsc', '-b'] },
  { name: 'lint', run: ['biome', 'check', '--error-on-warnings'] },
  {
    name: 'unit',
    run: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${UNIT}`],
    report: UNIT,
    count: (report) => ({ passed: report.numPassedTests, failed: report.numFailedTests }),
  },
  { name: 'browser', run: ['node', 'scripts/browser.mjs'] },
  { name: 'build', run: ['vite', 'build'] },
  { name: 'size', run: ['node', 'scripts/size.mjs'], needs: ['build'] },
  {
    name: 'e2e',
    run: ['playwright', 'test', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: E2E },
    needs: ['browser', 'build'],
    report: E2E,
    count: ({ stats }) => {
      if (stats.flaky > 0) console.log(`needed a second try: ${stats.flaky}`);
      return { passed: stats.expected + stats.flaky, failed: stats.unexpected };
    },
  },
];

/** @param {Stage} stage @returns {Count} */
function run({ name, run: [command = '', ...args], env, report, count }) {
  console.log(`\n── ${name}`);
  if (report) rmSync(report, { force: true });
  const { status, error } = spawnSync(command === 'node' ? process.execPath : command, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...env,
      PATH: `${join(process.cwd(), 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
    },
    shell: process.platform === 'win32',
  });
  if (error) console.error(`${command}: ${error.message}`);
  const ok = status === 0;
  if (!report || !count) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  const counted = existsSync(report)
    ? count(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 0 };
  if (counted.passed === 0) console.error(`${name}: not one test passed, so the stage failed`);
  // A stage can fail without a failed test: a file that does not load, or no test at all.
  const mustFail = !ok || counted.passed === 0;
  return { passed: counted.passed, failed: Math.max(counted.failed, mustFail ? 1 : 0) };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  const names = stages.map((stage) => stage.name).join(', ');
  console.error(`test: no stage called ${unknown.join(', ')}; there are ${names}`);
  process.exit(2);
}
/** @param {Stage} stage @returns {string[]} it and all that it needs */
const withNeeds = (stage) => [stage.name, ...(stage.needs ?? [])];
const chosen = new Set(
  stages.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).flatMap(withNeeds),
);

const total = { passed: 0, failed: 0 };
const broken = new Set();
const seconds = [];
for (const stage of stages.filter(({ name }) => chosen.has(name))) {
  const missing = (stage.needs ?? []).filter((name) => broken.has(name));
  if (missing.length > 0) {
    console.log(`\n── ${stage.name}: not run, because ${missing.join(' and ')} failed`);
    continue;
  }
  const start = performance.now();
  const { passed, failed } = run(stage);
  seconds.push(`${stage.name} ${((performance.now() - start) / 1000).toFixed(1)}`);
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) broken.add(stage.name);
}
console.log(`\nseconds: ${seconds.join(', ')}`);
if (broken.size > 0) console.log(`failed: ${[...broken].join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
