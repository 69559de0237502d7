/**
 * The sweep: runs its parts one after the other, prints the figures of each, and ends with 1 when one
 * found something. A new part is a line in PARTS.
 */
import { parseArgs } from 'node:util';
import { crashPart, exportPart, mirrorPart } from './btree.ts';
import { storedPart } from './commit.ts';
import { lsmCrashPart, lsmExportPart, lsmMirrorPart } from './lsm.ts';
import type { Figures, Part } from './part.ts';
import { stormPart, switchPart } from './raft.ts';

const PARTS: readonly Part[] = [
  crashPart,
  exportPart,
  mirrorPart,
  lsmCrashPart,
  lsmExportPart,
  lsmMirrorPart,
  stormPart,
  switchPart,
  storedPart,
];

const HELP = `npm run sweep -- [--only NAME[,NAME…]] [--share PART]

  --only   these parts alone
  --share  how much of each to do, from 0 to 1 (1)

${PARTS.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    share: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const share = Number(values.share);
const wanted = values.only?.split(',');
const unknown = wanted?.find((name) => !PARTS.some((part) => part.name === name));
if (values.help) console.log(HELP);
else if (!(share > 0 && share <= 1) || unknown !== undefined) {
  console.error(
    unknown === undefined ? 'share is a number from 0 to 1' : `there is no part ${unknown}`,
  );
  console.error(HELP);
  process.exitCode = 2;
} else await sweep();

async function sweep(): Promise<void> {
  const lineOf = (figures: Figures): string =>
    Object.entries(figures)
      .map(
        ([name, value]) =>
          `    ${name}: ${typeof value === 'number' ? value.toLocaleString('en') : value}`,
      )
      .join('\n');
  for (const { name, about, run } of PARTS) {
    if (wanted && !wanted.includes(name)) continue;
    console.log(`\n── ${name}: ${about}`);
    const began = performance.now();
    try {
      const figures = await run(share, (soFar) => {
        const [first, value] = Object.entries(soFar)[0] ?? [];
        if (process.stdout.isTTY) process.stdout.write(`\r    ${first}: ${value}   `);
      });
      if (process.stdout.isTTY) process.stdout.write('\r');
      console.log(lineOf(figures));
      console.log(`    seconds: ${Math.round((performance.now() - began) / 1000)}`);
    } catch (thrown) {
      console.log(`  found something: ${thrown instanceof Error ? thrown.message : thrown}`);
      process.exitCode = 1;
    }
  }
}
