/**
 * The bench: chooses lines, gives each a process of its own (what one line taught the compiler must
 * not help or hurt the next), prints their tables, writes them as JSON. docs/bench.md says what each
 * line means.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { actorsLine, openLine, panLine, stageLine, workerLine } from './browser.ts';
import { clusterLine } from './cluster.ts';
import { explorerLine } from './explorer.ts';
import { keptLine } from './kept.ts';
import { keyValueLine } from './keyvalue.ts';
import { linearLine } from './linear.ts';
import type { Line, Options } from './lines.ts';
import { lsmLine, lsmRecordLine } from './lsm.ts';
import { type Figure, table, verdict } from './stats.ts';
import { diskLine, frameLine, jumpLine, recordLine } from './timeline.ts';

const LINES: readonly Line[] = [
  recordLine,
  jumpLine,
  stageLine,
  panLine,
  openLine,
  workerLine,
  frameLine,
  diskLine,
  keyValueLine,
  lsmLine,
  lsmRecordLine,
  linearLine,
  explorerLine,
  clusterLine,
  actorsLine,
  keptLine,
];
const names = LINES.map(({ name }) => name);

const HELP = `npm run bench -- [--only NAME[,NAME…]] [--turns N] [--quick] [--full] [--json FILE]

  --only   these lines alone
  --turns  turns of each comparison, 5 or more to be believed (7)
  --quick  small sizes, 3 turns: to see that it runs
  --full   sizes that take minutes as well
  --json   writes all figures, with every sample, to FILE

${LINES.map(({ name, about }) => `  ${name.padEnd(8)} ${about}`).join('\n')}`;

class Usage extends Error {}

function optionsOf(args: string[]) {
  let values: ReturnType<typeof parse>;
  const parse = () =>
    parseArgs({
      args,
      options: {
        only: { type: 'string' },
        turns: { type: 'string' },
        quick: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        json: { type: 'string' },
        /** For ourselves: run one line in this process and write its figures here. */
        alone: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  try {
    values = parse();
  } catch (cause) {
    throw new Usage((cause as Error).message.split('\n')[0]);
  }
  const only = values.only?.split(',') ?? names;
  for (const name of only)
    if (!names.includes(name))
      throw new Usage(`there is no line called ${name}; expected one of ${names.join(', ')}`);
  const turns = Number(values.turns ?? (values.quick ? 3 : 7));
  if (!Number.isInteger(turns) || turns < 1 || turns > 1_000)
    throw new Usage(`--turns wants a whole number from 1 to 1000; found ${values.turns}`);
  return { ...values, only, turns };
}

/** A line in a process of its own, which may ask for garbage to be collected. */
function apart(name: string, { turns, quick, full }: Options): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), 'bathysphere-bench-'));
  const file = join(folder, 'figures.json');
  try {
    const { status } = spawnSync(
      process.execPath,
      [
        '--expose-gc',
        '--no-flush-bytecode',
        '--max-old-space-size=8192',
        fileURLToPath(import.meta.url),
        ...['--only', name, '--turns', String(turns), '--alone', file],
        ...(quick ? ['--quick'] : []),
        ...(full ? ['--full'] : []),
      ],
      { stdio: 'inherit' },
    );
    if (status !== 0) throw new Error(`the line ${name} ended with status ${status}`);
    return JSON.parse(readFileSync(file, 'utf8')) as Figure[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function main(args: string[]): Promise<number> {
  let options: ReturnType<typeof optionsOf>;
  try {
    options = optionsOf(args);
  } catch (cause) {
    if (!(cause instanceof Usage)) throw cause;
    console.error(`bench: ${cause.message}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const chosen = LINES.filter(({ name }) => options.only.includes(name));
  if (options.alone !== undefined) {
    const [line] = chosen as [Line];
    writeFileSync(options.alone, JSON.stringify(await line.run(options)));
    return 0;
  }
  const machine = {
    node: process.version,
    system: `${platform()} ${arch()}`,
    cpus: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  };
  console.log(`${machine.cpus}, Node ${machine.node.slice(1)}, ${options.turns} turns`);
  console.log('median (least–most); of a ratio within each turn');
  const told: { name: string; about: string; figures: Figure[] }[] = [];
  let failed = 0;
  for (const { name, about } of chosen) {
    console.log(`\n${name}: ${about}`);
    try {
      const figures = apart(name, options);
      console.log(table(figures));
      for (const { note } of figures) if (note) console.log(`  ${note}`);
      failed += figures.filter((figure) => verdict(figure) === 'falls short').length;
      told.push({ name, about, figures });
    } catch (cause) {
      console.error(`bench: ${(cause as Error).message}`);
      failed++;
    }
  }
  if (options.json !== undefined) {
    const file = resolve(options.json);
    mkdirSync(dirname(file), { recursive: true });
    const lines = told.map(({ figures, ...line }) => ({
      ...line,
      figures: figures.map((figure) => ({ ...figure, verdict: verdict(figure) })),
    }));
    const { quick, turns } = options;
    writeFileSync(file, `${JSON.stringify({ machine, quick, turns, lines }, undefined, 2)}\n`);
  }
  console.log(failed === 0 ? '\nno demanded target is missed' : `\n${failed} fell short`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
